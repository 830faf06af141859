"""Recurrences: equations that read each other a step back, followed element by element in the order of their steps.

Every step is one evaluation of the cell: a unit of its own, inside a layer that is one as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from ..program import Equation, Recurrence
from ..scalars import Tensor, position
from .arithmetic import Number, whole
from .bits import Reach, Reaches, either, plus
from .carrying import Labels, keeps
from .pieces import Part, applied
from .runs import Box, box, strides, volume
from .taps import Taps
from .terms import Met

if TYPE_CHECKING:
    from ..algebra.atoms import Symbol
    from .graph import Memory, Walker

# (the state that is read, its number in that table, how: at the own step, one step away, or as an initial state, which
# is handed on without an evaluation of its own)
How = Literal["same", "step", "initial"]
Dependence = tuple[Tensor, int, How]


class Scan:
    """A recurrence at sizes. `labels` are the axes of all tensors that carry positions, the states' among them."""

    def __init__(
        self, walker: Walker, node: Recurrence, memory: Memory, at: Mapping[Symbol, Number], labels: Labels
    ) -> None:
        self.walker, self.node, self.memory, self.at, self.labels = walker, node, memory, at, labels
        self.scanned = {step.axis for step in node.steps}
        self.boxes: dict[Tensor, Box] = {}
        for equation in node.equations:
            known = self.boxes.get(equation.target, box(equation.target.axes, at))
            self.boxes[equation.target] = self._with_initial(equation, known)
        self.axes = {target: frozenset(self.scanned & set(range(len(target.axes)))) for target in self.boxes}
        self._widen()
        self.inside: dict[Tensor, Reaches] = {t: [None] * volume(self._ranges(t)) for t in self.boxes}
        self.outside: dict[Tensor, Reaches] = {t: [None] * volume(self._ranges(t)) for t in self.boxes}
        self.reads: dict[Tensor, list[list[Dependence]]] = {t: [[] for _ in self.inside[t]] for t in self.boxes}
        for equation in node.equations:
            self._collect(equation)

    def _with_initial(self, equation: Equation, ranges: Box) -> Box:
        """An initial state stands beside the axis."""
        if not equation.initial:
            return ranges
        free = {index.symbol for index in equation.indices}
        places = [position(subscript) for subscript in equation.subscripts]
        fixed = [None if p is None or p.symbols() & free else whole(p, self.at) for p in places]
        return tuple(
            (low, high) if p is None else (min(low, p), max(high, p))
            for (low, high), p in zip(ranges, fixed, strict=True)
        )

    def _ranges(self, target: Tensor) -> Box:
        return tuple(self.boxes[target][axis] for axis in sorted(self.axes[target]))

    # ---------------------------------------------------------------- what is read

    def _sources(self, one: Met) -> list[Part]:
        """The parts of what a read reads; a state's table, yet empty, for a state."""
        tensor = one.read.tensor
        if tensor in self.boxes:
            return [Part(tuple(sorted(self.axes[tensor])), self._ranges(tensor), [])]
        known = self.memory.get(tensor)
        return known.parts if known is not None else []

    def _taps(self, equation: Equation, number: int, one: Met, part: Part) -> Taps | None:
        labels = self.labels.get(one.read.tensor, frozenset())
        target = equation.target
        return self.walker.taps(equation, number, one, part, labels, self.at, self.axes[target], self.boxes[target])

    def _widen(self) -> None:
        """The axes along which the states differ, through each other."""
        while True:
            before = dict(self.axes)
            for equation in self.node.equations:
                for number, one in enumerate(self.walker.reads_of(equation)):
                    for part in self._sources(one):
                        taps = self._taps(equation, number, one, part)
                        if taps is not None:
                            self.axes[equation.target] |= frozenset(taps.axes)
            if self.axes == before:
                return

    def _collect(self, equation: Equation) -> None:
        target, walker = equation.target, self.walker
        scans = bool(self.scanned & self.labels.get(target, frozenset()))
        for number, one in enumerate(walker.reads_of(equation)):
            own = one.read.tensor in self.boxes
            step = scans and any(
                one.read.subscripts[axis] != equation.subscripts[axis]
                for axis in self.scanned
                if axis < len(equation.subscripts)
            )
            labels = self.labels.get(one.read.tensor, frozenset())
            mixes = not own and (scans or not keeps(one.read, equation, labels))
            for part in self._sources(one):
                taps = self._taps(equation, number, one, part)
                if taps is None:
                    continue
                if own:
                    self._depend(target, one.read.tensor, taps, step=step)
                else:
                    self._begin(target, walker.passed(applied(taps, part), mixes=mixes))

    def _begin(self, target: Tensor, part: Part) -> None:
        table = self.inside[target] if part.run == self.walker.run else self.outside[target]
        for n, value in enumerate(part.values):
            if value is not None:
                table[n] = either(table[n], value)

    def _depend(self, target: Tensor, state: Tensor, taps: Taps, *, step: bool) -> None:
        mine = self.reads[target]
        initial = self._initial(state) if step else frozenset()

        def how(number: int) -> How:
            return "initial" if number in initial else "step" if step else "same"

        if taps.same:
            for n, dependences in enumerate(mine):
                dependences.append((state, n, how(n)))
        for run in taps.runs:
            for n in range(run.count):
                source = run.source + n * run.source_step
                mine[run.target + n * run.target_step].append((state, source, how(source)))

    def _initial(self, state: Tensor) -> frozenset[int]:
        """The numbers, in the table of a state, of those before its first step."""
        axes, ranges = sorted(self.axes[state]), self._ranges(state)
        whole_axes, found = box(state.axes, self.at), set()
        step = strides(ranges)
        for n, axis in enumerate(axes):
            (low, high), (first, last) = ranges[n], whole_axes[axis]
            if axis in self.scanned and (low < first or high > last):
                size = high - low + 1
                found |= {m for m in range(volume(ranges)) if not first <= m // step[n] % size + low <= last}
        return frozenset(found)

    # ---------------------------------------------------------------- step by step

    def parts(self) -> dict[Tensor, list[Part]]:
        """What reaches every state."""
        self._follow()
        run, found = self.walker.run, {}
        for target in self.boxes:
            axes, ranges = tuple(sorted(self.axes[target])), self._ranges(target)
            tables = ((self.outside[target], 0), (self.inside[target], run))
            found[target] = [
                Part(axes, ranges, values, number) for values, number in tables if any(v is not None for v in values)
            ]
        return found

    def _follow(self) -> None:
        """Every element after those that it waits for."""
        done: set[tuple[Tensor, int]] = set()
        stepped: dict[tuple[Tensor, int], tuple[Reach | None, Reach | None]] = {}
        for target in self.boxes:
            for n in range(len(self.reads[target])):
                waiting = [(target, n)]
                while waiting:
                    one = waiting[-1]
                    if one in done:
                        waiting.pop()
                        continue
                    missing = [(t, m) for t, m, _ in self.reads[one[0]][one[1]] if (t, m) not in done]
                    if missing:
                        waiting += missing
                        continue
                    self._settle(one, stepped)
                    done.add(one)
                    waiting.pop()

    def _settle(
        self, one: tuple[Tensor, int], stepped: dict[tuple[Tensor, int], tuple[Reach | None, Reach | None]]
    ) -> None:
        target, n = one
        self.walker.charge(1)
        inside, outside = self.inside[target][n], self.outside[target][n]
        for state, m, how in dict.fromkeys(self.reads[target][n]):
            key = (state, m)
            if how == "same" or (how == "initial" and self.walker.quiet):
                inside = either(inside, self.inside[state][m])
                outside = either(outside, self.outside[state][m])
                continue
            if how == "initial":  # the run of mixing equations begins with it
                inside = either(either(inside, self.inside[state][m]), _plus(self.outside[state][m]))
                continue
            if key not in stepped:
                before = self.inside[state][m], self.outside[state][m]
                stepped[key] = (_plus(before[0]), _plus(before[1]))
            more = stepped[key]
            inside = either(inside, more[0])
            if self.walker.quiet:
                outside = either(outside, more[1])
            else:
                inside = either(inside, more[1])
        self.inside[target][n], self.outside[target][n] = inside, outside


def _plus(value: Reach | None) -> Reach | None:
    return None if value is None else plus(value, 1)
