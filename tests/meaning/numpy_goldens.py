"""What the scripts that write goldens with NumPy share: drawing short numbers, and a few functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from goldens import short, write

Array = np.ndarray[Any, np.dtype[np.float64]]


class Goldens:
    """Goldens that are written to one file, and the random numbers they start from."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.all: list[dict[str, Any]] = []

    def draw(self, *shape: int, low: float = -1.0, high: float = 1.0) -> Array:
        """Numbers of two decimals, so that what is written is what was computed with."""
        return np.round(self.random.uniform(low, high, shape), 2)

    def add(
        self,
        name: str,
        layers: str,
        source: str,
        model: str,
        inputs: Mapping[str, Array],
        weights: Mapping[str, Array],
        *outputs: Array,
    ) -> None:
        """A golden. `model` is the signature and the body: "x[5, 3]: return x -> gru(2)"."""
        signature, body = model.split(": return ")
        self.all.append(
            {
                "name": name,
                "layers": layers.split(),
                "source": source,
                "model": f"model golden({signature}):\n    return {body}",
                "inputs": {key: value.tolist() for key, value in inputs.items()},
                "weights": {key: value.tolist() for key, value in weights.items()},
                "outputs": [short(output.tolist()) for output in outputs],
            }
        )

    def write(self, name: str) -> None:
        """All goldens to a file beside the scripts."""
        write(name.removesuffix(".json"), self.all)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def relu(x: Array) -> Array:
    return np.where(x > 0, x, 0.0)


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def softmax(x: Array, axis: int = -1) -> Array:
    e = np.exp(x)
    return e / e.sum(axis, keepdims=True)
