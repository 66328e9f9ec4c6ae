"""kubectl and helm as a user would run them, with one kubeconfig. Raises on a non-zero exit.

Knows nothing of how the cluster came to be.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class KubeError(RuntimeError):
    """A command failed; the message holds the command and what it printed."""


@dataclass(frozen=True)
class Kube:
    """Programs and the kubeconfig that they use."""

    kubeconfig: Path
    kubectl: str = "kubectl"
    helm: str = "helm"

    def run(self, *args: str, stdin: str | None = None, timeout: float = 120) -> str:
        """`kubectl args`; its standard output."""
        return _run([self.kubectl, f"--kubeconfig={self.kubeconfig}", *args], stdin, timeout)

    def helm_run(self, *args: str, timeout: float = 300) -> str:
        """`helm args`; its standard output."""
        return _run([self.helm, f"--kubeconfig={self.kubeconfig}", *args], None, timeout)

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        """One object."""
        result: dict[str, Any] = json.loads(
            self.run("get", kind, name, "-n", namespace, "-o", "json")
        )
        return result

    def items(self, kind: str, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        """All objects of a kind in a namespace."""
        args = ["get", kind, "-n", namespace, "-o", "json"]
        found = json.loads(self.run(*args, *(["-l", selector] if selector else [])))
        return list(found["items"])

    def condition(self, name: str, namespace: str, condition: str) -> str:
        """Status of a GuardedModel's condition: True, False, Unknown, or empty."""
        model = self.get("guardedmodels", name, namespace)
        for item in model.get("status", {}).get("conditions", []):
            if item["type"] == condition:
                return str(item["status"])
        return ""

    @contextmanager
    def port_forward(self, target: str, port: int, namespace: str) -> Iterator[int]:
        """A free local port that leads to `target` (svc/x, pod/x); ends with the block."""
        local = _free_port()
        process = subprocess.Popen(
            [
                self.kubectl,
                f"--kubeconfig={self.kubeconfig}",
                "port-forward",
                "-n",
                namespace,
                target,
                f"{local}:{port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for_port(local, process)
            yield local
        finally:
            process.terminate()
            process.wait(10)


def _run(command: list[str], stdin: str | None, timeout: float) -> str:
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=timeout, check=False
    )
    if done.returncode:
        raise KubeError(f"{' '.join(command)} exited with {done.returncode}:\n{done.stderr}")
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise KubeError("kubectl port-forward ended by itself: is the pod running?")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise KubeError(f"kubectl port-forward did not listen within {seconds} s")
