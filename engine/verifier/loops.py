"""One equation at sizes: plain loops that do every scalar operation, one at a time, and count it by kind.

The rules are those of the language, told as a program would run them. A subexpression is computed when it is met for
the first time with given values of the indices that it mentions, and remembered; factors that mention none of a sum's
indices are multiplied after it; a chain runs from left to right. Nothing here adds up volumes: every count is a
counter that went up by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import assert_never

from ..algebra.atoms import Symbol
from ..algebra.expression import ONE
from ..program import Equation
from ..scalars import (
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
    children,
)
from .functions import COMBINING, CONSTANTS, FUNCTIONS, as_place, billed_as, combined, divided
from .memory import Place, Storage
from .numbers import Places, Sizes, compiled, number, whole
from .text import Part, bound_indices, chain, conjuncts, direct_reads, equalities, reads_tensors

Value = Callable[[Places], float]
Where = Callable[[Places], Place]
Symbols = frozenset[Symbol]

NONE: Symbols = frozenset()


class Loops:
    """An equation, made ready to run at `sizes` on the tensors in `memory`. `counts` are the operations done."""

    def __init__(self, equation: Equation, sizes: Sizes, memory: Mapping[Tensor, Storage]) -> None:
        self.equation = equation
        self.sizes = sizes
        self.memory = memory
        self.counts: Counter[str] = Counter()
        indices = [*equation.indices, *bound_indices(equation.body)]
        self.slots = {symbol: n for n, symbol in enumerate(dict.fromkeys(i.symbol for i in indices))}
        self.free = frozenset(index.symbol for index in equation.indices)
        # The values of subexpressions, by the identity of their text: equal text is computed as often as it is written.
        self.made: dict[int, Value] = {}
        self.target = self.where(equation.subscripts)
        self.body = self.value(equation.body, self.free)

    def points(self) -> Iterator[Places]:
        """The values of the free indices, one list for each element of the target."""
        found: list[Places] = []
        self.sweep(self.equation.indices, lambda e: found.append(e.copy()))(self.empty())
        return iter(found)

    def empty(self) -> Places:
        return [0] * len(self.slots)

    # ---------------------------------------------------------------- what a subexpression mentions

    def mentions(self, scalar: Scalar) -> Symbols:
        match scalar:
            case Size(value=value):
                return value.symbols() & self.slots.keys()
            case Literal_():
                return NONE
            case Read(subscripts=subscripts):
                return union(map(self.of_subscript, subscripts))
            case Operation(operands=operands):
                return union(map(self.mentions, operands))
            case Choice(then=then, condition=condition, otherwise=otherwise):
                return self.mentions(then) | self.mentions(condition) | self.mentions(otherwise)
            case Reduction(indices=indices, where=where, body=body):
                inside = self.mentions(body) | self.of_ends(indices)
                if where is not None:
                    inside |= self.mentions(where)
                return inside - {index.symbol for index in indices}
            case _:
                assert_never(scalar)

    def of_subscript(self, subscript: Subscript) -> Symbols:
        match subscript:
            case Position(value=value):
                return value.symbols() & self.slots.keys()
            case Merged(parts=parts):
                return union(map(self.of_subscript, parts))
            case Lookup(scalar=scalar):
                return self.mentions(scalar)
            case _:
                assert_never(subscript)

    def of_ends(self, indices: Iterable[Index]) -> Symbols:
        ends = [end.symbols() for index in indices for end in (index.lower, index.upper)]
        return union(ends) & self.slots.keys()

    # ---------------------------------------------------------------- loops

    def sweep(
        self, indices: Iterable[Index], action: Callable[[Places], None], where: Scalar | None = None
    ) -> Callable[[Places], None]:
        """Nested loops over indices, those first on which the ranges of others depend. A condition is tested as soon
        as the indices that it mentions are there."""
        tests = [] if where is None else [(self.mentions(part), part) for part in conjuncts(where)]
        order = self.ordered(list(indices), [mentioned for mentioned, _ in tests])
        for number_, index in reversed(list(enumerate(order))):
            later = {other.symbol for other in order[number_ + 1 :]}
            for mentioned, part in tests:
                if index.symbol in mentioned and not mentioned & later:
                    action = _tested(self.value(part, None), action)
            action = self._loop(index, action)
        for mentioned, part in tests:
            if not mentioned & {index.symbol for index in order}:
                action = _tested(self.value(part, None), action)
        return action

    def _loop(self, index: Index, action: Callable[[Places], None]) -> Callable[[Places], None]:
        slot = self.slots[index.symbol]
        lower, upper = (compiled(end, self.sizes, self.slots) for end in (index.lower, index.upper))
        first, last = function(lower), function(upper)

        def over_range(e: Places) -> None:
            for position in range(first(e), last(e) + 1):
                e[slot] = position
                action(e)

        return over_range

    def ordered(self, indices: list[Index], together: list[Symbols]) -> list[Index]:
        """Indices after those that their ranges depend on; what a condition mentions stands together."""
        waiting = sorted(
            indices, key=lambda i: next((n for n, t in enumerate(together) if i.symbol in t), len(together))
        )
        found: list[Index] = []
        while waiting:
            left = {index.symbol for index in waiting}
            ready = next((i for i in waiting if not self.of_ends([i]) & (left - {i.symbol})), waiting[0])
            waiting.remove(ready)
            found.append(ready)
        return found

    # ---------------------------------------------------------------- values

    def value(self, scalar: Scalar, around: Symbols | None) -> Value:
        """The value of a subexpression as a function of the indices. Between two evaluations at least one index of
        `around` changes; what mentions fewer of them is remembered, and so is what is evaluated anywhere (None)."""
        if not reads_tensors(scalar):
            return self.table(scalar)
        if isinstance(scalar, Read):
            return self.read(scalar)
        mentioned = self.mentions(scalar)
        value = self.remembered(self.computed(scalar, mentioned), mentioned, around)
        self.made[id(scalar)] = value
        return value

    def remembered(self, value: Value, mentioned: Symbols, around: Symbols | None) -> Value:
        if around is not None and mentioned >= around:
            return value
        known: dict[object, float] = {}
        key = self.key(mentioned)

        def recall(e: Places) -> float:
            at = key(e)
            if at not in known:
                known[at] = value(e)
            return known[at]

        return recall

    def key(self, mentioned: Symbols) -> Callable[[Places], object]:
        slots = sorted(self.slots[symbol] for symbol in mentioned)
        return itemgetter(*slots) if slots else lambda _: None

    def computed(self, scalar: Scalar, around: Symbols) -> Value:
        match scalar:
            case Operation(kind="multiply" | "divide"):
                return self.product([self.factor(part, around) for part in chain(scalar)], around, fused=False)
            case Operation(kind="negate", operands=(inner,)):
                positive = self.value(inner, around)
                return lambda e: -positive(e)
            case Operation(kind=kind, operands=operands):
                return self.operation(kind, operands, around)
            case Choice(then=then, condition=condition, otherwise=otherwise):
                a, c, b = (self.value(part, around) for part in (then, condition, otherwise))

                def choose(e: Places) -> float:
                    yes, test, no = a(e), c(e), b(e)  # both sides are computed, and one is taken
                    return yes if test else no

                return choose
            case Reduction():
                return self.reduction(scalar, around)
            case Size() | Literal_() | Read():
                raise AssertionError(scalar)
            case _:
                assert_never(scalar)

    def operation(self, kind: str, operands: tuple[Scalar, ...], around: Symbols) -> Value:
        values = [self.value(operand, around) for operand in operands]
        counts = self.counts
        billed, times = billed_as(kind, operands)
        if len(values) == 2 and kind in ("add", "subtract"):
            left, right = values

            def add(e: Places) -> float:
                counts["add"] += 1
                return left(e) + right(e)

            def subtract(e: Places) -> float:
                counts["add"] += 1
                return left(e) - right(e)

            return add if kind == "add" else subtract
        apply = FUNCTIONS[kind]

        def compute(e: Places) -> float:
            if times:
                counts[billed] += times
            return apply(*[value(e) for value in values])

        return compute

    def table(self, scalar: Scalar) -> Value:
        """What reads no tensor: a table that is there from the start."""
        mentioned = self.mentions(scalar)
        if not mentioned:
            constant = self.plain(scalar, self.empty())
            return lambda _: constant
        return self.remembered(lambda e: self.plain(scalar, e), mentioned, None)

    def plain(self, scalar: Scalar, e: Places) -> float:
        match scalar:
            case Size(value=value):
                at = {symbol: e[slot] for symbol, slot in self.slots.items() if symbol in value.symbols()}
                return float(number(value, {**self.sizes, **at}))
            case Literal_(text=text, value=value):
                return CONSTANTS[text] if value is None else float(value)
            case Operation(kind=kind, operands=operands):
                return FUNCTIONS[kind](*[self.plain(operand, e) for operand in operands])
            case Choice(then=then, condition=condition, otherwise=otherwise):
                return self.plain(then if self.plain(condition, e) else otherwise, e)
            case Reduction(indices=indices, where=where, body=body, kind=kind):
                found: list[float] = []

                self.sweep(indices, lambda inner: found.append(self.plain(body, inner)), where)(e.copy())
                return combined(kind, found)
            case Read():
                raise AssertionError(scalar)
            case _:
                assert_never(scalar)

    # ---------------------------------------------------------------- reads

    def read(self, read: Read) -> Value:
        elements, at = self.memory[read.tensor].elements, self.where(read.subscripts, self.memory[read.tensor])
        return lambda e: elements[at(e)]

    def where(self, subscripts: tuple[Subscript, ...], storage: Storage | None = None) -> Where:
        """The place that subscripts name, as a function of the indices."""
        parts = [self.position(subscript, storage, axis) for axis, subscript in enumerate(subscripts)]
        if all(isinstance(part, int) for part in parts):
            fixed = tuple(part for part in parts if isinstance(part, int))
            return lambda _: fixed
        bare = [self.bare(subscript) for subscript in subscripts]
        if len(bare) > 1 and None not in bare:
            return itemgetter(*(slot for slot in bare if slot is not None))
        match [function(part) for part in parts]:
            case [a]:
                return lambda e: (a(e),)
            case [a, b]:
                return lambda e: (a(e), b(e))
            case [a, b, c]:
                return lambda e: (a(e), b(e), c(e))
            case many:
                return lambda e: tuple([part(e) for part in many])

    def bare(self, subscript: Subscript) -> int | None:
        """The slot of a subscript that is an index and nothing else."""
        if not isinstance(subscript, Position) or len(subscript.value.symbols()) != 1:
            return None
        (symbol,) = subscript.value.symbols()
        return self.slots.get(symbol) if subscript.value.terms == {((symbol, 1),): 1} else None

    def position(self, subscript: Subscript, storage: Storage | None, axis: int) -> int | Callable[[Places], int]:
        match subscript:
            case Position(value=value):
                return compiled(value, self.sizes, self.slots)
            case Lookup(scalar=scalar):
                return self.lookup(scalar, storage, axis)
            case Merged(parts=parts, sizes=sizes):
                places = [function(self.position(part, storage, axis)) for part in parts]
                widths = [whole(size, self.sizes) for size in sizes]

                def merged(e: Places) -> int:
                    result = 0
                    for width, place in zip(widths, places, strict=True):
                        result = result * width + place(e)
                    return result

                return merged
            case _:
                assert_never(subscript)

    def lookup(self, scalar: Scalar, storage: Storage | None, axis: int) -> Callable[[Places], int]:
        """A place that data names. What was drawn at random is a whole number inside the axis."""
        if storage is not None and isinstance(scalar, Read):
            table = storage.axes[axis]
            self.make_whole(scalar, range(whole(table.lower, storage.sizes), whole(table.upper, storage.sizes) + 1))
        value = self.value(scalar, None)
        return lambda e: as_place(value(e))

    def make_whole(self, read: Read, among: range) -> None:
        """Let what was drawn hold whole numbers of a range; their order is a mixed one, the same at every run."""
        source = self.memory[read.tensor]
        if source.drawn:
            for turn, (at, value) in enumerate(source.elements.items()):
                known = value.is_integer() and int(value) in among
                source.elements[at] = value if known else float(among[(turn * 7 + int(abs(value) * 5)) % len(among)])

    # ---------------------------------------------------------------- chains of factors

    def factor(self, part: Part, around: Symbols) -> Factor:
        value = self.value(part.scalar, around)
        tensor, mentioned = reads_tensors(part.scalar), self.mentions(part.scalar)
        signed = (lambda e: -value(e)) if part.negative else value
        constant = part.scalar if not tensor and not mentioned else None
        return Factor(signed, mentioned, tensor, constant, part.below)

    def product(self, factors: list[Factor], around: Symbols, *, fused: bool) -> Value:
        """Factors multiplied and divided from left to right; in a `fused` chain the last multiplication is a
        multiply-add. What has read no tensor so far is free."""
        links = self.folded(factors)
        steps: list[str | None] = []
        touched = False
        for place, link in enumerate(links):
            touched |= link.tensor
            counted = touched and (place > 0 or link.below)
            steps.append(("divide" if link.below else "multiply") if counted else None)
        if fused and "multiply" in steps:
            steps[len(steps) - 1 - steps[::-1].index("multiply")] = "mac"
        mentioned = NONE
        running: Value | None = None
        for link, kind in zip(links, steps, strict=True):
            mentioned |= link.mentions
            running = self.remembered(self.joined(running, link, kind), mentioned, around)
        assert running is not None
        return running

    def joined(self, left: Value | None, link: Factor, kind: str | None) -> Value:
        """One more factor of a chain; an operation of no kind is free."""
        right, counts, below = link.value, self.counts, link.below
        if left is None and not below:
            return right
        before = left if left is not None else lambda _: 1.0
        if kind is None:
            return (lambda e: divided(before(e), right(e))) if below else (lambda e: before(e) * right(e))

        def multiply(e: Places) -> float:
            counts[kind] += 1
            return before(e) * right(e)

        def divide(e: Places) -> float:
            counts[kind] += 1
            return divided(before(e), right(e))

        return divide if below else multiply

    def folded(self, factors: list[Factor]) -> list[Factor]:
        """Numbers made of dimensions alone are one factor, at the place of the first of them: below the line if all of
        them are. A factor 1 is none, except that in 1/x it is what is divided."""
        constants = [f for f in factors if f.constant is not None]
        others = [f for f in factors if f.constant is None]
        if not constants:
            return factors
        below = all(f.below for f in constants)
        value = 1.0
        for f in constants:
            one = f.value(self.empty())
            value = value * one if f.below == below else divided(value, one)
        divides = factors[0].constant is not None and all(f.below for f in others)
        if is_one(constants) and not divides:
            return others if value > 0 else [others[0].negated(), *others[1:]]
        constant = replace(constants[0], value=lambda _: value, below=below)
        return [constant if f is constants[0] else f for f in factors if f.constant is None or f is constants[0]]

    # ---------------------------------------------------------------- reductions

    def reduction(self, node: Reduction, around: Symbols) -> Value:
        """`around` are the indices that the reduction mentions: it is computed once for each value of them."""
        bound = frozenset(index.symbol for index in node.indices)
        parts = chain(node.body) if node.kind in ("sum", "mean") else [Part(node.body)]
        stays = [bool(self.mentions(part.scalar) & bound) for part in parts]
        if not any(stays):  # only the range or the condition mentions the index
            stays = [True for _ in parts]
        kept = [part for part, stay in zip(parts, stays, strict=True) if stay]
        inside = [self.factor(part, around | bound) for part in kept]
        square = all(isinstance(part.scalar, Read) and part.scalar == kept[0].scalar for part in kept)
        fused = node.kind in ("sum", "mean") and len(kept) > 1 and not square
        term = self.product(inside, around | bound, fused=fused)
        mentioned = union(f.mentions for f in inside) | self.of_ends(node.indices)
        if node.where is not None:
            mentioned |= self.mentions(node.where)
        total = self.total(node, term, [part.scalar for part in kept])
        if all(stays):
            return total
        tensor = any(f.tensor for f in inside) or (node.where is not None and reads_tensors(node.where))
        result = Factor(self.remembered(total, mentioned - bound, around), mentioned - bound, tensor, None, False)
        outside = [self.factor(part, around) for part, stay in zip(parts, stays, strict=True) if not stay]
        outside.insert(stays.index(True), result)  # the sum takes the place of the first factor that stayed
        return self.product(outside, around, fused=False)

    def total(self, node: Reduction, term: Value, kept: list[Scalar]) -> Value:
        """The loop itself: K terms take K − 1 operations, or one for each term where a condition holds."""
        kind, counts = COMBINING[node.kind], self.counts
        if node.where is not None:
            self.make_equal(node.where, node.indices)
        beside = self.beside(kept) if node.kind in ("max", "min") else None
        before = [value for scalar in kept for value in self.hoisted(scalar, node)]
        values: list[list[float]] = []
        terms: list[int] = []

        def one(e: Places) -> None:
            terms[-1] += 1
            value = term(e)
            if beside is None or not beside(e):
                values[-1].append(value)

        self.counts = Counter()  # a condition costs nothing
        loop = self.sweep(node.indices, one, node.where)
        self.counts = counts

        def run(e: Places) -> float:
            for value in before:
                value(e)
            values.append([])
            terms.append(0)
            loop(e)
            done = terms.pop()
            counts[kind] += done if node.where is not None else max(done - 1, 0)
            if node.kind == "mean":
                counts["divide"] += 1
            return combined(node.kind, values.pop())

        return run

    def hoisted(self, scalar: Scalar, node: Reduction) -> Iterator[Value]:
        """What stands in a reduction and mentions none of its indices: computed even where no term follows."""
        bound = {index.symbol for index in node.indices}
        if isinstance(scalar, Reduction) or not reads_tensors(scalar):
            return
        if not self.mentions(scalar) & bound:
            if id(scalar) in self.made:
                yield self.made[id(scalar)]
            return
        for child in children(scalar):
            yield from self.hoisted(child, node)

    def make_equal(self, where: Scalar, indices: tuple[Index, ...]) -> None:
        """Data that must equal an index is a whole number of its range."""
        ranges = {index.symbol: index for index in (*self.equation.indices, *indices)}
        for read, symbol in equalities(where):
            if symbol in ranges:
                ends = (compiled(e, self.sizes, self.slots) for e in (ranges[symbol].lower, ranges[symbol].upper))
                match tuple(ends):
                    case (int() as lower, int() as upper):
                        self.make_whole(read, range(lower, upper + 1))

    def beside(self, kept: list[Scalar]) -> Callable[[Places], bool]:
        """Does a term read outside a tensor? Then it is padding, which no maximum takes."""
        checks = []
        for read in (read for scalar in kept for read in direct_reads(scalar)):
            storage = self.memory[read.tensor]
            checks.append((storage.elements, self.where(read.subscripts, storage)))

        def outside(e: Places) -> bool:
            return any(at(e) not in elements and elements.waiting is None for elements, at in checks)

        return outside


@dataclass(frozen=True, eq=False)
class Factor:
    """A factor of a chain: its value, the indices that it mentions, whether it reads a tensor, its text if it is made
    of dimensions alone, and whether it stands below the line."""

    value: Value
    mentions: Symbols
    tensor: bool
    constant: Scalar | None
    below: bool

    def negated(self) -> Factor:
        return replace(self, value=lambda e: -self.value(e))


def is_one(constants: list[Factor]) -> bool:
    """Is a product of dimensions 1 whatever they are? One that is 1 at these sizes only is a factor like any other."""
    product = ONE
    for factor in constants:
        if not isinstance(factor.constant, Size):
            return False
        product = product / factor.constant.value if factor.below else product * factor.constant.value
    return product in (ONE, -ONE)


def _tested(test: Value, action: Callable[[Places], None]) -> Callable[[Places], None]:
    def guarded(e: Places) -> None:
        if test(e):
            action(e)

    return guarded


def union(sets: Iterable[Symbols]) -> Symbols:
    return NONE.union(*sets)


def function(value: int | Callable[[Places], int]) -> Callable[[Places], int]:
    return (lambda _: value) if isinstance(value, int) else value
