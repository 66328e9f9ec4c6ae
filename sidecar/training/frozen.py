"""The quick model: the encoder as published, and logistic regression on what it says.

A baseline, and a stand-in while nothing better is trained.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer

from training.encoder import Guard
from training.labels import LABELS, Row
from training.windows import CLS, SEP, batches, encoded

Floats = NDArray[np.float64]


def truncated(tokenizer: Tokenizer, texts: Sequence[str], longest: int) -> list[list[int]]:
    """Token ids with specials, cut to `longest`."""
    return [[CLS, *ids[: longest - 2], SEP] for ids in encoded(tokenizer, texts)]


def pooled(guard: Guard, tokenizer: Tokenizer, texts: Sequence[str]) -> Floats:
    """Pooled states of each text's first 96 tokens."""
    guard.eval()
    windows = truncated(tokenizer, texts, 96)
    result = np.zeros((len(texts), guard.head.in_features))
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for chosen, ids, mask in batches(windows, 32):
            states = guard.pooled(torch.from_numpy(ids), torch.from_numpy(mask))
            result[chosen] = states.float().numpy()
    return result


def fit_heads(guard: Guard, states: Floats, rows: Sequence[Row], seed: int) -> None:
    """Fit one regression a label on known rows, and write it into the heads."""
    centre, spread = states.mean(axis=0), states.std(axis=0) + 1e-6
    scaled = (states - centre) / spread
    for column, label in enumerate(LABELS):
        known = [i for i, row in enumerate(rows) if label in row.positive | row.negative]
        target = [label in rows[i].positive for i in known]
        model = LogisticRegression(
            C=0.02, max_iter=300, class_weight={False: 1.0, True: 3.0}, random_state=seed
        )
        model.fit(scaled[known], target)
        weight = model.coef_[0] / spread
        bias = float(model.intercept_[0] - weight @ centre)
        with torch.no_grad():
            guard.head.weight[column] = torch.tensor(weight, dtype=torch.float32)
            guard.head.bias[column] = bias
