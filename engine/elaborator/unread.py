"""Equations of a model that nothing reads: warnings."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Diagnostic, Span
from ..program import Call, Equation, Instance, Node, Opaque, Recurrence, consumed, nested
from ..scalars import Tensor


def unread(instance: Instance) -> list[Diagnostic]:
    """Equations of the model itself that nothing reads."""
    used = set(instance.outputs) | consumed(instance.body)
    return [
        Diagnostic(f"nothing reads `{tensor.name}`", span, severity="warning")
        for tensor, span in _made(instance.body, used)
        if tensor not in used
    ]


def _made(body: tuple[Node, ...], used: set[Tensor]) -> Iterator[tuple[Tensor, Span]]:
    for node in body:
        match node:
            case Equation(target=target, span=span) | Opaque(target=target, span=span):
                yield target, span
            case Recurrence(equations=equations):
                yield from ((e.target, e.span) for e in equations if not e.initial)
            case Call(results=results, span=span) if not used & set(results):
                yield results[0], span
            case _:
                yield from _made(nested(node), used)
