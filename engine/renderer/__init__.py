"""Documents laid out: a document goes in, LaTeX, Markdown or terminal text comes out.

`latex`, `markdown` and `terminal` decide where lines break and how wide columns are; the templates say how it looks.
No mathematics is derived here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal, get_args

from ..document import Document
from . import latex, markdown, terminal

if TYPE_CHECKING:
    from jinja2 import Environment

Format = Literal["latex", "markdown", "text"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
Dialect = Literal["github"]

_TEMPLATES: Final[Mapping[str, str]] = {
    "latex": "latex.tex.j2",
    "markdown": "markdown.md.j2",
    "text": "terminal.txt.j2",
}


def render(
    document: Document,
    format: Format,
    *,
    width_inches: float = 5.5,
    standalone: bool = False,
    dialect: Dialect | None = None,
    columns: int = 100,
) -> str:
    """One document in one format; see `render_all`."""
    return render_all(
        (document,), format, width_inches=width_inches, standalone=standalone, dialect=dialect, columns=columns
    )


def render_all(
    documents: Sequence[Document],
    format: Format,
    *,
    width_inches: float = 5.5,
    standalone: bool = False,
    dialect: Dialect | None = None,
    columns: int = 100,
) -> str:
    """Several documents, one below the other, as one text that ends with a line end.

    `width_inches` is the width of the text in LaTeX (and bounds the lines of formulas in Markdown), `columns` that of
    the terminal. `standalone` makes a LaTeX file that compiles by itself; a fragment needs amsmath and booktabs.
    """
    pages: Sequence[latex.LaidDocument | markdown.LaidDocument | terminal.LaidDocument]
    match format:
        case "latex":
            pages = [latex.lay_out(document, width_inches * 72.27) for document in documents]
        case "markdown":
            pages = [markdown.lay_out(document, width_inches * 72.27, dialect) for document in documents]
        case "text":
            pages = [terminal.lay_out(document, columns) for document in documents]
        case _:
            raise ValueError(f"unknown format {format!r}: one of {', '.join(FORMATS)}")
    template = _environment().get_template(_TEMPLATES[format])
    context = {"pages": pages, "standalone": standalone, "width_inches": width_inches}
    return _tidy(template.render(context))


@cache
def _environment() -> Environment:
    """Jinja, loaded when the first document is rendered. Words are escaped before they reach a template."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = resources.files(__package__.rpartition(".")[0] + ".templates")
    return Environment(
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        auto_reload=False,
    )


def _tidy(text: str) -> str:
    """No blanks at the ends of lines, one empty line at most, one line end at the end."""
    lines = [line.rstrip() for line in text.splitlines()]
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    tidy = "\n".join(kept).strip("\n") + "\n"
    return tidy.replace("\n\n\\begin{align*}", "\n\\begin{align*}")  # in TeX an empty line adds space above
