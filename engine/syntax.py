"""The syntax tree: what was written, each node with its place.

One class for each construct of `grammar/arch.lark`, named after the rule. Nodes are frozen and compare by content,
not by place, so that a printed and reparsed file equals the original. Nothing here knows what a construct means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from .errors import Span
from .syntax_expressions import *  # noqa: F403 (one tree in two files: `syntax.Number`, `syntax.Repeat`)
from .syntax_expressions import Ellipsis, Expression, Index, Node, Number, Range, Read, reads_of

# ---------------------------------------------------------------- declarations


@dataclass(frozen=True)
class DimItem(Node):
    """`N as "n" = 1024 batch "sequence length"`."""

    name: str
    symbol: str | None
    value: Expression | None
    batch: bool
    note: str | None
    name_span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Dim(Node):
    """`dim N = 1024 "tokens", D`."""

    items: tuple[DimItem, ...]


@dataclass(frozen=True)
class Ratio(Node):
    """`ratio r = 1/4 "compression"`."""

    items: tuple[DimItem, ...]


@dataclass(frozen=True)
class Let(Node):
    """`let kh, kw = kernel as "…" "note"`."""

    names: tuple[str, ...]
    values: tuple[Expression, ...]
    symbol: str | None
    note: str | None


@dataclass(frozen=True)
class Divides(Node):
    """`32 divides H`."""

    divisor: Expression
    dividend: Expression


@dataclass(frozen=True)
class Assume(Node):
    """`assume h divides D, k <= N`."""

    facts: tuple[Expression | Divides, ...]


@dataclass(frozen=True)
class Use(Node):
    """`use "blocks.arch"`."""

    path: str


@dataclass(frozen=True)
class Exercise(Node):
    """`exercise "attention"`: the figures of this file are to be filled in, and the answers are kept back."""

    title: str | None


@dataclass(frozen=True)
class Setting(Node):
    """`N = 64` in `at (...)`, or `dilation = k^i` in `stacked`."""

    name: str
    value: Expression


@dataclass(frozen=True)
class Expect(Node):
    """`expect macs at (N = 64) == 2*N^2*D "source"`; `relation` is ==, <=, >=, <, >, ~ or in."""

    left: Expression
    settings: tuple[Setting, ...]
    relation: str
    right: Expression
    note: str | None


@dataclass(frozen=True)
class Variant(Node):
    """`variant big(D = 1024, h = 16) "source":`, the model at these values, with what is expected of it."""

    name: str
    settings: tuple[Setting, ...]
    note: str | None
    expects: tuple[Expect, ...]
    name_span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Caveat(Node):
    """`caveat "a reconstruction"`: what stands beside the figures of a model wherever they are shown."""

    words: str


@dataclass(frozen=True)
class Quantity(Node):
    """`quantity work = 2*macs + exp "with exponentials"`."""

    name: str
    value: Expression
    note: str | None


@dataclass(frozen=True)
class TensorParameter(Node):
    """`y[..., M, C] = x` in a signature."""

    name: str
    axes: tuple[Expression | Ellipsis, ...]
    default: str | None


@dataclass(frozen=True)
class OptionParameter(Node):
    """`heads = 1` in a signature."""

    name: str
    default: Expression | None


@dataclass(frozen=True)
class Definition(Node):
    """A `layer` or a `model` (`kind`)."""

    kind: str
    name: str
    tensors: tuple[TensorParameter, ...]
    options: tuple[OptionParameter, ...]
    doc: str | None
    body: tuple[Statement, ...]
    name_span: Span = field(compare=False, repr=False)


# ---------------------------------------------------------------- statements


@dataclass(frozen=True)
class Shape(Node):
    """`W[I, O]` where a tensor is declared."""

    name: str
    axes: tuple[Expression | Ellipsis, ...]


@dataclass(frozen=True)
class Declare(Node):
    """`weight W[I, O], b[O]`; `kind` is weight, buffer or mask."""

    kind: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True)
class Saves(Node):
    """saves x, y: what training keeps of a layer."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Merged(Node):
    """`(g, o)` on the left of an equation."""

    indices: tuple[Index, ...]


Target = Ellipsis | Index | Number | Merged


@dataclass(frozen=True)
class Equation(Node):
    """`y[..., o] += b[o]`; `operator` is = or +=. A fixed position is a `Number` (-1 included)."""

    name: str
    targets: tuple[Target, ...]
    operator: str
    body: Expression
    name_span: Span = field(compare=False, repr=False)

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """Every read on the right, as written."""
        return reads_of(self.body)


@dataclass(frozen=True)
class Bind(Node):
    """`a, b = split(x, 2)`."""

    names: tuple[str, ...]
    values: tuple[Expression, ...]


@dataclass(frozen=True)
class Share(Node):
    """`share f = linear(D)`."""

    name: str
    value: Expression


@dataclass(frozen=True)
class Return(Node):
    """`return y, z`."""

    values: tuple[Expression, ...]


@dataclass(frozen=True)
class Branch(Node):
    """One arm of an `if`; `condition` is None for `else`."""

    condition: Expression | None
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class If(Node):
    """if, its elif branches and else."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True)
class Repeat(Node):
    """`repeat L as i shared:`; `how` is None, shared, recomputed or reversible."""

    count: Expression
    index: str | None
    how: str | None
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Until(Node):
    """`repeat until connected as i:`."""

    index: str | None
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class For(Node):
    """for i in 1..3, or over the items of a tuple."""

    names: tuple[str, ...]
    values: Expression | Range
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Parallel(Node):
    """parallel E as e: bodies side by side."""

    count: Expression
    index: str | None
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Choose(Node):
    """choose k of E as e: bodies of which each position runs some."""

    chosen: Expression
    count: Expression
    index: str | None
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Stacked(Node):
    """`stacked as i: dilation = k^i`."""

    index: str | None
    settings: tuple[Setting, ...]


@dataclass(frozen=True)
class Stated(Node):
    """`exact = 5*N*log2(N)` in `opaque`."""

    name: str
    value: Expression


@dataclass(frozen=True)
class Reads(Node):
    """`reads all of N, D` in `opaque`."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Opaque(Node):
    """opaque y[N, D] from x because "…": a cost that is stated, not derived."""

    name: str
    axes: tuple[Expression | Ellipsis, ...]
    sources: tuple[str, ...]
    because: str
    facts: tuple[Stated | Reads, ...]


Statement = (
    Declare
    | Saves
    | Let
    | Assume
    | Equation
    | Bind
    | Share
    | Return
    | If
    | Repeat
    | Until
    | For
    | Parallel
    | Choose
    | Opaque
    | Stacked
    | Expect
    | Quantity
    | Caveat
    | Variant
)

Item = Exercise | Dim | Ratio | Let | Assume | Use | Definition | Expect | Quantity


@dataclass(frozen=True)
class File(Node):
    """A whole file, in the order in which it was written."""

    items: tuple[Item, ...]
