"""Benign texts: requests to assistants, comments, stories, idioms, health questions."""

from collections.abc import Iterator
from pathlib import Path

from training.labels import CHAT, HARD, PLAIN, Row, benign, known
from training.sources.files import json_file, json_lines, tabbed, table
from training.words import FORCE, INSULT, OVERRIDE, RISK, SEX, clear_of

_ANGER = {"2", "3", "10", "11"}  # GoEmotions: anger, annoyance, disapproval, disgust


def assistants(root: Path) -> Iterator[Row]:
    """Short requests to voice assistants and support bots."""
    for part, items in json_file(root / "clinc150" / "data_full.json").items():
        for text, intent in items:
            yield benign(text, "clinc150", stem=f"{intent}:{part.startswith('oos')}")
    for part in ("train", "test"):
        for item in table(root / "banking77" / f"{part}.csv"):
            yield benign(item["text"], "banking77")
    path = next((root / "nlu_evaluation").glob("RasaNlu*.json"))
    for item in json_file(path)["rasa_nlu_data"]["common_examples"]:
        yield benign(item["text"], "nlu_evaluation")


def prompts(root: Path) -> Iterator[Row]:
    """Longer prompts that people or experts wrote for language models."""
    for item in json_lines(root / "self_instruct" / "user_oriented_instructions.jsonl"):
        given = item["instances"][0].get("input", "")
        yield benign(f"{item['instruction']} {given}".strip(), "self_instruct")
    for item in json_lines(root / "self_instruct" / "seed_tasks.jsonl"):
        yield benign(item["instruction"], "self_instruct")
    for item in json_lines(root / "arena_hard" / "question.jsonl"):
        yield benign(item["turns"][0]["content"], "arena_hard")
    for name in ("vicuna_bench", "mt_bench"):
        for item in json_lines(root / "mt_vicuna_bench" / f"{name}__question.jsonl"):
            for turn in item["turns"]:
                yield benign(turn, "mt_vicuna_bench")
    for item in json_lines(root / "humanebench" / "humane_bench.jsonl"):
        if not RISK.search(item["input"]) and not FORCE.search(item["input"]):
            yield benign(item["input"], "humanebench")
    for item in json_file(root / "cyberseceval" / "mitre_frr.json"):
        yield benign(item["mutated_prompt"], "cyberseceval_frr", HARD)


def comments(root: Path) -> Iterator[Row]:
    """GoEmotions: everyday comments; angry ones and those with risky words stay out."""
    for part in ("train", "dev", "test"):
        for fields in tabbed(root / "goemotions" / f"{part}.tsv"):
            text, emotions = fields[0], set(fields[1].split(","))
            if emotions & _ANGER or INSULT.search(text) or SEX.search(text) or RISK.search(text):
                continue
            if FORCE.search(text):
                yield known(text, "goemotions", set(), clear_of(text, {"prompt_injection"}))
            else:
                yield benign(text.replace("[NAME]", "Sam"), "goemotions", PLAIN)


def stories(root: Path) -> Iterator[Row]:
    """Sentences of fairy tales: death and fighting that harm nobody."""
    for part in ("train", "val", "test"):
        path = root / "fairytaleqa" / f"sentence_level_{part}.csv"
        for item in table(path):
            if not RISK.search(item["text"]) and not SEX.search(item["text"]):
                forceful = bool(FORCE.search(item["text"]))
                kind = HARD if forceful else PLAIN
                yield benign(item["text"], "fairytaleqa", kind, stem=item["document_id"])


def idioms(root: Path) -> Iterator[Row]:
    """Sentences with figurative phrases."""
    for name in ("fig_context_magpie_e", "manual_e", "fig_context_pie_e"):
        for fields in tabbed(root / "impli_idioms" / f"idioms__{name}.tsv"):
            text = fields[0].strip()
            if len(text) > 20 and not RISK.search(text) and not SEX.search(text):
                yield benign(text, "impli_idioms", HARD if FORCE.search(text) else PLAIN)


def health(root: Path) -> Iterator[Row]:
    """Questions and answers of public health sites, overdose and suicide among them."""
    for item in json_lines(root / "medquad_subset" / "medquad_subset.jsonl"):
        kind = HARD if item["mentions_selfharm"] else CHAT
        yield benign(item["question"].strip(), "medquad_subset", kind, stem=item["qtype"])
        if item["answer"] and item["mentions_selfharm"]:
            yield benign(item["answer"][:600], "medquad_subset", HARD, stem=item["focus"])


def documents(root: Path) -> Iterator[Row]:
    """E-mails and tables that a model is asked to read."""
    for name in ("email__train", "email__test", "table__train"):
        for item in json_lines(root / "bipia" / f"{name}.jsonl"):
            text = f"{item['context'][:500]}\n{item['question']}"
            if not OVERRIDE.search(text):
                yield benign(text, "bipia", stem=item["context"][:40])
