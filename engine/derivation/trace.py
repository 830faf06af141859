"""Where a total comes from: what every equation and every weight adds to it, with the layers that it stands in and how
often they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..algebra.expression import Expr
from ..conventions import Convention
from ..errors import Span
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
from ..quantities.operations import Line
from ..quantities.totals import Counter, Enclosing, stated

Around = tuple[Enclosing, ...]

# Layers are told apart down to the second, unless more is asked for: whatever lies deeper is one number of its layer,
# for a layer that calls itself twice has as many places as there are ways down.
LEVELS = 2


@dataclass(frozen=True)
class Contribution:
    """What an equation, a stated cost or the sum over what was chosen adds to a total; `name` is what it makes. `one`
    is its cost each time, before all turns of what stands `around` it; of an equation, `line` is the operation. `span`
    is where it is written."""

    layers: tuple[str, ...]
    name: str
    count: Expr
    one: Expr
    span: Span
    around: Around = ()
    equation: Equation | None = None
    line: Line | None = None


def contributions(
    instance: Instance, counter: Counter, convention: Convention, levels: int = LEVELS
) -> Iterator[Contribution]:
    """Every contribution to the operations under a convention, in the order of the program."""
    yield from _Operations(counter, convention, levels).walk(instance.body, (), ())


class _Operations:
    def __init__(self, counter: Counter, convention: Convention, levels: int) -> None:
        self.counter = counter
        self.convention = convention
        self.levels = levels

    def walk(self, body: tuple[Node, ...], layers: tuple[str, ...], around: Around) -> Iterator[Contribution]:
        for node in body:
            match node:
                case Equation():
                    yield from self.lines(node, layers, around)
                case Recurrence(equations=equations):
                    for equation in equations:
                        yield from self.lines(equation, layers, around)
                case Call(instance=instance) if len(layers) + 1 >= self.levels:
                    for kind, count in self.counter.instance(instance).operations.items():
                        yield from self.billed(kind, count, instance.name, (*layers, instance.name), around, node.span)
                case Call(instance=instance):
                    yield from self.walk(instance.body, (*layers, instance.name), around)
                case Opaque(target=target):
                    for kind, count in stated(node).items():
                        yield from self.billed(kind, count, target.name, layers, around, node.span)
                case Repeat() | Parallel():
                    yield from self.walk(node.body, layers, (*around, node))
                case Choose(results=results):
                    yield from self.walk(node.body, layers, (*around, node))
                    for result in results:
                        count = self.counter.added_up(result, node)
                        yield from self.billed("add", count, result.outer.name, layers, around, node.span)
                case _:
                    pass

    def lines(self, equation: Equation, layers: tuple[str, ...], around: Around) -> Iterator[Contribution]:
        for line in self.counter.equation(equation):
            for found in self.billed(line.kind, line.count, equation.target.name, layers, around, equation.span):
                yield replace(found, equation=equation, line=line)

    def billed(
        self, kind: str, count: Expr, name: str, layers: tuple[str, ...], around: Around, span: Span
    ) -> Iterator[Contribution]:
        rate = self.convention.rate(kind)
        if rate:
            one = count * rate
            for node in reversed(around):
                count = self.counter.operations_of_all(count, node)
            yield Contribution(layers, name, count * rate, one, span, around)


def weight_contributions(instance: Instance, counter: Counter, levels: int = LEVELS) -> Iterator[Contribution]:
    """What every weight that is counted adds to the parameters; `name` is the weight."""
    yield from _weights(instance.body, (), counter, (), {}, levels)


def _weights(
    body: tuple[Node, ...],
    layers: tuple[str, ...],
    counter: Counter,
    around: Around,
    made: dict[Shared, Around | None],
    levels: int,
) -> Iterator[Contribution]:
    """`made` says what stands around each set of shared weights where it was made; None once it was counted."""

    def held(one: Expr, layers: tuple[str, ...], name: str, span: Span) -> Contribution:
        count = one
        for outer in reversed(around):
            count = counter.weights_of_all(count, outer)
        return Contribution(layers, name, count, one, span, around)

    for node in body:
        match node:
            case Share(shared=shared):
                made[shared] = around
            case Declared(kind="weight", tensor=tensor):
                yield held(counter.node(node).params, layers, tensor.name, node.span)
            case Call(instance=instance, shared=None) if (
                len(layers) + 1 >= levels and not counter.instance(instance).shared
            ):
                yield held(counter.instance(instance).own.params, (*layers, instance.name), instance.name, node.span)
            case Call(instance=instance, shared=None):
                yield from _weights(instance.body, (*layers, instance.name), counter, around, made, levels)
            case Call(instance=instance, shared=shared) if shared is not None and made.get(shared) is not None:
                outside = made[shared]
                assert outside is not None
                made[shared] = None
                yield from _weights(instance.body, (*layers, instance.name), counter, outside, made, levels)
            case Repeat() | Choose() | Parallel():
                yield from _weights(node.body, layers, counter, (*around, node), made, levels)
            case _:
                pass
