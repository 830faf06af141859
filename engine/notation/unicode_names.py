"""Names in Unicode text: the tree of a name goes in, what a terminal prints on one line comes out."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, assert_never

from .letters import SUBSCRIPTS, SUPERSCRIPTS
from .name_trees import ALPHABETS, Accent, Blank, Face, Letters, NameTree, Row, Scripted

_ACCENTS: Final = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304",
    "overline": "\u0305", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7", "acute": "\u0301", "grave": "\u0300",
    "check": "\u030c", "breve": "\u0306", "mathring": "\u030a",
}  # fmt: skip
_ALPHABETS: Final = {faced: letter for letter, faced in ALPHABETS.items()}
_FACES: Final[dict[Face, str]] = {
    "bold": "BOLD", "bold italic": "BOLD ITALIC", "sans": "SANS-SERIF", "mono": "MONOSPACE", "script": "SCRIPT",
    "blackboard": "DOUBLE-STRUCK",
}  # fmt: skip
_SHAPES: Final = {"ϵ": "ε", "ϕ": "φ", "∗": "*"}  # as the letters of names are typed


def name_in_unicode(tree: NameTree) -> str:
    """The name as text; digits below and what Unicode can raise stand there, the rest follows `_` or `^`.

    >>> print(name_in_unicode(Scripted(Accent("ddot", Letters("a", "italic")), Letters("ff", "words"), None, 1)))
    ä_ff′
    """
    match tree:
        case Letters(text, face):
            return "".join(_letter(_SHAPES.get(letter, letter), face) for letter in text)
        case Blank(ems):
            return " " if ems >= 1 else ""
        case Accent(name, over):
            return unicodedata.normalize("NFC", "".join(c + _ACCENTS[name] for c in name_in_unicode(over)))
        case Scripted(base, below, above, primes):
            return name_in_unicode(base) + _below(below) + "′" * primes + _above(above)
        case Row(parts):
            return "".join(map(name_in_unicode, parts))
        case _:
            assert_never(tree)


def _letter(letter: str, face: Face) -> str:
    """The letter in its face, where Unicode has it: 𝒟, ℝ, 𝐖, 𝜽; italic and upright are one."""
    if face not in _FACES or (letter, face) in _ALPHABETS:
        return _ALPHABETS.get((letter, face), letter)
    wanted = re.sub(r"^(LATIN|GREEK) (CAPITAL|SMALL) LETTER ", r"\2 ", unicodedata.name(letter, ""))
    try:
        return unicodedata.lookup(f"MATHEMATICAL {_FACES[face]} {wanted}")
    except KeyError:
        return letter


def without_markup(latex: str) -> str:
    """What is legible of LaTeX that is not the LaTeX of a symbol.

    >>> without_markup(r"\\foo{x}_1")
    'foox_1'
    """
    return re.sub(r"[{}\\$\s]", "", latex)


def _below(tree: NameTree | None) -> str:
    text = "" if tree is None else name_in_unicode(tree)
    if text.isdecimal() and text.isascii():
        return "".join(map(SUBSCRIPTS.__getitem__, text))
    return _marked("_", text)


def _above(tree: NameTree | None) -> str:
    text = "" if tree is None else name_in_unicode(tree)
    if all(letter in SUPERSCRIPTS for letter in text):
        return "".join(map(SUPERSCRIPTS.__getitem__, text))
    return _marked("^", text)


def _marked(mark: str, text: str) -> str:
    """A script of several parts in brackets: N_(i+1) is not N_i + 1."""
    text = text.strip()
    if not text:
        return ""
    simple = len(text) == 1 or all(c.isalnum() or c in "_′" or unicodedata.combining(c) for c in text)
    return mark + (text if simple else f"({text})")
