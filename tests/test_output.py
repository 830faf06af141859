"""Where the command writes: files that it spares, outputs that cannot be written, and requests that are wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from archderive import cli, output, page
from archderive.cli import main
from archderive.errors import ArchError

MODEL = "dim N = 8, D = 4\nmodel f(x[N, D]):\n    return x -> linear(D)\n"
LAYER = "layer g(x[N, D]):\n    return x -> linear(D)\n"
USER = 'use "lib.arch"\ndim N = 8, D = 4\nmodel f(x[N, D]):\n    return x -> g\n'


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "f.arch"
    path.write_text(MODEL, encoding="utf-8")
    return path


# ---------------------------------------------------------------- files


def test_a_model_is_not_overwritten(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By whatever path, and neither is a file that it uses."""
    (file.parent / "lib.arch").write_text(LAYER, encoding="utf-8")
    (file.parent / "user.arch").write_text(USER, encoding="utf-8")
    os.symlink(file, "link.arch")
    os.link(file, "hard.arch")
    before = {path: path.read_bytes() for path in file.parent.iterdir()}
    for path in ("f.arch", "./f.arch", str(file), "link.arch", "hard.arch"):
        for options in ([], ["--picture", "dependences"], ["--check"]):
            assert main(["f.arch", *options, "-o", path]) == 2
            assert f"error: `{path}` holds the model, and would be overwritten" in capsys.readouterr().err
    assert main(["user.arch", "-o", "lib.arch"]) == 2
    assert before == {path: path.read_bytes() for path in file.parent.iterdir()}
    assert main(["f.arch", "-o", "lib.arch"]) == 0  # which it does not use


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("x" * 300, "` cannot be written: File name too long"),
        ("missing/x", "error: `missing/x` cannot be written: No such file or directory"),
        (".", "error: `.` cannot be written: Is a directory"),
        ("a\0b", "error: `a\\x00b` is no name of a file"),
    ],
)
def test_files_that_cannot_be_written(path: str, message: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([file.name, "-o", path]) == 2
    told = capsys.readouterr().err
    assert message in told and len(told.splitlines()) == 1 and len(told) < 200


@pytest.mark.parametrize("path", ["y" * 300, "y" * 300 + ".arch", "a/\0", "a/\ud800"])
def test_files_that_cannot_be_read(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([path]) == 2
    assert capsys.readouterr().err.startswith("error: `")


# ---------------------------------------------------------------- standard output and standard error


def derive(file: Path, redirected: str, *options: str) -> tuple[int, str, str]:
    """Exit status, and what a shell sees of both outputs."""
    command = " ".join([sys.executable, "-m", "archderive", file.name, *options, redirected])
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        command, shell=True, cwd=file.parent, env=environment, capture_output=True, encoding="utf-8", timeout=60
    )
    return done.returncode, done.stdout, done.stderr


FULL = "error: standard output cannot be written: No space left on device\n"
CLOSED = "error: standard output is closed\nhint: `-o FILE` writes to a file\n"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
@pytest.mark.parametrize(
    ("redirected", "options", "expected"),
    [
        (">/dev/full", ["--json"], (2, "", FULL)),
        (">/dev/full", ["--help"], (2, "", FULL)),
        (">&-", [], (2, "", CLOSED)),
        (">&-", ["-o", "out.txt"], (0, "", "")),
        ("2>&-", ["--at", "Q=1"], (2, "", "")),
        ("2>&-", ["--no-such-option"], (2, "", "")),
        ("2>/dev/full", ["--at", "Q=1"], (2, "", "")),
        ("| true", ["--latex"], (0, "", "")),
    ],
)
def test_outputs_that_nobody_can_write(
    redirected: str, options: list[str], expected: tuple[int, str, str], file: Path
) -> None:
    assert derive(file, redirected, *options) == expected


def test_an_output_without_the_characters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as stream, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        with pytest.raises(ArchError, match=r"standard output is ascii, which has no `²`\nhint: `-o FILE`"):
            output.write("D²")


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("page.html", "<!DOCTYPE html>"),
        ("a.tex", "% Written by archderive"),
        ("notes.MD", "# Complexity"),
        ("a.typ", "// Written by archderive"),
        ("a.json", "{"),
        ("a.txt", "Complexity of"),
        ("a", "Complexity of"),
    ],
)
def test_the_name_of_a_file_says_its_format(name: str, begins: str, file: Path, tmp_path: Path) -> None:
    assert main([str(file), "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


@pytest.mark.parametrize("name", ["a.docx", "a.svg", "a.png"])
def test_formats_that_are_not_written(
    name: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(file), "-o", str(tmp_path / name)]) == 2
    assert "hint:" in capsys.readouterr().err and not (tmp_path / name).exists()


def test_a_format_that_is_asked_for_goes_before_the_name(file: Path, tmp_path: Path) -> None:
    assert main([str(file), "--latex", "-o", str(tmp_path / "a.html")]) == 0
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("% Written")


def test_a_closed_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["-"]) == 2
    assert capsys.readouterr().err == "error: standard input is closed\n"


# ---------------------------------------------------------------- requests


@pytest.mark.parametrize("format", [[], ["--json"], ["--check"], ["--list"], ["--latex"]])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--width", "wide"], "`--width wide` is no width\nhint: `--width 3.25in`"),
        (["--width", "0"], "`--width 0` is no width of a text\nhint: between 2in and 20in"),
        (["--prefix", "a b}"], "`--prefix a b}` is no beginning of a label"),
        (["--seed", "3"], "`--seed` says where `--verify` begins to draw\nhint: `--verify --seed 3`"),
    ],
)
def test_what_is_wrong_is_told_with_every_format(
    format: list[str], options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["relu", *format, *options]) == cli.USAGE_STATUS
    printed = capsys.readouterr()
    assert f"error: {message}" in printed.err and printed.out == ""


@pytest.mark.parametrize("format", [[], ["--html"], ["--json"]])
def test_standalone_is_of_latex(format: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["relu", *format, "--standalone"]) == cli.USAGE_STATUS
    assert capsys.readouterr().err == "error: `--standalone` makes a LaTeX file\nhint: `--latex --standalone`\n"


def test_a_width_without_unit_is_in_inches_and_help_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    written = []
    for width in ("3", "3in"):
        assert main(["relu", "--latex", "--width", width]) == 0
        written.append(capsys.readouterr().out)
    assert written[0] == written[1]
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "a number alone is inches" in " ".join(capsys.readouterr().out.split())


def test_widths() -> None:
    assert page.read_width("8.255cm") == page.read_width(3.25) == page.read_width("3.25 in") == page.read_width("3.25")
    for width in (0, -1, 100, float("inf"), float("nan"), None, True, "x", "٣in", b"3in"):
        with pytest.raises(ArchError, match=r"^error: `width=.*` is no width"):
            page.read_width(width)
