"""From a path or a text to elaborated models: reads files, the files that they use, and standard layers by name.

What is needed only for a text without mistakes is loaded after it was parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ArchError, Diagnostic, Source, Span, nearest, usage
from .parser import load_source, parse

if TYPE_CHECKING:
    from . import syntax
    from .elaborator.elaborate import Elaborated
    from .expectations import Check
    from .program import Program
    from .quantities import Measures


@dataclass(frozen=True, eq=False)
class Session:
    """One file, elaborated."""

    source: Source
    elaborated: Elaborated
    folder: Path
    overrides: Mapping[str, Fraction]

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

    def changed(self, change: Callable[[syntax.File], syntax.File]) -> Session:
        """The same text, and the files that it uses, elaborated after a change of what is written. Raises ArchError."""
        return _opened(self.source, self.overrides, self.folder, change)

    def check(self, measures: Mapping[str, Measures]) -> list[Check]:
        """Every `expect` line compared with what is derived; what cannot be compared is raised all together."""
        from .expectations import Checker

        checks: list[Check] = []
        errors: list[Diagnostic] = []
        for name, expects in self.elaborated.expects.items():
            checker = Checker(measures[name], measures)
            for expect, scope, context in expects:
                try:
                    checks.append(checker.check(expect, scope, context))
                except ArchError as failure:
                    errors += failure.diagnostics
        if errors:
            raise ArchError(*dict.fromkeys(errors), *(check.diagnostic() for check in checks if not check.holds))
        return checks

    def complaints(self, measures: Mapping[str, Measures]) -> list[Diagnostic]:
        """What does not hold, or cannot be compared, as warnings: a derivation is not held up by an `expect`."""
        try:
            found = [check.diagnostic() for check in self.check(measures) if not check.holds and not check.hole]
        except ArchError as failure:
            found = list(failure.diagnostics)
        return [replace(diagnostic, severity="warning") for diagnostic in found]


def open_path(path: str, overrides: Mapping[str, Fraction] | None = None) -> Session:
    """A file, `-` for standard input, or a standard layer by its name."""
    if path != "-" and not Path(path).exists() and "/" not in path and not path.endswith(".arch"):
        from . import library

        if path in library.index():
            return open_layer(path, overrides or {})
        hint = nearest(path, [*library.index(), *(p.name for p in Path().glob("*.arch"))])
        raise usage(
            f"`{path}` is neither a file nor a standard layer", hint=hint or "`derive --list` shows the standard layers"
        )
    return open_source(load_source(path), overrides, Path(path).parent if path != "-" else Path())


def open_source(source: Source, overrides: Mapping[str, Fraction] | None = None, folder: Path | None = None) -> Session:
    """A text that was read already; `folder` is where the files that it uses are looked for."""
    return _opened(source, overrides or {}, folder if folder is not None else Path(), lambda file: file)


def _opened(
    source: Source, overrides: Mapping[str, Fraction], folder: Path, change: Callable[[syntax.File], syntax.File]
) -> Session:
    def load(path: str, span: Span) -> tuple[Source, syntax.File]:
        try:
            used = load_source(str(folder / path))
        except ArchError as failure:
            first = failure.diagnostics[0]
            raise ArchError(Diagnostic(first.message, span, hint=first.hint)) from None
        return used, change(parse(used))

    file = change(parse(source))
    from .elaborator.elaborate import elaborate

    return Session(source, _connected(elaborate(file, source, load, dict(overrides))), folder, overrides)


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


def open_layer(name: str, overrides: Mapping[str, Fraction]) -> Session:
    """A standard layer as a model: its axes and its options without a default are dims, `...` is empty."""
    from . import library, syntax

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
            arguments.append(f"{option.name} = {overrides[option.name]}")
    wrong = [o for o in overrides if o not in dims and o not in known]
    if wrong:
        raise usage(f"`{name}` has no axis or option `{wrong[0]}`", hint=nearest(wrong[0], [*dims, *known]))
    lines = [f"dim {', '.join(dims)}"] if dims else []
    doc = f'    "{definition.doc}"\n' if definition.doc else ""
    lines.append(f"model {name}({', '.join(tensors)}):\n{doc}    return {name}({', '.join(arguments)})\n")
    text = "\n".join(lines)
    return open_source(Source(f"<{name}>", text), {n: v for n, v in overrides.items() if n in dims})


def _names(node: syntax.Expression) -> list[str]:
    from . import syntax

    match node:
        case syntax.Name(name=name):
            return [name]
        case syntax.Binary(left=left, right=right):
            return [*_names(left), *_names(right)]
        case _:
            return []
