"""What stands before a derivation: the results, the notation, what one operation is and for which sizes the counts
hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property

from .. import formula as f
from ..algebra.expression import Expr, from_atom
from ..algebra.facts import Facts
from ..conventions import convention
from ..document import Block, Bullets, Heading, Paragraph, Result, Run, Step, Steps, Strong, Table, Text
from ..program import Assumption
from ..quantities import BY_NAME, DTYPES, Derived, Measures
from .abbreviations import Abbreviation
from .billed import BillWriter
from .facts import in_words
from .request import Request
from .shown import Shown, digits, listed

MOST_FACTS = 6
# A closed form of more names does not fit into a column of a table.
MOST_NAMES = 16
MOST_BESIDE_LONGER = 8
LONG_NOTE = 160  # letters: what is longer does not stand in a table
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


class FrontWriter:
    """Writes the results, the notation and the assumptions of one model."""

    def __init__(
        self, measures: Measures, request: Request, shown: Shown, bills: BillWriter, short: Sequence[Abbreviation]
    ) -> None:
        self.measures = measures
        self.program = measures.program
        self.request = request
        self.shown = shown
        self.layout = shown.layout
        self.bills = bills
        self.short = short

    def blocks(self) -> Iterator[Block]:
        if not self.request.below:
            yield from self.results_table()
            yield from self.kinds()
        if self.short or not self.request.below:
            yield from self.notation()
        yield from self.assumptions()

    # ---------------------------------------------------------------- results

    @cached_property
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
        """A row for each quantity. Formulas that are too long for a column stand by themselves before it, and with them
        others that would be long in it; of bytes, how many there are for each parameter."""
        shown = {name: self.shown.formula(derived) for name, _, derived in self.quantities}
        longest = max(map(f.measure, shown.values()))
        most = MOST_NAMES if longest <= MOST_NAMES else MOST_BESIDE_LONGER
        steps: list[Step] = []
        rows: list[tuple[Text, ...]] = []
        for name, title, derived in self.quantities:
            closed: Text = (f.slashed(shown[name]), *((" at most",) if derived.bound else ()))
            if f.measure(shown[name]) > most:
                if name == "bytes":
                    closed = (f.Number(Fraction(DTYPES[self.measures.dtype], 8)), " for each parameter")
                else:
                    closed = ("above",)
                    steps.append(Step(f.Words(title), "=", shown[name]))
            rows.append(((title,), closed, (self.shown.grown(derived),), (self.shown.value(derived) or "–",)))
        if steps:
            yield Steps(tuple(steps))
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
        for name, _, derived in self.quantities:
            if derived.expr is not None or derived.infinite:
                yield Result(name, name, self.shown.formula(derived), self.shown.value(derived))

    # ---------------------------------------------------------------- notation and assumptions

    def notation(self) -> Iterator[Block]:
        used = self.used_symbols()
        shown = [d for d in self.program.dimensions if d.symbol.name in used or d.fixed]
        if not shown:
            return
        rows: list[tuple[Text, ...]] = []
        long: list[Text] = []
        for d in shown:
            meaning = [d.note or "", "fixed, since the structure of the model depends on it" if d.fixed else ""]
            note = "; ".join(part for part in meaning if part) or "–"
            if len(note) > LONG_NOTE:
                long.append((self.layout.atom(d.symbol), ": ", note))
                note = "below"
            rows.append(((self.layout.atom(d.symbol),), (note,), (digits(d.value) if d.value is not None else "–",)))
        for short in self.short:
            value = self.shown.number(short.expr)
            number = digits(value) if value is not None else "–"
            said: Text = (f", {short.note}",) if short.note else ()
            rows.append(((f.Symbol(short.name),), (f.slashed(short.formula), *said), (number,)))
        yield Heading(2, ("Notation",), anchor="notation")
        yield Table((), "llr", (("symbol",), ("meaning",), ("example value",)), tuple(rows))
        if long:
            yield Bullets(tuple(long))

    def used_symbols(self) -> set[str]:
        found: set[str] = set()
        for _, _, derived in self.quantities:
            if derived.expr is not None:
                found |= {s.name for s in derived.expr.symbols()}
        for tensor in self.program.instance.inputs:
            for axis in tensor.axes:
                found |= {s.name for s in axis.size.symbols()}
        for assumption in self.program.assumptions:
            found |= {s.name for s in assumption.left.symbols() | assumption.right.symbols()}
        return found

    def assumptions(self) -> Iterator[Block]:
        """What one operation is, and for which sizes the counts hold, in one paragraph."""
        yield Heading(2, ("Convention and assumptions",), anchor="convention")
        words: list[Run] = []
        faults: list[Text] = []
        for name in self.request.conventions:
            chosen = convention(name)
            words += [Strong(f"{chosen.title[0].upper()}{chosen.title[1:]}."), f" {chosen.sentence} "]
            faults += self.bills.faults(chosen)
        worth = [a for a in self.program.assumptions if _worth_saying(a)]
        stated = list(dict.fromkeys(in_words(a.kind, a.left, a.right, self.layout) for a in worth if a.stated))
        stated += [(f.Relation((self.layout.formula(b), f.integer(0)), ("!=",)),) for b in self.divisors()]
        granted = [
            fact
            for a in worth
            if not a.stated and (fact := in_words(a.kind, a.left, a.right, self.layout)) not in stated
        ]
        granted = list(dict.fromkeys(granted))
        words.append("Every count is exact for all positive integers as sizes")
        if len(stated) + len(granted) > MOST_FACTS:
            yield Paragraph((*words, ", where"))
            yield Bullets((*stated, *((*fact, ", which the file takes for granted") for fact in granted)))
        else:
            words += [*([", where "] if stated else []), *listed(stated), "."]
            if granted:
                words += [" The file takes for granted that ", *listed(granted), "."]
            yield Paragraph(tuple(words))
        if faults:
            yield Bullets(tuple(faults))

    def divisors(self) -> list[Expr]:
        """What stands below a line of a closed form and may be 0, as r − 1 of a sum of powers of r."""
        below = {
            from_atom(atom): None
            for _, _, derived in self.quantities
            if derived.expr is not None
            for monomial in derived.expr.terms
            for atom, exponent in monomial
            if exponent < 0
        }
        return [divisor for divisor in below if not self.program.facts.positive(divisor)]


def _worth_saying(assumption: Assumption) -> bool:
    """Not what holds for all sizes."""
    if assumption.left.constant is not None and assumption.right.constant is not None:
        return False
    return assumption.kind != "order" or not Facts().nonnegative(assumption.right - assumption.left)
