"""Path length of stacks of a layer, and of `repeat until connected`: how many layers join every admitted pair.

Layers are put on top of each other, the first few one by one: what joins everything after so many is found as it
stands. Windows and blocks are put on top of each other in closed form, and the number of layers is solved for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ..algebra import build
from ..algebra.atoms import Exponential, Monomial, Rational, Rounded, Symbol
from ..algebra.expression import ONE, ZERO, Expr, const, from_atom
from ..algebra.facts import Facts
from ..algebra.substitution import evaluate, substitute
from ..algebra.summation import NoClosedForm, sum_over
from ..dependences.coverage import Order, View, never_joined, order_of, units_to_join
from ..dependences.flows import Flow, Route, starting
from ..dependences.intervals import NO_GAPS, Frame, Interval, covers
from ..dependences.order import is_tap
from ..dependences.positions import NotDerived, Positions, positions
from ..dependences.routes import Router
from ..dependences.turns import at_turn, power_of
from ..program import Instance, Program, Repeat
from ..scalars import Tensor, place
from .derived import Derived, Figure, Words, plural
from .searched import path_at
from .views import named_axis, related, unknown_because, values_of, views

# So many layers are put on top of each other one by one.
FIRST = 4
LAYERS = Symbol("layers of the stack", "dim")
OUTSIDE = (
    "a layer reads positions on both sides with gaps between them: two positions near opposite ends would have to meet "
    "outside the sequence, where there is nothing"
)


@dataclass(frozen=True)
class Layer:
    """One layer of a stack: its inputs that carry positions, the output that each receives from the layer below, and
    the flows through it at turn `turn`."""

    instance: Instance
    start: Positions
    below: Mapping[Tensor, int]
    flows: tuple[Flow, ...]
    turn: Symbol


def stacked(program: Program) -> tuple[Expr | None, Derived]:
    """(layers, path) of the smallest stack of the model that joins every admitted pair; None where there is none."""
    stack = program.stack
    assert stack is not None
    start = positions(stack.instance, program)
    flows = Router(program.facts).model(stack.instance, start.axes)
    outputs = stack.instance.outputs
    inputs = list(start.axes)
    if len(outputs) == 1:
        below = dict.fromkeys(inputs, 0)
    elif len(outputs) == len(inputs):
        below = {tensor: n for n, tensor in enumerate(inputs)}
    else:
        raise NotDerived("which output of a layer goes to which input of the next one is not told")
    return _solved(Layer(stack.instance, start, below, flows, stack.symbol), program)


def connecting(node: Repeat, program: Program) -> tuple[Expr | None, Derived]:
    """(turns, path) of the repeat that joins all positions: the rest of the model must leave them where they are."""
    start = positions(program.instance, program)
    router = Router(program.facts)
    place_ = program.instance.body.index(node)
    flows = {tensor: starting(tensor, axes) for tensor, axes in start.axes.items()}
    router.body(program.instance.body[:place_], flows)
    carried = [c for c in node.carried if c.initial in flows and flows[c.initial].routes]
    if router.mixed:
        raise NotDerived("layers that mix positions beside the repeat")
    if len(carried) != 1:
        raise NotDerived("it carries several tensors")
    (one,) = carried
    axes = flows[one.initial].carried
    local = {**flows, one.entry: starting(one.entry, axes)}
    router.body(node.body, local)
    turn = replace(local[one.exit], routes=tuple(replace(r, run=0) for r in local[one.exit].routes))
    router.mixed = False
    router.body(program.instance.body[place_ + 1 :], {**flows, one.result: starting(one.result, axes)})
    if router.mixed:
        raise NotDerived("layers that mix positions beside the repeat")
    sizes = tuple(one.entry.axes[axis].upper + 1 for axis in sorted(axes))
    alone = Instance(
        program.instance.name, "layer", (one.entry,), (one.exit,), node.body, (), (), None, node.span, False
    )
    layer = Layer(alone, Positions({one.entry: tuple(sorted(axes))}, (sizes,)), {one.entry: 0}, (turn,), node.symbol)
    return _solved(layer, program)


# ---------------------------------------------------------------- solving


def _solved(layer: Layer, program: Program) -> tuple[Expr | None, Derived]:
    facts = program.facts
    towers = _towers(layer, facts)
    first = related(list(views(towers[0], layer.instance, layer.start, program)))
    if not any(view.routes for view in first):
        raise NotDerived("no output reads an input position")
    order = order_of(first[0]) if len(first) == 1 else "all"
    if all(_keeps_still(view) for view in first) and len(first) == 1:
        never = ("no position reads another one, however many layers there are",)
        return None, Derived(None, never, infinite=True)
    joined = _joined_after(towers, layer, order, program)
    windows = _windows(layer, first, order, program) if len(first) == 1 else None
    if joined is not None and (joined[0] == 1 or windows is None or windows[0] is None):
        return _after_so_many(joined, first, towers, layer, order, program)
    if joined is not None and windows is not None and windows[0] is not None:
        return _whichever_first(joined, windows, program)
    if windows is not None and not _refuted(windows[1], layer, program):
        return windows
    why = next((unknown_because(view) for view in first if unknown_because(view)), "")
    if why:
        raise NotDerived(why, unknown=True)
    raise NotDerived("the number of layers that is needed has no closed form")


def _refuted(derived: Derived, layer: Layer, program: Program) -> bool:
    """Does a search at the example values find another path? It is asked where strides may leave out positions at the
    end of a sequence, which the closed form does not see."""
    strided = any(_rounds(end) for f in layer.flows for r in f.routes for i in r.reach for end in i.ends())
    if not strided or derived.expr is None or program.stack is None:
        return False
    found = path_at(program, values_of(program), NotDerived(""))
    if found.number is None:
        return found.infinite
    try:
        value = evaluate(derived.expr, values_of(program))
    except (KeyError, OverflowError, ZeroDivisionError, ValueError):
        return False
    return value != found.number and not (derived.bound and value > found.number)


def _rounds(end: Expr) -> bool:
    return any(
        isinstance(atom, Rounded) and any(s.kind == "index" for s in atom.argument.symbols()) for atom in end.atoms()
    )


def _towers(layer: Layer, facts: Facts) -> list[tuple[Flow, ...]]:
    """The flows through one layer, two, three, … of them."""
    router = Router(facts)
    current = {tensor: starting(tensor, axes) for tensor, axes in layer.start.axes.items()}
    found = []
    for number in range(FIRST):
        at = {layer.turn: const(number)}
        outputs = tuple(
            router.composed(output, at_turn(flow, at, facts), current)
            for output, flow in zip(layer.instance.outputs, layer.flows, strict=True)
        )
        found.append(outputs)
        current = {tensor: outputs[layer.below[tensor]] for tensor in layer.start.axes}
    return found


def _keeps_still(view: View) -> bool:
    return view.aligned and all(r.reach[0].still == view.axes[0] for r in view.routes)


def _joined_after(
    towers: Sequence[tuple[Flow, ...]], layer: Layer, order: Order, program: Program
) -> tuple[int, Expr] | None:
    """(layers, units) after which everything is joined, if that is a number."""
    for number, flows in enumerate(towers, 1):
        above = related(list(views(flows, layer.instance, layer.start, program)))
        units = [units_to_join(view, order) for view in above]
        if None not in units:
            return number, build.maximum((u for u in units if u is not None), program.facts)
    return None


def _after_so_many(
    joined: tuple[int, Expr],
    first: Sequence[View],
    towers: Sequence[tuple[Flow, ...]],
    layer: Layer,
    order: Order,
    program: Program,
) -> tuple[Expr | None, Derived]:
    layers, units = joined
    if layers == 1:
        from .path import joined_words

        return ONE, Derived(units, joined_words(first[0], order, units) if len(first) == 1 else _in_one(units))
    before = list(views(towers[layers - 2], layer.instance, layer.start, program))
    open_ = all(never_joined(view, order, values_of(program)) is None for view in before)
    reason: Words = (f"one layer does not join all pairs, {_spelled(layers)} layers on top of each other do",)
    if layers > 2:
        reason = (f"{_spelled(layers)} layers on top of each other join all pairs, fewer do not",)
    return const(layers), Derived(units, (*reason, ", over ", units, plural(units, "unit")), bound=open_)


def _in_one(units: Expr) -> Words:
    return ("one layer joins all pairs, over ", units, plural(units, "unit"))


def _spelled(number: int) -> str:
    return {2: "two", 3: "three", 4: "four"}.get(number, str(number))


def _whichever_first(
    joined: tuple[int, Expr], windows: tuple[Expr | None, Derived], program: Program
) -> tuple[Expr | None, Derived]:
    """Windows that may suffice where others join everything in a few layers."""
    layers, units = joined
    many, derived = windows
    assert many is not None and derived.expr is not None
    fewest = build.minimum((const(layers), many), program.facts)
    path = build.minimum((units, derived.expr), program.facts)
    reason: Words = (f"{_spelled(layers)} layers on top of each other join all pairs",)
    if path != units:
        reason = (*reason, ", or fewer where the windows alone do: ", *derived.reason)
    return fewest, Derived(path, reason, bound=layers > 2)


# ---------------------------------------------------------------- windows and blocks


def _windows(layer: Layer, first: Sequence[View], order: Order, program: Program) -> tuple[Expr | None, Derived] | None:
    """Layers of which each position reads a window or a block around it."""
    view = first[0]
    frame = view.frame
    (flow,) = layer.flows
    wide = [r for r in flow.routes if any(i.still is None for i in r.reach) and not r.why]
    itself = [replace(r, units=wide[0].units) for r in flow.routes if wide and r not in wide and not r.why]
    routes = _side_by_side([*wide, *itself], frame)
    if not routes or any(r.source not in layer.start.axes for r in routes):
        return None
    widest = _widest(routes, frame)
    if widest is None or widest.units.mentions(layer.turn):
        return None
    axes = widest.axes
    if any(i.mentions(place(k)) for number, i in enumerate(widest.reach) for k in axes if k != axes[number]):
        return None
    found: list[tuple[Expr | None, Words, Words]] = []
    for number, interval in enumerate(widest.reach):
        if interval.point:
            return None  # other positions, and not the own one
        solved = _axis(interval, axes[number], layer.turn, frame, order)
        if solved is None:
            return None
        found.append((*solved, named_axis(number, view.sizes)))
    endless = next((f for f in found if f[0] is None), None)
    if endless is not None:
        return None, Derived(None, endless[1], infinite=True)
    layers = build.maximum((f[0] for f in found if f[0] is not None), program.facts)
    slowest = next((f for f in found if f[0] == layers), found[0])
    figures = tuple(Figure(of, many * widest.units) for many, _, of in found if many is not None)
    words: Words = slowest[1]
    if len(found) > 1:
        words = ("along ", *slowest[2], ": ", *words)
        if len({f[0] for f in found}) == 1:
            words = ("along every axis ", *slowest[1])
    skips = any(all(i.point for i in r.reach) and r.units != widest.units for r in flow.routes)
    grows = any(end.mentions(layer.turn) for i in widest.reach for end in i.ends())
    # a narrower window over fewer units may be the quicker one; of windows of one width nothing is left to skip
    others = [r for r in flow.routes if r.source in layer.start.axes and any(i.still is None for i in r.reach)]
    quicker = any(not frame.nonnegative(r.units - widest.units) for r in others)
    around = quicker or (skips and grows)
    if around:
        words = (*words, "; routes may go around some of the layers")
    derived = Derived(layers * widest.units, words, bound=around, figures=figures if len(found) > 1 else ())
    return layers, derived


def _side_by_side(routes: list[Route], frame: Frame) -> list[Route]:
    """Intervals on one axis that touch each other, over as many units, as one."""
    found: list[Route] = []
    for route in routes:
        (interval,) = route.reach if len(route.reach) == 1 else (None,)
        for number, other in enumerate(found):
            if interval is None or other.units != route.units or not (interval.certain and other.reach[0].certain):
                continue
            one = other.reach[0]
            low, high = (one, interval) if frame.nonnegative(interval.lower - one.lower) else (interval, one)
            if frame.nonnegative(high.lower - low.lower) and frame.nonnegative(low.upper + 1 - high.lower):
                upper = build.maximum((low.upper, high.upper), frame.facts)
                found[number] = replace(other, reach=(replace(low, upper=frame.tidy(upper)),))
                break
        else:
            found.append(route)
    return found


def _widest(routes: Sequence[Route], frame: Frame) -> Route | None:
    """The route that holds all others, over the fewest units if there are several."""
    found: Route | None = None
    for route in routes:
        wide = all(covers(a, b, frame) for o in routes for a, b in zip(route.reach, o.reach, strict=True))
        if wide and (found is None or frame.nonnegative(found.units - route.units)):
            found = route
    return found


def _axis(interval: Interval, axis: int, turn: Symbol, frame: Frame, order: Order) -> tuple[Expr | None, Words] | None:
    """(layers, reason) along one axis; None for the layers where no number suffices, None where it is not known."""
    if interval.near is not None or interval.size != frame.ranges[place(axis)][1] + 1:
        return None
    turns = [_Tower(interval, axis, turn, frame)]
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


class _Tower:
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


def _alternating(interval: Interval, axis: int, turn: Symbol, frame: Frame) -> list[_Tower] | None:
    """Layers of two kinds in turn: pairs of them, and pairs on top of one more."""
    first, second, third, fourth = (interval.map({turn: const(n)}, frame.facts) for n in range(4))
    if (first.lower, first.upper, second.lower, second.upper) != (third.lower, third.upper, fourth.lower, fourth.upper):
        return None
    from ..dependences.intervals import after

    pair = after(first, {axis: second}, frame)
    return [
        _Tower(pair, axis, turn, frame, times=2),
        _Tower(pair, axis, turn, frame, times=2, top=first),
    ]


# ---------------------------------------------------------------- how many


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
    parts = _by_power(gap, atom)
    if set(parts) - {0, 1} or not facts.positive(-parts[1]):
        return None
    slope, rest = -parts[1], parts.get(0, ZERO) - reach
    wanted = (reach + rest) / slope
    if not facts.is_integer(wanted):
        wanted = build.ceil(reach / slope, facts) + rest / slope
    return build.ceil(build.log(wanted, atom.base), facts)


def _by_power(expr: Expr, atom: Exponential) -> dict[int, Expr]:
    found: dict[int, dict[Monomial, Rational]] = {}
    for monomial, coefficient in expr.terms.items():
        power = dict(monomial).get(atom, 0)
        rest = tuple(pair for pair in monomial if pair[0] != atom)
        found.setdefault(int(power), {})[rest] = coefficient
    return {power: Expr(terms) for power, terms in found.items()}


def sides(behind: Expr | None, ahead: Expr | None, facts: Facts) -> Words:
    """3 positions back and 2 ahead; a side that is never reached is left out."""
    words: list[str | Expr] = []
    for reach, sense in ((behind, "back"), (ahead, "ahead")):
        if reach is None or facts.nonnegative(-reach):
            continue
        noun = "" if words else plural(reach, "position")
        words += [*([" and "] if words else []), reach, f"{noun} {sense}"]
    return tuple(words) or ("no other position",)
