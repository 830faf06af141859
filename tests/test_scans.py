"""Prefix scans: which recurrences are linear in their state, proved by running one step, and what a scan of them costs.

The verdicts are those of the papers; that a step is affine in the state (or is not), how many elements mix and how many
transitions differ is measured on numbers, by an interpreter of this file; depth and work are counted in a scan that is
run here. Nothing is compared with the engine's own analysis.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product

import pytest
from archderive import library, parse
from archderive.algebra.substitution import evaluate
from archderive.errors import Source
from archderive.program import Equation, Instance, Recurrence, all_nodes
from archderive.quantities import Measures, Scan
from archderive.quantities.cycles import cycles
from archderive.scalars import Choice, Index, Literal_, Operation, Read, Reduction, Scalar, Size, Tensor, position
from archderive.session import open_path, open_source

LINEAR = ("elementwise", "matrix")
NOT = "not linear as written"

# Every recurrence of the standard library: the layer that has it, its states, the verdict, what is said of it where it
# is not linear, and who says so.
LIBRARY = [
    (
        "causal_linear_attention",
        "s",
        "elementwise",
        "",
        "Katharopoulos et al. 2020, equations (18), (19): a sum of k v",
    ),
    ("delta_rule", "s", "matrix", "", "Yang et al. 2024 (DeltaNet over sequence length), section 3: I - beta k k'"),
    ("gated_linear_attention", "s", "elementwise", "", "Yang et al. 2024 (GLA), equation (3)"),
    ("elman", "h", NOT, "tanh", "Martin and Cundy 2018: not linear, unlike their linear surrogates"),
    ("lstm", "c h", NOT, "sigmoid", "Martin and Cundy 2018, section 1"),
    ("lstm_peephole", "c h", NOT, "sigmoid", "its gates read the cell too"),
    ("lstm_projection", "c h", NOT, "sigmoid", "as the LSTM"),
    ("gru", "h", NOT, "sigmoid", "Feng et al. 2024, section 2: its gates read h"),
    ("gru_torch", "h", NOT, "sigmoid", "as the GRU"),
    ("elman_backward", "h", NOT, "tanh", "as forward"),
    ("lstm_backward", "c h", NOT, "sigmoid", "as forward"),
    ("gru_backward", "h", NOT, "sigmoid", "as forward"),
    ("decoder_rnn", "h", NOT, "tanh", "as the Elman network"),
    ("sru", "c", NOT, "sigmoid", "Lei et al. 2018, equations (1) and (3): the gates read c"),
    ("qrnn", "c", "elementwise", "", "Bradbury et al. 2017, section 2; Martin and Cundy 2018, section 2.3"),
    ("indrnn", "h", NOT, "a maximum", "Li et al. 2018, equation (2): a ReLU of the state"),
    ("min_gru", "h", "elementwise", "", "Feng et al. 2024, section 3.1"),
    ("convlstm2d", "c s", NOT, "sigmoid", "as the LSTM"),
    ("rnn2d", "s", NOT, "tanh", "as the Elman network"),
    ("ssm", "h", "elementwise", "", "S4D, Gu et al. 2022b: diagonal"),
    ("selective_scan", "h", "elementwise", "", "Gu and Dao 2023, section 3.3.2"),
    ("retention_recurrent", "s", "elementwise", "", "Sun et al. 2023, equation (6)"),
    ("s4", "h", "matrix", "", "Gu et al. 2022: a dense state matrix (diagonal plus rank one) for each channel"),
    ("lru", "p q", "matrix", "", "Orvieto et al. 2023: a complex number is a matrix of 2 x 2"),
    ("damped_ema", "h", "elementwise", "", "Ma et al. 2023, equation (2)"),
    ("wkv", "a", "elementwise", "", "Peng et al. 2023, appendix D: numerator"),
    ("wkv", "b", "elementwise", "", "Peng et al. 2023, appendix D: denominator"),
]

HEAD = "dim T, D, E\nmodel m(x[T, D], z[T, D], g[D]):\n"

# The rules, one case each: the equations, the states, the verdict, and what is said.
RULES = {
    "running sum": ("h[t, d] = h[t-1, d] + x[t, d]", "h", "elementwise", ""),
    "difference": ("h[t, d] = x[t, d] - h[t-1, d]", "h", "elementwise", ""),
    "decay": ("h[t, d] = 0.9 * h[t-1, d] + x[t, d]", "h", "elementwise", ""),
    "divided": ("h[t, d] = h[t-1, d] / z[t, d] + x[t, d]", "h", "elementwise", ""),
    "backward": ("h[t, d] = z[t, d] * h[t+1, d] + x[t, d]", "h", "elementwise", ""),
    "initial state": ("h[-1, d] = g[d]\n    h[t, d] = z[t, d] * h[t-1, d] + x[t, d]", "h", "elementwise", ""),
    # SRU of the 2017 preprint (arXiv 1709.02755v1, equations (3) to (7)): no gate reads the state
    "SRU 2017": (
        "weight W[D, 3, D], b[2, D]\n"
        "    u[t, q, j] = sum[i] x[t, i] * W[i, q, j]\n"
        "    f[t, j] = sigmoid(u[t, 1, j] + b[0, j])\n"
        "    r[t, j] = sigmoid(u[t, 2, j] + b[1, j])\n"
        "    c[t, j] = f[t, j] * c[t-1, j] + (1 - f[t, j]) * u[t, 0, j]\n"
        "    h[t, j] = r[t, j] * tanh(c[t, j]) + (1 - r[t, j]) * x[t, j]",
        "c",
        "elementwise",
        "",
    ),
    "chosen by the input": ("h[t, d] = h[t-1, d] if x[t, d] > 0 else x[t, d]", "h", "elementwise", ""),
    "an Elman network without its function": (
        "weight U[D, D]\n    h[t, j] = x[t, j] + sum[l] h[t-1, l] * U[l, j]",
        "h",
        "matrix",
        "",
    ),
    "permuted": ("h[t, d] = h[t-1, D - 1 - d] + x[t, d]", "h", "matrix", ""),
    "mixed at the same step": (
        "weight U[D, D]\n    a[t, j] = z[t, j] * h[t-1, j]\n    h[t, j] = x[t, j] + sum[l] a[t, l] * U[l, j]",
        "h",
        "matrix",
        "",
    ),
    "two steps back": (
        "b[t < T, d] = h[t-1, d]\n    h[t, d] = 0.5 * h[t-1, d] - 0.2 * b[t-1, d] + x[t, d]",
        "b h",
        "matrix",
        "",
    ),
    "coupled": (
        "p[t, d] = 0.8 * p[t-1, d] - z[t, d] * q[t-1, d]\n    q[t, d] = z[t, d] * p[t-1, d] + x[t, d]",
        "p q",
        "matrix",
        "",
    ),
    "blocks": (
        "weight U[2, E, E], b[T, 2, E]\n    h[t, (i < 2, j < E)] = b[t, i, j] + sum[l] h[t-1, (i, l)] * U[i, l, j]",
        "h",
        "matrix",
        "",
    ),
    "running maximum": ("h[t, d] = max(h[t-1, d], x[t, d])", "h", NOT, "a maximum is taken of `h[t-1, d]`"),
    "maximum over the state": (
        "h[t, d] = x[t, d] + max[l < D] h[t-1, l]",
        "h",
        NOT,
        "a maximum is taken of `h[t-1, l]`",
    ),
    "denominator": ("h[t, d] = x[t, d] / h[t-1, d]", "h", NOT, "`h[t-1, d]` stands in a denominator"),
    "square": ("h[t, d] = h[t-1, d]^2 + x[t, d]", "h", NOT, "`h[t-1, d]` is raised to a power"),
    "product of two reads": (
        "h[t, d] = h[t-1, d] * h[t-1, d] + x[t, d]",
        "h",
        NOT,
        "`h[t-1, d]` is multiplied by `h[t-1, d]`",
    ),
    "product through an equation": (
        "a[t, d] = h[t-1, d] + x[t, d]\n    h[t, d] = a[t, d] * h[t-1, d]",
        "h",
        NOT,
        "`a[t, d]`, which depends on `h[t-1, d]`, is multiplied by `h[t-1, d]`",
    ),
    "multiplied up": (
        "h[t, d] = x[t, d] + prod[l < D] h[t-1, l]",
        "h",
        NOT,
        "`h[t-1, l]` is multiplied up",
    ),
    "condition": (
        "h[t, d] = x[t, d] if h[t-1, d] > 0 else z[t, d]",
        "h",
        NOT,
        "a condition depends on `h[t-1, d]`",
    ),
    "exponent": ("h[t, d] = 2^h[t-1, d] * x[t, d]", "h", NOT, "`h[t-1, d]` stands in an exponent"),
    "absolute value": ("h[t, d] = x[t, d] + abs(h[t-1, d])", "h", NOT, "abs is applied to `h[t-1, d]`"),
    "exponential": (
        "h[t, d] = exp(x[t, d] - h[t-1, d])",
        "h",
        NOT,
        "exp is applied to an expression in `h[t-1, d]`",
    ),
}

GRID = "dim H, W\nmodel m(x[H, W]):\n    h[i, j] = x[i, j] + h[i-1, j] + h[i, j-1]\n    return h\n"


def text_of(equations: str) -> str:
    result = equations.strip().split("\n")[-1].strip().split("[")[0]
    return f"{HEAD}    {equations}\n    return {result}\n"


def measured(text: str) -> Measures:
    (measures,) = open_source(Source("<text>", text)).measures().values()
    return measures


@cache
def of_layer(name: str, small: bool = False) -> Measures:
    """A standard layer; `small`, with a state of 3 instead of 64 for each channel."""
    options = {option.name for option in library.definition(name).options}
    (measures,) = open_path(name, {"S": Fraction(3)} if small and "S" in options else {}).measures().values()
    return measures


def scan_of(measures: Measures, layer: str, states: str) -> Scan:
    (scan,) = (s for s in measures.scans if s.layer == layer and " ".join(s.states) == states)
    return scan


# ---------------------------------------------------------------- verdicts


def holders(instance: Instance) -> set[str]:
    """The layers of a program whose own bodies have a recurrence."""
    from archderive.program import nested

    found: set[str] = set()
    instances = [instance, *(n.instance for n in all_nodes(instance) if hasattr(n, "instance"))]
    for one in instances:
        body = list(one.body)
        while body:
            node = body.pop()
            body += nested(node)
            if isinstance(node, Recurrence):
                found.add(one.name)
    return found


@pytest.mark.slow
def test_every_layer_with_a_recurrence_has_a_row() -> None:
    found = {name for layer in library.index() for name in holders(of_layer(layer).program.instance)}
    assert found == {layer for layer, *_ in LIBRARY}


@pytest.mark.parametrize(
    ("layer", "states", "verdict", "said", "source"), LIBRARY, ids=[f"{r[0]}-{r[1]}" for r in LIBRARY]
)
def test_verdicts_of_the_library(layer: str, states: str, verdict: str, said: str, source: str) -> None:
    scan = scan_of(of_layer(layer), layer, states)
    assert scan.verdict == verdict, source
    assert said in scan.words
    assert bool(scan.words) == (verdict not in LINEAR)
    assert {" ".join(s.states) for s in of_layer(layer).scans} == {r[1] for r in LIBRARY if r[0] == layer}


@pytest.mark.parametrize("name", RULES)
def test_rules(name: str) -> None:
    equations, states, verdict, said = RULES[name]
    (scan,) = measured(text_of(equations)).scans
    assert (" ".join(scan.states), scan.verdict, scan.words) == (states, verdict, said)


def test_what_is_not_derived_says_so() -> None:
    (scan,) = measured(GRID).scans
    assert (scan.verdict, scan.words, scan.along) == ("not derived", "it steps along several axes", ("i", "j"))
    assert scan.depth is None and scan.combine is None and scan.work == {}


def test_scans_through_calls_repeats_and_both_directions() -> None:
    scans = of_layer("bidirectional").scans
    assert [(s.layer, s.direction) for s in scans] == [("elman", "forward"), ("elman_backward", "backward")]
    assert [s.layer for s in of_layer("mamba").scans] == ["selective_scan"]
    text = "dim T, D, L\nmodel m(x[T, D]):\n    repeat L:\n        x = x -> min_gru(D)\n    return x -> min_gru(D)\n"
    assert [s.layer for s in measured(text).scans] == ["min_gru"], "one layer is said once"


# ---------------------------------------------------------------- one step, on numbers


@dataclass
class Step:
    """One step of a cycle at small sizes: the tensors of the step before in, those of this step out. All that stands
    outside the cycle is a random number for each element, and the same at every call."""

    equations: list[Equation]
    axis: int
    sizes: Mapping[str, int]
    seed: int = 0

    def __post_init__(self) -> None:
        self.members = {e.target for e in self.equations}
        self.given: dict[tuple[Tensor, tuple[int, ...]], float] = {}
        self.random = random.Random(self.seed)

    def number(self, expr: object, at: Mapping[str, int]) -> int:
        return int(evaluate(expr, {**self.sizes, **at}))  # type: ignore[arg-type]

    def run(
        self, before: Mapping[tuple[Tensor, tuple[int, ...]], float]
    ) -> dict[tuple[Tensor, tuple[int, ...]], float]:
        now: dict[tuple[Tensor, tuple[int, ...]], float] = {}
        for equation in self.equations:
            for at in self.every(equation.indices, {}):
                if self.number(position(equation.subscripts[self.axis]), at) == 2:
                    key = tuple(self.number(position(s), at) for s in equation.subscripts)
                    now[equation.target, key] = self.value(equation.body, at, before, now)
        return now

    def every(self, indices: tuple[Index, ...], at: Mapping[str, int]) -> Iterator[dict[str, int]]:
        ranges = [range(self.number(i.lower, at), self.number(i.upper, at) + 1) for i in indices]
        for places in product(*ranges):
            yield {**at, **{i.symbol.name: p for i, p in zip(indices, places, strict=True)}}

    def value(self, scalar: Scalar, at: dict[str, int], before: Mapping, now: Mapping) -> float:  # type: ignore[type-arg]
        def of(one: Scalar) -> float:
            return self.value(one, at, before, now)

        match scalar:
            case Size(value=value):
                return float(evaluate(value, {**self.sizes, **at}))
            case Literal_(value=value):
                assert value is not None
                return float(value)
            case Read(tensor=tensor, subscripts=subscripts):
                key = tuple(self.number(position(s), at) for s in subscripts)
                if tensor not in self.members:
                    return self.given.setdefault((tensor, key), self.random.uniform(0.1, 1.5))
                table = now if key[self.axis] == 2 else before
                return table.get((tensor, key), 0.0)
            case Choice(then=then, condition=condition, otherwise=otherwise):
                return of(then) if of(condition) else of(otherwise)
            case Reduction(kind=kind, indices=indices, where=None, body=body):
                terms = [self.value(body, inner, before, now) for inner in self.every(indices, at)]
                return {"sum": sum, "max": max, "prod": math.prod}[kind](terms)
            case Operation(kind=kind, operands=operands):
                return FUNCTIONS[kind](*map(of, operands))
            case _:
                raise AssertionError(scalar)


FUNCTIONS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negate": lambda a: -a,
    "max": max,
    "exp": math.exp,
    "tanh": math.tanh,
    "abs": abs,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    ">": lambda a, b: a > b,
}


def step_of(measures: Measures, states: str) -> tuple[Step, list[tuple[Tensor, tuple[int, ...]]]]:
    """A cycle, to be run for one step, and the elements of its state at the step before."""
    names = [d.symbol.name for d in measures.program.dimensions]
    sizes = {name: 5 if name in ("T", "N") else 2 + n % 2 for n, name in enumerate(sorted(names))}
    sizes |= {name: 3 for name in names if name in ("H", "W") and "T" not in names}
    for node in all_nodes(measures.program.instance):
        for cycle in cycles(node) if isinstance(node, Recurrence) else []:
            read = {node.equations[source].target for source, *_ in cycle.loops}
            if " ".join(e.target.name for e in node.equations if e.target in read) != states or not cycle.loops:
                continue
            axis, way = cycle.loops[0][2:]
            step = Step([node.equations[n] for n in cycle.members], axis, sizes)
            places = []
            for tensor in (e.target for e in node.equations if e.target in read):
                ranges = [range(step.number(a.size, {})) for a in tensor.axes]
                ranges[axis] = range(2 - way, 3 - way)
                if len({a for _, _, a, _ in cycle.loops}) > 1:
                    ranges = [range(3)] * 2 + ranges[2:]
                places += [(tensor, place) for place in product(*ranges)]
            return step, places
    raise AssertionError(states)


CASES = {
    **{f"{layer}-{states}": (layer, states, verdict) for layer, states, verdict, *_ in LIBRARY},
    **{name: ("", states, verdict) for name, (_, states, verdict, _) in RULES.items()},
}


def case_of(name: str) -> tuple[Measures, str, str]:
    layer, states, verdict = CASES[name]
    return of_layer(layer, small=True) if layer else measured(text_of(RULES[name][0])), states, verdict


@pytest.mark.parametrize("name", CASES)
def test_a_step_is_affine_in_the_state_where_it_is_said_to_be(name: str) -> None:
    """f(a u + (1 - a) v) = a f(u) + (1 - a) f(v) for all states u and v; elsewhere some u and v show that it is not."""
    measures, states, verdict = case_of(name)
    step, places = step_of(measures, states)
    pick = random.Random(1)
    worst = 0.0
    for _ in range(3):
        u = {place: pick.uniform(-2, 2) for place in places}
        v = {place: pick.uniform(-2, 2) for place in places}
        between = {place: 0.3 * u[place] + 0.7 * v[place] for place in places}
        if name == "denominator":  # where a number is asked for, not where there is none
            u, v = ({place: abs(n) for place, n in one.items()} for one in (u, v))
            between = {place: 0.3 * u[place] + 0.7 * v[place] for place in places}
        one, other, middle = step.run(u), step.run(v), step.run(between)
        ends = {element.name for element, _ in places}
        worst = max(
            worst,
            *(
                abs(value - 0.3 * one[key] - 0.7 * other[key]) / (1 + abs(value))
                for key, value in middle.items()
                if key[0].name in ends
            ),
        )
    assert (worst < 1e-9) == (verdict in LINEAR), worst


LINEAR_CASES = [name for name, (_, _, verdict) in CASES.items() if verdict in LINEAR]


@pytest.mark.parametrize("name", LINEAR_CASES)
def test_what_mixes_and_how_many_transitions_differ(name: str) -> None:
    """The Jacobian of a step: its blocks have p rows, and as many of them differ as are multiplied in a combine."""
    measures, states, verdict = case_of(name)
    step, places = step_of(measures, states)
    scan = scan_of(measures, CASES[name][0] or "m", states)
    base = step.run({})
    way = 1 if scan.direction == "forward" else -1
    later = {(t, (*p[: step.axis], 2, *p[step.axis + 1 :])): (t, p) for t, p in places}
    assert all(p[step.axis] == 2 - way for _, p in places)
    columns: dict[tuple[Tensor, tuple[int, ...]], dict[tuple[Tensor, tuple[int, ...]], float]] = {}
    for place in places:
        moved = step.run({place: 1.0})
        columns[place] = {source: moved[key] - base[key] for key, source in later.items()}
    blocks: list[set[tuple[Tensor, tuple[int, ...]]]] = [{place} for place in places]
    for place, column in columns.items():
        for other, value in column.items():
            if abs(value) > 1e-12:
                joined = [b for b in blocks if place in b or other in b]
                blocks = [b for b in blocks if b not in joined] + [set().union(*joined)]
    assert scan.combine is not None
    sizes = {**step.sizes}
    mixed = int(evaluate(scan.combine.mixed, sizes))
    operations = {kind: int(evaluate(count, sizes)) for kind, count in scan.combine.operations}
    if verdict == "elementwise":
        assert {len(block) for block in blocks} == {1}
        factors = {round(columns[place][place], 9) for place in places}
        if name in CONDITIONAL:
            return
        if factors == {1.0}:
            assert operations == {"add": len(places)}
        else:
            assert operations == {"multiply": len(factors) + len(places), "add": len(places)}
        return
    if name not in SPARSE:
        assert {len(block) for block in blocks} == {mixed}
        ordered = [[p for p in places if p in block] for block in blocks]
        different = {tuple(round(columns[b][a], 9) for a in block for b in block) for block in ordered}
        assert operations == {"mac": len(different) * mixed**3 + len(places) * mixed}


# Transitions of 0 or 1 as data has it are told apart by their indices, not by their values.
CONDITIONAL = {"chosen by the input"}
# A permutation moves single elements; it is taken to be a dense matrix, as the manual says.
SPARSE = {"permuted"}


# ---------------------------------------------------------------- depth and work, counted


Pair = tuple[tuple[tuple[float, ...], ...], tuple[tuple[float, ...], ...]]


@dataclass
class Tally:
    """What a scan did: rounds, combines, and the multiplications in them."""

    rounds: int = 0
    combines: int = 0
    macs: int = 0

    def times(self, left, right, add=None):  # type: ignore[no-untyped-def]
        """left · right, or left · right + add, of matrices as tuples of rows."""
        result = []
        for i, row in enumerate(left):
            line = []
            for j in range(len(right[0])):
                value = 0.0 if add is None else add[i][j]
                for k, entry in enumerate(row):
                    value += entry * right[k][j]
                    self.macs += 1
                line.append(value)
            result.append(tuple(line))
        return tuple(result)

    def combine(self, first: Pair, second: Pair) -> Pair:
        self.combines += 1
        return self.times(second[0], first[0]), self.times(second[0], first[1], second[1])

    def scan(self, pairs: list[Pair]) -> list[Pair]:
        """Sklansky 1960: in round r every place whose bit r is set takes in the last place before it without."""
        pairs = list(pairs)
        width = 1
        while width < len(pairs):
            self.rounds += 1
            old = list(pairs)
            for n in range(len(pairs)):
                if n // width % 2:
                    pairs[n] = self.combine(old[n // width * width - 1], old[n])
            width *= 2
        return pairs


def random_matrix(pick: random.Random, rows: int, columns: int) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(pick.uniform(-1, 1) for _ in range(columns)) for _ in range(rows))


def keys_and_values(pick: random.Random) -> Pair:
    """DeltaNet as its paper has it, S(t) = (I − β k kᵀ) S(t−1) + β k vᵀ, with A = 2 keys and B = 3 values."""
    k, v, beta = [pick.uniform(-1, 1) for _ in range(2)], [pick.uniform(-1, 1) for _ in range(3)], pick.uniform(0, 1)
    transition = tuple(tuple((i == j) - beta * k[i] * k[j] for j in range(2)) for i in range(2))
    return transition, tuple(tuple(beta * k[i] * v[j] for j in range(3)) for i in range(2))


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8, 13, 16, 64])
@pytest.mark.parametrize("kind", ["one number", "delta rule", "dense"])
def test_a_scan_gives_what_the_loop_gives(kind: str, steps: int) -> None:
    pick = random.Random(steps)
    make = {
        "one number": lambda: (random_matrix(pick, 1, 1), random_matrix(pick, 1, 1)),
        "delta rule": lambda: keys_and_values(pick),
        "dense": lambda: (random_matrix(pick, 3, 3), random_matrix(pick, 3, 1)),
    }[kind]
    pairs = [make() for _ in range(steps)]
    texts = {
        "one number": "dim T\nmodel m(a[T], b[T]):\n    h[t] = a[t] * h[t-1] + b[t]\n    return h\n",
        "delta rule": "dim T, A, B\nmodel m(q[T, A], k[T, A], v[T, B], beta[T]):\n"
        "    return delta_rule(q, k, v, beta)\n",
        "dense": "dim T, S\nmodel m(a[T, S, S], b[T, S]):\n"
        "    h[t, i] = b[t, i] + sum[j] a[t, i, j] * h[t-1, j]\n    return h\n",
    }
    loop, state = [], tuple(tuple(0.0 for _ in row) for row in pairs[0][1])
    for a, b in pairs:
        state = Tally().times(a, state, b)
        loop.append(state)
    tally = Tally()
    found = [b for _, b in tally.scan(pairs)]
    for mine, theirs in zip(found, loop, strict=True):
        for row, other in zip(mine, theirs, strict=True):
            assert row == pytest.approx(other, abs=1e-9)

    (scan,) = measured(texts[kind]).scans
    at = {"T": steps, "A": 2, "B": 3, "S": 3}
    assert scan.depth is not None and scan.combines is not None
    assert evaluate(scan.depth, at) == tally.rounds
    assert evaluate(scan.combines, at) >= tally.combines
    assert (evaluate(scan.combines, at) == tally.combines) == (steps & (steps - 1) == 0)
    # a multiply-add is one operation of a matrix, and a multiplication with its addition of a number; A′ A adds nothing
    work = {kind: evaluate(count, at) for kind, count in scan.work.items()}
    per_combine = tally.macs / tally.combines if tally.combines else 0
    assert tally.combines == 0 or sum(v for k, v in work.items() if k != "add") == per_combine * evaluate(
        scan.combines, at
    )


# (model, sizes, depth, combines, one combine, all), counted by hand
BY_HAND = [
    # 8 steps: 3 rounds of 4 combines; a gate for each of 5 units: 5 + 5 multiplications, 5 additions
    ("min_gru", {"T": 8, "M": 5}, 3, 12, {"multiply": 10, "add": 5}, {"multiply": 120, "add": 60}),
    # 1000 steps are no power of two: 10 rounds of at most 500
    ("min_gru", {"T": 1000, "M": 1}, 10, 5000, {"multiply": 2, "add": 1}, {"multiply": 10000, "add": 5000}),
    # an A of 64 x 64 for each of 2 channels: 2 (64^3 + 64^2)
    ("s4", {"T": 4, "D": 2}, 2, 4, {"mac": 532480}, {"mac": 2129920}),
    # one matrix of 4 x 4 for all 3 columns: 4^3 + 3 * 4^2
    ("delta_rule", {"N": 16, "A": 4, "B": 3}, 4, 32, {"mac": 112}, {"mac": 3584}),
    # one decay for the whole state of 2 x 3: 1 + 6 multiplications
    ("retention_recurrent", {"N": 2, "A": 2, "B": 3}, 1, 1, {"multiply": 7, "add": 6}, {"multiply": 7, "add": 6}),
    # a decay for each of 2 rows: 2 + 6
    ("gated_linear_attention", {"N": 2, "A": 2, "B": 3}, 1, 1, {"multiply": 8, "add": 6}, {"multiply": 8, "add": 6}),
    # nothing decays: 6 additions
    ("causal_linear_attention", {"N": 4, "A": 2, "B": 3}, 2, 4, {"add": 6}, {"add": 24}),
    # 64 complex numbers as matrices of 2 x 2: 64 (8 + 4)
    ("lru", {"T": 2, "D": 7}, 1, 1, {"mac": 768}, {"mac": 768}),
    # expand = 2, S = 16: a state of 2 D x 16
    ("mamba", {"T": 2, "D": 8}, 1, 1, {"multiply": 512, "add": 256}, {"multiply": 512, "add": 256}),
    # one step waits for nothing
    ("ssm", {"T": 1, "D": 1}, 0, 0, {"multiply": 128, "add": 64}, {"multiply": 0, "add": 0}),
]


@pytest.mark.parametrize(("layer", "at", "depth", "combines", "one", "whole"), BY_HAND)
def test_counts_by_hand(layer: str, at: dict[str, int], depth: int, combines: int, one: dict, whole: dict) -> None:  # type: ignore[type-arg]
    (scan,) = of_layer(layer).scans
    assert scan.depth is not None and scan.combines is not None and scan.combine is not None
    assert (evaluate(scan.depth, at), evaluate(scan.combines, at)) == (depth, combines)
    assert {kind: evaluate(count, at) for kind, count in scan.combine.operations} == one
    assert {kind: evaluate(count, at) for kind, count in scan.work.items()} == whole


def test_independent_axes_are_multiplied() -> None:
    """A batch of 7 shares a decay that only features have: 3 + 21 multiplications, not 42."""
    step = "h[b, t, d] = a[d] * h[b, t-1, d] + x[b, t, d]"
    text = f"dim B, T, D\nmodel m(x[B, T, D]):\n    weight a[D]\n    {step}\n    return h\n"
    (scan,) = measured(text).scans
    assert scan.combine is not None
    assert {k: evaluate(c, {"B": 7, "D": 3}) for k, c in scan.combine.operations} == {"multiply": 24, "add": 21}


def test_a_transition_that_data_decides_depends_on_its_indices() -> None:
    """Each of 7 sequences has its own permutation: 7 products of 3 x 3, and 7 matrices on vectors."""
    step = "h[b, t, d] = x[b, t, d] + h[b, t-1, k[b, d]]"
    text = f"dim B, T, D\nmodel m(x[B, T, D], k[B, D]):\n    {step}\n    return h\n"
    (scan,) = measured(text).scans
    assert scan.combine is not None
    assert {k: evaluate(c, {"B": 7, "D": 3}) for k, c in scan.combine.operations} == {"mac": 7 * 27 + 7 * 9}


def test_steps_that_change_from_turn_to_turn() -> None:
    turn = "repeat L as i:\n        x = x -> min_gru(D) -> maxpool1d(2)"
    text = f"dim T, D, L\nmodel m(x[T, D]):\n    {turn}\n    return x\n"
    words = " ".join(parse(text).derivation().to_text(columns=2000).split())
    assert "the recurrence of h in `min_gru` at turn i is linear" in words


# ---------------------------------------------------------------- where it is said


def test_the_derivation_says_it_in_every_format() -> None:
    text = "dim T, D\nmodel m(x[T, D]):\n    return x -> min_gru(D) -> elman(D)\n"
    derivation = parse(text).derivation()
    words = " ".join(derivation.to_text(columns=2000).split())
    assert (
        "Prefix scan: the recurrence of h in `min_gru` is linear in its state, element by element. A scan "
        "(Blelloch 1990) replaces the T steps by ⌈log₂ T⌉ combines in a row, at most T⌈log₂ T⌉/2 in all, each of 2D "
        "multiplications and D additions: together TD⌈log₂ T⌉ multiplications and TD⌈log₂ T⌉/2 additions." in words
    )
    assert (
        "Prefix scan: none is derived for the recurrence of h in `elman`, which is not linear in its state as written: "
        "tanh is applied to an expression in h[t−1,l], in the equation of h." in words
    )
    assert r"$\lceil \log_{2} T \rceil$ combines in a row" in derivation.to_latex()
    assert r"$\lceil \log_{2} T \rceil$ combines in a row" in derivation.to_markdown()


def test_python() -> None:
    import sympy

    m = parse("dim T, D\nmodel m(x[T, D]):\n    return x -> min_gru(D)\n")
    (scan,) = m.scans
    T, D = m.symbols["T"], m.symbols["D"]
    assert scan.depth == sympy.ceiling(sympy.log(T, 2))
    assert scan.combine == {"multiply": 2 * D, "add": D}
    assert scan.work["add"].subs({T: 8, D: 3}) == 36
    assert (scan.layer, scan.states, scan.verdict, scan.reason) == ("min_gru", ("h",), "elementwise", "")


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    from archderive.cli import main

    assert main(["sru", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    (scan,) = model["scans"]
    assert scan["verdict"] == "not linear as written"
    assert scan["reason"] == "sigmoid is applied to an expression in `c[..., t-1, j]`"
    assert scan["depth"] is None and scan["work"] == {}
    assert main(["ssm", "--at", "T=1024", "D=2", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    (scan,) = model["scans"]
    assert scan["depth"] == {"expr": "ceiling(log(T, 2))", "latex": r"\lceil \log_{2} T \rceil", "value": 10}
    assert scan["work"]["add"]["value"] == 5120 * 128
