"""Documents laid out for Typst: blocks go in; lines, columns and markup for the template come out.

Every formula is broken here, so that no line is wider than the text. What comes out is a module: compiled, it is a
document with pages of its own; a paper imports `derivation` and the results from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, zip_longest
from typing import Final, NamedTuple, assert_never

from ..document import Block, Bullets, Code, Document, Figure, Heading, Paragraph, Result, Steps, Strong, Table, Text
from ..notation import Symbols, to_unicode
from ..notation.typst import RELATIONS, to_flat_typst, to_marked_typst, to_typst
from ..notation.typst_names import quoted
from ..notation.typst_widths import typst_width
from .drawing import svg_of
from .escape import spaced
from .escape_typst import identifier
from .steps import LaidStep, LaidSteps, Ruler, in_brackets, lay_out_steps
from .typst_prose import ROOM, TALL, Prose, balanced, is_tall, prose
from .typst_table import LaidTable, lay_out_table

_ARROW: Final = 2.3  # points by which an arrow is wider than an equals sign
_RELATION: Final = 13.5  # points, of a relation with its spaces, of which the first ends the column of left sides
_SPACE: Final = 2.8
_INDENT: Final = 20.0
_GAP: Final = 16.0
_BRACKETS: Final = 8.0  # points, around a reason
MANY_LINES: Final = 14  # one step of more may go on over the page
HIGH: Final = 8  # lines: between steps that are higher together a page may end
_SIGN: Final = re.compile(r"[-+=<>]|!=|(?:dot|approx|in)\b")
_SAFE: Final = 0.98  # the widths of glyphs are right within 1.5 %


class Definition(NamedTuple):
    """A result under a name that a paper imports."""

    name: str
    formula: str
    comment: str


class LaidBlock(NamedTuple):
    """One block for the template, which looks at `kind`; the other fields are there for their kinds only. `parts` are
    equations of which each has its lines on one page; if there are several, each ends with the line `widths`, which
    shows nothing and makes their columns as wide as those of the others. A `long` one may go on over the page.
    Between `tall` items of a list there is room for fractions."""

    kind: str
    text: str = ""
    label: str = ""
    level: int = 0
    items: tuple[str, ...] = ()
    parts: tuple[tuple[str, ...], ...] = ()
    widths: str = ""
    long: bool = False
    tall: bool = False
    table: LaidTable | None = None
    image: str = ""
    words: str = ""


class LaidDocument(NamedTuple):
    """`title` is a string of Typst."""

    title: str
    definitions: tuple[Definition, ...]
    blocks: tuple[LaidBlock, ...]


def lay_out_all(documents: Sequence[Document], width: float, prefix: str = "") -> Iterator[LaidDocument]:
    """Documents for text `width` points wide; no label and no name of a result is there twice."""
    names = _Names(prefix)
    for document in documents:
        yield _Author(document, width, names).document()


class _Names:
    """Gives every label and every variable a name of its own, which begins with the prefix."""

    def __init__(self, prefix: str) -> None:
        self.prefix = re.sub(r"[^A-Za-z0-9_:.-]", "-", prefix)
        self.taken: set[str] = set()

    def label(self, *parts: str) -> str:
        return f"<{self._new(self.prefix + _joined(parts))}>"

    def variable(self, *parts: str) -> str:
        name = re.sub(r"[:.]", "-", self.prefix) + _joined(parts)
        return self._new(name if name[0].isalpha() and "-" in name else f"archderive-{name}")  # no name of Typst's own

    def _new(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted}-{number}"
        self.taken.add(name)
        return name


def _joined(parts: Iterable[str]) -> str:
    return "-".join(filter(None, map(identifier, parts))) or "archderive"


class _Author:
    """Lays out one document from top to bottom."""

    def __init__(self, source: Document, width: float, names: _Names) -> None:
        self.source = source
        self.symbols = Symbols(source.symbols)
        self.width = width
        self.names = names

    def document(self) -> LaidDocument:
        definitions = tuple(map(self.definition, self.source.results))
        headings = [block.text for block in self.source.blocks if isinstance(block, Heading)]
        title = self.plain(headings[0]) if headings else self.source.title
        return LaidDocument(quoted(title), definitions, tuple(map(self.block, self.source.blocks)))

    def definition(self, result: Result) -> Definition:
        comment = f"{result.quantity}: {result.value}" if result.value else result.quantity
        name = self.names.variable(self.source.title, result.name)
        return Definition(name, to_typst(result.formula, self.symbols), spaced(comment))

    def label(self, anchor: str) -> str:
        """A label that begins with the title, so that a paper may hold several derivations."""
        if not anchor:
            return ""
        titles = [] if anchor == self.source.title else [self.source.title]
        return self.names.label(*titles, anchor)

    def plain(self, text: Text) -> str:
        """A text without markup."""
        shown = ""
        for run in text:
            match run:
                case str():
                    shown += run
                case Code(words) | Strong(words):
                    shown += words
                case _:
                    shown += to_unicode(run, self.symbols)
        return spaced(shown).strip()

    def block(self, block: Block) -> LaidBlock:
        match block:
            case Heading(level, text, anchor):
                label = self.label(anchor)
                return LaidBlock("heading", prose(text, self.symbols, bold=True).typst, label, min(level, 4))
            case Paragraph(text):
                words = prose(text, self.symbols)
                return LaidBlock("ragged" if words.least > 0.35 * self.width else "text", words.typst)
            case Bullets(items):
                laid = [prose(item, self.symbols) for item in items]
                return LaidBlock("bullets", items=tuple(i.typst for i in laid), tall=any(i.tall for i in laid))
            case Steps(()):
                return LaidBlock("text")
            case Steps(steps):
                return self.steps(lay_out_steps(steps, self.ruler()))
            case Table(anchor=anchor):
                laid_table = lay_out_table(block, self.symbols, self.width * _SAFE, self.label(anchor))
                return LaidBlock("table", table=laid_table)
            case Figure():
                return self.figure(block)
            case _:
                assert_never(block)

    def figure(self, figure: Figure) -> LaidBlock:
        """The picture as SVG, and its title for who cannot see it; the words below it are words of the page."""
        caption = prose(figure.caption, self.symbols).typst
        label = self.label(figure.anchor)
        image = _raw(svg_of(figure.picture, captioned=bool(caption)))
        return LaidBlock("figure", caption, label, image=image, words=quoted(figure.picture.title))

    # ------------------------------------------------------------ aligned steps

    def steps(self, laid: LaidSteps) -> LaidBlock:
        """One equation; high ones as several, between which a page may end, though not after the first step or before
        the last."""
        steps = [self.rows(step, laid) for step in laid.steps]
        long = any(len(rows) > MANY_LINES for rows in steps)
        high = sum(TALL if is_tall(row) else 1.0 for row in chain.from_iterable(steps))
        if high <= HIGH or len(steps) < 4:
            return LaidBlock("steps", parts=(tuple(chain.from_iterable(steps)),), long=long)
        kept = (steps[0] + steps[1], *steps[2:-2], steps[-2] + steps[-1])
        beneath = 0.0
        if not laid.beside:
            room = self.room_beneath(laid)
            reasons = (self.reason(step.reason).width for step in laid.steps if step.reason)
            beneath = _INDENT + max((min(wide, room) for wide in reasons), default=0.0)
        columns = [
            laid.left + _SPACE,
            max(laid.right, beneath) - _SPACE,
            *((_GAP + laid.beside,) if laid.beside else ()),
        ]
        spare = min(1.06, self.width / sum(columns))  # what is wider than was foretold would move its column
        widths = (f"#h({spare * width:.1f}pt)" for width in columns)
        joined = " && ".join((" &".join(islice(widths, 2)), *widths))
        return LaidBlock("steps", parts=tuple(map(tuple, kept)), widths=joined, long=long)

    def room_beneath(self, laid: LaidSteps) -> float:
        return self.width * _SAFE - laid.left - _INDENT

    def ruler(self) -> Ruler:
        return Ruler(
            width=self.width * _SAFE,
            write=lambda formula: to_marked_typst(formula, self.symbols),
            flat=lambda formula: to_flat_typst(formula, self.symbols),
            measure=line_width,
            reason_width=lambda reason: self.reason(reason).width,
            relation=_RELATION,
            indent=_INDENT,
            gap=_GAP,
            joint="dot ",
            arrow=_ARROW,
        )

    def why(self, reason: Text, room: float, call: str = "why") -> str:
        """A reason on one line, or in lines of its own where it is too long."""
        words = self.reason(reason)
        if words.width <= room + 0.01:
            return f"#{call}[{words.typst}]"
        narrow = prose(in_brackets(reason), self.symbols, room=min(room - _BRACKETS, ROOM))
        tight = ", tight: true" if narrow.least > room else ""  # a word is divided only if it must be
        return f"#{call}(width: {room:.1f}pt{tight})[{narrow.typst}]"

    def reason(self, reason: Text) -> Prose:
        return prose(in_brackets(reason), self.symbols)

    def rows(self, step: LaidStep, laid: LaidSteps) -> list[str]:
        """The lines of one step: left side, formula with its continuation lines, and the reason beside or beneath."""
        lines = balanced(step.lines)
        relation = RELATIONS.get(step.relation, step.relation)
        if relation in ("+", "-"):
            relation = f'"" {relation}'  # else it would be the sign of what follows
        lefts = [step.left]
        rights = [f"{relation} {lines[0]}", *map(_continued, lines[1:])]
        if step.left_above:
            first, *others = balanced(step.left_above)
            above = [first, *map(_continued, others)]
            lefts = [""] * (len(above) + 1)
            rights = [*above, f"quad {rights[0]}", *rights[1:]]
        if step.reason and not laid.beside:
            rights.append(f"quad quad {self.why(step.reason, self.room_beneath(laid), 'beneath')}")
        rows = [f"{left} &{right}" for left, right in zip_longest(lefts, rights, fillvalue="")]
        if step.reason and laid.beside:  # lines of words beside one line of a formula would tear it from the next
            at = -1 if self.reason(step.reason).width > laid.beside + 0.01 else len(step.left_above)
            rows[at] += f" && {self.why(step.reason, laid.beside)}"
        return [row.strip() for row in rows]


def line_width(typst: str) -> float:
    """The width of a part of a formula, which follows something: + is set as in a + b."""
    return typst_width(f'""{typst}')


def _raw(svg: str) -> str:
    """A text of many lines as it is, between more backquotes than it has itself."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", svg)), default=0))
    return f"{fence}svg\n{svg}{fence}.text"


def _continued(line: str) -> str:
    """A line that goes on with a formula; nothing before a sign would make it the sign of a number."""
    return f'quad quad "" {line}' if _SIGN.match(line) else f"quad quad {line}"
