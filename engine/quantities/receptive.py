"""The receptive field: input positions that one output position can see, read off the routes of a model.

It is the most over output positions; the border of a sequence cuts it off. It is exact where the taps leave no gap, and
otherwise at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..algebra import build
from ..algebra.atoms import Rounded
from ..algebra.expression import ZERO, Expr, from_atom, product, total
from ..dependences.coverage import View
from ..dependences.flows import Route
from ..dependences.intervals import Frame, Interval, everything, rounded_gap
from ..dependences.positions import NotDerived, Positions, positions
from ..program import Program
from ..scalars import place
from .derived import Derived, Figure, Words, plural
from .stacks import sides
from .views import flows_of, granted, named_axis, named_sequence, views_of


@dataclass(frozen=True)
class Extent:
    """How many positions are seen along one axis of `size` positions, from how far back and ahead if that is the same
    everywhere; with a reason `why` it is at most."""

    count: Expr
    size: Expr
    behind: Expr | None = None
    ahead: Expr | None = None
    everything: bool = False
    why: str = ""


def receptive_field(program: Program) -> Derived:
    """Input positions that one output position can see, at most; the border cuts them off."""
    try:
        start = positions(program.instance, program)
        parts = [(view, _of_view(view)) for view in views_of(program, program.instance)]
    except NotDerived as failure:
        return Derived(None, unknown=failure.sentence)
    return granted(_of_all(parts, start, program), flows_of(program, program.instance)[1])


def _of_all(parts: Sequence[tuple[View, Derived]], start: Positions, program: Program) -> Derived:
    """What the output that sees most sees of all sequences."""
    if len(parts) == 1:
        return parts[0][1]
    outputs = list(dict.fromkeys(view.output for view, _ in parts))
    seen = {o: total(d.expr for v, d in parts if v.output is o and d.expr is not None) for o in outputs}
    most = build.maximum(seen.values(), program.facts)
    chosen = next((o for o, count in seen.items() if count == most), outputs[0])
    mine = [(v, d) for v, d in parts if v.output is chosen]
    bound = any(d.bound for _, d in parts)
    extents = tuple(extent for _, d in mine for extent in d.extents) if most == seen[chosen] else ()
    if len(mine) == 1:
        return replace(mine[0][1], expr=most, bound=bound, extents=extents)
    figures = tuple(Figure(("of ", *named_sequence(v, start)), d.expr) for v, d in mine)
    words: list[str | Expr] = []
    for view, derived in mine:
        words += ["; "] if words else []
        words += ["of ", *named_sequence(view, start), ": ", *derived.reason]
    return Derived(most, tuple(words), bound=bound, figures=figures, extents=extents)


def _of_view(view: View) -> Derived:
    if not view.routes:
        return Derived(ZERO, ("no output reads an input position",))
    if len(view.sizes) == 1:
        extent = _extent(view, 0)
        return Derived(
            extent.count,
            (*_words(extent, view), *_closing(extent.why)),
            bound=bool(extent.why),
            extents=(((extent.count, extent.size),),),
        )
    widest = _widest(view)
    if widest is None:
        return _beside(view)
    alone = replace(view, routes=(widest,))
    only = len(view.routes) == 1
    extents = [_extent(alone, number, by_taps=only) for number in range(len(view.sizes))]
    why = next((e.why for e in extents if e.why), "") or next((r.why for r in view.routes if r.why), "")
    count = product(e.count for e in extents)
    figures = tuple(Figure(("along ", *named_axis(n, view.sizes)), e.count) for n, e in enumerate(extents))
    words: list[str | Expr] = []
    for number, extent in enumerate(extents):
        words += [", "] if words else []
        words += [extent.count, " along ", *named_axis(number, view.sizes)]
    if all(e.everything for e in extents):
        words = [_everywhere(view, sure=not why)]
    pairs = (tuple((e.count, e.size) for e in extents),)
    return Derived(count, (*words, *_closing(why)), bound=bool(why), figures=figures, extents=pairs)


def _closing(why: str) -> Words:
    return (f"; {why}, so this is an upper bound",) if why else ()


def _widest(view: View) -> Route | None:
    """The route that holds what all others see."""
    for route in view.routes:
        if all(
            _inside(small, large, view.frame)
            for other in view.routes
            for small, large in zip(other.reach, route.reach, strict=True)
        ):
            return route
    return None


def _inside(small: Interval, large: Interval, frame: Frame) -> bool:
    before = frame.nonnegative(small.lower - large.lower) or frame.nonnegative(-large.lower)
    return before and (frame.nonnegative(large.upper - small.upper) or frame.nonnegative(large.upper - large.size + 1))


def _beside(view: View) -> Derived:
    """Several regions of an image of which none holds the others: together at most as much as all of them."""
    counts = []
    for route in view.routes:
        alone = replace(view, routes=(route,))
        counts.append(product(_extent(alone, n).count for n in range(len(view.sizes))))
    count = total(counts)
    whole = product(view.sizes)
    count = whole if view.facts.nonnegative(count - whole) else count
    return Derived(count, ("regions of different shapes together", *_closing("they overlap")), bound=True)


def _everywhere(view: View, *, sure: bool) -> str:
    """All positions are read, or may be: what is at most is not said to be."""
    if sure:
        return "every output position reads all positions" if view.axes else "the output reads all positions"
    return "an output position may read all positions" if view.axes else "the output may read all positions"


def _words(extent: Extent, view: View) -> Words:
    if extent.everything:
        scanned = all(any(i.near is not None for i in r.reach) for r in view.routes)
        if scanned:
            return ("the state carries every position, from both sides",)
        return (_everywhere(view, sure=not extent.why),)
    if view.aligned:
        sees = "may see" if extent.why else "sees"
        lower = [r.reach[0].lower for r in view.routes]
        upper = [r.reach[0].upper for r in view.routes]
        itself = extent.count == view.sizes[0]
        if any(view.frame.nonnegative(-end) for end in lower):
            return (f"the last position {sees} all {'up to its own' if itself else 'that come before it'}",)
        if any(view.frame.nonnegative(end - view.sizes[0] + 1) for end in upper):
            return (f"the first position {sees} all {'from its own on' if itself else 'that come after it'}",)
    if extent.behind is not None or extent.ahead is not None:
        return ("it reaches ", *sides(extent.behind, extent.ahead, view.facts))
    return ("the windows of the layers together span ", extent.count, plural(extent.count, "position"))


def _extent(view: View, number: int, *, by_taps: bool = True) -> Extent:
    """How many positions of one axis are seen from the place that sees most."""
    frame, size = view.frame, view.sizes[number]
    intervals = [r.reach[number] for r in view.routes]
    frames = [frame.within({place(a): (lo, hi) for a, lo, hi in r.domain}) for r in view.routes]
    why = _gap(intervals, frame)
    if any(everything(i, frame) for i in intervals):
        certain = any(i.certain and everything(i, frame) for i in intervals)
        return Extent(size, size, everything=True, why="" if certain else why)
    exact = True
    widths: list[Expr] = []
    for route, one in zip(view.routes, intervals, strict=True):
        for other_route, other in zip(view.routes, intervals, strict=True):
            # from the lower end of one to the upper end of another, where both hold
            both = _both(route, other_route, frame)
            if both is None:
                continue
            found = _width(one.lower, other.upper, both, size)
            if found is None:
                return Extent(size, size, why=why or "how far it reaches depends on the position")
            widths.append(found[0])
            exact = exact and found[1]
    count = build.maximum(widths, frame.facts)
    if frame.facts.nonnegative(count - size):
        count = size
    if by_taps and any(i.taps for i in intervals) and (fewer := _by_taps(intervals, frames)) is not None:
        count = build.minimum((count, fewer), frame.facts)
    if any(s.kind == "index" for s in count.symbols()):
        return Extent(size, size, why=why or "how far it reaches depends on the position")
    why = why or ("" if exact else "how far it reaches depends on the position")
    behind = ahead = None
    if view.aligned:
        here = from_atom(place(view.axes[0]))
        behind = build.maximum((here - i.lower for i in intervals), frame.facts)
        ahead = build.maximum((i.upper - here for i in intervals), frame.facts)
        if any(s.kind == "index" for s in behind.symbols() | ahead.symbols()):
            behind = ahead = None
    return Extent(count, size, behind, ahead, why=why)


def _both(one: Route, other: Route, frame: Frame) -> Frame | None:
    """The places at which two routes hold; None if there are none."""
    found = {place(axis): (first, last) for axis, first, last in one.domain}
    for axis, first, last in other.domain:
        lower, upper = found.get(place(axis), frame.ranges[place(axis)])
        if frame.never(upper - first) or frame.never(last - lower):
            return None
        ends = build.maximum((lower, first), frame.facts), build.minimum((upper, last), frame.facts)
        found[place(axis)] = ends
    return frame.within(found) if found else frame


def _by_taps(intervals: Sequence[Interval], frames: Sequence[Frame]) -> Expr | None:
    """The positions of a progression, or of one and a window behind it: as many as there are steps to the border."""
    found: list[Expr] = []
    for interval, frame in zip(intervals, frames, strict=True):
        width = _width(interval.lower, interval.upper, frame, interval.size)
        apart = all(o is interval or _apart(o, interval, frame) for o in intervals)
        if width is None or not apart or interval.near is not None or len(interval.taps) > 1:
            return None
        if not interval.taps:
            found.append(width[0])
            continue
        (tap,) = interval.taps
        reach, count = frame.most(interval.upper), frame.most(tap.count)
        if reach is None or any(s.kind == "index" for s in tap.step.symbols()):
            return None
        steps = build.floor(reach / tap.step, frame.facts) + 1
        found.append(steps if count is None else build.minimum((steps, count), frame.facts))
    return total(found)


def _apart(one: Interval, other: Interval, frame: Frame) -> bool:
    """Do two intervals share no position?"""
    return frame.never(one.upper - other.lower) or frame.never(other.upper - one.lower)


def _width(lower: Expr, upper: Expr, frame: Frame, size: Expr) -> tuple[Expr, bool] | None:
    """(the most positions between two ends, over all places; is that reached?), cut off at a border where an end is
    there."""
    if frame.nonnegative(-lower):
        lower = ZERO
    if frame.nonnegative(upper - size + 1):
        upper = size - 1
    width = upper - lower + 1
    if not width.symbols() & frame.ranges.keys():
        return width, True
    stepped = rounded_gap(width, frame)
    if stepped is not None:
        return stepped
    most = frame.most(width)
    if most is None:
        return None
    exact = not any(isinstance(atom, Rounded) for atom in width.atoms())
    return build.floor(most, frame.facts), exact


def _gap(intervals: Sequence[Interval], frame: Frame) -> str:
    """Why it may be less: what data decides, taps with gaps between them, windows beside each other that do not
    touch."""
    if why := next((i.why for i in intervals if i.why), ""):
        return why
    widest = [i for i in intervals if all(_inside(other, i, frame) for other in intervals)]
    if widest:
        return "there are gaps between the taps" if all(i.taps for i in widest) else ""
    if any(i.taps for i in intervals):
        return "there are gaps between the taps"
    for one in intervals:
        if not all(_touch(one, other, frame) for other in intervals):
            return "there are gaps between the windows"
    return ""


def _touch(one: Interval, other: Interval, frame: Frame) -> bool:
    return frame.nonnegative(one.upper + 1 - other.lower) and frame.nonnegative(other.upper + 1 - one.lower)
