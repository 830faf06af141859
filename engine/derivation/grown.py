"""From the exact count to its growth, step by step: the leading terms, what goes beside them, and why it may."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import permutations
from math import gcd
from typing import Literal

from .. import formula as f
from ..algebra.atoms import Exponential, Log, Monomial, Symbol
from ..algebra.expression import Expr, from_atom, total
from ..document import Block, Bullets, Heading, Paragraph, Run, Step, Steps, Text
from ..errors import ArchError
from ..growth import Dropped, Growth, allowed_by, growth, smooth, tight
from ..quantities import Derived
from ..smoothing import has_log
from .shown import Shown, listed, spelled

# Terms that go are told one by one; of more than these only what they are together.
MOST_DROPPED = 12
# A sum of more is not multiplied out.
MOST_TERMS = 10


def growth_blocks(quantities: Sequence[tuple[str, str, Derived]], shown: Shown) -> Iterator[Block]:
    """For each (name, title, value) of which terms go: the steps from the closed form to O(…), and what would make it
    shorter."""
    blocks: list[Block] = []
    for name, title, derived in quantities:
        if derived.expr is None or name in ("bytes", "bits"):
            continue
        try:
            found = growth(derived.expr, shown.measures.program.facts, shown.held)
        except ArchError as failure:
            blocks.append(Paragraph(_not_known(title, failure)))
            continue
        writer = _GrowthWriter(title, derived.expr, found, shown)
        if found.gone or writer.negative or len(found.terms) > 1:
            blocks += writer.blocks()
    if blocks:
        yield Heading(2, ("Growth",), anchor="growth")
        logarithms = any(derived.expr is not None and has_log(derived.expr) for _, _, derived in quantities)
        yield Paragraph(
            (
                "All sizes are at least 1",
                "; bases and arguments of logarithms are at least 2. " if logarithms else ". ",
                "A term goes only where others are as large for all sizes. ",
                *_held(shown),
                "Θ says that the growth is a lower bound as well.",
            )
        )
        yield from blocks


def _held(shown: Shown) -> Text:
    """Which sizes are constant, where growth is along one."""
    if not shown.held:
        return ()
    along = [d.symbol for d in shown.measures.program.dimensions if d.symbol not in shown.held]
    if not along:
        return ("All sizes are constant here. ",)
    return ("Only ", *listed([(shown.layout.atom(one),) for one in along]), " grows; the others are constants. ")


def _not_known(title: str, failure: ArchError) -> Text:
    """Why there is no growth, and what would give one."""
    diagnostic = failure.diagnostics[0]
    needed = f"; {diagnostic.hint} would tell" if diagnostic.hint else ""
    return (f"{title[0].upper()}{title[1:]}: ", *spelled(diagnostic.message + needed), ".")


class _GrowthWriter:
    def __init__(self, title: str, expr: Expr, found: Growth, shown: Shown) -> None:
        self.title = title
        self.expr = expr
        self.found = found
        self.shown = shown
        self.plain = shown.plain
        self.facts = shown.measures.program.facts
        self.smooth = smooth(expr, self.facts, shown.held)
        self.negative = [Expr({m: c}) for m, c in self.smooth.terms.items() if c < 0]

    def blocks(self) -> Iterator[Block]:
        many = len(self.found.gone) + len(self.negative)
        reasons: list[Text] = []
        if many <= MOST_DROPPED:
            reasons += [self.reason(one) for one in self.found.dropped]
            reasons += [(self.plain.formula(term), " only makes it smaller") for term in self.negative]
        if many == 1:
            yield Steps(tuple(self.steps(reasons[0])))
            return
        yield Steps(tuple(self.steps(())))
        if reasons:
            yield Bullets(tuple((*reason, ".") for reason in reasons))

    def steps(self, reason: Text) -> Iterator[Step]:
        """macs = 3D²N + 2DN² + DN = 3D²N + 2DN² + O(DN) ∈ O(D²N + DN²)."""
        left: f.Formula | None = f.Words(self.title)
        if self.smooth == self.expr:
            if len(self.expr.terms) <= MOST_TERMS:
                expanded = self.plain.formula(self.expr)
                changed = expanded != self.shown.layout.formula(self.expr)
                yield Step(left, "=", expanded, ("multiplied out",) if changed else ())
                left = None
            kept, others = self.parted()
            rest = growth(others, self.facts, self.shown.held).terms
            terms = (*kept.terms, self.bound(rest)) if isinstance(kept, f.Sum) else (kept, self.bound(rest))
            if self.found.gone or self.negative:
                yield Step(left, "=", f.Sum(terms), reason or ("the leading terms",))
                left, reason = None, ()
        kind: Literal["O", "Theta"] = "Theta" if tight(self.expr, self.facts) else "O"
        yield Step(left, "in", self.bound(self.found.terms, kind), reason)
        for order, single in self.shorter():
            yield Step(None, "in", self.bound((single,), kind), ("if ", self.plain_order(*order)))

    def parted(self) -> tuple[f.Formula, Expr]:
        """The terms that lead, and the sizes of the others."""
        moving = {m: _moving(m, self.shown.held) for m in self.expr.terms}
        leading = {m for term in self.found.terms for m in term.terms}
        kept = self.plain.formula(Expr({m: c for m, c in self.expr.terms.items() if moving[m] in leading}))
        return kept, Expr({m: max(c, -c) for m, c in self.expr.terms.items() if moving[m] not in leading})

    def bound(self, terms: Iterable[Expr], kind: Literal["O", "Theta"] = "O") -> f.Formula:
        return f.Growth(self.plain.formula(total(terms)), kind)

    def shorter(self) -> Iterator[tuple[tuple[Expr, Expr], Expr]]:
        """Of two terms, the order of sizes under which each is enough."""
        if len(self.found.terms) != 2:
            return
        for one, other in permutations(self.found.terms):
            shared = Expr({(one + other).common(): 1})
            sides = other / shared, one / shared
            root = gcd(*(int(e) if isinstance(e, int) else 1 for side in sides for m in side.terms for _, e in m))
            yield (_rooted(sides[0], root), _rooted(sides[1], root)), one

    def plain_order(self, small: Expr, large: Expr) -> f.Formula:
        return f.Relation((self.plain.formula(small), self.plain.formula(large)), ("<=",))

    def reason(self, dropped: Dropped) -> Text:
        """DL ≤ D²L, since 1 ≤ D; or the facts that are needed."""
        larger = self.plain.formula(total(dropped.by))
        atoms = {atom for term in (dropped.term, *dropped.by) for atom in term.atoms()}
        words: list[Run] = [f.Relation((self.plain.formula(dropped.term), larger), ("<=",))]
        if any(isinstance(atom, Exponential | Log) for atom in atoms):  # up to a factor
            words = [f.Relation((self.plain.formula(dropped.term), f.Growth(larger)), ("in",))]
        why = [because for because in self.why(dropped) if because != tuple(words)]
        for number, because in enumerate(why):
            words += [", since " if number == 0 else " and ", *because]
        return tuple(words)

    def why(self, dropped: Dropped) -> Iterator[Text]:
        orders, divisibility = allowed_by(dropped, self.facts)
        for order in orders:
            small = Expr({m: -c for m, c in order.terms.items() if c < 0})
            large = Expr({m: c for m, c in order.terms.items() if c > 0})
            yield (f.Relation((self.plain.formula(small), self.plain.formula(large)), ("<=",)), " is assumed")
        for divisor, dividend in divisibility:
            yield (self.plain.formula(divisor), " divides ", self.plain.formula(dividend))
        if orders or divisibility:
            return
        if len(dropped.by) > 1:
            yield ("a geometric mean is at most the sum",)
            return
        ((larger, _),) = dropped.by[0].terms.items()
        ((smaller, _),) = dropped.term.terms.items()
        powers = {atom: exponent - dict(smaller).get(atom, 0) for atom, exponent in larger}
        above = [atom for atom, exponent in powers.items() if exponent > 0]
        if any(isinstance(atom, Log) for atom, _ in smaller if atom not in dict(larger)):
            yield ("a logarithm is smaller than any power",)
        elif above and all(isinstance(atom, Symbol) for atom in above):
            names = [self.plain.formula(Expr({((atom, 1),): 1})) for atom in above]
            words: list[Run] = []
            for number, name in enumerate(names):
                words += ([" and "] if number else []) + [f.Relation((f.integer(1), name), ("<=",))]
            yield tuple(words)


def _rooted(side: Expr, root: int) -> Expr:
    """D ≤ N says the same as D³ ≤ N³."""
    return Expr({tuple((a, e // root if isinstance(e, int) else e) for a, e in m): c for m, c in side.terms.items()})


def _moving(monomial: Monomial, held: Collection[Symbol]) -> Monomial:
    """A monomial without what is constant."""
    return tuple((atom, e) for atom, e in monomial if not held or not from_atom(atom).symbols() <= set(held))


__all__ = ["growth_blocks"]
