"""Probes of the model go through the guard, since nothing else can reach the model's port. Pure.

A probe that points at the model's port becomes one at the guard's admin port; the guard gets the
original handler and runs it on loopback. exec probes run inside the container and stay.
"""

from copy import deepcopy
from typing import Any

from guardedmodel_api import names

KINDS = {"livenessProbe": "liveness", "readinessProbe": "readiness", "startupProbe": "startup"}


class UnsupportedProbeError(Exception):
    """A gRPC probe on the model's port: the guard can't run it for the kubelet."""


def rewrite_probes(container: dict[str, Any], port: int) -> dict[str, Any]:
    """Rewrite `container`'s probes in place; the originals by "container/kind".

    Idempotent: a probe that already points at the guard is left and yields nothing.
    """
    originals: dict[str, Any] = {}
    for key, kind in KINDS.items():
        probe = container.get(key)
        if not probe:
            continue
        if "grpc" in probe and probe["grpc"].get("port") == port:
            raise UnsupportedProbeError(f"{container['name']}.{key}")
        handler = next((name for name in ("httpGet", "tcpSocket") if name in probe), None)
        if handler is None or _port_number(container, probe[handler].get("port")) != port:
            continue
        original = deepcopy(probe[handler])
        original["port"] = port
        originals[f"{container['name']}/{kind}"] = {
            handler: original,
            "timeoutSeconds": probe.get("timeoutSeconds", 1),
        }
        del probe[handler]
        path = f"{names.PATH_PROBE}/{container['name']}/{kind}"
        probe["httpGet"] = {"path": path, "port": names.ADMIN_PORT, "scheme": "HTTP"}
    return originals


def _port_number(container: dict[str, Any], port: Any) -> int | None:
    """`port` as a number: named ports are looked up in the container."""
    if isinstance(port, int):
        return port
    if isinstance(port, str) and port.isdigit():
        return int(port)
    for declared in container.get("ports") or []:
        if declared.get("name") == port:
            return int(declared["containerPort"])
    return None
