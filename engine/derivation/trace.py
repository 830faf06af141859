"""Where a total comes from: what every equation and every weight adds to it, with the layers that it stands in and how
often they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..algebra.expression import Expr
from ..conventions import Convention
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

Around = tuple[Enclosing, ...]

# Layers are told apart down to the second: whatever lies deeper is one number of its layer, for a layer that calls
# itself twice has as many places as there are ways down.
LEVELS = 2


@dataclass(frozen=True)
class Contribution:
    """What an equation, a stated cost or the sum over what was chosen adds to a total; `name` is what it makes."""

    layers: tuple[str, ...]
    name: str
    count: Expr


def contributions(instance: Instance, counter: Counter, convention: Convention) -> Iterator[Contribution]:
    """Every contribution to the operations under a convention, in the order of the program."""
    yield from _Operations(counter, convention).walk(instance.body, (), ())


class _Operations:
    def __init__(self, counter: Counter, convention: Convention) -> None:
        self.counter = counter
        self.convention = convention

    def walk(self, body: tuple[Node, ...], layers: tuple[str, ...], around: Around) -> Iterator[Contribution]:
        for node in body:
            match node:
                case Equation():
                    yield from self.lines(node, layers, around)
                case Recurrence(equations=equations):
                    for equation in equations:
                        yield from self.lines(equation, layers, around)
                case Call(instance=instance) if len(layers) + 1 >= LEVELS:
                    for kind, count in self.counter.instance(instance).operations.items():
                        yield from self.billed(kind, count, instance.name, (*layers, instance.name), around)
                case Call(instance=instance):
                    yield from self.walk(instance.body, (*layers, instance.name), around)
                case Opaque(target=target):
                    for kind, count in stated(node).items():
                        yield from self.billed(kind, count, target.name, layers, around)
                case Repeat() | Parallel():
                    yield from self.walk(node.body, layers, (*around, node))
                case Choose(results=results):
                    yield from self.walk(node.body, layers, (*around, node))
                    for result in results:
                        count = self.counter.added_up(result, node)
                        yield from self.billed("add", count, result.outer.name, layers, around)
                case _:
                    pass

    def lines(self, equation: Equation, layers: tuple[str, ...], around: Around) -> Iterator[Contribution]:
        for line in self.counter.equation(equation):
            yield from self.billed(line.kind, line.count, equation.target.name, layers, around)

    def billed(
        self, kind: str, count: Expr, name: str, layers: tuple[str, ...], around: Around
    ) -> Iterator[Contribution]:
        rate = self.convention.rate(kind)
        if rate:
            for node in reversed(around):
                count = self.counter.operations_of_all(count, node)
            yield Contribution(layers, name, count * rate)


def weight_contributions(instance: Instance, counter: Counter) -> Iterator[tuple[tuple[str, ...], str, Expr]]:
    """(layers, weight, number of its elements in the whole model) for every weight that is counted."""
    yield from _weights(instance.body, (), counter, (), {})


def _weights(
    body: tuple[Node, ...],
    layers: tuple[str, ...],
    counter: Counter,
    around: Around,
    made: dict[Shared, Around | None],
) -> Iterator[tuple[tuple[str, ...], str, Expr]]:
    """`made` says what stands around each set of shared weights where it was made; None once it was counted."""
    for node in body:
        match node:
            case Share(shared=shared):
                made[shared] = around
            case Declared(kind="weight", tensor=tensor):
                count = counter.node(node).params
                for outer in reversed(around):
                    count = counter.weights_of_all(count, outer)
                yield layers, tensor.name, count
            case Call(instance=instance, shared=None) if layers and not counter.instance(instance).shared:
                count = counter.instance(instance).own.params
                for outer in reversed(around):
                    count = counter.weights_of_all(count, outer)
                yield (*layers, instance.name), instance.name, count
            case Call(instance=instance, shared=None):
                yield from _weights(instance.body, (*layers, instance.name), counter, around, made)
            case Call(instance=instance, shared=shared) if shared is not None and made.get(shared) is not None:
                outside = made[shared]
                assert outside is not None
                made[shared] = None
                yield from _weights(instance.body, (*layers, instance.name), counter, outside, made)
            case Repeat() | Choose() | Parallel():
                yield from _weights(node.body, layers, counter, (*around, node), made)
            case _:
                pass
