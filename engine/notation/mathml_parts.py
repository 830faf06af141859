"""Formulas as parts between which a line may end: what `mathml` writes, and how a browser gets it.

A `Part` is one element of presentation MathML. Browsers end no line inside a `<math>`, so a long formula becomes
several, and a part looks otherwise where it opens one (`leading`) or stands in a script (`script`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

DEEPER: Final = 2
SIGN: Final = 0  # before + and =, the best place for the end of a line
COMMA: Final = 1  # after a comma
FACTOR: Final = 5  # between factors
LAST_RESORT: Final = 25  # between factors of which one can be broken inside its brackets

_GROWN: Final = ' minsize="{0}em" maxsize="{0}em"'
_IN_A_DISPLAY: Final = 2.2
_IN_A_LINE: Final = 1.5


@dataclass(frozen=True, slots=True)
class Part:
    """One element. `width` is about what it takes, in em of its line; `rank` says how unwillingly a line ends before
    it, None never; `tall` is more than one line high; `fence` marks a bracket, of which a tall one grows with what it
    holds and is the bare character."""

    markup: str
    width: float
    rank: int | None = None
    tall: bool = False
    leading: str = ""
    script: str = ""
    fence: Literal["", "open", "close"] = ""

    def ranked(self, rank: int | None) -> Part:
        return Part(self.markup, self.width, rank, self.tall, self.leading, self.script, self.fence)


Parts = tuple[Part, ...]


def deeper(parts: Parts) -> Parts:
    """The parts one level further inside, where a line ends less willingly."""
    return tuple(part if part.rank is None else part.ranked(part.rank + DEEPER) for part in parts)


def width(parts: Parts) -> float:
    return sum(part.width for part in parts)


def is_tall(parts: Parts) -> bool:
    return any(part.tall for part in parts)


def script(parts: Parts) -> str:
    """One element for a subscript, a superscript or a limit."""
    return _single([part.script or part.markup for part in parts], parts)


def element(parts: Parts) -> str:
    """One element with everything on one line."""
    return _single([part.markup for part in parts], parts)


def inside(parts: Parts) -> str:
    """The elements of what takes a whole row: a root, a cell."""
    return _joined([part.markup for part in parts], parts)


def row(parts: Parts, *, display: bool) -> str:
    """The elements of a line, which may follow another line."""
    written = [part.markup if place else part.leading or part.markup for place, part in enumerate(parts)]
    return _joined(written, parts, _IN_A_DISPLAY if display else _IN_A_LINE)


def _single(written: list[str], parts: Parts) -> str:
    return written[0] if len(parts) == 1 else f"<mrow>{_joined(written, parts)}</mrow>"


def _joined(written: Sequence[str], parts: Parts, size: float = _IN_A_DISPLAY) -> str:
    """The markup in a row. Growing brackets stretch around what is between them; one whose other half stands in
    another row has a fixed size, in em."""
    grown = _GROWN.format(size)
    rows: list[list[str]] = [[]]
    openings: list[str] = []
    for markup, part in zip(written, parts, strict=True):
        if part.fence == "open" and part.tall:
            openings.append(markup)
            rows.append([])
        elif part.fence == "close" and part.tall and openings:
            inner = "".join(rows.pop())
            rows[-1].append(f"<mrow>{_side(openings.pop(), 'prefix')}{inner}{_side(markup, 'postfix')}</mrow>")
        elif part.fence == "close" and part.tall:
            rows[-1].append(_side(markup, "postfix", grown))
        else:
            rows[-1].append(markup)
    while openings:
        inner = "".join(rows.pop())
        rows[-1].append(_side(openings.pop(), "prefix", grown) + inner)
    return "".join(rows[0])


def _side(bracket: str, form: str, size: str = "") -> str:
    needed = f' form="{form}"' if bracket == "|" else ""
    return f"<mo{needed}{size}>{bracket}</mo>"
