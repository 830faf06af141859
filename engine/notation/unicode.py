"""Formulas as Unicode text: a display tree goes in, a line for a terminal comes out, such as 3D²N + 2DN².

Letters stand side by side; a raised dot parts what would run together.
"""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import assert_never

from ..formula import (
    Apply,
    Bound,
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
from .letters import SUBSCRIPTS, SUPERSCRIPTS
from .marks import COMMA, FACTOR, OPENING, OPERATOR, SUMMAND, deeper, unmarked
from .remembering import remembered
from .shape import Level, is_open, is_short_sum, is_single, level, plain
from .symbols import Symbols

_RELATIONS = {"==": "=", "=": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥", "~": "≈", "in": "∈"}
_FENCES = {"floor": "⌊⌋", "ceil": "⌈⌉", "abs": "||"}
_BIG = {"sum": "Σ", "prod": "Π"}
# What a product of the sizes m, a and x beside a bracket would be taken for.
_CALLS = ("log", "max", "min", "exp", "sin", "cos", "tanh", "sqrt", "floor", "ceil", "abs", "erf")


def to_unicode(formula: Formula, symbols: Symbols) -> str:
    """The formula on one line.

    >>> to_unicode(Power(Symbol("D"), Symbol("k")), Symbols())
    'Dᵏ'
    """
    return unmarked(to_marked_unicode(formula, symbols))


@remembered
def to_marked_unicode(formula: Formula, symbols: Symbols) -> str:
    """The formula with the `marks` where a line may end."""
    formula = plain(formula)
    match formula:
        case Number(value, text):
            return _number(text or str(value))
        case Symbol(name):
            return symbols.in_unicode(name)
        case Sum(terms):
            return "".join(_term(term, place == 0, symbols) for place, term in enumerate(terms))
        case Negative(value):
            return "−" + _fit(value, Level.OPEN, symbols)
        case Product(factors, dots):
            return _product(factors, dots, symbols)
        case Quotient(above, below):
            over = _bracketed(above, symbols) if is_open(above) else _fit(above, Level.PRODUCT, symbols)
            return f"{over}/{_fit(below, Level.POWER, symbols)}"
        case Power(base, exponent):
            return _base(base, symbols) + _raised(exponent, symbols)
        case Apply():
            return _apply(formula, symbols)
        case Read(tensor, subscripts, leading):
            places = ["…"] * leading + [_solid(index, symbols) for index in subscripts]
            loose = any(" " in place for place in places)  # long ones, between which a line may end
            return f"{symbols.in_unicode(tensor)}[{deeper((f', {COMMA}' if loose else ',').join(places))}]"
        case Group(items):
            return f"({','.join(_solid(item, symbols) for item in items)})"
        case Reduction(operator, bounds, body, where):
            head = _reduction_head(operator, bounds, where, symbols)
            return f"{head} {SUMMAND}{deeper(_fit(body, Level.OPEN, symbols))}"
        case Cases(then, condition, otherwise):
            chosen, test, other = (deeper(to_marked_unicode(part, symbols)) for part in (then, condition, otherwise))
            return f"{chosen} {OPERATOR}if {test}, {OPERATOR}else {other}"
        case Relation(operands, operators):
            first, *others = (deeper(_fit(operand, Level.SUM, symbols)) for operand in operands)
            rest = (f" {OPERATOR}{_RELATIONS[sign]} {other}" for sign, other in zip(operators, others, strict=True))
            return first + "".join(rest)
        case Logic("not", (operand,)):
            return "not " + _fit(operand, Level.RELATION, symbols)
        case Logic(operator, operands):
            inside = Level.AND if operator == "or" else Level.NOT
            return f" {OPERATOR}{operator} ".join(deeper(_fit(operand, inside, symbols)) for operand in operands)
        case Growth(body, kind):
            return ("Θ" if kind == "Theta" else "O") + _bracketed(body, symbols)
        case Infinity():
            return "∞"
        case Words(text, number):
            return text.replace(" ", " " + COMMA) + _number_above(number)
        case _:
            assert_never(formula)


def _nested(formula: Formula, symbols: Symbols) -> str:
    written = to_marked_unicode(formula, symbols)
    return unmarked(written).replace(" ", "") if is_short_sum(formula) else written


def _solid(formula: Formula, symbols: Symbols) -> str:
    return unmarked(_nested(formula, symbols))


def _bracketed(formula: Formula, symbols: Symbols) -> str:
    return f"({deeper(OPENING + _nested(formula, symbols))})"


def _fit(formula: Formula, wanted: Level, symbols: Symbols) -> str:
    inner = plain(formula)
    own = Level.PRODUCT if isinstance(inner, Symbol) and symbols.is_row(inner.name) else level(inner)
    return to_marked_unicode(formula, symbols) if own >= wanted else _bracketed(formula, symbols)


def _number(text: str) -> str:
    mantissa, mark, exponent = text.lower().partition("e")
    if mark:
        power = "10" + "".join(SUPERSCRIPTS[digit] for digit in str(int(exponent)))
        return power if mantissa == "1" else f"{mantissa}·{power}"
    whole, point, decimals = mantissa.partition(".")
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", "," + (COMMA if len(whole) > 30 else ""))
    return whole + point + decimals


def _term(term: Formula, first: bool, symbols: Symbols) -> str:
    term = plain(term)
    if isinstance(term, Negative):
        text = deeper(_fit(term.value, Level.OPEN, symbols))
        return f"−{text}" if first else f" {OPERATOR}− {text}"
    text = deeper(_fit(term, Level.SUM, symbols))
    return text if first else f" {OPERATOR}+ {text}"


def _product(factors: tuple[Formula, ...], dots: bool, symbols: Symbols) -> str:
    pieces = [_factor(factor, last=place == len(factors) - 1, symbols=symbols) for place, factor in enumerate(factors)]
    close = [_stands_close(factor, symbols) for factor in factors]
    sides = zip(pairwise(close), pairwise(map(unmarked, pieces)), strict=True)
    dotted = dots or any(_needs_dot(*seen, before, after) for seen, (before, after) in sides)
    dotted = dotted or any(
        unmarked(after).startswith("(") and unmarked("".join(pieces[: place + 1])).endswith(_CALLS)
        for place, after in enumerate(pieces[1:])
    )
    return (FACTOR + "·" * dotted).join(pieces)


def _factor(factor: Formula, *, last: bool, symbols: Symbols) -> str:
    factor = plain(factor)
    match factor:
        case Reduction() if last:
            return deeper(to_marked_unicode(factor, symbols))
        case Apply("log" | "log2", (argument,)) if is_single(argument):
            return _log(factor, symbols, bare=last)
        case _:
            return deeper(_fit(factor, Level.PRODUCT, symbols))


def _needs_dot(left: bool, right: bool, before: str, after: str) -> bool:
    """Whether two factors side by side would be misread, as 3·4, D·d_ff, 2·(N+1) and O·(N+1) would; N(N+1) is not.

    `left` and `right`: whether the factor stands close to others.
    """
    if before[-1] in "OΘ" and after[0] == "(":
        return True  # a size called O beside a bracket is no growth
    return not (left and right) or after[0].isdecimal() or (before[-1].isdecimal() and not after[0].isalpha())


def _stands_close(factor: Formula, symbols: Symbols) -> bool:
    """Whether a factor is a number, is in brackets, or is seen as one letter (with its prime or digits below)."""
    factor = plain(factor)
    match factor:
        case Power(base):
            return _stands_close(base, symbols)
        case Product(factors):
            return all(_stands_close(inner, symbols) for inner in factors)
        case Number(_, text):
            return not (text and "e" in text.lower())
        case Symbol(name):
            return _letters(symbols.in_unicode(name)) == 1
        case Infinity() | Apply("floor" | "ceil"):
            return True
        case Apply():
            return False
        case _:
            return level(factor) < Level.PRODUCT


def _base(base: Formula, symbols: Symbols) -> str:
    base = plain(base)
    match base:
        case Symbol(name) if not symbols.is_whole(name):
            return _bracketed(base, symbols)
        case Symbol() | Read() | Number(_, None) | Infinity() | Apply("floor" | "ceil" | "abs"):
            written = to_marked_unicode(base, symbols)
            return f"({written})" if any(c in SUPERSCRIPTS.values() for c in written) else written
        case Product(factors):
            return f"({deeper(_product(factors, False, symbols))})"
        case _:
            return _bracketed(base, symbols)


def _raised(exponent: Formula, symbols: Symbols) -> str:
    written = _solid(exponent, symbols)
    if all(letter in SUPERSCRIPTS for letter in written):
        return "".join(SUPERSCRIPTS[letter] for letter in written)
    return f"^({written})"


def _apply(formula: Apply, symbols: Symbols) -> str:
    function, arguments = formula.function, formula.arguments
    if function in _FENCES and len(arguments) == 1:
        fences = _FENCES[function]
        return fences[0] + deeper(_nested(arguments[0], symbols)) + fences[1]
    if function == "sqrt" and len(arguments) == 1:
        return "√" + (_solid(arguments[0], symbols) if is_single(arguments[0]) else _bracketed(arguments[0], symbols))
    if function == "mod" and len(arguments) == 2:
        return " mod ".join(_fit(argument, Level.POWER, symbols) for argument in arguments)
    if function in ("log", "log2") and len(arguments) == 1:
        return _log(formula, symbols, bare=True)
    inner = f", {COMMA}".join(deeper(_nested(argument, symbols)) for argument in arguments)
    return f"{function}{_number_above(formula.number)}({deeper(OPENING + inner)})"


def _number_above(number: int | None) -> str:
    return "" if number is None else "".join(SUPERSCRIPTS[letter] for letter in f"({number})")


def _log(formula: Apply, symbols: Symbols, *, bare: bool) -> str:
    (argument,) = formula.arguments
    head = "log"
    base = "2" if formula.function == "log2" else "" if formula.base is None else _solid(formula.base, symbols)
    if base and all(letter in SUBSCRIPTS for letter in base):
        head += "".join(SUBSCRIPTS[letter] for letter in base)
    elif base:
        head += f"_{base}" if base.isalnum() else f"_({base})"
        bare = False
    if bare and is_single(argument):
        return f"{head} {to_marked_unicode(argument, symbols)}"
    return head + _bracketed(argument, symbols)


def _reduction_head(operator: str, bounds: tuple[Bound, ...], where: Formula | None, symbols: Symbols) -> str:
    position = ",".join(_bound(bound, symbols) for bound in bounds)
    if where is not None:
        position += f": {_solid(where, symbols)}"
    return f"{_BIG.get(operator, operator)}_" + (position if len(position) == 1 else f"{{{position}}}")


def _bound(bound: Bound, symbols: Symbols) -> str:
    index = _solid(bound.index, symbols)
    if bound.lower is None and bound.upper is None:
        return index
    if bound.upper is None:
        assert bound.lower is not None
        return f"{index}≥{_solid(bound.lower, symbols)}"
    if bound.lower is None:
        return f"{index}≤{_solid(bound.upper, symbols)}"
    return f"{index}={_solid(bound.lower, symbols)}..{_solid(bound.upper, symbols)}"


def _letters(text: str) -> int:
    """How many letters a reader sees: accents, primes and digits below do not count."""
    return sum(1 for c in text if not unicodedata.combining(c) and c not in "′" and c not in SUBSCRIPTS.values())
