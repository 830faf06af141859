"""Diagnostics: what is wrong with a model, where, and what to write instead.

A diagnostic is data (`Diagnostic`); `ArchError` carries one or several of them to the command line or to the caller of
the Python interface. Any other exception that leaves this package is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

import difflib
import re
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
            lines = [f"{self.severity}: {_words(self.message)}"]
        else:
            line, column = self.span.source.position(self.span.start)
            name = visible(self.span.source.name)
            lines = [f"{name}:{line}:{column}: {self.severity}: {_words(self.message)}"]
            lines += _excerpt(self.span, line, column, self.label)
        lines += [f"note: {_words(note)}" for note in self.notes]
        if self.hint:
            lines.append(f"hint: {_words(self.hint)}")
        return "\n".join(lines)


class ArchError(Exception):
    """A mistake in a model or in a request, with everything a message needs.

    `diagnostics` are the facts, `status` is the exit status that the command gives: 1 the model is wrong, 2 usage.
    """

    def __init__(self, *diagnostics: Diagnostic, status: int = 1) -> None:
        super().__init__("\n\n".join(diagnostic.format() for diagnostic in diagnostics))
        self.diagnostics = diagnostics
        self.status = status

    def __reduce__(self) -> tuple[type[ArchError], tuple[Diagnostic, ...], dict[str, int]]:
        return type(self), self.diagnostics, {"status": self.status}


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


# What moves the cursor, changes colours or the order of what is read, stands for nothing, or breaks a line.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
_LONGEST = 160


def visible(line: str) -> str:
    r"""A line of a file for a terminal: what would not be seen there, or do harm, is escaped.

    >>> print(visible("N\u202e = 8"))
    N\u202e = 8
    """
    return line if line.isprintable() else "".join(map(_escaped, line))


def _escaped(character: str) -> str:
    if character == "\t":
        return " "
    if unicodedata.category(character) not in _UNSEEN:
        return character
    return character.encode("unicode_escape").decode()


def _words(text: str) -> str:
    """The words of a message, where a name or a line that is quoted is not longer than can be read."""
    return visible(re.sub(r"`[^`]*`", lambda quoted: _quoted(quoted[0]), text))


def _quoted(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:60]} … {text[-20:]}"


def _excerpt(span: Span, line: int, column: int, label: str) -> list[str]:
    text = span.source.line(line)
    margin = f"{line} | "
    rest = text[column - 1 :]
    length = min(span.end - span.start, len(rest)) or 1
    head, body, tail = _window(text[: column - 1], rest[:length], rest[length:])
    underline = " " * (len(margin) + _width(head)) + "^" * max(1, _width(body))
    return [margin + head + body + tail, underline + (f" {label}" if label else "")]


def _window(head: str, body: str, tail: str) -> tuple[str, str, str]:
    """A readable stretch of a line round the marked text, and of that its beginning at least."""
    shown = _fitting(body, _LONGEST)
    if len(shown) < len(body):
        tail = body[len(shown) :] + tail
    before = visible(head)
    if _size(before) + _size(visible(shown)) > _LONGEST and len(head) > 40:
        before = "… " + visible(head[-40:])
    after = _fitting(tail, max(0, _LONGEST - _size(before) - _size(visible(shown))))
    return before, visible(shown), visible(after) + (" …" if len(after) < len(tail) else "")


def _fitting(text: str, room: int) -> str:
    """As much of a text as fits into the room."""
    text = text[:room]
    while _size(visible(text)) > room:
        text = text[: -max(1, (_size(visible(text)) - room) // 10)]
    return text


def _size(text: str) -> int:
    """The room that a text takes: no less than its characters, for a thousand accents may stand on one letter."""
    return max(len(text), _width(text))


def _width(text: str) -> int:
    """The number of terminal columns that a text fills."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
