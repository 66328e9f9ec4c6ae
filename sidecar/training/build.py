"""From the data folder to the artefact: `python -m training.build --data ../shared/data`.

Run in `sidecar/` with `crds` on the path. `--heads-only` fits regression heads on
the frozen encoder: minutes instead of half an hour.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from training import artefact, calibrate, catalogue, fit, frozen, golden, measure
from training.encoder import Guard, base_model, base_tokenizer
from training.export import to_int8, to_onnx
from training.golden_cases import candidates
from training.labels import LABELS, Row
from training.pool import Pool, prepare
from training.score import Scorer
from training.split import number

_TARGET = Path(__file__).parents[1] / "guardedmodel_sidecar" / "artefacts" / artefact.NAME


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    data: Path
    target: Path
    work: Path
    seed: int
    heads_only: bool
    rows: int
    checkpoint: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the artefact; 1 when the golden set refuses it."""
    options = _options(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    pool = prepare(options.data)
    (options.work / "counts.json").write_text(json.dumps(pool.counts, indent=1), encoding="utf-8")
    _say(f"{len(pool.train)} rows to train on, {len(pool.validation)} to validate")
    tokenizer = base_tokenizer()
    guard = _trained(options, pool, tokenizer)
    torch.save(guard.state_dict(), options.work / "guard.pt")
    return _shipped(options, pool, guard, tokenizer)


def _options(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m training.build", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with train, public_eval")
    parser.add_argument("--target", type=Path, default=_TARGET, help="folder of the artefact")
    parser.add_argument("--work", type=Path, default=Path("build/training"), help="scratch folder")
    parser.add_argument("--seed", type=int, default=20261101)
    parser.add_argument("--rows", type=int, default=0, help="train on at most so many; 0: all")
    parser.add_argument("--heads-only", action="store_true", help="keep the encoder frozen")
    parser.add_argument("--checkpoint", type=Path, help="skip training and ship this")
    return Options(**vars(parser.parse_args(arguments)))


def _trained(options: Options, pool: Pool, tokenizer: Tokenizer) -> Guard:
    guard = base_model()
    rows = _drawn(pool.train, options.rows)
    if options.checkpoint is not None:
        guard.load_state_dict(torch.load(options.checkpoint, weights_only=True))
    elif options.heads_only:
        _say(f"fitting heads on {len(rows)} rows")
        states = frozen.pooled(guard, tokenizer, [row.text for row in rows])
        frozen.fit_heads(guard, states, rows, options.seed)
    else:
        fit.tune(guard, tokenizer, rows, fit.Plan(seed=options.seed), _say)
    return guard


def _drawn(rows: list[Row], most: int) -> list[Row]:
    """At most `most` rows: all positives but of the two large labels, then by hash."""
    if not most or len(rows) <= most:
        return rows
    rare = [row for row in rows if row.positive - {"hate", "harassment"}]
    rest = sorted(
        (row for row in rows if not row.positive - {"hate", "harassment"}),
        key=lambda row: number(row.text),
    )
    return (rare + rest)[:most]


def _shipped(options: Options, pool: Pool, guard: Guard, tokenizer: Tokenizer) -> int:
    rows, target = pool.validation, options.target
    target.mkdir(parents=True, exist_ok=True)
    texts = [row.text for row in rows]
    plain, full = options.work / "plain.onnx", options.work / "full.onnx"
    to_onnx(guard, np.ones(len(LABELS)), np.zeros(len(LABELS)), plain)
    raw = np.clip(Scorer(plain, tokenizer).scores(texts), 1e-7, 1 - 1e-7)
    logits = np.log(raw / (1 - raw))
    known = np.array([row.mask() for row in rows])
    slope, offset = calibrate.platt(logits, np.array([row.targets() for row in rows]), known)
    to_onnx(guard, slope, offset, full)
    to_int8(full, target / "model.onnx")
    _say("scoring the validation part in 8 bits")
    scorer = Scorer(target / "model.onnx", tokenizer, batch=1)
    scores = scorer.scores(texts)
    limits = calibrate.thresholds(rows, scores)
    metrics = _metrics(rows, scores, 1 / (1 + np.exp(-(logits * slope + offset))), limits)
    (options.work / "metrics.json").write_text(json.dumps(metrics, indent=1), encoding="utf-8")
    _say(json.dumps({"thresholds": limits, **metrics}, indent=1))
    tokenizer.save(str(target / "tokenizer.json"))
    cases = candidates()
    case_scores = scorer.scores([case.text for case in cases])
    for case, row in zip(cases, case_scores, strict=True):
        if not golden.holds(case, row, limits):
            _say(f"golden candidate does not hold: {case.text!r} {np.round(row, 3).tolist()}")
    try:
        kept = golden.chosen(cases, case_scores, limits)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    (target / "golden.jsonl").write_text(golden.as_lines(kept), encoding="utf-8")
    metrics["golden"] = {"candidates": len(cases), "kept": len(kept)}
    _say(artefact.write(target, artefact.Facts(limits, _training(options, pool), metrics), _licences()))
    return 0


def _metrics(
    rows: list[Row], scores: calibrate.Floats, full: calibrate.Floats, limits: dict[str, dict[str, float]]
) -> dict[str, object]:
    labels = measure.per_label(rows, scores, limits)
    exact = measure.per_label(rows, full, limits)
    loss = {
        label: measure.rounded(
            float(exact[label]["averagePrecision"]) - float(labels[label]["averagePrecision"])
        )
        for label in LABELS
    }
    alarms = measure.false_alarms(rows, scores, limits)
    return {"labels": labels, "int8Loss": loss, "falseAlarms": alarms}


def _training(options: Options, pool: Pool) -> dict[str, object]:
    method = (
        "regression heads on the frozen encoder"
        if options.heads_only
        else "fine-tuned end to end but for the word embeddings"
    )
    return {
        "seed": options.seed,
        "method": method,
        "dataDigest": pool.digest,
        "rows": pool.counts,
        "torch": torch.__version__,
    }


def _licences() -> list[tuple[str, str, bool]]:
    return [(name, item.name, item.from_memory) for name, item in catalogue.LICENCES.items()]


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
