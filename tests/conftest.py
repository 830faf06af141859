"""What all tests share."""

from __future__ import annotations

import gc
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

# How fast examples are drawn says how busy the machine is, not whether a test is good.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


# Of tests with many cases a developer's run takes one in so many; CI runs all of them.
ONE_IN = {
    "test_a_planted_fault_is_noticed": 4,
    "test_a_printed_file_is_the_same_file": 4,
    "test_an_exercise": 3,
    "test_commands_print_what_is_shown": 3,
    "test_computes_what_its_source_computes": 4,
    "test_counted_by_hand": 3,
    "test_depth_is_refused_quickly": 3,
    "test_every_file_parses_and_every_node_lies_inside_its_parent": 4,
    "test_every_layer_derives_by_itself": 3,
    "test_every_letter_is_read_by_katex_and_mathjax": 2,
    "test_formulas_are_what_runs_do": 2,
    "test_the_reason_is_given": 3,
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the other cases slow, before those are left out."""
    seen: Counter[str] = Counter()
    for item in items:
        name = getattr(item, "originalname", None) or item.name
        if name in ONE_IN:
            if seen[name] % ONE_IN[name]:
                item.add_marker(pytest.mark.slow)
            seen[name] += 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the expected files anew, to be read before a commit"
    )


def pytest_collection_finish() -> None:
    """What was loaded and collected stays; looking through it again at every collection made long runs slower and
    slower."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
