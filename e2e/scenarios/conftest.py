"""One cluster for all scenarios: brought up, images loaded, chart installed. Left running after.

`python -m e2e.cluster down` ends it; leaving it makes the next run a matter of seconds.
"""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.demo import installation
from e2e.demo.__main__ import bring_up
from e2e.demo.kube import Kube


@pytest.fixture(scope="session")
def kube() -> Kube:
    """A cluster with our images in it and the chart installed."""
    kube = bring_up()
    installation.install_chart(kube)
    return kube


@pytest.fixture
def namespace(kube: Kube) -> Iterator[str]:
    """A namespace of the test's own, gone afterwards."""
    name = f"gm-e2e-{uuid.uuid4().hex[:8]}"
    installation.create_namespace(kube, name)
    yield name
    kube.run("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def models(kube: Kube) -> Iterator[str]:
    """Namespace in which the example and the scripted model are Ready."""
    name = "gm-e2e-models"
    installation.create_namespace(kube, name)
    installation.apply(kube, installation.EXAMPLE, name)
    installation.apply(kube, installation.SCRIPTED, name)
    for model in ("chat", "scripted"):
        installation.wait_ready(kube, model, name, print)
    yield name
    kube.run("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="session")
def prometheus_binary() -> Path:
    """Debian's Prometheus."""
    found = shutil.which("prometheus")
    assert found, "prometheus is missing: apt-get install prometheus"
    return Path(found)
