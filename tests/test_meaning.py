"""What the equations compute: every layer of the library against arrays that something else computed.

The arrays stand in `meaning/*.json`, beside the scripts that made them: `torch_*.py` ran PyTorch's own layers, the
others are NumPy written from the papers' equations, loop by loop, without a look at the library. A golden is a model
in the language with numbers for sizes, its inputs and weights (by path: `attention/head_projection.1/W`), and what
must come out.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from archderive import library
from archderive.errors import Source
from archderive.program import Opaque, all_nodes
from archderive.session import open_path, open_source
from archderive.verifier.machine import execute
from archderive.verifier.memory import nested

GOLDENS = [
    golden
    for path in sorted((Path(__file__).parent / "meaning").glob("*.json"))
    for golden in json.loads(path.read_text(encoding="utf-8"))
]


def flat(value: Any) -> list[float]:
    return [number for part in value for number in flat(part)] if isinstance(value, list) else [float(value)]


def shape(value: Any) -> list[int]:
    return [len(value), *shape(value[0])] if isinstance(value, list) and value else []


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden["name"])
def test_computes_what_its_source_computes(golden: dict[str, Any]) -> None:
    (program,) = open_source(Source(golden["name"], golden["model"])).programs
    run = execute(program, {}, inputs=golden["inputs"], weights=golden["weights"])
    assert run.surprises == []
    assert len(run.outputs) == len(golden["outputs"])
    for output, wanted in zip(run.outputs, golden["outputs"], strict=True):
        found = nested(output)
        assert shape(found) == shape(wanted)
        for mine, theirs in zip(flat(found), flat(wanted), strict=True):
            assert math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=1e-10)


# Layers with a step that is stated and not derived, so that a run draws its values instead of computing them.
STATED = {"fourier", "long_convolution", "hyena", "ssm_convolution"}


def test_every_layer_has_a_golden() -> None:
    """A layer is compared, by itself or as a part of one that is; those that state a step are named."""
    named = {layer for golden in GOLDENS for layer in golden["layers"]}
    assert set(library.index()) - named == STATED
    for name in STATED:
        (program,) = open_path(name).programs
        assert any(isinstance(node, Opaque) for node in all_nodes(program.instance))


def test_a_wrong_path_or_shape_is_no_silence() -> None:
    (program,) = open_source(Source("<test>", "model f(x[2, 3]):\n    return x -> linear(1, bias = false)\n")).programs
    with pytest.raises(ValueError, match="no weight `linear/V`"):
        execute(program, {}, weights={"linear/V": [[1.0]] * 3})
    with pytest.raises(ValueError, match=r"`linear/W` is not of the shape \(3, 1\)"):
        execute(program, {}, weights={"linear/W": [[1.0, 2.0]] * 3})
