"""The client towards the model on loopback: a bounded pool, deadlines, no decompression."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp

from guardedmodel_api.reasons import FailReason
from guardedmodel_sidecar.errors import UpstreamError
from guardedmodel_sidecar.settings import Deadlines, Limits

# Below the 5 s after which uvicorn and llama.cpp close an idle connection: a request on a
# connection that is just being closed would fail for nothing.
_KEEP_ALIVE = 3.0
_ATTEMPTS = 2


class Upstream:
    """Connections to one model server."""

    def __init__(self, base_url: Callable[[], str], deadlines: Deadlines, limits: Limits) -> None:
        self._base_url = base_url
        self._deadlines = deadlines
        self._limits = limits
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=limits.connections, keepalive_timeout=_KEEP_ALIVE, use_dns_cache=True
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=deadlines.connect),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Content-Type", "Accept"),
            trust_env=False,
        )

    @asynccontextmanager
    async def exchange(
        self, method: str, path: str, headers: list[tuple[str, str]], body: bytes | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request; the connection is cut unless the answer was read to its end."""
        response = await self._send(method, path, headers, body)
        try:
            yield response
        finally:
            response.release() if response.content.at_eof() else response.close()

    async def read(self, response: aiohttp.ClientResponse) -> bytes:
        """The whole body; UpstreamError if it breaks off, hangs or is too large."""
        parts: list[bytes] = []
        size = 0
        while part := await self.next_part(response):
            parts.append(part)
            size += len(part)
            if size > self._limits.answer:
                raise UpstreamError(
                    FailReason.UPSTREAM_GARBAGE, "the model's answer is too large to be judged"
                )
        return b"".join(parts)

    async def next_part(self, response: aiohttp.ClientResponse) -> bytes:
        """The next bytes of a body, empty at its end."""
        try:
            async with asyncio.timeout(self._deadlines.between):
                return await response.content.readany()
        except TimeoutError:
            raise UpstreamError(
                FailReason.UPSTREAM_TIMEOUT, "the model stopped in the middle of its answer", 504
            ) from None
        except aiohttp.ClientError:
            raise UpstreamError(
                FailReason.UPSTREAM_BROKE_OFF, "the model's answer broke off"
            ) from None

    async def reachable(self) -> bool:
        """Whether the model's port accepts connections."""
        host, _, port = self._base_url().removeprefix("http://").rpartition(":")
        try:
            async with asyncio.timeout(self._deadlines.connect):
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except (OSError, ValueError, TimeoutError):
            return False
        writer.close()
        return True

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def _send(
        self, method: str, path: str, headers: list[tuple[str, str]], body: bytes | None
    ) -> aiohttp.ClientResponse:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with asyncio.timeout(self._deadlines.first_byte):
                    return await self._session.request(
                        method,
                        self._base_url() + path,
                        headers=headers,
                        data=body,
                        allow_redirects=False,
                    )
            except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError):
                break
            except TimeoutError:
                raise UpstreamError(
                    FailReason.UPSTREAM_TIMEOUT, "the model did not begin to answer in time", 504
                ) from None
            except aiohttp.ServerDisconnectedError:
                # The server closed a kept connection as we wrote; nothing was answered.
                if attempt == _ATTEMPTS:
                    break
            except aiohttp.ClientError:
                raise UpstreamError(
                    FailReason.UPSTREAM_GARBAGE, "the model did not answer in HTTP"
                ) from None
        raise UpstreamError(FailReason.UPSTREAM_UNREACHABLE, "the model can't be reached")
