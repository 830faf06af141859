"""Words mixed with formulas as LaTeX: a text of the document goes in, markup and its width come out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..document import Code, Strong, Text
from ..formula import Formula
from ..notation import Symbols, latex_width, text_width, to_flat_latex, to_marked_latex
from ..notation.marks import COMMA, DEPTHS, FACTOR, OPERATOR, unmarked
from .escape import latex_code, latex_words, spaced

LONG_INLINE = 110.0  # points: from here on a term in a line of text may also be broken between factors
LONG_PIECE = 75.0  # points: a fraction that wide is written with a slash, so that it can be broken
_OPERATORS = f"[{OPERATOR}-{chr(ord(OPERATOR) + DEPTHS)}]"
_BREAK = r"\allowbreak "


@dataclass(frozen=True)
class Prose:
    """Markup, its width on one line, and the width of its widest part that stays together."""

    tex: str
    width: float
    least: float


def prose(text: Text, symbols: Symbols, *, bold: bool = False) -> Prose:
    """Words, formulas, names in typewriter and strong words, as LaTeX in a paragraph."""
    tex, width = "", 0.0
    chunks = [0.0]  # widths of what stays together, from one blank to the next
    for run in text:
        match run:
            case str():
                words = spaced(run)
                tex += latex_words(words)
                width += text_width(words, bold=bold)
                _append_words(chunks, words, bold)
            case Code(code):
                tex += rf"\texttt{{{latex_code(code)}}}"
                width += text_width(code, typewriter=True)
                chunks += [text_width(part, typewriter=True) for part in re.split(r"[ /.,:=()\[\]_]", code)]
            case Strong(words):
                tex += rf"\textbf{{{latex_words(words)}}}"
                width += text_width(words, bold=True)
                _append_words(chunks, spaced(words), True)
            case _:
                formula, pieces = inline_formula(run, symbols)
                tex += f"${formula}$"
                width += sum(pieces)
                chunks[-1] += pieces[0]
                chunks += pieces[1:]
    return Prose(tex.strip(), width, max(chunks))


def inline_formula(formula: Formula, symbols: Symbols) -> tuple[str, list[float]]:
    """A formula in a line of text, and the widths of the parts between which TeX may end a line."""
    marked = _breakable(to_marked_latex(formula, symbols))
    wide = latex_width(unmarked(marked), display=False)
    tex, widths = _broken(marked)
    if wide > 2 * LONG_INLINE or max(widths) > LONG_PIECE or (wide > LONG_INLINE and "\\begin" in marked):
        return _broken(_breakable(to_flat_latex(formula, symbols)))
    return tex, widths


def _broken(marked: str) -> tuple[str, list[float]]:
    """A formula with places to break, and the widths between them."""
    marked = re.sub(rf"(?<={_OPERATORS})(?=\\text)", lambda _: _BREAK, marked)  # TeX breaks at operators only
    parts = [_with_breaks(part) for part in re.split(f"(?={_OPERATORS})", marked)]
    pieces = [piece for part in parts for piece in part.split(_BREAK)]
    operator = 12.0 if len(pieces) > 1 else 2.0  # TeX leaves it at the end of the line
    widths = [latex_width("{}" + unmarked(piece), display=False) + operator for piece in pieces]
    return unmarked("".join(parts)), widths


def _with_breaks(part: str) -> str:
    """A term too long for a narrow column, with places to break between its factors."""
    if latex_width("{}" + unmarked(part), display=False) <= LONG_INLINE:
        return part
    return re.sub(rf"[{FACTOR}-{chr(ord(COMMA) + DEPTHS)}](?!\\cdot)", lambda found: found[0] + _BREAK, part)


def _breakable(marked: str) -> str:
    """Brackets of a fixed size, for TeX ends no line between `\\left` and `\\right`."""
    return re.sub(r"\\(left|right)(?![A-Za-z])", lambda found: rf"\big{found[1][0]}", marked)


def _append_words(chunks: list[float], words: str, bold: bool) -> None:
    first, *others = words.split(" ")
    chunks[-1] += _longest(first, bold)
    chunks += [_longest(word, bold) for word in others]


def _longest(word: str, bold: bool) -> float:
    """Words of 19 letters and more are given places to break by `latex_words`."""
    return min(text_width(word, bold=bold), 12 * 8.0)
