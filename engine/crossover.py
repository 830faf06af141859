"""Where one cost gets smaller than another: as a condition on the sizes, or as numbers along one of them.

`condition` compares two expressions for all sizes: one is never larger, or an inequality says when (`N < D`).
`crossings` follows one size from 1 on, the others at given values, and gives every place at which the order changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from .algebra import build
from .algebra.atoms import UNIT, Group, Log, Rational, Symbol, raised
from .algebra.expression import ZERO, Expr, const, from_atom
from .algebra.facts import Facts
from .algebra.linear import by_power
from .algebra.signs import positive_atom
from .algebra.substitution import Value, evaluate, substitute
from .roots import roots_above, value_at, whole

LAST = 10**12
_SAMPLES_A_DECADE = 48
_FIRST_ONES = 1024  # sizes that are all looked at where steps or logarithms may turn the order more than once
SAMPLED = (
    "Where a size is given and no condition, costs with steps or logarithms were compared at all sizes up to "
    f"{_FIRST_ONES:,} and at {_SAMPLES_A_DECADE} in each decade beyond, up to 10¹²; between those they may "
    "change places twice."
)

SAMPLED_CURVES = (
    f"Crossings of curves with steps or logarithms beyond {_FIRST_ONES:,} were looked for at {_SAMPLES_A_DECADE} sizes "
    "in each decade."
)


@dataclass(frozen=True)
class Crossing:
    """The order of two expressions changes at `at`, exact where it is an int or a Fraction: which of the two, 0 or 1,
    is smaller for sizes below and which above. Where there are steps it is the first whole size of the new order, and
    they need not `meet` there."""

    at: Value
    cheaper_before: int
    cheaper_after: int
    meet: bool = True


@dataclass(frozen=True)
class Verdict:
    """Two expressions compared for all sizes. `equal`, `first` or `second`: that one is never larger, and somewhere
    smaller; `strict`: everywhere smaller. `depends`: the first is smaller exactly where `size` is below `bound`, or
    above it if `above`; where `limit`, which is never negative, is 0 the bound is infinite. `unknown`: no condition is
    known."""

    outcome: Literal["equal", "first", "second", "depends", "unknown"]
    strict: bool = False
    size: Symbol | None = None
    bound: Expr = ZERO
    above: bool = False
    limit: Expr | None = None


def condition(one: Expr, other: Expr, facts: Facts, names: Sequence[str] = ()) -> Verdict:
    """When the first expression is smaller. `names` are the sizes that may stand alone on one side, the best first; any
    of them if there are none.

    >>> from archderive.algebra.expression import sym
    >>> condition(sym("N") ** 2 * sym("D"), sym("N") * sym("D") ** 2, Facts(), ["N"]).bound
    Expr(D)
    """
    gap = _shared_taken_out(one - other, facts)
    if not gap.terms:
        return Verdict("equal")
    if facts.nonnegative(gap):
        return Verdict("second", strict=facts.positive(gap))
    if facts.nonnegative(-gap):
        return Verdict("first", strict=facts.positive(-gap))
    known = {symbol.name: symbol for symbol in gap.symbols() if symbol.kind in ("dim", "ratio")}
    tried = [known[name] for name in names if name in known] if names else sorted(known.values(), key=lambda s: s.name)
    solved = [(place, found) for place, s in enumerate(tried) if (found := _solved(gap, s, facts)) is not None]
    if not solved:
        return Verdict("unknown")
    return min(solved, key=lambda item: (*_awkward(item[1].bound), item[0]))[1]


def crossings(one: Expr, other: Expr, name: str, values: Mapping[str, Value], last: int = LAST) -> tuple[Crossing, ...]:
    """Where the order of two expressions changes as the size `name` grows from 1 to `last`, all others at `values`.
    Raises KeyError for a size without a value.

    >>> from archderive.algebra.expression import sym
    >>> crossings(sym("N") ** 2 * sym("D"), sym("N") * sym("D") ** 2, "N", {"D": 512})
    (Crossing(at=512, cheaper_before=0, cheaper_after=1),)
    """
    first, second = (_followed(expr, name, values) for expr in (one, other))
    gap = first - second
    if not any(symbol.name == name for symbol in gap.symbols()):
        return ()
    coefficients = _coefficients(gap)
    changes = _of_polynomial(coefficients) if coefficients is not None else _of_steps(first, second, name, last)
    meet = coefficients is not None
    return tuple(
        Crossing(_plain(at), int(before > 0), int(after > 0), meet) for at, before, after in changes if at <= last
    )


def is_sampled(one: Expr, other: Expr, last: int = LAST) -> bool:
    """Whether `crossings` of two expressions in one size looks at some sizes only."""
    gap = one - other
    return last > _FIRST_ONES and bool(gap.symbols()) and _coefficients(gap) is None


def matter(one: Expr, other: Expr) -> set[str]:
    """The sizes on which the order of two expressions depends: what all terms have in common does not."""
    gap = one - other
    return {s.name for s in (gap * Expr({raised(gap.common(), -1): 1})).symbols()}


def smaller_at(exprs: Sequence[Expr], values: Mapping[str, Value], *, all_known: bool = False) -> list[int]:
    """The places of the smallest of several expressions at given sizes; of those that have no value there, none, and
    none at all where all of them are to have one."""
    found = {place: value for place, expr in enumerate(exprs) if (value := _value(expr, values)) is not None}
    if all_known and len(found) < len(exprs):
        return []
    return [place for place, value in found.items() if value == min(found.values())]


def _value(expr: Expr, values: Mapping[str, Value]) -> Value | None:
    try:
        return evaluate(expr, values)
    except ArithmeticError:  # a logarithm to the base 1
        return None


# ---------------------------------------------------------------- conditions


def _shared_taken_out(gap: Expr, facts: Facts) -> Expr:
    """The difference divided by what all its terms have in common, which is positive: of the same sign."""
    shared = tuple(
        (atom, exponent)
        for atom, exponent in gap.common()
        if positive_atom(atom) or (not isinstance(atom, Symbol) and facts.positive(from_atom(atom)))
    )
    return gap * Expr({raised(shared, -1): 1})


def _solved(gap: Expr, size: Symbol, facts: Facts) -> Verdict | None:
    """Where `gap < 0`, as a bound on one size that stands in no other atom; None where that is not one bound."""
    if any(not isinstance(atom, Symbol) and from_atom(atom).mentions(size) for atom in gap.atoms()):
        return None
    powers = by_power(gap, size)
    highest = max(powers)
    if min(powers) < 0 or highest == 0:
        return None
    leading, constant = powers[highest], powers.get(0, ZERO)
    sign = 1 if facts.nonnegative(leading) else -1 if facts.nonnegative(-leading) else 0
    if not sign or not constant.terms:
        return None
    limit = None
    if not facts.positive(leading * sign):  # it may be 0, and then the order is that of the other terms
        plain = all(isinstance(atom, Symbol) for atom in leading.atoms())  # of others nobody sees where they are 0
        if set(powers) != {1, 0} or not plain or not facts.positive(-constant * sign):
            return None
        limit = leading * sign
    if set(powers) == {highest, 0}:
        bound = -constant / leading
        if highest != 1 and not facts.nonnegative(bound):
            return None  # there may be no such root
        bound = bound if highest == 1 else build.root(bound, Fraction(1) / Fraction(highest))
    elif set(powers) == {2, 1, 0} and facts.positive(-constant * sign):
        middle = powers[1]
        bound = (build.root(middle * middle - 4 * leading * constant, Fraction(1, 2)) * sign - middle) / (2 * leading)
    else:
        return None
    return Verdict("depends", size=size, bound=bound, above=sign < 0, limit=limit)


def _awkward(bound: Expr) -> tuple[int, int, int]:
    """How hard a bound is to read: brackets and roots, then fractions, then terms."""
    atoms = bound.atoms()
    brackets = sum(isinstance(atom, Group | Log) for atom in atoms)
    roots = sum(not isinstance(e, int) for monomial in bound.terms for _, e in monomial)
    below = sum(isinstance(e, int) and e < 0 for monomial in bound.terms for _, e in monomial)
    fractions = below + sum(isinstance(c, Fraction) for c in bound.terms.values())
    return brackets + roots, fractions, len(bound.terms)


# ---------------------------------------------------------------- numbers

Change = tuple[Value, int, int]  # where, and the signs of the difference before and after


def _followed(expr: Expr, name: str, values: Mapping[str, Value]) -> Expr:
    """The expression with all sizes but one at their values."""
    return substitute(expr, {s: _constant(values[s.name]) for s in expr.symbols() if s.name != name})


@lru_cache(maxsize=2**16)
def _at(expr: Expr, name: str, size: int) -> Value | None:
    """A cost at one size: each of many models is compared with all others there."""
    return _value(expr, {name: size})


def _constant(value: Value) -> Expr:
    return const(Fraction(value)) if isinstance(value, float) else const(value)


def _coefficients(gap: Expr) -> list[int] | None:
    """The difference as a polynomial of one size, times what is positive; None where it is none."""
    powers: dict[int, Rational] = {}
    for monomial, coefficient in gap.terms.items():
        if len(monomial) > 1 or any(not isinstance(a, Symbol) or not isinstance(e, int) for a, e in monomial):
            return None
        powers[int(monomial[0][1]) if monomial != UNIT else 0] = coefficient
    least = min(powers)
    return whole([Fraction(powers.get(power, 0)) for power in range(least, max(powers) + 1)])


def _of_polynomial(coefficients: list[int]) -> Iterable[Change]:
    """Where a polynomial changes its sign beyond 1."""
    roots = roots_above(coefficients, 1)
    between = [(a + b) / 2 for a, b in pairwise([Fraction(1), *roots])]
    places = [*between, (roots[-1] if roots else Fraction(1)) + 1]
    signs = [_sign(value_at(coefficients, place)) for place in places]
    exact = [root if value_at(coefficients, root) == 0 else float(root) for root in roots]
    return [(root, a, b) for root, (a, b) in zip(exact, pairwise(signs), strict=True) if a != b]


def _of_steps(one: Expr, other: Expr, name: str, last: int) -> Iterable[Change]:
    """Where a difference with steps, logarithms or roots changes its sign, at whole sizes. Beyond the first sizes, what
    turns back within a twentieth of its size may be missed."""

    def sign(size: int) -> int:
        first, second = _at(one, name, size), _at(other, name, size)
        return 0 if first is None or second is None else (first > second) - (first < second)

    changes: list[Change] = []
    before, known = 0, 0
    for size in _sampled(last):
        now = sign(size)
        if now and known and now != known:
            low, high = before, size
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if sign(middle) == now else (middle, high)
            changes.append((high, known, now))
        if now:
            before, known = size, now
    return changes


def _sampled(last: int) -> list[int]:
    sizes = set(range(1, _FIRST_ONES))
    decades = len(str(last))
    sizes |= {round(10 ** (step / _SAMPLES_A_DECADE)) for step in range(decades * _SAMPLES_A_DECADE)}
    return sorted(size for size in sizes if size <= last)


def _sign(value: Value) -> int:
    return (value > 0) - (value < 0)


def _plain(value: Value) -> Value:
    return int(value) if isinstance(value, Fraction) and value.denominator == 1 else value
