"""Positions: which axes of a model's inputs carry them, and which inputs are one sequence.

All axes but the last carry positions (the last too, of a tensor that names places), without those that hold independent
inputs. Tensors whose axes have the same sizes are one sequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ..algebra.atoms import Symbol
from ..algebra.expression import Expr
from ..program import Call, Equation, Instance, Node, Program, Recurrence, nested
from ..scalars import Tensor, lookups, reads

Axes = tuple[int, ...]
# The sizes of the axes that carry positions: of a text (N,), of an image (H, W).
Sequence_ = tuple[Expr, ...]


class NotDerived(Exception):
    """The routes of this model are not derived; the message says why."""


@dataclass(frozen=True)
class Positions:
    """The axes of each input that carry positions, if any do, and the sequences that the inputs are."""

    axes: Mapping[Tensor, Axes]
    sequences: tuple[Sequence_, ...]

    def sequence(self, tensor: Tensor) -> int:
        """The number of the sequence that an input is."""
        return self.sequences.index(tuple(tensor.axes[axis].upper + 1 for axis in self.axes[tensor]))


@lru_cache(maxsize=16)
def positions(instance: Instance, program: Program) -> Positions:
    """The positions of a model. Raises `NotDerived` where there are none."""
    batch = frozenset(d.symbol for d in program.dimensions if d.batch)
    found = {tensor: axes for tensor in instance.inputs if (axes := axes_of(tensor, instance, batch))}
    if not found:
        raise NotDerived("no input has an axis of positions")
    sizes = (tuple(t.axes[axis].upper + 1 for axis in axes) for t, axes in found.items())
    return Positions(found, tuple(dict.fromkeys(sizes)))


def axes_of(tensor: Tensor, instance: Instance, batch: frozenset[Symbol]) -> Axes:
    """The axes of one input that carry positions."""
    several = tensor.axes if tensor in integer_inputs(instance) else tensor.axes[:-1]
    return tuple(n for n, axis in enumerate(several) if not (axis.size.symbols() and axis.size.symbols() <= batch))


@lru_cache(maxsize=4096)
def integer_inputs(instance: Instance) -> frozenset[Tensor]:
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
                    used = integer_inputs(inner)
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
