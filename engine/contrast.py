"""Which of several models is cheaper where: expressions in, tables with conditions, ratios and numbers out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import combinations, pairwise
from math import floor, inf

from . import formula as f
from .algebra import build
from .algebra.atoms import Symbol
from .algebra.expression import Expr, const, from_atom
from .algebra.substitution import Value, evaluate
from .compared import Compared
from .crossover import LAST, SAMPLED, Crossing, Verdict, condition, crossings, matter, smaller_at
from .derivation import digits
from .derivation.shown import listed
from .document import Block, Code, Heading, Paragraph, Run, Table, Text
from .errors import ArchError
from .growth import growth

MOST_PAIRS = 28  # of more models only those beside each other are compared, or all with the baseline
MOST_NAMES = 6  # in a bound; of longer ones the number at the example values says more
MOST_SEGMENTS = 4  # told one by one behind the first; of more the last ones
_STEPS = (Fraction(1, 16), Fraction(1, 4), Fraction(1), Fraction(4), Fraction(16))  # of the example value, in a map
_LONGEST_IN_MAP = 14  # letters; longer names of models go by letters there


class Contrast(Compared):
    """Says which has less of the quantity, and where."""

    def blocks(self) -> Iterator[Block]:
        yield Heading(2, ("Where one is cheaper",), anchor="cheaper")
        yield self.pairs_table()
        if self.baseline is not None:
            yield self.ratios()
        size = self.size
        if size is not None and self.changes(size):
            yield from self.cheapest_along(size)
            yield from self.map(size)

    @property
    def less(self) -> tuple[str, str, str, str]:
        """Operations are fewer, a length is smaller."""
        if self.title.endswith("s"):
            return "fewer", "fewer", "fewest", "equally many"
        return "the smaller", "smaller", "smallest", "equal"

    @property
    def size(self) -> str | None:
        """The size along which the models are compared: the one that is asked for, or the first where it matters."""
        if self.along is not None:
            return self.along if self.along in self.sizes else None
        followed = [name for name in self.sizes if name in self.positions] or self.sizes
        return next((name for name in followed if self.changes(name)), None)

    # ---------------------------------------------------------------- pairs

    @property
    def pairs(self) -> list[tuple[int, int]]:
        places = range(len(self.labels))
        if self.baseline is not None:
            base = self.labels.index(self.baseline)
            return [(place, base) for place in places if place != base]
        found = list(combinations(places, 2))
        if len(found) <= MOST_PAIRS:
            return found
        numbers = [shown.number(expr) for shown, expr in zip(self.shown, self.given, strict=True)]
        return list(pairwise(sorted(places, key=lambda place: inf if (n := numbers[place]) is None else n)))

    def pairs_table(self) -> Table:
        found = {pair: self.condition(*pair) for pair in self.pairs}
        rows = tuple(
            ((Code(self.labels[a]),), (Code(self.labels[b]),), self.told(a, b, verdict))
            for (a, b), verdict in found.items()
        )
        notes: list[Text] = []
        if self.own:
            notes.append(("Sizes other than those of positions have in each model its own example value.",))
        if any(verdict.outcome == "unknown" for verdict in found.values()):
            notes.append((SAMPLED,))
        return Table(
            (f"Which has {self.less[0]} {self.title}",),
            "lll",
            (("model",), ("against",), (self.less[1],)),
            rows,
            anchor="crossovers",
            notes=tuple(notes),
        )

    def told(self, one: int, other: int, found: Verdict) -> Text:
        """`attention` where N < D, `recurrent` where N > D."""
        a, b = Code(self.labels[one]), Code(self.labels[other])
        match found.outcome:
            case "equal":
                return (self.less[3],)
            case "first" | "second":
                cheaper = a if found.outcome == "first" else b
                return (cheaper, " always") if found.strict else (cheaper, f", or {self.less[3]}")
            case "depends" if f.measure(self.layout.formula(found.bound)) <= MOST_NAMES:
                less, more = self.relation(found, "<"), self.relation(found, ">")
                first, second = (b, a) if found.above else (a, b)
                limit: Text = () if found.limit is None else (" or ", self.vanishing(found.limit))
                return (first, " where ", less, *limit, ", ", second, " where ", more)
            case _:
                return self.numbers(one, other)

    def condition(self, one: int, other: int) -> Verdict:
        """When the first has fewer, as a condition on the size that is asked for, or else on any."""
        pair, facts = (self.exprs[one], self.exprs[other]), self.facts((one, other))
        found = condition(*pair, facts, [self.along] if self.along else self.names)
        return condition(*pair, facts, self.names) if found.outcome == "unknown" and self.along else found

    def relation(self, found: Verdict, sign: str) -> f.Formula:
        assert found.size is not None
        number = None if found.bound.symbols() else digits(evaluate(found.bound, {}))
        bound = self.layout.formula(found.bound) if number is None else f.Words(number)
        return f.Relation((self.layout.atom(found.size), f.slashed(bound)), (sign,))

    def vanishing(self, expr: Expr) -> f.Formula:
        """Where an expression is 0: k = 1 if it is k² − 1, C = G if it is C − G."""
        right = -Expr({monomial: c for monomial, c in expr.terms.items() if c < 0})
        left = expr + right
        match list(left.terms.items()):
            case [(((Symbol() as size, power),), factor)] if right.constant is not None:
                left, right = from_atom(size), build.root(right / const(factor), Fraction(1) / Fraction(power))
        return f.Relation((self.layout.formula(left), self.layout.formula(right)), ("=",))

    def numbers(self, one: int, other: int) -> Text:
        """Where the order changes at the example values, and what holds for large sizes."""
        depends = {s.name for expr in (self.exprs[one], self.exprs[other]) for s in expr.symbols()}
        known = [name for name in self.sizes if name in depends]
        size = self.along if self.along in known else next(iter(known), None)
        if size is None:
            return self.at_examples(one, other)
        return (
            *self.segments(size, (one, other), crossings(self.exprs[one], self.exprs[other], size, self.values)),
            *self.others(size, (one, other)),
            *self.large(size, one, other),
        )

    def at_examples(self, one: int, other: int) -> Text:
        """What the example values of each say, where no size can be followed."""
        costs = [self.shown[place].number(self.given[place]) for place in (one, other)]
        if costs[0] is None or costs[1] is None:
            return ("unknown: not every size has an example value",)
        if costs[0] == costs[1]:
            return (f"{self.less[3]} at the example values",)
        return (Code(self.labels[one if costs[0] < costs[1] else other]), " at the example values")

    def segments(self, size: str, places: Sequence[int], found: Sequence[Crossing]) -> list[Run]:
        """`a` up to N = 312, then `b`."""
        least, most = self.admitted(size, places)
        turns = {self.end(size, places, crossing) for crossing in found}
        ends = sorted(turn for turn in turns if least <= turn < (most or inf))
        winners: list[tuple[int, int]] = []  # the last size of each, and the cheapest of all there
        starts = [least, *(last + 1 for last in ends)]
        for start, end in zip(starts, [*ends, most], strict=True):
            cheapest = self.cheapest_between(size, places, start, end)
            place = winners[-1][1] if winners and winners[-1][1] in cheapest else cheapest[0]
            if winners and place == winners[-1][1]:
                winners.pop()
            winners.append((end or 0, place))
        words: list[Run] = []
        untold = len(winners) - MOST_SEGMENTS - 1
        for number, (end, place) in enumerate(winners):
            if untold > 0 and 0 < number <= untold:  # the first one and the last ones are told
                words += [f", then {untold} more change{'s' * (untold > 1)}"] if number == 1 else []
                continue
            words += [", then "] * bool(number) + [Code(self.labels[place])]
            if number < len(winners) - 1:
                words += [" up to ", self.equal(size, end)]
        return words

    def cheapest_between(self, size: str, places: Sequence[int], start: int, end: int | None) -> list[int]:
        """The places of those that are the cheapest from one size to another, where no order changes: some may be equal
        at a few sizes. They are looked at at both ends and between them."""
        found = list(places)
        between = (start + 1, 3 * start, 1000 * start, LAST) if end is None else ((start + end) // 2, end)
        for value in sorted({start, *between}):
            exprs = [self.exprs[place] for place in places]
            here = smaller_at(exprs, {**self.values, size: value}, all_known=True)
            found = [place for place in found if not here or place in [places[number] for number in here]] or found
        return found

    def admitted(self, size: str, places: Sequence[int]) -> tuple[int, int | None]:
        """The least and the largest of a size that some models admit, the others at their values; None for no limit."""
        orders = [order for order in self.facts(places).orders if any(s.name == size for s in order.symbols())]

        def holds(value: int) -> bool:
            try:
                return all(evaluate(order, {**self.values, size: value}) >= 0 for order in orders)
            except (KeyError, ArithmeticError):
                return True

        example = floor(self.values[size])
        if not holds(example):
            return 1, None
        least = bisect_left(range(1, example + 1), True, key=holds) + 1
        most = bisect_left(range(example, LAST), True, key=lambda value: not holds(value)) + example - 1
        return least, None if holds(LAST) else most

    def end(self, size: str, places: Sequence[int], crossing: Crossing) -> int:
        """The last whole size before the order changes; where both are equal the old one still holds."""
        last = floor(crossing.at)
        costs = sorted(evaluate(self.exprs[place], {**self.values, size: last}) for place in places)
        return last if crossing.at != last or costs[0] == costs[1] else last - 1

    def others(self, size: str, places: Sequence[int]) -> list[Run]:
        """The other sizes that are held, with their values."""
        depends = {
            name for one, other in combinations(places, 2) for name in matter(self.exprs[one], self.exprs[other])
        }
        held = [name for name in self.layout.order if name != size and name in depends]
        words: list[Run] = []
        for number, name in enumerate(held):
            words += [", " if number else " (with "]
            words.append(self.equal(name, self.values[name]))
        return [*words, ")"] if words else []

    def large(self, size: str, *places: int) -> list[Run]:
        """The growth of both along a size, where it differs."""
        exprs = [self.exprs[place] for place in places]
        held = [s for expr in exprs for s in expr.symbols() if s.name != size]
        try:
            grown = [growth(expr, self.facts(places), held).expr for expr in exprs]
        except ArchError:
            return []
        if grown[0] == grown[1]:
            return []
        bounds = [f.slashed(f.Growth(self.layout.formula(expr))) for expr in grown]
        return ["; ", *listed([(Code(self.labels[p]), " is ", bound) for p, bound in zip(places, bounds, strict=True)])]

    def written(self, size: str) -> f.Formula:
        return self.layout.atom(Symbol(size))

    def equal(self, size: str, value: Value) -> f.Formula:
        return f.Relation((self.written(size), f.Words(digits(value))), ("=",))

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
        if size not in self._changes:
            pairs = combinations(self.exprs, 2)
            self._changes[size] = [c for a, b in pairs for c in crossings(a, b, size, self.values)]
        return self._changes[size]

    @cached_property
    def _changes(self) -> dict[str, list[Crossing]]:
        return {}

    def cheapest_along(self, size: str) -> Iterator[Block]:
        if len(self.labels) < 3:
            return
        places = range(len(self.labels))
        words = self.segments(size, places, self.changes(size))
        yield Paragraph(
            (
                f"The {self.less[2]} {self.title} as ",
                self.written(size),
                " grows",
                *self.others(size, places),
                ": ",
                *words,
                ".",
            )
        )

    def map(self, size: str) -> Iterator[Block]:
        """The cheapest at a few values of two sizes, if there is more than one."""
        columns = self.around(size)
        maps = {
            other: [[self.cheapest({**self.values, size: x, other: y}) for x in columns] for y in self.around(other)]
            for other in self.sizes
            if other != size
        }
        other = max(maps, key=lambda name: len(_winners(maps[name])), default=None)
        if other is None or len(_winners(maps[other])) < 2:
            return
        found, rows = maps[other], self.around(other)
        short = max(map(len, self.labels)) <= _LONGEST_IN_MAP
        names = list(self.labels) if short else [chr(ord("A") + place) for place in range(len(self.labels))]
        cells = tuple(
            ((self.equal(other, y),), *(self.cell(cell, names) for cell in row))
            for y, row in zip(rows, found, strict=True)
        )
        head: tuple[Text, ...] = (
            ("",),
            *((self.equal(size, x),) for x in columns),
        )
        used = sorted(_winners(found))
        notes = () if short else (tuple(listed([(f"{names[p]}: ", Code(self.labels[p])) for p in used])),)
        caption = (f"The model with the {self.less[2]} {self.title}",)
        yield Table(caption, "l" * len(head), head, cells, anchor="map", notes=notes)

    def around(self, size: str) -> list[int]:
        example = Fraction(self.values[size])
        return sorted({max(1, floor(example * step)) for step in _STEPS})

    @cached_property
    def all_orders(self) -> list[Expr]:
        """What all models assume of the order of sizes."""
        return self.facts(range(len(self.labels))).orders

    def cheapest(self, values: Mapping[str, Value]) -> list[int]:
        """The places of the cheapest at sizes that all facts admit; none where they do not."""
        try:
            admitted = all(evaluate(order, values) >= 0 for order in self.all_orders)
            return smaller_at(self.exprs, values) if admitted else []
        except (KeyError, ArithmeticError):
            return []

    @staticmethod
    def cell(places: Sequence[int], names: Sequence[str]) -> Text:
        if not places:
            return ("–",)
        return tuple(listed([(Code(names[place]),) for place in places]))


def _winners(found: Sequence[Sequence[Sequence[int]]]) -> set[int]:
    return {place for row in found for cell in row for place in cell}
