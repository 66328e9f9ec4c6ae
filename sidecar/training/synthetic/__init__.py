"""The project's own examples, written for it: what no public set holds enough of.

Template files hold stems by section (`== name ; labels ; kind ; texts per stem`);
the modules beside them put texts together. Everything follows from one seed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from training.labels import ALL, Row
from training.synthetic import stories
from training.synthetic.grammar import slots, variants
from training.synthetic.style import typed

SOURCE: Final = "synthetic"
_SEED: Final = 5
_HERE: Final = Path(__file__).parent
FILES: Final = ("self_harm.txt", "passes.txt", "harm.txt", "injection.txt")
_FORMAL: Final = frozenset({"clinic", "news", "software", "system", "document", "answer"})


@dataclass(frozen=True, slots=True)
class Section:
    """Stems that share labels."""

    name: str
    labels: frozenset[str]
    kind: str
    each: int
    stems: tuple[str, ...]


def rows(_root: Path | None = None) -> Iterator[Row]:
    """Every synthetic row; the data folder is not read."""
    yield from templated()
    yield from stories.rows(SOURCE)


def templated() -> Iterator[Row]:
    """Rows of the template files."""
    fill = slots((_HERE / "slots.txt").read_text(encoding="utf-8"))
    for section in sections():
        for number, stem in enumerate(section.stems):
            draw = random.Random(f"{_SEED}:{section.name}:{stem}")
            for text in variants(stem, fill, section.each, draw):
                informal = 0.1 if section.name in _FORMAL else 0.45
                yield Row(
                    typed(text, draw, informal),
                    section.labels,
                    _not_said(section),
                    SOURCE,
                    section.kind,
                    f"{section.name}:{number}",
                )


def _not_said(section: Section) -> frozenset[str]:
    """Labels that a section's texts do not have; violence, hate and insults often come together."""
    together = {"violence", "hate", "harassment", "illicit", "sexual"}
    unsure = together if section.labels & (together | {"prompt_injection"}) else set()
    return ALL - section.labels - unsure


@cache
def sections() -> tuple[Section, ...]:
    """The sections of all template files."""
    return tuple(
        section
        for name in FILES
        for section in parsed((_HERE / name).read_text(encoding="utf-8"))
    )


def parsed(text: str) -> Iterator[Section]:
    """Sections of one file."""
    for block in text.split("\n== "):
        head, _, body = block.removeprefix("== ").partition("\n")
        name, labels, kind, each = (part.strip() for part in head.split(";"))
        stems = tuple(line for line in body.splitlines() if line.strip())
        yield Section(name, frozenset(labels.split()), kind, int(each), stems)
