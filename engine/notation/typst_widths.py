"""How wide Typst sets a formula or words: Typst as `typst` writes it goes in, points at 10 pt New Computer Modern out.

The letters are those of TeX, and so are the spaces between kinds of signs. It errs on the wide side.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from .letters import GREEK
from .typst_names import SHAPES
from .widths import ITALIC, LETTERS, SCRIPT, SPACES, text_width

Kind = Literal["ord", "op", "bin", "rel", "open", "close", "punct", "inner", "text", "fenced", "blank"]


@dataclass(frozen=True)
class _Sign:
    """What stands for itself. An operator with `limits` has in a display what belongs to it under and over it."""

    kind: Kind
    width: float
    limits: bool = False
    display: float = 0.0  # wider in a display by so much


_SIGNS: Final = (
    {letter: _Sign("ord", width) for letter, width in ITALIC.items()}
    | {name: _Sign("ord", LETTERS[name]) for name in GREEK}
    | {SHAPES[letter]: _Sign("ord", LETTERS[name]) for letter, name in (("ε", "varepsilon"), ("φ", "varphi"))}
    | {"epsilon.alt": _Sign("ord", 4.06), "phi.alt": _Sign("ord", 5.96), "theta.alt": _Sign("ord", 5.91)}
    | {"ell": _Sign("ord", 4.17), "infinity": _Sign("ord", 10.0), "prime": _Sign("ord", 2.75), "/": _Sign("ord", 5.0)}
    | {sign: _Sign("bin", 7.78) for sign in ("+", "-", "times", "plus.minus")}
    | {"dot": _Sign("bin", 2.78)}
    | {sign: _Sign("rel", 7.78) for sign in ("=", "<", ">", "<=", ">=", "!=", "approx")}
    | {"in": _Sign("rel", 6.67), ":": _Sign("rel", 2.78), "->": _Sign("rel", 10.0)}
    | {"(": _Sign("open", 3.89), "[": _Sign("open", 2.78), "⌊": _Sign("open", 4.45), "⌈": _Sign("open", 4.45)}
    | {")": _Sign("close", 3.89), "]": _Sign("close", 2.78), "⌋": _Sign("close", 4.45), "⌉": _Sign("close", 4.45)}
    | {",": _Sign("punct", 2.78), ";": _Sign("punct", 2.78), "|": _Sign("ord", 2.78), ".": _Sign("ord", 2.78)}
    | {"sum": _Sign("op", 10.56, True, 3.89), "product": _Sign("op", 9.45, True, 3.33)}
    | {"max": _Sign("op", 18.62, True), "min": _Sign("op", 16.67, True), "log": _Sign("op", 12.92)}
    | {"exp": _Sign("op", 15.28), "sin": _Sign("op", 12.28), "cos": _Sign("op", 13.39), "tanh": _Sign("op", 20.01)}
    | {"mod": _Sign("op", 18.6), "dots": _Sign("inner", 8.4)}
    | {"thin": _Sign("ord", 1.67), "quad": _Sign("ord", 10.0), "\\ ": _Sign("ord", 0.0)}
)
_UNKNOWN: Final = _Sign("ord", 8.4)
_FENCES: Final = {"floor": 4.45, "ceil": 4.45, "abs": 2.78}
_FACES: Final = frozenset(
    ("hat", "tilde", "macron", "dot", "dot.double", "arrow", "sans", "mono", "cal", "bb", "frak", "italic", "upright")
)
_CALLED: Final = _FACES | _FENCES.keys() | {"frac", "sqrt", "op", "lr", "attach", "cases", "bold"}
_TALL: Final = frozenset(("frac", "cases", "sum", "product"))
_WORDS: Final = (1.0, 0.7, 0.5)  # sizes of words; letters of formulas are wider where they are small
_BLANK: Final = 3.34  # beside words Typst prints the blanks of its source
_TOKEN: Final = re.compile(
    r'"(?:[^"\\]|\\.)*"|#h\([^)]*\);|[A-Za-z]+(?:\.[a-z.]+)?|\d+(?:\.\d+)?|\\.|<=|>=|!=|->|\s+|.', re.DOTALL
)
_BEFORE: Final[dict[Kind, Kind]] = {"text": "ord", "fenced": "close"}
_AFTER: Final[dict[Kind, Kind]] = {"text": "ord", "fenced": "open"}


@lru_cache(maxsize=4096)
def words_width(words: str, *, bold: bool = False) -> float:
    """The width of words in points: letters with accents as those without, Chinese ones as wide as high."""
    if not words.isascii():
        words = "".join("W" if unicodedata.east_asian_width(c) in "WF" else _bare(c) for c in words)
    return text_width(words, bold=bold)


@lru_cache(maxsize=4096)
def typst_width(typst: str, *, display: bool = True) -> float:
    """The width of a formula in points.

    >>> round(typst_width("x_(i, o)"))
    15
    """
    return _Reader(_TOKEN.findall(typst)).row((), 0, display)


def _bare(letter: str) -> str:
    return "" if unicodedata.combining(letter) else unicodedata.normalize("NFD", letter)[0]


class _Reader:
    """Reads a formula from left to right. `size` is 0 for text, 1 for what stands below or above, 2 below that."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = [*tokens, ""]
        self.place = 0

    def row(self, stops: Container[str], size: int, display: bool) -> float:
        """The width of everything before one of the stops, or before the end."""
        kinds: list[Kind] = []
        width = 0.0
        while (token := self.tokens[self.place]) and token not in stops:
            self.place += 1
            if token.isspace():
                kinds.append("blank")
                continue
            kind, wide, limits = self.nucleus(token, size, display)
            kinds.append(kind)
            width += self.scripts(wide, limits, size)
        return width + _between(kinds, size)

    def nucleus(self, token: str, size: int, display: bool) -> tuple[Kind, float, bool]:
        """What may have scripts: its kind, its width, and whether they stand under and over it."""
        scale = SCRIPT[size]
        if token[0] == '"':
            words = re.sub(r"\\(.)", r"\1", token[1:-1])
            return ("text" if len(words) != 1 else "ord"), _WORDS[size] * words_width(words), False
        if token[0].isdigit():
            return "ord", scale * (5.0 * len(token) - (2.2 if "." in token else 0.0)), False
        if token in _CALLED and self.tokens[self.place] == "(":
            self.place += 1
            return self.call(token, size, display)
        if token == "(":
            return self.brackets(size, display)
        sign = _SIGNS.get(token.removeprefix("\\"), _UNKNOWN)
        return sign.kind, scale * (sign.width + (sign.display if display else 0.0)), sign.limits and display

    def scripts(self, width: float, limits: bool, size: int) -> float:
        """The width with what stands below and above."""
        below = above = 0.0
        smaller = min(size + 1, 2)
        while (mark := self.tokens[self.place]) and mark in "_^'":
            self.place += 1
            if mark == "'":
                above += 2.9 * SCRIPT[size]
            elif mark == "_":
                below = self.script(smaller)
            else:
                above += self.script(smaller)
        if not below and not above:
            return width
        return max(width, below, above) if limits else width + max(below, above) + 0.5

    def script(self, size: int) -> float:
        """The widest of the lines of what stands below or above; its brackets are not printed."""
        token = self.tokens[self.place]
        self.place += 1
        if token != "(":
            _, width, _ = self.nucleus(token, size, False)
            return width
        return max(self.parts(size, ")", "\\ "))

    def parts(self, size: int, stop: str, between: str, display: bool = False) -> list[float]:
        """The widths of what stands between commas, or in lines."""
        widths = [self.row((between, stop), size, display)]
        while self.tokens[self.place] == between:
            self.place += 1
            widths.append(self.row((between, stop), size, display))
        self.place += 1
        return widths

    def brackets(self, size: int, display: bool) -> tuple[Kind, float, bool]:
        """Brackets grow with what is in them; one that is not closed in this line stands alone."""
        start = self.place
        end = _closing(self.tokens, start)
        if end is None:
            return "open", 3.89 * SCRIPT[size], False
        inner = self.row((")",), size, display)
        self.place = end + 1
        within = self.tokens[start:end]
        side = (7.2 if display else 4.7) if not _TALL.isdisjoint(within) else 4.7 if "^" in within else 3.89
        return "fenced", inner + 2 * side * SCRIPT[size], False

    def call(self, name: str, size: int, display: bool) -> tuple[Kind, float, bool]:
        scale = SCRIPT[size]
        if name == "frac":
            return "inner", max(self.parts(size if display else min(size + 1, 2), ")", ",")) + 2.5 * scale, False
        if name == "cases":
            return "ord", max(self.parts(size, ")", ",")) + 32.0, False
        if name == "attach":
            return "ord", self.attached(size), False
        start = self.place
        widths = self.parts(size, ")", ",", display)
        if name in _FENCES:
            tall = display and not _TALL.isdisjoint(self.tokens[start : self.place])
            return "fenced", widths[0] + 2 * scale * (_FENCES[name] + (2.2 if tall else 0.0)), False
        if name == "lr":
            return "ord", 7.5 * scale, False
        if name == "op":
            return "op", widths[0], False
        high = display or "^" in self.tokens[start : self.place]
        extra = {"sqrt": (10.1 if high else 8.4) * scale, "bold": 0.16 * widths[0]}
        return "ord", widths[0] + extra.get(name, 0.1 * widths[0]), False

    def attached(self, size: int) -> float:
        """A base with scripts, each of which begins with its place and a colon."""
        width, scripts = self.row((",", ")"), size, False), [0.0]
        while self.tokens[self.place] == ",":
            self.place = self.tokens.index(":", self.place) + 1
            scripts.append(self.row((",", ")"), min(size + 1, 2), False))
        self.place += 1
        return width + max(scripts)


def _closing(tokens: list[str], start: int) -> int | None:
    depth = 1
    for place in range(start, len(tokens)):
        depth += (tokens[place] == "(") - (tokens[place] == ")")
        if depth == 0:
            return place
    return None


def _between(kinds: list[Kind], size: int) -> float:
    """The spaces between signs of these kinds, and the blanks of the source beside words."""
    width, blank = 0.0, False
    last: Kind | None = None
    for place, kind in enumerate(kinds):
        if kind == "blank":
            blank = True
            continue
        if kind == "bin":
            following = next((k for k in kinds[place + 1 :] if k != "blank"), None)
            if last in (None, "bin", "op", "rel", "open", "punct") or following in (None, "rel", "close", "punct"):
                kind = "ord"  # the sign of what follows
        if last is not None:
            left, right = _BEFORE.get(last, last), _AFTER.get(kind, kind)
            space = SPACES.get((left, right), 0.0) if size == 0 or "op" in (left, right) else 0.0
            if blank and "text" in (last, kind) and not space:
                space = _BLANK * _WORDS[size]
            width += space
        last, blank = kind, False
    return width
