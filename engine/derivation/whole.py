"""Totals: the sum over the layers of a model, and a table that says where each term of it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from .. import formula as f
from ..algebra.atoms import Summation
from ..algebra.expression import Expr
from ..conventions import Convention
from ..document import Block, Code, Heading, Run, Step, Steps, Table, Text
from ..forms import Layout
from ..quantities import Derived, Measures
from .shown import Shown
from .trace import Contribution, contributions, weight_contributions

MAX_COLUMNS = 5


class TotalWriter:
    """Writes the section of the totals, of the weights and under every convention that was asked for."""

    def __init__(self, measures: Measures, conventions: Sequence[Convention], layout: Layout, shown: Shown) -> None:
        self.measures = measures
        self.program = measures.program
        self.conventions = conventions
        self.layout = layout
        self.shown = shown

    def blocks(self) -> Iterator[Block]:
        """Parameters, operations under each convention, and their sources."""
        counter, instance = self.measures.counter, self.program.instance
        parts = {c: list(contributions(instance, counter, c)) for c in self.conventions}
        weights = list(weight_contributions(instance, counter))
        if not any(parts.values()) and not weights:
            return
        yield Heading(3, ("Total",))
        if weights:
            yield from self.parameters(weights)
        for convention, found in parts.items():
            if found:
                yield from self.operations(convention, _merged(found))

    def operations(self, convention: Convention, rows: list[tuple[str, Expr]]) -> Iterator[Block]:
        whole = self.measures.billed(convention.name)
        assert whole.expr is not None
        name = f.Apply(convention.name, (f.Symbol(self.program.name),))
        steps = []
        if 1 < len(rows) <= 8:
            steps.append(
                Step(
                    name,
                    "=",
                    f.Sum(tuple(self.layout.formula(e) for _, e in rows)),
                    ("in the order of the table below",),
                )
            )
            steps.append(Step(None, "=", self.layout.formula(whole.expr), ("collected",)))
        else:
            steps.append(Step(name, "=", self.layout.formula(whole.expr)))
        yield Steps((*steps, *self.number(whole)))
        yield from self.sources(convention, rows, whole.expr)

    def number(self, whole: Derived) -> Iterator[Step]:
        value = self.shown.value(whole)
        if value and whole.expr is not None and whole.expr.constant is None:
            yield Step(None, "=", f.Words(value), ("at the example values",))

    def parameters(self, weights: list[tuple[tuple[str, ...], str, Expr]]) -> Iterator[Block]:
        """All weights together."""
        found: dict[str, Expr] = {}
        for layers, name, count in weights:
            row = layers[0] if layers else name
            found[row] = found.get(row, Expr({})) + count
        whole = self.measures.params
        assert whole.expr is not None
        name_ = f.Apply("params", (f.Symbol(self.program.name),))
        steps = []
        if 1 < len(found) <= 8:
            names: list[Run] = []
            for row in found:
                names += [", "] * bool(names) + [Code(row)]
            steps.append(Step(name_, "=", f.Sum(tuple(map(self.layout.formula, found.values()))), tuple(names)))
            steps.append(Step(None, "=", self.layout.formula(whole.expr), ("collected",)))
        else:
            steps.append(Step(name_, "=", self.layout.formula(whole.expr)))
        yield Steps((*steps, *self.number(whole)))

    def sources(self, convention: Convention, rows: list[tuple[str, Expr]], whole: Expr) -> Iterator[Block]:
        """A row for each source, a column for each term of the expanded total: the coefficients add up."""
        plain = self.shown.plain
        terms = [monomial for monomial, _ in plain.terms(whole)]
        if len(rows) < 2:
            return
        kept = any(isinstance(atom, Summation) for monomial in terms for atom, _ in monomial)
        if len(terms) > MAX_COLUMNS or kept:
            table = [((Code(name),), (self.layout.formula(e),)) for name, e in rows]
            yield Table(
                ("Where it comes from",),
                "ll",
                (("from",), (convention.title,)),
                (*table, (("total",), (self.layout.formula(whole),))),
                total=True,
                anchor="sources",
                notes=self.shown.caveats,
            )
            return
        head: list[Text] = [("from",)]
        head += [(plain.formula(Expr({monomial: 1})),) for monomial in terms]
        body: list[tuple[Text, ...]] = []
        for name, expr in rows:
            body.append(((Code(name),), *((self.coefficient(expr, monomial),) for monomial in terms)))
        body.append((("total",), *((self.coefficient(whole, monomial),) for monomial in terms)))
        yield Table(
            ("Where each term comes from: coefficients",),
            "l" + "r" * len(terms),
            tuple(head),
            tuple(body),
            total=True,
            anchor="sources",
            notes=self.shown.caveats,
        )

    def coefficient(self, expr: Expr, monomial: object) -> Run:
        value = expr.terms.get(monomial, 0)  # type: ignore[call-overload]
        return f.Number(Fraction(value)) if value else "–"


def _merged(parts: list[Contribution]) -> list[tuple[str, Expr]]:
    """Contributions added up by the layer at the top and the equation, or the next layer, that makes them."""
    found: dict[str, Expr] = {}
    for part in parts:
        chain = [*part.layers[:2]] if len(part.layers) > 1 else [*part.layers, part.name]
        name = " › ".join(dict.fromkeys(chain)) if part.layers else part.name
        found[name] = found.get(name, Expr({})) + part.count
    return [(name, count) for name, count in found.items() if count]
