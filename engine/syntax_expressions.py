"""The syntax tree of expressions: what was written, each node with its place.

Reads, calls, pipes, arithmetic, conditions and reductions; `syntax` adds declarations and statements.
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

__all__ = [
    "Argument",
    "Binary",
    "Call",
    "Choice",
    "Compare",
    "Ellipsis",
    "Expression",
    "Hole",
    "Index",
    "List",
    "Logic",
    "Name",
    "Negate",
    "Node",
    "Not",
    "Number",
    "Pipe",
    "Range",
    "Read",
    "Reduce",
    "Stage",
    "Text",
    "Truth",
    "Tuple",
]


def reads_of(expression: Expression) -> tuple[Read, ...]:
    """Every read in an expression, as written."""
    found: list[Read] = []
    _walk_reads(expression, found)
    return tuple(found)


def _walk_reads(node: object, found: list[Read]) -> None:
    match node:
        case Read(subscripts=subscripts):
            found.append(node)
            for subscript in subscripts:
                _walk_reads(subscript, found)
        case Negate(value=value) | Not(value=value):
            _walk_reads(value, found)
        case Binary(left=left, right=right):
            _walk_reads(left, found)
            _walk_reads(right, found)
        case Compare(operands=items) | Logic(operands=items) | Tuple(items=items):
            for item in items:
                _walk_reads(item, found)
        case Choice(then=then, condition=condition, otherwise=otherwise):
            for item in (then, condition, otherwise):
                _walk_reads(item, found)
        case Call(arguments=arguments):
            for argument in arguments:
                _walk_reads(argument.value, found)
        case Reduce(indices=indices, where=where, body=body):
            for index in indices:
                for end in (index.below, index.range and index.range.first, index.range and index.range.last):
                    _walk_reads(end, found)
            _walk_reads(where, found)
            _walk_reads(body, found)
        case _:
            pass
