"""The derivations of all examples in the real thing: LaTeX without a warning, Markdown read by KaTeX and MathJax.

The formulas themselves are tested in `test_must_show`; here it is that no document fails or overflows.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from archderive.cli import main
from tools import COMPLAINTS, compiled, mathematics_read

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").rglob("*.arch"))
NAMES = [str(path.relative_to(path.parents[1])) for path in EXAMPLES]
PAPER = r"""\documentclass[10pt]{article}
\usepackage{amsmath}
\usepackage{booktabs}
\setlength{\textwidth}{%sin}
\begin{document}
\input{derivation}
\end{document}
"""


def slow_if_large(path: Path) -> object:
    return pytest.param(path, marks=[pytest.mark.slow] if path.parent.name == "models" else [])


def derive(*arguments: str, to: Path) -> str:
    assert main([*arguments, "-o", str(to)]) == 0
    return to.read_text(encoding="utf-8")


def test_attention_in_a_paper_that_loads_two_packages(tmp_path: Path) -> None:
    """The issue's own line: a text width of 5.5 in, amsmath and booktabs only, no warning and no overfull box."""
    example = next(path for path in EXAMPLES if path.name == "attention.arch")
    derive(str(example), "--latex", to=tmp_path / "derivation.tex")
    assert COMPLAINTS.findall(compiled(PAPER % 5.5, "pdflatex", tmp_path)) == []


LAYOUTS = [("steps", "5.5in"), ("summary", "3.25in"), ("steps", "3.25in"), ("full", "3.25in")]
# Of a large model one of these, in turn: what holds all that a summary has, and the narrow column, in which most does
# not fit.
OF_MODELS = [("steps", "5.5in"), ("full", "3.25in")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "detail", "width"),
    [
        pytest.param(path, detail, width, id=f"{name}-{detail}-{width}")
        for number, (path, name) in enumerate(zip(EXAMPLES, NAMES, strict=True))
        for detail, width in ([OF_MODELS[number % 2]] if path.parent.name == "models" else LAYOUTS)
    ],
)
def test_latex(path: Path, detail: str, width: str, tmp_path: Path) -> None:
    derive(str(path), "--latex", "--detail", detail, "--width", width, to=tmp_path / "derivation.tex")
    log = compiled(PAPER % width.removesuffix("in"), "pdflatex", tmp_path, once=True)
    assert COMPLAINTS.findall(log) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        pytest.param(path, dialect, id=f"{name}-{dialect}")
        for number, (path, name) in enumerate(zip(EXAMPLES, NAMES, strict=True))
        for dialect in (("github",) * (number % 3 == 1) if path.parent.name == "models" else ("plain", "github"))
    ],
)
def test_markdown(path: Path, dialect: str, tmp_path: Path) -> None:
    answer = mathematics_read(
        derive(str(path), "--markdown", dialect, "--detail", "full", to=tmp_path / "derivation.md")
    )
    assert answer["errors"] == []
    assert answer["count"] > 5


@pytest.mark.slow
@pytest.mark.parametrize("path", [slow_if_large(path) for path in EXAMPLES], ids=NAMES)
def test_text_fits_a_hundred_columns(path: Path, tmp_path: Path) -> None:
    for line in derive(str(path), "--detail", "full", to=tmp_path / "derivation.txt").splitlines():
        assert len(line) <= 100, line
        assert not re.search(r"\s$", line)


def test_table_1_compiles(tmp_path: Path) -> None:
    table = [str(path) for path in EXAMPLES if path.parent.name == "table1"]
    derive(*table, "--latex", to=tmp_path / "derivation.tex")
    assert COMPLAINTS.findall(compiled(PAPER % 5.5, "pdflatex", tmp_path)) == []
