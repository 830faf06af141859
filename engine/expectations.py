"""`expect` lines: what a file states about its own quantities, compared with what is derived.

Two sides with symbols are compared as formulas; if one side holds no symbol, both are compared at the example values,
or at those of `at (…)`. `~` is equal to the digits printed, `in O(…)` a bound of growth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from . import syntax
from .algebra.division import without_brackets
from .algebra.expression import Expr
from .algebra.substitution import Value, evaluate
from .derivation.published import Published
from .elaborator.values import Context, Scope
from .elaborator.variants import in_words, is_met, misfit
from .errors import ArchError, Diagnostic, error, nearest
from .growth import growth, within
from .quantities import Measures
from .stated import Infinite, Reader

CONVENTION_NAMES = ("macs", "flops", "exact")


@dataclass(frozen=True)
class Check:
    """An `expect` line after a look at it. `left` and `right` are what was compared, in words or numbers; `formula` is
    the right side of a comparison of formulas. `derived` and `answer` are both sides before any number was put in; a
    hole has no answer, and a bound of growth neither."""

    expect: syntax.Expect
    holds: bool
    left: str
    right: str
    difference: str = ""
    hint: str = ""
    formula: Expr | None = None
    derived: Expr | Infinite | None = None
    answer: Expr | Infinite | None = None

    @property
    def hole(self) -> bool:
        """Is the figure left to be filled in?"""
        return isinstance(self.expect.right, syntax.Hole)

    def diagnostic(self) -> Diagnostic:
        """The failure as a message: both sides and their difference; of a hole, that it is one."""
        if self.hole:
            return Diagnostic("the figure is to be filled in", self.expect.span)
        notes = [f"derived:  {self.left}", f"expected: {self.right}"]
        if self.difference:
            notes.append(f"derived - expected = {self.difference}")
        return Diagnostic("this does not hold", self.expect.span, notes=tuple(notes), hint=self.hint)


def published(check: Check) -> Published:
    """The line as a derivation shows it: numbers with their thousands apart."""
    expect = check.expect
    what = expect.left.span.text.strip()
    if expect.settings:
        what += f" at ({', '.join(setting.span.text.strip() for setting in expect.settings)})"
    number = isinstance(expect.right, syntax.Number)
    whole = number and expect.right.span.text.strip().isdigit()
    stated = check.right if whole else expect.right.span.text.strip()
    note = expect.note or ""
    return Published(what, expect.relation, stated, check.left if number else "", check.holds, note, check.formula)


class Checker:
    """Checks the `expect` lines of one model; `models` are the measures of all models of the file."""

    def __init__(self, measures: Measures, models: Mapping[str, Measures]) -> None:
        self.measures = measures
        reader = Reader(measures, models)
        self.read, self.finite = reader.value, reader.finite

    def check(self, expect: syntax.Expect, scope: Scope, context: Context) -> Check:
        """Compare both sides. Raises ArchError for what cannot be compared."""
        if isinstance(expect.right, syntax.Hole):
            derived = self.read(expect.left, scope, context)
            if expect.relation == "in" and not isinstance(derived, Infinite):
                derived = growth(derived, self.measures.program.facts).expr
            return Check(expect, False, self._show(derived), "???", derived=derived)
        values = dict(context.values)
        names = [setting.name for setting in expect.settings]
        for setting in expect.settings:
            if names.count(setting.name) > 1:
                raise error(f"`{setting.name}` is set twice", setting.span)
            given = scope.get(setting.name)
            if given is None or isinstance(given, Expr):  # others are what the model was opened with
                values[setting.name] = self._setting(setting, scope, context)
        self._admitted(expect, values)
        if expect.relation == "in":
            return self._growth(expect, scope, context)
        left, right = self.read(expect.left, scope, context), self.read(expect.right, scope, context)
        return replace(self._compared(expect, left, right, values, context), derived=left, answer=right)

    # ---------------------------------------------------------------- both sides

    def _setting(self, setting: syntax.Setting, scope: Scope, context: Context) -> Fraction:
        if setting.name not in context.values and not isinstance(scope.get(setting.name), Expr):
            raise error(
                f"there is no size `{setting.name}`",
                setting.span,
                hint=nearest(setting.name, context.values) or f"sizes: {', '.join(context.values)}",
            )
        value = self.read(setting.value, scope, context)
        number = value.constant if isinstance(value, Expr) else None
        if number is None:
            raise error(f"`{setting.name}` must be given a number", setting.span)
        why = misfit(Fraction(number), None, scope.get(setting.name), frozenset())
        if why:
            raise error(f"`{setting.name}` cannot be {_digits(Fraction(number))}: {why}", setting.span)
        return Fraction(number)

    def _admitted(self, expect: syntax.Expect, values: Mapping[str, Value]) -> None:
        """What is assumed must hold at the sizes of `at (…)`: elsewhere the formulas say nothing."""
        for assumption in self.measures.program.assumptions if expect.settings else ():
            if not is_met(assumption, values):
                left, right = evaluate(assumption.left, values), evaluate(assumption.right, values)
                raise error(
                    f"the model assumes that {in_words(assumption)}, which does not hold at these sizes",
                    expect.span,
                    notes=[f"there it is {_digits(left)} and {_digits(right)}"],
                )

    # ---------------------------------------------------------------- comparisons

    def _compared(
        self,
        expect: syntax.Expect,
        left: Expr | Infinite,
        right: Expr | Infinite,
        values: Mapping[str, Value],
        context: Context,
    ) -> Check:
        if isinstance(left, Infinite) or isinstance(right, Infinite):
            return Check(expect, left == right and expect.relation == "==", self._show(left), self._show(right))
        plain = left.constant is not None or right.constant is not None
        if expect.relation == "~" or expect.settings or plain:
            return self._numbers(expect, left, right, values)
        return self._formulas(expect, left, right, context)

    def _growth(self, expect: syntax.Expect, scope: Scope, context: Context) -> Check:
        bound = expect.right
        if not (isinstance(bound, syntax.Call) and bound.name in ("O", "Theta") and len(bound.arguments) == 1):
            raise error("`in` takes a growth", bound.span, hint="`in O(N^2*D)` or `in Theta(N^2*D)`")
        left, right = self.read(expect.left, scope, context), self.finite(bound.arguments[0].value, scope, context)
        if isinstance(left, Infinite):
            return Check(expect, False, "infinite", bound.span.text)
        facts = self.measures.program.facts
        holds = within(left, right, facts) and (bound.name == "O" or within(right, left, facts))
        shown = " + ".join(self._show(term) for term in growth(left, facts).terms)
        return Check(expect, holds, f"{bound.name}({shown})", bound.span.text)

    def _numbers(self, expect: syntax.Expect, left: Expr, right: Expr, values: Mapping[str, Value]) -> Check:
        try:
            a, b = evaluate(left, values), evaluate(right, values)
        except KeyError as missing:
            raise error(
                f"`{missing.args[0]}` has no example value to compare at",
                expect.span,
                hint=f"`at ({missing.args[0]} = …)`",
            ) from None
        except OverflowError:
            raise error("the numbers at these sizes are too large to be compared", expect.span) from None
        if expect.relation == "~":
            holds = abs(Fraction(a) - Fraction(b)) <= self._precision(expect)
        else:
            holds = {"==": a == b, "<=": a <= b, ">=": a >= b, "<": a < b, ">": a > b}[expect.relation]
        gap = a - b
        return Check(
            expect,
            holds,
            _digits(a),
            _digits(b),
            "" if holds else _digits(gap),
            "" if holds else self._convention(expect, b, values),
        )

    def _precision(self, expect: syntax.Expect) -> Fraction:
        """Half a unit of the last digit printed."""
        number = expect.right
        if not isinstance(number, syntax.Number):
            raise error("`~` takes a number as it is printed", number.span, hint="`~ 25.6e6`")
        digits, _, exponent = number.text.lower().partition("e")
        places = len(digits.partition(".")[2])
        return Fraction(10) ** (int(exponent or 0) - places) / 2

    def _formulas(self, expect: syntax.Expect, left: Expr, right: Expr, context: Context) -> Check:
        gap = _cleared(left - right)
        facts = context.facts
        if expect.relation == "==":
            holds = not gap.terms
        else:
            holds = facts.compare(left, expect.relation, right) is True
        shown = "" if holds else self._show(left - right)
        hint = "" if holds else self._convention_of_formula(expect, right)
        return Check(expect, holds, self._show(left), self._show(right), shown, hint, right)

    def _convention(self, expect: syntax.Expect, number: Value, values: Mapping[str, Value]) -> str:
        """Another quantity that has the expected value."""
        mine = expect.left.name if isinstance(expect.left, syntax.Name) else ""
        for name in CONVENTION_NAMES:
            expr = self.measures.quantity(name).expr
            if name != mine and mine in CONVENTION_NAMES and expr is not None and evaluate(expr, values) == number:
                return f"`expect {name} == …` holds"
        return ""

    def _convention_of_formula(self, expect: syntax.Expect, right: Expr) -> str:
        mine = expect.left.name if isinstance(expect.left, syntax.Name) else ""
        for name in CONVENTION_NAMES:
            expr = self.measures.quantity(name).expr
            if name != mine and mine in CONVENTION_NAMES and expr is not None and not _cleared(expr - right).terms:
                return f"`expect {name} == …` holds"
        return ""

    def _show(self, value: Expr | Infinite) -> str:
        from .elaborator.describe import show

        return "infinite" if isinstance(value, Infinite) else show(value)


def _cleared(expr: Expr) -> Expr:
    """The expression without brackets below its lines, for a test against zero."""
    return without_brackets(expr, lambda _: True)


def _digits(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Fraction) and value.denominator != 1:
        return f"{float(value):,.6g}"
    return f"{int(value):,}"


__all__ = ["ArchError", "Check", "Checker", "Infinite"]
