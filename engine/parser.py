"""Text to the syntax tree: `grammar/arch.lark`, read by Lark's LALR parser, every node with its place.

Nothing is checked here but the grammar; mistakes against it become messages in `syntax_errors`. The parser's tables
are cached between runs, keyed by the grammar and the versions that made them, and made anew where the cache cannot be
used.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import unicodedata
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import lark
from lark.indenter import Indenter

from .errors import Source, error, nearest, usage

if TYPE_CHECKING:
    from . import syntax


class _Blocks(Indenter):
    """Lines and indentation to tokens; brackets join lines. A tab is refused before the text gets here."""

    NL_type = "_NL"
    OPEN_PAREN_types = ["LPAR", "LSQB"]  # noqa: RUF012 (Lark's own interface)
    CLOSE_PAREN_types = ["RPAR", "RSQB"]  # noqa: RUF012
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8


# ---------------------------------------------------------------- sources


def read_source(name: str, data: bytes) -> Source:
    """The text of a file: UTF-8, with or without a byte order mark, normalised to NFC so that equal names are equal.
    Lines end as they do on any system, old ones included."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        read = failure.object[: failure.start].decode()
        line, column = Source(name, _with_line_feeds(read)).position(len(_with_line_feeds(read)))
        raise error(
            f"{name}:{line}:{column}: the file is not UTF-8: byte 0x{failure.object[failure.start]:02x}",
            hint="save it as UTF-8",
        ) from None
    return Source(name, _with_line_feeds(unicodedata.normalize("NFC", text)))


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def load_source(path: str) -> Source:
    """A file by its path, standard input for `-`. Raises ArchError for what cannot be read."""
    try:
        return read_source("<stdin>", _standard_input()) if path == "-" else read_source(path, Path(path).read_bytes())
    except FileNotFoundError:
        raise usage(f"there is no file `{path}`", hint=_nearest_file(path)) from None
    except IsADirectoryError:
        inside = sorted(p.name for p in Path(path).glob("*.arch"))
        hint = f"it holds {', '.join(inside[:4])}" if inside else ""
        raise usage(f"`{path}` is a folder, not a file", hint=hint) from None
    except OSError as failure:
        raise usage(f"`{path}` cannot be read: {failure.strerror}") from None
    except ValueError:  # a character that the system has not
        raise usage(f"`{path}` is no name of a file") from None


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise usage("standard input is closed")
    return sys.stdin.buffer.read()


def _nearest_file(path: str) -> str:
    folder = Path(path).parent
    try:
        stems = {p.stem for p in folder.iterdir() if p.suffix == ".arch"}
        close = nearest(Path(path).stem, stems)
        return close.replace("`?", ".arch`?") if close else ""
    except OSError:
        return ""


# ---------------------------------------------------------------- parsing


def parse(source: Source) -> syntax.File:
    """The tree of a whole file. Raises ArchError with every mistake that can be told apart from the others."""
    from .syntax_errors import explain, precheck

    precheck(source, recognise)
    try:
        return parse_text(source, 0, len(source.text))
    except lark.exceptions.LarkError as failure:
        raise explain(source, failure, recognise) from None


def parse_text(source: Source, start: int, end: int) -> syntax.File:
    """The tree of a stretch of whole lines; places are those of the whole source. Raises Lark's own errors."""
    tree = recognise(source, start, end)
    from .builder import Builder  # loaded only for a text without mistakes

    return Builder(source, start).build(tree)


def recognise(source: Source, start: int, end: int) -> lark.Tree[lark.Token]:
    """Lark's own tree of a stretch of whole lines: enough to tell whether it is grammatical. Raises Lark's errors."""
    return _parser().parse(source.text[start:end] + "\n")


def parse_definition(source: Source, start: int, end: int) -> syntax.Definition:
    """One `layer` or `model` out of a source: a library file is not parsed for the sake of one layer."""
    from . import syntax

    item = parse_text(source, start, end).items[0]
    assert isinstance(item, syntax.Definition)
    return item


def _has_place(node: object) -> bool:
    """Line ends, with the comments that they carry, belong to no construct."""
    return not (isinstance(node, lark.Token) and node.type in ("_NL", "_INDENT", "_DEDENT"))


@lru_cache(maxsize=1)
def grammar_text() -> str:
    return resources.files("archderive.grammar").joinpath("arch.lark").read_text("utf-8")


@lru_cache(maxsize=1)
def _parser() -> lark.Lark:
    text = grammar_text()
    versions = f"{lark.__version__} {sys.version_info[:2]} {_Blocks.__name__}"
    key = hashlib.sha256((versions + text).encode()).hexdigest()[:16]
    cache = _cache_folder() / f"grammar-{key}.lark"
    try:
        with cache.open("rb") as stream:
            return lark.Lark.load(stream)
    except Exception:  # a missing, unreadable or damaged cache is no reason to stop: the tables are made anew
        parser = lark.Lark(
            text, parser="lalr", postlex=_Blocks(), propagate_positions=_has_place, maybe_placeholders=True
        )
        _store(parser, cache)
        return parser


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "archderive"


def _store(parser: lark.Lark, cache: Path) -> None:
    """Write the tables beside their final name and move them there: another run never sees half a file."""
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cache.parent, delete=False) as stream:
            parser.save(stream)
        os.replace(stream.name, cache)
    except OSError:
        pass  # a home that cannot be written to costs time, nothing else
