"""When elements of a tensor are there: fronts that move along its axes, and the latest of several.

A `Front` is a number of steps, more for each position along an axis from the first on (+1) or from the last on (−1): a
recurrence hands its state on, and what follows position by position can follow at its heels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..algebra.atoms import Extreme, Symbol
from ..algebra.build import maximum, minimum
from ..algebra.expression import ZERO, Expr
from ..algebra.facts import Facts
from ..elaborator.layers import hull
from ..scalars import Tensor

Slope = tuple[Expr, int]


@dataclass(frozen=True)
class Front:
    """`base` steps, plus a slope for each position along some axes, and no more than `cap`: a window that looks ahead
    waits for later positions, and no longer than for the last one. Along `uneven` axes some positions may be there
    earlier: tensors were laid end to end there of which one came later than the other, or nothing is read there."""

    base: Expr
    slopes: tuple[tuple[int, Slope], ...] = ()
    cap: Expr | None = None
    uneven: frozenset[int] = frozenset()

    def later(self, steps: Expr) -> Front:
        return replace(self, base=self.base + steps, cap=None if self.cap is None else self.cap + steps)

    def last(self, tensor: Tensor, facts: Facts) -> Expr:
        """When the whole tensor is there."""
        result = self.base
        for axis, (slope, _) in self.slopes:
            result = result + slope * (hull(tensor.axes[axis], tensor) - 1)
        return result if self.cap is None else minimum((result, self.cap), facts)

    def collapsed(self, tensor: Tensor, axis: int, facts: Facts) -> Front:
        """Along one axis, only when all of it is there."""
        base = self.base
        for number, (slope, _) in self.slopes:
            if number == axis:
                base = base + slope * (hull(tensor.axes[axis], tensor) - 1)
        slopes = tuple(item for item in self.slopes if item[0] != axis)
        if self.cap is not None and not slopes:
            return Front(minimum((base, self.cap), facts), (), None, self.uneven)
        return replace(self, base=base, slopes=slopes)


Ready = tuple[Front, ...]
START: Ready = (Front(ZERO),)


def later(ready: Ready, steps: Expr) -> Ready:
    return tuple(front.later(steps) for front in ready)


def last(ready: Ready, tensor: Tensor, facts: Facts) -> Expr:
    """When the whole tensor is there: with the latest of its fronts."""
    return maximum((front.last(tensor, facts) for front in ready), facts)


def latest(fronts: Iterable[Front], facts: Facts) -> Ready:
    """The fronts of which none is always before another one."""
    kept: list[Front] = []
    for front in fronts:
        if any(_before(front, other, facts) for other in kept):
            continue
        kept = [other for other in kept if not _before(other, front, facts)]
        kept.append(front)
    together: dict[tuple[object, Expr | None], Front] = {}
    for front in kept:  # fronts that move alike are one, the later of them
        key = front.slopes, front.cap
        known = together.get(key)
        together[key] = front if known is None else _later_of(known, front, facts)
    return tuple(sorted(together.values(), key=lambda f: (str(f.slopes), f.base.key)))


def _later_of(one: Front, other: Front, facts: Facts) -> Front:
    return replace(one, base=maximum((one.base, other.base), facts), uneven=one.uneven | other.uneven)


def _before(front: Front, other: Front, facts: Facts) -> bool:
    """Is a front at every position no later than another one?"""
    if not other.uneven <= front.uneven:  # there it may be earlier
        return False
    slopes = dict(other.slopes)
    for axis, (slope, direction) in front.slopes:
        theirs = slopes.get(axis)
        if theirs is None or theirs[1] != direction or not facts.nonnegative(theirs[0] - slope):
            return False
    capped = other.cap is None or (front.cap is not None and facts.nonnegative(other.cap - front.cap))
    return capped and facts.nonnegative(other.base - front.base)


def arms_of(edge: Expr, operator: str) -> tuple[Expr, ...]:
    """An end that is clipped as its arms, each of which bounds it; any other as it is."""
    if len(edge.terms) == 1:
        ((monomial, coefficient),) = edge.terms.items()
        if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1:
            atom = monomial[0][0]
            if isinstance(atom, Extreme) and atom.operator == operator:
                return atom.arguments
    return (edge,)


def bare(value: Expr | None) -> list[Symbol]:
    """The symbol that a left subscript is; merged indices are no single place."""
    if value is None or len(value.terms) != 1:
        return []
    found = list(value.symbols())
    return found if len(found) == 1 and value == Expr({((found[0], 1),): 1}) else []


__all__ = ["START", "Front", "Ready", "Slope", "arms_of", "bare", "last", "later", "latest"]
