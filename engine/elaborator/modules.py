"""The names of a file: its layers, the files that it uses, its dims and facts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from .. import syntax
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, from_atom
from ..algebra.substitution import evaluate as number_at
from ..errors import ArchError, Diagnostic, Source, Span, error
from ..notation import Symbols
from ..notation.tex_symbol import hint_for, read_tex
from ..program import Dimension
from . import sizes
from .assumptions import assume
from .bindings import let
from .describe import brief, number, place_note
from .expressions import number_of
from .literals import Literal, shown
from .values import Context, LayerValue, Module, Poisoned, Scope

MAX_EXAMPLE = 10**15

Loader = Callable[[str, Span], tuple[Source, syntax.File]]


def open_module(
    file: syntax.File,
    source: Source,
    load: Loader,
    context: Context,
    overrides: Mapping[str, Literal],
    seen: tuple[str, ...] = (),
    taken: frozenset[str] = frozenset(),
) -> Module:
    """The names of a file: its layers, those that it uses, its sizes and facts. Mistakes are kept in the context.
    `taken` are the names of sizes of the files that use it: what it calls so is another size."""
    definitions = [item for item in file.items if isinstance(item, syntax.Definition)]
    module = Module(source, {})
    for definition in definitions:
        if definition.kind == "layer":
            module.layers.setdefault(definition.name, definition)
    module.models = frozenset(d.name for d in definitions if d.kind == "model")
    scope = Scope(module)
    for item in file.items:
        try:
            match item:
                case syntax.Use():
                    _use(item, module, load, context, overrides, seen or (source.name,), taken | _declared(file))
                case syntax.Dim(items=items) | syntax.Ratio(items=items):
                    _dims(items, isinstance(item, syntax.Ratio), scope, context, overrides, taken, imported=bool(seen))
                case syntax.Let():
                    let(item, scope, context, module_level=True)
                    if not seen:
                        _named(item, module, context)
                case syntax.Assume(facts=facts):
                    for fact in facts:
                        assume(fact, scope, context)
                case _:
                    pass
        except ArchError as failure:
            if failure.status == 2:
                raise
            context.record(failure)
            if isinstance(item, syntax.Let):
                for name in item.names:
                    module.sizes.setdefault(name, Poisoned())
    return module


def _declared(file: syntax.File) -> frozenset[str]:
    """The names of the sizes of a file, and of the options of its models."""
    dims = {i.name for item in file.items if isinstance(item, syntax.Dim | syntax.Ratio) for i in item.items}
    models = [item for item in file.items if isinstance(item, syntax.Definition) and item.kind == "model"]
    return frozenset(dims | {option.name for model in models for option in model.options})


def _stem(module: Module) -> str:
    """The name of a file as part of a name."""
    return re.sub(r"\W", "_", re.split(r"[/\\]", module.source.name)[-1].removesuffix(".arch"))


def _use(
    use: syntax.Use,
    module: Module,
    load: Loader,
    context: Context,
    overrides: Mapping[str, Literal],
    seen: tuple[str, ...],
    taken: frozenset[str],
) -> None:
    try:
        if use.path in seen:
            itself = module.source.name == use.path
            message = f"`{use.path}` uses itself" if itself else f"`{use.path}` uses this file in turn"
            raise error(message, use.span, hint="drop this line: a file knows its own layers" if itself else "")
        source, other = load(use.path, use.span)
    except ArchError:
        module.broken = True
        raise
    used = open_module(other, source, load, context, overrides, (*seen, use.path), taken)
    module.broken |= used.broken
    for name, definition in used.layers.items():
        module.imports.setdefault(name, LayerValue(name, definition, used))


def _dims(
    items: tuple[syntax.DimItem, ...],
    ratio: bool,
    scope: Scope,
    context: Context,
    overrides: Mapping[str, Literal],
    taken: frozenset[str],
    *,
    imported: bool,
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
        module = scope.module
        if item.name in module.sizes:
            notes = place_note(item.name, module.places.get(item.name), item.name_span)
            context.record(
                error(f"`{item.name}` is a size already", item.name_span, notes=notes, hint="choose another name")
            )
            continue
        name = item.name if item.name not in taken else f"{item.name}_{_stem(module)}"
        symbol = Symbol(name, "ratio" if ratio else "dim")
        if imported:
            context.imported.add(symbol)
        module.sizes[item.name] = from_atom(symbol)
        module.places[item.name] = item.name_span
        given = overrides.get(name)
        value = Fraction(given) if isinstance(given, int | Fraction) and not isinstance(given, bool) else None
        try:
            if given is not None and value is None:
                raise ArchError(Diagnostic(f"`{item.name}` is a size, and {shown(given)} is no number"), status=2)
            if value is None and carrier.value is not None:
                value = _example(carrier.value, scope, context)
            if value is not None:
                _check_example(item, carrier, value, ratio, name in overrides)
                context.values[name] = value
        except ArchError as failure:
            if failure.status == 2:
                raise
            context.record(failure)
            value = None
        if name not in {d.symbol.name for d in context.dimensions}:
            latex = _look(item.symbol, item.name_span, context)
            dimension = Dimension(symbol, latex, value, item.note or carrier.note, item.batch or carrier.batch)
            if not imported:
                _check_unlike_others(dimension, item.name_span, module, context)
            context.dimensions.append(dimension)


def _named(item: syntax.Let, module: Module, context: Context) -> None:
    """Abbreviations that the reader is to see: those with a look or a note, for what depends on sizes."""
    if item.symbol is None and item.note is None:
        return
    for name in item.names:
        value, span = module.sizes[name], module.places[name]
        if isinstance(value, Expr) and value.constant is None:
            latex = _look(item.symbol, span, context) if len(item.names) == 1 else None
            dimension = Dimension(Symbol(name), latex, None, item.note)
            _check_unlike_others(dimension, span, module, context)
            context.lets.append((dimension, value))


def _look(symbol: str | None, span: Span, context: Context) -> str | None:
    """What `as "…"` says, if it is the LaTeX of a symbol: no other LaTeX gets into a paper, and every format can show
    it."""
    if symbol is None:
        return None
    if read_tex(symbol) is not None:
        return symbol.strip().removeprefix("$").removesuffix("$")
    context.record(error(f"`{symbol}` is not the LaTeX of a symbol", span, hint=hint_for(symbol)))
    return None


def _check_unlike_others(dimension: Dimension, span: Span, module: Module, context: Context) -> None:
    """A warning where a size is printed as another one is: `x_` and `x`, `lambda` and `λ`."""
    name, (latex, text) = dimension.symbol.name, _printed(dimension)
    sizes = [*context.dimensions, *(let for let, _ in context.lets)]
    own = {d.symbol.name: _printed(d) for d in sizes if d.symbol not in context.imported}
    twin = next((other for other, looks in own.items() if latex == looks[0] or text == looks[1]), None)
    if twin is None:
        return
    where = "" if latex == own[twin][0] else "in text, "
    context.warnings.append(
        Diagnostic(
            f"{where}`{name}` is printed as `{twin}` is",
            span,
            hint=rf'`{name} as "\tilde{{{latex}}}"` has a look of its own',
            severity="warning",
            notes=tuple(place_note(twin, module.places.get(twin), span)),
        )
    )


def _printed(dimension: Dimension) -> tuple[str, str]:
    """How a size looks in LaTeX and in text, where \\mathrm{d} and d are alike."""
    name = dimension.symbol.name
    symbols = Symbols({} if dimension.latex is None else {name: dimension.latex})
    return symbols.in_latex(name), symbols.in_unicode(name)


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


def _check_example(
    item: syntax.DimItem, carrier: syntax.DimItem, value: Fraction, ratio: bool, from_outside: bool
) -> None:
    span = carrier.value.span if carrier.value is not None else item.span
    hint = ""
    if ratio:
        if value > 0:
            return
        message = f"a ratio is a positive number, and `{item.name}` is {number(value)}"
    elif value.denominator != 1 or value < 1:
        message = f"a dim is a positive integer, and `{item.name}` is {number(value)}"
        hint = f"`ratio {item.name} = {brief(span)}` is a positive real" if value > 0 and brief(span) else ""
    elif value > MAX_EXAMPLE:
        message = f"the example value of `{item.name}` is larger than 10^15"
    else:
        return
    if from_outside:
        raise ArchError(Diagnostic(f"`--at {item.name}=…`: {message}"), status=2)
    raise error(message, span, hint=hint)
