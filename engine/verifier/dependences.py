"""Path length, receptive field and sequential operations against a run that was followed element by element.

For small sizes every element's reads are executed, clipped at the borders; stacks are searched breadth first, layer
after layer, until every admitted pair of positions is joined.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..algebra.atoms import Symbol
from ..algebra.expression import Expr
from ..errors import Span
from ..program import Instance, Program
from ..quantities import Derived, Measures
from ..quantities.causality import Causality
from ..scalars import Tensor
from .carrying import NO_AXES, Axes, choosing_inputs
from .compare import drawn
from .machine import execute
from .memory import Place, Storage, places
from .numbers import Number, number
from .report import Disagreement, Report, listed, shown
from .runs import Impossible, TooLong, Undefined
from .sizes import Sizes
from .tracer import NEVER, Tracer, Units

# Operations of a run that is followed, which takes several times as long as one that is not: of two runs, and of one
# where no smaller sizes are found; and how many sizes are drawn.
BUDGET = 60_000
LARGE_BUDGET = 1_000_000
DRAWS = 60
RUNS = 2


@dataclass(frozen=True)
class View:
    """What the positions of one output see of one sequence of inputs: for each the fewest units from every input
    position. They are `aligned` if both are positions of one sequence, on one axis."""

    sources: tuple[Place, ...]
    units: Mapping[Place, Units]
    aligned: bool

    @property
    def related(self) -> bool:
        return any(n < NEVER for units in self.units.values() for n in units)

    @property
    def sees_ahead(self) -> bool:
        return any(u[n] < NEVER and s > t for t, u in self.units.items() for n, s in enumerate(self.sources))

    @property
    def ordered(self) -> str:
        """Which pairs are admitted: all, or those in order, if no position sees a later one (or an earlier one)."""
        if not self.aligned or len(self.sources) != len(self.units):
            return "all"
        later = self.sees_ahead
        earlier = any(u[n] < NEVER and s < t for t, u in self.units.items() for n, s in enumerate(self.sources))
        return "all" if later == earlier else "forward" if earlier else "backward"

    @property
    def path(self) -> int | None:
        """The most, over admitted pairs, of the fewest units; None where a pair is not joined."""
        ordered = self.ordered
        lengths = [
            units[n]
            for target, units in self.units.items()
            for n, source in enumerate(self.sources)
            if not (ordered == "forward" and source > target)
            and not (ordered == "backward" and source < target)
            and not (self.aligned and source == target)
        ]
        longest = max(lengths, default=0)
        return None if longest >= NEVER else longest

    @property
    def receptive(self) -> int:
        """The most input positions that an output position sees."""
        return max((sum(1 for n in units if n < NEVER) for units in self.units.values()), default=0)


@dataclass(frozen=True)
class Traced:
    """What a run that was followed shows: for each output its views of all sequences, and the last step."""

    outputs: tuple[tuple[View, ...], ...]
    # for each output the units from every position of every sequence, one after the other
    units: tuple[Mapping[Place, Units], ...]
    steps: Number
    unclear: str
    empty: bool

    @property
    def views(self) -> list[View]:
        """Those in which anything is seen, if there are any."""
        every = [view for views in self.outputs for view in views]
        return [view for view in every if view.related] or every[:1]

    @property
    def path(self) -> int | None:
        lengths = [view.path for view in self.views]
        return None if None in lengths else max(n for n in lengths if n is not None)

    @property
    def receptive(self) -> int:
        return max((sum(view.receptive for view in views) for views in self.outputs), default=0)

    @property
    def pairs(self) -> bool:
        """Is there a pair of different positions?"""
        return any(len(view.sources) > 1 for view in self.views)


# The sizes of the axes of an input that carry positions, as they are written: inputs for which they are the same are
# one sequence.
Sequence_ = tuple[Expr, ...]


def _sequence(tensor: Tensor, axes: Axes) -> Sequence_:
    return tuple(tensor.axes[axis].upper + 1 for axis in sorted(axes))


def trace(
    program: Program,
    at: Sizes,
    seed: int,
    axes: Mapping[Tensor, Axes],
    before: Mapping[Tensor, Mapping[Place, Units]] | None = None,
) -> Traced:
    """Follow a run. `before` are the units that have been crossed before its inputs, by position; by default the
    inputs are where the routes begin."""
    carrying = [tensor for tensor in program.instance.inputs if axes[tensor]]
    sequences: dict[Sequence_, list[Place]] = {}
    for tensor in carrying:
        found = {_position(place, axes[tensor]) for place in places(tensor.axes, at)}
        sequences.setdefault(_sequence(tensor, axes[tensor]), sorted(found))
    sources = [(key, place) for key, several in sequences.items() for place in several]
    own = {source: tuple(0 if n == here else NEVER for n in range(len(sources))) for here, source in enumerate(sources)}

    def start(storage: Storage, place: Place) -> Units | None:
        tensor = storage.tensor
        if not axes[tensor]:
            return None
        position = _position(place, axes[tensor])
        if before is not None:
            return before[tensor][position]
        return own[_sequence(tensor, axes[tensor]), position]

    tracer = Tracer(len(sources), start, axes)
    run = execute(program, at, seed, limit=4 * LARGE_BUDGET, observer=tracer)
    units = [_reached(tracer, output) for output in run.outputs]
    outputs = []
    for output, reached in zip(run.outputs, units, strict=True):
        kept = tracer.of(output).axes
        views, first = [], 0
        for key, several in sequences.items():
            last = first + len(several)
            part = {position: all_units[first:last] for position, all_units in reached.items()}
            aligned = len(key) == 1 == len(kept) and key == _sequence(output.tensor, kept)
            views.append(View(tuple(several), part, aligned))
            first = last
        outputs.append(tuple(views))
    steps = max((n for output in run.outputs for n in tracer.of(output).levels.values()), default=0)
    return Traced(tuple(outputs), tuple(units), steps, tracer.unclear, run.empty)


def _reached(tracer: Tracer, output: Storage) -> dict[Place, Units]:
    """The fewest units to every position of an output, whichever of its elements is seen."""
    found: dict[Place, list[Units]] = {}
    kept = tracer.of(output).axes
    for place in output.places():
        found.setdefault(_position(place, kept), []).append(tracer.units(output, place))
    return {position: tracer.fewest(several) for position, several in found.items()}


def _position(place: Place, axes: Axes) -> Place:
    return tuple(place[axis] for axis in sorted(axes))


def position_axes(program: Program, instance: Instance, at: Sizes, seed: int) -> dict[Tensor, Axes]:
    """The axes of the inputs that carry positions: all but the last, or all of a tensor that names places, without
    those that hold independent inputs. What only tells which positions of other tensors are read carries none, if
    others do."""
    batch = {d.symbol for d in program.dimensions if d.batch}
    run = execute(replace(program, instance=instance), at, seed, limit=4 * LARGE_BUDGET)
    found = {}
    for storage in run.inputs:
        tensor = storage.tensor
        candidates = range(len(tensor.axes) if storage.names else len(tensor.axes) - 1)
        independent = {n for n in candidates if (s := tensor.axes[n].size.symbols()) and s <= batch}
        found[tensor] = frozenset(candidates) - independent
    deciding = choosing_inputs(instance)
    if any(axes for tensor, axes in found.items() if tensor not in deciding):
        found.update(dict.fromkeys(deciding & found.keys(), NO_AXES))
    return found


# ---------------------------------------------------------------- comparing


def trace_model(measures: Measures, seed: int, report: Report) -> None:
    """Compare `path`, `receptive` and `sequential` of a model with runs that are followed."""
    program = measures.program
    source = random.Random(seed)
    chosen = _chosen(measures, source, RUNS, BUDGET) or _chosen(measures, source, 1, LARGE_BUDGET)
    if not chosen:
        report.skip("dependences: there are no sizes small enough to follow them")
    known = any(d.expr is not None or d.infinite for d in (measures.path, measures.receptive))
    axes: dict[Tensor, Axes] = {} if known else dict.fromkeys(program.instance.inputs, NO_AXES)
    least = _chosen(measures, random.Random(seed), 1, BUDGET // 20) or chosen
    for at in chosen:
        try:
            axes = axes or position_axes(program, program.instance, least[0], seed)  # no size decides them
            _compare(measures, at, seed, report, axes)
        except TooLong:
            report.skip(f"dependences at {listed(shown(program, at))}: a run takes too long")
        except Undefined as reason:
            report.skip(f"dependences at {listed(shown(program, at))}: {reason}")
        except Impossible as wrong:
            report.disagreements.append(Disagreement(str(wrong), "", "", shown(program, at), None))


def _compare(measures: Measures, at: Sizes, seed: int, report: Report, axes: Mapping[Tensor, Axes]) -> None:
    program = measures.program
    compare = _Dependences(measures, at, report)
    traced = trace(program, at, seed, axes)
    if traced.empty:  # a chain that goes through nothing is no chain
        return
    report.followed.append(shown(program, at))
    compare.steps(measures.sequential, traced)
    if traced.unclear:
        report.skip(f"`path`: {traced.unclear}")
        return
    compare.receptive(measures.receptive, traced)
    compare.causality(measures.causality, traced)
    if program.stack is None:
        compare.path(measures.path, traced)
    else:
        compare.stacked(measures.path, seed)


class _Dependences:
    """The figures of one run that was followed, compared one by one."""

    def __init__(self, measures: Measures, at: Sizes, report: Report) -> None:
        self.program = measures.program
        self.at = at
        self.report = report
        self.where = shown(self.program, at)

    def steps(self, derived: Derived, traced: Traced) -> None:
        if derived.expr is None:
            self.report.skip(f"`sequential` is {derived.unknown}")
        elif all(number(axis.size, self.at) >= derived.least for t in self.program.instance.inputs for axis in t.axes):
            self.figure("sequential", traced.steps, number(derived.expr, self.at), bound=derived.bound)

    def holds(self, derived: Derived) -> bool:
        """Is what a figure takes for granted so at these sizes?"""
        return all(number(gap, self.at) >= 0 for gap in derived.granted)

    def receptive(self, derived: Derived, traced: Traced) -> None:
        if not self.holds(derived):
            return
        if derived.expr is None:
            self.report.skip(f"`receptive` is {derived.unknown}")
            return
        # at sizes that a receptive field fills by half, no position may be far enough from the ends
        narrow = any(
            seen != size and 2 * number(seen, self.at) > number(size, self.at)
            for axes in derived.extents
            for seen, size in axes
            if len(axes) > 1
        )
        value = self._cut_off(derived, traced)
        self.figure("receptive", traced.receptive, value, bound=derived.bound or narrow)

    def _cut_off(self, derived: Derived, traced: Traced) -> Number:
        """A receptive field, cut off where the input ends."""
        assert derived.expr is not None
        whole = max((sum(len(view.sources) for view in views) for views in traced.outputs), default=0)
        value = min(number(derived.expr, self.at), whole)
        if derived.extents:
            several = (
                math.prod(min(number(seen, self.at), number(size, self.at)) for seen, size in axes)
                for axes in derived.extents
            )
            value = min(value, sum(several))
        return value

    def path(self, derived: Derived, traced: Traced) -> None:
        if not self.holds(derived):
            return
        if derived.expr is None and not derived.infinite:
            self.report.skip(f"`path` is {derived.unknown or 'known at the example values only'}")
        elif not traced.pairs:
            return
        elif derived.expr is not None:
            self.figure("path", traced.path, number(derived.expr, self.at), bound=derived.bound)
        elif traced.path is None or not derived.at_example:
            self.figure("path", traced.path, None)

    def causality(self, found: Causality, traced: Traced) -> None:
        """Of a model that is called causal no position sees a later one; at few sizes the reverse shows nothing."""
        seen = [view for view in traced.views if view.aligned]
        if found.verdict == "causal":
            ahead = any(view.sees_ahead for view in seen)
            self.figure("causality", int(ahead), 0)

    def stacked(self, derived: Derived, seed: int) -> None:
        """Layers on top of each other until every admitted pair is joined."""
        stack = self.program.stack
        assert stack is not None
        if derived.expr is None and not derived.infinite:
            self.report.skip(f"`path` is {derived.unknown or 'known at the example values only'}")
            return
        layer = replace(self.program, instance=stack.instance)
        axes = position_axes(self.program, stack.instance, {**self.at, stack.symbol: 0}, seed)
        inputs = [tensor for tensor in stack.instance.inputs if axes[tensor]]
        before: dict[Tensor, Mapping[Place, Units]] | None = None
        found: Traced | None = None
        idle = 0
        for turn in range(2 * self._positions(stack.instance) + 2):
            found = trace(layer, {**self.at, stack.symbol: turn}, seed, axes, before)
            if found.path is not None:
                break
            # every input that carries positions receives the output, or the output that stands at its place
            several = len(found.units) == len(inputs)
            after = {tensor: found.units[n if several else 0] for n, tensor in enumerate(inputs)}
            idle = idle + 1 if after == before else 0
            if idle > 2:
                break
            before = after
        assert found is not None
        if found.pairs and (found.path is None or not derived.at_example):
            value = None if derived.expr is None else number(derived.expr, self.at)
            self.figure("path", found.path, value, bound=derived.bound)

    def _positions(self, instance: Instance) -> int:
        return max(int(number(axis.size, self.at)) for tensor in instance.inputs for axis in tensor.axes)

    def figure(self, name: str, traced: Number | None, derived: Number | None, *, bound: bool = False) -> None:
        agrees = traced == derived or (bound and traced is not None and derived is not None and traced <= derived)
        if isinstance(traced, float) and derived is not None:
            agrees = abs(traced - derived) < 1e-9 * max(1.0, abs(traced))
        if agrees:
            self.report.agreed += 1
            return
        span: Span = self.program.instance.span
        words = ["infinite" if value is None else str(value) for value in (traced, derived)]
        self.report.disagreements.append(Disagreement(f"`{name}`", words[0], words[1], self.where, span))


def _chosen(measures: Measures, source: random.Random, runs: int, budget: int) -> Sequence[Sizes]:
    """Sizes with more positions than features, within the budget."""
    larger = {
        symbol
        for tensor in measures.program.instance.inputs
        for axis in tensor.axes[:-1] or tensor.axes
        for symbol in axis.size.symbols()
    }
    for wanted in (dict.fromkeys(larger, 4), dict.fromkeys(larger, 14), dict[Symbol, int]()):
        if found := drawn(measures, source, budget, wanted, DRAWS):
            return sorted(found.values(), key=lambda at: -sum(1 for s in larger if at[s] > 4))[:runs]
    return []
