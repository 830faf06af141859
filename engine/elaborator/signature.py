"""The signature of a model: its tensors, whose axes are sizes of the file, and its options, which are numbers with an
example value."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from .. import syntax
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, const, from_atom
from ..errors import ArchError, error, nearest
from ..program import Dimension
from ..scalars import Axis, Tensor
from . import sizes
from .bindings import free_name
from .describe import name_span
from .expressions import evaluate, number_of
from .literals import Literal, value_of
from .values import Body, Context, Scope, Value


def no_axes(tensor: syntax.TensorParameter) -> ArchError:
    return error(
        f"`{tensor.name}` has no axes",
        tensor.span,
        hint=f"a vector is `{tensor.name}[N]`, a single number `{tensor.name}[1]`",
    )


def model_input(parameter: syntax.TensorParameter, scope: Scope, context: Context) -> Tensor:
    if not parameter.axes:
        raise no_axes(parameter)
    if parameter.default is not None:
        raise error("a tensor of a model has no default", parameter.span)
    free_name(parameter.name, name_span(parameter.span, parameter.name), scope, tensor=False)
    axes = []
    for axis in parameter.axes:
        if isinstance(axis, syntax.Ellipsis):
            raise error("a model says all its axes", axis.span, hint="`dim B batch`, and `B` instead of `...`")
        if isinstance(axis, syntax.Name) and scope.get(axis.name) is None:
            hint = nearest(axis.name, scope.module.sizes) or f"declare it above: `dim {axis.name}`"
            raise error(f"`{axis.name}` is not defined", axis.span, hint=hint)
        value = number_of(axis, scope, context)
        size = sizes.positive_size(value, axis.span, context, f"an axis of `{parameter.name}`")
        axes.append(Axis(const(0), size - 1))
    return Tensor(parameter.name, tuple(axes), "input")


def model_option(
    option: syntax.OptionParameter,
    model: syntax.Definition,
    scope: Scope,
    context: Context,
    fixed: Mapping[str, str],
    overrides: Mapping[str, Literal],
    settings: Mapping[str, syntax.Expression],
) -> None:
    """A number stays a symbol with that example value, until something needs it."""
    if scope.own(option.name) is None:
        free_name(option.name, name_span(option.span, option.name), scope, tensor=False)
    elif not isinstance(scope.own(option.name), Expr):
        return  # reported with the signature
    if option.name in settings:
        value: Value = evaluate(settings[option.name], scope, Body(), context)
        scope.set(option.name, value, option.span)
        return
    if option.default is None:
        raise error(
            f"the option `{option.name}` of a model needs a value",
            option.span,
            hint=f"give it one, `{option.name} = 8`, or declare `dim {option.name}` and drop it here",
        )
    if option.name in overrides:
        value = value_of(overrides[option.name])
    else:
        value = evaluate(option.default, scope, Body(), context)
    number = value.constant if isinstance(value, Expr) else None
    if (
        isinstance(value, Expr)
        and number is not None
        and isinstance(number, int)
        and number >= 1
        and _names_size(option, model)
    ):
        symbol = Symbol(option.name)
        context.values[option.name] = Fraction(number)
        if option.name in fixed:
            context.dimensions.append(Dimension(symbol, None, Fraction(number), None, fixed=True))
        else:
            context.options[symbol] = option.name
            context.dimensions.append(Dimension(symbol, None, Fraction(number), None))
            value = from_atom(symbol)
    elif number is not None and _names_size(option, model):
        context.dimensions.append(Dimension(Symbol(option.name, "ratio"), None, Fraction(number), None, fixed=True))
    scope.set(option.name, value, option.span)


def _names_size(option: syntax.OptionParameter, model: syntax.Definition) -> bool:
    """An option of `stacked` is a number of one layer: the counts are those at its default."""
    for statement in model.body:
        if isinstance(statement, syntax.Stacked) and option.name in {s.name for s in statement.settings}:
            return False
    return True
