"""The form to print: an exact expression in, a formula of the same value out, in the order and the brackets that a
person would choose.

Letters of a term stand in the order of the file's `dim` lines, terms in the lexicographic order that this gives. A
short sum is left expanded; otherwise the common factor is taken out, or the sum is collected by one name, whichever
prints fewer names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import assert_never

from . import formula as f
from .algebra.atoms import (
    UNIT,
    Atom,
    Exponential,
    Extreme,
    Group,
    Log,
    Monomial,
    Rational,
    Rounded,
    Summation,
    Symbol,
    raised,
    times,
)
from .algebra.expression import ONE, Expr
from .algebra.linear import apart, by_power, content_of, turned
from .formula import Formula

FORMS = ("auto", "expanded", "factored", "leading")
MAX_SEARCHED = 40
SHORT = 5
LONG = 5


class Layout:
    """How formulas of one file are laid out: the order of its names, and the form that was asked for.

    `form` is auto, expanded, factored, leading or `collected:NAME`. `names` are what atoms go by.
    """

    def __init__(self, order: Sequence[str] = (), form: str = "auto", names: Mapping[Atom, str] | None = None) -> None:
        self.order = {name: number for number, name in enumerate(order)}
        self.form = form
        self.names = names or {}
        self._known: dict[Expr, Formula] = {}
        self._formulas: dict[Expr, Formula] = {}
        self._atoms: dict[Atom, Formula] = {}

    def after(self, first: Iterable[str]) -> Layout:
        """The same, with other names before those of the file."""
        return Layout(list(dict.fromkeys((*first, *self.order))), self.form, self.names)

    def named(self, names: Mapping[Atom, str]) -> Layout:
        """The same, with other names for some atoms."""
        return Layout(list(self.order), self.form, {**self.names, **names})

    def formula(self, expr: Expr) -> Formula:
        """The expression in the form that was asked for."""
        if expr not in self._formulas:
            self._formulas[expr] = self._formed(turned(expr))
        return self._formulas[expr]

    def _formed(self, expr: Expr) -> Formula:
        if self.form == "expanded":
            return self._expanded(expr)
        if self.form == "factored":
            return self._common(expr)
        if self.form == "leading":
            return self._leading(expr)
        if self.form.startswith("collected:"):
            wanted = self.form.split(":", 1)[1]
            symbol = next((s for s in expr.symbols() if s.name == wanted), None)
            return self._collected(expr, symbol) if symbol in expr.atoms() and symbol is not None else self._auto(expr)
        return self._auto(expr)

    # ---------------------------------------------------------------- orders

    def atom_rank(self, atom: Atom) -> tuple[int, int, str]:
        if isinstance(atom, Symbol):
            number = self.order.get(atom.name)
            return (0, number, "") if number is not None else (1, 0, atom.name)
        return (2, 0, atom.key)

    def sorted_atoms(self, expr: Expr) -> list[Atom]:
        return sorted(expr.atoms(), key=self.atom_rank)

    def terms(self, expr: Expr) -> list[tuple[Monomial, Rational]]:
        """The terms from the highest power of the first name down."""
        atoms = self.sorted_atoms(expr)

        def rank(item: tuple[Monomial, Rational]) -> list[Rational]:
            powers = dict(item[0])
            return [-powers.get(atom, 0) for atom in atoms]

        ordered = sorted(expr.terms.items(), key=rank)
        if ordered and ordered[0][1] < 0:
            # a sum does not begin with a minus if it can begin with a plus
            first = next((n for n, (_, c) in enumerate(ordered) if c > 0), 0)
            ordered.insert(0, ordered.pop(first))
        return ordered

    # ---------------------------------------------------------------- forms

    def _auto(self, expr: Expr) -> Formula:
        count = len(expr.terms)
        if count <= 1:
            return self._expanded(expr)
        if count > MAX_SEARCHED:
            return self._common(expr)
        if not self._worth_searching(expr):
            return self._grouped(expr, self._expanded)
        return self._grouped(expr, self._best)

    def _worth_searching(self, expr: Expr) -> bool:
        if len(expr.terms) > 3:
            return True
        return _fractional(expr) or _dividing(expr)

    def _best(self, expr: Expr) -> Formula:
        """The form with the fewest names; the parts of a sum come up again and again, so each is looked at once."""
        if expr not in self._known:
            self._known[expr] = self._searched(expr)
        return self._known[expr]

    def _searched(self, expr: Expr) -> Formula:
        expanded = self._expanded(expr)
        if len(expr.terms) <= 1 or len(expr.terms) > MAX_SEARCHED:
            return expanded
        size = f.measure(expanded)
        candidates = [self._common(expr)]
        if len(expr.terms) > 2 and not (len(expr.terms) > SHORT and abs(expr.primitive()[0]) != 1):
            candidates += [self._collected(expr, atom) for atom in self._promising(expr)]
        best = min(candidates, key=f.measure)
        limit = size if _fractional(expr) or _dividing(expr) else 0.75 * size
        return best if f.measure(best) <= limit and (f.measure(best) < size or _fractional(expr)) else expanded

    def _promising(self, expr: Expr) -> list[Atom]:
        """The names to collect a sum by: of a long sum only those that look best at once, for each is searched
        further."""
        powers = {atom: by_power(expr, atom) for atom in self.sorted_atoms(expr)}
        useful = [atom for atom, found in powers.items() if len(expr.terms) > len(found) > 1]
        count = len(expr.terms)
        if count <= SHORT:
            return useful
        return sorted(useful, key=lambda atom: _names(powers[atom].values()))[: 2 if count <= 3 * SHORT else 1]

    def _grouped(self, expr: Expr, form: Callable[[Expr], Formula]) -> Formula:
        """Names that always occur with equal powers are one: 2 (h w)² C."""
        atoms = [a for a in self.sorted_atoms(expr) if isinstance(a, Symbol)]
        patterns: dict[tuple[Rational, ...], list[Symbol]] = {}
        for atom in atoms:
            pattern = tuple(dict(monomial).get(atom, 0) for monomial in expr.terms)
            patterns.setdefault(pattern, []).append(atom)
        groups = {
            tuple(names): pattern
            for pattern, names in patterns.items()
            if len(names) > 1 and len(set(pattern)) > 1 and max(pattern) > 1
        }
        if not groups:
            return form(expr)
        joined: dict[Symbol, Symbol | None] = {}
        members: dict[Symbol, tuple[Symbol, ...]] = {}
        for names in groups:
            whole = Symbol(" ".join(n.name for n in names))
            members[whole] = names
            joined[names[0]] = whole
            joined.update(dict.fromkeys(names[1:]))
        terms: dict[Monomial, Rational] = {}
        for monomial, coefficient in expr.terms.items():
            powers = [(joined.get(a, a) if isinstance(a, Symbol) else a, e) for a, e in monomial]
            kept = tuple(sorted(((a, e) for a, e in powers if a is not None), key=lambda i: i[0].key))
            terms[kept] = coefficient
        inner = Layout((), "auto", self.names)
        inner.order = dict(self.order)
        for whole, names in members.items():
            inner.order[whole.name] = self.order.get(names[0].name, 0)
        shown = inner._best(Expr(terms)) if form != self._expanded else inner._expanded(Expr(terms))
        shown_as = {w.name: tuple(self.names.get(n, n.name) for n in names) for w, names in members.items()}
        return f.ungroup(shown, shown_as)

    def _expanded(self, expr: Expr) -> Formula:
        return _sum([self._term(monomial, coefficient) for monomial, coefficient in self.terms(expr)])

    def _common(self, expr: Expr) -> Formula:
        """The greatest common factor times the rest."""
        if len(expr.terms) <= 1:
            return self._expanded(expr)
        content, primitive = content_of(expr)
        shared = primitive.common()
        if not isinstance(content, Fraction) and not shared and abs(content) == 1:
            return self._expanded(expr)
        rest = primitive * Expr({raised(shared, -1): 1})
        inner = self._best(rest) if len(rest.terms) <= MAX_SEARCHED else self._expanded(rest)
        return _times(self._term(shared, content), inner)

    def _collected(self, expr: Expr, atom: Atom) -> Formula:
        """A polynomial in one name, the coefficients in brackets; a product of two sums if it is one."""
        if (product := apart(expr, atom)) is not None:
            first, rest = sorted(product, key=lambda part: min(map(self.atom_rank, part.atoms())))
            return _times(self._best(first), self._best(rest))
        powers = by_power(expr, atom)
        if len(powers) == 1:
            return self._common(expr)
        parts: list[Formula] = []
        for power in sorted(powers, reverse=True):
            coefficient = powers[power]
            factor: Monomial = ((atom, power),) if power else UNIT
            if len(coefficient.terms) == 1:
                ((monomial, value),) = coefficient.terms.items()
                parts.append(self._term(times(monomial, factor), value))
            elif not factor:
                parts.append(self._best(coefficient))
            else:
                content, primitive = content_of(coefficient)
                shared = primitive.common()
                rest = primitive * Expr({raised(shared, -1): 1})
                parts.append(_times(self._term(times(shared, factor), content), self._best(rest)))
        positive = next((n for n, part in enumerate(parts) if not isinstance(part, f.Negative)), 0)
        parts.insert(0, parts.pop(positive))  # as in `terms`
        return _sum([piece for part in parts for piece in _terms_of(part)])

    def _leading(self, expr: Expr) -> Formula:
        """The leading term times one plus what is smaller."""
        ordered = self.terms(expr)
        if len(ordered) <= 1:
            return self._expanded(expr)
        head, coefficient = max(ordered, key=lambda item: (sum(e for _, e in item[0]), item[1]))
        if any(exponent > 0 and _may_be_zero(atom) for atom, exponent in head):
            return self._expanded(expr)  # nothing may be divided by the number of the turn, which is 0 at first
        rest = expr * Expr({raised(head, -1): Fraction(1) / coefficient})
        others = rest - ONE
        return _times(self._term(head, coefficient), _sum([f.integer(1), *_terms_of(self._expanded(others))]))

    # ---------------------------------------------------------------- terms and atoms

    def _term(self, monomial: Monomial, coefficient: Rational) -> Formula:
        """One term: number, names in order, what stands below the line under it."""
        negative = coefficient < 0
        value = Fraction(-coefficient if negative else coefficient)
        above: list[Formula] = []
        below: list[Formula] = []
        halves: Monomial = tuple((atom, 2 * e) for atom, e in monomial if e.denominator == 2)
        for atom, exponent in sorted(monomial, key=lambda item: (not _is_number(item[0]), self.atom_rank(item[0]))):
            if len(halves) < 2 or exponent.denominator != 2:
                (above if exponent > 0 else below).append(self._powered(atom, exponent if exponent > 0 else -exponent))
        if len(halves) > 1:  # the square roots of a term under one sign
            above.append(f.Apply("sqrt", (self._term(halves, 1),)))
        if value.numerator != 1 or not above:
            above.insert(0, f.integer(value.numerator))
        if value.denominator != 1:
            below.insert(0, f.integer(value.denominator))
        shown = _product(above)
        if below:
            shown = f.Quotient(shown, _product(below))
        return f.Negative(shown) if negative else shown

    def _powered(self, atom: Atom, exponent: Rational) -> Formula:
        if isinstance(atom, Exponential):
            return f.Power(self._auto(atom.base), self._auto(atom.exponent * exponent))
        base = self.atom(atom)
        if exponent == 1:
            return base
        if exponent == Fraction(1, 2):
            return f.Apply("sqrt", (base,))
        return f.Power(base, f.Number(Fraction(exponent)))

    def atom(self, atom: Atom) -> Formula:
        if atom not in self._atoms:
            name = self.names.get(atom)
            self._atoms[atom] = self._shown(atom) if name is None else f.Symbol(name)
        return self._atoms[atom]

    def _shown(self, atom: Atom) -> Formula:
        match atom:
            case Symbol(name=name):
                return f.Symbol(name)
            case Rounded(direction=direction, argument=argument):
                return f.Apply(direction, (self._quotient(argument),))
            case Log(argument=argument, base=base):
                return f.Apply("log", (self._auto(argument),), None if base is None else self._auto(base))
            case Exponential(base=base, exponent=exponent):
                return f.Power(self._auto(base), self._auto(exponent))
            case Extreme(operator=operator, arguments=arguments):
                return f.Apply(operator, tuple(self._auto(argument) for argument in arguments))
            case Group(content=content):
                return self._auto(content)
            case Summation(index=index, first=first, last=last, term=term):
                bound = f.Bound(f.Symbol(index.name), self._auto(first), self._auto(last))
                return f.Reduction("sum", (bound,), self._auto(term))
            case _:
                assert_never(atom)

    def _quotient(self, expr: Expr) -> Formula:
        """(N − 1)/(k − 1) as one fraction, not N/(k − 1) − 1/(k − 1)."""
        if len(expr.terms) < 2:
            return self._auto(expr)
        content, primitive = expr.primitive()
        below = tuple((a, e) for a, e in primitive.common() if e < 0)
        deepest = dict(below)
        for monomial in primitive.terms:
            for atom, exponent in monomial:
                if exponent < 0:
                    deepest[atom] = min(deepest.get(atom, 0), exponent)
        scale = Expr({tuple(sorted(((a, -e) for a, e in deepest.items()), key=lambda i: i[0].key)): 1})
        whole = Fraction(content)
        if not deepest and whole.denominator == 1:
            return self._auto(expr)
        above = primitive * scale * Expr({UNIT: whole.numerator})
        under = scale * Expr({UNIT: whole.denominator})
        return f.Quotient(self._auto(above), self._expanded(under))


DEFAULT = Layout()


def to_formula(expr: Expr, layout: Layout = DEFAULT) -> Formula:
    """The formula of an expression; without a layout, names stand in alphabetical order."""
    return layout.formula(expr)


# ---------------------------------------------------------------- helpers


def _may_be_zero(atom: Atom) -> bool:
    """Is there a size at which an atom is 0? (Arguments of logarithms are taken to be at least 2.)"""
    match atom:
        case Symbol(kind=kind):
            return kind not in ("dim", "ratio")
        case Rounded(direction=direction):
            return direction == "floor"
        case Log() | Exponential():
            return False
        case _:
            return True


def _is_number(atom: Atom) -> bool:
    return isinstance(atom, Group) and not atom.content.symbols()


def _names(coefficients: Iterable[Expr]) -> int:
    """Names that a sum prints that is collected into these coefficients, each with its common factor in front."""
    result = 0
    for coefficient in coefficients:
        shared = len(coefficient.common())
        result += 1 + shared + sum(len(monomial) - shared for monomial in coefficient.terms)
    return result


def _fractional(expr: Expr) -> bool:
    return any(isinstance(c, Fraction) for c in expr.terms.values())


def _dividing(expr: Expr) -> bool:
    """Does one term divide all the others, as monomials?"""
    shared = expr.common()
    return bool(shared) and shared in expr.terms


def _product(factors: list[Formula]) -> Formula:
    return factors[0] if len(factors) == 1 else f.Product(tuple(factors))


def _sum(terms: list[Formula]) -> Formula:
    if not terms:
        return f.integer(0)
    return terms[0] if len(terms) == 1 else f.Sum(tuple(terms))


def _terms_of(formula: Formula) -> tuple[Formula, ...]:
    return formula.terms if isinstance(formula, f.Sum) else (formula,)


def _times(factor: Formula, rest: Formula) -> Formula:
    """factor · rest, a fraction's rest above its line: N (N + 1) / 2."""
    match factor:
        case f.Negative(value=value):
            return f.Negative(_times(value, rest))
        case f.Number(value=value) if value == 1:
            return rest
        case f.Quotient(above=above, below=below):
            if f.measure(rest) > LONG >= f.measure(below):  # a long fraction cannot be broken between lines
                return f.Product((factor, *_factors(rest)))
            return f.Quotient(_times(above, rest), below)
        case f.Product(factors=factors):
            return f.Product((*factors, *_factors(rest)))
        case _:
            return f.Product((factor, *_factors(rest)))


def _factors(formula: Formula) -> tuple[Formula, ...]:
    return formula.factors if isinstance(formula, f.Product) and not formula.dots else (formula,)
