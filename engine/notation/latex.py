"""Formulas as LaTeX: a display tree goes in, a string of mathematics for amsmath, KaTeX and MathJax comes out.

Only what all three take, and what Markdown leaves alone: no `\\operatorname`, no `}_`, no `<` that touches a letter.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import assert_never

from ..formula import (
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
)
from .marks import COMMA, FACTOR, OPENING, OPERATOR, SUMMAND, deeper, unmarked
from .remembering import remembered
from .shape import Level, is_open, is_short_sum, is_single, level, plain, spread
from .symbols import Symbols
from .tex_names import word_in_latex
from .widths import latex_width
from .words import stretches, words_in_math

_RELATIONS = {"==": "=", "=": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "~": r"\approx"} | {
    "in": r"\in"
}
_COMMANDS = frozenset({"log", "exp", "max", "min", "sin", "cos", "tanh"})
_FENCES = {"floor": (r"\lfloor", r"\rfloor"), "ceil": (r"\lceil", r"\rceil"), "abs": (r"\lvert", r"\rvert")}
_BIG = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "min": r"\min"}
_TALL = re.compile(r"\\(frac|sum|prod|begin|left)(?![A-Za-z])")


def to_latex(formula: Formula, symbols: Symbols) -> str:
    """The formula on one line.

    >>> to_latex(Power(Symbol("d_ff"), Symbol("k")), Symbols())
    'd_{\\\\mathrm{ff}}^{k}'
    """
    return unmarked(to_marked_latex(formula, symbols))


def to_marked_latex(formula: Formula, symbols: Symbols) -> str:
    """The formula with the `marks` where a line may end."""
    return _cases(formula, symbols) if isinstance(formula, Cases) else _write(formula, symbols)


@remembered
def to_flat_latex(formula: Formula, symbols: Symbols) -> str:
    """The formula with slashes for fraction bars, marked: what is left when the other does not fit."""
    return _write(spread(formula), symbols)


WIDE_SUBSCRIPTS = 120.0  # points: subscripts that are wider stand one under the other


def _positions(subscripts: list[str]) -> str:
    """Subscripts in a line; those that would be wider than a column, one under the other."""
    line = ",".join(subscripts)
    if len(subscripts) < 2 or 0.7 * latex_width(unmarked(line)) <= WIDE_SUBSCRIPTS:
        return line
    return r"\substack{" + r", \\ ".join(subscripts) + "}"


@remembered
def _write(formula: Formula, symbols: Symbols) -> str:
    formula = plain(formula)
    match formula:
        case Number(value, text):
            return _number(text or str(value))
        case Symbol(name):
            return symbols.in_latex(name)
        case Sum(terms):
            return _sum(terms, symbols)
        case Negative(value):
            return "-" + _fit(value, Level.OPEN, symbols)
        case Product(factors, dots):
            return _product(factors, dots, symbols)
        case Quotient(above, below, False):
            return rf"\frac{{{_solid(above, symbols)}}}{{{_solid(below, symbols)}}}"
        case Quotient(above, below):
            over = _bracketed(above, symbols) if is_open(above) else _fit(above, Level.PRODUCT, symbols)
            return f"{over} / {_below_slash(below, symbols)}"
        case Power(base, exponent):
            return f"{_base(base, symbols)}^{{{_solid(exponent, symbols)}}}"
        case Apply():
            return _apply(formula, symbols)
        case Read(tensor, subscripts, leading):
            position = _positions([r"\ldots"] * leading + [_solid(index, symbols) for index in subscripts])
            return symbols.in_latex_at(tensor, position) if position else symbols.in_latex(tensor)
        case Group(items):
            return f"({','.join(_solid(item, symbols) for item in items)})"
        case Reduction(operator, bounds, body, where):
            head = _reduction_head(operator, bounds, where, symbols)
            inner = _fit(body, Level.OPEN, symbols) if not isinstance(body, Cases) else _bracketed(body, symbols)
            return f"{head} {SUMMAND}{deeper(inner)}"
        case Cases(then, condition, otherwise):
            parts = (_write(part, symbols) for part in (then, condition, otherwise))
            chosen, test, other = map(deeper, parts)
            return rf"{chosen} {OPERATOR}\text{{ if }} {test} {OPERATOR}\text{{ else }} {other}"
        case Relation(operands, operators):
            first, *others = (deeper(_fit(operand, Level.SUM, symbols)) for operand in operands)
            rest = (f" {OPERATOR}{_RELATIONS[sign]} {other}" for sign, other in zip(operators, others, strict=True))
            return first + "".join(rest)
        case Logic("not", (operand,)):
            return r"\text{not } " + _fit(operand, Level.RELATION, symbols)
        case Logic(operator, operands):
            inside = Level.AND if operator == "or" else Level.NOT
            joint = rf" {OPERATOR}\text{{ {operator} }} "
            return joint.join(deeper(_fit(operand, inside, symbols)) for operand in operands)
        case Growth(body, kind):
            return (r"\Theta" if kind == "Theta" else "O") + _bracketed(body, symbols)
        case Infinity():
            return r"\infty"
        case Words(text, number):
            stretched = map(words_in_math, stretches(symbols.words_in_latex(text)))
            return COMMA.join(stretched) + _number_above(number)
        case _:
            assert_never(formula)


def _nested(formula: Formula, symbols: Symbols) -> str:
    """Inside brackets: n + 1 without spaces, anything longer as usual."""
    written = _write(formula, symbols)
    return unmarked(written).replace(" ", "") if is_short_sum(formula) and "\\" not in written else written


def _solid(formula: Formula, symbols: Symbols) -> str:
    return unmarked(_nested(formula, symbols))


def _bracketed(formula: Formula, symbols: Symbols) -> str:
    inner = deeper(OPENING + _nested(formula, symbols))
    return rf"\left( {inner} \right)" if _TALL.search(inner) else f"({inner})"


def _fit(formula: Formula, wanted: Level, symbols: Symbols) -> str:
    """The formula in brackets if it holds together less than its place needs."""
    return _write(formula, symbols) if _latex_level(formula, symbols) >= wanted else _bracketed(formula, symbols)


def _latex_level(formula: Formula, symbols: Symbols) -> Level:
    match plain(formula):
        case Symbol(name) if symbols.is_row(name):
            return Level.PRODUCT
        case Quotient(inline=False):
            return Level.PRODUCT
        case other:
            return level(other)


def _number(text: str) -> str:
    mantissa, mark, exponent = text.lower().partition("e")
    if mark:
        power = f"10^{{{int(exponent)}}}"
        return power if mantissa == "1" else rf"{mantissa} \cdot {power}"
    whole, point, decimals = mantissa.partition(".")
    if len(whole) > 4:
        whole = f"{int(whole):,}".replace(",", "{,}" + (COMMA if len(whole) > 30 else ""))
    return whole + point + decimals


def _sum(terms: tuple[Formula, ...], symbols: Symbols) -> str:
    written = []
    for place, term in enumerate(map(plain, terms)):
        if isinstance(term, Negative):
            sign = " - " if place else "-"
            inner = term.value
            wanted = Level.OPEN
        else:
            sign = " + " if place else ""
            inner = term
            wanted = Level.SUM
        text = deeper(_fit(inner, wanted, symbols))
        written.append(f" {OPERATOR}{sign[1:]}{text}" if place else sign + text)
    return "".join(written)


def _product(factors: tuple[Formula, ...], dots: bool, symbols: Symbols) -> str:
    pieces = [_factor(factor, last=place == len(factors) - 1, symbols=symbols) for place, factor in enumerate(factors)]
    written = pieces[0]
    for (left, right), (before, piece) in zip(pairwise(factors), pairwise(pieces), strict=True):
        growth = unmarked(before).endswith(("O", r"\Theta")) and piece.startswith(("(", r"\left("))
        joint = rf" {FACTOR}\cdot " if dots or growth or _needs_dot(left, right, piece, symbols) else f" {FACTOR}"
        written += joint + piece
    return written


def _factor(factor: Formula, *, last: bool, symbols: Symbols) -> str:
    factor = plain(factor)
    match factor:
        case Reduction() if last:
            return deeper(_write(factor, symbols))
        case Apply("log" | "log2", (argument,)) if is_single(argument):
            return _log(factor, symbols, bare=last)
        case Apply("mod"):
            return _bracketed(factor, symbols)
        case _:
            return deeper(_fit(factor, Level.PRODUCT, symbols))


def _needs_dot(left: Formula, right: Formula, written: str, symbols: Symbols) -> bool:
    """Numbers must not run together, and words are hard to tell from one another."""
    return written[:1].isdigit() or _is_word(left, symbols) or _is_word(right, symbols)


def _is_word(factor: Formula, symbols: Symbols) -> bool:
    match factor:
        case Power(base):
            return _is_word(base, symbols)
        case Symbol(name):
            return symbols.in_latex(name).startswith((r"\mathrm", r"\text"))
        case Words():
            return True
        case _:
            return False


def _base(base: Formula, symbols: Symbols) -> str:
    base = plain(base)
    match base:
        case Symbol(name) | Read(name):
            written = _write(base, symbols)
            return written if symbols.is_whole(name) else f"({written})"
        case Number(_, text) if not (text and "e" in text.lower()):
            return _write(base, symbols)
        case Apply("floor" | "ceil" | "abs") | Infinity():
            return _write(base, symbols)
        case _:
            return _bracketed(base, symbols)


def _below_slash(below: Formula, symbols: Symbols) -> str:
    return _fit(below, Level.POWER, symbols)


def _apply(formula: Apply, symbols: Symbols) -> str:
    function, arguments = formula.function, formula.arguments
    if function in _FENCES and len(arguments) == 1:
        opening, closing = _FENCES[function]
        inner = _nested(arguments[0], symbols)
        if _TALL.search(inner):
            return rf"\left{opening} {deeper(inner)} \right{closing}"
        return f"{opening} {deeper(inner)} {closing}"
    if function == "sqrt" and len(arguments) == 1:
        return rf"\sqrt{{{_solid(arguments[0], symbols)}}}"
    if function == "mod" and len(arguments) == 2:
        left, right = (_fit(argument, Level.POWER, symbols) for argument in arguments)
        return rf"{left} \bmod {right}"
    if function in ("log", "log2") and len(arguments) == 1:
        return _log(formula, symbols, bare=True)
    inner = f", {COMMA}".join(deeper(_nested(argument, symbols)) for argument in arguments)
    head = _function_name(function) + _number_above(formula.number)
    inside = deeper(OPENING + inner)
    return head + (rf"\left( {inside} \right)" if _TALL.search(inner) else f"({inside})")


def _log(formula: Apply, symbols: Symbols, *, bare: bool) -> str:
    (argument,) = formula.arguments
    head = r"\log"
    if formula.base is not None:
        head += f"_{{{_solid(formula.base, symbols)}}}"
    elif formula.function == "log2":
        head += "_{2}"
    if bare and is_single(argument):
        return f"{head} {_write(argument, symbols)}"
    return head + _bracketed(argument, symbols)


def _number_above(number: int | None) -> str:
    return "" if number is None else f"^{{({number})}}"


def _function_name(function: str) -> str:
    if function in _COMMANDS:
        return "\\" + function
    return rf"\mathrm{{{word_in_latex(function)}}}"


def _reduction_head(operator: str, bounds: tuple[Bound, ...], where: Formula | None, symbols: Symbols) -> str:
    big = _BIG.get(operator)
    ranged = [bound for bound in bounds if bound.lower is not None or bound.upper is not None]
    if where is None and operator in ("sum", "prod") and ranged and all(b.lower and b.upper for b in ranged):
        free = [_solid(bound.index, symbols) for bound in bounds if bound not in ranged]
        heads = [rf"{big}_{{{_range_below(b, symbols)}}}^{{{_solid(b.upper, symbols)}}}" for b in ranged if b.upper]
        return " ".join(([f"{big}_{{{','.join(free)}}}"] if free else []) + heads)
    below = r",\,".join(_bound(bound, symbols) for bound in ranged)
    free = [_solid(bound.index, symbols) for bound in bounds if bound not in ranged]
    below = ",".join(free) + (r",\," if free and below else "") + below
    if where is not None:
        below += r"\,:\," + _solid(where, symbols)
    return f"{big}_{{{below}}}" if big else rf"\mathrm{{{operator}}} _ {{{below}}}"


def _range_below(bound: Bound, symbols: Symbols) -> str:
    assert bound.lower is not None
    return f"{_solid(bound.index, symbols)}={_solid(bound.lower, symbols)}"


def _bound(bound: Bound, symbols: Symbols) -> str:
    lower = rf"{_solid(bound.lower, symbols)} \le " if bound.lower is not None else ""
    upper = rf" \le {_solid(bound.upper, symbols)}" if bound.upper is not None else ""
    index = _solid(bound.index, symbols)
    return rf"{index} \ge {_solid(bound.lower, symbols)}" if bound.lower and not upper else f"{lower}{index}{upper}"


def _cases(formula: Cases, symbols: Symbols) -> str:
    rows = []
    rest: Formula = formula
    while isinstance(rest, Cases):
        then, test = (unmarked(_write(part, symbols)) for part in (rest.then, rest.condition))
        rows.append(rf"{then} & \text{{if }} {test}")
        rest = rest.otherwise
    rows.append(rf"{unmarked(_write(rest, symbols))} & \text{{otherwise}}")
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"
