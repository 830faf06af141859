"""Random stacks of layers that mix positions, for the routes between positions: attention, recurrences, windows, what
keeps to its position, ways around them, repeats of them, several of them side by side."""

from __future__ import annotations

import random

UNITS = (
    "attention(bias = false)",
    "attention(causal = true, bias = false)",
    "elman(D, bias = false)",
    "gru(D)",
    "elman_backward(D)",
    "bidirectional_gru(D)",
    "conv1d(D, kernel = 3)",
    'conv1d(D, kernel = 2, padding = "causal")',
    'conv1d(D, kernel = 3, padding = "causal", dilation = 2)',
    "depthwise1d(3)",
)
PLAIN = ("linear(D)", "layernorm", "mlp(D)", "relu")
EQUATIONS = (
    "{y}[n, d] = sum[m] {x}[m, d]",
    "{y}[n < N, d] = sum[m in 0..n] {x}[m, d]",
    "{y}[n, d] = {x}[n, d] + {x}[n - 1, d]",
    "{y}[n, d] = {x}[n, d] + {y}[n - 1, d]",
    "{y}[n, d] = {x}[n, d] * {x}[n, 0]",
)


def generate(seed: int) -> str:
    """A model of a few layers on one sequence."""
    source = random.Random(seed)
    lines: list[str] = []
    for _ in range(source.randint(1, 3)):
        lines += _block(source, lines, deep=True)
    body = "\n".join(f"    {line}" for line in lines)
    return f"dim N = 12, D = 2\nassume 4 <= N\nmodel f(x[N, D]):\n{body}\n    return x\n"


def _block(source: random.Random, before: list[str], *, deep: bool) -> list[str]:
    kind = source.choice(("layer", "layer", "around", "plain", "equation", "repeat", "beside"))
    unit = source.choice(UNITS)
    match kind:
        case "around":
            return [f"x = x + (x -> {unit})"]
        case "plain":
            return [f"x = x -> {source.choice(PLAIN)}"]
        case "equation":
            name = f"y{sum(line.count('y') for line in before)}{source.randrange(10**6)}"
            return [source.choice(EQUATIONS).format(x="x", y=name), f"x = {name} -> linear(D)"]
        case "beside":
            return [f"x = (x -> {unit}) + (x -> {source.choice(UNITS)})"]
        case "repeat" if deep:
            inner = _block(source, before, deep=False) + (
                _block(source, before, deep=False) if source.random() < 0.4 else []
            )
            return [f"repeat {source.choice((1, 2, 2, 3))}:", *(f"    {line}" for line in inner)]
        case _:
            return [f"x = x -> {unit}"]
