"""Calls: a layer applied to tensors, opened once for each set of shapes and options."""

from __future__ import annotations

from collections.abc import Sequence

from .. import library, syntax
from ..algebra.expression import Expr
from ..algebra.facts import Facts
from ..algebra.ranges import extreme
from ..errors import ArchError, Span, error, nearest
from ..program import Call, Instance
from ..scalars import Axis, Tensor, place
from .arguments import bind_arguments, signature
from .blame import blamed
from .describe import count, shape, show
from .values import (
    FUNCTIONS,
    Body,
    Context,
    FunctionValue,
    LayerValue,
    Module,
    Origin,
    Scope,
    Silent,
    Value,
)

MAX_DEPTH = 64
_STANDARD: dict[str, Module] = {}


def find_layer(name: str, module: Module) -> LayerValue | FunctionValue | None:
    """A layer by name: of the file, of the files that it uses, a scalar function, or of the standard library."""
    if name in module.layers:
        return LayerValue(name, module.layers[name], module)
    if name in module.imports:
        return module.imports[name]
    if name in FUNCTIONS:
        return FunctionValue(name)
    if name in library.index():
        return LayerValue(name, library.definition(name), standard_module(name))
    return None


def standard_module(name: str) -> Module:
    source = library.index()[name][0]
    if source.name not in _STANDARD:
        _STANDARD[source.name] = Module(source, {})
    return _STANDARD[source.name]


def unknown_layer(name: str, span: Span, module: Module) -> ArchError:
    if module.broken:
        return Silent()
    if name in module.models:
        return error(
            f"`{name}` is a model, and only layers are applied",
            span,
            hint=f"`layer {name}(…)` may be applied, and a model of one line derives it",
        )
    known = set(module.layers) | set(module.imports) | set(library.index()) | set(FUNCTIONS)
    return error(
        f"there is no layer `{name}`", span, hint=nearest(name, known) or "`derive --list` shows the standard layers"
    )


# ---------------------------------------------------------------- application


def apply(
    layer: LayerValue,
    positional: Sequence[tuple[Value, Span]],
    named: dict[str, tuple[Value, Span]],
    span: Span,
    context: Context,
) -> tuple[Call, tuple[Tensor, ...]]:
    """One application: the call and its fresh results."""
    tensors, options = bind_arguments(layer, positional, named, span)
    definition = layer.definition
    written = tuple(tensors[p.name][0] for p in definition.tensors if p.name in tensors)
    for parameter in definition.tensors:
        if parameter.name not in tensors:
            if parameter.default is None or parameter.default not in tensors:
                raise error(f"`{layer.name}` needs the tensor `{parameter.name}`", span, hint=signature(definition))
            tensors[parameter.name] = tensors[parameter.default]
    arguments = tuple(tensors[p.name][0] for p in definition.tensors)
    for option in definition.options:
        if option.name not in options and option.default is None:
            raise error(
                f"`{layer.name}` needs the option `{option.name}`",
                span,
                hint=signature(definition),
            )
    given = {name: value for name, (value, _) in options.items()}
    instance = _open(layer, arguments, tensors, given, options, span, context)
    results = tuple(Tensor(_result_name(layer.name, output, instance), output.axes) for output in instance.outputs)
    return Call(instance, arguments, results, layer.shared, span, written), results


def _result_name(layer: str, output: Tensor, instance: Instance) -> str:
    return layer if len(instance.outputs) == 1 else output.name


def _open(
    layer: LayerValue,
    arguments: tuple[Tensor, ...],
    tensors: dict[str, tuple[Tensor, Span]],
    given: dict[str, Value],
    options: dict[str, tuple[Value, Span]],
    span: Span,
    context: Context,
) -> Instance:
    key = (
        id(layer.definition),
        tuple(argument.axes for argument in arguments),
        tuple(sorted(((n, v) for n, v in given.items()), key=lambda item: item[0])),
    )
    if key in context.opened:
        return context.opened[key]
    if context.depth >= MAX_DEPTH:
        raise error(
            f"`{layer.name}` calls itself more than {MAX_DEPTH} levels deep",
            span,
            hint="the recursion needs an `if` on a number that gets smaller",
        )
    context.depth += 1
    context.stack.append(layer.name)
    outer, context.errors = context.errors, []
    try:
        instance = opened_at(layer, arguments, tensors, given, options, span, context)
    except ArchError as failure:
        context.record(failure)
        if not context.errors:
            raise
        raise blamed(ArchError(*context.errors), layer, span, options, context) from None
    finally:
        context.errors = outer
        context.stack.pop()
        context.depth -= 1
    # An option that is given as its default is: one layer, told once.
    alike = (id(layer.definition), tuple(argument.axes for argument in arguments), context.settled[instance])
    instance = context.opened.setdefault(alike, instance)
    context.opened[key] = instance
    context.origins.setdefault(instance, Origin(layer, arguments, given))
    return instance


def opened_at(
    layer: LayerValue,
    arguments: tuple[Tensor, ...],
    tensors: dict[str, tuple[Tensor, Span]],
    given: dict[str, Value],
    options: dict[str, tuple[Value, Span]],
    span: Span,
    context: Context,
) -> Instance:
    """The layer's body at the shapes and options of one application. Raises ArchError, or records what is wrong."""
    from .blocks import without_unread
    from .statements import execute

    definition = layer.definition
    scope = Scope(layer.module)
    scope.leading = None
    inputs = [Tensor(p.name, argument.axes, "input") for p, argument in zip(definition.tensors, arguments, strict=True)]
    for number, (parameter, formal) in enumerate(zip(definition.tensors, inputs, strict=True)):
        at = tensors[parameter.name][1]
        _bind_axes(parameter, arguments[number], scope, at, layer, context)
        scope.set(parameter.name, formal, parameter.span)
    _bind_options(layer, given, options, scope, context)
    settled = tuple(scope.names[option.name] for option in definition.options)
    _check_late_axes(definition, inputs, scope, tensors, layer, context)
    body = Body(unnamed=scope.unnamed)
    execute(definition.body, scope, body, context)
    if context.errors:
        raise Silent  # what is wrong was recorded
    if body.outputs is None:
        raise missing_return(definition)
    instance = Instance(
        layer.name,
        "layer",
        tuple(inputs),
        body.outputs,
        without_unread(body.nodes, body.outputs),
        tuple((name, option_text(scope.names[name])) for name in (o.name for o in definition.options)),
        tuple((name, value) for name, value in scope.names.items() if isinstance(value, Expr)),
        definition.doc,
        definition.span,
        layer.module.source.library,
        saved(body, scope),
        frozenset(o.name for o in definition.options if _is_usual(o, given)),
    )
    context.settled[instance] = settled
    return instance


def _is_usual(option: syntax.OptionParameter, given: dict[str, Value]) -> bool:
    """Is an option left at its default, or given as the default is written?"""
    if option.name not in given:
        return True
    return option.default is not None and option_text(given[option.name]) == option.default.span.text.strip()


def saved(body: Body, scope: Scope) -> tuple[Tensor, ...]:
    """The tensors of `saves` lines, by the names that they have at the end."""
    found = []
    for name, span in body.saves:
        value = scope.own(name)
        if not isinstance(value, Tensor):
            known = {n for n, v in scope.names.items() if isinstance(v, Tensor)}
            raise error(f"`saves` names tensors of this layer, and `{name}` is none", span, hint=nearest(name, known))
        found.append(value)
    return tuple(found)


def missing_return(definition: syntax.Definition) -> ArchError:
    return error(
        f"`{definition.name}` returns nothing",
        definition.name_span,
        hint=_last_name(definition),
    )


def _last_name(definition: syntax.Definition) -> str:
    """`return y`, where y is what the body binds last."""
    for statement in reversed(definition.body):
        match statement:
            case syntax.Bind(names=names):
                return f"end its body with `return {', '.join(names)}`"
            case syntax.Equation(name=name):
                return f"end its body with `return {name}`"
            case _:
                pass
    return "end its body with `return` and a tensor"


def option_text(value: Value) -> str:
    """An option's value as it is written in a file."""
    match value:
        case Expr():
            return show(value)
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case tuple():
            return "(" + ", ".join(map(option_text, value)) + ")"
        case LayerValue() | FunctionValue():
            return value.name
        case _:
            return "…"


def _bind_axes(
    parameter: syntax.TensorParameter, argument: Tensor, scope: Scope, at: Span, layer: LayerValue, context: Context
) -> None:
    """Axis names take the actual sizes; `...` takes what is left in front."""
    written = [a for a in parameter.axes if not isinstance(a, syntax.Ellipsis)]
    has = len(written) < len(parameter.axes)
    leading = len(argument.axes) - len(written)
    if leading < 0 or (leading and not has):
        raise error(
            f"`{layer.name}` wants `{parameter.name}` with {'at least ' if has else ''}{_axes(len(written))}, "
            f"and this has {_axes(len(argument.axes))}",
            at,
            label=f"this is {shape(argument)}",
            hint=signature(layer.definition),
        )
    if has:
        if scope.leading is not None and scope.leading[0] != leading:
            raise error(
                f"`...` of `{layer.name}` stands for {_axes(scope.leading[0])} of the tensor before "
                f"and for {_axes(leading)} of this one",
                at,
                label=f"this is {shape(argument)}",
                hint=signature(layer.definition),
            )
        scope.leading = (leading, at)
    for axis, node in zip(argument.axes[leading:], written, strict=True):
        if isinstance(node, syntax.Name):
            size = hull(axis, argument)
            known = scope.own(node.name)
            if known is None:
                scope.set(node.name, size, node.span)
            elif known != size and isinstance(known, Expr):
                raise error(
                    f"`{layer.name}` wants the same size `{node.name}` in both places, "
                    f"and they are {show(known)} and {show(size)}",
                    at,
                    label=f"this is {shape(argument)}",
                    hint=signature(layer.definition),
                )


def _axes(number: int) -> str:
    return count(number, "axis", "axes")


def hull(axis: Axis, tensor: Tensor) -> Expr:
    """The size of an axis; of a ragged one, that of the smallest axis that holds every row of it."""
    if not axis.ragged:
        return axis.size
    table = {place(n): (a.lower, a.upper) for n, a in enumerate(tensor.axes)}
    upper = extreme(axis.upper, table, Facts(), largest=True)
    lower = extreme(axis.lower, table, Facts(), largest=False)
    return (upper - lower + 1) if upper is not None and lower is not None else axis.size


def _check_late_axes(
    definition: syntax.Definition,
    inputs: list[Tensor],
    scope: Scope,
    tensors: dict[str, tuple[Tensor, Span]],
    layer: LayerValue,
    context: Context,
) -> None:
    """Axes that are written as numbers or as arithmetic must have that size."""
    from .expressions import size_of

    for parameter, formal in zip(definition.tensors, inputs, strict=True):
        written = [a for a in parameter.axes if not isinstance(a, syntax.Ellipsis)]
        for axis, node in zip(formal.axes[len(formal.axes) - len(written) :], written, strict=True):
            if isinstance(node, syntax.Name):
                continue
            wanted = size_of(node, scope, context)
            if hull(axis, formal) != wanted:
                raise error(
                    f"`{layer.name}` wants {show(wanted)} on an axis of `{parameter.name}`, "
                    f"and this has {show(hull(axis, formal))}",
                    tensors[parameter.name][1],
                )


def _bind_options(
    layer: LayerValue,
    given: dict[str, Value],
    options: dict[str, tuple[Value, Span]],
    scope: Scope,
    context: Context,
) -> None:
    """Options as given, defaults from left to right; a default may mention axes and earlier options."""
    from .expressions import evaluate

    for option in layer.definition.options:
        if option.name in given:
            value = given[option.name]
        elif option.default is not None:
            value = evaluate(option.default, scope, Body(), context)
        else:
            raise error(f"`{layer.name}` needs the option `{option.name}`", option.span)
        if scope.own(option.name) is not None:
            raise error(f"`{option.name}` is an axis of `{layer.name}` already", option.span)
        scope.set(option.name, value, options.get(option.name, (value, option.span))[1])
