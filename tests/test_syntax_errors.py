"""Every mistake against the grammar: a file in `cases/syntax`, and beside it the complete message that it causes."""

from __future__ import annotations

from pathlib import Path

import pytest
from archderive.errors import ArchError, Source
from archderive.parser import parse, read_source
from clock import at_most

CASES = Path(__file__).parent / "cases" / "syntax"
TERMINALS = ("LPAR", "RPAR", "LSQB", "RSQB", "COLON", "_NL", "_INDENT", "_DEDENT", "NAME", "Token(", "$END")


def message(source: Source) -> str:
    with pytest.raises(ArchError) as caught:
        parse(source)
    return str(caught.value) + "\n"


@pytest.mark.parametrize("path", sorted(CASES.glob("*.arch")), ids=lambda path: path.stem)
def test_message(path: Path, update_golden: bool) -> None:
    found = message(read_source(path.name, path.read_bytes()))
    golden = path.with_suffix(".expected")
    if update_golden:
        golden.write_text(found, encoding="utf-8")
    assert golden.exists(), f"{golden.name} is missing: run with --update-golden and read it"
    assert found == golden.read_text(encoding="utf-8")
    assert not [name for name in TERMINALS if name in found]


@pytest.mark.parametrize(
    "text",
    [
        "let a = " + "(" * 3000 + "1" + ")" * 3000,
        "let a = " + "(" * 3000,
        "let a = " + "f(" * 90 + "1" + ")" * 90,
        "let a = " + "-" * 10000 + "1",
        "let a = " + "2^" * 10000 + "2",
        "let a = " + "not " * 10000 + "true",
        "let a = " + " + ".join("a" * 10000),
        "let a = " + " * ".join("b" * 10000),
        "let a = " + " and ".join("b" * 10000),
        "let a = " + "1 if b else " * 3000 + "2",
        "let a = " + "x" + " -> f" * 3000,
        "let a = " + "sum[i] " * 3000 + "x",
    ],
    ids=lambda text: text[8:20],
)
def test_depth_is_refused_quickly(text: str) -> None:
    with at_most(2):
        found = message(Source("deep.arch", text))
    assert "nested" in found or "inside one another" in found


@pytest.mark.parametrize(
    "text",
    [
        "let a = " + "(" * 100 + "1" + ")" * 100,
        "let a = " + "[" * 100 + "1" + "]" * 100,
        "let a = " + " + ".join(["a*b*c"] * 190),
        "let a = " + "-" * 190 + "1",
        "let a = " + "f(" * 45 + "1" + ")" * 45,
    ],
    ids=lambda text: text[8:20],
)
def test_what_is_below_the_limits_parses(text: str) -> None:
    parse(Source("deep.arch", text))


def test_at_most_ten_errors() -> None:
    with pytest.raises(ArchError) as caught:
        parse(Source("many.arch", "let a = 2 3\n" * 30))
    assert len(caught.value.diagnostics) == 10
