"""Which of two intervals holds the other one, and which hold everything: at every place of a frame."""

from __future__ import annotations

from ..algebra.expression import ZERO, Expr
from .frames import Frame
from .spans import Interval


def covers(large: Interval, small: Interval, frame: Frame) -> bool:
    """Does the first interval hold everything that the second one does, over no more evaluations of a cell?"""
    if large is small or large == small:
        return True
    if large.window is not None and small.window is not None:
        held = large.window.holds(small.window)
        if held is not None:
            return held
    key = ("covers", large, small, frame.about(large.symbols | small.symbols))
    if key not in frame.facts.found:
        frame.facts.found[key] = _covers(large, small, frame)
    found: bool = frame.facts.found[key]
    return found


def _covers(large: Interval, small: Interval, frame: Frame) -> bool:
    if large.why and not small.why:
        return False
    if large.wraps or small.wraps:
        return large.certain and everything(large, frame)
    if not _holds(large, small, frame):
        return False
    same = large.lower == small.lower and large.taps == small.taps
    if large.taps and not same and not (small.point and is_tap(large, small.lower, frame)):
        return False
    if large.near is not None:
        near = large.near
        edges = small.near if small.near is not None else small
        if small.near is not None and small.near.pace != near.pace:
            return False
        return _inside(near.lower, near.upper, edges.lower, edges.upper, large.size, frame)
    return True


def everything(interval: Interval, frame: Frame) -> bool:
    """Does an interval hold the whole axis, for every place?"""
    if interval.wraps:
        return frame.nonnegative(interval.upper - interval.lower + 1 - interval.size)
    return frame.nonnegative(-interval.lower) and frame.nonnegative(interval.upper - interval.size + 1)


def _holds(large: Interval, small: Interval, frame: Frame) -> bool:
    """Do the ends hold those of another interval, but for what lies outside the axis?"""
    if large.edges is None or small.edges is None or large.edges.place != small.edges.place:
        return _inside(large.lower, large.upper, small.lower, small.upper, large.size, frame)
    before = large.edges.lower.before(small.edges.lower)
    behind = small.edges.upper.before(large.edges.upper)
    return (
        before or (before is None and frame.nonnegative(small.lower - large.lower)) or frame.nonnegative(-large.lower)
    ) and (
        behind
        or (behind is None and frame.nonnegative(large.upper - small.upper))
        or frame.nonnegative(large.upper - large.size + 1)
    )


def _inside(lower: Expr, upper: Expr, first: Expr, last: Expr, size: Expr, frame: Frame) -> bool:
    """Does lower..upper hold first..last, but for what lies outside the axis?"""
    before = lower == ZERO or frame.nonnegative(first - lower) or frame.nonnegative(-lower)
    return before and (upper == size - 1 or frame.nonnegative(upper - last) or frame.nonnegative(upper - size + 1))


def is_tap(interval: Interval, position: Expr, frame: Frame) -> bool:
    """Is a position one of those that an interval holds?"""
    if position in (interval.lower, interval.upper):
        return True
    reaches = position - interval.lower, interval.upper - position
    inside = all(frame.facts.nonnegative(reach) or frame.nonnegative(reach) for reach in reaches)
    if not interval.taps:
        return inside
    if len(interval.taps) == 1:
        number = (position - interval.lower) / interval.taps[0].step
        return inside and frame.facts.is_integer(number)
    return False
