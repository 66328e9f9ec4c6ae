"""The model card of an artefact, from its manifest: what it is, does badly, and is made of. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

_HEAD = """---
license: apache-2.0
language: en
library_name: onnxruntime
pipeline_tag: text-classification
base_model: sentence-transformers/all-MiniLM-L6-v2
tags: [safety, moderation, multi-label]
---
# {name} {version}

A small multi-label classifier that reads what a person writes to a language model, and what the
model answers, and gives eight probabilities: {labels}. MiniLM-L6 with one head a label, in 8-bit
ONNX; {method}. Eating disorders count as self_harm.

## Use
Meant for the guard sidecar, which cuts long texts into windows of {window} tokens (stride
{stride}), takes the highest probability and compares it with the threshold of the label and
direction below. The thresholds, not 0.5, are what the figures stand for. It supports decisions by
a guard. It is no diagnosis, no assessment of risk for a person, and no substitute for people.

## Limits
- **English only.** Text in other languages gets numbers that mean nothing; whoever serves it must
  find out the language, or treat such text as unjudged.
- Indirect self-harm ("I won't need it after Friday") is missed more often than explicit words,
  and very short texts more often than sentences.
- Words about a group together with negative words can read as hate though the text argues against
  hate, quotes it or reclaims a slur.
- Scams and illicit requests in polite words pass; insults inside jokes are flagged.
- Letters replaced by look-alikes, encodings and spaces inside words blind it: normalise first.
- Injections hidden in long documents, and attacks in new wording, are missed.
- sexual_minors was trained on few examples, all of them requests that name abuse; it must not be
  relied on alone.
- The validation figures come from the same collections as the training data and flatter it; the
  public sets in the project's docs/detection.md are the harder measure.
"""


def card(manifest: Mapping[str, Any], licences: Sequence[tuple[str, str, bool]]) -> str:
    """The card as Markdown with Hugging Face front matter."""
    text = _HEAD.format(
        name=manifest["name"],
        version=manifest["version"],
        labels=", ".join(manifest["labels"]),
        method=manifest["training"]["method"],
        window=manifest["windowTokens"],
        stride=manifest["strideTokens"],
    )
    return text + _thresholds(manifest) + _alarms(manifest) + _data(manifest, licences)


def _thresholds(manifest: Mapping[str, Any]) -> str:
    lines = [
        "\n## Thresholds and validation figures\n",
        "| label | threshold in | threshold out | positives | average precision | recall |",
        "|---|---|---|---|---|---|",
    ]
    for label in manifest["labels"]:
        pair, figures = manifest["thresholds"][label], manifest["metrics"]["labels"][label]
        lines.append(
            f"| {label} | {pair['input']} | {pair['output']} | {figures['positives']} "
            f"| {figures['averagePrecision']} | {figures['recall']} |"
        )
    loss = manifest["metrics"]["int8Loss"]
    worst = max(loss, key=lambda label: float(loss[label]))
    lines.append(
        f"\nQuantisation: the largest loss of average precision against 32-bit floats is "
        f"{loss[worst]} ({worst})."
    )
    return "\n".join(lines) + "\n"


def _alarms(manifest: Mapping[str, Any]) -> str:
    lines = [
        "\n## False alarms on validation texts that should pass\n",
        "| group | texts | any label | self_harm |",
        "|---|---|---|---|",
    ]
    for kind, figures in manifest["metrics"]["falseAlarms"].items():
        lines.append(f"| {kind} | {figures['texts']} | {figures['any']} | {figures['self_harm']} |")
    return "\n".join(lines) + "\n"


def _data(manifest: Mapping[str, Any], licences: Sequence[tuple[str, str, bool]]) -> str:
    used = manifest["training"]["rows"]["train"]["sources"]
    lines = [
        "\n## Training data\n",
        f"Seed {manifest['training']['seed']}, data digest `{manifest['training']['dataDigest']}`.",
        "Texts that share eight words in a row with a public evaluation set were removed.\n",
        "| source | rows in training | licence |",
        "|---|---|---|",
    ]
    for source, licence, from_memory in licences:
        note = " (from memory; to be checked at the source before a release)" if from_memory else ""
        lines.append(f"| {source} | {used.get(source, 0)} | {licence}{note} |")
    lines.append("\nNo synthetic text has sexual content with minors.")
    return "\n".join(lines) + "\n"
