"""Which pairs of positions the routes to an output join, over how many units: proofs only, no search.

A pair is an input position of one sequence and an output position. In a model that reads only one way along a single
axis the pairs in that order are admitted, otherwise all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..algebra import build
from ..algebra.atoms import Symbol
from ..algebra.expression import ONE, ZERO, Expr, from_atom
from ..algebra.facts import Facts
from ..algebra.substitution import Value, evaluate, substitute
from ..scalars import Tensor, place
from .flows import Flow, Route
from .frames import Frame
from .order import everything
from .spans import CONDITION, Interval

Order = Literal["all", "forward", "backward"]


@dataclass(frozen=True)
class View:
    """What the positions of one output see of one sequence: `routes` from any tensor of it, `axes` of the output that
    carry positions, the `sizes` of the sequence."""

    output: Tensor
    axes: tuple[int, ...]
    sizes: tuple[Expr, ...]
    routes: tuple[Route, ...]
    dropped: bool
    facts: Facts

    @property
    def frame(self) -> Frame:
        return Frame.of(self.output.axes, self.facts)

    @property
    def aligned(self) -> bool:
        """Are the positions of the output those of the sequence, on one axis?"""
        return len(self.axes) == 1 == len(self.sizes) and self.output.axes[self.axes[0]].upper + 1 == self.sizes[0]

    def on_axis(self, number: int) -> View:
        """The same for one axis of the sequence alone."""
        routes = tuple(replace(r, axes=r.axes[number : number + 1], reach=(r.reach[number],)) for r in self.routes)
        return replace(self, sizes=(self.sizes[number],), routes=routes)


def view_of(flow: Flow, output: Tensor, sizes: tuple[Expr, ...], sources: Iterable[Tensor], facts: Facts) -> View:
    """The view of an output; what holds for some features of a position holds for the position."""
    wanted = set(sources)
    axes = tuple(sorted(flow.carried))
    told = [r if not r.given else r.unknown(CONDITION) for r in flow.routes if r.source in wanted]
    routes = tuple(replace(r, domain=tuple(d for d in r.domain if d[0] in flow.carried)) for r in told)
    return View(output, axes, sizes, routes, flow.dropped, facts)


def order_of(view: View) -> Order:
    """In which order pairs are admitted: if no position sees a later one, those in order."""
    if not view.aligned:
        return "all"
    here = from_atom(place(view.axes[0]))
    frame = view.frame
    later = all(frame.nonnegative(here - r.reach[0].upper) for r in view.routes)
    earlier = all(frame.nonnegative(r.reach[0].lower - here) for r in view.routes)
    return "all" if later == earlier else "forward" if later else "backward"


# ---------------------------------------------------------------- what is joined


def units_to_join(view: View, order: Order) -> Expr | None:
    """The units over which certain routes join every admitted pair; None where they are not known to."""
    certain = [r for r in view.routes if all(i.certain for i in r.reach)]
    domains = {d for r in certain for d in r.domain}
    axes = {axis for axis, _, _ in domains}
    if not axes:
        return _level(certain, view, view.frame, order)
    if len(axes) > 1:
        return None
    (axis,) = axes
    pieces: list[tuple[Expr, Expr]] = [(first, last) for _, first, last in domains]
    return _tiled(certain, pieces, axis, view, order)


def _tiled(
    routes: Sequence[Route], pieces: Sequence[tuple[Expr, Expr]], axis: int, view: View, order: Order
) -> Expr | None:
    """Piece by piece of the output, if the pieces lie end to end."""
    frame = view.frame
    start, last = frame.ranges[place(axis)]
    levels: list[Expr] = []
    waiting = list(pieces)
    while not frame.never(last - start):
        found = None
        for piece in waiting:
            if not frame.nonnegative(start - piece[0]) or frame.nonnegative(start - piece[1] - 1):
                continue
            here = [r for r in routes if all(_holds(a, b, piece, frame) for _, a, b in r.domain)]
            level = _level(here, view, frame.within({place(axis): piece}), order)
            if level is not None:
                found = piece, level
                break
        if found is None:
            return None
        levels.append(found[1])
        start = found[0][1] + 1
        waiting.remove(found[0])
    return build.maximum(levels, view.facts)


def _holds(first: Expr, last: Expr, piece: tuple[Expr, Expr], frame: Frame) -> bool:
    """Does a piece lie between two places?"""
    return frame.nonnegative(piece[0] - first) and frame.nonnegative(last - piece[1])


def _level(routes: Sequence[Route], view: View, frame: Frame, order: Order) -> Expr | None:
    whole = [_cost(r, frame, order) for r in routes if all(everything(i, frame) for i in r.reach)]
    if len(view.sizes) > 1 or not view.aligned:
        return build.minimum(whole, frame.facts) if whole else _together(routes, view, frame)
    here = from_atom(place(view.axes[0]))
    sides = [side for side, kind in ((0, "forward"), (1, "backward")) if order in ("all", kind)]
    levels = []
    for side in sides:
        reached = _side_levels(routes, here, side, frame)
        joined = _united(routes, here, side, frame)
        if joined is not None:
            reached.append(joined)
        if not reached:
            return build.minimum(whole, frame.facts) if whole else None
        levels.append(build.minimum(reached, frame.facts))
    return build.maximum(levels, frame.facts)


def _together(routes: Sequence[Route], view: View, frame: Frame) -> Expr | None:
    """Routes that differ on one axis only and cover it together."""
    plain = [r for r in routes if all(i.near is None for i in r.reach)]
    for number in range(len(view.sizes)):
        for first in plain:
            like = [r for r in plain if all(everything(i, frame) for k, i in enumerate(r.reach) if k != number)]
            if first not in like or not frame.nonnegative(-first.reach[number].lower):
                continue
            end, used = first.reach[number].upper, [first]
            for other in like * 2:
                interval = other.reach[number]
                if frame.nonnegative(end + 1 - interval.lower) and frame.nonnegative(interval.upper - end - 1):
                    end = interval.upper
                    used.append(other)
            if frame.nonnegative(end - view.sizes[number] + 1):
                return build.maximum((r.units for r in used), frame.facts)
    return None


def _cost(route: Route, frame: Frame, order: Order) -> Expr:
    """The units of a route that sees everything, from the position that is farthest away."""
    cost = frame.most(route.units)
    total = route.units if cost is None else cost
    for interval in route.reach:
        if interval.near is None:
            continue
        ends = []
        if order != "backward":
            ends.append(frame.most(interval.near.lower))
        if order != "forward":
            ends.append(frame.most(interval.size - 1 - interval.near.upper))
        known = [end for end in ends if end is not None]
        if not (interval.near.lower == interval.upper or interval.near.upper == interval.lower):
            known.append(ZERO)  # a sequence may end within what is near; a single position is that, or not there
        far = build.maximum(known, frame.facts)
        gap = interval.near.gap(frame.facts)
        far = far if interval.near.pace == ONE else build.ceil(far / interval.near.pace, frame.facts)
        total = total + (build.maximum((far, gap), frame.facts) if gap else far)
    return total


def _side_levels(routes: Sequence[Route], here: Expr, side: int, frame: Frame) -> list[Expr]:
    """Numbers of units over which every position on one side of the own one is seen: by a route to the far end, and
    by others as far as that does not come near."""
    order: Order = "forward" if side == 0 else "backward"
    plain = [r for r in routes if r.reach[0].near is None]
    levels = [None, *dict.fromkeys(r.units for r in plain)]
    found: list[Expr] = []
    for route in routes:
        interval = route.reach[0]
        far = -interval.lower if side == 0 else interval.upper - interval.size + 1
        if not frame.nonnegative(far):
            continue
        cost = _cost(route, frame, order)
        for level in levels:
            beside = [r.reach[0] for r in plain if level is not None and frame.nonnegative(level - r.units)]
            if _reaches([*beside, interval], here, side, frame):
                found.append(cost if level is None else build.maximum((cost, level), frame.facts))
                break
    return found


def _united(routes: Sequence[Route], here: Expr, side: int, frame: Frame) -> Expr | None:
    """The fewest units up to which routes together see every position on one side of the own one."""
    plain = [r for r in routes if r.reach[0].near is None]
    found = []
    for level in dict.fromkeys(r.units for r in plain):
        allowed = [r.reach[0] for r in plain if frame.nonnegative(level - r.units)]
        if len(allowed) > 1 and _reaches(allowed, here, side, frame):
            found.append(level)
    return build.minimum(found, frame.facts) if found else None


def _reaches(intervals: Sequence[Interval], here: Expr, side: int, frame: Frame) -> bool:
    end = here
    waiting = list(intervals)
    while True:
        if frame.nonnegative(-end if side == 0 else end - intervals[0].size + 1):
            return True
        for interval in waiting:
            far, near = (interval.lower, interval.upper) if side == 0 else (interval.upper, interval.lower)
            touches = frame.nonnegative(near - end + 1 if side == 0 else end + 1 - near)
            ends_there = frame.nonnegative(-far if side == 0 else far - interval.size + 1)
            if touches and (ends_there or frame.nonnegative(end - far if side == 0 else far - end)):
                end = far
                waiting.remove(interval)
                break
        else:
            return False


# ---------------------------------------------------------------- what is never joined


@dataclass(frozen=True)
class Apart:
    """The pair that is farthest apart is out of reach of every route, where each of `gaps` is above 0: for all sizes if
    there are none to name."""

    gaps: tuple[Expr, ...]


def never_joined(view: View, order: Order, values: Mapping[str, Value]) -> Apart | None:
    """Is the pair that is farthest apart out of reach of every route, for all sizes or at the example values?"""
    if not view.routes:
        return Apart(())
    found = []
    if order != "backward":
        found.append(_missed(view, values, last=True))
    if order != "forward":
        found.append(_missed(view, values, last=False))
    known = [one for one in found if one is not None]
    return min(known, key=lambda one: len(one.gaps), default=None)


def _missed(view: View, values: Mapping[str, Value], *, last: bool) -> Apart | None:
    """Does the last position of the output miss the first one of the sequence (the first one the last one)?"""
    at = {symbol: ends[1] if last else ends[0] for symbol, ends in view.frame.ranges.items()}
    gaps: dict[Expr, None] = {}
    for route in view.routes:
        mine = [substitute(i.lower if last else i.size - 1 - i.upper, at, view.facts) for i in route.reach]
        mine += [gap for i in route.reach if (gap := _between_taps(i, at, view.facts, last=last)) is not None]
        for axis, first, end in route.domain:
            mine += [first - at[place(axis)], at[place(axis)] - end]
        if any(view.facts.positive(gap) for gap in mine):
            continue
        shown = next((gap for gap in mine if _positive_at(gap, values)), None)
        if shown is None:
            return None
        gaps[shown] = None
    return Apart(tuple(gaps))


def _between_taps(interval: Interval, at: Mapping[Symbol, Expr], facts: Facts, *, last: bool) -> Expr | None:
    """Above 0 where the position in question lies between two taps of a progression."""
    if len(interval.taps) != 1:
        return None
    end = substitute(interval.upper if last else interval.lower, at, facts)
    steps = (end if last else interval.size - 1 - end) / interval.taps[0].step
    return steps - build.floor(steps, facts)


def _positive_at(gap: Expr, values: Mapping[str, Value]) -> bool:
    try:
        return evaluate(gap, values) > 0
    except (KeyError, OverflowError, ZeroDivisionError, ValueError):
        return False
