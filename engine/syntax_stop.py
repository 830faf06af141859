"""The words of an item and the offset of an error to the line and the word at which the parser stopped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .errors import Source, Span
from .syntax_scan import Word

OPERATORS = frozenset(["+", "-", "*", "/", "^", "==", "!=", "<=", ">=", "<", ">", "->", "and", "or", "not"])


@dataclass(frozen=True)
class Stop:
    """The place: all lines of the item, the line and the word there (None: the line's end), what was open to follow."""

    source: Source
    lines: list[list[Word]]
    row: int
    at: int
    kind: str
    expected: frozenset[str]

    @cached_property
    def line(self) -> list[Word]:
        return self.lines[self.row]

    @property
    def word(self) -> Word | None:
        return self.line[self.at] if self.at < len(self.line) else None

    @property
    def before(self) -> Word | None:
        return self.line[self.at - 1] if self.at else None

    @property
    def text(self) -> str:
        return self.word.text if self.word else ""

    @property
    def first(self) -> Word:
        return self.line[0]

    @property
    def depth(self) -> int:
        """How many brackets of the line are open at the word."""
        return sum((word.kind == "open") - (word.kind == "close") for word in self.line[: self.at])

    @property
    def end(self) -> Span:
        """The place behind the line's last word."""
        last = self.line[-1].span
        return Span(self.source, last.end, last.end)

    def between(self, start: int, end: int) -> str:
        """The text of the words from one number up to another of the line."""
        if start >= end:
            return ""
        return " ".join(self.line[start].span.to(self.line[end - 1].span).text.split())

    def replaced(self, new: str) -> str:
        """The whole line with the word at the stop replaced."""
        head, tail = self.between(0, self.at), self.between(self.at + 1, len(self.line))
        return " ".join(part for part in (head, new, tail) if part)


def find_stop(found: list[list[Word]], offset: int, kind: str) -> tuple[int, int]:
    """The line and the number of the word at an offset; a line's end is the number after its last word."""
    if kind == "_INDENT":
        return next(((row, 0) for row, line in enumerate(found) if line[0].span.start > offset), (len(found) - 1, 0))
    for row, line in enumerate(found):
        for at, word in enumerate(line):
            if offset < word.span.end:
                begins = at == 0 and row > 0 and offset < word.span.start and kind in ("_NL", "_DEDENT", "$END")
                return (row - 1, len(found[row - 1])) if begins else (row, at)
    return len(found) - 1, len(found[-1])


def operand(line: list[Word], at: int, step: int, *, pipe: bool = False) -> int:
    """How far an expression reaches from a word, to the left (its first word) or to the right (behind its last)."""
    depth, enters, leaves = 0, "open" if step > 0 else "close", "close" if step > 0 else "open"
    number = at + step
    while 0 <= number < len(line):
        word = line[number]
        if depth == 0:
            stopped = word.kind == leaves or word.text in (
                "=",
                "+=",
                ",",
                ":",
                "if",
                "else",
                "elif",
                "return",
                "in",
                ";",
            )
            if stopped or word.kind == "text" or (pipe and word.text in OPERATORS - {"->"}):
                break
        depth += (word.kind == enters) - (word.kind == leaves)
        number += step
    return number if step > 0 else number + 1


def last_operator(line: list[Word], start: int, end: int) -> int | None:
    depth, last = 0, None
    for number in range(start, end):
        depth += (line[number].kind == "open") - (line[number].kind == "close")
        if depth == 0 and line[number].text in OPERATORS - {"->"}:
            last = number
    return last
