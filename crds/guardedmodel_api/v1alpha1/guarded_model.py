"""`GuardedModel`: one model, who answers for it, how it is served, and what guards it."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from guardedmodel_api.errors import ResourceError
from guardedmodel_api.v1alpha1.base import Resource, cel, list_set
from guardedmodel_api.v1alpha1.crisis import Crisis, Disclosure
from guardedmodel_api.v1alpha1.guards import Enforcement, FailurePolicy, Guards
from guardedmodel_api.v1alpha1.model_info import ModelInfo
from guardedmodel_api.v1alpha1.serving import Attach, Resources, Server


class Profile(StrEnum):
    """Profiles that this version can compile; `core` is always on."""

    CORE = "core"
    US_WA_HB2225 = "us-wa-hb2225"
    US_CA_COMPANION = "us-ca-companion"


class Sidecar(Resource):
    """The guard's own container."""

    image: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """Image of the guard. Default: the one that the operator was installed with."""
    resources: Resources | None = None
    """Requests and limits. Default: requests 100m and 256Mi, limits 1 and 512Mi."""


class GuardedModelSpec(Resource):
    """What guards the model. Exactly one of `server` and `attach` says where the model runs."""

    model: ModelInfo
    """The model and who answers for it."""
    server: Server | None = None
    """A model server that the operator runs."""
    attach: Attach | None = None
    """An existing Deployment that gets the guard."""
    profiles: Annotated[
        list[Profile], Field(min_length=1, max_length=16, json_schema_extra=list_set())
    ] = Field(default=[Profile.CORE])
    """Laws whose reading applies, as dated controls. core is always on."""
    enforcement: Enforcement = Enforcement.ENFORCE
    """Enforce acts on verdicts. Audit only counts and records them."""
    failure_policy: FailurePolicy = FailurePolicy.CLOSED
    """Closed refuses what could not be judged. Open lets it pass, counted; a person in crisis gets
    the helplines all the same."""
    guards: Guards = Field(default_factory=Guards)
    """What is looked for, and what follows."""
    crisis: Crisis = Field(default_factory=Crisis)
    """What a person in crisis reads."""
    disclosure: Disclosure = Field(default_factory=Disclosure)
    """Telling people that they talk to an AI."""
    sidecar: Sidecar = Field(default_factory=Sidecar)
    """The guard's own container."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (
                "has(self.server) != has(self.attach)",
                "set exactly one of spec.server (the operator runs the model server) and"
                " spec.attach (an existing Deployment gets the guard)",
            ),
            (
                "!has(oldSelf.server) || has(self.server)",
                "spec.server can't turn into spec.attach: delete this GuardedModel and create"
                " another",
            ),
            (
                "!has(oldSelf.attach) || (has(self.attach) && self.attach.name =="
                " oldSelf.attach.name)",
                "spec.attach.name can't change: delete this GuardedModel and create another",
            ),
        )
    )


class ObjectMeta(Resource):
    """The part of Kubernetes' object metadata that is read here."""

    name: Annotated[str, Field(min_length=1, max_length=253)]
    namespace: str = "default"
    uid: str = ""
    generation: int = 0
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    deletion_timestamp: str | None = None

    model_config = ConfigDict(extra="ignore")


class GuardedModel(Resource):
    """A GuardedModel as it comes from the API server or from a file."""

    api_version: Literal["guardedmodel.dev/v1alpha1"] = "guardedmodel.dev/v1alpha1"
    kind: Literal["GuardedModel"] = "GuardedModel"
    metadata: ObjectMeta
    spec: GuardedModelSpec
    status: dict[str, Any] = Field(default_factory=dict)


def parse_guarded_model(document: Any) -> GuardedModel:
    """`document` (parsed YAML or JSON) as a GuardedModel.

    Raises ResourceError with one sentence per field. The schema's CEL rules are the API server's;
    `guardedmodel_api.offline_rules` checks the same sentences where there is no API server.
    """
    try:
        return GuardedModel.model_validate(document)
    except ValidationError as error:
        raise ResourceError([_sentence(detail) for detail in error.errors()]) from error


def _sentence(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"]) or "the document"
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown field; remove it or correct its spelling"
    if detail["type"] == "missing":
        return f"{where}: required; add it"
    value = detail.get("input")
    shown = f" (value: {str(value)[:80]!r})" if isinstance(value, str | int | float) else ""
    return f"{where}: {detail['msg']}{shown}"
