"""Long formulas cut into lines: a formula with marks, a width and a way to measure go in, lines come out.

It does not know the markup: what LaTeX needs around a broken bracket is done by its caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..notation.marks import ANY_MARK, FACTOR, OPENING, kind_and_depth

Measure = Callable[[str], float]

# What a break costs, in lines left empty: deeper is worse, and so is a break between factors, and one after a bracket
# far worse. In a chain of equations a line begins with its sign, if it can.
_DEPTH_COST = 0.12
_KIND_COST = {FACTOR: 0.2, OPENING: 0.7}
_CHAIN_GAIN = 0.35


class Piece(NamedTuple):
    """What stands between two places to break: its text, its width, what a break before it costs beside the room that
    is left, and whether it is a factor of what comes before."""

    text: str
    width: float
    cost: float
    factor: bool


def joined(parts: Sequence[Piece], first: float, rest: float, joint: str) -> list[str]:
    """The lines that the pieces of a formula make: the first at most `first` wide, the others at most `rest`, where
    that can be done. A line that begins with a factor gets `joint`, the sign of multiplication, before it.

    >>> joined(pieces("aa \\ue000+ bb \\ue000+ cc", len), 6, 6, "·")
    ['aa', '+ bb', '+ cc']
    """
    lines: list[str] = []
    place = 0
    while place < len(parts):
        end = _end(parts, place, rest if lines else first)
        text = "".join(piece.text for piece in parts[place:end]).strip()
        begins_with_factor = lines and parts[place].factor and not text.startswith(joint.strip())
        lines.append(joint + text if begins_with_factor else text)
        place = end
    return lines


def pieces(marked: str, measure: Measure) -> list[Piece]:
    """A formula cut at every place where a line may end."""
    found = []
    for mark, text in zip(["", *ANY_MARK.findall(marked)], ANY_MARK.split(marked), strict=True):
        kind, depth = kind_and_depth(mark) if mark else ("", 0)
        cost = _DEPTH_COST * depth + _KIND_COST.get(kind, 0.0) - _CHAIN_GAIN * text.startswith("=")
        found.append(Piece(text, measure(text), cost, kind == FACTOR))
    return found


def _end(parts: Sequence[Piece], place: int, room: float) -> int:
    """Where the line that begins at a place ends: after all that fits, or before, if there is a better place."""
    best, least = place + 1, float("inf")
    filled = 0.0
    for number in range(place, len(parts)):
        filled += parts[number].width
        if filled > room:
            return best
        if number + 1 < len(parts):
            cost = 1 - filled / room + parts[number + 1].cost
            if cost <= least:
                best, least = number + 1, cost
    return len(parts)
