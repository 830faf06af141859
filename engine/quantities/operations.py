"""Operations of an equation, by kind: the multiply-adds and everything else, as written.

The rules are those of the language's reference: a subexpression is computed once for every value of the indices that
it mentions; factors that mention none of a sum's indices leave it; chains run left to right; a reduction of K terms
costs K − 1 operations per result; the last multiplication under a sum that keeps at least two factors is a
multiply-add. What reads no tensor is free.

A `Line` keeps the volume's factors apart from its closed form, so that a derivation can say what each one is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import assert_never

from ..algebra.atoms import Symbol
from ..algebra.expression import ONE, ZERO, Expr, total
from ..algebra.facts import Facts
from ..algebra.ranges import extreme
from ..errors import unsupported
from ..program import Equation
from ..scalars import (
    COMPARISONS,
    Choice,
    Index,
    Literal_,
    Merged,
    Operation,
    Read,
    Reduction,
    Scalar,
    Size,
    Subscript,
    bound_symbols,
    children,
    lookups,
    mentions,
    position,
)
from .chains import Link, bare, factors_of, folded, is_chain, is_constant, is_square, reads_tensor
from .conditions import Condition, conjuncts, independent
from .spaces import Space, arms

MAC = "mac"
REDUCTION_KINDS = {"sum": "add", "mean": "add", "max": "max", "min": "max", "prod": "multiply"}
OPERATION_KINDS = {"subtract": "add", "min": "max", "log2": "log"}
FREE = frozenset({"negate", "and", "or", "not"})


@dataclass(frozen=True)
class Line:
    """One operation of an equation: its kind, how often it is done, over which indices, and a word about what it is."""

    kind: str
    count: Expr
    over: tuple[Index, ...]
    what: str
    reduced: tuple[Index, ...] = ()
    at_most: bool = False


def count_equation(equation: Equation, facts: Facts, *, boxed: bool = False) -> tuple[Line, ...]:
    """Every operation of an equation; `boxed`: as a program does them that knows no range which depends on other
    indices, and computes the box around it."""
    return tuple(_Counter(equation, facts, boxed=boxed).lines(equation.body))


def all_indices(equation: Equation) -> list[Index]:
    """The free and bound indices of an equation."""
    return [*equation.indices, *_bound(equation.body)]


def _bound(scalar: Scalar) -> Iterator[Index]:
    if isinstance(scalar, Reduction):
        yield from scalar.indices
    for child in children(scalar):
        yield from _bound(child)


class _Counter:
    """One equation while it is counted."""

    def __init__(self, equation: Equation, facts: Facts, *, boxed: bool = False) -> None:
        self.equation = equation
        indices = all_indices(equation)
        if boxed:
            indices = Space(indices, facts, equation.span).boxed()
        self.indices = {index.symbol: index for index in indices}
        self.order = {symbol: n for n, symbol in enumerate(self.indices)}
        self.space = Space(self.indices.values(), facts, equation.span)
        self.facts = facts
        self.conditions = tuple(self._conditions(equation.body))

    def _conditions(self, scalar: Scalar) -> Iterator[Condition]:
        """The conditions of all reductions."""
        if isinstance(scalar, Reduction) and scalar.where is not None:
            yield self._condition(scalar, scalar.where)
        for child in children(scalar):
            yield from self._conditions(child)

    def _condition(self, reduction: Reduction, where: Scalar) -> Condition:
        """What a condition determines: each equality one index that stands bare on one side of it, not on the other,
        and is not determined yet. It is certain if it leaves as many terms as are counted."""
        fixed: dict[Symbol, frozenset[Symbol]] = {}
        certain = True
        for part in conjuncts(where):
            symbol, other = self._determined(part, fixed)
            if symbol is None or other is None:
                certain = False
            else:
                fixed[symbol] = self.mentions(other)
                certain &= self._is_inside(symbol, other)
        bound = bound_symbols(reduction.indices)
        certain &= not self._ends(reduction.indices) & fixed.keys()
        return Condition(bound, fixed, certain)

    def _points(self, over: frozenset[Symbol]) -> frozenset[Symbol]:
        return independent(over, self.conditions)

    def _at_most(self, over: frozenset[Symbol]) -> bool:
        """May there be fewer of these points than are counted, by a condition or by ranges that move together?"""
        inside = [condition for condition in self.conditions if condition.bound & over]
        points = self._points(over)
        if any(not condition.certain or condition.fixed.keys() & points for condition in inside):
            return True
        named = {s for condition in inside for s, others in condition.fixed.items() for s in (s, *others)}
        if self._ends(self.indices[symbol] for symbol in points) & (named - points):
            return True  # how long a range is depends on what is determined
        return self.space.at_most(points)

    # ---------------------------------------------------------------- what a subexpression mentions

    def mentions(self, scalar: Scalar) -> frozenset[Symbol]:
        match scalar:
            case Size(value=value):
                return frozenset(s for s in value.symbols() if s in self.indices)
            case Literal_():
                return frozenset()
            case Read(subscripts=subscripts):
                return frozenset().union(*map(self._subscript, subscripts))
            case Operation(operands=operands):
                return frozenset().union(*map(self.mentions, operands))
            case Choice(then=then, condition=condition, otherwise=otherwise):
                return self.mentions(then) | self.mentions(condition) | self.mentions(otherwise)
            case Reduction(indices=indices, where=where, body=body):
                inside = self.mentions(body) | self._ends(indices)
                if where is not None:
                    inside |= self.mentions(where)
                return inside - bound_symbols(indices)
            case _:
                assert_never(scalar)

    def _subscript(self, subscript: Subscript) -> frozenset[Symbol]:
        value = position(subscript)
        found = frozenset() if value is None else frozenset(s for s in value.symbols() if s in self.indices)
        for scalar in lookups(subscript):
            found |= self.mentions(scalar)
        if value is None and isinstance(subscript, Merged):
            found |= frozenset().union(*map(self._subscript, subscript.parts))
        return found

    def _ends(self, indices: Iterable[Index]) -> frozenset[Symbol]:
        counted = (self.indices[index.symbol] for index in indices)
        return frozenset(s for i in counted for end in (i.lower, i.upper) for s in end.symbols() if s in self.indices)

    # ---------------------------------------------------------------- what it costs

    def lines(self, scalar: Scalar) -> Iterator[Line]:
        """The operations of a subexpression, each counted once for every value of the indices that it mentions."""
        if not reads_tensor(scalar):
            return
        match scalar:
            case Size() | Literal_() | Read():
                return  # reading and looking up are data movement
            case Operation(kind="multiply" | "divide"):
                yield from self._chain(scalar)
            case Operation(kind="negate", operands=(inner,)):
                yield from self.lines(inner)
            case Operation(kind=kind, operands=operands):
                for operand in operands:
                    yield from self.lines(operand)
                yield from self._operation(kind, operands, scalar)
            case Choice(then=then, condition=condition, otherwise=otherwise):
                for part in (then, condition, otherwise):
                    yield from self.lines(part)
            case Reduction():
                yield from self._reduction(scalar)
            case _:
                assert_never(scalar)

    def _operation(self, kind: str, operands: tuple[Scalar, ...], scalar: Scalar) -> Iterator[Line]:
        if kind in FREE:
            return
        over = self.mentions(scalar)
        if kind in COMPARISONS:
            yield self._line("compare", over, "a comparison")
        elif kind == "power":
            exponent = operands[1]
            number = exponent.value.integer() if isinstance(exponent, Size) else None
            if number == 2:
                yield self._line("multiply", over, "a square")
            elif number != 1:
                yield self._line("power", over, "a power")
        elif kind in ("max", "min"):
            for _ in operands[1:]:
                yield self._line("max", over, "a maximum" if kind == "max" else "a minimum")
        else:
            name = OPERATION_KINDS.get(kind, kind)
            yield self._line(name, over, {"add": "an addition", "subtract": "a subtraction"}.get(kind, kind))

    def _line(self, kind: str, over: frozenset[Symbol], what: str, reduced: tuple[Index, ...] = ()) -> Line:
        at_most = self._at_most(over)
        over = self._points(over)
        return Line(kind, self.space.volume(over), self._ordered(over), what, reduced, at_most)

    def _ordered(self, symbols: Iterable[Symbol]) -> tuple[Index, ...]:
        return tuple(
            self.indices[s] for s in sorted((s for s in symbols if s in self.indices), key=lambda s: self.order[s])
        )

    # ---------------------------------------------------------------- chains

    def _chain(self, scalar: Scalar) -> Iterator[Line]:
        """A product or quotient outside a sum."""
        links = [self._link(factor, below) for factor, below in factors_of(scalar)]
        for factor, _ in factors_of(scalar):
            yield from self.lines(factor)
        yield from self._products(links, fused=False)

    def _link(self, factor: Scalar, below: bool) -> Link:
        return Link(self.mentions(factor), reads_tensor(factor), factor if is_constant(factor) else None, below)

    def _products(self, links: list[Link], *, fused: bool) -> Iterator[Line]:
        """The multiplications and divisions of a chain whose factors are there already; the last multiplication of a
        `fused` one is a multiply-add. What has read no tensor so far is free."""
        steps: list[tuple[str, frozenset[Symbol]]] = []
        running: frozenset[Symbol] = frozenset()
        touched = False
        for number, link in enumerate(folded(links)):
            running |= link.mentions
            touched |= link.tensor
            if touched and (number or link.below):
                steps.append(("divide" if link.below else "multiply", running))
        last = max((n for n, (kind, _) in enumerate(steps) if kind == "multiply"), default=None)
        for number, (kind, over) in enumerate(steps):
            if fused and number == last:
                yield self._line(MAC, over, "a multiply-add")
            else:
                yield self._line(kind, over, "a multiplication" if kind == "multiply" else "a division")

    # ---------------------------------------------------------------- reductions

    def _reduction(self, reduction: Reduction) -> Iterator[Line]:
        bound = bound_symbols(reduction.indices)
        outside: list[Link] = []
        if reduction.kind in ("sum", "mean") and is_chain(reduction.body):
            factors = factors_of(reduction.body)
            for factor, _ in factors:
                yield from self.lines(factor)
            inside = [(f, below) for f, below in factors if self.mentions(f) & bound]
            inner = frozenset().union(*(self.mentions(f) for f, _ in inside))
            fused = len(inside) >= 2 and not is_square([f for f, _ in inside])
            yield from self._products([self._link(f, below) for f, below in inside], fused=fused)
            outside = [self._link(f, below) for f, below in factors if not self.mentions(f) & bound]
            place = next((n for n, (f, _) in enumerate(factors) if self.mentions(f) & bound), 0)
            outside.insert(place, Link(self._mentioned(reduction, inner) - bound, reads_tensor(reduction), None, False))
        else:
            yield from self.lines(reduction.body)
            inner = self.mentions(reduction.body)
        if reduction.where is not None:
            yield from self._where(reduction, inner)
        else:
            yield from self._combine(reduction, inner)
        if len(outside) > 1:
            yield from self._products(outside, fused=False)

    def _mentioned(self, reduction: Reduction, inner: frozenset[Symbol]) -> frozenset[Symbol]:
        """What the terms of a reduction mention: its body, whose factors mention `inner`, its ranges and condition."""
        where = frozenset() if reduction.where is None else self.mentions(reduction.where)
        return inner | bound_symbols(reduction.indices) | self._ends(reduction.indices) | where

    def _combine(self, reduction: Reduction, inner: frozenset[Symbol]) -> Iterator[Line]:
        bound = bound_symbols(reduction.indices)
        mentioned = self._mentioned(reduction, inner) - bound
        at_most = self._at_most(mentioned) or self._at_most(mentioned | bound)
        mentioned = self._points(mentioned)
        terms, results = self.space.volume(mentioned | bound), self.space.volume(mentioned)
        saved = results - self._empty(reduction, mentioned)
        over = self._ordered(mentioned)
        kind = REDUCTION_KINDS[reduction.kind]
        if terms != saved:
            what = {"add": "adding up", "max": "comparing", "multiply": "multiplying up"}[kind]
            yield Line(kind, terms - saved, over, what, reduction.indices, at_most)
        if reduction.kind == "mean":
            yield Line("divide", results, over, "the mean's division", (), at_most)

    def _empty(self, reduction: Reduction, mentioned: frozenset[Symbol]) -> Expr:
        """How many results have no terms at all, and so save no addition: of m in 0..n-1 the one at n = 0."""
        places: dict[tuple[Symbol, Expr], None] = {}
        for index in (self.indices[i.symbol] for i in reduction.indices):
            if not self._ends([index]):
                continue  # it has as many terms everywhere
            for size in arms(index.upper - index.lower + 1):
                if not self.space.is_positive(size):
                    places[self._where_none(size, mentioned, reduction)] = None
        for (one, here), (other, there) in combinations(places, 2):
            if one == other and not (self.facts.positive(here - there) or self.facts.positive(there - here)):
                raise unsupported("a reduction that has no terms at some positions", reduction.span)
        empty = ZERO
        for some in _subsets(list(places)):  # a result is left out once, whatever leaves it empty
            if len({symbol for symbol, _ in some}) == len(some):
                count = self._pinned(dict(some)).volume(mentioned)
                empty = empty + count if len(some) % 2 else empty - count
        return empty

    def _where_none(self, size: Expr, mentioned: frozenset[Symbol], reduction: Reduction) -> tuple[Symbol, Expr]:
        """The index and its one place at which a range of this size is empty, where there is just one."""
        moving = [s for s in size.symbols() if s in self.indices]
        slope = size.coefficients(moving[0]).get(1, ZERO) if len(moving) == 1 else ZERO
        if slope in (ONE, -ONE) and moving[0] in mentioned:
            index = self.indices[moving[0]]
            place = index.expr - size * slope
            if place == (index.lower if slope == ONE else index.upper) and self.space.never_empty(index.symbol):
                return index.symbol, place
        raise unsupported("a reduction that has no terms at some positions", reduction.span)

    def _pinned(self, places: Mapping[Symbol, Expr]) -> Space:
        """The space in which some indices stay at one place."""
        indices = [
            replace(index, lower=places[index.symbol], upper=places[index.symbol]) if index.symbol in places else index
            for index in self.indices.values()
        ]
        return Space(indices, self.facts, self.equation.span)

    def _determined(
        self, condition: Scalar, fixed: Mapping[Symbol, frozenset[Symbol]]
    ) -> tuple[Symbol | None, Scalar | None]:
        """The index that an equality determines, beside those that are `fixed` already, and what determines it."""
        if isinstance(condition, Operation) and condition.kind == "==":
            left, right = condition.operands
            for side, other in ((left, right), (right, left)):
                symbol = bare(side)
                if symbol is None or symbol not in self.indices or symbol in fixed or mentions(other, symbol):
                    continue
                return symbol, other
        return None, None

    def _is_inside(self, symbol: Symbol, other: Scalar) -> bool:
        """Does an equality give the index a value in its range at every position? Data is taken to do so."""
        index = self.indices[symbol]
        if not isinstance(other, Size):
            return not self._ends([index])
        ranges = {s: (i.lower, i.upper) for s, i in self.indices.items()}
        low = extreme(other.value - index.lower, ranges, self.facts, largest=False)
        high = extreme(index.upper - other.value, ranges, self.facts, largest=False)
        return low is not None and high is not None and self.facts.nonnegative(low) and self.facts.nonnegative(high)

    def _where(self, reduction: Reduction, inner: frozenset[Symbol]) -> Iterator[Line]:
        """A conditional reduction: one operation per term; an index that an equality determines is not a dimension of
        the terms."""
        assert reduction.where is not None
        kind = REDUCTION_KINDS[reduction.kind]
        what = {"add": "adding up", "max": "comparing", "multiply": "multiplying up"}[kind]
        terms = self._mentioned(reduction, inner)
        line = self._line(kind, terms, f"{what} where the condition holds", reduction.indices)
        yield replace(line, what=line.what + ", at most") if line.at_most else line
        if reduction.kind == "mean":
            yield self._line("divide", terms - bound_symbols(reduction.indices), "the mean's division")


def _subsets(places: list[tuple[Symbol, Expr]]) -> Iterator[tuple[tuple[Symbol, Expr], ...]]:
    """All but the empty one."""
    for number in range(len(places)):
        yield from combinations(places, number + 1)


def by_kind(lines: Iterable[Line]) -> dict[str, Expr]:
    """The lines added up by kind."""
    found: dict[str, list[Expr]] = {}
    for line in lines:
        found.setdefault(line.kind, []).append(line.count)
    return {kind: total(counts) for kind, counts in found.items()}
