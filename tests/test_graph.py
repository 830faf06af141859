"""The graph of dependences against the verifier's tracer, element by element, and against searches written out here."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from archderive import library
from archderive.algebra.atoms import Symbol
from archderive.dependences.bits import TooLarge, joined, units_of
from archderive.dependences.positions import position_axes
from archderive.dependences.reached import Reached, reached
from archderive.dependences.search import Found, search
from archderive.elaborator.elaborate import elaborate
from archderive.errors import Source
from archderive.parser import parse
from archderive.program import Program
from archderive.session import open_layer, open_path, open_source
from archderive.verifier import dependences as judge
from archderive.verifier.numbers import Number
from archderive.verifier.sizes import draws
from hypothesis import given
from hypothesis import strategies as st
from random_routes import generate
from tools import trials

ROOT = Path(__file__).parent.parent
Units = dict[tuple[int, ...], dict[tuple[int, ...], int]]
Sizes = Mapping[Symbol, Number]


def opened(text: str) -> Program:
    return open_source(Source("<test>", text)).programs[0]


def sizes_of(program: Program, **values: int) -> dict[Symbol, Number]:
    known: dict[Symbol, Number] = {}
    for dimension in program.dimensions:
        value = values.get(dimension.symbol.name, dimension.value)
        if value is not None:
            known[dimension.symbol] = int(value) if Fraction(value).denominator == 1 else value
    return known


def searched(text: str, **values: int) -> Found:
    program = opened(text)
    return search(program, sizes_of(program, **values))


# ---------------------------------------------------------------- against the tracer


def by_view(found: Reached) -> Units:
    """The units from every position of every sequence, as the tracer has them: output by output."""
    rows: Units = {}
    for target, value in found.targets:
        row = rows.setdefault(target, {})
        for number, source in enumerate(found.sources):
            units = None if value is None else units_of(value, number)
            if units is not None:
                row[source] = units
    return rows


def traced(program: Program, at: Sizes) -> Units | None:
    """What the tracer finds, output by output; outputs whose positions are the same are taken together, as a search
    does."""
    axes = judge.position_axes(program, program.instance, dict(at), 0)
    assert {t: frozenset(a) for t, a in position_axes(program, program.instance).items()} == axes
    found = judge.trace(program, dict(at), 0, axes)
    if found.empty:
        return None
    rows: Units = {}
    spaces = reached(program.instance, at, position_axes(program, program.instance)).ends
    for tensor, views in zip(program.instance.outputs, found.outputs, strict=True):
        sizes = {axis.size for axis in tensor.axes}
        fits = (n for n, space in enumerate(spaces) if tensor.name in space.names and sizes.issuperset(space.sizes))
        number = next(fits, None)
        for sequence, view in enumerate(views):
            assert number is not None or not view.units
            for target, units in view.units.items():
                row = rows.setdefault((number or 0, target), {})
                for n, source in enumerate(view.sources):
                    if units[n] < judge.NEVER:
                        row[sequence, source] = min(units[n], row.get((sequence, source), judge.NEVER))
    return rows


def compare(program: Program, at: Sizes) -> bool:
    """Is every entry the tracer's? What data decides lies between the certain and the possible routes. False where
    there is nothing to compare."""
    wanted = traced(program, at)
    if wanted is None:
        return False
    axes = position_axes(program, program.instance)
    found = reached(program.instance, at, axes)
    certain = by_view(found)
    if not found.undecided:
        assert {t: row for t, row in certain.items() if row} == {t: row for t, row in wanted.items() if row}
        return True
    possible = by_view(reached(program.instance, at, axes, "possible"))
    for target, row in wanted.items():
        assert all(possible[target][source] <= units for source, units in row.items())
    for target, row in certain.items():
        assert all(wanted[target][source] <= units for source, units in row.items())
    return True


def small_sizes(program: Program, budget: int = 20_000) -> Iterator[Sizes]:
    """Sizes at which the facts hold and a run takes few operations, with more positions than features first."""
    from archderive.quantities import Measures
    from archderive.verifier.compare import affordable

    work = Measures(program).billed("exact").expr
    assert work is not None
    longer = {s: 4 for t in program.instance.inputs for a in t.axes[:-1] or t.axes for s in a.size.symbols()}
    for wanted in (longer, {}):
        for attempt, at in enumerate(draws(program, random.Random(3), wanted)):
            if affordable(work, at, budget):
                yield at
                break
            if attempt > 20:
                break


def compare_all(programs: Iterable[Program], most: int = 1) -> int:
    done = 0
    for program in programs:
        stack = program.stack
        if stack is not None:
            program = replace(program, instance=stack.instance)
        for number, at in enumerate(small_sizes(program)):
            if number < most:
                at = at if stack is None else {**at, stack.symbol: 1}
                done += compare(program, at)
    return done


SLOW_TO_TRACE = {"unet.arch"}
LAYERS = "attention conv1d lstm gru elman bidirectional_lstm conv_transpose1d conv2d maxpool1d upsample1d gcn lookup s4"


@pytest.mark.slow
def test_models_of_the_examples() -> None:
    files = [path for path in sorted((ROOT / "examples").rglob("*.arch")) if path.name not in SLOW_TO_TRACE]
    programs = [program for path in files for program in open_path(str(path)).programs]
    assert compare_all(programs) > 20


def test_layers_of_the_library() -> None:
    names = [name for number, name in enumerate(library.index()) if number % 16 == 0 or name in LAYERS.split()]
    assert compare_all(program for name in names for program in open_layer(name, {}).programs) > 20


@pytest.mark.slow
def test_every_layer_of_the_library() -> None:
    programs = [program for name in library.index() for program in open_layer(name, {}).programs]
    assert compare_all(programs, most=2) > 300


def random_programs(seeds: range) -> Iterator[Program]:
    from archderive.errors import ArchError

    for seed in seeds:
        try:
            yield opened(generate(seed))
        except ArchError:  # slips of the generator
            continue


@pytest.mark.slow
def test_random_stacks() -> None:
    assert compare_all(random_programs(range(40))) > 25


@pytest.mark.slow
def test_many_random_stacks() -> None:
    assert compare_all(random_programs(range(1000, 1150))) > 100


# ---------------------------------------------------------------- against breadth-first search


def layers_needed(n: int, taps: Callable[[int], list[int]]) -> int | None:
    """How many layers join every pair, or every one in the only order that occurs, if layer i reads the offsets
    taps(i); None beyond n + 8 layers."""
    seen = [{p} for p in range(n)]
    for layer in range(n + 8):
        seen = [set().union(*(seen[p + o] for o in taps(layer) if 0 <= p + o < n)) for p in range(n)]
        earlier, later = (any(o < p for p in range(n) for o in seen[p]), any(o > p for p in range(n) for o in seen[p]))
        both = earlier == later
        if all(o in seen[p] for p in range(n) for o in range(n) if o != p and (both or (o < p) == earlier)):
            return layer + 1
    return None


STACK = """
dim k = 3, N = 9, D = 2
assume 2 <= k
model f(x[N, D]; dilation = 1):
    stacked as i: dilation = {dilation}
    y = x -> conv1d(D, kernel = k, padding = "{padding}", dilation = dilation, bias = false)
    return y
"""


@pytest.mark.slow
@pytest.mark.parametrize("padding", ["causal", "same"])
@pytest.mark.parametrize("dilation", ["1", "2", "k^i", "2^i", "i + 1"])
@pytest.mark.parametrize("k", [2, 3, 5])
def test_stacks_of_windows(k: int, dilation: str, padding: str) -> None:
    program = opened(STACK.format(dilation=dilation, padding=padding))
    width = {"1": lambda i: 1, "2": lambda i: 2, "k^i": lambda i: k**i, "2^i": lambda i: 2**i, "i + 1": lambda i: i + 1}

    def taps(layer: int) -> list[int]:
        step = width[dilation](layer)
        before = (k - 1) * step if padding == "causal" else (k - 1) * step // 2
        return [j * step - before for j in range(k)]

    for n in (2, 3, 8, 9, 17, 27):
        found = search(program, sizes_of(program, N=n, k=k))
        assert found.path == layers_needed(n, taps), n


def test_centred_dilated_stack_never_joins_the_ends() -> None:
    found = searched(STACK.format(dilation="k^i", padding="same"))
    assert found.path is None
    assert found.pair is not None
    assert {place for _, place in found.pair} == {(0,), (8,)}


CONNECTED = """
dim k = 2, N = 9, D = 2
assume 2 <= k
model f(x[N, D]):
    repeat until connected as i:
        x = x + (x -> conv1d(D, kernel = k, padding = "{padding}", dilation = {dilation}, bias = false))
    return x
"""


def unsolved(text: str) -> Program:
    """A model whose `repeat until connected` has no number of turns yet."""
    source = Source("<test>", text)
    (program,) = elaborate(parse(source), source, lambda path, span: (source, parse(source)), {}).programs
    return program


@pytest.mark.parametrize(("padding", "dilation"), [("causal", "k^i"), ("same", "1"), ("causal", "2")])
def test_repeat_until_connected(padding: str, dilation: str) -> None:
    program = unsolved(CONNECTED.format(padding=padding, dilation=dilation))
    k = 3 if padding == "same" else 2

    def taps(layer: int) -> list[int]:
        step = {"k^i": k**layer, "1": 1, "2": 2}[dilation]
        return [0, *([-step, step] if padding == "same" else [-step])]

    for n in (2, 5, 9, 16):
        found = search(program, sizes_of(program, N=n, k=k))
        assert found.layers == layers_needed(n, taps) or found.path is None
        assert (found.path is None) == (layers_needed(n, taps) is None)


@given(st.lists(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 6)), max_size=12), min_size=2, max_size=2))
@trials(200)
def test_joining_keeps_the_fewest_units(given_: list[set[tuple[int, int]]]) -> None:
    tables = [{s: min(u for t, u in pairs if t == s) for s, _ in pairs} for pairs in given_]
    values = []
    for table in tables:
        value = None
        for source, units in table.items():
            one = (units, (1 << source,), 1 << source)
            value = one if value is None else joined(value, one)
        values.append(value)
    if None in values:
        return
    both = joined(*values)
    for source in range(10):
        units = [table[source] for table in tables if source in table]
        assert units_of(both, source) == (min(units) if units else None)
    assert both[1][0]
    assert both[1][-1]


# ---------------------------------------------------------------- by hand


def test_a_recurrence() -> None:
    found = searched("dim N = 6, D = 2\nmodel f(x[N, D]):\n    return x -> elman(D)\n")
    assert (found.path, found.receptive, found.order) == (6, 6, "forward")
    assert [found.reached.units((0, (0,)), (0, (t,))) for t in range(6)] == [1, 2, 3, 4, 5, 6]
    assert found.pair == ((0, (0,)), (0, (5,)))


def test_two_sequences_are_apart() -> None:
    program = opened("dim N = 3, M = 4, D = 2\nmodel f(x[N, D], y[M, D]):\n    return attention(x, y)\n")
    found = reached(program.instance, sizes_of(program), position_axes(program, program.instance))
    assert [space.names for space in found.starts] == [("x",), ("y",)]
    assert len(found.sources) == 7
    assert found.units((1, (3,)), (0, (0,))) == 1
    assert found.units((0, (1,)), (0, (0,))) is None  # a query reads its own position only
    assert found.units((0, (0,)), (0, (0,))) == 1


def test_what_data_decides_has_a_reason() -> None:
    text = "dim N = 4, D = 2\nmodel f(x[N, D], to[N]):\n    y[n, d] = x[to[n], d]\n    return y\n"
    program = opened(text)
    certain, possible = (search(program, sizes_of(program), routes=routes) for routes in ("certain", "possible"))
    assert certain.undecided == ("data decides which positions of `x` are read",)
    assert certain.path is None
    assert possible.path == 1


def test_a_budget() -> None:
    program = opened("dim N = 5000, D = 2\nmodel f(x[N, D]):\n    return x -> attention -> lstm(D)\n")
    with pytest.raises(TooLarge):
        search(program, sizes_of(program), budget=10_000)


def test_images() -> None:
    found = searched("dim H = 12, C = 2\nmodel f(x[H, H, C]):\n    return x -> conv2d(C) -> conv2d(C)\n")
    assert found.receptive == 25
    assert found.path is None
