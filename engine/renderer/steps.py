"""Aligned steps laid out: steps and a width go in; where each line ends and where the reasons stand come out.

It knows no markup: a `Ruler` says how wide things are in the format at hand, in any unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


def lay_out_steps(steps: tuple[Step, ...], ruler: Ruler) -> LaidSteps:
    """The layout that needs the fewest lines, where a broken formula counts for more than a wrapped reason."""
    lefts = [unmarked(ruler.write(step.left)) if step.left is not None else "" for step in steps]
    widths = [ruler.measure(left) for left in lefts]
    short = [width for width in widths if width <= 0.34 * ruler.width]
    left = max(short, default=0.0)
    reasons = [ruler.reason_width(step.reason) if step.reason else 0.0 for step in steps]
    layouts = []
    unbroken = max((ruler.measure(unmarked(ruler.write(step.right))) for step in steps), default=0.0) + ruler.relation
    for beside in _columns_for(max(reasons, default=0.0), ruler.width - left - unbroken - 1.01 * ruler.gap, ruler):
        room = ruler.width - left - (beside + ruler.gap if beside else 0.0)
        if room < 0.25 * ruler.width:
            continue
        laid = tuple(
            LaidStep(
                "" if width > left else text,
                tuple(_left_lines(step.left, ruler.width - left, ruler)) if step.left and width > left else (),
                step.relation,
                tuple(_lines(step.right, room, ruler)),
                step.reason,
            )
            for step, text, width in zip(steps, lefts, widths, strict=True)
        )
        sticks_out = max(
            _line_width(line, place, ruler) - room for step in laid for place, line in enumerate(step.lines)
        )
        cost = _cost(laid, reasons, beside, ruler.width - left) + max(0.0, 1000 * sticks_out / ruler.width)
        layouts.append((cost, laid, beside))
    _, best, beside = min(layouts, key=lambda layout: layout[0])
    right = max(
        (_line_width(line, place, ruler) for step in best for place, line in enumerate(step.lines)), default=0.0
    )
    return LaidSteps(best, left, right, beside)


def _columns_for(widest: float, left_over: float, ruler: Ruler) -> Iterator[float]:
    """Widths to try for the column of reasons; `left_over` is what the formulas on one line each leave."""
    if widest:
        yield widest
    if 0.2 * ruler.width <= left_over < widest:
        yield left_over
    yield from (share * ruler.width for share in (0.5, 0.42, 0.36, 0.3, 0.25) if share * ruler.width < widest)
    yield 0.0


def _lines(right: Formula, room: float, ruler: Ruler) -> list[str]:
    first, rest = room - ruler.relation, room - ruler.relation - ruler.indent
    marked = ruler.write(right)
    if ruler.measure(unmarked(marked)) <= first:
        return [unmarked(marked)]
    lines = break_lines(marked, first, rest, ruler.measure, ruler.joint)
    if any(ruler.measure(line) > room for line in lines):
        lines = break_lines(ruler.flat(right), first, rest, ruler.measure, ruler.joint)
    return lines


def _left_lines(left: Formula, room: float, ruler: Ruler) -> list[str]:
    return break_lines(ruler.write(left), room, room - ruler.indent, ruler.measure, ruler.joint)


def _line_width(line: str, place: int, ruler: Ruler) -> float:
    return ruler.measure(line) + ruler.relation + (ruler.indent if place else 0.0)


def _cost(steps: tuple[LaidStep, ...], reasons: list[float], beside: float, below: float) -> float:
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

    >>> column_widths([10, 80, 60], [10, 20, 20], 100)
    [10, 45.0, 45.0]
    """
    if sum(natural) <= room:
        return list(natural)
    if sum(least) > room:
        return None
    widths = list(natural)
    fixed = {place for place, width in enumerate(natural) if least[place] >= width}
    while True:
        free = [place for place in range(len(widths)) if place not in fixed]
        share = (room - sum(widths[place] for place in fixed)) / max(len(free), 1)
        settled = [place for place in free if natural[place] <= share]
        squeezed = [place for place in free if least[place] > share]
        if not settled and not squeezed:
            return [share if place in free else width for place, width in enumerate(widths)]
        if settled:
            fixed.update(settled)
        else:
            for place in squeezed:
                widths[place] = least[place]
            fixed.update(squeezed)
