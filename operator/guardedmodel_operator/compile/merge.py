"""Strictest wins: parameters of one control from several profiles become one. Pure.

Merging is commutative, associative and idempotent, so neither the order of `spec.profiles` nor a
profile named twice changes anything. What can't be merged is a conflict, never a silent choice.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Params = dict[str, Any]
Merge = Callable[[Any, Any], Any]

_WHEN = ["first-per-day", "each-interaction", "persistent"]
_UNKNOWN_AGE = ["adult", "minor", "deny"]
_FAIL_MODE = ["spool", "closed"]
_AUDIENCE = ["minors", "all"]


def _ladder(order: list[str]) -> Merge:
    return lambda left, right: max(left, right, key=order.index)


def _union(left: Any, right: Any) -> Any:
    return sorted(set(left) | set(right))


def _intersection(left: Any, right: Any) -> Any:
    return sorted(set(left) & set(right))


def _either(left: Any, right: Any) -> Any:
    return bool(left or right)


def _fields(left: Any, right: Any) -> Any:
    return "all" if "all" in (left, right) else _union(left, right)


_RULES: dict[str, Merge] = {
    # a shorter interval, cap, deadline or age of evidence is stricter
    "intervalMinutes": min,
    "deadlineTurns": min,
    "maxAgeDays": min,
    "minutes": min,
    "repeatCount": min,
    "inactivityDays": min,
    "checkpointSeconds": min,
    "contentDays": min,
    "first": min,
    # a longer window or retention, more methods or witnesses are stricter
    "windowMinutes": max,
    "minDays": max,
    "minRetentionDays": max,
    "minRecall": max,
    "quorum": max,
    "methods": max,
    "belowAge": max,
    # more is forbidden or watched
    "categories": _union,
    "modalities": _union,
    "professions": _union,
    "excludeTypes": _union,
    "banned": _union,
    "brackets": _union,
    "recipient": _union,
    "tz": _union,
    "scope": _union,
    # less is accepted or kept
    "acceptedMethods": _intersection,
    "liftToAdult": _intersection,
    "store": _intersection,
    # ladders
    "when": _ladder(_WHEN),
    "as": _ladder(_UNKNOWN_AGE),
    "appliesTo": _ladder(_AUDIENCE),
    "breakReminder": _either,
    "fields": _fields,
}
_AS_SET = {"tz", "scope", "recipient"}
_NEVER_EMPTY = {"acceptedMethods", "liftToAdult", "store"}


def normal(params: Mapping[str, Any]) -> Params:
    """`params` in the one form in which they are compared: sets are sorted lists."""
    result: Params = {}
    for name, value in params.items():
        listed = [value] if name in _AS_SET and not isinstance(value, list) else value
        result[name] = sorted(set(listed)) if isinstance(listed, list) else listed
    return result


def merge_params(left: Mapping[str, Any], right: Mapping[str, Any]) -> Params:
    """The strictest of both, parameter by parameter."""
    first, second = normal(left), normal(right)
    merged = first | second
    for name in first.keys() & second.keys():
        merged[name] = _rule(name, first[name])(first[name], second[name])
    return merged


def merge_all(many: Iterable[Mapping[str, Any]]) -> Params:
    """The strictest of all."""
    result: Params = {}
    for params in many:
        result = merge_params(result, params)
    return result


def conflicts(merged: Mapping[str, Params]) -> list[str]:
    """What no value can satisfy at once, by control id; a human has to resolve it."""
    found = [
        f"{control}: the chosen profiles have no value of {name} in common"
        for control, params in sorted(merged.items())
        for name in sorted(_NEVER_EMPTY & params.keys())
        if params[name] == []
    ]
    floor = merged.get("GM-LOG-02", {}).get("minDays")
    ceiling = merged.get("GM-MEM-04", {}).get("contentDays")
    if floor is not None and ceiling is not None and floor > ceiling:
        found.append(
            f"GM-LOG-02 asks to keep for {floor} days and GM-MEM-04 allows {ceiling}: drop one of"
            " the profiles, or keep content out of what is retained"
        )
    return found


def _rule(name: str, value: Any) -> Merge:
    if name == "mode":  # a ladder for the log's fail mode, accepted ways for a hand-off
        return _intersection if isinstance(value, list) else _ladder(_FAIL_MODE)
    try:
        return _RULES[name]
    except KeyError:
        raise ValueError(f"no merge rule for parameter {name}: add one to merge.py") from None
