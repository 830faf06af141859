"""Expressions as polynomials in one atom: linear in it, or by its powers; and with bounds in place of such atoms."""

from __future__ import annotations

from .atoms import UNIT, Atom, Extreme, Group, Monomial, Rational, Rounded
from .expression import ZERO, Expr, from_atom


def linear_in(expr: Expr, atom: Rounded | Extreme) -> Expr | None:
    """The coefficient of an atom that stands only in its first power, else None."""
    terms: dict[Monomial, Rational] = {}
    for monomial, coefficient in expr.terms.items():
        for found, exponent in monomial:
            if found == atom:
                if exponent != 1:
                    return None
                terms[tuple(pair for pair in monomial if pair[0] != atom)] = coefficient
    return Expr(terms)


def with_bounds(expr: Expr, bounds: dict[Rounded | Extreme, Expr]) -> Expr:
    """The expression with a bound in place of every atom that has one."""
    result = ZERO
    for monomial, coefficient in expr.terms.items():
        factor = Expr({UNIT: coefficient})
        for atom, exponent in monomial:
            if isinstance(atom, Rounded | Extreme) and atom in bounds and exponent == 1:
                factor = factor * bounds[atom]
            else:
                factor = factor * from_atom(atom, exponent)
        result = result + factor
    return result


def by_power(expr: Expr, atom: Atom) -> dict[Rational, Expr]:
    """What stands beside each power of an atom; beside its power 0 is what does not have it."""
    found: dict[Rational, dict[Monomial, Rational]] = {}
    for monomial, coefficient in expr.terms.items():
        power = dict(monomial).get(atom, 0)
        rest = tuple(pair for pair in monomial if pair[0] != atom)
        found.setdefault(power, {})[rest] = coefficient
    return {power: Expr(terms) for power, terms in found.items()}


def apart(expr: Expr, atom: Atom) -> tuple[Expr, Expr] | None:
    """A polynomial in an atom times one without it, where a sum is such a product: D + 1 and L - 2."""
    coefficients = {power: coefficient.primitive() for power, coefficient in by_power(expr, atom).items()}
    rests = {rest for _, rest in coefficients.values()}
    (rest, *others) = rests
    if others or len(rest.terms) == 1 or len(coefficients) == 1:
        return None
    first = Expr({((atom, power),) if power else (): content for power, (content, _) in coefficients.items()})
    return (-first, -rest) if all(content < 0 for content, _ in coefficients.values()) else (first, rest)


def content_of(expr: Expr) -> tuple[Rational, Expr]:
    """The number that all coefficients have in common, negative only where nothing else is, and the rest."""
    content, primitive = expr.primitive()
    if content < 0 and any(c < 0 for c in primitive.terms.values()):
        return -content, -primitive
    return content, primitive


def turned(expr: Expr) -> Expr:
    """A single term as a person writes its sign: N/(N - k), where the bracket is kept as k - N."""
    if len(expr.terms) != 1:
        return expr
    ((monomial, coefficient),) = expr.terms.items()
    brackets = [a for a, e in monomial if isinstance(a, Group) and isinstance(e, int) and e % 2]
    if coefficient > 0 or len(brackets) != 1:
        return expr
    (bracket,) = brackets
    inner = bracket.content
    if UNIT in inner.terms or all(c > 0 for c in inner.terms.values()):
        return expr
    return Expr({tuple((Group(-inner) if a is bracket else a, e) for a, e in monomial): -coefficient})
