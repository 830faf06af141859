"""The syntax tree to text: one spelling, with as few brackets as the grammar allows, that parses to an equal tree.

Comments and the writer's line breaks are not in the tree, so they are not in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from . import syntax

# How tightly an expression binds: the rules of `grammar/arch.lark`, from the loosest to the tightest.
EXPRESSION, OR, AND, NOT, COMPARE, ADD, TERM, PRODUCT, FACTOR, POWER, ATOM = range(11)

INDENT = "    "


def print_file(file: syntax.File) -> str:
    """A whole file; a layer or model has an empty line on either side.

    >>> from archderive.errors import Source
    >>> from archderive.parser import parse
    >>> from archderive.printer import print_file
    >>> print(print_file(parse(Source("f", "dim N=4,D\\nlayer f(x[N]):\\n  return (x)->g\\n"))), end="")
    dim N = 4, D
    <BLANKLINE>
    layer f(x[N]):
        return x -> g
    """
    lines: list[str] = []
    previous: syntax.Item | None = None
    for item in file.items:
        if previous is not None and syntax.Definition in (type(previous), type(item)):
            lines.append("")
        lines += _item(item)
        previous = item
    return "".join(line + "\n" for line in lines)


def print_statement(statement: syntax.Statement) -> str:
    """A statement with its block, without indentation of its own and without a line break at its end."""
    return "\n".join(_statement(statement))


def print_expression(expression: syntax.Expression) -> str:
    """An expression as it may stand after `=`.

    >>> from archderive import syntax
    >>> from archderive.errors import Source, Span
    >>> from archderive.printer import print_expression
    >>> at = Span(Source("f", ""), 0, 0)
    >>> a, b = syntax.Name(at, "a"), syntax.Name(at, "b")
    >>> print_expression(syntax.Binary(at, "*", syntax.Binary(at, "+", a, b), syntax.Negate(at, b)))
    '(a + b)*-b'
    """
    return _at(EXPRESSION, expression)


# ---------------------------------------------------------------- expressions


def _at(least: int, expression: syntax.Expression) -> str:
    """The expression where the grammar wants something that binds at least so tightly."""
    text, binding = _expression(expression)
    return text if binding >= least else f"({text})"


def _expression(expression: syntax.Expression) -> tuple[str, int]:
    match expression:
        case syntax.Number():
            return expression.text, ATOM
        case syntax.Text():
            return f'"{expression.value}"', ATOM
        case syntax.Truth():
            return "true" if expression.value else "false", ATOM
        case syntax.Name():
            return expression.name, ATOM
        case syntax.Hole():
            return "???", ATOM
        case syntax.Read():
            return f"{expression.name}[{_axes(expression.subscripts)}]", ATOM
        case syntax.Call():
            return f"{expression.name}({_arguments(expression.arguments)})", ATOM
        case syntax.Tuple():
            return f"({_list(expression.items)})", ATOM
        case syntax.List():
            return f"[{_list(expression.items)}]", ATOM
        case syntax.Pipe():
            return " -> ".join((_at(ATOM, expression.value), *map(_stage, expression.stages))), EXPRESSION
        case syntax.Choice():
            then, condition = _at(OR, expression.then), _at(OR, expression.condition)
            tail = expression.otherwise
            otherwise = _at(EXPRESSION if isinstance(tail, syntax.Choice) else OR, tail)
            return f"{then} if {condition} else {otherwise}", EXPRESSION
        case syntax.Logic():
            level = OR if expression.operator == "or" else AND
            return f" {expression.operator} ".join(_at(level + 1, part) for part in expression.operands), level
        case syntax.Not():
            return f"not {_at(NOT, expression.value)}", NOT
        case syntax.Compare():
            first, *rest = (_at(ADD, part) for part in expression.operands)
            pairs = zip(expression.operators, rest, strict=True)
            return first + "".join(f" {operator} {part}" for operator, part in pairs), COMPARE
        case syntax.Negate():
            if isinstance(expression.value, syntax.Reduce):
                return f"-{_at(TERM, expression.value)}", TERM
            return f"-{_at(FACTOR, expression.value)}", FACTOR
        case syntax.Binary():
            return _binary(expression)
        case syntax.Reduce():
            indices = ", ".join(map(_index, expression.indices))
            where = f" where {_at(OR, expression.where)}" if expression.where is not None else ""
            return f"{expression.operator}[{indices}{where}] {_at(TERM, expression.body)}", TERM
        case _:
            assert_never(expression)


def _binary(expression: syntax.Binary) -> tuple[str, int]:
    """A reduction takes the whole term that follows it: it may end a product and may not stand earlier in one."""
    left, right, operator = expression.left, expression.right, expression.operator
    if operator in ("+", "-"):
        return f"{_at(ADD, left)} {operator} {_at(TERM, right)}", ADD
    if operator == "^":
        return f"{_at(ATOM, left)}^{_at(FACTOR, right)}", POWER
    if isinstance(right, syntax.Reduce):
        return f"{_at(PRODUCT, left)} {operator} {_at(TERM, right)}", TERM
    return f"{_at(PRODUCT, left)}{operator}{_at(FACTOR, right)}", PRODUCT


def _list(items: Iterable[syntax.Expression]) -> str:
    return ", ".join(map(print_expression, items))


def _axes(axes: Iterable[syntax.Expression | syntax.Ellipsis]) -> str:
    return ", ".join("..." if isinstance(axis, syntax.Ellipsis) else _at(ADD, axis) for axis in axes)


def _arguments(arguments: Iterable[syntax.Argument]) -> str:
    return ", ".join((f"{part.name} = " if part.name else "") + print_expression(part.value) for part in arguments)


def _stage(stage: syntax.Stage) -> str:
    return stage.name if stage.arguments is None else f"{stage.name}({_arguments(stage.arguments)})"


def _index(index: syntax.Index) -> str:
    if index.below is not None:
        return f"{index.name} < {_at(ADD, index.below)}"
    return index.name if index.range is None else f"{index.name} in {_range(index.range)}"


def _range(stated: syntax.Range) -> str:
    return f"{_at(ADD, stated.first)}..{_at(ADD, stated.last)}"


# ---------------------------------------------------------------- items and statements


def _item(item: syntax.Item) -> Iterator[str]:
    match item:
        case syntax.Dim() | syntax.Ratio():
            yield f"{'dim' if isinstance(item, syntax.Dim) else 'ratio'} {', '.join(map(_dim_item, item.items))}"
        case syntax.Exercise():
            yield f"exercise{_note(item.title)}"
        case syntax.Use():
            yield f'use "{item.path}"'
        case syntax.Definition():
            yield f"{item.kind} {item.name}({_signature(item)}):"
            if item.doc is not None:
                yield f'{INDENT}"{item.doc}"'
            yield from _body(item.body)
        case syntax.Let() | syntax.Assume() | syntax.Expect() | syntax.Quantity():
            yield from _statement(item)
        case _:
            assert_never(item)


def _dim_item(item: syntax.DimItem) -> str:
    value = f" = {_at(ADD, item.value)}" if item.value is not None else ""
    return item.name + _symbol(item.symbol) + value + (" batch" if item.batch else "") + _note(item.note)


def _signature(definition: syntax.Definition) -> str:
    tensors = ", ".join(
        f"{tensor.name}[{_axes(tensor.axes)}]" + (f" = {tensor.default}" if tensor.default else "")
        for tensor in definition.tensors
    )
    options = ", ".join(
        option.name + (f" = {print_expression(option.default)}" if option.default is not None else "")
        for option in definition.options
    )
    return f"{tensors}; {options}" if options else tensors


def _statement(statement: syntax.Statement) -> Iterator[str]:
    match statement:
        case syntax.Declare():
            yield f"{statement.kind} {', '.join(f'{shape.name}[{_axes(shape.axes)}]' for shape in statement.shapes)}"
        case syntax.Saves():
            yield f"saves {', '.join(statement.names)}"
        case syntax.Let():
            names, values = ", ".join(statement.names), _list(statement.values)
            yield f"let {names} = {values}{_symbol(statement.symbol)}{_note(statement.note)}"
        case syntax.Assume():
            yield f"assume {', '.join(map(_fact, statement.facts))}"
        case syntax.Equation():
            targets = ", ".join(map(_target, statement.targets))
            yield f"{statement.name}[{targets}] {statement.operator} {print_expression(statement.body)}"
        case syntax.Bind():
            yield f"{', '.join(statement.names)} = {_list(statement.values)}"
        case syntax.Share():
            yield f"share {statement.name} = {print_expression(statement.value)}"
        case syntax.Return():
            yield f"return {_list(statement.values)}"
        case syntax.Expect():
            settings = f" at ({_settings(statement.settings)})" if statement.settings else ""
            sides = f"{_at(ADD, statement.left)}{settings} {statement.relation} {_at(ADD, statement.right)}"
            yield f"expect {sides}{_note(statement.note)}"
        case syntax.Caveat():
            yield f'caveat "{statement.words}"'
        case syntax.Variant():
            colon = ":" if statement.expects else ""
            yield f"variant {statement.name}({_settings(statement.settings)}){_note(statement.note)}{colon}"
            yield from _body(statement.expects)
        case syntax.Quantity():
            yield f"quantity {statement.name} = {print_expression(statement.value)}{_note(statement.note)}"
        case syntax.Stacked():
            settings = f": {_settings(statement.settings)}" if statement.settings else ""
            yield f"stacked{_as(statement.index)}{settings}"
        case _:
            yield from _with_block(statement)


def _with_block(
    statement: syntax.If | syntax.Repeat | syntax.Until | syntax.For | syntax.Parallel | syntax.Choose | syntax.Opaque,
) -> Iterator[str]:
    match statement:
        case syntax.If():
            for number, branch in enumerate(statement.branches):
                if branch.condition is None:
                    yield "else:"
                else:
                    yield f"{'elif' if number else 'if'} {_at(OR, branch.condition)}:"
                yield from _body(branch.body)
            return
        case syntax.Repeat():
            how = f" {statement.how}" if statement.how else ""
            yield f"repeat {_at(ADD, statement.count)}{_as(statement.index)}{how}:"
        case syntax.Until():
            yield f"repeat until connected{_as(statement.index)}:"
        case syntax.For():
            values = statement.values
            over = _range(values) if isinstance(values, syntax.Range) else print_expression(values)
            yield f"for {', '.join(statement.names)} in {over}:"
        case syntax.Parallel():
            yield f"parallel {_at(ADD, statement.count)}{_as(statement.index)}:"
        case syntax.Choose():
            count = f"{_at(ADD, statement.chosen)} of {_at(ADD, statement.count)}"
            yield f"choose {count}{_as(statement.index)}:"
        case syntax.Opaque():
            sources = ", ".join(statement.sources)
            yield f'opaque {statement.name}[{_axes(statement.axes)}] from {sources} because "{statement.because}":'
            yield from (INDENT + _opaque_fact(fact) for fact in statement.facts)
            return
        case _:
            assert_never(statement)
    yield from _body(statement.body)


def _body(statements: Iterable[syntax.Statement]) -> Iterator[str]:
    return (INDENT + line for statement in statements for line in _statement(statement))


def _fact(fact: syntax.Expression | syntax.Divides) -> str:
    if isinstance(fact, syntax.Divides):
        return f"{_at(ADD, fact.divisor)} divides {_at(ADD, fact.dividend)}"
    return _at(OR, fact)


def _target(target: syntax.Target) -> str:
    match target:
        case syntax.Ellipsis():
            return "..."
        case syntax.Index():
            return _index(target)
        case syntax.Number():
            return target.text
        case syntax.Merged():
            return f"({', '.join(map(_index, target.indices))})"
        case _:
            assert_never(target)


def _opaque_fact(fact: syntax.Stated | syntax.Reads) -> str:
    if isinstance(fact, syntax.Reads):
        return f"reads all of {', '.join(fact.names)}"
    return f"{fact.name} = {print_expression(fact.value)}"


def _settings(settings: Iterable[syntax.Setting]) -> str:
    return ", ".join(f"{setting.name} = {print_expression(setting.value)}" for setting in settings)


def _as(index: str | None) -> str:
    return f" as {index}" if index is not None else ""


def _symbol(symbol: str | None) -> str:
    return f' as "{symbol}"' if symbol is not None else ""


def _note(note: str | None) -> str:
    return f' "{note}"' if note is not None else ""
