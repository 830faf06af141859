"""What a derivation says: each layer once, factors named, terms with their sources, growth with its reasons.

Expected figures are counted by hand or come from the papers that are named beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import archderive as ad
import pytest
from archderive import formula as f
from archderive.algebra.expression import const
from archderive.cli import main
from archderive.derivation import Request, derive
from archderive.derivation.sections import SectionWriter
from archderive.document import Bullets, Code, Document, Heading, Paragraph, Steps, Strong, Table, Text
from archderive.notation import Symbols, to_unicode
from archderive.parser import read_source
from archderive.renderer import render
from archderive.session import open_path, open_source

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").rglob("*.arch"))
NAMES = [str(path.relative_to(ROOT / "examples")) for path in EXAMPLES]


def slow_if_large(path: Path) -> object:
    return pytest.param(path, marks=[pytest.mark.slow] if path.parent.name == "models" else [])


def documents(path: str, **asked: object) -> list[Document]:
    session = open_path(path)
    return [derive(measures, Request(**asked)) for measures in session.measures().values()]  # type: ignore[arg-type]


def document(text: str, **asked: object) -> Document:
    (measures,) = open_source(read_source("<text>", text.encode())).measures().values()
    return derive(measures, Request(**asked))  # type: ignore[arg-type]


def words(text: Text) -> str:
    return "".join(
        run if isinstance(run, str) else run.text if isinstance(run, Code | Strong) else to_unicode(run, Symbols())
        for run in text
    )


def headings(found: Document, level: int) -> list[str]:
    return [words(block.text) for block in found.blocks if isinstance(block, Heading) and block.level == level]


def table(found: Document, caption: str) -> Table:
    return next(b for b in found.blocks if isinstance(b, Table) and words(b.caption).startswith(caption))


def rows(found: Document, caption: str) -> list[list[str]]:
    return [[words(cell) for cell in row] for row in table(found, caption).rows]


def steps(found: Document) -> Iterator[tuple[str, str, str]]:
    """(left, right, reason) of every step."""
    for block in found.blocks:
        if isinstance(block, Steps):
            for step in block.steps:
                left = "" if step.left is None else to_unicode(step.left, Symbols())
                yield left, to_unicode(step.right, Symbols()), words(step.reason)


# ---------------------------------------------------------------- each layer once


def test_every_convolution_of_a_resnet_is_one_derivation_and_a_row() -> None:
    """Kernels and channels of He et al. 2016, Table 1; the weights of the first are 7 · 7 · 3 · 64 = 9408, and it is
    applied at (H/2)(W/2) places: 9408/4 = 2352 multiply-adds for each pixel of the image."""
    (found,) = documents("resnet50")
    assert sum(title.startswith("conv2d") for title in headings(found, 3)) == 1
    head = [words(cell) for cell in table(found, "Where conv2d is applied").head]
    assert head == ["H′", "W′", "C", "O", "k", "s", "parameters", "multiply-adds", "places"]
    cells = rows(found, "Where conv2d is applied")
    assert cells[0] == ["H", "W", "3", "64", "7", "2", "9408", "2352HW", "1"]
    # conv4, the 3 × 3 kernel in all turns but the first: 9 · 256² weights at (H/16)(W/16) places
    assert ["H/16", "W/16", "256", "256", "3", "1", "589,824", "2304HW", "1"] in cells
    assert len(cells) == 23
    assert (
        "macs(y)",
        "⌈H′/s⌉·⌈W′/s⌉·O·k·k·C = COk²⌈H′/s⌉⌈W′/s⌉",
        "⌈H′/s⌉·⌈W′/s⌉ positions, O outputs, k·k·C terms each",
    ) in list(steps(found))


def test_blocks_that_add_their_input_know_which_sizes_go_together() -> None:
    """A bottleneck whose input has 4w channels: 4w² + 9w² + 4w² weights, and two for each channel of three norms."""
    (found,) = documents("resnet50")
    assert ("params(bottleneck)", "17w² + 12w", "all together") in list(steps(found))
    cells = [cell for block in found.blocks if isinstance(block, Table) for cell in block.rows]
    assert any([words(c) for c in row] == ["H/8", "W/8", "128", "280,064", "4352HW"] for row in cells)


def test_one_layer_at_several_places_is_told_once() -> None:
    found = document("dim N, D\nmodel f(x[N, D]):\n    return x -> linear(D) -> relu -> linear(D)\n")
    assert [t for t in headings(found, 3) if t.startswith("linear")] == ["linear(O = D)"]
    assert any("applied at 2 places" in words(b.text) for b in found.blocks if isinstance(b, Paragraph))


def test_symbols_of_a_generic_layer_do_not_clash_with_those_of_the_model() -> None:
    """`linear` calls its sizes I and O; a model with an O of its own gets O′."""
    found = document("dim N, O = 8\nmodel f(x[N, O]):\n    return x -> linear(2*O) -> relu -> linear(O)\n")
    assert [words(cell) for cell in table(found, "Where linear is applied").head][:2] == ["I", "O′"]
    assert [row[:2] for row in rows(found, "Where linear is applied")] == [["O", "2O"], ["2O", "O"]]


def test_options_that_decide_the_structure_keep_layers_apart() -> None:
    wide = "linear(2*D) -> linear(3*D, bias = false) -> linear(D, bias = false)"
    text = f"dim N, D\nmodel f(x[N, D]):\n    return x -> {wide}\n"
    found = document(text)
    titles = [t for t in headings(found, 3) if t.startswith("linear")]
    assert titles == ["linear(O = 2D)", "linear(bias = false)"]


def test_headings_show_sizes_as_they_look() -> None:
    """d_model is printed as d everywhere, so in headings too: O = 4d, not 4*d_model."""
    text = (
        'dim N, d_model as "d", k = 3\nmodel f(x[N, d_model]):\n'
        "    return x -> linear(4*d_model) -> conv1d(d_model, kernel = k)\n"
    )
    assert headings(document(text), 3) == [
        "The model’s own equations",
        "linear(O = 4d)",
        "conv1d(O = d, kernel = k)",
        "Total",
    ]


def test_a_generic_layer_that_costs_something_else_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof by putting in the sizes: a generic layer with a wrong size is found out, and each tells its own."""
    text = "dim N, D\nmodel f(x[N, D]):\n    return x -> linear(2*D) -> relu -> linear(D)\n"
    (measures,) = open_source(read_source("<text>", text.encode())).measures().values()
    program = measures.program

    def wrong(instances: object) -> list[object]:
        found = program.generalise(instances)  # type: ignore[arg-type]
        return [
            replace(g, uses=tuple((i, {s: e + const(1) for s, e in sizes.items()}) for i, sizes in g.uses))
            for g in found
        ]

    writer = SectionWriter(replace(program, generalise=wrong), measures.counter, (), measures_layout(), full=True)
    assert any(
        section.uses
        for section in SectionWriter(program, measures.counter, (), measures_layout(), full=True).sections()
    )
    assert not any(section.uses for section in writer.sections())


def measures_layout() -> object:
    from archderive.forms import Layout

    return Layout(["N", "D"])


# ---------------------------------------------------------------- what the factors are


@pytest.mark.parametrize(
    ("body", "step"),
    [
        # a dense layer: its weight is read once for each position
        ("(x[N, D]):\n    weight W[D, M]\n    y[n, m] = sum[d] x[n, d] * W[d, m]\n    return y",
         ("macs(y)", "N·M·D = NDM", "N positions, M outputs, D terms each")),
        # two tensors of data: the elements of the result
        ("(q[N, D], k[M, D]):\n    S[n, m] = sum[d] q[n, d] * k[m, d]\n    return S",
         ("macs(S)", "N·M·D = NDM", "N·M elements, D terms each")),
        # depthwise: a kernel of its own for each channel
        ("(x[N, D]):\n    weight K[M, D]\n    y[n < N, d] = sum[j] x[n + j, d] * K[j, d]\n    return y",
         ("macs(y)", "N·D·M = NDM", "N positions, D channels, M terms each")),
        # a projection of the positions, as of Wang et al. 2020 (Linformer), equation (7): D is no number of positions
        ("(x[N, D]):\n    weight E[M, N]\n    y[m, d] = sum[n] E[m, n] * x[n, d]\n    return y",
         ("macs(y)", "M·D·N = NDM", "M·D elements, N terms each")),
        # a causal sum: Σ (n + 1) = N(N + 1)/2
        ("(x[N, D]):\n    S[n, m in 0..n] = sum[d] x[n, d] * x[m, d]\n    return S",
         ("macs(S)", "D·Σ_{n=0..N−1} (n+1) = ND(N+1)/2", "a multiply-add for each n, m, d")),
        # a bias beside the product is no channel of it
        ("(q[N, D], k[N, D]):\n    weight b[M]\n    S[g, n, m] = sum[d] q[n, d] * k[m, d] + b[g]\n    return S",
         ("macs(S)", "N·N·D = N²D", "N·N elements, D terms each")),
    ],
)  # fmt: skip
def test_factors_are_named(body: str, step: tuple[str, str, str]) -> None:
    assert step in list(steps(document(f"dim N, D, M\nmodel f{body}\n")))


def test_a_convention_with_two_operations_a_multiply_add() -> None:
    text = "dim N, D, M\nmodel f(x[N, D]):\n    weight W[D, M]\n    y[n, m] = sum[d] x[n, d] * W[d, m]\n    return y\n"
    wanted = ("flops(y)", "2·N·M·D = 2NDM", "2 for each multiply-add: N positions, M outputs, D terms each")
    assert wanted in list(steps(document(text, conventions=("flops",))))


# ---------------------------------------------------------------- where each term comes from


def test_the_twelve_of_a_transformer_layer() -> None:
    """Kaplan et al. 2020, Table 1, with d_attn = d and d_ff = 4d: 3 for queries, keys and values, 1 for the output, 8
    for the feed-forward part; 2 for the scores and the sum over values."""
    (found,) = (d for d in documents(str(ROOT / "examples/transformer.arch")) if d.title == "encoder")
    assert rows(found, "Where each term of the multiply-adds") == [
        ["attention › head_projection", "3", "–"],
        ["attention › attend", "–", "2"],
        ["attention › linear", "1", "–"],
        ["mlp › linear", "8", "–"],
        ["total", "12", "2"],
    ]


def coefficients_add_up(found: Document) -> None:
    for block in found.blocks:
        if not isinstance(block, Table) or not words(block.caption).startswith("Where each term"):
            continue
        if block.total:
            *parts, total = [[number(cell) for cell in row[1:]] for row in block.rows]
            assert [sum(column) for column in zip(*parts, strict=True)] == total
        else:  # of many terms, a row for each
            for _, whole, source in block.rows:
                assert added(source) == number(whole)


def number(cell: Text) -> Fraction:
    (run,) = cell
    return run.value if isinstance(run, f.Number) else Fraction(0)


def added(source: Text) -> Fraction:
    result, sign = Fraction(0), 1
    for run in source:
        if isinstance(run, str) and run.strip():
            sign = -1 if "−" in run else 1
        elif isinstance(run, f.Number):
            result += sign * run.value
    return result


MEGATRON = """
dim B = 1 batch, s = 2048 "sequence length", h = 12288 "hidden size", a = 96 "heads", l = 96 "layers"
assume a divides h
model gpt(x[B, s, h]):
    repeat l:
        x = x + (x -> layernorm -> attention(heads = a))
        x = x + (x -> layernorm -> mlp)
    return x
"""


@pytest.fixture
def megatron(tmp_path: Path) -> str:
    path = tmp_path / "megatron.arch"
    path.write_text(MEGATRON, encoding="utf-8")
    return str(path)


def explained(path: str, term: str, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert main([path, "--explain", term, *more]) == 0
    return capsys.readouterr().out


def test_the_24_of_megatron(megatron: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Narayanan et al. 2021, appendix: 6Bsh² for queries, keys and values, 2Bsh² for the projection after attention,
    and 16Bsh² for the two layers of the feed-forward network, at each of l layers."""
    shown = explained(megatron, "24*B*s*h^2*l", capsys)
    assert "24Bsh²l in the FLOPs" in shown
    last = shown[shown.index("What makes the coefficient") :]
    assert re.findall(r"`(.*)`\s+a multiply-add\s+(\d+)\s+(\d+)", last) == [
        ("attention › head_projection › y", "3", "6"),
        ("attention › linear › y", "1", "2"),
        ("mlp › linear › y", "1", "8"),
        ("mlp › linear › y", "1", "8"),
    ]
    assert re.search(r"total\s+24$", last, re.MULTILINE)
    assert "at all places = 3·2Bsh²l = 6Bsh²l" in shown


def test_a_term_without_a_number_is_asked_for_in_all_that_was_derived(
    megatron: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = explained(megatron, "h^2*l", capsys, "--convention", "macs")
    assert "12h²l in the parameters" in shown and "multiply-adds" not in shown
    shown = explained(megatron, "B*s^2*h*l", capsys)
    assert "2Bs²hl in the multiply-adds" in shown


@pytest.mark.parametrize(
    ("term", "message", "hint"),
    [
        ("23*B*s*h^2*l", "the coefficient of `B*h^2*l*s` is not 23", "it is 12 in macs, 24 in flops, 24 in exact"),
        ("B*h^3", "no quantity of `gpt` has a term `B*h^3`", "macs has `2*B*h*l*s^2`, `12*B*h^2*l*s`"),
        ("h^2 + l", "`--explain` takes one term, and `h^2 + l` has 2", "one product of sizes"),
        ("h^^2", "`--explain h^^2` is no formula", "a product in the names of the file"),
        ("h*Q", "`Q` is not defined", "`h`"),
        ("h*", "is no formula", ""),
        ("24\nB", "is no formula", ""),
        ("h^2, l", "is no formula", ""),
        ('"h"', "this must be a size", ""),
    ],
)
def test_terms_that_there_are_not(
    term: str, message: str, hint: str, megatron: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([megatron, "--explain", term]) == 2
    said = capsys.readouterr().err
    assert message in said and hint in said and "Traceback" not in said


def test_a_term_of_the_steps_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two equations in each of n turns wait for each other: 2n steps."""
    file = tmp_path / "steps.arch"
    file.write_text(
        "dim N = 4, D = 3, n = 5\nmodel m(x[N, D]):\n"
        "    repeat n:\n        y = exp(x)\n        x = exp(y)\n    return x\n"
    )
    assert main([str(file), "--explain", "2*n"]) == 2
    assert "`2*n` is a term of `sequential`" in capsys.readouterr().err


def test_a_term_of_several_models_needs_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(ROOT / "examples/models/densenet.arch")
    assert main([file, "--explain", "k^2*L^2"]) == 2
    assert "`densenet`, `densenet_bc`" in capsys.readouterr().err
    assert main([file, "--explain", "k^2*L^2", "--model", "densenet_bc"]) == 0


def test_a_term_in_sums_and_choices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A sum over turns of growing width, Σ (C + ki)·k = Ckn + k²n(n − 1)/2, and 2 of E experts."""
    path = tmp_path / "grown.arch"
    path.write_text(
        "dim N, C, k, n, E = 8\nmodel f(x[N, C]):\n"
        "    repeat n:\n        y = x -> linear(k, bias = false)\n        x = concat(x, y)\n"
        "    choose 2 of E as e:\n        z = x -> linear(C, bias = false)\n    return z\n"
    )
    assert "k²n²" in explained(str(path), "N*k^2*n^2/2", capsys)
    shown = explained(str(path), "2*N*C^2", capsys)
    assert "bodies that are chosen" in shown and "linear › y" in shown


# ---------------------------------------------------------------- growth


def test_growth_is_told_step_by_step_with_what_allows_it() -> None:
    text = (
        "dim N, D\nassume D <= N\nmodel f(x[N, D]):\n    weight A[D, D], B[D]\n"
        "    S[n, m] = sum[d] x[n, d] * x[m, d]\n    y[n, e] = sum[d] x[n, d] * A[d, e]\n"
        "    z[n] = sum[d] y[n, d] * B[d]\n    w[n] = sum[m] S[n, m] * z[m]\n    return w\n"
    )
    found = list(steps(document(text)))
    place = found.index(("", "N²D + O(N² + ND²)", "the leading terms"))
    assert found[place + 1][:2] == ("", "Θ(N²D)")
    bullets = [words(item) for b in document(text).blocks if isinstance(b, Bullets) for item in b.items]
    assert "ND² ≤ N²D, since D ≤ N is assumed." in bullets
    assert "N² ≤ N²D, since 1 ≤ D." in bullets


# ---------------------------------------------------------------- notation and assumptions


PATCHES = """
dim H, W = 16 "image size", P = 4 "patch size", D = 16 "width", h = 2 "heads"
assume P divides H, P divides W, h divides D
let N = H*W/P^2 as "n" "patches"
let A = D/h "width of a head"
let M = 2*D "twice the width"
let S = 4*2 "a number"

model patches(image[H, W, D]):
    z[(i, j), (p < P, q < P, c)] = image[(i, p), (j, q), c]
    x = z -> linear(D, bias = false)
    return x -> attention(heads = h, bias = false)
"""


def test_what_a_let_names_is_in_the_notation_and_in_the_formulas() -> None:
    """16 · 16/4² = 16 patches. P²D · D per patch, four maps of D², and N · N · D twice; HWD² stays, for P²ND² would be
    longer."""
    found = document(PATCHES)
    (notation,) = [b for b in found.blocks if isinstance(b, Table) and words(b.head[0]) == "symbol"]
    named = {words(row[0]): [words(cell) for cell in row[1:]] for row in notation.rows}
    assert named["n"] == ["HW/P², patches", "16"]
    assert named["A"] == ["D/h, width of a head", "8"] and named["M"] == ["2D, twice the width", "32"]
    assert "S" not in named
    told = list(steps(found))
    assert ("macs(x)", "HWD²", "linear") in told
    assert ("macs(attention)", "2n²D + 4nD²", "attention") in told
    assert any(reason == "[h, n, A]" for _, _, reason in told)


def test_a_let_is_written_as_often_as_its_value_is_in_a_term() -> None:
    """N = HW/P²: H²W²/P⁴ is N², H²W/P² is H · N, HW alone is no N; inside what is rounded as well."""
    text = (
        'dim H, W, P, B\nassume P divides H, P divides W\nlet N = H*W/P^2 "patches"\n'
        "model f(x[H*W/P^2, H*W/P^2, 2]):\n    weight U[H^2*W/P^2], V[H*W], Y[ceil(H*W/P^2/B)]\n    return x\n"
    )
    found = document(text, detail="full")
    weights = next(
        words(b.text) for b in found.blocks if isinstance(b, Paragraph) and words(b.text).startswith("Weights")
    )
    assert weights == "Weights: U [NH], V [HW] and Y [⌈N/B⌉]."


def test_of_two_lets_the_wider_one_is_written_and_both_stand_in_the_order_of_the_file() -> None:
    """N = HW/P² and M = HW/(PR)²: (HW)²D/(P⁴R²) is N M D."""
    text = (
        'dim H, W, P, R, D\nassume P*R divides H, P*R divides W\nlet N = H*W/P^2 "tokens"\n'
        'let M = H*W/(P*R)^2 "reduced tokens"\n'
        "model f(x[H*W/P^2, D], z[H*W/(P*R)^2, D]):\n    S[n, m] = sum[d] x[n, d] * z[m, d]\n    return S\n"
    )
    assert ("macs(S)", "N·M·D = NMD", "N·M elements, D terms each") in list(steps(document(text)))


def test_a_let_has_a_look_as_a_dim_has(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "m.arch").write_text('dim H\nlet N = 2*H as "2/n" "x"\nmodel f(x[N]):\n    return x\n')
    assert main([str(tmp_path / "m.arch")]) == 1
    assert "`2/n` is not the LaTeX of a symbol" in capsys.readouterr().err


@pytest.mark.slow
def test_long_sizes_that_come_again_get_a_name() -> None:
    """The channels behind the transitions of DenseNet-BC, Huang et al. 2017: ⌊θm⌋ of m channels."""
    (found,) = (d for d in documents(str(ROOT / "examples/models/densenet.arch")) if d.title == "densenet_bc")
    cells = {row[0]: row[1:] for row in ([words(c) for c in r] for r in notation(found).rows)}
    assert cells["r₁"] == ["⌊kθ(L+8)/6⌋", "108"]  # (24 + 16 · 12)/2
    assert cells["r₂"][1] == "150"  # (108 + 192)/2
    shown = [right for left, right, _ in steps(found) if left == "multiply-adds"]
    assert "⌊" not in shown[0] and "r₁" in shown[0]


def notation(found: Document) -> Table:
    return next(b for b in found.blocks if isinstance(b, Table) and words(b.head[0]) == "symbol")


def test_the_convention_and_the_facts_are_one_paragraph() -> None:
    found = document(
        "dim N, D, h\nassume h divides D, N <= D\nmodel f(x[N, D]):\n    return x -> attention(heads = h)\n"
    )
    place = next(n for n, b in enumerate(found.blocks) if isinstance(b, Heading) and "Convention" in words(b.text))
    paragraph = found.blocks[place + 1]
    assert isinstance(paragraph, Paragraph)
    said = words(paragraph.text)
    assert "One multiply-add is" in said
    assert said.endswith("Every count is exact for all positive integers as sizes, where h divides D and N ≤ D.")
    assert isinstance(found.blocks[place + 2], Heading)


# ---------------------------------------------------------------- all examples


INTERNAL = re.compile(r"Dummy|slack|@\d|\b_\d|turn of the stack|\bNone\b|<[a-z_]+ object|Fraction\(")


@pytest.mark.slow
@pytest.mark.parametrize("path", [slow_if_large(path) for path in EXAMPLES], ids=NAMES)
def test_coefficients_add_up_and_no_internal_name_is_seen(path: Path) -> None:
    for found in documents(str(path), detail="full"):
        coefficients_add_up(found)
        assert not INTERNAL.search(render(found, "text"))
        assert all(headings(found, level) for level in (1, 2))


def test_every_part_of_a_document_has_an_anchor() -> None:
    for found in documents("gpt2"):
        for block in found.blocks:
            if isinstance(block, Heading) or (isinstance(block, Table) and block.caption):
                assert block.anchor


def test_code_is_the_only_place_of_raw_options() -> None:
    """Options at their defaults are not repeated in titles."""
    (found,) = documents("resnet50")
    titles = headings(found, 3)
    assert not any("dilation" in title or "groups" in title for title in titles)
    assert all(isinstance(b.text[0], Code | str) for b in found.blocks if isinstance(b, Heading))


def test_a_default_tensor_is_not_written_twice() -> None:
    """`attention(x)` takes its keys and values from x as well, which the file does not write."""
    found = document("dim N, D, h\nassume h divides D\nmodel f(x[N, D]):\n    return x -> attention(heads = h)\n")
    assert any(right == "attention(x)" for _, right, _ in steps(found))


def test_models_that_share_weights_say_so() -> None:
    text = "dim N, D\nmodel f(x[N, D]):\n    share g = linear(D)\n    y = x -> g\n    z = y -> g\n    return z\n"
    found = document(text)
    assert sum(reason.endswith("with the weights of g") for _, _, reason in steps(found)) == 2
    assert ("params(g)", "D² + D", "linear, one set of weights") in list(steps(found))
    assert ad.parse(text).params == ad.parse(text).quantity("params")


def test_a_quotient_of_sums_is_one_fraction() -> None:
    """Not 1/(…) times what stands above."""
    text = """
dim A, B, C, E, G, N = 2
model f(x[N]):
    quantity q = (A*B + C*E + G*N + A*G + 1) / (A + B*C + E*G + N^2 + C)
    return x
"""
    written = {result.name: to_unicode(result.formula, Symbols()) for result in document(text).results}
    assert re.fullmatch(r"\(.*\)/\(.*\)", written["q"]) and "1/(" not in written["q"]


def test_what_may_be_0_below_a_line_is_named() -> None:
    # N/r + N/r² + … + N/r^L is N (r^L − 1)/((r − 1) r^L) but for r = 1, where it is L N
    model = ad.parse(
        "dim N = 64, D = 4, r = 2, L = 3\nmodel pyramid(x[N, D]):\n    assume r^L divides N\n"
        "    repeat L as i:\n        y[n < N/r^(i+1), d] = sum[j < r] x[n*r + j, d]\n        x = y -> linear(D)\n"
        "    return x\n"
    )
    words = " ".join(model.derivation().to_text().split())
    assert "where rᴸ divides N and r − 1 ≠ 0." in words
    plain = ad.parse("dim N = 64, D = 4\nmodel f(x[N, D]):\n    assume 4 divides N\n    return x -> linear(D)\n")
    assert "≠" not in plain.derivation().to_text()


SKIPS = """
dim N = 64, D = 32, L = 4
layer block(x[..., D]):
    h = x
    x = x -> linear(D) -> relu
    return h + x
model res(x[N, D]):
    skip = x
    x = x -> linear(D) -> relu
    x = x + skip
    keep = x
    repeat L:
        s = x
        x = x -> linear(D)
        x = concat(x, s)
        x = x -> linear(D)
    x = x -> block
    y[n, d] = x[n, d] * keep[n, d]
    return y
"""


def test_a_second_name_is_told_where_the_first_is_taken() -> None:
    text = ad.parse(SKIPS).derivation().to_text()
    lines = [" ".join(line.split()) for line in text.splitlines()]
    for line in (
        "skip = x [N, D]",
        "x ← x + skip [N, D]",
        "s = x [N, D]",
        "x ← concat(x, s) [N, 2D]",
        "h = x [N, D]",
        "sum = h + x [N, D]",
        "keep = x [N, D]",
        "y[n,d] = x[n,d]·keep[n,d] [N, D]",
    ):
        assert line in lines
    assert not any("x + x" in line or "concat(x, x)" in line for line in lines)


def test_a_letter_stands_for_a_size_or_for_a_tensor() -> None:
    """In a model of width W and b outputs, the weights of a linear layer are bold, and so is its bias; an index b of
    the attention has a prime."""
    model = ad.parse(
        "dim N = 8, W = 4, b = 5\nmodel m(x[N, W]):\n    return x -> attention(bias = false) -> linear(b)\n"
    )
    lines = [" ".join(line.split()) for line in model.derivation().to_text().splitlines()]
    assert "Weights: 𝐖 [W, b] and 𝐛 [b]." in lines
    assert "y[…,o] = Σ_i x[…,i]·𝐖[i,o] [N, b]" in lines and "y[…,o] ← y[…,o] + 𝐛[o] [N, b]" in lines
    assert "params(𝐖) = Wb (its volume)" in lines and "params(𝐛) = b (its volume)" in lines
    assert any(line.startswith("y[g,r,n,b′] = Σ_m P[g,r,n,m]·v[g,m,b′]") for line in lines)
    latex = model.derivation().to_latex()
    assert r"\mathrm{params}(\mathbf{W})" in latex and r"\leftarrow" in latex


def test_a_second_name_that_is_not_needed_is_not_told() -> None:
    text = ad.parse("dim N = 4, D = 2\nmodel f(x[N, D]):\n    h = x\n    y = h -> linear(D)\n    return y + h\n")
    lines = [" ".join(line.split()) for line in text.derivation().to_text().splitlines()]
    assert "sum = y + x [N, D]" in lines and not any(line.startswith("h =") for line in lines)


def test_repeats_of_no_turns_are_not_told() -> None:
    text = ad.load("mobilenet_v2").derivation().to_text()
    assert "0 times" not in text and "0 turns" not in text and "times 0" not in text


@pytest.mark.parametrize(
    ("doc", "said"),
    [
        ("gMLP of Liu et al. 2021!", "gMLP of Liu et al. 2021!"),
        ("μP of Yang et al. 2021?", "μP of Yang et al. 2021?"),
        ("iTransformer's encoder", "iTransformer's encoder."),
        ("attention, as it stands.", "Attention, as it stands."),
        ("torch.nn.Linear", "torch.nn.Linear."),
    ],
)
def test_descriptions_are_those_of_their_authors(doc: str, said: str) -> None:
    model = ad.parse(f'dim N = 4, D = 2\nmodel f(x[N, D]):\n    "{doc}"\n    return x -> linear(D)\n')
    assert f"\n{said}\n" in model.derivation().to_text()


def test_no_index_of_a_leading_axis_is_seen() -> None:
    model = ad.parse(
        "dim N = 8, D = 4\nmodel m(x[N, D]):\n    S[n, m in 0..n] = sum[a] x[n, a] * x[m, a]\n    P = S -> softmax\n"
        "    y[n, a] = sum[m] P[n, m] * x[m, a]\n    return y\n"
    )
    derivation = model.derivation("exact", detail="full")
    assert re.search(r"…\d", derivation.to_text()) is None
    assert "U2026" not in derivation.to_latex()
    assert "top = max_n x[…,n] [N]" in [" ".join(line.split()) for line in derivation.to_text().splitlines()]


def test_a_layer_that_calls_itself_has_another_name_inside() -> None:
    # three depths of D² + D each: the inner two are 2 D² + 2 D of the 3 D² + 3 D
    model = ad.parse(
        "dim N = 8, D = 4\nlayer f(x[..., D]; depth = 2):\n    y = x -> linear(D)\n    if depth > 0:\n"
        "        y = y -> f(depth = depth - 1)\n    return y\nmodel m(x[N, D]):\n    return x -> f\n"
    )
    lines = [" ".join(line.split()) for line in model.derivation().to_text().splitlines()]
    assert any(line.startswith("params(f⁽¹⁾) = 2D² + 2D") for line in lines)
    assert not any(line.startswith("params(f) = 2D² + 2D (gives") for line in lines)


def test_a_size_called_as_it_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.arch"
    path.write_text(
        'dim N = 8, D = 8, h as "n_h" = 2\nmodel m(x[N, D]):\n    return x -> attention(heads = h)\n', encoding="utf-8"
    )
    assert main([str(path), "--explain", "D*n_h"]) == 2
    assert "hint: `n_h` is how `h` is printed" in capsys.readouterr().err


def test_the_longest_chain_is_told_part_by_part() -> None:
    # a linear layer without bias is 1 equation, one with bias 2; four of these at every turn; a recurrence takes N
    model = ad.parse(
        "dim N = 8, D = 4, L = 3\nmodel m(x[N, D]):\n    y = x -> linear(D, bias = false)\n"
        "    repeat L:\n        y = y -> linear(D) -> linear(D)\n    y = y -> softmax\n"
        "    h[n, d] = h[n - 1, d] + y[n, d]\n    return h\n"
    )
    assert str(model.sequential) == "4*L + N + 5"
    assert "1 of linear, 4L of the repeat, 4 of softmax and N of h" in model.reason("sequential").replace("`", "")
