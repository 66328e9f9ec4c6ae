"""The node: its namespaces, its daemons, and the doors into it.

Knows how Linux is set up for a node. What runs on it is `node_cluster`'s business.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import node_config, processes
from .errors import HarnessError, NotReadyError, tail
from .processes import Check, Process

START_SECONDS = 30
CGROUPS = Path("/sys/fs/cgroup")
CGROUP_V2_CONTROLLERS = "+cpuset +cpu +io +memory +pids"


class Node:
    """One node in namespaces of its own; `directory` holds everything that it writes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.logs = directory / "logs"
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        recorded = processes.load(directory / "node.json")
        self.processes = {process.name: process for process in recorded}

    @property
    def running(self) -> bool:
        """Whether the namespaces are there."""
        return "node" in self.processes and self.processes["node"].alive

    @property
    def enter_network(self) -> list[str]:
        """The prefix that runs a command in the node's network and nothing else of it."""
        return ["nsenter", f"--net=/proc/{self.processes['node'].pid}/ns/net", "--"]

    @property
    def _enter(self) -> list[str]:
        return ["nsenter", "-t", str(self.processes["node"].pid), "-n", "-m", "-p", "--"]

    def start(self) -> None:
        """Make the namespaces, the network and the cgroups."""
        marker = self.directory / "prepared"
        marker.unlink(missing_ok=True)
        (self.directory / "resolv.conf").touch()  # pods see no resolver but the cluster's
        flags = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        program = Path(__file__).with_name("node_init.py")
        command: list[str | Path] = ["unshare", *flags, sys.executable, program, marker]
        log = self.logs / "node.log"
        outer = processes.start("unshare", command, log)
        processes.wait_until(marker.exists, "its mounts were made", outer, START_SECONDS)
        inner = processes.child_of(outer, "node")
        if inner is None:
            raise NotReadyError(f"the node's first process is gone:\n{tail(log)}")
        self._record(inner)
        self._record(outer)
        for interface in node_config.interface_commands():
            _run([*self.enter_network, *interface])
        for folder in _cgroup_folders():
            folder.mkdir(exist_ok=True)

    def start_daemon(self, name: str, arguments: Sequence[str | Path]) -> None:
        """Start a program inside all of the node's namespaces."""
        command = [*self._enter, *arguments]
        self._record(processes.start(name, command, self.logs / f"{name}.log"))

    def wait(self, name: str, ready: Check, what: str) -> None:
        """Wait for something that daemon `name` is to do."""
        processes.wait_until(ready, what, self.processes[name], START_SECONDS)

    def open_door(self, name: str, host: str, port: int, outside_port: int = 0) -> int:
        """Make an address of the node's network reachable on the machine's loopback."""
        with socket.create_server(("127.0.0.1", outside_port)) as listening:
            descriptor = listening.fileno()
            os.set_inheritable(descriptor, True)
            program = Path(__file__).with_name("relay.py")
            target = [str(descriptor), host, str(port)]
            command: list[str | Path] = [*self.enter_network, sys.executable, program, *target]
            log = self.logs / f"{name}.log"
            self._record(processes.start(name, command, log, inherited=[descriptor]))
            port = int(listening.getsockname()[1])
        self._door_file(name).write_text(str(port))
        return port

    def door(self, name: str) -> int:
        """The loopback port of an open door."""
        return int(self._door_file(name).read_text())

    def close_door(self, name: str) -> None:
        """End a relay."""
        processes.stop([self.processes.pop(name)])
        self._save()

    def write_config(self, name: str, document: object) -> Path:
        """Write a configuration file; anything but text as JSON."""
        file = self.directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
        return file

    def containerd(self, *arguments: str | Path) -> str:
        """Run `ctr` against the node's containerd, among the images that kubelet sees."""
        address = node_config.containerd_socket(self.directory)
        return _run(["ctr", "-a", address, "-n", "k8s.io", *arguments])

    def stop(self) -> None:
        """End the node. The kernel takes processes, mounts and interfaces with the namespaces."""
        node = self.processes.pop("node", None)
        if node is not None:
            processes.stop([node])
        processes.stop(self.processes.values())
        self.processes.clear()
        self._save()
        for folder in _cgroup_folders():
            _remove_cgroup(folder)

    def _door_file(self, name: str) -> Path:
        return self.directory / f"{name}.port"

    def _record(self, process: Process) -> None:
        self.processes[process.name] = process
        self._save()

    def _save(self) -> None:
        processes.save(self.processes.values(), self.directory / "node.json")


def snapshotter(directory: Path) -> str:
    """The containerd snapshotter that works here: overlay can't be stacked on overlay."""
    kind = _run(["stat", "--file-system", "--format=%T", directory]).strip()
    return "native" if kind == "overlayfs" else "overlayfs"


def leftovers() -> list[str]:
    """What a node has left on the machine; empty is right when none runs."""
    return [str(folder) for folder in _cgroup_folders() if folder.exists()]


def _cgroup_folders() -> list[Path]:
    """The node's folder in each hierarchy (version 1), or the one folder (version 2)."""
    below = node_config.CGROUP.lstrip("/")
    control = CGROUPS / "cgroup.subtree_control"
    if control.exists():
        with contextlib.suppress(OSError):  # a controller that the machine lacks
            control.write_text(CGROUP_V2_CONTROLLERS)
        return [CGROUPS / below]
    hierarchies = [each for each in CGROUPS.iterdir() if (each / "cgroup.procs").exists()]
    return [each / below for each in hierarchies if not each.is_symlink()]


def _remove_cgroup(folder: Path, timeout_seconds: float = 10) -> None:
    """Remove a tree of cgroups, from its leaves; a process that is just ending still holds it."""
    deadline = time.monotonic() + timeout_seconds
    while folder.exists():
        for each in sorted(folder.rglob("*/"), key=lambda path: -len(path.parts)):
            with contextlib.suppress(OSError):
                each.rmdir()
        with contextlib.suppress(OSError):
            folder.rmdir()
        if folder.exists():
            if time.monotonic() > deadline:
                raise HarnessError(f"cgroup {folder} is still in use", f"see {folder}/cgroup.procs")
            time.sleep(0.1)


def _run(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        line = " ".join(map(str, command))
        raise HarnessError(f"{line} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def remove(directory: Path) -> None:
    """Delete the folder of a node that has ended."""
    if Node(directory).running:
        raise HarnessError(f"the node in {directory} still runs", "python -m e2e.cluster down")
    shutil.rmtree(directory, ignore_errors=True)
