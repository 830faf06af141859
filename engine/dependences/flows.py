"""Routes from input positions to the elements of a tensor, and how routes follow each other.

A `Route` sees an interval on each axis of its source, over a number of units, for those places of the target that are
in its `domain`. A `Flow` is all routes to a tensor, and the axes of it on which positions go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..algebra import build
from ..algebra.expression import ZERO, Expr
from ..algebra.ranges import direction
from ..algebra.substitution import substitute
from ..scalars import Axis, Tensor, place
from .frames import Frame
from .intervals import after
from .order import covers
from .spans import CONDITION, Interval, own
from .together import together

Ends = tuple[Expr, Expr]
# So many routes to one tensor are kept; of more the widest and those over the fewest units.
MAX_ROUTES = 8


@dataclass(frozen=True)
class Route:
    """A way in from a source: what it sees on each of the source's `axes`, over `units` (which may depend on the place
    of the target, where an initial state is handed on). `run` is the run of mixing equations that it is in. It holds
    at the places of its `domain`, of which those on several axes together are `given` as what is at least 0."""

    source: Tensor
    axes: tuple[int, ...]
    reach: tuple[Interval, ...]
    units: Expr
    run: int = 0
    domain: tuple[tuple[int, Expr, Expr], ...] = ()
    given: tuple[Expr, ...] = ()

    @property
    def why(self) -> str:
        """Why it is not known that all this is seen; empty where it is."""
        return next((interval.why for interval in self.reach if interval.why), "")

    def over(self, units: Expr) -> Route:
        """The route over so many more units, in no run."""
        return Route(self.source, self.axes, self.reach, self.units + units, 0, self.domain, self.given)

    def unknown(self, why: str) -> Route:
        return replace(self, reach=tuple(replace(i, why=i.why or why) for i in self.reach))


@dataclass(frozen=True)
class Flow:
    """All routes to a tensor; `carried` are its axes whose places tell positions; `dropped` tells that routes over
    fewer units may have been left out."""

    routes: tuple[Route, ...] = ()
    carried: frozenset[int] = frozenset()
    dropped: bool = False


NOTHING = Flow()


def starting(tensor: Tensor, axes: Iterable[int]) -> Flow:
    """The flow to a tensor from itself; where none of its axes carries positions it is seen as a whole."""
    wanted = tuple(sorted(axes))
    reach = tuple(own(axis, tensor.axes[axis].upper + 1) for axis in wanted)
    return Flow((Route(tensor, wanted, reach, ZERO),), frozenset(wanted))


# ---------------------------------------------------------------- one route by way of another


def by_way_of(
    route: Route,
    seen: Mapping[int, Interval],
    frame: Frame,
    within: Mapping[int, Ends] | None = None,
    given: tuple[Expr, ...] | None = None,
) -> Route | None:
    """A route to a tensor, from elements that lie at `seen` on its axes and count at the places `within`; None where
    nothing of it is met."""
    if not (within or given or route.domain or route.given) and all(i.still == k for k, i in seen.items()):
        return route
    domain: dict[int, Ends] = {}
    why = ""
    for axis, ends in (within or {}).items():
        domain[axis] = ends
    narrowed = dict(seen)
    for axis, first, last in route.domain:
        if axis not in narrowed:
            continue
        met = _met(narrowed[axis], first, last, frame)
        if met is None:
            return None
        narrowed[axis], conditions, reason = met
        why = why or reason
        for other, ends in conditions.items():
            known = domain.get(other, frame.ranges[place(other)])
            domain[other] = _both(known, ends, frame)
    for other in list(domain):
        domain[other] = _both(domain[other], frame.ranges[place(other)], frame)
        if frame.never(domain[other][1] - domain[other][0]):
            return None
    inside = frame.within({place(axis): ends for axis, ends in domain.items()})
    reach = tuple(after(interval, narrowed, inside) for interval in route.reach)
    if len(reach) > 1:
        why = why or together(route.reach, narrowed, reach, inside)
    units, told = _units_at(route, narrowed, frame)
    kept = tuple(
        (axis, *ends)
        for axis, ends in sorted(domain.items())
        if not _everywhere(ends, frame.ranges[place(axis)], frame)
    )
    why = why or told
    if given is None:
        given = _handed(route.given, narrowed, frame)
        why = why or ("" if given is not None else CONDITION)
    found = Route(route.source, route.axes, reach, units, route.run, kept, given or ())
    return found.unknown(why) if why else found


def _handed(given: tuple[Expr, ...], seen: Mapping[int, Interval], frame: Frame) -> tuple[Expr, ...] | None:
    """What holds at the places of an element, at the places by way of which it is read; None if these are several."""
    if not given:
        return ()
    places = {k for gap in given for k in seen if gap.mentions(place(k))}
    if any(not seen[k].point for k in places):
        return None
    at = {place(k): seen[k].lower for k in places}
    return tuple(substitute(gap, at, frame.facts) for gap in given)


def _both(one: Ends, other: Ends, frame: Frame) -> Ends:
    if one == other:
        return one
    return build.maximum((one[0], other[0]), frame.facts), build.minimum((one[1], other[1]), frame.facts)


def _everywhere(ends: Ends, axis: Ends, frame: Frame) -> bool:
    return frame.ordered(ends[0], axis[0]) and frame.ordered(axis[1], ends[1])


def _met(seen: Interval, first: Expr, last: Expr, frame: Frame) -> tuple[Interval, dict[int, Ends], str] | None:
    """The part of an interval that lies in first..last, the places at which there is one, and why that is not known."""
    if frame.never(seen.upper - first) or frame.never(last - seen.lower):
        return None
    below, above = frame.ordered(first, seen.lower), frame.ordered(seen.upper, last)
    if below and above:
        return seen, {}, ""
    conditions: dict[int, Ends] = {}
    why = ""
    for gap in ((seen.upper - first), (last - seen.lower)):
        if frame.nonnegative(gap):
            continue
        found = _condition(gap, frame)
        if found is None:
            why = "it depends on the sizes which part of a tensor is read"
            continue
        axis, ends = found
        conditions[axis] = _both(conditions.get(axis, frame.ranges[place(axis)]), ends, frame)
    if seen.point:
        return seen, conditions, why
    lower = seen.lower if below else build.maximum((seen.lower, first), frame.facts)
    upper = seen.upper if above else build.minimum((seen.upper, last), frame.facts)
    if seen.taps:
        why = why or "positions with gaps between them are read of a part of a tensor"
    return replace(seen, lower=lower, upper=upper), conditions, why


def _condition(gap: Expr, frame: Frame) -> tuple[int, Ends] | None:
    """The places at which `gap >= 0`, where it is @k − c or c − @k."""
    inside = [s for s in gap.symbols() if s in frame.ranges]
    if len(inside) != 1:
        return None
    (symbol,) = inside
    powers = gap.coefficients(symbol)
    rest = powers.get(0, ZERO)
    if set(powers) - {0, 1} or rest.mentions(symbol) or powers[1].constant not in (1, -1):
        return None
    lower, upper = frame.ranges[symbol]
    return int(symbol.name[1:]), (-rest, upper) if powers[1].constant == 1 else (lower, rest)


def _units_at(route: Route, seen: Mapping[int, Interval], frame: Frame) -> tuple[Expr, str]:
    """The units of a route that depend on the place: at the place that is read, the best of several."""
    places = [k for k in seen if route.units.mentions(place(k))] if route.units.symbols() else []
    if not places:
        return route.units, ""
    values = {}
    for k in places:
        interval = seen[k]
        rises = direction(route.units, place(k), frame.facts)
        if not interval.point and (not rises or any(i.mentions(place(k)) for i in route.reach)):
            return route.units, "the units of a route depend on the place in a way that is not followed"
        values[place(k)] = interval.lower if interval.point or rises > 0 else interval.upper
    return substitute(route.units, values, frame.facts), ""


# ---------------------------------------------------------------- laid end to end, and cut


def moved(flow: Flow, axis: int, offset: Expr, target: tuple[Axis, ...], frame: Frame, part: Ends | None) -> Flow:
    """The flow to a part of a tensor that begins at `offset` on an axis; `part` is where it lies, if there are
    others. Cutting a piece out is the same with an offset below 0."""
    shifted = {axis: _at(axis, target[axis].upper + 1, -offset)}
    found = []
    for route in flow.routes:
        others = {k: own(k, target[k].upper + 1) for k in range(len(target)) if k != axis}
        one = by_way_of(route, {**others, **shifted}, frame, {axis: part} if part is not None else None)
        if one is not None:
            found.append(one)
    return Flow(tuple(found), flow.carried, flow.dropped)


def _at(axis: int, size: Expr, offset: Expr) -> Interval:
    interval = own(axis, size)
    return replace(interval, lower=interval.lower + offset, upper=interval.upper + offset)


# ---------------------------------------------------------------- order


def pruned(routes: Iterable[Route], frame: Frame) -> tuple[tuple[Route, ...], bool]:
    """Without routes that see no more than another one does over no more units; if too many stay, the widest of every
    source and those over the fewest units, and that others were left out."""
    waiting = list(routes)
    if len(waiting) < 2:
        return tuple(waiting), False
    kept: list[Route] = []
    for route in _doubtful_ones_together(waiting, frame):
        if route in kept or any(_better(other, route, frame) for other in kept):
            continue
        kept = [other for other in kept if not _better(route, other, frame)]
        kept.append(route)
    if len(kept) <= MAX_ROUTES:
        return tuple(kept), False
    wide = [r for r in kept if not any(_sees_more(o, r, frame) for o in kept if o is not r)]
    short = [r for r in kept if not any(_shorter(o, r, frame) for o in kept if o is not r)]
    chosen = list(dict.fromkeys([*wide[:MAX_ROUTES], *short[:MAX_ROUTES]]))
    return tuple(chosen), True


def _doubtful_ones_together(routes: list[Route], frame: Frame) -> list[Route]:
    """Of what is seen at most the widest, over the fewest units: all that is known of the others is less."""
    doubtful = [route for route in routes if route.why]
    if len(doubtful) < 2:
        return routes
    kept: list[Route] = []
    for route in doubtful:
        for number, other in enumerate(kept):
            wide, narrow = (other, route) if _sees_more(other, route, frame) else (route, other)
            if _sees_more(wide, narrow, frame):
                fewer = frame.nonnegative(wide.units - narrow.units)
                kept[number] = replace(wide, units=narrow.units if fewer else wide.units, run=0)
                break
        else:
            kept.append(route)
    return [*(route for route in routes if not route.why), *kept]


def _better(one: Route, other: Route, frame: Frame) -> bool:
    return one.source is other.source and _no_longer(one, other, frame) and _sees_more(one, other, frame)


def _no_longer(one: Route, other: Route, frame: Frame) -> bool:
    """Does it count no more units?"""
    few, many = one.units.constant, other.units.constant
    if few is not None and many is not None:
        return few <= many
    return frame.nonnegative(other.units - one.units)


def _sees_more(one: Route, other: Route, frame: Frame) -> bool:
    if one.source is not other.source or not _wider(one, other, frame):
        return False
    return all(covers(large, small, frame) for large, small in zip(one.reach, other.reach, strict=True))


def _wider(one: Route, other: Route, frame: Frame) -> bool:
    """Does it hold at every place at which the other one does?"""
    if one.given and not set(one.given) <= set(other.given):
        return False
    if not one.domain:
        return True
    theirs = {axis: (first, last) for axis, first, last in other.domain}
    for axis, first, last in one.domain:
        if axis not in theirs:
            return False
        lower, upper = theirs[axis]
        if not frame.ordered(first, lower) or not frame.ordered(upper, last):
            return False
    return True


def _shorter(one: Route, other: Route, frame: Frame) -> bool:
    """Of the same source and domain, over fewer units."""
    same = one.source is other.source and one.domain == other.domain
    return same and frame.nonnegative(other.units - one.units - 1)
