"""What a model takes for granted, in words: a fact about sizes goes in, a text comes out."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Literal

from .. import formula as f
from ..algebra.expression import Expr
from ..document import Text
from ..forms import Layout


def in_words(kind: Literal["divides", "order", "equal"], left: Expr, right: Expr, layout: Layout) -> Text:
    """That the left divides the right, is at most the right, or equals it; an order without fractions and minus
    signs."""
    turns = sorted({s.name for e in (left, right) for s in e.symbols() if s.kind == "count"})
    when: Text = (f" at every turn {' and '.join(turns)}",) if turns else ()
    shown = layout.formula
    if kind == "divides":
        whole = left.constant == 1
        return (shown(right), " is whole", *when) if whole else (shown(left), " divides ", shown(right), *when)
    if kind == "order":
        gap = right - left
        gap = gap * lcm(*(Fraction(c).denominator for c in gap.terms.values()))
        left = Expr({m: -c for m, c in gap.terms.items() if c < 0})
        right = Expr({m: c for m, c in gap.terms.items() if c > 0})
    sign = "<=" if kind == "order" else "="
    return (f.Relation((shown(left), shown(right)), (sign,)), *when)
