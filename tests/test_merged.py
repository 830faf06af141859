"""Positions whose axes are merged, cut into patches and re-ordered: their paths and receptive fields against a search
that is written out here, over neighbour functions (`dependence_search`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import product
from math import inf
from pathlib import Path

import pytest
from archderive.algebra.substitution import evaluate
from archderive.quantities import Measures
from archderive.session import open_path
from dependence_search import Distances, everything, inputs, mixing, receptive

FILE = Path(__file__).parent / "cases" / "dependences" / "merged.arch"
Network = Callable[[int, int, int], Distances]


def read(state: Distances, places: Iterable[Iterable[int]], units: int) -> Distances:
    """Outputs that read the given places, so many units away."""
    found = list(places)
    return mixing(state, lambda p: found[p], len(found), units)


def patches(h: int, w: int, p: int) -> Distances:
    """Patches of p × p pixels, in rows; the map of a patch is a unit."""
    rows = [
        [(i * p + a) * w + j * p + b for a in range(p) for b in range(p)]
        for i, j in product(range(h // p), range(w // p))
    ]
    return read(inputs(h * w), rows, int(p > 1))


def attended(state: Distances) -> Distances:
    return mixing(state, everything(len(state)))


def runs(h: int, w: int) -> Distances:
    return read(inputs(h * w), [[n + k for k in range(w) if n + k < h * w] for n in range(h * w)], 1)


NETWORKS: dict[str, Network] = {
    "pixels": lambda h, w, p: attended(inputs(h * w)),
    "turned": lambda h, w, p: attended([inputs(h * w)[i * w + j] for j, i in product(range(w), range(h))]),
    "patches": lambda h, w, p: attended(patches(h, w, p)),
    "patches_turned": lambda h, w, p: attended(patches(h, w, p)[::-1]),
    "cube": lambda h, w, p: attended(inputs(h * w * p)),
    "unpacked": lambda h, w, p: attended(patches(h, w, p)),
    "only_patches": patches,
    "runs": lambda h, w, p: runs(h, w),
    "diagonal": lambda h, w, p: attended([inputs(h * h)[n * h + n] for n in range(h)]),
}


@pytest.fixture(scope="module")
def models() -> dict[str, Measures]:
    return open_path(str(FILE)).measures()


def fewest(outputs: Distances, sources: int) -> int | float:
    """The most units from any position to any output: what is merged keeps no order, so that all pairs count."""
    return max(routes.get(source, inf) for routes in outputs for source in range(sources))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("sizes", [(4, 6, 2), (6, 4, 2), (6, 9, 3)])
def test_merged_positions_are_followed(name: str, sizes: tuple[int, int, int], models: dict[str, Measures]) -> None:
    """The receptive field is exact, or said to be at most; a path in closed form is that of the search."""
    h, w, p = sizes
    outputs = NETWORKS[name](h, w, p)
    at = {"H": Fraction(h), "W": Fraction(w), "P": Fraction(p), "D": Fraction(2), "C": Fraction(3)}
    measures = models[name]
    seen = measures.quantity("receptive")
    assert seen.expr is not None
    most = evaluate(seen.expr, at)
    assert most >= receptive(outputs) if seen.bound else most == receptive(outputs)
    count = {"cube": h * w * p, "diagonal": h * h}.get(name, h * w)
    found = fewest(outputs, count)
    assert (measures.path.infinite and found == inf) or (
        measures.path.expr is not None and evaluate(measures.path.expr, at) == found
    )


def test_what_reads_all_positions_does_not_care_for_their_order(models: dict[str, Measures]) -> None:
    """One unit where pixels are merged only; two where a map of each patch comes first."""
    assert {name: models[name].path.expr for name in ("pixels", "turned", "cube")} == dict.fromkeys(
        ("pixels", "turned", "cube"), models["pixels"].path.expr
    )
    assert [models[name].path.expr.constant for name in ("pixels", "patches", "unpacked")] == [1, 2, 2]  # type: ignore[union-attr]
    assert not any(models[name].quantity("receptive").bound for name in ("pixels", "turned", "patches", "cube"))


def test_what_is_at_most_is_not_said_to_be(models: dict[str, Measures]) -> None:
    """A diagonal, and runs that begin anywhere, fill no box."""
    for name in ("diagonal", "runs"):
        found = models[name].quantity("receptive")
        assert found.bound
        assert "reads all positions" not in str(found.reason)
