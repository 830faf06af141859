"""What a derivation should show, and what it takes from the file: order and looks of names, example values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ..algebra.atoms import Atom, Symbol
from ..document import Figure
from ..forms import Layout
from ..formula import Formula
from ..notation.symbols import look_of
from ..program import Program
from .published import Published
from .verified import Verified

DETAILS = ("summary", "steps", "full")


@dataclass(frozen=True)
class Request:
    """What a derivation should show; `verified` for each program that was verified, `published` for those whose file
    states figures, `pictured` with a picture of the dependences where one can be drawn, `plots` of all models,
    `playable` with models to play with where several are compared, `below` a comparison that has results and notation
    and calls the model by its `label`. Growth is `along` one size, the others constant, or along all for None."""

    conventions: tuple[str, ...] = ("macs",)
    detail: str = "steps"
    form: str = "auto"
    dtype: str = "float32"
    verified: Mapping[Program, Verified] = field(default_factory=dict)
    published: Mapping[Program, tuple[Published, ...]] = field(default_factory=dict)
    pictured: bool = False
    plots: tuple[Figure, ...] = ()
    playable: bool = False
    below: bool = False
    label: str = ""
    along: str | None = None
    columns: tuple[str, ...] = ()
    sort: str | None = None
    baseline: str | None = None


def layout_of(program: Program, form: str = "auto") -> Layout:
    """Letters in the order of the `dim` lines, options after them; what has a look of its own goes by that."""
    names: dict[Atom, str] = {
        d.symbol: look_of(d.symbol.name, d.latex) for d in program.dimensions if d.latex is not None
    }
    return Layout([dimension.symbol.name for dimension in program.dimensions], form, names)


def looks_of(program: Program, layout: Layout) -> dict[str, Formula]:
    """Every size as it is shown, by its name in the file."""
    return {d.symbol.name: layout.atom(d.symbol) for d in program.dimensions}


def symbols_of(program: Program) -> dict[str, str]:
    """The author's LaTeX of every size that has some."""
    sizes = (*program.dimensions, *(let for let, _ in program.lets))
    return {look_of(d.symbol.name, d.latex): d.latex for d in sizes if d.latex is not None}


def held(program: Program, along: str | None) -> tuple[Symbol, ...]:
    """The sizes that are constant where growth is along one of them."""
    return () if along is None else tuple(d.symbol for d in program.dimensions if d.symbol.name != along)


def values_of(program: Program) -> dict[str, Fraction]:
    return {d.symbol.name: d.value for d in program.dimensions if d.value is not None}
