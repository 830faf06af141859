"""The place where the parser stopped comes in, what is wrong there comes out: one small rule for each common mistake.

A rule sees the tokens around the place and answers with a diagnostic or with None; `RULES` has them in the order in which they
are asked, the most telling first. What a rule says is about the program; what the parser would have accepted is its own affair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from .errors import Diagnostic, Source, Span, nearest
from .tokens import BLOCK_WORDS, REDUCTIONS, STATEMENT_WORDS, TOP_WORDS, Token

_BINARY = (
    "+",
    "-",
    "*",
    "/",
    "^",
    "==",
    "!=",
    "<=",
    ">=",
    "<",
    ">",
    "~",
    "=",
    "+=",
    "->",
    "..",
    "and",
    "or",
    "in",
    "of",
    "divides",
)
_OUTSIDE_PIPE = ("=", "+=", "==", "!=", "<=", ">=", "<", ">", "and", "or", "not", "if", "else", "return")
_PYTHON_STATEMENTS = {
    "def": "layer f(x[..., D]; width = 4*D):",
    "class": "model net(x[N, D]):",
    "import": 'use "blocks.arch"',
    "from": 'use "blocks.arch"',
    "while": "repeat L:",
    "elseif": "elif",
    "elsif": "elif",
    "function": "layer f(x[..., D]):",
    "param": "weight W[I, O]",
    "parameter": "weight W[I, O]",
    "assert": "assume h divides D",
    "const": "let",
    "var": "let",
}


@dataclass(frozen=True)
class Place:
    """The tokens of an item, one newline between statements, and which of them the parser refused."""

    source: Source
    tokens: list[Token]
    number: int

    @property
    def token(self) -> Token:
        return self.tokens[self.number]

    @property
    def before(self) -> Token:
        return self.tokens[self.number - 1] if self.number else Token("newline", "", self.token.start, self.token.start)

    @cached_property
    def line(self) -> list[Token]:
        """The tokens of the statement, without its newline."""
        first, last = self.number, self.number
        while first > 0 and self.tokens[first - 1].kind != "newline":
            first -= 1
        while not self.tokens[last].ends_line:
            last += 1
        return self.tokens[first:last]

    @property
    def first(self) -> Token:
        return self.line[0] if self.line else self.token

    @cached_property
    def so_far(self) -> list[Token]:
        """The statement's tokens before the refused one."""
        return [token for token in self.line if token.start < self.token.start]

    @cached_property
    def around(self) -> list[Token]:
        """Brackets that are open at the place, the innermost last."""
        stack: list[Token] = []
        for token in self.so_far:
            if token.opens:
                stack.append(token)
            elif token.closes and stack:
                stack.pop()
        return stack

    @cached_property
    def previous(self) -> list[Token]:
        """The statement before this one."""
        end = self.number - len(self.so_far) - 1
        first = end
        while first > 0 and self.tokens[first - 1].kind != "newline":
            first -= 1
        return self.tokens[first : max(end, 0)]

    def text(self, first: Token, last: Token) -> str:
        return " ".join(self.source.text[first.start : last.end].split())

    @property
    def statement(self) -> str:
        return self.text(self.line[0], self.line[-1]) if self.line else ""

    def called(self, token: Token) -> str:
        if token.ends_line:
            return "the end of the line"
        return f"`{token.text}`"

    def says(self, message: str, *marked: Token, hint: str = "") -> Diagnostic:
        """A diagnostic at the marked tokens, or at the refused one."""
        first, last = (marked[0], marked[-1]) if marked else (self.token, self.token)
        start, end = first.start, max(last.end if not last.ends_line else first.start, first.start + 1)
        return Diagnostic(message, Span(self.source, start, end), hint=hint)


Rule = Callable[[Place], Diagnostic | None]


# ---------------------------------------------------------------- blocks


def no_body(place: Place) -> Diagnostic | None:
    """A header, and then a line that is not indented."""
    header = place.previous
    if place.so_far or not header or header[0].text not in BLOCK_WORDS:
        return _only_a_description(place)
    if header[-1].text != ":":
        return None
    if place.token.kind != "end" and place.token.indent > header[0].indent:
        return None
    return place.says(
        f"this `{header[0].text}` has no body", header[0], header[-1], hint="indent the lines that belong to it"
    )


def _only_a_description(place: Place) -> Diagnostic | None:
    if place.so_far or [token.kind for token in place.previous] != ["string"]:
        return None
    return place.says("a layer that has a description and nothing else", *place.previous, hint="end it with `return x`")


def unexpected_indent(place: Place) -> Diagnostic | None:
    above = place.previous
    if place.so_far or not above or place.token.indent <= above[0].indent or above[-1].text == ":":
        return None
    if above[0].text in BLOCK_WORDS:
        return None
    return place.says(
        "this line is indented more than the one above it, which opens no block",
        hint=f"indent it by {above[0].indent} spaces, or put brackets around what goes over several lines",
    )


def bad_dedent(place: Place) -> Diagnostic | None:
    levels = [0]
    for before, token in zip([None, *place.tokens], place.tokens[: place.number], strict=False):
        if token.indent < 0 or (before is not None and before.kind != "newline"):
            continue
        levels = [level for level in levels if level < token.indent] + [token.indent]
    indent = place.token.indent
    if place.so_far or indent < 0 or indent >= levels[-1] or indent in levels:
        return None
    fits = " or ".join(str(level) for level in levels if level)
    return place.says(
        f"this line is indented by {indent}, the open blocks by {fits}", hint=f"indent it by {levels[-1]} spaces"
    )


def stray_branch(place: Place) -> Diagnostic | None:
    if place.so_far or place.token.text not in ("elif", "else"):
        return None
    return place.says(
        f"no `if` is open that this `{place.token.text}` could belong to", hint="indent it as its `if` is"
    )


def no_colon(place: Place) -> Diagnostic | None:
    first, last = place.first, place.before
    if first.text not in BLOCK_WORDS or not (place.token.ends_line or place.token.kind == "name" or place.token.opens):
        return None
    if place.around or last.text in (":", *_BINARY, *REDUCTIONS) or (last is first and first.text != "else"):
        return None
    if not place.token.ends_line:
        return None
    missing = {"for": "in", "choose": "of"}.get(first.text)
    words = {token.text for token in place.line}
    if missing is not None and missing not in words:
        form = "for c in [64, 128]:" if first.text == "for" else "choose 2 of E as e:"
        return place.says(f"this `{first.text}` has no `{missing}`", first, last, hint=form)
    if first.text in ("layer", "model") and "(" not in words:
        return place.says(f"`{last.text}` has no inputs", last, hint=f"{first.text} {last.text}(x[N, D]):")
    if first.text == "opaque" and not words >= {"from", "because"}:
        return place.says(
            "this `opaque` does not say from what, or because of what", hint='opaque y[N] from x because "source":'
        )
    return place.says(f"this `{first.text}` has no `:` at its end", last, hint=f"{place.statement}:")


def body_on_the_line(place: Place) -> Diagnostic | None:
    if place.before.text != ":" or place.first.text not in BLOCK_WORDS or place.token.ends_line or place.around:
        return None
    return place.says(
        f"the body of this `{place.first.text}` stands on its line", hint="begin a new, indented line after the `:`"
    )


def no_name(place: Place) -> Diagnostic | None:
    if place.before.text not in ("layer", "model") or place.before.indent < 0:
        return None
    kind, token = place.before.text, place.token
    if token.text == "(" or token.ends_line or token.text == ":":
        return place.says(f"this {kind} has no name", place.before, hint=f"{kind} f(x[..., D]):")
    return place.says(f"{place.called(token)} cannot be the name of a {kind}", hint=f"{kind} f(x[..., D]):")


# ---------------------------------------------------------------- signatures


def signature(place: Place) -> Diagnostic | None:
    """`layer f(x, h = 8):` has a tensor without axes, and an option before the semicolon."""
    if place.first.text not in ("layer", "model") or [bracket.text for bracket in place.around] != ["("]:
        return None
    name, token = place.before, place.token
    if token.text == ";":
        return place.says("a second `;`: one stands between the tensors and the options", hint="write `,`")
    if name.kind != "name" or any(other.text == ";" for other in place.so_far):
        return None
    if token.text == "=":
        return place.says(
            f"the option `{name.text}` stands among the tensors",
            name,
            hint=f"; {name.text} = … (options come after a `;`)",
        )
    if token.text in (",", ")", ";"):
        return place.says(f"the tensor `{name.text}` has no axes", name, hint=f"{name.text}[..., D]")
    return None


# ---------------------------------------------------------------- pipes


def mixed_pipe(place: Place) -> Diagnostic | None:
    """`x + x -> f`: both readings are offered, for they cost the same and mean different things."""
    if place.token.text != "->":
        return None
    left = _same_level(place.so_far)
    operators = [n for n, token in enumerate(left) if _is_operator(left, n)]
    if not left or not operators:
        return None
    operator = left[operators[-1]]
    stages = _stages(place)
    whole = place.text(left[0], left[-1])
    if operators[-1] + 1 >= len(left):
        return None
    head, last = place.text(left[0], operator), place.text(left[operators[-1] + 1], left[-1])
    hint = f"`({whole}) {stages}` or `{head}{'' if head == '-' else ' '}({last} {stages})`"
    return place.says(
        f"a pipe is mixed with `{operator.text}`: which of them comes first?", left[0], place.token, hint=hint
    )


def _same_level(tokens: list[Token]) -> list[Token]:
    """The end of the tokens that stands in one expression: back to an open bracket, a comma, `=` or a keyword."""
    depth, first = 0, 0
    for number in range(len(tokens) - 1, -1, -1):
        token = tokens[number]
        depth += token.closes - token.opens
        stops = (
            token.text in (",", "=", "+=", "return", ";", ":", "if", "else", "in", "expect", "elif")
            and token.kind != "string"
        )
        if depth < 0 or (depth == 0 and stops):
            first = number + 1
            break
    return tokens[first:]


def _is_operator(tokens: list[Token], number: int) -> bool:
    depth = sum(token.opens - token.closes for token in tokens[:number])
    return depth == 0 and tokens[number].text in (
        "+",
        "-",
        "*",
        "/",
        "^",
        "==",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
        "and",
        "or",
        "not",
    )


def _stages(place: Place) -> str:
    """The pipe from the refused arrow to its end, as it was written."""
    depth, last = 0, place.token
    for token in place.tokens[place.number :]:
        depth += token.opens - token.closes
        ends = depth < 0 or token.ends_line or (depth == 0 and token.text in (",", "+", "-", "*", "/", "if", "else"))
        if ends or (depth == 0 and token.kind == "string"):
            break
        last = token
    return place.text(place.token, last)


def pipe_then_operator(place: Place) -> Diagnostic | None:
    """`x -> f + y`."""
    if place.token.text not in ("+", "-", "*", "/", "^", *_OUTSIDE_PIPE):
        return None
    left = _same_level(place.so_far)
    depth = 0
    arrows = []
    for token in left:
        depth += token.opens - token.closes
        if depth == 0 and token.text == "->":
            arrows.append(token)
    if not arrows:
        return None
    whole = place.text(left[0], left[-1])
    message = f"a pipe is mixed with `{place.token.text}`"
    return place.says(message, left[0], place.token, hint=f"({whole}) {place.token.text} …")


def after_arrow(place: Place) -> Diagnostic | None:
    if place.before.text != "->":
        return None
    if place.token.ends_line:
        return place.says("nothing follows this `->`", place.before, hint="-> relu")
    return place.says(f"what follows `->` is a layer's name, and {place.called(place.token)} is none", hint="-> relu")


# ---------------------------------------------------------------- conditions, reductions, equations


def equals_in_condition(place: Place) -> Diagnostic | None:
    if place.token.text != "=":
        return None
    words = {token.text for token in place.so_far}
    where = place.around and "where" in words and place.around[-1].text == "["
    asked = place.first.text in ("if", "elif", "assume", "expect") and len(place.around) == 0
    if not (where or asked or ("if" in words and not place.around)):
        return None
    left = place.before
    return place.says("`=` gives a name, a comparison is written `==`", hint=_around_operator(place, left, "=="))


def _around_operator(place: Place, left: Token, operator: str) -> str:
    right = place.tokens[place.number + 1]
    simple = left.is_value and right.is_value
    return f"{left.text} {operator} {right.text}" if simple else f"write `{operator}`"


def equation_without_equals(place: Place) -> Diagnostic | None:
    line = place.line
    if place.token.text not in ("==", ":") or not place.so_far or place.around or not line[0].is_value:
        return None
    if place.first.text in TOP_WORDS or place.first.text in STATEMENT_WORDS or place.token.text == ":":
        return None
    return place.says("`==` compares; a name is given with `=`", hint="write `=`")


def reduction(place: Place) -> Diagnostic | None:
    """`sum x[i]` and `sum(i) x[i]`."""
    so_far = place.so_far
    if not so_far:
        return None
    if so_far[-1].text in REDUCTIONS and so_far[-1].kind == "name" and (place.token.is_value or place.token.opens):
        return _reduction(place, so_far[-1], place.number)
    if so_far[-1].text == ")" and place.token.is_value:
        opening = _opening(so_far)
        if opening > 0 and so_far[opening - 1].text in REDUCTIONS:
            name, inside = (
                so_far[opening - 1],
                place.text(so_far[opening + 1], so_far[-2]) if opening + 1 < len(so_far) - 1 else "i",
            )
            return place.says(
                f"the indices of `{name.text}` stand in round brackets",
                name,
                so_far[-1],
                hint=f"{name.text}[{inside}] {_term(place, place.number)}",
            )
    return None


def empty_reduction(place: Place) -> Diagnostic | None:
    so_far = place.so_far
    if place.token.text != "]" or len(so_far) < 2 or so_far[-2].text not in REDUCTIONS:
        return None
    return place.says(f"`{so_far[-2].text}` has no index", so_far[-2], place.token, hint=f"{so_far[-2].text}[i]")


def _reduction(place: Place, name: Token, number: int) -> Diagnostic:
    term = _term(place, number)
    following = place.tokens[number : number + 3]
    index = (
        following[2].text if len(following) == 3 and following[1].text == "[" and following[2].kind == "name" else "i"
    )
    return place.says(f"`{name.text}` does not say over which index", name, hint=f"{name.text}[{index}] {term}")


def _term(place: Place, number: int) -> str:
    depth, first, last = 0, place.tokens[number], place.tokens[number]
    for token in place.tokens[number:]:
        depth += token.opens - token.closes
        if depth < 0 or token.ends_line or (depth == 0 and token.text in ("+", "-", ",")):
            break
        last = token
    return place.text(first, last)


def _opening(tokens: list[Token]) -> int:
    depth = 0
    for number in range(len(tokens) - 1, -1, -1):
        depth += tokens[number].closes - tokens[number].opens
        if depth == 0:
            return number
    return -1


def left_side(place: Place) -> Diagnostic | None:
    """`y[2*n] = …`: the left side of an equation names indices."""
    if place.token.text not in ("+", "-", "*", "/", "^", "==", "<=", ">", ">=") or [b.text for b in place.around] != [
        "["
    ]:
        return None
    following = place.tokens[place.number :]
    if place.first.kind != "name" or len(place.so_far) < 2 or place.so_far[1].text != "[":
        return None
    if place.first.text in STATEMENT_WORDS or not any(token.text in ("=", "+=") for token in following):
        return None
    message = "the left side of an equation has indices, not computed positions"
    return place.says(message, place.before, place.token, hint="name the index there, and shift it where it is read")


def slice_(place: Place) -> Diagnostic | None:
    if place.token.text != ":" or not place.around or place.around[-1].text != "[":
        return None
    return place.says("a tensor has no slices", hint="m in 0..n")


def nothing_after(place: Place) -> Diagnostic | None:
    before, token = place.before, place.token
    if not (token.ends_line or token.closes or token.text in (",", ":", ";")) or not place.so_far:
        return None
    if token.closes and before.opens:
        return place.says("there is nothing in these brackets", before, token)
    if before.text == ",":
        return place.says(f"nothing stands between this `,` and {place.called(token)}", before)
    word = before.text in _BINARY or before.text in ("not", "if", "else", "where", "at", "as", "from", "because")
    if word or (before is place.first and before.text in (*STATEMENT_WORDS, *TOP_WORDS)):
        hint = {"return": "return x", "weight": "weight W[I, O]", "repeat": "repeat L:", "use": 'use "blocks.arch"'}
        return place.says(f"nothing follows this `{before.text}`", before, hint=hint.get(before.text, ""))
    return None


def open_choice(place: Place) -> Diagnostic | None:
    """`a if c` without `else`."""
    if not (place.token.ends_line or place.token.closes or place.token.text == ","):
        return None
    level = _level(place.so_far)
    if not any(token.text == "if" for token in level[1:]) or any(token.text == "else" for token in level):
        return None
    choice = next(token for token in level[1:] if token.text == "if")
    return place.says("this choice has no `else`", choice, hint=f"{place.text(level[0], level[-1])} else 0")


def _level(tokens: list[Token]) -> list[Token]:
    depth = 0
    for number in range(len(tokens) - 1, -1, -1):
        depth += tokens[number].closes - tokens[number].opens
        if depth < 0 or (depth == 0 and tokens[number].text in ("=", "+=", ",", "return")):
            return tokens[number + 1 :]
    return tokens


# ---------------------------------------------------------------- statements


def unknown_word(place: Place) -> Diagnostic | None:
    """`modle f(x):`, `wieght W[I]`, `def f(x):`."""
    first, token = place.first, place.token
    if first.kind != "name" or not place.line or first.text in (*STATEMENT_WORDS, *TOP_WORDS):
        return None
    at_top = first.indent == 0
    second = place.line[1] if len(place.line) > 1 else None
    if token not in (first, second) and not (second is None and token.ends_line):
        return None
    if first.text in _PYTHON_STATEMENTS and (second is None or second.text not in ("=", ",", "+=")):
        return place.says(f"there is no `{first.text}`", first, hint=_PYTHON_STATEMENTS[first.text])
    words = TOP_WORDS if at_top else STATEMENT_WORDS
    guess = nearest(first.text, words)
    if (second is not None and second.text in ("=", ",", "[", "+=", "->")) or second is None:
        return _not_in_a_layer(place, first, second) if at_top else None
    if guess and (second.kind in ("name", "number", "string") or second.text in (":", "(", "-")):
        return place.says(f"no statement begins with `{first.text}`", first, hint=guess)
    return _not_in_a_layer(place, first, second) if at_top and token is first and second.text == "(" else None


def _not_in_a_layer(place: Place, first: Token, second: Token | None) -> Diagnostic:
    if second is not None and second.text == "=":
        return place.says(f"`{first.text}` is given outside a layer or model", first, hint=f"let {place.statement}")
    return place.says(f"`{place.statement[:40]}` stands outside a layer or model", first, place.line[-1])


def misplaced_statement(place: Place) -> Diagnostic | None:
    """A statement at the top of the file, or a declaration in a layer."""
    first = place.first
    if place.token is not first:
        return None
    if first.indent == 0 and first.text in STATEMENT_WORDS and first.text not in TOP_WORDS:
        return place.says(f"`{first.text}` stands outside a layer or model", hint="indent it under the `layer` line")
    if first.indent > 0 and first.text in TOP_WORDS and first.text not in STATEMENT_WORDS:
        return place.says(
            f"`{first.text}` stands inside a layer or model", hint="write it at the top of the file, not indented"
        )
    return None


def unused_value(place: Place) -> Diagnostic | None:
    """A line that computes something and gives it no name."""
    if (
        place.first.text in (*STATEMENT_WORDS, *TOP_WORDS)
        or not place.line
        or not (place.first.is_value or place.first.opens)
    ):
        return None
    if any(token.text in ("=", "+=") for token in place.line) or place.first.indent == 0:
        return None
    return place.says("the value of this line has no name", *place.line, hint=f"return {place.statement}")


def plus_equals(place: Place) -> Diagnostic | None:
    if place.token.text != "+=" or len(place.so_far) != 1:
        return None
    name = place.first.text
    right = place.text(place.tokens[place.number + 1], place.line[-1]) if place.line[-1] is not place.token else "…"
    return place.says("`+=` stands in an equation, after indices", hint=f"{name} = {name} + ({right})")


def unquoted_path(place: Place) -> Diagnostic | None:
    if place.before.text != "use" or place.before.indent < 0 or place.token.ends_line:
        return None
    path = "".join(token.text for token in place.line[1:]).removesuffix(".arch")
    return place.says("the file's name stands without quotation marks", hint=f'use "{path}.arch"')


def order_of_words(place: Place) -> Diagnostic | None:
    if (
        place.first.text != "repeat"
        or place.token.text != "as"
        or place.before.text not in ("shared", "recomputed", "reversible")
    ):
        return None
    index = place.tokens[place.number + 1].text
    count = place.text(place.line[1], place.line[len(place.so_far) - 2])
    return place.says(
        f"`as` stands after `{place.before.text}`", hint=f"repeat {count} as {index} {place.before.text}:"
    )


def no_relation(place: Place) -> Diagnostic | None:
    if place.first.text != "expect" or place.around or not (place.token.ends_line or place.token.kind == "string"):
        return None
    if any(token.text in ("==", "<=", ">=", "<", ">", "~", "in") for token in place.so_far):
        return None
    return place.says("this `expect` compares nothing", place.first, place.before, hint=f"{place.statement} == ???")


def no_value(place: Place) -> Diagnostic | None:
    """`let x`, `quantity q`, `weight W`, `dim N 1024`."""
    first, name, token = place.first, place.before, place.token
    if first.text in ("weight", "buffer", "mask") and name.kind == "name" and name is not first and not place.around:
        return place.says(f"`{name.text}` has no axes", name, hint=f"{first.text} {name.text}[I, O]")
    if first.text in ("let", "quantity", "share") and name.kind == "name" and len(place.so_far) == 2:
        return place.says(f"`{name.text}` has no value", name, hint=f"{first.text} {name.text} = …")
    if first.text in ("dim", "ratio") and name.kind == "name" and token.kind == "number":
        return place.says(
            f"no `=` between `{name.text}` and `{token.text}`", name, token, hint=f"{name.text} = {token.text}"
        )
    if first.text in ("dim", "ratio") and token.kind == "name" and name is not first and name.text != ",":
        return place.says(
            f"no `,` between `{name.text}` and `{token.text}`", name, token, hint=f"{name.text}, {token.text}"
        )
    return None


def adjacent(place: Place) -> Diagnostic | None:
    """Two values with nothing between them: `2 D`, `f(x) y`, `2(a + b)`."""
    before, token = place.before, place.token
    if not (before.is_value or before.closes) or not (token.is_value or token.opens):
        return None
    if token.text == "[" and before.closes:
        return place.says("only a name can be read at indices", hint="give the value a name, and read that")
    if before.kind == "number" and token.text.startswith("_"):
        return place.says(
            "digits are written without `_`", before, token, hint=before.text + token.text.replace("_", "")
        )
    simple = before.is_value and token.is_value and "string" not in (before.kind, token.kind)
    hint = f"{before.text}*{token.text}" if simple and before.kind == "number" else ""
    joined = place.text(before, token)
    return place.says(
        f"nothing stands between `{before.text}` and `{token.text}` in `{joined}`", before, token, hint=hint
    )


RULES: tuple[Rule, ...] = (
    *(no_body, bad_dedent, unexpected_indent, stray_branch, misplaced_statement, no_name, signature),
    *(order_of_words, unquoted_path, mixed_pipe, after_arrow, pipe_then_operator, equals_in_condition, plus_equals),
    *(unknown_word, empty_reduction, reduction, left_side, slice_, open_choice, no_relation, no_value, nothing_after),
    *(body_on_the_line, no_colon, equation_without_equals, unused_value, adjacent),
)
