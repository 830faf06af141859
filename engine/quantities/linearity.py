"""Is a cycle of a recurrence linear in its state? The equations of one cycle in, how its state elements mix out.

States are the tensors that the cycle reads one step back. A sum is linear where its terms are, a product where at most
one factor reads the state (directly, or through an equation of the cycle at the same step), a quotient where only its
numerator does; a function, a maximum, a comparison and a condition that read it are not. It reads the equations as
they are written: it does not look for another form in which they would be linear, so that "not linear as written"
never says that no prefix scan exists.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from ..algebra.atoms import Symbol
from ..algebra.build import symbol_of
from ..algebra.expression import ONE, Expr
from ..program import Equation, Recurrence
from ..scalars import (
    COMPARISONS,
    Choice,
    Literal_,
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
    lookups,
    mentions,
    position,
    reads,
)
from .cycles import Cycle, is_shifted

Words = tuple[str | Read | Tensor, ...]

EXTREMES = {"max": "maximum", "min": "minimum"}


class NotLinear(Exception):
    """The recurrence is not linear as written; `words` name the offending subexpression, `equation` where it stands."""

    def __init__(self, words: Words, equation: Equation) -> None:
        super().__init__(words)
        self.words = words
        self.equation = equation


class NotDerived(Exception):
    """Whether, or how, the recurrence can be scanned is not derived; `words` say why."""

    def __init__(self, *words: str | Read | Tensor) -> None:
        super().__init__(words)
        self.words: Words = words


@dataclass(frozen=True)
class Coordinate:
    """An axis of a tensor, or one part of an axis whose indices are merged wherever it is read and written."""

    tensor: Tensor
    axis: int
    part: int | None = None


@dataclass(frozen=True)
class Linear:
    """The state of a linear recurrence. `mixed` are the coordinates over which each state tensor's elements mix,
    `kept` those that every equation of the cycle keeps; the transition depends on those `depends` of them. `running`:
    the state is added to, and multiplied by nothing."""

    states: tuple[Tensor, ...]
    mixed: tuple[tuple[Coordinate, ...], ...]
    kept: tuple[Coordinate, ...]
    depends: tuple[Coordinate, ...]
    sizes: Mapping[Coordinate, Expr]
    running: bool

    @property
    def elementwise(self) -> bool:
        return len(self.states) == 1 and not self.mixed[0]


def states_of(node: Recurrence, cycle: Cycle) -> tuple[Tensor, ...]:
    """The tensors that a cycle reads at the step before, in the order of their equations."""
    return tuple(node.equations[n].target for n in sorted({source for source, _, _, _ in cycle.loops}))


def linear_state(node: Recurrence, cycle: Cycle, axis: int) -> Linear:
    """How the state of a cycle that steps along `axis` mixes. Raises `NotDerived`; `check_linear` comes first."""
    return _Mixing([node.equations[n] for n in cycle.members], states_of(node, cycle), axis).linear()


# ---------------------------------------------------------------- degree


def check_linear(node: Recurrence, cycle: Cycle) -> None:
    """Raises `NotLinear` where an equation of the cycle is of another degree than 1 in the states."""
    equations = [node.equations[n] for n in cycle.members]
    members = {equation.target: equation for equation in equations}
    for equation in equations:
        _Degree(equation, members).check(equation.body)


@dataclass(frozen=True)
class _Degree:
    """One equation of a cycle while its degree is looked at: whatever reads a tensor of the cycle has degree 1."""

    equation: Equation
    members: Mapping[Tensor, Equation]

    def check(self, scalar: Scalar) -> None:
        if not touches(scalar, self.members):
            return
        match scalar:
            case Size() | Literal_():
                pass
            case Read(subscripts=subscripts):
                for inner in (inner for subscript in subscripts for inner in lookups(subscript)):
                    if touches(inner, self.members):
                        raise self._offence("a position depends on ", *self._traced(inner))
            case Operation(kind=kind, operands=operands):
                for operand in operands:
                    self.check(operand)
                self._operation(kind, operands)
            case Choice(then=then, condition=condition, otherwise=otherwise):
                self._condition(condition)
                self.check(then)
                self.check(otherwise)
            case Reduction(kind=kind, where=where, body=body):
                if where is not None:
                    self._condition(where)
                self.check(body)
                if kind in EXTREMES:
                    raise self._offence(f"a {EXTREMES[kind]} is taken of ", *self._subject(body))
                if kind == "prod":
                    raise self._offence(*self._subject(body), " is multiplied up")
            case _:
                assert_never(scalar)

    def _operation(self, kind: str, operands: tuple[Scalar, ...]) -> None:
        touched = [operand for operand in operands if touches(operand, self.members)]
        match kind:
            case "add" | "subtract" | "negate":
                pass
            case "multiply":
                if len(touched) > 1:
                    left, right = map(self._subject, touched)
                    raise self._offence(*left, " is multiplied by ", *right)
            case "divide":
                if touches(operands[1], self.members):
                    raise self._offence(*self._subject(operands[1]), " stands in a denominator")
            case "power":
                if touches(operands[1], self.members):
                    raise self._offence(*self._subject(operands[1]), " stands in an exponent")
                if not (isinstance(operands[1], Size) and operands[1].value == ONE):
                    raise self._offence(*self._subject(operands[0]), " is raised to a power")
            case "max" | "min":
                raise self._offence(f"a {EXTREMES[kind]} is taken of ", *self._subject(touched[0]))
            case "and" | "or" | "not":
                self._condition(touched[0])
            case _ if kind in COMPARISONS:
                raise self._offence(*self._subject(touched[0]), " is compared")
            case _:
                raise self._offence(f"{kind} is applied to ", *self._subject(touched[0]))

    def _condition(self, condition: Scalar) -> None:
        if touches(condition, self.members):
            raise self._offence("a condition depends on ", *self._traced(condition))

    def _subject(self, scalar: Scalar) -> Words:
        return self._traced(scalar) if isinstance(scalar, Read) else ("an expression in ", *self._traced(scalar))

    def _traced(self, scalar: Scalar) -> Words:
        """The first read of the cycle in an expression; of one at the same step, what it reads of the state."""
        first = self._first(scalar)
        equation, read = self.equation, first
        while not is_shifted(read, equation):
            equation = self.members[read.tensor]
            read = self._first(equation.body)
        return (first,) if read is first else (first, ", which depends on ", read, ",")

    def _first(self, scalar: Scalar) -> Read:
        return next(read for read in reads(scalar) if read.tensor in self.members)

    def _offence(self, *words: str | Read | Tensor) -> NotLinear:
        return NotLinear(words[:-1] if words[-1] == "," else words, self.equation)


def touches(scalar: Scalar, tensors: Container[Tensor]) -> bool:
    """Does a scalar read one of these tensors?"""
    return any(read.tensor in tensors for read in reads(scalar))


# ---------------------------------------------------------------- mixing

Places = Mapping[Coordinate, Expr | None]


class _Mixing:
    """The coordinates of the tensors of a cycle, and which of them every equation keeps.

    A coordinate is kept where each tensor of the cycle has one that belongs to it, and each equation reads the others
    there at its own index: the recurrence then falls apart into independent ones along it.
    """

    def __init__(self, equations: list[Equation], states: tuple[Tensor, ...], axis: int) -> None:
        self.equations = equations
        self.states = states
        self.axis = axis
        self.members = {equation.target for equation in equations}
        self.inside = [(e, read) for e in equations for read in e.reads if read.tensor in self.members]
        self.sizes: dict[Coordinate, Expr] = {}
        self.parts = {
            (tensor, n): self._common_parts(tensor, n) for tensor in self.members for n in range(len(tensor.axes))
        }
        self._check_steps()

    def _check_steps(self) -> None:
        for equation, read in self.inside:
            places = [position(s[self.axis]) for s in (equation.subscripts, read.subscripts) if self.axis < len(s)]
            mine, theirs = places if len(places) == 2 else (None, None)
            gap = None if mine is None or theirs is None else (theirs - mine).integer()
            if gap not in (-1, 0, 1):
                raise NotDerived(read, " is read at other steps than its own and the one before")

    def _common_parts(self, tensor: Tensor, axis: int) -> tuple[Expr, ...] | None:
        """The sizes of the merged indices of an axis, if it is written and read by the same ones everywhere."""
        seen: list[Subscript] = [e.subscripts[axis] for e in self.equations if e.target is tensor]
        seen += [read.subscripts[axis] for _, read in self.inside if read.tensor is tensor]
        sizes = {subscript.sizes if isinstance(subscript, Merged) else None for subscript in seen}
        return sizes.pop() if len(sizes) == 1 else None

    def places(self, tensor: Tensor, subscripts: tuple[Subscript, ...]) -> Places:
        """Where an element stands, by coordinate, but for the step."""
        found: dict[Coordinate, Expr | None] = {}
        for axis, subscript in enumerate(subscripts):
            sizes = self.parts[tensor, axis]
            if axis == self.axis:
                continue
            if sizes is None or not isinstance(subscript, Merged):
                whole = Coordinate(tensor, axis)
                self.sizes[whole] = tensor.axes[axis].size
                found[whole] = position(subscript)
                continue
            for number, (part, size) in enumerate(zip(subscript.parts, sizes, strict=True)):
                one = Coordinate(tensor, axis, number)
                self.sizes[one] = size
                found[one] = position(part)
        return found

    def linear(self) -> Linear:
        written = {e.target: self.places(e.target, e.subscripts) for e in self.equations}
        links = [(written[e.target], self.places(read.tensor, read.subscripts)) for e, read in self.inside]
        kept = [group for group in self._groups(written, links) if self._is_kept(group, links)]
        of_any = {coordinate for group in kept for coordinate in group}
        mixed = tuple(tuple(c for c in written[state] if c not in of_any) for state in self.states)
        depends = self._depends(written)
        first = self.states[0]
        for group in kept:
            if len({self.sizes[c] for c in group if c.tensor in self.states}) > 1:
                raise NotDerived("the coupled states have different sizes")
        return Linear(
            self.states,
            mixed,
            tuple(c for c in written[first] if c in of_any),
            tuple(c for group in kept if group & depends for c in group if c.tensor is first),
            self.sizes,
            all(_is_added_to(equation.body, self.members) for equation in self.equations),
        )

    def _groups(self, written: Mapping[Tensor, Places], links: list[tuple[Places, Places]]) -> list[set[Coordinate]]:
        """Coordinates that are read at each other's own index, together."""
        groups = [{coordinate} for places in written.values() for coordinate in places]
        for mine, theirs in links:
            for one, other in _matches(mine, theirs):
                joined = [group for group in groups if one in group or other in group]
                groups = [group for group in groups if group not in joined] + [set().union(*joined)]
        return groups

    def _is_kept(self, group: set[Coordinate], links: list[tuple[Places, Places]]) -> bool:
        if len(group) != len(self.members) or {c.tensor for c in group} != self.members:
            return False
        return all(any({one, other} <= group for one, other in _matches(*link)) for link in links)

    def _depends(self, written: Mapping[Tensor, Places]) -> set[Coordinate]:
        """The coordinates on which what the states are multiplied by depends."""
        found: set[Coordinate] = set()
        for equation in self.equations:
            for factor in _factors(equation.body, self.members):
                for coordinate, place in written[equation.target].items():
                    if place is not None and any(_mentions(factor, symbol) for symbol in place.symbols()):
                        found.add(coordinate)
        return found


def _matches(mine: Places, theirs: Places) -> Iterator[tuple[Coordinate, Coordinate]]:
    """Coordinates of an equation's own element and of one that it reads, at which the same index stands."""
    for one, here in mine.items():
        for other, there in theirs.items():
            if here is not None and here == there and here.constant is None:
                yield one, other


def _factors(scalar: Scalar, members: set[Tensor]) -> Iterator[Scalar | Expr]:
    """What the reads of the states in a linear expression are multiplied by, or chosen by."""
    if not touches(scalar, members):
        return
    match scalar:
        case Read(subscripts=subscripts):
            for subscript in subscripts:
                yield from _moves(subscript)
        case Operation(kind="multiply" | "divide", operands=operands):
            for operand in operands:
                if touches(operand, members):
                    yield from _factors(operand, members)
                else:
                    yield operand
        case Operation(operands=operands):
            for operand in operands:
                yield from _factors(operand, members)
        case Choice(then=then, condition=condition, otherwise=otherwise):
            yield condition
            yield from _factors(then, members)
            yield from _factors(otherwise, members)
        case Reduction(indices=indices, where=where, body=body):
            yield from (end for index in indices for end in (index.lower, index.upper))
            if where is not None:
                yield where
            yield from _factors(body, members)
        case _:
            pass


def _moves(subscript: Subscript) -> Iterator[Scalar | Expr]:
    """What decides which element is read, where it is not simply an index."""
    match subscript:
        case Position(value=value):
            if symbol_of(value) is None:
                yield value
        case Merged(parts=parts):
            for part in parts:
                yield from _moves(part)
        case Lookup(scalar=scalar):
            yield scalar


def _mentions(factor: Scalar | Expr, symbol: Symbol) -> bool:
    return factor.mentions(symbol) if isinstance(factor, Expr) else mentions(factor, symbol)


def _is_added_to(scalar: Scalar, members: set[Tensor]) -> bool:
    """Is what is read of the state only added to: read once, and multiplied by nothing?"""
    match scalar:
        case Read(tensor=tensor):
            return tensor in members
        case Operation(kind="add", operands=operands):
            touched = [operand for operand in operands if touches(operand, members)]
            return len(touched) == 1 and _is_added_to(touched[0], members)
        case Operation(kind="subtract", operands=(left, right)):
            return not touches(right, members) and _is_added_to(left, members)
        case _:
            return False
