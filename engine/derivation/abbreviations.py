"""Short names in a document: those that the file's `let` lines give with a look or a note, N = HW/P², and those of long
rounded sizes that come up again and again, as a paper would introduce them: r₁ = ⌊kθ(L + 8)/6⌋.

A document explains them in its notation; formulas elsewhere (JSON, Python) are written out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .. import formula as f
from ..algebra.atoms import UNIT, Atom, Exponential, Extreme, Group, Log, Monomial, Rounded, Summation, Symbol, parts
from ..algebra.expression import ZERO, Expr, from_atom
from ..algebra.substitution import map_atoms
from ..forms import Layout
from ..notation.symbols import look_of
from ..program import Program

LETTERS = ("r", "u", "q", "s")
# An atom is given a name that prints so many names of its own, in so many terms.
LONG = 4
OFTEN = 3


@dataclass(frozen=True)
class Abbreviation:
    """A name, what it stands for, how that is written with the names before it, and what its author says of it."""

    name: str
    expr: Expr
    formula: f.Formula
    note: str = ""


def abbreviations(exprs: Iterable[Expr], layout: Layout, taken: set[str]) -> tuple[Layout, list[Abbreviation]]:
    """The layout with a name for every atom that is worth one, and the names, each after those that it mentions."""
    seen: Counter[Atom] = Counter()
    for expr in exprs:
        for monomial in expr.terms:
            seen.update(atom for top, _ in monomial for atom in dict.fromkeys(_inside(top)))
    worth = [a for a, n in seen.items() if n >= OFTEN and f.measure(layout.formula(from_atom(a))) >= LONG]
    worth.sort(key=lambda atom: (len(list(_inside(atom))), atom.key))
    letter = next((c for c in LETTERS if c not in taken and f"{c}_1" not in taken), None)
    if not worth or letter is None:
        return layout, []
    names: dict[Atom, str] = {}
    found = []
    for number, atom in enumerate(worth, start=1):
        name = letter if len(worth) == 1 else f"{letter}_{number}"
        found.append(Abbreviation(name, from_atom(atom), layout.named(names).formula(from_atom(atom))))
        names[atom] = name
    return layout.named(names), found


def _inside(atom: Atom) -> Iterator[Atom]:
    """An atom and those in it, of the kinds that are given names."""
    for part in parts(atom):
        for other in part.atoms():
            yield from _inside(other)
    if isinstance(atom, Rounded | Extreme):
        yield atom


# ---------------------------------------------------------------- the file's own


class LetLayout(Layout):
    """A layout that writes the abbreviations of a file where their value is a factor: ND², not HWD²/P²."""

    def __init__(
        self, order: Sequence[str], form: str, names: Mapping[Atom, str], lets: Sequence[tuple[Symbol, Monomial]]
    ) -> None:
        super().__init__(order, form, names)
        self.lets = lets
        # HW/(P²R²) is looked for before the HW/P² in it
        self.widest = sorted(lets, key=lambda item: -sum(abs(float(exponent)) for _, exponent in item[1]))

    def after(self, first: Iterable[str]) -> Layout:
        order = [name for name in (*first, *self.order) if all(name != symbol.name for symbol, _ in self.lets)]
        return LetLayout(_placed(list(dict.fromkeys(order)), self.lets), self.form, self.names, self.lets)

    def named(self, names: Mapping[Atom, str]) -> Layout:
        return LetLayout(list(self.order), self.form, {**self.names, **names}, self.lets)

    def formula(self, expr: Expr) -> f.Formula:
        return super().formula(self.shortened(expr))

    def shortened(self, expr: Expr) -> Expr:
        """The expression in terms of the abbreviations, inside rounded sizes too, but in those with a name already."""
        result = ZERO
        for monomial, coefficient in expr.terms.items():
            short = monomial
            for symbol, value in self.widest:
                short = _divided(short, value, symbol)
            result = result + Expr({short: coefficient})
        return map_atoms(result, lambda atom: None if atom in self.names else from_atom(_changed(atom, self.shortened)))


def expanded(layout: Layout) -> Layout:
    """The same order of names and the same abbreviations, always expanded."""
    if isinstance(layout, LetLayout):
        return LetLayout(list(layout.order), "expanded", layout.names, layout.lets)
    return Layout(list(layout.order), "expanded", layout.names)


def with_lets(layout: Layout, program: Program) -> tuple[Layout, list[Abbreviation]]:
    """The layout with the abbreviations of the file, and what each stands for. One is written where its value is one
    term of several sizes, as a factor; before the sizes that it is made of."""
    found: list[Abbreviation] = []
    names: dict[Atom, str] = {}
    used: list[tuple[Symbol, Monomial]] = []
    for dimension, value in program.lets:
        look = look_of(dimension.symbol.name, dimension.latex)
        found.append(Abbreviation(look, value, layout.formula(value), dimension.note or ""))
        monomial, coefficient = next(iter(value.terms.items()))
        if len(value.terms) > 1 or coefficient != 1 or (len(monomial) == 1 and isinstance(monomial[0][0], Symbol)):
            continue
        used.append((dimension.symbol, monomial))
        names[dimension.symbol] = look
    if not used:
        return layout, found
    return LetLayout(_placed(list(layout.order), used), layout.form, {**layout.names, **names}, used), found


def _placed(order: list[str], lets: Sequence[tuple[Symbol, Monomial]]) -> list[str]:
    """The order with every abbreviation before the first size that it is made of."""
    for symbol, value in lets:
        made_of = {s.name for s in Expr({value: 1}).symbols()}
        order.insert(next((n for n, name in enumerate(order) if name in made_of), len(order)), symbol.name)
    return order


def _divided(monomial: Monomial, value: Monomial, symbol: Symbol) -> Monomial:
    """The monomial with the value taken out as often as it is in it whole, and the symbol in its place."""
    powers = dict(monomial)
    times = min(int(powers.get(atom, 0) / exponent) for atom, exponent in value)
    if times < 1:
        return monomial
    left = {**powers, **{atom: powers[atom] - times * exponent for atom, exponent in value}, symbol: times}
    return tuple(sorted(((atom, e) for atom, e in left.items() if e), key=lambda item: item[0].key)) or UNIT


def _changed(atom: Atom, change: Callable[[Expr], Expr]) -> Atom:
    """The atom with other expressions in it, as they stand: they are to be read, not calculated with."""
    match atom:
        case Symbol():
            return atom
        case Rounded(direction=direction, argument=argument):
            return Rounded(direction, change(argument))
        case Log(argument=argument, base=base):
            return Log(change(argument), None if base is None else change(base))
        case Exponential(base=base, exponent=exponent):
            return Exponential(change(base), change(exponent))
        case Extreme(operator=operator, arguments=arguments):
            return Extreme(operator, tuple(map(change, arguments)))
        case Group(content=content):
            return Group(change(content))
        case Summation(index=index, first=first, last=last, term=term):
            return Summation(index, change(first), change(last), change(term))
