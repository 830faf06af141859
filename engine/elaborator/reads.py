"""What the names on the right side of an equation stand for, and what is wrong with those that stand for nothing."""

from __future__ import annotations

from .. import syntax
from ..algebra.expression import Expr
from ..errors import error
from ..scalars import Tensor
from .describe import count, name_span, shape, show
from .drafts import Draft
from .sizes import describe, unknown_name
from .values import CONSTANTS, Poisoned, Silent


def leading_count(draft: Draft, read: syntax.Read, tensor: Tensor) -> int:
    """How many axes the `...` of a read stands for (0 where there is none); checks the number of subscripts."""
    explicit = [s for s in read.subscripts if not isinstance(s, syntax.Ellipsis)]
    has = len(explicit) < len(read.subscripts)
    if has and not isinstance(read.subscripts[0], syntax.Ellipsis):
        raise error("`...` stands for leading axes, so it comes first", read.span)
    missing = len(tensor.axes) - len(explicit)
    if missing < 0 or (missing and not has):
        raise error(
            f"`{read.name}` has {count(len(tensor.axes), 'axis', 'axes')} and is read with "
            f"{count(len(explicit), 'subscript')}",
            read.span,
            label=f"`{read.name}` is {shape(tensor)}",
        )
    return missing if has else 0


def check_tensor(read: syntax.Read, draft: Draft, tensors: dict[str, Tensor]) -> None:
    """What is read must be a tensor."""
    name, at = read.name, name_span(read.span, read.name)
    value = draft.scope.get(name)
    if isinstance(value, Poisoned):
        raise Silent
    if name in draft.sight:
        raise error(f"`{name}` is an index of this equation, not a tensor", at)
    if value is not None:
        raise error(f"`{name}` is {describe(value)}, not a tensor", at)
    if name not in tensors and name not in draft.group:
        failure = unknown_name(name, at, draft.scope, set(tensors) | draft.group)
        if failure.diagnostics[0].hint:
            raise failure
        raise error(f"`{name}` is not defined here", at, hint=f"if it is trained: `weight {_declared(read, draft)}`")


def _declared(node: syntax.Read, draft: Draft) -> str:
    """A tensor with the sizes of the indices at which it is read, as far as these are known."""
    known = {v.name: v.upper - v.lower + 1 for v in draft.variables if v.lower is not None and v.upper is not None}
    sizes_ = [
        show(known[item.name]) if isinstance(item, syntax.Name) and item.name in known else "…"
        for item in node.subscripts
        if not isinstance(item, syntax.Ellipsis)
    ]
    return f"{node.name}[{', '.join(sizes_)}]"


def check_name(node: syntax.Name, draft: Draft, tensors: dict[str, Tensor]) -> None:
    """A bare name that is no index in sight must be a size or a constant."""
    name, span = node.name, node.span
    value = draft.scope.get(name)
    if isinstance(value, Poisoned):
        raise Silent
    if isinstance(value, Expr) or (value is None and name in CONSTANTS):
        return
    if isinstance(value, Tensor) or name in tensors:
        raise error(
            f"`{name}` is a tensor, and an equation reads its elements",
            span,
            hint=f"`{_elements(name, value if isinstance(value, Tensor) else tensors[name], draft)}`",
        )
    if value is not None:
        raise error(f"`{name}` is {describe(value)}, which has no place in an equation", span)
    if any(v.name == name for v in draft.variables):
        raise error(
            f"the index `{name}` is used outside the reduction that binds it",
            span,
            hint="put all that mentions it into the body of the reduction",
        )
    if len(name.rstrip("'")) <= 2:
        raise error(
            f"the index `{name}` stands on the right only",
            span,
            hint=f"put it on the left, or bind it by a reduction: `sum[{name}] …`",
        )
    raise unknown_name(name, span, draft.scope, set(draft.sight))


def _elements(name: str, tensor: Tensor, draft: Draft) -> str:
    """The tensor read at the indices of the left side, as far as there are enough."""
    mine = [variable.name for variable in draft.free]
    rank = len(tensor.axes)
    return f"{name}[{', '.join(mine[-rank:] if len(mine) >= rank else '…')}]"
