"""The classifier's known answers: it is ready only when it gives all of them.

golden.jsonl has one object a line: `text`, `direction` (input or output) and `expected`, the
labels at or above their thresholds. Catches a broken export, a wrong tokenizer and a runtime that
computes other numbers on this CPU.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from guardedmodel_sidecar.errors import ArtefactError
from guardedmodel_sidecar.moderation.artefact import GOLDEN
from guardedmodel_sidecar.moderation.classifier import Classifier
from guardedmodel_sidecar.moderation.windows import strictest


@dataclass(frozen=True)
class GoldenCase:
    """One text and the categories that must be found in it."""

    line: int
    text: str
    direction: str
    expected: frozenset[str]


def read_golden(path: Path) -> list[GoldenCase]:
    """The cases of a golden file; ArtefactError names the line that is wrong."""
    cases = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            direction = row.get("direction", "input")
            expected = frozenset(row["expected"])
            cases.append(GoldenCase(number, str(row["text"]), direction, expected))
        except (ValueError, KeyError, TypeError) as error:
            raise ArtefactError(f"classifier {GOLDEN} line {number}: {error}") from error
    if not cases:
        raise ArtefactError(f"classifier {GOLDEN} has no case: a classifier must prove itself")
    return cases


def check_golden(classifier: Classifier) -> int:
    """How many cases were right, which is all of them; ArtefactError names the first that isn't."""
    artefact = classifier.artefact
    cases = read_golden(artefact.path / GOLDEN)
    for case in cases:
        scores = strictest(classifier.score(classifier.tokenize(case.text)))
        found = {
            label.value
            for label, score in zip(artefact.labels, scores, strict=True)
            if score >= getattr(artefact.thresholds[label], case.direction)
        }
        if found != case.expected:
            raise ArtefactError(
                f"classifier {GOLDEN} line {case.line}: found {sorted(found)}, expected"
                f" {sorted(case.expected)}; this classifier does not work here"
            )
    return len(cases)
