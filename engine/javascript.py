"""Expressions as JavaScript: an `Expr` goes in, an expression of JavaScript over the sizes `v[0]`, `v[1]`, … comes out.

There are two flavours. `EXACT` works on BigInt, on fractions of them, and on doubles where a logarithm or a root is
irrational, as `algebra.substitution.evaluate` does; `DOUBLES` is fast and for curves. Both call the functions of
`templates/numbers.js`, which must be in scope as `X` and `D`. No name of a file is ever written, only numbers are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, assert_never

from .algebra.atoms import Atom, Exponential, Extreme, Group, Log, Monomial, Rational, Rounded, Summation, Symbol
from .algebra.expression import Expr


@dataclass(frozen=True)
class Flavour:
    """How numbers, sums and products are written; `space` is the object that has the other functions."""

    space: str
    number: Callable[[Rational], str]
    total: Callable[[Sequence[str]], str]
    term: Callable[[Rational, Sequence[tuple[str, Rational]]], str]


def to_javascript(expr: Expr, names: Mapping[str, str], flavour: Flavour) -> str:
    """The expression, with each size as `names` has it. Raises KeyError for a size that is not there.

    >>> from archderive.algebra.expression import sym
    >>> to_javascript(3 * sym("N") ** 2 / sym("D"), {"N": "v[0]", "D": "v[1]"}, DOUBLES)
    '3*v[0]*v[0]/v[1]'
    >>> to_javascript(3 * sym("N") ** 2, {"N": "v[0]"}, EXACT)
    'X.mul(3n,X.pow(v[0],2n))'
    """
    return flavour.total([_term(m, c, names, flavour) for m, c in expr.terms.items()])


def _term(monomial: Monomial, coefficient: Rational, names: Mapping[str, str], flavour: Flavour) -> str:
    return flavour.term(coefficient, [(_atom(atom, names, flavour), exponent) for atom, exponent in monomial])


def _atom(atom: Atom, names: Mapping[str, str], flavour: Flavour) -> str:
    def inner(expr: Expr) -> str:
        return to_javascript(expr, names, flavour)

    def call(function: str, *arguments: Expr) -> str:
        return f"{flavour.space}.{function}({','.join(map(inner, arguments))})"

    match atom:
        case Symbol(name=name):
            return names[name]
        case Rounded(direction=direction, argument=argument):
            log = _only_log(argument)
            if log is None or log.base is None:
                return call(direction, argument)
            return call(f"{direction}Log", log.argument, log.base)
        case Log(argument=argument, base=base):
            return call("log", argument) if base is None else call("log", argument, base)
        case Exponential(base=base, exponent=exponent):
            return call("pow", base, exponent)
        case Extreme(operator=operator, arguments=arguments):
            return call(operator, *arguments)
        case Group(content=content):
            return f"({inner(content)})"
        case Summation(index=index, first=first, last=last, term=term):
            bound = f"i{sum(name.startswith('i') for name in names.values())}"
            body = to_javascript(term, {**names, index.name: bound}, flavour)
            return f"{flavour.space}.sum({inner(first)},{inner(last)},{bound}=>{body})"
        case _:
            assert_never(atom)


def _only_log(argument: Expr) -> Log | None:
    """The logarithm that an expression is, if it is nothing else: rounded, it can be found without doubles."""
    if len(argument.terms) != 1:
        return None
    ((monomial, coefficient),) = argument.terms.items()
    if coefficient != 1 or len(monomial) != 1 or monomial[0][1] != 1:
        return None
    atom = monomial[0][0]
    return atom if isinstance(atom, Log) else None


# ---------------------------------------------------------------- the two flavours


def _exact_number(value: Rational) -> str:
    exact = Fraction(value)
    if exact.denominator == 1:
        return f"{exact.numerator}n"
    return f"X.ratio({exact.numerator}n,{exact.denominator}n)"


def _exact_total(terms: Sequence[str]) -> str:
    if not terms:
        return "0n"
    return terms[0] if len(terms) == 1 else f"X.add({','.join(terms)})"


def _exact_term(coefficient: Rational, factors: Sequence[tuple[str, Rational]]) -> str:
    written = [base if exponent == 1 else f"X.pow({base},{_exact_number(exponent)})" for base, exponent in factors]
    if coefficient != 1 or not written:
        written.insert(0, _exact_number(coefficient))
    return written[0] if len(written) == 1 else f"X.mul({','.join(written)})"


def _double(value: Rational) -> str:
    exact = Fraction(value)
    return str(exact.numerator) if exact.denominator == 1 else f"{exact.numerator}/{exact.denominator}"


def _double_total(terms: Sequence[str]) -> str:
    return "+".join(terms).replace("+-", "-") or "0"


def _double_term(coefficient: Rational, factors: Sequence[tuple[str, Rational]]) -> str:
    """One fraction: a quotient that is whole comes out whole, and not 3·(1/3)·N."""
    exact = Fraction(coefficient)
    above = [_double_power(base, exponent) for base, exponent in factors if exponent > 0]
    below = [_double_power(base, -exponent) for base, exponent in factors if exponent < 0]
    if abs(exact.numerator) != 1 or not above:
        above.insert(0, str(abs(exact.numerator)))
    if exact.denominator != 1:
        below.insert(0, str(exact.denominator))
    written = "*".join(above)
    if below:
        single = len(below) == 1 and "*v" not in below[0] and "*i" not in below[0]
        written += f"/{below[0]}" if single else f"/({'*'.join(below)})"
    if exact > 0:
        return written
    return f"-({written})" if "**" in written else f"-{written}"  # JavaScript refuses -x**2


def _double_power(base: str, exponent: Rational) -> str:
    if exponent == 1:
        return base
    if exponent == Fraction(1, 2):
        return f"Math.sqrt({base})"
    if exponent in (2, 3) and base.startswith(("v[", "i")):  # ten times as fast as a power
        return "*".join([base] * int(exponent))
    shown = _double(exponent)
    return f"{base}**{shown}" if isinstance(exponent, int) else f"{base}**({shown})"


EXACT: Final = Flavour("X", _exact_number, _exact_total, _exact_term)
DOUBLES: Final = Flavour("D", _double, _double_total, _double_term)
