"""Columns of a table: how wide its cells are goes in; the size of type and the widths that fit the text come out.

Columns of words are wrapped so that the table stays low; what is too wide in any type is cut into tables side by side
that repeat the first column, or have numbers for the rows where the first column does not tell them apart. It knows no
markup, and lengths may be in any unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Generic, NamedTuple, Protocol, TypeVar

from .steps import column_widths

COMFORTABLE = 70.0  # points: a wrapped column narrower than this is worth smaller type
RAGGED = 1.15  # lines of words are not filled to their ends
_SHARES = (0.16, 0.08, 0.04, 0.02)  # of the room, which one column gives to another
_MOVES = 40
_LOOKED_AT = 60  # rows: enough to tell how a column does

Cells = Sequence[Sequence[float]]


class Cell(Protocol):
    """Its width on one line, that of its widest part that stays together, and of what had better not be divided."""

    @property
    def width(self) -> float: ...

    @property
    def least(self) -> float: ...

    @property
    def whole(self) -> float: ...


C = TypeVar("C", bound=Cell)


class Size(NamedTuple):
    """A size of type: its name in the format, its scale, the blank on each side of a column, the height of a line."""

    command: str
    scale: float
    blank: float
    line: float = 12.0


class Grid(NamedTuple, Generic[C]):
    """`align` has one letter a column: l, r or c. Columns are a little wider than their widest part that stays
    together, for widths are estimated, and so that few lines hold that part alone."""

    align: str
    head: tuple[C, ...]
    rows: tuple[tuple[C, ...], ...]

    def cells(self, scale: float) -> list[list[float]]:
        return [[scale * cell.width for cell in row] for row in (self.head, *self.rows)]

    def natural(self, scale: float) -> list[float]:
        return [max(column) for column in zip(*self.cells(scale), strict=True)]

    def least(self, scale: float) -> list[float]:
        columns = zip(self.head, *self.rows, strict=True)
        return [scale * min(max(1.05 * cell.least + 4.0 for cell in c), max(cell.width for cell in c)) for c in columns]

    def whole(self, scale: float) -> list[float]:
        """Widths in which names are not divided."""
        names = (scale * max(cell.whole for cell in column) for column in zip(self.head, *self.rows, strict=True))
        return list(map(max, self.least(scale), names))

    def only(self, columns: Sequence[int]) -> Grid[C]:
        rows = [tuple(row[column] for column in columns) for row in (self.head, *self.rows)]
        align = "".join(self.align[column] for column in columns)
        return self._replace(align=align, head=rows[0], rows=tuple(rows[1:]))


class Fitted(NamedTuple, Generic[C]):
    """A grid with the widths of its columns."""

    grid: Grid[C]
    widths: tuple[float, ...]

    def wrapped(self, scale: float) -> tuple[bool, ...]:
        """Which columns have lines that do not fit on one."""
        natural = self.grid.natural(scale)
        return tuple(width < wide - 0.01 for width, wide in zip(self.widths, natural, strict=True))


def fit(
    grid: Grid[C], width: float, sizes: Sequence[Size], cell: Callable[[str], C], comfortable: float = COMFORTABLE
) -> tuple[Size, list[Fitted[C]]]:
    """The largest of the sizes in which the grid fits, and the grid, or what it is cut into; `cell` writes a number in
    that case. Columns that are narrower than is `comfortable` are worse than smaller type, and names that are divided
    than words on more lines."""
    for size in sizes[:2]:
        natural = grid.natural(size.scale)
        if sum(natural) <= _room(width, size, len(natural)):
            return size, [Fitted(grid, tuple(natural))]
    for narrowest in (comfortable, 0.0):
        for size in sizes:
            natural = grid.natural(size.scale)
            for lowest in (grid.whole(size.scale), grid.least(size.scale)):
                least = [max(low, min(n, narrowest)) for low, n in zip(lowest, natural, strict=True)]
                widths = low_widths(grid.cells(size.scale), least, _room(width, size, len(least)))
                if widths is not None:
                    return size, [Fitted(grid, tuple(widths))]
    size = sizes[min(2, len(sizes) - 1)]
    first = [row[0] for row in grid.rows]
    return size, _side_by_side(grid if len(set(first)) == len(first) else _numbered(grid, cell), size, width)


def _numbered(grid: Grid[C], cell: Callable[[str], C]) -> Grid[C]:
    """With the numbers of the rows in front."""
    rows = [(cell(str(number)), *row) for number, row in enumerate(grid.rows, start=1)]
    return Grid("r" + grid.align, (cell("row"), *grid.head), tuple(rows))


def _room(width: float, size: Size, columns: int) -> float:
    return width - 2 * size.blank * (columns - 1)


def _side_by_side(grid: Grid[C], size: Size, width: float) -> list[Fitted[C]]:
    """A grid too wide in any type, cut into several that repeat the first column."""
    groups: list[list[int]] = [[0]]
    least = grid.least(size.scale)
    for column in range(1, len(least)):
        tried = [*groups[-1], column]
        if len(groups[-1]) > 1 and sum(least[c] for c in tried) > _room(width, size, len(tried)):
            groups.append([0])
        groups[-1].append(column)
    result = []
    for part in map(grid.only, groups):
        room = _room(width, size, len(part.align))
        lowest = part.least(size.scale)
        shrink = min(1.0, room / sum(lowest))
        widths = low_widths(part.cells(size.scale), [shrink * low for low in lowest], room + 0.1)
        result.append(Fitted(part, tuple(widths or lowest)))
    return result


def lines_of(cell: float, width: float) -> int:
    """How many lines a cell takes in a column."""
    return 1 if cell <= width + 0.01 else ceil(RAGGED * cell / width)


def low_widths(cells: Cells, least: Sequence[float], room: float) -> list[float] | None:
    """Widths of the columns in `room` that keep the table low, no column below its `least`; None if none fit. `cells`
    are the widths of the cells of each row, on one line.

    >>> [round(width) for width in low_widths([[40, 20, 300], [50, 60, 300]], [20, 20, 20], 200) or ()]
    [24, 32, 144]
    """
    natural = [max(column) for column in zip(*cells, strict=True)]
    widths = column_widths(natural, list(least), room)
    if widths is None or sum(natural) <= room:
        return widths
    wrapped = [row for row in cells if any(cell > low for cell, low in zip(row, least, strict=True))]
    wrapped = wrapped[:: ceil(len(wrapped) / _LOOKED_AT)]
    for _ in range(_MOVES):
        height = _height(wrapped, widths)
        better = next((m for m in _moves(wrapped, widths, natural, least, room) if _height(wrapped, m) < height), None)
        if better is None:
            break
        widths = better
    return widths


def _moves(
    cells: Cells, widths: list[float], natural: list[float], least: Sequence[float], room: float
) -> Iterator[list[float]]:
    """Widths where one column gives a share to another; the column with the most lines is given to first."""
    needs = [0] * len(widths)
    for row in cells:
        lines = [lines_of(cell, width) for cell, width in zip(row, widths, strict=True)]
        for column, count in enumerate(lines):
            needs[column] += count if count == max(lines) > 1 else 0
    for taker in sorted(range(len(widths)), key=needs.__getitem__, reverse=True):
        for share in _SHARES:
            for giver, width in enumerate(widths):
                given = min(share * room, width - least[giver], natural[taker] - widths[taker])
                if giver != taker and given > 0.005 * room:
                    moved = list(widths)
                    moved[giver] -= given
                    moved[taker] += given
                    yield moved


def _height(cells: Cells, widths: list[float]) -> float:
    """Lines of all rows; of two that have as many, the one that is farther from one more is lower."""
    height = 0.0
    for row in cells:
        height += max(map(lines_of, row, widths))
        height += 0.05 * max(cell / width for cell, width in zip(row, widths, strict=True))
    return height
