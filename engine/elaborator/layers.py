"""Calls: a layer applied to tensors, opened once for each set of shapes and options."""

from __future__ import annotations

from collections.abc import Sequence

from .. import library, syntax
from ..algebra.expression import ZERO, Expr, const
from ..errors import ArchError, Diagnostic, Span, error, nearest
from ..program import Axis, Call, Instance, Tensor
from . import sizes
from .describe import shape, show
from .values import (
    FUNCTIONS,
    Body,
    Context,
    FunctionValue,
    LayerValue,
    Module,
    Poisoned,
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
    known = set(module.layers) | set(module.imports) | set(library.index()) | set(FUNCTIONS)
    return error(f"there is no layer `{name}`", span, hint=nearest(name, known) or "`derive --list` shows the standard layers")


# ---------------------------------------------------------------- arguments


def bind_arguments(
    layer: LayerValue, positional: Sequence[tuple[Value, Span]], named: dict[str, tuple[Value, Span]], span: Span
) -> tuple[dict[str, tuple[Tensor, Span]], dict[str, tuple[Value, Span]]]:
    """Tensors fill the tensors of the signature, other values the options; every mistake has its own message."""
    definition = layer.definition
    tensor_names = [t.name for t in definition.tensors]
    option_names = [o.name for o in definition.options]
    tensors: dict[str, tuple[Tensor, Span]] = {}
    options: dict[str, tuple[Value, Span]] = {}
    waiting = list(option_names)
    for name, value in layer.named:
        options[name] = (value, span)
    for value in layer.positional:
        _fill_next(value, span, waiting, options, layer)
    free = [n for n in tensor_names if n not in named]
    for value, at in positional:
        if isinstance(value, Poisoned):
            raise Silent
        if isinstance(value, Tensor):
            if not free:
                raise error(
                    f"`{layer.name}` takes {_count(len(tensor_names), 'tensor')}, and this is one more", at, hint=signature(definition)
                )
            tensors[free.pop(0)] = (value, at)
        else:
            _fill_next(value, at, waiting, options, layer)
    for name, (value, at) in named.items():
        if isinstance(value, Poisoned):
            raise Silent
        if name in tensor_names:
            if not isinstance(value, Tensor):
                raise error(f"`{name}` of `{layer.name}` is a tensor, and this is {sizes.describe(value)}", at)
            tensors[name] = (value, at)
        elif name in option_names:
            if name in options and name not in dict(layer.named):
                raise error(f"the option `{name}` of `{layer.name}` is given twice", at)
            if isinstance(value, Tensor):
                raise error(f"the option `{name}` of `{layer.name}` is no tensor", at)
            options[name] = (value, at)
        else:
            hint = nearest(name, option_names) or signature(definition)
            raise error(f"`{layer.name}` has no option `{name}`", at, hint=hint)
    return tensors, options


def _fill_next(
    value: Value, at: Span, waiting: list[str], options: dict[str, tuple[Value, Span]], layer: LayerValue
) -> None:
    while waiting and waiting[0] in options:
        waiting.pop(0)
    if not waiting:
        names = len(layer.definition.options)
        raise error(
            f"`{layer.name}` takes {_count(names, 'option')}, and this is one more", at, hint=signature(layer.definition)
        )
    options[waiting.pop(0)] = (value, at)


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def signature(definition: syntax.Definition) -> str:
    """The head of a definition on one line, for a hint."""
    text = definition.span.source.text[definition.name_span.start : definition.span.end]
    depth = 0
    for position, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == ")" and depth == 0:
            return f"the layer is `{' '.join(text[: position + 1].split())}`"
    return ""


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
    for parameter in definition.tensors:
        if parameter.name not in tensors:
            if parameter.default is None or parameter.default not in tensors:
                raise error(
                    f"`{layer.name}` needs the tensor `{parameter.name}`", span, hint=signature(definition)
                )
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
    first = True
    if layer.shared is not None:
        first, layer.shared.used = not layer.shared.used, True
    return Call(instance, arguments, results, first, span), results


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
    try:
        instance = _opened(layer, arguments, tensors, given, options, span, context)
    except ArchError as failure:
        raise _blame(failure, layer, span, context.depth) from None
    finally:
        context.depth -= 1
    context.opened[key] = instance
    return instance


def _blame(failure: ArchError, layer: LayerValue, span: Span, depth: int) -> ArchError:
    """A mistake inside a layer, told from where the user called it: a standard layer's own lines are no place to look."""
    if isinstance(failure, Silent):
        return failure
    diagnostics = []
    for d in failure.diagnostics:
        inside = d.span is not None and d.span.source.library
        if inside and d.span is not None and not span.source.library:
            where = f"in {d.span.source.name}, line {d.span.line}: {_line(d.span)}"
            diagnostics.append(Diagnostic(f"`{layer.name}` cannot be applied here: {d.message}", span, d.label, d.hint, notes=(*d.notes, where)))
        elif d.span is not None and d.span.source is not span.source and not d.span.source.library:
            diagnostics.append(d)
        elif d.span is not None and not inside and len(d.notes) < 3 and "calls itself" not in d.message:
            line, _ = span.source.position(span.start)
            note = f"`{layer.name}` is opened in line {line}"
            diagnostics.append(Diagnostic(d.message, d.span, d.label, d.hint, d.severity, (*d.notes, note)))
        else:
            diagnostics.append(d)
    return ArchError(*diagnostics)


def _line(span: Span) -> str:
    return span.source.line(span.line).strip()


def _opened(
    layer: LayerValue,
    arguments: tuple[Tensor, ...],
    tensors: dict[str, tuple[Tensor, Span]],
    given: dict[str, Value],
    options: dict[str, tuple[Value, Span]],
    span: Span,
    context: Context,
) -> Instance:
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
    _check_late_axes(definition, inputs, scope, tensors, layer, context)
    body = Body()
    execute(definition.body, scope, body, context)
    if body.outputs is None:
        raise missing_return(definition)
    return Instance(
        layer.name,
        "layer",
        tuple(inputs),
        body.outputs,
        tuple(body.nodes),
        tuple((name, option_text(scope.names[name])) for name in (o.name for o in definition.options)),
        tuple((name, value) for name, value in scope.names.items() if isinstance(value, Expr)),
        definition.doc,
        definition.span,
        layer.module.source.library,
    )


def missing_return(definition: syntax.Definition) -> ArchError:
    return error(
        f"`{definition.name}` returns nothing",
        definition.name_span,
        hint="end its body with `return` and a tensor",
    )


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
            f"and this has {_axes(len(argument.axes))}: {shape(argument)}",
            at,
        )
    if has:
        if scope.leading is not None and scope.leading[0] != leading:
            raise error(
                f"`...` of `{layer.name}` stands for {_axes(scope.leading[0])} before and for {_axes(leading)} here", at
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
                    f"`{layer.name}` wants the same size `{node.name}` in both places, and they are {show(known)} and {show(size)}",
                    at,
                    label=f"`{parameter.name}` is {shape(argument)}",
                )


def _axes(count: int) -> str:
    return f"{count} {'axis' if count == 1 else 'axes'}"


def hull(axis: Axis, tensor: Tensor) -> Expr:
    """The size of an axis; of a ragged one, that of the smallest axis that holds every row of it."""
    from ..algebra.ranges import extreme
    from ..algebra.facts import Facts

    if not axis.ragged:
        return axis.size
    from ..program import place

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
                    f"`{layer.name}` wants {show(wanted)} on an axis of `{parameter.name}`, and this has {show(hull(axis, formal))}",
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


def dimension_axis(size: Expr) -> Axis:
    """An axis that counts from 0."""
    return Axis(ZERO, size - const(1))

