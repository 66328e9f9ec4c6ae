"""The guard's own container and volumes, as data. Pure.

A native sidecar (Kubernetes enhancement 753): an init container with restartPolicy Always. It comes
first, so that no other container, init or not, runs before the guard judges.
"""

import json
from typing import Any

from guardedmodel_api import names
from guardedmodel_operator.injection.config import GuardConfig

RECORDS_LIMIT = "1Gi"
# Above every bounded wait of the guard: start-up loads a model and passes the golden set.
_STARTUP_SECONDS = 120

_SECURITY_CONTEXT = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "readOnlyRootFilesystem": True,
    "runAsGroup": names.GUARD_UID,
    "runAsNonRoot": True,
    "runAsUser": names.GUARD_UID,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def guard_container(config: GuardConfig, probes: dict[str, Any]) -> dict[str, Any]:
    """The container; `probes` maps "container/kind" to the original probe handlers."""
    return {
        "name": names.GUARD_CONTAINER,
        "image": config.image,
        "imagePullPolicy": config.image_pull_policy,
        "restartPolicy": "Always",
        "env": _environment(config, probes),
        "ports": [
            _port(names.GUARD_PORT_NAME, names.GUARD_PORT),
            _port(names.ADMIN_PORT_NAME, names.ADMIN_PORT),
        ],
        "startupProbe": _probe(names.PATH_STARTUP, period=1, failures=_STARTUP_SECONDS),
        "readinessProbe": _probe(names.PATH_READY, period=2, failures=2),
        "livenessProbe": _probe(names.PATH_LIVE, period=10, failures=3),
        "resources": config.resources,
        "securityContext": _SECURITY_CONTEXT,
        "volumeMounts": [
            {"name": names.POLICY_VOLUME, "mountPath": names.POLICY_DIR, "readOnly": True},
            {"name": names.KEYS_VOLUME, "mountPath": names.KEYS_DIR, "readOnly": True},
            {"name": names.RECORDS_VOLUME, "mountPath": names.RECORDS_DIR},
            {"name": names.TMP_VOLUME, "mountPath": "/tmp", "subPath": "tmp"},  # noqa: S108
            # Kubernetes mounts the pod's API token wherever this path is free: the guard has no
            # business with it.
            {
                "name": names.TMP_VOLUME,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                "subPath": "no-token",
                "readOnly": True,
            },
        ],
    }


def guard_volumes(config: GuardConfig) -> list[dict[str, Any]]:
    """The volumes. ConfigMap and Secret are mounted whole: with subPath no update arrives."""
    return [
        {"name": names.POLICY_VOLUME, "configMap": {"name": config.policy_config_map}},
        # 0444: the guard's user is nobody's group, and fsGroup would change the model's volumes.
        {
            "name": names.KEYS_VOLUME,
            "secret": {"secretName": config.keys_secret, "defaultMode": 0o444},
        },
        {"name": names.RECORDS_VOLUME, "emptyDir": {"sizeLimit": RECORDS_LIMIT}},
        {"name": names.TMP_VOLUME, "emptyDir": {"sizeLimit": "64Mi"}},
    ]


def _environment(config: GuardConfig, probes: dict[str, Any]) -> list[dict[str, Any]]:
    plain = {
        names.ENV_UPSTREAM: f"http://127.0.0.1:{config.model_port}",
        names.ENV_POLICY_FILE: f"{names.POLICY_DIR}/{names.POLICY_FILE}",
        names.ENV_KEYS_DIR: names.KEYS_DIR,
        names.ENV_RECORDS_DIR: names.RECORDS_DIR,
        names.ENV_LISTEN: f"0.0.0.0:{names.GUARD_PORT}",
        names.ENV_ADMIN_LISTEN: f"0.0.0.0:{names.ADMIN_PORT}",
        names.ENV_LOG_LEVEL: config.log_level,
        names.ENV_NAMESPACE: config.namespace,
        names.ENV_MODEL: config.model_name,
        names.ENV_PROBES: json.dumps(probes, sort_keys=True, separators=(",", ":")),
    }
    entries: list[dict[str, Any]] = [{"name": key, "value": value} for key, value in plain.items()]
    field_ref = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}
    entries.append({"name": names.ENV_POD_NAME, "valueFrom": field_ref})
    return entries


def _port(name: str, port: int) -> dict[str, Any]:
    return {"name": name, "containerPort": port, "protocol": "TCP"}


def _probe(path: str, *, period: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": names.ADMIN_PORT, "scheme": "HTTP"},
        "periodSeconds": period,
        "failureThreshold": failures,
        "successThreshold": 1,
        "timeoutSeconds": 3,
    }
