"""Logits to probabilities that mean something, and thresholds from a false-alarm budget. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.labels import CHAT, DISTRESS, HARD, LABELS, SELF_HARM, Row

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Budget:
    """Share of each benign group that a label may flag."""

    chat: float
    distress: float
    hard: float


BUDGETS: Final[Mapping[str, Budget]] = {
    label: Budget(chat=0.005, distress=0.05, hard=0.03)
    if label == SELF_HARM
    else Budget(chat=0.0015, distress=0.01, hard=0.015)
    for label in LABELS
}
"""Uneven on purpose: a missed crisis costs more than a missed insult."""

OUTPUT_SHARE: Final = 0.5
"""Answers get half the budget: a cut answer costs more than an extra look at a question."""

_LOWEST, _HIGHEST = 0.05, 0.995


def platt(logits: Floats, targets: Floats, mask: Floats) -> tuple[Floats, Floats]:
    """Slope and offset a label, by Newton's method on known labels, both classes weighed alike."""
    slopes, offsets = np.ones(len(LABELS)), np.zeros(len(LABELS))
    for column in range(len(LABELS)):
        known = mask[:, column] > 0
        x, y = logits[known, column], targets[known, column]
        if 0 < y.sum() < len(y):
            slopes[column], offsets[column] = _fit(x, y)
    return slopes, offsets


def _fit(x: Floats, y: Floats, steps: int = 50) -> tuple[float, float]:
    # Positives weigh so that they make up a twentieth: the share that a guard meets is unknown,
    # and the share in a pool of data sets means nothing.
    weight = np.where(y > 0, 0.05 / y.mean(), 0.95 / (1 - y.mean()))
    design = np.stack([x, np.ones_like(x)], axis=1)
    theta = np.array([1.0, 0.0])
    prior = np.diag([1e-2, 1e-4])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(design @ theta, -30, 30)))
        gradient = design.T @ (weight * (p - y)) / len(x) + prior @ (theta - [1.0, 0.0])
        curve = (design * (weight * p * (1 - p))[:, None]).T @ design / len(x) + prior
        step = np.linalg.solve(curve, gradient)
        theta = theta - np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-7:
            break
    return float(max(theta[0], 0.1)), float(theta[1])


def thresholds(rows: Sequence[Row], scores: Floats) -> dict[str, dict[str, float]]:
    """The lowest threshold a label and direction that stays within the budget everywhere."""
    found = {}
    for column, label in enumerate(LABELS):
        groups = {
            kind: np.array(
                [
                    scores[index, column]
                    for index, row in enumerate(rows)
                    if row.kind == kind and label in row.negative
                ]
            )
            for kind in (CHAT, DISTRESS, HARD)
        }
        budget = BUDGETS[label]
        found[label] = {
            "input": _within(groups, budget, 1.0),
            "output": _within(groups, budget, OUTPUT_SHARE),
        }
    return found


def _within(groups: Mapping[str, Floats], budget: Budget, share: float) -> float:
    shares = {CHAT: budget.chat, DISTRESS: budget.distress, HARD: budget.hard}
    needed = [
        float(np.quantile(values, 1 - shares[kind] * share, method="higher"))
        for kind, values in groups.items()
        if len(values)
    ]
    lowest = max(needed, default=0.5) + 1e-4
    return round(min(max(lowest, _LOWEST), _HIGHEST), 4)
