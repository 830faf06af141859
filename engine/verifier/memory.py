"""What a run holds: the elements of tensors, the weights of every application, and where their values come from."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from ..algebra.atoms import Symbol
from ..scalars import Axis, Tensor, place
from .numbers import Number, Sizes, whole

Place = tuple[int, ...]


class OutOfRange(Exception):
    """A read outside the range that an axis has at this position: what lies there was never computed."""


class Elements(dict[Place, float]):
    """The elements of a tensor by place. A place outside gives 0; one that waits for its equation is computed."""

    __slots__ = ("inside", "waiting")

    def __init__(self) -> None:
        super().__init__()
        self.waiting: Callable[[Place], float | None] | None = None
        # Where the range of an axis depends on an earlier one: is a place outside of it an error?
        self.inside: Callable[[Place], bool] | None = None

    def __missing__(self, at: Place) -> float:
        if self.waiting is not None and (value := self.waiting(at)) is not None:
            return value
        if self.inside is not None and not self.inside(at):
            raise OutOfRange(at)
        return 0.0


@dataclass(eq=False)
class Storage:
    """A tensor at sizes: its elements and the ranges of its axes."""

    tensor: Tensor
    axes: tuple[Axis, ...]
    sizes: dict[Symbol, Number]
    elements: Elements = field(default_factory=Elements)
    # May its elements be drawn again, as whole numbers, when something is looked up by them?
    drawn: bool = False
    # Does it name places? Then its last axis is no axis of features.
    names: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of positions on each axis; of one whose range depends on others, at their first positions."""
        ends = {place(n): whole(axis.lower, self._first(n)) for n, axis in enumerate(self.axes)}
        at = {**self.sizes, **ends}
        return tuple(whole(axis.upper, at) - whole(axis.lower, at) + 1 for axis in self.axes)

    @property
    def volume(self) -> int:
        """About how many elements it has: exactly, where no range depends on another."""
        return math.prod(max(0, n) for n in self.shape)

    def _first(self, axis: int) -> dict[Symbol, Number]:
        at = dict(self.sizes)
        for number, earlier in enumerate(self.axes[:axis]):
            at[place(number)] = whole(earlier.lower, at)
        return at

    def places(self) -> Iterator[Place]:
        """Every place of the tensor, last axis fastest."""
        return places(self.axes, self.sizes)

    def draw(self, source: random.Random) -> None:
        """Fill it with random numbers."""
        self.drawn = True
        for at in self.places():
            self.elements[at] = source.uniform(-1.0, 1.0)

    def guard(self) -> None:
        """From here on a read outside a range that depends on an earlier index is an error."""
        if any(axis.ragged for axis in self.axes):
            self.elements.inside = self._is_beside

    def _is_beside(self, at: Place) -> bool:
        """Is a place that holds nothing outside an axis of fixed range, where it is padding?"""
        return any(
            not whole(axis.lower, self.sizes) <= position <= whole(axis.upper, self.sizes)
            for axis, position in zip(self.axes, at, strict=True)
            if not axis.ragged
        )


def places(axes: tuple[Axis, ...], sizes: Sizes) -> Iterator[Place]:
    """Every place of a tensor with these axes."""
    if not any(axis.ragged for axis in axes):
        yield from product(*(range(whole(a.lower, sizes), whole(a.upper, sizes) + 1) for a in axes))
        return

    def below(axis: int, at: dict[Symbol, Number], before: Place) -> Iterator[Place]:
        if axis == len(axes):
            yield before
            return
        for position in range(whole(axes[axis].lower, at), whole(axes[axis].upper, at) + 1):
            yield from below(axis + 1, {**at, place(axis): position}, (*before, position))

    yield from below(0, dict(sizes), ())


# Where each element of a tensor comes from.
Moves = dict[Place, tuple[Storage, Place]]


def end_to_end(parts: Sequence[Storage], axis: int) -> Moves:
    """Tensors laid end to end along an axis."""
    moves: Moves = {}
    offset = 0
    for part in parts:
        start = whole(part.axes[axis].lower, part.sizes)
        for at in part.places():
            moves[(*at[:axis], at[axis] - start + offset, *at[axis + 1 :])] = (part, at)
        offset += part.shape[axis]
    return moves


def cut_out(axes: tuple[Axis, ...], sizes: Sizes, source: Storage, axis: int, offset: int) -> Moves:
    """A piece of a tensor that begins at an offset along an axis."""
    start = whole(source.axes[axis].lower, source.sizes) + offset
    return {at: (source, (*at[:axis], at[axis] + start, *at[axis + 1 :])) for at in places(axes, sizes)}


class Bank:
    """The weights of one application of a layer, and the banks of the layers that it applies.

    They are known by their names and their order, as a set of weights is shared by applications at different sizes.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.weights: dict[str, Storage] = {}
        self._inner: dict[str, Bank] = {}
        self._numbers: dict[str, int] = {}

    def enter(self) -> None:
        """Begin an application: its first `linear` is again the first."""
        self._numbers.clear()

    def bank(self, name: str) -> Bank:
        """The bank of the next application of this name inside; that of the second `linear` is called linear.1."""
        number = self._numbers.get(name, 0)
        self._numbers[name] = number + 1
        label = f"{name}.{number}" if number else name
        if label not in self._inner:
            self._inner[label] = Bank(f"{self.name}/{label}" if self.name else label)
        return self._inner[label]


# Values that a caller gives for weights, by path: "attention/head_projection.1/W".
Given = Mapping[str, object]


def fill(storage: Storage, value: object, path: str) -> None:
    """Put nested lists of numbers into a tensor. Raises ValueError where the shapes differ."""
    storage.drawn = False
    lower = [whole(axis.lower, storage.sizes) for axis in storage.axes]

    def put(part: object, before: Place) -> None:
        depth = len(before)
        if depth == len(lower):
            if not isinstance(part, int | float):
                raise ValueError(f"`{path}` has more axes than {len(lower)}")
            storage.elements[before] = float(part)
            return
        if not isinstance(part, list) or len(part) != storage.shape[depth]:
            raise ValueError(f"`{path}` is not of the shape {storage.shape}")
        for number, inner in enumerate(part):
            put(inner, (*before, lower[depth] + number))

    put(value, ())


def nested(storage: Storage) -> object:
    """The elements of a tensor of fixed ranges as nested lists."""
    lower = [whole(axis.lower, storage.sizes) for axis in storage.axes]

    def part(before: Place) -> object:
        depth = len(before)
        if depth == len(lower):
            return storage.elements[before]
        return [part((*before, lower[depth] + n)) for n in range(storage.shape[depth])]

    return part(())
