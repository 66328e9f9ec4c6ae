"""What clients see when a part fails: never an unguarded answer, never silence."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from guardedmodel_api.v1alpha1.guards import FailurePolicy
from guardedmodel_sidecar.moderation.judge import JudgeLimits
from guardedmodel_sidecar.settings import Deadlines, Limits
from openai import APIError, APIStatusError, InternalServerError

from e2e.model_servers.scripted.rules import Rule
from tests.integration.sidecar.conftest import Stack, Start
from tests.integration.sidecar.test_chat import ask, balanced, said, stream
from tests.unit.sidecar import support

pytestmark = pytest.mark.integration


def break_classifier(stack: Stack) -> None:
    """The next runs of the model raise."""
    assert stack.sidecar.guard.judge is not None

    def fail(_: Any) -> Any:
        raise MemoryError

    stack.sidecar.guard.judge.classifier.score = fail  # type: ignore[method-assign]


async def test_closed_refuses_what_it_cannot_judge(start: Start) -> None:
    """503 with a stable code, and the helplines in the message."""
    async with start() as stack:
        break_classifier(stack)
        with pytest.raises(InternalServerError) as caught:
            await ask(stack, "a quiet day")

        assert (503, "classifier_error") == (caught.value.status_code, caught.value.code)
        assert support.HELPLINE in str(caught.value.body)
        assert 0 == len(stack.model.received)
        assert 1 == stack.metric("guardedmodel_classifier_errors_total")
        balanced(stack)


@pytest.mark.parametrize("failure_policy", list(FailurePolicy))
async def test_plain_words_of_crisis_get_help_without_a_classifier(
    start: Start, failure_policy: FailurePolicy
) -> None:
    """Open or Closed: the static crisis text."""
    async with start(support.policy(failure_policy=failure_policy)) as stack:
        break_classifier(stack)
        answer = await ask(stack, "I want to kill myself")

        assert support.HELPLINE in answer.choices[0].message.content
        assert 0 == len(stack.model.received)


async def test_open_lets_pass_and_counts(start: Start) -> None:
    """The verdict is unjudged, which is never success."""
    async with start(support.policy(failure_policy=FailurePolicy.OPEN)) as stack:
        break_classifier(stack)
        answer = await ask(stack, "a quiet day")
        text, _ = await stream(stack, "a quiet day")
        records = [json.loads(line) for line in stack.lines()]

        assert "You said: a quiet day" == answer.choices[0].message.content == text
        assert ["unjudged"] * 2 == [record["verdict"] for record in records]
        assert 0 < stack.metric("guardedmodel_unjudged_open_total", reason="classifier_error")
        balanced(stack)


async def test_a_stream_that_can_no_longer_be_judged_ends(start: Start) -> None:
    """Headers are out: the end is a content_filter with the helplines."""
    rule = Rule("speak", reply="One word after the other, and on. " * 40, chunk_delay_ms=2)
    async with start(rules=(rule,)) as stack:
        chunks = []
        async for chunk in await stack.client.chat.completions.create(
            model="scripted", messages=said("speak"), stream=True
        ):
            if not chunks:
                break_classifier(stack)
            chunks.append(chunk)
        text = "".join(choice.delta.content or "" for c in chunks for choice in c.choices)

        assert "could not check the rest" in text
        assert support.HELPLINE in text
        assert "content_filter" == chunks[-1].choices[0].finish_reason
        balanced(stack)


async def test_judging_in_time_or_not_at_all(start: Start) -> None:
    """A timeout has its own reason; too many at once are refused as overloaded."""
    async with start() as stack:
        judge = stack.sidecar.guard.judge
        assert judge is not None
        judge.limits = JudgeLimits(timeout=0.0)
        with pytest.raises(InternalServerError) as late:
            await ask(stack, "a quiet day")
        judge.limits = JudgeLimits(waiting=0)
        with pytest.raises(InternalServerError) as busy:
            await ask(stack, "another day")

        assert "classifier_timeout" == late.value.code
        assert "overloaded" == busy.value.code


async def test_no_record_no_answer(start: Start) -> None:
    """A full disk stops answers, but not the helplines; it recovers by itself."""
    async with start() as stack:
        recorder = stack.sidecar.guard.recorder
        sink = recorder._sink  # type: ignore[union-attr]
        good = sink.descriptor
        with Path("/dev/full").open("wb", buffering=0) as full:
            sink.descriptor = full.fileno()
            with pytest.raises(InternalServerError) as caught:
                await ask(stack, "a quiet day")
            crisis = await ask(stack, "hopeless")
            with pytest.raises(APIError):
                await stream(stack, "a quiet day")
            assert "records" in stack.sidecar.guard.why_not_ready()
            sink.descriptor = good
        answer = await ask(stack, "a quiet day")

        assert "record_failed" == caught.value.code
        assert support.HELPLINE in crisis.choices[0].message.content
        assert "You said: a quiet day" == answer.choices[0].message.content
        assert [1] == [json.loads(line)["seq"] for line in stack.lines()]
        assert "" == stack.sidecar.guard.why_not_ready()
        balanced(stack)


@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        ("SCRIPT:refuse", 502, "upstream_unreachable"),
        ("SCRIPT:error", 500, "upstream_error"),
        ("SCRIPT:overloaded", 503, "upstream_error"),
        ("SCRIPT:garbage", 502, "upstream_garbage"),
        ("SCRIPT:hang", 504, "upstream_timeout"),
    ],
)
async def test_a_broken_model_is_named(start: Start, script: str, status: int, code: str) -> None:
    """Every way the model fails has a status and a code."""
    async with start(deadlines=Deadlines(first_byte=0.3)) as stack:
        with pytest.raises(APIStatusError) as caught:
            await ask(stack, script)

        assert (status, code) == (caught.value.status_code, caught.value.code)
        assert 1 == stack.metric("guardedmodel_verdicts_total", verdict="unjudged", reason=code)
        balanced(stack)


async def test_a_dead_model_is_unreachable(start: Start) -> None:
    """Nobody listens: 502, no retry storm, no answer."""
    async with start(upstream="http://127.0.0.1:9") as stack:
        with pytest.raises(APIStatusError) as caught:
            await ask(stack, "a quiet day")

        assert "upstream_unreachable" == caught.value.code


@pytest.mark.parametrize(
    ("script", "code"),
    [("SCRIPT:die", "upstream_broke_off"), ("SCRIPT:hang-midway", "upstream_timeout")],
)
async def test_a_stream_that_breaks_off_says_so(start: Start, script: str, code: str) -> None:
    """No [DONE] that would make half an answer look whole."""
    async with start(deadlines=Deadlines(between=0.5)) as stack:
        with pytest.raises(APIError) as caught:
            await stream(stack, script)

        assert code == caught.value.code
        assert 1 == stack.metric("guardedmodel_verdicts_total", reason=code)
        balanced(stack)


async def test_a_client_that_leaves_frees_the_model(start: Start) -> None:
    """The model's connection is cut, and the request still gets its verdict."""
    rule = Rule("speak", reply="One word after the other, and on. " * 500, chunk_delay_ms=5)
    async with start(rules=(rule,)) as stack:
        answer = await stack.client.chat.completions.create(
            model="scripted", messages=said("speak"), stream=True
        )
        async for _ in answer:
            break
        await answer.close()
        async with asyncio.timeout(5):
            while not stack.metric("guardedmodel_verdicts_total", reason="client_gone"):
                await asyncio.sleep(0.01)

        balanced(stack)


async def test_limits_are_named(start: Start) -> None:
    """Too large a body, too long a text: 413 with the limit."""
    async with start(limits=Limits(body=1000)) as stack:
        with pytest.raises(APIStatusError) as large:
            await ask(stack, "a" * 2000)

        assert (413, "too_large") == (large.value.status_code, large.value.code)


async def test_the_models_own_refusals_pass(start: Start) -> None:
    """A 4xx of the model server is about the request, so the client gets to read it."""
    async with start(rules=(Rule("long", status=400),)) as stack:
        with pytest.raises(APIStatusError) as caught:
            await ask(stack, "long")

        assert 400 == caught.value.status_code
        assert "scripted status 400" in str(caught.value.body)
        balanced(stack)
