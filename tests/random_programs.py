"""Random programs: the closed forms of each against a run of it, equation by equation and layer by layer.

`python tests/random_programs.py --count 100000 --first 0 --workers 2` runs a range of seeds and prints every
disagreement, then a report. A seed gives the same program every time: `--show SEED` prints it.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from random import Random

from archderive.errors import ArchError, Source
from archderive.session import open_source
from archderive.verifier.compare import run_model
from random_blocks import chosen, named, parallel, repeated, written_out
from random_conditions import conditional
from random_equations import accumulation, contraction, gather, general, merged, ragged, recurrence, window
from random_layers import common, cut, joined, library, own, stated, whole
from random_scope import DIMS, LONGEST, Program, Scope, Tensor

# Operations that a run may take; more only where no sizes are found below that.
BUDGETS = (1_500, 20_000, 400_000)
RUNS = 2
CHUNK = 250

# What a program is made of, and how often.
STATEMENTS: tuple[tuple[Callable[[Scope], None], float], ...] = (
    (general, 4),
    (contraction, 3),
    (ragged, 4),
    (window, 5),
    (merged, 3),
    (gather, 1),
    (conditional, 7),
    (accumulation, 1.5),
    (library, 4),
    (whole, 2),
    (joined, 2),
    (cut, 2),
    (stated, 1.5),
    (common, 1.5),
    (own, 4),
    (repeated, 13),
    (chosen, 2),
    (parallel, 1.5),
    (written_out, 2),
    (recurrence, 6),
    (named, 1.5),
)

CONSTRUCTS = (
    "contraction of 2",
    "contraction of 3",
    "a factor that leaves",
    "division",
    "constant factor",
    "square",
    "power",
    "function",
    "maximum of several",
    "table",
    "sum",
    "mean",
    "max",
    "min",
    "prod",
    "several indices",
    "nested reduction",
    "a part of an axis",
    "causal",
    "strictly causal",
    "anticausal",
    "clipped",
    "a ragged tensor read again",
    "window",
    "centred window",
    "stride",
    "dilation",
    "padding",
    "merged on the left",
    "merged on the right",
    "gather",
    "where: equality on data",
    "where: affine equality",
    "where: order",
    "where: data",
    "choice on data",
    "choice on indices",
    "recurrence of one equation",
    "recurrence of several equations",
    "recurrence on two axes",
    "backward recurrence",
    "initial state",
    "+=",
    "whole tensors",
    "concat",
    "split",
    "weight",
    "buffer",
    "layer of its own",
    "options",
    "default arguments",
    "several results",
    "if",
    "library layer",
    "library layer over positions",
    "repeat of a symbol",
    "the turn's number in sizes",
    "repeat with concat",
    "repeat that doubles",
    "repeat that halves",
    "repeat shared",
    "nested repeats",
    "choose",
    "parallel",
    "share",
    "opaque",
    "for",
    "let",
    "several facts",
)


@dataclass(frozen=True)
class Written:
    """A random program: its text, and the constructs that occur in it."""

    text: str
    constructs: tuple[str, ...]


def write(seed: int) -> Written:
    """The program of a seed."""
    source = Random(seed)
    program = Program(source)
    sizes = DIMS[: source.choice((1, 2, 2, 3))]
    for name in sizes:
        program.dim(name)
    inputs: list[Tensor] = []
    scope = Scope(program, sizes, inputs=inputs)
    for _ in range(source.choice((1, 1, 2))):
        number = source.choices((1, 2, 3, 4), (2, 6, 3, 1))[0]
        scope.fresh(tuple(source.choice(sizes) for _ in range(number)))
    for _ in range(source.choice((2, 3, 3, 4, 5))):
        if program.length + len(scope.lines) > LONGEST and scope.lines:
            break
        (statement,) = source.choices([s for s, _ in STATEMENTS], [w for _, w in STATEMENTS])
        statement(scope)
    made = [t for t in scope.tensors if t not in inputs and t.name[0] not in "WB"] or scope.tensors[-1:]
    scope.write(f"return {', '.join(t.name for t in made[-source.choice((1, 2, 3)) :])}")
    if len(program.facts) > 1:
        program.note("several facts")
    return Written(assembled(program, scope, inputs), tuple(program.notes))


def assembled(program: Program, scope: Scope, inputs: Sequence[Tensor]) -> str:
    lines = [f"dim {', '.join(program.dims)}"]
    facts = list(program.facts)
    lines += filter(None, program.head)
    if facts and program.source.random() < 0.5:
        lines.append(f"assume {', '.join(facts)}")
    else:
        lines += [f"assume {fact}" for fact in facts]
    for layer in program.layers:
        lines += layer
    tensors = ", ".join(f"{t.name}[{', '.join(t.axes)}]" for t in inputs)
    lines += [f"model f({tensors}):", *scope.lines]
    return "\n".join(lines) + "\n"


def generate(seed: int) -> str:
    """The text of the program of a seed."""
    return write(seed).text


# ---------------------------------------------------------------- running


@dataclass
class Outcome:
    """What a range of seeds gave."""

    programs: int = 0
    compared: int = 0
    figures: int = 0
    operations: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, int] = field(default_factory=dict)
    constructs: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    uncovered: Counter[str] = field(default_factory=Counter)

    def join(self, other: Outcome) -> None:
        self.programs += other.programs
        self.compared += other.compared
        self.figures += other.figures
        self.operations += other.operations
        self.refused += other.refused
        self.examples = other.examples | self.examples
        self.constructs += other.constructs
        self.findings += other.findings
        self.uncovered += other.uncovered


def check(seed: int, outcome: Outcome) -> None:
    """Write, derive, run and compare the program of a seed."""
    outcome.programs += 1
    text = "(not written)"
    try:
        written = write(seed)
        text = written.text
        session = open_source(Source(f"<seed {seed}>", text))
        measures = session.measures()["f"]
        for budget in BUDGETS:
            report = run_model(measures, seed, runs=RUNS, budget=budget)
            if report.sizes or report.disagreements:
                break
    except ArchError as refusal:
        reason = without_names(refusal.diagnostics[0].message)
        outcome.refused[reason] += 1
        outcome.examples.setdefault(reason, seed)
        return
    except Exception:
        outcome.findings.append(f"seed {seed}: an exception\n{text}\n{traceback.format_exc()}")
        return
    outcome.compared += 1
    outcome.figures += report.agreed
    outcome.operations += report.operations
    outcome.constructs.update(written.constructs)
    for line in report.uncovered:
        outcome.uncovered[without_names(line)] += 1
    if report.disagreements:
        told = [d.diagnostic().format() for d in report.disagreements[:3]]
        outcome.findings.append("\n".join([f"seed {seed}: a disagreement", text, *told]))
    elif not report.sizes:  # a tensor that is empty at all sizes, or one that grows beyond any run
        outcome.uncovered["no sizes at which it could be run"] += 1


def without_names(message: str) -> str:
    """The reason of a refusal without its names and numbers."""
    message = re.sub(r"`[^`]*`", "`…`", message)
    message = re.sub(r"(?<=[ :(])[\w'^*/+()-]*[A-Z\d][^,;`]*?(?=$|,|;| at | and | of | in | by )", "…", message)
    return message.replace("… and …", "…")


def check_range(first: int, count: int) -> Outcome:
    outcome = Outcome()
    for seed in range(first, first + count):
        check(seed, outcome)
    return outcome


def check_all(first: int, count: int, workers: int) -> Iterable[Outcome]:
    starts = range(first, first + count, CHUNK)
    counts = [min(CHUNK, first + count - start) for start in starts]
    if workers == 1:
        yield from map(check_range, starts, counts)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(check_range, starts, counts)


def report_of(outcome: Outcome, seconds: float, workers: int) -> str:
    """The report as it is printed."""
    refused = outcome.refused.total()
    lines = [
        f"programs        {outcome.programs:,}",
        f"compared        {outcome.compared:,}",
        f"refused         {refused:,} ({refused / max(outcome.programs, 1):.1%})",
        f"findings        {len(outcome.findings):,}",
        f"figures agreed  {outcome.figures:,}",
        f"operations run  {outcome.operations:,}",
        f"time            {seconds:.0f} s, {1000 * seconds * workers / max(outcome.programs, 1):.1f} ms a program",
        "",
        "refused because (with a seed)",
        *(f"{n:8,}  {reason} ({outcome.examples[reason]})" for reason, n in outcome.refused.most_common()),
        "",
        "not compared",
        *(f"{n:8,}  {reason}" for reason, n in outcome.uncovered.most_common()),
        "",
        "constructs, the share of the programs compared in which each occurs",
        *(f"{outcome.constructs[c] / max(outcome.compared, 1):8.1%}  {c}" for c in CONSTRUCTS),
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    parser.add_argument("--show", type=int, metavar="SEED", help="print the program of a seed, and nothing else")
    options = parser.parse_args(arguments)
    if options.show is not None:
        print(generate(options.show), end="")
        return 0
    begun = time.perf_counter()
    outcome = Outcome()
    for part in check_all(options.first, options.count, options.workers):
        for finding in part.findings:
            print(finding, end="\n\n", flush=True)
        outcome.join(part)
    print(report_of(outcome, time.perf_counter() - begun, options.workers))
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())
