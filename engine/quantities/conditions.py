"""Conditions of reductions: the indices that equalities determine, and which of several are independent of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..algebra.atoms import Symbol
from ..scalars import Operation, Scalar


@dataclass(frozen=True)
class Condition:
    """The condition of a reduction: the indices that this binds, those that equalities determine, with what determines
    each, and whether it leaves as many terms as are counted."""

    bound: frozenset[Symbol]
    fixed: Mapping[Symbol, frozenset[Symbol]]
    certain: bool


def conjuncts(condition: Scalar) -> Iterator[Scalar]:
    """The parts of a condition that must all hold."""
    if isinstance(condition, Operation) and condition.kind == "and":
        for operand in condition.operands:
            yield from conjuncts(operand)
    else:
        yield condition


def independent(over: frozenset[Symbol], conditions: Sequence[Condition]) -> frozenset[Symbol]:
    """Indices without those that others among them determine: of e and v with dst[e] == v, e alone. A condition is none
    outside its reduction, where nothing mentions the indices that this one binds."""
    inside = [condition for condition in conditions if condition.bound & over]
    for symbol in [symbol for condition in inside for symbol in condition.fixed]:
        if symbol in over and symbol in _following(over - {symbol}, inside):
            over -= {symbol}
    return over


def _following(known: frozenset[Symbol], conditions: Iterable[Condition]) -> frozenset[Symbol]:
    """The indices that are known where some are: those that conditions determine by them."""
    rules = [rule for condition in conditions for rule in condition.fixed.items()]
    while more := {symbol for symbol, others in rules if others <= known} - known:
        known |= more
    return known
