"""Random programs: what is derived of each is what a run of it does, and every construct occurs among them."""

from __future__ import annotations

import pytest
from random_programs import CONSTRUCTS, Outcome, check_range, generate, report_of, write

# Of the programs that are written, at most so many may break a rule of the language.
REFUSED = 0.1
LEAST = 0.05


def agreed(first: int, count: int) -> Outcome:
    outcome = check_range(first, count)
    assert not outcome.findings, "\n\n".join(outcome.findings)
    assert outcome.compared > (1 - REFUSED) * count, report_of(outcome, 0, 1)
    return outcome


@pytest.mark.parametrize("first", range(0, 50, 25))
def test_formulas_are_what_runs_do(first: int) -> None:
    agreed(first, 25)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 2000, 250))
def test_formulas_are_what_more_runs_do(first: int) -> None:
    agreed(first, 250)


def test_a_seed_gives_one_program() -> None:
    assert generate(7) == generate(7)
    assert len({generate(seed) for seed in range(50)}) == 50


@pytest.mark.slow
def test_every_construct_occurs() -> None:
    """Each in one of twenty programs, as they are written; what is refused is too little to matter."""
    programs = [write(seed) for seed in range(4000)]
    for construct in CONSTRUCTS:
        share = sum(construct in program.constructs for program in programs) / len(programs)
        assert share >= LEAST, f"{construct}: {share:.1%}"
