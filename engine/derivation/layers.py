"""The layers of a model, each opened once: its equations with their shapes, and what each of them costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .. import formula as f
from ..algebra.expression import Expr
from ..conventions import Convention
from ..document import Block, Code, Heading, Paragraph, Run, Step, Steps, Text
from ..forms import Layout
from ..program import (
    Call,
    Choose,
    Declared,
    Equation,
    Instance,
    Join,
    Node,
    Opaque,
    Parallel,
    Recurrence,
    Repeat,
    Share,
    Split,
    nested,
)
from ..quantities.operations import Line
from ..quantities.totals import Counter, stated
from ..scalars import Tensor
from .equations import Writer
from .repeats import RepeatWriter
from .shown import sentence


def opened(instance: Instance) -> list[tuple[Instance, int]]:
    """Every instance that a model calls, directly or not, with the number of places that call it, in the order of
    first use."""
    found: dict[Instance, int] = {}

    def visit(body: tuple[Node, ...]) -> None:
        for node in body:
            if isinstance(node, Call):
                known = node.instance in found
                found[node.instance] = found.get(node.instance, 0) + 1
                if not known:
                    visit(node.instance.body)
            else:
                visit(nested(node))

    visit(instance.body)
    return list(found.items())


class LayerWriter:
    """Writes the section of one instance after another, under every convention that was asked for."""

    def __init__(self, counter: Counter, conventions: Sequence[Convention], layout: Layout, *, full: bool) -> None:
        self.counter = counter
        self.conventions = conventions
        self.layout = layout
        self.full = full
        self.writer = Writer(layout)
        self.repeats = RepeatWriter(counter, conventions, layout)

    def worth_opening(self, instance: Instance) -> bool:
        """Does a layer have equations of its own that cost something, or weights?"""
        return self.full or any(isinstance(n, Declared) or self._billed(n) for n in instance.body)

    def _billed(self, node: Node) -> bool:
        match node:
            case Equation():
                return any(self.rate(line.kind) for line in self.counter.equation(node))
            case Recurrence(equations=equations):
                return any(self.rate(line.kind) for e in equations for line in self.counter.equation(e))
            case Opaque():
                return any(count and self.rate(kind) for kind, count in stated(node).items())
            case Repeat(body=body) | Choose(body=body) | Parallel(body=body):
                return any(map(self._billed, body))
            case _:
                return False

    def rate(self, kind: str) -> int:
        """Is a kind of operation billed under any of the conventions?"""
        return max(convention.rate(kind) for convention in self.conventions)

    def section(self, instance: Instance, uses: int, level: int) -> Iterator[Block]:
        """Heading, what it is, equations, counts."""
        yield Heading(level, (*self._title(instance),), anchor=instance.name)
        words: list[Run] = []
        if instance.doc:
            words.append(sentence(instance.doc) + " ")
        if instance.inputs:
            words.append("Takes ")
            words += self._shapes(instance.inputs)
            words.append(".")
        if uses > 1:
            words.append(f" It is applied at {uses} places, which are counted alike.")
        if words:
            yield Paragraph(tuple(words))
        yield from self.body(instance)

    def _title(self, instance: Instance) -> list[Run]:
        if instance.kind == "model":
            return ["The model’s own equations"]
        options = [f"{name} = {value}" for name, value in instance.options if value not in ("…", name)]
        return [Code(f"{instance.name}({', '.join(options)})" if options else instance.name)]

    def _shapes(self, tensors: tuple[Tensor, ...]) -> list[Run]:
        words: list[Run] = []
        for number, tensor in enumerate(tensors):
            if number:
                words.append(", " if number < len(tensors) - 1 else " and ")
            words += [f.Symbol(tensor.name), " ", *self.writer.shape(tensor)]
        return words

    def body(self, instance: Instance) -> Iterator[Block]:
        weights = _declared(instance.body, "weight")
        buffers = _declared(instance.body, "buffer")
        if weights:
            yield Paragraph(("Weights: ", *self._shapes(tuple(weights)), "."))
        if buffers:
            yield Paragraph(("Held, not trained: ", *self._shapes(tuple(buffers)), "."))
        yield from self.lines(instance.body)
        equations = list(_equations(instance.body))
        if weights:
            yield Steps(tuple(map(self.volume, weights)))
        counts = [step for c in self.conventions for equation in equations for step in self.counts(equation, c)]
        counts += [step for node in _opaque(instance.body) for step in self.stated(node)]
        if counts:
            yield Steps(tuple(counts))
        sums = list(self.repeats.sums(instance.body))
        if sums:
            yield Steps(tuple(sums))

    def lines(self, body: tuple[Node, ...]) -> Iterator[Block]:
        """What a body does, in its order; what stands inside a repeat or a choice under a line of its own."""
        steps: list[Step] = []
        for node in body:
            if isinstance(node, Repeat | Choose | Parallel):
                if steps:
                    yield Steps(tuple(steps))
                    steps = []
                yield from self.repeats.heading(node)
                yield from self.lines(node.body)
            else:
                steps += self.line(node)
        if steps:
            yield Steps(tuple(steps))

    def stated(self, node: Opaque) -> Iterator[Step]:
        """What an `opaque` costs under each convention: as it is stated, with its reason."""
        for convention in self.conventions:
            count = sum((cost * convention.rate(kind) for kind, cost in stated(node).items()), Expr({}))
            if count:
                left = f.Apply(convention.name, (f.Symbol(node.target.name),))
                yield Step(left, "=", self.layout.formula(count), (f"stated, not derived: {node.because}",))

    def line(self, node: Node) -> list[Step]:
        match node:
            case Equation():
                return [self.equation(node)]
            case Recurrence(equations=equations):
                return [self.equation(equation) for equation in equations]
            case Call(instance=instance, arguments=arguments, results=results):
                names = tuple(f.Symbol(argument.name) for argument in arguments)
                return [self.made(results, f.Apply(instance.name, names))]
            case Join(result=result, parts=parts):
                return [self.made((result,), f.Apply("concat", tuple(f.Symbol(part.name) for part in parts)))]
            case Split(results=results, source=source):
                return [self.made(results, f.Apply("split", (f.Symbol(source.name),)))]
            case Opaque(target=target, sources=sources, because=because):
                right = f.Apply("stated", tuple(f.Symbol(source.name) for source in sources))
                return [Step(f.Symbol(target.name), "=", right, (*self.writer.shape(target), f", {because}"))]
            case _:
                return []

    def made(self, results: tuple[Tensor, ...], right: f.Formula) -> Step:
        names = tuple(f.Symbol(result.name) for result in results)
        left = names[0] if len(names) == 1 else f.Group(names)
        return Step(left, "=", right, tuple(self.writer.shape(results[0])))

    def equation(self, equation: Equation) -> Step:
        left, right = self.writer.equation(equation)
        return Step(left, "=", right, tuple(self.writer.shape(equation.target)))

    def volume(self, weight: Tensor) -> Step:
        """The number of elements of a weight."""
        sizes = [self.layout.formula(axis.size) for axis in weight.axes if axis.size != Expr({(): 1})]
        whole = Expr({(): 1})
        for axis in weight.axes:
            whole = whole * axis.size
        closed = self.layout.formula(whole)
        shown = f.Relation((f.Product(tuple(sizes), dots=True), closed), ("=",)) if len(sizes) > 1 else closed
        if len(sizes) > 1 and closed == f.Product(tuple(sizes)):
            shown = closed
        return Step(f.Apply("params", (f.Symbol(weight.name),)), "=", shown, ("volume of the weight",))

    def counts(self, equation: Equation, convention: Convention) -> Iterator[Step]:
        """The cost of an equation, its factors named; further operations of the same equation are added below."""
        name: f.Formula | None = f.Apply(convention.name, (f.Symbol(equation.target.name),))
        for line in self.counter.equation(equation):
            rate = convention.rate(line.kind)
            if not rate:
                continue
            closed = self.layout.formula(line.count * rate)
            factors = self.factors(line, rate)
            right = closed if factors is None or factors == closed else f.Relation((factors, closed), ("=",))
            yield Step(name, "=" if name is not None else "+", right, self.reason(line, rate))
            name = None

    def factors(self, line: Line, rate: int) -> f.Formula | None:
        """N · D · D: the sizes of the indices in their order, where their product is the count."""
        sizes = [index.upper - index.lower + 1 for index in line.over]
        whole = Expr({(): rate})
        for size in sizes:
            whole = whole * size
        if line.reduced and "where the condition holds" not in line.what:
            return None
        if whole != line.count * rate or len(sizes) < 2:
            return None
        shown = [self.layout.formula(size) for size in sizes if size != Expr({(): 1})]
        if rate != 1:
            shown.insert(0, f.integer(rate))
        return f.Product(tuple(shown), dots=True) if len(shown) > 1 else None

    def reason(self, line: Line, rate: int) -> Text:
        """What is done, and how often each index lets it be done."""
        words: list[Run] = [line.what if rate == 1 else f"{rate} for {line.what}"]
        named = [index for index in line.over if not index.name.startswith("…")]
        hidden = [index for index in line.over if index.name.startswith("…")]
        if line.reduced:
            words.append(" over ")
            for number, index in enumerate(line.reduced):
                words += ([", "] if number else []) + [f.Symbol(index.name)]
            return tuple(words)
        if named or hidden:
            words.append(" for each ")
            for number, index in enumerate(named):
                words += ([", "] if number else []) + [f.Symbol(index.name)]
            if hidden:
                words.append(" and leading position" if named else "position")
        return tuple(words)


def _declared(body: tuple[Node, ...], kind: str) -> list[Tensor]:
    """The weights or buffers of a body, those of the turns of its repeats too."""
    found: list[Tensor] = []
    for node in body:
        if isinstance(node, Declared) and node.kind == kind:
            found.append(node.tensor)
        else:
            found += _declared(nested(node), kind)
    return found


def _opaque(body: tuple[Node, ...]) -> Iterator[Opaque]:
    for node in body:
        if isinstance(node, Opaque):
            yield node
        yield from _opaque(nested(node))


def _equations(body: tuple[Node, ...]) -> Iterator[Equation]:
    for node in body:
        match node:
            case Equation():
                yield node
            case Recurrence(equations=equations):
                yield from equations
            case Repeat(body=inner) | Choose(body=inner) | Parallel(body=inner):
                yield from _equations(inner)
            case Declared() | Join() | Split() | Opaque() | Share() | Call():
                pass
