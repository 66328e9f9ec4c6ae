"""OpenAI chat completions: POST /v1/chat/completions. Pure."""

from typing import Any

from guardedmodel_api.reasons import BlockReason
from guardedmodel_sidecar.dialects import fields
from guardedmodel_sidecar.dialects.base import (
    ASSISTANT,
    OPTION,
    SYSTEM_ROLES,
    TOOL_ROLES,
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

_ROLES = SYSTEM_ROLES | TOOL_ROLES | {USER, ASSISTANT}
_BODY = frozenset({"messages", "stream", "n", "model", "tools", "response_format"})
_READ = frozenset({"messages", "stream", "n"})
_STRUCTURED = frozenset(
    {"tools", "functions", "response_format", "metadata", "prediction", "guided_json"}
    | {"guided_choice", "structured_outputs", "json_schema", "web_search_options"}
)
# These reach the model as a prompt of the caller's own making.
_BYPASSES = frozenset({"chat_template", "grammar_lazy", "add_special_tokens", "echo"})
_MESSAGE = frozenset({"role", "content", "name", "tool_calls", "refusal", "function_call"})
_PART_TEXT = {"text": "text", "input_text": "text", "refusal": "refusal"}
_PROSE_FORMATS = frozenset({None, "text"})


class ChatDialect:
    """Chat completions, plain and streamed."""

    route = Route.CHAT

    def read_request(self, body: Json) -> ModelRequest:
        """The request; RequestRefused for what can't be judged."""
        fields.check_case(body, _BODY, "body")
        for name in _BYPASSES & body.keys():
            if body[name]:
                raise fields.unsupported(name, "it would change the prompt behind the guard")
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise fields.malformed("messages", "must be a list with at least one message")
        turns = [_turn(message, number) for number, message in enumerate(messages)]
        first = not any(turn.role == ASSISTANT for turn in turns)
        if options := fields.option_text(body, _READ, _STRUCTURED):
            turns.insert(0, Turn(OPTION, options))
        return ModelRequest(
            turns=tuple(turns),
            model=fields.model_name(body),
            stream=fields.flag(body, "stream"),
            choices=fields.choices(body),
            prose=_is_prose(body),
            first_answer=first,
            include_usage=fields.include_usage(body),
        )

    def read_answer(self, answer: Json) -> tuple[Piece, ...]:
        """All text of a plain answer."""
        return tuple(fields.pieces(answer))

    def read_chunk(self, chunk: Json) -> ChunkReading:
        """All text of one streamed chunk."""
        finished: list[int] = []
        first: list[int] = []
        calls_tool = False
        for number, choice in fields.answer_choices(chunk):
            if choice.get("finish_reason"):
                finished.append(number)
            delta = choice.get("delta")
            if isinstance(delta, dict):
                calls_tool = calls_tool or bool(delta.get("tool_calls"))
                if delta.get("content"):
                    first.append(number)
        return ChunkReading(self.read_answer(chunk), tuple(finished), tuple(first), calls_tool)

    def reply(self, reply: Reply) -> Json:
        """A completion in which the guard speaks, with finish_reason content_filter."""
        content, refusal = _spoken(reply)
        message = {"role": ASSISTANT, "content": content, "refusal": refusal}
        choice = {"logprobs": None, "finish_reason": "content_filter", "message": message}
        return {
            **_head(reply, "chat.completion"),
            "choices": [{"index": number, **choice} for number in range(reply.request.choices)],
            "usage": _NO_USAGE,
        }

    def reply_chunks(self, reply: Reply) -> list[Json]:
        """The guard's words as one delta a choice, then the end of each choice."""
        head = _head(reply, "chat.completion.chunk")
        content, refusal = _spoken(reply)
        chunks: list[Json] = []
        for number in reply.choices:
            delta: Json = {} if reply.opened else {"role": ASSISTANT}
            if content is not None:
                delta["content"] = f"\n\n{content}" if reply.opened else content
            if refusal is not None:
                delta["refusal"] = refusal
            chunks.append({**head, "choices": [_delta(number, delta, None)]})
            chunks.append({**head, "choices": [_delta(number, {}, "content_filter")]})
        if reply.request.include_usage:
            chunks.append({**head, "choices": [], "usage": _NO_USAGE})
        return chunks

    def add_notice(self, answer: Json, notice: str) -> bool:
        """Put `notice` before the content of every choice that has prose."""
        added = False
        for _, choice in fields.answer_choices(answer):
            message = choice.get("message")
            if not isinstance(message, dict) or message.get("tool_calls"):
                continue
            content = message.get("content")
            if isinstance(content, str) and content:
                message["content"] = f"{notice}\n\n{content}"
                added = True
        return added

    def notice_chunk(self, chunk: Json, choice: int, notice: str) -> Json:
        """A chunk with `notice` as the first content of `choice`."""
        head = {key: value for key, value in chunk.items() if key not in {"choices", "usage"}}
        delta = {"role": ASSISTANT, "content": f"{notice}\n\n"}
        return {**head, "choices": [_delta(choice, delta, None)]}


_NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def _head(reply: Reply, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{reply.id}",
        "object": kind,
        "created": reply.created,
        "model": reply.request.model,
    }


def _delta(number: int, delta: Json, finish: str | None) -> Json:
    return {"index": number, "delta": delta, "logprobs": None, "finish_reason": finish}


def _spoken(reply: Reply) -> tuple[str | None, str | None]:
    """Content and refusal: a JSON reader gets a refusal, but helplines are shown in any case."""
    if reply.request.prose:
        return reply.text, None
    return (reply.text if reply.crisis else None), reply.text


def _is_prose(body: Json) -> bool:
    wanted = body.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, dict) else wanted
    guided = any(name.startswith(("guided_", "structured_outputs")) for name in body)
    return not guided and isinstance(kind, str | None) and kind in _PROSE_FORMATS


def _turn(message: Any, number: int) -> Turn:
    where = f"messages[{number}]"
    if not isinstance(message, dict):
        raise fields.malformed(where, "must be an object")
    fields.check_case(message, _MESSAGE, where)
    role = message.get("role")
    if role not in _ROLES:
        raise fields.malformed(f"{where}.role", f"must be one of {', '.join(sorted(_ROLES))}")
    found = [*_content(message.get("content"), f"{where}.content")]
    rest = {name: value for name, value in message.items() if name not in {"role", "content"}}
    rest.pop("tool_call_id", None)
    _refuse_media(rest, where)
    found += fields.strings(list(rest.values()))
    return Turn(role, "\n".join(text for text in found if text))


def _content(content: Any, where: str) -> list[str]:
    if content is None:
        return []
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        raise fields.malformed(where, "must be a string, a list of parts, or null")
    return [_part(part, f"{where}[{number}]") for number, part in enumerate(content)]


def _part(part: Any, where: str) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        raise fields.malformed(where, "must be an object with type and text")
    fields.check_case(part, frozenset({"type", "text", "refusal"}), where)
    kind = part.get("type")
    member = _PART_TEXT.get(kind) if isinstance(kind, str) else None
    if member is None or set(part) - {"type", member, "annotations", "cache_control"}:
        raise RequestRefused(
            BlockReason.UNSUPPORTED_CONTENT,
            f"{where}: only parts of type text can be judged; leave out images, audio and files",
            param=where,
        )
    text = part.get(member)
    if not isinstance(text, str):
        raise fields.malformed(f"{where}.{member}", "must be a string")
    return text


def _refuse_media(rest: Json, where: str) -> None:
    for name in ("audio", "images", "image", "files"):
        if rest.get(name):
            raise RequestRefused(
                BlockReason.UNSUPPORTED_CONTENT,
                f"{where}.{name}: only text can be judged; leave it out",
                param=f"{where}.{name}",
            )
