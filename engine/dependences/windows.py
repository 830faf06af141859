"""Ends of intervals as whole numbers, where they are that: most of a network of convolutions, strides, pools and
upsamplings is nothing else, and whole numbers are a hundred times as quick as expressions.

An end is above·⌊(place + shift)/below⌋ + offset. Anything else is left to expressions.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm

from ..algebra.atoms import Rounded, Symbol
from ..algebra.expression import Expr, from_atom

# Of so many places one after the other every one is looked at.
PERIOD = 512


@dataclass(frozen=True)
class End:
    """above·⌊(place + shift)/below⌋ + offset, with 0 <= shift < below."""

    above: int
    below: int
    shift: int
    offset: int

    @property
    def steady(self) -> bool:
        """Does it move by one with every place?"""
        return self.above == self.below == 1

    def at(self, place: int) -> int:
        return self.above * ((place + self.shift) // self.below) + self.offset

    @property
    def pace(self) -> Fraction:
        """By how much it moves with a place, on average."""
        return Fraction(self.above, self.below)

    def before(self, other: End) -> bool | None:
        """Is it at most another end, at every place? None where that is not told by a few places."""
        if self.above * other.below != other.above * self.below:
            return None
        period = lcm(self.below, other.below)
        return all(self.at(n) <= other.at(n) for n in range(period)) if period <= PERIOD else None

    def after(self, inner: End) -> End | None:
        """`inner` at the place that this end is; None where that is no such end."""
        if self.above % inner.below == 0:
            offset = inner.above * ((self.offset + inner.shift) // inner.below) + inner.offset
            return End(inner.above * (self.above // inner.below), self.below, self.shift, offset)
        if inner.below % self.above == 0:
            below = self.below * (inner.below // self.above)
            shift = self.shift + (self.offset + inner.shift) // self.above * self.below
            return End(inner.above, below, shift % below, inner.offset + inner.above * (shift // below))
        return None


@dataclass(frozen=True)
class Window:
    """The positions between two ends that move with one place."""

    place: Symbol
    lower: End
    upper: End

    def after(self, inner: Window) -> Window | None:
        """What is seen by way of every place between these ends; None where that leaves gaps, or is no window."""
        return None if self.lower != self.upper and not inner.gapless() else self.around(inner)

    def around(self, inner: Window) -> Window | None:
        """The ends of what is seen by way of places of which these ends are the outermost."""
        lower, upper = self.lower.after(inner.lower), self.upper.after(inner.upper)
        if lower is None or upper is None:
            return None
        if (self.lower.at(0) < 0 < inner.lower.at(0)) or inner.upper.at(0) < 0:
            return None  # from beyond the border it would come back
        return Window(self.place, lower, upper)

    def gapless(self) -> bool:
        """Does what is seen of one place touch what is seen of the next one?"""
        period = lcm(self.lower.below, self.upper.below)
        return period <= PERIOD and all(self.lower.at(n + 1) <= self.upper.at(n) + 1 for n in range(period))

    def holds(self, other: Window) -> bool | None:
        """Does it hold all that another window does, at every place? None where that is not told by a few places."""
        if self.place != other.place or self.lower.pace != self.upper.pace:
            return None
        before, behind = self.lower.before(other.lower), other.upper.before(self.upper)
        return None if before is None or behind is None else before and behind


@lru_cache(maxsize=4096)
def expression(place: Symbol, end: End) -> Expr:
    """An end as an expression, spelled as `build.floor` spells it."""
    moving = from_atom(place)
    if end.below > 1:
        share = moving * Fraction(1, end.below)
        last = end.shift == end.below - 1
        rounded = Rounded("ceil", share) if last else Rounded("floor", share + Fraction(end.shift, end.below))
        moving = from_atom(rounded)
    return moving * end.above + end.offset


def window_of(lower: Expr, upper: Expr) -> Window | None:
    """Two ends as whole numbers, if they are that."""
    first, last = _end_of(lower), _end_of(upper)
    if first is None or last is None or first[0] != last[0]:
        return None
    return Window(first[0], first[1], last[1])


@lru_cache(maxsize=4096)
def _end_of(end: Expr) -> tuple[Symbol, End] | None:
    offset = end.terms.get((), 0)
    moving = [(m, c) for m, c in end.terms.items() if m]
    if len(moving) != 1 or len(moving[0][0]) != 1 or moving[0][0][0][1] != 1 or not isinstance(offset, int):
        return None
    atom, above = moving[0][0][0][0], moving[0][1]
    if not isinstance(above, int) or above < 1:
        return None
    if isinstance(atom, Symbol):
        return (atom, End(above, 1, 0, offset)) if atom.name.startswith("@") else None
    if not isinstance(atom, Rounded):
        return None
    inside = [(m, c) for m, c in atom.argument.terms.items() if m]
    if len(inside) != 1 or len(inside[0][0]) != 1 or inside[0][0][0][1] != 1:
        return None
    symbol, step = inside[0][0][0][0], Fraction(inside[0][1])
    shift = Fraction(atom.argument.terms.get((), 0)) / step
    if not isinstance(symbol, Symbol) or not symbol.name.startswith("@"):
        return None
    if step.numerator != 1 or shift.denominator != 1:
        return None
    below = step.denominator
    moved = int(shift) + (below - 1 if atom.direction == "ceil" else 0)
    return symbol, End(above, below, moved % below, offset + above * (moved // below))
