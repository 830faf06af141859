"""A derivation, ready to be rendered: a document and the look that is asked for in, a text out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .document import Document
from .page import check_columns, check_prefix, read_width
from .results import Mime, bundle

if TYPE_CHECKING:
    from .renderer import Format


@dataclass(frozen=True)
class Derivation:
    """A derivation, ready to be rendered."""

    document: Document

    def to_latex(self, *, width: float | str = 5.5, standalone: bool = False, prefix: str = "") -> str:
        """LaTeX that needs amsmath and booktabs; `width` of the text in inches, or "8cm"; `prefix` begins all labels.
        Raises ArchError."""
        look = {"width_inches": read_width(width), "prefix": check_prefix(prefix)}
        return self._rendered("latex", standalone=standalone, **look)

    def to_markdown(self, *, github: bool = False) -> str:
        return self._rendered("markdown", dialect="github" if github else None)

    def to_html(self) -> str:
        """One page with MathML, which needs no script and no network."""
        return self._rendered("html")

    def to_typst(self, *, width: float | str = 5.5, prefix: str = "") -> str:
        """A Typst file with pages of its own, from which a paper imports `derivation` and the results; `width` of the
        text in inches, or "8cm"; `prefix` begins all labels and the names of the results. Raises ArchError."""
        return self._rendered("typst", width_inches=read_width(width), prefix=check_prefix(prefix))

    def to_pdf(self, *, width: float | str = 5.5) -> bytes:
        """Pages set by Typst; needs `pip install 'archderive[pdf]'`. The same derivation gives the same bytes."""
        from .renderer import Look
        from .renderer.pdf import to_pdf

        return to_pdf(self.document, Look(read_width(width)))

    def to_text(self, *, columns: int = 100) -> str:
        """Plain text with lines of at most so many letters. Raises ArchError."""
        return self._rendered("text", columns=check_columns(columns))

    def _rendered(self, format: Format, **look: Any) -> str:
        from .renderer import Look, render

        return render(self.document, format, Look(**look))

    @cached_property
    def _text(self) -> str:
        return self.to_text()

    def _repr_mimebundle_(self, include: Mime = None, exclude: Mime = None) -> dict[str, str]:
        return bundle(self.document, include, exclude)

    def __hash__(self) -> int:  # equal documents have equal titles; what a document holds cannot all be hashed
        return hash(self.document.title)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<derivation of {self.document.title}>"


@dataclass(frozen=True, repr=False, eq=False)
class Comparison(Derivation):
    """A comparison, ready to be rendered: its page is one to play with, with the derivation of each model below, whose
    documents `page` makes."""

    page: Callable[[], Sequence[Document]]

    def to_html(self) -> str:
        """One page with sliders for the sizes and the derivations of the models, which needs no network."""
        from .renderer import render

        return render(self.page(), "html")
