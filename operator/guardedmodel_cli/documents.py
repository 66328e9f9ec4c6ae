"""Reading files that a user gives: YAML in, resources out, with errors that say what to change."""

from pathlib import Path
from typing import Any

import yaml

from guardedmodel_api import names
from guardedmodel_api.errors import ResourceError
from guardedmodel_api.offline_rules import check_offline
from guardedmodel_api.v1alpha1 import GuardedModel, parse_guarded_model

MAX_BYTES = 4 * 1024 * 1024


class DocumentError(Exception):
    """A file that can't be used; the message names file, place and remedy."""


def read_documents(path: Path) -> list[Any]:
    """All YAML documents of `path` (- is standard input), empty ones left out."""
    try:
        text = (
            Path("/dev/stdin").read_text("utf-8") if str(path) == "-" else path.read_text("utf-8")
        )
    except FileNotFoundError as error:
        raise DocumentError(f"{path}: no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{path}: can't be read: {error}") from error
    if len(text) > MAX_BYTES:
        raise DocumentError(f"{path}: {len(text)} characters are more than {MAX_BYTES}")
    try:
        return [item for item in yaml.safe_load_all(text) if item is not None]
    except yaml.YAMLError as error:
        raise DocumentError(f"{path}: not YAML: {error}") from error


def read_guarded_model(path: Path, name: str | None = None) -> GuardedModel:
    """The GuardedModel in `path`; `name` chooses if there are several."""
    found = [
        item
        for item in read_documents(path)
        if isinstance(item, dict) and item.get("kind") == names.KIND
    ]
    if name is not None:
        found = [item for item in found if (item.get("metadata") or {}).get("name") == name]
    if len(found) != 1:
        which = f" of name {name}" if name else ""
        raise DocumentError(
            f"{path}: {len(found)} documents of kind {names.KIND}{which}, 1 is needed"
        )
    try:
        model = parse_guarded_model(found[0])
        check_offline(model)
    except ResourceError as error:
        lines = "\n".join(f"  {problem}" for problem in error.problems)
        raise DocumentError(f"{path}: this GuardedModel would be refused:\n{lines}") from error
    return model
