"""Texts to probabilities with an exported model: windows, then the maximum over them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.labels import LABELS
from training.windows import batches, cut, encoded

Scores = NDArray[np.float64]


class Scorer:
    """An ONNX artefact on one thread."""

    def __init__(self, model: Path, tokenizer: Tokenizer, batch: int = 8) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = tokenizer
        self._batch = batch

    def scores(self, texts: Sequence[str]) -> Scores:
        """Probabilities [texts, labels]; a long text has those of its worst window."""
        windows: list[list[int]] = []
        owner: list[int] = []
        for index, tokens in enumerate(encoded(self._tokenizer, texts)):
            pieces = cut(tokens)
            windows += pieces
            owner += [index] * len(pieces)
        result = np.zeros((len(texts), len(LABELS)))
        for chosen, ids, mask in batches(windows, self._batch):
            (out,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
            for row, window in enumerate(chosen):
                place = owner[window]
                result[place] = np.maximum(result[place], out[row])
        return result
