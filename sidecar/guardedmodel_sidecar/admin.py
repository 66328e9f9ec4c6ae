"""The admin port: health, metrics, status, model card, and the probes of the model's container.

Holds no prompt text and serves no model. The model's own probes go through here because its port is
on loopback, where the kubelet can't reach it.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from guardedmodel_api import names
from guardedmodel_sidecar import __version__
from guardedmodel_sidecar.proxy.guard import Guard

_GUARD = web.AppKey("guard", Guard)
_PROBE_TIMEOUT = 10.0  # the kubelet's own timeout is what counts; this only frees the socket
_LOOPBACK = "127.0.0.1"


def make_admin(guard: Guard) -> web.Application:
    """The application of the admin port."""
    app = web.Application()
    app[_GUARD] = guard
    app.router.add_get(names.PATH_LIVE, _live)
    app.router.add_get(names.PATH_READY, _ready)
    app.router.add_get(names.PATH_STARTUP, _startup)
    app.router.add_get(names.PATH_METRICS, _metrics)
    app.router.add_get(names.PATH_STATUS, _status)
    app.router.add_get(names.PATH_CARD, _card)
    app.router.add_get(names.PATH_PROBE + "/{container}/{kind}", _probe)
    return app


async def _live(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _ready(request: web.Request) -> web.Response:
    """Ready to serve: everything loaded, and the model accepts connections."""
    guard = request.app[_GUARD]
    problem = guard.why_not_ready()
    if not problem and guard.upstream is not None and not await guard.upstream.reachable():
        problem = "the model's port does not accept connections yet"
    return _health(problem)


async def _startup(request: web.Request) -> web.Response:
    """Ready but for the model, which starts after the guard."""
    return _health(request.app[_GUARD].why_not_ready())


def _health(problem: str) -> web.Response:
    return web.Response(text=f"{problem or 'ok'}\n", status=503 if problem else 200)


async def _metrics(request: web.Request) -> web.Response:
    guard = request.app[_GUARD]
    guard.metrics.ready.set(0 if guard.why_not_ready() else 1)
    return web.Response(body=guard.metrics.render(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _status(request: web.Request) -> web.Response:
    guard = request.app[_GUARD]
    return web.json_response(
        {
            "policyDigest": guard.active.digest if guard.active else "",
            "policyProblem": guard.policies.problem if guard.policies else "",
            "classifierDigest": guard.classifier_digest,
            "ready": not guard.why_not_ready(),
            "problem": guard.why_not_ready(),
            "instance": guard.instance,
            "recordSeq": guard.recorder.seq if guard.recorder else 0,
            "version": __version__,
        }
    )


async def _card(request: web.Request) -> web.Response:
    active = request.app[_GUARD].active
    if active is None or not active.policy.card:
        return web.json_response({"error": "the policy holds no model card"}, status=404)
    return web.json_response(active.policy.card)


async def _probe(request: web.Request) -> web.Response:
    """Run the probe that the container had before it was guarded."""
    key = f"{request.match_info['container']}/{request.match_info['kind']}"
    handler = request.app[_GUARD].settings.probes.get(key)
    if handler is None:
        return web.Response(text=f"no probe {key} was given in {names.ENV_PROBES}\n", status=404)
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT):
            problem = await run_probe(handler)
    except TimeoutError:
        problem = f"no answer within {_PROBE_TIMEOUT:g} s"
    except (OSError, aiohttp.ClientError, ValueError, KeyError, TypeError) as error:
        problem = f"{type(error).__name__}"
    return _health(problem and f"probe {key} failed: {problem}")


async def run_probe(handler: Mapping[str, Any]) -> str:
    """Run a Kubernetes probe handler against loopback; what went wrong, or an empty string."""
    if "httpGet" in handler:
        return await _http_get(handler["httpGet"])
    if "tcpSocket" in handler:
        _, writer = await asyncio.open_connection(_LOOPBACK, int(handler["tcpSocket"]["port"]))
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return ""
    return "only httpGet and tcpSocket can be run by the guard"


async def _http_get(get: Mapping[str, Any]) -> str:
    scheme = str(get.get("scheme") or "HTTP").lower()
    path = "/" + str(get.get("path") or "/").lstrip("/")
    headers = {item["name"]: item["value"] for item in get.get("httpHeaders") or ()}
    headers.setdefault("User-Agent", "kube-probe/guardedmodel")
    # The kubelet does not check certificates of probes either.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.get(
            f"{scheme}://{_LOOPBACK}:{int(get['port'])}{path}",
            headers=headers,
            allow_redirects=False,
            ssl=context,
        ) as response,
    ):
        return "" if 200 <= response.status < 400 else f"status {response.status}"
