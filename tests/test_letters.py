"""Letters of all kinds in names, symbols, notes and descriptions: each format prints them, and stops at none."""

from __future__ import annotations

import functools
import itertools
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import archderive as ad
import pytest
from archderive.document import Code, Document, Heading, Paragraph, Step, Steps, Strong
from archderive.formula import Formula, Power, Product, Quotient, Sum, Symbol, Words, integer
from archderive.notation import Symbols, to_latex, to_unicode
from archderive.notation.mathml import to_mathml
from archderive.notation.tex_symbol import hint_for, read_tex
from archderive.notation.typst import to_typst
from archderive.renderer import Look, render
from archderive.renderer.escape import latex_code, latex_words, markdown_words
from archderive.renderer.escape_typst import typst_words
from archderive.renderer.html_prose import html_words
from archderive.renderer.pdf import to_pdf
from tools import COMPLAINTS, compiled, mathematics_read, tool

TWO = integer(2)
STRANGE = (
    "Đ đ Þ þ Ð ð Ŋ ŋ ‚ ‹ › « » \ufffd ® ¤ ¥ ¢ ¦ ª º ‰ ≮ ≯ Ħ ŧ ą Ų ĸ ŀ ŉ ſ é ß ẹ x̂ q̲ ∉ ∌ ∫ ∮ ⋃ ⨁ ℒ ℱ ℝ ℭ ⟦ ⟧ ≔ ≟ ≙ ∯ "
    "⌜ ⦃ № ₩ ‼ 𝚤 中 й 🙂 क्\u200dष می\u200cخواهم"
)  # fmt: skip


def words() -> Document:
    """Every strange letter in each of the places where words stand."""
    return Document(
        STRANGE,
        (
            Heading(2, (STRANGE,)),
            Paragraph((STRANGE, " ", Strong(STRANGE), " ", Code(STRANGE))),
            Steps((Step(Words(STRANGE), "=", TWO, (STRANGE, Code(f"ℒ_1 {STRANGE}"), Strong(STRANGE))),)),
        ),
    )


@pytest.mark.parametrize("engine", ["pdflatex", "lualatex"])
def test_no_letter_stops_latex(engine: str, tmp_path: Path) -> None:
    document = words()
    if engine == "lualatex":  # which has other fonts in formulas where luaotfload is not installed
        document = replace(document, blocks=document.blocks[:-1])
    assert COMPLAINTS.findall(compiled(render(document, "latex", Look(standalone=True)), engine, tmp_path)) == []


def test_pdflatex_prints_the_letters_that_its_fonts_have(tmp_path: Path) -> None:
    body = render(Document("m", (Paragraph(("Đđ Þþ Ðð Ŋŋ ħ ¢ ¥ ‰",)),)), "latex")
    for encoding, expected in (("OT1", "[U+0110][U+0111]"), ("T1", "Ðđ Þþ Ðð Ŋŋ [U+0127]")):
        head = rf"\documentclass{{article}}\usepackage[{encoding}]{{fontenc}}\usepackage{{amsmath,lmodern}}"
        source = rf"{head}\begin{{document}}{body}\end{{document}}"
        assert COMPLAINTS.findall(compiled(source, "pdflatex", tmp_path, once=True)) == []
        printed = subprocess.run(
            [tool("pdftotext"), "paper.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert expected in " ".join(printed.stdout.split())


@pytest.mark.parametrize("dialect", [None, "github"])
def test_every_letter_is_read_by_katex_and_mathjax(dialect: str | None) -> None:
    answer = mathematics_read(render(words(), "markdown", Look(dialect=dialect)))  # type: ignore[arg-type]
    assert answer["errors"] == []


LETTERED = [
    ("长度", r"\text{长度}"),
    ("größe", r"\text{größe}"),
    ("ширина_2", r"\text{ширина} _ {2}"),
    ("d_长'", r"d_{\text{长}}'"),
    ("Länge", r"\mathrm{L\ddot{a}nge}"),
    ("ε", r"\varepsilon"),
]


def test_markdown_prints_the_letters_of_names() -> None:
    """KaTeX and MathJax print any letter in `\\text`; LaTeX has no form for these in formulas."""
    run = tuple(piece for name, _ in LETTERED for piece in (Power(Symbol(name), TWO), " "))
    written = render(Document("m", (Paragraph(run),)), "markdown")
    assert re.findall(r"\$(.*?)\$", written) == [f"{latex}^{{2}}" for _, latex in LETTERED]
    assert mathematics_read(written) == {"errors": [], "count": len(LETTERED)}


@pytest.mark.parametrize(("encoding", "shown"), [("OT1", "≪e≫"), ("T1", "«e»")])
def test_french_quotation_marks_stay_what_they_are(encoding: str, shown: str, tmp_path: Path) -> None:
    body = render(Document("m", (Heading(1, ("«e»",)), Paragraph(("«e»", Code("«e»"))))), "latex")
    head = rf"\documentclass{{article}}\usepackage[{encoding}]{{fontenc}}\usepackage{{amsmath,lmodern}}"
    source = rf"{head}\begin{{document}}{body}\end{{document}}"
    assert COMPLAINTS.findall(compiled(source, "pdflatex", tmp_path, once=True)) == []
    found = subprocess.run([tool("pdftotext"), "paper.pdf", "-"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert "".join(found.decode().split()).count(shown) == 3


def test_joiners_stay_where_a_reader_knows_them() -> None:
    word = "می\u200cخواهم क्\u200dष"
    assert word in html_words(word)
    assert word in markdown_words(word)
    assert word in typst_words(word)
    assert word in to_typst(Words(word), Symbols())
    assert word in to_mathml(Words(word), Symbols())
    assert not re.search("[\u200c\u200d]", latex_words(word) + latex_code(word))
    assert "\u202e" not in html_words("a\u202eb")  # what turns the direction goes


@pytest.mark.parametrize(
    ("words", "latex"),
    [
        ("x̂", r"\^{x}"),
        ("≮", r"$\not<$"),
        ("ℒ ∉ ⟦", r"$\mathcal{L}$ $\notin$ ${[\![}$"),
        ("ε φ ϵ ϕ", r"$\varepsilon$ $\varphi$ $\epsilon$ $\phi$"),
        ("‹a›", r"$\triangleleft$a$\triangleright$"),
        ("\ufffd", r"[U+FFFD]\allowbreak{}"),
    ],
)
def test_words_in_latex(words: str, latex: str) -> None:
    assert latex_words(words) == latex


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("Länge", r"\mathrm{L\ddot{a}nge}"),
        ("é", r"\acute{e}"),
        ("e\u0301", r"\acute{e}"),
        ("ŵ_é", r"\hat{w} _ {\acute{e}}"),
        ("ή", r"\acute{\eta}"),
        ("façade", r"\mathrm{faU00E7ade}"),
        ("长度", r"\mathrm{U957FU5EA6}"),
        ("ℒ", r"\mathcal{L}"),
        ("_'", r"\_'"),
        ("_", r"\_"),
    ],
)
def test_names_keep_their_letters(name: str, latex: str) -> None:
    assert Symbols().in_latex(name) == latex


def test_different_letters_are_different_names() -> None:
    names = ["Lange", "Länge", "Lánge", "Långe", "Lãnge", "facade", "façade", "faḉade", "strasse", "straße"]
    assert len({Symbols().in_latex(name) for name in names}) == len(names)


# ---------------------------------------------------------------- symbols


SYMBOLS = [
    # as "…", in LaTeX, raised in LaTeX, in text, raised in text
    (r"\text{Länge}", r"\text{Länge}", r"\text{Länge}^{2}", "Länge", "Länge²"),
    (r"\text{d_ff}", r"\text{d}\_\text{ff}", r"\text{d}\_\text{ff}^{2}", "d_ff", "d_ff²"),
    (r"\text{长度}", r"\text{[U+957F][U+5EA6]}", r"\text{[U+957F][U+5EA6]}^{2}", "长度", "长度²"),
    ("n'_1", "n_{1}'", "n_{1}'^{2}", "n₁′", "n₁′²"),
    (r"\alpha'_k", r"\alpha_{k}'", r"\alpha_{k}'^{2}", "α_k′", "α_k′²"),
    ("{n'}", "n'", "n'^{2}", "n′", "n′²"),
    ("n′", "n'", "n'^{2}", "n′", "n′²"),
    ("n₁²", "n_{1}^{2}", "(n_{1}^{2})^{2}", "n₁²", "(n₁²)²"),
    ("x^*", r"x^{\ast}", r"(x^{\ast})^{2}", "x^*", "(x^*)²"),
    ("N_{i+1}", "N_{i+1}", "N_{i+1}^{2}", "N_(i+1)", "N_(i+1)²"),
    (r"\mathbb{N}", r"\mathbf{N}", r"\mathbf{N}^{2}", "ℕ", "ℕ²"),
    ("ℒ", r"\mathcal{L}", r"\mathcal{L}^{2}", "ℒ", "ℒ²"),
    (r"\mathscr{L}_1", r"\mathcal{L} _ {1}", r"\mathcal{L} _ {1}^{2}", "ℒ₁", "ℒ₁²"),
    (r"\mathbf{\theta}", r"\boldsymbol{\theta}", r"\boldsymbol{\theta}^{2}", "𝛉", "𝛉²"),
    (r"\bm{x}", r"\boldsymbol{x}", r"\boldsymbol{x}^{2}", "𝒙", "𝒙²"),
    (r"\mathcal{D}_{\text{ff}}", r"\mathcal{D} _ {\text{ff}}", r"\mathcal{D} _ {\text{ff}}^{2}", "𝒟_ff", "𝒟_ff²"),
    (r"\mathbb{D}_1", r"\mathbf{D} _ {1}", r"\mathbf{D} _ {1}^{2}", "𝔻₁", "𝔻₁²"),
    (r"\mathsf{K}", r"\mathsf{K}", r"\mathsf{K}^{2}", "𝖪", "𝖪²"),
    (r"\mathtt{n}", r"\mathtt{n}", r"\mathtt{n}^{2}", "𝚗", "𝚗²"),
    (r"\Delta t", r"\Delta t", r"(\Delta t)^{2}", "Δt", "(Δt)²"),
    ("2n", "2n", "(2n)^{2}", "2n", "(2n)²"),
    ("|V|", r"\vert V\vert", r"(\vert V\vert)^{2}", "|V|", "(|V|)²"),
    (r"\overline{ab}", r"\overline{ab}", r"\overline{ab}^{2}", "a\u0305b\u0305", "a\u0305b\u0305²"),
    (r"\ddot{a}", r"\ddot{a}", r"\ddot{a}^{2}", "ä", "ä²"),
    ("é", r"\acute{e}", r"\acute{e}^{2}", "é", "é²"),
    (r"\aleph", r"\aleph", r"\aleph^{2}", "ℵ", "ℵ²"),
    (r"N^\times", r"N^{\times}", r"(N^{\times})^{2}", "N^×", "(N^×)²"),
    (r"\#\text{heads}", r"\#\text{heads}", r"(\#\text{heads})^{2}", "#heads", "(#heads)²"),
]  # fmt: skip


def raised(latex: str) -> tuple[Formula, Symbols]:
    return Power(Symbol("name"), TWO), Symbols({"name": latex})


@pytest.mark.parametrize(
    ("chosen", "latex", "power", "text", "power_in_text"), SYMBOLS, ids=[row[0] for row in SYMBOLS]
)
def test_symbol(chosen: str, latex: str, power: str, text: str, power_in_text: str) -> None:
    formula, symbols = raised(chosen)
    assert (symbols.in_latex("name"), to_latex(formula, symbols)) == (latex, power)
    assert (symbols.in_unicode("name"), to_unicode(formula, symbols)) == (text, power_in_text)


LAYERS = """
dim N = 8, D = 4
layer sr_mix(x[..., D]):
    return x -> linear(D)
model sr_net(x[N, D]):
    y = x -> sr_mix -> sr_mix -> sr_mix
    return y
"""


@pytest.mark.parametrize(
    ("form", "shown", "other"),
    [
        ("latex", r"\mathrm{sr\_mix}", "sr_{"),
        ("typst", '"sr_mix"_2', 'sr_"'),
        ("text", "sr_mix₂", "sr_mix_2"),
        ("html", "<mi>sr_mix</mi><mn>2</mn>", "<mi>mix</mi>"),
    ],
)
def test_the_name_of_a_layer_is_one_word_everywhere(form: str, shown: str, other: str) -> None:
    derivation = ad.parse(LAYERS).derivation()
    texts = {"latex": derivation.to_latex, "typst": derivation.to_typst, "html": derivation.to_html}
    written = texts[form]() if form in texts else derivation.to_text()
    assert shown in written and other not in written


def test_a_symbol_of_several_letters_is_a_product() -> None:
    symbols = Symbols({"t": r"\Delta t", "n": "n"})
    t, n = Symbol("t"), Symbol("n")
    assert to_latex(Quotient(n, t, inline=True), symbols) == r"n / (\Delta t)"
    assert to_unicode(Quotient(n, t, inline=True), symbols) == "n/(Δt)"
    assert to_typst(Quotient(n, t, inline=True), symbols) == r"n \/ (Delta t)"
    assert to_latex(Product((n, t, Sum((n, t)))), symbols) == r"n \Delta t (n + \Delta t)"


@functools.cache
def of_symbols() -> Document:
    """Every symbol, and every name of the tests of names, in a product, raised and as a fraction."""
    chosen = {f"s{place}": row[0] for place, row in enumerate(SYMBOLS)}
    names = [*chosen, "Länge", "é", "größe", "长度", "_'", "ŵ_é", "Ωή"]
    parts = itertools.batched(names, 3) if hasattr(itertools, "batched") else zip(*[iter(names)] * 3, strict=False)
    steps = []
    for part in parts:
        powers = Product(tuple(Power(Symbol(name), TWO) for name in part))
        steps.append(Step(None, "=", Sum((powers, Quotient(TWO, Symbol(part[0]))))))
    return Document("symbols", (Steps(tuple(steps)),), (), chosen)


def test_symbols_are_printed_by_pdflatex(tmp_path: Path) -> None:
    assert (
        COMPLAINTS.findall(compiled(render(of_symbols(), "latex", Look(standalone=True)), "pdflatex", tmp_path)) == []
    )


def test_symbols_are_read_by_katex_and_mathjax() -> None:
    assert mathematics_read(render(of_symbols(), "markdown"))["errors"] == []


def test_symbols_are_set_by_typst() -> None:
    pytest.importorskip("typst")
    assert to_pdf(of_symbols()).startswith(b"%PDF")


@pytest.mark.parametrize(
    "latex",
    ["n+m", "-n", "n-1", "a/b", "a,b", r"n \times m", r"\frac{a}{b}", r"\sqrt{d}", r"\hat{}", r"\mathrm{}", r"\text{}",
     r"\,", "{}", r"\mathfrak{g}", r"\square", r"\mathcal{l}", "a_b_c", "♥", "`", "\ufffd"],
)  # fmt: skip
def test_what_is_no_symbol(latex: str) -> None:
    assert read_tex(latex) is None
    assert hint_for(latex)


# ---------------------------------------------------------------- indices


def test_an_index_takes_a_free_look() -> None:
    """Beside sizes that look like a and a′, and like k₀ under another spelling."""
    source = """dim N as "a" = 4, a' = 3, D as "k_0" = 2

model f(x[N, D, a']):
    y[n, m, k0] = sum[a] x[n, k0, a] * x[m, k0, a]
    return y
"""
    text = ad.parse(source).derivation().to_text()
    assert "Σ_{a′′} x[n,k₀′,a′′]" in text
