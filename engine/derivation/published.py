"""Figures that a file states, as papers and programs print them, beside those that are derived."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .. import formula as f
from ..algebra.expression import Expr
from ..conventions import convention
from ..conventions import names as convention_names
from ..document import Block, Code, Heading, Table, Text
from ..forms import Layout
from ..quantities import BY_NAME
from .shown import spelled

# A formula of more names is shown as it is written, which may break anywhere.
MOST_NAMES = 8
_SCIENTIFIC = re.compile(r"[\d.]+[eE][+-]?\d+")
_SIGNS = {"~": "≈ ", "<=": "≤ ", ">=": "≥ ", "<": "< ", ">": "> "}


@dataclass(frozen=True)
class Published:
    """One `expect` line: what it is about, how it is compared, the two figures as text, and where it comes from. Of two
    formulas that are the same, `derived` is empty; `formula` is the stated one."""

    what: str
    relation: str
    stated: str
    derived: str
    holds: bool
    source: str
    formula: Expr | None = None


def published_blocks(figures: Sequence[Published], layout: Layout) -> Iterator[Block]:
    """A row for each figure; one that does not hold says so."""
    if not figures:
        return
    rows: list[tuple[Text, ...]] = []
    for figure in figures:
        derived: Text = (figure.derived,) if figure.derived else ("the same",)
        if not figure.holds:
            derived = (figure.derived, ", which is not the same")
        sign = _SIGNS.get(figure.relation, "")
        stated: Text = (sign, figure.stated)
        if figure.formula is not None and f.measure(layout.formula(figure.formula)) <= MOST_NAMES:
            stated = (sign, f.slashed(layout.formula(figure.formula)))
        elif _SCIENTIFIC.fullmatch(figure.stated):
            stated = (sign, f.Number(Fraction(figure.stated), figure.stated))
        elif figure.stated == "inf":
            stated = (sign, f.Infinity())
        elif not figure.stated[:1].isdigit():
            stated = (Code(figure.stated),)
        rows.append((_titled(figure.what), stated, derived, spelled(figure.source) or ("–",)))
    yield Heading(2, ("Stated figures",), anchor="stated")
    head: tuple[Text, ...] = (("quantity",), ("stated",), ("derived",), ("source",))
    yield Table(("What the file states, and what is derived",), "lrrl", head, tuple(rows), anchor="figures")


def _titled(what: str) -> Text:
    """A quantity by the name that it has elsewhere, an expression over quantities as it is written."""
    name, at, sizes = what.partition(" at (")
    title = BY_NAME[name].title if name in BY_NAME else ""
    if name in convention_names():
        title = convention(name).title
    return (title, at, sizes) if title else (Code(what),)
