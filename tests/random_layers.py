"""Random calls: layers of the library, layers of the program's own, whole tensors, concat and split, opaque."""

from __future__ import annotations

from dataclasses import dataclass

from random_equations import contraction, general, window
from random_scope import Program, Scope, Tensor, bracketed, renamed


@dataclass(frozen=True)
class Standard:
    """A layer of the library: how it is called, with `?` for a new width; the axes of what it gives, with `*` for the
    last ones as they are; and how many axes it needs."""

    call: str
    gives: str = "*"
    needs: int = 1


STANDARD = tuple(
    Standard(*row)
    for row in (
        ("linear(?)", "?"),
        ("linear(?)", "?"),
        ("linear(?, bias = false)", "?"),
        ("linear(O = ?)", "?"),
        ("relu",),
        ("gelu",),
        ("silu",),
        ("tanh",),
        ("sigmoid",),
        ("softplus",),
        ("leaky_relu(0.2)",),
        ("prelu(shared = false)",),
        ("softmax",),
        ("log_softmax",),
        ("layernorm",),
        ("layernorm(bias = false)",),
        ("rmsnorm",),
        ("batchnorm",),
        ("normalize",),
        ("dropout",),
        ("scale",),
        ("mlp(?)",),
        ("mlp(?, act = gelu, bias = false)",),
        ("glu(?)",),
        ("highway",),
        ("affine",),
        ("maxout(?, pieces = 2)", "?"),
        ("attention(bias = false)", "*", 2),
        ("attention(causal = true)", "*", 2),
        ("conv1d(?)", "{0} ?", 2),
        ("conv1d(?, 2, padding = 0)", "{0}-1 ?", 2),
        ('conv1d(?, kernel = 2, padding = "causal", dilation = 2)', "{0} ?", 2),
        ("conv1d(?, stride = 2, bias = false)", "ceil({0}/2) ?", 2),
        ("depthwise1d", "*", 2),
        ("separable1d(?)", "{0} ?", 2),
        ("maxpool1d", "ceil({0}/2) {1}", 2),
        ("avgpool1d(3, stride = 1)", "*", 2),
        ("upsample1d", "2*{0} {1}", 2),
        ("mean_pool", "{1}", 2),
        ("attention_pool", "{1}", 2),
        ("learned_position", "*", 2),
        ("elman(?)", "{0} ?", 2),
        ("lstm(?)", "{0} ?", 2),
        ("gru(?)", "{0} ?", 2),
        ("sru", "*", 2),
        ("min_gru(?)", "{0} ?", 2),
        ("qrnn(?)", "{0} ?", 2),
        ("bidirectional(?)", "{0} 2*?", 2),
        ("ssm(2)", "*", 2),
        ("local_attention(1)", "*", 2),
        ("global_avgpool2d", "{2}", 3),
        ("instancenorm2d", "*", 3),
        ("conv2d(?, (1, 2))", "{0} {1} ?", 3),
        ("conv2d(?, 2, bias = false)", "{0} {1} ?", 3),
        ("maxpool2d", "ceil({0}/2) ceil({1}/2) {2}", 3),
        ("depthwise2d", "*", 3),
        ("squeeze_excite(1)", "*", 3),
    )
)


def standard(
    scope: Scope, axes: tuple[str, ...], *, keeps: bool = False, heavy: bool = True
) -> tuple[str, tuple[str, ...]]:
    """A call of a layer of the library on a tensor with these axes, and the axes of its result. `keeps`: the same axes
    as before."""
    source = scope.source
    found = [s for s in STANDARD if s.needs <= len(axes) and (not keeps or s.gives == "*")]
    found = [s for s in found if heavy or s.needs == 1]
    layer = source.choice(
        found if source.random() < 0.6 else [s for s in found if s.needs == min(len(axes), 3)] or found
    )
    scope.note("library layer")
    if layer.needs != 1:
        scope.note("library layer over positions")
    wide = scope.size()
    if layer.gives == "*":
        return layer.call.replace("?", wide), axes
    last = [bracketed(axis) for axis in axes[-layer.needs :]]
    given = [part.format(*last).replace("?", bracketed(wide)) for part in layer.gives.split()]
    given = [
        axis[1:-1] if axis.startswith("(") and axis.endswith(")") and axis.count("(") == 1 else axis for axis in given
    ]
    return layer.call.replace("?", wide), (*axes[: len(axes) - layer.needs], *given)


def library(scope: Scope) -> None:
    """A pipe of one or two layers of the library."""
    source = scope.source
    x = scope.plain(1, 3)
    axes, stages = x.axes, []
    for number in range(source.choice((1, 1, 2))):
        call, axes = standard(scope, axes, heavy=not number)
        stages.append(call)
    name = scope.result()
    if len(stages) == 1 and source.random() < 0.25 and stages[0].endswith(")"):
        text = f"{stages[0][:-1].replace('(', f'({x.name}, ', 1)})"
        scope.write(f"{name} = {text}")
    else:
        scope.write(f"{name} = {' -> '.join([x.name, *stages])}")
    scope.bind(Tensor(name, axes, x.lead))


def whole(scope: Scope) -> None:
    """Whole tensors, element by element."""
    source = scope.source
    x = scope.plain(1, 3)
    same = [t for t in scope.tensors if t.axes == x.axes and t.lead == x.lead]
    scope.note("whole tensors")
    other = source.choice(same)
    kind = source.choice(("sum", "function", "residual", "numbers", "gate"))
    if kind == "residual" and "*" not in "".join(x.axes):
        call, _ = standard(scope, x.axes, keeps=True)
        text = f"{x.name} {source.choice('+-*')} ({other.name} -> {call})"
    elif kind == "function":
        text = f"{source.choice(('exp', 'tanh', 'sigmoid', 'abs'))}({x.name} - {other.name})"
    elif kind == "numbers":
        text = f"({x.name} {source.choice('+*/-')} {source.choice(('2', '0.5', *scope.sizes))}) * {other.name}"
    elif kind == "gate":
        text = f"{x.name} * sigmoid({other.name})"
    else:
        text = f"{x.name} {source.choice('+-*/')} {other.name}{source.choice(('', '^2', f' - {x.name}'))}"
    name = scope.result()
    scope.write(f"{name} = {text}")
    scope.bind(Tensor(name, x.axes, x.lead))


def joined(scope: Scope) -> None:
    """concat along an axis."""
    source = scope.source
    x = scope.plain(1, 3)
    axis = source.randrange(len(x.axes))
    same = [
        t
        for t in scope.tensors
        if t.plain
        and t.lead == x.lead
        and len(t.axes) == len(x.axes)
        and all(a == b for n, (a, b) in enumerate(zip(t.axes, x.axes, strict=True)) if n != axis)
    ]
    scope.note("concat")
    other = source.choice(same)
    back = axis - len(x.axes)
    at = "" if back == -1 and source.random() < 0.7 else f", axis = {back}"
    if not x.lead and source.random() < 0.5:
        at = f", axis = {axis}"
    size = f"{bracketed(x.axes[axis])} + {bracketed(other.axes[axis])}"
    if x.axes[axis] == other.axes[axis]:
        size = f"2*{bracketed(x.axes[axis])}"
    name = scope.result()
    scope.write(f"{name} = concat({x.name}, {other.name}{at})")
    scope.bind(Tensor(name, (*x.axes[:axis], size, *x.axes[axis + 1 :]), x.lead))


def cut(scope: Scope) -> None:
    """split into equal parts or parts of given sizes."""
    source = scope.source
    if scope.inputs is None:
        joined(scope)
        return
    scope.note("split")
    a, b = scope.size(), scope.size()
    equal = source.random() < 0.5
    rest = tuple(scope.size() for _ in range(source.choice((0, 1, 1))))
    x = scope.fresh((*rest, f"2*{bracketed(a)}" if equal else f"{a} + {b}"))
    if not equal and a == b:
        scope.tensors[-1] = scope.inputs[-1] = Tensor(x.name, (*rest, f"2*{bracketed(a)}"))
    one, other = scope.result(), scope.result()
    scope.write(f"{one}, {other} = split({x.name}, {'2' if equal else f'[{a}, {b}]'})")
    scope.bind(Tensor(one, (*rest, a)))
    scope.bind(Tensor(other, (*rest, a if equal else b)))


def stated(scope: Scope) -> None:
    """An opaque tensor."""
    source = scope.source
    x = scope.plain(1, 3)
    scope.note("opaque")
    name = scope.result()
    size = "*".join(map(bracketed, x.axes))
    axes = x.axes if source.random() < 0.7 else (*x.axes[:-1], scope.size())
    scope.write(
        f'opaque {name}[{", ".join([*(["..."] if x.lead else []), *axes])}] from {x.name} because "it is sorted":'
    )
    scope.write(f"    exact = {source.choice((f'3*{size}', f'5*{size}*log2(2*{bracketed(x.axes[0])})', size))}")
    scope.write(f"    depth = {source.choice(('1', bracketed(x.axes[0])))}")
    if source.random() < 0.4:
        scope.write(f"    macs = {size}")
    if source.random() < 0.4:
        scope.write(f"    reads all of {x.axes[-1]}" if x.axes[-1] in scope.sizes else f"    # {size} numbers")
    scope.bind(Tensor(name, axes, x.lead))


def common(scope: Scope) -> None:
    """One set of weights for two uses."""
    x = scope.plain(1, 3)
    if "*" in "".join(x.axes):
        library(scope)
        return
    scope.note("share")
    name = scope.program.name("f")
    call, axes = standard(scope, x.axes, heavy=False)
    if "(" not in call and call in ("tanh", "sigmoid"):
        call, axes = "layernorm", x.axes
    scope.write(f"share {name} = {call}")
    others = [t for t in scope.tensors if t.plain and t.lead == x.lead and t.axes[-1:] == x.axes[-1:]]
    for tensor in (x, scope.source.choice(others)):
        result = scope.result()
        scope.write(f"{result} = {tensor.name} -> {name}")
        scope.bind(Tensor(result, (*tensor.axes[:-1], axes[-1]), tensor.lead))


# ---------------------------------------------------------------- layers of the program's own


@dataclass(frozen=True)
class Own:
    """A layer that the program defines: its name, the axes that it takes after `...`, those that it gives, and options
    with values that a call may give them."""

    name: str
    takes: tuple[str, ...]
    gives: tuple[tuple[str, ...], ...]
    options: tuple[tuple[str, tuple[str, ...], bool], ...]
    second: bool


def definition(program: Program) -> Own:
    """Write a layer with `...` and options."""
    source = program.source
    takes = source.choice((("I",), ("I",), ("T", "I")))
    name = program.name("layer_")
    scope = Scope(program, takes, [Tensor("x", takes, True)], [], 1, True, None)
    program.note("layer of its own")
    options: list[tuple[str, tuple[str, ...], bool]] = []
    second = source.random() < 0.3
    if second:
        scope.tensors.append(Tensor("also", takes, True))
    if source.random() < 0.7:
        scope.sizes += ("O",)
        default = source.choice(("", "2", "2*I", "I", "I + 1"))
        options.append(("O" + (f" = {default}" if default else ""), ("2", "3", "size"), not default))
    moves = [general, contraction, *([window] if len(takes) > 1 else []), library]
    for _ in range(source.choice((1, 1, 2))):
        source.choice(moves)(scope)
    branches(scope, options)
    made = [t for t in scope.tensors if t.lead and t.plain and t.name not in ("x", "also")] or scope.tensors[:1]
    results = made[-1:]
    if len(made) == 1 and source.random() < 0.4:
        library(scope)
        made.append(scope.tensors[-1])
    if len(made) > 1 and source.random() < 0.7:
        results = made[-2:]
        program.note("several results")
    scope.write(f"return {', '.join(t.name for t in results)}")
    axes = ", ".join(("...", *takes))
    tensors = f"x[{axes}]" + (f", also[{axes}] = x" if second else "")
    given = "; " + ", ".join(o for o, _, _ in options) if options else ""
    if options:
        program.note("options")
    if any(not needed for _, _, needed in options):
        program.note("default arguments")
    program.layers.append([f"layer {name}({tensors}{given}):", *scope.lines])
    return Own(name, takes, tuple(t.axes for t in results), tuple(options), second)


def branches(scope: Scope, options: list[tuple[str, tuple[str, ...], bool]]) -> None:
    """Statements that an option decides."""
    source = scope.source
    made = scope.tensors[-1]
    if not made.lead or not made.plain or not made.axes or source.random() < 0.3:
        return
    scope.note("if")
    name = made.name
    places = [f"a{n}" for n in range(len(made.axes))]
    left = f"{name}[{', '.join(('...', *places))}]"
    match source.choice(("bias", "act", "kind")):
        case "bias":
            weight = scope.program.name("b")
            scope.write("if bias:")
            scope.write(f"    weight {weight}[{made.axes[-1]}]")
            scope.write(f"    {left} += {weight}[{places[-1]}]")
            options.append(("bias = true", ("false", "true"), False))
            scope.note("weight", "+=")
        case "act":
            scope.write("if scaled:")
            scope.write(f"    {name} = {name} -> act")
            options.append(("act = relu", ("gelu", "tanh", "layernorm"), False))
            options.append(("scaled = true", ("true", "false"), False))
        case _:
            scope.write('if kind == "twice":')
            scope.write(f"    {name} = {name} + {name}")
            scope.write('elif kind == "soft":')
            scope.write(f"    {name} = {name} -> softmax")
            options.append(('kind = "twice"', ('"soft"', '"none"'), False))


def own(scope: Scope) -> None:
    """Define a layer and call it, once or twice."""
    if scope.inputs is None:
        library(scope)
        return
    layer = definition(scope.program)
    for _ in range(scope.source.choice((1, 1, 2))):
        called(scope, layer)


def called(scope: Scope, layer: Own) -> None:
    """A call of a layer that the program defines."""
    source = scope.source
    x = scope.plain(len(layer.takes), 3)
    actual = dict(zip(layer.takes, x.axes[-len(layer.takes) :], strict=True))
    actual["O"] = "2"
    given: list[str] = []
    named = False
    same = [t for t in scope.tensors if t.axes == x.axes and t is not x]
    first = []
    if layer.second and same and source.random() < 0.6:
        first = [source.choice(same).name]
    for text, values, needed in layer.options:
        name, _, default = text.partition(" = ")
        value = source.choice(values).replace("size", source.choice(scope.sizes))
        if name == "O":
            actual["O"] = renamed(default, actual) if default else ""
        if needed or source.random() < 0.4:
            given.append(value if not named and not first and source.random() < 0.4 else f"{name} = {value}")
            named |= "=" in given[-1]
            if name == "O":
                actual["O"] = value
        else:
            named = True
    names = [scope.result() for _ in layer.gives]
    arguments = ", ".join([*first, *given])
    if source.random() < 0.3:
        text = f"{layer.name}({', '.join([x.name, *([arguments] if arguments else [])])})"
    else:
        text = f"{x.name} -> {layer.name}{f'({arguments})' if arguments else ''}"
    scope.write(f"{', '.join(names)} = {text}")
    for name, axes in zip(names, layer.gives, strict=True):
        before = x.axes[: -len(layer.takes)]
        scope.bind(Tensor(name, (*before, *(renamed(axis, actual) for axis in axes))))
