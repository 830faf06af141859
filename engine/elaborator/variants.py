"""What is set from outside of a model must fit it: sizes are positive whole numbers, an option has the kind of its
default, a string is one that the file knows. Variants say such values in the file itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction

from .. import library, syntax
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr
from ..algebra.substitution import Value, evaluate
from ..errors import ArchError, Diagnostic, Span, error, nearest
from ..program import Assumption
from .describe import show
from .literals import Literal, literal, shown
from .values import Context, Module

WORDS = {"divides": "divides", "order": "<=", "equal": "=="}


def misfit(value: Literal, option: syntax.OptionParameter | None, size: object, known: frozenset[str]) -> str:
    """Why a value cannot be that of an option, or of a size of the file; empty if it can. `known` are the strings that
    the file compares with, or hands on."""
    if option is None:
        (symbol,) = size.symbols() if isinstance(size, Expr) and size.symbols() else (Symbol("", "dim"),)
        if isinstance(value, bool | str | tuple):
            return "a size is a number"
        if symbol.kind == "ratio":
            return "" if value > 0 else "a ratio is a positive number"
        return "" if Fraction(value).denominator == 1 and value >= 1 else "a dim is a positive integer"
    match option.default:
        case syntax.Text():
            if not isinstance(value, str):
                return "the option is a string"
            return "" if value in known else f"the file knows no such value; it knows {', '.join(sorted(known))}"
        case syntax.Truth():
            return "" if isinstance(value, bool) else "the option is true or false"
        case syntax.Tuple() | syntax.List():
            return "" if isinstance(value, tuple) else "the option is a tuple, as (1, 2) or [1]"
        case syntax.Number(value=default):
            if isinstance(value, bool | str | tuple):
                return "the option is a number"
            whole = default.denominator != 1 or Fraction(value).denominator == 1
            return "" if whole and (value >= 0 or default < 0) else "the option is a whole number"
        case _:
            return ""


def strings(file: syntax.File, module: Module | None = None) -> frozenset[str]:
    """The strings that a file, those that it uses and the standard layers know."""
    found = set(_texts(file))
    for layer in module.imports.values() if module is not None else ():
        found |= set(_texts(layer.definition))
    for source, _, _ in library.index().values():
        found |= set(re.findall(r'== "(\w+)"', source.text))
    return frozenset(found)


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, syntax.Text):
        yield node.value
    elif isinstance(node, syntax.Variant | syntax.Expect):
        return
    elif isinstance(node, tuple):
        for part in node:
            yield from _texts(part)
    elif is_dataclass(node) and not isinstance(node, Span):
        for part in fields(node):
            yield from _texts(getattr(node, part.name))


def check_overrides(overrides: Mapping[str, Literal], file: syntax.File) -> None:
    """What `--at` sets must be there, and fit every model that has it. Raises a usage error."""
    dims = {i.name for item in file.items if isinstance(item, syntax.Dim | syntax.Ratio) for i in item.items}
    options = [o for item in file.items if isinstance(item, syntax.Definition) for o in item.options]
    names = dims | {option.name for option in options}
    models = [item for item in file.items if isinstance(item, syntax.Definition) and item.kind == "model"]
    for name, value in overrides.items():
        if name not in names:
            raise ArchError(
                Diagnostic(f"`--at {name}=…`: there is no dim or option `{name}`", hint=nearest(name, names)), status=2
            )
        texts = strings(file) if isinstance(value, str) else frozenset()
        for option in (o for model in models for o in model.options if o.name == name):
            why = misfit(value, option, None, texts)
            if why:
                hint = nearest(value, texts) if isinstance(value, str) else ""
                raise ArchError(Diagnostic(f"`--at {name}={shown(value)}`: {why}", hint=hint), status=2)


def check_variants(model: syntax.Definition, file: syntax.File, module: Module, context: Context) -> None:
    """A variant stands in the model itself, and gives fitting values to sizes of the file and options of the model."""
    for variant in _nested(model.body):
        context.record(error("`variant` stands in the model itself, not in a block", variant.span))
    for variant in (s for s in model.body if isinstance(s, syntax.Variant)):
        if variant.name in library.index() or variant.name in module.layers or variant.name in module.imports:
            message = f"`{variant.name}` is a layer already"
            context.record(error(message, variant.name_span, hint="choose another name"))
        _check_settings(variant.settings, model, file, module, context)
        _check_assumptions(variant, context)


def _check_settings(
    settings: tuple[syntax.Setting, ...], model: syntax.Definition, file: syntax.File, module: Module, context: Context
) -> None:
    options = {option.name: option for option in model.options}
    sizes = {name: module.sizes[name] for name in module.places if name in module.sizes}
    seen: set[str] = set()
    for setting in settings:
        name, known = setting.name, [*sizes, *options]
        if name not in known:
            hint = nearest(name, known) or f"sizes and options: {', '.join(known)}"
            context.record(error(f"there is no size or option `{name}`", setting.span, hint=hint))
            continue
        if name in seen:
            context.record(error(f"`{name}` is set twice", setting.span))
        seen.add(name)
        value = literal(setting.value)
        texts = strings(file, module) if isinstance(value, str) else frozenset()
        why = misfit(value, options.get(name), sizes.get(name), texts)
        if why:
            hint = nearest(value, texts) if isinstance(value, str) else ""
            context.record(error(f"`{name}` cannot be {shown(value)}: {why}", setting.span, hint=hint))


def _nested(body: tuple[syntax.Statement, ...]) -> Iterator[syntax.Variant]:
    """Variants inside of blocks."""
    for statement in body:
        blocks = [branch.body for branch in statement.branches] if isinstance(statement, syntax.If) else []
        if isinstance(statement, syntax.For | syntax.Repeat | syntax.Until | syntax.Parallel | syntax.Choose):
            blocks.append(statement.body)
        for block in blocks:
            yield from (inner for inner in block if isinstance(inner, syntax.Variant))
            yield from _nested(block)


def _check_assumptions(variant: syntax.Variant, context: Context) -> None:
    """What the model assumes must hold at the values of its variants, as far as these alone decide it."""
    numbers = {s.name: v for s in variant.settings if isinstance(v := literal(s.value), Fraction)}
    values = {**context.values, **numbers}
    for assumption in context.assumptions:
        named = {symbol.name for symbol in assumption.left.symbols() | assumption.right.symbols()}
        setting = next((s for s in variant.settings if s.name in named), None)
        if setting is not None and not is_met(assumption, values):
            context.record(error(f"the model assumes that {in_words(assumption)}, which this breaks", setting.span))


def in_words(assumption: Assumption) -> str:
    """`h divides D`."""
    return f"{show(assumption.left)} {WORDS[assumption.kind]} {show(assumption.right)}"


def is_met(assumption: Assumption, values: Mapping[str, Value]) -> bool:
    """Does an assumption hold at these values? So it does where they do not decide it."""
    try:
        left, right = evaluate(assumption.left, values), evaluate(assumption.right, values)
    except (KeyError, OverflowError, ZeroDivisionError):
        return True
    if assumption.kind == "order":
        return left <= right
    if assumption.kind == "equal":
        return left == right
    return not isinstance(left, float) and not isinstance(right, float) and left != 0 and Fraction(right) % left == 0
