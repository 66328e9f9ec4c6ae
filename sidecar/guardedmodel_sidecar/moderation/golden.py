"""The classifier's known answers: it is ready only when it gives all of them.

golden.jsonl has one object a line: `text`, and `expect` with true or false for the labels of which
it says anything. True must be at or above both thresholds of the label, false below both. Catches a
broken export, a wrong tokenizer and a runtime that computes other numbers on this CPU.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from guardedmodel_api.v1alpha1.guards import Category
from guardedmodel_sidecar.errors import ArtefactError
from guardedmodel_sidecar.moderation.artefact import GOLDEN
from guardedmodel_sidecar.moderation.classifier import Classifier
from guardedmodel_sidecar.moderation.windows import strictest


@dataclass(frozen=True)
class GoldenCase:
    """One text and what must be said of it."""

    line: int
    text: str
    expect: Mapping[Category, bool]


def read_golden(path: Path) -> list[GoldenCase]:
    """The cases of a golden file; ArtefactError names the line that is wrong."""
    cases = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            expect = {Category(label): value is True for label, value in row["expect"].items()}
            cases.append(GoldenCase(number, str(row["text"]), expect))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
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
        found = dict(zip(artefact.labels, scores, strict=True))
        for label, expected in case.expect.items():
            limits = artefact.thresholds[label]
            if {found[label] >= limits.input, found[label] >= limits.output} != {expected}:
                raise ArtefactError(
                    f"classifier {GOLDEN} line {case.line}: {label.value} scored"
                    f" {found[label]:.3f}, expected {'above' if expected else 'below'} both"
                    " thresholds; this classifier does not work here"
                )
    return len(cases)
