"""Aligned steps laid out: steps and a width go in; where each line ends and where the reasons stand come out.

It knows no markup: a `Ruler` says how wide things are in the format at hand, in any unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from math import ceil
from typing import NamedTuple

from ..document import Step, Text
from ..formula import Formula
from ..notation.marks import OPENINGS, unmarked
from .lines import Measure, Piece, joined, pieces


class Ruler(NamedTuple):
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
    reason_least: Callable[[Text], float] = lambda reason: 0.0  # its widest part that stays together
    arrow: float = 0.0  # by how much ← is wider than =
    behind: float | None = None  # the gap before a reason in the line of its formula, where that may be


_BEHIND = 0.45  # of a line: reasons in a column are easier to read
_BREAK = 1.2
_NARROWER = 0.9  # what a formula without fraction bars and roots may be, of the width with them
_AFTER_A_BRACKET = 6.0  # more than anything else, but for what sticks out
_LEFT_SHARES = (0.34, 0.45)  # of the width: longer left sides stand above


class LaidStep(NamedTuple):
    """A left side that is too long has lines of its own, `left_above`, over `relation right`. Without a column of
    reasons, one that fits stands behind the last line, at a `stop` that most of them share (0: beneath it)."""

    left: str
    left_above: tuple[str, ...]
    relation: str
    lines: tuple[str, ...]
    reason: Text
    stop: float = 0.0


class LaidSteps(NamedTuple):
    """`beside` is the width of the column of reasons; 0 puts each reason beneath its formula."""

    steps: tuple[LaidStep, ...]
    left: float
    right: float
    beside: float


class _Widths(NamedTuple):
    """Of the left sides, of the relation and the right side, and of the reasons, each on one line; 0 for what a step
    has not."""

    lefts: tuple[float, ...]
    rights: tuple[float, ...]
    reasons: tuple[float, ...]


class _Tried(NamedTuple):
    cost: float
    sticks_out: bool
    laid: LaidSteps


def in_brackets(reason: Text) -> Text:
    """A reason as it stands beside its formula: a shape has brackets of its own."""
    return reason if str(reason[0]).startswith(("(", "[")) else ("(", *reason, ")")


def lay_out_steps(steps: tuple[Step, ...], ruler: Ruler) -> LaidSteps:
    """The layout that needs the fewest lines, where a broken formula counts for more than a wrapped reason."""
    if any(step.relation == "<-" for step in steps):
        ruler = ruler._replace(relation=ruler.relation + ruler.arrow)
    known = _Remembering(ruler)
    widths = _Widths(
        tuple(known.measure(unmarked(known.write(step.left))) if step.left is not None else 0.0 for step in steps),
        tuple(known.measure(unmarked(known.write(step.right))) + ruler.relation for step in steps),
        tuple(ruler.reason_width(step.reason) if step.reason else 0.0 for step in steps),
    )
    least = max((ruler.reason_least(step.reason) for step in steps if step.reason), default=0.0)
    unbroken = max(widths.rights, default=ruler.relation)
    lefts = [max((w for w in widths.lefts if w <= share * ruler.width), default=0.0) for share in _LEFT_SHARES]
    choices: list[tuple[float, float]] = []
    for left in dict.fromkeys(lefts):
        left_over = ruler.width - left - unbroken - 1.01 * ruler.gap
        columns = [c for c in _columns_for(max(widths.reasons, default=0.0), left_over, known) if c >= least or c == 0]
        choices += [(left, beside) for beside in columns]
    best = _best_of(choices, steps, widths, known)
    if best.sticks_out and all(_tried(steps, widths, *choice, known).sticks_out for choice in choices):
        # Then each left side stands above, where it takes no width.
        above = _best_of([(0.0, beside) for beside in columns], steps, widths, known)
        best = min(best, above, key=lambda layout: layout.cost)
    return best.laid if best.laid.beside or ruler.behind is None else _aligned(best.laid, widths, ruler)


def _best_of(
    choices: Sequence[tuple[float, float]], steps: tuple[Step, ...], widths: _Widths, known: _Remembering
) -> _Tried:
    """The cheapest layout, of widths for the left sides and for the reasons; the first of several. What must cost more
    than one that is found is not laid out."""
    bounds = [_least_cost(widths, left, beside, known.ruler) for left, beside in choices]
    found: tuple[float, int, _Tried] | None = None
    for bound, place in sorted(zip(bounds, range(len(choices)), strict=True)):
        if found is None or (bound, place) < found[:2]:
            tried = _tried(steps, widths, *choices[place], known)
            if found is None or (tried.cost, place) < found[:2]:
                found = tried.cost, place, tried
    assert found is not None
    return found[2]


def _aligned(laid: LaidSteps, widths: _Widths, ruler: Ruler) -> LaidSteps:
    """The steps with one stop for as many reasons as there is room for."""
    assert ruler.behind is not None
    width = ruler.width - ruler.behind
    behind = [(step.stop, reason) for step, reason in zip(laid.steps, widths.reasons, strict=True) if step.stop]

    def fits(step: float, reason: float, stop: float) -> bool:
        return 0.0 < step <= stop and laid.left + stop + reason <= width

    best = max(
        (stop for stop, _ in behind),
        key=lambda stop: (sum(fits(own, reason, stop) for own, reason in behind), stop),
        default=0.0,
    )
    steps = (
        step._replace(stop=best) if fits(step.stop, reason, best) else step
        for step, reason in zip(laid.steps, widths.reasons, strict=True)
    )
    return laid._replace(steps=tuple(steps))


class _Remembering:
    """A ruler that answers at once what it was asked before: every layout that is tried asks for the same pieces and
    widths."""

    def __init__(self, ruler: Ruler) -> None:
        self.ruler = ruler
        self.write = ruler.write
        self.flat = ruler.flat
        self._widths: dict[str, float] = {}
        self._cut: dict[str, list[Piece]] = {}

    def measure(self, text: str) -> float:
        known = self._widths.get(text)
        if known is None:
            known = self._widths[text] = self.ruler.measure(text)
        return known

    def cut(self, marked: str) -> list[Piece]:
        if marked not in self._cut:
            self._cut[marked] = pieces(marked, self.measure)
        return self._cut[marked]


def _tried(steps: tuple[Step, ...], widths: _Widths, left: float, beside: float, known: _Remembering) -> _Tried:
    """The layout with so wide a column of left sides and of reasons, and what it costs."""
    room = known.ruler.width - left - (beside + known.ruler.gap if beside else 0.0)
    laid = []
    for step, width, reason in zip(steps, widths.lefts, widths.reasons, strict=True):
        above = tuple(_broken(step.left, room, room - known.ruler.indent, known)) if step.left and width > left else ()
        text = unmarked(known.write(step.left)) if step.left and not above else ""
        lines = tuple(_lines(step.right, room, room - (known.ruler.indent if above else 0.0), known))
        stop = 0.0
        if reason and not beside and known.ruler.behind is not None:
            taken = _line_width(lines[-1], len(lines) - 1, known) + (known.ruler.indent if above else 0.0)
            stop = taken if taken + known.ruler.behind + reason <= room else 0.0
        laid.append(LaidStep(text, above, step.relation, lines, step.reason, stop))
    right = max(_line_width(line, place, known) for step in laid for place, line in enumerate(step.lines))
    aboves = ((place, line) for step in laid for place, line in enumerate(step.left_above))
    right = max([right, *(known.measure(line) + (known.ruler.indent if place else 0.0) for place, line in aboves)])
    cost = _cost(laid, widths.reasons, beside, known.ruler.width - left) + max(
        0.0, 1000 * (right - room) / known.ruler.width
    )
    return _Tried(cost, right > room, LaidSteps(tuple(laid), left, right, beside))


def _columns_for(widest: float, left_over: float, known: _Remembering) -> Iterator[float]:
    """Widths to try for the column of reasons; `left_over` is what the formulas on one line each leave."""
    if widest:
        yield widest
    if 0.2 * known.ruler.width <= left_over < widest:
        yield left_over
    yield from (
        share * known.ruler.width for share in (0.5, 0.42, 0.36, 0.3, 0.25) if share * known.ruler.width < widest
    )
    yield 0.0


def _lines(right: Formula, room: float, first_room: float, known: _Remembering) -> list[str]:
    return _broken(right, first_room - known.ruler.relation, room - known.ruler.relation - known.ruler.indent, known)


def _broken(formula: Formula, first: float, rest: float, known: _Remembering) -> list[str]:
    """The formula in lines; without fraction bars and roots if one of them is too wide, and in the last resort with
    lines that end after a bracket."""
    marked = known.write(formula)
    if known.measure(unmarked(marked)) <= first:
        return [unmarked(marked)]
    for written, anywhere in ((marked, False), (known.flat(formula), False), (known.flat(formula), True)):
        lines = joined(known.cut(written if anywhere else OPENINGS.sub("", written)), first, rest, known.ruler.joint)
        if all(known.measure(line) <= (rest if place else first) for place, line in enumerate(lines)):
            break
    return lines


def _line_width(line: str, place: int, known: _Remembering) -> float:
    return known.measure(line) + known.ruler.relation + (known.ruler.indent if place else 0.0)


def _cost(steps: list[LaidStep], reasons: Sequence[float], beside: float, below: float) -> float:
    cost = 0.0
    for step, reason in zip(steps, reasons, strict=True):
        high = len(step.lines) + len(step.left_above)
        cost += _AFTER_A_BRACKET * sum(line.endswith("(") for line in (*step.lines, *step.left_above))
        cost += _step_cost(len(step.lines), high, reason, beside, below, behind=step.stop > 0)
    return cost


def _step_cost(lines: int, high: int, reason: float, beside: float, below: float, *, behind: bool) -> float:
    """A step of so many lines, `high` with those of its left side."""
    breaks = _BREAK * (lines - 1)
    if not reason:
        return breaks + high
    if beside:
        return breaks + max(high, ceil(1.12 * reason / beside) if reason > beside else 1)
    if behind:
        return breaks + high + _BEHIND
    return breaks + high + 1.1 * ceil(1.05 * reason / (0.9 * below))


def _least_cost(widths: _Widths, left: float, beside: float, ruler: Ruler) -> float:
    """What a layout costs at least: each line full."""
    room = ruler.width - left - (beside + ruler.gap if beside else 0.0)
    rest = max(room - ruler.relation - ruler.indent, 1.0)
    cost = 0.0
    for own, right, reason in zip(widths.lefts, widths.rights, widths.reasons, strict=True):
        lines = 1 if right <= room else 1 + ceil((_NARROWER * right - room) / rest)
        cost += _step_cost(lines, lines + (own > left), reason, beside, ruler.width - left, behind=not beside)
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
