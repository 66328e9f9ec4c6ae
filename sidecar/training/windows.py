"""Texts to token windows, and windows to batches: the same cutting as when serving. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

MAX_TOKENS: Final = 128
WINDOW: Final = 126
STRIDE: Final = 96
CLS: Final = 101
SEP: Final = 102

Ids = NDArray[np.int64]


def cut(tokens: Sequence[int], window: int = WINDOW, stride: int = STRIDE) -> list[list[int]]:
    """Overlapping windows over content tokens, each with its special tokens."""
    starts = [0]
    while starts[-1] + window < len(tokens):
        starts.append(starts[-1] + stride)
    return [[CLS, *tokens[start : start + window], SEP] for start in starts]


def encoded(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Content tokens of each text."""
    result = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    return [item.ids for item in result]


def batches(windows: Sequence[list[int]], size: int) -> Iterator[tuple[list[int], Ids, Ids]]:
    """Indices, padded ids and mask; windows of similar length go together."""
    order = sorted(range(len(windows)), key=lambda index: len(windows[index]))
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        ids, mask = padded([windows[index] for index in chosen])
        yield chosen, ids, mask


def padded(windows: Sequence[list[int]]) -> tuple[Ids, Ids]:
    """Ids and mask, padded to the longest window."""
    width = max(len(window) for window in windows)
    ids = np.zeros((len(windows), width), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return ids, mask
