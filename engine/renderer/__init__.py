"""Documents laid out: a document goes in, LaTeX, Markdown, HTML, Typst or terminal text comes out.

The module of each format decides where lines break and how wide columns are; its template says how it looks.
No mathematics is derived here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, assert_never, get_args

from ..document import Document

Format = Literal["latex", "markdown", "html", "typst", "text"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
Dialect = Literal["github"]

_TEMPLATES: Final[Mapping[Format, str]] = {
    "latex": "latex.tex.j2",
    "markdown": "markdown.md.j2",
    "html": "page.html.j2",
    "typst": "typst.typ.j2",
    "text": "terminal.txt.j2",
}


@dataclass(frozen=True)
class Look:
    """How documents are laid out. `width_inches` is the width of the text in LaTeX and Typst (and bounds the lines of
    formulas in Markdown), `columns` that of the terminal, which shows `colour` if it is wanted. `standalone` makes a
    LaTeX file that compiles by itself; a fragment needs amsmath and booktabs. `prefix` begins all labels."""

    width_inches: float = 5.5
    standalone: bool = False
    dialect: Dialect | None = None
    columns: int = 100
    colour: bool = False
    prefix: str = ""

    @property
    def points(self) -> float:
        return self.width_inches * 72.27


def render(documents: Document | Sequence[Document], format: Format, look: Look | None = None) -> str:
    """Documents in one format, one below the other, as one text that ends with a line end."""
    if isinstance(documents, Document):
        documents = (documents,)
    if format not in FORMATS:
        raise ValueError(f"unknown format {format!r}: one of {', '.join(FORMATS)}")
    from .templates import environment  # Jinja is loaded when the first document is rendered

    look = look or Look()
    template = environment().get_template(_TEMPLATES[format])
    return _tidy(template.render(pages=list(_pages(documents, format, look)), look=look))


def _pages(documents: Sequence[Document], format: Format, look: Look) -> Iterator[object]:
    """Each document as its template takes it; only what a format needs is loaded."""
    match format:
        case "latex":
            from . import latex

            yield latex.lay_out_all(documents, look)
        case "markdown":
            from . import markdown

            yield from (markdown.lay_out(document, look.points, look.dialect) for document in documents)
        case "html":
            from . import html

            yield from html.lay_out_all(documents)
        case "typst":
            from . import typst

            yield from typst.lay_out_all(documents, look.width_inches * 72, look.prefix)
        case "text":
            from . import terminal

            yield from (terminal.lay_out(document, look.columns, colour=look.colour) for document in documents)
        case _:
            assert_never(format)


def _tidy(text: str) -> str:
    """No blanks at the ends of lines, one empty line at most, one line end at the end."""
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    tidy = "\n".join(kept).strip("\n") + "\n"
    return tidy.replace("\n\n\\begin{align*}", "\n\\begin{align*}")  # in TeX an empty line adds space above
