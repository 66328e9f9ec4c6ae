"""`spec.server` and `spec.attach`: how the model is served, one or the other.

`server`: the operator owns Deployment and Service. `attach`: an existing Deployment gets the guard.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from guardedmodel_api.v1alpha1.base import Resource, cel

_ANY_OBJECT = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
# Never a whole PodSpec inlined: CRDs of half a megabyte come from that. Only what CEL looks at.
_POD_TEMPLATE = {
    **_ANY_OBJECT,
    "properties": {
        "metadata": _ANY_OBJECT,
        "spec": {
            **_ANY_OBJECT,
            "required": ["containers"],
            "properties": {
                "containers": {"type": "array", "minItems": 1, "maxItems": 64, "items": _ANY_OBJECT}
            },
        },
    },
    "required": ["spec"],
}


class Protocol(StrEnum):
    """Model servers whose loopback switch and probes are known; `openai` is any other."""

    VLLM = "vllm"
    LLAMA_CPP = "llama.cpp"
    OLLAMA = "ollama"
    TGI = "tgi"
    OPENAI = "openai"


DEFAULT_PORTS = {
    Protocol.VLLM: 8000,
    Protocol.LLAMA_CPP: 8000,
    Protocol.OLLAMA: 11434,
    Protocol.TGI: 8000,
    Protocol.OPENAI: 8000,
}


_PORT_RULE = cel(
    (
        "!has(self.port) || !(self.port in [8080, 8081])",
        "port 8080 and 8081 are the guard's own: let the model listen on another, such as 8000",
    )
)
Port = Annotated[int, Field(ge=1, le=65535)]


class EnvVar(Resource):
    """One environment variable with a plain value; use `podTemplate` for references."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=200)]
    """Name of the variable."""
    value: Annotated[str, Field(max_length=4000)] = ""
    """Value of the variable."""


class Resources(Resource):
    """Requests and limits, as in a container."""

    requests: dict[str, Annotated[str, Field(max_length=40)]] = Field(default_factory=dict)
    """Reserved amounts by resource name, such as cpu: 250m; quantities are written as strings."""
    limits: dict[str, Annotated[str, Field(max_length=40)]] = Field(default_factory=dict)
    """Upper bounds by resource name; quantities are written as strings."""


class Server(Resource):
    """A model server that the operator runs: it owns the Deployment and the Service."""

    protocol: Protocol = Protocol.OPENAI
    """Kind of server. For vllm, llama.cpp, ollama and tgi the loopback switch is set by itself."""
    image: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """Container image of the model server, best by digest (name@sha256:...)."""
    port: Port | None = None
    """Port on which the model listens, on loopback. Default: ollama 11434, others 8000."""
    command: Annotated[list[str], Field(max_length=64)] | None = None
    """Replaces the image's entrypoint."""
    args: Annotated[list[str], Field(max_length=256)] = Field(default_factory=list)
    """Arguments of the server; the loopback switch is added to them."""
    env: Annotated[list[EnvVar], Field(max_length=128)] = Field(default_factory=list)
    """Environment of the server."""
    replicas: Annotated[int, Field(ge=0, le=1000)] = 1
    """Number of pods."""
    resources: Resources = Field(default_factory=Resources)
    """Requests and limits of the model container."""
    pod_template: Annotated[dict[str, Any], Field(json_schema_extra=_POD_TEMPLATE)] | None = None
    """A whole pod template (metadata, spec) to start from instead of image, command, args and env;
    its first container is the model."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            *[(r["rule"], r["message"]) for r in _PORT_RULE["x-kubernetes-validations"]],
            (
                "has(self.image) != has(self.podTemplate)",
                "set exactly one of server.image (a container image) and server.podTemplate"
                " (a whole pod template)",
            ),
        )
    )


class Attach(Resource):
    """An existing Deployment of the same namespace that gets the guard."""

    name: Annotated[
        str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", min_length=1, max_length=253)
    ]
    """Name of the Deployment."""
    protocol: Protocol = Protocol.OPENAI
    """Kind of server, as under `server.protocol`."""
    container: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    """Which container is the model; default: the first."""
    port: Port | None = None
    """Port on which the model listens. Default: ollama 11434, others 8000."""

    model_config = ConfigDict(json_schema_extra=_PORT_RULE)
