"""The program: what a model means, down to its equations. The elaborator makes it, every quantity is read off it.

A `Program` holds an `Instance`: a definition opened at certain sizes and options, with formal inputs and outputs and
a body of nodes. A call shares its instance with every other call of the same definition at the same sizes, so that an
instance is counted once. Nothing here counts, and nothing knows how a formula is printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from .algebra.expression import Expr, Symbol
from .algebra.facts import Facts
from .errors import Diagnostic, Span
from .scalars import Index, Scalar, Subscript, Tensor

# ---------------------------------------------------------------- nodes


@dataclass(frozen=True, eq=False)
class Declared:
    """A weight, buffer or mask of this instance."""

    kind: str
    tensor: Tensor
    span: Span


@dataclass(frozen=True, eq=False)
class Equation:
    """target[subscripts] = body for every value of `indices`. `initial` fixes a state before the first step of a
    recurrence."""

    target: Tensor
    indices: tuple[Index, ...]
    subscripts: tuple[Subscript, ...]
    body: Scalar
    span: Span
    leading: int = 0
    accumulates: bool = False
    initial: bool = False
    pointwise: bool = False


@dataclass(frozen=True, eq=False)
class Recurrence:
    """Equations that read each other one step back. `steps` says for each (reading equation, state) along which axis,
    and by how much."""

    equations: tuple[Equation, ...]
    steps: tuple[Step, ...]
    span: Span


@dataclass(frozen=True)
class Step:
    """Equation number `reader` reads `state` at its own index of axis `axis` plus `shift` (−1 forward in time, +1
    backward)."""

    reader: int
    state: Tensor
    axis: int
    shift: int


@dataclass(frozen=True, eq=False)
class Join:
    """Tensors laid end to end along an axis: data movement."""

    result: Tensor
    parts: tuple[Tensor, ...]
    axis: int
    span: Span


@dataclass(frozen=True, eq=False)
class Split:
    """A tensor cut into pieces along an axis: data movement. `offsets` say where each piece begins."""

    results: tuple[Tensor, ...]
    source: Tensor
    axis: int
    offsets: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class Call:
    """One application of a layer. `first` is false where a shared layer's weights were counted before."""

    instance: Instance
    arguments: tuple[Tensor, ...]
    results: tuple[Tensor, ...]
    first: bool
    span: Span


@dataclass(frozen=True, eq=False)
class Carried:
    """A tensor that a repeat hands from turn to turn: its value before, on entry to a turn, at the turn's end, and
    after all."""

    initial: Tensor
    entry: Tensor
    exit: Tensor
    result: Tensor


@dataclass(frozen=True, eq=False)
class Repeat:
    """`count` turns of a body; `symbol` is the number of the turn, from 0."""

    count: Expr
    symbol: Symbol
    body: tuple[Node, ...]
    carried: tuple[Carried, ...]
    how: str | None
    span: Span


Node = Declared | Equation | Recurrence | Join | Split | Call | Repeat


@dataclass(frozen=True, eq=False)
class Instance:
    """A definition opened: formal inputs and outputs, and the nodes between. `options` are the values it was opened
    at."""

    name: str
    kind: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    body: tuple[Node, ...]
    options: tuple[tuple[str, str], ...]
    sizes: tuple[tuple[str, Expr], ...]
    doc: str | None
    span: Span
    library: bool


@dataclass(frozen=True, eq=False)
class Stack:
    """The model as one layer of a stack of it: its body at turn `symbol`."""

    instance: Instance
    symbol: Symbol
    settings: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True)
class Dimension:
    """A named size of the file as a reader should see it."""

    symbol: Symbol
    latex: str | None
    value: Fraction | None
    note: str | None
    batch: bool = False
    fixed: bool = False


@dataclass(frozen=True)
class Assumption:
    """A fact that the counts rest on; `stated` tells an `assume` line from a quotient that was taken to be whole."""

    kind: Literal["divides", "order"]
    left: Expr
    right: Expr
    stated: bool
    span: Span


@dataclass(frozen=True, eq=False)
class Program:
    """A model, elaborated: its instance, its sizes in the order of their lines, and the facts that hold."""

    instance: Instance
    dimensions: tuple[Dimension, ...]
    assumptions: tuple[Assumption, ...]
    facts: Facts
    stack: Stack | None
    warnings: tuple[Diagnostic, ...]

    @property
    def name(self) -> str:
        return self.instance.name
