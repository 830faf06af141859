"""The document: what a derivation says, in the order in which it says it, without any markup.

`derivation` and `comparison` write documents, `renderer` lays them out. A `Text` mixes words and formulas; words may
hold any character (each format escapes its own).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from .chart import Chart
from .diagram import Picture
from .formula import Formula


@dataclass(frozen=True)
class Code:
    """A name or a line of a file or a command, shown in a fixed-width face."""

    text: str


@dataclass(frozen=True)
class Strong:
    """Words that open a paragraph or name a result."""

    text: str


Run = str | Formula | Code | Strong
Text = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    """`level` 1 is the title of the derivation of one model, 2 a part, 3 a layer."""

    level: int
    text: Text
    anchor: str = ""


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of words and formulas."""

    text: Text


@dataclass(frozen=True)
class Bullets:
    """A list of items, each a text."""

    items: tuple[Text, ...]


@dataclass(frozen=True)
class Step:
    """One aligned line: left relation right, and the reason beside it. `left` None continues the line above."""

    left: Formula | None
    relation: str
    right: Formula
    reason: Text = ()


@dataclass(frozen=True)
class Steps:
    """Equations one below the other, aligned at their relations."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Table:
    """`align` has one letter a column: l, r or c. `total` says that the last row sums the others."""

    caption: Text
    align: str
    head: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    total: bool = False
    anchor: str = ""
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Result:
    """A final formula under a name that a paper can use: `\\archderiveMacs`. `value` is its number at the example
    sizes."""

    name: str
    quantity: str
    formula: Formula
    value: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture or a plot with words below it, which say for who cannot see it what it shows. Formats without pictures
    leave it out, and LaTeX leaves out plots, which are sources of their own there."""

    picture: Picture | Chart
    caption: Text
    anchor: str = ""


Block = Heading | Paragraph | Bullets | Steps | Table | Figure


# ---------------------------------------------------------------- what a page can be played with


@dataclass(frozen=True)
class Size:
    """A size that a reader may choose, number `i` of them `v[i]` in all JavaScript. `key` names it in addresses; a
    `whole` one is a positive integer, another a positive number. `examples` has the value of each model that gives one,
    by the number of the model."""

    key: str
    symbol: Formula
    note: str
    start: Fraction
    whole: bool
    examples: Mapping[int, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class Compiled:
    """An expression as JavaScript over the sizes: exactly, and in doubles."""

    exact: str
    doubles: str


@dataclass(frozen=True)
class Fact:
    """What must hold for the values of `models` to be right: left divides, is at most or equals right. `sizes` are the
    numbers of those that it mentions."""

    words: Text
    kind: Literal["divides", "order", "equal"]
    left: Compiled
    right: Compiled
    sizes: tuple[int, ...]
    models: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One quantity of one model. Without `terms` it has no number at chosen sizes, or is `infinite`. `exact` and the
    `terms`, which add up to it, are JavaScript; `facts` are those on which it rests, by their numbers."""

    formula: Formula
    exact: str = ""
    terms: tuple[tuple[Text, str], ...] = ()
    facts: tuple[int, ...] = ()
    infinite: bool = False
    bound: bool = False


@dataclass(frozen=True)
class Play:
    """Models whose sizes a reader chooses: an entry for each of the `quantities` (name, title) for every model. `x` and
    `y` are the size and the quantity that are shown at first. Formats without scripts leave it out."""

    sizes: tuple[Size, ...]
    quantities: tuple[tuple[str, str], ...]
    models: tuple[tuple[str, tuple[Entry, ...]], ...]
    facts: tuple[Fact, ...]
    granted: tuple[Text, ...]
    x: int
    y: int


@dataclass(frozen=True)
class Document:
    """`symbols` maps a name of the file to the LaTeX that its author chose (`dim N as "n"`). `play` stands above all
    blocks, where a reader can choose sizes."""

    title: str
    blocks: tuple[Block, ...]
    results: tuple[Result, ...] = ()
    symbols: dict[str, str] = field(default_factory=dict)
    play: Play | None = None
