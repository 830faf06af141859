"""What a layer's lines cost, as lists that add up: those of one turn of a repeat and their sum, then its turns
together, then what stands outside of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .. import formula as f
from ..algebra.expression import ZERO, Expr
from ..conventions import Convention
from ..document import Block, Code, Paragraph, Run, Step, Steps, Text
from ..forms import Layout
from ..program import (
    Call,
    Choose,
    Declared,
    Equation,
    Instance,
    Node,
    Opaque,
    Parallel,
    Recurrence,
    Repeat,
    Share,
    Shared,
)
from ..quantities.totals import Counter, Enclosing, stated
from .applications import Applications, look
from .costs import CostWriter
from .equations import Writer
from .repeats import RepeatWriter, names_of, running

# Parts of a sum that are named one by one.
MOST_PARTS = 4


@dataclass(frozen=True)
class Line:
    """Something that costs `value`: what it is called, and its steps, the first with that name on the left."""

    left: f.Formula
    value: Expr
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Part:
    """A term of a sum."""

    left: f.Formula
    value: Expr


@dataclass(frozen=True)
class Group:
    """The lines of one body, without those of the bodies inside of it. `one` is what the body costs each time, `all`
    what it adds to what it stands in."""

    node: Enclosing | None
    name: str
    inner: tuple[Group, ...]
    lines: tuple[Line, ...]
    one: Expr
    all: Part | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """What adds up to the cost of the body: all turns of what is inside, then its lines."""
        inside = [group.all for group in self.inner if group.all is not None]
        return (*inside, *(Part(line.left, line.value) for line in self.lines))


class Ledger:
    """The costs of the lines of an instance, of its weights or under a convention."""

    def __init__(self, counter: Counter, conventions: Sequence[Convention], layout: Layout) -> None:
        self.counter = counter
        self.conventions = conventions
        self.layout = layout
        self.costs = CostWriter(counter, layout)
        self.repeats = RepeatWriter(layout)
        self.writer = Writer(layout)
        self._applications: dict[Instance, Applications] = {}

    def blocks(self, instance: Instance, convention: Convention | None) -> Iterator[Block]:
        """The lists, each with its sum. A model's own sum stands in its totals."""
        whole = self.group(instance, convention)
        for group in whole.inner:
            yield from self.told(group, convention)
        steps = [step for line in whole.lines for step in line.steps]
        if whole.lines and whole.inner:
            yield Paragraph((f"{_title(convention)} outside ", _around(whole.inner), ":"))
        if instance.kind != "model" and len(whole.parts) > 1:
            name = f.Apply(_quantity(convention), (f.Words(instance.name),))
            steps += self.summed(name, whole, "all together")
        if steps:
            yield Steps(tuple(steps))

    def told(self, group: Group, convention: Convention | None) -> Iterator[Block]:
        """The lists of what is inside a body, its own list with its sum, and that of all turns."""
        for inner in group.inner:
            yield from self.told(inner, convention)
        assert group.node is not None
        yield Paragraph((f"{_title(convention)} of ", *self.repeats.called(group.node, group.name), ":"))
        one = f.Apply(_quantity(convention), (f.Symbol(group.name),))
        what = "all of a turn" if isinstance(group.node, Repeat) else "all of a body"
        steps = [step for line in group.lines for step in line.steps]
        steps += self.summed(one, group, what)
        if group.all is not None and group.all.left != one:
            shown = self.layout.formula(group.all.value)
            steps.append(Step(group.all.left, "=", shown, self.repeats.reason(group.node, group.one, convention)))
        yield Steps(tuple(steps))

    def summed(self, name: f.Formula, group: Group, what: str) -> Iterator[Step]:
        """The sum of the lines above it; with what stands further up, its parts by name."""
        closed = self.layout.formula(group.one)
        if not group.inner:
            yield Step(name, "=", closed, (what,))
        elif len(group.parts) <= MOST_PARTS:
            added = tuple(part.left for part in group.parts)
            yield Step(name, "=", added[0] if len(added) == 1 else f.Sum(added))
            yield Step(None, "=", closed, (what,))
        else:
            yield Step(name, "=", closed, (what, ", with the sums above"))

    # ---------------------------------------------------------------- what costs what

    def group(self, instance: Instance, convention: Convention | None) -> Group:
        """Everything that costs something, by the body that it stands in."""
        return _Finder(self, instance, convention).group(instance.body, None)

    def applications(self, instance: Instance) -> Applications:
        """How the layers that an instance applies are told apart, alike for all that is counted of it."""
        if instance not in self._applications:
            self._applications[instance] = Applications(instance, self.costs_anything)
        return self._applications[instance]

    def costs_anything(self, instance: Instance) -> bool:
        totals = self.counter.instance(instance)
        return bool(totals.params or any(totals.billed(convention.rates) for convention in self.conventions))


class _Finder:
    """Finds the lines of one instance; what they are called tells them apart."""

    def __init__(self, ledger: Ledger, instance: Instance, convention: Convention | None) -> None:
        self.ledger = ledger
        self.counter = ledger.counter
        self.layout = ledger.layout
        self.convention = convention
        self.quantity = _quantity(convention)
        self.names = names_of(instance.body)
        self.applications = ledger.applications(instance)

    def group(self, body: tuple[Node, ...], node: Enclosing | None) -> Group:
        inner = [self.group(n.body, n) for n in running(body) if isinstance(n, Repeat | Choose | Parallel)]
        inner = [group for group in inner if group.one]
        lines = tuple(self.lines(body))
        name = "" if node is None else self.names[node]
        one = sum((part.value for part in Group(node, name, tuple(inner), lines, ZERO).parts), ZERO)
        return Group(node, name, tuple(inner), lines, one, self.all(one, node))

    def all(self, one: Expr, node: Enclosing | None) -> Part | None:
        """What a body costs all times together, and how that is written."""
        if node is None or not one:
            return None
        if self.convention is None:
            whole = self.counter.weights_of_all(one, node)
        else:
            whole = self.counter.operations_of_all(one, node)
        return Part(self.ledger.repeats.together(node, self.names[node], self.quantity, self.convention), whole)

    def lines(self, body: tuple[Node, ...]) -> Iterator[Line]:
        """The weights of a body or its equations, then the layers that it applies, each layer once."""
        if self.convention is None:
            yield from self.weights(body)
        else:
            yield from self.equations(body, self.convention)
        yield from self.calls(body)
        if self.convention is not None:
            yield from self.added(body, self.convention)

    def weights(self, body: tuple[Node, ...]) -> Iterator[Line]:
        """Weights that are declared here, and sets of shared weights that are made here."""
        for node in body:
            if isinstance(node, Declared) and node.kind == "weight":
                step = self.ledger.costs.volume(node.tensor)
                assert step.left is not None
                yield Line(step.left, self.counter.node(node).own.params, (step,))
        held = {shared: weights for node in body for shared, weights in self.counter.node(node).shared.items()}
        for node in body:
            if isinstance(node, Share) and node.shared in held and held[node.shared].params:
                left = f.Apply("params", (f.Words(node.shared.name),))
                value = held[node.shared].params
                words: list[Run] = [Code(layer), ", "] if (layer := self.shared_by(node.shared)) else []
                reason = (*words, "one set of weights")
                yield Line(left, value, (Step(left, "=", self.layout.formula(value), reason),))

    def shared_by(self, shared: Shared) -> str:
        return next((call.instance.name for call in self.applications.calls if call.shared is shared), "")

    def equations(self, body: tuple[Node, ...], convention: Convention) -> Iterator[Line]:
        """Equations and stated costs; those that make one tensor together are one line that goes on."""
        found: dict[str, list[Step]] = {}
        values: dict[str, Expr] = {}
        for equation in _equations(body):
            name = equation.target.name
            lines = self.counter.equation(equation)
            found.setdefault(name, []).extend(self.ledger.costs.counts(equation, convention))
            values[name] = sum((line.count * convention.rate(line.kind) for line in lines), values.get(name, ZERO))
        for node in body:
            if isinstance(node, Opaque):
                name = node.target.name
                count = sum((cost * convention.rate(kind) for kind, cost in stated(node).items()), ZERO)
                reason: Text = (f"stated, not derived: {node.because}",)
                if count:
                    left = f.Apply(convention.name, (f.Symbol(name),))
                    found.setdefault(name, []).append(Step(left, "=", self.layout.formula(count), reason))
                    values[name] = values.get(name, ZERO) + count
        for name, steps in found.items():
            left = f.Apply(convention.name, (f.Symbol(name),))
            if values[name]:
                further = (Step(None, "+", step.right, step.reason) for step in steps[1:])
                yield Line(left, values[name], (Step(left, "=", steps[0].right, steps[0].reason), *further))

    def calls(self, body: tuple[Node, ...]) -> Iterator[Line]:
        """What the layers cost that a body applies."""
        places: dict[Instance, list[Call]] = {}
        for node in body:
            if isinstance(node, Call) and (self.convention is not None or node.shared is None):
                places.setdefault(node.instance, []).append(node)
        for instance, alike in places.items():
            totals = self.counter.instance(instance)
            one = totals.own.params if self.convention is None else totals.billed(self.convention.rates)
            if not one:
                continue
            left = self.applications.cost(self.quantity, alike)
            shown = self.layout.formula(one)
            if len(alike) > 1:
                times, whole = (
                    f.Product((f.integer(len(alike)), shown), dots=True),
                    self.layout.formula(one * len(alike)),
                )
                alike_written = look(times).replace("·", "") == look(whole).replace("·", "")
                shown = whole if alike_written else f.Relation((times, whole), ("=",))
            yield Line(left, one * len(alike), (Step(left, "=", shown, self.which(alike)),))

    def which(self, alike: Sequence[Call]) -> Text:
        """Which layer has that cost, or what it gives where the cost has the layer's name. A number says it all."""
        only = alike[0]
        if len(alike) > 1:
            return (Code(only.instance.name), *self.applications.often(alike))
        if self.applications.number(only) is not None:
            return ()
        if self.applications.by_result(only):
            return (Code(only.instance.name),)
        return ("gives ", f.Symbol(only.results[0].name), " ", *self.ledger.writer.shape(only.results[0]))

    def added(self, body: tuple[Node, ...], convention: Convention) -> Iterator[Line]:
        """Additions over the bodies that were chosen."""
        for node in body:
            if not isinstance(node, Choose):
                continue
            for result in node.results:
                value = self.counter.added_up(result, node) * convention.rate("add")
                if value:
                    left = f.Apply(convention.name, (f.Symbol(result.outer.name),))
                    chosen = f.slashed(self.layout.formula(node.chosen))
                    reason: Text = ("adding up what ", chosen, " bodies give")
                    yield Line(left, value, (Step(left, "=", self.layout.formula(value), reason),))


def _quantity(convention: Convention | None) -> str:
    return "params" if convention is None else convention.name


def _title(convention: Convention | None) -> str:
    title = "parameters" if convention is None else convention.title
    return title[0].upper() + title[1:]


def _around(groups: Sequence[Group]) -> str:
    repeats = all(isinstance(group.node, Repeat) for group in groups)
    if len(groups) > 1:
        return "the repeats" if repeats else "these"
    return "the repeat" if repeats else "the bodies"


def _equations(body: tuple[Node, ...]) -> Iterator[Equation]:
    for node in body:
        match node:
            case Equation():
                yield node
            case Recurrence(equations=equations):
                yield from equations
            case _:
                pass
