"""Derivations: a program and its quantities in, a document out, with every step and its reason and no markup.

`detail` is summary (results), steps (equations and their costs under the conventions that were asked for) or full
(every operation).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from .. import formula as f
from ..algebra.expression import Expr
from ..conventions import convention
from ..document import Block, Bullets, Code, Document, Heading, Paragraph, Result, Run, Strong, Table, Text
from ..errors import ArchError
from ..forms import Layout
from ..growth import growth
from ..program import Assumption, Program
from ..quantities import BY_NAME, Derived, Measures
from ..quantities.derived import Words
from .billed import BillWriter
from .layers import LayerWriter, opened
from .scanned import scan_items
from .shown import Shown, digits, sentence, spelled
from .verified import Verified
from .whole import TotalWriter

DETAILS = ("summary", "steps", "full")
KINDS = {
    "mac": "multiplications of multiply-adds",
    "multiply": "other multiplications",
    "add": "additions",
    "divide": "divisions",
    "max": "maxima",
    "compare": "comparisons",
    "power": "powers",
    "stated": "stated, not derived",
}


@dataclass(frozen=True)
class Request:
    """What a derivation should show; `verified` for each program that was verified."""

    conventions: tuple[str, ...] = ("macs",)
    detail: str = "steps"
    form: str = "auto"
    dtype: str = "float32"
    verified: Mapping[Program, Verified] = field(default_factory=dict)


def layout_of(program: Program, form: str = "auto") -> Layout:
    """Letters in the order of the `dim` lines, options after them."""
    return Layout([dimension.symbol.name for dimension in program.dimensions], form)


def symbols_of(program: Program) -> dict[str, str]:
    return {d.symbol.name: d.latex for d in program.dimensions if d.latex is not None}


def values_of(program: Program) -> dict[str, Fraction]:
    return {d.symbol.name: d.value for d in program.dimensions if d.value is not None}


def derive(measures: Measures, request: Request) -> Document:
    """The derivation of one model."""
    author = _Author(measures, request)
    blocks = tuple(author.blocks())
    return Document(measures.program.name, blocks, tuple(author.results()), symbols_of(measures.program))


class _Author:
    """Writes one document from top to bottom."""

    def __init__(self, measures: Measures, request: Request) -> None:
        self.measures = measures
        self.program = measures.program
        self.request = request
        self.layout = layout_of(self.program, request.form)
        self.shown = Shown(measures, self.layout, values_of(self.program))
        self.conventions = tuple(map(convention, request.conventions))
        self.bills = BillWriter(measures, self.conventions, self.shown)

    def blocks(self) -> Iterator[Block]:
        instance = self.program.instance
        yield Heading(1, ("Complexity of ", Code(instance.name)), anchor=instance.name)
        if instance.doc:
            yield Paragraph((sentence(instance.doc),))
        for caveat in self.shown.caveats:
            yield Paragraph((Strong("Caveat."), " ", *caveat))
        yield from self.results_table()
        yield from self.kinds()
        yield from self.notation()
        yield from self.assumptions()
        if self.request.detail != "summary":
            yield from self.derivation()
        yield from self.bills.side_by_side()
        yield from self.variants()
        yield from self.reasons()
        yield from self.growth()
        yield from self.verification()

    # ---------------------------------------------------------------- results

    def quantities(self) -> list[tuple[str, str, Derived]]:
        """(name, title, value) of every quantity that is shown."""
        rows = [("params", "parameters", self.measures.params)]
        if self.measures.active.expr != self.measures.params.expr:
            rows.append(("active", "active parameters", self.measures.active))
        if self.measures.buffers.expr:
            rows.append(("buffers", "buffers", self.measures.buffers))
        rows += [(name, convention(name).title, self.measures.billed(name)) for name in self.request.conventions]
        for name in ("sequential", "path", "receptive"):
            rows.append((name, BY_NAME[name].title, self.measures.quantity(name)))
        rows.append(("bytes", f"parameter memory, bytes ({self.measures.dtype})", self.measures.bytes))
        rows += [(name, note, self.measures.quantity(name)) for name, note in self.measures.notes.items()]
        return [row for row in rows if row[0] != "bytes" or self.measures.params.expr]

    def results_table(self) -> Iterator[Block]:
        rows: list[tuple[Text, ...]] = []
        for _, title, derived in self.quantities():
            bound: Text = (" at most",) if derived.bound else ()
            rows.append(
                (
                    (title,),
                    (self.shown.formula(derived), *bound),
                    (self.shown.grown(derived),),
                    (self.shown.value(derived) or "–",),
                )
            )
        head: tuple[Text, ...] = (("quantity",), ("closed form",), ("growth",), ("at the example values",))
        yield Table(("Results",), "lllr", head, tuple(rows), anchor="results", notes=self.shown.caveats)

    def kinds(self) -> Iterator[Block]:
        """The vector of operations behind `exact`, a row for each kind."""
        counts = {kind: count for kind, count in self.measures.totals.operations.items() if count}
        if not counts or ("exact" not in self.request.conventions and self.request.detail != "full"):
            return
        rows: list[tuple[Text, ...]] = []
        for kind in sorted(counts, key=lambda k: (k != "mac", k)):
            derived = Derived(counts[kind])
            rows.append(((KINDS.get(kind, kind),), (self.shown.formula(derived),), (self.shown.value(derived) or "–",)))
        exact = self.measures.exact
        rows.append((("all",), (self.shown.formula(exact),), (self.shown.value(exact) or "–",)))
        head: tuple[Text, ...] = (("operation",), ("number",), ("at the example values",))
        yield Table(("Operations by kind",), "llr", head, tuple(rows), total=True, anchor="operations")

    def results(self) -> Iterator[Result]:
        for name, _, derived in self.quantities():
            if derived.expr is not None or derived.infinite:
                yield Result(name, name, self.shown.formula(derived), self.shown.value(derived))

    # ---------------------------------------------------------------- notation and assumptions

    def notation(self) -> Iterator[Block]:
        used = self.used_symbols()
        shown = [d for d in self.program.dimensions if d.symbol.name in used or d.fixed]
        if not shown:
            return
        rows: list[tuple[Text, ...]] = []
        for d in shown:
            meaning = [d.note or "", "fixed, since the structure of the model depends on it" if d.fixed else ""]
            note = "; ".join(part for part in meaning if part) or "–"
            rows.append(((f.Symbol(d.symbol.name),), (note,), (digits(d.value) if d.value is not None else "–",)))
        yield Heading(2, ("Notation",))
        yield Table((), "llr", (("symbol",), ("meaning",), ("example value",)), tuple(rows), anchor="notation")

    def used_symbols(self) -> set[str]:
        found: set[str] = set()
        for _, _, derived in self.quantities():
            if derived.expr is not None:
                found |= {s.name for s in derived.expr.symbols()}
        for tensor in self.program.instance.inputs:
            for axis in tensor.axes:
                found |= {s.name for s in axis.size.symbols()}
        for assumption in self.program.assumptions:
            found |= {s.name for s in assumption.left.symbols() | assumption.right.symbols()}
        return found

    def assumptions(self) -> Iterator[Block]:
        yield Heading(2, ("Convention and assumptions",))
        for name in self.request.conventions:
            chosen = convention(name)
            yield Paragraph((Strong(f"{chosen.title[0].upper()}{chosen.title[1:]}."), " ", chosen.sentence))
            faults = self.bills.faults(chosen)
            if faults:
                yield Bullets(faults)
        items = [self.assumption(a) for a in self.program.assumptions if _worth_saying(a)]
        if items:
            yield Paragraph(("The counts hold where",))
            yield Bullets(tuple(dict.fromkeys(items)))

    def assumption(self, assumption: Assumption) -> Text:
        left, right = self.layout.formula(assumption.left), self.layout.formula(assumption.right)
        stated: Text = () if assumption.stated else (" (taken for granted by the file)",)
        turns = sorted({s.name for e in (assumption.left, assumption.right) for s in e.symbols() if s.kind == "count"})
        if turns:
            stated = (f", at every turn {' and '.join(turns)}", *stated)
        if assumption.kind == "divides" and assumption.left.constant == 1:
            return (right, " is whole", *stated)
        if assumption.kind == "divides":
            return (left, " divides ", right, *stated)
        return (f.Relation((left, right), ("<=" if assumption.kind == "order" else "=",)), *stated)

    # ---------------------------------------------------------------- the derivation itself

    def derivation(self) -> Iterator[Block]:
        yield Heading(2, ("Derivation",))
        full = self.request.detail == "full"
        layers = LayerWriter(self.measures.counter, self.conventions, self.layout, full=full)
        instance = self.program.instance
        called = [(inner, uses) for inner, uses in opened(instance) if layers.worth_opening(inner)]
        own = list(layers.body(instance))
        if own:
            if called:
                yield Heading(3, ("The model’s own equations",))
            yield from own
        for inner, uses in called:
            yield from layers.section(inner, uses, 3)
        whole = TotalWriter(self.measures, self.conventions, self.layout, self.shown)
        yield from whole.blocks()
        yield from self.bills.tools()

    def verification(self) -> Iterator[Block]:
        verified = self.request.verified.get(self.program)
        if verified is None:
            return
        yield Heading(2, ("Verification",))
        yield Paragraph(verified.text)
        if verified.uncovered:
            yield Paragraph(("Not compared:",))
            yield Bullets(tuple(spelled(line) for line in verified.uncovered))

    def variants(self) -> Iterator[Block]:
        """The other names of the model, with its parameters and operations at their values."""
        if not self.program.variants:
            return
        names: tuple[str, ...] = ("params", self.request.conventions[0])
        free = {d.symbol.name for d in self.program.dimensions if not d.fixed}
        rows: list[tuple[Text, ...]] = []
        if any(name not in free or value is None for v in self.program.variants for name, _, value in v.settings):
            names = ()  # the structure depends on these values: each variant is a derivation of its own
        for variant in self.program.variants:
            values = {**self.shown.values, **{name: value for name, _, value in variant.settings if value is not None}}
            at = Shown(self.measures, self.layout, values)
            cells = [(at.value(at.derived(name)) or "–",) for name in names]
            settings: list[Run] = []
            for name, text, _ in variant.settings:
                settings += [", "] * bool(settings) + [f.Relation((f.Symbol(name), f.Words(text)), ("=",))]
            rows.append(((Code(variant.name),), (variant.note or "–",), tuple(settings), *cells))
        yield Heading(2, ("Variants",))
        titles = ["parameters", self.conventions[0].title][: len(names)]
        head: tuple[Text, ...] = (("name",), ("what it is",), ("values",), *((title,) for title in titles))
        yield Table(
            ("The model under other names",),
            "lll" + "r" * len(names),
            head,
            tuple(rows),
            anchor="variants",
            notes=self.shown.caveats,
        )

    # ---------------------------------------------------------------- reasons and growth

    def reasons(self) -> Iterator[Block]:
        yield Heading(2, ("Sequential operations and path length",))
        items: list[Text] = []
        for name in ("sequential", "path", "receptive"):
            items.append(self.reason(BY_NAME[name].title, self.measures.quantity(name)))
        items[1:1] = scan_items(self.measures.scans, self.layout)
        items += self.causality()
        yield Bullets(tuple(items))
        if self.program.stack is not None:
            yield Paragraph(
                (
                    "The counts above are those of one layer; the path is that of a stack of such layers, as many as "
                    "it takes to join every admitted pair of positions.",
                )
            )

    def reason(self, title: str, derived: Derived) -> Text:
        """A quantity, why it is what it is, and what it is along each axis or between each two sequences."""
        shown: list[Run] = [Strong(f"{title[0].upper()}{title[1:]}"), ": "]
        if derived.unknown:
            return (*shown, *spelled(f"{derived.unknown}."))
        shown += [str(derived.number) if derived.number is not None else self.shown.formula(derived), ". "]
        shown += _sentence(self.words(derived.reason))
        if len({figure.expr for figure in derived.figures}) > 1:
            for number, figure in enumerate(derived.figures):
                value = f.Infinity() if figure.expr is None else self.layout.formula(figure.expr)
                shown += ["; " if number else " By itself: ", *self.words(figure.of), " ", value]
            shown.append(".")
        return tuple(shown)

    def words(self, reason: Words) -> list[Run]:
        """Words with names of the file as such, and formulas."""
        found: list[Run] = []
        for part in reason:
            found += [self.layout.formula(part)] if isinstance(part, Expr) else spelled(part)
        return found

    def causality(self) -> list[Text]:
        """May the model generate its output one position after the other?"""
        found = self.measures.causality
        if found.verdict == "no order":
            return []
        words = _sentence(self.words(found.reason))
        return [(Strong("Causality"), ": ", found.verdict, ". ", *words)]

    def growth(self) -> Iterator[Block]:
        """The terms that go, and what dominates them."""
        items: list[Text] = []
        plain = self.shown.plain
        for name, title, derived in self.quantities():
            if derived.expr is None or name in ("bytes", "bits"):
                continue
            try:
                found = growth(derived.expr, self.program.facts)
            except ArchError:
                continue
            if not found.dropped:
                continue
            words: list[Run] = [title, ": "]
            for number, dropped in enumerate(found.dropped):
                words += ([", "] if number else []) + [plain.formula(dropped.term), " goes beside "]
                for place, other in enumerate(dropped.by):
                    words += ([" and "] if place else []) + [plain.formula(other)]
            words.append(".")
            items.append(tuple(words))
        if items:
            yield Heading(2, ("Growth",))
            yield Paragraph(
                (
                    "All sizes are at least 1; bases and arguments of logarithms are at least 2. "
                    "A term goes only where others are as large for all sizes.",
                )
            )
            yield Bullets(tuple(items))


def _sentence(words: list[Run]) -> list[Run]:
    if words and isinstance(words[0], str):
        words = [words[0][:1].upper() + words[0][1:], *words[1:]]
    return [*words, "."] if words else []


def _worth_saying(assumption: Assumption) -> bool:
    return assumption.left.constant is None or assumption.right.constant is None


__all__ = ["DETAILS", "Request", "Verified", "derive", "digits", "layout_of", "spelled", "symbols_of", "values_of"]
