"""Words inside formulas: any characters go in, LaTeX in mathematics that TeX, KaTeX and MathJax print comes out."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from .symbols import GREEK, SUBSCRIPTS, SUPERSCRIPTS

_SIGNS: Final = {
    "×": r"\times", "·": r"\cdot", "÷": r"\div", "±": r"\pm", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx",
    "≪": r"\ll", "≫": r"\gg", "∈": r"\in", "∞": r"\infty", "→": r"\to", "←": r"\leftarrow", "⇒": r"\Rightarrow",
    "↦": r"\mapsto", "↔": r"\leftrightarrow", "∝": r"\propto", "√": r"\surd", "∑": r"\textstyle\sum",
    "∏": r"\textstyle\prod", "∂": r"\partial", "∇": r"\nabla", "⌈": r"\lceil", "⌉": r"\rceil", "⌊": r"\lfloor",
    "⌋": r"\rfloor", "⟨": r"\langle", "⟩": r"\rangle", "°": r"^{\circ}", "µ": r"\mu", "ℓ": r"\ell", "⊙": r"\odot",
    "⊗": r"\otimes", "⊕": r"\oplus", "∘": r"\circ", "∪": r"\cup", "∩": r"\cap", "⊂": r"\subset", "∀": r"\forall",
    "∃": r"\exists", "¬": r"\lnot", "∧": r"\land", "∨": r"\lor", "‖": r"\|", "½": r"\tfrac{1}{2}", "¼": r"\tfrac{1}{4}",
    "¾": r"\tfrac{3}{4}", "⋅": r"\cdot", "ϑ": r"\vartheta", "ℝ": r"\mathbf{R}", "ℕ": r"\mathbf{N}", "∼": r"\sim",
}  # fmt: skip
MATHEMATICS: Final = (
    _SIGNS
    | {letter: "\\" + name for name, letter in GREEK.items()}
    | {letter: f"_{{{plain}}}" for plain, letter in SUBSCRIPTS.items()}
    | {letter: f"^{{{plain}}}" for plain, letter in SUPERSCRIPTS.items() if plain != "−"}
)
_OUTSIDE: Final = MATHEMATICS | {
    **{mark: "\\" + mark for mark in "{}$%#&_"},
    "\\": r"\backslash",
    "~": r"\sim",
    "^": r"\wedge",
    "<": " < ",
    ">": " > ",
    "|": r"\vert",
    "`": r"\text{'}",
    "*": r"\ast",
    '"': r"\text{''}",
}
_MARKS: Final = re.escape("".join(_OUTSIDE))
_PARTS: Final = re.compile(f"[{_MARKS}]|[^{_MARKS}]+")


def words_in_math(text: str, face: str = "text") -> str:
    """Words inside a formula; what is not a letter, digit or plain mark stands outside the braces, in mathematics.

    >>> print(words_in_math("50% of d_ff"))
    \\text{50}\\%\\text{ of d}\\_\\text{ff}
    """
    parts = _PARTS.findall(text)
    written = (_command(_OUTSIDE[part]) if part in _OUTSIDE else rf"\{face}{{{part}}}" for part in parts)
    return one_script("".join(written))


def one_script(latex: str) -> str:
    """10⁻⁵ has one exponent, not two."""
    return re.sub(r"([\^_])\{[^{}]+\}(?:\1\{[^{}]+\})+", _merged, latex)


def printable(text: str) -> str:
    """What every TeX can print in `\\text`: letters of other scripts become the nearest ASCII, or `?`."""
    return "".join(c if c in _OUTSIDE or c <= "\u017f" or c in "–—‘’“”" else _nearest(c) for c in text)


def stretches(text: str) -> list[str]:
    """Words in stretches of some 24 letters, after each of which a line may end."""
    return re.findall(r"\S.{0,23}\S*\s*|\s+", text) or [""]


def _nearest(letter: str) -> str:
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "?"


def _command(command: str) -> str:
    return command + " " if command[-1].isalpha() and command[0] == "\\" else command


def _merged(found: re.Match[str]) -> str:
    return f"{found[1]}{{{''.join(re.findall(r'{([^{}]+)}', found[0]))}}}"
