"""kubeconfig documents: pure, from bytes to text. JSON is YAML, so no YAML library is needed."""

import base64
import json
from typing import Any


def document(
    server: str, authority: bytes, user: dict[str, str], name: str = "guardedmodel"
) -> str:
    """A kubeconfig with one cluster, one user, one context; everything is inside the file."""
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": name,
                "cluster": {"server": server, "certificate-authority-data": _encoded(authority)},
            }
        ],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return json.dumps(config, indent=1) + "\n"


def certificate_user(certificate: bytes, key: bytes) -> dict[str, str]:
    """The user of a client certificate."""
    return {"client-certificate-data": _encoded(certificate), "client-key-data": _encoded(key)}


def token_user(token: str) -> dict[str, str]:
    """The user of a bearer token."""
    return {"token": token}


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
