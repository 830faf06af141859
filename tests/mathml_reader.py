"""Presentation MathML read as LaTeX: elements in, what `to_latex` would write out, without its spaces.

It shares nothing with the printers but the names of the Greek letters, and refuses what MathML Core has not.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Final

from archderive.notation.letters import GREEK

MATH: Final = re.compile(r"<math\b.*?</math>", re.DOTALL)
_LETTERS: Final = {letter: "\\" + name for name, letter in GREEK.items()} | {"ϵ": r"\epsilon", "ϕ": r"\phi"}
_FUNCTION: Final = re.compile(r"\\(log|exp|max|min|sin|cos|tanh)(?![a-z])")
_SIGNS: Final = {
    "\u2062": "", "\u2061": "", "−": "-", "⋅": r"\cdot", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx",
    "∈": r"\in", "⌈": r"\lceil", "⌉": r"\rceil", "⌊": r"\lfloor", "⌋": r"\rfloor", "∑": r"\sum", "∏": r"\prod",
    "{": "", "mod": r"\bmod", "′": "'", "″": "''", "‴": "'''", "∞": r"\infty", "…": r"\ldots",
}  # fmt: skip
_ATTRIBUTES: Final = {
    "math": {"displaystyle"}, "mi": {"mathvariant"}, "mover": {"accent"}, "mtable": {"class"}, "mspace": {"width"},
    "mo": {"form", "lspace", "rspace", "stretchy", "minsize", "maxsize", "movablelimits"},
}  # fmt: skip


def plain_latex(latex: str) -> str:
    """LaTeX without spaces and without what only makes brackets grow; functions are words like any other."""
    named = _FUNCTION.sub(r"\\mathrm{\1}", latex)
    return re.sub(r"\\left(?![a-z])|\\right(?![a-z])|\\,|\s", "", named).replace("{,}", ",")


def latex_of(markup: str) -> str:
    """One or several `<math>` as LaTeX; several are one formula, broken into lines."""
    return "".join(_row(ET.fromstring(found)) for found in MATH.findall(markup))


def _row(element: Iterable[ET.Element]) -> str:
    return "".join(map(_read, element))


def _read(element: ET.Element) -> str:
    assert set(element.attrib) <= _ATTRIBUTES.get(element.tag, set()), ET.tostring(element)
    text = element.text or ""
    children = list(element)
    match element.tag, children:
        case "mrow", _:
            return _row(children)
        case "mn", []:
            return text
        case "mi", []:
            return _identifier(text, element.get("mathvariant"))
        case "mo", []:
            return _operator(text, element.get("form"))
        case "mtext", []:
            return rf"\text{{{''.join(text.split())}}}"
        case "mfrac", [above, below]:
            return rf"\frac{{{_read(above)}}}{{{_read(below)}}}"
        case "msqrt", _:
            return rf"\sqrt{{{_row(children)}}}"
        case (("msub" | "munder"), [base, below]):
            return _scripts(base, below, None)
        case "msup", [base, above]:
            return _scripts(base, None, above)
        case (("msubsup" | "munderover"), [base, below, above]):
            return _scripts(base, below, above)
        case "mtable", rows:
            return _table(rows, element.get("class"))
        case _:
            raise AssertionError(ET.tostring(element))


def _scripts(base: ET.Element, below: ET.Element | None, above: ET.Element | None) -> str:
    """TeX has primes after what stands below."""
    letter = _read(base)
    stem = letter.rstrip("'")
    written = stem + (f"_{{{_read(below)}}}" if below is not None else "") + letter[len(stem) :]
    return written + (f"^{{{_read(above)}}}" if above is not None else "")


def _identifier(text: str, variant: str | None) -> str:
    if text in ("∞", "…"):
        return _SIGNS[text]
    if len(text) == 1:
        assert (variant == "normal") == ("Α" <= text <= "Ω"), text
        return _LETTERS.get(text, text)
    return rf"\mathrm{{{text.replace('_', chr(92) + '_')}}}"


def _operator(text: str, form: str | None) -> str:
    if text == "|":
        return {"prefix": r"\lvert", "postfix": r"\rvert"}[form or ""]
    if text in ("max", "min", "mean"):
        return rf"\mathrm{{{text}}}"
    if text in ("if", "else", "and", "or", "not"):
        return rf"\text{{{text}}}"
    return _SIGNS.get(text, text)


def _table(rows: list[ET.Element], kind: str | None) -> str:
    cells = [[_row(cell) for cell in line] for line in rows]
    if kind == "cases":
        return r"\begin{cases}" + r"\\".join("&".join(line) for line in cells) + r"\end{cases}"
    return r"\substack{" + r"\\".join(line[0] for line in cells) + "}"
