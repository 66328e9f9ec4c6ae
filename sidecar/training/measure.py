"""Figures on the validation part: average precision, recall and false alarms. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.labels import CHAT, DISTRESS, HARD, LABELS, Row

Floats = NDArray[np.float64]


def average_precision(scores: Floats, targets: Floats) -> float:
    """Area under precision and recall, by the step rule; 0 without positives."""
    if not targets.any():
        return 0.0
    order = np.argsort(-scores, kind="stable")
    hits = targets[order].astype(float)
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / hits.sum())


def per_label(
    rows: Sequence[Row], scores: Floats, thresholds: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    """For each label: positives, average precision, and recall at the input threshold."""
    result = {}
    for column, label in enumerate(LABELS):
        known = np.array([label in row.positive | row.negative for row in rows])
        target = np.array([label in row.positive for row in rows])
        caught = scores[:, column] >= thresholds[label]["input"]
        yes = known & target
        result[label] = {
            "positives": int(yes.sum()),
            "averagePrecision": rounded(
                average_precision(scores[known, column], target[known])
            ),
            "recall": rounded(float(caught[yes].mean()) if yes.any() else 0.0),
        }
    return result


def false_alarms(
    rows: Sequence[Row], scores: Floats, thresholds: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, Any]]:
    """For each benign group: how many, and the share flagged by each label and by any."""
    limits = np.array([thresholds[label]["input"] for label in LABELS])
    result: dict[str, dict[str, Any]] = {}
    for kind in (CHAT, DISTRESS, HARD):
        of_kind = np.array([row.kind == kind and not row.positive for row in rows])
        if not of_kind.any():
            continue
        flagged = scores[of_kind] >= limits
        result[kind] = {
            "texts": int(of_kind.sum()),
            "any": rounded(float(flagged.any(axis=1).mean())),
        }
        for column, label in enumerate(LABELS):
            result[kind][label] = rounded(float(flagged[:, column].mean()))
    return result


def rounded(value: float) -> float | int:
    """Four digits, as canonical JSON takes them: whole numbers as integers."""
    short = round(value, 4)
    return int(short) if short == int(short) else short
