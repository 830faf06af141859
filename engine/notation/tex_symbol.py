"""How a name looks, as a small tree that is not LaTeX: a name goes in, letters with faces, scripts, accents come out.

For writers of other markup (MathML, Typst). `name_tree(name, symbols)` gives the tree of any name of the file: the
author's LaTeX (`dim N as "n"`) read, or the usual look (see `symbols`). A writer has one `match` with five cases:

    Letters   text in one face; `italic` and the like hold letters, `sign` signs, `words` may hold blanks
    Blank     a space so many ems wide
    Accent    `hat`, `tilde`, `bar`, `dot`, `ddot`, `vec` over a tree
    Scripted  a tree with what stands below and above it, and with primes
    Row       trees side by side

Only what people write for a symbol is read; no macro is known and nothing is computed. LaTeX with anything else in it
becomes the `Letters` of its Unicode text, in the face `words`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, get_args

from .symbols import GREEK, Symbols, split_name

Face = Literal[
    "italic", "upright", "bold", "bold italic", "sans", "mono", "script", "blackboard", "fraktur", "words", "sign"
]
FACES: Final[tuple[Face, ...]] = get_args(Face)
ACCENTS: Final = ("hat", "tilde", "bar", "dot", "ddot", "vec")


@dataclass(frozen=True)
class Letters:
    text: str
    face: Face


@dataclass(frozen=True)
class Blank:
    ems: float


@dataclass(frozen=True)
class Accent:
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
    parts: tuple[NameTree, ...]


NameTree = Letters | Blank | Accent | Scripted | Row

_GREEK: Final = GREEK | {
    "varepsilon": "ε", "epsilon": "ϵ", "vartheta": "ϑ", "varphi": "φ", "phi": "ϕ", "varrho": "ϱ", "varsigma": "ς",
    "varpi": "ϖ", "varkappa": "ϰ",
}  # fmt: skip  # \epsilon and \phi have the shapes that TeX gives them
_LETTERS: Final = {"ell": "ℓ", "hbar": "ℏ", "imath": "ı", "jmath": "ȷ", "aleph": "ℵ", "partial": "∂"}
_SIGNS: Final = {
    "prime": "′", "ast": "∗", "star": "⋆", "infty": "∞", "times": "×", "cdot": "·", "pm": "±", "mp": "∓", "circ": "∘",
    "bullet": "∙", "dagger": "†", "ddagger": "‡", "ldots": "…", "dots": "…", "cdots": "⋯", "le": "≤", "leq": "≤",
    "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "sim": "∼", "in": "∈", "to": "→", "rightarrow": "→",
    "leftarrow": "←", "uparrow": "↑", "downarrow": "↓", "oplus": "⊕", "otimes": "⊗", "odot": "⊙", "nabla": "∇",
    "perp": "⊥", "parallel": "∥", "mid": "|", "vert": "|", "Vert": "‖", "langle": "⟨", "rangle": "⟩", "lceil": "⌈",
    "rceil": "⌉", "lfloor": "⌊", "rfloor": "⌋", "emptyset": "∅", "div": "÷", "lt": "<", "gt": ">", "|": "‖",
    "backslash": "\\", "{": "{", "}": "}", "_": "_", "#": "#", "%": "%", "&": "&", "$": "$", "top": "⊤", "bot": "⊥",
    "square": "□", "Box": "□", "wedge": "∧", "vee": "∨", "cup": "∪", "cap": "∩", "setminus": "∖", "ominus": "⊖",
}  # fmt: skip
_FUNCTION_NAMES: Final = "log ln exp max min sup inf lim sin cos tan tanh sinh cosh arg deg dim det gcd ker"
_FUNCTIONS: Final = frozenset(_FUNCTION_NAMES.split())
_BLANKS: Final = {
    ",": 1 / 6,
    ":": 2 / 9,
    ";": 5 / 18,
    "!": -1 / 6,
    " ": 1 / 3,
    "quad": 1.0,
    "qquad": 2.0,
    "enspace": 0.5,
}
_FACES: Final[dict[str, Face]] = {
    "mathrm": "upright", "mathit": "italic", "mathnormal": "italic", "mathbf": "bold", "boldsymbol": "bold italic",
    "bm": "bold italic", "mathsf": "sans", "mathtt": "mono", "mathcal": "script", "mathscr": "script",
    "mathbb": "blackboard", "mathfrak": "fraktur", "operatorname": "upright", "rm": "upright",
}  # fmt: skip
_WORDS: Final[dict[str, Face]] = {
    "text": "words", "textrm": "words", "mbox": "words", "textit": "italic", "textbf": "bold", "textsf": "sans",
    "texttt": "mono",
}  # fmt: skip
_ACCENTS: Final = {name: name for name in ACCENTS} | {"widehat": "hat", "widetilde": "tilde", "overline": "bar"}
_SILENT_NAMES: Final = "left right big Big bigl bigr Bigl Bigr limits nolimits displaystyle textstyle"
_SILENT: Final = frozenset(_SILENT_NAMES.split())
_IN_WORDS: Final = frozenset("_%&#{} ")
DEEPEST: Final = 40
_TOKEN: Final = re.compile(r"\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)


class _Unread(Exception):
    """Something that is no part of the subset."""


def name_tree(name: str, symbols: Symbols) -> NameTree:
    """How the name looks: as its author chose, or as names usually do.

    >>> name_tree("d_ff", Symbols())
    Scripted(base=Letters(text='d', face='italic'), below=Letters(text='ff', face='upright'), above=None, primes=0)
    """
    chosen = symbols.chosen(name)
    if chosen is not None:
        return read_tex(chosen) or Letters(symbols.in_unicode(name), "words")
    return _usual_tree(name)


@lru_cache(maxsize=1024)
def _usual_tree(name: str) -> NameTree:
    parts = split_name(name)
    below = [_word(part) for part in parts.below]
    return _scripted(_word(parts.base), _row(_with_commas(below)) if below else None, None, parts.primes)


def name_parts(name: str, symbols: Symbols) -> tuple[NameTree, NameTree | None, int]:
    """For a tensor with indices below it: its letter, what of its name stands below before the indices, its primes.

    `W_q` at i, o is W with `q; i, o` below. A symbol with something above stays whole.

    >>> name_parts("W_q", Symbols())
    (Letters(text='W', face='italic'), Letters(text='q', face='italic'), 0)
    """
    match name_tree(name, symbols):
        case Scripted(base, below, None, primes):
            return base, below, primes
        case tree:
            return tree, None, 0


@lru_cache(maxsize=1024)
def read_tex(latex: str) -> NameTree | None:
    """The author's LaTeX as a tree, or None if it holds anything that is not of the subset.

    >>> read_tex(r"\\hat{N}'")
    Scripted(base=Accent(name='hat', over=Letters(text='N', face='italic')), below=None, above=None, primes=1)
    """
    text = latex.strip()
    if len(text) > 1 and text[0] == text[-1] == "$":
        text = text[1:-1]
    reader = _Reader(_TOKEN.findall(text))
    try:
        tree = reader.row("")
    except _Unread:
        return None
    return tree if tree != Row(()) else None


def _word(word: str) -> NameTree:
    """A part of a name: one letter italic, a longer word and digits upright, a Greek letter's name that letter."""
    letter = _GREEK[word] if word in GREEK else word
    return Letters(letter, _face_of(letter) if len(letter) == 1 else "upright")


def _face_of(letter: str) -> Face:
    """TeX has capital Greek letters upright, as it has digits; letters of other scripts have no italic."""
    if not letter.isalpha():
        return "upright"
    return "italic" if letter.isascii() or letter in "ℓℏıȷ∂" or "α" <= letter <= "ϵ" else "upright"


def _with_commas(parts: list[NameTree]) -> list[NameTree]:
    joined: list[NameTree] = []
    for part in parts:
        joined += [Letters(",", "sign"), part] if joined else [part]
    return joined


def _row(parts: list[NameTree]) -> NameTree:
    return parts[0] if len(parts) == 1 else Row(tuple(parts))


def _scripted(base: NameTree, below: NameTree | None, above: NameTree | None, primes: int) -> NameTree:
    return Scripted(base, below, above, primes) if below or above or primes else base


class _Reader:
    """Reads one symbol from left to right."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0

    def peek(self) -> str:
        while self.place < len(self.tokens) and self.tokens[self.place].isspace():
            self.place += 1
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.place += 1
        return token

    def row(self, stop: str, face: Face | None = None) -> NameTree:
        """Everything up to `stop`, which is taken too; letters in `face` if there is one."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Unread
        parts: list[NameTree] = []
        while (token := self.peek()) != stop:
            if not token:
                raise _Unread
            part = self.scripts(self.atom(face) if token not in ("_", "^", "'") else Row(()), face)
            if part != Row(()):
                _append(parts, part)
        self.place += 1
        self.depth -= 1
        return _row(parts)

    def argument(self, face: Face | None) -> NameTree:
        """What follows a command or a script: a group or one letter."""
        if self.peek() == "{":
            self.place += 1
            return self.row("}", face)
        if self.peek() in ("", "}", "_", "^", "'"):
            raise _Unread
        return self.atom(face)

    def scripts(self, base: NameTree, face: Face | None) -> NameTree:
        below: NameTree | None = None
        above: NameTree | None = None
        primes = 0
        while (mark := self.peek()) in ("_", "^", "'"):
            self.place += 1
            if mark == "'":
                primes += 1
            elif mark == "_" and below is None:
                below = self.argument(face)
            elif mark == "^" and above is None:
                raised = self.argument(face)
                if isinstance(raised, Letters) and set(raised.text) == {"′"}:
                    primes += len(raised.text)
                else:
                    above = raised
            else:
                raise _Unread
        return _scripted(base, below, above, primes)

    def atom(self, face: Face | None) -> NameTree:
        token = self.take()
        name = token[1:]
        if token == "{":
            return self.row("}", face)
        if token == "~":
            return Blank(1 / 3)
        if token[0] != "\\":
            return _letter(token, face)
        if name in _FACES:
            return self.argument(_FACES[name])
        if name in _WORDS:
            return Letters(self.words(), _WORDS[name])
        if name in _ACCENTS:
            return Accent(_ACCENTS[name], self.argument(face))
        if name in _BLANKS:
            return Blank(_BLANKS[name])
        if name == "frac":
            above, below = self.argument(face), self.argument(face)
            return Row((_held(above), Letters("/", "sign"), _held(below)))
        if name == "sqrt" and self.peek() == "{":
            return Row((Letters("√", "sign"), _held(self.argument(face))))
        if name in _SILENT:
            return Row(())
        return _command(name, face)

    def words(self) -> str:
        """The words of `\\text{…}`, blanks and all."""
        if self.take() != "{":
            raise _Unread
        taken = ""
        while (token := self.tokens[self.place] if self.place < len(self.tokens) else "") != "}":
            if token in ("", "$", "{") or (token[0] == "\\" and token[1:] not in _IN_WORDS):
                raise _Unread
            taken += " " if token.isspace() or token in ("~", "\\ ") else token.removeprefix("\\")
            self.place += 1
        self.place += 1
        return taken


def _letter(letter: str, face: Face | None) -> NameTree:
    if letter in "%#&$}":
        raise _Unread
    if not letter.isalnum():
        return Letters({"-": "−", "*": "∗"}.get(letter, letter), "sign")
    return Letters(letter, face or _face_of(letter))


def _command(name: str, face: Face | None) -> NameTree:
    if name in _GREEK:
        return Letters(_GREEK[name], face or _face_of(_GREEK[name]))
    if name in _LETTERS:
        return Letters(_LETTERS[name], "italic")
    if name in _SIGNS:
        return Letters(_SIGNS[name], "sign")
    if name in _FUNCTIONS:
        return Letters(name, "upright")
    raise _Unread


def _append(parts: list[NameTree], part: NameTree) -> None:
    """Digits and the letters of an upright word are one text; italic letters stand by themselves."""
    last = parts[-1] if parts else None
    if (
        isinstance(part, Letters)
        and isinstance(last, Letters)
        and part.face == last.face
        and part.face not in ("italic", "bold italic", "sign", "words")
    ):
        parts[-1] = Letters(last.text + part.text, part.face)
    else:
        parts.append(part)


def _held(tree: NameTree) -> NameTree:
    """Brackets around what would fall apart beside a slash."""
    return Row((Letters("(", "sign"), tree, Letters(")", "sign"))) if isinstance(tree, Row) else tree
