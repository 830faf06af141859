"""Models to play with, for HTML: a `Play` goes in; markup, the data of the page and its script come out.

The script is `templates/numbers.js`, the functions that the engine has printed, and `templates/play.js`. Words and
names are data, which the script shows as they are; what it takes for markup was written here.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import resources
from typing import Final, NamedTuple

from ..document import Code, Entry, Fact, Play, Size, Strong, Table, Text
from ..formula import slashed
from ..notation import Symbols, to_unicode
from .html_prose import Writer, html_words
from .html_table import LaidTable, lay_out_table

_QUOTED: Final = re.compile(r'("(?:\\.|[^"\\])*")')
_SIGN: Final = re.compile(r"\s*([=+\-*/<>?:,;(){}\[\]&|!])\s*")


class LaidSize(NamedTuple):
    """`symbol` is markup, `title` the same with its meaning as plain words."""

    symbol: str
    note: str
    title: str
    whole: bool


class LaidPlay(NamedTuple):
    """What the template shows; a value goes below each formula of the table of `values`, which has the anchor `table`.
    `data` is JSON, and `policy` the source under
    which the page's policy admits the script. `several` says that models give one size different values."""

    anchor: str
    sizes: tuple[LaidSize, ...]
    quantities: tuple[str, ...]
    models: tuple[str, ...]
    values: LaidTable
    table: str
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    granted: tuple[str, ...]
    data: str
    script: str
    policy: str
    several: bool


def lay_out_play(play: Play, writer: Writer, anchor: str, table: str) -> LaidPlay:
    """The page to play with, and the anchors of its heading and of its table."""
    labels = _Labels(writer)
    figures: list[Entry] = []
    models = [
        {"name": name, "entries": [_entry(entry, figures, labels) for entry in entries]}
        for name, entries in play.models
    ]
    data = {
        "sizes": [_size(size, writer.symbols) for size in play.sizes],
        "quantities": [{"name": name, "title": title} for name, title in play.quantities],
        "models": models,
        "facts": [{"kind": fact.kind, "sizes": fact.sizes} for fact in play.facts],
        "labels": labels.known,
        "x": play.x,
        "y": play.y,
    }
    script = _script(figures, play.facts)
    return LaidPlay(
        anchor,
        tuple(_laid(size, writer) for size in play.sizes),
        tuple(html_words(title) for _, title in play.quantities),
        tuple(writer.prose((Code(name),)).html for name, _ in play.models),
        lay_out_table(_values(play), writer),
        table,
        tuple((writer.prose(f.words).html, tuple(writer.prose((Code(m),)).html for m in f.models)) for f in play.facts),
        tuple(writer.prose(words).html for words in play.granted),
        _json(data),
        script,
        f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
        any(len(set(size.examples.values())) > 1 for size in play.sizes),
    )


def plain_words(text: Text, symbols: Symbols) -> str:
    """A text without markup, for labels and anchors."""
    written = ""
    for run in text:
        match run:
            case str():
                written += run
            case Code(words) | Strong(words):
                written += words
            case _:
                written += to_unicode(run, symbols)
    return written


def _values(play: Play) -> Table:
    """The closed forms, for the values to go below them."""
    head: tuple[Text, ...] = (("model",), *((title,) for _, title in play.quantities))
    rows = tuple(((Code(name),), *((slashed(entry.formula),) for entry in entries)) for name, entries in play.models)
    return Table(("Values at these sizes",), "l" * len(head), head, rows)


@dataclass
class _Labels:
    """Every term that is shown once: its markup, its width in em, its plain words."""

    writer: Writer
    known: list[tuple[str, float, str]] = field(default_factory=list)
    numbers: dict[Text, int] = field(default_factory=dict)

    def number(self, text: Text) -> int:
        if text not in self.numbers:
            self.numbers[text] = len(self.known)
            prose = self.writer.prose(text)
            self.known.append((prose.html, round(prose.width, 2), plain_words(text, self.writer.symbols)))
        return self.numbers[text]


def _entry(entry: Entry, figures: list[Entry], labels: _Labels) -> dict[str, object]:
    """An entry for the script, whose functions go by their number among the figures."""
    number = -1
    if entry.terms:
        number = len(figures)
        figures.append(entry)
    return {
        "figure": number,
        "terms": [labels.number(text) for text, _ in entry.terms],
        "facts": entry.facts,
        "infinite": entry.infinite,
        "bound": entry.bound,
    }


def _size(size: Size, symbols: Symbols) -> dict[str, object]:
    name = to_unicode(size.symbol, symbols)
    title = f"{name}, {size.note}" if size.note else name
    examples = {number: str(value) for number, value in size.examples.items()}
    start = str(size.start)
    return {"key": size.key, "start": start, "whole": size.whole, "name": name, "title": title, "examples": examples}


def _laid(size: Size, writer: Writer) -> LaidSize:
    title = to_unicode(size.symbol, writer.symbols)
    return LaidSize(
        writer.prose((size.symbol,)).html,
        html_words(size.note),
        html_words(f"{title}, {size.note}" if size.note else title),
        size.whole,
    )


def _json(data: object) -> str:
    """JSON that no browser takes for the end of its element or for a comment."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("</", "<\\/").replace("<!", "\\u003c!").replace("<s", "\\u003cs").replace("<S", "\\u003cS")


def _script(figures: Iterable[Entry], facts: Iterable[Fact]) -> str:
    exactly = ",\n".join(f"v=>{figure.exact}" for figure in figures)
    drawn = ",\n".join(f"[{','.join(f'v=>{source}' for _, source in figure.terms)}]" for figure in figures)
    sides = ",\n".join(
        f"[v=>{f.left.exact},v=>{f.right.exact},v=>{f.left.doubles},v=>{f.right.doubles}]" for f in facts
    )
    printed = f"const EXACTLY=[{exactly}];\nconst DRAWN=[{drawn}];\nconst SIDES=[{sides}];"
    data = "const DATA=JSON.parse(document.querySelector('script[type=\"application/json\"]').textContent);"
    parts = (_file("numbers.js"), data, printed, _file("play.js"))
    return '\n"use strict";\n(()=>{\n' + "\n".join(parts) + "\n})();\n"


def _file(name: str) -> str:
    """A script without comments, indentation and needless blanks."""
    folder = resources.files(__package__.rpartition(".")[0] + ".templates")
    lines = (line.strip() for line in folder.joinpath(name).read_text(encoding="utf-8").splitlines())
    return "\n".join(_squeezed(line) for line in lines if line and not line.startswith("//"))


def _squeezed(line: str) -> str:
    """Without blanks around signs, but for those inside quotes; a line with a template in it stays as it is."""
    if "`" in line:
        return line
    return "".join(part if part[:1] == '"' else _SIGN.sub(r"\1", part) for part in _QUOTED.split(line))
