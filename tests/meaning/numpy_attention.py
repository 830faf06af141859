"""Goldens of softmax attention in the forms that PyTorch has no layer for, in NumPy from the papers, query by query.
Run it to write attention_softmax.json."""

from __future__ import annotations

import math

import numpy as np
from numpy_attention_tools import Golden, gelu, merged, model, relu, softmax, write

N, M = 5, 4


def rotated(x: np.ndarray) -> np.ndarray:
    """Su et al. 2021, section 3.4.2: pair i of the vector at position n is turned by the angle n·10000^(-2i/d)."""
    out = np.zeros_like(x)
    width = x.shape[-1]
    for n in range(x.shape[-2]):
        for i in range(width // 2):
            angle = n * 10000 ** (-2 * i / width)
            turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
            out[..., n, 2 * i : 2 * i + 2] = x[..., n, 2 * i : 2 * i + 2] @ turn.T
    return out


def rotary_attention() -> str:
    """Queries and keys are rotated, values are not; two query heads share each head of keys and values."""
    d, heads, kv, width = 4, 4, 2, 2
    g = Golden(
        "attention, rotary, grouped, causal",
        ["attention", "attend", "head_projection"],
        "Su et al. 2021, section 3.4; Ainslie et al. 2023 (grouped queries)",
        model(
            f"x[{N}, {d}]",
            f"return x -> attention(heads = {heads}, kv_heads = {kv}, d_head = {width}, causal = true, rotary = true)",
        ),
    )
    x = g.input("x", N, d)
    q = rotated(g.heads("attention/head_projection", x, heads, width))
    k = rotated(g.heads("attention/head_projection.1", x, kv, width))
    v = g.heads("attention/head_projection.2", x, kv, width)
    c = np.zeros((heads, N, width))
    for h in range(heads):
        group = h // (heads // kv)
        for n in range(N):
            p = softmax(k[group, : n + 1] @ q[h, n] / math.sqrt(width))
            c[h, n] = p @ v[group, : n + 1]
    return g.line(g.linear("attention/linear", merged(c), d))


def multi_query() -> str:
    """Shazeer 2019: one head of keys and values for all query heads."""
    d, heads, width = 3, 3, 2
    g = Golden(
        "attention, multi-query, to another sequence",
        ["attention"],
        "Shazeer 2019, section 3",
        model(
            f"x[{N}, {d}], y[{M}, 2]",
            f"return attention(x, y, heads = {heads}, kv_heads = 1, d_head = {width}, bias = false)",
        ),
    )
    x, y = g.input("x", N, d), g.input("y", M, 2)
    q = g.heads("attention/head_projection", x, heads, width, bias=False)
    k = g.heads("attention/head_projection.1", y, 1, width, bias=False)[0]
    v = g.heads("attention/head_projection.2", y, 1, width, bias=False)[0]
    c = np.stack([softmax(q[h] @ k.T / math.sqrt(width)) @ v for h in range(heads)])
    return g.line(g.linear("attention/linear", merged(c), d, bias=False))


def latent(absorbed: bool) -> str:
    """Equations (9) to (19) of DeepSeek-V2: keys and values of every head are made from one latent vector, and one
    rotated key is shared by the heads. What is absorbed computes the same function."""
    d, heads, width, rope, d_c, d_q = 3, 2, 2, 4, 3, 2
    layer = "latent_attention_absorbed" if absorbed else "latent_attention"
    g = Golden(
        layer,
        [layer],
        "DeepSeek-AI 2024 (DeepSeek-V2), appendix C, with the norms of its section 3.1.2",
        model(
            f"x[{N}, {d}]",
            f"return x -> {layer}(heads = {heads}, d_head = {width}, d_rope = {rope}, d_c = {d_c}, d_q = {d_q})",
        ),
    )
    x = g.input("x", N, d)
    c = g.rmsnorm(f"{layer}/rmsnorm", g.linear(f"{layer}/linear", x, d_c, bias=False))
    u = g.rmsnorm(f"{layer}/rmsnorm.1", g.linear(f"{layer}/linear.1", x, d_q, bias=False))
    kr = rotated(g.linear(f"{layer}/linear.2", x, rope, bias=False))
    qc = g.heads(f"{layer}/head_projection", u, heads, width, bias=False)
    qr = rotated(g.heads(f"{layer}/head_projection.1", u, heads, rope, bias=False))
    if absorbed:
        up_k, up_v = (g.weight(f"{layer}/{name}", d_c, heads, width) for name in "KV")
        k, v = (np.stack([c @ up[:, h] for h in range(heads)]) for up in (up_k, up_v))
    else:
        k = g.heads(f"{layer}/head_projection.2", c, heads, width, bias=False)
        v = g.heads(f"{layer}/head_projection.3", c, heads, width, bias=False)
    o = np.zeros((heads, N, width))
    for h in range(heads):
        for t in range(N):
            query = np.concatenate([qc[h, t], qr[h, t]])
            keys = np.concatenate([k[h, : t + 1], kr[: t + 1]], axis=1)
            o[h, t] = softmax(keys @ query / math.sqrt(width + rope)) @ v[h, : t + 1]
    return g.line(g.linear(f"{layer}/linear.3", merged(o), d, bias=False))


def additive() -> str:
    """e_nm = vᵀ tanh(W q_n + U k_m); a softmax over m; the expected annotation."""
    a, b, c, h = 2, 3, 4, 5
    g = Golden(
        "additive_attention",
        ["additive_attention"],
        "Bahdanau et al. 2015, section 3.1 and appendix A.1.2",
        model(f"q[{N}, {a}], k[{M}, {b}], v[{M}, {c}]", f"return additive_attention(q, k, v, {h})"),
    )
    q, k, v = g.input("q", N, a), g.input("k", M, b), g.input("v", M, c)
    w, u, out = (
        g.weight("additive_attention/W", a, h),
        g.weight("additive_attention/U", b, h),
        g.weight("additive_attention/w", h),
    )
    y = np.zeros((N, c))
    for n in range(N):
        e = np.array([out @ np.tanh(w.T @ q[n] + u.T @ k[m]) for m in range(M)])
        y[n] = softmax(e) @ v
    return g.line(y)


def gaussian() -> str:
    """C = κ(Q/p^¼, K/p^¼) V with κ(a, b) = exp(-|a - b|²/2)."""
    a, b = 3, 2
    g = Golden(
        "gaussian_attention",
        ["gaussian_attention"],
        "Chen et al. 2021 (Skyformer), section 4.1, kernelized attention",
        model(f"q[{N}, {a}], k[{M}, {a}], v[{M}, {b}]", "return gaussian_attention(q, k, v)"),
    )
    q, k, v = g.input("q", N, a), g.input("k", M, a), g.input("v", M, b)
    scaled = [t / a**0.25 for t in (q, k)]
    kappa = np.array([[np.exp(-(np.linalg.norm(s - t) ** 2) / 2) for t in scaled[1]] for s in scaled[0]])
    return g.line(kappa @ v)


def relative() -> str:
    """Equations (3) and (4) of Shaw et al.: vectors a_ij of the clipped offset are added to keys and to values."""
    d, heads, r = 4, 2, 2
    width = d // heads
    g = Golden(
        "relative_attention",
        ["relative_attention"],
        "Shaw et al. 2018, equations (3) and (4)",
        model(f"x[{N}, {d}]", f"return x -> relative_attention({r}, heads = {heads})"),
    )
    x = g.input("x", N, d)
    path = "relative_attention"
    q, k, v = (g.heads(f"{path}/head_projection{end}", x, heads, width) for end in ("", ".1", ".2"))
    wk, wv = g.weight(f"{path}/K", 2 * r + 1, width), g.weight(f"{path}/V", 2 * r + 1, width)
    z = np.zeros((heads, N, width))
    for h in range(heads):
        for i in range(N):
            a = [max(-r, min(r, j - i)) + r for j in range(N)]
            e = [q[h, i] @ (k[h, j] + wk[a[j]]) / math.sqrt(width) for j in range(N)]
            alpha = softmax(np.array(e))
            z[h, i] = sum(alpha[j] * (v[h, j] + wv[a[j]]) for j in range(N))
    return g.line(g.linear(f"{path}/linear", merged(z), d))


def talking() -> str:
    """J = Q Kᵀ for each head; heads mixed by P_l; a softmax; heads mixed by P_w; values."""
    d, heads = 6, 3
    width = d // heads
    g = Golden(
        "talking_heads",
        ["talking_heads"],
        "Shazeer et al. 2020, section 4, with the scores over the root of the width",
        model(f"x[{N}, {d}], y[{M}, 2]", f"return talking_heads(x, y, heads = {heads})"),
    )
    x, y = g.input("x", N, d), g.input("y", M, 2)
    path = "talking_heads"
    q, k, v = (g.heads(f"{path}/head_projection{e}", t, heads, width) for e, t in (("", x), (".1", y), (".2", y)))
    before, after = g.weight(f"{path}/L", heads, heads), g.weight(f"{path}/R", heads, heads)
    j = np.einsum("hnk,hmk->nmh", q, k) / math.sqrt(width)
    u = softmax(j @ before, axis=1) @ after
    return g.line(g.linear(f"{path}/linear", merged(np.einsum("nmh,hmv->hnv", u, v)), d))


def axial() -> str:
    """Attention in each row, then in each column."""
    height, width, d, heads = 2, 3, 4, 2
    g = Golden(
        "axial_attention2d",
        ["axial_attention2d"],
        "Ho et al. 2019, section 3",
        model(f"x[{height}, {width}, {d}]", f"return x -> axial_attention2d(heads = {heads})"),
    )
    x = g.input("x", height, width, d)
    rows = g.attention("axial_attention2d/attention", x, x, heads)
    columns = rows.transpose(1, 0, 2)
    return g.line(g.attention("axial_attention2d/attention.1", columns, columns, heads).transpose(1, 0, 2))


def asked(g: Golden, path: str, seeds: np.ndarray, x: np.ndarray, heads: int) -> np.ndarray:
    """What learned vectors read of x, added to them: Z + Multihead(Z, x, x), for every batch."""
    width = seeds.shape[-1] // heads
    q = g.heads(f"{path}/head_projection", seeds, heads, width)
    k = g.heads(f"{path}/head_projection.1", x, heads, width)
    v = g.heads(f"{path}/head_projection.2", x, heads, width)
    c = softmax(q @ np.swapaxes(k, -1, -2) / math.sqrt(width)) @ v
    return seeds + g.linear(f"{path}/linear", merged(c), seeds.shape[-1])


def perceiver() -> str:
    """Cross-attention of k learned latents to a longer sequence, with a residual."""
    c, d, k, heads = 3, 4, 2, 2
    g = Golden(
        "perceiver_attention",
        ["perceiver_attention"],
        "Jaegle et al. 2021, section 3.1: cross-attention and its residual, without norms",
        model(f"x[2, {N}, {c}]", f"return x -> perceiver_attention({k}, {d}, heads = {heads})"),
    )
    x = g.input("x", 2, N, c)
    latents = g.weight("perceiver_attention/Z", k, d)
    return g.line(asked(g, "perceiver_attention", latents, x, heads))


def mab(g: Golden, path: str, x: np.ndarray, y: np.ndarray, heads: int, width: int) -> np.ndarray:
    """MAB(X, Y) = LayerNorm(H + rFF(H)), H = LayerNorm(X + Multihead(X, Y, Y)): equations (6) and (7)."""
    h = g.layernorm(f"{path}/layernorm", x + g.attention(f"{path}/attention", x, y, heads))
    return g.layernorm(f"{path}/layernorm.1", h + g.mlp(f"{path}/mlp", h, width, relu))


def block() -> str:
    d, c, heads = 4, 3, 2
    g = Golden(
        "attention_block",
        ["attention_block"],
        "Lee et al. 2019, equations (6) and (7)",
        model(f"x[{N}, {d}], y[{M}, {c}]", f"return attention_block(x, y, heads = {heads}, F = 5)"),
    )
    x, y = g.input("x", N, d), g.input("y", M, c)
    return g.line(mab(g, "attention_block", x, y, heads, 5))


def pooling() -> str:
    """PMA_k(Z) = MAB(S, rFF(Z)) with k learned seeds S: equation (11)."""
    d, k, heads, width = 4, 2, 2, 3
    path = "attention_pooling"
    g = Golden(
        path,
        [path],
        "Lee et al. 2019, equation (11)",
        model(f"x[{N}, {d}]", f"return x -> attention_pooling({k}, heads = {heads}, F = {width})"),
    )
    x = g.input("x", N, d)
    z = g.mlp(f"{path}/mlp", x, width, relu)
    seeds = g.weight(f"{path}/perceiver_attention/Z", k, d)
    h = g.layernorm(f"{path}/layernorm", asked(g, f"{path}/perceiver_attention", seeds, z, heads))
    return g.line(g.layernorm(f"{path}/layernorm.1", h + g.mlp(f"{path}/mlp.1", h, width, relu)))


def induced() -> str:
    """ISAB_m(X) = MAB(X, H), H = MAB(I, X): equations (9) and (10)."""
    d, k, heads, width = 4, 2, 2, 3
    path = "induced_attention"
    g = Golden(
        path,
        [path],
        "Lee et al. 2019, equations (9) and (10)",
        model(f"x[{N}, {d}]", f"return x -> induced_attention({k}, heads = {heads}, F = {width})"),
    )
    x = g.input("x", N, d)
    points = g.weight(f"{path}/perceiver_attention/Z", k, d)
    h = g.layernorm(f"{path}/layernorm", asked(g, f"{path}/perceiver_attention", points, x, heads))
    h = g.layernorm(f"{path}/layernorm.1", h + g.mlp(f"{path}/mlp", h, width, relu))
    return g.line(mab(g, f"{path}/attention_block", x, h, heads, width))


def encoder(norm_first: bool) -> str:
    """Pre-norm: x + sublayer(LN(x)); post-norm: LN(x + sublayer(x)); for self-attention, then the feed-forward part."""
    d, heads, width = 4, 2, 3
    path = "encoder_layer"
    g = Golden(
        f"encoder_layer, {'pre' if norm_first else 'post'}-norm",
        [path],
        "Xiong et al. 2020, table 1, with a GELU" if norm_first else "Vaswani et al. 2017, section 3.1, encoder",
        model(
            f"x[2, {N}, {d}]",
            f"return x -> encoder_layer({heads}, {width}{', act = gelu, norm_first = true' if norm_first else ''})",
        ),
    )
    x = g.input("x", 2, N, d)
    if norm_first:
        u = g.layernorm(f"{path}/layernorm", x)
        x = x + g.attention(f"{path}/attention", u, u, heads)
        return g.line(x + g.mlp(f"{path}/mlp", g.layernorm(f"{path}/layernorm.1", x), width, gelu))
    x = g.layernorm(f"{path}/layernorm", x + g.attention(f"{path}/attention", x, x, heads))
    return g.line(g.layernorm(f"{path}/layernorm.1", x + g.mlp(f"{path}/mlp", x, width, relu)))


def decoder(norm_first: bool) -> str:
    """The same of causal self-attention, attention to y, and the feed-forward layer."""
    d, c, heads, width = 4, 3, 2, 3
    path = "decoder_layer"
    g = Golden(
        f"decoder_layer, {'pre' if norm_first else 'post'}-norm",
        [path],
        "Xiong et al. 2020, section 3" if norm_first else "Vaswani et al. 2017, section 3.1, decoder",
        model(
            f"x[{N}, {d}], y[{M}, {c}]",
            f"return decoder_layer(x, y, {heads}, {width}{', norm_first = true' if norm_first else ''})",
        ),
    )
    x, y = g.input("x", N, d), g.input("y", M, c)
    if norm_first:
        u = g.layernorm(f"{path}/layernorm", x)
        x = x + g.attention(f"{path}/attention", u, u, heads, causal=True)
        x = x + g.attention(f"{path}/attention.1", g.layernorm(f"{path}/layernorm.1", x), y, heads)
        return g.line(x + g.mlp(f"{path}/mlp", g.layernorm(f"{path}/layernorm.2", x), width, relu))
    x = g.layernorm(f"{path}/layernorm", x + g.attention(f"{path}/attention", x, x, heads, causal=True))
    x = g.layernorm(f"{path}/layernorm.1", x + g.attention(f"{path}/attention.1", x, y, heads))
    return g.line(g.layernorm(f"{path}/layernorm.2", x + g.mlp(f"{path}/mlp", x, width, relu)))


if __name__ == "__main__":
    goldens = [rotary_attention(), multi_query(), latent(False), latent(True), additive(), gaussian(), relative()]
    goldens += [talking(), axial(), perceiver(), block(), pooling(), induced()]
    goldens += [encoder(True), encoder(False), decoder(True), decoder(False)]
    write("attention_softmax", goldens)
