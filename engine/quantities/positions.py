"""Positions: which axis of a model's inputs is its sequence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ..algebra.expression import Expr
from ..program import Call, Equation, Instance, Node, Program, Recurrence, nested
from ..scalars import Tensor, lookups, reads


class NotDerived(Exception):
    """The routes of this model are not derived; the message says why."""


@dataclass(frozen=True)
class Positions:
    """The position axis of a model: its size, and the axis of each input that carries it."""

    size: Expr
    axes: Mapping[Tensor, int]


@lru_cache(maxsize=16)
def positions(instance: Instance, program: Program) -> Positions:
    """The input tensors' axes but the last (all, if a tensor holds integers), without batch dims. Raises
    `NotDerived`."""
    batch = {d.symbol for d in program.dimensions if d.batch}
    integers = _integer_inputs(instance)
    found: dict[Tensor, int] = {}
    sizes: dict[Expr, str] = {}
    for tensor in instance.inputs:
        axes = list(enumerate(tensor.axes if tensor in integers else tensor.axes[:-1]))
        axes = [(n, a) for n, a in axes if not (a.size.symbols() and a.size.symbols() <= batch)]
        if len(axes) > 1:
            raise NotDerived(f"`{tensor.name}` has positions on {len(axes)} axes")
        for number, axis in axes:
            found[tensor] = number
            sizes[axis.size] = tensor.name
    if not sizes:
        raise NotDerived("no input has an axis of positions")
    if len(sizes) > 1:
        raise NotDerived(f"the inputs {' and '.join(f'`{n}`' for n in sizes.values())} are different sequences")
    (size,) = sizes
    return Positions(size, found)


@lru_cache(maxsize=4096)
def _integer_inputs(instance: Instance) -> frozenset[Tensor]:
    """Inputs that are used to look something up, here or in a layer that they are handed to."""
    found: set[Tensor] = set()
    inputs = set(instance.inputs)

    def visit(nodes: Iterable[Node]) -> None:
        for node in nodes:
            match node:
                case Equation():
                    found.update(_looked_up(node) & inputs)
                case Recurrence(equations=equations):
                    for equation in equations:
                        found.update(_looked_up(equation) & inputs)
                case Call(instance=inner, arguments=arguments):
                    used = _integer_inputs(inner)
                    found.update(a for a, f in zip(arguments, inner.inputs, strict=True) if f in used and a in inputs)
                case _:
                    visit(nested(node))

    visit(instance.body)
    return frozenset(found)


def _looked_up(equation: Equation) -> set[Tensor]:
    return {
        inner.tensor
        for read in equation.reads
        for subscript in read.subscripts
        for scalar in lookups(subscript)
        for inner in reads(scalar)
    }
