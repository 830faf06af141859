"""The standard layers, in the language itself: a name to a definition, parsed when it is asked for.

The files are indexed by their `layer` lines, so that a model that uses two layers costs the parsing of two layers.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources

from .. import syntax
from ..errors import Source

_HEAD = re.compile(r"^layer\s+([^\W\d]\w*)", re.MULTILINE)


@lru_cache(maxsize=1)
def index() -> dict[str, tuple[Source, int, int]]:
    """Where each layer stands: name → (source, first character, character after its last)."""
    found: dict[str, tuple[Source, int, int]] = {}
    for entry in sorted(resources.files(__name__).iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".arch"):
            continue
        source = Source(f"library/{entry.name}", entry.read_text("utf-8"), library=True)
        heads = list(_HEAD.finditer(source.text))
        for number, head in enumerate(heads):
            end = heads[number + 1].start() if number + 1 < len(heads) else len(source.text)
            found[head.group(1)] = (source, head.start(), end)
    return found


@lru_cache(maxsize=256)
def definition(name: str) -> syntax.Definition:
    """The parsed definition of a standard layer. Raises KeyError for a name that the library lacks."""
    from ..parser import parse_definition

    source, start, end = index()[name]
    return parse_definition(source, start, end)


def text(name: str) -> str:
    """The source of a standard layer, as it stands in its file."""
    source, start, end = index()[name]
    return "\n".join(line.rstrip() for line in source.text[start:end].rstrip().split("\n")) + "\n"
