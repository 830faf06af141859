"""`--at N=1 D=2`: values from the command line for the sizes and options of a model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from .errors import usage

if TYPE_CHECKING:
    from .elaborator.literals import Literal


def spread(arguments: list[str]) -> list[str]:
    """`--at N=1 D=2` to `--at N=1 --at D=2`, so that files may follow."""
    result: list[str] = []
    after_at = False
    for argument in arguments:
        setting = re.fullmatch(r"[^\W\d]\w*'*=.*", argument) is not None
        if after_at and setting and result[-1] != "--at":
            result.append("--at")
        result.append(argument)
        after_at = argument == "--at" or (after_at and setting)
    return result


def overrides_of(settings: Sequence[str]) -> dict[str, Literal]:
    """The settings, by name. Raises a usage error."""
    found: dict[str, Literal] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        try:
            if not equals or len(text) > 80:
                raise ValueError
            value = _setting(text.strip())
        except (ValueError, ZeroDivisionError):
            raise usage(
                f"`--at {setting}` is no setting", hint="numbers, words, tuples: `--at N=4096 kind=wide depths=(3,4)`"
            ) from None
        if found.setdefault(name.strip(), value) != value:
            raise usage(f"`--at` gives `{name.strip()}` two values")
    return found


def _setting(text: str) -> Literal:
    """A number, true or false, a string with quotes or without them, or a tuple of these as a file has it."""
    if text in ("true", "false"):
        return text == "true"
    if text[:1] in ('"', "(", "["):
        return _written(text)
    try:
        return Fraction(text)
    except ValueError:
        if re.fullmatch(r"[\w.-]+", text):
            return text
        raise


def _written(text: str) -> Literal:
    from .elaborator.literals import literal
    from .errors import ArchError, Source
    from .parser import parse
    from .syntax import Let

    try:
        (item,) = parse(Source("--at", f"let value = {text}\n")).items
        assert isinstance(item, Let)
        return literal(item.values[0])
    except ArchError:
        raise ValueError from None
