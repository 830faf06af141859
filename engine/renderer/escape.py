"""User's words made safe: any characters go in, LaTeX, Markdown or plain text that prints them comes out.

LaTeX gets along with amsmath alone under every engine: what it cannot print becomes the nearest ASCII, or `?`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ..notation.words import MATHEMATICS, one_script

_LATEX: Final = {
    **{mark: "\\" + mark for mark in "#%&_{}"},
    "$": r"\(\$\)",
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\`{}", "\u00a0": "~", "–": "--", "—": "---", "…": r"\ldots{}",
    "“": "``", "”": "''", "„": ",,", "‘": "`", "’": "'", "«": "``", "»": "''", "ß": r"\ss{}", "æ": r"\ae{}",
    "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}",
    "§": r"\S{}", "¶": r"\P{}", "©": r"\copyright{}", "†": r"\dag{}", "‡": r"\ddag{}", "£": r"\pounds{}", "€": "EUR",
    "•": r"$\bullet$", "›": r"$\triangleright$", "‐": "-", "‑": "-", "−": "$-$", "′": "$'$", "″": "$''$",
}  # fmt: skip
_ACCENTS: Final = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d", "\u0327": "c", "\u0331": "b",
}  # fmt: skip
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>|$~^#])")
_LONG_WORD: Final = re.compile(r"[^\s\ue300-]{19,}")


_BREAK: Final = "\ue300"  # a private character: here a line may end


def spaced(words: str) -> str:
    """Line ends and runs of blanks as one space; what is left of the ends stays. Control characters go."""
    return "".join(c for c in re.sub(r"[ \t\r\n\f\v]+", " ", words) if unicodedata.category(c) not in ("Cc", "Cf"))


def latex_words(words: str) -> str:
    """Words for LaTeX outside mathematics.

    >>> print(latex_words("50% of d_ff – Poincaré's θ"))
    50\\% of d\\_ff -- Poincar\\'{e}'s $\\theta$
    """
    words = _curly(spaced(words))
    words = re.sub("-(?=-)", "-\u200b", words)
    words = words.replace("\u200b", _BREAK)
    return _translated(_LONG_WORD.sub(_loosened, words), _Letters())


def latex_code(text: str) -> str:
    """A name or a command for `\\texttt`; it may break after any character that is no letter, and in long words."""
    letters = _Letters({ord(mark): rf"{{\char{ord(mark)}}}" for mark in '\\{}~^<>|$"`'})
    broken = re.sub(r"([_/.,:=()\[\]]+)(?=[^\s_/.,:=()\[\]])", rf"\1{_BREAK}", spaced(text))
    return _translated(_LONG_WORD.sub(_loosened, broken), letters).replace("--", "-{}-")


def markdown_words(words: str) -> str:
    """Words for Markdown.

    >>> print(markdown_words("50% of d_ff"))
    50% of d\\_ff
    """
    return _MARKDOWN.sub(r"\\\1", spaced(words)).replace("&", "&amp;")


def _translated(text: str, letters: _Letters) -> str:
    """LaTeX letter by letter, with neighbouring formulas joined: 10⁻⁵ has one exponent, not two."""
    return one_script(text.translate(letters).replace("$$", ""))


def _curly(words: str) -> str:
    """Straight quotation marks as a printer sets them."""
    words = re.sub(r'(^|[\s(\[])"', r"\1“", words)
    words = words.replace('"', "”")
    return re.sub(r"(^|[\s(\[])'", r"\1‘", words)


def _loosened(found: re.Match[str]) -> str:
    """A very long word that may break, so that it never sticks out of a column."""
    return _BREAK.join(re.findall(".{1,12}", found[0]))


class _Letters(dict[int, str]):
    """A table for `str.translate` that works out each character when it is first met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if letter == _BREAK:
            return r"\allowbreak{}"
        if letter in _LATEX:
            return _LATEX[letter]
        if letter in MATHEMATICS:
            return f"${MATHEMATICS[letter]}$"
        if letter.isascii():
            return letter
        apart = unicodedata.normalize("NFD", letter)
        if len(apart) == 2 and apart[1] in _ACCENTS and apart[0].isascii():
            return f"\\{_ACCENTS[apart[1]]}{{{apart[0]}}}"
        simple = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        return "".join(_LATEX.get(c, c) for c in simple) or ("" if unicodedata.combining(letter) else "?")
