"""Choices: each position chooses its own bodies, so these may mix no positions."""

from __future__ import annotations

from ..algebra.build import symbol_of
from ..algebra.expression import ZERO
from ..dependences.flows import NOTHING, starting
from ..dependences.intervals import Interval
from ..dependences.routes import Router
from ..errors import error
from ..program import Choose, Program, all_nodes, consumed


def check_choices(program: Program) -> None:
    """Each position chooses its own bodies, so these must not mix positions. Raises ArchError."""
    for node in all_nodes(program.instance):
        if not isinstance(node, Choose):
            continue
        made = {r.inner for r in node.results}
        read = [t for t in consumed(node.body) - made if t.kind in ("computed", "input")]
        flows = {tensor: starting(tensor, range(len(tensor.axes) - 1)) for tensor in read}
        router = Router(program.facts)
        router.body(node.body, flows)
        for result in node.results:
            frame = router.frame(result.inner)
            for interval in (i for r in flows.get(result.inner, NOTHING).routes for i in r.reach):
                if interval.point and symbol_of(interval.lower) in frame.ranges:
                    continue
                raise error(
                    f"the bodies of this `choose` mix positions: an element of `{result.inner.name}` reads "
                    f"{_which(interval)}, so each position cannot choose its own",
                    node.span,
                    hint="`parallel` runs all bodies for all positions",
                )


def _which(interval: Interval) -> str:
    if interval.why:
        return interval.why
    first = interval.lower == ZERO
    last = interval.upper == interval.size - 1
    reads = {(True, True): "all of them", (True, False): "those before it", (False, True): "those after it"}
    return reads.get((first, last), "others")
