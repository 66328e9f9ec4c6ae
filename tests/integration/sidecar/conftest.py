"""A sidecar before the scripted model server, on loopback."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from guardedmodel_api.compiled_policy import CompiledPolicy
from guardedmodel_sidecar.lifecycle import Started
from openai import AsyncOpenAI

from e2e.model_servers.scripted.rules import Rule
from e2e.model_servers.scripted.server import RunningServer
from e2e.model_servers.scripted.server import running as running_model
from tests.unit.sidecar import support


@dataclass(frozen=True)
class Stack:
    """Model server, sidecar and the official client of it."""

    model: RunningServer
    sidecar: Started
    client: AsyncOpenAI
    records: Path

    def metric(self, name: str, **labels: str) -> float:
        """Sum of a metric over the labels that aren't given."""
        return sum(
            sample.value
            for family in self.sidecar.guard.metrics.registry.collect()
            for sample in family.samples
            if sample.name == name
            and all(sample.labels.get(key) == value for key, value in labels.items())
        )

    def lines(self) -> list[str]:
        """The records that were written."""
        return (self.records / "decisions.jsonl").read_text().splitlines()


Start = Callable[..., AbstractAsyncContextManager[Stack]]


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small classifier."""
    return support.write_classifier(tmp_path_factory.mktemp("classifier"))


@pytest.fixture
def start(classifier: Path, tmp_path: Path) -> Start:
    """Start a stack with a policy and rules of the model server."""

    @asynccontextmanager
    async def starting(
        policy: CompiledPolicy | None = None, rules: tuple[Rule, ...] = (), **changes: Any
    ) -> AsyncIterator[Stack]:
        records = tmp_path / "records"
        async with running_model(rules) as model:
            options = {"upstream": model.url, "records_dir": records} | changes
            given = support.settings(classifier, **options)
            async with support.running(given, policy or support.policy()) as sidecar:
                async with AsyncOpenAI(
                    base_url=f"{sidecar.url}/v1", api_key="k", max_retries=0
                ) as client:
                    yield Stack(model, sidecar, client, records)

    return starting


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A plain HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session
