"""A table laid out for Typst: rows of text go in; columns that fit the page, wrapped or split if need be, come out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from ..document import Code, Strong, Table, Text
from ..notation import Symbols
from ..notation.shape import spread
from .columns import Fitted, Grid, Size, fit, lines_of
from .typst_prose import ROOM, TALL, Prose, prose

SIZES: Final = (
    Size("1em", 1.0, 6.0, 12.0),
    Size("0.9em", 0.9, 5.0, 10.8),
    Size("0.8em", 0.8, 4.0, 9.6),
    Size("0.7em", 0.7, 3.0, 8.4),
)
LONG: Final = 320.0  # points: a table that is not so high stays on one page
_SIDES: Final = {"l": "left", "r": "right", "c": "center"}


class Part(NamedTuple):
    """One table of Typst, in lists of Typst. `total` is the last row, under a rule; a `long` table may go on over the
    page, in a `tight` one words are divided, and `tall` are the places of rows with fractions (the head is 0)."""

    columns: str
    align: str
    head: str
    rows: tuple[str, ...]
    total: str
    long: bool
    tight: bool
    tall: str


class LaidTable(NamedTuple):
    """`roomy` says that cells have several lines, so that rows need a little space between them."""

    caption: str
    size: str
    blank: float
    roomy: bool
    label: str
    parts: tuple[Part, ...]
    notes: str


def lay_out_table(table: Table, symbols: Symbols, width: float, label: str) -> LaidTable:
    """The largest type in which the table fits; columns of text are wrapped before the type gets smaller than that."""
    grid = Grid(table.align, _cells(table.head, symbols), tuple(_cells(row, symbols) for row in table.rows))
    size, fitted = fit(grid, width, SIZES, lambda text: prose((text,), symbols))
    return LaidTable(
        prose(table.caption, symbols).typst,
        size.command,
        size.blank,
        any(any(part.wrapped(size.scale)) for part in fitted),
        label,
        tuple(_part(part, size, table.total) for part in fitted),
        listed(f"[{prose(note, symbols).typst}]" for note in table.notes),
    )


def listed(items: Iterable[str]) -> str:
    """A list of Typst.

    >>> listed(["[a]"]), listed(["[a]", "[b]"])
    ('([a],)', '([a], [b])')
    """
    shown = list(items)
    return f"({', '.join(shown)}{',' * (len(shown) == 1)})"


def _cells(row: tuple[Text, ...], symbols: Symbols) -> tuple[Prose, ...]:
    return tuple(_cell(cell, symbols) for cell in row)


def _cell(cell: Text, symbols: Symbols) -> Prose:
    """What may need several lines has slashes: fractions in one line would reach into those of the next."""
    laid = prose(cell, symbols)
    if not laid.tall or laid.width <= ROOM:
        return laid
    return prose(tuple(run if isinstance(run, str | Code | Strong) else spread(run) for run in cell), symbols)


def _part(part: Fitted[Prose], size: Size, total: bool) -> Part:
    last_column = len(part.widths) - 1
    columns = (
        f"{width + size.blank * ((place > 0) + (place < last_column)):.1f}pt" if wrapped else "auto"
        for place, (width, wrapped) in enumerate(zip(part.widths, part.wrapped(size.scale), strict=True))
    )
    rows = [listed(f"[{cell.typst}]" for cell in row) for row in part.grid.rows]
    last = rows.pop() if total and rows else "none"
    head = listed(f"[{cell.typst}]" for cell in part.grid.head)
    align = listed(map(_SIDES.__getitem__, part.grid.align))
    least = part.grid.least(size.scale)
    tight = any(width < low - 0.01 for width, low in zip(part.widths, least, strict=True))
    tall = [str(place) for place, row in enumerate((part.grid.head, *part.grid.rows)) if any(c.tall for c in row)]
    long = _height(part, size) > LONG
    return Part(listed(columns), align, head, tuple(rows), last, long, tight, listed(tall) if tall else "")


def _height(part: Fitted[Prose], size: Size) -> float:
    """About how high the rows are, in points."""
    return size.line * sum(
        max(
            max(lines_of(size.scale * cell.width, width), TALL * cell.tall)
            for cell, width in zip(row, part.widths, strict=True)
        )
        + 0.2
        for row in part.grid.rows
    )
