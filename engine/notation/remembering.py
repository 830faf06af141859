"""Writers that write each formula once: in a document of thousands of formulas most are one of some hundreds."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from .symbols import Symbols

_Options = ParamSpec("_Options")
_Asked = TypeVar("_Asked", bound=Hashable)
_Written = TypeVar("_Written")


def remembered(
    write: Callable[Concatenate[_Asked, Symbols, _Options], _Written],
) -> Callable[Concatenate[_Asked, Symbols, _Options], _Written]:
    """A writer of formulas or texts that looks first whether these symbols have seen an equal one with the same
    options; what it wrote lives as long as the symbols do."""

    def ask(asked: _Asked, symbols: Symbols, /, *options: _Options.args, **named: _Options.kwargs) -> _Written:
        known = symbols.written.setdefault((write, options, *named.items()) if named else (write, options), {})
        try:
            return known[asked]  # type: ignore[return-value]
        except KeyError:
            written = known[asked] = write(asked, symbols, *options, **named)
            return written

    update_wrapper(ask, write)
    return ask
