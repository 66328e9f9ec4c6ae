"""Options of the sidecar: command line over environment over defaults. Alone reads os.environ.

Names of the environment variables are the contract's (`guardedmodel_api.names`).
"""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from guardedmodel_api import names
from guardedmodel_sidecar import __version__
from guardedmodel_sidecar.errors import SettingsError
from guardedmodel_sidecar.moderation.artefact import DEFAULT_DIR

_LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Address:
    """Where to listen."""

    host: str
    port: int


@dataclass(frozen=True)
class Deadlines:
    """How long anything may take, in seconds."""

    idle: float = 60.0
    """A connection without a whole request head: keep-alive, and protection from slow heads."""
    body: float = 30.0
    """Reading a request body."""
    connect: float = 2.0
    """Reaching the model on loopback."""
    first_byte: float = 600.0
    """Until the model's answer begins: a long prompt on a CPU takes minutes."""
    between: float = 120.0
    """Between two chunks of the model."""
    flush: float = 0.25
    """Text that is held longer than this without more to come is judged as it is."""
    record: float = 5.0
    """Making a decision durable."""
    drain: float = 25.0
    """Requests in flight at SIGTERM; Kubernetes kills after 30."""


@dataclass(frozen=True)
class Limits:
    """How much anything may be."""

    body: int = 4 * 1024 * 1024
    """Bytes of a request body."""
    answer: int = 16 * 1024 * 1024
    """Bytes of a plain answer of the model."""
    connections: int = 512
    """Connections to the model at the same time; more requests wait."""


@dataclass(frozen=True)
class Settings:
    """Everything the process is told."""

    policy_file: Path
    upstream: str | None = None
    """Base URL of the model; None takes the port of the policy on 127.0.0.1."""
    keys_dir: Path | None = None
    """None generates a key in memory: commitments can't be checked after a restart."""
    listen: Address = Address("0.0.0.0", names.GUARD_PORT)  # noqa: S104 the pod's only open port
    admin_listen: Address = Address("0.0.0.0", names.ADMIN_PORT)  # noqa: S104 kubelet probes it
    records_dir: Path | None = None
    """None writes decisions to standard output only."""
    records_to_stdout: bool = True
    classifier_dir: Path = DEFAULT_DIR
    log_level: str = "info"
    probes: Mapping[str, Any] = field(default_factory=dict)
    """`container/readiness` and so on: the probe handler that the container had."""
    namespace: str = ""
    name: str = ""
    pod: str = ""
    deadlines: Deadlines = Deadlines()
    limits: Limits = Limits()


def read_settings(arguments: Sequence[str], environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the command line and the environment; SettingsError names what is wrong."""
    env = os.environ if environ is None else environ
    given = _parser(env).parse_args(arguments)
    return Settings(
        policy_file=Path(given.policy_file),
        upstream=_upstream(given.upstream),
        keys_dir=Path(given.keys_dir) if given.keys_dir else None,
        listen=parse_address(given.listen, "--listen"),
        admin_listen=parse_address(given.admin_listen, "--admin-listen"),
        records_dir=Path(given.records_dir) if given.records_dir else None,
        classifier_dir=Path(given.classifier_dir),
        log_level=given.log_level,
        probes=_probes(env.get(names.ENV_PROBES, "")),
        namespace=env.get(names.ENV_NAMESPACE, ""),
        name=env.get(names.ENV_MODEL, ""),
        pod=env.get(names.ENV_POD_NAME, ""),
    )


def parse_address(text: str, name: str) -> Address:
    """`host:port`, `:port` or `[v6]:port`; SettingsError otherwise."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not int(port) <= 65535:
        raise SettingsError(f"{name} {text!r}: write host:port, such as 0.0.0.0:8080")
    return Address(host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 `:8080` means all


def _parser(env: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="guardedmodel-sidecar", description="Guards one model. Options win over environment."
    )
    parser.add_argument("--version", action="version", version=__version__)
    for option, variable, default, text in (
        ("--policy-file", names.ENV_POLICY_FILE, f"{names.POLICY_DIR}/{names.POLICY_FILE}",
         "compiled policy; watched and reloaded"),
        ("--keys-dir", names.ENV_KEYS_DIR, "", f"folder with {names.COMMITMENT_KEY_FILE}"),
        ("--listen", names.ENV_LISTEN, f"0.0.0.0:{names.GUARD_PORT}", "host:port of the guard"),
        ("--admin-listen", names.ENV_ADMIN_LISTEN, f"0.0.0.0:{names.ADMIN_PORT}",
         "host:port of health, metrics and status"),
        ("--upstream", names.ENV_UPSTREAM, "", "URL of the model, such as http://127.0.0.1:8000"),
        ("--records-dir", names.ENV_RECORDS_DIR, "", "folder for decisions.jsonl"),
        ("--classifier-dir", names.ENV_CLASSIFIER_DIR, str(DEFAULT_DIR), "the classifier's folder"),
    ):  # fmt: skip
        parser.add_argument(
            option, default=env.get(variable) or default, help=f"{text} (environment {variable})"
        )
    level = env.get(names.ENV_LOG_LEVEL) or "info"
    parser.add_argument("--log-level", default=level, choices=_LOG_LEVELS, help="default: info")
    return parser


def _upstream(url: str) -> str | None:
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise SettingsError(
            f"upstream {url!r}: write http://host:port without a path; the guard adds /v1/..."
        )
    return f"http://{parts.netloc}"


def _probes(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        probes = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"{names.ENV_PROBES} is not JSON: {error}") from error
    if not isinstance(probes, dict) or not all(isinstance(item, dict) for item in probes.values()):
        raise SettingsError(f"{names.ENV_PROBES}: must map container/kind to a probe handler")
    return probes
