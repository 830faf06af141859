"""Formulas as Typst mathematics: a display tree goes in, what stands between `$` and `$` comes out.

Whatever Typst would take for a variable or a function is written so that it prints as meant: a letter by itself is
italic, a word stands in quotation marks. Brackets grow by themselves; a blank stands before each that follows a name.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, assert_never

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
from .marks import ANY_MARK, COMMA, FACTOR, OPENING, OPERATOR, SUMMAND, deeper, unmarked
from .name_trees import Letters, Scripted
from .remembering import remembered
from .shape import Level, is_open, is_single, level, plain, spread
from .symbols import Symbols, name_parts, name_tree
from .typst_names import name_in_typst, quoted, scripted
from .words import stretches

RELATIONS: Final = {"==": "=", "~": "approx", "<-": "arrow.l"}
_FUNCTIONS: Final = frozenset({"log", "exp", "max", "min", "sin", "cos", "tanh"})
_FENCES: Final = {"floor": ("⌊", "⌋"), "ceil": ("⌈", "⌉"), "abs": (r"\|", r"\|")}
_BIG: Final = {"sum": "sum", "prod": "product", "max": "max", "min": "min"}
WIDE_SUBSCRIPTS: Final = 30  # characters: subscripts that are longer stand one under the other


def to_typst(formula: Formula, symbols: Symbols) -> str:
    """The formula on one line.

    >>> print(to_typst(Power(Symbol("d_ff"), Sum((Symbol("k"), Symbol("theta")))), Symbols()))
    d_("ff")^(k + theta)
    """
    return unmarked(to_marked_typst(formula, symbols))


def to_marked_typst(formula: Formula, symbols: Symbols) -> str:
    """The formula with the `marks` where a line may end."""
    return _cases(formula, symbols) if isinstance(formula, Cases) else _write(formula, symbols)


@remembered
def to_flat_typst(formula: Formula, symbols: Symbols) -> str:
    """The formula with slashes for fraction bars, marked: what is left when the other does not fit."""
    return _write(spread(formula), symbols)


@remembered
def _write(formula: Formula, symbols: Symbols) -> str:
    formula = plain(formula)
    match formula:
        case Number(value, text):
            return _number(text or str(value))
        case Symbol(name):
            return name_in_typst(name_tree(name, symbols))
        case Sum(terms):
            return _sum(terms, symbols)
        case Negative(value):
            return "-" + _fit(value, Level.OPEN, symbols)
        case Product(factors, dots):
            return _product(factors, dots, symbols)
        case Quotient(above, below, False):
            return f"frac({_solid(above, symbols)}, {_solid(below, symbols)})"
        case Quotient(above, below):
            over = _bracketed(above, symbols) if is_open(above) else _fit(above, Level.PRODUCT, symbols)
            return rf"{over} \/ {_fit(below, Level.POWER, symbols)}"
        case Power(base, exponent):
            return scripted(_base(base, symbols), above=_solid(exponent, symbols))
        case Apply():
            return _apply(formula, symbols)
        case Read(tensor, subscripts, leading):
            return _read(tensor, ["dots"] * leading + [_solid(index, symbols) for index in subscripts], symbols)
        case Group(items):
            return f"({', '.join(_solid(item, symbols) for item in items)})"
        case Reduction(operator, bounds, body, where):
            head = _reduction_head(operator, bounds, where, symbols)
            inner = _fit(body, Level.OPEN, symbols) if not isinstance(body, Cases) else _bracketed(body, symbols)
            return f"{head} {SUMMAND}{deeper(inner)}"
        case Cases(then, condition, otherwise):
            chosen, test, other = (deeper(_write(part, symbols)) for part in (then, condition, otherwise))
            return f'{chosen} {OPERATOR}"if" {test} {OPERATOR}"else" {other}'
        case Relation(operands, operators):
            first, *others = (deeper(_fit(operand, Level.SUM, symbols)) for operand in operands)
            signs = (RELATIONS.get(sign, sign) for sign in operators)
            return first + "".join(f" {OPERATOR}{sign} {other}" for sign, other in zip(signs, others, strict=True))
        case Logic("not", (operand,)):
            return '"not" ' + _fit(operand, Level.RELATION, symbols)
        case Logic(operator, operands):
            inside = Level.AND if operator == "or" else Level.NOT
            joint = f" {OPERATOR}{quoted(operator)} "
            return joint.join(deeper(_fit(operand, inside, symbols)) for operand in operands)
        case Growth(body, kind):
            return ("Theta" if kind == "Theta" else "O") + _bracketed(body, symbols)
        case Infinity():
            return "infinity"
        case Words(text, number):
            return COMMA.join(map(quoted, stretches(text))) + _number_above(number)
        case _:
            assert_never(formula)


def _solid(formula: Formula, symbols: Symbols) -> str:
    """Where no line may end: in a fraction, below or above a letter."""
    return unmarked(_write(formula, symbols))


def _bracketed(formula: Formula, symbols: Symbols) -> str:
    return f"({deeper(OPENING + _write(formula, symbols))})"


def _fit(formula: Formula, wanted: Level, symbols: Symbols) -> str:
    """The formula in brackets if it holds together less than its place needs."""
    return _write(formula, symbols) if _typst_level(formula, symbols) >= wanted else _bracketed(formula, symbols)


def _typst_level(formula: Formula, symbols: Symbols) -> Level:
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
        power = scripted("10", above=str(int(exponent)))
        return power if mantissa == "1" else f"{mantissa} dot {power}"
    whole, point, decimals = mantissa.partition(".")
    if len(whole) <= 4:
        return mantissa
    groups = f"{int(whole):,}{point}{decimals}"  # a comma outside quotation marks would be followed by a blank
    return quoted(groups) if len(whole) <= 30 else COMMA.join(map(quoted, groups.replace(",", ",\0").split("\0")))


def _sum(terms: tuple[Formula, ...], symbols: Symbols) -> str:
    written = ""
    for place, term in enumerate(map(plain, terms)):
        negative = isinstance(term, Negative)
        inner = term.value if isinstance(term, Negative) else term
        text = deeper(_fit(inner, Level.OPEN if negative else Level.SUM, symbols))
        if place:
            written += f" {OPERATOR}{'-' if negative else '+'} {text}"
        else:
            written = "-" * negative + text
    return written


def _product(factors: tuple[Formula, ...], dots: bool, symbols: Symbols) -> str:
    pieces = [_factor(factor, last=place == len(factors) - 1, symbols=symbols) for place, factor in enumerate(factors)]
    written = pieces[0]
    for (left, right), (before, piece) in zip(pairwise(factors), pairwise(pieces), strict=True):
        growth = unmarked(before) in ("O", "Theta") and piece.startswith("(")
        dotted = dots or growth or _needs_dot(left, right, piece, symbols)
        blank = "" if before.endswith('"') and not dotted else " "  # after words, Typst would print it
        written += f"{blank}{FACTOR}{'dot ' if dotted else ''}{piece}"
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
    return written.lstrip('"')[:1].isdigit() or _is_word(left, symbols) or _is_word(right, symbols)


def _is_word(factor: Formula, symbols: Symbols) -> bool:
    match factor:
        case Power(base):
            return _is_word(base, symbols)
        case Symbol(name):
            tree = name_tree(name, symbols)
            letters = tree.base if isinstance(tree, Scripted) else tree
            return isinstance(letters, Letters) and letters.face in ("upright", "words") and not letters.text.isdigit()
        case Words():
            return True
        case _:
            return False


def _base(base: Formula, symbols: Symbols) -> str:
    base = plain(base)
    match base:
        case Symbol(name) | Read(name):
            written = _solid(base, symbols)
            return written if symbols.is_whole(name) else f"({written})"
        case Number(_, text) if not (text and "e" in text.lower()):
            return _write(base, symbols)
        case Apply("floor" | "ceil" | "abs") | Infinity():
            return _write(base, symbols)
        case _:
            return _bracketed(base, symbols)


def _apply(formula: Apply, symbols: Symbols) -> str:
    function, arguments = formula.function, formula.arguments
    if function in _FENCES and len(arguments) == 1:
        inner = deeper(_write(arguments[0], symbols))
        opening, closing = _FENCES[function]
        return f"{opening}{inner}{closing}" if ANY_MARK.search(inner) else f"{function}({inner})"
    if function == "sqrt" and len(arguments) == 1:
        return f"sqrt({_solid(arguments[0], symbols)})"
    if function == "mod" and len(arguments) == 2:
        left, right = (_fit(argument, Level.POWER, symbols) for argument in arguments)
        return f"{left} mod {right}"
    if function in ("log", "log2") and len(arguments) == 1:
        return _log(formula, symbols, bare=True)
    inner = f", {COMMA}".join(deeper(_write(argument, symbols)) for argument in arguments)
    name = function if function in _FUNCTIONS else quoted(function)
    above = _number_above(formula.number)
    return f"{name}{above}{' ' * bool(above)}({deeper(OPENING + inner)})"


def _number_above(number: int | None) -> str:
    return "" if number is None else f"^(({number}))"


def _log(formula: Apply, symbols: Symbols, *, bare: bool) -> str:
    (argument,) = formula.arguments
    head = "log"
    if formula.base is not None:
        head = scripted(head, below=_solid(formula.base, symbols))
    elif formula.function == "log2":
        head = "log_2"
    if bare and is_single(argument):
        return f"{head} {_write(argument, symbols)}"
    blank = " " if head != "log" else ""  # `2(x)` would all stand below
    return f"{head}{blank}{_bracketed(argument, symbols)}"


def _read(tensor: str, subscripts: list[str], symbols: Symbols) -> str:
    base, named, primes = name_parts(tensor, symbols)
    position = ", ".join(subscripts)
    if len(subscripts) > 1 and len(position) > WIDE_SUBSCRIPTS:
        position = r", \ ".join(subscripts)
    below = f"{name_in_typst(named)}; thin {position}" if named and position else position
    if named and not position:
        below = name_in_typst(named)
    return scripted(name_in_typst(base), below=below, primes=primes)


def _reduction_head(operator: str, bounds: tuple[Bound, ...], where: Formula | None, symbols: Symbols) -> str:
    big = _BIG.get(operator) or f"op({quoted(operator)})"
    ranged = [bound for bound in bounds if bound.lower is not None or bound.upper is not None]
    free = ", ".join(_solid(bound.index, symbols) for bound in bounds if bound not in ranged)
    if where is None and operator in ("sum", "prod") and ranged and all(b.lower and b.upper for b in ranged):
        heads = [scripted(big, below=free)] if free else []
        heads += [_between(big, bound, symbols) for bound in ranged]
        return " ".join(heads)
    below = ", thin ".join([free] * bool(free) + [_bound(bound, symbols) for bound in ranged])
    if where is not None:
        below += f" thin : thin {_solid(where, symbols)}"
    return scripted(big, below=below)


def _between(big: str, bound: Bound, symbols: Symbols) -> str:
    assert bound.lower is not None and bound.upper is not None
    below = f"{_solid(bound.index, symbols)} = {_solid(bound.lower, symbols)}"
    return scripted(big, below=below, above=_solid(bound.upper, symbols))


def _bound(bound: Bound, symbols: Symbols) -> str:
    index = _solid(bound.index, symbols)
    lower = f"{_solid(bound.lower, symbols)} <= " if bound.lower is not None else ""
    upper = f" <= {_solid(bound.upper, symbols)}" if bound.upper is not None else ""
    return f"{index} >= {_solid(bound.lower, symbols)}" if bound.lower and not upper else f"{lower}{index}{upper}"


def _cases(formula: Cases, symbols: Symbols) -> str:
    rows = []
    rest: Formula = formula
    while isinstance(rest, Cases):
        rows.append(f'{_solid(rest.then, symbols)} & "if" {_solid(rest.condition, symbols)}')
        rest = rest.otherwise
    rows.append(f'{_solid(rest, symbols)} & "otherwise"')
    return f"cases({', '.join(rows)})"
