"""Statements: a block and a scope in, nodes and new names out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from .. import syntax
from ..algebra.expression import const
from ..errors import ArchError, error
from ..scalars import Tensor
from . import sizes
from .assumptions import assume
from .bindings import bind, declare, free_name, give_back, let, share
from .blocks import choose, names_bound, parallel
from .describe import brief, count, name_span
from .equations import elaborate_piece, pieces
from .expressions import condition, evaluate, number_of
from .literals import literal
from .opaque import opaque
from .repeats import repeat, until
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
    if context.trials:
        return False
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
            for name in names_bound([statement]):
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
            repeat(statement, scope, body, context)
        case syntax.For():
            _for(statement, scope, body, context)
        case syntax.Expect():
            if context.depth:
                raise error("`expect` stands in a model, or outside", statement.span, hint="put it into the model")
            body.expects.append((statement, scope))
        case syntax.Caveat(words=words):
            if context.depth:
                raise error("`caveat` speaks of a model, and stands in it", statement.span)
            body.caveats.append(words)
        case syntax.Variant():
            if context.depth:
                raise error("`variant` belongs into a model", statement.span)
            _variant(statement, scope, body, context)
        case syntax.Stacked():
            if context.depth:
                raise error("`stacked` belongs into a model", statement.span)
            if body.stacked is not None:
                raise error("a model says once how it is stacked", statement.span)
            body.stacked = statement
        case syntax.Saves(names=names):
            body.saves += [(name, name_span(statement.span, name)) for name in names]
        case syntax.Equation():
            raise AssertionError("equations are read in runs")
        case syntax.Until():
            until(statement, scope, body, context)
        case syntax.Parallel():
            parallel(statement, scope, body, context)
        case syntax.Choose():
            choose(statement, scope, body, context)
        case syntax.Opaque():
            opaque(statement, scope, body, context)
        case syntax.Quantity():
            if context.depth:
                raise error("`quantity` belongs into a model, or beside it", statement.span)
            body.quantities.append((statement, scope))
        case _:
            assert_never(statement)


def _variant(statement: syntax.Variant, scope: Scope, body: Body, context: Context) -> None:
    """The values of a variant are those of its expectations."""
    for setting in statement.settings:
        literal(setting.value)
    body.variants.append(statement)
    for expect in statement.expects:
        own = {setting.name for setting in expect.settings}
        around = tuple(setting for setting in statement.settings if setting.name not in own)
        body.expects.append((replace(expect, settings=(*around, *expect.settings)), scope))


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


__all__ = ["execute"]
