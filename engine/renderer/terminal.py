"""A document laid out for a terminal: blocks go in; lines of Unicode no wider than the terminal come out."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import zip_longest
from typing import assert_never

from ..document import Block, Bullets, Code, Document, Heading, Paragraph, Steps, Strong, Table, Text
from ..notation import Symbols, to_marked_unicode, to_unicode
from .escape import spaced
from .steps import LaidStep, LaidSteps, Ruler, column_widths, lay_out_steps

_RELATIONS = {
    "<=": "≤",
    ">=": "≥",
    "!=": "≠",
    "==": "=",
    "~": "≈",
    "in": "∈",
    r"\approx": "≈",
    r"\le": "≤",
    r"\ge": "≥",
}
_MARGIN = 2
_GAP = 2
_READABLE = 100  # columns: longer lines of words are hard to read


@dataclass(frozen=True)
class LaidBlock:
    """One block for the template, which looks at `kind`: lines, and for a heading its level."""

    kind: str
    lines: tuple[str, ...]
    level: int = 0


@dataclass(frozen=True)
class LaidDocument:
    blocks: tuple[LaidBlock, ...]


def lay_out(document: Document, columns: int) -> LaidDocument:
    """The document for a terminal with so many columns (at least 40)."""
    symbols = Symbols(document.symbols)
    return LaidDocument(tuple(_block(block, symbols, max(columns, 40)) for block in document.blocks))


def cells(text: str) -> int:
    """How many columns a terminal gives to a text: none to accents, two to East Asian letters."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def words(text: Text, symbols: Symbols) -> str:
    """A text on one line."""
    written = ""
    for run in text:
        match run:
            case str():
                written += spaced(run)
            case Code(code):
                written += f"`{spaced(code)}`"
            case Strong(strong):
                written += spaced(strong)
            case _:
                written += to_unicode(run, symbols)
    return written.strip()


def wrap(text: str, room: int) -> list[str]:
    """The lines of a text, none wider than `room`; a word that is longer is cut.

    >>> wrap("a long-winded word", 8)
    ['a', 'long-win', 'ded word']
    """
    lines = [""]
    for word in text.split(" "):
        if cells(lines[-1]) + (1 if lines[-1] else 0) + cells(word) <= room:
            lines[-1] += (" " if lines[-1] else "") + word
            continue
        if lines[-1]:
            lines.append("")
        while cells(word) > room:
            cut = _fitting(word, room)
            lines[-1], word = word[:cut], word[cut:]
            lines.append("")
        lines[-1] = word
    return lines


def _fitting(word: str, room: int) -> int:
    taken = 0
    for place, letter in enumerate(word):
        taken += cells(letter)
        if taken > room:
            return max(place, 1)
    return len(word)


def _block(block: Block, symbols: Symbols, columns: int) -> LaidBlock:
    readable = min(columns, _READABLE)
    match block:
        case Heading(level, text):
            lines = wrap(words(text, symbols), readable)
            rule = {1: "═", 2: "─"}.get(level)
            under = [rule * max(map(cells, lines))] if rule else []
            return LaidBlock("heading", (*lines, *under), level)
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
        case _:
            assert_never(block)


def _bullet(item: Text, symbols: Symbols, room: int) -> list[str]:
    lines = wrap(words(item, symbols), room - 2)
    return ["• " + lines[0], *("  " + line for line in lines[1:])]


def _ruler(symbols: Symbols, columns: int) -> Ruler:
    return Ruler(
        width=columns,
        write=lambda formula: to_marked_unicode(formula, symbols),
        flat=lambda formula: to_marked_unicode(formula, symbols),
        measure=cells,
        reason_width=lambda reason: cells(_reason(reason, symbols)),
        relation=3,
        indent=2,
        gap=3,
        joint="· ",
    )


def _reason(reason: Text, symbols: Symbols) -> str:
    written = words(reason, symbols)
    return written if written.startswith("(") else f"({written})"


def _step(step: LaidStep, laid: LaidSteps, symbols: Symbols, columns: int) -> list[str]:
    left, right = int(laid.left), int(laid.right)
    relation = _RELATIONS.get(step.relation, step.relation)
    rights = [f" {relation} {step.lines[0]}", *("     " + line for line in step.lines[1:])]
    above = list(step.left_above)
    lefts = [] if step.left_above else [" " * (left - cells(step.left)) + step.left]
    room = int(laid.beside) if laid.beside else columns - left - 5
    reasons = wrap(_reason(step.reason, symbols), room) if step.reason else []
    if not laid.beside:
        rows = [(first or " " * left) + second for first, second in zip_longest(lefts, rights, fillvalue="")]
        return [*above, *rows, *(" " * (left + 5) + line for line in reasons)]
    rows = [
        (first or " " * left) + second + " " * (right - cells(second) + 3) + why
        for first, second, why in zip_longest(lefts, rights, reasons, fillvalue="")
    ]
    return above + [row.rstrip() for row in rows]


def _table(table: Table, symbols: Symbols, columns: int) -> list[str]:
    head = [words(cell, symbols) for cell in table.head]
    rows = [[words(cell, symbols) for cell in row] for row in table.rows]
    natural = [float(max(map(cells, column))) for column in zip(head, *rows, strict=True)]
    least = [
        min(wide, max(8.0, *(float(cells(word)) for cell in column for word in cell.split(" "))))
        for wide, column in zip(natural, zip(head, *rows, strict=True), strict=True)
    ]
    room = columns - _GAP * (len(head) - 1)
    fitted = column_widths(natural, least, room)
    if fitted is None:
        fitted = column_widths(natural, [min(low, max(1.0, room // len(head))) for low in least], room) or natural
    widths = [int(width) for width in fitted]
    rule = "─" * (sum(widths) + _GAP * (len(widths) - 1))
    body = [_row(row, widths, table.align) for row in rows]
    tall = any(len(lines) > 1 for lines in body)
    lines = [*wrap(words(table.caption, symbols), columns)] if table.caption else []
    lines += ["", *_row(head, widths, table.align), rule]
    for place, row in enumerate(body):
        if table.total and place == len(body) - 1:
            lines.append(rule)
        elif tall and place:
            lines.append("")
        lines += row
    lines += [""] * bool(table.notes)
    lines += [line for note in table.notes for line in wrap(words(note, symbols), columns)]
    return lines


def _row(row: list[str], widths: list[int], align: str) -> list[str]:
    wrapped = [wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
    return [
        (" " * _GAP).join(_padded(c, w, a) for c, w, a in zip(line, widths, align, strict=True)).rstrip()
        for line in zip_longest(*wrapped, fillvalue="")
    ]


def _padded(cell: str, width: int, letter: str) -> str:
    blank = width - cells(cell)
    before = {"l": 0, "r": blank}.get(letter, blank // 2)
    return " " * before + cell + " " * (blank - before)
