"""Words inside formulas: any characters go in, LaTeX in mathematics that TeX, KaTeX and MathJax print comes out."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from .letters import GREEK, SUBSCRIPTS, SUPERSCRIPTS
from .name_trees import MATH_ACCENTS, SHAPES

_SIGNS: Final = {
    "×": r"\times", "·": r"\cdot", "÷": r"\div", "±": r"\pm", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx",
    "≪": r"\ll", "≫": r"\gg", "∈": r"\in", "∞": r"\infty", "→": r"\to", "←": r"\leftarrow", "⇒": r"\Rightarrow",
    "↦": r"\mapsto", "↔": r"\leftrightarrow", "∝": r"\propto", "√": r"\surd", "∑": r"\textstyle\sum",
    "∏": r"\textstyle\prod", "∂": r"\partial", "∇": r"\nabla", "⌈": r"\lceil", "⌉": r"\rceil", "⌊": r"\lfloor",
    "⌋": r"\rfloor", "⟨": r"\langle", "⟩": r"\rangle", "°": r"^{\circ}", "µ": r"\mu", "ℓ": r"\ell", "⊙": r"\odot",
    "⊗": r"\otimes", "⊕": r"\oplus", "∘": r"\circ", "∪": r"\cup", "∩": r"\cap", "⊂": r"\subset", "∀": r"\forall",
    "∃": r"\exists", "¬": r"\lnot", "∧": r"\land", "∨": r"\lor", "‖": r"\|", "½": r"\tfrac{1}{2}", "¼": r"\tfrac{1}{4}",
    "¾": r"\tfrac{3}{4}", "⋅": r"\cdot", "ϑ": r"\vartheta", "∼": r"\sim", "∉": r"\notin", "∋": r"\ni",
    "∌": r"\not\ni", "≮": r"\not<", "≯": r"\not>", "≰": r"\not\le", "≱": r"\not\ge", "⊄": r"\not\subset",
    "≢": r"\not\equiv", "≉": r"\not\approx", "≡": r"\equiv", "≅": r"\cong", "≃": r"\simeq", "≔": ":=", "≕": "=:",
    "∷": "::", "⩴": "::=", "≟": r"\overset{?}{=}", "⊃": r"\supset", "⊆": r"\subseteq", "⊇": r"\supseteq",
    "∅": r"\emptyset", "∖": r"\setminus", "∓": r"\mp", "∗": r"\ast", "⋆": r"\star", "⊖": r"\ominus", "⊥": r"\perp",
    "⟂": r"\perp", "∥": r"\parallel", "∣": r"\mid", "⊤": r"\top", "⊢": r"\vdash", "⊨": r"\models", "≺": r"\prec",
    "≻": r"\succ", "∫": r"\textstyle\int", "∬": r"\textstyle\iint", "∭": r"\textstyle\iiint", "∮": r"\textstyle\oint",
    "∐": r"\textstyle\coprod", "⋃": r"\textstyle\bigcup", "⋂": r"\textstyle\bigcap", "⋀": r"\textstyle\bigwedge",
    "⋁": r"\textstyle\bigvee", "⨀": r"\textstyle\bigodot", "⨁": r"\textstyle\bigoplus", "⨂": r"\textstyle\bigotimes",
    "⨄": r"\textstyle\biguplus", "⨆": r"\textstyle\bigsqcup", "⟦": r"{[\![}", "⟧": r"{]\!]}", "↑": r"\uparrow",
    "↓": r"\downarrow", "⇐": r"\Leftarrow", "⇔": r"\Leftrightarrow", "⟶": r"\longrightarrow", "⟵": r"\longleftarrow",
    "⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots", "ℵ": r"\aleph", "ℏ": r"\hbar", "ℜ": r"\Re", "ℑ": r"\Im",
    "𝚤": r"\imath", "𝚥": r"\jmath", "‰": r"^{0}\!/_{00}", "‼": "!!",
    **{letter: rf"\mathcal{{{plain}}}" for plain, letter in zip("BEFHILMR", "ℬℰℱℋℐℒℳℛ", strict=True)},
    **{letter: rf"\mathbf{{{plain}}}" for plain, letter in zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)},
}  # fmt: skip
MATHEMATICS: Final = (
    _SIGNS
    | {letter: "\\" + name for name, letter in (GREEK | SHAPES).items()}
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
# Signs that amsmath has no command for, and that KaTeX takes in mathematics only.
_MATH_ONLY: Final = "ℌℨℭ∯∰∹≘≙≚≛≝≞⌜⌝⌞⌟⦃⦄⦵"
_MARKS: Final = re.escape("".join(_OUTSIDE) + _MATH_ONLY)
_ACCENTED: Final = r"[^\W\d_][\u0300-\u036f]+"
_PARTS: Final = re.compile(f"{_ACCENTED}|[{_MARKS}]|(?:(?!{_ACCENTED})[^{_MARKS}])+")
_LOOSE_MARKS: Final = re.compile("[\u0300-\u036f]")
_HIDDEN: Final = frozenset({"Cc", "Cs", "Co"})
# What OT1, the encoding of TeX's own fonts, lacks of the letters up to U+017F, and signs of fonts that may be missing.
_NEAREST: Final = {"«": "≪", "»": "≫", "„": ",,", "‚": ",", "®": "(R)", "…": "..."}
_NOT_EVERYWHERE: Final = frozenset("ĐđÐðÞþŊŋĦħŦŧĸĿŀŉſĄąĘęĮįŲų¢¤¥¦ª«»®¯´¸º\u00ad")


def words_in_math(text: str, face: str = "text") -> str:
    """Words inside a formula; what is not a letter, digit or plain mark stands outside the braces, in mathematics.

    >>> print(words_in_math("50% of d_ff"))
    \\text{50}\\%\\text{ of d}\\_\\text{ff}
    """
    text = unicodedata.normalize("NFC", re.sub(r"\s", " ", text))
    text = "".join(c for c in text if unicodedata.category(c) not in _HIDDEN)
    return one_script("".join(_part(part, face) for part in _PARTS.findall(text)))


def _part(part: str, face: str) -> str:
    if part in _OUTSIDE:
        return _command(_OUTSIDE[part])
    if part in _MATH_ONLY:
        return part
    if re.fullmatch(_ACCENTED, part):  # with accents that Unicode has no letter for
        letter, marks = part[0], part[1:]
        written = rf"\{face}{{{letter}}}"
        for mark in marks:
            written = rf"\{MATH_ACCENTS[mark]}{{{written}}}" if mark in MATH_ACCENTS else written
        return written
    bare = _LOOSE_MARKS.sub("", part)
    return rf"\{face}{{{bare}}}" if bare else ""


def one_script(latex: str) -> str:
    """10⁻⁵ has one exponent, not two."""
    return re.sub(r"([\^_])\{[^{}]+\}(?:\1\{[^{}]+\})+", _merged, latex)


def printable(text: str) -> str:
    """What every TeX can print in `\\text`: letters of other scripts become the nearest ASCII, or their codes."""
    return "".join(map(_printable, unicodedata.normalize("NFC", text)))


def _printable(letter: str) -> str:
    if letter in _OUTSIDE or "\u0300" <= letter <= "\u036f":
        return letter
    if (letter <= "\u017f" and letter not in _NOT_EVERYWHERE) or letter in "–—‘’“”":
        return letter
    simple = _NEAREST.get(letter) or unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return simple or ("" if unicodedata.category(letter) == "Cf" else f"[U+{ord(letter):04X}]")


def stretches(text: str) -> list[str]:
    """Words in stretches of some 24 letters, after each of which a line may end."""
    return re.findall(r"\S.{0,23}\S*\s*|\s+", text) or [""]


def _command(command: str) -> str:
    return command + " " if command[-1].isalpha() and command[0] == "\\" else command


def _merged(found: re.Match[str]) -> str:
    return f"{found[1]}{{{''.join(re.findall(r'{([^{}]+)}', found[0]))}}}"
