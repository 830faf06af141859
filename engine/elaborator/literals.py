"""Values that are given from outside of a model: by `--at`, by a `variant`, by `at (…)` of an expectation."""

from __future__ import annotations

from fractions import Fraction

from .. import syntax
from ..algebra.expression import const
from ..errors import error
from .describe import number
from .values import Value

Literal = Fraction | int | str | bool | tuple["Literal", ...]


def literal(node: syntax.Expression) -> Literal:
    """A number, a string, a truth value, or a tuple of these, as it is written. Raises ArchError."""
    match node:
        case syntax.Number(value=value):
            return value
        case syntax.Text(value=words):
            return words
        case syntax.Truth(value=truth):
            return truth
        case syntax.Tuple(items=items) | syntax.List(items=items):
            return tuple(map(literal, items))
        case syntax.Negate(value=inner):
            positive = literal(inner)
            if isinstance(positive, Fraction):
                return -positive
        case syntax.Binary(operator="*" | "/" as operator, left=left, right=right):
            a, b = literal(left), literal(right)
            if isinstance(a, Fraction) and isinstance(b, Fraction) and (operator == "*" or b):
                return a * b if operator == "*" else a / b
        case _:
            pass
    raise error("what is set here is a number, a string, true or false, or a tuple of these", node.span)


def value_of(given: Literal) -> Value:
    """A literal as the elaborator has it."""
    if isinstance(given, tuple):
        return tuple(map(value_of, given))
    if isinstance(given, bool | str):
        return given
    return const(given)


def shown(given: Literal) -> str:
    """A literal as it is written."""
    if isinstance(given, tuple):
        return f"({', '.join(map(shown, given))})"
    if isinstance(given, bool):
        return "true" if given else "false"
    return number(given) if isinstance(given, Fraction) else f'"{given}"'
