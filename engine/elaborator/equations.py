"""Equations and recurrences: a run of equations as written, to nodes of the program and tensors in scope."""

from __future__ import annotations

import re

from .. import syntax
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr, const, from_atom
from ..algebra.substitution import substitute
from ..errors import Span, error
from ..program import Equation, Node, Recurrence, Step
from ..scalars import Index, Merged, Operation, Position, Read, Scalar, Subscript, Tensor, position, reads
from .describe import place_note, shape
from .drafts import Draft, reads_itself
from .indices import analyse
from .scalars import build_body
from .sizes import describe as describe_value
from .values import Context, Poisoned, Scope, Silent


def pieces(run: list[syntax.Equation], scope: Scope) -> list[list[syntax.Equation]]:
    """Consecutive equations cut into single ones and recurrences: those that read each other one step back."""
    found: list[list[syntax.Equation]] = []
    start = 0
    for first, last in _groups(run, scope):
        found += [[equation] for equation in run[start:first]]
        found.append(run[first : last + 1])
        start = last + 1
    return found + [[equation] for equation in run[start:]]


def elaborate_piece(piece: list[syntax.Equation], scope: Scope, context: Context) -> list[Node]:
    """The nodes of a single equation, or of the equations of one recurrence."""
    _check_poison(piece, scope)
    if len(piece) > 1 or _reads_what_is_not_bound(piece[0], scope):
        return [_recurrence(piece, scope, context)]
    return _single(piece[0], scope, context)


def _reads_what_is_not_bound(equation: syntax.Equation, scope: Scope) -> bool:
    """Does an equation read the tensor that it defines, and nothing of that name was bound before?"""
    return reads_itself(equation) and equation.operator == "=" and scope.get(equation.name) is None


def _check_rebinding(equation: syntax.Equation, scope: Scope) -> None:
    for read in equation.reads:
        if read.name == equation.name and equation.operator == "=" and _shifted_by_one(read, equation):
            new = equation.name + "'"
            raise error(
                f"`{read.name}` is bound already, and this equation would both read and rebind it at a shifted index",
                read.span,
                notes=place_note(read.name, scope.place(read.name), read.span),
                hint=f"give the recurrence a name of its own: `{new}`",
            )


def _groups(run: list[syntax.Equation], scope: Scope) -> list[tuple[int, int]]:
    """Stretches of the run in which a name is read before the equation that defines it."""
    bound = set(scope.tensors())
    last_definition: dict[str, int] = {}
    for number, equation in enumerate(run):
        if equation.operator == "=":
            last_definition[equation.name] = number
    groups: list[tuple[int, int]] = []
    for number, equation in enumerate(run):
        for read in equation.reads:
            if read.name in bound:
                continue
            if last_definition.get(read.name, -1) >= number:
                groups.append((_with_initial(run, number, read.name), last_definition[read.name]))
        if not _is_initial(equation):
            bound.add(equation.name)
    return _merge(groups)


def _is_initial(equation: syntax.Equation) -> bool:
    return any(isinstance(target, syntax.Number) for target in equation.targets)


def _with_initial(run: list[syntax.Equation], number: int, name: str) -> int:
    while number and _is_initial(run[number - 1]):
        number -= 1
    return number


def _shifted_by_one(read: syntax.Read, equation: syntax.Equation) -> bool:
    for subscript in read.subscripts:
        match subscript:
            case syntax.Binary(operator="+" | "-", left=syntax.Name(name=name), right=syntax.Number(value=value)) if (
                value == 1
            ):
                if any(isinstance(t, syntax.Index) and t.name == name for t in equation.targets):
                    return True
    return False


def _merge(groups: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(groups):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def _check_poison(equations: list[syntax.Equation], scope: Scope) -> None:
    for equation in equations:
        for read in equation.reads:
            if isinstance(scope.get(read.name), Poisoned):
                raise Silent


def _single(equation: syntax.Equation, scope: Scope, context: Context) -> list[Node]:
    _check_rebinding(equation, scope)
    _check_left(equation, scope)
    if _is_initial(equation):
        raise error(
            "this fixes a state before the first step, and no recurrence follows that reads it",
            equation.span,
            hint=f"an equation that reads `{equation.name}` at `t-1` must stand right after it",
        )
    (draft,) = analyse([equation], scope, context)
    assert draft.target is not None
    body = build_body(draft, {}, context)
    target = draft.target
    accumulates = equation.operator == "+="
    if accumulates:
        body, target = _accumulated(draft, body, scope)
    scope.set(equation.name, target, equation.name_span)
    return [Equation(target, _indices(draft), _subscripts(draft), body, equation.span, len(draft.leading), accumulates)]


def _check_left(equation: syntax.Equation, scope: Scope) -> None:
    name = equation.name
    value = scope.get(name)
    if value is not None and not isinstance(value, Tensor | Poisoned):
        raise error(
            f"`{name}` is {describe_value(value)} already",
            equation.name_span,
            notes=place_note(name, scope.place(name), equation.span),
            hint=f"choose another name, such as `{name}'`",
        )
    if value is None and equation.operator == "+=":
        left = equation.span.text.partition("+=")[0].strip()
        raise error(f"`+=` adds to `{name}`, which is not bound yet", equation.name_span, hint=f"`{left} = …`")


def _accumulated(draft: Draft, body: Scalar, scope: Scope) -> tuple[Scalar, Tensor]:
    """y[…] += b is y[…] = y[…] + b."""
    name = draft.syntax.name
    old = scope.get(name)
    assert draft.target is not None
    assert isinstance(old, Tensor)
    if old.axes != draft.target.axes:
        raise error(
            f"`+=` adds {shape(draft.target)} to `{name}`, which is {shape(old)}",
            draft.syntax.span,
            hint="state the ranges on the left, or write a new equation",
        )
    read = Read(old, _subscripts(draft), draft.syntax.name_span)
    return Operation("add", (read, body)), Tensor(name, old.axes)


def _indices(draft: Draft) -> tuple[Index, ...]:
    return tuple(variable.index() for variable in [*draft.leading, *draft.free])


def _subscripts(draft: Draft) -> tuple[Subscript, ...]:
    found: list[Subscript] = [Position(from_atom(v.symbol)) for v in draft.leading]
    variables = iter(draft.free)
    for target in draft.syntax.targets:
        match target:
            case syntax.Index():
                found.append(Position(from_atom(next(variables).symbol)))
            case syntax.Merged(indices=indices):
                parts = [next(variables).index() for _ in indices]
                found.append(
                    Merged(tuple(Position(p.expr) for p in parts), tuple(p.upper - p.lower + 1 for p in parts))
                )
            case syntax.Number(value=value):
                found.append(Position(const(int(value))))
            case syntax.Ellipsis():
                pass
    return tuple(found)


# ---------------------------------------------------------------- recurrences


def _recurrence(equations: list[syntax.Equation], scope: Scope, context: Context) -> Recurrence:
    for equation in equations:
        _check_left(equation, scope)
    for equation in equations:
        if equation.operator == "+=":
            raise error(
                "`+=` has no place among the equations of a recurrence",
                equation.span,
                hint="write the sum in one equation",
            )
    drafts = analyse(equations, scope, context)
    tensors = {draft.syntax.name: draft.target for draft in drafts if draft.target is not None and not draft.initial}
    nodes = []
    for draft in drafts:
        body = build_body(draft, tensors, context)
        target = tensors[draft.syntax.name] if not draft.initial else _initial(draft, tensors)
        nodes.append(
            Equation(
                target,
                _indices(draft),
                _subscripts(draft),
                body,
                draft.syntax.span,
                len(draft.leading),
                False,
                draft.initial,
            )
        )
    steps = [step for number, node in enumerate(nodes) for step in _steps(number, node, nodes, context)]
    _check_order(nodes, steps)
    for draft in drafts:
        if not draft.initial:
            scope.set(draft.syntax.name, tensors[draft.syntax.name], draft.syntax.name_span)
    return Recurrence(tuple(nodes), tuple(steps), equations[0].span.to(equations[-1].span))


def _check_order(nodes: list[Equation], steps: list[Step]) -> None:
    """Equations that wait for each other's step before and step after have no order in which they could run."""
    order = {node.target: number for number, node in enumerate(nodes) if not node.initial}
    edges = {
        (order[read.tensor], number)
        for number, node in enumerate(nodes)
        for read in reads(node.body)
        if read.tensor in order
    }
    reach = set(edges)
    for middle in range(len(nodes)):
        reach |= {(a, d) for a, b in reach if b == middle for c, d in reach if c == middle}
    for one in steps:
        for other in steps:
            a, b = order[one.state], order[other.state]
            circle = {(a, one.reader), (one.reader, b), (b, other.reader), (other.reader, a)} <= reach | {
                (n, n) for n in range(len(nodes))
            }
            if one.axis == other.axis and one.shift < 0 < other.shift and circle:
                raise error(
                    "this recurrence reads the step before and the step after: it has no order in which it could run",
                    nodes[other.reader].span,
                    hint="a recurrence each way, with a name of its own, reads both sides",
                )


def _initial(draft: Draft, tensors: dict[str, Tensor]) -> Tensor:
    name = draft.syntax.name
    state = tensors.get(name)
    if state is None:
        raise error(f"nothing defines `{name}` after its initial state", draft.syntax.span)
    assert draft.target is not None
    if len(state.axes) != len(draft.target.axes):
        raise error(f"the initial state of `{name}` has another number of axes than `{name}`", draft.syntax.span)
    for mine, theirs in zip(draft.target.axes, state.axes, strict=True):
        fixed = mine.lower == mine.upper and mine.lower.integer() is not None
        if not fixed and mine != theirs:
            raise error(f"the initial state of `{name}` has another shape than `{name}`", draft.syntax.span)
    return Tensor(name, draft.target.axes)


def _steps(number: int, node: Equation, nodes: list[Equation], context: Context) -> list[Step]:
    """How an equation of a recurrence reads the tensors of its run."""
    order = {other.target: position for position, other in enumerate(nodes) if not other.initial}
    own: dict[Symbol, int] = {}
    for subscript_number, subscript in enumerate(node.subscripts):
        if isinstance(subscript, Position):
            for symbol in subscript.value.symbols():
                own[symbol] = subscript_number
    found = []
    stepped = {
        axis for other in nodes for read in reads(other.body) if read.tensor in order for axis in _gaps(read, other)
    }
    for read in reads(node.body):
        if read.tensor not in order:
            continue
        earlier = order[read.tensor] < number
        shifts = _shifts(read, node, stepped if earlier else set(range(len(node.subscripts))))
        if shifts is None or len(shifts) > 1 or any(shift not in (-1, 1) for _, shift in shifts):
            raise error(
                f"a recurrence reads `{read.tensor.name}` at the step before (`t-1`) or after (`t+1`) its own",
                read.span,
                hint="the step must be the same index on both sides, shifted by one",
            )
        if shifts:
            ((axis, shift),) = shifts
            found.append(Step(number, read.tensor, axis, shift))
        elif order[read.tensor] >= number:
            itself = order[read.tensor] == number
            raise error(
                f"`{read.tensor.name}` reads itself at the same step"
                if itself
                else f"`{read.tensor.name}` is read here at the same step, before the equation that defines it",
                read.span,
                hint=_one_step_back(read, node) + ("" if itself else ", or move its equation up"),
            )
    return found


def _one_step_back(read: Read, node: Equation) -> str:
    """The read as written, with the first index of the equation shifted."""
    for index in node.indices[node.leading :]:
        text, times = re.subn(
            rf"(?<=[\[\s,]){re.escape(index.name)}(?=[\],])", f"{index.name}-1", read.span.text, count=1
        )
        if times:
            return f"read it one step back, `{text}`"
    return "read it one step back"


def _gaps(read: Read, node: Equation) -> dict[int, int]:
    """The axes on which a subscript is the own index of that axis plus a number, with that number."""
    found = {}
    for axis, (mine, theirs) in enumerate(zip(node.subscripts, read.subscripts, strict=False)):
        left, right = position(mine), position(theirs)
        gap = None if left is None or right is None else (right - left).integer()
        if gap:
            found[axis] = gap
    return found


def _shifts(read: Read, node: Equation, stepped: set[int]) -> list[tuple[int, int]] | None:
    """(axis, shift) wherever a subscript is the own index of that axis plus a number; None if it cannot be a step: on
    the axes of the steps, a read at the same step is at the own index."""
    found = list(_gaps(read, node).items())
    if not found:
        free = {index.symbol for index in node.indices}
        for axis, theirs in enumerate(read.subscripts):
            if axis not in stepped:
                continue
            value = position(theirs)
            mine_value = position(node.subscripts[axis]) if axis < len(node.subscripts) else None
            if value is not None and mine_value is not None and value != mine_value and value.symbols() & free:
                return None
    return found


# ---------------------------------------------------------------- whole tensors


def pointwise(kind: str, operands: list[Tensor | Scalar], name: str, span: Span) -> tuple[Tensor, Equation]:
    """A function of whole tensors of one shape, as the equation that it is."""
    shape = next(operand for operand in operands if isinstance(operand, Tensor))
    target = Tensor(name, shape.axes)
    indices: list[Index] = []
    places: dict[Symbol, Expr] = {}
    for number, axis in enumerate(shape.axes):
        symbol = Symbol(f"…{number}", "index")
        indices.append(Index(symbol, symbol.name, substitute(axis.lower, places), substitute(axis.upper, places)))
        places[Symbol(f"@{number}", "index")] = from_atom(symbol)
    subscripts = tuple(Position(index.expr) for index in indices)
    scalars = tuple(Read(o, subscripts, span) if isinstance(o, Tensor) else o for o in operands)
    return target, Equation(
        target, tuple(indices), subscripts, Operation(kind, scalars), span, len(indices), pointwise=True
    )


__all__ = ["elaborate_piece", "pieces", "pointwise"]
