"""Places where a written formula may be broken: private characters inside the string, each with a depth.

The writers put a mark before every + − = (`OPERATOR`), between factors (`FACTOR`), after commas and groups of digits
(`COMMA`) and, for want of a better place, after a bracket (`OPENING`); `renderer.lines` chooses among them. A mark
deeper inside brackets has a higher depth. What may not be broken, such as a fraction or a subscript, is written without
marks.
"""

from __future__ import annotations

import re
from typing import Final

DEPTHS: Final = 64  # from one kind to the next there is room for twice as many
OPERATOR: Final = "\ue000"
FACTOR: Final = "\ue100"
COMMA: Final = "\ue200"
OPENING: Final = "\ue080"
SUMMAND: Final = "\ue208"  # between Σ and what it sums: as bad a place as one deep inside brackets
KINDS: Final = (OPERATOR, OPENING, FACTOR, COMMA)

ANY_MARK: Final = re.compile(f"[{OPERATOR}-{chr(ord(COMMA) + DEPTHS)}]")
OPENINGS: Final = re.compile(f"[{OPENING}-{chr(ord(OPENING) + DEPTHS)}]")
_DEEPER: Final = {
    ord(kind) + depth: ord(kind) + min(depth + 1, DEPTHS) for kind in KINDS for depth in range(DEPTHS + 1)
}


def unmarked(text: str) -> str:
    """The text as it is printed on one line."""
    return text if text.isascii() else ANY_MARK.sub("", text)


def deeper(text: str) -> str:
    """The text with every mark one level further inside."""
    return text if text.isascii() else text.translate(_DEEPER)


def kind_and_depth(mark: str) -> tuple[str, int]:
    code = ord(mark)
    kind = next(kind for kind in reversed(KINDS) if code >= ord(kind))
    return kind, code - ord(kind)
