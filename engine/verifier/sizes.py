"""Small sizes for a run: positive whole numbers for the dims of a program, under which all of its facts hold."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from fractions import Fraction
from types import MappingProxyType

from ..algebra.atoms import Symbol, parts
from ..algebra.expression import Expr
from ..program import (
    Assumption,
    Dimension,
    Program,
)
from .numbers import Number, number

Sizes = dict[Symbol, Number]

SMALL = (1, 2, 3, 4, 5, 6)
RATIOS = (Fraction(1, 2), Fraction(1, 3), Fraction(2, 3), Fraction(1, 4))
# Numbers beyond this are no sizes to run at; a search that has tried so many sizes has none.
LARGEST = 1024
MAX_TRIES = 5_000
MAX_FAILURES = 8
# The turns of repeats at which a fact about all turns is looked at.
TURNS = 4


def draws(
    program: Program,
    source: random.Random,
    larger: Mapping[Symbol, int] = MappingProxyType({}),
    *,
    least: bool = False,
) -> Iterator[Sizes]:
    """Sizes at which every fact of the program holds, one draw after the other; `larger` says by how much a dim is
    to be larger than small numbers, `least` that it is to be as small as can be. It ends where there are none."""
    free = [d for d in program.dimensions if not d.fixed]
    fixed = {d.symbol: _given(d) for d in program.dimensions if d.fixed and d.value is not None}
    facts = [(fact, _symbols(fact)) for fact in program.assumptions]
    numbers = {d.symbol: sorted({n for f, names in facts if d.symbol in names for n in _numbers(f)}) for d in free}
    groups = _together([d.symbol for d in free], [names for _, names in facts])
    failures = 0
    while failures < MAX_FAILURES:
        domains = {d.symbol: _domain(d, numbers[d.symbol], source, larger.get(d.symbol, 0)) for d in free}
        if least:
            domains = {s: sorted(domain) if s.kind == "dim" else domain for s, domain in domains.items()}
        found: Sizes | None = dict(fixed)
        for group in groups:
            source.shuffle(group)
            budget = [MAX_TRIES]
            found = None if found is None else _assign(group, domains, facts, found, budget)
        if found is None:
            failures += 1
        else:
            yield found


def _together(symbols: list[Symbol], facts: list[frozenset[Symbol]]) -> list[list[Symbol]]:
    """The sizes in groups that share no fact, which are drawn one after the other."""
    groups = [{symbol} for symbol in symbols]
    for names in facts:
        touched = [group for group in groups if group & names]
        if len(touched) > 1:
            groups = [group for group in groups if group not in touched] + [set().union(*touched)]
    return [sorted(group, key=lambda s: s.key) for group in groups]


def _given(dimension: Dimension) -> Number:
    value = dimension.value
    assert value is not None
    return value.numerator if value.denominator == 1 else value


def _domain(dimension: Dimension, numbers: list[int], source: random.Random, by: int) -> list[Number]:
    """Candidates for a dim, the ones to try first in front: small numbers, then numbers that facts speak of."""
    if dimension.symbol.kind == "ratio":
        ratios: list[Number] = list(RATIOS)
        source.shuffle(ratios)
        return [*ratios, *([_given(dimension)] if dimension.value is not None else []), 1]
    small: list[Number] = [n + by for n in SMALL]
    source.shuffle(small)
    if small[0] == 1:  # at size 1 most mistakes do not show
        source.shuffle(small)
    candidates = {m for n in numbers for m in (n, n + 1, 2 * n)} | {dimension.value, _common(numbers)}
    more = sorted({int(m) for m in candidates if m is not None and 0 < m <= LARGEST} - set(small))
    return [*small, *([n for n in SMALL if n not in small]), *more]


def _common(numbers: list[int]) -> int:
    """A multiple of as many of these numbers as can be, where one size must be divided by several."""
    result = 1
    for n in numbers:
        if n > 0 and math.lcm(result, n) <= LARGEST:
            result = math.lcm(result, n)
    return result


def _assign(
    waiting: list[Symbol],
    domains: Mapping[Symbol, list[Number]],
    facts: list[tuple[Assumption, frozenset[Symbol]]],
    known: Sizes,
    budget: list[int],
) -> Sizes | None:
    """Depth first, a fact checked as soon as all its sizes are known."""
    if not waiting:
        return dict(known)
    symbol, *rest = waiting
    for value in domains[symbol]:
        budget[0] -= 1
        if budget[0] < 0:
            return None
        at = {**known, symbol: value}
        if all(holds(fact, at) for fact, names in facts if symbol in names and names <= at.keys()):
            found = _assign(rest, domains, facts, at, budget)
            if found is not None:
                return found
    return None


def holds(fact: Assumption, at: Mapping[Symbol, Number]) -> bool:
    """Is a fact true at these sizes? One that speaks of the turns of a repeat is looked at for the first ones."""
    turns = sorted((fact.left.symbols() | fact.right.symbols()) - at.keys(), key=lambda s: s.key)
    if turns:
        return all(holds(fact, {**at, turns[0]: turn}) for turn in range(TURNS))
    try:
        left, right = number(fact.left, at), number(fact.right, at)
    except (ZeroDivisionError, OverflowError, ValueError):
        return False
    match fact.kind:
        case "divides":
            return left != 0 and Fraction(right) % Fraction(left) == 0
        case "order":
            return left <= right
        case "equal":
            return left == right


def _symbols(fact: Assumption) -> frozenset[Symbol]:
    """The sizes that a fact speaks of; the turns of repeats are no sizes."""
    return frozenset(s for s in fact.left.symbols() | fact.right.symbols() if s.kind in ("dim", "ratio"))


def _numbers(fact: Assumption) -> Iterator[int]:
    for side in (fact.left, fact.right):
        yield from _of(side)


def _of(expr: Expr) -> Iterator[int]:
    for monomial, coefficient in expr.terms.items():
        fraction = Fraction(coefficient)
        yield abs(fraction.numerator)
        yield fraction.denominator
        for atom, _ in monomial:
            for part in parts(atom):
                yield from _of(part)
