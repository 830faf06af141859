"""How many points an index space has: the volumes that every count is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from ..algebra.atoms import Extreme, Rounded, Symbol
from ..algebra.build import maximum, minimum
from ..algebra.expression import ONE, ZERO, Expr, const, from_atom, total
from ..algebra.facts import Facts
from ..algebra.ranges import direction, extreme
from ..algebra.substitution import map_atoms, substitute
from ..algebra.summation import NoClosedForm, sum_or_keep, sum_over
from ..errors import Span, error
from ..scalars import Axis, Index, Tensor, place


class Space:
    """The indices of one equation, with their ranges, and the facts under which they are counted."""

    def __init__(self, indices: Iterable[Index], facts: Facts, span: Span) -> None:
        self.indices = {index.symbol: index for index in indices}
        self.facts = facts
        self.span = span
        self._known: dict[frozenset[Symbol], Expr] = {}

    def volume(self, symbols: Iterable[Symbol]) -> Expr:
        """The number of points of the space that these indices span.

        A range that depends on an index that is not among them is replaced by the union over that index.
        """
        wanted = frozenset(s for s in symbols if s in self.indices)
        if wanted not in self._known:
            self._known[wanted] = self._count(wanted)
        return self._known[wanted]

    def _count(self, wanted: frozenset[Symbol]) -> Expr:
        ranges = {symbol: self._united(symbol, wanted) for symbol in wanted}
        count = ONE
        waiting = set(wanted)
        ends = {s for lower, upper in ranges.values() for s in lower.symbols() | upper.symbols()}
        for symbol, (lower, upper) in ranges.items():
            # a range by itself is a factor
            size = upper - lower + 1
            if symbol not in ends and not size.symbols() & wanted and self.facts.nonnegative(size):
                count = count * size
                waiting.discard(symbol)
        while waiting:
            # innermost first: an index on whose range no other one that is left depends
            symbol = min(
                (s for s in waiting if not any(end.mentions(s) for o in waiting - {s} for end in ranges[o])),
                key=lambda s: s.name,
            )
            waiting.discard(symbol)
            lower, upper = ranges[symbol]
            if not self._never_short(lower, upper, ranges):
                raise error(
                    f"it is not known whether the range of `{self.indices[symbol].name}` is ever empty",
                    self.span,
                    hint=_assume(lower, upper),
                )
            try:
                count = self._sum(count, symbol, lower, upper)
            except NoClosedForm as failure:
                raise error(
                    f"these operations cannot be counted in closed form: {failure.reason}",
                    self.span,
                    hint=_order_hint(failure.term),
                ) from None
        return count

    def _sum(self, count: Expr, symbol: Symbol, lower: Expr, upper: Expr) -> Expr:
        """A closed form; where a range is rounded there may be none, and the sum stays."""
        try:
            return sum_over(count, symbol, lower, upper, self.facts)
        except NoClosedForm:
            if not any(isinstance(atom, Rounded) for atom in count.atoms()):
                raise
            return sum_or_keep(count, symbol, lower, upper, self.facts)

    def _united(self, symbol: Symbol, wanted: frozenset[Symbol]) -> tuple[Expr, Expr]:
        index = self.indices[symbol]
        lower, upper = index.lower, index.upper
        for _ in range(len(self.indices)):
            missing = [s for s in lower.symbols() | upper.symbols() if s in self.indices and s not in wanted]
            if not missing:
                break
            for other in missing:
                lower = minimum(self._at_ends(lower, other, largest=False), self.facts)
                upper = maximum(self._at_ends(upper, other, largest=True), self.facts)
        return lower, upper

    def _at_ends(self, end: Expr, other: Symbol, *, largest: bool) -> list[Expr]:
        """An end of a range where an index that it depends on is at its first or its last place, whichever makes it
        largest (smallest): at both where that is not known."""
        first, last = self.indices[other].lower, self.indices[other].upper
        rises = direction(end, other, self.facts)
        places = [last if (rises > 0) == largest else first] if rises else [first, last]
        return [substitute(end, {other: place}, self.facts) for place in places]

    def boxed(self) -> list[Index]:
        """The indices, each over all places that it has for some places of the others."""
        ends = {symbol: self._united(symbol, frozenset({symbol})) for symbol in self.indices}
        return [replace(self.indices[s], lower=lower, upper=upper) for s, (lower, upper) in ends.items()]

    def at_most(self, symbols: Iterable[Symbol]) -> bool:
        """May there be fewer points than the volume says? Of an index that is not among them: where the ranges of
        several depend on it, as not every pair then occurs; where its steps leave gaps; where it has no place."""
        wanted = frozenset(s for s in symbols if s in self.indices)
        depending: dict[Symbol, set[Symbol]] = {}
        for symbol in wanted:
            waiting = [symbol]
            while waiting:
                index = self.indices[waiting.pop()]
                for other in {s for end in (index.lower, index.upper) for s in end.symbols() if s in self.indices}:
                    if other in wanted or symbol in depending.setdefault(other, set()):
                        continue
                    if any(abs(step) > 1 for end in (index.lower, index.upper) for step in _steps(end, other)):
                        return True
                    if self.mentions_any(other, wanted) and not self.never_empty(other):
                        return True
                    if not self._somewhere(other):
                        return True
                    depending[other].add(symbol)
                    waiting.append(other)
        return any(len(symbols) > 1 for symbols in depending.values())

    def _somewhere(self, symbol: Symbol) -> bool:
        """Has the range of an index a place for some places of the others?"""
        lower, upper = self._united(symbol, frozenset({symbol}))
        return self.facts.positive(upper - lower + 1)

    def mentions_any(self, symbol: Symbol, others: Iterable[Symbol]) -> bool:
        index = self.indices[symbol]
        return any(end.mentions(other) for end in (index.lower, index.upper) for other in others)

    def never_empty(self, symbol: Symbol) -> bool:
        """Has the range of an index a place for all places of the others?"""
        index = self.indices[symbol]
        return all(self.is_positive(size) for size in arms(index.upper - index.lower + 1))

    def is_positive(self, size: Expr) -> bool:
        """Is the size of a range at least 1 for all places of the indices? A whole number above 0 is; one that is
        rounded to be larger is no smaller than before."""
        ranges = {symbol: (index.lower, index.upper) for symbol, index in self.indices.items()}
        for value in (size, _unrounded(size)):
            least = extreme(value, ranges, self.facts, largest=False)
            if least is not None and self.facts.positive(least):
                return True
        return False

    def _never_short(self, lower: Expr, upper: Expr, ranges: dict[Symbol, tuple[Expr, Expr]]) -> bool:
        """Is upper >= lower − 1 for all positions of the other indices?"""
        if self.facts.nonnegative(upper - lower + 1):
            return True
        least = extreme(upper - lower + 1, ranges, self.facts, largest=False)
        if least is not None:
            return self.facts.nonnegative(least)
        return all(self.facts.nonnegative(value) for value in _corners(upper - lower + 1, ranges, self.facts))


def _corners(gap: Expr, ranges: dict[Symbol, tuple[Expr, Expr]], facts: Facts) -> list[Expr]:
    """Least values of a gap whose ends are clipped: each arm of a maximum or minimum by itself."""
    found = [extreme(arm, ranges, facts, largest=False) for arm in arms(gap)]
    return [least if least is not None else const(-1) for least in found]


def _unrounded(size: Expr) -> Expr:
    """A size without the roundings that make it larger."""
    for atom in size.atoms():
        sign = size.terms.get(((atom, 1),)) if isinstance(atom, Rounded) else None
        if isinstance(atom, Rounded) and sign in (1, -1) and (atom.direction == "ceil") == (sign == 1):
            size = size + (atom.argument - from_atom(atom)) * sign
    return size


def _steps(end: Expr, symbol: Symbol) -> list[Fraction]:
    """By how much the arms of an end move with an index; a step that is no number is a large one."""
    slopes = [arm.coefficients(symbol).get(1, ZERO).constant for arm in arms(end)]
    return [Fraction(2) if slope is None else Fraction(slope) for slope in slopes]


def arms(gap: Expr) -> list[Expr]:
    """A gap whose ends are clipped as the gaps between the arms of its maxima and minima."""
    clipped = next((a for a in gap.atoms() if isinstance(a, Extreme)), None)
    if clipped is None:
        return [gap]
    return [
        arm
        for argument in clipped.arguments
        for arm in arms(map_atoms(gap, lambda a, argument=argument: argument if a == clipped else None))  # type: ignore[misc]
    ]


def _assume(lower: Expr, upper: Expr) -> str:
    from ..elaborator.describe import show

    if any(s.kind == "index" for s in (upper - lower).symbols()):
        return ""
    return f"`assume {show(lower)} <= {show(upper + 1)}`"


def _order_hint(gap: Expr) -> str:
    from ..elaborator.describe import show

    if any(s.kind == "index" for s in gap.symbols()):
        return ""
    positive = total(t for t in gap if next(iter(t.terms.values())) > 0)
    return f"`assume {show(positive - gap)} <= {show(positive)}`"


def elements(tensor: Tensor, facts: Facts, span: Span, *, boxed: bool = False) -> Expr:
    """The number of elements of a tensor, ragged axes included; `boxed`: of the box around it."""
    space = Space(_axis_indices(tensor.axes), facts, span)
    if boxed:
        space = Space(space.boxed(), facts, span)
    return space.volume(place(n) for n in range(len(tensor.axes)))


def _axis_indices(axes: tuple[Axis, ...]) -> list[Index]:
    return [Index(place(n), f"axis {n}", axis.lower, axis.upper) for n, axis in enumerate(axes)]
