"""Signs of index arithmetic over the whole range of its indices: what a check of ranges needs to know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from .expression import Expr, Symbol
from .facts import Facts
from .substitution import substitute


class Ranged(Protocol):
    """An index with a range: `Index` of a program or `Variable` of an analysis."""

    @property
    def symbol(self) -> Symbol: ...
    @property
    def lower(self) -> Expr | None: ...
    @property
    def upper(self) -> Expr | None: ...


def extreme(expr: Expr, ranges: dict[Symbol, tuple[Expr, Expr]], facts: Facts, *, largest: bool) -> Expr | None:
    """The largest (smallest) value of an expression that is linear in every index; None where it is not."""
    for _ in range(len(ranges) + 1):
        inside = [s for s in expr.symbols() if s in ranges]
        if not inside:
            return expr
        # an index whose range depends on others goes before them
        symbol = next(
            (s for s in inside if not any(end.mentions(s) for o in inside if o != s for end in ranges[o])), None
        )
        if symbol is None:
            return None
        powers = expr.coefficients(symbol)
        if set(powers) - {0, 1} or any(part.mentions(symbol) for part in powers.values()):
            return None
        slope = powers.get(1, Expr({}))
        lower, upper = ranges[symbol]
        if facts.nonnegative(slope):
            end = upper if largest else lower
        elif facts.nonnegative(-slope):
            end = lower if largest else upper
        else:
            return None
        expr = substitute(expr, {symbol: end}, facts)
    return None


def at_least(gap: Expr, variables: Iterable[Ranged], facts: Facts) -> bool | None:
    """Is gap >= 0 for every position? True, False (never the case at its least), or None for undecided."""
    low = extreme(gap, _table(variables), facts, largest=False)
    if low is None:
        return None
    if facts.nonnegative(low):
        return True
    return False if facts.positive(-low) else None


def at_most(gap: Expr, variables: Iterable[Ranged], facts: Facts) -> bool | None:
    """Is gap <= 0 for every position?"""
    return at_least(-gap, variables, facts)


def _table(variables: Iterable[Ranged]) -> dict[Symbol, tuple[Expr, Expr]]:
    return {v.symbol: (v.lower, v.upper) for v in variables if v.lower is not None and v.upper is not None}
