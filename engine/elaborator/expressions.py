"""Expressions outside equations: syntax and a scope in, a `Value` out; layers applied on the way become nodes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import syntax
from ..algebra.expression import Expr, const
from ..errors import Span, error
from ..scalars import Literal_, Size, Tensor
from . import sizes
from .describe import brief, shape, show
from .drafts import names_in
from .equations import pointwise
from .joining import concat, split
from .layers import apply, find_layer, unknown_layer
from .naming import numbered
from .values import (
    CONSTANTS,
    FUNCTIONS,
    Body,
    Context,
    FunctionValue,
    LayerValue,
    Poisoned,
    Scope,
    Silent,
    Value,
)

_KINDS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "^": "power"}
_RESULTS = {"+": "sum", "-": "difference", "*": "product", "/": "quotient", "^": "power"}


def evaluate(node: syntax.Expression, scope: Scope, body: Body, context: Context) -> Value:
    """The value of an expression; several results of a layer come as a tuple."""
    match node:
        case syntax.Number(value=value, text=text):
            if len(text) > sizes.MAX_DIGITS:
                raise error(f"this number has {len(text)} digits", node.span)
            return const(value)
        case syntax.Text(value=value):
            return value
        case syntax.Truth(value=value):
            return value
        case syntax.Name(name=name, span=span):
            return _name(name, span, scope)
        case syntax.Tuple(items=items) | syntax.List(items=items):
            return tuple(evaluate(item, scope, body, context) for item in items)
        case syntax.Negate(value=value):
            return _negated(evaluate(value, scope, body, context), node.span, body)
        case syntax.Binary(operator=operator, left=left, right=right):
            return _binary(node, operator, left, right, scope, body, context)
        case syntax.Compare() | syntax.Logic() | syntax.Not():
            return condition(node, scope, body, context)
        case syntax.Choice(then=then, condition=test, otherwise=otherwise):
            chosen = then if condition(test, scope, body, context) else otherwise
            return evaluate(chosen, scope, body, context)
        case syntax.Call():
            return _call(node, scope, body, context)
        case syntax.Pipe(value=value, stages=stages):
            return _pipe(value, stages, scope, body, context)
        case syntax.Read(name=name, span=span):
            what = f"`{span.text}` reads elements of `{name}`" if brief(span) else f"this reads elements of `{name}`"
            raise error(f"{what}, which belongs into an equation", span, hint=_as_equation(span, scope, node))
        case syntax.Reduce(span=span):
            raise error("a reduction belongs into an equation", span, hint=_as_equation(span, scope, node))
        case syntax.Hole(span=span):
            raise error("`???` stands only in an `expect`", span)


def _as_equation(span: Span, scope: Scope, node: syntax.Expression) -> str:
    """The line written as an equation, where it binds one name."""
    line = span.source.line(span.line).strip()
    match = re.fullmatch(r"([^\W\d]\w*'*)\s*=\s*(\S.*)", line)
    if match is None or "#" in line or "\n" in span.text or "->" in line:
        return "write an equation with an index for each axis on the left"
    free = sorted((n for n in names_in(node) if scope.get(n) is None), key=line.index)
    return f"`{match[1]}[{', '.join(free)}] = {match[2]}`" if free else "write an equation"


def _name(name: str, span: Span, scope: Scope) -> Value:
    value = scope.get(name)
    if isinstance(value, Poisoned):
        raise Silent
    if value is not None:
        return value
    layer = find_layer(name, scope.module)
    if layer is not None:
        return layer
    if name in CONSTANTS:
        raise error(f"`{name}` is no size", span)
    raise sizes.unknown_name(name, span, scope)


def size_of(node: syntax.Expression, scope: Scope, context: Context, what: str = "a size") -> Expr:
    """An expression that must be a whole size."""
    value = number_of(node, scope, context)
    return sizes.whole(value, node.span, context, what)


def number_of(node: syntax.Expression, scope: Scope, context: Context) -> Expr:
    """An expression that must be a size or a number, whole or not."""
    value = evaluate(node, scope, Body(), context)
    if not isinstance(value, Expr):
        if isinstance(value, Poisoned):
            raise Silent
        raise error(f"this must be a size, and it is {sizes.describe(value)}", node.span)
    return value


# ---------------------------------------------------------------- arithmetic


def _negated(value: Value, span: Span, body: Body) -> Value:
    if isinstance(value, Expr):
        return -value
    if isinstance(value, Tensor):
        return _pointwise("negate", [value], "negative", span, body)
    raise error(f"{sizes.describe(value)} has no negative", span)


def _binary(
    node: syntax.Binary,
    operator: str,
    left: syntax.Expression,
    right: syntax.Expression,
    scope: Scope,
    body: Body,
    context: Context,
) -> Value:
    a = _single(evaluate(left, scope, body, context), left.span)
    b = _single(evaluate(right, scope, body, context), right.span)
    if isinstance(a, Expr) and isinstance(b, Expr):
        return sizes.arithmetic(operator, a, b, node.span, context)
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        _same_shape(operator, a, b, left.span, right.span, scope)
        return _pointwise(_KINDS[operator], [a, b], _RESULTS[operator], node.span, body)
    for value, at in ((a, left.span), (b, right.span)):
        if not isinstance(value, Expr | Tensor):
            raise error(f"`{operator}` has no meaning for {sizes.describe(value)}", at)
    operands = [x if isinstance(x, Tensor) else _scalar(x) for x in (a, b)]
    return _pointwise(_KINDS[operator], operands, _RESULTS[operator], node.span, body)


def _scalar(value: object) -> Size | Literal_:
    assert isinstance(value, Expr)
    return Size(value)


def _single(value: Value, span: Span) -> Value:
    if isinstance(value, Poisoned):
        raise Silent
    if isinstance(value, tuple) and any(isinstance(v, Tensor) for v in value):
        raise error(f"this gives {len(value)} tensors, and one is wanted here", span, hint="unpack them: `a, b = …`")
    return value


def _same_shape(operator: str, a: Tensor, b: Tensor, left: Span, right: Span, scope: Scope | None) -> None:
    if a.axes == b.axes:
        return
    label, notes = shape(b), [f"the left side is {shape(a)}"]
    if brief(left):
        at = scope.place(left.text) if scope is not None else None
        since = f" since line {at.line}" if at is not None and at.source is left.source and at.line != left.line else ""
        label, notes = f"{shape(b)}, while `{left.text}` is {shape(a)}{since}", []
    sides = f"the two sides of `{operator}`" if operator in _KINDS else f"the arguments of `{operator}`"
    if len(a.axes) != len(b.axes):
        raise error(
            f"{sides} have {len(a.axes)} and {len(b.axes)} axes",
            right,
            label=label,
            notes=notes,
            hint=_broadcast(operator, a, b, left, right, scope),
        )
    which, mine, theirs = _difference(a, b)
    fix = ""
    if which == "last axis" and show(mine) != show(theirs):
        for text, other in ((right.text, a), (left.text, b)):
            if "->" in text and all(x == y for x, y in zip(a.axes[:-1], b.axes[:-1], strict=True)):
                fix = f"end the branch with `-> linear({show(other.axes[-1].size)})`"
                break
    raise error(
        f"{sides} differ in their {which}: {show(mine)} and {show(theirs)}",
        right,
        label=label,
        notes=notes,
        hint=fix or _turned(operator, a, b, left, right, scope),
    )


def _difference(a: Tensor, b: Tensor) -> tuple[str, Expr, Expr]:
    """Which axis differs first, and both of its sizes."""
    number = next(n for n, (x, y) in enumerate(zip(a.axes, b.axes, strict=True)) if x != y)
    ordinal = ("first", "second", "third", "fourth", "fifth", "sixth")
    which = "last axis" if number == len(a.axes) - 1 else f"{ordinal[min(number, 5)]} axis"
    mine, theirs = a.axes[number], b.axes[number]
    if mine.size != theirs.size:
        return which, mine.size, theirs.size
    return f"ranges on the {which}", mine.upper, theirs.upper


def _broadcast(operator: str, a: Tensor, b: Tensor, left: Span, right: Span, scope: Scope | None) -> str:
    """x[N, D] + b[D] as the equation that it is, where one shape is the end of the other."""
    large, small = (a, b) if len(a.axes) > len(b.axes) else (b, a)
    if scope is None or operator not in _KINDS or large.axes[len(large.axes) - len(small.axes) :] != small.axes:
        return "write an equation that says which axes belong together"
    indices = _fresh(scope, len(large.axes))
    own = {large: indices, small: indices[len(large.axes) - len(small.axes) :]}
    return _written(operator, left, right, indices, own[a], own[b], scope) or "write an equation to broadcast"


def _turned(operator: str, a: Tensor, b: Tensor, left: Span, right: Span, scope: Scope | None) -> str:
    """x[N, D] + y[D, N] as an equation, where the axes are the same in another order."""
    if scope is None or operator not in _KINDS or len(set(a.axes)) != len(a.axes) or set(a.axes) != set(b.axes):
        return ""
    indices = _fresh(scope, len(a.axes))
    turned = [indices[a.axes.index(axis)] for axis in b.axes]
    return _written(operator, left, right, indices, indices, turned, scope)


def _written(
    operator: str, left: Span, right: Span, indices: list[str], mine: list[str], theirs: list[str], scope: Scope
) -> str:
    if not (re.fullmatch(r"\w+'*", left.text) and re.fullmatch(r"\w+'*", right.text)):
        return ""
    target = next(name for name in ("y", "z", "u", "v", "result") if scope.get(name) is None)
    reads = f"{left.text}[{', '.join(mine)}] {operator} {right.text}[{', '.join(theirs)}]"
    return f"write it as an equation: `{target}[{', '.join(indices)}] = {reads}`"


def _fresh(scope: Scope, number: int) -> list[str]:
    free = [name for name in "ijklmnpqrstuvw" if scope.get(name) is None]
    return [*free, *(f"i{n}" for n in range(number))][:number]


def _pointwise(kind: str, operands: Sequence[Tensor | Size | Literal_], name: str, span: Span, body: Body) -> Tensor:
    target, equation = pointwise(kind, list(operands), name, span)
    body.nodes.append(equation)
    return numbered(target, body)


# ---------------------------------------------------------------- truth


def condition(node: syntax.Expression, scope: Scope, body: Body, context: Context) -> bool:
    """The truth of a condition; undecided ones ask for the values of options, or are an error."""
    match node:
        case syntax.Compare(operands=operands, operators=operators):
            values = [evaluate(o, scope, body, context) for o in operands]
            return all(
                sizes.decide(a, operator, b, node.span, context)
                for a, operator, b in zip(values, operators, values[1:], strict=False)
            )
        case syntax.Logic(operator=operator, operands=operands):
            test = (condition(o, scope, body, context) for o in operands)
            return all(test) if operator == "and" else any(test)
        case syntax.Not(value=value):
            return not condition(value, scope, body, context)
        case _:
            value_ = evaluate(node, scope, body, context)
            if isinstance(value_, Poisoned):
                raise Silent
            if not isinstance(value_, bool):
                raise error(
                    f"a condition is true or false, and this is {sizes.describe(value_)}",
                    node.span,
                    hint=f"compare it: `{brief(node.span)} > 1`"
                    if isinstance(value_, Expr) and brief(node.span)
                    else "",
                )
            return value_


# ---------------------------------------------------------------- calls


def _arguments(
    arguments: Sequence[syntax.Argument], scope: Scope, body: Body, context: Context
) -> tuple[list[tuple[Value, Span]], dict[str, tuple[Value, Span]]]:
    positional: list[tuple[Value, Span]] = []
    named: dict[str, tuple[Value, Span]] = {}
    for argument in arguments:
        value = evaluate(argument.value, scope, body, context)
        if argument.name is None:
            positional.append((value, argument.value.span))
        elif argument.name in named:
            raise error(f"`{argument.name}` is given twice", argument.span)
        else:
            named[argument.name] = (value, argument.span)
    return positional, named


def _callee(name: str, span: Span, scope: Scope) -> LayerValue | FunctionValue:
    value = scope.get(name)
    if isinstance(value, Poisoned):
        raise Silent
    if isinstance(value, LayerValue | FunctionValue):
        return value
    found = find_layer(name, scope.module)
    if found is not None:
        return found
    if value is not None:
        raise error(f"`{name}` is {sizes.describe(value)}, not a layer", span)
    raise unknown_layer(name, span, scope.module)


def _call(node: syntax.Call, scope: Scope, body: Body, context: Context) -> Value:
    if node.name in ("concat", "split") and scope.get(node.name) is None:
        positional, named = _arguments(node.arguments, scope, body, context)
        operate = concat if node.name == "concat" else split
        return _one_numbered(operate(positional, named, node.span, body, context), body)
    layer = _callee(node.name, node.name_span, scope)
    positional, named = _arguments(node.arguments, scope, body, context)
    return _applied(layer, positional, named, node.span, body, context)


def _pipe(
    value: syntax.Expression, stages: Sequence[syntax.Stage], scope: Scope, body: Body, context: Context
) -> Value:
    current = _single(evaluate(value, scope, body, context), value.span)
    at = value.span
    for stage in stages:
        positional, named = _arguments(stage.arguments or (), scope, body, context)
        span = stage.span
        if not isinstance(_single(current, at), Tensor):
            raise error(f"a pipe carries a tensor, and this is {sizes.describe(current)}", at)
        if stage.name in ("concat", "split") and scope.get(stage.name) is None:
            operate = concat if stage.name == "concat" else split
            current = _one_numbered(operate([(current, at), *positional], named, span, body, context), body)
        else:
            layer = _callee(stage.name, stage.name_span, scope)
            current = _applied(layer, [(current, at), *positional], named, span, body, context)
        at = span
    return current


def _applied(
    layer: LayerValue | FunctionValue,
    positional: list[tuple[Value, Span]],
    named: dict[str, tuple[Value, Span]],
    span: Span,
    body: Body,
    context: Context,
) -> Value:
    if isinstance(layer, FunctionValue):
        return _function(layer.name, positional, named, span, body, context)
    tensors = any(isinstance(v, Tensor) for v, _ in [*positional, *named.values()])
    if not tensors and any(isinstance(v, Poisoned) for v, _ in [*positional, *named.values()]):
        raise Silent
    if not tensors:
        if not positional and not named:
            raise error(f"`{layer.name}` is applied to nothing", span, hint=f"`x -> {layer.name}` applies it to `x`")
        return LayerValue(
            layer.name,
            layer.definition,
            layer.module,
            (*layer.positional, *(value for value, _ in positional)),
            (*layer.named, *((name, value) for name, (value, _) in named.items())),
            layer.shared,
        )
    call, results = apply(layer, positional, named, span, context)
    body.nodes.append(call)
    return _one_numbered(results[0] if len(results) == 1 else results, body)


def _one_numbered(value: Value, body: Body) -> Value:
    """A result under a number of its own; several, which are bound by name, as they are."""
    return numbered(value, body) if isinstance(value, Tensor) else value


def _function(
    name: str,
    positional: list[tuple[Value, Span]],
    named: dict[str, tuple[Value, Span]],
    span: Span,
    body: Body,
    context: Context,
) -> Value:
    if named:
        raise error(f"`{name}` is a scalar function and has no options", span)
    low, high = FUNCTIONS[name]
    if not low <= len(positional) <= high:
        wanted = str(low) if low == high else f"{low} to {high}"
        raise error(f"`{name}` takes {wanted} argument{'' if wanted == '1' else 's'}, not {len(positional)}", span)
    values = [_single(value, at) for value, at in positional]
    if all(isinstance(value, Expr) for value in values):
        return sizes.function(name, [v for v in values if isinstance(v, Expr)], span, context)
    tensors = [(v, at) for v, (_, at) in zip(values, positional, strict=True) if isinstance(v, Tensor)]
    for value, (_, at) in zip(values, positional, strict=True):
        if not isinstance(value, Expr | Tensor):
            raise error(f"`{name}` has no meaning for {sizes.describe(value)}", at)
    for tensor, at in tensors[1:]:
        _same_shape(name, tensors[0][0], tensor, tensors[0][1], at, None)
    operands = [v if isinstance(v, Tensor) else _scalar(v) for v in values]
    return _pointwise(name, operands, name, span, body)


__all__ = ["condition", "evaluate", "number_of", "size_of"]
