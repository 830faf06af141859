"""Tensors with a second name: `skip = x`, where x is the name of something else by the time that skip is read.

What a body says is followed in its order. A tensor whose own name stands for another one by then is called by the
other name that its author gave it, which is told where its own name is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..nodes import entered, made, read
from ..program import Choose, Instance, Node, Parallel, Repeat
from ..scalars import Tensor


class Names:
    """What each name stands for, from the inputs of an instance on."""

    def __init__(self, instance: Instance, aliases: Mapping[Tensor, str]) -> None:
        self._aliases = aliases
        self._needed = frozenset(_read_late(instance, aliases))
        self._stands: dict[str, Tensor] = {tensor.name: tensor for tensor in instance.inputs}

    def of(self, tensor: Tensor) -> str:
        """The name under which a tensor is read now."""
        if tensor in self._needed and self._stands.get(tensor.name, tensor) is not tensor:
            return self._aliases[tensor]
        return tensor.name

    def taken(self, tensors: Sequence[Tensor]) -> list[tuple[str, Tensor]]:
        """Names for these from now on; the other names of what is read later, and loses its own by that."""
        lost = [self._stands.get(tensor.name, tensor) for tensor in tensors]
        for tensor in tensors:
            self._stands[tensor.name] = tensor
        lost = [one for one in dict.fromkeys(lost) if one in self._needed and one not in tensors]
        return [(self._aliases[one], one) for one in lost]


def _read_late(instance: Instance, aliases: Mapping[Tensor, str]) -> Iterator[Tensor]:
    """Tensors that are read where their own name stands for another one, and that have another."""
    stands = {tensor.name: tensor for tensor in instance.inputs}

    def follow(body: Sequence[Node]) -> Iterator[Tensor]:
        for node in body:
            for tensor in entered(node):
                stands[tensor.name] = tensor
            yield from (t for t in read(node) if t in aliases and stands.get(t.name, t) is not t)
            if isinstance(node, Repeat | Choose | Parallel):
                yield from follow(node.body)
            for tensor in made(node):
                stands[tensor.name] = tensor

    yield from follow(instance.body)
