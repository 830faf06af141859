"""Long formulas cut into lines: a formula with marks, a width and a way to measure go in, lines come out.

It does not know the markup: what LaTeX needs around a broken bracket is done by its caller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from ..notation.marks import ANY_MARK, FACTOR, kind_and_depth

Measure = Callable[[str], float]

# What a break costs, in lines left empty: deeper is worse, and so is a break between factors or after a comma. In a
# chain of equations a line begins with its sign, if it can.
_DEPTH_COST = 0.12
_KIND_COST = 0.2
_CHAIN_GAIN = 0.35


@dataclass(frozen=True)
class _Piece:
    mark: str
    text: str
    width: float


def break_lines(marked: str, first: float, rest: float, measure: Measure, joint: str) -> list[str]:
    """The lines of a formula: the first at most `first` wide, the others at most `rest`, where that can be done.

    A line that begins with a factor gets `joint`, the sign of multiplication, before it.

    >>> break_lines("aa \\ue000+ bb \\ue000+ cc", 6, 6, len, "·")
    ['aa', '+ bb', '+ cc']
    """
    pieces = _pieces(marked, measure)
    lines: list[str] = []
    while pieces:
        room = rest if lines else first
        count = _how_many(pieces, room)
        taken, pieces = pieces[:count], pieces[count:]
        text = "".join(piece.text for piece in taken).strip()
        starts_with_factor = lines and taken[0].mark and kind_and_depth(taken[0].mark)[0] == FACTOR
        lines.append(joint + text if starts_with_factor and not text.startswith(joint.strip()) else text)
    return lines


def widest_piece(marked: str, measure: Measure) -> float:
    """The width of the part that cannot be broken further."""
    return max((piece.width for piece in _pieces(marked, measure)), default=0.0)


def _pieces(marked: str, measure: Measure) -> list[_Piece]:
    texts = ANY_MARK.split(marked)
    marks = ["", *ANY_MARK.findall(marked)]
    return [_Piece(mark, text, measure(text)) for mark, text in zip(marks, texts, strict=True)]


def _how_many(pieces: list[_Piece], room: float) -> int:
    """How many pieces the next line takes: all that fit, or fewer if a better place to break comes before."""
    if sum(piece.width for piece in pieces) <= room:
        return len(pieces)
    best, least = 1, float("inf")
    filled = 0.0
    for count, (piece, following) in enumerate(pairwise(pieces), start=1):
        filled += piece.width
        if filled > room:
            break
        kind, depth = kind_and_depth(following.mark)
        cost = 1 - filled / room + _DEPTH_COST * depth + _KIND_COST * (kind == FACTOR)
        cost -= _CHAIN_GAIN * following.text.startswith("=")
        if cost <= least:
            best, least = count, cost
    return best
