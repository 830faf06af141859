"""One opening of a layer for all its applications: the sizes in which they differ become symbols.

Nothing is taken on trust. Weights and operations of every application must be those of the generic one with its own
sizes put in, or it is told by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from .. import syntax
from ..algebra.atoms import Symbol
from ..algebra.expression import ONE, Expr, const, from_atom
from ..algebra.facts import Facts
from ..errors import ArchError, Span
from ..program import Call, Generic, Instance, Named, Node, nested
from ..scalars import Axis, Tensor
from .expressions import size_of
from .layers import opened_at
from .values import Context, LayerValue, NeedsValue, Origin, Scope, Value

POSITIONS = "P"


def generalised(instances: Sequence[Instance], context: Context) -> list[Generic]:
    """Generic openings that stand for as many of the instances as possible, each for two or more of them."""
    found: list[Generic] = []
    left = [instance for instance in instances if instance in context.origins]
    for exactly in (False, True):
        for alike in _alike(left, context, exactly=exactly):
            generic = _generic(alike, context)
            if generic is not None:
                found.append(generic)
        covered = {instance for generic in found for instance, _ in generic.uses}
        left = [instance for instance in left if instance not in covered]
    return found


def _alike(instances: Iterable[Instance], context: Context, *, exactly: bool) -> list[list[Instance]]:
    """Instances of one layer with one structure, whose options differ in numbers at most, or `exactly` in none."""
    found: dict[object, list[Instance]] = {}
    structures = _Structures()
    for instance in instances:
        origin = context.origins[instance]
        sizes = dict(instance.sizes)
        fixed = tuple((n, text) for n, text in instance.options if exactly or n not in sizes)
        ranks = tuple(len(argument.axes) for argument in origin.arguments)
        if _has_leading(origin.layer.definition):
            ranks = ()
        key = (id(origin.layer.definition), fixed, ranks, structures.number(instance))
        found.setdefault(key, []).append(instance)
    return [alike for alike in found.values() if len(alike) > 1]


class _Structures:
    """What kinds of nodes an instance and those that it calls are made of, as a number: the same for the same."""

    def __init__(self) -> None:
        self._known: dict[Instance, int] = {}
        self._numbers: dict[object, int] = {}

    def number(self, instance: Instance) -> int:
        if instance not in self._known:
            shape = (instance.name, self._shape(instance.body))
            self._known[instance] = self._numbers.setdefault(shape, len(self._numbers))
        return self._known[instance]

    def _shape(self, body: tuple[Node, ...]) -> tuple[object, ...]:
        return tuple(
            (type(node).__name__, self.number(node.instance) if isinstance(node, Call) else self._shape(nested(node)))
            for node in body
        )


def _has_leading(definition: syntax.Definition) -> bool:
    return any(isinstance(axis, syntax.Ellipsis) for tensor in definition.tensors for axis in tensor.axes)


@dataclass(frozen=True)
class _Use:
    """One instance: its sizes by name, and those of its leading axes."""

    instance: Instance
    origin: Origin
    sizes: Mapping[str, Expr]
    leading: tuple[Expr, ...]


def _generic(instances: Sequence[Instance], context: Context) -> Generic | None:
    origins = [context.origins[instance] for instance in instances]
    if any(axis.ragged for origin in origins for argument in origin.arguments for axis in argument.axes):
        return None
    layer = origins[0].layer
    leading = [_leading(origin) for origin in origins]
    if None in leading:
        return None
    uses = [
        _Use(instance, origin, dict(instance.sizes), front)
        for instance, origin, front in zip(instances, origins, leading, strict=True)
        if front is not None
    ]
    chosen = _chosen(layer, uses, _Letters(layer.definition, uses, context), context.facts)
    if not chosen.symbols:
        return None
    return _tried(layer, uses, chosen, context) or _tried(layer, uses, _in_proportion(chosen, uses), context)


def _tried(layer: LayerValue, uses: Sequence[_Use], chosen: _Chosen, context: Context) -> Generic | None:
    """The layer at the chosen symbols, if it can be opened at them."""
    trial = Context(context.facts.copy(), {}, aliases=context.aliases)
    trial.like = (chosen.mapping(uses[0]), context.facts)
    try:
        instance = _opening(layer, uses[0], chosen, trial)
    except (ArchError, NeedsValue, RecursionError):
        return None
    if trial.errors:
        return None
    mappings = tuple((use.instance, chosen.mapping(use)) for use in uses)
    return Generic(instance, trial.facts, tuple(chosen.named()), mappings)


def _leading(origin: Origin) -> tuple[Expr, ...] | None:
    """The sizes that `...` stands for; None where they differ from tensor to tensor."""
    found: set[tuple[Expr, ...]] = set()
    for parameter, argument in zip(origin.layer.definition.tensors, origin.arguments, strict=True):
        written = sum(not isinstance(axis, syntax.Ellipsis) for axis in parameter.axes)
        if written < len(parameter.axes):
            found.add(tuple(axis.size for axis in argument.axes[: len(argument.axes) - written]))
    return found.pop() if len(found) == 1 else None if found else ()


class _Letters:
    """Symbols for sizes that differ: as the layer names them, primed where the model has the name already; an option
    by its first letter, where that is free."""

    def __init__(self, definition: syntax.Definition, uses: Sequence[_Use], context: Context) -> None:
        self.words = set(re.findall(r"[^\W\d]\w*'*", definition.span.text))
        self.taken = {d.symbol.name for d in (*context.dimensions, *(d for d, _ in context.lets))}
        self.taken |= {s.name for use in uses for size in (*use.sizes.values(), *use.leading) for s in size.symbols()}

    def axis(self, name: str) -> Symbol:
        return self._free(name)

    def option(self, name: str) -> Symbol:
        return self._free(name if name[0] in self.words else name[0])

    def positions(self) -> Symbol:
        return self._free(POSITIONS if POSITIONS not in self.words else POSITIONS + "'")

    def _free(self, name: str) -> Symbol:
        free = next(shown for primes in count() if (shown := name + "'" * primes) not in self.taken)
        self.taken.add(free)
        return Symbol(free, "dim")


@dataclass(frozen=True)
class _Chosen:
    """The symbol of every axis and option that differs; of `leading` axes one for their product. `multiples` are sizes
    that are a number times a symbol."""

    symbols: Mapping[str, Symbol]
    leading: Symbol | None
    multiples: Mapping[str, Expr] = field(default_factory=dict)

    def mapping(self, use: _Use) -> dict[Symbol, Expr]:
        """What the symbols are in one use."""
        found = {symbol: use.sizes[name] for name, symbol in self.symbols.items() if name}
        if self.leading is not None:
            product = ONE
            for size in use.leading:
                product = product * size
            found[self.leading] = product
        return found

    def size(self, name: str) -> Expr | None:
        """The axis or option of a name; None where it does not differ."""
        return self.multiples.get(name) or (from_atom(self.symbols[name]) if name in self.symbols else None)

    def named(self) -> Iterator[Named]:
        for name, symbol in self.symbols.items():
            yield Named(symbol, name)


def _chosen(layer: LayerValue, uses: Sequence[_Use], letters: _Letters, facts: Facts) -> _Chosen:
    """Names for what differs; an option that is no whole number everywhere differs for itself."""
    symbols: dict[str, Symbol] = {}
    leading = letters.positions() if len({use.leading for use in uses}) > 1 else None
    if leading is not None:
        symbols[""] = leading
    axes = [a.name for t in layer.definition.tensors for a in t.axes if isinstance(a, syntax.Name)]
    for name in dict.fromkeys(axes):
        if len({use.sizes.get(name) for use in uses}) > 1:
            symbols[name] = letters.axis(name)
    for option in layer.definition.options:
        values = {use.sizes.get(option.name) for use in uses}
        given = any(option.name in use.origin.given for use in uses)
        if given and len(values) > 1 and all(value is not None and facts.is_integer(value) for value in values):
            symbols[option.name] = letters.option(option.name)
    return _Chosen(symbols, leading)


def _in_proportion(chosen: _Chosen, uses: Sequence[_Use]) -> _Chosen:
    """One symbol for sizes that are the same whole number times another wherever the layer is applied: a block that
    adds its input to its output has to know that they are alike."""
    multiples: dict[str, Expr] = {}
    names = [name for name in chosen.symbols if name]
    for name in names:
        for base in names:
            if base == name or base in multiples:
                continue
            ratios = {(use.sizes[name] / use.sizes[base]).integer() for use in uses}
            ratio = ratios.pop() if len(ratios) == 1 else None
            if ratio is not None:
                multiples[name] = from_atom(chosen.symbols[base]) * ratio
                break
    symbols = {name: symbol for name, symbol in chosen.symbols.items() if name not in multiples}
    return _Chosen(symbols, chosen.leading, multiples)


def _opening(layer: LayerValue, like: _Use, chosen: _Chosen, context: Context) -> Instance:
    """The layer at the symbols, and for the rest as in one of its uses. Raises ArchError."""
    definition = layer.definition
    scope = Scope(layer.module)
    for name, size in like.sizes.items():
        scope.names[name] = chosen.size(name) or size
    front = [from_atom(chosen.leading)] if chosen.leading is not None else list(like.leading)
    tensors: dict[str, tuple[Tensor, Span]] = {}
    for parameter in definition.tensors:
        sizes: list[Expr] = []
        for node in parameter.axes:
            sizes += front if isinstance(node, syntax.Ellipsis) else [size_of(node, scope, context)]
        axes = tuple(Axis(const(0), size - 1) for size in sizes)
        tensors[parameter.name] = (Tensor(parameter.name, axes, "input"), parameter.span)
    given: dict[str, Value] = dict(like.origin.given)
    for option in definition.options:
        differing = chosen.size(option.name)
        if differing is not None:
            given[option.name] = differing
    spans = {name: (value, definition.span) for name, value in given.items()}
    arguments = tuple(tensor for tensor, _ in tensors.values())
    return opened_at(layer, arguments, tensors, given, spans, definition.span, context)
