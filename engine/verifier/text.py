"""The text of an equation, as running it needs to know it: factors of a chain, reads, indices, equalities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..algebra.atoms import Symbol
from ..scalars import Index, Operation, Read, Reduction, Scalar, Size, children


@dataclass(frozen=True)
class Part:
    """A factor as it is written; signs are taken off."""

    scalar: Scalar
    below: bool = False
    negative: bool = False


def chain(scalar: Scalar, *, negative: bool = False) -> list[Part]:
    """A chain of * and / from left to right; its sign goes to the first factor."""
    match scalar:
        case Operation(kind="negate", operands=(inner,)):
            return chain(inner, negative=not negative)
        case Operation(kind=("multiply" | "divide") as kind, operands=(left, right)):
            return [*chain(left, negative=negative), _factor(right, below=kind == "divide")]
        case _:
            return [Part(scalar, negative=negative)]


def _factor(scalar: Scalar, *, below: bool) -> Part:
    """The right side of a * or /: one factor, whatever it is."""
    negative = False
    while isinstance(scalar, Operation) and scalar.kind == "negate":
        (scalar,) = scalar.operands
        negative = not negative
    return Part(scalar, below, negative)


def reductions(scalar: Scalar) -> Iterator[Reduction]:
    """All reductions inside."""
    if isinstance(scalar, Reduction):
        yield scalar
    for child in children(scalar):
        yield from reductions(child)


def bound_indices(scalar: Scalar) -> Iterator[Index]:
    """The indices of all reductions inside."""
    for reduction in reductions(scalar):
        yield from reduction.indices


def reads_tensors(scalar: Scalar) -> bool:
    return isinstance(scalar, Read) or any(map(reads_tensors, children(scalar)))


def direct_reads(scalar: Scalar) -> Iterator[Read]:
    """The reads of a term, those of reductions inside it left out."""
    if isinstance(scalar, Read):
        yield scalar
    elif not isinstance(scalar, Reduction):
        for child in children(scalar):
            yield from direct_reads(child)


def conjuncts(condition: Scalar) -> Iterator[Scalar]:
    """The parts of a condition that must all hold."""
    if isinstance(condition, Operation) and condition.kind == "and":
        for operand in condition.operands:
            yield from conjuncts(operand)
    else:
        yield condition


def equalities(condition: Scalar) -> Iterator[tuple[Read, Symbol]]:
    """Reads that must equal a bare index."""
    for part in conjuncts(condition):
        if not isinstance(part, Operation) or part.kind != "==":
            continue
        left, right = part.operands
        for read, size in ((left, right), (right, left)):
            if isinstance(read, Read) and isinstance(size, Size) and len(size.value.symbols()) == 1:
                (symbol,) = size.value.symbols()
                if size.value.terms == {((symbol, 1),): 1}:
                    yield read, symbol
