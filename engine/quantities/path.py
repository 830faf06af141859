"""Maximum path length of a model: the routes of `routes`, solved for the number of layers where it is stacked.

`path` is the most, over admitted pairs of positions, of the fewest units on a route between them; pairs are admitted
in the order that the model's own reads allow (all, or none later than the output for causal models). Windows that
leave gaps and everything that data decides are not derived here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ..algebra import build
from ..algebra.atoms import Exponential, Monomial, Rational, Symbol
from ..algebra.expression import ONE, ZERO, Expr, const, from_atom
from ..algebra.facts import Facts
from ..algebra.substitution import Value, evaluate
from ..algebra.summation import NoClosedForm, sum_over
from ..elaborator.describe import show
from ..errors import error, unsupported
from ..program import Program, Repeat
from ..scalars import Tensor
from .relation import SELF, Relation, over_turns
from .routes import Flow, NotDerived, Positions, Route, Router, positions

Words = tuple[str | Expr, ...]


@dataclass(frozen=True)
class Derived:
    """A quantity with its reason. `expr` is None where it is infinite (`infinite`; only `at_example` values, perhaps)
    or not derived (`unknown` says why). It holds where every size of an input is at least `least`."""

    expr: Expr | None
    reason: Words = ()
    infinite: bool = False
    unknown: str = ""
    bound: bool = False
    at_example: bool = False
    least: int = 1


def path_length(program: Program) -> Derived:
    """Maximum path length of the model as it stands, or of stacks of it."""
    try:
        if program.stack is not None:
            start = positions(program.stack.instance, program)
            routes = routes_of(program, stacked=True)
            return _stacked(routes, program.stack.symbol, start, program)[1]
        node = _until_connected(program)
        if node is not None:
            return _connecting(node, program)[1]
        start = positions(program.instance, program)
        found = [_standing(flow, start, program) for flow in flows_of(program, stacked=False)]
        if len({(one.expr, one.infinite) for one in found}) > 1:
            raise NotDerived("the outputs have paths of different lengths")
        return found[0]
    except NotDerived as failure:
        return Derived(None, unknown=f"not supported yet: {failure}")


def connected(program: Program) -> Program:
    """The model with the number of turns of its `repeat until connected`: the smallest that joins every admitted pair
    of positions. Raises ArchError where there is none, or where it is not derived."""
    node = _until_connected(program)
    if node is None:
        return program
    try:
        turns, found = _connecting(node, program)
    except NotDerived as failure:
        raise unsupported(f"`repeat until connected` here ({failure})", node.span) from None
    if turns is None:
        notes = ["".join(part if isinstance(part, str) else show(part) for part in found.reason)]
        raise error("no number of turns joins all pairs of positions", node.span, notes=notes)
    body = tuple(replace(node, count=turns) if other is node else other for other in program.instance.body)
    return replace(program, instance=replace(program.instance, body=body))


def _until_connected(program: Program) -> Repeat | None:
    found = [n for n in program.instance.body if isinstance(n, Repeat) and n.how == "connected"]
    if len(found) > 1:
        raise error("a model has one `repeat until connected`", found[1].span)
    return found[0] if found else None


def _connecting(node: Repeat, program: Program) -> tuple[Expr | None, Derived]:
    """(turns, path) of the repeat that joins all positions: the rest of the model must leave them where they are."""
    start = positions(program.instance, program)
    router = Router(program.facts)
    place = program.instance.body.index(node)
    alone = "layers that mix positions beside the repeat"
    flows: dict[Tensor, Flow] = {t: (Route(axis, SELF, ZERO),) for t, axis in start.axes.items()}
    router.body(program.instance.body[:place], flows)
    carried = [c for c in node.carried if flows.get(c.initial)]
    if len(carried) != 1 or any(not r.relation.identity for flow in flows.values() for r in flow):
        raise NotDerived(alone if len(carried) == 1 else "it carries several tensors")
    (one,) = carried
    axis = flows[one.initial][0].axis
    entry = tuple((Route(axis, SELF, ZERO),) if c is one else () for c in node.carried)
    routes = router.turn(node, flows, entry)[node.carried.index(one)]
    check_known(routes)
    if any(r.axis not in (axis, None) for r in routes):
        raise NotDerived("positions move to another axis")
    after_: dict[Tensor, Flow] = {**flows, one.result: (Route(axis, SELF, ZERO),)}
    router.body(program.instance.body[place + 1 :], after_)
    if any(not r.relation.identity for output in program.instance.outputs for r in after_.get(output, ())):
        raise NotDerived(alone)
    return _stacked(list(routes), node.symbol, start, program)


def check_known(routes: Iterable[Route]) -> None:
    for route in routes:
        if route.relation.kind == "unknown":
            raise NotDerived(route.relation.why)


@lru_cache(maxsize=16)
def flows_of(program: Program, *, stacked: bool) -> tuple[Flow, ...]:
    """The routes to each output of the model, or of a layer of its stack. Raises `NotDerived`."""
    instance = program.stack.instance if stacked and program.stack is not None else program.instance
    flows = Router(program.facts).model(instance, positions(instance, program))
    check_known(route for flow in flows for route in flow)
    return flows


def routes_of(program: Program, *, stacked: bool) -> tuple[Route, ...]:
    """The routes to all outputs together."""
    return tuple(route for flow in flows_of(program, stacked=stacked) for route in flow)


# ---------------------------------------------------------------- as it stands


def _standing(routes: Sequence[Route], start: Positions, program: Program) -> Derived:
    facts = program.facts
    n = start.size
    joined = [r for r in routes if r.relation.kind == "all"]
    prefixes = [r for r in routes if r.relation.kind == "prefix"]
    suffixes = [r for r in routes if r.relation.kind == "suffix"]
    scans = [r for r in routes if r.relation.kind == "scan"]
    windows = [r for r in routes if r.relation.kind == "window" and not r.relation.identity]
    if joined:
        best = _fewest(joined, facts)
        return Derived(best, ("one output position reads all ", n, " positions, over ", best, _units(best)))
    forward = prefixes or [r for r in scans if r.relation.direction > 0]
    backward = suffixes or [r for r in scans if r.relation.direction < 0]
    if scans and windows:
        raise NotDerived("windows and recurrences beside each other")
    if bool(forward) != bool(backward):
        never = _beyond(routes, start, program, forward=bool(forward))
        if never is not None:
            return never
    if forward or backward:
        lengths = []
        for group in (forward, backward):
            if group:
                scanning = all(r.relation.kind == "scan" for r in group)
                lengths.append(_fewest(group, facts) + (n - 1 if scanning else ZERO))
        longest = build.maximum(lengths, facts)
        if scans:
            layers = longest - n + 1
            words: Words = ("the state goes through ", n, " evaluations of the cell from one end to the other")
            if layers != ONE:
                words = (*words, " and crosses the other layers once")
            return Derived(longest, (*words, _one_way(forward, backward)))
        return Derived(
            longest,
            (
                "each position reads all before it and itself, over ",
                longest,
                _units(longest),
                _one_way(forward, backward),
            ),
        )
    if not windows:
        return Derived(None, ("no position reads another one",), infinite=True)
    values = {d.symbol.name: d.value for d in program.dimensions if d.value is not None}
    return _windowed(windows, n, facts, values)


def _beyond(routes: Sequence[Route], start: Positions, program: Program, *, forward: bool) -> Derived | None:
    """A model that sees all positions on one side and a few on the other is in no order, so that all pairs are
    admitted; those beyond the few are never joined."""
    facts = program.facts
    ends = [r.relation.upper if forward else -r.relation.lower for r in routes if r.relation.kind != "scan"]
    few = build.maximum((ZERO, *ends), facts)
    if not few:
        return None
    side = "before it" if forward else "after it"
    reason: Words = ("each position sees all ", side, ", and ", few, " on the other side, not ", start.size - 1)
    if facts.nonnegative(start.size - 2 - few):
        return Derived(None, (*reason, ": some pairs are never joined"), infinite=True)
    values = {d.symbol.name: d.value for d in program.dimensions if d.value is not None}
    if not _short_at(values, few, start.size):
        raise NotDerived("whether the layers together reach from end to end depends on the sizes")
    return Derived(
        None, (*reason, " at the example values: some pairs are never joined"), infinite=True, at_example=True
    )


def _one_way(forward: list[Route], backward: list[Route]) -> str:
    if forward and backward:
        return ""
    return "; admitted pairs are those in order" if forward else "; admitted pairs are those in reverse order"


def _units(units: Expr) -> str:
    return " unit" if units == ONE else " units"


def _fewest(routes: Sequence[Route], facts: Facts) -> Expr:
    return build.minimum((r.units for r in routes), facts)


def _windowed(windows: Sequence[Route], n: Expr, facts: Facts, values: Mapping[str, Value]) -> Derived:
    """A fixed number of windows joins all pairs only where they reach from end to end."""
    widest = windows[0] if len(windows) == 1 else _widest(windows, facts)
    relation = widest.relation
    causal = not relation.upper
    behind, ahead = -relation.lower, relation.upper
    enough = facts.nonnegative(behind - n + 1) and (causal or facts.nonnegative(ahead - n + 1))
    if relation.gapless and enough:
        raise NotDerived("windows as long as the sequence")
    reason: Words = ("the layers together reach ", *sides(behind, ahead, facts))
    reason = (*reason, ", not ", n - 1, ": some pairs are never joined by the model as it stands")
    never = facts.nonnegative(n - 2 - behind) or (not causal and facts.nonnegative(n - 2 - ahead))
    if never:
        return Derived(None, reason, infinite=True)
    if not _short_at(values, behind if causal else build.minimum((behind, ahead), facts), n):
        raise NotDerived("whether the layers together reach from end to end depends on the sizes")
    closing = " at the example values; `stacked` gives the path of as many layers as it takes"
    return Derived(None, (*reason, closing), infinite=True, at_example=True)


def sides(behind: Expr, ahead: Expr, facts: Facts) -> Words:
    """3 positions back and 2 ahead; a side that is never reached is left out."""
    words: list[str | Expr] = []
    for reach, sense in ((behind, "back"), (ahead, "ahead")):
        if facts.nonnegative(-reach):
            continue
        noun = "" if words else " position" if reach == ONE else " positions"
        words += [*([" and "] if words else []), reach, f"{noun} {sense}"]
    return tuple(words) or ("no other position",)


def _short_at(values: Mapping[str, Value], reach: Expr, n: Expr) -> bool:
    """Do the layers fall short of the sequence at the example values?"""
    try:
        return evaluate(reach - n + 1, values) < 0
    except (KeyError, OverflowError, ZeroDivisionError):
        return False


def _widest(windows: Sequence[Route], facts: Facts) -> Route:
    for route in windows:
        others = [o for o in windows if o is not route]
        if all(
            facts.nonnegative(o.relation.lower - route.relation.lower)
            and facts.nonnegative(route.relation.upper - o.relation.upper)
            for o in others
        ):
            return route
    raise NotDerived("several windows of which none is the widest")


# ---------------------------------------------------------------- stacks


def _stacked(routes: Sequence[Route], turn: Symbol, start: Positions, program: Program) -> tuple[Expr | None, Derived]:
    """(layers, path) of the smallest stack that joins every admitted pair; None where there is none."""
    facts = program.facts
    n = start.size
    wide = [r for r in routes if not r.relation.identity]
    if any(r.relation.kind in ("all", "prefix", "suffix", "scan") for r in wide):
        return ONE, _standing(routes, start, program)
    if not wide:
        never = ("no position reads another one, however many layers there are",)
        return None, Derived(None, never, infinite=True)
    route = wide[0] if len(wide) == 1 else _widest(wide, facts)
    relation, layer_units = route.relation, route.units
    count = Symbol("layers of the stack", "dim")
    whole = over_turns(relation, turn, from_atom(count), facts)
    if whole.kind != "window":
        raise NotDerived("the reach of the stack has no closed form")
    if not whole.gapless:
        return None, _gapped(relation, whole, turn, n, facts)
    sides: list[Expr] = []
    words: list[str | Expr] = (
        ["layer "] if relation.lower.mentions(turn) or relation.upper.mentions(turn) else ["each layer "]
    )
    if relation.lower.mentions(turn) or relation.upper.mentions(turn):
        words += [from_atom(turn), " "]
    for reach, sense in ((-relation.lower, "back"), (relation.upper, "ahead")):
        if not reach:
            continue
        needed = _layers(reach, turn, n, facts)
        if needed is None:
            raise NotDerived("the number of layers that is needed has no closed form")
        if sides:
            words += [" and "]
        words += ["reaches ", reach, f" position{'' if reach == ONE else 's'} {sense}"]
        sides.append(needed)
    layers = build.maximum(sides, facts)
    slowest = next(
        (r for r, needed in zip((-relation.lower, relation.upper), sides, strict=False) if needed == layers),
        -relation.lower,
    )
    if not relation.lower:
        slowest = relation.upper
    reach = sum_over(slowest, turn, const(0), from_atom(Symbol("L")) - 1, facts)
    words += ["; ", from_atom(Symbol("L")), " layers must reach ", n - 1, ": ", reach, " ≥ ", n - 1]
    if not relation.upper or not relation.lower:
        words += [
            "; admitted pairs are those in order"
            if not relation.upper
            else "; admitted pairs are those in reverse order"
        ]
    # around a layer that is skipped no unit is crossed; windows of one width leave nothing to skip
    skips = any(r.relation.identity and r.units != layer_units for r in routes)
    if skips and (relation.lower.mentions(turn) or relation.upper.mentions(turn)):
        words += ["; routes may go around some of the layers"]
        return layers, Derived(layers * layer_units, tuple(words), bound=True)
    return layers, Derived(layers * layer_units, tuple(words))


def _gapped(relation: Relation, whole: Relation, turn: Symbol, n: Expr, facts: Facts) -> Derived:
    """Taps further apart than what the layers before them fill in."""
    tap = relation.taps[0] if relation.taps else None
    if tap is not None and not tap.step.mentions(turn) and len(relation.taps) == 1:
        return Derived(
            None,
            (
                "every layer reads positions ",
                tap.step,
                " apart, so no number of layers joins neighbours",
            ),
            infinite=True,
        )
    raise NotDerived("the dilated windows of the stack leave gaps")


def _layers(reach: Expr, turn: Symbol, n: Expr, facts: Facts) -> Expr | None:
    """The least L with Σ_{i<L} reach(i) >= n − 1: a quotient for equal reaches, a logarithm for geometric ones."""
    if not reach.mentions(turn):
        return build.ceil((n - 1) / reach, facts)
    try:
        whole = sum_over(reach, turn, const(0), from_atom(turn), facts)  # of turn + 1 layers
    except NoClosedForm:
        return None
    growing = [a for a in whole.atoms() if isinstance(a, Exponential) and a.exponent.mentions(turn)]
    if len(growing) != 1 or growing[0].exponent != from_atom(turn):
        return None
    atom = growing[0]
    # whole(L − 1) = a · base^L + b; with base^(L − 1) as it stands, a is its coefficient over the base
    powers = _by_power(whole, atom)
    if set(powers) - {0, 1}:
        return None
    slope = powers[1] / atom.base
    rest = powers.get(0, ZERO)
    wanted = (n - 1 - rest) / slope
    if not facts.is_integer(wanted):
        wanted = build.ceil((n - 1) / slope, facts) - rest / slope
    return build.ceil(build.log(wanted, atom.base), facts)


def _by_power(expr: Expr, atom: Exponential) -> dict[int, Expr]:
    found: dict[int, dict[Monomial, Rational]] = {}
    for monomial, coefficient in expr.terms.items():
        power = dict(monomial).get(atom, 0)
        rest = tuple(pair for pair in monomial if pair[0] != atom)
        found.setdefault(int(power), {})[rest] = coefficient
    return {power: Expr(terms) for power, terms in found.items()}
