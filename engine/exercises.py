"""Exercises: a layer or a model in, its equations with the costs left blank out, as a file of the language.

The file holds every layer of which the costs are made, so that all equations that count can be read in it; a layer
that would mean something else there (one of its indices is a size of the file) is used by its name. What states costs
is left out: `expect`, `quantity` and `variant` lines, comments, and texts that speak of costs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import library, syntax
from .blanks import blank, quiet
from .elaborator.describe import written as in_language
from .elaborator.literals import Literal
from .elaborator.values import FUNCTIONS
from .errors import Source, Span, usage
from .example_sizes import as_written, at_values, explained
from .layout import laid_out
from .output import is_shown, spare
from .parser import parse
from .printer import print_file
from .program import Call, Instance, nested
from .quantities import Measures
from .quantities.derived import Derived
from .renaming import foreign, handed, made
from .session import Session, open_path, open_source

ASKED = {
    "params": "trained numbers",
    "macs": "multiply-adds",
    "sequential": "the longest chain of equations and steps that wait for each other",
    "path": "the most layers between two positions; `inf` where some pair is never joined",
}
_WORD = re.compile(r"[^\W\d]\w*'*")
_AT = Span(Source("exercise", ""), 0, 0)


@dataclass(frozen=True)
class _Shown:
    """A definition as the exercise has it, as it was written, and other names for what its body makes."""

    tree: syntax.Definition
    written: syntax.Definition
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Exercise:
    """An exercise of some models: the sizes and facts of the file, its definitions, and what is `asked` of each model
    with its answer; `named` are standard layers that it applies and does not show, `files` those that were read."""

    title: str
    items: tuple[syntax.Item, ...]
    shown: tuple[_Shown, ...]
    named: tuple[str, ...] = ()
    asked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    def questions(self, name: str) -> str:
        """The text with every figure left open; `name` is that of the file, for the command that checks it."""
        return _comment(self._head(name)) + self.text("???")

    def solution(self) -> str:
        """The text with every figure filled in."""
        return _comment([f"The solution of an exercise: what does {self.title} cost?"]) + self.text()

    def text(self, blank: str = "") -> str:
        """The file with a line for each figure at the top of each model: `blank`, or the answer."""
        parts = [print_file(syntax.File(_AT, self.items))]
        for one in self.shown:
            asked = self.asked.get(one.tree.name, {}) if one.tree.kind == "model" else {}
            lines = [f"expect {quantity} == {blank or answer}" for quantity, answer in asked.items()]
            parts.append(laid_out(one.tree, one.written, one.names, lines))
        return "\n".join(parts)

    def _head(self, name: str) -> list[str]:
        asked = [quantity for quantity in ASKED if any(quantity in found for found in self.asked.values())]
        width = max(map(len, asked))
        named = [f"    derive --source {layer}" for layer in self.named]
        return [
            f"Exercise: what does {self.title} cost?",
            "",
            "Put a formula in the sizes of this file in the place of each ???, written like 7*a^2*b + 5.",
            "",
            *(f"    {quantity:{width}}   {ASKED[quantity]}" for quantity in asked),
            "",
            "Check what you have as often as you like:",
            "",
            f"    derive {name} --check",
            "",
            "It tells which terms are right, wrong or missing, and where to look; a ??? is open until it is filled in.",
            *(["", "What is applied here and not written out below is shown by", "", *named] if named else ()),
        ]


def _comment(lines: Sequence[str]) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in lines) + "\n"


def written(
    path: str, overrides: Mapping[str, Literal], model: str | None, output: str | None = None, *, solved: bool = False
) -> str:
    """The text of an exercise, or `solved`; `output` is the file that it goes to, if there is one. Raises ArchError."""
    exercise = make(path, overrides, model)
    spare(output, exercise.files)
    if solved:
        return exercise.solution()
    own = os.path.exists(path)  # the exercise does not take the name of the file that it is made of
    name = f"{Path(path).stem}_exercise.arch" if own else f"{exercise.title}.arch"
    return exercise.questions(name if output is None or is_shown(output) else Path(output).name)


def make(path: str, overrides: Mapping[str, Literal] | None = None, model: str | None = None) -> Exercise:
    """The exercise of a standard layer, a packaged model or a file; `overrides` are values from outside. Raises
    ArchError."""
    session = open_path(path, overrides, model)
    names = [program.name for program in session.programs]
    title = names[0] if len(names) == 1 else Path(session.source.name).stem
    exercise = _Maker(session, path if session.source.name == f"<{path}>" else None).exercise(title)
    opened = open_source(Source("exercise.arch", exercise.text()), folder=session.folder)
    definitions = [item for item in opened.file.items if isinstance(item, syntax.Definition)]
    options = {definition.name: {option.name for option in definition.options} for definition in definitions}
    known = _sizes(opened.file) | FUNCTIONS.keys()
    asked = {name: dict(_asked(found, known | options[name])) for name, found in opened.measures().items()}
    if not any(asked.values()):
        raise usage(f"`{path}` has no costs that could be asked for", hint="`derive --list` shows what there is")
    return replace(exercise, asked=asked, files=session.files)


def _asked(measures: Measures, known: set[str]) -> Iterator[tuple[str, str]]:
    """What is asked of a model, with the answers: what it has, and has a closed form in the names that are known; not
    one with sizes of another file, or a sum over the turns of a repeat."""
    for name in ASKED:
        derived = measures.quantity(name)
        if derived.infinite and not derived.at_example:
            yield name, "inf"
        elif derived.expr is not None and derived.expr.terms and _is_exact(derived):
            answer = in_language(derived.expr)
            if set(_WORD.findall(answer)) <= known:
                yield name, answer


def _is_exact(derived: Derived) -> bool:
    return not (derived.bound or derived.at_example or derived.granted or derived.least > 1)


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

    def exercise(self, title: str) -> Exercise:
        """The marker, the sizes and facts, the layers, the models; nothing is asked yet."""
        items: list[syntax.Item] = [syntax.Exercise(_AT, title)]
        given, (shown, uses) = self.session.overrides, self._layers()
        for item in self.session.file.items:
            match item:
                case syntax.Use():
                    if item.path in uses:
                        items.append(item)
                case syntax.Dim() | syntax.Ratio():
                    if self.layer is None:
                        items.append(at_values(item, given))
                    else:
                        items += explained(item.items, library.definition(self.layer), given)
                case syntax.Let():
                    items.append(replace(item, note=quiet(item.note)))
                case syntax.Assume():
                    items.append(item)
                case _:
                    pass
        applied = {i.name: i for p in self.session.programs for i in _applied(p.instance)}
        layers = {part.tree.name for part in shown}
        named = tuple(n for n, i in applied.items() if i.span.source.library and n not in layers)
        models = (self._model(program.name) for program in self.session.programs)
        return Exercise(title, tuple(items), (*shown, *models), named)

    def _model(self, name: str) -> _Shown:
        only = self.session.only
        written = self.models[name if only is None else only.model]
        if self.layer is not None:  # the layer itself stands in the file under its name
            return _Shown(replace(blank(written), name=f"{name}_exercise", doc=None), written)
        given = self.session.overrides
        options = tuple(
            replace(option, default=as_written(given[option.name])) if option.name in given else option
            for option in written.options
        )
        return _Shown(replace(blank(written), name=name, options=options), written)

    # ---------------------------------------------------------------- layers

    def _layers(self) -> tuple[list[_Shown], set[str]]:
        """The layers that are shown, each after those that it applies; and the files that must be used all the same."""
        found: dict[str, tuple[Source, syntax.Definition]] = {}
        for program in self.session.programs:
            for instance in _applied(program.instance):
                if instance.name not in self.own and instance.name not in found:
                    definition = self._definition(instance)
                    if definition is not None:
                        found[instance.name] = (instance.span.source, definition)
        while changed := {name for name, (source, d) in found.items() if not self._is_the_same(source, d, found)}:
            found = {name: entry for name, entry in found.items() if name not in changed}
        mentioned = self._mentioned()
        uses = {
            path
            for path, source in self.session.used.items()
            if any(
                isinstance(item, syntax.Definition) and item.name in mentioned and item.name not in found
                for item in parse(source).items
            )
        }
        moved = [_Shown(blank(d), d, self._names(d)) for _, d in found.values()]
        return [*moved, *(_Shown(blank(self.own[n]), self.own[n]) for n in self.own if n in mentioned)], uses

    def _names(self, definition: syntax.Definition) -> dict[str, str]:
        """Other names for what a layer calls as this file calls a size."""
        taken = _words(definition) | self.sizes
        found: dict[str, str] = {}
        for name in sorted(made(definition) & self.sizes):
            other = name + "'"
            while other in taken:
                other += "'"
            found[name] = other
        return found

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
        """Does a layer of another file mean the same in this one? Not if it reads sizes or applies layers of its own
        file, or if what it names is something else here."""
        names = foreign(definition)
        callers = (*(d for _, d in shown.values()), *self.own.values(), *self.models.values())
        moved = {tensor.name for tensor in definition.tensors} & self.sizes
        if names & (self.sizes | self.own.keys()) or any(handed(c, definition.name) & moved for c in callers):
            return False
        if source.library:
            return True
        file = parse(source)
        layers = {item.name for item in file.items if isinstance(item, syntax.Definition)}
        return not names & (_sizes(file) | layers - shown.keys())

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


def _words(definition: syntax.Definition) -> set[str]:
    text = re.sub(r"#[^\n]*|\"[^\"\n]*\"", "", definition.span.text)
    return set(_WORD.findall(text))


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


__all__ = ["ASKED", "Exercise", "make", "written"]
