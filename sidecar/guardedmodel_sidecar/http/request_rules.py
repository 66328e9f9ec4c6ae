"""Which request heads are let in: RFC 9112 read strictly, because two readers must not differ.

Works on what the parser saw (method, target, version, raw headers). Whatever a server behind us
could read in another way than we do is refused, not repaired. Pure.
"""

import re
from dataclasses import dataclass

from guardedmodel_api.reasons import BlockReason
from guardedmodel_sidecar.errors import RequestRefused

MAX_TARGET = 2048
_METHOD = re.compile(r"[A-Z]{1,16}")
_TARGET = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_DIGITS = re.compile(rb"[0-9]{1,15}")
_JSON_TYPE = re.compile(rb'application/json(\s*;\s*charset\s*=\s*"?utf-8"?)?\s*', re.IGNORECASE)
# Two of these mean two readings; one reader takes the first, another the last.
_ONCE = frozenset(
    {
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"content-type",
        b"content-encoding",
        b"authorization",
        b"expect",
    }
)


@dataclass(frozen=True)
class RequestHead:
    """A request before its body, as the parser saw it."""

    method: str
    target: str
    version: tuple[int, int]
    headers: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class CheckedHead:
    """What the rest of the path needs from a head that passed."""

    path: str  # without the query, which is not forwarded
    content_length: int | None
    expects_continue: bool


def check_head(head: RequestHead) -> CheckedHead:
    """The head if it can be read in one way only; RequestRefused otherwise."""
    _check_line(head)
    fields = _fields(head.headers)
    _check_host(head.version, fields)
    length = _check_framing(head.version, fields)
    if b"upgrade" in fields:
        raise _malformed("header Upgrade is not supported: speak HTTP/1.1 without upgrading")
    if fields.get(b"content-encoding", b"identity").lower() != b"identity":
        raise RequestRefused(
            BlockReason.UNSUPPORTED_CONTENT,
            "header Content-Encoding: compressed requests can't be judged; send plain JSON",
            status=415,
        )
    expect = fields.get(b"expect")
    if expect is not None and expect.lower() != b"100-continue":
        raise _malformed("header Expect: only 100-continue is known", status=417)
    return CheckedHead(head.target.partition("?")[0], length, expect is not None)


def check_content_type(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    """RequestRefused unless the body is declared as UTF-8 JSON or not declared at all."""
    declared = [value for name, value in headers if name.lower() == b"content-type"]
    if declared and not _JSON_TYPE.fullmatch(declared[0].strip()):
        raise RequestRefused(
            BlockReason.UNSUPPORTED_CONTENT,
            "header Content-Type must be application/json (UTF-8)",
            status=415,
        )


def _check_line(head: RequestHead) -> None:
    if head.version not in ((1, 0), (1, 1)):
        raise _malformed("HTTP version must be 1.1 or 1.0", status=505)
    if not _METHOD.fullmatch(head.method):
        raise _malformed("method must be upper-case letters")
    if len(head.target) > MAX_TARGET:
        raise RequestRefused(
            BlockReason.TOO_LARGE, f"request target is longer than {MAX_TARGET}", status=414
        )
    if not _TARGET.fullmatch(head.target):
        raise _malformed(
            "request target must be a path such as /v1/chat/completions, without host or fragment"
        )


def _fields(headers: tuple[tuple[bytes, bytes], ...]) -> dict[bytes, bytes]:
    """Headers by lower-case name, after the checks that concern any header."""
    fields: dict[bytes, bytes] = {}
    for raw_name, value in headers:
        name = raw_name.lower()
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise _malformed("a header has a character that HTTP does not allow")
        if name in fields and name in _ONCE:
            raise _malformed(f"header {name.decode()} occurs more than once")
        fields[name] = value
    return fields


def _check_host(version: tuple[int, int], fields: dict[bytes, bytes]) -> None:
    if version == (1, 1) and not fields.get(b"host"):
        raise _malformed("header Host is missing")


def _check_framing(version: tuple[int, int], fields: dict[bytes, bytes]) -> int | None:
    """The declared length, or None where the body is chunked or absent."""
    length = fields.get(b"content-length")
    coding = fields.get(b"transfer-encoding")
    if coding is not None:
        if length is not None:
            raise _malformed("Content-Length and Transfer-Encoding exclude each other")
        if version == (1, 0):
            raise _malformed("Transfer-Encoding does not exist in HTTP/1.0")
        if coding.lower() != b"chunked":
            raise _malformed("Transfer-Encoding must be exactly: chunked")
        return None
    if length is None:
        return None
    if not _DIGITS.fullmatch(length):
        raise _malformed("Content-Length must be one decimal number")
    return int(length)


def _malformed(message: str, status: int = 400) -> RequestRefused:
    return RequestRefused(BlockReason.MALFORMED, message, status=status)
