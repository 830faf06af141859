"""What is printed parses again to an equal tree; the spelling is canonical, with as few brackets as possible."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from archderive import syntax
from archderive.errors import Source, Span
from archderive.parser import load_source, parse
from archderive.printer import print_expression, print_file, print_statement
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parent.parent
FILES = [
    path
    for folder in ("examples", "engine/library", "tests/cases/language", "tests/cases/library")
    for path in sorted((ROOT / folder).rglob("*.arch"))
]
AT = Span(Source("made", ""), 0, 0)


def expression(text: str) -> syntax.Expression:
    item = parse(Source("text", f"let it = {text}\n")).items[0]
    assert isinstance(item, syntax.Let)
    return item.values[0]


def test_all_files_are_here() -> None:
    assert len(FILES) > 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_printed_file_is_the_same_file(path: Path) -> None:
    file = parse(load_source(str(path)))
    text = print_file(file)
    again = parse(Source("printed", text))
    assert again == file
    assert print_file(again) == text


CANONICAL = [
    "a + b - c", "a - (b - c)", "a*b/c", "a/(b*c)", "(a + b)*c", "-a*b", "-(a*b)", "a*-b", "--a", "a^b^c", "(a^b)^c",
    "-a^2", "(-a)^2", "a^-b", "2*N^2", "sum[i] x[i]*y[i]", "(sum[i] x[i])*y", "y * sum[i] x[i]", "-sum[i] x[i]",
    "-(-sum[i] x[i])", "y*(-sum[i] x[i])", "sum[i] x[i] + y", "sum[i] (x[i] + y)", "a - sum[i] x[i] - b",
    "max[i, j < N', k in 0..i + 1 where i + j == k and a] x[i, j]", "a if b else c", "a if b else c if d else e",
    "(a if b else c) if d else e", "a if (b if c else d) else e", "(a if b else c) + 1", "a if b else (x -> f)",
    "x -> f -> g(2, k = 3) -> h()", "(x -> f) -> g", "(x -> f) + x", "(x + y) -> f", "x + (y -> f)", "f(x) -> g",
    "f(x -> g, act = x -> h)", "(1, x -> f)", "[]", "[1]", "[1, (2, 3), [a]]",
    "a and b or c", "a and (b or c)", "(a and b) and c", "0 <= n < N", "(a < b) == c",
    "a != b and c >= d and e > f and g <= h", '"same"', "true", "false", "1e-5", "0.5", "x[]", "x[..., n + 1, (g, c)]",
    "f()", "(a if b else c)^2", "prod[i] mean[j] min[k] x[i, j, k]",
]  # fmt: skip


NEGATIONS = ["not a", "not not a", "not (a and b)", "not a == b", "(not a) + b", "a and not b"]


@pytest.mark.parametrize("text", NEGATIONS)
def test_canonical_negation(text: str) -> None:
    assert print_expression(expression(text)) == text


@pytest.mark.parametrize("text", CANONICAL)
def test_canonical_expression(text: str) -> None:
    assert print_expression(expression(text)) == text


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("((a))", "a"),
        ("(a*b)*c", "a*b*c"),
        ("a^(b^c)", "a^b^c"),
        ("(a + b) + c", "a + b + c"),
        ("a if b else (c if d else e)", "a if b else c if d else e"),
        ("(x) -> f", "x -> f"),
        ("f( a,b , )", "f(a, b)"),
        ("[1,2,]", "[1, 2]"),
    ],
)
def test_brackets_that_say_nothing_go(written: str, printed: str) -> None:
    assert print_expression(expression(written)) == printed
    assert expression(printed) == expression(written)


EVERY_RULE = r"""use "blocks.arch"
dim N as "n" = 1024 "length", D, B = 1 batch "batch size"
ratio theta as "\theta" = 0.5 "compression"
let a, b = 1, 2 as "ab" "note"
assume 32 divides N, D <= N, a == 1 or b
quantity saving = macs(f)/macs(g) "saving"
expect macs at (N = 64, D = 2*a) == 4*N^2 "source"
expect params ~ 25.6e6
expect macs in O(N^2*D)
expect macs == ???

layer f(x[..., N, D], y[M] = x; heads = 1, act):
    "What it does."
    weight W[N, D], b[]
    buffer m[N]
    mask k[N, N]
    saves x, y
    let p = x if a else y
    assume p < N
    y[..., n < N', m in 0..n, (g < 2, o), 0, -1] += W[n, o]
    z[] = 1
    q, r = split(x, 2)
    share head = tower(9*N)
    if a == 1:
        x = g(x)
    elif b:
        x = h(x)
    else:
        if c:
            x = k(x)
    repeat L as i shared:
        x = g(x)
    repeat 2 reversible:
        x = g(x)
    repeat L recomputed:
        x = g(x)
    repeat until connected as j:
        x = g(x)
    repeat until connected:
        x = g(x)
    for c, n in [(64, 3), (128, 4)]:
        x = g(x)
    for c in 0..n - 1:
        x = g(x)
    parallel h as e:
        x = g(x)
    choose k of E as e:
        x = g(x)
    stacked as i: dilation = k^i, width = 2
    opaque s[..., N] from x, y because "somebody 1965":
        exact = 5*N*log2(N)
        reads all of N, D
    expect macs <= 5
    quantity q = 3
    return x, y

model m():
    stacked
    return 1

layer o(; k):
    return k
"""


def test_every_rule_is_printed_as_it_was_written() -> None:
    assert print_file(parse(Source("every", EVERY_RULE))) == EVERY_RULE


def test_a_statement_has_no_indentation_of_its_own() -> None:
    item = parse(Source("f", "layer f(x[N]):\n    repeat 2:\n        x = g(x)\n    return x\n")).items[0]
    assert isinstance(item, syntax.Definition)
    assert print_statement(item.body[0]) == "repeat 2:\n    x = g(x)"


# ---------------------------------------------------------------- random expressions


NAMES = st.sampled_from(["a", "b", "N", "N'", "x", "Ω"])


def numbers() -> st.SearchStrategy[syntax.Expression]:
    return st.integers(0, 99).map(lambda value: syntax.Number(AT, Fraction(value), str(value)))


def deeper(inner: st.SearchStrategy[syntax.Expression]) -> st.SearchStrategy[syntax.Expression]:
    some = st.lists(inner, min_size=2, max_size=3).map(tuple)
    axes = st.lists(st.one_of(inner, st.just(syntax.Ellipsis(AT))), max_size=3).map(tuple)
    arguments = st.lists(st.builds(syntax.Argument, st.just(AT), st.one_of(st.none(), NAMES), inner), max_size=2).map(
        tuple
    )
    stage = st.builds(syntax.Stage, st.just(AT), NAMES, st.one_of(st.none(), arguments), st.just(AT))
    bound = st.one_of(
        st.builds(syntax.Index, st.just(AT), NAMES, st.one_of(st.none(), inner)),
        st.builds(lambda name, a, b: syntax.Index(AT, name, None, syntax.Range(AT, a, b)), NAMES, inner, inner),
    )
    compare = st.sampled_from(["==", "!=", "<=", ">=", "<", ">"])
    return st.one_of(
        st.builds(syntax.Binary, st.just(AT), st.sampled_from(list("+-*/^")), inner, inner),
        st.builds(syntax.Negate, st.just(AT), inner),
        st.builds(syntax.Not, st.just(AT), inner),
        st.builds(syntax.Logic, st.just(AT), st.sampled_from(["and", "or"]), some),
        some.flatmap(
            lambda parts: st.tuples(*[compare] * (len(parts) - 1)).map(lambda ops: syntax.Compare(AT, parts, ops))
        ),
        st.builds(syntax.Choice, st.just(AT), inner, inner, inner),
        st.builds(syntax.Tuple, st.just(AT), some),
        st.builds(syntax.List, st.just(AT), some),
        st.builds(syntax.Read, st.just(AT), NAMES, axes),
        st.builds(syntax.Call, st.just(AT), NAMES, arguments, st.just(AT)),
        st.builds(syntax.Pipe, st.just(AT), inner, st.lists(stage, min_size=1, max_size=3).map(tuple)),
        st.builds(
            syntax.Reduce,
            st.just(AT),
            st.sampled_from(["sum", "mean", "max", "min", "prod"]),
            st.lists(bound, min_size=1, max_size=2).map(tuple),
            st.one_of(st.none(), inner),
            inner,
        ),
    )


LEAVES = st.one_of(
    numbers(),
    NAMES.map(lambda name: syntax.Name(AT, name)),
    st.booleans().map(lambda value: syntax.Truth(AT, value)),
    st.just(syntax.Text(AT, "same")),
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.recursive(LEAVES, deeper, max_leaves=12))
def test_random_expressions_come_back(made: syntax.Expression) -> None:
    assert expression(print_expression(made)) == made
