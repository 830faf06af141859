"""Aligned steps for HTML: steps go in; the cells of a grid, and where the reasons stand, come out.

Where lines end is up to the browser. All widths are in em.
"""

from __future__ import annotations

from math import ceil, inf
from typing import Final, NamedTuple

from ..document import Step
from .html_prose import PHONE, Prose, Writer

RELATIONS: Final = {
    "<=": "≤",
    ">=": "≥",
    "==": "=",
    "!=": "≠",
    "~": "≈",
    "in": "∈",
    "<-": "←",
    "<": "&lt;",
    ">": "&gt;",
}

LINE: Final = 40.0  # of the page on a large screen
RELATION: Final = 1.4
GAP: Final = 2.0
HANGING: Final = 1.5  # by which lines that go on are moved in
WIDE_LEFT: Final = 13.0  # a left side that is wider stands above its formula
WIDE_LEFT_ON_A_PHONE: Final = 5.5
REASON_SIZE: Final = 0.92
SHARES: Final = (0.5, 0.42, 0.36, 0.3, 0.25)  # of the line, for wrapped reasons


class LaidStep(NamedTuple):
    """`left` is empty where a line goes on with the one above it; `above` puts it on a line of its own."""

    left: str
    relation: str
    right: str
    reason: str
    above: bool


class LaidSteps(NamedTuple):
    """`beside` is the least width of the column of reasons; 0 puts each beneath its formula. `stacked` ones have their
    left sides above the formulas on a phone."""

    steps: tuple[LaidStep, ...]
    beside: float
    stacked: bool


def lay_out_steps(steps: tuple[Step, ...], writer: Writer) -> LaidSteps:
    """The steps with their reasons beside them if there is room on a large screen."""
    lefts = [writer.formula(step.left, display=True) if step.left is not None else None for step in steps]
    wide_lefts = [left.width for left in lefts if left is not None]
    left = max((wide for wide in wide_lefts if wide <= WIDE_LEFT), default=0.0)
    stacked = max(wide_lefts, default=0.0) > WIDE_LEFT_ON_A_PHONE
    room = PHONE + 1 - RELATION - HANGING - (1.0 if stacked else left)
    rights = [writer.formula(step.right, display=True, room=room) for step in steps]
    reasons = [writer.prose(step.reason, room=room) for step in steps]
    laid = tuple(
        LaidStep(
            before.html if before else "",
            RELATIONS.get(step.relation, step.relation),
            after.html,
            reason.html,
            before is not None and before.width > WIDE_LEFT,
        )
        for step, before, after, reason in zip(steps, lefts, rights, reasons, strict=True)
    )
    return LaidSteps(laid, _beside(left, rights, reasons), stacked)


def _beside(left: float, rights: list[Prose], reasons: list[Prose]) -> float:
    """The width of the column of reasons that needs the fewest lines; 0 where they stand beneath."""
    natural = max(1.04 * REASON_SIZE * reason.width for reason in reasons)
    widths = [natural, *(share * LINE for share in SHARES if share * LINE < natural)] if natural else []
    return min([*widths, 0.0], key=lambda beside: _lines(LINE - left - RELATION, beside, rights, reasons))


def _lines(room: float, beside: float, rights: list[Prose], reasons: list[Prose]) -> float:
    """About how many lines the steps take, where a broken formula counts for more than a wrapped reason."""
    column = room - beside - GAP if beside else room
    if beside and column < max(right.least for right in rights):
        return inf
    lines = 0.0
    for right, reason in zip(rights, reasons, strict=True):
        high = ceil(right.width / column)
        wrapped = ceil(1.03 * REASON_SIZE * reason.width / (beside or column))
        lines += 1.2 * (high - 1) + (max(high, wrapped) if beside else high + 1.1 * wrapped)
    return lines
