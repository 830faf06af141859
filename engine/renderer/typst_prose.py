"""Words mixed with formulas as Typst: a text of the document goes in, markup and its width come out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from ..document import Code, Strong, Text
from ..formula import Formula
from ..notation import Symbols
from ..notation.marks import COMMA, DEPTHS, FACTOR, OPERATOR, unmarked
from ..notation.remembering import remembered
from ..notation.typst import to_flat_typst, to_marked_typst
from ..notation.typst_widths import typst_width, words_width
from .escape import spaced
from .escape_typst import ZERO_WIDTH, code_parts, loose, typst_code, typst_words

SHORT_INLINE: Final = 48.0  # points: a formula that is no longer stays together
LONG_INLINE: Final = 110.0  # points: from here on a term in a line of text may also be broken between factors
ROOM: Final = 75.0  # points: a fraction or a name that is wider is written so that it can be broken
TALL: Final = 1.7  # lines: the height of a fraction
LETTER_OF_CODE: Final = 4.9  # points, of DejaVu Sans Mono at 8 pt
_OPERATORS: Final = f"[{OPERATOR}-{chr(ord(OPERATOR) + DEPTHS)}]"
_FACTORS: Final = re.compile(f"[{FACTOR}-{chr(ord(COMMA) + DEPTHS)}](?!dot )")
_BREAK: Final = "\ue300"
_BRACKET: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[()⌊⌋⌈⌉]')
_TALL: Final = re.compile(r"\b(?:frac\(|sum\b|product\b|cases\()")


class Prose(NamedTuple):
    """Markup, its width on one line, and the width of its widest part that stays together; `whole` is that of a name
    alone. `tall` says that a formula in it is higher than a line of words."""

    typst: str
    width: float
    least: float
    tall: bool = False
    whole: float = 0.0


@remembered
def prose(text: Text, symbols: Symbols, *, bold: bool = False, room: float = ROOM) -> Prose:
    """Words, formulas, names in a fixed-width face and strong words, as Typst in a paragraph; what is wider than `room`
    can be broken."""
    runs: list[str] = []
    width = 0.0
    tall = False
    chunks = [0.0]  # widths of what stays together, from one blank to the next
    for place, run in enumerate(text):
        match run:
            case str():
                runs.append(typst_words(run))
                width += _add_words(chunks, spaced(run), bold)
            case Code(code):
                longest = int(room / LETTER_OF_CODE)
                runs.append(typst_code(code, longest))
                width += _code_width(code)
                first, *others = (_code_width(part.rstrip()) for part in code_parts(code, longest))
                chunks[-1] += first
                chunks += others
            case Strong(words):
                runs.append(_strong(words, text[:place], text[place + 1 :]))
                width += _add_words(chunks, spaced(words), True)
            case _:
                formula, wide, pieces = inline_formula(run, symbols, room)
                runs.append(formula)
                width += wide
                tall = tall or is_tall(formula)
                chunks[-1] += pieces[0]
                chunks += pieces[1:]
    whole = width if len(text) == 1 and isinstance(text[0], Code) else 0.0
    return Prose("".join(runs).strip(), width, max(chunks), tall, whole)


@remembered
def inline_formula(formula: Formula, symbols: Symbols, room: float = ROOM) -> tuple[str, float, list[float]]:
    """A formula in a line of text, its width, and those of the parts between which Typst may end a line."""
    marked = to_marked_typst(formula, symbols)
    wide = typst_width(unmarked(marked), display=False)
    if wide <= SHORT_INLINE:
        together = f"#box[${unmarked(marked)}$]" if marked != unmarked(marked) else f"${marked}$"
        return together, wide + 2.0, [wide + 2.0]
    long_term = LONG_INLINE * min(1.0, room / ROOM)
    typst, widths = _broken(marked, long_term)
    if wide > 2 * LONG_INLINE or max(widths) > room or (wide > LONG_INLINE and "cases(" in marked):
        marked = to_flat_typst(formula, symbols)
        typst, widths = _broken(marked, long_term)
        wide = typst_width(unmarked(marked), display=False)
    return typst, wide + 2.0, widths


def is_tall(typst: str) -> bool:
    """Whether a formula is higher than a line of words."""
    return _TALL.search(typst) is not None


def balanced(lines: Sequence[str]) -> list[str]:
    """The parts of a formula: brackets whose other half is in another part stand by themselves, both of one size.

    >>> print(*balanced(["N (a", "+ b)"]), *balanced(["N (a", "+ frac(b, c))"]))
    N \\(a + b\\) N lr(size: #2.4em, \\() a + frac(b, c) lr(size: #2.4em, \\))
    """
    opened: list[tuple[int, re.Match[str]]] = []
    alone: list[list[tuple[re.Match[str], bool]]] = [[] for _ in lines]
    for place, line in enumerate(lines):
        for found in _BRACKET.finditer(line):
            if found[0] in "(⌊⌈":
                opened.append((place, found))
            elif found[0] in ")⌋⌉" and opened:
                start, partner = opened.pop()
                between = lines[start][partner.end() :] + "".join(lines[start + 1 : place]) + line[: found.start()]
                if start != place:
                    tall = is_tall(between)
                    alone[start].append((partner, tall))
                    alone[place].append((found, tall))
    return [_alone(line, brackets) for line, brackets in zip(lines, alone, strict=True)]


def _alone(line: str, brackets: list[tuple[re.Match[str], bool]]) -> str:
    """A line with brackets that Typst is not to look for a partner of."""
    for found, tall in sorted(brackets, key=lambda bracket: bracket[0].start(), reverse=True):
        before, after = line[: found.start()], line[found.end() :]
        if tall:
            line = f"{before.rstrip()} lr(size: #2.4em, \\{found[0]}){'' if after[:1] in '^_' else ' '}{after.lstrip()}"
        else:
            line = f"{before}\\{found[0]}{after}"
    return line.strip()


def _broken(marked: str, long_term: float) -> tuple[str, list[float]]:
    """A formula with places to break, and the widths between them."""
    marked = re.sub(rf'(?<={_OPERATORS})(?=")', _BREAK, marked)  # Typst breaks at operators only
    parts = [_with_breaks(part, long_term) for part in re.split(f"(?={_OPERATORS})", marked)]
    pieces = [unmarked(piece) for part in parts for piece in part.split(_BREAK)]
    operator = 12.0 if len(pieces) > 1 else 2.0  # it stays at the end of the line
    widths = [typst_width(f'""{piece}', display=False) + operator for piece in pieces]
    apart = unmarked("".join(parts)).split(_BREAK)
    return ZERO_WIDTH.join(f"${part}$" for part in balanced(apart)), widths


def _with_breaks(part: str, long_term: float) -> str:
    """A term too long for a narrow column, with places to break between its factors."""
    if typst_width(f'""{unmarked(part)}', display=False) <= long_term:
        return part
    return _FACTORS.sub(lambda found: found[0] + _BREAK, part)


def _strong(words: str, before: Text, after: Text) -> str:
    """Words between stars, which Typst takes for stars where a letter stands on either side."""
    left, right = (edge[0] if edge else " " for edge in (before[-1:], after[:1]))
    if not words.strip():
        return ""
    joined = any(isinstance(side, Strong) for side in (left, right)) or _in_word(left, words) or _in_word(words, right)
    return f"#strong[{typst_words(words)}];" if joined else f"*{typst_words(words)}*"


def _in_word(left: object, right: object) -> bool:
    return isinstance(left, str) and isinstance(right, str) and left[-1:].isalnum() and right[:1].isalnum()


def _add_words(chunks: list[float], words: str, bold: bool) -> float:
    """Adds the widths of what blanks hold apart; gives the width of all."""
    first, *others = (max(words_width(part, bold=bold) for part in loose(word)) for word in words.split(" "))
    chunks[-1] += first
    chunks += others
    return words_width(words, bold=bold)


def _code_width(code: str) -> float:
    return LETTER_OF_CODE * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in code)
