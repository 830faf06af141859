"""A parsed file to programs: one for each model, every layer opened, every shape known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from .. import syntax
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, const, from_atom
from ..algebra.facts import Facts
from ..errors import ArchError, Diagnostic, Source, Span, error, nearest
from ..program import Dimension, Instance, Program, Stack
from ..scalars import Axis, Tensor
from . import sizes
from .assumptions import equalities_first
from .bindings import free_name
from .blocks import without_unread
from .describe import name_span
from .expressions import evaluate, number_of
from .layers import missing_return
from .modules import Loader, open_module
from .statements import execute
from .unread import unread
from .values import Body, Context, NeedsValue, Poisoned, Scope, Value


@dataclass(eq=False)
class Elaborated:
    """The models of one file, with what `expect` and `quantity` need to be read again: their scope."""

    source: Source
    programs: tuple[Program, ...]
    expects: dict[str, list[tuple[syntax.Expect, Scope, Context]]] = field(default_factory=dict)
    quantities: dict[str, list[tuple[syntax.Quantity, Scope, Context]]] = field(default_factory=dict)


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
    definitions = [item for item in file.items if isinstance(item, syntax.Definition)]
    models = [item for item in definitions if item.kind == "model"]
    _check_overrides(overrides, file)
    found = Context(Facts(), {})
    _check_items(file, found)
    for definition in definitions:
        _check_signature(definition, found)
    if not models:
        found.record(_no_model(source, definitions))
    result = Elaborated(source, ())
    programs: list[Program] = []
    read_once = _remembering(load)
    for model in models:
        try:
            opened = _model(model, file, source, read_once, overrides)
            programs.append(opened.program)
            result.expects[model.name] = opened.expects
            result.quantities[model.name] = opened.quantities
            if model is models[0]:
                result.expects[model.name] += opened.of_file(file, syntax.Expect)
            result.quantities[model.name] += opened.of_file(file, syntax.Quantity)
        except ArchError as failure:
            if failure.status == 2:
                raise
            found.record(failure)
    if found.errors:
        raise ArchError(*_in_order(found.errors, source))
    assert len(programs) == len(models), "a mistake was kept back, and none was reported"
    result.programs = tuple(programs)
    return result


def _in_order(errors: list[Diagnostic], source: Source) -> list[Diagnostic]:
    """Mistakes of this file from top to bottom, then those of others."""
    mine = [d for d in errors if d.span is not None and d.span.source is source]
    others = [d for d in errors if d not in mine]
    return sorted(mine, key=lambda d: d.span.start if d.span is not None else 0) + others


def _remembering(load: Loader) -> Loader:
    """A file that is used is read once, however many models there are."""
    files: dict[str, tuple[Source, syntax.File]] = {}

    def remembered(path: str, span: Span) -> tuple[Source, syntax.File]:
        if path not in files:
            files[path] = load(path, span)
        return files[path]

    return remembered


def _no_model(source: Source, definitions: list[syntax.Definition]) -> ArchError:
    if not definitions:
        return error(f"{source.name} has no model", hint="a file describes at least one `model`")
    first = definitions[-1]
    return error(
        f"{source.name} has layers and no model",
        first.name_span,
        hint=f"`model {first.name}` instead of `layer {first.name}` makes it what is derived",
    )


def _check_items(file: syntax.File, context: Context) -> None:
    seen: dict[str, syntax.Definition] = {}
    for item in file.items:
        match item:
            case syntax.Definition(name=name, name_span=at):
                if name in seen:
                    notes = [f"it is defined first in line {seen[name].name_span.line}"]
                    context.record(error(f"`{name}` is defined twice", at, notes=notes, hint="choose another name"))
                seen.setdefault(name, item)
            case _:
                pass


def _check_signature(definition: syntax.Definition, context: Context) -> None:
    """A name stands for one thing in a signature."""
    seen: dict[str, str] = {}
    axes = [a.name for t in definition.tensors for a in t.axes if isinstance(a, syntax.Name)]
    if definition.kind == "layer":
        seen = dict.fromkeys(axes, "an axis")
    parameters: list[syntax.TensorParameter | syntax.OptionParameter] = [*definition.tensors, *definition.options]
    for parameter in parameters:
        what = "a tensor" if isinstance(parameter, syntax.TensorParameter) else "an option"
        if parameter.name in seen:
            context.record(
                error(
                    f"`{parameter.name}` is {seen[parameter.name]} of `{definition.name}` already",
                    name_span(parameter.span, parameter.name),
                    hint="choose another name",
                )
            )
        seen.setdefault(parameter.name, what)
    for tensor in definition.tensors:
        if not tensor.axes:
            context.record(_no_axes(tensor))


def _no_axes(tensor: syntax.TensorParameter) -> ArchError:
    return error(
        f"`{tensor.name}` has no axes",
        tensor.span,
        hint=f"a vector is `{tensor.name}[N]`, a single number `{tensor.name}[1]`",
    )


def _check_overrides(overrides: Mapping[str, Fraction], file: syntax.File) -> None:
    names = {i.name for item in file.items if isinstance(item, syntax.Dim | syntax.Ratio) for i in item.items}
    names |= {o.name for item in file.items if isinstance(item, syntax.Definition) for o in item.options}
    for name in overrides:
        if name not in names:
            raise ArchError(
                Diagnostic(f"`--at {name}=…`: there is no dim or option `{name}`", hint=nearest(name, names)), status=2
            )


# ---------------------------------------------------------------- one model


Item = TypeVar("Item", syntax.Expect, syntax.Quantity)


@dataclass(frozen=True, eq=False)
class _Opened:
    """A model with the lines that are read once its quantities are known."""

    program: Program
    expects: list[tuple[syntax.Expect, Scope, Context]]
    quantities: list[tuple[syntax.Quantity, Scope, Context]]
    scope: Scope
    context: Context

    def of_file(self, file: syntax.File, kind: type[Item]) -> list[tuple[Item, Scope, Context]]:
        """The lines of a kind that stand outside all models."""
        return [(item, self.scope, self.context) for item in file.items if isinstance(item, kind)]


def _model(
    model: syntax.Definition,
    file: syntax.File,
    source: Source,
    load: Loader,
    overrides: Mapping[str, Fraction],
) -> _Opened:
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
) -> _Opened:
    context = Context(Facts(), {})
    module = open_module(file, source, load, context, overrides)
    scope = Scope(module)
    equalities_first(model.body, scope, context)
    inputs: list[Tensor] = []
    for parameter in model.tensors:
        if isinstance(scope.own(parameter.name), Tensor | Poisoned):
            continue  # reported with the signature
        try:
            inputs.append(_input(parameter, scope, context))
            scope.set(parameter.name, inputs[-1], name_span(parameter.span, parameter.name))
        except ArchError as failure:
            context.record(failure)
            scope.set(parameter.name, Poisoned(), parameter.span)
    if turn is not None:
        scope.names[turn[0]] = from_atom(turn[1])
        context.values[turn[1].name] = Fraction(0)
    for option in model.options:
        try:
            _model_option(option, model, scope, context, fixed, overrides, settings or {})
        except ArchError as failure:
            if failure.status == 2:
                raise
            context.record(failure)
            if scope.own(option.name) is None:
                scope.set(option.name, Poisoned(), option.span)
    body = Body()
    execute(_assumptions_first(model.body), scope, body, context)
    if body.outputs is None:
        context.record(missing_return(model))
    if context.errors:
        raise ArchError(*context.errors)
    assert body.outputs is not None
    nodes = without_unread(body.nodes, body.outputs)
    instance = Instance(
        model.name,
        "model",
        tuple(inputs),
        body.outputs,
        nodes,
        (),
        (),
        model.doc,
        model.span,
        False,
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
        tuple(context.warnings) + tuple(unread(instance)),
    )
    return _Opened(
        program,
        [(expect, at, context) for expect, at in body.expects],
        [(quantity, at, context) for quantity, at in body.quantities],
        Scope(module),
        context,
    )


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
            raise error(
                f"`{model.name}` has no option `{setting.name}`", setting.span, hint=nearest(setting.name, options)
            )
    turn = (stacked.index or "turn of the stack", symbol)
    program = _open_model(model, file, source, load, overrides, fixed, settings, turn).program
    return Stack(program.instance, symbol, tuple((s.name, Expr({})) for s in stacked.settings))


def _input(parameter: syntax.TensorParameter, scope: Scope, context: Context) -> Tensor:
    if not parameter.axes:
        raise _no_axes(parameter)
    if parameter.default is not None:
        raise error("a tensor of a model has no default", parameter.span)
    free_name(parameter.name, name_span(parameter.span, parameter.name), scope, tensor=False)
    axes = []
    for axis in parameter.axes:
        if isinstance(axis, syntax.Ellipsis):
            raise error("a model says all its axes", axis.span, hint="`dim B batch`, and `B` instead of `...`")
        if isinstance(axis, syntax.Name) and scope.get(axis.name) is None:
            hint = nearest(axis.name, scope.module.sizes) or f"declare it above: `dim {axis.name}`"
            raise error(f"`{axis.name}` is not defined", axis.span, hint=hint)
        value = number_of(axis, scope, context)
        size = sizes.positive_size(value, axis.span, context, f"an axis of `{parameter.name}`")
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
    if scope.own(option.name) is None:
        free_name(option.name, name_span(option.span, option.name), scope, tensor=False)
    elif not isinstance(scope.own(option.name), Expr):
        return  # reported with the signature
    if option.name in settings:
        value: Value = evaluate(settings[option.name], scope, Body(), context)
        scope.set(option.name, value, option.span)
        return
    if option.default is None:
        raise error(
            f"the option `{option.name}` of a model needs a value",
            option.span,
            hint=f"give it one, `{option.name} = 8`, or declare `dim {option.name}` and drop it here",
        )
    value = (
        const(overrides[option.name]) if option.name in overrides else evaluate(option.default, scope, Body(), context)
    )
    number = value.constant if isinstance(value, Expr) else None
    if (
        isinstance(value, Expr)
        and number is not None
        and isinstance(number, int)
        and number >= 1
        and _names_size(option, model)
    ):
        symbol = Symbol(option.name)
        context.values[option.name] = Fraction(number)
        if option.name in fixed:
            context.dimensions.append(Dimension(symbol, None, Fraction(number), None, fixed=True))
        else:
            context.options[symbol] = option.name
            context.dimensions.append(Dimension(symbol, None, Fraction(number), None))
            value = from_atom(symbol)
    elif number is not None and _names_size(option, model):
        context.dimensions.append(Dimension(Symbol(option.name, "ratio"), None, Fraction(number), None, fixed=True))
    scope.set(option.name, value, option.span)


def _names_size(option: syntax.OptionParameter, model: syntax.Definition) -> bool:
    """An option of `stacked` is a number of one layer: the counts are those at its default."""
    for statement in model.body:
        if isinstance(statement, syntax.Stacked) and option.name in {s.name for s in statement.settings}:
            return False
    return True


__all__ = ["Elaborated", "elaborate"]
