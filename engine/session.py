"""From a path or a text to elaborated models: reads files, the files that they use, and standard layers by name.

What is needed only for a text without mistakes is loaded after it was parsed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import syntax
from .errors import ArchError, Diagnostic, Source, Span, error, nearest, usage
from .parser import load_source, parse

if TYPE_CHECKING:
    from .derivation.published import Published
    from .elaborator.elaborate import Elaborated, Only
    from .elaborator.literals import Literal
    from .elaborator.values import Context, Scope
    from .expectations import Check, Checker
    from .program import Program
    from .quantities import Measures


@dataclass(frozen=True, eq=False)
class Session:
    """One file, elaborated: all its models, or the `only` one that was asked for. `used` are the files that it uses,
    by their paths, `facts` what is assumed beside what the files assume."""

    source: Source
    file: syntax.File
    elaborated: Elaborated
    folder: Path
    overrides: Mapping[str, Literal]
    used: Mapping[str, Source]
    only: Only | None = None
    given: bool = False
    facts: tuple[str, ...] = ()
    _reopened: dict[tuple[Only, tuple[tuple[str, Literal], ...]], Session] = field(default_factory=dict)

    @property
    def programs(self) -> tuple[Program, ...]:
        return self.elaborated.programs

    def measures(self, dtype: str = "float32") -> dict[str, Measures]:
        """The quantities of every model, those that the file defines among them. Raises ArchError."""
        from .quantities import Measures

        models = {program.name: Measures(program, dtype) for program in self.programs}
        for name, lines in self.elaborated.quantities.items():
            if lines:
                from .stated import define

                for quantity, scope, context in lines:
                    define(models[name], models, quantity, scope, context)
        return models

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is to be said of the models, each thing once."""
        found = (warning for program in self.programs for warning in program.warnings)
        return tuple({warning.format(): warning for warning in found}.values())

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that were read."""
        names = (Path(self.source.name).name, *self.used)
        return tuple(Path("/dev/stdin") if name == "<stdin>" else self.folder / name for name in names)

    def __reduce__(self) -> tuple[Callable[..., Session], tuple[object, ...]]:
        """What was read is pickled, and elaborated again: expressions keep hashes that hold in one process only."""
        read = (self.source, self.overrides, self.folder, self.only, dict(self.used))
        return _opened_again, (*read, self.given, self.facts)

    @property
    def exercise(self) -> bool:
        """Are the figures of the file to be filled in, and the answers kept back?"""
        return any(isinstance(item, syntax.Exercise) for item in self.file.items)

    def changed(self, change: Callable[[syntax.File], syntax.File]) -> Session:
        """The same text, and the files that it uses, elaborated after a change of what is written. Raises ArchError."""
        file = change(parse(self.source))
        return _elaborated(self.source, file, self.overrides, self.folder, change, self.only, self.used)

    def check(self, measures: Mapping[str, Measures]) -> list[Check]:
        """Every `expect` line compared with what is derived; what cannot be compared is raised all together."""
        checked, errors = self.checked(measures)
        checks = [check for _, check in checked]
        if errors:
            raise ArchError(*dict.fromkeys(errors), *(check.diagnostic() for check in checks if not check.holds))
        return checks

    def checked(self, measures: Mapping[str, Measures]) -> tuple[list[tuple[str, Check]], list[Diagnostic]]:
        """Every `expect` line that can be compared, with its model; and why the others cannot be."""
        checks: list[tuple[str, Check]] = []
        errors: list[Diagnostic] = []
        check = self.checker(measures)
        for name, expects in self.elaborated.expects.items():
            for expect, scope, context in expects:
                try:
                    checks.append((name, check(name, expect, scope, context)))
                except ArchError as failure:
                    errors += failure.diagnostics
        return checks, errors

    def checker(self, measures: Mapping[str, Measures]) -> Callable[[str, syntax.Expect, Scope, Context], Check]:
        """What compares an `expect` line of a model with what is derived. Raises ArchError for what cannot be."""
        checkers: dict[tuple[Session, str], Checker] = {}

        def check(name: str, expect: syntax.Expect, scope: Scope, context: Context) -> Check:
            session, scope, context = self._where(name, expect, scope, context)
            if (session, name) not in checkers:
                from .expectations import Checker

                known = measures if session is self else session.measures()
                checkers[session, name] = Checker(known[name], known)
            return checkers[session, name].check(expect, scope, context)

        return check

    def _where(
        self, name: str, expect: syntax.Expect, scope: Scope, context: Context
    ) -> tuple[Session, Scope, Context]:
        """Where an expectation is compared: here, or, if `at (…)` sets an option on which the structure of the model
        depends, in the model opened with that value."""
        model = name if self.only is None else self.only.model
        options = next((d.options for d in self.file.items if isinstance(d, syntax.Definition) and d.name == model), ())
        structural = {option.name for option in options} - set(context.options.values())
        settings = [setting for setting in expect.settings if setting.name in structural]
        if not settings:
            return self, scope, context
        from .elaborator.elaborate import Only
        from .elaborator.literals import literal, shown
        from .elaborator.variants import misfit, strings

        only = self.only or Only(model)
        for setting in settings:
            option = next(option for option in options if option.name == setting.name)
            why = misfit(literal(setting.value), option, None, strings(self.file))
            if why:
                raise error(f"`{setting.name}` cannot be {shown(literal(setting.value))}: {why}", setting.span)
        values = tuple((s.name, literal(s.value)) for s in sorted(settings, key=lambda s: s.name))
        if (only, values) not in self._reopened:
            given = {**self.overrides, **dict(values)}
            opened = _elaborated(self.source, self.file, given, self.folder, _unchanged, only, self.used)
            self._reopened[only, values] = opened
        session = self._reopened[only, values]
        other = next(line for line in session.elaborated.expects[name] if line[0].span == expect.span)
        return session, other[1], other[2]

    def published(
        self, measures: Mapping[str, Measures]
    ) -> tuple[dict[Program, tuple[Published, ...]], list[Diagnostic]]:
        """The figures that the file states of each of its models, those of variants left out; and what does not hold or
        cannot be compared, as warnings: a derivation is not held up by an `expect`. At other values than those of the
        file, figures need not hold; those of an exercise are answers."""
        if self.given or self.exercise or not any(self.elaborated.expects.values()):
            return {}, []
        from .expectations import published

        checked, errors = self.checked(measures)
        wrong = [check.diagnostic() for _, check in checked if not check.holds and not check.hole]
        definitions = [item for item in self.file.items if isinstance(item, syntax.Definition)]
        variants = [line for d in definitions for line in d.body if isinstance(line, syntax.Variant)]
        others = {e.span for v in variants for e in v.expects} if self.only is None or not self.only.variant else set()
        found = {
            program: tuple(
                published(check)
                for name, check in checked
                if name == program.name and check.expect.span not in others and not check.hole
            )
            for program in self.programs
        }
        return found, [replace(diagnostic, severity="warning") for diagnostic in dict.fromkeys((*errors, *wrong))]


def assuming(sessions: Sequence[Session], texts: Sequence[str]) -> list[Session]:
    """The same models under more assumptions; each holds for all models that know its names, which one must. Raises
    ArchError for what is no fact, or is false at the example values."""
    if not texts:
        return list(sessions)
    from .assumed import check_names, read_facts, with_facts

    facts = read_facts(texts)
    check_names([session.file for session in sessions], facts)
    return [
        replace(session.changed(lambda file: with_facts(file, facts)), given=session.given, facts=tuple(texts))
        for session in sessions
    ]


def open_path(path: str, overrides: Mapping[str, Literal] | None = None, model: str | None = None) -> Session:
    """A file, `-` for standard input, or by its name a standard layer, or a model that comes with the package. `model`
    is the one of its models, or the variant of one, that is asked for."""
    if path == "-" or os.path.exists(path) or "/" in path or path.endswith(".arch"):
        source = replace(load_source(path), packaged=_is_packaged(Path(path)))
        return open_source(source, overrides, Path(path).parent if path != "-" else Path(), model)
    from . import gallery, library

    if path in library.index():
        if model is not None:
            raise usage(f"`{path}` is a standard layer, and has no models", hint="drop `--model`")
        return open_layer(path, overrides or {})
    if path in gallery.index():
        file = gallery.index()[path]
        chosen = model or (path if path in gallery.names(file) else None)
        return open_source(gallery.source(file), overrides, file.parent, chosen)
    known = [*library.index(), *gallery.index(), *(p.name for p in Path().glob("*.arch"))]
    raise usage(
        f"`{path}` is neither a file nor a standard layer or model",
        hint=nearest(path, known) or "`derive --list` shows the standard layers and models",
    )


def _is_packaged(path: Path) -> bool:
    """Is a file one of those that come with the package?"""
    if path.parent.name != "models":
        return False
    from . import gallery

    return path.resolve() in gallery.files()


def open_source(
    source: Source,
    overrides: Mapping[str, Literal] | None = None,
    folder: Path | None = None,
    model: str | None = None,
) -> Session:
    """A text that was read already; `folder` is where the files that it uses are looked for."""
    file = parse(source)
    only = None if model is None else _only(source, file, model)
    given = dict(overrides or {})
    if only is not None and only.variant is not None:
        from .elaborator.literals import literal

        given = {**{setting.name: literal(setting.value) for setting in only.variant.settings}, **given}
    found = _elaborated(source, file, given, folder or Path(), _unchanged, only)
    return replace(found, given=bool(overrides))


def _only(source: Source, file: syntax.File, name: str) -> Only:
    """The model of a name, or the variant. Raises a usage error."""
    from .elaborator.elaborate import Only

    models = [item for item in file.items if isinstance(item, syntax.Definition) and item.kind == "model"]
    variants = {v.name: Only(m.name, v) for m in models for v in m.body if isinstance(v, syntax.Variant)}
    found = {**{model.name: Only(model.name) for model in models}, **variants}
    if name not in found:
        hint = nearest(name, found) or f"there are {', '.join(found)}"
        raise usage(f"{source.name} has no model `{name}`", hint=hint)
    return found[name]


Change = Callable[["syntax.File"], "syntax.File"]


def _unchanged(file: syntax.File) -> syntax.File:
    return file


def _used_source(folder: Path, path: str) -> Source:
    """A file that another uses: beside it, or else one of those that come with the package."""
    from . import gallery

    packaged = next((file for file in gallery.files() if file.name == path), None)
    if packaged is not None and not os.path.exists(folder / path):
        return gallery.source(packaged)
    return load_source(str(folder / path))


def _elaborated(
    source: Source,
    file: syntax.File,
    overrides: Mapping[str, Literal],
    folder: Path,
    change: Change,
    only: Only | None,
    used: Mapping[str, Source] | None = None,
) -> Session:
    read = dict(used or {})

    def load(path: str, span: Span) -> tuple[Source, syntax.File]:
        try:
            if path not in read:
                read[path] = _used_source(folder, path)
        except ArchError as failure:
            first = failure.diagnostics[0]
            raise ArchError(Diagnostic(first.message, span, hint=first.hint)) from None
        return read[path], change(parse(read[path]))

    from .elaborator.elaborate import elaborate

    found = _connected(elaborate(file, source, load, dict(overrides), only))
    return Session(source, file, found, folder, overrides, read, only)


def _opened_again(
    source: Source,
    overrides: Mapping[str, Literal],
    folder: Path,
    only: Only | None,
    used: Mapping[str, Source],
    given: bool,
    facts: tuple[str, ...],
) -> Session:
    session = replace(_elaborated(source, parse(source), overrides, folder, _unchanged, only, used), given=given)
    return assuming([session], facts)[0]


def _connected(elaborated: Elaborated) -> Elaborated:
    """The models with the number of turns of every `repeat until connected`; bodies to choose from mix no positions."""
    from .program import Choose, Repeat, all_nodes

    kinds = {type(n) for p in elaborated.programs for n in all_nodes(p.instance)}
    if Repeat in kinds:
        from .quantities.path import connected

        elaborated.programs = tuple(map(connected, elaborated.programs))
    if Choose in kinds:
        from .quantities.choices import check_choices

        for program in elaborated.programs:
            check_choices(program)
    return elaborated


def open_layer(name: str, overrides: Mapping[str, Literal]) -> Session:
    """A standard layer as a model: its axes and its options without a default are dims, `...` is empty."""
    from . import library

    definition = library.definition(name)
    dims: dict[str, None] = {}
    tensors, arguments = [], []
    for tensor in definition.tensors:
        if tensor.default is not None:
            continue
        axes = [axis for axis in tensor.axes if not isinstance(axis, syntax.Ellipsis)]
        if not axes:
            axes = [syntax.Name(tensor.span, "N")]
        dims.update(dict.fromkeys(name for axis in axes for name in _names(axis)))
        tensors.append(
            f"{tensor.name}[{', '.join(a.name if isinstance(a, syntax.Name) else a.span.text for a in axes)}]"
        )
        arguments.append(tensor.name)
    known = {option.name for option in definition.options}
    for option in definition.options:
        if option.default is None:
            dims[option.name] = None
            arguments.append(f"{option.name} = {option.name}")
        elif option.name in overrides:
            arguments.append(f"{option.name} = {_written(overrides[option.name], option.default)}")
    wrong = [o for o in overrides if o not in dims and o not in known]
    if wrong:
        raise usage(f"`{name}` has no axis or option `{wrong[0]}`", hint=nearest(wrong[0], [*dims, *known]))
    lines = [f"dim {', '.join(dims)}"] if dims else []
    doc = f'    "{definition.doc}"\n' if definition.doc else ""
    lines.append(f"model {name}({', '.join(tensors)}):\n{doc}    return {name}({', '.join(arguments)})\n")
    text = "\n".join(lines)
    return open_source(Source(f"<{name}>", text), {n: v for n, v in overrides.items() if n in dims})


def _written(value: Literal, default: syntax.Expression) -> str:
    """A value from outside as an argument; a word is a text where the default is one, and else the name of a layer."""
    from .elaborator.literals import shown

    return value if isinstance(value, str) and not isinstance(default, syntax.Text) else shown(value)


def _names(node: syntax.Expression) -> list[str]:
    match node:
        case syntax.Name(name=name):
            return [name]
        case syntax.Binary(left=left, right=right):
            return [*_names(left), *_names(right)]
        case _:
            return []
