"""What the scripts that write goldens with NumPy share: short exact numbers, the files, and a few functions.

Run a script (`python numpy_recurrent.py`) to write its `other_*.json` anew; the tests only read what was written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

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
        """All goldens to a file beside the scripts, one to a line."""
        lines = ",\n".join(json.dumps(golden, separators=(",", ":")) for golden in self.all)
        (Path(__file__).parent / name).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def short(value: Any) -> Any:
    """Nested lists with every number in twelve digits."""
    return [short(part) for part in value] if isinstance(value, list) else float(f"{value:.12g}")


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def relu(x: Array) -> Array:
    return np.where(x > 0, x, 0.0)


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def softmax(x: Array) -> Array:
    """Along the last axis."""
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)
