"""Formulas against runs: what each equation, each application of a layer and the whole model did, figure by figure."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from itertools import islice

from ..algebra.atoms import Symbol
from ..algebra.expression import ZERO, Expr, const
from ..conventions import convention
from ..derivation.verified import At
from ..errors import Span
from ..program import Equation, Instance, Opaque, Program, all_equations
from ..quantities import Measures
from .machine import execute
from .numbers import Number, number
from .report import Disagreement, Report, listed, shown
from .runs import Done, Impossible, Run, Tally, TooLong, Undefined
from .sizes import Sizes, draws

# Operations that one run may take, and how many sizes are drawn for each that is run.
BUDGET = 400_000
DRAWS = 40
RUNS = 3


class Comparer:
    """Compares the runs of one program with the formulas of its measures."""

    def __init__(self, measures: Measures, report: Report) -> None:
        self.measures = measures
        self.program = measures.program
        self.counter = measures.counter
        self.report = report
        self.seen: set[tuple[object, ...]] = set()
        # The kinds of which the formulas give at most, because data or a condition decides how many there are.
        lines = (line for e in all_equations(self.program.instance) for line in self.counter.equation(e))
        self.bounds = frozenset(line.kind for line in lines if line.at_most)

    # ---------------------------------------------------------------- a run

    def run(self, run: Run, at: Sizes) -> None:
        """Compare everything that a run did."""
        where = shown(self.program, at)
        self.report.sizes.append(where)
        self.report.operations += int(sum(run.whole.operations.values()))
        for surprise in run.surprises:
            self.report.disagreements.append(Disagreement("a size", surprise, "", where, None))
        for done in run.done:
            self.done(done, where)
        self.totals(run.whole, at, where)

    def done(self, done: Done, where: At) -> None:
        match done.what:
            case Equation() as equation:
                self.equation(equation, done, where)
            case Opaque():
                pass
            case Instance() as instance:
                self.instance(instance, done, where)

    def equation(self, equation: Equation, done: Done, where: At) -> None:
        lines = self.counter.equation(equation)
        kinds: dict[str, Expr] = {}
        for line in lines:
            kinds[line.kind] = kinds.get(line.kind, ZERO) + line.count
        at_most = {line.kind for line in lines if line.at_most}
        text = f"the count of `{equation.span.text.strip()}`"
        self.kinds(equation, text, done.tally.operations, kinds, done.sizes, where, equation.span, at_most)

    def instance(self, instance: Instance, done: Done, where: At) -> None:
        totals = self.counter.instance(instance)
        name = f"`{instance.name}`"
        self.kinds(
            instance,
            f"the cost of {name}",
            done.tally.operations,
            totals.operations,
            done.sizes,
            where,
            instance.span,
            self.bounds,
        )
        for what, counted, formula in (
            ("params", done.tally.held("weight"), totals.params),
            ("buffers", done.tally.held("buffer"), totals.buffers),
            ("active", done.tally.in_use, totals.active),
        ):
            self.figure((instance, what), f"`{what}` of {name}", counted, formula, done.sizes, where, instance.span)

    def kinds(
        self,
        what: object,
        text: str,
        counted: Mapping[str, Number],
        formulas: Mapping[str, Expr],
        at: Mapping[Symbol, Number],
        where: At,
        span: Span,
        at_most: frozenset[str] | set[str],
    ) -> None:
        for kind in {*(k for k, n in counted.items() if n), *formulas}:
            formula = formulas.get(kind, ZERO)
            label = f"{text} ({kind})"
            self.figure((what, kind), label, counted.get(kind, 0), formula, at, where, span, bound=kind in at_most)

    def totals(self, whole: Tally, at: Sizes, where: At) -> None:
        """The quantities of the model, as they are printed."""
        measures = self.measures
        for name in ("macs", "flops", "exact"):
            rates = convention(name).rates
            billed = sum(n * rates.get(kind, rates.get("*", 0)) for kind, n in whole.operations.items())
            derived = measures.billed(name)
            self.quantity(name, billed, derived.expr, at, where, bound=derived.bound)
        self.quantity("params", whole.held("weight"), measures.params.expr, at, where)
        self.quantity("active", whole.in_use, measures.active.expr, at, where)
        self.quantity("buffers", whole.held("buffer"), measures.buffers.expr, at, where)

    def quantity(
        self, name: str, counted: Number, formula: Expr | None, at: Sizes, where: At, *, bound: bool = False
    ) -> None:
        if formula is None:
            self.report.skip(f"`{name}` has no formula")
            return
        span = self.program.instance.span
        self.figure((name, None), f"`{name}`", counted, formula, at, where, span, bound=bound)

    # ---------------------------------------------------------------- a figure

    def figure(
        self,
        key: tuple[object, object],
        text: str,
        counted: Number,
        formula: Expr,
        at: Mapping[Symbol, Number],
        where: At,
        span: Span,
        *,
        bound: bool = False,
    ) -> None:
        """One number counted and its formula at the same sizes; `bound` formulas say at most."""
        # the turn of a repeat tells two figures apart only where the formula speaks of it
        told = formula.symbols() | {s for s in at if s.kind in ("dim", "ratio")}
        once = (*key, *sorted((s.key, str(v)) for s, v in at.items() if s in told))
        try:
            value = number(formula, at)
        except KeyError as missing:
            derived = f"a formula with `{missing.args[0].name}`, which has no value"
            self.report.disagreements.append(Disagreement(text, f"{counted:,}", derived, where, span))
            return
        agrees = _equal(counted, value) or (bound and counted <= value)
        if agrees and once not in self.seen:
            self.seen.add(once)
            self.report.agreed += 1
        elif not agrees:
            at_most = "at most " if bound else ""
            self.report.disagreements.append(Disagreement(text, f"{counted:,}", f"{at_most}{value}", where, span))


def _equal(counted: Number, value: Number) -> bool:
    """Whole numbers exactly; what an `opaque` states with a logarithm is no whole number."""
    if isinstance(counted, float) or isinstance(value, float):
        return math.isclose(counted, value, rel_tol=1e-12)
    return counted == value


# ---------------------------------------------------------------- sizes that can be run


def run_model(measures: Measures, seed: int, runs: int = RUNS, budget: int = BUDGET, *, least: bool = False) -> Report:
    """Run a model at several small sizes and compare. It says so where there are none that end soon."""
    report = Report(measures.program.name, seed)
    comparer = Comparer(measures, report)
    source = random.Random(seed)
    everything = frozenset(d.symbol for d in measures.program.dimensions)
    for by in (0, 4, 14, 30):  # a network of many strides has no small sizes
        for at in chosen(measures, source, 3 * runs, budget, dict.fromkeys(everything, by), least=least):
            if len(report.sizes) < runs:
                _run(comparer, at, source.randrange(1 << 30), 4 * budget + 1_000_000)
        if report.sizes:
            break
    return report


def _run(comparer: Comparer, at: Sizes, seed: int, limit: int) -> None:
    where = shown(comparer.program, at)
    try:
        run = execute(comparer.program, at, seed, limit=limit)
    except TooLong:
        comparer.report.skip(f"the sizes {listed(where)}: a run takes too long")
    except Undefined as reason:
        comparer.report.skip(f"the sizes {listed(where)}: {reason}")
    except Impossible as wrong:
        comparer.report.disagreements.append(Disagreement(str(wrong), "", "", where, None))
    else:
        if not run.empty:  # a network of which a layer has no features is none
            comparer.run(run, at)


def affordable(work: Expr, at: Sizes, budget: int) -> bool:
    """Do the formulas have a value at these sizes (the logarithm to the base 1 has none), and is the run short?"""
    try:
        return number(work, at) <= budget
    except KeyError:  # a formula that speaks of what is no size is looked at when it is compared
        return True
    except (ZeroDivisionError, OverflowError, ValueError):
        return False


def _lengths(program: Program) -> tuple[Expr, ...]:
    """The sizes of all axes that depend on nothing but the dims: a network in which one of them is 0 is none, and need
    not be run to see that."""
    dims = {dimension.symbol for dimension in program.dimensions}
    tensors = [equation.target for equation in all_equations(program.instance)]
    found = {axis.upper - axis.lower + 1 for tensor in tensors for axis in tensor.axes}
    return tuple(length for length in found if length.symbols() and length.symbols() <= dims)


def _is_none(length: Expr, at: Sizes) -> bool:
    try:
        return number(length, at) <= 0
    except (KeyError, ZeroDivisionError, OverflowError, ValueError):
        return False


def drawn(
    measures: Measures,
    source: random.Random,
    budget: int,
    larger: Mapping[Symbol, int],
    number_of: int = DRAWS,
    *,
    least: bool = False,
) -> dict[At, Sizes]:
    """So many draws of sizes, without those whose run is too long and those that are alike."""
    work = measures.billed("exact").expr or const(0)
    lengths = _lengths(measures.program)
    found: dict[At, Sizes] = {}
    for at in islice(draws(measures.program, source, larger, least=least), number_of):
        if affordable(work, at, budget) and not any(_is_none(length, at) for length in lengths):
            found.setdefault(shown(measures.program, at), at)
    return found


def chosen(
    measures: Measures,
    source: random.Random,
    runs: int,
    budget: int,
    larger: Mapping[Symbol, int],
    *,
    least: bool = False,
) -> list[Sizes]:
    """The sizes to run at, of those drawn: within the budget, different from each other in as many dims as can be."""
    found = drawn(measures, source, budget, larger, least=least)
    best: list[Sizes] = []
    while found and len(best) < runs:
        name = max(found, key=lambda n: _worth(found[n], best))
        best.append(found.pop(name))
    return best


def _worth(at: Sizes, others: Sequence[Sizes]) -> tuple[int, int]:
    """How unlike the sizes that are chosen already, and how unlike each other, for a mix-up of two sizes to show."""
    new = sum(1 for symbol, value in at.items() if all(other[symbol] != value for other in others))
    return new + len(set(at.values())), len([value for value in at.values() if value != 1])
