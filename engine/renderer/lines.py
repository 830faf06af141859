"""Long formulas cut into lines: a formula with marks, a width and a way to measure go in, lines come out.

It does not know the markup: what LaTeX needs around a broken bracket is done by its caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

from ..notation.marks import ANY_MARK, COMMA, FACTOR, OPENING, kind_and_depth

Measure = Callable[[str], float]

# What a break costs, in lines: a deeper one is worse, and so is one between factors, and one after a bracket far worse.
# In a chain of equations a line begins with its sign, if it can.
_DEPTH_COST = 0.5
_KIND_COST = {FACTOR: 1.2, COMMA: 0.3, OPENING: 3.0}
_CHAIN_GAIN = 0.35
# Of a line that is left empty, and of what sticks out: lines are filled where all else is alike, and hold what fits.
_EMPTY_COST = 0.2
_OUTSIDE_COST = 100.0


class Piece(NamedTuple):
    """What stands between two places to break: its text, its width, what a break before it costs, and whether it is a
    factor of what comes before."""

    text: str
    width: float
    cost: float
    factor: bool


def joined(parts: Sequence[Piece], first: float, rest: float, joint: str) -> list[str]:
    """The lines that the pieces of a formula make: the first at most `first` wide, the others at most `rest`, where
    that can be done, and broken where it costs the least. A line that begins with a factor gets `joint`, the sign of
    multiplication, before it.

    >>> joined(pieces("aa \\ue000+ bb \\ue000+ cc", len), 6, 6, "·")
    ['aa', '+ bb', '+ cc']
    """
    lines: list[str] = []
    ends = _ends(parts, first, rest)
    place = 0
    while place < len(parts):
        text = "".join(piece.text for piece in parts[place : ends[place]]).strip()
        begins_with_factor = lines and parts[place].factor and not text.startswith(joint.strip())
        lines.append(joint + text if begins_with_factor else text)
        place = ends[place]
    return lines


def pieces(marked: str, measure: Measure) -> list[Piece]:
    """A formula cut at every place where a line may end."""
    found = []
    for mark, text in zip(["", *ANY_MARK.findall(marked)], ANY_MARK.split(marked), strict=True):
        kind, depth = kind_and_depth(mark) if mark else ("", 0)
        cost = _DEPTH_COST * depth + _KIND_COST.get(kind, 0.0) - _CHAIN_GAIN * text.startswith("=")
        found.append(Piece(text, measure(text), cost, kind == FACTOR))
    return found


def _ends(parts: Sequence[Piece], first: float, rest: float) -> list[int]:
    """Where a line ends that begins at each place, so that it and all that follow cost the least together."""
    number = len(parts)
    ends = [number] * number
    after = [0.0] * (number + 1)  # the cost of all lines from a place on
    for place in range(number - 1, -1, -1):
        room = max(rest if place else first, 1.0)
        least = inf
        filled = 0.0
        for end in range(place + 1, number + 1):
            filled += parts[end - 1].width
            if filled > room and end > place + 1:
                break
            cost = after[end] + _OUTSIDE_COST * max(0.0, filled / room - 1)
            if end < number:
                cost += 1 + parts[end].cost + _EMPTY_COST * (1 - min(1.0, filled / room)) ** 2
            if cost <= least:
                least, ends[place] = cost, end
        after[place] = least
    return ends
