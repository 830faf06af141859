"""Models in notebooks: what they show of themselves, `%%arch` cells, and the notebook of the examples."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import archderive as ad
import nbformat
import pytest
import sympy
from archderive import gallery, library
from archderive.interface import Derivation
from archderive.notebook import Mistake, Pages, run_cell
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output
from nbclient import NotebookClient
from tools import COMPLAINTS, compiled, mathematics_read
from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "examples" / "notebook.ipynb"
CASES = ROOT / "tests" / "cases" / "dependences"
MIME = {"text/plain", "text/markdown", "text/latex"}
PAPER = r"""\documentclass[10pt]{article}
\usepackage{amsmath}
\usepackage{booktabs}
\setlength{\textwidth}{5.5in}
\begin{document}
%s
\end{document}
"""
ATTENTION = str(ROOT / "examples" / "attention.arch")
FILE = """\
dim N as "n" = 1024 "sequence length", D as "\\hat{d}" = 512, k = 3
assume k <= N
model block(x[N, D]):
    "two % of {it}, _as_ $1 <b>says</b>"
    return x -> linear(4*D) -> relu -> linear(D)
model window(x[N, D]):
    caveat "a | reconstruction"
    return x -> conv1d(D, kernel = k, padding = "causal")
quantity saving = macs(window) / macs(block) "share of a block"
"""


class Shell:
    """What `%%arch` needs of IPython."""

    def __init__(self) -> None:
        self.variables: dict[str, Any] = {}

    def push(self, variables: dict[str, Any]) -> None:
        self.variables |= variables

    def register_magic_function(self, func: Any, magic_kind: str, magic_name: str) -> None:
        self.variables[f"{magic_kind} {magic_name}"] = func


def models_of(text: str, line: str = "") -> dict[str, ad.Model]:
    """Every model of a cell."""
    shell = Shell()
    run_cell(shell, line, text)
    return shell.variables


def bundle(shown: Any, **asked: Any) -> dict[str, str]:
    return shown._repr_mimebundle_(**asked)  # type: ignore[no-any-return]


def width(line: str) -> int:
    return sum(not unicodedata.combining(letter) for letter in line)


# ---------------------------------------------------------------- quantities


def test_a_quantity_is_in_the_order_of_the_file() -> None:
    model = ad.parse('dim Z as "z" = 4, A = 3\nmodel m(x[Z, A]):\n    return x -> linear(2*Z, bias = false)\n')
    macs = model["macs"]
    z, a = model.symbols["Z"], model.symbols["A"]
    assert (macs.unicode, macs.latex, macs.python) == ("2z²A", "2 z^{2} A", "2*Z**2*A")
    assert macs.expr == model.macs == 2 * a * z**2 and macs.growth == a * z**2
    assert (macs.growth_unicode, macs.growth_latex, macs.growth_python) == ("O(z²A)", "O(z^{2} A)", "Z**2*A")
    assert (macs.value, macs.unit, macs.title) == (96, "multiply-adds", "multiply-adds")
    assert not macs.infinite and not macs.upper_bound
    assert macs.reason.startswith("One multiply-add is the last multiplication")
    assert repr(macs) == "<macs: 2z²A>"


def test_quantities_are_a_mapping() -> None:
    block = models_of(FILE)["block"]
    assert list(block) == list(block.quantities)
    assert list(block.quantities)[:4] == ["params", "active", "buffers", "macs"]
    assert "saving" in block and "torch" not in block.quantities and block.quantities.get("nothing") is None
    assert block["torch"].value == 2 * block["macs"].value == block["flops"].value
    assert block["torch"].title == "FLOPs of PyTorch’s FlopCounterMode" and block["torch"].unit == "operations"
    with pytest.raises(ad.ArchError, match="`block` has no quantity `mac`\nhint: did you mean `macs`"):
        block["mac"]
    with pytest.raises(TypeError):
        block.quantities["macs"] = block["macs"]  # type: ignore[index]


def test_a_quantity_of_the_file() -> None:
    model = models_of(FILE)["block"]
    saving = model["saving"]
    k = model.symbols["k"]
    # N·D·D·k over 8·N·D·D
    assert saving.expr == model.saving == k / 8 and saving.title == "share of a block" and saving.unit is None
    assert saving.value == Fraction(3, 8) == model.at(N=5).saving
    assert not hasattr(model, "wasting") and not hasattr(model.at(), "wasting")


def test_a_quantity_without_a_closed_form() -> None:
    path = ad.parse("dim N, D\nmodel m(x[N, D]):\n    return x -> relu\n")["path"]
    assert path.infinite and path.expr == sympy.oo and path.value is None and path.growth is None
    assert (path.unicode, path.latex, path.python) == ("∞", r"\infty", None)
    assert "∞" in bundle(path)["text/plain"]
    unknown = ad.load("gcn")["path"]
    forms = (unknown.expr, unknown.python, unknown.latex, unknown.unicode, unknown.growth, unknown.growth_latex)
    assert forms == (None,) * 6 and unknown.value is None and not unknown.infinite
    assert unknown.reason == "unknown, because `h` is read at a place that data decides"
    assert repr(unknown) == f"<path: {unknown.reason}>"
    assert bundle(unknown)["text/markdown"] == f"**Maximum path length**: {unknown.reason}.\n"
    run_cell(shell := Shell(), "--at N=9", (CASES / "residual_stack.arch").read_text("utf-8"))
    searched = shell.variables["residual_stack"]["path"]
    assert searched.expr is searched.latex is None and searched.value == 4  # from 0 to 8, two positions a layer
    assert "= 4   (at the example values)" in bundle(searched)["text/plain"]
    with pytest.raises(ad.ArchError, match="known at the example values only: 4"):
        _ = shell.variables["residual_stack"].path


def test_what_is_at_most_says_so() -> None:
    model = ad.load("strided_attention")
    bounds = [model[name] for name in model if model[name].upper_bound]
    assert bounds
    assert all("≤" in bundle(quantity)["text/plain"] for quantity in bounds)
    assert "at most" in bundle(model.quantities)["text/markdown"]


# ---------------------------------------------------------------- what is shown


def everything() -> Iterator[tuple[str, Any]]:
    block, window = models_of(FILE).values()
    yield "model", block
    yield "quantities", window.quantities
    yield "quantity", block["macs"]
    yield "infinite", block["path"]
    yield "derivation", window.derivation()
    yield "comparison", ad.compare(block, window, convention=("macs", "torch"))
    yield "pages", Pages((block.derivation().document, window.derivation(detail="summary").document))


EVERYTHING = dict(everything())


@pytest.mark.parametrize("shown", EVERYTHING.values(), ids=EVERYTHING)
def test_all_formats(shown: Any) -> None:
    found = bundle(shown)
    assert set(found) == MIME
    assert set(bundle(shown, include={"text/latex"})) == {"text/latex"}
    assert set(bundle(shown, exclude=["text/latex"])) == MIME - {"text/latex"}
    assert all(width(line) <= 80 for line in found["text/plain"].splitlines()), found["text/plain"]
    assert not re.search(r"^#{1,2} ", found["text/markdown"], re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("shown", EVERYTHING.values(), ids=EVERYTHING)
def test_markdown_is_read(shown: Any) -> None:
    answer = mathematics_read(bundle(shown)["text/markdown"])
    assert answer["errors"] == [] and answer["count"] > 0


def test_latex_compiles(tmp_path: Path) -> None:
    fragments = "\n".join(bundle(shown)["text/latex"] for shown in EVERYTHING.values())
    complaints = COMPLAINTS.findall(compiled(PAPER % fragments, "pdflatex", tmp_path))
    assert [line for line in complaints if "Rerun to get cross-references right" not in line] == []


def test_a_model_shows_its_results() -> None:
    shown = bundle(ad.load(ATTENTION))
    table = shown["text/markdown"].splitlines()
    assert table[0] == "`attention`: Vaswani et al. 2017, section 3.2.1."
    assert "| multiply-adds | $3 D^{2} N + 2 D N^{2}$ | $O(D^{2} N + D N^{2})$ | 54,525,952 |" in table
    assert "3D²N + 2DN²" in shown["text/plain"] and "Example values: D = 512, N = 64." in shown["text/plain"]
    # what says nothing here is left out: no buffers, no choice between weights
    assert "buffers" not in shown["text/plain"] and "active" not in shown["text/plain"]
    assert "buffers" in bundle(ad.load("batchnorm"))["text/plain"]
    assert "Example values" not in bundle(ad.load("batchnorm"))["text/plain"]


def test_caveats_stand_below_the_table() -> None:
    assert "a | reconstruction." in bundle(models_of(FILE)["window"])["text/plain"]


def test_words_hold_no_markup() -> None:
    markdown = bundle(models_of(FILE)["block"])["text/markdown"]
    assert r"two % of {it}, \_as\_ \$1 \<b>says\</b>" in markdown or "<b>" not in markdown


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if place % 40 == 0 else [pytest.mark.slow])
        for place, name in enumerate([*sorted(library.index()), *sorted(path.stem for path in gallery.files())])
    ],
)
def test_text_fits_eighty_columns(name: str) -> None:
    for model in ad.load_all(name).values():
        for shown in (model, *model.quantities.values()):
            assert all(width(line) <= 80 for line in bundle(shown, include=["text/plain"])["text/plain"].splitlines())


def test_a_picture_has_a_short_name() -> None:
    window = models_of(FILE)["window"]
    drawn = window.picture(N=6)
    assert repr(drawn) == f"<{drawn.caption}>"


# ---------------------------------------------------------------- cells

BLOCK = """\
dim N as "n" = 1024, D = 512
model block(x[N, D]):
    return x -> linear(4*D) -> relu -> linear(D)
"""
TWO = f"""{BLOCK}
model linear_block(x[N, D]):
    return x -> linear(4*D) -> linear(D)
"""


@pytest.fixture(scope="module")
def one_shell(tmp_path_factory: pytest.TempPathFactory) -> InteractiveShell:
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config, ipython_dir=str(tmp_path_factory.mktemp("ipython")))
    shell.run_line_magic("load_ext", "archderive")
    return shell


@pytest.fixture
def shell(one_shell: InteractiveShell) -> InteractiveShell:
    """IPython without a kernel, and without variables."""
    one_shell.reset(new_session=False)
    return one_shell


def run(shell: InteractiveShell, cell: str) -> tuple[Any, str, str, list[RichOutput]]:
    """The value of a cell, what it prints, its messages, and what it shows."""
    with capture_output() as captured:
        done = shell.run_cell(cell)
    assert "Traceback" not in captured.stdout + captured.stderr
    return done.result if done.success else None, captured.stdout, captured.stderr, captured.outputs


def test_a_cell_with_one_model(shell: InteractiveShell) -> None:
    value, _, messages, _ = run(shell, f"%%arch\n{BLOCK}")
    assert messages == ""
    assert value is shell.user_ns["block"] and isinstance(value, ad.Model)
    data, _ = shell.display_formatter.format(value)
    assert set(data) == MIME and "8nD²" in data["text/plain"]
    _, printed, _, _ = run(shell, "block.macs")
    assert printed.split()[-1] == "8*D**2*N"


def test_a_cell_with_a_name_and_settings(shell: InteractiveShell) -> None:
    value, *_ = run(
        shell, f"%%arch wide --at D=1024 N=2 --convention flops,torch --dtype float16 --form factored\n{BLOCK}"
    )
    assert value is shell.user_ns["wide"] and "block" not in shell.user_ns
    assert value.name == "block" and value.at().macs == 8 * 1024 * 1024 * 2
    shown = bundle(value)["text/plain"]
    assert "FLOPs " in shown and "FLOPs of PyTorch" in shown and "multiply-adds" not in shown
    assert value["bytes"].value == 2 * value["params"].value
    assert value["params"].python == "D*(8*D + 5)"
    assert "FLOPs of PyTorch" in str(value.derivation())


def test_variables_of_the_notebook_in_the_settings(shell: InteractiveShell) -> None:
    run(shell, "length = 77")
    value, *_ = run(shell, f"%%arch --at N={{length}}\n{BLOCK}")
    assert value.at().macs == 8 * 512 * 512 * 77


def test_a_cell_with_a_detail_shows_the_derivation(shell: InteractiveShell) -> None:
    value, *_ = run(shell, f"%%arch --detail steps\n{BLOCK}")
    assert isinstance(value, Derivation) and str(value) == str(shell.user_ns["block"].derivation())
    value, *_ = run(shell, f"%%arch --detail steps\n{TWO}")
    assert isinstance(value, Pages) and [page.title for page in value.documents] == [
        "comparison",
        "block",
        "linear_block",
    ]


def test_a_cell_with_several_models_compares_them(shell: InteractiveShell) -> None:
    value, *_ = run(shell, f"%%arch\n{TWO}")
    assert isinstance(value, Derivation) and value.document.title == "comparison"
    assert isinstance(shell.user_ns["block"], ad.Model) and isinstance(shell.user_ns["linear_block"], ad.Model)
    assert str(value) == str(ad.compare(shell.user_ns["block"], shell.user_ns["linear_block"]))
    value, *_ = run(shell, f"%%arch one --model linear_block\n{TWO}")
    assert value is shell.user_ns["one"] and value.name == "linear_block"


def test_names_that_python_does_not_take(shell: InteractiveShell) -> None:
    run(shell, "%%arch\ndim N\nmodel lambda(x[N]):\n    return x\nmodel f'(x[N]):\n    return x\n")
    assert shell.user_ns["lambda_"].name == "lambda" and shell.user_ns["f_prime"].name == "f'"


def test_names_as_python_reads_them(shell: InteractiveShell) -> None:
    """The micro sign is the Greek letter, as it is where the variable is used."""
    run(shell, "%%arch\ndim N\nmodel \u00b5_net(x[N]):\n    return x\n")
    assert run(shell, "\u00b5_net.name")[1].split()[-1] == "'\u00b5_net'"
    assert shell.user_ns["\u03bc_net"].name == "\u00b5_net"
    run(shell, f"%%arch \u00b5\n{BLOCK}")
    assert shell.user_ns["\u03bc"].name == "block"
    both = models_of("dim N\nmodel \u00b5(x[N]):\n    return x\nmodel \u03bc(x[N]):\n    return x\n")
    assert sorted((variable, model.name) for variable, model in both.items()) == [
        ("U00B5", "\u00b5"),
        ("\u03bc", "\u03bc"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["get_ipython", "In", "Out", "exit", "quit", "_", "__", "_i", "_12", "_oh", "__name__", "print", "sum"]
)
def test_variables_of_ipython_are_kept(name: str, shell: InteractiveShell) -> None:
    kept = shell.user_ns.get(name)
    for cell in (f"%%arch\ndim N\nmodel {name}(x[N]):\n    return x\n", f"%%arch {name}\n{BLOCK}"):
        with capture_output() as captured:
            done = shell.run_cell(cell)
        assert isinstance(done.error_in_exec, Mistake)
        assert f"error: `{name}` is a" in captured.stdout and "%%arch NAME" in captured.stdout
    assert not isinstance(shell.user_ns.get(name), ad.Model) and (name not in ("In", "Out") or kept is not None)
    value, *_ = run(shell, f"%%arch other\ndim N\nmodel {name}(x[N]):\n    return x\n")
    assert value is shell.user_ns["other"]


def test_expectations_that_do_not_hold_are_told(shell: InteractiveShell) -> None:
    value, _, messages, _ = run(shell, "%%arch\n" + BLOCK.replace("    return", "    expect params == 3\n    return"))
    assert isinstance(value, ad.Model)
    assert messages.startswith("<cell>:4:5: warning: this does not hold\n4 |     expect params == 3")


MISTAKES = {
    f"%%arch\n{BLOCK.replace('relu', 'rleu')}": "<cell>:4:32: error: there is no layer `rleu`\n4 |     return x ->",
    f"%%arch --at M=3\n{BLOCK}": "error: `--at M=…`: there is no dim or option `M`",
    f"%%arch --at N\n{BLOCK}": "error: `--at N` is no setting",
    f"%%arch --convention flop\n{BLOCK}": "error: there is no convention `flop`\nhint: did you mean `flops`?",
    f"%%arch --detail all\n{BLOCK}": "error: %%arch: argument --detail: invalid choice: 'all'",
    f"%%arch --colour\n{BLOCK}": "error: %%arch: unrecognized arguments: --colour\nhint: `%%arch?` lists the options",
    f"%%arch --form collected:M\n{BLOCK}": "error: the form `collected:M`: there is no dim or option `M`",
    f"%%arch --model rock\n{BLOCK}": "error: <cell> has no model `rock`\nhint: did you mean `block`?",
    f'%%arch "a\n{BLOCK}': "error: %%arch: no closing quotation",
    f"%%arch class\n{BLOCK}": "error: `class` is no name of a variable",
    f"%%arch 2x\n{BLOCK}": "error: `2x` is no name of a variable",
    f"%%arch name\n{TWO}": "error: there are several models to be named `name`: `block`, `linear_block`",
    "%%arch\nlayer f(x[N]):\n    return x\n": "<cell>:2:7: error: <cell> has layers and no model",
    "%%arch\nmodel f(x[N]):\n\treturn x\n": "<cell>:3:1: error: ",
    "%%arch\nmodel f(x[N]):\n    return " + "(" * 5000 + "x\n": "<cell>:3:112: error: more than 100 brackets",
}


@pytest.mark.slow
@pytest.mark.parametrize(("cell", "message"), MISTAKES.items())
def test_a_mistake_is_a_message_without_a_traceback(cell: str, message: str, shell: InteractiveShell) -> None:
    with capture_output() as captured:
        done = shell.run_cell(cell)
    assert isinstance(done.error_in_exec, Mistake) and isinstance(done.error_in_exec, ad.ArchError)
    assert (
        message in captured.stdout and captured.stdout.startswith(message[:10]) and "Traceback" not in captured.stdout
    )
    assert not {"block", "name", "f"} & set(shell.user_ns)


def test_a_bug_keeps_its_traceback(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archderive.notebook.open_source", lambda *_, **__: 1 / 0)
    with capture_output() as captured:
        done = shell.run_cell(f"%%arch\n{BLOCK}")
    assert isinstance(done.error_in_exec, ZeroDivisionError) and "Traceback" in captured.stdout


def test_the_help_lists_the_options_of_the_command() -> None:
    import argparse

    from archderive.settings import add_settings

    shell = Shell()
    ad.load_ipython_extension(shell)
    text = shell.variables["cell arch"].__doc__
    parser = argparse.ArgumentParser(add_help=False)
    add_settings(parser)
    assert all(f"[{action.option_strings[0]} " in text for action in parser._actions)


def test_the_package_does_not_load_ipython() -> None:
    code = "import sys, archderive; archderive.load_ipython_extension; assert 'IPython' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# ---------------------------------------------------------------- the notebook of the examples


def read() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_is_complete_and_clean() -> None:
    notebook = read()
    nbformat.validate(notebook)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not any(cell.metadata for cell in notebook.cells)
    shown = " ".join(cell.source for cell in cells)
    for what in ("%load_ext archderive", "%%arch", '["macs"]', ".at(", ".derivation()", ".picture("):
        assert what in shown
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)


@pytest.mark.slow
def test_a_fresh_run_gives_what_the_notebook_shows(
    update_golden: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pytest tests/test_notebook.py -m slow --update-golden` stores what a run gives."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    fresh = read()
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(fresh, timeout=120, kernel_name="python3", record_timing=False, resources=where).execute()
    fresh.metadata["language_info"] = {"name": "python"}
    if update_golden:
        nbformat.write(fresh, NOTEBOOK)
    for stored, found in zip(read().cells, fresh.cells, strict=True):
        assert stored == found
