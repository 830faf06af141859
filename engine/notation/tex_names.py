"""Names in LaTeX: the tree of a name goes in, what amsmath, KaTeX and MathJax print comes out.

ASCII only: an accent is one of mathematics (`\\ddot{a}`), a letter without such a form is its code, so that two names
stay different. For KaTeX and MathJax, which print every letter in `\\text`, it may stay. What Markdown would take for
its own, `}_`, `*` and bars, is not written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, Literal, assert_never

from .letters import GREEK
from .name_trees import MATH_ACCENTS, SHAPES, SIGNS, Accent, Blank, Face, Letters, NameTree, Row, Scripted
from .words import printable, words_in_math

_GREEK: Final = {letter: "\\" + name for name, letter in (GREEK | SHAPES).items()}
_LETTERS: Final = _GREEK | {
    "ℓ": r"\ell", "ℏ": r"\hbar", "ı": r"\imath", "ȷ": r"\jmath", "ℵ": r"\aleph", "∂": r"\partial", "µ": r"\mu",
}  # fmt: skip
_SIGNS: Final = {sign: "\\" + name for name, sign in reversed(SIGNS.items())} | {
    "−": "-", "|": r"\vert", "‖": r"\Vert", "<": " < ", ">": " > ", "*": r"\ast",
}  # fmt: skip
_BLANKS: Final = ((-1 / 6, r"\!"), (1 / 6, r"\,"), (2 / 9, r"\:"), (5 / 18, r"\;"), (1 / 3, r"\ "), (1.0, r"\quad"))
_FACES: Final[dict[Face, str]] = {
    "upright": "mathrm", "italic": "mathit", "bold": "mathbf", "bold italic": "boldsymbol", "sans": "mathsf",
    "mono": "mathtt", "script": "mathcal", "blackboard": "mathbf",
}  # fmt: skip  # \mathbb is not of amsmath; a bold letter is what it imitates
_WORDS: Final[dict[Face, str]] = {"italic": "textit", "bold": "textbf", "sans": "textsf", "mono": "texttt"}
Others = Literal["codes", "letters"]  # how letters are written that mathematics in LaTeX has no form for


@lru_cache(maxsize=4096)
def name_in_latex(tree: NameTree, others: Others = "codes") -> str:
    """The name as LaTeX; its primes stand behind what is below it, where a power may follow.

    >>> print(name_in_latex(Scripted(Letters("n", "italic"), Letters("1", "upright"), None, 1)))
    n_{1}'
    """
    match tree:
        case Letters(text, face):
            return _letters(text, face) if others == "codes" else _all_letters(text, face)
        case Blank(ems):
            return min(_BLANKS, key=lambda blank: abs(blank[0] - ems))[1]
        case Accent(name, over):
            return rf"\{name}{{{name_in_latex(over, others)}}}"
        case Scripted(base, below, above, primes):
            under, over_it = ("" if part is None else name_in_latex(part, others) for part in (below, above))
            raised = f"^{{{over_it}}}" if over_it else ""
            return _with_below(_nucleus(base, others), under) + "'" * primes + raised
        case Row(parts):
            return "".join(_apart([name_in_latex(part, others) for part in parts]))
        case _:
            assert_never(tree)


def tensor_in_latex(
    base: NameTree, below: NameTree | None, primes: int, position: str, others: Others = "codes"
) -> str:
    """A tensor with indices below it, after what stands there anyway."""
    named = "" if below is None else name_in_latex(below, others) + r";\,"
    return _with_below(_nucleus(base, others), named + position) + "'" * primes


def word_in_latex(word: str) -> str:
    """A word of any letters for `\\mathrm` and the like.

    >>> print(word_in_latex("Länge_1"), word_in_latex("größe"), word_in_latex("长"))
    L\\ddot{a}nge\\_1 gr\\ddot{o}U00DFe U957F
    """
    return "".join(_apart([_letter(letter) for letter in unicodedata.normalize("NFC", word)]))


def _letter(letter: str) -> str:
    if letter.isascii():
        return "\\" + letter if letter in "_#%&{}$" else letter
    if letter in _LETTERS:
        return _LETTERS[letter]
    if _has_form(letter):
        base, mark = list(unicodedata.normalize("NFD", letter))
        return rf"\{MATH_ACCENTS[mark]}{{{_GREEK.get(base, base)}}}"
    return f"U{ord(letter):04X}"


def _has_form(letter: str) -> bool:
    """Is it a letter of mathematics in LaTeX, or one with an accent of mathematics?"""
    base, *marks = list(unicodedata.normalize("NFD", letter))
    accented = (base.isascii() or base in _GREEK) and len(marks) == 1 and marks[0] in MATH_ACCENTS
    return letter.isascii() or letter in _LETTERS or accented


def _letters(text: str, face: Face) -> str:
    if face == "words":
        return words_in_math(printable(text))
    if face == "sign":
        return "".join(_apart([_SIGNS.get(sign, sign) for sign in text]))
    if len(text) == 1 and (text in _LETTERS or not text.isalnum()) and face in ("italic", "upright"):
        own = "Α" <= text <= "Ω" and face == "italic"  # TeX has capital Greek letters upright
        return rf"\mathit{{{_letter(text)}}}" if own else _letter(text)
    if face == "italic" and len(text) == 1 and text.isascii():
        return text
    if face == "upright" and text.isascii() and text.isdigit():
        return text
    if face in _WORDS and (" " in text or (face == "italic" and len(text) > 1)):
        return words_in_math(printable(text), _WORDS[face])
    if face == "bold" and any(letter in _LETTERS for letter in text):
        face = "bold italic"  # \mathbf leaves small Greek letters as they are
    return rf"\{_FACES[face]}{{{word_in_latex(text)}}}"


def _all_letters(text: str, face: Face) -> str:
    """As `_letters`, with the letters that it has codes for."""
    if face == "words":
        return words_in_math(text)
    if face == "sign" or all(map(_has_form, unicodedata.normalize("NFC", text))):
        return _letters(text, face)
    return words_in_math(text, _WORDS.get(face, "text"))


def _nucleus(base: NameTree, others: Others) -> str:
    written = name_in_latex(base, others)
    whole = isinstance(base, Letters | Accent) and not (isinstance(base, Letters) and base.face == "words")
    return written if whole or re.fullmatch(r"\\text\{[^{}]*\}", written) else f"{{{written}}}"


def _with_below(base: str, below: str) -> str:
    if not below:
        return base
    return f"{base} _ {{{below}}}" if base.endswith("}") else f"{base}_{{{below}}}"


def _apart(pieces: list[str]) -> list[str]:
    """A blank after a command that a letter follows."""
    following = [*pieces[1:], ""]
    return [
        piece + " " * bool(re.search(r"\\[A-Za-z]+$", piece) and after[:1].isalpha())
        for piece, after in zip(pieces, following, strict=True)
    ]
