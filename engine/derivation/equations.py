"""Equations of a program as formulas: what stands in the derivation is the elaborated equation, with its options put
in."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from .. import formula as f
from ..algebra.atoms import Atom, Rounded
from ..algebra.expression import Expr
from ..document import Run
from ..elaborator.layers import hull
from ..forms import Layout
from ..formula import Formula
from ..notation import Symbols
from ..notation.symbols import LOOK
from ..program import Equation
from ..quantities.operations import all_indices
from ..scalars import (
    COMPARISONS,
    Choice,
    Index,
    Literal_,
    Lookup,
    Merged,
    Operation,
    Position,
    Read,
    Reduction,
    Scalar,
    Size,
    Subscript,
    Tensor,
)

LEADING = "…"  # what the names of positions on leading axes begin with
CONSTANTS: dict[str, Formula] = {"pi": f.Symbol("pi"), "inf": f.Infinity()}


def renaming(equation: Equation, layout: Layout) -> Layout:
    """The layout with primes for the indices that would look like a size: `N as "n"` beside an index n. As many primes
    as it takes: of `N as "n", n'` both are taken."""
    symbols = Symbols()
    looks = {symbols.in_latex(name) for name in layout.names.values() if LOOK in name}
    taken = looks | {symbols.in_latex(name) for name in layout.order if looks and name.endswith("'")}
    names: dict[Atom, str] = {}
    for index in all_indices(equation) if looks else ():
        name = index.name
        if symbols.in_latex(name) in looks:
            while symbols.in_latex(name) in taken:
                name += "'"
        if name != index.name:
            names[index.symbol] = name
    return layout.named(names) if names else layout


class Writer:
    """Writes equations; `layout` orders the names inside subscripts and constants."""

    def __init__(self, layout: Layout, called: Callable[[Tensor], str] = lambda tensor: tensor.name) -> None:
        self.layout = layout
        self.called = called  # the name of a tensor that is read

    def equation(self, equation: Equation) -> tuple[Formula, Formula]:
        """Both sides of an equation; in its subscripts its own indices stand first."""
        names = [index.symbol.name for index in all_indices(equation)]
        writer = Writer(renaming(equation, self.layout).after(names), self.called)
        left = writer.read(equation.target.name, equation.subscripts, equation.leading)
        return left, writer.scalar(equation.body, equation.leading)

    def read(self, name: str, subscripts: tuple[Subscript, ...], leading: int) -> Formula:
        """An element; leading axes that only pass through are not written."""
        shown = [self.subscript(s) for s in subscripts if not _passes(s)]
        hidden = len(shown) < len(subscripts)
        if not shown:
            return f.Symbol(name)
        return f.Read(name, tuple(shown), hidden)

    def subscript(self, subscript: Subscript) -> Formula:
        match subscript:
            case Position(value=value):
                return self.position(value)
            case Merged(parts=parts):
                return f.Group(tuple(map(self.subscript, parts)))
            case Lookup(scalar=scalar):
                return self.scalar(scalar, 0)
            case _:
                assert_never(subscript)

    def position(self, value: Expr) -> Formula:
        """Index arithmetic; n − m⌊n/m⌋ as n mod m."""
        for monomial, coefficient in value.terms.items():
            for atom, _ in monomial:
                if not isinstance(atom, Rounded) or atom.direction != "floor":
                    continue
                divisor = -Expr({tuple(pair for pair in monomial if pair[0] != atom): coefficient})
                rest = value - Expr({monomial: coefficient})
                if atom.argument * divisor == rest:
                    return f.Apply("mod", (self.layout.formula(rest), self.layout.formula(divisor)))
        return self.layout.formula(value)

    def scalar(self, scalar: Scalar, leading: int) -> Formula:
        match scalar:
            case Size(value=value):
                return self.position(value)
            case Literal_(text=text, value=value):
                return CONSTANTS[text] if value is None else f.Number(value, text)
            case Read(tensor=tensor, subscripts=subscripts):
                return self.read(self.called(tensor), subscripts, leading)
            case Choice(then=then, condition=condition, otherwise=otherwise):
                return f.Cases(*(self.scalar(part, leading) for part in (then, condition, otherwise)))
            case Reduction(kind=kind, indices=indices, where=where, body=body):
                shown = None if where is None else self.scalar(where, leading)
                return f.Reduction(kind, tuple(map(self.bound, indices)), self.scalar(body, leading), shown)
            case Operation(kind=kind, operands=operands):
                return self.operation(kind, [self.scalar(o, leading) for o in operands])
            case _:
                assert_never(scalar)

    def bound(self, index: Index) -> f.Bound:
        """An index under a reduction; its range is written where it is not simply that of an axis."""
        mentioned = index.lower.symbols() | index.upper.symbols()
        if any(symbol.name.startswith(LEADING) for symbol in mentioned):
            return f.Bound(self.index(index))  # as far as the position on a leading axis admits, which has no name here
        dependent = any(s.kind == "index" for s in mentioned)
        if dependent or index.lower.terms:
            return f.Bound(self.index(index), self.layout.formula(index.lower), self.layout.formula(index.upper))
        return f.Bound(self.index(index))

    def index(self, index: Index) -> Formula:
        return f.Symbol(self.layout.names.get(index.symbol, index.name))

    def ranges(self, equation: Equation) -> list[Formula]:
        """The ranges of the indices on the left that are not simply those of an axis: 0 ≤ m ≤ n."""
        writer = Writer(renaming(equation, self.layout))
        return [
            f.Relation((bound.lower, bound.index, bound.upper), ("<=", "<="))
            for bound in map(writer.bound, equation.indices)
            if bound.lower is not None and bound.upper is not None
        ]

    def operation(self, kind: str, operands: list[Formula]) -> Formula:
        match kind, operands:
            case "add", [a, b]:
                return f.Sum((*_terms(a), b))
            case "subtract", [a, b]:
                return f.Sum((*_terms(a), f.Negative(b)))
            case "multiply", [a, b]:
                squared = a == b and isinstance(a, f.Read | f.Symbol)  # what is computed twice is written twice
                return f.Power(a, f.integer(2)) if squared else f.Product((*_factors(a), b))
            case "divide", [a, f.Quotient(above=b, below=c)]:
                return f.Quotient(f.Product((c, *_factors(a))), b)  # by sqrt(2 D) / 4
            case "divide", [a, b]:
                return f.Quotient(a, b)
            case "negate", [a]:
                return f.Negative(a)
            case "power", [a, b]:
                return f.Power(a, b)
            case "log2", [a]:
                return f.Apply("log", (a,), f.integer(2))
            case "log", [a, b]:
                return f.Apply("log", (a,), b)
            case (("and" | "or" | "not"), _):
                return f.Logic(kind, tuple(operands))
            case _ if kind in COMPARISONS:
                return f.Relation(tuple(operands), (kind,))
            case _:
                return f.Apply(kind, tuple(operands))

    def shape(self, tensor: Tensor) -> list[Run]:
        """[N, D]: the sizes of the axes, as in the file."""
        words: list[Run] = ["["]
        for number, axis in enumerate(tensor.axes):
            words += [", "] if number else []
            if axis.ragged:
                words.append("≤ ")
            words.append(f.slashed(self.layout.formula(hull(axis, tensor))))
        return [*words, "]"]


def _passes(subscript: Subscript) -> bool:
    """Is this the position on a leading axis that an equation does not name?"""
    return isinstance(subscript, Position) and any(s.name.startswith(LEADING) for s in subscript.value.symbols())


def _terms(formula: Formula) -> tuple[Formula, ...]:
    return formula.terms if isinstance(formula, f.Sum) else (formula,)


def _factors(formula: Formula) -> tuple[Formula, ...]:
    return formula.factors if isinstance(formula, f.Product) and not formula.dots else (formula,)
