"""The real process: start, health, policy reload, drain, kill, and what it writes."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from guardedmodel_api import names
from guardedmodel_api.v1alpha1.guards import Action, Category

from e2e.model_servers.scripted.rules import Rule
from e2e.model_servers.scripted.server import running as running_model
from tests.integration.sidecar.test_chat import said
from tests.unit.sidecar import support

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
CANARY = "zanzibar-canary"


@dataclass
class Process:
    """A sidecar process and what it printed."""

    process: asyncio.subprocess.Process
    url: str
    admin: str
    printed: list[str] = field(default_factory=list)


@asynccontextmanager
async def sidecar(
    folder: Path, classifier: Path, upstream: str, **env: str
) -> AsyncIterator[Process]:
    """Start the process as its image does; killed at the end if it still runs."""
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}/crds:{ROOT}/sidecar",
        names.ENV_POLICY_FILE: str(folder / "policy" / names.POLICY_FILE),
        names.ENV_KEYS_DIR: str(folder / "keys"),
        names.ENV_RECORDS_DIR: str(folder / "records"),
        names.ENV_CLASSIFIER_DIR: str(classifier),
        names.ENV_LISTEN: "127.0.0.1:0",
        names.ENV_ADMIN_LISTEN: "127.0.0.1:0",
        names.ENV_UPSTREAM: upstream,
        **env,
    }
    with (folder / "stdout").open("wb") as stdout:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "guardedmodel_sidecar",
            env=variables, stdout=stdout, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    assert process.stderr is not None
    printed: list[str] = []
    try:
        async with asyncio.timeout(20):
            while "Listening" not in (line := (await process.stderr.readline()).decode()):
                printed.append(line)
                assert line, "".join(printed)
        words = dict(word.split("=", 1) for word in line.split() if "=" in word)
        running = Process(process, words["url"], words["admin"], printed)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_collect(process.stderr, printed))
            yield running
            if process.returncode is None:
                process.kill()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _collect(stream: asyncio.StreamReader, printed: list[str]) -> None:
    while line := await stream.readline():
        printed.append(line.decode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Policy as a ConfigMap volume has it, keys, records."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / names.COMMITMENT_KEY_FILE).write_bytes(bytes(range(32)))
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / names.POLICY_FILE).symlink_to("..data/" + names.POLICY_FILE)
    mount(tmp_path, support.policy().to_bytes())
    return tmp_path


def mount(folder: Path, data: bytes) -> None:
    """Swap the contents as the kubelet does: a new folder, then one rename of the symlink."""
    volume = folder / "policy"
    version = volume / f"..v{len(list(volume.iterdir()))}"
    version.mkdir()
    (version / names.POLICY_FILE).write_bytes(data)
    fresh = volume / "..data_tmp"
    fresh.symlink_to(version.name)
    fresh.replace(volume / "..data")


async def get(session: aiohttp.ClientSession, url: str) -> tuple[int, str]:
    """Status and body."""
    async with session.get(url) as answer:
        return answer.status, await answer.text()


async def until(session: aiohttp.ClientSession, url: str, wanted: str) -> str:
    """Ask until the body holds `wanted`."""
    async with asyncio.timeout(10):
        while wanted not in (body := (await get(session, url))[1]):
            await asyncio.sleep(0.05)
    return body


async def post(session: aiohttp.ClientSession, url: str, text: str, **options: Any) -> Any:
    """One chat request; the JSON that came back."""
    body = {"model": "scripted", "messages": said(text), **options}
    async with session.post(f"{url}/v1/chat/completions", json=body) as answer:
        return await answer.json()


async def test_health_status_and_probes(
    folder: Path, classifier: Path, http: aiohttp.ClientSession
) -> None:
    """What the kubelet, the operator and Prometheus read."""
    async with running_model() as model:
        probes = {
            "model/readiness": {"httpGet": {"path": "/health", "port": model.port}},
            "model/liveness": {"tcpSocket": {"port": model.port}},
            "model/startup": {"httpGet": {"path": "/nowhere", "port": model.port}},
        }
        env = {names.ENV_PROBES: json.dumps(probes)}
        async with sidecar(folder, classifier, model.url, **env) as running:
            await until(http, running.admin + names.PATH_READY, "ok")
            status = json.loads((await get(http, running.admin + names.PATH_STATUS))[1])
            probe = running.admin + names.PATH_PROBE

            assert support.policy().digest == status["policyDigest"]
            assert status["ready"] is True
            assert status["classifierDigest"].startswith("sha256:")
            assert (200, "ok\n") == await get(http, running.admin + names.PATH_STARTUP)
            assert (200, "ok\n") == await get(http, running.admin + names.PATH_LIVE)
            assert (200, "ok\n") == await get(http, f"{probe}/model/readiness")
            assert (200, "ok\n") == await get(http, f"{probe}/model/liveness")
            assert (503, "probe model/startup failed: status 404\n") == await get(
                http, f"{probe}/model/startup"
            )
            assert 404 == (await get(http, f"{probe}/other/readiness"))[0]
            assert (
                '{"intendedUse": "tests"}' == (await get(http, running.admin + names.PATH_CARD))[1]
            )
            assert (
                "guardedmodel_ready 1.0" in (await get(http, running.admin + names.PATH_METRICS))[1]
            )


async def test_startup_does_not_wait_for_the_model(
    folder: Path, classifier: Path, http: aiohttp.ClientSession
) -> None:
    """The model starts after the guard: startup passes, readiness names what is missing."""
    async with sidecar(folder, classifier, "http://127.0.0.1:9") as running:
        await until(http, running.admin + names.PATH_STARTUP, "ok")

        assert (503, "the model's port does not accept connections yet\n") == await get(
            http, running.admin + names.PATH_READY
        )


async def test_a_changed_policy_is_in_force_without_a_restart(
    folder: Path, classifier: Path, http: aiohttp.ClientSession
) -> None:
    """A symlink swap takes effect; an invalid file keeps the last good policy and says so."""
    milder = support.policy(
        categories=(support.category(Category.HATE, Action.ANNOTATE, Action.ALLOW),)
    )
    async with running_model() as model, sidecar(folder, classifier, model.url) as running:
        status = running.admin + names.PATH_STATUS
        await until(http, status, support.policy().digest)
        before = await post(http, running.url, "vermin")
        mount(folder, milder.to_bytes())
        await until(http, status, milder.digest)
        after = await post(http, running.url, "vermin")
        mount(folder, milder.to_bytes()[:-1])
        problem = json.loads(await until(http, status, "not JSON"))
        last = await post(http, running.url, "vermin")

        assert "content_filter" == before["choices"][0]["finish_reason"]
        assert "stop" == after["choices"][0]["finish_reason"]
        assert "stop" == last["choices"][0]["finish_reason"]
        assert milder.digest == problem["policyDigest"]
        assert problem["ready"] is True
        metrics = (await get(http, running.admin + names.PATH_METRICS))[1]
        assert "guardedmodel_policy_stale 1.0" in metrics


async def test_sigterm_drains(folder: Path, classifier: Path, http: aiohttp.ClientSession) -> None:
    """A stream in flight ends whole, its record is written, the exit status is 0."""
    rule = Rule("speak", reply="One word after the other. " * 40, chunk_delay_ms=5)
    async with (
        running_model((rule,)) as model,
        sidecar(folder, classifier, model.url) as running,
    ):
        await until(http, running.admin + names.PATH_READY, "ok")
        body = {"model": "scripted", "messages": said("speak"), "stream": True}
        async with http.post(f"{running.url}/v1/chat/completions", json=body) as answer:
            await answer.content.readany()
            running.process.send_signal(signal.SIGTERM)
            rest = await answer.content.read()
        status = await running.process.wait()
        records = (folder / "records" / "decisions.jsonl").read_text().splitlines()

        assert rest.endswith(b"data: [DONE]\n\n")
        assert 0 == status
        assert ["allow"] == [json.loads(line)["verdict"] for line in records]


async def test_a_killed_sidecar_has_written_what_it_answered(
    folder: Path, classifier: Path, http: aiohttp.ClientSession
) -> None:
    """SIGKILL in the middle of traffic: every answer that was seen has its whole line."""
    async with running_model() as model, sidecar(folder, classifier, model.url) as running:
        await until(http, running.admin + names.PATH_READY, "ok")
        seen: list[str] = []

        async def ask() -> None:
            url = f"{running.url}/v1/chat/completions"
            body = {"model": "scripted", "messages": said("a quiet day")}
            while True:
                try:
                    async with http.post(url, json=body) as answer:
                        await answer.read()
                        seen.append(answer.headers[names.HEADER_DECISION_ID])
                except aiohttp.ClientError:
                    return

        async with asyncio.TaskGroup() as tasks:
            for _ in range(4):
                tasks.create_task(ask())
            while len(seen) < 50:
                await asyncio.sleep(0.01)
            running.process.kill()
        lines = (folder / "records" / "decisions.jsonl").read_text().splitlines()
        records = [json.loads(line) for line in lines]

        assert set(seen) <= {record["id"] for record in records}
        assert list(range(1, len(records) + 1)) == [record["seq"] for record in records]


async def test_no_prompt_text_gets_out(
    folder: Path, classifier: Path, http: aiohttp.ClientSession
) -> None:
    """Neither in logs, records, metrics, status nor errors, whatever goes wrong."""
    async with (
        running_model() as model,
        sidecar(folder, classifier, model.url, **{names.ENV_LOG_LEVEL: "debug"}) as running,
    ):
        await until(http, running.admin + names.PATH_READY, "ok")
        errors = [
            await post(http, running.url, f"{CANARY} {text}", **options)
            for text in ("vermin", "hopeless", "SCRIPT:garbage", "SCRIPT:error", "SCRIPT:refuse")
            for options in ({}, {"n": CANARY}, {"unknown": [CANARY]}, {"chat_template": CANARY})
        ]
        for raw in (
            b'{"messages": "' + CANARY.encode(),
            b'{"messages": [{"role": "' + CANARY.encode() + b'"}]}',
            b'{"' + CANARY.encode() + b'":1,"' + CANARY.encode() + b'":2}',
        ):
            async with http.post(f"{running.url}/v1/chat/completions", data=raw) as answer:
                errors.append(await answer.json(content_type=None))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(running.url.rpartition(":")[2])
        )
        writer.write(f"GET /{CANARY} {CANARY}\r\n{CANARY}\r\n\r\n".encode())
        errors.append((await reader.read()).decode())
        writer.close()
        seen = [
            json.dumps(errors),
            (await get(http, running.admin + names.PATH_METRICS))[1],
            (await get(http, running.admin + names.PATH_STATUS))[1],
        ]
        running.process.send_signal(signal.SIGTERM)
        await running.process.wait()
        seen += [
            "".join(running.printed),
            (folder / "stdout").read_text(),
            (folder / "records" / "decisions.jsonl").read_text(),
        ]

        assert [] == [text for text in seen if CANARY in text]
        assert seen[-1] == seen[-2] != ""


async def test_a_missing_part_is_named(
    folder: Path, classifier: Path, http: aiohttp.ClientSession
) -> None:
    """A wrong key keeps it from being ready; requests get not_ready."""
    (folder / "keys" / names.COMMITMENT_KEY_FILE).write_bytes(b"short")
    async with sidecar(folder, classifier, "http://127.0.0.1:9") as running:
        await until(http, running.admin + names.PATH_READY, "has 5 bytes, not 32")
        answer = await post(http, running.url, "a quiet day")

        assert "not_ready" == answer["error"]["code"]
