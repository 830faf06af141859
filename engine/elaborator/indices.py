"""The indices of equations and their ranges: read off the places where an index stands bare on an axis.

`analyse` takes a run of equations that may read each other (a recurrence) and gives, for each, its indices with their
ranges. Ranges travel until nothing changes: an index is known when it is stated or stands bare on an axis that is
known, an equation's tensor is known when the indices on its left are.
"""

from __future__ import annotations

from .. import syntax
from ..algebra.atoms import Extreme, Symbol
from ..algebra.expression import ONE, ZERO, Expr, const, from_atom
from ..algebra.facts import Facts
from ..algebra.ranges import at_least
from ..algebra.substitution import substitute
from ..errors import Span, error
from ..scalars import Axis, Tensor, at_places, place
from .describe import count, show
from .drafts import Draft, Occurrence, Variable, draft_of, reads_itself
from .reads import leading_count
from .scalars import size_with_indices
from .sizes import positive_size
from .unranged import as_order, asked, clipped, complain, depends, disagreement, goes_along
from .values import Context, Scope


def analyse(equations: list[syntax.Equation], scope: Scope, context: Context) -> list[Draft]:
    """The drafts of a run of equations, every index with its range and every target with its shape."""
    group = {equation.name for equation in equations}
    drafts = [
        draft_of(equation, scope, group if len(equations) > 1 or reads_itself(equation) else set())
        for equation in equations
    ]
    tensors: dict[str, Tensor] = {}
    while True:
        progress = False
        for draft in drafts:
            progress |= _propagate(draft, tensors, context)
            if (
                draft.target is None
                and draft.ranks_leading is not None
                and all(v.known for v in [*draft.leading, *draft.free])
            ):
                draft.target = _target(draft, context)
                if not draft.initial:
                    tensors.setdefault(draft.syntax.name, draft.target)
                progress = True
        if not progress:
            break
    for draft in drafts:
        complain(draft, tensors)
    return drafts


# ---------------------------------------------------------------- ranges


def _propagate(draft: Draft, tensors: dict[str, Tensor], context: Context) -> bool:
    progress = False
    draft.open = None
    for variable in draft.variables:
        if not variable.known and variable.declared is not None:
            progress |= _stated(variable, draft, context)
    for occurrence in draft.occurrences:
        tensor = occurrence.tensor or tensors.get(occurrence.read.name)
        if tensor is not None:
            progress |= _from_read(draft, occurrence, tensor, context)
    return progress


def _stated(variable: Variable, draft: Draft, context: Context) -> bool:
    declared = variable.declared
    assert declared is not None
    if declared.below is not None:
        value = size_with_indices(declared.below, variable.sight, draft.scope, context)
        variable.lower, variable.upper = (
            ZERO,
            positive_size(value, declared.below.span, context, f"the range of `{variable.name}`") - ONE,
        )
    elif declared.range is not None:
        variable.lower = size_with_indices(declared.range.first, variable.sight, draft.scope, context)
        variable.upper = size_with_indices(declared.range.last, variable.sight, draft.scope, context)
    else:
        return False
    variable.stated = True
    variable.origin = declared.span
    return True


def _from_read(draft: Draft, occurrence: Occurrence, tensor: Tensor, context: Context) -> bool:
    read = occurrence.read
    progress = False
    leading = leading_count(draft, read, tensor)
    if isinstance(read.subscripts[0] if read.subscripts else None, syntax.Ellipsis):
        if draft.ranks_leading is None:
            draft.ranks_leading = leading
            draft.leading = [Variable(f"…{n}", Symbol(f"…{n}", "index"), read.span, None, {}) for n in range(leading)]
            progress = True
        elif draft.ranks_leading != leading:
            if draft.ranks_leading == 0 and not draft.leading:
                raise error(
                    "`...` stands on the right only",
                    read.span,
                    hint=f"`{_with_ellipsis(draft.syntax)}` has it on the left too",
                )
            raise error(
                f"`...` stands for {count(leading, 'axis', 'axes')} of `{read.name}` "
                f"and for {draft.ranks_leading} elsewhere",
                read.span,
            )
    positions: list[Expr | None] = []
    for axis_number, axis in enumerate(tensor.axes):
        here = at_places(axis, positions)
        if axis_number < leading:
            variable = draft.leading[axis_number]
            progress |= _meet(variable, here, read.span, draft, context, tensor)
            positions.append(from_atom(variable.symbol))
            continue
        subscript = read.subscripts[axis_number - leading + (1 if leading or _has_ellipsis(read) else 0)]
        progress |= _from_subscript(draft, occurrence, subscript, here, context, tensor)
        positions.append(_affine(subscript, occurrence.sight, draft, context))
    return progress


def _with_ellipsis(equation: syntax.Equation) -> str:
    left = ", ".join(target.span.text for target in equation.targets)
    return f"{equation.name}[..., {left}]" if left else f"{equation.name}[...]"


def _has_ellipsis(read: syntax.Read) -> bool:
    return bool(read.subscripts) and isinstance(read.subscripts[0], syntax.Ellipsis)


def _from_subscript(
    draft: Draft, occurrence: Occurrence, subscript: object, axis: Axis | None, context: Context, tensor: Tensor
) -> bool:
    match subscript:
        case syntax.Name(name=name, span=span) if name in occurrence.sight:
            return _meet(occurrence.sight[name], axis, span, draft, context, tensor)
        case syntax.Tuple(items=items) if axis is not None and not axis.ragged:
            return _divide(draft, occurrence, items, axis, context)
        case _:
            return False


def _divide(
    draft: Draft, occurrence: Occurrence, items: tuple[syntax.Expression, ...], axis: Axis, context: Context
) -> bool:
    """Merged indices on the right: one unknown size is found by division."""
    unknown: Variable | None = None
    known = ONE
    for item in items:
        if isinstance(item, syntax.Name) and item.name in occurrence.sight:
            variable = occurrence.sight[item.name]
            if variable.known:
                assert variable.lower is not None and variable.upper is not None
                known = known * (variable.upper - variable.lower + ONE)
            elif unknown is None:
                unknown = variable
            else:
                return False
        elif isinstance(item, syntax.Number):
            return False
        else:
            return False
    if unknown is None or not known:
        return False
    size = axis.size / known
    unknown.lower, unknown.upper = (
        ZERO,
        positive_size(size, items[0].span.to(items[-1].span), context, f"the range of `{unknown.name}`", rounding=False)
        - ONE,
    )
    unknown.origin = occurrence.read.span
    return True


def _affine(subscript: object, sight: dict[str, Variable], draft: Draft, context: Context) -> Expr | None:
    if isinstance(subscript, syntax.Name) and subscript.name in sight:
        return from_atom(sight[subscript.name].symbol)
    return None


def _meet(variable: Variable, axis: Axis | None, span: Span, draft: Draft, context: Context, tensor: Tensor) -> bool:
    """An index stands bare on an axis: it takes the axis' range, or must agree with it."""
    if axis is None:
        return False
    if not variable.known:
        variable.lower, variable.upper, variable.origin, variable.of = axis.lower, axis.upper, span, tensor
        return True
    assert variable.lower is not None and variable.upper is not None
    if (axis.lower, axis.upper) == (variable.lower, variable.upper):
        return False
    if variable.stated:
        _inside(variable, axis, span, draft, context, tensor)
        return False
    mine, theirs = Axis(variable.lower, variable.upper), axis
    if depends(variable.lower, variable.upper) and not depends(axis.lower, axis.upper):
        _inside(variable, axis, span, draft, context, tensor)
        return False
    if depends(axis.lower, axis.upper) and not depends(variable.lower, variable.upper):
        variable.lower, variable.upper, variable.origin = axis.lower, axis.upper, span
        return True
    if mine.size == theirs.size and variable.lower == axis.lower:
        return False
    raise disagreement(variable, axis, span, tensor, context)


def _inside(variable: Variable, axis: Axis, span: Span, draft: Draft, context: Context, tensor: Tensor) -> None:
    """A stated range must lie inside the axis."""
    assert variable.lower is not None and variable.upper is not None
    low = _always(variable.lower - axis.lower, draft.variables, context.facts)
    high = _always(axis.upper - variable.upper, draft.variables, context.facts)
    if low is True and high is True:
        return
    for other in draft.variables:
        ends = variable.lower, variable.upper
        if not other.known and any(end.mentions(other.symbol) for end in ends):
            draft.open = error(
                f"the range of `{other.name}` is not known, and that of `{variable.name}` depends on it",
                other.span,
                hint=f"state it: `{other.name} < {show(axis.size)}`" if goes_along(variable, other) else asked(other),
            )
            return
    stated = f"{show(variable.lower)}..{show(variable.upper)}"
    has = f"{show(axis.lower)}..{show(axis.upper)}"
    at = variable.declared.span if variable.stated and variable.declared is not None else span
    if low is False or high is False:
        fits = f"`{variable.name} < {show(axis.size)}`" if not axis.lower else f"`{variable.name} in {has}`"
        raise error(
            f"the range {stated} of `{variable.name}` leaves the axis of `{tensor.name}`, which is {has}",
            at,
            hint=f"{fits} is inside" if not depends(axis.lower, axis.upper) else "",
        )
    gap = variable.lower - axis.lower if low is not True else axis.upper - variable.upper
    raise error(
        f"it is not known whether the range {stated} of `{variable.name}` lies inside the axis of "
        f"`{tensor.name}`, which is {has}",
        at,
        hint=clipped(variable, axis, low is True, high is True) if depends(gap) else f"`assume {as_order(gap)}`",
    )


def _always(gap: Expr, variables: list[Variable], facts: Facts, depth: int = 3) -> bool | None:
    """Is gap >= 0 at every position? A bound such as max(0, n - r) is at least each of its arguments."""
    answer = at_least(gap, variables, facts)
    if answer is not None or not depth:
        return answer
    for atom in gap.atoms():
        sign = gap.terms.get(((atom, 1),)) if isinstance(atom, Extreme) else None
        if not isinstance(atom, Extreme) or sign not in (1, -1):
            continue
        rest = gap - from_atom(atom) * sign
        answers = [_always(rest + argument * sign, variables, facts, depth - 1) for argument in atom.arguments]
        enough = any if (atom.operator == "max") == (sign == 1) else all
        if enough(found is True for found in answers):
            return True
    return None


# ---------------------------------------------------------------- the left side


def _target(draft: Draft, context: Context) -> Tensor:
    """The tensor that an equation makes: one axis for each target, ranges in terms of the places before."""
    axes: list[Axis] = []
    places: dict[Symbol, Expr] = {}
    for variable in draft.leading:
        axes.append(_axis(variable, places))
        places[variable.symbol] = from_atom(place(len(axes) - 1))
    variables = iter(draft.free)
    for target in draft.syntax.targets:
        match target:
            case syntax.Index():
                variable = next(variables)
                axes.append(_axis(variable, places))
                places[variable.symbol] = from_atom(place(len(axes) - 1))
            case syntax.Merged(indices=indices):
                size = ONE
                for _ in indices:
                    variable = next(variables)
                    assert variable.lower is not None and variable.upper is not None
                    if depends(variable.lower, variable.upper):
                        raise error(
                            f"the range of the merged index `{variable.name}` depends on another index", variable.span
                        )
                    size = size * (variable.upper - variable.lower + ONE)
                axes.append(Axis(ZERO, size - ONE))
            case syntax.Number():
                axes.append(Axis(const(int(target.value)), const(int(target.value))))
            case syntax.Ellipsis():
                pass
    return Tensor(draft.syntax.name, tuple(axes))


def _axis(variable: Variable, places: dict[Symbol, Expr]) -> Axis:
    assert variable.lower is not None and variable.upper is not None
    lower, upper = substitute(variable.lower, places), substitute(variable.upper, places)
    for symbol in lower.symbols() | upper.symbols():
        if symbol.kind == "index" and not symbol.name.startswith("@"):
            raise error(
                f"the range of `{variable.name}` depends on `{symbol.name}`, which is not on the left before it",
                variable.span,
            )
    return Axis(lower, upper)
