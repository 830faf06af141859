"""A parsed file to programs: one for each model, every layer opened, every shape known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from .. import syntax
from ..algebra.expression import Expr, Symbol, const, from_atom
from ..algebra.facts import Facts
from ..algebra.substitution import evaluate as number_at
from ..errors import ArchError, Diagnostic, Source, Span, error, nearest
from ..program import Axis, Call, Carried, Dimension, Equation, Instance, Join, Node, Program, Recurrence, Repeat, Split, Stack, Tensor
from ..program import reads as tensor_reads
from . import sizes
from .expressions import evaluate, number_of
from .layers import find_layer, missing_return
from .statements import assume, execute, let
from .values import Body, Context, LayerValue, Module, NeedsValue, Scope, Silent, Value

MAX_EXAMPLE = 10**15


@dataclass(eq=False)
class Elaborated:
    """The models of one file, with what `expect` needs to be read again: the scope in which it stands."""

    source: Source
    programs: tuple[Program, ...]
    expects: dict[str, list[tuple[syntax.Expect, Scope, Context]]] = field(default_factory=dict)


Loader = Callable[[str, Span], tuple[Source, syntax.File]]


def elaborate(
    file: syntax.File,
    source: Source,
    load: Loader,
    overrides: Mapping[str, Fraction] | None = None,
) -> Elaborated:
    """Every model of a file. `load` reads the files that it uses, `overrides` are example values from outside (`--at`).

    Raises ArchError with every independent mistake that was found.
    """
    overrides = overrides or {}
    errors: list[Diagnostic] = []
    definitions = [item for item in file.items if isinstance(item, syntax.Definition)]
    models = [item for item in definitions if item.kind == "model"]
    _check_overrides(overrides, file)
    result = Elaborated(source, ())
    programs: list[Program] = []
    try:
        _unique(definitions)
        _check_items(file)
    except ArchError as failure:
        errors += failure.diagnostics
    for model in models:
        try:
            program, expects = _model(model, file, source, load, overrides)
            programs.append(program)
            result.expects[model.name] = expects
        except ArchError as failure:
            known = {(d.message, d.span) for d in errors}
            errors += [d for d in failure.diagnostics if (d.message, d.span) not in known]
    if not models and not errors:
        layers = [d.name for d in definitions]
        raise ArchError(
            Diagnostic(
                f"{source.name} has no model",
                hint="write `model` instead of `layer` for what is to be derived" if layers else "a file describes at least one `model`",
            )
        )
    if errors:
        raise ArchError(*errors)
    result.programs = tuple(programs)
    return result


def _unique(definitions: list[syntax.Definition]) -> None:
    seen: dict[str, syntax.Definition] = {}
    for definition in definitions:
        if definition.name in seen:
            raise error(
                f"`{definition.name}` is defined twice",
                definition.name_span,
                notes=[f"it is defined first in line {seen[definition.name].span.line}"],
            )
        seen[definition.name] = definition


def _check_items(file: syntax.File) -> None:
    from ..errors import unsupported

    for item in file.items:
        if isinstance(item, syntax.Quantity):
            raise unsupported("`quantity`", item.span)
        if isinstance(item, syntax.Expect):
            raise unsupported("`expect` outside a model", item.span, hint="put it into a model")


def _check_overrides(overrides: Mapping[str, Fraction], file: syntax.File) -> None:
    names = {i.name for item in file.items if isinstance(item, syntax.Dim | syntax.Ratio) for i in item.items}
    names |= {o.name for item in file.items if isinstance(item, syntax.Definition) for o in item.options}
    for name in overrides:
        if name not in names:
            raise ArchError(Diagnostic(f"`--at {name}=…`: there is no dim or option `{name}`", hint=nearest(name, names)), status=2)


# ---------------------------------------------------------------- one model


def _model(
    model: syntax.Definition,
    file: syntax.File,
    source: Source,
    load: Loader,
    overrides: Mapping[str, Fraction],
) -> tuple[Program, list[tuple[syntax.Expect, Scope, Context]]]:
    fixed: dict[str, str] = {}
    while True:
        try:
            return _open_model(model, file, source, load, overrides, fixed)
        except NeedsValue as need:
            if need.option in fixed:
                raise AssertionError(f"the option {need.option} is fixed already") from None
            fixed[need.option] = need.option


def _open_model(
    model: syntax.Definition,
    file: syntax.File,
    source: Source,
    load: Loader,
    overrides: Mapping[str, Fraction],
    fixed: Mapping[str, str],
    settings: Mapping[str, syntax.Expression] | None = None,
    turn: tuple[str, Symbol] | None = None,
) -> tuple[Program, list[tuple[syntax.Expect, Scope, Context]]]:
    context = Context(Facts(), {})
    module = _module(file, source, load, context, overrides)
    scope = Scope(module)
    inputs = []
    for parameter in model.tensors:
        inputs.append(_input(parameter, scope, context))
        scope.set(parameter.name, inputs[-1], parameter.span)
    if turn is not None:
        scope.names[turn[0]] = from_atom(turn[1])
        context.values[turn[1].name] = Fraction(0)
    for option in model.options:
        _model_option(option, model, scope, context, fixed, overrides, settings or {})
    body = Body()
    execute(_assumptions_first(model.body), scope, body, context)
    if context.errors:
        raise ArchError(*context.errors)
    if body.outputs is None:
        raise missing_return(model)
    instance = Instance(
        model.name, "model", tuple(inputs), body.outputs, tuple(body.nodes), (), (), model.doc, model.span, False
    )
    stack = None
    if body.stacked is not None and settings is None:
        stack = _stack(model, body.stacked, file, source, load, overrides, fixed)
    program = Program(
        instance,
        tuple(context.dimensions),
        tuple(context.assumptions),
        context.facts,
        stack,
        tuple(context.warnings) + tuple(_unread(instance)),
    )
    return program, [(expect, at, context) for expect, at in body.expects]


def _assumptions_first(body: tuple[syntax.Statement, ...]) -> list[syntax.Statement]:
    """What a model assumes holds for all of it, wherever the line stands."""
    facts = [s for s in body if isinstance(s, syntax.Assume)]
    lets = [s for s in body if isinstance(s, syntax.Let)]
    if not facts or any(_mentions_let(fact, lets) for fact in facts):
        return list(body)
    return [*facts, *(s for s in body if not isinstance(s, syntax.Assume))]


def _mentions_let(fact: syntax.Assume, lets: list[syntax.Let]) -> bool:
    names = {name for item in lets for name in item.names}
    return any(name in fact.span.text for name in names)


def _stack(
    model: syntax.Definition,
    stacked: syntax.Stacked,
    file: syntax.File,
    source: Source,
    load: Loader,
    overrides: Mapping[str, Fraction],
    fixed: Mapping[str, str],
) -> Stack:
    """The model at turn i of a stack of it: opened again with the stated options."""
    symbol = Symbol(stacked.index or "turn", "count")
    settings = {setting.name: setting.value for setting in stacked.settings}
    options = {option.name for option in model.options}
    for setting in stacked.settings:
        if setting.name not in options:
            raise error(f"`{model.name}` has no option `{setting.name}`", setting.span, hint=nearest(setting.name, options))
    turn = (stacked.index or "turn of the stack", symbol)
    program, _ = _open_model(model, file, source, load, overrides, fixed, settings, turn)
    return Stack(program.instance, symbol, tuple((s.name, Expr({})) for s in stacked.settings))


def _module(
    file: syntax.File,
    source: Source,
    load: Loader,
    context: Context,
    overrides: Mapping[str, Fraction],
    seen: tuple[str, ...] = (),
) -> Module:
    """The names of a file: its layers, those that it uses, its sizes and facts."""
    module = Module(source, {d.name: d for d in file.items if isinstance(d, syntax.Definition) and d.kind == "layer"})
    scope = Scope(module)
    for item in file.items:
        match item:
            case syntax.Use(path=path, span=span):
                if path in seen:
                    raise error(f"`{path}` uses itself in the end", span)
                other_source, other = load(path, span)
                used = _module(other, other_source, load, context, overrides, (*seen, path))
                for name, definition in used.layers.items():
                    module.imports.setdefault(name, LayerValue(name, definition, used))
            case syntax.Dim(items=items) | syntax.Ratio(items=items):
                _dims(items, isinstance(item, syntax.Ratio), scope, context, overrides, report=not seen)
            case syntax.Let():
                let(item, scope, context, module_level=True)
            case syntax.Assume(facts=facts):
                for fact in facts:
                    assume(fact, scope, context)
            case _:
                pass
    return module


def _dims(
    items: tuple[syntax.DimItem, ...],
    ratio: bool,
    scope: Scope,
    context: Context,
    overrides: Mapping[str, Fraction],
    *,
    report: bool,
) -> None:
    # names without anything of their own share what follows: dim H, W = 224 "image size"
    tail: syntax.DimItem | None = None
    resolved: list[tuple[syntax.DimItem, syntax.DimItem]] = []
    for item in reversed(items):
        bare = item.value is None and item.note is None and item.symbol is None and not item.batch
        if not bare or tail is None:
            tail = item
        resolved.append((item, tail if bare else item))
    for item, carrier in reversed(resolved):
        if item.name in scope.module.sizes:
            raise error(f"`{item.name}` is a size already", item.name_span, hint="choose another name")
        symbol = Symbol(item.name, "ratio" if ratio else "dim")
        scope.module.sizes[item.name] = from_atom(symbol)
        scope.spans[item.name] = item.span
        value = overrides.get(item.name)
        if value is None and carrier.value is not None:
            value = _example(carrier.value, scope, context)
        if value is not None:
            _check_example(item, value, ratio)
            context.values[item.name] = value
        if report or item.name not in {d.symbol.name for d in context.dimensions}:
            context.dimensions.append(Dimension(symbol, item.symbol, value, item.note or carrier.note, item.batch or carrier.batch))


def _example(node: syntax.Expression, scope: Scope, context: Context) -> Fraction:
    value = number_of(node, scope, context)
    sizes.check_magnitude(value, node.span)
    try:
        number = number_at(value, context.values)
    except KeyError as missing:
        raise error(f"`{missing.args[0]}` has no example value", node.span) from None
    except (OverflowError, ZeroDivisionError):
        raise error("this is no size", node.span) from None
    if isinstance(number, float):
        raise error("an example value must be exact", node.span)
    return Fraction(number)


def _check_example(item: syntax.DimItem, value: Fraction, ratio: bool) -> None:
    span = item.value.span if item.value is not None else item.span
    if ratio:
        if value <= 0:
            raise error(f"a ratio is a positive number, and `{item.name}` is {value}", span)
        return
    if value.denominator != 1 or value < 1:
        shown = str(value) if value.denominator < 1000 else str(float(value))
        raise error(
            f"a dim is a positive integer, and `{item.name}` is {shown}",
            span,
            hint=f"`ratio {item.name} = {span.text}` is a positive real" if value > 0 else "",
        )
    if value > MAX_EXAMPLE:
        raise error(f"the example value of `{item.name}` is larger than 10^15", span)


def _input(parameter: syntax.TensorParameter, scope: Scope, context: Context) -> Tensor:
    if not parameter.axes:
        raise error(f"`{parameter.name}` has no axes", parameter.span, hint=f"`{parameter.name}[N]` for a vector")
    if parameter.default is not None:
        raise error("a tensor of a model has no default", parameter.span)
    if scope.get(parameter.name) is not None:
        raise error(f"`{parameter.name}` has the name of a size", parameter.span, hint="choose another name")
    axes = []
    for axis in parameter.axes:
        if isinstance(axis, syntax.Ellipsis):
            raise error("a model says all its axes", axis.span, hint="write dims instead of `...`")
        if isinstance(axis, syntax.Name) and scope.get(axis.name) is None:
            known = {n for n in scope.module.sizes}
            raise error(f"`{axis.name}` is not defined", axis.span, hint=nearest(axis.name, known) or f"declare it: `dim {axis.name}`")
        value = number_of(axis, scope, context)
        size = sizes.positive_size(value, axis.span, context, "an axis")
        axes.append(Axis(const(0), size - 1))
    return Tensor(parameter.name, tuple(axes), "input")


def _model_option(
    option: syntax.OptionParameter,
    model: syntax.Definition,
    scope: Scope,
    context: Context,
    fixed: Mapping[str, str],
    overrides: Mapping[str, Fraction],
    settings: Mapping[str, syntax.Expression],
) -> None:
    """A number stays a symbol with that example value, until something needs it."""
    if scope.own(option.name) is not None or option.name in scope.module.sizes:
        raise error(f"`{option.name}` is a size already", option.span, hint="choose another name")
    if option.name in settings:
        value: Value = evaluate(settings[option.name], scope, Body(), context)
        scope.set(option.name, value, option.span)
        return
    if option.default is None:
        raise error(
            f"the option `{option.name}` of a model needs a value", option.span, hint=f"`{option.name} = …`, or declare `dim {option.name}`"
        )
    value = const(overrides[option.name]) if option.name in overrides else evaluate(option.default, scope, Body(), context)
    number = value.constant if isinstance(value, Expr) else None
    if isinstance(value, Expr) and number is not None and isinstance(number, int) and number >= 1 and _names_size(option, model):
        symbol = Symbol(option.name)
        context.values[option.name] = Fraction(number)
        if option.name in fixed:
            context.dimensions.append(Dimension(symbol, None, Fraction(number), None, fixed=True))
        else:
            context.options[symbol] = option.name
            context.dimensions.append(Dimension(symbol, None, Fraction(number), None))
            value = from_atom(symbol)
    scope.set(option.name, value, option.span)


def _names_size(option: syntax.OptionParameter, model: syntax.Definition) -> bool:
    """An option of `stacked` is a number of one layer: the counts are those at its default."""
    for statement in model.body:
        if isinstance(statement, syntax.Stacked) and option.name in {s.name for s in statement.settings}:
            return False
    return True


# ---------------------------------------------------------------- warnings


def _unread(instance: Instance) -> list[Diagnostic]:
    """Equations of the model itself that nothing reads."""
    used = set(instance.outputs)
    made: list[tuple[Tensor, Span]] = []
    _collect(instance.body, used, made)
    return [
        Diagnostic(f"nothing reads `{tensor.name}`", span, severity="warning")
        for tensor, span in made
        if tensor not in used
    ]


def _collect(body: tuple[Node, ...], used: set[Tensor], made: list[tuple[Tensor, Span]]) -> None:
    for node in body:
        match node:
            case Equation(target=target, span=span):
                made.append((target, span))
                used |= {read.tensor for read in tensor_reads(node.body)}
            case Recurrence(equations=equations):
                for equation in equations:
                    used |= {read.tensor for read in tensor_reads(equation.body)}
                    if not equation.initial:
                        made.append((equation.target, equation.span))
            case Join(parts=parts):
                used |= set(parts)
            case Split(source=source):
                used.add(source)
            case Call(arguments=arguments):
                used |= set(arguments)
            case Repeat(body=inner, carried=carried):
                _collect(inner, used, made)
                for item in carried:
                    _mark(item, used)
            case _:
                pass


def _mark(item: Carried, used: set[Tensor]) -> None:
    used |= {item.initial, item.exit}


__all__ = ["Elaborated", "Silent", "elaborate", "find_layer"]
