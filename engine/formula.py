"""Formulas as they are to be read: the display tree that stands between algebra and every output format.

Nothing is reordered or simplified here: a `Formula` is exactly what a reader sees. `forms` makes them from counts,
`derivation` from equations; `notation` writes them as LaTeX, Unicode and Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import get_args


@dataclass(frozen=True)
class Number:
    """An exact number; a fraction is shown as one. `text` wins where the author's spelling matters (`1e-5`)."""

    value: Fraction
    text: str | None = None


@dataclass(frozen=True)
class Symbol:
    """A name of the user's file: a dim, an option, an index or a tensor. How it looks is up to `notation.Symbols`."""

    name: str


@dataclass(frozen=True)
class Sum:
    """Terms joined by + (a `Negative` term by −)."""

    terms: tuple[Formula, ...]


@dataclass(frozen=True)
class Negative:
    """−value."""

    value: Formula


@dataclass(frozen=True)
class Product:
    """Factors side by side, in the order given. `dots` asks for an explicit · or × between all of them (N · D · D)."""

    factors: tuple[Formula, ...]
    dots: bool = False


@dataclass(frozen=True)
class Quotient:
    """above / below; `inline` asks for a slash instead of a fraction bar."""

    above: Formula
    below: Formula
    inline: bool = False


@dataclass(frozen=True)
class Power:
    """base to the power of exponent."""

    base: Formula
    exponent: Formula


@dataclass(frozen=True)
class Apply:
    """A function of a name: floor, ceil, sqrt, abs, max, min, log (`base` may be given), exp, tanh, … or any other.
    `number` tells several of one name apart: f⁽²⁾(x)."""

    function: str
    arguments: tuple[Formula, ...]
    base: Formula | None = None
    number: int | None = None


@dataclass(frozen=True)
class Read:
    """A tensor at a position: x_{n, i}. `leading` says that unnamed leading axes (…) come first."""

    tensor: str
    subscripts: tuple[Formula, ...]
    leading: bool = False


@dataclass(frozen=True)
class Group:
    """Merged indices in brackets, (g, c), in a subscript."""

    items: tuple[Formula, ...]


@dataclass(frozen=True)
class Bound:
    """An index under a reduction with the range that is worth showing: i, 0 ≤ m ≤ n."""

    index: Formula
    lower: Formula | None = None
    upper: Formula | None = None


@dataclass(frozen=True)
class Reduction:
    """Σ, mean, max, min or Π over bounds, with an optional condition."""

    operator: str
    bounds: tuple[Bound, ...]
    body: Formula
    where: Formula | None = None


@dataclass(frozen=True)
class Cases:
    """then if condition, otherwise else."""

    then: Formula
    condition: Formula
    otherwise: Formula


@dataclass(frozen=True)
class Relation:
    """operands joined by ==, !=, <, <=, >, >=, ~ (about), in (member of), or `=`; a chain 0 ≤ n < N has two
    operators."""

    operands: tuple[Formula, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True)
class Logic:
    """`and`, `or` of several, `not` of one."""

    operator: str
    operands: tuple[Formula, ...]


@dataclass(frozen=True)
class Growth:
    """O(…) with the terms that none of the others dominate; `kind` is O or Theta."""

    body: Formula
    kind: str = "O"


@dataclass(frozen=True)
class Infinity:
    """∞."""


@dataclass(frozen=True)
class Words:
    """Plain words where a formula stands: unknown, not supported yet. `number` as for `Apply`."""

    text: str
    number: int | None = None


Formula = (
    Number
    | Symbol
    | Sum
    | Negative
    | Product
    | Quotient
    | Power
    | Apply
    | Read
    | Group
    | Reduction
    | Cases
    | Relation
    | Logic
    | Growth
    | Infinity
    | Words
)


def _hash_once(node: Formula) -> int:
    """Writers look formulas up in what they remember, whole ones and every part of them."""
    known: int | None = node.__dict__.get("_hash")
    if known is None:
        known = node.__dict__["_hash"] = hash((type(node), *node.__dict__.values()))
    return known


def _without_hash(node: Formula) -> dict[str, object]:
    """What is pickled: words have another hash in another process."""
    return {name: value for name, value in node.__dict__.items() if name != "_hash"}


for _node in get_args(Formula):
    _node.__hash__ = _hash_once
    _node.__getstate__ = _without_hash


def integer(value: int) -> Number:
    return Number(Fraction(value))


def measure(formula: Formula) -> int:
    """Printed names, each occurrence 1, and 1 for each fraction."""
    match formula:
        case Symbol(name=name):
            return len(name.split(" "))
        case Number():
            return 0
        case Quotient(above=above, below=below):
            return 1 + measure(above) + measure(below)
        case Sum(terms=parts) | Product(factors=parts):
            return sum(map(measure, parts))
        case Negative(value=value):
            return measure(value)
        case Power(base=base, exponent=exponent):
            return measure(base) + measure(exponent)
        case Apply(arguments=arguments, base=base):
            return sum(map(measure, arguments)) + (measure(base) if base is not None else 0)
        case _:
            return 1


def slashed(formula: Formula) -> Formula:
    """The formula with slashes for fraction bars, as it stands in a line of words or in a table."""
    match formula:
        case Sum(terms=terms):
            return Sum(tuple(map(slashed, terms)))
        case Negative(value=value):
            return Negative(slashed(value))
        case Product(factors=factors, dots=dots):
            return Product(tuple(map(slashed, factors)), dots)
        case Quotient(above=above, below=below):
            return Quotient(slashed(above), slashed(below), inline=True)
        case Apply(function=function, arguments=arguments) if function != "sqrt":
            return replace(formula, arguments=tuple(map(slashed, arguments)))
        case Growth(body=body, kind=kind):
            return Growth(slashed(body), kind)
        case _:
            return formula


def ungroup(formula: Formula, members: Mapping[str, tuple[str, ...]]) -> Formula:
    """The names of a group side by side where it stands alone, in brackets where it is raised."""

    def inner(part: Formula) -> Formula:
        return ungroup(part, members)

    match formula:
        case Symbol(name=name) if name in members:
            return Product(tuple(Symbol(n) for n in members[name]))
        case Product(factors=factors, dots=dots):
            flat: list[Formula] = []
            for factor in factors:
                shown = inner(factor)
                flat += shown.factors if isinstance(factor, Symbol) and isinstance(shown, Product) else (shown,)
            return Product(tuple(flat), dots)
        case Sum(terms=terms):
            return Sum(tuple(map(inner, terms)))
        case Negative(value=value):
            return Negative(inner(value))
        case Quotient(above=above, below=below):
            return Quotient(inner(above), inner(below), formula.inline)
        case Power(base=base, exponent=exponent):
            return Power(inner(base), inner(exponent))
        case _:
            return formula
