"""The OpenAI wire format, as the objects a server sends: pure, the clock is a parameter."""

import base64
import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from .rules import Rule, pieces

EMBEDDING_SIZE = 16
SSE_DONE = b"data: [DONE]\n\n"


def sse(event: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"


def usage(prompt: str, answer: str) -> dict[str, int]:
    """Token counts, with words standing for tokens."""
    asked, said = len(prompt.split()), len(answer.split())
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def completion(body: Mapping[str, Any], prompt: str, rule: Rule, created: int) -> dict[str, Any]:
    """The whole answer to a chat or completions request that doesn't stream."""
    text = rule.reply or ""
    chat = "messages" in body
    content = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    return {
        "id": _identifier(chat, prompt, created),
        "object": "chat.completion" if chat else "text_completion",
        "created": created,
        "model": body.get("model", ""),
        "choices": [
            {"index": index, **content, "logprobs": None, "finish_reason": rule.finish_reason}
            for index in range(int(body.get("n") or 1))
        ],
        "usage": usage(prompt, text),
    }


def stream(body: Mapping[str, Any], prompt: str, rule: Rule, created: int) -> Iterator[bytes]:
    """The events of a streamed answer, without the closing [DONE]."""
    text = rule.reply or ""
    chat = "messages" in body
    head = {
        "id": _identifier(chat, prompt, created),
        "object": "chat.completion.chunk" if chat else "text_completion",
        "created": created,
        "model": body.get("model", ""),
    }
    for index in range(int(body.get("n") or 1)):
        if chat:
            yield sse({**head, "choices": [_choice(index, {"role": "assistant", "content": ""})]})
        for piece in pieces(text, rule.chunk_chars):
            yield sse({**head, "choices": [_choice(index, {"content": piece} if chat else piece)]})
        last: dict[str, str] | str = {} if chat else ""
        yield sse({**head, "choices": [_choice(index, last, rule.finish_reason)]})
    if (body.get("stream_options") or {}).get("include_usage"):
        yield sse({**head, "choices": [], "usage": usage(prompt, text)})


def _choice(
    index: int, content: dict[str, str] | str, finish_reason: str | None = None
) -> dict[str, Any]:
    key = "text" if isinstance(content, str) else "delta"
    return {"index": index, key: content, "logprobs": None, "finish_reason": finish_reason}


def embeddings(body: Mapping[str, Any]) -> dict[str, Any]:
    """Vectors that depend on the text alone: the same text is always at the same place."""
    given = body.get("input", "")
    texts = given if isinstance(given, list) else [given]
    as_base64 = body.get("encoding_format") == "base64"  # what the openai client asks for
    return {
        "object": "list",
        "model": body.get("model", ""),
        "data": [
            {"object": "embedding", "index": index, "embedding": _vector(str(text), as_base64)}
            for index, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": len(texts), "total_tokens": len(texts)},
    }


def _vector(text: str, as_base64: bool) -> list[float] | str:
    digest = hashlib.shake_256(text.encode()).digest(EMBEDDING_SIZE)
    raw = [byte / 127.5 - 1 for byte in digest]
    length = sum(value * value for value in raw) ** 0.5
    vector = [value / length for value in raw]
    packed = struct.pack(f"<{EMBEDDING_SIZE}f", *vector)
    return base64.b64encode(packed).decode() if as_base64 else vector


def models(names: list[str]) -> dict[str, Any]:
    """The answer to GET /v1/models."""
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in names]
    return {"object": "list", "data": listed}


def error(status: int, message: str) -> dict[str, Any]:
    """An OpenAI error object."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": str(status)}}


def _identifier(chat: bool, prompt: str, created: int) -> str:
    digest = hashlib.sha256(f"{created} {prompt}".encode()).hexdigest()[:24]
    return f"{'chatcmpl' if chat else 'cmpl'}-{digest}"
