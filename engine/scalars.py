"""Tensors and what stands in an equation: indices, subscripts, reads, operations, reductions.

The elaborator makes them, every quantity is read off them. Nothing here counts, and nothing knows how it is printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal

from .algebra.atoms import Symbol
from .algebra.expression import ONE, Expr, from_atom
from .algebra.substitution import substitute
from .errors import Span

# ---------------------------------------------------------------- tensors


@dataclass(frozen=True)
class Axis:
    """The positions of an axis, lower..upper, both included. They may depend on the positions `place(k)` of earlier
    axes."""

    lower: Expr
    upper: Expr

    @cached_property
    def size(self) -> Expr:
        return self.upper - self.lower + ONE

    @cached_property
    def ragged(self) -> bool:
        return any(symbol.name.startswith("@") for symbol in self.lower.symbols() | self.upper.symbols())


def place(axis: int) -> Symbol:
    """The symbol that stands, in the range of a later axis, for the position on an earlier one."""
    return Symbol(f"@{axis}", "index")


TensorKind = Literal["input", "weight", "buffer", "mask", "computed"]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor: one identity for each time that a name is bound. `axes` in order, features last."""

    name: str
    axes: tuple[Axis, ...]
    kind: TensorKind = "computed"

    def __repr__(self) -> str:
        return f"{self.name}[{', '.join(axis.size.key for axis in self.axes)}]"


# ---------------------------------------------------------------- scalars


@dataclass(frozen=True)
class Index:
    """An index of an equation with its range, both ends included; the ends may depend on other indices."""

    symbol: Symbol
    name: str
    lower: Expr
    upper: Expr
    stated: bool = False

    @property
    def expr(self) -> Expr:
        return from_atom(self.symbol)


@dataclass(frozen=True)
class Size:
    """Arithmetic on sizes and indices: it reads no tensor, so it costs nothing."""

    value: Expr


@dataclass(frozen=True)
class Literal_:
    """A number that is no whole one, as it was written: 1e-5, 0.2, `pi`, `inf` (value None)."""

    text: str
    value: Fraction | None


@dataclass(frozen=True)
class Position:
    """A subscript that is arithmetic on indices."""

    value: Expr


@dataclass(frozen=True)
class Merged:
    """A subscript of several, (g, c): the first is the major one. `sizes` are those of its parts."""

    parts: tuple[Subscript, ...]
    sizes: tuple[Expr, ...]


@dataclass(frozen=True)
class Lookup:
    """A subscript that reads a tensor of integers: E[token[n], d]."""

    scalar: Scalar


Subscript = Position | Merged | Lookup


@dataclass(frozen=True)
class Read:
    """An element of a tensor: x[n + 1, d]."""

    tensor: Tensor
    subscripts: tuple[Subscript, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Operation:
    """`kind` applied to operands: add, subtract, multiply, divide, power, negate, a function (exp, max, …), a
    comparison (==, <, …), `and`, `or`, `not`."""

    kind: str
    operands: tuple[Scalar, ...]


@dataclass(frozen=True)
class Choice:
    """then if condition else otherwise."""

    then: Scalar
    condition: Scalar
    otherwise: Scalar


@dataclass(frozen=True)
class Reduction:
    """sum, mean, max, min or prod of a body over indices, where a condition holds."""

    kind: str
    indices: tuple[Index, ...]
    where: Scalar | None
    body: Scalar
    span: Span = field(compare=False, repr=False)


Scalar = Size | Literal_ | Read | Operation | Choice | Reduction

COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


def children(scalar: Scalar) -> tuple[Scalar, ...]:
    """The scalars directly inside, those of subscripts included."""
    match scalar:
        case Operation(operands=operands):
            return operands
        case Choice(then=then, condition=condition, otherwise=otherwise):
            return (then, condition, otherwise)
        case Reduction(where=where, body=body):
            return (body,) if where is None else (where, body)
        case Read(subscripts=subscripts):
            return tuple(inner for subscript in subscripts for inner in lookups(subscript))
        case Size() | Literal_():
            return ()


def lookups(subscript: Subscript) -> tuple[Scalar, ...]:
    """The scalars that a subscript evaluates to know its position."""
    match subscript:
        case Lookup(scalar=scalar):
            return (scalar,)
        case Merged(parts=parts):
            return tuple(scalar for part in parts for scalar in lookups(part))
        case Position():
            return ()


def mentions(scalar: Scalar, symbol: Symbol) -> bool:
    """Does an index stand anywhere in a scalar: as a size, in a subscript, in the range of another index?"""
    match scalar:
        case Size(value=value):
            return value.mentions(symbol)
        case Read(subscripts=subscripts):
            return any(_names(subscript, symbol) for subscript in subscripts)
        case Reduction(indices=indices) if any(e.mentions(symbol) for i in indices for e in (i.lower, i.upper)):
            return True
        case _:
            return any(mentions(child, symbol) for child in children(scalar))


def _names(subscript: Subscript, symbol: Symbol) -> bool:
    match subscript:
        case Position(value=value):
            return value.mentions(symbol)
        case Merged(parts=parts):
            return any(_names(part, symbol) for part in parts)
        case Lookup(scalar=scalar):
            return mentions(scalar, symbol)


def reads(scalar: Scalar) -> Iterator[Read]:
    """Every read of a tensor in a scalar, look-ups inside subscripts included."""
    if isinstance(scalar, Read):
        yield scalar
    for child in children(scalar):
        yield from reads(child)


def numbers(scalar: Scalar) -> Iterator[Expr]:
    """The arithmetic on sizes and indices in a scalar: values, positions, ends of ranges."""
    match scalar:
        case Size(value=value):
            yield value
        case Read(subscripts=subscripts):
            yield from (found for s in subscripts if (found := position(s)) is not None)
        case Reduction(indices=indices):
            yield from (end for index in indices for end in (index.lower, index.upper))
        case _:
            pass
    for child in children(scalar):
        yield from numbers(child)


def conditional_reads(scalar: Scalar, inside: bool = False) -> Iterator[Read]:
    """The reads that stand under a reduction with a condition."""
    if isinstance(scalar, Read) and inside:
        yield scalar
    under = inside or (isinstance(scalar, Reduction) and scalar.where is not None)
    for child in children(scalar):
        yield from conditional_reads(child, under)


def position(subscript: Subscript) -> Expr | None:
    """The position that a subscript names, as one expression; None if a tensor decides it."""
    match subscript:
        case Position(value=value):
            return value
        case Merged(parts=parts, sizes=sizes):
            result = Expr({})
            for part, size in zip(parts, sizes, strict=True):
                place_ = position(part)
                if place_ is None:
                    return None
                result = result * size + place_
            return result
        case Lookup():
            return None


def decided_by_data(scalar: Scalar) -> bool:
    """Does a condition of a reduction inside read a tensor?"""
    mine = isinstance(scalar, Reduction) and scalar.where is not None and next(reads(scalar.where), None) is not None
    return mine or any(map(decided_by_data, children(scalar)))


# ---------------------------------------------------------------- index spaces


def bound_symbols(indices: tuple[Index, ...]) -> frozenset[Symbol]:
    return frozenset(index.symbol for index in indices)


def at_places(axis: Axis, positions: list[Expr | None]) -> Axis | None:
    """The axis with the positions of earlier axes put in; None if one of those that matter is not known."""
    if not axis.ragged:
        return axis
    needed = {symbol for symbol in axis.lower.symbols() | axis.upper.symbols() if symbol.name.startswith("@")}
    values: dict[Symbol, Expr] = {}
    for symbol in needed:
        value = positions[int(symbol.name[1:])]
        if value is None:
            return None
        values[symbol] = value
    return Axis(substitute(axis.lower, values), substitute(axis.upper, values))
