"""Arithmetic on sizes and indices, by numbers: an expression and the values of its symbols in, a number out.

It is exact for whole numbers and fractions. Nothing of the algebra that makes formulas is used: what is checked by
running must not lean on what it checks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import assert_never

from ..algebra.atoms import Atom, Exponential, Extreme, Group, Log, Monomial, Rounded, Summation, Symbol
from ..algebra.expression import Expr

Number = int | Fraction | float
Sizes = Mapping[Symbol, Number]
# The values of the indices of one equation, each at the place that belongs to it.
Places = list[int]


class NotWhole(ValueError):
    """What must be a whole number is another one."""


def number(expr: Expr, at: Sizes) -> Number:
    """The value of an expression. Raises KeyError for a symbol without one."""
    result: Number = 0
    for monomial, coefficient in expr.terms.items():
        term: Number = coefficient
        for atom, exponent in monomial:
            term = term * _power(_atom(atom, at), exponent)
        result = result + term
    if isinstance(result, Fraction) and result.denominator == 1:
        return result.numerator
    return result


def whole(expr: Expr, at: Sizes) -> int:
    """The value of an expression that must be a whole number. Raises `NotWhole` where it is none."""
    value = number(expr, at)
    if isinstance(value, float) and abs(value - round(value)) < 1e-9:
        value = round(value)
    if not isinstance(value, int):
        raise NotWhole(value)
    return value


def _power(base: Number, exponent: Number) -> Number:
    if exponent == 1:
        return base
    if isinstance(exponent, int) or (isinstance(exponent, Fraction) and exponent.denominator == 1):
        times = int(exponent)
        if isinstance(base, int) and times >= 0:
            return int(base**times)
        return float(base**times) if isinstance(base, float) else Fraction(Fraction(base) ** times)
    if exponent == Fraction(1, 2) and isinstance(base, int) and base >= 0 and math.isqrt(base) ** 2 == base:
        return math.isqrt(base)
    return math.pow(base, exponent)


def _atom(atom: Atom, at: Sizes) -> Number:
    match atom:
        case Symbol():
            return at[atom]
        case Rounded(direction="floor", argument=argument):
            return math.floor(_steady(number(argument, at)))
        case Rounded(argument=argument):
            return math.ceil(_steady(number(argument, at)))
        case Log(argument=argument, base=base):
            return _logarithm(number(argument, at), None if base is None else number(base, at))
        case Exponential(base=base, exponent=exponent):
            return _power(number(base, at), number(exponent, at))
        case Extreme(operator=operator, arguments=arguments):
            values = [number(argument, at) for argument in arguments]
            return max(values) if operator == "max" else min(values)
        case Group(content=content):
            return number(content, at)
        case Summation(index=index, first=first, last=last, term=term):
            turns = range(whole(first, at), whole(last, at) + 1)
            return sum((number(term, {**at, index: turn}) for turn in turns), start=0)
        case _:
            assert_never(atom)


def _steady(value: Number) -> Number:
    """A logarithm that is as good as whole is whole before it is rounded."""
    if isinstance(value, float) and math.isfinite(value) and abs(value - round(value)) < 1e-9:
        return round(value)
    return value


def _logarithm(value: Number, base: Number | None) -> Number:
    if base is None:
        return math.log(value)
    return _steady(math.log(value) / math.log(base))


# ---------------------------------------------------------------- as functions of indices


def compiled(expr: Expr, at: Sizes, slots: Mapping[Symbol, int]) -> int | Callable[[Places], int]:
    """A subscript or the end of a range: a number where no index matters, else a function of the indices."""
    constant: Number = 0
    linear: dict[int, Number] = {}
    others: list[tuple[Number, Callable[[Places], int]]] = []
    for monomial, coefficient in expr.terms.items():
        indices = [(atom, exponent) for atom, exponent in monomial if _moves(atom, slots)]
        if not indices:
            constant = constant + number(Expr({monomial: coefficient}), at)
            continue
        ((atom, exponent), *more) = indices
        rest: Monomial = tuple(pair for pair in monomial if pair[0] != atom)
        step = number(Expr({rest: coefficient}), at) if not more and exponent == 1 else None
        if step is None:
            return _anything(expr, at, slots)
        if isinstance(atom, Symbol):
            linear[slots[atom]] = linear.get(slots[atom], 0) + step
            continue
        inner = _rounded_or_extreme(atom, at, slots)
        if inner is None:
            return _anything(expr, at, slots)
        others.append((step, inner))
    if not all(isinstance(value, int) for value in (constant, *linear.values(), *(step for step, _ in others))):
        return _anything(expr, at, slots)
    affine = _affine(int(constant), {slot: int(step) for slot, step in linear.items() if step})
    return _with(affine, [(int(step), inner) for step, inner in others]) if others else affine


def _with(
    affine: int | Callable[[Places], int], others: list[tuple[int, Callable[[Places], int]]]
) -> Callable[[Places], int]:
    base = function(affine)
    if len(others) == 1:
        ((step, inner),) = others
        return inner if step == 1 and affine == 0 else lambda e: base(e) + step * inner(e)
    return lambda e: base(e) + sum(step * inner(e) for step, inner in others)


def _rounded_or_extreme(atom: Atom, at: Sizes, slots: Mapping[Symbol, int]) -> Callable[[Places], int] | None:
    """⌊…⌋ and ⌈…⌉ of quotients, maxima and minima, which subscripts are made of."""
    match atom:
        case Extreme(operator=operator, arguments=arguments):
            parts = [function(compiled(argument, at, slots)) for argument in arguments]
            choose = max if operator == "max" else min
            if len(parts) == 2:
                one, other = parts
                return lambda e: choose(one(e), other(e))
            return lambda e: choose([part(e) for part in parts])
        case Rounded(direction=direction, argument=argument):
            below = _denominator(argument, at, slots)
            if below is None:
                return None
            above = function(compiled(argument * below, at, slots))
            if direction == "floor":
                return lambda e: above(e) // below
            return lambda e: -(-above(e) // below)
        case _:
            return None


def _denominator(expr: Expr, at: Sizes, slots: Mapping[Symbol, int]) -> int | None:
    """What a sum must be multiplied by for all of its coefficients to be whole."""
    result = 1
    for monomial, coefficient in expr.terms.items():
        rest: Monomial = tuple(pair for pair in monomial if not _moves(pair[0], slots))
        value = number(Expr({rest: coefficient}), at)
        if isinstance(value, float):
            return None
        result = math.lcm(result, Fraction(value).denominator)
    return result


def function(value: int | Callable[[Places], int]) -> Callable[[Places], int]:
    """The same, as a function in any case."""
    return (lambda _: value) if isinstance(value, int) else value


def _affine(constant: int, linear: Mapping[int, int]) -> int | Callable[[Places], int]:
    match list(linear.items()):
        case []:
            return constant
        case [(slot, 1)]:
            return (lambda e: e[slot] + constant) if constant else (lambda e: e[slot])
        case [(slot, step)]:
            return lambda e: step * e[slot] + constant
        case [(a, s), (b, t)]:
            return lambda e: s * e[a] + t * e[b] + constant
        case many:
            return lambda e: constant + sum(step * e[slot] for slot, step in many)


def _anything(expr: Expr, at: Sizes, slots: Mapping[Symbol, int]) -> Callable[[Places], int]:
    used = [(symbol, slots[symbol]) for symbol in expr.symbols() if symbol in slots]
    return lambda e: whole(expr, {**at, **{symbol: e[slot] for symbol, slot in used}})


def _moves(atom: Atom, slots: Mapping[Symbol, int]) -> bool:
    return any(symbol in slots for symbol in Expr({((atom, 1),): 1}).symbols())
