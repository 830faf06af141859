"""How the applications of layers in a body are told apart where their costs are added up.

By what they give, where that has a name of its own. Where it has not, as where `x = block(x)` stands twice, they are
numbered in their order: x = block⁽¹⁾(x), and what one costs is params(block⁽¹⁾).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from .. import formula as f
from ..document import Text
from ..notation import Symbols, to_unicode
from ..program import Call, Declared, Equation, Instance, Join, Node, Opaque, Recurrence, Split
from .repeats import in_order
from .shown import listed

# Applications that are named one by one where their costs are added up, and stretches of their numbers.
MOST_NAMED = 3
MOST_STRETCHES = 3


class Applications:
    """The applications in an instance, those in its repeats too; of a layer that `costs` nothing, nothing is added
    up."""

    def __init__(self, instance: Instance, costs: Callable[[Instance], bool]) -> None:
        self.calls = tuple(calls(instance.body))
        self._given = Counter(tensor.name for tensor in instance.inputs)
        self._given.update(given(instance.body))
        self._own = look(f.Words(instance.name)) if instance.kind == "layer" else ""  # what all of it is called
        taken = {self._own, *(look(f.Symbol(name)) for name in self._given)}
        often = Counter(call.instance.name for call in self.calls)
        nameless = {call.instance.name for call in self.calls if costs(call.instance) and not self._is_named(call)}
        told_apart = {name for name in nameless if often[name] > 1 or look(f.Words(name)) in taken}
        self._numbers: dict[Call, int] = {}
        counted: Counter[str] = Counter()
        for call in self.calls:
            name = call.instance.name
            if name in told_apart:
                counted[name] += 1
                self._numbers[call] = counted[name]

    def numbered(self) -> list[Call]:
        """The applications that have numbers."""
        return list(self._numbers)

    def number(self, call: Call) -> int | None:
        """The number that an application has in the equations, where it has one."""
        return self._numbers.get(call)

    def by_result(self, call: Call) -> bool:
        """Is its cost called by what it gives?"""
        return call not in self._numbers and self._is_named(call)

    def cost(self, quantity: str, alike: Sequence[Call]) -> f.Formula:
        """What alike applications cost together: params(q) + params(k), 6·params(block⁽¹⁾)."""
        if all(map(self.by_result, alike)):
            words: list[f.Formula] = [f.Symbol(call.results[0].name) for call in alike]
        else:
            words = [f.Words(alike[0].instance.name, self.number(alike[0]))] * len(alike)
        costs = tuple(f.Apply(quantity, (word,)) for word in words)
        if len(costs) == 1:
            return costs[0]
        if len(costs) <= MOST_NAMED and len(set(costs)) > 1:
            return f.Sum(costs)
        return f.Product((f.integer(len(costs)), costs[0]), dots=True)

    def often(self, alike: Sequence[Call]) -> Text:
        """How many alike applications there are, or which of those that have numbers: 1 to 6 and 9 alike."""
        many = len(alike)
        runs = list(stretches([self._numbers[call] for call in alike if call in self._numbers]))
        if 0 < len(runs) <= MOST_STRETCHES:
            return (", ", *listed(runs), " alike")
        return (", twice",) if many == 2 else (f", {many} times",)

    def _is_named(self, call: Call) -> bool:
        """Has what it gives a name that nothing else has?"""
        given = call.results[0].name
        return self._given[given] == 1 and look(f.Symbol(given)) != self._own


def calls(body: tuple[Node, ...]) -> Iterator[Call]:
    """Every application in a body, those inside its repeats too."""
    return (node for node in in_order(body) if isinstance(node, Call))


def stretches(numbers: Sequence[int]) -> Iterator[Text]:
    """Numbers that follow one another as stretches: 1 to 6, 9."""
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        stretch = [number for _, number in run]
        if len(stretch) < 3:
            yield from ((str(number),) for number in stretch)
        else:
            yield (f"{stretch[0]} to {stretch[-1]}",)


def given(body: tuple[Node, ...]) -> Iterator[str]:
    """The names that a body gives to tensors, and the bodies inside of it; one for all equations of a recurrence that
    have it."""
    for node in in_order(body):
        match node:
            case Declared(tensor=tensor) | Equation(target=tensor) | Opaque(target=tensor) | Join(result=tensor):
                yield tensor.name
            case Recurrence(equations=equations):
                yield from {equation.target.name for equation in equations}
            case Call(results=results) | Split(results=results):
                yield from {result.name for result in results}
            case _:
                pass


def look(formula: f.Formula) -> str:
    """What a reader tells formulas apart by."""
    return to_unicode(formula, Symbols())
