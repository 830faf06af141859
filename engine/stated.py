"""What a file says of quantities: the value of `16 * params` or `macs(a) / macs(b)`, and the quantities that it defines
by such expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import syntax
from .algebra.expression import Expr, const
from .conventions import quantity_names
from .elaborator import sizes
from .elaborator.describe import name_span
from .elaborator.values import FUNCTIONS, Context, Scope
from .errors import error, nearest, unsupported
from .quantities import BY_NAME, Derived, Measures


@dataclass(frozen=True)
class Infinite:
    """The value of a quantity that is infinite."""


class Reader:
    """Reads expressions over the quantities of one model; `models` are all models of the file."""

    def __init__(self, measures: Measures, models: Mapping[str, Measures]) -> None:
        self.measures = measures
        self.models = models

    def value(self, node: syntax.Expression, scope: Scope, context: Context) -> Expr | Infinite:
        """The value of an expression. Raises ArchError."""
        match node:
            case syntax.Number(value=value):
                return const(value)
            case syntax.Name(name="inf"):
                return Infinite()
            case syntax.Name(name=name):
                known = scope.get(name)
                return known if isinstance(known, Expr) else self._quantity(name, self.measures, node)
            case syntax.Negate(value=inner):
                return -self.finite(inner, scope, context)
            case syntax.Binary(operator=operator, left=left, right=right, span=span):
                a, b = self.finite(left, scope, context), self.finite(right, scope, context)
                return sizes.arithmetic(operator, a, b, span, context)
            case syntax.Call(name=name, arguments=arguments, span=span) if name in self._names():
                if len(arguments) != 1 or not isinstance(arguments[0].value, syntax.Name):
                    raise error(f"`{name}(…)` takes the name of a model", span)
                model = arguments[0].value.name
                if model not in self.models:
                    raise error(
                        f"there is no model `{model}` in this file", arguments[0].span, hint=nearest(model, self.models)
                    )
                return self._quantity(name, self.models[model], node)
            case syntax.Call(name=name, arguments=arguments, span=span) if name in FUNCTIONS:
                parts = [self.finite(a.value, scope, context) for a in arguments]
                low, high = FUNCTIONS[name]
                if not low <= len(parts) <= high:
                    wanted = low if low == high else f"{low} to {high}"
                    raise error(f"`{name}` takes {wanted} arguments, not {len(parts)}", span)
                return sizes.function(name, parts, span, context)
            case _:
                raise error("this is no arithmetic on sizes and quantities", node.span)

    def finite(self, node: syntax.Expression, scope: Scope, context: Context) -> Expr:
        """The same, where infinity has no meaning."""
        value = self.value(node, scope, context)
        if isinstance(value, Infinite):
            raise error("infinity is compared only by itself", node.span)
        return value

    def _names(self) -> set[str]:
        return {*BY_NAME, *quantity_names(), *(name for measures in self.models.values() for name in measures.defined)}

    def _quantity(self, name: str, measures: Measures, node: syntax.Node) -> Expr | Infinite:
        billed = None if name in BY_NAME or name in measures.defined else quantity_names().get(name)
        if billed is None and name not in BY_NAME and name not in measures.defined:
            dims = [d.symbol.name for d in measures.program.dimensions]
            known = {*BY_NAME, *measures.defined, *dims, *quantity_names()}
            raise error(f"`{name}` is neither a size nor a quantity", node.span, hint=nearest(name, known))
        derived = measures.quantity(name) if billed is None else measures.billed(billed)
        if derived.infinite:
            return Infinite()
        if derived.expr is None:
            raise unsupported(
                f"`{name}` of this model ({derived.unknown.removeprefix('not supported yet: ')})", node.span
            )
        return derived.expr


def define(
    measures: Measures,
    models: Mapping[str, Measures],
    quantity: syntax.Quantity,
    scope: Scope,
    context: Context,
) -> None:
    """Give a model a quantity of the file's own; its value is read when it is asked for."""
    at = name_span(quantity.span, quantity.name)
    if quantity.name in BY_NAME or quantity.name in measures.defined:
        raise error(f"`{quantity.name}` is a quantity already", at, hint="choose another name")
    if scope.get(quantity.name) is not None:
        raise error(f"`{quantity.name}` has a meaning already", at, hint="choose another name")
    reader = Reader(measures, models)

    def derive() -> Derived:
        measures.defined[quantity.name] = lambda: _circular(quantity)
        try:
            value = reader.value(quantity.value, scope, context)
        finally:
            measures.defined[quantity.name] = derive
        because = (f"`{quantity.value.span.text.strip()}`, as the file defines it",)
        if isinstance(value, Infinite):
            return Derived(None, because, infinite=True)
        return Derived(value, because)

    measures.defined[quantity.name] = derive
    measures.notes[quantity.name] = quantity.note or quantity.name


def _circular(quantity: syntax.Quantity) -> Derived:
    raise error(f"the quantity `{quantity.name}` is defined by itself", quantity.span)


__all__ = ["Infinite", "Reader", "define"]
