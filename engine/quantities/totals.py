"""Quantities that add up: parameters, buffers and operations of a body, an instance, a repeat, a shared layer.

A repeat's cost is its body's, summed over its turns in closed form; an instance that is called twice is counted once
and added twice; the weights of a shared layer are counted at its first use.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..algebra.expression import ZERO, Expr, const
from ..algebra.facts import Facts
from ..algebra.summation import NoClosedForm, sum_over
from ..errors import unsupported
from ..program import Call, Declared, Equation, Instance, Join, Node, Recurrence, Repeat, Split
from .operations import Line, count_equation
from .spaces import elements


@dataclass(frozen=True)
class Totals:
    """What a body costs. `operations` are by kind."""

    params: Expr = ZERO
    buffers: Expr = ZERO
    operations: dict[str, Expr] = field(default_factory=dict)

    def __add__(self, other: Totals) -> Totals:
        kinds = dict(self.operations)
        for kind, count in other.operations.items():
            kinds[kind] = kinds[kind] + count if kind in kinds else count
        return Totals(self.params + other.params, self.buffers + other.buffers, kinds)

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
    """Counts the parts of one program; every instance and every equation once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._instances: dict[Instance, Totals] = {}
        self._equations: dict[Equation, tuple[Line, ...]] = {}

    def instance(self, instance: Instance) -> Totals:
        if instance not in self._instances:
            self._instances[instance] = self.body(instance.body)
        return self._instances[instance]

    def body(self, nodes: tuple[Node, ...]) -> Totals:
        result = Totals()
        for node in nodes:
            result = result + self.node(node)
        return result

    def equation(self, equation: Equation) -> tuple[Line, ...]:
        if equation not in self._equations:
            self._equations[equation] = count_equation(equation, self.facts)
        return self._equations[equation]

    def node(self, node: Node) -> Totals:
        match node:
            case Declared(kind=kind, tensor=tensor, span=span):
                size = elements(tensor, self.facts, span)
                return (
                    Totals(params=size) if kind == "weight" else Totals(buffers=size) if kind == "buffer" else Totals()
                )
            case Equation():
                return self._operations(node)
            case Recurrence(equations=equations):
                result = Totals()
                for equation in equations:
                    result = result + self._operations(equation)
                return result
            case Join() | Split():
                return Totals()
            case Call(instance=instance, first=first):
                inside = self.instance(instance)
                return inside if first else Totals(ZERO, ZERO, inside.operations)
            case Repeat():
                return self.repeated(self.body(node.body), node)

    def _operations(self, equation: Equation) -> Totals:
        kinds: dict[str, Expr] = {}
        for line in self.equation(equation):
            kinds[line.kind] = kinds.get(line.kind, ZERO) + line.count
        return Totals(operations=kinds)

    def repeated(self, turn: Totals, node: Repeat) -> Totals:
        """The sum over all turns."""
        return Totals(
            self.sum_turns(turn.params, node),
            self.sum_turns(turn.buffers, node),
            {kind: self.sum_turns(count, node) for kind, count in turn.operations.items()},
        )

    def sum_turns(self, cost: Expr, node: Repeat) -> Expr:
        if not cost.mentions(node.symbol):
            return cost * node.count
        try:
            return sum_over(cost, node.symbol, const(0), node.count - 1, self.facts)
        except NoClosedForm as failure:
            raise unsupported(
                f"a repeat whose cost has no closed sum over its turns ({failure.reason})", node.span
            ) from None
