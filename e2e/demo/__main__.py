"""`python -m e2e.demo`: install, apply, talk, show. Progress on stderr, results on stdout."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from rich.console import Console
from rich.table import Table

from e2e.demo import installation
from e2e.demo.conversations import CONVERSATIONS, Conversation
from e2e.demo.kube import Kube, KubeError
from e2e.demo.talk import Outcome, talk
from guardedmodel_api import names

OUT = Console(width=120)
ERR = Console(stderr=True)
STARTED = time.monotonic()


def say(line: str) -> None:
    """One line of progress with the time since the start."""
    ERR.print(f"[{time.monotonic() - STARTED:6.1f} s] {line}", markup=False, highlight=False)


def cluster(command: str, *args: str) -> str:
    """`python -m e2e.cluster command`: progress goes through, the result comes back."""
    done = subprocess.run(
        [sys.executable, "-m", "e2e.cluster", command, *args],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        cwd=installation.ROOT,
    )
    if done.returncode:
        raise KubeError(f"python -m e2e.cluster {command} exited with {done.returncode}")
    return done.stdout.strip()


def bring_up() -> Kube:
    """A cluster with our images in it."""
    say("cluster: $KUBECONFIG, else kind, k3d or minikube, else built here")
    cluster("up")
    kubeconfig = Path(cluster("kubeconfig"))
    say("images: built from the Dockerfiles, loaded into the cluster")
    cluster("load-images")
    helm = shutil.which("helm") or cluster("binaries", "helm").splitlines()[-1]
    kubectl = shutil.which("kubectl") or cluster("binaries", "kubectl").splitlines()[-1]
    return Kube(kubeconfig, kubectl=kubectl, helm=helm)


def install(kube: Kube) -> None:
    """Chart, namespace, two GuardedModels, Ready."""
    say("helm upgrade --install guardedmodel charts/guardedmodel-operator")
    installation.install_chart(kube)
    installation.create_namespace(kube)
    say(f"kubectl apply -f examples/guardedmodel.yaml (namespace {installation.NAMESPACE})")
    installation.apply(kube, installation.EXAMPLE)
    installation.apply(kube, installation.SCRIPTED)
    for name in ("chat", "scripted"):
        installation.wait_ready(kube, name, installation.NAMESPACE, say)


def converse(kube: Kube) -> list[tuple[Conversation, Outcome]]:
    """Every conversation through a Service of the guard."""
    results = []
    for model in ("chat", "scripted"):
        with kube.port_forward(f"svc/{model}", 80, installation.NAMESPACE) as port:
            for conversation in CONVERSATIONS:
                if conversation.model != model:
                    continue
                outcome = talk(conversation, f"http://127.0.0.1:{port}/v1")
                say(f"  {conversation.name}: {outcome.verdict}")
                results.append((conversation, outcome))
    return results


def show_conversations(results: list[tuple[Conversation, Outcome]]) -> None:
    """The table of what happened and why."""
    table = Table(title="What happened", show_lines=True)
    for column in (
        "conversation",
        "verdict",
        "finish",
        "what the client read",
        "what to see in it",
    ):
        table.add_column(column, overflow="fold")
    for conversation, outcome in results:
        right = outcome.verdict in conversation.expected
        verdict = outcome.verdict if right else f"{outcome.verdict} (expected otherwise)"
        text = " ".join(outcome.text.split())
        table.add_row(
            conversation.name + (" (stream)" if conversation.stream else ""),
            verdict,
            outcome.finish_reason,
            text[:150] + ("..." if len(text) > 150 else ""),
            conversation.why,
        )
    OUT.print(table)


def show_status(kube: Kube) -> None:
    """Conditions and controls of the example."""
    status = kube.get("guardedmodels", "chat", installation.NAMESPACE)["status"]
    table = Table(title="kubectl get gm chat: conditions")
    for column in ("type", "status", "reason", "message"):
        table.add_column(column, overflow="fold")
    for item in status["conditions"]:
        table.add_row(item["type"], item["status"], item["reason"], item.get("message", ""))
    OUT.print(table)
    controls = status.get("controls", {})
    counts = {key: value for key, value in controls.items() if isinstance(value, int)}
    OUT.print("Controls by state:", counts)
    OUT.print("Policy in force:", status["policy"]["digest"])


def show_evidence(kube: Kube) -> None:
    """Some metrics, and the last decision record."""
    pod = kube.items("pods", installation.NAMESPACE, f"{names.LABEL_MODEL}=chat")[0]["metadata"][
        "name"
    ]
    with kube.port_forward(f"pod/{pod}", names.ADMIN_PORT, installation.NAMESPACE) as port:
        url = f"http://127.0.0.1:{port}{names.PATH_METRICS}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    wanted = ("guardedmodel_requests_total", "guardedmodel_verdicts_total", "guardedmodel_crisis")
    OUT.rule("metrics of the guard")
    for line in lines:
        if line.startswith(wanted) and not line.endswith(" 0.0"):
            OUT.print(line, markup=False, highlight=False)
    logs = kube.run(
        "logs", pod, "-c", names.GUARD_CONTAINER, "-n", installation.NAMESPACE, "--tail=200"
    )
    records = [line for line in logs.splitlines() if '"verdict":' in line]
    OUT.rule("the last decision record (no text in it)")
    if records:
        OUT.print_json(json.dumps(json.loads(records[-1])))


def show_next(kube: Kube) -> None:
    """How to go on, and how to tear down."""
    OUT.rule("go on")
    ns = installation.NAMESPACE
    OUT.print(
        f"export KUBECONFIG={kube.kubeconfig}\n"
        f"kubectl get gm -n {ns}\n"
        f"kubectl describe gm chat -n {ns}\n"
        f"kubectl port-forward -n {ns} svc/chat 8080:80   # then point any OpenAI client at it\n"
        f"make demo-down      # remove the demo's models and the release\n"
        f"make cluster-down   # and the cluster, if it was built here\n",
        markup=False,
        highlight=False,
    )
    OUT.print(names.STANDING_TEXT, style="italic")


def main() -> int:
    """Run the demo; 0 when every conversation ended as it should."""
    parser = argparse.ArgumentParser(prog="python -m e2e.demo", description=__doc__)
    parser.add_argument("--down", action="store_true", help="remove what the demo installed")
    args = parser.parse_args()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    try:
        kube = bring_up()
        if args.down:
            installation.uninstall(kube)
            return 0
        install(kube)
        results = converse(kube)
    except KubeError as error:
        ERR.print(str(error), style="red", markup=False)
        return 1
    show_conversations(results)
    show_status(kube)
    show_evidence(kube)
    show_next(kube)
    wrong = [c.name for c, outcome in results if outcome.verdict not in c.expected]
    if wrong:
        say(f"not as expected: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
