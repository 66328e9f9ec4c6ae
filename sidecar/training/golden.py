"""The golden set: clear cases that a loaded artefact must get right before it serves. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.labels import LABELS

_MARGIN = 0.35  # in log odds: what batch composition and another CPU may change is less


@dataclass(frozen=True, slots=True)
class Case:
    """A text and what must be said of it."""

    text: str
    expect: Mapping[str, bool]


def expectation(labels: Sequence[str]) -> dict[str, bool]:
    """What a case says of every label; a positive says nothing of labels that come with it."""
    if not labels:
        return dict.fromkeys(LABELS, False)
    unsaid = {"sexual", "sexual_minors", "violence", "hate", "harassment", "illicit", "self_harm"}
    expect = {label: False for label in LABELS if label not in unsaid and label not in labels}
    return {label: label in labels for label in LABELS if label in labels or label in expect}


def holds(
    case: Case, scores: NDArray[np.float64], thresholds: Mapping[str, Mapping[str, float]]
) -> bool:
    """Whether the scores are right by a margin, at both thresholds of each label."""
    for label, expected in case.expect.items():
        score = _odds(scores[LABELS.index(label)])
        limits = [_odds(limit) for limit in thresholds[label].values()]
        if expected and score < max(limits) + _MARGIN:
            return False
        if not expected and score > min(limits) - _MARGIN:
            return False
    return True


def _odds(probability: float) -> float:
    clipped = float(np.clip(probability, 1e-6, 1 - 1e-6))
    return float(np.log(clipped / (1 - clipped)))


def chosen(
    cases: Sequence[Case],
    scores: NDArray[np.float64],
    thresholds: Mapping[str, Mapping[str, float]],
    least: int = 40,
) -> list[Case]:
    """The cases that hold; ValueError when a label has none both ways or there are too few."""
    kept = [c for c, row in zip(cases, scores, strict=True) if holds(c, row, thresholds)]
    for label in LABELS:
        for wanted in (True, False):
            if not any(case.expect.get(label) is wanted for case in kept):
                raise ValueError(
                    f"golden set: label {label}: no clear case expects {wanted}; "
                    "the model is not good enough to ship, or the cases are too few"
                )
    if len(kept) < least:
        raise ValueError(f"golden set: {len(kept)} of {len(cases)} cases hold; {least} are needed")
    return kept


def as_lines(cases: Sequence[Case]) -> str:
    """JSON lines, as shipped."""
    lines = (
        json.dumps({"text": case.text, "expect": dict(case.expect)}, ensure_ascii=False)
        for case in cases
    )
    return "\n".join(lines) + "\n"
