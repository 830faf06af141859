"""Writes docs/models.md from the models that come with the package: `python docs/make_models.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from archderive import gallery, syntax
from archderive.derivation import layout_of, values_of
from archderive.derivation.shown import Shown, digits
from archderive.session import open_path

HEAD = """\
# Models

The architectures that come with the program: `derive resnet50` derives one by its name from anywhere, \
`derive --source resnet50` prints the file in which it stands. Numbers are at the values of the file or of the variant.

*Multiply-adds* are exact by the rules of the language; causal attention counts the pairs that it admits. What a tool \
prints instead is a [convention](conventions.md): `derive resnet50 --convention macs,fvcore,ptflops-2023,thop`. \
*Printed or counted elsewhere* are the figures that the file is checked against (`derive resnet50 --check`); `≈` \
stands before one that is met in the digits printed. Where a paper prints what its architecture does not give, the \
file says so beside the figure; see [errata](errata.md).

This page is written by `docs/make_models.py` from the files; a test checks that it is up to date.
"""

TABLE = """\
| model | parameters | multiply-adds | FLOPs | printed or counted elsewhere |
|---|---:|---:|---:|---|"""


def rows(path: Path) -> Iterator[str]:
    """A row for every model of a file and for every variant."""
    for name in gallery.names(path):
        session = open_path(name)
        (measures,) = session.measures().values()
        (program,) = session.programs
        shown = Shown(measures, layout_of(program), values_of(program))
        mark = "".join(f" ({d.symbol.name} = {d.value})" for d in program.dimensions if d.batch and d.value != 1)
        mark += " †" if program.caveats else ""
        figures = [shown.value(shown.derived(quantity)) or "–" for quantity in ("params", "macs", "flops")]
        of_variants = (
            {e.span for v in variants(session.file) for e in v.expects} if session.only.variant is None else ()
        )
        expects = [e for e, _, _ in session.elaborated.expects[name] if is_figure(e) and e.span not in of_variants]
        known = "<br>".join(map(published, expects))
        yield f"| `{name}`{mark} | {' | '.join(figures)} | {known or '–'} |"


def variants(file: syntax.File) -> Iterator[syntax.Variant]:
    """The variants of all models of a file."""
    for item in file.items:
        if isinstance(item, syntax.Definition):
            yield from (statement for statement in item.body if isinstance(statement, syntax.Variant))


def is_figure(expect: syntax.Expect) -> bool:
    """Is it a number with a source?"""
    plain = isinstance(expect.left, syntax.Name) and isinstance(expect.right, syntax.Number)
    return plain and expect.relation in ("==", "~") and expect.note is not None


def published(expect: syntax.Expect) -> str:
    at = ", ".join(f"{s.name} = {s.value.span.text}" for s in expect.settings)
    number = expect.right
    assert isinstance(number, syntax.Number)
    value = digits(number.value) if expect.relation == "==" else f"≈ {number.text}"
    return f"{expect.left.span.text} {f'({at}) ' if at else ''}{value}: {expect.note}"


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for path in gallery.files():
        parts.append(f"## [{path.stem}](../examples/models/{path.name})\n")
        parts.append(
            "| model | parameters | multiply-adds | FLOPs | printed or counted elsewhere |\n|---|---:|---:|---:|---|"
        )
        parts.append("\n".join(rows(path)) + "\n")
        found = [c for program in open_path(str(path)).programs for c in program.caveats]
        if found:
            parts.append(f"† {'; '.join(dict.fromkeys(found))}.\n")
    return "\n".join(parts)


if __name__ == "__main__":
    text = page()
    target = Path(__file__).with_name("models.md")
    target.write_text(text, encoding="utf-8")
    print(f"{target.name}: {text.count(chr(10) + '| `')} models", file=sys.stderr)
