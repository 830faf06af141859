"""Positions: which axes of a model's inputs carry them, and which inputs are one sequence.

All axes but the last carry positions (the last too, of a tensor that names places), without those that hold independent
inputs. Tensors whose axes have the same sizes are one sequence. A tensor that only tells which positions of another one
are read, as the ends of edges do, is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ..algebra.atoms import Symbol
from ..algebra.expression import Expr
from ..program import Call, Equation, Instance, Node, Program, Recurrence, nested
from ..scalars import Tensor, lookups, reads
from .reading import guarded

Axes = tuple[int, ...]
# The sizes of the axes that carry positions: of a text (N,), of an image (H, W).
Sequence_ = tuple[Expr, ...]


class NotDerived(Exception):
    """The routes of this model have no closed form; the message says why. `unknown` tells that the positions which are
    read are not known, rather than what follows from them, and `none` that there are no positions."""

    def __init__(self, why: str, *, unknown: bool = False, none: bool = False) -> None:
        super().__init__(why)
        self.unknown = unknown
        self.none = none

    @property
    def sentence(self) -> str:
        start = "none, because" if self.none else "unknown, because" if self.unknown else "not supported yet:"
        return f"{start} {self}"


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
    found = {tensor: axes for tensor, axes in position_axes(program, instance).items() if axes}
    if not found:
        raise NotDerived("no input has an axis of positions", none=True)
    sizes = (tuple(t.axes[axis].upper + 1 for axis in axes) for t, axes in found.items())
    return Positions(found, tuple(dict.fromkeys(sizes)))


def position_axes(program: Program, instance: Instance) -> dict[Tensor, Axes]:
    """The axes of every input that carry positions; none of what only tells which positions of others are read."""
    batch = frozenset(d.symbol for d in program.dimensions if d.batch)
    found = {tensor: axes_of(tensor, instance, batch) for tensor in instance.inputs}
    deciding = deciding_inputs(instance)
    if any(axes for tensor, axes in found.items() if tensor not in deciding):
        found.update(dict.fromkeys((t for t in found if t in deciding), ()))
    return found


def axes_of(tensor: Tensor, instance: Instance, batch: frozenset[Symbol]) -> Axes:
    """The axes of one input that carry positions."""
    several = tensor.axes if tensor in integer_inputs(instance) else tensor.axes[:-1]
    return tuple(n for n, axis in enumerate(several) if not (axis.size.symbols() and axis.size.symbols() <= batch))


@lru_cache(maxsize=4096)
def integer_inputs(instance: Instance) -> frozenset[Tensor]:
    """Inputs that are used to look something up, here or in a layer that they are handed to."""
    return _inputs_that(_looked_up, instance)


@lru_cache(maxsize=4096)
def deciding_inputs(instance: Instance) -> frozenset[Tensor]:
    """Inputs that tell, here or in a layer that they are handed to, which positions of other tensors are read."""
    return _inputs_that(_deciding, instance)


def _inputs_that(named: Callable[[Equation], Iterable[Tensor]], instance: Instance) -> frozenset[Tensor]:
    """The inputs that an equation inside names."""
    inside = integer_inputs if named is _looked_up else deciding_inputs
    found: set[Tensor] = set()

    def visit(nodes: Iterable[Node]) -> None:
        for node in nodes:
            match node:
                case Equation():
                    found.update(named(node))
                case Recurrence(equations=equations):
                    for equation in equations:
                        found.update(named(equation))
                case Call(instance=inner, arguments=arguments):
                    used = inside(inner)
                    found.update(a for a, f in zip(arguments, inner.inputs, strict=True) if f in used)
                case _:
                    visit(nested(node))

    visit(instance.body)
    return frozenset(found & set(instance.inputs))


def _looked_up(equation: Equation) -> set[Tensor]:
    return {
        inner.tensor
        for read in equation.reads
        for subscript in read.subscripts
        for scalar in lookups(subscript)
        for inner in reads(scalar)
    }


def _deciding(equation: Equation) -> set[Tensor]:
    return {one.read.tensor for one in guarded(equation.body) if one.decides}
