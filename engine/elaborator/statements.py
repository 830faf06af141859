"""Statements: a block and a scope in, nodes and new names out.

What the engine cannot compute yet is refused here, at its place. It does not solve sizes that a repeat changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from .. import syntax
from ..algebra.expression import Expr, Symbol, const, from_atom
from ..errors import ArchError, Span, error, unsupported
from ..program import Assumption, Axis, Carried, Declared, Repeat, Tensor
from . import sizes
from .describe import shape
from .equations import elaborate_run
from .expressions import condition, evaluate, number_of, size_of
from .layers import find_layer
from .values import Body, Context, FunctionValue, LayerValue, Poisoned, Scope, Shared, Silent, Value

MAX_TURNS = 10_000


def execute(statements: Sequence[syntax.Statement], scope: Scope, body: Body, context: Context) -> None:
    """Run a block. In a model's own body a mistake poisons the names that it would bind, and the rest is still read."""
    position = 0
    while position < len(statements):
        run = [statements[position]]
        if isinstance(statements[position], syntax.Equation):
            while position + len(run) < len(statements) and isinstance(statements[position + len(run)], syntax.Equation):
                run.append(statements[position + len(run)])
        if body.outputs is not None:
            raise error("nothing is read after `return`", run[0].span)
        if context.depth:
            _run(run, scope, body, context)
        else:
            _recovering(run, scope, body, context)
        position += len(run)


def _run(run: list[syntax.Statement], scope: Scope, body: Body, context: Context) -> None:
    equations = [statement for statement in run if isinstance(statement, syntax.Equation)]
    if equations:
        body.nodes += elaborate_run(equations, scope, context)
    else:
        _statement(run[0], scope, body, context)


def _recovering(run: list[syntax.Statement], scope: Scope, body: Body, context: Context) -> None:
    try:
        _run(run, scope, body, context)
        return
    except ArchError as failure:
        if len(run) == 1:
            _record(failure, run[0], scope, body, context)
            return
    # one equation of a run is wrong: read them one by one, so that the others are still checked
    for statement in run:
        if isinstance(statement, syntax.Equation) and isinstance(scope.own(statement.name), Tensor):
            continue
        try:
            _run([statement], scope, body, context)
        except ArchError as failure:
            _record(failure, statement, scope, body, context)


def _record(failure: ArchError, statement: syntax.Statement, scope: Scope, body: Body, context: Context) -> None:
    if not isinstance(failure, Silent):
        context.errors += [d for d in failure.diagnostics if d not in context.errors]
    for name in _binds(statement):
        scope.set(name, Poisoned(), statement.span)
    if isinstance(statement, syntax.Return):
        body.outputs = ()


def _binds(statement: syntax.Statement) -> list[str]:
    match statement:
        case syntax.Equation(name=name) | syntax.Share(name=name) | syntax.Opaque(name=name):
            return [name]
        case syntax.Bind(names=names) | syntax.Let(names=names):
            return list(names)
        case syntax.Declare(shapes=shapes):
            return [s.name for s in shapes]
        case syntax.If(branches=branches):
            return [name for branch in branches for inner in branch.body for name in _binds(inner)]
        case syntax.Repeat(body=body) | syntax.Until(body=body) | syntax.Parallel(body=body):
            return [name for inner in body for name in _binds(inner)]
        case syntax.For(body=body) | syntax.Choose(body=body):
            return [name for inner in body for name in _binds(inner)]
        case _:
            return []


def _statement(statement: syntax.Statement, scope: Scope, body: Body, context: Context) -> None:
    match statement:
        case syntax.Declare():
            _declare(statement, scope, body, context)
        case syntax.Let():
            let(statement, scope, context)
        case syntax.Assume():
            for fact in statement.facts:
                assume(fact, scope, context)
        case syntax.Bind():
            _bind(statement, scope, body, context)
        case syntax.Share():
            _share(statement, scope, body, context)
        case syntax.Return(values=values):
            _return(values, statement.span, scope, body, context)
        case syntax.If(branches=branches):
            for branch in branches:
                if branch.condition is None or condition(branch.condition, scope, body, context):
                    execute(branch.body, scope, body, context)
                    return
        case syntax.Repeat():
            _repeat(statement, scope, body, context)
        case syntax.For():
            _for(statement, scope, body, context)
        case syntax.Expect():
            if context.depth:
                raise unsupported("`expect` in a layer", statement.span, hint="put it into the model")
            body.expects.append((statement, scope))
        case syntax.Stacked():
            if context.depth:
                raise error("`stacked` belongs into a model", statement.span)
            body.stacked = statement
        case syntax.Saves(names=names):
            pass  # says what training keeps; nothing that is counted yet depends on it
        case syntax.Equation():
            raise AssertionError("equations are read in runs")
        case syntax.Until():
            raise unsupported("`repeat until connected`", statement.span)
        case syntax.Parallel():
            raise unsupported("`parallel`", statement.span)
        case syntax.Choose():
            raise unsupported("`choose`", statement.span)
        case syntax.Opaque():
            raise unsupported("`opaque`", statement.span)
        case syntax.Quantity():
            raise unsupported("`quantity`", statement.span)
        case _:
            assert_never(statement)


# ---------------------------------------------------------------- names


def _free_name(name: str, span: Span, scope: Scope, *, tensor: bool) -> None:
    """Tensors may be bound again, numbers not; nothing may take the name of something else."""
    value = scope.own(name)
    if value is None:
        value = scope.module.sizes.get(name)
    if value is None or isinstance(value, Poisoned) or (tensor and isinstance(value, Tensor)):
        return
    at = scope.place(name)
    raise error(
        f"`{name}` is {sizes.describe(value)} already",
        span,
        notes=[f"it is bound in line {at.line} of {at.source.name}"] if at is not None else [],
        hint="choose another name"
        if not isinstance(value, Expr)
        else f"choose another name; `dim {name}' as \"{name}\"` lets a size look like it",
    )


def _declare(statement: syntax.Declare, scope: Scope, body: Body, context: Context) -> None:
    for declared in statement.shapes:
        _free_name(declared.name, declared.span, scope, tensor=False)
        if statement.kind in ("weight", "buffer") and isinstance(scope.own(declared.name), Tensor):
            raise error(f"`{declared.name}` is a tensor already", declared.span, hint="choose another name")
        axes: list[Axis] = []
        for axis in declared.axes:
            if isinstance(axis, syntax.Ellipsis):
                axes += _leading_axes(scope, axis.span)
                continue
            size = sizes.positive_size(number_of(axis, scope, context), axis.span, context, "an axis")
            axes.append(Axis(const(0), size - 1))
        if not declared.axes:
            raise error(f"`{declared.name}` has no axes", declared.span, hint=f"a single number is `{declared.name}[1]`")
        kind = statement.kind
        tensor = Tensor(declared.name, tuple(axes), "weight" if kind == "weight" else "buffer" if kind == "buffer" else "mask")
        body.nodes.append(Declared(kind, tensor, declared.span))
        scope.set(declared.name, tensor, declared.span)


def _leading_axes(scope: Scope, span: Span) -> list[Axis]:
    if scope.leading is None:
        raise error("`...` has no meaning here: no tensor of the signature carries it", span)
    count = scope.leading[0]
    carrier = next(t for t in scope.tensors().values() if t.kind == "input" and len(t.axes) >= count)
    return list(carrier.axes[:count])


def let(statement: syntax.Let, scope: Scope, context: Context, module_level: bool = False) -> None:
    """Bind abbreviations; several names share the items of a tuple, or one number."""
    values = _unpacked(statement.names, statement.values, statement.span, scope, Body(), context)
    for name, value in zip(statement.names, values, strict=True):
        if isinstance(value, Tensor):
            raise error(f"`let` names sizes, and `{name}` would be a tensor", statement.span, hint=f"drop the `let`")
        _free_name(name, statement.span, scope, tensor=False)
        if module_level:
            scope.module.sizes[name] = value
        else:
            scope.set(name, value, statement.span)


def _unpacked(
    names: Sequence[str],
    values: Sequence[syntax.Expression],
    span: Span,
    scope: Scope,
    body: Body,
    context: Context,
) -> list[Value]:
    if len(values) == 1 and len(names) > 1:
        value = evaluate(values[0], scope, body, context)
        if isinstance(value, tuple):
            if len(value) != len(names):
                raise error(f"{len(names)} names and {len(value)} values", span)
            return list(value)
        if isinstance(value, Tensor | LayerValue | FunctionValue):
            raise error(f"{len(names)} names and one value", span)
        return [value] * len(names)
    if len(values) != len(names):
        raise error(f"{len(names)} name{'s' * (len(names) > 1)} and {len(values)} value{'s' * (len(values) > 1)}", span)
    return [evaluate(value, scope, body, context) for value in values]


def _bind(statement: syntax.Bind, scope: Scope, body: Body, context: Context) -> None:
    before = len(body.nodes)
    values = _unpacked(statement.names, statement.values, statement.span, scope, body, context)
    for name, value in zip(statement.names, values, strict=True):
        if isinstance(value, tuple):
            raise error(f"`{name}` would be {len(value)} tensors", statement.span, hint="unpack them: `a, b = …`")
        if not isinstance(value, Tensor):
            raise error(
                f"`{name}` would be {sizes.describe(value)}, and `=` binds tensors",
                statement.span,
                hint=f"`let {name} = …` for a size, `share {name} = …` for a layer",
            )
        _free_name(name, statement.span, scope, tensor=True)
        scope.set(name, _renamed(value, name, body, before), statement.span)


def _renamed(value: Tensor, name: str, body: Body, before: int) -> Tensor:
    """A result takes the name that it is bound to, where it was made by this very statement."""
    from ..program import Call, Equation, Join, Split

    if value.name == name:
        return value
    named = Tensor(name, value.axes, value.kind)
    for number in range(before, len(body.nodes)):
        node = body.nodes[number]
        match node:
            case Equation(target=target) if target is value:
                body.nodes[number] = replace(node, target=named)
                return named
            case Call(results=results) if value in results:
                body.nodes[number] = replace(node, results=tuple(named if r is value else r for r in results))
                return named
            case Join(result=result) if result is value:
                body.nodes[number] = replace(node, result=named)
                return named
            case Split(results=results) if value in results:
                body.nodes[number] = replace(node, results=tuple(named if r is value else r for r in results))
                return named
            case _:
                pass
    return value


def _share(statement: syntax.Share, scope: Scope, body: Body, context: Context) -> None:
    value = evaluate(statement.value, scope, body, context)
    if not isinstance(value, LayerValue):
        raise error(f"`share` names a layer, and this is {sizes.describe(value)}", statement.span)
    _free_name(statement.name, statement.span, scope, tensor=False)
    scope.set(statement.name, replace(value, shared=Shared(statement.name)), statement.span)


def _return(values: Sequence[syntax.Expression], span: Span, scope: Scope, body: Body, context: Context) -> None:
    found: list[Tensor] = []
    for node in values:
        value = evaluate(node, scope, body, context)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Poisoned):
                raise Silent
            if not isinstance(item, Tensor):
                raise error(f"a definition returns tensors, and this is {sizes.describe(item)}", node.span)
            found.append(item)
    body.outputs = tuple(found)
    body.output_span = span


# ---------------------------------------------------------------- facts


def assume(fact: syntax.Expression | syntax.Divides, scope: Scope, context: Context) -> None:
    """Take a fact for granted, after a look at the example values."""
    match fact:
        case syntax.Divides(divisor=divisor, dividend=dividend):
            below, above = number_of(divisor, scope, context), number_of(dividend, scope, context)
            if context.facts.divides(below, above):
                return
            _check_division(below, above, fact.span, context)
            context.facts.assume_divides(below, above)
            context.assumptions.append(Assumption("divides", below, above, True, fact.span))
        case syntax.Compare(operands=operands, operators=operators):
            values = [number_of(o, scope, context) for o in operands]
            for left, operator, right in zip(values, operators, values[1:], strict=False):
                _assume_order(left, operator, right, fact.span, context)
        case syntax.Logic(operator="and", operands=operands):
            for operand in operands:
                assume(operand, scope, context)
        case _:
            raise error(
                "this is no fact that can be used", fact.span, hint="facts are `a divides b` and comparisons such as `a <= b`"
            )


def _check_division(below: Expr, above: Expr, span: Span, context: Context) -> None:
    try:
        quotient = sizes.evaluate(above / below, context.values)
    except (KeyError, OverflowError, ZeroDivisionError):
        return
    if not isinstance(quotient, int):
        raise error(f"this is false at the example values: the quotient is {quotient}", span)


def _assume_order(left: Expr, operator: str, right: Expr, span: Span, context: Context) -> None:
    gap = {"<=": right - left, "<": right - left - 1, ">=": left - right, ">": left - right - 1}.get(operator)
    if gap is None:
        if operator == "==":
            context.facts.assume_order(right - left)
            context.facts.assume_order(left - right)
            context.assumptions.append(Assumption("order", left, right, True, span))
            return
        raise unsupported("a fact with `!=`", span)
    try:
        if sizes.evaluate(gap, context.values) < 0:
            raise error("this is false at the example values", span)
    except (KeyError, OverflowError, ZeroDivisionError):
        pass
    context.facts.assume_order(gap)
    small, large = (left, right) if operator in ("<=", "<") else (right, left)
    context.assumptions.append(Assumption("order", small if operator in ("<=", ">=") else small + 1, large, True, span))


# ---------------------------------------------------------------- loops


def _for(statement: syntax.For, scope: Scope, body: Body, context: Context) -> None:
    for number, item in enumerate(_turns(statement, scope, body, context)):
        if number >= MAX_TURNS:
            raise error(f"this `for` writes out more than {MAX_TURNS} turns", statement.span, hint="use `repeat`")
        turn = Scope(scope.module, scope)
        turn.leading = scope.leading
        items = item if isinstance(item, tuple) and len(statement.names) > 1 else (item,)
        if len(items) != len(statement.names):
            raise error(f"{len(statement.names)} names and {len(items)} values in a turn", statement.values.span)
        for name, value in zip(statement.names, items, strict=True):
            _free_name(name, statement.span, scope, tensor=False)
            turn.set(name, value, statement.span)
        execute(statement.body, turn, body, context)


def _turns(statement: syntax.For, scope: Scope, body: Body, context: Context) -> list[Value]:
    values = statement.values
    if isinstance(values, syntax.Range):
        first = sizes.whole_number(number_of(values.first, scope, context), values.first.span, context, "the start of a `for`")
        last = sizes.whole_number(number_of(values.last, scope, context), values.last.span, context, "the end of a `for`")
        if last - first >= MAX_TURNS:
            raise error(f"this `for` writes out more than {MAX_TURNS} turns", statement.span, hint="use `repeat`")
        return [const(n) for n in range(first, last + 1)]
    found = evaluate(values, scope, body, context)
    if not isinstance(found, tuple):
        raise error(f"`for` runs over a list or a range, and this is {sizes.describe(found)}", values.span)
    return list(found)


def _repeat(statement: syntax.Repeat, scope: Scope, body: Body, context: Context) -> None:
    if statement.how is not None:
        raise unsupported(f"`repeat … {statement.how}`", statement.span)
    count = size_of(statement.count, scope, context, "a number of turns")
    number = count.integer()
    if number is not None and number < 0:
        raise error(f"a number of turns must not be negative, and this is {number}", statement.count.span)
    name = statement.index
    if name is not None:
        _free_name(name, statement.span, scope, tensor=False)
    symbol = Symbol(name or f"turn {context.number()}", "count")
    turn = Scope(scope.module)
    turn.leading = scope.leading
    before = scope.tensors()
    turn.parent = _Frozen(scope)
    if name is not None:
        turn.names[name] = from_atom(symbol)
        turn.spans[name] = statement.span
        context.facts.assume_order(count - 1 - from_atom(symbol))
        if number is not None:
            context.values.setdefault(symbol.name, sizes.Fraction(0))
    assigned = {n for inner in statement.body for n in _binds(inner)} & set(before)
    entries = {n: Tensor(n, before[n].axes) for n in sorted(assigned)}
    for n, tensor in entries.items():
        turn.names[n] = tensor
        turn.spans[n] = scope.place(n) or statement.span
    inner = Body()
    execute(statement.body, turn, inner, context)
    if inner.outputs is not None:
        raise error("`return` has no place in a `repeat`", statement.span)
    carried = []
    for n, entry in entries.items():
        exit_ = turn.names[n]
        if isinstance(exit_, Poisoned):
            scope.set(n, exit_, statement.span)
            continue
        assert isinstance(exit_, Tensor)
        if exit_ is entry:
            continue
        if exit_.axes != entry.axes:
            raise unsupported(
                f"a `repeat` that changes the shape of `{n}` from {shape(entry)} to {shape(exit_)}",
                statement.span,
                hint="write the turns out with `for`" if number is not None else "",
            )
        result = Tensor(n, exit_.axes)
        carried.append(Carried(before[n], entry, exit_, result))
        scope.set(n, result, statement.span)
    body.nodes.append(Repeat(count, symbol, tuple(inner.nodes), tuple(carried), statement.how, statement.span))


class _Frozen(Scope):
    """The scope around a repeat, as its body sees it: names may be read, and are bound inside only."""

    def __init__(self, outer: Scope) -> None:
        super().__init__(outer.module, None)
        self.names = {}
        self.spans = {}
        scope: Scope | None = outer
        while scope is not None:
            self.names = {**scope.names, **self.names}
            self.spans = {**scope.spans, **self.spans}
            scope = scope.parent


__all__ = ["assume", "execute", "find_layer", "let"]
