"""Goldens of sparse attention: one attention over a set of keys for each query, and the sets as the papers state them.
Run it to write attention_sparse.json."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy_attention_tools import Golden, merged, model, softmax, write

D, HEADS = 4, 2
# Which keys does query n of N see?
Sees = Callable[[int, int], set[int]]


def golden(layer: str, options: str, source: str, n: int, sees: Sees, batch: int = 0) -> str:
    """A multi-head self-attention in which query i reads the keys of its set and no other."""
    lead = (batch,) if batch else ()
    g = Golden(
        f"{layer}, {options}, {n} positions",
        [layer],
        source,
        model(f"x[{', '.join(map(str, (*lead, n, D)))}]", f"return x -> {layer}({options}, heads = {HEADS})"),
    )
    x = g.input("x", *lead, n, D)
    width = D // HEADS
    q, k, v = (g.heads(f"{layer}/head_projection{end}", x, HEADS, width) for end in ("", ".1", ".2"))
    y = np.zeros_like(q)
    for i in range(n):
        keys = sorted(sees(i, n))
        assert keys
        scores = np.einsum("...a,...ma->...m", q[..., i, :], k[..., keys, :]) / math.sqrt(width)
        y[..., i, :] = np.einsum("...m,...ma->...a", softmax(scores), v[..., keys, :])
    return g.line(g.linear(f"{layer}/linear", merged(y), D))


def inside(keys: set[int], n: int) -> set[int]:
    return {m for m in keys if 0 <= m < n}


def local(r: int) -> Sees:
    return lambda i, n: {j for j in range(n) if abs(i - j) <= r}


def dilated(r: int, step: int) -> Sees:
    return lambda i, n: inside({i + step * t for t in range(-r, r + 1)}, n)


def sliding(w: int) -> Sees:
    return lambda i, n: {j for j in range(n) if 0 <= i - j < w}


def blocks(size: int) -> Sees:
    return lambda i, n: {j for j in range(n) if j // size == i // size}


def strided(stride: int) -> Sees:
    """Child et al. 2019, section 4.3: A(1) = {t, …, i} for t = max(0, i - l), A(2) = {j ≤ i: (i - j) mod l = 0}."""
    return lambda i, n: set(range(max(0, i - stride), i + 1)) | {j for j in range(i + 1) if (i - j) % stride == 0}


def fixed(stride: int, c: int) -> Sees:
    """A(1) = {j: ⌊j/l⌋ = ⌊i/l⌋}, A(2) = {j: j mod l ≥ l - c}, both of j ≤ i."""
    return lambda i, n: {j for j in range(i + 1) if j // stride == i // stride or j % stride >= stride - c}


def longformer(ends: int, r: int) -> Sees:
    """A window for all; the first positions see all and are seen by all."""
    return lambda i, n: {j for j in range(n) if abs(i - j) <= r or i < ends or j < ends}


def bigbird(size: int, r: int, ends: int) -> Sees:
    """The same of blocks: all that is said of positions holds of the blocks they lie in."""
    return lambda i, n: {j for j in range(n) if abs(i // size - j // size) <= r or i // size < ends or j // size < ends}


if __name__ == "__main__":
    child = "Child et al. 2019, section 4.3, both patterns in one head (section 5.2, merged)"
    write(
        "attention_sparse",
        [
            golden("local_attention", "r = 1", "Parmar et al. 2018, section 3.2, in one dimension", 5, local(1), 2),
            golden("local_attention", "r = 2", "Parmar et al. 2018, section 3.2, in one dimension", 3, local(2)),
            golden("dilated_attention", "r = 1, dilation = 2", "Beltagy et al. 2020, section 3.1", 6, dilated(1, 2)),
            golden("sliding_attention", "w = 3", "Jiang et al. 2023, section 2", 5, sliding(3), 2),
            golden("block_attention", "B = 3", "Qiu et al. 2020, identity permutation", 6, blocks(3)),
            golden("strided_attention", "stride = 3", child, 9, strided(3)),
            golden("strided_attention", "stride = 2", child, 8, strided(2)),
            golden("fixed_attention", "stride = 3", child, 9, fixed(3, 1)),
            golden("fixed_attention", "stride = 3, c = 2", child, 6, fixed(3, 2)),
            golden("global_local_attention", "G = 1, r = 1", "Beltagy et al. 2020, section 3.1", 6, longformer(1, 1)),
            golden("global_local_attention", "G = 2, r = 1", "Beltagy et al. 2020, section 3.1", 5, longformer(2, 1)),
            golden("block_sparse_attention", "B = 2", "Zaheer et al. 2020, section 2, no random", 8, bigbird(2, 1, 1)),
            golden("block_sparse_attention", "B = 2, r = 0, G = 2", "Zaheer et al. 2020", 8, bigbird(2, 0, 2)),
        ],
    )
