"""Names as MathML: a name of the file goes in, its letter and what stands below and above that come out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Final, assert_never

from .letters import JOINERS
from .mathml_parts import Part
from .name_trees import Accent, Blank, Face, Letters, NameTree, Row, Scripted, is_whole
from .symbols import Symbols, name_parts, name_tree
from .widths import ITALIC, ROMAN

# Where the alphabets of Unicode begin: capitals, small letters, digits.
_ALPHABETS: Final[dict[Face, tuple[int, int, int]]] = {
    "italic": (0x1D434, 0x1D44E, 0),
    "bold": (0x1D400, 0x1D41A, 0x1D7CE),
    "bold italic": (0x1D468, 0x1D482, 0x1D7CE),
    "script": (0x1D49C, 0x1D4B6, 0),
    "blackboard": (0x1D538, 0x1D552, 0x1D7D8),
    "sans": (0x1D5A0, 0x1D5BA, 0x1D7E2),
    "mono": (0x1D670, 0x1D68A, 0x1D7F6),
}
_HIDDEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_BOLD_GREEK: Final = 0x1D736 - ord("α")
# Letters that Unicode had before it had the alphabets.
_OLDER: Final = {
    0x1D455: "ℎ", 0x1D49D: "ℬ", 0x1D4A0: "ℰ", 0x1D4A1: "ℱ", 0x1D4A3: "ℋ", 0x1D4A4: "ℐ", 0x1D4A7: "ℒ", 0x1D4A8: "ℳ",
    0x1D4AD: "ℛ", 0x1D4BA: "ℯ", 0x1D4BC: "ℊ", 0x1D4C4: "ℴ",
    0x1D53A: "ℂ", 0x1D53F: "ℍ", 0x1D545: "ℕ", 0x1D547: "ℙ", 0x1D548: "ℚ", 0x1D549: "ℝ", 0x1D551: "ℤ",
}  # fmt: skip
_ACCENTS: Final = {
    "hat": "ˆ", "tilde": "˜", "bar": "¯", "dot": "˙", "ddot": "¨", "vec": "→", "acute": "´", "grave": "`", "check": "ˇ",
    "breve": "˘", "mathring": "˚", "widehat": "ˆ", "widetilde": "˜", "overline": "¯",
}  # fmt: skip
_WIDE_ACCENTS: Final = ("widehat", "widetilde", "overline")
_FLAT_ACCENTS: Final = ("hat", "tilde", "bar", *_WIDE_ACCENTS)  # close to the letter; the others would touch it
_PRIMES: Final = {2: "″", 3: "‴"}
SCRIPT_SIZE: Final = 0.72


@dataclass(frozen=True, slots=True)
class Nucleus:
    """A letter with its primes, and what stands below and above it: one element each, or empty. A `word` has several
    letters, which look like factors side by side; a `compound` is in need of brackets before a power."""

    base: str
    below: str
    above: str
    width: float
    word: bool
    compound: bool

    def part(self) -> Part:
        return Part(scripted(self.base, self.below, self.above), self.width)


def nucleus(name: str, symbols: Symbols) -> Nucleus:
    """The name taken apart, so that a power can stand above its own subscripts."""
    return _nucleus(name, symbols.chosen(name))


def tensor(name: str, symbols: Symbols) -> tuple[str, str, float]:
    """For a tensor with indices: its letter with its primes, what of its name stands below before them, its width."""
    return _tensor(name, symbols.chosen(name))


def scripted(base: str, below: str, above: str) -> str:
    """One element with what stands below and above it."""
    if below and above:
        return f"<msubsup>{base}{below}{above}</msubsup>"
    if below:
        return f"<msub>{base}{below}</msub>"
    return f"<msup>{base}{above}</msup>" if above else base


def _primed(base: str, primes: int) -> str:
    """Fonts have the prime raised already: in a superscript it would be lost."""
    return f"<mrow>{base}<mo>{_PRIMES.get(primes, '′' * primes)}</mo></mrow>" if primes else base


def words(text: str) -> str:
    """Words inside a formula; blanks at the ends of an element would go. What no font shows goes too."""
    text = "".join(c for c in re.sub(r"\s", " ", text) if c in JOINERS or unicodedata.category(c) not in _HIDDEN)
    stripped = text.strip(" ")
    before = "\u00a0" * (len(text) - len(text.lstrip(" ")))
    after = "\u00a0" * (len(text) - len(text.rstrip(" "))) if stripped else ""
    return f"<mtext>{before}{escape(stripped)}{after}</mtext>"


@lru_cache(maxsize=4096)
def _nucleus(name: str, chosen: str | None) -> Nucleus:
    tree = name_tree(name, Symbols({} if chosen is None else {name: chosen}))
    parts = tree if isinstance(tree, Scripted) else Scripted(tree)
    base = parts.base
    word = _letters(base) != 1 or (isinstance(base, Letters) and base.face == "words")
    compound = not is_whole(tree)
    letter, below = _element(base), _optional(parts.below)
    if parts.primes and below:  # behind what is below: a browser would set that apart from the letter
        letter, below = scripted(letter, below, ""), ""
    return Nucleus(_primed(letter, parts.primes), below, _optional(parts.above), _width(tree), word, compound)


@lru_cache(maxsize=4096)
def _tensor(name: str, chosen: str | None) -> tuple[str, str, float]:
    base, below, primes = name_parts(name, Symbols({} if chosen is None else {name: chosen}))
    return _primed(_element(base), primes), _optional(below), _width(Scripted(base, below, None, primes))


def _optional(tree: NameTree | None) -> str:
    return "" if tree is None else _element(tree)


def _letters(tree: NameTree) -> int:
    match tree:
        case Letters(text):
            return len(text)
        case Accent(_, over):
            return _letters(over)
        case Scripted(base):
            return _letters(base)
        case Row(parts):
            return sum(map(_letters, parts))
        case Blank():
            return 0
        case _:
            assert_never(tree)


def _element(tree: NameTree) -> str:
    match tree:
        case Letters(text, face):
            return _face(text, face)
        case Blank(ems):
            return f'<mspace width="{ems:.3g}em"/>' if ems > 0 else "<mrow></mrow>"
        case Accent(name, over):
            flat = ' accent="true"' if name in _FLAT_ACCENTS else ""
            wide = "true" if name in _WIDE_ACCENTS else "false"
            return f'<mover{flat}>{_element(over)}<mo stretchy="{wide}">{_ACCENTS[name]}</mo></mover>'
        case Scripted(base, below, above, primes):
            return scripted(_primed(_element(base), primes), _optional(below), _optional(above))
        case Row(parts):
            return f"<mrow>{''.join(map(_element, parts))}</mrow>"
        case _:
            assert_never(tree)


def _face(text: str, face: Face) -> str:
    match face:
        case "words":
            return words(text)
        case "sign":
            return f'<mo lspace="0" rspace="0" stretchy="false">{escape(text)}</mo>'
        case "upright":
            if text.isdecimal():
                return f"<mn>{text}</mn>"
            upright = ' mathvariant="normal"' if len(text) == 1 else ""
            return f"<mi{upright}>{escape(text)}</mi>"
        case "italic" if len(text) == 1:  # which is what the browser does with one letter
            return f"<mi>{escape(text)}</mi>"
        case _:
            return f"<mi>{escape(''.join(_styled(letter, face) for letter in text))}</mi>"


def _styled(letter: str, face: Face) -> str:
    capital, small, digit = _ALPHABETS[face]
    code = 0
    if "A" <= letter <= "Z":
        code = capital + ord(letter) - ord("A")
    elif "a" <= letter <= "z":
        code = small + ord(letter) - ord("a")
    elif "0" <= letter <= "9" and digit:
        code = digit + ord(letter) - ord("0")
    elif "α" <= letter <= "ω" and face == "bold italic":
        code = _BOLD_GREEK + ord(letter)
    return _OLDER.get(code, chr(code)) if code else letter


def _width(tree: NameTree) -> float:
    match tree:
        case Letters(text, face):
            glyphs = ITALIC if face == "italic" else ROMAN
            return sum(glyphs.get(letter, 6.0) for letter in text) / 10 * (1.15 if "bold" in face else 1.0)
        case Blank(ems):
            return ems
        case Accent(_, over):
            return _width(over)
        case Scripted(base, below, above, primes):
            scripts = max(0.0 if script is None else _width(script) for script in (below, above))
            return _width(base) + 0.28 * primes + SCRIPT_SIZE * scripts
        case Row(parts):
            return sum(map(_width, parts))
        case _:
            assert_never(tree)
