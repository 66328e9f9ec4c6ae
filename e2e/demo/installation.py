"""Install the chart, apply a GuardedModel, wait until it is Ready: what a user does by hand."""

import time
from collections.abc import Callable
from pathlib import Path

from e2e.demo.kube import Kube, KubeError

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "guardedmodel-operator"
RELEASE = "guardedmodel"
OPERATOR_NAMESPACE = "guardedmodel-system"
NAMESPACE = "guardedmodel-demo"
SCRIPTED = Path(__file__).with_name("scripted.yaml")
EXAMPLE = ROOT / "examples" / "guardedmodel.yaml"

Say = Callable[[str], None]


def install_chart(kube: Kube, *values: str) -> None:
    """`helm upgrade --install`, and wait for both Deployments."""
    kube.helm_run(
        "upgrade",
        "--install",
        RELEASE,
        str(CHART),
        "--namespace",
        OPERATOR_NAMESPACE,
        "--create-namespace",
        "--wait",
        "--timeout",
        "240s",
        *(part for value in values for part in ("--set", value)),
    )


def create_namespace(kube: Kube, name: str = NAMESPACE) -> None:
    """The namespace of the models, with Pod Security at its strictest."""
    manifest = (
        "apiVersion: v1\nkind: Namespace\nmetadata:\n"
        f"  name: {name}\n  labels:\n    pod-security.kubernetes.io/warn: restricted\n"
    )
    kube.run("apply", "-f", "-", stdin=manifest)


def apply(kube: Kube, path: Path, namespace: str = NAMESPACE) -> None:
    """`kubectl apply -f`."""
    kube.run("apply", "-n", namespace, "-f", str(path))


def wait_ready(kube: Kube, name: str, namespace: str, say: Say, seconds: float = 240) -> None:
    """Until condition Ready is True; says each change of the conditions on the way."""
    end = time.monotonic() + seconds
    seen = ""
    while time.monotonic() < end:
        line = conditions_line(kube, name, namespace)
        if line != seen:
            say(f"  {name}: {line}")
            seen = line
        if "Ready=True" in line.split():
            return
        time.sleep(1)
    raise KubeError(f"GuardedModel {name} was not Ready within {seconds:.0f} s; last seen: {seen}")


def conditions_line(kube: Kube, name: str, namespace: str) -> str:
    """All conditions in one line, such as Accepted=True Injected=False."""
    status = kube.get("guardedmodels", name, namespace).get("status", {})
    return " ".join(f"{c['type']}={c['status']}" for c in status.get("conditions", [])) or "new"


def uninstall(kube: Kube, namespace: str = NAMESPACE) -> None:
    """Remove the demo's models and the release; the CRD stays, as Helm leaves it."""
    kube.run("delete", "namespace", namespace, "--ignore-not-found", timeout=180)
    kube.helm_run("uninstall", RELEASE, "--namespace", OPERATOR_NAMESPACE, "--wait")
