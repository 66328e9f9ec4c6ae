"""What an injection needs to know, read off a GuardedModel in one place. Pure."""

from dataclasses import dataclass, field
from typing import Any

from guardedmodel_api import names
from guardedmodel_api.v1alpha1.guarded_model import GuardedModel
from guardedmodel_api.v1alpha1.serving import DEFAULT_PORTS, Protocol

DEFAULT_RESOURCES: dict[str, dict[str, str]] = {
    "requests": {"cpu": "100m", "memory": "256Mi"},
    "limits": {"cpu": "1", "memory": "512Mi"},
}


@dataclass(frozen=True)
class SidecarDefaults:
    """What the operator was installed with, for guards that don't say otherwise."""

    image: str = names.DEFAULT_SIDECAR_IMAGE
    image_pull_policy: str = "IfNotPresent"
    log_level: str = "info"


@dataclass(frozen=True)
class GuardConfig:
    """One GuardedModel's guard, as far as a pod needs to know it."""

    namespace: str
    model_name: str  # the GuardedModel's
    protocol: Protocol
    model_port: int  # on loopback
    image: str
    container: str | None = None  # which container is the model; None: the first
    image_pull_policy: str = "IfNotPresent"
    log_level: str = "info"
    resources: dict[str, Any] = field(default_factory=lambda: DEFAULT_RESOURCES)

    @property
    def policy_config_map(self) -> str:
        """ConfigMap with the compiled policy."""
        return names.policy_config_map(self.model_name)

    @property
    def keys_secret(self) -> str:
        """Secret with the commitment key."""
        return names.keys_secret(self.model_name)


def guard_config(model: GuardedModel, defaults: SidecarDefaults) -> GuardConfig:
    """The GuardConfig of `model`; `spec.sidecar` wins over `defaults`."""
    spec = model.spec
    serving = spec.server or spec.attach
    if serving is None:
        raise ValueError("spec: set exactly one of server and attach")
    resources: dict[str, Any] = DEFAULT_RESOURCES
    if spec.sidecar.resources is not None:
        given = spec.sidecar.resources.model_dump(mode="json")
        resources = {key: {**DEFAULT_RESOURCES[key], **given[key]} for key in DEFAULT_RESOURCES}
    return GuardConfig(
        namespace=model.metadata.namespace,
        model_name=model.metadata.name,
        protocol=serving.protocol,
        model_port=serving.port or DEFAULT_PORTS[serving.protocol],
        container=spec.attach.container if spec.attach else None,
        image=spec.sidecar.image or defaults.image,
        image_pull_policy=defaults.image_pull_policy,
        log_level=defaults.log_level,
        resources=resources,
    )
