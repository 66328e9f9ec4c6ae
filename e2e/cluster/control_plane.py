"""etcd, kube-apiserver and kube-controller-manager on loopback: a real API server in seconds.

    with ControlPlane() as plane:
        kubernetes.config.load_kube_config(str(plane.kubeconfig))

It does what a cluster does short of running pods: CRD schemas and CEL, admission webhooks and
policies, RBAC, server-side apply, garbage collection. No node, no root, no network but loopback.
The full cluster (`node_cluster.py`) uses the same class inside its network namespace.
"""

import shutil
import socket
import ssl
import subprocess
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from . import binaries, components, kubeconfig, pki, places, processes
from .errors import HarnessError, WrongStateError
from .processes import Check

ADMINISTRATORS = "system:masters"
READY_SECONDS = 60
GRACE_SECONDS = 3


@dataclass(frozen=True)
class Settings:
    """What may differ between control planes."""

    address: str = components.LOOPBACK  # where the API server listens
    api_port: int = 0  # 0 takes a free one, here and below
    etcd_port: int = 0
    peer_port: int = 0
    controllers: bool = True  # garbage collection, Deployments, service accounts …
    scheduler: bool = False
    feature_gates: Mapping[str, bool] = field(default_factory=dict)
    runtime_config: Sequence[str] = ()  # such as "admissionregistration.k8s.io/v1beta1=true"
    cluster_range: str | None = None  # pod addresses, where there will be nodes
    enter: Sequence[str] = ()  # what puts a command into another network namespace
    outside_url: str | None = None  # how it is reached from here, if not at its own address


class ControlPlane:
    """A control plane; as a context manager it leaves nothing behind.

    Attributes: `url`, `kubeconfig` (administrator), `ca_file`, `kubectl` (the program), `directory`
    (logs are in `directory/logs`), `running` (name to Process).
    """

    def __init__(self, settings: Settings | None = None, directory: Path | None = None) -> None:
        self.settings = settings = settings or Settings()
        self._binary = binaries.ensure(binaries.KUBERNETES)
        self.kubectl = binaries.kubectl()
        self._own_directory = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(dir=places.control_planes()))
        self.logs = self.directory / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        recorded = processes.load(self.directory / "processes.json")
        self.running = {process.name: process for process in recorded if process.alive}
        etcd_port, peer_port, api_port = _free_ports(3)
        self.layout = components.Layout(
            directory=self.directory,
            address=settings.address,
            api_port=settings.api_port or api_port,
            etcd_port=settings.etcd_port or etcd_port,
            peer_port=settings.peer_port or peer_port,
            feature_gates=settings.feature_gates,
            runtime_config=settings.runtime_config,
            cluster_range=settings.cluster_range,
        )
        self.inside_url = f"https://{settings.address}:{self.layout.api_port}"
        self.url = settings.outside_url or self.inside_url
        self.authority = _issue(self.layout)
        self.ca_file = self.authority.certificate_file
        self.kubeconfig = self.kubeconfig_for("admin", [ADMINISTRATORS])

    def __enter__(self) -> Self:
        sweep()
        processes.save([processes.this_process()], self.directory / "owner.json")
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_failure: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything; returns when the API is ready and the default namespace is usable."""
        self._start("etcd", components.etcd(self.layout))
        self.start_api_server()
        if self.settings.controllers:
            config = self.kubeconfig_inside("system:kube-controller-manager")
            self._start(
                "kube-controller-manager", components.controller_manager(self.layout, config)
            )
        if self.settings.scheduler:
            config = self.kubeconfig_inside("system:kube-scheduler")
            self._start("kube-scheduler", components.scheduler(config))
        if self.settings.controllers:
            account = "/api/v1/namespaces/default/serviceaccounts/default"
            self._wait("kube-controller-manager", lambda: self._answers(account), "service account")

    def start_api_server(self) -> None:
        """Start kube-apiserver alone: again, after `kill_api_server`."""
        self._start("kube-apiserver", components.api_server(self.layout))
        self._wait("kube-apiserver", lambda: self._answers("/readyz"), "/readyz")

    def kill_api_server(self) -> None:
        """End kube-apiserver the way a crash does; etcd keeps what it had."""
        processes.kill(self.running.pop("kube-apiserver"))
        self._save()

    def stop(self) -> None:
        """End every process, etcd last; the folder goes too, if it was made here."""
        clients_first = [self.running[name] for name in reversed(self.running)]
        processes.stop(clients_first[:-1], GRACE_SECONDS)
        processes.stop(clients_first[-1:], GRACE_SECONDS)
        self.running.clear()
        self._save()
        if self._own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> Path:
        """A kubeconfig for a user with these groups, by client certificate.

        What the user may do is what RBAC grants it: bind a role to `kind: User` of that name. To
        act as a service account that exists, take `kubeconfig_for_service_account`.
        """
        return self._write(f"{user}.kubeconfig", self._identity(user, groups), self.url)

    def kubeconfig_inside(self, user: str, groups: Sequence[str] = ()) -> Path:
        """The same for a component that runs where the API server does."""
        identity = self._identity(user, groups)
        return self._write(f"{user}.inside.kubeconfig", identity, self.inside_url)

    def kubeconfig_for_service_account(self, namespace: str, name: str) -> Path:
        """A kubeconfig with a real token of an existing service account, good for an hour."""
        token = self.run_kubectl("create", "token", name, "-n", namespace, "--duration=1h").strip()
        user = kubeconfig.token_user(token)
        return self._write(f"{namespace}-{name}.token.kubeconfig", user, self.url)

    def run_kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as administrator, and return what it printed."""
        command: list[str | Path] = [self.kubectl, f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise HarnessError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def _answers(self, path: str) -> bool:
        """Whether the API server answers 200, asked as administrator."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        admin = self.authority.client("admin", [ADMINISTRATORS])
        context.load_cert_chain(admin.certificate, admin.key)
        try:
            with urllib.request.urlopen(self.url + path, context=context, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:  # urllib's errors are OSErrors: refused, reset, 404 and 500 while it starts
            return False

    def _start(self, name: str, arguments: Sequence[str]) -> None:
        if name in self.running and self.running[name].alive:
            raise WrongStateError(f"{name} is running already")
        command: list[str | Path] = [*self.settings.enter, self._binary, name, *arguments]
        self.running[name] = processes.start(name, command, self.logs / f"{name}.log")
        self._save()

    def _wait(self, name: str, ready: Check, what: str) -> None:
        processes.wait_until(ready, what, self.running[name], READY_SECONDS)

    def _save(self) -> None:
        processes.save(self.running.values(), self.directory / "processes.json")

    def _identity(self, user: str, groups: Sequence[str]) -> dict[str, str]:
        pair = self.authority.client(user, groups)
        return kubeconfig.certificate_user(pair.certificate.read_bytes(), pair.key.read_bytes())

    def _write(self, name: str, user: dict[str, str], url: str) -> Path:
        file = self.directory / pki.file_name(name)
        file.touch(mode=0o600)
        file.write_text(kubeconfig.document(url, self.ca_file.read_bytes(), user))
        return file


def sweep() -> None:
    """End control planes whose test was killed before it could clean up."""
    for directory in places.control_planes().iterdir():
        owners = processes.load(directory / "owner.json")
        if owners and not owners[0].alive:
            processes.stop(processes.load(directory / "processes.json"), GRACE_SECONDS)
            shutil.rmtree(directory, ignore_errors=True)


def _issue(layout: components.Layout) -> pki.Authority:
    """Make the CA and every certificate that `components` names."""
    authority = pki.Authority(layout.directory / "pki")
    authority.server(components.ETCD, ["localhost", components.LOOPBACK])
    authority.server(components.API_SERVER, [*components.SERVER_NAMES, layout.address])
    authority.client(components.ETCD_CLIENT)
    authority.client(components.KUBELET_CLIENT, [ADMINISTRATORS], components.KUBELET_CLIENT)
    authority.client(components.FRONT_PROXY)
    authority.signing_key(components.ACCOUNTS)
    return authority


def _free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held until the last is found, so that they differ."""
    held = []
    try:
        for _ in range(count):
            held.append(socket.socket())
            held[-1].bind((components.LOOPBACK, 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()
