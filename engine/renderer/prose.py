"""Words mixed with formulas as LaTeX: a text of the document goes in, markup and its width come out."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..document import Code, Strong, Text
from ..formula import Formula
from ..notation import Symbols, latex_width, text_width, to_flat_latex, to_marked_latex
from ..notation.marks import COMMA, DEPTHS, FACTOR, OPERATOR, unmarked
from ..notation.remembering import remembered
from .escape import latex_code, latex_words, spaced
from .latex_letters import as_printed, printed_width

LONG_INLINE = 110.0  # points: from here on a term in a line of text is long,
LONG_IN_CELL = 55.0  # and one in a cell of a table
LONG_PIECE = 75.0  # points: a fraction that wide is written with a slash, so that it can be broken
_OPERATORS = f"[{OPERATOR}-{chr(ord(OPERATOR) + DEPTHS)}]"
_OPERATOR = re.compile(_OPERATORS)
_TERM = re.compile(f"(?={_OPERATORS})")
_WORDS_AFTER = re.compile(rf"(?<={_OPERATORS})(?=\\text)")
_FACTORS = re.compile(rf"[{FACTOR}-{chr(ord(COMMA) + DEPTHS)}](?!\\cdot)")
_STRETCHING = re.compile(r"\\(left|right)(?![A-Za-z])")
_BLANK = re.compile("[ \u200b]")
_BREAK = r"\allowbreak "
# As `latex_code` has it: signs stay with what they follow.
_BETWEEN_PARTS_OF_CODE = re.compile(r"[ \u200b]|(?<=[_/.,:=()\[\]])(?=[^\s_/.,:=()\[\]])")
_BREAK_BETWEEN_FACTORS = r"\penalty3000 "  # worse than several lines that end after an operator, at 700 each
# TeX ends lines after the dot of a product as well.
_ANY_BREAK = re.compile(rf"\\allowbreak |\\penalty3000 |[{FACTOR}-{chr(ord(FACTOR) + DEPTHS)}](?=\\cdot)")
_UNDIVIDED = 18  # letters: longer words may be divided


class Prose(NamedTuple):
    """Markup, its width on one line, and the width of its widest part that stays together; `whole` is that of a name
    alone."""

    tex: str
    width: float
    least: float
    whole: float = 0.0


@remembered
def prose(text: Text, symbols: Symbols, *, bold: bool = False, long: float = LONG_INLINE) -> Prose:
    """Words, formulas, names in typewriter and strong words, as LaTeX in a paragraph. Terms of formulas that are `long`
    may also be broken between factors."""
    tex, width = "", 0.0
    chunks = [0.0]  # widths of what stays together, from one blank to the next
    for run in text:
        match run:
            case str():
                tex += latex_words(run)
                width += _append_words(chunks, run, bold)
            case Code(code):
                tex += rf"\texttt{{{latex_code(code)}}}"
                width += printed_width(spaced(code), typewriter=True)
                parts = _BETWEEN_PARTS_OF_CODE.split(as_printed(spaced(code)))
                chunks += [text_width(part[:_UNDIVIDED], typewriter=True) for part in parts]
            case Strong(words):
                tex += rf"\textbf{{{latex_words(words)}}}"
                width += _append_words(chunks, words, True)
            case _:
                formula, whole, pieces = inline_formula(run, symbols, long)
                tex += f"${formula}$"
                width += whole
                chunks[-1] += pieces[0]
                chunks += pieces[1:]
    whole = width if len(text) == 1 and isinstance(text[0], Code) else 0.0
    return Prose(tex.strip().replace("$$", " "), width, max(chunks), whole)  # formulas side by side are one


@remembered
def inline_formula(formula: Formula, symbols: Symbols, long: float) -> tuple[str, float, list[float]]:
    """A formula in a line of text, its width, and the widths of the parts between which TeX may end a line."""
    marked = _breakable(to_marked_latex(formula, symbols))
    wide = latex_width(unmarked(marked), display=False)
    tex, widths = _broken(marked, wide, long)
    if wide > 2 * LONG_INLINE or max(widths) > LONG_PIECE or (wide > LONG_INLINE and "\\begin" in marked):
        marked = _breakable(to_flat_latex(formula, symbols))
        wide = latex_width(unmarked(marked), display=False)
        tex, widths = _broken(marked, wide, long)
    return tex, wide, widths


def _broken(marked: str, wide: float, long: float) -> tuple[str, list[float]]:
    """A formula with places to break, and the widths between them."""
    if wide <= long and not _OPERATOR.search(marked):
        return unmarked(marked), [wide + 2.0]
    marked = _WORDS_AFTER.sub(lambda _: _BREAK, marked)  # TeX breaks at operators only
    parts = [_with_breaks(part, long) for part in _TERM.split(marked)]
    pieces = [piece for part in parts for piece in _ANY_BREAK.split(part)]
    operator = 12.0 if len(pieces) > 1 else 2.0  # TeX leaves it at the end of the line
    widths = [latex_width("{}" + unmarked(piece), display=False) + operator for piece in pieces]
    return unmarked("".join(parts)), widths


def _with_breaks(part: str, long: float) -> str:
    """A term too long for a narrow column, with places to break between its factors."""
    if latex_width("{}" + unmarked(part), display=False) <= long:
        return part
    return _FACTORS.sub(lambda found: found[0] + _BREAK_BETWEEN_FACTORS, part)


def _breakable(marked: str) -> str:
    """Brackets of a fixed size, for TeX ends no line between `\\left` and `\\right`."""
    return _STRETCHING.sub(lambda found: rf"\big{found[1][0]}", marked)


def _append_words(chunks: list[float], words: str, bold: bool) -> float:
    """The width of words, whose parts go to the `chunks`."""
    words = spaced(words)
    first, *others = _BLANK.split(as_printed(words))
    chunks[-1] += _longest(first, bold)
    chunks += [_longest(word, bold) for word in others]
    return printed_width(words, bold=bold)


def _longest(word: str, bold: bool) -> float:
    return min(text_width(word, bold=bold), _UNDIVIDED * 5.5)
