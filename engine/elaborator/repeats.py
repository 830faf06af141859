"""Repeats: a block in, one node out, whatever the number of its turns.

A body is opened with the sizes that its tensors have at turn i. Where it changes them, their recurrence is solved
first, and the body is opened again: that it hands on the sizes of turn i + 1 is the proof of the solution. Nothing is
ever unrolled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .. import syntax
from ..algebra.expression import Expr, Rounded, Symbol, const, from_atom
from ..algebra.recurrence import fitted, solve
from ..algebra.substitution import evaluate, substitute
from ..algebra.summation import NoClosedForm
from ..errors import ArchError, Diagnostic, Span, error
from ..program import Assumption, Carried, Changing, Repeat
from ..scalars import Axis, Tensor
from .bindings import free_name
from .blocks import Inner, names_bound, turn_symbol
from .describe import brief, name_span, shape, show
from .expressions import size_of
from .values import Body, Context, Poisoned, Scope, Silent

Axes = tuple[Axis, ...]
ATTEMPTS = 4
FIRST_TURNS = 4


def repeat(statement: syntax.Repeat, scope: Scope, body: Body, context: Context) -> None:
    """`repeat L as i how:`"""
    turns = size_of(statement.count, scope, context, "a number of turns")
    number = turns.integer()
    if number is not None and number < 0:
        raise error(f"a number of turns must not be negative, and this is {number}", statement.count.span)
    _Loop(statement, statement.index, turns, statement.how, scope, context).into(body)


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
    _Loop(statement, statement.index, turns, "connected", scope, context).into(body)


@dataclass(frozen=True)
class _Turn:
    """One turn as it was opened: what it began with, what it ended with."""

    inner: Inner
    entries: Mapping[str, Tensor]
    exits: Mapping[str, Tensor | Poisoned]

    def axes(self, name: str) -> Axes:
        tensor = self.exits[name]
        assert isinstance(tensor, Tensor)
        return tensor.axes


class _Loop:
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
        before = scope.tensors()
        self.before = {name: before[name] for name in sorted(names_bound(statement.body) & set(before))}

    def into(self, body: Body) -> None:
        """Open the body, solve what changes, and append the node."""
        context = self.context
        context.facts.assume_order(self.turns - 1 - from_atom(self.symbol))
        context.values[self.symbol.name] = Fraction(0)
        try:
            node, results = self._node()
        finally:
            del context.values[self.symbol.name]
        for name, tensor in results.items():
            self.scope.set(name, tensor, self.statement.span)
        body.nodes.append(node)

    def _node(self) -> tuple[Repeat, Mapping[str, Tensor | Poisoned]]:
        start = {name: tensor.axes for name, tensor in self.before.items()}
        mark = self.context.mark()
        turn = self._attempt(start)
        if turn is not None and not self._changed(turn, start):
            return self._finished(turn, start, ())
        self.context.rewind(mark)
        if turn is not None:
            self._check_ranks(turn)
        try:
            sizes, axes = self._solved(start, turn)
        except ArchError:
            if turn is not None:
                raise
            return self._finished(self._turn(start), start, ())  # the mistake is another one
        self.context.rewind(mark)
        self._assume_positive(sizes)
        turn = self._turn(axes)
        self._prove(turn, axes, sizes)
        last = {name: _at(value, {self.symbol: self.turns}, self.context) for name, value in axes.items()}
        self._advise(sizes)
        return self._finished(turn, last, sizes)

    # ---------------------------------------------------------------- one turn

    def _turn(self, axes: Mapping[str, Axes], index: Expr | None = None) -> _Turn:
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
        return _Turn(inner, entries, exits)

    def _attempt(self, axes: Mapping[str, Axes], index: Expr | None = None) -> _Turn | None:
        """The same, or None where the body has mistakes at these sizes."""
        self.context.trials += 1
        try:
            return self._turn(axes, index)
        except ArchError:
            return None
        finally:
            self.context.trials -= 1

    def _changed(self, turn: _Turn, axes: Mapping[str, Axes]) -> list[tuple[str, int]]:
        found = []
        for name, value in axes.items():
            exit_ = turn.axes(name)
            if len(exit_) != len(value):
                found.append((name, -1))
            else:
                found += [(name, n) for n, (a, b) in enumerate(zip(value, exit_, strict=True)) if a != b]
        return found

    def _check_ranks(self, turn: _Turn) -> None:
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

    def _solved(self, start: Mapping[str, Axes], turn: _Turn | None) -> tuple[tuple[Changing, ...], dict[str, Axes]]:
        """The sizes at turn i: by their recurrence, else read off the first turns. The caller proves them."""
        first = turn if turn is not None else self._attempt(start, const(0))
        if first is None:
            raise Silent
        self._check_ranks(first)
        groups = self._groups(first, start)
        updates: dict[Symbol, Expr] | None = {}
        for _ in range(ATTEMPTS):
            updates, again = self._updates(groups, start)
            if updates is None or not again:
                break
            groups = again
        if updates is not None:
            sizes = self._recurrences(groups, updates, start)
        else:
            sizes = self._fitted(groups, start)
        solutions = {size.symbol: size.solution for size in sizes}
        axes = {
            name: tuple(
                _resized(axis, solutions[symbol]) if (symbol := groups.get((name, n))) is not None else axis
                for n, axis in enumerate(value)
            )
            for name, value in start.items()
        }
        return tuple(sizes), axes

    def _groups(self, turn: _Turn, start: Mapping[str, Axes]) -> dict[tuple[str, int], Symbol]:
        """A symbol for each size that changes; axes that begin and go on alike have the same one."""
        symbols: dict[tuple[Expr, Expr], Symbol] = {}
        groups: dict[tuple[str, int], Symbol] = {}
        for name, number in self._changed(turn, start):
            axis = start[name][number]
            if axis.ragged or axis.lower:
                raise error(
                    f"axis {number + 1} of `{name}` is ragged, and a turn of this `repeat` changes it",
                    self.statement.span,
                )
            key = axis.size, turn.axes(name)[number].size
            symbols.setdefault(key, self._symbol(axis.size, len(symbols)))
            groups[name, number] = symbols[key]
        return groups

    def _symbol(self, size: Expr, number: int) -> Symbol:
        names = sorted(symbol.name for symbol in size.symbols())
        plain = len(names) == 1 and size == from_atom(next(iter(size.symbols())))
        return Symbol(names[0] if plain else "s" if not number else f"s_{number + 1}", "dim", self.context.number())

    def _updates(
        self, groups: dict[tuple[str, int], Symbol], start: Mapping[str, Axes]
    ) -> tuple[dict[Symbol, Expr] | None, dict[tuple[str, int], Symbol]]:
        """What a turn makes of each size; further groups, where axes do not go on alike or more of them change."""
        axes = {
            name: tuple(
                _resized(axis, from_atom(groups[name, n])) if (name, n) in groups else axis
                for n, axis in enumerate(value)
            )
            for name, value in start.items()
        }
        mark = self.context.mark()
        for (name, number), symbol in groups.items():
            self.context.values[symbol.name] = self._example(start[name][number].size)
        turn = self._attempt(axes)
        self.context.rewind(mark)
        if turn is None:
            return None, {}
        again = dict(groups)
        updates: dict[Symbol, Expr] = {}
        split: dict[tuple[Symbol, Expr], Symbol] = {}
        for name, number in sorted({*groups, *self._changed(turn, axes)}):
            size = turn.axes(name)[number].size
            if (name, number) not in groups:
                again[name, number] = self._symbol(start[name][number].size, len(again))
                continue
            symbol = groups[name, number]
            if updates.setdefault(symbol, size) != size:
                other = split.setdefault((symbol, size), self._symbol(start[name][number].size, len(again)))
                again[name, number] = other
        return updates, again if again != groups else {}

    def _example(self, size: Expr) -> Fraction:
        try:
            return Fraction(evaluate(size, self.context.values))
        except (KeyError, OverflowError, ZeroDivisionError):
            return Fraction(1)

    def _recurrences(
        self, groups: Mapping[tuple[str, int], Symbol], updates: Mapping[Symbol, Expr], start: Mapping[str, Axes]
    ) -> list[Changing]:
        """Solve in the order in which the sizes depend on each other."""
        initial = {symbol: start[name][number].size for (name, number), symbol in groups.items()}
        known: dict[Symbol, Expr] = {}
        found: list[Changing] = []
        waiting = [symbol for symbol in updates if symbol in initial]
        while waiting:
            ready = [s for s in waiting if not any(updates[s].mentions(o) for o in waiting if o != s)]
            if not ready:
                raise self._no_solution(waiting, updates, "the sizes feed each other both ways")
            for symbol in ready:
                update = updates[symbol]
                if update == from_atom(symbol):
                    solution = initial[symbol]
                else:
                    try:
                        facts = self.context.facts
                        solution = solve(substitute(update, known, facts), symbol, initial[symbol], self.symbol, facts)
                    except NoClosedForm as failure:
                        raise self._no_solution([symbol], updates, failure.reason) from None
                    found.append(Changing(symbol, initial[symbol], update, solution))
                known[symbol] = solution
                waiting.remove(symbol)
        return found

    def _no_solution(self, symbols: Sequence[Symbol], updates: Mapping[Symbol, Expr], reason: str) -> ArchError:
        changes = " and ".join(f"{symbol.name} becomes {show(updates[symbol])}" for symbol in symbols)
        return error(
            f"the sizes of this `repeat` have no closed form: at every turn {changes}",
            self.statement.span,
            notes=[reason],
            hint=self._written_out(),
        )

    def _written_out(self) -> str:
        number, written = self.turns.integer(), brief(self._count_span())
        end = str(number - 1) if number else f"{written or 'n'} - 1"
        return f"`for {self.index or 'i'} in 0..{end}:` writes the turns out" + ("" if number else ", for a number")

    def _count_span(self) -> Span:
        return self.statement.count.span if isinstance(self.statement, syntax.Repeat) else self.statement.span

    def _fitted(self, groups: Mapping[tuple[str, int], Symbol], start: Mapping[str, Axes]) -> list[Changing]:
        """Forms through the sizes of the first turns."""
        values: dict[tuple[str, int], list[Expr]] = {place: [start[place[0]][place[1]].size] for place in groups}
        axes = dict(start)
        mark = self.context.mark()
        for number in range(FIRST_TURNS):
            turn = self._attempt(axes, const(number))
            self.context.rewind(mark)
            if turn is None:
                raise self._undecided(values)
            axes = {name: turn.axes(name) for name in axes}
            for (name, place), seen in values.items():
                seen.append(axes[name][place].size)
        found: dict[Symbol, Changing] = {}
        for place_, symbol in groups.items():
            solution = fitted(values[place_], self.symbol, self.context.facts)
            if (
                solution is None
                or found.setdefault(symbol, Changing(symbol, values[place_][0], None, solution)).solution != solution
            ):
                raise self._undecided(values)
        return list(found.values())

    def _undecided(self, values: Mapping[tuple[str, int], Sequence[Expr]]) -> ArchError:
        shown = "; ".join(
            f"axis {place + 1} of `{name}` is {', '.join(map(show, seen))}, …" for (name, place), seen in values.items()
        )
        return error(
            f"how this `repeat` changes sizes has no closed form: {shown}",
            self.statement.span,
            hint=self._written_out(),
        )

    def _assume_positive(self, sizes: Sequence[Changing]) -> None:
        """A size that may shrink to nothing: it must last for all turns, which is listed, and true at the examples."""
        facts = self.context.facts
        for size in sizes:
            if facts.nonnegative(size.solution - 1) or facts.positive(size.solution):
                continue
            last = substitute(size.solution, {self.symbol: self.turns}, facts)
            if any(isinstance(atom, Rounded) for atom in last.atoms()):
                continue
            found = self._example(last)
            if found < 0:
                raise error(
                    f"the size {size.symbol.name} is {show(last)} after all turns, {found} at the example values",
                    self.statement.span,
                    hint="fewer turns, or a larger size",
                )
            facts.assume_order(size.solution - 1)
            self.context.assumptions.append(
                Assumption("order", self.turns, self.turns + last, False, self.statement.span)
            )

    def _prove(self, turn: _Turn, axes: Mapping[str, Axes], sizes: Sequence[Changing]) -> None:
        """A turn that begins with the sizes of turn i must end with those of turn i + 1."""
        following = from_atom(self.symbol) + 1
        for name, value in axes.items():
            if isinstance(turn.exits[name], Poisoned):
                continue
            wanted = _at(value, {self.symbol: following}, self.context)
            for number, (a, b) in enumerate(zip(wanted, turn.axes(name), strict=True)):
                if not _same(a, b):
                    raise error(
                        f"how this `repeat` changes `{name}` has no closed form: axis {number + 1} would be "
                        f"{show(a.size)} after turn {self.symbol.name}, and is {show(b.size)}",
                        self.statement.span,
                        hint=self._written_out(),
                    )
        del sizes

    def _advise(self, sizes: Sequence[Changing]) -> None:
        """Where a size stays rounded, the fact that would make it whole."""
        if self.scope.module.source.library:
            return
        for size in sizes:
            atom = next((a for a in size.solution.atoms() if isinstance(a, Rounded)), None)
            if atom is None or len(atom.argument.terms) != 1:
                continue
            below = substitute(size.initial / atom.argument, {self.symbol: self.turns})
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
        self, turn: _Turn, last: Mapping[str, Axes], sizes: tuple[Changing, ...]
    ) -> tuple[Repeat, Mapping[str, Tensor | Poisoned]]:
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


def _resized(axis: Axis, size: Expr) -> Axis:
    return Axis(axis.lower, axis.lower + size - 1)


def _same(a: Axis, b: Axis) -> bool:
    return a == b or (a.lower == b.lower and a.size == b.size)


def _at(axes: Axes, values: Mapping[Symbol, Expr], context: Context) -> Axes:
    return tuple(
        Axis(substitute(axis.lower, values, context.facts), substitute(axis.upper, values, context.facts))
        for axis in axes
    )


__all__ = ["repeat", "until"]
