"""A text to words, brackets and lines, correct program or not, and what can be told to be wrong from these alone.

The parser has its own lexer; this one never fails, and serves the messages about texts that the parser refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import Diagnostic, Source, Span

MAX_BRACKETS = 100
MAX_BLOCKS = 30
MAX_DEPTH = 200  # rules inside one another: what the parser can walk down without running out of stack

TOP = frozenset(["exercise", "dim", "ratio", "let", "assume", "use", "layer", "model", "expect", "quantity"])
BLOCKS = frozenset(["layer", "model", "if", "elif", "else", "repeat", "for", "parallel", "choose", "opaque", "variant"])
STATEMENTS = (
    frozenset(
        [
            "weight",
            "buffer",
            "saves",
            "mask",
            "let",
            "assume",
            "share",
            "return",
            "stacked",
            "expect",
            "quantity",
            "caveat",
        ]
    )
    | BLOCKS
)
KEYWORDS = TOP | STATEMENTS
RESERVED = KEYWORDS | frozenset(["and", "or", "not", "true", "false", "in"])
REDUCTIONS = frozenset(["sum", "mean", "max", "min", "prod"])

_TOKEN = re.compile(
    r"(?P<newline>\n)|(?P<space>[ \t\r]+)|(?P<comment>\#[^\n]*)|(?P<text>\"[^\"\n]*\")|(?P<unterminated>\"[^\n]*)"
    r"|(?P<name>[^\W\d]\w*'*)|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<open>[(\[])|(?P<close>[)\]])"
    r"|(?P<foreign>\*\*|//|&&|\|\||[^\w\s()\[\]\"+\-*/^=<>~,;:.?!]|!(?!=)|\?(?!\?\?|(?<=\?\?)|(?<=\?\?\?)))"
    r"|(?P<operator>->|\+=|[=!<>]=|\.\.\.|\.\.|\?\?\?|.)"
)
_LIKE = {
    "**": "^", "&&": "and", "||": "or", "!": "not", "×": "*", "·": "*", "−": "-", "–": "-", "≤": "<=", "≥": ">=",
    "≠": "!=", "→": "->", "“": '"', "”": '"', "'": '"', "‘": '"', "’": '"',
}  # fmt: skip
_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


@dataclass(frozen=True)
class Word:
    """A piece of the text; `kind` is the group of `_TOKEN` that it matches."""

    kind: str
    text: str
    span: Span

    @property
    def is_value_end(self) -> bool:
        return self.kind in ("name", "number", "text", "close") and self.text not in RESERVED - {"true", "false"}

    @property
    def is_value_start(self) -> bool:
        return self.kind in ("name", "number", "text", "open") and self.text not in KEYWORDS | {"and", "or", "in"}


def words(source: Source, start: int, end: int) -> list[Word]:
    """Everything but spaces and comments, line breaks included."""
    found = []
    for match in _TOKEN.finditer(source.text, start, end):
        kind = match.lastgroup or "operator"
        if kind not in ("space", "comment"):
            found.append(Word(kind, match.group(), Span(source, match.start(), match.end())))
    return found


def mistakes(source: Source, found: list[Word]) -> Iterator[Diagnostic]:
    """What no grammar is needed for: characters, strings, brackets, indentation, nesting and reserved words."""
    first = [*_characters(found), *_brackets(found)]
    yield from first
    if not first:  # an open bracket joins lines: what follows it means nothing
        yield from _indentation(source, found)
        yield from _nesting(found)
        yield from _reserved(found)


# ---------------------------------------------------------------- characters and brackets


def _characters(found: list[Word]) -> Iterator[Diagnostic]:
    for at, word in enumerate(found):
        if word.kind == "unterminated":
            yield Diagnostic("this text is not closed on its line", word.span, hint=f'write `{word.text.rstrip()}"`')
        elif word.kind == "foreign":
            yield _foreign(found, at)
        elif word.kind == "name" and (power := re.fullmatch(r"(.*?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", word.text)):
            base, digits = power.groups()
            yield Diagnostic(
                "a raised digit is not a power", word.span, hint=f"write `{base}^{digits.translate(_POWERS)}`"
            )


def _foreign(found: list[Word], at: int) -> Diagnostic:
    word = found[at]
    left = found[at - 1] if at and found[at - 1].kind in ("name", "number") else None
    right = found[at + 1] if at + 1 < len(found) and found[at + 1].kind in ("name", "number") else None
    a, b = left.text if left else "a", right.text if right else "b"
    message = f"the language has no `{word.text}`"
    if word.text == "%":
        return Diagnostic(message, word.span, hint=f"write `mod({a}, {b})`")
    if word.text == "//":
        return Diagnostic(message, word.span, hint=f"write `floor({a} / {b})`; a comment begins with `#`")
    if word.text in ("**", "&&", "||", "×", "·", "−", "–", "≤", "≥", "≠") and left and right:
        return Diagnostic(message, word.span, hint=f"write `{a} {_LIKE[word.text]} {b}`")
    if word.text == "@":
        hint = f"an equation, `y[n, o] = sum[i] {a}[n, i] * {b}[i, o]`, or `{a} -> project({b})`"
        return Diagnostic("the language has no `@`", word.span, hint=hint)
    if word.text in ("{", "}"):
        return Diagnostic(message, word.span, hint="a block is made by `:` and indentation, a list by `[` and `]`")
    if word.text in _LIKE:
        return Diagnostic(message, word.span, hint=f"write `{_LIKE[word.text]}`")
    if word.text.isprintable():
        return Diagnostic(message, word.span)
    return Diagnostic(f"a character that cannot be seen: U+{ord(word.text):04X}", word.span, hint="delete it")


def _brackets(found: list[Word]) -> Iterator[Diagnostic]:
    waiting: list[Word] = []
    for word in found:
        if word.kind == "open":
            waiting.append(word)
            if len(waiting) > MAX_BRACKETS:
                yield Diagnostic(
                    f"more than {MAX_BRACKETS} brackets inside one another",
                    word.span,
                    hint="name a part of it with `let`",
                )
                return
        elif word.kind == "close":
            if not waiting:
                yield Diagnostic(f"this `{word.text}` closes nothing", word.span, hint="delete it")
                return
            opening = waiting.pop()
            if closer(opening) != word.text:
                note = f"the `{opening.text}` stands in line {opening.span.line}, column {_column(opening)}"
                message = f"`{opening.text}` is closed by `{word.text}`"
                yield Diagnostic(message, word.span, hint=f"write `{closer(opening)}`", notes=(note,))
                return
    if waiting:
        message = f"this `{waiting[-1].text}` is never closed"
        yield Diagnostic(message, waiting[-1].span, hint=f"add `{closer(waiting[-1])}`")


def closer(opening: Word) -> str:
    return ")" if opening.text == "(" else "]"


def _column(word: Word) -> int:
    return word.span.source.position(word.span.start)[1]


# ---------------------------------------------------------------- lines


def lines(found: list[Word]) -> list[list[Word]]:
    """The words of each line; brackets and a leading `->` join lines."""
    joined: list[list[Word]] = []
    depth, fresh = 0, True
    for word in found:
        if word.kind == "newline":
            fresh = fresh or depth == 0
            continue
        if fresh and not (joined and word.text == "->"):
            joined.append([])
        fresh = False
        joined[-1].append(word)
        depth = max(0, depth + (word.kind == "open") - (word.kind == "close"))
    return joined


def _indentation(source: Source, found: list[Word]) -> Iterator[Diagnostic]:
    levels = [0]
    for number, line in enumerate(lines(found)):
        start = line[0].span.start
        width = start - (source.text.rfind("\n", 0, start) + 1)
        if width and not number:
            yield Diagnostic("the first line of a file is indented", line[0].span, hint="begin it in column 1")
            return
        if width > levels[-1]:
            levels.append(width)
            if len(levels) > MAX_BLOCKS + 1:
                message = f"more than {MAX_BLOCKS} blocks inside one another"
                yield Diagnostic(message, line[0].span, hint="make a `layer` of the inner ones")
                return
            continue
        while levels[-1] > width:
            levels.pop()
        if levels[-1] != width:
            near = min(
                (level for level in {*levels, *_deeper(source, found, start)}), key=lambda level: abs(level - width)
            )
            message = f"this line is indented by {_spaces(width)}, which fits no block around it"
            yield Diagnostic(message, line[0].span, hint=f"indent it by {_spaces(near)}")
            return


def _deeper(source: Source, found: list[Word], before: int) -> Iterator[int]:
    """The indentation of the line before: the likeliest that was meant."""
    earlier = [line[0].span.start for line in lines(found) if line[0].span.start < before]
    if earlier:
        yield earlier[-1] - (source.text.rfind("\n", 0, earlier[-1]) + 1)


def _spaces(number: int) -> str:
    return f"{number} space" + "s" * (number != 1)


# ---------------------------------------------------------------- depth and names


@dataclass
class _Level:
    """What is between two brackets so far: `depth()` is never less than the depth of its tree."""

    loose: int = 0  # + - and everything that binds less tightly
    tight: int = 0  # operations of the term at hand
    inner: int = 0  # the deepest bracket of the term at hand
    terms: int = 0  # the deepest term before it
    cost: int = 0  # what its bracket adds: a call has arguments, an argument and a value

    def depth(self) -> int:
        return self.loose + max(self.terms, self.tight + self.inner)

    def next_term(self) -> None:
        self.terms = max(self.terms, self.tight + self.inner)
        self.tight = self.inner = 0


_LOOSE = frozenset(["+", "-", "==", "!=", "<=", ">=", "<", ">", "and", "or", "if", "else", "where", "->"])
_PREFIX = frozenset(("not", *REDUCTIONS))


def _nesting(found: list[Word]) -> Iterator[Diagnostic]:
    for line in lines(found):
        levels, previous = [_Level()], None
        for word in line:
            level = levels[-1]
            if word.kind == "open":
                levels.append(_Level(cost=3 if previous is not None and previous.is_value_end else 1))
            elif word.kind == "close" and len(levels) > 1:
                closed = levels.pop()
                levels[-1].inner = max(levels[-1].inner, closed.depth() + closed.cost)
            elif word.text in (",", "="):
                level.terms, level.loose = max(level.terms, level.depth()), 0
                level.next_term()
            elif word.text in _LOOSE and previous is not None and previous.is_value_end:
                level.loose += 1
                level.next_term()
            elif word.text in ("-", "*", "/", "^") or word.text in _PREFIX:
                level.tight += 1
            previous = word
            if levels[-1].depth() > MAX_DEPTH:
                message = "this expression is nested too deeply, or too long"
                yield Diagnostic(message, word.span, hint="name a part of it with `let`")
                return


def _reserved(found: list[Word]) -> Iterator[Diagnostic]:
    for line in lines(found):
        for at, word in enumerate(line):
            if word.kind != "name":
                continue
            following = line[at + 1].text if at + 1 < len(line) else ""
            before = line[at - 1].text if at else ""
            if word.text in ("True", "False"):
                yield Diagnostic(f"the language has no `{word.text}`", word.span, hint=f"write `{word.text.lower()}`")
            elif word.text == "None":
                yield Diagnostic("the language has no `None`", word.span, hint="leave the option out, or write `false`")
            elif _as_name(word, before, following, at):
                message = f"`{word.text}` is a word of the language and cannot be a name"
                if word.text == "dim" and following == "=" and before in ("(", ",", ";"):
                    hint = "features stand last, and layers run along them; along another axis, write the equation"
                    yield Diagnostic("no layer takes an axis by its number", word.span, hint=hint)
                    continue
                yield Diagnostic(message, word.span, hint=f"write `{word.text}_`")


def _as_name(word: Word, before: str, following: str, at: int) -> bool:
    if word.text not in RESERVED:
        return False
    if at == 0 or before == ":" or (before == ";" and following != "="):
        return following in ("=", "+=", ",") or (following == "[" and word.text not in ("if", "return"))
    named = before in (
        "dim",
        "ratio",
        "let",
        "layer",
        "model",
        "weight",
        "buffer",
        "mask",
        "share",
        "saves",
        "as",
        "for",
    )
    inside = word.text not in ("if", "elif", "else", "and", "or", "not", "true", "false", "in")
    return named or inside or (following == "=" and word.text not in ("true", "false"))
