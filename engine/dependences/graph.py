"""Dependences between the positions of a program at concrete sizes: for every output position, the fewest units on a
route from every input position.

A tensor is followed along its axes that carry positions only. It is kept as parts, each a table over those axes along
which it differs, so that the scores of attention are two rows and no square. A unit is a layer that mixes positions and
calls none that does, a run of mixing equations beside such layers, or one evaluation of a recurrent cell. What data
decides is left out of the certain routes and taken for anything in the possible ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from ..algebra.atoms import Symbol
from ..program import (
    Call,
    Choose,
    Declared,
    Equation,
    Join,
    Node,
    Opaque,
    Parallel,
    Recurrence,
    Repeat,
    Share,
    Split,
)
from ..scalars import Tensor
from .arithmetic import Number, whole
from .bits import TooLarge
from .carrying import NONE, Axes, Carrying, Labels, carried, keeps, mentioned, opaque
from .pieces import Part, added, applied, cut, laid, raised, side_by_side, spread
from .runs import box, volume
from .scan import Scan
from .taps import Reading, Taps
from .terms import Met, met, of_condition

Routes = Literal["certain", "possible"]

BUDGET = 20_000_000


@dataclass(eq=False)
class Known:
    """A tensor: the axes that carry positions, and what reaches it."""

    labels: Axes
    parts: list[Part]


Memory = dict[Tensor, Known]


@dataclass(frozen=True)
class _Frame:
    """An application that was entered: inside a unit nothing counts as one; `closes` says that it is a unit."""

    quiet: bool
    closes: bool


class Walker:
    """Follows a program at sizes. `work` is what may still be done, in joins of sets of a few thousand positions."""

    def __init__(self, routes: Routes = "certain", budget: int = BUDGET) -> None:
        self.routes: Routes = routes
        self.work = budget
        self.width = 1
        self.carrying = Carrying()
        self.frames: list[_Frame] = [_Frame(quiet=False, closes=False)]
        self.run = 0
        self.undecided: dict[str, None] = {}
        self._met: dict[Equation, tuple[Met, ...]] = {}
        self._taps: dict[tuple[object, ...], Taps | None] = {}
        self._mentioned: dict[Equation, frozenset[Symbol]] = {}

    def begin(self, positions: int) -> None:
        """The run begins with so many input positions: each is a set of its own, of so many bits."""
        self.width = 1 + positions // 4096
        self.charge(positions)

    def charge(self, work: int) -> None:
        self.work -= work * self.width
        if self.work < 0:
            raise TooLarge

    @property
    def quiet(self) -> bool:
        return self.frames[-1].quiet

    # ---------------------------------------------------------------- applications

    def application(self, call: Call, memory: Memory, at: dict[Symbol, Number]) -> None:
        inputs = [memory.get(argument, Known(NONE, [])) for argument in call.arguments]
        quiet = self.quiet or self.carrying.leaf(call.instance)
        closes = quiet and not self.quiet and self.carrying.unit(call.instance, tuple(k.labels for k in inputs))
        self.frames.append(_Frame(quiet, closes))
        inner: Memory = dict(zip(call.instance.inputs, inputs, strict=True))
        self.body(call.instance.body, inner, at)
        self.frames.pop()
        for output, result in zip(call.instance.outputs, call.results, strict=True):
            found = inner.get(output, Known(NONE, []))
            if closes:
                found = self.crossed(call, output, found, at)
            memory[result] = found

    def crossed(self, call: Call, output: Tensor, known: Known, at: Mapping[Symbol, Number]) -> Known:
        """What comes out of a unit has crossed it."""
        del call, output, at
        return Known(known.labels, added([Part(p.axes, p.ranges, raised(p.values)) for p in known.parts], 0))

    def body(self, nodes: Sequence[Node], memory: Memory, at: dict[Symbol, Number]) -> None:
        self.run += 1
        for node in nodes:
            self.charge(1)
            self.node(node, memory, at)
            if isinstance(node, Call | Repeat | Choose | Parallel):
                self.run += 1

    def node(self, node: Node, memory: Memory, at: dict[Symbol, Number]) -> None:
        match node:
            case Equation():
                self.equation(node, memory, at)
            case Recurrence():
                labels: Labels = {tensor: known.labels for tensor, known in memory.items()}
                self.carrying.recurrence(node, labels)
                for target, parts_ in Scan(self, node, memory, at, labels).parts().items():
                    memory[target] = Known(labels.get(target, NONE), parts_)
            case Join():
                self.join(node, memory, at)
            case Split(results=results, source=whole_, axis=axis, offsets=offsets):
                known = memory.get(whole_)
                for result, offset in zip(results, offsets, strict=True):
                    if known is not None:
                        low = box(whole_.axes, at)[axis][0] + whole(offset, at)
                        pieces = [cut(part, axis, low, box(result.axes, at)[axis]) for part in known.parts]
                        memory[result] = Known(known.labels, pieces)
            case Opaque():
                self.opaque(node, memory, at)
            case Call():
                self.application(node, memory, at)
            case Repeat():
                state = [memory.get(c.initial, Known(NONE, [])) for c in node.carried]
                for turn in range(whole(node.count, at)):
                    state = self.turn(node, turn, state, memory, at)
                memory.update({c.result: known for c, known in zip(node.carried, state, strict=True)})
            case Choose(body=body, symbol=symbol, results=results):
                # bodies to choose from mix no positions: one is as good as all
                inner = dict(memory)
                self.body(body, inner, {**at, symbol: 0})
                memory.update({r.outer: inner[r.inner] for r in results if r.inner in inner})
            case Parallel():
                self.parallel(node, memory, at)
            case Declared() | Share():
                pass
            case _:
                assert_never(node)

    def turn(
        self, node: Repeat, turn: int, state: Sequence[Known], memory: Memory, at: dict[Symbol, Number]
    ) -> list[Known]:
        """One more turn of a repeat: what it carries."""
        inner = {**memory, **{c.entry: known for c, known in zip(node.carried, state, strict=True)}}
        self.body(node.body, inner, {**at, node.symbol: turn})
        return [inner.get(c.exit, Known(NONE, [])) for c in node.carried]

    # ---------------------------------------------------------------- equations

    def equation(self, node: Equation, memory: Memory, at: dict[Symbol, Number]) -> None:
        labels = {r.tensor: memory[r.tensor].labels for r in node.reads if r.tensor in memory}
        parts: list[Part] = []
        for number, one in enumerate(self.reads_of(node)):
            known = memory.get(one.read.tensor)
            if known is None:
                continue
            mixes = not keeps(one.read, node, known.labels)
            for part in known.parts:
                taps = self.taps(node, number, one, part, known.labels, at)
                if taps is not None:
                    parts.append(self.passed(applied(taps, part), mixes=mixes))
        if labels or parts:
            memory[node.target] = Known(carried(node, labels), added(parts, self.run))

    def reads_of(self, equation: Equation) -> tuple[Met, ...]:
        if equation not in self._met:
            self._met[equation] = tuple(dict.fromkeys(met(equation.body)))
        return self._met[equation]

    def passed(self, part: Part, *, mixes: bool) -> Part:
        """A part after one more read: the first of a run of mixing equations is a unit."""
        if not mixes or self.quiet or part.run == self.run:
            return part
        return Part(part.axes, part.ranges, raised(part.values), self.run)

    def taps(
        self,
        equation: Equation,
        number: int,
        one: Met,
        part: Part,
        labels: Axes,
        at: Mapping[Symbol, Number],
        forced: frozenset[int] = frozenset(),
        target: tuple[tuple[int, int], ...] = (),
    ) -> Taps | None:
        """What a read takes of a part of its tensor: the same for equal sizes."""
        if equation not in self._mentioned:
            self._mentioned[equation] = _symbols(equation)
        sizes = tuple(at.get(symbol) for symbol in sorted(self._mentioned[equation], key=lambda s: s.key))
        key = (equation, number, part.axes, part.ranges, labels, forced, target, sizes)
        if key not in self._taps:
            reading = Reading(equation, one, part.axes, part.ranges, at, labels, self.work, forced, target)
            found = reading.taps(whole_axes=self.routes == "possible")
            if found is None or one.undecided:
                self.undecided[f"data decides which positions of `{one.read.tensor.name}` are read"] = None
            self._taps[key] = found
        taps = self._taps[key]
        if taps is not None and not taps.same:
            self.charge(taps.taps + volume(taps.ranges))
        return taps

    # ---------------------------------------------------------------- data movement

    def join(self, node: Join, memory: Memory, at: Mapping[Symbol, Number]) -> None:
        """Tensors end to end: along an axis of positions each has its place, along one of features all are together."""
        known = [memory.get(part) for part in node.parts]
        labels = NONE.union(*(one.labels for one in known if one is not None))
        ends = box(node.result.axes, at)[node.axis]
        found: list[Part] = []
        start = ends[0]
        for tensor, one in zip(node.parts, known, strict=True):
            first, last = box(tensor.axes, at)[node.axis]
            for part in one.parts if one is not None else ():
                apart = node.axis in labels or node.axis in part.axes
                found.append(laid(part, node.axis, range(first, last + 1), ends, start) if apart else part)
            start += last - first + 1
        if any(one is not None for one in known):
            memory[node.result] = Known(labels, added(found, self.run))

    def opaque(self, node: Opaque, memory: Memory, at: Mapping[Symbol, Number]) -> None:
        labels, found = NONE, []
        for tensor in node.sources:
            known = memory.get(tensor)
            if known is None:
                continue
            _, mixes = opaque(node, {tensor: known.labels})
            kept: dict[int, int] = {}
            for axis in known.labels:
                size = tensor.axes[axis].size
                same = [n for n, other in enumerate(node.target.axes) if other.size == size]
                if size not in node.whole and len(same) == 1:
                    kept[axis] = same[0]
                elif size not in node.whole:
                    self.undecided[f"which positions `{node.target.name}` reads is not stated"] = None
            labels |= frozenset(kept.values())
            found += [self.passed(spread(part, kept), mixes=mixes) for part in known.parts]
        memory[node.target] = Known(labels, added(found, self.run))

    def parallel(self, node: Parallel, memory: Memory, at: dict[Symbol, Number]) -> None:
        """Bodies side by side; where all are alike, the new axis makes no difference."""
        turns: list[Memory] = []
        for turn in range(whole(node.count, at)):
            turns.append(dict(memory))
            self.body(node.body, turns[-1], {**at, node.symbol: turn})
        for result in node.results:
            inner = [turn[result.inner] for turn in turns if result.inner in turn]
            if inner:
                labels = frozenset(axis + 1 for axis in inner[0].labels)
                memory[result.outer] = Known(labels, side_by_side([known.parts for known in inner], self.run))


def mentions(nodes: Sequence[Node], symbol: Symbol) -> bool:
    """Does anything in these nodes, or in the layers that they call, depend on a symbol?"""
    for node in nodes:
        match node:
            case Equation():
                found = symbol in _symbols(node)
            case Recurrence(equations=equations):
                found = any(symbol in _symbols(equation) for equation in equations)
            case Split(offsets=offsets):
                found = any(offset.mentions(symbol) for offset in offsets)
            case Opaque(target=target):
                found = any(axis.size.mentions(symbol) for axis in target.axes)
            case Call(instance=instance):
                found = mentions(instance.body, symbol)
            case Repeat(count=number, body=body) | Parallel(count=number, body=body) | Choose(count=number, body=body):
                found = number.mentions(symbol) or mentions(body, symbol)
            case Join() | Declared() | Share():
                found = False
            case _:
                assert_never(node)
        if found:
            return True
    return False


def _symbols(equation: Equation) -> frozenset[Symbol]:
    """Every symbol that an equation mentions."""
    found: set[Symbol] = set()
    for axis in (*equation.target.axes, *(a for r in equation.reads for a in r.tensor.axes)):
        found |= axis.lower.symbols() | axis.upper.symbols()
    for index in equation.indices:
        found |= index.lower.symbols() | index.upper.symbols()
    for one in met(equation.body):
        for index in one.indices:
            found |= index.lower.symbols() | index.upper.symbols()
        for subscript in one.read.subscripts:
            found |= mentioned(subscript)
        for condition in one.conditions:
            found |= of_condition(condition)
    for subscript in equation.subscripts:
        found |= mentioned(subscript)
    return frozenset(found)
