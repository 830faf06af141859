"""Bodies of equations: syntax, with every index known, to the scalars of the program.

What reads no tensor is folded into one `Size` as far as that is exact, so that subscripts are arithmetic on indices and
constants stand as one factor.
"""

from __future__ import annotations

from fractions import Fraction

from .. import syntax
from ..algebra.expression import Expr, from_atom
from ..algebra.ranges import at_least, at_most
from ..errors import Span, error, nearest
from ..scalars import (
    COMPARISONS,
    Axis,
    Choice,
    Index,
    Literal_,
    Lookup,
    Merged,
    Operation,
    Position,
    Read,
    Reduction,
    Scalar,
    Size,
    Subscript,
    Tensor,
    at_places,
    mentions,
    position,
    reads,
)
from . import sizes
from .conditions import narrowed
from .describe import shape, show
from .drafts import Draft, Variable
from .layers import find_layer
from .reads import check_name, check_tensor, leading_count
from .values import CONSTANTS, FUNCTIONS, Context, FunctionValue, LayerValue, Poisoned, Scope, Silent

OPERATORS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "^": "power"}


def size_with_indices(node: syntax.Expression, sight: dict[str, Variable], scope: Scope, context: Context) -> Expr:
    """Arithmetic on sizes and indices, where a size is wanted: an end of a range."""
    scalar = Builder(scope, context, {}).scalar(node, sight)
    if isinstance(scalar, Size):
        return scalar.value
    raise error("this must be arithmetic on sizes and indices", node.span)


def build_body(draft: Draft, tensors: dict[str, Tensor], context: Context) -> Scalar:
    """The right side of an analysed equation; `tensors` are those that its run defines."""
    builder = Builder(draft.scope, context, tensors, draft)
    return builder.scalar(draft.syntax.body, draft.sight)


class Builder:
    """Everything that stays the same while one body is built."""

    def __init__(self, scope: Scope, context: Context, tensors: dict[str, Tensor], draft: Draft | None = None) -> None:
        self.scope = scope
        self.context = context
        self.tensors = tensors
        self.draft = draft

    def scalar(self, node: syntax.Expression, sight: dict[str, Variable]) -> Scalar:
        match node:
            case syntax.Number(value=value, text=text):
                return (
                    Size(Expr({(): _whole(value)}) if value else Expr({}))
                    if value.denominator == 1
                    else Literal_(text, value)
                )
            case syntax.Name(name=name, span=span):
                return self._name(name, span, sight)
            case syntax.Read():
                return self._read(node, sight)
            case syntax.Negate(value=value):
                inner = self.scalar(value, sight)
                return Size(-inner.value) if isinstance(inner, Size) else Operation("negate", (inner,))
            case syntax.Binary(operator=operator, left=left, right=right):
                return self._binary(operator, self.scalar(left, sight), self.scalar(right, sight), node.span)
            case syntax.Compare(operands=operands, operators=operators):
                return self._compare([self.scalar(o, sight) for o in operands], operators)
            case syntax.Logic(operator=operator, operands=operands):
                return Operation(operator, tuple(self.scalar(o, sight) for o in operands))
            case syntax.Not(value=value):
                return Operation("not", (self.scalar(value, sight),))
            case syntax.Choice(then=then, condition=condition, otherwise=otherwise):
                return Choice(self.scalar(then, sight), self.scalar(condition, sight), self.scalar(otherwise, sight))
            case syntax.Call():
                return self._call(node, sight)
            case syntax.Reduce():
                return self._reduce(node, sight)
            case syntax.Tuple(items=items):
                return self._merged(items, sight)
            case syntax.Truth() | syntax.Text() | syntax.List() | syntax.Hole() | syntax.Pipe():
                raise error("this has no place in an equation", node.span, hint=_pipe_hint(node))

    def _merged(self, items: tuple[syntax.Expression, ...], sight: dict[str, Variable]) -> Scalar:
        """(i, p) inside arithmetic: i times the size of p, plus p."""
        result = Expr({})
        for item in items:
            size = self._part_size(item, sight)
            if size is None:
                raise error("only indices can be merged inside arithmetic", item.span)
            assert isinstance(item, syntax.Name)
            result = result * size + from_atom(sight[item.name].symbol)
        return Size(result)

    def _name(self, name: str, span: Span, sight: dict[str, Variable]) -> Scalar:
        if name in sight:
            return Size(from_atom(sight[name].symbol))
        value = self.scope.get(name)
        if isinstance(value, Poisoned):
            raise Silent
        if isinstance(value, Expr):
            return Size(value)
        if value is None and name in CONSTANTS:
            return Literal_(name, None)
        if self.draft is not None:
            check_name(syntax.Name(span, name), self.draft, self.tensors)
        if value is not None:
            raise error(f"`{name}` is {sizes.describe(value)}, and a size is wanted here", span)
        raise sizes.unknown_name(name, span, self.scope, set(sight))

    def _binary(self, operator: str, left: Scalar, right: Scalar, span: Span) -> Scalar:
        if isinstance(left, Size) and isinstance(right, Size):
            indexed = any(s.kind == "index" for s in left.value.symbols() | right.value.symbols())
            if operator == "^" and indexed and right.value.integer() is None:
                return Operation("power", (left, right))
            return Size(sizes.arithmetic(operator, left.value, right.value, span, self.context))
        if operator == "/" and isinstance(right, Size) and not right.value:
            raise sizes.by_zero(span)
        return Operation(OPERATORS[operator], (left, right))

    def _compare(self, operands: list[Scalar], operators: tuple[str, ...]) -> Scalar:
        links = [
            Operation(operator, (left, right))
            for left, operator, right in zip(operands, operators, operands[1:], strict=False)
        ]
        return links[0] if len(links) == 1 else Operation("and", tuple(links))

    def _call(self, node: syntax.Call, sight: dict[str, Variable]) -> Scalar:
        name, span, at = node.name, node.span, node.name_span
        arguments = [argument.value for argument in node.arguments]
        value = self.scope.get(name)
        if isinstance(value, Poisoned):
            raise Silent
        if isinstance(value, FunctionValue):
            name = value.name
        elif value is not None or name not in FUNCTIONS:
            if isinstance(value, Tensor):
                raise error(f"`{name}` is a tensor: its elements are read with square brackets", at)
            if isinstance(value, LayerValue) or find_layer(name, self.scope.module) is not None:
                raise error(
                    f"`{name}` is a layer, and layers are applied to whole tensors, outside equations",
                    at,
                    hint=f"`z = x -> {name}`, and read `z` in the equation",
                )
            if value is not None:
                raise error(f"`{name}` is {sizes.describe(value)}, not a function", at)
            raise error(
                f"there is no function `{name}` for the elements of a tensor",
                at,
                hint=nearest(name, FUNCTIONS) or f"functions: {', '.join(FUNCTIONS)}",
            )
        for argument in node.arguments:
            if argument.name is not None:
                raise error(f"`{name}` is a scalar function and has no options", argument.span)
        low, high = FUNCTIONS[name]
        if not low <= len(arguments) <= high:
            wanted = str(low) if low == high else f"{low} to {high}"
            raise error(f"`{name}` takes {wanted} argument{'s' if wanted != '1' else ''}, not {len(arguments)}", span)
        values = [self.scalar(a, sight) for a in arguments]
        if all(isinstance(v, Size) for v in values) and name in (
            "floor",
            "ceil",
            "mod",
            "abs",
            "min",
            "max",
            "log",
            "log2",
            "sqrt",
        ):
            return Size(sizes.function(name, [v.value for v in values if isinstance(v, Size)], span, self.context))
        return Operation(name, tuple(values))

    def _reduce(self, node: syntax.Reduce, sight: dict[str, Variable]) -> Scalar:
        if self.draft is None:
            raise error("a range holds no reduction", node.span)
        bound = self.draft.bound[id(node)]
        local = {**sight, **{variable.name: variable for variable in bound}}
        where = None if node.where is None else self.scalar(node.where, local)
        indices = tuple(v.index() for v in bound)
        if where is not None:
            indices, where = narrowed(indices, where, self.context.facts)
        body = self.scalar(node.body, local)
        for variable in bound:
            self._check_mentioned(variable, indices, where, body, node)
        return Reduction(node.operator, indices, where, body, node.span)

    def _check_mentioned(
        self, variable: Variable, indices: tuple[Index, ...], where: Scalar | None, body: Scalar, node: syntax.Reduce
    ) -> None:
        """An index that cancels, as in x[j - j], is as good as one that is not there."""
        ends = any(i.lower.mentions(variable.symbol) or i.upper.mentions(variable.symbol) for i in indices)
        narrowed_ = where is None and node.where is not None  # its condition has become a range
        if ends or narrowed_ or mentions(body, variable.symbol):
            return
        if where is None or not mentions(where, variable.symbol):
            raise error(
                f"`{variable.name}` cancels, so that neither the body nor the condition of this `{node.operator}` "
                "mentions it",
                variable.span,
            )

    # ---------------------------------------------------------------- reads

    def _read(self, node: syntax.Read, sight: dict[str, Variable]) -> Scalar:
        value = self.scope.get(node.name)
        if isinstance(value, Poisoned):
            raise Silent
        tensor = self.tensors.get(node.name) if not isinstance(value, Tensor) else value
        if self.draft is None:
            raise error("a range does not read tensors", node.span)
        if tensor is None:
            check_tensor(node, self.draft, self.tensors)
            raise sizes.unknown_name(node.name, node.span, self.scope)
        leading = leading_count(self.draft, node, tensor)
        subscripts: list[Subscript] = [Position(from_atom(v.symbol)) for v in self.draft.leading[:leading]]
        written = [s for s in node.subscripts if not isinstance(s, syntax.Ellipsis)]
        places: list[Expr | None] = [position(s) for s in subscripts]
        for axis, item in zip(tensor.axes[leading:], written, strict=True):
            subscript = self._subscript(item, axis, sight)
            subscripts.append(subscript)
            self._check_merge(subscript, axis, tensor, item.span)
            self._check_ragged(tensor, axis, places, subscript, item.span)
            places.append(position(subscript))
        return Read(tensor, tuple(subscripts), node.span)

    def _subscript(self, item: syntax.Expression, axis: Axis, sight: dict[str, Variable]) -> Subscript:
        if isinstance(item, syntax.Tuple):
            parts, part_sizes = [], []
            for part in item.items:
                subscript = self._subscript(part, axis, sight)
                parts.append(subscript)
                part_sizes.append(self._part_size(part, sight))
            return Merged(tuple(parts), tuple(_fill(part_sizes, axis, item.span)))
        scalar = self.scalar(item, sight)
        if isinstance(scalar, Size):
            return Position(scalar.value)
        if not any(True for _ in reads(scalar)):
            raise error("a subscript must be arithmetic on sizes and indices, or read a tensor of integers", item.span)
        return Lookup(scalar)

    def _part_size(self, part: syntax.Expression, sight: dict[str, Variable]) -> Expr | None:
        """The size that one of several merged indices counts over; None for a fixed number."""
        if isinstance(part, syntax.Name) and part.name in sight:
            index = sight[part.name].index()
            return index.upper - index.lower + 1
        return None

    def _check_merge(self, subscript: Subscript, axis: Axis, tensor: Tensor, span: Span) -> None:
        if not isinstance(subscript, Merged):
            return
        size = Expr({(): 1})
        for part in subscript.sizes:
            size = size * part
        if axis.size != size:
            raise error(
                f"these indices count over {show(size)} together, "
                f"and this axis of `{tensor.name}` has {show(axis.size)}",
                span,
                label=f"`{tensor.name}` is {shape(tensor)}",
            )

    def _check_ragged(
        self, tensor: Tensor, axis: Axis, places: list[Expr | None], subscript: Subscript, span: Span
    ) -> None:
        """A read outside a ragged range is an error: what lies there was never computed."""
        if not axis.ragged or self.draft is None:
            return
        here, value = at_places(axis, places), position(subscript)
        if here is None or value is None:
            return
        low = at_least(value - here.lower, self.draft.variables, self.context.facts)
        high = at_most(value - here.upper, self.draft.variables, self.context.facts)
        if low is not True or high is not True:
            raise error(
                f"this read may leave the range of `{tensor.name}` on this axis, which depends on an earlier index",
                span,
                hint="read it with the bare index of that axis, or state the range where the index is bound",
            )


def _fill(part_sizes: list[Expr | None], axis: Axis, span: Span) -> list[Expr]:
    """Sizes of merged parts; one that is not known (a fixed number among indices) is found by division."""
    known = Expr({(): 1})
    for size in part_sizes:
        if size is not None:
            known = known * size
    missing = [n for n, size in enumerate(part_sizes) if size is None]
    if missing and not known:
        raise error("these indices count over nothing", span)
    if len(missing) > 1:
        raise error("only one of several merged indices may be a number", span)
    return [size if size is not None else axis.size / known for size in part_sizes]


def _whole(value: Fraction) -> int:
    return value.numerator


def _pipe_hint(node: syntax.Expression) -> str:
    return "bind the layer's result to a name first, outside the equation" if isinstance(node, syntax.Pipe) else ""


__all__ = ["COMPARISONS", "build_body", "size_with_indices"]
