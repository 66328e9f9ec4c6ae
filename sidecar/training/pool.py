"""The training pool: loaded, kept away from evaluation sets, deduplicated, split, counted."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training import catalogue, dedupe, evaluation_sets, split
from training.labels import LABELS, Row


@dataclass(frozen=True, slots=True)
class Pool:
    """What a model is trained and calibrated on."""

    train: list[Row]
    validation: list[Row]
    digest: str
    counts: dict[str, Any]


def prepare(data: Path) -> Pool:
    """Read the data folder (`train` and `public_eval` inside it)."""
    loaded = catalogue.load(data / "train")
    apart = dedupe.apart_from(loaded, dedupe.Seen(evaluation_sets.texts(data / "public_eval")))
    unique = dedupe.thinned(dedupe.merged(apart))
    parts = split.parts(split.capped(unique, catalogue.CAPS), catalogue.HELD_OUT)
    train = _away_from(parts.train, parts.validation)
    counts = {
        "loaded": len(loaded),
        "removedNearEvaluationSets": len(loaded) - len(apart),
        "unique": len(unique),
        "train": counted(train),
        "validation": counted(parts.validation),
    }
    return Pool(train, parts.validation, digest([*train, *parts.validation]), counts)


def _away_from(train: list[Row], validation: Sequence[Row]) -> list[Row]:
    """Training rows that do not begin like a validation row: near-copies cross splits."""
    starts = {next(dedupe.grams(row.text)) for row in validation}
    return [row for row in train if next(dedupe.grams(row.text)) not in starts]


def digest(rows: Sequence[Row]) -> str:
    """One digest of every text and label, in any order."""
    lines = sorted(
        "\x1f".join((row.source, row.text, *sorted(row.positive), "|", *sorted(row.negative)))
        for row in rows
    )
    return "sha256:" + hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


def counted(rows: Sequence[Row]) -> dict[str, Any]:
    """Rows by source, and known answers by label."""
    return {
        "rows": len(rows),
        "sources": dict(sorted(Counter(row.source for row in rows).items())),
        "labels": {
            label: {
                "yes": sum(label in row.positive for row in rows),
                "no": sum(label in row.negative for row in rows),
            }
            for label in LABELS
        },
    }
