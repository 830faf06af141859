"""A picture of dependences as TikZ: one `tikzpicture` that fits a width of text and needs no library of TikZ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..diagram import Line, Picture, Spot, steepness
from ..notation.widths import text_width
from .escape import latex_words
from .latex_letters import letters_apart, printed_width

POINTS: Final = 72.27
COLUMN: Final = 34.0  # in points, as all lengths here
SMALL: Final = 0.8  # of \footnotesize, against the size of the text
GAP: Final = 9.0


@dataclass(frozen=True)
class _Sheet:
    """Where the spots of a picture are, in the units of TikZ."""

    picture: Picture
    column: float

    @property
    def row(self) -> float:
        """Rows stand farther apart where lines go far."""
        return self.column * steepness(self.picture)

    def at(self, spot: Spot) -> tuple[float, float]:
        row, n = spot
        count = len(self.picture.rows[row].places)
        return self.column * self.picture.columns * (n + 0.5) / count, self.row * row


def to_tikz(picture: Picture, width_inches: float = 5.5, *, standalone: bool = False) -> str:
    """The picture as a `tikzpicture` for the preamble line `\\usepackage{tikz}`; ends with a line end. `standalone`
    makes a file that compiles by itself."""
    labels = [latex_words(row.label) for row in picture.rows]
    widest = max(printed_width(row.label) for row in picture.rows) * SMALL
    room = width_inches * POINTS - widest - 2 * GAP
    sheet = _Sheet(picture, min(COLUMN, room / picture.columns))
    thin = "0.3pt" if len(picture.lines) > 300 else "0.4pt"
    lines = [
        "% needs \\usepackage{tikz}",
        "\\begin{tikzpicture}[x=1pt, y=1pt, font=\\footnotesize,",
        f"  line/.style={{draw=black!35, line width={thin}}},",
        "  turn/.style={draw=black!55, line width=0.5pt, -stealth, shorten <=2.2pt, shorten >=2.2pt},",
        "  route/.style={draw=red!75!black, line width=1.7pt, line cap=round},",
        "  route turn/.style={route, -stealth, shorten <=2.2pt, shorten >=2.6pt}]",
        *_paths(sheet),
        *_dots(sheet),
        *(
            f"\\node[anchor=east] at ({_n(-GAP / 2)},{_n(sheet.row * row)}) {{\\strut {label}}};"
            for row, label in enumerate(labels)
        ),
        *_places(sheet),
        *_caption(sheet, widest),
        "\\end{tikzpicture}",
    ]
    lines[1:1] = letters_apart("\n".join(lines))
    if standalone:
        lines = [
            "\\documentclass[10pt]{article}",
            "\\usepackage{tikz}",
            f"\\setlength{{\\textwidth}}{{{width_inches:g}in}}",
            "\\setlength{\\oddsidemargin}{\\dimexpr(\\paperwidth-\\textwidth)/2-1in\\relax}",
            "\\pagestyle{empty}",
            "\\begin{document}\\noindent",
            *lines[1:],
            "\\end{document}",
        ]
    return "\n".join(lines) + "\n"


def _paths(sheet: _Sheet) -> Iterator[str]:
    marked = set(sheet.picture.route)
    for line in sheet.picture.lines:
        if line not in marked:
            yield f"\\draw[{'turn' if line.step else 'line'}] {_way(sheet, line)};"
    for line in sheet.picture.route:
        yield f"\\draw[{'route turn' if line.step else 'route'}] {_way(sheet, line)};"


def _way(sheet: _Sheet, line: Line) -> str:
    (x, y), (u, v) = sheet.at(line.start), sheet.at(line.end)
    if not line.around:
        return f"({_n(x)},{_n(y)}) -- ({_n(u)},{_n(v)})"
    side, far = x + 0.36 * sheet.column, 0.6 * sheet.row
    if u != x:  # up beside its own position first
        last, near = v - sheet.row, x + 0.25 * sheet.column
        controls = f"({_n(side)},{_n(y + far)}) and ({_n(near)},{_n(last - far)})"
        return f"({_n(x)},{_n(y)}) .. controls {controls} .. ({_n(near)},{_n(last)}) -- ({_n(u)},{_n(v)})"
    controls = f"({_n(side)},{_n(y + far)}) and ({_n(side)},{_n(v - far)})"
    return f"({_n(x)},{_n(y)}) .. controls {controls} .. ({_n(u)},{_n(v)})"


def _dots(sheet: _Sheet) -> Iterator[str]:
    picture = sheet.picture
    marked = picture.marked
    for row, content in enumerate(picture.rows):
        for n in range(len(content.places)):
            x, y = sheet.at((row, n))
            look = ("red!75!black", 2.7) if (row, n) in marked else ("black!70", 1.9)
            yield f"\\fill[{look[0]}] ({_n(x)},{_n(y)}) circle[radius={look[1]}pt];"
    for spot in picture.apart:
        x, y = sheet.at(spot)
        yield f"\\draw[red!75!black, line width=1.2pt] ({_n(x)},{_n(y)}) circle[radius=4.4pt];"


def _places(sheet: _Sheet) -> Iterator[str]:
    """The numbers of the positions, as many as there is room for."""
    places = sheet.picture.rows[0].places
    wide = max(text_width(place) for place in places) * SMALL + 3
    every = max(1, -int(-wide // (sheet.column * sheet.picture.columns / len(places))))
    for n, place in enumerate(places):
        if n % every == 0:
            x, y = sheet.at((0, n))
            yield f"\\node[anchor=north] at ({_n(x)},{_n(y - 4)}) {{\\strut {latex_words(place)}}};"


def _caption(sheet: _Sheet, labels: float) -> Iterator[str]:
    if not sheet.picture.caption:
        return
    width = labels + GAP + sheet.column * sheet.picture.columns
    words = latex_words(sheet.picture.caption)
    yield (
        f"\\node[anchor=north west, text width={_n(width)}pt, align=flush left, inner xsep=0pt] "
        f"at ({_n(-labels - GAP)},-20) {{{words}}};"
    )


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
