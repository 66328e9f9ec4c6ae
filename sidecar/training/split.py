"""Training, calibration and test parts, by source and stem, the same on every machine. Pure."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from training.labels import Row


@dataclass(frozen=True, slots=True)
class Parts:
    """The pool in two parts."""

    train: list[Row]
    validation: list[Row]


def number(text: str) -> float:
    """A number in [0, 1) that only the text decides."""
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


def capped(rows: Iterable[Row], caps: Mapping[str, int]) -> list[Row]:
    """At most `caps[source]` rows of each source, drawn by hash; positives first."""
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_source[row.source].append(row)
    kept = []
    for source, group in by_source.items():
        most = caps.get(source, len(group))
        group.sort(key=lambda row: number(row.text))
        kept.extend(group[:most])
    return kept


def parts(rows: Iterable[Row], held_out: frozenset[str], share: float = 0.14) -> Parts:
    """Whole sources that are held out validate; of the others, `share` of the stems."""
    result = Parts([], [])
    for row in rows:
        key = f"{row.source}/{row.stem or row.text}"
        aside = row.source in held_out or number(key) < share
        (result.validation if aside else result.train).append(row)
    return result
