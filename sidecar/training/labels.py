"""The labels and the one row type that every loader yields. Knows no data set and no model."""

from dataclasses import dataclass
from typing import Final

SELF_HARM: Final = "self_harm"
SEXUAL: Final = "sexual"
SEXUAL_MINORS: Final = "sexual_minors"
VIOLENCE: Final = "violence"
HATE: Final = "hate"
HARASSMENT: Final = "harassment"
ILLICIT: Final = "illicit"
PROMPT_INJECTION: Final = "prompt_injection"

LABELS: Final = (
    SELF_HARM,
    SEXUAL,
    SEXUAL_MINORS,
    VIOLENCE,
    HATE,
    HARASSMENT,
    ILLICIT,
    PROMPT_INJECTION,
)
ALL: Final = frozenset(LABELS)
NONE: Final[frozenset[str]] = frozenset()

CHAT: Final = "chat"  # benign messages to an assistant
DISTRESS: Final = "distress"  # people who feel bad and are not at risk
HARD: Final = "hard"  # benign, with the words of harm
PLAIN: Final = ""  # everything else


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text; a label in neither set is unknown and does not train."""

    text: str
    positive: frozenset[str]
    negative: frozenset[str]
    source: str
    kind: str = PLAIN
    """Which benign group thresholds count it in, if any."""
    stem: str = ""
    """What near-copies share; a stem is on one side of the split only."""

    def __post_init__(self) -> None:
        """Refuse unknown labels and a label that is both."""
        wrong = (self.positive | self.negative) - ALL
        if wrong:
            raise ValueError(f"source {self.source}: unknown labels {sorted(wrong)}")
        both = self.positive & self.negative
        if both:
            raise ValueError(f"source {self.source}: labels {sorted(both)} both yes and no")

    def targets(self) -> list[float]:
        """One number a label: 1 yes, 0 no or unknown (see mask)."""
        return [1.0 if label in self.positive else 0.0 for label in LABELS]

    def mask(self) -> list[float]:
        """One number a label: 1 known, 0 unknown."""
        known = self.positive | self.negative
        return [1.0 if label in known else 0.0 for label in LABELS]


def benign(text: str, source: str, kind: str = CHAT, stem: str = "") -> Row:
    """A row that is none of the labels."""
    return Row(text, NONE, ALL, source, kind, stem)


def known(text: str, source: str, yes: set[str], no: set[str], kind: str = PLAIN) -> Row:
    """A row with labels `yes` and `no`; the rest is unknown."""
    return Row(text, frozenset(yes), frozenset(no - yes), source, kind)
