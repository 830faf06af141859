"""LaTeX files: tables that break over pages, labels, commands, letters of all scripts, pictures, chktex."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import archderive as ad
import pytest
from archderive.cli import main
from archderive.document import Bullets, Code, Document, Figure, Heading, Paragraph, Result, Step, Steps, Strong, Table
from archderive.formula import Formula, Power, Product, Quotient, Relation, Sum, Symbol, Words, integer
from archderive.renderer import Look, render
from archderive.renderer.latex_labels import clean, command_name
from tools import COMPLAINTS, compiled, tool

D, N = Symbol("D"), Symbol("N")
ENGINES = ("pdflatex", "lualatex")
WIDTHS = (5.5, 3.25)
PAPER = r"""\documentclass[10pt]{article}
\usepackage{amsmath}
\usepackage{booktabs}
%s
\setlength{\textwidth}{%sin}
\begin{document}
%s
\end{document}
"""


def pages(folder: Path) -> list[str]:
    """The words of each page of what was compiled."""
    command = [tool("pdftotext"), "-layout", "paper.pdf", "-"]
    run = subprocess.run(command, cwd=folder, capture_output=True, check=True, encoding="utf-8")
    return run.stdout.rstrip("\f").split("\f")


def in_paper(documents: Document | list[Document], folder: Path, body: str, look: Look, preamble: str = "") -> str:
    """The log of a paper with `\\input{fragment}` in its body."""
    (folder / "fragment.tex").write_text(render(documents, "latex", look), encoding="utf-8")
    return compiled(PAPER % (preamble, look.width_inches, body), "pdflatex", folder)


def squares(count: int) -> Table:
    """A table with the numbers of its rows at their beginnings; every seventh has a fraction, every fifth is long."""
    words = "some words of explanation which are too long for the column that they stand in, so they are broken"
    rows = tuple(
        (
            (f"r{n:03}",),
            (words if n % 5 == 0 else "words",),
            (Quotient(D, integer(n + 2)) if n % 7 == 0 else Product((integer(n + 2), Power(D, integer(2)))),),
        )
        for n in range(count)
    )
    head = (("row",), ("remark",), ("squares",))
    return Table(
        ("Very many ", Power(D, integer(2))),
        "llr",
        head,
        (*rows, (("total",), ("",), ("many",))),
        total=True,
        anchor="squares",
        notes=(("The rows are numbered from zero on.",),),
    )


def long_document() -> Document:
    return Document(
        "long_model",
        (
            Heading(1, ("A long table",), "long_model"),
            Paragraph(("Words before it. " * 20,)),
            squares(200),
            Paragraph(("Words behind it.",)),
            Table((), "lr", (("symbol",), ("value",)), (((N,), ("7",)),)),
            Heading(2, ("Part & parcel",), "Part & parcel"),
            Table(("Short",), "lr", (("symbol",), ("value",)), (((D,), ("5",)),), anchor="Part & parcel"),
        ),
    )


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_long_table_in_a_file_of_its_own(width: float, engine: str, tmp_path: Path) -> None:
    """It is a longtable: its head is on every page that has rows of it, and all its rows are there, once."""
    source = render(long_document(), "latex", Look(width, standalone=True))
    assert r"\usepackage{longtable}" in source
    assert COMPLAINTS.findall(compiled(source, engine, tmp_path)) == []
    check_pages(pages(tmp_path), least=5)
    assert sum("continued on the next page" in page for page in pages(tmp_path)) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_a_long_table_in_a_paper(width: float, tmp_path: Path) -> None:
    """It is several tables of a page each; a fragment may ask for no package beyond amsmath and booktabs."""
    look = Look(width)
    assert "longtable" not in render(long_document(), "latex", look)
    assert COMPLAINTS.findall(in_paper(long_document(), tmp_path, r"\input{fragment}", look, r"\raggedbottom")) == []
    check_pages(pages(tmp_path), least=5)


def check_pages(found: list[str], least: int) -> None:
    with_rows = [page for page in found if re.search(r"^ *r\d{3} ", page, re.MULTILINE)]
    assert len(with_rows) >= least
    for place, page in enumerate(with_rows):
        assert re.search(r"row +remark +squares", page), page
        assert ("Table 1 (continued): Very many" if place else "Table 1: Very many") in page
    assert re.findall(r"^ *r(\d{3}) ", "\n".join(found), re.MULTILINE) == [f"{n:03}" for n in range(200)]
    assert "Table 2: Short" in "\n".join(found)


def test_steps_that_follow_each_other_share_their_columns() -> None:
    """Unless that takes more lines; the page does not end after the first of them or before the last."""
    first = Steps((Step(D, "=", integer(1), ("one",)), Step(D, "=", integer(2)), Step(D, "=", integer(3))))
    source = render(Document("s", (first, Steps(()), first)), "latex")
    assert source.count(r"\begin{align*}") == 1
    ends = [line.rpartition(r"\\")[2] for line in source.splitlines() if line.startswith("D & ")]
    assert ends == ["*", "*", "[10pt]", "*", "*", "D & = 3"]
    wide = Steps((Step(N, "=", Sum(tuple(Power(Symbol(c), integer(2)) for c in "abcdefgh"))),))
    long = Steps((Step(Words("a left side that is long"), "=", D),))
    assert render(Document("s", (wide, long)), "latex", Look(3.25)).count(r"\begin{align*}") == 2
    assert "align" not in render(Document("s", (Steps(()),)), "latex")


def test_packages_are_loaded_for_what_needs_them() -> None:
    short = Document("short", (squares(5),))
    source = render(short, "latex", Look(standalone=True))
    assert re.findall(r"\\usepackage\{(\w+)\}", source) == ["amsmath", "booktabs"]


# ---------------------------------------------------------------- labels


def test_references_of_a_paper(tmp_path: Path) -> None:
    """`\\ref` of a table is its number in the paper; of a heading, the section that the fragment stands in."""
    body = r"""\section{First}\begin{table}\caption{Its own}\label{own}\end{table}
\section{Second}
Own \ref{own}. Table \ref{app:long_model:squares} and \ref{app:long_model:Part-parcel}, section
\ref{app:long_model:Part-parcel-2} and \ref{app:long_model} begin on page \pageref{app:long_model}.
\input{fragment}
\input{fragment}
"""
    document = long_document()
    small = Document("long_model", (document.blocks[0], squares(3), *document.blocks[4:]))
    assert COMPLAINTS.findall(in_paper(small, tmp_path, body, Look(), r"\usepackage{hyperref}")) == []
    words = " ".join(" ".join(pages(tmp_path)).split())
    assert "Own 1. Table 2 and 3, section 2 and 2 begin on page 1." in words


def labels(source: str) -> list[str]:
    return re.findall(r"\\label\{([^}]*)\}", source)


def anchored(title: str, *anchors: str) -> Document:
    return Document(title, tuple(Heading(3, ("words",), anchor) for anchor in anchors))


def test_labels_are_clean_and_all_different() -> None:
    documents = [
        anchored("a b", "x", "x", "head_projection(G = h)", "50% of {d} & \\relax", "H'", "θ", "模型", "%"),
        anchored("a-b", "x"),
    ]
    assert labels(render(documents, "latex")) == [
        "app:a-b:x",
        "app:a-b:x-2",
        "app:a-b:head_projection-G-h",
        "app:a-b:50-of-d-relax",
        "app:a-b:H",
        "app:a-b:theta",
        "app:a-b:u6a21u578b",
        "app:a-b:part",
        "app:a-b-2:x",
    ]


@pytest.mark.parametrize(
    ("prefix", "count", "expected"),
    [
        ("", 1, ["app:vgg:x"]),
        ("", 2, ["app:vgg:x", "app:vit:x"]),
        ("cost", 1, ["cost:x"]),
        ("sec:cost-", 1, ["sec:cost-x"]),
        ("cost:", 2, ["cost:vgg:x", "cost:vit:x"]),
    ],
)
def test_the_prefix_of_labels(prefix: str, count: int, expected: list[str]) -> None:
    documents = [anchored("vgg", "x"), anchored("vit", "x")][:count]
    assert labels(render(documents, "latex", Look(prefix=prefix))) == expected


def test_the_option_for_the_prefix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out.tex"
    assert main(["conv2d", "--latex", "--prefix", "sup", "-o", str(file)]) == 0
    found = labels(file.read_text("utf-8"))
    assert found and all(label.startswith("sup") for label in found)
    assert len(set(found)) == len(found)
    assert r"\providecommand{\archderiveSupMacs}" in file.read_text("utf-8")  # not that of another conv2d in the paper
    assert main(["conv2d", "--latex", "--prefix", "a b}", "-o", str(file)]) == 2
    assert "error: `--prefix a b}` is no beginning of a label" in capsys.readouterr().err


# ---------------------------------------------------------------- commands


def result(name: str, formula: Formula, value: str = "") -> Result:
    return Result(name, name, formula, value)


def test_commands_of_several_models_are_their_own(tmp_path: Path) -> None:
    """`resnet-50` and `resnet 50` would have the same; a paper may read the file twice."""
    documents = [
        Document("resnet-50", (), (result("macs", D, "7"), result("macs", N))),
        Document("resnet 50", (), (result("macs", integer(5)), result("params", integer(6)))),
    ]
    source = render(documents, "latex")
    assert re.findall(r"\\providecommand\{(\\archderive\w+)\}\{(.)\}% (.*)", source) == [
        (r"\archderiveResnetFiveZeroMacs", "D", "macs: 7"),
        (r"\archderiveResnetFiveZeroMacsTwo", "N", "macs"),
        (r"\archderiveResnetFiveZeroMacsThree", "5", "macs"),
        (r"\archderiveResnetFiveZeroParams", "6", "params"),
    ]
    body = r"\input{fragment}\input{fragment} $\archderiveResnetFiveZeroMacsThree+\archderiveResnetFiveZeroParams$"
    assert COMPLAINTS.findall(in_paper(documents, tmp_path, body, Look())) == []
    assert "5+6" in pages(tmp_path)[0].replace(" ", "")


def test_commands_have_letters_only() -> None:
    assert command_name("模型 θ", "macs") == "archderiveUSixATwoOneUFiveSevenEightBThetaMacs"
    assert clean("模型 θ") == "u6a21u578b-theta"


def test_a_comment_ends_where_its_line_ends() -> None:
    """No character of a quantity's name ends it before."""
    document = Document("m", (), (Result("x", "one\u2028\\two\x85\\three\r\n\\four", D),))
    lines = render(document, "latex").splitlines()
    assert [line for line in lines if "four" in line] == [r"\providecommand{\archderiveMX}{D}% one \two\three \four"]


# ---------------------------------------------------------------- letters


CHINESE = "图像分类"
SCRIPTS = Document(
    "scripts",
    (
        Heading(2, (f"{CHINESE} model",), "scripts"),
        Paragraph((f"{CHINESE}, Η προσοχή είναι παντού, внимание", Code("模型_1"), Strong("ŵ ệ ß ½"), " \U0001f642")),
        Bullets(((CHINESE * 40,), ("Привет" * 30,))),
        Table((CHINESE,), "ll", (("symbol",), ("meaning",)), (((D,), (CHINESE * 12,)),), anchor="scripts"),
        Steps((Step(D, "=", integer(5), ("because ", CHINESE * 6)),)),
    ),
)


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("engine", ENGINES)
def test_letters_of_all_scripts(width: float, engine: str, tmp_path: Path) -> None:
    """None is lost, no glyph is missing, nothing sticks out; pdfLaTeX prints the codes of some."""
    log = compiled(render(SCRIPTS, "latex", Look(width, standalone=True)), engine, tmp_path)
    assert COMPLAINTS.findall(log) == []
    words = "".join("".join(pages(tmp_path)).split())
    assert "παντ" in words
    if engine == "pdflatex":
        assert "[U+56FE][U+50CF][U+5206][U+7C7B]model" in words
    else:  # as the fonts of the machine have it
        assert re.search(r"(图|\[U\+56FE\])(像|\[U\+50CF\])(分|\[U\+5206\])(类|\[U\+7C7B\])model", words)
    assert "?" not in words


def test_a_comment_names_the_letters_that_pdflatex_has_no_font_for() -> None:
    source = render(SCRIPTS, "latex")
    before, _, _ = source.partition(r"\providecommand{\archderiveSeek}")
    assert "%   图 U+56FE, 像 U+50CF, 分 U+5206, 类 U+7C7B, в U+0432" in before
    assert "archderiveLetter" not in render(Document("m", (Paragraph(("é θ ή ß",)),)), "latex")


def test_a_paper_may_print_letters_its_own_way(tmp_path: Path) -> None:
    preamble = r"\newcommand{\archderiveLetter}[2]{<#1>\allowbreak}\usepackage{hyperref}"
    assert COMPLAINTS.findall(in_paper(SCRIPTS, tmp_path, r"\input{fragment}", Look(), preamble)) == []
    assert "U+" not in "".join(pages(tmp_path))


# ---------------------------------------------------------------- pictures


def figure() -> Document:
    picture = ad.parse("dim N = 64, D = 16\nmodel f(x[N, D]):\n    return x -> attention\n").picture().picture
    return Document("f", (Figure(picture, ("What ", Code("f"), " reads: ", N), "reads"), squares(2)))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_picture_is_in_a_file_of_its_own_only(width: float, tmp_path: Path) -> None:
    assert not re.search("tikz|What|reads", render(figure(), "latex", Look(width)))
    source = render(figure(), "latex", Look(width, standalone=True))
    assert source.count(r"\usepackage{tikz}") == 1
    assert labels(source) == ["app:f:reads", "app:f:squares"]
    assert COMPLAINTS.findall(compiled(source, "pdflatex", tmp_path)) == []
    assert re.search(r"Figure 1: What f reads: +N", pages(tmp_path)[0])


# ---------------------------------------------------------------- the whole


MODELS = ("attention", "conv2d", "lstm", "swin_t", "unet")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("model", MODELS)
def test_files_of_their_own_compile_without_a_warning(model: str, width: float, engine: str, tmp_path: Path) -> None:
    file = tmp_path / "model.tex"
    assert main([model, "--latex", "--standalone", "--width", f"{width}in", "-o", str(file)]) == 0
    assert COMPLAINTS.findall(compiled(file.read_text("utf-8"), engine, tmp_path)) == []


HARD_TO_BREAK = """
dim N = 8 "positions", D = 4 "width"
dim sequences_in_a_batch_of_training = 3, attention_heads_in_a_layer = 4, size_of_the_vocabulary = 5

model nested(x[N, D], a[N, D], b[N, D]):
    y[n, i] = log(exp(sqrt(log(exp(sqrt(log(exp(sqrt(log(exp(tanh(x[n, i] * a[n, i] + b[n, i]))))))))))))
    u[n, i] = tanh(sigmoid(tanh(sigmoid(tanh(sigmoid(tanh(sigmoid(tanh(sigmoid(tanh(y[n, i])))))))))))
    return u -> linear(sequences_in_a_batch_of_training + attention_heads_in_a_layer + size_of_the_vocabulary)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mixtral", "densenet121"])
def test_columns_of_one_height(name: str, tmp_path: Path) -> None:
    """A paper in two columns is filled to the bottom: what is left is spread over the rows of formulas."""
    assert main([name, "--latex", "--width", "3.1in", "-o", str(tmp_path / "derivation.tex")]) == 0
    head = r"\documentclass[twocolumn]{article}\usepackage{amsmath,booktabs}"
    paper = head + r"\begin{document}\input{derivation}\end{document}"
    assert COMPLAINTS.findall(compiled(paper, "pdflatex", tmp_path, once=True)) == []


def test_formulas_that_can_be_broken_after_brackets_only(tmp_path: Path) -> None:
    derivation = ad.parse(HARD_TO_BREAK).derivation()
    source = derivation.to_latex(width=3.25, standalone=True)
    assert COMPLAINTS.findall(compiled(source, "pdflatex", tmp_path, once=True)) == []
    assert max(map(len, derivation.to_text(columns=80).splitlines())) <= 80


# What chktex says, and why it is not heeded.
HARMLESS = {
    1: "a blank ends the name of a command and takes no room",
    3: "powers of brackets are set as TeX sets them; braces would change the spaces",
    8: "an en dash by itself stands where a table has no value",
    9: "a formula that is broken may have a bracket in each line",
    11: "three dots in a line of a model's file are three dots",
    12: "a line of a model's file may stand behind a full stop",
    13: "words of authors: an abbreviation that ends with a capital letter",
    29: "1x1 is what the file says",
    35: "gelu_tanh is a name of a model's, and no function",
    36: "a call in a model's file has no blank before its bracket",
    37: r"a blank behind \left( is not seen",
}


def chktex(file: Path) -> str:
    options = [f"-n{number}" for number in HARMLESS]
    command = [tool("chktex"), "-q", *options, file.name]
    return subprocess.run(command, cwd=file.parent, capture_output=True, check=False, encoding="utf-8").stdout


@pytest.mark.parametrize("standalone", [True, False])
def test_chktex(standalone: bool, tmp_path: Path) -> None:
    file = tmp_path / "all.tex"
    total = Sum((Product((integer(3), D)), Power(N, integer(2))))
    steps = Steps((Step(Words("macs"), "=", total, ("as ", Relation((N, D), ("<=",)))), Step(None, "=", D)))
    both = [long_document(), figure(), Document("steps", (Heading(3, ("Steps",)), steps), (result("macs", total),))]
    file.write_text(render(both, "latex", Look(standalone=standalone)), encoding="utf-8")
    assert chktex(file) == ""


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_chktex_of_models(model: str, tmp_path: Path) -> None:
    file = tmp_path / "model.tex"
    assert main([model, "--latex", "-o", str(file)]) == 0
    assert chktex(file) == ""


@pytest.mark.slow
def test_long_names_in_a_narrow_column(tmp_path: Path) -> None:
    """Names of 20 to 26 letters in products, in tables and in sums: no line sticks out of 3.25 in."""
    model = tmp_path / "long.arch"
    model.write_text(
        "dim number_of_graph_nodes = 100, hidden_feature_width = 64, sub_layers_per_outer_layer = 3, outer_layers = 4\n"
        "model m(x[number_of_graph_nodes, hidden_feature_width]):\n    repeat outer_layers:\n"
        "        repeat sub_layers_per_outer_layer:\n            x = x -> attention -> mlp\n"
        "        x = x -> linear(hidden_feature_width)\n    return x\n"
    )
    output = str(tmp_path / "long.tex")
    assert main([str(model), "--latex", "--standalone", "--width", "3.25in", "-o", output]) == 0
    source = (tmp_path / "long.tex").read_text("utf-8")
    assert COMPLAINTS.findall(compiled(source, "pdflatex", tmp_path)) == []
