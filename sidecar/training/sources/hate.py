"""Hate, harassment and threats: posts and messages that people labelled."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from training.labels import (
    ALL,
    HARASSMENT,
    HATE,
    PROMPT_INJECTION,
    SEXUAL,
    VIOLENCE,
    Row,
    benign,
    known,
)
from training.sources.files import json_file, table
from training.words import FORCE, INSULT, clear_of

_NEVER = {PROMPT_INJECTION}


def measuring_hate(root: Path) -> Iterator[Row]:
    """Measuring Hate Speech, binarised: hate or not."""
    for part in ("train_20692", "dev_500", "test_2000"):
        for item in table(root / "measuring_hate_ken20" / f"{part}.csv"):
            text = item["text"].replace("@user", "").strip()
            yes = {HATE} if item["label"] == "1" else set()
            no = clear_of(text, _NEVER | {HATE})
            if not yes and not INSULT.search(text):
                no.add(HARASSMENT)
            yield known(text, "measuring_hate_ken20", yes, no)


def hatemoji(root: Path) -> Iterator[Row]:
    """HatemojiBuild: adversarial posts and their closest non-hateful twins."""
    for part in ("train", "validation", "test"):
        for item in table(root / "hatemoji" / f"HatemojiBuild__{part}.csv"):
            text, yes = item["text"], set()
            if item["label_gold"] == "1":
                yes.add(HATE)
                if item["type"] == "threateninglanguage":
                    yes.add(VIOLENCE)
            yield known(text, "hatemoji", yes, clear_of(text, _NEVER | {HATE}))


def toxigen(root: Path) -> Iterator[Row]:
    """ToxiGen with human scores: implicit hate, and neutral sentences on the same groups."""
    for item in json_file(root / "implicit_hate_safenlp" / "toxiGen.json"):
        text, score = item["text"].strip(), float(item["toxicity_score"])
        if item["label"] == "hate" and score >= 3.7:
            yield known(text, "toxigen", {HATE}, clear_of(text, _NEVER))
        elif item["label"] == "neutral" and score <= 2.0:
            no = clear_of(text, _NEVER | {HATE, HARASSMENT})
            yield known(text, "toxigen", set(), no)


def implicit_hate(root: Path) -> Iterator[Row]:
    """Implicit Hate Corpus: posts of hate groups."""
    for item in json_file(root / "implicit_hate_safenlp" / "implicitHate.json"):
        text = item["text"].strip()
        yes = {HATE} if item["label"] == "hate" else set()
        yield known(text, "implicit_hate", yes, clear_of(text, _NEVER | {HATE}))


def edos(root: Path) -> Iterator[Row]:
    """EDOS: sexism by category; animosity stays unknown."""
    for item in table(root / "edos" / "edos_labelled_aggregated.csv"):
        text, category = item["text"], item["label_category"]
        if category.startswith("1."):
            yield known(text, "edos", {HATE, VIOLENCE}, _NEVER)
        elif category.startswith(("2.", "4.")):
            yield known(text, "edos", {HATE}, clear_of(text, _NEVER))
        elif category == "none":
            no = _NEVER if INSULT.search(text) or FORCE.search(text) else _NEVER | {HATE}
            yield known(text, "edos", set(), clear_of(text, no))


def toxic_spans(root: Path) -> Iterator[Row]:
    """Civil Comments with typed spans: at least two of the raters must agree."""
    folder = root / "toxic_spans"
    rater = {a["annotation"]: a for a in table(folder / "data__annotations.csv")}
    types: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    calm: Counter[str] = Counter(
        a["comment_id"] for a in rater.values() if a["not toxic"] == "True"
    )
    for span in table(folder / "data__spans.csv"):
        item = rater.get(span["annotation"])
        if item is not None:
            types[item["comment_id"]][span["type"]].add(item["worker"])
    for comment in table(folder / "data__comments.csv"):
        votes = {kind: len(who) for kind, who in types[comment["comment_id"]].items()}
        row = _comment(comment["comment_text"], votes, calm[comment["comment_id"]])
        if row is not None:
            yield row


def _comment(text: str, votes: dict[str, int], calm: int) -> Row | None:
    yes: set[str] = set()
    if votes.get("Insult", 0) >= 2:
        yes.add(HARASSMENT)
    if votes.get("Threat", 0) >= 2:
        yes.add(VIOLENCE)
    if votes.get("Identity based Attack", 0) >= 2:
        yes.add(HATE)
    if yes:
        return known(text, "toxic_spans", yes, clear_of(text, _NEVER))
    if calm >= 2 and not votes:
        return known(text, "toxic_spans", set(), clear_of(text, _NEVER | {HATE, HARASSMENT}))
    return None


def surge(root: Path) -> Iterator[Row]:
    """Toxic comments and others, small and clean."""
    for item in table(root / "surge_toxicity" / "toxicity_en.csv"):
        text = item["text"]
        if item["is_toxic"] == "Toxic":
            yield known(text, "surge_toxicity", {HARASSMENT}, clear_of(text, _NEVER))
        else:
            no = clear_of(text, _NEVER | {HARASSMENT, HATE})
            yield known(text, "surge_toxicity", set(), no)


def convabuse(root: Path) -> Iterator[Row]:
    """What users say to chat bots; labels by the majority of up to eight raters."""
    for part in ("train", "valid", "test"):
        for item in table(root / "convabuse" / f"ConvAbuseEMNLP{part}.csv"):
            text = item["user"].strip()
            raters = [n for n in range(1, 9) if item.get(f"Annotator{n}_is_abuse.1", "") != ""]
            if not raters or len(text) < 3:
                continue
            row = _utterance(text, item, raters)
            if row is not None:
                yield row


def _utterance(text: str, item: dict[str, str], raters: list[int]) -> Row | None:
    def share(*names: str) -> float:
        hits = sum(
            any(item.get(f"Annotator{n}_{name}", "").startswith("1") for name in names)
            for n in raters
        )
        return hits / len(raters)

    yes: set[str] = set()
    if share("is_abuse.-2", "is_abuse.-3") > 0.5:
        yes.add(HARASSMENT)
    if share("sex_harassment") > 0.5:
        yes |= {SEXUAL, HARASSMENT}
    if share("racist", "homophobic", "transphobic", "sexist") > 0.5:
        yes.add(HATE)
    if yes:
        return known(text, "convabuse", yes, clear_of(text, _NEVER))
    if share("is_abuse.1") > 0.5:
        if clear_of(text) >= {"self_harm", "sexual", "violence"}:
            return benign(text, "convabuse")
        return known(text, "convabuse", set(), clear_of(text, {*_NEVER, HATE, HARASSMENT} & ALL))
    return None
