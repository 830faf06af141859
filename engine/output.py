"""Where what the command says goes: a text to standard output or into a file, messages to standard error.

What cannot be written is a usage error. Nobody reads what a broken pipe is given, so that is left to the caller.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from .errors import ArchError, usage

FAILED = 2
_FORMATS = {".tex": "latex", ".md": "markdown", ".html": "html", ".typ": "typst", ".pdf": "pdf", ".json": "json"}
_OTHERS = (".doc", ".docx", ".odt", ".rtf", ".ipynb", ".csv", ".tsv", ".xlsx", ".png", ".jpg", ".gif", ".webp", ".eps")


def write(text: str | bytes, path: str | None = None) -> None:
    """A text to a file as UTF-8, or to standard output for None and `-`. Raises a usage error and BrokenPipeError."""
    if path is None or is_shown(path):
        _show(text)
        return
    try:
        Path(path).write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    except OSError as failure:
        raise usage(f"`{path}` cannot be written: {failure.strerror}") from None
    except ValueError:  # a character that the system has not
        raise usage(f"`{path}` is no name of a file") from None


def write_each(found: Mapping[str, str], path: str | None, suffix: str, what: str, read: Iterable[Path]) -> None:
    """Texts by name: one to where it is to go, several into a folder, none over a file that was `read`. `what` there
    are several of, where there is no folder. Raises a usage error."""
    read = list(read)
    for place, text in _addressed(found, path, suffix, what):
        spare(place, read)
        write(text, place)


def _addressed(found: Mapping[str, str], output: str | None, suffix: str, what: str) -> list[tuple[str | None, str]]:
    """Where each text is to go: into the file that is named, or into one of its own in a folder."""
    if output is not None and (output.endswith("/") or os.path.isdir(output)):
        try:
            Path(output).mkdir(parents=True, exist_ok=True)
        except OSError as failure:
            raise usage(f"`{output}` cannot be made: {failure.strerror}") from None
        return [(str(Path(output) / f"{name}.{suffix}"), text) for name, text in found.items()]
    if len(found) > 1:
        names = ", ".join(f"`{name}`" for name in found)
        raise usage(f"there are several {what}: {names}", hint="a file for each: `-o FOLDER/`")
    return [(output, text) for text in found.values()]


def format_of(path: str | None, *, drawn: bool) -> str | None:
    """The format that the name of a file asks for, None for text; a picture or a plot is `drawn` as SVG. Raises a usage
    error for the name of a format that nothing is written in."""
    suffix = "" if path is None else Path(path).suffix.lower()
    if suffix in _FORMATS:
        return _FORMATS[suffix]
    if suffix == ".svg" and not drawn:
        raise usage("a derivation is not written as SVG", hint="`--plot N` or `--picture dependences`")
    if suffix in _OTHERS:
        raise usage(f"`{suffix[1:]}` is no format that is written", hint=f"one of {', '.join(_FORMATS)}")
    return None


def is_shown(path: str | None) -> bool:
    """Does the text go to standard output?"""
    return path is None or path == "-"


def in_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _show(text: str | bytes) -> None:
    if sys.stdout is None:
        raise usage("standard output is closed", hint="`-o FILE` writes to a file")
    try:
        if isinstance(text, str):
            sys.stdout.write(text)
        else:
            sys.stdout.buffer.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as failure:
        raise _not_shown(failure) from None
    except UnicodeEncodeError as failure:
        character = failure.object[failure.start]
        message = f"standard output is {failure.encoding}, which has no `{character}`"
        raise usage(message, hint="`-o FILE` writes UTF-8") from None


def _not_shown(failure: OSError) -> ArchError:
    return usage(f"standard output cannot be written: {failure.strerror}")


def spare(path: str | None, read: Iterable[Path]) -> None:
    """Raises a usage error if the file to be written is one of those that were read, by whatever path."""
    if path is not None and os.path.isfile(path) and any(_same(path, file) for file in read):
        raise usage(f"`{path}` holds the model, and would be overwritten", hint="another name for the output")


def _same(path: str, other: Path) -> bool:
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):
        return False


def complain(message: str) -> None:
    """A message to standard error; where that is closed or full there is nobody to tell."""
    if sys.stderr is not None:
        with suppress(OSError):
            print(message, file=sys.stderr)


def finish(status: int) -> int:
    """The exit status after what is still to be written: 2 if that fails, and all went well before."""
    try:
        if sys.stdout is not None and status == 0:
            sys.stdout.flush()
    except BrokenPipeError:
        pass
    except OSError as failure:
        complain(str(_not_shown(failure)))
        status = FAILED
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.flush()
    return status
