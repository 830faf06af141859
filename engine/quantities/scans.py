"""Prefix scans: for each recurrence of a program whether it is linear in its state, and what a parallel scan costs.

A recurrence h(t) = A(t) h(t−1) + b(t) over T steps is the prefix sum of the pairs (A(t), b(t)) under

    (A, b) then (A′, b′)  =  (A′ A, A′ b + b′)

which is associative (Blelloch 1990, section 1.4). In the scan of Sklansky (1960; Ladner and Fischer 1980) ⌈log₂T⌉
combines depend on each other, and of its ⌈log₂T⌉ rounds none has more than T/2 combines: `work` is (T/2)⌈log₂T⌉,
exact where T is a power of two, and otherwise never too small.

What one combine costs. The state is that of one step: several tensors that wait for each other are one state. An index
that every equation of the cycle keeps splits it into independent recurrences, so that p elements mix.

* Elementwise (p = 1): A′ A is one multiplication, A′ b + b′ one multiplication and one addition. A running sum (A = 1)
  is one addition.
* Matrix: A′ A are p³ multiply-adds, A′ b + b′ are p².

A′ A is done once for every value of those kept indices on which A depends: columns of a state that share A, as those
of DeltaNet, share it in every combine. A′ b + b′ is done for the whole state. A is taken to be dense and to be another
one at every step; the pairs themselves, an initial state, and what reads the state afterwards are not counted.

It does not look for scans under other operations (a running maximum has one), and derives none of a recurrence that
steps along several axes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from ..algebra.build import ceil, log
from ..algebra.expression import ONE, Expr, const, total
from ..algebra.facts import Facts
from ..errors import Span
from ..program import Call, Instance, Node, Program, Recurrence, nested
from ..scalars import Index, Read, Tensor, place, position
from .cycles import Cycle, cycles
from .linearity import Coordinate, Linear, NotDerived, NotLinear, Words, check_linear, linear_state, states_of
from .spaces import Space

Verdict = Literal["elementwise", "matrix", "not linear as written", "not derived"]


@dataclass(frozen=True)
class Combine:
    """The operations of one combine by kind, the number of state elements that mix, and of those in a step's state."""

    operations: tuple[tuple[str, Expr], ...]
    mixed: Expr
    elements: Expr


@dataclass(frozen=True)
class Scan:
    """One recurrence: the layer it stands in, its state tensors, the indices along which it steps, `forward` or
    `backward`, and its steps.

    `verdict` is elementwise or matrix where it is linear in its state; then `combine` is what one combine costs.
    Otherwise `reason` names the offending subexpression, and `place` is its line. `running`: a sum of what is added at
    every step, and nothing else. `sizes` are those of the layer where it is used, by name."""

    layer: str
    states: tuple[str, ...]
    along: tuple[str, ...]
    direction: Literal["forward", "backward"]
    steps: Expr
    verdict: Verdict
    reason: Words = ()
    equation: str = ""
    place: str = ""
    combine: Combine | None = None
    running: bool = False
    depth: Expr | None = None
    sizes: tuple[tuple[str, Expr], ...] = ()

    @property
    def combines(self) -> Expr | None:
        """(T/2)⌈log₂T⌉, the number of combines."""
        return None if self.depth is None else self.steps * self.depth * const(Fraction(1, 2))

    @property
    def work(self) -> dict[str, Expr]:
        """The operations of all combines, by kind; empty where no scan is derived."""
        if self.combine is None or self.combines is None:
            return {}
        return {kind: count * self.combines for kind, count in self.combine.operations}

    @property
    def words(self) -> str:
        """The reason, with what it names as it stands in the file."""
        return "".join(part if isinstance(part, str) else f"`{_spelled(part)}`" for part in self.reason)


def prefix_scans(program: Program) -> tuple[Scan, ...]:
    """Every recurrence of a model, those of each layer once, in the order of first use; cycles that nothing sets apart
    are one."""
    found: dict[tuple[object, ...], Scan] = {}
    for instance in _instances(program.instance):
        for node in _recurrences(instance.body):
            for cycle in cycles(node):
                if cycle.loops:
                    scan = replace(_scan(node, cycle, instance.name, program.facts), sizes=instance.sizes)
                    found.setdefault(_identity(scan), scan)
    return tuple(found.values())


def _identity(scan: Scan) -> tuple[object, ...]:
    """What a reader sees of a scan: two instances of a layer may differ in what its recurrence does not mention."""
    return (scan.layer, scan.states, scan.along, scan.direction, scan.steps, scan.verdict, scan.words, scan.combine)


def _spelled(part: Read | Tensor) -> str:
    return part.name if isinstance(part, Tensor) else " ".join(part.span.text.split())


def _instances(instance: Instance) -> list[Instance]:
    """An instance and all that it calls, directly or not, each once, in the order of first use."""
    found: dict[Instance, None] = {}

    def visit(one: Instance) -> None:
        if one not in found:
            found[one] = None
            body = list(reversed(one.body))
            while body:
                node = body.pop()
                if isinstance(node, Call):
                    visit(node.instance)
                body += reversed(nested(node))

    visit(instance)
    return list(found)


def _recurrences(body: tuple[Node, ...]) -> Iterator[Recurrence]:
    for node in body:
        if isinstance(node, Recurrence):
            yield node
        yield from _recurrences(nested(node))


def _scan(node: Recurrence, cycle: Cycle, layer: str, facts: Facts) -> Scan:
    axes = sorted({axis for _, _, axis, _ in cycle.loops})
    states = states_of(node, cycle)
    forward = all(way > 0 for _, _, _, way in cycle.loops)
    common = Scan(
        layer,
        tuple(state.name for state in states),
        tuple(_index(node, cycle, axis) for axis in axes),
        "forward" if forward else "backward",
        total(states[0].axes[axis].size for axis in axes) - (len(axes) - 1),
        "not derived",
        place=_place(node.span),
    )
    try:
        check_linear(node, cycle)
        state = _one_axis(node, cycle, axes)
        combine = _combine(state, _Volumes(axes[0], facts, node.span))
    except NotLinear as failure:
        return replace(
            common,
            verdict="not linear as written",
            reason=failure.words,
            equation=failure.equation.target.name,
            place=_place(failure.equation.span),
        )
    except NotDerived as failure:
        return replace(common, reason=failure.words)
    return replace(
        common,
        verdict="elementwise" if state.elementwise else "matrix",
        combine=combine,
        running=state.elementwise and state.running,
        depth=ceil(log(common.steps, const(2)), facts),
    )


def _index(node: Recurrence, cycle: Cycle, axis: int) -> str:
    """The name of the index of a step, as the first equation of the cycle has it."""
    equation = node.equations[cycle.loops[0][1]]
    value = position(equation.subscripts[axis])
    names = [] if value is None else [index.name for index in equation.indices if value.mentions(index.symbol)]
    return names[0] if names else ""


def _place(span: Span) -> str:
    return f"{span.source.name}:{span.line}"


def _one_axis(node: Recurrence, cycle: Cycle, axes: list[int]) -> Linear:
    """The state of a linear recurrence whose tensors step along one axis, all by as many steps."""
    if len(axes) > 1:
        raise NotDerived("it steps along several axes")
    (axis,) = axes
    states = states_of(node, cycle)
    if len({state.axes[axis] for state in states}) > 1:
        raise NotDerived("its state tensors have different numbers of steps")
    if any(state.axes[axis].ragged for state in states):
        raise NotDerived("the number of its steps depends on another index")
    if any(end.mentions(place(axis)) for state in states for other in state.axes for end in (other.lower, other.upper)):
        raise NotDerived("the size of its state changes from step to step")
    return linear_state(node, cycle, axis)


# ---------------------------------------------------------------- one combine


def _combine(state: Linear, volumes: _Volumes) -> Combine:
    elements = total(map(volumes.elements, state.states))
    if state.elementwise and state.running:
        return Combine((("add", elements),), ONE, elements)
    transitions = volumes.points(state, state.depends)
    if state.elementwise:
        return Combine((("multiply", transitions + elements), ("add", elements)), ONE, elements)
    if any(axis.ragged for tensor in state.states for axis in tensor.axes):
        raise NotDerived("the axes over which its state mixes have no one size")
    mixed = total(volumes.points(state, coordinates) for coordinates in state.mixed)
    return Combine((("mac", transitions * mixed**3 + elements * mixed),), mixed, elements)


@dataclass(frozen=True)
class _Volumes:
    """How many elements a state has at one step: on all axes but that of the steps."""

    axis: int
    facts: Facts
    span: Span

    def elements(self, tensor: Tensor) -> Expr:
        return self._volume(tensor, set(range(len(tensor.axes))) - {self.axis})

    def points(self, state: Linear, coordinates: tuple[Coordinate, ...]) -> Expr:
        """How many values the indices at these coordinates of one tensor take together."""
        if any(axis.ragged for c in coordinates for axis in c.tensor.axes):
            return self._volume(coordinates[0].tensor, {c.axis for c in coordinates})
        result = ONE
        for coordinate in coordinates:
            result = result * state.sizes[coordinate]
        return result

    def _volume(self, tensor: Tensor, axes: set[int]) -> Expr:
        indices = [Index(place(n), f"axis {n}", one.lower, one.upper) for n, one in enumerate(tensor.axes)]
        return Space(indices, self.facts, self.span).volume(place(n) for n in axes)
