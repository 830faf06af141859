"""The indices of one equation: where their values stand, which of them a subexpression mentions, loops over them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import assert_never

from ..algebra.atoms import Symbol
from ..scalars import (
    Choice,
    Index,
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
)
from .functions import CONSTANTS, FUNCTIONS, combined
from .numbers import Places, Sizes, compiled, function, number
from .text import conjuncts

Symbols = frozenset[Symbol]
Action = Callable[[Places], None]
Test = tuple[Symbols, Callable[[Places], float]]

NONE: Symbols = frozenset()


class Indices:
    """The free and bound indices of an equation at `sizes`. Each has a slot in the list that holds their values."""

    def __init__(self, indices: Iterable[Index], sizes: Sizes) -> None:
        self.sizes = sizes
        self.all = {index.symbol: index for index in indices}
        self.slots = {symbol: n for n, symbol in enumerate(self.all)}

    def empty(self) -> Places:
        return [0] * len(self.slots)

    # ---------------------------------------------------------------- what a subexpression mentions

    def mentions(self, scalar: Scalar) -> Symbols:
        match scalar:
            case Size(value=value):
                return value.symbols() & self.slots.keys()
            case Literal_():
                return NONE
            case Read(subscripts=subscripts):
                return union(map(self.of_subscript, subscripts))
            case Operation(operands=operands):
                return union(map(self.mentions, operands))
            case Choice(then=then, condition=condition, otherwise=otherwise):
                return self.mentions(then) | self.mentions(condition) | self.mentions(otherwise)
            case Reduction(indices=indices, where=where, body=body):
                inside = self.mentions(body) | self.of_ends(indices)
                if where is not None:
                    inside |= self.mentions(where)
                return inside - {index.symbol for index in indices}
            case _:
                assert_never(scalar)

    def of_subscript(self, subscript: Subscript) -> Symbols:
        match subscript:
            case Position(value=value):
                return value.symbols() & self.slots.keys()
            case Merged(parts=parts):
                return union(map(self.of_subscript, parts))
            case Lookup(scalar=scalar):
                return self.mentions(scalar)
            case _:
                assert_never(subscript)

    def of_ends(self, indices: Iterable[Index]) -> Symbols:
        ends = [end.symbols() for index in indices for end in (index.lower, index.upper)]
        return union(ends) & self.slots.keys()

    def key(self, mentioned: Symbols) -> Callable[[Places], object]:
        slots = sorted(self.slots[symbol] for symbol in mentioned)
        return itemgetter(*slots) if slots else lambda _: None

    def depended_on(self, mentioned: Symbols) -> Symbols:
        """The indices themselves and all those on which their ranges depend."""
        needed = mentioned
        while more := self.of_ends(self.all[symbol] for symbol in needed) - needed:
            needed |= more
        return needed

    def may_be_empty(self) -> bool:
        """Does the range of any index depend on others, or hold nothing?"""
        ends = [
            [compiled(end, self.sizes, self.slots) for end in (index.lower, index.upper)] for index in self.all.values()
        ]
        return any(not isinstance(a, int) or not isinstance(b, int) or b < a for a, b in ends)

    # ---------------------------------------------------------------- loops

    def sweep(self, indices: Iterable[Index], action: Action, tests: Sequence[Test] = ()) -> Action:
        """Nested loops over indices, those first on which the ranges of others depend. A test, with the indices that it
        mentions, is made as soon as they are there."""
        order = self.ordered(list(indices), [mentioned for mentioned, _ in tests])
        for place, index in reversed(list(enumerate(order))):
            later = {other.symbol for other in order[place + 1 :]}
            for mentioned, test in tests:
                if index.symbol in mentioned and not mentioned & later:
                    action = _tested(test, action)
            action = self._loop(index, action)
        for mentioned, test in tests:
            if not mentioned & {index.symbol for index in order}:
                action = _tested(test, action)
        return action

    def _loop(self, index: Index, action: Action) -> Action:
        slot = self.slots[index.symbol]
        lower, upper = (compiled(end, self.sizes, self.slots) for end in (index.lower, index.upper))
        first, last = function(lower), function(upper)

        def over_range(e: Places) -> None:
            for position in range(first(e), last(e) + 1):
                e[slot] = position
                action(e)

        return over_range

    def ordered(self, indices: list[Index], together: list[Symbols]) -> list[Index]:
        """Indices after those that their ranges depend on; what a condition mentions stands together."""
        waiting = sorted(
            indices, key=lambda i: next((n for n, t in enumerate(together) if i.symbol in t), len(together))
        )
        found: list[Index] = []
        while waiting:
            left = {index.symbol for index in waiting}
            ready = next((i for i in waiting if not self.of_ends([i]) & (left - {i.symbol})), waiting[0])
            waiting.remove(ready)
            found.append(ready)
        return found

    # ---------------------------------------------------------------- what reads no tensor

    def _plain_test(self, part: Scalar) -> Test:
        return self.mentions(part), lambda e: self.plain(part, e)

    def plain(self, scalar: Scalar, e: Places) -> float:
        """The value of what reads no tensor."""
        match scalar:
            case Size(value=value):
                at = {symbol: e[slot] for symbol, slot in self.slots.items() if symbol in value.symbols()}
                try:
                    return float(number(value, {**self.sizes, **at}))
                except ZeroDivisionError:
                    return math.nan
            case Literal_(text=text, value=value):
                return CONSTANTS[text] if value is None else float(value)
            case Operation(kind=kind, operands=operands):
                return FUNCTIONS[kind](*[self.plain(operand, e) for operand in operands])
            case Choice(then=then, condition=condition, otherwise=otherwise):
                return self.plain(then if self.plain(condition, e) else otherwise, e)
            case Reduction(indices=indices, where=where, body=body, kind=kind):
                found: list[float] = []

                tests = [] if where is None else [self._plain_test(part) for part in conjuncts(where)]
                self.sweep(indices, lambda inner: found.append(self.plain(body, inner)), tests)(e.copy())
                return combined(kind, found)
            case Read():
                raise AssertionError(scalar)
            case _:
                assert_never(scalar)


def _tested(test: Callable[[Places], float], action: Action) -> Action:
    def guarded(e: Places) -> None:
        if test(e):
            action(e)

    return guarded


def union(sets: Iterable[Symbols]) -> Symbols:
    return NONE.union(*sets)
