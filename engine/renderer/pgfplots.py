"""A plot as PGFPlots source: one `tikzpicture` that fits a width of text and needs the package pgfplots alone."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Final

from ..chart import Chart, Point, Tick, Words
from ..notation import Symbols, to_latex
from ..notation.letters import GREEK
from ..notation.widths import latex_width
from .chart_layout import LIGHT, Box, Dot, Label, Pen, Sheet, lay_out, look_of
from .escape import latex_words, spaced
from .latex_letters import letters_apart, printed_width

POINTS: Final = 72.27
_OF_LATEX: Final = frozenset(
    {"lceil", "rceil", "lfloor", "rfloor", "log", "max", "min", "sqrt", "frac", "cdot", "mathrm", "mathit", *GREEK}
)
EM: Final = 8.0  # of \footnotesize, in points as all lengths here
SMALL: Final = EM / 10  # against the size of the text
STROKE: Final = 1.0
LARGEST: Final = 8000.0  # TeX holds lengths of 16,383 points
COMPATIBLE: Final = "\\pgfplotsset{compat=1.11}"  # what is written here looks the same from that version on
_SAFE: Final = 0.98  # the table of glyphs is right within 1.5 %
_MARKS: Final = {
    "circle": "mark=*, mark size=1.7pt",
    "square": "mark=square*, mark size=1.5pt",
    "triangle": "mark=triangle*, mark size=2.2pt",
    "diamond": "mark=diamond*, mark size=2.3pt",
    "drop": "mark=triangle*, mark size=2.2pt, mark options={solid, rotate=180}",
    "cross": "mark=+, mark size=2.1pt, mark options={solid, line width=1.3pt}",
}


def to_pgfplots(chart: Chart, width_inches: float = 5.5, *, standalone: bool = False) -> str:
    """The plot as a `tikzpicture` for the preamble line `\\usepackage{pgfplots}`; ends with a line end. `standalone`
    makes a file that compiles by itself. What the caption of a figure should say stands in a comment."""
    sheet = lay_out(chart, width_inches * POINTS * _SAFE, Pen(EM, _width))
    start = _start(sheet)
    body = [
        "\\begin{tikzpicture}[font=\\footnotesize, lead/.style={draw=black!45, line width=0.3pt},",
        "  words/.style={inner sep=0pt, outer sep=0pt, align=left}]",
        COMPATIBLE,
        *_colours(sheet),
        *_axis(sheet, start),
        *_curves(sheet, start),
        *(line for label in sheet.labels for line in _label(sheet, label)),
        *(line for dot in sheet.dots for line in _dot(sheet, dot)),
        *_titles(sheet),
        "\\end{axis}",
        "\\end{tikzpicture}%",
    ]
    also = "\\usepackage{amsmath}" if _needs_amsmath(chart) else ""
    needed = f"\\usepackage{{pgfplots}}{COMPATIBLE}{also}"
    about = f"% {_caption(chart)}"
    if not standalone:
        lines = [f"% needs {needed}; a later version will do", about, *letters_apart("\n".join(body)), *body]
        return "\n".join(lines) + "\n"
    lines = [
        about,
        "\\documentclass[10pt]{article}",
        needed,
        f"\\setlength{{\\textwidth}}{{{width_inches:g}in}}",
        "\\setlength{\\oddsidemargin}{\\dimexpr(\\paperwidth-\\textwidth)/2-1in\\relax}",
        "\\pagestyle{empty}",
        "\\begin{document}",
        *letters_apart("\n".join(body)),
        "\\noindent",
        *body,
        "\\end{document}",
    ]
    return "\n".join(lines) + "\n"


def _needs_amsmath(chart: Chart) -> bool:
    """Is there a command in its formulas that LaTeX alone has not?"""
    words = [chart.size.title, *(meeting.label for meeting in chart.meetings)]
    formulas = "".join(to_latex(run, Symbols({})) for text in words for run in text if not isinstance(run, str))
    return not set(re.findall(r"\\([A-Za-z]+)", formulas)) <= _OF_LATEX


def _caption(chart: Chart) -> str:
    """What the plot shows, for a comment."""
    return spaced(f"{chart.title[0].upper()}{chart.title[1:]}. {_source(chart.caption)}").strip()


def _source(words: Words) -> str:
    """Words as LaTeX, formulas in dollars."""
    return "".join(latex_words(run) if isinstance(run, str) else f"${to_latex(run, Symbols({}))}$" for run in words)


def _width(words: Words) -> float:
    return SMALL * sum(
        printed_width(run) if isinstance(run, str) else latex_width(to_latex(run, Symbols({})), display=False)
        for run in words
    )


def _colours(sheet: Sheet) -> Iterator[str]:
    for colour in sorted({look_of(label.curve.look).colour for label in sheet.labels}):
        yield f"\\definecolor{{archderive{colour}}}{{HTML}}{{{LIGHT[colour][1:].upper()}}}"


def _start(sheet: Sheet) -> Point:
    """What coordinates are divided by, as logarithms: 1, or where an axis begins if TeX could not hold the lengths
    from 1 on."""
    frame, chart = sheet.frame, sheet.chart
    lengths = (frame.right - frame.left, frame.bottom - frame.top)
    far = [
        max(abs(axis.low), abs(axis.high)) * length / (axis.high - axis.low) > LARGEST
        for axis, length in zip((chart.size, chart.quantity), lengths, strict=True)
    ]
    return (chart.size.low if far[0] else 0.0, chart.quantity.low if far[1] else 0.0)


def _axis(sheet: Sheet, start: Point) -> Iterator[str]:
    frame, chart = sheet.frame, sheet.chart
    for name, first in zip(("x", "y"), start, strict=True):
        if first:
            yield f"% the {name} of all coordinates are divided by {_power(first)}"
    yield "\\begin{axis}["
    yield "  xmode=log, ymode=log, scale only axis, clip=false, axis lines=left, axis line style={-, black!55},"
    yield f"  width={_n(frame.right - frame.left)}pt, height={_n(frame.bottom - frame.top)}pt,"
    both = (("x", sheet.columns, chart.size, start[0]), ("y", sheet.rows, chart.quantity, start[1]))
    for name, ticks, axis, first in both:
        small = [*axis.minor, *(tick.at for tick in axis.ticks if tick not in ticks)]
        yield f"  {name}min={_power(axis.low - first)}, {name}max={_power(axis.high - first)},"
        yield f"  {name}tick={{{', '.join(_power(tick.at - first) for tick in ticks)}}},"
        yield f"  {name}ticklabels={{{', '.join(_tick(tick) for tick in ticks)}}},"
        yield f"  minor {name}tick={{{', '.join(_power(at - first) for at in sorted(small))}}},"
    yield "  tick align=outside, tick style={black!55, line width=0.4pt},"
    yield "  major tick length=2.5pt, minor tick length=2.5pt,"
    yield "  grid=major, grid style={black!11, line width=0.4pt}, ticklabel style={inner sep=2pt},"
    yield "]"


def _tick(tick: Tick) -> str:
    return f"{{{_source(tick.label)}}}"


def _curves(sheet: Sheet, start: Point) -> Iterator[str]:
    for curve in sheet.chart.curves:
        look = look_of(curve.look)
        units = [f"{_n(STROKE * part)}pt" for part in look.dashes]
        kinds = ("on", "off")
        dashes = " ".join(f"{kinds[n % 2]} {unit}" for n, unit in enumerate(units))
        style = f"archderive{look.colour}, line width={STROKE:g}pt, line join=round"
        style += f", dash pattern={dashes}" if dashes else ""
        yield f"% {', '.join(spaced(name) for name in curve.names)}"
        for run in curve.runs:
            yield f"\\addplot[{style}, no marks, forget plot] coordinates {{{_places(run, start)}}};"
        if curve.marks:
            style = f"archderive{look.colour}, only marks, {_MARKS[look.shape]}, forget plot"
            yield f"\\addplot[{style}] coordinates {{{_places(curve.marks, start)}}};"


def _places(points: Sequence[Point], start: Point) -> str:
    return " ".join(f"({_power(x - start[0])},{_power(y - start[1])})" for x, y in points)


def _label(sheet: Sheet, label: Label) -> Iterator[str]:
    look = look_of(label.curve.look)
    yield f"\\draw[lead] {_way(sheet, label.lead)};"
    yield f"\\draw[archderive{look.colour}] plot[{_MARKS[look.shape]}] coordinates {{{_rel(sheet, label.mark)}}};"
    words = "\\\\".join(f"\\strut {latex_words(line)}" for line in label.lines)
    yield f"\\node[words, anchor=west] at {_rel(sheet, (label.box.left, _middle(label.box)[1]))} {{{words}}};"


def _dot(sheet: Sheet, dot: Dot) -> Iterator[str]:
    if dot.lead:
        yield f"\\draw[lead] {_way(sheet, dot.lead)};"
    look = "fill=black, draw=white" if dot.leading else "fill=white, draw=black"
    radius = 2.1 if dot.leading else 1.7
    yield f"\\filldraw[{look}, line width=0.6pt] {_rel(sheet, dot.at)} circle[radius={radius}pt];"
    if dot.box is not None:
        place = _rel(sheet, _middle(dot.box))
        yield f"\\node[words, fill=white, fill opacity=0.8, text opacity=1] at {place} {{{_source(dot.label)}}};"


def _titles(sheet: Sheet) -> Iterator[str]:
    frame, chart = sheet.frame, sheet.chart
    top = _rel(sheet, (0.0, 0.55 * EM))
    yield f"\\node[words, anchor=west] at {top} {{\\strut {_source(chart.quantity.title)}}};"
    below = _rel(sheet, ((frame.left + frame.right) / 2, frame.bottom + 2.75 * EM))
    yield f"\\node[words] at {below} {{\\strut {_source(chart.size.title)}}};"


def _middle(box: Box) -> Point:
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2


def _way(sheet: Sheet, points: Sequence[Point]) -> str:
    return " -- ".join(_rel(sheet, point) for point in points)


def _rel(sheet: Sheet, at: Point) -> str:
    """A place of the sheet in shares of the frame, from its lower left corner."""
    frame = sheet.frame
    x = (at[0] - frame.left) / (frame.right - frame.left)
    y = (frame.bottom - at[1]) / (frame.bottom - frame.top)
    return f"(rel axis cs:{x:.4f},{y:.4f})"


def _power(place: float) -> str:
    """A number by its logarithm, to six digits; it may be larger than a float."""
    decade = math.floor(place)
    if -3 <= decade < 6:
        return f"{10**place:.6g}"
    return f"{10 ** (place - decade):.6g}e{decade}"


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
