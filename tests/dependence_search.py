"""Which positions read which, by search: a reference for paths and receptive fields that knows nothing of the engine.

A network is a list of layers, each described by its neighbour function: for an output position, the positions that it
reads. Reads beyond the sequence are dropped, for zero padding carries nothing. There are two ways to look at it:

* `layers_needed`: how many layers of a stack join every admitted pair. Sets of positions are the bits of an integer.
* `Network`: the fewest units between every input and every output position of a network as it stands, with
  recurrences as chains of cells, residual connections, and branches.

Pairs are two different positions. All are admitted, or only those in order if no layer reads ahead, or only those in
reverse order if none reads behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf

Reads = Callable[[int], Iterable[int]]
Stack = Callable[[int], Reads]
"The reads of the layer with that number, from 0."


def window(*offsets: int) -> Reads:
    """Each position reads those at the offsets from itself."""
    return lambda p: [p + offset for offset in offsets]


def span(behind: int, ahead: int) -> Reads:
    """Each position reads itself, so many behind it and so many ahead."""
    return lambda p: range(p - behind, p + ahead + 1)


def everything(n: int) -> Reads:
    return lambda _: range(n)


def clipped(reads: Reads, n: int, inputs: int | None = None) -> list[list[int]]:
    """What each of n positions reads of as many, or of so many, inputs."""
    return [[q for q in reads(p) if 0 <= q < (n if inputs is None else inputs)] for p in range(n)]


# ---------------------------------------------------------------- stacks


def seen_through(seen: list[int], reads: list[list[int]]) -> list[int]:
    """The input positions that each position sees after a layer, as bits."""
    result = []
    for places in reads:
        bits = 0
        for place in places:
            bits |= seen[place]
        result.append(bits)
    return result


def layers_needed(n: int, stack: Stack, tokens: int | None = None) -> int | float:
    """How many layers join every admitted pair of n positions: `inf` where no number does.

    With `tokens`, pairs are those of the first so many positions; the others only help. Every position must read
    itself, so that nothing that was seen is lost. A stack is given up when four layers in a row bring nothing: its
    layers alternate at most, or their dilation grows, and once it brings nothing it never will.
    """
    count = n if tokens is None else tokens
    ahead, behind = order_of([clipped(stack(i), n) for i in (0, 1)], count)
    every = (1 << count) - 1
    wanted = [every if ahead == behind else (2 << p) - 1 if behind else every >> p << p for p in range(count)]
    seen, idle, number = [1 << p for p in range(n)], 0, 0
    while not all(seen[p] & wanted[p] == wanted[p] for p in range(count)):
        reads = clipped(stack(number), n)
        assert all(p in reads[p] for p in range(n))
        after = seen_through(seen, reads)
        idle = idle + 1 if after == seen else 0
        if idle == 4:
            return inf
        seen, number = after, number + 1
    return number


def order_of(layers: Iterable[list[list[int]]], count: int) -> tuple[bool, bool]:
    """Does any of the first so many positions read one of them ahead of it, or behind it?"""
    pairs = [(p, q) for layer in layers for p in range(count) for q in layer[p] if q < count]
    return any(q > p for p, q in pairs), any(q < p for p, q in pairs)


def reach_of(n: int, layers: Iterable[Reads]) -> int:
    """The receptive field: the most input positions that one of n outputs sees through the layers."""
    seen = [1 << p for p in range(n)]
    for reads in layers:
        seen = seen_through(seen, clipped(reads, n))
    return max(bits.bit_count() for bits in seen)


# ---------------------------------------------------------------- networks as they stand

Distances = list[dict[int, int]]
"For every position the inputs that it sees, and the fewest units on a route from each."


def inputs(n: int, first: int = 0) -> Distances:
    """n positions that see themselves; the numbers of inputs count from `first`, to tell sequences apart."""
    return [{first + p: 0} for p in range(n)]


def nearest(*ways: Iterable[dict[int, int]]) -> dict[int, int]:
    """The fewest units on any of the ways."""
    found: dict[int, int] = {}
    for way in ways:
        for routes in way:
            for source, units in routes.items():
                if units < found.get(source, units + 1):
                    found[source] = units
    return found


def farther(routes: dict[int, int], units: int = 1) -> dict[int, int]:
    return {source: count + units for source, count in routes.items()}


def mixing(state: Distances, reads: Reads, outputs: int | None = None, units: int = 1) -> Distances:
    """A layer: each of its outputs is so many units away from what it reads."""
    size = len(state) if outputs is None else outputs
    places = clipped(reads, size, len(state))
    return [farther(nearest([state[q] for q in places[p]]), units) for p in range(size)]


def scanning(state: Distances, direction: int = 1) -> Distances:
    """A recurrence: the cell at each step reads its input and the cell one step before, and is one unit."""
    result: Distances = [{} for _ in state]
    before: dict[int, int] = {}
    for p in range(len(state))[::direction]:
        before = result[p] = farther(nearest([state[p], before]))
    return result


def beside(*branches: Distances) -> Distances:
    """A sum or a concatenation of branches: each position by the shortest of them."""
    return [nearest(ways) for ways in zip(*branches, strict=True)]


def farthest(outputs: Distances, sources: Iterable[int], first: int = 0) -> int | float:
    """The path: over admitted pairs, the most units; `inf` where a pair is never joined.

    `sources` are numbers of inputs, and output p is the input first + p in another place: such a pair is none.
    """
    wanted = set(sources)
    seen = [(s, first + p) for p, routes in enumerate(outputs) for s in routes if s in wanted]
    ahead, behind = any(s > p for s, p in seen), any(s < p for s, p in seen)
    ordered = ahead != behind
    pairs = [(s, p) for p in range(len(outputs)) for s in wanted if s != first + p]
    admitted = [(s, p) for s, p in pairs if not ordered or (s > first + p) == ahead]
    return max((outputs[p].get(s, inf) for s, p in admitted), default=0)


def receptive(outputs: Distances) -> int:
    """The most input positions that one output position sees."""
    return max(len(routes) for routes in outputs)
