"""Names of the user's file, and how each looks in LaTeX, in Unicode text and in Python.

The author's choice (`dim N as "n"`) wins. Otherwise: a Greek letter's name is that letter (`alpha`, `theta_1`), one
letter is italic, a longer word upright; digits at the end and what follows `_` go below (`k0`, `d_ff`, `k_h`), but a
name that begins with a longer word is one word (`window_attention`); `'` is a prime.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

_GREEK_NAMES: Final = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK: Final = dict(zip(_GREEK_NAMES.split(), "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True))
_GREEK_COMMAND: Final = {letter: "\\" + name for name, letter in GREEK.items()}

LONGEST_WITH_WORDS_BELOW: Final = 3

SUBSCRIPTS: Final = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
SUPERSCRIPTS: Final = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ",
        strict=True,
    )
)
_ACCENTS: Final = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307", "vec": "\u20d7"}
_COMMANDS: Final = {
    "ell": "ℓ",
    "prime": "′",
    "ast": "*",
    "star": "⋆",
    "varepsilon": "ε",
    "varphi": "φ",
    "vartheta": "ϑ",
}
_TYPED: Final = {"′": "'", "×": r"\times ", "·": r"\cdot ", "ℓ": r"\ell "}
_WRAPPERS: Final = re.compile(
    r"\\(?:text|mathrm|mathit|mathbf|mathsf|mathtt|mathcal|mathbb|boldsymbol|operatorname)\s*\{"
)

# What `to_python` itself writes: a name of the user's may not be taken for it.
_WRITTEN: Final = (
    "Abs And Contains Eq Ge Gt Le Lt Max Min Mod Ne Not Or Piecewise Product Sum ceiling erf exp floor log nan oo sqrt "
    "tanh sin cos sigmoid"
)
_RESERVED: Final = frozenset(keyword.kwlist) | frozenset(_WRITTEN.split())


LOOK: Final = ":"  # no name of a file holds one
_BLANK: Final = "\u00a0"  # names that are grouped are joined by blanks


def look_of(name: str, latex: str | None) -> str:
    """The name under which a size goes that has a look of its own, so that a tensor or an index of that name, and a
    size of another file, do not look like it."""
    return name if latex is None else f"{name}{LOOK}{_BLANK.join(latex.split())}"


@dataclass(frozen=True)
class Name:
    """A name taken apart: `d_ff'` is base d, below (ff,), one prime."""

    base: str
    below: tuple[str, ...]
    primes: int


def split_name(name: str) -> Name:
    """Takes a name of the file apart.

    >>> split_name("k0"), split_name("H'"), split_name("patch_merging_2")
    (Name(base='k', below=('0',), primes=0), Name(base='H', below=(), primes=1), \
Name(base='patch_merging', below=('2',), primes=0))
    """
    stem = name.rstrip("'")
    base, *below = [part for part in stem.split("_") if part] or [stem]
    if len(base) > LONGEST_WITH_WORDS_BELOW and base not in GREEK and not all(part.isdecimal() for part in below):
        numbers = [below.pop()] if below[-1].isdecimal() else []
        base, below = "_".join((base, *below)), numbers
    digits = re.fullmatch(r"([^\W\d_]+)(\d+)", base)
    if digits:
        base, below = digits[1], [digits[2], *below]
    return Name(base, tuple(below), len(name) - len(stem))


@dataclass(frozen=True)
class Symbols:
    """How names look: `latex` holds the author's choices, by name, or by `look_of` a name where others have it too."""

    latex: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _latex_names(self) -> dict[str, str]:
        return {}

    @cached_property
    def _unicode_names(self) -> dict[str, str]:
        return {}

    def chosen(self, name: str) -> str | None:
        """The author's LaTeX, if there is some."""
        if name in self.latex:
            return self.latex[name]
        _, look, latex = name.partition(LOOK)
        return latex.replace(_BLANK, " ") if look else None

    def in_latex(self, name: str) -> str:
        """The name as LaTeX.

        >>> print(Symbols().in_latex("d_ff"), Symbols({"N": "n"}).in_latex("N"))
        d_{\\mathrm{ff}} n
        """
        known = self._latex_names
        if name not in known:
            chosen = self.chosen(name)
            known[name] = _latex_name(split_name(name), "") if chosen is None else _spaced(chosen)
        return known[name]

    def in_latex_at(self, name: str, position: str) -> str:
        """A tensor with indices below it: `W`, `W_q` and `scores` at i,o are W_{i,o}, W_{q;\\,i,o} and scores_{i,o}."""
        if self.chosen(name) is None:
            return _latex_name(split_name(name), position)
        chosen = self.in_latex(name)
        return f"{{{chosen}}} _ {{{position}}}" if re.search(r"[_^'}]", chosen) else f"{chosen}_{{{position}}}"

    def in_unicode(self, name: str) -> str:
        """The name as Unicode text.

        >>> print(Symbols({"d": r"d_{\\text{ff}}"}).in_unicode("d"), Symbols().in_unicode("theta_1"))
        d_ff θ₁
        """
        known = self._unicode_names
        if name not in known:
            chosen = self.chosen(name)
            known[name] = _unicode_name(split_name(name)) if chosen is None else _latex_to_unicode(chosen)
        return known[name]

    def in_python(self, name: str) -> str:
        """An identifier; different names always give different ones.

        `H'` is `H_prime` and `lambda` is `lambda_`, so a name that already ends like that gets one more underscore.

        >>> [Symbols().in_python(name) for name in ("H'", "H_prime", "lambda", "lambda_", "S")]
        ['H_prime', 'H_prime_', 'lambda_', 'lambda__', 'S']
        """
        stem = name.partition(LOOK)[0].rstrip("'")
        primes = len(name.partition(LOOK)[0]) - len(stem)
        if not stem.isascii():  # Python takes µ (micro) for μ and 𝐍 for N
            stem = "".join(c if unicodedata.normalize("NFKC", c) == c else f"U{ord(c):04X}" for c in stem)
        bare = stem.rstrip("_")
        if bare.endswith("_prime") or (bare in _RESERVED and (stem != bare or not primes)):
            stem += "_"
        return stem + "_prime" * primes


def _spaced(chosen: str) -> str:
    """The author's LaTeX without `}_`, `*` and bars, which Markdown takes for emphasis and for the edges of cells, and
    with commands for letters that LaTeX does not take as they are."""
    text = chosen.strip().replace(r"\|", r"\Vert ").replace("|", r"\vert ").replace("*", r"\ast ")
    text = "".join(c if c.isascii() else _TYPED.get(c) or f"{{{_latex_word(c)}}}" for c in text)
    return re.sub(r"\}_", "} _ ", re.sub(r"\s*([<>])\s*", r" \1 ", text)).strip()


def _latex_word(word: str) -> str:
    if word in GREEK:
        return "\\" + word
    if word.isascii():
        plain = word.replace("_", r"\_")
        return word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{plain}}}"
    if word in _GREEK_COMMAND:
        return _GREEK_COMMAND[word]
    return rf"\mathrm{{{''.join(map(printed_ascii, unicodedata.normalize('NFC', word)))}}}"


def printed_ascii(letter: str) -> str:
    """A letter that every TeX can print: its own base letter, or its code so that two names stay different."""
    stripped = unicodedata.normalize("NFKD", letter)[0]
    return stripped if stripped.isascii() else f"U{ord(letter):04X}"


def _latex_name(name: Name, position: str) -> str:
    base = _latex_word(name.base)
    below = ",".join(map(_latex_word, name.below))
    if below and position:
        below = rf"{below};\,{position}"
    below = below or position
    if below:
        base += f" _ {{{below}}}" if base.endswith("}") else f"_{{{below}}}"
    return base + "'" * name.primes


def _unicode_name(name: Name) -> str:
    text = GREEK.get(name.base, name.base)
    numbers = len(name.below) == 1 and name.below[0].isdecimal() and name.below[0].isascii()
    for part in name.below:
        text += "".join(SUBSCRIPTS[digit] for digit in part) if numbers else "_" + GREEK.get(part, part)
    return text + "′" * name.primes


def _latex_to_unicode(chosen: str) -> str:
    text = _WRAPPERS.sub("{", chosen)
    for command, accent in _ACCENTS.items():
        text = re.sub(rf"\\{command}\s*\{{?(\w)\}}?", rf"\1{accent}", text)
    text = re.sub(r"\\([A-Za-z]+)\s*", lambda found: GREEK.get(found[1]) or _COMMANDS.get(found[1], found[1]), text)
    text = re.sub(r"\\[,;:! ]", "", text)
    text = re.sub(r"_\s*(?:\{(\d+)\}|(\d))", lambda found: "".join(SUBSCRIPTS[d] for d in found[1] or found[2]), text)
    text = re.sub(r"\^\s*(?:\{(\w+)\}|(\w))", lambda found: _raised(found[1] or found[2]), text)
    return re.sub(r"[{}\\$\s]", "", text).replace("'", "′")


def _raised(text: str) -> str:
    return "".join(map(SUPERSCRIPTS.__getitem__, text)) if all(c in SUPERSCRIPTS for c in text) else "^" + text
