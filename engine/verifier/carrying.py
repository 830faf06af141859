"""Which axes of a tensor carry positions, and which reads leave their own: from the text of the equations alone.

Positions come in on axes of the inputs. An axis of a target carries them if its index stands in a subscript of an axis
that does, or in the range of an index there; a read stays at its position if that subscript is the target's own bare
index, and mixes otherwise. A layer that mixes and calls none that does is a unit of `path`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from ..algebra.atoms import Symbol
from ..algebra.expression import Expr
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
from .text import bound_indices

Axes = frozenset[int]
Labels = dict[Tensor, Axes]

NO_AXES: Axes = frozenset()


def named(subscript: Subscript) -> frozenset[Symbol]:
    """Every symbol in a subscript, those that a look-up reads at included."""
    match subscript:
        case Position(value=value):
            return value.symbols()
        case Merged(parts=parts):
            return frozenset[Symbol]().union(*map(named, parts))
        case Lookup(scalar=scalar):
            return frozenset[Symbol]().union(*(named(s) for read in reads(scalar) for s in read.subscripts))
        case _:
            assert_never(subscript)


def bare(subscript: Subscript) -> Symbol | None:
    """The index that a subscript is."""
    if isinstance(subscript, Position) and len(subscript.value.symbols()) == 1:
        (symbol,) = subscript.value.symbols()
        return symbol if subscript.value.terms == {((symbol, 1),): 1} else None
    return None


def stays(read: Read, equation: Equation, axes: Axes) -> bool:
    """Does a read keep to the position of the element that it is read for, on all axes that carry positions? Axes may
    be renamed, merged and split on the way: that mixes nothing."""
    alone = {i.symbol: i.lower for i in (*equation.indices, *bound_indices(equation.body)) if i.lower == i.upper}
    own = {symbol for subscript in equation.subscripts for symbol in parts(subscript, alone)} - {None}
    theirs = [symbol for axis in axes for symbol in parts(read.subscripts[axis], alone)]
    return all(symbol in own for symbol in theirs) and len(set(theirs)) == len(theirs)


def parts(subscript: Subscript, alone: Mapping[Symbol, Expr]) -> list[Symbol | None]:
    """The indices of which a subscript is made; None for anything else that stands there. An index with one value only,
    as in a kernel of one, is that value."""
    if isinstance(subscript, Merged):
        return [symbol for part in subscript.parts for symbol in parts(part, alone)]
    if isinstance(subscript, Position) and subscript.value.symbols() & alone.keys():
        return [bare(Position(_at(subscript.value, alone)))]
    return [bare(subscript)]


def _at(value: Expr, alone: Mapping[Symbol, Expr]) -> Expr:
    """A subscript with the values of the indices that have only one."""
    for symbol in [s for s in value.symbols() if s in alone]:
        powers = value.coefficients(symbol)
        if all(isinstance(power, int) and power >= 0 for power in powers):
            value = sum((part * alone[symbol] ** int(power) for power, part in powers.items()), Expr({}))
    return value


def carried(equation: Equation, labels: Mapping[Tensor, Axes]) -> Axes:
    """The axes of the target on which positions go on: their indices stand in a subscript of an axis that carries them,
    in the range of an index that does, or are compared with such a one."""
    ranges = {
        i.symbol: i.lower.symbols() | i.upper.symbols() for i in (*equation.indices, *bound_indices(equation.body))
    }
    equal = list(_compared(equation.body))
    found = set()
    for read in equation.reads:
        for axis in labels.get(read.tensor, NO_AXES):
            inside = named(read.subscripts[axis])
            while True:
                told = [ranges[s] for s in inside if s in ranges] + [e for e in equal if e & inside]
                more = frozenset[Symbol]().union(*told) - inside
                if not more:
                    break
                inside |= more
            found |= {n for n, subscript in enumerate(equation.subscripts) if named(subscript) & inside}
    return frozenset(found)


def _compared(scalar: Scalar) -> Iterable[frozenset[Symbol]]:
    """The indices of every comparison of indices."""
    if (
        isinstance(scalar, Operation)
        and scalar.kind in COMPARISONS
        and all(isinstance(o, Size) for o in scalar.operands)
    ):
        yield frozenset[Symbol]().union(*(o.value.symbols() for o in scalar.operands if isinstance(o, Size)))
    if isinstance(scalar, Reduction) and scalar.where is not None:
        yield from _compared(scalar.where)
    for child in children(scalar):
        yield from _compared(child)


class Carrying:
    """The layers of one program, each looked at once for each way in which positions come in."""

    def __init__(self) -> None:
        self._known: dict[tuple[Instance, tuple[Axes, ...]], tuple[bool, tuple[Axes, ...]]] = {}

    def unit(self, instance: Instance, starts: tuple[Axes, ...]) -> bool:
        """Does this application mix positions, and none inside it?"""
        return self.leaf(instance) and self.through(instance, starts)[0]

    def leaf(self, instance: Instance) -> bool:
        """Is no layer inside, fed with positions on all axes but the last, one that mixes?"""
        return not any(self.through(i, _all_but_last(i))[0] for i in _called(instance.body))

    def through(self, instance: Instance, starts: tuple[Axes, ...]) -> tuple[bool, tuple[Axes, ...]]:
        """(Does anything inside mix?, the axes of the outputs that carry positions)."""
        key = (instance, starts)
        if key not in self._known:
            labels: Labels = dict(zip(instance.inputs, starts, strict=True))
            mixing = self.body(instance.body, labels)
            self._known[key] = mixing, tuple(labels.get(output, NO_AXES) for output in instance.outputs)
        return self._known[key]

    def body(self, nodes: Iterable[Node], labels: Labels) -> bool:
        """Label every tensor of a body; does anything mix?"""
        mixing = False
        for node in nodes:
            mixing |= self.node(node, labels)
        return mixing

    def node(self, node: Node, labels: Labels) -> bool:
        match node:
            case Equation():
                labels[node.target] = carried(node, labels)
                return any(not stays(r, node, labels.get(r.tensor, NO_AXES)) for r in node.reads)
            case Recurrence():
                return self.recurrence(node, labels)
            case Join(result=result, parts=parts):
                labels[result] = NO_AXES.union(*(labels.get(part, NO_AXES) for part in parts))
                return False
            case Split(results=results, source=source):
                labels.update(dict.fromkeys(results, labels.get(source, NO_AXES)))
                return False
            case Call(instance=instance, arguments=arguments, results=results):
                mixing, outputs = self.through(instance, tuple(labels.get(a, NO_AXES) for a in arguments))
                labels.update(zip(results, outputs, strict=True))
                return mixing
            case Opaque():
                return self.opaque(node, labels)
            case Repeat(carried=carried_):
                labels.update({c.entry: labels.get(c.initial, NO_AXES) for c in carried_})
                mixing = False
                for _ in range(3):  # until every axis that a turn adds is there
                    mixing |= self.body(node.body, labels)
                    labels.update({c.entry: labels[c.entry] | labels.get(c.exit, NO_AXES) for c in carried_})
                labels.update({c.result: labels.get(c.exit, NO_AXES) for c in carried_})
                return mixing
            case Choose(results=results):
                mixing = self.body(node.body, labels)
                labels.update({r.outer: labels.get(r.inner, NO_AXES) for r in results})
                return mixing
            case Parallel(results=results):
                mixing = self.body(node.body, labels)
                labels.update({r.outer: frozenset(a + 1 for a in labels.get(r.inner, NO_AXES)) for r in results})
                return mixing
            case Declared() | Share():
                return False
            case _:
                assert_never(node)

    def recurrence(self, node: Recurrence, labels: Labels) -> bool:
        for _ in node.equations:
            for equation in node.equations:
                if not equation.initial:
                    labels[equation.target] = labels.get(equation.target, NO_AXES) | carried(equation, labels)
        scanned = {step.axis for step in node.steps}
        return any(scanned & labels[e.target] for e in node.equations if not e.initial) or any(
            not stays(r, e, labels.get(r.tensor, NO_AXES))
            for e in node.equations
            for r in e.reads
            if r.tensor not in {other.target for other in node.equations}
        )

    def opaque(self, node: Opaque, labels: Labels) -> bool:
        """Axes that are read whole mix; the others go on where the target has an axis of the same size."""
        found: set[int] = set()
        mixing = False
        for source in node.sources:
            for axis in labels.get(source, NO_AXES):
                size = source.axes[axis].size
                mixing |= size in node.whole
                found |= {n for n, other in enumerate(node.target.axes) if other.size == size}
        labels[node.target] = frozenset(found)
        return mixing


def _all_but_last(instance: Instance) -> tuple[Axes, ...]:
    return tuple(frozenset(range(max(0, len(tensor.axes) - 1))) for tensor in instance.inputs)


def _called(nodes: Iterable[Node]) -> Iterable[Instance]:
    for node in nodes:
        if isinstance(node, Call):
            yield node.instance
        yield from _called(nested(node))


def choosing_inputs(instance: Instance) -> frozenset[Tensor]:
    """Inputs that tell, here or in a layer that they are handed to, which positions of other tensors are read."""
    found: set[Tensor] = set()

    def visit(nodes: Iterable[Node]) -> None:
        for node in nodes:
            match node:
                case Equation():
                    found.update(_choosing(node.body, inside=False))
                case Recurrence(equations=equations):
                    for equation in equations:
                        found.update(_choosing(equation.body, inside=False))
                case Call(instance=inner, arguments=arguments):
                    used = choosing_inputs(inner)
                    found.update(a for a, f in zip(arguments, inner.inputs, strict=True) if f in used)
                case _:
                    visit(nested(node))

    visit(instance.body)
    return frozenset(found & set(instance.inputs))


def _choosing(scalar: Scalar, *, inside: bool) -> Iterable[Tensor]:
    """What is read for a condition of a reduction, or to know where a tensor is read that is no table of weights."""
    if isinstance(scalar, Read):
        if inside:
            yield scalar.tensor
        for child in children(scalar):
            yield from _choosing(child, inside=inside or scalar.tensor.kind not in ("weight", "buffer"))
    elif isinstance(scalar, Reduction):
        if scalar.where is not None:
            yield from _choosing(scalar.where, inside=True)
        yield from _choosing(scalar.body, inside=inside)
    else:
        for child in children(scalar):
            yield from _choosing(child, inside=inside)
