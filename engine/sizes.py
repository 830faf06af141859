"""Sizes as a caller in Python gives them: numbers by name in, exact numbers out that the model admits."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from numbers import Rational

from .elaborator.describe import examples
from .elaborator.variants import in_words, is_met
from .errors import error, nearest, usage
from .program import Dimension, Program


def sizes_of(program: Program, given: Mapping[str, object]) -> dict[str, Fraction]:
    """The sizes that are given, as exact numbers. Raises a usage error for what is no size of the model."""
    known = {dimension.symbol.name: dimension for dimension in program.dimensions}
    found = {}
    for name, value in given.items():
        if name not in known:
            raise usage(f"there is no dim or option `{name}`", hint=nearest(name, known))
        found[name] = _size(name, value, known[name])
    return found


def _size(name: str, value: object, dimension: Dimension) -> Fraction:
    number = _exact(value)
    if dimension.fixed and number != dimension.value:
        raise usage(
            f"`{name}` decides what the model is made of: it is {dimension.value} here, and cannot be {value!r}",
            hint=f"`derive FILE --at {name}={value}`",
        )
    if dimension.fixed:
        return Fraction(number or 0)
    if dimension.symbol.kind == "ratio":
        if number is None or number <= 0:
            raise usage(f"`{name}` is a positive number, and this is {value!r}")
    elif number is None or number < 1 or number.denominator != 1:
        raise usage(f"`{name}` is a positive integer, and this is {value!r}")
    return number


def _exact(value: object) -> Fraction | None:
    """A finite number of Python's, or of what follows it: NumPy's and SymPy's integers, for example."""
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, Rational):
            return Fraction(int(value.numerator), int(value.denominator))
        return Fraction(*value.as_integer_ratio())  # type: ignore[attr-defined]
    except (AttributeError, TypeError, ValueError, OverflowError):  # no number, not a number, infinite
        return None


def check_facts(program: Program, values: Mapping[str, Fraction]) -> None:
    """What the model assumes must hold at the sizes: elsewhere its formulas say nothing. Raises ArchError."""
    for assumption in program.assumptions:
        if not is_met(assumption, values):
            where = examples(values, assumption.left, assumption.right)
            what = f"`{program.name}` assumes that {in_words(assumption)}"
            raise error(f"{what}, which does not hold at these sizes: {where}", assumption.span)
