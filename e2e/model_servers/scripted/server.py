"""The sockets of the scripted server: aiohttp routes, and its start and stop in a test.

Knows when bytes leave (delays, cut connections, hanging); what they say is decided in `rules` and
`answers`. Keeps the last requests, so that a test can prove what reached the model and what didn't.
"""

import argparse
import asyncio
import json
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from . import answers
from .rules import BUILT_IN_RULES, Rule, choose, last_user_text, parse_rules

KEPT_REQUESTS = 10_000  # enough for any test; a bound for a soak run
MAX_BODY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Received:
    """One request as it reached this server."""

    method: str
    path: str
    headers: dict[str, str]  # lower-case names; the last one of a repeated header
    body: Any  # parsed JSON, or the text where it wasn't JSON


@dataclass(frozen=True)
class RunningServer:
    """A server started by `running`."""

    url: str  # http://127.0.0.1:PORT, without /v1
    port: int
    received: deque[Received]  # oldest first; /health and /scripted/* are left out
    rules: list[Rule]  # may be changed while the server runs


RULES: web.AppKey[list[Rule]] = web.AppKey("rules", list[Rule])
RECEIVED: web.AppKey[deque[Received]] = web.AppKey("received", deque[Received])
MODELS: web.AppKey[list[str]] = web.AppKey("models", list[str])


def create_app(
    rules: Sequence[Rule] = (), models: Sequence[str] = ("scripted",)
) -> web.Application:
    """Make the application; the given rules come before the built-in ones."""
    app = web.Application(client_max_size=MAX_BODY)
    in_force: list[Rule] = [*rules, *BUILT_IN_RULES]
    app[RULES] = in_force
    app[RECEIVED] = deque(maxlen=KEPT_REQUESTS)
    app[MODELS] = list(models)
    app.router.add_get("/health", _health)
    app.router.add_get("/v1/models", _models)
    app.router.add_post("/v1/chat/completions", _complete)
    app.router.add_post("/v1/completions", _complete)
    app.router.add_post("/v1/embeddings", _embed)
    app.router.add_get("/scripted/requests", _list_received)
    app.router.add_delete("/scripted/requests", _forget_received)
    return app


async def _health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _models(request: web.Request) -> web.Response:
    await _receive(request)
    return web.json_response(answers.models(request.app[MODELS]))


async def _list_received(request: web.Request) -> web.Response:
    return web.json_response([asdict(received) for received in request.app[RECEIVED]])


async def _forget_received(request: web.Request) -> web.Response:
    request.app[RECEIVED].clear()
    return web.Response(status=204)


async def _embed(request: web.Request) -> web.StreamResponse:
    body = await _receive(request)
    rules: list[Rule] = request.app[RULES]
    rule = choose(rules, last_user_text(body))
    if early := await _misbehave(request, rule):
        return early
    return web.json_response(answers.embeddings(body))


async def _complete(request: web.Request) -> web.StreamResponse:
    body = await _receive(request)
    prompt = last_user_text(body)
    rules: list[Rule] = request.app[RULES]
    rule = choose(rules, prompt)
    if early := await _misbehave(request, rule):
        return early
    if body.get("stream"):
        return await _stream(request, body, prompt, rule)
    if rule.die_after_chunks is not None:
        return _cut(request)
    if rule.hang_after_chunks is not None:
        await asyncio.Event().wait()
    return web.json_response(answers.completion(body, prompt, rule, int(time.time())))


async def _misbehave(request: web.Request, rule: Rule) -> web.StreamResponse | None:
    """What happens before an answer begins, or None where it goes on."""
    await asyncio.sleep(rule.first_delay_ms / 1000)
    if rule.die_after_chunks == 0:
        return _cut(request)
    if rule.hang_after_chunks == 0:
        await asyncio.Event().wait()  # until the client goes away
    if rule.status >= 400:
        error = answers.error(rule.status, f"scripted status {rule.status}")
        return web.json_response(error, status=rule.status)
    if rule.raw is not None:
        return web.Response(body=rule.raw.encode(), content_type="application/json")
    return None


async def _stream(
    request: web.Request, body: Mapping[str, Any], prompt: str, rule: Rule
) -> web.StreamResponse:
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    for number, event in enumerate(answers.stream(body, prompt, rule, int(time.time()))):
        if number == rule.die_after_chunks:
            return _cut(request, response)
        if number == rule.hang_after_chunks:
            await asyncio.Event().wait()
        await response.write(event)
        if rule.chunk_delay_ms:
            await asyncio.sleep(rule.chunk_delay_ms / 1000)
    await response.write(answers.SSE_DONE)
    return response


def _cut(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    """Close the connection as a killed process would: what was written still arrives."""
    if request.transport is not None:
        request.transport.close()
    return response or web.Response(status=500)


async def _receive(request: web.Request) -> Mapping[str, Any]:
    raw = await request.read()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        body = raw.decode("utf-8", "replace")
    headers = {name.lower(): value for name, value in request.headers.items()}
    request.app[RECEIVED].append(Received(request.method, request.path, headers, body))
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text=json.dumps(answers.error(400, "not a JSON object")))
    return body


@asynccontextmanager
async def running(
    rules: Sequence[Rule] = (), host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RunningServer]:
    """Serve in this event loop until the block is left; port 0 takes a free one."""
    app = create_app(rules)
    # Hanging handlers are cancelled at once: a test's end must not wait for them.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0][1]
        yield RunningServer(f"http://{host}:{bound}", bound, app[RECEIVED], app[RULES])
    finally:
        await runner.cleanup()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="scripted", description="a model server by script")
    parser.add_argument("--host", default=os.environ.get("SCRIPTED_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("SCRIPTED_PORT", "8000")))
    parser.add_argument("--model", action="append", help="a name for /v1/models; may be repeated")
    parser.add_argument(
        "--rules",
        type=Path,
        default=os.environ.get("SCRIPTED_RULES"),
        help="a JSON file with an array of rules, tried before the built-in ones",
    )
    options = parser.parse_args(arguments)
    rules = parse_rules(Path(options.rules).read_text("utf-8")) if options.rules else ()
    app = create_app(rules, options.model or ("scripted",))
    web.run_app(app, host=options.host, port=options.port, access_log=None)
