"""Formulas written down: a display tree and the looks of its names go in; LaTeX, Typst, Unicode or Python comes out.

Nothing is computed or reordered here. `widths` predicts how wide TeX will set what `latex` writes. What one format only
needs is loaded when it is asked for.
"""

from typing import TYPE_CHECKING

from .latex import to_flat_latex, to_latex, to_marked_latex
from .python import to_python
from .symbols import Symbols
from .unicode import to_marked_unicode, to_unicode
from .widths import latex_width, text_width
from .words import words_in_math

if TYPE_CHECKING:
    from .typst import to_typst

__all__ = [
    "Symbols",
    "latex_width",
    "text_width",
    "to_flat_latex",
    "to_latex",
    "to_marked_latex",
    "to_marked_unicode",
    "to_python",
    "to_typst",
    "to_unicode",
    "words_in_math",
]


def __getattr__(name: str) -> object:
    if name == "to_typst":
        from .typst import to_typst

        return to_typst
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
