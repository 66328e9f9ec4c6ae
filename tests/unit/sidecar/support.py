"""A small real classifier, a policy and a running sidecar for the tests.

The classifier is an ONNX graph that looks words up in a table: one word a category, so that a test
says which category a text has. Tokenizer, runtime, windows and thresholds are the real ones.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from guardedmodel_api.compiled_policy import (
    CompiledCategory,
    CompiledCrisis,
    CompiledDisclosure,
    CompiledPolicy,
    CompiledRule,
    CrisisResourceText,
    CrisisText,
    LocalizedText,
    PolicyModel,
    PolicyTarget,
    PolicyUpstream,
)
from guardedmodel_api.v1alpha1.guards import Action, Category, Enforcement, FailurePolicy
from guardedmodel_api.v1alpha1.serving import Protocol
from guardedmodel_sidecar.lifecycle import Started, serve
from guardedmodel_sidecar.settings import Address, Settings
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

LABELS = list(Category)
WORDS = {
    "hopeless": Category.SELF_HARM,
    "lewd": Category.SEXUAL,
    "grooming": Category.SEXUAL_MINORS,
    "stab": Category.VIOLENCE,
    "vermin": Category.HATE,
    "idiot": Category.HARASSMENT,
    "napalm": Category.ILLICIT,
    "jailbreak": Category.PROMPT_INJECTION,
}
HELPLINE = "- 988 Suicide & Crisis Lifeline: Call or text 988 (24/7)"
HELPLINE_ES = "- Línea 024: Llama al 024"
REFUSAL = "I can't help with that."
NOTICE = "You are talking to an AI, not a person."
UNUSED = Path("/nonexistent/policy.json")
LOOPBACK = Address("127.0.0.1", 0)


def write_classifier(folder: Path, **manifest_changes: Any) -> Path:
    """The files of a small classifier; its manifest can be changed to be wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.full((len(vocabulary), len(LABELS)), -6.0, dtype=np.float32)
    for word, category in WORDS.items():
        table[vocabulary[word], LABELS.index(category)] = 4.0
    onnx.save(_graph(table), str(folder / "model.onnx"))
    cases = [
        {"text": f"so {word} today", "expect": {label: label == category for label in LABELS}}
        for word, category in WORDS.items()
    ]
    cases.append({"text": "a quiet day", "expect": dict.fromkeys(LABELS, False)})
    (folder / "golden.jsonl").write_text("\n".join(map(json.dumps, cases)) + "\n")
    write_manifest(folder, **manifest_changes)
    return folder


def write_manifest(folder: Path, **changes: Any) -> None:
    """A manifest that fits the files, but for `changes`."""
    names = ("model.onnx", "tokenizer.json", "golden.jsonl")
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    manifest = {
        "labels": LABELS,
        "maxTokens": 128,
        "windowTokens": 126,
        "strideTokens": 96,
        "thresholds": {label: {"input": 0.5, "output": 0.5} for label in LABELS},
        "files": {name: f"sha256:{digest}" for name, digest in digests.items()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))


def _graph(table: np.ndarray) -> onnx.ModelProto:
    constants = {
        "table": table,
        "one": np.array(1, dtype=np.float32),
        "minus": np.array(-20, dtype=np.float32),
        "last": np.array([2], dtype=np.int64),
        "tokens": np.array([1], dtype=np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["looked_up"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["one", "mask"], ["hidden"]),
        helper.make_node("Unsqueeze", ["hidden", "last"], ["hidden_wide"]),
        helper.make_node("Mul", ["hidden_wide", "minus"], ["penalty"]),
        helper.make_node("Add", ["looked_up", "penalty"], ["logits"]),
        helper.make_node("ReduceMax", ["logits", "tokens"], ["strongest"], keepdims=0),
        helper.make_node("Sigmoid", ["strongest"], ["probabilities"]),
    ]
    shape = ["batch", "length"]
    graph = helper.make_graph(
        nodes,
        "words",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, shape),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, shape),
        ],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(LABELS)])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def category(
    name: Category, on_input: Action = Action.BLOCK, on_output: Action = Action.BLOCK
) -> CompiledCategory:
    """One category at the classifier's own thresholds."""
    return CompiledCategory(
        name=name,
        input=CompiledRule(action=on_input),
        output=CompiledRule(action=on_output),
        controls=(f"core/{name.value}@1",),
    )


def default_categories() -> tuple[CompiledCategory, ...]:
    """Crisis for self-harm, Block for the rest."""
    return tuple(
        category(label, Action.CRISIS, Action.CRISIS)
        if label == Category.SELF_HARM
        else category(label)
        for label in LABELS
    )


def policy(**changes: Any) -> CompiledPolicy:
    """A policy with everything on, but for `changes`."""
    base = CompiledPolicy(
        target=PolicyTarget(namespace="shop", name="assistant"),
        model=PolicyModel(
            name="tiny", digest="sha256:" + "0" * 64, responsible_party="Shop", contact="a@b.c"
        ),
        upstream=PolicyUpstream(protocol=Protocol.OPENAI, port=8000),
        enforcement=Enforcement.ENFORCE,
        failure_policy=FailurePolicy.CLOSED,
        categories=default_categories(),
        refusal_message=REFUSAL,
        crisis=CompiledCrisis(
            default_locale="en-US",
            locales=(
                CrisisText(
                    locale="en-US",
                    message="You are not alone.",
                    resources=(
                        CrisisResourceText(
                            name="988 Suicide & Crisis Lifeline",
                            type="crisis-line",
                            contact="Call or text 988",
                            hours="24/7",
                        ),
                    ),
                ),
                CrisisText(
                    locale="es-ES",
                    message="No estás solo.",
                    resources=(
                        CrisisResourceText(
                            name="Línea 024", type="crisis-line", contact="Llama al 024"
                        ),
                    ),
                ),
            ),
        ),
        disclosure=CompiledDisclosure(
            start_notice=False, texts=(LocalizedText(locale="en-US", text=NOTICE),)
        ),
        card={"intendedUse": "tests"},
    )
    return base.model_copy(update=changes)


def with_notice() -> CompiledDisclosure:
    """The start notice, on."""
    return CompiledDisclosure(
        start_notice=True, texts=(LocalizedText(locale="en-US", text=NOTICE),)
    )


def settings(classifier: Path, upstream: str, **changes: Any) -> Settings:
    """Settings of a sidecar on free loopback ports."""
    base = Settings(
        policy_file=UNUSED,
        upstream=upstream,
        listen=LOOPBACK,
        admin_listen=LOOPBACK,
        records_to_stdout=False,
        classifier_dir=classifier,
    )
    return replace(base, **changes)


@asynccontextmanager
async def running(
    given: Settings, compiled: CompiledPolicy | None = None, *, ready: bool = True
) -> AsyncIterator[Started]:
    """A sidecar in this event loop until the block is left."""
    stop = asyncio.Event()
    opened: asyncio.Future[Started] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(given, policy=compiled, stop=stop, on_started=opened.set_result))
        try:
            started = await opened
            if ready:
                async with asyncio.timeout(30):
                    while started.guard.why_not_ready():
                        await asyncio.sleep(0.01)
            yield started
        finally:
            stop.set()
