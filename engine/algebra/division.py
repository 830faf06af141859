"""Division of polynomials: a dividend and a divisor in, the quotient out if nothing is left over. Denominators."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import lcm

from .atoms import Atom, Group, Monomial, Rational, normal, raised, times
from .expression import ZERO, Expr, const


def without_brackets(expr: Expr, allowed: Callable[[Group], bool]) -> Expr:
    """The expression times the brackets below its lines that are `allowed`: zero where it was zero."""
    for atom in [a for a in expr.atoms() if isinstance(a, Group)]:
        powers = [e for m in expr.terms for a, e in m if a == atom]
        depth = min(powers, default=0)
        if depth >= 0 or not all(isinstance(e, int) for e in powers) or not allowed(atom):
            continue
        cleared = ZERO
        for monomial, coefficient in expr.terms.items():
            rest = tuple(pair for pair in monomial if pair[0] != atom)
            power = int(dict(monomial).get(atom, 0) - depth)
            cleared = cleared + Expr({rest: coefficient}) * atom.content**power
        expr = cleared
    return expr


def cancelled(expr: Expr) -> Expr:
    """The expression with brackets below its lines divided out where that leaves nothing: (4 i + 4)/(i + 1) is 4."""
    for atom in [a for a in expr.atoms() if isinstance(a, Group)]:
        above: dict[Monomial, Rational] = {}
        others: dict[Monomial, Rational] = {}
        for monomial, coefficient in expr.terms.items():
            if dict(monomial).get(atom) == -1:
                above[tuple(pair for pair in monomial if pair[0] != atom)] = coefficient
            else:
                others[monomial] = coefficient
        quotient = divide_exactly(Expr(above), atom.content) if above else None
        if quotient is not None:
            expr = Expr(others) + quotient
    return expr


def divide_exactly(dividend: Expr, divisor: Expr) -> Expr | None:
    """dividend / divisor if the division of polynomials leaves nothing, else None."""
    if not dividend.terms:
        return ZERO
    lead = _leading(divisor)
    quotient: dict[Monomial, Rational] = {}
    rest = dividend
    for _ in range(200):
        if not rest.terms:
            return Expr(quotient)
        head = _leading(rest)
        step = times(head, raised(lead, -1))
        if any(exponent < 0 and not _below(dividend, atom, exponent) for atom, exponent in step):
            return None
        coefficient = normal(Fraction(rest.terms[head]) / divisor.terms[lead])
        quotient[step] = normal(quotient.get(step, 0) + coefficient)
        rest = rest - Expr({step: coefficient}) * divisor
    return None


def _leading(expr: Expr) -> Monomial:
    """The first term in the lexicographic order of atoms: a monomial order, so that division ends."""
    names = sorted({atom.key for atom in expr.atoms()})
    return max(expr.terms, key=lambda m: [{a.key: e for a, e in m}.get(name, 0) for name in names])


def _below(dividend: Expr, atom: Atom, exponent: Rational) -> bool:
    """Does the dividend itself have the atom below the line, as deep as the quotient would?"""
    return any(power <= exponent for monomial in dividend.terms for a, power in monomial if a == atom)


def below_line(expr: Expr) -> Monomial:
    """The monomial of the most negative power of every atom."""
    lowest: dict[Atom, Rational] = {}
    for monomial in expr.terms:
        for atom, exponent in monomial:
            if exponent < lowest.get(atom, 0):
                lowest[atom] = exponent
    return tuple(sorted(lowest.items(), key=lambda item: item[0].key))


def denominator(expr: Expr) -> Expr:
    """What makes all coefficients whole."""
    return const(lcm(*(coefficient.denominator for coefficient in expr.terms.values())))
