"""The dependences of a small model as a picture: positions in columns, units in rows, a line for each dependence.

Inputs stand at the bottom, outputs on top; a recurrence has its steps within its row. The longest of the shortest
routes is marked. Nothing here knows how it is drawn.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import count

from ..algebra.atoms import Symbol
from ..diagram import Line, Picture, Row, Spot
from ..errors import usage
from ..program import Program
from .arithmetic import Number, whole
from .bits import TooLarge
from .drawing import drawn
from .positions import position_axes
from .search import Found, connecting, search
from .small import long_symbols, small_sizes

# Positions of a picture, if nothing else is said: the first that the facts allow.
LENGTHS = (8, 9, 10, 12, 16, 7, 11, 13, 14, 15, 6, 5, 4)
MANY = 24
LONGEST = 64
HIGHEST = 24


def picture(program: Program, given: Mapping[str, Fraction] | None = None) -> Picture:
    """The picture of a model on one sequence, at sizes that are small and hold its facts; `given` are those that shall
    be as they are. Raises ArchError."""
    try:
        at = _sizes(program, given or {})
        found = search(program, at, budget=2_000_000)
        if found.undecided:
            raise usage(f"`{program.name}` cannot be drawn: {found.undecided[0]}")
        rows, lines = drawn(program, at, found.layers, 0 if found.pair is None else found.pair[1][0])
    except TooLarge:
        raise usage(f"`{program.name}` is too large for a picture", hint="smaller sizes: `--at N=8`") from None
    rows, lines = _without_side_rows(rows, lines)
    _check_size(program, rows)
    ends = _ends(found, rows)
    route = _route(lines, rows, ends) if ends is not None and found.path is not None else ()
    shown = tuple(line for line in lines if line in route or not _covered(line, lines))
    return Picture(
        f"Dependences of {program.name}", rows, shown, route, ends, _caption(program, found, at, route, lines)
    )


# ---------------------------------------------------------------- sizes


def _sizes(program: Program, given: Mapping[str, Fraction]) -> dict[Symbol, Number]:
    instance = program.instance if program.stack is None else program.stack.instance
    axes = position_axes(program, instance)
    several = [t for t in instance.inputs if len(axes[t]) > 1]
    if several:
        names = f"`{several[0].name}` of `{program.name}` has them on {len(axes[several[0]])}"
        raise usage(
            f"a picture needs one axis of positions, and {names}",
            hint="draw a model on one sequence, such as a row of the image",
        )
    sizes = {t.axes[axis].size: t.name for t in instance.inputs for axis in axes[t]}
    if len(sizes) != 1:
        words = " and ".join(f"`{name}`" for name in sizes.values())
        what = f"`{program.name}` has two: {words}" if sizes else f"no input of `{program.name}` has positions"
        raise usage(f"a picture needs one sequence, and {what}", hint="draw a model whose inputs share one axis")
    long = long_symbols(list(sizes))
    examples = [int(d.value) for d in program.dimensions if d.symbol in long and d.value is not None]
    lengths = (*(n for n in examples if LENGTHS[-1] <= n <= 16), *LENGTHS)
    best = _at(program, long, lengths, given)
    (size,) = sizes
    for fewer in ((4, 3, 2), (3, 2), (2,)):  # a sequence that is a product has many positions
        smaller = small_sizes(program, long, fewer, given) if whole(size, best) > MANY else None
        best = best if smaller is None else smaller
    if program.stack is None or examples[:1] == [best.get(s) for s in long][:1] or all(s.name in given for s in long):
        return best
    # as many positions as the same number of layers joins
    layers = search(program, best, budget=2_000_000).layers
    for length in range(16, 8, -1):
        at = small_sizes(program, long, [length], given)
        if at is not None:
            found = search(program, at, budget=2_000_000)
            if found.path is not None and found.layers == layers:
                return at
    return best


def _at(
    program: Program, long: frozenset[Symbol], lengths: tuple[int, ...], given: Mapping[str, Fraction]
) -> dict[Symbol, Number]:
    at = small_sizes(program, long, lengths, given)
    if at is None:
        raise usage(
            f"no small sizes were found at which the facts of `{program.name}` hold", hint="give them: `--at N=12`"
        )
    return at


def _check_size(program: Program, rows: tuple[Row, ...]) -> None:
    widest = max(len(row.places) for row in rows)
    if widest > LONGEST:
        raise usage(f"a picture of `{program.name}` would have {widest} columns", hint="fewer: `--at N=8`")
    if len(rows) > HIGHEST:
        raise usage(f"a picture of `{program.name}` would have {len(rows)} rows", hint="fewer layers: `--at L=2`")


# ---------------------------------------------------------------- rows and lines


def _without_side_rows(rows: tuple[Row, ...], lines: tuple[Line, ...]) -> tuple[tuple[Row, ...], tuple[Line, ...]]:
    """Rows that lead to the top; what a layer gives and nobody reads is left out."""
    kept = {len(rows) - 1}
    for row in range(len(rows) - 1, 0, -1):
        if row in kept:
            kept |= {line.start[0] for line in lines if line.end[0] == row}
    kept.add(0)
    number = {row: n for n, row in enumerate(sorted(kept))}
    moved = [
        replace(line, start=(number[line.start[0]], line.start[1]), end=(number[line.end[0]], line.end[1]))
        for line in lines
        if line.start[0] in kept and line.end[0] in kept
    ]
    return _numbered([rows[row] for row in sorted(kept)]), tuple(moved)


def _numbered(rows: list[Row]) -> tuple[Row, ...]:
    """Units of one name are numbered from the bottom."""
    labels = [row.label for row in rows]
    seen: dict[str, int] = {}
    found = [rows[0]]
    for row in rows[1:]:
        seen[row.label] = seen.get(row.label, 0) + 1
        several = labels[1:].count(row.label) > 1
        found.append(replace(row, label=f"{row.label} {seen[row.label]}") if several else row)
    return tuple(found)


def _covered(line: Line, lines: tuple[Line, ...]) -> bool:
    """A way around layers that keep the position, too, is seen in their lines."""
    if not line.around:
        return False
    (first, place), (last, _) = line.start, line.end
    ends = {(other.start, other.end) for other in lines}
    up = all(((row, place), (row + 1, place)) in ends for row in range(first, last - 1))
    return up and ((last - 1, place), line.end) in ends


# ---------------------------------------------------------------- the marked route


def _ends(found: Found, rows: tuple[Row, ...]) -> tuple[Spot, Spot] | None:
    if found.pair is None:
        return None
    (_, start), (_, end) = found.pair
    places = rows[-1].places
    return (0, start[0]), (len(rows) - 1, places.index(str(end[0])) if end else 0)


def _route(lines: tuple[Line, ...], rows: tuple[Row, ...], ends: tuple[Spot, Spot]) -> tuple[Line, ...]:
    """The route with the fewest units; of several the one with the most even steps, and few ways around."""
    out: dict[Spot, list[Line]] = {}
    for line in lines:
        out.setdefault(line.start, []).append(line)
    start, end = ends
    number = count()
    waiting: list[tuple[int, float, int, Spot, tuple[Line, ...]]] = [(0, 0.0, next(number), start, ())]
    done: set[Spot] = set()
    while waiting:
        units, bent, _, spot, route = heapq.heappop(waiting)
        if spot == end:
            return route
        if spot in done:
            continue
        done.add(spot)
        for line in out.get(spot, ()):
            aside = _at_width(rows, line.end) - _at_width(rows, line.start)
            bends = bent + aside**2 + 0.01 * line.around
            heapq.heappush(waiting, (units + line.units, bends, next(number), line.end, (*route, line)))
    return ()


def _at_width(rows: tuple[Row, ...], spot: Spot) -> float:
    return (spot[1] + 0.5) / len(rows[spot[0]].places)


def _caption(
    program: Program, found: Found, at: Mapping[Symbol, Number], route: tuple[Line, ...], lines: tuple[Line, ...]
) -> str:
    instance = program.instance if program.stack is None else program.stack.instance
    axes = position_axes(program, instance)
    (size,) = {t.axes[axis].size for t in instance.inputs for axis in axes[t]}
    named = [f"{s.name} = {at[s]}" for s in sorted(size.symbols() & at.keys(), key=lambda s: s.key)]
    where = f" ({', '.join(named)})" if named else f" ({whole(size, at)} positions)"
    if found.pair is None:
        return f"One position{where}."
    (_, start), (_, end) = found.pair
    if not end:
        names = f"position {start[0]} to the output"
    else:
        names = f"position {start[0]} to position {end[0]}"
    if found.path is None:
        other = f"position {end[0]}" if end else "the output"
        alone = program.stack is None and connecting(instance) is None
        return f"Position {start[0]} and {other} are {'not' if alone else 'never'} joined{where}."
    crossing = _crossing(found.path, route, lines)
    return f"Maximum path length {found.path}{where}: the shortest route from {names} {crossing}."


def _crossing(units: int, route: tuple[Line, ...], lines: tuple[Line, ...]) -> str:
    several = "s" if units > 1 else ""
    scans = {line.end[0] for line in lines if line.step}
    crossed = {line.end[0] for line in route if line.units}
    if crossed and crossed <= scans:
        return f"takes {units} evaluation{several} of {'the cell' if len(crossed) == 1 else 'cells'}"
    if crossed & scans:
        return f"crosses {units} units, layers and evaluations of cells"
    return f"crosses {units} layer{several}"
