"""Documents as PDF: laid out for Typst, and set by the package `typst`, which is an optional extra."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ..document import Document
from ..errors import error, usage
from . import Look, render

# What the fonts that come with Typst hold: Latin, Greek, Cyrillic, marks, arrows and mathematics.
_EMBEDDED: Final = re.compile("[\t\n\r -\u052f\u1d00-\u23ff\u2500-\u2bff\ue000-\uf8ff\U0001d400-\U0001d7ff]*")


def to_pdf(documents: Document | Sequence[Document], look: Look | None = None) -> bytes:
    """The documents on pages whose text is as wide as `look` says; the same documents give the same bytes.

    The fonts of the machine are asked only for letters that the fonts of Typst lack. An error says how to install the
    package where it is missing.
    """
    try:
        import typst
    except ImportError:
        raise usage("a PDF needs the package `typst`", hint="`pip install 'archderive[pdf]'`") from None
    source = render(documents, "typst", look)
    embedded = _EMBEDDED.fullmatch(source) is not None
    try:
        return typst.compile(source.encode("utf-8"), format="pdf", ignore_system_fonts=embedded)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as failure:  # some letters make its shaper panic, which is no Exception
        raise error(
            f"the package `typst` gives up on this document: {str(failure).partition(chr(10))[0]}",
            hint="`--latex --standalone`, or other letters in the texts",
        ) from None
