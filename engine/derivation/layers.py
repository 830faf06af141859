"""The layers of a model, each told once: its equations with their shapes, and what each of them costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .. import formula as f
from ..algebra.expression import Expr
from ..conventions import Convention
from ..document import Block, Code, Paragraph, Run, Step, Steps, Text
from ..forms import Layout
from ..nodes import entered, made
from ..program import (
    Call,
    Choose,
    Declared,
    Equation,
    Instance,
    Join,
    Node,
    Opaque,
    Parallel,
    Recurrence,
    Repeat,
    Split,
    nested,
)
from ..quantities.totals import Counter, Enclosing
from ..scalars import Tensor
from .aliases import Names
from .applications import look
from .equations import Writer
from .ledger import Ledger
from .repeats import RepeatWriter, in_order, names_of, running
from .shown import listed, sentence


def opened(instance: Instance) -> list[tuple[Instance, int]]:
    """Every instance that a model applies, directly or not, with the number of places at which it does, in the order of
    first use. A place in a layer that is applied twice is two; the turns of a repeat are one."""
    first: list[Instance] = []
    applied: dict[Instance, dict[Instance, int]] = {}

    def visit(caller: Instance) -> None:
        here = applied[caller] = {}
        for node in in_order(caller.body):
            if isinstance(node, Call):
                here[node.instance] = here.get(node.instance, 0) + 1
                if node.instance not in applied:
                    first.append(node.instance)
                    visit(node.instance)

    visit(instance)
    places = {instance: 1}
    # callers before those that they call: the reverse of the order in which layers are left
    for caller in reversed(_left(instance, applied)):
        for called, number in applied[caller].items():
            places[called] = places.get(called, 0) + number * places[caller]
    return [(one, places[one]) for one in first]


def _left(instance: Instance, applied: Mapping[Instance, Mapping[Instance, int]]) -> list[Instance]:
    """Every instance after all that it applies."""
    found: dict[Instance, None] = {}

    def leave(caller: Instance) -> None:
        for called in applied[caller]:
            if called not in found:
                leave(called)
        found[caller] = None

    leave(instance)
    return list(found)


@dataclass(frozen=True)
class Cost:
    """One application of a layer under one convention."""

    params: Expr
    operations: tuple[Expr, ...]


class LayerWriter:
    """Writes what stands in a layer, under every convention that was asked for."""

    def __init__(
        self,
        counter: Counter,
        conventions: Sequence[Convention],
        layout: Layout,
        aliases: Mapping[Tensor, str],
        *,
        full: bool,
    ) -> None:
        self.counter = counter
        self.aliases = aliases
        self.conventions = conventions
        self.layout = layout
        self.full = full
        self.writer = Writer(layout)
        self.ledger = Ledger(counter, conventions, layout)
        self.repeats = RepeatWriter(layout)

    def cost(self, instance: Instance) -> Cost:
        totals = self.counter.instance(instance)
        return Cost(totals.params, tuple(totals.billed(convention.rates) for convention in self.conventions))

    def worth_opening(self, instance: Instance) -> bool:
        """Does a layer cost something, or hold weights?"""
        cost = self.cost(instance)
        return bool(self.full or cost.params or any(cost.operations))

    def rate(self, kind: str) -> int:
        """Is a kind of operation billed under any of the conventions?"""
        return max(convention.rate(kind) for convention in self.conventions)

    def takes(self, instance: Instance) -> list[Run]:
        """Takes x [N, D] and y [M, D]."""
        return ["Takes ", *self.shapes(instance.inputs), "."] if instance.inputs else []

    def title(self, instance: Instance) -> list[Run]:
        """The layer with the options that are not at their defaults, sizes as they look everywhere else."""
        sizes = dict(instance.sizes)
        options: list[Text] = []
        for name, text in instance.options:
            value = f.slashed(self.layout.formula(sizes[name])) if name in sizes else f.Words(text)
            if name not in instance.usual and look(value) not in ("…", name, look(f.Symbol(name))):
                shown = f.Relation((f.Symbol(name), value), ("=",)) if name in sizes else f"{name} = {text}"
                options.append((shown,))
        words: list[Run] = [Code(instance.name)]
        for number, option in enumerate(options):
            words += [", " if number else "(", *option]
        return [*words, ")"] if options else words

    def about(self, instance: Instance) -> list[Run]:
        return [sentence(instance.doc), " "] if instance.doc else []

    def shapes(self, tensors: tuple[Tensor, ...]) -> list[Run]:
        words: list[Run] = []
        for number, tensor in enumerate(tensors):
            if number:
                words.append(", " if number < len(tensors) - 1 else " and ")
            words += [f.Symbol(tensor.name), " ", *self.writer.shape(tensor)]
        return words

    def body(self, instance: Instance) -> Iterator[Block]:
        """Weights, equations, what each costs, and their sum."""
        weights = _declared(instance.body, "weight")
        buffers = _declared(instance.body, "buffer")
        if weights:
            yield Paragraph(("Weights: ", *self.shapes(tuple(weights)), "."))
        if buffers:
            yield Paragraph(("Held, not trained: ", *self.shapes(tuple(buffers)), "."))
        names = Names(instance, self.aliases)
        self.given = {tensor.name: tensor for tensor in (*instance.inputs, *weights, *buffers)}
        self.applications = self.ledger.applications(instance)
        self.writer = Writer(self.layout, names.of)
        if instance.kind == "model" and (numbered := self.applications.numbered()):
            name = numbered[0].instance.name
            words = "Applications of one layer whose results have no names of their own are numbered: "
            two = [(f.Words(name, number),) for number in range(1, min(2, len(numbered)) + 1)]
            yield Paragraph((words, *listed(two), "."))
        yield from self.lines(instance.body, names_of(instance.body), names, within="")
        for convention in (None, *self.conventions):
            yield from self.ledger.blocks(instance, convention)

    def lines(
        self, body: tuple[Node, ...], turns: Mapping[Enclosing, str], names: Names, *, within: str
    ) -> Iterator[Block]:
        """What a body does, in its order; what stands inside a repeat or a choice under a line of its own, with the
        name of one turn of it. `within` is that of the body itself. A second name of a tensor is told where the first
        one is taken."""
        steps: list[Step] = []
        after = False  # does what comes stand behind a repeat?
        for node in running(body):
            if isinstance(node, Repeat | Choose | Parallel):
                steps += self.second(names.taken(entered(node)))
                if steps:
                    yield Steps(tuple(steps))
                    steps = []
                yield from self.repeats.heading(node, turns[node], within)
                yield from self.lines(node.body, turns, names, within=turns[node])
                names.taken(made(node))
                after = True
                continue
            shown = self.line(node)
            if shown and after:
                yield Paragraph(("After that, in ", f.Symbol(within), ":") if within else ("After that:",))
                after = False
            steps += [*self.second(names.taken(made(node))), *shown]
        if steps:
            yield Steps(tuple(steps))

    def second(self, found: list[tuple[str, Tensor]]) -> list[Step]:
        """skip = x."""
        return [
            Step(f.Symbol(name), "=", f.Symbol(tensor.name), tuple(self.writer.shape(tensor))) for name, tensor in found
        ]

    def line(self, node: Node) -> list[Step]:
        match node:
            case Equation():
                return [self.equation(node)]
            case Recurrence(equations=equations):
                return [self.equation(equation) for equation in equations]
            case Call(instance=instance, written=written, results=results, shared=shared):
                number = self.applications.number(node)
                made = self.made(results, f.Apply(instance.name, self.called(written), number=number))
                if shared is None:
                    return [made]
                return [replace(made, reason=(*made.reason, ", with the weights of ", Code(shared.name)))]
            case Join(result=result, parts=parts):
                return [self.made((result,), f.Apply("concat", self.called(parts)))]
            case Split(results=results, source=source):
                return [self.made(results, f.Apply("split", self.called((source,))))]
            case Opaque(target=target, sources=sources, because=because):
                made = self.made((target,), f.Apply("stated", self.called(sources)))
                return [replace(made, reason=(*made.reason, f", {because}"))]
            case _:
                return []

    def called(self, tensors: tuple[Tensor, ...]) -> tuple[f.Formula, ...]:
        return tuple(f.Symbol(self.writer.called(tensor)) for tensor in tensors)

    def made(self, results: tuple[Tensor, ...], right: f.Formula) -> Step:
        names = tuple(f.Symbol(result.name) for result in results)
        left = names[0] if len(names) == 1 else f.Group(names)
        return Step(left, self.relation(results), right, tuple(self.writer.shape(results[0])))

    def relation(self, tensors: tuple[Tensor, ...]) -> str:
        """An arrow where a name is given anew, which stood for another tensor so far: x ← x + y."""
        anew = any(self.given.get(tensor.name, tensor) is not tensor for tensor in tensors)
        self.given.update((tensor.name, tensor) for tensor in tensors)
        return "<-" if anew else "="

    def equation(self, equation: Equation) -> Step:
        left, right = self.writer.equation(equation)
        words = self.writer.shape(equation.target)
        for bound in self.writer.ranges(equation):
            words += [", ", bound]
        return Step(left, self.relation((equation.target,)), right, tuple(words))


def _declared(body: tuple[Node, ...], kind: str) -> list[Tensor]:
    """The weights or buffers of a body, those of the turns of its repeats too."""
    found: list[Tensor] = []
    for node in body:
        if isinstance(node, Declared) and node.kind == kind:
            found.append(node.tensor)
        else:
            found += _declared(nested(node), kind)
    return found
