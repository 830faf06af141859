"""Pictures of dependences: their lines counted by hand, the marked route, and files that other programs read."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import archderive as ad
import pytest
from archderive.cli import main
from archderive.diagram import Picture
from archderive.library import index
from archderive.pictures import Drawn
from tools import COMPLAINTS, compiled

SVG = "{http://www.w3.org/2000/svg}"


def drawn(body: str, head: str = "", **sizes: int) -> Drawn:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return ad.parse(f"dim N = 64, D = 16\n{head}model f(x[N, D]):\n{lines}    return x\n").picture(**sizes)


ELMAN = "weight U[D, D]\nh[t, j] = tanh(x[t, j] + sum[l] h[t-1, l] * U[l, j])\nx = h"


def stack(kernel: int, padding: str, dilation: str = "1", **sizes: int) -> Drawn:
    lines = [
        "dim N = 64, D = 16",
        "model f(x[N, D]; dilation = 1):",
        f"    stacked as i: dilation = {dilation}",
        f'    y = x -> conv1d(D, kernel = {kernel}, padding = "{padding}", dilation = dilation)',
        "    return y",
    ]
    return ad.parse("\n".join(lines) + "\n").picture(**sizes)


# (picture, rows above the input, lines, units on the marked route); N is 8 unless it is given
N = 8
CASES: dict[str, tuple[Drawn, int, int, int]] = {
    "self-attention": (drawn("x = x -> attention"), 1, N**2, 1),
    "causal attention": (drawn("x = x -> attention(causal = true)"), 1, N * (N + 1) // 2, 1),
    # the inner rows of a window of 3 have 3 N − 2 lines
    "convolutions": (stack(3, "same"), N - 1, (N - 1) * (3 * N - 2), N - 1),
    # layer i has N lines up and N − 2^i aside
    "dilated": (stack(2, "causal", "2^i"), 3, 3 * N + (N - 1) + (N - 2) + (N - 4), 3),
    "recurrence": (drawn(ELMAN), 1, N + N - 1, N),
    "backward": (drawn("x = x -> elman_backward(D)"), 1, N + N - 1, N),
    # up to either direction, from step to step, and from both to the output
    "both directions": (drawn("x = x -> bidirectional_gru(D) -> linear(D)"), 3, 4 * N + 2 * (N - 1), N),
    "two LSTMs": (drawn("x = x -> lstm(D) -> lstm(D)"), 2, 2 * (N + N - 1), N + 1),
    # layers, and the sum of all on top; around the second for the marked route
    "transformer": (drawn("repeat 2:\n    x = x + (x -> attention)"), 3, 2 * N**2 + N + 1, 1),
    "pooled": (drawn("x = x -> maxpool1d(2) -> upsample1d", "assume 2 divides N\n"), 2, N + N, 0),
    "twelve": (drawn("x = x -> attention", N=12), 1, 144, 1),
}


@pytest.mark.parametrize("name", CASES)
def test_lines_by_hand(name: str) -> None:
    one, rows, lines, units = CASES[name]
    assert len(one.picture.rows) == rows + 1
    assert len(one.picture.lines) == lines
    assert sum(line.units for line in one.picture.route) == units
    assert (f"Maximum path length {units} " in one.caption) == bool(units)


@pytest.mark.parametrize("name", CASES)
def test_the_route_leads_from_end_to_end(name: str) -> None:
    picture = CASES[name][0].picture
    assert len(set(picture.lines)) == len(picture.lines)
    assert set(picture.route) <= set(picture.lines)
    for line in picture.lines:
        for row, n in (line.start, line.end):
            assert 0 <= n < len(picture.rows[row].places)
        assert line.start[0] <= line.end[0]
        assert not line.step or abs(line.start[1] - line.end[1]) == 1
    if picture.route:
        assert (picture.route[0].start, picture.route[-1].end) == picture.ends
        assert all(a.end == b.start for a, b in pairwise(picture.route))


def test_as_many_positions_as_the_layers_join() -> None:
    assert stack(3, "causal", "3^i").picture.columns == 9
    assert stack(2, "causal", "2^i", N=12).picture.columns == 12


def test_a_sequence_that_is_a_product_stays_small() -> None:
    text = "dim H = 32, W = 32, D = 4\nlet N = H*W\nmodel f(x[N, D]):\n    return x -> attention\n"
    assert ad.parse(text).picture().picture.columns == 16


def test_the_end_of_the_longest_route_is_drawn() -> None:
    # a class read off the first position: one more unit, to an output without positions
    text = "dim N = 64, D = 16\nmodel f(x[N, D]):\n    y = x -> attention\n    z[d] = sum[n] y[n, d]\n    return z\n"
    one = ad.parse(text).picture()
    assert [len(row.places) for row in one.picture.rows] == [8, 8, 1]
    assert one.caption.endswith("to the output crosses 2 layers.")


def test_ways_around_a_cell_do_not_go_through_it() -> None:
    # in a QRNN the output gate reads the convolution beside the state
    picture = ad.load("qrnn").picture().picture
    assert sum(line.units for line in picture.route) == 8
    assert [row.label for row in picture.rows] == ["x", "conv1d", "c", "h"]


def test_what_is_never_joined() -> None:
    one = stack(3, "same", "3^i", N=9)
    assert one.caption == "Position 0 and position 8 are never joined (N = 9)."
    assert not one.picture.route
    assert one.picture.ends == ((0, 0), (len(one.picture.rows) - 1, 8))
    assert 'class="ring"' in one.to_svg()


def test_rows_are_named_as_in_the_file() -> None:
    labels = [row.label for row in CASES["transformer"][0].picture.rows]
    assert labels == ["x", "attention 1", "attention 2", "output"]
    assert [row.label for row in CASES["recurrence"][0].picture.rows] == ["x", "h"]


@pytest.mark.slow
def test_every_layer_of_the_library_is_drawn_or_says_why() -> None:
    done = 0
    for name in index():
        try:
            one = ad.load(name).picture()
        except ad.ArchError as refused:
            assert re.search(r"one axis|one sequence|cannot be drawn|no small sizes|would have", str(refused)), name
            continue
        done += 1
        ElementTree.fromstring(one.to_svg())
        picture = one.picture
        found = re.match(r"Maximum path length (\d+)", one.caption)
        if found:
            assert sum(line.units for line in picture.route) == int(found[1]), name
    assert done > 60


# ---------------------------------------------------------------- SVG


def test_svg_stands_alone() -> None:
    for one, *_ in CASES.values():
        text = one.to_svg()
        root = ElementTree.fromstring(text)
        assert root.tag == f"{SVG}svg"
        assert root.get("viewBox")
        assert root.find(f"{SVG}title") is not None
        description = root.find(f"{SVG}desc")
        assert description is not None
        assert one.caption in (description.text or "")
        assert "prefers-color-scheme:dark" in text
        assert not re.search(r"href|url\(|<script|@import", text)
        assert len(text) < 12_000
        assert one._repr_svg_() == text


def named(label: str) -> Picture:
    from dataclasses import replace

    picture = CASES["recurrence"][0].picture
    rows = tuple(replace(row, label=label) for row in picture.rows)
    return replace(picture, rows=rows, title=label, caption=f"It is {label}.")


SPECIAL = ["a & b", "a < b > c", "d_ff", "50 %", "#1", "x^2 ~ y", "a\\b {c}", "θ′", "\"quoted\" 'so'"]


@pytest.mark.parametrize("label", SPECIAL)
def test_svg_names_are_escaped(label: str) -> None:
    root = ElementTree.fromstring(Drawn(named(label)).to_svg())
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert texts.count(label) == 2
    assert f"It is {label}." in texts


# ---------------------------------------------------------------- TikZ


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
def test_tikz_compiles(engine: str, tmp_path: Path) -> None:
    pictures = [*(one for one, *_ in CASES.values()), *(Drawn(named(label)) for label in SPECIAL)]
    for width in (5.5, 3.25):
        parts = [one.to_tikz(width) for one in pictures]
        first, last = Drawn(pictures[0].picture).to_tikz(width, standalone=True).split(parts[0].split("\n", 1)[1])
        body = "\n\\par\\bigskip\\noindent\n".join(["", *parts])
        log = compiled(first + body + last, engine, tmp_path)
        assert not COMPLAINTS.findall(log)


def test_tikz_says_what_it_needs() -> None:
    text = CASES["self-attention"][0].to_tikz()
    assert text.startswith("% needs \\usepackage{tikz}\n\\begin{tikzpicture}")
    assert text.count("\\draw[line]") == 63
    assert text.count("\\draw[route]") == 1


# ---------------------------------------------------------------- the command

FILE = """
dim N = 64, D = 16, H = 8
model one(x[N, D]):
    return x -> attention
model other(x[N, D]):
    return x -> elman(D)
"""


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attention", "--picture", "dependences"]) == 0
    assert capsys.readouterr().out.startswith("<svg ")
    assert main(["attention", "--at", "N=5", "--picture", "dependences", "--latex", "--width", "3in"]) == 0
    assert capsys.readouterr().out.count("\\draw[line]") == 24
    assert main(["attention", "--picture", "dependences", "-o", str(tmp_path / "a.svg")]) == 0
    ElementTree.parse(tmp_path / "a.svg")


def test_several_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.arch"
    path.write_text(FILE, encoding="utf-8")
    assert main([str(path), "--picture", "dependences"]) == 2
    assert "there are several models, and a picture shows one: `one`, `other`" in capsys.readouterr().err
    assert main([str(path), "--picture", "dependences", "-o", str(tmp_path / "out") + os.sep]) == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["one.svg", "other.svg"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "dim H = 8, C = 3\nmodel f(x[H, H, C]):\n    return x -> conv2d(C)\n",
            "a picture needs one axis of positions",
        ),
        ("dim N = 8, D = 3\nmodel f(x[D]):\n    return x -> linear(D)\n", "a picture needs one sequence"),
        ("dim N, M, D\nmodel f(x[N, D], y[M, D]):\n    return attention(x, y)\n", "has two: `x` and `y`"),
        ("dim N, D\nmodel f(x[N, D], t[N]):\n    y[n, d] = x[t[n], d]\n    return y\n", "data decides"),
    ],
)
def test_what_cannot_be_drawn(text: str, message: str) -> None:
    with pytest.raises(ad.ArchError, match=re.escape(message)):
        ad.parse(text).picture("dependences")


def test_sizes_that_are_too_large() -> None:
    with pytest.raises(ad.ArchError, match="would have 100 columns"):
        drawn("x = x -> attention", N=100)
    with pytest.raises(ad.ArchError, match="no dim or option `M`"):
        drawn("x = x -> attention", M=100)
