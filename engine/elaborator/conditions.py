"""Conditions of a reduction: those that order an index are ranges, the others stay conditions."""

from __future__ import annotations

from dataclasses import replace

from ..algebra.build import maximum, minimum
from ..algebra.expression import ONE, ZERO
from ..algebra.facts import Facts
from ..scalars import Index, Operation, Scalar, Size


def narrowed(indices: tuple[Index, ...], condition: Scalar, facts: Facts) -> tuple[tuple[Index, ...], Scalar | None]:
    """Indices with the ranges that order conditions leave, and what is left of the condition: `m <= n` is a range."""
    if isinstance(condition, Operation) and condition.kind == "and":
        rest: list[Scalar] = []
        for operand in condition.operands:
            indices, left = narrowed(indices, operand, facts)
            rest += [] if left is None else [left]
        return indices, (None if not rest else rest[0] if len(rest) == 1 else Operation("and", tuple(rest)))
    match condition:
        case Operation(kind=("<" | "<=" | ">" | ">=") as kind, operands=(Size(value=left_), Size(value=right_))):
            gap = right_ - left_ if kind in ("<", "<=") else left_ - right_
            gap = gap - 1 if kind in ("<", ">") else gap
        case _:
            return indices, condition
    for number, index in reversed(list(enumerate(indices))):
        powers = gap.coefficients(index.symbol)
        slope, others = powers.get(1, ZERO), powers.get(0, ZERO)
        loops = any(others.mentions(o.symbol) and _mention(o, index) for o in indices if o is not index)
        if (set(powers) != {0, 1} and set(powers) != {1}) or slope not in (ONE, -ONE) or loops:
            continue
        if others.mentions(index.symbol):
            continue
        if slope == ONE:
            new = replace(index, lower=maximum((index.lower, -others), facts), stated=True)
        else:
            new = replace(index, upper=minimum((index.upper, others), facts), stated=True)
        return (*indices[:number], new, *indices[number + 1 :]), None
    return indices, condition


def _mention(index: Index, other: Index) -> bool:
    return index.lower.mentions(other.symbol) or index.upper.mentions(other.symbol)
