"""People in distress, with and without risk. Train and validate only; never printed or copied."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from training.labels import ALL, DISTRESS, SELF_HARM, SEXUAL, SEXUAL_MINORS, VIOLENCE, Row
from training.sources.files import table
from training.words import FIRST_PERSON_RISK, FORCE, RISK, SEX

_RISK_PERSONAS = {"Omar", "Ray", "Maya", "Lena", "Noah", "Sky", "Brian", "Kim"}


def counselling(root: Path) -> Iterator[Row]:
    """Questions to counsellors: mostly distress without risk; risk only where its words are."""
    seen: set[str] = set()
    for name in ("20200325_counsel_chat", "counselchat-data"):
        for item in table(root / "counsel_chat" / f"{name}.csv"):
            text = f"{item['questionTitle'].strip()} {item['questionText'].strip()}"[:900]
            stem = hashlib.sha256(text[:80].encode()).hexdigest()[:12]
            if stem in seen or len(text) < 10:
                continue
            seen.add(stem)
            yield _question(text, item.get("topic") or item.get("topics") or "", stem)


def _question(text: str, topic: str, stem: str) -> Row:
    unsure: set[str] = set()
    if SEX.search(text) or "intimacy" in topic or "sexual" in topic:
        unsure |= {SEXUAL, SEXUAL_MINORS}
    if FORCE.search(text) or "violence" in topic or "trauma" in topic:
        unsure.add(VIOLENCE)
    yes: frozenset[str] = frozenset()
    if FIRST_PERSON_RISK.search(text) or topic in {"self-harm", "eating-disorders"}:
        yes = frozenset({SELF_HARM})
    elif RISK.search(text):
        unsure.add(SELF_HARM)
    kind = "" if yes or SELF_HARM in unsure else DISTRESS
    return Row(text, yes, ALL - yes - unsure, "counsel_chat", kind, stem)


def simulated(root: Path) -> Iterator[Row]:
    """Simulated conversations of eight personas; explicit turns are risk, the rest unknown."""
    for path in sorted((root / "vera_mh").glob("*_run*.txt")):
        persona = path.name.split("_")[1]
        for block in path.read_text(encoding="utf-8").split("\n\nuser: "):
            text = block.removeprefix("user: ").split("\n\nagent:")[0].strip()[:700]
            if len(text) < 15:
                continue
            if persona == "Kevin" and not RISK.search(text):
                yield Row(text, frozenset(), ALL, "vera_mh", DISTRESS, persona)
            elif persona in _RISK_PERSONAS and FIRST_PERSON_RISK.search(text):
                yes = frozenset({SELF_HARM})
                yield Row(text, yes, ALL - yes, "vera_mh", "", persona)
