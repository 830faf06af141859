"""What a name can stand for while a model is opened, and the scopes that hold the names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from .. import syntax
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, from_atom
from ..algebra.facts import Facts
from ..algebra.substitution import evaluate
from ..errors import ArchError, Diagnostic, Source, Span
from ..program import Assumption, Dimension, Instance, Node, Shared
from ..scalars import Tensor

# Scalar functions of the language, with the number of arguments that each may have.
FUNCTIONS: dict[str, tuple[int, int]] = {
    "floor": (1, 1),
    "ceil": (1, 1),
    "mod": (2, 2),
    "abs": (1, 1),
    "min": (2, 9),
    "max": (2, 9),
    "exp": (1, 1),
    "log": (1, 2),
    "log2": (1, 1),
    "sqrt": (1, 1),
    "tanh": (1, 1),
    "sigmoid": (1, 1),
    "erf": (1, 1),
    "sin": (1, 1),
    "cos": (1, 1),
}
CONSTANTS = frozenset({"pi", "inf"})


@dataclass(frozen=True)
class LayerValue:
    """A layer that may be applied: its definition, the file of its free names, and options given in advance."""

    name: str
    definition: syntax.Definition = field(compare=False, repr=False)
    module: Module
    positional: tuple[Value, ...] = ()
    named: tuple[tuple[str, Value], ...] = ()
    shared: Shared | None = None


@dataclass(frozen=True)
class FunctionValue:
    """A scalar function where a layer is expected: `act = sigmoid`."""

    name: str


@dataclass(frozen=True)
class Poisoned:
    """A name whose definition was wrong: what reads it is not reported again."""


Value = Expr | Tensor | str | bool | tuple["Value", ...] | LayerValue | FunctionValue | Poisoned


class Silent(ArchError):
    """Something reads a poisoned name: nothing new to say."""


@dataclass(eq=False)
class Module:
    """A file while it is elaborated: its source, its layers, its sizes, the files that it uses.

    `broken` says that a file that it uses could not be read: a layer that is missing then is no new mistake.
    """

    source: Source
    layers: dict[str, syntax.Definition]
    imports: dict[str, LayerValue] = field(default_factory=dict)
    sizes: dict[str, Value] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    models: frozenset[str] = frozenset()
    broken: bool = False

    def __hash__(self) -> int:
        return id(self)


class Scope:
    """The names of one body. A `for` turn is a child whose numbers are its own; tensors belong to the body."""

    def __init__(self, module: Module, parent: Scope | None = None) -> None:
        self.module = module
        self.parent = parent
        self.names: dict[str, Value] = {}
        self.spans: dict[str, Span] = {}
        self.leading: tuple[int, Span] | None = None if parent is None else parent.leading
        self.boundary = False  # what is bound inside stays inside
        self.unnamed: dict[str, int] = {} if parent is None else parent.unnamed

    def get(self, name: str) -> Value | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return self.module.sizes.get(name)

    def own(self, name: str) -> Value | None:
        """The name in this body, without the sizes of the file."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def place(self, name: str) -> Span | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.spans:
                return scope.spans[name]
            scope = scope.parent
        return self.module.places.get(name)

    def set(self, name: str, value: Value, span: Span) -> None:
        """Bind here; a tensor is bound where it was bound before, or in the body."""
        scope = self
        if isinstance(value, Tensor | Poisoned):
            while scope.parent is not None and name not in scope.names and not scope.boundary:
                scope = scope.parent
        scope.names[name] = value
        scope.spans[name] = span

    def all_names(self) -> frozenset[str]:
        found = set(self.module.sizes)
        scope: Scope | None = self
        while scope is not None:
            found |= set(scope.names)
            scope = scope.parent
        return frozenset(found)

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor in sight, by name."""
        found: dict[str, Tensor] = {} if self.parent is None else self.parent.tensors()
        found.update({name: value for name, value in self.names.items() if isinstance(value, Tensor)})
        return found


@dataclass(eq=False)
class Body:
    """What a body of statements has produced so far."""

    nodes: list[Node] = field(default_factory=list)
    outputs: tuple[Tensor, ...] | None = None
    output_span: Span | None = None
    expects: list[tuple[syntax.Expect, Scope]] = field(default_factory=list)
    quantities: list[tuple[syntax.Quantity, Scope]] = field(default_factory=list)
    saves: list[tuple[str, Span]] = field(default_factory=list)
    unnamed: dict[str, int] = field(default_factory=dict)
    stacked: syntax.Stacked | None = None
    caveats: list[str] = field(default_factory=list)
    variants: list[syntax.Variant] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Mark:
    """A copy of what a trial may change."""

    facts: Facts
    values: dict[str, Fraction]
    opened: dict[object, Instance]
    lengths: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Origin:
    """What an instance was opened from: a layer, the tensors that it was given first, and the options."""

    layer: LayerValue
    arguments: tuple[Tensor, ...]
    given: Mapping[str, Value]


@dataclass(eq=False)
class Context:
    """Everything that the opening of one model shares: facts, example values, what was opened already. What the facts
    leave open in a generic opening is decided as in the application that it is `like`: its sizes, and what holds of
    them."""

    facts: Facts
    values: dict[str, Fraction]
    options: dict[Symbol, str] = field(default_factory=dict)
    dimensions: list[Dimension] = field(default_factory=list)
    lets: list[tuple[Dimension, Expr]] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)
    opened: dict[object, Instance] = field(default_factory=dict)
    settled: dict[Instance, tuple[Value, ...]] = field(default_factory=dict)  # what its options are, defaults too
    origins: dict[Instance, Origin] = field(default_factory=dict)
    like: tuple[Mapping[Symbol, Expr], Facts] | None = None
    depth: int = 0
    stack: list[str] = field(default_factory=list)
    turns: dict[str, Expr] = field(default_factory=dict)
    aliases: dict[Tensor, str] = field(default_factory=dict)  # second names of tensors
    imported: set[Symbol] = field(default_factory=set)  # sizes of files that this one uses
    fresh: int = 0
    trials: int = 0

    def cases(self, *sizes: Expr) -> list[dict[str, Fraction]]:
        """The example values: for sizes that mention the turn of a repeat, at its first turns and at its last."""
        cases = [dict(self.values)]
        mentioned = {symbol.name for size in sizes for symbol in size.symbols() if symbol.kind == "count"}
        for name, count in self.turns.items():
            if name in mentioned:
                try:
                    last = int(evaluate(count, self.values)) - 1
                except (KeyError, OverflowError, ZeroDivisionError):
                    last = 0
                samples = sorted({turn for turn in (0, 1, 2, 3, last) if 0 <= turn <= max(0, last)})
                cases = [{**case, name: Fraction(turn)} for case in cases for turn in samples]
        return cases

    @contextmanager
    def turning(self, symbol: Symbol, count: Expr) -> Iterator[None]:
        """While a body is opened at turn `symbol` of `count`: what holds of the turn, and its example value."""
        self.facts.assume_order(count - 1 - from_atom(symbol))
        self.values[symbol.name], self.turns[symbol.name] = Fraction(0), count
        try:
            yield
        finally:
            del self.values[symbol.name], self.turns[symbol.name]

    def mark(self) -> Mark:
        """Where the opening stands, to come back to after something was tried."""
        lengths = (len(self.dimensions), len(self.assumptions), len(self.warnings), len(self.errors))
        return Mark(self.facts.copy(), dict(self.values), dict(self.opened), lengths)

    def rewind(self, mark: Mark) -> None:
        """Forget what was tried since the mark. Layers that were opened without a new fact stay open."""
        lists: tuple[list[Any], ...] = (self.dimensions, self.assumptions, self.warnings, self.errors)
        if not self.facts.same(mark.facts) or tuple(map(len, lists)) != mark.lengths:
            self.opened = dict(mark.opened)
        self.facts.restore(mark.facts)
        self.values.clear()
        self.values.update(mark.values)
        for items, length in zip(lists, mark.lengths, strict=True):
            del items[length:]

    def record(self, failure: ArchError) -> None:
        """Keep a mistake to be reported with the others, once."""
        if isinstance(failure, Silent):
            return
        known = {(d.message, d.span) for d in self.errors}
        self.errors += [d for d in failure.diagnostics if (d.message, d.span) not in known]

    def number(self) -> int:
        self.fresh += 1
        return self.fresh


class NeedsValue(Exception):
    """A decision depends on a model's option that is still a symbol: open the model again with its number."""

    def __init__(self, option: str) -> None:
        super().__init__(option)
        self.option = option
