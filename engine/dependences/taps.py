"""Which positions of a tensor an equation reads, at concrete sizes: a read in, runs of equally spaced taps out.

Only indices are gone through that stand in a subscript of an axis along which the source differs, or on which those
depend. What data decides (a look-up, a condition that reads a tensor) is not decided here: it is told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, from_atom
from ..program import Equation
from ..scalars import (
    Index,
    Operation,
    Scalar,
    Size,
    position,
)
from .arithmetic import Affine, At, Interval, affine, bounds, function, whole
from .carrying import Axes, Symbols, bare, mentioned
from .runs import Box, Run, Sweep, Test, box, only
from .terms import Met, evaluated, of_condition


@dataclass(frozen=True)
class Taps:
    """What a read reads: along these axes of the target, over these ranges. `same` says that it is position for
    position, and there are no runs."""

    axes: tuple[int, ...]
    ranges: Box
    runs: tuple[Run, ...]
    same: bool = False
    taps: int = 0


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
    tests: list[Test] = field(default_factory=list)
    boxes: dict[Symbol, Interval] = field(default_factory=dict)

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
        own = [position(self.equation.subscripts[axis]) for axis in axes]
        sweep = Sweep(self.at, every, free, self.boxes, self.tests, self.limit)
        runs = sweep.runs(used, (own, ranges), (subscripts, self.ranges))
        return Taps(axes, ranges, runs, taps=sum(run.count for run in runs))

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
        conditions = [(set(of_condition(c) & every.keys()), c) for c in self.met.conditions]
        own = [mentioned(subscript) & free.keys() for subscript in self.equation.subscripts]
        axes = set(self.forced)
        while True:
            before = len(used), len(axes)
            for symbol in list(used):
                index = every[symbol]
                if symbol not in free:
                    used |= {s for e in (index.lower, index.upper) for s in e.symbols() if s in every}
            for symbols, _ in conditions:
                if symbols & used or symbols & free.keys():  # an element that is made otherwise does not read
                    used |= symbols
            for needed, positions, _ in guards:
                if positions or needed <= used:
                    used |= needed
            axes |= {n for n, mine in enumerate(own) if mine & used}
            for axis in axes:
                used |= own[axis]
            if (len(used), len(axes)) == before:
                break
        for needed, positions, tests in guards:
            if positions or needed <= used:
                self.tests += tests
        for symbols, condition in conditions:
            if symbols & used or not symbols:
                self.tests.append(self._test(condition, symbols, every))
        for index in self.met.indices:
            self._never_empty(index, used, every)
        return tuple(sorted(axes))

    def _guards(self, every: Mapping[Symbol, Index]) -> list[tuple[set[Symbol], bool, list[Test]]]:
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

    def _inside(self, expr: Expr, ends: Interval, every: Mapping[Symbol, Index]) -> list[Test]:
        """The tests that a subscript lies within ends; none where it always does."""
        needs = frozenset(s for s in expr.symbols() if s in every)
        form = affine(expr, self.at, every.keys())
        if form is None:
            low, high = bounds(expr, self.at, {s: self.boxes[s] for s in needs}) if len(needs) < 2 else (None, None)
            if low is not None and high is not None and ends[0] <= low and high <= ends[1] and len(needs) == 0:
                return []
            value = function(expr, self.at)
            return [Test(needs, None, holds=lambda e: ends[0] <= value(only(e, needs)) <= ends[1])]
        low, high = form.bounds(self.boxes)
        tests = []
        if low < ends[0]:
            tests.append(Test(needs, Affine(form.constant - ends[0], form.terms)))
        if high > ends[1]:
            tests.append(Test(needs, Affine(ends[1] - form.constant, {s: -c for s, c in form.terms.items()})))
        return tests

    def _test(self, condition: Scalar, needed: set[Symbol] | Symbols, every: Mapping[Symbol, Index]) -> Test:
        needs = frozenset(needed)
        match condition:
            case Operation(kind=("==" | "<" | "<=" | ">" | ">=") as kind, operands=(Size(value=a), Size(value=b))):
                left, right = (affine(e, self.at, every.keys()) for e in (a, b))
                if left is not None and right is not None:
                    gap = right - left if kind in ("<", "<=") else left - right
                    strict = kind in ("<", ">")
                    return Test(needs, Affine(gap.constant - strict, gap.terms), equal=kind == "==")
            case _:
                pass
        return Test(needs, None, holds=lambda e: evaluated(condition, {**self.at, **only(e, needs)}))

    def _never_empty(self, index: Index, used: set[Symbol], every: Mapping[Symbol, Index]) -> None:
        """A sum without terms reads nothing, whatever its body reads."""
        if index.symbol in used:
            return
        gap = affine(index.upper - index.lower, self.at, every.keys())
        needs = frozenset(s for e in (index.lower, index.upper) for s in e.symbols() if s in every)
        if gap is None:
            if needs <= used:
                size = function(index.upper - index.lower, self.at)
                self.tests.append(Test(needs, None, holds=lambda e: size(only(e, needs)) >= 0))
        elif gap.bounds(self.boxes)[0] < 0 and gap.terms.keys() <= used:
            self.tests.append(Test(frozenset(gap.terms), gap))

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
        return every, used, result

    def _same(self, axes: tuple[int, ...], ranges: Box, subscripts: Sequence[Expr | None]) -> bool:
        if self.tests or len(axes) != len(self.axes) or ranges != self.ranges:
            return False
        own = [bare(self.equation.subscripts[axis]) for axis in axes]
        read = [bare(self.met.read.subscripts[axis]) for axis in self.axes]
        free = {index.symbol for index in self.equation.indices}
        return None not in own and own == read and set(own) <= free and len(set(own)) == len(own)

    def __post_init__(self) -> None:
        if not self.target_ranges:
            self.target_ranges = box(self.equation.target.axes, self.at)
