"""Recurrences of sizes: how a turn changes a size in, the size at turn i out.

`solve` takes v → a·v + b(i) with a free of the size and of i, and v → ⌊v/q⌋, ⌈v/q⌉; `fitted` reads a form off the
first values, for a caller that proves it. Everything else has no closed form here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from .atoms import Rounded, Symbol
from .build import ceil, floor, power
from .expression import ONE, ZERO, Expr, const, from_atom
from .facts import Facts
from .substitution import substitute
from .summation import NoClosedForm, sum_over


def solve(update: Expr, size: Symbol, initial: Expr, turn: Symbol, facts: Facts) -> Expr:
    """The value at turn i of a size that begins as `initial`; `update` is its value after a turn.

    Raises `NoClosedForm`.
    """
    rounded = _rounded_quotient(update, size)
    if rounded is not None:
        direction, divisor = rounded
        if divisor.mentions(turn) or not facts.is_integer(divisor):
            raise NoClosedForm(update, "a rounded quotient nests only for one whole divisor")
        quotient = initial / power(divisor, from_atom(turn), facts)
        return floor(quotient, facts) if direction == "floor" else ceil(quotient, facts)
    powers = update.coefficients(size)
    slope, offset = powers.get(1, ZERO), powers.get(0, ZERO)
    if set(powers) - {0, 1} or slope.mentions(size) or offset.mentions(size):
        raise NoClosedForm(update, "only a·v + b(i) and rounded quotients are solved")
    if slope.mentions(turn):
        raise NoClosedForm(update, "the factor changes with the turn")
    if not slope:
        raise NoClosedForm(update, "it does not depend on the turn before")
    here = from_atom(turn)
    before = Symbol(turn.name, "count", -1)
    added = substitute(offset, {turn: from_atom(before)})
    if slope == ONE:
        return initial + sum_over(added, before, const(0), here - 1, facts)
    factor = power(slope, here, facts)
    if not offset:
        return initial * factor
    if not offset.mentions(turn):
        return initial * factor + offset * ((factor - 1) / (slope - 1))
    # a^{i−1} Σ b(j) a^{−j}
    spread = added * power(slope, -from_atom(before), facts)
    return initial * factor + factor / slope * sum_over(spread, before, const(0), here - 1, facts)


def _rounded_quotient(update: Expr, size: Symbol) -> tuple[str, Expr] | None:
    """(direction, q) of ⌊v/q⌋ or ⌈v/q⌉."""
    if len(update.terms) != 1:
        return None
    ((monomial, coefficient),) = update.terms.items()
    if coefficient != 1 or len(monomial) != 1 or monomial[0][1] != 1 or not isinstance(monomial[0][0], Rounded):
        return None
    atom = monomial[0][0]
    powers = atom.argument.coefficients(size)
    if set(powers) != {1} or powers[1].mentions(size) or len(powers[1].terms) != 1:
        return None
    return atom.direction, powers[1].inverse()


def fitted(values: Sequence[Expr], turn: Symbol, facts: Facts) -> Expr | None:
    """A form in i through the first values: a polynomial of degree 2, v·rⁱ, or v·rⁱ + b; None if there is none."""
    here = from_atom(turn)
    first = [b - a for a, b in pairwise(values)]
    second = [b - a for a, b in pairwise(first)]
    if len(set(second)) == 1:
        return values[0] + first[0] * here + second[0] * here * (here - 1) / 2
    for base, steps in ((values, False), (first, True)):
        if any(not value for value in base):
            continue
        ratios = {b / a for a, b in pairwise(base)}
        if len(ratios) != 1:
            continue
        (ratio,) = ratios
        factor = power(ratio, here, facts)
        return values[0] + first[0] * ((factor - 1) / (ratio - 1)) if steps else values[0] * factor
    return None
