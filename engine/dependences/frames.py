"""Frames: the range of each place of an element; bounds of expressions in places, proofs that hold at every place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..algebra import build
from ..algebra.atoms import Extreme, Rounded, Symbol
from ..algebra.expression import ONE, ZERO, Expr, from_atom, total
from ..algebra.facts import Facts
from ..algebra.ranges import extreme
from ..algebra.substitution import map_atoms
from ..scalars import Axis, place

Ranges = tuple[tuple[Symbol, tuple[Expr, Expr]], ...]


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
    """1/q, if the argument is a multiple of it; otherwise 0. As large as can be: what a place moves it by, if that is
    such a fraction."""
    places = [s for s in argument.symbols() if s.kind == "index"]
    if len(places) == 1:
        step = argument.coefficients(places[0]).get(1, ZERO)
        fraction = len(step.terms) == 1 and step != ONE and facts.is_integer(ONE / step)
        if fraction and all(facts.is_integer(term / step) for term in argument):
            return step if facts.nonnegative(step) else -step
    for monomial, coefficient in argument.terms.items():
        below = Expr({tuple((a, -e) for a, e in monomial if e < 0): 1})
        scale = below * coefficient.denominator
        if scale != ONE and all(facts.is_integer(term * scale) for term in argument):
            return ONE / scale
    return ZERO
