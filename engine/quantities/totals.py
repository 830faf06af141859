"""Quantities that add up: parameters, buffers and operations of a body, an instance, a repeat, a choice, a shared
layer.

A repeat's cost is its body's, summed over its turns in closed form; an instance that is called twice is counted once
and added twice; a set of shared weights is counted once for each time that it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..algebra.expression import ZERO, Expr, const
from ..algebra.facts import Facts
from ..algebra.summation import sum_or_keep
from ..errors import ArchError, error
from ..program import (
    Call,
    Choose,
    Declared,
    Equation,
    Gathered,
    Instance,
    Join,
    Node,
    Opaque,
    Parallel,
    Recurrence,
    Repeat,
    Share,
    Shared,
    Split,
)
from .operations import Line, count_equation
from .spaces import elements

Enclosing = Repeat | Choose | Parallel


@dataclass(frozen=True)
class Weights:
    """What is held: trained parameters, those of them that one input uses, and buffers."""

    params: Expr = ZERO
    active: Expr = ZERO
    buffers: Expr = ZERO

    def __add__(self, other: Weights) -> Weights:
        return Weights(self.params + other.params, self.active + other.active, self.buffers + other.buffers)

    def map(self, change: Callable[[Expr], Expr]) -> Weights:
        return Weights(change(self.params), change(self.active), change(self.buffers))


@dataclass(frozen=True)
class Totals:
    """What a body costs: its own weights, those of sets that are shared with others, operations by kind."""

    own: Weights = Weights()
    shared: Mapping[Shared, Weights] = field(default_factory=dict)
    operations: dict[str, Expr] = field(default_factory=dict)

    @property
    def weights(self) -> Weights:
        return sum(self.shared.values(), self.own)

    @property
    def params(self) -> Expr:
        return self.weights.params

    @property
    def active(self) -> Expr:
        return self.weights.active

    @property
    def buffers(self) -> Expr:
        return self.weights.buffers

    def __add__(self, other: Totals) -> Totals:
        kinds = dict(self.operations)
        for kind, count in other.operations.items():
            kinds[kind] = kinds[kind] + count if kind in kinds else count
        return Totals(self.own + other.own, {**self.shared, **other.shared}, kinds)

    def billed(self, rates: dict[str, int]) -> Expr:
        """The number under a convention: operations of each kind times what it bills for one; `rates['*']` is for all
        others."""
        result = ZERO
        for kind, count in self.operations.items():
            rate = rates.get(kind, rates.get("*", 0))
            if rate:
                result = result + count * rate
        return result


class Counter:
    """Counts the parts of one program; every instance and every equation once. `boxed`: ranges that depend on other
    indices count as the box around them."""

    def __init__(self, facts: Facts, *, boxed: bool = False) -> None:
        self.facts = facts
        self.boxed = boxed
        self._instances: dict[Instance, Totals] = {}
        self._equations: dict[Equation, tuple[Line, ...]] = {}
        self.at_most = False  # does data or a condition decide how many terms there are?

    def instance(self, instance: Instance) -> Totals:
        if instance not in self._instances:
            self._instances[instance] = self.body(instance.body)
        return self._instances[instance]

    def body(self, nodes: tuple[Node, ...]) -> Totals:
        """The sum over the nodes; weights that are shared within the body are its own."""
        result = Totals()
        for node in nodes:
            cost = self.node(node)
            for shared, weights in cost.shared.items():
                if result.shared.get(shared, weights) != weights:
                    raise _other_sizes(shared, node)
            result = result + cost
        made = {node.shared for node in nodes if isinstance(node, Share)}
        own = sum((weights for shared, weights in result.shared.items() if shared in made), result.own)
        return Totals(own, {s: w for s, w in result.shared.items() if s not in made}, result.operations)

    def equation(self, equation: Equation) -> tuple[Line, ...]:
        if equation not in self._equations:
            self._equations[equation] = count_equation(equation, self.facts, boxed=self.boxed)
            self.at_most |= any(line.at_most for line in self._equations[equation])
        return self._equations[equation]

    def node(self, node: Node) -> Totals:
        match node:
            case Declared(kind=kind, tensor=tensor, span=span):
                size = elements(tensor, self.facts, span)
                if kind == "weight":
                    return Totals(Weights(params=size, active=size))
                return Totals(Weights(buffers=size)) if kind == "buffer" else Totals()
            case Equation():
                return self._operations(node)
            case Recurrence(equations=equations):
                result = Totals()
                for equation in equations:
                    result = result + self._operations(equation)
                return result
            case Join() | Split() | Share():
                return Totals()
            case Opaque():
                return Totals(operations=stated(node))
            case Call(instance=instance, shared=shared):
                inside = self.instance(instance)
                if shared is None:
                    return inside
                return Totals(Weights(), {**inside.shared, shared: inside.own}, inside.operations)
            case Repeat() | Parallel():
                return self._all(self.body(node.body), node)
            case Choose():
                return self._chosen(self.body(node.body), node)

    def _operations(self, equation: Equation) -> Totals:
        kinds: dict[str, Expr] = {}
        for line in self.equation(equation):
            kinds[line.kind] = kinds.get(line.kind, ZERO) + line.count
        return Totals(operations=kinds)

    def _all(self, turn: Totals, node: Repeat | Parallel) -> Totals:
        """The sum over all turns, or all bodies side by side; `shared` turns have one set of weights."""
        self._same_weights(turn, node)
        own = turn.own
        shared = isinstance(node, Repeat) and node.how == "shared"
        if shared and any(cost.mentions(node.symbol) for cost in (own.params, own.buffers)):
            raise error(
                "the turns of this `repeat … shared` have weights of different sizes",
                node.span,
                hint="without `shared` every turn has its own",
            )
        kinds = {kind: self.operations_of_all(count, node) for kind, count in turn.operations.items()}
        return Totals(own.map(lambda cost: self.weights_of_all(cost, node)), turn.shared, kinds)

    def weights_of_all(self, cost: Expr, node: Enclosing) -> Expr:
        """Weights of one turn, or of one body of several, in all of them."""
        return cost if isinstance(node, Repeat) and node.how == "shared" else self.sum_turns(cost, node)

    def operations_of_all(self, cost: Expr, node: Enclosing) -> Expr:
        """Operations of one turn in all of them; of bodies to choose from, in those that are chosen."""
        return cost * node.chosen if isinstance(node, Choose) else self.sum_turns(cost, node)

    def sum_turns(self, cost: Expr, node: Enclosing) -> Expr:
        """The sum over the turns: in closed form, or as a sum that stays."""
        if not cost.mentions(node.symbol):
            return cost * node.count
        return sum_or_keep(cost, node.symbol, const(0), node.count - 1, self.facts)

    def _chosen(self, one: Totals, node: Choose) -> Totals:
        """All sets of weights are held; each position runs `chosen` bodies, and adds up what they give."""
        self._same_weights(one, node)
        kinds: dict[str, Expr] = {}
        for kind, count in one.operations.items():
            if count.mentions(node.symbol):
                raise error(
                    f"the {node.symbol.name}-th body of this `choose` costs more than others, so the cost depends on "
                    "which of them are chosen",
                    node.span,
                    hint="bodies of one cost can be chosen from",
                )
            kinds[kind] = self.operations_of_all(count, node)
        for result in node.results:
            kinds["add"] = kinds.get("add", ZERO) + self.added_up(result, node)
        own = one.own.map(lambda cost: self.weights_of_all(cost, node))
        return Totals(Weights(own.params, one.own.active * node.chosen, own.buffers), one.shared, kinds)

    def added_up(self, result: Gathered, node: Choose) -> Expr:
        """Additions over the bodies that were chosen, for one of the tensors that they bind."""
        return elements(result.outer, self.facts, node.span) * (node.chosen - 1)

    def _same_weights(self, turn: Totals, node: Enclosing) -> None:
        for shared, weights in turn.shared.items():
            if weights.params.mentions(node.symbol) or weights.buffers.mentions(node.symbol):
                raise _other_sizes(shared, node)


def stated(node: Opaque) -> dict[str, Expr]:
    """The operations that an `opaque` states: its multiply-adds, and all others as one kind."""
    costs = dict(node.stated)
    macs = costs.get("macs", ZERO)
    return {"mac": macs, "stated": costs.get("exact", ZERO) - macs}


def _other_sizes(shared: Shared, node: Node) -> ArchError:
    return error(
        f"`{shared.name}` is one set of weights, and here it would have another size than before",
        node.span,
        hint="`share` a layer for each size",
    )
