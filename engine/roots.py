"""Positive roots of a polynomial in one variable, by Sturm's theorem in exact arithmetic: none is missed or made up."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm

Polynomial = Sequence[int]  # coefficients from the constant up, the last one not zero

_PRECISION = Fraction(1, 2**56)  # of a root that is not rational, relative
_LARGEST_DENOMINATOR = 10**9


def roots_above(polynomial: Polynomial, least: int) -> list[Fraction]:
    """The roots that are larger than `least`, each once, in order: exact where they are rational, else so close that
    a double does not tell.

    >>> roots_above([-6, 11, -6, 1], 1)
    [Fraction(2, 1), Fraction(3, 1)]
    """
    polynomial = _squarefree(polynomial)
    chain = _sturm(polynomial)
    largest = Fraction(2 + max(map(abs, polynomial)) // abs(polynomial[-1]))  # Cauchy's bound
    waiting = [(Fraction(least), max(largest, Fraction(least + 1)))]
    found = []
    while waiting:
        low, high = waiting.pop()
        count = _changes(chain, low) - _changes(chain, high)
        if count == 1:
            found.append(_refined(polynomial, chain, low, high))
        elif count > 1:
            middle = (low + high) / 2
            waiting += [(low, middle), (middle, high)]
    return sorted(found)


def whole(coefficients: Sequence[Fraction]) -> list[int]:
    """A polynomial times a positive number that makes it whole, without zeros at its end."""
    kept = list(coefficients)
    while kept and not kept[-1]:
        kept.pop()
    factor = lcm(*(value.denominator for value in kept))
    return [int(value * factor) for value in kept]


def value_at(polynomial: Polynomial, place: Fraction) -> Fraction:
    result = Fraction(0)
    for coefficient in reversed(polynomial):
        result = result * place + coefficient
    return result


def _refined(polynomial: Polynomial, chain: list[Polynomial], low: Fraction, high: Fraction) -> Fraction:
    """The one root in (low, high]."""
    while high - low > _PRECISION * high:
        middle = (low + high) / 2
        if _changes(chain, low) - _changes(chain, middle) == 1:
            high = middle
        else:
            low = middle
    guess = ((low + high) / 2).limit_denominator(min(abs(polynomial[-1]), _LARGEST_DENOMINATOR))
    return guess if value_at(polynomial, guess) == 0 else (low + high) / 2


def _squarefree(polynomial: Polynomial) -> Polynomial:
    """The polynomial with each of its roots once: divided by what it shares with its derivative."""
    *_, shared = _sturm(polynomial)
    return polynomial if len(shared) == 1 else _reduced(_divided(polynomial, shared)[0])


def _sturm(polynomial: Polynomial) -> list[Polynomial]:
    """The chain of a polynomial: it, its derivative, and each remainder with the other sign."""
    chain = [_reduced(polynomial), _reduced([n * c for n, c in enumerate(polynomial)][1:])]
    while len(chain[-1]) > 1:
        _, rest = _divided(chain[-2], chain[-1])
        if not rest:
            break
        chain.append(_reduced([-c for c in rest]))
    return [one for one in chain if one]


def _divided(dividend: Polynomial, divisor: Polynomial) -> tuple[list[int], list[int]]:
    """Quotient and remainder, each times a positive number."""
    rest = [Fraction(c) for c in dividend]
    quotient = [Fraction(0)] * max(1, len(dividend) - len(divisor) + 1)
    while len(rest) >= len(divisor):
        factor = rest[-1] / divisor[-1]
        shift = len(rest) - len(divisor)
        quotient[shift] = factor
        for place, coefficient in enumerate(divisor):
            rest[shift + place] -= factor * coefficient
        while rest and not rest[-1]:
            rest.pop()
    return whole(quotient), whole(rest)


def _reduced(polynomial: Polynomial) -> list[int]:
    factor = gcd(*polynomial) or 1
    return [c // factor for c in polynomial]


def _changes(chain: list[Polynomial], place: Fraction) -> int:
    """How often the signs of the chain change at a place."""
    signs = [value > 0 for one in chain if (value := value_at(one, place))]
    return sum(a != b for a, b in pairwise(signs))
