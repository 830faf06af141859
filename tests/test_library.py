"""The standard library: every layer against what was counted by hand, told with its source, and listed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from archderive import library
from archderive.cli import main
from archderive.program import all_nodes
from archderive.session import open_layer, open_path

CASES = Path(__file__).parent / "cases"
COUNTED = sorted((CASES / "library").glob("*.arch"))
LANGUAGE = sorted((CASES / "language").glob("*.arch"))
LAYERS = sorted(library.index())


@pytest.mark.parametrize("path", [*COUNTED, *LANGUAGE], ids=lambda path: path.stem)
def test_counted_by_hand(path: Path) -> None:
    session = open_path(str(path))
    checks = session.check(session.measures())
    assert [check.diagnostic().format() for check in checks if not check.holds] == []
    assert checks or path.stem == "every_layer"


@pytest.mark.slow
def test_every_layer_is_counted() -> None:
    called = {
        node.instance.name
        for path in [*COUNTED, *LANGUAGE]
        for program in open_path(str(path)).programs
        for node in all_nodes(program.instance)
        if hasattr(node, "instance")
    }
    assert set(LAYERS) <= called


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_has_one_line_that_says_what_it_is(name: str) -> None:
    head, doc = library.text(name).split("\n", 1)
    found = re.search(r'^\s*"([^"\n]+)"\s*$', doc, re.MULTILINE)
    assert head.startswith(f"layer {name}(")
    assert found is not None and len(found[1]) > 8


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_derives_by_itself(name: str) -> None:
    (measures,) = open_layer(name, {}).measures().values()
    assert measures.params.expr is not None
    assert measures.exact.expr is not None


def test_the_list_groups_layers_by_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    text, _, models = capsys.readouterr().out.partition("\nmodels\n")
    assert "vgg11" in models
    assert all(re.search(rf"^  {name}\(", text, re.MULTILINE) for name in LAYERS)
    assert [line for line in text.splitlines() if line and not line.startswith(" ")] == sorted(
        {library.index()[name][0].name.split("/")[-1].removesuffix(".arch").replace("_", " ") for name in LAYERS}
    )


def test_the_source_of_a_layer_is_its_definition(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--source", "linear"]) == 0
    assert capsys.readouterr().out.startswith("layer linear(x[..., I]; O, bias = true):")


@pytest.mark.parametrize("form", ["--json", "--latex", "--markdown", "--detail=summary"])
def test_a_layer_without_example_values_is_shown(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A receptive field of 3 x 3 is cut off by an image whose size has no number: it has none either."""
    assert main(["conv2d", form]) == 0
    shown = capsys.readouterr().out
    if form == "--json":
        (model,) = json.loads(shown)["models"]
        assert model["quantities"]["receptive"]["expr"] == "9" and model["quantities"]["receptive"]["value"] is None
