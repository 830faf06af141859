"""Sizes, truth values and other plain values: syntax and a scope in, a `Value` out. Tensors are left to `expressions`.

What is asked to be a whole number and cannot be proved to be one is assumed to be, noted for the derivation, and
checked at the example values.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import lcm
from typing import assert_never

from ..algebra import build
from ..algebra.atoms import Atom, Rational, Symbol
from ..algebra.expression import Expr, const, total
from ..algebra.substitution import Value as Number
from ..algebra.substitution import evaluate, substitute
from ..errors import ArchError, Span, error, nearest
from ..program import Assumption
from ..scalars import Tensor
from .describe import brief, examples, number, show
from .values import Context, FunctionValue, LayerValue, NeedsValue, Poisoned, Scope, Silent, Value

MAX_DIGITS = 200
MOST_TERMS = 48  # of a product of sums


def describe(value: Value) -> str:
    """A few words for a message: what kind of thing a value is."""
    match value:
        case Expr():
            return "a size"
        case Tensor():
            return "a tensor"
        case bool():
            return "a truth value"
        case str():
            return "a text"
        case tuple():
            return "a tuple"
        case LayerValue():
            return "a layer"
        case FunctionValue():
            return "a function"
        case Poisoned():
            return "a name with an error"
        case _:
            assert_never(value)


def unknown_name(name: str, span: Span, scope: Scope, extra: set[str] | None = None) -> ArchError:
    candidates = scope.all_names() | (extra or set())
    return error(f"`{name}` is not defined here", span, hint=nearest(name, candidates))


def arithmetic(operator: str, left: Expr, right: Expr, span: Span, context: Context) -> Expr:
    """`left operator right` on sizes."""
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return _few(left * right, span) if min(len(left.terms), len(right.terms)) > 1 else left * right
        case "/":
            if not right:
                raise by_zero(span)
            return left / right
        case _:
            return _power(left, right, span, context)


def _few(size: Expr, span: Span) -> Expr:
    """A product of sums that can be multiplied out: counts are sums of products of sizes, and would have thousands."""
    if len(size.terms) > MOST_TERMS:
        raise error(
            f"this size is a sum of {len(size.terms)} terms when it is multiplied out",
            span,
            hint="a `dim` of its own for a factor or for all of it",
        )
    return size


def by_zero(span: Span) -> ArchError:
    return error(f"division by zero in `{span.text}`" if brief(span) else "division by zero", span)


def _power(base: Expr, exponent: Expr, span: Span, context: Context) -> Expr:
    number, times = base.constant, exponent.constant
    if number is not None and times is not None:
        if abs(Fraction(times)) * max(1, len(str(number))) > 100 * MAX_DIGITS:
            raise error("this power has too many digits to be a size", span)
        if number == 0 and times < 0:
            raise by_zero(span)
    if number is not None and number <= 0 and times is None:
        raise error(f"a power of {number} with a symbolic exponent has no meaning here", span)
    if isinstance(times, int) and len(base.terms) > 1 and abs(times) > 60:
        raise error("this power is too large to be written out", span)
    return build.power(base, exponent, context.facts)


def check_magnitude(value: Expr, span: Span) -> None:
    """A dim or a count with hundreds of digits is a slip of the pen."""
    number = value.constant
    if number is not None and len(str(number)) > MAX_DIGITS:
        raise error(f"this number has {len(str(number))} digits", span)


def function(name: str, arguments: list[Expr], span: Span, context: Context) -> Expr:
    """A scalar function of sizes, exactly. `exp`, `tanh` and the like have no place in a size."""
    facts = context.facts
    match name, arguments:
        case "floor", [x]:
            return build.floor(x, facts)
        case "ceil", [x]:
            return build.ceil(x, facts)
        case "mod", [x, m]:
            return build.mod(x, m, facts)
        case "abs", [x]:
            return build.absolute(x, facts)
        case "min", _:
            return build.minimum(arguments, facts)
        case "max", _:
            return build.maximum(arguments, facts)
        case "log", [x]:
            return build.log(x)
        case "log", [x, base]:
            return build.log(x, base)
        case "log2", [x]:
            return build.log(x, const(2))
        case "sqrt", [x]:
            return build.root(x, Fraction(1, 2)) if x else x
        case _:
            raise error(f"`{name}` of a size is not a size", span)


# ---------------------------------------------------------------- truth


def decide(left: Value, operator: str, right: Value, span: Span, context: Context) -> bool:
    """The truth of a comparison, or an error that says what is missing to decide it."""
    if isinstance(left, Poisoned) or isinstance(right, Poisoned):
        raise Silent
    if not (isinstance(left, Expr) and isinstance(right, Expr)):
        if operator not in ("==", "!="):
            raise error(f"{describe(left)} and {describe(right)} have no order", span)
        return (left == right) == (operator == "==")
    answer = context.facts.compare(left, operator, right)
    if answer is None and context.like is not None:
        sizes, facts = context.like
        answer = facts.compare(substitute(left, sizes, facts), operator, substitute(right, sizes, facts))
    if answer is not None:
        return answer
    need_values(left, context)
    need_values(right, context)
    raise _undecided(left, operator, right, span, context)


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "", "!=": ""}


def _undecided(left: Expr, operator: str, right: Expr, span: Span, context: Context) -> ArchError:
    """Neither true nor false for all sizes: offers as a fact what holds at the example values."""
    plain = f"{show(left)} {operator} {show(right)}"
    notes = [] if plain.replace(" ", "") == span.text.replace(" ", "") else [f"here it is `{plain}`"]
    if context.stack and context.stack.count(context.stack[-1]) > 1:
        name = context.stack[-1]
        hint = f"a layer that calls itself counts down from a number: `{name}` was given a size"
    elif any(symbol.kind == "count" for symbol in left.symbols() | right.symbols()):
        hint = "the turns of a `repeat` are alike: do one before it, or write them out with `for`"
    else:
        hint = _fact(left, operator, right, context)
    return error(f"whether `{span.text}` holds depends on the sizes", span, notes=notes, hint=hint)


def _fact(left: Expr, operator: str, right: Expr, context: Context) -> str:
    try:
        gap = Fraction(evaluate(left - right, context.values))
    except (KeyError, OverflowError, ZeroDivisionError, ValueError):
        return ""
    holds = {"<": gap < 0, "<=": gap <= 0, ">": gap > 0, ">=": gap >= 0, "==": gap == 0, "!=": gap != 0}[operator]
    if not holds or operator == "!=":
        operator = _OPPOSITE[operator] or (">" if gap > 0 else "<" if gap < 0 else "==")
    return f"`assume {show(left)} {operator} {show(right)}`, if that is always so"


def need_values(value: Expr, context: Context) -> None:
    """Ask for the number behind a model's option that is still a symbol."""
    for symbol in sorted(value.symbols(), key=lambda s: s.name):
        if symbol in context.options:
            raise NeedsValue(context.options[symbol])


def whole_number(value: Value, span: Span, context: Context, what: str, hint: str = "") -> int:
    """A number known now: how often a `for` runs, how long a list is, how deep a recursion goes."""
    if isinstance(value, Expr):
        number = value.integer()
        if number is not None:
            return number
        need_values(value, context)
    if isinstance(value, Poisoned):
        raise Silent
    shown = f"`{brief(span)}`" if brief(span) else "this"
    if isinstance(value, Expr) and value.constant is None:
        raise error(f"{what} must be a number, and {shown} is a symbol", span, hint=hint)
    found = show(value) if isinstance(value, Expr) else describe(value)
    raise error(
        f"{what} must be a whole number, and {shown} is {found}",
        span,
    )


# ---------------------------------------------------------------- wholeness


def whole(value: Expr, span: Span, context: Context, what: str = "a size", *, rounding: bool = True) -> Expr:
    """The size, assumed to be whole where that is not proved: this is noted and checked at the example values.

    `rounding` offers `floor(…)` of the text at `span`, which must then be the text of the size.
    """
    check_magnitude(value, span)
    hint = _round_hint(span) if rounding else ""
    known = value.constant
    if known is not None:
        if not isinstance(known, int):
            raise error(f"{what} must be a whole number, and this is {number(known)}", span, hint=hint)
        return value
    if context.facts.is_integer(value):
        return value
    terms = [Expr({m: c}) for m, c in value.terms.items()]
    broken = [term for term in terms if not context.facts.is_integer(term)]
    # several broken terms need be whole together only: 3 divides L - 4, and not L
    for part in broken if all(term.constant is None for term in broken) and _apart(broken) else [total(broken)]:
        below = _denominator(part)
        above = part * below
        if any(s.kind == "ratio" for s in part.symbols()) or not _is_polynomial(above):
            raise error(f"{what} must be whole, and {show(value)} need not be", span, hint=hint)
        assume_divides(below, above, span, context)
    at_examples(value, span, context, what, hint)
    return value


def _apart(parts: list[Expr]) -> bool:
    """Have the quotients nothing in common, so that each is meant to be whole by itself?"""
    seen: set[Symbol] = set()
    for part in parts:
        if part.symbols() & seen:
            return False
        seen |= part.symbols()
    return True


def _denominator(expr: Expr) -> Expr:
    """What stands below the lines of a sum."""
    powers: dict[Atom, Rational] = {}
    for monomial in expr.terms:
        for atom, exponent in monomial:
            powers[atom] = max(powers.get(atom, 0), -exponent)
    below = tuple(sorted(((a, e) for a, e in powers.items() if e > 0), key=lambda item: item[0].key))
    return Expr({below: lcm(*(Fraction(c).denominator for c in expr.terms.values()))})


def _is_polynomial(value: Expr) -> bool:
    return all(isinstance(e, int) and e >= 0 for m in value.terms for _, e in m)


def _round_hint(span: Span) -> str:
    return f"`floor({span.text})` or `ceil({span.text})`" if "\n" not in span.text and len(span.text) < 60 else ""


def assume_divides(divisor: Expr, dividend: Expr, span: Span, context: Context) -> None:
    context.facts.assume_divides(divisor, dividend)
    context.assumptions.append(Assumption("divides", divisor, dividend, False, span))


def at_examples(value: Expr, span: Span, context: Context, what: str, hint: str) -> None:
    """The size must be a whole number at the example values."""
    for case, found in _found(value, context):
        if isinstance(found, Fraction) and found.denominator != 1:
            at = examples(case, value)
            raise error(
                f"{what} must be whole, and {show(value)} is {number(found)} at the example values ({at})",
                span,
                hint=hint,
            )


def _found(value: Expr, context: Context) -> Iterator[tuple[dict[str, Fraction], Number]]:
    """The number that a size is at the example values, at the first turns and the last of the repeats around."""
    for case in context.cases(value):
        try:
            yield case, evaluate(value, case)
        except (KeyError, OverflowError, ZeroDivisionError):
            continue


def positive_size(value: Expr, span: Span, context: Context, what: str, *, rounding: bool = True) -> Expr:
    """A whole size that is not negative: of an axis or a range."""
    whole(value, span, context, what, rounding=rounding)
    known = value.integer()
    if known is not None and known < 0:
        raise error(f"{what} is negative here: {known}", span)
    if known is None:
        take_for_granted(value, span, context, what)
    return value


def take_for_granted(value: Expr, span: Span, context: Context, what: str) -> None:
    """A size is not negative: where that is not proved, it is assumed, and listed."""
    for case, found in _found(value, context):
        if found < 0:
            at = examples(case, value)
            raise error(f"{what} is negative at the example values: {show(value)} is {number(found)} ({at})", span)
    facts = context.facts
    if facts.nonnegative(value) or any(symbol.kind == "index" for symbol in value.symbols()):
        return
    if facts.positive(-value):
        raise error(f"{what} is negative: {show(value)}", span)
    facts.assume_order(value)
    context.assumptions.append(Assumption("order", const(0), value, False, span))
