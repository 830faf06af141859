"""Choices: each position chooses its own bodies, so these may mix no positions."""

from __future__ import annotations

from ..algebra.expression import ZERO
from ..errors import error
from ..program import Choose, Program, all_nodes, consumed
from ..scalars import Tensor
from .relation import SELF
from .routes import Flow, Route, Router


def check_choices(program: Program) -> None:
    """Each position chooses its own bodies, so these must not mix positions. Raises ArchError."""
    for node in all_nodes(program.instance):
        if not isinstance(node, Choose):
            continue
        made = {r.inner for r in node.results}
        flows: dict[Tensor, Flow] = {
            tensor: tuple(Route(axis, SELF, ZERO, source=(number, axis)) for axis in range(len(tensor.axes) - 1))
            for number, tensor in enumerate(consumed(node.body) - made)
            if tensor.kind in ("computed", "input")
        }
        Router(program.facts).body(node.body, flows)
        for result in node.results:
            for route in flows.get(result.inner, ()):
                if not route.relation.identity:
                    reads = {"all": "all of them", "prefix": "those before it", "suffix": "those after it"}
                    how = reads.get(route.relation.kind, route.relation.why or "others")
                    raise error(
                        f"the bodies of this `choose` mix positions: an element of `{result.inner.name}` reads {how}, "
                        "so each position cannot choose its own",
                        node.span,
                        hint="`parallel` runs all bodies for all positions",
                    )
