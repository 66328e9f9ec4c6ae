"""The policy in force: read from the mounted file, watched, swapped whole.

A ConfigMap volume changes by a symlink swap, so the file is looked at by what it resolves to. A
file that can't be used keeps the last good policy in force, and says so.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from guardedmodel_api.compiled_policy import MAX_POLICY_BYTES, CompiledPolicy, load_policy
from guardedmodel_api.errors import PolicyError
from guardedmodel_sidecar.moderation.artefact import Artefact
from guardedmodel_sidecar.moderation.verdict import RuleSet, rule_set

logger = logging.getLogger("guardedmodel.policy")

POLL_SECONDS = 0.5
Fingerprint = tuple[str, int, int, int]


@dataclass(frozen=True)
class ActivePolicy:
    """One policy, ready to be applied. A request uses the same one from start to end."""

    policy: CompiledPolicy
    digest: str
    rules: RuleSet


class PolicySource(Protocol):
    """Where the policy comes from."""

    current: ActivePolicy | None
    problem: str
    """Why the newest file is not in force, or an empty string."""

    def load(self, artefact: Artefact) -> None:
        """Read it now, for this classifier."""

    async def watch(self) -> None:
        """Follow changes until cancelled."""


class FixedPolicy:
    """A policy that is given in code, for the command line and for tests."""

    def __init__(
        self, policy: CompiledPolicy, on_change: Callable[[ActivePolicy], None] = lambda _: None
    ) -> None:
        self._policy = policy
        self._on_change = on_change
        self.current: ActivePolicy | None = None
        self.problem = ""

    def load(self, artefact: Artefact) -> None:
        """Put it in force."""
        self.current = _activate(self._policy, artefact)
        self._on_change(self.current)

    async def watch(self) -> None:
        """Nothing changes."""
        await asyncio.Event().wait()


class PolicyFile:
    """A policy file that may change at any time."""

    def __init__(
        self,
        path: Path,
        on_change: Callable[[ActivePolicy], None] = lambda _: None,
        on_problem: Callable[[], None] = lambda: None,
        poll: float = POLL_SECONDS,
    ) -> None:
        self._path = path
        self._on_change = on_change
        self._on_problem = on_problem
        self._poll = poll
        self._seen: Fingerprint | None = None
        self._artefact: Artefact | None = None
        self.current: ActivePolicy | None = None
        self.problem = f"policy {path} was not read yet"

    def load(self, artefact: Artefact) -> None:
        """Read the file if it changed since the last time."""
        self._artefact = artefact
        seen = self._fingerprint()
        if seen is not None and seen == self._seen:
            return
        self._seen = seen
        try:
            active = _activate(load_policy(self._read()), artefact)
        except PolicyError as error:
            self._report(str(error))
            return
        self.problem = ""
        changed = self.current is None or self.current.digest != active.digest
        self.current = active
        self._on_change(active)
        if changed:
            logger.info("Loaded policy digest=%s", active.digest)

    async def watch(self) -> None:
        """Look at the file twice a second."""
        while self._artefact is not None:
            await asyncio.sleep(self._poll)
            # A slow disk must not hold up requests; the swap itself is one assignment.
            if await asyncio.to_thread(self._fingerprint) != self._seen or self.current is None:
                self.load(self._artefact)

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                return file.read(MAX_POLICY_BYTES + 1)
        except OSError as error:
            raise PolicyError(f"policy {self._path}: {error.strerror}") from error

    def _fingerprint(self) -> Fingerprint | None:
        try:
            real = self._path.resolve()
            found = real.stat()
        except OSError:
            return None
        return str(real), found.st_ino, found.st_mtime_ns, found.st_size

    def _report(self, problem: str) -> None:
        if problem != self.problem:
            self.problem = problem
            logger.warning(
                "Refused policy problem=%r in_force=%s",
                problem,
                self.current.digest if self.current else "none",
            )
            self._on_problem()


def _activate(policy: CompiledPolicy, artefact: Artefact) -> ActivePolicy:
    return ActivePolicy(policy, policy.digest, rule_set(policy, artefact))
