"""Lark's tree of a text to the syntax tree: a row for each rule of the grammar, every node with its place."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import lark

from . import syntax
from .errors import Source, Span, error

Part = Any  # a node of the syntax tree, a tuple of them, a word or None: what Lark hands from rule to rule


class Builder:
    """Lark's tree to ours, from the leaves up. A rule is a row of `_RULES`: (place, parts) to a node."""

    def __init__(self, source: Source, offset: int) -> None:
        self.source = source
        self.offset = offset

    def build(self, tree: lark.Tree[lark.Token]) -> syntax.File:
        """From the leaves up in a loop: a deeply nested tree must not exhaust Python's stack."""
        built: dict[int, Part] = {}
        for subtree in tree.iter_subtrees():
            parts = [built[id(c)] if isinstance(c, lark.Tree) else self._token(c) for c in subtree.children]
            built[id(subtree)] = _RULES[subtree.data](self._span(subtree), parts)
        file = built[id(tree)]
        assert isinstance(file, syntax.File)
        return file

    def _token(self, token: lark.Token | None) -> Part:
        if token is None:
            return None
        span = Span(self.source, token.start_pos + self.offset, token.end_pos + self.offset)  # type: ignore[operator]
        make = _TOKENS.get(token.type)
        return make(span, str(token)) if make is not None else str(token)

    def _span(self, tree: lark.Tree[lark.Token]) -> Span:
        if tree.meta.empty:
            return Span(self.source, self.offset, self.offset)
        start, end = tree.meta.start_pos + self.offset, tree.meta.end_pos + self.offset
        return Span(self.source, start, min(end, len(self.source.text)))


_TOKENS: dict[str, Callable[[Span, str], Part]] = {
    "NUMBER": lambda span, text: syntax.Number(span, _number(span, text), text),
    "NAME": syntax.Name,
    "STRING": lambda span, text: syntax.Text(span, text[1:-1]),
    "TRUE": lambda span, _: syntax.Truth(span, True),
    "FALSE": lambda span, _: syntax.Truth(span, False),
    "ELLIPSIS": lambda span, _: syntax.Ellipsis(span),
    "HOLE": lambda span, _: syntax.Hole(span),
}


def _number(span: Span, text: str) -> Fraction:
    digits, _, exponent = text.lower().partition("e")
    if len(digits) > 4000 or len(exponent) > 5 or (exponent and abs(int(exponent)) > 4000):
        raise error("this number has thousands of digits", span)
    return Fraction(text)


def _words(part: Part) -> str | None:
    return None if part is None else part.value


def _name(part: Part) -> str | None:
    return None if part is None else part.name


def _names(parts: Part) -> tuple[str, ...]:
    return tuple(part.name for part in parts)


def _definition(kind: str) -> Callable[[Span, list[Part]], Part]:
    def build(span: Span, parts: list[Part]) -> Part:
        name, tensors, options, *rest = parts
        rest = [part for part in rest if part is not None]
        doc = rest.pop(0).value if rest and isinstance(rest[0], syntax.Text) else None
        return syntax.Definition(span, kind, name.name, tensors or (), options or (), doc, tuple(rest), name.span)

    return build


def _index(span: Span, parts: list[Part]) -> Part:
    name, *ranges = (part for part in parts if part is not None and not isinstance(part, str))
    stated = ranges[0] if ranges else None
    if isinstance(stated, syntax.Range):
        return syntax.Index(span, name.name, None, stated)
    return syntax.Index(span, name.name, stated, None)


def _if(span: Span, parts: list[Part]) -> Part:
    parts = [part for part in parts if part is not None]
    branches = [syntax.Branch(c.span, c, b) for c, b in zip(parts[0::2], parts[1::2], strict=False)]
    if len(parts) % 2:
        branches.append(syntax.Branch(span, None, parts[-1]))
    return syntax.If(span, tuple(branches))


def _pipe(span: Span, parts: list[Part]) -> Part:
    value, stage = parts
    if isinstance(value, syntax.Pipe) and span.start == value.span.start:
        return syntax.Pipe(span, value.value, (*value.stages, stage))
    return syntax.Pipe(span, value, (stage,))


def _stage(span: Span, parts: list[Part]) -> Part:
    name, arguments = parts
    return syntax.Stage(span, name.name, (arguments or ()) if span.end > name.span.end else None, name.span)


def _binary(span: Span, parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    left, operator, right = parts
    return syntax.Binary(span, operator, left, right)


def _tuple(_: Span, parts: list[Part]) -> Part:
    return tuple(part for part in parts if part is not None)


def _only(_: Span, parts: list[Part]) -> Part:
    return parts[0]


def _dim_item(span: Span, parts: list[Part]) -> Part:
    name, symbol, value, batch, note = parts
    return syntax.DimItem(span, name.name, _words(symbol), value, batch is not None, _words(note), name.span)


def _expect(span: Span, parts: list[Part]) -> Part:
    left, settings, relation, right, note = parts
    return syntax.Expect(span, left, settings or (), relation, right, _words(note))


_RULES: dict[str, Callable[[Span, list[Part]], Part]] = {
    "start": lambda span, p: syntax.File(span, tuple(p)),
    "dim": lambda span, p: syntax.Dim(span, tuple(p)),
    "ratio": lambda span, p: syntax.Ratio(span, tuple(p)),
    "dim_item": _dim_item,
    "let": lambda span, p: syntax.Let(span, _names(p[0]), p[1], _words(p[2]), _words(p[3])),
    "assume": lambda span, p: syntax.Assume(span, tuple(p)),
    "fact": _only,
    "divides": lambda span, p: syntax.Divides(span, p[0], p[1]),
    "use": lambda span, p: syntax.Use(span, p[0].value),
    "exercise": lambda span, p: syntax.Exercise(span, _words(p[0])),
    "quantity": lambda span, p: syntax.Quantity(span, p[0].name, p[1], _words(p[2])),
    "expect": _expect,
    "caveat": lambda span, p: syntax.Caveat(span, p[0].value),
    "variant": lambda span, p: syntax.Variant(span, p[0].name, p[1], _words(p[2]), p[3], p[0].span),
    "expects": _tuple,
    "relation": lambda _, p: p[0] if p else "in",
    "settings": _tuple,
    "setting": lambda span, p: syntax.Setting(span, p[0].name, p[1]),
    "layer": _definition("layer"),
    "model": _definition("model"),
    "doc": _only,
    "tensors": _tuple,
    "tensor": lambda span, p: syntax.TensorParameter(span, p[0].name, p[1] or (), _name(p[2])),
    "options": _tuple,
    "option": lambda span, p: syntax.OptionParameter(span, p[0].name, p[1]),
    "axes": _tuple,
    "block": _tuple,
    "weight": lambda span, p: syntax.Declare(span, "weight", tuple(p)),
    "buffer": lambda span, p: syntax.Declare(span, "buffer", tuple(p)),
    "mask": lambda span, p: syntax.Declare(span, "mask", tuple(p)),
    "saves": lambda span, p: syntax.Saves(span, _names(p[0])),
    "shape": lambda span, p: syntax.Shape(span, p[0].name, p[1] or ()),
    "equation": lambda span, p: syntax.Equation(span, p[0].name, p[1] or (), p[2], p[3], p[0].span),
    "targets": _tuple,
    "target": _only,
    "negative": lambda span, p: syntax.Number(span, -p[0].value, "-" + p[0].text),
    "merged": lambda span, p: syntax.Merged(span, tuple(p)),
    "index": _index,
    "range": lambda span, p: syntax.Range(span, p[0], p[1]),
    "bind": lambda span, p: syntax.Bind(span, _names(p[0]), p[1]),
    "share": lambda span, p: syntax.Share(span, p[0].name, p[1]),
    "return": lambda span, p: syntax.Return(span, p[0]),
    "if": _if,
    "repeat": lambda span, p: syntax.Repeat(span, p[0], _name(p[1]), p[2], p[3]),
    "until": lambda span, p: syntax.Until(span, _name(p[0]), p[1]),
    "for": lambda span, p: syntax.For(span, _names(p[0]), p[1], p[2]),
    "parallel": lambda span, p: syntax.Parallel(span, p[0], _name(p[1]), p[2]),
    "choose": lambda span, p: syntax.Choose(span, p[0], p[1], _name(p[2]), p[3]),
    "stacked": lambda span, p: syntax.Stacked(span, _name(p[0]), p[1] or ()),
    "opaque": lambda span, p: syntax.Opaque(span, p[0].name, p[1] or (), _names(p[2]), p[3].value, tuple(p[4:])),
    "stated": lambda span, p: syntax.Stated(span, p[0].name, p[1]),
    "reads": lambda span, p: syntax.Reads(span, _names(p[0])),
    "names": _tuple,
    "exprs": _tuple,
    "choice": lambda span, p: syntax.Choice(span, p[0], p[1], p[2]),
    "pipe": _pipe,
    "stage": _stage,
    "or": lambda span, p: syntax.Logic(span, "or", tuple(p)),
    "and": lambda span, p: syntax.Logic(span, "and", tuple(p)),
    "inverse": lambda span, p: syntax.Not(span, p[0]),
    "group": _only,
    "compare": lambda span, p: syntax.Compare(span, tuple(p[0::2]), tuple(p[1::2])),
    "comparator": _only,
    "add": _binary,
    "term": _binary,
    "product": _binary,
    "power": lambda span, p: syntax.Binary(span, "^", p[0], p[1]),
    "negate": lambda span, p: syntax.Negate(span, p[-1]),
    "reduce": lambda span, p: syntax.Reduce(span, p[0], tuple(p[1:-2]), p[-2], p[-1]),
    "read": lambda span, p: syntax.Read(span, p[0].name, p[1] or ()),
    "call": lambda span, p: syntax.Call(span, p[0].name, p[1] or (), p[0].span),
    "args": _tuple,
    "arg": lambda span, p: syntax.Argument(span, _name(p[0]), p[1]),
    "tuple": lambda span, p: syntax.Tuple(span, _tuple(span, p)),
    "list": lambda span, p: syntax.List(span, _tuple(span, p)),
}
