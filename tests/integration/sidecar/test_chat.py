"""Chat completions through the sidecar, with the official client."""

import json
from typing import Any

import pytest
from guardedmodel_api.v1alpha1.guards import Action, Category, Enforcement
from openai import NotFoundError

from e2e.model_servers.scripted.rules import Rule
from tests.integration.sidecar.conftest import Stack, Start
from tests.unit.sidecar import support

pytestmark = pytest.mark.integration


def said(text: str) -> list[dict[str, Any]]:
    """A conversation of one user turn."""
    return [{"role": "user", "content": text}]


async def ask(stack: Stack, text: str, **options: Any) -> Any:
    """One plain question."""
    return await stack.client.chat.completions.create(
        model="scripted", messages=said(text), **options
    )


async def stream(stack: Stack, text: str, **options: Any) -> tuple[str, list[Any]]:
    """One streamed question: the text and all chunks."""
    chunks = [
        chunk
        async for chunk in await stack.client.chat.completions.create(
            model="scripted", messages=said(text), stream=True, **options
        )
    ]
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    return text, chunks


def balanced(stack: Stack) -> None:
    """One verdict a request."""
    asked = stack.metric("guardedmodel_requests_total")
    assert asked == stack.metric("guardedmodel_verdicts_total")
    assert 0 == stack.metric("guardedmodel_in_flight_requests")


async def test_an_allowed_answer_comes_as_the_model_gave_it(start: Start) -> None:
    """Nothing is changed, and the request reached the model as it was."""
    async with start() as stack:
        answer = await ask(stack, "a quiet day")

        assert "You said: a quiet day" == answer.choices[0].message.content
        assert "stop" == answer.choices[0].finish_reason
        assert said("a quiet day") == stack.model.received[-1].body["messages"]
        balanced(stack)


async def test_a_blocked_request_never_reaches_the_model(start: Start) -> None:
    """The client gets a valid completion with the policy's words."""
    async with start() as stack:
        answer = await ask(stack, "those vermin", n=2)

        assert [support.REFUSAL] * 2 == [choice.message.content for choice in answer.choices]
        assert "content_filter" == answer.choices[0].finish_reason
        assert 0 == len(stack.model.received)
        assert 1 == stack.metric("guardedmodel_verdicts_total", verdict="block")
        balanced(stack)


async def test_a_crisis_gets_the_helplines_in_the_same_turn(start: Start) -> None:
    """And in the language that the person reads."""
    async with start() as stack:
        english = await ask(stack, "I feel hopeless")
        spanish = await ask(stack, "hopeless", extra_headers={"Accept-Language": "es-MX,es;q=0.9"})

        assert support.HELPLINE in english.choices[0].message.content
        assert support.HELPLINE_ES in spanish.choices[0].message.content
        assert 0 == len(stack.model.received)
        assert 2 == stack.metric("guardedmodel_crisis_referrals_total")


async def test_crisis_beats_block(start: Start) -> None:
    """A person in danger who also curses gets help."""
    async with start() as stack:
        answer = await ask(stack, "hopeless vermin")

        assert support.HELPLINE in answer.choices[0].message.content


async def test_a_streamed_crisis_is_a_valid_stream(start: Start) -> None:
    """Role, text, finish_reason, and usage if it was asked for."""
    async with start() as stack:
        text, chunks = await stream(
            stack, "I feel hopeless", stream_options={"include_usage": True}
        )

        assert support.HELPLINE in text
        assert "content_filter" == chunks[-2].choices[0].finish_reason
        assert 0 == chunks[-1].usage.total_tokens


async def test_a_stream_is_relayed_whole(start: Start) -> None:
    """Held back in windows, but complete and in order."""
    async with start() as stack:
        text, chunks = await stream(stack, "SCRIPT:story")

        assert "Once there was a small house by the sea. " * 50 == text
        assert "stop" == chunks[-1].choices[0].finish_reason
        balanced(stack)


async def test_a_violating_answer_is_replaced(start: Start) -> None:
    """Plain answers are judged whole before a byte leaves."""
    async with start(rules=(Rule("speak", reply="they are vermin"),)) as stack:
        answer = await ask(stack, "speak")

        assert support.REFUSAL == answer.choices[0].message.content
        assert "content_filter" == answer.choices[0].finish_reason


@pytest.mark.parametrize("chars", [1, 3, 8, 1000])
async def test_a_violating_stream_ends_before_the_violation(start: Start, chars: int) -> None:
    """What was judged stays; the violating text never leaves, however it was cut."""
    reply = "The weather was mild that day. " * 12 + "Then came the vermin of them all."
    async with start(rules=(Rule("speak", reply=reply, chunk_chars=chars),)) as stack:
        text, chunks = await stream(stack, "speak")

        assert "vermin" not in text
        assert text.endswith(support.REFUSAL)
        assert reply.startswith(text.removesuffix(support.REFUSAL).rstrip("\n"))
        assert "content_filter" == chunks[-1].choices[0].finish_reason
        balanced(stack)


async def test_self_harm_in_a_stream_ends_with_helplines(start: Start) -> None:
    """The model's own words are replaced by help."""
    rule = Rule("speak", reply="Fine weather today. You should feel hopeless now.")
    async with start(rules=(rule,)) as stack:
        text, _ = await stream(stack, "speak")

        assert "hopeless" not in text
        assert support.HELPLINE in text


async def test_every_choice_of_a_stream_is_judged(start: Start) -> None:
    """n > 1: a violation in one ends all that are open."""
    async with start(rules=(Rule("speak", reply="fine words and then vermin"),)) as stack:
        text, chunks = await stream(stack, "speak", n=3)

        assert "vermin" not in text
        ended = {c.index for k in chunks for c in k.choices if c.finish_reason}
        assert {0, 1, 2} == ended


async def test_all_turns_are_judged(start: Start) -> None:
    """System, tool results, tool-call arguments and parts as well as the last user turn."""
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a":"vermin"}'}}
    histories: list[list[dict[str, Any]]] = [
        [{"role": "system", "content": "vermin"}, *said("hi")],
        [{"role": "user", "content": [{"type": "text", "text": "vermin"}]}],
        [*said("hi"), {"role": "assistant", "content": None, "tool_calls": [call]}, *said("x")],
        [*said("hi"), {"role": "tool", "tool_call_id": "1", "content": "vermin"}],
        [*said("vermin"), {"role": "assistant", "content": "no"}, *said("and now?")],
    ]
    async with start() as stack:
        for messages in histories:
            answer = await stack.client.chat.completions.create(
                model="scripted",
                messages=messages,  # type: ignore[arg-type]
            )
            assert "content_filter" == answer.choices[0].finish_reason
        assert 0 == len(stack.model.received)


async def test_an_answered_crisis_does_not_repeat_for_ever(start: Start) -> None:
    """Helplines shown once; a later benign turn goes on, a later crisis is answered again."""
    async with start() as stack:
        first = await ask(stack, "I feel hopeless")
        history = [
            *said("I feel hopeless"),
            {"role": "assistant", "content": first.choices[0].message.content},
        ]
        calm = await stack.client.chat.completions.create(
            model="scripted", messages=[*history, *said("thanks, a soup recipe please")]
        )
        again = await stack.client.chat.completions.create(
            model="scripted", messages=[*history, *said("still hopeless")]
        )
        unanswered = await stack.client.chat.completions.create(
            model="scripted",
            messages=[*said("hopeless"), {"role": "assistant", "content": "ok"}, *said("soup?")],
        )

        assert "You said: thanks, a soup recipe please" == calm.choices[0].message.content
        assert support.HELPLINE in (again.choices[0].message.content or "")
        assert support.HELPLINE in (unanswered.choices[0].message.content or "")
        assert 1 == stack.metric("guardedmodel_verdicts_total", verdict="annotate")


async def test_audit_computes_records_and_passes(start: Start) -> None:
    """Enforcement Audit changes nothing for the client."""
    async with start(support.policy(enforcement=Enforcement.AUDIT)) as stack:
        plain = await ask(stack, "those vermin")
        streamed, _ = await stream(stack, "those vermin")
        records = [json.loads(line) for line in stack.lines()]

        assert "You said: those vermin" == plain.choices[0].message.content
        assert "You said: those vermin" == streamed
        assert [("block", False)] * 2 == [(r["verdict"], r["enforced"]) for r in records]


async def test_annotate_passes_with_a_header(start: Start) -> None:
    """The verdict is in the header and the record."""
    rules = (support.category(Category.HATE, Action.ANNOTATE, Action.ALLOW),)
    async with start(support.policy(categories=rules)) as stack:
        raw = await stack.client.chat.completions.with_raw_response.create(
            model="scripted", messages=said("those vermin")
        )
        record = json.loads(stack.lines()[-1])

        assert "annotate" == raw.headers["guardedmodel-verdict"]
        assert record["id"] == raw.headers["guardedmodel-decision-id"]
        assert ["hate"] == [item["category"] for item in record["categories"]]


async def test_the_notice_comes_before_the_first_answer(start: Start) -> None:
    """Once a conversation, in prose only, and in a header for programs."""
    async with start(support.policy(disclosure=support.with_notice())) as stack:
        plain = await ask(stack, "a quiet day")
        streamed, _ = await stream(stack, "a quiet day")
        refused = await ask(stack, "vermin")
        program = await stack.client.chat.completions.with_raw_response.create(
            model="scripted", messages=said("a"), response_format={"type": "json_object"}
        )
        later = await stack.client.chat.completions.create(
            model="scripted",
            messages=[*said("a"), {"role": "assistant", "content": "b"}, *said("c")],
        )

        assert f"{support.NOTICE}\n\nYou said: a quiet day" == plain.choices[0].message.content
        assert f"{support.NOTICE}\n\nYou said: a quiet day" == streamed
        assert f"{support.NOTICE}\n\n{support.REFUSAL}" == refused.choices[0].message.content
        assert "required" == program.headers["guardedmodel-disclosure"]
        assert "You said: a" == program.parse().choices[0].message.content
        assert "You said: c" == later.choices[0].message.content
        assert 4 == stack.metric("guardedmodel_disclosures_total")


async def test_an_unknown_route_is_refused(start: Start) -> None:
    """404, an OpenAI error with a stable code, and a verdict."""
    async with start() as stack:
        with pytest.raises(NotFoundError) as caught:
            await stack.client.moderations.create(input="x")

        assert "unknown_route" == caught.value.code
        assert 1 == stack.metric("guardedmodel_verdicts_total", reason="unknown_route")
        assert 0 == len(stack.model.received)
        balanced(stack)
