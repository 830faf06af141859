"""Random stacks of attention, recurrences and windows: path, receptive field and steps against a search.

What is not supported yet is not compared; the numbers that are given must be right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from archderive.errors import ArchError, Source
from archderive.session import open_source
from archderive.verifier.dependences import trace_model
from archderive.verifier.report import Report
from random_images import generate as generate_images
from random_routes import generate


def compared(seeds: range, generate: Callable[[int], str] = generate) -> tuple[int, Counter[str]]:
    """The figures that agree; the seeds of those that do not are an error. Refused programs are counted by reason."""
    agreed, refused = 0, Counter[str]()
    for seed in seeds:
        text = generate(seed)
        try:
            measures = open_source(Source("<random>", text)).measures()["f"]
        except ArchError as failure:
            refused[failure.diagnostics[0].message] += 1
            continue
        report = Report("f", seed)
        trace_model(measures, seed, report)
        assert report.disagreements == [], f"seed {seed}\n{text}\n{report.disagreements}"
        agreed += report.agreed
    return agreed, refused


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 120, 120))
def test_routes_of_random_stacks(first: int) -> None:
    agreed, refused = compared(range(first, first + 120))
    assert agreed > 420
    assert refused.total() < 60  # slips of the generator


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 60, 60))
def test_routes_of_random_images_and_pairs_of_sequences(first: int) -> None:
    agreed, refused = compared(range(first, first + 60), generate_images)
    assert agreed > 240
    assert refused.total() < 20
