"""Basic layers, norms, activations, pools, patches and capsules from their papers. Writes other_basic.json."""

from __future__ import annotations

from math import erf

import numpy as np
from numpy_goldens import Array, Goldens, relu, sigmoid, silu, softmax

goldens = Goldens(seed=4)
draw = goldens.draw


def gelu(x: Array) -> Array:
    """Hendrycks and Gimpel 2016: x times the distribution function of the normal distribution."""
    return x * np.vectorize(lambda value: (1 + erf(value / 2**0.5)) / 2)(x)


# ---------------------------------------------------------------- basic

x, W = draw(2, 4, 3), draw(3, 2)
goldens.add("project", "project", "y = x W", "x[2, 4, 3], W[3, 2]: return project(x, W)", {"x": x, "W": W}, {}, x @ W)

x, E = draw(2, 4, 3), draw(5, 3)
goldens.add(
    "unembed",
    "unembed",
    "Press and Wolf 2017: the output matrix is the input embedding, transposed",
    "x[2, 4, 3], E[5, 3]: return unembed(x, E)",
    {"x": x, "E": E},
    {},
    x @ E.T,
)

token, E = np.array([[2.0, 0.0, 4.0, 1.0], [3.0, 4.0, 0.0, 0.0]]), draw(5, 3)
goldens.add(
    "lookup",
    "lookup",
    "rows of a given table: one-hot vectors times the table",
    "token[2, 4], E[5, 3]: return lookup(token, E)",
    {"token": token, "E": E},
    {},
    np.array([[np.eye(5)[int(word)] @ E for word in sentence] for sentence in token]),
)

x = draw(2, 3)
goldens.add("identity", "identity", "y = x", "x[2, 3]: return x -> identity", {"x": x}, {}, x)

for options, act, name in (("", relu, "relu"), (", act = gelu", gelu, "gelu")):
    x, W, b, V, c = draw(2, 4, 3), draw(3, 5), draw(5), draw(5, 3), draw(3)
    goldens.add(
        f"mlp, {name}",
        "mlp",
        "Vaswani et al. 2017, equation (2)",
        f"x[2, 4, 3]: return x -> mlp(M = 5{options})",
        {"x": x},
        {"mlp/linear/W": W, "mlp/linear/b": b, "mlp/linear.1/W": V, "mlp/linear.1/b": c},
        act(x @ W + b) @ V + c,
    )

for options, act, name in (("", sigmoid, "sigmoid"), (", act = silu", silu, "silu"), (", act = gelu", gelu, "gelu")):
    x, W, V, W2 = draw(4, 3), draw(3, 5), draw(3, 5), draw(5, 3)
    goldens.add(
        f"glu, {name}",
        "glu",
        "Shazeer 2020, equation (6): (act(x W) * x V) W_2",
        f"x[4, 3]: return x -> glu(5{options})",
        {"x": x},
        {"glu/linear/W": W, "glu/linear.1/W": V, "glu/linear.2/W": W2},
        (act(x @ W) * (x @ V)) @ W2,
    )

x, W, A, B = draw(2, 4, 3), draw(3, 5), draw(3, 2), draw(2, 5)
goldens.add(
    "lora",
    "lora",
    "Hu et al. 2021, equation (3): W_0 x + B A x, with alpha = r",
    "x[2, 4, 3], W[3, 5]: return lora(x, W, r = 2)",
    {"x": x, "W": W},
    {"lora/A": A, "lora/B": B},
    x @ (W + A @ B),
)

# ---------------------------------------------------------------- norms

x, V, g, b = draw(4, 3), draw(3, 2), draw(2), draw(2)
columns = [g[o] * V[:, o] / np.linalg.norm(V[:, o]) for o in range(2)]
goldens.add(
    "weightnorm_linear",
    "weightnorm_linear",
    "Salimans and Kingma 2016, equation (2): w = g v / |v| for each output",
    "x[4, 3]: return x -> weightnorm_linear(2)",
    {"x": x},
    {"weightnorm_linear/V": V, "weightnorm_linear/g": g, "weightnorm_linear/b": b},
    x @ np.stack(columns, axis=1) + b,
)

x, W, b = draw(4, 3), draw(3, 2), draw(2)
left, values, right = np.linalg.svd(W)
goldens.add(
    "spectralnorm_linear",
    "spectralnorm_linear",
    "Miyato et al. 2018, equation (8): W divided by its largest singular value, u and v being its vectors",
    "x[4, 3]: return x -> spectralnorm_linear(2)",
    {"x": x},
    {
        "spectralnorm_linear/W": W,
        "spectralnorm_linear/u": left[:, 0],
        "spectralnorm_linear/v": right[0],
        "spectralnorm_linear/b": b,
    },
    x @ (W / values[0]) + b,
)

x, g = draw(2, 4, 3), draw(3)
goldens.add(
    "scale",
    "scale",
    "Touvron et al. 2021: diag(lambda) x",
    "x[2, 4, 3]: return x -> scale",
    {"x": x},
    {"scale/g": g},
    x @ np.diag(g),
)

x = draw(2, 4, 3)
goldens.add(
    "normalize",
    "normalize",
    "x / |x|",
    "x[2, 4, 3]: return x -> normalize",
    {"x": x},
    {},
    np.array([[vector / np.linalg.norm(vector) for vector in sequence] for sequence in x]),
)

x, condition, W, b = draw(2, 4, 3), draw(2, 5), draw(5, 6), draw(6)
y = np.zeros_like(x)
for n in range(2):  # Peebles and Xie 2023, section 3.2: modulate(LayerNorm(x), shift, scale)
    modulation = silu(condition[n]) @ W + b
    for t in range(4):
        normal = (x[n, t] - np.mean(x[n, t])) / np.sqrt(np.var(x[n, t]) + 1e-5)
        y[n, t] = normal * (1 + modulation[3:]) + modulation[:3]
goldens.add(
    "ada_layernorm",
    "ada_layernorm",
    "Peebles and Xie 2023, adaLN block of figure 3; shift, then scale, from SiLU and a linear layer; epsilon 1e-5",
    "x[2, 4, 3], condition[2, 5]: return ada_layernorm(x, condition)",
    {"x": x, "condition": condition},
    {"ada_layernorm/linear/W": W, "ada_layernorm/linear/b": b},
    y,
)

# ---------------------------------------------------------------- activations and pools

x = draw(2, 3, low=-2, high=2)
squares = np.where(x > 0, x * x, 0.0)
goldens.add(
    "squared_relu",
    "squared_relu",
    "So et al. 2021: the square of a ReLU",
    "x[2, 3]: return x -> squared_relu",
    {"x": x},
    {},
    squares,
)

for pieces in (2, 3):
    x, W, b = draw(5, 4), draw(4, 2, pieces), draw(2, pieces)
    y = np.array([[max(v @ W[:, o, p] + b[o, p] for p in range(pieces)) for o in range(2)] for v in x])
    goldens.add(
        f"maxout, {pieces} pieces",
        "maxout",
        "Goodfellow et al. 2013, section 3: max over j of x^T W_ij + b_ij",
        f"x[5, 4]: return x -> maxout(2, pieces = {pieces})",
        {"x": x},
        {"maxout/W": W, "maxout/b": b},
        y,
    )

x = draw(2, 4, 3)
goldens.add(
    "mean_pool",
    "mean_pool",
    "Iyyer et al. 2015: the average of the words' vectors",
    "x[2, 4, 3]: return x -> mean_pool",
    {"x": x},
    {},
    (x[:, 0] + x[:, 1] + x[:, 2] + x[:, 3]) / 4,
)

for options, width in (("", 3), ("(A = 2)", 2)):
    x, W, b, q = draw(2, 4, 3), draw(3, width), draw(width), draw(width)
    y = np.array([softmax(np.tanh(h @ W + b) @ q) @ h for h in x])
    goldens.add(
        f"attention_pool, width {width}",
        "attention_pool",
        "Yang et al. 2016, equations (5) to (7)",
        f"x[2, 4, 3]: return x -> attention_pool{options}",
        {"x": x},
        {"attention_pool/linear/W": W, "attention_pool/linear/b": b, "attention_pool/q": q},
        y,
    )

# ---------------------------------------------------------------- images


def patches(x: Array, P: int, Q: int) -> Array:
    """Dosovitskiy et al. 2020, section 3.1: N x (P Q C), row by row."""
    H, W, _ = x.shape
    return np.array([x[h : h + P, w : w + Q].reshape(-1) for h in range(0, H, P) for w in range(0, W, Q)])


x = draw(2, 4, 6, 2)
for name, patch, (P, Q) in (("2", "2", (2, 2)), ("(2, 3)", "(2, 3)", (2, 3)), ("1", "1", (1, 1))):
    goldens.add(
        f"patchify, {name}",
        "patchify",
        "Dosovitskiy et al. 2020, section 3.1",
        f"x[2, 4, 6, 2]: return x -> patchify({patch})",
        {"x": x},
        {},
        np.array([patches(image, P, Q) for image in x]),
    )
goldens.add(
    "unpatchify",
    "unpatchify",
    "the inverse of the patches of Dosovitskiy et al. 2020, section 3.1",
    "x[2, 4, 12]: return x -> unpatchify(rows = 2, patch = (2, 3))",
    {"x": np.array([patches(image, 2, 3) for image in x])},
    {},
    x,
)

x, E, b = draw(4, 6, 2), draw(8, 3), draw(3)
goldens.add(
    "patch_embedding",
    "patch_embedding",
    "Dosovitskiy et al. 2020, equation (1), with a bias",
    "x[4, 6, 2]: return x -> patch_embedding(3, patch = 2)",
    {"x": x},
    {"patch_embedding/linear/W": E, "patch_embedding/linear/b": b},
    patches(x, 2, 2) @ E + b,
)

x = draw(2, 5, 6, 2)
goldens.add(
    "crop2d",
    "crop2d",
    "Ronneberger et al. 2015: the middle of a feature map",
    "x[2, 5, 6, 2]: return x -> crop2d(3, 2)",
    {"x": x},
    {},
    x[:, 1:4, 2:4],
)
goldens.add(
    "crop2d, square",
    "crop2d",
    "Ronneberger et al. 2015: the middle of a feature map",
    "x[2, 5, 6, 2]: return x -> crop2d(4)",
    {"x": x},
    {},
    x[:, 0:4, 1:5],
)

# ---------------------------------------------------------------- capsules


def capsules(u: Array, W: Array, rounds: int) -> Array:
    """Sabour et al. 2017, procedure 1 and equations (1) to (3); capsule i sends W_ij u_i to capsule j."""
    inputs, J, _, B = W.shape
    sent = np.array([[W[i, j].T @ u[i] for j in range(J)] for i in range(inputs)])
    logits, v = np.zeros((inputs, J)), np.zeros((J, B))
    for _ in range(rounds):
        c = np.array([softmax(row) for row in logits])
        for j in range(J):
            s = sum(c[i, j] * sent[i, j] for i in range(inputs))
            length = np.linalg.norm(s)
            v[j] = length**2 / (1 + length**2) * (s / length)
        for i in range(inputs):
            for j in range(J):
                logits[i, j] += sent[i, j] @ v[j]
    return v


for rounds in (1, 3):
    u, W = draw(4, 2), draw(4, 3, 2, 5)
    goldens.add(
        f"capsules, {rounds} rounds",
        "capsules",
        "Sabour et al. 2017, procedure 1",
        f"u[4, 2]: return u -> capsules(J = 3, B = 5, rounds = {rounds})",
        {"u": u},
        {"capsules/W": W},
        capsules(u, W, rounds),
    )

if __name__ == "__main__":
    goldens.write("other_basic.json")
