"""Totals: the sum over the layers of a model, and a table that says where each term of it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from .. import formula as f
from ..algebra.atoms import Monomial, Summation
from ..algebra.expression import ZERO, Expr
from ..conventions import Convention
from ..document import Block, Code, Heading, Run, Step, Steps, Table, Text
from ..forms import Layout
from ..quantities import Derived, Measures
from .ledger import Ledger, Part
from .shown import Shown
from .trace import Contribution, contributions, weight_contributions

MAX_COLUMNS = 5
MAX_ADDED = 12


class TotalWriter:
    """Writes the section of the totals, of the weights and under every convention that was asked for."""

    def __init__(self, measures: Measures, conventions: Sequence[Convention], layout: Layout, shown: Shown) -> None:
        self.measures = measures
        self.program = measures.program
        self.conventions = conventions
        self.layout = layout
        self.shown = shown
        self.ledger = Ledger(measures.counter, conventions, layout)

    def blocks(self) -> Iterator[Block]:
        """Parameters, operations under each convention, and their sources."""
        counter, instance = self.measures.counter, self.program.instance
        weights = _merged(weight_contributions(instance, counter))
        parts = {c: _merged(contributions(instance, counter, c)) for c in self.conventions}
        if not any(parts.values()) and not weights:
            return
        yield Heading(3, ("Total",), anchor="total")
        if weights:
            added = self.ledger.group(instance, None).parts
            yield from self.total("params", "parameters", self.measures.params, added, weights)
        for convention, found in parts.items():
            if found:
                added = self.ledger.group(instance, convention).parts
                whole = self.measures.billed(convention.name)
                yield from self.total(convention.name, convention.title, whole, added, found)

    def total(
        self, name: str, title: str, whole: Derived, added: Sequence[Part], rows: list[tuple[str, Expr]]
    ) -> Iterator[Block]:
        """The sum of what the model's own lines cost, in closed form and at the example values, and where each term
        comes from: what the rows say."""
        assert whole.expr is not None
        yield Steps((*self.sum(self.named(name), whole.expr, added), *self.number(whole)))
        if len(rows) > 1:
            yield self.sources(name, title, rows, whole.expr)

    def sum(self, left: f.Formula, whole: Expr, added: Sequence[Part]) -> Iterator[Step]:
        """The lines that are added by name, then by what they cost, then collected."""
        closed = self.layout.formula(whole)
        if not 1 < len(added) <= MAX_ADDED:
            words = f"the sum of the {len(added)} lines that stand by themselves above"
            yield Step(left, "=", closed, (words,) if len(added) > 1 else ())
            return
        yield Step(left, "=", f.Sum(tuple(term for part in added for term in _terms(part.left))))
        values = f.Sum(tuple(term for part in added for term in _terms(self.layout.formula(part.value))))
        if values != closed:
            yield Step(None, "=", values, ("each as above",))
        yield Step(None, "=", closed, ("together",) if values == closed else ("collected",))

    def named(self, quantity: str) -> f.Formula:
        return f.Apply(quantity, (f.Words(self.program.name),))

    def number(self, whole: Derived) -> Iterator[Step]:
        value = self.shown.value(whole)
        if value and whole.expr is not None and whole.expr.constant is None:
            yield Step(None, "=", f.Words(value), ("at the example values",))

    def sources(self, name: str, title: str, rows: list[tuple[str, Expr]], whole: Expr) -> Table:
        """Where each term comes from: the coefficients of the expanded total, which add up."""
        terms = [monomial for monomial, _ in self.shown.plain.terms(whole)]
        anchor = f"sources {name}"
        if any(isinstance(atom, Summation) for monomial in terms for atom, _ in monomial):
            return self.parts(anchor, title, rows, whole)
        caption: Text = (f"Where each term of the {title} comes from",)
        if len(terms) <= MAX_COLUMNS:
            return self.across(anchor, caption, rows, whole, terms)
        return self.down(anchor, caption, rows, whole, terms)

    def parts(self, anchor: str, title: str, rows: list[tuple[str, Expr]], whole: Expr) -> Table:
        """Of sums that have no closed form: what each source adds."""
        table = [((Code(name),), (self.layout.formula(e),)) for name, e in rows]
        return Table(
            (f"Where the {title} come from",),
            "ll",
            (("from",), (title,)),
            (*table, (("total",), (self.layout.formula(whole),))),
            total=True,
            anchor=anchor,
            notes=self.shown.caveats,
        )

    def across(
        self, anchor: str, caption: Text, rows: list[tuple[str, Expr]], whole: Expr, terms: Sequence[Monomial]
    ) -> Table:
        """A row for each source, a column for each term."""
        head: list[Text] = [("from",)]
        head += [(self.shown.plain.formula(Expr({monomial: 1})),) for monomial in terms]
        body: list[tuple[Text, ...]] = []
        for name, expr in rows:
            body.append(((Code(name),), *((self.coefficient(expr, monomial),) for monomial in terms)))
        body.append((("total",), *((self.coefficient(whole, monomial),) for monomial in terms)))
        return Table(
            caption,
            "l" + "r" * len(terms),
            tuple(head),
            tuple(body),
            total=True,
            anchor=anchor,
            notes=self.shown.caveats,
        )

    def down(
        self, anchor: str, caption: Text, rows: list[tuple[str, Expr]], whole: Expr, terms: Sequence[Monomial]
    ) -> Table:
        """Of many terms: a row for each, with its sources in words."""
        body: list[tuple[Text, ...]] = []
        for monomial in terms:
            words: list[Run] = []
            for name, expr in rows:
                value = Fraction(expr.terms.get(monomial, 0))
                if value:
                    sign = ("−" if value < 0 else "") if not words else (" − " if value < 0 else " + ")
                    words += [sign] * bool(sign) + [f.Number(abs(value)), " ", Code(name)]
            term = self.shown.plain.formula(Expr({monomial: 1}))
            body.append(((term,), (self.coefficient(whole, monomial),), tuple(words)))
        head: tuple[Text, ...] = (("term",), ("coefficient",), ("from",))
        return Table(caption, "lrl", head, tuple(body), anchor=anchor, notes=self.shown.caveats)

    def coefficient(self, expr: Expr, monomial: object) -> Run:
        value = expr.terms.get(monomial, 0)  # type: ignore[call-overload]
        return f.Number(Fraction(value)) if value else "–"


def _terms(formula: f.Formula) -> tuple[f.Formula, ...]:
    return formula.terms if isinstance(formula, f.Sum) else (formula,)


def _merged(parts: Iterable[Contribution]) -> list[tuple[str, Expr]]:
    """Contributions added up by the layer at the top and the equation, weight or next layer that makes them."""
    found: dict[str, Expr] = {}
    for part in parts:
        chain = part.layers[:2] if len(part.layers) > 1 else (*part.layers, part.name)
        key = " › ".join(dict.fromkeys(chain)) if part.layers else part.name
        found[key] = found.get(key, ZERO) + part.count
    return [(name, count) for name, count in found.items() if count]
