"""Formulas as presentation MathML: a display tree goes in, elements for a browser come out.

`to_mathml` writes one `<math>`; `mathml_parts` gives the parts between which a page may end a line. Only what MathML
Core has is used. Letters that are factors stand side by side with an invisible sign between them.
"""

from __future__ import annotations

import re
from html import escape
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
from .mathml_names import SCRIPT_SIZE, nucleus, scripted, tensor, words
from .mathml_parts import COMMA, FACTOR, LAST_RESORT, Part, Parts, deeper, element, inside, is_tall, row, script, width
from .mathml_signs import (
    APPLY,
    APPLY_BARE,
    COMMA_SIGN,
    DOT,
    MINUS,
    NOT,
    SLASH,
    TIMES,
    TIMES_BEFORE_NAME,
    fences,
    number,
    sign,
)
from .remembering import remembered
from .shape import Level, is_open, is_single, level, plain, spread
from .symbols import Symbols
from .widths import text_width

_RELATIONS: Final = {
    "==": "=",
    "=": "=",
    "!=": "≠",
    "<": "&lt;",
    "<=": "≤",
    ">": "&gt;",
    ">=": "≥",
    "~": "≈",
    "in": "∈",
}
_FENCES: Final = {"floor": ("⌊", "⌋"), "ceil": ("⌈", "⌉"), "abs": ("|", "|")}
_BIG_O: Final = "<mi>O</mi>"
_BIG_THETA: Final = '<mi mathvariant="normal">Θ</mi>'
_BIG: Final = {"sum": "∑", "prod": "∏"}
WIDE_SUBSCRIPTS: Final = 9.0  # em: subscripts that are wider stand one under the other
WIDE_BASE: Final = 6.0  # em: what is wider and raised to a power may be broken
_STRETCH: Final = re.compile(r"\S.{0,23}\S{0,12}\s*|\s+", re.DOTALL)


def to_mathml(formula: Formula, symbols: Symbols, *, display: bool = False) -> str:
    """The formula as one `<math>`, which a browser does not break.

    >>> print(to_mathml(Power(Symbol("d_ff"), Symbol("k")), Symbols()))
    <math><msubsup><mi>d</mi><mi>ff</mi><mi>k</mi></msubsup></math>
    """
    return mathematics(mathml_parts(formula, symbols), display=display)


def mathematics(parts: Parts, *, display: bool) -> str:
    """Parts as one `<math>`, with large fractions and sums if it stands in a display."""
    opening = '<math displaystyle="true">' if display and is_tall(parts) else "<math>"
    return f"{opening}{row(parts, display=display)}</math>"


def mathml_parts(formula: Formula, symbols: Symbols) -> Parts:
    """The formula in parts."""
    return _cases(formula, symbols) if isinstance(formula, Cases) else _write(formula, symbols)


@remembered
def flat_mathml_parts(formula: Formula, symbols: Symbols) -> Parts:
    """The formula with slashes for fraction bars: what is left when the other does not fit."""
    return _write(spread(formula), symbols)


@remembered
def _write(formula: Formula, symbols: Symbols) -> Parts:
    formula = plain(formula)
    match formula:
        case Number(value, text):
            return number(text or str(value))
        case Symbol(name):
            return (nucleus(name, symbols).part(),)
        case Sum(terms):
            return _sum(terms, symbols)
        case Negative(value):
            return (MINUS, *_fit(value, Level.OPEN, symbols))
        case Product(factors, dots):
            return _product(factors, dots, symbols)
        case Quotient(above, below, False):
            return (_fraction(_write(above, symbols), _write(below, symbols)),)
        case Quotient(above, below):
            over = _bracketed(above, symbols) if is_open(above) else _fit(above, Level.PRODUCT, symbols)
            return (*deeper(over), SLASH, *deeper(_fit(below, Level.POWER, symbols)))
        case Power(base, exponent):
            return _power(base, exponent, symbols)
        case Apply():
            return _apply(formula, symbols)
        case Read(tensor_name, subscripts, leading):
            return (_read(tensor_name, subscripts, leading, (), symbols),)
        case Group(items):
            return fences("(", ")", _listed([_write(item, symbols) for item in items]))
        case Reduction(operator, bounds, body, where):
            head = _reduction_head(operator, bounds, where, symbols)
            inner = _bracketed(body, symbols) if isinstance(body, Cases) else _fit(body, Level.OPEN, symbols)
            return (*head, *deeper(inner))
        case Cases(then, condition, otherwise):
            chosen, test, other = (deeper(_write(part, symbols)) for part in (then, condition, otherwise))
            return (*chosen, sign("if", 1.3), *test, sign("else", 2.5), *other)
        case Relation(operands, operators):
            left, *rights = (deeper(_fit(operand, Level.SUM, symbols)) for operand in operands)
            pairs = zip(operators, rights, strict=True)
            return sum(((sign(_RELATIONS[operator], 1.33), *right) for operator, right in pairs), left)
        case Logic("not", (operand,)):
            return (NOT, *deeper(_fit(operand, Level.RELATION, symbols)))
        case Logic(operator, operands):
            wanted = Level.AND if operator == "or" else Level.NOT
            left, *rights = (deeper(_fit(operand, wanted, symbols)) for operand in operands)
            return sum(((sign(escape(operator), 2.2), *right) for right in rights), left)
        case Growth(body, kind):
            return (Part(_BIG_THETA if kind == "Theta" else _BIG_O, 0.78), APPLY, *_bracketed(body, symbols))
        case Infinity():
            return (Part('<mi mathvariant="normal">∞</mi>', 1.0),)
        case Words(text, told_apart):
            *others, last = (Part(words(part), text_width(part) / 10) for part in _STRETCH.findall(text) or [""])
            first, *rest = *others, _numbered(last, told_apart)
            return (first, *(part.ranked(COMMA) for part in rest))
        case _:
            assert_never(formula)


def _bracketed(formula: Formula, symbols: Symbols) -> Parts:
    return fences("(", ")", deeper(_write(formula, symbols)))


def _fit(formula: Formula, wanted: Level, symbols: Symbols) -> Parts:
    """The formula in brackets if it holds together less than its place needs; a fraction bar is a bracket."""
    inner = plain(formula)
    stacked = isinstance(inner, Quotient) and not inner.inline
    row = isinstance(inner, Symbol) and symbols.is_row(inner.name)
    own = Level.PRODUCT if stacked or row else level(inner)
    return _write(inner, symbols) if own >= wanted else _bracketed(inner, symbols)


def _sum(terms: tuple[Formula, ...], symbols: Symbols) -> Parts:
    written: Parts = ()
    for place, term in enumerate(map(plain, terms)):
        negative = isinstance(term, Negative)
        inner = _fit(term.value, Level.OPEN, symbols) if isinstance(term, Negative) else _fit(term, Level.SUM, symbols)
        if place:
            written += (sign("−" if negative else "+", 1.22),)
        elif negative:
            written += (MINUS,)
        written += deeper(inner)
    return written


def _product(factors: tuple[Formula, ...], dots: bool, symbols: Symbols) -> Parts:
    pieces = [_factor(factor, last=place == len(factors) - 1, symbols=symbols) for place, factor in enumerate(factors)]
    # a line that ends inside brackets leaves no lonely factor before them
    rank = LAST_RESORT if any(part.leading for piece in pieces for part in piece) else FACTOR
    written = pieces[0]
    for (left, right), piece in zip(pairwise(factors), pieces[1:], strict=True):
        called = _looks_like_a_function(left, symbols) and piece[0].fence == "open"
        dotted = dots or called or _begins_with_digit(right) or _is_word(left, symbols) or _is_word(right, symbols)
        joint = DOT if dotted else TIMES_BEFORE_NAME if _is_function(right) else TIMES
        written += (joint.ranked(rank), *piece)
    return written


def _factor(factor: Formula, *, last: bool, symbols: Symbols) -> Parts:
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


def _looks_like_a_function(factor: Formula, symbols: Symbols) -> bool:
    """A size called O or Θ beside a bracket is no growth."""
    return isinstance(factor, Symbol) and nucleus(factor.name, symbols).part().markup in (_BIG_O, _BIG_THETA)


def _is_function(factor: Formula) -> bool:
    """Whether the factor begins with the name of a function, which wants some room before it."""
    return (isinstance(factor, Apply) and factor.function not in (*_FENCES, "sqrt")) or (
        isinstance(factor, Reduction) and factor.operator not in _BIG
    )


def _begins_with_digit(factor: Formula) -> bool:
    """Numbers must not run together."""
    match plain(factor):
        case Number():
            return True
        case Power(base):
            return isinstance(plain(base), Number)  # a product has brackets
        case Quotient(base, _, True):
            return _begins_with_digit(base)
        case Product(factors):
            return _begins_with_digit(factors[0])
        case _:
            return False


def _is_word(factor: Formula, symbols: Symbols) -> bool:
    """Words are hard to tell from one another."""
    match factor:
        case Power(base):
            return _is_word(base, symbols)
        case Symbol(name):
            return nucleus(name, symbols).word
        case Words():
            return True
        case _:
            return False


def _fraction(above: Parts, below: Parts) -> Part:
    wide = max(width(above), width(below)) + 0.25
    return Part(f"<mfrac>{element(above)}{element(below)}</mfrac>", wide, tall=True)


def _power(base: Formula, exponent: Formula, symbols: Symbols) -> Parts:
    base = plain(base)
    raised = _write(exponent, symbols)
    wide = SCRIPT_SIZE * width(raised)
    match base:
        case Symbol(name) if not (own := nucleus(name, symbols)).compound:
            return (Part(scripted(own.base, own.below, script(raised)), own.width + wide),)
        case Read(name, subscripts, leading):
            return (_read(name, subscripts, leading, raised, symbols),)
        case Number(_, text) if not (text and "e" in text.lower()):
            inner = _write(base, symbols)
        case Apply("floor" | "ceil" | "abs") | Infinity():
            inner = _write(base, symbols)
        case _:
            inner = _bracketed(base, symbols)
    if width(inner) <= WIDE_BASE or is_tall(inner):
        markup = f"<msup>{element(inner)}{script(raised)}</msup>"
        return (Part(markup, width(inner) + wide, tall=is_tall(inner)),)
    *body, closing = inner  # so that a line may end inside the brackets
    return (*body, Part(f"<msup>{closing.markup}{script(raised)}</msup>", closing.width + wide))


def _read(name: str, subscripts: tuple[Formula, ...], leading: bool, raised: Parts, symbols: Symbols) -> Part:
    base, own, wide = tensor(name, symbols)
    indices = [(Part("<mi>…</mi>", 1.0),)] * leading + [_write(index, symbols) for index in subscripts]
    line = _listed(indices)
    below = wide_below = width(line)
    if len(indices) > 1 and SCRIPT_SIZE * wide_below > WIDE_SUBSCRIPTS:
        *first, last = indices
        rows = [script((*index, COMMA_SIGN)) for index in first] + [script(last)]
        position = "<mtable>" + "".join(f"<mtr><mtd>{r}</mtd></mtr>" for r in rows) + "</mtable>"
        below = max(map(width, indices)) + 0.4
    else:
        position = script(line) if line else ""
    if own and position:
        position = f'<mrow>{own}<mo lspace="0">;</mo>{position}</mrow>'
    wide += SCRIPT_SIZE * max(below + 0.6 * bool(own), width(raised))
    return Part(scripted(base, position or own, script(raised) if raised else ""), wide)


def _listed(items: list[Parts]) -> Parts:
    """Items with commas between them."""
    written: Parts = ()
    for item in items:
        written += (COMMA_SIGN, *item) if written else item
    return written


def _apply(formula: Apply, symbols: Symbols) -> Parts:
    function, arguments = formula.function, formula.arguments
    if function in _FENCES and len(arguments) == 1:
        opening, closing = _FENCES[function]
        return fences(opening, closing, deeper(_write(arguments[0], symbols)))
    if function == "sqrt" and len(arguments) == 1:
        inner = _write(arguments[0], symbols)
        return (Part(f"<msqrt>{inside(inner)}</msqrt>", width(inner) + 1.0, tall=is_tall(inner)),)
    if function == "mod" and len(arguments) == 2:
        left, right = (_fit(argument, Level.POWER, symbols) for argument in arguments)
        return (*deeper(left), sign("mod", 2.6), *deeper(right))
    if function in ("log", "log2") and len(arguments) == 1:
        return _log(formula, symbols, bare=True)
    name = _numbered(Part(f"<mi>{escape(function)}</mi>", text_width(function) / 10), formula.number)
    items = [deeper(_write(argument, symbols)) for argument in arguments]
    loose = [(item[0].ranked(COMMA if place else None), *item[1:]) for place, item in enumerate(items)]
    return (name, APPLY, *fences("(", ")", deeper(_listed(loose))))


def _numbered(name: Part, number: int | None) -> Part:
    if number is None:
        return name
    above = f"({number})"
    raised = f'<mrow><mo stretchy="false">(</mo><mn>{number}</mn><mo stretchy="false">)</mo></mrow>'
    return Part(scripted(name.markup, "", raised), name.width + SCRIPT_SIZE * text_width(above) / 10)


def _log(formula: Apply, symbols: Symbols, *, bare: bool) -> Parts:
    (argument,) = formula.arguments
    base: Parts = (Part("<mn>2</mn>", 0.5),) if formula.function == "log2" else ()
    if formula.base is not None:
        base = _write(formula.base, symbols)
    head = Part(scripted("<mi>log</mi>", script(base) if base else "", ""), 1.3 + SCRIPT_SIZE * width(base))
    if bare and is_single(argument):
        return (head, APPLY_BARE, *_write(argument, symbols))
    return (head, APPLY, *_bracketed(argument, symbols))


def _reduction_head(operator: str, bounds: tuple[Bound, ...], where: Formula | None, symbols: Symbols) -> Parts:
    ranged = [bound for bound in bounds if bound.lower is not None or bound.upper is not None]
    free = [_write(bound.index, symbols) for bound in bounds if bound not in ranged]
    if where is None and operator in _BIG and ranged and all(b.lower and b.upper for b in ranged):
        heads = [_big(operator, _range_below(b, symbols), _write(b.upper, symbols)) for b in ranged if b.upper]
        return ((_big(operator, _listed(free), ()),) if free else ()) + tuple(heads)
    below = _listed([*free, *(_bound(bound, symbols) for bound in ranged)])
    if where is not None:
        below = (*below, Part('<mo lspace="0.2em" rspace="0.2em">:</mo>', 0.7), *_write(where, symbols))
    return (_big(operator, below, ()),)


def _big(operator: str, below: Parts, above: Parts) -> Part:
    """A large operator with its limits, which in a line of text stand beside it."""
    if operator in _BIG:
        head, wide = f"<mo>{_BIG[operator]}</mo>", 1.45
    else:
        head = f'<mo form="prefix" movablelimits="true" lspace="0" rspace="0.167em">{escape(operator)}</mo>'
        wide = text_width(operator) / 10
    wide = max(wide, SCRIPT_SIZE * width(below), SCRIPT_SIZE * width(above)) + 0.34
    if above:
        return Part(f"<munderover>{head}{script(below)}{script(above)}</munderover>", wide, tall=True)
    return Part(f"<munder>{head}{script(below)}</munder>", wide, tall=True)


def _range_below(bound: Bound, symbols: Symbols) -> Parts:
    assert bound.lower is not None
    return (*_write(bound.index, symbols), sign("=", 1.0), *_write(bound.lower, symbols))


def _bound(bound: Bound, symbols: Symbols) -> Parts:
    index = _write(bound.index, symbols)
    lower = _write(bound.lower, symbols) if bound.lower is not None else ()
    upper = _write(bound.upper, symbols) if bound.upper is not None else ()
    if lower and not upper:
        return (*index, sign("≥", 1.0), *lower)
    before = (*lower, sign("≤", 1.0)) if lower else ()
    return (*before, *index, sign("≤", 1.0), *upper)


def _cases(formula: Cases, symbols: Symbols) -> Parts:
    rows: list[tuple[Parts, Parts]] = []
    rest: Formula = formula
    while isinstance(rest, Cases):
        test = (Part("<mtext>if\u00a0</mtext>", 0.9), *_write(rest.condition, symbols))
        rows.append((_write(rest.then, symbols), test))
        rest = rest.otherwise
    rows.append((_write(rest, symbols), (Part("<mtext>otherwise</mtext>", 4.0),)))
    lines = "".join(f"<mtr><mtd>{inside(then)}</mtd><mtd>{inside(test)}</mtd></mtr>" for then, test in rows)
    wide = max(width(then) for then, _ in rows) + max(width(test) for _, test in rows) + 2.0
    return (Part(f'<mrow><mo>{{</mo><mtable class="cases">{lines}</mtable></mrow>', wide, tall=True),)
