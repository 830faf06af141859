"""The receptive field: input positions that one output position can see, read off the routes of a model.

It is the most over output positions; the border of a sequence cuts it off. It is exact where the taps leave no gap, and
otherwise at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..algebra import build
from ..algebra.expression import ZERO, Expr, from_atom, product, total
from ..dependences.coverage import View
from ..dependences.flows import Route
from ..dependences.intervals import Frame, Interval
from ..dependences.positions import NotDerived, positions
from ..program import Program
from ..scalars import place
from .derived import Derived, Figure, Words
from .stacks import sides
from .views import named_axis, named_sequence, views_of


@dataclass(frozen=True)
class Extent:
    """How many positions are seen along one axis, from how far back and ahead if that is the same everywhere; `gaps`
    tell that it is at most."""

    count: Expr
    behind: Expr | None
    ahead: Expr | None
    everything: bool
    why: str


def receptive_field(program: Program) -> Derived:
    """Input positions that one output position can see, at most; the border cuts them off."""
    try:
        start = positions(program.instance, program)
        parts = [(view, _of_view(view)) for view in views_of(program, program.instance)]
    except NotDerived as failure:
        return Derived(None, unknown=failure.sentence)
    outputs = {view.output for view, _ in parts}
    seen = {o: total(d.expr for v, d in parts if v.output is o and d.expr is not None) for o in outputs}
    if len(parts) == 1:
        return parts[0][1]
    most = build.maximum(seen.values(), program.facts)
    chosen = next((o for o, count in seen.items() if count == most), parts[0][0].output)
    mine = [(v, d) for v, d in parts if v.output is chosen]
    if len(start.sequences) == 1:
        found = mine[0][1]
        return Derived(most, found.reason if seen[chosen] == most else (), bound=any(d.bound for _, d in parts))
    figures = tuple(Figure(("of ", *named_sequence(v, start)), d.expr) for v, d in mine)
    words: list[str | Expr] = []
    for view, derived in mine:
        words += ["; "] if words else []
        words += ["of ", *named_sequence(view, start), ": ", *derived.reason]
    return Derived(most, tuple(words), bound=any(d.bound for _, d in parts), figures=figures)


def _of_view(view: View) -> Derived:
    if not view.routes:
        return Derived(ZERO, ("no output reads an input position",))
    extents = [_extent(view.on_axis(number), view.frame) for number in range(len(view.sizes))]
    why = next((e.why for e in extents if e.why), "")
    closing: Words = (f"; {why}, so this is an upper bound",) if why else ()
    if len(extents) == 1:
        return Derived(extents[0].count, (*_words(extents[0], view), *closing), bound=bool(why))
    count = product(e.count for e in extents)
    figures = tuple(Figure(("along ", *named_axis(n, view.sizes)), e.count) for n, e in enumerate(extents))
    if all(e.everything for e in extents):
        return Derived(count, ("every output position reads all positions", *closing), bound=bool(why), figures=figures)
    words: list[str | Expr] = []
    for number, extent in enumerate(extents):
        words += [", "] if words else []
        words += [extent.count, " along ", *named_axis(number, view.sizes)]
    return Derived(count, (*words, *closing), bound=bool(why), figures=figures)


def _words(extent: Extent, view: View) -> Words:
    if extent.everything:
        who = "every output position reads all positions" if view.axes else "the output reads all positions"
        if view.routes and all(any(i.near is not None for i in r.reach) for r in view.routes):
            return ("the state carries every position, from both sides",)
        return (who,)
    here = from_atom(place(view.axes[0])) if view.aligned else None
    if here is not None:
        lower = [r.reach[0].lower for r in view.routes]
        upper = [r.reach[0].upper for r in view.routes]
        if any(view.frame.nonnegative(-end) for end in lower):
            return ("the last position sees all that come before it",)
        if any(view.frame.nonnegative(end - view.sizes[0] + 1) for end in upper):
            return ("the first position sees all that come after it",)
    if extent.behind is not None or extent.ahead is not None:
        return ("it reaches ", *sides(extent.behind, extent.ahead, view.facts))
    return ("the windows of the layers together span ", extent.count, " positions")


def _extent(view: View, frame: Frame) -> Extent:
    """How many positions of one axis are seen from the place that sees most."""
    size = view.sizes[0]
    intervals = [(r.reach[0], {place(a): (lo, hi) for a, lo, hi in r.domain}) for r in view.routes]
    why = _gap(view.routes, frame)
    lower = build.minimum((i.lower for i, _ in intervals), frame.facts)
    upper = build.maximum((i.upper for i, _ in intervals), frame.facts)
    if frame.nonnegative(-lower) and frame.nonnegative(upper - size + 1):
        certain = any(i.certain and frame.nonnegative(-i.lower) and frame.nonnegative(i.upper - size + 1) for i, _ in intervals)
        return Extent(size, None, None, True, "" if certain else why)
    widths = []
    for interval, domain in intervals:
        width = _width(interval, frame.within(domain), size)
        if width is None:
            return Extent(size, None, None, False, why or "how far it reaches depends on the position")
        widths.append(width)
    hull = _width(Interval(lower, upper, size), frame, size)
    count = hull if hull is not None else build.maximum(widths, frame.facts)
    if frame.facts.nonnegative(count - size):
        count = size
    behind = ahead = None
    if view.aligned:
        here = from_atom(place(view.axes[0]))
        behind, ahead = here - lower, upper - here
        if any(s.name.startswith("@") for s in behind.symbols() | ahead.symbols()):
            behind = ahead = None
    return Extent(count, behind, ahead, False, why)


def _width(interval: Interval, frame: Frame, size: Expr) -> Expr | None:
    """The most positions between two ends, over all places; cut off at a border where one end is there."""
    lower, upper = interval.lower, interval.upper
    if frame.nonnegative(-lower):
        lower = ZERO
    if frame.nonnegative(upper - size + 1):
        upper = size - 1
    width = upper - lower + 1
    if not width.symbols() & frame.ranges.keys():
        return width
    return frame.most(width)


def _gap(routes: Sequence[Route], frame: Frame) -> str:
    """Why it may be less: what data decides, taps with gaps between them, windows beside each other that do not
    touch."""
    intervals = [r.reach[0] for r in routes]
    if why := next((i.why for i in intervals if i.why), ""):
        return why
    widest = [i for i in intervals if all(frame.nonnegative(o.lower - i.lower) and frame.nonnegative(i.upper - o.upper) for o in intervals)]
    if widest:
        return "there are gaps between the taps" if all(i.taps for i in widest) else ""
    if any(i.taps for i in intervals):
        return "there are gaps between the taps"
    for one in intervals:
        if not all(
            frame.nonnegative(one.upper + 1 - o.lower) and frame.nonnegative(o.upper + 1 - one.lower) for o in intervals
        ):
            return "there are gaps between the windows"
    return ""
