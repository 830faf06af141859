"""Expressions outside equations: syntax and a scope in, a `Value` out; layers that are applied on the way become nodes of the body."""

from __future__ import annotations

from collections.abc import Sequence

from .. import syntax
from ..algebra.expression import Expr, const, total
from ..errors import Span, error
from ..program import Axis, Join, Literal_, Operation, Size, Split, Tensor
from . import sizes
from .describe import shape, show
from .equations import pointwise
from .layers import apply, find_layer, unknown_layer
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
_WORDS = {"+": "`+`", "-": "`-`", "*": "`*`", "/": "`/`", "^": "`^`"}


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
            return _negated(evaluate(value, scope, body, context), node.span, body, context)
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
            raise error(
                f"`{span.text}` reads elements of `{name}`, which belongs into an equation",
                span,
                hint="write an equation with an index for each axis on the left",
            )
        case syntax.Reduce(span=span):
            raise error("a reduction belongs into an equation", span, hint="write an equation with its indices on the left")
        case syntax.Hole(span=span):
            raise error("`???` stands only in an `expect`", span)


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
        raise error(f"this must be a size, and it is {sizes.describe(value)}", node.span)
    return value


# ---------------------------------------------------------------- arithmetic


def _negated(value: Value, span: Span, body: Body, context: Context) -> Value:
    if isinstance(value, Expr):
        return -value
    if isinstance(value, Tensor):
        return _pointwise("negate", [value], value.name, span, body, context)
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
        _same_shape(operator, a, b, left.span, right.span)
        return _pointwise(_KINDS[operator], [a, b], a.name, node.span, body, context)
    for value, at in ((a, left.span), (b, right.span)):
        if not isinstance(value, Expr | Tensor):
            raise error(f"{_WORDS[operator]} has no meaning for {sizes.describe(value)}", at)
    operands = [x if isinstance(x, Tensor) else _scalar(x) for x in (a, b)]
    name = a.name if isinstance(a, Tensor) else b.name if isinstance(b, Tensor) else ""
    return _pointwise(_KINDS[operator], operands, name, node.span, body, context)


def _scalar(value: object) -> Size | Literal_:
    assert isinstance(value, Expr)
    return Size(value)


def _single(value: Value, span: Span) -> Value:
    if isinstance(value, Poisoned):
        raise Silent
    if isinstance(value, tuple) and any(isinstance(v, Tensor) for v in value):
        raise error(f"this gives {len(value)} tensors, and one is wanted here", span, hint="unpack them: `a, b = …`")
    return value


def _same_shape(operator: str, a: Tensor, b: Tensor, left: Span, right: Span) -> None:
    if a.axes == b.axes:
        return
    label, note = f"`{right.text}` is {shape(b)}", f"`{left.text}` is {shape(a)}"
    if max(len(left.text), len(right.text)) > 60 or "\n" in left.text + right.text:
        label, note = shape(b), f"the left side is {shape(a)}"
    if len(a.axes) != len(b.axes):
        raise error(
            f"the two sides of `{operator}` have {len(a.axes)} and {len(b.axes)} axes",
            right,
            label=label,
            notes=[note],
            hint="whole tensors have equal shapes; write an equation to broadcast",
        )
    number = next(n for n, (x, y) in enumerate(zip(a.axes, b.axes, strict=True)) if x != y)
    which = "last axis" if number == len(a.axes) - 1 else ("first axis", "second axis", "third axis")[min(number, 2)]
    fix = ""
    pipe = right.text if "->" in right.text else left.text if "->" in left.text else ""
    if number == len(a.axes) - 1 and pipe:
        fix = f"end the branch with `-> linear({show((a if pipe == right.text else b).axes[-1].size)})`"
    raise error(
        f"the two sides of `{operator}` differ in their {which}: {show(a.axes[number].size)} and {show(b.axes[number].size)}",
        right,
        label=label,
        notes=[note],
        hint=fix,
    )


def _pointwise(
    kind: str, operands: Sequence[Tensor | Size | Literal_], name: str, span: Span, body: Body, context: Context
) -> Tensor:
    target, equation = pointwise(kind, list(operands), name, span, context)
    body.nodes.append(equation)
    return target


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
            if not isinstance(value_, bool):
                raise error(f"a condition is true or false, and this is {sizes.describe(value_)}", node.span)
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
        return (_concat if node.name == "concat" else _split)(positional, named, node.span, body, context)
    layer = _callee(node.name, node.name_span, scope)
    positional, named = _arguments(node.arguments, scope, body, context)
    return _applied(layer, positional, named, node.span, body, context)


def _pipe(value: syntax.Expression, stages: Sequence[syntax.Stage], scope: Scope, body: Body, context: Context) -> Value:
    current = _single(evaluate(value, scope, body, context), value.span)
    at = value.span
    for stage in stages:
        positional, named = _arguments(stage.arguments or (), scope, body, context)
        span = stage.span
        if not isinstance(_single(current, at), Tensor):
            raise error(f"a pipe carries a tensor, and this is {sizes.describe(current)}", at)
        if stage.name in ("concat", "split") and scope.get(stage.name) is None:
            operate = _concat if stage.name == "concat" else _split
            current = operate([(current, at), *positional], named, span, body, context)
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
            raise error(f"`{layer.name}` is applied to nothing", span, hint=f"`x -> {layer.name}`")
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
    return results[0] if len(results) == 1 else results


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
        _same_shape(name, tensors[0][0], tensor, tensors[0][1], at)
    operands = [v if isinstance(v, Tensor) else _scalar(v) for v in values]
    return _pointwise(name, operands, tensors[0][0].name, span, body, context)


# ---------------------------------------------------------------- shape operations


def _axis_number(named: dict[str, tuple[Value, Span]], tensor: Tensor, span: Span, context: Context) -> int:
    value, at = named.get("axis", (const(-1), span))
    for name in named:
        if name != "axis":
            raise error(f"there is no option `{name}` here", named[name][1], hint="the option is `axis`")
    number = sizes.whole_number(value, at, context, "an axis")
    rank = len(tensor.axes)
    if not -rank <= number < rank:
        raise error(f"`{tensor.name}` has {rank} axes, so there is no axis {number}", at)
    return number % rank


def _tensors(positional: list[tuple[Value, Span]], what: str, span: Span) -> list[tuple[Tensor, Span]]:
    found = []
    for value, at in positional:
        if isinstance(value, Poisoned):
            raise Silent
        if not isinstance(value, Tensor):
            raise error(f"`{what}` takes tensors, and this is {sizes.describe(value)}", at)
        found.append((value, at))
    if not found:
        raise error(f"`{what}` takes at least one tensor", span)
    return found


def _concat(
    positional: list[tuple[Value, Span]], named: dict[str, tuple[Value, Span]], span: Span, body: Body, context: Context
) -> Value:
    items = _tensors(positional, "concat", span)
    first = items[0][0]
    axis = _axis_number(named, first, span, context)
    for tensor, at in items[1:]:
        if len(tensor.axes) != len(first.axes):
            raise error(f"`concat` joins tensors with equally many axes: {shape(first)} and {shape(tensor)}", at)
        for number, (mine, theirs) in enumerate(zip(first.axes, tensor.axes, strict=True)):
            if number != axis and mine != theirs:
                raise error(
                    f"`concat` joins along axis {axis}, and axis {number} differs: {show(mine.size)} and {show(theirs.size)}", at
                )
    if any(tensor.axes[axis].ragged for tensor, _ in items) or any(a.ragged for a in first.axes):
        from ..errors import unsupported

        raise unsupported("`concat` along or beside an axis whose range depends on another", span)
    size = total(tensor.axes[axis].size for tensor, _ in items)
    axes = list(first.axes)
    axes[axis] = Axis(const(0), size - 1)
    result = Tensor("concat" if len(items) > 1 else first.name, tuple(axes))
    body.nodes.append(Join(result, tuple(t for t, _ in items), axis, span))
    return result


def _split(
    positional: list[tuple[Value, Span]], named: dict[str, tuple[Value, Span]], span: Span, body: Body, context: Context
) -> Value:
    if len(positional) != 2:
        raise error("`split` takes a tensor and a number of pieces or their sizes", span, hint="`split(x, 3)` or `split(x, [R, S])`")
    ((source, _),) = _tensors(positional[:1], "split", span)
    pieces, at = positional[1]
    axis = _axis_number(named, source, span, context)
    whole = source.axes[axis].size
    if isinstance(pieces, tuple):
        lengths = []
        for piece in pieces:
            if not isinstance(piece, Expr):
                raise error("the pieces of a `split` are sizes", at)
            lengths.append(sizes.whole(piece, at, context, "a piece"))
        if total(lengths) != whole:
            raise error(f"the pieces add up to {show(total(lengths))}, and the axis has {show(whole)}", at)
    else:
        count = sizes.whole_number(pieces, at, context, "the number of pieces")
        if not 1 <= count <= 10_000:
            raise error(f"`split` into {count} pieces has no meaning", at)
        lengths = [sizes.whole(whole / count, at, context, "a piece")] * count
    results, offsets, offset = [], [], const(0)
    for length in lengths:
        axes = list(source.axes)
        axes[axis] = Axis(const(0), length - 1)
        results.append(Tensor(source.name, tuple(axes)))
        offsets.append(offset)
        offset = offset + length
    body.nodes.append(Split(tuple(results), source, axis, tuple(offsets), span))
    return results[0] if len(results) == 1 else tuple(results)


__all__ = ["Operation", "condition", "evaluate", "number_of", "size_of"]
