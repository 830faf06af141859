"""What a quantity is found to be: a closed form, infinite, a number at some sizes, or unknown, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..algebra.expression import Expr
from ..algebra.substitution import Value, evaluate

Words = tuple[str | Expr, ...]


@dataclass(frozen=True)
class Figure:
    """A quantity along one axis of an image or between two sequences: what it is of, and its value; None where it is
    infinite."""

    of: Words
    expr: Expr | None


@dataclass(frozen=True)
class Derived:
    """A quantity with its reason.

    `expr` is None where it is infinite (`infinite`; only `at_example` values, perhaps), where only its `number` at the
    example values is known, or where it is not derived (`unknown` says why). A `bound` is at most so much. It holds
    where every size of an input is at least `least`, and where what is `granted`, as it is so at the example values, is
    at least 0. `figures` are its parts; of what is seen of several axes the `extents` of each sequence are (positions,
    of so many) on each axis.
    """

    expr: Expr | None
    reason: Words = ()
    infinite: bool = False
    unknown: str = ""
    bound: bool = False
    at_example: bool = False
    least: int = 1
    number: int | None = None
    figures: tuple[Figure, ...] = ()
    extents: tuple[tuple[tuple[Expr, Expr], ...], ...] = ()
    granted: tuple[Expr, ...] = ()

    def cut_off(self, values: Mapping[str, Value]) -> Value:
        """The number of positions that are seen at given sizes, cut off where an axis ends."""
        total: Value = 0
        for axes in self.extents:
            number: Value = 1
            for count, size in axes:
                number = number * min(evaluate(count, values), evaluate(size, values))
            total = total + number
        return total


def plural(count: Expr, one: str) -> str:
    return f" {one}" if count.constant == 1 else f" {one}s"


def plural_of(number: int, one: str) -> str:
    return one if number == 1 else f"{one}s"
