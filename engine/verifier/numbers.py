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
    """The value of an expression that must be a whole number. Raises ValueError where it is none."""
    value = number(expr, at)
    if isinstance(value, float) and abs(value - round(value)) < 1e-9:
        value = round(value)
    if not isinstance(value, int):
        raise ValueError(f"{value} is no whole number")
    return value


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(exponent, int) or (isinstance(exponent, Fraction) and exponent.denominator == 1):
        times = int(exponent)
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
    for monomial, coefficient in expr.terms.items():
        indices = [(atom, exponent) for atom, exponent in monomial if _moves(atom, slots)]
        if not indices:
            constant = constant + number(Expr({monomial: coefficient}), at)
            continue
        ((atom, exponent), *more) = indices
        if more or not isinstance(atom, Symbol) or exponent != 1:
            return _general(expr, at, slots)
        rest: Monomial = tuple(pair for pair in monomial if pair[0] != atom)
        slot = slots[atom]
        linear[slot] = linear.get(slot, 0) + number(Expr({rest: coefficient}), at)
    if not all(isinstance(value, int) for value in (constant, *linear.values())):
        return _general(expr, at, slots)
    return _affine(int(constant), {slot: int(step) for slot, step in linear.items() if step})


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


def _general(expr: Expr, at: Sizes, slots: Mapping[Symbol, int]) -> Callable[[Places], int]:
    used = [(symbol, slots[symbol]) for symbol in expr.symbols() if symbol in slots]
    return lambda e: whole(expr, {**at, **{symbol: e[slot] for symbol, slot in used}})


def _moves(atom: Atom, slots: Mapping[Symbol, int]) -> bool:
    return any(symbol in slots for symbol in Expr({((atom, 1),): 1}).symbols())
