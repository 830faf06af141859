"""Sets of input positions by the fewest units on a route, as big integers: the values that the graph moves around.

A `Reach` is (base, levels, total): the bits of levels[u] are the sources whose shortest route has base + u units, no
source stands in two levels, the first and last level hold something, and `total` is all of them. A stack of layers
gives values of one level, so that joining two is one `|`; a recurrence gives one level a step, and shares them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import accumulate
from operator import or_, xor

Reach = tuple[int, tuple[int, ...], int]
Reaches = list[Reach | None]


class TooLarge(Exception):
    """There is more to follow than the budget allows."""


def source(number: int) -> Reach:
    """Input position `number` itself, over no unit."""
    bit = 1 << number
    return (0, (bit,), bit)


def plus(value: Reach, units: int) -> Reach:
    """The same sources over so many more units."""
    return (value[0] + units, value[1], value[2])


def joined(a: Reach, b: Reach) -> Reach:
    """All sources of both, each over the fewer units; one of the two itself where it holds the other.

    >>> joined((0, (1,), 1), (1, (3,), 3))
    (0, (1, 2), 3)
    """
    if a is b:
        return a
    a_base, a_levels, a_total = a
    b_base, b_levels, b_total = b
    total = a_total | b_total
    if a_base == b_base and len(a_levels) == 1 and len(b_levels) == 1:
        return a if total == a_total else b if total == b_total else (a_base, (total,), total)
    if (
        total == a_total
        and a_base <= b_base
        and a_levels[b_base - a_base : b_base - a_base + len(b_levels)] == b_levels
    ):
        return a
    if (
        total == b_total
        and b_base <= a_base
        and b_levels[a_base - b_base : a_base - b_base + len(a_levels)] == a_levels
    ):
        return b
    if not a_total & b_total:  # one after the other
        if a_base + len(a_levels) <= b_base:
            return (a_base, a_levels + (0,) * (b_base - a_base - len(a_levels)) + b_levels, total)
        if b_base + len(b_levels) <= a_base:
            return (b_base, b_levels + (0,) * (a_base - b_base - len(b_levels)) + a_levels, total)
    base = min(a_base, b_base)
    length = max(a_base + len(a_levels), b_base + len(b_levels)) - base
    left = _padded(a_levels, a_base - base, length)
    right = _padded(b_levels, b_base - base, length)
    both = list(map(or_, left, right))
    if a_total & b_total:
        if both == left:
            return a
        if both == right:
            return b
        within = list(accumulate(both, or_))
        both = [within[0], *map(xor, within[1:], within)]
    while not both[-1]:
        both.pop()
    levels = tuple(both)
    return (
        a
        if levels == a_levels and base == a_base
        else b
        if levels == b_levels and base == b_base
        else (base, levels, total)
    )


def _padded(levels: tuple[int, ...], before: int, length: int) -> list[int]:
    return [0] * before + list(levels) + [0] * (length - before - len(levels))


def either(a: Reach | None, b: Reach | None) -> Reach | None:
    """`joined`, where there may be nothing on either side."""
    if a is None:
        return b
    return a if b is None else joined(a, b)


def together(values: Iterable[Reach | None]) -> Reach | None:
    """All of many."""
    found = {id(value): value for value in values if value is not None}
    return reduce(joined, found.values()) if found else None


def units_of(value: Reach, number: int) -> int | None:
    """The fewest units from a source; None if there is no route."""
    base, levels, total = value
    if not total >> number & 1:
        return None
    return next(base + n for n, level in enumerate(levels) if level >> number & 1)


def longest(value: Reach | None, wanted: int) -> tuple[int, int] | None:
    """(units, sources) of those among the sources `wanted` that are farthest; −1 units for those without a route, and
    None where nothing is wanted.

    >>> longest((0, (1, 2), 3), 3)
    (1, 2)
    """
    missing = wanted & ~(value[2] if value is not None else 0)
    if missing:
        return -1, missing
    if value is None or not wanted:
        return None
    base, levels, _ = value
    return next((base + n, levels[n] & wanted) for n in range(len(levels) - 1, -1, -1) if levels[n] & wanted)


class Spans:
    """What stretches of a list hold together: doubled stretches, made when they are first needed."""

    def __init__(self, values: Sequence[Reach | None]) -> None:
        self.doubled: list[Sequence[Reach | None]] = [values]
        self.known: dict[tuple[int, int, int], Reach | None] = {}

    def over(self, first: int, step: int, count: int) -> Reach | None:
        """All of values[first], values[first + step], …"""
        key = (first, step, count)
        if key not in self.known:
            values = self.doubled[0]
            if step == 1 and count > 8 and len(self.known) > 2:
                self.known[key] = self._stretch(first, count)
            else:
                self.known[key] = together(values[first + n * step] for n in range(count))
        return self.known[key]

    def _stretch(self, first: int, count: int) -> Reach | None:
        """A stretch is two doubled ones that may overlap."""
        power = count.bit_length() - 1
        while len(self.doubled) <= power:
            shorter, width = self.doubled[-1], 1 << (len(self.doubled) - 1)
            self.doubled.append([either(a, b) for a, b in zip(shorter, shorter[width:], strict=False)])
        row = self.doubled[power]
        return either(row[first], row[first + count - (1 << power)])
