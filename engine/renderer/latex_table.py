"""A table laid out for LaTeX: rows of text go in; columns that fit the page, wrapped or split if need be, come out.

A table that may be higher than a page is cut into parts of less than one, or, where the file may load the package
`longtable`, left to that. How high a table gets is estimated from its rows, lines and sizes of type.
"""

from __future__ import annotations

from math import ceil
from typing import Final, NamedTuple

from ..document import Table, Text
from ..notation import Symbols
from .columns import Fitted, Grid, Size, fit, lines_of
from .prose import LONG_IN_CELL, Prose, prose

# Smaller type of Computer Modern is relatively wider.
SIZES: Final = (
    Size("", 1.0, 6.0, 12.0),
    Size(r"\small", 0.93, 5.0, 11.0),
    Size(r"\footnotesize", 0.86, 4.0, 9.5),
    Size(r"\scriptsize", 0.82, 3.0, 8.0),
)
PART: Final = 420.0  # points: rows that fit a page of most papers, with a head and a caption above,
_OVER: Final = 30.0  # and so much more if need be
LONG: Final = 320.0  # points: to move so much to the next page would leave too much of this one empty
_ROOM_BETWEEN: Final = 3.0  # points between rows of several lines
_NOTE: Final = 0.9  # the scale of notes, which are not narrower than they must
_FRACTION: Final = 4.0  # points that a fraction adds to a line


class Part(NamedTuple):
    """What stands together: `columns` is the argument of tabular; `again` says that the table began above; `long` asks
    for a `longtable`."""

    columns: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None
    again: bool = False
    long: bool = False


class LaidTable(NamedTuple):
    """`roomy` says that cells have several lines or fractions, so that rows need a little space between them; notes are
    `measure` points wide."""

    caption: str
    label: str
    size: str
    blank: float
    roomy: bool
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    measure: float

    @property
    def numbered(self) -> bool:
        """Whether the table has a number, by which a paper refers to it."""
        return bool(self.caption or self.label)


def lay_out_table(table: Table, symbols: Symbols, width: float, label: str, *, long: bool) -> LaidTable:
    """The largest type in which the table fits; columns of text are wrapped before the type gets smaller than that.
    `long` says whether the file may have a `longtable`."""
    grid = Grid(table.align, _cells(table.head, symbols), tuple(_cells(row, symbols) for row in table.rows))
    size, fitted = fit(grid, width, SIZES, lambda text: prose((text,), symbols))
    roomy = any(_is_high(row, piece.widths, size) for piece in fitted for row in piece.grid.rows)
    parts = [part for piece in fitted for part in _parts(piece, size, table.total, roomy, long)]
    notes = [prose(note, symbols) for note in table.notes]
    wide = max(sum(piece.widths) + 2 * size.blank * (len(piece.widths) - 1) for piece in fitted)
    narrow = any(_NOTE * note.width > wide for note in notes)
    return LaidTable(
        prose(table.caption, symbols, bold=True).tex,
        label,
        size.command,
        size.blank,
        roomy,
        tuple(part._replace(again=place > 0) for place, part in enumerate(parts)),
        tuple(note.tex for note in notes),
        min(width, max(wide, 0.75 * width)) if narrow else wide,
    )


def _cells(row: tuple[Text, ...], symbols: Symbols) -> tuple[Prose, ...]:
    return tuple(prose(cell, symbols, long=LONG_IN_CELL) for cell in row)


def _parts(fitted: Fitted[Prose], size: Size, total: bool, roomy: bool, long: bool) -> list[Part]:
    """The table in parts of less than a page each, or as one that breaks by itself."""
    grid, widths, wrapped = fitted.grid, fitted.widths, fitted.wrapped(size.scale)
    columns = "".join(
        f"p{{{width:.1f}pt}}" if wrap else letter
        for letter, width, wrap in zip(grid.align, widths, wrapped, strict=True)
    )
    rows = [tuple(_cell(c, a, w) for c, a, w in zip(row, grid.align, wrapped, strict=True)) for row in grid.rows]
    heights = [_height(row, widths, size) + (_ROOM_BETWEEN if roomy else 0.0) for row in grid.rows]
    head = tuple(_cell(c, a, w) for c, a, w in zip(grid.head, grid.align, wrapped, strict=True))
    breaks = long and sum(heights) > LONG
    pages = [(0, len(rows))] if breaks else _pages(heights)
    if breaks or len(pages) > 1:  # the same columns on each page
        head = tuple(
            text if wrap else rf"\makebox[{width:.1f}pt][{letter}]{{{text}}}"
            for text, letter, width, wrap in zip(head, grid.align, widths, wrapped, strict=True)
        )
    parts = []
    for start, stop in pages:
        shown = rows[start:stop]
        last = shown.pop() if total and stop == len(rows) and shown else None
        parts.append(Part(columns, head, tuple(shown), last, long=breaks))
    return parts


def _height(row: tuple[Prose, ...], widths: tuple[float, ...], size: Size) -> float:
    """About how high a row is, in points."""
    lines = max(lines_of(size.scale * cell.width, width) for cell, width in zip(row, widths, strict=True))
    return size.line * (lines + 0.1) + (_FRACTION * lines if _has_fraction(row) else 0.0)


def _is_high(row: tuple[Prose, ...], widths: tuple[float, ...], size: Size) -> bool:
    return _height(row, widths, size) > 1.5 * size.line or _has_fraction(row)


def _has_fraction(row: tuple[Prose, ...]) -> bool:
    return any(r"\frac" in cell.tex for cell in row)


def _cell(cell: Prose, letter: str, wrapped: bool) -> str:
    if not wrapped or not cell.tex:
        return cell.tex
    shape = {"r": r"\raggedleft", "c": r"\centering"}.get(letter, r"\raggedright")
    return rf"{shape}\hspace{{0pt}}{cell.tex}"


def _pages(heights: list[float]) -> list[tuple[int, int]]:
    """Stretches of rows that fit a page, about equally high."""
    whole = sum(heights)
    aim = whole / ceil(whole / PART) if whole > PART else whole
    pages: list[tuple[int, int]] = []
    start, above, filled = 0, 0.0, 0.0
    for place, height in enumerate(heights):
        full = above + filled + height / 2 > aim * (len(pages) + 1) or filled + height > PART + _OVER
        if filled and full:
            pages.append((start, place))
            start, above, filled = place, above + filled, 0.0
        filled += height
    return [*pages, (start, len(heights))]
