"""Dependences, followed one element at a time: at which step an element is there, and from which input positions.

A step is an equation: an element is there one step after the last of the elements that it reads, and reading outside a
tensor waits for nothing and brings nothing. A route from an input position to an element crosses units: a layer that
mixes positions and calls none that does, a run of mixing equations beside such layers, one evaluation of a recurrent
cell. Of all routes the one with the fewest units is kept, for every input position.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..program import Equation, Instance, Opaque, Recurrence
from ..scalars import Choice, Read, Reduction, Scalar, Tensor, children
from .carrying import NO_AXES, Axes, Carrying, carried, stays
from .loops import Loops
from .memory import Place, Storage
from .numbers import Number, Places, Sizes, number
from .text import reads_tensors

NEVER = 1 << 30
Units = tuple[int, ...]
# (the run of mixing equations that the first counts belong to, units of routes in that run, units of all others)
Reach = tuple[int, Units, Units]


@dataclass(eq=False)
class Facts:
    """What is known of the elements of a tensor."""

    levels: dict[Place, Number] = field(default_factory=dict)
    reach: dict[Place, Reach] = field(default_factory=dict)
    axes: Axes = NO_AXES


@dataclass(frozen=True)
class Frame:
    """An application that has been entered: inside a unit nothing counts as one; `closes` tells that it is a unit."""

    quiet: bool
    closes: bool


class Tracer:
    """Follows a run. `positions` are the axes of the model's inputs that carry positions."""

    def __init__(
        self, sources: int, start: Callable[[Storage, Place], Units | None], axes: Mapping[Tensor, Axes]
    ) -> None:
        self.start = start
        self.axes = axes
        self.nothing: Units = (NEVER,) * sources
        self.carrying = Carrying()
        self.facts: dict[Storage, Facts] = {}
        self.frames: list[Frame] = []
        self.run = 0
        self.unclear = ""
        self._merged: dict[frozenset[Reach], Reach] = {}
        # by identity, beside what has it: so it stays that one's
        self._crossed_once: dict[int, tuple[Units, Units]] = {}

    # ---------------------------------------------------------------- applications

    def begin(self) -> None:
        """A run of equations ends here."""
        self.run += 1

    def enter(self, instance: Instance, inputs: list[Storage]) -> None:
        if not self.frames:
            for storage in inputs:
                self._first(storage)
        starts = tuple(self.of(storage).axes for storage in inputs)
        quiet = bool(self.frames) and (self.frames[-1].quiet or self.carrying.leaf(instance))
        closes = quiet and not self.frames[-1].quiet and self.carrying.unit(instance, starts)
        self.frames.append(Frame(quiet, closes))

    def _first(self, storage: Storage) -> None:
        facts = self.of(storage)
        facts.axes = self.axes.get(storage.tensor, NO_AXES)
        for at in storage.elements:
            units = self.start(storage, at)
            if units is not None:
                facts.reach[at] = (0, self.nothing, units)

    def leave(self, instance: Instance, outputs: list[Storage]) -> list[Storage]:
        """What comes out of a unit has crossed it."""
        del instance
        if not self.frames.pop().closes:
            return outputs
        return [self._crossed(storage) for storage in outputs]

    def _crossed(self, storage: Storage) -> Storage:
        other = Storage(storage.tensor, storage.axes, storage.sizes, storage.elements, storage.drawn)
        mine = self.of(storage)
        reach = {
            at: (self.run, self.nothing, self.one_more(self.fewest((inside, outside))))
            for at, (_, inside, outside) in mine.reach.items()
        }
        self.facts[other] = Facts(mine.levels, reach, mine.axes)
        return other

    def of(self, storage: Storage) -> Facts:
        if storage not in self.facts:
            self.facts[storage] = Facts()
        return self.facts[storage]

    # ---------------------------------------------------------------- equations

    def equations(self, group: list[tuple[Loops, Storage]], recurrence: Recurrence | None) -> None:
        own = {loops.equation.target for loops, _ in group}
        self._label(group, recurrence)
        waiting: dict[tuple[Storage, Place], tuple[_Reads, Places]] = {}
        for loops, storage in group:
            follower = _Reads(self, loops, storage, own, recurrence, waiting)
            for e in loops.points():
                waiting[storage, loops.target(e)] = (follower, e)
        for key in list(waiting):
            self.settle(key, waiting)

    def settle(self, key: tuple[Storage, Place], waiting: dict[tuple[Storage, Place], tuple[_Reads, Places]]) -> None:
        """Follow the reads of an element, after those that it waits for."""
        if key in waiting:
            follower, e = waiting.pop(key)
            follower.follow(key[1], e)

    def _label(self, group: list[tuple[Loops, Storage]], recurrence: Recurrence | None) -> None:
        labels = {tensor: self.of(s).axes for loops, _ in group for tensor, s in loops.memory.items()}
        if recurrence is None:
            ((loops, storage),) = group
            self.of(storage).axes = carried(loops.equation, labels)
            return
        self.carrying.recurrence(recurrence, labels)
        for loops, storage in group:
            self.of(storage).axes = labels.get(loops.equation.target, NO_AXES)

    # ---------------------------------------------------------------- reach

    def _here(self, value: Reach) -> Reach:
        """Routes of a run that has ended are routes like all others."""
        run, inside, outside = value
        return value if run == self.run else (self.run, self.nothing, self.fewest((inside, outside)))

    def passed(self, value: Reach, *, mixes: bool, step: bool) -> Reach:
        """A route after one more read."""
        run, inside, outside = self._here(value)
        quiet = self.frames[-1].quiet
        if step:
            inside, outside = self.one_more(inside), self.one_more(outside)
            return (run, inside, outside) if quiet else (run, self.fewest((inside, outside)), self.nothing)
        if mixes and not quiet:
            return (run, self.fewest((inside, self.one_more(outside))), self.nothing)
        return (run, inside, outside)

    def one_more(self, units: Units) -> Units:
        if units is self.nothing:
            return units
        if id(units) not in self._crossed_once:
            self._crossed_once[id(units)] = units, tuple(n + 1 if n < NEVER else n for n in units)
        return self._crossed_once[id(units)][1]

    def fewest(self, many: Sequence[Units]) -> Units:
        """The fewest of each; most are of no route, or the same ones."""
        distinct = {id(units): units for units in many if units is not self.nothing}
        if len(distinct) > 1:
            return tuple(map(min, *distinct.values()))
        return next(iter(distinct.values()), self.nothing)

    def merged(self, values: frozenset[Reach]) -> Reach:
        if len(values) == 1:
            (only,) = values
            return only
        if values not in self._merged:
            run = self.run
            self._merged[values] = (run, self.fewest([v[1] for v in values]), self.fewest([v[2] for v in values]))
        return self._merged[values]

    # ---------------------------------------------------------------- data movement

    def moved(self, result: Storage, sources: Mapping[Place, tuple[Storage, Place]]) -> None:
        facts = self.of(result)
        for at, (source, there) in sources.items():
            theirs = self.of(source)
            facts.levels[at] = theirs.levels.get(there, 0)
            if there in theirs.reach:
                facts.reach[at] = theirs.reach[there]
        more = {len(at) - len(there) for at, (_, there) in sources.items()}
        shift = more.pop() if len(more) == 1 else 0
        facts.axes = NO_AXES.union(*(frozenset(a + shift for a in self.of(s).axes) for s, _ in sources.values()))

    def added(self, result: Storage, parts: list[Storage]) -> None:
        """The bodies that were chosen, added up: a step of its own where there are several."""
        facts = self.of(result)
        facts.axes = NO_AXES.union(*(self.of(part).axes for part in parts))
        for at in result.elements:
            facts.levels[at] = max(self.of(p).levels.get(at, 0) for p in parts) + (1 if len(parts) > 1 else 0)
            values = frozenset(self._here(self.of(p).reach[at]) for p in parts if at in self.of(p).reach)
            if values:
                facts.reach[at] = self.merged(values)

    def opaque(self, node: Opaque, result: Storage, sources: list[Storage], sizes: Sizes) -> None:
        """What is read whole is read by every element; on all other axes that carry positions, the own ones are."""
        depth = number(dict(node.stated)["depth"], sizes)
        there = max((n for s in sources for n in self.of(s).levels.values()), default=0)
        facts = self.of(result)
        facts.axes = NO_AXES
        for source in sources:
            kept = self._kept(node, source)
            facts.axes |= frozenset(kept.values())
            mixes = any(source.axes[axis].size in node.whole for axis in self.of(source).axes)
            self._spread(result, source, kept, mixes=mixes)
        facts.levels.update(dict.fromkeys(result.elements, there + depth))

    def _kept(self, node: Opaque, source: Storage) -> dict[int, int]:
        """The axes of a source whose positions an opaque tensor keeps, and its own axes for them."""
        kept = {}
        for axis in self.of(source).axes:
            size = source.axes[axis].size
            same = [n for n, other in enumerate(node.target.axes) if other.size == size]
            if size in node.whole:
                continue
            if len(same) != 1:
                self.unclear = f"which positions `{node.target.name}` reads is not stated"
            else:
                kept[axis] = same[0]
        return kept

    def _spread(self, result: Storage, source: Storage, kept: Mapping[int, int], *, mixes: bool) -> None:
        groups: dict[Place, set[Reach]] = {}
        for at, value in self.of(source).reach.items():
            groups.setdefault(tuple(at[axis] for axis in kept), set()).add(self.passed(value, mixes=mixes, step=False))
        mine = self.of(result).reach
        for at in result.elements:
            found = groups.get(tuple(at[axis] for axis in kept.values()), set()) | ({mine[at]} if at in mine else set())
            if found:
                mine[at] = self.merged(frozenset(found))

    # ---------------------------------------------------------------- what came out

    def units(self, storage: Storage, at: Place) -> Units:
        """The fewest units from every input position to an element."""
        value = self.of(storage).reach.get(at)
        return self.nothing if value is None else self.fewest((value[1], value[2]))


class _Reads:
    """Follows the reads of one equation, an element at a time."""

    def __init__(
        self,
        tracer: Tracer,
        loops: Loops,
        storage: Storage,
        own: set[Tensor],
        recurrence: Recurrence | None,
        waiting: dict[tuple[Storage, Place], tuple[_Reads, Places]],
    ) -> None:
        self.tracer = tracer
        self.loops = loops
        self.storage = storage
        self.own = own
        self.waiting = waiting
        self.scanned = {step.axis for step in recurrence.steps} if recurrence is not None else set()
        self.level: Number = 0
        self.found: set[Reach] = set()
        self.steps = steps_of(loops.equation)
        self.visit = self.visitor(loops.equation.body)

    def follow(self, at: Place, e: Places) -> None:
        """Note when this element is there, and from where."""
        before = self.level, self.found
        self.level, self.found = 0, set()
        self.visit(e)
        facts = self.tracer.of(self.storage)
        facts.levels[at] = self.level + self.steps
        if self.found:
            facts.reach[at] = self.tracer.merged(frozenset(self.found))
        self.level, self.found = before

    def visitor(self, scalar: Scalar) -> Callable[[Places], None]:
        """Visit every read of a scalar, as often as its reductions come round."""
        if isinstance(scalar, Choice) and not reads_tensors(scalar.condition):
            return self.arms(scalar)
        if isinstance(scalar, Reduction):
            sweep = self.loops.indices.sweep
            body = sweep(scalar.indices, self.visitor(scalar.body), self.loops.tests(scalar.where))
            if scalar.where is None or not reads_tensors(scalar.where):
                return body
            # what a condition reads is read at every term, what stands under it where it holds
            return _each([sweep(scalar.indices, self.visitor(scalar.where)), body])
        inner = [self.visitor(child) for child in children(scalar)]
        return _each([*inner, self.read(scalar)] if isinstance(scalar, Read) else inner)

    def arms(self, choice: Choice) -> Callable[[Places], None]:
        """Of a choice that indices decide the arm that is not taken is waited for, as it is computed, and not seen."""
        plain, then, otherwise = self.loops.indices.plain, self.visitor(choice.then), self.visitor(choice.otherwise)

        def visit(e: Places) -> None:
            taken, other = (then, otherwise) if plain(choice.condition, e) else (otherwise, then)
            taken(e)
            seen, self.found = self.found, set()
            other(e)
            self.found = seen

        return visit

    def read(self, read: Read) -> Callable[[Places], None]:
        tracer, source = self.tracer, self.loops.memory[read.tensor]
        at = self.loops.where(read.subscripts, source)
        facts, elements = tracer.of(source), source.elements
        inside = read.tensor in self.own
        step = inside and any(
            read.subscripts[axis] != self.loops.equation.subscripts[axis]
            for axis in self.scanned
            if axis < len(self.loops.equation.subscripts)
        )
        scans = bool(self.scanned & tracer.of(self.storage).axes)
        mixes = not inside and (scans or not stays(read, self.loops.equation, facts.axes))
        step = step and scans
        ends = {  # what lies beyond them is an initial state: handing it on is no evaluation of its own
            axis: tuple(
                number(end, source.sizes) for end in (read.tensor.axes[axis].lower, read.tensor.axes[axis].upper)
            )
            for axis in self.scanned
            if step and axis < len(read.tensor.axes)
        }

        def follow(e: Places) -> None:
            place = at(e)
            if place not in elements:
                return
            if inside:
                before = self.level, self.found
                tracer.settle((source, place), self.waiting)
                self.level, self.found = before
            self.level = max(self.level, facts.levels.get(place, 0))
            if place in facts.reach:
                initial = step and any(not first <= place[axis] <= last for axis, (first, last) in ends.items())
                self.found.add(tracer.passed(facts.reach[place], mixes=mixes or initial, step=step and not initial))

        return follow


def steps_of(equation: Equation) -> int:
    """An equation is a step, unless it reads nothing; an initial state that is only handed over is none."""
    handed_over = equation.initial and isinstance(equation.body, Read)
    return int(bool(equation.reads) and not handed_over)


def _each(visits: Sequence[Callable[[Places], None]]) -> Callable[[Places], None]:
    if len(visits) == 1:
        return visits[0]

    def visit(e: Places) -> None:
        for one in visits:
            one(e)

    return visit
