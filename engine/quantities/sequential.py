"""Minimum sequential operations: the longest chain of dependent (equation, step) pairs.

An equation starts, element by element, when what it reads is there; a whole reduction or matrix product is one step.
A recurrence whose longest chain from one step's state to the next one's has c equations goes on by c at every step,
so that recurrences in the same direction overlap. It does not look for prefix scans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..algebra.build import maximum, minimum
from ..algebra.expression import ONE, ZERO, Expr, const
from ..algebra.facts import Facts
from ..elaborator.layers import hull
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
from ..scalars import Read, Tensor
from .arrivals import UNEVEN, Arrivals
from .critical import Link, links
from .cycles import cycles, longest_cycle
from .fronts import START, Front, Ready, Slope, last, later, latest

# A number of steps that takes so many letters is a maximum of maxima that grows at every turn.
MAX_KEY = 300


AHEAD = "what reads ahead of a recurrence has all of it before the last position"
EARLIER = "a recurrence may begin before all is there that its last step reads"
ALONE = "nothing is added up where a single body is chosen"


class NotDerived(Exception):
    """The number of steps could not be derived; the message says why."""


@dataclass(frozen=True)
class Steps:
    """A number of steps; `at_most` are the reasons why there may be fewer, `links` the parts of the chain."""

    count: Expr
    at_most: tuple[str, ...]
    links: tuple[Link, ...] = ()


def sequential_steps(instance: Instance, facts: Facts) -> Steps:
    """Steps until every output is there. Raises `NotDerived`."""
    timer = _Timer(facts)
    times = timer.times(instance)
    count = maximum((last(times.get(tensor, START), tensor, facts) for tensor in instance.outputs), facts)
    return Steps(count, tuple(timer.at_most), timer.chain(instance, times))


class _Times(dict[Tensor, Ready]):
    """When tensors are there, those of a body and, `taken` from outside, those that it reads."""

    def __init__(self, outer: Mapping[Tensor, Ready]) -> None:
        super().__init__()
        self.outer = outer
        self.taken: dict[Tensor, Ready] = {}

    def __missing__(self, tensor: Tensor) -> Ready:
        self.taken[tensor] = found = self.outer[tensor]
        return found

    def __contains__(self, tensor: object) -> bool:
        return super().__contains__(tensor) or tensor in self.outer


@dataclass
class _Turn:
    """A turn that was followed: when what it carries was there at its begin and at its end, and what it read besides.

    Times are maxima of sums, so what comes a number of steps later ends at most as much later. Where it ends exactly
    so much later, once (`follows`), nothing from outside is the latest, and it does for every larger number.
    """

    entry: tuple[Ready, ...]
    taken: Mapping[Tensor, Ready]
    exit: tuple[Ready, ...]
    follows: bool = False

    def later_by(self, entry: Sequence[Ready], outer: Mapping[Tensor, Ready], facts: Facts) -> Expr | None:
        """By how many steps another turn begins later that is like this one otherwise; None if it is not like it."""
        steps = entry[0][0].base - self.entry[0][0].base if entry and entry[0] and self.entry[0] else ZERO
        if tuple(later(ready, steps) for ready in self.entry) != tuple(entry) or not facts.nonnegative(steps):
            return None
        return steps if all(outer[tensor] == ready for tensor, ready in self.taken.items()) else None


class _Timer:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.at_most: dict[str, None] = {}
        self.arrivals = Arrivals(facts, self.at_most)
        self._turns: dict[int, list[_Turn]] = {}
        self._known: dict[tuple[Instance, tuple[Ready, ...]], tuple[Ready, ...]] = {}

    def times(self, instance: Instance) -> dict[Tensor, Ready]:
        """When everything in a body is there whose inputs are there from the start."""
        times: dict[Tensor, Ready] = dict.fromkeys(instance.inputs, START)
        self.body(instance.body, times)
        return times

    def chain(self, instance: Instance, times: Mapping[Tensor, Ready]) -> tuple[Link, ...]:
        """The parts of the longest chain; those of the one layer that a body applies, if that is all of it."""

        def end(tensor: Tensor) -> Expr | None:
            return last(times[tensor], tensor, self.facts) if tensor in times else None

        found = links(instance, end, self.facts)
        calls = [node for node in instance.body if isinstance(node, Call)]
        if len(found) == 1 and len(calls) == 1 and all(times[given] == START for given in calls[0].arguments):
            return self.chain(calls[0].instance, self.times(calls[0].instance))
        return found

    def instance(self, instance: Instance, inputs: tuple[Ready, ...]) -> tuple[Ready, ...]:
        key = (instance, inputs)
        if key not in self._known:
            times: dict[Tensor, Ready] = dict(zip(instance.inputs, inputs, strict=True))
            self.body(instance.body, times)
            self._known[key] = tuple(times.get(output, START) for output in instance.outputs)
        return self._known[key]

    def body(self, nodes: Sequence[Node], times: dict[Tensor, Ready]) -> None:
        for node in nodes:
            match node:
                case Declared(tensor=tensor):
                    times[tensor] = START
                case Equation():
                    times[node.target] = self.equation(node, times)
                case Recurrence():
                    self.recurrence(node, times)
                case Join(result=result, parts=parts, axis=axis):
                    times[result] = self._joined([(times[p], p) for p in parts], axis)
                case Split(results=results, source=source, axis=axis):
                    if any(axis in front.uneven for front in times[source]):
                        self.at_most[UNEVEN] = None
                    for piece in results:
                        times[piece] = tuple(front.collapsed(source, axis, self.facts) for front in times[source])
                case Call(instance=instance, arguments=arguments, results=results):
                    found = self.instance(instance, tuple(times[a] for a in arguments))
                    times.update(zip(results, found, strict=True))
                case Repeat():
                    self.repeat(node, times)
                case Choose(results=results, chosen=chosen):
                    self.body(node.body, times)
                    if chosen != ONE and not self.facts.nonnegative(chosen - 2):
                        self.at_most[ALONE] = None
                    for given in results:
                        ready = times[given.inner]
                        times[given.outer] = ready if chosen == ONE else later(ready, ONE)
                case Parallel(results=results):
                    self.body(node.body, times)
                    for given in results:
                        times[given.outer] = self._stacked(times[given.inner], node)
                case Opaque(target=target, sources=sources, stated=stated):
                    there = [last(times[source], source, self.facts) for source in sources]
                    times[target] = (Front(maximum(there, self.facts) + dict(stated)["depth"]),)
                case Share():
                    pass

    # ---------------------------------------------------------------- equations

    def equation(self, equation: Equation, times: Mapping[Tensor, Ready]) -> Ready:
        arrivals = self.arrivals.of(equation, times)
        if not arrivals:
            return START  # a table that reads no tensor is there from the start
        return later(latest(arrivals, self.facts), ONE)

    def _joined(self, parts: Sequence[tuple[Ready, Tensor]], axis: int) -> Ready:
        found = latest(
            (front.collapsed(tensor, axis, self.facts) for ready, tensor in parts for front in ready), self.facts
        )
        if len({ready for ready, _ in parts}) == 1:
            return found
        return tuple(replace(front, uneven=front.uneven | {axis}) for front in found)

    def _stacked(self, ready: Ready, node: Parallel) -> Ready:
        """What bodies side by side give: there when the slowest of them is."""
        for front in ready:
            if any(e.mentions(node.symbol) for e in (front.base, *(slope for _, (slope, _) in front.slopes))):
                raise NotDerived("bodies side by side take different numbers of steps")
        return tuple(
            replace(
                f,
                slopes=tuple((axis + 1, slope) for axis, slope in f.slopes),
                uneven=frozenset(axis + 1 for axis in f.uneven),
            )
            for f in ready
        )

    # ---------------------------------------------------------------- recurrences

    def recurrence(self, node: Recurrence, times: dict[Tensor, Ready]) -> None:
        """Equations in a cycle go on by the longest cycle's length for each step; the others are ordinary."""
        initial = [e for e in node.equations if e.initial]
        for cycle in cycles(node):
            if not cycle.loops:
                for number in cycle.members:
                    if not node.equations[number].initial:
                        times[node.equations[number].target] = self.equation(node.equations[number], times)
                continue
            self._component(node, cycle.members, cycle.same, cycle.loops, initial, times)

    def _component(
        self,
        node: Recurrence,
        component: Sequence[int],
        same: Sequence[tuple[int, int]],
        loops: Sequence[tuple[int, int, int, int]],
        initial: list[Equation],
        times: dict[Tensor, Ready],
    ) -> None:
        paces: dict[int, Slope] = {}
        for axis, direction in sorted({(a, d) for _, _, a, d in loops}):
            pace = const(longest_cycle(component, same, [(s, t) for s, t, a, _ in loops if a == axis]))
            if axis in paces:
                raise NotDerived("a recurrence reads both the step before and the step after")
            paces[axis] = (pace, direction)
        start = [
            Front(last((f,), e.target, self.facts)).later(ZERO if isinstance(e.body, Read) else ONE)
            for e in initial
            for f in self.arrivals.of(e, times)
        ]
        # what comes from outside at one place waits for nothing else: the latest of all such courses
        courses: list[tuple[int | None, Front]] = [(None, front) for front in START]
        for number in component:
            courses += [(number, front) for front in [*self.arrivals.of(node.equations[number], times), *start]]
        found: dict[int, list[Front]] = {number: [] for number in component}
        for place, front in courses:
            if front.uneven & paces.keys():
                self.at_most[EARLIER] = None
            slopes = dict(paces)
            base, follows = front.base, False
            for axis, (slope, direction) in front.slopes:
                if axis in paces and paces[axis][1] == direction:
                    slopes[axis] = (maximum((paces[axis][0], slope), self.facts), direction)
                    follows = True
                    if front.cap is not None and not (
                        self.facts.nonnegative(paces[axis][0] - slope)
                        and self.facts.nonnegative(front.cap - front.base)
                    ):
                        self.at_most[AHEAD] = None
                elif place is not None:
                    target = node.equations[place].target
                    base = base + slope * (hull(target.axes[axis], target) - 1)
            if front.cap is not None and not follows:  # it waits for the last position, and no longer
                base = minimum((base, front.cap), self.facts)
            bases = self._settled(component, same, loops, {place: base} if place is not None else {}, slopes)
            for number in component:
                found[number].append(Front(bases[number], tuple(sorted(slopes.items(), key=lambda i: i[0]))))
        for number in component:
            times[node.equations[number].target] = latest(found[number], self.facts)

    def _settled(
        self,
        component: Sequence[int],
        same: Sequence[tuple[int, int]],
        loops: Sequence[tuple[int, int, int, int]],
        outside: Mapping[int, Expr],
        slopes: Mapping[int, Slope],
    ) -> dict[int, Expr]:
        """First times of the equations of a cycle: no later step may wait longer than the pace allows for."""
        bases = {number: outside.get(number, ZERO) + 1 for number in component}
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
        history = [current]
        turns = node.count.integer()
        if turns == 0:
            self._leave(node, current, times)
            return
        for _ in range(8 if turns is None else min(turns, 12)):
            history.append(self._turn(node, times, history[-1]))
            if turns is not None and len(history) == turns + 1:
                self._leave(node, history[-1], times)
                return
            if any(len(front.base.key) > MAX_KEY for ready in history[-1] for front in ready):
                raise NotDerived("which of several chains through a repeat is the longest depends on the sizes")
            paces = self._paces(node, times, history)
            if paces is not None:
                rest = node.count - (len(history) - 1)
                final = tuple(
                    tuple(front.later(rest * pace) for front, pace in zip(ready, mine, strict=True))
                    for ready, mine in zip(history[-1], paces, strict=True)
                )
                self._leave(node, final, times)
                return
        raise NotDerived("the chain through a repeat does not grow by the same number of steps at every turn")

    def _leave(self, node: Repeat, ready: Sequence[Ready], times: dict[Tensor, Ready]) -> None:
        for carried, value in zip(node.carried, ready, strict=True):
            times[carried.result] = value

    def _turn(self, node: Repeat, outer: Mapping[Tensor, Ready], entry: Sequence[Ready]) -> tuple[Ready, ...]:
        """One turn; a repeat in a repeat asks for the same turn again and again, a number of steps later."""
        known = self._turns.setdefault(id(node), [])
        for turn in known:
            later_by = turn.later_by(entry, outer, self.facts)
            if later_by is None:
                continue
            if later_by == ZERO or turn.follows:
                return tuple(later(ready, later_by) for ready in turn.exit)
            exit_ = self._taken(node, outer, entry).exit
            turn.follows = self.facts.nonnegative(later_by - 1) and exit_ == tuple(
                later(ready, later_by) for ready in turn.exit
            )
            return exit_
        taken = self._taken(node, outer, entry)
        known.append(taken)
        return taken.exit

    def _taken(self, node: Repeat, outer: Mapping[Tensor, Ready], entry: Sequence[Ready]) -> _Turn:
        times = _Times(outer)
        times.update({c.entry: r for c, r in zip(node.carried, entry, strict=True)})
        self.body(node.body, times)
        exit_ = tuple(times[c.exit] for c in node.carried)
        return _Turn(tuple(entry), times.taken, exit_)

    def _paces(
        self, node: Repeat, outer: Mapping[Tensor, Ready], history: list[tuple[Ready, ...]]
    ) -> list[list[Expr]] | None:
        """What each turn adds to every front, if the last two added the same and no slower front will ever wait for a
        faster one."""
        if len(history) < 3:
            return None
        before, now, after = history[-3:]
        paces: list[list[Expr]] = []
        for a, b, c in zip(before, now, after, strict=True):
            if not len(a) == len(b) == len(c):
                return None
            mine = []
            for x, y, z in zip(a, b, c, strict=True):
                pace = z.base - y.base
                if not x.slopes == y.slopes == z.slopes or y.base - x.base != pace or pace.mentions(node.symbol):
                    return None
                if z.cap is not None and (y.cap is None or z.cap - y.cap != pace):
                    return None
                mine.append(pace)
            paces.append(mine)
        different = {pace for mine in paces for pace in mine}
        if len(different) > 1:
            fastest = max(different, key=lambda e: e.constant if isinstance(e.constant, int) else 0)
            pushed = tuple(
                tuple(f.later(const(10**6)) if p == fastest else f for f, p in zip(r, mine, strict=True))
                for r, mine in zip(after, paces, strict=True)
            )
            hurried, plain = self._turn(node, outer, pushed), self._turn(node, outer, after)
            for mine, r, s in zip(paces, hurried, plain, strict=True):
                if len(r) != len(s) or any(p != fastest and f != g for p, f, g in zip(mine, r, s, strict=True)):
                    return None
        return paces
