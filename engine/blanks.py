"""A definition without what states costs: `expect`, `quantity` and `variant` lines, and texts that speak of costs."""

from __future__ import annotations

import re
from dataclasses import replace

from . import syntax

_COSTS = re.compile(
    r"\b(costs?|parameters?|params|macs?|flops?|multipl\w+|additions?|operations?|complexity|million|billion|"
    r"memory|bytes|quadratic\w*)\b|[OΘ]\(|\d[.,]?\d*\s?[kMGBT]\b|\d{5,}|[\^²³]|[-+*/] ?\w+ steps|\d+ steps",
    re.IGNORECASE,
)


def blank(definition: syntax.Definition) -> syntax.Definition:
    """A definition without what states costs."""
    return replace(definition, doc=quiet(definition.doc), body=_statements(definition.body))


def _statements(body: tuple[syntax.Statement, ...]) -> tuple[syntax.Statement, ...]:
    return tuple(kept for statement in body if (kept := _statement(statement)) is not None)


def _statement(statement: syntax.Statement) -> syntax.Statement | None:
    match statement:
        case syntax.Expect() | syntax.Quantity() | syntax.Variant():
            return None
        case syntax.Caveat(words=words):
            return statement if quiet(words) else None
        case syntax.Let():
            return replace(statement, note=quiet(statement.note))
        case syntax.If():
            branches = (replace(branch, body=_statements(branch.body)) for branch in statement.branches)
            return replace(statement, branches=tuple(branches))
        case syntax.Repeat() | syntax.Until() | syntax.For() | syntax.Parallel() | syntax.Choose():
            return replace(statement, body=_statements(statement.body))
        case _:
            return statement


def quiet(words: str | None) -> str | None:
    """A text that says nothing of costs."""
    return None if words is None or _COSTS.search(words) else words
