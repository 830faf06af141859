"""Routes through a program: what every tensor sees of the inputs, node by node, each layer once.

A unit is a layer application that mixes positions and calls none that does, or a run of position-mixing equations
beside such layers, or one evaluation of a recurrent cell; it counts even where a route keeps its position. Merging,
splitting and renaming axes mixes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..algebra.expression import ONE, ZERO, Expr, from_atom
from ..algebra.facts import Facts
from ..algebra.substitution import Value, evaluate, substitute
from ..program import (
    Call,
    Choose,
    Declared,
    Equation,
    Instance,
    Join,
    Node,
    Opaque,
    Parallel,
    Recurrence,
    Repeat,
    Share,
    Split,
)
from ..scalars import Operation, Tensor, place
from .carrying import NONE, Carrying, keeps
from .flows import NOTHING, Flow, Route, by_way_of, moved, pruned, starting
from .frames import Frame
from .reading import Reading
from .recurrences import Cell, follow_recurrence
from .spans import STEPS, Interval, own, whole

Flows = dict[Tensor, Flow]
# The axes of each input that carry positions; None where nothing of the model's inputs arrives.
Starts = tuple[frozenset[int] | None, ...]


@dataclass(frozen=True)
class Ahead:
    """The first equation, or tensor of stated costs, by way of which what lies later than the element's own place on
    every axis is seen; `axis` is the one along which its positions go on, if there is one."""

    equation: Equation | Opaque
    interval: Interval
    axis: int | None


class Router:
    """Follows routes through the instances of one program."""

    def __init__(self, facts: Facts, values: Mapping[str, Value] | None = None) -> None:
        self.facts = facts
        self.values = values or {}
        # What is taken for granted, as it holds at the example values: expressions that are at least 0.
        self.granted: dict[Expr, None] = {}
        self.ahead: Ahead | None = None
        # Layers that are one unit, and add what they mix to what they were given.
        self.passed: dict[str, None] = {}
        self.run = 0
        self.mixed = False
        self.carrying = Carrying()
        self._known: dict[tuple[Instance, Starts], tuple[tuple[Flow, ...], bool]] = {}
        self._readings: dict[Equation, Reading] = {}
        self._frames: dict[Tensor, Frame] = {}

    def model(self, instance: Instance, axes: Mapping[Tensor, Sequence[int]]) -> tuple[Flow, ...]:
        """The flow to each output, from those axes of the inputs that carry positions."""
        flows = {tensor: starting(tensor, axes[tensor]) for tensor in instance.inputs if axes.get(tensor)}
        self.body(instance.body, flows)
        return tuple(flows.get(output, NOTHING) for output in instance.outputs)

    def body(self, nodes: Sequence[Node], flows: Flows) -> None:
        self.run += 1
        for node in nodes:
            match node:
                case Equation():
                    flows[node.target] = self.equation(node, flows)
                case Recurrence():
                    self.recurrence(node, flows)
                case Join(result=result, parts=parts, axis=axis):
                    flows[result] = self._joined(result, parts, axis, flows)
                case Split(results=results, source=source, axis=axis, offsets=offsets):
                    for piece, offset in zip(results, offsets, strict=True):
                        flow = flows.get(source, NOTHING)
                        flows[piece] = moved(flow, axis, -offset, piece.axes, self.frame(piece), None)
                case Call():
                    self.call(node, flows)
                    self.run += 1
                case Repeat():
                    from .turns import follow_repeat

                    follow_repeat(self, node, flows)
                    self.run += 1
                case Choose():
                    self._chosen(node, flows)
                    self.run += 1
                case Parallel():
                    self._stacked(node, flows)
                    self.run += 1
                case Opaque():
                    flows[node.target] = self.opaque(node, flows)
                case Declared() | Share():
                    pass

    def frame(self, tensor: Tensor) -> Frame:
        if tensor not in self._frames:
            self._frames[tensor] = Frame.of(tensor.axes, self.facts)
        return self._frames[tensor]

    def gathered(self, target: Tensor, routes: Iterable[Route], carried: frozenset[int], *, dropped: bool) -> Flow:
        kept, more = pruned(routes, self.frame(target))
        return Flow(kept, carried, dropped or more)

    def grants(self, gap: Expr) -> bool:
        """Is `gap >= 0`, or may that be taken for granted?"""
        if self.facts.nonnegative(gap):
            return True
        try:
            holds = evaluate(gap, self.values) >= 0
        except (KeyError, OverflowError, ZeroDivisionError, ValueError):
            return False
        if holds:
            self.granted[gap] = None
        return holds

    def crossing(self, route: Route) -> Route:
        """A route in a run of mixing equations: it counts as a unit once."""
        self.mixed = True
        return replace(route, units=route.units + (0 if route.run == self.run else 1), run=self.run)

    # ---------------------------------------------------------------- equations

    def reading(self, equation: Equation) -> Reading:
        if equation not in self._readings:
            self._readings[equation] = Reading(equation, self.facts)
        return self._readings[equation]

    def equation(self, equation: Equation, flows: Mapping[Tensor, Flow]) -> Flow:
        routes, carried = self.read(equation, flows)
        dropped = any(flows.get(read.tensor, NOTHING).dropped for read in equation.reads)
        return self.gathered(equation.target, routes, carried, dropped=dropped)

    def read(
        self, equation: Equation, flows: Mapping[Tensor, Flow], cell: Cell | None = None
    ) -> tuple[list[Route], frozenset[int]]:
        """Every route by way of what an equation reads, and the axes of its target on which positions go on. In the
        `cell` of a recurrence the step before is taken for the own one."""
        reading = self.reading(equation)
        flowing = [(g, flows.get(g.read.tensor, NOTHING)) for g in reading.reads]
        flowing = [(g, flow) for g, flow in flowing if flow.routes or flow.carried]
        carried = frozenset[int]().union(*(reading.text.carried(g.read, flow.carried) for g, flow in flowing))
        scans = cell is not None and any(axis in carried for axis in cell.scanned[equation.target])
        found: list[Route] = []
        for guarded, flow in flowing:
            inside = cell is not None and guarded.read.tensor in cell.targets
            mixes = not inside and (scans or not keeps(guarded.read, equation, flow.carried))
            self.mixed |= mixes
            needed = {k for r in flow.routes for k in _needed(r)} | flow.carried
            for given, routes in _by_given(flow.routes):
                read = reading.under(guarded, given)
                seen = reading.seen(read, needed)
                for axis in cell.shifted(guarded.read, equation) if cell is not None else ():
                    seen[axis] = own(axis, equation.target.axes[axis].upper + 1)
                within, holding = reading.domain(read), reading.given(read)
                for route in routes:
                    one = by_way_of(route, seen, reading.frame, within, holding)
                    if one is not None:
                        self.look_ahead(equation, one, carried, reading.frame)
                        found.append(self.crossing(one) if mixes else one)
        return found, carried

    def look_ahead(self, equation: Equation | Opaque, route: Route, carried: frozenset[int], frame: Frame) -> None:
        """Note the first read by way of which later positions are seen."""
        if self.ahead is not None or route.why or len(route.reach) != 1:
            return
        (interval,) = route.reach
        places = [from_atom(place(axis)) for axis in sorted(carried)]
        if not any(here == interval.upper or frame.nonnegative(here - interval.upper) for here in places):
            self.ahead = Ahead(equation, interval, min(carried) if len(carried) == 1 else None)

    def opaque(self, node: Opaque, flows: Mapping[Tensor, Flow]) -> Flow:
        """What is stated to be read whole mixes; every other position must be its own."""
        found: list[Route] = []
        carried: set[int] = set()
        dropped = False
        for source in node.sources:
            flow = flows.get(source, NOTHING)
            dropped |= flow.dropped
            seen: dict[int, Interval] = {}
            mixes = False
            for axis in sorted(flow.carried):
                size = source.axes[axis].size
                places = [n for n, other in enumerate(node.target.axes) if other.size == size]
                carried |= set(places)
                mixes |= size in node.whole
                if size in node.whole:
                    seen[axis] = whole(source.axes[axis].upper + 1)
                elif len(places) == 1:
                    seen[axis] = own(places[0], size)
                else:
                    seen[axis] = whole(size, f"which positions `{node.target.name}` reads is not stated")
            for route in flow.routes:
                one = by_way_of(replace(route, domain=()), seen, self.frame(node.target))
                if one is not None:
                    self.look_ahead(node, one, frozenset(carried), self.frame(node.target))
                    found.append(self.crossing(one) if mixes else one)
        return self.gathered(node.target, found, frozenset(carried), dropped=dropped)

    # ---------------------------------------------------------------- recurrences, joins

    def recurrence(self, node: Recurrence, flows: Flows) -> None:
        """Every tensor of a cycle sees, by way of the state, all positions on one side, one evaluation a step."""
        follow_recurrence(self, node, flows)

    def _joined(self, result: Tensor, parts: Sequence[Tensor], axis: int, flows: Mapping[Tensor, Flow]) -> Flow:
        found: list[Route] = []
        offset = ZERO
        frame = self.frame(result)
        for part in parts:
            size = part.axes[axis].size
            where = (offset, offset + size - 1) if len(parts) > 1 else None
            found += moved(flows.get(part, NOTHING), axis, offset, result.axes, frame, where).routes
            offset = offset + size
        carried = frozenset[int]().union(*(flows.get(part, NOTHING).carried for part in parts))
        dropped = any(flows.get(part, NOTHING).dropped for part in parts)
        return self.gathered(result, found, carried, dropped=dropped)

    def _chosen(self, node: Choose, flows: Flows) -> None:
        """Bodies of which data chooses some: what all of them see alike is seen for certain."""
        self.body(node.body, flows)
        for given in node.results:
            flow = flows.get(given.inner, NOTHING)
            differs = "which of the bodies run is chosen by data"
            routes = [r.unknown(differs) if any(i.mentions(node.symbol) for i in r.reach) else r for r in flow.routes]
            flows[given.outer] = Flow(tuple(routes), flow.carried, flow.dropped)

    def _stacked(self, node: Parallel, flows: Flows) -> None:
        """Bodies side by side: their number is the place on a new first axis."""
        self.body(node.body, flows)
        for given in node.results:
            flow = flows.get(given.inner, NOTHING)
            deeper = {k: own(k + 1, axis.upper + 1) for k, axis in enumerate(given.inner.axes)}
            number = {node.symbol: from_atom(place(0))}
            routes = []
            for route in flow.routes:
                one = by_way_of(route, deeper, self.frame(given.outer))
                if one is not None:
                    reach = tuple(
                        whole(i.size, STEPS) if any(t.step.mentions(node.symbol) for t in i.taps) else i
                        for i in one.reach
                    )
                    reach = tuple(i.map(number, self.facts) for i in reach)
                    routes.append(replace(one, reach=reach, units=substitute(one.units, number, self.facts)))
            carried = frozenset(k + 1 for k in flow.carried)
            flows[given.outer] = Flow(tuple(routes), carried, flow.dropped)

    # ---------------------------------------------------------------- calls

    def through(self, instance: Instance, starts: Starts) -> tuple[tuple[Flow, ...], bool]:
        """(the flow to each output from the axes of the inputs that carry positions, does anything inside mix?)."""
        key = (instance, starts)
        if key not in self._known:
            before, passed = (self.run, self.mixed), dict(self.passed)
            self.run = 0
            flows = {t: starting(t, axes) for t, axes in zip(instance.inputs, starts, strict=True) if axes is not None}
            self.body(instance.body, flows)
            outputs = [flows.get(output, NOTHING) for output in instance.outputs]
            mixed, _ = self.carrying.through(instance, tuple(axes or NONE for axes in starts))
            units = ONE if mixed else ZERO
            if self.carrying.leaf(instance):  # one unit, if any of the positions that come in are mixed
                self.passed = passed
                if mixed and _adds(instance) and any(r.units == ZERO for flow in outputs for r in flow.routes):
                    self.passed[instance.name] = None
                outputs = [
                    self._alike(flow, output, units) for flow, output in zip(outputs, instance.outputs, strict=True)
                ]
            self._known[key] = (
                tuple(replace(flow, routes=tuple(r.over(ZERO) for r in flow.routes)) for flow in outputs),
                mixed,
            )
            self.run, self.mixed = before
        return self._known[key]

    def _alike(self, flow: Flow, output: Tensor, units: Expr) -> Flow:
        """The ways through a layer that is a unit: one unit each, more only where an initial state is handed on."""
        routes = [replace(r, units=self._handed_on(r.units) + units) for r in flow.routes]
        kept, more = pruned(routes, self.frame(output))
        return Flow(kept, flow.carried, flow.dropped or more)

    def _handed_on(self, units: Expr) -> Expr:
        moving = [term for term in units if any(s.name.startswith("@") for s in term.symbols())]
        return sum(moving[1:], moving[0]) if moving else ZERO

    def call(self, node: Call, flows: Flows) -> None:
        arriving = [flows.get(argument, NOTHING) for argument in node.arguments]
        outputs, mixed = self.through(node.instance, tuple(flow.carried if flow.routes else None for flow in arriving))
        self.mixed |= mixed
        for result, inside in zip(node.results, outputs, strict=True):
            flows[result] = self.composed(result, inside, dict(zip(node.instance.inputs, arriving, strict=True)))

    def composed(self, result: Tensor, inside: Flow, arriving: Mapping[Tensor, Flow]) -> Flow:
        """The flow to a result, from the flow inside a layer (or a turn) and the flows to what it was handed."""
        frame = self.frame(result)
        found: list[Route] = []
        dropped = inside.dropped
        for way in inside.routes:
            if way.source not in arriving:
                found.append(way)
                continue
            seen = dict(zip(way.axes, way.reach, strict=True))
            domain = {axis: (first, last) for axis, first, last in way.domain}
            flow = arriving[way.source]
            dropped |= flow.dropped
            for route in flow.routes:
                one = by_way_of(route, seen, frame, domain)
                if one is not None:
                    found.append(one.over(way.units))
        return self.gathered(result, found, inside.carried, dropped=dropped)


def _adds(instance: Instance) -> bool:
    """Is an output a sum?"""
    made = [node for node in instance.body if isinstance(node, Equation) and node.target in instance.outputs]
    return any(isinstance(node.body, Operation) and node.body.kind == "add" for node in made)


def _by_given(routes: Iterable[Route]) -> Iterable[tuple[tuple[Expr, ...], list[Route]]]:
    """Routes that hold under the same conditions on several places."""
    found: dict[tuple[Expr, ...], list[Route]] = {}
    for route in routes:
        found.setdefault(route.given, []).append(route)
    return found.items()


def _needed(route: Route) -> set[int]:
    """The axes of a tensor that a route to it tells apart."""
    symbols = {s for interval in route.reach for end in interval.ends() for s in end.symbols()}
    symbols |= route.units.symbols()
    return {int(s.name[1:]) for s in symbols if s.name.startswith("@")} | {axis for axis, _, _ in route.domain}
