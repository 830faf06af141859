"""Laws that counts obey whatever the sizes: from algebra, or from another model whose count must be the same.

No figure here is copied from what is derived. Sizes and options are random.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path

import archderive as ad
import pytest
from archderive import library
from archderive.algebra.atoms import Symbol
from archderive.algebra.expression import Expr, from_atom
from archderive.algebra.substitution import substitute
from archderive.errors import Source
from archderive.quantities import BY_NAME, Measures
from archderive.session import open_layer, open_source
from archderive.verifier.numbers import Number, number
from archderive.verifier.sizes import draws
from hypothesis import assume, given, settings
from hypothesis import strategies as st

EXAMPLES = [
    pytest.param(path, marks=[pytest.mark.slow] if path.parent.name == "models" else [], id=path.stem)
    for path in sorted((Path(__file__).parent.parent / "examples").rglob("*.arch"))
]
LAYERS = sorted(library.index())
ADDED = ("params", "active", "buffers", "macs", "flops", "exact", "bits", "bytes")
SEEDS = st.integers(0, 10**6)
few = settings(max_examples=15, deadline=None)
some = settings(max_examples=25, deadline=None)


# ---------------------------------------------------------------- what is asked


@cache
def measures(text: str) -> Measures:
    """The quantities of the one model of a text."""
    (found,) = models(text).values()
    return found


def models(text: str, folder: Path | None = None) -> dict[str, Measures]:
    return open_source(Source("<test>", text), folder=folder).measures()


@cache
def layer(name: str) -> Measures:
    (found,) = open_layer(name, {}).measures().values()
    return found


def at(measured: Measures, quantity: str, sizes: Mapping[str, int]) -> Number:
    """A quantity, or the number of operations of a kind, at sizes; what is not named has its example value."""
    given_ = {d.symbol: d.value for d in measured.program.dimensions if d.value is not None}
    given_ |= {d.symbol: sizes[d.symbol.name] for d in measured.program.dimensions if d.symbol.name in sizes}
    return number(formula(measured, quantity), given_)


def formula(measured: Measures, quantity: str) -> Expr:
    expr = measured.quantity(quantity).expr
    assert expr is not None, (quantity, measured.quantity(quantity))
    return expr


def everything(measured: Measures) -> dict[str, Expr | str]:
    """Every quantity that there is, or why there is none, and every kind of operation."""
    found: dict[str, Expr | str] = {}
    for name in (*BY_NAME, *measured.defined):
        derived = measured.quantity(name)
        found[name] = derived.expr if derived.expr is not None else "∞" if derived.infinite else "not derived"
    return found | {f"{kind} operations": count for kind, count in measured.totals.operations.items() if count}


def added(measured: Measures) -> dict[str, Expr]:
    """What adds up: parameters and buffers, and operations by kind."""
    found = {name: formula(measured, name) for name in ADDED}
    found |= {f"{kind} operations": count for kind, count in measured.totals.operations.items()}
    return {name: expr for name, expr in found.items() if expr}


def total(parts: list[dict[str, Expr]]) -> dict[str, Expr]:
    result: dict[str, Expr] = {}
    for part in parts:
        for name, expr in part.items():
            result[name] = result[name] + expr if name in result else expr
    return result


def model(dims: str, body: str, inputs: str = "x[N, D]", facts: str = "") -> Measures:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return measures(f"dim {dims}\n{facts}\nmodel m({inputs}):\n{lines}\n")


def flag(value: bool) -> str:
    return "true" if value else "false"


# ---------------------------------------------------------------- attention

# A sequence attends to itself, or to another as long as itself: the products of pairs take a·N², the rest b·N.
QUADRATIC = (
    "additive_attention",
    "aft_full",
    "attend",
    "attention",
    "attention_block",
    "decoder_layer",
    "encoder_layer",
    "fixed_attention",
    "gaussian_attention",
    "lambda_layer",
    "latent_attention",
    "latent_attention_absorbed",
    "relative_attention",
    "strided_attention",
    "talking_heads",
)


@pytest.mark.parametrize("name", QUADRATIC)
@given(seed=SEEDS)
@settings(max_examples=5, deadline=None)
def test_twice_the_length_is_four_times_the_square_and_twice_the_rest(name: str, seed: int) -> None:
    """f(N) = a·N² + b·N, so f(4N) − 6·f(2N) + 8·f(N) = 0: 16a − 24a + 8a, and 4b − 12b + 8b."""
    measured = layer(name)
    sizes = next(draws(measured.program, random.Random(seed)))
    length = next(int(size) for symbol, size in sizes.items() if symbol.name == "N")

    def count(times: int) -> Number:
        long = {symbol: times * length for symbol in sizes if symbol.name in ("N", "M", "T")}
        return number(formula(measured, "macs"), {**sizes, **long})

    assert count(4) - 6 * count(2) + 8 * count(1) == 0
    assert count(2) > 2 * count(1)  # there is a square
    assert count(2) <= 4 * count(1)


HEADED = (
    "attention(heads = {}, bias = {bias})",
    "attention(heads = {}, bias = {bias}, causal = true)",
    "attention(heads = {}, bias = {bias}, rotary = true)",
    "relative_attention(r, heads = {})",
    "local_attention(r, heads = {})",
    "sliding_attention(r, heads = {})",
    "encoder_layer(heads = {})",
    "multi_head(heads = {}, bias = {bias}, mix = gaussian_attention)",
)


@pytest.mark.parametrize("call", HEADED)
@pytest.mark.parametrize("bias", ["true", "false"])
def test_heads_change_no_multiply_adds(call: str, bias: str) -> None:
    facts = "assume 2*h divides D, r <= N"
    split, whole = (
        model("N, D, h, r", f"return x -> {call.format(heads, bias=bias)}", facts=facts) for heads in ("h", "1")
    )
    assert formula(split, "macs") == formula(whole, "macs")
    assert formula(split, "params") == formula(whole, "params") or call.startswith("relative")


@few
@given(heads=st.integers(1, 12), width=st.integers(1, 12), length=st.integers(1, 40), bias=st.booleans())
def test_heads_change_no_multiply_adds_at_numbers(heads: int, width: int, length: int, bias: bool) -> None:
    body = f"return x -> attention(heads = {{}}, bias = {flag(bias)})"
    split, whole = (model("N, D", body.format(count)) for count in (heads, 1))
    sizes = {"N": length, "D": heads * width}
    assert at(split, "macs", sizes) == at(whole, "macs", sizes)
    assert at(split, "params", sizes) == at(whole, "params", sizes)


@given(bias=st.booleans(), causal=st.booleans(), rotary=st.booleans(), heads=st.sampled_from(["h", "1", "4", "6"]))
@few
def test_grouped_queries_in_as_many_groups_as_heads_are_multi_head(
    bias: bool, causal: bool, rotary: bool, heads: str
) -> None:
    options = f"bias = {flag(bias)}, causal = {flag(causal)}, rotary = {flag(rotary)}"
    facts = f"assume 2*{heads} divides D"
    grouped, plain = (
        model("N, D, h", f"return x -> attention(heads = {heads}{more}, {options})", facts=facts)
        for more in (f", kv_heads = {heads}", "")
    )
    assert everything(grouped) == everything(plain)


@given(seed=SEEDS)
@few
def test_fewer_groups_take_from_keys_and_values_alone(seed: int) -> None:
    """Of 4·N·D² for projections, the 2·N·D² of keys and values are divided by h / k; so are their weights."""
    grouped = model(
        "N, D, h, k",
        "return x -> attention(heads = h, kv_heads = k, bias = false)",
        facts="assume k divides h, h divides D",
    )
    plain = model("N, D, h", "return x -> attention(heads = h, bias = false)", facts="assume h divides D")
    sizes = next(draws(grouped.program, random.Random(seed)))
    v = {symbol.name: int(size) for symbol, size in sizes.items()}
    saved = 2 * v["D"] ** 2 * (1 - Fraction(v["k"], v["h"]))
    assert at(plain, "macs", v) - at(grouped, "macs", v) == v["N"] * saved
    assert at(plain, "params", v) - at(grouped, "params", v) == saved


PAIRS = """S[n, m{range}] = sum[a] x[n, a] * x[m, a] / sqrt(D)
P = S -> softmax
y[n, a] = sum[m] P[n, m] * x[m, a]
return y"""


@some
@given(length=st.integers(1, 30), width=st.integers(1, 9), over=st.integers(0, 1))
def test_a_window_as_wide_as_the_sequence_is_dense(length: int, width: int, over: int) -> None:
    assume(length - 1 + over >= 1)
    window = model("N, D, r", PAIRS.format(range=" in max(0, n - r)..min(N - 1, n + r)"), facts="assume r <= N")
    dense = model("N, D", PAIRS.format(range=""))
    sizes = {"N": length, "D": width, "r": length - 1 + over}
    for name in added(dense):
        if name in BY_NAME:
            assert at(window, name, sizes) == at(dense, name, sizes), name


@some
@given(length=st.integers(1, 30), width=st.integers(1, 9), data=st.data())
def test_a_window_has_the_pairs_that_are_in_it(length: int, width: int, data: st.DataObject) -> None:
    reach = data.draw(st.integers(1, length))
    before = data.draw(st.integers(1, length))
    both = model("N, D, r", PAIRS.format(range=" in max(0, n - r)..min(N - 1, n + r)"), facts="assume r <= N")
    back = model("N, D, w", PAIRS.format(range=" in max(0, n - w + 1)..n"), facts="assume w <= N")
    pairs = sum(abs(n - m) <= reach for n in range(length) for m in range(length))
    assert at(both, "macs", {"N": length, "D": width, "r": reach}) == 2 * pairs * width
    pairs = sum(n - before < m <= n for n in range(length) for m in range(length))
    assert at(back, "macs", {"N": length, "D": width, "w": before}) == 2 * pairs * width


CAUSAL = (
    "attention(heads = {heads}, causal = {causal}, bias = {bias})",
    "decoder_layer(x, heads = {heads}, causal = {causal})",
)


@some
@given(
    call=st.sampled_from(CAUSAL),
    heads=st.sampled_from([1, 2, 3]),
    bias=st.booleans(),
    length=st.integers(1, 50),
    width=st.integers(1, 8),
)
def test_causal_order_costs_at_most_what_all_pairs_cost(
    call: str, heads: int, bias: bool, length: int, width: int
) -> None:
    causal, dense = (
        model("N, D", f"return x -> {call.format(heads=heads, causal=order, bias=flag(bias))}")
        for order in ("true", "false")
    )
    sizes = {"N": length, "D": heads * width}
    for name in ("macs", "flops", "exact"):
        assert at(causal, name, sizes) <= at(dense, name, sizes)
        assert (at(causal, name, sizes) == at(dense, name, sizes)) == (length == 1), name
    assert at(causal, "params", sizes) == at(dense, "params", sizes)


@few
@given(length=st.integers(1, 40), width=st.integers(1, 8))
def test_a_sliding_window_of_the_whole_length_is_causal(length: int, width: int) -> None:
    sliding = model("N, D, w", "return x -> sliding_attention(w)", facts="assume w <= N")
    causal = model("N, D", "return x -> attention(causal = true)")
    sizes = {"N": length, "D": width, "w": length}
    assert at(sliding, "macs", sizes) == at(causal, "macs", sizes)
    assert at(sliding, "params", sizes) == at(causal, "params", sizes)


# ---------------------------------------------------------------- convolutions

AXES = {1: "N", 2: "H, W", 3: "T, H, W"}
OPTIONS = st.fixed_dictionaries(
    {
        "rank": st.sampled_from([1, 2, 3]),
        "kernel": st.integers(1, 7),
        "groups": st.integers(1, 4),
        "bias": st.booleans(),
    }
)


def convolution(rank: int, kernel: int, groups: int, bias: bool, more: str = "") -> Measures:
    """A convolution of g·C features to g·O; the sizes of its positions are multiples of s."""
    axes = AXES[rank]
    facts = "assume " + ", ".join(f"s divides {axis}" for axis in axes.split(", "))
    call = f"conv{rank}d(12*O, kernel = {kernel}, groups = {groups}, bias = {flag(bias)}{more})"
    return model(f"{axes}, C, O, s", f"return x -> {call}", f"x[{axes}, 12*C]", facts)


@some
@given(options=OPTIONS, dilation=st.integers(2, 9))
def test_dilation_changes_no_count(options: dict[str, int], dilation: int) -> None:
    plain, dilated = (convolution(**options, more=more) for more in ("", f", dilation = {dilation}"))
    assert added(dilated) == added(plain)


@some
@given(options=OPTIONS)
def test_groups_divide_weights_and_multiply_adds(options: dict[str, int]) -> None:
    grouped, whole = (convolution(**{**options, "groups": groups, "bias": False}) for groups in (options["groups"], 1))
    assert formula(grouped, "params") * options["groups"] == formula(whole, "params")
    assert formula(grouped, "macs") * options["groups"] == formula(whole, "macs")


@some
@given(options=OPTIONS)
def test_a_stride_divides_multiply_adds(options: dict[str, int]) -> None:
    """The sizes are multiples of the stride s: there are s times fewer outputs along each axis."""
    strided, plain = (convolution(**options, more=more) for more in (", stride = s", ""))
    s = next(from_atom(d.symbol) for d in plain.program.dimensions if d.symbol.name == "s")
    for name in ("macs", "exact"):
        assert formula(strided, name) * s ** options["rank"] == formula(plain, name)
    assert formula(strided, "params") == formula(plain, "params")


# ---------------------------------------------------------------- exact operations and multiply-adds

# Products of matrices without a bias, and how many results each sum of products has.
CONTRACTIONS = (
    ("N, D, O", "x[N, D]", "linear(O, bias = false)", "N*O"),
    ("N, D, O, h", "x[N, D]", "head_projection(h, O, bias = false)", "N*h*O"),
    ("N, D, O", "x[N, D]", "conv1d(O, kernel = 5, bias = false)", "N*O"),
    ("N, D, O", "x[N, 6*D]", "conv1d(6*O, kernel = 4, groups = 3, padding = \"causal\", bias = false)", "N*6*O"),
    ("H, W, D, O", "x[H, W, D]", "conv2d(O, kernel = (2, 3), bias = false)", "H*W*O"),
    ("T, H, W, D, O", "x[T, H, W, D]", "conv3d(O, bias = false)", "T*H*W*O"),
    ("N, D", "x[N, D]", "depthwise1d(bias = false)", "N*D"),
    ("H, W, D, O", "x[H, W, D]", "separable2d(O, bias = false)", "H*W*(D + O)"),
    ("N, D, O", "x[N, D]", "linear(O, bias = false) -> linear(D, bias = false)", "N*(O + D)"),
)  # fmt: skip


@pytest.mark.parametrize(("dims", "inputs", "call", "results"), CONTRACTIONS, ids=[row[2] for row in CONTRACTIONS])
def test_contractions_take_two_operations_for_a_multiply_add_but_one(
    dims: str, inputs: str, call: str, results: str
) -> None:
    """K products and K − 1 additions for each result."""
    measured = model(dims, f"quantity results = {results}\nreturn x -> {call}", inputs)
    assert formula(measured, "exact") == formula(measured, "macs") * 2 - formula(measured, "results")


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_transposed_convolutions_take_two_operations_for_a_multiply_add(rank: int) -> None:
    """Every term of what is spread is added: a product and an addition each."""
    axes = AXES[rank]
    measured = model(
        f"{axes}, C, O", f"return x -> conv_transpose{rank}d(O, kernel = 3, bias = false)", f"x[{axes}, C]"
    )
    assert formula(measured, "exact") == formula(measured, "macs") * 2


@pytest.mark.parametrize("name", LAYERS)
def test_every_multiply_add_is_an_exact_operation(name: str) -> None:
    measured = layer(name)
    drawn = draws(measured.program, random.Random(name))
    for sizes in (next(drawn) for _ in range(3)):
        values = {kind: number(count, sizes) for kind, count in measured.totals.operations.items()}
        assert all(value >= 0 for value in values.values())
        exact, macs, flops = (number(formula(measured, key), sizes) for key in ("exact", "macs", "flops"))
        assert exact == sum(values.values())
        assert flops == 2 * macs and macs == values.get("mac", 0)
        assert exact >= macs
        assert all(number(formula(measured, key), sizes) >= 0 for key in ("params", "buffers", "active"))
        assert number(formula(measured, "bits"), sizes) == 8 * number(formula(measured, "bytes"), sizes)
        assert number(formula(measured, "active"), sizes) <= number(formula(measured, "params"), sizes)


# ---------------------------------------------------------------- sums, repeats, loops in the text

STAGES = (
    "linear(D)",
    "linear(D, bias = false)",
    "linear(3*D) -> gelu -> linear(D)",
    "layernorm",
    "rmsnorm",
    "relu",
    "softmax",
    "attention",
    "attention(bias = false, causal = true)",
    "conv1d(D, kernel = 5, padding = \"causal\", dilation = 2)",
    "depthwise1d",
    "mlp",
    "encoder_layer(heads = 1)",
    "batchnorm",
    "gru(D)",
)  # fmt: skip
BODIES = st.builds(
    lambda stages, residual: applied(stages, residual),
    st.lists(st.sampled_from(STAGES), min_size=1, max_size=3),
    st.booleans(),
)


@some
@given(stages=st.lists(st.sampled_from(STAGES), min_size=1, max_size=5), residual=st.booleans())
def test_a_sequence_costs_the_sum_of_its_layers(stages: list[str], residual: bool) -> None:
    lines = applied(stages, residual)
    whole = model("N, D", "\n".join([*lines, "return x"]))
    parts = [model("N, D", f"{line}\nreturn x") for line in lines]
    assert added(whole) == total([added(part) for part in parts])


def applied(stages: list[str], residual: bool) -> list[str]:
    return [f"x = x + (x -> {stage})" if residual else f"x = x -> {stage}" for stage in stages]


def turns(head: str, lines: list[str]) -> str:
    return "\n    ".join([f"{head}:", *lines]) + "\nreturn x"


@pytest.mark.slow
@some
@given(lines=BODIES, count=st.integers(1, 6))
def test_a_repeat_is_its_body_written_out(lines: list[str], count: int) -> None:
    written = everything(model("N, D", "\n".join([*lines * count, "return x"])))
    assert everything(model("N, D", turns(f"for i in 1..{count}", lines))) == written
    repeated = everything(model("N, D", turns(f"repeat {count}", lines)))
    for name, expr in written.items():  # of many windows side by side there may be too many to follow, written out
        assert repeated[name] == expr or expr == "not derived", name
    assert repeated.keys() == written.keys()


@pytest.mark.slow
@some
@given(lines=BODIES, count=st.integers(1, 6), length=st.integers(8, 30), width=st.integers(1, 9))
def test_a_repeat_of_a_symbol_is_one_of_its_number(lines: list[str], count: int, length: int, width: int) -> None:
    symbolic = model("N, D, L", turns("repeat L", lines))
    fixed = model("N, D", turns(f"repeat {count}", lines))
    sizes = {"N": length, "D": width, "L": count}
    for name in (*ADDED, "sequential"):
        assert at(symbolic, name, sizes) == at(fixed, name, sizes), name


@some
@given(lines=BODIES, count=st.integers(1, 9))
def test_shared_turns_have_the_weights_of_one_and_the_operations_of_all(lines: list[str], count: int) -> None:
    shared, apart, one = (
        model("N, D", turns(head, lines)) for head in (f"repeat {count} shared", f"repeat {count}", "repeat 1")
    )
    assert shared.totals.operations == apart.totals.operations
    for name in ("params", "buffers", "bytes"):
        assert formula(shared, name) == formula(one, name)
        assert formula(apart, name) == formula(one, name) * count
    for name in ("macs", "flops", "exact"):
        assert formula(shared, name) == formula(one, name) * count


MIXING = (
    "attention",
    "gru(D)",
    "depthwise1d",
    'conv1d(D, padding = "causal", dilation = 3)',
    "attention(causal = true)",
)


@pytest.mark.slow
@some
@given(
    before=st.lists(st.sampled_from([*MIXING, "linear(D)"]), max_size=3),
    after=st.lists(st.sampled_from([*MIXING, "relu"]), max_size=3),
    count=st.integers(1, 3),
)
def test_a_route_crosses_every_layer_that_nothing_goes_around(before: list[str], after: list[str], count: int) -> None:
    """One layer reads all positions, so any two are joined in one step there, and in no more than one elsewhere."""
    stages = [*before, "attention", *after] * count
    chain = model("N, D", f"return x -> {' -> '.join(stages)}")
    around = model("N, D", "\n".join([*applied(stages, True), "return x"]))
    for measured, crossed in ((chain, sum(stage in MIXING for stage in stages)), (around, 1)):
        derived = measured.path
        if derived.expr is None:  # a recurrence and a window, one after the other, or too many ways
            assert derived.unknown.startswith("not supported yet") and len(set(stages) & set(MIXING)) > 2
        else:
            assert derived.expr.constant == crossed


@few
@given(uses=st.integers(1, 5), bias=st.booleans())
def test_a_shared_layer_has_its_weights_once(uses: int, bias: bool) -> None:
    call = f"linear(D, bias = {flag(bias)})"
    shared = model("N, D", f"share f = {call}\n" + "x = x -> f\n" * uses + "return x")
    apart = model("N, D", f"x = x -> {call}\n" * uses + "return x")
    assert formula(shared, "params") * uses == formula(apart, "params")
    assert shared.totals.operations == apart.totals.operations


@few
@given(uses=st.integers(1, 5))
def test_a_tied_weight_is_counted_once(uses: int) -> None:
    lines = "".join(f"s{n} = x -> unembed(E)\n" for n in range(uses))
    tied = model("N, V, D", f"weight E[V, D]\nx = lookup(token, E)\n{lines}return " +
                 ", ".join(f"s{n}" for n in range(uses)), "token[N]")  # fmt: skip
    n, v, d = (from_atom(dimension.symbol) for dimension in tied.program.dimensions)
    assert formula(tied, "params") == v * d
    assert formula(tied, "macs") == n * v * d * uses


@some
@given(
    widths=st.lists(st.integers(1, 5), min_size=1, max_size=5),
    times=st.integers(2, 9),
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_weights_of_a_linear_stack_grow_with_the_square_of_its_widths(
    widths: list[int], times: int, sizes: tuple[int, int]
) -> None:
    stack = model("N, D", "return x -> " + " -> ".join(f"linear({w}*D, bias = false)" for w in widths))
    n, d = sizes
    for name in ("params", "macs"):
        assert at(stack, name, {"N": n, "D": times * d}) == times**2 * at(stack, name, {"N": n, "D": d})


# ---------------------------------------------------------------- names, and the order of lines

NAMES = [*"SEINOQCijжθ", "lambda", "beta'", "d_ff", "λ'", "Δ_in", "pi_2", "x_1", "größe", "Sum", "e_", "H''", "T_max"]
TOKEN = re.compile(r'"[^"\n]*"|#[^\n]*|\d[\w.]*|[^\W\d]\w*\'*|.', re.DOTALL)
DECLARATION = re.compile(r"(dim|ratio)\b")


def blocks(text: str) -> list[str]:
    """A file in pieces that begin at the left margin."""
    return re.split(r"(?m)^(?=[^\s#)])", text)


def words(text: str) -> list[str]:
    return [token for token in TOKEN.findall(text) if re.fullmatch(r"[^\W\d]\w*'*", token)]


def declared(text: str) -> list[str]:
    """The names of the `dim` and `ratio` lines."""
    found = []
    for block in filter(DECLARATION.match, blocks(text)):
        found += [words(item)[0] for item in items(block)]
    return found


def items(line: str) -> list[str]:
    """What stands between the commas of a line, outside brackets."""
    line = re.sub(r'"[^"]*"|#.*', "", line).split(None, 1)[1]
    return [item.strip() for item in re.split(r",(?![^()]*\))", line) if item.strip()]


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The file with other names for its dims; names that a layer's own signature binds stay as they are."""
    return "".join(_renamed(block, names) for block in blocks(text))


def _renamed(block: str, names: Mapping[str, str]) -> str:
    kept = set(words(block.split(":\n", 1)[0])) if block.startswith("layer") else set()
    tokens = TOKEN.findall(block)
    result = []
    calls: list[bool] = []  # of every open bracket: does it hold options of what is called, and not sizes?
    previous = last = ""
    for place, token in enumerate(tokens):
        if token == "(":
            calls.append(last != "at" and previous != "variant")
        elif token == ")":
            calls.pop()
        rest = "".join(tokens[place + 1 : place + 4]).lstrip(" ")
        option = any(calls) and rest.startswith("=") and not rest.startswith("==")
        result.append(names[token] if token in names and token not in kept and not option else token)
        if not token.isspace():
            previous, last = last, token
    return "".join(result)


def put(expr: Expr | str, names: Mapping[str, str]) -> Expr | str:
    if isinstance(expr, str):
        return expr
    return substitute(
        expr, {s: from_atom(Symbol(names[s.name], s.kind, s.number)) for s in expr.symbols() if s.name in names}
    )


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES)
def test_other_names_rename_the_formulas(path: Path) -> None:
    text = path.read_text("utf-8")
    old = declared(text)
    free = [name for name in NAMES if name not in words(text)]
    source = random.Random(path.stem)
    source.shuffle(free)
    names = dict(zip(old, free, strict=False))
    after = models(renamed(text, names), path.parent)
    for title, before in models(text, path.parent).items():
        expected = {quantity: put(expr, names) for quantity, expr in everything(before).items()}
        assert everything(after[title]) == expected


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES[::2])
def test_the_order_of_declarations_changes_no_value(path: Path) -> None:
    text = path.read_text("utf-8")
    source = random.Random(path.stem)
    pieces = blocks(text)
    for opening in ("dim", "ratio", "assume"):
        places = [n for n, piece in enumerate(pieces) if re.match(rf"{opening}\b", piece)]
        if opening == "assume":
            lines = [fact for n in places for fact in items(pieces[n])]
            source.shuffle(lines)
            shuffled = [f"assume {line}\n" for line in lines]
            for n in places:
                pieces[n] = "".join(shuffled) if n == places[0] else ""
        else:
            moved = [pieces[n] for n in places]
            moved.reverse()
            for n, piece in zip(places, moved, strict=True):
                pieces[n] = piece
    after = models("".join(pieces), path.parent)
    for title, before in models(text, path.parent).items():
        assert everything(after[title]) == everything(before)


def test_a_name_is_the_same_however_its_accents_are_written() -> None:
    text = "dim {}, N\r\nmodel m(x[N, e\u0301]):\r\n    return x -> linear(N)\r\n"
    for name in ("\u00e9", "e\u0301"):
        (symbol,) = (s for s in ad.parse(text.format(name)).params.free_symbols if str(s) != "N")
        assert str(symbol) == "\u00e9"
