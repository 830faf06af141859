"""Jinja's environment for the templates, whose compiled form is kept as Python keeps that of modules: in `__pycache__`.

As with modules, nothing is kept where Python was told not to (PYTHONDONTWRITEBYTECODE) or where it may not write.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from functools import cache
from importlib import resources
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import NamedTemporaryFile

from jinja2 import BytecodeCache, Environment, FunctionLoader, StrictUndefined, compiler
from jinja2.bccache import Bucket


@cache
def environment() -> Environment:
    """Words are escaped before they reach a template."""
    folder = resources.files(__package__.partition(".")[0] + ".templates")
    return Environment(
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        auto_reload=False,
        bytecode_cache=CompiledTemplates(folder) if isinstance(folder, Path) else None,
    )


class CompiledTemplates(BytecodeCache):
    """What was compiled from other text, by another Jinja or for another environment is not taken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return name

    def get_source_checksum(self, source: str) -> str:
        makers = [os.stat(file).st_mtime_ns for file in (__file__, compiler.__file__)]
        return hashlib.sha1(f"{makers}{source}".encode(), usedforsecurity=False).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            with self._path(bucket).open("rb") as kept:
                bucket.load_bytecode(kept)
        except (OSError, EOFError, ValueError, TypeError, AttributeError, pickle.UnpicklingError, NotImplementedError):
            bucket.reset()  # none is there, or a broken one

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        try:
            path = self._path(bucket)
            path.parent.mkdir(exist_ok=True)
            with NamedTemporaryFile("wb", dir=path.parent, delete=False) as kept:
                bucket.write_bytecode(kept)
            os.replace(kept.name, path)
        except (OSError, NotImplementedError):
            pass

    def _path(self, bucket: Bucket) -> Path:
        """Raises NotImplementedError where the interpreter keeps no bytecode."""
        return Path(cache_from_source(str(self._folder / bucket.key)))
