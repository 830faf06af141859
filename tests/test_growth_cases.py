"""Growth and crossings as the literature prints them, compared both ways with what is derived from the equations.

The cases stand in `growth/cases.json`, the architectures beside it and under `examples/`. What is printed is read by
the language itself, as a quantity of the file; it never comes from the engine.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, cast

import pytest
from archderive.algebra import build
from archderive.algebra.atoms import Atom, Exponential, Log, Symbol
from archderive.algebra.expression import Expr, const, sym, total
from archderive.algebra.facts import Facts
from archderive.algebra.substitution import evaluate
from archderive.crossover import condition, crossings
from archderive.errors import ArchError, Source
from archderive.growth import growth, within
from archderive.quantities import Measures
from archderive.session import open_source
from archderive.verifier.machine import execute
from archderive.verifier.memory import nested

ROOT = Path(__file__).parent.parent
LITERATURE: dict[str, Any] = json.loads((ROOT / "tests" / "growth" / "cases.json").read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = LITERATURE["growth"]


def in_letters(printed: str, letters: Mapping[str, str]) -> str:
    """A formula of a paper with the names that the model has."""
    return re.sub(r"[A-Za-z_]\w*", lambda word: letters.get(word[0], word[0]), printed)


@cache
def measures(file: str) -> Mapping[str, Measures]:
    """The models of a file, each with what is printed as a quantity `printed_…`."""
    lines = [(ROOT / file).read_text(encoding="utf-8")]
    for number, case in enumerate(CASES):
        if case["model"].partition(":")[0] == file:
            lines.append(f"quantity printed_{number} = {in_letters(case['printed'], case.get('letters', {}))}")
    return open_source(Source(file, "\n".join(lines) + "\n")).measures()


def model(place: str) -> Measures:
    """`file:model`, or a file with one model."""
    file, _, name = place.partition(":")
    found = measures(file)
    return found[name] if name else next(iter(found.values()))


def finite(measured: Measures, quantity: str) -> Expr:
    found = measured.quantity(quantity).expr
    assert found is not None
    return found


@dataclass(frozen=True)
class Compared:
    derived: Expr
    printed: Expr
    facts: Facts
    constant: list[Symbol]


def compared(case: dict[str, Any]) -> Compared:
    measured = model(case["model"])
    derived = finite(measured, case["quantity"])
    printed = finite(measured, f"printed_{CASES.index(case)}")
    constant = [d.symbol for d in measured.program.dimensions if d.symbol.name in case.get("constant", ())]
    return Compared(derived, printed, measured.program.facts, constant)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_growth_is_what_the_paper_prints(case: dict[str, Any]) -> None:
    found = compared(case)
    mine = growth(found.derived, found.facts, found.constant).expr
    theirs = growth(found.printed, found.facts, found.constant).expr
    assert within(mine, theirs, found.facts), f"{mine} is not in O({theirs})"
    assert within(theirs, mine, found.facts), f"{theirs} is not in O({mine})"


def test_a_wrong_formula_is_told() -> None:
    """What is printed is read, and compared both ways: another power of any size does not pass."""
    for case in CASES:
        found = compared(case)
        mine = growth(found.derived, found.facts, found.constant).expr
        for symbol in sorted(mine.symbols(), key=lambda s: s.name):
            for other in (mine * Expr({((symbol, 1),): 1}), mine * Expr({((symbol, -1),): 1})):
                assert not (within(mine, other, found.facts) and within(other, mine, found.facts)), case["id"]


# Vaswani et al. 2017, section 4: n < d for the table's rows. With all projections (2n²d + 4nd² multiply-adds) beside an
# LSTM (8nd²) n = 2d, beside an Elman cell (2nd²) never. Kaplan et al. 2020, section 2.1: 2 n_layer n_ctx d flops for a
# position's context, which is one of the two products of attention, or both where half of the pairs are masked (n + 1
# pairs of n); against 24 n_layer d². With both products of all pairs the bound is twice that. Narayanan et al. 2021,
# section 5.1: 4Bs²h against 24Bsh².
SCALING = "tests/growth/scaling.arch"
TABLE_1 = "examples/table1_projected.arch"
CROSSINGS = [
    (
        "aiayn_s4_crossover_rnn",
        "examples/table1/self_attention.arch",
        "examples/table1/recurrent.arch",
        "N",
        "D",
        False,
    ),
    ("aiayn_s4_crossover_rnn", f"{TABLE_1}:self_attention", f"{TABLE_1}:lstm", "N", "2*D", False),
    ("kaplan_crossover", f"{SCALING}:scores", f"{SCALING}:weights", "d", "n_ctx/12", True),
    ("kaplan_crossover", f"{SCALING}:causal_context", f"{SCALING}:weights", "d", "(n_ctx + 1)/12", True),
    ("kaplan_crossover", f"{SCALING}:context", f"{SCALING}:weights", "d", "n_ctx/6", True),
    (
        "megatron_attention_mlp_crossover",
        "tests/growth/megatron.arch:attention_part",
        "tests/growth/megatron.arch:linear_part",
        "s",
        "6*h",
        False,
    ),
]


@pytest.mark.parametrize(("case", "one", "other", "size", "bound", "above"), CROSSINGS)
def test_crossings_are_those_of_the_paper(case: str, one: str, other: str, size: str, bound: str, above: bool) -> None:
    first, second = finite(model(one), "macs"), finite(model(other), "macs")
    verdict = condition(first, second, model(one).program.facts, [size])
    assert (verdict.outcome, verdict.above) == ("depends", above)
    assert verdict.size is not None and verdict.size.name == size
    names = {symbol.name for symbol in first.symbols() | second.symbols()}
    for factor in (24, 36, 600):  # n_ctx/12 and n_ctx/6 are whole there, (n_ctx + 1)/12 is not
        values = dict.fromkeys(names - {size}, factor)
        at = eval(bound, {}, dict(values))
        (crossing,) = crossings(first, second, size, values)
        assert crossing.at == pytest.approx(at, rel=1e-12)
        assert (crossing.cheaper_before, crossing.cheaper_after) == ((1, 0) if above else (0, 1))
        assert evaluate(verdict.bound, values) == pytest.approx(at, rel=1e-12)


def test_attention_with_projections_is_never_cheaper_than_an_elman_cell() -> None:
    # 2n²d + 4nd² against 2nd²: larger by 2nd(n + d)
    attention, elman = (finite(model(f"{TABLE_1}:{name}"), "macs") for name in ("self_attention", "recurrent"))
    verdict = condition(attention, elman, model(f"{TABLE_1}:self_attention").program.facts)
    assert (verdict.outcome, verdict.strict) == ("second", True)
    assert crossings(attention, elman, "N", {"D": 512}) == ()


def test_the_parts_are_the_whole() -> None:
    # the decoder of Kaplan et al. is its weights and its context, and 2N = 24 n_layer d² flops, twice its parameters
    whole, weights, context = (finite(model(f"{SCALING}:{n}"), "macs") for n in ("decoder", "weights", "context"))
    assert not (whole - weights - context).terms
    assert evaluate(finite(model(f"{SCALING}:weights"), "params"), {"d": 7, "n_layer": 5, "n_ctx": 3}) == 12 * 5 * 7**2


# Vaswani et al. 2017, Table 1 and section 4: complexity per layer, sequential operations, maximum path length. The rows
# of attention with their projections have 4nd² beside; "a stack of O(n/k) convolutional layers in the case of
# contiguous kernels, or O(log_k(n)) in the case of dilated convolutions".
TABLE_1_ROWS = [
    ("examples/table1/self_attention.arch", "N^2*D", "1", "1"),
    ("examples/table1/recurrent.arch", "N*D^2", "N", "N"),
    ("examples/table1/convolutional.arch", "k*N*D^2", "1", "log(N, k)"),
    ("examples/table1/convolutional_plain.arch", "k*N*D^2", "1", "N/k"),
    ("examples/table1/restricted_self_attention.arch", "r*N*D", "1", "N/r"),
    ("examples/table1/dilated_stack.arch", "k*N*D^2*log(N, k)", "log(N, k)", "log(N, k)"),
    (f"{TABLE_1}:self_attention", "N^2*D + N*D^2", "1", "1"),
    (f"{TABLE_1}:recurrent", "N*D^2", "N", "N"),
    (f"{TABLE_1}:convolutional", "k*N*D^2", "1", "log(N, k)"),
    (f"{TABLE_1}:restricted", "r*N*D + N*D^2", "1", "N/r"),
]


@pytest.mark.parametrize(("place", "macs", "sequential", "path"), TABLE_1_ROWS)
def test_table_1(place: str, macs: str, sequential: str, path: str) -> None:
    file, _, name = place.partition(":")
    text = (ROOT / file).read_text(encoding="utf-8")
    printed = {"macs": macs, "sequential": sequential, "path": path}
    lines = [f"quantity printed_{quantity} = {formula}" for quantity, formula in printed.items()]
    found = open_source(Source(file, "\n".join([text, *lines]) + "\n")).measures()
    measured = found[name] if name else next(iter(found.values()))
    for quantity in printed:
        mine, theirs = finite(measured, quantity), finite(measured, f"printed_{quantity}")
        assert within(mine, theirs, measured.program.facts)
        assert within(theirs, mine, measured.program.facts)


def test_a_separable_convolution_over_everything_grows_like_attention_and_a_feed_forward_layer() -> None:
    # Vaswani et al. 2017, section 4: "Even with k = n, however, the complexity of a separable convolution is equal to
    # the combination of a self-attention layer and a point-wise feed-forward layer"
    names = ("separable_of_all", "attention_and_feed_forward")
    one, other = (model(f"tests/growth/attention.arch:{name}") for name in names)
    assert within(finite(one, "macs"), finite(other, "macs"), one.program.facts)
    assert within(finite(other, "macs"), finite(one, "macs"), one.program.facts)


def test_the_derived_fourier_transform_convolves() -> None:
    # the growth L log L would be worth little if the butterflies computed something else than the sum they stand for
    (program,) = (measured.program for measured in measures("tests/growth/mamba_convolution.arch").values())
    sizes, source = {"p": 2, "B": 1, "D": 2}, random.Random(1)
    length, u, k = 4, *([[source.random() for _ in range(2)] for _ in range(4)] for _ in range(2))
    at = {d.symbol: sizes[d.symbol.name] for d in program.dimensions}
    (found,) = nested(execute(program, at, inputs={"u": [u], "filter": k}).outputs[0])
    for t, d in product(range(length), range(2)):
        assert math.isclose(found[t][d], sum(k[j][d] * u[t - j][d] for j in range(t + 1)), abs_tol=1e-12)


def test_every_case_is_compared_or_listed() -> None:
    """All cases of the survey of the literature that are confirmed or of high confidence, and some others."""
    checked = {case["id"] for case in CASES if case["confidence"] in ("confirmed", "high")}
    checked |= {name for name, *_ in CROSSINGS}
    listed = {case["id"]: case["reason"] for case in LITERATURE["listed"]}
    assert all(listed.values())
    assert not checked & set(listed)
    assert set(LITERATURE["ids"]) <= checked | set(listed)
    assert checked <= set(LITERATURE["ids"])
    assert len({case["id"] for case in CASES}) == len(CASES)


# ---------------------------------------------------------------- terms that were left out

POINTS = 5000
Point = dict[str, int]


@pytest.mark.slow
def test_what_is_left_out_is_smaller_at_random_points() -> None:
    """A term goes where a weighted geometric mean of others is at least as large: then it is at most their sum."""
    claims = 0
    for case in CASES:
        found = compared(case)
        places = dict.fromkeys((case["quantity"], f"printed_{CASES.index(case)}"))
        for quantity in places:
            expr = finite(model(case["model"]), quantity)
            for dropped in growth(expr, found.facts, found.constant).dropped:
                claims += 1
                small, large = as_function(dropped.term), as_function(total(dropped.by))
                points = admissible(case["model"], tuple(case.get("exponents", ())))
                assert len(points) == POINTS
                assert all(small(p) <= large(p) * (1 + 1e-9) for p in points), (case["id"], dropped)
    assert claims >= 20


@cache
def admissible(place: str, exponents: tuple[str, ...]) -> list[Point]:
    """Sizes from 1 to a million, their logarithms spread evenly, at which the facts of a model hold; those in exponents
    to 40. Of a size that divides another it is asked only that it is not larger: more points than are admitted."""
    program = model(place).program
    orders = [*program.facts.orders, *(dividend - divisor for divisor, dividend in program.facts.divisibility)]
    hold = [as_function(order) for order in orders]
    names = {d.symbol.name for d in program.dimensions} | {s.name for order in orders for s in order.symbols()}
    highest = {name: math.log(40 if name in exponents else 1e6) for name in sorted(names)}
    source, points = random.Random(place), list[Point]()
    while len(points) < POINTS:
        point = {name: int(math.exp(source.uniform(0, high))) for name, high in highest.items()}
        if all(fact(point) >= 0 for fact in hold):
            points.append(point)
    return points


def as_function(expr: Expr) -> Callable[[Mapping[str, float]], float]:
    """The value of a sum of monomials as compiled Python: some hundred thousand of them are asked for."""

    def spelled(some: Expr) -> str:
        terms = ("*".join([f"({c})", *(f"{one(a)}**({e})" for a, e in m)]) for m, c in some.terms.items())
        return f"({' + '.join(terms)})"

    def one(atom: Atom) -> str:
        match atom:
            case Symbol(name=name):
                return f"p[{name!r}]"
            case Exponential(base=base, exponent=exponent):
                return f"({spelled(base)}**{spelled(exponent)})"
            case Log(argument=argument, base=base):
                return f"(log({spelled(argument)})/{'log(2)' if base is None else f'log({spelled(base)})'})"
        raise AssertionError(f"{expr} has another atom")

    return cast(Callable[[Mapping[str, float]], float], eval(f"lambda p: {spelled(expr)}", {"log": math.log}))


N, D, K = sym("N"), sym("D"), sym("k")
TWO = const(2)
# Costs that are not what a look at their terms says; each at thousands of sizes by its values.
AWKWARD = {
    "differences": N * build.maximum([N - D, D - N]),
    "a minimum taken away": D - build.minimum([N, D]) + 1,
    "a remainder": D * (N - K * build.floor(N / K)) + D,
    "a minimum below a line": N * N * D / build.minimum([N, D]),
    "padding to a power of two": N**3 * D + D * build.power(TWO, build.ceil(build.log(N, TWO))),
    "padding, with a logarithm": build.power(TWO, build.ceil(build.log(N, TWO))) * D + N * D,
    "powers of two numbers": build.power(const(4), N) + build.power(const(3), N),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_costs_by_their_values(name: str) -> None:
    """Nowhere is a cost more than a constant times the sum of the terms of its growth."""
    expr = AWKWARD[name]
    bound = growth(expr, Facts()).expr
    draw = random.Random(7)
    largest = 40 if "numbers" in name else 10**6
    for _ in range(3000):
        sizes = {size: round(largest ** draw.random()) for size in ("N", "D", "k")}
        assert evaluate(expr, sizes) <= 20 * evaluate(bound, sizes), sizes


@pytest.mark.parametrize(
    ("cost", "bound"),
    [
        (N * D**2, N * D * build.minimum([N, D])),  # D far beyond N
        (N * D**2, D**3 * build.floor(N / D)),  # 0 for N < D
        (N * D**2, K * N + N * D * (D - K)),  # k = D
    ],
)
def test_a_bound_that_may_be_smaller_than_its_terms_is_refused(cost: Expr, bound: Expr) -> None:
    with pytest.raises(ArchError, match="it may be smaller than each of its terms"):
        within(cost, bound, Facts())


def test_a_logarithm_of_what_is_held_is_a_constant() -> None:
    assert growth(N * D * build.log(D, TWO), Facts(), [Symbol("D")]).expr == N
