"""When what an equation reads is there: the fronts that arrive at its elements, by their own positions.

What is read at a fixed distance keeps pace with what it reads; anything else waits for the last position that is read
at all. It does not follow recurrences.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..algebra.atoms import Symbol
from ..algebra.build import maximum, minimum
from ..algebra.expression import ZERO, Expr, from_atom
from ..algebra.facts import Facts
from ..algebra.ranges import extreme
from ..algebra.substitution import substitute
from ..elaborator.layers import hull
from ..program import Equation
from ..scalars import Read, Tensor, conditional_reads, decided_by_data, position
from .fronts import START, Front, Ready, arms_of, bare
from .operations import all_indices

NO_PLACES = frozenset[Symbol]()
NO_AXES = frozenset[int]()
UNEVEN = "a part is read of what is joined from parts that come at different times"
EMPTY = "a condition on data may leave a sum without terms"


class Arrivals:
    """Reads fronts off index expressions. `at_most` collects the reasons why a number of steps may be less."""

    def __init__(self, facts: Facts, at_most: dict[str, None]) -> None:
        self.facts = facts
        self.at_most = at_most

    def of(self, equation: Equation, times: Mapping[Tensor, Ready]) -> list[Front]:
        """When what an equation reads is there, by its own position."""
        ranges = {i.symbol: (i.lower, i.upper) for i in all_indices(equation)}
        waiting = [r for r in conditional_reads(equation.body) if r.tensor in times and times[r.tensor] != START]
        if waiting and decided_by_data(equation.body):
            self.at_most[EMPTY] = None
        own = {s: n for n, sub in enumerate(equation.subscripts) for s in bare(position(sub))}
        stands = {
            s: n for n, sub in enumerate(equation.subscripts) if (at := position(sub)) is not None for s in at.symbols()
        }
        return [
            self._seen(front, read, ranges, own, stands)
            for read in equation.reads
            if read.tensor in times
            for front in times[read.tensor]
        ]

    def _seen(
        self,
        front: Front,
        read: Read,
        ranges: dict[Symbol, tuple[Expr, Expr]],
        own: Mapping[Symbol, int],
        stands: Mapping[Symbol, int],
    ) -> Front:
        """A front as it arrives by way of a read; `own` and `stands` are the axes of the target on which an index is
        the position, and on which it stands at all."""
        base, cap = front.base, front.cap
        slopes = []
        uneven = self._still_uneven(front, read, stands)
        for axis, (slope, direction) in front.slopes:
            value = position(read.subscripts[axis])
            place, gap, others = (None, None, NO_PLACES)
            if value is not None:
                place, gap, others = self._furthest(value, ranges, own, direction, read.tensor.axes[axis].size)
            if gap is None or place is None:
                base = base + slope * self._latest(value, ranges, read, axis, direction)
                uneven |= {stands[s] for s in value.symbols() if s in stands} if value is not None else NO_AXES
            else:
                uneven |= {own[other] for other in others}
                if not self.facts.nonnegative(-gap * direction):
                    cap = front.last(read.tensor, self.facts)
                base = base + slope * gap * direction
                slopes.append((own[place], (slope, direction)))
        if base.terms:
            uneven |= {
                own[place] for axis in range(len(read.subscripts)) for place in self._beyond(axis, read, ranges, own)
            }
        if not slopes and cap is not None:
            base, cap = minimum((base, cap), self.facts), None
        return Front(base, tuple(sorted(slopes, key=lambda item: item[0])), cap, uneven)

    def _beyond(
        self, axis: int, read: Read, ranges: Mapping[Symbol, tuple[Expr, Expr]], own: Mapping[Symbol, int]
    ) -> list[Symbol]:
        """The own position, if there is one at which nothing is read along an axis: x[t - 1] at the first one. What it
        reads there has no time to wait for."""
        value = position(read.subscripts[axis])
        places = [] if value is None else [s for s in value.symbols() if s in own]
        if value is None or len(places) != 1:
            return []
        (place,) = places
        first, last = ranges[place]
        bound = {s: ends for s, ends in ranges.items() if s != place}
        end = read.tensor.axes[axis].size - 1
        highest = extreme(substitute(value, {place: first}), bound, self.facts, largest=True)
        lowest = extreme(substitute(value, {place: last}), bound, self.facts, largest=False)
        before = highest is not None and self.facts.positive(-highest)
        behind = lowest is not None and self.facts.positive(lowest - end)
        return [place] if before or behind else []

    def _furthest(
        self,
        value: Expr,
        ranges: dict[Symbol, tuple[Expr, Expr]],
        own: Mapping[Symbol, int],
        direction: int,
        size: Expr,
    ) -> tuple[Symbol | None, Expr | None, frozenset[Symbol]]:
        """The index of the equation's own position and how far beyond it is read at most: r of k[n + j] with j in
        -r..r, 0 of k[m] with m in 0..n. Of several own indices the one that runs over the axis is the position; along
        the axes of the others some elements are there earlier."""
        places = [s for s in value.symbols() if s in own]
        places.sort(key=lambda s: (ranges[s][1] - ranges[s][0] + 1 != size, s.name))
        bound = {s: ends for s, ends in ranges.items() if s not in own}
        for others in (frozenset[Symbol](), frozenset(places[1:])):
            swept = {**bound, **{s: ranges[s] for s in others}}
            edge = extreme(value, swept, self.facts, largest=direction > 0)
            for arm in () if edge is None else arms_of(edge, "min" if direction > 0 else "max"):
                for place in (s for s in arm.symbols() if s in own):
                    gap = arm - from_atom(place)
                    if not any(s.kind == "index" for s in gap.symbols()):
                        return place, gap, others
        return None, None, NO_PLACES

    def _latest(
        self, value: Expr | None, ranges: dict[Symbol, tuple[Expr, Expr]], read: Read, axis: int, direction: int
    ) -> Expr:
        """How many positions come before the last one that is read at all: no more than the axis has."""
        last = hull(read.tensor.axes[axis], read.tensor) - 1
        if value is None or read.tensor.axes[axis].lower:
            return last
        edge = extreme(value, ranges, self.facts, largest=direction > 0)
        if edge is None or any(s.kind == "index" for s in edge.symbols()):
            return last
        reached = edge if direction > 0 else last - edge
        return maximum((reached, ZERO), self.facts) if self.facts.nonnegative(last - reached) else last

    def _still_uneven(self, front: Front, read: Read, own: Mapping[Symbol, int]) -> frozenset[int]:
        """The axes along which what is read comes unevenly; a read at fixed positions may find it there earlier."""
        found: set[int] = set()
        for axis in front.uneven:
            value = position(read.subscripts[axis])
            indices = [] if value is None else [s for s in value.symbols() if s.kind == "index"]
            if not indices:
                self.at_most[UNEVEN] = None
            found |= {own[s] for s in indices if s in own}
        return frozenset(found)
