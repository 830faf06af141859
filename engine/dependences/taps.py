"""Which positions of a tensor an equation reads, at concrete sizes: a read in, runs of equally spaced taps out.

Only indices are gone through that stand in a subscript of an axis along which the source differs, or on which those
depend. The innermost of them becomes a run without a loop wherever all that mentions it is affine. What data decides (a
look-up, a condition that reads a tensor) is not decided here: it is told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, from_atom
from ..program import Equation
from ..scalars import (
    Axis,
    Index,
    Operation,
    Scalar,
    Size,
    place,
    position,
)
from .arithmetic import Affine, At, Interval, affine, bounds, function, whole
from .bits import TooLarge
from .carrying import Axes, Symbols, bare, mentioned
from .terms import Met, evaluated, of_condition

Box = tuple[Interval, ...]

# ---------------------------------------------------------------- boxes


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
class Taps:
    """What a read reads: along these axes of the target, over these ranges. `same` says that it is position for
    position, and there are no runs."""

    axes: tuple[int, ...]
    ranges: Box
    runs: tuple[Run, ...]
    same: bool = False
    taps: int = 0


@dataclass(frozen=True)
class _Test:
    """value ≥ 0 (or = 0): affine, or any function of these indices."""

    needs: Symbols
    form: Affine | None
    equal: bool = False
    holds: Callable[[Mapping[Symbol, int]], Any] | None = None


@dataclass
class Reading:
    """One read of an equation, whose source differs along `axes` over `ranges`."""

    equation: Equation
    met: Met
    axes: tuple[int, ...]
    ranges: Box
    at: At
    labels: Axes
    limit: int
    # Axes of the target that the taps must tell apart, whether or not they differ.
    forced: frozenset[int] = frozenset()
    target_ranges: Box = ()
    tests: list[_Test] = field(default_factory=list)

    def taps(self, *, whole_axes: bool) -> Taps | None:
        """All taps; None if data decides them. With `whole_axes` it is taken that data may name any place."""
        free = {index.symbol: index for index in self.equation.indices}
        every = {**free, **{index.symbol: index for index in self.met.indices}}
        subscripts = [position(self.met.read.subscripts[axis]) for axis in self.axes]
        if (self.met.undecided or None in subscripts) and not whole_axes:
            return None
        self.boxes = self._boxes(every)
        used = {s for e in subscripts if e is not None for s in e.symbols() if s in every}
        axes = self._closed(used, free, every)
        self._range_tests(subscripts, every)
        ranges = tuple(self.target_ranges[axis] for axis in axes)
        if whole_axes and None in subscripts:
            every, used, subscripts = self._anywhere(every, used, subscripts)
        if self._same(axes, ranges, subscripts):
            return Taps(axes, ranges, (), same=True)
        order = self._order(used, every, free)
        target = self._flat([position(self.equation.subscripts[a]) for a in axes], ranges, order)
        source = self._flat(subscripts, self.ranges, order)
        runs: list[Run] = []
        self.left = self.limit
        self._loop(order, 0, {}, every, free, target, source, runs)
        return Taps(axes, ranges, tuple(runs), taps=sum(run.count for run in runs))

    def _boxes(self, every: Mapping[Symbol, Index]) -> dict[Symbol, Interval]:
        found: dict[Symbol, Interval] = {}
        waiting = list(every.values())
        while waiting:
            for index in waiting:
                needed = {s for e in (index.lower, index.upper) for s in e.symbols() if s in every}
                if needed <= found.keys():
                    break
            low, high = (bounds(end, self.at, found) for end in (index.lower, index.upper))
            found[index.symbol] = (low[0], high[1])
            waiting.remove(index)
        return found

    # ---------------------------------------------------------------- which indices matter

    def _closed(
        self, used: set[Symbol], free: Mapping[Symbol, Index], every: Mapping[Symbol, Index]
    ) -> tuple[int, ...]:
        """Add all on which the used indices depend, and the tests; gives the axes of the target that differ."""
        guards = self._guards(every)
        conditions = [(of_condition(c) & every.keys(), c) for c in self.met.conditions]
        own = [mentioned(subscript) & free.keys() for subscript in self.equation.subscripts]
        axes = set(self.forced)
        while True:
            before = len(used), len(axes)
            for symbol in list(used):
                index = every[symbol]
                if symbol not in free:
                    used |= {s for e in (index.lower, index.upper) for s in e.symbols() if s in every}
            for needed, _ in conditions:
                if needed & used:
                    used |= needed
            for needed, positions, _ in guards:
                if positions or needed <= used:
                    used |= needed
            axes |= {n for n, symbols in enumerate(own) if symbols & used}
            for axis in axes:
                used |= own[axis]
            if (len(used), len(axes)) == before:
                break
        for needed, positions, tests in guards:
            if positions or needed <= used:
                self.tests += tests
        for needed, condition in conditions:
            if needed & used or not needed:
                self.tests.append(self._test(condition, needed, every))
        for index in self.met.indices:
            self._never_empty(index, used, every)
        return tuple(sorted(axes))

    def _guards(self, every: Mapping[Symbol, Index]) -> list[tuple[set[Symbol], bool, list[_Test]]]:
        """A read outside an axis is none: for the axes along which the source does not differ."""
        found = []
        for axis, subscript in enumerate(self.met.read.subscripts):
            expr = position(subscript)
            around = self.met.read.tensor.axes[axis]
            if axis in self.axes or expr is None or around.ragged:
                continue
            ends = whole(around.lower, self.at), whole(around.upper, self.at)
            tests = self._inside(expr, ends, every)
            if tests:
                found.append(({s for s in expr.symbols() if s in every}, axis in self.labels, tests))
        return found

    def _range_tests(self, subscripts: Sequence[Expr | None], every: Mapping[Symbol, Index]) -> None:
        for expr, ends in zip(subscripts, self.ranges, strict=True):
            if expr is not None:
                self.tests += self._inside(expr, ends, every)

    def _inside(self, expr: Expr, ends: Interval, every: Mapping[Symbol, Index]) -> list[_Test]:
        """The tests that a subscript lies within ends; none where it always does."""
        needs = frozenset(s for s in expr.symbols() if s in every)
        form = affine(expr, self.at, every.keys())
        if form is None:
            low, high = bounds(expr, self.at, {s: self.boxes[s] for s in needs}) if len(needs) < 2 else (None, None)
            if low is not None and high is not None and ends[0] <= low and high <= ends[1] and len(needs) == 0:
                return []
            value = function(expr, self.at)
            return [_Test(needs, None, holds=lambda e: ends[0] <= value(_only(e, needs)) <= ends[1])]
        low, high = form.bounds(self.boxes)
        tests = []
        if low < ends[0]:
            tests.append(_Test(needs, Affine(form.constant - ends[0], form.terms)))
        if high > ends[1]:
            tests.append(_Test(needs, Affine(ends[1] - form.constant, {s: -c for s, c in form.terms.items()})))
        return tests

    def _test(self, condition: Scalar, needed: set[Symbol] | Symbols, every: Mapping[Symbol, Index]) -> _Test:
        needs = frozenset(needed)
        match condition:
            case Operation(kind=("==" | "<" | "<=" | ">" | ">=") as kind, operands=(Size(value=a), Size(value=b))):
                left, right = (affine(e, self.at, every.keys()) for e in (a, b))
                if left is not None and right is not None:
                    gap = right - left if kind in ("<", "<=") else left - right
                    strict = kind in ("<", ">")
                    return _Test(needs, Affine(gap.constant - strict, gap.terms), equal=kind == "==")
            case _:
                pass
        return _Test(needs, None, holds=lambda e: evaluated(condition, {**self.at, **_only(e, needs)}))

    def _never_empty(self, index: Index, used: set[Symbol], every: Mapping[Symbol, Index]) -> None:
        """A sum without terms reads nothing, whatever its body reads."""
        if index.symbol in used:
            return
        gap = affine(index.upper - index.lower, self.at, every.keys())
        needs = frozenset(s for e in (index.lower, index.upper) for s in e.symbols() if s in every)
        if gap is None:
            if needs <= used:
                size = function(index.upper - index.lower, self.at)
                self.tests.append(_Test(needs, None, holds=lambda e: size(_only(e, needs)) >= 0))
        elif gap.bounds(self.boxes)[0] < 0 and gap.terms.keys() <= used:
            self.tests.append(_Test(frozenset(gap.terms), gap))

    def _anywhere(
        self, every: Mapping[Symbol, Index], used: set[Symbol], subscripts: list[Expr | None]
    ) -> tuple[dict[Symbol, Index], set[Symbol], list[Expr | None]]:
        """Where data names the place, any place may be meant: an index of its own."""
        every = dict(every)
        result: list[Expr | None] = []
        for n, (expr, (low, high)) in enumerate(zip(subscripts, self.ranges, strict=True)):
            if expr is None:
                symbol = Symbol(f"any {n}", "index")
                every[symbol] = Index(
                    symbol, symbol.name, Expr({(): low} if low else {}), Expr({(): high} if high else {})
                )
                self.boxes[symbol] = (low, high)
                used.add(symbol)
                expr = from_atom(symbol)
            result.append(expr)
        self.every = every
        return every, used, result

    def _same(self, axes: tuple[int, ...], ranges: Box, subscripts: Sequence[Expr | None]) -> bool:
        if self.tests or len(axes) != len(self.axes) or ranges != self.ranges:
            return False
        own = [bare(self.equation.subscripts[axis]) for axis in axes]
        read = [bare(self.met.read.subscripts[axis]) for axis in self.axes]
        free = {index.symbol for index in self.equation.indices}
        return None not in own and own == read and set(own) <= free and len(set(own)) == len(own)

    # ---------------------------------------------------------------- going through them

    def _order(self, used: set[Symbol], every: Mapping[Symbol, Index], free: Mapping[Symbol, Index]) -> list[Symbol]:
        """Indices after those on which their ranges depend, what an equality gives at once, then short ranges first."""
        waiting = set(used)
        order: list[Symbol] = []
        equal = [test for test in self.tests if test.equal]

        def ready(symbol: Symbol) -> bool:
            ends = (every[symbol].lower, every[symbol].upper)
            return symbol in free or not any(s in waiting and s != symbol for e in ends for s in e.symbols())

        def rank(symbol: Symbol) -> tuple[bool, int, str]:
            given = any(symbol in test.needs and not (test.needs & waiting) - {symbol} for test in equal)
            low, high = self.boxes[symbol]
            return not given, high - low, symbol.key

        while waiting:
            chosen = min((s for s in waiting if ready(s)), key=rank)
            waiting.remove(chosen)
            order.append(chosen)
        return order

    def _flat(self, subscripts: Sequence[Expr | None], ranges: Box, order: Sequence[Symbol]) -> Affine | _Flat:
        """The number of a position within a box, as a function of the indices."""
        total = Affine(0, {})
        others: list[tuple[int, Callable[[Mapping[Symbol, int]], int]]] = []
        for expr, (low, _), stride in zip(subscripts, ranges, strides(ranges), strict=True):
            assert expr is not None
            form = affine(expr, self.at, order)
            if form is None:
                needs = frozenset(s for s in expr.symbols() if s in order)
                value = function(expr, self.at)
                others.append((stride, lambda e, value=value, needs=needs: value(_only(e, needs))))  # type: ignore[misc]
                total = total - Affine(low * stride, {})
            else:
                total = total - Affine((low - form.constant) * stride, {s: -c * stride for s, c in form.terms.items()})
        return _Flat(total, others) if others else total

    def _loop(
        self,
        order: list[Symbol],
        depth: int,
        e: dict[Symbol, int],
        every: Mapping[Symbol, Index],
        free: Mapping[Symbol, Index],
        target: Affine | _Flat,
        source: Affine | _Flat,
        runs: list[Run],
    ) -> None:
        known = frozenset(order[:depth])
        if depth == len(order):
            if all(_holds(test, e) for test in self.tests if not test.needs):
                self._add(Run(target.at(e), 0, source.at(e), 0, 1), runs)
            return
        symbol = order[depth]
        due = [t for t in self.tests if symbol in t.needs and t.needs <= known | {symbol}]
        low, high = self._range(symbol, every, free, e)
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
                self._add(Run(target.at(e), steps[0], source.at(e), steps[1], high - low + 1), runs)
                del e[symbol]
            return
        for value in range(low, high + 1):
            e[symbol] = value
            self.left -= 1
            if self.left < 0:
                raise TooLarge
            if all(_holds(test, e) for test in due):
                self._loop(order, depth + 1, e, every, free, target, source, runs)
        e.pop(symbol, None)

    def _range(
        self, symbol: Symbol, every: Mapping[Symbol, Index], free: Mapping[Symbol, Index], e: Mapping[Symbol, int]
    ) -> Interval:
        if symbol in free:
            return self.boxes[symbol]
        key = symbol
        if key not in self._ends:
            ends = []
            for end in (every[symbol].lower, every[symbol].upper):
                form = affine(end, self.at, every.keys())
                ends.append(form.at if form is not None else function(end, self.at))
            self._ends[key] = (ends[0], ends[1])
        low, high = self._ends[key]
        return low(e), high(e)

    def __post_init__(self) -> None:
        self._ends: dict[
            Symbol, tuple[Callable[[Mapping[Symbol, int]], int], Callable[[Mapping[Symbol, int]], int]]
        ] = {}
        self.boxes: dict[Symbol, Interval] = {}
        self.left = self.limit
        if not self.target_ranges:
            self.target_ranges = box(self.equation.target.axes, self.at)

    def _add(self, run: Run, runs: list[Run]) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooLarge
        runs.append(run)


@dataclass(frozen=True)
class _Flat:
    """An affine form and functions that are none."""

    form: Affine
    others: Sequence[tuple[int, Callable[[Mapping[Symbol, int]], int]]]

    def at(self, e: Mapping[Symbol, int]) -> int:
        return self.form.at(e) + sum(stride * value(e) for stride, value in self.others)


def _only(e: Mapping[Symbol, int], needs: Symbols) -> dict[Symbol, int]:
    return {symbol: e[symbol] for symbol in needs}


def _holds(test: _Test, e: Mapping[Symbol, int]) -> bool:
    if test.form is not None:
        value = test.form.at(e)
        return value == 0 if test.equal else value >= 0
    assert test.holds is not None
    return bool(test.holds(e))


def _clipped(test: _Test, symbol: Symbol, e: Mapping[Symbol, int], low: int, high: int) -> Interval:
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
