"""Rows and lines of a picture: a program followed unit by unit, each unit's outputs the sources of what comes after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..algebra.atoms import Symbol
from ..diagram import Line, Row, Spot
from ..errors import usage
from ..program import Call, Choose, Node, Parallel, Program, Recurrence, Repeat, consumed
from ..scalars import Tensor
from .arithmetic import Number
from .bits import Reach, either, source
from .carrying import NONE
from .graph import Known, Memory, Walker
from .pieces import Part
from .positions import position_axes
from .reached import Reached, entered, left, row_of
from .runs import box


def drawn(
    program: Program, at: Mapping[Symbol, Number], layers: int | None, end: int = 0
) -> tuple[tuple[Row, ...], tuple[Line, ...]]:
    """The rows of a model from the bottom, and all lines; of a stack so many layers, and no more than change
    something. On top stands the output whose space has the number `end`."""
    pencil = Pencil(layers)
    instance = program.instance if program.stack is None else program.stack.instance
    axes = position_axes(program, instance)
    starts, memory = entered(pencil, instance, at, axes)
    pencil.first(", ".join(starts[0].names), [str(here[0]) for here in starts[0].places])
    if program.stack is None:
        pencil.body(instance.body, memory, dict(at))
        _check_outputs(program, memory)
        pencil.last(left(instance, memory, at, starts, pencil), end)
        return pencil.labelled(), tuple(pencil.lines)
    values: Mapping[tuple[object, ...], Sequence[Reach | None]] | None = None
    for turn in range(layers or 1):
        sizes = {**at, program.stack.symbol: turn}
        _, memory = entered(pencil, instance, sizes, axes, values)  # type: ignore[arg-type]
        before = len(pencil.lines)
        pencil.body(instance.body, memory, sizes)
        _check_outputs(program, memory)
        now = left(instance, memory, sizes, starts, pencil)
        if turn + 1 == (layers or 1) or _straight(pencil.lines[before:]):
            pencil.last(now, end)
            break
        values = {space.sizes: row for space, row in zip(now.ends, now.values, strict=True)}
    return pencil.labelled(), tuple(pencil.lines)


def _check_outputs(program: Program, memory: Memory) -> None:
    """Positions that only a condition tells apart (a transposed convolution) are no axis of `path`."""
    instance = program.instance if program.stack is None else program.stack.instance
    for output in instance.outputs:
        known = memory.get(output)
        if known is not None and not known.labels and any(part.axes for part in known.parts):
            raise usage(f"`{program.name}` cannot be drawn: only a condition gives the positions of `{output.name}`")


def _own(node: Node) -> set[Tensor]:
    """The states that a recurrence reads of itself."""
    return {equation.target for equation in node.equations} if isinstance(node, Recurrence) else set()


def _straight(lines: Sequence[Line]) -> bool:
    """Does every line keep its position?"""
    return all(line.start[1] == line.end[1] for line in lines)


class Pencil(Walker):
    """Follows a program; what comes out of a unit becomes a row, and is followed from there."""

    def __init__(self, turns: int | None) -> None:
        super().__init__()
        self.turns = turns
        self.rows: list[Row] = []
        self.lines: list[Line] = []
        self.spots: list[Spot] = []
        self.scanned = False
        self.rowed: list[Known] = []
        # The calls that have been entered; for every row the outermost of the library's, which the file names.
        self.calls: list[Call] = []
        self.outer: list[tuple[int, Call] | None] = []
        self.applications = 0

    def application(self, call: Call, memory: Memory, at: dict[Symbol, Number]) -> None:
        if not any(outer.instance.library for outer in self.calls):
            self.applications += 1
        self.calls.append(call)
        super().application(call, memory, at)
        self.calls.pop()

    def labelled(self) -> tuple[Row, ...]:
        """A row has the name that the file calls, unless that call makes several rows."""
        return tuple(
            row if outer is None or self.outer.count(outer) > 1 else Row(outer[1].instance.name, row.places)
            for row, outer in zip(self.rows, self.outer, strict=True)
        )

    def node(self, node: Node, memory: Memory, at: dict[Symbol, Number]) -> None:
        self.scanned |= isinstance(node, Recurrence)
        if isinstance(node, Repeat) and node.how == "connected" and self.turns is not None:
            state = [memory.get(c.initial, Known(NONE, [])) for c in node.carried]
            for turn in range(self.turns):
                state = self.turn(node, turn, state, memory, at)
            memory.update({c.result: known for c, known in zip(node.carried, state, strict=True)})
            return
        super().node(node, memory, at)

    def crossed(self, call: Call, output: Tensor, known: Known, at: Mapping[Symbol, Number]) -> Known:
        return self.row(call.instance.name, output, super().crossed(call, output, known, at), at)

    def body(self, nodes: Sequence[Node], memory: Memory, at: dict[Symbol, Number]) -> None:
        if self.quiet:
            super().body(nodes, memory, at)
            return
        self.run += 1
        for number, node in enumerate(nodes):
            block = isinstance(node, Call | Repeat | Choose | Parallel)
            if block:
                self._close(nodes, number, memory, at)
            self.node(node, memory, at)
            if isinstance(node, Recurrence):
                self._close(nodes, number + 1, memory, at, among=_own(node))
            self.run += block
        self._close(nodes, len(nodes), memory, at)

    def _close(
        self,
        nodes: Sequence[Node],
        number: int,
        memory: Memory,
        at: Mapping[Symbol, Number],
        among: set[Tensor] | None = None,
    ) -> None:
        """A run of mixing equations ends: what is read after it is a row. A recurrence is one where it stands: ways
        around its cells do not go through them; it is still of its run."""
        here = set[Tensor]().union(*(consumed((node,)) - _own(node) for node in nodes[:number]))
        later = consumed(tuple(nodes[number:]))
        for tensor, known in list(memory.items()):
            inside = any(part.run == self.run for part in known.parts) and known not in self.rowed
            if inside and (tensor in later or tensor not in here) and (among is None or tensor in among):
                memory[tensor] = self.row(tensor.name, tensor, known, at, self.run if among is not None else 0)
                self.rowed.append(memory[tensor])

    # ---------------------------------------------------------------- rows

    def first(self, label: str, places: Sequence[str]) -> None:
        self._add(label, places)

    def last(self, found: Reached, end: int) -> None:
        """The output, where it is not just the last row."""
        space, values = found.ends[end], found.values[end]
        names = [str(here[0]) if here else "" for here in space.places]
        top = len(self.rows) - 1
        own = [n for n, spot in enumerate(self.spots) if spot[0] == top]
        if len(own) == len(values) and all(v == source(n) for n, v in zip(own, values, strict=True)):
            return
        self.scanned = False
        self._lines(values)
        self._add("output", names)

    def row(self, label: str, tensor: Tensor, known: Known, at: Mapping[Symbol, Number], run: int = 0) -> Known:
        """What comes out of a unit, as a row; followed from there. Positions on several axes make no row."""
        if len(known.labels) != 1 or not known.parts:
            return known
        (axis,) = known.labels
        low, high = box(tensor.axes, at)[axis]
        places = tuple((here,) for here in range(low, high + 1))
        values: list[Reach | None] = [None] * len(places)
        for part in known.parts:
            values = list(map(either, values, row_of(part, (axis,), places)))
        self._lines(values)
        self.scanned = False
        first = len(self.spots)
        self._add(label, [str(here) for (here,) in places])
        table: list[Reach | None] = [source(first + n) for n in range(len(places))]
        return Known(known.labels, [Part((axis,), ((low, high),), table, run)])

    def _add(self, label: str, places: Sequence[str]) -> None:
        self.spots += [(len(self.rows), n) for n in range(len(places))]
        self.rows.append(Row(label, tuple(places)))
        outer = next((call for call in self.calls if call.instance.library), None)
        self.outer.append(None if outer is None else (self.applications, outer))

    def _lines(self, values: Sequence[Reach | None]) -> None:
        """Lines to a new row; in a recurrence what is farther away comes over its steps."""
        row = len(self.rows)
        for n, value in enumerate(values):
            if value is None:
                continue
            base, levels, _ = value
            steps: set[int] = set()
            for distance, level in enumerate(levels):
                for number in _bits(level):
                    start = self.spots[number]
                    if self.scanned and base + distance > 1 and start[1] != n:
                        steps.add(-1 if start[1] < n else 1)
                    else:
                        self.lines.append(Line(start, (row, n), base + distance))
            self.lines += [Line((row, n + step), (row, n)) for step in sorted(steps)]


def _bits(value: int) -> list[int]:
    found = []
    while value:
        found.append((value & -value).bit_length() - 1)
        value &= value - 1
    return found
