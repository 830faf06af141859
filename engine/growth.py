"""Growth: an exact expression in, the terms that none of the others dominate out.

A term is a vector of exponents over sizes, logarithms and exponentials. It goes only where a weighted geometric mean
of the others is at least as large for all sizes that the facts admit: an exact linear programme over rationals.
Coefficients, negative terms of lower order and bases of logarithms that are numbers vanish; nothing else does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, permutations
from math import lcm

from .algebra.atoms import Atom, Exponential, Extreme, Group, Log, Monomial, Rational, Rounded, Symbol
from .algebra.expression import ONE, ZERO, Expr, from_atom, total
from .algebra.facts import Facts
from .algebra.substitution import map_atoms
from .elaborator.describe import show
from .errors import error
from .smoothing import Smoother, has_log, leads, positive, rounded_log

# An exponential beats every power of its exponent, and a power beats every power of a logarithm. The exponents that
# occur are small numbers; these stand for "as large" and "as small as you like".
HUGE = 10**6
TINY = Fraction(1, 10**6)

MANY = 12  # of so many terms not all pairs are tried

Vector = dict[Atom, Rational]


@dataclass(frozen=True)
class Dropped:
    """A term that went, and those that dominate it together."""

    term: Expr
    by: tuple[Expr, ...]


@dataclass(frozen=True)
class Growth:
    """The terms that stay, each with coefficient 1, and those that went, `gone`."""

    terms: tuple[Expr, ...]
    gone: tuple[Expr, ...] = ()
    cone: Sequence[Vector] = ()

    @property
    def expr(self) -> Expr:
        return total(self.terms)

    @cached_property
    def dropped(self) -> tuple[Dropped, ...]:
        """The terms that went with what dominates each: more work than finding that they go."""
        return tuple(Dropped(term, _dominators(term, list(self.terms), self.cone)) for term in self.gone)


def growth(expr: Expr, facts: Facts, constant: Sequence[Symbol] = ()) -> Growth:
    """O(expr). `constant` are sizes that are held fixed. Raises ArchError where a denominator has no single leading
    term."""
    plain = smooth(expr, facts, constant)
    fixed = {*constant, *(s for s in plain.symbols() if s.kind == "ratio")}  # neither above 1 nor below it
    vectors: dict[Monomial, Vector] = {}
    for monomial, coefficient in plain.terms.items():
        if coefficient > 0:
            moving = tuple((a, e) for a, e in monomial if not from_atom(a).symbols() <= fixed)
            vectors[moving] = dict(moving)
    if not vectors:
        return Growth((ONE,) if plain.terms else (ZERO,))
    cone = _cone(vectors.values(), facts)
    kept = dict(vectors)
    leading = [m for m, v in vectors.items() if _leads(v, [o for n, o in vectors.items() if n != m], cone)]
    first = [vectors[m] for m in leading]
    gone: list[Expr] = []
    for monomial in sorted(vectors.keys() - set(leading), key=_smallness):
        others = [v for m, v in kept.items() if m != monomial]
        if others and (
            (first and dominated(vectors[monomial], first, cone)) or dominated(vectors[monomial], others, cone)
        ):
            del kept[monomial]
            gone.append(Expr({monomial: 1}))
    return Growth(tuple(Expr({m: 1}) for m in kept), tuple(gone), cone)


def allowed_by(dropped: Dropped, facts: Facts) -> tuple[list[Expr], list[tuple[Expr, Expr]]]:
    """The facts without which a term would not go: orders, each an expression that is not negative, and pairs of which
    the first divides the second. None are needed where it goes since all sizes are at least 1."""
    needed = facts.copy()

    def enough(tried: Facts) -> bool:
        vectors = [_vector(term) for term in (dropped.term, *dropped.by)]
        return dominated(vectors[0], vectors[1:], _cone(vectors, tried))

    for name in ("divisibility", "orders"):
        for fact in list(getattr(needed, name)):
            fewer = needed.copy()
            getattr(fewer, name).remove(fact)
            if enough(fewer):
                needed = fewer
    return needed.orders, needed.divisibility


def smooth(expr: Expr, facts: Facts, constant: Collection[Symbol] = ()) -> Expr:
    """The expression without roundings, maxima and brackets: of no smaller growth, a sum of monomials."""
    return Smoother(facts, constant, lambda inner: growth(inner, facts, tuple(constant)).terms).whole(expr)


def within(expr: Expr, bound: Expr, facts: Facts) -> bool:
    """Is expr in O(bound)? Raises ArchError where that is not known: where the bound is not known from below."""
    if not tight(bound, facts):
        if any(facts.nonnegative(factor * bound - expr) for factor in (1, 10)):
            return True
        raise error(f"whether that is in O({show(bound)}) is not known: it may be smaller than each of its terms")
    mine, theirs = growth(expr, facts).terms, growth(bound, facts).terms
    if any(e < 0 and isinstance(a, Log) for term in (*mine, *theirs) for m in term.terms for a, e in m):
        mine, theirs = (tuple(map_atoms(term, _quotient) for term in terms) for terms in (mine, theirs))
    vectors = [_vector(t) for t in theirs]
    cone = _cone([_vector(t) for t in (*mine, *theirs)], facts)
    return all(dominated(_vector(term), vectors, cone) for term in mine if term.terms)


def _quotient(atom: Atom) -> Expr | None:
    """log_k N as log N / log k."""
    if not isinstance(atom, Log) or atom.base is None:
        return None
    return from_atom(Log(atom.argument, None)) * from_atom(Log(atom.base, None), -1)


def _vector(term: Expr) -> Vector:
    if not term.terms:
        return {}
    (monomial,) = term.terms
    return dict(monomial)


def _smallness(monomial: Monomial) -> tuple[Rational, str]:
    return sum(e for _, e in monomial), Expr({monomial: 1}).key


def _dominators(term: Expr, kept: list[Expr], cone: Sequence[Vector]) -> tuple[Expr, ...]:
    """One term that dominates alone, if there is one; else as few as do it together."""
    vector = _vector(term)
    for number in (1, 2) if len(kept) <= MANY else (1,):
        for some in combinations(kept, number):
            if dominated(vector, list(map(_vector, some)), cone):
                return some
    needed = list(kept)
    for one in kept:
        fewer = [other for other in needed if other is not one]
        if dominated(vector, list(map(_vector, fewer)), cone):
            needed = fewer
    return tuple(needed)


# ---------------------------------------------------------------- growth from below


def tight(expr: Expr, facts: Facts) -> bool:
    """Is the growth a lower bound too, for all sizes, up to a factor: Θ? False where this does not tell."""
    below = positive(expr) - expr
    if below.terms and not facts.nonnegative(expr - below):
        return False
    return all(
        _is_tight(atom, facts) if exponent > 0 else _divides_tightly(atom, facts)
        for monomial in expr.terms
        for atom, exponent in monomial
    )


def _divides_tightly(atom: Atom, facts: Facts) -> bool:
    """Is one divided by an atom no less than one by its leading terms, up to a factor? It is, wherever these lead."""
    match atom:
        case Group(content=content):
            return leads(-content if facts.nonnegative(-content) else content, facts)
        case Rounded(argument=argument):
            return leads(argument, facts)
        case _:
            return _is_tight(atom, facts)


def _is_tight(atom: Atom, facts: Facts) -> bool:
    match atom:
        case Symbol() | Exponential():
            return True
        case Rounded(direction="floor", argument=argument):
            return facts.nonnegative(argument - 1) and tight(argument, facts)
        case Rounded(argument=argument):
            return facts.positive(argument) and tight(argument, facts)
        case Extreme(operator="max", arguments=arguments):
            return all(facts.nonnegative(a) and tight(a, facts) for a in arguments)
        case Log(argument=argument) | Group(content=argument):
            return tight(argument, facts)
        case _:
            return False


# ---------------------------------------------------------------- the cone


def _cone(vectors: object, facts: Facts) -> list[Vector]:
    """Directions in which a monomial does not get smaller: sizes are at least 1, and the facts hold."""
    atoms: set[Atom] = set()
    assert hasattr(vectors, "__iter__")
    for vector in vectors:
        atoms |= set(vector)
    rows: list[Vector] = []
    for atom in sorted(atoms, key=lambda a: a.key):
        if not isinstance(atom, Log) or atom.base is None or facts.nonnegative(atom.argument - atom.base):
            rows.append({atom: 1})
        if isinstance(atom, Log):
            for symbol in atom.argument.symbols():
                rows.append({symbol: TINY, atom: -1})
        if isinstance(atom, Exponential) and has_log(atom.exponent):
            size = rounded_log(atom)
            if size is not None:  # N <= k^⌈log_k N⌉ <= k N
                most = size * atom.base
                rows.append(_difference({atom: 1}, _vector(size)))
                rows += [_difference(_vector(most), {atom: 1})] if len(most.terms) == 1 else []
        elif isinstance(atom, Exponential):
            for symbol in atom.exponent.symbols():
                rows.append({atom: 1, symbol: -HUGE})
            for symbol in atom.base.symbols():
                rows.append({atom: 1, symbol: -1})
    powers = sorted(
        (a for a in atoms if isinstance(a, Exponential) and a.base.constant), key=lambda a: a.base.constant or 0
    )
    for a, b in permutations(powers, 2):
        if a.exponent == b.exponent:  # as powers of whole numbers: 2^3 >= 3, and 2^5 >= 3^3 says more
            rows += [{a: _least_power(a.base, b.base, n), b: -n} for n in (1, 2, 3, 5)]
    for order in facts.orders:
        rows += _order_rows(map_atoms(order, _natural), atoms)
    for divisor, dividend in facts.divisibility:
        if len(divisor.terms) == 1 and len(dividend.terms) == 1:
            rows.append(_difference(_vector(dividend), _vector(divisor)))
    return [row for row in rows if row]


def _least_power(base: Expr, other: Expr, power: int) -> int:
    """The least power of a number that is no less than that power of another one."""
    number, least = Fraction(base.constant or 2), 0
    while number**least < Fraction(other.constant or 1) ** power:
        least += 1
    return least


def _natural(atom: Atom) -> Expr | None:
    """A logarithm to a number as base, rounded or not, as the natural one that growth has."""
    inner = atom.argument.atoms() if isinstance(atom, Rounded) and len(atom.argument.terms) == 1 else {atom}
    (log,) = inner if len(inner) == 1 else (None,)
    if isinstance(log, Log) and log.base is not None and log.base.constant is not None:
        return from_atom(Log(log.argument, None))
    return None


def _order_rows(order: Expr, atoms: set[Atom]) -> list[Vector]:
    """`big - small >= 0` with one term on each side; a constant on a side changes no growth."""
    big = [m for m, c in order.terms.items() if c > 0 and m]
    small = [m for m, c in order.terms.items() if c < 0 and m]
    if len(big) == 1:
        return [_difference(dict(big[0]), dict(monomial)) for monomial in small if set(dict(monomial)) & atoms]
    return []


def _difference(large: Vector, small: Vector) -> Vector:
    return {a: v for a in {**large, **small} if (v := large.get(a, 0) - small.get(a, 0))}


def dominated(term: Vector, others: list[Vector], cone: Sequence[Vector]) -> bool:
    """Is there a weighted geometric mean of the others that is the term times something in the cone?"""
    least = {atom for row in cone if len(row) == 1 for atom in row}  # what is at least 1
    for other in others:
        gaps = _difference(other, term)
        if all(gap > 0 and atom in least for atom, gap in gaps.items()):
            return True
    atoms = sorted({a for v in (term, *others, *cone) for a in v}, key=lambda a: a.key)
    rows: list[list[Rational]] = []
    for atom in atoms:
        weighed = [other.get(atom, 0) for other in others]
        rows.append([*weighed, *(-row.get(atom, 0) for row in cone), term.get(atom, 0)])
    rows.append([*(1 for _ in others), *(0 for _ in cone), 1])
    return feasible([_whole(row) for row in rows])


def _leads(term: Vector, others: list[Vector], cone: Sequence[Vector]) -> bool:
    """Is there a direction, among a few that are tried, in which the sizes may grow and the term outgrows all others?
    Such a term stays; the others take a linear programme each."""
    directions: list[Vector] = [dict.fromkeys(some, 1) for some in (*((atom,) for atom in term), tuple(term))]
    directions.append(term)
    for direction in directions:
        grown = _admitted(direction, cone)
        if grown is not None:
            reached = _along(grown, term)
            if all(_along(grown, other) < reached for other in others):
                return True
    return False


def _admitted(direction: Vector, cone: Sequence[Vector]) -> Vector | None:
    """The direction with other sizes growing as the facts demand; None where this does not come to an end soon."""
    grown = dict(direction)
    for _ in range(len(grown) + 3):
        changed = False
        for row in cone:
            short = -_along(grown, row)
            if short > 0:
                larger = [(atom, power) for atom, power in row.items() if power > 0]
                if not larger:
                    return None
                atom, power = larger[0]
                grown[atom] = grown.get(atom, 0) + Fraction(short) / power
                changed = True
        if not changed:
            return grown
    return None


def _along(direction: Vector, vector: Vector) -> Rational:
    return sum((direction[atom] * power for atom, power in vector.items() if atom in direction), 0)


def _whole(row: list[Rational]) -> list[int]:
    """An equation times a positive number that makes it whole."""
    factor = lcm(*(value.denominator for value in row))
    return [int(value * factor) for value in row]


def feasible(equations: list[list[int]]) -> bool:
    """Is there x >= 0 with Σ a_j x_j = b for every equation [a_1, …, b]? Phase one of the simplex method, exact, by
    Bland's rule; in whole numbers all over one denominator (Edmonds), for fractions cost ten times as much."""
    table = [[-value for value in row] if row[-1] < 0 else list(row) for row in equations]
    width = len(table[0]) - 1
    basis = [width + i for i in range(len(table))]  # artificial variables, whose sum is driven to zero
    table.append([-sum(row[j] for row in table) for j in range(width + 1)])
    denominator = 1
    while True:
        cost = table[-1]
        entering = next((j for j in range(width) if cost[j] < 0), None)
        if entering is None:
            return cost[-1] == 0
        leaving: int | None = None
        for i, row in enumerate(table[:-1]):
            if row[entering] <= 0:
                continue
            if leaving is None:
                leaving = i
                continue
            mine, best = row[-1] * table[leaving][entering], table[leaving][-1] * row[entering]
            if mine < best or (mine == best and basis[i] < basis[leaving]):
                leaving = i
        if leaving is None:
            return False
        chosen = table[leaving]
        pivot = chosen[entering]
        for i, row in enumerate(table):
            if i != leaving:
                times = row[entering]
                table[i] = [(a * pivot - times * b) // denominator for a, b in zip(row, chosen, strict=True)]
        denominator = pivot
        basis[leaving] = entering
