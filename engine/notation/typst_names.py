"""Names and words in Typst mathematics: the tree of a name goes in, what Typst prints as meant comes out."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, assert_never

from .letters import GREEK, JOINERS
from .name_trees import Accent, Blank, Face, Letters, NameTree, Row, Scripted

SHAPES: Final = {"ε": "epsilon", "ϵ": "epsilon.alt", "φ": "phi", "ϕ": "phi.alt", "ϑ": "theta.alt", "ℓ": "ell"}
_LETTERS: Final = {letter: name for name, letter in GREEK.items()} | SHAPES
LETTERS: Final = frozenset(_LETTERS.values())
_SIGNS: Final = {
    "×": "times", "·": "dot", "−": "-", "±": "plus.minus", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "approx",
    "∈": "in", "∞": "infinity", "→": "->", "′": "prime", "+": "+", "=": "=",
}  # fmt: skip
_ACCENTS: Final = {
    "hat": "hat", "tilde": "tilde", "bar": "macron", "dot": "dot", "ddot": "dot.double", "vec": "arrow",
    "acute": "acute", "grave": "grave", "check": "caron", "breve": "breve", "mathring": "circle", "widehat": "hat",
    "widetilde": "tilde", "overline": "overline",
}  # fmt: skip
_FACES: Final[dict[Face, str]] = {
    "sans": "sans", "mono": "mono", "script": "cal", "blackboard": "bb", "bold italic": "bold",
}  # fmt: skip
_ALONE: Final = re.compile(r"\d+|[A-Za-z]+|[^\x00-\x7f]")  # a bracket right after words would be taken for theirs


def quoted(words: str) -> str:
    """Words as a string of Typst, which prints them as they are; control and private characters go.

    >>> print(quoted('a "b" c'))
    "a \\"b\\" c"
    """
    hidden = ("Cc", "Cf", "Co", "Cs")
    shown = "".join(c for c in re.sub(r"\s", " ", words) if c in JOINERS or unicodedata.category(c) not in hidden)
    return '"' + re.sub(r'(["\\])', r"\\\1", shown) + '"'


def scripted(base: str, below: str = "", above: str = "", primes: int = 0) -> str:
    """A base with what stands below and above it; brackets that Typst takes away hold what is longer than a name."""
    written = base + "'" * primes
    if below:
        written += "_" + _script(below)
    if above:
        written += "^" + _script(above)
    return written


def _script(text: str) -> str:
    return text if _ALONE.fullmatch(text) else f"({text})"


@lru_cache(maxsize=1024)
def name_in_typst(tree: NameTree) -> str:
    """The name as Typst mathematics.

    >>> print(name_in_typst(Scripted(Letters("d", "italic"), Letters("ff", "upright"))))
    d_("ff")
    """
    match tree:
        case Letters(text, face):
            return _letters(text, face)
        case Blank(ems):
            return f"#h({ems:.3g}em);"
        case Accent(name, over):
            return f"{_ACCENTS[name]}({name_in_typst(over)})"
        case Scripted(base, below, above, primes):
            under, over_it = (name_in_typst(part) if part is not None else "" for part in (below, above))
            if isinstance(base, Letters | Accent):
                return scripted(name_in_typst(base), under, over_it, primes)
            return _attached(name_in_typst(base), under, over_it, primes)
        case Row(parts):
            return " ".join(map(name_in_typst, parts))
        case _:
            assert_never(tree)


def _attached(base: str, below: str, above: str, primes: int) -> str:
    """Scripts of what is no single letter, which brackets would show."""
    above = " ".join(["prime"] * primes + [above] * bool(above))
    scripts = [f"b: {below}"] * bool(below) + [f"t: {above}"] * bool(above)
    return f"attach({', '.join([base or quoted(''), *scripts])})"


def _letters(text: str, face: Face) -> str:
    match face:
        case "words":
            return quoted(text)
        case "sign":
            return _SIGNS.get(text) or ("\\" + text if text.isascii() else text)
        case "italic":
            return " ".join(_letter(letter) for letter in text)
        case "upright":
            if text.isascii() and text.isdigit():
                return text
            if text in _LETTERS:
                return _LETTERS[text] if text.isupper() else f"upright({_LETTERS[text]})"
            return f"upright({text})" if len(text) == 1 and text.isascii() and text.isalnum() else quoted(text)
        case "bold":
            return f"bold({_letters(text, 'upright')})"
        case _:
            faced = " ".join(map(_letter, text)) if face == "bold italic" or len(text) == 1 else quoted(text)
            return f"{_FACES[face]}({faced})"


def _letter(letter: str) -> str:
    """One letter, italic as letters are."""
    if letter in _LETTERS:
        name = _LETTERS[letter]
        return f"italic({name})" if letter.isupper() else name
    return letter if letter.isalnum() else quoted(letter)
