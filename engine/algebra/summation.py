"""Sums over an integer range in closed form: powers (Faulhaber), geometric terms and their products, and clipped
ends.

`sum_over(f, i, a, b)` is Σ f(i) for i = a..b, taken to be 0 when b = a − 1. It does not prove that the range is not
shorter than that: who asks must know (`program.volume` does).
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb

from .atoms import Exponential, Extreme, Monomial, Rational, Summation, Symbol, normal, parts
from .build import power
from .division import cancelled
from .expression import ONE, ZERO, Expr, const, from_atom, total
from .facts import Facts
from .substitution import map_atoms, substitute

# A range of so many numbers is added up term by term where there is no closed form.
MAX_WRITTEN = 64


class NoClosedForm(Exception):
    """The sum has no closed form among those known here; `reason` names the term."""

    def __init__(self, term: Expr, reason: str) -> None:
        super().__init__(reason)
        self.term = term
        self.reason = reason


def sum_over(expr: Expr, index: Symbol, first: Expr, last: Expr, facts: Facts) -> Expr:
    """Σ expr for index = first..last. Raises `NoClosedForm`."""
    if not expr.mentions(index):
        return expr * (last - first + 1)
    result = ZERO
    geometric: dict[tuple[Expr, int], Expr] = {}
    for term in expr:
        clipped = _clipped(term, index)
        if clipped is not None:
            result = result + _sum_clipped(term, clipped, index, first, last, facts)
            continue
        degree, ratio, outside = _separate(term, index, facts)
        if ratio == ONE:
            result = result + outside * (_faulhaber_at(degree, last) - _faulhaber_at(degree, first - 1))
        else:
            geometric[ratio, degree] = geometric.get((ratio, degree), ZERO) + outside
    for (ratio, degree), outside in geometric.items():
        # together, so that (k − 1)·kⁱ sums to k^L − 1 by one exact division
        ends = outside * (_geometric(degree, ratio, last + 1, facts) - _geometric(degree, ratio, first, facts))
        for _ in range(degree + 1):
            ends = ends / (ratio - ONE)
        result = result + ends
    return result


def sum_or_keep(cost: Expr, symbol: Symbol, first: Expr, last: Expr, facts: Facts) -> Expr:
    """Σ cost in closed form, or written out where the range is a few numbers; term by term otherwise, so that only
    what has no closed form stays under a sum sign."""
    cost = cancelled(cost)
    try:
        return sum_over(cost, symbol, first, last, facts)
    except NoClosedForm:
        pass
    low, high = first.integer(), last.integer()
    if low is not None and high is not None and high - low < MAX_WRITTEN:
        return total(substitute(cost, {symbol: const(number)}, facts) for number in range(low, high + 1))
    result, left = ZERO, ZERO
    for term in cost:
        try:
            result = result + sum_over(term, symbol, first, last, facts)
        except NoClosedForm:
            left = left + term
    return result + _kept(left, symbol, first, last)


def _kept(cost: Expr, symbol: Symbol, first: Expr, last: Expr) -> Expr:
    """Σ cost as it stands, what does not depend on the index in front of it."""
    groups: dict[Monomial, Expr] = {}
    for term in cost:
        ((monomial, coefficient),) = term.terms.items()
        outside = tuple((a, e) for a, e in monomial if not from_atom(a).mentions(symbol))
        inside = tuple((a, e) for a, e in monomial if from_atom(a).mentions(symbol))
        groups[outside] = groups.get(outside, ZERO) + Expr({inside: coefficient})
    result = ZERO
    for outer, sum_ in groups.items():
        content, primitive = sum_.primitive()
        result = result + Expr({outer: content}) * from_atom(Summation(symbol, first, last, primitive))
    return result


def _clipped(term: Expr, index: Symbol) -> Extreme | None:
    for atom in term.atoms():
        if isinstance(atom, Extreme) and any(part.mentions(index) for part in parts(atom)):
            return atom
    return None


def _separate(term: Expr, index: Symbol, facts: Facts) -> tuple[int, Expr, Expr]:
    """A term as outside · index^degree · ratio^index."""
    ((monomial, coefficient),) = term.terms.items()
    degree: Rational = 0
    outside: Expr = const(coefficient)
    ratio = ONE
    for atom, exponent in monomial:
        if atom == index:
            degree = exponent
        elif isinstance(atom, Symbol) or not any(part.mentions(index) for part in parts(atom)):
            outside = outside * from_atom(atom, exponent)
        elif isinstance(atom, Exponential) and not atom.base.mentions(index):
            step, constant = _linear_exponent(atom.exponent * exponent, index, term)
            ratio = ratio * power(atom.base, step, facts)
            outside = outside * power(atom.base, constant, facts)
        else:
            raise NoClosedForm(term, "a rounded or nested size changes with the index")
    if not isinstance(degree, int) or degree < 0:
        raise NoClosedForm(term, "the index stands below a line or under a root")
    return degree, ratio, outside


def _linear_exponent(exponent: Expr, index: Symbol, term: Expr) -> tuple[Expr, Expr]:
    powers = exponent.coefficients(index)
    if set(powers) - {0, 1} or any(part.mentions(index) for part in powers.values()):
        raise NoClosedForm(term, "the index stands in an exponent that is not linear in it")
    return powers.get(1, ZERO), powers.get(0, ZERO)


@lru_cache(maxsize=64)
def _faulhaber(degree: int) -> tuple[Rational, ...]:
    """Coefficients c_k of Σ_{i=0..n} i^degree = Σ_k c_k n^k, from (n+1)^{p+1} − 1 = Σ_{j≤p} C(p+1, j) S_j for n ≥ 0."""
    coefficients = [Fraction(comb(degree + 1, k)) for k in range(degree + 2)]
    coefficients[0] -= 1
    if degree == 0:
        return (1, 1)
    coefficients[0] += 1  # Σ over i = 0..n of (i+1)^{p+1} − i^{p+1} telescopes to (n+1)^{p+1}
    for lower in range(degree):
        for k, value in enumerate(_faulhaber(lower)):
            coefficients[k] -= comb(degree + 1, lower) * Fraction(value)
    return tuple(normal(c / (degree + 1)) for c in coefficients)


def _faulhaber_at(degree: int, last: Expr) -> Expr:
    result = ZERO
    for k in reversed(range(degree + 2)):
        result = result * last + const(_faulhaber(degree)[k])
    return result


def _geometric(degree: int, ratio: Expr, count: Expr, facts: Facts) -> Expr:
    """(r − 1)^{p+1} Σ_{i=0..n−1} i^p rⁱ, by (r − 1) S_p = n^p rⁿ − [p = 0] − r Σ_{j<p} C(p, j) S_j: no division yet."""
    scaled: list[Expr] = []
    end = _to_power(ratio, count, facts)
    gap = ratio - ONE
    for p in range(degree + 1):
        value = (count**p * end - (ONE if p == 0 else ZERO)) * gap**p
        for j in range(p):
            value = value - ratio * comb(p, j) * gap ** (p - 1 - j) * scaled[j]
        scaled.append(value)
    return scaled[degree]


def _to_power(ratio: Expr, count: Expr, facts: Facts) -> Expr:
    """ratio ^ count, factor by factor."""
    if len(ratio.terms) != 1:
        return power(ratio, count, facts)
    ((monomial, coefficient),) = ratio.terms.items()
    result = ONE
    fraction = Fraction(coefficient)
    result = result * power(const(fraction.numerator), count, facts)
    if fraction.denominator != 1:
        result = result * power(const(fraction.denominator), -count, facts)
    for atom, exponent in monomial:
        if isinstance(atom, Exponential):
            result = result * power(atom.base, atom.exponent * exponent * count, facts)
        else:
            result = result * power(from_atom(atom), count * exponent, facts)
    return result


def _sum_clipped(term: Expr, atom: Extreme, index: Symbol, first: Expr, last: Expr, facts: Facts) -> Expr:
    """A sum whose terms hold max(a, b) or min(a, b): split where a(i) and b(i) cross, once, inside the range."""
    if len(atom.arguments) != 2:
        raise NoClosedForm(term, "more than two bounds meet")
    left, right = atom.arguments
    powers = (left - right).coefficients(index)
    slope = powers.get(1, ZERO).integer()
    if set(powers) - {0, 1} or slope is None or slope not in (1, -1):
        raise NoClosedForm(term, "two bounds cross at an uncertain place")
    # left <= right exactly for index <= crossing (slope 1) or index >= crossing (slope -1)
    rising = slope == 1
    crossing = -powers.get(0, ZERO) if rising else powers.get(0, ZERO)
    smaller_left = atom.operator == "min"
    before, after = (left, right) if rising == smaller_left else (right, left)
    # at the crossing both are equal, so the split may stand on either side of it
    for split in (crossing, crossing - 1):
        if facts.nonnegative(split - first + 1) and facts.nonnegative(last - split):
            head = sum_over(_put(term, atom, before), index, first, split, facts)
            return head + sum_over(_put(term, atom, after), index, split + 1, last, facts)
    if facts.nonnegative(first - crossing):
        return sum_over(_put(term, atom, after), index, first, last, facts)
    if facts.nonnegative(crossing - last):
        return sum_over(_put(term, atom, before), index, first, last, facts)
    gaps = (last - crossing, crossing - first + 1)
    open_ = next((gap for gap in gaps if not facts.nonnegative(gap)), gaps[0])
    raise NoClosedForm(open_, "it is not known where two bounds cross")


def _put(term: Expr, atom: Extreme, value: Expr) -> Expr:
    return map_atoms(term, lambda other: value if other == atom else None)
