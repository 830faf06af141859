"""The command `derive`: arguments in, a derivation, a table or a list of checks out.

Exit status 0 done, 1 a model or a check is wrong, 2 usage. Messages go to standard error. What is slow to load is
loaded when it is needed: `--help`, `--list`, `--source` and syntax errors do not wait for it.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .errors import ArchError, Diagnostic, usage, visible
from .output import complain, finish, format_of, in_terminal, is_shown, spare, write, write_each
from .page import check_prefix, read_width
from .settings import add_plot, add_settings, check_comparing, check_form, check_plot, overrides_of, request_of, spread

if TYPE_CHECKING:
    from .derivation import Request
    from .document import Document
    from .elaborator.literals import Literal
    from .program import Program
    from .quantities import Measures
    from .session import Session
    from .verifier import Report

USAGE_STATUS = 2
WIDTH = "--width {}"


def run() -> NoReturn:
    """The command as a process: one short run, which need not collect or tear down what it has built. That would be a
    fifth of its time."""
    gc.disable()
    if sys.stderr is None:  # closed: `argparse` would write its messages to standard output
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (the process ends here)
    try:
        status = main()
    except SystemExit as leaving:  # usage, as argparse has it
        status = leaving.code if isinstance(leaving.code, int) else USAGE_STATUS
    os._exit(finish(status))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives the exit status."""
    try:
        options = _parser().parse_args(spread(list(sys.argv[1:] if arguments is None else arguments)))
        return _run(options)
    except ArchError as failure:
        complain(str(failure))
        return failure.status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except RecursionError:
        complain("error: the model is nested too deeply")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="derive",
        description="Derive what a neural-network architecture costs: parameters, multiply-adds and FLOPs, "
        "sequential operations and path length, in closed form and step by step.",
        epilog="Exit status: 0 done, 1 a model or a check is wrong, 2 usage.",
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="an .arch file, `-` for standard input, or the name of a standard layer or of a model that comes with "
        "the package",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--latex", action="store_true", help="a LaTeX fragment that needs amsmath and booktabs")
    form.add_argument(
        "--markdown",
        nargs="?",
        const="plain",
        choices=("plain", "github"),
        help="Markdown with $…$ formulas, or GitHub's dialect",
    )
    form.add_argument("--html", action="store_true", help="one page with MathML that works without scripts and network")
    form.add_argument("--typst", action="store_true", help="a Typst document")
    form.add_argument("--pdf", action="store_true", help="a PDF, set by Typst: `-o FILE.pdf`; needs archderive[pdf]")
    form.add_argument("--json", action="store_true", help="formulas, growth and numbers as JSON")
    form.add_argument("--check", action="store_true", help="check the `expect` lines of the files")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="run every equation at small sizes and compare what it does with the formulas; with a format, the "
        "derivation says so",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="the seed that `--verify` draws sizes and values from")
    parser.add_argument(
        "--explain",
        metavar="TERM",
        help="where one term of a total comes from: --explain '12*N*D^2'",
    )
    parser.add_argument(
        "--picture",
        choices=("dependences",),
        help="the dependences between positions of a small model as SVG, or with --latex as TikZ",
    )
    add_plot(parser)
    form.add_argument("--list", action="store_true", help="list the standard layers and models")
    form.add_argument(
        "--source", metavar="NAME", help="print the definition of a standard layer, or the file of a model"
    )
    form.add_argument(
        "--exercise",
        metavar="NAME",
        help="print the equations of a standard layer, a model or a file with the costs left to be filled in",
    )
    parser.add_argument(
        "--solution", action="store_true", help="with --check or --exercise: the answers, which are kept back otherwise"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to a file, in the format of its name")
    add_settings(parser)
    parser.add_argument("--standalone", action="store_true", help="a LaTeX file that compiles by itself")
    parser.add_argument(
        "--width",
        default="5.5in",
        metavar="WIDTH",
        help="the text width of LaTeX, Typst and PDF, in in, cm, mm or pt; a number alone is inches (default 5.5in)",
    )
    parser.add_argument(
        "--prefix",
        default="",
        metavar="NAME",
        help="what all labels begin with, for \\ref (default app:MODEL:)",
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colour in the terminal; auto (default) minds NO_COLOR and FORCE_COLOR",
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    return parser


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("archderive")
    except PackageNotFoundError:
        return "unknown"


# ---------------------------------------------------------------- what to do


def _run(options: argparse.Namespace) -> int:
    if options.version:
        return _print(f"derive {_version()}\n", options)
    if _format(options) is None and not (options.check or options.list or options.source or options.exercise):
        implied = format_of(options.output, drawn=bool(options.picture or options.plot))
        if implied is not None:
            setattr(options, implied, True)
    _check(options)
    if options.list:
        from .listing import library_list

        return _print(library_list(), options)
    if options.source is not None:
        from .listing import library_source

        return _print(library_source(options.source), options)
    if options.exercise is not None:
        return _exercise(options)
    if not options.files:
        raise usage("there is no file to derive", hint="`derive model.arch`, or `derive --help`")
    if options.files.count("-") > 1:
        raise usage("standard input can be read once")
    if options.pdf and is_shown(options.output) and in_terminal():
        raise usage("a PDF cannot be shown in a terminal", hint="`-o FILE.pdf`")
    overrides = overrides_of(options.at)
    sessions = _open_all(options.files, overrides, options)
    read = [file for session in sessions for file in session.files]
    spare(options.output, read)
    if options.picture:
        return _pictures(sessions, overrides, options, read)
    reports = _verified(sessions, options)
    if options.check or (options.verify and not _format(options)):
        return _checks(sessions, reports, options)
    request = request_of(options, {program: report.verified for program, report in reports.items()})
    if _format(options) in ("html", "typst", "pdf") or (options.latex and options.standalone):
        request = replace(request, pictured=True)  # these formats have room for a picture, and load what it needs
    request = replace(request, playable=options.html)
    measures: list[Measures] = []
    complaints: list[Diagnostic] = []
    for session in sessions:
        found = session.measures(request.dtype)
        measures += found.values()
        for warning in session.warnings:
            complain(warning.format())
        figures, wrong = session.published(found)
        request = replace(request, published={**request.published, **figures})
        complaints += wrong
    check_form(request.form, measures)
    check_comparing(request, measures)
    if options.plot is not None:
        from .plots import figures_of, plots, read_asked, texts

        drawn = plots(measures, read_asked(options.plot, request.conventions[0]))
        if _format(options) in (None, "latex"):
            width = read_width(options.width, WIDTH) if options.latex else None
            sources = texts(drawn, width, standalone=options.standalone)
            write_each(sources, options.output, "tex" if options.latex else "svg", "plots", read)
            return 0
        request = replace(request, plots=figures_of(drawn))
    status = _print(_rendered(measures, request, options), options)
    for complaint in complaints:
        complain(complaint.format())
    return max(status, _disagreements(reports.values()))


def _exercise(options: argparse.Namespace) -> int:
    from .exercises import written

    if options.files:
        raise usage("`--exercise` takes one name", hint=f"`derive --exercise {options.files[0]}`")
    given = overrides_of(options.at)
    return _print(written(options.exercise, given, options.model, options.output, solved=options.solution), options)


def _check(options: argparse.Namespace) -> None:
    """What is wrong whatever is asked for. Raises a usage error."""
    read_width(options.width, WIDTH)
    check_prefix(options.prefix, "--prefix {}")
    check_plot(options)
    if options.seed is not None and not options.verify:
        raise usage("`--seed` says where `--verify` begins to draw", hint=f"`--verify --seed {options.seed}`")
    if options.standalone and not options.latex:
        raise usage("`--standalone` makes a LaTeX file", hint="`--latex --standalone`")
    if options.solution and not options.check and options.exercise is None:
        raise usage("`--solution` gives the answers of an exercise", hint="`derive FILE --check --solution`")


def _open_all(files: Sequence[str], overrides: Mapping[str, Literal], options: argparse.Namespace) -> list[Session]:
    """Every file, or its one model that is asked for, under the facts of the command; the mistakes of all of them are
    reported together."""
    from .session import assuming, open_path

    sessions, failures = [], []
    for path in files:
        try:
            sessions.append(open_path(path, overrides, options.model))
        except ArchError as failure:
            failures.append(failure)
    if failures:
        together = ArchError(*(d for failure in failures for d in failure.diagnostics))
        together.status = max(failure.status for failure in failures)
        raise together
    return assuming(sessions, options.assume)


def _explained(measures: Sequence[Measures], request: Request, term: str) -> list[Document]:
    """The trace of one term of a model."""
    from .derivation.explained import explain
    from .elaborator.terms import read_term

    if len(measures) > 1:
        names = ", ".join(f"`{m.program.name}`" for m in measures)
        raise usage(f"`--explain` takes one model, and there are {names}", hint="`--model NAME`")
    return [explain(measures[0], request, read_term(term, measures[0].program))]


def _rendered(measures: Sequence[Measures], request: Request, options: argparse.Namespace) -> str | bytes:
    if options.json and options.explain is not None:
        raise usage("`--explain` is a derivation, and JSON has no form for it", hint="`--explain TERM --markdown`")
    if options.json:
        from .exchange import to_json

        return to_json(measures, request, detailed=options.detail is not None)
    from .comparison import documents_of
    from .renderer import Look, render

    if options.explain is not None:
        documents = _explained(measures, request, options.explain)
    else:
        documents = documents_of(measures, request, detailed=options.detail is not None)
    look = Look(
        read_width(options.width, WIDTH),
        standalone=options.standalone,
        columns=_columns(options),
        colour=_colour(options),
        prefix=options.prefix,
    )
    if options.latex:
        return render(documents, "latex", look)
    if options.markdown:
        return render(documents, "markdown", replace(look, dialect="github" if options.markdown == "github" else None))
    if options.html:
        return render(documents, "html", look)
    if options.typst:
        return render(documents, "typst", look)
    if options.pdf:
        from .renderer.pdf import to_pdf

        return to_pdf(documents, look)
    return render(documents, "text", look)


def _pictures(
    sessions: Sequence[Session],
    overrides: Mapping[str, Literal],
    options: argparse.Namespace,
    read: Sequence[Path],
) -> int:
    """One picture, or with `-o FOLDER/` a file for each model."""
    from .pictures import drawn

    if (_format(options) or "latex") != "latex" or options.check or options.verify:
        raise usage("a picture is SVG, or TikZ with `--latex`", hint="`derive FILE --picture dependences --latex`")
    programs = [program for session in sessions for program in session.programs]
    width = read_width(options.width, WIDTH) if options.latex else None
    sizes = {name: value for name, value in overrides.items() if isinstance(value, Fraction)}
    found = drawn(programs, sizes, width, standalone=options.standalone)
    what = "models, and a picture shows one"
    write_each(found, options.output, "tex" if options.latex else "svg", what, read)
    return 0


def _format(options: argparse.Namespace) -> str | None:
    """The format that was asked for, if any."""
    formats = ("latex", "markdown", "html", "typst", "pdf", "json")
    return next((name for name in formats if getattr(options, name)), None)


def _columns(options: argparse.Namespace) -> int:
    """The width of the terminal, or what COLUMNS says; 100 for a file or a pipe."""
    if is_shown(options.output):
        return max(40, min(140, shutil.get_terminal_size((100, 24)).columns))
    return 100


def _colour(options: argparse.Namespace) -> bool:
    from .renderer.colour import wanted

    shown = is_shown(options.output)
    return wanted(options.color, os.environ if shown else {}, terminal=shown and in_terminal())


def _print(text: str | bytes, options: argparse.Namespace) -> int:
    write(text, options.output)
    return 0


# ---------------------------------------------------------------- checks and lists


def _checks(sessions: Sequence[Session], reports: Mapping[Program, Report], options: argparse.Namespace) -> int:
    """What `--check` and `--verify` found: a line for what holds, a message for what does not."""
    lines: list[str] = []
    status = 0
    if options.check:
        from .marking import check_all

        lines, complaints, holds = check_all(sessions, options.dtype, solved=options.solution)
        for complaint in complaints:
            complain(complaint.format() + "\n")
        status = 0 if holds else 1
    lines += [line for report in reports.values() for line in report.lines()]
    _print("\n".join(map(visible, lines)) + "\n", options)
    return max(status, _disagreements(reports.values()))


def _verified(sessions: Sequence[Session], options: argparse.Namespace) -> dict[Program, Report]:
    """Every model run at small sizes, if that was asked for."""
    if not options.verify:
        return {}
    from .verifier import verify

    return {
        program: report
        for session in sessions
        for program, report in zip(session.programs, verify(session, options.seed or 0), strict=True)
    }


def _disagreements(reports: Iterable[Report]) -> int:
    """A message for everything that came out otherwise; 1 if there is any, or if a model was not run."""
    status = 0
    for report in reports:
        for disagreement in report.disagreements:
            complain(disagreement.diagnostic().format() + "\n")
        status = max(status, 0 if report.holds else 1)
    return status
