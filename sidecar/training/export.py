"""A trained guard to int8 ONNX. Knows no data."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.preprocess import quant_pre_process

from training.encoder import Calibrated, Guard

_OPSET = 17


def to_onnx(
    guard: Guard, slope: NDArray[np.float64], offset: NDArray[np.float64], path: Path
) -> None:
    """Write the calibrated model in 32-bit floats."""
    model = Calibrated(
        guard.eval(),
        torch.tensor(slope, dtype=torch.float32),
        torch.tensor(offset, dtype=torch.float32),
    ).eval()
    ids = torch.tensor([[101, 7592, 2088, 102], [101, 7592, 102, 0]], dtype=torch.int64)
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]], dtype=torch.int64)
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        model,
        (ids, mask),
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=["probabilities"],
        dynamic_axes={"input_ids": axes, "attention_mask": axes, "probabilities": {0: "batch"}},
        opset_version=_OPSET,
        dynamo=False,
    )


def to_int8(source: Path, target: Path) -> None:
    """Dynamic quantisation: weights in 8 bits per channel, activations when running."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_dynamic(
            str(prepared),
            str(target),
            op_types_to_quantize=["MatMul", "Gather"],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
