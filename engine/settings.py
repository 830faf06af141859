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
            if not equals or len(text) > 40:
                raise ValueError
            value = _setting(text.strip())
        except (ValueError, ZeroDivisionError):
            raise usage(f"`--at {setting}` is no setting", hint="numbers: `--at N=4096 D=1024`") from None
        if found.setdefault(name.strip(), value) != value:
            raise usage(f"`--at` gives `{name.strip()}` two values")
    return found


def _setting(text: str) -> Literal:
    """A number, true or false, or else a string, with quotes or without them."""
    if text in ("true", "false"):
        return text == "true"
    quoted = re.fullmatch(r'"([^"]*)"', text)
    if quoted or re.fullmatch(r"[^\W\d]\w*", text):
        return quoted[1] if quoted else text
    return Fraction(text)
