"""A document laid out for LaTeX: blocks go in; lines, columns and markup for the template come out.

Every formula is broken here, so that no line is wider than the text, whatever the width.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import assert_never

from ..document import Block, Bullets, Document, Heading, Paragraph, Result, Steps, Table, Text
from ..notation import Symbols, latex_width, to_flat_latex, to_latex, to_marked_latex
from .latex_table import LaidTable, lay_out_table
from .prose import prose
from .steps import LaidStep, LaidSteps, Ruler, lay_out_steps

RELATIONS = {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne", "~": r"\approx", "in": r"\in"}

_RELATION = 13.5
_INDENT = 20.0
_GAP = 16.0
MANY_LINES = 16  # a step of more is broken between pages, but not near its ends
_SAFE = 0.98  # the table of glyphs is right within 1.5 %
_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
_HEADINGS = {1: "section", 2: "subsection", 3: "subsubsection"}


@dataclass(frozen=True)
class Macro:
    command: str
    body: str
    comment: str


@dataclass(frozen=True)
class Row:
    """One line of `align*`; `together` keeps the page from ending after it, `ends` asks for some room below."""

    left: str
    right: str
    reason: str
    together: bool = False
    ends: bool = False

    @property
    def tall(self) -> bool:
        """Whether the line wants some room above and below."""
        return any(command in self.right for command in (r"\frac", r"\sum", r"\prod", r"\begin"))


@dataclass(frozen=True)
class LaidBlock:
    """One block for the template, which looks at `kind`; `table` and `rows` are there for their kinds only."""

    kind: str
    text: str = ""
    items: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    reasons: bool = False
    table: LaidTable | None = None


@dataclass(frozen=True)
class LaidDocument:
    title: str
    macros: tuple[Macro, ...]
    blocks: tuple[LaidBlock, ...]


def lay_out(document: Document, width: float) -> LaidDocument:
    """The document for text `width` points wide."""
    symbols = Symbols(document.symbols)
    blocks = tuple(_block(block, symbols, width) for block in document.blocks)
    macros = tuple(_macro(result, document.title, symbols) for result in document.results)
    return LaidDocument(prose((document.title,), symbols).tex, macros, blocks)


def command_name(title: str, name: str) -> str:
    """A command of letters only, under which a paper uses a result.

    >>> command_name("vgg16", "macs at 224"), command_name("vgg16", r"\\archderiveMacs")
    ('archderiveVggOneSixMacsAtTwoTwoFour', 'archderiveMacs')
    """
    if name.startswith("\\"):
        return _letters(name)
    return "archderive" + _letters(title) + _letters(name)


def _letters(name: str) -> str:
    words = re.findall(r"[A-Za-z]+|[0-9]", name)
    written = "".join(_DIGITS[int(word)] if word.isdigit() else word[0].upper() + word[1:] for word in words)
    return written[0].lower() + written[1:] if name.startswith("\\") and written else written


def _macro(result: Result, title: str, symbols: Symbols) -> Macro:
    comment = f"{result.quantity}: {result.value}" if result.value else result.quantity
    formula = to_latex(result.formula, symbols)
    return Macro(
        command_name(title, result.name), formula, " ".join(comment.encode("ascii", "replace").decode().split())
    )


def _block(block: Block, symbols: Symbols, width: float) -> LaidBlock:
    match block:
        case Heading(level, text):
            return LaidBlock(_HEADINGS.get(level, "paragraph"), prose(text, symbols, bold=True).tex)
        case Paragraph(text):
            words = prose(text, symbols)
            return LaidBlock("ragged" if words.least > 0.2 * width else "text", words.tex)
        case Bullets(items):
            return LaidBlock("bullets", items=tuple(prose(item, symbols).tex for item in items))
        case Steps(()):
            return LaidBlock("text")
        case Steps(steps):
            laid = lay_out_steps(steps, _ruler(symbols, width * _SAFE))
            rows = tuple(row for step in laid.steps for row in _rows(step, laid, symbols, width * _SAFE))
            return LaidBlock("steps", rows=(*rows[:-1], replace(rows[-1], together=False)), reasons=laid.beside > 0)
        case Table():
            return LaidBlock("table", table=lay_out_table(block, symbols, width * _SAFE))
        case _:
            assert_never(block)


def _ruler(symbols: Symbols, width: float) -> Ruler:
    return Ruler(
        width=width,
        write=lambda formula: to_marked_latex(formula, symbols),
        flat=lambda formula: to_flat_latex(formula, symbols),
        measure=line_width,
        reason_width=lambda reason: prose(_in_brackets(reason), symbols).width,
        relation=_RELATION,
        indent=_INDENT,
        gap=_GAP,
        joint=r"\cdot ",
    )


def line_width(tex: str) -> float:
    """The width of a part of a formula, which follows something: + is set as in a + b."""
    return latex_width("{}" + tex)


def _in_brackets(reason: Text) -> Text:
    return reason if str(reason[0]).startswith("(") else ("(", *reason, ")")


def _rows(step: LaidStep, laid: LaidSteps, symbols: Symbols, width: float) -> list[Row]:
    """The lines of one step: left side, formula with its continuation lines, and the reason beside or beneath."""
    lines = [balanced(line) for line in step.lines]
    relation = RELATIONS.get(step.relation, step.relation)
    rights = [f"{relation} {lines[0]}", *(rf"\qquad {{}}{line}" for line in lines[1:])]
    rows: list[Row] = []
    if step.left_above:
        first, *others = map(balanced, step.left_above)
        rows += [Row("", line, "", together=True) for line in (first, *(rf"\qquad {{}}{line}" for line in others))]
        rights = [rf"\quad {rights[0]}", *rights[1:]]
    reason = prose(_in_brackets(step.reason), symbols) if step.reason else None
    beside = ""
    if reason and laid.beside:
        fits = reason.width <= laid.beside + 0.01
        beside = rf"\text{{{reason.tex}}}" if fits else _box(laid.beside, reason.tex)
    rows += [
        Row(first, right, why, together=True)
        for first, right, why in zip_longest((step.left,), rights, (beside,), fillvalue="")
    ]
    if reason and not laid.beside:
        room = width - laid.left - _INDENT
        fits = reason.width <= room
        rows.append(
            Row("", r"\qquad " + (rf"\text{{{reason.tex}}}" if fits else _box(room, reason.tex)), "", ends=True)
        )
    apart = range(2, len(rows) - 2) if len(rows) > MANY_LINES else range(0)
    rows = [replace(row, together=False) if n in apart else row for n, row in enumerate(rows)]
    return [*rows[:-1], replace(rows[-1], together=False)]


def _box(width: float, tex: str) -> str:
    return rf"\parbox[t]{{{width:.1f}pt}}{{\raggedright {tex}\strut}}"


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
