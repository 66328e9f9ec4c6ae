"""Profiles, phases and controls as data: read once, checked, and asked for a date. Pure.

A phase holds from its first day up to and including `until`, or to the day before the next phase.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import yaml

from guardedmodel_api.canonical import canonical_json, sha256_digest


class Kind(StrEnum):
    """How a control can be shown to hold."""

    ENFORCED = "E"
    ADMISSION = "A"
    RECORDED = "R"
    DECLARED = "D"


@dataclass(frozen=True)
class Control:
    """One entry of the catalogue."""

    id: str
    kind: Kind
    title: str


@dataclass(frozen=True)
class Phase:
    """What a profile asks for during a time."""

    start: date
    until: date | None
    controls: Mapping[str, Mapping[str, Any]]

    def holds(self, today: date) -> bool:
        """Whether `today` lies in it."""
        return self.start <= today and (self.until is None or today <= self.until)


@dataclass(frozen=True)
class Profile:
    """One law's reading, or the project's own floor."""

    id: str
    law: str
    is_law: bool
    jurisdiction: str
    phases: Sequence[Phase]
    clauses: Mapping[str, str] = field(default_factory=dict)

    def phase(self, today: date) -> Phase | None:
        """The phase in force: the one that began last."""
        holding = [phase for phase in self.phases if phase.holds(today)]
        return max(holding, key=lambda phase: phase.start, default=None)

    def next_phase(self, today: date) -> Phase | None:
        """The phase that begins next."""
        coming = [phase for phase in self.phases if phase.start > today]
        return min(coming, key=lambda phase: phase.start, default=None)

    def clause(self, control: str) -> str:
        """Where the law asks for it, or that no clause does."""
        return self.clauses.get(control, f"{self.id}: no clause, a project default")


@dataclass(frozen=True)
class Requirement:
    """`profile/control@phase` with its parameters; `in_force` is False for a later phase."""

    profile: Profile
    control: Control
    start: date
    params: Mapping[str, Any]
    in_force: bool

    @property
    def id(self) -> str:
        """The triple that status and policy show."""
        return f"{self.profile.id}/{self.control.id}@{self.start.isoformat()}"


@dataclass(frozen=True)
class Catalogue:
    """All controls and profiles of this version."""

    controls: Mapping[str, Control]
    profiles: Mapping[str, Profile]
    raw_profiles: Mapping[str, Any]

    def digest(self, chosen: Sequence[str]) -> str:
        """sha256 over the data of the chosen profiles: which reading was compiled."""
        return sha256_digest(canonical_json({name: self.raw_profiles[name] for name in chosen}))

    def requirements(self, chosen: Sequence[str], today: date) -> list[Requirement]:
        """Those in force, and those of a profile that has not begun yet."""
        found = []
        for profile in (self.profiles[name] for name in chosen):
            current = profile.phase(today)
            phase = current or profile.next_phase(today)
            for control, params in phase.controls.items() if phase else ():
                found.append(
                    Requirement(
                        profile=profile,
                        control=self.controls[control],
                        start=phase.start if phase else today,
                        params=params,
                        in_force=current is not None,
                    )
                )
        return found

    def starts_within(self, chosen: Sequence[str], today: date, days: int) -> list[date]:
        """Days on which a phase of a chosen profile begins, soonest first."""
        last = today + timedelta(days=days)
        starts = {
            phase.start
            for name in chosen
            for phase in self.profiles[name].phases
            if today < phase.start <= last
        }
        return sorted(starts)


@cache
def builtin() -> Catalogue:
    """The catalogue that ships with this version."""
    return read_catalogue(data("controls.yaml"), data("profiles.yaml"))


def data(name: str) -> Any:
    """A YAML file of `compile/data`."""
    folder = resources.files("guardedmodel_operator.compile") / "data"
    return yaml.safe_load((folder / name).read_text("utf-8"))


def read_catalogue(controls: Any, profiles: Any) -> Catalogue:
    """Parsed YAML as a catalogue; ValueError for a profile with a control nobody knows."""
    known = {
        name: Control(name, Kind(entry["kind"]), entry["title"]) for name, entry in controls.items()
    }
    read = {}
    for entry in profiles:
        unknown = {name for phase in entry["phases"] for name in phase["controls"]} - set(known)
        if unknown:
            raise ValueError(f"profile {entry['id']}: unknown controls {sorted(unknown)}")
        read[entry["id"]] = _profile(entry)
    return Catalogue(known, read, {entry["id"]: _plain(entry) for entry in profiles})


def _profile(entry: Any) -> Profile:
    return Profile(
        id=entry["id"],
        law=entry["law"],
        is_law=entry["state"] in ("in-force", "enacted"),
        jurisdiction=entry.get("jurisdiction", ""),
        phases=[
            Phase(phase["from"], phase.get("until"), phase["controls"]) for phase in entry["phases"]
        ],
        clauses=entry.get("clauses", {}),
    )


def _plain(value: Any) -> Any:
    """Dates as text, so that the data has a canonical form."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
