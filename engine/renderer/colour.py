"""Colour in a terminal: words get marks, which take no room; lines with marks go in, escape sequences come out.

Only the attributes that every terminal knows, and one colour of the first eight: magenta, which is read as well on a
dark ground as on a light one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

KEPT_BLANK: Final = "\u00a0"
BOLD: Final = "\ue400"  # private characters, which no words of a user keep
DIM: Final = "\ue401"
NAME: Final = "\ue402"
_END: Final = "\ue403"
MARKS: Final = re.compile("[\ue400-\ue403]")
_SEQUENCES: Final = {BOLD: "\x1b[1m", DIM: "\x1b[2m", NAME: "\x1b[35m"}
_RESET: Final = "\x1b[0m"


def styled(text: str, mark: str) -> str:
    """The text in a style; styles may stand in each other."""
    return f"{mark}{text}{_END}" if text else ""


def carried(lines: Iterable[str]) -> list[str]:
    """Lines that were one text: what is open at the end of a line is closed there, and opened in the next."""
    result, opened = [], ""
    for line in lines:
        start, opened = opened, _open(opened + line)
        result.append(start + line + _END * len(opened))
    return result


def paint(line: str, *, colour: bool) -> str:
    """The line with escape sequences for its marks, or without both; where no line might end, a blank."""
    line = line.replace(KEPT_BLANK, " ")
    if not MARKS.search(line):
        return line
    if not colour:
        return MARKS.sub("", line)
    painted, opened, shown = "", "", ""
    for part in re.split("([\ue400-\ue403])", line):
        if part == _END or part in _SEQUENCES:
            opened = opened[:-1] if part == _END else opened + part
        elif part:
            sequence = _sequence(opened)
            if sequence != shown:
                painted += (_RESET if shown else "") + sequence
                shown = sequence
            painted += part
    return painted + (_RESET if shown else "")


def _sequence(opened: str) -> str:
    """Names are not dim, which would be too dark."""
    marks = set(opened) - ({DIM} if NAME in opened else set())
    return "".join(sequence for mark, sequence in _SEQUENCES.items() if mark in marks)


def wanted(choice: str, environment: Mapping[str, str], *, terminal: bool) -> bool:
    """Whether to show colour: as the user chose (`always`, `never`), or for `auto` on a terminal that has it, unless
    NO_COLOR (https://no-color.org) or FORCE_COLOR say otherwise.

    >>> wanted("auto", {}, terminal=True), wanted("auto", {"NO_COLOR": "1"}, terminal=True)
    (True, False)
    """
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    return bool(environment.get("FORCE_COLOR")) or (terminal and environment.get("TERM") != "dumb")


def _open(text: str) -> str:
    opened = ""
    for mark in MARKS.findall(text):
        opened = opened[:-1] if mark == _END else opened + mark
    return opened
