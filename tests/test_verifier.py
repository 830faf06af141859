"""The verifier: it passes on everything that is right, says what is wrong, and is what it claims to be.

What it counts and follows is held against hand counts; what it is independent of is read off its imports.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import archderive as ad
import pytest
from archderive import library
from archderive.cli import main
from archderive.elaborator.describe import show
from archderive.errors import Source
from archderive.program import Equation, Recurrence, all_nodes
from archderive.quantities import totals
from archderive.quantities.operations import Line
from archderive.session import open_path, open_source
from archderive.verifier import Report, verify, verify_model
from archderive.verifier.copies import equations
from archderive.verifier.dependences import position_axes, trace
from archderive.verifier.machine import execute
from clock import at_most

ROOT = Path(__file__).parent.parent
# Each takes up to a minute, and what they are made of is in others; their counts are those of torchvision and timm.
LONG = ("inception_v3", "convnextv2", "ghostnet", "mobilenetv4", "spt_unet", "vgg")
EXAMPLES = sorted(path for path in (ROOT / "examples").rglob("*.arch") if path.stem not in LONG)
CASES = sorted((ROOT / "tests" / "cases").glob("l*/*.arch"))
LAYERS = sorted(library.index())
VERIFIER = ROOT / "engine" / "verifier"

# Layers on which a run of a second is spent in a developer's run; CI runs all of them.
SAMPLE = [name for name in LAYERS if "3d" not in name][::8]


def faults(reports: list[Report]) -> list[str]:
    return [d.diagnostic().format() for report in reports for d in report.disagreements] + [
        f"{report.model} was not run" for report in reports if not report.sizes
    ]


# ---------------------------------------------------------------- everything that is right


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLE)
def test_a_layer_agrees_with_its_run(name: str) -> None:
    assert faults(verify(open_path(name))) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_agrees_with_its_run_in_three_seconds(name: str) -> None:
    with at_most(3):
        reports = verify(open_path(name), seed=1)
    assert faults(reports) == []
    assert all(len(report.sizes) == 3 and report.followed for report in reports)


@pytest.mark.slow
@pytest.mark.parametrize("path", [*EXAMPLES, *CASES], ids=lambda path: path.stem)
def test_every_file_agrees_with_its_run(path: Path) -> None:
    """Of a family's models those are run that have an equation which none before them has."""
    ran: set[tuple[str, int]] = set()
    for program in open_path(str(path)).programs:
        if equations(program) <= ran:
            continue
        ran |= equations(program)
        with at_most(60):
            reports = verify(open_path(str(path), model=program.name))
        assert faults(reports) == []
        assert all(report.agreed >= 10 for report in reports)


@pytest.mark.slow
def test_every_equation_of_the_library_is_run() -> None:
    """The layers, opened in every way in which the hand-counted cases open them, leave out no equation."""
    ran: set[tuple[str, int]] = set()
    for path in CASES:
        for program in open_path(str(path)).programs:
            for node in all_nodes(program.instance):
                equations = node.equations if isinstance(node, Recurrence) else [node]
                ran |= {(e.span.source.name, e.span.line) for e in equations if isinstance(e, Equation)}
    written = {
        (source.name, source.text[:start].count("\n") + 1 + number)
        for source, start, end in library.index().values()
        for number, line in enumerate(source.text[start:end].splitlines())
        if re.match(r"\s+\w+'*\[.*?\] \+?= ", line) and not re.match(r"\s+weight", line)
    }
    assert written - ran == set()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_routes_that_were_once_wrong(seed: int) -> None:
    reports = verify(open_path(str(ROOT / "tests" / "cases" / "verifier" / "routes.arch")), seed)
    assert faults(reports) == []


# What each says, derived on paper: path, receptive field, whether they are at most.
SAID = {
    "residual": ("ceil(log(N, 2))", True, "2^ceil(log(N, 2))", False),
    "strict": ("1", False, "N - 1", False),
    "two_taps": (None, False, "6", True),
    "state_then_gaps": ("max(N - 7, 3)", True, "N", False),
    "states_and_gaps": ("max(N - 4*L - 1, 2*L + 2)", True, "N", False),
    "strided_then_window": (None, False, "N", True),
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_of_routes(name: str) -> None:
    measures = open_path(str(ROOT / "tests" / "cases" / "verifier" / "routes.arch")).measures()[name]
    found = [None if q.expr is None else show(q.expr) for q in (measures.path, measures.receptive)]
    assert (found[0], measures.path.bound, found[1], measures.receptive.bound) == SAID[name]


@pytest.mark.slow
def test_a_look_up_in_a_large_table_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "table.arch"
    path.write_text("dim N = 8\nmodel m(t[N]):\n    return t -> embedding(50000, 4000)\n", encoding="utf-8")
    with at_most(20):
        main([str(path), "--verify"])
    assert "Traceback" not in capsys.readouterr().err


# ---------------------------------------------------------------- hand counts


def run(text: str, **sizes: int) -> tuple[dict[str, int], int]:
    (program,) = open_source(Source("<test>", text)).programs
    found = execute(program, {d.symbol: sizes[d.symbol.name] for d in program.dimensions})
    return {kind: int(n) for kind, n in found.whole.operations.items() if n}, found.whole.held("weight")


# (text, sizes, operations by kind, weights), counted on paper
BY_HAND = {
    "3 x 4 by 4 x 2: 24 terms, 3 additions for each of 6 results": (
        "dim N, I, O\nmodel f(x[N, I]):\n    weight W[I, O]\n    y[n, o] = sum[i] x[n, i] * W[i, o]\n    return y\n",
        {"N": 3, "I": 4, "O": 2},
        {"mac": 24, "add": 18},
        8,
    ),
    "rows of 1, 2, 3 and 4 terms, each an exponential of a place that four rows share": (
        "dim N\nmodel f(v[N]):\n    y[n < N] = sum[m in 0..n] exp(v[m])\n    return y\n",
        {"N": 4},
        {"exp": 4, "add": 6},
        0,
    ),
    "a window of 3 on 5 places, clipped: 2 + 3 + 3 + 3 + 2 terms": (
        "dim N\nmodel f(q[N], v[N]):\n"
        "    y[n] = sum[m in max(0, n - 1)..min(N - 1, n + 1)] q[n] * exp(v[m])\n    return y\n",
        {"N": 5},
        {"exp": 5, "add": 8, "multiply": 5},
        0,
    ),
    "three turns of widths 2, 3, 4 to 1: x is [5] wide at the end": (
        "dim N\nmodel f(x[N, 2]):\n    repeat 3:\n        x = concat(x, x -> linear(1, bias = false))\n    return x\n",
        {"N": 1},
        {"mac": 9, "add": 6},
        9,
    ),
    "two of four bodies run, all four are held, one addition for each of 2 x 3 results": (
        "dim N\nmodel f(x[N, 3]):\n    choose 2 of 4:\n        y = x -> linear(3, bias = false)\n    return y\n",
        {"N": 2},
        {"mac": 36, "add": 24 + 6},
        36,
    ),
    "one of two weights is 1 at this size, and is multiplied all the same": (
        "dim N, D\nmodel f(x[N]):\n    y[n] = x[n] * (D - 1)\n    return y\n",
        {"N": 3, "D": 2},
        {"multiply": 3},
        0,
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_run_does_what_was_counted_by_hand(name: str) -> None:
    text, sizes, kinds, weights = BY_HAND[name]
    assert run(text, **sizes) == (kinds, weights)


# (body, N, path, receptive field, steps), followed on paper
FOLLOWED = {
    "attention: every place from every other in one unit, ten equations": (
        "return x -> attention(bias = false)",
        5,
        1,
        5,
        10,
    ),
    "causal attention": ("return x -> attention(causal = true, bias = false)", 5, 1, 5, 10),
    "two layers, and a way around each": (
        "u = x + (x -> attention(bias = false))\n    return u + (u -> attention(bias = false))",
        4,
        1,
        4,
        22,
    ),
    "an Elman cell for each of 6 places, and the product before it": ("return x -> elman(D, bias = false)", 6, 6, 6, 7),
    "two of them: the second keeps one place behind": (
        "return x -> elman(D, bias = false) -> elman(D, bias = false)",
        6,
        7,
        6,
        9,
    ),
    "three taps: the ends of 7 places are not joined": (
        "return x -> conv1d(D, kernel = 3, bias = false)",
        7,
        None,
        3,
        1,
    ),
    "two layers of three taps join the ends of 3 places, not those of 5, of which the middle one sees all": (
        "return x -> conv1d(D, kernel = 3, bias = false) -> conv1d(D, kernel = 3, bias = false)",
        5,
        None,
        5,
        2,
    ),
    "the same on 3 places": (
        "return x -> conv1d(D, kernel = 3, bias = false) -> conv1d(D, kernel = 3, bias = false)",
        3,
        2,
        3,
        2,
    ),
    "no place sees another one": ("return x -> linear(D, bias = false)", 4, None, 1, 1),
    "a sum over all places before, over three equations in one run": (
        "s[n] = sum[d] x[n, d]\n    t[n < N] = sum[m in 0..n] s[m]\n    y[n, d] = x[n, d] * t[n]\n    return y",
        5,
        1,
        5,
        3,
    ),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_run_is_followed_as_on_paper(name: str) -> None:
    body, n, path, receptive, steps = FOLLOWED[name]
    (program,) = open_source(Source("<test>", f"dim N, D\nmodel f(x[N, D]):\n    {body}\n")).programs
    at = {d.symbol: {"N": n, "D": 2}[d.symbol.name] for d in program.dimensions}
    traced = trace(program, at, 0, position_axes(program, program.instance, at, 0))
    assert (traced.path, traced.receptive, traced.steps) == (path, receptive, steps)


# ---------------------------------------------------------------- the command


FILE = "dim N = 8, D = 4\nmodel f(x[N, D]):\n    weight W[D, D]\n    y[n, e] = sum[d] x[n, d] * W[d, e]\n    return y\n"


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.arch"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def test_the_command_says_how_many_figures_agree(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([model, "--verify", "--seed", "5"]) == 0
    first = capsys.readouterr().out
    assert first.startswith("f: ")
    assert "figures agree with runs at 3 sizes (seed 5)" in first
    assert main([model, "--verify", "--seed", "5"]) == 0
    assert capsys.readouterr().out == first
    assert main([model, "--verify", "--seed", "6"]) == 0
    assert capsys.readouterr().out != first


def wrong(patch: pytest.MonkeyPatch) -> None:
    honest = totals.count_equation
    patch.setattr(
        totals,
        "count_equation",
        lambda *a, **k: tuple(
            Line(n.kind, n.count + 1, n.over, n.what) if n.kind == "add" else n for n in honest(*a, **k)
        ),
    )


def test_a_disagreement_names_the_equation_and_the_sizes(
    model: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong(monkeypatch)
    assert main([model, "--verify"]) == 1
    found = capsys.readouterr()
    assert "model.arch:4:" in found.err
    assert "the count of `y[n, e] = sum[d] x[n, d] * W[d, e]` (add) is not what running it gives" in found.err
    assert "counted by running: " in found.err and "by the formula: " in found.err and "at N = " in found.err
    assert "Traceback" not in found.err


def test_a_derivation_carries_the_line(
    model: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for form in ("--latex", "--markdown"):
        assert main([model, form, "--verify"]) == 0
        assert "figures that were compared agree" in capsys.readouterr().out
        assert main([model, form]) == 0
        assert "Verif" not in capsys.readouterr().out
    assert main([model, "--json", "--verify"]) == 0
    verified = json.loads(capsys.readouterr().out)["models"][0]["verified"]
    assert verified["agreed"] == verified["figures"] > 0
    wrong(monkeypatch)
    assert main([model, "--markdown", "--verify"]) == 1
    assert "figures disagree with a run" in capsys.readouterr().out


def test_a_comparison_carries_a_line_for_each_model(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([model, "linear", "--markdown", "--verify"]) == 0
    assert capsys.readouterr().out.count("figures that were compared agree") == 2


def test_python_verifies() -> None:
    verified = ad.parse(FILE).verify(seed=2)
    assert verified.agreed == verified.figures > 20
    assert verified.seed == 2 and len(verified.sizes) == 3
    assert verified.holds


@pytest.mark.slow
def test_a_file_with_large_numbers_is_run_as_a_small_copy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(ROOT / "examples" / "models" / "mobilenet_v2.arch"), "--verify"]) == 0
    found = capsys.readouterr().out
    assert "a copy in which the file's numbers from 16 on are divided by" in found


def test_what_cannot_be_run_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "huge.arch"
    path.write_text(
        "dim N\nmodel f(x[N, 3]):\n    repeat 1000000000:\n        x = x + x\n    return x\n", encoding="utf-8"
    )
    assert main([str(path), "--verify"]) == 1
    assert "f: not run\n    the model: no sizes were found at which a run ends soon" in capsys.readouterr().out


def test_sizes_at_which_a_subscript_is_no_whole_number_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "halves.arch"
    path.write_text(
        "dim N = 8, B = 4\nmodel f(x[N]):\n    y[n < N] = x[mod(n + B/2, N)]\n    return y\n", encoding="utf-8"
    )
    main([str(path), "--verify"])
    found = capsys.readouterr().out
    assert re.search(
        r"not compared: the sizes N = \d+, B = \d+: a subscript or a range is \d+/2, no whole number", found
    )


# ---------------------------------------------------------------- independence


COUNTS_NOTHING = {"quantities", "forms", "growth", "derivation"}
BESIDE_BOTH = {"__init__", "compare", "dependences", "report", "copies"}


@pytest.mark.parametrize("path", sorted(VERIFIER.glob("*.py")), ids=lambda path: path.stem)
def test_what_runs_shares_no_code_with_what_counts(path: Path) -> None:
    names = {
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level == 2
    }
    counting = {name for name in names if name.split(".")[0] in COUNTS_NOTHING}
    allowed = {"algebra.atoms", "algebra.expression", "program", "scalars", "errors"}
    if path.stem not in BESIDE_BOTH:
        assert counting == set()
        assert names <= allowed


def test_reports_add_up() -> None:
    measures = open_source(Source("<test>", FILE)).measures()["f"]
    report = verify_model(measures, seed=3)
    assert report.figures == report.agreed and report.operations > 0
