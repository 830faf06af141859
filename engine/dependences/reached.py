"""Into a program and out of it: input positions as sources, and for every output position what reaches it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, const
from ..algebra.substitution import substitute
from ..program import Instance
from ..scalars import Axis, Tensor, place
from .arithmetic import At, Number, whole
from .bits import Reach, Reaches, either, source, units_of
from .graph import BUDGET, Known, Memory, Routes, Walker
from .pieces import Part, spread
from .runs import box, strides, volume

Place = tuple[int, ...]
Sizes = tuple[Expr, ...]


@dataclass(frozen=True)
class Space:
    """The positions of inputs, or of outputs, that are one sequence: tensors whose position axes have equal sizes."""

    sizes: Sizes
    names: tuple[str, ...]
    places: tuple[Place, ...]


# A position: (number of its space, its place there).
Position = tuple[int, Place]


@dataclass(frozen=True)
class Reached:
    """What reaches the outputs: for every place of every space of `ends` a row of `values`, whose bits are the numbers
    of `sources`, the places of all `starts` one after the other. `undecided` says why some routes are not known."""

    starts: tuple[Space, ...]
    ends: tuple[Space, ...]
    values: tuple[tuple[Reach | None, ...], ...]
    undecided: tuple[str, ...] = ()

    @cached_property
    def sources(self) -> tuple[Position, ...]:
        return tuple((n, here) for n, space in enumerate(self.starts) for here in space.places)

    @property
    def targets(self) -> Iterator[tuple[Position, Reach | None]]:
        """Every output position with what reaches it."""
        for n, (space, row) in enumerate(zip(self.ends, self.values, strict=True)):
            for here, value in zip(space.places, row, strict=True):
                yield (n, here), value

    def units(self, start: Position, end: Position) -> int | None:
        """The fewest units on a route; None if there is none."""
        value = self.values[end[0]][self.ends[end[0]].places.index(end[1])]
        return None if value is None else units_of(value, self.sources.index(start))


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
    starts, memory = entered(walker, instance, at, axes)
    walker.body(instance.body, memory, dict(at))
    return left(instance, memory, at, starts, walker)


def entered(
    walker: Walker,
    instance: Instance,
    at: Mapping[Symbol, Number],
    axes: Mapping[Tensor, tuple[int, ...]],
    before: Mapping[Sizes, Sequence[Reach | None]] | None = None,
) -> tuple[tuple[Space, ...], Memory]:
    """(the spaces of the inputs, what is known of the inputs). `before` is what has reached them; by default each
    position is reached by itself."""
    spaces: dict[Sizes, Space] = {}
    values: dict[Sizes, Reaches] = {}
    memory: Memory = {}
    first = 0
    walker.begin(sum(volume(tuple(box(t.axes, at)[axis] for axis in axes.get(t, ()))) for t in instance.inputs))
    for tensor in instance.inputs:
        if not axes.get(tensor):
            continue
        chosen = tuple(sorted(axes[tensor]))
        sizes = tuple(tensor.axes[axis].size for axis in chosen)
        ranges = tuple(box(tensor.axes, at)[axis] for axis in chosen)
        if sizes not in spaces:
            here = tuple(product(*(range(low, high + 1) for low, high in ranges)))
            spaces[sizes] = Space(sizes, (), here)
            own = before.get(sizes) if before is not None else [source(first + n) for n in range(len(here))]
            values[sizes] = list(own) if own is not None else [None] * len(here)
            first += len(here)
        spaces[sizes] = Space(sizes, (*spaces[sizes].names, tensor.name), spaces[sizes].places)
        memory[tensor] = Known(frozenset(chosen), [Part(chosen, ranges, values[sizes])])
    return tuple(spaces.values()), memory


def left(instance: Instance, memory: Memory, at: At, starts: tuple[Space, ...], walker: Walker) -> Reached:
    """What reaches every output position."""
    spaces: dict[Sizes, Space] = {}
    values: dict[Sizes, Reaches] = {}
    for tensor in instance.outputs:
        known = memory.get(tensor)
        if known is None:
            continue
        chosen = tuple(sorted(known.labels))
        sizes = tuple(tensor.axes[axis].size for axis in chosen)
        if sizes not in spaces:
            walker.charge(volume(tuple(box(tensor.axes, at)[axis] for axis in chosen)))
            spaces[sizes] = Space(sizes, (), tuple(_places([(axis, tensor.axes[axis]) for axis in chosen], at)))
            values[sizes] = [None] * len(spaces[sizes].places)
        spaces[sizes] = Space(sizes, (*spaces[sizes].names, tensor.name), spaces[sizes].places)
        for part in known.parts:
            row = row_of(part, chosen, spaces[sizes].places)
            values[sizes] = list(map(either, values[sizes], row))
    return Reached(starts, tuple(spaces.values()), tuple(map(tuple, values.values())), tuple(walker.undecided))


def row_of(part: Part, chosen: Sequence[int], places: Sequence[Place]) -> Sequence[Reach | None]:
    """What a part says at places along the chosen axes."""
    if set(part.axes) - set(chosen):
        part = spread(part, {axis: axis for axis in chosen})
    if not part.axes:
        return part.values * len(places)
    if len(part.axes) == len(chosen) and len(part.values) == len(places):
        return part.values
    steps = [
        (chosen.index(axis), low, step)
        for axis, (low, _), step in zip(part.axes, part.ranges, strides(part.ranges), strict=True)
    ]
    return [part.values[sum((here[n] - low) * step for n, low, step in steps)] for here in places]


def _places(axes: Sequence[tuple[int, Axis]], at: At) -> list[Place]:
    """Every place of these axes, each with its number in its tensor, the last fastest."""
    found: list[Place] = [()]
    earlier: dict[Symbol, int] = {}
    for number, axis in axes:
        longer: list[Place] = []
        ends = axis.lower, axis.upper
        for before in found:
            if axis.ragged:
                values = {symbol: const(before[n]) for symbol, n in earlier.items()}
                ends = substitute(axis.lower, values), substitute(axis.upper, values)
            longer += [(*before, p) for p in range(whole(ends[0], at), whole(ends[1], at) + 1)]
        found = longer
        earlier[place(number)] = len(earlier)
    return found
