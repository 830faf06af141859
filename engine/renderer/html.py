"""Documents laid out for one HTML page: blocks go in; sections, anchors and markup for the template come out.

Formulas are MathML, broken so that they fit a phone. How things look is up to the style sheet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, assert_never

from ..chart import Chart
from ..diagram import Picture
from ..document import Block, Bullets, Code, Document, Figure, Heading, Paragraph, Steps, Table, Text
from ..notation import Symbols
from .drawing import svg_of
from .html_play import LaidPlay, lay_out_play, plain_words
from .html_prose import Writer, html_words
from .html_steps import LaidSteps, lay_out_steps
from .html_table import LaidTable, lay_out_table

SMALLEST_PICTURE: Final = 0.55  # of its natural size
PHONE_PIXELS: Final = 320
MANY_LAYERS: Final = 10  # a page with more of them opens with all of them closed


class Drawing(NamedTuple):
    """`least` is the width in pixels below which nobody can read it; a `wide` one is moved sideways on a phone."""

    svg: str
    least: int
    wide: bool


class LaidBlock(NamedTuple):
    """One block for the template, which looks at `kind`; `steps`, `table` and `drawing` are there for their kinds."""

    kind: str
    text: str = ""
    anchor: str = ""
    label: str = ""
    items: tuple[str, ...] = ()
    steps: LaidSteps | None = None
    table: LaidTable | None = None
    drawing: Drawing | None = None


@dataclass
class Section:
    """A heading, what stands below it, and the sections inside it; that of a `layer` may be folded away. `depth` 1 is
    the title of the page."""

    level: int
    depth: int
    text: str
    anchor: str
    layer: bool = False
    blocks: list[LaidBlock] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)


class LaidPage(NamedTuple):
    """One document of the page. `opened` says whether its layers are open at first, `folded` whether the whole document
    is folded away, below one to `play` with."""

    title: str
    top: Section
    opened: bool
    play: LaidPlay | None = None
    folded: bool = False


def lay_out_all(documents: Sequence[Document]) -> Iterator[LaidPage]:
    """The documents for one page, where no two anchors are equal. The first gives the page its title."""
    anchors = _Anchors()
    layers = sum(_is_layer(block) for document in documents for block in document.blocks)
    playing = any(document.play is not None for document in documents)
    for place, document in enumerate(documents):
        top = _sections(document, 2 if place else 1, anchors)
        play = document.play
        laid = None
        if play is not None:
            laid = lay_out_play(play, Writer(Symbols(document.symbols)), anchors.new("play"), anchors.new("values"))
        folded = playing and place > 0
        yield LaidPage(html_words(document.title), top, folded or layers <= MANY_LAYERS, laid, folded)


def _is_layer(block: Block) -> bool:
    """Layers are headed by their names, what is common to all by words."""
    return isinstance(block, Heading) and block.level >= 3 and isinstance(block.text[0], Code)


class _Anchors:
    """Hands out anchors: letters, digits and hyphens, each once."""

    def __init__(self) -> None:
        self.taken = {"content"}

    def new(self, wanted: str) -> str:
        ascii_only = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode().lower()
        stem = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-") or "section"
        anchor, number = stem, 1
        while anchor in self.taken:
            number += 1
            anchor = f"{stem}-{number}"
        self.taken.add(anchor)
        return anchor


def _sections(document: Document, depth: int, anchors: _Anchors) -> Section:
    """The document as a tree of sections; a heading may skip a level, the tree does not."""
    writer = Writer(Symbols(document.symbols))
    heading, blocks = _title(document)
    top = Section(0, depth, writer.prose(heading.text).html, anchors.new(heading.anchor or document.title))
    open_sections = [top]
    for block in blocks:
        if not isinstance(block, Heading):
            open_sections[-1].blocks.append(_block(block, writer, anchors))
            continue
        while open_sections[-1].level >= block.level:
            open_sections.pop()
        anchor = anchors.new(block.anchor or plain_words(block.text, writer.symbols))
        above = open_sections[-1]
        words = writer.prose(block.text).html
        section = Section(block.level, min(above.depth + 1, 6), words, anchor, _is_layer(block))
        above.sections.append(section)
        open_sections.append(section)
    return top


def _title(document: Document) -> tuple[Heading, tuple[Block, ...]]:
    """The heading of the whole, and what follows."""
    match document.blocks:
        case (Heading(1) as heading, *_):
            return heading, document.blocks[1:]
        case blocks:
            return Heading(1, (document.title,)), blocks


def _block(block: Block, writer: Writer, anchors: _Anchors) -> LaidBlock:
    match block:
        case Heading():
            raise AssertionError("headings make sections")
        case Paragraph(text):
            return LaidBlock("text", writer.prose(text).html)
        case Bullets(items):
            return LaidBlock("bullets", items=tuple(writer.prose(item).html for item in items))
        case Steps(()):
            return LaidBlock("text")
        case Steps(steps):
            return LaidBlock("steps", steps=lay_out_steps(steps, writer))
        case Table(caption=caption, anchor=anchor):
            name = plain_words(caption, writer.symbols)
            table = lay_out_table(block, writer)
            return LaidBlock(
                "table", anchor=anchors.new(anchor or name or "table"), label=html_words(name), table=table
            )
        case Figure(picture, caption, anchor):
            name = anchors.new(anchor or picture.title)
            drawn = _drawing(picture, caption)
            return LaidBlock("figure", writer.prose(caption).html, name, html_words(picture.title), drawing=drawn)
        case _:
            assert_never(block)


def _drawing(picture: Picture | Chart, caption: Text) -> Drawing:
    """The picture without its own words where a caption stands below it."""
    svg = svg_of(picture, captioned=bool(caption))
    width = re.search(r'width="([\d.]+)"', svg)
    least = round(SMALLEST_PICTURE * float(width[1])) if width else 0
    return Drawing(svg, least, least > PHONE_PIXELS)
