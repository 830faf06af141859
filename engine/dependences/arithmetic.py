"""Sizes and subscripts as numbers: expressions and the values of their symbols in, whole numbers or affine forms out.

Exact for whole numbers and fractions; a logarithm or a root that is as good as whole is taken as whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, assert_never

from ..algebra.atoms import Atom, Exponential, Extreme, Group, Log, Rounded, Summation, Symbol
from ..algebra.expression import Expr

Number = int | Fraction | float
At = Mapping[Symbol, Number]
Interval = tuple[int, int]

_NEAR = 1e-9


def number(expr: Expr, at: At) -> Number:
    """The value of an expression. Raises KeyError for a symbol without a value."""
    result: Number = 0
    for monomial, coefficient in expr.terms.items():
        term: Number = coefficient
        for atom, exponent in monomial:
            value = at[atom] if isinstance(atom, Symbol) else _atom(atom, at)
            term = term * (value if exponent == 1 else _power(value, exponent))
        result = result + term
    return result


def whole(expr: Expr, at: At) -> int:
    """The value of an expression that is a whole number. Raises ValueError where it is none."""
    value = number(expr, at)
    if not isinstance(value, int):
        near = round(value)
        if abs(float(value) - near) > _NEAR:
            raise ValueError(f"{value} is no whole number")
        return near
    return value


def _power(base: Any, exponent: Any) -> Number:
    result: Number
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        exponent = exponent.numerator
    if isinstance(exponent, int) and not isinstance(base, float):
        result = base**exponent if exponent >= 0 else 1 / Fraction(base) ** -exponent
        return result
    value: float = math.pow(base, exponent)
    near = round(value) if math.isfinite(value) else 0
    return near if abs(value - near) < _NEAR else value


def _atom(atom: Atom, at: At) -> Number:
    match atom:
        case Symbol():
            return at[atom]
        case Rounded(direction=direction, argument=argument):
            value = number(argument, at)
            if isinstance(value, float) and abs(value - round(value)) < _NEAR:
                value = round(value)
            return math.floor(value) if direction == "floor" else math.ceil(value)
        case Log(argument=argument, base=base):
            inner = number(argument, at)
            return math.log(inner) if base is None else math.log(inner) / math.log(number(base, at))
        case Exponential(base=base, exponent=exponent):
            return _power(number(base, at), number(exponent, at))
        case Extreme(operator=operator, arguments=arguments):
            return (max if operator == "max" else min)(number(argument, at) for argument in arguments)
        case Group(content=content):
            return number(content, at)
        case Summation(index=index, first=first, last=last, term=term):
            turns = range(whole(first, at), whole(last, at) + 1)
            return sum((number(term, {**at, index: turn}) for turn in turns), start=0)
        case _:
            assert_never(atom)


@dataclass(frozen=True)
class Affine:
    """constant + Σ coefficient · index."""

    constant: int
    terms: Mapping[Symbol, int]

    def at(self, values: Mapping[Symbol, int]) -> int:
        return self.constant + sum(c * values[s] for s, c in self.terms.items())

    def bounds(self, ranges: Mapping[Symbol, Interval]) -> Interval:
        """The least and the greatest value while every index stays in its range."""
        ends = [sorted((c * ranges[s][0], c * ranges[s][1])) for s, c in self.terms.items()]
        return self.constant + sum(e[0] for e in ends), self.constant + sum(e[1] for e in ends)

    def __sub__(self, other: Affine) -> Affine:
        terms = dict(self.terms)
        for symbol, coefficient in other.terms.items():
            terms[symbol] = terms.get(symbol, 0) - coefficient
        return Affine(self.constant - other.constant, {s: c for s, c in terms.items() if c})


def affine(expr: Expr, at: At, indices: Collection[Symbol]) -> Affine | None:
    """The expression as a sum over indices at these sizes; None if it is none, or has coefficients that are not
    whole."""
    constant: Number = 0
    terms: dict[Symbol, int] = {}
    for monomial, coefficient in expr.terms.items():
        moving = [pair for pair in monomial if _touches(pair[0], indices)]
        rest = Expr({tuple(p for p in monomial if p not in moving): coefficient}) if moving else None
        if rest is None:
            constant = constant + number(Expr({monomial: coefficient}), at)
            continue
        ((atom, exponent), *more) = moving
        if more or exponent != 1 or not isinstance(atom, Symbol):
            return None
        try:
            terms[atom] = terms.get(atom, 0) + whole(rest, at)
        except ValueError:
            return None
    try:
        fixed = whole(Expr({(): 1}), at) * constant
        if fixed != int(fixed):
            return None
    except (ValueError, OverflowError):
        return None
    return Affine(int(fixed), {s: c for s, c in terms.items() if c})


def _touches(atom: Atom, indices: Collection[Symbol]) -> bool:
    if isinstance(atom, Symbol):
        return atom in indices
    return any(symbol in indices for symbol in Expr({((atom, 1),): 1}).symbols())


def function(expr: Expr, at: At) -> Callable[[Mapping[Symbol, int]], int]:
    """An expression that is not affine, as a function of the indices."""
    return lambda values: whole(expr, {**at, **values})


def bounds(expr: Expr, at: At, ranges: Mapping[Symbol, Interval]) -> Interval:
    """Numbers between which an expression stays while every index stays in its range; as near as corners tell."""
    form = affine(expr, at, ranges)
    if form is not None:
        return form.bounds(ranges)
    if len(expr.terms) == 1:
        (((atom, exponent), *more), coefficient), *_ = expr.terms.items()
        if exponent == 1 and not more and coefficient == 1 and not isinstance(atom, Symbol):
            match atom:
                case Extreme(operator=operator, arguments=arguments):
                    ends = [bounds(argument, at, ranges) for argument in arguments]
                    choose = max if operator == "max" else min
                    return choose(e[0] for e in ends), choose(e[1] for e in ends)
                case _:
                    pass
    return _corners(expr, at, ranges)


def _corners(expr: Expr, at: At, ranges: Mapping[Symbol, Interval]) -> Interval:
    """Over the corners of the box; quotients and sums of one sign have their ends there."""
    used = [symbol for symbol in expr.symbols() if symbol in ranges]
    places: list[dict[Symbol, int]] = [{}]
    for symbol in used:
        places = [{**place, symbol: end} for place in places for end in set(ranges[symbol])]
    found = [number(expr, {**at, **place}) for place in places]
    return math.floor(min(found)), math.ceil(max(found))
