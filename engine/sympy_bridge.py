"""SymPy: an exact expression goes in, SymPy's comes out, built node by node; no text is ever evaluated."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .algebra.atoms import Atom, Exponential, Extreme, Group, Log, Rounded, Summation, Symbol
from .algebra.expression import Expr


def to_sympy(expr: Expr | None) -> Any:
    """The expression as SymPy's; None is infinity."""
    import sympy

    if expr is None:
        return sympy.oo
    terms = []
    for monomial, coefficient in expr.terms.items():
        number = Fraction(coefficient)
        factors = [sympy.Rational(number.numerator, number.denominator)]
        for atom, exponent in monomial:
            power = Fraction(exponent)
            factors.append(sympy.Pow(_atom(atom), sympy.Rational(power.numerator, power.denominator)))
        terms.append(sympy.Mul(*factors))
    return sympy.Add(*terms)


def to_sympy_symbol(symbol: Symbol) -> Any:
    """A positive integer for a dim, a positive real for a ratio, under the name of the file."""
    import sympy

    if symbol.kind == "dim":
        return sympy.Symbol(symbol.name, integer=True, positive=True)
    return sympy.Symbol(symbol.name, positive=True)


def _atom(atom: Atom) -> Any:
    import sympy

    match atom:
        case Symbol():
            return to_sympy_symbol(atom)
        case Rounded(direction=direction, argument=argument):
            return (sympy.floor if direction == "floor" else sympy.ceiling)(to_sympy(argument))
        case Log(argument=argument, base=None):
            return sympy.log(to_sympy(argument))
        case Log(argument=argument, base=base):
            return sympy.log(to_sympy(argument), to_sympy(base))
        case Exponential(base=base, exponent=exponent):
            return sympy.Pow(to_sympy(base), to_sympy(exponent))
        case Extreme(operator=operator, arguments=arguments):
            return (sympy.Max if operator == "max" else sympy.Min)(*map(to_sympy, arguments))
        case Group(content=content):
            return to_sympy(content)
        case Summation(index=index, first=first, last=last, term=term):
            return sympy.Sum(to_sympy(term), (to_sympy_symbol(index), to_sympy(first), to_sympy(last)))
