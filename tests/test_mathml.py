"""Formulas as MathML: against what a careful hand would write, and against the LaTeX of the same formula."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from fractions import Fraction

import pytest
from archderive.algebra.atoms import Symbol as Size
from archderive.algebra.expression import Expr, sym
from archderive.algebra.substitution import substitute
from archderive.forms import Layout
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
from archderive.notation import Symbols, to_flat_latex, to_latex
from archderive.notation.marks import unmarked
from archderive.notation.mathml import element, flat_mathml_parts, mathml_parts, to_mathml
from archderive.renderer.html_prose import Writer
from hypothesis import given
from hypothesis import strategies as st
from mathml_reader import MATH, latex_of, plain_latex
from test_algebra import NAMES
from test_notation import FORMULAS, PLAIN
from test_parse_back import POOL, distinct, wide
from tools import trials

LETTERS = "N D k i n m x v e a"
N, D, k, i, n, m, x, v, e, a = (Symbol(name) for name in LETTERS.split())
ONE, TWO = integer(1), integer(2)

TIMES, APPLY = "<mo>\u2062</mo>", "<mo>\u2061</mo>"
OPEN, CLOSE = '<mo stretchy="false">(</mo>', '<mo stretchy="false">)</mo>'
COMMA = '<mo rspace="0">,</mo>'


def in_script(sign: str) -> str:
    return f'<mo lspace="0" rspace="0">{sign}</mo>'


WRITTEN: list[tuple[Formula, str]] = [
    (integer(28288354), "<mn>28,288,354</mn>"),
    (integer(1024), "<mn>1024</mn>"),
    (Number(Fraction(1, 100000), "1e-5"), '<msup><mn>10</mn><mrow><mo form="prefix">−</mo><mn>5</mn></mrow></msup>'),
    (Number(Fraction(25, 10**6), "2.5e-5"),
     '<mn>2.5</mn><mo>⋅</mo><msup><mn>10</mn><mrow><mo form="prefix">−</mo><mn>5</mn></mrow></msup>'),
    (Number(Fraction(1, 2)), "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
    (N, "<mi>N</mi>"),
    (Symbol("theta"), "<mi>θ</mi>"),
    (Symbol("Omega"), '<mi mathvariant="normal">Ω</mi>'),
    (Symbol("heads"), "<mi>heads</mi>"),
    (Symbol("d_ff"), "<msub><mi>d</mi><mi>ff</mi></msub>"),
    (Symbol("C_in_0"),
     '<msub><mi>C</mi><mrow><mi>in</mi><mo lspace="0" rspace="0" stretchy="false">,</mo><mn>0</mn></mrow></msub>'),
    (Symbol("H'"), "<mrow><mi>H</mi><mo>′</mo></mrow>"),
    (Symbol("d_c'"), "<mrow><msub><mi>d</mi><mi>c</mi></msub><mo>′</mo></mrow>"),
    (Sum((N, Negative(D), ONE)), "<mi>N</mi><mo>−</mo><mi>D</mi><mo>+</mo><mn>1</mn>"),
    (Negative(N), '<mo form="prefix">−</mo><mi>N</mi>'),
    (Product((TWO, N, D)), f"<mn>2</mn>{TIMES}<mi>N</mi>{TIMES}<mi>D</mi>"),
    (Product((N, D), dots=True), "<mi>N</mi><mo>⋅</mo><mi>D</mi>"),
    (Product((N, Symbol("heads"))), "<mi>N</mi><mo>⋅</mo><mi>heads</mi>"),
    (Product((N, Apply("log", (D,)))),
     '<mi>N</mi><mo rspace="0.167em">\u2062</mo><mi>log</mi><mo rspace="0.167em">\u2061</mo><mi>D</mi>'),
    (Product((N, Sum((D, ONE)))), f"<mi>N</mi>{TIMES}{OPEN}<mi>D</mi><mo>+</mo><mn>1</mn>{CLOSE}"),
    (Quotient(N, Sum((D, ONE))), "<mfrac><mi>N</mi><mrow><mi>D</mi><mo>+</mo><mn>1</mn></mrow></mfrac>"),
    (Quotient(N, D, inline=True), f"<mi>N</mi>{in_script('/')}<mi>D</mi>"),
    (Power(Symbol("k_h"), TWO), "<msubsup><mi>k</mi><mi>h</mi><mn>2</mn></msubsup>"),
    (Power(Sum((N, ONE)), Sum((k, ONE))),
     f"<msup><mrow>{OPEN}<mi>N</mi><mo>+</mo><mn>1</mn>{CLOSE}</mrow>"
     f"<mrow><mi>k</mi>{in_script('+')}<mn>1</mn></mrow></msup>"),
    (Apply("sqrt", (Sum((N, D)),)), "<msqrt><mi>N</mi><mo>+</mo><mi>D</mi></msqrt>"),
    (Apply("floor", (N,)), '<mo stretchy="false">⌊</mo><mi>N</mi><mo stretchy="false">⌋</mo>'),
    (Apply("ceil", (Quotient(N, k),)), "<mrow><mo>⌈</mo><mfrac><mi>N</mi><mi>k</mi></mfrac><mo>⌉</mo></mrow>"),
    (Apply("abs", (N,)),
     '<mo form="prefix" stretchy="false">|</mo><mi>N</mi><mo form="postfix" stretchy="false">|</mo>'),
    (Apply("log", (N,), k), '<msub><mi>log</mi><mi>k</mi></msub><mo rspace="0.167em">\u2061</mo><mi>N</mi>'),
    (Apply("log2", (Sum((N, ONE)),)),
     f"<msub><mi>log</mi><mn>2</mn></msub>{APPLY}{OPEN}<mi>N</mi><mo>+</mo><mn>1</mn>{CLOSE}"),
    (Apply("max", (N, D)), f"<mi>max</mi>{APPLY}{OPEN}<mi>N</mi><mo>,</mo><mi>D</mi>{CLOSE}"),
    (Apply("mod", (N, k)), "<mi>N</mi><mo>mod</mo><mi>k</mi>"),
    (Read("x", (n, i), True), f"<msub><mi>x</mi><mrow><mi>…</mi>{COMMA}<mi>n</mi>{COMMA}<mi>i</mi></mrow></msub>"),
    (Read("W_q", (i,)), '<msub><mi>W</mi><mrow><mi>q</mi><mo lspace="0">;</mo><mi>i</mi></mrow></msub>'),
    (Read("x'", (Group((n, i)),)),
     f"<msub><mrow><mi>x</mi><mo>′</mo></mrow><mrow>{OPEN}<mi>n</mi>{COMMA}<mi>i</mi>{CLOSE}</mrow></msub>"),
    (Power(Read("x", (i,)), TWO), "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
    (Reduction("sum", (Bound(i),), Read("x", (i,))),
     "<munder><mo>∑</mo><mi>i</mi></munder><msub><mi>x</mi><mi>i</mi></msub>"),
    (Reduction("prod", (Bound(m, integer(0), n),), m),
     f"<munderover><mo>∏</mo><mrow><mi>m</mi>{in_script('=')}<mn>0</mn></mrow><mi>n</mi></munderover><mi>m</mi>"),
    (Reduction("max", (Bound(m, None, n),), m),
     '<munder><mo form="prefix" movablelimits="true" lspace="0" rspace="0.167em">max</mo>'
     f"<mrow><mi>m</mi>{in_script('≤')}<mi>n</mi></mrow></munder><mi>m</mi>"),
    (Reduction("sum", (Bound(e),), a, Relation((Read("dst", (e,)), v), ("==",))),
     '<munder><mo>∑</mo><mrow><mi>e</mi><mo lspace="0.2em" rspace="0.2em">:</mo>'
     f"<msub><mi>dst</mi><mi>e</mi></msub>{in_script('=')}<mi>v</mi></mrow></munder><mi>a</mi>"),
    (Cases(a, Relation((x, ONE), ("<",)), k),
     '<mrow><mo>{</mo><mtable class="cases"><mtr><mtd><mi>a</mi></mtd><mtd><mtext>if\u00a0</mtext><mi>x</mi>'
     "<mo>&lt;</mo><mn>1</mn></mtd></mtr><mtr><mtd><mi>k</mi></mtd><mtd><mtext>otherwise</mtext></mtd></mtr>"
     "</mtable></mrow>"),
    (Relation((integer(0), n, N), ("<=", "!=")), "<mn>0</mn><mo>≤</mo><mi>n</mi><mo>≠</mo><mi>N</mi>"),
    (Relation((n, N), ("in",)), "<mi>n</mi><mo>∈</mo><mi>N</mi>"),
    (Logic("and", (n, Logic("not", (m,)))), '<mi>n</mi><mo>and</mo><mo form="prefix" lspace="0">not</mo><mi>m</mi>'),
    (Growth(N), f"<mi>O</mi>{APPLY}{OPEN}<mi>N</mi>{CLOSE}"),
    (Growth(N, "Theta"), f'<mi mathvariant="normal">Θ</mi>{APPLY}{OPEN}<mi>N</mi>{CLOSE}'),
    (Infinity(), '<mi mathvariant="normal">∞</mi>'),
    (Words("not derived"), "<mtext>not derived</mtext>"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "mathml"), WRITTEN, ids=lambda value: value if isinstance(value, str) else "")
def test_node(formula: Formula, mathml: str) -> None:
    assert to_mathml(formula, PLAIN) == f"<math>{mathml}</math>"


def test_tall_formulas_are_large_in_a_display_only() -> None:
    tall, low = Quotient(N, D), Sum((N, D))
    assert to_mathml(tall, PLAIN, display=True).startswith('<math displaystyle="true"><mfrac>')
    assert to_mathml(tall, PLAIN).startswith("<math><mfrac>")
    assert to_mathml(low, PLAIN, display=True).startswith("<math><mi>")


CHOICES = [
    ("n", "<mi>n</mi>"),
    (r"d_{\text{ff}}", "<msub><mi>d</mi><mtext>ff</mtext></msub>"),
    (r"d_{\mathrm{ff}}", "<msub><mi>d</mi><mi>ff</mi></msub>"),
    (r"\theta", "<mi>θ</mi>"),
    (r"\Gamma'", '<mrow><mi mathvariant="normal">Γ</mi><mo>′</mo></mrow>'),
    ("x''", "<mrow><mi>x</mi><mo>″</mo></mrow>"),
    (r"\hat{x}", '<mover accent="true"><mi>x</mi><mo stretchy="false">ˆ</mo></mover>'),
    (r"\vec{x}", '<mover><mi>x</mi><mo stretchy="false">→</mo></mover>'),
    (r"\mathcal{L}", "<mi>ℒ</mi>"),
    (r"\mathcal{A}", "<mi>𝒜</mi>"),
    (r"\mathbb{R}", "<mi>ℝ</mi>"),
    (r"\mathbf{W}_{q}", "<msub><mi>𝐖</mi><mi>q</mi></msub>"),
    (r"\boldsymbol{\theta}", "<mi>𝜽</mi>"),
    (r"\mathit{ab}", "<mrow><mi>a</mi><mi>b</mi></mrow>"),
    (r"\mathtt{h2}", "<mi>𝚑𝟸</mi>"),
    (r"d_{12}^2", "<msubsup><mi>d</mi><mn>12</mn><mn>2</mn></msubsup>"),
    (r"\ell", "<mi>ℓ</mi>"),
    (r"N_{\text{ a}}", "<msub><mi>N</mi><mtext>\u00a0a</mtext></msub>"),
]


@pytest.mark.parametrize(("chosen", "mathml"), CHOICES, ids=[chosen for chosen, _ in CHOICES])
def test_name_that_the_author_chose(chosen: str, mathml: str) -> None:
    assert to_mathml(Symbol("name"), Symbols({"name": chosen})) == f"<math>{mathml}</math>"


@pytest.mark.parametrize("chosen", [r"\input{x}", r"\foo{<b>x</b>}", "<script>", "]]>", '"&', "{{{", r"a\\b", "%"])
def test_what_is_no_symbol_is_readable_text(chosen: str) -> None:
    (found,) = ET.fromstring(to_mathml(Symbol("name"), Symbols({"name": chosen})))
    assert {element.tag for element in found.iter()} <= {"mtext", "mrow", "mi", "mo", "mn"}
    assert "\\" not in "".join(found.itertext()).replace("\\\\", "")


def test_a_power_of_a_name_with_something_above() -> None:
    symbols = Symbols({"a": "x^*", "b": "xy", "c": "k_0"})
    assert "<msup><mrow>" in to_mathml(Power(Symbol("a"), TWO), symbols)
    assert "<msup><mrow>" in to_mathml(Power(Symbol("b"), TWO), symbols)
    assert to_mathml(Power(Symbol("c"), TWO), symbols) == (
        "<math><msubsup><mi>k</mi><mn>0</mn><mn>2</mn></msubsup></math>"
    )


@pytest.mark.parametrize("text", ["a < b & c > d", "]]>", "<script>alert(1)</script>", "\"'", "宽 θ é", "\x00\x1b[0m"])
def test_words_hold_any_character(text: str) -> None:
    (words,) = ET.fromstring(to_mathml(Words(text), PLAIN))
    assert words.tag == "mtext"
    assert words.text == text.replace("\x00", "").replace("\x1b", "")


# ---------------------------------------------------------------- against the LaTeX of the same formula


def same(formula: Formula, symbols: Symbols) -> None:
    """Is it what the LaTeX says: on one line, broken, and with slashes for fraction bars?"""
    latex = plain_latex(to_latex(formula, symbols))
    assert latex_of(to_mathml(formula, symbols)) == latex
    flat = plain_latex(unmarked(to_flat_latex(formula, symbols)))
    assert latex_of(f"<math>{element(flat_mathml_parts(formula, symbols))}</math>") == flat
    for display in (True, False):
        page = Writer(symbols).formula(formula, display=display).html
        broken = latex_of(page) if "<math" in page else page
        dotless = broken.replace(r"\cdot", "")  # a line that begins with a factor shows the sign
        assert dotless in (latex.replace(r"\cdot", ""), flat.replace(r"\cdot", ""))


@pytest.mark.parametrize("row", [row for row in FORMULAS if row[1] != to_latex(Words("50% of d_ff"), PLAIN)],
                         ids=lambda row: row[2])  # fmt: skip
def test_mathml_says_what_latex_says(row: tuple[Formula, str, str, str]) -> None:
    same(row[0], PLAIN)


ASCII_NAMES = sorted(filter(str.isascii, POOL))


@pytest.mark.slow
@given(
    expr=wide(),
    names=st.lists(st.sampled_from(ASCII_NAMES), min_size=3, max_size=3, unique=True),
    form=st.sampled_from(["auto", "expanded", "factored", "leading"]),
)
@trials(400)
def test_random_formulas_say_what_latex_says(expr: Expr, names: list[str], form: str) -> None:
    if distinct([*names, "t"]):
        renamed = substitute(expr, {Size(old): sym(new) for old, new in zip(NAMES, names, strict=True)})
        same(Layout(names, form).formula(renamed), PLAIN)


# ---------------------------------------------------------------- breaking


def long_sum(terms: int) -> Formula:
    return Sum(tuple(Product((integer(place + 2), Power(D, integer(place)), N)) for place in range(terms)))


def test_a_long_sum_is_broken_before_its_signs() -> None:
    pieces = MATH.findall(Writer(PLAIN).formula(long_sum(12)).html)
    assert len(pieces) == 12
    assert all(piece.startswith('<math><mo form="infix" lspace="0">+</mo>') for piece in pieces[1:])


def test_a_short_sum_is_one_formula() -> None:
    assert Writer(PLAIN).formula(Sum((N, D))).html == to_mathml(Sum((N, D)), PLAIN)


def test_a_long_product_shows_its_sign_where_it_is_broken() -> None:
    product = Product(tuple(Symbol(f"a_{place}") for place in range(30)))
    pieces = MATH.findall(Writer(PLAIN).formula(product).html)
    assert len(pieces) == 30
    assert all(piece.startswith('<math><mo form="infix" lspace="0">⋅</mo>') for piece in pieces[1:])


def test_a_factor_stays_with_the_bracket_that_is_broken() -> None:
    first, second, *_ = MATH.findall(Writer(PLAIN).formula(Product((N, D, long_sum(9)))).html)
    assert latex_of(first) == "ND(2D^{0}N"
    assert latex_of(second) == "+3D^{1}N"


def test_brackets_whose_halves_stand_on_two_lines_are_alike() -> None:
    page = Writer(PLAIN).formula(Product((N, Sum((Quotient(N, TWO), long_sum(9))))), display=True).html
    assert page.count('<mo minsize="2.2em" maxsize="2.2em">') == 2
    for piece in MATH.findall(page):
        ET.fromstring(piece)


def test_a_fraction_too_wide_for_any_screen_has_a_slash() -> None:
    wide_one = Quotient(long_sum(12), Sum((long_sum(3), ONE)))
    assert "<mfrac>" in to_mathml(wide_one, PLAIN)
    assert "<mfrac>" not in Writer(PLAIN).formula(wide_one).html


def test_a_long_number_is_broken_between_its_groups() -> None:
    pieces = MATH.findall(Writer(PLAIN).formula(integer(7**150)).html)
    assert len(pieces) > 20
    assert "".join("".join(ET.fromstring(piece).itertext()) for piece in pieces) == f"{7**150:,}"


def test_many_subscripts_stand_one_under_the_other() -> None:
    window = Sum((Product((Symbol("stride"), n)), Product((Symbol("dilation"), i)), Negative(Symbol("padding"))))
    (read,) = mathml_parts(Read("x", (window, window)), PLAIN)
    assert read.markup.count("<mtr>") == 2
    assert read.width < 12
