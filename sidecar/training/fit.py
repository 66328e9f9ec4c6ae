"""Fine-tuning with masked cross-entropy on one processor thread. Knows no data set."""

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from training.encoder import Guard
from training.frozen import truncated
from training.labels import Row
from training.windows import padded


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a run; the defaults are the ones that ship."""

    seed: int
    epochs: float = 1.0
    batch: int = 32
    rate: float = 1e-4
    head_rate: float = 1e-3
    longest: int = 96
    warm: float = 0.06


def tune(
    guard: Guard, tokenizer: Tokenizer, rows: Sequence[Row], plan: Plan, say: Callable[[str], None]
) -> None:
    """Train `guard` in place: word embeddings frozen, 16-bit arithmetic, linear decay."""
    guard.words.weight.requires_grad_(requires_grad=False)
    ids = truncated(tokenizer, [row.text for row in rows], plan.longest)
    target = torch.tensor([row.targets() for row in rows])
    weight = torch.tensor([row.mask() for row in rows])
    order = list(_order([len(item) for item in ids], plan))
    optimiser = _optimiser(guard, plan)
    guard.train()
    began, losses = time.monotonic(), []
    for step, chosen in enumerate(order):
        _set_rate(optimiser, step / len(order), plan.warm)
        batch = padded([ids[index] for index in chosen])
        loss = _loss(guard, batch, target[chosen], weight[chosen])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(guard.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        if step % 50 == 0:
            mean = float(np.mean(losses[-50:]))
            say(f"step {step}/{len(order)} loss {mean:.4f} {time.monotonic() - began:.0f} s")
    guard.eval()


def _loss(
    guard: Guard, batch: tuple[np.ndarray, np.ndarray], target: Tensor, weight: Tensor
) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = guard(torch.from_numpy(batch[0]), torch.from_numpy(batch[1]))
    each = functional.binary_cross_entropy_with_logits(logits.float(), target, reduction="none")
    # Positives are rare under every label; without the factor the heads stay shy.
    return (each * weight * (1.0 + 2.0 * target)).sum() / weight.sum().clamp(min=1.0)


def _order(lengths: Sequence[int], plan: Plan) -> Iterator[list[int]]:
    """Batches of similar length, shuffled: padding costs time."""
    draw = random.Random(plan.seed)
    count = round(len(lengths) * plan.epochs)
    indices: list[int] = []
    while len(indices) < count:
        once = list(range(len(lengths)))
        draw.shuffle(once)
        indices += once
    indices = indices[:count]
    pools = []
    for start in range(0, count, plan.batch * 40):
        pool = sorted(indices[start : start + plan.batch * 40], key=lambda index: lengths[index])
        parts = [pool[at : at + plan.batch] for at in range(0, len(pool), plan.batch)]
        draw.shuffle(parts)
        pools += parts
    yield from pools


def _optimiser(guard: Guard, plan: Plan) -> torch.optim.AdamW:
    body = [p for n, p in guard.named_parameters() if p.requires_grad and "head" not in n]
    groups = [
        {"params": body, "lr": plan.rate, "peak": plan.rate},
        {"params": guard.head.parameters(), "lr": plan.head_rate, "peak": plan.head_rate},
    ]
    return torch.optim.AdamW(groups, weight_decay=0.01)


def _set_rate(optimiser: torch.optim.AdamW, done: float, warm: float) -> None:
    share = done / warm if done < warm else (1 - done) / (1 - warm)
    share = max(share, 0.02)
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * math.fsum([share])
