"""Exercises: a layer or a model in, its equations with the costs left blank out, as a file of the language.

The file holds every layer of which the costs are made, so that all equations that count can be read in it; a layer
that would mean something else there (one of its indices is a size of the file) is used by its name. What states costs
is left out: `expect`, `quantity` and `variant` lines, comments, and texts that speak of costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from . import library, syntax
from .elaborator.describe import written as in_language
from .elaborator.literals import Literal
from .errors import Source, Span, usage
from .layout import laid_out
from .parser import parse
from .printer import print_file
from .program import Call, Instance, nested
from .quantities import Measures
from .quantities.derived import Derived
from .session import Session, open_path, open_source

ASKED = {
    "params": "trained numbers",
    "macs": "multiply-adds",
    "sequential": "the longest chain of equations and steps that wait for each other",
    "path": "the most layers between two positions; `inf` where some pair is never joined",
}
# Sizes of a standard layer: positions, features, widths that are options, and other options.
POSITIONS, FEATURES, WIDTH, NUMBER = 128, 64, 32, 4
_COSTS = re.compile(
    r"\b(costs?|parameters?|params|macs?|flops?|multipl\w+|additions?|operations?|complexity|million|billion|"
    r"memory|bytes|quadratic\w*)\b|[OΘ]\(|\d[.,]?\d*\s?[kMGBT]\b|\d{5,}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d]\w*'*")
_AT = Span(Source("exercise", ""), 0, 0)


@dataclass(frozen=True)
class Exercise:
    """An exercise of some models: the file without figures, and what is asked of each model with its answer; `written`
    are the definitions as their authors laid them out."""

    title: str
    file: syntax.File
    written: tuple[syntax.Definition, ...]
    asked: Mapping[str, Mapping[str, str]]

    def questions(self, name: str) -> str:
        """The text with every figure left open; `name` is that of the file, for the command that checks it."""
        return _head(self.title, self._quantities(), name) + self._text("???")

    def solution(self) -> str:
        """The text with every figure filled in."""
        return f"# The solution of the exercise {self.title}.\n\n" + self._text("")

    def _quantities(self) -> list[str]:
        return [name for name in ASKED if any(name in asked for asked in self.asked.values())]

    def _text(self, blank: str) -> str:
        """The file with a line for each figure at the top of each model: `blank`, or the answer."""
        originals = {definition.name: definition for definition in self.written}
        first = tuple(item for item in self.file.items if not isinstance(item, syntax.Definition))
        parts = [print_file(replace(self.file, items=first))]
        for item in self.file.items:
            if isinstance(item, syntax.Definition):
                asked = self.asked[item.name] if item.kind == "model" else {}
                lines = [f"expect {name} == {blank or answer}" for name, answer in asked.items()]
                parts.append(laid_out(item, originals.get(item.name), lines))
        return "\n".join(parts)


def written(
    path: str, overrides: Mapping[str, Literal], model: str | None, output: str | None = None, *, solved: bool = False
) -> str:
    """The text of an exercise, or `solved`; `output` is the file that it goes to, if there is one. Raises ArchError."""
    made = make(path, overrides, model)
    if solved:
        return made.solution()
    return made.questions(f"{made.title}.arch" if output in (None, "-") else str(output))


def make(path: str, overrides: Mapping[str, Literal] | None = None, model: str | None = None) -> Exercise:
    """The exercise of a standard layer, a packaged model or a file; `overrides` are values from outside. Raises
    ArchError."""
    session = open_path(path, overrides, model)
    names = [program.name for program in session.programs]
    title = names[0] if len(names) == 1 else Path(session.source.name).stem
    file, written_as = _Maker(session, path if session.source.name == f"<{path}>" else None).file(title)
    opened = open_source(Source("exercise.arch", print_file(file)), folder=session.folder)
    asked = {name: dict(_asked(measures)) for name, measures in opened.measures().items()}
    if not any(asked.values()):
        raise usage(f"`{path}` has no costs that could be asked for", hint="`derive --list` shows what there is")
    return Exercise(title, file, written_as, asked)


def _asked(measures: Measures) -> Iterator[tuple[str, str]]:
    """What is asked of a model, with the answers: what it has, and has a closed form that can be written in a file."""
    for name in ASKED:
        derived = measures.quantity(name)
        if derived.infinite and not derived.at_example:
            yield name, "inf"
        elif derived.expr is not None and derived.expr.terms and _is_exact(derived):
            answer = in_language(derived.expr)
            if _reads(answer, measures):
                yield name, answer


def _is_exact(derived: Derived) -> bool:
    return not (derived.bound or derived.at_example or derived.granted or derived.least > 1)


def _reads(answer: str, measures: Measures) -> bool:
    """Can the answer be written with the sizes of the file? A sum over the turns of a repeat cannot."""
    sizes = {dimension.symbol.name for dimension in measures.program.dimensions}
    return set(_WORD.findall(answer)) <= sizes | {"floor", "ceil", "log", "sqrt", "max", "min", "exp"}


def _head(title: str, quantities: list[str], name: str) -> str:
    width = max(map(len, quantities))
    lines = [
        f"Exercise: what does {title} cost?",
        "",
        "Put a formula in the sizes of this file in the place of each ???, written like 7*a^2*b + 5.",
        "",
        *(f"    {quantity:{width}}   {ASKED[quantity]}" for quantity in quantities),
        "",
        "Check what you have as often as you like:",
        "",
        f"    derive {name} --check",
        "",
        "It tells which terms are right, wrong or missing, and where to look. A ??? stays open until it is filled in.",
    ]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines) + "\n"


# ---------------------------------------------------------------- the file


class _Maker:
    """Makes the file of an exercise out of a session; `layer` is the standard layer that it was opened for."""

    def __init__(self, session: Session, layer: str | None) -> None:
        self.session = session
        self.layer = layer
        definitions = [item for item in session.file.items if isinstance(item, syntax.Definition)]
        self.own = {} if layer is not None else {item.name: item for item in definitions}
        self.models = {item.name: item for item in definitions if item.kind == "model"}
        self.sizes = _sizes(session.file)

    def file(self, title: str) -> tuple[syntax.File, tuple[syntax.Definition, ...]]:
        """The marker, the sizes and facts, the layers, the models; and the definitions as they were written."""
        items: list[syntax.Item] = [syntax.Exercise(_AT, title)]
        shown, uses = self._layers()
        for item in self.session.file.items:
            match item:
                case syntax.Use():
                    if item.path in uses:
                        items.append(item)
                case syntax.Dim() | syntax.Ratio():
                    items.append(replace(item, items=tuple(self._dims(item.items))))
                case syntax.Let():
                    items.append(replace(item, note=_quiet(item.note)))
                case syntax.Assume():
                    items.append(item)
                case _:
                    pass
        items += map(_blank, shown)
        items += (self._model(program.name) for program in self.session.programs)
        return syntax.File(_AT, tuple(items)), (*shown, *self.own.values())

    def _dims(self, items: tuple[syntax.DimItem, ...]) -> Iterator[syntax.DimItem]:
        """The sizes at the values that are given from outside; those of a standard layer with a meaning and a value."""
        carriers: list[syntax.DimItem] = []
        for item in reversed(items):
            bare = item.value is None and item.note is None and item.symbol is None and not item.batch
            carriers.insert(0, carriers[0] if bare and carriers else item)
        given = self.session.overrides
        for item, carrier in zip(items, carriers, strict=True):
            if self.layer is not None:
                note, value = _meaning(item.name, library.definition(self.layer))
                item = replace(item, note=note, value=_node(given.get(item.name, Fraction(value))))
            elif not given.keys().isdisjoint(i.name for i in items):
                value_node = _node(given[item.name]) if item.name in given else carrier.value
                item = replace(item, value=value_node, note=carrier.note, batch=carrier.batch)
            yield replace(item, note=_quiet(item.note))

    def _model(self, name: str) -> syntax.Definition:
        only = self.session.only
        definition = _blank(self.models[name if only is None else only.model])
        given = self.session.overrides
        options = tuple(
            replace(option, default=_node(given[option.name])) if option.name in given else option
            for option in definition.options
        )
        if self.layer is not None:  # the layer itself stands in the file under its name
            return replace(definition, name=f"{name}_exercise", doc=None)
        return replace(definition, name=name, options=options)

    # ---------------------------------------------------------------- layers

    def _layers(self) -> tuple[list[syntax.Definition], set[str]]:
        """The layers that are shown, each after those that it applies; and the files that must be used all the same."""
        found: dict[str, tuple[Source, syntax.Definition]] = {}
        for program in self.session.programs:
            for instance in _applied(program.instance):
                if instance.name not in self.own and instance.name not in found:
                    definition = self._definition(instance)
                    if definition is not None:
                        found[instance.name] = (instance.span.source, definition)
        while foreign := {name for name, (source, d) in found.items() if not self._is_the_same(source, d, found)}:
            found = {name: entry for name, entry in found.items() if name not in foreign}
        mentioned = self._mentioned()
        uses = {
            path
            for path, source in self.session.used.items()
            if any(
                isinstance(item, syntax.Definition) and item.name in mentioned and item.name not in found
                for item in parse(source).items
            )
        }
        return [*(d for _, d in found.values()), *(self.own[n] for n in self.own if n in mentioned)], uses

    def _definition(self, instance: Instance) -> syntax.Definition | None:
        """What an instance was opened from, where that is a standard layer or one of a file that is used."""
        source = instance.span.source
        if source.library:
            return library.definition(instance.name) if instance.name in library.index() else None
        used = (item for item in parse(source).items if isinstance(item, syntax.Definition))
        return next((item for item in used if item.name == instance.name), None)

    def _is_the_same(
        self, source: Source, definition: syntax.Definition, shown: Mapping[str, tuple[Source, syntax.Definition]]
    ) -> bool:
        """Does a layer of another file mean the same in this one? Not if it reads sizes of its own file, applies what
        has another meaning here, or calls something its own that is a size here."""
        words = _words(definition)
        bound = _bound(definition)
        if not source.library and words & _sizes(parse(source)) - bound:
            return False
        if words & set(self.own) - bound:
            return False
        if not source.library:
            layers = {i.name for i in parse(source).items if isinstance(i, syntax.Definition)}
            if words & layers - bound - {definition.name} - shown.keys():
                return False
        return not words & self.sizes - bound

    def _mentioned(self) -> set[str]:
        """The layers of the file itself and of others that its models name, and what these name in turn."""
        only = self.session.only
        names = [p.name for p in self.session.programs] if only is None else [only.model]
        waiting, seen = [self.models[name] for name in names], set(names)
        found: set[str] = set()
        while waiting:
            for word in _words(waiting.pop()) - seen:
                seen.add(word)
                found.add(word)
                definition = self.own.get(word)
                if definition is not None and definition.kind == "layer":
                    waiting.append(definition)
        return found - self.models.keys()


def _applied(instance: Instance) -> Iterator[Instance]:
    """Every instance that is applied, each after those that it applies itself."""
    seen: set[Instance] = set()
    waiting: list[tuple[Instance, bool]] = [(instance, False)]
    while waiting:
        current, done = waiting.pop()
        if done:
            if current is not instance:
                yield current
            continue
        if current in seen:
            continue
        seen.add(current)
        waiting.append((current, True))
        waiting += [(called, False) for called in reversed(_called(current)) if called not in seen]


def _called(instance: Instance) -> list[Instance]:
    body, found = list(instance.body), []
    while body:
        node = body.pop(0)
        if isinstance(node, Call):
            found.append(node.instance)
        body = [*nested(node), *body]
    return found


# ---------------------------------------------------------------- what is left out


def _blank(definition: syntax.Definition) -> syntax.Definition:
    """A definition without what states costs."""
    return replace(definition, doc=_quiet(definition.doc), body=_statements(definition.body))


def _statements(body: tuple[syntax.Statement, ...]) -> tuple[syntax.Statement, ...]:
    return tuple(kept for statement in body if (kept := _statement(statement)) is not None)


def _statement(statement: syntax.Statement) -> syntax.Statement | None:
    match statement:
        case syntax.Expect() | syntax.Quantity() | syntax.Variant():
            return None
        case syntax.Caveat(words=words):
            return statement if _quiet(words) else None
        case syntax.Let():
            return replace(statement, note=_quiet(statement.note))
        case syntax.If():
            branches = (replace(branch, body=_statements(branch.body)) for branch in statement.branches)
            return replace(statement, branches=tuple(branches))
        case syntax.Repeat() | syntax.Until() | syntax.For() | syntax.Parallel() | syntax.Choose():
            return replace(statement, body=_statements(statement.body))
        case _:
            return statement


def _quiet(words: str | None) -> str | None:
    """A text that says nothing of costs."""
    return None if words is None or _COSTS.search(words) else words


# ---------------------------------------------------------------- names and values


def _words(definition: syntax.Definition) -> set[str]:
    text = re.sub(r"#[^\n]*|\"[^\"\n]*\"", "", definition.span.text)
    return set(_WORD.findall(text))


def _bound(definition: syntax.Definition) -> set[str]:
    """The axes and options of a layer, which are its own wherever it stands."""
    axes = {word for tensor in definition.tensors for axis in tensor.axes for word in _names(axis)}
    return axes | {option.name for option in definition.options}


def _names(axis: syntax.Expression | syntax.Ellipsis) -> set[str]:
    return set() if isinstance(axis, syntax.Ellipsis) else set(_WORD.findall(axis.span.text))


def _sizes(file: syntax.File) -> set[str]:
    """The sizes of a file, and the options of its models."""
    found: set[str] = set()
    for item in file.items:
        match item:
            case syntax.Dim(items=items) | syntax.Ratio(items=items):
                found |= {dim.name for dim in items}
            case syntax.Let(names=names):
                found |= set(names)
            case _:
                pass
    return found


def _meaning(name: str, layer: syntax.Definition) -> tuple[str, int]:
    """What a size of a standard layer is, by the place that it has in the signature, and a value for it."""
    if any(option.name == name for option in layer.options):
        return f"option of {layer.name}", WIDTH if name.isupper() else NUMBER
    for tensor in layer.tensors:
        axes = [axis for axis in tensor.axes if not isinstance(axis, syntax.Ellipsis)]
        if axes and name in _names(axes[-1]) and tensor.default is None:
            return f"features of {tensor.name}", FEATURES
        if any(name in _names(axis) for axis in axes):
            return f"positions of {tensor.name}", POSITIONS
    return f"positions of {layer.tensors[0].name}", POSITIONS


def _node(value: Literal) -> syntax.Expression:
    """A value as it is written in a file."""
    match value:
        case bool():
            return syntax.Truth(_AT, value)
        case str():
            return syntax.Text(_AT, value)
        case tuple():
            return (
                syntax.Tuple(_AT, tuple(map(_node, value)))
                if len(value) > 1
                else syntax.List(_AT, tuple(map(_node, value)))
            )
        case _:
            number = Fraction(value)
            above = syntax.Number(_AT, Fraction(abs(number.numerator)), str(abs(number.numerator)))
            size: syntax.Expression = above
            if number.denominator != 1:
                below = syntax.Number(_AT, Fraction(number.denominator), str(number.denominator))
                size = syntax.Binary(_AT, "/", above, below)
            return syntax.Negate(_AT, size) if number < 0 else size


__all__ = ["ASKED", "Exercise", "make", "written"]
