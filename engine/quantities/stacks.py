"""Path length of stacks of a layer, and of `repeat until connected`: how many layers join every admitted pair.

Layers are put on top of each other, the first few one by one: what joins everything after so many is found as it
stands. Windows and blocks are put on top of each other in closed form, and the number of layers is solved for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..algebra import build
from ..algebra.atoms import Rounded, Symbol
from ..algebra.expression import ONE, Expr, const
from ..algebra.facts import Facts
from ..algebra.substitution import evaluate
from ..dependences.coverage import Order, View, never_joined, order_of, units_to_join
from ..dependences.flows import Flow, Route, starting
from ..dependences.intervals import Frame, covers
from ..dependences.positions import NotDerived, Positions, positions
from ..dependences.routes import Router
from ..dependences.turns import at_turn
from ..program import Instance, Program, Repeat
from ..scalars import Tensor, place
from .derived import Derived, Figure, Words, plural
from .searched import path_at
from .towers import layers_along
from .views import granted, named_axis, needed, related, unknown_because, values_of, views

# So many layers are put on top of each other one by one.
FIRST = 4


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
    aparts = [apart for view in before if (apart := never_joined(view, order, values_of(program))) is not None]
    reason: Words = (f"one layer does not join all pairs, {_spelled(layers)} layers on top of each other do",)
    if layers > 2:
        reason = (f"{_spelled(layers)} layers on top of each other join all pairs, fewer do not",)
    found = Derived(units, (*reason, ", over ", units, plural(units, "unit")), bound=not aparts)
    surest = min(aparts, key=lambda apart: len(apart.gaps), default=None)
    return const(layers), found if surest is None else granted(found, needed(surest, program.facts))


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
        solved = layers_along(interval, axes[number], layer.turn, frame, order)
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


def sides(behind: Expr | None, ahead: Expr | None, facts: Facts) -> Words:
    """3 positions back and 2 ahead; a side that is never reached is left out."""
    words: list[str | Expr] = []
    for reach, sense in ((behind, "back"), (ahead, "ahead")):
        if reach is None or facts.nonnegative(-reach):
            continue
        noun = "" if words else plural(reach, "position")
        words += [*([" and "] if words else []), reach, f"{noun} {sense}"]
    return tuple(words) or ("no other position",)
