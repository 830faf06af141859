"""Blocks whose body stands for several: a scope of its own for one turn, bodies side by side, and a choice of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .. import syntax
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, const, from_atom
from ..algebra.substitution import substitute
from ..errors import Span, error
from ..program import Choose, Gathered, Node, Parallel, Repeat, consumed
from ..scalars import Axis, Tensor, place
from . import sizes
from .bindings import free_name
from .describe import name_span, shape, show
from .expressions import size_of
from .values import Body, Context, Poisoned, Scope, Silent, Value

LETTERS = "ijltuvw"


class Inner:
    """The body of a block: names around it may be read, and what is bound inside stays inside."""

    def __init__(self, outer: Scope, context: Context) -> None:
        self.scope = Scope(outer.module, _Frozen(outer))
        self.scope.leading = outer.leading
        self.scope.boundary = True
        self.context = context
        self.body = Body(unnamed=self.scope.unnamed)

    def bind(self, name: str, value: Value, span: Span) -> None:
        self.scope.names[name] = value
        self.scope.spans[name] = span

    def run(self, statements: Sequence[syntax.Statement], keyword: str) -> None:
        from .statements import execute

        execute(statements, self.scope, self.body, self.context)
        if self.body.outputs is not None:
            if self.body.output_span is None:
                raise Silent
            raise error(f"`return` has no place in a `{keyword}`", self.body.output_span, hint="put it after the block")
        of_variants = {expect.span for variant in self.body.variants for expect in variant.expects}
        named = [("expect", e.span) for e, _ in self.body.expects if e.span not in of_variants]
        named += [("quantity", q.span) for q, _ in self.body.quantities]
        for what, span in named:
            raise error(
                f"`{what}` speaks of the whole model, and stands in a `{keyword}`",
                span,
                hint="put it before the block",
            )


class _Frozen(Scope):
    """The scope around a block, as its body sees it."""

    def __init__(self, outer: Scope) -> None:
        super().__init__(outer.module, None)
        self.names = {}
        self.spans = {}
        self.unnamed = dict(outer.unnamed)
        scope: Scope | None = outer
        while scope is not None:
            self.names = {**scope.names, **self.names}
            self.spans = {**scope.spans, **self.spans}
            scope = scope.parent


def turn_symbol(name: str | None, scope: Scope, context: Context) -> Symbol:
    """The number of a turn. Its name is taken by nothing else that a formula could hold at the same time."""
    taken = scope.all_names() | set(context.values)
    if name is None:
        name = next((letter for letter in LETTERS if letter not in taken), "turn")
    while name in context.values:
        name += "'"
    return Symbol(name, "count", context.number())


def names_bound(statements: Sequence[syntax.Statement]) -> set[str]:
    """The names that the statements of a block bind, those in its inner blocks too."""
    found: set[str] = set()
    for statement in statements:
        match statement:
            case syntax.Equation(name=name) | syntax.Share(name=name) | syntax.Opaque(name=name):
                found.add(name)
            case syntax.Bind(names=names) | syntax.Let(names=names):
                found |= set(names)
            case syntax.Declare(shapes=shapes):
                found |= {s.name for s in shapes}
            case syntax.If(branches=branches):
                found |= {name for branch in branches for name in names_bound(branch.body)}
            case (
                syntax.Repeat(body=body)
                | syntax.Until(body=body)
                | syntax.Parallel(body=body)
                | syntax.For(body=body)
                | syntax.Choose(body=body)
            ):
                found |= names_bound(body)
            case _:
                pass
    return found


# ---------------------------------------------------------------- side by side


def parallel(statement: syntax.Parallel, scope: Scope, body: Body, context: Context) -> None:
    """`parallel h as g:` what it binds is stacked on a new first axis."""
    count = size_of(statement.count, scope, context, "a number of bodies")
    symbol, inner = _opened(statement, count, "parallel", scope, context)
    results = []
    for name, tensor in _bound(inner):
        axes = (Axis(const(0), count - 1), *(_behind(axis, symbol, len(tensor.axes)) for axis in tensor.axes))
        results.append(Gathered(tensor, Tensor(name, axes)))
    body.nodes.append(Parallel(count, symbol, tuple(inner.body.nodes), tuple(results), statement.span))
    _hand_out(results, inner, scope, statement.span)


def _behind(axis: Axis, symbol: Symbol, rank: int) -> Axis:
    """An axis that has moved one place back; what depends on the number of the body depends on the new first axis."""
    values = {place(n): from_atom(place(n + 1)) for n in range(rank)}
    values[symbol] = from_atom(place(0))
    return Axis(substitute(axis.lower, values), substitute(axis.upper, values))


def choose(statement: syntax.Choose, scope: Scope, body: Body, context: Context) -> None:
    """`choose k of E as e:` what it binds is the sum over the k that were chosen."""
    chosen = size_of(statement.chosen, scope, context, "a number of bodies to choose")
    count = size_of(statement.count, scope, context, "a number of bodies")
    if context.facts.compare(chosen, ">", count):
        raise error(f"{show(chosen)} of {show(count)} bodies cannot be chosen", statement.chosen.span)
    if context.facts.compare(chosen, "<", const(1)):
        raise error(f"a number of bodies to choose must be positive, and this is {show(chosen)}", statement.chosen.span)
    sizes.take_for_granted(chosen - 1, statement.chosen.span, context, "the number of bodies to choose, less one,")
    sizes.take_for_granted(count - chosen, statement.chosen.span, context, "the number of bodies that are not chosen")
    symbol, inner = _opened(statement, count, "choose", scope, context)
    results = []
    for name, tensor in _bound(inner):
        if any(axis.lower.mentions(symbol) or axis.upper.mentions(symbol) for axis in tensor.axes):
            raise error(
                f"the bodies of this `choose` give `{name}` different shapes, {shape(tensor)}, and cannot be added up",
                statement.span,
            )
        results.append(Gathered(tensor, Tensor(name, tensor.axes)))
    body.nodes.append(Choose(chosen, count, symbol, tuple(inner.body.nodes), tuple(results), statement.span))
    _hand_out(results, inner, scope, statement.span)


def _opened(
    statement: syntax.Parallel | syntax.Choose, count: Expr, keyword: str, scope: Scope, context: Context
) -> tuple[Symbol, Inner]:
    number = count.integer()
    if number is not None and number < 1:
        raise error(f"a number of bodies must be positive, and this is {number}", statement.count.span)
    sizes.take_for_granted(count - 1, statement.count.span, context, "the number of bodies, less one,")
    name = statement.index
    if name is not None:
        free_name(name, name_span(statement.span, name), scope, tensor=False)
    symbol = turn_symbol(name, scope, context)
    inner = Inner(scope, context)
    if name is not None:
        inner.bind(name, from_atom(symbol), name_span(statement.span, name))
    with context.turning(symbol, count):
        inner.run(statement.body, keyword)
    return symbol, inner


def _bound(inner: Inner) -> list[tuple[str, Tensor]]:
    return [
        (name, value)
        for name, value in inner.scope.names.items()
        if isinstance(value, Tensor) and value.kind == "computed"
    ]


def _hand_out(results: Sequence[Gathered], inner: Inner, scope: Scope, span: Span) -> None:
    scope.unnamed.update(inner.scope.unnamed)
    for result in results:
        scope.set(result.outer.name, result.outer, span)
    for name, value in inner.scope.names.items():
        if isinstance(value, Poisoned):
            scope.set(name, value, span)


def without_unread(nodes: Sequence[Node], outputs: Sequence[Tensor]) -> tuple[Node, ...]:
    """The nodes, with only those results of choices and of bodies side by side that something reads."""
    used = consumed(tuple(nodes)) | set(outputs)
    return tuple(_pruned(node, used) for node in nodes)


def _pruned(node: Node, used: set[Tensor]) -> Node:
    match node:
        case Choose(results=results, body=body) | Parallel(results=results, body=body):
            kept = tuple(result for result in results if result.outer in used)
            return replace(node, results=kept, body=tuple(_pruned(inner, used) for inner in body))
        case Repeat(body=body):
            inner = tuple(_pruned(child, used) for child in body)
            return node if all(a is b for a, b in zip(inner, body, strict=True)) else replace(node, body=inner)
        case _:
            return node


__all__ = ["Inner", "choose", "names_bound", "parallel", "turn_symbol", "without_unread"]
