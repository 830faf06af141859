"""What a plot shows: curves between two logarithmic axes, the places where they meet, ticks and words.

`plots` makes it, `renderer` draws it. A place is a pair of decimal logarithms, of the size and of the quantity. A curve
has a `look` by number: which colour, dashes and mark that is, is up to the writers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from .formula import Formula, Power, Product, integer

Point = tuple[float, float]
Words = tuple[str | Formula, ...]

_PLAIN_BELOW: Final = 5  # powers of ten from this one on are written as powers
_FEWEST: Final = 3  # ticks that an axis should have


@dataclass(frozen=True)
class Tick:
    """A mark of an axis."""

    at: float
    label: Words


@dataclass(frozen=True)
class Axis:
    """`minor` ticks have no labels."""

    title: Words
    low: float
    high: float
    ticks: tuple[Tick, ...]
    minor: tuple[float, ...]

    def share(self, at: float) -> float:
        """A place as a share of the axis, 0 at its lower end and 1 at its upper one."""
        return (at - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Curve:
    """The models whose quantity it is (several if theirs coincide), and its pieces: between two of them nothing holds,
    or the quantity is 0. `marks` are places on it that tell it from others without colour."""

    names: tuple[str, ...]
    runs: tuple[tuple[Point, ...], ...]
    marks: tuple[Point, ...]
    look: int

    @property
    def end(self) -> Point:
        return self.runs[-1][-1]


@dataclass(frozen=True)
class Meeting:
    """A place where curves meet; a `leading` one is where the smallest of all changes. `words` say which curves."""

    at: Point
    label: Words
    leading: bool
    words: str


@dataclass(frozen=True)
class Chart:
    """`caption` says what holds for all curves and what is left out, `description` in words what is seen."""

    title: str
    size: Axis
    quantity: Axis
    curves: tuple[Curve, ...]
    meetings: tuple[Meeting, ...]
    caption: Words
    description: str


def axis(title: Words, low: float, high: float, *, binary: bool = False) -> Axis:
    """An axis from one logarithm to another with ticks at powers of ten or of two; at their multiples where these are
    too few, and at even distances in a range that is too short for either."""
    if binary:
        step = math.log10(2)
        powers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
        if len(powers) >= _FEWEST:
            return Axis(title, low, high, tuple(Tick(n * step, _number(2, n)) for n in powers), ())
    decades = range(math.floor(low), math.floor(high) + 1)
    within = [(n, m) for n in decades for m in range(1, 10) if low - 1e-9 <= n + math.log10(m) <= high + 1e-9]
    for wanted in ((1,), (1, 2, 5)):
        ticks = [(n, m) for n, m in within if m in wanted]
        if len(ticks) >= _FEWEST:
            minor = [n + math.log10(m) for n, m in within if m not in wanted] if high - low < 7 else []
            return Axis(title, low, high, tuple(Tick(n + math.log10(m), _tenth(n, m)) for n, m in ticks), tuple(minor))
    return Axis(title, low, high, _even(10**low, 10**high), ())


def _number(base: int, exponent: int) -> Words:
    return (integer(base**exponent),) if exponent >= 0 else (f"{float(base) ** exponent:g}",)


def _tenth(decade: int, digit: int) -> Words:
    """digit · 10^decade."""
    if decade < 0:
        return (f"{digit * 10.0**decade:.{-decade}f}" if decade > -4 else _power(decade, digit),)
    return (integer(digit * 10**decade) if decade < _PLAIN_BELOW else _power(decade, digit),)


def _power(decade: int, digit: int) -> Formula:
    power = Power(integer(10), integer(decade))
    return power if digit == 1 else Product((integer(digit), power), dots=True)


def _even(low: float, high: float) -> tuple[Tick, ...]:
    rough = (high - low) / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= rough)
    places = [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return tuple(Tick(math.log10(place), (f"{place:,.10g}",)) for place in places if place > 0)
