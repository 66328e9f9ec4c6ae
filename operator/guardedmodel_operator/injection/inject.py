"""`inject`: pod template and GuardConfig in, guarded pod template and reasons out. Pure.

Idempotent: the digest of everything that was injected stands in an annotation, so that a second run
changes nothing and a stale or forged guard is seen, not just one of another name.
"""

import json
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from guardedmodel_api import names
from guardedmodel_api.canonical import canonical_json, sha256_digest
from guardedmodel_api.reasons import SkipReason
from guardedmodel_operator.injection.config import GuardConfig
from guardedmodel_operator.injection.containers import guard_container, guard_volumes
from guardedmodel_operator.injection.loopback import bind_to_loopback
from guardedmodel_operator.injection.probes import UnsupportedProbeError, rewrite_probes

# What the API server fills in where we say nothing.
_DEFAULTED = {"terminationMessagePath", "terminationMessagePolicy", "defaultMode"}
_GUARD_PORTS = {names.GUARD_PORT, names.ADMIN_PORT}


@dataclass(frozen=True)
class InjectionResult:
    """What came of it. With `reasons` other than ALREADY_INJECTED, `template` is the input."""

    template: dict[str, Any]
    reasons: tuple[SkipReason, ...]
    changed: bool
    digest: str = ""  # of the injected container, as in the annotation

    @property
    def refused(self) -> bool:
        """Whether the guard could not be put in."""
        return any(reason is not SkipReason.ALREADY_INJECTED for reason in self.reasons)


def inject(template: dict[str, Any], config: GuardConfig) -> InjectionResult:
    """`template` ({metadata, spec} of a pod or pod template) with the guard in it."""
    reasons = _refusals(template, config)
    if reasons:
        return InjectionResult(template, tuple(reasons), changed=False)
    result = deepcopy(template)
    metadata = result.setdefault("metadata", {})
    spec = result["spec"]
    try:
        probes = {**_earlier_probes(spec), **_rewrite_all(spec, config)}
    except UnsupportedProbeError:
        return InjectionResult(template, (SkipReason.UNSUPPORTED_PROBE,), changed=False)
    model = _model_container(spec, config)
    bind_to_loopback(model, config.protocol, config.model_port)
    _hide_port(spec, config.model_port)
    guard = guard_container(config, probes)
    digest = sha256_digest(canonical_json(guard))
    _place(spec, guard, config)
    _mark(metadata, config, digest)
    if result == template:
        return InjectionResult(
            template, (SkipReason.ALREADY_INJECTED,), changed=False, digest=digest
        )
    return InjectionResult(result, (), changed=True, digest=digest)


def _refusals(template: dict[str, Any], config: GuardConfig) -> list[SkipReason]:
    spec = template.get("spec") or {}
    reasons = []
    if _model_container(spec, config) is None:
        reasons.append(SkipReason.MODEL_NOT_FOUND)
    if spec.get("hostNetwork"):
        reasons.append(SkipReason.HOST_NETWORK)
    others = [item for item in _all_containers(spec) if item.get("name") != names.GUARD_CONTAINER]
    ports = [port for item in others for port in item.get("ports") or []]
    if any(port.get("containerPort") in _GUARD_PORTS for port in ports):
        reasons.append(SkipReason.PORT_CONFLICT)
    if any(port.get("hostPort") for port in ports):
        reasons.append(SkipReason.HOST_PORT)
    if _is_foreign(template):
        reasons.append(SkipReason.FOREIGN_CONTAINER)
    return reasons


def _is_foreign(template: dict[str, Any]) -> bool:
    """Whether a container has the guard's name without our annotation."""
    spec = template.get("spec") or {}
    annotations = (template.get("metadata") or {}).get("annotations") or {}
    named = any(item.get("name") == names.GUARD_CONTAINER for item in _all_containers(spec))
    if any(item.get("name") == names.GUARD_CONTAINER for item in spec.get("containers") or []):
        return True
    return named and names.ANNOTATION_INJECTED not in annotations


def _all_containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]


def _model_container(spec: dict[str, Any], config: GuardConfig) -> Any:
    containers = spec.get("containers") or []
    if config.container is None:
        return containers[0] if containers else None
    return next((item for item in containers if item.get("name") == config.container), None)


def _earlier_probes(spec: dict[str, Any]) -> dict[str, Any]:
    """Originals that an earlier injection put away: a second run must not lose them."""
    for item in spec.get("initContainers") or []:
        if item.get("name") == names.GUARD_CONTAINER:
            for entry in item.get("env") or []:
                if entry.get("name") == names.ENV_PROBES:
                    found: dict[str, Any] = json.loads(entry.get("value") or "{}")
                    return found
    return {}


def _rewrite_all(spec: dict[str, Any], config: GuardConfig) -> dict[str, Any]:
    originals: dict[str, Any] = {}
    for container in _all_containers(spec):
        if container.get("name") != names.GUARD_CONTAINER:
            originals.update(rewrite_probes(container, config.model_port))
    return originals


def _hide_port(spec: dict[str, Any], port: int) -> None:
    """Drop the model's port from the containers' lists: nothing should be led to it by name."""
    for container in _all_containers(spec):
        if container.get("name") == names.GUARD_CONTAINER or "ports" not in container:
            continue
        kept = [item for item in container["ports"] or [] if item.get("containerPort") != port]
        if kept:
            container["ports"] = kept
        else:
            del container["ports"]


def _place(spec: dict[str, Any], guard: dict[str, Any], config: GuardConfig) -> None:
    """Guard first among the init containers; our volumes where they are, or at the end."""
    present = spec.get("initContainers") or []
    for item in present:
        if item["name"] == names.GUARD_CONTAINER:
            guard = _with_defaults_of(item, guard)
    others = [item for item in present if item["name"] != names.GUARD_CONTAINER]
    spec["initContainers"] = [guard, *others]
    missing = {item["name"]: item for item in guard_volumes(config)}
    volumes = []
    for item in spec.get("volumes") or []:
        ours = missing.pop(item["name"], None)
        volumes.append(item if ours is None else _with_defaults_of(item, ours))
    spec["volumes"] = [*volumes, *missing.values()]


def _with_defaults_of(present: Any, wanted: Any) -> Any:
    """`wanted` plus the defaults that the API server wrote into `present`."""
    if not (isinstance(present, dict) and isinstance(wanted, dict)):
        return wanted
    merged = {key: _with_defaults_of(present.get(key), value) for key, value in wanted.items()}
    return {**{key: present[key] for key in _DEFAULTED & present.keys()}, **merged}


def _mark(metadata: dict[str, Any], config: GuardConfig, digest: str) -> None:
    labels = metadata.get("labels") or {}
    annotations = metadata.get("annotations") or {}
    metadata["labels"] = {
        **labels,
        names.LABEL_GUARDED: "true",
        names.LABEL_MODEL: config.model_name,
    }
    metadata["annotations"] = {**annotations, names.ANNOTATION_INJECTED: digest}
