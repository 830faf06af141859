"""Random blocks: repeats whose sizes stay and change, choices, bodies side by side, loops that are written out."""

from __future__ import annotations

from random_equations import finish
from random_expressions import Frame
from random_layers import standard
from random_scope import Scope, Tensor, bracketed


def turns(scope: Scope, *, small: bool = False) -> str:
    """The number of turns of a repeat."""
    symbol = scope.program.dim("L")
    return scope.source.choice((symbol, symbol, symbol, "2", "3" if not small else symbol))


def carried(scope: Scope, least: int = 1) -> Tensor:
    """A tensor that a repeat changes, under a name that may be bound again."""
    x = scope.plain(least, 3)
    name = scope.result("z")
    scope.write(f"{name} = {x.name}")
    return scope.bind(Tensor(name, x.axes, x.lead))


def body(block: Scope, z: Tensor, turn: str) -> None:
    """One statement that leaves the shape of what is carried."""
    source = block.source
    kind = source.choice(("residual", "pipe", "equation", "equation"))
    if kind == "equation":
        frame = Frame(block, [], bare=(z.name,))
        for axis in z.axes:
            frame.vars.append(frame.index(axis))
        targets = list(frame.vars)
        head = frame.fitted(z, targets, exact=True)
        assert head is not None
        text = (
            frame.sum(2, [head], targets)
            if not turn or source.random() < 0.5
            else frame.sum(1, [f"({turn} + 1)", head])
        )
        finish(frame, z.name, targets, text.at(1))
        return
    call, _ = standard(block, z.axes, keeps=True, heavy=source.random() < 0.3)
    if kind == "residual":
        block.write(f"{z.name} = {z.name} + ({z.name} -> {call})")
    else:
        wide = block.size()
        width = source.choice((wide, f"{turn} + 1")) if turn else wide
        if width != wide:
            block.note("the turn's number in sizes")
        act = call if "(" not in call else "relu"
        block.write(f"{z.name} = {z.name} -> linear({width}) -> {act} -> linear({z.axes[-1]})")


def repeated(scope: Scope) -> None:
    """A repeat of any kind."""
    source = scope.source
    kind = source.choice(
        ("same", "same", "same", "turn", "turn", "concat", "concat", "double", "double", "halve", "halve")
    )
    if kind == "halve" and scope.inputs is None:
        kind = "same"
    z = halving(scope) if kind == "halve" else carried(scope)
    turn = "turn" if kind == "turn" or source.random() < 0.25 else ""
    count = turns(scope, small=kind == "double") if kind != "halve" else "L"
    how = ""
    if kind == "same" and source.random() < 0.65 and not turn:
        how = " shared"
        scope.note("repeat shared")
    elif source.random() < 0.1:
        how = source.choice((" recomputed", " reversible"))
    if not count.isdigit():
        scope.note("repeat of a symbol")
    scope.write(f"repeat {count}{f' as {turn}' if turn else ''}{how}:")
    block = scope.inner()
    growth = {
        "same": steady,
        "turn": numbered,
        "concat": grown,
        "double": doubled,
        "halve": halved,
    }[kind]
    z = growth(block, z, turn, count)
    scope.close(block)
    scope.bind(z)


def steady(block: Scope, z: Tensor, turn: str, count: str) -> Tensor:
    if block.source.random() < 0.55:
        block.note("nested repeats")
        inside = block.inner()
        block.write(f"repeat {block.source.choice(('2', block.program.dim('R')))}:")
        body(inside, z, "")
        block.close(inside)
        if block.source.random() < 0.6:
            return z
    body(block, z, turn)
    return z


def numbered(block: Scope, z: Tensor, turn: str, count: str) -> Tensor:
    """Sizes and ranges in which the number of the turn stands."""
    block.note("the turn's number in sizes")
    source, last = block.source, bracketed(z.axes[-1])
    kind = source.choice(("weight", "width", "kernel", "range"))
    frame = Frame(block, [], bare=(z.name,))
    for axis in z.axes:
        frame.vars.append(frame.index(axis))
    targets = list(frame.vars)
    if kind == "width":
        block.write(f"{z.name} = {z.name} -> linear({turn} + {source.choice('12')}) -> linear({last})")
        return z
    if kind == "kernel" and len(z.axes) > 1 and not z.lead:
        taps = source.choice(
            (f"kernel = {turn} + 1", f"kernel = 2, dilation = 2^{turn}", f"kernel = 2, dilation = {turn} + 1")
        )
        block.write(f'{z.name} = {z.name} -> conv1d({last}, {taps}, padding = "causal")')
        return z
    head = frame.fitted(z, targets, exact=True)
    assert head is not None
    weight = block.declared("weight", (f"{turn} + 1", *([z.axes[-1]] if source.random() < 0.5 else [])))
    block.tensors.remove(weight)
    places = [turn] if kind == "weight" else ["a"]
    read = f"{weight.name}[{', '.join([*places, *(t.name for t in targets[-1:] if len(weight.axes) > 1)])}]"
    if kind == "weight":
        finish(frame, z.name, targets, f"{head} * {read}")
    else:
        block.note("sum")
        stated = source.choice(("a", f"a < {turn} + 1", f"a in 0..{turn}"))
        finish(frame, z.name, targets, f"{head} + sum[{stated}] {read}{source.choice(('', f' * {head}', '^2'))}")
    return z


def grown(block: Scope, z: Tensor, turn: str, count: str) -> Tensor:
    """The features grow by a number in every turn."""
    block.note("repeat with concat")
    source = block.source
    width = source.choice(("2", "1", *(s for s in block.sizes)))
    bias = source.choice(("", ", bias = false"))
    if turn and source.random() < 0.5:
        block.note("the turn's number in sizes")
        width = f"{turn} + 1"
    block.write(f"{z.name} = concat({z.name}, {z.name} -> linear({width}{bias}))")
    size = f"{bracketed(z.axes[-1])} + {count}*{bracketed(width)}"
    if turn and turn in width:
        size = f"{bracketed(z.axes[-1])} + {count}*({count} + 1)/2"
    return Tensor(z.name, (*z.axes[:-1], size), z.lead)


def doubled(block: Scope, z: Tensor, turn: str, count: str) -> Tensor:
    """The features are doubled in every turn."""
    block.note("repeat that doubles")
    if block.source.random() < 0.5 or block.inputs is None:
        block.write(f"{z.name} = concat({z.name}, {z.name})")
        if block.source.random() < 0.6:
            call, _ = standard(block, ("I",), keeps=True, heavy=False)
            block.write(f"{z.name} = {z.name} -> {call}")
    else:
        name = block.program.name("double")
        block.program.layers.append([f"layer {name}(x[..., I]):", "    return x -> linear(2*I, bias = false)"])
        block.write(f"{z.name} = {z.name} -> {name}")
    return Tensor(z.name, (*z.axes[:-1], f"2^{count}*{bracketed(z.axes[-1])}"), z.lead)


def halving(scope: Scope) -> Tensor:
    """A tensor whose positions can be halved in every turn."""
    scope.program.dim("L")
    size = scope.program.dim("H", "2^L divides ?")
    x = scope.fresh((size, *(scope.size() for _ in range(1))))
    name = scope.result("z")
    scope.write(f"{name} = {x.name}")
    return scope.bind(Tensor(name, x.axes))


def halved(block: Scope, z: Tensor, turn: str, count: str) -> Tensor:
    """The positions are halved in every turn."""
    block.note("repeat that halves")
    source = block.source
    size, last = z.axes
    kind = source.choice(("pool", "layer", "wide"))
    if kind == "layer":
        name = block.program.name("halve")
        reducer = source.choice(("max", "mean", "sum"))
        block.note(reducer, "window", "stride")
        lines = [f"layer {name}(x[..., T, I]):"]
        lines += [
            f"    y[..., i < T/2, c] = {reducer}[p < 2] x[..., 2*i + p, c]{source.choice(('', '^2'))}",
            "    return y",
        ]
        block.program.layers.append(lines)
        block.write(f"{z.name} = {z.name} -> {name}")
    else:
        wide = ""
        if kind == "wide":
            wide = f" -> linear({last})"
        block.write(f"{z.name} = {z.name}{wide} -> {source.choice(('maxpool1d', 'avgpool1d', 'maxpool1d(2)'))}")
    return Tensor(z.name, (f"{size}/2^L", last))


# ---------------------------------------------------------------- side by side


def chosen(scope: Scope) -> None:
    """choose: some of several bodies for each position."""
    source = scope.source
    scope.note("choose")
    x = scope.plain(1, 3)
    number = scope.program.dim("A", "C <= ?")
    scope.program.dim("C")
    some = source.choice(("C", "C", "1"))
    scope.write(f"choose {some} of {number} as body:")
    block = scope.inner()
    name = scope.result()
    if source.random() < 0.5:
        call, axes = standard(block, x.axes, heavy=False)
        block.write(f"{name} = {x.name} -> {call}")
    else:
        axes = x.axes
        frame = Frame(block, [])
        for axis in axes:
            frame.vars.append(frame.index(axis))
        targets = list(frame.vars)
        head = frame.fitted(x, targets, exact=True)
        assert head is not None
        weight = block.declared("weight", (axes[-1],))
        finish(
            frame,
            name,
            targets,
            f"{head} * {weight.name}[{targets[-1].name}] {source.choice(('', '+ body', f'- {head}'))}".rstrip(),
        )
    scope.close(block)
    scope.bind(Tensor(name, axes, x.lead))


def parallel(scope: Scope) -> None:
    """Bodies with weights of their own, stacked on a new first axis."""
    source = scope.source
    if scope.lead:
        chosen(scope)
        return
    scope.note("parallel")
    x = scope.plain(1, 2)
    number = source.choice(("2", "3", scope.program.dim("G")))
    scope.write(f"parallel {number} as body:")
    block = scope.inner()
    name = scope.result()
    call, axes = standard(block, x.axes)
    if source.random() < 0.4:
        frame = Frame(block, [])
        frame.vars = [frame.index(axis) for axis in x.axes[:1]]
        for axis in x.axes[1:]:
            frame.vars.append(frame.index(axis))
        targets = list(frame.vars)
        head = frame.fitted(x, targets, exact=True)
        assert head is not None
        made = finish(frame, name, targets, frame.sum(2, [head]).at(1))
        axes = made.axes
    else:
        block.write(f"{name} = {x.name} -> {call}")
    scope.close(block)
    scope.bind(Tensor(name, (number, *axes)))


def written_out(scope: Scope) -> None:
    """for: a loop over a list or over numbers, with a `let` in it."""
    source = scope.source
    scope.note("for")
    z = carried(scope)
    kind = source.choice(("numbers", "list", "pairs"))
    if kind == "numbers":
        scope.write(f"for turn in {source.choice(('1..2', '0..1', '1..3'))}:")
        width = "turn + 1"
    elif kind == "list":
        scope.write("for turn in [2, 3]:")
        width = "turn"
    else:
        scope.write("for turn, extra in [(2, 1), (1, 2)]:")
        width = "turn*extra"
    block = scope.inner()
    if source.random() < 0.5:
        scope.note("let")
        wide = "wide"
        block.write(f"let wide = {width} + {source.choice(('1', *scope.sizes))}")
        width = wide
    last = z.axes[-1]
    block.write(f"{z.name} = {z.name} -> linear({width}) -> linear({last}{source.choice(('', ', bias = false'))})")
    scope.close(block)


def named(scope: Scope) -> None:
    """let: a size with a name."""
    if scope.lead or scope.indent > 1:
        return
    source = scope.source
    scope.note("let")
    name = source.choice(("Q", "U"))
    if name in scope.sizes or f"let {name}" in " ".join(scope.program.head):
        return
    one, other = source.choice(scope.sizes), source.choice(scope.sizes)
    value = source.choice((f"2*{one}", f"{one} + {other}", f"{one}*{other}", f"{one} + 1", f"ceil({one}/2)"))
    if source.random() < 0.5:
        x = scope.plain(1, 3)
        scope.write(f"let {name} = {value}")
        made = Tensor(scope.result(), (*x.axes[:-1], value), x.lead)
        scope.write(f"{made.name} = {x.name} -> linear({name})")
        scope.bind(made)
        scope.program.head.append("")
    else:
        scope.program.head.append(f"let {name} = {value}")
        scope.sizes += (name,)
