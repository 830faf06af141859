"""Aligned steps laid out: steps and a width go in; where each line ends and where the reasons stand come out.

It knows no markup: a `Ruler` says how wide things are in the format at hand, in any unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from math import ceil

from ..document import Step, Text
from ..formula import Formula
from ..notation.marks import unmarked
from .lines import Measure, break_lines


@dataclass(frozen=True)
class Ruler:
    """What a format needs to know of widths. `write` gives a formula with its marks, `flat` one without tall parts."""

    width: float
    write: Callable[[Formula], str]
    flat: Callable[[Formula], str]
    measure: Measure
    reason_width: Callable[[Text], float]
    relation: float
    indent: float
    gap: float
    joint: str


@dataclass(frozen=True)
class LaidStep:
    """A left side that is too long has lines of its own, `left_above`, over `relation right`."""

    left: str
    left_above: tuple[str, ...]
    relation: str
    lines: tuple[str, ...]
    reason: Text


@dataclass(frozen=True)
class LaidSteps:
    """`beside` is the width of the column of reasons; 0 puts each reason beneath its formula."""

    steps: tuple[LaidStep, ...]
    left: float
    right: float
    beside: float


@dataclass(frozen=True)
class _Tried:
    cost: float
    sticks_out: bool
    laid: LaidSteps


def lay_out_steps(steps: tuple[Step, ...], ruler: Ruler) -> LaidSteps:
    """The layout that needs the fewest lines, where a broken formula counts for more than a wrapped reason."""
    widths = [ruler.measure(unmarked(ruler.write(step.left))) if step.left is not None else 0.0 for step in steps]
    left = max((width for width in widths if width <= 0.34 * ruler.width), default=0.0)
    reasons = [ruler.reason_width(step.reason) if step.reason else 0.0 for step in steps]
    unbroken = max((ruler.measure(unmarked(ruler.write(step.right))) for step in steps), default=0.0) + ruler.relation
    columns = list(_columns_for(max(reasons, default=0.0), ruler.width - left - unbroken - 1.01 * ruler.gap, ruler))
    tried = [_tried(steps, widths, reasons, left, beside, ruler) for beside in columns]
    if all(layout.sticks_out for layout in tried):  # then each left side stands above, where it takes no width
        tried += [_tried(steps, widths, reasons, 0.0, beside, ruler) for beside in columns]
    return min(tried, key=lambda layout: layout.cost).laid


def _tried(
    steps: tuple[Step, ...], widths: list[float], reasons: list[float], left: float, beside: float, ruler: Ruler
) -> _Tried:
    """The layout with so wide a column of left sides and of reasons, and what it costs."""
    room = ruler.width - left - (beside + ruler.gap if beside else 0.0)
    laid = []
    for step, width in zip(steps, widths, strict=True):
        above = tuple(_broken(step.left, room, room - ruler.indent, ruler)) if step.left and width > left else ()
        text = unmarked(ruler.write(step.left)) if step.left and not above else ""
        lines = tuple(_lines(step.right, room, room - (ruler.indent if above else 0.0), ruler))
        laid.append(LaidStep(text, above, step.relation, lines, step.reason))
    right = max(_line_width(line, place, ruler) for step in laid for place, line in enumerate(step.lines))
    right = max([right, *(ruler.measure(line) for step in laid for line in step.left_above)])
    cost = _cost(laid, reasons, beside, ruler.width - left) + max(0.0, 1000 * (right - room) / ruler.width)
    return _Tried(cost, right > room, LaidSteps(tuple(laid), left, right, beside))


def _columns_for(widest: float, left_over: float, ruler: Ruler) -> Iterator[float]:
    """Widths to try for the column of reasons; `left_over` is what the formulas on one line each leave."""
    if widest:
        yield widest
    if 0.2 * ruler.width <= left_over < widest:
        yield left_over
    yield from (share * ruler.width for share in (0.5, 0.42, 0.36, 0.3, 0.25) if share * ruler.width < widest)
    yield 0.0


def _lines(right: Formula, room: float, first_room: float, ruler: Ruler) -> list[str]:
    return _broken(right, first_room - ruler.relation, room - ruler.relation - ruler.indent, ruler)


def _broken(formula: Formula, first: float, rest: float, ruler: Ruler) -> list[str]:
    """The formula in lines; without fraction bars and roots if one of them is too wide."""
    marked = ruler.write(formula)
    if ruler.measure(unmarked(marked)) <= first:
        return [unmarked(marked)]
    lines = break_lines(marked, first, rest, ruler.measure, ruler.joint)
    if all(ruler.measure(line) <= (rest if place else first) for place, line in enumerate(lines)):
        return lines
    return break_lines(ruler.flat(formula), first, rest, ruler.measure, ruler.joint)


def _line_width(line: str, place: int, ruler: Ruler) -> float:
    return ruler.measure(line) + ruler.relation + (ruler.indent if place else 0.0)


def _cost(steps: list[LaidStep], reasons: list[float], beside: float, below: float) -> float:
    cost = 0.0
    for step, reason in zip(steps, reasons, strict=True):
        high = len(step.lines) + len(step.left_above)
        breaks = 1.2 * (len(step.lines) - 1)
        if not reason:
            wrapped = 0
        elif beside:
            wrapped = ceil(1.12 * reason / beside) if reason > beside else 1
        else:
            wrapped = ceil(1.05 * reason / (0.9 * below))
        cost += breaks + (max(high, wrapped) if beside else high + 1.1 * wrapped)
    return cost


def column_widths(natural: list[float], least: list[float], room: float) -> list[float] | None:
    """Widths of the columns of a table in `room`: the widest give way first, none below its `least`; None if none fit.

    >>> [round(width) for width in column_widths([10, 80, 60], [10, 20, 20], 100) or ()]
    [10, 45, 45]
    """
    if sum(natural) <= room:
        return list(natural)
    if sum(least) > room:
        return None
    low, high = 0.0, max(natural)
    for _ in range(40):  # the level at which widths between least and natural fill the room
        level = (low + high) / 2
        low, high = (level, high) if sum(map(_clamped, least, natural, repeat(level))) <= room else (low, level)
    return [_clamped(floor, ceiling, low) for floor, ceiling in zip(least, natural, strict=True)]


def _clamped(floor: float, ceiling: float, level: float) -> float:
    return min(max(level, floor), ceiling)
