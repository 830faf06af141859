"""Tables for HTML: a table goes in; cells, and how narrow the whole can get, come out. All widths are in em."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..document import Table
from .html_prose import Prose, Writer

SIZE: Final = 0.95  # of the words in a table
GAP: Final = 1.5
CERTAIN: Final = 16.5  # what fits a small phone whatever the face
COMFORTABLE: Final = 33.0  # what is moved sideways need not be squeezed further


@dataclass(frozen=True)
class Cell:
    """`side` is l, r or c; a `head` names its row."""

    html: str
    side: str
    head: bool = False


@dataclass(frozen=True)
class LaidTable:
    """`total` is the last row where it sums the others. A table `wide` for a phone is moved sideways, with the width of
    `least` em at least."""

    caption: str
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...]
    notes: tuple[str, ...]
    wide: bool
    least: float


def lay_out_table(table: Table, writer: Writer) -> LaidTable:
    """The cells, of which the first of each row names it."""
    head = [writer.prose(cell) for cell in table.head]
    rows = [[writer.prose(cell) for cell in row] for row in table.rows]
    columns = list(zip(head, *rows, strict=True))
    gaps = GAP * (len(columns) - 1)
    least = SIZE * sum(max(cell.least for cell in column) for column in columns) + gaps
    natural = SIZE * sum(max(cell.width for cell in column) for column in columns) + gaps
    laid = tuple(_row(row, table.align) for row in rows)
    sums = table.total and len(laid) > 0
    return LaidTable(
        writer.prose(table.caption).html,
        tuple(Cell(cell.html, side) for cell, side in zip(head, table.align, strict=True)),
        laid[:-1] if sums else laid,
        laid[-1] if sums else (),
        tuple(writer.prose(note).html for note in table.notes),
        least > CERTAIN,
        max(least, min(natural, COMFORTABLE)),
    )


def _row(cells: list[Prose], align: str) -> tuple[Cell, ...]:
    several = len(cells) > 1
    return tuple(
        Cell(cell.html, side, several and place == 0)
        for place, (cell, side) in enumerate(zip(cells, align, strict=True))
    )
