"""Sizes built from others by rounding, logarithms, powers, roots and extremes, each simplified as far as the facts
prove.

Every function takes expressions and the `Facts` that hold, and gives an expression of the same value. What cannot be
simplified becomes an atom.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from math import floor as whole_part
from math import lcm
from typing import Literal

from .atoms import UNIT, Atom, Exponential, Extreme, Group, Log, Monomial, Rational, Rounded, Symbol, normal, raised
from .expression import ONE, Expr, as_expr, const, from_atom
from .facts import Facts

NOTHING = Facts()


def floor(expr: Expr, facts: Facts = NOTHING) -> Expr:
    """⌊expr⌋."""
    return _round("floor", expr, facts)


def ceil(expr: Expr, facts: Facts = NOTHING) -> Expr:
    """⌈expr⌉."""
    return _round("ceil", expr, facts)


def mod(expr: Expr, modulus: Expr, facts: Facts = NOTHING) -> Expr:
    """expr − modulus·⌊expr / modulus⌋."""
    return expr - modulus * floor(expr / modulus, facts)


def _round(direction: Literal["floor", "ceil"], expr: Expr, facts: Facts) -> Expr:
    if facts is NOTHING:
        return _rounded_plainly(direction, expr)
    key = direction, expr
    if key not in facts.rounded:
        facts.rounded[key] = _rounded_off(direction, expr, facts)
    return facts.rounded[key]


@lru_cache(maxsize=4096)
def _rounded_plainly(direction: Literal["floor", "ceil"], expr: Expr) -> Expr:
    return _rounded_off(direction, expr, NOTHING)


def _rounded_number(direction: Literal["floor", "ceil"], expr: Expr) -> int | None:
    """A logarithm or root of numbers, rounded; None where it is so close to a whole number that floats do not tell."""
    from .substitution import evaluate

    value = float(evaluate(expr, {}))
    if abs(value) > 1e6 or abs(value - round(value)) < 1e-6:
        return None
    return whole_part(value) if direction == "floor" else -whole_part(-value)


def _to_base(expr: Expr) -> Expr:
    """log N / log k as log_k N, which is a whole number where it should be."""
    ((monomial, coefficient),) = expr.terms.items() if len(expr.terms) == 1 else ((UNIT, 0),)
    logs = {e: a for a, e in monomial if isinstance(a, Log) and a.base is None}
    if coefficient == 1 and len(monomial) == 2 and logs.keys() == {1, -1}:
        return from_atom(Log(logs[1].argument, logs[-1].argument))
    return expr


def _rounded_off(direction: Literal["floor", "ceil"], expr: Expr, facts: Facts) -> Expr:
    expr = _to_base(expr)
    whole, rest = _split_whole(expr, facts)
    offset = rest.terms.get(UNIT, 0)
    moving = rest - const(offset)
    if not moving.terms:
        value = whole_part(offset) if direction == "floor" else -whole_part(-offset)
        return whole + value
    if facts.is_integer(expr):
        return expr
    if not rest.symbols() and (known := _rounded_number(direction, rest)) is not None:
        return whole + known
    if moving.terms and all(c < 0 for c in moving.terms.values()):
        opposite: Literal["floor", "ceil"] = "ceil" if direction == "floor" else "floor"
        return whole - _round(opposite, -rest, facts)
    nested = _nested(moving, offset, direction, facts)
    if nested is not None:
        return whole + _round(direction, nested, facts)
    scaled = _denominators(moving)
    if scaled is not None and facts.is_integer(moving * scaled):
        # over a whole denominator q, ⌈p/q⌉ = ⌊(p + q − 1)/q⌋: one spelling for both, the shorter one
        steps = whole_part(offset * scaled) if direction == "floor" else -whole_part(-offset * scaled) + scaled - 1
        whole = whole + steps // scaled
        steps %= scaled
        if steps == scaled - 1:
            return whole + from_atom(Rounded("ceil", moving))
        if not steps and facts.nonnegative(moving) and facts.positive(ONE - moving):
            return whole
        return whole + from_atom(Rounded("floor", moving + const(Fraction(steps, scaled))))
    if direction == "floor" and facts.nonnegative(rest) and facts.positive(ONE - rest):
        return whole
    if direction == "ceil" and _at_most_one(rest, facts):
        return whole + 1
    return whole + from_atom(Rounded(direction, rest))


def _at_most_one(rest: Expr, facts: Facts) -> bool:
    """Is the value above 0 and at most 1, as the inverse of a positive whole number is?"""
    if len(rest.terms) == 1 and all(c > 0 for c in rest.terms.values()):
        inverse = ONE / rest
        if facts.is_integer(inverse) and facts.positive(rest):
            return True
    return facts.positive(rest) and facts.nonnegative(ONE - rest)


def _split_whole(expr: Expr, facts: Facts) -> tuple[Expr, Expr]:
    """The provably whole terms, and the others; of a constant its whole part."""
    whole: dict[Monomial, Rational] = {}
    rest: dict[Monomial, Rational] = {}
    for monomial, coefficient in expr.terms.items():
        if facts.is_integer(Expr({monomial: coefficient})):
            whole[monomial] = coefficient
        else:
            part = whole_part(coefficient)
            if part and monomial and facts.is_integer(Expr({monomial: 1})) and coefficient > 0:
                whole[monomial] = part
                rest[monomial] = normal(coefficient - part)
            elif not monomial:
                if part:
                    whole[monomial] = part
                rest[monomial] = normal(coefficient - part)
            else:
                rest[monomial] = coefficient
    return Expr(whole), Expr(rest)


def _denominators(expr: Expr) -> int | None:
    """The least integer that clears the denominators of coefficients, if there is nothing else below the line."""
    value = 1
    for monomial, coefficient in expr.terms.items():
        if any(exponent < 0 or not isinstance(exponent, int) for _, exponent in monomial):
            return None
        value = lcm(value, coefficient.denominator)
    return value


def _nested(moving: Expr, offset: Rational, direction: str, facts: Facts) -> Expr | None:
    """⌊(⌊x⌋ + c)/q⌋ = ⌊(x + c)/q⌋ and ⌈(⌈x⌉ + c)/q⌉ = ⌈(x + c)/q⌉ for a positive integer q and a whole c: what is
    inside, over q."""
    if len(moving.terms) != 1:
        return None
    ((monomial, coefficient),) = moving.terms.items()
    if Fraction(coefficient).numerator != 1:
        return None
    rounded = [(atom, e) for atom, e in monomial if isinstance(atom, Rounded)]
    below = tuple((atom, e) for atom, e in monomial if not isinstance(atom, Rounded))
    whole = all(isinstance(e, int) and e < 0 and _whole_divisor(atom) for atom, e in below)
    if len(rounded) != 1 or rounded[0][1] != 1 or not whole or (not below and coefficient == 1):
        return None
    shift = Fraction(offset) / Fraction(coefficient)
    if offset and (below or shift.denominator != 1):
        return None
    atom = rounded[0][0]
    assert isinstance(atom, Rounded)
    argument = atom.argument if atom.direction == direction else _rounded_the_other_way(atom, facts)
    return None if argument is None else (argument + const(normal(shift))) * Expr({below: coefficient})


def _rounded_the_other_way(atom: Rounded, facts: Facts) -> Expr | None:
    """⌈p/q⌉ is ⌊(p + q − 1)/q⌋ where p is whole, and the reverse."""
    scale = _denominators(atom.argument)
    if scale is None or not facts.is_integer(atom.argument * scale):
        return None
    gap = const(normal(Fraction(scale - 1, scale)))
    return atom.argument + gap if atom.direction == "ceil" else atom.argument - gap


def _whole_divisor(atom: Atom) -> bool:
    """Is the atom a positive whole number whatever the sizes: a dim, or a power of one that does not fall below 1?"""
    match atom:
        case Symbol(kind=kind):
            return kind == "dim"
        case Exponential(base=base, exponent=exponent):
            named = all(isinstance(a, Symbol) and a.kind == "dim" for a in base.atoms())
            counted = all(isinstance(a, Symbol) and a.kind in ("dim", "count") for a in exponent.atoms())
            return (base.integer() or 0) > 0 or named if counted else False
        case _:
            return False


def log(expr: Expr, base: Expr | None = None) -> Expr:
    """The logarithm of a size; log_b(b^x) is x."""
    if expr == ONE:
        return const(0)
    if base is not None:
        if expr == base:
            return ONE
        exact = _exact_log(expr, base)
        if exact is not None:
            return exact
    return from_atom(Log(expr, base))


def _exact_log(expr: Expr, base: Expr) -> Expr | None:
    number, radix = expr.integer(), base.integer()
    if number is not None and radix is not None and number > 0 and radix > 1:
        exponent = 0
        while number % radix == 0:
            number //= radix
            exponent += 1
        return const(exponent) if number == 1 else None
    if len(expr.terms) == 1:
        ((monomial, coefficient),) = expr.terms.items()
        if coefficient == 1 and monomial:
            exponents: list[Expr] = []
            for atom, power_ in monomial:
                if isinstance(atom, Exponential) and atom.base == base:
                    exponents.append(atom.exponent * power_)
                elif len(base.terms) == 1 and from_atom(atom) == base:
                    exponents.append(const(power_))
                else:
                    return None
            return sum(exponents[1:], exponents[0])
    return None


def power(base: Expr, exponent: Expr, facts: Facts = NOTHING) -> Expr:
    """base ^ exponent; a symbolic exponent is split into its terms, an integer base into its primes."""
    value = exponent.constant
    if value is not None:
        if isinstance(value, int):
            return base**value
        return root(base, value)
    if base == ONE:
        return ONE
    if len(base.terms) == 1 and any(isinstance(atom, Exponential) for atom in base.atoms()):
        ((monomial, coefficient),) = base.terms.items()
        result = power(const(coefficient), exponent, facts)
        for atom, times_ in monomial:  # (2^L)^i is 2^(L i)
            inner = atom.exponent if isinstance(atom, Exponential) else ONE
            radix = atom.base if isinstance(atom, Exponential) else from_atom(atom)
            result = result * power(radix, inner * exponent * times_, facts)
        return result
    whole = base.constant
    if isinstance(whole, Fraction):  # (1/2)^i as 2^(-i), so that it cancels against 2^i
        above, below = const(whole.numerator), const(whole.denominator)
        return power(above, exponent, facts) * power(below, -exponent, facts)
    result = ONE
    for monomial, coefficient in exponent.terms.items():
        if not monomial:
            result = result * power(base, const(coefficient), facts)
            continue
        index = Expr({monomial: 1})
        number = base.integer()
        primes = _factors(number) if number is not None and number > 0 else None
        for prime, count in primes.items() if primes is not None else [(base, 1)]:
            radix = as_expr(prime)
            if len(index.terms) == 1 and len(monomial) == 1 and _is_log(monomial[0], radix):
                atom = monomial[0][0]
                assert isinstance(atom, Log)
                result = result * power(atom.argument, const(coefficient * count), facts)
            else:
                result = result * from_atom(Exponential(radix, index), normal(coefficient * count))
    return result


def _is_log(item: tuple[object, Rational], base: Expr) -> bool:
    atom, exponent = item
    return exponent == 1 and isinstance(atom, Log) and atom.base == base


def _factors(number: int) -> dict[int, int]:
    factors: dict[int, int] = {}
    divisor = 2
    while divisor * divisor <= number and divisor < 100_000:
        while number % divisor == 0:
            factors[divisor] = factors.get(divisor, 0) + 1
            number //= divisor
        divisor += 1
    if number > 1:
        factors[number] = factors.get(number, 0) + 1
    return factors


def root(base: Expr, exponent: Rational) -> Expr:
    """base to a rational power: monomials exactly, numbers where the root is whole, sums as a bracket."""
    content, primitive = base.primitive()
    if content < 0:
        content, primitive = 1, base
    if len(primitive.terms) == 1:
        (monomial,) = primitive.terms
        return Expr({raised(monomial, exponent): 1}) * _number_root(content, exponent)
    return from_atom(Group(primitive), exponent) * _number_root(content, exponent)


def _number_root(value: Rational, exponent: Rational) -> Expr:
    exponent = Fraction(exponent)
    result = ONE
    for part, sign in ((Fraction(value).numerator, 1), (Fraction(value).denominator, -1)):
        for prime, count in _factors(part).items():
            whole, rest = divmod(exponent * count * sign, 1)
            result = result * const(Fraction(prime) ** int(whole))
            if rest:
                result = result * from_atom(Group(const(prime)), normal(rest))
    return result


def maximum(arguments: Iterable[Expr], facts: Facts = NOTHING) -> Expr:
    """The largest of the arguments; those that are provably not larger than another are left out."""
    return _extreme("max", arguments, facts)


def minimum(arguments: Iterable[Expr], facts: Facts = NOTHING) -> Expr:
    """The smallest of the arguments."""
    return _extreme("min", arguments, facts)


def _extreme(operator: Literal["max", "min"], arguments: Iterable[Expr], facts: Facts) -> Expr:
    several = tuple(arguments)
    if facts is NOTHING:
        return _largest(operator, several, facts)
    key = operator, *several
    if key not in facts.found:
        facts.found[key] = _largest(operator, several, facts)
    found: Expr = facts.found[key]
    return found


def _largest(operator: Literal["max", "min"], arguments: Iterable[Expr], facts: Facts) -> Expr:
    """The largest or smallest: of a maximum or minimum the arms that may be it."""
    flat: list[Expr] = []
    for argument in arguments:
        for item in _flatten(argument, operator):
            if item not in flat:
                flat.append(item)
    kept: list[Expr] = []
    for position, item in enumerate(flat):
        others = kept + flat[position + 1 :]
        if not any(
            _at_most(item, other, facts) if operator == "max" else _at_most(other, item, facts) for other in others
        ):
            kept.append(item)
    if len(kept) == 1:
        return kept[0]
    return from_atom(Extreme(operator, tuple(sorted(kept, key=lambda e: e.key))))


def _at_most(small: Expr, large: Expr, facts: Facts) -> bool:
    """Is small <= large? Rounding the same way keeps an order; ⌊y⌋ is at most ⌈x⌉ + d where y < x + d + 1."""
    if facts.nonnegative(large - small):
        return True
    a, b = _rounded(small), _rounded(large)
    if a is not None and b is not None and a.direction == b.direction and facts.nonnegative(b.argument - a.argument):
        return True
    below, above = _shifted(small, "floor"), _shifted(large, "ceil")
    if below is None or above is None:
        return False
    return facts.positive(above[0].argument - below[0].argument + above[1] - below[1] + 1)


def _shifted(expr: Expr, direction: str) -> tuple[Rounded, Rational] | None:
    """A rounded part and the whole number that is added to it, if an expression is that."""
    rounded = [a for a in expr.atoms() if isinstance(a, Rounded) and a.direction == direction]
    if len(rounded) != 1:
        return None
    rest = (expr - from_atom(rounded[0])).constant
    return None if rest is None or not isinstance(rest, int) else (rounded[0], rest)


def _rounded(expr: Expr) -> Rounded | None:
    atoms = list(expr.atoms())
    if len(atoms) == 1 and isinstance(atoms[0], Rounded) and expr == from_atom(atoms[0]):
        return atoms[0]
    return None


def _flatten(argument: Expr, operator: str) -> tuple[Expr, ...]:
    """max(a, b) + c as a + c and b + c, where it stands in a maximum: otherwise they nest without end."""
    for monomial, coefficient in argument.terms.items():
        if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1:
            atom = monomial[0][0]
            if isinstance(atom, Extreme) and atom.operator == operator:
                rest = argument - from_atom(atom)
                return tuple(item for arm in atom.arguments for item in _flatten(arm + rest, operator))
    return (argument,)


def absolute(expr: Expr, facts: Facts = NOTHING) -> Expr:
    """|expr| = max(expr, −expr)."""
    return maximum((expr, -expr), facts)


def symbol_of(expr: Expr) -> Symbol | None:
    """The symbol that an expression is, if it is nothing but one."""
    if len(expr.terms) == 1:
        ((monomial, coefficient),) = expr.terms.items()
        if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Symbol):
            return monomial[0][0]
    return None
