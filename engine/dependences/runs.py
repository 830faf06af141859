"""Runs of equally spaced taps: indices with their ranges and tests on them in, loops over all but the innermost out.

The innermost index becomes a run without a loop where all that mentions it is affine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from ..algebra.atoms import Symbol
from ..algebra.expression import Expr
from ..scalars import Axis, Index, place
from .arithmetic import Affine, At, Interval, affine, bounds, function
from .bits import TooLarge
from .carrying import Symbols

Box = tuple[Interval, ...]
# A number for every value of the indices.
Function = Callable[[Mapping[Symbol, int]], int]


def box(axes: Sequence[Axis], at: At) -> Box:
    """The ranges of the axes; of one that depends on another, from its least to its greatest position."""
    ranges: dict[Symbol, Interval] = {}
    found = []
    for axis, n in zip(axes, range(len(axes)), strict=True):
        ends = (bounds(axis.lower, at, ranges)[0], bounds(axis.upper, at, ranges)[1])
        ranges[place(n)] = ends
        found.append(ends)
    return tuple(found)


def strides(ranges: Box) -> tuple[int, ...]:
    sizes = [max(0, b - a + 1) for a, b in ranges]
    return tuple(prod(sizes[n + 1 :]) for n in range(len(sizes)))


def volume(ranges: Box) -> int:
    return prod(max(0, b - a + 1) for a, b in ranges)


# ---------------------------------------------------------------- runs


@dataclass(frozen=True)
class Run:
    """`count` taps: target + n·target_step reads source + n·source_step, both as numbers within their boxes."""

    target: int
    target_step: int
    source: int
    source_step: int
    count: int


@dataclass(frozen=True)
class Test:
    """value ≥ 0 (or = 0): affine, or any function of these indices."""

    needs: Symbols
    form: Affine | None
    equal: bool = False
    holds: Callable[[Mapping[Symbol, int]], Any] | None = None


@dataclass
class Sweep:
    """All values of some indices for which tests hold; those of `free` have their ranges whatever the others are."""

    at: At
    every: Mapping[Symbol, Index]
    free: Mapping[Symbol, Index]
    boxes: Mapping[Symbol, Interval]
    tests: Sequence[Test]
    left: int
    found: list[Run] = field(default_factory=list)
    ends: dict[Symbol, tuple[Function, Function]] = field(default_factory=dict)

    def runs(
        self,
        used: set[Symbol],
        target: tuple[Sequence[Expr | None], Box],
        source: tuple[Sequence[Expr | None], Box],
    ) -> tuple[Run, ...]:
        """The taps from places in one box to places in another, each given by subscripts. Raises `TooLarge`."""
        order = self._ordered(used)
        self._loop(order, 0, {}, self._flat(*target, order), self._flat(*source, order))
        return tuple(self.found)

    def _ordered(self, used: set[Symbol]) -> list[Symbol]:
        """Indices after those on which their ranges depend, what an equality gives at once, then short ranges first."""
        waiting = set(used)
        order: list[Symbol] = []
        equal = [test for test in self.tests if test.equal]

        def ready(symbol: Symbol) -> bool:
            ends = (self.every[symbol].lower, self.every[symbol].upper)
            return symbol in self.free or not any(s in waiting and s != symbol for e in ends for s in e.symbols())

        def rank(symbol: Symbol) -> tuple[bool, int, str]:
            given = any(symbol in test.needs and not (test.needs & waiting) - {symbol} for test in equal)
            low, high = self.boxes[symbol]
            return not given, high - low, symbol.key

        while waiting:
            chosen = min((s for s in waiting if ready(s)), key=rank)
            waiting.remove(chosen)
            order.append(chosen)
        return order

    def _flat(self, subscripts: Sequence[Expr | None], ranges: Box, order: Sequence[Symbol]) -> Affine | Flat:
        """The number of a position within a box, as a function of the indices."""
        total = Affine(0, {})
        others: list[tuple[int, Function]] = []
        for expr, (low, _), stride in zip(subscripts, ranges, strides(ranges), strict=True):
            assert expr is not None
            form = affine(expr, self.at, order)
            if form is None:
                needs = frozenset(s for s in expr.symbols() if s in order)
                value = function(expr, self.at)
                others.append((stride, lambda e, value=value, needs=needs: value(only(e, needs))))  # type: ignore[misc]
                total = total - Affine(low * stride, {})
            else:
                total = total - Affine((low - form.constant) * stride, {s: -c * stride for s, c in form.terms.items()})
        return Flat(total, others) if others else total

    def _loop(
        self,
        order: list[Symbol],
        depth: int,
        e: dict[Symbol, int],
        target: Affine | Flat,
        source: Affine | Flat,
    ) -> None:
        known = frozenset(order[:depth])
        if depth == len(order):
            if all(_holds(test, e) for test in self.tests if not test.needs):
                self._add(Run(target.at(e), 0, source.at(e), 0, 1))
            return
        symbol = order[depth]
        due = [t for t in self.tests if symbol in t.needs and t.needs <= known | {symbol}]
        low, high = self._range(symbol, e)
        for test in due:
            if test.form is not None:
                low, high = _clipped(test, symbol, e, low, high)
        if low > high:
            return
        due = [test for test in due if test.form is None]
        last = depth == len(order) - 1
        if last and not due and isinstance(target, Affine) and isinstance(source, Affine):
            if all(_holds(test, e) for test in self.tests if not test.needs):
                e[symbol] = low
                steps = target.terms.get(symbol, 0), source.terms.get(symbol, 0)
                self._add(Run(target.at(e), steps[0], source.at(e), steps[1], high - low + 1))
                del e[symbol]
            return
        for value in range(low, high + 1):
            e[symbol] = value
            self._spend()
            if all(_holds(test, e) for test in due):
                self._loop(order, depth + 1, e, target, source)
        e.pop(symbol, None)

    def _range(self, symbol: Symbol, e: Mapping[Symbol, int]) -> Interval:
        if symbol in self.free:
            return self.boxes[symbol]
        if symbol not in self.ends:
            ends = []
            for end in (self.every[symbol].lower, self.every[symbol].upper):
                form = affine(end, self.at, self.every.keys())
                ends.append(form.at if form is not None else function(end, self.at))
            self.ends[symbol] = (ends[0], ends[1])
        low, high = self.ends[symbol]
        return low(e), high(e)

    def _add(self, run: Run) -> None:
        self._spend()
        self.found.append(run)

    def _spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooLarge


@dataclass(frozen=True)
class Flat:
    """An affine form and functions that are none."""

    form: Affine
    others: Sequence[tuple[int, Function]]

    def at(self, e: Mapping[Symbol, int]) -> int:
        return self.form.at(e) + sum(stride * value(e) for stride, value in self.others)


def only(e: Mapping[Symbol, int], needs: Symbols) -> dict[Symbol, int]:
    return {symbol: e[symbol] for symbol in needs}


def _holds(test: Test, e: Mapping[Symbol, int]) -> bool:
    if test.form is not None:
        value = test.form.at(e)
        return value == 0 if test.equal else value >= 0
    assert test.holds is not None
    return bool(test.holds(e))


def _clipped(test: Test, symbol: Symbol, e: Mapping[Symbol, int], low: int, high: int) -> Interval:
    """The range in which an affine test holds."""
    assert test.form is not None
    step = test.form.terms.get(symbol, 0)
    rest = test.form.constant + sum(c * e[s] for s, c in test.form.terms.items() if s != symbol)
    if not step:
        return (low, high) if (rest == 0 if test.equal else rest >= 0) else (1, 0)
    if test.equal:
        value, left = divmod(-rest, step)
        return (max(low, value), min(high, value)) if not left else (1, 0)
    if step > 0:  # value ≥ −rest / step
        return max(low, -(rest // step)), high
    return low, min(high, rest // -step)
