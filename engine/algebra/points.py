"""A few sizes at which an expression is looked at: what is negative at one of them need not be proved to be positive,
which takes long where many sizes are multiplied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from .expression import Expr

if TYPE_CHECKING:
    from .facts import Facts

MANY_NAMES = 6  # with fewer a proof takes no longer than the search


def negative_somewhere(expr: Expr, facts: Facts) -> bool:
    """Is an expression of many names negative at one of the sizes that are tried? False says nothing."""
    return len(expr.symbols()) >= MANY_NAMES and any(
        _value(expr, point) < 0 and _admitted(facts, point) for point in _points(expr, facts)
    )


def _points(expr: Expr, facts: Facts) -> Iterator[Mapping[str, Fraction]]:
    """All sizes 2; growing with their names; falling. What counts turns and positions is at its first one."""
    facts_too = (*facts.orders, *(side for pair in facts.divisibility for side in pair))
    symbols = {symbol for one in (expr, *facts_too) for symbol in one.symbols()}
    names = sorted(symbol.name for symbol in symbols if symbol.kind == "dim")
    others = {symbol.name: Fraction(symbol.kind == "ratio") for symbol in symbols}
    for sizes in ([2] * len(names), range(1, len(names) + 1), range(len(names), 0, -1)):
        yield others | {name: Fraction(size) for name, size in zip(names, sizes, strict=True)}


def _admitted(facts: Facts, point: Mapping[str, Fraction]) -> bool:
    if any(_value(order, point) < 0 for order in facts.orders):
        return False
    pairs = ((_value(divisor, point), _value(dividend, point)) for divisor, dividend in facts.divisibility)
    return all(divisor and (dividend / divisor).denominator == 1 for divisor, dividend in pairs)


def _value(expr: Expr, point: Mapping[str, Fraction]) -> Fraction:
    """What an expression is, or 0 where it has no exact value, which proves nothing."""
    from .substitution import evaluate

    try:
        found = evaluate(expr, point)
    except (ArithmeticError, ValueError):
        return Fraction(0)
    return Fraction(found) if isinstance(found, int | Fraction) else Fraction(0)
