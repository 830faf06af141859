"""How many layers reach from end to end along one axis: windows, blocks and shifted blocks on top of each other, solved
for their number.

A window adds its reach, a dilated one a geometric series, a block moves by a block; of layers of two kinds in turn
pairs are put on top of each other. What leaves gaps is not solved here.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ..algebra import build
from ..algebra.atoms import Exponential, Rounded, Symbol
from ..algebra.expression import ONE, ZERO, Expr, const, from_atom
from ..algebra.facts import Facts
from ..algebra.linear import by_power
from ..algebra.substitution import substitute
from ..algebra.summation import NoClosedForm, sum_over
from ..dependences.coverage import Order
from ..dependences.frames import Frame
from ..dependences.gaps import NO_GAPS
from ..dependences.intervals import after
from ..dependences.order import is_tap
from ..dependences.positions import NotDerived
from ..dependences.spans import Interval
from ..dependences.turns import power_of
from ..scalars import place
from .derived import Words, plural

LAYERS = Symbol("layers of the stack", "dim")
OUTSIDE = (
    "a layer reads positions on both sides with gaps between them: two positions near opposite ends would have to meet "
    "outside the sequence, where there is nothing"
)


def layers_along(
    interval: Interval, axis: int, turn: Symbol, frame: Frame, order: Order
) -> tuple[Expr | None, Words] | None:
    """(layers, reason) along one axis; None for the layers where no number suffices, None where it is not known."""
    if interval.near is not None or interval.size != frame.ranges[place(axis)][1] + 1:
        return None
    turns = [Tower(interval, axis, turn, frame)]
    if interval.mentions(turn) and (pair := _alternating(interval, axis, turn, frame)) is not None:
        turns = pair
    results = [tower.solve(order) for tower in turns]
    if None in results:
        return None
    known = [r for r in results if r is not None]
    if any(layers is None for layers, _ in known):
        return known[0]
    layers = _even_or_odd([layers for layers, _ in known if layers is not None], frame.facts)
    if turns[0].moving and not (frame.facts.is_integer(layers) and frame.facts.positive(layers)):
        layers = build.maximum((layers, ONE), frame.facts)  # a block may hold the whole sequence
    return layers, known[0][1]


def _even_or_odd(several: Sequence[Expr], facts: Facts) -> Expr:
    """The least; 2⌈x⌉ or 2⌈x − 1/2⌉ + 1, whichever is less, is ⌈2x⌉."""
    if len(several) == 2:
        even, odd = _rounded_up(several[0] / 2), _rounded_up((several[1] - 1) / 2)
        if even is not None and odd is not None and even - odd == const(Fraction(1, 2)):
            return build.ceil(even + even, facts)
    return build.minimum(several, facts)


def _rounded_up(value: Expr) -> Expr | None:
    """x of ⌈x⌉, with whole numbers added."""
    rounded = [a for a in value.atoms() if isinstance(a, Rounded) and value.terms.get(((a, 1),)) == 1]
    if len(rounded) != 1 or rounded[0].direction != "ceil":
        return None
    return value - from_atom(rounded[0]) + rounded[0].argument


class Tower:
    """Layers on top of each other along one axis: `times` each turn counts for, after `before` of them at the
    bottom."""

    def __init__(
        self, interval: Interval, axis: int, turn: Symbol, frame: Frame, *, times: int = 1, top: Interval | None = None
    ) -> None:
        self.interval, self.axis, self.turn, self.frame = interval, axis, turn, frame
        self.times, self.top = times, top
        self.size = interval.size
        here = from_atom(place(axis))
        ends = (here - interval.lower, interval.upper - here)
        self.moving = any(s.kind == "index" for end in ends for s in end.symbols())

    def solve(self, order: Order) -> tuple[Expr | None, Words] | None:
        facts = self.frame.facts
        here = from_atom(place(self.axis))
        if not self.moving and not is_tap(self.interval, here, self.frame):
            return None  # routes cannot wait for others
        whole = power_of(self.interval, self.axis, self.turn, from_atom(LAYERS), self.frame)
        if whole.why or whole.taps or whole.sides != NO_GAPS:
            return self._gapped(whole, facts)
        needed: list[Expr] = []
        if whole.wraps:
            many = self._round(whole, facts)
            if many is None:
                return None
            needed.append(many)
        for side in () if whole.wraps else (0, 1):
            if (side == 0 and order == "backward") or (side == 1 and order == "forward"):
                continue
            end = whole.lower if side == 0 else self.size - 1 - whole.upper
            at = self.size - 1 if side == 0 else ZERO
            if self.top is not None:
                at = substitute(self.top.lower if side == 0 else self.top.upper, {place(self.axis): at}, facts)
            gap = substitute(end, {place(self.axis): at}, facts)
            many = least_turns(gap, self.size - 1, facts)
            if many is None:
                proved = not gap.mentions(LAYERS) and facts.positive(gap)
                return (None, self._never(side)) if proved else None
            needed.append(many)
        layers = build.maximum(needed, facts)
        if self.times > 1:
            rest = ONE if self.top is not None else ZERO
            layers = build.maximum((layers, ZERO), facts) * self.times + rest
        return layers, self._words(here, order, facts)

    def _round(self, whole: Interval, facts: Facts) -> Expr | None:
        """How many layers go all the way round."""
        lower, upper = whole.lower, whole.upper
        if self.top is not None:
            lower = substitute(lower, {place(self.axis): self.top.lower}, facts)
            upper = substitute(upper, {place(self.axis): self.top.upper}, facts)
        gap = self.frame.tidy(self.size - 1 - upper + lower)
        most = self.frame.most(gap) if gap.symbols() & self.frame.ranges.keys() else gap
        return None if most is None else least_turns(most, self.size, facts)

    def _never(self, side: int) -> Words:
        word = "back" if side == 0 else "ahead"
        return ("positions never reach further ", word, " than one layer does, however many layers there are")

    def _gapped(self, whole: Interval, facts: Facts) -> tuple[Expr | None, Words] | None:
        """Taps further apart than what the layers before them fill in."""
        tap = self.interval.taps[-1] if self.interval.taps else None
        if tap is not None and not tap.step.mentions(self.turn) and len(self.interval.taps) == 1:
            if facts.nonnegative(tap.step - 2):
                words: Words = (
                    "every layer reads positions ",
                    tap.step,
                    " apart, so no number of layers joins neighbours",
                )
                return None, words
            raise NotDerived("whether the windows leave gaps depends on the sizes")
        if self.interval.taps and (not self.interval.lower.mentions(self.turn) or self.interval.sides is None):
            return None
        raise NotDerived(OUTSIDE)

    def _words(self, here: Expr, order: Order, facts: Facts) -> Words:
        """Layer i reaches 2^i positions back; L layers must reach N − 1: …"""
        interval = self.interval
        back, ahead = here - interval.lower, interval.upper - here
        closing = {
            "all": "",
            "forward": "; admitted pairs are those in order",
            "backward": "; admitted pairs are those in reverse order",
        }[order]
        if self.moving or self.times > 1:
            return ("each layer joins the positions of a block, and blocks that overlap from layer to layer", closing)
        changing = back.mentions(self.turn) or ahead.mentions(self.turn)
        words: list[str | Expr] = ["layer ", from_atom(self.turn), " "] if changing else ["each layer "]
        sides_ = [(reach, sense) for reach, sense in ((back, "back"), (ahead, "ahead")) if reach]
        for number, (reach, sense) in enumerate(sides_):
            words += [" and "] if number else []
            words += ["reaches ", reach, plural(reach, "position"), f" {sense}"]
        longest = Symbol("L")
        slowest = back
        if not back or (ahead and facts.nonnegative(back - ahead) and back != ahead):
            slowest = ahead
        try:
            total = sum_over(slowest, self.turn, ZERO, from_atom(longest) - 1, facts)
        except NoClosedForm:
            return tuple(words)
        words += ["; ", from_atom(longest), " layers must reach ", self.size - 1, ": ", total, " ≥ ", self.size - 1]
        return (*words, closing)


def _alternating(interval: Interval, axis: int, turn: Symbol, frame: Frame) -> list[Tower] | None:
    """Layers of two kinds in turn: pairs of them, and pairs on top of one more."""
    first, second, third, fourth = (interval.map({turn: const(n)}, frame.facts) for n in range(4))
    if (first.lower, first.upper, second.lower, second.upper) != (third.lower, third.upper, fourth.lower, fourth.upper):
        return None
    pair = after(first, {axis: second}, frame)
    return [
        Tower(pair, axis, turn, frame, times=2),
        Tower(pair, axis, turn, frame, times=2, top=first),
    ]


def least_turns(gap: Expr, reach: Expr, facts: Facts) -> Expr | None:
    """The least number of layers with `gap <= 0`: a quotient where every layer adds the same, a logarithm where they
    add a geometric series; `reach` is what they must reach."""
    here = LAYERS
    powers = gap.coefficients(here)
    if set(powers) <= {0, 1} and not powers.get(0, ZERO).mentions(here) and 1 in powers:
        step = -powers[1]
        # where a layer reaches nothing, as a kernel of one, this is infinite
        return build.ceil(powers.get(0, ZERO) / step, facts) if step and facts.nonnegative(step) else None
    growing = [a for a in gap.atoms() if isinstance(a, Exponential) and a.exponent.mentions(here)]
    if len(growing) != 1 or growing[0].exponent != from_atom(here):
        return None
    atom = growing[0]
    parts = by_power(gap, atom)
    if set(parts) - {0, 1} or not facts.positive(-parts[1]):
        return None
    slope, rest = -parts[1], parts.get(0, ZERO) - reach
    wanted = (reach + rest) / slope
    if not facts.is_integer(wanted):
        wanted = build.ceil(reach / slope, facts) + rest / slope
    return build.ceil(build.log(wanted, atom.base), facts)
