"""Limits of time that mean the same on every machine: a slower one, or a busy one, is given more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

# What `_work` takes on the machine for which the limits were written; a faster one is held to the limits as they stand.
REFERENCE = 0.0125


def _work() -> None:
    """A piece of work of the kind that the engine does: small dictionaries, tuples and integers."""
    found: dict[tuple[int, int], int] = {}
    for n in range(60_000):
        key = (n % 97, n % 89)
        found[key] = found.get(key, 0) + n * n


def slowness() -> float:
    """How many times slower than the machine of reference this one is now; at least 1."""
    taken = []
    for _ in range(3):
        start = time.process_time()
        _work()
        taken.append(time.process_time() - start)
    return max(1.0, sorted(taken)[1] / REFERENCE)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """What runs inside takes no more processor time than this on the machine of reference."""
    start = time.process_time()
    yield
    taken = time.process_time() - start
    if taken > seconds:
        limit = seconds * slowness()
        assert taken <= limit, f"{taken:.2f} s of processor time; at most {limit:.2f} s on this machine"
