"""The program: what a model means, down to its equations. The elaborator makes it, every quantity is read off it.

A `Program` holds an `Instance`: a definition opened at certain sizes and options, with formal inputs and outputs and
a body of nodes. A call shares its instance with every other call of the same definition at the same sizes, so that an
instance is counted once. Nothing here counts, and nothing knows how a formula is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal

from .algebra.atoms import Symbol
from .algebra.expression import Expr
from .algebra.facts import Facts
from .errors import Diagnostic, Span
from .scalars import Index, Read, Scalar, Subscript, Tensor, numbers, reads

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

    @cached_property
    def reads(self) -> tuple[Read, ...]:
        """Every read of a tensor, look-ups inside subscripts included."""
        return tuple(reads(self.body))


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
class Opaque:
    """A tensor whose costs are stated, not derived, `because` of what is named. `stated` are `exact`, `depth` and
    perhaps `macs`; `whole` are the sizes of the axes of which every element reads all."""

    target: Tensor
    sources: tuple[Tensor, ...]
    stated: tuple[tuple[str, Expr], ...]
    whole: tuple[Expr, ...]
    because: str
    span: Span


@dataclass(frozen=True, eq=False)
class Shared:
    """One set of weights that several calls use: its identity is what is counted."""

    name: str


@dataclass(frozen=True, eq=False)
class Share:
    """Here a set of shared weights is made: anew for each turn or application of what it stands in."""

    shared: Shared
    span: Span


@dataclass(frozen=True, eq=False)
class Call:
    """One application of a layer; `shared` is the set of weights that it uses, if it has none of its own. `written`
    are the arguments that stand in the file; the others are defaults."""

    instance: Instance
    arguments: tuple[Tensor, ...]
    results: tuple[Tensor, ...]
    shared: Shared | None
    span: Span
    written: tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class Carried:
    """A tensor that a repeat hands from turn to turn: its value before, on entry to a turn, at the turn's end, and
    after all."""

    initial: Tensor
    entry: Tensor
    exit: Tensor
    result: Tensor


@dataclass(frozen=True)
class Changing:
    """A size that a repeat changes: `update` is its value after a turn that it enters as `symbol`, `solution` its
    value on entry to the repeat's turn. `update` is None where the solution was read off the first turns."""

    symbol: Symbol
    initial: Expr
    update: Expr | None
    solution: Expr


@dataclass(frozen=True, eq=False)
class Repeat:
    """`count` turns of a body; `symbol` is the number of the turn, from 0. `how` is shared, recomputed, reversible,
    connected (as many turns as it takes to join all positions) or None."""

    count: Expr
    symbol: Symbol
    body: tuple[Node, ...]
    carried: tuple[Carried, ...]
    how: str | None
    span: Span
    sizes: tuple[Changing, ...] = ()


@dataclass(frozen=True, eq=False)
class Gathered:
    """What one of several bodies side by side binds, and what all of them give together."""

    inner: Tensor
    outer: Tensor


@dataclass(frozen=True, eq=False)
class Choose:
    """`count` bodies with weights of their own, number `symbol` from 0, of which each position runs `chosen`; what
    they bind is added up over those."""

    chosen: Expr
    count: Expr
    symbol: Symbol
    body: tuple[Node, ...]
    results: tuple[Gathered, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class Parallel:
    """`count` bodies with weights of their own, number `symbol` from 0; what they bind is stacked on a new first
    axis."""

    count: Expr
    symbol: Symbol
    body: tuple[Node, ...]
    results: tuple[Gathered, ...]
    span: Span


Node = Declared | Equation | Recurrence | Join | Split | Opaque | Share | Call | Repeat | Choose | Parallel


def nested(node: Node) -> tuple[Node, ...]:
    """The nodes directly inside a repeat, a choice or bodies side by side."""
    match node:
        case Repeat(body=body) | Choose(body=body) | Parallel(body=body):
            return body
        case _:
            return ()


def all_nodes(instance: Instance) -> Iterator[Node]:
    """Every node of an instance and of those that it calls, each instance once."""
    waiting, seen = [instance], {instance}
    while waiting:
        body = list(waiting.pop().body)
        while body:
            node = body.pop()
            yield node
            body += nested(node)
            if isinstance(node, Call) and node.instance not in seen:
                seen.add(node.instance)
                waiting.append(node.instance)


def all_equations(instance: Instance) -> Iterator[Equation]:
    """Every equation of an instance and of those that it calls, those of recurrences included."""
    for node in all_nodes(instance):
        match node:
            case Equation():
                yield node
            case Recurrence(equations=equations):
                yield from equations
            case _:
                pass


def used_symbols(instance: Instance) -> set[Symbol]:
    """Every size that something in an instance, or in one that it calls, depends on."""
    sizes: list[Expr] = []
    tensors = [*instance.inputs, *instance.outputs]
    for node in all_nodes(instance):
        match node:
            case Declared(tensor=tensor):
                tensors.append(tensor)
            case Repeat(count=count) | Choose(count=count) | Parallel(count=count):
                sizes.append(count)
            case Opaque(target=target, stated=stated):
                tensors.append(target)
                sizes += [value for _, value in stated]
            case Call(results=results):
                tensors += results
            case _:
                pass
    for equation in all_equations(instance):
        tensors.append(equation.target)
        sizes += [end for index in equation.indices for end in (index.lower, index.upper)]
        sizes += numbers(equation.body)
    sizes += [end for tensor in tensors for axis in tensor.axes for end in (axis.lower, axis.upper)]
    return {symbol for size in sizes for symbol in size.symbols()}


def consumed(body: tuple[Node, ...]) -> set[Tensor]:
    """Every tensor that something in a body reads."""
    found: set[Tensor] = set()
    for node in body:
        match node:
            case Equation():
                found |= {read.tensor for read in node.reads}
            case Recurrence(equations=equations):
                found |= {read.tensor for equation in equations for read in equation.reads}
            case Join(parts=parts):
                found |= set(parts)
            case Split(source=source):
                found.add(source)
            case Opaque(sources=sources):
                found |= set(sources)
            case Call(arguments=arguments):
                found |= set(arguments)
            case Repeat(carried=carried):
                found |= {t for item in carried for t in (item.initial, item.exit)} | consumed(node.body)
            case Choose(body=inner, results=results) | Parallel(body=inner, results=results):
                found |= consumed(inner) | {result.inner for result in results}
            case Declared() | Share():
                pass
    return found


@dataclass(frozen=True, eq=False)
class Instance:
    """A definition opened: formal inputs and outputs, and the nodes between. `options` are the values it was opened
    at, `usual` the names of those that are at their defaults."""

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
    saves: tuple[Tensor, ...] = ()
    usual: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Named:
    """A size in which the applications of a layer differ: the axis or option of that name; of leading axes, which have
    none, the number of positions on all of them."""

    symbol: Symbol
    name: str


@dataclass(frozen=True, eq=False)
class Generic:
    """A layer opened once for several applications; `uses` are the instances that it may stand for, and what its
    symbols are in each."""

    instance: Instance
    facts: Facts
    names: tuple[Named, ...]
    uses: tuple[tuple[Instance, Mapping[Symbol, Expr]], ...]


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

    kind: Literal["divides", "order", "equal"]
    left: Expr
    right: Expr
    stated: bool
    span: Span


@dataclass(frozen=True)
class Variant:
    """Another name of a model, at other values of its sizes and options: each as it is written, and as a number where
    it is one."""

    name: str
    note: str | None
    settings: tuple[tuple[str, str, Fraction | None], ...]


@dataclass(frozen=True, eq=False)
class Program:
    """A model, elaborated: its instance, its sizes in the order of their lines, and the facts that hold. `caveats` are
    what its author says beside its figures, `lets` the names with a look or a note of what is no size of its own.
    `generalise` opens layers once for several of their instances."""

    instance: Instance
    dimensions: tuple[Dimension, ...]
    assumptions: tuple[Assumption, ...]
    facts: Facts
    stack: Stack | None
    warnings: tuple[Diagnostic, ...]
    caveats: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    lets: tuple[tuple[Dimension, Expr], ...] = ()
    generalise: Callable[[Sequence[Instance]], list[Generic]] = field(default=lambda _: [])
    aliases: Mapping[Tensor, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.instance.name
