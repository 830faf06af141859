"""Counting conventions: data files that say what is billed, and what that leaves out.

Most bill each kind of scalar operation. Those of tools bill whole layers by rules of their own: see `tools`.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from ..errors import nearest, usage
from .tools import Tool, read_tool


@dataclass(frozen=True, eq=False)
class Convention:
    """`rates` are per operation of a kind (`*` for all others); `sentence` is how a derivation states it. A `tool`
    bills layers instead, and has no rates."""

    name: str
    title: str
    unit: str
    rates: dict[str, int]
    sentence: str
    tool: Tool | None = None

    def rate(self, kind: str) -> int:
        """What one operation of a kind is billed."""
        return self.rates.get(kind, self.rates.get("*", 0))


@lru_cache(maxsize=1)
def conventions() -> dict[str, Convention]:
    """All conventions by name, the general ones before those of tools."""
    found = [_read(e.name.removesuffix(".toml"), e.read_text("utf-8")) for e in _files()]
    return {c.name: c for c in sorted(found, key=lambda c: (c.tool is not None, c.name))}


def _files() -> list[resources.abc.Traversable]:
    return [entry for entry in resources.files(__name__).iterdir() if entry.name.endswith(".toml")]


def _read(name: str, text: str) -> Convention:
    data = tomllib.loads(text)
    tool = read_tool(data) if "rates" not in data else None
    return Convention(name, data["title"], data["unit"], dict(data.get("rates", {})), data["sentence"], tool)


def known_as(name: str) -> str | None:
    """The convention that a quantity's name in the language means: `ptflops_2023` is `ptflops-2023`."""
    dashed = name.replace("_", "-")
    return dashed if dashed in conventions() else None


def convention(name: str) -> Convention:
    """One convention; a usage error for a name that there is not."""
    known = conventions()
    if name not in known:
        hint = nearest(name, known) or f"there are {', '.join(known)}"
        raise usage(f"there is no convention `{name}`", hint=hint)
    return known[name]
