"""What an equation costs, as a reader checks it: the factors of the count, what each of them is, the closed form."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from .. import formula as f
from ..algebra.expression import ONE, Expr
from ..algebra.facts import Facts
from ..algebra.summation import NoClosedForm, sum_over
from ..conventions import Convention
from ..document import Run, Step, Text
from ..forms import Layout
from ..notation import Symbols, to_unicode
from ..program import Equation
from ..quantities.operations import MAC, Line
from ..quantities.totals import Counter
from ..scalars import Index, Merged, Position, Read, Subscript, Tensor
from .equations import Writer, renaming

_PLAIN = Symbols()


class CostWriter:
    """Writes the costs of equations and the volumes of weights."""

    def __init__(self, counter: Counter, layout: Layout) -> None:
        self.counter = counter
        self.layout = layout

    def volume(self, weight: Tensor) -> Step:
        """The number of elements of a weight."""
        sizes = [self.layout.formula(axis.size) for axis in weight.axes if axis.size != ONE]
        whole = ONE
        for axis in weight.axes:
            whole = whole * axis.size
        closed = self.layout.formula(whole)
        shown = closed
        if len(sizes) > 1 and closed != f.Product(tuple(sizes)):
            shown = equated(f.Product(tuple(sizes), dots=True), closed)
        return Step(f.Apply("params", (f.Symbol(weight.name),)), "=", shown, ("its volume",))

    def counts(self, equation: Equation, convention: Convention) -> Iterator[Step]:
        """The cost of an equation, its factors named; further operations of the same equation are added below."""
        name: f.Formula | None = f.Apply(convention.name, (f.Symbol(equation.target.name),))
        for line in self.counter.equation(equation):
            rate = convention.rate(line.kind)
            if not rate:
                continue
            closed = self.layout.formula(line.count * rate)
            factors = self.factors(equation, line, rate)
            words = self.reason(equation, line, rate, alone=not convention.rate("add"))
            yield Step(name, "=" if name is not None else "+", equated(factors, closed), words)
            name = None

    def factors(self, equation: Equation, line: Line, rate: int) -> f.Formula | None:
        """N · D · D: the sizes of the indices in their order, where their product is the count; a range that depends
        on another index is summed over it."""
        if line.reduced and "where the condition holds" not in line.what:
            return None
        ends = {index.symbol: index.lower.symbols() | index.upper.symbols() for index in line.over}
        dependent = [index for index in line.over if ends[index.symbol] & ends.keys()]
        over = {symbol for index in dependent for symbol in ends[index.symbol] & ends.keys()}
        outer = [index for index in line.over if index.symbol in over]
        whole = Expr({(): rate})
        shown: list[f.Formula] = [] if rate == 1 else [f.integer(rate)]
        for index in line.over:
            size = _size(index)
            if index not in dependent and index not in outer:
                whole = whole * size
                shown += [self.layout.formula(size)] if size != ONE else []
        if dependent:
            if len(outer) != 1 or outer[0] in dependent:
                return None
            summed = _summed(outer[0], dependent, self.counter.facts)
            if summed is None:
                return None
            whole = whole * summed
            layout = renaming(equation, self.layout)
            inner = tuple(layout.formula(_size(index)) for index in dependent)
            first, last = layout.formula(outer[0].lower), layout.formula(outer[0].upper)
            bound = f.Bound(Writer(layout).index(outer[0]), first, last)
            shown.append(f.Reduction("sum", (bound,), inner[0] if len(inner) == 1 else f.Product(inner, dots=True)))
        if whole != line.count * rate or len(shown) < 2:
            return None
        return f.Product(tuple(shown), dots=True)

    def reason(self, equation: Equation, line: Line, rate: int, *, alone: bool = True) -> Text:
        """What is done, and how often: "N positions, D outputs, D terms each". A multiply-add is `alone` unless its
        addition is counted by itself."""
        what = line.what if alone or line.kind != MAC else "a multiplication"
        words: list[Run] = [what if rate == 1 else f"{rate} for {what}"]
        name = Writer(renaming(equation, self.layout)).index
        if line.reduced:
            words.append(" over ")
            for number, index in enumerate(line.reduced):
                words += ([", "] if number else []) + [name(index)]
            return tuple(words)
        if line.kind == MAC and not _depend(line.over):
            named = self.named(equation, line.over)
            return tuple(named) if rate == 1 else (f"{rate} for each multiply-add: ", *named)
        shown = [index for index in line.over if not index.name.startswith("…")]
        hidden = [index for index in line.over if index.name.startswith("…")]
        if shown or hidden:
            words.append(" for each ")
            for number, index in enumerate(shown):
                words += ([", "] if number else []) + [name(index)]
            if hidden:
                words.append(" and leading position" if shown else "position")
        return tuple(words)

    def named(self, equation: Equation, over: Sequence[Index]) -> list[Run]:
        """The factors of a sum of products by what they are."""
        roles: dict[str, list[f.Formula]] = {}
        for index, role in zip(over, _roles(equation, over), strict=True):
            if _size(index) != ONE:
                roles.setdefault(role, []).append(f.slashed(self.layout.formula(_size(index))))
        words: list[Run] = []
        for role, sizes in roles.items():
            words += [", "] if words else []
            words += [sizes[0] if len(sizes) == 1 else f.Product(tuple(sizes), dots=True), f" {role}"]
        return words or ["a single one"]


def equated(left: f.Formula | None, right: f.Formula) -> f.Formula:
    """left = right, or one of them where both look the same."""
    if left is None or to_unicode(left, _PLAIN) == to_unicode(right, _PLAIN):
        return right
    return f.Relation((left, right), ("=",))


def _size(index: Index) -> Expr:
    return index.upper - index.lower + 1


def _depend(over: Sequence[Index]) -> bool:
    names = {index.symbol for index in over}
    return any((index.lower.symbols() | index.upper.symbols()) & names for index in over)


def _summed(outer: Index, dependent: Sequence[Index], facts: Facts) -> Expr | None:
    product = ONE
    for index in dependent:
        product = product * _size(index)
    try:
        return sum_over(product, outer.symbol, outer.lower, outer.upper, facts)
    except NoClosedForm:
        return None


def _roles(equation: Equation, over: Sequence[Index]) -> list[str]:
    """What the values of each index are. An index of weights alone counts outputs, one of data alone positions, one of
    both channels, or groups if there are outputs in each; what is summed over are the terms. Without weights, and where
    these mix positions and not channels, the free indices count elements."""
    bound = {index.symbol for index in over} - {index.symbol for index in equation.indices}
    reads = [read for read in equation.reads if not bound or bound & _mentioned([read])]
    weights = _mentioned(read for read in reads if read.tensor.kind == "weight")
    data = _mentioned(read for read in reads if read.tensor.kind != "weight")
    free = {index.symbol for index in equation.indices}
    outputs = any(i.symbol in free and i.symbol in weights and i.symbol not in data and _size(i) != ONE for i in over)
    found = []
    for index in over:
        symbol = index.symbol
        if symbol not in free:
            found.append("terms each")
        elif not weights or any(_mixes_positions(read, bound) for read in reads if read.tensor.kind != "weight"):
            found.append("elements")
        elif symbol not in weights:
            found.append("positions")
        elif symbol not in data:
            found.append("outputs")
        else:
            found.append("groups" if outputs else "channels")
    return found


def _mixes_positions(read: Read, bound: Collection[object]) -> bool:
    """Is it an axis before the last that is summed over, and the last is not? The channels stand last."""
    symbols = [set(_symbols(subscript)) for subscript in read.subscripts]
    return bool(symbols) and not symbols[-1] & set(bound) and any(own and own <= set(bound) for own in symbols[:-1])


def _mentioned(reads: Iterable[Read]) -> set[object]:
    return {symbol for read in reads for subscript in read.subscripts for symbol in _symbols(subscript)}


def _symbols(subscript: Subscript) -> Iterator[object]:
    match subscript:
        case Position(value=value):
            yield from value.symbols()
        case Merged(parts=parts):
            for part in parts:
                yield from _symbols(part)
        case _:
            pass
