"""A table laid out for LaTeX: rows of text go in; columns that fit the page, wrapped or split if need be, come out."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from ..document import Table, Text
from ..notation import Symbols
from .prose import Prose, prose
from .steps import column_widths

LINES_A_PAGE = 34


@dataclass(frozen=True)
class Size:
    """A size of type, with its scale and the blank on each side of a column, in points."""

    command: str
    scale: float
    blank: float


# Smaller type of Computer Modern is relatively wider.
SIZES = (
    Size("", 1.0, 6.0),
    Size(r"\small", 0.93, 5.0),
    Size(r"\footnotesize", 0.86, 4.0),
    Size(r"\scriptsize", 0.82, 3.0),
)
_COMFORTABLE = 70.0  # points: a wrapped column narrower than this is worth smaller type


@dataclass(frozen=True)
class Part:
    """What stands on one page: `columns` is the argument of tabular."""

    caption: str
    columns: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None


@dataclass(frozen=True)
class LaidTable:
    """`roomy` says that cells have several lines, so that rows need a little space between them."""

    size: str
    blank: float
    roomy: bool
    parts: tuple[Part, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Grid:
    align: str
    head: tuple[Prose, ...]
    rows: tuple[tuple[Prose, ...], ...]

    def natural(self, scale: float) -> list[float]:
        return [scale * max(cell.width for cell in column) for column in self._columns()]

    def least(self, scale: float) -> list[float]:
        return [
            scale * min(max(1.05 * cell.least + 4.0 for cell in c), max(cell.width for cell in c))
            for c in self._columns()
        ]

    def only(self, columns: list[int]) -> _Grid:
        rows = [tuple(row[column] for column in columns) for row in (self.head, *self.rows)]
        return _Grid("".join(self.align[column] for column in columns), rows[0], tuple(rows[1:]))

    def _columns(self) -> list[tuple[Prose, ...]]:
        return list(zip(self.head, *self.rows, strict=True))


def lay_out_table(table: Table, symbols: Symbols, width: float) -> LaidTable:
    """The largest type in which the table fits; columns of text are wrapped before the type gets smaller than that."""
    grid = _Grid(table.align, _cells(table.head, symbols), tuple(_cells(row, symbols) for row in table.rows))
    caption = prose(table.caption, symbols, bold=True).tex
    notes = tuple(prose(note, symbols).tex for note in table.notes)
    size, widths = _fitting(grid, width)
    grids = [(grid, widths)] if widths is not None else _side_by_side(grid, size, width)
    parts: list[Part] = []
    for part, part_widths in grids:
        parts += _parts(part, part_widths, size.scale, caption, bool(parts), table.total)
    roomy = any(
        width < natural - 0.01 for g, w in grids for width, natural in zip(w, g.natural(size.scale), strict=True)
    )
    return LaidTable(size.command, size.blank, roomy, tuple(parts), notes)


def _cells(row: tuple[Text, ...], symbols: Symbols) -> tuple[Prose, ...]:
    return tuple(prose(cell, symbols) for cell in row)


def _fitting(grid: _Grid, width: float) -> tuple[Size, list[float] | None]:
    count = len(grid.align)
    for size in SIZES[:2]:
        if sum(grid.natural(size.scale)) <= width - 2 * size.blank * (count - 1):
            return size, grid.natural(size.scale)
    for comfortable in (True, False):
        for size in SIZES:
            natural, least = grid.natural(size.scale), grid.least(size.scale)
            if comfortable:
                least = [max(low, min(nat, _COMFORTABLE)) for low, nat in zip(least, natural, strict=True)]
            widths = column_widths(natural, least, width - 2 * size.blank * (count - 1))
            if widths is not None:
                return size, widths
    return SIZES[2], None


def _side_by_side(grid: _Grid, size: Size, width: float) -> list[tuple[_Grid, list[float]]]:
    """A table too wide in any type, cut into several that repeat the first column."""
    groups: list[list[int]] = [[0]]
    least = grid.least(size.scale)
    for column in range(1, len(grid.align)):
        tried = [*groups[-1], column]
        if len(groups[-1]) > 1 and sum(least[c] for c in tried) > width - 2 * size.blank * (len(tried) - 1):
            groups.append([0])
        groups[-1].append(column)
    result = []
    for group in groups:
        part = grid.only(group)
        room = width - 2 * size.blank * (len(group) - 1)
        lowest = part.least(size.scale)
        shrink = min(1.0, room / sum(lowest))
        widths = column_widths(part.natural(size.scale), [shrink * low for low in lowest], room + 0.1)
        result.append((part, widths or lowest))
    return result


def _parts(grid: _Grid, widths: list[float], scale: float, caption: str, continued: bool, total: bool) -> list[Part]:
    natural = grid.natural(scale)
    wrapped = [width < wide - 0.01 for width, wide in zip(widths, natural, strict=True)]
    columns = "".join(
        f"p{{{width:.1f}pt}}" if wrap else letter
        for letter, width, wrap in zip(grid.align, widths, wrapped, strict=True)
    )
    rows = [tuple(_cell(c, a, w) for c, a, w in zip(row, grid.align, wrapped, strict=True)) for row in grid.rows]
    heights = [
        max((ceil(1.15 * cell.width * scale / width) if wrap else 1)
            for cell, width, wrap in zip(row, widths, wrapped, strict=True))
        for row in grid.rows
    ]  # fmt: skip
    pages = _pages(heights)
    head = tuple(_cell(c, a, w) for c, a, w in zip(grid.head, grid.align, wrapped, strict=True))
    if len(pages) > 1:  # the same columns on each page
        head = tuple(
            text if wrap else rf"\makebox[{width:.1f}pt][{letter}]{{{text}}}"
            for text, letter, width, wrap in zip(head, grid.align, widths, wrapped, strict=True)
        )
    parts = []
    for number, (start, stop) in enumerate(pages):
        shown = rows[start:stop]
        last = shown.pop() if total and stop == len(rows) and shown else None
        again = continued or number > 0
        named = f"{caption} (continued)" if again and caption else caption
        parts.append(Part(named, columns, head, tuple(shown), last))
    return parts


def _cell(cell: Prose, letter: str, wrapped: bool) -> str:
    if not wrapped or not cell.tex:
        return cell.tex
    shape = {"r": r"\raggedleft", "c": r"\centering"}.get(letter, r"\raggedright")
    return rf"{shape}\hspace{{0pt}}{cell.tex}"


def _pages(heights: list[int]) -> list[tuple[int, int]]:
    """Stretches of rows that fit a page, about equally long."""
    whole = sum(heights)
    if whole <= LINES_A_PAGE + 2:
        return [(0, len(heights))]
    aim = ceil(whole / ceil(whole / LINES_A_PAGE))
    pages, start, filled = [], 0, 0
    for place, height in enumerate(heights):
        if filled and filled + height > aim:
            pages.append((start, place))
            start, filled = place, 0
        filled += height
    return [*pages, (start, len(heights))]
