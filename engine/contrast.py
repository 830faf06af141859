"""Which of several models is cheaper where: expressions in, tables with conditions, ratios and numbers out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import floor

from . import formula as f
from .algebra.atoms import Atom, Symbol
from .algebra.expression import Expr, from_atom
from .algebra.facts import Facts
from .algebra.substitution import Value, evaluate
from .crossover import Crossing, Verdict, condition, crossings, smaller_at
from .derivation import digits
from .derivation.shown import Shown, listed
from .document import Block, Code, Heading, Paragraph, Run, Table, Text
from .errors import ArchError
from .forms import Layout
from .growth import growth

MOST_PAIRS = 28  # of more models only those beside each other are compared, or all with the baseline
_STEPS = (Fraction(1, 16), Fraction(1, 4), Fraction(1), Fraction(4), Fraction(16))  # of the example value, in a map
_LONGEST_IN_MAP = 14  # letters; longer names of models go by letters there


@dataclass(frozen=True)
class Contrast:
    """One quantity of several models, `exprs` in the order of their `labels`; sizes of one name are one size."""

    title: str
    labels: Sequence[str]
    exprs: Sequence[Expr]
    shown: Sequence[Shown]
    along: str | None = None
    baseline: str | None = None

    def blocks(self) -> Iterator[Block]:
        yield Heading(2, ("Where one is cheaper",), anchor="cheaper")
        yield self.pairs_table()
        if self.baseline is not None:
            yield self.ratios()
        size = self.size
        if size is not None and self.changes(size):
            yield from self.cheapest_along(size)
            yield from self.map(size)

    # ---------------------------------------------------------------- what all models share

    @cached_property
    def layout(self) -> Layout:
        """The names of all models, in the order of the first that has each."""
        order = dict.fromkeys(name for shown in self.shown for name in shown.layout.order)
        names: dict[Atom, str] = {}
        for shown in self.shown:
            names = {**shown.layout.names, **names}
        return Layout(list(order), self.shown[0].layout.form, names)

    @cached_property
    def facts(self) -> Facts:
        """What all models assume."""
        together = self.shown[0].measures.program.facts.copy()
        for shown in self.shown[1:]:
            theirs = shown.measures.program.facts
            for order in theirs.orders:
                together.assume_order(order)
            for pair in theirs.divisibility:
                together.assume_divides(*pair)
        return together

    @cached_property
    def values(self) -> dict[str, Value]:
        """The example values of the first model that has each."""
        found: dict[str, Value] = {}
        for shown in self.shown:
            found = {**shown.values, **found}
        return found

    @cached_property
    def sizes(self) -> list[str]:
        """The sizes that the costs depend on and that may be followed, the longest sequence first."""
        depends = {s.name for expr in self.exprs for s in expr.symbols() if s.kind == "dim"}
        known = [name for name in self.layout.order if name in depends and name in self.values]
        return known if all(s.name in self.values for e in self.exprs for s in e.symbols()) else []

    @property
    def size(self) -> str | None:
        """The size along which the models are compared: the one that is asked for, or the first where it matters."""
        if self.along is not None:
            return self.along if self.along in self.sizes else None
        return next((name for name in self.sizes if self.changes(name)), None)

    # ---------------------------------------------------------------- pairs

    @property
    def pairs(self) -> list[tuple[int, int]]:
        places = range(len(self.labels))
        if self.baseline is not None:
            base = self.labels.index(self.baseline)
            return [(place, base) for place in places if place != base]
        found = list(combinations(places, 2))
        return found if len(found) <= MOST_PAIRS else [(place, place + 1) for place in places[:-1]]

    def pairs_table(self) -> Table:
        rows = tuple(((Code(self.labels[a]),), (Code(self.labels[b]),), self.verdict(a, b)) for a, b in self.pairs)
        return Table(
            (f"Which has fewer {self.title}",),
            "lll",
            (("model",), ("against",), ("fewer",)),
            rows,
            anchor="crossovers",
        )

    def verdict(self, one: int, other: int) -> Text:
        """`attention` where N < D, `recurrent` where N > D."""
        a, b = Code(self.labels[one]), Code(self.labels[other])
        found = condition(self.exprs[one], self.exprs[other], self.facts, [self.along] if self.along else ())
        if found.outcome == "unknown" and self.along:
            found = condition(self.exprs[one], self.exprs[other], self.facts)
        match found.outcome:
            case "equal":
                return ("equally many",)
            case "first" | "second":
                cheaper = a if found.outcome == "first" else b
                return (cheaper, " always") if found.strict else (cheaper, ", or equally many")
            case "depends":
                less, more = self.relation(found, "<"), self.relation(found, ">")
                first, second = (b, a) if found.above else (a, b)
                return (first, " where ", less, ", ", second, " where ", more)
            case _:
                return self.numbers(one, other)

    def relation(self, found: Verdict, sign: str) -> f.Formula:
        assert found.size is not None
        size, bound = from_atom(found.size), self.layout.formula(found.bound)
        return f.slashed(f.Relation((self.layout.formula(size), bound), (sign,)))

    def numbers(self, one: int, other: int) -> Text:
        """Where the order changes at the example values, and what holds for large sizes."""
        size = self.along if self.along in self.sizes else next(iter(self.sizes), None)
        if size is None:
            return ("no condition is known, and not every size has an example value",)
        pair = [self.exprs[one], self.exprs[other]]
        labels = [self.labels[one], self.labels[other]]
        found = crossings(pair[0], pair[1], size, self.values)
        return (*self.segments(size, pair, labels, found), *self.others(size), *self.large(size, pair, labels))

    def segments(self, size: str, exprs: Sequence[Expr], labels: Sequence[str], found: Sequence[Crossing]) -> list[Run]:
        """`a` up to N = 312, beyond that `b`."""
        ends = sorted({self.end(size, exprs, crossing) for crossing in found})
        starts = [1, *(end + 1 for end in ends)]
        winners: list[tuple[int, str]] = []  # the last size of each, and the cheapest of all there
        for start, end in zip(starts, [*ends, None], strict=True):
            place = smaller_at(exprs, {**self.values, size: start if end is None else end})[0]
            if winners and labels[place] == winners[-1][1]:
                winners.pop()
            winners.append((end or 0, labels[place]))
        words: list[Run] = []
        for number, (end, label) in enumerate(winners):
            words += [", "] * bool(number) + ["then "] * bool(number) + [Code(label)]
            if number < len(winners) - 1:
                words += [" up to ", f.Relation((self.name(size), f.Words(digits(end))), ("=",))]
        return words

    def end(self, size: str, exprs: Sequence[Expr], crossing: Crossing) -> int:
        """The last whole size before the order changes; where both are equal the old one still holds."""
        last = floor(crossing.at)
        costs = sorted(evaluate(expr, {**self.values, size: last}) for expr in exprs)
        return last if crossing.at != last or costs[0] == costs[1] else last - 1

    def others(self, size: str) -> list[Run]:
        """The sizes that are held, with their values."""
        held = [
            name
            for name in self.values
            if name != size and any(s.name == name for expr in self.exprs for s in expr.symbols())
        ]
        words: list[Run] = []
        for number, name in enumerate(held):
            words += [", " if number else " (with "]
            words.append(f.Relation((self.name(name), f.Words(digits(self.values[name]))), ("=",)))
        return [*words, ")"] if words else []

    def large(self, size: str, exprs: Sequence[Expr], labels: Sequence[str]) -> list[Run]:
        """The growth of both along a size, where it differs."""
        held = [s for expr in exprs for s in expr.symbols() if s.name != size]
        try:
            grown = [growth(expr, self.facts, held).expr for expr in exprs]
        except ArchError:
            return []
        if grown[0] == grown[1]:
            return []
        bounds = [f.slashed(f.Growth(self.layout.formula(expr))) for expr in grown]
        return ["; ", Code(labels[0]), " is ", bounds[0], ", ", Code(labels[1]), " ", bounds[1]]

    def name(self, size: str) -> f.Formula:
        return self.layout.atom(Symbol(size))

    # ---------------------------------------------------------------- ratios

    def ratios(self) -> Table:
        assert self.baseline is not None
        base = self.exprs[self.labels.index(self.baseline)]
        rows: list[tuple[Text, ...]] = []
        for label, expr in zip(self.labels, self.exprs, strict=True):
            ratio = expr / base
            try:
                number = digits(evaluate(ratio, self.values))
            except (KeyError, ArithmeticError):
                number = "–"
            rows.append(((Code(label),), (f.slashed(self.layout.formula(ratio)),), (number,)))
        caption = (f"{self.title[0].upper()}{self.title[1:]} by those of ", Code(self.baseline))
        return Table(caption, "llr", (("model",), ("ratio",), ("number",)), tuple(rows), anchor="ratios")

    # ---------------------------------------------------------------- the cheapest of all

    def changes(self, size: str) -> list[Crossing]:
        """Where the order of any two changes as a size grows."""
        return [c for a, b in combinations(self.exprs, 2) for c in crossings(a, b, size, self.values)]

    def cheapest_along(self, size: str) -> Iterator[Block]:
        if len(self.labels) < 3:
            return
        words = self.segments(size, self.exprs, self.labels, self.changes(size))
        yield Paragraph(
            (f"The fewest {self.title} as ", self.name(size), " grows", *self.others(size), ": ", *words, ".")
        )

    def map(self, size: str) -> Iterator[Block]:
        """The cheapest at a few values of two sizes, if there is more than one."""
        other = next((name for name in self.sizes if name != size), None)
        if other is None:
            return
        columns, rows = self.around(size), self.around(other)
        short = max(map(len, self.labels)) <= _LONGEST_IN_MAP
        names = list(self.labels) if short else [chr(ord("A") + place) for place in range(len(self.labels))]
        found = [[self.cheapest({**self.values, size: x, other: y}) for x in columns] for y in rows]
        if len({place for row in found for cell in row for place in cell}) < 2:
            return
        cells = tuple(
            ((f.Relation((self.name(other), f.Words(digits(y))), ("=",)),), *(self.cell(cell, names) for cell in row))
            for y, row in zip(rows, found, strict=True)
        )
        head: tuple[Text, ...] = (
            ("",),
            *((f.Relation((self.name(size), f.Words(digits(x))), ("=",)),) for x in columns),
        )
        used = sorted({place for row in found for cell in row for place in cell})
        notes = () if short else (tuple(listed([(f"{names[p]}: ", Code(self.labels[p])) for p in used])),)
        caption = (f"The model with the fewest {self.title}",)
        yield Table(caption, "l" * len(head), head, cells, anchor="map", notes=notes)

    def around(self, size: str) -> list[int]:
        example = Fraction(self.values[size])
        return sorted({max(1, floor(example * step)) for step in _STEPS})

    def cheapest(self, values: Mapping[str, Value]) -> list[int]:
        """The places of the cheapest at sizes that all facts admit; none where they do not."""
        try:
            admitted = all(evaluate(order, values) >= 0 for order in self.facts.orders)
            return smaller_at(self.exprs, values) if admitted else []
        except (KeyError, ArithmeticError):
            return []

    @staticmethod
    def cell(places: Sequence[int], names: Sequence[str]) -> Text:
        if not places:
            return ("–",)
        return tuple(listed([(Code(names[place]),) for place in places]))
