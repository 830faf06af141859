"""Signs of index arithmetic over the whole range of its indices: what a check of ranges needs to know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from .atoms import Atom, Extreme, Rounded, Symbol
from .expression import Expr, from_atom
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
    """The largest (smallest) value of an expression that rises or falls with every index; None where it is not."""
    for _ in range(len(ranges) + 1):
        inside = [s for s in expr.symbols() if s in ranges]
        if not inside:
            return expr
        # an index whose range depends on others goes before them
        free = (s for s in inside if not any(end.mentions(s) for o in inside if o != s for end in ranges[o]))
        symbol = inside[0] if len(inside) == 1 else next(free, None)
        if symbol is None:
            return None
        rises = direction(expr, symbol, facts)
        if not rises:
            return None
        lower, upper = ranges[symbol]
        end = upper if (rises > 0) == largest else lower
        expr = substitute(expr, {symbol: end}, facts)
    return None


def direction(expr: Expr, symbol: Symbol, facts: Facts) -> int:
    """+1 where the expression rises with a symbol, −1 where it falls, 0 where that is not known."""
    directions = set()
    for monomial, coefficient in expr.terms.items():
        atoms = [(a, e) for a, e in monomial if a == symbol or _inside(a, symbol)]
        if not atoms:
            continue
        atom, exponent = atoms[0]
        if len(atoms) > 1 or exponent != 1:
            return 0
        if len(monomial) == 1:
            sign = 1 if coefficient > 0 else -1
        else:
            rest = Expr({tuple(pair for pair in monomial if pair[0] != atom): coefficient})
            sign = 1 if facts.nonnegative(rest) else -1 if facts.nonnegative(-rest) else 0
        if isinstance(atom, Extreme):
            arms = {direction(argument, symbol, facts) for argument in atom.arguments if argument.mentions(symbol)}
            directions |= {sign * arm for arm in arms}
        elif isinstance(atom, Rounded):
            directions.add(sign * direction(atom.argument, symbol, facts))
        elif atom == symbol:
            directions.add(sign)
        else:
            return 0
    return directions.pop() if len(directions) == 1 else 0


def _inside(atom: Atom, symbol: Symbol) -> bool:
    return not isinstance(atom, Symbol) and from_atom(atom).mentions(symbol)


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
