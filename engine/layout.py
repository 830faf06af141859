"""A definition laid out as its author wrote it, without its comments and without what was taken out of its tree.

The author's line breaks and spaces are not in the tree. Where the written text does not come to the tree, the tree is
printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from . import syntax
from .errors import ArchError, Source
from .parser import parse
from .printer import INDENT, print_file
from .renaming import renamed, renamed_text

_COMMENT = re.compile(r"(\"[^\"\n]*\")|[ \t]*#[^\n]*")


def laid_out(
    tree: syntax.Definition, written: syntax.Definition, names: Mapping[str, str], first: Sequence[str] = ()
) -> str:
    """The text of a definition with some lines at the top of its body; `written` is what was read, of which the tree
    may keep less, and `names` are others for those that its body makes."""
    final = renamed(tree, names)
    text = renamed_text(_as_written(tree, written), names)
    if not _reads(text, final):
        text = print_file(syntax.File(final.span, (final,)))
    return _with_lines(text, first)


def _reads(text: str, tree: syntax.Definition) -> bool:
    try:
        return parse(Source("laid out", text)).items == (tree,)
    except ArchError:
        return False


def _with_lines(text: str, first: Sequence[str]) -> str:
    """The lines under the docstring, or under the signature where there is none."""
    read = parse(Source("laid out", text)).items[0]
    assert isinstance(read, syntax.Definition)
    at = _line_start(text, read.body[0].span.start)
    return text[:at] + "".join(f"{INDENT}{line}\n" for line in first) + text[at:]


def _as_written(tree: syntax.Definition, written: syntax.Definition) -> str:
    text, start = written.span.source.text, written.span.start
    body = _line_start(text, written.body[0].span.start)
    head = _bare(text[start:body])
    if written.doc is not None and tree.doc is None:
        head = head[:-1]
    kept = []
    position = body
    for statement in _gone(written.body, tree.body):
        kept.append(text[position : _line_start(text, statement.span.start)])
        position = text.find("\n", statement.span.end) + 1 or len(text)
    kept.append(text[position : max(position, written.span.end)])
    lines = [*head, *_bare("".join(kept))]
    return "\n".join(lines) + "\n"


def _bare(text: str) -> list[str]:
    """Its lines without comments, none of them empty."""
    return [line.rstrip() for line in _COMMENT.sub(lambda m: m[1] or "", text).split("\n") if line.strip()]


def _gone(before: Iterable[syntax.Statement], after: Sequence[syntax.Statement]) -> Iterator[syntax.Statement]:
    """The statements that the tree keeps no more, in their order; of a block that keeps some, its own."""
    left = list(after)
    for statement in before:
        if left and left[0] == statement:
            left.pop(0)
        elif left and type(left[0]) is type(statement) and _blocks(statement):
            inner = left.pop(0)
            for one, other in zip(_blocks(statement), _blocks(inner), strict=False):
                yield from _gone(one, other)
        else:
            yield statement


def _blocks(statement: syntax.Statement) -> tuple[tuple[syntax.Statement, ...], ...]:
    match statement:
        case syntax.If(branches=branches):
            return tuple(branch.body for branch in branches)
        case syntax.Repeat() | syntax.Until() | syntax.For() | syntax.Parallel() | syntax.Choose():
            return (statement.body,)
        case _:
            return ()


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1
