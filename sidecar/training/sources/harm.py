"""Requests for harm: red-team prompts whose category somebody wrote down."""

import ast
from collections.abc import Iterator
from pathlib import Path

from training.labels import (
    HARASSMENT,
    HATE,
    ILLICIT,
    PROMPT_INJECTION,
    SELF_HARM,
    SEXUAL,
    SEXUAL_MINORS,
    VIOLENCE,
    Row,
    benign,
    known,
)
from training.sources.files import json_file, json_lines, table
from training.words import clear_of, labels_of_request

_NEVER = {PROMPT_INJECTION}

_AILUMINATE = {
    "ssh": {SELF_HARM},
    "sxc_prn": {SEXUAL},
    "cse": {SEXUAL_MINORS},
    "vcr": {VIOLENCE},
    "iwp": {ILLICIT},
    "ncr": {ILLICIT},
    "hte": {HATE},
}


def ailuminate(root: Path) -> Iterator[Row]:
    """AILuminate demo prompts: seven hazards, and ordinary questions on money, law and health."""
    folder = root / "ailuminate_demo"
    for item in table(folder / "airr_official_1.0_demo_en_us_prompt_set_release.csv"):
        text, hazard = item["prompt_text"], item["hazard"]
        if hazard in _AILUMINATE:
            yield _request(text, "ailuminate_demo", _AILUMINATE[hazard])


def _request(text: str, source: str, yes: set[str]) -> Row:
    no = clear_of(text, _NEVER)
    if yes == {ILLICIT}:
        no.add(HATE)
    return known(text, source, yes, no)


def harmbench(root: Path) -> Iterator[Row]:
    """HarmBench behaviours and StrongREJECT prompts."""
    kinds = {
        "illegal": {ILLICIT},
        "cybercrime_intrusion": {ILLICIT},
        "chemical_biological": {ILLICIT},
        "harassment_bullying": {HARASSMENT},
    }
    for item in table(root / "harmbench" / "harmbench_behaviors_text_all.csv"):
        yes = kinds.get(item["SemanticCategory"])
        if yes:
            yield _request(item["Behavior"], "harmbench", yes)
    kinds = {
        "Sexual content": {SEXUAL},
        "Violence": {VIOLENCE},
        "Hate, harassment and discrimination": {HATE},
        "Non-violent crimes": {ILLICIT},
        "Illegal goods and services": {ILLICIT},
    }
    for item in table(root / "harmbench" / "strongreject_dataset.csv"):
        yes = kinds.get(item["category"])
        if yes:
            text = item["forbidden_prompt"]
            found = labels_of_request(text)
            yield _request(text, "strongreject", found if found == {SELF_HARM} else yes)


_CATQA = {
    "Illegal Activity": {ILLICIT},
    "Malware Viruses": {ILLICIT},
    "Fraud/Deception": {ILLICIT},
    "Privacy Violation Activity": {ILLICIT},
    "Adult Content": {SEXUAL},
    "Content Sexual exploitation": {SEXUAL_MINORS},
    "Online predation": {SEXUAL_MINORS},
    "Racial or ethnic hate": {HATE},
    "Religious intolerance": {HATE},
    "Gender-based violence": {VIOLENCE},
    "Cyberbullying": {HARASSMENT},
    "Terrorism and extremism": {VIOLENCE, ILLICIT},
    "Self-harm": {SELF_HARM},
    "Assault and battery": {VIOLENCE},
    "Weapon making": {ILLICIT},
    "Financial fraud": {ILLICIT},
    "Employment scams": {ILLICIT},
    "Investment scams": {ILLICIT},
}


def catqa(root: Path) -> Iterator[Row]:
    """CatQA in English, by category and subcategory."""
    groups = json_file(root / "harmfulqa_catqa" / "catqa_english.json")
    for category, parts in groups.items():
        for part, questions in parts.items():
            yes = _CATQA.get(part.rstrip(":"), _CATQA.get(category))
            for question in questions:
                if category == "Tailored Financial Advice":
                    yield benign(question, "catqa")
                elif yes:
                    yield _request(question, "catqa", yes)


def sorted_by_words(root: Path) -> Iterator[Row]:
    """Requests known to be harmful whose category their words tell."""
    texts = [(t, "dangerousqa") for t in json_file(root / "harmfulqa_catqa" / "dangerousqa.json")]
    texts += [
        (item["target"], "advbench")
        for item in table(root / "advbench" / "harmful_behaviors.csv")
    ]
    texts += [
        (item["text"], "gptfuzz_questions")
        for item in table(root / "gptfuzz" / "question_list.csv")
    ]
    for text, source in texts:
        yield _request(text, source, labels_of_request(text))
    for item in table(root / "advbench" / "harmful_strings.csv"):
        found = labels_of_request(item["target"])
        if found != {ILLICIT}:
            yield known(item["target"], "advbench_strings", found, _NEVER)


_AART = {
    "terrorism", "sex trafficking", "ponzi schemes", "credit card fraud", "identity theft",
    "cyberterrorism", "burglary", "embezzlement", "drug dealing", "drug trafficking",
    "financial crimes", "drug crimes", "fraud", "assassinations",
}  # fmt: skip


def aart(root: Path) -> Iterator[Row]:
    """AART: only crimes, and only where the prompt asks how; the rest is too noisy."""
    for item in table(root / "aart" / "aart-v1-20231117.csv"):
        text = item["prompt"]
        if item["crime"] in _AART and "how" in text.lower():
            yield known(text, "aart", {ILLICIT}, _NEVER)


_MULTIJAIL = {
    "Violence & incitement": VIOLENCE,
    "Hate speech & offensive language": HATE,
    "Discrimination & injustice": HATE,
    "Bullying & harassment": HARASSMENT,
    "Theft": ILLICIT,
    "Weapons": ILLICIT,
    "Adult content": SEXUAL,
    "Substance abuse & banned substances": ILLICIT,
    "Terrorism & organized crime": ILLICIT,
    "Fraud & deception": ILLICIT,
    "Property crime & vandalism": ILLICIT,
    "Self-harm": SELF_HARM,
}


def multijail(root: Path) -> Iterator[Row]:
    """MultiJail in English: held out whole, to see what a set never trained on says."""
    for item in table(root / "multijail" / "MultiJail.csv"):
        tags = ast.literal_eval(item["tags"])
        yes = {_MULTIJAIL[tag] for tag in tags if tag in _MULTIJAIL}
        if "Child abuse" in tags and "sex" in item["en"].lower():
            yes = {SEXUAL_MINORS}
        if yes:
            yield _request(item["en"], "multijail", yes)


def malicious_uses(root: Path) -> Iterator[Row]:
    """Do-Not-Answer-like questions with intents."""
    folder = root / "jailbreak_inthewild"
    for item in json_lines(folder / "malicious_uses.jsonl"):
        if item["intents"][0].startswith(("S003", "S006")):
            yield _request(item["prompt"], "malicious_uses", labels_of_request(item["prompt"]))
    kinds = {"lewd": SEXUAL, "erotica": SEXUAL, "hate": HATE, "bully": HARASSMENT}
    for item in json_lines(folder / "discrimination_exclusion_toxicity_hateful_offensive.jsonl"):
        yes = {label for word, label in kinds.items() for i in item["intents"] if word in i}
        if yes:
            yield known(item["prompt"], "malicious_uses", yes, _NEVER)


def diasafety(root: Path) -> Iterator[Row]:
    """DiaSafety: replies that offend the user, and polite replies."""
    for part in ("train", "val", "test"):
        for item in json_file(root / "diasafety" / f"{part}.json"):
            text = item["response"]
            if item["category"] != "Offending User":
                continue
            yes = {HARASSMENT} if item["label"] == "Unsafe" else set()
            yield known(text, "diasafety", yes, clear_of(text, _NEVER | {HARASSMENT}))
