"""What an equation reads along the axes of a tensor: index expressions in, intervals in the target's places out.

Free indices are replaced by the places of the target on whose axes they stand (merged ones by quotients and
remainders), bound ones by their ranges. Conditions on indices narrow ranges; what data decides is read at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ..algebra import build
from ..algebra.atoms import Rounded, Symbol
from ..algebra.build import symbol_of
from ..algebra.expression import ONE, ZERO, Expr, from_atom
from ..algebra.facts import Facts
from ..algebra.ranges import extreme
from ..algebra.substitution import substitute
from ..program import Equation
from ..scalars import (
    Choice,
    Merged,
    Operation,
    Position,
    Read,
    Reduction,
    Scalar,
    Size,
    Subscript,
    children,
    place,
    position,
    reads,
)
from .carrying import text_of
from .frames import Frame
from .gaps import Taps, filled
from .spans import CONDITION, STEPS, Interval, endless, one_sided, unclipped, whole

Ends = tuple[Expr, Expr]
ORDERS = {"<": (-1, 1), "<=": (-1, 0), ">": (1, 1), ">=": (1, 0)}


@dataclass(frozen=True)
class Guarded:
    """A read with what must hold for it to count: expressions that are at least 0, expressions that are 0, and a
    reason why it is not known which of them are read. One that names the place at which another tensor is read, or on
    which a condition depends, `decides` what is read."""

    read: Read
    orders: tuple[Expr, ...] = ()
    equal: tuple[Expr, ...] = ()
    why: str = ""
    decides: bool = False


def guarded(
    scalar: Scalar, orders: tuple[Expr, ...] = (), equal: tuple[Expr, ...] = (), why: str = ""
) -> Iterator[Guarded]:
    """Every read of a scalar, look-ups inside subscripts included, with the conditions that it stands under."""
    match scalar:
        case Read():
            yield Guarded(scalar, orders, equal, why)
            held = scalar.tensor.kind in ("weight", "buffer")  # a look-up in a table reads a value, not a position
            for inner in children(scalar):
                for one in guarded(inner, orders, equal, why):
                    yield replace(one, decides=not held)
        case Choice(then=then, condition=condition, otherwise=otherwise):
            yield from guarded(condition, orders, equal, why)
            data = next(reads(condition), None) is not None  # as in a rectifier: both arms count
            for arm, wanted in ((then, True), (otherwise, False)):
                more, same, sure = conditions(condition, wanted)
                yield from guarded(arm, (*orders, *more), (*equal, *same), why or ("" if sure or data else CONDITION))
        case Reduction(where=condition, body=body) if condition is not None:
            more, same, sure = conditions(condition, True)
            data = next(reads(condition), None) is not None
            told = "a condition on data decides which positions are read" if data else ""
            for one in guarded(condition, orders, equal, why):
                yield replace(one, decides=True)
            reason = why or told or ("" if sure else CONDITION)
            yield from guarded(body, (*orders, *more), (*equal, *same), reason)
        case _:
            for child in children(scalar):
                yield from guarded(child, orders, equal, why)


def conditions(scalar: Scalar, wanted: bool) -> tuple[list[Expr], list[Expr], bool]:
    """(expressions that are at least 0, expressions that are 0, is that all?) where a condition on indices holds, or
    does not."""
    match scalar:
        case Operation(kind="not", operands=(inner,)):
            return conditions(inner, not wanted)
        case Operation(kind=("and" | "or") as kind, operands=operands):
            if wanted != (kind == "and"):
                return [], [], False
            found = [conditions(operand, wanted) for operand in operands]
            return [o for f in found for o in f[0]], [e for f in found for e in f[1]], all(f[2] for f in found)
        case Operation(kind=kind, operands=(Size(value=left), Size(value=right))):
            if kind in ORDERS:
                sign, strict = ORDERS[kind]
                gap = (left - right) * sign - strict
                return [gap if wanted else -gap - 1], [], True
            if (kind == "==") == wanted and kind in ("==", "!="):
                return [], [left - right], True
    return [], [], False


class Reading:
    """The index space of one equation, seen from the places of its target."""

    def __init__(self, equation: Equation, facts: Facts) -> None:
        self.equation = equation
        self.facts = facts
        self.text = text_of(equation)
        ranges = {place(n): (axis.lower, axis.upper) for n, axis in enumerate(equation.target.axes)}
        self.own: dict[Symbol, Expr] = {}
        for axis, subscript in enumerate(equation.subscripts):
            self._place(subscript, from_atom(place(axis)))
        for index in equation.indices:  # a range that is stated for a free index is that of its axis, and no wider
            if index.symbol in self.own:
                at = symbol_of(self.own[index.symbol])
                if at in ranges:
                    ranges[at] = (self._placed(index.lower), self._placed(index.upper))
        self.frame = Frame.known(ranges, facts)
        self.bound: dict[Symbol, Ends] = {
            index.symbol: (self._placed(index.lower), self._placed(index.upper))
            for index in (*equation.indices, *self.text.bound)
            if index.symbol not in self.own
        }

    @cached_property
    def reads(self) -> tuple[Guarded, ...]:
        return tuple(guarded(self.equation.body))

    def _place(self, subscript: Subscript, at: Expr) -> None:
        """The free indices of a subscript by the place at which it stands; of merged ones the last runs fastest."""
        match subscript:
            case Merged(parts=parts, sizes=sizes):
                for part, size in reversed(list(zip(parts, sizes, strict=True))):
                    rest = build.floor(at / size, self.facts)
                    self._place(part, at - rest * size if part is not parts[0] else at)
                    at = rest
            case Position(value=value):
                symbol = symbol_of(value)
                if symbol is not None:
                    self.own.setdefault(symbol, at)

    def _placed(self, expr: Expr) -> Expr:
        return substitute(expr, self.own, self.facts)

    # ---------------------------------------------------------------- intervals

    def seen(self, read: Guarded, axes: Iterable[int]) -> dict[int, Interval]:
        """Where an element of the target reads a tensor, on each of these axes."""
        wanted = sorted(axes)
        bounds, equal, rest = self._narrowed(read)
        found: dict[int, Interval] = {}
        for axis in wanted:
            found[axis] = self._interval(read, axis, bounds, equal)
        shared = self._shared(read, wanted)
        why = read.why or ("indices are read together on several axes" if shared else "") or rest
        if why:
            found = {k: i if i.why else replace(i, why=why) for k, i in found.items()}
        return found

    def _shared(self, read: Guarded, axes: list[int]) -> bool:
        """Does an index that is summed over, and is no single position, stand on several of the axes?"""
        seen: set[Symbol] = set()
        for axis in axes:
            value = position(read.read.subscripts[axis])
            inside = {s for s in value.symbols() if s in self.bound} if value is not None else set()
            if inside & seen:
                return True
            seen |= inside
        return False

    def under(self, read: Guarded, given: tuple[Expr, ...]) -> Guarded:
        """The read of an element for which something holds at its places."""
        if not given:
            return read
        at = {place(k): v for k, s in enumerate(read.read.subscripts) if (v := position(s)) is not None}
        orders = tuple(substitute(order, at, self.facts) for order in given)
        known = tuple(o for o in orders if not any(s.name.startswith("@") for s in o.symbols()))
        return replace(read, orders=(*read.orders, *known))

    def _told(self, read: Guarded) -> list[Expr]:
        """What is at least 0 at the places of the target for a read to count, whatever is summed over."""
        orders = [*read.orders, *read.equal, *(-e for e in read.equal)]
        return [gap for gap in map(self._placed, orders) if not any(s in self.bound for s in gap.symbols())]

    def given(self, read: Guarded) -> tuple[Expr, ...]:
        """What holds at the places at which this read counts, where that is no part of an axis."""
        others = [gap for gap in self._told(read) if _on_an_axis(gap, self.frame) is None]
        return tuple(dict.fromkeys(g for g in others if not self.frame.nonnegative(g)))

    def domain(self, read: Guarded) -> dict[int, Ends]:
        """The places of the target at which this read counts, where that is a part of an axis."""
        found: dict[int, Ends] = {}
        for gap in self._told(read):
            told = _on_an_axis(gap, self.frame)
            if told is None:
                continue
            symbol, slope, rest = told
            axis = int(symbol.name[1:])
            lower, upper = found.get(axis, self.frame.ranges[symbol])
            if slope == ONE:
                found[axis] = build.maximum((lower, -rest), self.facts), upper
            else:
                found[axis] = lower, build.minimum((upper, rest), self.facts)
        return found

    def _narrowed(self, read: Guarded) -> tuple[dict[Symbol, Ends], list[Expr], str]:
        """The ranges of the bound indices under the conditions of a read, the equalities, and a reason if a condition
        is not one that narrows a range."""
        bounds = dict(self.bound)
        rest = ""
        subscripts = [position(s) for s in read.read.subscripts]
        for order, gap in ((o, self._placed(o)) for o in read.orders):
            inside = [s for s in gap.symbols() if s in bounds]
            if not inside:
                continue
            if any(v is not None and self._border(order, v, axis, read) for axis, v in enumerate(subscripts)):
                continue
            slopes = {s: gap.coefficients(s) for s in inside}
            alone = [
                s for s in inside if len(inside) == 1 and slopes[s].get(1) in (ONE, -ONE) and set(slopes[s]) <= {0, 1}
            ]
            if not alone:
                rest = CONDITION
                continue
            (symbol,) = alone
            lower, upper = bounds[symbol]
            end = slopes[symbol].get(0, ZERO)
            if slopes[symbol][1] == ONE:
                bounds[symbol] = (build.maximum((lower, -end), self.facts), upper)
            else:
                bounds[symbol] = (lower, build.minimum((upper, end), self.facts))
        return bounds, [self._placed(e) for e in read.equal], rest

    def _border(self, order: Expr, value: Expr, axis: int, read: Guarded) -> bool:
        """Is the condition that of lying inside the tensor, where reading outside brings nothing anyway?"""
        size = read.read.tensor.axes[axis].size
        return order in (value, size - 1 - value)

    def _interval(self, read: Guarded, axis: int, bounds: Mapping[Symbol, Ends], equal: list[Expr]) -> Interval:
        tensor = read.read.tensor
        size = tensor.axes[axis].upper + 1
        value = position(read.read.subscripts[axis])
        if value is None:
            return whole(size, f"`{tensor.name}` is read at a place that data decides")
        value = self._placed(value)
        if symbol_of(value) in self.frame.ranges:
            return Interval(value, value, size)
        value, scale = self._solved(value, bounds, equal)
        inside = {s: bounds[s] for s in value.symbols() if s in bounds}
        lower = extreme(value, dict(bounds), self.facts, largest=False) if inside else value
        upper = extreme(value, dict(bounds), self.facts, largest=True) if inside else value
        if lower is None or upper is None or any(s in bounds for s in lower.symbols() | upper.symbols()):
            return whole(size, f"`{tensor.name}` is read at places that are not followed")
        if scale != ONE:
            lower, upper = build.ceil(lower, self.facts), build.floor(upper, self.facts)
        lower = unclipped(lower, "max", ZERO, self.frame)
        upper = unclipped(upper, "min", size - 1, self.frame)
        taps, why = self._taps(value, bounds, inside, scale)
        lower, upper = self.frame.tidy(lower), self.frame.tidy(upper)
        found = endless(Interval(lower, upper, size, filled(taps, self.facts), why=why), self.frame)
        if found.point:
            return self._round(found)
        if not found.taps:
            return found
        own = next((from_atom(s) for s in lower.symbols() if s in self.frame.ranges), None)
        sides = one_sided(found, own, self.facts) if own is not None else None
        return replace(found, sides=sides)

    def _round(self, found: Interval) -> Interval:
        """A position modulo the length of the axis, where it goes once round it, as one that wraps."""
        for atom in found.lower.atoms():
            here = found.lower + from_atom(atom) * found.size
            if isinstance(atom, Rounded) and atom.argument * found.size == here:
                first, last = self.frame.least(here), self.frame.most(here)
                if first is not None and last is not None and last - first + 1 == found.size:
                    return replace(found, lower=here, upper=here, wraps=True)
        return found

    def _solved(self, value: Expr, bounds: Mapping[Symbol, Ends], equal: list[Expr]) -> tuple[Expr, Expr]:
        """The value with an index put in that a condition determines, and what it is divided by for that: of the
        quotients the whole ones count."""
        for equation in equal:
            for symbol in [s for s in value.symbols() if s in bounds]:
                powers = equation.coefficients(symbol)
                slope = powers.get(1)
                if slope is None or set(powers) - {0, 1} or any(s.kind == "index" for s in slope.symbols()):
                    continue
                if set(value.coefficients(symbol)) - {0, 1}:
                    continue
                answer = -powers.get(0, ZERO) / slope
                return substitute(value, {symbol: answer}, self.facts), slope if slope != -ONE else ONE
        return value, ONE

    def _taps(
        self, value: Expr, bounds: Mapping[Symbol, Ends], inside: Mapping[Symbol, Ends], scale: Expr
    ) -> tuple[list[Taps], str]:
        """The progressions of the bound indices in a value; why they are not known, if they are not."""
        taps: list[Taps] = []
        for symbol, (first, last) in inside.items():
            count = extreme(last - first + 1, dict(bounds), self.facts, largest=True)
            if count is None:
                return [], "a range depends on an index in a way that is not followed"
            step = self._step(value, symbol)
            if step is None:
                return [], "an index expression that is not linear"
            taps.append(Taps(step * scale, count))
        if scale != ONE:  # of the quotients of a run of numbers every whole one is there
            steps = filled(taps, self.facts)
            return [], STEPS if steps else ""
        if any(_moving(lower, upper) for lower, upper in inside.values()) and all(t.step == ONE for t in taps):
            return [], ""
        return taps, ""

    def _step(self, value: Expr, symbol: Symbol) -> Expr | None:
        """By how much a value moves with an index; by at most one where it is a rounded quotient."""
        powers = value.coefficients(symbol)
        step = powers.get(1, ZERO)
        linear = set(powers) <= {0, 1} and not powers.get(0, ZERO).mentions(symbol)
        if linear and not any(s.kind == "index" for s in step.symbols()):
            return step if self.facts.nonnegative(step) else -step
        slope = _rounded_slope(value, symbol)
        return ONE if slope is not None and self.facts.nonnegative(ONE - slope) else None


def _on_an_axis(gap: Expr, frame: Frame) -> tuple[Symbol, Expr, Expr] | None:
    """(place, slope, rest) of what is at least 0 on one side of a place: @k + c or c − @k."""
    places = [s for s in gap.symbols() if s in frame.ranges]
    if len(places) != 1:
        return None
    (symbol,) = places
    powers = gap.coefficients(symbol)
    slope, rest = powers.get(1), powers.get(0, ZERO)
    if slope is None or set(powers) - {0, 1} or slope not in (ONE, -ONE) or rest.mentions(symbol):
        return None
    return symbol, slope, rest


def _moving(lower: Expr, upper: Expr) -> bool:
    return any(s.name.startswith("@") for s in lower.symbols() | upper.symbols())


def _rounded_slope(value: Expr, symbol: Symbol) -> Expr | None:
    """The slope of the one rounded quotient in which an index stands."""
    found = [
        (monomial, a)
        for monomial in value.terms
        for a, e in monomial
        if isinstance(a, Rounded) and e == 1 and a.argument.mentions(symbol)
    ]
    if len(found) != 1:
        return None
    (monomial, atom) = found[0]
    powers = atom.argument.coefficients(symbol)
    if len(monomial) != 1 or value.terms[monomial] not in (1, -1) or set(powers) - {0, 1}:
        return None
    if (value - Expr({monomial: value.terms[monomial]})).mentions(symbol):
        return None
    return powers[1]
