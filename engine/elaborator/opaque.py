"""`opaque`: a tensor whose costs a file states, with the reason why they are not derived."""

from __future__ import annotations

from .. import syntax
from ..algebra.expression import ONE, Expr, const
from ..errors import error, nearest
from ..program import Opaque
from ..scalars import Axis, Tensor
from . import sizes
from .bindings import free_name, leading_axes
from .describe import name_span, show
from .expressions import number_of
from .values import Body, Context, Poisoned, Scope, Silent

STATED = ("exact", "macs", "depth")


def opaque(statement: syntax.Opaque, scope: Scope, body: Body, context: Context) -> None:
    """`opaque y[N, D] from x because "…":` with `exact`, `depth`, perhaps `macs`, and what it reads."""
    at = name_span(statement.span, statement.name)
    free_name(statement.name, at, scope, tensor=True)
    sources = tuple(_source(name, statement, scope) for name in statement.sources)
    axes: list[Axis] = []
    times = ONE  # what is stated is the cost at one position of `...`
    for axis in statement.axes:
        if isinstance(axis, syntax.Ellipsis):
            front = leading_axes(scope, axis.span)
            axes += front
            for leading in front:
                times = times * leading.size
            continue
        what = f"an axis of `{statement.name}`"
        size = sizes.positive_size(number_of(axis, scope, context), axis.span, context, what)
        axes.append(Axis(const(0), size - 1))
    stated: dict[str, Expr] = {}
    whole: list[Expr] = []
    for fact in statement.facts:
        if isinstance(fact, syntax.Reads):
            whole += [_axis_read(name, fact, sources, scope) for name in fact.names]
            continue
        if fact.name not in STATED:
            raise error(
                f"`opaque` states {', '.join(f'`{name}`' for name in STATED)}, and `{fact.name}` is none of them",
                name_span(fact.span, fact.name),
                hint=nearest(fact.name, STATED),
            )
        if fact.name in stated:
            raise error(f"`{fact.name}` is stated twice", fact.span)
        stated[fact.name] = number_of(fact.value, scope, context)
    for name in ("exact", "depth"):
        if name not in stated:
            meaning = "operations it takes" if name == "exact" else "steps follow each other"
            raise error(
                f"this `opaque` does not say how many {meaning}", at, hint=f"add a line `{name} = …`; 0 may be stated"
            )
    if context.facts.compare(stated.get("macs", const(0)), ">", stated["exact"]):
        raise error(f"`exact` counts every operation, and is less than the multiply-adds: {show(stated['exact'])}", at)
    for name, cost in stated.items():
        sizes.take_for_granted(cost, at, context, f"`{name}`")
    if "macs" in stated:
        sizes.take_for_granted(stated["exact"] - stated["macs"], at, context, "`exact` less `macs`")
    stated = {name: cost if name == "depth" else cost * times for name, cost in stated.items()}
    target = Tensor(statement.name, tuple(axes))
    body.nodes.append(Opaque(target, sources, tuple(stated.items()), tuple(whole), statement.because, statement.span))
    scope.set(statement.name, target, at)


def _source(name: str, statement: syntax.Opaque, scope: Scope) -> Tensor:
    at = name_span(statement.span, name)
    value = scope.get(name)
    if value is None:
        raise sizes.unknown_name(name, at, scope)
    if isinstance(value, Poisoned):
        raise Silent
    if not isinstance(value, Tensor):
        raise error(f"`opaque` is made from tensors, and `{name}` is {sizes.describe(value)}", at)
    return value


def _axis_read(name: str, fact: syntax.Reads, sources: tuple[Tensor, ...], scope: Scope) -> Expr:
    at = name_span(fact.span, name)
    value = scope.get(name)
    if value is None:
        raise sizes.unknown_name(name, at, scope)
    if not isinstance(value, Expr) or all(axis.size != value for tensor in sources for axis in tensor.axes):
        names = ", ".join(f"`{source.name}`" for source in sources)
        raise error(f"`{name}` is the size of no axis of {names}", at)
    return value


__all__ = ["opaque"]
