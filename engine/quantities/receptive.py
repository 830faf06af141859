"""The receptive field: input positions that one output position can see, read off the routes of a model."""

from __future__ import annotations

from collections.abc import Sequence

from ..algebra import build
from ..algebra.expression import ZERO, Expr
from ..algebra.facts import Facts
from ..program import Program
from .path import Derived, Words, routes_of, sides
from .positions import NotDerived, Positions, positions
from .relation import Relation, extent
from .routes import Route


def receptive_field(program: Program) -> Derived:
    """Input positions that one output position can see, at most; the border cuts them off."""
    try:
        start = positions(program.instance, program)
        routes = routes_of(program, stacked=False)
        return _field(routes, start, program.facts)
    except NotDerived as failure:
        return Derived(None, unknown=f"not supported yet: {failure}")


def _field(routes: Sequence[Route], start: Positions, facts: Facts) -> Derived:
    n = start.size
    if not routes:
        return Derived(ZERO, ("no output reads an input position",))
    kinds = {r.relation.kind for r in routes}
    if "all" in kinds or ({"prefix", "suffix"} <= kinds):
        return Derived(n, ("every output position reads all positions",))
    scans = {r.relation.direction for r in routes if r.relation.kind == "scan"}
    if len(scans) == 2:
        return Derived(n, ("the state carries every position, from both sides",))
    if kinds & {"prefix", "suffix", "scan"}:
        return Derived(
            n - _short(routes, facts),
            (
                "the last position sees all that come before it"
                if "suffix" not in kinds
                else "the first position sees all that come after it",
            ),
        )
    relation, beside = routes[0].relation, False
    for route in routes[1:]:
        beside |= not _touch(relation, route.relation, facts)
        relation = relation if facts.nonnegative(extent(relation) - extent(route.relation)) else route.relation
        lower = build.minimum((relation.lower, route.relation.lower), facts)
        upper = build.maximum((relation.upper, route.relation.upper), facts)
        relation = Relation("window", lower, upper, relation.taps)
    size = extent(relation)
    if facts.nonnegative(size - n):
        return Derived(n, (*_reached(relation, facts), ", and the sequence ends before"))
    words: Words = _reached(relation, facts)
    if not relation.gapless or beside:
        return Derived(size, (*words, "; there are gaps between the taps, so this is an upper bound"), bound=True)
    return Derived(size, words)


def _touch(one: Relation, other: Relation, facts: Facts) -> bool:
    """Does one window begin where the other ends, or before?"""
    return facts.nonnegative(one.upper + 1 - other.lower) and facts.nonnegative(other.upper + 1 - one.lower)


def _short(routes: Sequence[Route], facts: Facts) -> Expr:
    """By how many positions what comes before (or after) ends before a position's own."""
    if any(r.relation.kind == "scan" for r in routes):
        return ZERO
    backward = any(r.relation.kind == "suffix" for r in routes)
    nearest = build.maximum((-r.relation.lower if backward else r.relation.upper for r in routes), facts)
    return -nearest if facts.nonnegative(-nearest) else ZERO


def _reached(relation: Relation, facts: Facts) -> Words:
    return ("it reaches ", *sides(-relation.lower, relation.upper, facts))
