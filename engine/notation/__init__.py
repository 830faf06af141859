"""Formulas written down: a display tree and the looks of its names go in, LaTeX, Unicode text or Python comes out.

Nothing is computed or reordered here. `widths` predicts how wide TeX will set what `latex` writes.
"""

from .latex import to_flat_latex, to_latex, to_marked_latex
from .python import to_python
from .symbols import Symbols
from .unicode import to_marked_unicode, to_unicode
from .widths import latex_width, text_width
from .words import words_in_math

__all__ = [
    "Symbols",
    "latex_width",
    "text_width",
    "to_flat_latex",
    "to_latex",
    "to_marked_latex",
    "to_marked_unicode",
    "to_python",
    "to_unicode",
    "words_in_math",
]
