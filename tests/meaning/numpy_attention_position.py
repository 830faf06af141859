"""Goldens of what tells positions: NumPy from the papers, number by number. Run it to write attention_position.json."""

from __future__ import annotations

import math

import numpy as np
from numpy_attention_tools import Golden, model, write


def learned() -> str:
    g = Golden(
        "learned_position",
        ["learned_position"],
        "Gehring et al. 2017, section 3.1: e = (w_1 + p_1, …)",
        model("x[2, 3, 4]", "return x -> learned_position"),
    )
    x, p = g.input("x", 2, 3, 4), g.weight("learned_position/P", 3, 4)
    return g.line(np.stack([x[b] + p for b in range(2)]))


def sinusoid() -> str:
    """PE(pos, 2i) = sin(pos/10000^(2i/d)), PE(pos, 2i+1) = cos of the same."""
    n, d = 4, 6
    g = Golden(
        "sinusoid", ["sinusoid"], "Vaswani et al. 2017, section 3.5", model(f"x[2, {n}, {d}]", "return x -> sinusoid")
    )
    x = g.input("x", 2, n, d)
    table = np.zeros((n, d))
    for pos in range(n):
        for i in range(d // 2):
            table[pos, 2 * i] = math.sin(pos / 10000 ** (2 * i / d))
            table[pos, 2 * i + 1] = math.cos(pos / 10000 ** (2 * i / d))
    return g.line(x + table)


def rope() -> str:
    """R_m x, where R_m has blocks of rotations by m θ_i, θ_i = 10000^(-2(i-1)/d), i = 1 … d/2."""
    n, d = 5, 4
    g = Golden("rope", ["rope"], "Su et al. 2021, equation (15)", model(f"x[2, {n}, {d}]", "return x -> rope"))
    x = g.input("x", 2, n, d)
    y = np.zeros_like(x)
    for m in range(n):
        r = np.zeros((d, d))
        for i in range(1, d // 2 + 1):
            angle = m * 10000 ** (-2 * (i - 1) / d)
            at = slice(2 * i - 2, 2 * i)
            r[at, at] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        y[:, m] = x[:, m] @ r.T
    return g.line(y)


def alibi(heads: int) -> str:
    """Slopes are a geometric sequence that begins with 2^(-8/heads) and has it as its ratio; query i and key j ≤ i
    get -slope (i - j), and beyond the paper's causal order the same by distance."""
    n, m = 4, 3
    g = Golden(
        f"alibi, {heads} heads",
        ["alibi"],
        "Press et al. 2022, section 3",
        model(f"S[2, {heads}, {n}, {m}]", "return S -> alibi"),
    )
    s = g.input("S", 2, heads, n, m)
    y = s.copy()
    slope = 1.0
    for h in range(heads):
        slope *= 2 ** (-8 / heads)
        for i in range(n):
            for j in range(m):
                y[:, h, i, j] += -slope * (i - j) if j <= i else -slope * (j - i)
    return g.line(y)


def bucket(relative: int, bidirectional: bool, buckets: int, reach: int) -> int:
    """The bucket of a relative position (key - query): half of the buckets for exact distances, the other half for
    logarithmically larger ones up to `reach`; where both directions count, each has half of all."""
    found, distance = 0, -relative
    if bidirectional:
        buckets //= 2
        if distance < 0:
            found += buckets
        distance = abs(distance)
    else:
        distance = max(distance, 0)
    exact = buckets // 2
    if distance < exact:
        return found + distance
    large = exact + int(math.log(distance / exact) / math.log(reach / exact) * (buckets - exact))
    return found + min(large, buckets - 1)


def t5(name: str, n: int, m: int, bidirectional: bool, options: str = "", buckets: int = 32, reach: int = 128) -> str:
    g = Golden(
        f"t5_bias, {name}",
        ["t5_bias"],
        "Raffel et al. 2020, section 2.1, with the buckets of the authors' code",
        model(f"S[2, {n}, {m}]", f"return S -> t5_bias({options})" if options else "return S -> t5_bias"),
    )
    s, b = g.input("S", 2, n, m), g.weight("t5_bias/b", buckets, 2)
    y = s.copy()
    for i in range(n):
        for j in range(m):
            y[:, i, j] += b[bucket(j - i, bidirectional, buckets, reach)]
    return g.line(y)


def swin() -> str:
    """B is taken from a table of (2w - 1)² rows by the index of the relative coordinates of two pixels."""
    w, heads = 3, 2
    g = Golden(
        "swin_bias",
        ["swin_bias"],
        "Liu et al. 2021, section 3.2, equation (4)",
        model(f"S[{heads}, {w * w}, {w * w}]", f"return S -> swin_bias({w})"),
    )
    s, table = g.input("S", heads, w * w, w * w), g.weight("swin_bias/b", 2 * w - 1, 2 * w - 1, heads)
    rows = table.reshape(-1, heads)
    coordinates = [(i, j) for i in range(w) for j in range(w)]
    y = s.copy()
    for a, (i, j) in enumerate(coordinates):
        for b, (k, m) in enumerate(coordinates):
            y[:, a, b] += rows[(i - k + w - 1) * (2 * w - 1) + (j - m + w - 1)]
    return g.line(y)


def relative_scores() -> str:
    """Equation (4): e_ij = x_i W^Q (x_j W^K + a_ij)ᵀ / √d, with a_ij the vector of clip(j - i, k)."""
    n, m, a, reach = 5, 4, 3, 1
    g = Golden(
        "relative_scores",
        ["relative_scores"],
        "Shaw et al. 2018, equation (4)",
        model(f"q[{n}, {a}], k[{m}, {a}]", f"return relative_scores(q, k, {reach})"),
    )
    q, k, table = g.input("q", n, a), g.input("k", m, a), g.weight("relative_scores/R", 2 * reach + 1, a)
    s = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            s[i, j] = q[i] @ (k[j] + table[int(np.clip(j - i, -reach, reach)) + reach]) / math.sqrt(a)
    return g.line(s)


def conditional(kernel: int) -> str:
    """PEG: tokens in two dimensions, plus a depthwise convolution of them with zeros around."""
    h, w, c = 3, 4, 2
    option = "" if kernel == 3 else f"(kernel = {kernel})"
    g = Golden(
        f"conditional_position, kernel {kernel}",
        ["conditional_position"],
        "Chu et al. 2021, section 3.2",
        model(f"x[{h}, {w}, {c}]", f"return x -> conditional_position{option}"),
    )
    x = g.input("x", h, w, c)
    path = "conditional_position/depthwise2d/conv2d"
    taps, bias = g.weight(f"{path}/K", kernel, kernel, c, 1, 1), g.weight(f"{path}/b", c)
    half = kernel // 2
    y = x + bias
    for i in range(h):
        for j in range(w):
            for di in range(-half, half + 1):
                for dj in range(-half, half + 1):
                    if 0 <= i + di < h and 0 <= j + dj < w:
                        y[i, j] += taps[di + half, dj + half, :, 0, 0] * x[i + di, j + dj]
    return g.line(y)


if __name__ == "__main__":
    write(
        "attention_position",
        [
            learned(),
            sinusoid(),
            rope(),
            alibi(4),
            alibi(3),
            t5("both directions", 5, 9, True, "buckets = 8, reach = 7", 8, 7),
            t5("causal", 9, 5, False, "buckets = 8, reach = 7, causal = true", 8, 7),
            t5("both directions, as published", 20, 2, True),
            t5("after the query, as published", 2, 22, True),
            t5("causal, as published", 24, 2, False, "causal = true"),
            swin(),
            relative_scores(),
            conditional(3),
            conditional(5),
        ],
    )
