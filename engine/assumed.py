"""Facts beside those of the files: `D <= N` on the command line goes into every model that has its sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from . import syntax
from .errors import Source, nearest, usage
from .parser import parse

if TYPE_CHECKING:
    from .session import Session


def with_facts(sessions: Sequence[Session], texts: Sequence[str]) -> list[Session]:
    """The same models under more assumptions; each holds for all models that know its names, which one must. Raises
    ArchError for what is no fact, or is false at the example values."""
    if not texts:
        return list(sessions)
    facts = [(text, _fact(text)) for text in texts]
    for text, fact in facts:
        names = _names(fact)
        known = [_known(session, model) for session in sessions for model in _models(session)]
        if not any(names <= one for one in known):
            missing = min((names - one for one in known), key=len)
            name = min(missing)
            hint = nearest(name, {other for one in known for other in one})
            raise usage(f"`--assume {text}`: no model has a size `{name}`", hint=hint)
    return [_assumed(session, facts) for session in sessions]


def _assumed(session: Session, facts: Sequence[tuple[str, syntax.Assume]]) -> Session:
    def change(file: syntax.File) -> syntax.File:
        return replace(file, items=tuple(_with(item, session, [fact for _, fact in facts]) for item in file.items))

    return replace(session.changed(change), given=session.given, facts=tuple(text for text, _ in facts))


def _with(item: syntax.Item, session: Session, facts: Sequence[syntax.Assume]) -> syntax.Item:
    if not isinstance(item, syntax.Definition) or item.kind != "model":
        return item
    known = _known(session, item)
    return replace(item, body=(*(fact for fact in facts if _names(fact) <= known), *item.body))


def _models(session: Session) -> list[syntax.Definition]:
    return [item for item in session.file.items if isinstance(item, syntax.Definition) and item.kind == "model"]


def _known(session: Session, model: syntax.Definition) -> frozenset[str]:
    """The sizes that a model of the file knows: dims, abbreviations, its options."""
    names = {option.name for option in model.options}
    for item in session.file.items:
        if isinstance(item, syntax.Dim | syntax.Ratio):
            names |= {dimension.name for dimension in item.items}
        elif isinstance(item, syntax.Let):
            names |= set(item.names)
    return frozenset(names)


def _fact(text: str) -> syntax.Assume:
    source = Source("--assume", f"assume {text.strip()}\n")
    items = parse(source).items
    if len(items) != 1 or not isinstance(items[0], syntax.Assume):
        raise usage(f"`--assume {text}` is no fact", hint="`--assume 'D <= N'`")
    return items[0]


def _names(node: object) -> frozenset[str]:
    """The names that stand in an expression."""
    if isinstance(node, syntax.Name):
        return frozenset([node.name])
    parts = node if isinstance(node, tuple) else vars(node).values() if isinstance(node, syntax.Node) else ()
    return frozenset(name for part in parts for name in _names(part))
