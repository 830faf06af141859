"""The verifier's own parts: numbers of index expressions, sizes that are drawn, small copies."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import pytest
from archderive.algebra import build
from archderive.algebra.atoms import Symbol
from archderive.algebra.expression import Expr, const, from_atom
from archderive.errors import Source
from archderive.program import all_nodes
from archderive.session import open_path, open_source
from archderive.verifier.copies import copies
from archderive.verifier.numbers import compiled, function, number
from archderive.verifier.sizes import draws, holds
from hypothesis import given
from hypothesis import strategies as st
from tools import trials

EXAMPLES = Path(__file__).parent.parent / "examples"

N, S = Symbol("N"), Symbol("s")
ROW, COLUMN = Symbol("i", "index"), Symbol("j", "index")
SLOTS = {ROW: 0, COLUMN: 1}


def subscripts() -> st.SearchStrategy[Expr]:
    """Arithmetic as it stands in subscripts and ranges: sums, multiples, quotients rounded, maxima, minima."""
    leaves = st.one_of(st.sampled_from([from_atom(s) for s in (N, S, ROW, COLUMN)]), st.integers(-3, 3).map(const))

    def larger(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        pairs = st.tuples(inner, inner)
        return st.one_of(
            pairs.map(lambda p: p[0] + p[1]),
            pairs.map(lambda p: p[0] - p[1]),
            st.tuples(inner, st.integers(1, 3)).map(lambda p: p[0] * p[1]),
            st.tuples(inner, st.integers(2, 4)).map(lambda p: build.floor(p[0] / p[1], build.NOTHING)),
            st.tuples(inner, st.integers(2, 4)).map(lambda p: build.ceil(p[0] / p[1], build.NOTHING)),
            pairs.map(lambda p: build.maximum(p, build.NOTHING)),
            pairs.map(lambda p: build.minimum(p, build.NOTHING)),
        )

    return st.recursive(leaves, larger, max_leaves=6)


@trials(400)
@given(expr=subscripts(), n=st.integers(1, 5), s=st.integers(1, 3), i=st.integers(-4, 9), j=st.integers(-4, 9))
def test_a_compiled_subscript_has_the_value_of_the_expression(expr: Expr, n: int, s: int, i: int, j: int) -> None:
    at = {N: n, S: s}
    assert function(compiled(expr, at, SLOTS))([i, j]) == number(expr, {**at, ROW: i, COLUMN: j})


# (expression, value), computed on paper
NUMBERS = [
    (build.log(const(81), const(3)), 4),
    (build.ceil(build.log(const(82), const(3)), build.NOTHING), 5),
    (build.floor(const(-7) / 2, build.NOTHING), -4),
    (build.power(const(2), from_atom(N), build.NOTHING), 8),
    (from_atom(N) / 2, Fraction(3, 2)),
]


@pytest.mark.parametrize(("expr", "value"), NUMBERS)
def test_a_number_is_exact(expr: Expr, value: int | Fraction) -> None:
    assert number(expr, {N: 3}) == value


HARD = """
dim H, W, N, D, h, k, L
ratio theta = 0.5
assume theta < 1, 32 divides H, 7 divides W, W < 60, h divides D, 2*h <= D, k < N, N <= k + 2, 6 divides L - 4
model f(x[H, W, D], y[N]):
    return x, y
"""


def test_sizes_that_are_drawn_satisfy_every_fact() -> None:
    (program,) = open_source(Source("<test>", HARD)).programs
    drawn = [at for at, _ in zip(draws(program, random.Random(1)), range(50), strict=False)]
    assert len(drawn) == 50
    assert all(holds(fact, at) for at in drawn for fact in program.assumptions)
    named = [{symbol.name: value for symbol, value in at.items()} for at in drawn]
    assert all(at["theta"] <= 1 for at in named)
    assert all(at["H"] % 32 == 0 and at["W"] in range(7, 60, 7) and at["L"] % 6 == 4 for at in named)
    assert len({tuple(sorted(at.items())) for at in named}) > 10


def test_facts_that_contradict_each_other_have_no_sizes() -> None:
    text = "dim N, M\nassume N < M, M < N\nmodel f(x[N, M]):\n    return x\n"
    (program,) = open_source(Source("<test>", text)).programs
    assert list(draws(program, random.Random(0))) == []


def test_a_copy_is_the_same_network_with_fewer_channels() -> None:
    session = open_path(str(EXAMPLES / "models" / "resnet.arch"), model="resnet18")
    smaller, description = next(copies(session))
    assert description == "a copy in which the file's numbers from 16 on are divided by 4"
    kinds = [[type(n).__name__ for n in all_nodes(s.programs[0].instance)] for s in (session, smaller)]
    assert sorted(kinds[0]) == sorted(kinds[1])
    full, small = (s.measures()["resnet18"].params.expr for s in (session, smaller))
    assert full is not None and small is not None
    assert full != small
