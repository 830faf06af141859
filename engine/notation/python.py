"""Formulas as Python: a display tree goes in, an expression that `sympy.sympify` reads comes out.

The names, as `Symbols.in_python` writes them, are to be given to it as locals.
"""

from __future__ import annotations

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
from .shape import Level, level, plain
from .symbols import Symbols

_RELATIONS = {"==": "Eq", "=": "Eq", "~": "Eq", "!=": "Ne", "<": "Lt", "<=": "Le", ">": "Gt", ">=": "Ge"}
_FUNCTIONS = {"ceil": "ceiling", "max": "Max", "min": "Min", "abs": "Abs", "mod": "Mod"}


def to_python(formula: Formula, symbols: Symbols) -> str:
    """Python with exact numbers; words, which have no value, are `nan`.

    >>> to_python(Quotient(Symbol("N"), Number(2)), Symbols())
    'N/2'
    """
    formula = plain(formula)
    match formula:
        case Number(value):
            return str(value) if value.denominator == 1 else f"({value})"
        case Symbol(name):
            return symbols.in_python(name)
        case Sum(terms):
            first, *others = (_term(term, symbols) for term in terms)
            rest = (f" - {text}" if negative else f" + {text}" for negative, text in others)
            return ("-" if first[0] else "") + first[1] + "".join(rest)
        case Negative(value):
            return "-" + _fit(value, Level.OPEN, symbols)
        case Product(factors):
            return "*".join(_fit(factor, Level.PRODUCT, symbols) for factor in factors)
        case Quotient(above, below):
            return f"{_fit(above, Level.PRODUCT, symbols)}/{_fit(below, Level.POWER, symbols)}"
        case Power(base, exponent):
            return f"{_fit(base, Level.ATOM, symbols)}**{_fit(exponent, Level.ATOM, symbols)}"
        case Apply():
            return _apply(formula, symbols)
        case Read(tensor, subscripts):
            return f"{symbols.in_python(tensor)}[{', '.join(to_python(index, symbols) for index in subscripts)}]"
        case Group(items):
            return f"({', '.join(to_python(item, symbols) for item in items)})"
        case Reduction(operator, bounds, body, where):
            kept = body if where is None else Cases(body, where, _neutral(operator))
            return _reduction(operator, bounds, to_python(kept, symbols), symbols)
        case Cases(then, condition, otherwise):
            chosen, test, other = (to_python(part, symbols) for part in (then, condition, otherwise))
            return f"Piecewise(({chosen}, {test}), ({other}, True))"
        case Relation(operands, operators):
            return _relation(operands, operators, symbols)
        case Logic(operator, operands):
            return f"{operator.capitalize()}({', '.join(to_python(operand, symbols) for operand in operands)})"
        case Growth(body):
            return f"O({to_python(body, symbols)})"
        case Infinity():
            return "oo"
        case Words():
            return "nan"
        case _:
            assert_never(formula)


def _fit(formula: Formula, wanted: Level, symbols: Symbols) -> str:
    written = to_python(formula, symbols)
    formula = plain(formula)
    tight = isinstance(formula, Number | Reduction | Apply)  # what is written as a call holds together
    return written if tight or level(formula) >= wanted else f"({written})"


def _term(term: Formula, symbols: Symbols) -> tuple[bool, str]:
    term = plain(term)
    if isinstance(term, Negative):
        return True, _fit(term.value, Level.OPEN, symbols)
    return False, _fit(term, Level.SUM, symbols)


def _apply(formula: Apply, symbols: Symbols) -> str:
    arguments = [to_python(argument, symbols) for argument in formula.arguments]
    if formula.function == "log2":
        return f"log({arguments[0]}, 2)"
    if formula.base is not None:
        arguments.append(to_python(formula.base, symbols))
    return f"{_FUNCTIONS.get(formula.function, formula.function)}({', '.join(arguments)})"


def _relation(operands: tuple[Formula, ...], operators: tuple[str, ...], symbols: Symbols) -> str:
    written = [to_python(operand, symbols) for operand in operands]
    pairs = [
        f"Contains({left}, {right})" if operator == "in" else f"{_RELATIONS[operator]}({left}, {right})"
        for left, operator, right in zip(written, operators, written[1:], strict=False)
    ]
    return pairs[0] if len(pairs) == 1 else f"And({', '.join(pairs)})"


def _neutral(operator: str) -> Formula:
    """What a reduction adds nothing by: 0 for Σ, 1 for Π, −∞ for max."""
    match operator:
        case "prod":
            return Product(())
        case "max":
            return Negative(Infinity())
        case "min":
            return Infinity()
        case _:
            return Sum(())


def _reduction(operator: str, bounds: tuple[Bound, ...], body: str, symbols: Symbols) -> str:
    name = {"sum": "Sum", "prod": "Product"}.get(operator, _FUNCTIONS.get(operator, operator))
    ranges = [_range(bound, symbols) for bound in reversed(bounds)]  # SymPy sums over the first range innermost
    return f"{name}({', '.join([body, *ranges])})"


def _range(bound: Bound, symbols: Symbols) -> str:
    index = to_python(bound.index, symbols)
    if bound.lower is None or bound.upper is None:
        return index
    return f"({index}, {to_python(bound.lower, symbols)}, {to_python(bound.upper, symbols)})"
