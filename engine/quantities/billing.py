"""What is billed for a model, layer by layer: under a convention that bills scalar operations, or by a tool's rules,
which are applied to every layer and to the products that stand in none.

A tool sees whole tensors: ranges that depend on other indices, as those of causal attention and of windows do, count
as the box around them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from ..algebra.expression import ZERO, Expr, total
from ..conventions import Convention
from ..conventions.tools import PRODUCTS, TENSOR, Rule, Tool
from ..program import Call, Choose, Declared, Equation, Instance, Node, Opaque, Parallel, Program, Recurrence, Repeat
from .operations import MAC
from .spaces import elements
from .totals import Counter, stated

# What is billed: for each layer, and rule of a tool that bills it, how much. A rule that bills nothing stands there
# with 0.
Entry = tuple[str, Rule | None]
Bill = dict[Entry, Expr]


class Biller:
    """Bills the parts of one program; every layer once for each of the places in which other rules hold."""

    def __init__(self, program: Program, counter: Counter) -> None:
        self.program = program
        self.counter = counter
        self._known: dict[tuple[Instance, frozenset[str]], Bill] = {}

    @cached_property
    def bill(self) -> Bill:
        """The whole model's."""
        instance = self.program.instance
        return self._body(instance.body, instance.name, self._inner(frozenset(), instance.name))

    @property
    def total(self) -> Expr:
        return total(self.bill.values())

    def by_layer(self) -> dict[str, Expr]:
        """The bill by the names of the layers whose rules or equations are billed."""
        found: dict[str, Expr] = {}
        for (layer, _), count in self.bill.items():
            found[layer] = found.get(layer, ZERO) + count
        return {name: count for name, count in found.items() if count}

    def _body(self, body: Iterable[Node], name: str, around: frozenset[str]) -> Bill:
        bill: Bill = {}
        for node in body:
            match node:
                case Equation():
                    _add(bill, self._equations(name, (node,), around))
                case Recurrence(equations=equations):
                    _add(bill, self._equations(name, equations, around))
                case Opaque():
                    _add(bill, self._operations(name, stated(node), around))
                case Call(instance=instance):
                    _add(bill, self._call(instance, around))
                case Repeat() | Choose() | Parallel():
                    turn = self._body(node.body, name, around)
                    _add(bill, {e: self.counter.operations_of_all(count, node) for e, count in turn.items()})
                    if isinstance(node, Choose):
                        added = total(self.counter.added_up(result, node) for result in node.results)
                        _add(bill, self._operations(name, {"add": added}, around))
                case _:
                    pass
        return bill

    def _call(self, instance: Instance, around: frozenset[str]) -> Bill:
        key = instance, around
        if key not in self._known:
            self._known[key] = self._layer(instance, around)
        return self._known[key]

    def _inner(self, around: frozenset[str], name: str) -> frozenset[str]:
        return around

    def _layer(self, instance: Instance, around: frozenset[str]) -> Bill:
        return self._body(instance.body, instance.name, self._inner(around, instance.name))

    def _equations(self, name: str, equations: Iterable[Equation], around: frozenset[str]) -> Bill:
        raise NotImplementedError

    def _operations(self, name: str, kinds: Mapping[str, Expr], around: frozenset[str]) -> Bill:
        raise NotImplementedError


class RatedBiller(Biller):
    """Bills every scalar operation by its kind."""

    def __init__(self, program: Program, convention: Convention, counter: Counter) -> None:
        super().__init__(program, counter)
        self.convention = convention

    def _equations(self, name: str, equations: Iterable[Equation], around: frozenset[str]) -> Bill:
        bill: Bill = {}
        for equation in equations:
            for line in self.counter.equation(equation):
                _add(bill, self._operations(name, {line.kind: line.count}, around))
        return bill

    def _operations(self, name: str, kinds: Mapping[str, Expr], around: frozenset[str]) -> Bill:
        count = total(count * self.convention.rate(kind) for kind, count in kinds.items())
        return {(name, None): count} if count else {}


class ToolBiller(Biller):
    """Applies the rules of a tool."""

    def __init__(self, program: Program, tool: Tool, counter: Counter) -> None:
        super().__init__(program, counter)
        self.tool = tool
        # How a network is programmed is known of the models that come with the package, not of others of their names.
        self.model = program.name if program.instance.span.source.packaged else ""
        self.boxes = Counter(program.facts, boxed=True)

    def by_operator(self) -> dict[str, Expr]:
        """The bill by the names that the tool gives its operators."""
        found: dict[str, Expr] = {}
        for (layer, rule), count in self.bill.items():
            name = (rule.operator if rule is not None else "") or layer
            found[name] = found.get(name, ZERO) + count
        return {name: count for name, count in found.items() if count}

    def _inner(self, around: frozenset[str], name: str) -> frozenset[str]:
        return around | {name} if self.tool.is_place(name) else around

    def _equations(self, name: str, equations: Iterable[Equation], around: frozenset[str]) -> Bill:
        return self._operations(name, {MAC: total(map(self._multiplied, equations))}, around)

    def _operations(self, name: str, kinds: Mapping[str, Expr], around: frozenset[str]) -> Bill:
        macs = kinds.get(MAC, ZERO)
        if not macs:
            return {}
        rule = self.tool.rule(PRODUCTS, {}, around, self.model) or self.tool.products
        return {(name, rule): macs * rule.bill.get("macs", 0)}

    def _multiplied(self, equation: Equation) -> Expr:
        return total(line.count for line in self.boxes.equation(equation) if line.kind == MAC)

    def _layer(self, instance: Instance, around: frozenset[str]) -> Bill:
        rule = self.tool.rule(instance.name, dict(instance.options), around, self.model)
        if rule is not None and not instance.library and not rule.models:
            rule = None  # a layer of the file that is called like a standard one is not that one
        inner = self._inner(around, instance.name)
        if rule is None:
            return self._body(instance.body, instance.name, inner)
        bill: Bill = {}
        if "inside" in rule.bill:
            _add(bill, self._body(instance.body, instance.name, inner))
        own = [self._read(v, instance) * factor for v, factor in rule.bill.items() if v != "inside"]
        _add(bill, {(instance.name, rule): total(own)})
        return bill

    def _read(self, variable: str, instance: Instance) -> Expr:
        """A variable of the rules, of one application of a layer."""
        facts, span = self.program.facts, instance.span
        if variable.startswith(TENSOR):
            name = variable.removeprefix(TENSOR)
            own = [n.target for n in instance.body if isinstance(n, Equation)]
            own += [n.tensor for n in instance.body if isinstance(n, Declared)]
            return elements(next(tensor for tensor in own if tensor.name == name), facts, span, boxed=True)
        match variable:
            case "macs":
                return self.boxes.instance(instance).operations.get(MAC, ZERO)
            case "output":
                return total(elements(tensor, facts, span, boxed=True) for tensor in instance.outputs)
            case "input":
                return elements(instance.inputs[0], facts, span, boxed=True)
            case "rows":
                first = instance.inputs[0]
                return elements(replace(first, axes=first.axes[:-1]), facts, span, boxed=True)
            case "spread":
                (result, *_) = instance.outputs
                kernel = next(n.tensor for n in instance.body if isinstance(n, Declared))
                made = elements(result, facts, span, boxed=True)
                return made * elements(kernel, facts, span) / result.axes[-1].size
        raise ValueError(f"rules know no variable {variable}")


def _add(bill: Bill, more: Mapping[Entry, Expr]) -> None:
    for entry, count in more.items():
        bill[entry] = bill.get(entry, ZERO) + count
