"""Where a total comes from: every counted line of every equation with the layers that it stands in and how often they
run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..algebra.expression import Expr
from ..conventions import Convention
from ..program import Call, Declared, Equation, Instance, Node, Recurrence, Repeat
from ..quantities.operations import Line
from ..quantities.totals import Counter


@dataclass(frozen=True)
class Contribution:
    """What one equation adds to the total of a model under a convention."""

    layers: tuple[str, ...]
    equation: Equation
    line: Line
    count: Expr


def contributions(instance: Instance, counter: Counter, convention: Convention) -> Iterator[Contribution]:
    """Every contribution, in the order of the program. Their counts add up to the total."""
    yield from _walk(instance.body, (), counter, convention, ())


def _walk(
    body: tuple[Node, ...],
    layers: tuple[str, ...],
    counter: Counter,
    convention: Convention,
    repeats: tuple[Repeat, ...],
) -> Iterator[Contribution]:
    for node in body:
        match node:
            case Equation():
                yield from _lines(node, layers, counter, convention, repeats)
            case Recurrence(equations=equations):
                for equation in equations:
                    yield from _lines(equation, layers, counter, convention, repeats)
            case Call(instance=instance):
                yield from _walk(instance.body, (*layers, instance.name), counter, convention, repeats)
            case Repeat():
                yield from _walk(node.body, layers, counter, convention, (*repeats, node))
            case _:
                pass


def _lines(
    equation: Equation, layers: tuple[str, ...], counter: Counter, convention: Convention, repeats: tuple[Repeat, ...]
) -> Iterator[Contribution]:
    for line in counter.equation(equation):
        rate = convention.rates.get(line.kind, convention.rates.get("*", 0))
        if rate:
            count = line.count * rate
            for repeat in reversed(repeats):
                count = counter.sum_turns(count, repeat)
            yield Contribution(layers, equation, line, count)


def weight_contributions(instance: Instance, counter: Counter) -> Iterator[tuple[tuple[str, ...], str, Expr]]:
    """(layers, weight, number of its elements in the whole model) for every weight that is counted."""
    yield from _weights(instance.body, (), counter, ())


def _weights(
    body: tuple[Node, ...], layers: tuple[str, ...], counter: Counter, repeats: tuple[Repeat, ...]
) -> Iterator[tuple[tuple[str, ...], str, Expr]]:
    for node in body:
        match node:
            case Declared(kind="weight", tensor=tensor):
                count = counter.node(node).params
                for repeat in reversed(repeats):
                    count = counter.sum_turns(count, repeat)
                yield layers, tensor.name, count
            case Call(instance=instance, first=True):
                yield from _weights(instance.body, (*layers, instance.name), counter, repeats)
            case Repeat():
                yield from _weights(node.body, layers, counter, (*repeats, node))
            case _:
                pass
