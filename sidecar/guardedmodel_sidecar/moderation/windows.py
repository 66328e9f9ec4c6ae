"""Long text in overlapping windows, and the scores of windows as scores of the text. Pure."""

from collections.abc import Iterable, Sequence

Scores = tuple[float, ...]  # one a label, in the classifier's order


def window_starts(length: int, window: int, stride: int) -> list[int]:
    """Where windows begin so that each of `length` tokens is in one; one window for no tokens."""
    starts = [0]
    while starts[-1] + window < length:
        starts.append(starts[-1] + stride)
    return starts


def split(ids: Sequence[int], window: int, stride: int) -> list[list[int]]:
    """The windows themselves."""
    return [list(ids[start : start + window]) for start in window_starts(len(ids), window, stride)]


def strictest(scores: Iterable[Scores]) -> Scores:
    """The highest score of each label: one bad window makes a bad text."""
    return tuple(max(column) for column in zip(*scores, strict=True))
