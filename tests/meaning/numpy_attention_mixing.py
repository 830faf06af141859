"""Goldens of mixing and routing: NumPy from the papers. Run it to write attention_mixing.json."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy_attention_tools import Golden, elu, gelu, model, relu, sigmoid, silu, softmax, write


def begin(layer: str, source: str, inputs: str, call: str, name: str = "") -> Golden:
    return Golden(name or layer, [layer], source, model(inputs, f"return {call}"))


def convolved(x: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """An image [H, W, I] under taps [k, k, I, O], with zeros around."""
    h, w, _ = x.shape
    half = len(taps) // 2
    y = np.zeros((h, w, taps.shape[-1]))
    for i in range(h):
        for j in range(w):
            for a in range(len(taps)):
                for b in range(len(taps)):
                    if 0 <= i + a - half < h and 0 <= j + b - half < w:
                        y[i, j] += x[i + a - half, j + b - half] @ taps[a, b]
    return y


def dft() -> str:
    g = begin("dft", "NumPy's fft, real part", "x[2, 5, 3]", "x -> dft")
    return g.line(np.fft.fft(g.input("x", 2, 5, 3), axis=1).real)


def mixer() -> str:
    """U = X + W_2 σ(W_1 LN(X)) over the tokens of each channel, Y = U + W_4 σ(W_3 LN(U)) over the channels of each."""
    n, d, path = 4, 3, "mixer_block"
    g = begin(path, "Tolstikhin et al. 2021, equation (1)", f"x[2, {n}, {d}]", "x -> mixer_block(5, 2)")
    x = g.input("x", 2, n, d)
    columns = g.layernorm(f"{path}/layernorm", x).transpose(0, 2, 1)
    x = x + g.mlp(f"{path}/mlp", columns, 5, gelu).transpose(0, 2, 1)
    return g.line(x + g.mlp(f"{path}/mlp.1", g.layernorm(f"{path}/layernorm.1", x), 2, gelu))


def gmlp() -> str:
    """Z = σ(X U), Z̃ = Z_1 ⊙ (W Z_2 + b), Y = Z̃ V, with a norm before U, one of Z_2, and a shortcut."""
    n, d, m, path = 4, 3, 6, "gmlp_block"
    g = begin(path, "Liu et al. 2021, section 2 and figure 1", f"x[2, {n}, {d}]", f"x -> gmlp_block({m})")
    x = g.input("x", 2, n, d)
    z = gelu(g.linear(f"{path}/linear", g.layernorm(f"{path}/layernorm", x), m))
    z1, z2 = z[..., : m // 2], g.layernorm(f"{path}/layernorm.1", z[..., m // 2 :])
    w, b = g.weight(f"{path}/W", n, n), g.weight(f"{path}/b", n)
    gated = np.stack([z1[t] * (w @ z2[t] + b[:, None]) for t in range(2)])
    return g.line(x + g.linear(f"{path}/linear.1", gated, d))


def squeeze(hard: bool) -> str:
    """s = σ(W_2 δ(W_1 z)), z the mean of each channel."""
    h, w, c, r, path = 2, 3, 4, 2, "squeeze_excite"
    options = f"{r}, act = silu, gate = tanh" if hard else f"{r}"
    g = begin(
        path,
        "Hu et al. 2018, equations (2) to (4)" + (", other activations" if hard else ""),
        f"x[{h}, {w}, {c}]",
        f"x -> squeeze_excite({options})",
        f"squeeze_excite, {options}",
    )
    x = g.input("x", h, w, c)
    z = x.reshape(-1, c).sum(0) / (h * w)
    s = g.linear(f"{path}/linear.1", (silu if hard else relu)(g.linear(f"{path}/linear", z, c // r)), c)
    return g.line(x * (np.tanh(s) if hard else sigmoid(s)))


def shuffle() -> str:
    """The channels as (groups, n), transposed and flattened."""
    g = begin("channel_shuffle", "Zhang et al. 2018, section 3.1", "x[3, 6]", "x -> channel_shuffle(2)")
    x = g.input("x", 3, 6)
    return g.line(np.stack([row.reshape(2, 3).T.flatten() for row in x]))


def eca(kernel: int) -> str:
    """ω = σ(C1D_k(GAP(x)))."""
    h, w, c = 2, 3, 5
    option = "" if kernel == 3 else f"({kernel})"
    g = begin(
        "eca", "Wang et al. 2020, equation (9)", f"x[{h}, {w}, {c}]", f"x -> eca{option}", f"eca, kernel {kernel}"
    )
    x, taps = g.input("x", h, w, c), g.weight("eca/K", kernel)
    padded = np.pad(x.mean((0, 1)), (kernel - 1) // 2)
    return g.line(x * sigmoid(np.correlate(padded, taps, mode="valid")))


def cbam() -> str:
    """M_c = σ(MLP(AvgPool) + MLP(MaxPool)), M_s = σ(f([AvgPool; MaxPool]))."""
    h, w, c, r, kernel = 3, 2, 4, 2, 3
    g = begin("cbam", "Woo et al. 2018, equations (1) to (3)", f"x[{h}, {w}, {c}]", f"x -> cbam({r}, {kernel})")
    x = g.input("x", h, w, c)
    w0, w1 = g.weight("cbam/f/linear/W", c, c // r), g.weight("cbam/f/linear.1/W", c // r, c)
    pooled = [x.mean((0, 1)), x.max((0, 1))]
    x = x * sigmoid(sum(relu(p @ w0) @ w1 for p in pooled))
    taps = g.weight("cbam/conv2d/K", kernel, kernel, 1, 2, 1)
    maps = np.stack([x.mean(-1), x.max(-1)], axis=-1)
    return g.line(x * sigmoid(convolved(maps, taps[:, :, 0])))


def film() -> str:
    g = begin("film", "Perez et al. 2018, equations (1) and (2)", "x[2, 3, 2, 4], z[2, 3]", "film(x, z)")
    x, z = g.input("x", 2, 3, 2, 4), g.input("z", 2, 3)
    gamma, beta = g.linear("film/linear", z, 4), g.linear("film/linear.1", z, 4)
    return g.line(np.stack([gamma[b] * x[b] + beta[b] for b in range(2)]))


def highway(act: str, apply: Any) -> str:
    """y = H(x) T(x) + x (1 - T(x))."""
    option = "" if act == "relu" else f"(act = {act})"
    g = begin("highway", "Srivastava et al. 2015, equation (3)", "x[4, 3]", f"x -> highway{option}", f"highway, {act}")
    x = g.input("x", 4, 3)
    t = sigmoid(g.linear("highway/linear", x, 3))
    h = apply(g.linear("highway/linear.1", x, 3))
    return g.line(h * t + x * (1 - t))


def gated_residual() -> str:
    """GRN(a) = LN(a + GLU(η_1)), η_1 = W_1 η_2 + b_1, η_2 = ELU(W_2 a + b_2),
    GLU(γ) = σ(W_4 γ + b_4) ⊙ (W_5 γ + b_5)."""
    path = "gated_residual"
    g = begin(path, "Lim et al. 2021, equations (2) to (5)", "x[4, 3]", f"x -> {path}(2)")
    x = g.input("x", 4, 3)
    eta2 = elu(g.linear(f"{path}/linear", x, 2))
    eta1 = g.linear(f"{path}/linear.1", eta2, 3)
    unit = sigmoid(g.linear(f"{path}/linear.2", eta1, 3)) * g.linear(f"{path}/linear.3", eta1, 3)
    return g.line(g.layernorm(f"{path}/layernorm", x + unit))


def gated_unit(name: str, act: Any, bias: bool = False) -> str:
    """FFN(x, W, V, W_2) = (act(x W) ⊗ x V) W_2."""
    more = ", bias = true" if bias else ""
    g = begin(name, "Shazeer 2020, equation (6)", "x[4, 3]", f"x -> {name}(5{more})", name + more)
    x = g.input("x", 4, 3)
    path = f"{name}/glu"
    u = act(g.linear(f"{path}/linear", x, 5, bias)) * g.linear(f"{path}/linear.1", x, 5, bias)
    return g.line(g.linear(f"{path}/linear.2", u, 3, bias))


def affine() -> str:
    g = begin("affine", "Touvron et al. 2021 (ResMLP), equation (1)", "x[4, 3]", "x -> affine")
    x = g.input("x", 4, 3)
    alpha, beta = g.weight("affine/a", 3), g.weight("affine/b", 3)
    return g.line(np.stack([np.diag(alpha) @ row + beta for row in x]))


def resmlp() -> str:
    """Z = X + Aff((A Aff(X)ᵀ)ᵀ), Y = Z + Aff(C GELU(B Aff(Z))); the Aff after each branch is the LayerScale of the
    authors' code, without a summand."""
    n, d, m, path = 4, 3, 5, "resmlp_block"
    g = begin(
        path,
        "Touvron et al. 2021 (ResMLP), equations (2) and (3), the outer Aff with β = 0",
        f"x[2, {n}, {d}]",
        f"x -> {path}({m})",
    )
    x = g.input("x", 2, n, d)

    def aff(end: str, t: np.ndarray) -> np.ndarray:
        return t * g.weight(f"{path}/affine{end}/a", d) + g.weight(f"{path}/affine{end}/b", d)

    mixed = g.linear(f"{path}/linear", aff("", x).transpose(0, 2, 1), n).transpose(0, 2, 1)
    x = x + g.weight(f"{path}/g", d) * mixed
    return g.line(x + g.weight(f"{path}/h", d) * g.mlp(f"{path}/mlp", aff(".1", x), m, gelu))


def convmixer() -> str:
    """z' = BN(σ(ConvDepthwise(z))) + z, z'' = BN(σ(ConvPointwise(z')))."""
    h, w, c, kernel, path = 3, 4, 2, 3, "convmixer_block"
    g = begin(path, "Trockman and Kolter 2022, equations (2) and (3)", f"x[{h}, {w}, {c}]", f"x -> {path}({kernel})")
    x = g.input("x", h, w, c)

    def norm(name: str, t: np.ndarray) -> np.ndarray:
        gain, bias, mean = (g.weight(f"{path}/{name}/{part}", c) for part in ("g", "b", "mu"))
        return (t - mean) / np.sqrt(g.weight(f"{path}/{name}/var", c, low=0.5) + 1e-5) * gain + bias

    depthwise = f"{path}/depthwise2d/conv2d"
    taps = g.weight(f"{depthwise}/K", kernel, kernel, c, 1, 1)
    each = [convolved(x[..., k : k + 1], taps[:, :, k]) for k in range(c)]
    inner = np.concatenate(each, axis=-1) + g.weight(f"{depthwise}/b", c)
    x = x + norm("batchnorm", gelu(inner))
    point = g.weight(f"{path}/conv2d/K", 1, 1, 1, c, c)[0, 0, 0]
    return g.line(norm("batchnorm.1", gelu(x @ point + g.weight(f"{path}/conv2d/b", c))))


def moe() -> str:
    """y = Σ_e G(x)_e E_e(x), with every expert chosen: which ones are is data, and left open by the equations."""
    experts, d, m, path = 3, 4, 2, "moe"
    g = begin(
        path,
        "Shazeer et al. 2017, equation (1) with the softmax gate of equation (2), all experts chosen",
        f"x[5, {d}]",
        f"x -> moe({experts}, {experts}, {m})",
    )
    x = g.input("x", 5, d)
    gate = softmax(g.linear("moe/linear", x, experts, bias=False))
    y = np.zeros_like(x)
    for e in range(experts):
        y += gate[:, e : e + 1] * g.mlp(f"moe/choose{f'.{e}' if e else ''}/mlp", x, m, relu)
    return g.line(y)


def switch() -> str:
    """y = Σ_{i ∈ T} p_i(x) E_i(x), where T is all experts: with one token, the one slot of each must hold it."""
    experts, d, m, path = 3, 4, 2, "switch_ffn"
    g = begin(
        path,
        "Fedus et al. 2022, equations (1) and (2), for one token that stands in the one slot of every expert",
        f"x[1, {d}]",
        f"x -> switch_ffn({experts}, {m})",
    )
    x = g.input("x", 1, d)[0]
    p = softmax(g.linear(f"{path}/linear", x, experts, bias=False))
    w, v = g.weight(f"{path}/W", experts, d, m), g.weight(f"{path}/V", experts, m, d)
    return g.line(sum(p[i] * (relu(x @ w[i]) @ v[i]) for i in range(experts))[None])


if __name__ == "__main__":
    goldens = [dft(), mixer(), gmlp(), squeeze(False), squeeze(True), shuffle(), eca(3), eca(5), cbam(), film()]
    goldens += [highway("relu", relu), highway("tanh", np.tanh), gated_residual()]
    goldens += [gated_unit("swiglu", silu), gated_unit("geglu", gelu), gated_unit("reglu", relu)]
    goldens += [gated_unit("swiglu", silu, bias=True), affine(), resmlp(), convmixer(), moe(), switch()]
    write("attention_mixing", goldens)
