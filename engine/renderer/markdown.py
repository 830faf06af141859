"""A document laid out for Markdown: blocks go in; words and formulas in the chosen dialect for the template come out.

Formulas use what KaTeX and MathJax share. The default dialect writes `$…$` and `$$…$$`, "github" its fences and
backticks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple, assert_never

from ..document import Block, Bullets, Code, Document, Figure, Heading, Paragraph, Steps, Strong, Table, Text
from ..formula import Formula
from ..notation import Symbols, latex_width, text_width, to_flat_latex, to_latex, to_marked_latex, words_in_math
from .escape import markdown_words, spaced
from .latex_steps import ARROW, GAP, INDENT, RELATION, RELATIONS, balanced, line_width
from .steps import LaidStep, LaidSteps, Ruler, in_brackets, lay_out_steps

_RULES = {"l": ":---", "c": ":---:", "r": "---:"}


class LaidBlock(NamedTuple):
    """One block for the template, which looks at `kind`."""

    kind: str
    text: str = ""
    level: int = 1
    items: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class LaidDocument(NamedTuple):
    title: str
    blocks: tuple[LaidBlock, ...]
    fence: tuple[str, str]


@dataclass(frozen=True)
class Writer:
    """What the dialects differ in."""

    symbols: Symbols
    github: bool

    def mathematics(self, tex: str) -> str:
        """LaTeX that survives Markdown, where a `<` may begin HTML."""
        less, greater = (r" \lt ", r" \gt ") if self.github else (" < ", " > ")
        return re.sub(r"\s*([<>])\s*", lambda found: less if found[1] == "<" else greater, tex)

    def inline(self, formula: Formula) -> str:
        tex = self.mathematics(to_latex(formula, self.symbols))
        return f"$`{tex}`$" if self.github else f"${tex}$"

    def words(self, text: Text) -> str:
        written = ""
        for run in text:
            match run:
                case str():
                    piece = markdown_words(run)
                case Code(code):
                    piece = _code(code)
                case Strong(words):
                    escaped = markdown_words(words)
                    piece = re.sub(r"\S(?:.*\S)?", lambda found: f"**{found[0]}**", escaped)
                case _:
                    piece = self.inline(run)
            # $a$$b$ and $a$2 are no formulas
            apart = written.endswith("$") and (piece[:1] == "$" or piece[:1].isdigit())
            written += " " * apart + piece
        return written.strip()

    def cell(self, text: Text) -> str:
        """A text in a table, where a bar ends a cell even inside code."""
        return re.sub(r"(?<!\\)\|", r"\\|", self.words(text))

    def reason(self, text: Text) -> tuple[list[str], list[float]]:
        """A reason in pieces that stand in mathematics, with their widths, as many as there are places to break."""
        pieces, widths = [], []
        for run in text:
            match run:
                case str() | Strong():
                    for word in _words_apart(run if isinstance(run, str) else run.text):
                        pieces.append(word)
                        widths.append(text_width(word))
                case Code(code):
                    pieces.append("\0" + words_in_math(code, "texttt"))
                    widths.append(text_width(code, typewriter=True))
                case _:
                    tex = to_latex(run, self.symbols)
                    pieces.append("\0" + tex)
                    widths.append(latex_width(tex, display=False))
        return pieces, widths


def lay_out(document: Document, width: float, dialect: str | None) -> LaidDocument:
    """The document; displays are broken at `width` points, about what a page of a browser has."""
    writer = Writer(Symbols(document.symbols, others="letters"), dialect == "github")
    blocks = tuple(_block(block, writer, width) for block in document.blocks)
    fence = ("```math", "```") if writer.github else ("$$", "$$")
    return LaidDocument(markdown_words(document.title), blocks, fence)


def _words_apart(words: str) -> list[str]:
    """Words, each with the blank before it."""
    return re.findall(r"\s*\S+|\s+$", spaced(words))


def _code(code: str) -> str:
    """Code between more backticks than it holds."""
    text = spaced(code)
    ticks = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    blank = " " if "`" in (text[:1], text[-1:]) else ""
    return f"{ticks}{blank}{text}{blank}{ticks}"


def _block(block: Block, writer: Writer, width: float) -> LaidBlock:
    match block:
        case Heading(level, text):
            return LaidBlock("heading", writer.words(text), level=level)
        case Paragraph(text):
            return LaidBlock("text", _not_a_list(writer.words(text)))
        case Bullets(items):
            return LaidBlock("bullets", items=tuple(map(writer.words, items)))
        case Steps(()):
            return LaidBlock("text")
        case Steps(steps):
            return LaidBlock("steps", lines=tuple(_lines(lay_out_steps(steps, _ruler(writer, width)), writer, width)))
        case Table(caption, align, head, rows, total, _, notes):
            cells = [tuple(map(writer.cell, row)) for row in rows]
            if total and cells:
                cells[-1] = tuple(f"**{cell}**" if re.search(r"\w", cell) and "$" not in cell and "*" not in cell
                                  else cell for cell in cells[-1])  # fmt: skip
            return LaidBlock(
                "table",
                writer.words(caption),
                items=tuple(map(writer.cell, head)),
                rule=tuple(_RULES[letter] for letter in align),
                rows=tuple(cells),
                lines=tuple(map(writer.words, notes)),
            )
        case Figure():
            return LaidBlock("text")
        case _:
            assert_never(block)


def _not_a_list(paragraph: str) -> str:
    """A paragraph that begins like a list, 1. or + or -, stays one."""
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", re.sub(r"^([-+=])", r"\\\1", paragraph))


def _ruler(writer: Writer, width: float) -> Ruler:
    return Ruler(
        width=width,
        write=lambda formula: to_marked_latex(formula, writer.symbols),
        flat=lambda formula: to_flat_latex(formula, writer.symbols),
        measure=line_width,
        reason_width=lambda reason: sum(writer.reason(reason)[1]) + 8.0,
        relation=RELATION,
        indent=INDENT,
        gap=GAP,
        joint=r"\cdot ",
        arrow=ARROW,
    )


def _lines(laid: LaidSteps, writer: Writer, width: float) -> list[str]:
    rows = [row for step in laid.steps for row in _rows(step, laid, writer, width)]
    written = [f"{left} & {right}" + (f" && {why}" if why else "") for left, right, why in rows]
    return [writer.mathematics(line).strip() + r" \\" * (place < len(rows) - 1) for place, line in enumerate(written)]


def _rows(step: LaidStep, laid: LaidSteps, writer: Writer, width: float) -> list[tuple[str, str, str]]:
    lines = [balanced(line) for line in step.lines]
    rights = [
        f"{RELATIONS.get(step.relation, step.relation)} {lines[0]}",
        *(rf"\qquad {{}}{line}" for line in lines[1:]),
    ]
    above = [
        ("", rf"\qquad {{}}{line}" if place else line, "") for place, line in enumerate(map(balanced, step.left_above))
    ]
    if step.left_above:
        rights[0] = rf"\quad {rights[0]}"
    if laid.beside:
        reasons = _wrapped(step.reason, laid.beside + 0.1, writer)
        return above + [
            (first, right, why) for first, right, why in zip_longest([step.left], rights, reasons, fillvalue="")
        ]
    reasons = _wrapped(step.reason, width - laid.left - 20.0, writer)
    beneath = [("", rf"\qquad {line}", "") for line in reasons]
    return above + [(first, right, "") for first, right in zip_longest([step.left], rights, fillvalue="")] + beneath


def _wrapped(reason: Text, room: float, writer: Writer) -> list[str]:
    """A reason as lines of mathematics no wider than `room`."""
    if not reason:
        return []
    pieces, widths = writer.reason(in_brackets(reason))
    lines: list[list[str]] = [[]]
    filled = 0.0
    for piece, wide in zip(pieces, widths, strict=True):
        if filled + wide > room and lines[-1] and piece[:1].isspace():
            lines.append([])
            filled = 0.0
            piece = piece.lstrip()
        lines[-1].append(piece)
        filled += wide
    return [_joined(line) for line in lines]


def _joined(pieces: list[str]) -> str:
    """Neighbouring words in one \\text, formulas between them."""
    written, words = "", ""
    for piece in [*pieces, "\0"]:
        if piece.startswith("\0"):
            written += (words_in_math(words) if words else "") + piece[1:]
            words = ""
        else:
            words += piece
    return written
