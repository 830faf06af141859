"""Notebooks: the text of a cell goes in, its models come out as variables, and what is asked of them is shown.

    %load_ext archderive

    %%arch encoder --at N=4096 --convention flops --detail steps
    dim N = 1024, D = 512
    model …

IPython hands itself over and is not imported.
"""

from __future__ import annotations

import argparse
import builtins
import keyword
import re
import shlex
import sys
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn, Protocol

from .comparison import documents_of
from .document import Document
from .errors import ArchError, Diagnostic, usage
from .interface import Model
from .notation import Symbols
from .parser import read_source
from .rendered import Derivation
from .results import Mime, bundle
from .session import assuming, open_source
from .settings import add_settings, check_comparing, check_form, overrides_of, request_of, spread

# What a session itself keeps in the namespace of its user: cells and results, and commands.
OF_IPYTHON = re.compile(r"In|Out|get_ipython|exit|quit|_+|_i+|_i?\d+|_[iod]h|__\w+__")


class Shell(Protocol):
    """What is used of IPython's shell."""

    def push(self, variables: dict[str, Any]) -> None: ...

    def register_magic_function(self, func: Any, magic_kind: str, magic_name: str) -> None: ...


class Mistake(ArchError):
    """A mistake in a cell: a notebook shows its message without a traceback, and the cell has failed."""

    def _render_traceback_(self) -> list[str]:
        return str(self).split("\n")


@dataclass(frozen=True)
class Pages:
    """Documents that a notebook shows one below the other."""

    documents: tuple[Document, ...]

    def _repr_mimebundle_(self, include: Mime = None, exclude: Mime = None) -> dict[str, str]:
        return bundle(self.documents, include, exclude)


def load_ipython_extension(shell: Shell) -> None:
    """Registers `%%arch`; IPython calls it."""

    def arch(line: str, cell: str) -> Model | Derivation | Pages:
        """%%arch [NAME] [--at SIZE=VALUE …] [--model NAME] [--convention NAMES] [--detail summary|steps|full]
        [--dtype TYPE] [--form FORM] [--in SIZE] [--assume FACT …] [--columns NAMES] [--sort NAME] [--baseline MODEL]

        Derive the models of the cell. Each becomes a variable of its name; one model may be given another NAME. One is
        shown with its quantities, or with its derivation where a detail is asked for; several are compared. The options
        are those of the command `derive`.
        """
        try:
            return run_cell(shell, line, cell)
        except ArchError as failure:
            raise Mistake(*failure.diagnostics) from None
        except RecursionError:
            raise Mistake(Diagnostic("the model is nested too deeply")) from None

    shell.register_magic_function(arch, "cell", "arch")


def run_cell(shell: Shell, line: str, cell: str) -> Model | Derivation | Pages:
    """The models of a cell, put into the user's namespace, and what the cell shows. Raises ArchError."""
    options = _options(line)
    overrides = overrides_of(options.at)
    request = request_of(options, {})
    # The line of the magic is the first of the cell, so that messages have the numbers that a notebook shows.
    source = read_source("<cell>", f"\n{cell}".encode("utf-8", "surrogatepass"))
    (session,) = assuming([open_source(source, overrides, model=options.model)], options.assume)
    measures = session.measures(request.dtype)
    check_form(request.form, list(measures.values()))
    check_comparing(request, list(measures.values()))
    models = {name: Model(found, session, request) for name, found in measures.items()}
    shell.push(_named(models, options.name))
    published, complaints = session.published(measures)
    for diagnostic in (*session.warnings, *complaints):
        print(diagnostic.format(), file=sys.stderr)
    if len(models) == 1 and options.detail is None:
        return next(iter(models.values()))
    request = replace(request, published=published)
    documents = documents_of([*measures.values()], request, detailed=options.detail is not None)
    return Pages(tuple(documents)) if len(documents) > 1 else Derivation(documents[0])


def _named(models: Mapping[str, Model], name: str | None) -> dict[str, Model]:
    """The models by the names of their variables, as Python reads these: a letter that is only another look of one is
    that one."""
    if name is None:
        return _unreserved(_variables(models))
    variable = unicodedata.normalize("NFKC", name)
    if not variable.isidentifier() or keyword.iskeyword(variable):
        raise usage(f"`{name}` is no name of a variable", hint="`%%arch name --at N=4096`")
    if len(models) > 1:
        several = ", ".join(f"`{own}`" for own in models)
        raise usage(
            f"there are several models to be named `{name}`: {several}", hint="`--model NAME` takes one of them"
        )
    return _unreserved(dict.fromkeys([variable], next(iter(models.values()))))


def _variables(models: Mapping[str, Model]) -> dict[str, Model]:
    """The models by their own names; those that Python would take for one name are told apart."""
    names = {own: Symbols().in_python(unicodedata.normalize("NFKC", own)) for own in models}
    count = Counter(names.values())
    return {names[own] if count[names[own]] == 1 else Symbols().in_python(own): model for own, model in models.items()}


def _unreserved(variables: dict[str, Model]) -> dict[str, Model]:
    """Raises a usage error if a variable would take the place of one of IPython's, or of a function of Python."""
    for name in variables:
        if OF_IPYTHON.fullmatch(name) or hasattr(builtins, name):
            what = "a function of Python" if hasattr(builtins, name) else "a variable that IPython needs"
            hint = "`%%arch NAME` makes it another variable" if len(variables) == 1 else "another name for the model"
            raise usage(f"`{name}` is {what}", hint=hint)
    return variables


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise usage(f"%%arch: {message}", hint="`%%arch?` lists the options")


def _options(line: str) -> argparse.Namespace:
    parser = _Parser(prog="%%arch", add_help=False)
    parser.add_argument("name", nargs="?")
    add_settings(parser)
    try:
        words = shlex.split(line)
    except ValueError as failure:
        raise usage(f"%%arch: {str(failure).lower()}") from None
    return parser.parse_args(spread(words))
