"""Words mixed with formulas as HTML: a text of the document goes in, markup and its widths in em come out.

A browser ends no line inside a `<math>`: a long formula becomes several, with blanks between them. Several that belong
together are a box, which first goes to a new line as a whole and is broken inside only if it must be; where lines are
short, only short ones are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Final, NamedTuple

from ..document import Code, Strong, Text
from ..formula import Formula
from ..notation import Symbols, text_width
from ..notation.mathml import flat_mathml_parts, mathematics, mathml_parts
from ..notation.mathml_parts import DEEPER, FACTOR, SIGN, Parts, width
from .escape import spaced

PHONE: Final = 18.0  # em: the line of a phone
CELL: Final = 10.0  # of it, where a table has several columns
SHORT: Final = 6.0  # a sum that is no wider stays on its line
SHORT_PRODUCT: Final = 11.0
LEAST_SIZE: Final = 0.7  # what is to be smaller is written with slashes for fraction bars
SHORT_CODE: Final = 14  # letters
SHORT_WORD: Final = 14
LONGEST_TOGETHER: Final = 20  # letters and signs: what is longer may be broken
# The axes of a tensor, [N, D], or a formula with the words that touch it.
_TOUCHING: Final = re.compile(
    r"\[(?:[^\[\]<> ]|, |</?m[^>]*>)+\]|(?:(?<![^\s<>])[^\s<>]*)?<math(?:(?!</math>).)*</math>[^\s<>]*", re.DOTALL
)
_BREAKS_IN_CODE: Final = re.compile(r"([_/.,:=()\[\]]+)(?=[^\s_/.,:=()\[\]])")
_LONG_WORD: Final = re.compile(rf"\S{{{SHORT_WORD + 1},}}")
_JOINT: Final = re.compile(r"(?<=[/_.,:;=|)\]}>])(?=[^\s/_.,:;=|()\[\]{}<>\d])|(?<=\w{20})(?=\w{4})")
_HYPHEN: Final = re.compile(r"(?<=\w-)(?=\w)")  # where a browser ends a line by itself
_BREAK: Final = "\0"  # where a line may end; no word has the character after `spaced`
_NUMBER: Final = re.compile("<mn>([^<]*)</mn>")
_TAG: Final = re.compile("<[^>]*>")
_CODE_SIZE: Final = 1.15  # against the width of the same words in the face of the text
_BOLD: Final = 1.16
_BLANK: Final = 0.334


class Prose(NamedTuple):
    """Markup, its width on one line, and the width of its widest part that stays together."""

    html: str
    width: float
    least: float


@dataclass(frozen=True)
class Writer:
    """Writes the texts and formulas of one document, each formula once."""

    symbols: Symbols
    _formulas: dict[tuple[Formula, bool, int], Prose] = field(default_factory=dict)
    _texts: dict[tuple[Text, int], Prose] = field(default_factory=dict)

    def prose(self, text: Text, *, room: float = PHONE) -> Prose:
        """Words, formulas, names in typewriter and strong words; no formula that stays together is wider than `room`
        on a phone."""
        key = (text, int(room))
        if key not in self._texts:
            self._texts[key] = self._prose(text, room)
        return self._texts[key]

    def _prose(self, text: Text, room: float) -> Prose:
        html, wide = "", 0.0
        chunks = [0.0]  # widths of what stays together, from one blank to the next
        for run in text:
            match run:
                case str():
                    loose = _loose(run)
                    html += escape(loose).replace(_BREAK, "<wbr>")
                    wide += _measure(chunks, loose, 1.0)
                case Code(code):
                    html += f"<code>{html_code(code)}</code>"
                    wide += _measure(chunks, _broken_code(code, _BREAK), _CODE_SIZE)
                case Strong(words):
                    html += f"<strong>{html_words(words)}</strong>"
                    wide += _measure(chunks, words, _BOLD)
                case _:
                    laid = self.formula(run, room=room)
                    html += laid.html
                    wide += laid.width
                    chunks[-1] += laid.least
        return Prose(_TOUCHING.sub(_together, html.strip()), wide, max(chunks))

    def formula(self, formula: Formula, *, display: bool = False, room: float = PHONE) -> Prose:
        """A formula that never sticks out of its line, which on a phone is `room` wide: broken, written with slashes,
        or in the last resort smaller. A number in a text is one of its words."""
        key = (formula, display, int(room))
        if key not in self._formulas:
            cut = _cut(mathml_parts(formula, self.symbols), room)
            if cut.least > room / LEAST_SIZE:
                cut = _cut(flat_mathml_parts(formula, self.symbols), room)
            alone = _NUMBER.fullmatch(cut.parts[0].markup) if len(cut.parts) == 1 and not display else None
            html = alone[1] if alone else _lines(cut, display, int(room))
            self._formulas[key] = Prose(html, cut.width, cut.least)
        return self._formulas[key]


def html_words(words: str) -> str:
    """Words for HTML, between tags or quotation marks.

    >>> html_words("50% of <d_ff>")
    '50% of &lt;d_ff&gt;'
    """
    return escape(spaced(words))


def _loose(words: str) -> str:
    """Words with marks where a browser may end a line inside the long ones: URLs, what is joined by punctuation."""
    return _LONG_WORD.sub(lambda found: _JOINT.sub(_BREAK, found[0]), spaced(words))


def html_code(text: str) -> str:
    """A name or a command for `<code>`; a long one may break after any character that is no letter."""
    return escape(_broken_code(spaced(text), _BREAK)).replace(_BREAK, "<wbr>")


def _broken_code(text: str, mark: str) -> str:
    """The text with a mark where a line may end."""
    return _BREAKS_IN_CODE.sub(rf"\1{mark}", text) if len(text) > SHORT_CODE else text


def _measure(chunks: list[float], words: str, scale: float) -> float:
    """The width of words, which are added to the chunks."""
    blanks = words.count(" ")
    apart = _HYPHEN.sub(_BREAK, words).replace(" ", _BREAK).split(_BREAK)
    first, *others = (text_width(word) / 10 * scale for word in apart)
    chunks[-1] += first
    chunks += others
    return first + sum(others) + _BLANK * scale * blanks


def _together(found: re.Match[str]) -> str:
    """A browser would end a line on either side of a formula, even before a full stop."""
    apart = found[0].startswith("<math") and found[0].endswith("</math>")
    if apart or len(_TAG.sub("", found[0])) > LONGEST_TOGETHER:
        return found[0]
    return f'<span class="together">{found[0]}</span>'


class _Cut(NamedTuple):
    """Parts of a formula with the groups between which a line may end, none where none may; `least` is the width of the
    widest part that stays together."""

    parts: Parts
    width: float
    least: float
    groups: tuple[_Cut, ...]


def _cut(parts: Parts, room: float) -> _Cut:
    """The parts cut where lines end most willingly, and each group again."""
    wide = width(parts)
    ranks = [part.rank for part in parts[1:] if part.rank is not None]
    if _whole(parts, wide, ranks, room):
        return _Cut(parts, wide, wide, ())
    least = min(ranks)
    starts = [place for place, part in enumerate(parts) if place and part.rank is not None and part.rank <= least]
    groups = tuple(_cut(parts[start:end], room) for start, end in pairwise([0, *starts, len(parts)]))
    return _Cut(parts, wide, max(group.least for group in groups), groups)


def _whole(parts: Parts, wide: float, ranks: Sequence[int], room: float) -> bool:
    """Whether no line ends in these parts: they are a short sum, or a product that is short. In a cell one with a sum
    in it gets lines as a sum does."""
    if not ranks or wide <= SHORT:
        return True
    if wide > SHORT_PRODUCT:
        return False
    high = any(part.fence and part.tall for part in parts)
    return (high or min(ranks) >= FACTOR) and not (room <= CELL and any(rank % DEEPER == SIGN for rank in ranks))


def _lines(cut: _Cut, display: bool, room: int) -> str:
    """One `<math>`, or several between which a line may end."""
    if not cut.groups:
        return _one(cut, display, room)
    written = ""
    for group in cut.groups:
        inner = _lines(group, display, room)
        blank = " " if group.parts[0].leading else "<wbr>"
        box = "box" if group.width <= SHORT_PRODUCT else "long"
        boxed = f'<span class="{box}">{inner}</span>' if inner.count("<math") > 1 else inner
        written += (blank if written else "") + boxed
    return written


def _one(cut: _Cut, display: bool, room: int) -> str:
    """One `<math>`, small where the screen is too narrow for it."""
    written = mathematics(cut.parts, display=display)
    if cut.width <= room:
        return written
    size = f"min(1em,calc((100vw - {PHONE - room + 2:.3g}em)/{1.08 * cut.width:.3g}))"
    return f'<span style="font-size:{size}">{written}</span>'
