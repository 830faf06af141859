"""Compiled templates and remembered formulas: kept where that is allowed, never taken for others."""

from __future__ import annotations

import pickle
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from archderive.formula import Number, Product, Sum, Symbol
from archderive.notation import Symbols, to_latex
from archderive.renderer.templates import CompiledTemplates
from jinja2 import Environment, FunctionLoader


def _environment(folder: Path) -> Environment:
    load = FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8"))
    return Environment(loader=load, bytecode_cache=CompiledTemplates(folder))


def test_templates_are_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    template = tmp_path / "page.txt.j2"
    template.write_text("one {{ word }}")
    assert _environment(tmp_path).get_template(template.name).render(word="a") == "one a"
    (kept,) = tmp_path.rglob("page.txt.*.pyc")
    with monkeypatch.context() as patch:
        patch.setattr(Environment, "_generate", None)  # what compiles
        assert _environment(tmp_path).get_template(template.name).render(word="b") == "one b"
    template.write_text("two {{ word }}")
    assert _environment(tmp_path).get_template(template.name).render(word="c") == "two c"
    for broken in (b"", b"nonsense", kept.read_bytes()[:40]):
        kept.write_bytes(broken)
        assert _environment(tmp_path).get_template(template.name).render(word="d") == "two d"


def test_nothing_is_kept_where_python_may_not_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.j2").write_text("a")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert _environment(tmp_path).get_template("a.j2").render() == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["a.j2"]
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "__pycache__").write_text("no folder")
    assert _environment(tmp_path).get_template("a.j2").render() == "a"


def test_a_pickled_formula_has_the_hash_of_its_new_process() -> None:
    formula = Sum((Symbol("N"), Product((Number(Fraction(2)), Symbol("D")))))
    assert hash(formula) == hash(Sum(tuple(formula.terms)))
    code = (
        "import pickle, sys; from archderive.formula import *; from fractions import Fraction\n"
        "kept = pickle.load(sys.stdin.buffer)\n"
        "assert kept in {Sum((Symbol('N'), Product((Number(Fraction(2)), Symbol('D')))))}\n"
    )
    subprocess.run([sys.executable, "-c", code], input=pickle.dumps(formula), check=True)


def test_a_remembered_formula_is_that_of_its_symbols() -> None:
    own = Symbols({"D": "d"})
    assert [to_latex(Symbol("D"), symbols) for symbols in (own, Symbols(), own)] == ["d", "D", "d"]
