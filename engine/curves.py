"""A quantity along one size as a line: an expression in that size goes in, points of a log-log plane come out.

A formula is drawn as if its size could be any number; where it has steps, these are drawn as steps. It is drawn only
where what it rests on holds: `r <= N` begins at r.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from .algebra.atoms import Atom, Rounded, Summation, parts
from .algebra.expression import Expr
from .algebra.substitution import evaluate
from .chart import Point

Run = tuple[Point, ...]

_COARSE: Final = 96  # stretches of a range that are looked at in any case
_SHORTEST: Final = 1 / 1500  # of the range: steps are no wider than a line
_STRAIGHT: Final = 0.0008  # of the height: what deviates less from a straight line is one
_SINGLE: Final = 40  # whole sizes up to this one are steps that can be seen one by one
_ASPECT: Final = 1.6  # about, of what is drawn: distances are those that are seen


@dataclass(frozen=True)
class Course:
    """`expr` mentions the size `name` and no other; it means something where it `holds`."""

    expr: Expr
    name: str
    holds: Callable[[float], bool]

    def value(self, at: float) -> float | None:
        """The logarithm at the logarithm of a size; None where there is none."""
        size = 10**at
        near = round(size)
        exact: int | float = near if near and abs(size - near) < 1e-9 * near else size
        try:
            if not self.holds(exact):
                return None
            number = evaluate(self.expr, {self.name: exact})
            return math.log10(number) if 0 < number < math.inf else None
        except (OverflowError, ZeroDivisionError, ValueError, TypeError):  # too large, or beyond what is real
            return None

    @property
    def moves(self) -> bool:
        return self.expr.constant is None


def coarse(course: Course, low: float, high: float) -> tuple[Run, ...]:
    """The line at even distances: enough to see where it is and how high it goes."""
    places = [low + (high - low) * n / _COARSE for n in range(_COARSE + 1)]
    return _runs(course, places)


def fine(course: Course, low: float, high: float, height: float) -> tuple[Run, ...]:
    """The line with as few points as it needs in a frame whose `height` is a difference of logarithms."""
    places = {low + (high - low) * n / _COARSE for n in range(_COARSE + 1)}
    if _has_steps(course.expr):
        for size in range(math.ceil(10**low), min(_SINGLE, math.floor(10**high)) + 1):
            places |= {math.log10(size) + shift for shift in (-1e-6, 0, 1e-6)}
    wide = (high - low) * _SHORTEST
    found = []
    for run in _runs(course, sorted(place for place in places if low <= place <= high)):
        points = [run[0]]
        for left, right in pairwise(run):
            points += [*_between(course, left, right, wide, _STRAIGHT * height), right]
        found.append(straightened(points, (high - low) / _ASPECT, height))
    return tuple(found)


def _runs(course: Course, places: Sequence[float]) -> tuple[Run, ...]:
    """The pieces that have values, each as long as can be told."""
    runs: list[list[Point]] = []
    before: float | None = None
    open_run = False
    for place in places:
        value = course.value(place)
        if value is not None:
            if not open_run:
                runs.append([] if before is None else [_edge(course, place, before)])
            runs[-1].append((place, value))
        elif open_run and before is not None:
            runs[-1].append(_edge(course, before, place))
        open_run, before = value is not None, place
    return tuple(tuple(dict.fromkeys(run)) for run in runs if len(run) > 1)


def _edge(course: Course, inside: float, outside: float) -> Point:
    """The last place with a value on the way from one that has some to one that has none, or the whole size there."""
    for _ in range(40):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if course.value(middle) is not None else (inside, middle)
    near = round(10**inside)
    if near and abs(10**inside / near - 1) < 1e-6 and course.value(math.log10(near)) is not None:
        inside = math.log10(near)
    value = course.value(inside)
    assert value is not None
    return inside, value


def _between(course: Course, left: Point, right: Point, wide: float, straight: float) -> list[Point]:
    """What is needed between two points for the line to look as it should."""
    if right[0] - left[0] < wide:
        return _step(course, left, right) if abs(right[1] - left[1]) > 4 * straight else []
    place = (left[0] + right[0]) / 2
    value = course.value(place)
    if value is None or abs(value - (left[1] + right[1]) / 2) < straight:
        return []
    middle = (place, value)
    before = _between(course, left, middle, wide, straight)
    return [*before, middle, *_between(course, middle, right, wide, straight)]


def _step(course: Course, left: Point, right: Point) -> list[Point]:
    """The last point before a step and the first behind it."""
    for _ in range(30):
        place = (left[0] + right[0]) / 2
        value = course.value(place)
        if value is None:
            break
        if abs(value - left[1]) < abs(value - right[1]):
            left = (place, value)
        else:
            right = (place, value)
    return [left, right]


def straightened(points: Sequence[Point], wide: float, high: float) -> Run:
    """The fewest of the points between which straight lines look the same in a frame of that size (Douglas and
    Peucker 1973)."""
    kept = {0, len(points) - 1}
    stretches = [(0, len(points) - 1)]
    while stretches:
        first, last = stretches.pop()
        (x, y), (u, v) = points[first], points[last]
        across, up = (u - x) / wide, (v - y) / high
        length = math.hypot(across, up) or 1.0
        far, place = _STRAIGHT, None
        for n in range(first + 1, last):
            distance = abs((points[n][0] - x) / wide * up - (points[n][1] - y) / high * across) / length
            if distance > far:
                far, place = distance, n
        if place is not None:
            kept.add(place)
            stretches += [(first, place), (place, last)]
    return tuple(points[n] for n in sorted(kept))


def height_at(runs: Sequence[Run], at: float) -> float | None:
    """How high a line is at a place."""
    for run in runs:
        for (x, y), (u, v) in pairwise(run):
            if x - 1e-9 <= at <= u + 1e-9:
                return y if u == x else y + (v - y) * (at - x) / (u - x)
    return None


def _has_steps(expr: Expr) -> bool:
    return any(_steps(atom) for atom in expr.atoms())


def _steps(atom: Atom) -> bool:
    return isinstance(atom, Rounded | Summation) or any(_has_steps(part) for part in parts(atom))
