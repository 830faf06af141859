"""Names in a LaTeX file: anchors and titles go in; labels and commands that are valid and all different come out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from ..document import Document, Figure, Heading, Table
from ..notation.letters import GREEK

_NAMES: Final = {letter: name for name, letter in GREEK.items()}
_DIGITS: Final = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def clean(text: str) -> str:
    """Letters, digits and `.:_-` that a label may hold in every document; other characters become hyphens, letters of
    other scripts their names or codes.

    >>> clean("head_projection(G = h)"), clean("θ & 中")
    ('head_projection-G-h', 'theta-u4e2d')
    """
    return _valid(text).strip("-")


def _valid(text: str) -> str:
    plain = "".join(c if c.isascii() else _ascii(c) for c in unicodedata.normalize("NFC", text))
    return re.sub(r"[^A-Za-z0-9.:_]+", "-", plain)


def _ascii(letter: str) -> str:
    if letter in _NAMES:
        return _NAMES[letter]
    simple = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return simple or (f"u{ord(letter):04x}" if letter.isalnum() else "-")


def prefixes_of(titles: Sequence[str], wanted: str) -> list[str]:
    """What the labels of each document begin with, all different: what the author wants, with the title where there are
    several, or `app:` and the title.

    >>> prefixes_of(["vgg"], ""), prefixes_of(["vgg"], "cost"), prefixes_of(["vgg", "vgg"], "x:")
    (['app:vgg:'], ['cost:'], ['x:vgg:', 'x:vgg-2:'])
    """
    start = _valid(wanted or "app:")
    start += ":" if start[-1].isalnum() else ""
    if wanted and len(titles) == 1:
        return [start]
    taken: set[str] = set()
    return [_new(start + (clean(title) or "model"), taken) + ":" for title in titles]


def labels_of(document: Document, prefix: str, taken: set[str]) -> tuple[str, ...]:
    """A label for every block with an anchor, none for the others, and no label that is `taken`; these are then taken
    too. Tables and figures choose first, for they have numbers."""
    found = [""] * len(document.blocks)
    for numbered in (True, False):
        for place, block in enumerate(document.blocks):
            if not isinstance(block, Heading | Table | Figure) or isinstance(block, Heading) == numbered:
                continue
            if block.anchor:
                whole = isinstance(block, Heading) and block.level == 1 and block.anchor == document.title
                stem = prefix.rstrip(":") if whole else prefix + (clean(block.anchor) or "part")
                found[place] = _new(stem, taken)
    return tuple(found)


def _new(stem: str, taken: set[str]) -> str:
    label, number = stem, 1
    while label in taken:
        number += 1
        label = f"{stem}-{number}"
    taken.add(label)
    return label


def command_name(title: str, name: str) -> str:
    """A command of letters only, under which a paper uses a result.

    >>> command_name("vgg16", "macs at 224"), command_name("vgg16", r"\\archderiveMacs")
    ('archderiveVggOneSixMacsAtTwoTwoFour', 'archderiveMacs')
    """
    if name.startswith("\\"):
        return _letters(name)
    return "archderive" + _letters(title) + _letters(name)


def new_command(title: str, name: str, taken: set[str]) -> str:
    """The command of a result, or if it is taken that with a number; it is then taken."""
    command, number = command_name(title, name), 1
    stem = command
    while command in taken:
        number += 1
        command = stem + _spelled(str(number))
    taken.add(command)
    return command


def _letters(name: str) -> str:
    words = re.findall(r"[A-Za-z]+|[0-9]", clean(name))
    written = "".join(_spelled(word) if word.isdigit() else word[0].upper() + word[1:] for word in words)
    return written[0].lower() + written[1:] if name.startswith("\\") and written else written


def _spelled(digits: Iterable[str]) -> str:
    return "".join(_DIGITS[int(digit)] for digit in digits)
