"""`concat` and `split`: tensors put together and taken apart along one axis."""

from __future__ import annotations

from ..algebra.expression import Expr, const, total
from ..errors import Span, error, unsupported
from ..program import Join, Split
from ..scalars import Axis, Tensor
from . import sizes
from .describe import brief, count, shape, show
from .values import Body, Context, Poisoned, Silent, Value


def _axis_number(named: dict[str, tuple[Value, Span]], tensor: Tensor, span: Span, context: Context) -> int:
    value, at = named.get("axis", (const(-1), span))
    for name in named:
        if name != "axis":
            raise error(
                f"there is no option `{name}` here",
                named[name][1],
                hint=f"the option is `axis = {brief(named[name][1]).partition('=')[2].strip() or -1}`",
            )
    number = sizes.whole_number(value, at, context, "an axis")
    rank = len(tensor.axes)
    if not -rank <= number < rank:
        raise error(
            f"`{tensor.name}` has {count(rank, 'axis', 'axes')}, so there is no axis {number}",
            at,
            label=f"`{tensor.name}` is {shape(tensor)}",
            hint="axes count from 0; the last one is -1",
        )
    return number % rank


def _tensors(positional: list[tuple[Value, Span]], what: str, span: Span) -> list[tuple[Tensor, Span]]:
    found = []
    for value, at in positional:
        if isinstance(value, Poisoned):
            raise Silent
        if not isinstance(value, Tensor):
            raise error(f"`{what}` takes tensors, and this is {sizes.describe(value)}", at)
        found.append((value, at))
    if not found:
        raise error(f"`{what}` takes at least one tensor", span)
    return found


def concat(
    positional: list[tuple[Value, Span]], named: dict[str, tuple[Value, Span]], span: Span, body: Body, context: Context
) -> Value:
    items = _tensors(positional, "concat", span)
    first = items[0][0]
    axis = _axis_number(named, first, span, context)
    for tensor, at in items[1:]:
        if len(tensor.axes) != len(first.axes):
            raise error(
                f"`concat` joins tensors with equally many axes, and these have {len(first.axes)} "
                f"and {len(tensor.axes)}",
                at,
                label=f"{shape(tensor)}, while the first is {shape(first)}",
            )
        for number, (mine, theirs) in enumerate(zip(first.axes, tensor.axes, strict=True)):
            if number != axis and mine != theirs:
                raise error(
                    f"`concat` joins along axis {axis}, and axis {number} differs: "
                    f"{show(mine.size)} and {show(theirs.size)}",
                    at,
                    label=f"{shape(tensor)}, while the first is {shape(first)}",
                    hint=_other_axis(first, tensor),
                )
    if any(tensor.axes[axis].ragged for tensor, _ in items) or any(a.ragged for a in first.axes):
        raise unsupported("`concat` along or beside an axis whose range depends on another", span)
    size = total(tensor.axes[axis].size for tensor, _ in items)
    axes = list(first.axes)
    axes[axis] = Axis(const(0), size - 1)
    result = Tensor("concat" if len(items) > 1 else first.name, tuple(axes))
    body.nodes.append(Join(result, tuple(t for t, _ in items), axis, span))
    return result


def _other_axis(first: Tensor, tensor: Tensor) -> str:
    """The one axis in which two tensors differ is the one to join along."""
    differ = [n for n, (a, b) in enumerate(zip(first.axes, tensor.axes, strict=True)) if a != b]
    if len(differ) != 1:
        return ""
    return f"`axis = {-1 if differ[0] == len(first.axes) - 1 else differ[0]}` joins them along the axis that differs"


def split(
    positional: list[tuple[Value, Span]], named: dict[str, tuple[Value, Span]], span: Span, body: Body, context: Context
) -> Value:
    if len(positional) != 2:
        raise error(
            "`split` takes a tensor and a number of pieces or their sizes",
            span,
            hint="`split(x, 3)` or `split(x, [R, S])`",
        )
    ((source, _),) = _tensors(positional[:1], "split", span)
    pieces, at = positional[1]
    axis = _axis_number(named, source, span, context)
    whole = source.axes[axis].size
    if isinstance(pieces, tuple):
        lengths = []
        for piece in pieces:
            if not isinstance(piece, Expr):
                raise error("the pieces of a `split` are sizes", at)
            lengths.append(sizes.whole(piece, at, context, "a piece", rounding=False))
        if total(lengths) != whole:
            last = whole - total(lengths[:-1])
            pieces_ = ", ".join(map(show, [*lengths[:-1], last]))
            raise error(
                f"the pieces add up to {show(total(lengths))}, and the axis of `{source.name}` has {show(whole)}",
                at,
                label=f"`{source.name}` is {shape(source)}",
                hint=f"`[{pieces_}]`" if not any(c < 0 for c in last.terms.values()) or last.constant is None else "",
            )
    else:
        number = sizes.whole_number(
            pieces,
            at,
            context,
            "the number of pieces",
            "an equation cuts an axis into a symbolic number of parts: `y[…, g < h, a] = x[…, (g, a)]`",
        )
        if not 1 <= number <= 10_000:
            raise error(f"`split` into {number} pieces has no meaning", at)
        lengths = [sizes.whole(whole / number, at, context, "a piece", rounding=False)] * number
    results, offsets, offset = [], [], const(0)
    for length in lengths:
        axes = list(source.axes)
        axes[axis] = Axis(const(0), length - 1)
        results.append(Tensor(source.name, tuple(axes)))
        offsets.append(offset)
        offset = offset + length
    body.nodes.append(Split(tuple(results), source, axis, tuple(offsets), span))
    return results[0] if len(results) == 1 else tuple(results)
