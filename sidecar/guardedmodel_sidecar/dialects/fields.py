"""Reading members of a request strictly: the right name, the right type, no unknown side door.

Model servers take options that carry text past the messages (templates, token ids, embeddings).
What isn't known here is let through only when it can't carry any. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from guardedmodel_api.reasons import BlockReason
from guardedmodel_sidecar.dialects.base import AnswerError, Json, Piece
from guardedmodel_sidecar.errors import RequestRefused

MAX_CHOICES = 128
# Names, not prose: they select something and never reach the model as text.
SELECTORS = frozenset(
    {
        "model",
        "user",
        "service_tier",
        "reasoning_effort",
        "verbosity",
        "safety_identifier",
        "prompt_cache_key",
        "encoding_format",
        "keep_alive",
        "stop",
        "tool_choice",
        "function_call",
        "modalities",
        "logit_bias",
        "stream_options",
        "stop_token_ids",
    }
)
_IDENTIFIER_BYTES = 256
_OPTION_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


def malformed(param: str, message: str) -> RequestRefused:
    """A member that is missing or of the wrong kind."""
    return RequestRefused(BlockReason.MALFORMED, f"{param}: {message}", param=param)


def unsupported(param: str, message: str) -> RequestRefused:
    """An option that could carry text past the guard."""
    return RequestRefused(BlockReason.UNSUPPORTED_OPTION, f"{param}: {message}", param=param)


def check_case(value: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    """Refuse names that differ from a known one by case only: some servers read them as equal."""
    for key in value:
        if key not in known and key.casefold() in known:
            raise malformed(where, "member names are lower-case; one differs in case only")


def flag(body: Json, name: str) -> bool:
    """A boolean option; absent and null are False."""
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise malformed(name, "must be true or false")


def choices(body: Json) -> int:
    """How many answers are asked for."""
    value = body.get("n")
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_CHOICES:
        raise malformed("n", f"must be a whole number from 1 to {MAX_CHOICES}")
    return value


def include_usage(body: Json) -> bool:
    """Whether a stream ends with token counts."""
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def model_name(body: Json) -> str:
    """The model that is asked for, as the client wrote it."""
    name = body.get("model", "")
    if not isinstance(name, str) or len(name) > _IDENTIFIER_BYTES:
        raise malformed("model", f"must be a string of at most {_IDENTIFIER_BYTES} characters")
    return name


def option_text(body: Json, read: frozenset[str], structured: frozenset[str]) -> str:
    """All prose in options: `read` is judged elsewhere, `structured` may be objects or lists."""
    found: list[str] = []
    for name, value in body.items():
        if name in read or name in SELECTORS or isinstance(value, bool | int | float | None):
            continue
        if isinstance(value, str) or name in structured:
            found.extend(strings(value))
        else:
            # A name is shown if it looks like one: it could be prose as well.
            shown = name if _OPTION_NAME.fullmatch(name) else "an option"
            raise unsupported(
                shown, "this option is not known to the guard, which can't judge it; leave it out"
            )
    return "\n".join(found)


def strings(value: Any) -> Iterator[str]:
    """Every string and every key in `value`, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


# Members of answers that name or count, and hold none of the model's prose. Log probabilities
# repeat the tokens of the text beside them and are withheld together with it.
_METADATA = frozenset({"role", "type", "id", "index", "finish_reason", "stop_reason", "logprobs"})


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of an answer with its path; list items go by their own `index`, if any."""
    if isinstance(value, str):
        if value:
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in _METADATA:
                yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            own = item.get("index", position) if isinstance(item, dict) else position
            yield from leaves(item, f"{path}.{own}")


# Members beside the choices; what isn't named here is read as text of the first choice.
_ENVELOPE = frozenset(
    {"choices", "id", "object", "created", "model", "usage", "system_fingerprint", "service_tier"}
    | {"timings"}
)


def pieces(answer: Json) -> list[Piece]:
    """All text of an answer or chunk, that of unknown members too."""
    beside = {name: value for name, value in answer.items() if name not in _ENVELOPE}
    found = [
        Piece(number, path, text)
        for number, choice in answer_choices(answer)
        for path, text in leaves(choice)
    ]
    return found + [Piece(0, path, text) for path, text in leaves(beside)]


def answer_choices(answer: Json) -> list[tuple[int, Json]]:
    """The choices of an answer or chunk with their numbers."""
    listed = answer.get("choices")
    if not isinstance(listed, list):
        raise AnswerError("the answer has no list of choices")
    found: list[tuple[int, Json]] = []
    for position, choice in enumerate(listed):
        if not isinstance(choice, dict):
            raise AnswerError("a choice is not an object")
        number = choice.get("index", position)
        if isinstance(number, bool) or not isinstance(number, int):
            raise AnswerError("the index of a choice is not a number")
        if not 0 <= number < MAX_CHOICES:
            raise AnswerError("the index of a choice is out of range")
        found.append((number, choice))
    return found
