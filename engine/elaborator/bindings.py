"""Statements that give a name to something: `weight`, `let`, `=`, `share` and `return`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .. import syntax
from ..algebra.expression import const
from ..errors import Span, error
from ..program import Declared, Share, Shared
from ..scalars import Axis, Tensor
from . import sizes
from .describe import brief, count, name_span, place_note
from .expressions import evaluate, number_of
from .naming import renamed
from .values import Body, Context, FunctionValue, LayerValue, Poisoned, Scope, Silent, Value


def free_name(name: str, span: Span, scope: Scope, *, tensor: bool) -> None:
    """Tensors may be bound again, numbers not; nothing may take the name of something else."""
    value = scope.own(name)
    if value is None:
        value = scope.module.sizes.get(name)
    if value is None or isinstance(value, Poisoned) or (tensor and isinstance(value, Tensor)):
        return
    raise error(
        f"`{name}` is {sizes.describe(value)} already",
        span,
        notes=place_note(name, scope.place(name), span),
        hint=f"choose another name, such as `{name}'`",
    )


def declare(statement: syntax.Declare, scope: Scope, body: Body, context: Context) -> None:
    for declared in statement.shapes:
        free_name(declared.name, name_span(declared.span, declared.name), scope, tensor=False)
        axes: list[Axis] = []
        for axis in declared.axes:
            if isinstance(axis, syntax.Ellipsis):
                axes += leading_axes(scope, axis.span)
                continue
            size = sizes.positive_size(
                number_of(axis, scope, context), axis.span, context, f"an axis of `{declared.name}`"
            )
            axes.append(Axis(const(0), size - 1))
        if not declared.axes:
            raise error(
                f"`{declared.name}` has no axes", declared.span, hint=f"a single number is `{declared.name}[1]`"
            )
        kind = statement.kind
        tensor = Tensor(
            declared.name, tuple(axes), "weight" if kind == "weight" else "buffer" if kind == "buffer" else "mask"
        )
        body.nodes.append(Declared(kind, tensor, declared.span))
        scope.set(declared.name, tensor, declared.span)


def leading_axes(scope: Scope, span: Span) -> list[Axis]:
    if scope.leading is None:
        raise error("`...` has no meaning here: no tensor of the signature carries it", span)
    number = scope.leading[0]
    carriers = [t for t in scope.tensors().values() if t.kind == "input" and len(t.axes) >= number]
    return list(carriers[0].axes[:number]) if carriers else []


def let(statement: syntax.Let, scope: Scope, context: Context, module_level: bool = False) -> None:
    """Bind abbreviations; several names share the items of a tuple, or one number."""
    body = Body()
    values = _unpacked(statement.names, statement.values, scope, body, context)
    for name, value in zip(statement.names, values, strict=True):
        at = name_span(statement.span, name)
        if isinstance(value, Tensor):
            text = statement.span.text.removeprefix("let").strip()
            raise error(
                f"`let` names sizes, and `{name}` would be a tensor",
                at,
                hint=f"`{text}`" if brief(statement.span) else "drop the `let`",
            )
        free_name(name, at, scope, tensor=False)
        if module_level:
            scope.module.sizes[name] = value
            scope.module.places[name] = at
        else:
            scope.set(name, value, at)


def _unpacked(
    names: Sequence[str], values: Sequence[syntax.Expression], scope: Scope, body: Body, context: Context
) -> list[Value]:
    """One value for each name."""
    wanted = count(len(names), "name")
    if len(values) == 1 and len(names) > 1:
        span = values[0].span
        value = evaluate(values[0], scope, body, context)
        if isinstance(value, tuple):
            if len(value) != len(names):
                noun = "tensor" if all(isinstance(v, Tensor) for v in value) else "value"
                raise error(f"this gives {count(len(value), noun)}, and {wanted} wait for them", span)
            return list(value)
        if isinstance(value, Tensor | LayerValue | FunctionValue):
            kind = "tensor" if isinstance(value, Tensor) else "layer"
            raise error(f"this gives one {kind}, and {wanted} wait for it", span)
        return [value] * len(names)
    if len(values) != len(names):
        span = values[0].span.to(values[-1].span)
        waits = "waits" if len(names) == 1 else "wait"
        raise error(f"{count(len(values), 'value')} stand here, and {wanted} {waits} for them", span)
    return [evaluate(value, scope, body, context) for value in values]


def bind(statement: syntax.Bind, scope: Scope, body: Body, context: Context) -> None:
    """`y = …`: a name for a tensor."""
    before = len(body.nodes)
    values = _unpacked(statement.names, statement.values, scope, body, context)
    for number, (name, value) in enumerate(zip(statement.names, values, strict=True)):
        at = name_span(statement.span, name)
        written = statement.values[min(number, len(statement.values) - 1)].span
        if isinstance(value, tuple):
            raise error(
                f"this gives {count(len(value), 'tensor')}, and only `{name}` waits for them",
                written,
                hint=_name_each(name, len(value), brief(written)),
            )
        if isinstance(value, Poisoned):
            raise Silent
        if not isinstance(value, Tensor):
            raise error(
                f"`{name}` would be {sizes.describe(value)}, and `=` binds tensors",
                written,
                hint=_other_binding(name, value, written),
            )
        free_name(name, at, scope, tensor=True)
        named = renamed(value, name, body, before)
        if named.name != name:
            context.aliases[named] = name
        scope.set(name, named, at)


def _name_each(name: str, results: int, text: str) -> str:
    names = ", ".join(f"{name}{n}" for n in range(1, results + 1))
    return f"a name for each: `{names} = {text}`" if results < 6 and text else ""


def _other_binding(name: str, value: Value, written: Span) -> str:
    text = brief(written)
    if isinstance(value, LayerValue | FunctionValue):
        return f"apply it, `{name} = x -> {text}`, or give it a name: `share {name} = {text}`" if text else ""
    return f"`let {name} = {text}`" if text else f"`let {name} = …`"


def share(statement: syntax.Share, scope: Scope, body: Body, context: Context) -> None:
    value = evaluate(statement.value, scope, body, context)
    if not isinstance(value, LayerValue):
        raise error(
            f"`share` names a layer, and this is {sizes.describe(value)}",
            statement.value.span,
            hint=f"share the layer, and apply it afterwards: `x -> {statement.name}`"
            if isinstance(value, Tensor)
            else "",
        )
    at = name_span(statement.span, statement.name)
    free_name(statement.name, at, scope, tensor=False)
    shared = Shared(statement.name)
    body.nodes.append(Share(shared, statement.span))
    scope.set(statement.name, replace(value, shared=shared), at)


def give_back(values: Sequence[syntax.Expression], span: Span, scope: Scope, body: Body, context: Context) -> None:
    found: list[Tensor] = []
    for node in values:
        value = evaluate(node, scope, body, context)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Poisoned):
                raise Silent
            if not isinstance(item, Tensor):
                hint = (
                    f"apply it: `return x -> {brief(node.span)}`"
                    if isinstance(item, LayerValue | FunctionValue) and brief(node.span)
                    else ""
                )
                raise error(f"a definition returns tensors, and this is {sizes.describe(item)}", node.span, hint=hint)
            found.append(item)
    body.outputs = tuple(found)
    body.output_span = span
