"""Small copies of a file: the same networks with fewer channels, for a run that ends.

A file that fixes its widths, `conv2d(512)`, cannot be run one operation at a time: ResNet-50 takes 4 thousand million.
A copy has the numbers of the file from a threshold on divided by a factor, and is otherwise the same text. What its run
confirms is every equation and how the layers are put together; the fixed numbers themselves are not among it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from itertools import product
from typing import cast

from .. import syntax
from ..errors import ArchError, Span
from ..program import Program, all_equations
from ..session import Session

FACTORS = (4, 8, 16, 32, 64)
THRESHOLDS = (16, 8)
MULTIPLES = (1, 4)


@dataclass(frozen=True)
class Scaling:
    """Whole numbers from `threshold` on are divided by `factor` and rounded up to a `multiple`; those of facts stay
    unless `facts`."""

    threshold: int
    factor: int
    multiple: int
    facts: bool

    @property
    def description(self) -> str:
        rounded = f" and rounded up to multiples of {self.multiple}" if self.multiple > 1 else ""
        return f"a copy in which the file's numbers from {self.threshold} on are divided by {self.factor}{rounded}"

    def file(self, file: syntax.File) -> syntax.File:
        """The file with smaller numbers; the example values of dims and what is expected stay."""
        return cast(syntax.File, self._node(file))

    def _node(self, node: object) -> object:
        match node:
            case syntax.Number(value=value) if value.denominator == 1 and value >= self.threshold:
                smaller = self.multiple * -(-int(value) // (self.factor * self.multiple))
                return replace(node, value=Fraction(smaller), text=str(smaller))
            case syntax.Dim() | syntax.Ratio() | syntax.Expect() | syntax.Number() | Span():
                return node
            case syntax.Assume() if not self.facts:
                return node
            case tuple():  # variants speak of the numbers of the file itself
                return tuple(self._node(part) for part in node if not isinstance(part, syntax.Variant))
            case _ if is_dataclass(node) and not isinstance(node, type):
                old = {f.name: getattr(node, f.name) for f in fields(node) if f.init}
                new = {name: self._node(part) for name, part in old.items()}
                return replace(node, **{name: part for name, part in new.items() if part is not old[name]})
            case _:
                return node


def copies(session: Session) -> Iterator[tuple[Session, str]]:
    """Copies of a file and what was done to them, the largest first."""
    for threshold, factor, facts, multiple in product(THRESHOLDS, FACTORS, (False, True), MULTIPLES):
        scaling = Scaling(threshold, factor, multiple, facts)
        try:
            smaller = session.changed(scaling.file)
        except ArchError:
            continue
        if all(equations(a) == equations(b) for a, b in zip(smaller.programs, session.programs, strict=True)):
            yield smaller, scaling.description


def equations(program: Program) -> set[tuple[str, int]]:
    """The places of all equations of a program: a condition on sizes may choose others in a copy."""
    return {(e.span.source.name, e.span.start) for e in all_equations(program.instance)}
