"""Text to the tree: every file of the language parses, every node knows its place, and what cannot be read says so."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from archderive import syntax
from archderive.errors import ArchError, Source
from archderive.parser import load_source, parse, parse_definition, read_source

ROOT = Path(__file__).parent.parent
FILES = [
    path
    for folder in ("examples", "engine/library", "tests/cases/language", "tests/cases/library")
    for path in sorted((ROOT / folder).rglob("*.arch"))
]


def nodes(part: object) -> Iterator[syntax.Node]:
    """Every node at and below a part of a tree."""
    if isinstance(part, tuple):
        for item in part:
            yield from nodes(item)
    elif isinstance(part, syntax.Node):
        yield part
        for field in dataclasses.fields(part):
            yield from nodes(getattr(part, field.name))


def texts(text: str, kind: type[syntax.Node]) -> list[str]:
    return [node.span.text for node in nodes(parse(Source("f", text))) if isinstance(node, kind)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_parses_and_every_node_lies_inside_its_parent(path: Path) -> None:
    file = parse(load_source(str(path)))
    assert file.items
    for node in nodes(file):
        for field in dataclasses.fields(node):
            if isinstance(node, syntax.Branch):
                continue  # the place of a branch is that of its condition
            part = getattr(node, field.name)
            for child in part if isinstance(part, tuple) else (part,):
                if isinstance(child, syntax.Node):
                    assert node.span.start <= child.span.start <= child.span.end <= node.span.end
        if isinstance(node, syntax.Name):
            assert node.span.text == node.name
        if isinstance(node, syntax.Number):
            assert node.span.text == node.text


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("let a = b + c*d  # more\n", syntax.Binary, ["b + c*d", "c*d"]),
        ("let a = f(x, k = 2)\n", syntax.Call, ["f(x, k = 2)"]),
        ("let a = f(x, k = 2)\n", syntax.Argument, ["x", "k = 2"]),
        ("let a = f(x)\n     -> g -> h(2)\n", syntax.Pipe, ["f(x)\n     -> g -> h(2)"]),
        ("let a = f(x) -> g -> h(2)\n", syntax.Stage, ["g", "h(2)"]),
        ("let a = sum[i, j < 3] x[i]*y + 1\n", syntax.Reduce, ["sum[i, j < 3] x[i]*y"]),
        ("let a = sum[i, j < 3] x[i]*y + 1\n", syntax.Index, ["i", "j < 3"]),
        ("let a = x[..., n + 1]\n", syntax.Read, ["x[..., n + 1]"]),
        ("let a = -b if not c else d\n", syntax.Choice, ["-b if not c else d"]),
        ("let a = 0 <= n < N and b\n", syntax.Compare, ["0 <= n < N"]),
        ('dim N as "n" = 4 "length", D\n', syntax.DimItem, ['N as "n" = 4 "length"', "D"]),
        ("layer f(x[N]):\n    y[n] = x[n]\n    return y\n", syntax.Equation, ["y[n] = x[n]"]),
        ("layer f(x[N]):\n  repeat 2:\n    x = g(x)\n\n  return x\n", syntax.Repeat, ["repeat 2:\n    x = g(x)"]),
        ("let b = Ω + 1\ndim Ω = 3\n", syntax.Let, ["let b = Ω + 1"]),
    ],
)  # fmt: skip
def test_places_are_exact(text: str, kind: type[syntax.Node], found: list[str]) -> None:
    assert texts(text, kind) == found


# ---------------------------------------------------------------- known faults of the grammar and of the builder


def test_no_place_goes_beyond_the_text() -> None:
    assert all(node.span.end <= len("let a = 1\n") for node in nodes(parse(Source("f", "let a = 1\n"))))


def test_places_end_before_a_comment() -> None:
    assert texts("let a = 1  # note\n# more\nlet b = 2\n", syntax.Let)[0] == "let a = 1"


def test_places_with_a_bracketed_name() -> None:
    assert texts("let a = (b) + c\n", syntax.Binary) == ["(b) + c"]


def test_line_endings_and_byte_order_mark_change_nothing() -> None:
    text = "layer f(x[N]):\n    y = g(x,\n          2)\n    return y\n"
    plain = parse(read_source("f", text.encode()))
    assert parse(read_source("f", text.replace("\n", "\r\n").encode())) == plain
    assert parse(read_source("f", text.replace("\n", "\r").encode())) == plain
    assert parse(read_source("f", b"\xef\xbb\xbf" + text.encode())) == plain
    assert parse(read_source("f", text.rstrip().encode())) == plain


def test_equal_names_are_equal_in_either_unicode_form() -> None:
    written = unicodedata.normalize("NFD", "let é = 1\n")
    assert written != unicodedata.normalize("NFC", written)
    item = parse(read_source("f", written.encode())).items[0]
    assert isinstance(item, syntax.Let)
    assert item.names == ("é",)


@pytest.mark.parametrize("text", ["", "\n", "# only this", "\n  # and\n\n# this\n"])
def test_an_empty_file_has_no_items(text: str) -> None:
    assert parse(Source("f", text)).items == ()


def test_one_definition_of_a_source_has_the_places_of_the_source() -> None:
    text = "dim N = 3\nlayer f(x[N]):\n    return x\n"
    definition = parse_definition(Source("f", text), text.index("layer"), len(text))
    assert definition.name == "f"
    assert definition.name_span.text == "f"
    assert definition.span.line == 2


def test_what_is_not_utf8() -> None:
    with pytest.raises(ArchError) as caught:
        read_source("f.arch", b"dim N\n# caf\xe9\n")
    assert "f.arch:2:6: the file is not UTF-8: byte 0xe9" in str(caught.value)
    assert "hint: save it as UTF-8" in str(caught.value)


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_the_place_of_what_is_not_utf8(start: bytes, end: bytes) -> None:
    """Counted in lines and letters."""
    with pytest.raises(ArchError, match="f:2:4: the file is not UTF-8: byte 0xff"):
        read_source("f", start + b"dim N" + end + b"# \xc3\xa9\xff" + end)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_in_lines_with_any_end(end: str) -> None:
    source = read_source("f", end.join(["dim N", "model f(x[N]):", "    return ]", ""]).encode())
    with pytest.raises(ArchError, match=r"^f:3:12: error: .*\n3 \|     return \]\n"):
        parse(source)


def test_what_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "encoder.arch").write_text("dim N\n")
    with pytest.raises(ArchError) as missing:
        load_source(str(tmp_path / "encodr.arch"))
    assert "there is no file" in str(missing.value)
    assert "did you mean `encoder.arch`?" in str(missing.value)
    with pytest.raises(ArchError) as folder:
        load_source(str(tmp_path))
    assert "is a folder, not a file" in str(folder.value)
    assert "hint: it holds encoder.arch" in str(folder.value)
    assert missing.value.status == folder.value.status == 2
    with pytest.raises(ArchError):
        load_source(str(tmp_path / "no" / "such.arch"))
