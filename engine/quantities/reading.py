"""What an equation reads along one axis of a tensor: an index expression in, a relation between positions out."""

from __future__ import annotations

from collections.abc import Mapping

from ..algebra.atoms import Extreme, Symbol
from ..algebra.expression import ONE, ZERO, Expr, from_atom
from ..algebra.facts import Facts
from ..algebra.ranges import extreme
from ..program import Equation
from ..scalars import Axis, Index, Read, position
from .relation import ALL, Relation, Taps, unknown, window


def seen(
    read: Read, axis: int, equation: Equation, ranges: Mapping[Symbol, Index], facts: Facts
) -> tuple[int | None, Relation]:
    """Which positions on an axis of a tensor an equation's element reads: (the axis of its own position,
    relation)."""
    value = position(read.subscripts[axis])
    if value is None:
        return None, unknown(f"`{read.tensor.name}` is read at a place that data decides")
    free = {
        i.symbol: n
        for i in equation.indices
        for n, s in enumerate(equation.subscripts)
        if _is_symbol(position(s), i.symbol)
    }
    own = [s for s in value.symbols() if s in free]
    if not own and not any(s in ranges for s in value.symbols()):
        return None, unknown(f"`{read.tensor.name}` is read at a fixed position")
    if any(s.kind == "index" and s not in free and s not in ranges for s in value.symbols()):
        return None, unknown("positions are merged with other indices")
    if any(s not in free for s in value.symbols() if s in {i.symbol for i in equation.indices}):
        return None, unknown("positions are merged with other indices")
    if own:
        return _window(value, own, free, ranges, read.tensor.axes[axis], facts)
    return _spread(value, free, ranges, read.tensor.axes[axis], facts)


def _window(
    value: Expr,
    own: list[Symbol],
    free: Mapping[Symbol, int],
    ranges: Mapping[Symbol, Index],
    axis: Axis,
    facts: Facts,
) -> tuple[int | None, Relation]:
    """value = own position + offsets of bound indices."""
    size = axis.size
    candidates = [s for s in own if value.coefficients(s).get(1) == ONE and set(value.coefficients(s)) <= {0, 1}]
    if not candidates:
        return None, unknown("a stride or another rescaling of positions")
    # of several free indices the one that runs over the sequence is the position, the others are offsets
    place_ = next((s for s in candidates if _size(ranges[s]) == size), candidates[0] if len(own) == 1 else None)
    if place_ is None:
        return None, unknown("positions are merged with other indices")
    gap = value - Expr({((place_, 1),): 1})
    taps = []
    table = {s: (i.lower, i.upper) for s, i in ranges.items() if s != place_}
    for symbol in gap.symbols():
        if symbol not in table:
            continue
        powers = gap.coefficients(symbol)
        step = powers.get(1, ZERO)
        if set(powers) - {0, 1} or any(s.kind == "index" for s in step.symbols()):
            return None, unknown("an index expression that is not linear")
        size = table[symbol][1] - table[symbol][0] + 1
        if any(s.kind == "index" for s in size.symbols()):
            return None, unknown("a range that depends on the position")
        taps.append(Taps(step if facts.nonnegative(step) else -step, size))
    lower = extreme(gap, table, facts, largest=False)
    upper = extreme(gap, table, facts, largest=True)
    if lower is None or upper is None:
        return None, unknown("an index expression whose ends are not known")
    return free[place_], window(lower, upper, tuple(t for t in taps if t.count != ONE), facts)


def _spread(
    value: Expr,
    free: Mapping[Symbol, int],
    ranges: Mapping[Symbol, Index],
    axis: Axis,
    facts: Facts,
) -> tuple[int | None, Relation]:
    """value runs over bound indices only: all positions, or a stretch that depends on the own position."""
    bound = {s: (i.lower, i.upper) for s, i in ranges.items() if s not in free}
    lower = extreme(value, bound, facts, largest=False)
    upper = extreme(value, bound, facts, largest=True)
    if lower is None or upper is None:
        return None, unknown("an index expression whose ends are not known")
    lower, upper = _unclipped(lower, "max", free), _unclipped(upper, "min", free)
    own = [s for s in lower.symbols() | upper.symbols() if s in free]
    if not own:
        first = axis.lower if not axis.ragged else ZERO
        if lower == first and (axis.ragged or upper == axis.upper):
            return None, ALL
        return None, unknown("only some fixed positions are read")
    centre = own[0]
    here = Expr({((centre, 1),): 1})
    if (lower.integer() == 0 and (upper - here).constant is not None) or (
        lower.integer() == 0 and not (upper - here).mentions(centre)
    ):
        return free[centre], Relation("prefix", upper=upper - here)
    if not (lower - here).mentions(centre) and not upper.mentions(centre):
        return free[centre], Relation("suffix", lower=lower - here)
    if not (lower - here).mentions(centre) and not (upper - here).mentions(centre):
        return free[centre], window(lower - here, upper - here, (), facts)
    return None, unknown("a range that depends on the position in another way")


def _size(index: Index) -> Expr:
    return index.upper - index.lower + 1


def _is_symbol(value: Expr | None, symbol: Symbol) -> bool:
    return value == Expr({((symbol, 1),): 1})


def _unclipped(end: Expr, operator: str, free: Mapping[Symbol, int]) -> Expr:
    """max(0, n − w) as n − w: the border cuts every window off, whether it says so or not."""
    for atom in end.atoms():
        if isinstance(atom, Extreme) and atom.operator == operator and end == from_atom(atom):
            moving = [a for a in atom.arguments if any(s in free for s in a.symbols())]
            if len(moving) == 1:
                return moving[0]
    return end
