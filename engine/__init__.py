"""Symbolic complexity derivations of neural-network architectures.

    import archderive as ad
    m = ad.load("model.arch")
    m.macs, m.params, m.path              # SymPy expressions over symbols named as in the file
    m.at(N=1024, D=512).macs              # a number
    print(m.derivation().to_latex())

The names below are loaded when they are first used, so that the command starts fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import ArchError
    from .interface import At, Model, compare, exercise, load, load_all, parse, plot
    from .rendered import Derivation

__all__ = ["ArchError", "At", "Derivation", "Model", "compare", "exercise", "load", "load_all", "parse", "plot"]


def __getattr__(name: str) -> Any:
    if name == "ArchError":
        from .errors import ArchError

        return ArchError
    if name == "load_ipython_extension":  # what `%load_ext archderive` calls
        from .notebook import load_ipython_extension

        return load_ipython_extension
    if name in __all__:
        from . import interface

        return getattr(interface, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
