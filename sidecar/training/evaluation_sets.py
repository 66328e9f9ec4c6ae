"""The texts of the public evaluation sets: read to keep training data away from them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.sources.files import json_file, table


def texts(root: Path) -> Iterator[str]:
    """Every text in every evaluation set under `root`."""
    for item in json_file(root / "simple_safety_tests" / "simplesafetytests.json"):
        yield item["text"]
    for item in table(root / "xstest" / "xstest_prompts.csv"):
        yield item["prompt"]
    for item in table(root / "hatecheck" / "all_cases.csv"):
        yield item["test_case"]
    for path in sorted((root / "piguard_notinject").glob("*.json")):
        yield from _strings(json_file(path))


def _strings(value: Any) -> Iterator[str]:
    """Texts in NotInject's files: lists of objects with a prompt, or lists by kind."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        if isinstance(value.get("prompt"), str):
            yield value["prompt"]
        else:
            for item in value.values():
                yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
