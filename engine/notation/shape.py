"""How tightly a formula holds together: from a node of the display tree to its level, sign and spelling of numbers.

A writer puts brackets around an operand whose level is below the one its place asks for. The levels are those of a line
of text; LaTeX raises stacked fractions above the slash by itself.
"""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum
from fractions import Fraction
from typing import assert_never

from ..formula import (
    Apply,
    Cases,
    Formula,
    Group,
    Growth,
    Infinity,
    Logic,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Read,
    Reduction,
    Relation,
    Sum,
    Symbol,
    Words,
)
from .symbols import LOOK


class Level(IntEnum):
    """From the loosest to the tightest."""

    CHOICE = 0
    OR = 1
    AND = 2
    NOT = 3
    RELATION = 4
    SUM = 5
    OPEN = 6  # a quotient with a slash, Σ … and log N: right as a term, or at the end of a product
    PRODUCT = 7
    POWER = 8
    ATOM = 9


MANY_LETTERS = 24  # of names in a sum that is set without spaces

RELATIONS = ("==", "=", "!=", "<", "<=", ">", ">=", "~", "in")


def plain(formula: Formula) -> Formula:
    """The same formula with the outermost negative number or fraction spelled as `Negative` or `Quotient`.

    >>> plain(Number(Fraction(-1, 2))) == Negative(Number(Fraction(1, 2)))
    True
    """
    match formula:
        case Number(value, None):
            if value.numerator < 0:
                return Negative(Number(-value))
            if value.denominator != 1:
                return Quotient(Number(Fraction(value.numerator)), Number(Fraction(value.denominator)))
        case Product(factors, dots):
            if not factors:
                return Number(Fraction(1))
            if len(factors) == 1:
                return plain(factors[0])
            first = factors[0]
            if isinstance(first, Number) and first.text is None and first.value.numerator < 0:
                return Negative(Product((Number(-first.value), *factors[1:]), dots))
        case Sum(terms) if len(terms) < 2:
            return plain(terms[0]) if terms else Number(Fraction(0))
    return formula


def is_open(formula: Formula) -> bool:
    """Whether a factor to the right of it would be read as part of it: Σ x, log N, and what ends in one."""
    match formula:
        case Reduction():
            return True
        case Apply("log" | "log2", (argument,)):
            return is_single(argument)
        case Negative(value):
            return is_open(value)
        case Product(factors) if factors:
            return is_open(factors[-1])
        case _:
            return False


def is_single(formula: Formula) -> bool:
    """A name or a number by itself, as it may follow `log` without brackets."""
    match plain(formula):
        case Symbol() | Read() | Infinity():
            return True
        case Number():
            return True
        case _:
            return False


def is_short_sum(formula: Formula) -> bool:
    """A sum of names and numbers, n + 1: inside brackets, subscripts and fractions it is set without spaces, if its
    names are short."""
    match formula:
        case Sum(terms) if len(terms) <= 3:
            magnitudes = [term.value if isinstance(term, Negative) else plain_magnitude(term) for term in terms]
            names = [single.name for single in magnitudes if isinstance(single, Symbol)]
            long = sum(1 if LOOK in name else len(name) for name in names) > MANY_LETTERS
            return not long and all(map(is_single, magnitudes))
        case Negative(value):
            return is_single(value)
        case _:
            return False


def plain_magnitude(formula: Formula) -> Formula:
    inner = plain(formula)
    return inner.value if isinstance(inner, Negative) else inner


def level(formula: Formula) -> Level:
    """The level of a formula that `plain` has been applied to."""
    match formula:
        case Cases():
            return Level.CHOICE
        case Logic("or"):
            return Level.OR
        case Logic("and"):
            return Level.AND
        case Logic():
            return Level.NOT
        case Relation():
            return Level.RELATION
        case Sum() | Negative():
            return Level.SUM
        case Quotient() | Reduction():
            return Level.OPEN
        case Apply("mod"):
            return Level.OPEN
        case Apply():
            return Level.OPEN if is_open(formula) else Level.ATOM
        case Product():
            return Level.PRODUCT
        case Power():
            return Level.POWER
        case Number() | Symbol() | Read() | Group() | Growth() | Infinity() | Words():
            return Level.ATOM
        case _:
            assert_never(formula)


def spread(formula: Formula) -> Formula:
    """The same formula with slashes for fraction bars and powers ½ for roots, so that it can be broken anywhere.

    A fraction or a root wider than the page has no place where a line may end.
    """
    match formula:
        case Sum(terms):
            return Sum(tuple(map(spread, terms)))
        case Negative(value):
            return Negative(spread(value))
        case Product(factors, dots):
            return Product(tuple(map(spread, factors)), dots)
        case Quotient(above, below):
            return Quotient(spread(above), spread(below), inline=True)
        case Power(base, exponent):
            return Power(spread(base), exponent)
        case Apply("sqrt", (argument,)):
            return Power(spread(argument), Quotient(Number(Fraction(1)), Number(Fraction(2)), inline=True))
        case Apply(arguments=arguments):
            return replace(formula, arguments=tuple(map(spread, arguments)))
        case Reduction(operator, bounds, body, where):
            return Reduction(operator, bounds, spread(body), where)
        case Cases(then, condition, otherwise):
            return Cases(spread(then), spread(condition), spread(otherwise))
        case Relation(operands, operators):
            return Relation(tuple(map(spread, operands)), operators)
        case Logic(operator, operands):
            return Logic(operator, tuple(map(spread, operands)))
        case Growth(body, kind):
            return Growth(spread(body), kind)
        case Number() | Symbol() | Read() | Group() | Infinity() | Words():
            return formula
        case _:
            assert_never(formula)
