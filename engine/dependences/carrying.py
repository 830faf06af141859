"""Which axes of a tensor carry positions and which reads leave their own, by the text of the equations alone.

Positions enter on axes of the inputs. An axis of a target carries them if one of its indices stands in the subscript of
an axis that does, or in the range of an index there. A read keeps its position if that subscript is a bare index of the
target; otherwise it mixes. A layer that mixes and calls none that does is a unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import assert_never

from ..algebra.atoms import Symbol
from ..algebra.expression import Expr
from ..algebra.substitution import substitute
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
from ..scalars import (
    COMPARISONS,
    Index,
    Lookup,
    Merged,
    Operation,
    Position,
    Read,
    Reduction,
    Scalar,
    Size,
    Subscript,
    Tensor,
    children,
    reads,
)

Axes = frozenset[int]
Symbols = frozenset[Symbol]
Labels = dict[Tensor, Axes]

NONE: Axes = frozenset()


def mentioned(subscript: Subscript) -> Symbols:
    """Every symbol in a subscript, those that a look-up reads at included."""
    match subscript:
        case Position(value=value):
            return value.symbols()
        case Merged(parts=parts):
            return Symbols().union(*map(mentioned, parts))
        case Lookup(scalar=scalar):
            return Symbols().union(*(mentioned(s) for read in reads(scalar) for s in read.subscripts))
        case _:
            assert_never(subscript)


def bare(subscript: Subscript) -> Symbol | None:
    """The index that a subscript is, and nothing else."""
    if isinstance(subscript, Position) and len(subscript.value.terms) == 1:
        ((monomial, coefficient),) = subscript.value.terms.items()
        if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Symbol):
            return monomial[0][0]
    return None


def keeps(read: Read, equation: Equation, axes: Iterable[int]) -> bool:
    """Does a read stay at the position of the element that it is for, on all axes that carry positions? Axes may be
    renamed, merged and split on the way: that mixes nothing."""
    text = text_of(equation)
    theirs = [symbol for axis in axes for symbol in indices_of(read.subscripts[axis], text.only)]
    return all(symbol in text.own for symbol in theirs) and len(set(theirs)) == len(theirs)


def indices_of(subscript: Subscript, only: Mapping[Symbol, Expr]) -> list[Symbol | None]:
    """The indices of which a subscript is made; None for anything else that stands there. Of some indices the `only`
    value is known, as in a kernel of one."""
    if isinstance(subscript, Merged):
        return [symbol for part in subscript.parts for symbol in indices_of(part, only)]
    if isinstance(subscript, Position) and any(symbol in only for symbol in subscript.value.symbols()):
        return [bare(Position(substitute(subscript.value, only)))]
    return [bare(subscript)]


def bound(scalar: Scalar) -> Iterator[Index]:
    """The indices of every reduction inside."""
    if isinstance(scalar, Reduction):
        yield from scalar.indices
    for child in children(scalar):
        yield from bound(child)


def compared(scalar: Scalar) -> Iterator[Symbols]:
    """The indices of each comparison of indices that decides what counts: they tell each other."""
    match scalar:
        case Operation(kind=kind, operands=operands) if kind in COMPARISONS:
            sizes = [operand.value.symbols() for operand in operands if isinstance(operand, Size)]
            if len(sizes) == len(operands):
                yield Symbols().union(*sizes)
    if isinstance(scalar, Reduction) and scalar.where is not None:
        yield from compared(scalar.where)
    for child in children(scalar):
        yield from compared(child)


class Text:
    """Where positions go on in one equation."""

    def __init__(self, equation: Equation) -> None:
        self.equation = equation
        self.bound = tuple(bound(equation.body))
        indices = (*equation.indices, *self.bound)
        self.told = {i.symbol: i.lower.symbols() | i.upper.symbols() for i in indices}
        self.equal = list(compared(equation.body))
        self.only = {i.symbol: i.lower for i in indices if i.lower == i.upper}

    @cached_property
    def own(self) -> frozenset[Symbol | None]:
        """The indices of which the subscripts of the target are made."""
        found = (symbol for subscript in self.equation.subscripts for symbol in indices_of(subscript, self.only))
        return frozenset(found) - {None}

    def carried(self, read: Read, axes: Iterable[int]) -> Axes:
        """The axes of the target on which the positions of what is read go on: one of their indices stands in a
        subscript of an axis that carries them, in the range of an index there, or is compared with such a one."""
        inside = Symbols().union(*(mentioned(read.subscripts[axis]) for axis in axes))
        if not inside:
            return NONE
        waiting = list(inside)
        while waiting:
            symbol = waiting.pop()
            more = self.told.get(symbol, Symbols()).union(*(e for e in self.equal if symbol in e)) - inside
            inside |= more
            waiting += more
        return frozenset(n for n, s in enumerate(self.equation.subscripts) if mentioned(s) & inside)


@lru_cache(maxsize=4096)
def text_of(equation: Equation) -> Text:
    return Text(equation)


def carried(equation: Equation, labels: Mapping[Tensor, Axes]) -> Axes:
    """The axes of the target on which positions go on."""
    text = text_of(equation)
    return NONE.union(*(text.carried(read, labels.get(read.tensor, NONE)) for read in equation.reads))


class Carrying:
    """The layers of a program, each looked at once for each way in which positions come in."""

    def __init__(self) -> None:
        self._known: dict[tuple[Instance, tuple[Axes, ...]], tuple[bool, tuple[Axes, ...]]] = {}
        self._leaves: dict[Instance, bool] = {}

    def unit(self, instance: Instance, starts: tuple[Axes, ...]) -> bool:
        """Does this application mix positions, and no layer inside?"""
        return self.leaf(instance) and self.through(instance, starts)[0]

    def leaf(self, instance: Instance) -> bool:
        """Does no layer inside mix, whose inputs carry positions on all axes but the last?"""
        if instance not in self._leaves:
            self._leaves[instance] = not any(self.through(inner, _usual(inner))[0] for inner in called(instance.body))
        return self._leaves[instance]

    def through(self, instance: Instance, starts: tuple[Axes, ...]) -> tuple[bool, tuple[Axes, ...]]:
        """(Does anything inside mix?, the axes of the outputs that carry positions)."""
        key = (instance, starts)
        if key not in self._known:
            labels: Labels = dict(zip(instance.inputs, starts, strict=True))
            mixes = self.body(instance.body, labels)
            self._known[key] = mixes, tuple(labels.get(output, NONE) for output in instance.outputs)
        return self._known[key]

    def body(self, nodes: Iterable[Node], labels: Labels) -> bool:
        mixes = False
        for node in nodes:
            mixes |= self.node(node, labels)
        return mixes

    def node(self, node: Node, labels: Labels) -> bool:
        """Label what a node gives; does it mix?"""
        match node:
            case Equation():
                labels[node.target] = carried(node, labels)
                return not all(keeps(read, node, labels.get(read.tensor, NONE)) for read in node.reads)
            case Recurrence():
                return self.recurrence(node, labels)
            case Join(result=result, parts=parts):
                labels[result] = NONE.union(*(labels.get(part, NONE) for part in parts))
                return False
            case Split(results=results, source=source):
                labels.update(dict.fromkeys(results, labels.get(source, NONE)))
                return False
            case Call(instance=instance, arguments=arguments, results=results):
                mixes, outputs = self.through(instance, tuple(labels.get(a, NONE) for a in arguments))
                labels.update(zip(results, outputs, strict=True))
                return mixes
            case Opaque():
                labels[node.target], mixes = opaque(node, labels)
                return mixes
            case Repeat(carried=carried_):
                labels.update({c.entry: labels.get(c.initial, NONE) for c in carried_})
                mixes = False
                for _ in range(3):  # until every axis that a turn adds is there
                    mixes |= self.body(node.body, labels)
                    labels.update({c.entry: labels[c.entry] | labels.get(c.exit, NONE) for c in carried_})
                labels.update({c.result: labels.get(c.exit, NONE) for c in carried_})
                return mixes
            case Choose(results=results):
                mixes = self.body(node.body, labels)
                labels.update({r.outer: labels.get(r.inner, NONE) for r in results})
                return mixes
            case Parallel(results=results):
                mixes = self.body(node.body, labels)
                labels.update({r.outer: frozenset(a + 1 for a in labels.get(r.inner, NONE)) for r in results})
                return mixes
            case Declared() | Share():
                return False
            case _:
                assert_never(node)

    def recurrence(self, node: Recurrence, labels: Labels) -> bool:
        """Label the states; positions go on along each other's axes."""
        stepping = [equation for equation in node.equations if not equation.initial]
        for _ in node.equations:
            for equation in stepping:
                labels[equation.target] = labels.get(equation.target, NONE) | carried(equation, labels)
        own = {equation.target for equation in node.equations}
        scanned = {step.axis for step in node.steps}
        return any(scanned & labels[equation.target] for equation in stepping) or not all(
            keeps(read, equation, labels.get(read.tensor, NONE))
            for equation in node.equations
            for read in equation.reads
            if read.tensor not in own
        )


def opaque(node: Opaque, labels: Mapping[Tensor, Axes]) -> tuple[Axes, bool]:
    """Axes that are read whole mix; the others go on where the target has an axis of the same size."""
    found: set[int] = set()
    mixes = False
    for source in node.sources:
        for axis in labels.get(source, NONE):
            size = source.axes[axis].size
            mixes |= size in node.whole
            found |= {n for n, other in enumerate(node.target.axes) if other.size == size}
    return frozenset(found), mixes


def called(nodes: Iterable[Node]) -> Iterator[Instance]:
    for node in nodes:
        if isinstance(node, Call):
            yield node.instance
        yield from called(nested(node))


def _usual(instance: Instance) -> tuple[Axes, ...]:
    return tuple(frozenset(range(max(0, len(tensor.axes) - 1))) for tensor in instance.inputs)
