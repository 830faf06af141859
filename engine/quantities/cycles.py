"""Cycles among the equations of a recurrence: which wait for each other, and how many for each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..program import Equation, Recurrence
from ..scalars import Read, position


@dataclass(frozen=True)
class Cycle:
    """Equations, by number, that all wait for each other; one alone is no cycle unless it `loops`. `same` are the
    reads at the same step, (source, reader); `loops` those of the step before, (source, reader, axis, direction)."""

    members: tuple[int, ...]
    same: tuple[tuple[int, int], ...]
    loops: tuple[tuple[int, int, int, int], ...]


def cycles(node: Recurrence) -> list[Cycle]:
    """The equations of a recurrence in the order of their dependences, those of a cycle together."""
    order = {e.target: n for n, e in enumerate(node.equations) if not e.initial}
    same: list[tuple[int, int]] = []
    carried: list[tuple[int, int, int, int]] = []
    stepped = {(s.reader, s.state, s.axis, s.shift) for s in node.steps}
    for number, equation in enumerate(node.equations):
        shifted = {(s, a, d) for r, s, a, d in stepped if r == number}
        for state, axis, shift in shifted:
            carried.append((order[state], number, axis, -shift))
        for read in equation.reads:
            if read.tensor in order and order[read.tensor] < number and not is_shifted(read, equation):
                same.append((order[read.tensor], number))
    found = []
    for component in components(len(node.equations), same, carried):
        inside = set(component)
        found.append(
            Cycle(
                tuple(component),
                tuple(s for s in same if s[0] in inside and s[1] in inside),
                tuple(c for c in carried if c[0] in inside and c[1] in inside),
            )
        )
    return found


def is_shifted(read: Read, equation: Equation) -> bool:
    """Does a read stand one or more steps beside the equation's own position?"""
    for mine, theirs in zip(equation.subscripts, read.subscripts, strict=False):
        left, right = position(mine), position(theirs)
        if left is not None and right is not None and (right - left).integer():
            return True
    return False


def components(
    count: int, same: Sequence[tuple[int, int]], carried: Sequence[tuple[int, int, int, int]]
) -> list[list[int]]:
    """Strongly connected components in the order of their dependences (few equations: by reachability)."""
    edges = {n: {t for s, t in same if s == n} | {t for s, t, _, _ in carried if s == n} for n in range(count)}
    reach = {n: _reachable(n, edges) for n in range(count)}
    seen: set[int] = set()
    components = []
    for n in range(count):
        if n in seen:
            continue
        component = [m for m in range(count) if m == n or (m in reach[n] and n in reach[m])]
        seen |= set(component)
        components.append(component)
    return sorted(components, key=lambda c: (sum(1 for o in components if o is not c and c[0] in reach[o[0]]), c[0]))


def _reachable(start: int, edges: Mapping[int, set[int]]) -> set[int]:
    found: set[int] = set()
    waiting = list(edges[start])
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += edges[node]
    return found


def longest_cycle(
    component: Sequence[int], same: Sequence[tuple[int, int]], carried: Sequence[tuple[int, int]]
) -> Fraction:
    """The largest ratio of equations to steps over the cycles: how many equations the state waits for at every step."""
    best = Fraction(0)
    edges = [(s, t, 0) for s, t in same] + [(s, t, 1) for s, t in carried]

    def walk(node: int, start: int, seen: frozenset[int], length: int, steps: int) -> None:
        nonlocal best
        for source, target, step in edges:
            if source != node:
                continue
            if target == start and steps + step:
                best = max(best, Fraction(length + 1, steps + step))
            elif target > start and target not in seen:
                walk(target, start, seen | {target}, length + 1, steps + step)

    for start in component:
        walk(start, start, frozenset({start}), 0, 0)
    return best
