"""The indices of equations and their ranges: which index ranges over which axis, read off the places where it stands bare.

`analyse` takes a run of equations that may read each other (a recurrence) and gives, for each, its indices with their ranges. Ranges
travel until nothing changes: an index is known when it is stated or stands bare on an axis that is known, an equation's tensor
is known when the indices on its left are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import syntax
from ..algebra.expression import ONE, ZERO, Expr, Symbol, const, from_atom
from ..algebra.substitution import substitute
from ..errors import Span, error
from ..program import Axis, Index, Tensor, at_places, place
from .sizes import positive_size, unknown_name
from .values import Context, Scope


@dataclass(eq=False)
class Variable:
    """An index while its range is being looked for. `names` are the indices in sight where it is bound."""

    name: str
    symbol: Symbol
    span: Span
    declared: syntax.Index | None
    sight: dict[str, Variable]
    lower: Expr | None = None
    upper: Expr | None = None
    stated: bool = False
    origin: Span | None = None
    where: bool = False

    @property
    def known(self) -> bool:
        return self.lower is not None and self.upper is not None

    def index(self) -> Index:
        assert self.lower is not None and self.upper is not None
        return Index(self.symbol, self.name, self.lower, self.upper, self.stated)


@dataclass(eq=False)
class Occurrence:
    """A read of a tensor, with the indices in sight there."""

    read: syntax.Read
    sight: dict[str, Variable]
    tensor: Tensor | None
    inner: bool


@dataclass(eq=False)
class Draft:
    """An equation while it is analysed."""

    syntax: syntax.Equation
    scope: Scope
    free: list[Variable] = field(default_factory=list)
    leading: list[Variable] = field(default_factory=list)
    sight: dict[str, Variable] = field(default_factory=dict)
    bound: dict[int, list[Variable]] = field(default_factory=dict)
    occurrences: list[Occurrence] = field(default_factory=list)
    target: Tensor | None = None
    ranks_leading: int | None = None
    initial: bool = False
    used: set[str] = field(default_factory=set)

    @property
    def variables(self) -> list[Variable]:
        return [*self.leading, *self.free, *(v for bound in self.bound.values() for v in bound)]


def analyse(equations: list[syntax.Equation], scope: Scope, context: Context) -> list[Draft]:
    """The drafts of a run of equations, every index with its range and every target with its shape."""
    group = {equation.name for equation in equations}
    drafts = [_draft(equation, scope, group if len(equations) > 1 or _reads_itself(equation) else set()) for equation in equations]
    tensors: dict[str, Tensor] = {}
    while True:
        progress = False
        for draft in drafts:
            progress |= _propagate(draft, tensors, context)
            if draft.target is None and draft.ranks_leading is not None and all(v.known for v in [*draft.leading, *draft.free]):
                draft.target = _target(draft, context)
                if not draft.initial:
                    tensors.setdefault(draft.syntax.name, draft.target)
                progress = True
        if not progress:
            break
    for draft in drafts:
        _complain(draft, tensors, context)
    return drafts


def _reads_itself(equation: syntax.Equation) -> bool:
    return any(read.name == equation.name for read in syntax_reads(equation.body))


def syntax_reads(node: object) -> list[syntax.Read]:
    """Every read in an expression as written."""
    found: list[syntax.Read] = []
    _walk_reads(node, found)
    return found


def _walk_reads(node: object, found: list[syntax.Read]) -> None:
    match node:
        case syntax.Read(subscripts=subscripts):
            found.append(node)
            for subscript in subscripts:
                _walk_reads(subscript, found)
        case syntax.Negate(value=value) | syntax.Not(value=value):
            _walk_reads(value, found)
        case syntax.Binary(left=left, right=right):
            _walk_reads(left, found)
            _walk_reads(right, found)
        case syntax.Compare(operands=items) | syntax.Logic(operands=items) | syntax.Tuple(items=items):
            for item in items:
                _walk_reads(item, found)
        case syntax.Choice(then=then, condition=condition, otherwise=otherwise):
            for item in (then, condition, otherwise):
                _walk_reads(item, found)
        case syntax.Call(arguments=arguments):
            for argument in arguments:
                _walk_reads(argument.value, found)
        case syntax.Reduce(indices=indices, where=where, body=body):
            for index in indices:
                for end in (index.below, index.range and index.range.first, index.range and index.range.last):
                    _walk_reads(end, found)
            _walk_reads(where, found)
            _walk_reads(body, found)
        case _:
            pass


# ---------------------------------------------------------------- what is there


def _draft(equation: syntax.Equation, scope: Scope, group: set[str]) -> Draft:
    draft = Draft(equation, scope)
    has_ellipsis = False
    for position, target in enumerate(equation.targets):
        match target:
            case syntax.Ellipsis():
                if position:
                    raise error("`...` stands for leading axes, so it comes first", target.span)
                has_ellipsis = True
            case syntax.Index():
                _add_free(draft, target)
            case syntax.Merged(indices=indices):
                for index in indices:
                    _add_free(draft, index)
            case syntax.Number(value=value):
                if value != -1 and value.denominator != 1:
                    raise error("a position must be a whole number", target.span)
                draft.initial = True
    if not has_ellipsis:
        draft.ranks_leading = 0
    if equation.operator == "+=":
        _collect(_left_as_read(equation), draft, draft.sight, set(), inner=False)
    _collect(equation.body, draft, draft.sight, group, inner=False)
    return draft


def _left_as_read(equation: syntax.Equation) -> syntax.Read:
    """`y[n, (g, a)] += …` reads y[n, (g, a)] too."""
    subscripts: list[syntax.Expression | syntax.Ellipsis] = []
    for target in equation.targets:
        match target:
            case syntax.Index(name=name, span=span):
                subscripts.append(syntax.Name(span, name))
            case syntax.Merged(indices=indices, span=span):
                subscripts.append(syntax.Tuple(span, tuple(syntax.Name(i.span, i.name) for i in indices)))
            case syntax.Ellipsis() | syntax.Number():
                subscripts.append(target)
    return syntax.Read(equation.name_span, equation.name, tuple(subscripts))


def _variable(draft: Draft, declared: syntax.Index, sight: dict[str, Variable]) -> Variable:
    name = declared.name
    if name in sight:
        raise error(
            f"the index `{name}` is bound twice",
            declared.span,
            hint=f"give one of them another name",
            notes=[f"it is bound first in line {sight[name].span.line}"] if sight[name].span.line != declared.span.line else [],
        )
    earlier = draft.scope.get(name)
    if earlier is not None:
        at = draft.scope.place(name)
        raise error(
            f"the index `{name}` has the name of something else",
            declared.span,
            notes=[f"`{name}` is bound in line {at.line} of {at.source.name}"] if at is not None else [],
            hint=f"rename the index; `dim {name}' as \"{name}\"` lets a size look like it"
            if isinstance(earlier, Expr)
            else "rename the index",
        )
    symbol_name = name
    while symbol_name in draft.used:
        symbol_name += "′"
    draft.used.add(symbol_name)
    return Variable(name, Symbol(symbol_name, "index"), declared.span, declared, sight)


def _add_free(draft: Draft, index: syntax.Index) -> None:
    variable = _variable(draft, index, draft.sight)
    variable.sight = dict(draft.sight)
    draft.sight[index.name] = variable
    draft.free.append(variable)


def _collect(node: object, draft: Draft, sight: dict[str, Variable], group: set[str], *, inner: bool) -> None:
    """Find the reads and the bound indices of a body, each with the indices in sight there."""
    match node:
        case syntax.Reduce(indices=indices, where=where, body=body):
            local = dict(sight)
            bound = []
            for index in indices:
                variable = _variable(draft, index, local)
                variable.sight = dict(local)
                variable.where = where is not None
                local[index.name] = variable
                bound.append(variable)
            draft.bound[id(node)] = bound
            _check_mentions(node, bound)
            _collect(where, draft, local, group, inner=inner)
            _collect(body, draft, local, group, inner=inner)
        case syntax.Read(name=name, subscripts=subscripts):
            value = draft.scope.get(name)
            tensor = value if isinstance(value, Tensor) and name not in _shadowed(draft, group) else None
            draft.occurrences.append(Occurrence(node, sight, tensor, inner))
            for subscript in subscripts:
                _collect(subscript, draft, sight, group, inner=True)
        case syntax.Negate(value=value) | syntax.Not(value=value):
            _collect(value, draft, sight, group, inner=inner)
        case syntax.Binary(left=left, right=right):
            _collect(left, draft, sight, group, inner=inner)
            _collect(right, draft, sight, group, inner=inner)
        case syntax.Compare(operands=items) | syntax.Logic(operands=items) | syntax.Tuple(items=items):
            for item in items:
                _collect(item, draft, sight, group, inner=inner)
        case syntax.Choice(then=then, condition=condition, otherwise=otherwise):
            for item in (then, condition, otherwise):
                _collect(item, draft, sight, group, inner=inner)
        case syntax.Call(arguments=arguments):
            for argument in arguments:
                _collect(argument.value, draft, sight, group, inner=inner)
        case _:
            pass


def _shadowed(draft: Draft, group: set[str]) -> set[str]:
    """Names that the run itself defines and that nothing had bound before."""
    return {name for name in group if not isinstance(draft.scope.get(name), Tensor)}


def _check_mentions(reduce: syntax.Reduce, bound: list[Variable]) -> None:
    used = _names(reduce.body) | _names(reduce.where)
    for index in reduce.indices:
        for part in (index.below, index.range and index.range.first, index.range and index.range.last):
            used |= _names(part)
    for variable in bound:
        if variable.name not in used:
            raise error(
                f"neither the body nor the condition of this `{reduce.operator}` mentions its index `{variable.name}`",
                variable.span,
            )


def _names(node: object) -> set[str]:
    match node:
        case syntax.Name(name=name):
            return {name}
        case syntax.Read(subscripts=subscripts):
            return set().union(*map(_names, subscripts))
        case syntax.Negate(value=value) | syntax.Not(value=value):
            return _names(value)
        case syntax.Binary(left=left, right=right):
            return _names(left) | _names(right)
        case syntax.Compare(operands=items) | syntax.Logic(operands=items) | syntax.Tuple(items=items):
            return set().union(*map(_names, items))
        case syntax.Choice(then=then, condition=condition, otherwise=otherwise):
            return _names(then) | _names(condition) | _names(otherwise)
        case syntax.Call(arguments=arguments):
            return set().union(*(_names(argument.value) for argument in arguments))
        case syntax.Reduce(indices=indices, where=where, body=body):
            inside = _names(body) | _names(where)
            for index in indices:
                for part in (index.below, index.range and index.range.first, index.range and index.range.last):
                    inside |= _names(part)
            return inside - {index.name for index in indices}
        case _:
            return set()


# ---------------------------------------------------------------- ranges


def _propagate(draft: Draft, tensors: dict[str, Tensor], context: Context) -> bool:
    progress = False
    for variable in draft.variables:
        if not variable.known and variable.declared is not None:
            progress |= _stated(variable, draft, context)
    for occurrence in draft.occurrences:
        tensor = occurrence.tensor or tensors.get(occurrence.read.name)
        if tensor is not None:
            progress |= _from_read(draft, occurrence, tensor, context)
    return progress


def _stated(variable: Variable, draft: Draft, context: Context) -> bool:
    from .scalars import size_with_indices

    declared = variable.declared
    assert declared is not None
    if declared.below is not None:
        value = size_with_indices(declared.below, variable.sight, draft.scope, context)
        variable.lower, variable.upper = ZERO, positive_size(value, declared.below.span, context, "a range") - ONE
    elif declared.range is not None:
        variable.lower = size_with_indices(declared.range.first, variable.sight, draft.scope, context)
        variable.upper = size_with_indices(declared.range.last, variable.sight, draft.scope, context)
    else:
        return False
    variable.stated = True
    variable.origin = declared.span
    return True


def leading_count(draft: Draft, read: syntax.Read, tensor: Tensor) -> int:
    """How many axes the `...` of a read stands for (0 where there is none); checks the number of subscripts."""
    explicit = [s for s in read.subscripts if not isinstance(s, syntax.Ellipsis)]
    has = len(explicit) < len(read.subscripts)
    if has and not isinstance(read.subscripts[0], syntax.Ellipsis):
        raise error("`...` stands for leading axes, so it comes first", read.span)
    missing = len(tensor.axes) - len(explicit)
    if missing < 0 or (missing and not has):
        raise error(
            f"`{read.name}` has {_count(len(tensor.axes), 'axis', 'axes')} and is read with "
            f"{_count(len(explicit), 'subscript', 'subscripts')}",
            read.span,
        )
    return missing if has else 0


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _from_read(draft: Draft, occurrence: Occurrence, tensor: Tensor, context: Context) -> bool:
    read = occurrence.read
    progress = False
    leading = leading_count(draft, read, tensor)
    if isinstance(read.subscripts[0] if read.subscripts else None, syntax.Ellipsis):
        if draft.ranks_leading is None:
            draft.ranks_leading = leading
            draft.leading = [
                Variable(f"…{n}", Symbol(f"…{n}", "index"), read.span, None, {}) for n in range(leading)
            ]
            progress = True
        elif draft.ranks_leading != leading:
            if draft.ranks_leading == 0 and not draft.leading:
                raise error("`...` stands on the right only", read.span, hint=f"write `{draft.syntax.name}[..., …]`")
            raise error(
                f"`...` stands for {_count(leading, 'axis', 'axes')} of `{read.name}` and for {draft.ranks_leading} elsewhere",
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


def _divide(draft: Draft, occurrence: Occurrence, items: tuple[syntax.Expression, ...], axis: Axis, context: Context) -> bool:
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
    unknown.lower, unknown.upper = ZERO, positive_size(size, items[0].span.to(items[-1].span), context, f"the range of `{unknown.name}`") - ONE
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
        variable.lower, variable.upper, variable.origin = axis.lower, axis.upper, span
        return True
    assert variable.lower is not None and variable.upper is not None
    if (axis.lower, axis.upper) == (variable.lower, variable.upper):
        return False
    if variable.stated:
        _inside(variable, axis, span, draft, context, tensor)
        return False
    mine, theirs = Axis(variable.lower, variable.upper), axis
    if _depends(variable.lower, variable.upper) and not _depends(axis.lower, axis.upper):
        _inside(variable, axis, span, draft, context, tensor)
        return False
    if _depends(axis.lower, axis.upper) and not _depends(variable.lower, variable.upper):
        variable.lower, variable.upper, variable.origin = axis.lower, axis.upper, span
        return True
    if mine.size == theirs.size and variable.lower == axis.lower:
        return False
    raise _disagreement(variable, axis, span, context, tensor)


def _depends(*ends: Expr) -> bool:
    return any(symbol.kind == "index" for end in ends for symbol in end.symbols())


def _disagreement(variable: Variable, axis: Axis, span: Span, context: Context, tensor: Tensor) -> Exception:
    from .describe import show

    assert variable.lower is not None and variable.upper is not None
    mine = variable.upper - variable.lower + ONE
    name = f"`{variable.name}`" if not variable.name.startswith("…") else "a leading axis"
    origin = [f"it took {show(mine)} from {_where(variable.origin, span)}"] if variable.origin is not None else []
    return error(
        f"the index {name} ranges over {show(mine)} and over {show(axis.size)}",
        span,
        label=f"{show(axis.size)} in `{tensor.name}`",
        notes=origin,
        hint=f"state the range where {name} is bound, or make the two axes agree",
    )


def _where(origin: Span | None, span: Span) -> str:
    if origin is None:
        return "elsewhere"
    same = origin.source is span.source and origin.line == span.line
    column = origin.source.position(origin.start)[1]
    return f"column {column} of this line" if same else f"line {origin.line}"


def _inside(variable: Variable, axis: Axis, span: Span, draft: Draft, context: Context, tensor: Tensor) -> None:
    """A stated range must lie inside the axis."""
    from .describe import show
    from ..algebra.ranges import at_least, at_most

    assert variable.lower is not None and variable.upper is not None
    variables = draft.variables
    low = at_least(variable.lower - axis.lower, variables, context.facts)
    high = at_most(variable.upper - axis.upper, variables, context.facts)
    if low is True and high is True:
        return
    stated = f"{show(variable.lower)}..{show(variable.upper)}"
    if low is False or high is False:
        raise error(
            f"the range {stated} of `{variable.name}` leaves the axis {show(axis.lower)}..{show(axis.upper)} of `{tensor.name}`",
            span,
        )
    bound = (axis.lower, variable.lower) if low is None else (variable.upper, axis.upper)
    raise error(
        f"it is not known whether the range {stated} of `{variable.name}` lies inside the axis "
        f"{show(axis.lower)}..{show(axis.upper)} of `{tensor.name}`",
        span,
        hint=f"`assume {show(bound[0])} <= {show(bound[1])}`",
    )


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
                    if _depends(variable.lower, variable.upper):
                        raise error(f"the range of the merged index `{variable.name}` depends on another index", variable.span)
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
            raise error(f"the range of `{variable.name}` depends on `{symbol.name}`, which is not on the left before it", variable.span)
    return Axis(lower, upper)


def _complain(draft: Draft, tensors: dict[str, Tensor], context: Context) -> None:
    """Report what has stayed unknown."""
    for occurrence in draft.occurrences:
        read = occurrence.read
        if occurrence.tensor is None and read.name not in tensors:
            value = draft.scope.get(read.name)
            if value is None and not any(read.name == other for other in tensors):
                defined = {name for name, _ in draft.scope.tensors().items()}
                if read.name == draft.syntax.name:
                    continue
                raise unknown_name(read.name, read.span, draft.scope, defined)
    for variable in draft.variables:
        if variable.known:
            continue
        on_left = variable in draft.free
        if on_left:
            raise error(
                f"the range of `{variable.name}` is not known: it stands bare on no axis on the right",
                variable.span,
                hint=f"state it: `{variable.name} < N`",
            )
        raise error(
            f"the range of `{variable.name}` is not known: it stands bare on no axis",
            variable.span,
            hint=f"state it: `{variable.name} < N` or `{variable.name} in a..b`",
        )
    if draft.ranks_leading is None:
        raise error("`...` stands on the left only, so the axes that it means are not known", draft.syntax.span)
