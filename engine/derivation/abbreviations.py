"""Short names for long rounded sizes that come up again and again, as a paper would introduce them: r₁ = ⌊kθ(L + 8)/6⌋.

A document explains them in its notation; formulas elsewhere (JSON, Python) are written out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .. import formula as f
from ..algebra.atoms import Atom, Extreme, Rounded, parts
from ..algebra.expression import Expr, from_atom
from ..forms import Layout

LETTERS = ("r", "u", "q", "s")
# An atom is given a name that prints so many names of its own, in so many terms.
LONG = 4
OFTEN = 3


@dataclass(frozen=True)
class Abbreviation:
    """A name, what it stands for, and how that is written with the names before it."""

    name: str
    expr: Expr
    formula: f.Formula


def abbreviations(exprs: Iterable[Expr], layout: Layout, taken: set[str]) -> tuple[Layout, list[Abbreviation]]:
    """The layout with a name for every atom that is worth one, and the names, each after those that it mentions."""
    seen: Counter[Atom] = Counter()
    for expr in exprs:
        for monomial in expr.terms:
            seen.update(atom for top, _ in monomial for atom in dict.fromkeys(_inside(top)))
    worth = [a for a, n in seen.items() if n >= OFTEN and f.measure(layout.formula(from_atom(a))) >= LONG]
    worth.sort(key=lambda atom: (len(list(_inside(atom))), atom.key))
    letter = next((c for c in LETTERS if c not in taken and f"{c}_1" not in taken), None)
    if not worth or letter is None:
        return layout, []
    names: dict[Atom, str] = {}
    found = []
    for number, atom in enumerate(worth, start=1):
        name = letter if len(worth) == 1 else f"{letter}_{number}"
        found.append(Abbreviation(name, from_atom(atom), layout.named(names).formula(from_atom(atom))))
        names[atom] = name
    return layout.named(names), found


def _inside(atom: Atom) -> Iterator[Atom]:
    """An atom and those in it, of the kinds that are given names."""
    for part in parts(atom):
        for other in part.atoms():
            yield from _inside(other)
    if isinstance(atom, Rounded | Extreme):
        yield atom
