"""What is read of a request: its head as it was written, its body within limit and deadline."""

import asyncio

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from guardedmodel_api.reasons import BlockReason
from guardedmodel_sidecar.errors import RequestRefused
from guardedmodel_sidecar.http.request_rules import CheckedHead, RequestHead
from guardedmodel_sidecar.settings import Settings

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def read_head(request: web.BaseRequest) -> RequestHead:
    """The head as the parser saw it: the target before any decoding or joining."""
    message = request._message  # noqa: SLF001 the public properties are all decoded
    version = (message.version.major, message.version.minor)
    return RequestHead(message.method, message.path, version, message.raw_headers)


async def read_body(request: web.BaseRequest, head: CheckedHead, settings: Settings) -> bytes:
    """The whole body; RequestRefused if it is too large, too slow or badly framed."""
    limit = settings.limits.body
    if head.content_length is not None and head.content_length > limit:
        raise _too_large(limit)
    if head.expects_continue and request.transport is not None:
        request.transport.write(_CONTINUE)
    try:
        async with asyncio.timeout(settings.deadlines.body):
            return await _read(request, limit)
    except TimeoutError:
        raise RequestRefused(
            BlockReason.MALFORMED,
            f"the body did not arrive within {settings.deadlines.body:g} s",
            status=408,
        ) from None
    except (web.RequestPayloadError, HttpProcessingError):
        raise RequestRefused(BlockReason.MALFORMED, "the body is badly framed") from None


async def _read(request: web.BaseRequest, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := await request.content.readany():
        parts.append(part)
        size += len(part)
        if size > limit:
            raise _too_large(limit)
    return b"".join(parts)


def _too_large(limit: int) -> RequestRefused:
    return RequestRefused(
        BlockReason.TOO_LARGE, f"the body is larger than {limit} bytes", status=413
    )
