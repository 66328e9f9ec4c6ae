"""Start order, readiness and orderly end of one sidecar.

`run(settings)` is the whole process: event loop, signals, exit status. `serve(settings, policy=...,
stop=..., on_started=...)` does the same inside a running event loop, which is what the command
line's `run` and the tests use:

    await serve(Settings(policy_file=Path("policy.json"), upstream="http://127.0.0.1:11434"))
    await serve(Settings(policy_file=UNUSED, upstream=url), policy=compiled_policy, stop=event)

With `policy` given, no file is read or watched. `on_started` gets the addresses once both ports are
open, which is before the guard is ready: requests until then get 503 `not_ready`.
"""

import asyncio
import logging
import secrets
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiohttp import web

from guardedmodel_api.compiled_policy import CompiledPolicy
from guardedmodel_api.errors import PolicyError
from guardedmodel_sidecar import __version__
from guardedmodel_sidecar.admin import make_admin
from guardedmodel_sidecar.clock import Clock
from guardedmodel_sidecar.errors import SidecarError
from guardedmodel_sidecar.moderation.artefact import load_artefact
from guardedmodel_sidecar.moderation.classifier import Classifier, cpu_threads
from guardedmodel_sidecar.moderation.golden import check_golden
from guardedmodel_sidecar.moderation.judge import Judge
from guardedmodel_sidecar.policy_source import ActivePolicy, FixedPolicy, PolicyFile, PolicySource
from guardedmodel_sidecar.proxy.guard import Guard
from guardedmodel_sidecar.proxy.listener import make_runner
from guardedmodel_sidecar.proxy.upstream import Upstream
from guardedmodel_sidecar.records.commitments import load_key
from guardedmodel_sidecar.records.recorder import JsonLinesRecorder
from guardedmodel_sidecar.settings import Address, Settings

logger = logging.getLogger("guardedmodel.lifecycle")


@dataclass(frozen=True)
class Started:
    """The open ports, and the guard behind them."""

    guard: Guard
    address: Address
    admin_address: Address

    @property
    def url(self) -> str:
        """Base URL of the guarded model, without /v1."""
        return f"http://{self.address.host}:{self.address.port}"

    @property
    def admin_url(self) -> str:
        """Base URL of the admin port."""
        return f"http://{self.admin_address.host}:{self.admin_address.port}"


def run(settings: Settings, *, policy: CompiledPolicy | None = None) -> int:
    """Guard until SIGTERM or SIGINT; the exit status of the process."""
    configure_logging(settings.log_level)
    try:
        import uvloop  # noqa: PLC0415 absent on Windows, where a laptop may run this

        factory: Callable[[], asyncio.AbstractEventLoop] | None = uvloop.new_event_loop
    except ImportError:
        factory = None
    with asyncio.Runner(loop_factory=factory) as runner:
        try:
            runner.run(_until_signal(settings, policy))
        except OSError as error:
            logger.error("Could not listen error=%s", error.strerror)  # noqa: TRY400 no traceback
            return 1
    return 0


async def serve(
    settings: Settings,
    *,
    policy: CompiledPolicy | None = None,
    stop: asyncio.Event | None = None,
    on_started: Callable[[Started], None] = lambda _: None,
    clock: Clock | None = None,
) -> None:
    """Guard until `stop` is set, then drain. OSError if a port is taken."""
    stop = stop or asyncio.Event()
    guard = Guard(settings, instance=secrets.token_hex(8), clock=clock or Clock())
    guard.policies = _policy_source(guard, policy)
    async with AsyncExitStack() as stack:
        admin = web.AppRunner(make_admin(guard), handle_signals=False, access_log=None)
        stack.push_async_callback(admin.cleanup)
        admin_address = await _listen(admin, settings.admin_listen)
        runner = make_runner(guard)
        stack.push_async_callback(runner.cleanup)
        address = await _listen(runner, settings.listen)
        on_started(Started(guard, address, admin_address))
        await _guard_until(stop, guard, runner)


def configure_logging(level: str) -> None:
    """Events as key=value lines on standard error; standard output is for decision records."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("guardedmodel").setLevel(level.upper())
    # These quote what clients and the model send.
    for name in ("aiohttp", "guardedmodel.http", "asyncio"):
        logging.getLogger(name).addFilter(_without_details)


def _without_details(record: logging.LogRecord) -> bool:
    """Keep that something happened and where, drop arguments and tracebacks."""
    kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "none"
    record.msg = f"Reported by {record.module}:{record.lineno} error={kind}"
    record.args, record.exc_info, record.exc_text = None, None, None
    return True


async def _until_signal(settings: Settings, policy: CompiledPolicy | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, policy=policy, stop=stop, on_started=_announce)


def _announce(started: Started) -> None:
    logger.info("Listening url=%s admin=%s version=%s", started.url, started.admin_url, __version__)


def _policy_source(guard: Guard, policy: CompiledPolicy | None) -> PolicySource:
    def changed(active: ActivePolicy) -> None:
        guard.metrics.show_policy(active.digest)
        guard.metrics.policy_stale.set(0)
        guard.metrics.reloads.labels("loaded").inc()

    def refused() -> None:
        guard.metrics.policy_stale.set(1)
        guard.metrics.reloads.labels("refused").inc()

    if policy is not None:
        return FixedPolicy(policy, changed)
    return PolicyFile(guard.settings.policy_file, changed, refused)


async def _guard_until(stop: asyncio.Event, guard: Guard, runner: web.ServerRunner) -> None:
    """Load all parts, serve, drain. The tasks of the background are owned here."""
    guard.upstream = Upstream(
        lambda: _base_url(guard), guard.settings.deadlines, guard.settings.limits
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            background = tasks.create_task(_work(guard))
            await stop.wait()
            guard.draining = True
            logger.info("Draining")
            await runner.cleanup()
            background.cancel()
    finally:
        await _close(guard)


async def _work(guard: Guard) -> None:
    """Recorder first, so that even a refusal while loading is written down; then the rest."""
    try:
        guard.recorder = JsonLinesRecorder(
            guard.settings.records_dir,
            to_stdout=guard.settings.records_to_stdout,
            on_failure=guard.metrics.record_failures.inc,
        )
    except SidecarError as error:
        _report(guard, error)
        return
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(guard.recorder.run())
        await _load(guard)
        if guard.judge is not None and guard.policies is not None:
            await guard.policies.watch()


async def _load(guard: Guard) -> None:
    """Key, classifier with its golden set, policy: in this order, each before the next."""
    started = guard.clock.monotonic()
    try:
        guard.key = load_key(guard.settings.keys_dir)
        judge = await asyncio.to_thread(_load_classifier, guard.settings)
        if guard.policies is not None:
            guard.policies.load(judge.classifier.artefact)
    except (SidecarError, PolicyError) as error:
        _report(guard, error)
        return
    guard.judge = judge
    guard.problem = ""
    guard.metrics.classifier_info.labels(guard.classifier_digest).set(1)
    took = guard.clock.monotonic() - started
    logger.info("Loaded classifier digest=%s seconds=%.2f", guard.classifier_digest, took)


def _report(guard: Guard, error: Exception) -> None:
    guard.problem = str(error)
    logger.error("Not ready problem=%r", str(error))


def _load_classifier(settings: Settings) -> Judge:
    artefact = load_artefact(settings.classifier_dir)
    classifier = Classifier(artefact, cpu_threads())
    check_golden(classifier)
    return Judge(classifier)


def _base_url(guard: Guard) -> str:
    if guard.settings.upstream:
        return guard.settings.upstream
    port = guard.active.policy.upstream.port if guard.active else 0
    return f"http://127.0.0.1:{port}"


async def _listen(runner: web.BaseRunner, wanted: Address) -> Address:
    """Open a port; port 0 takes a free one."""
    await runner.setup()
    site = web.TCPSite(runner, wanted.host, wanted.port, backlog=1024)
    await site.start()
    host, port = runner.addresses[0][:2]
    return Address(host, port)


async def _close(guard: Guard) -> None:
    if guard.recorder is not None:
        await guard.recorder.close()
        logger.info("Stopped records=%d", guard.recorder.seq)
    if guard.upstream is not None:
        await guard.upstream.close()
    if guard.judge is not None:
        guard.judge.close()
