"""Path length at given sizes by search, where there is no closed form: every dependence followed, breadth first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from ..algebra.substitution import Value, evaluate
from ..dependences.bits import TooLarge
from ..dependences.positions import NotDerived, positions
from ..dependences.reached import Position
from ..dependences.search import Found, search
from ..program import Program
from .derived import Derived, Words, plural_of

# Steps of a search, and positions of all sequences together: of one for which a derivation waits, and of one that is
# asked for.
BUDGET = 500_000, 600
LARGE_BUDGET = 10_000_000, 5_000


def path_at(
    program: Program, values: Mapping[str, Value], why: NotDerived, budget: tuple[int, int] = BUDGET
) -> Derived:
    """The path at these sizes: a number, or infinite; unknown where data decides, or where a search takes too long.
    `why` tells why there is no closed form."""
    sizes = {}
    for dimension in program.dimensions:
        value = values.get(dimension.symbol.name)
        if value is None or isinstance(value, float):
            return Derived(None, unknown=why.sentence)
        sizes[dimension.symbol] = int(value) if Fraction(value).denominator == 1 else Fraction(value)
    steps, most = budget
    try:
        if _positions(program, values) > most:
            raise TooLarge
        found = search(program, sizes, budget=steps)
    except TooLarge:
        return Derived(None, unknown=f"{why.sentence}; at these sizes a search takes too long")
    if found.undecided:
        return Derived(None, unknown=why.sentence if why.unknown else f"unknown, because {found.undecided[0]}")
    if found.pair is None:
        return Derived(None, ("there is no pair of positions",), number=0)
    if found.path is None:
        return Derived(None, _never(found, why), infinite=True, at_example=True)
    return Derived(None, _farthest(found, found.path, why), number=found.path)


def _positions(program: Program, values: Mapping[str, Value]) -> Value:
    """How many positions all sequences have together."""
    instance = program.instance if program.stack is None else program.stack.instance
    try:
        sequences = positions(instance, program).sequences
    except NotDerived:
        return 0
    return sum(math.prod(evaluate(size, values) for size in sizes) for sizes in sequences)


def _farthest(found: Found, units: int, why: NotDerived) -> Words:
    layers = "" if found.layers is None else f", with {found.layers} {plural_of(found.layers, 'layer')}"
    return (
        f"{_open(why)}; a search at the example values finds {units} ",
        f"{plural_of(units, 'unit')}{layers}: from position ",
        *_pair(found, " to position "),
    )


def _never(found: Found, why: NotDerived) -> Words:
    return (
        f"{_open(why)}; a search at the example values finds that position ",
        *_pair(found, " never reaches position "),
        "" if found.layers is None else ", however many layers there are",
    )


def _open(why: NotDerived) -> str:
    said = str(why)
    return said if said.endswith("no closed form") else f"there is no closed form, because {said}"


def _pair(found: Found, between: str) -> Words:
    assert found.pair is not None
    start, end = found.pair
    return (_place(start), between, _place(end))


def _place(position: Position) -> str:
    _, places = position
    return str(places[0]) if len(places) == 1 else f"({', '.join(map(str, places))})"
