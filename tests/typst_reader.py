"""Formulas of Typst read back as Typst itself reads them: source in, numbers out.

Typst is asked for the tree that it makes of a source (`typst query`); written as tokens of LaTeX, that tree is read by
the reader of `formula_readers`. What Typst draws into a subscript, a root or a fraction therefore counts as such,
however the source looks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typst
from archderive.notation import Symbols
from archderive.notation.symbols import name_tree
from archderive.notation.typst_names import name_in_typst
from formula_readers import LatexReader, Tree, Unreadable, printed_names

Content = dict[str, Any]

_SIGNS = {
    "−": "-", "⋅": r"\cdot", "∑": r"\sum", "⌈": r"\lceil", "⌉": r"\rceil", "⌊": r"\lfloor", "⌋": r"\rfloor",
    "\u2215": "/",
}  # fmt: skip
_UNSEEN = frozenset(("space", "h", "linebreak", "align-point"))
_NUMBER = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?")


def contents(formulas: Sequence[str]) -> list[Content]:
    """What Typst makes of each formula, in one compilation."""
    source = "\n\n".join(f"${formula}$" for formula in formulas)
    answer = typst.query(source.encode("utf-8"), "math.equation", ignore_system_fonts=True)
    found: list[Content] = [equation["body"] for equation in json.loads(answer)]
    assert len(found) == len(formulas)
    return found


def tokens(content: Content) -> Iterator[str]:
    """What Typst understood, as LaTeX.

    >>> print(*tokens(contents(['d_"ff"(N + 1)'])[0]))
    d _ { "ff" ( N + 1 ) }
    """
    match content["func"]:
        case "sequence":
            for part in content["children"]:
                yield from tokens(part)
        case "attach":
            yield from tokens(content["base"])
            yield from "'" * content.get("tr", {}).get("count", 0)
            for mark, place in (("_", "b"), ("^", "t")):
                if place in content:
                    yield from (mark, "{", *tokens(content[place]), "}")
        case "frac":
            yield from (r"\frac", "{", *tokens(content["num"]), "}", "{", *tokens(content["denom"]), "}")
        case "root":
            yield from (r"\sqrt", "{", *tokens(content["radicand"]), "}")
        case "lr":
            yield from tokens(content["body"])
        case "op":
            yield "\\" + content["text"]["text"]
        case "styled":
            yield from (r"\mathrm", "{", *tokens(content["child"]), "}")
        case "accent":
            yield from (r"\hat", "{", content["accent"], *tokens(content["base"]), "}")
        case "text" | "symbol":
            text = content["text"]
            if _NUMBER.fullmatch(text):
                whole, point, decimals = text.replace(",", "{,}").partition(".")
                yield from (whole, point, decimals) if point else (whole,)
            else:
                yield _SIGNS.get(text, text if len(text) == 1 else f'"{text}"')
        case unseen:
            if unseen not in _UNSEEN:
                raise Unreadable(f"`{unseen}` of Typst")


def read_typst(formulas: Sequence[str], names: Iterable[str], symbols: Symbols) -> list[Tree | Unreadable]:
    """The trees of formulas in Typst, or why one is none. Raises Unreadable where two names look alike."""
    listed = list(names)
    shown = [name_in_typst(name_tree(name, symbols)) for name in listed]
    found = contents([*shown, *formulas])
    looks = dict(zip(listed, (" ".join(tokens(content)) for content in found), strict=False))
    known = printed_names(listed, looks.__getitem__, "Typst")
    return [_tree(content, known) for content in found[len(listed) :]]


def _tree(content: Content, known: dict[str, str]) -> Tree | Unreadable:
    try:
        reader = LatexReader(list(tokens(content)), known)
        tree = reader.sum()
        reader.take("")
    except Unreadable as failure:
        return failure
    return tree
