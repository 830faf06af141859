"""Intervals one after the other: what is seen by way of elements that see an interval, and lie at intervals themselves.

The rooms below hold one interval (`spans`), the places it depends on (`frames`), the gaps in it (`gaps`, `steps`) and
which interval holds which (`order`). Nothing here knows of equations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..algebra import build
from ..algebra.atoms import Rounded, Symbol
from ..algebra.expression import ONE, ZERO, Expr, from_atom
from ..algebra.facts import Facts
from ..algebra.ranges import direction
from ..algebra.substitution import substitute
from ..scalars import place
from .frames import Frame, rounded_gap
from .gaps import NO_GAPS, Taps, filled
from .order import covers, everything, is_tap
from .spans import Interval, Near, all_taps, endless, slope_of, unclipped, whole
from .steps import shift_of, sides_after, taps_after
from .windows import Window, expression

__all__ = ["NO_GAPS", "Frame", "Interval", "after", "covers", "everything", "rounded_gap"]


LEFT_OUT = "a stride leaves out the last positions of an axis"


def after(inner: Interval, arguments: Mapping[int, Interval], frame: Frame) -> Interval:
    """What is seen by way of elements of another tensor: they see `inner`, and lie, on its axes, at `arguments`."""
    axes = [k for k in arguments if inner.mentions(place(k))]
    left_out = _left_out(inner, arguments, axes, frame)
    if not left_out and (quick := _window_after(inner, arguments, frame.facts)) is not None:
        return quick
    if all(arguments[k].still == k for k in axes):
        return inner
    if len(axes) == 1 and inner.still == axes[0]:
        argument = arguments[axes[0]]
        if argument.sliding and argument.size == inner.size:
            return argument
    symbols = inner.symbols.union(*(arguments[k].symbols for k in axes))
    key = ("after", inner, *((k, arguments[k]) for k in axes), frame.about(symbols))
    if key not in frame.facts.found:
        why = LEFT_OUT if left_out else ""
        frame.facts.found[key] = _after(inner, {k: arguments[k] for k in axes}, axes, frame, why)
    found: Interval = frame.facts.found[key]
    return found


def _after(inner: Interval, arguments: Mapping[int, Interval], axes: list[int], frame: Frame, why: str) -> Interval:
    why = inner.why or next((arguments[k].why for k in axes if arguments[k].why), why)
    around = [k for k in axes if arguments[k].wraps]
    if around and not _goes_round(inner, arguments, axes, frame):
        return whole(inner.size, why or "positions are shifted round a sequence in a way that is not followed")
    wraps = inner.wraps or bool(around)
    ends = _edges_after(inner, arguments, axes) or _ends_after(inner, arguments, axes, frame, wraps=wraps)
    if ends is None:
        return _all_remainders(inner, arguments, axes, why, frame)
    found = Interval(*ends, inner.size, why=why, wraps=wraps)
    if inner.near is not None or any(arguments[k].near is not None for k in axes):
        near, why = _nearer(inner, arguments, axes, frame)
        found = replace(found, near=near, why=found.why or why)
    taps, why = taps_after(inner, arguments, axes, frame)
    if inner.taps and not found.why and _stands_still(inner, arguments, axes, frame):
        return found
    counted = [Taps(t.step, _put(t.count, arguments, axes, frame.facts, largest=True) or inner.size) for t in taps]
    found = replace(found, taps=filled(counted, frame.facts), why=found.why or why)
    return endless(replace(found, sides=sides_after(inner, arguments, axes, found, frame.facts)), frame)


def _window_after(inner: Interval, arguments: Mapping[int, Interval], facts: Facts) -> Interval | None:
    """Windows one after the other, as whole numbers."""
    argument = arguments.get(int(inner.window.place.name[1:])) if inner.window is not None else None
    if argument is None or argument.edges is None:
        return None
    key = "window", inner, argument
    if key not in facts.found:
        facts.found[key] = _joined_windows(inner, argument)
    found: Interval | None = facts.found[key]
    return found


def _joined_windows(inner: Interval, argument: Interval) -> Interval | None:
    """What windows see by way of windows, or by way of steps that they fill in; None if that is not a window."""
    if inner.window is None or argument.edges is None:
        return None
    if argument.window is not None:
        window = argument.window.after(inner.window)
    else:
        window = argument.edges.around(inner.window) if _fills(inner.window, argument) else None
    if window is None:
        return None
    lower, upper = expression(window.place, window.lower), expression(window.place, window.upper)
    found = Interval(lower, upper, inner.size)
    found.__dict__["edges"] = window
    return found


def _fills(window: Window, argument: Interval) -> bool:
    """Does a window reach from one step to the next one, on both sides?"""
    if not argument.sliding or argument.sides is None or not (window.lower.steady and window.upper.steady):
        return False
    reach = min(-window.lower.offset, window.upper.offset)
    steps = [tap.step.integer() for tap in argument.taps]
    return bool(steps) and all(step is not None and 0 < step <= reach + 1 for step in steps)


def _edges_after(inner: Interval, arguments: Mapping[int, Interval], axes: list[int]) -> tuple[Expr, Expr] | None:
    """The ends of what is seen, as whole numbers."""
    edges = arguments[axes[0]].edges if len(axes) == 1 else None
    window = edges.around(inner.edges) if edges is not None and inner.edges is not None else None
    if window is None:
        return None
    return expression(window.place, window.lower), expression(window.place, window.upper)


def _ends_after(
    inner: Interval, arguments: Mapping[int, Interval], axes: list[int], frame: Frame, *, wraps: bool
) -> tuple[Expr, Expr] | None:
    """The ends of what is seen; None where an end does not move one way."""
    clipped = _on_axes(inner, arguments, axes, frame)
    lower = _put(inner.lower, clipped, axes, frame.facts, largest=False)
    upper = _put(inner.upper, clipped, axes, frame.facts, largest=True)
    if lower is None or upper is None:
        return None
    lower, upper = frame.tidy(lower), frame.tidy(upper)
    if not wraps:
        lower = unclipped(lower, "max", ZERO, frame)
        upper = unclipped(upper, "min", inner.size - 1, frame)
        if not inner.taps and not any(arguments[k].taps for k in axes):
            lower, upper = _bordered(lower, upper, inner.size, frame)
    return lower, upper


def _put(
    end: Expr, arguments: Mapping[int, Interval | Near], axes: Iterable[int], facts: Facts, *, largest: bool
) -> Expr | None:
    """An end where each place is at that end of its interval that makes it largest (smallest)."""
    values: dict[Symbol, Expr] = {}
    for k in axes:
        symbol, edges = place(k), arguments[k]
        if not end.mentions(symbol):
            continue
        rises = 1 if edges.lower == edges.upper else direction(end, symbol, facts)
        if not rises:
            return None
        values[symbol] = edges.upper if (rises > 0) == largest else edges.lower
    return substitute(end, values, facts)


def _on_axes(
    inner: Interval, arguments: Mapping[int, Interval], axes: Iterable[int], frame: Frame
) -> dict[int, Interval]:
    """The intervals of the places, cut off at the borders of their axes where that makes a difference: where what is
    seen from the border is not cut off itself. Of a stride that leaves out the last positions of an axis see
    `_left_out`."""
    found = dict(arguments)
    for k in axes:
        argument, symbol = arguments[k], place(k)
        slopes = [slope_of(end, symbol) for end in (inner.lower, inner.upper)]
        plain = [s for s in slopes if s is not None and s.below == ONE and s.above.constant in (1, -1)]
        ragged = any(s.kind == "index" for s in argument.size.symbols())
        if len(plain) < 2 or ragged or argument.point or argument.wraps or argument.near is not None:
            continue
        last = argument.size - 1
        lower, upper = argument.lower, argument.upper
        if not frame.nonnegative(lower) and not _cut_off(inner, symbol, ZERO, plain[0].above, frame):
            lower = build.maximum((lower, ZERO), frame.facts)
        if not frame.nonnegative(last - upper) and not _cut_off(inner, symbol, last, -plain[0].above, frame):
            upper = build.minimum((upper, last), frame.facts)
        found[k] = replace(argument, lower=lower, upper=upper)
    return found


def _left_out(inner: Interval, arguments: Mapping[int, Interval], axes: Iterable[int], frame: Frame) -> bool:
    """Do places beyond the end of an axis stand for positions of the source that a stride leaves out?"""
    for k in axes:
        argument, symbol = arguments[k], place(k)
        slope = slope_of(inner.upper, symbol)
        if slope is None or slope.below != ONE or argument.point or argument.wraps or argument.near is not None:
            continue
        stride = slope.above.constant
        if stride is None or stride <= 1 or frame.nonnegative(argument.size - 1 - argument.upper):
            continue
        last = substitute(inner.upper, {symbol: argument.size - 1}, frame.facts)
        if not frame.nonnegative(last - inner.size + 1):
            return True
    return False


def _cut_off(inner: Interval, symbol: Symbol, border: Expr, slope: Expr, frame: Frame) -> bool:
    """Does what is seen from the border of an axis reach the border of the source, on the side to which it goes on?"""
    at = {symbol: border}
    lower, upper = substitute(inner.lower, at, frame.facts), substitute(inner.upper, at, frame.facts)
    if slope.constant == 1:
        return frame.nonnegative(-lower) or frame.nonnegative(-upper)
    return frame.nonnegative(upper - inner.size + 1) or frame.nonnegative(lower - inner.size + 1)


def _bordered(lower: Expr, upper: Expr, size: Expr, frame: Frame) -> tuple[Expr, Expr]:
    """Ends that are the same at every place, cut off at the border."""
    places = frame.ranges.keys()
    if not lower.symbols() & places and frame.facts.nonnegative(-lower):
        lower = ZERO
    if not upper.symbols() & places and frame.facts.nonnegative(upper - size + 1):
        upper = size - 1
    return lower, upper


def _stands_still(inner: Interval, arguments: Mapping[int, Interval], axes: list[int], frame: Frame) -> bool:
    """Do the elements, which lie side by side, see themselves at least, and beyond them nothing but the border?"""
    if len(axes) != 1 or inner.why:
        return False
    (k,) = axes
    argument, here = arguments[k], from_atom(place(k))
    if inner.size != argument.size or not argument.certain or not is_tap(inner, here, frame):
        return False
    first = here == inner.lower or frame.nonnegative(-argument.lower)
    return first and (here == inner.upper or frame.nonnegative(argument.upper - argument.size + 1))


def _goes_round(inner: Interval, arguments: Mapping[int, Interval], axes: list[int], frame: Frame) -> bool:
    """Does an interval go on evenly where the places of its elements are shifted round?"""
    if len(axes) != 1 or inner.near is not None:
        return False
    (k,) = axes
    size = arguments[k].size
    return inner.size == size and shift_of(inner, place(k), size, frame.facts) == size


def _all_remainders(
    inner: Interval, arguments: Mapping[int, Interval], axes: list[int], why: str, frame: Frame
) -> Interval:
    """Of a run of places that is as long as what they are divided by, all remainders, beside places that stay where
    they are; anything else at most."""
    found = None
    running = [k for k in axes if arguments[k].still != k]
    if len(running) == 1 and inner.near is None and not inner.taps and not why:
        (k,) = running
        others = {place(axis) for axis in axes if axis != k}
        (lower, upper), argument = in_quotients((inner.lower, inner.upper), place(k), arguments[k], frame)
        first, last = _remainder(lower, place(k), others), _remainder(upper, place(k), others)
        if first is not None and last is not None and first.modulus == last.modulus and first.factor == last.factor:
            found = _swept(first, last.rest, argument, inner.size, frame)
    return found or whole(inner.size, why or "positions are read in an order that is not followed")


def in_quotients(
    ends: Sequence[Expr], symbol: Symbol, argument: Interval, frame: Frame
) -> tuple[tuple[Expr, ...], Interval]:
    """The ends, where all positions x of an axis are read and stand in quotients ⌊x/m⌋ and ⌊x/(m n)⌋ only, in terms of
    y = ⌊x/m⌋, and the run of y; as they are elsewhere. So does the middle one of three merged indices."""
    atoms = [a for end in ends for a in end.atoms() if isinstance(a, Rounded) and a.argument.mentions(symbol)]
    divisors = [_divisor(atom, symbol) for atom in atoms]
    found = [d for d in divisors if d is not None]
    bare = any(symbol in dict(monomial) for end in ends for monomial in end.terms)
    facts = frame.facts
    small = next((d for d in found if all(facts.is_integer(other / d) for other in found)), None)
    count = None if small is None else argument.size / small
    if bare or small is None or count is None or len(found) < len(divisors) or not facts.is_integer(count):
        return tuple(ends), argument
    if argument.lower != ZERO or argument.upper != argument.size - 1 or not argument.certain:
        return tuple(ends), argument
    values = {symbol: from_atom(symbol) * small}
    run = Interval(ZERO, count - 1, count)
    return tuple(substitute(end, values, facts) for end in ends), run


def _divisor(atom: Rounded, symbol: Symbol) -> Expr | None:
    """m of ⌊x/m⌋, if a quotient is that of a place by itself."""
    powers = atom.argument.coefficients(symbol)
    if atom.direction != "floor" or set(powers) != {1} or len(powers[1].terms) != 1:
        return None
    return ONE / powers[1]


@dataclass(frozen=True)
class _Remainder:
    """factor · (x mod modulus) + rest, where x moves with a place by one."""

    factor: Expr
    modulus: Expr
    rest: Expr


def _swept(first: _Remainder, rest: Expr, argument: Interval, size: Expr, frame: Frame) -> Interval | None:
    """What all remainders together see, if the places are as many."""
    if not argument.certain or argument.near is not None:
        return None
    length = argument.upper - argument.lower + 1
    several = length / first.modulus
    whole_times = frame.facts.is_integer(several) and frame.facts.positive(several)
    if not whole_times and not frame.nonnegative(length - first.modulus):
        return None
    taps = filled((Taps(ONE, rest - first.rest + 1), Taps(first.factor, first.modulus)), frame.facts)
    upper = first.factor * (first.modulus - 1) + rest
    return Interval(first.rest, upper, size, taps, sides=None if taps else NO_GAPS)


def _remainder(end: Expr, symbol: Symbol, others: set[Symbol]) -> _Remainder | None:
    """The end as a remainder of a place, beside `others` that stay where they are."""
    for atom in end.atoms():
        if not isinstance(atom, Rounded) or atom.direction != "floor" or not atom.argument.mentions(symbol):
            continue
        for monomial, coefficient in end.terms.items():
            if dict(monomial).get(atom) != 1:
                continue
            scale = -Expr({tuple(p for p in monomial if p[0] != atom): coefficient})
            rest = end + (from_atom(atom) - atom.argument) * scale
            factor = (atom.argument * scale).coefficients(symbol).get(1, ZERO)
            moving = rest.symbols() - others | factor.symbols()
            if any(s.kind == "index" for s in moving) or not factor:
                return None
            return _Remainder(factor, scale / factor, rest)
    return None


def _nearer(
    inner: Interval, arguments: Mapping[int, Interval], axes: list[int], frame: Frame
) -> tuple[Near | None, str]:
    edges = inner.near if inner.near is not None else Near(inner.lower, inner.upper)
    nearest = {k: arguments[k].near or arguments[k] for k in axes}
    lower = _put(edges.lower, nearest, axes, frame.facts, largest=False)
    upper = _put(edges.upper, nearest, axes, frame.facts, largest=True)
    paces = {inner.near.pace} if inner.near is not None else set()
    for k in axes:
        argument = arguments[k]
        if argument.near is not None:
            slopes = [slope_of(end, place(k)) for end in (inner.lower, inner.upper, edges.lower, edges.upper)]
            moving = [s for s in slopes if s is not None and s.above]
            if None in slopes or any(s != moving[0] or not frame.facts.positive(s.above) for s in moving):
                return None, "a recurrence runs over positions that are spread unevenly"
            if moving:
                paces.add(argument.near.pace * moving[0].above / moving[0].below)
    if lower is None or upper is None or len(paces) != 1:
        return None, "recurrences of different paces follow each other"
    pace = paces.pop()
    taps = list(_all_near(inner))
    for k in axes:
        slope = slope_of(inner.upper if inner.upper.mentions(place(k)) else inner.lower, place(k))
        step = slope.above / slope.below if slope is not None and frame.facts.positive(slope.above) else ONE
        taps += [Taps(tap.step * step, tap.count) for tap in _all_near(arguments[k])]
    if _stands_still(_close(inner), {k: _close(arguments[k]) for k in axes}, axes, frame):
        taps = []
    return Near(frame.tidy(lower), frame.tidy(upper), pace, filled(taps, frame.facts)), ""


def _close(interval: Interval) -> Interval:
    """What is near, as an interval of its own."""
    near = interval.near
    return interval if near is None else Interval(near.lower, near.upper, interval.size, near.taps, why=interval.why)


def _all_near(interval: Interval) -> tuple[Taps, ...]:
    """All progressions of what is near, a part without gaps as one."""
    if interval.near is None:
        return all_taps(interval)
    reach = interval.near.upper - interval.near.lower
    return interval.near.taps or ((Taps(ONE, reach + 1),) if reach else ())
