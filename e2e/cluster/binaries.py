"""Programs built from Go modules, once: the cache key is everything that goes into a build.

Each program has a folder below e2e/gobuild with its go.mod and go.sum (so versions and hashes are
committed), and, where the upstream main doesn't fit, a main.go.
"""

import fcntl
import hashlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import golang, places
from .errors import BuildError, tail
from .progress import say

KUBERNETES_VERSION = "v1.34.4"  # the version in gobuild/kubernetes/go.mod; a test compares
PROGRESS_SECONDS = 15
KEY_LENGTH = 16


@dataclass(frozen=True)
class GoProgram:
    """One program to build."""

    name: str  # its folder below e2e/gobuild
    package: str = "."  # what to build, when upstream's own main serves
    link_flags: str = "-s -w"
    cgo: bool = False
    tags: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


def _kubernetes_link_flags() -> str:
    major, minor = KUBERNETES_VERSION.lstrip("v").split(".")[:2]
    values = {"gitVersion": KUBERNETES_VERSION, "gitMajor": major, "gitMinor": minor}
    stamped = " ".join(
        f"-X {package}.{name}={value}"
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for name, value in {**values, "gitTreeState": "clean"}.items()
    )
    return f"-s -w {stamped}"


# etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy and kubectl.
KUBERNETES = GoProgram("kubernetes", link_flags=_kubernetes_link_flags())
HELM = GoProgram("helm", package="helm.sh/helm/v3/cmd/helm")
COREDNS = GoProgram("coredns")
PAUSE = GoProgram("pause")

PROGRAMS = (KUBERNETES, HELM, COREDNS, PAUSE)


def key(program: GoProgram, sources: Mapping[str, bytes], go_version: golang.Version) -> str:
    """A hash of everything that the built program depends on."""
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(f"{name} {len(sources[name])}\n".encode() + sources[name])
    digest.update(repr((program, go_version, golang.architecture())).encode())
    return digest.hexdigest()[:KEY_LENGTH]


def ensure(program: GoProgram) -> Path:
    """The program's path; built first where the cache doesn't have it."""
    folder = places.GOBUILD / program.name
    sources = {file.name: file.read_bytes() for file in folder.iterdir() if _is_source(file)}
    go = golang.find(golang.parse_version((folder / "go.mod").read_text()))
    built = (
        places.binaries()
        / program.name
        / key(program, sources, golang.installed_version(go))
        / program.name
    )
    if built.exists():
        return built
    built.parent.mkdir(parents=True, exist_ok=True)
    with _only_one_builder(built.parent):
        if not built.exists():
            _build(program, go, folder, built)
    return built


def kubectl() -> Path:
    """kubectl, as a name of the multi-call program."""
    program = ensure(KUBERNETES)
    link = program.with_name("kubectl")
    if not link.exists():
        link.symlink_to(program.name)
    return link


def _is_source(file: Path) -> bool:
    return file.suffix in {".go", ".mod", ".sum"}


def _build(program: GoProgram, go: Path, folder: Path, built: Path) -> None:
    draft, log = built.with_suffix(".draft"), built.with_suffix(".log")
    command = [go, "build", "-v", "-trimpath", "-buildvcs=false", "-mod=readonly"]
    command += ["-tags", program.tags, "-ldflags", program.link_flags, "-o", draft]
    environment = {
        **os.environ,
        "CGO_ENABLED": str(int(program.cgo)),
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "",
        **program.environment,
    }
    say(f"building {program.name} from Go modules; once, then it is cached")
    with log.open("wb") as output:
        child = subprocess.Popen(
            [*map(str, command), program.package],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=_step_aside,  # noqa: PLW1509
        )
        _watch(program.name, child, log)
    if child.returncode != 0:
        raise BuildError(
            f"go build of {program.name} failed:\n{tail(log)}",
            f"the whole log is {log}; modules come from $GOPROXY, which must be reachable",
        )
    draft.replace(built)


def _watch(name: str, child: subprocess.Popen[bytes], log: Path) -> None:
    """Wait, and say now and then how far the build is: with -v each compiled package is a line."""
    begun = said = time.monotonic()
    try:
        while child.poll() is None:
            time.sleep(0.2)
            if time.monotonic() - said >= PROGRESS_SECONDS:
                said = time.monotonic()
                packages = len(log.read_bytes().splitlines())
                say(f"  {name}: {packages} packages in {said - begun:.0f} s")
    except BaseException:
        child.terminate()
        child.wait()
        raise
    say(f"  {name}: built in {time.monotonic() - begun:.0f} s")


def _step_aside() -> None:
    os.nice(10)


@contextmanager
def _only_one_builder(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
