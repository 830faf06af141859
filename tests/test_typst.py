"""Typst: every node of a formula, names and words as they are meant, and pages in which nothing sticks out."""

from __future__ import annotations

import json
import re
import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
import typst
from archderive.comparison import documents_of
from archderive.derivation import Request
from archderive.diagram import Line, Picture, Row
from archderive.document import (
    Bullets,
    Code,
    Document,
    Figure,
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
from archderive.notation import Symbols, to_typst
from archderive.notation.marks import unmarked
from archderive.notation.symbols import name_tree
from archderive.notation.tex_symbol import read_tex
from archderive.notation.typst import to_flat_typst
from archderive.notation.typst_names import name_in_typst
from archderive.notation.typst_widths import typst_width
from archderive.renderer import Look, render
from archderive.renderer.escape_typst import typst_code, typst_words
from archderive.renderer.typst_prose import balanced
from archderive.session import open_path
from formula_readers import Unreadable
from test_renderer import DOCUMENTS, attention, long_sum
from tools import tool
from typst_reader import read_typst

ROOT = Path(__file__).parents[1]
WIDTHS = (5.5, 3.25)
MARGIN = 108.0  # points at the left of the text

N, D, k, i, n, m = (Symbol(name) for name in "NDkinm")
d_ff, heads = Symbol("d_ff"), Symbol("heads")
ONE, TWO = integer(1), integer(2)

FORMULAS: list[tuple[Formula, str]] = [
    (integer(42), "42"),
    (integer(-3), "-3"),
    (integer(12345), '"12,345"'),
    (Number(Fraction(3, 4)), "frac(3, 4)"),
    (Number(Fraction(1, 100000), "1e-5"), "10^(-5)"),
    (Number(Fraction(3, 2000000), "1.5e-6"), "1.5 dot 10^(-6)"),
    (N, "N"),
    (d_ff, 'd_("ff")'),
    (heads, '"heads"'),
    (Symbol("in"), '"in"'),
    (Symbol("sqrt"), '"sqrt"'),
    (Symbol("theta_1"), "theta_1"),
    (Symbol("phi"), "phi.alt"),
    (Symbol("Gamma"), "Gamma"),
    (Symbol("H'"), "H'"),
    (Symbol("a_b_c"), r"a_(b \, c)"),
    (Symbol("宽"), '"宽"'),
    (Sum((N, Negative(D), ONE)), "N - D + 1"),
    (Sum((Negative(N), D)), "-N + D"),
    (Negative(Sum((N, D))), "-(N + D)"),
    (Sum((N, Negative(Sum((D, ONE))))), "N - (D + 1)"),
    (Product((integer(3), Power(D, TWO), N)), "3 D^2 N"),
    (Product((N, D, D), dots=True), "N dot D dot D"),
    (Product((N, integer(2))), "N dot 2"),
    (Product((integer(3), heads, N)), '3 dot "heads" dot N'),
    (Product((integer(12345), N)), '"12,345"N'),
    (Product((N, Sum((D, ONE)))), "N (D + 1)"),
    (Product((Symbol("O"), Sum((D, ONE)))), "O dot (D + 1)"),
    (Product((N, Apply("log", (D,)))), "N log D"),
    (Product((Apply("log", (D,)), N)), "log(D) N"),
    (Quotient(Sum((N, ONE)), k), "frac(N + 1, k)"),
    (Quotient(Sum((N, ONE)), Product((TWO, k)), inline=True), r"(N + 1) \/ (2 k)"),
    (Power(N, D), "N^D"),
    (Power(N, Sum((D, Negative(ONE)))), "N^(D - 1)"),
    (Power(Sum((N, D)), TWO), "(N + D)^2"),
    (Power(Symbol("H'"), TWO), "H'^2"),
    (Power(d_ff, TWO), 'd_("ff")^2'),
    (Product((d_ff, Sum((D, ONE)))), 'd_("ff") (D + 1)'),
    (Power(Symbol("k"), integer(12)), "k^12"),
    (Apply("floor", (Quotient(N, k),)), "floor(frac(N, k))"),
    (Apply("ceil", (Sum((N, k)),)), "⌈N + k⌉"),
    (Apply("abs", (N,)), "abs(N)"),
    (Apply("sqrt", (Sum((N, D)),)), "sqrt(N + D)"),
    (Apply("max", (N, D)), "max(N, D)"),
    (Apply("exp", (N,)), "exp(N)"),
    (Apply("softmax", (N,)), '"softmax"(N)'),
    (Apply("log2", (N,)), "log_2 N"),
    (Apply("log", (Sum((N, ONE)),), TWO), "log_2 (N + 1)"),
    (Apply("log", (N,), k), "log_k N"),
    (Apply("mod", (N, k)), "N mod k"),
    (Read("x", (n, i), leading=True), "x_(dots, n, i)"),
    (Read("W_q", (n, i)), "W_(q; thin n, i)"),
    (Read("x", (Group((Symbol("g"), Symbol("c"))), n)), "x_((g, c), n)"),
    (Read("scores", (n,)), '"scores"_n'),
    (Read("y", ()), "y"),
    (Reduction("sum", (Bound(i),), Read("x", (i,))), "sum_i x_i"),
    (Reduction("sum", (Bound(i, integer(0), Sum((N, Negative(ONE)))),), D), "sum_(i = 0)^(N - 1) D"),
    (Reduction("sum", (Bound(n), Bound(i, integer(0), N)), D), "sum_n sum_(i = 0)^N D"),
    (Reduction("max", (Bound(m, None, n),), D), "max_(m <= n) D"),
    (Reduction("prod", (Bound(m, ONE),), D), "product_(m >= 1) D"),
    (Reduction("mean", (Bound(i),), D), 'op("mean")_i D'),
    (Reduction("sum", (Bound(i),), D, Relation((i, n), ("!=",))), "sum_(i thin : thin i != n) D"),
    (Cases(N, Relation((N, D), ("<",)), integer(0)), 'cases(N & "if" N < D, 0 & "otherwise")'),
    (Sum((ONE, Cases(N, Relation((N, D), ("<",)), integer(0)))), '1 + (N "if" N < D "else" 0)'),
    (Relation((integer(0), n, N), ("<=", "<")), "0 <= n < N"),
    (Relation((N, D), ("~",)), "N approx D"),
    (Relation((N, D), ("==",)), "N = D"),
    (Relation((N, Symbol("S")), ("in",)), "N in S"),
    (Logic("and", (Relation((N, D), ("<",)), Relation((k, ONE), (">=",)))), 'N < D "and" k >= 1'),
    (Logic("not", (Relation((N, D), ("<",)),)), '"not" N < D'),
    (Growth(Product((N, D))), "O(N D)"),
    (Growth(N, "Theta"), "Theta(N)"),
    (Infinity(), "infinity"),
    (Words('not "known" \\ yet'), r'"not \"known\" \\ yet"'),
]


@pytest.mark.parametrize(("formula", "expected"), FORMULAS, ids=[expected for _, expected in FORMULAS])
def test_every_node(formula: Formula, expected: str) -> None:
    assert to_typst(formula, Symbols()) == expected


LOOKS = {"e": r"d_{\text{emb}}", "f": r"d^{\text{in}}", "g": r"\mathcal{D}", "h": r"d_{a,b}", "j": r"\mathrm{d}"}
SIZES = {"d_ff": 3, "d_ff'": 4, "λ_1": 5, "N": 7, "k": 2, "N_k": 6, "heads": 8, "heads_2": 9} | dict(
    zip(LOOKS, (3, 4, 5, 6, 8), strict=True)
)


@pytest.mark.parametrize("factor", [*SIZES, "power of a word", "power by a word"])
def test_a_bracket_behind_a_name_is_no_part_of_it(factor: str) -> None:
    """Read by Typst: a bracket right behind a word below or above a letter stands below or above it too."""
    N, k = Symbol("N"), Symbol("k")
    base: Formula = Symbol(factor)
    value = SIZES.get(factor, 0)
    if not value:
        base, value = (Power(Symbol("d_ff"), k), 9) if "of" in factor else (Power(k, Symbol("d_ff")), 8)
    formulas = [
        (Product((base, Sum((N, k)))), value * 9),
        (Product((base, Power(Sum((N, k)), TWO))), value * 81),
        (Product((TWO, base, Apply("floor", (Quotient(N, k),)))), value * 6),
        (Product((base, Apply("ceil", (Quotient(N, k),)))), value * 4),
        (Product((base, Apply("max", (N, k)))), value * 7),
        (Quotient(Product((base, Sum((N, k)))), Product((base, Sum((k, ONE)))), inline=True), 3),
        (Sum((ONE, Product((base, Sum((N, Negative(Product((base, Sum((k, ONE))))))))))), 1 + value * (7 - value * 3)),
    ]
    symbols = Symbols(LOOKS)
    for write in (to_typst, lambda formula, symbols: unmarked(to_flat_typst(formula, symbols))):
        written = [write(formula, symbols) for formula, _ in formulas]
        trees = read_typst(written, SIZES, symbols)
        read = [tree if isinstance(tree, Unreadable) else tree(SIZES) for tree in trees]
        assert dict(zip(written, read, strict=True)) == dict(zip(written, (v for _, v in formulas), strict=True))


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("n", "n"),
        (r"d_{\text{ff}}", 'd_("ff")'),
        (r"d_\mathrm{model}", 'd_("model")'),
        (r"\mathrm{d}", "upright(d)"),
        (r"\theta", "theta"),
        (r"\varepsilon", "epsilon"),
        (r"\epsilon", "epsilon.alt"),
        (r"\ell", "ell"),
        (r"\hat{N}'", "hat(N)'"),
        (r"\tilde x_2", "tilde(x)_2"),
        (r"\bar x", "macron(x)"),
        (r"\vec v", "arrow(v)"),
        (r"\mathcal{L}", "cal(L)"),
        (r"\mathbb{R}^{n\times d}", "bb(R)^(n times d)"),
        (r"\mathbf{W}", "bold(upright(W))"),
        (r"\boldsymbol{x}", "bold(x)"),
        (r"N^{(k)}", r"N^(\( k \))"),
        (r"N^*", "N^∗"),
        (r"n_1'", "n'_1"),
        (r"ab", "a b"),
        (r"a\,b", "a #h(0.167em); b"),
        (r"{d_a}_b", "attach(d_a, b: b)"),
        (r"$n$", "n"),
        (r"\text{in #x}", '"in #x"'),
    ],
)
def test_symbols_of_the_author(latex: str, expected: str) -> None:
    assert name_in_typst(name_tree("N", Symbols({"N": latex}))) == expected


@pytest.mark.parametrize(
    "latex", [r"\input{x}", "a_b_c", "{", "}", r"\bar", "a & b", "", "n-1", r"\frac{D}{2}", "{" * 99 + "}" * 99, "% x"]
)
def test_what_is_no_symbol_is_shown_as_words(latex: str) -> None:
    assert read_tex(latex) is None
    assert name_in_typst(name_tree("N", Symbols({"N": latex}))).startswith('"')


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("50% of d_ff", r"50% of d\_ff"),
        ("#panic(1) $x$ *b* _i_ `c`", r"\#panic(1) \$x\$ \*b\* \_i\_ \`c\`"),
        ("<label> @ref [x] ~ \\", r"\<label> \@ref \[x\] \~ \\"),
        ("a // b /* c */", r"a \// b /\* c \*\/"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("= title", r"\= title"),
        ("/ term: it", r"\/ term: it"),
        ("2017. It", r"2017\. It"),
        ("a--b-?c ...", r"a\--b\-?c \..."),
        ("a\n\n= b\tc\x00", "a = b c"),
        ("multi-head, 1/2 = x + y", "multi-head, 1/2 = x + y"),
        ("θ 宽", "θ 宽"),
    ],
)
def test_words(words: str, expected: str) -> None:
    assert typst_words(words) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("d_ff", "`d_ff`"),
        ("#x $y$", "`#x $y$`"),
        ("a`b", '#raw("a`b");'),
        (" a", '#raw(" a");'),
        ("", '#raw("");'),
        ('f("\\")', '`f("\\")`'),
        ("encoder.layer_norm", '#code("encoder.", "layer_", "norm");'),
    ],
)
def test_code(code: str, expected: str) -> None:
    assert typst_code(code) == expected


def test_brackets_over_two_lines_are_no_pair_to_typst() -> None:
    assert balanced(["N (a (b)", "+ c) d"]) == [r"N \(a (b)", r"+ c\) d"]
    assert balanced(['"(" (a', "+ frac(b, c))^2"]) == [
        r'"(" lr(size: #2.4em, \() a',
        r"+ frac(b, c) lr(size: #2.4em, \))^2",
    ]


# ---------------------------------------------------------------- documents


def compiled(source: str, *, system_fonts: bool = False) -> bytes:
    """The PDF; an error or a warning fails the test."""
    pdf, warnings = typst.compile_with_warnings(
        source.encode("utf-8"), format="pdf", ignore_system_fonts=not system_fonts
    )
    assert [warning.message for warning in warnings] == []
    assert isinstance(pdf, bytes)
    return pdf


def text_of(pdf: bytes, folder: Path) -> str:
    (folder / "page.pdf").write_bytes(pdf)
    command = [tool("pdftotext"), "-layout", "page.pdf", "-"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout.decode().replace("\u200b", "")


def sticking_out(pdf: bytes, width: float, folder: Path) -> list[str]:
    """Words of which a part is not within the width of the text."""
    (folder / "page.pdf").write_bytes(pdf)
    command = [tool("pdftotext"), "-bbox", "page.pdf", "-"]
    boxes = subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout.decode()
    words = re.findall(r'<word xMin="([-\d.]+)" yMin="[-\d.]+" xMax="([-\d.]+)" yMax="[-\d.]+">(.*?)</word>', boxes)
    assert words
    return [
        word for left, right, word in words if float(left) < MARGIN - 0.3 or float(right) > MARGIN + 72 * width + 0.3
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_compile_and_nothing_sticks_out(name: str, width: float, tmp_path: Path) -> None:
    pdf = compiled(render(DOCUMENTS[name](), "typst", Look(width)))
    assert sticking_out(pdf, width, tmp_path) == []


EVIL = [
    '#panic("x")',
    "$ x $",
    "*bold* _it_",
    "<label>",
    "@ref",
    "//comment",
    "/* open",
    "close */",
    '#import "x.typ": *',
    "#{",
    "[ ]",
    "`raw` ```",
    "\\",
    '"',
    "= heading",
    "- item",
    "1. item",
    "https://example.org",
    "a~b",
    "#sym.zws;",
    "{} % & ^ |",
]


def evil(words: str) -> Document:
    text = (words, Strong(words), " ", Code(words), " ", Words(words), " ", Symbol(words))
    line = Line((0, 0), (1, 0))
    picture = Picture(words, (Row(words, ("0",)), Row(words, ("0",))), (line,), (line,), ((0, 0), (1, 0)), words)
    return Document(
        words,
        (
            Heading(1, text, anchor=words),
            Paragraph(text),
            Bullets((text, text)),
            Steps((Step(Words(words), "=", Apply(words, (Read(words, (n,)),)), text),)),
            Table(text, "l", (text,), ((text,), (text,)), total=True, anchor=words, notes=(text,)),
            Figure(picture, text),
        ),
        (Result(words, words, Symbol(words), words),),
        {words: words},
    )


@pytest.mark.parametrize("words", EVIL)
def test_words_are_never_markup(words: str, tmp_path: Path) -> None:
    source = render(evil(words), "typst")
    found = text_of(compiled(source), tmp_path)
    signs = "".join(found.split()).replace("“", '"').replace("”", '"').replace("‘", "'").replace("’", "'")
    assert signs.count("".join(words.split())) >= 8


def test_letters_of_other_scripts(tmp_path: Path) -> None:
    """The fonts of Typst hold Greek and Cyrillic; Chinese needs a font of the machine, and is no error without."""
    document = Document("x", (Paragraph(("Größe θ Ωμέγα Привет 宽度", Code("θ 宽"), Symbol("宽"))),))
    source = render(document, "typst")
    assert "Größe θ Ωμέγα Привет" in text_of(compiled(source), tmp_path)
    assert source.count("宽") == 3


def test_labels_and_results_are_there_once_and_can_be_used(tmp_path: Path) -> None:
    table = Table(("Results",), "l", (("a",),), (((N,),),), anchor="results")
    result = Result("macs", "macs", Product((N, D)), "12")
    one = Document("net", (Heading(1, ("Net",), anchor="net"), table, table), (result, result))
    source = render([one, one, Document("2.0", (table,), (result,))], "typst", Look(prefix="p-"))
    labels = re.findall(r"<([\w:.-]+)>", source)
    assert labels == [
        "p-net", "p-net-results", "p-net-results-2", "p-net-2", "p-net-results-3", "p-net-results-4",
        "p-2-0-results",
    ]  # fmt: skip
    assert "#let p-net-macs = $N D$ // macs: 12" in source.splitlines()
    (tmp_path / "net.typ").write_text(source, encoding="utf-8")
    paper = """#import "net.typ": derivation, p-net-macs, p-net-macs-2, p-2-0-macs
#set page(width: 8cm, height: 12cm)
Words before, with #p-net-macs, $M = #p-net-macs-2$. See @p-net-results-2.
#derivation
Words after."""
    (tmp_path / "paper.typ").write_text(paper, encoding="utf-8")
    pdf, warnings = typst.compile_with_warnings(str(tmp_path / "paper.typ"), ignore_system_fonts=True)
    assert isinstance(pdf, bytes) and warnings == []
    found = text_of(pdf, tmp_path)
    assert "Words before, with 𝑁 𝐷, 𝑀 = 𝑁 𝐷.\nSee Table 2." in found and "Words after." in found


@pytest.mark.parametrize("prefix", ["tab:", "7 x/", "宽"])
def test_any_prefix_gives_names_that_typst_takes(prefix: str) -> None:
    result = Result("macs", "macs", N)
    document = Document("2", (Heading(1, ("Net",), anchor="宽"), Paragraph(("",))), (result, result))
    source = render(document, "typst", Look(prefix=prefix))
    assert compiled(source)
    assert len(set(re.findall(r"^#let (\S+) = \$", source, re.MULTILINE))) == 2


def test_a_result_is_never_called_as_something_of_typst() -> None:
    source = render(Document("宽", (Paragraph(("a",)),), (Result("table", "table", N),)), "typst")
    assert "#let archderive-table = $N$ // table" in source.splitlines()


def test_private_characters_of_the_author_are_no_marks() -> None:
    document = Document(
        "x", (Steps((Step(N, "=", Words("many words \ue000\ue100" * 20)),)), Paragraph(("\ue300" * 9,)))
    )
    assert compiled(render(document, "typst"))


def test_a_derivation() -> None:
    lines = render(attention(), "typst").splitlines()

    assert '= Self-attention #code("attention(", "x[", "N, D])");' in lines
    assert "#let attention-macs = $3 D^2 n + 2 D n^2$ // macs: 1,879,048,192" in lines
    assert "  &= 3 D^2 n + 2 D n^2 && #why[(collected)] \\" in lines
    assert '- *Assumed. *#box[$k <= n$]; the $"heads"$ heads share $D$ channels.' in lines
    assert "  caption: [Where it comes from: $3 D^2 n + 2 D n^2$]," in lines
    assert "  total: ([total], [$3 D^2 n + 2 D n^2$], [1,879,048,192])," in lines
    assert '#set document(title: "Self-attention attention(x[N, D])", date: none)' in lines


def equation(*steps: Step) -> list[str]:
    source = render(Document("x", (Steps(steps),)), "typst", Look(5.5))
    (found,) = re.findall(r"^\$ (.*?) \$$", source, re.DOTALL | re.MULTILINE)
    return [row.strip() for row in found.split("\\\n")]


def test_reasons_beside_formulas() -> None:
    """A long one stands at the last line of a formula, so that it does not tear the lines apart."""
    long = "a reason that needs some lines of its own beside any formula, for it is very long indeed"
    rows = equation(Step(Words("macs"), "=", long_sum(9), (long,)), *[Step(None, "=", N, (long,))] * 5)
    last = next(place for place, row in enumerate(rows) if "#why" in row)
    assert rows[0].startswith('"macs" &= 2 D^0 N d_("ff") + 3 D^1 N d_("ff")')
    assert last > 0 and all(re.match(r'&quad quad "" [-+] ', row) for row in rows[1 : last + 1])
    assert re.match(r"&= N && #why\(width: [\d.]+pt\)\[\(a reason", rows[last + 1])
    assert equation(Step(N, "<=", D, ("so",)), Step(None, "in", Growth(D))) == ["N &<= D && #why[(so)]", "&in O(D)"]


def test_reasons_beneath_formulas() -> None:
    rows = equation(Step(Words("macs"), "=", long_sum(7), ("so", " it is")))
    assert rows[1] == "&quad quad #beneath[(so it is)]"


def test_a_left_side_that_is_too_long_stands_above() -> None:
    left = Apply("params", (Words("a layer with a name that is far too long to stand beside"),))
    rows = equation(Step(left, "=", N), Step(D, "=", N))
    assert rows == [
        '&"params"("a layer with a name that ""is far too long to stand ""beside")',
        "&quad = N",
        "D &= N",
    ]


def test_a_table_that_is_longer_than_a_page_repeats_its_head(tmp_path: Path) -> None:
    rows = tuple(((Code(f"row_{place}"),), (str(place),)) for place in range(90))
    document = Document("x", (Table(("Long",), "lr", (("the name",), ("number",)), rows),))
    found = text_of(compiled(render(document, "typst")), tmp_path)
    assert found.count("the name") == 3 and found.count("\f") == 3 and "row_89" in found


@pytest.mark.parametrize("total", [False, True])
def test_fractions_in_a_table_keep_out_of_the_rows_beside_them(total: bool, tmp_path: Path) -> None:
    """Letters of a fraction in a line are 7 pt high, so as much must lie between those of one row and of the next."""
    rows = tuple(((Quotient(N, D),), (str(place),)) for place in range(4))
    document = Document("x", (Table((), "lr", (("term",), ("count",)), rows, total=total),))
    (tmp_path / "page.pdf").write_bytes(compiled(render(document, "typst")))
    command = [tool("pdftotext"), "-bbox", "page.pdf", "-"]
    boxes = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    found = re.findall(r'<word xMin="[-\d.]+" yMin="([-\d.]+)" xMax="[-\d.]+" yMax="([-\d.]+)">(term|𝑁|𝐷)<', boxes)
    middles = sorted(((float(top) + float(bottom)) / 2, letter) for top, bottom, letter in found)
    assert "".join(letter for _, letter in middles) == "term" + "𝑁𝐷" * 4
    apart = [after - before for (before, _), (after, _) in pairwise(middles)]
    assert all(distance >= 7.0 for distance in apart[::2])


@pytest.mark.parametrize(
    "reason", ["so", "a reason that is far too long to stand in one line beside the formula that it is for"]
)
@pytest.mark.parametrize("size", [2, 14])
def test_steps_go_on_over_the_page_in_one_alignment(reason: str, size: int, tmp_path: Path) -> None:
    """The first two steps and the last two stand on one page; every = is below the others."""
    lefts = ["a", "macs", "a longer name", *"bcdefghijklmno"]
    steps = tuple(
        Step(Words(left), "=", Quotient(long_sum(1 + place % size), Symbol("k")), (reason,))
        for place, left in enumerate(lefts)
    )
    filled = tuple(Paragraph((f"line {place}",)) for place in range(27))
    document = Document("x", (*filled, Steps(steps)))
    pdf = compiled(render(document, "typst"))
    assert sticking_out(pdf, 5.5, tmp_path) == []
    command = [tool("pdftotext"), "-bbox", "page.pdf", "-"]
    boxes = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    pages = [re.findall(r'xMax="([-\d.]+)" [^>]*>\w*=<', page) for page in boxes.split("<page")[1:]]
    counts = list(map(len, pages))
    assert sum(counts) == len(steps) and len(counts) > 1 and 1 not in counts
    places = [float(place) for page in pages for place in page]
    assert max(places) - min(places) < 0.2


def test_steps_that_are_few_are_one_equation() -> None:
    source = render(Document("x", (Steps((Step(N, "=", D, ("so",)),) * 6),)), "typst")
    assert "#h(" not in source.split("#let derivation")[1]


def test_what_needs_many_lines_of_a_table_has_slashes() -> None:
    """Fractions in lines of one cell would reach into each other."""
    terms = Sum(tuple(Quotient(Power(Symbol(letter), TWO), N) for letter in "abcdefgh"))
    words = ("many words " * 8,)
    document = Document("x", (Table((), "ll", (("a",), ("b",)), (((terms,), words), ((Quotient(N, D),), words))),))
    source = render(document, "typst")
    assert r"a^2 \/ N" in source and "frac(N, D)" in source and "tall: (2,)" in source


WIDE_FORMULAS = [
    r'2 D^2 N d_("ff") + 3 D^3 N - 4 D^4 N d_("ff")',
    "O(D^2 N + D N^2)",
    "frac(N - 1, k - 1) + L (frac(N, 2) + 1)",
    "sqrt((a + b)^2 + 4 N)",
    '"heads" dot N dot d_("model")',
    "max(frac(N, k), D, 12)",
    "⌈N + k⌉ + floor(frac(N + D, k)) + abs(x)",
    '"1,234,567"N + 1.5 dot 10^(-6)',
    "sum_i x_(n, i) W_(q; thin i, o)",
    'N < D "and" k >= 1',
    "theta + phi.alt + Gamma + N'_x^2 + log_2 N",
]


@pytest.mark.parametrize("display", [True, False])
def test_predicted_widths_are_those_of_typst(display: bool, tmp_path: Path) -> None:
    blank = " " if display else ""
    measured = "\n".join(
        f"#context [#metadata(measure(${blank}{formula}{blank}$).width.pt()) <w>]" for formula in WIDE_FORMULAS
    )
    (tmp_path / "m.typ").write_text(
        f'#set page(width: 60in)\n#set text(font: "New Computer Modern", size: 10pt)\n{measured}', encoding="utf-8"
    )
    answer = typst.query(str(tmp_path / "m.typ"), "<w>", field="value", ignore_system_fonts=True)
    real = dict(zip(WIDE_FORMULAS, json.loads(answer), strict=True))
    off = {formula: typst_width(formula, display=display) / width for formula, width in real.items()}
    assert {formula: ratio for formula, ratio in off.items() if not 0.985 < ratio < 1.09} == {}


# ---------------------------------------------------------------- examples

EXAMPLES = sorted((ROOT / "examples").glob("*.arch"))
TABLE_1 = sorted((ROOT / "examples" / "table1").glob("*.arch"))
MODELS = (
    "bert",
    "densenet",
    "gpt2",
    "inception_v3",
    "llama",
    "mamba",
    "mixtral",
    "mobilenetv4",
    "poolformer",
    "seq2seq",
    "swin",
    "unet",
    "whisper",
)


def documents(*paths: str) -> list[Document]:
    sessions = [open_path(path, {}, None) for path in paths]
    measures = [found for session in sessions for found in session.measures("float32").values()]
    return documents_of(measures, Request(("macs",), "steps", "auto", "float32", {}), detailed=False)


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_fit(path: Path, width: float, tmp_path: Path) -> None:
    pdf = compiled(render(documents(str(path)), "typst", Look(width)))
    assert sticking_out(pdf, width, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_a_comparison_fits(width: float, tmp_path: Path) -> None:
    pdf = compiled(render(documents(*map(str, TABLE_1)), "typst", Look(width)))
    assert sticking_out(pdf, width, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", MODELS)
def test_models_fit(name: str, width: float, tmp_path: Path) -> None:
    for document in documents(name):
        pdf = compiled(render(document, "typst", Look(width)))
        assert sticking_out(pdf, width, tmp_path) == []
