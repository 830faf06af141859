"""The standard library as the command shows it: a list of its layers, and the text of one."""

from __future__ import annotations

import re
from pathlib import Path

from . import gallery, library
from .errors import nearest, usage


def library_list() -> str:
    """The standard layers by file, with the first line of each docstring; then the models, a line a file."""
    lines: list[str] = []
    current = ""
    for name, (source, start, end) in library.index().items():
        if source.name != current:
            current = source.name
            lines += [*([""] if lines else []), Path(current).stem.replace("_", " ")]
        head, doc = _head(source.text[start:end])
        lines.append(f"  {head}" + (f"\n      {doc}" if doc else ""))
        del name
    lines += ["", "models"]
    for file in gallery.files():
        caveats = "".join(f" ({caveat})" for caveat in gallery.caveats(file))
        lines.append(f"  {', '.join(gallery.names(file))}{caveats}")
    return "\n".join(lines) + "\n"


def _head(text: str) -> tuple[str, str]:
    """A definition's signature and the docstring under it."""
    first, _, rest = text.partition("\n")
    match = re.match(r'\s*"([^"]*)"', rest)
    return first.removeprefix("layer ").rstrip().removesuffix(":"), match[1] if match else ""


def library_source(name: str) -> str:
    """The definition of a standard layer, or the file that holds a model. Raises ArchError."""
    if name in library.index():
        return library.text(name)
    if name in gallery.index():
        return gallery.index()[name].read_text("utf-8")
    known = [*library.index(), *gallery.index()]
    raise usage(
        f"there is no standard layer or model `{name}`", hint=nearest(name, known) or "`derive --list` shows them"
    )
