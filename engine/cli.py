"""The command `derive`: arguments in, a derivation, a table or a list of checks out.

Exit status 0 done, 1 a model or a check is wrong, 2 usage. Messages go to standard error. What is slow to load is
loaded when it is needed: `--help`, `--list`, `--source` and syntax errors do not wait for it.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .errors import ArchError, usage
from .settings import overrides_of, spread

if TYPE_CHECKING:
    from .derivation import Request
    from .document import Document
    from .elaborator.literals import Literal
    from .program import Program
    from .quantities import Measures
    from .session import Session
    from .verifier import Report

USAGE_STATUS = 2


def run() -> NoReturn:
    """The command as a process: one short run, which need not collect or tear down what it has built. That would be a
    fifth of its time."""
    gc.disable()
    try:
        status = main()
        sys.stdout.flush()
    except SystemExit as leaving:  # usage, as argparse has it
        status = leaving.code if isinstance(leaving.code, int) else USAGE_STATUS
        sys.stdout.flush()
    except BrokenPipeError:
        status = 0
    sys.stderr.flush()
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives the exit status."""
    try:
        options = _parser().parse_args(spread(list(sys.argv[1:] if arguments is None else arguments)))
        return _run(options)
    except ArchError as failure:
        print(str(failure), file=sys.stderr)
        return failure.status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except RecursionError:
        print("error: the model is nested too deeply", file=sys.stderr)
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
    form.add_argument("--json", action="store_true", help="formulas, growth and numbers as JSON")
    form.add_argument("--check", action="store_true", help="check the `expect` lines of the files")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="run every equation at small sizes and compare what it does with the formulas; with a format, the "
        "derivation says so",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the seed that sizes and values are drawn from"
    )
    parser.add_argument(
        "--picture",
        choices=("dependences",),
        help="the dependences between positions of a small model as SVG, or with --latex as TikZ",
    )
    form.add_argument("--list", action="store_true", help="list the standard layers and models")
    form.add_argument(
        "--source", metavar="NAME", help="print the definition of a standard layer, or the file of a model"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to a file instead of standard output (`-`)")
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
    parser.add_argument("--standalone", action="store_true", help="a LaTeX file that compiles by itself")
    parser.add_argument(
        "--width",
        default="5.5in",
        metavar="WIDTH",
        help="the text width of the LaTeX, in in, cm, mm or pt (default 5.5in)",
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
    if options.list:
        from .listing import library_list

        return _print(library_list(), options)
    if options.source is not None:
        from .listing import library_source

        return _print(library_source(options.source), options)
    if not options.files:
        raise usage("there is no file to derive", hint="`derive model.arch`, or `derive --help`")
    if options.files.count("-") > 1:
        raise usage("standard input can be read once")
    overrides = overrides_of(options.at)
    sessions = _open_all(options.files, overrides, options.model)
    if options.picture:
        return _pictures(sessions, overrides, options)
    reports = _verified(sessions, options)
    if options.check or (options.verify and not (options.latex or options.markdown or options.json)):
        return _checks(sessions, reports, options)
    request = _request(options, reports)
    measures: list[Measures] = []
    for session in sessions:
        found = session.measures(request.dtype)
        measures += found.values()
        for warning in (w for program in session.programs for w in program.warnings):
            print(warning.format(), file=sys.stderr)
    _check_form(request.form, measures)
    status = _print(_rendered(measures, request, options), options)
    for session in sessions:
        for complaint in session.complaints({m.program.name: m for m in measures if m.program in session.programs}):
            print(complaint.format(), file=sys.stderr)
    return max(status, _disagreements(reports.values()))


def _open_all(files: Sequence[str], overrides: Mapping[str, Literal], model: str | None) -> list[Session]:
    """Every file, or its one `model`; the mistakes of all of them are reported together."""
    from .session import open_path

    sessions, failures = [], []
    for path in files:
        try:
            sessions.append(open_path(path, overrides, model))
        except ArchError as failure:
            failures.append(failure)
    if failures:
        together = ArchError(*(d for failure in failures for d in failure.diagnostics))
        together.status = max(failure.status for failure in failures)
        raise together
    return sessions


def _request(options: argparse.Namespace, reports: Mapping[Program, Report]) -> Request:
    from .conventions import convention
    from .derivation import Request
    from .errors import nearest
    from .forms import FORMS
    from .quantities import DTYPES

    names = tuple(dict.fromkeys(name.strip() for name in options.convention.split(",") if name.strip()))
    if not names:
        raise usage("`--convention` names no convention", hint="`--convention macs,exact`")
    for name in names:
        convention(name)
    if options.dtype not in DTYPES:
        raise usage(
            f"there is no type `{options.dtype}`", hint=nearest(options.dtype, DTYPES) or f"types: {', '.join(DTYPES)}"
        )
    if options.form not in FORMS and not options.form.startswith("collected:"):
        raise usage(f"there is no form `{options.form}`", hint=f"forms: {', '.join(FORMS)}, collected:NAME")
    verified = {program: report.verified for program, report in reports.items()}
    return Request(names, options.detail or "steps", options.form, options.dtype, verified)


def _check_form(form: str, measures: Sequence[Measures]) -> None:
    """`collected:NAME` takes a name of one of the files."""
    from .errors import nearest

    kind, _, name = form.partition(":")
    names = {d.symbol.name for m in measures for d in m.program.dimensions}
    if kind == "collected" and name not in names:
        hint = nearest(name, names) or f"names: {', '.join(sorted(names))}"
        raise usage(f"`--form {form}`: there is no dim or option `{name}`", hint=hint)


def _rendered(measures: Sequence[Measures], request: Request, options: argparse.Namespace) -> str:
    if options.json:
        from .exchange import to_json

        return to_json(measures, request)
    documents = _documents(measures, request, detailed=options.detail is not None)
    from .renderer import render_all

    if options.latex:
        return render_all(documents, "latex", width_inches=_inches(options.width), standalone=options.standalone)
    if options.markdown:
        return render_all(documents, "markdown", dialect="github" if options.markdown == "github" else None)
    return render_all(documents, "text", columns=_columns(options))


def _documents(measures: Sequence[Measures], request: Request, *, detailed: bool) -> list[Document]:
    """One model is derived; several are compared, and derived too where a detail is asked for."""
    from .derivation import derive

    if len(measures) == 1:
        return [derive(measures[0], request)]
    from .comparison import compare

    documents = [compare(measures, request)]
    if detailed and request.detail != "summary":
        documents += [derive(m, request) for m in measures]
    return documents


def _pictures(sessions: Sequence[Session], overrides: Mapping[str, Literal], options: argparse.Namespace) -> int:
    """One picture, or with `-o FOLDER/` a file for each model."""
    from .pictures import addressed, drawn

    if options.markdown or options.json or options.check or options.verify:
        raise usage("a picture is SVG, or TikZ with `--latex`", hint="`derive FILE --picture dependences --latex`")
    programs = [program for session in sessions for program in session.programs]
    width = _inches(options.width) if options.latex else None
    sizes = {name: value for name, value in overrides.items() if isinstance(value, Fraction)}
    found = drawn(programs, sizes, width, standalone=options.standalone)
    for path, text in addressed(found, options.output, "tex" if options.latex else "svg"):
        _print(text, argparse.Namespace(output=path))
    return 0


def _columns(options: argparse.Namespace) -> int:
    if (options.output is None or options.output == "-") and sys.stdout.isatty():
        return max(40, min(140, shutil.get_terminal_size((100, 24)).columns))
    return 100


def _inches(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(in|cm|mm|pt)?", text)
    if match is None:
        raise usage(f"`--width {text}` is no width", hint="`--width 3.25in`")
    inches = float(match[1]) * {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}[match[2] or "in"]
    if not 2 <= inches <= 20:
        raise usage(f"`--width {text}` is no width of a text", hint="between 2in and 20in")
    return inches


def _print(text: str, options: argparse.Namespace) -> int:
    if options.output is None or options.output == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
        return 0
    try:
        Path(options.output).write_text(text, encoding="utf-8")
    except OSError as failure:
        raise usage(f"`{options.output}` cannot be written: {failure.strerror}") from None
    return 0


# ---------------------------------------------------------------- checks and lists


def _checks(sessions: Sequence[Session], reports: Mapping[Program, Report], options: argparse.Namespace) -> int:
    """What `--check` and `--verify` found: a line for what holds, a message for what does not."""
    lines: list[str] = []
    status = 0
    if options.check:
        lines, status = _expectations(sessions, options)
    lines += [line for report in reports.values() for line in report.lines()]
    _print("\n".join(lines) + "\n", options)
    return max(status, _disagreements(reports.values()))


def _expectations(sessions: Sequence[Session], options: argparse.Namespace) -> tuple[list[str], int]:
    lines, failed, total = [], 0, 0
    for session in sessions:
        for check in session.check(session.measures(options.dtype)):
            total += 1
            if check.holds:
                source = check.expect.span.source.name
                lines.append(f"{source}:{check.expect.span.line}: holds: {check.expect.span.text.strip()}")
            else:
                failed += 1
                print(check.diagnostic().format() + "\n", file=sys.stderr)
        for program in session.programs:
            lines += [f"{program.name}: {caveat}" for caveat in program.caveats]
    lines.append(f"{total - failed} of {total} expectations hold" if total else "there are no expectations")
    return lines, 1 if failed else 0


def _verified(sessions: Sequence[Session], options: argparse.Namespace) -> dict[Program, Report]:
    """Every model run at small sizes, if that was asked for."""
    if not options.verify:
        return {}
    from .verifier import verify

    return {
        program: report
        for session in sessions
        for program, report in zip(session.programs, verify(session, options.seed), strict=True)
    }


def _disagreements(reports: Iterable[Report]) -> int:
    """A message for everything that came out otherwise; 1 if there is any, or if a model was not run."""
    status = 0
    for report in reports:
        for disagreement in report.disagreements:
            print(disagreement.diagnostic().format() + "\n", file=sys.stderr)
        status = max(status, 0 if report.holds else 1)
    return status
