"""Plots: points and crossings computed by hand, labels that do not overlap, and files that other programs read."""

from __future__ import annotations

import math
import os
import re
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import archderive as ad
import pytest
from archderive.chart import Chart, axis
from archderive.cli import main
from archderive.curves import height_at
from archderive.document import Document
from archderive.plots import Plot, figures_of, read_asked
from archderive.renderer import render
from archderive.renderer.chart_layout import DASHES, SHAPES, Box, Pen, apart, lay_out, look_of
from archderive.renderer.chart_svg import EM, text_width
from browser import Browser
from tools import COMPLAINTS, compiled, tool

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).resolve().parent.parent
TABLE1 = sorted((ROOT / "examples" / "table1").glob("*.arch"))
SIZES = "dim N = 1024, D = 512, r = 65, k = 3\n"


def model(name: str, body: str, head: str = SIZES) -> ad.Model:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return ad.parse(f"{head}model {name}(x[N, D]):\n{lines}")


load = cache(ad.load)


@cache
def table1(quantity: str = "macs", span: tuple[int, int] | None = None) -> Plot:
    return ad.plot(*map(load, TABLE1), over="N", quantity=quantity, span=span)


def pair() -> Plot:
    return ad.plot(load(TABLE1[3]), load(TABLE1[5]), over="N")


def value(chart: Chart, name: str, size: float) -> float:
    """What is drawn of a model at a size."""
    curve = next(curve for curve in chart.curves if name in curve.names)
    height = height_at(curve.runs, math.log10(size))
    assert height is not None
    return 10**height


def said(words: tuple[object, ...]) -> str:
    from archderive.plotter import in_plain

    return in_plain(words)  # type: ignore[arg-type]


# ---------------------------------------------------------------- what is drawn


def test_points_by_hand() -> None:
    # self-attention has 2 N² D, an Elman cell 2 N D² (Vaswani et al. 2017, Table 1); with four projections of which one
    # is left out, attention has 3 D² N + 2 D N² (D2L, Zhang et al. 2023, section 11.6)
    chart = table1().chart
    chart_of_one = load(ROOT / "examples" / "attention.arch").plot("N").chart
    for n in (16, 100, 512, 1024, 65536):
        assert value(chart, "self_attention", n) == pytest.approx(2 * n**2 * 512, rel=1e-3)
        assert value(chart, "recurrent", n) == pytest.approx(2 * n * 512**2, rel=1e-3)
    for n in (1, 7, 512, 768, 4096):
        assert value(chart_of_one, "attention", n) == pytest.approx(3 * 512**2 * n + 2 * 512 * n**2, rel=4e-3)


def test_a_straight_line_needs_two_points() -> None:
    curves = {curve.names[0]: curve for curve in table1().chart.curves}
    assert [len(curves[name].runs[0]) for name in ("recurrent", "self_attention", "convolutional")] == [2, 2, 2]
    assert 5 < len(load(ROOT / "examples" / "attention.arch").plot("N").chart.curves[0].runs[0]) < 30


def test_steps_are_drawn_as_steps() -> None:
    # layers with kernel 3 and dilations 3^i join 27 positions by 3 layers, and 28 by 4
    chart = table1("path").chart
    for n, layers in ((16, 3), (27, 3), (27.2, 4), (28, 4), (81, 4), (82, 5), (6561, 8), (6700, 9), (65536, 11)):
        assert value(chart, "dilated_stack", n) == pytest.approx(layers, rel=0.01), n


def test_a_line_begins_where_its_model_does() -> None:
    # `assume r <= N` with r = 65; a patch of 16 pixels that divides the size of the image is not larger than it
    curve = next(c for c in table1().chart.curves if c.names == ("restricted_self_attention",))
    assert curve.runs[0][0][0] == pytest.approx(math.log10(65), abs=1e-9)
    assert load("vit").plot("H").chart.size.low == pytest.approx(math.log10(16), abs=1e-9)


def test_curves_that_coincide_are_one() -> None:
    names = [curve.names for curve in table1().chart.curves]
    assert ("convolutional", "convolutional_plain") in names
    assert len(names) == 5


def test_a_model_without_the_size_is_a_horizontal_line() -> None:
    plot = ad.plot(load("alexnet"), load(TABLE1[-1]), over="N")
    flat = next(curve for curve in plot.chart.curves if curve.names == ("alexnet",))
    # 714 million multiply-adds (Krizhevsky's one-tower network as torchvision has it; fvcore counts 714,188,480)
    assert {round(10**y) for _, y in flat.runs[0]} == {714188480}
    assert [round(10**x) for x, _ in flat.runs[0]] == [16, 65536]


def test_how_far_a_plot_goes() -> None:
    def ends(plot: Plot) -> list[int]:
        return [round(10**end) for end in (plot.chart.size.low, plot.chart.size.high)]

    assert ends(table1()) == [16, 65536]  # a 64th of 1024 and 64 times as much
    assert ends(model("few", "return x -> linear(k)").plot("k")) == [1, 192]
    assert ends(table1(span=(100, 3000))) == [100, 3000]
    assert ends(load("gpt2").plot("N")) == [16, 1024]  # N <= C, the context of 1024 tokens


# ---------------------------------------------------------------- crossings


def test_crossings_by_hand() -> None:
    # 2 N² D = 2 N D² at N = D, 2 N² D = k N D² at N = k D / 2, 2 r N D = 2 N² D at N = r
    meetings = table1().chart.meetings
    exact = {said(meeting.label): round(10 ** meeting.at[0]) for meeting in meetings}
    assert exact["n = d = 512"] == 512
    assert exact["n = kd/2 = 768"] == 768
    assert exact["n = r = 65"] == 65
    assert [meeting.leading for meeting in meetings if "512" in said(meeting.label)] == [False]
    (only,) = pair().chart.meetings
    assert (said(only.label), only.leading) == ("n = d = 512", True)
    assert only.at == (pytest.approx(math.log10(512)), pytest.approx(math.log10(2 * 512**3)))
    assert "self_attention is smaller below, recurrent above" in only.words


def test_crossings_of_steps_by_search() -> None:
    # 2 N² D against k N D² ⌈log_k N⌉: where the sign changes, by trying every N
    changes, before = [], -1
    for n in range(16, 65537):
        layers = next(i for i in range(30) if 3**i >= n)
        gap = 2 * n - 3 * 512 * layers
        if gap * before < 0:
            changes.append(n)
        before = gap or before
    assert len(changes) == 3
    labels = [said(meeting.label) for meeting in table1().chart.meetings]
    assert f"n = {changes[0]} … {changes[-1]}" in labels


def test_a_crossing_that_is_no_whole_number() -> None:
    # 7 D² N = 6 D N² at N = 7 D / 6 = 597 1/3
    one = model("one", "weight A[7, D, D]\ny[n, a] = sum[j, d] x[n, d] * A[j, d, a]\nreturn y")
    other = model("other", "weight B[6, D]\nS[j, n, m] = sum[a] x[n, a] * x[m, a] * B[j, a]\nreturn S")
    (meeting,) = ad.plot(one, other, over="N").chart.meetings
    assert said(meeting.label) == "N ≈ 597"
    assert 10 ** meeting.at[0] == pytest.approx(597 + 1 / 3)


def test_a_crossing_beside_a_whole_number_does_not_look_like_it() -> None:
    # 64·3136·(k² + 128) = 64·3136·128 k² at k² = 128/127, k = 1.00393: rounded to three figures that is 1
    one = model("plain", "quantity c = 128 * k^2\nreturn x -> linear(D)", "dim N = 8, D = 64, k = 3\n")
    other = model("separable", "quantity c = k^2 + 128\nreturn x -> linear(D)", "dim N = 8, D = 64, k = 3\n")
    (meeting,) = ad.plot(one, other, over="k", quantity="c").chart.meetings
    assert said(meeting.label) == "k ≈ 1.004"
    assert 10 ** meeting.at[0] == pytest.approx(math.sqrt(128 / 127))


def test_a_label_stands_beside_curves_where_there_is_room() -> None:
    one = model("plain", "quantity c = 128 * k^2\nreturn x -> linear(D)", "dim N = 8, D = 64, k = 3\n")
    other = model("separable", "quantity c = k^2 + 128\nreturn x -> linear(D)", "dim N = 8, D = 64, k = 3\n")
    sheet = lay_out(
        ad.plot(one, other, over="k", quantity="c").chart, 720, Pen(EM, lambda words: text_width(said(words)))
    )
    (dot,) = sheet.dots
    assert dot.box is not None
    for curve in sheet.chart.curves:
        for run in curve.runs:
            for (x, y), (u, v) in pairwise(map(sheet.at, run)):
                for step in range(101):
                    a, b = x + (u - x) * step / 100, y + (v - y) * step / 100
                    assert not (dot.box.left < a < dot.box.right and dot.box.top < b < dot.box.bottom)


def test_sampled_crossings_say_so() -> None:
    # ⌈log_k n⌉ has steps, which are not followed one by one beyond the first thousand
    assert "beyond 1,024 were looked for at 48 sizes in each decade" in said(table1().chart.caption)
    assert "looked for" not in said(pair().chart.caption)
    assert "looked for" not in said(table1(span=(16, 1000)).chart.caption)


def test_a_crossing_below_one() -> None:
    # 4 layers of D² t against one of D²: equal at t = 1/4
    head = "dim N = 8, D = 512\nratio t = 0.5\n"
    one = model("one", "quantity c = 4 * t * D^2\nreturn x -> linear(D)", head)
    other = model("other", "quantity c = D^2\nreturn x -> linear(D)", head)
    (meeting,) = ad.plot(one, other, over="t", quantity="c").chart.meetings
    assert said(meeting.label) == "t = 0.25"
    assert 10 ** meeting.at[0] == pytest.approx(0.25)


# ---------------------------------------------------------------- what is left out


def test_what_is_left_out_is_said() -> None:
    caption = table1("params").caption
    assert "self_attention is left out: it is 0, which a logarithmic axis does not have." in caption
    far = model("far", "return x -> linear(D)")
    caption = ad.plot(far, load(TABLE1[-1]), over="N", quantity="path").caption
    assert "far is left out: its maximum path length is infinite." in caption


def test_nothing_to_draw() -> None:
    with pytest.raises(ad.ArchError, match=r"there is nothing to plot over `N`\n.*it is 0"):
        load(TABLE1[-1]).plot("N", "params")


def test_a_fact_that_ties_the_size() -> None:
    tied = ad.parse("dim N = 16, H = 4, D = 8\nassume N == H*H\nmodel f(x[N, D]):\n    return x -> linear(D)\n")
    with pytest.raises(ad.ArchError, match=r"it assumes that N == H\^2, and N cannot change alone"):
        tied.plot("N")


# ---------------------------------------------------------------- axes


@pytest.mark.parametrize(
    ("low", "high", "binary", "labels"),
    [
        (16, 128, True, ["16", "32", "64", "128"]),
        (1, 1000, False, ["1", "10", "100", "1000"]),
        (1e4, 1e6, False, ["10,000", "10⁵", "10⁶"]),
        (3e8, 4e9, False, ["5·10⁸", "10⁹", "2·10⁹"]),
        (0.5, 5, False, ["0.5", "1", "2", "5"]),
        (500, 530, True, ["500", "510", "520", "530"]),
    ],
)
def test_ticks(low: float, high: float, binary: bool, labels: list[str]) -> None:
    found = axis(("x",), math.log10(low), math.log10(high), binary=binary)
    assert [said(tick.label) for tick in found.ticks] == labels
    assert all(found.low - 1e-9 <= tick.at <= found.high + 1e-9 for tick in found.ticks)


# ---------------------------------------------------------------- labels


@cache
def many(count: int) -> Plot:
    """Models that end close together, with long names."""
    body = "y[n, a] = sum[j < {}, d] x[n, d] * x[n + j, a]\nreturn y"
    names = [f"a_model_with_a_long_name_{n}" for n in range(count)]
    return ad.plot(*(model(name, body.format(20 + n)) for n, name in enumerate(names)), over="N")


@pytest.mark.parametrize("width", [320, 480, 720, 1000])
def test_labels_do_not_overlap(width: int) -> None:
    for plot in (table1(), table1("path"), many(14), load(TABLE1[0]).plot("k")):
        sheet = lay_out(plot.chart, width - 32, Pen(EM, lambda words: text_width(said(words))))
        boxes = [label.box for label in sheet.labels] + [dot.box for dot in sheet.dots if dot.box is not None]
        assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
        assert all(box.left >= 0 and box.right <= width - 32 and box.bottom > box.top > -EM for box in boxes)
        for label in sheet.labels:
            assert label.box.bottom - label.box.top >= EM * len(label.lines)
            assert all(text_width(line) <= label.box.right - label.box.left + 1e-6 for line in label.lines)


def test_every_label_has_its_name() -> None:
    sheet = lay_out(many(14).chart, 688, Pen(EM, lambda words: text_width(said(words))))
    assert ["".join(label.lines) for label in sheet.labels].count("a_model_with_a_long_name_7") == 1


def test_apart() -> None:
    assert apart([5, 5, 5], [2, 2, 2], 0, 100) == [3, 5, 7]
    assert apart([0, 0], [4, 4], 0, 100) == [2, 6]
    assert apart([100, 99], [4, 4], 0, 100) == [94, 98]
    assert apart([10, 50], [4, 4], 0, 100) == [10, 50]


def test_looks_differ_without_colour() -> None:
    looks = [look_of(n) for n in range(30)]
    assert len({(look.dashes, look.shape) for look in looks}) == len(looks)
    assert len({look.dashes for look in looks[:6]}) == len(DASHES) == len({look.shape for look in looks[:6]})
    assert {look.shape for look in looks} == set(SHAPES)


def test_a_box_overlaps_what_it_covers() -> None:
    assert Box(0, 0, 2, 2).overlaps(Box(1, 1, 3, 3))
    assert not Box(0, 0, 2, 2).overlaps(Box(2, 0, 3, 3))


# ---------------------------------------------------------------- SVG


def test_svg_stands_alone() -> None:
    for plot in (table1(), table1("path"), load(ROOT / "examples" / "attention.arch").plot("N")):
        text = plot.to_svg()
        root = ElementTree.fromstring(text)
        title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert root.tag == f"{SVG}svg" and root.get("role") == "img"
        assert title is not None and description is not None
        assert description.text == plot.description
        assert "prefers-color-scheme:dark" in text
        assert not re.search(r"href|url\(|<script|@import", text)
        assert len(text) < 11_000
        assert plot._repr_svg_() == text


def test_svg_says_in_words_what_is_seen() -> None:
    words = table1().description
    assert words.startswith("Multiply-adds against sequence length n, both logarithmic.")
    # 2 · 16² · 512 and 2 · 65536² · 512
    assert "self_attention grows from 262,144 to 4.40·10^12 between n = 16 and n = 65,536." in words
    assert "At n = d = 512 recurrent and self_attention cross: self_attention is smaller below" in words


def test_svg_points_are_where_the_axes_say() -> None:
    """Read from the text as a browser reads it: a path by its class, the scale by the labels of the ticks."""
    root = ElementTree.fromstring(pair().to_svg())
    texts = {e.text: (float(e.get("x", 0)), float(e.get("y", 0))) for e in root.iter(f"{SVG}text")}
    (a, _), (b, _) = texts["16"], texts["16,384"]
    (_, c), (_, d) = texts["10⁶"], texts["10¹²"]
    path = next(e.get("d", "") for e in root.iter(f"{SVG}path") if e.get("class") == "c1")  # self-attention
    (x, y), (u, v) = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", path)]

    def size(x: float) -> float:
        return math.log2(16) + (x - a) / (b - a) * 10

    def count(y: float) -> float:
        return 6 + (y + 0.35 * EM - c) / (d - c) * 6

    assert (size(x), size(u)) == (pytest.approx(4, abs=0.01), pytest.approx(16, abs=0.01))
    assert count(y) == pytest.approx(math.log10(2 * 16**2 * 512), abs=0.01)
    assert count(v) == pytest.approx(math.log10(2 * 65536**2 * 512), abs=0.01)


SPECIAL = ["a & b", "a < b > c", "d_ff", "50 %", "#1", "x^2 ~ y", "a\\b {c}", "θ′", "$5", "\"quoted\" 'so'"]


def named(words: str) -> Plot:
    from dataclasses import replace

    chart = pair().chart
    curves = tuple(replace(curve, names=(words,)) for curve in chart.curves)
    titles = {"size": replace(chart.size, title=(words,)), "quantity": replace(chart.quantity, title=(words,))}
    return Plot(replace(chart, curves=curves, title=words, caption=(words,), description=words, **titles), "macs")


@pytest.mark.parametrize("words", SPECIAL)
def test_svg_names_are_escaped(words: str) -> None:
    root = ElementTree.fromstring(named(words).to_svg())
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert texts.count(words) == 2 + 3
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and description is not None and title.text == description.text == words


_OVERLAPS = """(() => {
  const boxes = [...document.querySelectorAll('text')].map(e => [e.textContent, e.getBoundingClientRect()]);
  const hit = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4;
  const found = [];
  boxes.forEach(([s, a], i) => boxes.forEach(([t, b], j) => { if (i < j && hit(a, b)) found.push(s + ' | ' + t); }));
  boxes.forEach(([s, a]) => { if (a.left < 0 || a.right > innerWidth) found.push(s); });
  return found;
})()"""


@pytest.mark.slow
def test_a_browser_sees_no_two_words_on_each_other(tmp_path: Path) -> None:
    tool("chromium")
    with Browser(tmp_path / "profile") as browser:
        for number, plot in enumerate((table1(), table1("path"), many(14), load(TABLE1[0]).plot("k"))):
            for width in (480, 720):
                page = tmp_path / f"{number}-{width}.svg"
                page.write_text(plot.to_svg(width), encoding="utf-8")
                browser.open(page, width)
                assert browser.ask(_OVERLAPS) == [], (number, width)


# ---------------------------------------------------------------- PGFPlots


def test_pgfplots_has_the_points() -> None:
    text = pair().to_pgfplots()
    assert text.startswith("% needs \\usepackage{pgfplots}\\pgfplotsset{compat=1.11}; a later version will do\n")
    # 2 · 16² · 512 = 262,144 and 2 · 65536² · 512 = 4.39805 · 10¹²
    assert "coordinates {(16,262144) (65536,4.39805e12)};" in text
    assert "\\documentclass" not in text and "amsmath" not in text
    assert "{$n = d = 512$};" in text
    assert len(text) < 6_000


@pytest.mark.parametrize("width", [3.25, 5.5])
def test_pgfplots_fits_the_width(width: float) -> None:
    text = table1().to_pgfplots(width)
    frame = float(re.findall(r"^  width=([\d.]+)pt", text, re.MULTILINE)[0])
    assert 0.3 * width * 72.27 <= frame <= 0.75 * width * 72.27


def test_a_name_that_needs_amsmath_says_so() -> None:
    tokens = ad.parse('dim N as "\\boldsymbol{n}" = 64\nmodel f(x[N]):\n    y[n] = x[n] * 2\n    return y\n')
    text = tokens.plot("N", "exact").to_pgfplots()
    assert "\\usepackage{amsmath}" in text.splitlines()[0]


@pytest.mark.slow
def test_pgfplots_compiles(tmp_path: Path) -> None:
    plots = [table1(), table1("path"), many(14), table1(span=(500, 530)), *map(named, SPECIAL)]
    plots.append(model("deep", "repeat k as i:\n    x = x -> linear(2^i * D) -> linear(D)\nreturn x").plot("k"))
    for width in (5.5, 3.25):
        parts = [plot.to_pgfplots(width) for plot in plots]
        alone = plots[0].to_pgfplots(width, standalone=True)
        first, last = alone[: alone.index("\\begin{tikz")], "\\end{document}\n"
        body = "\n\\par\\bigskip\\noindent\n".join(parts)
        log = compiled(first + body + last, "pdflatex", tmp_path, once=True)
        assert not COMPLAINTS.findall(log)


@pytest.mark.slow
def test_pgfplots_alone_compiles_without_a_warning(tmp_path: Path) -> None:
    assert not COMPLAINTS.findall(compiled(table1().to_pgfplots(standalone=True), "pdflatex", tmp_path))


# ---------------------------------------------------------------- pages


def test_a_page_holds_the_plot() -> None:
    page = render(Document("f", figures_of([table1()])), "html")
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg"') == 1
    assert "both logarithmic" in page[page.index("<figcaption>") :]
    assert 'id="plot-macs"' in page and "<script" not in page
    assert "image(bytes(" in render(Document("f", figures_of([table1()])), "typst")


# ---------------------------------------------------------------- the command

FILES = [str(TABLE1[3]), str(TABLE1[5])]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FILES, "--plot", "N"]) == 0
    svg = capsys.readouterr().out
    assert svg == pair().to_svg()
    assert main([*FILES, "--plot", "N", "-o", str(tmp_path / "a.svg")]) == 0
    assert (tmp_path / "a.svg").read_text("utf-8") == svg
    assert main([*FILES, "--plot", "path:N=1..64", "--latex", "--standalone", "--width", "8cm"]) == 0
    text = capsys.readouterr().out
    assert "maximum path length" in text and "\\begin{document}" in text and "xmin=1, xmax=64," in text
    assert main([*FILES, "--plot", "N", "--convention", "flops"]) == 0
    assert "<title>FLOPs against" in capsys.readouterr().out
    assert main([*FILES, "--plot", "macs,path:N", "-o", str(tmp_path / "out") + os.sep]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["macs.svg", "path.svg"]
    assert main([*FILES, "--plot", "macs,path:N", "--html"]) == 0
    assert capsys.readouterr().out.count('<figure id="plot-') == 2
    assert main([*FILES, "--plot", "N", "--at", "D=1000", "--latex"]) == 0
    assert "{$n = d = 1000$};" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--plot", "M"], "there is no dim or option `M` to plot against\nhint: names: D, N"),
        (["--plot", "n"], "there is no dim or option `n` to plot against\nhint: did you mean `N`?"),
        (["--plot", "pth:N"], "there is no quantity `pth`\nhint: did you mean `path`?"),
        (["--plot", ":N"], "`--plot :N` is no plot"),
        (["--plot", ""], "`--plot ` is no plot"),
        (["--plot", "N=5..2"], "a range goes from a positive number to a larger one"),
        (["--plot", "N=a..b"], "`--plot N=a..b`: a range goes from one number to another"),
        (["--plot", "N=5"], "`--plot N=5` is no plot"),
        (["--plot", "macs,path:N"], "there are several plots: `macs`, `path`\nhint: a file for each: `-o FOLDER/`"),
        (["--plot", "N", "--markdown"], "and Markdown holds none\nhint: a file beside it: `--plot N -o plot.svg`"),
        (["--plot", "N", "--json"], "and JSON holds none"),
        (["--plot", "N", "--check"], "`--plot` and `--check` cannot be asked for at once"),
        (["--plot", "N", "--verify"], "`--plot` and `--verify` cannot be asked for at once"),
        (["--plot", "N", "--picture", "dependences"], "`--plot` and `--picture` cannot be asked for at once"),
    ],
)
def test_what_cannot_be_asked_for(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FILES, *options]) == 2
    assert message in capsys.readouterr().err


def test_sizes_without_values() -> None:
    bare = ad.parse("dim N, D\nmodel f(x[N, D]):\n    return x -> linear(D)\n")
    with pytest.raises(ad.ArchError, match=r"`D` of `f` has no example value\nhint: `--at D=…`"):
        bare.plot("N", span=(1, 10))
    half = ad.parse("dim N\ndim D = 8\nmodel f(x[N, D]):\n    return x -> linear(D)\n")
    with pytest.raises(ad.ArchError, match=r"`N` has no example value\nhint: `--plot N=1..4096`"):
        half.plot("N")
    # 8 · 8 N
    assert value(half.plot("N", span=(1, 10)).chart, "f", 10) == pytest.approx(640)


def test_requests_from_python() -> None:
    one = load(TABLE1[-1])
    with pytest.raises(ad.ArchError, match="there is no model to plot"):
        ad.plot(over="N")
    with pytest.raises(ad.ArchError, match="`3` is no model that can be plotted"):
        ad.plot(3, over="N")  # type: ignore[arg-type]
    with pytest.raises(ad.ArchError, match="`over=3` is no name"):
        one.plot(3)  # type: ignore[arg-type]
    with pytest.raises(ad.ArchError, match="is no range"):
        one.plot("N", span=5)  # type: ignore[arg-type]
    with pytest.raises(ad.ArchError, match="`width=10` is no width of an SVG"):
        one.plot("N").to_svg(10)
    assert repr(one.plot("N")) == "<multiply-adds against sequence length n>"
    assert read_asked("a, b : N = 1 .. 8", "macs").quantities == ("a", "b")


def test_runs_are_in_order() -> None:
    for quantity in ("macs", "path", "sequential", "receptive"):
        for curve in table1(quantity).chart.curves:
            assert all(a[0] <= b[0] for run in curve.runs for a, b in pairwise(run))
