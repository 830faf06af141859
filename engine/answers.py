"""An answer of an exercise beside what is derived: which terms are right, wrong or missing, and where to look.

A term is a monomial of the multiplied-out formula. The answer is kept back: what is named of formulas is the reader's
own, never a monomial or a coefficient that it lacks, and of the program the equations and weights that make a term.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from . import syntax
from .agreement import agree
from .algebra.atoms import Monomial
from .algebra.division import divide_exactly
from .algebra.expression import Expr
from .algebra.substitution import Value, evaluate
from .conventions import GENERAL, convention, quantity_names
from .derivation.explained import levels_of
from .derivation.trace import Contribution, contributions, weight_contributions
from .elaborator.describe import number, written
from .elaborator.values import Context, Scope
from .errors import Source
from .expectations import Check, Infinite
from .quantities import BY_NAME, Measures

# Places that are named for one term; of more, these.
MOST_PLACES = 4
# Quantities that are taken for one another.
OPERATIONS, MEMORY = ("macs", "flops", "exact"), ("params", "active", "buffers", "bytes", "bits")
GROWTHS = ("O", "o", "Omega", "Theta", "Ω", "Θ")


@dataclass(frozen=True)
class Verdict:
    """Is an answer right? If not, what is to be said of it."""

    right: bool
    remarks: tuple[str, ...] = ()


RIGHT = Verdict(True)


class Judge:
    """Judges the answers that are given for one model; `source` is the file that they stand in."""

    def __init__(self, measures: Measures, source: Source) -> None:
        self.measures = measures
        self.source = source
        self._made: dict[str, tuple[Contribution, ...]] = {}

    def refused(self, expect: syntax.Expect, scope: Scope) -> str:
        """Why a line is no answer, whatever is derived; an empty text if it is one."""
        right, exact = expect.right, f"`expect {expect.left.span.text.strip()} == …`"
        if (
            isinstance(right, syntax.Call)
            and right.name in GROWTHS
            and (expect.relation, right.name) != ("in", "Theta")
        ):
            return f"this says how fast it grows; the exact formula is asked, with every term and coefficient: {exact}"
        if expect.relation in ("<=", ">=", "<", ">"):
            return f"this is a bound; the exact formula is asked: {exact}"
        known = {*BY_NAME, *quantity_names(), *self.measures.defined}
        used = next((name for name in _names(right) if name in known and scope.get(name) is None), None)
        if used is not None:
            sizes = ", ".join(f"`{d.symbol.name}`" for d in self.measures.program.dimensions)
            return f"`{used}` stands for what is derived; an answer is made of numbers and sizes: {sizes}"
        return ""

    def judge(self, check: Check, context: Context) -> Verdict:
        """The answer beside what is derived."""
        derived, given = check.derived, check.answer
        if derived is None or given is None:
            return Verdict(check.holds, ("it grows otherwise",))
        if isinstance(derived, Infinite) or isinstance(given, Infinite):
            if check.holds:
                return RIGHT
            return self._defined(check, "it is finite" if isinstance(given, Infinite) else "yours is too small")
        if check.expect.settings or check.expect.relation == "~":
            return RIGHT if check.holds else Verdict(False, tuple(self._number(check, given, context)))
        if given.constant is not None and derived.constant is None:
            return Verdict(False, tuple(self._for_formula(check, derived, given, context)))
        if derived.constant is not None:
            if derived == given:
                return RIGHT
            side = None if given.constant is None else _side(given.constant, derived.constant)
            return self._defined(check, f"yours is too {side}" if side else "it is the same whatever the sizes")
        if check.holds or agree(derived, given, self.measures.program):
            return RIGHT
        return self._defined(check, *self._terms(check.expect, derived, given))

    def _defined(self, check: Check, *remarks: str) -> Verdict:
        """With what the quantity is, where no equations can be named."""
        name = _asked(check.expect)
        if name in BY_NAME and name not in (*OPERATIONS, *MEMORY):
            remarks = (*remarks, f"`{name}` is {BY_NAME[name].definition}")
        return Verdict(False, remarks)

    # ---------------------------------------------------------------- numbers

    def _number(self, check: Check, given: Expr, context: Context) -> Iterator[str]:
        values: dict[str, Value] = dict(context.values)
        for setting in check.expect.settings:
            if isinstance(setting.value, syntax.Number):
                values[setting.name] = setting.value.value
        yield "the number is another one"
        yield from self._taken(check.expect, given, values)

    def _for_formula(self, check: Check, derived: Expr, given: Expr, context: Context) -> Iterator[str]:
        """A number where a formula is asked."""
        sizes = sorted(symbol.name for symbol in derived.symbols())
        at = ", ".join(f"{name} = {number(context.values[name])}" for name in sizes if name in context.values)
        if check.holds:
            yield f"the number is right at the example values ({at}); the formula is asked, for all sizes"
            return
        yield f"a formula is asked, for all sizes; and at the example values ({at}) the number is another one"
        yield from self._taken(check.expect, given, context.values)

    # ---------------------------------------------------------------- term by term

    def _terms(self, expect: syntax.Expect, derived: Expr, given: Expr) -> Iterator[str]:
        whole = [*self._taken(expect, given, None), *_factor(derived, given)]
        if whole:
            yield whole[0]
            return
        if "(" in expect.right.span.text:
            terms = " + ".join(written(term) for term in given)
            yield f"multiplied out, yours is `{terms.replace('+ -', '- ')}`"
        right = [m for m, c in given.terms.items() if derived.terms.get(m) == c]
        total = len(derived.terms)
        if right:
            shown = ", ".join(_term(m, given.terms[m]) for m in right)
            yield f"{len(right)} of {total} term{'s' * (total > 1)} {'is' if len(right) == 1 else 'are'} right: {shown}"
        elif total > 1:
            yield f"none of the {total} terms is right"
        missing = [m for m in derived.terms if m not in given.terms]
        for monomial, coefficient in given.terms.items():
            longer = next((m for m in missing if derived.terms[m] == coefficient and _is_part(monomial, m)), None)
            if monomial not in derived.terms and longer is not None:
                missing.remove(longer)
                yield f"{_term(monomial, coefficient)} lacks a factor: how often is it done?"
            elif monomial not in derived.terms:
                yield f"{_term(monomial, coefficient)} is one too many: nothing here makes such a term"
            elif monomial not in right:
                side = _side(coefficient, derived.terms[monomial])
                places = self._where(expect, monomial)
                yield f"the coefficient of {_term(monomial)} is too {side}" + (f": look at {places}" if places else "")
        yield from self._missing(expect, missing)

    def _missing(self, expect: syntax.Expect, monomials: Sequence[Monomial]) -> Iterator[str]:
        """The terms that are not there by the places that they come from."""
        found: dict[str, int] = {}
        for monomial in monomials:
            places = self._where(expect, monomial)
            found[places] = found.get(places, 0) + 1
        for places, count in found.items():
            what = "one term is missing" if count == 1 else f"{count} terms are missing"
            yield what + (f": look at {places}" if places else "")

    def _taken(self, expect: syntax.Expect, given: Expr, values: Mapping[str, Value] | None) -> Iterator[str]:
        """The quantity that the answer is right for, if that is another one; compared at `values`, if there are any."""
        asked = _asked(expect)
        alike = next((group for group in (OPERATIONS, MEMORY) if asked in group), ())
        own = self.measures.quantity(asked).expr if alike else None
        for name in alike:
            expr = self.measures.quantity(name).expr
            if expr is None or not expr.terms or expr == own:
                continue
            if (expr == given) if values is None else (_at(expr, values) == given.constant):
                of_asked = {("flops", "macs"): ", two for each multiply-add", ("macs", "flops"): ", half of them"}
                yield (
                    f"did you count the {BY_NAME[name].title} (`{name}`{of_asked.get((name, asked), '')})? "
                    f"The {BY_NAME[asked].title} (`{asked}`) are asked"
                )
                return

    # ---------------------------------------------------------------- places

    def _where(self, expect: syntax.Expect, monomial: Monomial) -> str:
        """The equations or weights that make a term, with their lines; an empty text where that cannot be said."""
        name = _asked(expect)
        if name not in self._made:
            self._made[name] = tuple(self._parts(name))
        places = list(dict.fromkeys(self._place(p) for p in self._made[name] if p.count.terms.get(monomial)))
        return ", ".join(places[:MOST_PLACES]) + (" and others" if len(places) > MOST_PLACES else "")

    def _parts(self, name: str) -> Iterator[Contribution]:
        instance, counter = self.measures.program.instance, self.measures.counter
        if name in ("params", "bits", "bytes"):
            yield from weight_contributions(instance, counter, levels_of(instance))
        elif name in GENERAL:
            yield from contributions(instance, counter, convention(name), levels_of(instance))

    def _place(self, part: Contribution) -> str:
        layer = f" of `{part.layers[-1]}`" if part.layers and part.layers[-1] != part.name else ""
        return f"`{part.name}`{layer}" + (f" (line {part.span.line})" if part.span.source is self.source else "")


def _factor(derived: Expr, given: Expr) -> Iterator[str]:
    """All terms off by one and the same factor."""
    if len(derived.terms) != len(given.terms):
        return
    term = "the term" if len(given.terms) == 1 else "every term"
    same = "one" if len(given.terms) == 1 else "one and the same"
    lacking, surplus = divide_exactly(derived, given), divide_exactly(given, derived)
    if lacking is not None and lacking.constant is not None:
        yield f"{term} is too {'small' if lacking.constant > 1 else 'large'}, by {same} factor"
    elif lacking is not None and len(lacking.terms) == 1:
        yield f"{term} lacks {same} factor: how often is it done?"
    elif surplus is not None and len(surplus.terms) == 1:
        yield f"{term} has {same} factor too many"


def _is_part(one: Monomial, other: Monomial) -> bool:
    """Is a term a product of sizes, and another one the same times others?"""
    powers = dict(other)
    return bool(one) and one != other and all(powers.get(atom, 0) >= power > 0 for atom, power in one)


def _asked(expect: syntax.Expect) -> str:
    return expect.left.name if isinstance(expect.left, syntax.Name) else ""


def _names(node: syntax.Expression) -> Iterator[str]:
    """Every name in an answer, those of calls included."""
    match node:
        case syntax.Name(name=name):
            yield name
        case syntax.Call(name=name, arguments=arguments):
            yield name
            for argument in arguments:
                yield from _names(argument.value)
        case syntax.Binary(left=left, right=right):
            yield from _both(left, right)
        case syntax.Negate(value=value):
            yield from _names(value)
        case _:
            pass


def _both(*nodes: syntax.Expression) -> Iterable[str]:
    return (name for node in nodes for name in _names(node))


def _side(given: int | Fraction, derived: int | Fraction) -> str:
    return "small" if given < derived else "large"


def _at(expr: Expr, values: Mapping[str, Value]) -> Value | None:
    try:
        return evaluate(expr, values)
    except (KeyError, OverflowError, ZeroDivisionError):
        return None


def _term(monomial: Monomial, coefficient: int | Fraction = 1) -> str:
    return f"`{written(Expr({monomial: coefficient}))}`"
