"""Expressions as JavaScript have the values that Python finds: random expressions, run by node."""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from archderive.algebra import build
from archderive.algebra.atoms import Exponential, Extreme, Group, Log, Rounded, Summation, Symbol
from archderive.algebra.expression import Expr, const, from_atom, sym
from archderive.algebra.substitution import Value, evaluate
from archderive.javascript import DOUBLES, EXACT, to_javascript
from tools import tool

NUMBERS = (Path(__file__).parent.parent / "templates" / "numbers.js").read_text(encoding="utf-8")
NAMES = {"N": "v[0]", "D": "v[1]", "k": "v[2]", "theta": "v[3]"}
RUN = """
const said = f => {
  try {
    const x = f();
    return typeof x === "object" ? `${x.n}/${x.d}` : typeof x === "number" ? `~${x}` : `${x}`;
  } catch (error) {
    if (error instanceof RangeError) return "none";
    throw error;
  }
};
const rows = %s;
const found = rows.map(([exact, v, doubles, w]) => [said(() => exact(v)), said(() => doubles(w))]);
process.stdout.write(JSON.stringify(found));
"""


def polynomial(draw: random.Random, depth: int) -> Expr:
    """A few terms with powers, quotients and atoms of every kind."""
    result = const(Fraction(draw.randint(-4, 9), draw.choice((1, 1, 2, 3))))
    for _ in range(draw.randint(1, 3)):
        term = const(draw.choice((-2, -1, 1, 1, 3, Fraction(5, 6))))
        for _ in range(draw.randint(1, 2)):
            term = term * atom(draw, depth)
        result = result + term
    return result


def positive(draw: random.Random) -> Expr:
    """What is at least 2 at all sizes that are tried."""
    return sym(draw.choice("ND")) * draw.randint(1, 3) + draw.randint(1, 5)


def atom(draw: random.Random, depth: int) -> Expr:
    if depth == 0 or draw.random() < 0.35:
        name = draw.choice(tuple(NAMES))
        symbol = Symbol(name, "ratio" if name == "theta" else "dim")
        return from_atom(symbol, draw.choice((1, 1, 2, -1, 3, -2, Fraction(1, 2))))
    inner: Callable[[], Expr] = lambda: polynomial(draw, depth - 1)  # noqa: E731
    match draw.randrange(7):
        case 0:
            return from_atom(Rounded(draw.choice(("floor", "ceil")), inner()))
        case 1:
            base = draw.choice((None, const(2), const(3), sym("k") + 1))
            log = from_atom(Log(positive(draw), base))
            return log if draw.random() < 0.3 else from_atom(Rounded(draw.choice(("floor", "ceil")), log))
        case 2:
            return from_atom(Exponential(const(draw.choice((2, 3))), sym("k")), draw.choice((1, 1, -1, 2)))
        case 3:
            return from_atom(Extreme(draw.choice(("max", "min")), (inner(), inner())))
        case 4:
            return from_atom(Group(positive(draw) + sym("k")), draw.choice((-1, -2, Fraction(1, 2), Fraction(-1, 2))))
        case 5:
            index = Symbol("i", "index")
            term = from_atom(Rounded("ceil", sym("N") / (sym("k") + 1))) * from_atom(index) + inner()
            return from_atom(Summation(index, const(draw.randint(-1, 1)), sym("k") + 2, term))
        case _:
            return build.root(positive(draw), Fraction(1, draw.choice((2, 3))))


def sizes(draw: random.Random) -> dict[str, Value]:
    """Sizes of a few digits, and some of 40; `k`, which stands in exponents and counts turns, is small."""
    digits = draw.choice((1, 2, 4, 4, 12, 40))
    large = [draw.randint(max(1, 10 ** (digits - 1)), 10**digits) for _ in "ND"]
    if draw.random() < 0.2:
        large[0] = draw.choice((2, 3)) ** draw.randint(1, 130)
    return {"N": large[0], "D": large[1], "k": draw.randint(1, 9), "theta": Fraction(draw.randint(1, 99), 100)}


def exact_source(value: Value) -> str:
    number = Fraction(value)
    return f"{number}n" if number.denominator == 1 else f"X.ratio({number.numerator}n,{number.denominator}n)"


def in_node(rows: list[tuple[Expr, dict[str, Value]]]) -> list[tuple[str, str]]:
    """What node finds for each expression: exactly, and in doubles."""
    written = [
        f"[v=>{to_javascript(expr, NAMES, EXACT)},[{','.join(exact_source(v) for v in values.values())}],"
        f"v=>{to_javascript(expr, NAMES, DOUBLES)},{json.dumps([float(v) for v in values.values()])}]"
        for expr, values in rows
    ]
    program = '"use strict";' + NUMBERS + RUN % f"[{','.join(written)}]"
    run = subprocess.run([tool("node"), "-"], input=program, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return [(exact, doubles) for exact, doubles in json.loads(run.stdout)]


def expected(expr: Expr, values: dict[str, Value]) -> Value | None:
    try:
        return evaluate(expr, values)
    except (OverflowError, ZeroDivisionError, ValueError, TypeError):  # what has no real value
        return None


@pytest.mark.slow
def test_random_expressions() -> None:
    draw = random.Random(8)
    rows = [(polynomial(draw, 2), sizes(draw)) for _ in range(1000)]
    kinds = {"int": 0, "Fraction": 0, "float": 0, "NoneType": 0, "exact": 0}
    for (expr, values), (exact, _) in zip(rows, in_node(rows), strict=True):
        value = expected(expr, values)
        kinds[type(value).__name__] += 1
        about = f"{expr} at {values}: {value}, not {exact}"
        if value is None:
            assert exact == "none" or not math.isfinite(float(exact.removeprefix("~"))), about
        elif isinstance(value, float):
            assert exact.startswith("~") and math.isclose(float(exact[1:]), value, rel_tol=1e-9, abs_tol=1e-9), about
        elif re.search(r"~log|\^-?\d+/", expr.key):  # rounded from a double: all digits but the last agree
            assert math.isclose(Fraction(exact), value, rel_tol=1e-9), about
        else:
            assert exact == str(value), about
            kinds["exact"] += 1
    assert min(kinds[kind] for kind in ("int", "Fraction", "float", "exact")) > 50, kinds


def test_doubles_where_they_are_exact_enough() -> None:
    """At small sizes, of expressions without differences of large numbers, doubles are the exact values rounded."""
    draw = random.Random(9)
    rows: list[tuple[Expr, dict[str, Value]]] = []
    while len(rows) < 300:
        expr, values = polynomial(draw, 1), sizes(draw)
        value = expected(expr, values)
        if value is not None and max(values.values()) < 10**5 and abs(value) > 1:
            rows.append((expr, values))
    for (expr, values), (_, doubles) in zip(rows, in_node(rows), strict=True):
        value = float(evaluate(expr, values))
        assert math.isclose(float(doubles.removeprefix("~")), value, rel_tol=1e-6), f"{expr} at {values}: {doubles}"


@pytest.mark.parametrize(
    ("expr", "values", "text"),
    [
        (sym("N") ** 2 * sym("D") * 2, {"N": 10**40 + 1, "D": 7}, str(14 * (10**40 + 1) ** 2)),
        (build.ceil(build.log(sym("N"), const(3))), {"N": 3**80 + 1}, "81"),
        (build.ceil(build.log(sym("N"), const(3))), {"N": 3**80}, "80"),
        (build.floor(sym("N") / 3), {"N": 3 * 10**30 - 1}, str(10**30 - 1)),
        (build.root(sym("N"), Fraction(1, 2)), {"N": (10**25 + 3) ** 2}, str(10**25 + 3)),
        (sym("N") / (sym("N") + 1), {"N": 2}, "2/3"),
        (-(sym("N") ** 2), {"N": 3}, "-9"),
        (build.power(const(2), sym("N")), {"N": 20_000}, "none"),
    ],
    ids=["40 digits", "above a power", "a power", "floor", "root", "fraction", "minus a square", "too large"],
)
def test_by_hand(expr: Expr, values: dict[str, Value], text: str) -> None:
    ((exact, _),) = in_node([(expr, {"N": 1, "D": 1, "k": 1, "theta": 1, **values})])
    assert exact == text


def test_no_name_is_written() -> None:
    expr = sym("alert") * 2 + sym("constructor")
    assert to_javascript(expr, {"alert": "v[0]", "constructor": "v[1]"}, DOUBLES) == "2*v[0]+v[1]"
