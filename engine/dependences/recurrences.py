"""Recurrences: by way of its state every step sees what the steps before it read, one evaluation of the cell each.

Only steps to the neighbour on an axis are followed; a state that is also read at other positions is seen at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..algebra.expression import Expr, from_atom
from ..algebra.substitution import substitute
from ..program import Equation, Recurrence
from ..scalars import Axis, Read, Tensor, place
from .flows import NOTHING, Flow, Route
from .frames import Frame
from .gaps import NO_GAPS, Taps, filled
from .order import is_tap
from .spans import Interval, Near, all_taps, slope_of, whole

if TYPE_CHECKING:
    from .routes import Router

Flows = dict[Tensor, Flow]


@dataclass(frozen=True)
class Cell:
    """The equations of a recurrence, and for each tensor of it the axes along which its state comes in, with the
    direction: +1 forward, −1 backward."""

    targets: frozenset[Tensor]
    scanned: Mapping[Tensor, Mapping[int, int]]

    def shifted(self, read: Read, equation: Equation) -> frozenset[int]:
        """The axes on which a tensor of the cell is read at a step other than the own one."""
        if read.tensor not in self.targets:
            return frozenset()
        axes = {axis for found in self.scanned.values() for axis in found}
        own, theirs = equation.subscripts, read.subscripts
        return frozenset(k for k in axes if k < min(len(own), len(theirs)) and own[k] != theirs[k])


def follow_recurrence(router: Router, node: Recurrence, flows: Flows) -> None:
    """The flow to every tensor of a recurrence."""
    cell = _cell(node)
    mine = [e for e in node.equations if not e.initial]
    local = dict(flows)
    local.update({e.target: NOTHING for e in mine})
    for _ in range(len(mine) + 2):  # until what every equation gives has come round to all others
        before = {e.target: local[e.target] for e in mine}
        for equation in mine:
            local[equation.target] = _step(router, equation, cell, local)
        if all(local[t] == flow for t, flow in before.items()):
            break
    strange = _strange(node, cell, local)
    for equation in mine:
        flow = local[equation.target]
        routes = list(flow.routes)
        axes = [(k, d) for k, d in cell.scanned[equation.target].items() if k in flow.carried]
        frame = router.frame(equation.target)
        for axis, direction in axes:
            routes = [_scanned(r, axis, direction, equation.target.axes[axis], frame) for r in routes]
        for route in routes if axes else ():
            router.look_ahead(equation, route, flow.carried, frame)
        if strange and axes:
            routes = [replace(r, reach=tuple(whole(i.size, i.why or strange) for i in r.reach)) for r in routes]
        for other in node.equations:
            if other.initial and other.target.name == equation.target.name and axes:
                routes += _handed_on(router, other, flows, axes[0], frame)
        flows[equation.target] = router.gathered(equation.target, routes, flow.carried, dropped=flow.dropped)


def _cell(node: Recurrence) -> Cell:
    targets = frozenset(e.target for e in node.equations if not e.initial)
    scanned: dict[Tensor, dict[int, int]] = {target: {} for target in targets}
    for step in node.steps:
        target = node.equations[step.reader].target
        if target in scanned:
            scanned[target][step.axis] = 1 if step.shift < 0 else -1
    for _ in node.equations:  # what reads a state at its own step has what the state has
        for equation in node.equations:
            for read in equation.reads:
                if read.tensor in targets and equation.target in scanned:
                    scanned[equation.target].update(scanned[read.tensor])
    return Cell(targets, scanned)


def _step(router: Router, equation: Equation, cell: Cell, flows: Flows) -> Flow:
    """What one step reads, the step before taken for the own one: how far it is away is added afterwards."""
    routes, carried = router.read(equation, flows, cell)
    dropped = any(flows.get(read.tensor, NOTHING).dropped for read in equation.reads)
    return router.gathered(equation.target, routes, carried, dropped=dropped)


def _strange(node: Recurrence, cell: Cell, flows: Mapping[Tensor, Flow]) -> str:
    """Why the steps of a recurrence are not followed, if they are not."""
    for step in node.steps:
        if abs(step.shift) != 1:
            return "a step of a recurrence reads further back than the step before"
    for equation in node.equations:
        for read in equation.reads:
            shifted = cell.shifted(read, equation)
            if len(shifted) > 1:
                return "a step of a recurrence reads along several axes at once"
            others = flows.get(read.tensor, NOTHING).carried - shifted if shifted else frozenset()
            if any(equation.subscripts[k] != read.subscripts[k] for k in others if k < len(equation.subscripts)):
                return "every step of a recurrence reads the state at other positions as well"
    return ""


def _scanned(route: Route, axis: int, direction: int, target: Axis, frame: Frame) -> Route:
    """A route by way of a state that is handed on along an axis."""
    first, last = target.lower, target.upper
    for number, lower, upper in route.domain:
        if number == axis:
            ends_there = frame.nonnegative(upper - last) if direction > 0 else frame.nonnegative(first - lower)
            if not ends_there:
                return route.unknown("a recurrence runs over a part of the sequence")
            first, last = lower, upper
    start = first if direction > 0 else last
    return replace(route, reach=tuple(_extended(i, axis, direction, start, frame) for i in route.reach))


def _extended(interval: Interval, axis: int, direction: int, start: Expr, frame: Frame) -> Interval:
    """What all steps up to the own one see together."""
    here = place(axis)
    end = interval.lower if direction > 0 else interval.upper
    if not end.mentions(here):
        return interval
    slope = slope_of(end, here)
    if slope is None or not frame.facts.positive(slope.above):
        return whole(interval.size, interval.why or "a recurrence runs over positions that are spread unevenly")
    pace = slope.above / slope.below
    near = interval.near
    if near is None:
        near = Near(interval.lower, interval.upper, pace, interval.taps)
    if interval.near is not None and interval.near.pace != pace:
        return whole(interval.size, interval.why or "recurrences of different paces follow each other")
    far = substitute(end, {here: start}, frame.facts)
    steps = (from_atom(here) - start) * direction
    taps: tuple[Taps, ...] = ()
    if interval.near is None and not is_tap(interval, from_atom(here), frame):
        taps = filled((*all_taps(interval), Taps(pace, steps + 1)), frame.facts)
    lower, upper = (far, interval.upper) if direction > 0 else (interval.lower, far)
    beyond = interval.upper - from_atom(here) if direction > 0 else from_atom(here) - interval.lower
    sides = interval.sides
    if not taps and interval.taps:  # every step sees itself; beyond the own one there may be gaps
        sides = NO_GAPS if frame.nonnegative(-beyond) else None
    lower, upper = frame.tidy(lower), frame.tidy(upper)
    return replace(interval, lower=lower, upper=upper, near=replace(near, pace=pace), taps=taps, sides=sides)


def _handed_on(router: Router, initial: Equation, flows: Flows, scanned: tuple[int, int], frame: Frame) -> list[Route]:
    """Routes by way of an initial state: one evaluation for every step from the first one on."""
    axis, direction = scanned
    here, target = from_atom(place(axis)), initial.target.axes[axis]
    steps = here - target.lower if direction > 0 else target.upper - here
    routes, _ = router.read(initial, flows)
    return [replace(one, units=one.units + steps) for one in map(router.crossing, routes)]
