"""Formulas in LaTeX, Unicode and Python, against what a careful hand would write."""

from __future__ import annotations

import itertools
import re
import unicodedata
from fractions import Fraction

import pytest
import sympy
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
from archderive.notation import Symbols, latex_width, to_latex, to_python, to_unicode

NAMES = "N D L V k h w C i o n m t e g a x d v"
N, D, L, V, k, h, w, C, i, o, n, m, t, e, g, a, x, d, v = (Symbol(name) for name in NAMES.split())
d_ff, heads, theta, H_prime = Symbol("d_ff"), Symbol("heads"), Symbol("theta_1"), Symbol("H'")
ONE, TWO, THREE = integer(1), integer(2), integer(3)
HALF = Number(Fraction(1, 2))
MINUS_ONE = Number(Fraction(-1))
PLAIN = Symbols()


def total(*terms: Formula) -> Sum:
    return Sum(terms)


def times(*factors: Formula) -> Product:
    return Product(factors)


SUM = total(times(THREE, Power(D, TWO), N), times(TWO, D, Power(N, TWO)))
CEILING = Apply("ceil", (Quotient(total(N, Negative(ONE)), total(k, MINUS_ONE)),))

FORMULAS: list[tuple[Formula, str, str, str]] = [
    (SUM, "3 D^{2} N + 2 D N^{2}", "3D²N + 2DN²", "3*D**2*N + 2*D*N**2"),
    (times(integer(8), D, d_ff), r"8 D d_{\mathrm{ff}}", "8·D·d_ff", "8*D*d_ff"),
    (CEILING, r"\left\lceil \frac{N-1}{k-1} \right\rceil", "⌈(N−1)/(k−1)⌉", "ceiling((N - 1)/(k - 1))"),
    (Apply("ceil", (Apply("log", (N,), k),)), r"\lceil \log_{k} N \rceil", "⌈logₖ N⌉", "ceiling(log(N, k))"),
    (Apply("log", (N,), D), r"\log_{D} N", "log_D(N)", "log(N, D)"),
    (Apply("log2", (total(N, ONE),)), r"\log_{2}(N+1)", "log₂(N+1)", "log(N + 1, 2)"),
    (times(Apply("log", (N,), TWO), D), r"\log_{2}(N) D", "log₂(N)·D", "log(N, 2)*D"),
    (times(D, Apply("log", (N,), TWO)), r"D \log_{2} N", "D·log₂ N", "D*log(N, 2)"),
    (Quotient(times(N, total(N, ONE)), TWO, inline=True), "N (N+1) / 2", "N(N+1)/2", "N*(N + 1)/2"),
    (Quotient(times(N, total(N, ONE)), TWO), r"\frac{N (N+1)}{2}", "N(N+1)/2", "N*(N + 1)/2"),
    (Quotient(ONE, Quotient(N, D, inline=True), inline=True), "1 / (N / D)", "1/(N/D)", "1/(N/D)"),
    (Quotient(Quotient(N, D, inline=True), k, inline=True), "(N / D) / k", "(N/D)/k", "(N/D)/k"),
    (times(TWO, Power(times(h, w), TWO)), "2 (h w)^{2}", "2·(hw)²", "2*(h*w)**2"),
    (times(L, total(times(TWO, D), ONE)), "L (2 D + 1)", "L(2D + 1)", "L*(2*D + 1)"),
    (times(total(N, ONE), total(N, TWO)), "(N+1) (N+2)", "(N+1)(N+2)", "(N + 1)*(N + 2)"),
    (Product((N, D, D), dots=True), r"N \cdot D \cdot D", "N·D·D", "N*D*D"),
    (times(TWO, THREE, N), r"2 \cdot 3 N", "2·3·N", "2*3*N"),
    (times(heads, N), r"\mathrm{heads} \cdot N", "heads·N", "heads*N"),
    (times(N, Symbol("O"), total(N, ONE)), r"N O \cdot (N+1)", "N·O·(N+1)", "N*O*(N + 1)"),
    (times(m, a, x, total(N, ONE)), "m a x (N+1)", "m·a·x·(N+1)", "m*a*x*(N + 1)"),
    (times(N, total(Apply("max", (N, D)), ONE)), r"N (\max(N, D) + 1)", "N(max(N, D) + 1)", "N*(Max(N, D) + 1)"),
    (times(HALF, N), r"\frac{1}{2} N", "(1/2)N", "(1/2)*N"),
    (times(integer(-2), N), "-2 N", "−2N", "-2*N"),
    (total(N, times(integer(-2), D)), "N - 2 D", "N − 2D", "N - 2*D"),
    (total(N, Negative(total(D, k))), "N - (D+k)", "N − (D+k)", "N - (D + k)"),
    (total(N, Number(Fraction(-1, 2))), r"N - \frac{1}{2}", "N − 1/2", "N - 1/2"),
    (Negative(total(N, D)), "-(N+D)", "−(N+D)", "-(N + D)"),
    (Power(total(N, ONE), TWO), "(N+1)^{2}", "(N+1)²", "(N + 1)**2"),
    (Power(Negative(ONE), N), "(-1)^{N}", "(−1)ᴺ", "(-1)**N"),
    (Power(HALF, k), r"\left( \frac{1}{2} \right)^{k}", "(1/2)ᵏ", "(1/2)**k"),
    (Power(Power(N, TWO), k), "(N^{2})^{k}", "(N²)ᵏ", "(N**2)**k"),
    (Power(k, total(L, ONE)), "k^{L+1}", "kᴸ⁺¹", "k**(L + 1)"),
    (Power(N, MINUS_ONE), "N^{-1}", "N⁻¹", "N**(-1)"),
    (Power(TWO, d_ff), r"2^{d_{\mathrm{ff}}}", "2^(d_ff)", "2**d_ff"),
    (Power(theta, TWO), r"\theta_{1}^{2}", "θ₁²", "theta_1**2"),
    (Power(H_prime, TWO), "H'^{2}", "H′²", "H_prime**2"),
    (Apply("sqrt", (total(N, D),)), r"\sqrt{N+D}", "√(N+D)", "sqrt(N + D)"),
    (Quotient(ONE, Apply("sqrt", (d,)), inline=True), r"1 / \sqrt{d}", "1/√d", "1/sqrt(d)"),
    (Apply("abs", (total(N, Negative(D)),)), r"\lvert N-D \rvert", "|N−D|", "Abs(N - D)"),
    (Apply("max", (Quotient(N, TWO), THREE)), r"\max\left( \frac{N}{2}, 3 \right)", "max(N/2, 3)", "Max(N/2, 3)"),
    (Apply("mod", (total(N, ONE), k)), r"(N+1) \bmod k", "(N+1) mod k", "Mod(N + 1, k)"),
    (Apply("tanh", (x,)), r"\tanh(x)", "tanh(x)", "tanh(x)"),
    (Apply("my_norm", (x,)), r"\mathrm{my\_norm}(x)", "my_norm(x)", "my_norm(x)"),
    (Read("y", (n, o), leading=True), r"y_{\ldots,n,o}", "y[…,n,o]", "y[n, o]"),
    (Read("W_q", (i, o)), r"W_{q;\,i,o}", "W_q[i,o]", "W_q[i, o]"),
    (Read("scores", (n, total(t, MINUS_ONE))), r"\mathrm{scores} _ {n,t-1}", "scores[n,t−1]", "scores[n, t - 1]"),
    (Read("x'", (n, Group((g, a)))), "x_{n,(g,a)}'", "x′[n,(g,a)]", "x_prime[n, (g, a)]"),
    (Power(Read("x", (i,)), TWO), "x_{i}^{2}", "x[i]²", "x[i]**2"),
    (Reduction("sum", (Bound(i),), times(Read("x", (n, i)), Read("W", (i, o)))),
     r"\sum_{i} x_{n,i} W_{i,o}", "Σ_i x[n,i]·W[i,o]", "Sum(x[n, i]*W[i, o], i)"),
    (Reduction("sum", (Bound(m, integer(0), n),), Power(m, TWO)),
     r"\sum_{m=0}^{n} m^{2}", "Σ_{m=0..n} m²", "Sum(m**2, (m, 0, n))"),
    (Reduction("sum", (Bound(i), Bound(m, integer(0), n)), total(i, m)),
     r"\sum_{i} \sum_{m=0}^{n} (i+m)", "Σ_{i,m=0..n} (i+m)", "Sum(i + m, (m, 0, n), i)"),
    (Reduction("max", (Bound(m, integer(0), n),), Read("x", (m,))),
     r"\max_{0 \le m \le n} x_{m}", "max_{m=0..n} x[m]", "Max(x[m], (m, 0, n))"),
    (Reduction("mean", (Bound(i),), Read("x", (i,))), r"\mathrm{mean} _ {i} x_{i}", "mean_i x[i]", "mean(x[i], i)"),
    (Reduction("sum", (Bound(e),), Read("M", (e,)), Relation((Read("dst", (e,)), v), ("==",))),
     r"\sum_{e\,:\,\mathrm{dst} _ {e} = v} M_{e}", "Σ_{e: dst[e] = v} M[e]",
     "Sum(Piecewise((M[e], Eq(dst[e], v)), (0, True)), e)"),
    (times(Reduction("sum", (Bound(i),), Read("x", (i,))), N), r"\left( \sum_{i} x_{i} \right) N", "(Σ_i x[i])N",
     "Sum(x[i], i)*N"),
    (Cases(a, Relation((x, integer(0)), (">",)), integer(0)),
     r"\begin{cases} a & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}", "a if x > 0, else 0",
     "Piecewise((a, Gt(x, 0)), (0, True))"),
    (Relation((integer(0), n, N), ("<=", "<")), r"0 \le n < N", "0 ≤ n < N", "And(Le(0, n), Lt(n, N))"),
    (Logic("and", (Relation((n, N), ("<",)), Logic("not", (Relation((n, m), ("==",)),)))),
     r"n < N \text{ and } \text{not } n = m", "n < N and not n = m", "And(Lt(n, N), Not(Eq(n, m)))"),
    (Growth(times(Power(N, TWO), D)), "O(N^{2} D)", "O(N²D)", "O(N**2*D)"),
    (Growth(N, "Theta"), r"\Theta(N)", "Θ(N)", "O(N)"),
    (Infinity(), r"\infty", "∞", "oo"),
    (Number(Fraction(1, 100000), "1e-5"), "10^{-5}", "10⁻⁵", "(1/100000)"),
    (integer(28288354), "28{,}288{,}354", "28,288,354", "28288354"),
    (Words("50% of d_ff"), r"\text{50}\%\text{ of d}\_\text{ff}", "50% of d_ff", "nan"),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "latex", "unicode", "python"), FORMULAS, ids=[row[2] for row in FORMULAS])
def test_formula(formula: Formula, latex: str, unicode: str, python: str) -> None:
    assert to_latex(formula, PLAIN) == latex
    assert to_unicode(formula, PLAIN) == unicode
    assert to_python(formula, PLAIN) == python


LOOKS = [
    ("N", "N", "N", "N"),
    ("d_ff", r"d_{\mathrm{ff}}", "d_ff", "d_ff"),
    ("k_h", "k_{h}", "k_h", "k_h"),
    ("D_x", "D_{x}", "D_x", "D_x"),
    ("k0", "k_{0}", "k₀", "k0"),
    ("alpha", r"\alpha", "α", "alpha"),
    ("Omega", r"\Omega", "Ω", "Omega"),
    ("theta_1", r"\theta_{1}", "θ₁", "theta_1"),
    ("λ", r"\lambda", "λ", "λ"),
    ("lambda", r"\lambda", "λ", "lambda_"),
    ("lambda_", r"\lambda", "λ", "lambda__"),
    ("H'", "H'", "H′", "H_prime"),
    ("H''", "H''", "H′′", "H_prime_prime"),
    ("H_prime", r"H_{\mathrm{prime}}", "H_prime", "H_prime_"),
    ("heads", r"\mathrm{heads}", "heads", "heads"),
    ("out_2", r"\mathrm{out} _ {2}", "out₂", "out_2"),
    ("out_in", r"\mathrm{out\_in}", "out_in", "out_in"),
    ("ffn_half_2", r"\mathrm{ffn\_half} _ {2}", "ffn_half₂", "ffn_half_2"),
    ("x1_hat", r"x_{1,\mathrm{hat}}", "x_1_hat", "x1_hat"),
    ("theta_max", r"\theta_{\mathrm{max}}", "θ_max", "theta_max"),
    ("C_in_max", r"C_{\mathrm{in},\mathrm{max}}", "C_in_max", "C_in_max"),
    ("floor", r"\mathrm{floor}", "floor", "floor_"),
    ("größe", r"\mathrm{gr\ddot{o}U00DFe}", "größe", "größe"),
]


@pytest.mark.parametrize(("name", "latex", "unicode", "python"), LOOKS, ids=[row[0] for row in LOOKS])
def test_name(name: str, latex: str, unicode: str, python: str) -> None:
    assert (PLAIN.in_latex(name), PLAIN.in_unicode(name), PLAIN.in_python(name)) == (latex, unicode, python)


CHOICES = [
    ("n", "n", "n"),
    (r"d_{\text{ff}}", r"d_{\text{ff}}", "d_ff"),
    (r"\theta", r"\theta", "θ"),
    ("k_0", "k_{0}", "k₀"),
    (r"\hat{x}", r"\hat{x}", "x̂"),
    (r"\mathbf{W}_{q}", r"\mathbf{W} _ {q}", "𝐖_q"),
    (r"d_{12}^2", r"d_{12}^{2}", "d₁₂²"),
    ("x^*", r"x^{\ast}", "x^*"),
    (r"\ell", r"\ell", "ℓ"),
]


@pytest.mark.parametrize(("chosen", "latex", "unicode"), CHOICES, ids=[row[0] for row in CHOICES])
def test_name_that_the_author_chose(chosen: str, latex: str, unicode: str) -> None:
    symbols = Symbols({"name": chosen})
    assert (symbols.in_latex("name"), symbols.in_unicode("name")) == (latex, unicode)
    assert symbols.in_python("name") == "name"


def test_python_names_never_collide() -> None:
    stems = ["H", "lambda", "H_prime", "None", "floor", "x", "prime", "_prime"]
    names = {stem + "_" * low + "'" * primes + tail
             for stem, low, primes, tail in itertools.product(stems, range(3), range(3), ["", "_prime"])
             if not (primes and tail)}  # fmt: skip
    names |= {"\u00b5", "\u03bc", "N", "\U0001d40d"}  # Python takes micro for mu, and a bold N for N
    assert len({unicodedata.normalize("NFKC", PLAIN.in_python(name)) for name in names}) == len(names)
    assert all(PLAIN.in_python(name).isidentifier() for name in names)


def symbols_in(formula: object) -> set[str]:
    if isinstance(formula, Symbol):
        return {formula.name}
    if isinstance(formula, tuple):
        return set().union(*map(symbols_in, formula))
    return set().union(*map(symbols_in, vars(formula).values())) if hasattr(formula, "__dict__") else set()


@pytest.mark.parametrize("row", [row for row in FORMULAS if not re.search(r"\[|mean|nan|O\(|Max\(x|, i\)", row[3])],
                         ids=lambda row: row[3])  # fmt: skip
def test_python_is_read_by_sympy(row: tuple[Formula, str, str, str]) -> None:
    names = {PLAIN.in_python(name): sympy.Symbol(name, positive=True) for name in symbols_in(row[0])}
    value = sympy.sympify(row[3], locals=names)
    assert value.free_symbols <= set(names.values())


@pytest.mark.parametrize("row", FORMULAS, ids=lambda row: row[2])
def test_latex_survives_markdown(row: tuple[Formula, str, str, str]) -> None:
    latex = to_latex(row[0], PLAIN)
    assert "}_" not in latex
    assert not re.search(r"<\S|\S<|\||\*|\\operatorname", latex)


# What TeX itself measures, in points.
WIDTHS = [
    ("N", 9.12), ("x_{i,o}", 15.37), (r"\frac{N}{k}", 11.52), (r"\left( \frac{N}{k} \right)", 26.25),
    (r"\left\lceil \frac{N}{k} \right\rceil", 23.19), (r"\sum_{m=0}^{n}", 17.22), (r"\sqrt{N}", 17.46),
    ("x^{2}", 10.20),
    (r"D \cdot D \cdot n + D \cdot D \cdot n + D \cdot D \cdot n + 2 D n^{2}", 173.39),
    (r"\begin{cases} a & \text{if } b \\ c & \text{otherwise} \end{cases}", 65.74),
]  # fmt: skip


@pytest.mark.parametrize(("tex", "points"), WIDTHS, ids=[row[0] for row in WIDTHS])
def test_width(tex: str, points: float) -> None:
    assert -0.01 * points <= latex_width(tex) - points <= 0.04 * points + 1.5
