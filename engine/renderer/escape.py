"""User's words made safe: any characters go in, LaTeX, Markdown or plain text that prints them comes out.

LaTeX gets along with amsmath alone under every engine: what it cannot print becomes the nearest ASCII, or `?`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from ..notation.symbols import GREEK, SUBSCRIPTS, SUPERSCRIPTS

_LATEX: Final = {
    **{mark: "\\" + mark for mark in "#%&_{}"},
    "$": r"\(\$\)",
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", "`": r"\`{}", "\u00a0": "~", "–": "--", "—": "---", "…": r"\ldots{}",
    "“": "``", "”": "''", "„": ",,", "‘": "`", "’": "'", "«": "``", "»": "''", "ß": r"\ss{}", "æ": r"\ae{}",
    "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}",
    "§": r"\S{}", "¶": r"\P{}", "©": r"\copyright{}", "†": r"\dag{}", "‡": r"\ddag{}", "£": r"\pounds{}", "€": "EUR",
    "•": r"$\bullet$", "‐": "-", "‑": "-", "−": "$-$", "′": "$'$", "″": "$''$",
}  # fmt: skip
_MATH: Final = {
    "×": r"\times", "·": r"\cdot", "÷": r"\div", "±": r"\pm", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx",
    "≪": r"\ll", "≫": r"\gg", "∈": r"\in", "∞": r"\infty", "→": r"\to", "←": r"\leftarrow", "⇒": r"\Rightarrow",
    "↦": r"\mapsto", "↔": r"\leftrightarrow", "∝": r"\propto", "√": r"\surd", "∑": r"\textstyle\sum",
    "∏": r"\textstyle\prod", "∂": r"\partial", "∇": r"\nabla", "⌈": r"\lceil", "⌉": r"\rceil", "⌊": r"\lfloor",
    "⌋": r"\rfloor", "⟨": r"\langle", "⟩": r"\rangle", "°": r"^{\circ}", "µ": r"\mu", "ℓ": r"\ell", "⊙": r"\odot",
    "⊗": r"\otimes", "⊕": r"\oplus", "∘": r"\circ", "∪": r"\cup", "∩": r"\cap", "⊂": r"\subset", "∀": r"\forall",
    "∃": r"\exists", "¬": r"\lnot", "∧": r"\land", "∨": r"\lor", "‖": r"\|", "½": r"\frac{1}{2}", "¼": r"\frac{1}{4}",
    "¾": r"\frac{3}{4}", "⋅": r"\cdot", "ϑ": r"\vartheta", "ℝ": r"\mathbf{R}", "ℕ": r"\mathbf{N}", "∼": r"\sim",
}  # fmt: skip
_MATH_ALL: Final = (
    _MATH
    | {letter: "\\" + name for name, letter in GREEK.items()}
    | {letter: f"_{{{plain}}}" for plain, letter in SUBSCRIPTS.items()}
    | {letter: f"^{{{plain}}}" for plain, letter in SUPERSCRIPTS.items() if plain != "−"}
)
_ACCENTS: Final = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d", "\u0327": "c", "\u0331": "b",
}  # fmt: skip
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>|$~^#])")
_LONG_WORD: Final = re.compile(r"[^\s-]{19,}")


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
    written = _LONG_WORD.sub(_loosened, words.replace("\u200b", "\ue300")).translate(_Letters()).replace("$$", "")
    return re.sub(r"([\^_])\{[^{}]+\}(?:\1\{[^{}]+\})+", _merged, written)


def latex_code(text: str) -> str:
    """A name or a command for `\\texttt`; it may break after any character that is no letter, and in long words."""
    letters = _Letters({ord(mark): rf"{{\char{ord(mark)}}}" for mark in '\\{}~^<>|$"`'})
    written = _LONG_WORD.sub(_loosened, spaced(text)).translate(letters).replace("$$", "").replace("--", "-{}-")
    return re.sub(r"((?:\\_|[/.,:=()\[\]])+)(?=.)", r"\1\\allowbreak{}", written)


def markdown_words(words: str) -> str:
    """Words for Markdown.

    >>> print(markdown_words("50% of d_ff"))
    50% of d\\_ff
    """
    return _MARKDOWN.sub(r"\\\1", spaced(words)).replace("&", "&amp;")


def _merged(found: re.Match[str]) -> str:
    """10⁻⁵ has one exponent, not two."""
    return f"{found[1]}{{{''.join(re.findall(r'{([^{}]+)}', found[0]))}}}"


def _curly(words: str) -> str:
    """Straight quotation marks as a printer sets them."""
    words = re.sub(r'(^|[\s(\[])"', r"\1“", words)
    words = words.replace('"', "”")
    return re.sub(r"(^|[\s(\[])'", r"\1‘", words)


def _loosened(found: re.Match[str]) -> str:
    """A very long word that may break, so that it never sticks out of a column."""
    return "\ue300".join(re.findall(".{1,12}", found[0]))


class _Letters(dict[int, str]):
    """A table for `str.translate` that works out each character when it is first met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if letter == "\ue300":
            return r"\allowbreak{}"
        if letter in _LATEX:
            return _LATEX[letter]
        if letter in _MATH_ALL:
            return f"${_MATH_ALL[letter]}$"
        if letter.isascii():
            return letter
        apart = unicodedata.normalize("NFD", letter)
        if len(apart) == 2 and apart[1] in _ACCENTS and apart[0].isascii():
            return f"\\{_ACCENTS[apart[1]]}{{{apart[0]}}}"
        simple = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        return "".join(_LATEX.get(c, c) for c in simple) or ("" if unicodedata.combining(letter) else "?")
