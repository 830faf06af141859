"""Gaps: arithmetic progressions of positions, and which of them fill each other in. Nothing here knows of places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..algebra.expression import ONE, Expr
from ..algebra.facts import Facts


@dataclass(frozen=True)
class Taps:
    """`count` positions, `step` apart: an arithmetic progression of offsets."""

    step: Expr
    count: Expr

    @property
    def reach(self) -> Expr:
        return self.step * (self.count - 1)


# Progressions that leave gaps among the positions before the own one, and among those behind it.
Sides = tuple[tuple[Taps, ...], tuple[Taps, ...]]


NO_GAPS: Sides = ((), ())


def filled(taps: Iterable[Taps], facts: Facts) -> tuple[Taps, ...]:
    """The progressions that leave gaps: by rising step, one of at most one more than what is covered fills in."""
    covered = ONE
    counts: dict[Expr, Expr] = {}
    for tap in taps:  # two progressions of one step are one
        if tap.count != ONE:
            counts[tap.step] = counts.get(tap.step, ONE) + tap.count - 1
    waiting = [Taps(step, count) for step, count in counts.items()]
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
