"""Two formulas that are not the same sum of terms: do they agree at every size that is tried?"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping

from .algebra.atoms import Symbol
from .algebra.expression import Expr
from .algebra.substitution import Value, evaluate
from .elaborator.variants import is_met
from .program import Program

TRIED, ENOUGH, LARGEST = 400, 40, 64
ENLARGED, FACTORS = 12, (10**3, 10**6, 10**12)  # so many of the sizes that are met are tried many times as large too


def agree(one: Expr, other: Expr, program: Program) -> bool:
    """Do they give the same at many sizes that the facts of the program admit? Sums of products of sizes are compared
    term by term, and need no trial; ⌈H/2⌉ and ⌊(H + 1)/2⌋ are not the same terms."""
    gap = one - other
    if all(isinstance(atom, Symbol) for atom in gap.atoms()):
        return not gap.terms
    draw = random.Random(0)
    names = {s.name: s.kind for s in (*one.symbols(), *other.symbols())}
    names |= {s.name: s.kind for a in program.assumptions for side in (a.left, a.right) for s in side.symbols()}
    met = 0
    for number in range(TRIED):
        largest = 2 + number * LARGEST // TRIED
        sizes: dict[str, Value] = {
            name: draw.random() if kind == "ratio" else draw.randint(1, largest) for name, kind in sorted(names.items())
        }
        if all(is_met(assumption, sizes) for assumption in program.assumptions):
            if not _equal(one, other, sizes):
                return False
            met += 1
            if met <= ENLARGED and any(_equal(one, other, large) is False for large in _enlarged(sizes, program)):
                return False
    return met >= ENOUGH


def _enlarged(sizes: Mapping[str, Value], program: Program) -> Iterator[dict[str, Value]]:
    """One size many times as large, or all of them, where the facts admit it: `max(0, N - 10^9)` is 0 at small ones."""
    for factor in FACTORS:
        for names in (*((name,) for name in sizes), tuple(sizes)):
            large = {name: value * factor if name in names else value for name, value in sizes.items()}
            if all(is_met(assumption, large) for assumption in program.assumptions):
                yield large


def _equal(one: Expr, other: Expr, sizes: Mapping[str, Value]) -> bool | None:
    """None where one of them has no value."""
    try:
        a, b = evaluate(one, sizes), evaluate(other, sizes)
    except (KeyError, OverflowError, ZeroDivisionError, ValueError):
        return None
    return math.isclose(a, b, rel_tol=1e-9) if isinstance(a, float) or isinstance(b, float) else a == b
