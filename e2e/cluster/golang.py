"""Finding a Go that is new enough, and fetching one where there is none.

A toolchain is itself a module (golang.org/toolchain) on every module proxy. It is fetched as one
archive and checked against a hash committed here, so neither root nor another download site is
needed. Debian 12's own Go (1.19) is too old for Kubernetes.
"""

import base64
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import tempfile
import urllib.request
import zipfile
from pathlib import Path

from . import places
from .errors import BuildError, MissingToolError
from .progress import say

PINS = Path(__file__).parent / "toolchain.json"
DEFAULT_PROXY = "https://proxy.golang.org"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
REMEDY = "install Go from https://go.dev/dl and put it on PATH"

Version = tuple[int, ...]


def architecture() -> str:
    """This machine's architecture in Go's words."""
    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise MissingToolError(f"no pinned toolchain for {machine}", REMEDY)
    return ARCHITECTURES[machine]


def parse_version(text: str) -> Version:
    """(1, 26, 8) of `go version go1.26.8 linux/amd64`, or of a go.mod's `go 1.24.0` line."""
    found = re.search(r"\bgo ?(\d+(?:\.\d+)+)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def find(minimum: Version) -> Path:
    """A Go program of at least this version: on PATH, in the usual place, cached, or fetched."""
    on_path = shutil.which("go")
    fetched = _fetched_root() / "bin" / "go"
    for candidate in (on_path, "/usr/local/go/bin/go", fetched):
        if candidate and Path(candidate).exists() and installed_version(Path(candidate)) >= minimum:
            return Path(candidate)
    return _fetch()


def installed_version(go: Path) -> Version:
    """What this Go is, without letting it switch to another one."""
    answer = subprocess.run(
        [go, "version"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GOTOOLCHAIN": "local"},
    )
    return parse_version(answer.stdout)


def module_hash(archive: Path) -> str:
    """The `h1:` hash that go.sum and the checksum database use, of a module's zip file."""
    lines = []
    with zipfile.ZipFile(archive) as opened:
        for name in sorted(opened.namelist()):
            with opened.open(name) as file:
                lines.append(f"{hashlib.sha256(file.read()).hexdigest()}  {name}\n")
    digest = hashlib.sha256("".join(lines).encode()).digest()
    return "h1:" + base64.b64encode(digest).decode()


def _pin() -> dict[str, str]:
    pins: dict[str, dict[str, str]] = json.loads(PINS.read_text())
    return pins[architecture()]


def _fetched_root() -> Path:
    return places.cache() / "go" / _pin()["version"]


def _proxy() -> str:
    """The first proxy that GOPROXY names; `direct` and `off` are no proxies."""
    named = re.split(r"[,|]", os.environ.get("GOPROXY", ""))
    return next((each for each in named if each.startswith("http")), DEFAULT_PROXY).rstrip("/")


def _fetch() -> Path:
    pin, root = _pin(), _fetched_root()
    url = f"{_proxy()}/golang.org/toolchain/@v/{pin['version']}.zip"
    say(f"no Go new enough here: fetching {pin['version']}")
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        archive = Path(scratch) / "toolchain.zip"
        try:
            with urllib.request.urlopen(url, timeout=600) as answer, archive.open("wb") as file:
                shutil.copyfileobj(answer, file)
        except OSError as error:
            raise MissingToolError(
                f"Go could not be fetched from {url}: {error}", REMEDY
            ) from error
        if module_hash(archive) != pin["hash"]:
            raise BuildError(f"{url} does not have the pinned hash {pin['hash']}", REMEDY)
        _unpack(archive, Path(scratch), root, f"golang.org/toolchain@{pin['version']}/")
    return root / "bin" / "go"


def _unpack(archive: Path, scratch: Path, root: Path, prefix: str) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(scratch)
    tree = scratch / prefix
    # Module archives carry no modes: programs are told by their place.
    for folder in ("bin", "pkg/tool"):
        for program in (tree / folder).rglob("*"):
            program.chmod(0o755)
    tree.rename(root)
