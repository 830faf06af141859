"""Names of the user's file, and how each looks in LaTeX, in Unicode text and in Python.

The author's choice (`dim N as "n"`) wins. Otherwise: a Greek letter's name is that letter (`alpha`, `theta_1`), one
letter is italic, a longer word upright; digits at the end and what follows `_` go below (`k0`, `d_ff`, `k_h`), but a
name that begins with a longer word is one word (`window_attention`); `'` is a prime.
"""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from .letters import GREEK, SUBSCRIPTS, Name, split_name
from .name_trees import Letters, NameTree, Scripted, is_row, is_whole, usual_tree
from .tex_names import Others, name_in_latex, tensor_in_latex
from .tex_symbol import read_tex
from .unicode_names import name_in_unicode, without_markup
from .words import printable

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
class Symbols:
    """How names look: `latex` holds the author's choices, by name, or by `look_of` a name where others have it too.
    In LaTeX, letters that it has no form for in mathematics are codes, or the letters themselves."""

    latex: Mapping[str, str] = field(default_factory=dict)
    others: Others = "codes"

    @cached_property
    def _latex_names(self) -> dict[str, str]:
        return {}

    @cached_property
    def _unicode_names(self) -> dict[str, str]:
        return {}

    @cached_property
    def written(self) -> dict[object, dict[Hashable, object]]:
        """What writers of formulas and texts remember (`remembering`)."""
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
            known[name] = name_in_latex(name_tree(name, self), self.others)
        return known[name]

    def in_latex_at(self, name: str, position: str) -> str:
        """A tensor with indices below it: `W`, `W_q` and `scores` at i,o are W_{i,o}, W_{q;\\,i,o} and scores_{i,o}."""
        return tensor_in_latex(*name_parts(name, self), position, self.others)

    def words_in_latex(self, words: str) -> str:
        """The words that stand in a formula, with what is printed for each of their letters."""
        return printable(words) if self.others == "codes" else words

    def in_unicode(self, name: str) -> str:
        """The name as Unicode text.

        >>> print(Symbols({"d": r"d_{\\text{ff}}"}).in_unicode("d"), Symbols().in_unicode("theta_1"))
        d_ff θ₁
        """
        known = self._unicode_names
        if name not in known:
            chosen = self.chosen(name)
            known[name] = _unicode_name(split_name(name)) if chosen is None else _chosen_in_unicode(chosen)
        return known[name]

    def is_row(self, name: str) -> bool:
        """Whether the author's symbol is several letters side by side, Δt, which hold together as a product does."""
        return self.chosen(name) is not None and is_row(name_tree(name, self))

    def is_whole(self, name: str) -> bool:
        """Whether a power can stand above the name; otherwise it needs brackets."""
        return self.chosen(name) is None or is_whole(name_tree(name, self))

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


def name_tree(name: str, symbols: Symbols) -> NameTree:
    """How the name looks: as its author chose, or as names usually do.

    >>> name_tree("d_ff", Symbols())
    Scripted(base=Letters(text='d', face='italic'), below=Letters(text='ff', face='upright'), above=None, primes=0)
    """
    chosen = symbols.chosen(name)
    if chosen is not None:
        return read_tex(chosen) or Letters(without_markup(chosen) or name, "words")
    return usual_tree(name)


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


def _unicode_name(name: Name) -> str:
    text = GREEK.get(name.base, name.base)
    numbers = len(name.below) == 1 and name.below[0].isdecimal() and name.below[0].isascii()
    for part in name.below:
        text += "".join(SUBSCRIPTS[digit] for digit in part) if numbers else "_" + GREEK.get(part, part)
    return text + "′" * name.primes


def _chosen_in_unicode(chosen: str) -> str:
    tree = read_tex(chosen)
    return without_markup(chosen) if tree is None else name_in_unicode(tree)
