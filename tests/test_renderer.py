"""Documents in every format: that they compile, fit their width, and say what was said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from archderive.document import (
    Bullets,
    Code,
    Document,
    Heading,
    Paragraph,
    Result,
    Step,
    Steps,
    Strong,
    Table,
)
from archderive.formula import (
    Apply,
    Bound,
    Cases,
    Formula,
    Group,
    Growth,
    Infinity,
    Logic,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Read,
    Reduction,
    Relation,
    Sum,
    Symbol,
    Words,
    integer,
)
from archderive.renderer import FORMATS, Look, render
from tools import COMPLAINTS, compiled, mathematics_read

N, D, L, V, k, h, w, C, K, i, o, n, m = (Symbol(name) for name in "NDLVkhwCKionm")
d_ff, heads = Symbol("d_ff"), Symbol("heads")
ONE, TWO = integer(1), integer(2)
WIDTHS = (5.5, 3.25)
NASTY = (
    r"50% of {d_ff} & #1 \relax $5 ~ a^b <b>bold</b> | `code` *star* "
    r""""quoted" 'single' -- é – θ ß 宽 ∑ 10⁻⁵ ½ [x](y) ![z]"""
)


def attention() -> Document:
    """What a derivation looks like: every kind of block, short and long formulas, short and long reasons."""
    square = Product((D, D, N), dots=True)
    total = Sum((Product((integer(3), Power(D, TWO), N)), Product((TWO, D, Power(N, TWO)))))
    scores = Reduction("sum", (Bound(i),), Product((Read("x", (n, i), True), Read("W_q", (i, o)))))
    return Document(
        "attention",
        (
            Heading(1, ("Self-attention ", Code("attention(x[N, D])"))),
            Paragraph(
                ("Multiply-adds are counted: every product under a sum once. The softmax and the scale ",
                 Quotient(ONE, Apply("sqrt", (D,)), inline=True),
                 " are left out. The example sizes are ", Relation((N, integer(1024)), ("=",)), " and ",
                 Relation((D, integer(512)), ("=",)), "."),
            ),
            Bullets(((Strong("Assumed. "), Relation((k, N), ("<=",)), "; the ", heads, " heads share ", D,
                      " channels."),
                     ("A multiply-add is one operation: ", Code("flops = 2*macs"), "."))),
            Heading(2, ("Equations",)),
            Steps(
                (
                    Step(Read("Q", (n, o), True), "=", scores,
                         ("queries, ", Product((N, D, D), True), " multiply-adds")),
                    Step(Read("S", (n, m)), "=", Quotient(
                        Reduction("sum", (Bound(Symbol("a")),), Product((Read("Q", (n, Symbol("a"))),
                                                                        Read("K", (m, Symbol("a")))))),
                        Apply("sqrt", (D,))), ("the scale leaves the sum",)),
                    Step(Read("y", (n, o)), "=", Reduction("sum", (Bound(m, integer(0), n),), Product(
                        (Read("P", (n, m)), Read("V", (m, o))))), ("causal: only earlier positions",)),
                )
            ),
            Heading(2, ("Multiply-adds",)),
            Paragraph(("Adding them up:",)),
            Steps(
                (
                    Step(Words("macs"), "=", Sum((square, square, square, Product((TWO, D, Power(N, TWO))))),
                         ("one product for each of ", Symbol("Q"), ", ", Symbol("K_1"), " and ", V)),
                    Step(None, "=", total, ("collected",)),
                    Step(None, "in", Growth(Sum((Product((Power(D, TWO), N)), Product((D, Power(N, TWO)))))),
                         ("neither term dominates the other for all sizes that the assumptions admit",)),
                )
            ),
            table_of_layers(3),
        ),
        (Result("macs", "macs", total, "1,879,048,192"), Result("path 2", "path", ONE)),
        {"N": "n", "d_ff": r"d_{\text{ff}}"},
    )  # fmt: skip


def table_of_layers(rows: int) -> Table:
    term = Sum((Product((integer(3), Power(D, TWO), N)), Product((TWO, D, Power(N, TWO)))))
    body = tuple(
        ((Code(f"layer_{row}"),), (Product((integer(row + 1), Power(D, TWO), N)),), (f"{row * 1000:,}",))
        for row in range(rows)
    )
    return Table(
        ("Where it comes from: ", term),
        "llr",
        (("layer",), ("multiply-adds",), ("at the example sizes",)),
        (*body, (("total",), (term,), ("1,879,048,192",))),
        total=True,
        notes=(("Numbers are exact.",),),
    )


def long_sum(terms: int) -> Formula:
    powers = [Product((integer(place + 2), Power(D, integer(place)), N, d_ff)) for place in range(terms)]
    return Sum(tuple(Negative(term) if place % 3 == 2 else term for place, term in enumerate(powers)))


def long_product() -> Formula:
    return Product(tuple(Power(Symbol(f"a_{place}"), integer(place)) for place in range(2, 40)))


def nasty() -> Document:
    """What nobody hopes for: long formulas of every build, reserved characters everywhere, tables too wide or long."""
    fraction = Quotient(long_sum(30), Sum((long_sum(3), ONE)))
    root = Apply("sqrt", (Sum((Power(long_sum(9), TWO), Product((integer(4), N)))),))
    deep = Product((L, Sum((Product((TWO, Sum((long_sum(8), Quotient(N, TWO))))), long_sum(6)))))
    nested = Sum((Apply("ceil", (Quotient(Sum((N, Negative(ONE))), Sum((k, Negative(ONE)))),)), deep))
    switch = Cases(
        long_sum(8), Logic("and", (Relation((N, D), ("<",)), Relation((k, integer(3)), ("!=",)))), integer(0)
    )
    reason = ("because ", Relation((long_sum(4), D), ("<=",)), ", which follows from what was said above and from a "
              "remark that is far longer than any line of a column has room for, and goes on")  # fmt: skip
    wide = tuple((f"column {place}, headed at length",) for place in range(11))
    cells = tuple((long_sum(2),) if place % 2 else ("some words of explanation",) for place in range(10))
    return Document(
        NASTY,
        (
            Heading(1, (NASTY,)),
            Heading(2, ("A heading that is so long that it does not fit on a line of one column, ", long_sum(4))),
            Heading(3, (Code(NASTY),)),
            Paragraph((NASTY, " ", Strong(NASTY), " ", Code(NASTY))),
            Paragraph(("x" * 150, " and ", Code("y_" * 80), " and ", long_sum(20), " and ", long_product(), " and ",
                       fraction)),
            Bullets(((NASTY,), (long_sum(12), " stays"), (Code("derive model.arch --latex --at N=4096,D=1024 " * 3),))),
            Steps((Step(Symbol("y"), "=", ONE),)),
            Steps(tuple(Step(Words("macs"), "=", formula, reason) for formula in (
                long_sum(24), long_product(), fraction, root, nested, switch, integer(7**150)))),
            Steps((Step(Words("a left side that takes far more room than a left side should take"), "=", long_sum(5),
                        ("why",)),
                   Step(None, "<=", Apply("max", (fraction, long_sum(9), Infinity())), (NASTY,)),
                   Step(Symbol("theta"), "~", Number(Fraction(1, 100000), "1e-5"), (Code(NASTY),)),
                   Step(Read("top_k", (n, Group((Symbol("g"), Symbol("c")))), True), "=", Reduction(
                       "max", (Bound(m, integer(0), n), Bound(i)), Read("scores", (n, m)),
                       Relation((Read("dst", (m,)), n), ("==",))), (Strong("strong"), " reason")))),
            table_of_layers(40),
            Table((NASTY,), "lrc", (("name",), (NASTY,), ("n",)), (((NASTY,), (Code(NASTY),), (D,)),),
                  notes=((NASTY,),)),
            Table(("Too wide",), "lrlrlrlrlrl", wide, (((Code("model_with_a_name"),), *cells),) * 5, total=True),
            Table((), "l", (("empty",),), ()),
        ),
        (Result("final macs", "macs", long_sum(12), "12"),),
    )  # fmt: skip


DOCUMENTS = {"attention": attention, "nasty": nasty}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_latex_compiles_without_a_warning(name: str, width: float, engine: str, tmp_path: Path) -> None:
    source = render(DOCUMENTS[name](), "latex", Look(width, standalone=True))
    assert COMPLAINTS.findall(compiled(source, engine, tmp_path)) == []


def test_fragment_in_a_column_of_a_paper(tmp_path: Path) -> None:
    """Inside another document, twice, with its commands used."""
    (tmp_path / "fragment.tex").write_text(render(attention(), "latex", Look(3.25)), encoding="utf-8")
    paper = r"""\documentclass[twocolumn]{article}
\usepackage{amsmath,booktabs}
\setlength{\columnsep}{0.25in}\setlength{\textwidth}{6.75in}\setlength{\oddsidemargin}{-0.1in}\raggedbottom
\begin{document}
Words before. \input{fragment} Words after: $\archderiveAttentionMacs$, $\archderiveAttentionPathTwo$.
\input{fragment}
\end{document}
"""
    assert COMPLAINTS.findall(compiled(paper, "pdflatex", tmp_path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("dialect", [None, "github"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_markdown_is_read_by_katex_and_mathjax(name: str, dialect: str | None) -> None:
    answer = mathematics_read(render(DOCUMENTS[name](), "markdown", Look(dialect=dialect)))  # type: ignore[arg-type]
    assert answer["errors"] == []
    assert answer["count"] == {"attention": 13, "nasty": 76}[name]


@pytest.mark.parametrize("dialect", [None, "github"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_markdown_avoids_what_some_reader_refuses(name: str, dialect: str | None) -> None:
    markdown = render(DOCUMENTS[name](), "markdown", Look(dialect=dialect))  # type: ignore[arg-type]
    assert not re.search(r"\\operatorname|\\tag|\\intertext|\\label|\}_", markdown)
    math = re.findall(r"```math\n.*?\n```|\$\$\n.*?\n\$\$", markdown, re.DOTALL)
    assert math
    assert not any(re.search(r"<\S|\*", tex) for tex in math)
    if dialect == "github":
        assert not re.search(r"^\$\$", markdown, re.MULTILINE)
        assert "<" not in "".join(math)


def cells(line: str) -> int:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in line)
    return len(line) + wide - sum(bool(unicodedata.combining(c)) for c in line)


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 140])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_text_fits_the_terminal(name: str, columns: int) -> None:
    text = render(DOCUMENTS[name](), "text", Look(columns=columns))
    assert [line for line in text.splitlines() if cells(line) > columns] == []
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_format_ends_with_one_line_end_and_leaves_no_mark(name: str, format: str) -> None:
    text = render(DOCUMENTS[name](), format)  # type: ignore[arg-type]
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert not re.search("[\ue000-\uf8ff]", text)


def test_rows_of_a_table_that_is_cut_are_numbered_where_the_first_column_repeats() -> None:
    """Two rows of `block`, which only the sizes tell apart; the costs stand in the second part."""
    row = ("a size of its own",) * 3
    rows = tuple((name, *row, cost) for name, cost in (("block", "1"), ("block", "2"), ("stem", "3")))
    head = ("in", "first", "second", "third", "cost")
    document = Document(("Cut",), (Table((), "lllll", head, rows),))
    lines = [line.split() for line in render(document, "text", Look(columns=40)).splitlines()]
    numbered = [(line[0], line[-1]) for line in lines if line and line[0] in ("row", "1", "2", "3")]
    assert numbered[4:] == [("row", "cost"), ("1", "1"), ("2", "2"), ("3", "3")]
    distinct = Document(("Cut",), (Table((), "lllll", head, tuple((str(n), *r[1:]) for n, r in enumerate(rows))),))
    assert "row" not in render(distinct, "text", Look(columns=40))


def test_text_of_a_derivation() -> None:
    lines = render(attention(), "text").splitlines()
    assert lines[:2] == ["Self-attention `attention(x[N, D])`", "═" * 35]
    assert "  macs = D·D·n + D·D·n + D·D·n + 2Dn²   (one product for each of Q, K₁ and V)" in lines
    assert "       = 3D²n + 2Dn²                    (collected)" in lines


def test_markdown_of_a_derivation() -> None:
    lines = render(attention(), "markdown").splitlines()
    assert lines[0] == "# Self-attention `attention(x[N, D])`"
    assert r"& = 3 D^{2} n + 2 D n^{2} && \text{(collected)} \\" in lines
    assert "- **Assumed.** $k \\le n$; the $\\mathrm{heads}$ heads share $D$ channels." in lines
    assert "| :--- | :--- | ---: |" in lines
    assert "```math" in render(attention(), "markdown", Look(dialect="github"))


def test_latex_of_a_derivation() -> None:
    source = render(attention(), "latex")
    assert "\\providecommand{\\archderiveAttentionMacs}{3 D^{2} n + 2 D n^{2}}% macs: 1,879,048,192" in source
    assert "\\documentclass" not in source
    assert r" & = 3 D^{2} n + 2 D n^{2} && \text{(collected)} \\*" in source.splitlines()
    assert "\\subsection*{\\raggedright Multiply-adds}" in source


@pytest.mark.parametrize("format", FORMATS)
def test_several_documents_are_one_text(format: str) -> None:
    both: Sequence[Document] = (attention(), nasty())
    text = render(both, format, Look(standalone=True))  # type: ignore[arg-type]
    assert text.index("Self-attention") < text.index("stays")
    assert text.count("\\documentclass") == (format == "latex")


def test_a_format_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="unknown format 'word': one of latex, markdown, html, typst, text"):
        render(attention(), "word")  # type: ignore[arg-type]
