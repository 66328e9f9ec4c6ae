"""The classifier's files, checked against their manifest before anything is loaded from them.

A folder with manifest.json, model.onnx, tokenizer.json and golden.jsonl. The manifest names the
SHA-256 of every file, so one digest, that of the manifest, stands for all.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guardedmodel_api.canonical import canonical_json, sha256_digest
from guardedmodel_api.v1alpha1.guards import Category
from guardedmodel_sidecar.errors import ArtefactError

MANIFEST = "manifest.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
GOLDEN = "golden.jsonl"
DEFAULT_DIR = Path(__file__).parent.parent / "artefacts" / "guard-minilm"


@dataclass(frozen=True)
class Thresholds:
    """From which score on a category counts, in either direction."""

    input: float
    output: float


@dataclass(frozen=True)
class Artefact:
    """A classifier whose files are what its manifest says."""

    path: Path
    digest: str
    labels: tuple[Category, ...]  # in the order of the model's output
    thresholds: dict[Category, Thresholds]
    max_tokens: int  # with the two special tokens
    window_tokens: int  # without them
    stride_tokens: int  # from the start of one window to that of the next


def load_artefact(path: Path) -> Artefact:
    """The artefact in folder `path`; ArtefactError names the file or member that is wrong."""
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        raise ArtefactError(
            f"classifier {path / MANIFEST}: {type(error).__name__}; set the folder of a built"
            " classifier"
        ) from error
    try:
        artefact = _artefact(path, manifest)
        files: dict[str, str] = dict(manifest["files"])
    except (KeyError, TypeError, ValueError) as error:
        raise ArtefactError(f"classifier {path / MANIFEST}: member {error} is wrong") from error
    _check_sizes(artefact)
    for name in (MODEL, TOKENIZER, GOLDEN):
        _check_file(path / name, files.get(name, ""))
    return artefact


def _artefact(path: Path, manifest: dict[str, Any]) -> Artefact:
    labels = tuple(Category(label) for label in manifest["labels"])
    thresholds = {
        label: Thresholds(
            _threshold(manifest["thresholds"][label]["input"]),
            _threshold(manifest["thresholds"][label]["output"]),
        )
        for label in labels
    }
    return Artefact(
        path=path,
        digest=sha256_digest(canonical_json(manifest)),
        labels=labels,
        thresholds=thresholds,
        max_tokens=int(manifest["maxTokens"]),
        window_tokens=int(manifest["windowTokens"]),
        stride_tokens=int(manifest["strideTokens"]),
    )


def _threshold(value: Any) -> float:
    if not isinstance(value, float) or not 0 < value < 1:
        raise ValueError(f"thresholds: {value!r} is not between 0 and 1")
    return value


def _check_sizes(artefact: Artefact) -> None:
    if len(set(artefact.labels)) != len(artefact.labels) or not artefact.labels:
        raise ArtefactError("classifier manifest: labels must name each category once")
    if not 0 < artefact.stride_tokens <= artefact.window_tokens <= artefact.max_tokens:
        raise ArtefactError(
            "classifier manifest: strideTokens <= windowTokens <= maxTokens must hold, or text"
            " between two windows would never be read"
        )


def _check_file(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ArtefactError(f"classifier {path}: {error.strerror}") from error
    if actual != expected.removeprefix("sha256:"):
        raise ArtefactError(
            f"classifier {path}: its SHA-256 is {actual}, the manifest says"
            f" {expected or 'nothing'}; the file was changed or belongs to another version"
        )
