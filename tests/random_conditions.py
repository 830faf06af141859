"""Random reductions with conditions: equalities on data and of positions, orders of indices, tests of data."""

from __future__ import annotations

from random_equations import distinct, finish
from random_expressions import Frame, Text
from random_scope import Scope


def conditional(scope: Scope) -> None:
    """A reduction with a condition: an equality on data, an affine equality, an order, or a test of data."""
    source = scope.source
    frame = Frame(scope, [])
    kinds: tuple[str, ...] = ("order", "data")
    if scope.inputs is not None:
        kinds += ("scatter", "scatter", "scatter", "affine", "affine", "affine", "order", "data", "data")
    kind = source.choice(kinds)
    if kind == "affine":
        affine(scope, frame)
        return
    size = source.choice(scope.sizes)
    if kind == "scatter":
        below = source.choice(scope.sizes)
        row, term = distinct(frame, (below, size))
        row.must = True
        condition = f"{scope.integers((size,), below)}[{term.name}] == {row.name}"
        term.bare.append("")  # the condition tells its range
        if source.random() < 0.3:
            condition = f"{row.name} == " + condition.removesuffix(f" == {row.name}")
        scope.note("where: equality on data")
    elif kind == "order":
        row, term = distinct(frame, (size, size))
        condition = f"{term.name} {source.choice(('<=', '<', '>=', '>'))} {row.name}"
        scope.note("where: order")
    else:
        row, term = distinct(frame, (scope.size(), size))
        frame.vars = [row]
        condition = f"{frame.inside([term]).read([term])} > 0"
        scope.note("where: data")
    frame.vars = [row]
    targets = [row]
    if source.random() < 0.5:
        targets.append(frame.inside([row, term]).index(scope.size()))
    frame.vars = list(targets)
    inner = frame.inside([term])
    reducer = source.choice(("sum", "sum", "sum", "mean", "max"))
    scope.note(reducer)
    if source.random() < 0.3 and kind == "scatter":
        condition += f" and {inner.read([term])} > 0"
    if source.random() < 0.1 and kind != "data":
        body = Text("1", 4)
    else:
        heads = [inner.read([term])]
        if source.random() < 0.25:
            heads.append(frame.read([row]))
            scope.note("a factor that leaves")
        body = inner.chain(1, heads)
    name = term.declared(source, body.text)
    finish(frame, scope.result(), targets, f"{reducer}[{name} where {condition}] {body.at(2)}")


def affine(scope: Scope, frame: Frame) -> None:
    """A transposed convolution: positions and taps whose places add up to that of the result."""
    source = scope.source
    size, taps = source.choice(scope.sizes), source.choice(("2", "3", scope.program.dim("P")))
    stride = source.choice(("1", "2", "2", "3"))
    whole = f"{stride}*({size} - 1) + {taps}"
    out, n, j = distinct(frame, (whole if source.random() < 0.75 else size, size, taps))
    out.must = True
    scope.note("where: affine equality")
    term = n.name if stride == "1" else f"{stride}*{n.name}"
    condition = f"{term} + {j.name} == {out.name}" if source.random() < 0.7 else f"{out.name} == {term} + {j.name}"
    targets = [out]
    if source.random() < 0.5:
        targets.append(frame.inside([out, n, j]).index(scope.size()))
    frame.vars = list(targets)
    inner = frame.inside([n, j])
    body = inner.chain(1, [inner.read([n]), inner.fresh([j])])
    names = ", ".join(v.declared(source, body.text) for v in (n, j))
    scope.note("sum")
    finish(frame, scope.result(), targets, f"sum[{names} where {condition}] {body.at(2)}")
