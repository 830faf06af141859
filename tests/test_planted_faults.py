"""Faults planted in what counts, one at a time: each must be noticed by running the models of `cases/verifier`.

A verifier that leaned on the formulas would agree with them whatever they say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from archderive.algebra.atoms import Extreme
from archderive.algebra.expression import ONE, ZERO, Expr, const
from archderive.algebra.substitution import map_atoms
from archderive.dependences import carrying as dependences_carrying
from archderive.dependences import routes
from archderive.quantities import (
    causality,
    operations,
    path,
    receptive,
    sequential,
    spaces,
    stacks,
    totals,
    towers,
    views,
)
from archderive.quantities.operations import Line
from archderive.session import open_path
from archderive.verifier import verify, verify_model
from archderive.verifier.machine import execute

CONSTRUCTS = Path(__file__).parent / "cases" / "verifier" / "constructs.arch"
Patch = pytest.MonkeyPatch


def disagreeing(names: set[str]) -> set[str]:
    """Those models of which some figure is not what running it gives."""
    measures = open_path(str(CONSTRUCTS)).measures()
    return {name for name in names if verify_model(measures[name]).disagreements}


def test_without_a_fault_everything_agrees() -> None:
    reports = verify(open_path(str(CONSTRUCTS)))
    assert [report.disagreements for report in reports if not report.holds] == []


# ---------------------------------------------------------------- faults


def changed_lines(patch: Patch, change: Callable[[Line], Line | None]) -> None:
    """Change every line of every equation's count, or leave it out."""
    honest = totals.count_equation

    def dishonest(*arguments: Any, **options: Any) -> tuple[Line, ...]:
        return tuple(new for line in honest(*arguments, **options) if (new := change(line)) is not None)

    patch.setattr(totals, "count_equation", dishonest)


def one_addition_too_many(patch: Patch) -> None:
    honest = operations._Counter._combine

    def combine(self: Any, reduction: Any, inner: Any) -> Iterator[Line]:
        for line in honest(self, reduction, inner):
            results = self.space.volume(i.symbol for i in line.over)
            yield Line(line.kind, line.count + results, line.over, line.what) if line.reduced else line

    patch.setattr(operations._Counter, "_combine", combine)


def border_forgotten(patch: Patch) -> None:
    honest = spaces.Space._united

    def unclipped(end: Expr) -> Expr:
        return map_atoms(end, lambda atom: atom.arguments[-1] if isinstance(atom, Extreme) else None)

    patch.setattr(spaces.Space, "_united", lambda *a: tuple(map(unclipped, honest(*a))))


def square_counted_as_multiply_add(patch: Patch) -> None:
    patch.setattr(operations, "is_square", lambda _: False)


def nothing_leaves_a_sum(patch: Patch) -> None:
    honest = operations._Counter._reduction

    def everything_inside(self: Any, reduction: Any) -> Iterator[Line]:
        mentions, bound = self.mentions, frozenset(i.symbol for i in reduction.indices)
        self.mentions = lambda scalar: mentions(scalar) | bound if scalar is not reduction else mentions(scalar)
        lines = list(honest(self, reduction))
        self.mentions = mentions
        yield from lines

    patch.setattr(operations._Counter, "_reduction", everything_inside)


def constants_not_folded(patch: Patch) -> None:
    patch.setattr(operations, "folded", lambda links: links)


def function_under_a_ragged_sum_counted_for_each_term(patch: Patch) -> None:
    honest = operations._Counter._line

    def line(self: Any, kind: str, over: Any, what: str, reduced: Any = ()) -> Line:
        return honest(self, kind, frozenset(self.indices) if kind == "exp" else over, what, reduced)

    patch.setattr(operations._Counter, "_line", line)


def terms_of_a_condition_counted_twice(patch: Patch) -> None:
    changed_lines(patch, lambda n: replace(n, count=n.count * 2) if "where the condition holds" in n.what else n)


def mean_without_its_division(patch: Patch) -> None:
    changed_lines(patch, lambda line: None if line.what == "the mean's division" else line)


def accumulation_forgotten(patch: Patch) -> None:
    honest = totals.Counter.equation
    patch.setattr(totals.Counter, "equation", lambda self, e: () if e.accumulates else honest(self, e))


def last_turn_forgotten(patch: Patch) -> None:
    honest = totals.Counter.sum_turns

    def shorter(self: Any, cost: Expr, node: Any) -> Expr:
        return honest(self, cost, node) - cost.coefficients(node.symbol).get(0, ZERO)

    patch.setattr(totals.Counter, "sum_turns", shorter)


def every_turn_as_large_as_the_first(patch: Patch) -> None:
    patch.setattr(totals.Counter, "sum_turns", lambda self, c, n: c.coefficients(n.symbol).get(0, ZERO) * n.count)


def shared_turns_counted_apart(patch: Patch) -> None:
    patch.setattr(totals.Counter, "weights_of_all", lambda self, cost, node: self.sum_turns(cost, node))


def all_experts_run(patch: Patch) -> None:
    patch.setattr(totals.Counter, "operations_of_all", lambda self, cost, node: cost * node.count)


def experts_not_added_up(patch: Patch) -> None:
    patch.setattr(totals.Counter, "added_up", lambda *_: ZERO)


def shared_weights_counted_at_each_use(patch: Patch) -> None:
    honest = totals.Counter.node

    def node(self: Any, node: Any) -> Any:
        found = honest(self, node)
        return found if not found.shared else totals.Totals(found.weights, {}, found.operations)

    patch.setattr(totals.Counter, "node", node)


def multiply_add_counted_twice(patch: Patch) -> None:
    changed_lines(
        patch,
        lambda l: Line(l.kind, l.count * 2, l.over, l.what, l.reduced) if l.kind == "mac" else l,  # noqa: E741
    )


def maximum_of_three_is_one_operation(patch: Patch) -> None:
    honest = operations._Counter._operation

    def operation(self: Any, kind: str, operands: Any, scalar: Any) -> Iterator[Line]:
        yield from honest(self, kind, operands[:2] if kind == "max" else operands, scalar)

    patch.setattr(operations._Counter, "_operation", operation)


def stated_multiply_adds_billed_twice(patch: Patch) -> None:
    honest = totals.stated
    patch.setattr(totals, "stated", lambda node: {k: n * 2 if k == "mac" else n for k, n in honest(node).items()})


def mean_under_a_condition_without_its_division(patch: Patch) -> None:
    honest = operations._Counter._where

    def where(self: Any, reduction: Any, inner: Any) -> Iterator[Line]:
        yield from (line for line in honest(self, reduction, inner) if line.kind != "divide")

    patch.setattr(operations._Counter, "_where", where)


def weights_of_one_more_row(patch: Patch) -> None:
    honest = totals.elements
    patch.setattr(totals, "elements", lambda tensor, *rest: honest(tensor, *rest) + tensor.axes[-1].size)


def cell_of_one_equation(patch: Patch) -> None:
    patch.setattr(sequential, "longest_cycle", lambda *_: 1)


def a_unit_too_many(patch: Patch) -> None:
    honest = path.standing

    def longer(*arguments: Any) -> Any:
        found = honest(*arguments)
        return found if found.expr is None else replace(found, expr=found.expr + ONE)

    patch.setattr(path, "standing", longer)


def one_layer_too_few(patch: Patch) -> None:
    honest = towers.least_turns

    def fewer(*arguments: Any) -> Expr | None:
        found = honest(*arguments)
        return None if found is None else found - 1

    patch.setattr(towers, "least_turns", fewer)


def every_layer_is_a_unit(patch: Patch) -> None:
    # the tracer has a notion of its own of what a unit is
    patch.setattr(dependences_carrying.Carrying, "leaf", lambda *_: False)


def receptive_field_of_one_more(patch: Patch) -> None:
    honest = receptive._width

    def wider(*arguments: Any) -> Any:
        found = honest(*arguments)
        return None if found is None else (found[0] + const(1), found[1])

    patch.setattr(receptive, "_width", wider)


def reads_ahead_are_not_seen(patch: Patch) -> None:
    patch.setattr(causality, "_verdict", lambda *_: causality.Causality("causal", ("so it is",)))


FAULTS: dict[Callable[[Patch], None], set[str]] = {
    one_addition_too_many: {"contraction", "causal"},
    border_forgotten: {"window"},
    square_counted_as_multiply_add: {"variance"},
    nothing_leaves_a_sum: {"contraction"},
    constants_not_folded: {"chain"},
    function_under_a_ragged_sum_counted_for_each_term: {"ragged_function"},
    terms_of_a_condition_counted_twice: {"scatter"},
    mean_without_its_division: {"variance"},
    accumulation_forgotten: {"biased"},
    last_turn_forgotten: {"elman_stack", "growing"},
    every_turn_as_large_as_the_first: {"growing"},
    shared_turns_counted_apart: {"tied"},
    all_experts_run: {"experts"},
    experts_not_added_up: {"experts"},
    shared_weights_counted_at_each_use: {"one_head"},
    multiply_add_counted_twice: {"contraction", "gated"},
    maximum_of_three_is_one_operation: {"largest"},
    stated_multiply_adds_billed_twice: {"stated"},
    mean_under_a_condition_without_its_division: {"scattered_mean"},
    weights_of_one_more_row: {"contraction"},
    cell_of_one_equation: {"gated"},
    a_unit_too_many: {"attending", "elman_stack"},
    one_layer_too_few: {"dilated"},
    receptive_field_of_one_more: {"padded"},
    reads_ahead_are_not_seen: {"padded", "attending"},
}


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_noticed(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    views.flows_of.cache_clear()
    plant(monkeypatch)
    found = disagreeing(FAULTS[plant])
    views.flows_of.cache_clear()
    assert found == FAULTS[plant]


def test_the_verifier_runs_without_what_it_checks(monkeypatch: Patch) -> None:
    """With everything that counts taken away, a run still counts."""

    def broken(*_: object) -> None:
        raise AssertionError("a run leans on the formulas")

    (program,) = [p for p in open_path(str(CONSTRUCTS)).programs if p.name == "contraction"]
    for module in (operations, spaces, totals, sequential, path, stacks, receptive, causality, routes):
        for name in [n for n in vars(module) if (callable(getattr(module, n)) and n[0] != "_") or n == "_Counter"]:
            monkeypatch.setattr(module, name, broken)
    sizes = {d.symbol: n for d, n in zip(program.dimensions, (3, 2, 3, 1, 1, 1), strict=True)}
    run = execute(program, sizes)
    # 3 positions, 2 outputs, 2 terms each; one addition and one division for each output
    assert run.whole.operations == {"mac": 12, "add": 6, "divide": 6}
    assert run.whole.held("weight") == 4
