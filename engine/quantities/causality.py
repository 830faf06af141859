"""Is a model causal: does no output position depend on a later input position? If not, which read looks ahead?

It is asked of every sequence whose positions the output keeps. Other inputs, as what an encoder gives, may be read
whole; what data decides may look ahead unless it is read from positions that are not later anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from ..algebra.expression import Expr, from_atom
from ..dependences.coverage import View, view_of
from ..dependences.flows import NOTHING
from ..dependences.positions import NotDerived, Positions, positions
from ..dependences.routes import Ahead, Router
from ..errors import Span
from ..program import Equation, Instance, Opaque, Program
from ..scalars import place
from .derived import Words
from .views import named_sequence, values_of

Verdict = Literal["causal", "not causal", "unknown", "no order"]


@dataclass(frozen=True)
class Causality:
    """The verdict with its reason; for one that is not causal the equation that reads ahead, and what it reads."""

    verdict: Verdict
    reason: Words
    equation: Equation | Opaque | None = None
    reads: Words = ()

    @property
    def read(self) -> Span | None:
        """The place of the equation that reads ahead."""
        return None if self.equation is None else self.equation.span

    @property
    def causal(self) -> bool | None:
        return {"causal": True, "not causal": False}.get(self.verdict)


def judge_causality(program: Program) -> Causality:
    """The verdict on a model, or on a layer of its stack."""
    instance = program.stack.instance if program.stack is not None else program.instance
    try:
        start = positions(instance, program)
    except NotDerived:
        return Causality("no order", ("no input has an axis of positions",))
    asked = [(view, ahead) for view, ahead in _aligned(instance, start, program) if view.routes]
    if not asked:
        return Causality("no order", ("the output does not keep the positions of an input",))
    verdicts = [_verdict(view, ahead) for view, ahead in asked]
    for wanted in ("not causal", "unknown"):
        for found in verdicts:
            if found.verdict == wanted:
                return found
    others = [s for s in start.sequences if s not in {view.sizes for view, _ in asked}]
    beside: Words = ()
    if others:
        one = View(instance.outputs[0], (), others[0], (), False, program.facts)
        beside = ("; ", *named_sequence(one, start), " is read as a whole, before the first output")
    return Causality("causal", (*verdicts[0].reason, *beside))


def _aligned(instance: Instance, start: Positions, program: Program) -> Sequence[tuple[View, Ahead | None]]:
    """The views in which output and input have the same positions, each with the first read that looks ahead."""
    found = []
    for number, sizes in enumerate(start.sequences):
        mine = {tensor: axes for tensor, axes in start.axes.items() if start.sequence(tensor) == number}
        router = Router(program.facts, values_of(program))
        flows = router.model(instance, mine)
        for output, flow in zip(instance.outputs, flows or (NOTHING,), strict=True):
            view = view_of(flow, output, sizes, mine, program.facts)
            if view.aligned:
                found.append((view, router.ahead))
    return found


def _verdict(view: View, ahead: Ahead | None) -> Causality:
    here = from_atom(place(view.axes[0]))
    frame = view.frame
    later = [r for r in view.routes if not frame.nonnegative(here - r.reach[0].upper)]
    if not later:
        return Causality("causal", ("no output position depends on a later input position",))
    certain = [r for r in later if not r.why]
    if not certain:
        return Causality("unknown", (later[0].why,))
    if ahead is None:
        return Causality("not causal", ("an output position depends on later input positions",))
    span = ahead.equation.span
    written = f"`{' '.join(span.text.split())}` ({PurePath(span.source.name).name}:{span.line}) "
    reads = _what(ahead)
    return Causality("not causal", (written, *reads), ahead.equation, reads)


def _what(ahead: Ahead) -> Words:
    """reads all positions, what lies 2 ahead, …"""
    interval = ahead.interval
    own = from_atom(place(ahead.axis)) if ahead.axis is not None else None
    gap: Expr | None = interval.upper - own if own is not None else None
    if gap is not None and not any(s.kind == "index" for s in gap.symbols()):
        return ("reads what lies ", gap, " ahead")
    if interval.upper == interval.size - 1:
        return ("reads positions up to the last one",)
    return ("reads later positions",)
