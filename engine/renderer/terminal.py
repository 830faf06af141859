"""A document laid out for a terminal: blocks go in; lines of Unicode no wider than the terminal come out."""

from __future__ import annotations

from itertools import zip_longest
from typing import Final, NamedTuple, assert_never

from ..document import Block, Bullets, Document, Figure, Heading, Paragraph, Steps, Table, Text
from ..notation import Symbols, to_marked_unicode
from .colour import BOLD, DIM, paint, styled
from .columns import Fitted, Grid, Size, fit
from .steps import LaidStep, LaidSteps, Ruler, lay_out_steps
from .terminal_words import cells, harmless, least, words, wrap

_RELATIONS: Final = {
    "<=": "≤",
    ">=": "≥",
    "!=": "≠",
    "==": "=",
    "~": "≈",
    "in": "∈",
    "<-": "←",
    r"\approx": "≈",
    r"\le": "≤",
    r"\ge": "≥",
}
_MARGIN: Final = 2
_GAP: Final = 3
_SIZE: Final = Size("", 1.0, 1.0)  # one blank on each side of a column
_READABLE: Final = 100  # columns: longer lines of words are hard to read


class LaidBlock(NamedTuple):
    """One block for the template, which looks at `kind`: lines, and for a heading its level."""

    kind: str
    lines: tuple[str, ...]
    level: int = 0


class LaidDocument(NamedTuple):
    blocks: tuple[LaidBlock, ...]


def lay_out(document: Document, columns: int, *, colour: bool = False) -> LaidDocument:
    """The document for a terminal with so many columns (at least 40), with escape sequences if it shows `colour`."""
    symbols = Symbols(document.symbols)
    blocks = (_block(block, symbols, max(columns, 40)) for block in document.blocks)
    return LaidDocument(
        tuple(LaidBlock(b.kind, tuple(paint(line, colour=colour) for line in b.lines), b.level) for b in blocks)
    )


def _block(block: Block, symbols: Symbols, columns: int) -> LaidBlock:
    readable = min(columns, _READABLE)
    match block:
        case Heading(level, text):
            lines = wrap(words(text, symbols), readable)
            rule = {1: "═", 2: "─"}.get(level)
            under = [styled(rule * max(map(cells, lines)), DIM)] if rule else []
            return LaidBlock("heading", (*(styled(line, BOLD) for line in lines), *under), level)
        case Paragraph(text):
            return LaidBlock("text", tuple(wrap(words(text, symbols), readable)))
        case Bullets(items):
            return LaidBlock("bullets", tuple(line for item in items for line in _bullet(item, symbols, readable)))
        case Steps(()):
            return LaidBlock("text", ())
        case Steps(steps):
            laid = lay_out_steps(steps, _ruler(symbols, columns - _MARGIN))
            lines = [line for step in laid.steps for line in _step(step, laid, symbols, columns - _MARGIN)]
            return LaidBlock("steps", tuple(" " * _MARGIN + line for line in lines))
        case Table():
            return LaidBlock("table", tuple(_table(block, symbols, columns)))
        case Figure():
            return LaidBlock("text", ())
        case _:
            assert_never(block)


def _bullet(item: Text, symbols: Symbols, room: int) -> list[str]:
    lines = wrap(words(item, symbols), room - 2)
    return ["• " + lines[0], *("  " + line for line in lines[1:])]


# ---------------------------------------------------------------- steps


def _ruler(symbols: Symbols, columns: int) -> Ruler:
    return Ruler(
        width=columns,
        write=lambda formula: harmless(to_marked_unicode(formula, symbols)),
        flat=lambda formula: harmless(to_marked_unicode(formula, symbols)),
        measure=cells,
        reason_width=lambda reason: cells(_reason(reason, symbols)),
        relation=3,
        indent=2,
        gap=_GAP,
        joint="· ",
        behind=_GAP,
        reason_least=lambda reason: least(_reason(reason, symbols)),
    )


def _reason(reason: Text, symbols: Symbols) -> str:
    written = words(reason, symbols)
    return written if written.startswith(("(", "[")) else f"({written})"


def _step(step: LaidStep, laid: LaidSteps, symbols: Symbols, columns: int) -> list[str]:
    left, right = int(laid.left), int(laid.right)
    relation = _RELATIONS.get(step.relation, step.relation)
    rights = [f" {relation} {step.lines[0]}", *("     " + line for line in step.lines[1:])]
    lefts = [] if step.left_above else [" " * (left - cells(step.left)) + step.left]
    rows = [(first or " " * left) + second for first, second in zip_longest(lefts, rights, fillvalue="")]
    if not step.reason:
        return [*step.left_above, *rows]
    reason = _reason(step.reason, symbols)
    if laid.beside:
        whys = [styled(line, DIM) for line in wrap(reason, int(laid.beside))]
        room = left + right + _GAP
        rows = [row + " " * (room - cells(row)) * bool(why) + why for row, why in zip_longest(rows, whys, fillvalue="")]
    elif step.stop:
        blank = left + int(step.stop) + _GAP - cells(rows[-1])
        rows[-1] += " " * blank + styled(reason, DIM)
    else:
        rows += [" " * (left + 5) + styled(line, DIM) for line in wrap(reason, columns - left - 5)]
    return [*step.left_above, *rows]


# ---------------------------------------------------------------- tables


class _Cell(NamedTuple):
    """What stands in a table, on one line."""

    text: str

    @property
    def width(self) -> float:
        return cells(self.text)

    @property
    def least(self) -> float:
        return least(self.text)

    @property
    def whole(self) -> float:
        """The width of a name that stands alone."""
        return 0.0 if " " in self.text else self.width


def _table(table: Table, symbols: Symbols, columns: int) -> list[str]:
    head, *rows = (tuple(_Cell(words(cell, symbols)) for cell in row) for row in (table.head, *table.rows))
    _, parts = fit(Grid(table.align, head, tuple(rows)), columns, [_SIZE], _Cell, comfortable=8)
    lines = [styled(line, BOLD) for line in wrap(words(table.caption, symbols), columns)] if table.caption else []
    for part in parts:
        lines += ["", *_part(part, table.total)]
    lines += [""] * bool(table.notes)
    lines += [styled(line, DIM) for note in table.notes for line in wrap(words(note, symbols), columns)]
    return lines


def _part(part: Fitted[_Cell], total: bool) -> list[str]:
    grid, widths = part.grid, [int(width) for width in part.widths]
    rule = styled("─" * (sum(widths) + 2 * (len(widths) - 1)), DIM)
    lines = [*_row(grid.head, widths, grid.align, BOLD), rule]
    last = len(grid.rows) - 1 if total else None
    body = [_row(row, widths, grid.align, BOLD if n == last else "") for n, row in enumerate(grid.rows)]
    tall = any(len(row) > 1 for row in body)
    for place, row in enumerate(body):
        if place == last:
            lines.append(rule)
        elif tall and place:
            lines.append("")
        lines += row
    return lines


def _row(row: tuple[_Cell, ...], widths: list[int], align: str, style: str) -> list[str]:
    wrapped = [wrap(cell.text, width) for cell, width in zip(row, widths, strict=True)]
    return [
        "  ".join(_padded(c, w, a, style) for c, w, a in zip(line, widths, align, strict=True)).rstrip()
        for line in zip_longest(*wrapped, fillvalue="")
    ]


def _padded(cell: str, width: int, letter: str, style: str) -> str:
    blank = width - cells(cell)
    before = {"l": 0, "r": blank}.get(letter, blank // 2)
    return " " * before + (styled(cell, style) if style else cell) + " " * (blank - before)
