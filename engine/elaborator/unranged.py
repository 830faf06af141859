"""What is said of indices whose ranges are not known or do not fit, with a hint where one is sure to be right."""

from __future__ import annotations

from .. import syntax
from ..algebra.expression import ONE, Expr
from ..errors import ArchError, Span, error
from ..scalars import Axis, Tensor
from .describe import shape, show
from .drafts import Draft, Variable
from .reads import check_name, check_tensor
from .values import Context


def disagreement(variable: Variable, axis: Axis, span: Span, tensor: Tensor, context: Context) -> ArchError:
    assert variable.lower is not None and variable.upper is not None
    mine = variable.upper - variable.lower + ONE
    if variable.name.startswith("…"):
        return error(
            f"the axes that `...` stands for differ: {show(mine)} and {show(axis.size)}",
            span,
            label=f"`{tensor.name}` is {shape(tensor)}",
            notes=[f"{show(mine)} comes from {_where(variable.origin, span)}"] if variable.origin is not None else [],
        )
    return error(
        f"the index `{variable.name}` runs over {show(mine)} and over {show(axis.size)}",
        span,
        label=f"{show(axis.size)}: `{tensor.name}` is {shape(tensor)}",
        notes=[f"{show(mine)} comes from {_where(variable.origin, span)}"] if variable.origin is not None else [],
        hint=_other_shape(tensor, axis, mine) if _is_sure(variable, tensor, context) else "",
    )


def _is_sure(variable: Variable, tensor: Tensor, context: Context) -> bool:
    """Is it the weight that does not fit? Beside an input it is, and in a model its sizes can be written as they are
    shown."""
    given = variable.of is not None and variable.of.kind == "input"
    return given and tensor.kind in ("weight", "buffer") and not context.depth


def _other_shape(tensor: Tensor, axis: Axis, size: Expr) -> str:
    """A weight that does not fit is declared anew."""
    axes = [show(size) if own is axis or own == axis else show(own.size) for own in tensor.axes]
    return f"`{tensor.kind} {tensor.name}[{', '.join(axes)}]`" if tensor.axes.count(axis) == 1 else ""


def _where(origin: Span, span: Span) -> str:
    same = origin.source is span.source and origin.line == span.line
    return f"column {origin.source.position(origin.start)[1]}" if same else f"line {origin.line}"


def goes_along(variable: Variable, other: Variable) -> bool:
    """Does a range move by one with another index, so that both are positions of one axis?"""
    return any(end is not None and end.terms.get(((other.symbol, 1),)) == 1 for end in (variable.lower, variable.upper))


def asked(variable: Variable) -> str:
    return f"say how many values it has: `{variable.name} < …`"


def clipped(variable: Variable, axis: Axis, low: bool, high: bool) -> str:
    """The stated range cut to the axis, at the ends that may leave it."""
    assert variable.lower is not None and variable.upper is not None
    if depends(axis.lower, axis.upper):
        return f"`{variable.name} in {show(axis.lower)}..{show(axis.upper)}` is inside"
    first = show(variable.lower) if low else f"max({show(axis.lower)}, {show(variable.lower)})"
    last = show(variable.upper) if high else f"min({show(axis.upper)}, {show(variable.upper)})"
    return f"`{variable.name} in {first}..{last}` is inside"


def depends(*ends: Expr) -> bool:
    return any(symbol.kind == "index" for end in ends for symbol in end.symbols())


def as_order(gap: Expr) -> str:
    """`gap >= 0` without negative terms: r <= N for N - r."""
    large = Expr({m: c for m, c in gap.terms.items() if c > 0})
    small = Expr({m: -c for m, c in gap.terms.items() if c < 0})
    return f"{show(small)} <= {show(large)}"


def _merged_with(variable: Variable, draft: Draft, tensors: dict[str, Tensor]) -> str:
    """Of indices that are merged on an axis of known size, all but one must be known."""
    for occurrence in draft.occurrences:
        tensor = occurrence.tensor or tensors.get(occurrence.read.name)
        if tensor is None:
            continue
        behind = reversed(tensor.axes)
        for subscript, axis in zip(reversed(occurrence.read.subscripts), behind, strict=False):
            if not isinstance(subscript, syntax.Tuple) or axis.ragged:
                continue
            names = [item.name for item in subscript.items if isinstance(item, syntax.Name)]
            if any(occurrence.sight.get(name) is variable for name in names):
                written = f"({', '.join(names)})"
                return f"`{written}` has {show(axis.size)} values together; say how many `{variable.name}` has"
    return ""


def complain(draft: Draft, tensors: dict[str, Tensor]) -> None:
    """Report what has stayed unknown: first the names, then the ranges that may be unknown because of them."""
    for occurrence in draft.occurrences:
        if occurrence.tensor is None:
            check_tensor(occurrence.read, draft, tensors)
    for mention in draft.mentions:
        if mention.name.name not in mention.sight:
            check_name(mention.name, draft, tensors)
    if draft.open is not None:
        raise draft.open
    for variable in draft.variables:
        if variable.known:
            continue
        side = " on the right" if variable in draft.free else ""
        more = "" if variable in draft.free else f" or `{variable.name} in …`"
        raise error(
            f"the range of `{variable.name}` is not known: it stands bare on no axis{side}",
            variable.span,
            hint=_merged_with(variable, draft, tensors) or f"{asked(variable)}{more}",
        )
    if draft.ranks_leading is None:
        at = next((t.span for t in draft.syntax.targets if isinstance(t, syntax.Ellipsis)), draft.syntax.span)
        raise error(
            "`...` stands on the left only, so the axes that it means are not known",
            at,
            hint="read a tensor with `...` on the right, or write the axes out",
        )
