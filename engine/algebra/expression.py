"""Exact sums of monomials over sizes: the numbers of the whole engine, from an index expression to a model's total.

An `Expr` maps monomials to rational coefficients and is always expanded, so equal polynomials are equal objects. A
monomial is a product of atoms with rational exponents; an atom is a named size, a rounded quotient, a logarithm, a
power with a symbolic exponent, a maximum, or a sum in brackets that stands below the line. SymPy's expressions are a
hundred times slower for running sums, and would have to be imported to print a single count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import gcd, lcm

from .atoms import UNIT, Atom, Group, Kind, Monomial, Rational, Summation, Symbol, by_key, normal, parts, raised, times


class Expr:
    """An immutable sum of monomials. Build it from `const`, `sym` and arithmetic; never change `terms`."""

    __slots__ = ("_hash", "_key", "_symbols", "terms")

    def __init__(self, terms: Mapping[Monomial, Rational]) -> None:
        self.terms = terms
        self._hash: int | None = None
        self._key: str | None = None
        self._symbols: frozenset[Symbol] | None = None

    # -- identity

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Expr) and self.terms == other.terms)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    @property
    def key(self) -> str:
        """A text that is the same for equal expressions: a stable order, and a readable `repr`."""
        if self._key is None:
            parts = []
            for monomial, coefficient in sorted(self.terms.items(), key=lambda t: [(a.key, e) for a, e in t[0]]):
                factors = [f"{a.key}^{e}" if e != 1 else a.key for a, e in monomial]
                parts.append("*".join([str(coefficient), *factors] if coefficient != 1 or not factors else factors))
            self._key = "+".join(parts) or "0"
        return self._key

    def __repr__(self) -> str:
        return f"Expr({self.key})"

    def __bool__(self) -> bool:
        return bool(self.terms)

    # -- arithmetic

    def __add__(self, other: Expr | Rational) -> Expr:
        right = as_expr(other)
        if not right.terms:
            return self
        if not self.terms:
            return right
        terms = dict(self.terms)
        for monomial, coefficient in right.terms.items():
            total = terms.get(monomial, 0) + coefficient
            if total:
                terms[monomial] = total if type(total) is int else normal(total)
            else:
                del terms[monomial]
        return Expr(terms)

    __radd__ = __add__

    def __neg__(self) -> Expr:
        return Expr({monomial: -coefficient for monomial, coefficient in self.terms.items()})

    def __sub__(self, other: Expr | Rational) -> Expr:
        right = as_expr(other)
        if not right.terms:
            return self
        terms = dict(self.terms)
        for monomial, coefficient in right.terms.items():
            total = terms.get(monomial, 0) - coefficient
            if total:
                terms[monomial] = total if type(total) is int else normal(total)
            else:
                del terms[monomial]
        return Expr(terms)

    def __rsub__(self, other: Expr | Rational) -> Expr:
        return as_expr(other) + (-self)

    def __mul__(self, other: Expr | Rational) -> Expr:
        right = as_expr(other)
        if len(right.terms) == 1 and UNIT in right.terms:
            factor = right.terms[UNIT]
            return self if factor == 1 else Expr({m: normal(c * factor) for m, c in self.terms.items()})
        if len(self.terms) == 1 and UNIT in self.terms:
            return right * self
        terms: dict[Monomial, Rational] = {}
        for m, c in self.terms.items():
            for n, d in right.terms.items():
                monomial = times(m, n)
                total = terms.get(monomial, 0) + c * d
                if total:
                    terms[monomial] = normal(total)
                else:
                    del terms[monomial]
        return Expr(terms)

    __rmul__ = __mul__

    def __truediv__(self, other: Expr | Rational) -> Expr:
        right = as_expr(other)
        if not right.terms:
            raise ZeroDivisionError("division by zero")
        if len(right.terms) == 1:
            return self if right == ONE else self * right.inverse()
        from .division import divide_exactly

        quotient = divide_exactly(self, right)
        return quotient if quotient is not None else self * right.inverse()

    def __rtruediv__(self, other: Expr | Rational) -> Expr:
        return as_expr(other) / self

    def __pow__(self, exponent: int) -> Expr:
        if exponent < 0:
            return (self**-exponent).inverse()
        result, base = ONE, self
        while exponent:
            if exponent & 1:
                result = result * base
            base, exponent = base * base if exponent > 1 else base, exponent >> 1
        return result

    def inverse(self) -> Expr:
        """1 / self, a sum as a bracket below the line."""
        content, primitive = self.primitive()
        if len(primitive.terms) == 1:
            (monomial,) = primitive.terms
            return Expr({raised(monomial, -1): normal(Fraction(1) / content)})
        common = primitive.common()
        rest = primitive * Expr({raised(common, -1): 1})
        return Expr({times(raised(common, -1), ((Group(rest), -1),)): normal(Fraction(1) / content)})

    # -- parts

    @property
    def constant(self) -> Rational | None:
        """The number that this is, or None if it names anything."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and UNIT in self.terms:
            return self.terms[UNIT]
        return None

    def integer(self) -> int | None:
        """The integer that this is, or None."""
        value = self.constant
        return value if isinstance(value, int) else None

    def atoms(self) -> set[Atom]:
        """Every atom that stands in a monomial of this sum (not those inside other atoms)."""
        return {atom for monomial in self.terms for atom, _ in monomial}

    def symbols(self) -> frozenset[Symbol]:
        """Every symbol, also inside atoms; the index of a sum is none of it."""
        if self._symbols is None:
            found: set[Symbol] = set()
            for monomial in self.terms:
                for atom, _ in monomial:
                    if isinstance(atom, Symbol):
                        found.add(atom)
                    else:
                        inside = {symbol for part in parts(atom) for symbol in part.symbols()}
                        found |= inside - {atom.index} if isinstance(atom, Summation) else inside
            self._symbols = frozenset(found)
        return self._symbols

    def mentions(self, symbol: Symbol) -> bool:
        return symbol in self.symbols()

    def primitive(self) -> tuple[Rational, Expr]:
        """(content, rest): rest has coprime integer coefficients, the first of them positive."""
        if not self.terms:
            return 1, self
        denominator = lcm(*(c.denominator for c in self.terms.values()))
        numerator = gcd(*(int(c * denominator) for c in self.terms.values()))
        leading = self.terms[max(self.terms, key=_degree)]
        content = normal(Fraction(numerator, denominator) * (-1 if leading < 0 else 1))
        if content == 1:
            return 1, self
        return content, Expr({m: normal(Fraction(c) / content) for m, c in self.terms.items()})

    def common(self) -> Monomial:
        """The greatest monomial that divides every term."""
        monomials = iter(self.terms)
        shared = dict(next(monomials, UNIT))
        for monomial in monomials:
            powers = dict(monomial)
            for atom in set(shared) | set(powers):
                low = min(shared.get(atom, 0), powers.get(atom, 0))
                if low:
                    shared[atom] = low
                else:
                    shared.pop(atom, None)
        return tuple(sorted(shared.items(), key=by_key))

    def coefficients(self, symbol: Symbol) -> dict[Rational, Expr]:
        """The expression by powers of a symbol; atoms that hold the symbol inside count as its coefficients."""
        result: dict[Rational, dict[Monomial, Rational]] = {}
        for monomial, coefficient in self.terms.items():
            power: Rational = 0
            rest = []
            for atom, exponent in monomial:
                if atom == symbol:
                    power = exponent
                else:
                    rest.append((atom, exponent))
            result.setdefault(power, {})[tuple(rest)] = coefficient
        return {power: Expr(terms) for power, terms in result.items()}

    def __iter__(self) -> Iterator[Expr]:
        """The terms, each as an expression."""
        return (Expr({monomial: coefficient}) for monomial, coefficient in self.terms.items())


ZERO = Expr({})
ONE = Expr({UNIT: 1})


def const(value: Rational) -> Expr:
    return Expr({UNIT: normal(value)}) if value else ZERO


def as_expr(value: Expr | Rational) -> Expr:
    return value if isinstance(value, Expr) else const(value)


def from_atom(atom: Atom, exponent: Rational = 1) -> Expr:
    return Expr({((atom, exponent),): 1})


def sym(name: str, kind: Kind = "dim") -> Expr:
    return from_atom(Symbol(name, kind))


def total(items: Iterable[Expr]) -> Expr:
    """The sum of many expressions, in time proportional to their terms."""
    terms: dict[Monomial, Rational] = {}
    for item in items:
        for monomial, coefficient in item.terms.items():
            terms[monomial] = terms.get(monomial, 0) + coefficient
    return Expr({monomial: normal(c) for monomial, c in terms.items() if c})


def product(items: Iterable[Expr]) -> Expr:
    result = ONE
    for item in items:
        result = result * item
    return result


def _degree(monomial: Monomial) -> tuple[Rational, Rational, list[tuple[str, Rational]]]:
    """An order of terms by size as far as it can be told without facts: r before ⌊r/2⌋."""
    named = sum(exponent for atom, exponent in monomial if isinstance(atom, Symbol))
    return sum(exponent for _, exponent in monomial), named, [(atom.key, exponent) for atom, exponent in monomial]
