"""What a derivation says in words of its quantities: each thing once, of something that the document names, and without
the text or the lines of the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from archderive.cli import main

RESIDUAL = """
dim T = 16 "frames", d_model as "d" = 8 "encoder dimension", L = 3 "blocks"

layer mixing(x[N, D]):
    S[n, m] = sum[d] x[n, d] * x[m, d]
    c[n, d] = sum[m] S[n, m] * x[m, d]
    return {inside}

model encoder(x[T, d_model]):
    repeat L:
        x = {around}
    expect params == 0 "by hand"
    expect params at (T = 8) == 0
    expect path >= 1
    return x
"""
OTHER = """
dim T = 20 "steps", d = 4 "width of embeddings"

model words(x[T, d]):
    quantity per_step = macs / T "multiply-adds per step"
    return x -> linear(d)
"""
SUMS = """
dim T = 64, E as "e" = 4, D = 2

layer running(x[N, D]; E):
    z = x -> linear(E)
    P[n, e] = P[n-1, e] + z[n, e]
    return P -> linear(D)

model twice(x[T, D]):
    return x -> running(E) -> running(2*E)
"""


def told(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    (tmp_path / "m.arch").write_text(text)
    assert main([str(tmp_path / "m.arch"), *options]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_a_residual_inside_a_layer_belongs_to_its_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """L units where every way through the layer is one, 1 where x goes round it; only then something is to be said."""
    inside = told(RESIDUAL.format(inside="x + c", around="x -> mixing"), tmp_path, capsys)
    assert "Maximum path length: L. " in inside
    assert "over L units; the residual path inside `mixing` belongs to its unit." in inside
    around = told(RESIDUAL.format(inside="c", around="x + (x -> mixing)"), tmp_path, capsys)
    assert "Maximum path length: 1. " in around and "residual" not in around


@pytest.mark.parametrize("form", [["--latex"], ["--markdown"], ["--html"], ["--typst"], []])
def test_no_text_of_the_file_in_a_document(form: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The equation that looks ahead is typeset, with its layer; stated figures go by the names of quantities."""
    text = told(RESIDUAL.format(inside="x + c", around="x -> mixing"), tmp_path, capsys, *form)
    assert "m.arch:" not in text and "sum[" not in text and r"sum[\allowbreak" not in text
    if not form:
        assert "not causal. c[n,d′] = Σ_m S[n,m]·x[m,d′] in `mixing` reads positions up to the last one." in text
        assert "quantity stated derived source" in text
        assert "parameters 0 0 by hand" in text and "parameters at (T = 8) 0 0" in text
        assert "maximum path length ≥ 1" in text


def test_recurrences_of_one_layer_say_which_use_they_are_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(SUMS, tmp_path, capsys)
    assert "the recurrence of P in `running` where E = e is a running sum" in text
    assert "the recurrence of P in `running` where E = 2e is a running sum" in text


def test_symbols_that_look_alike_are_one_row_that_says_whose_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """d_model as "d" and d are both printed d; what another model defines is no unknown of this one."""
    (tmp_path / "a.arch").write_text(RESIDUAL.format(inside="x + c", around="x -> mixing"))
    (tmp_path / "b.arch").write_text(OTHER)
    assert main([str(tmp_path / "a.arch"), str(tmp_path / "b.arch")]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if line.startswith("d ")] == [
        "d encoder dimension (encoder); width of embeddings (words)"
    ]
    assert "multiply-adds per step – d²" in lines
