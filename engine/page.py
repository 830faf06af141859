"""What is asked of a page, checked: the width of its text, and what its labels begin with."""

from __future__ import annotations

import math
import re
from numbers import Real

from .errors import usage

_INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}
NARROWEST, WIDEST = 2, 20
FEWEST = 20  # letters in a line


def read_width(width: object, asked: str = "width={!r}") -> float:
    """A width in inches: a number of them, or a text with a unit. `asked` is how it was given. Raises a usage error.

    >>> read_width("8.255cm"), read_width(3.25)
    (3.25, 3.25)
    """
    inches = _inches(width)
    if inches is None:
        raise usage(f"`{asked.format(width)}` is no width", hint=f"`{asked.format('3.25in')}`")
    if not NARROWEST <= inches <= WIDEST:
        raise usage(f"`{asked.format(width)}` is no width of a text", hint=f"between {NARROWEST}in and {WIDEST}in")
    return inches


def _inches(width: object) -> float | None:
    if isinstance(width, str):
        match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(in|cm|mm|pt)?", width)
        return None if match is None else float(match[1]) * _INCHES[match[2] or "in"]
    if isinstance(width, bool) or not isinstance(width, Real) or math.isnan(width):
        return None
    return float(width)


def check_columns(columns: object) -> int:
    """How wide a text is, in letters. Raises a usage error."""
    if isinstance(columns, bool) or not isinstance(columns, int) or columns < FEWEST:
        raise usage(
            f"`columns={columns!r}` is no width of a text", hint=f"a whole number of letters, at least {FEWEST}"
        )
    return columns


def check_prefix(prefix: object, asked: str = "prefix={!r}") -> str:
    """What labels begin with: letters and digits of ASCII, and `.:_-` among them. Raises a usage error."""
    if not isinstance(prefix, str) or (prefix and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.:_-]*", prefix)):
        raise usage(f"`{asked.format(prefix)}` is no beginning of a label", hint=f"`{asked.format('app:attention')}`")
    return prefix
