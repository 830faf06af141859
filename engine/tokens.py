"""A source comes in, its words and brackets come out, whether or not it is a correct program.

The parser has a lexer of its own, made by Lark from the grammar; this one serves the messages about mistakes, for which a
text has to be read that Lark has just refused. It never fails: what is no word of the language is a token of kind `other`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .errors import Source

TOP_WORDS = ("dim", "ratio", "let", "assume", "use", "layer", "model", "expect", "quantity")
BLOCK_WORDS = ("layer", "model", "if", "elif", "else", "repeat", "for", "parallel", "choose", "opaque")
STATEMENT_WORDS = (
    *("weight", "buffer", "mask", "saves", "let", "assume", "share", "return", "if", "elif", "else", "repeat", "for"),
    *("parallel", "choose", "opaque", "stacked", "expect", "quantity"),
)
JOINING_WORDS = frozenset({"if", "elif", "else", "for", "in", "and", "or", "not", "true", "false"})
RESERVED = frozenset({*TOP_WORDS, *STATEMENT_WORDS, *JOINING_WORDS})
REDUCTIONS = ("sum", "mean", "max", "min", "prod")
FOREIGN_OPERATORS = ("**", "//", "&&", "||", ":=", "=>", "-=", "*=", "/=")
_NO_VALUE = (RESERVED - {"true", "false"}) | {"as", "of", "at", "where", "divides", "because", "from"}


@dataclass(frozen=True)
class Token:
    """`kind` is name, number, string, open_string, operator, newline, other or end.

    `indent` is the number of spaces before the first token of a line, and -1 for every other token.
    """

    kind: str
    text: str
    start: int
    end: int
    indent: int = -1

    @property
    def opens(self) -> bool:
        return self.kind == "operator" and self.text in ("(", "[")

    @property
    def closes(self) -> bool:
        return self.kind == "operator" and self.text in (")", "]")

    @property
    def is_value(self) -> bool:
        """Whether it is a value by itself: a number, a text or a name."""
        return self.kind in ("number", "string") or (self.kind == "name" and self.text not in _NO_VALUE)

    @property
    def ends_line(self) -> bool:
        return self.kind in ("newline", "end")


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        r"""(?P<space>[ ]+)
        |(?P<name>[^\W\d²³¹⁰⁴-⁹][^\W²³¹⁰⁴-⁹]*'*)
        |(?P<operator>\?\?\?|\.\.\.|\.\.|==|!=|<=|>=|->|\+=|-=|\*=|/=|:=|=>|\*\*|//|&&|\|\||[-+*/^=<>~()\[\],;:])
        |(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
        |(?P<newline>\r?\n)
        |(?P<string>"[^"\r\n]*")
        |(?P<open_string>"[^"\r\n]*)
        |(?P<comment>\#[^\r\n]*)
        |(?P<other>.|\r)""",
        re.VERBOSE | re.DOTALL,
    )


def scan(source: Source, start: int = 0, end: int | None = None) -> list[Token]:
    """The tokens of a stretch of the source, without spaces and comments, and a last one of kind `end`.

    >>> [token.text for token in scan(Source("m", "y = x -> f"))]
    ['y', '=', 'x', '->', 'f', '']
    """
    end = len(source.text) if end is None else end
    tokens: list[Token] = []
    fresh, indent = True, 0
    for match in _pattern().finditer(source.text, start, end):
        kind = match.lastgroup or "other"
        if kind == "space":
            indent = match.end() - match.start() if fresh else 0
        elif kind == "newline":
            tokens.append(Token(kind, "\n", match.start(), match.end()))
            fresh, indent = True, 0
        elif kind != "comment":
            tokens.append(Token(kind, match.group(), match.start(), match.end(), indent if fresh else -1))
            fresh = False
    tokens.append(Token("end", "", end, end))
    return tokens


def logical(tokens: list[Token]) -> list[Token]:
    """The tokens with one newline between statements: those in brackets, of empty lines and before `->` are left out."""
    kept: list[Token] = []
    depth = 0
    for number, token in enumerate(tokens):
        depth = max(0, depth + token.opens - token.closes)
        if token.kind == "newline":
            following = next((other for other in tokens[number + 1 :] if other.kind != "newline"), tokens[-1])
            if depth > 0 or following.text == "->" or not kept or kept[-1].kind == "newline":
                continue
        kept.append(token)
    return kept


def items(source: Source) -> Iterator[tuple[int, int]]:
    """The stretches that stand for themselves: each begins where a line without indentation begins outside brackets.

    A declaration at the beginning of a line begins an item even in brackets: they were not closed, then.
    """
    first, depth, tokens = 0, 0, scan(source)
    for number, token in enumerate(tokens):
        if token.indent == 0 and token.start > first and _begins(tokens, number, depth):
            yield first, token.start
            first, depth = token.start, 0
        depth = max(0, depth + token.opens - token.closes)
    yield first, len(source.text)


def _begins(tokens: list[Token], number: int, depth: int) -> bool:
    token, following = tokens[number], tokens[number + 1]
    if token.text in TOP_WORDS and following.kind in ("name", "number", "string"):
        return True
    return depth == 0 and token.text not in (")", "]", "->", "elif", "else")
