"""Costs made smooth: an expression in, a sum of monomials out that grows no slower.

Roundings, maxima and brackets go; what is subtracted goes too where that makes it no smaller. A divisor counts as its
leading term only where what is subtracted in it leaves a tenth of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from .algebra import build
from .algebra.atoms import UNIT, Atom, Exponential, Extreme, Group, Log, Rational, Rounded, Summation, Symbol, parts
from .algebra.expression import ONE, ZERO, Expr, from_atom, total
from .algebra.facts import Facts
from .algebra.summation import NoClosedForm, sum_over
from .elaborator.describe import show
from .errors import error


@dataclass(frozen=True)
class Smoother:
    """Makes sums of monomials; `constant` are sizes that are held, `leading` gives the terms of a sum that lead it."""

    facts: Facts
    constant: Collection[Symbol]
    leading: Callable[[Expr], tuple[Expr, ...]]

    def whole(self, expr: Expr) -> Expr:
        """What is subtracted takes nothing away where its smooth form may be larger than it is."""
        result, subtracted = ZERO, ZERO
        for monomial, coefficient in expr.terms.items():
            term = Expr({UNIT: coefficient})
            for atom, exponent in monomial:
                term = term * self.atom(atom, exponent)
            turned = sum(exponent % 2 for atom, exponent in monomial if self.is_negative(atom))
            taken = (coefficient < 0) != bool(turned % 2)
            if taken and not all(_is_plain(atom) for atom, _ in monomial):
                subtracted = subtracted + term
            else:
                result = result + term
        return result + Expr({m: c for m, c in subtracted.terms.items() if c < 0 and m not in result.terms})

    def atom(self, atom: Atom, exponent: Rational) -> Expr:
        match atom:
            case Symbol():
                return from_atom(atom, exponent)
            case Rounded(direction=direction, argument=argument):
                if exponent < 0 and not leads(argument, self.facts):
                    return ONE
                inner = self.whole(argument)
                if direction == "ceil" and not self.facts.nonnegative(argument - 1):
                    inner = inner + ONE
                return self.raised(inner, exponent)
            case Extreme(operator="max", arguments=arguments):
                return self.raised(total(positive(self.whole(argument)) for argument in arguments), exponent)
            case Extreme(arguments=arguments) if exponent < 0:
                return total(self.raised(self.whole(argument), exponent) for argument in arguments)
            case Extreme(arguments=arguments):
                return self.raised(self.whole(arguments[0]), exponent)
            case Log(argument=argument, base=base):
                return self.log(self.whole(argument), base, exponent)
            case Exponential():
                return self.power(atom, exponent)
            case Summation():
                return self.raised(self.sum(atom), exponent)
            case Group(content=content):
                # the sign of a bracket is a matter of spelling: its size is what grows
                negative = self.is_negative(atom)
                content = -content if negative else content
                known = exponent > 0 or leads(content, self.facts)
                inner = self.raised(self.whole(content), exponent) if known else ONE
                return -inner if negative and isinstance(exponent, int) and exponent % 2 else inner

    def is_negative(self, atom: Atom) -> bool:
        return isinstance(atom, Group) and self.facts.nonnegative(-atom.content)

    def power(self, atom: Exponential, exponent: Rational) -> Expr:
        """2^⌈log₂ N⌉ grows as N does; k^⌈log_k N⌉ may be k times as large, and stays."""
        inner = atom.exponent
        if not has_log(inner) or (rounded_log(atom) is not None and atom.base.constant is None):
            return from_atom(atom, exponent)
        match list(inner.terms.items()):
            case [(((Rounded(argument=argument), 1),), 1)]:
                inner = argument
        match list(inner.terms.items()):
            case [(((Log(argument=argument, base=base), 1),), factor)] if base == atom.base:
                return self.raised(self.whole(argument), factor * exponent)
        raise error(f"the growth of `{show(from_atom(atom))}` is not known")

    def sum(self, atom: Summation) -> Expr:
        """The sum of the terms without their roundings: it has a closed form more often than the sum itself."""
        try:
            return self.whole(sum_over(self.whole(atom.term), atom.index, atom.first, atom.last, self.facts))
        except NoClosedForm:
            raise error("the growth of a sum is not known: it has no closed form") from None

    def raised(self, expr: Expr, exponent: Rational) -> Expr:
        if isinstance(exponent, int) and exponent > 0:
            return expr**exponent
        terms = self.leading(expr)
        if exponent > 0:  # the root of a sum is as large as the roots of its terms, up to a factor
            return total(build.root(term, exponent) for term in terms)
        if len(terms) != 1:
            smaller, larger = sorted(map(show, terms))[:2]
            raise error(
                f"the growth of a quotient is not known: `{smaller}` or `{larger}` may be the larger below its line",
                hint=f"`assume {smaller} <= {larger}`, or the reverse",
            )
        return build.root(terms[0], exponent)

    def log(self, argument: Expr, base: Expr | None, exponent: Rational) -> Expr:
        """log of the leading term; a constant as base changes nothing, another base stays."""
        terms = self.leading(argument)
        if terms == (ONE,):
            return ONE
        if base is not None and base.symbols() <= set(self.constant):
            base = None
        if len(terms) == 1:
            exact = build.log(terms[0], base)
            if exact.constant is not None or base is not None:
                return build.root(exact, exponent) if not isinstance(exponent, int) else exact**exponent
            ((monomial, _),) = terms[0].terms.items()
            if len(monomial) == 1:
                atom, power = monomial[0]
                if isinstance(atom, Exponential):
                    return from_atom(Log(atom.base, None)) * atom.exponent if power > 0 else ONE
                return from_atom(Log(from_atom(atom), None), exponent)
            above = [(a, e) for a, e in monomial if e > 0]
            if len(above) == len(monomial):
                return self.raised(total(from_atom(Log(from_atom(a), None)) for a, _ in above), exponent)
        return from_atom(Log(total(terms), base), exponent)


def leads(expr: Expr, facts: Facts) -> bool:
    """Does a divisor grow as what is added in it, at all sizes at which it is a positive whole number: is it never less
    than a tenth of that? Else all that is known of it is that it is at least 1."""
    above = positive(expr)
    if above == expr:
        return True
    known = facts.copy()
    known.assume_order(expr - 1)
    return known.nonnegative(10 * expr - above)


def _is_plain(atom: Atom) -> bool:
    """Is an atom its own smooth form?"""
    return isinstance(atom, Symbol) or (isinstance(atom, Exponential) and not has_log(atom.exponent))


def rounded_log(atom: Exponential) -> Expr | None:
    """N of k^⌈log_k N⌉."""
    match list(atom.exponent.terms.items()):
        case [(((Rounded(argument=argument, direction="ceil"), 1),), 1)]:
            match list(argument.terms.items()):
                case [(((Log(argument=size, base=base), 1),), 1)] if base == atom.base and len(size.terms) == 1:
                    return size
    return None


def has_log(expr: Expr) -> bool:
    return any(isinstance(atom, Log) or any(has_log(part) for part in parts(atom)) for atom in expr.atoms())


def positive(expr: Expr) -> Expr:
    """The terms that are added."""
    return Expr({monomial: coefficient for monomial, coefficient in expr.terms.items() if coefficient > 0})
