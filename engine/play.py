"""Models to play with: several models' quantities go in, sizes to choose and JavaScript that gives the values come out.

A size that looks alike in several models is one. Nothing is derived here: every value on the page is that of an
expression of `quantities`, and every condition one that the model takes for granted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final, Literal

from . import formula as f
from .algebra.atoms import Symbol
from .algebra.expression import ZERO, Expr, const, from_atom, total
from .algebra.substitution import Value
from .derivation.facts import in_words
from .derivation.shown import Shown
from .document import Compiled, Entry, Fact, Play, Size, Text
from .elaborator.variants import is_met
from .javascript import DOUBLES, EXACT, Flavour, to_javascript
from .notation.symbols import look_of
from .program import Dimension, used_symbols
from .quantities import Derived

MOST_TERMS: Final = 10  # that are told apart in a bar
USUAL: Final = 64  # where a file gives no example
TAKEN: Final = frozenset({"x", "y", "bars"})  # what the address of a page says beside sizes


def playground(
    labels: Sequence[str],
    shown: Sequence[Shown],
    quantities: Sequence[tuple[str, str]],
    along: str | None = None,
    y: int = 0,
) -> Play:
    """The models under their labels, and their `quantities` (name, title). At first quantity number `y` is drawn, along
    the size of that name, or along the one that most figures depend on."""
    return _Author(labels, shown, quantities).play(along, y)


@dataclass
class _Author:
    """What writes the values and formulas of the page."""

    labels: Sequence[str]
    shown: Sequence[Shown]
    quantities: Sequence[tuple[str, str]]
    facts: list[Fact] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)  # of the sizes, by their looks

    def play(self, along: str | None, y: int) -> Play:
        self._find_sizes()
        models = tuple((label, self._entries(label, s)) for label, s in zip(self.labels, self.shown, strict=True))
        granted = dict.fromkeys(words for s in self.shown for words in _at_turns(s))
        return Play(
            tuple(self.sizes),
            tuple(self.quantities),
            models,
            tuple(self.facts),
            tuple(granted),
            next((n for n, size in enumerate(self.sizes) if size.key == along), self._most_used()),
            y,
        )

    # ---------------------------------------------------------------- sizes

    def _find_sizes(self) -> None:
        """Every size that changes a figure or decides whether it holds, of all models."""
        for place, s in enumerate(self.shown):
            used = self._used(s)
            for d in s.measures.program.dimensions:
                if d.fixed or d.symbol.name not in used:
                    continue
                look = look_of(d.symbol.name, d.latex)
                if look not in self.numbers:
                    self.numbers[look] = len(self.sizes)
                    whole = d.symbol.kind != "ratio"
                    start = Fraction(USUAL if whole else 1)
                    self.sizes.append(Size(self._key(d.symbol.name), f.Symbol(look), "", start, whole))
                number = self.numbers[look]
                size = self.sizes[number]
                examples = size.examples if d.value is None else {**size.examples, place: d.value}
                self.sizes[number] = replace(size, note=size.note or d.note or "", examples=examples)
        starts = self._starts()
        self.sizes = [replace(size, start=start) for size, start in zip(self.sizes, starts, strict=True)]

    def _starts(self) -> list[Fraction]:
        """The first example of every size; another one where with that more of what the models assume holds."""
        starts = [next(iter(size.examples.values()), size.start) for size in self.sizes]
        broken = self._broken(starts)
        for number, size in enumerate(self.sizes):
            for value in size.examples.values():
                if not broken:
                    return starts
                other = [*starts[:number], value, *starts[number + 1 :]]
                if (fewer := self._broken(other)) < broken:
                    starts, broken = other, fewer
        return starts

    def _broken(self, starts: Sequence[Fraction]) -> int:
        """How many assumptions do not hold at these sizes."""
        found = 0
        for s in self.shown:
            values = {**s.values, **{name: starts[number] for name, number in self._numbers_of(s).items()}}
            found += sum(not is_met(assumption, values) for assumption in s.measures.program.assumptions)
        return found

    def _used(self, shown: Shown) -> set[str]:
        exprs = [shown.derived(name).expr for name, _ in self.quantities]
        facts = [side for a in shown.measures.program.assumptions for side in (a.left, a.right)]
        return {symbol.name for e in (*exprs, *facts) if e is not None for symbol in e.symbols()}

    def _key(self, name: str) -> str:
        taken = {size.key for size in self.sizes} | TAKEN
        return next(key for n in range(1, len(taken) + 2) if (key := name if n == 1 else f"{name}.{n}") not in taken)

    def _most_used(self) -> int:
        """The size along which figures are drawn at first: the first axis of most models, or what most figures depend
        on."""
        counts = [(0, 0)] * len(self.sizes)
        for s in self.shown:
            names = self._numbers_of(s)
            first = next((names.get(symbol.name) for symbol in _first_axis(s) if symbol.name in names), None)
            exprs = [expr for name, _ in self.quantities if (expr := s.derived(name).expr) is not None]
            for number in set(names.values()):
                axes, figures = counts[number]
                figures += sum(number in {names.get(symbol.name) for symbol in expr.symbols()} for expr in exprs)
                counts[number] = axes + (number == first), figures
        return max(range(len(counts)), key=lambda n: counts[n], default=0)

    def _numbers_of(self, shown: Shown) -> dict[str, int]:
        """The numbers of a model's sizes, by their names in its file."""
        looks = {d.symbol.name: look_of(d.symbol.name, d.latex) for d in shown.measures.program.dimensions}
        return {name: self.numbers[look] for name, look in looks.items() if look in self.numbers}

    def _names(self, shown: Shown, flavour: Flavour) -> dict[str, str]:
        """How a model's sizes are written in JavaScript; those that are fixed are numbers."""
        found = {name: f"v[{number}]" for name, number in self._numbers_of(shown).items()}
        for d in shown.measures.program.dimensions:
            if d.fixed and d.value is not None:
                found[d.symbol.name] = f"({to_javascript(const(d.value), {}, flavour)})"
        return found

    def _compiled(self, expr: Expr, shown: Shown) -> Compiled:
        exact, doubles = (to_javascript(expr, self._names(shown, flavour), flavour) for flavour in (EXACT, DOUBLES))
        return Compiled(exact, doubles)

    # ---------------------------------------------------------------- figures

    def _entries(self, label: str, shown: Shown) -> tuple[Entry, ...]:
        common = tuple(self._facts(label, shown))
        return tuple(self._entry(label, shown, shown.derived(name), common) for name, _ in self.quantities)

    def _entry(self, label: str, shown: Shown, derived: Derived, common: tuple[int, ...]) -> Entry:
        formula = shown.formula(derived)
        if derived.expr is None:
            return Entry(formula, infinite=derived.infinite and not derived.at_example, facts=common)
        try:
            exact = to_javascript(derived.expr, self._names(shown, EXACT), EXACT)
            terms = tuple(self._terms(derived.expr, shown))
        except KeyError:  # it names what is no size of the file
            return Entry(formula)
        own = tuple(self._conditions(label, shown, derived))
        return Entry(formula, exact, terms, (*common, *own), bound=derived.bound)

    def _terms(self, expr: Expr, shown: Shown) -> Iterator[tuple[Text, str]]:
        """The terms of a sum in their order; of many the largest at the example values, and the others together."""
        each = [Expr({monomial: coefficient}) for monomial, coefficient in shown.layout.terms(expr)]
        kept = set(range(len(each)))
        if len(each) > MOST_TERMS:
            weights = [_weight(shown.number(term)) for term in each]
            kept = set(sorted(kept, key=lambda n: -weights[n])[: MOST_TERMS - 1])
        names = self._names(shown, DOUBLES)
        for number in sorted(kept):
            yield (shown.layout.formula(each[number]),), to_javascript(each[number], names, DOUBLES)
        others = [term for number, term in enumerate(each) if number not in kept]
        if others:
            yield (f"{len(others)} other terms",), to_javascript(total(others), names, DOUBLES)
        if not each:
            yield (f.integer(0),), "0"

    # ---------------------------------------------------------------- conditions

    def _facts(self, label: str, shown: Shown) -> Iterator[int]:
        """What a model takes for granted of sizes that can be chosen, and its own values of what is fixed in it but can
        be chosen in others. What its file says of sizes that it does not have is none of its business."""
        own = used_symbols(shown.measures.program.instance)
        own |= {s for name, _ in self.quantities if (e := shown.derived(name).expr) is not None for s in e.symbols()}
        for a in shown.measures.program.assumptions:
            if a.stated and not a.left.symbols() | a.right.symbols() <= own:
                continue
            yield from self._fact(a.kind, a.left, a.right, label, shown)
        for d in shown.measures.program.dimensions:
            if d.fixed and d.value is not None and look_of(d.symbol.name, d.latex) in self.numbers:
                yield from self._fixed(d, label, shown)

    def _fixed(self, dimension: Dimension, label: str, shown: Shown) -> Iterator[int]:
        number = self.numbers[look_of(dimension.symbol.name, dimension.latex)]
        value = const(dimension.value or 0)
        left = Compiled(f"v[{number}]", f"v[{number}]")
        words = in_words("equal", from_atom(dimension.symbol), value, shown.layout)
        yield self._number(Fact(words, "equal", left, self._compiled(value, shown), (number,), (label,)))

    def _conditions(self, label: str, shown: Shown, derived: Derived) -> Iterator[int]:
        """What one figure rests on beside."""
        for gap in derived.granted:
            yield from self._fact("order", ZERO, gap, label, shown)
        if derived.least > 1:
            for tensor in shown.measures.program.instance.inputs:
                for axis in tensor.axes:
                    if axis.size.constant is None:
                        yield from self._fact("order", const(derived.least), axis.size, label, shown)

    def _fact(
        self, kind: Literal["divides", "order", "equal"], left: Expr, right: Expr, label: str, shown: Shown
    ) -> Iterator[int]:
        numbers = self._numbers_of(shown)
        sizes = {numbers[s.name] for side in (left, right) for s in side.symbols() if s.name in numbers}
        try:
            sides = self._compiled(left, shown), self._compiled(right, shown)
        except KeyError:  # it is one of every turn of a repeat
            return
        if sizes:
            words = in_words(kind, left, right, shown.layout)
            yield self._number(Fact(words, kind, *sides, tuple(sorted(sizes)), (label,)))

    def _number(self, fact: Fact) -> int:
        """The number of a fact, which may be one of several models."""
        for number, known in enumerate(self.facts):
            if replace(known, models=()) == replace(fact, models=()):
                models = tuple(dict.fromkeys((*known.models, *fact.models)))
                self.facts[number] = replace(known, models=models)
                return number
        self.facts.append(fact)
        return len(self.facts) - 1


def _first_axis(shown: Shown) -> Iterable[Symbol]:
    """The sizes that make the first axis that holds positions."""
    program = shown.measures.program
    batches = {d.symbol for d in program.dimensions if d.batch}
    for tensor in program.instance.inputs:
        for axis in tensor.axes:
            if not axis.size.symbols() <= batches:
                return sorted(axis.size.symbols(), key=lambda symbol: symbol.name)
    return ()


def _weight(value: Value | None) -> float:
    try:
        return abs(float(value or 0))
    except OverflowError:
        return float("inf")


def _at_turns(shown: Shown) -> Iterable[Text]:
    """What is granted of every turn of a repeat: it is said, for it is not decided by the sizes alone."""
    for a in shown.measures.program.assumptions:
        if any(s.kind == "count" for side in (a.left, a.right) for s in side.symbols()):
            yield in_words(a.kind, a.left, a.right, shown.layout)
