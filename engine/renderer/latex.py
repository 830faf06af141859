"""Documents laid out for LaTeX: blocks go in; lines, columns, labels and markup for the template come out.

Every formula is broken before TeX sees it, so that no line is wider than the text. Headings have no numbers, so that
a fragment leaves those of the paper alone: `\\ref` of their labels is the section where it stands, `\\pageref`
their page. Tables and figures count with those of the paper. Formulas have no numbers: a paper that wants one of them
numbered puts the command of the result into an equation of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

from ..diagram import Picture
from ..document import Bullets, Document, Figure, Heading, Paragraph, Result, Steps, Table
from ..notation import Symbols, to_latex
from .escape import spaced
from .latex_labels import labels_of, new_command, prefixes_of
from .latex_letters import letters_apart
from .latex_steps import Aligner, Row
from .latex_table import LaidTable, lay_out_table
from .prose import prose

if TYPE_CHECKING:
    from . import Look

_SAFE: Final = 0.98  # the table of glyphs is right within 1.5 %
_HEADINGS: Final = {1: "section", 2: "subsection", 3: "subsubsection"}


class Macro(NamedTuple):
    command: str
    body: str
    comment: str


class LaidBlock(NamedTuple):
    """One block for the template, which looks at `kind`. `groups` of steps are aligned each by itself;
    they may be what a paragraph `opens` with, where TeX would leave a line empty."""

    kind: str
    text: str = ""
    label: str = ""
    items: tuple[str, ...] = ()
    groups: tuple[tuple[Row, ...], ...] = ()
    opens: bool = False
    picture: str = ""
    table: LaidTable | None = None


class LaidDocument(NamedTuple):
    prefix: str
    macros: tuple[Macro, ...]
    blocks: tuple[LaidBlock, ...]


class LaidFile(NamedTuple):
    """`packages` are those beside amsmath and booktabs; `letters` are lines that define what prints rare letters."""

    packages: tuple[str, ...]
    letters: tuple[str, ...]
    documents: tuple[LaidDocument, ...]


def lay_out_all(documents: Sequence[Document], look: Look) -> LaidFile:
    """The documents of one file, in which no two labels and no two commands are alike."""
    labels: set[str] = set()
    commands: set[str] = set()
    laid = []
    prefixes = prefixes_of([document.title for document in documents], look.prefix)
    for document, prefix in zip(documents, prefixes, strict=True):
        symbols = Symbols(document.symbols)
        named = (prefix if look.prefix else "") or document.title
        macros = tuple(_macro(result, named, symbols, commands) for result in document.results)
        blocks = tuple(_blocks(document, symbols, labels_of(document, prefix, labels), look))
        laid.append(LaidDocument(prefix, macros, blocks))
    blocks = tuple(block for document in laid for block in document.blocks)
    needed = {
        "longtable": any(part.long for block in blocks if block.table for part in block.table.parts),
        "tikz": any(block.picture for block in blocks),
    }
    letters = letters_apart("".join(_strings(blocks)))
    return LaidFile(tuple(name for name, wanted in needed.items() if wanted), tuple(letters), tuple(laid))


def _strings(blocks: tuple[LaidBlock, ...]) -> list[str]:
    """Every string of laid blocks, in their order."""
    found: list[str] = []
    waiting: list[object] = [blocks]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, tuple):
            waiting.extend(reversed(value))
    return found


def _macro(result: Result, title: str, symbols: Symbols, taken: set[str]) -> Macro:
    comment = f"{result.quantity}: {result.value}" if result.value else result.quantity
    return Macro(new_command(title, result.name, taken), to_latex(result.formula, symbols), spaced(comment))


def _blocks(document: Document, symbols: Symbols, labels: Sequence[str], look: Look) -> Iterator[LaidBlock]:
    """The blocks; steps that follow each other share their columns."""
    aligner = Aligner(symbols, look.points * _SAFE)
    opens = True
    named = zip(document.blocks, labels, strict=True)
    for aligned, run in groupby(named, key=lambda one: isinstance(one[0], Steps)):
        if aligned:
            groups = [block.steps for block, _ in run if isinstance(block, Steps) and block.steps]
            if groups:
                yield LaidBlock("steps", groups=aligner.aligned(groups), opens=opens)
            continue
        for block, label in run:
            assert not isinstance(block, Steps)
            laid = _block(block, label, symbols, look)
            yield laid
            opens = laid.kind != "text" or not laid.text


def _block(
    block: Heading | Paragraph | Bullets | Table | Figure, label: str, symbols: Symbols, look: Look
) -> LaidBlock:
    match block:
        case Heading(level, text):
            return LaidBlock(_HEADINGS.get(level, "paragraph"), prose(text, symbols, bold=True).tex, label)
        case Paragraph(text):
            words = prose(text, symbols)
            return LaidBlock("ragged" if words.least > 0.2 * look.points else "text", words.tex)
        case Bullets(items):
            return LaidBlock("bullets", items=tuple(prose(item, symbols).tex for item in items))
        case Table():
            table = lay_out_table(block, symbols, look.points * _SAFE, label, long=look.standalone)
            return LaidBlock("table", table=table)
        case Figure(Picture() as picture, caption) if look.standalone:
            from .tikz import to_tikz

            _, _, drawn = to_tikz(replace(picture, caption=""), look.width_inches).partition("\n")  # what it needs
            return LaidBlock("figure", prose(caption, symbols).tex, label, picture=drawn.strip())
        case Figure():
            return LaidBlock("text")
        case _:
            assert_never(block)
