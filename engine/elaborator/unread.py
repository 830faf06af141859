"""Equations of a model that nothing reads: warnings."""

from __future__ import annotations

from ..errors import Diagnostic, Span
from ..program import Call, Carried, Equation, Instance, Join, Node, Recurrence, Repeat, Split
from ..scalars import Tensor
from ..scalars import reads as tensor_reads


def unread(instance: Instance) -> list[Diagnostic]:
    """Equations of the model itself that nothing reads."""
    used = set(instance.outputs)
    made: list[tuple[Tensor, Span]] = []
    _collect(instance.body, used, made)
    return [
        Diagnostic(f"nothing reads `{tensor.name}`", span, severity="warning")
        for tensor, span in made
        if tensor not in used
    ]


def _collect(body: tuple[Node, ...], used: set[Tensor], made: list[tuple[Tensor, Span]]) -> None:
    for node in body:
        match node:
            case Equation(target=target, span=span):
                made.append((target, span))
                used |= {read.tensor for read in tensor_reads(node.body)}
            case Recurrence(equations=equations):
                for equation in equations:
                    used |= {read.tensor for read in tensor_reads(equation.body)}
                    if not equation.initial:
                        made.append((equation.target, equation.span))
            case Join(parts=parts):
                used |= set(parts)
            case Split(source=source):
                used.add(source)
            case Call(arguments=arguments):
                used |= set(arguments)
            case Repeat(body=inner, carried=carried):
                _collect(inner, used, made)
                for item in carried:
                    _mark(item, used)
            case _:
                pass


def _mark(item: Carried, used: set[Tensor]) -> None:
    used |= {item.initial, item.exit}
