"""Minimum sequential operations: the longest chain of dependent (equation, step) pairs.

An equation starts, element by element, when what it reads is there; a whole reduction or matrix product is one step.
A recurrence whose longest chain from one step's state to the next one's has c equations goes on by c at every step,
so that recurrences in the same direction overlap. It does not look for prefix scans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..algebra.build import maximum
from ..algebra.expression import ONE, ZERO, Expr, Symbol, const
from ..algebra.facts import Facts
from ..algebra.ranges import extreme
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
from ..scalars import Read, Tensor, position, reads
from .operations import all_indices

Slope = tuple[Expr, int]


@dataclass(frozen=True)
class Ready:
    """When an element is there: `base`, plus on some axes a slope for each position from the first (+1) or the last
    (−1) on."""

    base: Expr
    slopes: tuple[tuple[int, Slope], ...] = ()

    def slope(self, axis: int) -> Slope | None:
        return dict(self.slopes).get(axis)

    def last(self, tensor: Tensor) -> Expr:
        """When the whole tensor is there."""
        result = self.base
        for axis, (slope, _) in self.slopes:
            result = result + slope * (tensor.axes[axis].size - 1)
        return result


class NotDerived(Exception):
    """The number of steps could not be derived; the message says why."""


def sequential(instance: Instance, facts: Facts) -> Expr:
    """Steps until every output is there. Raises `NotDerived`."""
    timer = _Timer(facts)
    outputs = timer.instance(instance, tuple(Ready(ZERO) for _ in instance.inputs))
    return maximum((ready.last(tensor) for ready, tensor in zip(outputs, instance.outputs, strict=True)), facts)


class _Timer:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._known: dict[tuple[Instance, tuple[Ready, ...]], tuple[Ready, ...]] = {}

    def instance(self, instance: Instance, inputs: tuple[Ready, ...]) -> tuple[Ready, ...]:
        key = (instance, inputs)
        if key not in self._known:
            times: dict[Tensor, Ready] = dict(zip(instance.inputs, inputs, strict=True))
            self.body(instance.body, times)
            self._known[key] = tuple(times.get(output, Ready(ZERO)) for output in instance.outputs)
        return self._known[key]

    def body(self, nodes: Sequence[Node], times: dict[Tensor, Ready]) -> None:
        for node in nodes:
            match node:
                case Declared(tensor=tensor):
                    times[tensor] = Ready(ZERO)
                case Equation():
                    times[node.target] = self.equation(node, times)
                case Recurrence():
                    self.recurrence(node, times)
                case Join(result=result, parts=parts, axis=axis):
                    times[result] = self._joined([(times[p], p) for p in parts], axis)
                case Split(results=results, source=source, axis=axis):
                    for piece in results:
                        times[piece] = self._collapsed(times[source], source, axis)
                case Call(instance=instance, arguments=arguments, results=results):
                    found = self.instance(instance, tuple(times[a] for a in arguments))
                    times.update(zip(results, found, strict=True))
                case Repeat():
                    self.repeat(node, times)
                case Choose(results=results, chosen=chosen):
                    self.body(node.body, times)
                    for given in results:
                        ready = times[given.inner]
                        times[given.outer] = ready if chosen == ONE else self._later(ready, ONE)
                case Parallel(results=results):
                    self.body(node.body, times)
                    for given in results:
                        times[given.outer] = self._stacked(times[given.inner], node)
                case Opaque(target=target, sources=sources, stated=stated):
                    there = [times[source].last(source) for source in sources]
                    times[target] = Ready(maximum(there, self.facts) + dict(stated)["depth"])
                case Share():
                    pass

    # ---------------------------------------------------------------- equations

    def equation(self, equation: Equation, times: Mapping[Tensor, Ready]) -> Ready:
        arrivals = [self.seen(read, equation, times) for read in reads(equation.body) if read.tensor in times]
        if not arrivals:
            return Ready(ZERO)  # a table that reads no tensor is there from the start
        return self._later(self._latest(arrivals), ONE)

    def seen(self, read: Read, equation: Equation, times: Mapping[Tensor, Ready]) -> Ready:
        """When what is read is there, as a function of the equation's own position."""
        ready = times[read.tensor]
        base, slopes = ready.base, []
        ranges = {i.symbol: (i.lower, i.upper) for i in all_indices(equation)}
        own = {s: n for n, sub in enumerate(equation.subscripts) for s in _bare(position(sub))}
        for axis, (slope, direction) in ready.slopes:
            value = position(read.subscripts[axis])
            place = None if value is None else next((s for s in value.symbols() if s in own), None)
            gap = None
            if place is not None and value is not None:
                gap = extreme(
                    value - Expr({((place, 1),): 1}),
                    {s: r for s, r in ranges.items() if s != place},
                    self.facts,
                    largest=direction > 0,
                )
            if gap is None or place is None or any(s.kind == "index" for s in gap.symbols()):
                base = base + slope * (read.tensor.axes[axis].size - 1)
            else:
                base = base + slope * gap * direction
                slopes.append((own[place], (slope, direction)))
        return Ready(base, tuple(slopes))

    def _later(self, ready: Ready, steps: Expr) -> Ready:
        return Ready(ready.base + steps, ready.slopes)

    def _latest(self, arrivals: Sequence[Ready]) -> Ready:
        """An upper bound that is attained: bases and slopes each at their largest."""
        base = maximum((a.base for a in arrivals), self.facts)
        slopes: dict[int, Slope] = {}
        for arrival in arrivals:
            for axis, (slope, direction) in arrival.slopes:
                known = slopes.get(axis)
                if known is None:
                    slopes[axis] = (slope, direction)
                elif known[1] != direction:
                    raise NotDerived(
                        "two recurrences run in opposite directions along one axis and meet position by position"
                    )
                else:
                    slopes[axis] = (maximum((known[0], slope), self.facts), direction)
        return Ready(base, tuple(sorted(slopes.items(), key=lambda i: i[0])))

    def _collapsed(self, ready: Ready, tensor: Tensor, axis: int) -> Ready:
        """Along one axis, only when all of it is there."""
        base = ready.base
        for number, (slope, _) in ready.slopes:
            if number == axis:
                base = base + slope * (tensor.axes[axis].size - 1)
        return Ready(base, tuple(item for item in ready.slopes if item[0] != axis))

    def _joined(self, parts: Sequence[tuple[Ready, Tensor]], axis: int) -> Ready:
        collapsed = [self._collapsed(ready, tensor, axis) for ready, tensor in parts]
        directions = {direction for ready in collapsed for _, (_, direction) in ready.slopes}
        if len(directions) > 1:  # both directions side by side: what follows waits for the whole of either
            collapsed = [Ready(ready.last(tensor)) for ready, (_, tensor) in zip(collapsed, parts, strict=True)]
        return self._latest(collapsed)

    def _stacked(self, ready: Ready, node: Parallel) -> Ready:
        """What bodies side by side give: there when the slowest of them is."""
        if any(e.mentions(node.symbol) for e in (ready.base, *(slope for _, (slope, _) in ready.slopes))):
            raise NotDerived("bodies side by side take different numbers of steps")
        return Ready(ready.base, tuple((axis + 1, slope) for axis, slope in ready.slopes))

    # ---------------------------------------------------------------- recurrences

    def recurrence(self, node: Recurrence, times: dict[Tensor, Ready]) -> None:
        """Equations in a cycle go on by the longest cycle's length for each step; the others are ordinary."""
        order = {e.target: n for n, e in enumerate(node.equations) if not e.initial}
        initial = [e for e in node.equations if e.initial]
        same: list[tuple[int, int]] = []
        carried: list[tuple[int, int, int, int]] = []
        stepped = {(s.reader, s.state, s.axis, s.shift) for s in node.steps}
        for number, equation in enumerate(node.equations):
            shifted = {(s, a, d) for r, s, a, d in stepped if r == number}
            for state, axis, shift in shifted:
                carried.append((order[state], number, axis, -shift))
            for read in reads(equation.body):
                if read.tensor in order and order[read.tensor] < number and not _is_shifted(read, equation):
                    same.append((order[read.tensor], number))
        for component in _components(len(node.equations), same, carried):
            inside = set(component)
            loops = [c for c in carried if c[0] in inside and c[1] in inside]
            if not loops:
                for number in component:
                    if not node.equations[number].initial:
                        times[node.equations[number].target] = self.equation(node.equations[number], times)
                continue
            self._component(
                node, component, [s for s in same if s[0] in inside and s[1] in inside], loops, initial, times
            )

    def _component(
        self,
        node: Recurrence,
        component: Sequence[int],
        same: list[tuple[int, int]],
        loops: list[tuple[int, int, int, int]],
        initial: list[Equation],
        times: dict[Tensor, Ready],
    ) -> None:
        slopes: dict[int, Slope] = {}
        for axis, direction in sorted({(a, d) for _, _, a, d in loops}):
            pace = const(_longest_cycle(component, same, [(s, t) for s, t, a, _ in loops if a == axis]))
            if axis in slopes:
                raise NotDerived("a recurrence reads both the step before and the step after")
            slopes[axis] = (pace, direction)
        outside: dict[int, Ready] = {}
        for number in component:
            equation = node.equations[number]
            known = [self.seen(r, equation, times) for r in reads(equation.body) if r.tensor in times]
            outside[number] = self._latest(known) if known else Ready(ZERO)
        start = [self.seen(r, e, times) for e in initial for r in reads(e.body) if r.tensor in times]
        for number in component:
            if start:
                outside[number] = self._latest([outside[number], *(Ready(s.base) for s in start)])
            for axis, (slope, direction) in outside[number].slopes:
                if axis in slopes and slopes[axis][1] == direction:
                    slopes[axis] = (maximum((slopes[axis][0], slope), self.facts), direction)
        bases = self._settled(component, same, loops, outside, slopes, node)
        for number in component:
            times[node.equations[number].target] = Ready(
                bases[number], tuple(sorted(slopes.items(), key=lambda i: i[0]))
            )

    def _settled(
        self,
        component: Sequence[int],
        same: list[tuple[int, int]],
        loops: list[tuple[int, int, int, int]],
        outside: Mapping[int, Ready],
        slopes: Mapping[int, Slope],
        node: Recurrence,
    ) -> dict[int, Expr]:
        """First times of the equations of a cycle: no later step may wait longer than the pace allows for."""
        bases: dict[int, Expr] = {}
        for number in component:
            ready = outside[number]
            base = ready.base
            for axis, (slope, direction) in ready.slopes:
                if axis not in slopes or slopes[axis][1] != direction:
                    base = base + slope * (node.equations[number].target.axes[axis].size - 1)
            bases[number] = base + 1
        for _ in range(2 * len(component) + 1):
            changed = False
            for source, target in same:
                changed |= self._raise(bases, target, bases[source] + 1)
            for source, target, axis, _ in loops:
                changed |= self._raise(bases, target, bases[source] + 1 - slopes[axis][0])
            if not changed:
                break
        return bases

    def _raise(self, bases: dict[int, Expr], number: int, value: Expr) -> bool:
        best = maximum((bases[number], value), self.facts)
        if best == bases[number]:
            return False
        bases[number] = best
        return True

    # ---------------------------------------------------------------- repeats

    def repeat(self, node: Repeat, times: dict[Tensor, Ready]) -> None:
        """Turn by turn until every turn adds the same, then all the others at once."""
        current = tuple(times[c.initial] for c in node.carried)
        outer = dict(times)
        history = [current]
        turns = node.count.integer()
        for _ in range(8 if turns is None else min(turns, 12)):
            history.append(self._turn(node, outer, history[-1]))
            if turns is not None and len(history) == turns + 1:
                self._leave(node, history[-1], times)
                return
            pace = self._pace(node, outer, history)
            if pace is not None:
                done = len(history) - 1
                final = tuple(
                    Ready(r.base + (node.count - done) * p, r.slopes) for r, p in zip(history[-1], pace, strict=True)
                )
                self._leave(node, final, times)
                return
        raise NotDerived("the chain through a repeat does not grow by the same number of steps at every turn")

    def _leave(self, node: Repeat, ready: Sequence[Ready], times: dict[Tensor, Ready]) -> None:
        for carried, value in zip(node.carried, ready, strict=True):
            times[carried.result] = value

    def _turn(self, node: Repeat, outer: Mapping[Tensor, Ready], entry: Sequence[Ready]) -> tuple[Ready, ...]:
        times = dict(outer)
        times.update({c.entry: r for c, r in zip(node.carried, entry, strict=True)})
        self.body(node.body, times)
        return tuple(times[c.exit] for c in node.carried)

    def _pace(self, node: Repeat, outer: Mapping[Tensor, Ready], history: list[tuple[Ready, ...]]) -> list[Expr] | None:
        """What each turn adds, if the last two added the same and no slower chain will ever wait for a faster one."""
        if len(history) < 3:
            return None
        before, last, now = history[-3:]
        pace = []
        for a, b, c in zip(before, last, now, strict=True):
            if b.slopes != c.slopes or c.base - b.base != b.base - a.base or (c.base - b.base).mentions(node.symbol):
                return None
            pace.append(c.base - b.base)
        if len(set(pace)) > 1:
            fastest = max(pace, key=lambda e: e.constant if isinstance(e.constant, int) else 0)
            pushed = tuple(
                Ready(r.base + 10**6 if p == fastest else r.base, r.slopes) for r, p in zip(now, pace, strict=True)
            )
            after, plain = self._turn(node, outer, pushed), self._turn(node, outer, now)
            for p, r, s in zip(pace, after, plain, strict=True):
                if p != fastest and r != s:
                    return None
        return pace


def _bare(value: Expr | None) -> list[Symbol]:
    """The symbol that a left subscript is; merged indices are no single place."""
    if value is None or len(value.terms) != 1:
        return []
    found = list(value.symbols())
    return found if len(found) == 1 and value == Expr({((found[0], 1),): 1}) else []


def _is_shifted(read: Read, equation: Equation) -> bool:
    for mine, theirs in zip(equation.subscripts, read.subscripts, strict=False):
        left, right = position(mine), position(theirs)
        if left is not None and right is not None and (right - left).integer():
            return True
    return False


def _components(
    count: int, same: Sequence[tuple[int, int]], carried: Sequence[tuple[int, int, int, int]]
) -> list[list[int]]:
    """Strongly connected components in the order of their dependences (few equations: by reachability)."""
    edges = {n: {t for s, t in same if s == n} | {t for s, t, _, _ in carried if s == n} for n in range(count)}
    reach = {n: _reachable(n, edges) for n in range(count)}
    seen: set[int] = set()
    components = []
    for n in range(count):
        if n in seen:
            continue
        component = [m for m in range(count) if m == n or (m in reach[n] and n in reach[m])]
        seen |= set(component)
        components.append(component)
    return sorted(components, key=lambda c: (sum(1 for o in components if o is not c and c[0] in reach[o[0]]), c[0]))


def _reachable(start: int, edges: Mapping[int, set[int]]) -> set[int]:
    found: set[int] = set()
    waiting = list(edges[start])
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += edges[node]
    return found


def _longest_cycle(
    component: Sequence[int], same: Sequence[tuple[int, int]], carried: Sequence[tuple[int, int]]
) -> Fraction:
    """The largest ratio of equations to steps over the cycles: how many equations the state waits for at every step."""
    best = Fraction(0)
    edges = [(s, t, 0) for s, t in same] + [(s, t, 1) for s, t in carried]

    def walk(node: int, start: int, seen: frozenset[int], length: int, steps: int) -> None:
        nonlocal best
        for source, target, step in edges:
            if source != node:
                continue
            if target == start and steps + step:
                best = max(best, Fraction(length + 1, steps + step))
            elif target > start and target not in seen:
                walk(target, start, seen | {target}, length + 1, steps + step)

    for start in component:
        walk(start, start, frozenset({start}), 0, 0)
    return best
