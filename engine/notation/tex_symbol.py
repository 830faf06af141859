"""The author's LaTeX of a symbol: `d_{\\mathrm{ff}}` goes in, a tree of letters (`name_trees`) or a hint comes out.

Only what people write for a symbol is read, and of that only what can be printed with amsmath alone; no macro is known
and nothing is computed. A formula (`n+m`, `\\frac{a}{b}`) is no symbol: raised to a power it would be another one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from .letters import GREEK, SUBSCRIPTS, SUPERSCRIPTS
from .name_trees import (
    ACCENTS,
    SHAPES,
    SIGNS,
    Accent,
    Blank,
    Face,
    Letters,
    NameTree,
    Row,
    Scripted,
    face_of,
    one_letter,
    row_of,
    scripted_tree,
)

_GREEK: Final = GREEK | SHAPES
_LETTERS: Final = {"ell": "ℓ", "hbar": "ℏ", "imath": "ı", "jmath": "ȷ", "aleph": "ℵ", "partial": "∂"}
_JOINTS: Final = frozenset("+−=<>≤≥≠≈∼±∓∈→←×·÷/∗∘∙⊕⊗⊙⊖∧∨∪∩∖,;:")  # a row with one of these is a formula
_TYPED: Final = {"-": "−", "*": "∗", "⋅": "·", "•": "∙"}
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
    "mathbb": "blackboard", "operatorname": "upright", "rm": "upright",
}  # fmt: skip
_WORDS: Final[dict[str, Face]] = {
    "text": "words", "textrm": "words", "mbox": "words", "textit": "italic", "textbf": "bold", "textsf": "sans",
    "texttt": "mono",
}  # fmt: skip
_BEYOND: Final = frozenset({"mathfrak", "square", "Box", "varkappa"})  # what amsmath alone does not print
_FORMULAS: Final = frozenset({"frac", "dfrac", "tfrac", "sqrt", "sum", "prod", "int", "over"})
_SILENT_NAMES: Final = "left right big Big bigl bigr Bigl Bigr limits nolimits displaystyle textstyle"
_SILENT: Final = frozenset(_SILENT_NAMES.split())
_IN_WORDS: Final = frozenset("_%&#{} ")
DEEPEST: Final = 40
_BELOW_PLAIN: Final = {ord(letter): plain for plain, letter in SUBSCRIPTS.items()}
_ABOVE_PLAIN: Final = {ord(letter): plain for plain, letter in SUPERSCRIPTS.items()}
_BELOW: Final = re.compile(f"[{''.join(SUBSCRIPTS.values())}]+")
_ABOVE: Final = re.compile(f"[{''.join(SUPERSCRIPTS.values())}]+")
_TOKEN: Final = re.compile(r"\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)


class _Unread(Exception):
    """Something that is no part of the subset; with a hint, if there is one."""


_HINT: Final = r"letters, Greek letters, `\mathrm{…}`, accents, `_` and `^`, as in `d_{\mathrm{ff}}`"
_ONE_NAME: Final = "a symbol is one name, as in `n` or `d_{k}`; a size that is a formula of others is a `let`"


@lru_cache(maxsize=1024)
def read_tex(latex: str) -> NameTree | None:
    """The author's LaTeX as a tree, or None if it holds anything that is not of the subset.

    >>> read_tex(r"\\hat{N}'")
    Scripted(base=Accent(name='hat', over=Letters(text='N', face='italic')), below=None, above=None, primes=1)
    """
    read = _read(latex)
    return None if isinstance(read, str) else read


def hint_for(latex: str) -> str:
    """What to write instead of LaTeX that is not read.

    >>> print(hint_for(r"\\hat{}"))
    `\\hat` needs a letter
    """
    read = _read(latex)
    return read if isinstance(read, str) else ""


@lru_cache(maxsize=1024)
def _read(latex: str) -> NameTree | str:
    """The tree, or a hint."""
    text = latex.strip()
    if len(text) > 1 and text[0] == text[-1] == "$":
        text = text[1:-1]
    reader = _Reader(_TOKEN.findall(_as_typed(text)))
    try:
        tree = reader.row("")
        if _is_formula(tree):
            raise _Unread(_ONE_NAME)
        if not _is_seen(tree):
            raise _Unread
    except _Unread as unread:
        return str(unread) or _HINT
    return tree


def _as_typed(text: str) -> str:
    """Raised and lowered digits and letters as scripts, primes as `'`, accents with their letters."""
    text = unicodedata.normalize("NFC", text).replace("′", "'").replace("″", "''")
    text = _BELOW.sub(lambda run: f"_{{{run[0].translate(_BELOW_PLAIN)}}}", text)
    return _ABOVE.sub(lambda run: f"^{{{run[0].translate(_ABOVE_PLAIN)}}}", text)


def _is_formula(tree: NameTree) -> bool:
    """Does a row hold a sign between its letters that stands in no brackets?"""
    match tree:
        case Row(parts):
            depth = 0
            for part in parts:
                if part in (Letters("(", "sign"), Letters("[", "sign")):
                    depth += 1
                elif part in (Letters(")", "sign"), Letters("]", "sign")):
                    depth -= 1
                elif depth == 0 and ((isinstance(part, Letters) and part.text in _JOINTS) or _is_formula(part)):
                    return True
            return False
        case Scripted(base):
            return _is_formula(base)
        case _:
            return False


def _is_seen(tree: NameTree) -> bool:
    """Is there anything but space?"""
    match tree:
        case Letters(text):
            return bool(text.strip())
        case Blank():
            return False
        case Accent():
            return True
        case Scripted(base):
            return base == Row(()) or _is_seen(base)
        case Row(parts):
            return any(map(_is_seen, parts))


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
        return row_of(parts)

    def argument(self, face: Face | None) -> NameTree:
        """What follows a command or a script: a group or one letter."""
        if self.peek() == "{":
            self.place += 1
            return self.row("}", face)
        if self.peek() in ("", "}", "_", "^", "'"):
            raise _Unread
        return self.atom(face)

    def over(self, command: str, face: Face | None) -> NameTree:
        """What a command is there for, which is not nothing."""
        tree = self.argument(face)
        if not _is_seen(tree):
            raise _Unread(f"`\\{command}` needs a letter")
        return tree

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
        return scripted_tree(base, below, above, primes)

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
            return _in_face(self.over(name, _FACES[name]), name)
        if name in _WORDS:
            return Letters(self.words(), _WORDS[name])
        if name in ACCENTS:
            return Accent(name, self.over(name, face))
        if name in _BLANKS:
            return Blank(_BLANKS[name])
        if name in _FORMULAS:
            raise _Unread(_ONE_NAME)
        if name in _BEYOND:
            raise _Unread(f"`\\{name}` needs more than amsmath; `\\mathcal`, `\\mathbf` and `\\mathsf` do not")
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
        if not taken.strip():
            raise _Unread
        return taken


def _letter(letter: str, face: Face | None) -> NameTree:
    sign = _TYPED.get(letter, letter)
    if letter.isalnum() or letter in _LETTERS.values():
        return one_letter(letter, face)
    if letter in "%#&$}`~" or not (letter.isascii() or sign in SIGNS.values()):
        raise _Unread
    return Letters(sign, "sign")


def _command(name: str, face: Face | None) -> NameTree:
    if name in _GREEK:
        return Letters(_GREEK[name], face or face_of(_GREEK[name]))
    if name in _LETTERS:
        return Letters(_LETTERS[name], "italic")
    if name in SIGNS:
        return Letters(SIGNS[name], "sign")
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


def _in_face(tree: NameTree, command: str) -> NameTree:
    """Letters in a face that has them."""
    for part in tree.parts if isinstance(tree, Row) else (tree,):
        if isinstance(part, Letters) and part.face == "script" and not re.fullmatch("[A-Z]+", part.text):
            raise _Unread(f"`\\{command}` has capital letters only")
    return tree
