"""Expressions with some symbols replaced: by other expressions (`substitute`) or by numbers (`evaluate`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from .atoms import (
    UNIT,
    Atom,
    Exponential,
    Extreme,
    Group,
    Log,
    Monomial,
    Rational,
    Rounded,
    Summation,
    Symbol,
    normal,
    parts,
)
from .expression import ZERO, Expr, from_atom, total
from .facts import Facts

Value = int | Fraction | float

MAX_TERMS = 100_000
MAX_BITS = 14_000  # 4,200 digits: beyond, Python itself refuses to write a number out


def substitute(expr: Expr, values: Mapping[Symbol, Expr], facts: Facts | None = None) -> Expr:
    """The expression with every given symbol replaced; what was rounded is rounded again."""
    if expr.symbols().isdisjoint(values):
        return expr
    cache: dict[Atom, Expr] = {}
    changed = []
    kept: dict[Monomial, Rational] = {}
    for monomial, coefficient in expr.terms.items():
        touched = [pair for pair in monomial if _touches(pair[0], values)]
        if not touched:
            kept[monomial] = coefficient
            continue
        rest = tuple(pair for pair in monomial if pair not in touched) if len(touched) < len(monomial) else UNIT
        term = Expr({rest: coefficient})
        for atom, exponent in touched:
            if atom not in cache:
                cache[atom] = _replaced(atom, values, facts)
            term = term * _raised(cache[atom], exponent)
        changed.append(term)
    return total([Expr(kept), *changed]) if kept or len(changed) > 1 else changed[0]


def _touches(atom: Atom, values: Mapping[Symbol, Expr]) -> bool:
    if isinstance(atom, Symbol):
        return atom in values
    return any(not part.symbols().isdisjoint(values) for part in parts(atom))


def _raised(base: Expr, exponent: Rational) -> Expr:
    if exponent == 1:
        return base
    from .build import root

    return base**exponent if isinstance(exponent, int) else root(base, exponent)


def _replaced(atom: Atom, values: Mapping[Symbol, Expr], facts: Facts | None) -> Expr:
    from . import build

    known = facts if facts is not None else build.NOTHING

    def inner(part: Expr) -> Expr:
        return substitute(part, values, facts)

    match atom:
        case Symbol():
            return values.get(atom, from_atom(atom))
        case Rounded(direction="floor", argument=argument):
            return build.floor(inner(argument), known)
        case Rounded(argument=argument):
            return build.ceil(inner(argument), known)
        case Log(argument=argument, base=base):
            return build.log(inner(argument), None if base is None else inner(base))
        case Exponential(base=base, exponent=exponent):
            return build.power(inner(base), inner(exponent), known)
        case Extreme(operator="max", arguments=arguments):
            return build.maximum(map(inner, arguments), known)
        case Extreme(arguments=arguments):
            return build.minimum(map(inner, arguments), known)
        case Group(content=content):
            return inner(content)
        case Summation(index=index, first=first, last=last, term=term):
            return from_atom(Summation(index, inner(first), inner(last), inner(term)))


def map_atoms(expr: Expr, change: Callable[[Atom], Expr | None]) -> Expr:
    """The expression with atoms of its monomials exchanged where `change` gives something for them."""
    result = ZERO
    for monomial, coefficient in expr.terms.items():
        term = Expr({UNIT: coefficient})
        for atom, exponent in monomial:
            other = change(atom)
            term = term * (from_atom(atom, exponent) if other is None else _raised(other, exponent))
        result = result + term
    return result


# ---------------------------------------------------------------- numbers


def evaluate(expr: Expr, values: Mapping[str, Value]) -> Value:
    """The number at given sizes: exact (int or Fraction) unless a logarithm or a root makes it irrational.

    Raises KeyError for a symbol without a value and OverflowError where a power is beyond all use.
    """
    result: Value = 0
    for monomial, coefficient in expr.terms.items():
        term: Value = coefficient
        for atom, exponent in monomial:
            term = term * _power(_atom_value(atom, values), exponent)
        result = result + term
    if isinstance(result, int) and result.bit_length() > MAX_BITS:
        raise OverflowError("a number with too many digits")
    return _tidy(result)


def _tidy(value: Value) -> Value:
    return normal(value) if isinstance(value, Fraction) else value


def _power(base: Value, exponent: Value) -> Value:
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        exponent = exponent.numerator
    if isinstance(exponent, int):
        if isinstance(base, int | Fraction):
            if abs(exponent) * max(1, abs(Fraction(base).numerator).bit_length()) > MAX_BITS:
                raise OverflowError("a power with too many digits")
            return _tidy(Fraction(base) ** exponent)
        return base**exponent
    if isinstance(exponent, Fraction) and isinstance(base, int | Fraction) and base >= 0:
        exact = _exact_root(Fraction(base), exponent.denominator)
        if exact is not None:
            return _tidy(exact**exponent.numerator)
    return float(float(base) ** float(exponent))


def _exact_root(base: Fraction, degree: int) -> Fraction | None:
    if degree != 2:
        return None
    above, below = math.isqrt(base.numerator), math.isqrt(base.denominator)
    if above * above == base.numerator and below * below == base.denominator:
        return Fraction(above, below)
    return None


def _atom_value(atom: Atom, values: Mapping[str, Value]) -> Value:
    match atom:
        case Symbol(name=name):
            return values[name]
        case Rounded(direction=direction, argument=argument):
            exact = _rounded_log(argument, direction, values)
            return exact if exact is not None else _rounded(evaluate(argument, values), direction)
        case Log(argument=argument, base=base):
            return _log(evaluate(argument, values), None if base is None else evaluate(base, values))
        case Exponential(base=base, exponent=exponent):
            return _power(evaluate(base, values), evaluate(exponent, values))
        case Extreme(operator=operator, arguments=arguments):
            choose = max if operator == "max" else min
            return choose(evaluate(argument, values) for argument in arguments)
        case Group(content=content):
            return evaluate(content, values)
        case Summation():
            return _summed(atom, values)


def _summed(atom: Summation, values: Mapping[str, Value]) -> Value:
    first, last = evaluate(atom.first, values), evaluate(atom.last, values)
    if last - first > MAX_TERMS:
        raise OverflowError("a sum of too many terms")
    result: Value = 0
    for number in range(int(first), int(last) + 1):
        result = result + evaluate(atom.term, {**values, atom.index.name: number})
    return _tidy(result)


def _rounded(value: Value, direction: str) -> int:
    if isinstance(value, float):
        near = round(value)
        if abs(value - near) < 1e-9 * max(1.0, abs(value)):
            return near
    return math.floor(value) if direction == "floor" else math.ceil(value)


def _log(value: Value, base: Value | None) -> Value:
    if value <= 0:
        raise ZeroDivisionError("the logarithm of what is not positive")
    if base is None:
        return math.log(value)
    if isinstance(value, int | Fraction) and isinstance(base, int) and base > 1 and value > 0:
        exact = _whole_log(Fraction(value), base, "floor")
        if Fraction(base) ** exact == value:
            return exact
    return math.log(value) / math.log(base)


def _rounded_log(argument: Expr, direction: str, values: Mapping[str, Value]) -> int | None:
    """⌈log_b x⌉ of whole numbers without floating point: log 243 to base 3 is 5, not 4.999…"""
    if len(argument.terms) != 1:
        return None
    ((monomial, coefficient),) = argument.terms.items()
    if coefficient != 1 or len(monomial) != 1 or monomial[0][1] != 1 or not isinstance(monomial[0][0], Log):
        return None
    log = monomial[0][0]
    value = evaluate(log.argument, values)
    base = None if log.base is None else evaluate(log.base, values)
    if isinstance(base, int) and base > 1 and isinstance(value, int | Fraction) and value > 0:
        return _whole_log(Fraction(value), base, direction)
    return None


def _whole_log(value: Fraction, base: int, direction: str) -> int:
    exponent = round((math.log(value.numerator) - math.log(value.denominator)) / math.log(base))
    while Fraction(base) ** exponent > value:
        exponent -= 1
    while Fraction(base) ** (exponent + 1) <= value:
        exponent += 1
    return exponent if direction == "floor" or Fraction(base) ** exponent == value else exponent + 1
