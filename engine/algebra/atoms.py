"""Atoms and monomials: what sums over sizes are made of. A monomial is a product of atoms with rational exponents."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .expression import Expr

Rational = int | Fraction
Kind = Literal["dim", "ratio", "count", "index", "unknown"]

_SYMBOLS: dict[tuple[str, str, int], Symbol] = {}


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Symbol:
    """A named size. A `dim` is a positive integer, a `ratio` a positive real, a `count` (the turn of a repeat) an
    integer from 0 on, an `index` any integer, an `unknown` any real number.

    `number` tells names apart that look alike: the `i` of one repeat and that of the next. Equal symbols are one
    object: they are looked up more often than anything else, and an object is its own hash.
    """

    name: str
    kind: Kind
    number: int

    def __new__(cls, name: str, kind: Kind = "dim", number: int = 0) -> Symbol:
        known = _SYMBOLS.get((name, kind, number))
        if known is not None:
            return known
        new = object.__new__(cls)
        object.__setattr__(new, "name", name)
        object.__setattr__(new, "kind", kind)
        object.__setattr__(new, "number", number)
        return _SYMBOLS.setdefault((name, kind, number), new)

    def __reduce__(self) -> tuple[type[Symbol], tuple[str, Kind, int]]:
        return Symbol, (self.name, self.kind, self.number)

    @property
    def key(self) -> str:
        return f"{self.name}#{self.number}" if self.number else self.name


@dataclass(frozen=True, slots=True)
class Rounded:
    """⌊argument⌋ (`floor`) or ⌈argument⌉ (`ceil`)."""

    direction: Literal["floor", "ceil"]
    argument: Expr
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"~{self.direction}({self.argument.key})")

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True)
class Log:
    """log of argument to a base; `base` None is the natural logarithm."""

    argument: Expr
    base: Expr | None
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        base = self.base.key if self.base is not None else "e"
        object.__setattr__(self, "key", f"~log({self.argument.key};{base})")

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True)
class Exponential:
    """base ^ exponent with a symbolic exponent, a monomial without coefficient: kⁱ. 4ⁱ is stored as (2ⁱ)²."""

    base: Expr
    exponent: Expr
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"~pow({self.base.key};{self.exponent.key})")

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True)
class Extreme:
    """The maximum (`max`) or minimum (`min`) of several sizes, in a fixed order."""

    operator: Literal["max", "min"]
    arguments: tuple[Expr, ...]
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"~{self.operator}({','.join(a.key for a in self.arguments)})")

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True)
class Group:
    """A sum in brackets, where it cannot be multiplied out: below the line or under a root. Coefficients are coprime
    integers."""

    content: Expr
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"~({self.content.key})")

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True)
class Summation:
    """Σ term for index = first..last, where no closed form is known. The index is bound: it is no symbol of the
    sum."""

    index: Symbol
    first: Expr
    last: Expr
    term: Expr
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        ends = f"{self.first.key};{self.last.key}"
        object.__setattr__(self, "key", f"~sum({self.index.key};{ends};{self.term.key})")

    def __hash__(self) -> int:
        return hash(self.key)


Atom = Symbol | Rounded | Log | Exponential | Extreme | Group | Summation
Monomial = tuple[tuple[Atom, Rational], ...]

UNIT: Monomial = ()


def normal(value: Rational) -> Rational:
    """An int wherever it is one: fractions cost ten times as much."""
    if type(value) is int or value.denominator != 1:
        return value
    return value.numerator


def times(left: Monomial, right: Monomial) -> Monomial:
    """The product of two monomials."""
    if not left:
        return right
    if not right:
        return left
    powers: dict[Atom, Rational] = dict(left)
    for atom, exponent in right:
        total = powers.get(atom, 0) + exponent
        if total:
            powers[atom] = normal(total)
        else:
            powers.pop(atom, None)
    return tuple(sorted(powers.items(), key=by_key))


def raised(monomial: Monomial, exponent: Rational) -> Monomial:
    return tuple((atom, normal(power * exponent)) for atom, power in monomial) if exponent else UNIT


def by_key(item: tuple[Atom, Rational]) -> str:
    return item[0].key


def parts(atom: Atom) -> tuple[Expr, ...]:
    """The expressions inside an atom."""
    match atom:
        case Symbol():
            return ()
        case Rounded(argument=argument):
            return (argument,)
        case Log(argument=argument, base=base):
            return (argument,) if base is None else (argument, base)
        case Exponential(base=base, exponent=exponent):
            return (base, exponent)
        case Extreme(arguments=arguments):
            return arguments
        case Group(content=content):
            return (content,)
        case Summation(first=first, last=last, term=term):
            return (first, last, term)
