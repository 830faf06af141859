"""Small sizes for a picture: a program and wanted numbers of positions in, sizes at which its facts hold out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from ..algebra.atoms import Symbol
from ..algebra.expression import Expr
from ..program import Assumption, Dimension, Program
from .arithmetic import At, Number, number

# Numbers for what is no sequence: widths, kernels, heads. The example value comes first if it is as small.
FEW = (2, 3, 4, 1, 6, 8, 12, 16)
SMALL = 4
# A search that has tried so many sizes finds none; the turns of repeats at which a fact about all turns is looked at.
TRIES = 20_000
TURNS = 4


def small_sizes(
    program: Program, long: frozenset[Symbol], lengths: Sequence[int], given: Mapping[str, Fraction]
) -> dict[Symbol, Number] | None:
    """Sizes for every dim: those of `given` as they are, the `long` ones of `lengths`, all others small. None if no
    facts hold at any."""
    domains = {d.symbol: _domain(d, lengths if d.symbol in long else None, given) for d in program.dimensions}
    facts = [(fact, _named(fact)) for fact in program.assumptions]
    order = sorted(domains, key=lambda s: (len(domains[s]) > 1, s not in long))
    return next(_assigned(order, domains, facts, {}, [TRIES]), None)


def _domain(dimension: Dimension, lengths: Sequence[int] | None, given: Mapping[str, Fraction]) -> Sequence[Number]:
    value: Number | None = given.get(dimension.symbol.name, dimension.value)
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    if dimension.symbol.kind == "ratio":
        return [value if value is not None else Fraction(1, 2)]
    if value is not None and (dimension.fixed or dimension.symbol.name in given):
        return [value]
    if lengths is not None:
        return lengths
    first = [value] if value is not None and value <= SMALL else []
    return [*first, *(n for n in FEW if n not in first), *([value] if value is not None and value > SMALL else [])]


def _assigned(
    order: Sequence[Symbol],
    domains: Mapping[Symbol, Sequence[Number]],
    facts: Sequence[tuple[Assumption, frozenset[Symbol]]],
    known: dict[Symbol, Number],
    left: list[int],
) -> Iterator[dict[Symbol, Number]]:
    """Depth first, a fact looked at as soon as its sizes are there."""
    if not order:
        yield dict(known)
        return
    symbol, *rest = order
    for value in domains[symbol]:
        left[0] -= 1
        if left[0] < 0:
            return
        at = {**known, symbol: value}
        if all(holds(fact, at) for fact, names in facts if symbol in names and names <= at.keys()):
            yield from _assigned(rest, domains, facts, at, left)


def holds(fact: Assumption, at: At) -> bool:
    """Is a fact true at these sizes? One that speaks of the turns of a repeat is looked at for the first ones."""
    turns = sorted((fact.left.symbols() | fact.right.symbols()) - at.keys(), key=lambda s: s.key)
    if turns:
        return all(holds(fact, {**at, turns[0]: turn}) for turn in range(TURNS))
    try:
        left, right = number(fact.left, at), number(fact.right, at)
    except (ArithmeticError, ValueError):
        return False
    match fact.kind:
        case "divides":
            return left != 0 and Fraction(right) % Fraction(left) == 0
        case "order":
            return left <= right
        case "equal":
            return left == right


def _named(fact: Assumption) -> frozenset[Symbol]:
    return frozenset(s for s in fact.left.symbols() | fact.right.symbols() if s.kind in ("dim", "ratio"))


def long_symbols(sizes: Sequence[Expr]) -> frozenset[Symbol]:
    """The dims in the sizes of sequences."""
    return frozenset(symbol for size in sizes for symbol in size.symbols() if symbol.kind == "dim")
