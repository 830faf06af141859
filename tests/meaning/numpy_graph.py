"""Layers on graphs, vertex by vertex, from the equations of their papers. Writes other_graph.json.

The graphs are small: a vertex without an edge to it, one with several, and edges that are not symmetric show which
way a message goes.
"""

from __future__ import annotations

import numpy as np
from numpy_goldens import Array, Goldens, relu, sigmoid, silu, softmax

goldens = Goldens(seed=3)
draw = goldens.draw

# Directed edges of four vertices; nothing runs to vertex 3.
SRC, DST = np.array([0.0, 1, 2, 3, 3, 0]), np.array([1.0, 2, 0, 0, 2, 2])
EDGES = [(int(u), int(v)) for u, v in zip(SRC, DST, strict=True)]
# The same with an edge from each vertex to itself.
LOOPS = EDGES + [(v, v) for v in range(4)]
SRC_LOOPS, DST_LOOPS = (np.array([float(edge[side]) for edge in LOOPS]) for side in (0, 1))
# An undirected path 0-1-2 with 1-3, each edge both ways, and self-loops.
UNDIRECTED = [(0, 1), (1, 2), (1, 3)]
BOTH = UNDIRECTED + [(v, u) for u, v in UNDIRECTED] + [(v, v) for v in range(4)]


def into(v: int, edges: list[tuple[int, int]] = EDGES) -> list[int]:
    """The vertices from which an edge runs to v."""
    return [u for u, end in edges if end == v]


def graph(name: str, options: str = "", edges: int = len(EDGES), features: int = 3) -> str:
    return f"x[4, {features}], src[{edges}], dst[{edges}]: return {name}(x, src, dst{options})"


x, W = draw(4, 3), draw(3, 2)
adjacency = np.eye(4)
for one, other in UNDIRECTED:
    adjacency[one, other] = adjacency[other, one] = 1
root = np.diag(adjacency.sum(axis=1) ** -0.5)
goldens.add(
    "gcn",
    "gcn",
    "Kipf and Welling 2017, equation (2), with the matrices written out; edges both ways, and self-loops",
    graph("gcn", ", O = 2", len(BOTH)),
    {"x": x, "src": np.array([float(e[0]) for e in BOTH]), "dst": np.array([float(e[1]) for e in BOTH])},
    {"gcn/W": W},
    root @ adjacency @ root @ x @ W,
)

x, A, W = draw(4, 3), draw(4, 4), draw(3, 2)
goldens.add(
    "dense_gcn",
    "dense_gcn",
    "Kipf and Welling 2017, equation (2), the normalised matrix given",
    "x[4, 3], A[4, 4]: return dense_gcn(x, A, O = 2)",
    {"x": x, "A": A},
    {"dense_gcn/W": W},
    A @ (x @ W),
)


def leaky(x: float) -> float:
    return x if x > 0 else 0.2 * x


def gat(x: Array, W: Array, a: Array, b: Array) -> Array:
    """Velickovic et al. 2018, equations (1) to (5): a scores the neighbour, b the vertex; heads side by side."""
    out = np.zeros((4, W.shape[1] * W.shape[2]))
    for v in range(4):
        heads = []
        for g in range(W.shape[1]):
            Wh = x @ W[:, g]
            vector = np.concatenate([b[g], a[g]])
            scores = [leaky(vector @ np.concatenate([Wh[v], Wh[u]])) for u in into(v, LOOPS)]
            heads.append(softmax(np.array(scores)) @ Wh[into(v, LOOPS)])
        out[v] = np.concatenate(heads)
    return out


def gatv2(x: Array, W: Array, U: Array, a: Array) -> Array:
    """Brody et al. 2022, equation (7): a^T LeakyReLU of a matrix by both vertices; W is its half for neighbours."""
    out = np.zeros((4, W.shape[1] * W.shape[2]))
    for v in range(4):
        heads = []
        for g in range(W.shape[1]):
            both = np.concatenate([U[:, g], W[:, g]])
            scores = []
            for u in into(v, LOOPS):
                t = np.concatenate([x[v], x[u]]) @ both
                scores.append(a[g] @ np.array([leaky(value) for value in t]))
            heads.append(softmax(np.array(scores)) @ (x[into(v, LOOPS)] @ W[:, g]))
        out[v] = np.concatenate(heads)
    return out


for heads in (1, 2):
    x, W, a, b = draw(4, 2), draw(2, heads, 3), draw(heads, 3), draw(heads, 3)
    while np.allclose(gat(x, W, a, b), gat(x, W, a, 0 * b)):  # b only matters where scores of both signs meet
        x, W, a, b = draw(4, 2), draw(2, heads, 3), draw(heads, 3), draw(heads, 3)
    goldens.add(
        f"gat, {heads} heads",
        "gat",
        "Velickovic et al. 2018, equations (1) to (5), without the last nonlinearity; self-loops",
        graph("gat", f", O = 3, heads = {heads}", len(LOOPS), 2),
        {"x": x, "src": SRC_LOOPS, "dst": DST_LOOPS},
        {"gat/W": W, "gat/a": a, "gat/b": b},
        gat(x, W, a, b),
    )
    x, W, U, a = draw(4, 2), draw(2, heads, 3), draw(2, heads, 3), draw(heads, 3)
    goldens.add(
        f"gatv2, {heads} heads",
        "gatv2",
        "Brody et al. 2022, equation (7); self-loops",
        graph("gatv2", f", O = 3, heads = {heads}", len(LOOPS), 2),
        {"x": x, "src": SRC_LOOPS, "dst": DST_LOOPS},
        {"gatv2/W": W, "gatv2/U": U, "gatv2/a": a},
        gatv2(x, W, U, a),
    )

x, edge, A = draw(4, 3), draw(6, 2), draw(2, 3, 3)
y = np.zeros((4, 3))
for e, (u, v) in enumerate(EDGES):  # Gilmer et al. 2017: m = A(e) h, A(e) linear in the edge's features
    matrix = sum(edge[e, k] * A[k] for k in range(2))
    y[v] += matrix.T @ x[u]
goldens.add(
    "message_passing",
    "message_passing",
    "Gilmer et al. 2017: the edge network's messages, summed",
    "x[4, 3], edge[6, 2], src[6], dst[6]: return message_passing(x, edge, src, dst)",
    {"x": x, "edge": edge, "src": SRC, "dst": DST},
    {"message_passing/A": A},
    y,
)

x, W, U, b = draw(4, 3), draw(3, 2), draw(3, 2), draw(2)
y = np.zeros((4, 2))
for v in range(4):  # Hamilton et al. 2017, algorithm 1, lines 4 and 5, before the nonlinearity
    mean = x[into(v)].mean(axis=0) if into(v) else np.zeros(3)
    y[v] = np.concatenate([x[v], mean]) @ np.concatenate([W, U]) + b
goldens.add(
    "graphsage",
    "graphsage",
    "Hamilton et al. 2017, algorithm 1, lines 4 and 5, mean aggregator",
    graph("graphsage", ", O = 2"),
    {"x": x, "src": SRC, "dst": DST},
    {"graphsage/W": W, "graphsage/U": U, "graphsage/b": b},
    y,
)

x, eps, W, b, V, c = draw(4, 3), draw(1), draw(3, 5), draw(5), draw(5, 2), draw(2)
goldens.add(
    "gin",
    "gin",
    "Xu et al. 2019, equation (4.1)",
    graph("gin", ", M = 5, O = 2"),
    {"x": x, "src": SRC, "dst": DST},
    {"gin/eps": eps, "gin/linear/W": W, "gin/linear/b": b, "gin/linear.1/W": V, "gin/linear.1/b": c},
    np.array([relu(((1 + eps[0]) * x[v] + x[into(v)].sum(axis=0)) @ W + b) @ V + c for v in range(4)]),
)

x, near = draw(4, 3), [[1, 3], [0, 2], [3, 1], [2, 0]]
theta, phi, b = draw(3, 2), draw(3, 2), draw(2)
y = np.zeros((4, 2))
for v in range(4):  # Wang et al. 2019: the maximum over the edges of h(x_i, x_j - x_i)
    y[v] = np.max([relu((x[u] - x[v]) @ theta + x[v] @ phi + b) for u in near[v]], axis=0)
goldens.add(
    "edge_conv",
    "edge_conv",
    "Wang et al. 2019 (DGCNN): max over j of ReLU(theta (x_j - x_i) + phi x_i + bias)",
    "x[4, 3], near[4, 2]: return edge_conv(x, near, O = 2)",
    {"x": x, "near": np.array(near, dtype=float)},
    {"edge_conv/W": phi, "edge_conv/U": theta, "edge_conv/b": b},
    y,
)

x, M, W, U, b = draw(4, 3), draw(3, 3), draw(3, 3, 3), draw(3, 3, 3), draw(3, 3)
y = np.zeros((4, 3))
for v in range(4):  # Li et al. 2016, equations (2) to (6); columns of W, U, b: reset, update, candidate
    a = sum((x[u] @ M for u in into(v)), np.zeros(3))
    z = sigmoid(a @ W[:, 1] + x[v] @ U[:, 1] + b[1])
    r = sigmoid(a @ W[:, 0] + x[v] @ U[:, 0] + b[0])
    candidate = np.tanh(a @ W[:, 2] + (r * x[v]) @ U[:, 2] + b[2])
    y[v] = (1 - z) * x[v] + z * candidate
goldens.add(
    "gated_graph",
    "gated_graph",
    "Li et al. 2016, equations (2) to (6), one type of edge",
    graph("gated_graph"),
    {"x": x, "src": SRC, "dst": DST},
    {"gated_graph/linear/W": M, "gated_graph/W": W, "gated_graph/U": U, "gated_graph/b": b},
    y,
)

x, edge, H = draw(3, 4), draw(3, 3, 2), 2
Wq, Wk, Wv = (draw(4, H, 2) for _ in range(3))
bq, bk, bv = (draw(H, 2) for _ in range(3))
w_edge, W, b = draw(2, H), draw(4, 4), draw(4)
heads_out = []
for g in range(H):  # Ying et al. 2021, equation (6); the bias is linear in what lies between two vertices
    q, k, v = x @ Wq[:, g] + bq[g], x @ Wk[:, g] + bk[g], x @ Wv[:, g] + bv[g]
    bias = np.array([[edge[i, j] @ w_edge[:, g] for j in range(3)] for i in range(3)])
    heads_out.append(softmax(q @ k.T / np.sqrt(2) + bias) @ v)
prefix = "graph_transformer/head_projection"
goldens.add(
    "graph_transformer",
    "graph_transformer",
    "Ying et al. 2021, equation (6), with heads as in Vaswani et al. 2017",
    "x[3, 4], edge[3, 3, 2]: return graph_transformer(x, edge, heads = 2)",
    {"x": x, "edge": edge},
    {
        f"{prefix}/W": Wq,
        f"{prefix}/b": bq,
        f"{prefix}.1/W": Wk,
        f"{prefix}.1/b": bk,
        f"{prefix}.2/W": Wv,
        f"{prefix}.2/b": bv,
        "graph_transformer/linear/W": w_edge,
        "graph_transformer/linear.1/W": W,
        "graph_transformer/linear.1/b": b,
    },
    np.concatenate(heads_out, axis=1) @ W + b,
)

D, P, M_ = 2, 3, 4
h, x = draw(4, D), draw(4, P)
shapes = [(2 * D + 1, M_), (M_, M_), (M_, M_), (M_, 1), (D + M_, M_), (M_, D)]
layers = [(draw(*s), draw(s[1]) if n != 3 else np.zeros(1)) for n, s in enumerate(shapes)]


def apply(number: int, value: Array) -> Array:
    return value @ layers[number][0] + layers[number][1]


x_new, message = x.copy(), np.zeros((4, M_))
for j, i in EDGES:  # Satorras et al. 2021, equations (3) to (5), the networks of appendix C
    m = silu(apply(1, silu(apply(0, np.concatenate([h[i], h[j], [np.sum((x[i] - x[j]) ** 2)]])))))
    x_new[i] += (x[i] - x[j]) * apply(3, silu(apply(2, m))) / 3
    message[i] += m
h_new = h + np.array([apply(5, silu(apply(4, np.concatenate([h[i], message[i]])))) for i in range(4)])
goldens.add(
    "egnn",
    "egnn",
    "Satorras et al. 2021, equations (3) to (6) and appendix C, without features of edges",
    "h[4, 2], x[4, 3], src[6], dst[6]: return egnn(h, x, src, dst, M = 4)",
    {"h": h, "x": x, "src": SRC, "dst": DST},
    {
        f"egnn/linear{f'.{n}' if n else ''}/{name}": value
        for n, layer in enumerate(layers)
        for name, value in zip("Wb", layer, strict=True)
        if (n, name) != (3, "b")
    },
    h_new,
    x_new,
)

if __name__ == "__main__":
    goldens.write("other_graph.json")
