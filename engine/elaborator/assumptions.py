"""`assume`: facts that are taken for granted after a look at the example values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction

from .. import syntax
from ..algebra.build import symbol_of
from ..algebra.expression import Expr
from ..algebra.substitution import evaluate, substitute
from ..errors import ArchError, Span, error
from ..program import Assumption
from .describe import examples, number, show
from .expressions import number_of
from .values import Context, Scope


def assume(fact: syntax.Expression | syntax.Divides, scope: Scope, context: Context) -> None:
    """Take a fact for granted, after a look at the example values."""
    match fact:
        case syntax.Divides(divisor=divisor, dividend=dividend):
            below, above = number_of(divisor, scope, context), number_of(dividend, scope, context)
            if not below:
                raise error("nothing is divided by 0", divisor.span)
            if context.facts.divides(below, above):
                return
            _check_division(below, above, fact.span, context)
            context.facts.assume_divides(below, above)
            context.assumptions.append(Assumption("divides", below, above, True, fact.span))
        case syntax.Compare(operands=operands, operators=operators):
            values = [number_of(o, scope, context) for o in operands]
            for left, operator, right in zip(values, operators, values[1:], strict=False):
                _assume_order(left, operator, right, fact.span, scope, context)
        case syntax.Logic(operator="and", operands=operands):
            for operand in operands:
                assume(operand, scope, context)
        case _:
            raise error(
                "this is no fact that can be used",
                fact.span,
                hint="facts are `a divides b`, and comparisons such as `a <= b`",
            )


def _check_division(below: Expr, above: Expr, span: Span, context: Context) -> None:
    for case in context.cases(below, above):
        try:
            quotient = evaluate(above / below, case)
        except (KeyError, OverflowError, ZeroDivisionError):
            continue
        if Fraction(quotient).denominator != 1:
            raise _false(span, case, below, above, f", and {show(above / below)} is {number(quotient)}")


def _false(span: Span, case: Mapping[str, Fraction], left: Expr, right: Expr, why: str = "") -> ArchError:
    return error(f"this is false at the example values: {examples(case, left, right)}{why}", span)


def _assume_order(left: Expr, operator: str, right: Expr, span: Span, scope: Scope, context: Context) -> None:
    real = any(s.kind == "ratio" for s in left.symbols() | right.symbols())
    less = 0 if real else 1  # between whole numbers, a < b is a + 1 <= b
    gap = {"<=": right - left, "<": right - left - less, ">=": left - right, ">": left - right - less}.get(operator)
    if gap is None:
        if operator == "==":
            _check_order(left, right, left - right, span, context)
            _check_order(left, right, right - left, span, context)
            context.facts.assume_order(right - left)
            context.facts.assume_order(left - right)
            if left != right:
                context.assumptions.append(Assumption("equal", left, right, True, span))
                _unify(left, right, scope)
            return
        raise error("`!=` orders nothing, so it is no fact that can be used", span, hint="`a < b` or `a > b`")
    _check_order(left, right, gap, span, context)
    context.facts.assume_order(gap)
    small, large = (left, right) if operator in ("<=", "<") else (right, left)
    context.assumptions.append(
        Assumption("order", small if operator in ("<=", ">=") else small + less, large, True, span)
    )


def equalities_first(body: Sequence[syntax.Statement], scope: Scope, context: Context) -> None:
    """The equalities of dims that a model assumes: shapes agree by them, so they hold before its inputs are read."""
    for statement in body:
        facts = statement.facts if isinstance(statement, syntax.Assume) else ()
        for fact in facts:
            if isinstance(fact, syntax.Compare) and fact.operators == ("==",):
                with suppress(ArchError):  # one that names an option, or is wrong, is met again in its turn
                    assume(fact, scope, context)


def _unify(left: Expr, right: Expr, scope: Scope) -> None:
    """Two equal sizes are one: the one that is declared later stands for the other from here on."""
    order = {symbol_of(value): n for n, value in enumerate(scope.module.sizes.values()) if isinstance(value, Expr)}
    candidates = [(left, right), (right, left)]
    single = [
        (symbol, other)
        for value, other in candidates
        if (symbol := symbol_of(value)) is not None and symbol.kind == "dim" and not other.mentions(symbol)
    ]
    if not single:
        return
    symbol, other = max(single, key=lambda pair: order.get(pair[0], -1))
    for names in (scope.module.sizes, scope.names):
        for name, value in names.items():
            if isinstance(value, Expr):
                names[name] = substitute(value, {symbol: other})


def _check_order(left: Expr, right: Expr, gap: Expr, span: Span, context: Context) -> None:
    for case in context.cases(gap):
        with suppress(KeyError, OverflowError, ZeroDivisionError):
            if evaluate(gap, case) < 0:
                raise _false(span, case, left, right)
