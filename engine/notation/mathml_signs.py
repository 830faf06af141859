"""Signs, brackets and numbers as parts of MathML."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import Final

from .mathml_parts import COMMA, FACTOR, SIGN, Part, Parts, is_tall

SPLIT_DIGITS: Final = 30  # what has more may be broken


def sign(text: str, wide: float, rank: int = SIGN) -> Part:
    """An operator between two operands; in scripts it stands close to them, unless it is a word."""
    script = "" if text.isalpha() else f'<mo lspace="0" rspace="0">{text}</mo>'
    return Part(f"<mo>{text}</mo>", wide, rank, leading=f'<mo form="infix" lspace="0">{text}</mo>', script=script)


MINUS: Final = Part('<mo form="prefix">−</mo>', 0.8)
NOT: Final = Part('<mo form="prefix" lspace="0">not</mo>', 1.8)
DOT: Final = sign("⋅", 0.72, FACTOR)
# At the beginning of a line the product shows its sign.
TIMES: Final = Part("<mo>\u2062</mo>", 0.0, FACTOR, leading=DOT.leading)
TIMES_BEFORE_NAME: Final = replace(TIMES, markup='<mo rspace="0.167em">\u2062</mo>', width=0.17)
SLASH: Final = Part('<mo lspace="0" rspace="0">/</mo>', 0.5, FACTOR)
APPLY: Final = Part("<mo>\u2061</mo>", 0.0)
APPLY_BARE: Final = Part('<mo rspace="0.167em">\u2061</mo>', 0.17)  # before what stands without brackets
COMMA_SIGN: Final = Part("<mo>,</mo>", 0.45, script='<mo rspace="0">,</mo>')


def number(text: str) -> Parts:
    """A number as it is spelled in Python: digits in groups of three, and a power of ten for the exponent.

    >>> print(number("28288354")[0].markup)
    <mn>28,288,354</mn>
    """
    mantissa, mark, exponent = text.lower().partition("e")
    if mark:
        above = f"<mn>{abs(int(exponent))}</mn>"
        raised = f"<mrow>{MINUS.markup}{above}</mrow>" if int(exponent) < 0 else above
        power = Part(f"<msup><mn>10</mn>{raised}</msup>", 2.0)
        return (power,) if mantissa == "1" else (Part(f"<mn>{escape(mantissa)}</mn>", 0.5 * len(mantissa)), DOT, power)
    whole, point, decimals = mantissa.partition(".")
    grouped = f"{int(whole):,}" if len(whole) > 4 else whole
    digits = grouped + point + decimals
    groups = re.findall("[^,]+,?", digits) if len(whole) > SPLIT_DIGITS else [digits]
    return tuple(
        Part(f"<mn>{escape(group)}</mn>", 0.5 * len(group), COMMA if place else None)
        for place, group in enumerate(groups)
    )


def fences(opening: str, closing: str, inner: Parts) -> Parts:
    """Brackets around parts, as high as these are."""
    if is_tall(inner):
        first = Part(opening, 0.7, tall=True, fence="open")
        last = Part(closing, 0.7, tall=True, fence="close")
        return (first, *inner, last)
    # | has no side of its own, and may not be taken for an operator
    form = ("", "") if opening != closing else (' form="prefix"', ' form="postfix"')
    first = Part(f'<mo{form[0]} stretchy="false">{opening}</mo>', 0.4, fence="open")
    return (first, *inner, Part(f'<mo{form[1]} stretchy="false">{closing}</mo>', 0.4, fence="close"))
