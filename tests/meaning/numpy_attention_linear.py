"""Goldens of attention whose cost is linear in the sequence: NumPy from the papers, in their quadratic forms where the
papers have one, so that the order in which sums are taken is put to the test. Run it to write attention_linear.json."""

from __future__ import annotations

import math

import numpy as np
from numpy_attention_tools import Golden, elu, merged, model, relu, sigmoid, softmax, write

N, M, A, B = 5, 4, 2, 3
QKV = f"q[{N}, {A}], k[{N}, {A}], v[{N}, {B}]"


def begin(name: str, source: str, call: str, layer: str = "", more: str = "") -> tuple:
    """A golden with queries, keys and values."""
    g = Golden(name, [layer or name], source, model(QKV + more, f"return {call}"))
    return g, g.input("q", N, A), g.input("k", N, A), g.input("v", N, B)


def linear() -> str:
    """Equation (4) with φ = elu + 1, position by position."""
    g, q, k, v = begin(
        "linear_attention", "Katharopoulos et al. 2020, equations (4) and (7)", "linear_attention(q, k, v)"
    )
    return g.line(similarity_weighted(elu(q) + 1, elu(k) + 1, v))


def similarity_weighted(fq: np.ndarray, fk: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Σ_m sim(q_n, k_m) v_m / Σ_m sim(q_n, k_m), where sim is a product of features."""
    y = np.zeros((len(fq), v.shape[1]))
    for n in range(len(fq)):
        sim = np.array([fq[n] @ fk[m] for m in range(len(fk))])
        y[n] = sum(sim[m] * v[m] for m in range(len(fk))) / sum(sim)
    return y


def linear_in_heads() -> str:
    """The same with a batch axis and heads around it."""
    d, heads, batch = 4, 2, 2
    g = Golden(
        "multi_head of linear_attention",
        ["multi_head", "linear_attention"],
        "Katharopoulos et al. 2020 in the heads of Vaswani et al. 2017, section 3.2.2; keys from another sequence",
        model(f"x[{batch}, {N}, {d}], y[{batch}, {N}, 3]", f"return multi_head(x, y, heads = {heads})"),
    )
    x, y = g.input("x", batch, N, d), g.input("y", batch, N, 3)
    q = g.heads("multi_head/head_projection", x, heads, d // heads)
    k = g.heads("multi_head/head_projection.1", y, heads, d // heads)
    v = g.heads("multi_head/head_projection.2", y, heads, d // heads)
    c = np.zeros_like(q)
    for b in range(batch):
        for h in range(heads):
            c[b, h] = similarity_weighted(elu(q[b, h]) + 1, elu(k[b, h]) + 1, v[b, h])
    return g.line(g.linear("multi_head/linear", merged(c), d))


def heads_of(name: str) -> str:
    """multi_head without biases around a causal sum, with its defaults elsewhere."""
    d = 3
    g = Golden(
        "multi_head of causal_linear_attention",
        ["multi_head"],
        "Vaswani et al. 2017, section 3.2.2, around another mixture of values",
        model(f"x[{N}, {d}]", f"return multi_head(x, mix = {name}, heads = {d}, bias = false)"),
    )
    x = g.input("x", N, d)
    q = g.heads("multi_head/head_projection", x, d, 1, bias=False)
    k = g.heads("multi_head/head_projection.1", x, d, 1, bias=False)
    v = g.heads("multi_head/head_projection.2", x, d, 1, bias=False)
    c = np.stack([np.tril(q[h] @ k[h].T) @ v[h] for h in range(d)])
    return g.line(g.linear("multi_head/linear", merged(c), d, bias=False))


def causal_linear() -> str:
    """Section 3.3 without the denominator, as a masked product: y_n = Σ_{m ≤ n} (q_n · k_m) v_m."""
    g, q, k, v = begin(
        "causal_linear_attention",
        "Katharopoulos et al. 2020, section 3.3 without its denominator, features given",
        "causal_linear_attention(q, k, v)",
    )
    return g.line(np.tril(q @ k.T) @ v)


def linformer() -> str:
    """Equation (7): softmax(Q (E K)ᵀ / √d) F V."""
    r = 2
    g, q, k, v = begin("linformer", "Wang et al. 2020, equation (7)", f"linformer(q, k, v, {r})")
    e, f = g.weight("linformer/E", N, r), g.weight("linformer/F", N, r)
    return g.line(softmax(q @ (e.T @ k).T / math.sqrt(A)) @ (f.T @ v))


def performer() -> str:
    """Positive features, section 2.3: φ(x) = exp(-|x|²/2)/√r (exp(ω_1·x), …); its inner products, normalised."""
    r = 3
    g, q, k, v = begin(
        "performer",
        "Choromanski et al. 2021, positive features; the root of d is taken into the queries and keys, as the "
        "paper does in section 2.3",
        f"performer(q, k, v, {r})",
    )
    omega = g.weight("performer/R", r, A)

    def features(x: np.ndarray) -> np.ndarray:
        return np.array([np.exp(-(t @ t) / 2) / math.sqrt(r) * np.array([np.exp(w @ t) for w in omega]) for t in x])

    return g.line(similarity_weighted(features(q), features(k), v))


def external() -> str:
    """Scores to the memory are normalised over positions by exp, then over the memory."""
    r, d = 3, 2
    g = Golden(
        "external_attention",
        ["external_attention"],
        "Guo et al. 2021, section 3, with the double normalisation of section 3.2",
        model(f"x[2, {N}, {d}]", f"return external_attention(x, {r})"),
    )
    x = g.input("x", 2, N, d)
    mk, mv = g.weight("external_attention/K", r, d), g.weight("external_attention/V", r, d)
    out = np.zeros_like(x)
    for b in range(2):
        alpha = np.exp(x[b] @ mk.T)
        alpha = alpha / alpha.sum(0)  # over the positions
        alpha = alpha / alpha.sum(1)[:, None]  # over the memory
        out[b] = alpha @ mv
    return g.line(out)


def efficient() -> str:
    """ρ_q(Q) (ρ_k(K)ᵀ V), with ρ_q a softmax of each row of Q and ρ_k one of each column of K."""
    g, q, k, v = begin(
        "efficient_attention", "Shen et al. 2021, with softmax normalisation", "efficient_attention(q, k, v)"
    )
    rq = np.array([np.exp(row) / np.exp(row).sum() for row in q])
    rk = np.array([np.exp(col) / np.exp(col).sum() for col in k.T]).T
    return g.line(rq @ rk.T @ v)


def cosformer() -> str:
    """The quadratic form: weights relu(q_n)·relu(k_m) cos(π/2 · (n - m)/M), normalised."""
    g = Golden(
        "cosformer",
        ["cosformer"],
        "Qin et al. 2022, the quadratic form of cos-based re-weighting",
        model(QKV, "return cosformer(q, k, v)"),
    )
    q = g.input("q", N, A, low=-0.4)
    k = g.input("k", N, A, low=-0.4)
    v = g.input("v", N, B)
    y = np.zeros((N, B))
    for i in range(N):
        s = np.array([relu(q[i]) @ relu(k[j]) * math.cos(math.pi / 2 * (i - j) / N) for j in range(N)])
        y[i] = s @ v / s.sum()
    return g.line(y)


def nystrom(rounds: int) -> str:
    """softmax(Q K~ᵀ) Z softmax(Q~ Kᵀ) V with landmark means and the third-order iteration for Z."""
    n, r, a, b = 6, 3, 2, 4
    option = "" if rounds == 6 else f", rounds = {rounds}"
    g = Golden(
        f"nystrom_attention, {rounds} rounds",
        ["nystrom_attention"],
        "Xiong et al. 2021 (Nyströmformer), section 3",
        model(f"q[{n}, {a}], k[{n}, {a}], v[{n}, {b}]", f"return nystrom_attention(q, k, v, {r}{option})"),
    )
    q, k, v = g.input("q", n, a, low=-2, high=2), g.input("k", n, a, low=-2, high=2), g.input("v", n, b)
    size = n // r
    ql = np.array([q[i * size : (i + 1) * size].mean(0) for i in range(r)])
    kl = np.array([k[i * size : (i + 1) * size].mean(0) for i in range(r)])
    s = softmax(ql @ kl.T / math.sqrt(a))
    eye = np.eye(r)
    z = s.T / (np.linalg.norm(s, 1) * np.linalg.norm(s, np.inf))
    for _ in range(rounds):
        z = 0.25 * z @ (13 * eye - s @ z @ (15 * eye - s @ z @ (7 * eye - s @ z)))
    return g.line(softmax(q @ kl.T / math.sqrt(a)) @ z @ softmax(ql @ k.T / math.sqrt(a)) @ v)


def delta_rule() -> str:
    """v̄ = W k; v_new = β v + (1 - β) v̄; W ← W + v_new kᵀ - v̄ kᵀ; y = W q."""
    g, q, k, v = begin(
        "delta_rule",
        "Schlag et al. 2021, section 4.2, features given",
        "delta_rule(q, k, v, beta)",
        more=f", beta[{N}]",
    )
    beta = g.input("beta", N, low=0)
    w, y = np.zeros((B, A)), np.zeros((N, B))
    for t in range(N):
        v_new = beta[t] * v[t] + (1 - beta[t]) * (w @ k[t])
        w = w + np.outer(v_new, k[t]) - np.outer(w @ k[t], k[t])
        y[t] = w @ q[t]
    return g.line(y)


def gated() -> str:
    """S_t = Diag(α_t) S_{t-1} + k_tᵀ v_t, o_t = q_t S_t, unrolled: what m left has decayed by α_{m+1} … α_n."""
    g, q, k, v = begin(
        "gated_linear_attention",
        "Yang et al. 2024 (GLA), the recurrence with gates α_t for the rows of the state",
        "gated_linear_attention(q, k, v, gate)",
        more=f", gate[{N}, {A}]",
    )
    gate = g.input("gate", N, A, low=0)
    y = np.zeros((N, B))
    for n in range(N):
        for m in range(n + 1):
            decay = np.prod(gate[m + 1 : n + 1], axis=0)
            y[n] += (q[n] * decay) @ k[m] * v[m]
    return g.line(y)


def aft_full() -> str:
    """Equation (2): Y_t = σ(Q_t) ⊙ Σ exp(K_t' + w_t,t') ⊙ V_t' / Σ exp(K_t' + w_t,t')."""
    d = 3
    g = Golden(
        "aft_full",
        ["aft_full"],
        "Zhai et al. 2021, equation (2)",
        model(f"q[{N}, {d}], k[{N}, {d}], v[{N}, {d}]", "return aft_full(q, k, v)"),
    )
    q, k, v = (g.input(name, N, d) for name in "qkv")
    w = g.weight("aft_full/W", N, N)
    y = np.zeros((N, d))
    for t in range(N):
        e = np.exp(k + w[t][:, None])
        y[t] = sigmoid(q[t]) * (e * v).sum(0) / e.sum(0)
    return g.line(y)


def lambda_layer() -> str:
    """λ_n = Σ_m (k̄_m + e_nm) v_mᵀ, where k̄ is a softmax over the context; y_n = λ_nᵀ q_n."""
    g = Golden(
        "lambda_layer",
        ["lambda_layer"],
        "Bello 2021, section 3",
        model(f"q[{N}, {A}], k[{M}, {A}], v[{M}, {B}]", "return lambda_layer(q, k, v)"),
    )
    q, k, v = g.input("q", N, A), g.input("k", M, A), g.input("v", M, B)
    e = g.weight("lambda_layer/E", N, M, A)
    kbar = softmax(k, axis=0)
    y = np.zeros((N, B))
    for n in range(N):
        lam = sum(np.outer(kbar[m] + e[n, m], v[m]) for m in range(M))
        y[n] = lam.T @ q[n]
    return g.line(y)


if __name__ == "__main__":
    write(
        "attention_linear",
        [
            linear(),
            linear_in_heads(),
            heads_of("causal_linear_attention"),
            causal_linear(),
            linformer(),
            performer(),
            external(),
            efficient(),
            cosformer(),
            nystrom(6),
            nystrom(2),
            delta_rule(),
            gated(),
            aft_full(),
            lambda_layer(),
        ],
    )
