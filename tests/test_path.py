"""Path lengths and receptive fields: closed forms against breadth-first search over positions and against hand counts.

The search knows nothing of the engine: it moves sets of positions through layers by their taps, clipped at the borders.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import archderive as ad
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def layers_needed(n: int, taps: Callable[[int], list[int]], causal: bool) -> int | None:
    """How many layers join every admitted pair, if layer i reads the offsets taps(i); None beyond n layers."""
    seen = [{p} for p in range(n)]
    for layer in range(n + 1):
        wanted = [set(range(p + 1)) if causal else set(range(n)) for p in range(n)]
        if seen == wanted:
            return layer
        offsets = taps(layer)
        seen = [set().union(*(seen[p + o] for o in offsets if 0 <= p + o < n)) for p in range(n)]
    return None


STACK = """
dim k = 3, N = 9, D = 2
assume 2 <= k
model f(x[N, D]; dilation = 1):
    stacked as i: dilation = {dilation}
    y = x -> conv1d(D, kernel = {kernel}, padding = "{padding}", dilation = dilation, bias = false)
    return y
"""


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_causal_stack_of_growing_dilation(k: int) -> None:
    model = ad.parse(STACK.format(dilation="k^i", kernel="k", padding="causal"))
    for n in range(2, 41):
        assert model.at(N=n, k=k).path == layers_needed(n, lambda i: [-j * k**i for j in range(k)], causal=True)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_causal_stack_of_dilation_two(k: int) -> None:
    model = ad.parse(STACK.format(dilation="2^i", kernel="k", padding="causal"))
    for n in range(2, 41):
        assert model.at(N=n, k=k).path == layers_needed(n, lambda i: [-j * 2**i for j in range(k)], causal=True)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_causal_stack(k: int) -> None:
    model = ad.parse(STACK.format(dilation="1", kernel=k, padding="causal"))
    for n in range(2, 41):
        assert model.at(N=n).path == layers_needed(n, lambda _: [-j for j in range(k)], causal=True)


@pytest.mark.parametrize("k", [3, 4, 5, 6, 7])
def test_centred_stack(k: int) -> None:
    # a kernel of k reads ⌊(k − 1)/2⌋ positions back and the rest ahead
    model = ad.parse(STACK.format(dilation="1", kernel=k, padding="same"))
    back = (k - 1) // 2
    for n in range(2, 31):
        assert model.at(N=n).path == layers_needed(n, lambda _: list(range(-back, k - back)), causal=False)


WINDOW = """
dim N = 9, D = 2, a = 2, b = 3
model f(x[N, D]):
    stacked
    y[n < N, d] = sum[j in -a..b] x[n + j, d]
    return y
"""


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 3), (4, 1), (3, 3)])
def test_window(a: int, b: int) -> None:
    model = ad.parse(WINDOW)
    for n in range(2, 31):
        assert model.at(N=n, a=a, b=b).path == layers_needed(n, lambda _: list(range(-a, b + 1)), causal=False)


def test_fixed_dilation_never_joins_neighbours() -> None:
    model = ad.parse(STACK.format(dilation="2", kernel=3, padding="causal"))
    assert str(model.path) == "oo"
    assert layers_needed(9, lambda _: [0, -2, -4], causal=True) is None


def test_centred_dilated_stack_is_not_given_a_logarithm() -> None:
    # with k = 3 and N = 9, positions 0 and 8 could only meet outside the sequence
    model = ad.parse(STACK.format(dilation="k^i", kernel=3, padding="same"))
    assert layers_needed(9, lambda i: [-(3**i), 0, 3**i], causal=False) is None
    assert str(model.path) == "oo"
    assert "log" not in model.reason("path")


# (body, path, receptive field, sequential), counted by hand: attention joins all pairs at once and passes every mixing
# layer; an Elman cell is evaluated N times, and each further layer adds one; the equations on the longest chain.
CASES = {
    "x -> attention(bias = false)": ("1", "N", "10"),
    "x -> attention(bias = false) -> attention(bias = false)": ("2", "N", "20"),
    "x + (x -> attention(bias = false))": ("1", "N", "11"),
    "x -> attention(causal = true, bias = false)": ("1", "N", "10"),
    "x -> elman(D, bias = false)": ("N", "N", "N + 1"),
    "x -> elman(D, bias = false) -> elman(D, bias = false)": ("N + 1", "N", "N + 3"),
    "x -> lstm(D)": ("N", "N", "3*N + 1"),
    "x -> gru(D)": ("N", "N", "3*N + 1"),
    "x -> linear(D, bias = false)": ("oo", "1", "1"),
}


@pytest.mark.parametrize("body", CASES)
def test_by_hand(body: str) -> None:
    model = ad.parse(f"dim N, D\nmodel f(x[N, D]):\n    return {body}\n")
    assert (str(model.path), str(model.receptive), str(model.sequential)) == CASES[body]


def test_two_layers_where_one_does_not_join_all_names_the_sizes() -> None:
    # a window of one position on each side and the first position, which all read: two layers join all pairs, and one
    # is enough for two positions
    model = ad.parse(
        "dim N = 9, D = 2\nmodel f(x[N, D], first[1, D]):\n    stacked\n"
        "    y[n < N, d] = first[0, d] + sum[j < 3] x[n + j - 1, d]\n"
        "    top[i, d] = first[i, d] + sum[n] x[n, d]\n    return y, top\n"
    )
    assert str(model.path) == "2"
    assert "for N ≥ 3" in model.reason("path")


def test_wavenet_receptive_field() -> None:
    # van den Oord et al. 2016: B stacks of layers with kernel 2 and dilations 1, 2, …, 2^(L−1)
    model = ad.load(EXAMPLES / "models" / "wavenet.arch")
    for stacks, layers in [(1, 1), (3, 10), (2, 4)]:
        assert model.at(B=stacks, L=layers).receptive == 1 + stacks * (2**layers - 1)


def test_clipped_window() -> None:
    model = ad.parse(
        "dim w = 2, N = 9, D = 2\nassume w <= N\nmodel f(q[N, D], k[N, D]):\n    stacked\n"
        "    S[n, m in max(0, n-w)..n] = sum[a] q[n, a] * k[m, a]\n"
        "    y[n, a] = sum[m] S[n, m] * k[m, a]\n    return y\n"
    )
    for n in range(3, 20):
        assert model.at(N=n, w=2).path == layers_needed(n, lambda _: [-2, -1, 0], causal=True)
