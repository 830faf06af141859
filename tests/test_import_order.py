"""A module imports only from rows above its own, inside functions too: below may know of above, never the reverse."""

from __future__ import annotations

import ast
from pathlib import Path

import archderive

ROWS = """
diagram errors
formula output page syntax_expressions syntax_scan
chart
document notation syntax syntax_stop
blanks exchange_document printer renaming syntax_advice
syntax_errors
builder
parser
algebra assumed layout
forms javascript scalars sympy_bridge
program
curves gallery library
listing elaborator
nodes roots smoothing
conventions crossover growth
dependences
quantities
agreement derivation domains stated
compared expectations
contrast play
answers comparison example_sizes renderer session
exercises marking plotter results
exchange pictures plots rendered settings sizes
verifier
interface
cli notebook
__init__ __main__
"""
ROW = {name: number for number, line in enumerate(ROWS.strip().splitlines()) for name in line.split()}
ENGINE = Path(archderive.__file__).parent


def part(path: Path) -> str:
    return path.relative_to(ENGINE).with_suffix("").parts[0]


def imported(path: Path) -> set[str]:
    """The parts of the program that a file imports from, at its top or anywhere inside it."""
    found = set()
    depth = len(path.relative_to(ENGINE).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            found |= {node.module.split(".")[0]} if node.module else {alias.name for alias in node.names}
    return found


def test_every_part_has_a_row() -> None:
    assert {part(path) for path in ENGINE.rglob("*.py")} == set(ROW)


def test_imports_go_upwards_only() -> None:
    files = [path for path in ENGINE.rglob("*.py") if part(path) != "__init__"]
    wrong = {
        f"{path.relative_to(ENGINE)} imports {name}"
        for path in files
        for name in imported(path)
        if ROW[name] >= ROW[part(path)]
    }
    assert not wrong


def test_imports_inside_the_package_are_relative() -> None:
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in names if name and name.split(".")[0] in ("archderive", "engine")], path
