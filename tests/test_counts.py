"""Counts of single equations against the verifier, which runs them in nested loops at small sizes.

No figure here comes from the formulas: the verifier executes the elaborated equation and counts what it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from archderive.algebra.substitution import evaluate
from archderive.errors import Source
from archderive.quantities import Measures
from archderive.session import open_source
from archderive.verifier.machine import execute
from hypothesis import given
from hypothesis import strategies as st
from tools import trials


def derived(text: str, sizes: Mapping[str, int]) -> tuple[dict[str, int], int, int]:
    """Operations by kind, parameters and buffers as the engine's formulas give them at these sizes."""
    (program,) = open_source(Source("<test>", text)).programs
    totals = Measures(program).totals
    kinds = {kind: evaluate(count, sizes) for kind, count in totals.operations.items()}
    numbers = evaluate(totals.params, sizes), evaluate(totals.buffers, sizes)
    return {kind: count for kind, count in kinds.items() if count}, *numbers


def counted(text: str, sizes: Mapping[str, int]) -> tuple[dict[str, int], int, int]:
    (program,) = open_source(Source("<test>", text)).programs
    run = execute(program, {d.symbol: sizes[d.symbol.name] for d in program.dimensions})
    assert run.surprises == []
    kinds = {kind: int(count) for kind, count in run.whole.operations.items() if count}
    return kinds, run.whole.held("weight"), run.whole.held("buffer")


@dataclass(frozen=True)
class Case:
    name: str
    inputs: str
    body: str
    sizes: tuple[Mapping[str, int], ...]
    assume: str = ""

    @property
    def text(self) -> str:
        dims = ", ".join(self.sizes[0])
        assume = f"assume {self.assume}\n" if self.assume else ""
        lines = "\n".join(f"    {line}" for line in self.body.splitlines())
        result = self.body.splitlines()[-1].split("[")[0].strip()
        return f"dim {dims}\n{assume}model f({self.inputs}):\n{lines}\n    return {result}\n"


def at(**values: list[int]) -> tuple[dict[str, int], ...]:
    return tuple(dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True))


ND = at(N=[1, 2, 5], D=[1, 3, 4])
NM = at(N=[1, 3, 5], M=[1, 4, 2])
N_ = at(N=[1, 2, 6])
QK = "q[N, D], k[N, D]"

CASES = (
    # contractions
    Case("matrix product", "x[N, D]", "weight W[D, D]\ny[n, e] = sum[d] x[n, d] * W[d, e]", ND),
    Case("scores with a scale", QK, "y[n, m] = sum[d] q[n, d] * k[m, d] / sqrt(D)", ND),
    Case("three factors", "a[N, D], b[N, D], c[D]", "y[n, m] = sum[d] a[n, d] * b[m, d] * c[d]", ND),
    Case("three factors, one leaves", "a[N], b[N, D], c[D]", "y[n, m] = sum[d] b[m, d] * a[n] * c[d]", ND),
    Case("the first factor leaves", "a[N], b[N, D], c[D]", "y[n, m] = sum[d] a[n] * b[m, d] * c[d]", ND),
    Case("a divisor stays", "b[N, D], c[D]", "y[n] = sum[d] b[n, d] / c[d]", ND),
    Case("a divisor stays alone", "a[N], c[D]", "y[n] = sum[d] a[n] / c[d]", ND),
    Case("two indices at once", "x[N, D], W[N, D, N]", "y[m] = sum[n, d] x[n, d] * W[n, d, m]", ND),
    Case("bias inside the equation", "x[N, D], W[D, D], b[D]", "y[n, e] = sum[d] x[n, d] * W[d, e] + b[e]", ND),
    Case("accumulated bias", "x[N, D], W[D, D], b[D]", "y[n, e] = sum[d] x[n, d] * W[d, e]\ny[n, e] += b[e]", ND),
    Case("four factors bilinear", "u[N, D], v[N, D], W[D, D, D]",
         "y[n, c] = sum[a, b] u[n, a] * W[a, b, c] * v[n, b]", ND),
    # sums of what is no product
    Case("plain sum", "x[N, D]", "y[n] = sum[d] x[n, d]", ND),
    Case("sum of a sum", "x[N, D], b[N]", "y[n] = sum[d] (x[n, d] + b[n])", ND),
    Case("mean", "x[N, D]", "y[n] = mean[d] x[n, d]", ND),
    Case("mean of products", "x[N, D], w[D]", "y[n] = mean[d] x[n, d] * w[d]", ND),
    Case("variance", "x[N, D], mu[N]", "y[n] = mean[d] (x[n, d] - mu[n])^2", ND),
    Case("square as a product", "x[N, D]", "y[n] = sum[d] x[n, d] * x[n, d]", ND),
    Case("square times a weight", "x[N, D], w[D]", "y[n] = sum[d] x[n, d] * x[n, d] * w[d]", ND),
    Case("cube", "x[N, D]", "y[n] = sum[d] x[n, d]^3", ND),
    Case("max", "x[N, D]", "y[n] = max[d] x[n, d]", ND),
    Case("min of a product", "x[N, D], b[D]", "y[n] = min[d] x[n, d] * b[d]", ND),
    Case("prod", "x[N, D]", "y[n] = prod[d] x[n, d]", ND),
    Case("prod of products", "x[N, D], b[N]", "y[n] = prod[d] x[n, d] * b[n]", ND),
    Case("scalar result", "x[N, D], b[D]", "y[n] = x[n, 0] * sum[d] b[d]", ND),
    # chains
    Case("constants fold", "x[N, D]", "y[n, d] = 2 * x[n, d] / 3 * D", ND),
    Case("constants below", "x[N, D]", "y[n, d] = x[n, d] / 3 / sqrt(D)", ND),
    Case("factor one", "x[N, D]", "y[n, d] = 1 * x[n, d]", ND),
    Case("reciprocal", "x[N, D]", "y[n, d] = 1 / x[n, d]", ND),
    Case("twice a reciprocal", "x[N, D]", "y[n, d] = 2 / x[n, d]", ND),
    Case("signs", "x[N, D], b[D]", "y[n, d] = -x[n, d] * -b[d]", ND),
    Case("outer product", "a[N], b[D], c[N]", "y[n, d] = a[n] * c[n] * b[d]", ND),
    Case("outer product, other order", "a[N], b[D], c[N]", "y[n, d] = a[n] * b[d] * c[n]", ND),
    Case("brackets", "a[N], b[D], c[D]", "y[n, d] = a[n] * (b[d] * c[d])", ND),
    Case("index arithmetic is free", "x[N, D]", "y[n, d] = x[n, d] * (2 * n + d + 1) / D", ND),
    Case("a table is free", "x[N, D]", "y[n, d] = x[n, d] + cos(2 * pi * n * d / N)", ND),
    Case("index weights", "x[N, D]", "y[n] = sum[d] x[n, d] * d", ND),
    # functions: once for the indices that they mention
    Case("function of one index", "x[N], b[D]", "y[n, d] = exp(x[n]) * b[d]", ND),
    Case("function of a sum", "x[N], b[D]", "y[n, d] = exp(x[n] + b[d])", ND),
    Case("equal text is not merged", "x[N]", "y[n] = exp(x[n]) + exp(x[n])", N_),
    Case("softmax in one line", "x[N, D]", "y[n, d] = exp(x[n, d]) / sum[e] exp(x[n, e])", ND),
    Case("softmax with max in one line", "x[N, D]",
         "y[n, d] = exp(x[n, d] - max[e] x[n, e]) / sum[e] exp(x[n, e] - max[f] x[n, f])", ND),
    Case("maximum of three", "x[N], b[D]", "y[n, d] = max(x[n], b[d], 0)", ND),
    # ranges
    Case("causal scores", QK, "y[n, m in 0..n] = sum[d] q[n, d] * k[m, d] / sqrt(D)", ND),
    Case("a range before the index that it depends on", "x[N, D]", "y[n, d] = prod[m in 0..n] x[m, d] * x[n, d]", ND),
    Case("causal sum", "v[N]", "y[n < N] = sum[m in 0..n] v[m]", N_),
    Case("causal product", "P[N, N], v[N, D]", "y[n, d] = sum[m in 0..n] P[n, m] * v[m, d]", ND),
    Case("strictly causal sum", "v[N]", "y[n < N] = sum[m in 0..n-1] v[m]", N_),
    Case("exp under a ragged sum", "k[N]", "y[n < N] = sum[m in 0..n] exp(k[m])", N_),
    # l is never 3, though n + 1 would be at the last n: k has the places 0..N-1
    Case("a range within a range that is empty at the end", "v[N], w[N]",
         "y[n < N] = sum[l where l > n] v[l] * (sum[k in 0..l] exp(w[k]))", at(N=[2, 3, 6]), assume="2 <= N"),
    Case("exp of both under a ragged sum", "q[N], k[N]", "y[n] = sum[m in 0..n] exp(q[n] - k[m])", N_),
    Case("anticausal", "v[N, D]", "y[n < N, d] = max[m in n..N-1] v[m, d]", ND),
    Case("ragged tensor read again", QK + ", v[N, D]",
         "S[n, m in 0..n] = sum[d] q[n, d] * k[m, d]\ny[n, d] = sum[m] S[n, m] * v[m, d]", ND),
    Case("mean of what may be nothing", "v[N]", "y[n < N] = mean[m in 0..n-1] v[m]", N_),
    Case("two ranges, empty at one place", "v[N]", "y[n < N] = max[m in 0..n-1, l in 0..n-1] (v[m] + v[l])", N_),
    Case("empty on a ragged left", "v[N]", "y[n < N, l in 0..n] = max[m in 0..n-1] v[m] * v[l] * v[n]", N_),
    Case("clipped, and empty at the start", "v[N]", "y[n < N] = sum[m in max(0, n - w)..n-1] v[m]",
         at(N=[1, 4, 7, 8], w=[1, 2, 3, 8]), assume="w <= N"),
    Case("double ragged", "a[N], b[N], c[N]", "y[n] = sum[m in 0..n, l in 0..m] a[n] * b[m] * c[l]", N_),
    Case("clipped window", "q[N], k[N]", "y[n < N] = sum[m in max(0, n - r)..min(N - 1, n + r)] q[m] * k[m]",
         at(N=[2, 3, 7, 8], r=[1, 3, 2, 8]), assume="r <= N"),
    Case("clipped window of scores", QK,
         "S[n, m in max(0, n - r)..min(N - 1, n + r)] = sum[d] q[n, d] * k[m, d]\ny[n, d] = sum[m] S[n, m] * k[m, d]",
         at(N=[2, 3, 7], D=[1, 2, 3], r=[1, 3, 2]), assume="r <= N"),
    Case("clipped causal window", "q[N], k[N]", "y[n] = sum[m in max(0, n - w + 1)..n] q[n] * exp(k[m])",
         at(N=[1, 4, 7, 8], w=[1, 2, 3, 8]), assume="w <= N"),
    Case("clipped causal window with a pair", "q[N], k[N]", "y[n] = sum[m in max(0, n - w + 1)..n] exp(q[n] - k[m])",
         at(N=[1, 4, 7, 8], w=[1, 2, 3, 8]), assume="w <= N"),
    # windows
    Case("window", "x[N, D]", "weight W[K, D, D]\ny[n < N, e] = sum[j, d] x[n + j - 1, d] * W[j, d, e]",
         at(N=[1, 4, 5], D=[1, 2, 3], K=[1, 2, 3])),
    Case("strided window", "x[2*N, D]", "weight W[K, D, D]\ny[n < N, e] = sum[j, d] x[2*n + j, d] * W[j, d, e]",
         at(N=[1, 4, 5], D=[1, 2, 3], K=[1, 2, 3])),
    Case("neighbourhood", QK, "y[n, j in -r..r] = sum[a] q[n, a] * k[n + j, a]",
         at(N=[1, 4], D=[2, 3], r=[1, 2])),
    Case("exp at affine positions", "V[N]", "y[n < N] = sum[j in -r..r] exp(V[n + j])", at(N=[1, 4], r=[1, 2])),
    Case("max pool", "x[2*N, D]", "y[n < N, d] = max[j < 2] x[2*n + j, d]", ND),
    Case("depthwise", "x[N, D], W[K, D]", "y[n < N, d] = sum[j] x[n + j - 1, d] * W[j, d]",
         at(N=[1, 4], D=[2, 3], K=[3, 2])),
    # merged indices, groups
    Case("groups", "x[N, G*C]", "weight W[G, C, C]\ny[n, (g, o)] = sum[c] x[n, (g, c)] * W[g, c, o]",
         at(N=[1, 4], G=[2, 3], C=[3, 1])),
    Case("heads", "x[N, G*C]", "y[g < G, n, m] = sum[c] x[n, (g, c)] * x[m, (g, c)] / sqrt(C)",
         at(N=[1, 4], G=[2, 3], C=[3, 2])),
    Case("patches", "x[2*N, D]", "y[n, (p < 2, d)] = 2 * x[(n, p), d]", ND),
    # gathers and conditions
    Case("gather", "t[N], E[V, D]", "y[n, d] = E[t[n], d]", at(N=[1, 4], V=[2, 3], D=[3, 2])),
    Case("gather and scale", "t[N], E[V, D]", "y[n, d] = E[t[n], d] * sqrt(D)", at(N=[1, 4], V=[2, 3], D=[3, 2])),
    Case("exp of a gather", "t[N], a[V]", "y[n, d < D] = exp(a[t[n]]) * d", at(N=[1, 4], V=[2, 3], D=[3, 2])),
    Case("scatter", "m[E, D], dst[E]", "y[v < V, d] = sum[e where dst[e] == v] m[e, d]",
         at(E=[1, 5], V=[2, 3], D=[3, 2])),
    Case("weighted scatter", "m[E, D], c[E], dst[E]", "y[v < V, d] = sum[e where dst[e] == v] c[e] * m[e, d]",
         at(E=[1, 5], V=[2, 3], D=[3, 2])),
    Case("scatter, a divisor leaves", "m[E, D], c[E], z[V], dst[E]",
         "y[v < V, d] = sum[e where dst[e] == v] c[e] / z[v] * m[e, d]",
         at(E=[1, 5], V=[2, 3], D=[3, 2])),
    Case("degree", "dst[E]", "y[v < V] = sum[e where dst[e] == v] 1", at(E=[1, 5], V=[2, 3])),
    # the index set has E points, not E·V
    Case("scatter of a function of both ends", "a[E], b[V], dst[E]",
         "y[v < V] = sum[e where dst[e] == v] exp(a[e] + b[v])", at(E=[1, 5], V=[2, 3])),
    Case("transposed convolution", "x[N, C], K[k, C, O]",
         "y[p < 2*(N - 1) + k, o] = sum[n, j, c where 2*n + j == p] x[n, c] * K[j, c, o]",
         at(N=[1, 3, 4], C=[1, 2, 2], O=[2, 1, 2], k=[1, 2, 3])),
    Case("scatter of a sum over both ends", "a[E, D], b[V, D], dst[E]",
         "y[v < V] = sum[e where dst[e] == v] (sum[d] a[e, d] * b[v, d])", at(E=[1, 5], V=[2, 3], D=[3, 2])),
    Case("a factor leaves a scattered sum without the result's index", "x[N], w[3]",
         "y[p < 3*N] = sum[n, j where 3*n + j == p] x[n] * 2 * w[j]", N_),
    Case("a condition of free indices", "x[N], z[D]",
         "y[n, m] = exp(x[n] * x[m]) + sum[d where n == m] z[d]", at(N=[1, 3, 4], D=[1, 2, 3])),
    Case("one equality after the other", "x[N], t[N]",
         "y[n] = sum[m < N, k where t[n] == m and m == k] x[k]", N_),
    # choice: both sides are computed
    Case("choice", "x[N]", "y[n] = x[n] if x[n] > 0 else 0.2 * x[n]", N_),
    Case("choice on indices", "x[N, D]", "y[n, d] = exp(x[n, d]) if n > d else -inf", ND),
    # nested reductions
    Case("linear attention", "q[N, D], k[M, D], v[M, D]",
         "y[n, c] = sum[a] q[n, a] * (sum[m] k[m, a] * v[m, c])", at(N=[1, 4], M=[3, 2], D=[2, 3])),
    Case("quotient of sums", "f[N, D], s[D, C], t[D]",
         "y[n, c] = sum[a] f[n, a] * s[a, c] / sum[b] f[n, b] * t[b]", at(N=[1, 4], C=[3, 2], D=[2, 3])),
    Case("sum in a max", "x[N, M, D]", "y[n] = max[m] (sum[d] x[n, m, d])", at(N=[1, 4], M=[3, 2], D=[2, 3])),
    Case("a sum that mentions less", "x[N, D], w[D]", "y[n, d] = x[n, d] * sum[e] w[e]", ND),
    Case("unneeded sum over both", "x[N, D], w[D]", "y[n] = sum[d] x[n, d] * (sum[e] w[e] * w[e])", ND),
    Case("ragged sum inside", "x[N], w[N]", "y[n < N] = sum[m in 0..n] x[m] * (sum[l in 0..m] w[l])", N_),
    # recurrences
    Case("running sum", "x[N, D]", "s[n, d] = s[n-1, d] + x[n, d]", ND),
    Case("Elman", "x[N, D], W[D, D], U[D, D]",
         "h[t, j] = tanh(sum[i] x[t, i] * W[i, j] + sum[l] h[t-1, l] * U[l, j])", ND),
    Case("gated", "x[N, D], U[D, D], h0[D]",
         "z[t, j] = sigmoid(x[t, j] + sum[l] h[t-1, l] * U[l, j])\n"
         "h[-1, j] = h0[j]\n"
         "h[t, j] = (1 - z[t, j]) * tanh(x[t, j]) + z[t, j] * h[t-1, j]", ND),
    # weights by allocation
    Case("weights of several shapes", "x[N, D]",
         "weight W[3, D, D], b[D]\nbuffer m[N, 2]\ny[n, d] = x[n, d] + b[d] * W[0, d, d] + m[n, 0]", ND),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_counts_by_loops(case: Case) -> None:
    for sizes in case.sizes:
        assert derived(case.text, sizes) == counted(case.text, sizes), (case.text, sizes)


AT_MOST = (
    # pairs that ranges never bring together, or that no place of an index between them joins
    "y[n < N] = sum[m in 0..n-1, l in n+1..N-1] v[m] * v[l]",
    "y[n < N] = sum[m < N where m > n] (sum[l in 0..m-1] exp(v[n] * v[l]))",
    "y[n < N, m in 2*n..2*n] = exp(w[m])",
    "y[n < 2*N] = sum[m < N where 2*m == n] v[m] * (max[l in n..2*N-1] w[l] / v[m])",
    # terms that a condition leaves out, and what is computed for them
    "y[n < N] = sum[m in 0..n where v[m] > 0] exp(v[m] * v[n])",
    "y[n < N] = sum[m, l where m + l == n] v[m] / v[l]",
    "y[n < 2*N - 1] = sum[m < N, l < N where m + l == n] exp(v[m] + w[n])",
)


@pytest.mark.parametrize("equation", AT_MOST)
def test_counts_at_most(equation: str) -> None:
    text = f"dim N\nassume 2 <= N\nmodel f(v[N], w[2*N]):\n    {equation}\n    return y\n"
    (program,) = open_source(Source("<test>", text)).programs
    assert Measures(program).billed("exact").bound
    for size in (2, 4, 6):
        formulas, runs = derived(text, {"N": size})[0], counted(text, {"N": size})[0]
        assert all(runs.get(kind, 0) <= count for kind, count in formulas.items()), (formulas, runs)


# ---------------------------------------------------------------- random equations

TENSORS = {"a": "n", "b": "m", "c": "nm", "e": "md", "f": "nd", "g": "d", "h": "nmd"}
AXES = {"n": "N", "m": "M", "d": "D"}


def factors(names: str) -> st.SearchStrategy[str]:
    plain = st.sampled_from([f"{t}[{', '.join(axes)}]" for t, axes in TENSORS.items() if set(axes) <= set(names)])
    number = st.sampled_from(["2", "sqrt(D)", "1", "N", "0.5"])
    function = plain.map(lambda read: f"exp({read})")
    total = st.tuples(plain, plain).map(lambda pair: f"({pair[0]} + {pair[1]})")
    return st.one_of(plain, plain, plain, number, function, total, plain.map(lambda read: f"{read}^2"))


@st.composite
def chains(draw: st.DrawFn, names: str) -> str:
    parts = draw(st.lists(factors(names), min_size=1, max_size=4))
    signs = draw(st.lists(st.sampled_from([" * ", " * ", " / "]), min_size=len(parts) - 1, max_size=len(parts) - 1))
    return parts[0] + "".join(sign + part for sign, part in zip(signs, parts[1:], strict=True))


@st.composite
def equations(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["sum", "sum", "mean", "max", "prod"]))
    bound = draw(st.sampled_from(["d", "m", "md"]))
    free = "".join(i for i in "nmd" if i not in bound)
    body = draw(chains("nmd"))
    anchor = next(t for t, axes in TENSORS.items() if set(bound) <= set(axes))
    body += f" * {anchor}[{', '.join(TENSORS[anchor])}]"
    rest = draw(st.one_of(st.just(""), chains(free).map(lambda chain: f" + {chain}")))
    left = ", ".join(f"{i} < {AXES[i]}" for i in free)
    return f"y[{left}] = ({kind}[{', '.join(bound)}] {body}){rest}"


@trials(150)
@given(
    equation=equations(),
    sizes=st.fixed_dictionaries({"N": st.integers(1, 4), "M": st.integers(1, 3), "D": st.integers(1, 3)}),
)
def test_random_equations_by_loops(equation: str, sizes: dict[str, int]) -> None:
    inputs = ", ".join(f"{t}[{', '.join(AXES[i] for i in axes)}]" for t, axes in TENSORS.items())
    text = f"dim N, M, D\nmodel f({inputs}):\n    {equation}\n    return y\n"
    assert derived(text, sizes) == counted(text, sizes), text
