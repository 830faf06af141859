"""What a verification found: figures that agree, figures that do not, and what was not run or not compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ..algebra.atoms import Symbol
from ..derivation.verified import At, Verified
from ..errors import Diagnostic, Span
from ..program import (
    Choose,
    Declared,
    Equation,
    Opaque,
    Parallel,
    Program,
    Repeat,
    all_equations,
    all_nodes,
)
from ..scalars import Tensor
from .carrying import named
from .numbers import Number
from .text import bound_indices


@dataclass(frozen=True)
class Disagreement:
    """A figure that came out otherwise than its formula says."""

    what: str
    counted: str
    derived: str
    sizes: At
    span: Span | None

    def diagnostic(self) -> Diagnostic:
        found = [f"counted by running: {self.counted}", f"by the formula:     {self.derived}"] if self.derived else []
        notes = (*found, f"at {listed(self.sizes)}")
        return Diagnostic(f"{self.what} is not what running it gives" if found else self.what, self.span, notes=notes)


@dataclass(eq=False)
class Report:
    """What a verification of one model found."""

    model: str
    seed: int
    sizes: list[At] = field(default_factory=list)
    # The sizes at which the dependences were followed.
    followed: list[At] = field(default_factory=list)
    agreed: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    # What was not run, or not compared, and why.
    uncovered: list[str] = field(default_factory=list)
    operations: int = 0
    # In what way the model that was run is smaller than that of the file.
    copy: str = ""

    @property
    def holds(self) -> bool:
        return not self.disagreements and bool(self.sizes)

    def skip(self, what: str) -> None:
        """Something is not run or not compared."""
        if what not in self.uncovered:
            self.uncovered.append(what)

    @property
    def figures(self) -> int:
        return self.agreed + len(self.disagreements)

    @property
    def verified(self) -> Verified:
        """What a derivation says of it."""
        uncovered = tuple(self.uncovered)
        return Verified(
            self.agreed, self.figures, tuple(self.sizes), tuple(self.followed), self.seed, self.copy, uncovered
        )

    def lines(self) -> list[str]:
        """A summary for the terminal."""
        if not self.sizes:
            return [f"{self.model}: not run", *(f"    {line}" for line in self.uncovered)]
        times = "1 size" if len(self.sizes) == 1 else f"{len(self.sizes)} sizes"
        return [
            f"{self.model}: {self.agreed} of {self.figures} figures agree with runs at {times} (seed {self.seed})",
            *([f"    {self.copy}"] if self.copy else []),
            *(f"    {listed(at)}" for at in self.sizes),
            *(f"    {listed(at)}: every dependence followed" for at in self.followed),
            *(f"    not compared: {line}" for line in self.uncovered),
        ]


def listed(at: At) -> str:
    """N = 3, D = 4."""
    return ", ".join(f"{name} = {value}" for name, value in at) or "the sizes of the file"


def shown(program: Program, at: Mapping[Symbol, Number]) -> At:
    """The sizes that the program depends on, by name, in the order of their lines."""
    wanted = used(program)
    shown = [d.symbol for d in program.dimensions if not d.fixed and d.symbol in wanted]
    values = {symbol.name: at[symbol] for symbol in shown}
    return tuple((name, value) for name, value in values.items() if not isinstance(value, float))


@lru_cache(maxsize=64)
def used(program: Program) -> frozenset[Symbol]:
    """The sizes that stand in a shape, a range or a count of the program."""
    found: set[Symbol] = set()
    for tensor in program.instance.inputs:
        found |= _of_axes(tensor)
    for equation in all_equations(program.instance):
        found |= _of_equation(equation)
    for node in all_nodes(program.instance):
        match node:
            case Declared(tensor=tensor):
                found |= _of_axes(tensor)
            case Opaque(target=tensor, stated=stated):
                found = found.union(_of_axes(tensor), *(cost.symbols() for _, cost in stated))
            case Choose(count=count, chosen=chosen):
                found |= count.symbols() | chosen.symbols()
            case Repeat(count=count) | Parallel(count=count):
                found |= count.symbols()
            case _:
                pass
    return frozenset(found)


def _of_axes(tensor: Tensor) -> set[Symbol]:
    return {s for axis in tensor.axes for end in (axis.lower, axis.upper) for s in end.symbols()}


def _of_equation(equation: Equation) -> set[Symbol]:
    indices = [*equation.indices, *bound_indices(equation.body)]
    ends = {s for index in indices for end in (index.lower, index.upper) for s in end.symbols()}
    return ends.union(*(named(subscript) for read in equation.reads for subscript in read.subscripts))
