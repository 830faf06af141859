"""Every formula that is printed parses back to the expression that it came from.

What is printed as LaTeX, Unicode text and Python is read by `formula_readers`, Typst by Typst itself (`typst_reader`);
it has the value of the expression at random sizes (by the interpreter's arithmetic, which shares nothing with
the forms).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path

import pytest
from archderive import library
from archderive.algebra import build
from archderive.algebra.atoms import Log, Summation, Symbol, parts
from archderive.algebra.expression import Expr, const, from_atom, sym
from archderive.algebra.substitution import substitute
from archderive.derivation import layout_of
from archderive.forms import Layout
from archderive.formula import Formula
from archderive.notation import Symbols, to_flat_latex, to_latex, to_python, to_typst, to_unicode
from archderive.notation.marks import unmarked
from archderive.notation.typst import to_flat_typst
from archderive.program import Equation, Recurrence, all_nodes
from archderive.quantities import BY_NAME, Measures
from archderive.session import open_layer, open_path
from archderive.verifier.numbers import Number
from archderive.verifier.numbers import number as value_of
from archderive.verifier.sizes import draws
from formula_readers import Tree, Unreadable, read_latex, read_python, read_unicode
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_algebra import NAMES, trees
from typst_reader import read_typst

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").rglob("*.arch"))
SMALL = [path for path in EXAMPLES if path.parent.name != "models"]
LAYERS = sorted(library.index())
FORMS = ("auto", "expanded", "factored", "leading")
Sizes = dict[Symbol, Number]
Printer = Callable[[Formula, Symbols], str]
Reader = Callable[[str, Iterable[str], Symbols], Tree]
Known = list[tuple[Sizes, Number]]


def flat_latex(formula: Formula, symbols: Symbols) -> str:
    return unmarked(to_flat_latex(formula, symbols))


FORMATS: tuple[tuple[Printer, Reader], ...] = (
    (to_latex, read_latex),
    (flat_latex, read_latex),
    (to_unicode, read_unicode),
    (to_python, read_python),
)


# ---------------------------------------------------------------- what is compared


def bound(expr: Expr) -> frozenset[Symbol]:
    """The indices of the sums in an expression."""
    found: set[Symbol] = set()
    for atom in (atom for monomial in expr.terms for atom, _ in monomial):
        found |= {symbol for part in parts(atom) for symbol in bound(part)}
        if isinstance(atom, Summation):
            found.add(atom.index)
    return frozenset(found)


def has_logarithm(expr: Expr) -> bool:
    return any(isinstance(atom, Log) or any(map(has_logarithm, parts(atom))) for atom in expr.atoms())


def values(expr: Expr, places: Iterable[Sizes]) -> list[tuple[Sizes, Number]]:
    """The expression at sizes, where it has a value there."""
    found = []
    for at in places:
        try:
            found.append((at, value_of(expr, at)))
        except (ZeroDivisionError, OverflowError, ValueError):
            continue
    return found


def equal(one: Number, other: Number) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other


def mistakes(expr: Expr, layout: Layout, symbols: Symbols, names: set[str], known: Known) -> Iterator[str]:
    """What does not parse back, or to another value, in one form."""
    formula = layout.formula(expr)
    for printer, reader in FORMATS:
        text = printer(formula, symbols)
        try:
            tree = reader(text, names, symbols)
        except Unreadable as failure:
            yield f"{layout.form}: {text}: {failure}"
            continue
        yield from differences(tree, text, expr, layout.form, known)


def differences(tree: Tree, text: str, expr: Expr, form: str, known: Known) -> Iterator[str]:
    """Where what was read has another value than the expression."""
    for at, value in known:
        try:
            read = tree({symbol.name: size for symbol, size in at.items()})
        except ZeroDivisionError:
            # the leading form divides by logarithms, whose arguments are taken to be at least 2
            if not (form == "leading" and has_logarithm(expr)):
                yield f"{form}: {text} has no value at {at}, {expr} is {value}"
            continue
        if not equal(read, value):
            yield f"{form}: {text} is {read} at {at}, {expr} is {value}"


def typst_mistakes(cases: list[tuple[Expr, Layout, Known]], symbols: Symbols, names: set[str]) -> Iterator[str]:
    """As `mistakes`, for many expressions at once, for Typst is started only once."""
    texts = []
    for expr, layout, _ in cases:
        formula = layout.formula(expr)
        texts += [to_typst(formula, symbols), unmarked(to_flat_typst(formula, symbols))]
    twice = [case for case in cases for _ in range(2)]
    for text, tree, (expr, layout, known) in zip(texts, read_typst(texts, names, symbols), twice, strict=True):
        if isinstance(tree, Unreadable):
            yield f"{layout.form}: {text}: {tree}"
        else:
            yield from differences(tree, text, expr, layout.form, known)


# ---------------------------------------------------------------- the library and the examples


def quantities(measures: Measures) -> dict[Expr, str]:
    """Every quantity of a model that has a formula, with its name."""
    derived = {name: measures.quantity(name).expr for name in (*BY_NAME, *measures.defined)}
    kinds = measures.totals.operations
    return {expr: name for name, expr in (derived | kinds).items() if expr is not None}


def lines(measures: Measures) -> dict[Expr, str]:
    """The count of every line of every equation."""
    found = {}
    for node in all_nodes(measures.program.instance):
        equations = (node,) if isinstance(node, Equation) else node.equations if isinstance(node, Recurrence) else ()
        for equation in equations:
            for line in measures.counter.equation(equation):
                found[line.count] = f"{line.kind} of {equation.target.name}"
    return found


def sizes(measures: Measures, symbols: frozenset[Symbol], source: random.Random) -> Iterator[Sizes]:
    """Random sizes at which the facts hold, and turns of repeats from 0 on."""
    drawn = draws(measures.program, source)
    while True:
        at = next(drawn, None)
        if at is None:  # numbers that are too large for a search; what is printed must hold at any
            at = {d.symbol: source.randint(1, 9) for d in measures.program.dimensions}
            at |= {d.symbol: d.value for d in measures.program.dimensions if d.fixed and d.value is not None}
        yield at | {symbol: source.randint(0, 3) for symbol in sorted(symbols - at.keys(), key=lambda s: s.key)}


def all_mistakes(measures: Measures, exprs: Iterable[Expr], forms: tuple[str, ...], count: int) -> list[str]:
    program = measures.program
    symbols = Symbols({d.symbol.name: d.latex for d in program.dimensions if d.latex is not None})
    source = random.Random(program.name)
    found = []
    layouts: dict[str, Layout] = {}
    cases: list[tuple[Expr, Layout, Known]] = []
    all_names = {d.symbol.name for d in program.dimensions}
    for expr in exprs:
        inside = expr.symbols() | bound(expr)
        if len({symbol.name for symbol in inside}) < len(inside):
            found.append(f"two different names are written alike in {expr}")
        names = {symbol.name for symbol in inside} | {d.symbol.name for d in program.dimensions}
        all_names |= names
        known = values(expr, islice(sizes(measures, expr.symbols(), source), count))
        collected = (
            [f"collected:{name}" for name in sorted(s.name for s in expr.symbols())] if "leading" in forms else []
        )
        for form in (*forms, *collected):
            layout = layouts.setdefault(form, layout_of(program, form))
            found += mistakes(expr, layout, symbols, names, known)
            cases.append((expr, layout, known))
    return found + list(typst_mistakes(cases, symbols, all_names))


@pytest.mark.slow
@pytest.mark.parametrize("path", SMALL, ids=lambda path: path.stem)
def test_results_of_examples(path: Path) -> None:
    for measures in open_path(str(path)).measures().values():
        assert all_mistakes(measures, quantities(measures), ("auto",), 2) == []


@pytest.mark.parametrize("name", LAYERS[::8])
def test_results_of_layers(name: str) -> None:
    (measures,) = open_layer(name, {}).measures().values()
    assert all_mistakes(measures, quantities(measures), ("auto",), 1) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_formula_of_examples_in_every_form(path: Path) -> None:
    """Of the lines of a large model one in four, for they are much alike."""
    large = path.parent.name == "models"
    for measures in open_path(str(path)).measures().values():
        some = dict(list(lines(measures).items())[:: 4 if large else 1])
        assert all_mistakes(measures, quantities(measures) | some, FORMS, 1 if large else 3) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_every_formula_of_layers_in_every_form(name: str) -> None:
    (measures,) = open_layer(name, {}).measures().values()
    assert all_mistakes(measures, quantities(measures) | lines(measures), FORMS, 2) == []


# ---------------------------------------------------------------- random expressions, random names

# One name of each looks in a drawing; what looks alike (`lambda` and `λ`, `k0` and `k_0`) cannot be told apart.
POOL = [
    *"NDSEIOQijemaxlogλβθж",
    *("lambda", "beta'", "theta", "θ_1", "Sigma", "Pi", "pi", "Theta", "k0", "k_0", "d_ff", "d__ff", "C_in_max"),
    *("out_2", "heads", "size", "H'", "H''", "H_prime", "H_prime_", "ND", "Dk", "D_k", "x_", "_y", "größe"),
    *("log", "log_2", "max", "min", "floor", "ceil", "sqrt", "mod", "exp", "Sum", "Max", "nan"),
]


def places(names: Iterable[str], source: random.Random, count: int) -> list[Sizes]:
    return [{Symbol(name): source.randint(1, 9) for name in names} for _ in range(count)]


@st.composite
def wide(draw: st.DrawFn) -> Expr:
    """Expressions of A, B and C with everything that a formula may hold."""
    leaves = trees(True).map(lambda tree: tree.expr)
    name = st.sampled_from(NAMES).map(sym)
    positive = st.one_of(name, st.builds(lambda a, b, n: n * a + b, name, name, st.integers(1, 12_000)))

    def power(base: Expr, exponent: Expr, step: int) -> Expr:
        return build.power(base, exponent + step)

    def sums(first: int, last: Expr, term: Expr, number: int) -> Expr:
        index = Symbol("t", "count", number)
        return from_atom(Summation(index, const(first), last, substitute(term, {Symbol("B"): from_atom(index) + 1})))

    def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        base = st.one_of(name.map(lambda a: a + 1), st.integers(2, 3).map(const))
        return st.one_of(
            st.builds(Expr.__add__, inner, inner),
            st.builds(Expr.__mul__, inner, inner),
            st.builds(build.root, positive, st.sampled_from([Fraction(1, 2), Fraction(-1, 2), Fraction(3, 2)])),
            st.builds(build.log, positive, st.one_of(base, st.none())),
            st.builds(lambda a, b: build.ceil(build.log(a, b)), positive, base),
            st.builds(power, st.one_of(base, name), name, st.integers(-1, 2)),
            st.builds(sums, st.integers(0, 1), name, inner, st.just(0)),
            st.builds(lambda a, b: build.maximum((a, b)), inner, inner),
        )

    return draw(st.recursive(st.one_of(leaves, positive), grow, max_leaves=4))


def looks(names: Iterable[str], symbols: Symbols) -> set[tuple[str, str]]:
    return {(symbols.in_latex(name), symbols.in_unicode(name)) for name in names}


def distinct(names: list[str]) -> bool:
    """Is every name printed differently, in LaTeX and in Unicode?"""
    seen = looks(names, Symbols())
    return len({latex for latex, _ in seen}) == len(names) == len({text for _, text in seen})


DRAWN = given(
    expr=wide(),
    names=st.lists(st.sampled_from(POOL), min_size=3, max_size=3, unique=True),
    form=st.sampled_from([*FORMS, "collected"]),
    seed=st.integers(0, 1000),
)


def check(expr: Expr, names: list[str], form: str, seed: int) -> None:
    assume(distinct([*names, "t"]))
    renamed = substitute(expr, {Symbol(old): sym(new) for old, new in zip(NAMES, names, strict=True)})
    known = values(renamed, places(names, random.Random(seed), 3))
    layout = Layout(names, form if form != "collected" else f"collected:{names[0]}")
    assert list(mistakes(renamed, layout, Symbols(), {*names, "t"}, known)) == []
    assert list(typst_mistakes([(renamed, layout, known)], Symbols(), {*names, "t"})) == []


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@DRAWN
def test_random_expressions(expr: Expr, names: list[str], form: str, seed: int) -> None:
    check(expr, names, form, seed)


def test_no_form_divides_by_the_number_of_a_turn() -> None:
    """It is 0 at first: 16 N i + 64 N is no 16 N i (1 + 4/i)."""
    turn = Symbol("i", "count")
    expr = sym("N") * from_atom(turn) * 16 + sym("N") * 64
    known = values(expr, [{Symbol("N"): 3, turn: i} for i in range(3)])
    for form in (*FORMS, "collected:i", "collected:N"):
        assert list(mistakes(expr, Layout(["N", "i"], form), Symbols(), {"N", "i"}, known)) == []
