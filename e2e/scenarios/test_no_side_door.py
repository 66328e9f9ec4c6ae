"""The model can't be reached without its guard, whoever is down."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from e2e.demo import installation
from e2e.demo.conversations import CONVERSATIONS
from e2e.demo.kube import Kube, KubeError
from e2e.demo.talk import talk
from guardedmodel_api import names

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

UNGUARDED = """
apiVersion: v1
kind: Pod
metadata:
  name: unguarded
  labels: {guardedmodel.dev/guarded: "true", guardedmodel.dev/model: scripted}
spec:
  containers:
  - {name: model, image: ghcr.io/guardedmodel/scripted-model:0.1.0}
"""


def test_isolated_is_true_and_measured(kube: Kube, models: str) -> None:
    """The operator tried the model's port and was refused."""
    assert kube.condition("chat", models, "Isolated") == "True"


def test_a_service_around_the_guard_is_refused(kube: Kube, models: str) -> None:
    """A Service that selects guarded pods may point at the guard only."""
    manifest = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "side-door"},
            "spec": {
                "selector": {names.LABEL_MODEL: "chat"},
                "ports": [{"port": 80, "targetPort": 11434}],
            },
        }
    )
    with pytest.raises(KubeError) as refused:
        kube.run("apply", "-n", models, "-f", "-", stdin=manifest)

    assert "guard" in str(refused.value)


def test_an_unguarded_pod_is_refused_with_admission_down(kube: Kube, models: str) -> None:
    """With no admission pod left, the API server itself refuses."""
    system = installation.OPERATOR_NAMESPACE
    deployment = "deployment/guardedmodel-operator-admission"
    kube.run("scale", deployment, "-n", system, "--replicas=0")
    try:
        with pytest.raises(KubeError) as refused:
            kube.run("apply", "-n", models, "-f", "-", stdin=UNGUARDED)
        assert "unguarded" in str(refused.value) or "guard" in str(refused.value)
    finally:
        kube.run("scale", deployment, "-n", system, "--replicas=2")
        kube.run("rollout", "status", deployment, "-n", system, "--timeout=120s", timeout=150)


def test_killed_operator_changes_nothing_for_clients(kube: Kube, models: str) -> None:
    """The data path does not need the operator; it comes back by itself."""
    kube.run(
        "delete",
        "pod",
        "-n",
        installation.OPERATOR_NAMESPACE,
        "-l",
        "app.kubernetes.io/component=operator",
        "--grace-period=0",
        "--force",
    )
    with kube.port_forward("svc/scripted", 80, models) as port:
        outcome = talk(CONVERSATIONS[0], f"http://127.0.0.1:{port}/v1")

    assert outcome.verdict == "allow"
    kube.run(
        "rollout",
        "status",
        "deployment/guardedmodel-operator",
        "-n",
        installation.OPERATOR_NAMESPACE,
        "--timeout=120s",
        timeout=150,
    )


def test_a_policy_change_is_in_force_within_seconds(kube: Kube, models: str) -> None:
    """No pod restarts; the sidecar reports the new digest, then PolicySynced says so."""
    before = kube.get("guardedmodels", "scripted", models)
    pods = {item["metadata"]["uid"] for item in kube.items("pods", models, _selector("scripted"))}
    patch = {"spec": {"guards": {"refusalMessage": f"Changed at {time.time()}."}}}
    started = time.monotonic()
    kube.run("patch", "gm", "scripted", "-n", models, "--type=merge", "-p", json.dumps(patch))
    while time.monotonic() - started < 30:
        status = kube.get("guardedmodels", "scripted", models)["status"]
        digest = status["policy"]["digest"]
        loaded = {pod.get("policyDigest") for pod in status["pods"]["items"]}
        if digest != before["status"]["policy"]["digest"] and loaded == {digest}:
            break
        time.sleep(0.2)
    took = time.monotonic() - started
    print(f"policy change in force and reported after {took:.1f} s")

    assert loaded == {digest}
    after = {item["metadata"]["uid"] for item in kube.items("pods", models, _selector("scripted"))}
    assert pods == after


def test_a_killed_guard_lets_nothing_through(kube: Kube, models: str) -> None:
    """While the guard's process is dead, a client gets no answer at all, guarded or not."""
    pod = kube.items("pods", models, _selector("scripted"))[0]["metadata"]["name"]
    subprocess.run(
        [
            kube.kubectl,
            f"--kubeconfig={kube.kubeconfig}",
            "exec",
            "-n",
            models,
            pod,
            "-c",
            names.GUARD_CONTAINER,
            "--",
            "python3",
            "-c",
            "import os; os.kill(1, 9)",
        ],
        check=False,
        capture_output=True,
        timeout=30,
    )
    installation.wait_ready(kube, "scripted", models, print)
    with kube.port_forward("svc/scripted", 80, models) as port:
        outcome = talk(CONVERSATIONS[-3], f"http://127.0.0.1:{port}/v1")

    assert outcome.verdict == "block"
    assert "vermin" not in outcome.text


def test_deletion_leaves_nothing(kube: Kube, namespace: str) -> None:
    """Everything owned goes with the GuardedModel."""
    installation.apply(kube, installation.SCRIPTED, namespace)
    installation.wait_ready(kube, "scripted", namespace, print)
    kube.run("delete", "gm", "scripted", "-n", namespace, "--timeout=60s")
    end = time.monotonic() + 90
    kinds = "deployments,services,networkpolicies,configmaps,secrets,serviceaccounts,pods"
    while time.monotonic() < end:
        left = [
            item["kind"] + "/" + item["metadata"]["name"]
            for item in kube.items(kinds, namespace)
            if item["metadata"]["name"] not in {"kube-root-ca.crt", "default"}
        ]
        if not left:
            break
        time.sleep(1)

    assert left == []


def _selector(model: str) -> str:
    return f"{names.LABEL_MODEL}={model}"


def test_the_example_is_the_one_in_the_readme_spirit() -> None:
    """The example stays short enough to be read at a glance."""
    lines = [
        line
        for line in Path(installation.EXAMPLE).read_text("utf-8").splitlines()
        if line.strip() and not line.strip().startswith("#")
    ]

    assert len(lines) <= 20
