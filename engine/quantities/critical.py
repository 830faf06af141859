"""The longest chain of steps, told part by part: what each node of a model adds on the way to its last output."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ..algebra.expression import ZERO, Expr, total
from ..algebra.facts import Facts
from ..nodes import made, read
from ..program import Call, Instance, Node, Repeat, nested
from ..scalars import Tensor

REPEAT = "the repeat"
MOST_TOLD = 7  # parts; of more the reader would rather see the equations


@dataclass(frozen=True)
class Link:
    """A part of the chain, a layer or a tensor by name or a repeat, and the steps that it adds."""

    name: str
    steps: Expr


def links(instance: Instance, end: Callable[[Tensor], Expr | None], facts: Facts) -> tuple[Link, ...]:
    """The parts of the longest chain, first to last, whose steps add up to all of it; none where it is not known which
    of two is longer. `end` says when all of a tensor is there."""
    makers = {tensor: node for node in instance.body for tensor in made(node)}
    here = _latest([t for t in instance.outputs if t in makers], end, facts)
    found: list[Link] = []
    while here is not None:
        tensor, at = here
        node = makers[tensor]
        others = [t for t in _all_read(node) if t in makers and makers[t] is not node]
        before = _latest(others, end, facts)
        if before is None and any(end(t) not in (None, ZERO) for t in others):
            return ()
        steps = at - (before[1] if before is not None else ZERO)
        if steps.terms:
            found.append(Link(_name(node, tensor), steps))
        here = before if before is not None and before[1].terms else None
    return tuple(_together(reversed(found)))


def told(parts: Sequence[Link]) -> tuple[str | Expr, ...]:
    """`: 2 of x, 58 L of the repeat, 1 of linear`; of many parts, those of one name together. Nothing of a single part
    or of too many names."""
    if len(parts) > MOST_TOLD:
        names = dict.fromkeys(link.name for link in parts)
        parts = [Link(name, total(link.steps for link in parts if link.name == name)) for name in names]
        parts = [replace(link, name="the repeats") if link.name == REPEAT else link for link in parts]
    if not 1 < len(parts) <= MOST_TOLD:
        return ()
    words: list[str | Expr] = []
    for number, link in enumerate(parts):
        joint = ": " if not number else " and " if number == len(parts) - 1 else ", "
        words += [joint, link.steps, f" of {link.name}"]
    return tuple(words)


def _name(node: Node, tensor: Tensor) -> str:
    match node:
        case Repeat():
            return REPEAT
        case Call(instance=instance):
            return f"`{instance.name}`"
        case _:
            return f"`{tensor.name}`"


def _all_read(node: Node) -> list[Tensor]:
    """What a node reads, and what the nodes inside of it do."""
    found = list(read(node))
    if isinstance(node, Repeat):
        found += [carried.initial for carried in node.carried]
    for inner in nested(node):
        found += _all_read(inner)
    return found


def _latest(
    tensors: Sequence[Tensor], end: Callable[[Tensor], Expr | None], facts: Facts
) -> tuple[Tensor, Expr] | None:
    """The tensor that is there last, if one is known to be."""
    ends = [(tensor, at) for tensor in tensors if (at := end(tensor)) is not None]
    return next((one for one in ends if all(facts.nonnegative(one[1] - at) for _, at in ends)), None)


def _together(parts: Iterable[Link]) -> Iterator[Link]:
    """Parts of one name that follow each other as one, but for repeats."""
    for name, same in groupby(parts, key=lambda link: link.name):
        if name == REPEAT:
            yield from same
        else:
            yield Link(name, total(link.steps for link in same))
