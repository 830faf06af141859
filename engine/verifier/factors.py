"""The factors of a chain while it is run, and the numbers among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..algebra.expression import ONE
from ..scalars import Scalar, Size
from .functions import divided
from .indices import NONE, Symbols
from .numbers import Places

Value = Callable[[Places], float]


@dataclass(frozen=True, eq=False)
class Factor:
    """A factor of a chain: its value, the indices that it mentions, whether it reads a tensor, its text if it is made
    of dimensions alone, and whether it stands below the line."""

    value: Value
    mentions: Symbols
    tensor: bool
    constant: Scalar | None
    below: bool

    def negated(self) -> Factor:
        return replace(self, value=lambda e: -self.value(e))


def is_one(constants: list[Factor]) -> bool:
    """Is a product of dimensions 1 whatever they are? One that is 1 at these sizes only is a factor like any other."""
    product = ONE
    for factor in constants:
        if not isinstance(factor.constant, Size):
            return False
        product = product / factor.constant.value if factor.below else product * factor.constant.value
    return product in (ONE, -ONE)


def folded(factors: list[Factor], nowhere: Places) -> list[Factor]:
    """Numbers made of dimensions alone are one factor, at the place of the first of them: below the line if all of them
    are. A factor 1 is none, except that in 1/x it is what is divided."""
    constants = [f for f in factors if f.constant is not None]
    others = [f for f in factors if f.constant is None]
    if not constants:
        return factors
    below = all(f.below for f in constants)
    value = 1.0
    for f in constants:
        one = f.value(nowhere)
        value = value * one if f.below == below else divided(value, one)
    divides = factors[0].constant is not None and all(f.below for f in others)
    if is_one(constants) and not divides:
        return others if value > 0 else [others[0].negated(), *others[1:]]
    constant = replace(constants[0], value=lambda _: value, below=below, mentions=NONE)
    return [constant if f is constants[0] else f for f in factors if f.constant is None or f is constants[0]]
