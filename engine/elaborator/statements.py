"""Statements: a block and a scope in, nodes and new names out.

What the engine cannot compute yet is refused here, at its place. It does not solve sizes that a repeat changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import assert_never

from .. import syntax
from ..algebra.expression import Symbol, const, from_atom
from ..errors import ArchError, error, unsupported
from ..program import Carried, Repeat
from ..scalars import Tensor
from . import sizes
from .assumptions import assume
from .bindings import bind, declare, free_name, give_back, let, share
from .describe import brief, count, name_span, shape
from .equations import elaborate_piece, pieces
from .expressions import condition, evaluate, number_of, size_of
from .values import Body, Context, Poisoned, Scope, Silent, Value

MAX_TURNS = 10_000


def execute(statements: Sequence[syntax.Statement], scope: Scope, body: Body, context: Context) -> None:
    """Run a block. In the body of a model, and in that of a layer that it calls, a mistake poisons the names that it
    would bind, and the rest is still read."""
    position = 0
    while position < len(statements):
        run: list[syntax.Statement] = [statements[position]]
        if isinstance(statements[position], syntax.Equation):
            while position + len(run) < len(statements) and isinstance(
                statements[position + len(run)], syntax.Equation
            ):
                run.append(statements[position + len(run)])
        if body.outputs is not None:
            failure = error("nothing is read after `return`", run[0].span, hint="move the `return` to the end")
            if not _recovers(scope, context):
                raise failure
            context.record(failure)
            return
        equations = [statement for statement in run if isinstance(statement, syntax.Equation)]
        if equations:
            for piece in pieces(equations, scope):
                _attempt(piece, scope, body, context)
        else:
            _attempt(run, scope, body, context)
        position += len(run)


def _recovers(scope: Scope, context: Context) -> bool:
    """Deeper down, the first mistake is told: a layer that calls itself would meet it again and again."""
    return context.depth == 0 or (context.depth == 1 and not scope.module.source.library)


def _attempt(piece: Sequence[syntax.Statement], scope: Scope, body: Body, context: Context) -> None:
    """One statement, or the equations of one recurrence."""
    try:
        equations = [statement for statement in piece if isinstance(statement, syntax.Equation)]
        if equations:
            body.nodes += elaborate_piece(equations, scope, context)
        else:
            _statement(piece[0], scope, body, context)
    except ArchError as failure:
        if not _recovers(scope, context):
            raise
        context.record(failure)
        for statement in piece:
            for name in _binds(statement):
                if scope.own(name) is None or isinstance(scope.own(name), Tensor | Poisoned):
                    scope.set(name, Poisoned(), statement.span)
            if _returns(statement):
                body.outputs = ()


def _returns(statement: syntax.Statement) -> bool:
    match statement:
        case syntax.Return():
            return True
        case syntax.If(branches=branches):
            return any(_returns(inner) for branch in branches for inner in branch.body)
        case _:
            return False


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
            declare(statement, scope, body, context)
        case syntax.Let():
            let(statement, scope, context)
        case syntax.Assume():
            for fact in statement.facts:
                assume(fact, scope, context)
        case syntax.Bind():
            bind(statement, scope, body, context)
        case syntax.Share():
            share(statement, scope, body, context)
        case syntax.Return(values=values):
            give_back(values, statement.span, scope, body, context)
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
        case syntax.Saves():
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


# ---------------------------------------------------------------- loops


def _for(statement: syntax.For, scope: Scope, body: Body, context: Context) -> None:
    mistakes = len(context.errors)
    for item in _turns(statement, scope, body, context):
        turn = Scope(scope.module, scope)
        turn.leading = scope.leading
        items = item if isinstance(item, tuple) and len(statement.names) > 1 else (item,)
        if len(items) != len(statement.names):
            raise error(
                f"a turn of this `for` has {count(len(items), 'value')}, and {count(len(statement.names), 'name')} "
                f"wait{'s' if len(statement.names) == 1 else ''} for them",
                statement.values.span,
            )
        for name, value in zip(statement.names, items, strict=True):
            at = name_span(statement.span, name)
            free_name(name, at, scope, tensor=False)
            turn.set(name, value, at)
        execute(statement.body, turn, body, context)
        if body.outputs is not None:
            raise error(
                "`return` has no place in a `for`", body.output_span or statement.span, hint="put it after the loop"
            )
        if len(context.errors) > mistakes:
            return  # the next turn would make the same mistakes


def _turns(statement: syntax.For, scope: Scope, body: Body, context: Context) -> list[Value]:
    values = statement.values
    too_many = error(f"this `for` writes out more than {MAX_TURNS} turns", values.span, hint="use `repeat`")
    if isinstance(values, syntax.Range):
        hint = ""
        if len(statement.names) == 1 and brief(values.last.span):
            hint = f"`repeat {brief(values.last.span)} as {statement.names[0]}:` takes a symbol, and counts from 0"
        first, last = (
            sizes.whole_number(number_of(end, scope, context), end.span, context, f"the {word} of a `for`", hint)
            for end, word in ((values.first, "start"), (values.last, "end"))
        )
        if last - first >= MAX_TURNS:
            raise too_many
        return [const(n) for n in range(first, last + 1)]
    found = evaluate(values, scope, body, context)
    if isinstance(found, Poisoned):
        raise Silent
    if not isinstance(found, tuple):
        raise error(
            f"`for` runs over a list or a range, and this is {sizes.describe(found)}",
            values.span,
            hint=f"`1..{brief(values.span)}`" if brief(values.span) and sizes.describe(found) == "a size" else "",
        )
    if len(found) > MAX_TURNS:
        raise too_many
    return list(found)


def _repeat(statement: syntax.Repeat, scope: Scope, body: Body, context: Context) -> None:
    if statement.how is not None:
        raise unsupported(f"`repeat … {statement.how}`", statement.span)
    turns = size_of(statement.count, scope, context, "a number of turns")
    number = turns.integer()
    if number is not None and number < 0:
        raise error(f"a number of turns must not be negative, and this is {number}", statement.count.span)
    name = statement.index
    if name is not None:
        free_name(name, name_span(statement.span, name), scope, tensor=False)
    symbol = Symbol(name or f"turn {context.number()}", "count")
    turn = Scope(scope.module)
    turn.leading = scope.leading
    before = scope.tensors()
    turn.parent = _Frozen(scope)
    if name is not None:
        turn.names[name] = from_atom(symbol)
        turn.spans[name] = name_span(statement.span, name)
        context.facts.assume_order(turns - 1 - from_atom(symbol))
        if number is not None:
            context.values.setdefault(symbol.name, Fraction(0))
    assigned = {n for inner in statement.body for n in _binds(inner)} & set(before)
    entries = {n: Tensor(n, before[n].axes) for n in sorted(assigned)}
    for n, tensor in entries.items():
        turn.names[n] = tensor
        turn.spans[n] = scope.place(n) or statement.span
    inner = Body()
    execute(statement.body, turn, inner, context)
    if inner.outputs is not None:
        if inner.output_span is None:
            raise Silent
        raise error("`return` has no place in a `repeat`", inner.output_span, hint="put it after the loop")
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
                hint=f"write the turns out: `for {name or 'i'} in 0..{number - 1}:`" if number else "",
            )
        result = Tensor(n, exit_.axes)
        carried.append(Carried(before[n], entry, exit_, result))
        scope.set(n, result, statement.span)
    body.nodes.append(Repeat(turns, symbol, tuple(inner.nodes), tuple(carried), statement.how, statement.span))


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


__all__ = ["execute"]
