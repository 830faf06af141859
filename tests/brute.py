"""An interpreter that runs the equations of an elaborated program at given sizes and counts what it does.

It follows section 1 of the rules from their text, by plain nested loops: a scalar operation is counted the first time
that it is met with given values of the indices that it mentions. It shares no code with `archderive.quantities`; of
the engine it uses only the elaborated program and the numbers of its index expressions.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from archderive.algebra.expression import Expr
from archderive.algebra.substitution import evaluate
from archderive.program import Call, Declared, Equation, Node, Program, Recurrence, Repeat
from archderive.scalars import (
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

Environment = dict[str, int]

COMBINES = {"sum": "add", "mean": "add", "max": "max", "min": "max", "prod": "multiply"}
COMPARES = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@dataclass
class Counted:
    """What a run did: operations by kind, and the elements of weights and buffers that it allocated."""

    operations: Counter[str] = field(default_factory=Counter)
    params: int = 0
    buffers: int = 0

    @property
    def kinds(self) -> dict[str, int]:
        return {kind: count for kind, count in self.operations.items() if count}


def run(program: Program, sizes: Mapping[str, int], integers: Mapping[str, str] | None = None) -> Counted:
    """Run a program. `integers` names the tensors of whole numbers and the size that bounds their values."""
    counted = Counted()
    data = {name: random.Random(name) for name in integers or {}}
    bounds = {name: sizes[bound] for name, bound in (integers or {}).items()}
    machine = _Machine(counted, data, bounds)
    machine.body(program.instance.body, dict(sizes))
    return counted


class _Machine:
    def __init__(self, counted: Counted, data: Mapping[str, random.Random], bounds: Mapping[str, int]) -> None:
        self.counted = counted
        self.data = data
        self.bounds = bounds
        self.memory: dict[tuple[str, tuple[int, ...]], int] = {}

    def body(self, nodes: tuple[Node, ...], sizes: Environment, weights: bool = True) -> None:
        for node in nodes:
            match node:
                case Declared(kind=kind, tensor=tensor):
                    if kind == "weight" and weights:
                        self.counted.params += allocate(tensor, sizes)
                    if kind == "buffer" and weights:
                        self.counted.buffers += allocate(tensor, sizes)
                case Equation():
                    _Loops(self, node).execute(sizes)
                case Recurrence(equations=equations):
                    for equation in equations:
                        _Loops(self, equation).execute(sizes)
                case Call(instance=instance, first=first):
                    self.body(instance.body, sizes, weights and first)
                case Repeat(count=count, symbol=symbol, body=body):
                    for turn in range(number(count, sizes)):
                        self.body(body, {**sizes, symbol.name: turn}, weights and (turn == 0 or node.how != "shared"))
                case _:
                    pass  # joining and splitting are data movement

    def value(self, name: str, place: tuple[int, ...]) -> int:
        if (name, place) not in self.memory:
            self.memory[name, place] = self.data[name].randrange(self.bounds[name])
        return self.memory[name, place]


def allocate(tensor: Tensor, sizes: Environment) -> int:
    """The elements of a tensor, one at a time."""

    def below(axis: int, places: Environment) -> int:
        if axis == len(tensor.axes):
            return 1
        lower, upper = (number(end, places) for end in (tensor.axes[axis].lower, tensor.axes[axis].upper))
        return sum(below(axis + 1, {**places, f"@{axis}": place}) for place in range(lower, upper + 1))

    return below(0, sizes)


def number(expr: Expr, values: Mapping[str, int]) -> int:
    value = Fraction(evaluate(expr, values))
    assert value.denominator == 1, f"{expr} is {value} at {values}"
    return int(value)


@dataclass(frozen=True)
class _Factor:
    """A factor of a chain, as far as counting is concerned."""

    mentions: frozenset[str]
    tensor: bool
    constant: Expr | str | None
    below: bool


class _Loops:
    """One equation while it is run."""

    def __init__(self, machine: _Machine, equation: Equation) -> None:
        self.machine = machine
        self.equation = equation
        self.seen: set[tuple[object, ...]] = set()
        self.names = {index.symbol.name for index in all_indices(equation)}

    def execute(self, sizes: Environment) -> None:
        for environment in points(self.equation.indices, sizes):
            self.compute(self.equation.body, environment)

    def count(self, kind: str, what: tuple[object, ...], over: frozenset[str], at: Environment, times: int = 1) -> None:
        """Count an operation unless it was done for these values of the indices that it mentions."""
        key = (*what, *((name, at[name]) for name in sorted(over)))
        if key not in self.seen:
            self.seen.add(key)
            self.machine.counted.operations[kind] += times

    # ---------------------------------------------------------------- what a subexpression mentions

    def mentions(self, scalar: Scalar) -> frozenset[str]:
        match scalar:
            case Size(value=value):
                return self.named(value)
            case Literal_():
                return frozenset()
            case Read(subscripts=subscripts):
                return frozenset().union(*map(self.of_subscript, subscripts))
            case Operation(operands=operands):
                return frozenset().union(*map(self.mentions, operands))
            case Choice(then=then, condition=condition, otherwise=otherwise):
                return self.mentions(then) | self.mentions(condition) | self.mentions(otherwise)
            case Reduction(indices=indices, where=where, body=body):
                found = self.mentions(body) | self.ends(indices)
                if where is not None:
                    found |= self.mentions(where)
                return found - {i.symbol.name for i in indices}
        raise AssertionError(scalar)

    def of_subscript(self, subscript: Subscript) -> frozenset[str]:
        match subscript:
            case Position(value=value):
                return self.named(value)
            case Merged(parts=parts):
                return frozenset().union(*map(self.of_subscript, parts))
            case Lookup(scalar=scalar):
                return self.mentions(scalar)
        raise AssertionError(subscript)

    def named(self, value: Expr) -> frozenset[str]:
        return frozenset(symbol.name for symbol in value.symbols()) & self.names

    def ends(self, indices: tuple[Index, ...]) -> frozenset[str]:
        return frozenset().union(*(self.named(end) for i in indices for end in (i.lower, i.upper)))

    # ---------------------------------------------------------------- evaluating

    def compute(self, scalar: Scalar, at: Environment) -> float:
        """The value as far as places depend on it; every operation on the way is counted once for its indices."""
        match scalar:
            case Size(value=value):
                return float(evaluate(value, at))
            case Literal_():
                return 1.0
            case Read(tensor=tensor, subscripts=subscripts):
                for inner in (s.scalar for s in subscripts if isinstance(s, Lookup)):
                    self.compute(inner, at)
                if tensor.name in self.machine.data:
                    return self.machine.value(tensor.name, tuple(self.place(s, at) for s in subscripts))
                return 1.0
            case Operation(kind="multiply" | "divide"):
                factors = flatten(scalar)
                for factor, _ in factors:
                    self.compute(factor, at)
                self.chain([self.factor(f, below) for f, below in factors], at, ("chain", id(scalar)), fused=False)
                return 1.0
            case Operation(kind=kind, operands=operands):
                values = [self.compute(operand, at) for operand in operands]
                if reads(scalar):
                    self.operation(kind, scalar, at)
                if kind in COMPARES:
                    return float(COMPARES[kind](*values))
                if kind == "and":
                    return float(all(values))
                if kind == "or":
                    return float(any(values))
                return 1.0
            case Choice(then=then, condition=condition, otherwise=otherwise):
                for part in (then, condition, otherwise):  # both sides are computed, one is taken
                    self.compute(part, at)
                return 1.0
            case Reduction():
                self.reduce(scalar, at)
                return 1.0
        raise AssertionError(scalar)

    def place(self, subscript: Subscript, at: Environment) -> int:
        match subscript:
            case Position(value=value):
                return number(value, at)
            case Lookup(scalar=scalar):
                return int(self.compute(scalar, at))
            case Merged(parts=parts, sizes=sizes):
                place = 0
                for part, size in zip(parts, sizes, strict=True):
                    place = place * number(size, at) + self.place(part, at)
                return place
        raise AssertionError(subscript)

    def operation(self, kind: str, scalar: Operation, at: Environment) -> None:
        over, what = self.mentions(scalar), (kind, id(scalar))
        match kind:
            case "negate" | "and" | "or" | "not":
                return
            case "add" | "subtract":
                self.count("add", what, over, at)
            case "max" | "min":
                self.count("max", what, over, at, len(scalar.operands) - 1)
            case "power":
                exponent = scalar.operands[1]
                square = isinstance(exponent, Size) and exponent.value.integer() == 2
                self.count("multiply" if square else "power", what, over, at)
            case "log2":
                self.count("log", what, over, at)
            case _:
                self.count("compare" if kind in COMPARES else kind, what, over, at)

    # ---------------------------------------------------------------- chains

    def factor(self, scalar: Scalar, below: bool) -> _Factor:
        constant: Expr | str | None = None
        if not reads(scalar) and not self.mentions(scalar):
            constant = scalar.value if isinstance(scalar, Size) else "number"
        return _Factor(self.mentions(scalar), reads(scalar), constant, below)

    def chain(self, factors: list[_Factor], at: Environment, what: tuple[object, ...], *, fused: bool) -> None:
        """The operations that join factors from left to right."""
        links = fold(factors)
        steps: list[tuple[str, frozenset[str]]] = []
        over: frozenset[str] = frozenset()
        tensor = False
        for number_, link in enumerate(links):
            over |= link.mentions
            tensor |= link.tensor
            if tensor and (number_ or link.below):
                steps.append(("divide" if link.below else "multiply", over))
        multiplies = [n for n, (kind, _) in enumerate(steps) if kind == "multiply"]
        for number_, (kind, over) in enumerate(steps):
            is_mac = fused and multiplies and number_ == multiplies[-1]
            self.count("mac" if is_mac else kind, (*what, number_), over, at)

    # ---------------------------------------------------------------- reductions

    def reduce(self, node: Reduction, at: Environment) -> None:
        bound = frozenset(index.symbol.name for index in node.indices)
        factors = flatten(node.body) if node.kind in ("sum", "mean") else [(node.body, False)]
        inside = [(f, below) for f, below in factors if self.mentions(f) & bound]
        if not inside:  # only the condition or the range mentions the index
            inside = factors
        outside = [(f, below) for f, below in factors if (f, below) not in inside]
        for factor, _ in outside:
            self.compute(factor, at)
        links = [self.factor(f, below) for f, below in inside]
        square = all(isinstance(f, Read) and f == inside[0][0] for f, _ in inside)
        fused = node.kind in ("sum", "mean") and len(inside) > 1 and not square
        free = (frozenset().union(*(link.mentions for link in links)) | self.ends(node.indices)) - bound
        terms = 0
        for point in points(node.indices, at):
            if node.where is not None and not self.holds(node.where, point):
                continue
            terms += 1
            for factor, _ in inside:
                self.compute(factor, point)
            self.chain(links, point, ("term", id(node)), fused=fused)
            if node.where is not None:
                self.count("add", ("gather", id(node)), free | bound | (self.mentions(node.where) - bound), point)
        if node.where is None:
            self.count(COMBINES[node.kind], ("reduce", id(node)), free, at, max(terms - 1, 0))
        if node.kind == "mean":
            self.count("divide", ("mean", id(node)), free, at)
        if outside:
            first = factors.index(inside[0])
            result = _Factor(free, any(link.tensor for link in links), None, False)
            place = sum(1 for pair in factors[:first] if pair in outside)
            joined = [self.factor(f, below) for f, below in outside]
            joined.insert(place, result)
            self.chain(joined, at, ("outside", id(node)), fused=False)

    def holds(self, condition: Scalar, at: Environment) -> bool:
        """A condition costs nothing."""
        before = self.machine.counted.operations.copy()
        value = self.compute(condition, at)
        self.machine.counted.operations = before
        return bool(value)


# ---------------------------------------------------------------- text of the equation


def fold(factors: list[_Factor]) -> list[_Factor]:
    """Factors made of dimensions alone as one, at the place of the first; a factor 1 costs nothing, but the 1 of 1/x
    is what is divided."""
    constants = [n for n, f in enumerate(factors) if f.constant is not None]
    if not constants:
        return factors
    first = constants[0]
    whole = Expr({(): 1})
    for n in constants:
        value = factors[n].constant
        if isinstance(value, Expr):
            whole = whole / value if factors[n].below else whole * value
    ones = all(isinstance(factors[n].constant, Expr) for n in constants) and whole in (Expr({(): 1}), Expr({(): -1}))
    others = [f for f in factors if f.constant is None]
    if ones and not (first == 0 and all(f.below for f in others)):
        return others
    below = all(factors[n].below for n in constants)
    one = _Factor(frozenset(), False, "size", below)
    return [one if n == first else f for n, f in enumerate(factors) if n == first or f.constant is None]


def flatten(scalar: Scalar) -> list[tuple[Scalar, bool]]:
    """A chain a * b / c from left to right; signs fall away."""
    scalar = unsigned(scalar)
    if isinstance(scalar, Operation) and scalar.kind in ("multiply", "divide"):
        left, right = scalar.operands
        return [*flatten(left), (unsigned(right), scalar.kind == "divide")]
    return [(scalar, False)]


def unsigned(scalar: Scalar) -> Scalar:
    while isinstance(scalar, Operation) and scalar.kind == "negate":
        scalar = scalar.operands[0]
    return scalar


def reads(scalar: Scalar) -> bool:
    match scalar:
        case Read():
            return True
        case Operation(operands=operands):
            return any(map(reads, operands))
        case Choice(then=then, condition=condition, otherwise=otherwise):
            return reads(then) or reads(condition) or reads(otherwise)
        case Reduction(where=where, body=body):
            return reads(body) or (where is not None and reads(where))
    return False


def all_indices(equation: Equation) -> Iterator[Index]:
    yield from equation.indices
    waiting: list[Scalar] = [equation.body]
    while waiting:
        scalar = waiting.pop()
        match scalar:
            case Operation(operands=operands):
                waiting += operands
            case Choice(then=then, condition=condition, otherwise=otherwise):
                waiting += (then, condition, otherwise)
            case Reduction(indices=indices, where=where, body=body):
                yield from indices
                waiting += (body,) if where is None else (body, where)
            case Read(subscripts=subscripts):
                waiting += [s.scalar for s in subscripts if isinstance(s, Lookup)]


def points(indices: tuple[Index, ...], at: Environment) -> Iterator[Environment]:
    """Every point of nested loops, each range seeing the indices of those before it."""
    order = list(indices)
    for _ in order:  # an index whose range mentions a later one is looped over after it
        for left, right in pairwise(list(order)):
            if any(end.mentions(right.symbol) for end in (left.lower, left.upper)):
                order.remove(left)
                order.insert(order.index(right) + 1, left)

    def loop(depth: int, here: Environment) -> Iterator[Environment]:
        if depth == len(order):
            yield here
            return
        index = order[depth]
        for place in range(number(index.lower, here), number(index.upper, here) + 1):
            yield from loop(depth + 1, {**here, index.symbol.name: place})

    return loop(0, dict(at))
