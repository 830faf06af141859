"""Facts beside those of the files: `D <= N` on the command line goes into every model that knows its sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from . import syntax
from .errors import Source, nearest, usage
from .parser import parse


@dataclass(frozen=True)
class Fact:
    """A fact as it was written, read, and the sizes that it names."""

    text: str
    line: syntax.Assume
    names: frozenset[str]


def read_facts(texts: Sequence[str]) -> tuple[Fact, ...]:
    """Raises ArchError for what is no fact."""
    return tuple(map(_read, texts))


def _read(text: str) -> Fact:
    items = parse(Source("--assume", f"assume {text.strip()}\n")).items
    if len(items) != 1 or not isinstance(items[0], syntax.Assume):
        raise usage(f"`--assume {text}` is no fact", hint="`--assume 'D <= N'`")
    return Fact(text, items[0], _names(items[0]))


def with_facts(file: syntax.File, facts: Sequence[Fact]) -> syntax.File:
    """The file with each fact in every model that knows its sizes."""
    return replace(file, items=tuple(_with(item, file, facts) for item in file.items))


def check_names(files: Sequence[syntax.File], facts: Sequence[Fact]) -> None:
    """Each fact must be of some model. Raises a usage error."""
    known = [_known(file, item) for file in files for item in file.items if _is_model(item)]
    for fact in facts:
        if not any(fact.names <= one for one in known):
            missing = [sorted(fact.names - one) for one in known] or [sorted(fact.names)]
            name = min(missing, key=len)[0]
            hint = nearest(name, {other for one in known for other in one})
            raise usage(f"`--assume {fact.text}`: no model has a size `{name}`", hint=hint)


def _with(item: syntax.Item, file: syntax.File, facts: Sequence[Fact]) -> syntax.Item:
    if not isinstance(item, syntax.Definition) or not _is_model(item):
        return item
    known = _known(file, item)
    return replace(item, body=(*(fact.line for fact in facts if fact.names <= known), *item.body))


def _is_model(item: syntax.Item) -> bool:
    return isinstance(item, syntax.Definition) and item.kind == "model"


def _known(file: syntax.File, model: syntax.Item) -> frozenset[str]:
    """The sizes that a model of the file knows: dims, abbreviations, its options."""
    names = {option.name for option in model.options} if isinstance(model, syntax.Definition) else set()
    for item in file.items:
        if isinstance(item, syntax.Dim | syntax.Ratio):
            names |= {dimension.name for dimension in item.items}
        elif isinstance(item, syntax.Let):
            names |= set(item.names)
    return frozenset(names)


def _names(node: object) -> frozenset[str]:
    """The names that stand in an expression."""
    if isinstance(node, syntax.Name):
        return frozenset([node.name])
    parts = node if isinstance(node, tuple) else vars(node).values() if isinstance(node, syntax.Node) else ()
    return frozenset(name for part in parts for name in _names(part))
