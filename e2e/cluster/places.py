"""Where the harness keeps things: all below one folder, which may be deleted."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
GOBUILD = REPOSITORY / "e2e" / "gobuild"


def cache() -> Path:
    """The folder of everything: binaries, images, clusters."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return _made(Path(base) / "guardedmodel")


def binaries() -> Path:
    """Built programs, each below a hash of what it was built from."""
    return _made(cache() / "binaries")


def images() -> Path:
    """Built container images as archives, and buildah's own storage."""
    return _made(cache() / "images")


def cluster() -> Path:
    """The state of the one full cluster: processes, certificates, logs."""
    return cache() / "cluster"


def control_planes() -> Path:
    """One folder for each control plane that a test has running."""
    return _made(cache() / "control-planes")


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
