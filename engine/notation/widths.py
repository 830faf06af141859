"""How wide TeX sets a formula or words: LaTeX as `latex` writes it goes in, points at 10 pt Computer Modern come out.

A table of glyphs and TeX's own rules for spaces between them; it errs on the wide side. Line breaking needs no more.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final


def _table(packed: str) -> dict[str, float]:
    return {entry[0]: float(entry[1:]) for entry in packed.split()}


ROMAN: Final = _table(
    "a5.00 b5.56 c4.44 d5.56 e4.44 f3.06 g5.00 h5.56 i2.78 j3.06 k5.28 l2.78 m8.33 n5.56 o5.00 p5.56 q5.28 r3.92 s3.94 "
    "t3.89 u5.56 v5.28 w7.22 x5.28 y5.28 z4.44 A7.50 B7.08 C7.22 D7.64 E6.81 F6.53 G7.85 H7.50 I3.61 J5.14 K7.78 L6.25 "
    "M9.17 N7.50 O7.78 P6.81 Q7.78 R7.36 S5.56 T7.22 U7.50 V7.50 W10.28 X7.50 Y7.50 Z6.11 .2.78 ,2.78 ;2.78 :2.78 "
    "!2.78 ?4.72 (3.89 )3.89 [2.78 ]2.78 /5.00 +7.78 =7.78 *5.00 -3.33 '2.78 |2.78 %8.33 &7.78 @7.78 #8.33"
) | {" ": 3.34, "–": 5.0, "—": 10.0, "…": 11.7, "∞": 10.0, **dict.fromkeys("0123456789", 5.0)}
ITALIC: Final = _table(
    "a5.29 b4.29 c4.33 d5.20 e4.66 f5.97 g5.13 h5.76 i3.45 j4.69 k5.52 l3.18 m8.78 n6.00 o4.85 p5.03 q4.82 r4.79 s4.69 "
    "t3.61 u5.72 v5.21 w7.43 x5.72 y5.26 z5.09 A7.50 B8.09 C7.86 D8.56 E7.96 F7.82 G7.86 H9.12 I5.18 J6.51 K9.21 L6.81 "
    "M10.79 N9.12 O7.91 P7.81 Q7.91 R7.67 S6.71 T7.23 U7.92 V8.06 W10.83 X9.07 Y8.03 Z7.54 .2.78 ,2.78 ;2.78 !2.78 "
    "?4.72 (3.89 )3.89 [2.78 ]2.78 /5.00 +7.78 -7.78 =7.78 <7.78 >7.78 :2.78 '2.81 |2.78"
)
LETTERS: Final = {
    "alpha": 6.43, "beta": 6.18, "gamma": 5.73, "delta": 4.82, "epsilon": 4.06, "varepsilon": 4.66, "zeta": 5.11,
    "eta": 5.32, "theta": 4.97, "vartheta": 5.91, "iota": 3.54, "kappa": 5.76, "lambda": 5.83, "mu": 6.03, "nu": 5.58,
    "xi": 4.84, "pi": 6.06, "rho": 5.17, "sigma": 6.07, "tau": 5.50, "upsilon": 5.76, "phi": 5.96, "varphi": 6.54,
    "chi": 6.26, "psi": 6.87, "omega": 6.58, "Gamma": 6.25, "Delta": 8.33, "Theta": 7.78, "Lambda": 6.94, "Xi": 6.67,
    "Pi": 7.50, "Sigma": 7.22, "Upsilon": 7.78, "Phi": 7.22, "Psi": 7.78, "Omega": 7.22, "ell": 4.17, "infty": 10.0,
    "lnot": 6.67, "backslash": 5.0, "vert": 2.78, "prime": 2.75, "ldots": 13.4, "dots": 13.4, "sim": 7.78,
    "wedge": 6.67,
}  # fmt: skip
_BINARY: Final = {"cdot": 2.78, "times": 7.78, "ast": 5.0, "land": 6.67, "lor": 6.67, "circ": 5.0, "pm": 7.78}
_RELATION: Final = {"le": 7.78, "ge": 7.78, "ne": 7.78, "approx": 7.78, "in": 6.67, "to": 10.0, "mid": 2.78, "lt": 7.78}
_OPERATOR: Final = {"max": 18.62, "min": 16.67, "log": 12.92, "exp": 15.28, "sin": 12.28, "cos": 13.39, "tanh": 20.01}
_BIG: Final = {"sum": (14.45, 10.56), "prod": (12.78, 9.45)}
_OPEN: Final = {"lceil": 4.45, "lfloor": 4.45, "lvert": 2.78}
_CLOSE: Final = {"rceil": 4.45, "rfloor": 4.45, "rvert": 2.78}
_SPACE: Final = {"quad": 10.0, "qquad": 20.0, ",": 1.67, ";": 2.78, ":": 2.23, "!": -1.67, " ": 3.34}
_FACES: Final = {
    "text": 1.0,
    "textit": 1.0,
    "textbf": 1.16,
    "textsf": 1.0,
    "mathrm": 1.0,
    "mathit": 1.0,
    "mathbf": 1.16,
    "texttt": 0.0,
    "mathtt": 0.0,
    "mathsf": 1.0,
}
_OVER_NAMES: Final = (
    "hat bar tilde dot vec ddot acute grave breve check mathring widehat widetilde overline mathcal boldsymbol"
)
_OVER: Final = frozenset(_OVER_NAMES.split())
_TALL_SIDE: Final = 7.4  # one side of \left( … \right) around a fraction in a display
_SIDE: Final = 5.0

SCRIPT: Final = (1.0, 0.83, 0.7)  # sizes of text, of a subscript, and of one below that, relative to 10 pt
_SPACED: Final = (
    (1.67, "ord-op op-ord op-op close-op inner-op op-inner inner-ord ord-inner inner-open inner-inner close-inner"),
    (1.67, "punct-ord punct-op punct-open punct-close punct-inner punct-rel punct-punct inner-punct"),
    (2.23, "ord-bin bin-ord bin-op bin-open bin-inner close-bin inner-bin"),
    (2.78, "ord-rel rel-ord op-rel rel-op rel-open close-rel inner-rel rel-inner"),
)
SPACES: Final = {tuple(pair.split("-")): width for width, pairs in _SPACED for pair in pairs.split()}
_SPACES_OF_SCRIPTS: Final = {pair: width for pair, width in SPACES.items() if "op" in pair}
_SIGNS: Final = dict.fromkeys("+-", "bin") | dict.fromkeys("=<>:", "rel") | dict.fromkeys(",;", "punct")
_KINDS: Final = _SIGNS | dict.fromkeys("([", "open") | dict.fromkeys(")]", "close")
# Words with their face are one token, for their blanks count; other blanks are none.
_WORDS: Final = rf"\\(?:{'|'.join(_FACES)})\s*\{{(?:\\.|[^{{}}]|\{{[^{{}}]*\}})*\}}"
_TOKEN: Final = re.compile(rf"{_WORDS}|\\[A-Za-z]+|\\.|\S", re.DOTALL)
# So are numbers, and names with what stands below and above them: a formula has few different ones, and many of each.
_LETTER: Final = rf"{_WORDS}|\\(?:{'|'.join(LETTERS)})(?![A-Za-z])|[A-Za-z]"
_SCRIPTS: Final = r"(?:[_^](?:\{(?:\\.|[^{}\\]|\{(?:\\.|[^{}\\])*\})*\}|\w)|')+"
_UNIT: Final = re.compile(rf"(?<![_^])\d+(?:\{{,\}}\d+)*|(?:{_LETTER})(?:{_SCRIPTS})?|{_TOKEN.pattern}", re.DOTALL)
# A binary sign after the first or before the second of these, or at an end, has one operand.
_SIGN_AFTER: Final = frozenset({"", "bin", "op", "rel", "open", "punct"})
_SIGN_BEFORE: Final = frozenset({"", "rel", "close", "punct"})
_SCRIPT_MARKS: Final = frozenset("_^'")
_ENDS: Final = {"&": ("&", "\\\\", "\\end"), "\\\\": ("\\\\", "}")}


_Atom = tuple[str, float]  # its kind and its width


def text_width(words: str, *, bold: bool = False, typewriter: bool = False) -> float:
    """The width of words in points."""
    if typewriter:
        return 5.25 * len(words)
    return sum(ROMAN.get(letter, 7.0) for letter in words) * (1.16 if bold else 1.0)


@lru_cache(maxsize=4096)
def latex_width(tex: str, *, display: bool = True) -> float:
    """The width of a formula in points: in a display, or (smaller fractions and sums) in a line of text.

    >>> abs(latex_width("x_{i,o}") - 15.37) < 0.2
    True
    """
    return _Reader(_UNIT.findall(tex)).row(0, display, stop=None)


@lru_cache(maxsize=4096)
def _unit_width(unit: str, size: int) -> float:
    """The width of a number, or of a name with its scripts."""
    tokens = _TOKEN.findall(unit)
    if len(tokens) > 1:
        return _Reader(tokens).row(size, False, stop=None)
    if unit[0] != "\\":
        return ITALIC.get(unit, ROMAN.get(unit, 5.0)) * SCRIPT[size]
    if unit[-1] != "}":
        return LETTERS.get(unit[1:], 8.4) * SCRIPT[size]
    name, _, words = unit[1:-1].partition("{")
    face = _FACES[name.rstrip()]
    words = re.sub(r"\\(.)", r"\1", re.sub(r"\\[a-z]+\{([^{}]*)\}", r"\1", words))
    return SCRIPT[size] * (text_width(words) * face if face else 5.25 * len(words))


class _Reader:
    """Reads one formula from left to right."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = [*tokens, ""]
        self.last = len(tokens)
        self.place = 0

    def peek(self) -> str:
        return self.tokens[self.place]

    def take(self) -> str:
        token = self.tokens[self.place]
        self.place = min(self.place + 1, self.last)
        return token

    def row(self, size: int, display: bool, stop: str | None) -> float:
        atoms: list[_Atom] = []
        ends = _ENDS.get(stop or "", (stop,))
        tokens = self.tokens
        while (token := tokens[self.place]) and token not in ends:
            if token[0] in "\\{" or tokens[self.place + 1] in _SCRIPT_MARKS:
                atoms.append(self.atom(size, display))
            else:  # most are signs and names that have nothing more below or above
                self.place += 1
                atoms.append((_KINDS.get(token, "ord"), _unit_width(token, size)))
        return _spaced(atoms, size) if len(atoms) > 1 else atoms[0][1] if atoms else 0.0

    def group(self, size: int, display: bool) -> float:
        if self.peek() != "{":
            return self.atom(size, display)[1]
        self.take()
        width = self.row(size, display, stop="}")
        self.take()
        return width

    def skip(self) -> None:
        """Past {…}, in which there are no braces."""
        while self.take() not in ("}", ""):
            pass

    def atom(self, size: int, display: bool) -> _Atom:
        token = self.take()
        if token == "{":
            self.place -= 1
            return self.scripts("ord", self.group(size, display), size, False)
        if token[:1] == "\\":
            return self.command(token, size, display)
        return self.scripts(_KINDS.get(token, "ord"), _unit_width(token, size) if token else 0.0, size, False)

    def command(self, token: str, size: int, display: bool) -> _Atom:
        scale = SCRIPT[size]
        name = token[1:]
        if name == "frac":
            inner = size if display else min(size + 1, 2)
            above, below = self.group(inner, False), self.group(inner, False)
            return self.scripts("inner", max(above, below) + 2.5, size, False)
        if name == "substack":
            return "ord", self.stacked(size)
        if name == "sqrt":
            return self.scripts("ord", self.group(size, False) + (10.1 if display else 8.4) * scale, size, False)
        if name == "left":
            return self.scripts("inner", self.delimited(size, display), size, False)
        if name == "begin":
            return "ord", self.cases(size)
        if name in _SPACE:
            return "space", _SPACE[name] * (scale if name != "quad" else 1)
        if name in _BIG:
            return self.scripts("op", _BIG[name][0 if display else 1] * scale, size, display)
        if name in _OPERATOR:
            return self.scripts("op", _OPERATOR[name] * scale, size, display and name in ("max", "min"))
        if name in _BINARY:
            return "bin", _BINARY[name] * scale
        if name in _RELATION:
            return "rel", _RELATION[name] * scale
        if name in _OPEN:
            return "open", _OPEN[name] * scale
        if name in _CLOSE:
            return self.scripts("close", _CLOSE[name] * scale, size, False)
        if name in ("bigl", "bigr", "Bigl", "Bigr"):
            self.take()
            width = 6.0 if name[0] == "B" else 4.8
            return self.scripts("open" if name.endswith("l") else "close", width * scale, size, False)
        if name == "bmod":
            return "bin", 20.28 * scale
        if name in _OVER:
            return self.scripts("ord", 1.1 * self.group(size, display), size, False)
        return self.scripts("ord", _unit_width(token, size), size, False)

    def delimited(self, size: int, display: bool) -> float:
        round_bracket = self.take() == "("
        start = self.place
        inner = self.row(size, display, stop=r"\right")
        tall = any(token in (r"\frac", r"\begin", r"\sum", r"\prod") for token in self.tokens[start : self.place])
        self.take()
        self.take()
        side = _TALL_SIDE if tall and display else _SIDE
        return inner + 2 * (side if round_bracket else 0.8 * side) * SCRIPT[size]

    def stacked(self, size: int) -> float:
        """The widest of the lines of a `\\substack`."""
        self.take()
        widest = 0.0
        while True:
            widest = max(widest, self.row(size, False, stop="\\\\"))
            if self.take() != "\\\\":
                return widest

    def cases(self, size: int) -> float:
        self.skip()
        columns = [0.0, 0.0]
        column = 0
        while (token := self.peek()) and token != r"\end":
            width = self.row(size, False, stop="&")
            columns[column] = max(columns[column], width)
            if self.peek() in ("&", "\\\\"):
                column = 1 if self.take() == "&" else 0
        self.take()
        self.skip()
        return sum(columns) + 10.0 + 12.0

    def scripts(self, kind: str, width: float, size: int, limits: bool) -> _Atom:
        """The nucleus with what stands below and above it; limits of Σ in a display stand under and over it."""
        if self.tokens[self.place] not in _SCRIPT_MARKS:
            return kind, width
        below = above = 0.0
        while self.peek() in _SCRIPT_MARKS:
            mark = self.take()
            if mark == "'":
                above += 2.9 * SCRIPT[size]
            elif mark == "_":
                below = self.group(min(size + 1, 2), False)
            else:
                above += self.group(min(size + 1, 2), False)
        if limits:
            return kind, max(width, below, above)
        return kind, width + max(below, above) + (0.5 if below or above else 0.0)


def _spaced(atoms: list[_Atom], size: int) -> float:
    """The sum of the widths and of the spaces that TeX puts between atoms of their kinds."""
    width = 0.0
    kinds: list[str] = []
    for kind, wide in atoms:
        width += wide
        if kind != "space":
            kinds.append(kind)
    spaces = _SPACES_OF_SCRIPTS if size else SPACES
    before = ""
    for place, kind in enumerate(kinds):
        if kind == "bin":
            after = kinds[place + 1] if place + 1 < len(kinds) else ""
            if before in _SIGN_AFTER or after in _SIGN_BEFORE:
                kind = "ord"  # the sign of what follows
        width += spaces.get((before, kind), 0.0)
        before = kind
    return width
