"""User's words made safe: any characters go in, LaTeX, Markdown or plain text that prints them comes out."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from ..notation.letters import JOINERS
from ..notation.words import one_script
from .latex_letters import BREAK, HYPHEN, latex_letter

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>|$~^#])")
_SIGNS_IN_CODE = re.compile(r"([_/.,:=()\[\]]+)(?=[^\s_/.,:=()\[\]])")
_LONG_WORD: Final = re.compile(rf"[^\s{BREAK}-]{{19,}}")
_PLAIN: Final = re.compile(r"(?:[A-Za-z0-9.,;:()\[\]!?/+=*]{0,18}[ -](?!-))*[A-Za-z0-9.,;:()\[\]!?/+=*]{0,18}")
_JOINTS: Final = re.compile(r"(?<=[._/:,;=)\]}])(?=\w)|(?<=[a-z])(?=[A-Z])")
_ACCENTED: Final = re.compile("([A-Za-z][\u0300-\u036f]+)")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Co", "Cs"})


def spaced(words: str) -> str:
    """Line ends and runs of blanks as one space; what is left of the ends stays. Control characters go, and so do
    private ones, which mean something else to each reader; what joins letters or keeps them apart stays."""
    if words.isascii() and words.isprintable() and "  " not in words:
        return words
    return "".join(
        c
        for c in re.sub(r"[ \t\r\n\f\v\u2028\u2029]+", " ", words)
        if unicodedata.category(c) not in _HIDDEN or c in JOINERS
    )


@lru_cache(maxsize=4096)
def latex_words(words: str) -> str:
    """Words for LaTeX outside mathematics.

    >>> print(latex_words("50% of d_ff – Poincaré's θ"))
    50\\% of d\\_ff -- Poincar\\'{e}'s $\\theta$
    """
    words = spaced(words)
    if _PLAIN.fullmatch(words):
        return words
    words = _curly(unicodedata.normalize("NFC", words))
    words = re.sub("-(?=-)", f"-{BREAK}", words)
    return _translated(_LONG_WORD.sub(_divided, words), _Letters())


@lru_cache(maxsize=4096)
def latex_code(text: str) -> str:
    """A name or a command for `\\texttt`; it may break after any character that is no letter, and in long words."""
    letters = _Letters({ord(mark): rf"{{\char{ord(mark)}}}" for mark in '\\{}~^<>|$"`'})
    text = unicodedata.normalize("NFC", spaced(text))
    broken = _SIGNS_IN_CODE.sub(rf"\1{BREAK}", text)
    return _translated(_LONG_WORD.sub(_loosened, broken), letters).replace("--", "-{}-")


def markdown_words(words: str) -> str:
    """Words for Markdown.

    >>> print(markdown_words("50% of d_ff"))
    50% of d\\_ff
    """
    return _MARKDOWN.sub(r"\\\1", spaced(words)).replace("&", "&amp;")


def _translated(text: str, letters: _Letters) -> str:
    """LaTeX letter by letter, with neighbouring formulas joined: 10⁻⁵ has one exponent, not two."""
    parts = _ACCENTED.split(text)  # every other one is a letter with accents that Unicode has no letter for
    written = (latex_letter(part) if place % 2 else part.translate(letters) for place, part in enumerate(parts))
    return one_script("".join(written).replace("$$", ""))


def _curly(words: str) -> str:
    """Straight quotation marks as a printer sets them."""
    words = re.sub(r'(^|[\s(\[])"', r"\1“", words)
    words = words.replace('"', "”")
    return re.sub(r"(^|[\s(\[])'", r"\1‘", words)


def _divided(found: re.Match[str]) -> str:
    """A very long word that may be divided, so that it never sticks out of a column."""
    return re.sub(rf"(?<=[^\W\d_]){BREAK}(?=[a-z])", HYPHEN, _loosened(found))


def _loosened(found: re.Match[str]) -> str:
    """A very long name that may break: at its joints, and elsewhere after 12 letters."""
    return BREAK.join(piece for part in _JOINTS.split(found[0]) for piece in re.findall(".{1,12}", part))


class _Letters(dict[int, str]):
    """A table for `str.translate` that works out each character when it is first met."""

    def __missing__(self, code: int) -> str:
        written = self[code] = latex_letter(chr(code))
        return written
