"""The ONNX classifier through onnxruntime and tokenizers. Blocking: `judge` calls it in a thread.

Threads come from the container's CPU limit, since onnxruntime would count the node's cores.
"""

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from guardedmodel_sidecar.errors import ArtefactError
from guardedmodel_sidecar.moderation.artefact import MODEL, TOKENIZER, Artefact
from guardedmodel_sidecar.moderation.windows import Scores, split

_PAD = 0
_MAX_THREADS = 4  # one small model does not get faster beyond that


class Classifier:
    """One loaded model. `tokenize` and `score` may be called from one thread at a time."""

    def __init__(self, artefact: Artefact, threads: int) -> None:
        self.artefact = artefact
        self._tokenizer = Tokenizer.from_file(str(artefact.path / TOKENIZER))
        # A tokenizer file may carry settings of its training that cut text off.
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        frame = self._tokenizer.encode("").ids
        self._prefix, self._suffix = frame[:1], frame[1:]
        if artefact.window_tokens + len(frame) > artefact.max_tokens:
            raise ArtefactError("classifier manifest: windowTokens leaves no room for the frame")
        self._session = _session(artefact.path / MODEL, threads)
        self._check_interface()

    def tokenize(self, text: str) -> list[list[int]]:
        """Token windows of `text`, framed, ready for `score`."""
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        parts = split(ids, self.artefact.window_tokens, self.artefact.stride_tokens)
        return [[*self._prefix, *part, *self._suffix] for part in parts]

    def score(self, windows: list[list[int]]) -> list[Scores]:
        """Scores of each window."""
        longest = max([1, *map(len, windows)])
        ids = np.full((len(windows), longest), _PAD, dtype=np.int64)
        mask = np.zeros((len(windows), longest), dtype=np.int64)
        for row, window in enumerate(windows):
            ids[row, : len(window)] = window
            mask[row, : len(window)] = 1
        (result,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        if not np.isfinite(result).all():
            raise ArithmeticError("the classifier gave a score that is not a number")
        return [tuple(map(float, row)) for row in result]

    def _check_interface(self) -> None:
        inputs = {item.name for item in self._session.get_inputs()}
        outputs = self._session.get_outputs()
        if inputs != {"input_ids", "attention_mask"} or len(outputs) != 1:
            raise ArtefactError(
                f"classifier {MODEL}: inputs {sorted(inputs)} and {len(outputs)} outputs, but"
                " input_ids, attention_mask and one output are expected"
            )
        (probe,) = self.score(self.tokenize(""))
        if len(probe) != len(self.artefact.labels):
            raise ArtefactError(
                f"classifier {MODEL}: {len(probe)} scores for {len(self.artefact.labels)} labels"
            )


def cpu_threads(root: Path = Path("/sys/fs/cgroup")) -> int:
    """Whole CPUs that the container may use, at least one, at most four."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    limit = _cgroup_limit(root)
    if limit is not None:
        available = min(available, max(1, math.floor(limit)))
    return max(1, min(available, _MAX_THREADS))


def _cgroup_limit(root: Path) -> float | None:
    """CPUs by quota: cgroup v2, then v1; None without a quota."""
    try:
        quota, period = (root / "cpu.max").read_text().split()[:2]
    except (OSError, ValueError):
        try:
            quota = (root / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (root / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    if quota in {"max", "-1"}:
        return None
    return int(quota) / int(period)


def _session(path: Path, threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # its messages may hold names of inputs, never wanted here
    # Memory patterns and the arena keep peak memory for ever; windows are small.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises its own untyped exceptions
        raise ArtefactError(f"classifier {path}: {type(error).__name__} while loading") from error
