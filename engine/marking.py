"""What `--check` says of a file: of each `expect` line whether it holds; of an exercise, whether the answer is right,
and what is to be said of it where it is not. An answer is printed when it is asked for, and not before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from . import syntax
from .elaborator.describe import written
from .errors import ArchError, Diagnostic
from .expectations import Check, Infinite
from .quantities import Measures
from .session import Session

STATES = {"right": "right", "open": "to be filled in", "wrong": "not yet"}


@dataclass(frozen=True)
class Mark:
    """A line of an exercise: its state, remarks that keep the answer back, and the line with the answer; or why it
    cannot be compared."""

    expect: syntax.Expect
    state: Literal["right", "open", "wrong"]
    remarks: tuple[str, ...] = ()
    solution: str = ""
    mistakes: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True)
class _Report:
    """What is printed of a file, and complained of; how many of how many lines hold, and how many are holes."""

    lines: tuple[str, ...]
    complaints: tuple[Diagnostic, ...]
    held: int
    open: int
    total: int
    exercise: bool


def check_all(sessions: Sequence[Session], dtype: str, *, solved: bool) -> tuple[list[str], list[Diagnostic], bool]:
    """The `expect` lines of files, checked: lines to print, complaints, and whether all hold. `solved` gives the
    answers of holes, and of exercises. Raises ArchError."""
    lines: list[str] = []
    reports: list[_Report] = []
    for session in sessions:
        measures = session.measures(dtype)
        reports.append(
            _of_exercise(marks(session, measures), solved=solved)
            if session.exercise
            else _of_claims(session.check(measures), solved=solved)
        )
        lines += reports[-1].lines
        lines += [f"{program.name}: {caveat}" for program in session.programs for caveat in program.caveats]
    complaints = [complaint for report in reports for complaint in report.complaints]
    return [*lines, _summary(reports)], complaints, all(report.held == report.total for report in reports)


def _summary(reports: Sequence[_Report]) -> str:
    """The last line: how many of how many hold."""
    held, total, left = (sum(r.held for r in reports), sum(r.total for r in reports), sum(r.open for r in reports))
    if not total:
        return "there are no expectations"
    what = "answers are right" if all(r.exercise for r in reports) else "expectations hold"
    return f"{held} of {total} {what}" + (f", {left} to be filled in" if left else "")


def _of_claims(checks: Sequence[Check], *, solved: bool) -> _Report:
    lines = []
    for check in checks:
        if check.holds or check.hole:
            lines.append(_line(check.expect, "holds" if check.holds else STATES["open"]))
        if check.hole and solved:
            lines.append(f"    solution: {solution(check)}")
    wrong = tuple(check.diagnostic() for check in checks if not check.holds and not check.hole)
    held, left = sum(check.holds for check in checks), sum(check.hole for check in checks)
    return _Report(tuple(lines), wrong, held, left, len(checks), exercise=False)


def _of_exercise(found: Sequence[Mark], *, solved: bool) -> _Report:
    lines = []
    for mark in found:
        lines.append(_line(mark.expect, STATES[mark.state]))
        lines += [f"    {remark}" for remark in mark.remarks]
        if solved and mark.state != "right" and mark.solution:
            lines.append(f"    solution: {mark.solution}")
    states = [mark.state for mark in found]
    mistakes = tuple(mistake for mark in found for mistake in mark.mistakes)
    return _Report(tuple(lines), mistakes, states.count("right"), states.count("open"), len(states), exercise=True)


def _line(expect: syntax.Expect, says: str) -> str:
    return f"{expect.span.source.name}:{expect.span.line}: {says}: {expect.span.text.strip()}"


def marks(session: Session, measures: Mapping[str, Measures]) -> list[Mark]:
    """Every `expect` line of an exercise, marked."""
    from .answers import Judge  # a file of claims does without

    check, found = session.checker(measures), []
    for name, expects in session.elaborated.expects.items():
        judge = Judge(measures[name], session.source)
        for expect, scope, context in expects:
            try:
                blank = replace(expect, right=syntax.Hole(expect.right.span))
                answer = solution(check(name, blank, scope, context))
                if isinstance(expect.right, syntax.Hole):
                    found.append(Mark(expect, "open", (), answer))
                    continue
                refused = judge.refused(expect, scope)
                if refused:
                    found.append(Mark(expect, "wrong", (refused,), answer))
                    continue
                verdict = judge.judge(check(name, expect, scope, context), context)
                state: Literal["right", "wrong"] = "right" if verdict.right else "wrong"
                found.append(Mark(expect, state, () if verdict.right else verdict.remarks, answer))
            except ArchError as failure:
                found.append(Mark(expect, "wrong", mistakes=failure.diagnostics))
    return found


def solution(check: Check) -> str:
    """The line with what is derived on its right, also where sizes are set by `at (…)`."""
    expect, derived = check.expect, check.derived
    settings = ", ".join(setting.span.text.strip() for setting in expect.settings)
    left = expect.left.span.text.strip() + (f" at ({settings})" if settings else "")
    answer = written(derived) if derived is not None and not isinstance(derived, Infinite) else "inf"
    return f"expect {left} in Theta({answer})" if expect.relation == "in" else f"expect {left} == {answer}"
