"""User's words made safe for Typst: any characters go in, markup that prints them comes out."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from ..notation.typst_names import quoted
from .escape import spaced

ZERO_WIDTH: Final = "#sym.zws;"  # a line may end here
LONG_CODE: Final = 15  # characters: names that are longer may break after punctuation
LONG_WORD: Final = 19  # letters: a word that is longer may break
_BREAK: Final = "\ue300"  # a private character, for a while
_SPECIAL: Final = re.compile(r"[\\#$*_`<@\[\]~]")
_SHORTHANDS: Final = re.compile(r"-(?=[-?])|/(?=/|$)|\.(?=\.\.)")
_LINE_START: Final = re.compile(r"^(\s*)(?:([-+=/])|(\d+)(?=\.))")
_UNBROKEN: Final = re.compile(rf"[^\s-]{{{LONG_WORD},}}")
_JOINTS: Final = re.compile(r"(?<=[._/:,;=)\]}])(?=\w)")
_PUNCTUATION: Final = r"\s_/.,:=()\[\]"
_LONG_LETTERS: Final = 24  # letters that hyphenation divides


@lru_cache(maxsize=4096)
def typst_words(words: str) -> str:
    """Words for Typst outside mathematics.

    >>> print(typst_words("1. 50% of d_ff -- #panic"))
    1\\. 50% of d\\_ff \\-- \\#panic
    """
    loosened = _UNBROKEN.sub(lambda found: _BREAK.join(loose(found[0])), spaced(words))
    escaped = _SPECIAL.sub(r"\\\g<0>", loosened)
    escaped = _SHORTHANDS.sub(r"\\\g<0>", escaped)
    return _LINE_START.sub(_no_list, escaped).replace(_BREAK, ZERO_WIDTH)


def typst_code(text: str, longest: int = LONG_CODE) -> str:
    """A name or a command in a fixed-width face; one of more than `longest` characters may break after punctuation.

    >>> print(typst_code("d_ff"), typst_code("derive model.arch --latex"))
    `d_ff` #code("derive model.", "arch --latex");
    """
    shown = spaced(text)
    parts = re.split(rf"(?<!\s){_BREAK}", _BREAK.join(code_parts(text, longest)))  # at a blank a line may end anyway
    if len(parts) > 1:
        return f"#code({', '.join(quoted(part.replace(_BREAK, '')) for part in parts)});"
    if not shown or "`" in shown or shown != shown.strip():
        return f"#raw({quoted(shown)});"
    return f"`{shown}`"


def code_parts(text: str, longest: int = LONG_CODE) -> list[str]:
    """What stays together of a name or a command."""
    shown = spaced(text)
    if len(shown) <= longest:
        return [shown]
    stretch = rf"[^{_PUNCTUATION}]{{0,{max(1, min(12, longest))}}}[{_PUNCTUATION}]*"
    return [part for part in re.findall(stretch, shown) if part]


def identifier(text: str) -> str:
    """Text as a part of a label or of the name of a variable: ASCII letters and digits, joined by `-`.

    >>> identifier("macs at 224"), identifier("宽")
    ('macs-at-224', '')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[A-Za-z0-9]+", plain))


def loose(word: str) -> list[str]:
    """What stays together of a word: the whole, or of a very long one what is between punctuation, a dozen letters at
    most. A long word of letters only is left to hyphenation."""
    if len(word) < LONG_WORD or (word.isalpha() and len(word) <= _LONG_LETTERS):
        return [word]
    return [part for stretch in _JOINTS.split(word) for part in re.findall(".{1,12}", stretch)]


def _no_list(found: re.Match[str]) -> str:
    """Nothing that opens a list or a heading."""
    return f"{found[1]}\\{found[2]}" if found[2] else f"{found[1]}{found[3]}\\"
