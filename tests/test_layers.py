"""Single layers against counts of PyTorch: parameters, output shape and multiply-adds of `data/layers.json`, exactly.

The file was made with PyTorch 2.14.1: multiply-adds are half of what its FlopCounterMode says. PyTorch puts channels
first, the language puts them last; its recurrent layers keep two biases for each gate, ours one, so parameters with
biases are compared after taking the second one away. Kinds that the library lacks or has in another form are left out:
transposed convolutions with groups or dilation, cells, stacks and whole transformers (which a model composes), three
dimensions with padding, and activations, norms and pools that are not in the library yet.
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

import pytest
from archderive.errors import Source
from archderive.quantities import Measures
from archderive.session import open_source

ROWS = json.loads((Path(__file__).parent / "data" / "layers.json").read_text(encoding="utf-8"))["layers"]


def pair(value: Any, axes: int) -> str:
    values = value if isinstance(value, list) else [value] * axes
    return str(values[0]) if axes == 1 else f"({', '.join(map(str, values))})"


DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True}


def convolution(row: dict[str, Any], axes: int) -> str:
    k = {**DEFAULTS, **row["kwargs"]}
    options = [f"kernel = {pair(k['kernel_size'], axes)}", f"stride = {pair(k['stride'], axes)}"]
    padding = {"same": '"same"', "valid": "0"}.get(k["padding"]) if isinstance(k["padding"], str) else None
    options += [f"padding = {padding or pair(k['padding'], axes)}", f"dilation = {pair(k['dilation'], axes)}"]
    bias = "true" if k["bias"] else "false"
    return f"conv{axes}d({k['out_channels']}, {', '.join(options)}, groups = {k['groups']}, bias = {bias})"


def layer(row: dict[str, Any]) -> str | None:
    """The row in the language, or None where the library has no such layer."""
    k = row["kwargs"]
    match row["layer"]:
        case "Linear":
            return f"linear({k['out_features']}, bias = {'true' if k.get('bias', True) else 'false'})"
        case "Conv1d":
            return convolution(row, 1)
        case "Conv2d":
            return convolution(row, 2)
        case "Embedding":
            return f"embedding({k['num_embeddings']}, {k['embedding_dim']})"
        case "LayerNorm" if k.get("elementwise_affine", True) and not isinstance(k["normalized_shape"], list):
            return "layernorm"
        case "RMSNorm" if k.get("elementwise_affine", True):
            return "rmsnorm"
        case "BatchNorm2d":
            return "batchnorm"
        case "GroupNorm" if k.get("affine", True):
            return f"groupnorm({k['num_groups']})"
        case "MultiheadAttention" if set(k) <= {"embed_dim", "num_heads", "batch_first", "bias"}:
            bias = "true" if k.get("bias", True) else "false"
            keys = "y, " if len(row["inputs"]) > 1 else ""
            return f"attention({keys}heads = {k['num_heads']}, bias = {bias})"
        case "LSTM" | "GRU" | "RNN" if (
            k.get("num_layers", 1) == 1 and not k.get("bidirectional") and not k.get("proj_size")
        ):
            name = {"LSTM": "lstm", "GRU": "gru", "RNN": "elman"}[row["layer"]]
            return f"{name}({k['hidden_size']})"
        case "ReLU6" | "GELU" | "SiLU" | "Softplus" | "Softmax":
            return row["layer"].lower()
        case "LeakyReLU":
            return "leaky_relu"
        case _:
            return None


CHANNELS_FIRST = {"Conv1d", "Conv2d", "BatchNorm2d", "GroupNorm"}
EXPRESSED = [(n, row) for n, row in enumerate(ROWS) if layer(row) is not None]


def last(shape: list[int], row: dict[str, Any]) -> list[int]:
    """PyTorch's shape with the channels behind the positions."""
    return [shape[0], *shape[2:], shape[1]] if row["layer"] in CHANNELS_FIRST else shape


@pytest.mark.parametrize(("number", "row"), EXPRESSED, ids=[f"{n}-{row['layer']}" for n, row in EXPRESSED])
def test_as_pytorch_counts(number: int, row: dict[str, Any]) -> None:
    axes = ", ".join(map(str, last(row["inputs"][0], row)))
    keys = f", y[{', '.join(map(str, row['inputs'][1]))}]" if row["layer"] == "MultiheadAttention" else ""
    text = f"model f(x[{axes}]{keys}):\n    return x -> {layer(row)}\n"
    (program,) = open_source(Source("<row>", text)).programs
    measures = Measures(program)
    (output,) = program.instance.outputs
    assert [axis.size.integer() for axis in output.axes] == last(row["output"], row)
    assert measures.macs.expr is not None and measures.macs.expr.integer() == row["macs"]
    params = row["params"]
    if row["layer"] in ("LSTM", "GRU", "RNN"):
        gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[row["layer"]] * row["kwargs"]["hidden_size"]
        # one bias for each gate of ours, two or none of theirs
        params += -gates if row["kwargs"].get("bias", True) else gates
    assert measures.params.expr is not None and measures.params.expr.integer() == params


def test_enough_rows_are_expressed() -> None:
    assert len(EXPRESSED) == 39
    assert all(prod(row["output"]) > 0 for _, row in EXPRESSED)
