"""The syntax tree: what was written, each node with its place.

One class for each construct of `grammar/arch.lark`, named after the rule. Nodes are frozen and compare by content, not by
place, so that a printed and reparsed file equals the original. Nothing here knows what a construct means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from .errors import Span


@dataclass(frozen=True)
class Node:
    """Anything that was written; `span` is where."""

    span: Span = field(compare=False, repr=False)


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True)
class Number(Node):
    """`512`, `0.5`, `1e-5`: the exact value, and how it was written."""

    value: Fraction
    text: str = field(compare=False)


@dataclass(frozen=True)
class Text(Node):
    """`"same"`."""

    value: str


@dataclass(frozen=True)
class Truth(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True)
class Name(Node):
    """A name that stands for a size, a tensor, an index, a layer or an option."""

    name: str


@dataclass(frozen=True)
class Ellipsis(Node):
    """`...`: any leading axes."""


@dataclass(frozen=True)
class Read(Node):
    """`x[..., n + j, (g, c)]`: an element of a tensor."""

    name: str
    subscripts: tuple[Expression | Ellipsis, ...]


@dataclass(frozen=True)
class Argument(Node):
    """One argument of a call, by position (`name` is None) or by name."""

    name: str | None
    value: Expression


@dataclass(frozen=True)
class Call(Node):
    """`linear(D, bias = false)`: a layer, a scalar function or a shape operation applied."""

    name: str
    arguments: tuple[Argument, ...]
    name_span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Stage(Node):
    """What follows an arrow of a pipe: a layer, with its arguments if brackets were written."""

    name: str
    arguments: tuple[Argument, ...] | None
    name_span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Pipe(Node):
    """`x -> f -> g(2)`."""

    value: Expression
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Tuple(Node):
    """`(1, 7)`; as a subscript, merged indices."""

    items: tuple[Expression, ...]


@dataclass(frozen=True)
class List(Node):
    """`[R, S, S]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Negate(Node):
    """`-x`."""

    value: Expression


@dataclass(frozen=True)
class Binary(Node):
    """`a + b`, `a - b`, `a * b`, `a / b`, `a ^ b`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Compare(Node):
    """`0 <= n < N`: operands and the comparators between them."""

    operands: tuple[Expression, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True)
class Logic(Node):
    """`a and b and c` or `a or b or c`."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Not(Node):
    """`not a`."""

    value: Expression


@dataclass(frozen=True)
class Choice(Node):
    """`a if condition else b`."""

    then: Expression
    condition: Expression
    otherwise: Expression


@dataclass(frozen=True)
class Range(Node):
    """`a..b`, both ends included."""

    first: Expression
    last: Expression


@dataclass(frozen=True)
class Index(Node):
    """An index where it is bound: `n`, `n < N'` (`below`) or `m in 0..n` (`range`)."""

    name: str
    below: Expression | None = None
    range: Range | None = None


@dataclass(frozen=True)
class Reduce(Node):
    """`sum[i, j where c] body`; `operator` is sum, mean, max, min or prod."""

    operator: str
    indices: tuple[Index, ...]
    where: Expression | None
    body: Expression


@dataclass(frozen=True)
class Hole(Node):
    """`???` in an `expect`: a figure for the reader to fill in."""


Expression = (
    Number
    | Text
    | Truth
    | Name
    | Read
    | Call
    | Pipe
    | Tuple
    | List
    | Negate
    | Binary
    | Compare
    | Logic
    | Not
    | Choice
    | Reduce
    | Hole
)


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
    items: tuple[DimItem, ...]


@dataclass(frozen=True)
class Ratio(Node):
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
    facts: tuple[Expression | Divides, ...]


@dataclass(frozen=True)
class Use(Node):
    path: str


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
class Quantity(Node):
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


@dataclass(frozen=True)
class Bind(Node):
    """`a, b = split(x, 2)`."""

    names: tuple[str, ...]
    values: tuple[Expression, ...]


@dataclass(frozen=True)
class Share(Node):
    name: str
    value: Expression


@dataclass(frozen=True)
class Return(Node):
    values: tuple[Expression, ...]


@dataclass(frozen=True)
class Branch(Node):
    """One arm of an `if`; `condition` is None for `else`."""

    condition: Expression | None
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class If(Node):
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
    names: tuple[str, ...]
    values: Expression | Range
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Parallel(Node):
    count: Expression
    index: str | None
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Choose(Node):
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
)

Item = Dim | Ratio | Let | Assume | Use | Definition | Expect | Quantity


@dataclass(frozen=True)
class File(Node):
    """A whole file, in the order in which it was written."""

    items: tuple[Item, ...]
