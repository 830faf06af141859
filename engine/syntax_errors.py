"""Mistakes against the grammar, told in terms of what the program has: Lark's error and the source in, our diagnostics out."""

from __future__ import annotations

import lark

from .errors import ArchError, Source, Span, error


def precheck(source: Source) -> None:
    """What is looked for before the parser runs, because the parser would tell it badly."""
    tab = source.text.find("\t")
    if tab >= 0:
        raise error("a tab: indentation and spacing are spaces", Span(source, tab, tab + 1))


def explain(source: Source, failure: lark.exceptions.LarkError) -> ArchError:
    """The mistake behind an error of the parser."""
    at = getattr(failure, "pos_in_stream", None)
    if at is None:
        at = len(source.text)
    return error("this does not fit", Span(source, at, min(at + 1, len(source.text))))
