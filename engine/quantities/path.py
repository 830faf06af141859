"""Maximum path length: the most, over admitted pairs of positions, of the fewest units on a route between them.

Read off the routes of a model as it stands; `stacks` solves those of stacks and of `repeat until connected`. What data
decides is unknown, and what has no closed form is searched at the example sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..algebra import build
from ..algebra.expression import ONE, ZERO, Expr, from_atom
from ..algebra.facts import Facts
from ..dependences.coverage import Apart, Order, View, never_joined, order_of, units_to_join
from ..dependences.positions import NotDerived, Positions, positions
from ..elaborator.describe import show
from ..errors import error, unsupported
from ..program import Program, Repeat
from ..scalars import place
from .derived import Derived, Figure, Words, plural
from .searched import path_at
from .stacks import connecting, sides, stacked
from .views import flows_of, granted, named_sequence, needed, unknown_because, values_of, views_of


def path_length(program: Program) -> Derived:
    """Maximum path length of the model as it stands, or of stacks of it; by search at the example values where there is
    no closed form."""
    try:
        if program.stack is not None:
            return stacked(program)[1]
        node = _until_connected(program)
        if node is not None:
            return connecting(node, program)[1]
        start = positions(program.instance, program)
        found = _of_all(views_of(program, program.instance), start, program)
        _, gaps, passed = flows_of(program, program.instance)
        return granted(_with_passed(found, passed), gaps)
    except NotDerived as failure:
        return path_at(program, values_of(program), failure)


def _with_passed(found: Derived, passed: Sequence[str]) -> Derived:
    """The path, and whose residual paths cost a unit as the layer does: around a layer they would cost none."""
    if not passed or found.expr is None or found.expr == ONE:
        return found
    names = [f"`{name}`" for name in passed]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    one = len(names) == 1
    words = f"; the residual path{'' if one else 's'} inside {listed} belong{'s' if one else ''} to "
    return replace(found, reason=(*found.reason, words + ("its unit" if one else "their units")))


def connected(program: Program) -> Program:
    """The model with the number of turns of its `repeat until connected`: the smallest that joins every admitted pair
    of positions. Raises ArchError where there is none, or where it is not derived."""
    node = _until_connected(program)
    if node is None:
        return program
    try:
        turns, found = connecting(node, program)
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


def _of_all(found: Sequence[View], start: Positions, program: Program) -> Derived:
    """The longest path from any sequence to any output; each is a figure of its own."""
    parts = [(view, standing(view, program)) for view in found]
    if len(parts) == 1:
        return parts[0][1]
    unknown = next((d for _, d in parts if d.unknown), None)
    if unknown is not None:
        return unknown
    figures = tuple(
        Figure(("from ", *named_sequence(view, start), f" to `{view.output.name}`"), d.expr) for view, d in parts
    )
    endless = next(((view, d) for view, d in parts if d.infinite), None)
    if endless is not None:
        view, derived = endless
        which: Words = ("from ", *named_sequence(view, start), f" to `{view.output.name}`: ")
        return replace(derived, reason=(*which, *derived.reason), figures=figures)
    longest = build.maximum((d.expr for _, d in parts if d.expr is not None), program.facts)
    worst = next(((v, d) for v, d in parts if d.expr == longest), parts[0])
    which = ("from ", *named_sequence(worst[0], start), f" to `{worst[0].output.name}`: ")
    bound = any(d.bound for _, d in parts)
    if len({d.expr for _, d in parts}) == 1 and len({d.reason for _, d in parts}) == 1:
        which, figures = (), ()
    return Derived(longest, (*which, *worst[1].reason), bound=bound, figures=figures)


def standing(view: View, program: Program) -> Derived:
    """The path from one sequence to one output."""
    order = order_of(view)
    if not view.routes:
        return Derived(None, ("no output position reads an input position",), infinite=True)
    if view.aligned and all(r.reach[0].still == view.axes[0] for r in view.routes):
        return Derived(None, ("no position reads another one",), infinite=True)
    units = units_to_join(view, order)
    if units is not None:
        found = Derived(units, joined_words(view, order, units))
        apart = _no_shorter(view, order, units, program)
        return replace(found, bound=True) if apart is None else granted(found, needed(apart, view.facts))
    apart = never_joined(view, order, values_of(program))
    if apart is not None:
        return _apart(view, bool(apart.gaps))
    why = unknown_because(view)
    if why:
        raise NotDerived(why, unknown=True)
    raise NotDerived("whether the layers together reach from end to end depends on the sizes")


def _no_shorter(view: View, order: Order, units: Expr, program: Program) -> Apart | None:
    """Where there is no way over fewer units for every pair; None where there may be: by what data decides, by what was
    left out, by windows whose reach depends on the sizes. Of recurrences that is counted already."""
    frame = view.frame
    fewest = all(frame.nonnegative(r.units - units) for r in view.routes)
    if view.dropped and not fewest and units != ONE:  # fewer than one there are not
        return None
    scans = [i for r in view.routes for i in r.reach if i.near is not None]
    if any(i.near is not None and (i.near.taps or (i.taps and len(scans) > 1)) for i in scans):
        return None  # what lies between the taps of one route may be nearer by another one, or the reverse
    windows = [r for r in view.routes if r.why or all(i.near is None for i in r.reach)]
    shorter = tuple(r for r in windows if not frame.nonnegative(r.units - units) and r.reach)
    return never_joined(replace(view, routes=shorter), order, values_of(program))


def joined_words(view: View, order: Order, units: Expr) -> Words:
    scanned = any(i.near is not None for r in view.routes for i in r.reach)
    way = {
        "all": "",
        "forward": "; admitted pairs are those in order",
        "backward": "; admitted pairs are those in reverse order",
    }[order]
    if scanned and not units_free_of(view.sizes, units):
        steps, layers = _steps_of(view, units)
        words: Words = ("the state goes through ", steps, " evaluations of the cell from one end to the other")
        if not view.facts.nonnegative(units - steps):  # after a stride there are fewer
            words = ("the state of the cell goes from one end to the other",)
        if layers:
            words = (*words, " and crosses the other layers once")
        return (*words, way)
    if order == "all":
        positions_: Words = (*_times(view.sizes), " positions")
        who = "one output position reads all " if view.axes else "the output reads all "
        return (who, *positions_, ", over ", units, plural(units, "unit"))
    side = "before" if order == "forward" else "after"
    return (f"each position reads all {side} it and itself, over ", units, plural(units, "unit"), way)


def units_free_of(sizes: Sequence[Expr], units: Expr) -> bool:
    """Do units not grow with the length of a sequence?"""
    return not any(units.symbols() & size.symbols() for size in sizes)


def _steps_of(view: View, units: Expr) -> tuple[Expr, bool]:
    """The evaluations of a cell among the units, and whether there are other units."""
    steps = ZERO
    for number, size in enumerate(view.sizes):
        if any(r.reach[number].near is not None for r in view.routes):
            steps = steps + size - 1
    return steps + 1, units != steps + 1


def _times(sizes: Sequence[Expr]) -> Words:
    words: list[str | Expr] = []
    for size in sizes:
        words += [" × "] if words else []
        words.append(size)
    return tuple(words)


def _apart(view: View, at_example: bool) -> Derived:
    """Some pair is joined by no route."""
    closing = " at the example values" if at_example else ""
    if len(view.sizes) == 1 and view.aligned:
        behind, ahead = _hull(view, view.facts)
        reason: Words = (
            "the layers together reach ",
            *sides(behind, ahead, view.facts),
            ", not ",
            view.sizes[0] - 1,
            ": some pairs are never joined by the model as it stands",
            closing,
        )
        if behind is None or ahead is None:
            reason = ("some pairs are never joined by the model as it stands", closing)
    else:
        reason = ("no route joins positions at opposite ends", closing)
    return Derived(None, reason, infinite=True, at_example=at_example)


def _hull(view: View, facts: Facts) -> tuple[Expr | None, Expr | None]:
    """How far the routes together reach back and ahead; None where that depends on the position."""
    here = from_atom(place(view.axes[0]))
    behind = build.maximum((here - r.reach[0].lower for r in view.routes), facts)
    ahead = build.maximum((r.reach[0].upper - here for r in view.routes), facts)
    moving = any(s.name.startswith("@") for s in behind.symbols() | ahead.symbols())
    return (None, None) if moving else (behind, ahead)
