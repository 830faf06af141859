"""Equations as written, to drafts: which indices are bound, and which tensors are read with them.

It does not look for the ranges of the indices; `indices` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import syntax
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr
from ..errors import ArchError, Span, error
from ..scalars import Index, Tensor
from .describe import place_note
from .sizes import describe
from .values import Scope


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
    of: Tensor | None = None  # the tensor whose axis gives the range
    where: bool = False

    @property
    def known(self) -> bool:
        return self.lower is not None and self.upper is not None

    def index(self) -> Index:
        assert self.lower is not None and self.upper is not None
        return Index(self.symbol, self.symbol.name, self.lower, self.upper, self.stated)


@dataclass(eq=False)
class Occurrence:
    """A read of a tensor, with the indices in sight there."""

    read: syntax.Read
    sight: dict[str, Variable]
    tensor: Tensor | None
    inner: bool


@dataclass(eq=False)
class Mention:
    """A bare name, with the indices in sight there."""

    name: syntax.Name
    sight: dict[str, Variable]


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
    group: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    mentions: list[Mention] = field(default_factory=list)
    # What is wrong unless an index is known after all.
    open: ArchError | None = None

    @property
    def variables(self) -> list[Variable]:
        return [*self.leading, *self.free, *(v for bound in self.bound.values() for v in bound)]


def reads_itself(equation: syntax.Equation) -> bool:
    return any(read.name == equation.name for read in equation.reads)


# ---------------------------------------------------------------- what is there


def draft_of(equation: syntax.Equation, scope: Scope, group: set[str]) -> Draft:
    draft = Draft(equation, scope, group=group, used=_turns(scope))
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


def _turns(scope: Scope) -> set[str]:
    """The names that the sizes in sight mention: an index beside C + k i, or in a layer that is handed a dim i, is
    written i'."""
    return {
        symbol.name
        for tensor in scope.tensors().values()
        for axis in tensor.axes
        for symbol in axis.upper.symbols()
        if not symbol.name.startswith("@")
    }


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
        first = sight[name].span
        raise error(
            f"the index `{name}` is bound twice",
            declared.span,
            label=f"first in column {first.source.position(first.start)[1]}"
            if first.line == declared.span.line
            else "",
            notes=place_note(name, first, declared.span),
            hint="give one of them another name",
        )
    earlier = draft.scope.get(name)
    if earlier is not None:
        raise error(
            f"the index `{name}` has the name of {describe(earlier)}",
            declared.span,
            notes=place_note(name, draft.scope.place(name), declared.span),
            hint=_other_index(name, draft.scope),
        )
    symbol_name = name
    while symbol_name in draft.used:
        symbol_name += "'"
    draft.used.add(symbol_name)
    return Variable(name, Symbol(symbol_name, "index"), declared.span, declared, sight)


def _other_index(name: str, scope: Scope) -> str:
    """An index gives way to a tensor; a dim may keep its look under another name."""
    if name in scope.module.sizes and scope.own(name) is None:
        other = name.upper() if scope.get(name.upper()) is None and name.upper() != name else f"{name}'"
        return f'rename the index, or the dim: `dim {other} as "{name}"`'
    return f"rename the index, for instance to `{name}'`"


def _add_free(draft: Draft, index: syntax.Index) -> None:
    variable = _variable(draft, index, draft.sight)
    variable.sight = dict(draft.sight)
    draft.sight[index.name] = variable
    draft.free.append(variable)


def _no_range(subscript: syntax.Expression | syntax.Ellipsis) -> None:
    """`x[n, (a < h, e)]` on the right: what is read states no range."""
    for item in subscript.items if isinstance(subscript, syntax.Tuple) else (subscript,):
        if isinstance(item, syntax.Compare) and isinstance(item.operands[0], syntax.Name):
            raise error(
                "a range is stated where the index is bound, not where a tensor is read",
                item.span,
                hint=f"`sum[{item.span.text}] …`, or `[{item.span.text}]` on the left; here `{item.operands[0].name}`",
            )


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
        case syntax.Name(name=name):
            draft.mentions.append(Mention(node, sight))
        case syntax.Read(name=name, subscripts=subscripts):
            value = draft.scope.get(name)
            tensor = value if isinstance(value, Tensor) and name not in _shadowed(draft, group) else None
            draft.occurrences.append(Occurrence(node, sight, tensor, inner))
            for subscript in subscripts:
                _no_range(subscript)
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
    used = names_in(reduce.body) | names_in(reduce.where)
    for index in reduce.indices:
        for part in (index.below, index.range and index.range.first, index.range and index.range.last):
            used |= names_in(part)
    for variable in bound:
        if variable.name not in used:
            raise error(
                f"neither the body nor the condition of this `{reduce.operator}` mentions its index `{variable.name}`",
                variable.span,
            )


def names_in(node: object) -> set[str]:
    match node:
        case syntax.Name(name=name):
            return {name}
        case syntax.Read(subscripts=subscripts):
            return set().union(*map(names_in, subscripts))
        case syntax.Negate(value=value) | syntax.Not(value=value):
            return names_in(value)
        case syntax.Binary(left=left, right=right):
            return names_in(left) | names_in(right)
        case syntax.Compare(operands=items) | syntax.Logic(operands=items) | syntax.Tuple(items=items):
            return set().union(*map(names_in, items))
        case syntax.Choice(then=then, condition=condition, otherwise=otherwise):
            return names_in(then) | names_in(condition) | names_in(otherwise)
        case syntax.Call(arguments=arguments):
            return set().union(*(names_in(argument.value) for argument in arguments))
        case syntax.Reduce(indices=indices, where=where, body=body):
            inside = names_in(body) | names_in(where)
            for index in indices:
                for part in (index.below, index.range and index.range.first, index.range and index.range.last):
                    inside |= names_in(part)
            return inside - {index.name for index in indices}
        case _:
            return set()
