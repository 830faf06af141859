"""Random equations: each function writes one statement or a few that belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence

from random_expressions import Frame, State, Text
from random_scope import Scope, Tensor, Var, bracketed


def finish(frame: Frame, name: str, targets: Sequence[Var], body: str, operator: str = "=") -> Tensor:
    """Write an equation and bind what it makes."""
    scope = frame.scope
    if scope.lead and not any(t.lead for t in scope.tensors if t.name in frame.used):
        body = f"({body}) + {leading(frame)}" if scope.source.random() < 0.5 else f"{leading(frame)} * ({body})"
    written = ["..."] if scope.lead else []
    written += [v.declared(scope.source, body) for v in targets]
    scope.write(f"{name}[{', '.join(written)}] {operator} {body}")
    return scope.bind(Tensor(name, axes_of(targets), scope.lead))


def leading(frame: Frame) -> str:
    """A read of a tensor that has the axes of `...`."""
    tensor = next(t for t in frame.scope.tensors if t.lead)
    found = frame.fitted(tensor, (), exact=True)
    return found or frame.text(tensor, ["0"] * len(tensor.axes))


def axes_of(targets: Sequence[Var]) -> tuple[str, ...]:
    """The axes that indices make; a range that depends on the first index says so."""
    names = {v.name: n for n, v in enumerate(targets)}
    return tuple(
        re.sub(r"[^\W\d]\w*", lambda m: f"{{{names[m[0]]}}}" if m[0] in names else m[0], var.key) for var in targets
    )


def free(frame: Frame, least: int = 0, most: int = 3) -> list[Var]:
    """Indices for the left side, with the sizes of axes that are there."""
    scope = frame.scope
    sizes = [axis for t in scope.tensors for axis in t.axes if ".." not in axis] or list(scope.sizes)
    number = scope.source.choice((1, 2, 2, 3)[: most + 1])
    for _ in range(max(least, min(number, most))):
        size = scope.source.choice(sizes if scope.source.random() < 0.7 else list(scope.sizes))
        if size in scope.sizes and scope.inputs is not None and scope.source.random() < 0.1:
            scope.note("a part of an axis")
            part = scope.program.dim("E", f"? <= {size}")
            frame.vars.append(frame.index(part, (part, size) if part != size else (part,), must=True))
        else:
            frame.vars.append(frame.index(size))
    return list(frame.vars)


def general(scope: Scope) -> None:
    """Any right side."""
    frame = Frame(scope, [])
    targets = free(frame)
    body = frame.sum(3, wanted=targets[:1])
    if body.binds == 0 and scope.source.random() < 0.5:  # a choice by itself needs no brackets
        finish(frame, scope.result(), targets, body.text)
    else:
        finish(frame, scope.result(), targets, body.at(1))


def contraction(scope: Scope) -> None:
    """A sum of products of two or three factors."""
    frame = Frame(scope, [])
    targets = free(frame, 1, 2)
    bound = frame.bound()
    inner = frame.inside(bound)
    many = scope.source.choice((2, 2, 3))
    heads = [inner.read([*scope.source.sample(targets, 1), bound[0]]) for _ in range(many)]
    heads = heads[:1] + [inner.read([scope.source.choice(bound)]) if h in heads[:1] else h for h in heads[1:]]
    scope.note("sum", f"contraction of {many}")
    if scope.source.random() < 0.35:
        scope.note("a factor that leaves")
        heads.insert(scope.source.randrange(len(heads) + 1), frame.read(scope.source.sample(targets, 1)))
    if scope.source.random() < 0.35:
        heads.append(inner.constant())
    text = heads[0]
    for head in heads[1:]:
        below = scope.source.random() < 0.15
        if below:
            scope.note("division")
        text += (" / " if below else " * ") + head
    text = inner.mentioning(bound, Text(text, 2)).text
    names = ", ".join(v.declared(scope.source, text) for v in bound)
    body = f"sum[{names}] {text}"
    if scope.source.random() < 0.3:
        body += f" + {frame.chain(1).at(2)}"
    finish(frame, scope.result(), targets, body)


def ragged(scope: Scope) -> None:
    """A tensor whose rows have different lengths, and perhaps an equation that reads it again."""
    frame = Frame(scope, [])
    owner = frame.index(scope.source.choice(scope.sizes))
    frame.vars.append(owner)
    row = frame.within(owner)
    frame.vars.append(row)
    targets = [owner, row]
    if scope.source.random() < 0.2:
        targets.append(frame.index(scope.source.choice(scope.sizes)))
        frame.vars.append(targets[-1])
    body = frame.reduction(1) if scope.source.random() < 0.5 else frame.sum(2, [frame.read([owner])])
    made = finish(frame, scope.result("S"), targets, body.at(1))
    if scope.source.random() < 0.75:
        again(scope, made)


def again(scope: Scope, made: Tensor) -> None:
    """Read a ragged tensor."""
    scope.note("a ragged tensor read again")
    frame = Frame(scope, [])
    vars_: list[Var] = []
    names: list[str] = []
    for axis in made.axes:
        key = axis.format(*names, *("?" for _ in range(4)))
        owner = next((v for n, v in enumerate(vars_) if f"{{{n}}}" in axis), None)
        var = frame.inside(vars_).index(key, (owner.key,) if owner else (), must=False)
        names.append(var.name)
        vars_.append(var)
    keeps = scope.source.random() < 0.3  # the result is as ragged as what is read
    targets = vars_ if keeps else [vars_[0], *vars_[2:]]
    if not keeps and scope.source.random() < 0.5:
        targets = [*targets, frame.inside(vars_).index(scope.size())]
    frame.vars = list(targets)
    inner = frame.inside(() if keeps else vars_[1:2])
    head = inner.text(made, names, vars_)
    if keeps:
        finish(frame, scope.result(), targets, frame.sum(2, [head]).at(1))
        return
    finish(frame, scope.result(), targets, frame.reduction(1, [head], vars_[1:2]).text)


def window(scope: Scope) -> None:
    """A convolution, a pool or a neighbourhood: strided, dilated, padded, centred."""
    source = scope.source
    x = scope.plain(1, 3)
    at = source.randrange(len(x.axes))
    size = x.axes[at]
    frame = Frame(scope, [])
    centred = source.random() < 0.35 and scope.inputs is not None
    taps = source.choice(("2", "3", scope.program.dim("P") if scope.inputs is not None else "2"))
    stride, dilation = source.choice(("1", "1", "2", "3")), source.choice(("1", "2"))
    out = frame.index(size, must=True)
    if stride != "1":
        scope.note("stride")
        out = frame.index(f"ceil({size}/{stride})", must=True)
    padding = "0" if source.random() < 0.5 else source.choice(("1", f"{bracketed(taps)} - 1"))
    if stride == "1" and dilation == "1" and not centred and padding == "0" and taps == "P" and size in scope.sizes:
        scope.program.assume(f"P <= {size}")
        out = frame.index(f"{bracketed(size)} - P + 1", must=True)
    frame.vars.append(out)
    others = distinct(frame, x.axes[:at] + x.axes[at + 1 :])
    if centred:
        r = scope.program.dim("r", f"? <= {size}" if source.random() < 0.5 else "")
        tap, offset, place = Var("j", f"-{r}..{r}", (), True), "", "j"
        scope.note("centred window")
    else:
        tap, offset, place = Var("j", taps, (taps,)), "" if padding == "0" else f" - {padding}", f"{dilation}*j"
        if dilation != "1":
            scope.note("dilation")
        if padding != "0":
            scope.note("padding")
    frame.taken.append("j")
    for var in (out, *others):  # the tap has its name for itself
        if var.name == "j":
            var.name = "c"
    scope.note("window")
    own = source.random() < 0.4 and not scope.lead  # the window is an axis of the result
    mixed = source.random() < 0.4  # the features are added up
    bound = [*([] if own else [tap]), *(others[-1:] if mixed else [])]
    targets = [out, *([tap] if own else []), *(others[:-1] if mixed else others)]
    if not bound:
        frame.vars = targets
    place = place.replace("1*", "")
    before = out.name if stride == "1" else f"{stride}*{out.name}"
    places = [v.name for v in others]
    places.insert(at, f"{before} + {place}{offset}")
    head = frame.text(x, places, others)
    frame.vars = list(targets)
    if not bound:
        body = frame.sum(2, [head])
    else:
        inner = frame.inside(bound)
        heads = [head, inner.fresh([v for v in (tap, *bound) if v in inner.vars][:2])]
        body = frame.reduction(1, heads if source.random() < 0.7 else heads[:1], bound)
    finish(frame, scope.result(), targets, body.at(1))


def merged(scope: Scope) -> None:
    """Merged indices on the left, on the right, or both: flattened axes, patches, groups."""
    source = scope.source
    kind = source.choice(("flatten", "patches", "groups", "heads"))
    frame = Frame(scope, [])
    if kind == "flatten":
        x = scope.plain(2, 3)
        vars_ = distinct(frame, x.axes)
        frame.vars = vars_
        body = frame.sum(1, [frame.fitted(x, vars_, exact=True) or "1"])
        axis = "*".join(map(bracketed, x.axes))
        scope.note("merged on the left")
        _merged(frame, vars_, axis, body)
        return
    if kind == "patches" and scope.inputs is not None:
        size = source.choice(scope.sizes)
        part = scope.program.dim("P", f"? divides {size}")
        x = scope.fresh((size, *([scope.size()] if source.random() < 0.6 else [])))
        n, p, *rest = distinct(frame, (f"{bracketed(size)}/{part}", part, *x.axes[1:]))
        p.must = True
        head = frame.text(x, [f"({n.name}, {p.name})", *(v.name for v in rest)], [n, *rest])
        scope.note("merged on the right")
        if source.random() < 0.5 and rest:
            frame.vars = [n, p, *rest]
            scope.note("merged on the left")
            body = frame.sum(1, [head])
            name = scope.result()
            left = ", ".join(v.declared(source, body.text) for v in (p, *rest))
            scope.write(f"{name}[{n.declared(source, body.text)}, ({left})] = {body.at(1)}")
            scope.bind(Tensor(name, (n.key, "*".join(map(bracketed, (part, *x.axes[1:]))))))
            return
        frame.vars = [n, *rest]
        finish(frame, scope.result(), [n, *rest], frame.reduction(1, [head], [p]).text)
        return
    groups, width = source.choice((("2", scope.sizes[0]), (scope.sizes[-1], "2"), (scope.sizes[0], scope.sizes[-1])))
    first = scope.size()
    x = scope.fresh((first, f"{bracketed(groups)}*{bracketed(width)}"))
    n, g, c, o = distinct(frame, (first, groups, width, width))
    scope.note("merged on the right", "weight")
    weight = scope.declared("weight", (groups, width, width))
    head = frame.text(x, [n.name, f"({g.name}, {c.name})"], [n])
    head += " * " + frame.text(weight, [g.name, c.name, o.name], [g, c, o])
    scope.note("sum", "contraction of 2")
    body = Text(f"sum[{c.name}] {head}", 3)
    frame.vars = [n, g, o]
    if kind == "groups":
        scope.note("merged on the left")
        name = scope.result()
        scope.write(f"{name}[{n.name}, ({g.name}, {o.name})] = {body.text}")
        scope.bind(Tensor(name, x.axes))
        return
    finish(frame, scope.result(), [g, n, o], body.text)


def distinct(frame: Frame, keys: Sequence[str]) -> list[Var]:
    """New indices, each with a name of its own."""
    found: list[Var] = []
    for key in keys:
        found.append(frame.inside(found).index(key))
    return found


def _merged(frame: Frame, vars_: Sequence[Var], axis: str, body: Text) -> None:
    scope = frame.scope
    name = scope.result()
    if scope.lead and not any(t.lead for t in scope.tensors if t.name in frame.used):
        body = Text(f"({body.text}) + {leading(frame)}", 1)
    left = "(" + ", ".join(v.declared(scope.source, body.text) for v in vars_) + ")"
    scope.write(f"{name}[{'..., ' if scope.lead else ''}{left}] = {body.at(1)}")
    scope.bind(Tensor(name, (axis,), scope.lead))


def gather(scope: Scope) -> None:
    """A look-up by a tensor of integers, with something around it."""
    if scope.inputs is None:
        general(scope)
        return
    scope.note("gather")
    frame = Frame(scope, [])
    targets = free(frame, 1, 2)
    table = scope.plain(1, 3)
    integers = scope.integers((targets[0].key,), table.axes[0])
    if targets[0].must:
        finish(frame, scope.result(), targets, frame.sum(2, wanted=targets).at(1))
        return
    rest = distinct(frame.inside(targets), table.axes[1:])
    place = f"{integers}[{targets[0].name}]"
    head = frame.text(table, [place, *(v.name for v in rest)], [targets[0], *rest])
    if rest and scope.source.random() < 0.3:
        finish(frame, scope.result(), targets, frame.reduction(1, [head], rest).text)
    else:
        frame.vars = [*targets, *rest]
        finish(frame, scope.result(), frame.vars, frame.sum(2, [head]).at(1))


def recurrence(scope: Scope) -> None:
    """Equations that read each other one step before or after."""
    source = scope.source
    frame = Frame(scope, [])
    steps = source.choice(scope.sizes)
    two = source.random() < 0.25
    keys = [steps, *([source.choice(scope.sizes)] if two else []), *([scope.size()] if source.random() < 0.7 else [])]
    targets = distinct(frame, keys)
    frame.vars = list(targets)
    shift = "-1"
    if source.random() < 0.3:
        shift = "+1"
        scope.note("backward recurrence")
    several = source.random() < 0.35
    names = [scope.result("h") for _ in range(2 if several else 1)]
    states = [Tensor(name, tuple(keys)) for name in names]
    scope.note("recurrence of several equations" if several else "recurrence of one equation")
    first = source.random() < 0.6 and shift == "-1" and not two
    lines: list[tuple[str, list[Var]]] = []
    for number, name in enumerate(names):
        known = [State(state, shift) for state in states]
        here = Frame(scope, targets, frame.used, known, tuple(names), frame.taken)
        head = here.state(targets) or "1"
        heads = [head]
        if two and number == 0:
            scope.note("recurrence on two axes")
            other = [f"{v.name}{shift}" if n == 1 else v.name for n, v in enumerate(targets)]
            heads.append(f"{name}[{', '.join(other)}]")
        if number:
            heads.append(f"{names[0]}[{', '.join(v.name for v in targets)}]")
        if source.random() < 0.6:
            heads = [" + ".join([heads[0], *heads[1:]])]
            body = f"{heads[0]} + {here.sum(2).at(2)}"
        else:
            body = here.sum(1, heads).at(1)
        if source.random() < 0.4:
            body = f"{source.choice(('tanh', 'sigmoid'))}({body})"
        lines.append((body, list(targets)))
    if first:
        scope.note("initial state")
        # a state that the first of the equations reads
        where = next(n for n, name in enumerate(names) if f"{name}[" in lines[0][0] or n == len(names) - 1)
        begin = Frame(scope, targets[1:], frame.used, (), tuple(names), frame.taken)
        if targets[1:]:
            begin.vars = [frame.inside(targets).index(v.key, must=True) for v in targets[1:]]
        body = begin.chain(1).at(2)
        left = ", ".join(["-1", *(v.declared(source, body) for v in begin.vars)])
    for number, (name, (text, _)) in enumerate(zip(names, lines, strict=True)):
        if first and number == where:
            scope.write(f"{name}[{left}] = {body}")
        stated = ", ".join(v.stated for v in targets)
        bare = ", ".join(v.declared(source, text) for v in targets)
        scope.write(f"{name}[{stated if number == 0 else bare}] = {text}")
    for state in states:
        scope.bind(state)


def accumulation(scope: Scope) -> None:
    """An addition to a tensor that is there."""
    made = scope.pick(t for t in scope.tensors if t.plain and t.lead == scope.lead and t.name[0] in "yhS")
    if made is None:
        general(scope)
        made = scope.tensors[-1]
        if not made.plain or not made.axes:
            return
    scope.note("+=")
    frame = Frame(scope, [], bare=(made.name,))
    targets = distinct(frame, made.axes)
    frame.vars = list(targets)
    finish(frame, made.name, targets, frame.sum(2, wanted=targets[-1:]).at(1), "+=")
