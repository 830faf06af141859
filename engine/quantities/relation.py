"""Relations between positions: which input positions an output position can see, and how relations follow each other.

A relation is a window [p + lower, p + upper], a prefix (from the first position on), a suffix, all positions, or a
scan (everything before, or after, by way of a state). A window remembers the steps between its taps, so that gaps are
noticed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ..algebra.atoms import Symbol
from ..algebra.expression import ONE, ZERO, Expr, const, total
from ..algebra.facts import Facts
from ..algebra.summation import NoClosedForm, sum_over

Kind = Literal["window", "prefix", "suffix", "all", "scan", "unknown"]


@dataclass(frozen=True)
class Taps:
    """`count` taps, `step` positions apart: an arithmetic progression of offsets."""

    step: Expr
    count: Expr

    @property
    def reach(self) -> Expr:
        return self.step * (self.count - 1)


@dataclass(frozen=True)
class Relation:
    """`lower` and `upper` are offsets from the output's own position: both ends of a window, the open end of a prefix
    or suffix. `taps` are what a window adds up to beyond a gapless part; `direction` is that of a scan (+1 forward);
    `why` tells why it is unknown."""

    kind: Kind
    lower: Expr = ZERO
    upper: Expr = ZERO
    taps: tuple[Taps, ...] = ()
    direction: int = 0
    why: str = ""

    @property
    def identity(self) -> bool:
        return self.kind == "window" and not self.lower and not self.upper

    @property
    def gapless(self) -> bool:
        return not self.taps


SELF = Relation("window")
ALL = Relation("all")


def unknown(why: str) -> Relation:
    return Relation("unknown", why=why)


def window(lower: Expr, upper: Expr, taps: tuple[Taps, ...], facts: Facts) -> Relation:
    """A window with its taps; taps that leave no gap are forgotten."""
    return Relation("window", lower, upper, _absorbed(taps, facts))


def _absorbed(taps: tuple[Taps, ...], facts: Facts) -> tuple[Taps, ...]:
    """The progressions that leave gaps: by rising step, a step of at most one more than what is covered fills in."""
    covered = ONE
    waiting = list(taps)
    progress = True
    while progress:
        progress = False
        for tap in list(waiting):
            if facts.nonnegative(covered - tap.step):
                covered = covered + tap.reach
                waiting.remove(tap)
                progress = True
    if waiting and covered != ONE:
        return (Taps(ONE, covered), *waiting)
    return tuple(waiting)


def after(outer: Relation, inner: Relation, facts: Facts) -> Relation:
    """What an output sees that reads, by `outer`, positions which see the input by `inner`."""
    for relation in (outer, inner):
        if relation.kind == "unknown":
            return relation
    if "all" in (outer.kind, inner.kind):
        return ALL
    if outer.kind == "window" and inner.kind == "window":
        taps = (*_full(outer), *_full(inner))
        return window(outer.lower + inner.lower, outer.upper + inner.upper, taps, facts)
    kinds = {outer.kind, inner.kind}
    if kinds == {"window", "prefix"} or kinds == {"prefix"}:
        return Relation("prefix", upper=outer.upper + inner.upper)
    if kinds == {"window", "suffix"} or kinds == {"suffix"}:
        return Relation("suffix", lower=outer.lower + inner.lower)
    opposite = unknown("recurrences in opposite directions follow each other")
    if kinds == {"scan"}:
        return outer if outer.direction == inner.direction else opposite
    if kinds == {"scan", "window"}:
        scan, other = (outer, inner) if outer.kind == "scan" else (inner, outer)
        return scan if other.identity else unknown("windows and recurrences follow each other")
    if kinds == {"scan", "prefix"} or kinds == {"scan", "suffix"}:
        scan = outer if outer.kind == "scan" else inner
        other = inner if outer.kind == "scan" else outer
        same = (scan.direction > 0) == (other.kind == "prefix")
        return other if same else opposite
    return ALL  # a prefix of suffixes, or the other way round


def _full(relation: Relation) -> tuple[Taps, ...]:
    """All progressions of a window, the gapless part as one."""
    if relation.taps:
        return relation.taps
    reach = relation.upper - relation.lower
    return (Taps(ONE, reach + 1),) if reach else ()


def covers(large: Relation, small: Relation, facts: Facts) -> bool:
    """Does the first relation see everything that the second one sees?"""
    if large == small or large.kind == "all":
        return small.kind != "unknown"
    if small.kind == "window":
        if large.kind == "window":
            inside = facts.nonnegative(small.lower - large.lower) and facts.nonnegative(large.upper - small.upper)
            if small.identity:
                return _has_centre(large, facts)
            return inside and large.gapless
        if large.kind == "prefix":
            return facts.nonnegative(large.upper - small.upper)
        if large.kind == "suffix":
            return facts.nonnegative(small.lower - large.lower)
        if large.kind == "scan":
            return small.identity
    if small.kind == large.kind == "prefix":
        return facts.nonnegative(large.upper - small.upper)
    if small.kind == large.kind == "suffix":
        return facts.nonnegative(small.lower - large.lower)
    return False


def _has_centre(relation: Relation, facts: Facts) -> bool:
    """Is a window's own position one of its taps?"""
    if relation.gapless:
        return facts.nonnegative(-relation.lower) and facts.nonnegative(relation.upper)
    if not relation.lower or not relation.upper:
        return True
    if len(relation.taps) == 1:
        tap = relation.taps[0]
        place = -relation.lower / tap.step
        return facts.is_integer(place) and facts.nonnegative(place) and facts.nonnegative(tap.count - 1 - place)
    return False


def over_turns(turn: Relation, symbol: Symbol, count: Expr, facts: Facts) -> Relation:
    """The relation after `count` turns of a body whose relation at turn `symbol` is `turn`."""
    match turn.kind:
        case "window":
            try:
                lower = sum_over(turn.lower, symbol, const(0), count - 1, facts)
                upper = sum_over(turn.upper, symbol, const(0), count - 1, facts)
                taps = tuple(tap for part in _full(turn) for tap in _series(part, symbol, count, facts))
            except NoClosedForm:
                return unknown("the reach of the turns has no closed sum")
            if any(tap.step.mentions(symbol) for tap in taps):
                return Relation("window", lower, upper, tuple(replace(t, step=ZERO) for t in taps))
            return window(lower, upper, taps, facts)
        case "prefix":
            return turn if not turn.upper.mentions(symbol) else unknown("the reach changes with the turn")
        case _:
            return turn


def _series(tap: Taps, symbol: Symbol, count: Expr, facts: Facts) -> list[Taps]:
    """The taps of all turns as one progression, if none leaves a gap beyond the ones before it."""
    if not tap.step.mentions(symbol) and not tap.count.mentions(symbol):
        return [Taps(tap.step, (tap.count - 1) * count + 1)]
    before = sum_over(tap.reach, symbol, const(0), _turn(symbol) - 1, facts)
    if facts.nonnegative(before + 1 - tap.step):
        whole = sum_over(tap.reach, symbol, const(0), count - 1, facts)
        return [Taps(ONE, whole + 1)]
    return [tap]


def _turn(symbol: Symbol) -> Expr:
    return Expr({((symbol, 1),): 1})


def extent(relation: Relation) -> Expr:
    """The number of positions from the first to the last of a window."""
    return total([relation.upper, -relation.lower, ONE])
