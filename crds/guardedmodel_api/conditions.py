"""Condition types and how a new list is merged into an old one. Pure."""

from enum import StrEnum
from typing import NamedTuple

from guardedmodel_api.reasons import ConditionReason
from guardedmodel_api.v1alpha1.status import Condition


class ConditionType(StrEnum):
    """Conditions of a GuardedModel; Ready sums them up."""

    ACCEPTED = "Accepted"
    POLICY_COMPILED = "PolicyCompiled"
    INJECTED = "Injected"
    AVAILABLE = "Available"
    POLICY_SYNCED = "PolicySynced"
    ISOLATED = "Isolated"
    READY = "Ready"


class Finding(NamedTuple):
    """A condition without its times: what a reconcile decided."""

    type: ConditionType
    status: str  # "True", "False" or "Unknown"
    reason: ConditionReason
    message: str


def merge_conditions(
    old: list[Condition], findings: list[Finding], *, now: str, generation: int
) -> list[Condition]:
    """`findings` as conditions; lastTransitionTime moves only when status changes."""
    before = {item.type: item for item in old}
    merged = []
    for finding in findings:
        previous = before.get(finding.type)
        same = previous is not None and previous.status == finding.status
        since = previous.last_transition_time if previous is not None and same else now
        merged.append(
            Condition(
                type=finding.type,
                status=finding.status,
                reason=finding.reason,
                message=finding.message,
                last_transition_time=since,
                observed_generation=generation,
            )
        )
    return merged


def transitions(old: list[Condition], new: list[Condition]) -> list[Condition]:
    """The new conditions whose status or reason differs from the old ones: each is an Event."""
    before = {item.type: (item.status, item.reason) for item in old}
    return [item for item in new if before.get(item.type) != (item.status, item.reason)]
