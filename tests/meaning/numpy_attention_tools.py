"""What the scripts numpy_attention*.py share: drawing short numbers, the few layers that every paper takes for granted,
and writing goldens. Nothing here knows how the library or its interpreter computes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from goldens import short, write
from numpy_goldens import Array, relu, sigmoid, silu, softmax


class Golden:
    """One golden under construction: every number that is drawn has three decimals, so that it is exact and short."""

    def __init__(self, name: str, layers: Sequence[str], source: str, model: str) -> None:
        self.name, self.layers, self.source, self.model = name, list(layers), source, model
        self.inputs: dict[str, Array] = {}
        self.weights: dict[str, Array] = {}
        self.random = np.random.default_rng(sum(map(ord, name)))

    def input(self, name: str, *shape: int, low: float = -1.0, high: float = 1.0) -> Array:
        self.inputs[name] = self.random.uniform(low, high, shape).round(3)
        return self.inputs[name]

    def weight(self, path: str, *shape: int, low: float = -1.0, high: float = 1.0) -> Array:
        assert path not in self.weights, path
        self.weights[path] = self.random.uniform(low, high, shape).round(3)
        return self.weights[path]

    def linear(self, path: str, x: Array, out: int, bias: bool = True) -> Array:
        """y = x W + b."""
        y = x @ self.weight(f"{path}/W", x.shape[-1], out)
        return y + self.weight(f"{path}/b", out) if bias else y

    def heads(self, path: str, x: Array, heads: int, width: int, bias: bool = True) -> Array:
        """The projections of every head, one matrix each: [..., positions, D] to [..., heads, positions, width]."""
        w = self.weight(f"{path}/W", x.shape[-1], heads, width)
        b = self.weight(f"{path}/b", heads, width) if bias else np.zeros((heads, width))
        return np.stack([x @ w[:, h, :] + b[h] for h in range(heads)], axis=-3)

    def layernorm(self, path: str, x: Array) -> Array:
        """Ba et al. 2016, with 1e-5 under the root."""
        gain, bias = self.weight(f"{path}/g", x.shape[-1]), self.weight(f"{path}/b", x.shape[-1])
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * gain + bias

    def rmsnorm(self, path: str, x: Array) -> Array:
        """Zhang and Sennrich 2019, with 1e-5 under the root."""
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * self.weight(f"{path}/g", x.shape[-1])

    def mlp(self, path: str, x: Array, width: int, act: Any) -> Array:
        """Two linear layers around an activation."""
        return self.linear(f"{path}/linear.1", act(self.linear(f"{path}/linear", x, width)), x.shape[-1])

    def attention(self, path: str, x: Array, y: Array, heads: int, causal: bool = False) -> Array:
        """Vaswani et al. 2017, section 3.2.2: x asks, y answers."""
        width = x.shape[-1] // heads
        q, k, v = (
            self.heads(f"{path}/head_projection{n}", t, heads, width) for n, t in (("", x), (".1", y), (".2", y))
        )
        scores = q @ np.swapaxes(k, -1, -2) / math.sqrt(width)
        if causal:
            scores = np.where(np.tril(np.ones(scores.shape[-2:], dtype=bool)), scores, -np.inf)
        return self.linear(f"{path}/linear", merged(softmax(scores) @ v), x.shape[-1])

    def line(self, *outputs: Array) -> dict[str, Any]:
        """The golden with its outputs."""
        assert all(np.isfinite(output).all() for output in outputs), self.name
        return {
            "name": self.name,
            "layers": self.layers,
            "source": self.source,
            "model": self.model,
            "inputs": {name: value.tolist() for name, value in self.inputs.items()},
            "weights": {path: value.tolist() for path, value in self.weights.items()},
            "outputs": [short(output.tolist()) for output in outputs],
        }


def model(inputs: str, body: str) -> str:
    """A model of one line, or of the lines of a body."""
    return f"model m({inputs}):\n" + "".join(f"    {line}\n" for line in body.split("\n"))


def merged(heads: Array) -> Array:
    """The heads side by side: [..., heads, positions, width] to [..., positions, heads · width]."""
    return np.concatenate([heads[..., h, :, :] for h in range(heads.shape[-3])], axis=-1)


def gelu(x: Array) -> Array:
    """x times the normal distribution function, Hendrycks and Gimpel 2016."""
    return x * np.vectorize(lambda t: 0.5 * math.erfc(-t / math.sqrt(2)))(x)


def elu(x: Array) -> Array:
    return np.where(x > 0, x, np.expm1(x))


__all__ = ["Array", "Golden", "elu", "gelu", "merged", "model", "relu", "short", "sigmoid", "silu", "softmax", "write"]
