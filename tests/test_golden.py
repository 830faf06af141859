"""Whole documents as they were when somebody last read them: ten models in every format, in `tests/golden`.

`pytest tests/test_golden.py -m "slow or not slow" --update-golden` writes them anew; read what has changed before you
commit it. What LaTeX, KaTeX, MathJax, Typst and Chromium make of them is tested too.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from archderive.cli import main
from tools import COMPLAINTS, compiled, mathematics_read

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = Path(__file__).resolve().parent / "golden"
MODELS = {
    "attention": ["examples/attention.arch"],
    "conv2d": ["conv2d"],
    "lstm": ["lstm"],
    "transformer": ["examples/models/transformer.arch"],
    "densenet_bc": ["examples/models/densenet.arch", "--model", "densenet_bc"],
    "swin": ["examples/models/swin.arch"],
    "mixtral": ["examples/models/mixtral.arch"],
    "unet": ["examples/models/unet.arch"],
    "gpt2": ["examples/models/gpt2.arch", "--convention", "macs,flops"],
    "table1": [str(path.relative_to(ROOT)) for path in sorted((ROOT / "examples/table1").glob("*.arch"))],
}
FORMATS = {
    "wide.tex": ["--latex"],
    "narrow.tex": ["--latex", "--width", "3.25in"],
    "md": ["--markdown"],
    "github.md": ["--markdown", "github"],
    "html": ["--html"],
    "typ": ["--typst"],
    "txt": [],
    "json": ["--json"],
}
QUICK = ("attention", "lstm", "table1")  # the others are laid out in CI
CASES = [
    pytest.param(m, f, id=f"{m}.{f}", marks=() if m in QUICK else pytest.mark.slow) for m in MODELS for f in FORMATS
]
PAPER = r"""\documentclass[10pt]{article}
\usepackage{amsmath}
\usepackage{booktabs}
\setlength{\textwidth}{%s}
\begin{document}
\input{%s}
\end{document}
"""


@pytest.mark.parametrize(("model", "format"), CASES)
def test_documents(
    model: str, format: str, update_golden: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    output = tmp_path / "document"
    assert main([*MODELS[model], *FORMATS[format], "-o", str(output)]) == 0
    found = output.read_text(encoding="utf-8")
    golden = GOLDEN / f"{model}.{format}"
    if update_golden:
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == found


def test_no_golden_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{model}.{format}" for model in MODELS for format in FORMATS}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("format", "width", "engine"),
    [("wide.tex", "5.5in", "pdflatex"), ("narrow.tex", "3.25in", "pdflatex"), ("narrow.tex", "3.25in", "lualatex")],
)
@pytest.mark.parametrize("model", MODELS)
def test_latex_compiles_without_a_word(model: str, format: str, width: str, engine: str, tmp_path: Path) -> None:
    log = compiled(PAPER % (width, GOLDEN / f"{model}.{format}"), engine, tmp_path, once=True)
    assert COMPLAINTS.findall(log) == []


@pytest.mark.slow
@pytest.mark.parametrize("format", ["md", "github.md"])
@pytest.mark.parametrize("model", MODELS)
def test_markdown_is_read_by_katex_and_mathjax(model: str, format: str) -> None:
    answer = mathematics_read((GOLDEN / f"{model}.{format}").read_text(encoding="utf-8"))
    assert answer["errors"] == []
    assert answer["count"] > 5
