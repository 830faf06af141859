"""Names of results: the one that a result is bound to, or a number for the second of several that no one names."""

from __future__ import annotations

from dataclasses import replace

from ..program import Call, Equation, Join, Split
from ..scalars import Tensor
from .values import Body


def renamed(value: Tensor, name: str, body: Body, before: int) -> Tensor:
    """A result takes the name that it is bound to, where it was made by this very statement."""
    if value.name == name:
        return value
    named = Tensor(name, value.axes, value.kind)
    for number in range(before, len(body.nodes)):
        node = body.nodes[number]
        match node:
            case Equation(target=target) if target is value:
                body.nodes[number] = replace(node, target=named)
                return named
            case Join(result=result) if result is value:
                body.nodes[number] = replace(node, result=named)
                return named
            case Call(results=results) | Split(results=results) if value in results:
                body.nodes[number] = replace(node, results=tuple(named if r is value else r for r in results))
                return named
            case _:
                pass
    return value


def numbered(value: Tensor, body: Body) -> Tensor:
    """The result of a stage of a pipe, which no one names: the second `linear` of a body is `linear_2`."""
    count = body.unnamed[value.name] = body.unnamed.get(value.name, 0) + 1
    return value if count == 1 else renamed(value, f"{value.name}_{count}", body, len(body.nodes) - 1)
