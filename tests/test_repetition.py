"""Repetition, choice and sharing: published figures, hand counts, and laws that hold for every layer of the library."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import archderive as ad
import pytest
from archderive import library
from archderive.algebra.atoms import Symbol
from archderive.algebra.expression import Expr, const, from_atom, product
from archderive.algebra.facts import Facts
from archderive.algebra.recurrence import solve
from archderive.algebra.substitution import evaluate, substitute
from archderive.errors import ArchError, Source
from archderive.quantities import Measures
from archderive.session import open_layer, open_path, open_source
from clock import at_most
from hypothesis import given
from hypothesis import strategies as st

EXAMPLES = Path(__file__).parent.parent / "examples"


def totals(text: str) -> dict[str, Measures]:
    return open_source(Source("<text>", text)).measures()


# ---------------------------------------------------------------- published figures and hand counts


def test_dense_block() -> None:
    # Huang et al. 2017, a layer on c channels: norms 2c + 8k, products 4kc and 9·4k·k; c runs over C, C + k, …
    model = ad.parse(
        """
dim H, W = 8, C = 24, k = 12, n = 16
layer dense(x[..., H, W, C]):
    y = x -> batchnorm -> relu -> conv2d(4*k, 1, bias = false) -> batchnorm -> relu -> conv2d(k, bias = false)
    return concat(x, y)

model block(x[H, W, C]):
    repeat n:
        x = x -> dense
    return x
"""
    )
    c, k, n = (model.symbols[name] for name in ("C", "k", "n"))
    wanted = 2 * k**2 * n**2 + 4 * c * k * n + k * n**2 + 34 * k**2 * n + 2 * c * n + 7 * k * n
    assert (model.params - wanted).expand() == 0
    for layers in (1, 2, 5):
        assert model.at(n=layers, C=3, k=2).params == sum(
            2 * c_ + 4 * 2 * c_ + 2 * 4 * 2 + 9 * 4 * 2 * 2 for c_ in range(3, 3 + 2 * layers, 2)
        )


def test_every_level_costs_the_same() -> None:
    # conv C → C and C → 2C on H × W: 9C²HW and 18C²HW; then H/2, W/2 and 2C leave C²HW as it was
    model = ad.parse(
        """
dim C = 4, H, W = 32, depth = 3
assume 2^depth divides H, 2^depth divides W
layer level(x[..., H, W, C]):
    return x -> conv2d(C, bias = false) -> conv2d(2*C, bias = false) -> maxpool2d(2)

model encoder(x[H, W, C]):
    repeat depth:
        x = x -> level
    return x
"""
    )
    c, h, w, depth = (model.symbols[name] for name in ("C", "H", "W", "depth"))
    assert model.macs - 27 * c**2 * h * w * depth == 0
    assert [model.at(C=1, depth=d).params for d in (1, 2, 3)] == [27, 27 * 5, 27 * 21]  # 27 C² 4ⁱ summed


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_levels_of_a_unet(depth: int) -> None:
    # one level more: a bottom of 9·2C²HW/… + 9·… = 27/2, a decoder of 27, an up-convolution of 2, all in C²HW
    found = []
    for d in (depth, depth + 1):
        (program,) = open_path(str(EXAMPLES / "models" / "unet.arch"), {"depth": Fraction(d)}).programs
        found.append(Measures(program).macs.expr)
    less, more = found
    assert less is not None and more is not None
    c, h, w = (from_atom(Symbol(name)) for name in ("C", "H", "W"))
    assert more - less == (const(Fraction(27, 2)) + 27 + 2) * c * c * h * w


CIFAR = {  # Huang et al. 2017, Table 2, to the unit by the authors' code; multiply-adds at 32 × 32
    ("densenet", 40, 12): (1_019_722, 264_812_928),
    ("densenet", 100, 12): (6_979_642, 1_769_516_448),
    ("densenet", 100, 24): (27_249_082, 6_889_347_744),
    ("densenet_bc", 100, 12): (769_162, 287_929_692),
    ("densenet_bc", 250, 24): (15_324_406, 5_418_785_724),
    ("densenet_bc", 190, 40): (25_624_430, 9_301_945_740),
}


def test_densenets_for_cifar_from_one_file() -> None:
    models = ad.load_all(EXAMPLES / "models" / "densenet.arch")
    for (name, depth, growth), figures in CIFAR.items():
        at = models[name].at(L=depth, k=growth)
        assert (at.params, at.macs) == figures
    assert {"L", "k", "theta"} <= {str(symbol) for symbol in models["densenet_bc"].params.free_symbols}


IMAGENET = {  # torchvision's counts; DenseNet-264 by the same code
    "densenet121": (7_978_856, 2_834_161_664),
    "densenet161": (28_681_000, 7_727_907_072),
    "densenet169": (14_149_480, 3_359_843_328),
    "densenet201": (20_013_928, 4_291_365_888),
    "densenet264": (33_337_704, 5_751_653_376),
}


def test_densenets_for_imagenet() -> None:
    models = ad.load_all(EXAMPLES / "models" / "densenet_imagenet.arch")
    assert {name: (m.at().params, m.at().macs) for name, m in models.items()} == IMAGENET


def test_mixture_of_experts() -> None:
    # Jiang et al. 2024: 47B parameters, 13B active; to the unit by the published code
    at = ad.load(EXAMPLES / "models" / "mixtral.arch").at(N=4096)
    assert (at.params, at.active, at.macs) == (46_702_792_704, 12_879_925_248, 54_417_772_511_232)


def test_gpt2() -> None:
    # N(N + 1)/2 in both products of each of 12 heads of 64, 12·768² for each token and layer, and the tied head
    n, d, layers, words = 1024, 768, 12, 50_257
    by_hand = layers * (12 * d**2 * n + 2 * d * n * (n + 1) // 2) + n * d * words
    at = ad.load(EXAMPLES / "models" / "gpt2.arch").at(N=1024)
    assert at.macs == by_hand == 136_169_914_368
    assert at.params == 124_439_808


def test_causal_attention_and_a_clipped_window() -> None:
    model = ad.load_all(EXAMPLES / "causal.arch")
    causal, window = model["causal"], model["window"]
    n, d, w = (window.symbols[name] for name in ("N", "D", "w"))
    assert (causal.macs - 2 * d * n * (n + 1) / 2).expand() == 0
    assert (window.macs - 2 * d * (n * w - w * (w - 1) / 2)).expand() == 0
    for size, width in ((5, 2), (8, 8), (7, 1)):
        pairs = sum(min(p + 1, width) for p in range(size))
        assert window.at(N=size, D=3, w=width).macs == 2 * 3 * pairs


def test_shared_turns_have_one_set_of_weights() -> None:
    # Lan et al. 2020: the parameters of one layer, the work of L
    model = ad.load(EXAMPLES / "models" / "albert.arch")
    assert model.at(L=1).params == model.at(L=24).params
    assert model.at(L=24).macs - model.at(L=12).macs == 2 * (model.at(L=12).macs - model.at(L=6).macs)


SHARING = """
dim N = 8, D = 4, L = 3
model inside(x[N, D]):
    repeat L:
        share f = linear(D, bias = false)
        x = x -> f -> f
    expect params == L*D^2
    return x

model outside(x[N, D]):
    share f = linear(D, bias = false)
    repeat L:
        x = x -> f
    expect params == D^2
    return x

layer twice(x[..., D]; f):
    return x -> f -> f

model handed_on(x[N, D]):
    share f = linear(D, bias = false)
    x = x -> twice(f) -> twice(f)
    expect params == D^2
    return x

layer own(x[..., D]):
    share f = linear(D, bias = false)
    return x -> f -> f

model each_its_own(x[N, D]):
    x = x -> own -> own
    expect params == 2*D^2
    return x

model tied(x[N, D]):
    weight W[D, D]
    repeat L:
        x = x -> project(W)
    expect params == D^2
    expect macs == L*N*D^2
    return x
"""


@pytest.mark.parametrize("model", ["inside", "outside", "handed_on", "each_its_own", "tied"])
def test_sharing(model: str) -> None:
    session = open_source(Source("<text>", SHARING))
    checks = [
        check for check in session.check(session.measures()) if model in _model_of(SHARING, check.expect.span.start)
    ]
    assert checks and all(check.holds for check in checks)


def _model_of(text: str, place: int) -> str:
    return text[:place].rsplit("model ", 1)[1].split("(", 1)[0]


def test_more_sizes_than_one() -> None:
    # y grows by k, x by k from C: turn i multiplies C + ik by k twice
    model = ad.parse(
        """
dim N = 8, C = 4, k = 3, L = 5
model two(x[N, C], y[N, C]):
    repeat L as i:
        y = concat(y, x -> linear(k, bias = false))
        x = concat(x, x -> linear(i + 1, bias = false))
    return x, y
"""
    )
    for layers in range(5):
        width, params = 4, 0
        for i in range(layers):
            params += width * 3 + width * (i + 1)
            width += i + 1
        assert model.at(L=max(layers, 1), C=4, k=3).params == params or not layers


def test_a_sum_that_stays() -> None:
    # H is odd at some turn: ⌈H/2ⁱ⌉² for each, added up where a number is wanted
    model = ad.parse(
        """
dim H = 37, C = 2, L = 4
model pyramid(x[H, H, C]):
    repeat L:
        x = x -> conv2d(C, stride = 2, bias = false)
    return x
"""
    )
    for size, layers in ((37, 4), (64, 3), (5, 2)):
        sizes = [size]
        for _ in range(layers):
            sizes.append(-(-sizes[-1] // 2))
        assert model.at(H=size, C=2, L=layers).macs == sum(9 * 4 * s * s for s in sizes[1:])
    assert "Sum" in str(model.macs)


@given(st.integers(1, 5), st.integers(-3, 3), st.integers(0, 3), st.integers(1, 9), st.integers(0, 8))
def test_solved_recurrences(a: int, b: int, c: int, start: int, turns: int) -> None:
    """v → a·v + b + c·i by iteration."""
    size, turn = Symbol("v"), Symbol("i", "count")
    update = from_atom(size) * a + b + from_atom(turn) * c
    solution = solve(update, size, const(start), turn, Facts())
    value = start
    for i in range(turns):
        assert evaluate(solution, {"i": i}) == value
        value = a * value + b + c * i
    assert evaluate(solution, {"i": turns}) == value


# ---------------------------------------------------------------- laws


def _keeps_its_shape(name: str) -> str | None:
    """A file that applies the layer to a tensor of its own shape, without its last lines; None where it does not."""
    session = open_layer(name, {})
    (program,) = session.programs
    instance = program.instance
    if len(instance.inputs) != 1 or len(instance.outputs) != 1:
        return None
    if instance.inputs[0].axes != instance.outputs[0].axes:
        return None
    return session.source.text


KEEPING = {name: text for name in library.index() if (text := _keeps_its_shape(name)) is not None}


def _variants(text: str, *bodies: str) -> list[Measures]:
    """The file of a layer with other bodies in the place of its call; `CALL` stands for the call of x."""
    head, _, call = text.rstrip().rpartition("return ")
    head = head.rstrip(" ")
    tensor = head.split("(", 1)[1].split("[", 1)[0]
    signature = next(line for line in head.splitlines() if line.startswith("model "))
    dims = [line for line in head.splitlines() if line.startswith("dim ")]
    more = "\n".join([*dims, "dim turns_a = 3, turns_b = 2"])
    models = [
        signature.replace("model ", f"model variant_{number}_", 1)
        + "\n"
        + body.replace("CALL", call).replace("T_", tensor)
        for number, body in enumerate(bodies)
    ]
    return list(totals(more + "\n" + "\n\n".join(models) + "\n").values())


def _costs(measures: Measures) -> dict[str, Expr]:
    found = measures.totals
    operations = {kind: count for kind, count in found.operations.items() if count}
    return {"params": found.params, "buffers": found.buffers, **operations}


ONCE = "    return CALL\n"
REPEAT_ONE = "    repeat 1:\n        T_ = CALL\n    return T_\n"
SEVEN = "    repeat 7:\n        T_ = CALL\n    return T_\n"
COPIES = "    for copy in 1..7:\n        T_ = CALL\n    return T_\n"
NESTED = "    repeat turns_a:\n        repeat turns_b:\n            T_ = CALL\n    return T_\n"
FLAT = "    repeat turns_a*turns_b:\n        T_ = CALL\n    return T_\n"
SYMBOLIC = "    repeat turns_a:\n        T_ = CALL\n    return T_\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(KEEPING))
def test_laws_of_repetition(name: str) -> None:
    once, one, seven, copies, nested, flat, symbolic = (
        _costs(m) for m in _variants(KEEPING[name], ONCE, REPEAT_ONE, SEVEN, COPIES, NESTED, FLAT, SYMBOLIC)
    )
    turns = {Symbol("turns_a"): const(7)}
    assert one == once
    assert seven == copies
    assert nested == flat
    assert {kind: substitute(count, turns) for kind, count in symbolic.items()} == copies


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(KEEPING))
def test_choosing_all_is_running_all(name: str) -> None:
    chosen = "    choose turns_a of turns_a as e:\n        z = CALL\n    return z\n"
    side = "    parallel turns_a as e:\n        z = CALL\n    return z\n"
    try:
        choosing, running = _variants(KEEPING[name], chosen, side)
        all_of_them, together = _costs(choosing), _costs(running)
    except ArchError as failure:
        assert "mix positions" in str(failure)
        return
    # what the bodies give is added up: one addition less than bodies for each element
    elements = product(axis.size for axis in choosing.program.instance.outputs[0].axes)
    bodies = from_atom(Symbol("turns_a"))
    together["add"] = together.get("add", const(0)) + elements * (bodies - 1)
    assert all_of_them == together


def test_most_layers_keep_their_shape() -> None:
    assert len(KEEPING) > 60


# ---------------------------------------------------------------- corners


def test_no_turns() -> None:
    measures = totals("dim N = 8, D = 4\nmodel m(x[N, D]):\n    repeat 0:\n        x = x -> linear(D)\n    return x\n")
    for name in ("params", "macs", "exact", "sequential"):
        assert measures["m"].quantity(name).expr == const(0)


def test_a_width_that_the_turn_sets() -> None:
    # turn i makes 2^(i+1) C channels of 2ⁱ C, on H/2ⁱ rows: 9·2 C²H² at every turn
    model = ad.parse(
        """
dim H = 32, C = 4, L = 3
assume 2^L divides H
model pyramid(x[H, H, C]):
    repeat L as i:
        x = x -> conv2d(2^(i+1)*C, bias = false) -> maxpool2d(2)
    return x
"""
    )
    h, c, layers = (model.symbols[name] for name in ("H", "C", "L"))
    assert model.macs - 18 * c**2 * h**2 * layers == 0


def test_rounded_halving_in_nested_repeats() -> None:
    model = ad.parse(
        """
dim N = 64, D = 4, L = 2, S = 2
model funnel(x[N, D]):
    repeat S:
        repeat L:
            x = x -> linear(D, bias = false) -> avgpool1d(2)
    return x
"""
    )
    for size in (5, 37, 64):
        length, macs = size, 0
        for _ in range(4):
            macs += 9 * length
            length = -(-length // 2)
        assert model.at(N=size, D=3, L=2, S=2).macs == macs


def test_repeats_in_repeats() -> None:
    # a product, a bias and a ReLU in turn at every position, as often as the repeats say; a search turn by turn would
    # take 3 ** 14 turns
    counts = [f"L{number}" for number in range(14)]
    lines = [f"dim N = 8, D = 4, {', '.join(f'{name} = 2' for name in counts)}", "model deep(x[N, D]):"]
    lines += [f"{'    ' * (depth + 1)}repeat {name}:" for depth, name in enumerate(counts)]
    lines += [f"{'    ' * 15}x = x -> linear(D) -> relu", "    return x", ""]
    with at_most(10):
        measures = totals("\n".join(lines))["deep"]
        assert measures.sequential.expr == 3 * product(from_atom(Symbol(name)) for name in counts)


def test_a_repeat_that_waits_for_what_is_outside() -> None:
    # the second input has gone through 5 equations more than the first turn needs; later turns wait for the first only
    model = ad.parse(
        """
dim N = 8, D = 4, L = 3, K = 3
model waits(x[N, D], y[N, D]):
    late = y -> relu -> relu -> relu -> relu -> relu
    repeat L:
        repeat K:
            x = relu(x)
            x = relu(x)
        x = x + late
    return x
"""
    )
    # by hand: max(2K, 5) + 1 for the first turn, 2K + 1 for each other one
    assert [model.at(K=k, L=4).sequential for k in (1, 2, 3)] == [6 + 3 * 3, 6 + 3 * 5, 7 + 3 * 7]


def test_a_sum_cancels() -> None:
    # i + 1 heads of D/(i + 1): the products of attention do not depend on the number of heads
    model = ad.parse(
        """
dim N = 8, D = 12, L = 3
model heads(x[N, D]):
    repeat L as i:
        x = x -> attention(heads = i + 1, bias = false)
    return x
"""
    )
    n, d, layers = (model.symbols[name] for name in ("N", "D", "L"))
    assert (model.macs - layers * (4 * n * d**2 + 2 * n**2 * d)).expand() == 0


def test_a_layer_that_calls_itself_twice() -> None:
    # 2⁴⁰ − 1 linear layers, opened once for each depth
    model = ad.parse(
        """
dim N = 4, D = 2
layer tree(x[..., I]; d):
    if d > 0:
        x = (x -> linear(I, bias = false) -> tree(d - 1)) + (x -> tree(d - 1))
    return x

model m(x[N, D]):
    return x -> tree(40)
"""
    )
    assert model.at(D=2, N=4).params == 4 * (2**40 - 1)
    assert "Total" in model.derivation().to_text()


def test_numbers_beyond_all_use_have_no_value() -> None:
    body = "    repeat L:\n        x = concat(x, x)\n    return x -> linear(D)\n"
    model = ad.parse("dim N = 8, D = 4, L = 100000\nmodel m(x[N, D]):\n" + body)
    assert "2**L" in str(model.params)
    assert "–" in model.derivation().to_text()
