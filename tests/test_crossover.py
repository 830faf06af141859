"""Where one cost gets smaller than another: conditions by hand and from papers, numbers by brute force."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import archderive as ad
import pytest
from archderive.algebra import build
from archderive.algebra.expression import Expr, const, sym
from archderive.algebra.facts import Facts
from archderive.algebra.substitution import evaluate
from archderive.cli import main
from archderive.crossover import condition, crossings
from archderive.errors import ArchError
from archderive.growth import within
from archderive.roots import roots_above, value_at
from hypothesis import given
from hypothesis import strategies as st
from tools import trials

N, D, K = sym("N"), sym("D"), sym("k")
TABLE_1 = Path(__file__).parent.parent / "examples" / "table1"


# ---------------------------------------------------------------- roots


@given(st.lists(st.integers(-12, 40), min_size=1, max_size=5), st.integers(1, 4))
@trials(200)
def test_roots_are_those_that_were_multiplied_in(roots: list[int], scale: int) -> None:
    polynomial = [scale]
    for root in roots:  # times (x - root)
        shifted = [0, *polynomial]
        polynomial = [a - root * b for a, b in zip(shifted, [*polynomial, 0], strict=True)]
    assert roots_above(polynomial, 1) == sorted({Fraction(root) for root in roots if root > 1})


def test_roots_that_are_not_rational() -> None:
    # x² - 2x - 1 = 0 at 1 ± √2; (x² - 2)(x² - 3)
    assert [float(root) for root in roots_above([-1, -2, 1], 0)] == pytest.approx([1 + math.sqrt(2)], rel=1e-15)
    assert [float(root) for root in roots_above([6, 0, -5, 0, 1], 0)] == pytest.approx([math.sqrt(2), math.sqrt(3)])
    assert roots_above([1, 0, 1], 0) == []  # x² + 1


def test_roots_close_to_each_other() -> None:
    # (1000 x - 2001)(1000 x - 2002)
    found = roots_above([2001 * 2002, -1000 * (2001 + 2002), 10**6], 1)
    assert found == [Fraction(2001, 1000), Fraction(2002, 1000)]
    assert all(value_at([2001 * 2002, -4003000, 10**6], root) == 0 for root in found)


# ---------------------------------------------------------------- numbers


COEFFICIENTS = st.lists(st.integers(-30, 30), min_size=1, max_size=4)


@given(COEFFICIENTS, COEFFICIENTS, st.integers(1, 9))
@trials(150)
def test_crossings_are_those_of_a_search(one: list[int], other: list[int], width: int) -> None:
    def cost(powers: list[int]) -> Expr:
        return sum((const(c) * N**p * D for p, c in enumerate(powers)), const(0))

    def sign(place: Fraction | int) -> int:
        gap = evaluate(cost(one) - cost(other), {"N": place, "D": width})
        return (gap > 0) - (gap < 0)

    found = crossings(cost(one), cost(other), "N", {"D": width})
    assert all(crossing.cheaper_before != crossing.cheaper_after for crossing in found)
    # at every whole size the order is the one that the crossings say, up to a bound of all roots
    ends = [1, *(crossing.at for crossing in found), 10**4]
    for (low, high), place in zip(pairwise(ends), range(len(found) + 1), strict=True):
        order = found[place].cheaper_before if place < len(found) else found[-1].cheaper_after if found else None
        for size in {math.floor(low) + 1, (math.floor(low) + math.ceil(high)) // 2, math.ceil(high) - 1}:
            if low < size < high and order is not None and sign(size):
                assert (sign(size) > 0) == (order == 1)
    if not found:
        signs = {sign(size) for size in range(2, 200)} - {0}
        assert len(signs) <= 1


def test_a_crossing_of_steps() -> None:
    # ⌈N/64⌉·100 against 2N: by hand 100 > 2N up to 50, then 200 > 2N from 65 to 100, 300 > 2N from 129 to 150, then
    # from 193 on 400 = 2N at 200: 193 … 199; ⌈N/64⌉·100 < 2N beyond, for 2·64·m > 100 (m + 1) from m = 4 on
    stairs = const(100) * build.ceil(N / 64)
    found = crossings(stairs, 2 * N, "N", {})
    gaps = [(100 * -(-size // 64) > 2 * size) - (100 * -(-size // 64) < 2 * size) for size in range(1, 2000)]
    kept = [(size, gap) for size, gap in enumerate(gaps, 1) if gap]
    expected = [b for (_, x), (b, y) in pairwise(kept) if x != y]
    assert [crossing.at for crossing in found] == expected
    assert found[-1].cheaper_after == 0


def test_a_crossing_with_a_logarithm() -> None:
    # N log₂ N against 10 N: at 2^10, which is looked for at whole sizes
    (found,) = crossings(N * build.log(N, const(2)), 10 * N, "N", {})
    assert found.at == 1025
    assert (found.cheaper_before, found.cheaper_after) == (0, 1)


# ---------------------------------------------------------------- conditions


def shown(one: Expr, other: Expr, facts: Facts | None = None, names: tuple[str, ...] = ("N", "D")) -> str:
    found = condition(one, other, facts or Facts(), names)
    if found.outcome != "depends":
        return found.outcome + (" strictly" if found.strict else "")
    assert found.size is not None
    return f"{found.size.name} {'>' if found.above else '<'} {found.bound.key}"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # Vaswani et al. 2017, section 4: n² d against n d²
        (N**2 * D, N * D**2, "N < D"),
        # the same with projections, 4 n d² + 2 n² d against an LSTM's 8 n d²: n = 2 d
        (4 * N * D**2 + 2 * N**2 * D, 8 * N * D**2, "N < 2*D"),
        # and against an Elman cell's 2 n d²: never
        (4 * N * D**2 + 2 * N**2 * D, 2 * N * D**2, "second strictly"),
        # Narayanan et al. 2021, section 5.1: 4 B s² h against 24 B s h², s = 6 h
        (4 * N**2 * D, 24 * N * D**2, "N < 6*D"),
        (N * D, D * N, "equal"),
        (N * D, 2 * N * D, "first strictly"),
        (K * N, N, "second"),  # equal where k = 1
        (N**3, 4 * N * D, "D > 1/4*N^2"),  # without a root
        # N² + 2 N D against 3 D²: by hand (N + 3 D)(N - D) < 0
        (N**2 + 2 * N * D, 3 * D**2, "N < D"),
        (const(7), N, "N > 7"),
    ],
)
def test_conditions_by_hand(one: Expr, other: Expr, expected: str) -> None:
    assert shown(one, other) == expected


def test_facts_decide() -> None:
    facts = Facts()
    facts.assume_order(D - N)  # N <= D
    assert shown(N**2 * D, N * D**2, facts) == "first"


def test_no_condition_is_made_up() -> None:
    assert shown(N**3 + N, N**2 * D + D) == "D > N"  # (N² + 1)(N - D)
    assert shown(N**3 - 6 * N**2 * D + 11 * N * D**2, 6 * D**3) == "unknown"  # three roots: D, 2 D, 3 D


# ---------------------------------------------------------------- comparisons


LAYERS = """
dim N as "n" = 1024 "sequence length", D as "d" = 512 "width"

model attention_projected(x[N, D]):
    return x -> attention(heads = 8)

model lstm_projected(x[N, D]):
    return x -> lstm(D)

model elman_projected(x[N, D]):
    return x -> elman(D)
"""


@pytest.fixture
def layers(tmp_path: Path) -> str:
    path = tmp_path / "layers.arch"
    path.write_text(LAYERS, encoding="utf-8")
    return str(path)


def text(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0
    return " ".join(capsys.readouterr().out.split())


def test_against_an_lstm_and_an_elman_cell(layers: str, capsys: pytest.CaptureFixture[str]) -> None:
    # 4 n d² + 2 n² d, 8 n d² and 2 n d² multiply-adds: n < 2 d against the LSTM, never against the Elman cell
    said = text(capsys, layers)
    assert "`attention_projected` where n < 2d, `lstm_projected` where n > 2d" in said
    assert "`attention_projected` `elman_projected` `elman_projected` always" in said


def test_table_1(capsys: pytest.CaptureFixture[str]) -> None:
    # section 4 of the paper: "self-attention layers are faster than recurrent layers when n < d", here 2 n² d against
    # 2 n d², and 2 r n d, k n d² as the table has them
    files = [str(TABLE_1 / f"{name}.arch") for name in ("self_attention", "recurrent", "convolutional")]
    said = text(capsys, *files)
    assert "`self_attention` where n < d, `recurrent` where n > d" in said
    assert "`self_attention` where n < dk/2, `convolutional` where n > dk/2" in said.replace("kd/2", "dk/2")
    assert "as n grows (with d = 512, k = 3): `self_attention` up to n = 512, then `recurrent`." in said


def test_a_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(TABLE_1 / f"{name}.arch") for name in ("self_attention", "recurrent")]
    said = text(capsys, *files, "--baseline", "recurrent", "--columns", "macs,path", "--sort", "macs")
    assert "`recurrent` 1 1 `self_attention` n/d 2" in said  # 2 n² d / 2 n d² at n = 1024, d = 512
    assert "parameters" not in said


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--in", "M"], "`--in M`: there is no dim or option `M`"),
        (["--columns", "mac"], "there is no quantity `mac`"),
        (["--sort", "size"], "there is no quantity `size`"),
        (["--baseline", "lstm"], "there is no model `lstm`"),
        (["--assume", "D <= M"], "no model has a size `M`"),
        (["--assume", "N"], "this is no fact that can be used"),
        (["--assume", "N < D"], "this is false at the example values: D = 512, N = 1024"),
        (["--assume", "N <= D\nmodel x()"], "error"),
    ],
)
def test_what_cannot_be_compared(
    options: list[str], complaint: str, layers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([layers, *options]) in (1, 2)
    said = capsys.readouterr()
    assert complaint in said.err
    assert not said.out


TIES = """
dim N = 64, D = 4

model sixteen(x[N, D]):
    return x -> linear(16, bias = false)

model scores(x[N, D]):
    S[n, j] = sum[d] x[n, d] * x[j, d]
    return S

model thirty_two(x[N, D]):
    return x -> linear(32, bias = false)
"""


def test_where_two_meet_the_one_before_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # 16 N D, N² D and 32 N D multiply-adds: N² D is the least up to N = 16, where it is equal to the first
    path = tmp_path / "ties.arch"
    path.write_text(TIES, encoding="utf-8")
    said = text(capsys, str(path))
    assert "`scores` where N < 16, `sixteen` where N > 16" in said
    assert "as N grows: `scores` up to N = 16, then `sixteen`." in said


WINDOWS = """
dim N = 1024, w = 64, D = 4
assume 2 <= w, w <= N

model window(x[N, D]):
    S[n, j < w] = sum[d] x[n, d] * x[n + j, d]
    return S

model scores(x[N, D]):
    S[n, j] = sum[d] x[n, d] * x[j, d]
    return S

model wide(x[N, D]):
    return x -> linear(2*D, bias = false)
"""


def test_sizes_that_the_facts_exclude_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # w N D, N² D and 2 N D²: with w = 64 no N below 64 is admitted, where N² D would be the least; 2 D = 8 < 64
    path = tmp_path / "windows.arch"
    path.write_text(WINDOWS, encoding="utf-8")
    said = text(capsys, str(path))
    assert "up to N" not in said
    assert "`window` `scores` `window`, or equally many" in said


def test_a_root_of_what_may_be_negative_is_no_condition() -> None:
    # N w against 5 N + g²: g > √(N (w - 5)) holds for all g if w < 5, so that no root says it
    width, globals_ = sym("w"), sym("g")
    found = condition(N * width, 5 * N + globals_**2, Facts(), ["g"])
    assert found.outcome == "unknown"
    assert shown(N * width, 5 * N + globals_**2, names=("w",)) == "w < 5+N^-1*g^2"


def test_a_bound_that_may_be_infinite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # k² C O N against k² C N + C O N: the second is smaller where O (k² − 1) > k², which holds for no O at k = 1
    path = tmp_path / "convolutions.arch"
    path.write_text(
        "dim N = 9, C = 2, O = 3, k = 3\n"
        "model plain(x[N, C]):\n    weight K[k, k, C, O]\n"
        "    y[n < N, o] = sum[i, j, c] x[n + j - 1, c] * K[i, j, c, o]\n    return y\n"
        "model separable(x[N, C]):\n    weight K[k, k, C], W[C, O]\n"
        "    d[n < N, c] = sum[i, j] x[n + j - 1, c] * K[i, j, c]\n"
        "    y[n, o] = sum[c] d[n, c] * W[c, o]\n    return y\n",
        encoding="utf-8",
    )
    said = text(capsys, str(path), "--in", "O")
    assert "`plain` where O < k²/(k² − 1) or k = 1, `separable` where O > k²/(k² − 1)" in said
    macs = {
        (k, o): (k * k * 2 * o * 9, k * k * 2 * 9 + 2 * o * 9) for k in range(1, 6) for o in range(1, 6)
    }  # as above, with C = 2 and N = 9
    for (k, o), (plain, separable) in macs.items():
        assert (separable < plain) == (k > 1 and o * (k * k - 1) > k * k)


def test_signs_of_a_bound_are_as_a_person_writes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # N C k + N C² against N C² k / G: the first is smaller where k (C - G) > C G, and never at C = G
    path = tmp_path / "groups.arch"
    path.write_text(
        "dim N = 4096, C = 64, k = 3, G = 4\nassume G divides C, 2 <= k\n"
        "model separable(x[N, C]):\n    return x -> separable1d(C, kernel = k, bias = false)\n"
        "model grouped(x[N, C]):\n    return x -> conv1d(C, kernel = k, groups = G, bias = false)\n",
        encoding="utf-8",
    )
    assert "`grouped` where k < CG/(C−G) or C = G, `separable` where k > CG/(C−G)" in text(capsys, str(path))


def test_a_quotient_of_logarithms_is_a_logarithm_to_that_base() -> None:
    by_base, quotient = build.log(N, sym("k")), build.log(N) * build.log(sym("k")) ** -1
    facts = Facts()
    assert within(by_base, quotient, facts)
    assert within(quotient, by_base, facts)
    assert not within(N * quotient, by_base, facts)
    assert not within(build.log(N), quotient, facts)  # it may be larger by log k


# ---------------------------------------------------------------- growth along one size, under further facts


def test_growth_along_one_size(capsys: pytest.CaptureFixture[str]) -> None:
    said = text(capsys, "attention", "--in", "D")
    assert "Only D grows; the others are constants." in said
    assert "∈ Θ(D²)" in said


def test_a_further_fact_orders_growth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # `D <= N`: N² D + N D² is O(N² D)
    path = tmp_path / "layer.arch"
    path.write_text("dim N = 1024, D = 512\nmodel mixing(x[N, D]):\n    return x -> attention\n", encoding="utf-8")
    free = text(capsys, str(path))
    assert "∈ Θ(N²D + ND²)" in free
    assert "∈ Θ(ND²) (if N ≤ D)" in free
    assert "∈ Θ(N²D) (if D ≤ N)" in free
    ordered = text(capsys, str(path), "--assume", "D <= N")
    assert "∈ Θ(N²D)" in ordered
    assert "ND² ≤ N²D, since D ≤ N is assumed" in ordered


def test_a_missing_assumption_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "ratio.arch"
    lines = ["dim N = 8, D = 4", "model bottleneck(x[N, D]):", "    return x -> linear(ceil(N*D/(N + D)))"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = text(capsys, str(path))
    assert "may be the larger below its line" in said
    assert "`assume D <= N`, or the reverse would tell" in said
    assert "may be the larger" not in text(capsys, str(path), "--assume", "D <= N")


def test_facts_stay_when_a_model_is_pickled() -> None:
    import pickle

    from archderive.errors import Source
    from archderive.session import assuming, open_source

    source = Source("<text>", "dim N = 8, D = 4\nmodel m(x[N, D]):\n    return x -> attention\n")
    (session,) = assuming([open_source(source)], ["D <= N"])
    again = pickle.loads(pickle.dumps(session))
    assert [a.left.key for a in again.programs[0].assumptions] == ["D"]


def test_models_that_cannot_be_compared_in_python() -> None:
    with pytest.raises(ArchError, match="there is no model `x`"):
        ad.compare(*ad.load_all(TABLE_1 / "recurrent.arch").values(), baseline="x")


def test_the_leading_term_with_what_comes_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Kaplan et al. 2020, section 2.1, by hand: 12 L D² N for the projections and the MLP, 2 L D N² for the scores
    path = tmp_path / "transformer.arch"
    lines = ["dim N = 1024, D = 512, L = 6", "model transformer(x[N, D]):", "    repeat L:"]
    lines += [
        "        x = x + (x -> attention)",
        "        x = x + (x -> linear(4*D) -> relu -> linear(D))",
        "    return x",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert "12ND²L(1 + N/(6D))" in text(capsys, str(path), "--form", "leading")


EQUAL_AT_FIRST = """
dim N = 1024 "sequence length", D = 64 "width"

model scores(x[N, D]):
    S[n, m] = sum[d] x[n, d] * x[m, d]
    return S

model multiscale(x[N, D]):
    S[n, j < ceil(log2(N)) + 1] = sum[d] x[n, d] * x[n + j, d]
    return S

model banded(x[N, D]):
    S[n, j < ceil(sqrt(N))] = sum[d] x[n, d] * x[n + j, d]
    return S
"""


def test_what_is_equal_at_the_first_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # N², N (⌈log₂ N⌉ + 1) and N ⌈√N⌉ products of D terms are equal at N = 1; by trying every size:
    costs = {
        "scores": lambda n: n,
        "multiscale": lambda n: (n - 1).bit_length() + 1,
        "banded": lambda n: math.isqrt(n - 1) + 1,
    }
    last = max(n for n in range(2, 5000) if costs["banded"](n) <= costs["multiscale"](n))
    assert all(costs["banded"](n) <= costs["multiscale"](n) for n in range(1, last + 1))
    path = tmp_path / "first.arch"
    path.write_text(EQUAL_AT_FIRST, encoding="utf-8")
    said = text(capsys, str(path), "--columns", "macs")
    assert "`scores` `multiscale` `multiscale`; `scores` is O(N²)" in said
    assert "`scores` `banded` `banded`; `scores` is O(N²)" in said
    assert f"The fewest multiply-adds as N grows: `banded` up to N = {last}, then `multiscale`." in said


OPAQUE = """
model {}(x[N, D]):
    opaque y[N, D] from x because "a test":
        macs = {}
        exact = {}
        depth = 1
    return y
"""


def test_the_first_of_many_segments_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # N against 7 ⌈N / 7⌉ - 3: the smaller changes twice in every seven sizes
    path = tmp_path / "steps.arch"
    head = "dim N = 64, D = 4\n"
    costs = {"one": "N", "other": "7*ceil(N/7) - 3"}
    path.write_text(head + "".join(OPAQUE.format(name, cost, cost) for name, cost in costs.items()), encoding="utf-8")
    said = text(capsys, str(path))
    winners = ["one" if n <= 7 * math.ceil(n / 7) - 3 else "other" for n in range(1, 9)]
    assert winners[:5] == ["one"] * 4 + ["other"]
    assert "`one` up to N = 4, then " in said and " more changes, then " in said


def test_no_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attention", "lstm", "--columns", ","]) == 2
    assert "`--columns ,` names no quantity" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("one", "other", "cheaper"),
    [
        ("N*D^2", "N*D^2/log2(N)", "second"),  # no value at N = 1, equal at 2, fewer beyond
        ("N^4*D", "N^3*D/(N-1)", "second"),  # at N = 2 half as many
    ],
)
def test_a_cost_without_a_value_at_first_is_compared_beyond(
    one: str, other: str, cheaper: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "costs.arch"
    models = "".join(OPAQUE.format(name, cost, cost) for name, cost in (("first", one), ("second", other)))
    path.write_text("dim N = 128, D = 512\n" + models, encoding="utf-8")
    assert f"`first` `second` `{cheaper}`; " in text(capsys, str(path))


def test_a_length_is_smaller(capsys: pytest.CaptureFixture[str]) -> None:
    files = map(str, sorted(TABLE_1.glob("*.arch")))
    said = text(capsys, *files, "--columns", "path", "--sort", "path")
    assert "Which has the smaller maximum path length" in said
    assert "The smallest maximum path length as n grows" in said
    assert "few" not in said.partition("What is counted")[0]


STATED = """
dim N = 4096, D = 64, k = 3
assume k >= 2{fact}

model stated(x[N, D]):
    opaque y[N, D] from x because "for the test":
        macs = {macs}
        exact = {macs}
        depth = 1
    return y
"""


@pytest.mark.parametrize(
    ("macs", "fact", "options", "expected"),
    [
        # a logarithm to the base k is below 1 for N < k
        ("N*D*ceil(log(N, k))", "", (), "∈ O(N·D·logₖ N + ND)"),
        ("N*D*ceil(log(N, k))", ", k <= N", (), "∈ O(N·D·logₖ N)"),
        # facts about logarithms to numbers as bases
        ("N*log2(N)*D + N*D^2", ", log2(N) <= D", (), "∈ Θ(ND²)"),
        # 3^k outgrows 2^k and k⁵, up to a factor
        ("N*3^k + N*2^k + N*k^5", "", ("--in", "k"), "k⁵ ∈ O(3ᵏ)"),
        ("N*3^k + N*2^k + N*k^5", "", ("--in", "k"), "∈ Θ(3ᵏ)"),
        ("N^3 + N^2*D + N*D^2 + D^3", "", (), "∈ Θ(N³) (if D ≤ N)"),
    ],
)
def test_growth_of_logarithms_and_powers(
    macs: str, fact: str, options: tuple[str, ...], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stated.arch"
    path.write_text(STATED.format(macs=macs, fact=fact), encoding="utf-8")
    assert expected in text(capsys, str(path), *options)
