"""Which layers are told together, and how: one derivation for all applications of a layer that differ in sizes only,
with a table of what the sizes are in each."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .. import formula as f
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr
from ..algebra.facts import Facts
from ..algebra.substitution import substitute
from ..conventions import Convention
from ..document import Block, Code, Heading, Paragraph, Run, Table, Text
from ..errors import ArchError
from ..forms import Layout
from ..program import Generic, Instance, Named, Program
from ..quantities.totals import Counter, Totals
from .applications import MOST_STRETCHES, stretches
from .layers import LayerWriter, opened
from .shown import listed


@dataclass(frozen=True)
class Use:
    """One application, or several alike: what the symbols of the generic layer are there."""

    instance: Instance
    sizes: Mapping[Symbol, Expr]


@dataclass(frozen=True)
class Section:
    """A layer to be told; `names` and `uses` are there for a generic one only."""

    instance: Instance
    counter: Counter
    names: tuple[Named, ...] = ()
    uses: tuple[Use, ...] = ()


class SectionWriter:
    """Writes the sections of all layers of a model, in the order of first use."""

    def __init__(
        self, program: Program, counter: Counter, conventions: Sequence[Convention], layout: Layout, *, full: bool
    ) -> None:
        self.program = program
        self.counter = counter
        self.conventions = conventions
        self.layout = layout
        self.full = full
        self.layers = LayerWriter(counter, conventions, layout, self.program.aliases, full=full)
        self.opened = {i: places for i, places in opened(program.instance) if self.layers.worth_opening(i)}
        self.callers = self._callers(program.instance)

    def _callers(self, instance: Instance) -> dict[Instance, dict[str, set[int]]]:
        """The layers that apply each instance, by name, with the numbers that its applications have there."""
        found: dict[Instance, dict[str, set[int]]] = {}
        for caller in (instance, *(one for one, _ in opened(instance))):
            applications = self.layers.ledger.applications(caller)
            for call in applications.calls:
                numbers = found.setdefault(call.instance, {}).setdefault(caller.name, set())
                if (number := applications.number(call)) is not None:
                    numbers.add(number)
        return {called: dict(sorted(names.items())) for called, names in found.items()}

    def sections(self) -> list[Section]:
        """Generic layers that were found right, and every other layer by itself."""
        found: list[Section] = []
        told: set[Instance] = set()
        for generic in self.program.generalise(list(self.opened)):
            counter = Counter(generic.facts)
            uses = [
                Use(i, sizes) for i, sizes in generic.uses if i not in told and self._stands_for(generic, counter, i)
            ]
            if len(uses) > 1:
                found.append(Section(generic.instance, counter, generic.names, tuple(uses)))
                told |= {use.instance for use in uses}
        found += [Section(instance, self.counter) for instance in self.opened if instance not in told]
        first = {instance: number for number, instance in enumerate(self.opened)}
        return sorted(found, key=lambda section: first[section.uses[0].instance if section.uses else section.instance])

    def _stands_for(self, generic: Generic, counter: Counter, instance: Instance) -> bool:
        """Are the weights and operations of an instance those of the generic one at its sizes?"""
        try:
            ours, its = counter.instance(generic.instance), self.counter.instance(instance)
            sizes = next(sizes for other, sizes in generic.uses if other is instance)
            return _same(ours, its, sizes, self.program.facts)
        except ArchError:
            return False

    def blocks(self, level: int) -> Iterator[Block]:
        sections = self.sections()
        titles = [tuple(self.layers.title(section.instance)) for section in sections]
        often = Tally(titles)
        for section, title in zip(sections, titles, strict=True):
            if often[title] > 1:  # what is taken tells them apart
                title = (*title, " of ", *self.layers.shapes(section.instance.inputs))
            yield Heading(level, title, anchor=section.instance.name)
            yield from self.generic(section) if section.uses else self.single(section)

    def single(self, section: Section) -> Iterator[Block]:
        instance = section.instance
        words = [*self.layers.about(instance), *self.layers.takes(instance)]
        places = self.opened[instance]
        if places > 1:
            words.append(f" It is applied at {places} places, which are counted alike.")
        for name, numbers in self.callers[instance].items():
            runs = list(stretches(sorted(numbers)))
            if 0 < len(runs) <= MOST_STRETCHES:
                many = "number" if len(numbers) == 1 else "numbers"
                words += [" In ", Code(name), f" it has the {many} ", *listed(runs), "."]
        if words:
            yield Paragraph(tuple(words))
        yield from self.layers.body(instance)

    def generic(self, section: Section) -> Iterator[Block]:
        instance = section.instance
        layout = self.layout.after(_order(section, self.layout))
        layers = LayerWriter(section.counter, self.conventions, layout, self.program.aliases, full=self.full)
        yield Paragraph((*layers.about(instance), *layers.takes(instance), *_explained(section.names)))
        yield from layers.body(instance)
        yield self.uses(section, layers)

    def uses(self, section: Section, layers: LayerWriter) -> Table:
        """A row for each application: where, its sizes, and what it costs at them."""
        callers = {use.instance: _told(self.callers[use.instance]) for use in section.uses}
        places = {use.instance: self.opened[use.instance] for use in section.uses}
        told = len(set(callers.values())) > 1
        several = any(number > 1 for number in places.values())
        costs = [self.layers.cost(use.instance) for use in section.uses]
        head: list[Text] = [("in",)] * told
        head += [(f.Symbol(named.symbol.name),) for named in section.names]
        head += [("parameters",)] * any(cost.params for cost in costs)
        billed = [n for n in range(len(self.conventions)) if any(cost.operations[n] for cost in costs)]
        head += [(self.conventions[n].title,) for n in billed]
        head += [("places",)] * several
        rows: list[tuple[Text, ...]] = []
        for use, cost in zip(section.uses, costs, strict=True):
            row: list[Text] = [callers[use.instance]] * told
            row += [(self._formula(use.sizes[named.symbol]),) for named in section.names]
            row += [(self._formula(cost.params),)] * any(cost.params for cost in costs)
            row += [(self._formula(cost.operations[n]),) for n in billed]
            row += [(str(places[use.instance]),)] * several
            rows.append(tuple(row))
        inside: Text = () if told else (", in ", *callers[section.uses[0].instance])
        align = "l" * (len(head) - several) + "r" * several
        caption: Text = ("Where ", Code(section.instance.name), " is applied", *inside)
        return Table(caption, align, tuple(head), tuple(rows), anchor=f"uses {section.instance.name}")

    def _formula(self, expr: Expr) -> f.Formula:
        return f.slashed(self.layout.formula(expr))


def _order(section: Section, layout: Layout) -> list[str]:
    """The names of a generic layer as its signature has them: the sizes of its inputs, then its options. Those of the
    file keep their order among themselves."""
    sizes = [axis.size for tensor in section.instance.inputs for axis in tensor.axes]
    inputs = [symbol.name for size in sizes for symbol in sorted(size.symbols(), key=lambda symbol: symbol.name)]
    names = list(dict.fromkeys((*inputs, *(named.symbol.name for named in section.names))))
    known = iter(sorted((name for name in names if name in layout.order), key=layout.order.__getitem__))
    return [next(known) if name in layout.order else name for name in names]


def _same(ours: Totals, its: Totals, sizes: Mapping[Symbol, Expr], facts: Facts) -> bool:
    if {k for k, v in ours.operations.items() if v} != {k for k, v in its.operations.items() if v}:
        return False
    pairs = [(ours.params, its.params), (ours.active, its.active), (ours.buffers, its.buffers)]
    pairs += [(count, its.operations[kind]) for kind, count in ours.operations.items() if count]
    return all(substitute(generic, sizes, facts) == own for generic, own in pairs)


def _told(callers: Mapping[str, Collection[int]]) -> Text:
    """The layers that apply one, each with the numbers that it has there: `m` (1 to 3), `f`."""
    found: list[Text] = []
    for name, numbers in callers.items():
        runs = list(stretches(sorted(numbers)))
        shown = 0 < len(runs) <= MOST_STRETCHES
        found.append((Code(name), " (", *listed(runs), ")") if shown else (Code(name),))
    return tuple(listed(found))


def _explained(names: Sequence[Named]) -> list[Run]:
    """What symbols stand for that are not named as the layer names them."""
    words: list[Run] = []
    for named in names:
        if not named.name:
            said: list[Run] = [f.Symbol(named.symbol.name), " is the number of leading positions"]
        elif named.symbol.name.rstrip("'") != named.name:
            said = [f.Symbol(named.symbol.name), " is ", Code(named.name)]
        else:
            continue
        words += [", "] * bool(words) + said
    return [" Here ", *words, "."] if words else []
