"""The algebra of sizes at random sizes: every step keeps the value, and no fact ever proves something false.

What is expected is plain Python arithmetic on fractions (`math.floor`, `sum`, `max`), or a search over all sizes up to
a bound for a case in which something that was proved does not hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import pytest
import sympy
from archderive.algebra import build
from archderive.algebra.atoms import Group, Symbol
from archderive.algebra.build import root
from archderive.algebra.expression import Expr, const, from_atom, sym
from archderive.algebra.facts import Facts
from archderive.algebra.substitution import evaluate, substitute
from archderive.algebra.summation import NoClosedForm, sum_over
from archderive.forms import Layout
from archderive.growth import growth
from archderive.notation import to_unicode
from archderive.notation.python import to_python
from archderive.notation.symbols import Symbols
from clock import at_most
from hypothesis import assume, given
from hypothesis import strategies as st
from tools import trials

NAMES = ("A", "B", "C")
RANGE = range(1, 9)
EVERYWHERE = [dict(zip(NAMES, values, strict=True)) for values in product(RANGE, repeat=3)]
SIZES = st.fixed_dictionaries({name: st.integers(1, 40) for name in NAMES})
FRACTIONS = st.fractions(min_value=-3, max_value=3, max_denominator=4)


@dataclass(frozen=True)
class Grown:
    """An expression of the engine beside the function of plain numbers that it stands for."""

    expr: Expr
    value: Callable[[dict[str, int]], Fraction]
    text: str

    def __repr__(self) -> str:
        return self.text


def leaf_name(name: str) -> Grown:
    return Grown(sym(name), lambda v: Fraction(v[name]), name)


def leaf_number(value: Fraction) -> Grown:
    return Grown(const(value), lambda v: value, f"({value})")


def join(left: Grown, operator: str, right: Grown) -> Grown:
    match operator:
        case "+":
            return Grown(left.expr + right.expr, lambda v: left.value(v) + right.value(v), f"({left} + {right})")
        case "-":
            return Grown(left.expr - right.expr, lambda v: left.value(v) - right.value(v), f"({left} - {right})")
        case "*":
            return Grown(left.expr * right.expr, lambda v: left.value(v) * right.value(v), f"{left}*{right}")
        case "max":
            return Grown(
                build.maximum((left.expr, right.expr)),
                lambda v: max(left.value(v), right.value(v)),
                f"max({left}, {right})",
            )
        case _:
            return Grown(
                build.minimum((left.expr, right.expr)),
                lambda v: min(left.value(v), right.value(v)),
                f"min({left}, {right})",
            )


def over(left: Grown, name: str) -> Grown:
    return Grown(left.expr / sym(name), lambda v: left.value(v) / v[name], f"({left})/{name}")


def under(left: Grown) -> Grown:
    """left / (A + 1): a sum below the line."""
    return Grown(left.expr / (sym("A") + 1), lambda v: left.value(v) / (v["A"] + 1), f"({left})/(A + 1)")


def rounded(inner: Grown, direction: str) -> Grown:
    if direction == "floor":
        return Grown(build.floor(inner.expr), lambda v: Fraction(math.floor(inner.value(v))), f"floor({inner})")
    return Grown(build.ceil(inner.expr), lambda v: Fraction(math.ceil(inner.value(v))), f"ceil({inner})")


LEAVES = st.one_of(
    st.sampled_from(NAMES).map(leaf_name), st.integers(-3, 3).map(Fraction).map(leaf_number), FRACTIONS.map(leaf_number)
)


def trees(extra: bool) -> st.SearchStrategy[Grown]:
    """Random expressions; with rounding, quotients and extremes if `extra`."""
    operators = ["+", "-", "*", "*"] + (["max", "min"] if extra else [])

    def grow(inner: st.SearchStrategy[Grown]) -> st.SearchStrategy[Grown]:
        joined = st.builds(join, inner, st.sampled_from(operators), inner)
        if not extra:
            return joined
        return st.one_of(
            joined,
            joined,
            st.builds(over, inner, st.sampled_from(NAMES)),
            st.builds(under, inner),
            st.builds(rounded, inner, st.sampled_from(["floor", "ceil"])),
        )

    return st.recursive(LEAVES, grow, max_leaves=5)


# ---------------------------------------------------------------- every step keeps the value


@trials(300)
@given(tree=trees(True), sizes=SIZES)
def test_arithmetic_and_rounding_keep_the_value(tree: Grown, sizes: dict[str, int]) -> None:
    assert evaluate(tree.expr, sizes) == tree.value(sizes)


@trials(200)
@given(tree=trees(True), other=trees(False), sizes=SIZES)
def test_substitute_keeps_the_value(tree: Grown, other: Grown, sizes: dict[str, int]) -> None:
    put = other.value(sizes)
    assume(put.denominator == 1 and put > 0)  # a dim is a positive integer
    replaced = substitute(tree.expr, {Symbol("A"): other.expr})
    assert evaluate(replaced, sizes) == tree.value({**sizes, "A": int(put)})


@trials(200)
@given(left=trees(False), right=trees(False), sizes=SIZES)
def test_exact_division_keeps_the_value(left: Grown, right: Grown, sizes: dict[str, int]) -> None:
    assume(right.expr.terms and right.value(sizes))
    assert evaluate(left.expr * right.expr / right.expr, sizes) == left.value(sizes)
    assert evaluate(left.expr / right.expr, sizes) == left.value(sizes) / right.value(sizes)


@trials(200)
@given(
    tree=trees(False),
    base=st.integers(2, 4),
    geometric=st.booleans(),
    first=st.integers(-2, 3),
    length=st.integers(0, 6),
    sizes=SIZES,
)
def test_sums_keep_the_value(
    tree: Grown, base: int, geometric: bool, first: int, length: int, sizes: dict[str, int]
) -> None:
    """Σ over A = first..first + B − 1 of a polynomial, times base^A perhaps."""
    index = Symbol("A", "index")
    body = substitute(tree.expr, {Symbol("A"): from_atom(index)})
    if geometric:
        body = body * build.power(const(base), from_atom(index))
    last = sym("B") + first - 1
    closed = sum_over(body, index, const(first), last, Facts())
    sizes = {**sizes, "B": max(length, 1)}
    terms = (
        tree.value({**sizes, "A": i}) * (Fraction(base) ** i if geometric else 1)
        for i in range(first, first + sizes["B"])
    )
    assert evaluate(closed, sizes) == sum(terms)


@trials(100)
@given(
    shift=st.integers(-2, 2),
    slope=st.sampled_from([1, -1]),
    operator=st.sampled_from(["max", "min"]),
    degree=st.integers(0, 2),
    first=st.integers(-1, 1),
)
def test_clipped_sums_keep_the_value(shift: int, slope: int, operator: str, degree: int, first: int) -> None:
    """Σ over i = first..A − 1 of i^degree · max(or min)(B + shift, ± i), given B <= A: equal to the sum where it
    closes, or no closed form."""
    index = Symbol("i", "index")
    i = from_atom(index)
    facts = Facts()
    facts.assume_order(sym("A") - sym("B"))
    choose = build.maximum if operator == "max" else build.minimum
    body = i**degree * choose((sym("B") + shift, i * slope), facts)
    try:
        closed = sum_over(body, index, const(first), sym("A") - 1, facts)
    except NoClosedForm:
        return
    pick = max if operator == "max" else min
    for sizes in EVERYWHERE:
        if sizes["B"] <= sizes["A"]:
            expected = sum(j**degree * pick(sizes["B"] + shift, slope * j) for j in range(first, sizes["A"]))
            assert evaluate(closed, sizes) == expected, sizes


# ---------------------------------------------------------------- facts never prove something false


@dataclass(frozen=True)
class Fact:
    """A fact, and its truth at sizes."""

    add: Callable[[Facts], None]
    holds: Callable[[dict[str, int]], bool]
    text: str

    def __repr__(self) -> str:
        return self.text


def order(left: Grown, right: Grown) -> Fact:
    return Fact(
        lambda facts: facts.assume_order(right.expr - left.expr),
        lambda v: left.value(v) <= right.value(v),
        f"{left} <= {right}",
    )


def divides(left: Grown, right: Grown) -> Fact:
    def holds(v: dict[str, int]) -> bool:
        below = left.value(v)
        return below != 0 and (right.value(v) / below).denominator == 1

    return Fact(lambda facts: facts.assume_divides(left.expr, right.expr), holds, f"{left} divides {right}")


SIMPLE = st.one_of(
    st.sampled_from(NAMES).map(leaf_name),
    st.integers(1, 4).map(Fraction).map(leaf_number),
    st.builds(join, st.sampled_from(NAMES).map(leaf_name), st.sampled_from(["+", "*", "-"]), LEAVES),
)
WHOLE = st.one_of(
    st.sampled_from(NAMES).map(leaf_name),
    st.integers(1, 4).map(Fraction).map(leaf_number),
    st.builds(join, st.sampled_from(NAMES).map(leaf_name), st.just("*"), st.sampled_from(NAMES).map(leaf_name)),
    st.builds(
        join, st.sampled_from(NAMES).map(leaf_name), st.just("*"), st.integers(1, 4).map(Fraction).map(leaf_number)
    ),
    st.builds(join, st.sampled_from(NAMES).map(leaf_name), st.just("+"), st.sampled_from(NAMES).map(leaf_name)),
)
FACTS = st.lists(st.one_of(st.builds(order, SIMPLE, SIMPLE), st.builds(divides, WHOLE, WHOLE)), max_size=3)


def known(facts: list[Fact]) -> tuple[Facts, list[dict[str, int]]]:
    """The facts, and all small sizes that satisfy them (at least a few)."""
    result = Facts()
    for fact in facts:
        fact.add(result)
    satisfied = [sizes for sizes in EVERYWHERE if all(fact.holds(sizes) for fact in facts)]
    assume(len(satisfied) >= 3)
    return result, satisfied


@trials(600)
@given(facts=FACTS, tree=trees(True))
def test_signs_that_are_proved_hold(facts: list[Fact], tree: Grown) -> None:
    given_, satisfied = known(facts)
    if given_.nonnegative(tree.expr):
        for sizes in satisfied:
            assert tree.value(sizes) >= 0, ("nonnegative", sizes)
    if given_.positive(tree.expr):
        for sizes in satisfied:
            assert tree.value(sizes) > 0, ("positive", sizes)


@trials(400)
@given(facts=FACTS, tree=trees(True))
def test_whole_numbers_that_are_proved_are_whole(facts: list[Fact], tree: Grown) -> None:
    given_, satisfied = known(facts)
    if given_.is_integer(tree.expr):
        for sizes in satisfied:
            assert tree.value(sizes).denominator == 1, sizes


@trials(400)
@given(facts=FACTS, above=WHOLE, below=WHOLE)
def test_quotients_that_are_proved_whole_are_whole(facts: list[Fact], above: Grown, below: Grown) -> None:
    given_, satisfied = known(facts)
    if given_.divides(below.expr, above.expr):
        for sizes in satisfied:
            assert (above.value(sizes) / below.value(sizes)).denominator == 1, sizes


@pytest.mark.slow
@trials(400)
@given(facts=FACTS, left=trees(True), right=trees(True), operator=st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_comparisons_that_are_decided_hold(facts: list[Fact], left: Grown, right: Grown, operator: str) -> None:
    given_, satisfied = known(facts)
    answer = given_.compare(left.expr, operator, right.expr)
    if answer is not None:
        for sizes in satisfied:
            gap = right.value(sizes) - left.value(sizes)
            truth = {"<": gap > 0, "<=": gap >= 0, ">": gap < 0, ">=": gap <= 0, "==": gap == 0, "!=": gap != 0}
            assert truth[operator] == answer, sizes


@pytest.mark.slow
@trials(300)
@given(
    facts=FACTS,
    tree=trees(True),
    below=st.sampled_from(NAMES),
    operator=st.sampled_from(["floor", "ceil", "max", "min"]),
)
def test_simplifying_under_facts_keeps_the_value(facts: list[Fact], tree: Grown, below: str, operator: str) -> None:
    given_, satisfied = known(facts)
    if operator in ("floor", "ceil"):
        round_ = build.floor if operator == "floor" else build.ceil
        plain = math.floor if operator == "floor" else math.ceil
        result = round_(tree.expr / sym(below), given_)
        for sizes in satisfied:
            assert evaluate(result, sizes) == plain(tree.value(sizes) / sizes[below]), sizes
    else:
        choose = build.maximum if operator == "max" else build.minimum
        pick = max if operator == "max" else min
        result = choose((tree.expr, sym(below), const(2)), given_)
        for sizes in satisfied:
            assert evaluate(result, sizes) == pick(tree.value(sizes), sizes[below], 2), sizes


# ---------------------------------------------------------------- growth


@trials(200)
@given(
    terms=st.lists(
        st.tuples(st.integers(1, 9), st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))),
        min_size=1,
        max_size=5,
    ),
    ordered=st.booleans(),
    big=st.integers(2, 10**6),
    sizes=st.tuples(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6)),
)
def test_growth_dominates_at_random_sizes(
    terms: list[tuple[int, tuple[int, int, int]]], ordered: bool, big: int, sizes: tuple[int, int, int]
) -> None:
    """f ≤ (sum of its coefficients) · g wherever the sizes are admitted: each dropped monomial is at most a weighted
    geometric mean, so at most the sum, of those that stay; and each of these is one of f's own."""
    expr = Expr({})
    for coefficient, powers in terms:
        term = const(coefficient)
        for name, power in zip(NAMES, powers, strict=True):
            term = term * sym(name) ** power
        expr = expr + term
    facts = Facts()
    values = dict(zip(NAMES, sizes, strict=True))
    if ordered:
        facts.assume_order(sym("B") - sym("A"))
        values["B"] = values["A"] + big
    result = growth(expr, facts)
    bound = sum(coefficient for coefficient, _ in terms)
    assert evaluate(expr, values) <= bound * evaluate(result.expr, values)
    assert set(result.expr.terms) <= set(expr.terms)


@pytest.mark.parametrize(
    ("terms", "orders", "kept"),
    [
        # semantics 5: one term at a time is not enough: N² + N·D + D² is N² + D² (2 N D <= N² + D²)
        ([(2, 0), (1, 1), (0, 2)], [], [(2, 0), (0, 2)]),
        ([(2, 1), (1, 2)], [], [(2, 1), (1, 2)]),
        ([(2, 1), (1, 1)], [], [(2, 1)]),
        ([(2, 0), (1, 1), (0, 2)], [(0, 1)], [(0, 2)]),  # A <= B
        ([(0, 0), (1, 0)], [], [(1, 0)]),
    ],
)
def test_growth_by_hand(
    terms: list[tuple[int, int]], orders: list[tuple[int, int]], kept: list[tuple[int, int]]
) -> None:
    def make(powers: list[tuple[int, int]]) -> Expr:
        return sum((sym("A") ** a * sym("B") ** b for a, b in powers), Expr({}))

    facts = Facts()
    for small, large in orders:
        facts.assume_order(sym(NAMES[large]) - sym(NAMES[small]))
    assert growth(make(terms), facts).expr == make(kept)


def test_a_quotient_of_logarithms_is_rounded_as_one() -> None:
    # ⌈log 243 / log 3⌉ is 5, which doubles miss: math.log(243) / math.log(3) is 4.999999999999999
    quotient = build.ceil(build.log(sym("A")) / build.log(sym("B")))
    assert quotient == build.ceil(build.log(sym("A"), sym("B")))
    assert evaluate(build.floor(build.log(sym("A")) / build.log(sym("B"))), {"A": 243, "B": 3}) == 5


def test_growth_of_a_long_sum() -> None:
    # (A + … + H)⁴ has 330 terms; by the inequality of means only the fourth powers stay
    letters = "ABCDEFGH"
    power = sum((sym(letter) for letter in letters), Expr({})) ** 4
    assert len(power.terms) == 330
    with at_most(3):
        assert growth(power, Facts()).expr == sum((sym(letter) ** 4 for letter in letters), Expr({}))


# ---------------------------------------------------------------- forms keep the value


def parsed(text: str) -> sympy.Expr:
    names = {name: sympy.Symbol(name, positive=True, integer=True) for name in NAMES}
    return sympy.sympify(text, locals=names)


FORM_NAMES = ["auto", "expanded", "factored", "collected:A", "collected:B"]


@trials(250)
@given(tree=trees(False), form=st.sampled_from(FORM_NAMES), names=st.permutations(NAMES))
def test_forms_of_polynomials_parse_back(tree: Grown, form: str, names: list[str]) -> None:
    text = to_python(Layout(names, form).formula(tree.expr), Symbols())
    expected = parsed(tree.text.replace("(", "(").replace("/", "/"))
    assert sympy.expand(parsed(text) - expected) == 0, text


@trials(250)
@given(tree=trees(True), form=st.sampled_from(FORM_NAMES), sizes=SIZES)
def test_forms_keep_the_value(tree: Grown, form: str, sizes: dict[str, int]) -> None:
    text = to_python(Layout(NAMES, form).formula(tree.expr), Symbols())
    exact = {"floor": math.floor, "ceiling": math.ceil, "Max": max, "Min": min}
    numbers = {name: Fraction(value) for name, value in sizes.items()}
    # every name is a Fraction, so that `/` is exact; a coefficient 1/2 is in brackets and made exact too
    value = eval(_exact(text), {"__builtins__": {}, "F": Fraction, **exact, **numbers})
    assert value == tree.value(sizes), text


def _exact(text: str) -> str:
    import re

    return re.sub(r"(?<![\w.])(\d+)(?![\w.])", r"F(\1)", text)


A, B, C = (sym(name) for name in "ABC")
AS_A_PERSON_WRITES = [
    (A * (A + 1) * (B - 2), "A(A+1)(B−2)"),
    ((A + 3) * (B + C), "(A+3)(B+C)"),
    (2 * A * B * (C + 1) * (A + B), "2AB(A+B)(C+1)"),
    (A * B * (A - C + 1) + B * B * (A - 2 * C + 2), "B(B(A − 2C + 2) + A(A−C+1))"),
    (B * root(2 * A, Fraction(1, 2)), "B·√(2A)"),
]


@pytest.mark.parametrize(("expr", "shown"), AS_A_PERSON_WRITES, ids=[shown for _, shown in AS_A_PERSON_WRITES])
def test_products_as_a_person_writes_them(expr: Expr, shown: str) -> None:
    """By hand: a sum that is a product of two is written as that, and no bracket begins with a minus."""
    assert to_unicode(Layout(NAMES).formula(expr), Symbols()) == shown


def test_a_group_below_the_line_prints_and_parses() -> None:
    """(N − 1)/(k − 1), which is neither expanded nor lost."""
    expr = (sym("A") - 1) / (sym("B") - 1)
    assert any(isinstance(atom, Group) for atom in expr.atoms())
    text = to_python(Layout(NAMES).formula(expr), Symbols())
    a, b = (sympy.Symbol(name, positive=True, integer=True) for name in "AB")
    assert sympy.simplify(parsed(text) - (a - 1) / (b - 1)) == 0


@pytest.mark.parametrize(
    ("rounded", "value"),
    [
        (lambda: build.floor(build.log(const(3), const(Fraction(209, 100)))), 1),  # log 3 / log 2.09 = 1.49
        (lambda: build.ceil(build.log(const(3), const(Fraction(209, 100)))), 2),
        (lambda: build.floor(build.log(const(8), const(2))), 3),
        (lambda: build.ceil(build.root(const(Fraction(209, 100)), Fraction(1, 2)) * 48), 70),  # 48 · 1.4457 = 69.39
        (lambda: build.floor(-build.root(const(2), Fraction(1, 2))), -2),
    ],
)
def test_numbers_are_rounded(rounded: Callable[[], Expr], value: int) -> None:
    assert rounded().constant == value
