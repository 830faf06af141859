"""The models that come with the package: the name of a file, of a model in it or of a variant of one, to the file."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from pathlib import Path

from .errors import Source

_HEAD = re.compile(r"^(?:model|[ ]+variant)[ ]+([^\W\d]\w*'*)[ ]*\(", re.MULTILINE)


@lru_cache(maxsize=1)
def files() -> tuple[Path, ...]:
    """The files of the models, in the order of their names."""
    folder = Path(str(resources.files("archderive.models")))
    return tuple(sorted(folder.glob("*.arch")))


def source(file: Path) -> Source:
    """The text of one of the files."""
    return Source(f"models/{file.name}", file.read_text("utf-8"), packaged=True)


@lru_cache(maxsize=1)
def index() -> dict[str, Path]:
    """Every name to its file; the name of a file, where no model has it, means all that stands in it."""
    found = {name: file for file in files() for name in names(file)}
    for file in files():
        found.setdefault(file.stem, file)
    return found


def caveats(file: Path) -> tuple[str, ...]:
    """What is said beside the figures of the models of a file."""
    return tuple(dict.fromkeys(re.findall(r'^[ ]+caveat "([^"]*)"', file.read_text("utf-8"), re.MULTILINE)))


@lru_cache(maxsize=256)
def names(file: Path) -> tuple[str, ...]:
    """The models of a file and their variants, in their order."""
    return tuple(head.group(1) for head in _HEAD.finditer(file.read_text("utf-8")))
