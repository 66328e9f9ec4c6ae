"""Raw bytes at the socket: what two HTTP readers could read differently is refused."""

import asyncio
import json

import aiohttp
import pytest

from tests.integration.sidecar.conftest import Stack, Start
from tests.integration.sidecar.test_chat import balanced

pytestmark = pytest.mark.integration

BODY = b'{"model":"scripted","messages":[{"role":"user","content":"a quiet day"}]}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
LINE = b"POST /v1/chat/completions HTTP/1.1\r\n"
HOST = b"Host: model\r\n"
END = b"Connection: close\r\n\r\n"

REFUSED = {
    "length and chunked": LINE + HOST + LENGTH + b"Transfer-Encoding: chunked\r\n" + END + CHUNKED,
    "two lengths": LINE + HOST + LENGTH + LENGTH + END + BODY,
    "two different lengths": LINE + HOST + LENGTH + b"Content-Length: 3\r\n" + END + BODY,
    "length list": LINE + HOST + b"Content-Length: 3, 3\r\n" + END + BODY,
    "signed length": LINE + HOST + b"Content-Length: +73\r\n" + END + BODY,
    "gzip, chunked": LINE + HOST + b"Transfer-Encoding: gzip, chunked\r\n" + END + CHUNKED,
    "chunked twice": LINE + HOST + b"Transfer-Encoding: chunked\r\n" * 2 + END + CHUNKED,
    "xchunked": LINE + HOST + b"Transfer-Encoding: xchunked\r\n" + END + CHUNKED,
    "chunked in 1.0": b"POST /v1/chat/completions HTTP/1.0\r\n"
    + HOST + b"Transfer-Encoding: chunked\r\n" + END + CHUNKED,
    "space before colon": LINE + HOST + b"Content-Length : 73\r\n" + END + BODY,
    "folded header": LINE + HOST + LENGTH + b"X-A: b\r\n c\r\n" + END + BODY,
    "bare line feed": LINE + HOST + LENGTH + b"X-A: b\nX-B: c\r\n" + END + BODY,
    "null in header": LINE + HOST + LENGTH + b"X-A: b\x00c\r\n" + END + BODY,
    "no host": LINE + LENGTH + END + BODY,
    "two hosts": LINE + HOST + HOST + LENGTH + END + BODY,
    "absolute target": b"POST http://other/v1/chat/completions HTTP/1.1\r\n"
    + HOST + LENGTH + END + BODY,
    "fragment in target": b"POST /v1/chat/completions#x HTTP/1.1\r\n" + HOST + LENGTH + END + BODY,
    "lower-case method": b"post /v1/chat/completions HTTP/1.1\r\n" + HOST + LENGTH + END + BODY,
    "version 2.0": b"POST /v1/chat/completions HTTP/2.0\r\n" + HOST + LENGTH + END + BODY,
    "version 1.2": b"POST /v1/chat/completions HTTP/1.2\r\n" + HOST + LENGTH + END + BODY,
    "no version": b"POST /v1/chat/completions\r\n" + HOST + LENGTH + END + BODY,
    "upgrade": LINE + HOST + LENGTH + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + BODY,
    "compressed": LINE + HOST + LENGTH + b"Content-Encoding: gzip\r\n" + END + BODY,
    "two content types": LINE + HOST + LENGTH + b"Content-Type: application/json\r\n" * 2 + END + BODY,
    "other charset": LINE + HOST + LENGTH
    + b"Content-Type: application/json; charset=utf-16\r\n" + END + BODY,
    "bad chunk size": LINE + HOST + b"Transfer-Encoding: chunked\r\n" + END + b"zz\r\n" + CHUNKED,
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
}  # fmt: skip


async def send(stack: Stack, data: bytes) -> bytes:
    """Raw bytes out, everything that comes back."""
    address = stack.sidecar.address
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(data)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("name", REFUSED)
async def test_ambiguous_requests_are_refused(start: Start, name: str) -> None:
    """4xx or 5xx, an error object, one verdict, nothing at the model, connection closed."""
    async with start() as stack:
        answer = await send(stack, REFUSED[name])
        status = int(answer.split(b" ", 2)[1])

        assert status in {400, 415, 505}, answer
        assert "error" in json.loads(answer.partition(b"\r\n\r\n")[2])
        assert 1 == answer.count(b"Guardedmodel-Decision-Id")
        assert 0 == len(stack.model.received)
        assert 1 == stack.metric("guardedmodel_verdicts_total", verdict="block")
        balanced(stack)


@pytest.mark.parametrize(
    "head",
    [
        LINE + HOST + LENGTH + END,
        LINE + HOST + b"Transfer-Encoding: chunked\r\n" + END,
        LINE + HOST + LENGTH + b"Content-Type: application/json; charset=utf-8\r\n" + END,
        LINE + HOST + LENGTH + b"Expect: 100-continue\r\n" + END,
    ],
)
async def test_plain_requests_are_served(start: Start, head: bytes) -> None:
    """The table above refuses for the reason it names, not by accident."""
    async with start() as stack:
        body = CHUNKED if b"chunked" in head else BODY
        answer = await send(stack, head + body)

        assert b"HTTP/1.1 200" in answer
        assert b"You said: a quiet day" in answer


async def test_reserved_headers_are_stripped(start: Start) -> None:
    """Neither the model nor the guard sees a verdict that a client made up."""
    async with start() as stack:
        extra = b"Guardedmodel-Verdict: allow\r\nguardedmodel_age: adult\r\nX-Mine: 1\r\n"
        await send(
            stack, LINE + HOST + LENGTH + extra + b"Connection: close, X-Mine\r\n\r\n" + BODY
        )
        seen = stack.model.received[-1].headers

        assert [] == [name for name in seen if name.startswith("guardedmodel")]
        assert "x-mine" not in seen
        assert "identity" == seen["accept-encoding"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"messages":[{"role":"user","content":"a"}],"messages":[]}',
        b'{"Messages":[],"messages":[{"role":"user","content":"a"}]}',
        b'{"messages":[{"role":"user","Content":"a"}]}',
        b'{"messages":[{"role":"user","content":"\\ud800"}]}',
        b'{"messages":[{"role":"user","content":"a"}],"seed":1e999}',
        b'{"messages":[{"role":"user","content":"a"}],"top_p":NaN}',
        b'{"messages":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'\xef\xbb\xbf{"messages":[{"role":"user","content":"a"}]}',
        b'{"messages":[{"role":"user","content":"\xff"}]}',
        b'[{"role":"user","content":"a"}]',
        b"",
        b'{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}',
        b'{"messages":[{"role":"user","content":"a"}],"chat_template":"x"}',
        b'{"messages":[{"role":"user","content":"a"}],"prompt_token_ids":[1]}',
    ],
)
async def test_ambiguous_bodies_are_refused(
    start: Start, http: aiohttp.ClientSession, body: bytes
) -> None:
    """JSON that two parsers could read differently, and content that can't be judged."""
    async with start() as stack:
        url = f"{stack.sidecar.url}/v1/chat/completions"
        async with http.post(url, data=body, headers={"Content-Type": "application/json"}) as got:
            error = (await got.json())["error"]

        assert 400 == got.status
        assert error["code"] in {"malformed", "unsupported_content", "unsupported_option"}
        assert 0 == len(stack.model.received)
        balanced(stack)


async def test_pipelined_requests_get_their_own_verdicts(start: Start) -> None:
    """One connection, three requests, three answers in order."""
    async with start() as stack:
        one = LINE + HOST + LENGTH + b"\r\n" + BODY
        answer = await send(stack, one + one + LINE + HOST + LENGTH + END + BODY)

        assert 3 == answer.count(b"HTTP/1.1 200")
        assert 3 == stack.metric("guardedmodel_verdicts_total", verdict="allow")
        balanced(stack)
