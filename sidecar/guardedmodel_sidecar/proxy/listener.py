"""The socket towards clients: aiohttp's server without its application layer.

One handler for every request, OpenAI error objects even for what the parser refuses, and a
cancelled handler when the client goes away.
"""

import asyncio
import logging
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from guardedmodel_sidecar.proxy.exchange import Exchange
from guardedmodel_sidecar.proxy.guard import Guard

_LINGER = 1.0  # seconds to read what a refused client still sends, so that it sees the answer


class _Connection(RequestHandler):
    """A connection whose parse errors get a verdict like every request."""

    def _make_error_handler(self, err_info: Any) -> Any:
        del err_info  # it quotes what the client sent
        guard: Guard = self._manager.guard  # type: ignore[union-attr]

        async def refuse(request: web.BaseRequest) -> web.StreamResponse:
            return await Exchange(guard, request).refuse_unparsed()

        return refuse


class _Server(web.Server):
    """Makes connections of our kind."""

    def __init__(self, guard: Guard, **options: Any) -> None:
        self.guard = guard
        super().__init__(self._handle, **options)

    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=asyncio.get_running_loop(), **self._kwargs)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        return await Exchange(self.guard, request).run()


def make_runner(guard: Guard) -> web.ServerRunner:
    """A runner for the guard's port; its cleanup waits for requests in flight."""
    deadlines = guard.settings.deadlines
    server = _Server(
        guard,
        handler_cancellation=True,
        keepalive_timeout=deadlines.idle,
        lingering_time=_LINGER,
        auto_decompress=False,
        access_log=None,
        logger=logging.getLogger("guardedmodel.http"),
    )
    return web.ServerRunner(server, handle_signals=False, shutdown_timeout=deadlines.drain)
