"""Letters of names, and a name of the file taken apart: `d_ff'` is d, with ff below it and a prime."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_GREEK_NAMES: Final = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK: Final = dict(zip(_GREEK_NAMES.split(), "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True))

_LETTER: Final = re.compile(r"[^\W\d_][\u0300-\u036f]*\d*")  # has words below it; a longer name is one word
JOINERS: Final = "\u200c\u200d"  # unseen, but the letters beside them look otherwise

SUBSCRIPTS: Final = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
SUPERSCRIPTS: Final = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ",
        strict=True,
    )
)


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
    if not (_LETTER.fullmatch(base) or base in GREEK or all(part.isdecimal() for part in below)):
        numbers = [below.pop()] if below[-1].isdecimal() else []
        base, below = "_".join((base, *below)), numbers
    digits = re.fullmatch(r"([^\W\d_]+)(\d+)", base)
    if digits:
        base, below = digits[1], [digits[2], *below]
    return Name(base, tuple(below), len(name) - len(stem))
