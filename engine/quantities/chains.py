"""Chains of factors, and what a scalar is made of: small questions that the counting of operations asks."""

from __future__ import annotations

from dataclasses import dataclass

from ..algebra.atoms import Symbol
from ..algebra.build import symbol_of
from ..algebra.expression import ONE
from ..scalars import Literal_, Operation, Read, Scalar, Size, reads


@dataclass(frozen=True)
class Link:
    """A factor of a chain: the indices it mentions, whether it reads a tensor, its value if it is a constant."""

    mentions: frozenset[Symbol]
    tensor: bool
    constant: Scalar | None
    below: bool


def factors_of(scalar: Scalar, below: bool = False) -> list[tuple[Scalar, bool]]:
    """A chain of * and / from left to right: (factor, stands below the line). Signs fall away."""
    match scalar:
        case Operation(kind="multiply", operands=(left, right)):
            return [*factors_of(left), (unsigned(right), False)]
        case Operation(kind="divide", operands=(left, right)):
            return [*factors_of(left), (unsigned(right), True)]
        case Operation(kind="negate", operands=(inner,)):
            return factors_of(inner)
        case _:
            return [(scalar, below)]


def unsigned(scalar: Scalar) -> Scalar:
    while isinstance(scalar, Operation) and scalar.kind == "negate":
        (scalar,) = scalar.operands
    return scalar


def is_chain(scalar: Scalar) -> bool:
    scalar = unsigned(scalar)
    return isinstance(scalar, Operation) and scalar.kind in ("multiply", "divide")


def is_square(factors: list[Scalar]) -> bool:
    return len(factors) > 1 and all(isinstance(f, Read) and f == factors[0] for f in factors)


def reads_tensor(scalar: Scalar) -> bool:
    return next(reads(scalar), None) is not None


def is_constant(scalar: Scalar) -> bool:
    """Made of sizes and numbers alone: no tensor, no index."""
    match scalar:
        case Size(value=value):
            return not any(s.kind == "index" for s in value.symbols())
        case Literal_():
            return True
        case Operation(operands=operands):
            return all(map(is_constant, operands))
        case _:
            return False


def folded(links: list[Link]) -> list[Link]:
    """Constants as one factor at the place of the first of them: below the line if all of them are; a factor 1 falls
    away."""
    constants = [link for link in links if link.constant is not None]
    if not constants:
        return links
    rest_below = all(link.below for link in links if link.constant is None)
    first = links.index(constants[0])
    if is_unit(constants) and not (first == 0 and rest_below):  # of 1/x the 1 stays: it is what is divided
        return [link for link in links if link.constant is None]
    merged = Link(frozenset(), False, constants[0].constant, all(link.below for link in constants))
    return [merged if n == first else link for n, link in enumerate(links) if link.constant is None or n == first]


def is_unit(constants: list[Link]) -> bool:
    value = ONE
    for link in constants:
        if not isinstance(link.constant, Size):
            return False
        value = value / link.constant.value if link.below else value * link.constant.value
    return value in (ONE, -ONE)


def bare(scalar: Scalar) -> Symbol | None:
    return symbol_of(scalar.value) if isinstance(scalar, Size) else None
