"""Reading the files of a data folder: comma- and tab-separated, JSON, JSON lines."""

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def table(path: Path, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """Rows of a table with a header."""
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def json_file(path: Path) -> Any:
    """The value in a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def json_lines(path: Path) -> Iterator[Any]:
    """The values of a JSON-lines file."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def tabbed(path: Path) -> Iterator[list[str]]:
    """Fields of a tab-separated file without header or quoting."""
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")
