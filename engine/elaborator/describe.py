"""What a message says of sizes, shapes, places and names: `4*D`, `[N, D]`, `line 3`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from ..algebra.expression import Expr
from ..errors import Span
from ..forms import to_formula
from ..notation import Symbols, to_python
from ..scalars import Tensor

MANY_TERMS = 12


def show(expr: Expr) -> str:
    """A size as it would be written in a file."""
    return "a long sum" if len(expr.terms) > MANY_TERMS else written(expr)


def written(expr: Expr) -> str:
    """The same, however long it is.

    >>> from archderive.algebra.expression import sym
    >>> from archderive.elaborator.describe import written
    >>> written(sym("N") ** 2 * 2 + sym("N"))
    '2*N^2 + N'
    """
    text = to_python(to_formula(expr), Symbols({}))
    text = text.replace("_prime", "'")
    return text.replace("**", "^").replace("ceiling(", "ceil(").replace("Max(", "max(").replace("Min(", "min(")


def shape(tensor: Tensor) -> str:
    return "[" + ", ".join(show(axis.size) for axis in tensor.axes) + "]"


def examples(values: Mapping[str, Fraction], *sizes: Expr) -> str:
    """`N = 8, D = 4`: the example values of what the sizes depend on."""
    names = sorted({symbol.name for size in sizes for symbol in size.symbols()})
    return ", ".join(f"{name} = {number(values[name])}" for name in names if name in values)


def number(value: Fraction | int | float) -> str:
    """A number as a person writes it: 2.5 rather than 5/2 where the decimals end soon."""
    if isinstance(value, float):
        return f"{value:g}"
    value = Fraction(value)
    for places in range(1, 5):
        if value.denominator != 1 and (value * 10**places).denominator == 1:
            return f"{float(value):.{places}f}"
    return str(value)


def count(size: int, one: str, many: str = "") -> str:
    """`no axes`, `1 axis`, `2 axes`."""
    return f"{size or 'no'} {one if size == 1 else many or one + 's'}"


def place_note(name: str, at: Span | None, here: Span) -> list[str]:
    """A note that says where a name was bound, unless it is the same line."""
    if at is None or (at.source is here.source and at.line == here.line):
        return []
    file = "" if at.source is here.source else f" of {at.source.name}"
    return [f"`{name}` is bound in line {at.line}{file}"]


def name_span(span: Span, name: str) -> Span:
    """The first place of a name inside a span; the span itself if it does not stand there."""
    match = re.search(rf"(?<![\w']){re.escape(name)}(?![\w'])", span.text)
    return span if match is None else Span(span.source, span.start + match.start(), span.start + match.end())


def brief(span: Span, limit: int = 60) -> str:
    """The text of a span if it is short enough to be quoted, else an empty text."""
    return span.text if "\n" not in span.text and len(span.text) <= limit else ""
