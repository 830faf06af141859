"""Letters of words as LaTeX: one character goes in, what every engine prints with amsmath alone comes out.

Accents and Greek are printed by each engine. A letter that pdfLaTeX has no font for (Chinese, Cyrillic, …) becomes
`\\archderiveLetter{4E2D}{中}`: LuaLaTeX and XeLaTeX print it where they find a font that has it, all others print its
code, `[U+4E2D]`, so that nothing is lost and no glyph is missing.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ..notation.letters import GREEK
from ..notation.name_trees import SHAPES
from ..notation.widths import text_width
from ..notation.words import MATHEMATICS

BREAK: Final = "\ue300"  # private characters: here a line may end,
HYPHEN: Final = "\ue301"  # or a word may be divided
_MARKS: Final = {
    BREAK: r"\allowbreak{}", HYPHEN: r"\-",
    **{mark: "\\" + mark for mark in "#%&_{}"},
    "$": r"\(\$\)",
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\`{}", "\u00a0": "~", "–": "--", "—": "---", "…": r"\ldots{}",
    "“": "``", "”": "''", "„": ",,", "‘": "`", "’": "'", "ß": r"\ss{}", "æ": r"\ae{}",
    "«": r"\archderiveQuote{AB}{\ll}", "»": r"\archderiveQuote{BB}{\gg}",
    "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}",
    "§": r"\S{}", "¶": r"\P{}", "©": r"\copyright{}", "†": r"\dag{}", "‡": r"\ddag{}", "£": r"\pounds{}", "€": "EUR",
    "•": r"$\bullet$", "›": r"$\triangleright$", "‹": r"$\triangleleft$", "‚": ",", "®": "(R)",
    "\ufffd": r"[U+FFFD]\allowbreak{}",    "‐": "-", "‑": "-", "−": "$-$", "′": "$'$", "″": "$''$",
}  # fmt: skip
_ACCENTS: Final = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d", "\u0327": "c", "\u0331": "b",
}  # fmt: skip
_BELOW: Final = "\u0323\u0327\u0331"
_GREEK_ACCENTS: Final = {
    "\u0300": r"\grave", "\u0301": r"\acute", "\u0308": r"\ddot", "\u0342": r"\tilde", "\u0304": r"\bar",
    "\u0306": r"\breve",
}  # fmt: skip
_GREEK: Final = {letter: "\\" + name for name, letter in (GREEK | SHAPES).items()} | {"ς": r"\varsigma", "ο": "{o}"}
_LIKE_LATIN: Final = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧ", "ABEZHIKMNOPTX", strict=True))
_OTHER: Final = r"\archderiveLetter"
_QUOTE: Final = r"\archderiveQuote"
_UNSEEN: Final = re.compile("[\u0300-\u036f\ufe00-\ufe0f]")  # accents alone, and variants of a glyph
_OTHERS: Final = re.compile(r"\\archderiveLetter\{(\w+)\}\{(.)\}")

# A paper set up for Chinese, Japanese or (under pdfLaTeX) Cyrillic prints the letter itself. That pdfLaTeX knows a
# letter does not mean that the font has it: Latin letters such as đ need T1, and signs fonts that may be missing. The
# fonts are those of TeX Live; a paper that has better ones defines \archderiveLetter before.
_DEFINITION: Final = r"""
\providecommand{\archderiveSeek}[4]{\font\archderiveFont=[#3] at \fontdimen6\font{}%
  \iffontchar\archderiveFont`#2{\archderiveFont#2}\else#4\fi}
\providecommand{\archderiveKnown}[2]{\ifcsname u8:\detokenize{#2}\endcsname\ifnum"#1<"C0 0\else\ifnum"#1<"250
  \ifcsname\csname f@encoding\endcsname\string\ng\endcsname1\else0\fi\else\ifnum"#1<"2000 1\else\ifnum"#1<"2C00 0\else1%
  \fi\fi\fi\fi\else\ifdefined\CJKfamily\ifnum"#1<"2E80 0\else1\fi\else0\fi\fi}
\ifdefined\archderiveLetter\else\protected\def\archderiveLetter#1#2{%
  \ifdefined\Uchar\ifdefined\CJKfamily#2\else\ifdefined\ltjsetparameter#2\else
    {\suppressfontnotfounderror=1\iffontchar\font`#2#2\else
      \archderiveSeek{#1}{#2}{FreeSerif.otf}{\archderiveSeek{#1}{#2}{FandolSong-Regular.otf}{%
      \archderiveSeek{#1}{#2}{HaranoAjiMincho-Regular.otf}{\archderiveSeek{#1}{#2}{UnBatang.ttf}{%
      \archderiveSeek{#1}{#2}{DejaVuSans.ttf}{[U+#1]\allowbreak{}}}}}}\fi}\fi\fi
  \else\ifnum\archderiveKnown{#1}{#2}=1 #2\else[U+#1]\allowbreak{}\fi\fi}\fi
"""

# TeX's own fonts lack these quotation marks; those of T1 have them, and fonts of Unicode, which have U+2039 as well.
_QUOTES: Final = r"""
\ifdefined\archderiveQuote\else\protected\def\archderiveQuote#1#2{%
  \ifdefined\Uchar\iffontchar\font"2039 \char"#1 \else$\scriptstyle#2$\fi
  \else\ifcsname\csname f@encoding\endcsname\string\guillemotleft\endcsname
    \ifnum"#1="AB \guillemotleft\else\guillemotright\fi\else$\scriptstyle#2$\fi\fi}\fi
"""


def latex_letter(letter: str) -> str:
    """One character of words outside mathematics; accents as part of their letter.

    >>> print(latex_letter("%"), latex_letter("é"), latex_letter("ή"))
    \\% \\'{e} $\\acute{\\eta}$
    """
    if letter in _MARKS:
        return _MARKS[letter]
    if letter in MATHEMATICS:
        return f"${MATHEMATICS[letter]}$"
    if letter.isascii():
        return letter
    apart = unicodedata.normalize("NFD", letter)
    base, marks = _LIKE_LATIN.get(apart[0], apart[0]), apart[1:]
    if base.isascii() and all(mark in _ACCENTS for mark in marks):
        above = [mark for mark in marks if mark not in _BELOW][:1]  # TeX puts no accent on an accent
        return _accented(base, [f"\\{_ACCENTS[mark]}" for mark in (*above, *(m for m in marks if m in _BELOW))])
    if base in _GREEK:
        return f"${_accented(_GREEK[base], [_GREEK_ACCENTS[m] for m in marks if m in _GREEK_ACCENTS])}$"
    simple = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    if simple:
        return "".join(_MARKS.get(c, c) for c in simple)
    if unicodedata.category(letter) == "Cf" or _UNSEEN.fullmatch(letter):
        return ""
    wide = unicodedata.east_asian_width(letter) in "WF"
    return rf"{_OTHER}{{{ord(letter):04X}}}{{{letter}}}" + (r"\allowbreak{}" if wide else "")


def _accented(base: str, commands: list[str]) -> str:
    for command in commands:
        base = f"{command}{{{base}}}"
    return base


def letters_apart(tex: str) -> list[str]:
    """Lines that must stand before LaTeX in which there are letters that pdfLaTeX has no font for: a comment that
    names them, and the definition of what prints them. None if there are no such letters."""
    quotes = _QUOTES.strip().splitlines() if _QUOTE in tex else []
    found = dict.fromkeys(_OTHERS.findall(tex))
    if not found:
        return quotes
    named = [f"{letter} U+{code}" for code, letter in found]
    lines = [f"%   {', '.join(named[start : start + 10])}" for start in range(0, len(named), 10)]
    return [
        "% LuaLaTeX and XeLaTeX print these letters where a font has them, pdfLaTeX prints their codes:",
        *lines,
        "% To print them in another way, define \\archderiveLetter, which takes the code and the letter, before.",
        *_DEFINITION.strip().splitlines(),
        *quotes,
    ]


def as_printed(words: str) -> str:
    """Words with each letter as wide as the widest that LaTeX may print for it; a zero-width space after a code, where
    a line may end.

    >>> as_printed("é θ 中").replace("\\u200b", "|")
    'e W [U+4E2D]|'
    """
    return words if words.isascii() else words.translate(_Printed())


def printed_width(words: str, *, bold: bool = False, typewriter: bool = False) -> float:
    """The width of words in points."""
    return text_width(as_printed(words).replace("\u200b", ""), bold=bold, typewriter=typewriter)


class _Printed(dict[int, str]):
    """A table for `str.translate`: letters as wide as what LaTeX prints for each character."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if letter in "«»":
            return "W"
        if letter.isascii() or letter in _MARKS:
            return letter
        written = latex_letter(letter)
        if written.startswith(_OTHER):
            return f"[U+{code:04X}]\u200b"
        return "W" if written.startswith("$") else re.sub(r"\\.|[{}]", "", written) or letter
