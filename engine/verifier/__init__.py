"""The verifier: a file's models run at small sizes, counted and followed, beside what the formulas say.

It is independent of what makes the formulas: `loops` and `machine` run every scalar operation in plain loops and count
by going up by one; `tracer` follows which elements are read. `compare` and `dependences` lay both side by side.
"""

from __future__ import annotations

from ..quantities import Measures
from ..session import Session
from .compare import BUDGET, RUNS, run_model
from .dependences import trace_model
from .report import Disagreement, Report

# What a run of a copy may take: there is one, and it stands for a model that is larger than any run.
COPY_BUDGET = 1_500_000


def verify(session: Session, seed: int = 0) -> list[Report]:
    """Every model of a file, at sizes drawn from a seed: how many figures agreed, which did not, what was not run."""
    measures = session.measures()
    reports = {name: verify_model(one, seed) for name, one in measures.items()}
    for name in [name for name, report in reports.items() if not report.sizes]:
        report = verify_model(measures[name], seed, budget=COPY_BUDGET, runs=1, least=True)
        reports[name] = report if report.sizes else reports[name]
    waiting = [name for name, report in reports.items() if not report.sizes]
    if waiting:
        from .copies import copies

        for smaller, description in copies(session):
            copied = smaller.measures()
            for name in list(waiting):
                report = verify_model(copied[name], seed, budget=COPY_BUDGET, runs=1)
                if report.sizes:
                    report.copy = description
                    reports[name] = report
                    waiting.remove(name)
            if not waiting:
                break
    for name in waiting:
        reports[name].skip("the model: no sizes were found at which a run ends soon")
    return list(reports.values())


def verify_model(
    measures: Measures, seed: int = 0, budget: int = BUDGET, runs: int = RUNS, *, least: bool = False
) -> Report:
    """One model at `runs` sizes, none of which takes more than `budget` operations; `least`: as small as can be."""
    report = run_model(measures, seed, runs, budget, least=least)
    if report.sizes:
        trace_model(measures, seed, report)
    return report


__all__ = ["Disagreement", "Report", "verify", "verify_model"]
