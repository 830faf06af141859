"""How a name looks, as a small tree that is not LaTeX: a name of the file goes in, letters with faces and scripts come
out.

For the writers of LaTeX, text, MathML and Typst; the author's own LaTeX gives the same tree (`tex_symbol`). A writer
has one `match` with five cases:

    Letters   text in one face; `italic` and the like hold letters, `sign` signs, `words` may hold blanks
    Blank     a space so many ems wide
    Accent    `hat`, `bar`, `vec` and the other ACCENTS over a tree
    Scripted  a tree with what stands below and above it, and with primes
    Row       trees side by side
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, get_args

from .letters import GREEK, split_name

Face = Literal["italic", "upright", "bold", "bold italic", "sans", "mono", "script", "blackboard", "words", "sign"]
FACES: Final[tuple[Face, ...]] = get_args(Face)
# Accents of mathematics, with the marks of Unicode that letters have instead.
MATH_ACCENTS: Final = {
    "\u0300": "grave", "\u0301": "acute", "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0306": "breve",
    "\u0307": "dot", "\u0308": "ddot", "\u030a": "mathring", "\u030c": "check",
}  # fmt: skip
ACCENTS: Final = (*MATH_ACCENTS.values(), "vec", "widehat", "widetilde", "overline")


@dataclass(frozen=True)
class Letters:
    """Letters in one face."""

    text: str
    face: Face


@dataclass(frozen=True)
class Blank:
    """A space of so many em."""

    ems: float


@dataclass(frozen=True)
class Accent:
    """An accent over a name."""

    name: str
    over: NameTree


@dataclass(frozen=True)
class Scripted:
    """`below` and `above` may be None; the primes stand before what is above."""

    base: NameTree
    below: NameTree | None = None
    above: NameTree | None = None
    primes: int = 0


@dataclass(frozen=True)
class Row:
    """Names side by side."""

    parts: tuple[NameTree, ...]


NameTree = Letters | Blank | Accent | Scripted | Row

# Letters that have the shapes that TeX gives them under these names.
SHAPES: Final = {
    "varepsilon": "ε", "epsilon": "ϵ", "vartheta": "ϑ", "varphi": "φ", "phi": "ϕ", "varrho": "ϱ", "varsigma": "ς",
    "varpi": "ϖ",
}  # fmt: skip
SIGNS: Final = {
    "prime": "′", "ast": "∗", "star": "⋆", "infty": "∞", "times": "×", "cdot": "·", "pm": "±", "mp": "∓", "circ": "∘",
    "bullet": "∙", "dagger": "†", "ddagger": "‡", "ldots": "…", "dots": "…", "cdots": "⋯", "le": "≤", "leq": "≤",
    "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "sim": "∼", "in": "∈", "to": "→", "rightarrow": "→",
    "leftarrow": "←", "uparrow": "↑", "downarrow": "↓", "oplus": "⊕", "otimes": "⊗", "odot": "⊙", "nabla": "∇",
    "perp": "⊥", "parallel": "∥", "mid": "|", "vert": "|", "Vert": "‖", "langle": "⟨", "rangle": "⟩", "lceil": "⌈",
    "rceil": "⌉", "lfloor": "⌊", "rfloor": "⌋", "emptyset": "∅", "div": "÷", "lt": "<", "gt": ">", "|": "‖",
    "backslash": "\\", "{": "{", "}": "}", "_": "_", "#": "#", "%": "%", "&": "&", "$": "$", "top": "⊤", "bot": "⊥",
    "wedge": "∧", "vee": "∨", "cup": "∪", "cap": "∩", "setminus": "∖", "ominus": "⊖",
}  # fmt: skip
ALPHABETS: Final[dict[str, tuple[str, Face]]] = {
    **dict(zip("ℬℰℱℋℐℒℳℛ", ((c, "script") for c in "BEFHILMR"), strict=True)),
    **dict(zip("ℂℍℕℙℚℝℤ", ((c, "blackboard") for c in "CHNPQRZ"), strict=True)),
}


@lru_cache(maxsize=1024)
def usual_tree(name: str) -> NameTree:
    """How a name looks of itself.

    >>> usual_tree("H'")
    Scripted(base=Letters(text='H', face='italic'), below=None, above=None, primes=1)
    """
    parts = split_name(name)
    below = [_word(part) for part in parts.below]
    return scripted_tree(_word(parts.base), row_of(_with_commas(below)) if below else None, None, parts.primes)


def is_row(tree: NameTree) -> bool:
    """Is it several letters side by side, Δt, which is seen as a product?"""
    return isinstance(tree, Row) or (isinstance(tree, Scripted) and is_row(tree.base))


def is_whole(tree: NameTree) -> bool:
    """May a power stand above it? Not above x*, which has something there, nor above several letters."""
    return not is_row(tree) and not (isinstance(tree, Scripted) and (tree.above is not None or not is_whole(tree.base)))


def _word(word: str) -> NameTree:
    """A part of a name: one letter italic, a longer word and digits upright, a Greek letter's name that letter."""
    letter = (GREEK | SHAPES)[word] if word in GREEK else unicodedata.normalize("NFC", word)
    return one_letter(letter, None) if len(letter) == 1 else Letters(letter, "upright")


def one_letter(letter: str, face: Face | None) -> NameTree:
    """One letter, with its accent over it."""
    if letter in ALPHABETS:
        return Letters(*ALPHABETS[letter])
    base, *marks = list(unicodedata.normalize("NFD", letter))
    if len(marks) == 1 and marks[0] in MATH_ACCENTS and face is None:
        return Accent(MATH_ACCENTS[marks[0]], Letters(base, face_of(base)))
    return Letters(letter, face or face_of(letter))


def face_of(letter: str) -> Face:
    """TeX has capital Greek letters upright, as it has digits; letters of other scripts have no italic."""
    if not letter.isalpha():
        return "upright"
    return "italic" if letter.isascii() or letter in "ℓℏıȷ∂" or "α" <= letter <= "ϵ" else "upright"


def _with_commas(parts: list[NameTree]) -> list[NameTree]:
    joined: list[NameTree] = []
    for part in parts:
        joined += [Letters(",", "sign"), part] if joined else [part]
    return joined


def row_of(parts: list[NameTree]) -> NameTree:
    return parts[0] if len(parts) == 1 else Row(tuple(parts))


def scripted_tree(base: NameTree, below: NameTree | None, above: NameTree | None, primes: int) -> NameTree:
    return Scripted(base, below, above, primes) if below or above or primes else base
