"""The tokens of a text come in, its first mistake that needs no grammar comes out.

Characters and operators of other languages, unfinished texts, brackets, words of the language used as names, and nesting
beyond what later passes can walk by recursion. Nothing here knows which statement it looks at.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from .errors import Diagnostic, Source, Span
from .tokens import FOREIGN_OPERATORS, JOINING_WORDS, RESERVED, Token, logical

DEEPEST = 100
LONGEST_CHAIN = 200
LONGEST_NUMBER = 400
CLOSER = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class Mistake:
    """A diagnostic and the offset where it counts as standing; the parser must not see the text if it is `fatal`."""

    diagnostic: Diagnostic
    start: int
    fatal: bool = False


def first_mistake(source: Source, tokens: list[Token]) -> Mistake | None:
    found = [_first_token(source, tokens), _brackets(source, tokens), _depth(source, tokens), _reserved(source, tokens)]
    mistakes = [mistake for mistake in found if mistake is not None]
    fatal = [mistake for mistake in mistakes if mistake.fatal]
    return min(fatal or mistakes, key=lambda mistake: mistake.start, default=None)


def _at(source: Source, token: Token, message: str, hint: str = "", fatal: bool = False) -> Mistake:
    return Mistake(Diagnostic(message, Span(source, token.start, token.end), hint=hint), token.start, fatal)


# ---------------------------------------------------------------- characters


_OPERATOR_MESSAGES = {
    "**": ("a power is written `^`", "{left}^{right}"),
    "//": ("a quotient rounded down is written with `floor`", "floor({left} / {right})"),
    "%": ("a remainder is written with `mod`", "mod({left}, {right})"),
    "&&": ("`&&` is written `and`", "{left} and {right}"),
    "||": ("`||` is written `or`", "{left} or {right}"),
    "&": ("`&` is written `and`", "{left} and {right}"),
    "|": ("`|` is written `or`", "{left} or {right}"),
    "!": ("`!` is written `not`", "not {right}"),
    "@": (
        "there is no matrix product `@`: an equation says which index is summed",
        "y[n, o] = sum[i] x[n, i] * W[i, o]",
    ),
    ":=": ("a name is given with `=`", "{left} = {right}"),
    "=>": ("a pipe is written `->`", "{left} -> {right}"),
    "-=": ("there is no `-=`", "{left} = {left} - {right}"),
    "*=": ("there is no `*=`", "{left} = {left} * {right}"),
    "/=": ("there is no `/=`", "{left} = {left} / {right}"),
}
_WRITTEN = {
    "×": "*",
    "·": "*",
    "⋅": "*",
    "∗": "*",
    "−": "-",
    "–": "-",
    "—": "-",
    "÷": "/",
    "∕": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "→": "->",
    "⟶": "->",
    "…": "...",
    "“": '"',
    "”": '"',
    "„": '"',
    "∞": "inf",
    "∈": "in",
    "∑": "sum[i]",
    "Σ": "sum[i]",
    "∏": "prod[i]",
    "√": "sqrt(x)",
    "⌊": "floor(x)",
    "⌋": "floor(x)",
    "⌈": "ceil(x)",
    "⌉": "ceil(x)",
    "¬": "not",
    "∧": "and",
    "∨": "or",
    "'": '"',
    "‘": '"',
    "’": '"',
    "`": '"',
    "{": "(",
    "}": ")",
    **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", (f"^{digit}" for digit in range(10)), strict=True)),
}


def _first_token(source: Source, tokens: list[Token]) -> Mistake | None:
    for number, token in enumerate(tokens):
        if token.kind == "other" or (token.kind == "operator" and token.text in FOREIGN_OPERATORS):
            return _foreign(source, tokens, number)
        if token.kind == "open_string":
            text = token.text.rstrip()
            return _at(source, token, 'this text has no closing `"`', f'{text}"')
        if token.kind == "number" and len(token.text) > LONGEST_NUMBER:
            return _at(source, token, f"a number of {len(token.text)} digits", fatal=True)
    if tokens[0].indent > 0 and not tokens[0].ends_line:
        return _at(
            source, tokens[0], f"`{tokens[0].text}` is indented, but no block is open", "write it at the line's start"
        )
    return None


def _foreign(source: Source, tokens: list[Token], number: int) -> Mistake:
    token = tokens[number]
    if token.text == "\t":
        return _at(source, token, "a tab", "indent and separate with spaces")
    if token.text in _OPERATOR_MESSAGES:
        message, form = _OPERATOR_MESSAGES[token.text]
        left, right = _beside(tokens, number)
        return _at(source, token, message, form.format(left=left, right=right))
    if token.text in _WRITTEN:
        return _at(source, token, f"the language has no character `{token.text}`", f"write `{_WRITTEN[token.text]}`")
    if token.text == ".":
        return _at(source, token, "a point stands neither in a number nor in a range", _point(tokens, number))
    shown = f"`{token.text}`" if token.text.isprintable() and not token.text.isspace() else f"U+{ord(token.text):04X}"
    called = unicodedata.name(token.text, "").lower()
    extra = f" ({called})" if called and not token.text.isascii() else ""
    return _at(
        source, token, f"the language has no character {shown}{extra}", "use a space" if token.text.isspace() else ""
    )


def _beside(tokens: list[Token], number: int) -> tuple[str, str]:
    """What stands left and right of an operator, if it is short enough to be repeated in a hint."""
    left, right = tokens[max(0, number - 1)], tokens[number + 1]
    return (left.text if left.is_value and number else "a"), (right.text if right.is_value else "b")


def _point(tokens: list[Token], number: int) -> str:
    left, right = tokens[max(0, number - 1)], tokens[number + 1]
    touches = right.start == tokens[number].end
    if right.kind == "number" and touches:
        return f"0.{right.text}"
    if left.kind == "number" and left.end == tokens[number].start:
        return f"{left.text}.0"
    return f"{left.text} -> {right.text}" if left.kind == "name" and right.kind == "name" and touches else ""


# ---------------------------------------------------------------- brackets and depth


def _brackets(source: Source, tokens: list[Token]) -> Mistake | None:
    stack: list[Token] = []
    for token in tokens:
        if token.opens:
            stack.append(token)
            if len(stack) > DEEPEST:
                return _deep(source, token)
        elif token.closes and not stack:
            return _at(
                source, token, f"nothing is open that this `{token.text}` could close", f"remove the `{token.text}`"
            )
        elif token.closes and CLOSER[stack[-1].text] != token.text:
            note = f"the `{token.text}` in line {source.position(token.start)[0]} comes first"
            return _unclosed(source, stack[-1], note)
        elif token.closes:
            stack.pop()
    return _unclosed(source, stack[-1]) if stack else None


def _unclosed(source: Source, token: Token, note: str = "") -> Mistake:
    message = f"this `{token.text}` is never closed"
    diagnostic = Diagnostic(
        message,
        Span(source, token.start, token.end),
        hint=f"add a `{CLOSER[token.text]}`",
        notes=(note,) if note else (),
    )
    return Mistake(diagnostic, token.start)


def _deep(source: Source, token: Token) -> Mistake:
    return _at(source, token, f"nested more than {DEEPEST} deep", "give the inner part a name of its own", fatal=True)


def _depth(source: Source, tokens: list[Token]) -> Mistake | None:
    """Blocks in blocks, signs before signs, powers of powers, choices in choices, and chains of operators."""
    levels = [0]
    prefix = 0
    chains = [(0, 0)]  # for each open bracket: operators that nest to the right, and all operators
    statements = logical(tokens)
    for before, token in zip([None, *statements], statements, strict=False):
        if token.ends_line:
            chains, prefix = [(0, 0)], 0
        elif before is None or before.kind == "newline":
            while token.indent < levels[-1]:
                levels.pop()
            if token.indent > levels[-1]:
                levels.append(token.indent)
            if len(levels) > DEEPEST + 1:
                return _deep(source, token)
        prefix = prefix + 1 if token.text in ("-", "not") else 0
        chains = _chained(chains, token)
        if prefix > DEEPEST or chains[-1][0] > DEEPEST:
            return _deep(source, token)
        if chains[-1][1] > LONGEST_CHAIN:
            message = f"a chain of more than {LONGEST_CHAIN} operators"
            return _at(source, token, message, "give a part of it a name of its own", fatal=True)
    return None


def _chained(chains: list[tuple[int, int]], token: Token) -> list[tuple[int, int]]:
    if token.opens:
        return [*chains, (0, 0)]
    if token.closes:
        return chains[:-1] if len(chains) > 1 else chains
    if token.text == ",":
        return [*chains[:-1], (0, 0)]
    nested, total = chains[-1]
    if token.text in ("^", "else") or token.text in ("sum", "mean", "max", "min", "prod"):
        return [*chains[:-1], (nested + 1, total + 1)]
    if token.text in ("+", "-", "*", "/", "->"):
        return [*chains[:-1], (nested, total + 1)]
    return chains


# ---------------------------------------------------------------- words


_PYTHON_WORDS = {"True": "true", "False": "false"}
_NAMING = frozenset(
    {"dim", "ratio", "let", "share", "quantity", "layer", "model", "weight", "buffer", "mask", "saves", "as"}
)


def _reserved(source: Source, tokens: list[Token]) -> Mistake | None:
    depth = 0
    for number, token in enumerate(tokens):
        depth = max(0, depth + token.opens - token.closes)
        if token.kind != "name":
            continue
        if token.text in _PYTHON_WORDS:
            written = _PYTHON_WORDS[token.text]
            return _at(source, token, f"`{token.text}` is written `{written}`", written)
        if token.text == "None":
            return _at(
                source, token, "there is no `None`", "leave the option out, or give it a number, `false` or a layer"
            )
        if token.text in RESERVED and _as_name(tokens, number, depth):
            message = f"`{token.text}` is a word of the language and cannot be a name"
            return _at(source, token, message, f"call it `{token.text}_`")
    return None


def _as_name(tokens: list[Token], number: int, depth: int) -> bool:
    token, before, following = tokens[number], tokens[max(0, number - 1)], tokens[number + 1]
    if token.indent >= 0:
        return depth == 0 and (
            following.text in ("=", "+=") or (following.text == "[" and token.text not in JOINING_WORDS)
        )
    if before.text in _NAMING and before.end < token.start:
        return True
    return token.text not in JOINING_WORDS and following.kind != "other"
