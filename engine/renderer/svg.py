"""A picture of dependences as SVG: one self-contained element, for light and dark, readable without colour.

It has no script, no font of its own and no outside reference, and a title and a description for who cannot see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import Final

from ..diagram import Line, Picture, Spot, steepness

COLUMN: Final = 56.0
MARGIN: Final = 20.0
DOT: Final = 4.5
LETTER: Final = 7.4  # of the widest usual letters at the size of the labels

# Of a page in which the picture stands, no other element has the class: the rules hold in here only.
CLASS: Final = "archderive-dependences"
_MARKUP: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LIGHT: Final = {
    ".paper": "fill:#fff",
    ".line": "fill:none;stroke:#b6bcc4;stroke-width:1.1",
    ".tip": "fill:#8a929c",
    ".dot": "fill:#59626c",
    ".route": "fill:none;stroke:#c8401f;stroke-width:3.4;stroke-linecap:round",
    ".mark": "fill:#c8401f",
    ".ring": "fill:none;stroke:#c8401f;stroke-width:2.2",
    "text": "fill:#1f252b;font:14px system-ui,sans-serif",
    ".small": "fill:#59626c;font-size:12px",
}
_DARK: Final = {
    ".paper": "fill:#16191d",
    ".line": "stroke:#4b545e",
    ".tip": "fill:#77818c",
    ".dot": "fill:#a3adb8",
    ".route": "stroke:#ff8a5c",
    ".mark": "fill:#ff8a5c",
    ".ring": "stroke:#ff8a5c",
    "text": "fill:#e8ebee",
    ".small": "fill:#a3adb8",
}


def escape(words: str) -> str:
    """Words as the content of an element; `xml.sax.saxutils` would load all that `urllib` needs."""
    return words.translate(_MARKUP)


def _rules(looks: Mapping[str, str]) -> str:
    return "".join(f".{CLASS} {what}{{{look}}}" for what, look in looks.items())


STYLE: Final = f"{_rules(_LIGHT)}@media (prefers-color-scheme:dark){{{_rules(_DARK)}}}"


@dataclass(frozen=True)
class _Sheet:
    """Where things stand."""

    picture: Picture
    left: float
    columns: float

    def at(self, spot: Spot) -> tuple[float, float]:
        row, n = spot
        count = len(self.picture.rows[row].places)
        x = self.left + self.columns * (n + 0.5) / count
        return x, MARGIN + 6 + self.row * (len(self.picture.rows) - 1 - row)

    @property
    def row(self) -> float:
        """Rows stand farther apart where lines go far."""
        return COLUMN * steepness(self.picture)

    @property
    def bend(self) -> float:
        return 0.36 * self.columns / self.picture.columns


def to_svg(picture: Picture) -> str:
    """The picture as an `<svg>` element that ends with a line end."""
    label = max(len(row.label) for row in picture.rows) * LETTER
    columns = max(COLUMN * picture.columns, 250.0)
    sheet = _Sheet(picture, MARGIN + label + 14, columns)
    width = sheet.left + columns + MARGIN
    caption = wrap(picture.caption, max(20, int((width - 2 * MARGIN) / 7.4)))
    floor = MARGIN + 6 + sheet.row * (len(picture.rows) - 1)
    height = floor + 36 + 20 * len(caption) + MARGIN
    size = f"{_n(width)} {_n(height)}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{_n(width)}" height="{_n(height)}" '
        f'class="{CLASS}" role="img">',
        f"<title>{escape(picture.title)}</title>",
        f"<desc>{escape(_description(picture))}</desc>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{_n(width)}" height="{_n(height)}"/>',
        *_lines(sheet),
        *_dots(sheet),
        *_labels(sheet, floor),
        *(
            f'<text x="{_n(MARGIN)}" y="{_n(floor + 52 + 20 * n)}">{escape(words)}</text>'
            for n, words in enumerate(caption)
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _description(picture: Picture) -> str:
    rows = ", ".join(row.label for row in picture.rows)
    return f"Rows from the bottom: {rows}. {len(picture.lines)} dependences. {picture.caption}"


def _lines(sheet: _Sheet) -> Iterator[str]:
    """All lines, the marked ones on top; ordinary ones of one kind are one path."""
    picture = sheet.picture
    marked = set(picture.route)
    plain = [line for line in picture.lines if line not in marked]
    yield f'<path class="line" d="{"".join(_path(sheet, line, 3) for line in plain)}"/>'
    tips = "".join(_tip(sheet, line, 5.5) for line in plain if line.step)
    if tips:
        yield f'<path class="tip" d="{tips}"/>'
    if picture.route:
        yield f'<path class="route" d="{"".join(_path(sheet, line, 9) for line in picture.route)}"/>'
        tips = "".join(_tip(sheet, line, 9) for line in picture.route if line.step)
        if tips:
            yield f'<path class="mark" d="{tips}"/>'


def _path(sheet: _Sheet, line: Line, tip: float) -> str:
    (x, y), (u, v) = sheet.at(line.start), sheet.at(line.end)
    if line.step:
        way = 1 if u > x else -1
        return f"M{_n(x)} {_n(y)}H{_n(u - way * (DOT + tip))}"
    if line.around:  # beside the rows between
        side, far = _n(x + sheet.bend), 0.6 * sheet.row
        if u != x:  # up beside its own position first
            last, near = v + sheet.row, _n(x + 0.7 * sheet.bend)
            return f"M{_n(x)} {_n(y)}C{side} {_n(y - far)} {near} {_n(last + far)} {near} {_n(last)}L{_n(u)} {_n(v)}"
        return f"M{_n(x)} {_n(y)}C{side} {_n(y - far)} {side} {_n(v + far)} {_n(u)} {_n(v)}"
    return f"M{_n(x)} {_n(y)}L{_n(u)} {_n(v)}"


def _tip(sheet: _Sheet, line: Line, size: float) -> str:
    """The head of an arrow within a row."""
    (x, _), (u, v) = sheet.at(line.start), sheet.at(line.end)
    way = 1 if u > x else -1
    end = u - way * (DOT + 0.5)
    back = end - way * size
    half = size * 0.55
    return f"M{_n(end)} {_n(v)}L{_n(back)} {_n(v - half)}V{_n(v + half)}Z"


def _dots(sheet: _Sheet) -> Iterator[str]:
    picture = sheet.picture
    marked = picture.marked
    for row, content in enumerate(picture.rows):
        for n in range(len(content.places)):
            x, y = sheet.at((row, n))
            kind, radius = ("mark", DOT + 1.5) if (row, n) in marked else ("dot", DOT)
            yield f'<circle class="{kind}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>'
    for spot in picture.apart:
        x, y = sheet.at(spot)
        yield f'<circle class="ring" cx="{_n(x)}" cy="{_n(y)}" r="{_n(DOT + 4)}"/>'


def _labels(sheet: _Sheet, floor: float) -> Iterator[str]:
    rows = sheet.picture.rows
    for row, content in enumerate(rows):
        _, y = sheet.at((row, 0))
        yield f'<text x="{_n(sheet.left - 14)}" y="{_n(y + 5)}" text-anchor="end">{escape(content.label)}</text>'
    every = max(1, -(-len(rows[0].places) // 32))
    for n, place in enumerate(rows[0].places):
        if n % every == 0:
            x, _ = sheet.at((0, n))
            yield f'<text class="small" x="{_n(x)}" y="{_n(floor + 22)}" text-anchor="middle">{escape(place)}</text>'


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
