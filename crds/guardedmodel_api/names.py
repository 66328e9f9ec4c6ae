"""Every name that more than one program uses, each once.

Kubernetes group, kinds, labels, annotations, container names, ports, mount
paths and environment variables. Pure constants: this module imports nothing.
"""

from typing import Final

GROUP: Final = "guardedmodel.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
KIND: Final = "GuardedModel"
PLURAL: Final = "guardedmodels"
SINGULAR: Final = "guardedmodel"
SHORT_NAME: Final = "gm"
FIELD_MANAGER: Final = "guardedmodel-operator"

# Labels on pods and owned objects.
LABEL_GUARDED: Final = f"{GROUP}/guarded"  # "true": admission refuses the pod without a guard
LABEL_MODEL: Final = f"{GROUP}/model"  # name of the GuardedModel in the same namespace
LABEL_MANAGED_BY: Final = "app.kubernetes.io/managed-by"
LABEL_NAME: Final = "app.kubernetes.io/name"
LABEL_INSTANCE: Final = "app.kubernetes.io/instance"
LABEL_COMPONENT: Final = "app.kubernetes.io/component"
MANAGED_BY: Final = "guardedmodel"

# Annotations on pods.
ANNOTATION_INJECTED: Final = f"{GROUP}/injected"  # digest of the injected containers
ANNOTATION_POLICY_DIGEST: Final = f"{GROUP}/policy-digest"  # touched to refresh the volume at once
ANNOTATION_SKIPPED: Final = f"{GROUP}/injection-skipped"  # a SkipReason

# Containers, volumes and ports of a guarded pod.
GUARD_CONTAINER: Final = "guardedmodel-guard"
POLICY_VOLUME: Final = "guardedmodel-policy"
KEYS_VOLUME: Final = "guardedmodel-keys"
RECORDS_VOLUME: Final = "guardedmodel-records"
TMP_VOLUME: Final = "guardedmodel-tmp"
GUARD_PORT: Final = 8080  # the only port that serves the model
ADMIN_PORT: Final = 8081  # health, metrics, status, rewritten probes
GUARD_PORT_NAME: Final = "guard"
ADMIN_PORT_NAME: Final = "guard-admin"
GUARD_UID: Final = 65532

POLICY_DIR: Final = "/etc/guardedmodel/policy"
POLICY_FILE: Final = "policy.json"
KEYS_DIR: Final = "/etc/guardedmodel/keys"
COMMITMENT_KEY_FILE: Final = "commitment.key"  # 32 random bytes, HMAC-SHA-256
RECORDS_DIR: Final = "/var/lib/guardedmodel/records"

# Paths served by the sidecar's admin port.
PATH_LIVE: Final = "/livez"
PATH_READY: Final = "/readyz"
PATH_STARTUP: Final = "/startupz"  # ready but for the model, which starts after the guard
PATH_METRICS: Final = "/metrics"
PATH_STATUS: Final = "/guard/v1/status"  # loaded policy digest, classifier digest, readiness
PATH_CARD: Final = "/guard/v1/card"
PATH_PROBE: Final = "/guard/v1/probe"  # /guard/v1/probe/{container}/{liveness|readiness|startup}

# Environment of the sidecar; command-line options of the same name win.
ENV_POLICY_FILE: Final = "GUARDEDMODEL_POLICY_FILE"
ENV_KEYS_DIR: Final = "GUARDEDMODEL_KEYS_DIR"
ENV_LISTEN: Final = "GUARDEDMODEL_LISTEN"  # host:port
ENV_ADMIN_LISTEN: Final = "GUARDEDMODEL_ADMIN_LISTEN"  # host:port
ENV_UPSTREAM: Final = "GUARDEDMODEL_UPSTREAM"  # http://127.0.0.1:port
ENV_RECORDS_DIR: Final = "GUARDEDMODEL_RECORDS_DIR"
ENV_CLASSIFIER_DIR: Final = "GUARDEDMODEL_CLASSIFIER_DIR"  # default: the artefact in the package
ENV_LOG_LEVEL: Final = "GUARDEDMODEL_LOG_LEVEL"
ENV_PROBES: Final = "GUARDEDMODEL_PROBES"  # JSON: {"container/readiness": Kubernetes probe handler}
ENV_NAMESPACE: Final = "GUARDEDMODEL_NAMESPACE"
ENV_MODEL: Final = "GUARDEDMODEL_NAME"
ENV_POD_NAME: Final = "GUARDEDMODEL_POD_NAME"

# Request and response headers; the first group is stripped from every request.
HEADER_PREFIX: Final = "guardedmodel-"
HEADER_VERDICT: Final = "Guardedmodel-Verdict"
HEADER_DECISION_ID: Final = "Guardedmodel-Decision-Id"
HEADER_DISCLOSURE: Final = "Guardedmodel-Disclosure"

DEFAULT_SIDECAR_IMAGE: Final = "ghcr.io/guardedmodel/sidecar:0.1.0"
DEFAULT_OPERATOR_IMAGE: Final = "ghcr.io/guardedmodel/operator:0.1.0"

STANDING_TEXT: Final = (
    "This report lists technical controls that were configured or observed. It does not state "
    "that any person complies with any law, and it is not legal advice. Profile texts are the "
    "project's reading on the date shown; rows graded V2, C or R were not checked against the "
    "statute."
)


def policy_config_map(model: str) -> str:
    """Name of the ConfigMap that holds the compiled policy of a GuardedModel."""
    return f"{model}-guard-policy"


def keys_secret(model: str) -> str:
    """Name of the Secret that holds the keys of a GuardedModel's sidecars."""
    return f"{model}-guard-keys"
