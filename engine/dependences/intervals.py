"""Relations along one axis: from which positions of a source an element reads, as an interval whose ends depend on the
element's own place.

An end is an expression in the places `@0`, `@1`, … of the element on the axes of its tensor: @0 − 2 for a window, 0 for
a prefix, B⌊@0/B⌋ for a block, 2·@0 behind a stride, ⌊@0/2⌋ behind an upsampling. Ends may lie outside the source: the
border cuts every interval off. Nothing here knows of equations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ..algebra import build
from ..algebra.atoms import Extreme, Rounded, Symbol
from ..algebra.build import symbol_of
from ..algebra.expression import ONE, ZERO, Expr, from_atom, total
from ..algebra.facts import Facts
from ..algebra.ranges import direction, extreme
from ..algebra.substitution import map_atoms, substitute
from ..scalars import Axis, place
from .windows import Window, expression, window_of

# Why what may be read is not what is read.
CONDITION = "a condition decides which positions are read"
STEPS = "positions are read at steps that are not followed"


@dataclass(frozen=True)
class Taps:
    """`count` positions, `step` apart: an arithmetic progression of offsets."""

    step: Expr
    count: Expr

    @property
    def reach(self) -> Expr:
        return self.step * (self.count - 1)


@dataclass(frozen=True)
class Near:
    """Of what a recurrence carries, the part that is there over the first evaluation of its cell; what lies beyond
    takes one more for every `pace` positions."""

    lower: Expr
    upper: Expr
    pace: Expr = ONE


Ranges = tuple[tuple[Symbol, tuple[Expr, Expr]], ...]
# Progressions that leave gaps among the positions before the own one, and among those behind it.
Sides = tuple[tuple[Taps, ...], tuple[Taps, ...]]
NO_GAPS: Sides = ((), ())


@dataclass(frozen=True)
class Interval:
    """The positions from `lower` to `upper` on an axis of `size` positions, without gaps unless `taps` are given: then
    `lower` plus sums of one tap of each. With a reason `why` it is what may be read at most.

    A route that goes back and forth may have to leave the sequence on its way. `sides` are the gaps that stay for
    routes that go in one direction only, None where there are none such. An interval that `wraps` has no border: it
    goes on at the other end of the axis.
    """

    lower: Expr
    upper: Expr
    size: Expr
    taps: tuple[Taps, ...] = ()
    near: Near | None = None
    why: str = ""
    sides: Sides | None = NO_GAPS
    wraps: bool = False

    @property
    def certain(self) -> bool:
        """Is every position between the ends reached, whatever the border cuts off?"""
        return not self.why and not self.taps and self.sides == NO_GAPS

    @property
    def point(self) -> bool:
        """One position for each place, known by it."""
        return self.lower == self.upper and not self.why and self.near is None and not self.wraps

    @cached_property
    def still(self) -> int | None:
        """The axis of the place that it is, and nothing else."""
        symbol = symbol_of(self.lower) if self.point else None
        return int(symbol.name[1:]) if symbol is not None and symbol.name.startswith("@") else None

    @cached_property
    def sliding(self) -> bool:
        """Does it move with one place, step by step, the same everywhere?"""
        if self.near is not None or self.why or any(tap.count.symbols() for tap in self.taps):
            return False
        return self.edges is not None and self.edges.lower.steady and self.edges.upper.steady

    @cached_property
    def window(self) -> Window | None:
        """The interval as whole numbers, if it is a window and nothing else."""
        plain = self.near is None and self.certain
        return self.edges if plain else None

    @cached_property
    def edges(self) -> Window | None:
        """The ends as whole numbers, whatever is read between them."""
        return window_of(self.lower, self.upper) if not self.wraps else None

    def ends(self) -> tuple[Expr, ...]:
        return (self.lower, self.upper, *((self.near.lower, self.near.upper) if self.near is not None else ()))

    def mentions(self, symbol: Symbol) -> bool:
        return symbol in self._mentioned

    @cached_property
    def _mentioned(self) -> frozenset[Symbol]:
        return frozenset[Symbol]().union(*(end.symbols() for end in self.ends()))

    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        """Every symbol, those of its steps and of its size too."""
        taps = (*self.taps, *(tap for side in self.sides or () for tap in side))
        steps = [expr.symbols() for tap in taps for expr in (tap.step, tap.count)]
        pace = self.near.pace.symbols() if self.near is not None else frozenset[Symbol]()
        return self._mentioned.union(self.size.symbols(), pace, *steps)

    @cached_property
    def _hash(self) -> int:
        return hash((self.lower, self.upper, self.size, self.taps, self.near, self.why, self.sides, self.wraps))

    def __hash__(self) -> int:
        return self._hash

    def map(self, change: Mapping[Symbol, Expr], facts: Facts) -> Interval:
        """The interval with symbols replaced, in its steps too."""
        if self.symbols.isdisjoint(change):
            return self

        def put(expr: Expr) -> Expr:
            return substitute(expr, change, facts)

        near = None if self.near is None else Near(put(self.near.lower), put(self.near.upper), put(self.near.pace))

        def placed(taps: tuple[Taps, ...]) -> tuple[Taps, ...]:
            return filled((Taps(put(t.step), put(t.count)) for t in taps), facts)

        sides = None if self.sides is None else (placed(self.sides[0]), placed(self.sides[1]))
        lower, upper, taps = put(self.lower), put(self.upper), placed(self.taps)
        return Interval(lower, upper, put(self.size), taps, near, self.why, sides, self.wraps)


def whole(size: Expr, why: str = "") -> Interval:
    """All positions; with a reason, at most all."""
    return Interval(ZERO, size - 1, size, why=why)


def own(axis: int, size: Expr) -> Interval:
    """The own position on an axis."""
    here = from_atom(place(axis))
    return Interval(here, here, size)


class Frame:
    """The places of an element: the range of each, and what is known of sizes. Equal frames are one under the same
    facts: what one proved the other one need not prove again."""

    def __init__(self, ranges: Mapping[Symbol, tuple[Expr, Expr]], facts: Facts) -> None:
        self.ranges = dict(ranges)
        self.facts = facts
        self._proved: dict[Expr, bool] = {}
        self._about: dict[frozenset[Symbol], Ranges] = {}

    @classmethod
    def of(cls, axes: Iterable[Axis], facts: Facts) -> Frame:
        return cls.known({place(n): (axis.lower, axis.upper) for n, axis in enumerate(axes)}, facts)

    @classmethod
    def known(cls, ranges: Mapping[Symbol, tuple[Expr, Expr]], facts: Facts) -> Frame:
        key = ("frame", *ranges.items())
        if key not in facts.found:
            facts.found[key] = cls(ranges, facts)
        frame: Frame = facts.found[key]
        return frame

    def within(self, bounds: Mapping[Symbol, tuple[Expr, Expr]]) -> Frame:
        return Frame.known({**self.ranges, **bounds}, self.facts) if bounds else self

    def about(self, symbols: frozenset[Symbol]) -> Ranges:
        """The ranges of those places that are among some symbols, and of those on which these depend: all of the frame
        that can make a difference to expressions in these symbols."""
        if symbols not in self._about:
            inside = {s for s in symbols if s in self.ranges}
            waiting = list(inside)
            while waiting:
                more = {s for end in self.ranges[waiting.pop()] for s in end.symbols() if s in self.ranges} - inside
                inside |= more
                waiting += more
            self._about[symbols] = tuple(pair for pair in self.ranges.items() if pair[0] in inside)
        return self._about[symbols]

    def least(self, expr: Expr) -> Expr | None:
        return self._extreme(expr, largest=False)

    def most(self, expr: Expr) -> Expr | None:
        return self._extreme(expr, largest=True)

    def _extreme(self, expr: Expr, *, largest: bool) -> Expr | None:
        found = extreme(expr, self.ranges, self.facts, largest=largest)
        if found is None and any(isinstance(atom, Rounded) for atom in expr.atoms()):
            found = extreme(_unrounded(expr, self.facts, largest=largest), self.ranges, self.facts, largest=largest)
        return found

    def nonnegative(self, expr: Expr) -> bool:
        """Is the expression at least 0 at every place?"""
        value = expr.constant
        if value is not None:
            return value >= 0
        if expr not in self._proved:
            self._proved[expr] = self._nonnegative(expr)
        return self._proved[expr]

    def _nonnegative(self, expr: Expr) -> bool:
        if not expr.symbols() & self.ranges.keys():
            return self.facts.nonnegative(expr)
        least = self.least(expr)
        return (least is not None and self.facts.nonnegative(least)) or self.facts.nonnegative(expr)

    def positive(self, expr: Expr) -> bool:
        least = self.least(expr)
        return least is not None and self.facts.positive(least)

    def ordered(self, small: Expr, large: Expr) -> bool:
        """Is one at most the other at every place?"""
        return small == large or self.nonnegative(large - small)

    def never(self, expr: Expr) -> bool:
        """Is the expression below 0 at every place?"""
        return self.nonnegative(-expr - 1)

    def tidy(self, expr: Expr) -> Expr:
        """The same value, without rounded parts that are one number at every place, and without arms of maxima and
        minima that others cover at every place."""

        def change(atom: object) -> Expr | None:
            if isinstance(atom, Rounded) and any(s in self.ranges for s in atom.argument.symbols()):
                return self._settled(atom)
            if isinstance(atom, Extreme) and any(s in self.ranges for a in atom.arguments for s in a.symbols()):
                return self._leading(atom)
            return None

        return map_atoms(expr, change) if any(map(change, expr.atoms())) else expr

    def _settled(self, atom: Rounded) -> Expr | None:
        argument = self.tidy(atom.argument)
        low, high = self.least(argument), self.most(argument)
        rounding = build.floor if atom.direction == "floor" else build.ceil
        if low is not None and high is not None:
            first, last = rounding(low, self.facts), rounding(high, self.facts)
            if first == last:
                return first
        if argument != atom.argument:
            return rounding(argument, self.facts)
        return None

    def _leading(self, atom: Extreme) -> Expr | None:
        sign = 1 if atom.operator == "max" else -1
        kept = list(atom.arguments)
        for argument in atom.arguments:
            others = [other for other in kept if other is not argument]
            if any(self.nonnegative((other - argument) * sign) for other in others):
                kept = others
        if len(kept) == len(atom.arguments):
            return None
        return build.maximum(kept, self.facts) if sign > 0 else build.minimum(kept, self.facts)


def _unrounded(expr: Expr, facts: Facts, *, largest: bool) -> Expr:
    """A bound without rounded parts: ⌊x⌋ is at most x and more than x − 1, by 1/q where x is a multiple of 1/q."""
    for atom in expr.atoms():
        if not isinstance(atom, Rounded):
            continue
        sign = expr.terms.get(((atom, 1),))
        if sign is None:
            pairs = [(m, c) for m, c in expr.terms.items() if any(a == atom for a, _ in m)]
            if len(pairs) != 1 or dict(pairs[0][0]).get(atom) != 1:
                continue
            monomial, coefficient = pairs[0]
            factor = Expr({tuple(p for p in monomial if p[0] != atom): coefficient})
        else:
            factor = Expr({(): sign})
        rises = facts.nonnegative(factor)
        if not rises and not facts.nonnegative(-factor):
            continue
        upper = rises == largest
        bound = atom.argument
        if upper != (atom.direction == "floor"):
            slack = ONE - _grain(atom.argument, facts)
            bound = bound + slack if atom.direction == "ceil" else bound - slack
        expr = expr + (bound - from_atom(atom)) * factor
    return expr


def rounded_gap(expr: Expr, frame: Frame) -> tuple[Expr, bool] | None:
    """(the most that a⌊x + d⌋ − a⌊x⌋ + c is at any place; is it reached?), where x is a multiple of 1/q and moves by
    1/q; None for anything else."""
    atoms = [a for a in expr.atoms() if isinstance(a, Rounded) and any(s in frame.ranges for s in a.argument.symbols())]
    factors = {
        a: total(Expr({tuple(p for p in m if p[0] != a): c}) for m, c in expr.terms.items() if (a, 1) in m)
        for a in atoms
    }
    if len(atoms) != 2 or factors[atoms[0]] + factors[atoms[1]]:
        return None
    above, below = atoms if frame.facts.nonnegative(factors[atoms[0]]) else reversed(atoms)
    factor = factors[above]
    rest = expr - factor * (from_atom(above) - from_atom(below))
    arguments = [_from_below(a, frame.facts) for a in (above, below)]
    if None in arguments or not frame.facts.nonnegative(factor):
        return None
    gap = arguments[0] - arguments[1]  # type: ignore[operator]
    grain = _grain(below.argument, frame.facts)
    if any(s in frame.ranges for s in gap.symbols() | rest.symbols()) or not grain:
        return None
    moving = [s for s in below.argument.symbols() if s in frame.ranges]
    evenly = len(moving) == 1 and below.argument.coefficients(moving[0]).get(1) == grain
    return rest + factor * build.floor(gap + 1 - grain, frame.facts), evenly


def _from_below(atom: Rounded, facts: Facts) -> Expr | None:
    """x of ⌊x⌋; a number that is rounded up as one that is rounded down."""
    if atom.direction == "floor":
        return atom.argument
    grain = _grain(atom.argument, facts)
    return atom.argument + 1 - grain if grain else None


def _grain(argument: Expr, facts: Facts) -> Expr:
    """1/q, if the argument is a multiple of it; otherwise 0."""
    for monomial, coefficient in argument.terms.items():
        below = Expr({tuple((a, -e) for a, e in monomial if e < 0): 1})
        scale = below * coefficient.denominator
        if scale != ONE and all(facts.is_integer(term * scale) for term in argument):
            return ONE / scale
    return ZERO


# ---------------------------------------------------------------- gaps


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


def all_taps(interval: Interval) -> tuple[Taps, ...]:
    """All progressions of an interval, a part without gaps as one."""
    if interval.taps:
        return interval.taps
    reach = interval.upper - interval.lower
    return (Taps(ONE, reach + 1),) if reach else ()


# ---------------------------------------------------------------- one after the other


@dataclass(frozen=True)
class Slope:
    """By how much an end moves with a place: `above` for each, or for each `below` of them where it is rounded."""

    above: Expr
    below: Expr = ONE


def slope_of(end: Expr, symbol: Symbol) -> Slope | None:
    powers = end.coefficients(symbol)
    if set(powers) <= {0, 1}:
        rest = powers.get(0, ZERO)
        if not rest.mentions(symbol):
            return Slope(powers.get(1, ZERO))
    for monomial, coefficient in end.terms.items():
        rounded = [a for a, e in monomial if isinstance(a, Rounded) and e == 1 and a.argument.mentions(symbol)]
        if len(rounded) != 1:
            continue
        others = end - Expr({monomial: coefficient})
        inner = rounded[0].argument.coefficients(symbol)
        if others.mentions(symbol) or set(inner) - {0, 1} or inner.get(0, ZERO).mentions(symbol):
            return None
        factor = Expr({tuple(p for p in monomial if p[0] != rounded[0]): coefficient})
        if inner[1].symbols() and any(s.kind == "index" for s in inner[1].symbols()):
            return None
        return Slope(factor, ONE / inner[1])
    return None


def after(inner: Interval, arguments: Mapping[int, Interval], frame: Frame) -> Interval:
    """What is seen by way of elements of another tensor: they see `inner`, and lie, on its axes, at `arguments`."""
    if (quick := _window_after(inner, arguments, frame.facts)) is not None:
        return quick
    axes = [k for k in arguments if inner.mentions(place(k))]
    if all(arguments[k].still == k for k in axes):
        return inner
    if len(axes) == 1 and inner.still == axes[0]:
        argument = arguments[axes[0]]
        if argument.sliding and argument.size == inner.size:
            return argument
    symbols = inner.symbols.union(*(arguments[k].symbols for k in axes))
    key = ("after", inner, *((k, arguments[k]) for k in axes), frame.about(symbols))
    if key not in frame.facts.found:
        frame.facts.found[key] = _after(inner, {k: arguments[k] for k in axes}, axes, frame)
    found: Interval = frame.facts.found[key]
    return found


def _after(inner: Interval, arguments: Mapping[int, Interval], axes: list[int], frame: Frame) -> Interval:
    why = inner.why or next((arguments[k].why for k in axes if arguments[k].why), "")
    if inner.taps and _all_keep_still(inner, arguments, axes, frame):
        return whole(inner.size)
    around = [k for k in axes if arguments[k].wraps]
    if around and not _goes_round(inner, arguments, axes, frame):
        return whole(inner.size, why or "positions are shifted round a sequence in a way that is not followed")
    wraps = inner.wraps or bool(around)
    ends = _edges_after(inner, arguments, axes) or _ends_after(inner, arguments, axes, frame, wraps=wraps)
    if ends is None:
        return _all_remainders(inner, arguments, axes, why, frame)
    found = Interval(*ends, inner.size, why=why, wraps=wraps)
    if inner.near is not None or any(arguments[k].near is not None for k in axes):
        near, why = _nearer(inner, arguments, axes, frame)
        found = replace(found, near=near, why=found.why or why)
    taps, why = _taps_after(inner, arguments, axes, frame)
    counted = [Taps(t.step, _put(t.count, arguments, axes, frame.facts, largest=True) or inner.size) for t in taps]
    found = replace(found, taps=filled(counted, frame.facts), why=found.why or why)
    return endless(replace(found, sides=_sides_after(inner, arguments, axes, found, frame.facts)), frame)


def _window_after(inner: Interval, arguments: Mapping[int, Interval], facts: Facts) -> Interval | None:
    """Windows one after the other, as whole numbers."""
    argument = arguments.get(int(inner.window.place.name[1:])) if inner.window is not None else None
    if argument is None or argument.edges is None:
        return None
    key = "window", inner, argument
    if key not in facts.found:
        facts.found[key] = _joined_windows(inner, argument)
    found: Interval | None = facts.found[key]
    return found


def _joined_windows(inner: Interval, argument: Interval) -> Interval | None:
    """What windows see by way of windows, or by way of steps that they fill in; None if that is not a window."""
    if inner.window is None or argument.edges is None:
        return None
    if argument.window is not None:
        window = argument.window.after(inner.window)
    else:
        window = argument.edges.around(inner.window) if _fills(inner.window, argument) else None
    if window is None:
        return None
    lower, upper = expression(window.place, window.lower), expression(window.place, window.upper)
    found = Interval(lower, upper, inner.size)
    found.__dict__["edges"] = window
    return found


def _fills(window: Window, argument: Interval) -> bool:
    """Does a window reach from one step to the next one, on both sides?"""
    if not argument.sliding or argument.sides is None or not (window.lower.steady and window.upper.steady):
        return False
    reach = min(-window.lower.offset, window.upper.offset)
    steps = [tap.step.integer() for tap in argument.taps]
    return bool(steps) and all(step is not None and 0 < step <= reach + 1 for step in steps)


def _edges_after(inner: Interval, arguments: Mapping[int, Interval], axes: list[int]) -> tuple[Expr, Expr] | None:
    """The ends of what is seen, as whole numbers."""
    edges = arguments[axes[0]].edges if len(axes) == 1 else None
    window = edges.around(inner.edges) if edges is not None and inner.edges is not None else None
    if window is None:
        return None
    return expression(window.place, window.lower), expression(window.place, window.upper)


def _ends_after(
    inner: Interval, arguments: Mapping[int, Interval], axes: list[int], frame: Frame, *, wraps: bool
) -> tuple[Expr, Expr] | None:
    """The ends of what is seen; None where an end does not move one way."""
    clipped = _on_axes(inner, arguments, axes, frame)
    lower = _put(inner.lower, clipped, axes, frame.facts, largest=False)
    upper = _put(inner.upper, clipped, axes, frame.facts, largest=True)
    if lower is None or upper is None:
        return None
    lower, upper = frame.tidy(lower), frame.tidy(upper)
    if not wraps:
        lower = unclipped(lower, "max", ZERO, frame)
        upper = unclipped(upper, "min", inner.size - 1, frame)
        if not inner.taps and not any(arguments[k].taps for k in axes):
            lower, upper = _bordered(lower, upper, inner.size, frame)
    return lower, upper


def unclipped(end: Expr, operator: str, border: Expr, frame: Frame) -> Expr:
    """max(0, n − w) as n − w: the border cuts every interval off, whether it says so or not. Only an end that rises
    with the place: another one could come back from beyond the border."""
    arms = _arms(end, operator)
    if not arms:
        return end
    sign = 1 if operator == "max" else -1
    arms = [frame.tidy(arm) for arm in arms]
    kept = [arm for arm in arms if not frame.nonnegative((border - arm) * sign)]
    if kept and len(kept) < len(arms) and all(_rises(arm, frame) for arm in kept):
        return (build.maximum if operator == "max" else build.minimum)(kept, frame.facts)
    return end


def _arms(end: Expr, operator: str) -> list[Expr]:
    """The arms of an end that is a maximum (minimum) of several: c + max(a, b), or c − min(a, b)."""
    for atom in end.atoms():
        if isinstance(atom, Extreme):
            sign = end.terms.get(((atom, 1),))
            if (sign == 1 and atom.operator == operator) or (sign == -1 and atom.operator != operator):
                rest = end - from_atom(atom) * sign
                return [rest + arm * sign for arm in atom.arguments]
    return []


def _rises(end: Expr, frame: Frame) -> bool:
    return all(direction(end, symbol, frame.facts) > 0 for symbol in end.symbols() & frame.ranges.keys())


def _all_keep_still(inner: Interval, arguments: Mapping[int, Interval], axes: list[int], frame: Frame) -> bool:
    """Are all positions read, each of which sees itself at least?"""
    if len(axes) != 1 or inner.why:
        return False
    (k,) = axes
    argument = arguments[k]
    itself = own(k, inner.size)
    same = inner.size == argument.size and argument.certain and argument.near is None
    return same and everything(argument, frame) and _is_tap(inner, itself, frame)


def _bordered(lower: Expr, upper: Expr, size: Expr, frame: Frame) -> tuple[Expr, Expr]:
    """Ends that are the same at every place, cut off at the border."""
    places = frame.ranges.keys()
    if not lower.symbols() & places and frame.facts.nonnegative(-lower):
        lower = ZERO
    if not upper.symbols() & places and frame.facts.nonnegative(upper - size + 1):
        upper = size - 1
    return lower, upper


def endless(interval: Interval, frame: Frame) -> Interval:
    """n mod s, …, n − s as steps of s that go on beyond the border, which cuts them off: ends that rise with the
    place."""
    lower, upper = interval.lower, interval.upper
    if len(interval.taps) != 1 or not _rounds(lower) or _rounds(upper):
        return interval
    step = interval.taps[0].step
    if not frame.nonnegative(step - 1 - lower):
        return interval
    many = build.ceil(interval.size / step, frame.facts)
    taps = (Taps(step, many + 1),)
    here = next((from_atom(s) for s in upper.symbols() if s in frame.ranges), upper)
    found = replace(interval, lower=upper - step * many, taps=taps)
    return replace(found, sides=one_sided(found, here, frame.facts))


def _rounds(end: Expr) -> bool:
    return any(isinstance(atom, Rounded) for atom in end.atoms())


def _goes_round(inner: Interval, arguments: Mapping[int, Interval], axes: list[int], frame: Frame) -> bool:
    """Does an interval go on evenly where the places of its elements are shifted round?"""
    if len(axes) != 1 or inner.near is not None:
        return False
    (k,) = axes
    size = arguments[k].size
    return inner.size == size and _shift(inner, place(k), size, frame.facts) == size


def _all_remainders(
    inner: Interval, arguments: Mapping[int, Interval], axes: list[int], why: str, frame: Frame
) -> Interval:
    """Of a run of places that is as long as what they are divided by, all remainders; anything else at most."""
    if inner.point and len(axes) == 1 and arguments[axes[0]].certain and arguments[axes[0]].near is None:
        argument = arguments[axes[0]]
        found = _remainder(inner.lower, place(axes[0]))
        if found is not None:
            least, modulus = found
            if frame.nonnegative(argument.upper - argument.lower + 1 - modulus):
                return Interval(least, least + modulus - 1, inner.size, why=why)
    return whole(inner.size, why or "positions are read in an order that is not followed")


def _remainder(end: Expr, symbol: Symbol) -> tuple[Expr, Expr] | None:
    """(c, m) of an end that is the remainder of a place, divided by m, plus c."""
    for atom in end.atoms():
        if isinstance(atom, Rounded) and atom.direction == "floor" and atom.argument.mentions(symbol):
            for monomial, coefficient in end.terms.items():
                if dict(monomial).get(atom) == 1:
                    modulus = -Expr({tuple(p for p in monomial if p[0] != atom): coefficient})
                    rest = end + (from_atom(atom) - atom.argument) * modulus
                    slope = (atom.argument * modulus).coefficients(symbol)
                    if not any(s.kind == "index" for s in rest.symbols()) and slope.get(1) == ONE:
                        return rest, modulus
    return None


def _put(
    end: Expr, arguments: Mapping[int, Interval | Near], axes: Iterable[int], facts: Facts, *, largest: bool
) -> Expr | None:
    """An end where each place is at that end of its interval that makes it largest (smallest)."""
    values: dict[Symbol, Expr] = {}
    for k in axes:
        symbol, edges = place(k), arguments[k]
        if not end.mentions(symbol):
            continue
        rises = 1 if edges.lower == edges.upper else direction(end, symbol, facts)
        if not rises:
            return None
        values[symbol] = edges.upper if (rises > 0) == largest else edges.lower
    return substitute(end, values, facts)


def _on_axes(
    inner: Interval, arguments: Mapping[int, Interval], axes: Iterable[int], frame: Frame
) -> dict[int, Interval]:
    """The intervals of the places, cut off at the borders of their axes where that makes a difference: where what is
    seen from the border is not cut off itself. A stride that leaves out the last positions of an axis is taken to see
    them."""
    found = dict(arguments)
    for k in axes:
        argument, symbol = arguments[k], place(k)
        slopes = [slope_of(end, symbol) for end in (inner.lower, inner.upper)]
        plain = [s for s in slopes if s is not None and s.below == ONE and s.above.constant in (1, -1)]
        ragged = any(s.kind == "index" for s in argument.size.symbols())
        if len(plain) < 2 or ragged or argument.point or argument.wraps or argument.near is not None:
            continue
        last = argument.size - 1
        lower, upper = argument.lower, argument.upper
        if not frame.nonnegative(lower) and not _cut_off(inner, symbol, ZERO, plain[0].above, frame):
            lower = build.maximum((lower, ZERO), frame.facts)
        if not frame.nonnegative(last - upper) and not _cut_off(inner, symbol, last, -plain[0].above, frame):
            upper = build.minimum((upper, last), frame.facts)
        found[k] = replace(argument, lower=lower, upper=upper)
    return found


def _cut_off(inner: Interval, symbol: Symbol, border: Expr, slope: Expr, frame: Frame) -> bool:
    """Does what is seen from the border of an axis reach the border of the source, on the side to which it goes on?"""
    at = {symbol: border}
    lower, upper = substitute(inner.lower, at, frame.facts), substitute(inner.upper, at, frame.facts)
    if slope.constant == 1:
        return frame.nonnegative(-lower) or frame.nonnegative(-upper)
    return frame.nonnegative(upper - inner.size + 1) or frame.nonnegative(lower - inner.size + 1)


def _nearer(
    inner: Interval, arguments: Mapping[int, Interval], axes: Iterable[int], frame: Frame
) -> tuple[Near | None, str]:
    edges = inner.near if inner.near is not None else Near(inner.lower, inner.upper)
    nearest = {k: arguments[k].near or arguments[k] for k in axes}
    lower = _put(edges.lower, nearest, axes, frame.facts, largest=False)
    upper = _put(edges.upper, nearest, axes, frame.facts, largest=True)
    paces = {inner.near.pace} if inner.near is not None else set()
    for k in axes:
        argument = arguments[k]
        if argument.near is not None:
            slopes = [slope_of(end, place(k)) for end in (inner.lower, inner.upper, edges.lower, edges.upper)]
            moving = [s for s in slopes if s is not None and s.above]
            if None in slopes or any(s != moving[0] for s in moving):
                return None, "a recurrence runs over positions that are spread unevenly"
            if moving:
                paces.add(argument.near.pace * moving[0].above / moving[0].below)
    if lower is None or upper is None or len(paces) != 1:
        return None, "recurrences of different paces follow each other"
    return Near(frame.tidy(lower), frame.tidy(upper), paces.pop()), ""


def _taps_after(
    inner: Interval, arguments: Mapping[int, Interval], axes: list[int], frame: Frame
) -> tuple[list[Taps], str]:
    """The progressions of both together; why they are not known, if they are not."""
    moving = [k for k in axes if not _nested_by(inner, arguments[k], place(k))]
    taps = list(inner.taps)
    why = ""
    if not moving:
        return taps, ""
    if not taps and len(moving) == 1 and not arguments[moving[0]].taps and _touching(inner):
        return [], ""
    run, taken = (None, False) if inner.taps else _run(inner, arguments, moving, frame)
    if run is not None:
        taps += [Taps(ONE, run + 1)]
    for k in moving:
        for tap in all_taps(arguments[k])[1 if taken else 0 :]:
            shift = _shift(inner, place(k), tap.step, frame.facts)
            if shift is None:
                why = STEPS
            else:
                taps.append(Taps(shift if frame.facts.nonnegative(shift) else -shift, tap.count))
    return taps, why


def _touching(inner: Interval) -> bool:
    """Does what is seen of one place touch what is seen of the next one, by ends that move evenly?"""
    edges = inner.edges
    evenly = edges is not None and edges.lower.below == 1 and edges.lower.pace == edges.upper.pace
    return evenly and edges is not None and edges.gapless()


def _nested_by(inner: Interval, argument: Interval, symbol: Symbol) -> bool:
    """Does an argument add no gaps: one position, intervals with one end in common, or all up to some position?"""
    if argument.point or not (inner.lower.mentions(symbol) and inner.upper.mentions(symbol)):
        return True
    return argument.near is not None and not argument.taps


def _run(
    inner: Interval, arguments: Mapping[int, Interval], moving: list[int], frame: Frame
) -> tuple[Expr | None, bool]:
    """(How far the positions reach, at least, that are seen without a gap by way of the first position of an argument,
    or by way of the first run of it; is it the run?)."""
    values = {place(k): arguments[k].lower for k in moving}
    if len(moving) == 1:
        (k,) = moving
        symbol, argument = place(k), arguments[k]
        first = next(iter(all_taps(argument)), None)
        if first is not None and first.step == ONE:
            gap = inner.upper + 1 - substitute(inner.lower, {symbol: from_atom(symbol) + 1}, frame.facts)
            if frame.within({symbol: (argument.lower, argument.upper)}).nonnegative(gap):
                last = {symbol: argument.lower + first.reach}
                return _reach(inner, values, last, frame), True
    return _reach(inner, values, values, frame), False


def _reach(inner: Interval, first: Mapping[Symbol, Expr], last: Mapping[Symbol, Expr], frame: Frame) -> Expr | None:
    reach = substitute(inner.upper, last, frame.facts) - substitute(inner.lower, first, frame.facts)
    least = frame.least(frame.tidy(reach))
    return None if least is None or any(s.kind == "index" for s in least.symbols()) else least


def _shift(inner: Interval, symbol: Symbol, step: Expr, facts: Facts) -> Expr | None:
    """By how much the interval moves with a step of a place, if that is the same everywhere."""
    moved = {symbol: from_atom(symbol) + step}
    shifts = {substitute(end, moved, facts) - end for end in (inner.lower, inner.upper)}
    shift = shifts.pop()
    return shift if not shifts and not any(s.kind == "index" for s in shift.symbols()) else None


def one_sided(interval: Interval, own_: Expr, facts: Facts) -> Sides | None:
    """The gaps on each side of the own position, if that is one of the taps of a single progression."""
    if not interval.taps:
        return NO_GAPS
    back, ahead = own_ - interval.lower, interval.upper - own_
    if facts.nonnegative(-ahead):
        return interval.taps, ()
    if facts.nonnegative(-back):
        return (), interval.taps
    if len(interval.taps) == 1:
        step = interval.taps[0].step
        if facts.is_integer(back / step) and facts.nonnegative(back) and facts.nonnegative(ahead):
            return filled((Taps(step, back / step + 1),), facts), filled((Taps(step, ahead / step + 1),), facts)
    return None


def _sides_after(
    inner: Interval, arguments: Mapping[int, Interval], axes: list[int], found: Interval, facts: Facts
) -> Sides | None:
    if inner.sides == NO_GAPS and all(arguments[k].sides == NO_GAPS for k in axes):
        return NO_GAPS
    if inner.sides is not None and all(not _moves(arguments[k]) for k in axes):
        return NO_GAPS if not found.taps else None  # of all elements each goes its way once
    if inner.sides is None or len(axes) != 1 or arguments[axes[0]].sides is None:
        return None
    argument, here = arguments[axes[0]], from_atom(place(axes[0]))
    own_ = next((from_atom(s) for s in argument.upper.symbols() if s.name.startswith("@")), None)
    if own_ is None:
        return None
    if facts.nonnegative(here - inner.upper) and facts.nonnegative(own_ - argument.upper):
        return found.taps, ()
    if facts.nonnegative(inner.lower - here) and facts.nonnegative(argument.lower - own_):
        return (), found.taps
    if slope_of(inner.lower, place(axes[0])) != Slope(ONE):
        return None
    return tuple(  # type: ignore[return-value]
        filled((*_side(inner, side, here, inner.sides), *_side(argument, side, own_, argument.sides)), facts)
        for side in (0, 1)
    )


def _moves(interval: Interval) -> bool:
    return any(s.name.startswith("@") for end in interval.ends() for s in end.symbols())


def _side(interval: Interval, side: int, own_: Expr, sides: Sides | None) -> tuple[Taps, ...]:
    """All progressions on one side, a part without gaps as one."""
    assert sides is not None
    reach = own_ - interval.lower if side == 0 else interval.upper - own_
    return sides[side] or ((Taps(ONE, reach + 1),) if reach else ())


# ---------------------------------------------------------------- order


def covers(large: Interval, small: Interval, frame: Frame) -> bool:
    """Does the first interval hold everything that the second one does, over no more evaluations of a cell?"""
    if large is small or large == small:
        return True
    if large.window is not None and small.window is not None:
        held = large.window.holds(small.window)
        if held is not None:
            return held
    key = ("covers", large, small, frame.about(large.symbols | small.symbols))
    if key not in frame.facts.found:
        frame.facts.found[key] = _covers(large, small, frame)
    found: bool = frame.facts.found[key]
    return found


def _covers(large: Interval, small: Interval, frame: Frame) -> bool:
    if large.why and not small.why:
        return False
    if large.wraps or small.wraps:
        return large.certain and everything(large, frame)
    if not _holds(large, small, frame):
        return False
    if (
        large.taps
        and not (large.lower == small.lower and large.taps == small.taps)
        and not _is_tap(large, small, frame)
    ):
        return False
    if large.near is not None:
        near = large.near
        edges = small.near if small.near is not None else small
        if small.near is not None and small.near.pace != near.pace:
            return False
        return _inside(near.lower, near.upper, edges.lower, edges.upper, large.size, frame)
    return True


def everything(interval: Interval, frame: Frame) -> bool:
    """Does an interval hold the whole axis, for every place?"""
    if interval.wraps:
        return frame.nonnegative(interval.upper - interval.lower + 1 - interval.size)
    return frame.nonnegative(-interval.lower) and frame.nonnegative(interval.upper - interval.size + 1)


def _holds(large: Interval, small: Interval, frame: Frame) -> bool:
    """Do the ends hold those of another interval, but for what lies outside the axis?"""
    if large.edges is None or small.edges is None or large.edges.place != small.edges.place:
        return _inside(large.lower, large.upper, small.lower, small.upper, large.size, frame)
    before = large.edges.lower.before(small.edges.lower)
    behind = small.edges.upper.before(large.edges.upper)
    return (
        before or (before is None and frame.nonnegative(small.lower - large.lower)) or frame.nonnegative(-large.lower)
    ) and (
        behind
        or (behind is None and frame.nonnegative(large.upper - small.upper))
        or frame.nonnegative(large.upper - large.size + 1)
    )


def _inside(lower: Expr, upper: Expr, first: Expr, last: Expr, size: Expr, frame: Frame) -> bool:
    """Does lower..upper hold first..last, but for what lies outside the axis?"""
    before = lower == ZERO or frame.nonnegative(first - lower) or frame.nonnegative(-lower)
    return before and (upper == size - 1 or frame.nonnegative(upper - last) or frame.nonnegative(upper - size + 1))


def _is_tap(large: Interval, small: Interval, frame: Frame) -> bool:
    """Is a single position one of the taps?"""
    if not small.point:
        return False
    if small.lower in (large.lower, large.upper):
        return True
    if len(large.taps) == 1:
        tap = large.taps[0]
        number = (small.lower - large.lower) / tap.step
        return (
            frame.facts.is_integer(number) and frame.nonnegative(number) and frame.nonnegative(tap.count - 1 - number)
        )
    return False
