"""What to answer to which message: pure, no sockets, no clock.

A rule applies when its `when` occurs in the last user message. The first rule that applies wins; a
test's own rules come before the built-in ones; with no rule the message is echoed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

ECHO_PREFIX = "You said: "


@dataclass(frozen=True)
class Rule:
    """One scripted behaviour. Every field but `when` is optional in JSON."""

    when: str  # text to be found in the last user message; "" applies always
    reply: str | None = None  # None echoes the message
    repeat: int = 1  # the reply this many times over, for long streams
    finish_reason: str = "stop"
    status: int = 200  # anything from 400 up answers an OpenAI error object instead
    first_delay_ms: int = 0  # before the first byte of the answer
    chunk_chars: int = 8  # characters to a streamed chunk, about two tokens
    chunk_delay_ms: int = 0  # between streamed chunks
    die_after_chunks: int | None = None  # the connection is closed here, without [DONE]
    hang_after_chunks: int | None = None  # nothing more comes here, the connection stays open
    raw: str | None = None  # this as the body, whatever it is: broken JSON, broken SSE


VIOLATING = "I hate those people. They are vermin, and somebody should go and kill every one."

# The names are harmless words: an input guard lets them through, so that the output guard is tried.
BUILT_IN_RULES = (
    Rule("SCRIPT:violating-late", reply="The weather was mild that day. " * 12 + VIOLATING),
    Rule("SCRIPT:violating", reply=VIOLATING),
    Rule("SCRIPT:story", reply="Once there was a small house by the sea. ", repeat=50),
    Rule("SCRIPT:slow", reply="One word after the other. ", repeat=8, chunk_delay_ms=50),
    Rule("SCRIPT:late", reply="Sorry for the wait.", first_delay_ms=1500),
    Rule("SCRIPT:die", reply="This sentence will never be", repeat=4, die_after_chunks=3),
    Rule("SCRIPT:refuse", die_after_chunks=0),
    Rule("SCRIPT:hang-midway", reply="And then it stopped to", repeat=4, hang_after_chunks=3),
    Rule("SCRIPT:hang", hang_after_chunks=0),
    Rule("SCRIPT:overloaded", status=503),
    Rule("SCRIPT:error", status=500),
    Rule("SCRIPT:length", reply="This answer was cut", finish_reason="length"),
    Rule("SCRIPT:empty", reply=""),
    Rule("SCRIPT:garbage", raw='{"choices": [{"message": {"content": "half an'),
)


class RuleError(ValueError):
    """A rules document that can't be meant: says which entry, which field, and what would do."""


def parse_rules(document: str) -> tuple[Rule, ...]:
    """Read a JSON array of rules."""
    try:
        entries = json.loads(document)
    except json.JSONDecodeError as error:
        raise RuleError(f"rules are not JSON: {error}") from error
    if not isinstance(entries, list):
        raise RuleError(f"rules must be a JSON array of objects, not {type(entries).__name__}")
    return tuple(_rule(number, entry) for number, entry in enumerate(entries))


def _rule(number: int, entry: object) -> Rule:
    if not isinstance(entry, dict) or not isinstance(entry.get("when"), str):
        raise RuleError(f"rule {number} must be an object with a string 'when'")
    known = {field.name for field in fields(Rule)}
    if unknown := sorted(set(entry) - known):
        raise RuleError(f"rule {number} has unknown {unknown}; known are {sorted(known)}")
    return Rule(**entry)


def choose(rules: Sequence[Rule], message: str) -> Rule:
    """The first rule whose `when` is in the message, with its reply filled in."""
    rule = next((rule for rule in rules if rule.when in message), Rule(""))
    reply = f"{ECHO_PREFIX}{message}" if rule.reply is None else rule.reply
    return replace(rule, reply=reply * rule.repeat, repeat=1)


def last_user_text(body: Mapping[str, Any]) -> str:
    """The text that chooses the rule, from a chat, completions or embeddings request."""
    messages = body.get("messages")
    if isinstance(messages, list):
        users = [message for message in messages if message.get("role") == "user"]
        return _text(users[-1].get("content")) if users else ""
    prompt = body.get("prompt", body.get("input", ""))
    return _text(prompt[-1] if isinstance(prompt, list) and prompt else prompt)


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # content parts
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return ""


def pieces(text: str, size: int) -> list[str]:
    """The text cut into chunks of `size` characters."""
    return [text[start : start + size] for start in range(0, len(text), size)]
