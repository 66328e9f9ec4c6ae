"""`compile_policy`: a GuardedModel on a day becomes a compiled policy and a list of what is open.

Nothing here reads a clock or a cluster: the same input on the same day gives the same digest.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from guardedmodel_api.compiled_policy import (
    MAX_POLICY_BYTES,
    CompiledPolicy,
    PolicyControl,
    PolicyModel,
    PolicyTarget,
    PolicyUpstream,
)
from guardedmodel_api.v1alpha1.crisis import StartNotice
from guardedmodel_api.v1alpha1.guarded_model import GuardedModel, GuardedModelSpec, Profile
from guardedmodel_api.v1alpha1.serving import DEFAULT_PORTS, Attach, Server
from guardedmodel_api.v1alpha1.status import ControlsStatus, ControlState
from guardedmodel_operator.compile import merge, texts
from guardedmodel_operator.compile.catalogue import Catalogue, Requirement, builtin
from guardedmodel_operator.compile.controls import (
    CRISIS_TABLE_FRESH,
    START_NOTICE,
    State,
    Subject,
    Verdict,
    refuses,
    verdict,
)
from guardedmodel_operator.compile.rules import compile_categories

UPCOMING_DAYS = 90
STALE_DAYS = 90  # of helplines, where no chosen profile sets a number


@dataclass(frozen=True)
class Compilation:
    """What compiling gave. `policy` is None if anything refuses."""

    policy: CompiledPolicy | None
    controls: ControlsStatus
    profiles: tuple[str, ...]
    tightened: tuple[str, ...] = ()  # what a profile made stricter than the spec
    invalid: tuple[str, ...] = ()  # what is wrong with the spec itself
    refusals: tuple[str, ...] = ()  # unmet controls of a law in force
    conflicts: tuple[str, ...] = ()  # what the chosen profiles can't agree on
    notes: tuple[str, ...] = ()  # what a human should know and nothing refuses


@dataclass(frozen=True)
class _Judged:
    requirement: Requirement
    verdict: Verdict


@dataclass(frozen=True)
class _Day:
    """Everything about the chosen profiles on one day."""

    judged: tuple[_Judged, ...]
    merged: Mapping[str, merge.Params]
    conflicts: tuple[str, ...]

    def refusals(self) -> list[str]:
        """One sentence per unmet control that refuses: control, clause, and what to change."""
        return [
            f"{item.requirement.control.id} ({_clause(item.requirement)}): {item.verdict.reason}"
            for item in self.judged
            if refuses(item.requirement, item.verdict)
        ]

    def in_force(self) -> dict[str, list[str]]:
        """Requirements in force by control id."""
        found: dict[str, list[str]] = {}
        for item in self.judged:
            if item.requirement.in_force:
                found.setdefault(item.requirement.control.id, []).append(item.requirement.id)
        return found


def compile_policy(
    model: GuardedModel, *, today: date, catalogue: Catalogue | None = None
) -> Compilation:
    """Compile `model` as of `today`; never raises for a spec that could be parsed."""
    known = catalogue or builtin()
    chosen = chosen_profiles(model.spec)
    table = texts.crisis_table(model.spec.crisis)
    day = _on(model.spec, table, known, today)
    invalid = [
        *_name_problems(model.metadata.name),
        *texts.crisis_problems(model.spec.crisis, table, today),
    ]
    refusals = [*day.refusals(), *(f"conflict: {item}" for item in day.conflicts)]
    policy, tightened = None, list[str]()
    if not invalid:
        policy, tightened = _policy(model, table, known, day)
        size = len(policy.to_bytes())
        if size > MAX_POLICY_BYTES:
            invalid.append(f"spec: the policy has {size} bytes, more than {MAX_POLICY_BYTES}")
    return Compilation(
        policy=None if invalid or refusals else policy,
        controls=_status(day, _upcoming(model.spec, table, known, today)),
        profiles=chosen,
        tightened=tuple(tightened),
        invalid=tuple(invalid),
        refusals=tuple(dict.fromkeys(refusals)),
        conflicts=day.conflicts,
        notes=_notes(day, table, today),
    )


def chosen_profiles(spec: GuardedModelSpec) -> tuple[str, ...]:
    """Profiles of the spec in the order of the catalogue, core always among them."""
    chosen = {Profile.CORE, *spec.profiles}
    return tuple(str(profile) for profile in Profile if profile in chosen)


def upstream(spec: GuardedModelSpec) -> PolicyUpstream:
    """Protocol and port of the model, with the protocol's default port."""
    serving: Server | Attach = spec.server or spec.attach or Server()
    port = serving.port or DEFAULT_PORTS[serving.protocol]
    return PolicyUpstream(protocol=serving.protocol, port=port)


def _on(spec: GuardedModelSpec, table: texts.CrisisTable, known: Catalogue, today: date) -> _Day:
    requirements = known.requirements(chosen_profiles(spec), today)
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for item in requirements:
        if item.in_force:
            grouped.setdefault(item.control.id, []).append(item.params)
    merged = {control: merge.merge_all(params) for control, params in grouped.items()}
    conflicts = tuple(merge.conflicts(merged))
    subject = Subject(spec, table, today, conflicts)
    judged = tuple(
        _Judged(item, verdict(item, merged.get(item.control.id, item.params), subject))
        for item in requirements
    )
    return _Day(judged, merged, conflicts)


def _policy(
    model: GuardedModel, table: texts.CrisisTable, known: Catalogue, day: _Day
) -> tuple[CompiledPolicy, list[str]]:
    spec, in_force = model.spec, day.in_force()
    chosen = chosen_profiles(spec)
    categories, tightened = compile_categories(spec.guards, in_force)
    wants_notice = spec.disclosure.start_notice is StartNotice.ALWAYS
    if START_NOTICE in in_force and not wants_notice:
        by = ", ".join(in_force[START_NOTICE])
        tightened.append(f"disclosure.startNotice: Never became Always, as {by} asks")
    jurisdictions = {known.profiles[name].jurisdiction for name in chosen} - {""}
    policy = CompiledPolicy(
        target=PolicyTarget(namespace=model.metadata.namespace, name=model.metadata.name),
        model=_model(spec),
        upstream=upstream(spec),
        enforcement=spec.enforcement,
        failure_policy=spec.failure_policy,
        categories=categories,
        refusal_message=spec.guards.refusal_message or texts.default_refusal(),
        crisis=texts.compiled_crisis(spec.crisis, table, tuple(sorted(jurisdictions))),
        disclosure=texts.compiled_disclosure(
            spec.disclosure, start_notice=wants_notice or START_NOTICE in in_force
        ),
        controls=tuple(
            PolicyControl(requirement=item.requirement.id, state=item.verdict.state)
            for item in day.judged
        ),
        profile_set_digest=known.digest(chosen),
        card=_card(spec),
    )
    return policy, tightened


def _model(spec: GuardedModelSpec) -> PolicyModel:
    return PolicyModel(
        name=spec.model.name,
        version=spec.model.version or "",
        digest=spec.model.digest or "",
        responsible_party=spec.model.responsible_party.name,
        contact=spec.model.responsible_party.contact,
    )


def _card(spec: GuardedModelSpec) -> dict[str, Any]:
    """The card as it is served: its own fields and who answers."""
    own = spec.model.card.model_dump(mode="json", by_alias=True, exclude_none=True)
    party = spec.model.responsible_party.model_dump(mode="json", by_alias=True)
    about = {
        "name": spec.model.name,
        "version": spec.model.version,
        "source": spec.model.source,
        "digest": spec.model.digest,
    }
    about = {name: value for name, value in about.items() if value is not None}
    return {"model": about, "responsibleParty": party, **own}


def _status(day: _Day, upcoming: list[str]) -> ControlsStatus:
    counted = dict.fromkeys(State, 0)
    for item in day.judged:
        counted[item.verdict.state] += 1
    return ControlsStatus(
        enforced=counted[State.ENFORCED],
        admission=counted[State.ADMISSION],
        recorded=counted[State.RECORDED],
        audit_only=counted[State.AUDIT_ONLY],
        unmet=counted[State.UNMET],
        undeclared=counted[State.UNDECLARED],
        unavailable=counted[State.UNAVAILABLE],
        not_enforced=[
            ControlState(
                requirement=item.requirement.id,
                state=item.verdict.state,
                reason=item.verdict.reason,
            )
            for item in day.judged
            if item.verdict.state not in (State.ENFORCED, State.ADMISSION)
        ],
        upcoming=upcoming,
    )


def _upcoming(
    spec: GuardedModelSpec, table: texts.CrisisTable, known: Catalogue, today: date
) -> list[str]:
    """What changes by itself soon: phases, and helplines that go stale."""
    chosen = chosen_profiles(spec)
    refused_today = _on(spec, table, known, today).refusals()
    found = []
    for start in known.starts_within(chosen, today, UPCOMING_DAYS):
        then = _on(spec, table, known, start)
        for name in chosen:
            profile = known.profiles[name]
            phase = profile.phase(start)
            if phase and phase.start == start:
                found.append(
                    f"{start.isoformat()}: a phase of {name} ({profile.law}) begins, with"
                    f" {len(phase.controls)} requirements"
                )
        found += [
            f"{start.isoformat()}: would be refused: {item}"
            for item in then.refusals()
            if item not in refused_today
        ]
    fresh_until = _fresh_until(spec, table, known, today)
    if fresh_until is not None:
        found.append(
            f"{fresh_until.isoformat()}: helplines reach the age at which {CRISIS_TABLE_FRESH}"
            " refuses them: check them, or update guardedmodel, before that day"
        )
    return sorted(found)


def _fresh_until(
    spec: GuardedModelSpec, table: texts.CrisisTable, known: Catalogue, today: date
) -> date | None:
    """The first day on which the crisis table is too old, if that is soon."""
    params = _on(spec, table, known, today).merged.get(CRISIS_TABLE_FRESH)
    checked = texts.oldest(table)
    if params is None or checked is None:
        return None
    day = checked + timedelta(days=int(params["maxAgeDays"]) + 1)
    return day if today < day <= today + timedelta(days=UPCOMING_DAYS) else None


def _name_problems(name: str) -> list[str]:
    """The name becomes a Service and a label, which take less than a resource name may have."""
    if re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", name):
        return []
    return [
        f"metadata.name: {name!r} names a Service and a label too: at most 63 of a-z, 0-9 and '-',"
        " beginning with a letter"
    ]


def _clause(requirement: Requirement) -> str:
    return requirement.profile.clause(requirement.control.id)


def _notes(day: _Day, table: texts.CrisisTable, today: date) -> tuple[str, ...]:
    """A stale helpline is named even where no profile asks for fresh ones."""
    if CRISIS_TABLE_FRESH in day.merged:
        return ()
    old = texts.stale(table, today, STALE_DAYS)
    return (f"helplines not checked for {STALE_DAYS} days: {'; '.join(old)}",) if old else ()
