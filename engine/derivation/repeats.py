"""Repeats, choices and bodies side by side: how their sizes change, and how the costs of all turns are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .. import formula as f
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, from_atom
from ..algebra.substitution import substitute
from ..conventions import Convention
from ..document import Block, Paragraph, Run, Step, Steps, Text
from ..forms import Layout
from ..program import Call, Changing, Choose, Declared, Equation, Node, Parallel, Repeat, nested
from ..quantities.totals import Enclosing

HOW = {
    "shared": ", with the same weights each time",
    "recomputed": "; training keeps what each turn begins with, and computes the rest again",
    "reversible": "; training keeps the last output, and computes the others back from it",
    "connected": ", as many as it takes to join every admitted pair of positions",
}


class RepeatWriter:
    """Writes what stands around a body: how often it runs, with which sizes, and what all turns are together."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def heading(self, node: Enclosing, name: str, within: str) -> Iterator[Block]:
        """A line that says how often a body runs, and what each time is called where there are several, `within` what
        it stands; of sizes that change, the steps to their closed form."""

        def shown(size: Expr) -> f.Formula:
            return f.slashed(self.layout.formula(size))

        first = (f.Symbol(node.symbol.name), " from 0 on")
        outer: Text = (", in ", f.Symbol(within)) if within else ()
        named: Text = (" (", f.Symbol(name), *outer, ")") if "_" in name else ()
        match node:
            case Repeat(count=count, how=how):
                index: Text = (", ", *first) if is_numbered(node) else ()
                once = count.constant == 1
                times: Text = ("Run once",) if once else ("Repeated ", shown(count), " times", *index)
                yield Paragraph((*times, HOW.get(how or "", ""), *named, ":"))
                if node.sizes:
                    yield Steps(tuple(step for size in node.sizes for step in self.size(size, node)))
            case Parallel(count=count):
                words = ", each with weights of its own; what they give is stacked on a new first axis:"
                yield Paragraph((shown(count), " bodies side by side", *named, ", ", *first, words))
            case Choose(count=count, chosen=chosen):
                yield Paragraph(
                    (
                        shown(count),
                        " bodies",
                        *named,
                        ", ",
                        *first,
                        ", each with weights of its own. Each position runs ",
                        shown(chosen),
                        " of them, and what these give is added up:",
                    )
                )

    def size(self, size: Changing, node: Repeat) -> Iterator[Step]:
        """C_0 = k_0, C_{i+1} = C_i + k, so C_i = k_0 + k i."""
        name, turn = size.symbol.name, f.Symbol(node.symbol.name)
        here = f.Read(name, (turn,))
        yield Step(f.Read(name, (f.integer(0),)), "=", self.layout.formula(size.initial), ("before the first turn",))
        if size.update is not None:
            following = f.Read(name, (f.Sum((turn, f.integer(1))),))
            entry = Symbol(f"{name}_{node.symbol.name}", "dim", size.symbol.number)
            first = self.layout.after([entry.name])  # C_i + k, not k + C_i
            update = first.formula(substitute(size.update, {size.symbol: from_atom(entry)}))
            yield Step(following, "=", _indexed(update, entry.name, here), ("what a turn makes of it",))
        yield Step(here, "=", self.layout.formula(size.solution), ("on entry to turn ", turn))

    def called(self, node: Enclosing, name: str) -> list[Run]:
        """Which body it is that a list tells the costs of."""
        count = f.slashed(self.layout.formula(node.count))
        if "_" not in name:
            return ["one turn of the repeat" if isinstance(node, Repeat) else "one body"]
        if node.count.constant == 1:
            return [f.Symbol(name), ", which is run once"]
        return [f.Symbol(name), ", one of ", count, " turns" if isinstance(node, Repeat) else " bodies"]

    def together(self, node: Enclosing, name: str, quantity: str, convention: Convention | None) -> f.Formula:
        """The cost of all turns: their sum; that of one where there is but one, or where all have the same weights."""
        one = f.Apply(quantity, (f.Symbol(name),))
        if node.count.constant == 1:
            return one
        number = name.partition("_")[2]
        if convention is None and isinstance(node, Repeat) and node.how == "shared":
            return f.Apply(quantity, (f.Symbol(f"repeat_{number}" if number else "repeat"),))
        if convention is not None and isinstance(node, Choose):
            return f.Apply(quantity, (f.Symbol(f"chosen_{number}" if number else "chosen"),))
        index, last = f.Symbol(node.symbol.name), self.layout.formula(node.count - 1)
        if isinstance(last, f.Quotient):  # L/2 - 1, not (L - 2)/2
            last = f.Sum((f.slashed(self.layout.formula(node.count)), f.Negative(f.integer(1))))
        return f.Reduction("sum", (f.Bound(index, f.integer(0), last),), one)

    def reason(self, node: Enclosing, turn: Expr, convention: Convention | None) -> Text:
        """Why all turns cost what they do."""
        if convention is None and isinstance(node, Repeat) and node.how == "shared":
            return ("the same weights at every turn",)
        if convention is not None and isinstance(node, Choose):
            return ("times ", self.layout.formula(node.chosen))
        if turn.mentions(node.symbol):
            return ("summed over the turns" if isinstance(node, Repeat) else "summed over the bodies",)
        return ("all alike: times ", self.layout.formula(node.count))


def names_of(body: tuple[Node, ...]) -> dict[Enclosing, str]:
    """What one turn or body of each repeat, choice and set of bodies is called, in the order in which they begin."""
    found = list(_enclosing(body))
    words = ["turn" if isinstance(node, Repeat) else "body" for node in found]
    if len(found) == 1:
        return {found[0]: words[0]}
    return {node: f"{word}_{number}" for number, (node, word) in enumerate(zip(found, words, strict=True), start=1)}


def is_numbered(node: Repeat) -> bool:
    """Is the number of the turn worth a name?"""
    return bool(node.sizes) or any(_mentions(inner, node.symbol) for inner in node.body)


def _mentions(node: Node, symbol: Symbol) -> bool:
    match node:
        case Declared(tensor=tensor) | Equation(target=tensor):
            return any(axis.size.mentions(symbol) for axis in tensor.axes)
        case Call(results=results, instance=instance):
            sizes = [value for _, value in instance.sizes]
            return any(size.mentions(symbol) for size in sizes) or any(
                axis.size.mentions(symbol) for tensor in results for axis in tensor.axes
            )
        case _:
            return any(_mentions(inner, symbol) for inner in nested(node))


def running(body: tuple[Node, ...]) -> tuple[Node, ...]:
    """The nodes of a body without repeats of no turns, of which there is nothing to be told."""
    return tuple(node for node in body if not (isinstance(node, Repeat) and node.count.constant == 0))


def in_order(body: tuple[Node, ...]) -> Iterator[Node]:
    """Every node of a body, those inside a repeat where it stands."""
    for node in running(body):
        yield node
        yield from in_order(nested(node))


def _enclosing(body: tuple[Node, ...]) -> Iterator[Enclosing]:
    for node in running(body):
        if isinstance(node, Repeat | Choose | Parallel):
            yield node
            yield from _enclosing(node.body)


def _indexed(formula: f.Formula, name: str, read: f.Formula) -> f.Formula:
    """The formula with the placeholder of a size at turn i written as C_i."""
    match formula:
        case f.Symbol(name=found):
            return read if found == name else formula
        case f.Sum(terms=terms):
            return f.Sum(tuple(_indexed(t, name, read) for t in terms))
        case f.Negative(value=value):
            return f.Negative(_indexed(value, name, read))
        case f.Product(factors=factors, dots=dots):
            return f.Product(tuple(_indexed(t, name, read) for t in factors), dots)
        case f.Quotient(above=above, below=below, inline=inline):
            return f.Quotient(_indexed(above, name, read), _indexed(below, name, read), inline)
        case f.Power(base=base, exponent=exponent):
            return f.Power(_indexed(base, name, read), _indexed(exponent, name, read))
        case f.Apply(arguments=arguments):
            return replace(formula, arguments=tuple(_indexed(a, name, read) for a in arguments))
        case _:
            return formula


__all__ = ["RepeatWriter", "names_of"]
