"""Where what the command says goes: a text to standard output or into a file, messages to standard error.

What cannot be written is a usage error. Nobody reads what a broken pipe is given, so that is left to the caller.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from .errors import ArchError, usage

FAILED = 2


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
