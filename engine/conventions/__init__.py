"""Counting conventions: data files that say what each kind of operation is billed, and what that leaves out."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from ..errors import nearest, usage


@dataclass(frozen=True, eq=False)
class Convention:
    """`rates` are per operation of a kind (`*` for all others); `sentence` is how a derivation states it."""

    name: str
    title: str
    unit: str
    rates: dict[str, int]
    sentence: str

    def rate(self, kind: str) -> int:
        """What one operation of a kind is billed."""
        return self.rates.get(kind, self.rates.get("*", 0))


@lru_cache(maxsize=1)
def conventions() -> dict[str, Convention]:
    """All conventions by name."""
    found = {}
    for entry in sorted(resources.files(__name__).iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            data = tomllib.loads(entry.read_text("utf-8"))
            name = entry.name.removesuffix(".toml")
            found[name] = Convention(name, data["title"], data["unit"], dict(data["rates"]), data["sentence"])
    return found


def convention(name: str) -> Convention:
    """One convention; a usage error for a name that there is not."""
    known = conventions()
    if name not in known:
        hint = nearest(name, known) or f"there are {', '.join(known)}"
        raise usage(f"there is no convention `{name}`", hint=hint)
    return known[name]
