"""What a node of a program reads and what it makes: the tensors on its two sides."""

from __future__ import annotations

from .program import Call, Choose, Declared, Equation, Join, Node, Opaque, Parallel, Recurrence, Repeat, Split
from .scalars import Tensor


def entered(node: Node) -> tuple[Tensor, ...]:
    """What has its name inside of a node only."""
    return tuple(carried.entry for carried in node.carried) if isinstance(node, Repeat) else ()


def made(node: Node) -> tuple[Tensor, ...]:
    """What has its name behind a node."""
    match node:
        case Declared(tensor=tensor):
            return (tensor,)
        case Equation(target=target) | Opaque(target=target):
            return (target,)
        case Recurrence(equations=equations):
            return tuple(equation.target for equation in equations)
        case Join(result=result):
            return (result,)
        case Call(results=results) | Split(results=results):
            return results
        case Repeat(carried=carried):
            return tuple(one.result for one in carried)
        case Choose(results=gathered) | Parallel(results=gathered):
            return tuple(one.outer for one in gathered)
        case _:
            return ()


def read(node: Node) -> tuple[Tensor, ...]:
    """What a node itself reads, as it stands in the file; what nodes inside of it read is theirs."""
    match node:
        case Equation(reads=reads):
            return tuple(one.tensor for one in reads)
        case Recurrence(equations=equations):
            return tuple(one.tensor for equation in equations for one in equation.reads)
        case Join(parts=parts):
            return parts
        case Split(source=source):
            return (source,)
        case Opaque(sources=sources):
            return sources
        case Call(written=written):
            return written
        case _:
            return ()
