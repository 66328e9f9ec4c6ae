"""What this version does for each control, and how it is checked against a spec. Pure.

One table for controls of the data path, one for those checked before anything runs. A control in
neither is `unavailable` (E, A, R) or `undeclared` (D): never counted as done.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from guardedmodel_api.v1alpha1.guarded_model import GuardedModelSpec
from guardedmodel_api.v1alpha1.guards import Action, Category, Enforcement, FailurePolicy
from guardedmodel_operator.compile import texts
from guardedmodel_operator.compile.catalogue import Kind, Requirement


class State(StrEnum):
    """State of one requirement."""

    ENFORCED = "enforced"
    ADMISSION = "admission"
    RECORDED = "recorded"
    AUDIT_ONLY = "audit-only"
    UNMET = "unmet"
    UNDECLARED = "undeclared"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Verdict:
    """State of a requirement and, where something is to be changed, why and what."""

    state: State
    reason: str = ""


@dataclass(frozen=True)
class Subject:
    """What controls are checked against."""

    spec: GuardedModelSpec
    crisis: texts.CrisisTable
    today: date
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Demand:
    """The mildest action that a control allows for one direction of a category."""

    category: Category
    direction: str  # "input" or "output"
    action: Action


DEMANDS: dict[str, tuple[Demand, ...]] = {
    "GM-CRIS-01": (Demand(Category.SELF_HARM, "input", Action.CRISIS),),
    "GM-CRIS-02": (Demand(Category.SELF_HARM, "input", Action.CRISIS),),
    "GM-CRIS-04": (Demand(Category.SELF_HARM, "input", Action.CRISIS),),
    "GM-CRIS-05": (Demand(Category.SELF_HARM, "output", Action.BLOCK),),
    "GM-MINR-01": (Demand(Category.SEXUAL, "output", Action.BLOCK),),
    "GM-MINR-03": (
        Demand(Category.SEXUAL_MINORS, "input", Action.BLOCK),
        Demand(Category.SEXUAL_MINORS, "output", Action.BLOCK),
    ),
}
"""Controls that are a verdict of the classifier. Age is unknown here, and unknown is a minor, so
the rules for minors hold for everybody."""

START_NOTICE = "GM-DISC-01"
CRISIS_TABLE_FRESH = "GM-CRIS-09"

Check = Callable[[Subject, Mapping[str, Any]], Verdict]

_MET = Verdict(State.ADMISSION)
_DONE = Verdict(State.ENFORCED)


def _unmet(reason: str) -> Verdict:
    return Verdict(State.UNMET, reason)


def _judged(subject: Subject, _params: Mapping[str, Any]) -> Verdict:
    if subject.spec.enforcement == Enforcement.AUDIT:
        return _unmet(
            "spec.enforcement is Audit, so verdicts are recorded and never acted upon: set it to"
            " Enforce"
        )
    return _DONE


def _always(_subject: Subject, _params: Mapping[str, Any]) -> Verdict:
    return _DONE


def _recorded(_subject: Subject, _params: Mapping[str, Any]) -> Verdict:
    return Verdict(State.RECORDED, "counted in the decision records; nothing is reported by itself")


def _fail_mode(subject: Subject, _params: Mapping[str, Any]) -> Verdict:
    if subject.spec.failure_policy == FailurePolicy.OPEN:
        return _unmet(
            "spec.failurePolicy is Open, so a request passes though it can't be recorded:"
            " set it to Closed"
        )
    return _DONE


def _protocol_url(subject: Subject, _params: Mapping[str, Any]) -> Verdict:
    if subject.spec.crisis.protocol_url is None:
        return _unmet(
            "spec.crisis.protocolURL is not set: publish your crisis protocol and set its"
            " https:// address"
        )
    return _MET


def _fresh(subject: Subject, params: Mapping[str, Any]) -> Verdict:
    days = int(params["maxAgeDays"])
    old = texts.stale(subject.crisis, subject.today, days)
    if not old:
        return _MET
    return _unmet(
        f"helplines not checked for {days} days: {'; '.join(old)}. Check them and set"
        " spec.crisis.locales[].resources[].lastVerified, or update guardedmodel"
    )


def _text_only(_subject: Subject, _params: Mapping[str, Any]) -> Verdict:
    return _MET  # the guard refuses whatever isn't text, in both directions


def _no_side_door(subject: Subject, _params: Mapping[str, Any]) -> Verdict:
    server = subject.spec.server
    pod = (server.pod_template or {}).get("spec", {}) if server else {}
    if pod.get("hostNetwork"):
        return _unmet("spec.server.podTemplate.spec.hostNetwork is true: remove it")
    for container in pod.get("containers", []):
        if any("hostPort" in port for port in container.get("ports") or []):
            return _unmet(
                f"spec.server.podTemplate.spec.containers[{container.get('name')}].ports has a"
                " hostPort: remove it"
            )
    return _MET


def _pinned(subject: Subject, _params: Mapping[str, Any]) -> Verdict:
    server = subject.spec.server
    if server is None:
        return Verdict(State.UNAVAILABLE, "images of an attached Deployment are not looked at yet")
    containers = (server.pod_template or {}).get("spec", {}).get("containers", [])
    images = [server.image] if server.image else [str(each.get("image")) for each in containers]
    loose = [image for image in images if "@sha256:" not in image]
    if loose:
        return _unmet(f"spec.server: image {loose[0]} is not pinned: write it as name@sha256:...")
    if subject.spec.model.digest is None:
        return _unmet("spec.model.digest is not set: give the sha256 of the weights")
    return _MET


def _card(subject: Subject, _params: Mapping[str, Any]) -> Verdict:
    card = subject.spec.model.card
    missing = [
        f"spec.model.card.{field.alias}"
        for name, field in type(card).model_fields.items()
        if getattr(card, name) is None
    ]
    return _unmet(f"the model card lacks {', '.join(missing)}: fill them in") if missing else _MET


def _no_conflicts(subject: Subject, _params: Mapping[str, Any]) -> Verdict:
    return _unmet("; ".join(subject.conflicts)) if subject.conflicts else _MET


CHECKS: dict[str, Check] = {
    START_NOTICE: _always,
    **dict.fromkeys(DEMANDS, _judged),
    "GM-CRIS-04": _judged,
    "GM-CRIS-07": _protocol_url,
    "GM-CRIS-08": _recorded,
    CRISIS_TABLE_FRESH: _fresh,
    "GM-MINR-02": _text_only,
    "GM-LOG-01": _always,
    "GM-LOG-03": _always,
    "GM-LOG-06": _fail_mode,
    "GM-DOC-01": _card,
    "GM-ADMS-01": _no_side_door,
    "GM-ADMS-02": _pinned,
    "GM-ADMS-03": _no_conflicts,
}
"""Every control that this version implements."""


def verdict(requirement: Requirement, merged: Mapping[str, Any], subject: Subject) -> Verdict:
    """State of a requirement; `merged` are its strictest parameters over all profiles."""
    control = requirement.control
    check = CHECKS.get(control.id)
    if check is None and control.kind is Kind.DECLARED:
        return Verdict(
            State.UNDECLARED, f"{control.title}: no declaration of a named human on file"
        )
    if check is None:
        return Verdict(State.UNAVAILABLE, f"{control.title}: not built in this version")
    if not requirement.in_force:
        return Verdict(State.AUDIT_ONLY, f"{control.title}: from {requirement.start.isoformat()}")
    return check(subject, merged)


def refuses(requirement: Requirement, found: Verdict) -> bool:
    """Whether an unmet requirement refuses the change: only a law's own, and only once in force."""
    return (
        requirement.control.kind is Kind.ADMISSION
        and requirement.profile.is_law
        and requirement.in_force
        and found.state is State.UNMET
    )
