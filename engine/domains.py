"""Where a quantity of a model means something: a model and a size in, a test of its values out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from .algebra.expression import Expr
from .algebra.substitution import Value, evaluate
from .elaborator.variants import is_met
from .program import Assumption
from .quantities import Derived, Measures


def everywhere(_: float) -> bool:
    return True


@dataclass(frozen=True)
class Domain:
    """Does what a quantity rests on hold at a size, as far as it says how large something is?"""

    measures: Measures
    derived: Derived
    over: str
    values: Mapping[str, Fraction]

    def __call__(self, size: float) -> bool:
        values: dict[str, Value] = {**self.values, self.over: size}
        return (
            all(is_met(fact, values) for fact in self.orders())
            and all(_known(gap, values) >= 0 for gap in self.derived.granted)
            and (self.derived.least == 1 or all(_known(axis, values) >= self.derived.least for axis in self.axes()))
        )

    def orders(self) -> Iterator[Assumption]:
        """What is not larger than what. What divides another size is not larger than that."""
        facts = (a for a in self.measures.program.assumptions if a.kind != "equal")
        return (replace(fact, kind="order") for fact in facts)

    def axes(self) -> Iterator[Expr]:
        return (axis.size for tensor in self.measures.program.instance.inputs for axis in tensor.axes)


def _known(expr: Expr, values: Mapping[str, Value]) -> float:
    """A number, or infinity where a size has no value."""
    try:
        return float(evaluate(expr, values))
    except KeyError:
        return math.inf
