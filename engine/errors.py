"""Diagnostics: what is wrong with a model, where, and what to write instead.

A diagnostic is data (`Diagnostic`); `ArchError` carries one or several of them to the command line or to the caller of
the Python interface. Any other exception that leaves this package is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Source:
    """The text of one file, and the name by which messages call it."""

    name: str
    text: str
    library: bool = False
    packaged: bool = False  # does it come with the package?

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = self.text.count("\n", 0, offset) + 1
        column = offset - (self.text.rfind("\n", 0, offset) + 1) + 1
        return line, column

    def line(self, number: int) -> str:
        """The text of a line (counted from 1), without its line break."""
        lines = self.text.split("\n")
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""


@dataclass(frozen=True)
class Span:
    """A stretch of a source: offsets of its first character and of the character after its last."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of the other."""
        return Span(self.source, self.start, other.end)


@dataclass(frozen=True)
class Diagnostic:
    """One fact about one place: what is wrong, a word beside the underlined text, and at most one hint."""

    message: str
    span: Span | None = None
    label: str = ""
    hint: str = ""
    severity: str = "error"
    notes: tuple[str, ...] = field(default=())

    def format(self) -> str:
        """`file:line:column: error: fact`, the source line with the span underlined, notes and the hint."""
        if self.span is None:
            lines = [f"{self.severity}: {self.message}"]
        else:
            line, column = self.span.source.position(self.span.start)
            lines = [f"{self.span.source.name}:{line}:{column}: {self.severity}: {self.message}"]
            lines += _excerpt(self.span, line, column, self.label)
        lines += [f"note: {note}" for note in self.notes]
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(map(visible, lines))


class ArchError(Exception):
    """A mistake in a model or in a request, with everything a message needs.

    `diagnostics` are the facts, `status` is the exit status that the command gives: 1 the model is wrong, 2 usage.
    """

    def __init__(self, *diagnostics: Diagnostic, status: int = 1) -> None:
        super().__init__("\n\n".join(diagnostic.format() for diagnostic in diagnostics))
        self.diagnostics = diagnostics
        self.status = status


def error(
    message: str, span: Span | None = None, *, label: str = "", hint: str = "", notes: Iterable[str] = ()
) -> ArchError:
    """An error with one diagnostic; `raise error(...)` is how every room reports a mistake."""
    return ArchError(Diagnostic(message, span, label, hint, notes=tuple(notes)))


def unsupported(what: str, span: Span | None = None, *, hint: str = "") -> ArchError:
    """An error for something that the language allows and the engine cannot compute yet."""
    return ArchError(Diagnostic(f"{what} is not supported yet", span, hint=hint))


def usage(message: str, *, hint: str = "") -> ArchError:
    """An error in the request rather than in the model."""
    return ArchError(Diagnostic(message, hint=hint), status=2)


def nearest(name: str, candidates: Iterable[str]) -> str:
    """`did you mean ...?` with the closest candidate, or an empty text if none is close."""
    pool = sorted(set(candidates) - {name})
    folded = {candidate.casefold(): candidate for candidate in pool}
    if name.casefold() in folded:
        return f"did you mean `{folded[name.casefold()]}`?"
    close = difflib.get_close_matches(name, pool, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""


_UNSEEN = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\ufffd") | {ord("\t"): " "}


def visible(line: str) -> str:
    """A line of a file for a terminal, where it may not move the cursor or change colours; as wide as it was."""
    return line.translate(_UNSEEN)


def _excerpt(span: Span, line: int, column: int, label: str) -> list[str]:
    text = span.source.line(line)
    margin = f"{line} | "
    rest = text[column - 1 :]
    length = min(span.end - span.start, len(rest)) or 1
    head, body = text[: column - 1], text[column - 1 : column - 1 + length]
    shown, marker = _shorten(head, body, rest[length:])
    underline = " " * (len(margin) + marker) + "^" * max(1, _width(body[:160]))
    return [margin + shown, underline + (f" {label}" if label else "")]


def _shorten(head: str, body: str, tail: str, limit: int = 160) -> tuple[str, int]:
    """The line cut to a readable length around the marked text, and the width of what stands before the mark."""
    head, body, tail = map(visible, (head, body[:limit], tail))
    if _width(head) + _width(body) > limit:
        head = "… " + head[-40:] if len(head) > 42 else head
    if _width(head) + _width(body) + _width(tail) > limit:
        tail = tail[: max(0, limit - _width(head) - _width(body))] + " …"
    return head + body + tail, _width(head)


def _width(text: str) -> int:
    """The number of terminal columns that a text fills."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
