"""One interval on an axis: from which positions of a source an element reads, between ends that depend on the element's
own place.

An end is an expression in the places `@0`, `@1`, … of the element on the axes of its tensor: @0 − 2 for a window, 0 for
a prefix, B⌊@0/B⌋ for a block, 2·@0 behind a stride, ⌊@0/2⌋ behind an upsampling. Ends may lie outside the source: the
border cuts every interval off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ..algebra import build
from ..algebra.atoms import Extreme, Rounded, Symbol
from ..algebra.build import symbol_of
from ..algebra.expression import ONE, ZERO, Expr, from_atom
from ..algebra.facts import Facts
from ..algebra.ranges import direction
from ..algebra.substitution import substitute
from ..scalars import place
from .frames import Frame
from .gaps import NO_GAPS, Sides, Taps, filled
from .windows import Window, window_of

# Why what may be read is not what is read.
CONDITION = "a condition decides which positions are read"


STEPS = "positions are read at steps that are not followed"


@dataclass(frozen=True)
class Near:
    """Of what a recurrence carries, the part that is there over the first evaluation of its cell; what lies beyond
    takes one more for every `pace` positions, and what lies between its `taps` as many as from there."""

    lower: Expr
    upper: Expr
    pace: Expr = ONE
    taps: tuple[Taps, ...] = ()

    def gap(self, facts: Facts) -> Expr:
        """How many evaluations it takes at most from a tap to the positions before the next one."""
        return build.maximum((ZERO, *(build.ceil(tap.step / self.pace, facts) - 1 for tap in self.taps)), facts)


@dataclass(frozen=True)
class Interval:
    """The positions from `lower` to `upper` on an axis of `size` positions, without gaps unless `taps` are given: then
    `lower` plus sums of one tap of each. With a reason `why` it is what may be read at most.

    A route that goes back and forth may have to leave the sequence on its way. `sides` are the gaps that stay for
    routes that go in one direction only, None where there are none such. An interval that `wraps` has no border: it
    goes on at the other end of the axis.
    """

    lower: Expr
    upper: Expr
    size: Expr
    taps: tuple[Taps, ...] = ()
    near: Near | None = None
    why: str = ""
    sides: Sides | None = NO_GAPS
    wraps: bool = False

    @property
    def certain(self) -> bool:
        """Is every position between the ends reached, whatever the border cuts off?"""
        return not self.why and not self.taps and self.sides == NO_GAPS

    @property
    def point(self) -> bool:
        """One position for each place, known by it."""
        return self.lower == self.upper and not self.why and self.near is None and not self.wraps

    @cached_property
    def still(self) -> int | None:
        """The axis of the place that it is, and nothing else."""
        symbol = symbol_of(self.lower) if self.point else None
        return int(symbol.name[1:]) if symbol is not None and symbol.name.startswith("@") else None

    @cached_property
    def sliding(self) -> bool:
        """Does it move with one place, step by step, the same everywhere?"""
        if self.near is not None or self.why or any(tap.count.symbols() for tap in self.taps):
            return False
        return self.edges is not None and self.edges.lower.steady and self.edges.upper.steady

    @cached_property
    def window(self) -> Window | None:
        """The interval as whole numbers, if it is a window and nothing else."""
        plain = self.near is None and self.certain
        return self.edges if plain else None

    @cached_property
    def edges(self) -> Window | None:
        """The ends as whole numbers, whatever is read between them."""
        return window_of(self.lower, self.upper) if not self.wraps else None

    def ends(self) -> tuple[Expr, ...]:
        return (self.lower, self.upper, *((self.near.lower, self.near.upper) if self.near is not None else ()))

    def mentions(self, symbol: Symbol) -> bool:
        return symbol in self._mentioned

    @cached_property
    def _mentioned(self) -> frozenset[Symbol]:
        return frozenset[Symbol]().union(*(end.symbols() for end in self.ends()))

    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        """Every symbol, those of its steps and of its size too."""
        taps = (*self.taps, *(tap for side in self.sides or () for tap in side))
        steps = [expr.symbols() for tap in taps for expr in (tap.step, tap.count)]
        pace = self.near.pace.symbols() if self.near is not None else frozenset[Symbol]()
        return self._mentioned.union(self.size.symbols(), pace, *steps)

    @cached_property
    def _hash(self) -> int:
        return hash((self.lower, self.upper, self.size, self.taps, self.near, self.why, self.sides, self.wraps))

    def __hash__(self) -> int:
        return self._hash

    def map(self, change: Mapping[Symbol, Expr], facts: Facts) -> Interval:
        """The interval with symbols replaced, in its steps too."""
        if self.symbols.isdisjoint(change):
            return self

        def put(expr: Expr) -> Expr:
            return substitute(expr, change, facts)

        def placed(taps: tuple[Taps, ...]) -> tuple[Taps, ...]:
            return filled((Taps(put(t.step), put(t.count)) for t in taps), facts)

        near = self.near
        if near is not None:
            near = Near(put(near.lower), put(near.upper), put(near.pace), placed(near.taps))
        sides = None if self.sides is None else (placed(self.sides[0]), placed(self.sides[1]))
        lower, upper, taps = put(self.lower), put(self.upper), placed(self.taps)
        return Interval(lower, upper, put(self.size), taps, near, self.why, sides, self.wraps)


def whole(size: Expr, why: str = "") -> Interval:
    """All positions; with a reason, at most all."""
    return Interval(ZERO, size - 1, size, why=why)


def own(axis: int, size: Expr) -> Interval:
    """The own position on an axis."""
    here = from_atom(place(axis))
    return Interval(here, here, size)


def all_taps(interval: Interval) -> tuple[Taps, ...]:
    """All progressions of an interval, a part without gaps as one."""
    if interval.taps:
        return interval.taps
    reach = interval.upper - interval.lower
    return (Taps(ONE, reach + 1),) if reach else ()


@dataclass(frozen=True)
class Slope:
    """By how much an end moves with a place: `above` for each, or for each `below` of them where it is rounded."""

    above: Expr
    below: Expr = ONE


def slope_of(end: Expr, symbol: Symbol) -> Slope | None:
    powers = end.coefficients(symbol)
    if set(powers) <= {0, 1}:
        rest = powers.get(0, ZERO)
        if not rest.mentions(symbol):
            return Slope(powers.get(1, ZERO))
    for monomial, coefficient in end.terms.items():
        rounded = [a for a, e in monomial if isinstance(a, Rounded) and e == 1 and a.argument.mentions(symbol)]
        if len(rounded) != 1:
            continue
        others = end - Expr({monomial: coefficient})
        inner = rounded[0].argument.coefficients(symbol)
        if others.mentions(symbol) or set(inner) - {0, 1} or inner.get(0, ZERO).mentions(symbol):
            return None
        factor = Expr({tuple(p for p in monomial if p[0] != rounded[0]): coefficient})
        if inner[1].symbols() and any(s.kind == "index" for s in inner[1].symbols()):
            return None
        return Slope(factor, ONE / inner[1])
    return None


def one_sided(interval: Interval, own_: Expr, facts: Facts) -> Sides | None:
    """The gaps on each side of the own position, if that is one of the taps of a single progression."""
    if not interval.taps:
        return NO_GAPS
    back, ahead = own_ - interval.lower, interval.upper - own_
    if facts.nonnegative(-ahead):
        return interval.taps, ()
    if facts.nonnegative(-back):
        return (), interval.taps
    if len(interval.taps) == 1:
        step = interval.taps[0].step
        if facts.is_integer(back / step) and facts.nonnegative(back) and facts.nonnegative(ahead):
            return filled((Taps(step, back / step + 1),), facts), filled((Taps(step, ahead / step + 1),), facts)
    return None


def unclipped(end: Expr, operator: str, border: Expr, frame: Frame) -> Expr:
    """max(0, n − w) as n − w: the border cuts every interval off, whether it says so or not. Only an end that rises
    with the place: another one could come back from beyond the border."""
    arms = _arms(end, operator)
    if not arms:
        return end
    sign = 1 if operator == "max" else -1
    arms = [frame.tidy(arm) for arm in arms]
    kept = [arm for arm in arms if not frame.nonnegative((border - arm) * sign)]
    if kept and len(kept) < len(arms) and all(_rises(arm, frame) for arm in kept):
        return (build.maximum if operator == "max" else build.minimum)(kept, frame.facts)
    return end


def _arms(end: Expr, operator: str) -> list[Expr]:
    """The arms of an end that is a maximum (minimum) of several: c + max(a, b), or c − min(a, b)."""
    for atom in end.atoms():
        if isinstance(atom, Extreme):
            sign = end.terms.get(((atom, 1),))
            if (sign == 1 and atom.operator == operator) or (sign == -1 and atom.operator != operator):
                rest = end - from_atom(atom) * sign
                return [rest + arm * sign for arm in atom.arguments]
    return []


def _rises(end: Expr, frame: Frame) -> bool:
    return all(direction(end, symbol, frame.facts) > 0 for symbol in end.symbols() & frame.ranges.keys())


def endless(interval: Interval, frame: Frame) -> Interval:
    """n mod s, …, n − s as steps of s that go on beyond the border, which cuts them off: ends that rise with the
    place."""
    lower, upper = interval.lower, interval.upper
    if len(interval.taps) != 1 or not _rounds(lower) or _rounds(upper):
        return interval
    step = interval.taps[0].step
    if not frame.nonnegative(step - 1 - lower):
        return interval
    many = build.ceil(interval.size / step, frame.facts)
    taps = (Taps(step, many + 1),)
    here = next((from_atom(s) for s in upper.symbols() if s in frame.ranges), upper)
    found = replace(interval, lower=upper - step * many, taps=taps)
    return replace(found, sides=one_sided(found, here, frame.facts))


def _rounds(end: Expr) -> bool:
    return any(isinstance(atom, Rounded) for atom in end.atoms())
