"""What the command and the notebook are told: which sizes, which conventions, how much detail."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from .errors import nearest, usage

if TYPE_CHECKING:
    from .derivation import Request, Verified
    from .elaborator.literals import Literal
    from .program import Program
    from .quantities import Measures


def add_settings(parser: argparse.ArgumentParser) -> None:
    """The options that say what is derived, and not how it is written down."""
    parser.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="example values for the numbers: --at N=4096 D=1024",
    )
    parser.add_argument("--model", metavar="NAME", help="of a file of several: this model, or this variant of one")
    parser.add_argument(
        "--convention",
        default="macs",
        metavar="NAMES",
        help="what is counted: macs (default), flops, exact, or what a tool bills: torch, fvcore, ptflops, …; several "
        "with commas are shown side by side",
    )
    parser.add_argument(
        "--detail",
        choices=("summary", "steps", "full"),
        help="results only, equations and their costs (default), or every operation",
    )
    parser.add_argument(
        "--dtype",
        default="float32",
        metavar="TYPE",
        help="the type of the parameters, for their bytes (default float32)",
    )
    parser.add_argument(
        "--form", default="auto", metavar="FORM", help="auto (default), expanded, factored, leading or collected:NAME"
    )

    _add_comparing(parser)


def _add_comparing(parser: argparse.ArgumentParser) -> None:
    """The options that say along what something grows, and how models stand beside each other."""
    parser.add_argument("--in", dest="along", metavar="NAME", help="growth along this size, the others constant")
    parser.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="FACT",
        help="a fact beside those of the files: --assume 'D <= N'",
    )
    parser.add_argument(
        "--columns", default="", metavar="NAMES", help="the quantities of a comparison: params,macs,sequential,path"
    )
    parser.add_argument("--sort", metavar="NAME", help="order the models by a quantity, or by `name`")
    parser.add_argument("--baseline", metavar="MODEL", help="the model that the others are measured by")


def spread(arguments: list[str]) -> list[str]:
    """`--at N=1 D=2` to `--at N=1 --at D=2`, so that files may follow."""
    result: list[str] = []
    after_at = False
    for number, argument in enumerate(arguments):
        if number and arguments[number - 1] == "--explain" and argument.startswith("-") and argument[1:2] != "-":
            result[-1] += f"={argument}"  # a term may begin with a minus sign
            continue
        setting = re.fullmatch(r"[^\W\d]\w*'*=.*", argument) is not None
        if after_at and setting and result[-1] != "--at":
            result.append("--at")
        result.append(argument)
        after_at = argument == "--at" or (after_at and setting)
    return result


def overrides_of(settings: Sequence[str]) -> dict[str, Literal]:
    """The settings, by name. Raises a usage error."""
    found: dict[str, Literal] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        try:
            if not equals or len(text) > 80:
                raise ValueError
            value = _setting(text.strip())
        except (ValueError, ZeroDivisionError):
            raise usage(
                f"`--at {setting}` is no setting", hint="numbers, words, tuples: `--at N=4096 kind=wide depths=(3,4)`"
            ) from None
        if found.setdefault(name.strip(), value) != value:
            raise usage(f"`--at` gives `{name.strip()}` two values")
    return found


def _setting(text: str) -> Literal:
    """A number, true or false, a string with quotes or without them, or a tuple of these as a file has it."""
    if text in ("true", "false"):
        return text == "true"
    if text[:1] in ('"', "(", "["):
        return _written(text)
    try:
        return Fraction(text)
    except ValueError:
        if re.fullmatch(r"[\w.-]+", text):
            return text
        raise


def _written(text: str) -> Literal:
    from .elaborator.literals import literal
    from .errors import ArchError, Source
    from .parser import parse
    from .syntax import Let

    try:
        (item,) = parse(Source("--at", f"let value = {text}\n")).items
        assert isinstance(item, Let)
        return literal(item.values[0])
    except ArchError:
        raise ValueError from None


def request_of(options: argparse.Namespace, verified: Mapping[Program, Verified]) -> Request:
    """What the settings ask for. Raises a usage error."""
    request = requested(_listed(options.convention), options.detail or "steps", options.form, options.dtype, verified)
    columns = _listed(options.columns)
    if options.columns and not columns:
        raise usage(f"`--columns {options.columns}` names no quantity", hint="`--columns params,macs,path`")
    return replace(request, along=options.along, columns=columns, sort=options.sort, baseline=options.baseline)


def _listed(names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))


def requested(
    conventions: Sequence[str],
    detail: str = "steps",
    form: str = "auto",
    dtype: str = "float32",
    verified: Mapping[Program, Verified] | None = None,
) -> Request:
    """A request for what there is. Raises a usage error."""
    from .conventions import convention
    from .derivation import DETAILS, Request
    from .forms import FORMS
    from .quantities import DTYPES

    if not conventions:
        raise usage("no convention is named", hint="`macs` or `exact`")
    for name in conventions:
        convention(name)
    _check("type", dtype, DTYPES)
    _check("detail", detail, DETAILS)
    if not (isinstance(form, str) and form.startswith("collected:")):
        _check("form", form, (*FORMS, "collected:NAME"))
    return Request(tuple(conventions), detail, form, dtype, verified or {})


def _check(what: str, name: object, known: Collection[str]) -> None:
    """Is it one of those that there are? Raises a usage error."""
    if name not in known:
        hint = nearest(str(name), known) or f"{what}s: {', '.join(known)}"
        raise usage(f"there is no {what} `{name}`", hint=hint)


def check_comparing(request: Request, measures: Sequence[Measures]) -> None:
    """The size along which something grows, and the quantities of a comparison, must be there. Raises a usage error."""
    from .conventions import names as conventions
    from .quantities import BY_NAME

    sizes = {d.symbol.name for m in measures for d in m.program.dimensions}
    if request.along is not None and request.along not in sizes:
        hint = nearest(request.along, sizes) or f"sizes: {', '.join(sorted(sizes))}"
        raise usage(f"`--in {request.along}`: there is no dim or option `{request.along}`", hint=hint)
    known = [*BY_NAME, *conventions(), *(name for m in measures for name in m.defined)]
    for option, names in (("--columns", request.columns), ("--sort", (request.sort,) if request.sort else ())):
        for name in names:
            if name not in known and (option, name) != ("--sort", "name"):
                hint = nearest(name, known) or "`derive` with one model shows its quantities"
                raise usage(f"`{option} {name}`: there is no quantity `{name}`", hint=hint)


def add_plot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--plot",
        metavar="[QUANTITY:]NAME[=A..B]",
        help="all models against a size, both logarithmic: as SVG, with --latex as PGFPlots, or in a page; --plot N, "
        "--plot path:N=1..4096",
    )


def check_plot(options: argparse.Namespace) -> None:
    """A plot needs a form that holds it, and is no check. Raises a usage error."""
    if options.plot is None:
        return
    if options.markdown or options.json:
        form = "Markdown" if options.markdown else "JSON"
        hint = f"a file beside it: `--plot {options.plot} -o plot.svg`"
        raise usage(f"a plot is SVG, PGFPlots or part of a page, and {form} holds none", hint=hint)
    page = options.html or options.typst or options.pdf
    asked = {
        "--explain": options.explain is not None,
        "--check": options.check,
        "--picture": options.picture,
        "--verify": options.verify and not page,
    }
    for other in (name for name, wanted in asked.items() if wanted):
        raise usage(f"`--plot` and `{other}` cannot be asked for at once")


def check_form(form: str, measures: Sequence[Measures]) -> None:
    """`collected:NAME` takes a name of one of the files."""
    kind, _, name = form.partition(":")
    names = {d.symbol.name for m in measures for d in m.program.dimensions}
    if kind == "collected" and name not in names:
        hint = nearest(name, names) or f"names: {', '.join(sorted(names))}"
        raise usage(f"the form `{form}`: there is no dim or option `{name}`", hint=hint)
