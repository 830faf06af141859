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


GENERAL = ("macs", "flops", "exact")


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The names of all conventions, the general ones before those of tools."""
    found = {entry.name.removesuffix(".toml") for entry in _folder().iterdir() if entry.name.endswith(".toml")}
    return (*GENERAL, *sorted(found.difference(GENERAL)))


def conventions() -> dict[str, Convention]:
    """All conventions by name."""
    return {name: convention(name) for name in names()}


def _folder() -> resources.abc.Traversable:
    return resources.files(__name__)


def _read(name: str, text: str) -> Convention:
    data = tomllib.loads(text)
    tool = read_tool(data) if "rates" not in data else None
    return Convention(name, data["title"], data["unit"], dict(data.get("rates", {})), data["sentence"], tool)


@lru_cache(maxsize=1)
def quantity_names() -> dict[str, str]:
    """The conventions by what they are called as quantities in the language: `ptflops_2023` is `ptflops-2023`."""
    return {name.replace("-", "_"): name for name in names()}


@lru_cache(maxsize=64)
def convention(name: str) -> Convention:
    """One convention, read when it is asked for; a usage error for a name that there is not."""
    if name not in names():
        hint = nearest(name, names()) or f"there are {', '.join(names())}"
        raise usage(f"there is no convention `{name}`", hint=hint)
    return _read(name, _folder().joinpath(f"{name}.toml").read_text("utf-8"))
