"""From `kubectl apply` to a guarded answer, with the official client."""

import json
import urllib.request
from collections import Counter

import pytest

from e2e.demo.conversations import CONVERSATIONS, Conversation
from e2e.demo.kube import Kube
from e2e.demo.talk import talk
from guardedmodel_api import names

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda item: item.name)
def test_each_conversation_gets_its_verdict(
    kube: Kube, models: str, conversation: Conversation
) -> None:
    """Benign passes, a person in crisis gets helplines, what the policy refuses is refused."""
    with kube.port_forward(f"svc/{conversation.model}", 80, models) as port:
        outcome = talk(conversation, f"http://127.0.0.1:{port}/v1")

    assert outcome.verdict in conversation.expected, outcome
    if outcome.verdict == "crisis":
        helpline = "3114" if conversation.locale == "fr-FR" else "988"
        assert helpline in outcome.text
        assert outcome.finish_reason == "content_filter"
    if conversation.name == "violating stream":
        assert "weather" in outcome.text
        assert "vermin" not in outcome.text


def test_the_guard_counts_every_request_once(kube: Kube, models: str) -> None:
    """requests_total equals verdicts_total, and the records agree."""
    pod = kube.items("pods", models, f"{names.LABEL_MODEL}=scripted")[0]["metadata"]["name"]
    with kube.port_forward("svc/scripted", 80, models) as port:
        talk(CONVERSATIONS[0], f"http://127.0.0.1:{port}/v1")
    with kube.port_forward(f"pod/{pod}", names.ADMIN_PORT, models) as port:
        url = f"http://127.0.0.1:{port}{names.PATH_METRICS}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
    totals: Counter[str] = Counter()
    for line in lines:
        for name in ("guardedmodel_requests_total", "guardedmodel_verdicts_total"):
            if line.startswith(name):
                totals[name] += int(float(line.rsplit(" ", 1)[1]))

    assert totals["guardedmodel_requests_total"] > 0
    assert totals["guardedmodel_requests_total"] == totals["guardedmodel_verdicts_total"]


def test_no_prompt_text_in_logs(kube: Kube, models: str) -> None:
    """A canary word that was sent is nowhere in the logs of guard, operator or admission."""
    canary = "zebrafinch-canary-4711"
    with kube.port_forward("svc/scripted", 80, models) as port:
        sent = Conversation("canary", "", (("user", f"Please repeat {canary}"),), frozenset())
        talk(sent, f"http://127.0.0.1:{port}/v1")
    logs = [
        kube.run(
            "logs",
            "-n",
            models,
            "-l",
            f"{names.LABEL_MODEL}=scripted",
            "-c",
            names.GUARD_CONTAINER,
            "--tail=-1",
        ),
        kube.run(
            "logs",
            "-n",
            "guardedmodel-system",
            "-l",
            "app.kubernetes.io/name=guardedmodel-operator",
            "--all-containers",
            "--tail=-1",
        ),
        kube.run("get", "events", "-A", "-o", "json"),
    ]

    assert json.dumps(logs).count(canary) == 0
