"""Documents as JSON: a document goes in, its blocks come out as plain data that another program can lay out itself.

Words are given as they are, formulas as LaTeX and as text, pictures as their captions.
"""

from __future__ import annotations

from typing import Any, assert_never

from .document import Block, Bullets, Code, Document, Figure, Heading, Paragraph, Run, Steps, Strong, Table, Text
from .formula import Formula
from .notation import Symbols, to_latex, to_unicode


def document_data(document: Document) -> dict[str, Any]:
    """A title and blocks, each of which says by `kind` what else it has."""
    symbols = Symbols(document.symbols)
    return {"title": document.title, "blocks": [_block(block, symbols) for block in document.blocks]}


def _block(block: Block, symbols: Symbols) -> dict[str, Any]:
    match block:
        case Heading(level, text, anchor):
            return {"kind": "heading", "level": level, "text": _text(text, symbols), "anchor": anchor or None}
        case Paragraph(text):
            return {"kind": "paragraph", "text": _text(text, symbols)}
        case Bullets(items):
            return {"kind": "bullets", "items": _texts(items, symbols)}
        case Steps(steps):
            lines = [
                {
                    "left": None if step.left is None else _formula(step.left, symbols),
                    "relation": step.relation,
                    "right": _formula(step.right, symbols),
                    "reason": _text(step.reason, symbols),
                }
                for step in steps
            ]
            return {"kind": "steps", "steps": lines}
        case Table(caption, align, head, rows, total, anchor, notes):
            return {
                "kind": "table",
                "caption": _text(caption, symbols),
                "align": list(align),
                "head": _texts(head, symbols),
                "rows": [_texts(row, symbols) for row in rows],
                "total": total,
                "notes": _texts(notes, symbols),
                "anchor": anchor or None,
            }
        case Figure(_, caption, anchor):
            return {"kind": "figure", "caption": _text(caption, symbols), "anchor": anchor or None}
        case _:
            assert_never(block)


def _texts(texts: tuple[Text, ...], symbols: Symbols) -> list[list[dict[str, Any]]]:
    return [_text(text, symbols) for text in texts]


def _text(text: Text, symbols: Symbols) -> list[dict[str, Any]]:
    return [_run(run, symbols) for run in text if run != ""]


def _run(run: Run, symbols: Symbols) -> dict[str, Any]:
    match run:
        case str():
            return {"text": run}
        case Code(code):
            return {"code": code}
        case Strong(words):
            return {"strong": words}
        case _:
            return {"formula": _formula(run, symbols)}


def _formula(formula: Formula, symbols: Symbols) -> dict[str, str]:
    return {"latex": to_latex(formula, symbols), "unicode": to_unicode(formula, symbols)}
