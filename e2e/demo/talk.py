"""Send one conversation with the official OpenAI client, and say what a client sees.

Knows the guard only by its address and its response headers.
"""

from dataclasses import dataclass

import openai

from e2e.demo.conversations import Conversation


@dataclass(frozen=True)
class Outcome:
    """What came back."""

    verdict: str  # header Guardedmodel-Verdict; a stream's final verdict when it differs
    finish_reason: str
    text: str
    status: int = 200
    decision_id: str = ""


def talk(conversation: Conversation, base_url: str, *, timeout: float = 120.0) -> Outcome:
    """Send `conversation` to `base_url` (ending in /v1)."""
    client = openai.OpenAI(base_url=base_url, api_key="unused", max_retries=0, timeout=timeout)
    request = {
        "model": "tiny" if conversation.model == "chat" else "scripted",
        "messages": [{"role": role, "content": text} for role, text in conversation.turns],
        "max_tokens": 48,
        "temperature": 0,
        "extra_headers": {"Accept-Language": conversation.locale},
    }
    with client:
        try:
            if conversation.stream:
                return _stream(client, request)
            return _plain(client, request)
        except openai.APIStatusError as error:
            return _error(error)


def _plain(client: openai.OpenAI, request: dict) -> Outcome:
    raw = client.chat.completions.with_raw_response.create(**request)
    choice = raw.parse().choices[0]
    return Outcome(
        verdict=raw.headers.get("guardedmodel-verdict", ""),
        finish_reason=choice.finish_reason or "",
        text=choice.message.content or "",
        decision_id=raw.headers.get("guardedmodel-decision-id", ""),
    )


def _stream(client: openai.OpenAI, request: dict) -> Outcome:
    raw = client.chat.completions.with_raw_response.create(stream=True, **request)
    text, finish = "", ""
    for chunk in raw.parse():
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
    verdict = raw.headers.get("guardedmodel-verdict", "")
    # The header of a stream leaves before its text is judged; a stream that was cut says so itself.
    if finish == "content_filter" and verdict not in {"block", "crisis"}:
        verdict = "block"
    return Outcome(
        verdict, finish, text, decision_id=raw.headers.get("guardedmodel-decision-id", "")
    )


def _error(error: openai.APIStatusError) -> Outcome:
    body = error.body if isinstance(error.body, dict) else {}
    headers = error.response.headers
    return Outcome(
        verdict=headers.get("guardedmodel-verdict", ""),
        finish_reason=str(body.get("code", "")),
        text=str(body.get("message", error.message)),
        status=error.status_code,
        decision_id=headers.get("guardedmodel-decision-id", ""),
    )
