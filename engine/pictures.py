"""Pictures of models: programs and a form in, texts out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .dependences.picture import picture
from .diagram import Picture
from .page import read_width
from .program import Program
from .renderer.svg import to_svg
from .renderer.tikz import to_tikz


@dataclass(frozen=True)
class Drawn:
    """A picture, ready to be rendered; a notebook shows it."""

    picture: Picture

    @property
    def caption(self) -> str:
        return self.picture.caption

    def to_svg(self) -> str:
        """One self-contained `<svg>` element, for light and dark."""
        return to_svg(self.picture)

    def to_tikz(self, width: float | str = 5.5, *, standalone: bool = False) -> str:
        """A `tikzpicture`, at most `width` inches wide; `standalone` makes a file that compiles by itself. Raises
        ArchError."""
        return to_tikz(self.picture, read_width(width), standalone=standalone)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def __repr__(self) -> str:
        return f"<{self.caption}>"


def drawn(
    programs: Sequence[Program], given: Mapping[str, Fraction], width: float | None, *, standalone: bool = False
) -> dict[str, str]:
    """The pictures of models by their names: TikZ of a width in inches, or SVG. Raises ArchError."""
    pictures = {program.name: Drawn(picture(program, given)) for program in programs}
    if width is None:
        return {name: one.to_svg() for name, one in pictures.items()}
    return {name: one.to_tikz(width, standalone=standalone) for name, one in pictures.items()}
