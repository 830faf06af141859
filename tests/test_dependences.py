"""Paths of every row of the table of dependences: against the closed form of its source, and against a search.

The models are `cases/dependences/*.arch`, the table is `dependence_rows`, the search is `dependence_search`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from math import inf
from pathlib import Path

import archderive as ad
import pytest
import sympy
from archderive.cli import main
from archderive.session import open_path
from dependence_networks import centred
from dependence_rows import NUMBERS, ROWS, Row
from dependence_search import layers_needed

TESTS = Path(__file__).parent
CASES = TESTS / "cases" / "dependences"
TABLE_1 = TESTS.parent / "examples" / "table1"

FEW = (2, 3, 4, 6, 8, 9, 16, 27)
FAR = (2, 3, 5, 8, 9, 12, 16, 27, 36, 81, 96, 128, 720, 4096)


def named(rows: list[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=[row.model for row in rows])


@cache
def models_of(file: str) -> dict[str, ad.Model]:
    return ad.load_all(CASES / f"{file}.arch")


def load(file: str, model: str) -> ad.Model:
    return models_of(file)[model]


def model_of(row: Row) -> ad.Model:
    return load(row.file or row.model, row.model)


def published(row: Row, sizes: dict[str, int]) -> sympy.Expr:
    return row.closed(**{name: sympy.Integer(value) for name, value in sizes.items()})


def quantities(capsys: pytest.CaptureFixture[str], *files: Path) -> list[dict[str, dict[str, object]]]:
    assert main([*map(str, files), "--json"]) == 0
    return [model["quantities"] for model in json.loads(capsys.readouterr().out)["models"]]


SEQUENCES = sorted({path.stem for path in CASES.glob("*.arch")} - {"resnet50", "unet", "vgg16"})  # see test_receptive


@pytest.mark.parametrize("file", SEQUENCES)
def test_every_file_has_its_counts(file: str) -> None:
    for model in models_of(file).values():
        assert model.macs.is_finite is not False
        assert model.sequential.free_symbols <= set(model.symbols.values())


# ---------------------------------------------------------------- the table itself


@named([*ROWS, *NUMBERS])
def test_the_table_agrees_with_the_search(row: Row) -> None:
    lengths = [n for n in FEW if n <= row.most]
    assert any(True for _ in row.cases(lengths))
    for sizes in row.cases(lengths):
        if row.exact(**sizes):
            assert row.search(**sizes) == published(row, sizes), sizes


@pytest.mark.slow
@named([*ROWS, *NUMBERS])
def test_the_table_agrees_with_the_search_everywhere(row: Row) -> None:
    for sizes in row.cases(range(2, row.most + 1)):
        if row.exact(**sizes):
            assert row.search(**sizes) == published(row, sizes), sizes


# ---------------------------------------------------------------- the engine


@pytest.mark.slow
@named(ROWS)
def test_closed_form(row: Row) -> None:
    model = model_of(row)
    wanted = row.closed(**{name: model.symbols[name] for name in (row.length, *row.sizes)})
    found = model.path
    if wanted is sympy.oo:
        assert found is sympy.oo
        return
    assert bool(found.free_symbols) == bool(wanted.free_symbols), found
    assert found.free_symbols <= set(model.symbols.values())
    tried = [sizes for sizes in row.cases(FAR) if row.exact(**sizes)]
    assert len(tried) > 5
    for sizes in tried[:: 1 + len(tried) // 12]:
        value = found.subs({model.symbols[name]: size for name, size in sizes.items()})
        assert value == published(row, sizes), (sizes, found)


@pytest.mark.slow
@named(ROWS)
def test_path_is_that_of_the_search(row: Row) -> None:
    for sizes in row.cases(n for n in FEW if n <= row.most):
        assert model_of(row).at(**sizes).path == row.search(**sizes), sizes


@pytest.mark.slow
@named(ROWS)
def test_path_is_that_of_the_search_for_all_lengths(row: Row) -> None:
    for sizes in row.cases(range(2, row.most + 1)):
        assert model_of(row).at(**sizes).path == row.search(**sizes), sizes


@pytest.mark.slow
@named(NUMBERS)
def test_a_number_that_is_given_is_right(row: Row) -> None:
    """At other sizes than the example's an answer may be withheld, but not be wrong."""
    model = model_of(row)
    for sizes in row.cases(FEW):
        try:
            found = model.at(**sizes).path
        except ad.ArchError:
            continue
        assert found == row.search(**sizes), sizes


@named(NUMBERS)
def test_a_number_is_given_at_the_example_sizes(row: Row, capsys: pytest.CaptureFixture[str]) -> None:
    for sizes in list(row.cases((9, 16)))[::5]:
        at = [f"{name}={value}" for name, value in sizes.items()]
        assert main([str(CASES / f"{row.file or row.model}.arch"), "--json", "--at", *at]) == 0
        models = json.loads(capsys.readouterr().out)["models"]
        path = next(model for model in models if model["name"] == row.model)["quantities"]["path"]
        assert (inf if path.get("infinite") else path["value"]) == row.search(**sizes), (sizes, path)


@named(ROWS)
def test_the_reason_is_given(row: Row) -> None:
    reason = model_of(row).reason("path")
    assert "not supported yet" not in reason
    assert len(reason.split()) > 4


# ---------------------------------------------------------------- dilations that never join


@pytest.mark.parametrize("name", ["dilated_centred", "dilated_centred_short"])
def test_centred_dilations_are_never_a_logarithm(name: str) -> None:
    model = load(name, name)
    text = model.derivation().to_text()
    (line,) = [line for line in text.splitlines() if line.startswith("maximum path length")]
    reason = model.reason("path")
    assert "log" not in (line + reason).lower()
    assert any(word in reason for word in ("outside", "apart", "gap", "leaves the sequence")), reason


def test_the_ends_never_meet() -> None:
    # k = 3 and N = 9: 0 → 8 is −1 + 9 or, with more layers, −1 − 3 − 9 + 27 − …, each of which leaves the sequence
    assert layers_needed(9, lambda i: centred(3, 3**i)) == inf
    assert load("dilated_centred_short", "dilated_centred_short").path is sympy.oo
    # what one layer reaches, k = 3: two positions; k = 9: five
    assert [layers_needed(n, lambda i: centred(3, 3**i)) for n in (2, 3, 4)] == [1, inf, inf]
    assert [layers_needed(n, lambda i: centred(9, 9**i)) for n in (4, 5, 6)] == [1, 1, inf]


@pytest.mark.parametrize("name", ["dilated_fixed", "dilated_centred", "blocks"])
def test_what_never_joins_is_infinite(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert load(name, name).path is sympy.oo
    (found,) = quantities(capsys, CASES / f"{name}.arch")
    assert found["path"]["infinite"] is True
    assert found["path"]["expr"] is None


# ---------------------------------------------------------------- what data decides

UNKNOWN = {"random_blocks": "N", "routing": "N", "hashing": "N", "top_k": "N", "gcn": "V"}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_data_decides_is_unknown(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = quantities(capsys, CASES / f"{name}.arch")
    path, receptive = found["path"], found["receptive"]
    assert path["expr"] is None
    assert path["value"] is None
    assert not path.get("infinite")
    reason = str(path["unknown"])
    assert "unknown" in reason
    assert "not supported" not in reason
    assert any(word in reason for word in ("data", "look-up", "chosen", "decide")), reason
    with pytest.raises(ad.ArchError, match="unknown"):
        _ = next(iter(models_of(name).values())).path
    if receptive["expr"] is None:
        assert "unknown" in str(receptive["unknown"])
    else:
        assert receptive["expr"] == UNKNOWN[name]
        assert receptive["upper_bound"] is True


# ---------------------------------------------------------------- D2L and Vaswani et al.


def test_two_files_differ_only_in_the_stacking() -> None:
    dilated, plain = (
        (TABLE_1 / f"{name}.arch").read_text(encoding="utf-8").splitlines()
        for name in ("convolutional", "convolutional_plain")
    )
    apart = [pair for pair in zip(dilated, plain, strict=True) if pair[0] != pair[1]]
    stacking, claim = apart
    assert stacking == ("    stacked as i: dilation = k^i", "    stacked as i: dilation = 1")
    assert all(line.startswith("    expect path ") for line in claim)


def test_both_answers_for_convolutions(capsys: pytest.CaptureFixture[str]) -> None:
    # Vaswani et al. 2017, Table 1: O(log_k n), of stacks with dilations k^i; D2L (Zhang et al. 2023), section 11.6.2:
    # O(n/k), of stacks without
    dilated, plain = ad.load(TABLE_1 / "convolutional.arch"), ad.load(TABLE_1 / "convolutional_plain.arch")
    n, k = (dilated.symbols[name] for name in ("N", "k"))
    assert dilated.path == sympy.ceiling(sympy.log(n, k))
    assert isinstance(plain.path, sympy.ceiling)
    assert (plain.path.args[0] - (n - 1) / (k - 1)).simplify() == 0
    assert dilated.growth("path") == sympy.log(n, k)
    assert plain.growth("path") == n / k
    (first, second) = quantities(capsys, TABLE_1 / "convolutional.arch", TABLE_1 / "convolutional_plain.arch")
    assert (first["path"]["growth"], second["path"]["growth"]) == ("O(logₖ n)", "O(n/k)")
    assert first["macs"] == second["macs"]


def test_the_comparison_says_which_assumption_gives_which(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(TABLE_1 / "convolutional.arch"), str(TABLE_1 / "convolutional_plain.arch")]) == 0
    text = capsys.readouterr().out
    labels = re.findall(r"^(\S.*?)  .*(?:⌈logₖ n⌉|⌈\(n−1\)/\(k−1\)⌉)$", text, re.MULTILINE)
    assert len(labels) == len(set(labels)) == 2, labels
    assert "layer i reaches kⁱ(k−1) positions back" in " ".join(text.split())
    assert "each layer reaches k − 1 positions back" in " ".join(text.split())


def test_what_hostile_reading_found() -> None:
    session = open_path(str(CASES / "found.arch"))
    checks = session.check(session.measures())
    assert [check.diagnostic().format() for check in checks if not check.holds] == []
    assert len(checks) == 9
