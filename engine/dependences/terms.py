"""The reads of an equation, each with what stands around it: bound indices, and conditions on them.

A condition that reads a tensor is decided by data: it is told apart, and not evaluated.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..algebra.atoms import Symbol
from ..scalars import Choice, Index, Literal_, Operation, Read, Reduction, Scalar, Size, children, reads
from .arithmetic import At, number

_COMPARE: Final[Mapping[str, Callable[..., Any]]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "mod": operator.mod, "min": min, "max": max,
    "and": lambda *v: all(v), "or": lambda *v: any(v), "not": operator.not_, "negate": operator.neg, "abs": abs,
}  # fmt: skip


@dataclass(frozen=True)
class Met:
    """A read where it stands: the indices of the reductions around it, their conditions on indices, and whether data
    decides that it is made."""

    read: Read
    indices: tuple[Index, ...]
    conditions: tuple[Scalar, ...]
    undecided: bool


def met(scalar: Scalar) -> Iterator[Met]:
    """Every read of a scalar with what stands around it."""
    return _met(scalar, (), (), False)


def _met(scalar: Scalar, indices: tuple[Index, ...], conditions: tuple[Scalar, ...], undecided: bool) -> Iterator[Met]:
    if isinstance(scalar, Read):
        yield Met(scalar, indices, conditions, undecided)
    if isinstance(scalar, Reduction):
        inner = (*indices, *scalar.indices)
        if scalar.where is None:
            yield from _met(scalar.body, inner, conditions, undecided)
            return
        # what a condition reads is read for every term; what stands under it, where it holds
        yield from _met(scalar.where, inner, conditions, undecided)
        data = [c for c in _conjuncts(scalar.where) if next(reads(c), None) is not None]
        plain = tuple(c for c in _conjuncts(scalar.where) if c not in data)
        yield from _met(scalar.body, inner, (*conditions, *plain), undecided or bool(data))
        return
    if isinstance(scalar, Choice) and next(reads(scalar.condition), None) is None:
        yield from _met(scalar.then, indices, (*conditions, scalar.condition), undecided)
        negated = Operation("not", (scalar.condition,))
        yield from _met(scalar.otherwise, indices, (*conditions, negated), undecided)
        return
    for child in children(scalar):
        yield from _met(child, indices, conditions, undecided)


def _conjuncts(condition: Scalar) -> Iterator[Scalar]:
    if isinstance(condition, Operation) and condition.kind == "and":
        for operand in condition.operands:
            yield from _conjuncts(operand)
    else:
        yield condition


# ---------------------------------------------------------------- conditions on indices


def of_condition(scalar: Scalar) -> frozenset[Symbol]:
    """Every symbol in a condition on indices."""
    match scalar:
        case Size(value=value):
            return value.symbols()
        case Reduction(indices=indices):
            inner = frozenset[Symbol]().union(*map(of_condition, children(scalar)))
            return inner - {index.symbol for index in indices}
        case _:
            return frozenset[Symbol]().union(*map(of_condition, children(scalar)))


def evaluated(scalar: Scalar, at: At) -> Any:
    """The value of what reads no tensor."""
    match scalar:
        case Size(value=value):
            return number(value, at)
        case Literal_(value=value):
            return float("inf") if value is None else value
        case Choice(then=then, condition=condition, otherwise=otherwise):
            return evaluated(then if evaluated(condition, at) else otherwise, at)
        case Operation(kind=kind, operands=operands) if kind in _COMPARE:
            return _COMPARE[kind](*[evaluated(operand, at) for operand in operands])
        case _:
            raise NotImplementedError(f"a condition with {scalar}")
