"""Sizes that a repeat changes: the body opened with symbols for them, and their recurrence solved.

Where the body cannot be opened with symbols, a form is read off the sizes of the first turns. Nothing is proved here:
the caller opens the body with the solution and sees whether a turn hands on the sizes of the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from .. import syntax
from ..algebra.atoms import Symbol
from ..algebra.build import power
from ..algebra.expression import Expr, const, from_atom
from ..algebra.recurrence import fitted, solve
from ..algebra.substitution import evaluate, substitute
from ..algebra.summation import NoClosedForm
from ..errors import ArchError, Span, error
from ..program import Changing
from ..scalars import Axis
from .describe import brief, show
from .values import Silent

if TYPE_CHECKING:
    from .repeats import Axes, Loop, Turn

ATTEMPTS = 4
FIRST_TURNS = 4


class Solver:
    """Finds the sizes at turn i of one repeat."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop

    def solved(self, start: Mapping[str, Axes], turn: Turn | None) -> tuple[tuple[Changing, ...], dict[str, Axes]]:
        """The sizes at turn i: by their recurrence, else read off the first turns. The caller proves them."""
        first = turn if turn is not None else self.loop.attempt(start, const(0))
        if first is None:
            raise Silent
        self.loop.check_ranks(first)
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
        return tuple(sizes), self._axes(start, groups, sizes)

    def guessed(self, start: Mapping[str, Axes], turn: Turn) -> tuple[tuple[Changing, ...], dict[str, Axes]]:
        """Sizes that grow at every turn by what the first turn adds, or by its factor where that is simpler."""
        groups = self._groups(turn, start)
        here = from_atom(self.loop.symbol)
        sizes: dict[Symbol, Changing] = {}
        for (name, number), symbol in groups.items():
            before, after = start[name][number].size, turn.axes(name)[number].size
            if symbol in sizes or after.mentions(self.loop.symbol):
                continue
            ratio, difference = after / before, after - before
            value = from_atom(symbol)
            if len(ratio.terms) == 1 and (ratio.integer() is not None or (1 / ratio).integer() is not None):
                solution = before * power(ratio, here, self.loop.context.facts)
                sizes[symbol] = Changing(symbol, before, value * ratio, solution)
            else:
                sizes[symbol] = Changing(symbol, before, value + difference, before + difference * here)
        if set(sizes) != set(groups.values()):
            return (), {}
        return tuple(sizes.values()), self._axes(start, groups, sizes.values())

    def _axes(
        self, start: Mapping[str, Axes], groups: Mapping[tuple[str, int], Symbol], sizes: Iterable[Changing]
    ) -> dict[str, Axes]:
        """The axes at turn i."""
        solutions = {size.symbol: size.solution for size in sizes}
        return {
            name: tuple(
                _resized(axis, solutions[symbol]) if (symbol := groups.get((name, n))) in solutions else axis
                for n, axis in enumerate(value)
            )
            for name, value in start.items()
        }

    def _groups(self, turn: Turn, start: Mapping[str, Axes]) -> dict[tuple[str, int], Symbol]:
        """A symbol for each size that changes; axes that begin and go on alike have the same one."""
        symbols: dict[tuple[Expr, Expr], Symbol] = {}
        groups: dict[tuple[str, int], Symbol] = {}
        for name, number in self.loop.changed(turn, start):
            axis = start[name][number]
            if axis.ragged or axis.lower:
                raise error(
                    f"axis {number + 1} of `{name}` is ragged, and a turn of this `repeat` changes it",
                    self.loop.statement.span,
                )
            key = axis.size, turn.axes(name)[number].size
            if key not in symbols:
                symbols[key] = self._symbol(axis.size, symbols.values())
            groups[name, number] = symbols[key]
        return groups

    def _symbol(self, size: Expr, others: Iterable[Symbol]) -> Symbol:
        """A symbol for a size that changes: the name that the size has, told apart from the others."""
        names = [symbol.name for symbol in size.symbols()]
        name = names[0] if len(names) == 1 and size == from_atom(next(iter(size.symbols()))) else "s"
        while name in {other.name for other in others}:
            name += "'"
        return Symbol(name, "dim", self.loop.context.number())

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
        mark = self.loop.context.mark()
        for (name, number), symbol in groups.items():
            self.loop.context.values[symbol.name] = self.example(start[name][number].size)
        turn = self.loop.attempt(axes)
        self.loop.context.rewind(mark)
        if turn is None:
            return None, {}
        again = dict(groups)
        updates: dict[Symbol, Expr] = {}
        split: dict[tuple[Symbol, Expr], Symbol] = {}
        for name, number in sorted({*groups, *self.loop.changed(turn, axes)}):
            size = turn.axes(name)[number].size
            if (name, number) not in groups:
                again[name, number] = self._symbol(start[name][number].size, again.values())
                continue
            symbol = groups[name, number]
            if updates.setdefault(symbol, size) != size:
                other = split.setdefault((symbol, size), self._symbol(start[name][number].size, again.values()))
                again[name, number] = other
        return updates, again if again != groups else {}

    def example(self, size: Expr) -> Fraction:
        try:
            return Fraction(evaluate(size, self.loop.context.values))
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
                if not any(update.mentions(s) for s in (*initial, self.loop.symbol)) and update != initial[symbol]:
                    raise self._only_once(symbol, initial[symbol], update)
                before = self._given_by_the_turn(update, initial)
                if update == from_atom(symbol):
                    solution = initial[symbol]
                elif before is not None and substitute(before, {self.loop.symbol: const(0)}) == initial[symbol]:
                    solution = before
                    found.append(Changing(symbol, initial[symbol], update, solution))
                else:
                    try:
                        facts = self.loop.context.facts
                        solution = solve(
                            substitute(update, known, facts), symbol, initial[symbol], self.loop.symbol, facts
                        )
                    except NoClosedForm as failure:
                        raise self._no_solution([symbol], updates, failure.reason) from None
                    found.append(Changing(symbol, initial[symbol], update, solution))
                known[symbol] = solution
                waiting.remove(symbol)
        return found

    def _given_by_the_turn(self, update: Expr, sizes: Iterable[Symbol]) -> Expr | None:
        """A size that a turn sets whatever it was: on entry to turn i what turn i − 1 has set."""
        if any(update.mentions(symbol) for symbol in sizes):
            return None
        turn = self.loop.symbol
        return substitute(update, {turn: from_atom(turn) - 1}, self.loop.context.facts)

    def _only_once(self, symbol: Symbol, initial: Expr, update: Expr) -> ArchError:
        return error(
            f"this `repeat` changes a size once: it is {show(initial)} before the first turn, "
            f"and {show(update)} after every turn",
            self.loop.statement.span,
            hint="do before the repeat what makes it so",
        )

    def _no_solution(self, symbols: Sequence[Symbol], updates: Mapping[Symbol, Expr], reason: str) -> ArchError:
        changes = " and ".join(f"{symbol.name} becomes {show(updates[symbol])}" for symbol in symbols)
        return error(
            f"the sizes of this `repeat` have no closed form: at every turn {changes}",
            self.loop.statement.span,
            notes=[reason],
            hint=self.written_out(),
        )

    def written_out(self) -> str:
        number, written = self.loop.turns.integer(), brief(self._count_span())
        end = str(number - 1) if number else f"{written or 'n'} - 1"
        return f"`for {self.loop.index or 'i'} in 0..{end}:` writes the turns out" + (
            "" if number else ", for a number"
        )

    def _count_span(self) -> Span:
        return (
            self.loop.statement.count.span
            if isinstance(self.loop.statement, syntax.Repeat)
            else self.loop.statement.span
        )

    def _fitted(self, groups: Mapping[tuple[str, int], Symbol], start: Mapping[str, Axes]) -> list[Changing]:
        """Forms through the sizes of the first turns."""
        values: dict[tuple[str, int], list[Expr]] = {place: [start[place[0]][place[1]].size] for place in groups}
        axes = dict(start)
        mark = self.loop.context.mark()
        for number in range(FIRST_TURNS):
            turn = self.loop.attempt(axes, const(number))
            self.loop.context.rewind(mark)
            if turn is None:
                raise self._undecided(values)
            axes = {name: turn.axes(name) for name in axes}
            for (name, place), seen in values.items():
                seen.append(axes[name][place].size)
        found: dict[Symbol, Changing] = {}
        for place_, symbol in groups.items():
            solution = fitted(values[place_], self.loop.symbol, self.loop.context.facts)
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
            self.loop.statement.span,
            hint=self.written_out(),
        )


def _resized(axis: Axis, size: Expr) -> Axis:
    return Axis(axis.lower, axis.lower + size - 1)
