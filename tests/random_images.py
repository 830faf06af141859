"""Random networks on images and on several sequences, for the routes between positions: convolutions with strides and
dilations, pools, upsamplings, skips, axial attention, blocks, tokens beside latents, encoders and decoders."""

from __future__ import annotations

import random

ON_IMAGES = (
    "conv2d(C, 3)",
    "conv2d(C, 3, dilation = 2)",
    "conv2d(C, 1)",
    "conv2d(C, (3, 1))",
    "depthwise2d(3) -> pointwise2d(C)",
    "layernorm",
    "relu",
)
HALVING = ("maxpool2d(2)", "conv2d(C, 3, stride = 2)", "avgpool2d(2)", "conv2d(C, 2, stride = 2, padding = 0)")
DOUBLING = ("upsample2d", "conv_transpose2d(C)")
ON_LINES = (
    "conv1d(C, 3)",
    "conv1d(C, 2)",
    'conv1d(C, 3, padding = "causal")',
    "block_attention(B = 2)",
    "local_attention(r = 1)",
    "strided_attention(stride = 2)",
    "elman(C)",
    "linear(C)",
    "shift",
)
SHIFT = "layer shift(x[N, C]):\n    y[n, c] = x[n - 1, c]\n    return y\n"


def generate(seed: int) -> str:
    """A model on an image, on a line of an even number of positions, or on two sequences."""
    source = random.Random(seed)
    return source.choice((_image, _line, _two))(source)


def _image(source: random.Random) -> str:
    lines: list[str] = []
    for _ in range(source.randint(1, 3)):
        lines += _step(source, deep=True)
    if source.random() < 0.2:
        lines.append("x = x -> global_avgpool2d")
    body = "\n".join(f"    {line}" for line in lines)
    return f"dim H = 8, W = 8, C = 1\nassume 4 divides H, 4 divides W\nmodel f(x[H, W, C]):\n{body}\n    return x\n"


def _step(source: random.Random, *, deep: bool) -> list[str]:
    kind = source.choice(("layer", "layer", "around", "skip", "down and up", "repeat"))
    unit = source.choice(ON_IMAGES)
    match kind:
        case "around":
            return [f"x = x + (x -> {unit})"]
        case "skip" if deep:
            inner = source.choice(ON_IMAGES)
            down, up = source.choice(HALVING), source.choice(DOUBLING)
            return [f"x = concat(x, x -> {down} -> {inner} -> {up}) -> conv2d(C, 1)"]
        case "down and up":
            return [f"x = x -> {source.choice(HALVING)} -> {source.choice(DOUBLING)}"]
        case "repeat" if deep:
            return [f"repeat {source.choice((2, 3))}:", *(f"    {line}" for line in _step(source, deep=False))]
        case _:
            return [f"x = x -> {unit}"]


def _line(source: random.Random) -> str:
    lines = [f"x = x -> {source.choice(ON_LINES)}" for _ in range(source.randint(1, 3))]
    if source.random() < 0.3:
        lines.append(f"x = x + (x -> {source.choice(ON_LINES)})")
    if source.random() < 0.3:
        lines += ["y[i < N/2, c] = x[2*i, c]" if source.random() < 0.5 else "y[i, c] = sum[p < 2] x[(i, p), c]"]
        lines += ["z[n < N, c] = y[floor(n/2), c]", "x = z -> linear(C)"]
    body = "\n".join(f"    {line}" for line in lines)
    return f"dim N = 8, C = 1\nassume 2 divides N, 4 <= N\n{SHIFT}model f(x[N, C]):\n{body}\n    return x\n"


def _two(source: random.Random) -> str:
    def mixed(name: str) -> str:
        unit = source.choice(("attention", "conv1d(C, 3)", "elman(C)", "linear(C)", "attention(causal = true)"))
        return f"{name} = {name} + ({name} -> {unit})" if source.random() < 0.5 else f"{name} = {name} -> {unit}"

    lines = [mixed(source.choice("xy")) for _ in range(source.randint(1, 3))]
    lines.append(source.choice(("x = x -> attention(y)", "x = x + (x -> attention(y))")))
    lines += [mixed("x") for _ in range(source.randint(0, 2))]
    result = source.choice(("x", "x", "x, y"))
    body = "\n".join(f"    {line}" for line in lines)
    return f"dim N = 6, M = 4, C = 1\nmodel f(x[N, C], y[M, C]):\n{body}\n    return {result}\n"
