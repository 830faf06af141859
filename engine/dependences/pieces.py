"""Parts of a tensor: tables of what reaches it, each along those of its axes along which it differs, and how they move.

What reaches an element is what any of the parts says at its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .bits import Reach, Reaches, Spans, either, joined, plus
from .runs import Box, Run, strides, volume
from .taps import Taps


@dataclass(frozen=True, eq=False)
class Part:
    """A table over `ranges` of `axes`, the last fastest. `run` is the run of mixing equations that its routes are in, 0
    for none."""

    axes: tuple[int, ...]
    ranges: Box
    values: Reaches
    run: int = 0


def applied(taps: Taps, part: Part) -> Part:
    """What comes in through taps."""
    if taps.same:
        return Part(taps.axes, taps.ranges, part.values, part.run)
    values = part.values
    found: Reaches = [None] * volume(taps.ranges)
    spans = Spans(values)
    for run in taps.runs:
        at, step = run.target, run.target_step
        if run.count == 1:
            found[at] = either(found[at], values[run.source])
        elif not step:
            found[at] = either(found[at], spans.over(run.source, run.source_step, run.count))
        else:
            mine = slice(at, at + step * run.count, step)
            found[mine] = [
                b if a is None else a if b is None or a is b else joined(a, b)
                for a, b in zip(found[mine], _spaced(values, run), strict=True)
            ]
    return Part(taps.axes, taps.ranges, found, part.run)


def _spaced(values: Sequence[Reach | None], run: Run) -> Sequence[Reach | None]:
    """What a run reads."""
    if run.source_step > 0:
        return values[run.source : run.source + run.source_step * run.count : run.source_step]
    return [values[run.source + n * run.source_step] for n in range(run.count)]


def raised(values: Sequence[Reach | None], units: int = 1) -> Reaches:
    """All over more units; what was one object stays one."""
    known: dict[int, Reach | None] = {id(None): None}
    result: Reaches = []
    for value in values:
        key = id(value)
        if key not in known:
            assert value is not None
            known[key] = plus(value, units)
        result.append(known[key])
    return result


def added(parts: Iterable[Part], run: int) -> list[Part]:
    """Parts along the same axes as one; routes of the run that goes on now stay apart."""
    found: dict[tuple[tuple[int, ...], Box, int], Part] = {}
    for part in parts:
        now = part.run if part.run == run else 0
        key = (part.axes, part.ranges, now)
        known = found.get(key)
        if known is None:
            found[key] = Part(part.axes, part.ranges, part.values, now)
        elif known.values is not part.values:
            both = [either(a, b) for a, b in zip(known.values, part.values, strict=True)]
            found[key] = Part(part.axes, part.ranges, both, now)
    return [part for part in found.values() if any(value is not None for value in part.values)]


def cut(part: Part, axis: int, first: int, ends: tuple[int, int]) -> Part:
    """The piece that begins at `first` along an axis, with new ends."""
    if axis not in part.axes:
        return part
    return _moved(part, axis, {old: old - first + ends[0] for old in range(first, first + ends[1] - ends[0] + 1)}, ends)


def laid(part: Part, axis: int, places: range, ends: tuple[int, int], start: int) -> Part:
    """A part at its place in tensors that are laid end to end along an axis, which has `ends` in all."""
    if axis not in part.axes:
        number = sum(1 for other in part.axes if other < axis)
        part = _repeated(part, axis, number, (places[0], places[-1]))
    return _moved(part, axis, {old: old - places[0] + start for old in places}, ends)


def _repeated(part: Part, axis: int, number: int, ends: tuple[int, int]) -> Part:
    """The same at every place of one more axis."""
    inner = volume(part.ranges[number:])
    count = ends[1] - ends[0] + 1
    values: Reaches = []
    for first in range(0, len(part.values), inner):
        values += part.values[first : first + inner] * count
    axes = (*part.axes[:number], axis, *part.axes[number:])
    return Part(axes, (*part.ranges[:number], ends, *part.ranges[number:]), values, part.run)


def _moved(part: Part, axis: int, to: Mapping[int, int], ends: tuple[int, int]) -> Part:
    number = part.axes.index(axis)
    ranges = (*part.ranges[:number], ends, *part.ranges[number + 1 :])
    inner = volume(part.ranges[number + 1 :])
    (low, high), size = part.ranges[number], ends[1] - ends[0] + 1
    outer = volume(part.ranges[:number])
    values: Reaches = [None] * volume(ranges)
    for block in range(outer):
        for old, new in to.items():
            if low <= old <= high and ends[0] <= new <= ends[1]:
                source = (block * (high - low + 1) + old - low) * inner
                target = (block * size + new - ends[0]) * inner
                values[target : target + inner] = part.values[source : source + inner]
    return Part(part.axes, ranges, values, part.run)


def spread(part: Part, kept: Mapping[int, int]) -> Part:
    """All along the axes that are not kept together; `kept` gives the new number of the others."""
    pairs = sorted((kept[axis], n) for n, axis in enumerate(part.axes) if axis in kept)
    ranges = tuple(part.ranges[n] for _, n in pairs)
    old, new = strides(part.ranges), strides(ranges)
    values: Reaches = [None] * volume(ranges)
    step = {n: new[k] for k, (_, n) in enumerate(pairs)}
    sizes = [high - low + 1 for low, high in part.ranges]
    for at, value in enumerate(part.values):
        to = sum(at // old[n] % sizes[n] * stride for n, stride in step.items())
        values[to] = either(values[to], value)
    return Part(tuple(axis for axis, _ in pairs), ranges, values, part.run)


def side_by_side(turns: Sequence[Sequence[Part]], run: int) -> list[Part]:
    """Bodies side by side, stacked on a new first axis; where all are alike, it makes no difference."""
    first = turns[0]
    if all(len(turn) == len(first) and all(map(_alike, turn, first)) for turn in turns):
        return [Part(tuple(axis + 1 for axis in part.axes), part.ranges, part.values, part.run) for part in first]
    found = []
    ends = (0, len(turns) - 1)
    for number, turn in enumerate(turns):
        for part in turn:
            values: Reaches = [None] * (len(part.values) * len(turns))
            values[number * len(part.values) : (number + 1) * len(part.values)] = part.values
            axes = (0, *(axis + 1 for axis in part.axes))
            found.append(Part(axes, (ends, *part.ranges), values, part.run))
    return added(found, run)


def _alike(one: Part, other: Part) -> bool:
    return one.axes == other.axes and one.ranges == other.ranges and one.values == other.values
