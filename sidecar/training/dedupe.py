"""Near-copies: out within the pool, and out wherever they touch an evaluation set. Pure."""

import hashlib
import re
from collections.abc import Iterable, Iterator

from training.labels import Row

_WORD = re.compile(r"[^\W_]+")
_N = 8


def normal(text: str) -> str:
    """Lower case words with single spaces: what two copies share."""
    return " ".join(_WORD.findall(text.lower()))


def grams(text: str) -> Iterator[int]:
    """Hashes of all runs of eight words; of the whole text when it is shorter."""
    words = normal(text).split()
    for start in range(max(1, len(words) - _N + 1)):
        run = " ".join(words[start : start + _N])
        yield int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest())


class Seen:
    """The texts of evaluation sets, as runs of eight words."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._grams: set[int] = set()
        for text in texts:
            self._grams.update(grams(text))

    def touches(self, text: str) -> bool:
        """Whether `text` shares a run of eight words, or is a copy."""
        return any(gram in self._grams for gram in grams(text))


def apart_from(rows: Iterable[Row], seen: Seen) -> list[Row]:
    """Rows that share nothing with the evaluation sets."""
    return [row for row in rows if not seen.touches(row.text)]


def merged(rows: Iterable[Row]) -> list[Row]:
    """One row a text: copies add up what they know; where they disagree, nobody knows."""
    first: dict[str, Row] = {}
    for row in rows:
        key = normal(row.text)
        known = first.get(key)
        if not key:
            continue
        first[key] = row if known is None else _union(known, row)
    return list(first.values())


def _union(one: Row, other: Row) -> Row:
    yes, no = one.positive | other.positive, one.negative | other.negative
    both = yes & no
    kind = one.kind if one.kind == other.kind else ""
    return Row(one.text, yes - both, no - both, one.source, kind, one.stem)


def thinned(rows: Iterable[Row], most: int = 6) -> list[Row]:
    """At most `most` rows of one source that begin with the same eight words."""
    count: dict[tuple[str, int], int] = {}
    kept = []
    for row in rows:
        key = (row.source, next(grams(row.text)))
        count[key] = count.get(key, 0) + 1
        if count[key] <= most:
            kept.append(row)
    return kept
