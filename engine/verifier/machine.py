"""A program at sizes, run: calls entered, repeats unrolled, weights allocated, every equation's loops executed.

It gives what every application of a layer did and held, and the values that came out. It does not compare: that is
`compare`'s work.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import assert_never

from ..algebra.atoms import Symbol
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
    Program,
    Recurrence,
    Repeat,
    Share,
    Shared,
    Split,
)
from ..scalars import Tensor
from .loops import Loops
from .memory import Bank, Given, Moves, OutOfRange, Place, Storage, cut_out, end_to_end, fill
from .numbers import NotWhole, Number, Sizes, number, whole
from .runs import Done, Impossible, Observer, Run, Tally, TooLong, Undefined

Memory = dict[Tensor, Storage]


def execute(
    program: Program,
    sizes: Sizes,
    seed: int = 0,
    inputs: Mapping[str, object] | None = None,
    weights: Given | None = None,
    limit: int = 20_000_000,
    observer: Observer | None = None,
) -> Run:
    """Run a program at these sizes. Inputs and weights that are not given, as nested lists, are drawn at random.

    Raises `TooLong` beyond `limit` operations, `Impossible` where an equation cannot be run, and ValueError for values
    of another shape than their tensor's or for a weight that the model does not have.
    """
    machine = Machine(random.Random(seed), weights or {}, limit, observer)
    arguments = []
    for tensor in program.instance.inputs:
        storage = Storage(tensor, tensor.axes, dict(sizes))
        machine.charge(storage.volume)
        if inputs is not None and tensor.name in inputs:
            fill(storage, inputs[tensor.name], tensor.name)
        else:
            storage.draw(machine.source)
        arguments.append(storage)
    try:
        outputs, tally = machine.application(program.instance, arguments, dict(sizes), Bank())
    except OutOfRange as wrong:
        raise Impossible(f"an equation reads place {wrong.args[0]}, outside a range") from None
    except ZeroDivisionError:
        raise Undefined("a subscript or a range divides by zero") from None
    except NotWhole as wrong:
        raise Undefined(f"a subscript or a range is {wrong}, no whole number") from None
    except RecursionError:
        raise Impossible("an equation waits for itself") from None
    unknown = sorted({*(weights or {})} - machine.taken)
    if unknown:
        raise ValueError(f"the model has no weight `{unknown[0]}`")
    return Run(machine.done, tuple(arguments), tuple(outputs), tally, machine.surprises, machine.empty)


class Machine:
    """Everything that a run shares."""

    def __init__(self, source: random.Random, given: Given, limit: int, observer: Observer | None) -> None:
        self.source = source
        self.given = given
        self.limit = limit
        self.observer = observer
        self.done: list[Done] = []
        self.surprises: list[str] = []
        self.empty = False
        self.taken: set[str] = set()
        self.shares: dict[Shared, Bank] = {}

    # ---------------------------------------------------------------- applications

    def application(
        self, instance: Instance, arguments: list[Storage], sizes: dict[Symbol, Number], bank: Bank
    ) -> tuple[list[Storage], Tally]:
        """Enter a layer with these tensors; give what it returns and what it took."""
        for formal, actual in zip(instance.inputs, arguments, strict=True):
            promised = Storage(formal, formal.axes, sizes)
            if promised.shape != actual.shape:
                self.surprises.append(
                    f"`{instance.name}` was promised `{formal.name}` of the shape {promised.shape}, not {actual.shape}"
                )
        if self.observer is not None:
            self.observer.enter(instance, arguments)
        memory: Memory = dict(zip(instance.inputs, arguments, strict=True))
        tally = Tally()
        self.body(instance.body, memory, sizes, bank, tally)
        outputs = [memory[output] for output in instance.outputs]
        if self.observer is not None:
            outputs = self.observer.leave(instance, outputs)
        self.done.append(Done(instance, sizes, tally))
        return outputs, tally

    def body(
        self, nodes: tuple[Node, ...], memory: Memory, sizes: dict[Symbol, Number], bank: Bank, tally: Tally
    ) -> None:
        bank.enter()
        self.begin()
        for node in nodes:
            self.charge(1)
            self.node(node, memory, sizes, bank, tally)
            if isinstance(node, Call | Repeat | Choose | Parallel):
                self.begin()

    def begin(self) -> None:
        """Tell who follows the run that a stretch of equations begins here."""
        if self.observer is not None:
            self.observer.begin()

    def node(self, node: Node, memory: Memory, sizes: dict[Symbol, Number], bank: Bank, tally: Tally) -> None:
        match node:
            case Declared(tensor=tensor):
                memory[tensor] = self.allocated(node, sizes, bank, tally)
                tally.active.add(memory[tensor])
            case Equation():
                self.equations([node], None, memory, sizes, tally)
            case Recurrence(equations=equations):
                self.equations(list(equations), node, memory, sizes, tally)
            case Join(result=result, parts=parts, axis=axis):
                joined = [memory[part] for part in parts]
                self.charge(sum(part.volume for part in joined))
                memory[result] = self.moved(result, end_to_end(joined, axis), sizes)
            case Split(results=results, source=source, axis=axis, offsets=offsets):
                for piece, offset in zip(results, offsets, strict=True):
                    moves = cut_out(piece.axes, sizes, memory[source], axis, whole(offset, sizes))
                    memory[piece] = self.moved(piece, moves, sizes)
            case Opaque():
                self.opaque(node, memory, sizes, tally)
            case Share(shared=shared):
                self.shares[shared] = bank.bank(shared.name)
            case Call():
                self.call(node, memory, sizes, bank, tally)
            case Repeat():
                self.repeat(node, memory, sizes, bank, tally)
            case Choose():
                self.choose(node, memory, sizes, bank, tally)
            case Parallel():
                self.parallel(node, memory, sizes, bank, tally)
            case _:
                assert_never(node)

    def call(self, node: Call, memory: Memory, sizes: dict[Symbol, Number], bank: Bank, tally: Tally) -> None:
        arguments = [memory[argument] for argument in node.arguments]
        results, inside = self.application(node.instance, arguments, sizes, self.bank_of(node, bank))
        memory.update(zip(node.results, results, strict=True))
        tally.add(inside)

    def bank_of(self, node: Call, bank: Bank) -> Bank:
        """The weights of an application: its own, or those that it shares with others."""
        return self.shares[node.shared] if node.shared is not None else bank.bank(node.instance.name)

    def allocated(self, node: Declared, sizes: dict[Symbol, Number], bank: Bank, tally: Tally) -> Storage:
        """A weight, buffer or mask: the one of this application, made when it is met for the first time."""
        storage = Storage(node.tensor, node.tensor.axes, dict(sizes))
        self.charge(storage.volume)
        if node.kind == "mask":  # drawn anew each time that it is met, also where weights are shared
            storage.elements.update(dict.fromkeys(storage.places(), 1.0))
            return storage
        known = bank.weights.get(node.tensor.name)
        if known is None:
            path = f"{bank.name}/{node.tensor.name}".lstrip("/")
            if path in self.given:
                fill(storage, self.given[path], path)
                self.taken.add(path)
            else:
                storage.draw(self.source)
                storage.drawn = False
            bank.weights[node.tensor.name] = known = storage
        elif known.shape != storage.shape:
            self.surprises.append(f"`{node.tensor.name}` is {storage.shape} here, and {known.shape} where it is shared")
        tally.weights[known] = node.kind
        return known

    # ---------------------------------------------------------------- equations

    def equations(
        self,
        equations: list[Equation],
        recurrence: Recurrence | None,
        memory: Memory,
        sizes: dict[Symbol, Number],
        tally: Tally,
    ) -> None:
        """An equation, or several that read each other one step back: each element is computed when it is needed."""
        states: dict[str, Storage] = {}
        for equation in equations:
            if not equation.initial:
                storage = Storage(equation.target, equation.target.axes, dict(sizes))
                self.charge(storage.volume)
                memory[equation.target] = states[equation.target.name] = storage
        for equation in equations:
            if equation.initial:
                memory[equation.target] = states[equation.target.name]
        group = [(Loops(equation, sizes, memory), memory[equation.target]) for equation in equations]
        if recurrence is None:
            self.straight(*group[0])
        else:
            self.when_needed(group)
        if self.observer is not None:
            self.observer.equations(group, recurrence)
        for loops, storage in group:
            storage.guard()
            mine = Tally(dict(loops.counts))
            self.done.append(Done(loops.equation, sizes, mine))
            tally.add(mine)
            self.charge(loops.counts.total())
        for storage in states.values():
            self.check_shape(storage)

    def straight(self, loops: Loops, storage: Storage) -> None:
        elements, target, body = storage.elements, loops.target, loops.body

        def one(e: list[int]) -> None:
            elements[target(e)] = body(e)

        loops.indices.sweep(loops.equation.indices, one)(loops.indices.empty())
        loops.settle()

    def when_needed(self, group: list[tuple[Loops, Storage]]) -> None:
        waiting: dict[tuple[Storage, Place], tuple[Loops, list[int]]] = {}
        for loops, storage in group:
            for e in loops.points():
                waiting[storage, loops.target(e)] = (loops, e)

        def computing(storage: Storage) -> Callable[[Place], float | None]:
            def compute(at: Place) -> float | None:
                if (storage, at) not in waiting:
                    return None
                loops, e = waiting.pop((storage, at))
                value = loops.body(e)
                storage.elements[at] = value
                return value

            return compute

        for _, storage in group:
            storage.elements.waiting = computing(storage)
        for storage, at in list(waiting):
            storage.elements[at]
        for loops, _ in group:
            loops.settle()
        for _, storage in group:
            storage.elements.waiting = None

    def charge(self, work: int) -> None:
        """Operations that are done and elements that are held: a run that takes too many of them ends."""
        self.limit -= work
        if self.limit < 0:
            raise TooLong

    def check_shape(self, storage: Storage) -> None:
        self.empty |= not storage.elements
        missing = [at for at in storage.places() if at not in storage.elements]
        if missing:
            self.surprises.append(f"`{storage.tensor.name}` has a place {missing[0]} that no equation gives")

    def opaque(self, node: Opaque, memory: Memory, sizes: dict[Symbol, Number], tally: Tally) -> None:
        """What is stated is taken as it is stated; its values are drawn."""
        stated = {name: number(cost, sizes) for name, cost in node.stated if name != "depth"}
        mine = Tally({"mac": stated.get("macs", 0), "stated": stated["exact"] - stated.get("macs", 0)})
        storage = Storage(node.target, node.target.axes, dict(sizes))
        storage.draw(self.source)
        memory[node.target] = storage
        if self.observer is not None:
            self.observer.opaque(node, storage, [memory[source] for source in node.sources], sizes)
        self.done.append(Done(node, sizes, mine))
        tally.add(mine)

    # ---------------------------------------------------------------- data movement

    def moved(self, result: Tensor, moves: Moves, sizes: dict[Symbol, Number]) -> Storage:
        storage = Storage(result, result.axes, dict(sizes))
        for at, (source, there) in moves.items():
            storage.elements[at] = source.elements[there]
        self.check_shape(storage)
        storage.guard()
        if self.observer is not None:
            self.observer.moved(storage, moves)
        return storage

    # ---------------------------------------------------------------- blocks

    def repeat(self, node: Repeat, memory: Memory, sizes: dict[Symbol, Number], bank: Bank, tally: Tally) -> None:
        """All turns, one after the other; each begins with what the one before it leaves."""
        state = [memory[carried.initial] for carried in node.carried]
        same = bank.bank("repeat") if node.how == "shared" else None
        for turn in range(whole(node.count, sizes)):
            self.charge(1)
            at = {**sizes, node.symbol: turn}
            self.check_sizes(node, at)
            inner = dict(memory)
            inner.update({c.entry: storage for c, storage in zip(node.carried, state, strict=True)})
            self.body(node.body, inner, at, same or bank.bank("repeat"), tally)
            state = [inner[carried.exit] for carried in node.carried]
        memory.update({c.result: storage for c, storage in zip(node.carried, state, strict=True)})

    def check_sizes(self, node: Repeat, at: dict[Symbol, Number]) -> None:
        """A size that a turn changes must be the next turn's, as its solution has it."""
        now = {size.symbol: number(size.solution, at) for size in node.sizes}
        for size in node.sizes:
            if size.update is not None:
                given = number(size.update, {**at, **now})
                solved = number(size.solution, {**at, node.symbol: at[node.symbol] + 1})
                if given != solved:
                    self.surprises.append(
                        f"`{size.symbol.name}` is {given} after turn {at[node.symbol]}, and solved as {solved}"
                    )

    def choose(self, node: Choose, memory: Memory, sizes: dict[Symbol, Number], bank: Bank, tally: Tally) -> None:
        """Every position runs the same bodies, which are drawn; all others are allocated and not run."""
        count = whole(node.count, sizes)
        chosen = sorted(self.source.sample(range(count), whole(node.chosen, sizes)))
        parts: list[Memory] = []
        for turn in range(count):
            at, inner = {**sizes, node.symbol: turn}, dict(memory)
            mine = bank.bank("choose")
            if turn in chosen:
                self.body(node.body, inner, at, mine, tally)
                parts.append(inner)
            else:
                self.held(node.body, at, mine, tally)
        for given in node.results:
            memory[given.outer] = self.added(given, [part[given.inner] for part in parts], sizes, tally)

    def added(self, given: Gathered, parts: list[Storage], sizes: dict[Symbol, Number], tally: Tally) -> Storage:
        result = Storage(given.outer, given.outer.axes, dict(sizes))
        for at in result.places():
            value = parts[0].elements[at]
            for part in parts[1:]:
                value += part.elements[at]
                tally.count({"add": 1})
            result.elements[at] = value
        if self.observer is not None:
            self.observer.added(result, parts)
        return result

    def held(self, nodes: tuple[Node, ...], sizes: dict[Symbol, Number], bank: Bank, tally: Tally) -> None:
        """Allocate the weights of a body that is not run."""
        bank.enter()
        for node in nodes:
            match node:
                case Declared():
                    self.allocated(node, sizes, bank, tally)
                case Share(shared=shared):
                    self.shares[shared] = bank.bank(shared.name)
                case Call():
                    self.held(node.instance.body, sizes, self.bank_of(node, bank), tally)
                case (
                    Repeat(count=count, symbol=symbol)
                    | Choose(count=count, symbol=symbol)
                    | Parallel(count=count, symbol=symbol)
                ):
                    name = type(node).__name__.lower()
                    same = bank.bank(name) if isinstance(node, Repeat) and node.how == "shared" else None
                    for turn in range(whole(count, sizes)):
                        self.held(node.body, {**sizes, symbol: turn}, same or bank.bank(name), tally)
                case _:
                    pass

    def parallel(self, node: Parallel, memory: Memory, sizes: dict[Symbol, Number], bank: Bank, tally: Tally) -> None:
        moves: dict[Tensor, Moves] = {given.outer: {} for given in node.results}
        for turn in range(whole(node.count, sizes)):
            inner = dict(memory)
            at = {**sizes, node.symbol: turn}
            self.body(node.body, inner, at, bank.bank("parallel"), tally)
            for given in node.results:
                part = inner[given.inner]
                moves[given.outer].update({(turn, *there): (part, there) for there in part.places()})
        for given in node.results:
            memory[given.outer] = self.moved(given.outer, moves[given.outer], sizes)
