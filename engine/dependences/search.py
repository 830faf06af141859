"""The longest of the shortest routes of a model at concrete sizes, and its receptive field: by search, breadth first.

A model is followed as it stands; a stack of it, and a `repeat until connected`, layer after layer until every admitted
pair of positions is joined or no layer adds anything any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Literal

from ..algebra.atoms import Symbol
from ..program import Instance, Program, Repeat
from ..scalars import Tensor
from .arithmetic import Number
from .bits import Reach, longest, units_of
from .carrying import position_axes
from .graph import BUDGET, Known, Memory, Routes, Walker, mentions
from .reached import Position, Reached, entered, left

Order = Literal["all", "forward", "backward"]

# A layer that changes with its number may add something after a while: so many layers in a row that add nothing end it.
IDLE = 64


@dataclass(frozen=True)
class Found:
    """`path` is the most, over admitted pairs, of the fewest units, and `pair` (input, output) one that attains it;
    with `path` None, one that is never joined. There is no pair in a model of one position. `layers` are those of the
    stack. With `undecided`, all of this holds for the routes that were followed, certain or possible."""

    path: int | None
    pair: tuple[Position, Position] | None
    receptive: int
    order: Order
    layers: int | None
    reached: Reached

    @property
    def undecided(self) -> tuple[str, ...]:
        return self.reached.undecided


def search(
    program: Program,
    at: Mapping[Symbol, Number],
    axes: Mapping[Tensor, tuple[int, ...]] | None = None,
    routes: Routes = "certain",
    budget: int = BUDGET,
) -> Found:
    """Follow a model at these sizes. `axes` are those of its inputs that carry positions: by default all but the
    features. Raises `TooLarge` beyond the budget."""
    walker = Walker(routes, budget)
    instance = program.instance if program.stack is None else program.stack.instance
    axes = position_axes(program, instance) if axes is None else axes
    if program.stack is not None:
        return _until(_layers(walker, instance, program.stack.symbol, at, axes))
    node = connecting(instance)
    if node is not None:
        return _until(_turns(walker, instance, node, at, axes))
    sources, memory = entered(instance, at, axes)
    walker.body(instance.body, memory, dict(at))
    return judged(Reached(sources, left(instance, memory, at), tuple(walker.undecided)), None)


def connecting(instance: Instance) -> Repeat | None:
    """The `repeat until connected` of a model."""
    return next((n for n in instance.body if isinstance(n, Repeat) and n.how == "connected"), None)


# ---------------------------------------------------------------- stacks


def _layers(
    walker: Walker,
    instance: Instance,
    symbol: Symbol,
    at: Mapping[Symbol, Number],
    axes: Mapping[Tensor, tuple[int, ...]],
) -> Iterator[Reached]:
    """Layers on top of each other: every input that carries positions receives the output."""
    before: Mapping[Position, Reach | None] | None = None
    alike = not mentions(instance.body, symbol)
    idle = 0
    for turn in count():
        sizes = {**at, symbol: turn}
        sources, memory = entered(instance, sizes, axes, before)
        walker.run = 0
        walker.body(instance.body, memory, sizes)
        now = left(instance, memory, sizes)
        yield Reached(sources, now, tuple(walker.undecided))
        idle = idle + 1 if before is not None and not _more(before.values(), now.values()) else 0
        if idle > (0 if alike else IDLE) or now.keys() != dict.fromkeys(sources).keys():
            return
        before = now


def _turns(
    walker: Walker,
    instance: Instance,
    node: Repeat,
    at: Mapping[Symbol, Number],
    axes: Mapping[Tensor, tuple[int, ...]],
) -> Iterator[Reached]:
    """More and more turns of a repeat, and what stands behind it."""
    sources, memory = entered(instance, at, axes)
    place = instance.body.index(node)
    walker.body(instance.body[:place], memory, dict(at))
    state = [memory.get(c.initial, Known(frozenset(), [])) for c in node.carried]
    alike = not mentions(node.body, node.symbol)
    before: dict[Position, Reach | None] | None = None
    idle = 0
    for turn in count():
        inner: Memory = {**memory, **{c.result: known for c, known in zip(node.carried, state, strict=True)}}
        walker.body(instance.body[place + 1 :], inner, dict(at))
        now = left(instance, inner, at)
        yield Reached(sources, now, tuple(walker.undecided))
        idle = idle + 1 if before is not None and not _more(before.values(), now.values()) else 0
        if idle > (0 if alike else IDLE):
            return
        before = now
        state = walker.turn(node, turn, state, memory, dict(at))


def _more(before: Iterable[Reach | None], now: Iterable[Reach | None]) -> bool:
    """Does any position see more, or less, than before?"""
    return any((a and a[2]) != (b and b[2]) for a, b in zip(before, now, strict=True))


def _until(turns: Iterator[Reached]) -> Found:
    """The first stack that joins every admitted pair; the last one if there is none."""
    found: Found | None = None
    for number, reached in enumerate(turns):
        found = judged(reached, number)
        if found.path is not None and (found.pair is not None or number):
            return found
    assert found is not None
    return found


# ---------------------------------------------------------------- pairs


def judged(reached: Reached, layers: int | None) -> Found:
    """The pair of positions that is farthest apart."""
    numbers = {position: n for n, position in enumerate(reached.sources)}
    order = _order(reached, numbers)
    everything = (1 << len(numbers)) - 1
    farthest: tuple[int, Position, Position] | None = None
    for target, value in reached.targets.items():
        own = numbers.get(target)
        wanted = everything if own is None else everything & ~(1 << own)
        if order == "forward" and own is not None:
            wanted &= (1 << own) - 1
        elif order == "backward" and own is not None:
            wanted &= ~((1 << own) - 1)
        found = longest(value, wanted)
        if found is None:
            continue
        units, number = found
        if farthest is None or units < 0 <= farthest[0] or units > farthest[0] >= 0:
            farthest = (units, reached.sources[number], target)
    receptive = max((value[2].bit_count() for value in reached.targets.values() if value is not None), default=0)
    if farthest is None:
        return Found(0, None, receptive, order, layers, reached)
    units, start, end = farthest
    return Found(None if units < 0 else units, (start, end), receptive, order, layers, reached)


def _order(reached: Reached, numbers: Mapping[Position, int]) -> Order:
    """All pairs, or those in order where, along one axis, no position sees a later one (or an earlier one)."""
    if numbers.keys() != reached.targets.keys() or any(len(place) != 1 for _, place in numbers):
        return "all"
    later = earlier = False
    for target, value in reached.targets.items():
        if value is not None:
            own = numbers[target]
            later |= bool(value[2] >> (own + 1))
            earlier |= bool(value[2] & ((1 << own) - 1))
    return "all" if later == earlier else "forward" if earlier else "backward"


def units(reached: Reached, start: Position, end: Position) -> int | None:
    """The fewest units on a route; None if there is none."""
    value = reached.targets.get(end)
    return None if value is None else units_of(value, reached.sources.index(start))
