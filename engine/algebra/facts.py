"""What is known about sizes: which number divides which, which is not larger than which. From it, proofs of signs and
of wholeness.

A proof may fail (`None`, `False` for "not proved"); it is never wrong. It does not search for clever arguments: an
order is proved by writing every size as its least value plus a slack and finding no negative coefficient.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from itertools import product as combinations
from typing import Any

from .atoms import (
    UNIT,
    Exponential,
    Extreme,
    Monomial,
    Rational,
    Rounded,
    Symbol,
    normal,
    raised,
    times,
)
from .division import below_line, denominator, without_brackets
from .expression import ONE, ZERO, Expr, as_expr, const, from_atom
from .linear import linear_in, with_bounds
from .points import negative_somewhere
from .signs import at_least_one, covered, integer_atom, not_negative, positive_atom

_DEPTH = 4
MANY_TERMS = 12


class Facts:
    """A set of facts: `divisibility` pairs (divisor, dividend) and `orders`, expressions that are not negative.

    It grows while a model is read (a size written `a/b` is assumed whole) and is never shared between models.
    """

    def __init__(self) -> None:
        self.divisibility: list[tuple[Expr, Expr]] = []
        self.orders: list[Expr] = []
        self._slack: dict[Symbol, Expr] | None = None
        self._proved: dict[Expr, bool] = {}
        self._wholes: dict[Expr, bool] = {}
        # What was rounded under these facts, for `build`: the same few quotients come again and again.
        self.rounded: dict[tuple[str, Expr], Expr] = {}
        # What else was found under these facts, by whoever asked for it.
        self.found: dict[tuple[object, ...], Any] = {}

    def copy(self) -> Facts:
        other = Facts()
        other.divisibility = list(self.divisibility)
        other.orders = list(self.orders)
        return other

    def same(self, other: Facts) -> bool:
        """Does it know what the other one knows?"""
        return self.divisibility == other.divisibility and self.orders == other.orders

    def restore(self, other: Facts) -> None:
        """Know what the other one knows, and nothing else."""
        if not self.same(other):
            self.divisibility = list(other.divisibility)
            self.orders = list(other.orders)
            self._forget()

    def assume_divides(self, divisor: Expr, dividend: Expr) -> None:
        if (divisor, dividend) not in self.divisibility:
            self.divisibility.append((divisor, dividend))
            self._forget()

    def assume_order(self, difference: Expr) -> None:
        """Take `difference >= 0` for granted."""
        if difference.constant is None and difference not in self.orders:
            self.orders.append(difference)
            self._forget()

    def _forget(self) -> None:
        self._slack = None
        self._proved.clear()
        self._wholes.clear()
        self.rounded.clear()
        self.found.clear()

    # ---------------------------------------------------------------- whole numbers

    def is_integer(self, expr: Expr) -> bool:
        """Is the expression provably a whole number?"""
        if expr not in self._wholes:
            self._wholes[expr] = self._is_integer(expr)
        return self._wholes[expr]

    def _is_integer(self, expr: Expr) -> bool:
        rest = Expr({m: c for m, c in expr.terms.items() if not self._whole(m, c)})
        if not rest.terms:
            return True
        return any(
            self._multiple(rest, divisor, dividend) or self._multiple_and_more(rest, divisor, dividend)
            for divisor, dividend in self.divisibility
        )

    def divides(self, divisor: Expr, dividend: Expr) -> bool:
        return self.is_integer(dividend / divisor)

    def _whole(self, monomial: Monomial, coefficient: Rational, depth: int = _DEPTH) -> bool:
        if all(integer_atom(atom) for atom, _ in monomial):
            if isinstance(coefficient, int) and all(isinstance(e, int) and e >= 0 for _, e in monomial):
                return True
            if self._powers_whole(monomial, coefficient):
                return True
            if depth:
                for divisor, dividend in self.divisibility:
                    if len(divisor.terms) != 1 or len(dividend.terms) != 1:
                        continue
                    ((above, factor),) = dividend.terms.items()
                    ((below, quotient),) = divisor.terms.items()
                    if not any(atom in dict(above) and exponent > 0 for atom, exponent in monomial):
                        continue
                    rest = times(times(monomial, raised(above, -1)), below)
                    if self._whole(rest, _plain(Fraction(coefficient) * quotient / factor), depth - 1):
                        return True
        return False

    def _multiple_and_more(self, expr: Expr, divisor: Expr, dividend: Expr) -> bool:
        """Is the expression an integer multiple of dividend / divisor plus something whole, as (L + 8)/6 is where 6
        divides L - 4?"""
        if len(dividend.terms) < 2:
            return False
        share = dividend / divisor
        for below, part in share.terms.items():
            for above, coefficient in expr.terms.items():
                factor = normal(Fraction(coefficient) / part)
                quotient = times(above, raised(below, -1))
                if isinstance(factor, int) and all(
                    integer_atom(a) and isinstance(e, int) and e > 0 for a, e in quotient
                ):
                    rest = expr - share * Expr({quotient: factor})
                    if all(self._whole(m, c) for m, c in rest.terms.items()):
                        return True
        return False

    def _powers_whole(self, monomial: Monomial, coefficient: Rational) -> bool:
        """Is a product of powers whole because no base has a negative exponent in all, as 2^depth/2^i for
        i <= depth?"""
        if not any(isinstance(atom, Exponential) for atom, _ in monomial):
            return False
        exponents: dict[Expr, Expr] = {}
        value = Fraction(coefficient)
        for base in {atom.base for atom, _ in monomial if isinstance(atom, Exponential)}:
            prime, count = base.integer(), 0
            exponents[base] = ZERO
            while prime and prime > 1 and value.denominator % prime == 0:
                value, count = value * prime, count - 1
            while prime and prime > 1 and value.numerator % prime == 0 and value:
                value, count = value / prime, count + 1
            exponents[base] = const(count)
        for atom, power in monomial:
            if isinstance(atom, Exponential):
                exponents[atom.base] = exponents[atom.base] + atom.exponent * power
            elif from_atom(atom) in exponents:
                exponents[from_atom(atom)] = exponents[from_atom(atom)] + const(power)
            elif not isinstance(power, int) or power < 0:
                return False
        return value.denominator == 1 and all(
            all(isinstance(c, int) for c in e.terms.values()) and self.nonnegative(e) for e in exponents.values()
        )

    def _multiple(self, expr: Expr, divisor: Expr, dividend: Expr) -> bool:
        """Is the expression an integer multiple of dividend / divisor, as a whole?"""
        quotient = expr * divisor / dividend
        return all(
            isinstance(c, int) and all(integer_atom(a) and isinstance(e, int) and e > 0 for a, e in m)
            for m, c in quotient.terms.items()
        )

    # ---------------------------------------------------------------- signs

    def nonnegative(self, expr: Expr) -> bool:
        """Is `expr >= 0` provable for all sizes that the facts admit?"""
        value = expr.constant
        if value is not None:
            return value >= 0
        if expr not in self._proved:
            self._proved[expr] = False  # a question that comes back while it is being answered is not answered
            if negative_somewhere(expr, self):
                return False
            bounds = self._lower_bounds(self._cleared(expr))
            proved = any(map(self._all_positive, bounds)) or any(map(self._above_an_order, bounds))
            self._proved[expr] = proved or self._whichever(expr)
        return self._proved[expr]

    def _whichever(self, expr: Expr) -> bool:
        """Is it so whichever argument a maximum or minimum is?"""
        for atom in expr.atoms():
            if isinstance(atom, Extreme) and linear_in(expr, atom) is not None:
                return all(self.nonnegative(with_bounds(expr, {atom: argument})) for argument in atom.arguments)
        return False

    def _above_an_order(self, expr: Expr) -> bool:
        """Is the expression a multiple of one of the orders plus something that is not negative?"""
        if len(expr.terms) > MANY_TERMS:
            return False
        atoms = expr.atoms()
        for order in self.orders:
            for below, divisor in order.terms.items():
                if divisor <= 0 or not below or any(e > 0 and atom not in atoms for atom, e in below):
                    continue
                for above, coefficient in expr.terms.items():
                    quotient = times(above, raised(below, -1))
                    if coefficient > 0 and all(e > 0 and not_negative(atom) for atom, e in quotient):
                        factor = Expr({quotient: normal(Fraction(coefficient) / divisor)})
                        if self._all_positive(expr - order * factor):
                            return True
        return False

    def positive(self, expr: Expr) -> bool:
        """Is `expr > 0` provable?"""
        value = expr.constant
        if value is not None:
            return value > 0
        if self.is_integer(expr) and self.nonnegative(expr - 1):
            return True
        if any(self._all_positive(variant, strictly=True) for variant in self._lower_bounds(expr)):
            return True
        if len(expr.terms) == 1:
            ((monomial, coefficient),) = expr.terms.items()
            return coefficient > 0 and all(positive_atom(atom) for atom, _ in monomial)
        # a fraction of whole numbers: clear the denominators, which are positive
        cleared = expr * Expr({raised(below_line(expr), -1): 1}) * denominator(expr)
        return self.is_integer(cleared) and self.nonnegative(cleared - 1)

    def compare(self, left: Expr, operator: str, right: Expr) -> bool | None:
        """The truth of `left operator right` (==, !=, <, <=, >, >=), or None where the facts do not decide it."""
        gap = right - left
        match operator:
            case "<=":
                return True if self.nonnegative(gap) else False if self.positive(-gap) else None
            case "<":
                return True if self.positive(gap) else False if self.nonnegative(-gap) else None
            case ">=" | ">":
                return self.compare(right, "<=" if operator == ">=" else "<", left)
            case "==":
                if not gap.terms:
                    return True
                return False if self.positive(gap) or self.positive(-gap) else None
            case _:
                equal = self.compare(left, "==", right)
                return None if equal is None else not equal

    def _cleared(self, expr: Expr) -> Expr:
        """The expression times what stands below its lines, as far as that is positive: of the same sign."""
        expr = without_brackets(expr, lambda atom: self.positive(atom.content))
        below = tuple(
            (atom, exponent)
            for atom, exponent in below_line(expr)
            if positive_atom(atom) or (isinstance(atom, Rounded) and self.positive(from_atom(atom)))
        )
        return expr * Expr({raised(below, -1): 1})

    def _slacks(self) -> dict[Symbol, Expr]:
        """Each bounded symbol as its bound plus a slack: `a <= b` makes b = a + s, `d divides D` makes D = d·D′."""
        if self._slack is None:
            table: dict[Symbol, Expr] = {}
            for divisor, dividend in self.divisibility:
                symbol = _single(dividend)
                if symbol is not None and symbol not in table and not _cyclic(symbol, divisor, table):
                    table[symbol] = divisor * from_atom(Symbol(f"{symbol.name}/{divisor.key}"))
            for number, order in enumerate(self.orders):
                for monomial, coefficient in order.terms.items():
                    symbol = _only_symbol(monomial)
                    if symbol is None or coefficient <= 0:
                        continue
                    rest = order - Expr({monomial: coefficient})
                    if symbol in table or rest.mentions(symbol) or _cyclic(symbol, rest, table):
                        continue
                    slack = from_atom(Symbol(f"slack {number}", "count"))
                    table[symbol] = (slack - rest) / as_expr(coefficient)
                    break
            self._slack = table
        return self._slack

    def _all_positive(self, expr: Expr, *, strictly: bool = False) -> bool:
        """Is there no negative term left once every size is its least value plus a slack (and a constant, if
        `strictly`)?"""
        from .substitution import map_atoms, substitute

        seen, given = covered(expr), expr
        if seen and not strictly:
            return True
        for _ in range(_DEPTH):
            table = self._slacks()
            slacks = {symbol: table[symbol] for symbol in expr.symbols() if symbol in table}
            if not slacks:
                break
            expr = substitute(expr, slacks)
        below = below_line(expr)
        if not all(not_negative(atom) for atom, _ in below):
            return False  # a bracket whose sign the slacks have left open
        expr = expr * Expr({raised(below, -1): 1})
        seen = seen if expr is given else covered(expr)
        if seen is False or (seen and not strictly):
            return seen
        least = {symbol: _least(symbol) for symbol in expr.symbols() if symbol.kind == "dim"}
        expr = substitute(expr, least) if least else expr
        if any(isinstance(atom, Exponential) for atom in expr.atoms()):
            expr = map_atoms(expr, at_least_one)
        for monomial, coefficient in expr.terms.items():
            if coefficient < 0:
                return False
            for atom, exponent in monomial:
                even = isinstance(exponent, int) and exponent % 2 == 0
                if not even and not not_negative(atom):
                    return False
        return not strictly or expr.terms.get(UNIT, 0) > 0

    def _lower_bounds(self, expr: Expr) -> list[Expr]:
        """The expression itself, and with each rounded or extreme atom replaced by a bound that makes it smaller."""
        variants = [expr]
        options: list[list[Expr]] = []
        targets = [a for a in expr.atoms() if isinstance(a, Rounded | Extreme)]
        if not targets or len(targets) > 3:
            return variants
        for atom in targets:
            rest = linear_in(expr, atom)
            if rest is None:
                return variants
            options.append(self._bounds(atom, rest))
        for choice in combinations(*options):
            variants.append(with_bounds(expr, dict(zip(targets, choice, strict=True))))
        return variants

    def _bounds(self, atom: Rounded | Extreme, coefficient: Expr) -> list[Expr]:
        falling = self.nonnegative(-coefficient)
        if isinstance(atom, Extreme):
            wanted = "min" if falling else "max"
            return list(atom.arguments) if atom.operator == wanted else [from_atom(atom)]
        argument = atom.argument
        step = const(1)
        if argument.terms and all(isinstance(e, int) and integer_atom(a) for m in argument.terms for a, e in m):
            below = below_line(argument)
            whole = denominator(argument)
            if self.is_integer(argument * whole * Expr({raised(below, -1): 1})):
                step = ONE - Expr({below: 1}) / whole
        if falling:
            return [argument if atom.direction == "floor" else argument + step]
        if atom.direction == "floor":
            return [argument - step]
        return [argument, ONE] if self.positive(argument) else [argument]


@lru_cache(maxsize=1024)
def _least(symbol: Symbol) -> Expr:
    """1 and a slack."""
    return ONE + from_atom(Symbol(symbol.name + "-1", "count"))


def _plain(value: Fraction) -> Rational:
    return value.numerator if value.denominator == 1 else value


def _single(expr: Expr) -> Symbol | None:
    """The symbol that the expression is, or None."""
    if len(expr.terms) == 1:
        ((monomial, coefficient),) = expr.terms.items()
        if coefficient == 1:
            return _only_symbol(monomial)
    return None


def _only_symbol(monomial: Monomial) -> Symbol | None:
    if len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Symbol):
        return monomial[0][0]
    return None


def _cyclic(symbol: Symbol, value: Expr, table: dict[Symbol, Expr]) -> bool:
    seen: set[Symbol] = set()
    waiting = list(value.symbols())
    while waiting:
        current = waiting.pop()
        if current == symbol:
            return True
        if current not in seen and current in table:
            waiting.extend(table[current].symbols())
        seen.add(current)
    return False
