"""A parsed file to programs: one for each model, every layer opened, every shape known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeVar

from .. import syntax
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, from_atom
from ..algebra.facts import Facts
from ..errors import ArchError, Diagnostic, Source, Span, error, nearest
from ..program import Instance, Program, Stack, Variant, used_symbols
from ..scalars import Tensor
from .assumptions import equalities_first
from .blocks import without_unread
from .describe import name_span
from .generic import generalised
from .layers import missing_return
from .literals import Literal, literal, shown
from .modules import Loader, open_module
from .signature import model_input, model_option, no_axes
from .statements import execute
from .unread import unread
from .values import Body, Context, NeedsValue, Poisoned, Scope
from .variants import check_overrides, check_variants


@dataclass(frozen=True)
class Only:
    """The one model of a file that is asked for, and the variant of it."""

    model: str
    variant: syntax.Variant | None = None


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
    overrides: Mapping[str, Literal] | None = None,
    only: Only | None = None,
) -> Elaborated:
    """Every model of a file, or the `only` one. `load` reads the files that it uses, `overrides` are values from
    outside (`--at`, a variant).

    Raises ArchError with every independent mistake that was found.
    """
    overrides = overrides or {}
    definitions = [item for item in file.items if isinstance(item, syntax.Definition)]
    models = [d for d in definitions if d.kind == "model" and (only is None or d.name == only.model)]
    check_overrides(overrides, file)
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
            if only is not None and only.variant is not None:
                opened = opened.varied(only.variant)
            name = opened.program.name
            programs.append(opened.program)
            result.expects[name] = opened.expects
            result.quantities[name] = opened.quantities
            if only is None and model is models[0]:
                result.expects[name] += opened.of_file(file, syntax.Expect)
            result.quantities[name] += opened.of_file(file, syntax.Quantity)
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
    seen: dict[str, Span] = {}
    definitions = [item for item in file.items if isinstance(item, syntax.Definition)]
    variants = [v for d in definitions for v in d.body if isinstance(v, syntax.Variant)]
    named = [(d.name, d.name_span) for d in definitions] + [(v.name, v.name_span) for v in variants]
    for name, at in named:
        if name in seen:
            notes = [f"it is defined first in line {seen[name].line}"]
            context.record(error(f"`{name}` is defined twice", at, notes=notes, hint="choose another name"))
        seen.setdefault(name, at)


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
            context.record(no_axes(tensor))


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

    def varied(self, variant: syntax.Variant) -> _Opened:
        """The model at the values of a variant: under its name, with what is expected of it alone."""
        doc = "; ".join(part for part in (variant.note, self.program.instance.doc) if part)
        instance = replace(self.program.instance, name=variant.name, doc=doc or None)
        program = replace(self.program, instance=instance, variants=())
        given = {setting.name for setting in variant.settings}
        own = {expect.span for expect in variant.expects}
        expects = [
            (replace(expect, settings=tuple(s for s in expect.settings if s.name not in given)), scope, context)
            for expect, scope, context in self.expects
            if expect.span in own
        ]
        return replace(self, program=program, expects=expects)

    def of_file(self, file: syntax.File, kind: type[Item]) -> list[tuple[Item, Scope, Context]]:
        """The lines of a kind that stand outside all models."""
        return [(item, self.scope, self.context) for item in file.items if isinstance(item, kind)]


def _model(
    model: syntax.Definition,
    file: syntax.File,
    source: Source,
    load: Loader,
    overrides: Mapping[str, Literal],
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
    overrides: Mapping[str, Literal],
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
            inputs.append(model_input(parameter, scope, context))
            scope.set(parameter.name, inputs[-1], name_span(parameter.span, parameter.name))
        except ArchError as failure:
            context.record(failure)
            scope.set(parameter.name, Poisoned(), parameter.span)
    if turn is not None:
        scope.names[turn[0]] = from_atom(turn[1])
        context.values[turn[1].name] = Fraction(0)
    for option in model.options:
        try:
            model_option(option, model, scope, context, fixed, overrides, settings or {})
        except ArchError as failure:
            if failure.status == 2:
                raise
            context.record(failure)
            if scope.own(option.name) is None:
                scope.set(option.name, Poisoned(), option.span)
    body = Body(unnamed=scope.unnamed)
    execute(_assumptions_first(model.body), scope, body, context)
    check_variants(model, file, module, context)
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
    foreign = context.imported - used_symbols(instance) if context.imported else set()
    program = Program(
        instance,
        tuple(d for d in context.dimensions if d.symbol not in foreign),
        tuple(a for a in context.assumptions if not (a.left.symbols() | a.right.symbols()) & foreign),
        context.facts,
        stack,
        tuple(context.warnings) + tuple(unread(instance)),
        tuple(body.caveats),
        tuple(map(_variant, body.variants)),
        tuple(context.lets),
        lambda instances: generalised(instances, context),
        context.aliases,
    )
    return _Opened(
        program,
        [(expect, at, context) for expect, at in body.expects],
        [(quantity, at, context) for quantity, at in body.quantities],
        Scope(module),
        context,
    )


def _variant(variant: syntax.Variant) -> Variant:
    settings = []
    for setting in variant.settings:
        value = literal(setting.value)
        settings.append((setting.name, shown(value), value if isinstance(value, Fraction) else None))
    return Variant(variant.name, variant.note, tuple(settings))


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
    overrides: Mapping[str, Literal],
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


__all__ = ["Elaborated", "Only", "elaborate"]
