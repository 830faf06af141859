"""PDF: the same bytes for the same derivation, a title, no date, and a message where the package is missing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from archderive import Derivation, load
from archderive.cli import main
from archderive.document import Document, Heading, Paragraph
from archderive.errors import ArchError
from archderive.renderer import Look
from archderive.renderer.pdf import to_pdf
from test_renderer import attention
from tools import tool


def test_the_same_bytes_with_a_title_and_without_a_date() -> None:
    pdf = to_pdf(attention())
    assert pdf.startswith(b"%PDF-") and pdf == to_pdf(attention())
    assert b"CreationDate" not in pdf and b"ModDate" not in pdf and b"xmp:CreateDate" not in pdf
    assert b"Self-attention attention\\(x[N, D]\\)" in pdf or b"Self-attention attention(x[N, D])" in pdf


@pytest.mark.parametrize("width", [5.5, 3.25])
def test_pages_are_as_wide_as_their_text_needs(width: float, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(to_pdf([attention()], Look(width)))
    about = subprocess.run([tool("pdfinfo"), tmp_path / "a.pdf"], capture_output=True, text=True, check=True).stdout
    size = re.search(r"Page size: +([\d.]+) x ([\d.]+) pts", about)
    assert size and (float(size[1]), float(size[2])) == ((width + 3) * 72, 792)
    assert "Title:           Self-attention attention(x[N, D])" in about


def test_letters_that_the_fonts_of_typst_lack_are_no_error() -> None:
    assert to_pdf(Document("宽", (Heading(1, ("宽度 เครือข่าย",)), Paragraph(("العربية",))))).startswith(b"%PDF-")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(
        ArchError, match=r"a PDF needs the package `typst`\nhint: .*pip install 'archderive\[pdf\]'"
    ) as e:
        to_pdf(attention())
    assert e.value.status == 2


def test_a_package_that_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):  # as a panic in Rust reaches Python
        pass

    def compile(*_: object, **__: object) -> bytes:
        raise PanicException("called `Option::unwrap()` on a `None` value")

    monkeypatch.setattr("typst.compile", compile)
    with pytest.raises(ArchError, match="the package `typst` gives up on this document: called"):
        to_pdf(Document("x", (Paragraph(("words",)),), ()))


def test_the_command_writes_a_pdf_that_holds_the_closed_form(tmp_path: Path) -> None:
    model = tmp_path / "net.arch"
    model.write_text("dim N, D\nmodel net(x[N, D]):\n    return linear(x, O=D)\n", encoding="utf-8")
    assert main([str(model), "--pdf", "-o", str(tmp_path / "net.pdf"), "--width", "3.25in"]) == 0
    assert (tmp_path / "net.pdf").read_bytes() == load(model).derivation().to_pdf(width=3.25)
    text = subprocess.run([tool("pdftotext"), tmp_path / "net.pdf", "-"], capture_output=True, check=True).stdout
    assert "𝐷2+𝐷" in "".join(text.decode().split())


def test_a_terminal_gets_no_pdf(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["linear", "--pdf"]) == 2
    assert capsys.readouterr().err == "error: a PDF cannot be shown in a terminal\nhint: `-o FILE.pdf`\n"


def test_a_derivation_gives_pdf() -> None:
    derivation = Derivation(attention())
    assert derivation.to_pdf(width=3.25) == to_pdf(attention(), Look(3.25))
