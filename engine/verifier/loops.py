"""One equation at sizes: plain loops that do every scalar operation, one at a time, and count it by kind.

The rules are those of the language, told as a program would run them. A subexpression is computed when it is met for
the first time with given values of the indices that it mentions, and remembered; factors that mention none of a sum's
indices are multiplied after it; a chain runs from left to right. Nothing here adds up volumes: every count is a
counter that went up by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import assert_never

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
)
from .factors import Factor, Value, folded
from .functions import COMBINING, FUNCTIONS, as_place, billed_as, combined, divided
from .indices import NONE, Indices, Symbols, Test, union
from .memory import Place, Storage
from .numbers import Places, Sizes, compiled, function, whole
from .text import Part, bound_indices, chain, conjuncts, direct_reads, equalities, reads_tensors, reductions

Where = Callable[[Places], Place]


class Loops:
    """An equation, made ready to run at `sizes` on the tensors in `memory`. `counts` are the operations done."""

    def __init__(self, equation: Equation, sizes: Sizes, memory: Mapping[Tensor, Storage]) -> None:
        self.equation = equation
        self.sizes = sizes
        self.memory = memory
        self.counts: Counter[str] = Counter()
        self.indices = Indices([*equation.indices, *bound_indices(equation.body)], sizes)
        self.free = frozenset(index.symbol for index in equation.indices)
        # The reductions with a condition, by the indices that they bind.
        self.conditional = {
            index.symbol: node for node in reductions(equation.body) if node.where is not None for index in node.indices
        }
        # What is remembered, with the indices that it mentions: equal text is computed as often as it is written.
        self.memories: list[tuple[Symbols, Value]] = []
        self.target = self.where(equation.subscripts)
        self.body = self.value(equation.body, self.free)

    def points(self) -> Iterator[Places]:
        """The values of the free indices, one list for each element of the target."""
        found: list[Places] = []
        self.indices.sweep(self.equation.indices, lambda e: found.append(e.copy()))(self.indices.empty())
        return iter(found)

    def settle(self) -> None:
        """Compute what was not met: a subexpression is computed for every value of the indices that it mentions, also
        where a range that depends on them, or a condition on others, leaves nothing that it is for."""
        if not self.conditional and not self.indices.may_be_empty():
            return
        for mentioned, value in list(self.memories):
            wheres = {id(node): node.where for s, node in self.conditional.items() if s in mentioned}
            conditions = tuple(where for where in wheres.values() if where is not None)
            needed = self.indices.depended_on(union([mentioned, *map(self.indices.mentions, conditions)]))
            counts, self.counts = self.counts, Counter()  # a condition costs nothing
            tests = [test for where in conditions for test in self.tests(where)]
            self.counts = counts
            self.indices.sweep(
                [self.indices.all[s] for s in self.indices.slots if s in needed], _ignoring(value), tests
            )(self.indices.empty())

    # ---------------------------------------------------------------- values

    def value(self, scalar: Scalar, around: Symbols | None) -> Value:
        """The value of a subexpression as a function of the indices. Between two evaluations at least one index of
        `around` changes; what mentions fewer of them is remembered, and so is what is evaluated anywhere (None)."""
        if not reads_tensors(scalar):
            return self.table(scalar)
        if isinstance(scalar, Read):
            return self.read(scalar)
        mentioned = self.indices.mentions(scalar)
        return self.remembered(self.computed(scalar, mentioned), mentioned, around)

    def remembered(self, value: Value, mentioned: Symbols, around: Symbols | None) -> Value:
        if around is not None and mentioned >= around:
            return value
        known: dict[object, float] = {}
        key = self.indices.key(mentioned)

        def recall(e: Places) -> float:
            at = key(e)
            if at not in known:
                known[at] = value(e)
            return known[at]

        self.memories.append((mentioned, recall))
        return recall

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
        mentioned = self.indices.mentions(scalar)
        if not mentioned:
            constant = self.indices.plain(scalar, self.indices.empty())
            return lambda _: constant
        return self.remembered(lambda e: self.indices.plain(scalar, e), mentioned, None)

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
        return self.indices.slots.get(symbol) if subscript.value.terms == {((symbol, 1),): 1} else None

    def position(self, subscript: Subscript, storage: Storage | None, axis: int) -> int | Callable[[Places], int]:
        match subscript:
            case Position(value=value):
                return compiled(value, self.sizes, self.indices.slots)
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
        source.names = True
        if source.drawn:
            for turn, (at, value) in enumerate(source.elements.items()):
                known = value.is_integer() and int(value) in among
                source.elements[at] = value if known else float(among[(turn * 7 + int(abs(value) * 5)) % len(among)])

    # ---------------------------------------------------------------- chains of factors

    def factor(self, part: Part, around: Symbols) -> Factor:
        value = self.value(part.scalar, around)
        tensor, mentioned = reads_tensors(part.scalar), self.indices.mentions(part.scalar)
        signed = (lambda e: -value(e)) if part.negative else value
        constant = part.scalar if not tensor and not mentioned else None
        return Factor(signed, mentioned, tensor, constant, part.below)

    def product(self, factors: list[Factor], around: Symbols, *, fused: bool) -> Value:
        """Factors multiplied and divided from left to right; in a `fused` chain the last multiplication is a
        multiply-add. What has read no tensor so far is free."""
        links = folded(factors, self.indices.empty())
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

    # ---------------------------------------------------------------- reductions

    def reduction(self, node: Reduction, around: Symbols) -> Value:
        """`around` are the indices that the reduction mentions: it is computed once for each value of them."""
        bound = frozenset(index.symbol for index in node.indices)
        parts = chain(node.body) if node.kind in ("sum", "mean") else [Part(node.body)]
        stays = [bool(self.indices.mentions(part.scalar) & bound) for part in parts]
        if not any(stays):  # only the range or the condition mentions the index
            stays = [True for _ in parts]
        kept = [part for part, stay in zip(parts, stays, strict=True) if stay]
        inside = [self.factor(part, around | bound) for part in kept]
        square = all(isinstance(part.scalar, Read) and part.scalar == kept[0].scalar for part in kept)
        fused = node.kind in ("sum", "mean") and len(kept) > 1 and not square
        term = self.product(inside, around | bound, fused=fused)
        mentioned = union(f.mentions for f in inside) | self.indices.of_ends(node.indices)
        if node.where is not None:
            mentioned |= self.indices.mentions(node.where)
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
        values: list[list[float]] = []
        terms: list[int] = []

        def one(e: Places) -> None:
            terms[-1] += 1
            value = term(e)
            if beside is None or not beside(e):
                values[-1].append(value)

        self.counts = Counter()  # a condition costs nothing
        loop = self.indices.sweep(node.indices, one, self.tests(node.where))
        self.counts = counts

        def run(e: Places) -> float:
            values.append([])
            terms.append(0)
            loop(e)
            done = terms.pop()
            counts[kind] += done if node.where is not None else max(done - 1, 0)
            if node.kind == "mean":
                counts["divide"] += 1
            return combined(node.kind, values.pop())

        return run

    def tests(self, where: Scalar | None) -> list[Test]:
        """The parts of a condition, each with the indices that it mentions."""
        return [] if where is None else [(self.indices.mentions(p), self.value(p, None)) for p in conjuncts(where)]

    def make_equal(self, where: Scalar, indices: tuple[Index, ...]) -> None:
        """Data that must equal an index is a whole number of its range."""
        ranges = {index.symbol: index for index in (*self.equation.indices, *indices)}
        for read, symbol in equalities(where):
            if symbol in ranges:
                ends = (
                    compiled(e, self.sizes, self.indices.slots) for e in (ranges[symbol].lower, ranges[symbol].upper)
                )
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


def _ignoring(value: Value) -> Callable[[Places], None]:
    def ignored(e: Places) -> None:
        value(e)

    return ignored
