"""What a cluster needs beyond Kubernetes itself, as manifests: pure.

Cluster DNS with CoreDNS. The node has no way out, so a name outside the cluster does not exist, and
is answered so at once: a resolver that waits for an unreachable server makes every lookup slow.
"""

import json
from typing import Any

from .node_config import CLUSTER_DOMAIN, DNS_ADDRESS

COREDNS_IMAGE = "guardedmodel.local/e2e/coredns:1.13.1"
NAMESPACE = "kube-system"
LABELS = {"k8s-app": "kube-dns"}

COREFILE = f""".:5353 {{
    errors
    health
    ready
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa {{
        pods insecure
        ttl 5
    }}
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
    cache 5
    reload
}}
"""


def manifests() -> str:
    """A List that kubectl applies."""
    items = [
        _object("v1", "ServiceAccount", {}),
        _cluster("ClusterRole", {"rules": _rules()}),
        _cluster("ClusterRoleBinding", _binding()),
        _object("v1", "ConfigMap", {"data": {"Corefile": COREFILE}}),
        _object("apps/v1", "Deployment", {"spec": _deployment()}),
        _object("v1", "Service", {"spec": _service()}, name="kube-dns"),
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def _object(version: str, kind: str, body: dict[str, Any], name: str = "coredns") -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": LABELS}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **body}


def _cluster(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "system:coredns"}
    version = "rbac.authorization.k8s.io/v1"
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **body}


def _rules() -> list[dict[str, Any]]:
    names = ["endpoints", "services", "pods", "namespaces"]
    return [
        {"apiGroups": [""], "resources": names, "verbs": ["list", "watch"]},
        {
            "apiGroups": ["discovery.k8s.io"],
            "resources": ["endpointslices"],
            "verbs": ["list", "watch"],
        },
    ]


def _binding() -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    account = {"kind": "ServiceAccount", "name": "coredns", "namespace": NAMESPACE}
    return {
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "system:coredns"},
        "subjects": [account],
    }


def _deployment() -> dict[str, Any]:
    container = {
        "name": "coredns",
        "image": COREDNS_IMAGE,
        "imagePullPolicy": "Never",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"containerPort": 5353, "name": "dns", "protocol": "UDP"},
            {"containerPort": 5353, "name": "dns-tcp", "protocol": "TCP"},
        ],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}},
        "securityContext": {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns"}],
    }
    return {
        "replicas": 1,
        "selector": {"matchLabels": LABELS},
        "template": {
            "metadata": {"labels": LABELS},
            "spec": {
                "serviceAccountName": "coredns",
                "priorityClassName": "system-cluster-critical",
                "dnsPolicy": "Default",
                "containers": [container],
                "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
            },
        },
    }


def _service() -> dict[str, Any]:
    return {
        "clusterIP": DNS_ADDRESS,
        "selector": LABELS,
        "ports": [
            {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": 5353},
            {"name": "dns-tcp", "protocol": "TCP", "port": 53, "targetPort": 5353},
        ],
    }
