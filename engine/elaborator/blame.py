"""Mistakes inside a layer, told from where it was called: a standard layer's own lines are no place to look."""

from __future__ import annotations

import re

from ..algebra.expression import Expr
from ..errors import ArchError, Diagnostic, Span, nearest
from .arguments import signature
from .describe import brief
from .values import Context, LayerValue, Value


def blamed(
    failure: ArchError, layer: LayerValue, span: Span, options: dict[str, tuple[Value, Span]], context: Context
) -> ArchError:
    """The mistakes as those of the call, with the lines that they are in."""
    diagnostics = []
    for d in failure.diagnostics:
        if d.span is None or span.source.library or "calls itself" in d.message:
            diagnostics.append(d)
        elif d.span.source.library:
            where = f"in {d.span.source.name}, line {d.span.line}: {_line(d.span)}"
            hint = (
                _whole_option(d, options, context)
                or _text_option(layer, options)
                or (d.hint if not d.hint.startswith("`floor(") else signature(layer.definition))
            )
            message = f"`{layer.name}` cannot be applied here: {d.message}"
            diagnostics.append(Diagnostic(message, span, d.label, hint, notes=(*d.notes, where)))
        elif len(d.notes) < 3 and not (d.span.source is span.source and d.span.line == span.line):
            file = "" if d.span.source is span.source else f" of {span.source.name}"
            note = f"`{layer.name}` is opened in line {span.line}{file}"
            diagnostics.append(Diagnostic(d.message, d.span, d.label, d.hint, d.severity, (*d.notes, note)))
        else:
            diagnostics.append(d)
    return ArchError(*diagnostics)


def _whole_option(diagnostic: Diagnostic, options: dict[str, tuple[Value, Span]], context: Context) -> str:
    """Where a size inside a layer is not whole because an option is not, the option rounded."""
    if not diagnostic.hint.startswith("`floor("):
        return ""
    for value, at in options.values():
        if isinstance(value, Expr) and not at.source.library and not context.facts.is_integer(value):
            text = brief(at)
            name, equals, right = text.partition("=")
            start = f"{name.strip()} = " if equals else ""
            written = right.strip() if equals else text
            return f"`{start}floor({written})` or `{start}ceil({written})`" if written else ""
    return ""


def _text_option(layer: LayerValue, options: dict[str, tuple[Value, Span]]) -> str:
    """What a text that is given may be, where the layer compares it with some and it is none of them."""
    for name, (value, _) in options.items():
        known = re.findall(rf'\b{re.escape(name)} == "([^"]*)"', layer.definition.span.text)
        if isinstance(value, str) and known and value not in known:
            texts = ", ".join(f'"{text}"' for text in dict.fromkeys(known))
            return nearest(value, set(known)) or f"`{name}` may be {texts}, or no text"
    return ""


def _line(span: Span) -> str:
    text = span.source.line(span.line).strip()
    return text if len(text) <= 80 else text[:80].rstrip() + " …"
