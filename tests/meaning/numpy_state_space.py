"""Layers whose state is linear in itself, from the equations of their papers. Writes other_state_space.json.

Where a paper gives two forms, the one that the layer does not use stands here: S4D as its convolution, S4 with the
full state matrix inverted, retention as recurrence and as matrix, WKV as its sum over the past.
"""

from __future__ import annotations

import numpy as np
from numpy_goldens import Array, Goldens, relu, sigmoid, silu

goldens = Goldens(seed=2)
draw = goldens.draw
exp = np.exp


def s4d(u: Array, A: Array, B: Array, C: Array, D: Array) -> Array:
    """Gu et al. 2022b: y = K * u + D u with K_l = sum_n C_n A_n^l B_n, the state matrix and B being discrete."""
    y = u * D
    for d in range(u.shape[1]):
        K = [sum(C[d, n] * A[d, n] ** power * B[d, n] for n in range(A.shape[1])) for power in range(len(u))]
        y[:, d] += np.convolve(u[:, d], K)[: len(u)]
    return y


u, A, B, C, D = draw(2, 5, 3), draw(3, 2), draw(3, 2), draw(3, 2), draw(3)
goldens.add(
    "ssm",
    "ssm",
    "Gu et al. 2022b (S4D): the convolution with its kernel; the discrete A is exp(-exp(weight))",
    "u[2, 5, 3]: return u -> ssm(2)",
    {"u": u},
    {"ssm/A": A, "ssm/B": B, "ssm/C": C, "ssm/skip": D},
    np.array([s4d(sequence, exp(-exp(A)), B, C, D) for sequence in u]),
)


def s4(u: Array, step: Array, A: Array, P: Array, Q: Array, B: Array, C: Array, D: Array) -> Array:
    """Gu et al. 2022, equation (3): bilinear steps of the state matrix diag(A) - P Q^T, one for each feature."""
    y = u * D
    for d in range(u.shape[1]):
        full = np.diag(A[d]) - np.outer(P[d], Q[d])
        eye, delta = np.eye(len(full)), exp(step[d])
        inverse = np.linalg.inv(eye - delta / 2 * full)
        h = np.zeros(len(full))
        for t in range(len(u)):
            h = inverse @ (eye + delta / 2 * full) @ h + inverse @ (delta * B[d]) * u[t, d]
            y[t, d] += C[d] @ h
    return y


u, step, skip = draw(4, 2), draw(2), draw(2)
A, P, Q, B, C = draw(2, 3, low=-2.0, high=-0.5), draw(2, 3), draw(2, 3), draw(2, 3), draw(2, 3)
goldens.add(
    "s4",
    "s4",
    "Gu et al. 2022, equation (3), with the state matrix of appendix C written out and inverted",
    "u[4, 2]: return u -> s4(3)",
    {"u": u},
    {"s4/A": A, "s4/P": P, "s4/Q": Q, "s4/B": B, "s4/C": C, "s4/step": step, "s4/skip": skip},
    s4(u, step, A, P, Q, B, C, skip),
)

u, nu, theta, gamma = draw(5, 3), draw(2), draw(2), draw(2)
B, C, D = draw(3, 2, 2), draw(2, 2, 3), draw(3)
state, out = np.zeros(2, dtype=complex), []
for u_t in u:  # Orvieto et al. 2023: complex numbers, of which y takes the real part
    state = exp(-exp(nu) + 1j * exp(theta)) * state + exp(gamma) * ((B[:, 0] + 1j * B[:, 1]).T @ u_t)
    out.append(((C[0] + 1j * C[1]).T @ state).real + D * u_t)
goldens.add(
    "lru",
    "lru",
    "Orvieto et al. 2023, in complex numbers",
    "u[5, 3]: return u -> lru(2)",
    {"u": u},
    {"lru/nu": nu, "lru/theta": theta, "lru/gamma": gamma, "lru/B": B, "lru/C": C, "lru/skip": D},
    np.array(out),
)


def selective_scan(u: Array, delta: Array, A: Array, B: Array, C: Array, D: Array) -> Array:
    """Gu and Dao 2023, algorithm 2, for one sequence; discrete A = exp(delta A), discrete B = delta B.

    The second is Euler's rule, as in the authors' program (`selective_scan_ref`); equation (4) has
    (delta A)^-1 (exp(delta A) - 1) delta B.
    """
    y = np.zeros_like(u)
    for d in range(u.shape[1]):
        h = np.zeros(A.shape[1])
        for t in range(len(u)):
            h = exp(delta[t, d] * A[d]) * h + delta[t, d] * B[t] * u[t, d]
            y[t, d] = C[t] @ h + D[d] * u[t, d]
    return y


u, delta, B, C, A, D = draw(2, 4, 3), draw(2, 4, 3, low=0.1), draw(2, 4, 2), draw(2, 4, 2), draw(3, 2), draw(3)
goldens.add(
    "selective_scan",
    "selective_scan",
    "Gu and Dao 2023, algorithm 2, with the discrete B of the authors' program (Euler's rule)",
    "u[2, 4, 3], delta[2, 4, 3], B[2, 4, 2], C[2, 4, 2]: return selective_scan(u, delta, B, C)",
    {"u": u, "delta": delta, "B": B, "C": C},
    {"selective_scan/A": A, "selective_scan/skip": D},
    np.array([selective_scan(u[n], delta[n], A, B[n], C[n], D) for n in range(2)]),
)


def causal(x: Array, W: Array, b: Array) -> Array:
    """A depthwise causal convolution: W [k, E]; the last row of W reads the present."""
    k = len(W)
    padded = np.concatenate([np.zeros((k - 1, x.shape[1])), x])
    return np.array([sum(padded[t + j] * W[j] for j in range(k)) + b for t in range(len(x))])


x = draw(5, 2)
E, S, R, k = 4, 3, 1, 4
W_in, K, b_K, W_x, W_dt, b_dt = draw(2, 2 * E), draw(k, E), draw(E), draw(E, R + 2 * S), draw(R, E), draw(E)
A, D, W_out = draw(E, S, low=-1.5, high=-0.2), draw(E), draw(E, 2)
u, gate = np.split(x @ W_in, 2, axis=1)  # Gu and Dao 2023, section 3.4, figure 3
u = silu(causal(u, K, b_K))
dt, B, C = np.split(u @ W_x, [R, R + S], axis=1)
delta = np.log1p(exp(dt @ W_dt + b_dt))
goldens.add(
    "mamba",
    "mamba",
    "Gu and Dao 2023, figure 3 and section 3.6: s_delta = broadcast(Linear_1), tau_delta = softplus",
    "x[5, 2]: return x -> mamba(S = 3)",
    {"x": x},
    {
        "mamba/linear/W": W_in,
        "mamba/conv1d/W": K.reshape(k, E, 1, 1),
        "mamba/conv1d/b": b_K,
        "mamba/linear.1/W": W_x,
        "mamba/linear.2/W": W_dt,
        "mamba/linear.2/b": b_dt,
        "mamba/selective_scan/A": A,
        "mamba/selective_scan/skip": D,
        "mamba/linear.3/W": W_out,
    },
    (selective_scan(u, delta, A, B, C, D) * silu(gate)) @ W_out,
)


def retention_parallel(q: Array, k: Array, v: Array, gamma: float) -> Array:
    """Sun et al. 2023, equation (5): (Q K^T * D) V with D_nm = gamma^(n - m) for n >= m, else 0."""
    n = np.arange(len(q))
    D = np.where(n[:, None] >= n, gamma ** (n[:, None] - n).astype(float), 0.0)
    return ((q @ k.T) * D) @ v


def retention_recurrent(q: Array, k: Array, v: Array, gamma: float) -> Array:
    """Sun et al. 2023, equation (6): S_n = gamma S_{n-1} + K_n^T V_n, and Q_n S_n comes out."""
    S, out = np.zeros((k.shape[1], v.shape[1])), []
    for n in range(len(q)):
        S = gamma * S + np.outer(k[n], v[n])
        out.append(q[n] @ S)
    return np.array(out)


q, k, v = draw(2, 4, 3), draw(2, 4, 3), draw(2, 4, 2)
for name, form in (("retention", retention_recurrent), ("retention_recurrent", retention_parallel)):
    for gamma, options in ((0.97, ""), (0.5, ", gamma = 0.5")):
        goldens.add(
            f"{name}, gamma {gamma}",
            name,
            f"Sun et al. 2023, equation {'(6)' if name == 'retention' else '(5)'}, which gives the same",
            f"q[2, 4, 3], k[2, 4, 3], v[2, 4, 2]: return {name}(q, k, v{options})",
            {"q": q, "k": k, "v": v},
            {},
            np.array([form(q[n], k[n], v[n], gamma) for n in range(2)]),
        )

x, alpha, delta, beta, eta = draw(5, 3), draw(3, 2), draw(3, 2), draw(3, 2), draw(3, 2)
y = np.zeros((5, 3))
for d in range(3):  # Ma et al. 2023, section 3.1
    h, decay, damp = np.zeros(2), sigmoid(alpha[d]), sigmoid(delta[d])
    for t in range(5):
        h = decay * (x[t, d] * beta[d]) + (1 - decay * damp) * h
        y[t, d] = eta[d] @ h
goldens.add(
    "damped_ema",
    "damped_ema",
    "Ma et al. 2023, section 3.1: multi-dimensional damped EMA",
    "x[5, 3]: return x -> damped_ema(2)",
    {"x": x},
    {f"damped_ema/{name}": w for name, w in (("alpha", alpha), ("delta", delta), ("beta", beta), ("eta", eta))},
    y,
)


def shifted(x: Array, mu: Array) -> Array:
    """Peng et al. 2023, section 3.1: mu x_t + (1 - mu) x_{t-1}."""
    before = np.concatenate([np.zeros((1, x.shape[1])), x[:-1]])
    return mu * x + (1 - mu) * before


def wkv(k: Array, v: Array, w: Array, u: Array) -> Array:
    """Peng et al. 2023, section 3.1: a weighted mean over the past with weights e^(-(t-1-i) w + k_i)."""
    out = np.zeros_like(v)
    for t in range(len(k)):
        weights = [exp(-(t - 1 - i) * w + k[i]) for i in range(t)] + [exp(u + k[t])]
        out[t] = sum(a * b for a, b in zip(weights, v, strict=False)) / sum(weights)
    return out


x, mu = draw(2, 4, 3), draw(3)
goldens.add(
    "token_shift",
    "token_shift",
    "Peng et al. 2023, section 3.1, before its matrix",
    "x[2, 4, 3]: return x -> token_shift",
    {"x": x},
    {"token_shift/mu": mu},
    np.array([shifted(sequence, mu) for sequence in x]),
)

k, v, w, u = draw(2, 4, 3), draw(2, 4, 3), draw(3), draw(3)
goldens.add(
    "wkv",
    "wkv",
    "Peng et al. 2023, section 3.1, as a sum over the past; its w is exp(weight), which is positive",
    "k[2, 4, 3], v[2, 4, 3]: return wkv(k, v)",
    {"k": k, "v": v},
    {"wkv/w": w, "wkv/u": u},
    np.array([wkv(k[n], v[n], exp(w), u) for n in range(2)]),
)

x, mu, (W_r, W_k, W_v, W_o), w, u = draw(5, 3), draw(3, 3), draw(4, 3, 3), draw(3), draw(3)
r, k, v = (shifted(x, m) @ W for m, W in zip(mu, (W_r, W_k, W_v), strict=True))
goldens.add(
    "rwkv_time_mixing",
    "rwkv_time_mixing",
    "Peng et al. 2023, section 3.1: o = W_o (sigmoid(r) * wkv)",
    "x[5, 3]: return x -> rwkv_time_mixing",
    {"x": x},
    {
        **{f"rwkv_time_mixing/token_shift{n}/mu": m for n, m in zip(("", ".1", ".2"), mu, strict=True)},
        **{
            f"rwkv_time_mixing/linear{n}/W": W
            for n, W in zip(("", ".1", ".2", ".3"), (W_r, W_k, W_v, W_o), strict=True)
        },
        "rwkv_time_mixing/wkv/w": w,
        "rwkv_time_mixing/wkv/u": u,
    },
    (sigmoid(r) * wkv(k, v, exp(w), u)) @ W_o,
)

x, mu, W_r, W_k, W_v = draw(5, 3), draw(2, 3), draw(3, 3), draw(3, 4), draw(4, 3)
goldens.add(
    "rwkv_channel_mixing",
    "rwkv_channel_mixing",
    "Peng et al. 2023, section 3.1: sigmoid(r) * (W_v max(k, 0)^2)",
    "x[5, 3]: return x -> rwkv_channel_mixing(M = 4)",
    {"x": x},
    {
        "rwkv_channel_mixing/token_shift/mu": mu[0],
        "rwkv_channel_mixing/token_shift.1/mu": mu[1],
        "rwkv_channel_mixing/linear/W": W_r,
        "rwkv_channel_mixing/linear.1/W": W_k,
        "rwkv_channel_mixing/linear.2/W": W_v,
    },
    sigmoid(shifted(x, mu[0]) @ W_r) * (relu(shifted(x, mu[1]) @ W_k) ** 2 @ W_v),
)

if __name__ == "__main__":
    goldens.write("other_state_space.json")
