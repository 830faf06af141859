"""Into a program and out of it: input positions as sources, and for every output position what reaches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, const
from ..algebra.substitution import substitute
from ..program import Instance
from ..scalars import Axis, Tensor, place
from .arithmetic import At, Number, whole
from .bits import Reach, Reaches, either, source
from .graph import BUDGET, Known, Memory, Routes, Walker
from .pieces import Part, spread
from .taps import box, strides

Place = tuple[int, ...]


@dataclass(frozen=True)
class Space:
    """The positions of inputs, or of outputs, that are one sequence: tensors whose position axes have equal sizes."""

    sizes: tuple[Expr, ...]
    names: tuple[str, ...]


# A position: (the sizes of its space, its place there).
Position = tuple[tuple[Expr, ...], Place]


@dataclass(frozen=True)
class Reached:
    """What reaches the outputs. The bits of a reach are the numbers of `sources`; `undecided` says why some routes are
    not known."""

    sources: tuple[Position, ...]
    targets: Mapping[Position, Reach | None]
    undecided: tuple[str, ...] = ()


def reached(
    instance: Instance,
    at: Mapping[Symbol, Number],
    axes: Mapping[Tensor, tuple[int, ...]],
    routes: Routes = "certain",
    budget: int = BUDGET,
) -> Reached:
    """For every output position, from every input position, the fewest units on a route, at these sizes. Raises
    `TooLarge` beyond the budget."""
    walker = Walker(routes, budget)
    sources, memory = entered(instance, at, axes)
    walker.body(instance.body, memory, dict(at))
    return Reached(sources, left(instance, memory, at), tuple(walker.undecided))


def entered(
    instance: Instance,
    at: Mapping[Symbol, Number],
    axes: Mapping[Tensor, tuple[int, ...]],
    before: Mapping[Position, Reach | None] | None = None,
) -> tuple[tuple[Position, ...], Memory]:
    """(the input positions, what is known of the inputs). `before` is what has reached them; by default each is reached
    by itself."""
    numbers: dict[Position, int] = {}
    memory: Memory = {}
    for tensor in instance.inputs:
        if not axes.get(tensor):
            continue
        chosen = tuple(sorted(axes[tensor]))
        sizes = tuple(tensor.axes[axis].size for axis in chosen)
        ranges = tuple(box(tensor.axes, at)[axis] for axis in chosen)
        values: Reaches = []
        for here in product(*(range(low, high + 1) for low, high in ranges)):
            position = (sizes, here)
            number = numbers.setdefault(position, len(numbers))
            values.append(source(number) if before is None else before.get(position))
        memory[tensor] = Known(frozenset(chosen), [Part(chosen, ranges, values)])
    return tuple(numbers), memory


def left(instance: Instance, memory: Memory, at: At) -> dict[Position, Reach | None]:
    """What reaches every output position."""
    found: dict[Position, Reach | None] = {}
    for tensor in instance.outputs:
        known = memory.get(tensor)
        if known is None:
            continue
        chosen = tuple(sorted(known.labels))
        sizes = tuple(tensor.axes[axis].size for axis in chosen)
        tables = [
            spread(part, {a: a for a in chosen}) if set(part.axes) - set(chosen) else part for part in known.parts
        ]
        lookups = [
            (
                [
                    (chosen.index(a), low, step)
                    for a, (low, _), step in zip(t.axes, t.ranges, strides(t.ranges), strict=True)
                ],
                t.values,
            )
            for t in tables
        ]
        for here in places([(axis, tensor.axes[axis]) for axis in chosen], at):
            position = (sizes, here)
            value = found.get(position)
            for steps, values in lookups:
                value = either(value, values[sum((here[n] - low) * step for n, low, step in steps)])
            found[position] = value
    return found


def places(axes: Sequence[tuple[int, Axis]], at: At) -> list[Place]:
    """Every place of these axes, each with its number in its tensor, the last fastest."""
    found: list[Place] = [()]
    earlier: dict[Symbol, int] = {}
    for number, axis in axes:
        longer: list[Place] = []
        for before in found:
            values = {symbol: const(before[n]) for symbol, n in earlier.items()}
            ends = (
                [substitute(end, values) for end in (axis.lower, axis.upper)]
                if axis.ragged
                else [axis.lower, axis.upper]
            )
            longer += [(*before, p) for p in range(whole(ends[0], at), whole(ends[1], at) + 1)]
        found = longer
        earlier[place(number)] = len(earlier)
    return found
