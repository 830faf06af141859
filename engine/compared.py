"""The sizes of several models that are compared: which are one size in all, and which have in each its own value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from .algebra.atoms import Atom
from .algebra.expression import Expr, const
from .algebra.facts import Facts
from .algebra.substitution import Value, substitute
from .derivation.shown import Shown
from .forms import Layout


@dataclass(frozen=True)
class Compared:
    """The quantity `name` of several models, `given` in the order of `labels`. Sizes of one name are one size; one
    with different example values is not the same in all models, and has in each its own value."""

    name: str
    title: str
    labels: Sequence[str]
    given: Sequence[Expr]
    shown: Sequence[Shown]
    along: str | None = None
    baseline: str | None = None

    @cached_property
    def layout(self) -> Layout:
        """The names of all models, in the order of the first that has each."""
        order = dict.fromkeys(name for shown in self.shown for name in shown.layout.order)
        names: dict[Atom, str] = {}
        for shown in self.shown:
            names = {**shown.layout.names, **names}
        return Layout(list(order), self.shown[0].layout.form, names)

    def facts(self, places: Sequence[int]) -> Facts:
        """What some of the models assume, together."""
        first, *others = (self.shown[place].measures.program.facts for place in places)
        together = first.copy()
        for theirs in others:
            for order in theirs.orders:
                together.assume_order(order)
            for pair in theirs.divisibility:
                together.assume_divides(*pair)
        return together

    @cached_property
    def positions(self) -> list[str]:
        """Sizes of the axes along which positions stand: they may be followed whatever their example values."""
        inputs = (tensor for shown in self.shown for tensor in shown.measures.program.instance.inputs)
        sizes = (axis.size for tensor in inputs for axis in tensor.axes[:-1] or tensor.axes)
        return list(dict.fromkeys(symbol.name for size in sizes for symbol in size.symbols()))

    @cached_property
    def own(self) -> list[str]:
        """Sizes for which each model has its own value: all but positions, if one is not the same in all models. They
        are networks then, and no layers that a condition on sizes would compare."""
        found: dict[str, set[Value]] = {}
        for shown, expr in zip(self.shown, self.given, strict=True):
            for name in {s.name for s in expr.symbols()} & shown.values.keys():
                found.setdefault(name, set()).add(shown.values[name])
        names = [name for name in self.layout.order if name in found and name not in self.positions]
        return names if any(len(found[name]) > 1 for name in names) else []

    @cached_property
    def exprs(self) -> list[Expr]:
        """The costs, with each model's own values in the place of sizes that are not the same in all."""
        found = []
        for shown, expr in zip(self.shown, self.given, strict=True):
            own = [s for s in expr.symbols() if s.name in self.own and s.name in shown.values]
            fixed = {s: const(Fraction(shown.values[s.name])) for s in own}
            found.append(substitute(expr, fixed))
        return found

    @cached_property
    def values(self) -> dict[str, Value]:
        """The example values of the first model that has each."""
        found: dict[str, Value] = {}
        for shown in self.shown:
            found = {**shown.values, **found}
        return found

    @cached_property
    def names(self) -> list[str]:
        """The sizes that the costs depend on: those of positions first, for `N < D` is what is asked for."""
        depends = {s.name for expr in self.exprs for s in expr.symbols() if s.kind == "dim"}
        return [name for name in dict.fromkeys((*self.positions, *self.layout.order)) if name in depends]

    @cached_property
    def sizes(self) -> list[str]:
        """Those that may be followed, for all others have values."""
        known = all(s.name in self.values for expr in self.exprs for s in expr.symbols())
        return [name for name in self.names if name in self.values] if known else []
