"""What a derivation says of each recurrence: its prefix scan, or what keeps it from being linear in its state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .. import formula as f
from ..algebra.expression import ONE, Expr
from ..document import Code, Run, Strong, Text
from ..forms import Layout
from ..quantities.scans import Combine, Scan
from ..scalars import Tensor
from .equations import Writer
from .shown import listed

KINDS = {"mac": "multiply-add", "multiply": "multiplication", "add": "addition"}


def scan_items(scans: Sequence[Scan], layout: Layout) -> Iterator[Text]:
    """A sentence or two for each recurrence, once for several of which the same is to be said."""
    items: Counter[Text] = Counter()
    for scan in scans:
        alike = [other for other in scans if (other.layer, other.states) == (scan.layer, scan.states)]
        items[tuple(_item(scan, _used(scan, alike, layout), layout))] += 1
    for item, number in items.items():
        yield item if number == 1 else (*item, f" There are {number} such recurrences.")


def _used(scan: Scan, alike: Sequence[Scan], layout: Layout) -> Text:
    """Which use of a layer it is, of several with a recurrence of their own: the first size that sets them apart."""
    if len(alike) < 2:
        return ()
    for name, size in scan.sizes:
        if len({dict(other.sizes).get(name) for other in alike}) == len(alike):
            return (" where ", f.Relation((f.Symbol(name), f.slashed(layout.formula(size))), ("=",)))
    return ()


def _item(scan: Scan, used: Text, layout: Layout) -> Iterator[Run]:
    yield Strong("Prefix scan")
    if scan.depth is None or scan.combines is None or scan.combine is None:
        yield ": none is derived for "
        yield from (*_which(scan), *used)
        yield ", which is not linear in its state as written: " if scan.equation else ": "
        yield from _reason(scan, layout)
        return
    yield ": "
    yield from (*_which(scan), *used)
    yield from _how(scan, scan.combine, layout)
    yield ". A scan (Blelloch 1990) replaces the "
    yield from _counted(scan.steps, "step", layout)
    yield " by "
    yield from _counted(scan.depth, "combine", layout)
    yield " in a row, at most "
    yield layout.formula(scan.combines)
    yield " in all, each of "
    yield from _operations(scan.combine.operations, layout)
    yield ": together "
    yield from _operations(tuple(scan.work.items()), layout)
    yield "."


def _which(scan: Scan) -> Iterator[Run]:
    yield "the backward recurrence of " if scan.direction == "backward" else "the recurrence of "
    yield from listed([(f.Symbol(state),) for state in scan.states])
    yield " in "
    yield Code(scan.layer)
    sizes = [scan.steps, *(scan.work.values())]
    turns = sorted({s.name for size in sizes for s in size.symbols() if s.kind == "count"})
    if turns:
        yield " at turn "
        yield from listed([(f.Symbol(turn),) for turn in turns])


def _how(scan: Scan, combine: Combine, layout: Layout) -> Iterator[Run]:
    if scan.verdict == "matrix":
        yield " is linear in its state, through a matrix that mixes "
        yield layout.formula(combine.mixed)
        yield " elements at a time"
    elif scan.running:
        yield " is a running sum, element by element"
    else:
        yield " is linear in its state, element by element"


def _operations(operations: Sequence[tuple[str, Expr]], layout: Layout) -> Iterator[Run]:
    for number, (kind, count) in enumerate(operations):
        yield from (" and ",) if number else ()
        yield from _counted(count, KINDS[kind], layout)


def _counted(count: Expr, one: str, layout: Layout) -> Iterator[Run]:
    yield layout.formula(count)
    yield f" {one}" if count == ONE else f" {one}s"


def _reason(scan: Scan, layout: Layout) -> Iterator[Run]:
    writer = Writer(layout)
    for part in scan.reason:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Tensor):
            yield f.Symbol(part.name)
        else:
            yield writer.read(part.tensor.name, part.subscripts, 0)
    if scan.equation:
        yield ", in the equation of "
        yield f.Symbol(scan.equation)
    yield "."
