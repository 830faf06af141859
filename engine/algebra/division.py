"""Division of polynomials: a dividend and a divisor in, the quotient out if nothing is left over."""

from __future__ import annotations

from fractions import Fraction

from .expression import ZERO, Atom, Expr, Monomial, Rational, normal, raised, times


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
