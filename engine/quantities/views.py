"""The routes of a model, looked at from its outputs: one view for every output and every sequence of its inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from ..algebra.expression import Expr
from ..algebra.facts import Facts
from ..algebra.substitution import Value
from ..dependences.coverage import Apart, View, view_of
from ..dependences.flows import Flow
from ..dependences.positions import Positions, positions
from ..dependences.routes import Router
from ..program import Instance, Program
from ..scalars import Tensor
from .derived import Derived, Words


@lru_cache(maxsize=16)
def flows_of(program: Program, instance: Instance) -> tuple[tuple[Flow, ...], tuple[Expr, ...], tuple[str, ...]]:
    """(the flow to each output of a model, or of a layer of its stack; what is taken for granted, as it holds at the
    example values: expressions that are at least 0; layers that are a unit and add what they mix to what they
    were given). Raises `NotDerived`."""
    router = Router(program.facts, values_of(program))
    flows = router.model(instance, positions(instance, program).axes)
    return flows, tuple(router.granted), tuple(router.passed)


def needed(apart: Apart, facts: Facts) -> tuple[Expr, ...]:
    """What is at least 0 where the gaps are above it; what is no whole number is left out as it is."""
    return tuple(gap - 1 if facts.is_integer(gap) else gap for gap in apart.gaps)


def granted(derived: Derived, gaps: tuple[Expr, ...]) -> Derived:
    """A quantity that holds where something does that is taken for granted."""
    if not gaps or derived.unknown or derived.number is not None:
        return derived
    words: list[str | Expr] = []
    for gap in gaps:
        least = -gap.terms.get((), 0)
        words += ["; for " if not words else " and ", gap + least, f" ≥ {least}"]
    return replace(derived, reason=(*derived.reason, *words), granted=(*derived.granted, *gaps))


def views_of(program: Program, instance: Instance) -> list[View]:
    """The views of all outputs. Raises `NotDerived` where no input has positions."""
    start = positions(instance, program)
    flows, _, _ = flows_of(program, instance)
    return related(list(views(flows, instance, start, program)))


def views(flows: tuple[Flow, ...], instance: Instance, start: Positions, program: Program) -> Iterator[View]:
    facts = two_positions(start, program.facts)
    for output, flow in zip(instance.outputs, flows, strict=True):
        for number, sizes in enumerate(start.sequences):
            sources = [tensor for tensor in start.axes if start.sequence(tensor) == number]
            yield view_of(flow, output, sizes, sources, facts)


def two_positions(start: Positions, facts: Facts) -> Facts:
    """The facts, and that there is a pair of positions: of one alone there is no path."""
    known = facts.copy()
    for sizes in start.sequences:
        if len(sizes) == 1:
            known.assume_order(sizes[0] - 2)
    return known


def related(found: list[View]) -> list[View]:
    """Without sequences that an output does not depend on, if it depends on any."""
    return [view for view in found if view.routes] or found[:1]


def unknown_because(view: View) -> str:
    """Why it is not known what is seen; empty where it is."""
    return next((route.why for route in view.routes if route.why), "")


def values_of(program: Program) -> dict[str, Value]:
    return {d.symbol.name: d.value for d in program.dimensions if d.value is not None}


def named_sequence(view: View, start: Positions) -> Words:
    """The inputs that are one sequence, by name."""
    names = [f"`{tensor.name}`" for tensor in _of(view, start)]
    return (" and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names),)


def _of(view: View, start: Positions) -> list[Tensor]:
    number = start.sequences.index(view.sizes)
    return [tensor for tensor in start.axes if start.sequence(tensor) == number]


def named_axis(number: int, sizes: tuple[Expr, ...]) -> Words:
    """An axis of an image by its size, or by its number where others have the same."""
    if sizes.count(sizes[number]) > 1:
        return (f"axis {number + 1}",)
    return ("the axis of ", sizes[number])
