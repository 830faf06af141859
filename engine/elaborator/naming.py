"""Names of results: the one that a result is bound to, or a number for the second of several that no one names."""

from __future__ import annotations

from dataclasses import replace

from ..program import Call, Equation, Join, Split
from ..scalars import Tensor
from .values import Body


def renamed(value: Tensor, name: str, body: Body, before: int) -> Tensor:
    """A result takes the name that it is bound to, where it was made by this very statement; the number that it had
    is free again."""
    named = value if value.name == name else _renamed(value, name, body, before)
    if named is not value:
        _give_back(value.name, body)
    body.unnamed.setdefault(name, 1)
    return named


def numbered(value: Tensor, body: Body) -> Tensor:
    """The result of what was appended last, which no one has named yet: the second `linear` of a layer is
    `linear_2`."""
    count = body.unnamed.get(value.name, 0) + 1
    while count > 1 and f"{value.name}_{count}" in body.unnamed:
        count += 1
    body.unnamed[value.name] = count
    return value if count == 1 else _renamed(value, f"{value.name}_{count}", body, len(body.nodes) - 1)


def _give_back(name: str, body: Body) -> None:
    base, _, number = name.rpartition("_")
    if body.unnamed.get(name) == 1:
        del body.unnamed[name]
    elif number.isdigit() and body.unnamed.get(base) == int(number):
        body.unnamed[base] -= 1


def _renamed(value: Tensor, name: str, body: Body, before: int) -> Tensor:
    """The result under another name, in the node that makes it; as it was where nothing since `before` makes it."""
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
