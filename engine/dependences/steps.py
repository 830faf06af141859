"""The gaps of two intervals one after the other: steps that stay between the positions that are seen, and on each side
of the own one."""

from __future__ import annotations

from collections.abc import Mapping

from ..algebra.atoms import Symbol
from ..algebra.expression import ONE, Expr, from_atom
from ..algebra.facts import Facts
from ..algebra.substitution import substitute
from ..scalars import place
from .frames import Frame
from .gaps import NO_GAPS, Sides, Taps, filled
from .spans import STEPS, Interval, Slope, all_taps, slope_of


def taps_after(
    inner: Interval, arguments: Mapping[int, Interval], axes: list[int], frame: Frame
) -> tuple[list[Taps], str]:
    """The progressions of both together; why they are not known, if they are not."""
    moving = [k for k in axes if not _nested_by(inner, arguments[k], place(k))]
    taps = list(inner.taps)
    why = ""
    if not moving:
        return taps, ""
    if not taps and len(moving) == 1 and not arguments[moving[0]].taps and _touching(inner):
        return [], ""
    run, taken = (None, False) if inner.taps else _run(inner, arguments, moving, frame)
    if run is not None:
        taps += [Taps(ONE, run + 1)]
    for k in moving:
        for tap in all_taps(arguments[k])[1 if taken else 0 :]:
            shift = shift_of(inner, place(k), tap.step, frame.facts)
            if shift is None:
                why = STEPS
            else:
                taps.append(Taps(shift if frame.facts.nonnegative(shift) else -shift, tap.count))
    return taps, why


def _touching(inner: Interval) -> bool:
    """Does what is seen of one place touch what is seen of the next one, by ends that move evenly?"""
    edges = inner.edges
    evenly = edges is not None and edges.lower.below == 1 and edges.lower.pace == edges.upper.pace
    return evenly and edges is not None and edges.gapless()


def _nested_by(inner: Interval, argument: Interval, symbol: Symbol) -> bool:
    """Does an argument add no gaps: one position, or intervals with one end in common?"""
    return argument.point or not (inner.lower.mentions(symbol) and inner.upper.mentions(symbol))


def _run(
    inner: Interval, arguments: Mapping[int, Interval], moving: list[int], frame: Frame
) -> tuple[Expr | None, bool]:
    """(How far the positions reach, at least, that are seen without a gap by way of the first position of an argument,
    or by way of the first run of it; is it the run?)."""
    values = {place(k): arguments[k].lower for k in moving}
    if len(moving) == 1:
        (k,) = moving
        symbol, argument = place(k), arguments[k]
        first = next(iter(all_taps(argument)), None)
        if first is not None and first.step == ONE:
            gap = inner.upper + 1 - substitute(inner.lower, {symbol: from_atom(symbol) + 1}, frame.facts)
            if frame.within({symbol: (argument.lower, argument.upper)}).nonnegative(gap):
                last = {symbol: argument.lower + first.reach}
                return _reach(inner, values, last, frame), True
    return _reach(inner, values, values, frame), False


def _reach(inner: Interval, first: Mapping[Symbol, Expr], last: Mapping[Symbol, Expr], frame: Frame) -> Expr | None:
    reach = substitute(inner.upper, last, frame.facts) - substitute(inner.lower, first, frame.facts)
    least = frame.least(frame.tidy(reach))
    return None if least is None or any(s.kind == "index" for s in least.symbols()) else least


def shift_of(inner: Interval, symbol: Symbol, step: Expr, facts: Facts) -> Expr | None:
    """By how much the interval moves with a step of a place, if that is the same everywhere."""
    moved = {symbol: from_atom(symbol) + step}
    shifts = {substitute(end, moved, facts) - end for end in (inner.lower, inner.upper)}
    shift = shifts.pop()
    return shift if not shifts and not any(s.kind == "index" for s in shift.symbols()) else None


def sides_after(
    inner: Interval, arguments: Mapping[int, Interval], axes: list[int], found: Interval, facts: Facts
) -> Sides | None:
    if inner.sides == NO_GAPS and all(arguments[k].sides == NO_GAPS for k in axes):
        return NO_GAPS
    if inner.sides is not None and all(not _moves(arguments[k]) for k in axes):
        return NO_GAPS if not found.taps else None  # of all elements each goes its way once
    if inner.sides is None or len(axes) != 1 or arguments[axes[0]].sides is None:
        return None
    argument, here = arguments[axes[0]], from_atom(place(axes[0]))
    own_ = next((from_atom(s) for s in argument.upper.symbols() if s.name.startswith("@")), None)
    if own_ is None:
        return None
    if facts.nonnegative(here - inner.upper) and facts.nonnegative(own_ - argument.upper):
        return found.taps, ()
    if facts.nonnegative(inner.lower - here) and facts.nonnegative(argument.lower - own_):
        return (), found.taps
    if slope_of(inner.lower, place(axes[0])) != Slope(ONE):
        return None
    return tuple(  # type: ignore[return-value]
        filled((*_side(inner, side, here, inner.sides), *_side(argument, side, own_, argument.sides)), facts)
        for side in (0, 1)
    )


def _moves(interval: Interval) -> bool:
    return any(s.name.startswith("@") for end in interval.ends() for s in end.symbols())


def _side(interval: Interval, side: int, own_: Expr, sides: Sides | None) -> tuple[Taps, ...]:
    """All progressions on one side, a part without gaps as one."""
    assert sides is not None
    reach = own_ - interval.lower if side == 0 else interval.upper - own_
    return sides[side] or ((Taps(ONE, reach + 1),) if reach else ())
