"""Routes from input positions to output positions: relations read off index expressions, and the units on the way.

A unit is a layer application that mixes positions, or a run of position-mixing equations beside such layers. Every
route carries the number of units on it; of two routes that see the same, the one with fewer units is kept. A model
whose inputs have positions on more than one axis is left to a fuller analysis: it is said to be not supported yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..algebra.build import minimum
from ..algebra.expression import ONE, ZERO, Expr
from ..algebra.facts import Facts
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
    nested,
)
from ..scalars import Tensor, conditional_reads
from .operations import all_indices
from .positions import NotDerived, Positions, positions
from .reading import seen
from .relation import ALL, SELF, Relation, after, covers, over_turns, unknown

MAX_ROUTES = 24


@dataclass(frozen=True)
class Route:
    """A way in from the input's positions to those on `axis` (None: to every position alike) over `units` units.

    `source` is the input and the axis of it at which the route starts, while a layer is followed by itself.
    """

    axis: int | None
    relation: Relation
    units: Expr
    run: int = 0
    source: tuple[int, int] | None = None


Flow = tuple[Route, ...]
Starts = tuple[tuple[int, int], ...]


class Router:
    """Follows routes through the instances of one program."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._known: dict[tuple[Instance, Starts], tuple[Flow, ...]] = {}
        self._leaf: dict[Instance, bool] = {}
        self._run = 0

    def model(self, instance: Instance, start: Positions) -> tuple[Flow, ...]:
        """The routes to each output from all inputs together."""
        flows: dict[Tensor, Flow] = {
            tensor: (Route(start.axes[tensor], SELF, ZERO),) for tensor in instance.inputs if tensor in start.axes
        }
        self.body(instance.body, flows)
        return tuple(flows.get(output, ()) for output in instance.outputs)

    def body(self, nodes: Sequence[Node], flows: dict[Tensor, Flow]) -> None:
        self._run += 1
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
                        flows[piece] = self._cut(flows.get(source, ()), axis, offset)
                case Call():
                    self.call(node, flows)
                    self._run += 1
                case Repeat():
                    self.repeat(node, flows)
                    self._run += 1
                case Choose(results=results):
                    self.body(node.body, flows)
                    flows.update({r.outer: flows.get(r.inner, ()) for r in results})
                    self._run += 1
                case Parallel(results=results):
                    self.body(node.body, flows)
                    for r in results:
                        flows[r.outer] = tuple(
                            replace(way, axis=None if way.axis is None else way.axis + 1)
                            for way in flows.get(r.inner, ())
                        )
                    self._run += 1
                case Opaque():
                    flows[node.target] = self.opaque(node, flows)
                case Declared() | Share():
                    pass

    # ---------------------------------------------------------------- equations

    def opaque(self, node: Opaque, flows: Mapping[Tensor, Flow]) -> Flow:
        """What is stated to be read whole mixes; every other position must be its own."""
        found: list[Route] = []
        for source in node.sources:
            for route in flows.get(source, ()):
                if route.axis is None:
                    found.append(route)
                    continue
                size = source.axes[route.axis].size
                if size in node.whole:
                    units = route.units + (0 if route.run == self._run else 1)
                    found.append(Route(None, after(ALL, route.relation, self.facts), units, self._run, route.source))
                    continue
                places = [n for n, axis in enumerate(node.target.axes) if axis.size == size]
                if len(places) == 1:
                    found.append(replace(route, axis=places[0]))
                else:
                    why = unknown(f"which positions `{node.target.name}` reads is not stated")
                    found.append(replace(route, axis=None, relation=why))
        return self.pruned(found)

    def equation(self, equation: Equation, flows: Mapping[Tensor, Flow]) -> Flow:
        found: list[Route] = []
        ranges = {i.symbol: i for i in all_indices(equation)}
        chosen = set(conditional_reads(equation.body))
        for read in equation.reads:
            arriving = flows.get(read.tensor, ())
            placed = {route.axis for route in arriving if route.axis is not None}
            mixes = any(not seen(read, axis, equation, ranges, self.facts)[1].identity for axis in placed)
            for route in arriving:
                if route.axis is None:  # it is the same for all positions, and crosses what mixes them
                    found.append(self._crossing(route) if mixes else route)
                    continue
                if read in chosen:
                    why = unknown("a condition of a sum decides which positions are read")
                    found.append(replace(route, axis=None, relation=why))
                    continue
                axis, relation = seen(read, route.axis, equation, ranges, self.facts)
                mixed = after(relation, route.relation, self.facts)
                way = route if relation.identity else self._crossing(route)
                found.append(replace(way, axis=axis, relation=mixed))
        return self.pruned(found)

    def _crossing(self, route: Route) -> Route:
        """A route in a run of mixing equations: it counts as a unit once."""
        return replace(route, units=route.units + (0 if route.run == self._run else 1), run=self._run)

    # ---------------------------------------------------------------- recurrences, joins, splits

    def recurrence(self, node: Recurrence, flows: dict[Tensor, Flow]) -> None:
        """Every tensor of a cycle sees, by way of the state, all positions on one side, one evaluation a step."""
        axes = {(s.axis, -s.shift) for s in node.steps}
        inside = {e.target for e in node.equations}
        gathered: list[Route] = []
        for equation in node.equations:
            gathered += self.equation(equation, {t: f for t, f in flows.items() if t not in inside})
        for equation in node.equations:
            if equation.initial:
                continue
            found = []
            for route in self.pruned(gathered):
                if len(axes) != 1:
                    found.append(replace(route, relation=unknown("a recurrence along several axes")))
                    continue
                ((axis, direction),) = axes
                if route.axis is None:
                    found.append(self._crossing(route) if any(r.axis == axis for r in gathered) else route)
                elif route.axis == axis:
                    relation = after(Relation("scan", direction=direction), route.relation, self.facts)
                    found.append(replace(self._crossing(route), relation=relation))
                else:
                    found.append(route)
            flows[equation.target] = self.pruned(found)

    def _joined(self, result: Tensor, parts: Sequence[Tensor], axis: int, flows: Mapping[Tensor, Flow]) -> Flow:
        found = []
        for part in parts:
            for route in flows.get(part, ()):
                if route.axis == axis and len(parts) > 1:
                    found.append(replace(route, axis=None, relation=unknown("sequences are laid end to end")))
                else:
                    found.append(route)
        return self.pruned(found)

    def _cut(self, flow: Flow, axis: int, offset: Expr) -> Flow:
        return tuple(
            replace(r, axis=None, relation=unknown("a sequence is cut into pieces")) if r.axis == axis else r
            for r in flow
        )

    # ---------------------------------------------------------------- calls and repeats

    def leaf(self, instance: Instance) -> bool:
        """Does the instance call no layer that mixes positions?"""
        if instance not in self._leaf:
            self._leaf[instance] = not any(self._mixing(node) for node in _all_nodes(instance.body))
        return self._leaf[instance]

    def _mixing(self, node: Node) -> bool:
        if not isinstance(node, Call):
            return False
        starts = tuple((k, a) for k, t in enumerate(node.instance.inputs) for a in range(max(0, len(t.axes) - 1)))
        return any(not r.relation.identity for flow in self.through(node.instance, starts) for r in flow)

    def through(self, instance: Instance, starts: Starts) -> tuple[Flow, ...]:
        """The routes to each output from all axes that carry positions at once; each remembers its start."""
        key = (instance, starts)
        if key not in self._known:
            saved, self._run = self._run, 0
            flows: dict[Tensor, Flow] = {}
            for number, axis in starts:
                tensor = instance.inputs[number]
                flows[tensor] = (*flows.get(tensor, ()), Route(axis, SELF, ZERO, source=(number, axis)))
            self.body(instance.body, flows)
            outputs = [flows.get(output, ()) for output in instance.outputs]
            if self.leaf(instance):
                # one unit, if any of the positions that come in are mixed, and for every way through it
                mixes = any(not r.relation.identity for flow in flows.values() for r in flow)
                outputs = [tuple(replace(r, units=ONE if mixes else ZERO) for r in flow) for flow in outputs]
            self._known[key] = tuple(self.pruned(replace(r, run=0) for r in flow) for flow in outputs)
            self._run = saved
        return self._known[key]

    def call(self, node: Call, flows: dict[Tensor, Flow]) -> None:
        results: list[list[Route]] = [[] for _ in node.results]
        arriving = [(number, route) for number, a in enumerate(node.arguments) for route in flows.get(a, ())]
        starts = tuple(sorted({(number, route.axis) for number, route in arriving if route.axis is not None}))
        outputs = self.through(node.instance, starts) if starts else tuple(() for _ in node.results)
        for number, route in arriving:
            for found, outs in zip(results, outputs, strict=True):
                if route.axis is None:
                    # the same for all positions already: it still passes the layer, over as few units as any other way
                    passing = [out.units for out in outs if out.source is not None and out.source[0] == number]
                    fewest = minimum(passing, self.facts) if passing else ZERO
                    found.append(replace(route, units=route.units + fewest, run=0))
                    continue
                for out in outs:
                    if out.source == (number, route.axis):
                        relation = after(out.relation, route.relation, self.facts)
                        found.append(Route(out.axis, relation, out.units + route.units, 0, route.source))
        for tensor, found in zip(node.results, results, strict=True):
            flows[tensor] = self.pruned(found)

    def repeat(self, node: Repeat, flows: dict[Tensor, Flow]) -> None:
        """One turn from each carried tensor, then all turns; several carried tensors that feed each other are
        followed turn by turn."""
        outer = dict(flows)
        current = [flows.get(c.initial, ()) for c in node.carried]
        if len(node.carried) == 1 and all(r.relation == SELF for r in current[0]):
            starts = {(r.axis, r.source) for r in current[0]}
            if len(starts) == 1 and None not in {axis for axis, _ in starts}:
                self._single(node, current[0], outer, flows)
                return
        self._several(node, current, outer, flows)

    def turn(self, node: Repeat, outer: Mapping[Tensor, Flow], entry: Sequence[Flow]) -> list[Flow]:
        flows = dict(outer)
        flows.update({c.entry: f for c, f in zip(node.carried, entry, strict=True)})
        self.body(node.body, flows)
        return [flows.get(c.exit, ()) for c in node.carried]

    def _single(self, node: Repeat, start: Flow, outer: Mapping[Tensor, Flow], flows: dict[Tensor, Flow]) -> None:
        (carried,) = node.carried
        axis, base, source = start[0].axis, start[0].units, start[0].source
        (turn,) = self.turn(node, outer, ((Route(axis, SELF, ZERO),),))
        found: list[Route] = []
        for route in turn:
            if route.axis not in (axis, None):
                moved = unknown("positions move to another axis in a repeat")
                found.append(Route(route.axis, moved, route.units, 0, source))
                continue
            relation = over_turns(route.relation, node.symbol, node.count, self.facts)
            units = route.units + self._others(route, turn) * (node.count - 1)
            found.append(Route(route.axis, relation, base + units, 0, source))
        flows[carried.result] = self.pruned(found)

    def _others(self, route: Route, turn: Flow) -> Expr:
        """The fewest units of each other turn, where one turn goes a route: a window takes as many in all turns, and
        what sees all there is to see goes on by the shortest way that leaves it so."""
        fewest = route.units
        if route.relation.kind in ("all", "prefix", "suffix", "scan"):
            for other in turn:
                both = after(other.relation, route.relation, self.facts)
                known = "unknown" not in (other.relation.kind, both.kind)
                if known and covers(both, route.relation, self.facts) and self.facts.nonnegative(fewest - other.units):
                    fewest = other.units
        return fewest

    def _several(
        self, node: Repeat, current: list[Flow], outer: Mapping[Tensor, Flow], flows: dict[Tensor, Flow]
    ) -> None:
        history = [current]
        for _ in range(3):
            history.append(self.turn(node, outer, history[-1]))
        flat = [[{(r.axis, r.relation, r.source) for r in flow} for flow in turn] for turn in history]
        if flat[2] != flat[3]:
            self._windows(node, current, outer, flows)
            return
        for number, carried in enumerate(node.carried):
            found = []
            for route in history[3][number]:
                units = [_units(history[t][number], route) for t in (1, 2, 3)]
                if None in units or units[1] - units[0] != units[2] - units[1]:  # type: ignore[operator]
                    found.append(replace(route, relation=unknown("routes through a repeat")))
                    continue
                pace = units[2] - units[1]  # type: ignore[operator]
                found.append(replace(route, units=route.units + pace * (node.count - 3)))
            flows[carried.result] = self.pruned(found)

    def _windows(
        self, node: Repeat, current: list[Flow], outer: Mapping[Tensor, Flow], flows: dict[Tensor, Flow]
    ) -> None:
        """A carried window that feeds itself, and others that only gather it: the widest that any turn reaches."""
        for number, carried in enumerate(node.carried):
            entry = tuple((Route(f[0].axis, SELF, ZERO),) if f and f[0].axis is not None else () for f in current)
            alone = self.turn(node, outer, entry)[number]
            widest = next((r for r in alone if all(covers(r.relation, o.relation, self.facts) for o in alone)), None)
            starts = [r for flow in current for r in flow]
            if widest is None or widest.axis is None:
                flows[carried.result] = (Route(None, unknown("routes through a repeat of several tensors"), ZERO),)
                continue
            relation = over_turns(widest.relation, node.symbol, node.count, self.facts)
            found = [
                Route(widest.axis, after(relation, s.relation, self.facts), s.units + widest.units * node.count)
                for s in starts
            ]
            flows[carried.result] = self.pruned(found or [Route(widest.axis, relation, widest.units * node.count)])

    # ---------------------------------------------------------------- order

    def pruned(self, routes: Iterable[Route]) -> Flow:
        """Without routes that see no more than another one does over no more units. Where all that stays sees all
        positions alike, their axis is kept by a way to a position from itself: it tells which layers are passed."""
        routes = tuple(routes)
        kept: list[Route] = []
        for route in routes:
            if any(self._better(other, route) for other in kept):
                continue
            kept = [other for other in kept if not self._better(route, other)]
            kept.append(route)
        if len(kept) > MAX_ROUTES:
            return (Route(None, unknown("there are too many different routes"), ZERO),)
        placed = {route.source for route in kept if route.axis is not None}
        for route in routes:
            if route.axis is not None and route.source not in placed and route.relation.kind != "unknown":
                placed.add(route.source)
                kept.append(replace(route, relation=SELF))
        return tuple(kept)

    def _better(self, one: Route, other: Route) -> bool:
        if other.relation.identity and not one.relation.identity:
            return False  # the way that keeps its position tells on which axis the positions are
        everywhere = one.axis is None and one.relation.kind == "all"
        same = one.source == other.source and (one.axis == other.axis or everywhere)
        return (
            same
            and covers(one.relation, other.relation, self.facts)
            and self.facts.nonnegative(other.units - one.units)
        )


def _units(flow: Flow, wanted: Route) -> Expr | None:
    key = (wanted.axis, wanted.relation, wanted.source)
    return next((r.units for r in flow if (r.axis, r.relation, r.source) == key), None)


def _all_nodes(body: Iterable[Node]) -> Iterable[Node]:
    for node in body:
        yield node
        yield from _all_nodes(nested(node))


__all__ = ["Flow", "NotDerived", "Positions", "Route", "Router", "positions"]
