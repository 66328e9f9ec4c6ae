"""Reasons as data: the same token is metric label, Event reason, record field and CLI text.

Every enum has its sentences beside it. Tokens come from closed sets only, never from user text.
"""

from enum import StrEnum


class SkipReason(StrEnum):
    """Why the guard was not put into a pod."""

    NOT_LABELLED = "not_labelled"
    ALREADY_INJECTED = "already_injected"
    HOST_NETWORK = "host_network"
    MODEL_NOT_FOUND = "model_not_found"
    NO_GUARDED_MODEL = "no_guarded_model"
    PORT_CONFLICT = "port_conflict"
    UNSUPPORTED_PROBE = "unsupported_probe"
    FOREIGN_CONTAINER = "foreign_container"
    HOST_PORT = "host_port"
    PROTECTED_NAMESPACE = "protected_namespace"


SKIP_SENTENCES: dict[SkipReason, str] = {
    SkipReason.NOT_LABELLED: "the pod doesn't ask for a guard: it lacks the label",
    SkipReason.ALREADY_INJECTED: "the pod has this very guard already",
    SkipReason.HOST_NETWORK: "the pod uses the host's network, where loopback is everybody's: set"
    " hostNetwork to false",
    SkipReason.MODEL_NOT_FOUND: "no container of that name: correct spec.attach.container",
    SkipReason.NO_GUARDED_MODEL: "the namespace has no GuardedModel of the name in the label",
    SkipReason.PORT_CONFLICT: "a container uses port 8080 or 8081, which are the guard's: let it"
    " listen on another",
    SkipReason.UNSUPPORTED_PROBE: "a gRPC probe can't go through the guard: use httpGet, tcpSocket"
    " or exec",
    SkipReason.FOREIGN_CONTAINER: "a container that isn't ours has the guard's name: rename it",
    SkipReason.HOST_PORT: "the model's port is opened on the node: remove hostPort",
    SkipReason.PROTECTED_NAMESPACE: "system namespaces and the operator's own are never touched",
}


class BlockReason(StrEnum):
    """Why a request or answer was refused though it could be judged."""

    CATEGORY = "category"
    UNKNOWN_ROUTE = "unknown_route"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNSUPPORTED_CONTENT = "unsupported_content"
    UNSUPPORTED_OPTION = "unsupported_option"


class FailReason(StrEnum):
    """Why something could not be judged, or no answer came."""

    CLASSIFIER_ERROR = "classifier_error"
    CLASSIFIER_TIMEOUT = "classifier_timeout"
    OVERLOADED = "overloaded"
    NOT_READY = "not_ready"
    RECORD_FAILED = "record_failed"
    UPSTREAM_UNREACHABLE = "upstream_unreachable"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    UPSTREAM_BROKE_OFF = "upstream_broke_off"
    UPSTREAM_GARBAGE = "upstream_garbage"
    UPSTREAM_ERROR = "upstream_error"
    CLIENT_GONE = "client_gone"
    INTERNAL = "internal"


class ConditionReason(StrEnum):
    """Reasons of conditions and Events."""

    ACCEPTED = "Accepted"
    INVALID_SPEC = "InvalidSpec"
    CONTROLS_UNMET = "ControlsUnmet"
    TARGET_NOT_FOUND = "TargetNotFound"
    TARGET_TAKEN = "TargetTaken"
    COMPILED = "Compiled"
    TIGHTENED = "Tightened"
    KEPT_LAST_GOOD = "KeptLastGood"
    NO_PODS = "NoPods"
    ALL_GUARDED = "AllGuarded"
    UNGUARDED_PODS = "UnguardedPods"
    INJECTION_SKIPPED = "InjectionSkipped"
    PODS_READY = "PodsReady"
    PODS_NOT_READY = "PodsNotReady"
    SCALED_TO_ZERO = "ScaledToZero"
    ALL_SYNCED = "AllSynced"
    WAITING_FOR_PODS = "WaitingForPods"
    PORT_CLOSED = "PortClosed"
    PORT_OPEN = "PortOpen"
    NOT_PROBED = "NotProbed"
    ALL_GOOD = "AllGood"
    NOT_READY = "NotReady"
