"""Do positions that move with one place fill the box around them? What is seen on several axes at once is kept as an
interval on each, which tells all of it only if every combination is met: of a diagonal it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..algebra.expression import Expr, product
from ..scalars import place
from .frames import Frame
from .intervals import in_quotients
from .spans import Interval

TOGETHER = "positions are read together on several axes"


def together(
    inner: Sequence[Interval], arguments: Mapping[int, Interval], found: Sequence[Interval], frame: Frame
) -> str:
    """Why what is seen by way of elements may be less than the product of its intervals; empty where it is not. Where
    the place of the elements runs, and two intervals get longer by it, there must be as many combinations."""
    for k, argument in arguments.items():
        if argument.point or argument.still == k:
            continue
        moving = [n for n, interval in enumerate(inner) if interval.mentions(place(k))]
        if len(moving) < 2 or any(i.why or i.taps or i.near is not None for i in (argument, *inner, *found)):
            continue
        longer = [n for n in moving if _length(found[n]) != _length(inner[n])]
        if len(longer) < 2:
            continue
        ends = [end for n in longer for end in inner[n].ends()]
        _, run = in_quotients(ends, place(k), argument, frame)
        most = product([_length(run), *(_length(inner[n]) for n in longer)])
        if not frame.nonnegative(most - product(_length(found[n]) for n in longer)):
            return TOGETHER
    return ""


def _length(interval: Interval) -> Expr:
    return interval.upper - interval.lower + 1
