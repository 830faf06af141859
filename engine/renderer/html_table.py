"""Tables for HTML: a table goes in; cells, and how narrow the whole can get, come out. All widths are in em."""

from __future__ import annotations

from typing import Final, NamedTuple

from ..document import Table
from .html_prose import CELL, PHONE, Prose, Writer

SIZE: Final = 0.95  # of the words in a table
GAP: Final = 1.5
PHONE_SIZE: Final = 0.9
PHONE_GAP: Final = 0.8
CERTAIN: Final = 18.0  # what fits a phone whatever the face
SQUEEZED: Final = 26.0  # what nearly fits is left to the browser: squeezed, little of it has to be moved into sight
CARDS: Final = ("llr", "lllr")
COMFORTABLE: Final = 33.0  # what is moved sideways need not be squeezed further


class Cell(NamedTuple):
    """`side` is l, r or c; a `head` names its row."""

    html: str
    side: str
    head: bool = False


class LaidTable(NamedTuple):
    """`total` is the last row where it sums the others. A table `wide` for a phone is moved sideways, with the width of
    `least` em at least; 0 leaves it to the browser. `cards` have formulas between a name and a number: on a phone these
    two share a line, and the formulas stand below."""

    caption: str
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...]
    notes: tuple[str, ...]
    wide: bool
    least: float
    cards: bool


def lay_out_table(table: Table, writer: Writer) -> LaidTable:
    """The cells, of which the first of each row names it."""
    room = PHONE if len(table.head) < 3 else CELL
    head = [writer.prose(cell, room=room) for cell in table.head]
    rows = [[writer.prose(cell, room=room) for cell in row] for row in table.rows]
    columns = list(zip(head, *rows, strict=True))
    narrowest = sum(max(cell.least for cell in column) for column in columns)
    gaps = GAP * (len(columns) - 1)
    least = SIZE * narrowest + gaps
    phone = PHONE_SIZE * narrowest + PHONE_GAP * (len(columns) - 1)
    natural = SIZE * sum(max(cell.width for cell in column) for column in columns) + gaps
    cards = phone > CERTAIN and table.align in CARDS
    laid = tuple(_row(row, table.align) for row in rows)
    sums = table.total and len(laid) > 0
    return LaidTable(
        writer.prose(table.caption).html,
        tuple(Cell(cell.html, side) for cell, side in zip(head, table.align, strict=True)),
        laid[:-1] if sums else laid,
        laid[-1] if sums else (),
        tuple(writer.prose(note).html for note in table.notes),
        phone > CERTAIN and not (cards and max(cell.least for column in columns for cell in column) <= PHONE),
        max(least, min(natural, COMFORTABLE)) if phone > SQUEEZED else 0.0,
        cards,
    )


def _row(cells: list[Prose], align: str) -> tuple[Cell, ...]:
    several = len(cells) > 1
    return tuple(
        Cell(cell.html, side, several and place == 0)
        for place, (cell, side) in enumerate(zip(cells, align, strict=True))
    )
