"""JSON that has exactly one reading (RFC 8259, strictly). Pure.

Parsers differ on duplicate keys, on bytes that aren't UTF-8, on lone surrogates, NaN and numbers
that overflow. What we judge must be what the model server reads, so all of these are refused.
Go's decoder matches keys without regard to case, so keys that differ in case only count as equal.
"""

import json
import math
from typing import Any

MAX_DEPTH = 64
_MAX_DIGITS = 20  # more than 64 bits hold


class JsonError(ValueError):
    """Why a document was refused; the message never quotes the document."""


def parse(data: bytes) -> Any:
    """The value in `data`; JsonError if two parsers could read it differently."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise JsonError("it begins with a byte order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError(f"byte {error.start} is not UTF-8") from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise JsonError(f"it is nested deeper than {MAX_DEPTH}") from None
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH:
        _check_depth(value)
    if b"\\u" in data:
        _check_surrogates(value)
    return value


def dump(value: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len({key.casefold() for key in result}) != len(pairs):
        raise JsonError("an object has the same key twice (keys are compared without case)")
    return result


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise JsonError(f"a number has more than {_MAX_DIGITS} digits")
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if len(text) > 2 * _MAX_DIGITS or not math.isfinite(value):
        raise JsonError("a number is too large or too long")
    return value


def _constant(_: str) -> Any:
    raise JsonError("NaN and Infinity are not JSON")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner = [item for item in level if isinstance(item, dict | list)]
        if not inner:
            return
        level = [
            item for node in inner for item in (node.values() if isinstance(node, dict) else node)
        ]
    raise JsonError(f"it is nested deeper than {MAX_DEPTH}")


def _check_surrogates(value: Any) -> None:
    try:
        dump(value)
    except UnicodeEncodeError:
        raise JsonError("a string holds half of a surrogate pair") from None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_number,
    parse_constant=_constant,
)
