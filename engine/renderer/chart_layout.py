"""A chart laid out: where its frame, its ticks and its labels stand, so that no two labels overlap.

Lengths are those of the writer (pixels, points), y goes down. Both writers of plots print what is decided here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ..chart import Axis, Chart, Curve, Point, Tick, Words

LINE: Final = 1.25  # of the height of letters: from one line of a label to the next
SHAPES: Final = ("circle", "square", "triangle", "diamond", "drop", "cross")
# Dashes and gaps in units of the width of a line; none for a whole one.
DASHES: Final[tuple[tuple[float, ...], ...]] = (
    (),
    (5, 2.4),
    (1.4, 1.8),
    (7, 2, 1.4, 2),
    (10, 3),
    (3, 1.6, 1, 1.6, 1, 1.6),
)
# Told apart by those who see no red, green or blue (after Okabe and Ito 2008), with contrast for text.
LIGHT: Final = ("#0b66a8", "#b5440b", "#00745a", "#93417a", "#6b5a00", "#3f4750")
DARK: Final = ("#6cb8f0", "#ff9d66", "#4fd0aa", "#e79acb", "#dcc04a", "#c3cad2")
_ROOM: Final = 0.34  # of the width, that labels may take
_FLAT: Final = 0.62  # height of a frame by its width
_COVERED: Final = 15.0  # what a label that lies on a curve costs, where 2 is one more letter away from its dot
# Around a dot, in degrees from the right downwards, with how much worse than the best each is.
_TURNS: Final = (
    (0.0, 35),
    (0.1, 60),
    (0.2, 145),
    (0.3, 325),
    (0.3, 120),
    (0.4, 215),
    (0.4, 300),
    (0.5, 90),
    (0.5, 240),
    (0.6, 270),
    (0.8, 0),
    (0.9, 180),
)
_JOINTS: Final = re.compile(r"(?<=[_\-.:/ ])|(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class Look:
    """How a curve is told from others: by each of colour, dashes and mark, and beyond six by two of them together."""

    colour: int
    dashes: tuple[float, ...]
    shape: str


def look_of(number: int) -> Look:
    again = number // 6
    return Look(number % 6, DASHES[(number + again) % 6], SHAPES[(number + 2 * again) % 6])


@dataclass(frozen=True)
class Box:
    """A rectangle of the picture."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def inside(self, other: Box) -> bool:
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.top <= self.top
            and self.bottom <= other.bottom
        )


@dataclass(frozen=True)
class Label:
    """The names of a curve beside its end; `lead` is the way from there to them."""

    curve: Curve
    lines: tuple[str, ...]
    box: Box
    mark: Point
    lead: tuple[Point, ...]


@dataclass(frozen=True)
class Dot:
    """A place where curves meet; `box` is where its label stands, None where there is no room for one. `lead` joins
    them where they are apart."""

    at: Point
    label: Words
    leading: bool
    box: Box | None
    lead: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Pen:
    """`em` is the height of letters, `measure` how wide words are."""

    em: float
    measure: Callable[[Words], float]


@dataclass(frozen=True)
class Sheet:
    """`columns` and `rows` are the ticks of the two axes that have labels; the others are minor."""

    chart: Chart
    frame: Box
    width: float
    labels: tuple[Label, ...]
    dots: tuple[Dot, ...]
    columns: tuple[Tick, ...]
    rows: tuple[Tick, ...]

    def at(self, place: Point) -> Point:
        return placed(self.chart, self.frame, place)


def placed(chart: Chart, frame: Box, place: Point) -> Point:
    x = frame.left + (frame.right - frame.left) * chart.size.share(place[0])
    y = frame.bottom - (frame.bottom - frame.top) * chart.quantity.share(place[1])
    return x, y


def lay_out(chart: Chart, width: float, pen: Pen) -> Sheet:
    """The chart in a given width. It gets higher where there are many curves."""
    em = pen.em
    lines = [_wrapped(curve.names, _ROOM * width - 3 * em, pen) for curve in chart.curves]
    beside = max(pen.measure((line,)) for label in lines for line in label) + 3.2 * em
    left = max(pen.measure(tick.label) for tick in chart.quantity.ticks) + 0.9 * em
    across = max(width - beside - left, 0.3 * width)
    heights = [LINE * em * len(label) + 0.35 * em for label in lines]
    top = 2.1 * em
    down = max(_FLAT * across, sum(heights) + em)
    frame = Box(left, top, left + across, top + down)
    labels = tuple(_labels(chart, frame, lines, heights, pen))
    columns = _spread(chart.size, across, lambda tick: pen.measure(tick.label) + 1.2 * em)
    rows = _spread(chart.quantity, down, lambda _: 1.8 * em)
    return Sheet(chart, frame, width, labels, tuple(_dots(chart, frame, labels, pen)), columns, rows)


def _spread(axis: Axis, length: float, size: Callable[[Tick], float]) -> tuple[Tick, ...]:
    """As many ticks as there is room for: from the first to the last, or at powers of one power, 10⁰, 10⁵, 10¹⁰."""
    ticks = axis.ticks
    unit = ticks[1].at - ticks[0].at if len(ticks) > 1 else 1.0
    for every in range(1, len(ticks) + 1):
        whole = (len(ticks) - 1) % every == 0
        kept = [t for n, t in enumerate(ticks) if (n if whole else round(t.at / unit)) % every == 0]
        if all(length * (axis.share(b.at) - axis.share(a.at)) >= (size(a) + size(b)) / 2 for a, b in pairwise(kept)):
            return tuple(kept)
    return ticks[:1]


# ---------------------------------------------------------------- labels of curves


def _wrapped(names: Sequence[str], room: float, pen: Pen) -> tuple[str, ...]:
    """Names in lines that fit, broken at joints, else anywhere; a very long label is cut off."""
    lines: list[str] = []
    for number, name in enumerate(names):
        text = name + ("," if number < len(names) - 1 else "")
        line = ""
        for part in _JOINTS.split(text):
            for piece in _pieces(part, room, pen):
                if line and pen.measure(((line + piece).rstrip(),)) > room:
                    lines.append(line.rstrip())
                    line = ""
                line += piece
        lines.append(line.rstrip())
    return tuple(lines) if len(lines) <= 6 else (*lines[:5], "…")


def _pieces(part: str, room: float, pen: Pen) -> Iterator[str]:
    while pen.measure((part,)) > room:
        count = max(1, next(n for n in range(len(part), 0, -1) if n == 1 or pen.measure((part[:n],)) <= room))
        yield part[:count]
        part = part[count:]
    yield part


def _labels(
    chart: Chart, frame: Box, lines: Sequence[tuple[str, ...]], heights: Sequence[float], pen: Pen
) -> Iterator[Label]:
    """Each as near as it can be to the end of its curve, in the order of these."""
    em = pen.em
    ends = [placed(chart, frame, curve.end) for curve in chart.curves]
    order = sorted(range(len(ends)), key=lambda n: (ends[n][1], _before(chart, frame, chart.curves[n])))
    middles = apart([ends[n][1] for n in order], [heights[n] for n in order], frame.top - 0.5 * em, frame.bottom)
    for n, middle in zip(order, middles, strict=True):
        (x, y), right = ends[n], frame.right
        lead = ((x, y), (right + 0.5 * em, y), (right + 1.4 * em, middle), (right + 2.0 * em, middle))
        start, half = right + 3.0 * em, LINE * em * len(lines[n]) / 2
        wide = max(pen.measure((line,)) for line in lines[n])
        box = Box(start, middle - half, start + wide, middle + half)
        yield Label(chart.curves[n], lines[n], box, (right + 2.2 * em, middle), lead)


def _before(chart: Chart, frame: Box, curve: Curve) -> float:
    """How high a curve is shortly before its end, for those that end together."""
    run = curve.runs[-1]
    return placed(chart, frame, run[-2] if len(run) > 1 else run[-1])[1]


def apart(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Middles of intervals of given sizes that do not overlap, in their order, inside of a range that is long enough,
    with the least squares of their distances from what is wanted.

    >>> apart([10, 11, 40], [4, 4, 4], 0, 100)
    [8.5, 12.5, 40.0]
    """
    groups: list[tuple[list[float], float]] = []  # where the first of each group wants to be, and its length
    members: list[list[float]] = []
    for middle, size in zip(wanted, sizes, strict=True):
        groups.append(([middle - size / 2], size))
        members.append([size])
        while len(groups) > 1 and _start(groups[-2], low, high) + groups[-2][1] > _start(groups[-1], low, high):
            starts, length = groups.pop()
            groups[-1] = ([*groups[-1][0], *(start - groups[-1][1] for start in starts)], groups[-1][1] + length)
            members[-2:] = [members[-2] + members[-1]]
    found = []
    for group, inner in zip(groups, members, strict=True):
        place = _start(group, low, high)
        for size in inner:
            found.append(place + size / 2)
            place += size
    return found


def _start(group: tuple[list[float], float], low: float, high: float) -> float:
    starts, length = group
    return max(low, min(sum(starts) / len(starts), high - length))


# ---------------------------------------------------------------- where curves meet


def _dots(chart: Chart, frame: Box, labels: Sequence[Label], pen: Pen) -> Iterator[Dot]:
    """The leading ones choose first where their labels stand."""
    em = pen.em
    spots = [placed(chart, frame, meeting.at) for meeting in chart.meetings]
    taken = [Box(x - 0.5 * em, y - 0.5 * em, x + 0.5 * em, y + 0.5 * em) for x, y in spots]
    ways = [
        (placed(chart, frame, a), placed(chart, frame, b))
        for curve in chart.curves
        for run in curve.runs
        for a, b in pairwise(run)
    ]
    marks = [placed(chart, frame, mark) for curve in chart.curves for mark in curve.marks]
    ways += [pair for label in labels for pair in pairwise(label.lead)]
    leads: list[tuple[Point, ...]] = []
    order = sorted(range(len(spots)), key=lambda n: not chart.meetings[n].leading)
    for n in order:
        meeting = chart.meetings[n]
        wide = pen.measure(meeting.label)
        found = None
        others = [box for m, box in enumerate(taken) if m != n]
        for cost, box in _places(spots[n], wide, em):
            lead = _lead(spots[n], box, em)
            if not box.inside(frame) or any(box.overlaps(other) for other in others):
                continue
            if lead and any(_crosses(other, *lead) for other in others):
                continue
            if any(_crosses(box, *known) for known in leads):
                continue
            crossed = sum(_crosses(box, a, b) for a, b in ways)
            crossed += sum(box.left < x < box.right and box.top < y < box.bottom for x, y in marks)
            cost += _COVERED * crossed
            if found is None or cost < found[0]:
                found = cost, box
        if found is None:
            yield Dot(spots[n], meeting.label, meeting.leading, None)
            continue
        taken.append(found[1])
        lead = _lead(spots[n], found[1], em)
        leads += [lead] * bool(lead)
        yield Dot(spots[n], meeting.label, meeting.leading, found[1], lead)


def _places(spot: Point, wide: float, em: float) -> Iterator[tuple[float, Box]]:
    """Where a label may stand, and how far off that is: below on the right is best, where a curve seldom goes."""
    x, y = spot
    high = LINE * em
    for far in (0.7, 1.6, 2.8, 4.2, 6.0, 8.0, 10.0):
        for worse, turn in _TURNS:
            across, down = math.cos(math.radians(turn)), math.sin(math.radians(turn))
            u = x + far * em * across + (wide / 2 * _sign(across))
            v = y + far * em * down + high / 2 * _sign(down)
            yield 2 * far + worse, Box(u - wide / 2, v - high / 2, u + wide / 2, v + high / 2)


def _sign(value: float) -> int:
    return 0 if abs(value) < 1e-9 else 1 if value > 0 else -1


def _lead(spot: Point, box: Box, em: float) -> tuple[Point, ...]:
    """A line to a label that does not stand beside its dot."""
    x, y = min(max(spot[0], box.left), box.right), min(max(spot[1], box.top), box.bottom)
    return (spot, (x, y)) if math.dist(spot, (x, y)) > 1.2 * em else ()


def _crosses(box: Box, a: Point, b: Point) -> bool:
    """Does a stretch go through a box (Liang and Barsky 1984)?"""
    begin, end = 0.0, 1.0
    across, down = b[0] - a[0], b[1] - a[1]
    for step, room in (
        (-across, a[0] - box.left),
        (across, box.right - a[0]),
        (-down, a[1] - box.top),
        (down, box.bottom - a[1]),
    ):
        if step == 0:
            if room < 0:
                return False
        elif step < 0:
            begin = max(begin, room / step)
        else:
            end = min(end, room / step)
    return begin <= end
