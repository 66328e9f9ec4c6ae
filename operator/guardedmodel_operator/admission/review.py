"""AdmissionReview v1 in, AdmissionReview v1 out. Pure: the GuardedModel is looked up by the caller.

An answer is never an open door: what can't be understood is refused with a sentence.
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from guardedmodel_api import names
from guardedmodel_api.reasons import SKIP_SENTENCES, SkipReason
from guardedmodel_api.v1alpha1.guarded_model import GuardedModel
from guardedmodel_operator.injection import SidecarDefaults, guard_config, inject
from guardedmodel_operator.injection.report import sentences

PROTECTED_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})
_GUARD_TARGETS = {
    names.GUARD_PORT,
    names.ADMIN_PORT,
    names.GUARD_PORT_NAME,
    names.ADMIN_PORT_NAME,
    str(names.GUARD_PORT),
    str(names.ADMIN_PORT),
}


class MalformedReviewError(ValueError):
    """The body is not an AdmissionReview v1; the message says what is missing."""


@dataclass(frozen=True)
class Request:
    """The part of an AdmissionReview that is read here."""

    uid: str
    namespace: str
    operation: str
    object: dict[str, Any]

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the object."""
        found: dict[str, str] = (self.object.get("metadata") or {}).get("labels") or {}
        return found


@dataclass(frozen=True)
class Answer:
    """Allowed or not, with a patch, and the reason as a metric label."""

    allowed: bool
    message: str = ""
    patch: list[dict[str, Any]] = field(default_factory=list)
    outcome: str = "allowed"  # injected, skipped, refused, allowed
    reason: str = ""  # a SkipReason token or empty
    warnings: tuple[str, ...] = ()


def parse_review(body: bytes) -> Request:
    """The request in `body`; MalformedReviewError if it is none."""
    try:
        review = json.loads(body)
        request = review["request"]
        return Request(
            uid=str(request["uid"]),
            namespace=str(request.get("namespace") or ""),
            operation=str(request.get("operation") or ""),
            object=dict(request.get("object") or {}),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise MalformedReviewError(f"not an AdmissionReview: {error}") from error


def render(uid: str, answer: Answer) -> dict[str, Any]:
    """`answer` as an AdmissionReview."""
    response: dict[str, Any] = {"uid": uid, "allowed": answer.allowed}
    if answer.message:
        response["status"] = {
            "code": 200 if answer.allowed else 403,
            "message": answer.message,
            "reason": "Forbidden" if not answer.allowed else "",
        }
    if answer.patch:
        response["patchType"] = "JSONPatch"
        response["patch"] = base64.b64encode(json.dumps(answer.patch).encode()).decode()
    if answer.warnings:
        response["warnings"] = list(answer.warnings)
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


def mutate_pod(request: Request, model: GuardedModel | None, defaults: SidecarDefaults) -> Answer:
    """Put the guard of `model` into the pod."""
    if request.labels.get(names.LABEL_GUARDED) != "true":
        return _skipped(SkipReason.NOT_LABELLED)
    if request.namespace in PROTECTED_NAMESPACES:
        return _skipped(SkipReason.PROTECTED_NAMESPACE)
    if model is None:
        return _refused(SkipReason.NO_GUARDED_MODEL)
    result = inject(request.object, guard_config(model, defaults))
    if result.refused:
        message = "; ".join(sentences(result))
        return Answer(
            False, f"guardedmodel: {message}", outcome="refused", reason=result.reasons[0]
        )
    if not result.changed:
        return _skipped(SkipReason.ALREADY_INJECTED)
    patch = [
        {"op": "add", "path": "/metadata/labels", "value": result.template["metadata"]["labels"]},
        {
            "op": "add",
            "path": "/metadata/annotations",
            "value": result.template["metadata"]["annotations"],
        },
        {"op": "replace", "path": "/spec", "value": result.template["spec"]},
    ]
    return Answer(True, patch=patch, outcome="injected")


@dataclass(frozen=True)
class GuardedPods:
    """Pods of one GuardedModel: their labels, and the port that only their guard may reach."""

    model: str
    labels: dict[str, str]
    model_port: int


def validate_service(request: Request, guarded: tuple[GuardedPods, ...]) -> Answer:
    """Refuse a Service that selects guarded pods and points past the guard.

    One that selects by our labels may target the guard only; one that selects the same pods by
    labels of their own may target anything but the model's port.
    """
    selector = (request.object.get("spec") or {}).get("selector") or {}
    ours = names.LABEL_GUARDED in selector or names.LABEL_MODEL in selector
    for port in (request.object.get("spec") or {}).get("ports") or []:
        target = port.get("targetPort", port.get("port"))
        if ours and target not in _GUARD_TARGETS:
            return _around(target, str(selector.get(names.LABEL_MODEL, "guarded pods")))
        for pods in guarded:
            if selected_by(request.object, pods.labels) and str(target) == str(pods.model_port):
                return _around(target, pods.model)
    return Answer(True)


def _around(target: Any, model: str) -> Answer:
    return Answer(
        False,
        f"guardedmodel: spec.ports targetPort {target} of this Service leads past the guard of"
        f" {model}: use targetPort {names.GUARD_PORT}",
        outcome="refused",
    )


def selected_by(service: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether the Service's selector matches a pod with `labels`; an empty one matches nothing."""
    selector = (service.get("spec") or {}).get("selector") or {}
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def _skipped(reason: SkipReason) -> Answer:
    return Answer(True, outcome="skipped", reason=reason)


def _refused(reason: SkipReason) -> Answer:
    message = f"guardedmodel: {reason}: {SKIP_SENTENCES[reason]}"
    return Answer(False, message, outcome="refused", reason=reason)
