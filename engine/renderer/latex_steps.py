"""Steps laid out for LaTeX: groups of steps go in, the lines of `align*` with their reasons come out.

A reason stands beside its formula in a column of its own, or in a narrow text behind it or beneath it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from math import ceil
from typing import Final, NamedTuple

from ..document import Step, Text
from ..notation import Symbols, latex_width, to_flat_latex, to_marked_latex
from .columns import RAGGED
from .prose import Prose, prose
from .steps import LaidStep, LaidSteps, Ruler, in_brackets, lay_out_steps

RELATIONS: Final = {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne", "~": r"\approx", "in": r"\in"} | {
    "<-": r"\leftarrow"
}

RELATION: Final = 13.5
ARROW: Final = 2.3  # points by which an arrow is wider than an equals sign
INDENT: Final = 20.0
GAP: Final = 16.0
_QUAD: Final = 10.0
MANY_LINES: Final = 16  # a step of more is broken between pages, but not near its ends
_ROOM: Final = 4  # points below a tall line
_BETWEEN: Final = 10  # points between two groups of steps
_FRACTION: Final = r"\frac"


class Row(NamedTuple):
    """One line of `align*`; `together` keeps the page from ending after it, `below` is more room there, in points."""

    left: str
    right: str
    reason: str
    together: bool = False
    below: int = 0
    lines: int = 1

    @property
    def tall(self) -> bool:
        """Whether the line wants some room above and below."""
        return any(c in self.right for c in (r"\frac", r"\sum", r"\prod", r"\begin")) or _FRACTION in self.reason


class Aligner:
    """Steps of one document for text `width` points wide."""

    def __init__(self, symbols: Symbols, width: float) -> None:
        self.symbols = symbols
        self.width = width
        self._ruler = Ruler(
            width=width,
            write=lambda formula: to_marked_latex(formula, symbols),
            flat=lambda formula: to_flat_latex(formula, symbols),
            measure=line_width,
            reason_width=lambda reason: self._reason(reason).width,
            relation=RELATION,
            indent=INDENT,
            gap=GAP,
            joint=r"\cdot ",
            behind=_QUAD,
            arrow=ARROW,
            reason_least=self._least,
        )

    def aligned(self, groups: Sequence[tuple[Step, ...]]) -> tuple[tuple[Row, ...], ...]:
        """Groups of steps, in one alignment unless that takes more lines."""
        joined = iter(self._lay_out(tuple(chain.from_iterable(groups))))
        together = [list(islice(joined, len(group))) for group in groups]
        if len(groups) == 1:
            return (_spaced(_kept(together[0])),)
        # Apart, only steps that take several lines now can take fewer.
        high = [place for place, rows in enumerate(together) if _lines(rows) > len(groups[place])]
        apart = {place: self._lay_out(groups[place]) for place in high}
        if sum(_lines(together[place]) - _lines(apart[place]) for place in high) > 0:
            alone = [apart[place] if place in apart else self._lay_out(group) for place, group in enumerate(groups)]
            if sum(map(_lines, together)) > sum(map(_lines, alone)):
                return tuple(_spaced(_kept(group)) for group in alone)
        return (_spaced(row for group in together for row in _kept(group)),)

    def _lay_out(self, steps: tuple[Step, ...]) -> list[list[Row]]:
        """The lines of each step."""
        laid = lay_out_steps(steps, self._ruler)
        return [self._rows(step, laid) for step in laid.steps]

    def _rows(self, step: LaidStep, laid: LaidSteps) -> list[Row]:
        """The lines of one step: left side, formula with its continuation lines, and the reason beside it, behind it or
        beneath it."""
        lines = [balanced(line) for line in step.lines]
        relation = RELATIONS.get(step.relation, step.relation)
        rows: list[Row] = []
        if step.left_above:
            first, *others = map(balanced, step.left_above)
            rows = [Row("", line, "") for line in (first, *(rf"\qquad {{}}{line}" for line in others))]
            relation = rf"\quad {relation}"
        reason = self._reason(step.reason) if step.reason else None
        why, high = _boxed(reason, laid.beside or self.width - laid.left - INDENT) if reason else ("", 1)
        if laid.beside and high > 1 and 1 < len(lines) <= MANY_LINES:  # else the reason would push the lines apart
            rows.append(Row(step.left, f"{relation} {_stacked(lines)}", why, lines=max(high, len(lines))))
        else:
            rows.append(
                Row(step.left, f"{relation} {lines[0]}", why if laid.beside else "", lines=high if laid.beside else 1)
            )
            rows += [Row("", rf"\qquad {{}}{line}", "") for line in lines[1:]]
        if step.stop:
            box = rf"\makebox[{step.stop:.1f}pt][l]{{$\displaystyle {{}} {rows[-1].right}$}}"
            rows[-1] = rows[-1]._replace(right=rf"{box}\quad {why}")
        elif reason and not laid.beside:
            rows.append(Row("", rf"\qquad {why}", "", below=_ROOM, lines=high))
        apart = range(2, len(rows) - 2) if len(rows) > MANY_LINES else range(0)
        kept = (row if place in apart else row._replace(together=True) for place, row in enumerate(rows[:-1]))
        return [*kept, rows[-1]]

    def _reason(self, reason: Text) -> Prose:
        return prose(in_brackets(reason), self.symbols)

    def _least(self, reason: Text) -> float:
        """The width that a column of reasons needs for this one, which may be broken."""
        written = self._reason(reason)
        return min(written.width, 1.05 * written.least + 4.0)


def _lines(steps: list[list[Row]]) -> int:
    return sum(row.lines for rows in steps for row in rows)


def _kept(steps: list[list[Row]]) -> Iterator[Row]:
    """The lines of a group, with no page end after its first step or before its last, and some room below it."""
    for place, rows in enumerate(steps):
        last = place == len(steps) - 1
        yield from rows[:-1]
        together = not last and place in (0, len(steps) - 2)
        yield rows[-1]._replace(together=together, below=_BETWEEN if last else rows[-1].below)


def _spaced(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Lines with some room around tall ones, and none below the last."""
    shown = list(rows)
    tall = [row.tall for row in shown]
    apart = [
        row._replace(below=_ROOM) if high and row.below < _ROOM else row
        for row, high in zip(shown[:-1], map(any, pairwise(tall)), strict=True)
    ]
    return (*apart, shown[-1]._replace(below=0, together=False))


def _boxed(reason: Prose, room: float) -> tuple[str, int]:
    """A reason as part of a formula, in a box of its own if it takes several lines, and how many it takes."""
    if reason.width <= room + 0.01:
        return rf"\{'mbox' if _FRACTION in reason.tex else 'text'}{{{reason.tex}}}", 1
    return rf"\parbox[t]{{{room:.1f}pt}}{{\raggedright {reason.tex}\strut}}", ceil(RAGGED * reason.width / room)


def _stacked(lines: list[str]) -> str:
    """The lines of a formula in one cell."""
    ends = (r" \\[4pt] & \quad {}" if _FRACTION in a + b else r" \\ & \quad {}" for a, b in pairwise(lines))
    broken = "".join(chain.from_iterable(zip(lines, (*ends, ""), strict=True)))
    return rf"\begin{{aligned}}[t] & {broken} \end{{aligned}}"


def line_width(tex: str) -> float:
    """The width of a part of a formula, which follows something: + is set as in a + b."""
    return latex_width("{}" + tex)


def balanced(line: str) -> str:
    """A line of a broken formula: brackets whose other half is in another line get a fixed size."""
    open_places: list[int] = []
    lonely: set[int] = set()
    for found in re.finditer(r"\\(left|right)(?![A-Za-z])", line):
        if found[1] == "left":
            open_places.append(found.start())
        elif open_places:
            open_places.pop()
        else:
            lonely.add(found.start())
    lonely.update(open_places)
    return re.sub(
        r"\\(left|right)(?![A-Za-z])",
        lambda found: rf"\Big{found[1][0]}" if found.start() in lonely else found[0],
        line,
    )
