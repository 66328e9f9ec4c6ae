"""Injection on paper: workload documents in, guarded documents, diff and reasons out. Pure."""

import difflib
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml

from guardedmodel_api.v1alpha1 import GuardedModel
from guardedmodel_operator.injection import SidecarDefaults, guard_config, inject
from guardedmodel_operator.injection.report import sentences

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet"})


@dataclass(frozen=True)
class Paper:
    """What would be sent to a cluster."""

    text: str
    diff: str
    reasons: tuple[str, ...]
    refused: bool


def inject_documents(documents: list[Any], model: GuardedModel, image: str) -> Paper:
    """`documents` with the guard of `model` in every workload; the rest stays as it is."""
    config = guard_config(model, SidecarDefaults(image=image))
    after, reasons, refused, workloads = [], list[str](), False, 0
    for document in documents:
        template = _template_of(document)
        if template is None:
            after.append(document)
            continue
        workloads += 1
        result = inject(template, config)
        name = f"{document['kind']} {document.get('metadata', {}).get('name', '')}"
        reasons += [f"{name}: {line}" for line in sentences(result)]
        refused = refused or result.refused
        after.append(_with_template(document, result.template))
    if not workloads:
        reasons.append(f"no workload found: expected Pod or one of {', '.join(sorted(WORKLOADS))}")
        refused = True
    before_text, after_text = _yaml(documents), _yaml(after)
    lines = difflib.unified_diff(
        before_text.splitlines(keepends=True),
        after_text.splitlines(keepends=True),
        "before",
        "after",
    )
    return Paper(after_text, "".join(lines), tuple(reasons), refused)


def _template_of(document: Any) -> dict[str, Any] | None:
    if not isinstance(document, dict):
        return None
    if document.get("kind") == "Pod":
        return {key: document[key] for key in ("metadata", "spec") if key in document}
    if document.get("kind") in WORKLOADS:
        template: dict[str, Any] | None = (document.get("spec") or {}).get("template")
        return template
    return None


def _with_template(document: dict[str, Any], template: dict[str, Any]) -> dict[str, Any]:
    result = deepcopy(document)
    if document["kind"] == "Pod":
        return {**result, **template}
    result["spec"]["template"] = template
    return result


def _yaml(documents: list[Any]) -> str:
    return yaml.safe_dump_all(documents, sort_keys=False, width=100)
