"""Text in a terminal: widths, tables that are too wide, colour and when it is shown, and what never reaches it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from archderive import ArchError, parse
from archderive.cli import main
from archderive.document import Bullets, Code, Document, Heading, Paragraph, Step, Steps, Strong, Table
from archderive.formula import Power, Product, Sum, Symbol, Words, integer
from archderive.renderer import Look, render
from archderive.renderer.colour import wanted

D, N = Symbol("D"), Symbol("N")
ESCAPE = re.compile(r"\x1b\[\d+m")
EVIL = "red \x1b[31m, bell \x07, 8-bit \x9b31m, back \x08, right to left \u202e, line \u2028 end, private \ue401\ue300."


def document() -> Document:
    total = Sum((Product((integer(3), Power(D, integer(2)), N)), Product((integer(2), D, Power(N, integer(2))))))
    table = Table(
        ("Results of ", Code("f")),
        "llr",
        (("quantity",), ("closed form",), ("number",)),
        ((("multiply-adds",), (total,), ("5,637,144,576",)), (("all",), (total,), ("5,637,144,577",))),
        total=True,
        notes=(("Numbers are exact.",),),
    )
    steps = Steps((Step(Words("macs"), "=", total, ("as ", Code("f"), " has them")), Step(None, "~", D)))
    return Document(
        "f",
        (
            Heading(1, ("Complexity of ", Code("f"))),
            Heading(3, ("Layers",)),
            Paragraph((Strong("Assumed."), " A line so long that it must be broken, with ", Code("a name of it"))),
            Bullets(((Strong("One"), " item"),)),
            steps,
            table,
        ),
        {},
    )  # fmt: skip


def lines(columns: int = 100, *, colour: bool = False) -> list[str]:
    return render(document(), "text", Look(columns=columns, colour=colour)).splitlines()


# ---------------------------------------------------------------- widths


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_colour_takes_no_room(columns: int) -> None:
    """The same lines, with and without it; each ends without a style."""
    painted = lines(columns, colour=True)
    assert [ESCAPE.sub("", line) for line in painted] == lines(columns)
    assert not any(ESCAPE.search(line) for line in lines(columns))
    for line in painted:
        assert [*ESCAPE.findall(line), "\x1b[0m"][-1] == "\x1b[0m", line


def test_a_table_too_wide_is_cut_between_columns() -> None:
    """No number is broken: the columns that do not fit stand below, with the first again."""
    head = tuple((f"column {n}",) for n in range(6))
    numbers = tuple((f"{10**n:,}",) for n in range(8, 13))
    rows = tuple(((f"a_long_name_of_layer_{place}",), *numbers) for place in "12")
    text = render(Document("t", (Table(("T",), "lrrrrr", head, rows),)), "text", Look(columns=40))
    for n in range(8, 13):
        assert len(re.findall(rf"(?<![\d,]){10**n:,}(?![\d,])", text)) == 2
    assert text.count("a_long_name_of_layer_1") > 1
    assert max(map(len, text.splitlines())) <= 40


def test_long_names_are_broken_at_their_joints() -> None:
    name = "restricted_self_attention.with_relative_positions"
    text = render(Document("t", (Paragraph((Code(name),)),)), "text", Look(columns=40))
    assert text.splitlines() == ["`restricted_self_attention.with_", "relative_positions`"]


def test_a_reason_stands_behind_its_formula_where_the_column_would_be_too_narrow() -> None:
    """Beside the long formula there is no room, behind the short one there is."""
    terms = Sum(tuple(Power(Symbol(name), integer(7)) for name in "abcdefgh"))
    steps = Steps((Step(Words("macs"), "=", terms, ("all eight of them",)), Step(None, "=", D, ("which is short",))))
    found = render(Document("t", (steps,)), "text", Look(columns=46)).splitlines()
    assert found == [
        "  macs = a⁷ + b⁷ + c⁷ + d⁷ + e⁷ + f⁷ + g⁷ + h⁷",
        "           (all eight of them)",
        "       = D   (which is short)",
    ]


# ---------------------------------------------------------------- colour


def test_what_has_a_style() -> None:
    bold, dim, name, end = "\x1b[1m", "\x1b[2m", "\x1b[35m", "\x1b[0m"
    found = lines(colour=True)
    assert f"{bold}Complexity of {end}{bold}{name}`f`{end}" in found
    assert f"{dim}{'═' * 17}{end}" in found
    assert f"{bold}Layers{end}" in found
    assert any(line.startswith(f"{bold}Assumed.{end} A line") for line in found)
    assert f"  macs = 3D²N + 2DN²   {dim}(as {end}{name}`f`{end}{dim} has them){end}" in found
    assert f"{bold}quantity{end}       {bold}closed form{end}         {bold}number{end}" in found
    assert "multiply-adds  3D²N + 2DN²  5,637,144,576" in found
    assert f"{bold}all{end}            {bold}3D²N + 2DN²{end}  {bold}5,637,144,577{end}" in found
    assert found[-1] == f"{dim}Numbers are exact.{end}"


def test_a_style_goes_on_in_the_next_line() -> None:
    text = render(Document("t", (Paragraph((Code("word " * 12),)),)), "text", Look(columns=40, colour=True))
    assert (
        text.splitlines()
        == [
            "\x1b[35m`word word word word word word word word\x1b[0m",
            "\x1b[35mword word word word `\x1b[0m",
        ]
        or [ESCAPE.findall(line) for line in text.splitlines()] == [["\x1b[35m", "\x1b[0m"]] * 2
    )


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "expected"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "xterm"}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": "0"}, True, False),  # no-color.org: any value
        ("auto", {"NO_COLOR": ""}, True, True),  # but not an empty one
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ("auto", {"FORCE_COLOR": ""}, False, False),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_when_colour_is_shown(choice: str, environment: dict[str, str], terminal: bool, expected: bool) -> None:
    assert wanted(choice, environment, terminal=terminal) is expected


MODEL = "dim N = 8, D = 4\nmodel f(x[N, D]):\n    return x -> linear(D)\n"


def derive(folder: Path, *arguments: str, terminal: bool = False, **environment: str) -> str:
    """What the command prints into a pipe, or into a terminal."""
    (folder / "f.arch").write_text(MODEL, encoding="utf-8")
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")}
    env = {**kept, "PYTHONIOENCODING": "utf-8", **environment}
    command = [sys.executable, "-m", "archderive", "f.arch", *arguments]
    if not terminal:
        return subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout
    near, far = pty.openpty()
    with subprocess.Popen(command, cwd=folder, env=env, stdin=far, stdout=far) as process:
        os.close(far)
        printed = b""
        while True:
            try:
                read = os.read(near, 65536)
            except OSError:  # the other end is closed
                break
            if not read:
                break
            printed += read
        assert process.wait() == 0
    os.close(near)
    return printed.decode("utf-8").replace("\r\n", "\n")


@pytest.mark.slow
def test_the_command_in_a_terminal_and_in_a_pipe(tmp_path: Path) -> None:
    assert ESCAPE.search(derive(tmp_path, terminal=True, TERM="xterm"))
    assert not ESCAPE.search(derive(tmp_path, terminal=True, TERM="xterm", NO_COLOR="1"))
    assert not ESCAPE.search(derive(tmp_path, "--color", "never", terminal=True, TERM="xterm"))
    assert not ESCAPE.search(derive(tmp_path))
    assert ESCAPE.search(derive(tmp_path, "--color", "always"))
    assert ESCAPE.search(derive(tmp_path, FORCE_COLOR="1"))
    derive(tmp_path, "-o", "out.txt", FORCE_COLOR="1")
    assert not ESCAPE.search((tmp_path / "out.txt").read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("columns", [40, 60, 140])
def test_columns_is_heeded(columns: int, tmp_path: Path) -> None:
    widest = max(map(len, derive(tmp_path, COLUMNS=str(columns)).splitlines()))
    assert 0.75 * min(columns, 100) < widest <= columns


# ---------------------------------------------------------------- what never reaches a terminal


def test_control_characters_of_users() -> None:
    """An author's words may not move the cursor, ring, recolour, or read from right to left."""
    evil = Document(
        "e",
        (
            Heading(1, (EVIL, Code(EVIL))),
            Paragraph((EVIL, Strong(EVIL), Code(EVIL), Words(EVIL), Symbol("D"))),
            Bullets(((EVIL,),)),
            Steps((Step(Words(EVIL), "=", Words(EVIL), (EVIL, Code(EVIL))), Step(Symbol("D"), "=", Words("x")))),
            Table((EVIL,), "l", ((Code(EVIL),),), (((EVIL,),),), notes=((EVIL,),)),
        ),
        symbols={"D": "\\text{d\x1b[31m}"},
    )
    for colour in (False, True):
        text = ESCAPE.sub("", render(evil, "text", Look(colour=colour))) if colour else render(evil, "text")
        allowed = {"\n"}
        bad = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Co", "Zl", "Zp")} - allowed
        assert bad == set()
        assert "red" in text and "bell" in text


def test_control_characters_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a derivation, in the list of checks, and in a message."""
    file = tmp_path / "f.arch"
    evil = 'dim N = 8 "a \x1b[31mred", D = 4\nmodel f(x[N, D]):\n    "doc \x1b[31m \x07 end"\n'
    file.write_text(evil + '    expect macs == 128 "so \x1b[31m"\n    return x -> linear(D)\n', encoding="utf-8")
    for options, status in (([], 0), (["--check"], 0), (["--latex"], 0), (["--at", "N=9", "--check"], 1)):
        assert main([str(file), *options]) == status
        printed = capsys.readouterr()
        assert not re.search(r"[\x00-\x09\x0b-\x1f]", printed.out + printed.err)
    file.write_text(evil + "    return x \x1b[31m -> linear(D)\n", encoding="utf-8")
    assert main([str(file)]) == 1
    assert "    return x \\x1b[31m -> linear(D)" in capsys.readouterr().err


def message(text: str) -> list[str]:
    with pytest.raises(ArchError) as caught:
        parse(text)
    return str(caught.value).splitlines()


def test_what_reorders_a_line_of_a_file_is_escaped() -> None:
    """The mark stands below what it marks, however wide the escapes before it are."""
    _, line, marks, *_ = message(
        'dim N\nmodel f(x[N]):\n    "a\u202eb\u2066"\n    return x -> "\u202e\u200b" -> rleu\n'
    )
    assert line == '4 |     return x -> "\\u202e\\u200b" -> rleu'
    assert marks.lstrip().startswith("^") and line[marks.index("^") :].startswith('"')
    _, line, marks, *_ = message("dim N\nmodel f(x[N]):\n    return x -> rleu # \u202e\u2028\ue000\u00ad é\n")
    assert line.endswith("rleu # \\u202e\\u2028\\ue000\\xad é")
    assert marks == " " * line.index("rleu") + "^^^^"


LONG = {
    "before": "x -> " + "relu -> " * 50 + "rleu",
    "behind": "x -> rleu  #" + "-> relu " * 15000,
    "wide letters": "x -> rleu  #" + "模" * 50000,
    "accents": "x -> rleu  #" + "\u0301" * 50000,
    "escapes": "x -> rleu  #" + "\u202e" * 50000,
}


@pytest.mark.parametrize("place", LONG)
def test_of_a_long_line_the_place_is_shown(place: str) -> None:
    _, line, marks, *_ = message(f"dim N\nmodel f(x[N]):\n    return {LONG[place]}\n")
    assert len(line) < 200 and "…" in line
    assert marks == " " * line.index("rleu") + "^^^^"


def test_a_long_name_is_told_shortly() -> None:
    fact, line, marks, *_ = message(f"dim N\nmodel f(x[N]):\n    return {'abc' * 40000}\n")
    assert "error: `abcabc" in fact and "abc` is not defined here" in fact
    assert max(len(fact), len(line), len(marks)) < 200 and "…" in fact and line.endswith(" …")


@pytest.mark.parametrize("columns", [80, 100])
def test_words_are_wrapped_before_names_are_divided(columns: int) -> None:
    names = ("convolutional_plain", "restricted_self_attention", "self_attention")
    long = "the first of them where the kernel is narrower than twice the neighbourhood, the second one otherwise"
    rows = tuple(((Code(one),), (Code(other),), (long,)) for one in names for other in names if one != other)
    head = (("model",), ("against",), ("fewer",))
    shown = render(Document("x", (Table((), "lll", head, rows),)), "text", Look(columns=columns)).splitlines()
    assert max(map(len, shown)) <= columns
    assert [row[:2] for row in map(re.compile(r"`\w+`").findall, shown) if row] == [
        [f"`{one}`", f"`{other}`"] for one in names for other in names if one != other
    ]


def test_names_are_divided_where_there_is_no_room_for_them() -> None:
    rows = tuple(((Code(name * 3),), (Code(name * 2),), ("some words",)) for name in ("convolutional_", "dilated_"))
    document = Document("x", (Table((), "lll", (("a",), ("b",), ("c",)), rows),))
    assert max(map(len, render(document, "text", Look(columns=60)).splitlines())) <= 60
