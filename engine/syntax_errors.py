"""Mistakes against the grammar, told in terms of what the program has: Lark's error in, our diagnostics out.

Each top-level item is parsed by itself, so that independent mistakes are reported together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import lark

from .errors import ArchError, Diagnostic, Source, Span, nearest
from .syntax_advice import FOREIGN_STARTS, RULES
from .syntax_scan import STATEMENTS, TOP, lines, mistakes, words
from .syntax_stop import Stop, find_stop

MOST_ERRORS = 10

# Parses a stretch of whole lines of a source; the parser hands it down, for it stands above this room.
ParseItem = Callable[[Source, int, int], object]


def precheck(source: Source, parse_item: ParseItem) -> None:
    """What is looked for before the parser runs, because the parser would tell it badly. Raises ArchError."""
    tab = source.text.find("\t")
    if tab >= 0:
        hint = "replace it by 4 spaces"
        raise ArchError(Diagnostic("a tab: indentation and spacing are spaces", Span(source, tab, tab + 1), hint=hint))
    if any(True for start, end in _items(source) for _ in mistakes(source, words(source, start, end))):
        raise ArchError(*_all(source, parse_item))


def explain(source: Source, failure: lark.exceptions.LarkError, parse_item: ParseItem) -> ArchError:
    """The mistake behind an error of the parser, with those of the other top-level items."""
    return ArchError(*(_all(source, parse_item) or [_diagnose(source, 0, len(source.text), failure)]))


def _all(source: Source, parse_item: ParseItem) -> list[Diagnostic]:
    """At most ten mistakes: those of the text of an item, or the one at which its parse stops."""
    found: list[Diagnostic] = []
    for start, end in _items(source):
        plain = list(mistakes(source, words(source, start, end)))
        found += plain
        if not plain:
            try:
                parse_item(source, start, end)
            except lark.exceptions.LarkError as failure:
                found.append(_diagnose(source, start, end, failure))
            except ArchError as failure:
                found += failure.diagnostics
        if len(found) >= MOST_ERRORS:
            break
    return found[:MOST_ERRORS]


def _items(source: Source) -> Iterator[tuple[int, int]]:
    """The stretches of the text between lines that begin with a top-level word, or with something much like one."""
    starts = [0]
    for match in re.finditer(r"^[^\W\d]\w*", source.text, re.MULTILINE):
        word = match.group()
        if word in TOP or word in FOREIGN_STARTS or (word not in STATEMENTS and nearest(word, TOP)):
            starts.append(match.start())
    ends = [*starts[1:], len(source.text)]
    return ((start, end) for start, end in zip(starts, ends, strict=True) if start < end)


def _diagnose(source: Source, start: int, end: int, failure: lark.exceptions.LarkError) -> Diagnostic:
    found = lines(words(source, start, end))
    if not found:
        return Diagnostic("this was not expected here", Span(source, start, start))
    token = getattr(failure, "token", None)
    kind = str(getattr(token, "type", ""))
    expected = frozenset(getattr(failure, "expected", None) or getattr(failure, "allowed", None) or ())
    place = getattr(failure, "pos_in_stream", None)
    offset = end if kind == "$END" or place is None else start + int(place)
    row, at = find_stop(found, offset, kind)
    stop = Stop(source, found, row, at, kind, expected)
    return next(answer for rule in RULES if (answer := rule(stop)) is not None)
