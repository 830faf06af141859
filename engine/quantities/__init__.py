"""The quantities of a model, each with its definition, unit and reason: a program in, `Measures` out.

A quantity is a row of `QUANTITIES` and a module beside this one: `totals` (what adds up), `sequential`, `path`.
Everything is computed when it is asked for, once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from ..algebra.expression import Expr, const
from ..algebra.facts import Facts
from ..conventions import convention
from ..program import Program
from .billing import Biller, RatedBiller, ToolBiller
from .causality import Causality, judge_causality
from .critical import told
from .derived import Derived
from .path import path_length
from .receptive import receptive_field
from .scans import Scan, prefix_scans
from .sequential import NotDerived, Steps, sequential_steps
from .totals import Counter, Totals

# Sizes from which on the longest of several chains is looked for where small ones do not decide it.
LEAST = 8

DTYPES = {
    "float64": 64,
    "float32": 32,
    "float16": 16,
    "bfloat16": 16,
    "float8": 8,
    "int8": 8,
    "int4": 4,
}


class Measures:
    """Every quantity of one program, computed when asked for."""

    def __init__(self, program: Program, dtype: str = "float32") -> None:
        self.program = program
        self.dtype = dtype
        self.counter = Counter(program.facts)
        self._billers: dict[str, Biller] = {}
        # Quantities that the file defines, and what they are called.
        self.defined: dict[str, Callable[[], Derived]] = {}
        self.notes: dict[str, str] = {}

    @cached_property
    def totals(self) -> Totals:
        return self.counter.instance(self.program.instance)

    def billed(self, name: str) -> Derived:
        """The operations under a convention."""
        chosen = convention(name)
        count = self.biller(name).total if chosen.tool is not None else self.totals.billed(chosen.rates)
        return Derived(count, (chosen.sentence,), bound=self.counter.at_most and bool(count))

    def biller(self, name: str) -> Biller:
        """What a convention bills, layer by layer."""
        if name not in self._billers:
            chosen = convention(name)
            self._billers[name] = (
                RatedBiller(self.program, chosen, self.counter)
                if chosen.tool is None
                else ToolBiller(self.program, chosen.tool, self.counter)
            )
        return self._billers[name]

    @cached_property
    def params(self) -> Derived:
        return Derived(self.totals.params, ("the volumes of the distinct weights, added up",))

    @cached_property
    def active(self) -> Derived:
        return Derived(self.totals.active, ("the weights that one input uses: of those to choose from, the chosen",))

    @cached_property
    def buffers(self) -> Derived:
        return Derived(self.totals.buffers, ("the volumes of what is held and not trained, added up",))

    @cached_property
    def macs(self) -> Derived:
        return self.billed("macs")

    @cached_property
    def flops(self) -> Derived:
        return self.billed("flops")

    @cached_property
    def exact(self) -> Derived:
        return self.billed("exact")

    @cached_property
    def sequential(self) -> Derived:
        try:
            return self._steps(sequential_steps(self.program.instance, self.program.facts))
        except NotDerived:
            pass
        try:  # which of two chains is longer may be open for the smallest sizes only
            steps = sequential_steps(self.program.instance, self._larger_sizes())
        except NotDerived as failure:
            return Derived(None, unknown=f"not supported yet: {failure}")
        found = self._steps(steps)
        condition = f", if every size of an input is at least {LEAST}"
        return replace(found, reason=(*found.reason, condition), least=LEAST)

    def _larger_sizes(self) -> Facts:
        facts = self.program.facts.copy()
        for tensor in self.program.instance.inputs:
            for axis in tensor.axes:
                if axis.size.constant is None:
                    facts.assume_order(axis.size - LEAST)
        return facts

    def _steps(self, steps: Steps) -> Derived:
        reason = (*self._chain(steps.count), *told(steps.links))
        if steps.at_most:
            reason = (*reason, f", at most: {'; '.join(steps.at_most)}")
        return Derived(steps.count, reason, bound=bool(steps.at_most))

    def _chain(self, steps: Expr) -> tuple[str | Expr, ...]:
        if steps.constant is not None:
            return ("the longest chain of equations, each of which reads what the one before it gives",)
        return ("the longest chain of dependent equations and steps of recurrences",)

    @cached_property
    def scans(self) -> tuple[Scan, ...]:
        """Every recurrence, and its prefix scan where it is linear in its state."""
        return prefix_scans(self.program)

    @cached_property
    def path(self) -> Derived:
        return path_length(self.program)

    @cached_property
    def receptive(self) -> Derived:
        return receptive_field(self.program)

    @cached_property
    def causality(self) -> Causality:
        return judge_causality(self.program)

    @cached_property
    def bits(self) -> Derived:
        return Derived(
            self.totals.params * const(DTYPES[self.dtype]),
            (f"{DTYPES[self.dtype]} bits for each parameter ({self.dtype})",),
        )

    @cached_property
    def bytes(self) -> Derived:
        return Derived(
            self.totals.params * DTYPES[self.dtype] / 8,
            (f"{DTYPES[self.dtype]} bits for each parameter ({self.dtype})",),
        )

    def quantity(self, name: str) -> Derived:
        """A quantity by its name in the language, or one that the file defines. Raises KeyError."""
        if name in self.defined:
            return self.defined[name]()
        return BY_NAME[name].measure(self)


@dataclass(frozen=True)
class Quantity:
    """What a quantity is called, counted in, and defined as."""

    name: str
    title: str
    unit: str
    definition: str
    measure: Callable[[Measures], Derived]


QUANTITIES = (
    Quantity("params", "parameters", "numbers", "volumes of the distinct weights", lambda m: m.params),
    Quantity("active", "active parameters", "numbers", "weights that one input uses", lambda m: m.active),
    Quantity("buffers", "buffers", "numbers", "volumes of what is held and not trained", lambda m: m.buffers),
    Quantity(
        "macs",
        "multiply-adds",
        "multiply-adds",
        "the last multiplication of each term of a sum of products",
        lambda m: m.macs,
    ),
    Quantity("flops", "FLOPs", "operations", "twice the multiply-adds", lambda m: m.flops),
    Quantity("exact", "exact operations", "operations", "every scalar operation once, as written", lambda m: m.exact),
    Quantity(
        "sequential",
        "sequential operations",
        "steps",
        "the longest chain of dependent equations and steps",
        lambda m: m.sequential,
    ),
    Quantity(
        "path",
        "maximum path length",
        "units",
        "the most, over pairs of positions, of the fewest layers that mix positions on a route between them",
        lambda m: m.path,
    ),
    Quantity(
        "receptive",
        "receptive field",
        "positions",
        "input positions that one output position can see",
        lambda m: m.receptive,
    ),
    Quantity("bits", "parameter memory in bits", "bits", "parameters times the width of a number", lambda m: m.bits),
    Quantity(
        "bytes", "parameter memory in bytes", "bytes", "parameters times the width of a number", lambda m: m.bytes
    ),
)
BY_NAME = {quantity.name: quantity for quantity in QUANTITIES}

__all__ = ["BY_NAME", "DTYPES", "QUANTITIES", "Derived", "Measures", "Quantity", "Scan"]
