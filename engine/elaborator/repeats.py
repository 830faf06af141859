"""Repeats: a block in, one node out, whatever the number of its turns.

A body is opened with the sizes that its tensors have at turn i. Where it changes them, their recurrence is solved
first, and the body is opened again: that it hands on the sizes of turn i + 1 is the proof of the solution. Nothing is
ever unrolled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .. import syntax
from ..algebra.atoms import Exponential, Rounded, Symbol
from ..algebra.expression import Expr, const, from_atom
from ..algebra.substitution import substitute
from ..errors import ArchError, Diagnostic, error
from ..program import Assumption, Carried, Changing, Repeat
from ..scalars import Axis, Tensor
from . import sizes
from .bindings import free_name
from .blocks import Inner, names_bound, turn_symbol
from .changing import Solver
from .describe import name_span, shape, show
from .expressions import size_of
from .values import Body, Context, Poisoned, Scope

Axes = tuple[Axis, ...]


def repeat(statement: syntax.Repeat, scope: Scope, body: Body, context: Context) -> None:
    """`repeat L as i how:`"""
    turns = size_of(statement.count, scope, context, "a number of turns")
    number = turns.integer()
    if number is not None and number < 0:
        raise error(f"a number of turns must not be negative, and this is {number}", statement.count.span)
    sizes.take_for_granted(turns, statement.count.span, context, "a number of turns")
    Loop(statement, statement.index, turns, statement.how, scope, context).into(body)


def until(statement: syntax.Until, scope: Scope, body: Body, context: Context) -> None:
    """`repeat until connected as i:`; the number of turns is a symbol until the paths are known."""
    if context.depth or scope.parent is not None:
        raise error(
            "`repeat until connected` stands in a model's own body, outside other blocks",
            statement.span,
            hint="a layer's repeat has a number of turns: `repeat L:`",
        )
    name = "L"
    while scope.get(name) is not None:
        name += "'"
    turns = from_atom(Symbol(name, "dim", context.number()))
    Loop(statement, statement.index, turns, "connected", scope, context).into(body)


@dataclass(frozen=True)
class Turn:
    """One turn as it was opened: what it began with, what it ended with."""

    inner: Inner
    entries: Mapping[str, Tensor]
    exits: Mapping[str, Tensor | Poisoned]

    def axes(self, name: str) -> Axes:
        tensor = self.exits[name]
        assert isinstance(tensor, Tensor)
        return tensor.axes


class Loop:
    def __init__(
        self,
        statement: syntax.Repeat | syntax.Until,
        index: str | None,
        turns: Expr,
        how: str | None,
        scope: Scope,
        context: Context,
    ) -> None:
        if index is not None:
            free_name(index, name_span(statement.span, index), scope, tensor=False)
        self.statement = statement
        self.index = index
        self.turns = turns
        self.how = how
        self.scope = scope
        self.context = context
        self.symbol = turn_symbol(index, scope, context)
        self.solver = Solver(self)
        before = scope.tensors()
        self.before = {name: before[name] for name in sorted(names_bound(statement.body) & set(before))}

    def into(self, body: Body) -> None:
        """Open the body, solve what changes, and append the node."""
        with self.context.turning(self.symbol, self.turns):
            node, results = self._node()
        for name, tensor in results.items():
            self.scope.set(name, tensor, self.statement.span)
        body.nodes.append(node)

    def _node(self) -> tuple[Repeat, Mapping[str, Tensor | Poisoned]]:
        start = {name: tensor.axes for name, tensor in self.before.items()}
        mark = self.context.mark()
        turn = self.attempt(start)
        if turn is not None and not self.changed(turn, start):
            return self._finished(turn, start, ())
        self.context.rewind(mark)
        if turn is not None:
            self.check_ranks(turn)
            guessed = self._guessed(start, turn)
            if guessed is not None:
                return guessed
            self.context.rewind(mark)
        try:
            sizes, axes = self.solver.solved(start, turn)
        except ArchError:
            if turn is not None:
                raise
            self.context.rewind(mark)
            return self._finished(self._turn(start), start, ())  # the mistake is another one
        self.context.rewind(mark)
        self._assume_positive(sizes)
        turn = self._turn(axes)
        self._prove(turn, axes)
        return self._ended(turn, axes, sizes)

    def _guessed(self, start: Mapping[str, Axes], turn: Turn) -> tuple[Repeat, Mapping[str, Tensor | Poisoned]] | None:
        """The sizes that go on as they began, if a turn that begins with them proves it: most do, and it spares a
        turn with symbols."""
        sizes, axes = self.solver.guessed(start, turn)
        if not sizes:
            return None
        try:
            self._assume_positive(sizes)
        except ArchError:
            return None  # of a guess that was wrong
        following = self.attempt(axes)
        if following is None or self._mismatch(following, axes) is not None:
            return None
        return self._ended(following, axes, sizes)

    def _ended(
        self, turn: Turn, axes: Mapping[str, Axes], sizes: tuple[Changing, ...]
    ) -> tuple[Repeat, Mapping[str, Tensor | Poisoned]]:
        if self.how == "connected":
            raise error("a `repeat until connected` keeps the sizes of what it carries", self.statement.span)
        last = {name: _at(value, {self.symbol: self.turns}, self.context) for name, value in axes.items()}
        self._advise(sizes)
        return self._finished(turn, last, sizes)

    # ---------------------------------------------------------------- one turn

    def _turn(self, axes: Mapping[str, Axes], index: Expr | None = None) -> Turn:
        """The body with these axes on entry, at turn `index`."""
        inner = Inner(self.scope, self.context)
        if self.index is not None:
            place = name_span(self.statement.span, self.index)
            inner.bind(self.index, index if index is not None else from_atom(self.symbol), place)
        entries = {name: Tensor(name, value) for name, value in axes.items()}
        for name, tensor in entries.items():
            inner.bind(name, tensor, self.scope.place(name) or self.statement.span)
        inner.run(self.statement.body, "repeat")
        exits: dict[str, Tensor | Poisoned] = {}
        for name in entries:
            value = inner.scope.names[name]
            assert isinstance(value, Tensor | Poisoned)
            exits[name] = value
        return Turn(inner, entries, exits)

    def attempt(self, axes: Mapping[str, Axes], index: Expr | None = None) -> Turn | None:
        """The same, or None where the body has mistakes at these sizes."""
        self.context.trials += 1
        try:
            return self._turn(axes, index)
        except ArchError:
            return None
        finally:
            self.context.trials -= 1

    def changed(self, turn: Turn, axes: Mapping[str, Axes]) -> list[tuple[str, int]]:
        found = []
        for name, value in axes.items():
            exit_ = turn.axes(name)
            if len(exit_) != len(value):
                found.append((name, -1))
            else:
                found += [(name, n) for n, (a, b) in enumerate(zip(value, exit_, strict=True)) if a != b]
        return found

    def check_ranks(self, turn: Turn) -> None:
        for name, tensor in self.before.items():
            if len(turn.axes(name)) != len(tensor.axes):
                exit_ = turn.exits[name]
                assert isinstance(exit_, Tensor)
                raise error(
                    f"a turn of this `repeat` changes the number of axes of `{name}`: "
                    f"from {shape(tensor)} to {shape(exit_)}",
                    self.statement.span,
                    hint="give the result another name, or put the axis outside the repeat",
                )

    # ---------------------------------------------------------------- sizes that change

    def _assume_positive(self, sizes: Sequence[Changing]) -> None:
        """A size that may shrink to nothing: it must last for all turns, which is listed, and true at the examples."""
        facts = self.context.facts
        for size in sizes:
            if facts.nonnegative(size.solution - 1) or facts.positive(size.solution):
                continue
            last = substitute(size.solution, {self.symbol: self.turns}, facts)
            if any(isinstance(atom, Rounded) for atom in last.atoms()):
                continue
            found = self.solver.example(last)
            if found < 0:
                raise error(
                    f"the size {size.symbol.name} is {show(last)} after all turns, {found} at the example values",
                    self.statement.span,
                    hint="fewer turns, or a larger size",
                )
            facts.assume_order(size.solution - 1)
            facts.assume_order(substitute(size.solution, {self.symbol: from_atom(self.symbol) + 1}, facts) - 1)
            self.context.assumptions.append(Assumption("order", const(1), last, False, self.statement.span))

    def _prove(self, turn: Turn, axes: Mapping[str, Axes]) -> None:
        """A turn that begins with the sizes of turn i must end with those of turn i + 1."""
        wrong = self._mismatch(turn, axes)
        if wrong is not None:
            name, number, wanted, found = wrong
            raise error(
                f"how this `repeat` changes `{name}` has no closed form: axis {number + 1} would be "
                f"{show(wanted.size)} after turn {self.symbol.name}, and is {show(found.size)}",
                self.statement.span,
                hint=self.solver.written_out(),
            )

    def _mismatch(self, turn: Turn, axes: Mapping[str, Axes]) -> tuple[str, int, Axis, Axis] | None:
        following = from_atom(self.symbol) + 1
        for name, value in axes.items():
            if isinstance(turn.exits[name], Poisoned):
                continue
            wanted = _at(value, {self.symbol: following}, self.context)
            for number, (a, b) in enumerate(zip(wanted, turn.axes(name), strict=True)):
                if not _same(a, b):
                    return name, number, a, b
        return None

    def _advise(self, sizes: Sequence[Changing]) -> None:
        """Where a size stays rounded, the fact that would make it whole."""
        if self.scope.module.source.library:
            return
        for size in sizes:
            atom = next((a for a in size.solution.atoms() if isinstance(a, Rounded)), None)
            if atom is None or len(atom.argument.terms) != 1:
                continue
            below = substitute(size.initial / atom.argument, {self.symbol: self.turns})
            if any(not isinstance(a, Symbol | Exponential) for a in below.atoms()) or below == size.initial:
                continue
            if any(not isinstance(a, Symbol) for a in self.turns.atoms()):
                continue
            self.context.warnings.append(
                Diagnostic(
                    f"{size.symbol.name} is rounded at every turn, so that costs stay sums over the turns",
                    self.statement.span,
                    hint=f"`assume {show(below)} divides {show(size.initial)}` gives closed forms",
                    severity="warning",
                )
            )

    # ---------------------------------------------------------------- the node

    def _finished(
        self, turn: Turn, last: Mapping[str, Axes], sizes: tuple[Changing, ...]
    ) -> tuple[Repeat, Mapping[str, Tensor | Poisoned]]:
        self.scope.unnamed.update(turn.inner.scope.unnamed)
        carried = []
        results: dict[str, Tensor | Poisoned] = {}
        for name, entry in turn.entries.items():
            exit_ = turn.exits[name]
            if isinstance(exit_, Poisoned):
                results[name] = exit_
            elif exit_ is not entry:
                results[name] = result = Tensor(name, last[name])
                carried.append(Carried(self.before[name], entry, exit_, result))
        node = Repeat(
            self.turns,
            self.symbol,
            tuple(turn.inner.body.nodes),
            tuple(carried),
            self.how,
            self.statement.span,
            sizes,
        )
        return node, results


def _same(a: Axis, b: Axis) -> bool:
    return a == b or (a.lower == b.lower and a.size == b.size)


def _at(axes: Axes, values: Mapping[Symbol, Expr], context: Context) -> Axes:
    return tuple(
        Axis(substitute(axis.lower, values, context.facts), substitute(axis.upper, values, context.facts))
        for axis in axes
    )


__all__ = ["repeat", "until"]
