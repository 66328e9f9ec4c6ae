"""Processes that outlive the command that started them, and are ended by nobody else's mistake.

A pid alone is not an identity: it is used again. What is recorded is pid and start time; a signal
goes only to a process that has both.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import NotReadyError, tail

START_TIME_FIELD = 18  # of /proc/PID/stat, counted from 0 behind the state letter; in clock ticks
POLL_SECONDS = 0.05

Check = Callable[[], bool]


@dataclass(frozen=True)
class Process:
    """A process that was started here."""

    name: str
    pid: int
    started: int  # clock ticks since boot
    arguments: tuple[str, ...]  # to start it again
    log: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs; a zombie doesn't."""
        return _start_time(self.pid) == self.started


def start(
    name: str,
    arguments: Sequence[str | Path],
    log: Path,
    environment: Mapping[str, str] | None = None,
    inherited: Sequence[int] = (),
) -> Process:
    """Start a program in its own session, with its output in `log`.

    Descriptors in `inherited` stay open in it, under the same numbers.
    """
    command = tuple(str(argument) for argument in arguments)
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env={**os.environ, **(environment or {})},
            pass_fds=inherited,
        )
    _children[child.pid] = child
    # A child that died at once has no start time any more; 0 matches no process.
    return Process(name, child.pid, _start_time(child.pid) or 0, command, str(log))


def stop(processes: Iterable[Process], grace_seconds: float = 10) -> None:
    """End the processes in the given order at the same time, by force where they don't listen."""
    remaining = [process for process in processes if process.alive]
    for process in remaining:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while remaining and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        remaining = [process for process in remaining if process.alive]
    for process in remaining:
        _signal(process, signal.SIGKILL)
    while any(process.alive for process in remaining):
        time.sleep(POLL_SECONDS)


def kill(process: Process) -> None:
    """End a process the way a crash does."""
    _signal(process, signal.SIGKILL)
    while process.alive:
        time.sleep(POLL_SECONDS)


def wait_until(ready: Check, what: str, process: Process, timeout_seconds: float) -> None:
    """Wait for `ready`, and say what the log says when it doesn't come."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        if not process.alive:
            raise NotReadyError(f"{process.name} ended before {what}:\n{tail(Path(process.log))}")
        if time.monotonic() > deadline:
            raise NotReadyError(
                f"{process.name}: {what} did not come in {timeout_seconds:.0f} s:\n"
                f"{tail(Path(process.log))}"
            )
        time.sleep(POLL_SECONDS)


def save(processes: Iterable[Process], file: Path) -> None:
    """Record processes, so that a later command can end them."""
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps([asdict(process) for process in processes], indent=1))
    draft.replace(file)


def load(file: Path) -> list[Process]:
    """Read what `save` recorded; nothing recorded is nothing started."""
    if not file.exists():
        return []
    entries = json.loads(file.read_text())
    return [Process(**{**entry, "arguments": tuple(entry["arguments"])}) for entry in entries]


def child_of(parent: Process, name: str) -> Process | None:
    """The first child that a process has, as one that can be ended."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent.pid:
            pid = int(stat.parent.name)
            return Process(name, pid, _start_time(pid) or 0, (), parent.log)
    return None


def this_process() -> Process:
    """The calling process, as the owner of what it starts."""
    pid = os.getpid()
    return Process("owner", pid, _start_time(pid) or 0, (), "")


# Ours to reap: without that a killed child stays as a zombie.
_children: dict[int, subprocess.Popen[bytes]] = {}


def _start_time(pid: int) -> int | None:
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        del _children[pid]
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return None if state == "Z" else int(rest[START_TIME_FIELD])


def _signal(process: Process, number: signal.Signals) -> None:
    try:
        # The handle pins the process: between check and signal its pid can't go to another one.
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if process.alive:
            signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
