"""Repeats: the flow after all turns of a body, turn by turn where they are few, in closed form where they are not.

A body is followed once, from what it carries; the turns are put one after the other. What repeats itself from some
turn on is closed by counting its units, windows by adding up their ends. A closed form is believed only if it agrees
with the first turns put one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ..algebra.atoms import Rounded, Symbol
from ..algebra.build import power
from ..algebra.expression import ONE, ZERO, Expr, const, from_atom
from ..algebra.facts import Facts
from ..algebra.substitution import substitute
from ..algebra.summation import NoClosedForm, sum_over
from ..program import Carried, Repeat
from ..scalars import Tensor, place
from .flows import NOTHING, Flow, Route, by_way_of, pruned, starting
from .frames import Frame
from .gaps import NO_GAPS, Taps, filled
from .order import covers, everything
from .spans import Interval, Near, all_taps, slope_of, whole

if TYPE_CHECKING:
    from .routes import Router

# So many turns are put one after the other; of more, or of a number that is not known, the first few.
UNROLLED = 40
FIRST = 4
TURNS = Symbol("turns")
UNSOLVED = "the routes through a repeat have no closed form"
GAPS = "the dilated windows leave gaps"

Turn = list[Flow]


def follow_repeat(router: Router, node: Repeat, flows: dict[Tensor, Flow]) -> None:
    """The flow to everything that a repeat carries, after all its turns."""
    turn = _body(router, node, flows)
    initial = [flows.get(c.initial, NOTHING) for c in node.carried]
    count = node.count.integer()
    history = [initial]
    for number in range(FIRST if count is None else min(count, FIRST)):
        history.append(_next(router, node, turn, history[-1], number))
    if count is None or count > FIRST:
        closed = _steady(router, node, history) or _windows(router, node, turn, history)
        if closed is None and count is not None and count <= UNROLLED:
            for number in range(FIRST, count):
                history.append(_next(router, node, turn, history[-1], number))
        else:
            history.append(closed or [_unsolved(flow) for flow in history[-1]])
    for carried, flow in zip(node.carried, history[-1], strict=True):
        flows[carried.result] = flow


def _body(router: Router, node: Repeat, flows: Mapping[Tensor, Flow]) -> Turn:
    """What a turn hands on, from what it was handed; on the axes that carry positions at any turn."""
    axes = [flow.carried if (flow := flows.get(c.initial, NOTHING)).routes else None for c in node.carried]
    for _ in range(len(axes) + 2):
        local = dict(flows)
        local.update({c.entry: starting(c.entry, a) for c, a in zip(node.carried, axes, strict=True) if a is not None})
        router.body(node.body, local)
        exits = [local.get(c.exit, NOTHING) for c in node.carried]
        more = [(a or frozenset()) | f.carried if f.routes else a for a, f in zip(axes, exits, strict=True)]
        if more == axes:
            break
        axes = more
    return [replace(f, routes=tuple(replace(r, run=0) for r in f.routes)) for f in exits]


def _next(router: Router, node: Repeat, turn: Turn, before: Turn, number: int) -> Turn:
    """The flows after one more turn."""
    entries = {c.entry: flow for c, flow in zip(node.carried, before, strict=True)}
    at = {node.symbol: const(number)}
    return [
        router.composed(c.exit, at_turn(flow, at, router.facts), entries)
        for c, flow in zip(node.carried, turn, strict=True)
    ]


def at_turn(flow: Flow, at: Mapping[Symbol, Expr], facts: Facts) -> Flow:
    return replace(flow, routes=tuple(_put(route, at, facts) for route in flow.routes))


def _put(route: Route, at: Mapping[Symbol, Expr], facts: Facts) -> Route:
    domain = tuple((k, substitute(a, at, facts), substitute(b, at, facts)) for k, a, b in route.domain)
    reach = tuple(interval.map(at, facts) for interval in route.reach)
    units = substitute(route.units, at, facts)
    if (reach, units, domain) == (route.reach, route.units, route.domain):
        return route
    return replace(route, reach=reach, units=units, domain=domain)


# ---------------------------------------------------------------- what repeats itself


def _steady(router: Router, node: Repeat, history: Sequence[Turn]) -> Turn | None:
    """The flows after all turns, if from some turn on all see the same over evenly more units: from the first one on,
    or from one that is surely made, or is at the example values."""
    last = len(history) - 1
    rest = node.count - last
    for start in range(1, last - 1):
        found = _evenly(node, history[start:], rest)
        if found is not None:
            return found if router.grants(node.count - start) else None
    return None


def _evenly(node: Repeat, turns: Sequence[Turn], rest: Expr) -> Turn | None:
    """The flows `rest` turns after the last one, if all of these see the same over evenly more units."""
    found: Turn = []
    for flows in zip(*turns, strict=True):
        keyed = [{(r.source, r.reach, r.domain): r.units for r in flow.routes} for flow in flows]
        if any(k.keys() != keyed[0].keys() for k in keyed):
            return None
        routes = []
        for route in flows[-1].routes:
            units = [k[route.source, route.reach, route.domain] for k in keyed]
            paces = {later - earlier for earlier, later in pairwise(units)}
            if len(paces) != 1 or any(i.mentions(node.symbol) for i in route.reach):
                return None
            routes.append(replace(route, units=route.units + paces.pop() * rest))
        found.append(replace(flows[-1], routes=tuple(routes)))
    return found


# ---------------------------------------------------------------- windows that add up


def _windows(router: Router, node: Repeat, turn: Turn, history: Sequence[Turn]) -> Turn | None:
    """The widest windows after all turns, and the ways over the fewest units; None where they do not add up."""
    facts = router.facts
    rest = from_atom(TURNS)
    own = [_widest([r for r in f.routes if r.source is c.entry], router.frame(c.exit)) for f, c in _pairs(turn, node)]
    found: list[list[Route]] = []
    for number, (flow, carried) in enumerate(_pairs(turn, node)):
        frame = router.frame(carried.exit)
        routes: list[Route] = []
        widest = own[number]
        if widest is not None:
            units = widest.units + (rest - 1) * _fewest_after(widest, flow.routes, frame)
            routes += _through(widest, units, history[0][number], node, rest, frame)
            skip = min((r for r in flow.routes if r.source is carried.entry), key=lambda r: _size(r.units))
            if skip is not widest:
                routes += _through(skip, skip.units * rest, history[0][number], node, rest, frame)
        for route in flow.routes:
            if route.source is carried.entry:
                continue
            feeding = next((n for n, c in enumerate(node.carried) if c.entry is route.source), None)
            if feeding is None:
                routes.append(_put(route, {node.symbol: rest - 1}, facts))
                continue
            before = own[feeding]
            if before is None:
                continue
            for arriving in _through(before, before.units * (rest - 1), history[0][feeding], node, rest - 1, frame):
                last = _put(route, {node.symbol: rest - 1}, facts)
                seen = dict(zip(last.axes, last.reach, strict=True))
                one = by_way_of(arriving, seen, frame, {k: (a, b) for k, a, b in last.domain})
                if one is not None:
                    routes.append(replace(one, units=one.units + last.units, run=0))
        found.append(routes)
    if not _agrees(router, node, found, history):
        return None
    result: Turn = []
    for routes, (flow, carried) in zip(found, _pairs(turn, node), strict=True):
        settled = [_put(route, {TURNS: node.count}, facts) for route in routes]
        kept, _ = pruned(settled, router.frame(carried.result))
        dropped = len({(r.reach, r.units) for f in history[1] for r in f.routes}) > 1
        result.append(Flow(kept, flow.carried | history[1][len(result)].carried, dropped))
    return result


def _pairs(turn: Turn, node: Repeat) -> list[tuple[Flow, Carried]]:
    return list(zip(turn, node.carried, strict=True))


def _size(units: Expr) -> float:
    value = units.constant
    return float(value) if value is not None else float("inf")


def _widest(routes: Sequence[Route], frame: Frame) -> Route | None:
    for route in routes:
        if all(
            covers(large, small, frame) or (large.why and not small.why)
            for other in routes
            for large, small in zip(route.reach, other.reach, strict=True)
        ):
            return route
    return None


def _fewest_after(widest: Route, routes: Sequence[Route], frame: Frame) -> Expr:
    """The units of every other turn: what sees everything goes on by the shortest way that leaves it so."""
    fewest = widest.units
    if not all(_sees_all(i, frame) for i in widest.reach):
        return fewest
    for other in routes:
        if other.source is not widest.source or not frame.nonnegative(fewest - other.units):
            continue
        both = by_way_of(widest, dict(zip(other.axes, other.reach, strict=True)), frame)
        if both is not None and all(_sees_all(i, frame) for i in both.reach):
            fewest = other.units
    return fewest


def _sees_all(interval: Interval, frame: Frame) -> bool:
    """Is every position seen, all over equally many units?"""
    near = interval.near
    first = interval if near is None else replace(interval, lower=near.lower, upper=near.upper, near=None)
    return interval.certain and everything(first, frame)


def _through(route: Route, units: Expr, arriving: Flow, node: Repeat, count: Expr, frame: Frame) -> list[Route]:
    """The routes that arrive, by way of `count` turns of one route."""
    reach = [power_of(i, k, node.symbol, count, frame) for k, i in zip(route.axes, route.reach, strict=True)]
    seen = dict(zip(route.axes, reach, strict=True))
    found = [by_way_of(one, seen, frame) for one in arriving.routes]
    return [replace(one, units=one.units + units, run=0) for one in found if one is not None]


def _agrees(router: Router, node: Repeat, found: Sequence[Sequence[Route]], history: Sequence[Turn]) -> bool:
    """Do the closed forms see what the first turns, one after the other, see?"""
    for turns in range(1, min(len(history), FIRST)):
        for routes, flow, carried in zip(found, history[turns], node.carried, strict=True):
            frame = router.frame(carried.result)
            told = [_put(route, {TURNS: const(turns)}, router.facts) for route in routes]
            for route in flow.routes:
                if not any(_holds(one, route, frame) for one in told):
                    return False
            for one in told:
                if not any(_same(one, route, frame) for route in flow.routes):
                    return False
    return True


def _holds(one: Route, other: Route, frame: Frame) -> bool:
    return one.source is other.source and all(
        covers(replace(large, taps=(), sides=NO_GAPS, why=""), replace(small, why=""), frame)
        for large, small in zip(one.reach, other.reach, strict=True)
    )


def _same(one: Route, other: Route, frame: Frame) -> bool:
    return _holds(one, other, frame) and _holds(other, one, frame)


def _unsolved(flow: Flow) -> Flow:
    routes = [replace(r, reach=tuple(whole(i.size, i.why or UNSOLVED) for i in r.reach)) for r in flow.routes]
    return Flow(tuple(routes), flow.carried, True)


# ---------------------------------------------------------------- one interval, over and over


def power_of(interval: Interval, axis: int, symbol: Symbol, count: Expr, frame: Frame) -> Interval:
    """The interval after `count` turns that see, at turn `symbol`, `interval` of what the turn before gives."""
    here = place(axis)
    if interval.why:
        return whole(interval.size, interval.why)
    lower = _power_of_end(interval.lower, here, symbol, count, frame)
    upper = _power_of_end(interval.upper, here, symbol, count, frame)
    if lower is None or upper is None:
        return whole(interval.size, UNSOLVED)
    near = None
    if interval.near is not None:
        first = _power_of_end(interval.near.lower, here, symbol, count, frame)
        last = _power_of_end(interval.near.upper, here, symbol, count, frame)
        between = _series(interval.near.taps, ONE, symbol, count, frame.facts)
        if first is None or last is None or between is None or interval.near.pace != ONE:
            return whole(interval.size, UNSOLVED)
        near = Near(first, last, taps=filled(between, frame.facts))
    found = Interval(lower, upper, interval.size, near=near, wraps=interval.wraps)
    if not (interval.lower.mentions(here) and interval.upper.mentions(here)) or interval.near is not None:
        return found
    own = from_atom(here)
    slope = slope_of(interval.lower, here)
    if not interval.taps and slope is not None and slope.below != ONE:
        return found
    taps = _series(all_taps(interval), slope.above if slope is not None else ONE, symbol, count, frame.facts)
    if taps is None:
        return replace(found, why=GAPS, sides=None)
    sides = interval.sides
    if sides is not None and (interval.taps or sides != NO_GAPS):
        both = []
        for side, gaps in enumerate(sides):
            reach = own - interval.lower if side == 0 else interval.upper - own
            series = _series(gaps or ((Taps(ONE, reach + 1),) if reach else ()), ONE, symbol, count, frame.facts)
            both.append(series)
        sides = None if None in both else (filled(both[0], frame.facts), filled(both[1], frame.facts))  # type: ignore[arg-type]
    return replace(found, taps=filled(taps, frame.facts), sides=sides)


def _power_of_end(end: Expr, here: Symbol, symbol: Symbol, count: Expr, frame: Frame) -> Expr | None:
    """One end after so many turns: a constant one stays, what is added at each turn adds up, a stride multiplies, a
    block moves by as much as it moves a second time."""
    if not end.mentions(here):
        return end if not end.mentions(symbol) else None
    powers = end.coefficients(here)
    own = from_atom(here)
    if set(powers) <= {0, 1} and not powers.get(0, ZERO).mentions(here):
        slope, rest = powers.get(1, ZERO), powers.get(0, ZERO)
        if any(s.kind == "index" for s in rest.symbols() | slope.symbols()):
            return None
        if slope.mentions(symbol):
            return None
        try:
            moved = rest if slope == ONE else rest * power(slope, from_atom(symbol), frame.facts)
            total = sum_over(moved, symbol, ZERO, count - 1, frame.facts)
        except NoClosedForm:
            return None
        return own * (ONE if slope == ONE else power(slope, count, frame.facts)) + total
    if end.mentions(symbol):
        return None
    twice = frame.tidy(substitute(end, {here: end}, frame.facts))
    step = twice - end
    if any(s.kind == "index" for s in step.symbols()) or any(isinstance(a, Rounded) for a in step.atoms()):
        return None
    thrice = frame.tidy(substitute(end, {here: twice}, frame.facts))
    return end + step * (count - 1) if thrice - twice == step else None


def _series(taps: Sequence[Taps], slope: Expr, symbol: Symbol, count: Expr, facts: Facts) -> tuple[Taps, ...] | None:
    """The progressions of all turns; of steps that grow from turn to turn one, if none leaves a gap beyond the ones
    before it, and None if it does."""
    found: list[Taps] = []
    for tap in taps:
        step = tap.step if slope == ONE else tap.step * power(slope, from_atom(symbol), facts)
        if not step.mentions(symbol) and not tap.count.mentions(symbol):
            found.append(Taps(step, (tap.count - 1) * count + 1))
            continue
        reach = step * (tap.count - 1)
        try:
            before = sum_over(reach, symbol, ZERO, from_atom(symbol) - 1, facts)
            whole_ = sum_over(reach, symbol, ZERO, count - 1, facts)
        except NoClosedForm:
            return None
        if not facts.nonnegative(before + 1 - step):
            return None
        found.append(Taps(ONE, whole_ + 1))
    return tuple(found)
