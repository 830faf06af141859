"""The longest of the shortest routes of a model at concrete sizes, and its receptive field: by search, breadth first.

A model is followed as it stands; a stack of it, and a `repeat until connected`, layer after layer until every admitted
pair of positions is joined or no layer adds anything any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Literal

from ..algebra.atoms import Symbol
from ..program import Instance, Program, Repeat
from ..scalars import Tensor
from .arithmetic import Number
from .bits import Reach, longest
from .graph import BUDGET, Known, Memory, Routes, Walker, mentions
from .positions import position_axes
from .reached import Position, Reached, entered, left, reached

Order = Literal["all", "forward", "backward"]
PositionAxes = Mapping[Tensor, tuple[int, ...]]

# A layer that changes with its number may add something after a while: so many layers in a row that change nothing end
# it, or twice as many as there are positions.
IDLE = 64


@dataclass(frozen=True)
class Found:
    """`path` is the most, over admitted pairs, of the fewest units, and `pair` (input, output) the farthest of those
    that attain it; where `path` is None, of those that are never joined. There is none where there is no pair. `layers`
    are those of the stack. With `undecided`, all of this holds for the routes that were followed, certain or
    possible."""

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
    axes: PositionAxes | None = None,
    routes: Routes = "certain",
    budget: int = BUDGET,
) -> Found:
    """Follow a model at these sizes: as it stands, as a stack until all pairs are joined or nothing changes, or with as
    many turns of its `repeat until connected` as that takes. `axes` are those of its inputs that carry
    positions: by default all but the features. Raises `TooLarge` beyond the budget."""
    instance = program.instance if program.stack is None else program.stack.instance
    axes = position_axes(program, instance) if axes is None else axes
    node = connecting(instance)
    if program.stack is not None:
        return _until(_layers(Walker(routes, budget), instance, program.stack.symbol, at, axes))
    if node is not None:
        return _until(_turns(Walker(routes, budget), instance, node, at, axes))
    return judged(reached(instance, at, axes, routes, budget), None)


def connecting(instance: Instance) -> Repeat | None:
    """The `repeat until connected` of a model."""
    return next((n for n in instance.body if isinstance(n, Repeat) and n.how == "connected"), None)


# ---------------------------------------------------------------- stacks

# (how many layers, what is reached over them)
_Turns = Iterator[tuple[int, Reached]]


def _layers(
    walker: Walker, instance: Instance, symbol: Symbol, at: Mapping[Symbol, Number], axes: PositionAxes
) -> _Turns:
    """Layers on top of each other: every input that carries positions receives the output."""
    before: Reached | None = None
    seen = _Seen(alike=not mentions(instance.body, symbol))
    for turn in count():
        sizes = {**at, symbol: turn}
        values = None if before is None else {s.sizes: v for s, v in zip(before.ends, before.values, strict=True)}
        starts, memory = entered(walker, instance, sizes, axes, values)
        walker.body(instance.body, memory, sizes)
        now = left(instance, memory, sizes, starts, walker)
        yield turn + 1, now
        if seen.enough(now) or [space.sizes for space in now.ends] != [space.sizes for space in starts]:
            return
        before = now


def _turns(walker: Walker, instance: Instance, node: Repeat, at: Mapping[Symbol, Number], axes: PositionAxes) -> _Turns:
    """More and more turns of a repeat, and what stands behind it."""
    starts, memory = entered(walker, instance, at, axes)
    place = instance.body.index(node)
    walker.body(instance.body[:place], memory, dict(at))
    state = [memory.get(c.initial, Known(frozenset(), [])) for c in node.carried]
    seen = _Seen(alike=not mentions(node.body, node.symbol))
    for turn in count():
        inner: Memory = {**memory, **{c.result: known for c, known in zip(node.carried, state, strict=True)}}
        walker.body(instance.body[place + 1 :], inner, dict(at))
        now = left(instance, inner, at, starts, walker)
        yield turn, now
        if seen.enough(now):
            return
        state = walker.turn(node, turn, state, memory, dict(at))


@dataclass
class _Seen:
    """Tells when more layers bring nothing new. Layers that are all `alike` and reach what was reached at an earlier
    layer go round in a circle; it is found by the last layer whose number is a power of two."""

    alike: bool
    turn: int = 0
    idle: int = 0
    mark: list[int] | None = None

    def enough(self, now: Reached) -> bool:
        sets = [0 if value is None else value[2] for row in now.values for value in row]
        self.turn += 1
        self.idle = self.idle + 1 if sets == self.mark else 0
        if self.idle and self.alike:
            return True
        if not self.alike or not self.turn & (self.turn - 1):
            self.mark = sets
        return not self.alike and (self.idle >= IDLE or self.turn > 2 * len(sets) + IDLE)


def _until(turns: _Turns) -> Found:
    """The first stack that joins every admitted pair; the last one if there is none."""
    last: tuple[int, Reached] | None = None
    for last in turns:
        if all(value is not None and not wanted & ~value[2] for _, value, wanted in _wanted(last[1]) if wanted):
            break
    assert last is not None
    return judged(last[1], last[0])


# ---------------------------------------------------------------- pairs


def judged(found: Reached, layers: int | None) -> Found:
    """The pair of positions that is farthest apart."""
    best: tuple[int, int, bool] | None = None
    pair: tuple[Position, Position] | None = None
    for target, value, wanted in _wanted(found):
        farthest = longest(value, wanted)
        if farthest is None:
            continue
        units, sources = farthest
        for number in {(sources & -sources).bit_length() - 1, sources.bit_length() - 1}:
            start = found.sources[number]
            rank = (units if units >= 0 else 1 << 60, _distance(start, target), start < target)
            if best is None or rank > best:
                best, pair = rank, (start, target)
    path = 0 if best is None else None if best[0] == 1 << 60 else best[0]
    receptive = max((v[2].bit_count() for row in found.values for v in row if v is not None), default=0)
    return Found(path, pair, receptive, order_of(found), layers, found)


def _distance(start: Position, end: Position) -> int:
    return sum(abs(a - b) for a, b in zip(start[1], end[1], strict=False))


def _wanted(found: Reached) -> Iterator[tuple[Position, Reach | None, int]]:
    """Every output position, what reaches it, and the sources that are to: the admitted pairs."""
    order = order_of(found)
    everything = (1 << len(found.sources)) - 1
    firsts, first = {}, 0
    for space in found.starts:
        firsts[space.sizes] = first
        first += len(space.places)
    for n, (space, row) in enumerate(zip(found.ends, found.values, strict=True)):
        start = firsts.get(space.sizes)
        for k, (here, value) in enumerate(zip(space.places, row, strict=True)):
            wanted = everything
            if start is not None:
                own = 1 << (start + k)
                wanted = own - 1 if order == "forward" else everything & ~own
                if order == "backward":
                    wanted &= ~(own - 1)
            yield (n, here), value, wanted


def order_of(found: Reached) -> Order:
    """All pairs, or those in order where, along one axis, no position sees a later one (or an earlier one)."""
    sizes = [space.sizes for space in found.starts]
    if len(sizes) != 1 or len(sizes[0]) != 1 or [space.sizes for space in found.ends] != sizes:
        return "all"
    later = earlier = False
    for own, value in enumerate(found.values[0]):
        if value is not None:
            later = later or value[2] >> (own + 1) != 0
            earlier = earlier or value[2] & ((1 << own) - 1) != 0
        if later and earlier:
            return "all"
    return "all" if later == earlier else "forward" if earlier else "backward"
