"""A plot as SVG: one self-contained element, for light and dark, readable without colour.

It has no script, no font of its own and no outside reference, and a title and a description for who cannot see it.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

from ..chart import Chart, Point, Words
from ..notation import Symbols, to_unicode
from .chart_layout import DARK, LIGHT, LINE, Box, Dot, Label, Pen, Sheet, lay_out, look_of
from .escape import spaced
from .svg import escape

MARGIN: Final = 16.0
EM: Final = 13.0
STROKE: Final = 2.0
MARK: Final = 3.6
# Of a page in which the plot stands, no other element has the class: the rules hold in here only.
CLASS: Final = "archderive-plot"
_RULES: Final = {
    ".paper": "fill:#fff",
    ".grid": "fill:none;stroke:#e6e9ec;stroke-width:1",
    ".edge": "fill:none;stroke:#8a929c;stroke-width:1",
    ".lead": "fill:none;stroke:#8a929c;stroke-width:.8",
    "text": f"fill:#1f252b;font:{EM:g}px system-ui,sans-serif",
    ".quiet": "fill:#59626c;font-size:12px",
    ".cross": "fill:#fff;stroke:#1f252b;stroke-width:1.4",
    ".first": "fill:#1f252b;stroke:#fff;stroke-width:1.2",
    ".halo": "stroke:#fff;stroke-width:3.5;stroke-linejoin:round;paint-order:stroke",
}
_DARK_RULES: Final = {
    ".paper": "fill:#16191d",
    ".grid": "stroke:#2a3037",
    ".edge": "stroke:#77818c",
    ".lead": "stroke:#77818c",
    "text": "fill:#e8ebee",
    ".quiet": "fill:#a3adb8",
    ".cross": "fill:#16191d;stroke:#e8ebee",
    ".first": "fill:#e8ebee;stroke:#16191d",
    ".halo": "stroke:#16191d",
}
_NARROW: Final = frozenset("ijlI.,:;'|!()[]/ ft")
_WIDE: Final = frozenset("mwMW@%—…")


def text_width(words: str) -> float:
    """How wide words are at the size of the labels, in the widest of the usual sans-serif faces."""
    return EM * sum(_share(letter) for letter in words)


def _share(letter: str) -> float:
    if letter in _NARROW:
        return 0.41
    if letter in _WIDE:
        return 1.0
    if unicodedata.combining(letter):
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    return 0.72 if letter.isupper() else 0.65


def _plain(words: Words) -> str:
    return spaced("".join(run if isinstance(run, str) else to_unicode(run, Symbols({})) for run in words))


def to_svg(chart: Chart, width: int = 720) -> str:
    """The plot as an `<svg>` element, so many pixels wide, that ends with a line end."""
    pen = Pen(EM, lambda words: text_width(_plain(words)))
    sheet = lay_out(chart, width - 2 * MARGIN, pen)
    caption = wrap(_plain(chart.caption), int((width - 2 * MARGIN) / (0.56 * EM)))
    floor = sheet.frame.bottom + 4.8 * EM if caption else sheet.frame.bottom + 3.2 * EM
    height = floor + 18 * max(0, len(caption) - 1) + 2 * MARGIN + (4 if caption else 0)
    looks = [label.curve.look for label in sheet.labels]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{_n(-MARGIN)} {_n(-MARGIN)} {width} {_n(height)}" '
        f'width="{width}" height="{_n(height)}" class="{CLASS}" role="img">',
        f"<title>{escape(spaced(chart.title))}</title>",
        f"<desc>{escape(spaced(chart.description))}</desc>",
        f"<style>{_style(sorted(looks))}</style>",
        f'<rect class="paper" x="{_n(-MARGIN)}" y="{_n(-MARGIN)}" width="{width}" height="{_n(height)}"/>',
        *_axes(sheet),
        *_titles(sheet),
        *_curves(sheet),
        *(line for label in sheet.labels for line in _label(label)),
        *(line for dot in sheet.dots for line in _dot(dot)),
        *(
            f'<text class="quiet" x="0" y="{_n(floor + 18 * n)}">{escape(line)}</text>'
            for n, line in enumerate(caption)
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _style(looks: Sequence[int]) -> str:
    """Rules for what there is. Two plots of one page may have the same: a look is the same in each."""
    light = dict(_RULES)
    dark = dict(_DARK_RULES)
    for look in looks:
        chosen = look_of(look)
        dash = " ".join(_n(STROKE * part) for part in chosen.dashes)
        dashes = f";stroke-dasharray:{dash}" if dash else ""
        colour = chosen.colour
        light[f".c{look}"] = f"fill:none;stroke:{LIGHT[colour]};stroke-width:{STROKE:g};stroke-linejoin:round{dashes}"
        light[f".m{look}"] = f"fill:{LIGHT[colour]}"
        dark[f".c{look}"] = f"stroke:{DARK[colour]}"
        dark[f".m{look}"] = f"fill:{DARK[colour]}"
    rules = ["".join(f".{CLASS} {what}{{{look}}}" for what, look in kind.items()) for kind in (light, dark)]
    return f"{rules[0]}@media (prefers-color-scheme:dark){{{rules[1]}}}"


def _axes(sheet: Sheet) -> Iterator[str]:
    frame, chart = sheet.frame, sheet.chart
    columns = [(sheet.at((tick.at, 0))[0], tick.label) for tick in sheet.columns]
    rows = [(sheet.at((0, tick.at))[1], tick.label) for tick in sheet.rows]
    yield (
        '<path class="grid" d="'
        + "".join(f"M{_n(x)} {_n(frame.top)}V{_n(frame.bottom)}" for x, _ in columns)
        + "".join(f"M{_n(frame.left)} {_n(y)}H{_n(frame.right)}" for y, _ in rows)
        + '"/>'
    )
    small = [sheet.at((at, 0))[0] for at in (*chart.size.minor, *(tick.at for tick in chart.size.ticks))]
    tiny = [sheet.at((0, at))[1] for at in (*chart.quantity.minor, *(tick.at for tick in chart.quantity.ticks))]
    yield (
        f'<path class="edge" d="M{_n(frame.left)} {_n(frame.top)}V{_n(frame.bottom)}H{_n(frame.right)}'
        + "".join(f"M{_n(x)} {_n(frame.bottom)}v4" for x in small)
        + "".join(f"M{_n(frame.left)} {_n(y)}h-4" for y in tiny)
        + '"/>'
    )
    for x, label in columns:
        yield _text(x, frame.bottom + 1.5 * EM, _plain(label), "quiet", "middle")
    for y, label in rows:
        yield _text(frame.left - 0.6 * EM, y + 0.35 * EM, _plain(label), "quiet", "end")


def _titles(sheet: Sheet) -> Iterator[str]:
    frame, chart = sheet.frame, sheet.chart
    yield _text(0, 0.8 * EM, _plain(chart.quantity.title))
    yield _text((frame.left + frame.right) / 2, frame.bottom + 2.9 * EM, _plain(chart.size.title), "", "middle")


def _curves(sheet: Sheet) -> Iterator[str]:
    for curve in sheet.chart.curves:
        ways = "".join(_way([sheet.at(point) for point in run]) for run in curve.runs)
        yield f'<path class="c{curve.look}" d="{ways}"/>'
        marks = "".join(_mark(sheet.at(place), curve.look) for place in curve.marks)
        yield f'<path class="m{curve.look}" d="{marks}"/>'


def _label(label: Label) -> Iterator[str]:
    look = label.curve.look
    yield f'<path class="lead" d="{_way(label.lead)}"/><path class="m{look}" d="{_mark(label.mark, look)}"/>'
    yield from _lines(label.box, label.lines)


def _lines(box: Box, lines: Sequence[str]) -> Iterator[str]:
    for n, line in enumerate(lines):
        yield _text(box.left, box.top + LINE * EM * n + 0.97 * EM, spaced(line))


def _dot(dot: Dot) -> Iterator[str]:
    x, y = dot.at
    if dot.lead:
        yield f'<path class="lead" d="{_way(dot.lead)}"/>'
    kind, radius = ("first", 4.6) if dot.leading else ("cross", 3.6)
    yield f'<circle class="{kind}" cx="{_n(x)}" cy="{_n(y)}" r="{radius}"/>'
    if dot.box is not None:
        middle = (dot.box.left + dot.box.right) / 2
        yield _text(middle, dot.box.top + 0.97 * EM, _plain(dot.label), "halo", "middle")


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "") -> str:
    attributes = (f' class="{kind}"' if kind else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{_n(x)}" y="{_n(y)}"{attributes}>{escape(words)}</text>'


def _way(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _mark(at: Point, look: int) -> str:
    x, y = at
    r = MARK
    match look_of(look).shape:
        case "circle":
            return f"M{_n(x - r)} {_n(y)}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0"
        case "square":
            side = 0.9 * r
            return f"M{_n(x - side)} {_n(y - side)}h{_n(2 * side)}v{_n(2 * side)}h{_n(-2 * side)}z"
        case "triangle":
            return _polygon(x, y, 1.3 * r, 3, -90)
        case "diamond":
            return _polygon(x, y, 1.35 * r, 4, -90)
        case "drop":
            return _polygon(x, y, 1.3 * r, 3, 90)
        case _:
            a, b = 1.2 * r, 0.42 * r
            steps = f"v{_n(a - b)}h{_n(a - b)}v{_n(2 * b)}h{_n(b - a)}v{_n(a - b)}h{_n(-2 * b)}v{_n(b - a)}h{_n(b - a)}"
            return f"M{_n(x - b)} {_n(y - a)}m{_n(2 * b)} 0{steps}v{_n(-2 * b)}h{_n(a - b)}v{_n(b - a)}z"


def _polygon(x: float, y: float, radius: float, corners: int, turn: float) -> str:
    places = [math.radians(turn + 360 * n / corners) for n in range(corners)]
    return _way([(x + radius * math.cos(place), y + radius * math.sin(place)) for place in places]) + "Z"


def _n(value: float) -> str:
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
