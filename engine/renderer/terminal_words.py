"""Words in a terminal: a text of the document goes in; lines of Unicode, with marks for colours, come out.

No control character of a user's reaches the terminal.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ..document import Code, Strong, Text
from ..notation import Symbols, to_unicode
from .colour import BOLD, KEPT_BLANK, MARKS, NAME, carried, styled
from .escape import spaced

_CONTROL: Final = re.compile(  # and private characters other than the marks of formulas
    "[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ue300-\uf8ff\U000f0000-\U0010ffff]"
)
_TOGETHER: Final = 16  # a formula among words that is no longer stays on its line
_UNEVEN: Final = re.compile("[^\x00-\u02ff\u0370-\u0482\u1d2c-\u1d6a\u2000-\u20cf\u2100-\u2319\u2500-\u257f]")
_JOINT: Final = re.compile(r"(?<=[_/·])(?=\w)|(?<=[-.,:)])(?=[^\W\d])")


def cells(text: str) -> int:
    """How many columns a terminal gives to a text: none to accents and marks, two to East Asian letters."""
    if not _UNEVEN.search(text):
        return len(text)
    return sum(
        0 if unicodedata.combining(c) or MARKS.match(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def words(text: Text, symbols: Symbols) -> str:
    """A text on one line."""
    written = ""
    for run in text:
        match run:
            case str():
                written += spaced(run)
            case Code(code):
                written += styled(f"`{spaced(code)}`", NAME)
            case Strong(strong):
                written += styled(spaced(strong), BOLD)
            case _:
                formula = harmless(to_unicode(run, symbols))
                together = len(text) > 1 and len(formula) <= _TOGETHER
                written += formula.replace(" ", KEPT_BLANK) if together else formula
    return written.strip()


def harmless(formula: str) -> str:
    """A formula without control characters, which may stand in an author's choice of a symbol."""
    return _CONTROL.sub("", formula)


def least(text: str) -> int:
    """The width of the widest part of a text that `wrap` keeps together."""
    return max(cells(part) for word in text.split(" ") for part in _JOINT.split(word))


def wrap(text: str, room: int) -> list[str]:
    """The lines of a text, none wider than `room`; a word that is longer is cut, at a joint if it has one.

    >>> wrap("a long-winded word", 8)
    ['a', 'long-', 'winded', 'word']
    >>> wrap("incomprehensibilities", 12)
    ['incomprehens', 'ibilities']
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
    return carried(lines)


def _fitting(word: str, room: int) -> int:
    """Where to cut a word: behind the last joint that fits, or where the room ends."""
    taken, joint = 0, 0
    for place, letter in enumerate(word):
        taken += cells(letter)
        if place and _JOINT.match(word, place):
            joint = place
        if taken > room:
            return joint or max(place, 1)
    return len(word)
