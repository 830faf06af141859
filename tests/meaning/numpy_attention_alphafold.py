"""Goldens of the Evoformer: NumPy from the algorithms of Jumper et al. 2021 (supplementary information), with their
indices. Run it to write attention_alphafold.json."""

from __future__ import annotations

import math

import numpy as np
from numpy_attention_tools import Golden, model, relu, sigmoid, softmax, write

N, C, S, D = 4, 3, 3, 5


def algorithm(layer: str, number: str, call: str, inputs: str) -> Golden:
    source = f"Jumper et al. 2021, supplementary information, algorithm {number}"
    return Golden(layer, [layer], source, model(inputs, f"return {call}"))


def multiplication(incoming: bool) -> str:
    """Algorithm 11: z_ij from Σ_k a_ik ⊙ b_jk. Algorithm 12: from Σ_k a_ki ⊙ b_kj."""
    layer, width = "triangle_multiplication" + ("_incoming" if incoming else ""), 2
    g = algorithm(layer, "12" if incoming else "11", f"z -> {layer}({width})", f"z[{N}, {N}, {C}]")
    z = g.layernorm(f"{layer}/layernorm", g.input("z", N, N, C))
    a = sigmoid(g.linear(f"{layer}/linear", z, width)) * g.linear(f"{layer}/linear.1", z, width)
    b = sigmoid(g.linear(f"{layer}/linear.2", z, width)) * g.linear(f"{layer}/linear.3", z, width)
    gate = sigmoid(g.linear(f"{layer}/linear.4", z, C))
    t = np.zeros((N, N, width))
    for i in range(N):
        for j in range(N):
            for k in range(N):
                t[i, j] += a[k, i] * b[k, j] if incoming else a[i, k] * b[j, k]
    return g.line(gate * g.linear(f"{layer}/linear.5", g.layernorm(f"{layer}/layernorm.1", t), C))


def triangle_attention(ending: bool) -> str:
    """Algorithm 13: a_ijk = softmax_k(q_ij·k_ik/√c + b_jk), o_ij = g_ij ⊙ Σ_k a_ijk v_ik.
    Algorithm 14: a_ijk = softmax_k(q_ij·k_kj/√c + b_ki), o_ij = g_ij ⊙ Σ_k a_ijk v_kj."""
    layer, heads, c = "triangle_attention" + ("_ending" if ending else ""), 2, 3
    path = f"{layer}/triangle_attention" if ending else layer
    g = algorithm(layer, "14" if ending else "13", f"z -> {layer}({heads}, {c})", f"z[{N}, {N}, {C}]")
    z = g.layernorm(f"{path}/layernorm", g.input("z", N, N, C))
    # a matrix for each head: the projections of all pairs, [heads, N, N, c]
    q, k, v = (split(g, f"{path}/head_projection{end}", z, heads, c, False) for end in ("", ".1", ".2"))
    gate = sigmoid(split(g, f"{path}/head_projection.3", z, heads, c, True))
    b = g.linear(f"{path}/linear", z, heads, bias=False)
    o = np.zeros((N, N, heads, c))
    for h in range(heads):
        for i in range(N):
            for j in range(N):
                if ending:
                    e = [q[h, i, j] @ k[h, m, j] / math.sqrt(c) + b[m, i, h] for m in range(N)]
                    values = v[h, :, j]
                else:
                    e = [q[h, i, j] @ k[h, i, m] / math.sqrt(c) + b[j, m, h] for m in range(N)]
                    values = v[h, i]
                o[i, j, h] = gate[h, i, j] * (softmax(np.array(e)) @ values)
    return g.line(g.linear(f"{path}/linear.1", o.reshape(N, N, heads * c), C))


def split(g: Golden, path: str, x: np.ndarray, heads: int, width: int, bias: bool) -> np.ndarray:
    """The projections of each head in front: [heads, …, width]."""
    return np.moveaxis(g.heads(path, x, heads, width, bias=bias), -3, 0)


def transition() -> str:
    """Algorithms 9 and 15: LayerNorm, a linear layer to n·c, relu, a linear layer."""
    layer = "pair_transition"
    g = algorithm(layer, "15", f"z -> {layer}(2)", f"z[2, {N}, {C}]")
    z = g.layernorm(f"{layer}/layernorm", g.input("z", 2, N, C))
    return g.line(g.mlp(f"{layer}/mlp", z, 2 * C, relu))


def row() -> str:
    """Algorithm 7: a_sij = softmax_j(q_si·k_sj/√c + b_ij), o_si = g_si ⊙ Σ_j a_sij v_sj."""
    layer, heads, c = "msa_row_attention", 2, 3
    g = algorithm(layer, "7", f"{layer}(m, z, {heads}, {c})", f"m[{S}, {N}, {D}], z[{N}, {N}, {C}]")
    m, z = g.input("m", S, N, D), g.input("z", N, N, C)
    m = g.layernorm(f"{layer}/layernorm", m)
    q, k, v = (split(g, f"{layer}/head_projection{end}", m, heads, c, False) for end in ("", ".1", ".2"))
    gate = sigmoid(split(g, f"{layer}/head_projection.3", m, heads, c, True))
    b = g.linear(f"{layer}/linear", g.layernorm(f"{layer}/layernorm.1", z), heads, bias=False)
    o = np.zeros((S, N, heads, c))
    for h in range(heads):
        for s in range(S):
            for i in range(N):
                e = [q[h, s, i] @ k[h, s, j] / math.sqrt(c) + b[i, j, h] for j in range(N)]
                o[s, i, h] = gate[h, s, i] * (softmax(np.array(e)) @ v[h, s])
    return g.line(g.linear(f"{layer}/linear.1", o.reshape(S, N, heads * c), D))


def column() -> str:
    """Algorithm 8: a_sti = softmax_t(q_si·k_ti/√c), o_si = g_si ⊙ Σ_t a_sti v_ti."""
    layer, heads, c = "msa_column_attention", 2, 3
    g = algorithm(layer, "8", f"m -> {layer}({heads}, {c})", f"m[{S}, {N}, {D}]")
    m = g.layernorm(f"{layer}/layernorm", g.input("m", S, N, D))
    q, k, v = (split(g, f"{layer}/head_projection{end}", m, heads, c, False) for end in ("", ".1", ".2"))
    gate = sigmoid(split(g, f"{layer}/head_projection.3", m, heads, c, True))
    o = np.zeros((S, N, heads, c))
    for h in range(heads):
        for s in range(S):
            for i in range(N):
                e = [q[h, s, i] @ k[h, t, i] / math.sqrt(c) for t in range(S)]
                o[s, i, h] = gate[h, s, i] * (softmax(np.array(e)) @ v[h, :, i])
    return g.line(g.linear(f"{layer}/linear", o.reshape(S, N, heads * c), D))


def outer_product() -> str:
    """Algorithm 10: o_ij = flatten(mean_s(a_si ⊗ b_sj)), then a linear layer."""
    layer, c, out = "outer_product_mean", 2, 3
    g = algorithm(layer, "10", f"m -> {layer}({c}, {out})", f"m[{S}, {N}, {D}]")
    m = g.layernorm(f"{layer}/layernorm", g.input("m", S, N, D))
    a, b = g.linear(f"{layer}/linear", m, c), g.linear(f"{layer}/linear.1", m, c)
    o = np.zeros((N, N, c * c))
    for i in range(N):
        for j in range(N):
            o[i, j] = np.mean([np.outer(a[s, i], b[s, j]).flatten() for s in range(S)], axis=0)
    return g.line(g.linear(f"{layer}/linear.2", o, out))


if __name__ == "__main__":
    write(
        "attention_alphafold",
        [
            multiplication(False),
            multiplication(True),
            triangle_attention(False),
            triangle_attention(True),
            transition(),
            row(),
            column(),
            outer_product(),
        ],
    )
