"""OpenAI text completions: POST /v1/completions. Pure."""

from typing import Any

from guardedmodel_api.reasons import BlockReason
from guardedmodel_sidecar.dialects import fields
from guardedmodel_sidecar.dialects.base import (
    OPTION,
    USER,
    ChunkReading,
    Json,
    ModelRequest,
    Piece,
    Reply,
    Route,
    Turn,
)
from guardedmodel_sidecar.errors import RequestRefused

_BODY = frozenset({"prompt", "suffix", "stream", "n", "model"})
_READ = frozenset({"prompt", "stream", "n"})
_STRUCTURED = frozenset({"response_format", "guided_json", "guided_choice", "structured_outputs"})
_MAX_PROMPTS = 128


class CompletionsDialect:
    """Text completions, plain and streamed. A prompt counts as the user's words."""

    route = Route.COMPLETIONS

    def read_request(self, body: Json) -> ModelRequest:
        """The request; RequestRefused for what can't be judged."""
        fields.check_case(body, _BODY, "body")
        turns = [Turn(USER, text) for text in texts_of(body.get("prompt"), "prompt")]
        options = fields.option_text(body, _READ, _STRUCTURED)
        if options:
            turns.insert(0, Turn(OPTION, options))
        each = fields.choices(body)
        prompts = len(turns) - bool(options)
        if each * prompts > fields.MAX_CHOICES:
            raise fields.malformed("n", f"more than {fields.MAX_CHOICES} answers in one request")
        return ModelRequest(
            turns=tuple(turns),
            model=fields.model_name(body),
            stream=fields.flag(body, "stream"),
            choices=each * prompts,
            prose="response_format" not in body and "guided_json" not in body,
            # A completion goes on with the caller's text: nothing may stand between the two.
            first_answer=False,
            include_usage=fields.include_usage(body),
        )

    def read_answer(self, answer: Json) -> tuple[Piece, ...]:
        """All text of a plain answer."""
        return tuple(fields.pieces(answer))

    def read_chunk(self, chunk: Json) -> ChunkReading:
        """All text of one streamed chunk."""
        listed = fields.answer_choices(chunk)
        return ChunkReading(
            pieces=self.read_answer(chunk),
            finished=tuple(number for number, choice in listed if choice.get("finish_reason")),
            first_content=tuple(number for number, choice in listed if choice.get("text")),
        )

    def reply(self, reply: Reply) -> Json:
        """A completion in which the guard speaks, with finish_reason content_filter."""
        return {
            **_head(reply),
            "choices": [
                _choice(number, reply.text, "content_filter")
                for number in range(reply.request.choices)
            ],
            "usage": _NO_USAGE,
        }

    def reply_chunks(self, reply: Reply) -> list[Json]:
        """The guard's words as one chunk a choice, then the end of each choice."""
        text = f"\n\n{reply.text}" if reply.opened else reply.text
        chunks: list[Json] = []
        for number in reply.choices:
            chunks.append({**_head(reply), "choices": [_choice(number, text, None)]})
            chunks.append({**_head(reply), "choices": [_choice(number, "", "content_filter")]})
        if reply.request.include_usage:
            chunks.append({**_head(reply), "choices": [], "usage": _NO_USAGE})
        return chunks

    def add_notice(self, answer: Json, notice: str) -> bool:
        """Never: see `first_answer`."""
        del answer, notice
        return False

    def notice_chunk(self, chunk: Json, choice: int, notice: str) -> Json:
        """A chunk with `notice` as the first text of `choice`."""
        head = {key: value for key, value in chunk.items() if key not in {"choices", "usage"}}
        return {**head, "choices": [_choice(choice, f"{notice}\n\n", None)]}


_NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def texts_of(value: Any, name: str) -> list[str]:
    """The texts of a prompt or input; token ids are refused, since the guard reads text."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        raise fields.malformed(name, "must be a string or a list of strings")
    if len(value) > _MAX_PROMPTS and not any(isinstance(item, int) for item in value):
        raise fields.malformed(name, f"has more than {_MAX_PROMPTS} entries")
    if not all(isinstance(item, str) for item in value):
        raise RequestRefused(
            BlockReason.UNSUPPORTED_CONTENT,
            f"{name}: token ids can't be judged; send the text itself",
            param=name,
        )
    return list(value)


def _head(reply: Reply) -> Json:
    return {
        "id": f"cmpl-{reply.id}",
        "object": "text_completion",
        "created": reply.created,
        "model": reply.request.model,
    }


def _choice(number: int, text: str, finish: str | None) -> Json:
    return {"index": number, "text": text, "logprobs": None, "finish_reason": finish}
