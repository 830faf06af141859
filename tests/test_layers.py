"""Single layers against counts of PyTorch: parameters, output shape and multiply-adds of `data/layers.json`, exactly.

The file was made with PyTorch 2.14.1: multiply-adds are half of what its FlopCounterMode says, which counts matrix
products and convolutions and nothing else (0 for norms, pools and activations, as here). A row is one layer of the
library, or a small model of several where PyTorch's layer is a stack or has an option of its own. PyTorch puts
channels first, the language puts them last; a recurrent cell is a sequence of one step. What the library lacks is
listed with the reason, and so is what PyTorch's counter leaves out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import pytest
from archderive.errors import Source
from archderive.quantities import Measures
from archderive.session import open_source

Row = dict[str, Any]

ROWS: list[Row] = json.loads((Path(__file__).parent / "data" / "layers.json").read_text(encoding="utf-8"))["layers"]

# Rows that the library cannot express, and why.
MISSING = {
    57: "BatchNorm1d(affine=False): the gain and the bias of `batchnorm` cannot be left out",
    67: "RMSNorm(elementwise_affine=False): the gain of `rmsnorm` cannot be left out",
}

# Rows whose layer has no option `bias` in the library: biases that it has and PyTorch's layer has not.
SURPLUS = {
    38: 6 * 2 * 3 * 3,  # GRU(bias=False): `gru_torch` has two biases of 3 gates of 3 units, in 3 layers of 2 directions
    39: 4 * 23,  # LSTM(bias=False): `lstm` has a bias of 4 gates of 23 units
}

# Rows of which PyTorch's counter leaves out the products, and how many multiply-adds they are.
UNCOUNTED = {
    5: 3 * (6 * 9 * 4 + 9 * 4),  # Bilinear, for 3 inputs: x W is 6·9·4, and its product with z 9·4
    88: 2 * 10 * 12 * 3 * 4,  # Upsample(mode="bilinear"): four neighbours of each pixel and channel
}

# What other tools bill for a row, where it is not what our convention of the tool says, and why.
TOOLS = {"fvcore": "fvcore", "ptflops-aten": "ptflops_aten", "thop": "thop", "calflops": "calflops"}
OTHERWISE = {
    "a padding that is given in words is not seen": {("fvcore", 20), ("fvcore", 21)},
    "groups and dilation together are not seen": {("calflops", 23)},
    "the library's LSTM and GRU always have biases": {("thop", 38), ("thop", 39), ("ptflops-aten", 38)},
    "the number of biases that are added with a product depends on the number of layers and the kind of cell": {
        *(("ptflops-aten", row) for row in (33, 36, 37, 44)),
    },
    "a cell by itself is a matrix product; the library's is a sequence of one step": {
        ("fvcore", 44), ("fvcore", 45), ("ptflops-aten", 45),
    },
    "written here as a model, since the library's LSTM has one layer and no projection": {
        (tool, row) for tool in ("thop", "ptflops-aten") for row in (42, 43)
    },
    "nn.MultiheadAttention takes another way where it gives its weights": {
        *(("calflops", row) for row in (46, 47, 48)), ("ptflops-aten", 46),
    },
    "written here as a model, since the library's attention has no bias tokens": {("thop", 48), ("thop", 51)},
    "written here as a model, since the library's group norm always has its gain": {("thop", 64)},
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A row in the language: the lines of a model (one line is what it returns), and the layers before it."""

    body: str
    before: str = ""
    channels: str = "last"  # "first" where PyTorch has channels in front of the positions
    axes: tuple[int, ...] = ()  # PyTorch's axes in the order of the language, where that is another order


def written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"({', '.join(map(str, value))})" if len(value) > 1 else str(value[0])
        case _:
            return str(value)


def settings(**given: Any) -> str:
    return ", ".join(f"{name} = {written(value)}" for name, value in given.items())


# ---------------------------------------------------------------- convolutions and pools


def convolution(k: dict[str, Any], axes: int) -> Case:
    padding = {"same": '"same"', "valid": 0}.get(str(k.get("padding")), k.get("padding", 0))
    given = {"kernel": k["kernel_size"], "stride": k.get("stride", 1), "padding": padding}
    given |= {name: k[name] for name in ("dilation", "groups", "bias") if name in k}
    if k.get("padding_mode") != "reflect":
        return Case(f"x -> conv{axes}d({k['out_channels']}, {settings(**given)})", channels="first")
    # PyTorch's 15 x 17 pixels, and a frame of those beside the edge
    frame = "p[b, h < 17, w < 19, c] = x[b, 14 - abs(14 - abs(h - 1)), 16 - abs(16 - abs(w - 1)), c]\n"
    call = f"return p -> conv{axes}d({k['out_channels']}, {settings(**given | {'padding': 0})})"
    return Case(frame + call, channels="first")


def transposed(k: dict[str, Any], axes: int) -> Case:
    names = ("stride", "padding", "output_padding", "dilation", "groups", "bias")
    given = {"kernel": k["kernel_size"], "stride": 1} | {name: k[name] for name in names if name in k}
    return Case(f"x -> conv_transpose{axes}d({k['out_channels']}, {settings(**given)})", channels="first")


def pool(name: str, k: dict[str, Any]) -> Case:
    given = {"kernel": k["kernel_size"], "stride": k.get("stride", k["kernel_size"])}
    given |= {"padding": k.get("padding", 0)} if name != "lppool2d" else {"norm": k["norm_type"]}
    return Case(f"x -> {name}({settings(**given)})", channels="first")


# ---------------------------------------------------------------- norms


def normalised(row: Row, k: dict[str, Any]) -> Case | None:
    """A norm without gain and bias is an instance norm on axes of another name."""
    match row["layer"], k:
        case "LayerNorm", {"normalized_shape": [rows, columns]}:
            return Case(
                "y[b, n, (h, w)] = x[b, n, h, w]\n"
                "y = y -> layernorm\n"
                f"z[b, n, h < {rows}, w < {columns}] = y[b, n, (h, w)]\n"
                "return z"
            )
        case "LayerNorm", {"elementwise_affine": False}:
            return Case(
                "y[b, n, d, c < 1] = x[b, n, d]\n"
                "y = y -> instancenorm1d\n"
                "z[b, n, d] = y[b, n, d, 0]\n"
                "return z"
            )  # fmt: skip
        case "GroupNorm", {"affine": False, "num_groups": groups}:
            return Case(
                f"y[b, c, n, g < {groups}] = x[b, n, (g, c)]\n"
                "y = y -> instancenorm2d\n"
                "z[b, n, (g, c)] = y[b, c, n, g]\n"
                "return z",
                channels="first",
            )
        case "BatchNorm2d", {"track_running_stats": False}:  # the statistics of the inputs, all of them one image
            return Case(
                "y[(b, h), w, c] = x[b, h, w, c]\n"
                "y = y -> instancenorm2d(affine = true)\n"
                f"z[b < {row['inputs'][0][0]}, h, w, c] = y[(b, h), w, c]\n"
                "return z",
                channels="first",
            )
        case ("LayerNorm" | "RMSNorm") as kind, {"normalized_shape": int()} if len(k) == 1:
            return Case(f"x -> {kind.lower()}")
        case "BatchNorm2d", {"num_features": _} if len(k) == 1:
            return Case("x -> batchnorm", channels="first")
        case "GroupNorm", {"num_groups": groups, "num_channels": _} if len(k) == 2:
            return Case(f"x -> groupnorm({groups})", channels="first")
        case "InstanceNorm2d", _:
            return Case("x -> instancenorm2d", channels="first")
    return None


# ---------------------------------------------------------------- sequences

REVERSED = """layer reversed(x[..., T, I]):
    y[..., t < T, i] = x[..., T - 1 - t, i]
    return y

"""


def recurrent(row: Row, k: dict[str, Any]) -> Case:
    kind, units, layers = row["layer"], k["hidden_size"], k.get("num_layers", 1)
    biases = 2 if k.get("bias", True) else 0
    axes = () if k.get("batch_first") else (1, 0, 2)
    match kind:
        case "RNN":
            cell = "elman(biases = 2)" if biases else "elman(bias = false)"
        case "GRU":
            cell = "gru_torch"
        case _ if "proj_size" in k:
            cell = f"lstm_projection(P = {k['proj_size']}, biases = {biases})"
        case _:
            cell = "lstm(biases = 2)" if biases else "lstm"
    if not k.get("bidirectional"):
        if layers > 1:
            return Case(f"x -> stacked_rnn({units}, {layers}, {cell})", axes=axes)
        name, _, given = cell.partition("(")
        return Case(f"x -> {name}({units}, {given}" if given else f"x -> {cell}({units})", axes=axes)
    if kind == "GRU":
        turn = f"bidirectional_gru({units})"
    elif kind == "LSTM" and "proj_size" not in k:
        turn = f"bidirectional_lstm({units}, {biases})"
    elif kind == "RNN" and not biases:
        turn = f"bidirectional({units}, {cell})"
    else:  # the library has no such layer that runs backward: the sequence is turned round, twice
        both = "layer backward(x[..., T, I]; M):\n    return x -> reversed -> cell(M) -> reversed\n\n"
        both = both.replace("cell(M)", cell.replace("(", "(M, "))
        turn = f"bidirectional({units}, {cell}, backward)"
        return Case("x" + f" -> {turn}" * layers, before=REVERSED + both, axes=axes)
    return Case("x" + f" -> {turn}" * layers, axes=axes)


def attention(k: dict[str, Any]) -> Case:
    heads, width = k["num_heads"], k["embed_dim"]
    if not k.get("add_bias_kv"):
        return Case(f"attention(x, y, {settings(heads=heads, bias=k.get('bias', True))})")
    size = width // heads
    # a key and a value that are learned, and a key and a value of zeros
    body = f"""weight bk[{heads}, {size}], bv[{heads}, {size}]
q = x -> head_projection({heads}, {size})
k = y -> head_projection({heads}, {size})
v = y -> head_projection({heads}, {size})
key[b < 2, g, m < 1, a] = bk[g, a]
value[b < 2, g, m < 1, a] = bv[g, a]
zero[b < 2, g < {heads}, m < 1, a < {size}] = 0
K = concat(k, key, zero, axis = 2)
V = concat(v, value, zero, axis = 2)
Q[b, g, r < 1, n, a] = q[b, g, n, a]
c = attend(Q, K, V)
u[b, n, (g, a)] = c[b, g, 0, n, a]
return u -> linear({width})"""
    return Case(body, axes=(1, 0, 2))


def transformer(kind: str, k: dict[str, Any]) -> Case:
    given = {"heads": k["nhead"], "M": k["dim_feedforward"]}
    options = settings(**given, norm_first=k.get("norm_first", False))
    match kind:
        case "TransformerEncoderLayer" if k.get("bias", True):
            return Case(f"x -> encoder_layer({options})")
        case "TransformerEncoderLayer":
            return Case(
                f"x = x + (x -> layernorm(bias = false) -> attention(heads = {k['nhead']}, bias = false))\n"
                f"return x + (x -> layernorm(bias = false) -> mlp({k['dim_feedforward']}, gelu, bias = false))"
            )
        case "TransformerDecoderLayer":
            return Case(f"decoder_layer(x, y, {options}, causal = false)")
        case _:
            return Case(
                f"repeat {k['num_encoder_layers']}:\n"
                f"    x = x -> encoder_layer({options})\n"
                "x = x -> layernorm\n"
                f"repeat {k['num_decoder_layers']}:\n"
                f"    y = decoder_layer(y, x, {options}, causal = false)\n"
                "return y -> layernorm"
            )


# ---------------------------------------------------------------- rows

# Layers without options that matter here.
PLAIN = {
    "ReLU6": "relu6",
    "GELU": "gelu",
    "SiLU": "silu",
    "Tanh": "tanh",
    "Hardswish": "hardswish",
    "Hardsigmoid": "hardsigmoid",
    "LeakyReLU": "leaky_relu",
    "Softplus": "softplus",
    "Mish": "mish",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "Dropout": "dropout",
}


def case_of(row: Row) -> Case | None:
    """The row in the language, or None where the library has no such layer."""
    k, kind = row["kwargs"], row["layer"]
    match kind:
        case "Linear":
            return Case(f"x -> linear({k['out_features']}, bias = {written(k.get('bias', True))})")
        case "Bilinear":
            return Case(f"bilinear(x, y, {k['out_features']})")
        case "Conv1d" | "Conv2d" | "Conv3d":
            return convolution(k, int(kind[-2]))
        case "ConvTranspose1d" | "ConvTranspose2d" | "ConvTranspose3d":
            return transposed(k, int(kind[-2]))
        case "Embedding":
            return Case(f"x -> embedding({k['num_embeddings']}, {k['embedding_dim']})")
        case "EmbeddingBag":
            lookup = f"e = x -> embedding({k['num_embeddings']}, {k['embedding_dim']})\n"
            return Case(lookup + "y[b, d] = sum[n] e[b, n, d]\nreturn y")
        case "RNN" | "GRU" | "LSTM":
            return recurrent(row, k)
        case "RNNCell" | "LSTMCell":
            name = "elman" if kind == "RNNCell" else "lstm"
            step = "s[b, t < 1, i] = x[b, i]\n"
            return Case(f"{step}s = s -> {name}({k['hidden_size']}, biases = 2)\nh[b, j] = s[b, 0, j]\nreturn h")
        case "MultiheadAttention":
            return attention(k)
        case "TransformerEncoderLayer" | "TransformerDecoderLayer" | "Transformer":
            return transformer(kind, k)
        case "LayerNorm" | "RMSNorm" | "BatchNorm1d" | "BatchNorm2d" | "GroupNorm" | "InstanceNorm2d":
            return normalised(row, k)
        case "MaxPool2d" | "MaxPool3d" | "AvgPool2d" | "LPPool2d":
            return pool(kind.lower(), k)
        case "AdaptiveAvgPool2d" | "AdaptiveMaxPool2d":
            name = kind.lower().replace("adaptive", "adaptive_")
            return Case(f"x -> {name}({written(k['output_size'])})", channels="first")
        case "Upsample":
            name = "upsample2d" if k["mode"] == "nearest" else "upsample_bilinear2d"
            return Case(f"x -> {name}({k['scale_factor']})", channels="first")
        case "PixelShuffle":
            return Case(f"x -> pixel_shuffle({k['upscale_factor']})", channels="first")
        case "GLU":
            return Case("x -> glu_split", channels="first")
        case _:
            return Case(f"x -> {PLAIN[kind]}") if kind in PLAIN else None


EXPRESSED = [(n, row, case) for n, row in enumerate(ROWS) if (case := case_of(row)) is not None]


def turned(shape: list[int], case: Case) -> list[int]:
    """PyTorch's shape in the order of the language."""
    if case.channels == "first":
        return [shape[0], *shape[2:], shape[1]]
    return [shape[axis] for axis in case.axes] if case.axes else shape


def model(row: Row, case: Case) -> str:
    inputs = zip("xy", row["inputs"], strict=False)  # attention has keys and values of its own, which are the same
    signature = ", ".join(f"{name}[{', '.join(map(str, turned(shape, case)))}]" for name, shape in inputs)
    lines = case.body.split("\n") if "\n" in case.body else [f"return {case.body}"]
    return case.before + f"model f({signature}):\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(("number", "row", "case"), EXPRESSED, ids=[f"{n}-{row['layer']}" for n, row, _ in EXPRESSED])
def test_as_pytorch_counts(number: int, row: Row, case: Case) -> None:
    (program,) = open_source(Source("<row>", model(row, case))).programs
    measures = Measures(program)
    (output,) = program.instance.outputs
    assert [axis.size.integer() for axis in output.axes] == turned(row["output"], case)
    assert measures.params.expr is not None and measures.macs.expr is not None and measures.buffers.expr is not None
    assert measures.params.expr.integer() == row["params"] + SURPLUS.get(number, 0)
    assert measures.macs.expr.integer() == row["macs"] + UNCOUNTED.get(number, 0)
    # a batch norm of PyTorch also holds how many batches it has seen
    assert measures.buffers.expr.integer() == row["buffers"]


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(("number", "row", "case"), EXPRESSED, ids=[f"{n}-{row['layer']}" for n, row, _ in EXPRESSED])
def test_as_other_tools_bill(number: int, row: Row, case: Case, tool: str) -> None:
    """ptflops divides some of what it counts by the batch, and is compared on whole networks: see test_models.py."""
    if TOOLS[tool] not in row["tools"]:  # the tool stopped at this layer
        return
    (program,) = open_source(Source("<row>", model(row, case))).programs
    billed = Measures(program).billed(tool).expr
    assert billed is not None
    excused = any((tool, number) in rows for rows in OTHERWISE.values())
    assert (billed.integer() != row["tools"][TOOLS[tool]]) == excused


def test_every_row_is_expressed_or_listed() -> None:
    expressed = {number for number, _, _ in EXPRESSED}
    assert expressed.isdisjoint(MISSING)
    assert len(expressed) + len(MISSING) == len(ROWS) == 91
    assert expressed | MISSING.keys() == set(range(91))
    assert SURPLUS.keys() | UNCOUNTED.keys() <= expressed
    assert all(MISSING[number].startswith(ROWS[number]["layer"]) for number in MISSING)
    assert all(prod(row["output"]) > 0 for _, row, _ in EXPRESSED)
