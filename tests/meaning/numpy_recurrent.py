"""Recurrent layers, one step after the other, from the equations of their papers. Writes other_recurrent.json."""

from __future__ import annotations

import numpy as np
from numpy_goldens import Array, Goldens, relu, sigmoid

goldens = Goldens(seed=1)
draw = goldens.draw
tanh = np.tanh


def peephole(x: Array, W: Array, U: Array, b: Array, p: Array) -> Array:
    """Graves 2013, equations (7) to (11). Columns of W, U, b: forget, input, cell, output; p is diagonal."""
    M = b.shape[1]
    h, c, out = np.zeros(M), np.zeros(M), []
    for x_t in x:
        i = sigmoid(W[:, 1].T @ x_t + U[:, 1].T @ h + np.diag(p[1]) @ c + b[1])
        f = sigmoid(W[:, 0].T @ x_t + U[:, 0].T @ h + np.diag(p[0]) @ c + b[0])
        c = f * c + i * tanh(W[:, 2].T @ x_t + U[:, 2].T @ h + b[2])
        o = sigmoid(W[:, 3].T @ x_t + U[:, 3].T @ h + np.diag(p[2]) @ c + b[3])
        h = o * tanh(c)
        out.append(h)
    return np.array(out)


x, W, U, b, p = draw(5, 3), draw(3, 4, 2), draw(2, 4, 2), draw(4, 2), draw(3, 2)
goldens.add(
    "lstm_peephole",
    "lstm_peephole",
    "Graves 2013, equations (7) to (11)",
    "x[5, 3]: return x -> lstm_peephole(2)",
    {"x": x},
    {"lstm_peephole/W": W, "lstm_peephole/U": U, "lstm_peephole/b": b, "lstm_peephole/p": p},
    peephole(x, W, U, b, p),
)


def plain_lstm(x: Array, W: Array, U: Array, b: Array) -> Array:
    """Gers et al. 2000: forget, input, cell, output."""
    return peephole(x, W, U, b, np.zeros((3, b.shape[1])))


x, W, U, b = draw(5, 3), draw(3, 4, 2), draw(2, 4, 2), draw(4, 2)
goldens.add(
    "lstm_backward",
    "lstm_backward",
    "Gers et al. 2000, on the sequence read from its end",
    "x[5, 3]: return x -> lstm_backward(2)",
    {"x": x},
    {"lstm_backward/W": W, "lstm_backward/U": U, "lstm_backward/b": b},
    plain_lstm(x[::-1], W, U, b)[::-1],
)

x, W, U, b, R = draw(4, 3), draw(3, 4, 4), draw(2, 4, 4), draw(4, 4), draw(4, 2)


def projected(x: Array, W: Array, U: Array, b: Array, R: Array) -> Array:
    """Sak et al. 2014, equations (1) to (6) without peepholes: r_t = W_rm m_t goes into the next step."""
    r, c, out = np.zeros(R.shape[1]), np.zeros(R.shape[0]), []
    for x_t in x:
        f, i, o = (sigmoid(W[:, q].T @ x_t + U[:, q].T @ r + b[q]) for q in (0, 1, 3))
        c = f * c + i * tanh(W[:, 2].T @ x_t + U[:, 2].T @ r + b[2])
        r = R.T @ (o * tanh(c))
        out.append(r)
    return np.array(out)


goldens.add(
    "lstm_projection",
    "lstm_projection",
    "Sak et al. 2014, without peepholes",
    "x[4, 3]: return x -> lstm_projection(M = 4, P = 2)",
    {"x": x},
    {"lstm_projection/W": W, "lstm_projection/U": U, "lstm_projection/b": b, "lstm_projection/R": R},
    projected(x, W, U, b, R),
)


def gru(x: Array, W: Array, U: Array, b: Array) -> Array:
    """Cho et al. 2014, equations (5) to (8), with biases. Columns: reset, update, candidate."""
    h, out = np.zeros(b.shape[1]), []
    for x_t in x:
        r = sigmoid(W[:, 0].T @ x_t + U[:, 0].T @ h + b[0])
        z = sigmoid(W[:, 1].T @ x_t + U[:, 1].T @ h + b[1])
        candidate = tanh(W[:, 2].T @ x_t + U[:, 2].T @ (r * h) + b[2])
        h = z * h + (1 - z) * candidate
        out.append(h)
    return np.array(out)


x, W, U, b = draw(2, 4, 3), draw(3, 3, 2), draw(2, 3, 2), draw(3, 2)
goldens.add(
    "gru",
    "gru",
    "Cho et al. 2014, equations (5) to (8)",
    "x[2, 4, 3]: return x -> gru(2)",
    {"x": x},
    {"gru/W": W, "gru/U": U, "gru/b": b},
    np.array([gru(sequence, W, U, b) for sequence in x]),
)


def gru_reset_after(x: Array, W: Array, U: Array, b: Array, d: Array) -> Array:
    """The form of torch.nn.GRU: the reset gate multiplies U h + d."""
    h, out = np.zeros(b.shape[1]), []
    for x_t in x:
        r = sigmoid(W[:, 0].T @ x_t + b[0] + U[:, 0].T @ h + d[0])
        z = sigmoid(W[:, 1].T @ x_t + b[1] + U[:, 1].T @ h + d[1])
        n = tanh(W[:, 2].T @ x_t + b[2] + r * (U[:, 2].T @ h + d[2]))
        h = (1 - z) * n + z * h
        out.append(h)
    return np.array(out)


x, W, U, b, d = draw(5, 3), draw(3, 3, 2), draw(2, 3, 2), draw(3, 2), draw(3, 2)
goldens.add(
    "gru_backward",
    "gru_backward",
    "the equations of torch.nn.GRU, on the sequence read from its end",
    "x[5, 3]: return x -> gru_backward(2)",
    {"x": x},
    {"gru_backward/W": W, "gru_backward/U": U, "gru_backward/b": b, "gru_backward/d": d},
    gru_reset_after(x[::-1], W, U, b, d)[::-1],
)


def elman(x: Array, W: Array, U: Array, b: Array | float, h: Array) -> Array:
    """Elman 1990: h_t = tanh(W x_t + U h_{t-1} + b)."""
    out = []
    for x_t in x:
        h = tanh(x_t @ W + h @ U + b)
        out.append(h)
    return np.array(out)


x, W, U = draw(5, 3), draw(3, 2), draw(2, 2)
goldens.add(
    "elman_backward",
    "elman_backward",
    "Elman 1990, on the sequence read from its end",
    "x[5, 3]: return x -> elman_backward(2)",
    {"x": x},
    {"elman_backward/W": W, "elman_backward/U": U},
    elman(x[::-1], W, U, 0, np.zeros(2))[::-1],
)

x, W, U, b, V, Z = draw(5, 3), draw(3, 2), draw(2, 2), draw(2), draw(3, 2), draw(2, 2)
goldens.add(
    "bidirectional",
    "bidirectional",
    "Schuster and Paliwal 1997: forward states, then backward states",
    "x[5, 3]: return x -> bidirectional(2)",
    {"x": x},
    {
        "bidirectional/elman/W": W,
        "bidirectional/elman/U": U,
        "bidirectional/elman/b": b,
        "bidirectional/elman_backward/W": V,
        "bidirectional/elman_backward/U": Z,
    },
    np.concatenate([elman(x, W, U, b, np.zeros(2)), elman(x[::-1], V, Z, 0, np.zeros(2))[::-1]], axis=1),
)

x, h0, W, U = draw(5, 3), draw(2), draw(3, 2), draw(2, 2)
goldens.add(
    "decoder_rnn",
    "decoder_rnn",
    "Sutskever et al. 2014: the decoder's state begins with the encoder's last",
    "x[5, 3], h0[2]: return decoder_rnn(x, h0)",
    {"x": x, "h0": h0},
    {"decoder_rnn/W": W, "decoder_rnn/U": U},
    elman(x, W, U, 0, h0),
)

x, parts = draw(5, 3), [(draw(3, 3, 2), draw(2, 3, 2), draw(3, 2)), (draw(2, 3, 2), draw(2, 3, 2), draw(3, 2))]
goldens.add(
    "stacked_rnn of gru",
    "stacked_rnn gru",
    "Graves et al. 2013: each cell reads the one below; the cells are those of Cho et al. 2014",
    "x[5, 3]: return x -> stacked_rnn(2, cell = gru)",
    {"x": x},
    {
        f"stacked_rnn/{place}gru/{name}": value
        for place, part in zip(("", "repeat/"), parts, strict=True)
        for name, value in zip("WUb", part, strict=True)
    },
    gru(gru(x, *parts[0]), *parts[1]),
)


def sru(x: Array, W: Array, v: Array, b: Array) -> Array:
    """Lei et al. 2018, equations (1) to (4). Columns of W: state, forget, reset."""
    c, out = np.zeros(x.shape[1]), []
    for x_t in x:
        f = sigmoid(W[:, 1].T @ x_t + v[0] * c + b[0])
        r = sigmoid(W[:, 2].T @ x_t + v[1] * c + b[1])
        c = f * c + (1 - f) * (W[:, 0].T @ x_t)
        out.append(r * c + (1 - r) * x_t)
    return np.array(out)


x, W, v, b = draw(5, 2), draw(2, 3, 2), draw(2, 2), draw(2, 2)
goldens.add(
    "sru",
    "sru",
    "Lei et al. 2018: light recurrence and highway",
    "x[5, 2]: return x -> sru",
    {"x": x},
    {"sru/W": W, "sru/v": v, "sru/b": b},
    sru(x, W, v, b),
)


def qrnn(x: Array, W: Array, b: Array) -> Array:
    """Bradbury et al. 2017: Z, F, O are masked convolutions; fo-pooling, equation (4)."""
    K, M = W.shape[0], b.shape[0] // 3
    padded = np.concatenate([np.zeros((K - 1, x.shape[1])), x])
    c, out = np.zeros(M), []
    for t in range(len(x)):
        u = sum(padded[t + j] @ W[j, 0] for j in range(K)) + b
        z, f, o = tanh(u[:M]), sigmoid(u[M : 2 * M]), sigmoid(u[2 * M :])
        c = f * c + (1 - f) * z
        out.append(o * c)
    return np.array(out)


for K in (2, 3):
    x, W, b = draw(5, 4), draw(K, 1, 4, 6), draw(6)
    goldens.add(
        f"qrnn, kernel {K}",
        "qrnn",
        "Bradbury et al. 2017, fo-pooling",
        f"x[5, 4]: return x -> qrnn(2, kernel = {K})" if K != 2 else "x[5, 4]: return x -> qrnn(2)",
        {"x": x},
        {"qrnn/conv1d/W": W, "qrnn/conv1d/b": b},
        qrnn(x, W, b),
    )

x, W, u, b = draw(2, 4, 3), draw(3, 2), draw(2), draw(2)


def indrnn(x: Array, W: Array, u: Array, b: Array) -> Array:
    """Li et al. 2018: h_t = relu(W x_t + u * h_{t-1} + b), elementwise in h."""
    h, out = np.zeros(len(u)), []
    for x_t in x:
        h = relu(W.T @ x_t + u * h + b)
        out.append(h)
    return np.array(out)


goldens.add(
    "indrnn",
    "indrnn",
    "Li et al. 2018",
    "x[2, 4, 3]: return x -> indrnn(2)",
    {"x": x},
    {"indrnn/W": W, "indrnn/u": u, "indrnn/b": b},
    np.array([indrnn(sequence, W, u, b) for sequence in x]),
)

x, W, b, V, a = draw(5, 3), draw(3, 2), draw(2), draw(3, 2), draw(2)
h, out = np.zeros(2), []
for x_t in x:  # Feng et al. 2024: minGRU
    z = sigmoid(W.T @ x_t + b)
    h = (1 - z) * h + z * (V.T @ x_t + a)
    out.append(h)
goldens.add(
    "min_gru",
    "min_gru",
    "Feng et al. 2024, minGRU",
    "x[5, 3]: return x -> min_gru(2)",
    {"x": x},
    {"min_gru/linear/W": W, "min_gru/linear/b": b, "min_gru/linear.1/W": V, "min_gru/linear.1/b": a},
    np.array(out),
)


def same(image: Array, kernel: Array) -> Array:
    """A convolution of an image [H, W, C] with kernel [k, k, C, O], zeros around it."""
    H, W, _ = image.shape
    reach = kernel.shape[0] // 2
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)))
    out = np.zeros((H, W, kernel.shape[3]))
    for h in range(H):
        for w in range(W):
            out[h, w] = np.einsum("klc,klco->o", padded[h : h + len(kernel), w : w + len(kernel)], kernel)
    return out


def convlstm(x: Array, W: Array, U: Array, b: Array) -> Array:
    """Shi et al. 2015, equation (3) without W_c: kernels W [k, k, C, 4, M] and U [k, k, M, 4, M], f i c o."""
    M = b.shape[1]
    h, c, out = np.zeros((*x.shape[1:3], M)), np.zeros((*x.shape[1:3], M)), []
    for x_t in x:
        f, i, g, o = (same(x_t, W[:, :, :, q]) + same(h, U[:, :, :, q]) + b[q] for q in range(4))
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)
        out.append(h)
    return np.array(out)


x, W, U, b = draw(3, 3, 4, 1), draw(3, 3, 1, 4, 2), draw(3, 3, 2, 4, 2), draw(4, 2)
goldens.add(
    "convlstm2d",
    "convlstm2d",
    "Shi et al. 2015, equation (3), without peepholes",
    "x[3, 3, 4, 1]: return x -> convlstm2d(2)",
    {"x": x},
    {"convlstm2d/conv2d/K": W.reshape(3, 3, 1, 1, 8), "convlstm2d/conv2d/b": b.reshape(8), "convlstm2d/U": U},
    convlstm(x, W, U, b),
)

x, A, U, V = draw(3, 4, 1), draw(1, 2), draw(2, 2), draw(2, 2)
s = np.zeros((4, 5, 2))  # a border of zeros above and to the left
for row in range(3):  # Graves et al. 2007, algorithm 1: all (d - 1)-neighbours come first
    for column in range(4):
        s[row + 1, column + 1] = tanh(A.T @ x[row, column] + U.T @ s[row, column + 1] + V.T @ s[row + 1, column])
goldens.add(
    "rnn2d",
    "rnn2d",
    "Graves et al. 2007, algorithm 1, in two dimensions",
    "x[3, 4, 1]: return x -> rnn2d(2)",
    {"x": x},
    {"rnn2d/A": A, "rnn2d/U": U, "rnn2d/V": V},
    s[1:, 1:],
)

if __name__ == "__main__":
    goldens.write("other_recurrent.json")
