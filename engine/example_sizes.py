"""The sizes of an exercise: at the values that are given from outside, and those of a standard layer with a meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from . import syntax
from .blanks import quiet
from .elaborator.literals import Literal
from .errors import Source, Span

# Sizes of a standard layer: positions, features, widths that are options, and other options.
POSITIONS, FEATURES, WIDTH, NUMBER = 128, 256, 32, 4
_AT = Span(Source("exercise", ""), 0, 0)


def at_values(item: syntax.Dim | syntax.Ratio, given: Mapping[str, Literal]) -> syntax.Dim | syntax.Ratio:
    """A line of sizes with the values that are given, without notes that speak of costs."""
    sizes = item.items
    if given.keys().isdisjoint(size.name for size in sizes):
        return replace(item, items=tuple(replace(size, note=quiet(size.note)) for size in sizes))
    found = (
        replace(carrier, name=size.name, value=as_written(given[size.name]) if size.name in given else carrier.value)
        for size, carrier in zip(sizes, _carriers(sizes), strict=True)
    )
    return replace(item, items=_grouped([replace(size, note=quiet(size.note)) for size in found]))


def explained(
    sizes: Sequence[syntax.DimItem], layer: syntax.Definition, given: Mapping[str, Literal]
) -> Iterator[syntax.Dim]:
    """The sizes of a standard layer, each with its place in the signature and a value; a line for those of one kind."""
    kinds: dict[str, list[syntax.DimItem]] = {}
    for size in sizes:
        note, value = _meaning(size.name, layer)
        number = given.get(size.name, Fraction(value))
        kinds.setdefault(note, []).append(replace(size, note=note, value=as_written(number)))
    for found in kinds.values():
        yield syntax.Dim(_AT, _grouped(found))


def _carriers(items: tuple[syntax.DimItem, ...]) -> list[syntax.DimItem]:
    """For each size the one whose value and note it has: names without anything of their own share what follows."""
    found: list[syntax.DimItem] = []
    for item in reversed(items):
        bare = item.value is None and item.note is None and item.symbol is None and not item.batch
        found.insert(0, found[0] if bare and found else item)
    return found


def _grouped(items: Sequence[syntax.DimItem]) -> tuple[syntax.DimItem, ...]:
    """Sizes without what the one after them has as well."""
    return tuple(
        replace(item, value=None, note=None)
        if following is not None and replace(item, name="") == replace(following, name="") and item.symbol is None
        else item
        for item, following in zip(items, (*items[1:], None), strict=True)
    )


def _meaning(name: str, layer: syntax.Definition) -> tuple[str, int]:
    """What a size of a standard layer is, by the place that it has in the signature, and a value for it."""
    if any(option.name == name for option in layer.options):
        return f"option of {layer.name}", WIDTH if name.isupper() else NUMBER
    for tensor in layer.tensors:
        axes = [axis for axis in tensor.axes if not isinstance(axis, syntax.Ellipsis)]
        if axes and name in _names(axes[-1]) and tensor.default is None:
            return f"features of {tensor.name}", FEATURES
        if any(name in _names(axis) for axis in axes):
            return f"positions of {tensor.name}", POSITIONS
    return f"positions of {layer.tensors[0].name}", POSITIONS


def as_written(value: Literal) -> syntax.Expression:
    """A value as it is written in a file."""
    match value:
        case bool():
            return syntax.Truth(_AT, value)
        case str():
            return syntax.Text(_AT, value)
        case tuple():
            return (
                syntax.Tuple(_AT, tuple(map(as_written, value)))
                if len(value) > 1
                else syntax.List(_AT, tuple(map(as_written, value)))
            )
        case _:
            number = Fraction(value)
            above = syntax.Number(_AT, Fraction(abs(number.numerator)), str(abs(number.numerator)))
            size: syntax.Expression = above
            if number.denominator != 1:
                below = syntax.Number(_AT, Fraction(number.denominator), str(number.denominator))
                size = syntax.Binary(_AT, "/", above, below)
            return syntax.Negate(_AT, size) if number < 0 else size


def _names(axis: syntax.Expression) -> set[str]:
    match axis:
        case syntax.Name(name=name):
            return {name}
        case syntax.Binary(left=left, right=right):
            return _names(left) | _names(right)
        case _:
            return set()
