"""A formula in the names of a model that comes from outside of its file: `24*B*s*h^2`."""

from __future__ import annotations

import re

from .. import syntax
from ..algebra.expression import Expr, from_atom
from ..errors import ArchError, Diagnostic, Source, usage
from ..notation import Symbols
from ..parser import parse
from ..program import Dimension, Program
from .expressions import number_of
from .values import Context, Module, Scope


def read_term(text: str, program: Program) -> Expr:
    """The formula, in the sizes of the model. Raises a usage error."""
    source = Source("--explain", f"let term = {text}\n")
    hint = "a product in the names of the file: `--explain '12*N*D^2'`"
    try:
        items = parse(source).items
    except ArchError:
        raise usage(f"`--explain {text}` is no formula", hint=hint) from None
    if len(items) != 1 or not isinstance(items[0], syntax.Let) or len(items[0].values) != 1:
        raise usage(f"`--explain {text}` is no formula", hint=hint)
    scope = Scope(Module(source, {}))
    for dimension in program.dimensions:
        scope.names[dimension.symbol.name] = from_atom(dimension.symbol)
    context = Context(program.facts.copy(), {})
    try:
        return number_of(items[0].values[0], scope, context)
    except ArchError as failure:
        first: Diagnostic = failure.diagnostics[0]
        printed = next((hint for d in program.dimensions if (hint := _printed(d, text))), "")
        names = ", ".join(f"`{d.symbol.name}`" for d in program.dimensions)
        raise usage(
            f"`--explain {text}`: {first.message}", hint=printed or first.hint or f"sizes of `{program.name}`: {names}"
        ) from None


def _printed(dimension: Dimension, text: str) -> str:
    """What to say where a size is called as it is printed."""
    name = dimension.symbol.name
    shown = Symbols({} if dimension.latex is None else {name: dimension.latex}).in_unicode(name)
    if shown != name and re.search(rf"(?<!\w){re.escape(shown)}(?!\w)", text):
        return f"`{shown}` is how `{name}` is printed"
    return ""
