"""Sizes and shapes in the words of a message: `4*D`, `[N, D]`."""

from __future__ import annotations

from ..algebra.expression import Expr
from ..forms import to_formula
from ..notation import Symbols, to_python
from ..program import Tensor


def show(expr: Expr) -> str:
    """A size as it would be written in a file."""
    text = to_python(to_formula(expr), Symbols({}))
    return text.replace("**", "^").replace("ceiling(", "ceil(")


def shape(tensor: Tensor) -> str:
    return "[" + ", ".join(show(axis.size) for axis in tensor.axes) + "]"
