"""The place where the parser stopped to what is wrong there: one rule for each common mistake.

A rule answers with a diagnostic or None; the first answer of `RULES` counts.
"""

from __future__ import annotations

from collections.abc import Callable

from .errors import Diagnostic, nearest
from .syntax_scan import BLOCKS, KEYWORDS, REDUCTIONS, STATEMENTS, TOP
from .syntax_stop import OPERATORS, Stop, last_operator, operand

FOREIGN_STARTS = {
    "def": "a layer begins with `layer name(x[N, D]; option = 1):`",
    "class": "a layer begins with `layer name(x[N, D]; option = 1):`",
    "import": 'other files are read with `use "file.arch"`',
    "from": 'other files are read with `use "file.arch"`',
    "while": "write `repeat L:` or `for i in 0..3:`",
    "elseif": "write `elif`",
}

# ---------------------------------------------------------------- rules: blocks and lines

_Answer = Diagnostic | None


def _indented(stop: Stop) -> _Answer:
    if stop.kind != "_INDENT":
        return None
    above = stop.lines[stop.row - 1]
    column = stop.source.position(above[0].span.start)[1]
    message = "this line is indented, and the line above it opens no block"
    return Diagnostic(message, stop.first.span, hint=f"begin it in column {column}")


def _in_variant(stop: Stop) -> _Answer:
    """Another line than an `expect` under a `variant`."""
    if stop.at != 0 or stop.word is None or stop.text == "expect":
        return None
    column = stop.source.position(stop.first.span.start)[1]
    above = (line for line in reversed(stop.lines[: stop.row]) if stop.source.position(line[0].span.start)[1] < column)
    opener = next(above, None)
    if opener is None or opener[0].text != "variant":
        return None
    return Diagnostic("only `expect` lines stand in a `variant`", stop.first.span, hint="put it before the `variant`")


def _no_body(stop: Stop) -> _Answer:
    header = stop.line if stop.word is None else stop.lines[stop.row - 1] if stop.at == 0 and stop.row else None
    if header is None or header[-1].text != ":" or header[0].text not in BLOCKS:
        return None
    span = header[0].span.to(header[-1].span)
    name = f" {header[1].text}" if header[0].text in ("layer", "model") and len(header) > 1 else ""
    return Diagnostic(
        f"`{header[0].text}{name}` has no body", span, hint="indent the lines that belong to it by 4 more spaces"
    )


def _no_colon(stop: Stop) -> _Answer:
    if stop.first.text not in BLOCKS or "COLON" not in stop.expected:
        return None
    written = stop.between(0, stop.at)
    if stop.word is None:
        return Diagnostic(f"the header of `{stop.first.text}` ends without `:`", stop.end, hint=f"write `{written}:`")
    return None


def _body_on_header(stop: Stop) -> _Answer:
    if stop.first.text in BLOCKS and stop.before is not None and stop.before.text == ":" and stop.word is not None:
        return Diagnostic("a block begins on a line of its own", stop.word.span, hint="break the line after `:`")
    return None


def _else_alone(stop: Stop) -> _Answer:
    if stop.first.text in ("else", "elif") and (
        stop.at == 0 or stop.text == "if" or (stop.at == 1 and not _is_header(stop))
    ):
        if stop.text == "if":
            hint = f"write `elif {stop.between(2, len(stop.line))}`"
            return Diagnostic("`else` and `if` are one word", stop.first.span.to(stop.line[1].span), hint=hint)
        return Diagnostic(
            f"this `{stop.first.text}` belongs to no `if`", stop.first.span, hint="indent it like its `if`"
        )
    return None


def _is_header(stop: Stop) -> bool:
    """Whether the parser took the line's first word for the beginning of a block, and not for a name."""
    return not stop.expected & {"EQUAL", "ASSIGN", "COMMA"}


def _misplaced(stop: Stop) -> _Answer:
    word, column = stop.first, stop.source.position(stop.first.span.start)[1]
    inner = column > 1 and word.text in TOP - STATEMENTS | {"layer", "model"}
    if word.text not in KEYWORDS or stop.at > (1 if inner else 0) or stop.word is None:
        return None
    if word.text in TOP and column > 1:
        message = f"`{word.text}` stands inside a layer or model, and belongs to the file"
        return Diagnostic(message, word.span, hint="move it out and begin it in column 1")
    if word.text not in TOP:
        message = f"`{word.text}` stands outside of a layer or model"
        return Diagnostic(message, word.span, hint="indent it under the `layer` or `model` it belongs to")
    return None


def _unknown_start(stop: Stop) -> _Answer:
    first = stop.first
    if first.kind != "name" or first.text in KEYWORDS or stop.at > 1:
        return None
    if first.text in FOREIGN_STARTS:
        return Diagnostic(f"no line begins with `{first.text}`", first.span, hint=FOREIGN_STARTS[first.text])
    column = stop.source.position(first.span.start)[1]
    close = nearest(first.text, TOP if column == 1 else STATEMENTS)
    named = len(stop.line) > 1 and stop.line[1].text in ("=", "+=", ",", "[")
    if close and not named and (stop.at == 0 or stop.word is not None):
        return Diagnostic(f"no line begins with `{first.text}`", first.span, hint=close)
    if stop.at == 0 and named:
        value = stop.between(0, len(stop.line))
        hint = f"write `let {value}`" if stop.line[1].text == "=" else "indent it under a `layer` or `model`"
        return Diagnostic("a value is computed outside of a layer or model", first.span, hint=hint)
    if stop.at == 0:
        return Diagnostic(f"no line begins with `{first.text}`", first.span, hint=close)
    return None


def _no_name(stop: Stop) -> _Answer:
    if stop.first.text in KEYWORDS or any(word.text in ("=", "+=") for word in stop.line):
        return None
    if stop.first.text == '""' and len(stop.line) > 1 and stop.line[1].kind == "text":
        text = stop.line[1]
        return Diagnostic("a text has one quotation mark on each side", text.span, hint=f"write `{text.text}`")
    if stop.first.kind == "text":
        message = "a text stands here, and only the first line of a layer or model may be one"
        return Diagnostic(message, stop.first.span, hint=f"write `# {stop.first.text[1:-1]}`")
    if not stop.first.is_value_start or (stop.at > 0 and stop.text not in ("", "(", "->", *OPERATORS)):
        return None
    whole = stop.between(0, len(stop.line))
    message = "this line computes something and gives it no name"
    return Diagnostic(message, stop.first.span.to(stop.line[-1].span), hint=f"write `return {whole}` or `y = {whole}`")


# ---------------------------------------------------------------- rules: expressions


def _line_ends(stop: Stop) -> _Answer:
    last = stop.before
    if stop.word is not None or last is None:
        return None
    if last.text in ("=", "+="):
        return Diagnostic(f"nothing stands after `{last.text}`", last.span, hint="write the value behind it")
    if last.text in OPERATORS:
        hint = "a line goes on inside brackets, or where the next one begins with `->`"
        return Diagnostic(f"the line ends after `{last.text}`", last.span, hint=hint)
    if last.text == ",":
        return Diagnostic("the line ends after a comma", last.span, hint="delete the comma, or write what follows it")
    if len(stop.line) == 1 and last.text in KEYWORDS:
        return Diagnostic(f"nothing stands after `{last.text}`", last.span, hint=_EXAMPLES.get(last.text, ""))
    if stop.first.text in ("weight", "buffer", "mask") and last.kind == "name":
        return Diagnostic(
            f"`{last.text}` has no axes", last.span, hint=f"write `{last.text}[N, D]`, or `{last.text}[]`"
        )
    if stop.first.text == "variant" and last.kind == "name":
        return Diagnostic(f"`{last.text}` has no values", last.span, hint=f"write `variant {last.text}(N = 8)`")
    return None


_EXAMPLES = {
    "return": "write `return y`",
    "weight": "write `weight W[I, O]`",
    "repeat": "write `repeat L:`",
    "if": "write `if bias:`",
    "for": "write `for i in 0..3:`",
    "dim": "write `dim N = 1024`",
    "layer": "write `layer name(x[N, D]):`",
    "model": "write `model name(x[N, D]):`",
    "use": 'write `use "file.arch"`',
}


def _signature(stop: Stop) -> _Answer:
    before = stop.before
    if stop.first.text not in ("layer", "model") or before is None or before.kind != "name":
        return None
    if stop.at == 2 and stop.text in ("", ":"):
        hint = f"write `{stop.between(0, 2)}(x[N, D]):`"
        return Diagnostic(f"`{before.text}` has no brackets for its tensors", before.span, hint=hint)
    if stop.depth and stop.text in ("=", ",", ")", ";") and "LSQB" in stop.expected:
        message = f"`{before.text}` stands among the tensors and has no axes"
        return Diagnostic(
            message, before.span, hint=f"write `{before.text}[N, D]`, or put it behind `;` if it is an option"
        )
    return None


def _separated(stop: Stop) -> _Answer:
    if stop.word is None or stop.text not in (";", "."):
        return None
    if stop.text == ";":
        return Diagnostic("`;` between statements", stop.word.span, hint="write what follows on a line of its own")
    if stop.first.text == "use":
        return None
    return Diagnostic(
        "the language has no `.`: nothing belongs to a tensor", stop.word.span, hint="a layer is applied with `x -> f`"
    )


def _unquoted(stop: Stop) -> _Answer:
    what = {
        "use": "the file of a `use` stands",
        "exercise": "the title of an `exercise` stands",
        "caveat": "the words of a `caveat` stand",
    }.get(stop.first.text)
    if what is None or stop.at != 1 or stop.word is None:
        return None
    words = stop.source.text[stop.word.span.start : stop.line[-1].span.end]
    span = stop.word.span.to(stop.line[-1].span)
    return Diagnostic(f"{what} in quotes", span, hint=f'write `{stop.first.text} "{words}"`')


def _compared_binding(stop: Stop) -> _Answer:
    compares = stop.first.text in ("if", "elif", "assume", "expect") or stop.depth
    if stop.text != "==" or stop.word is None or compares or any(w.text == "=" for w in stop.line[: stop.at]):
        return None
    message = "`==` compares; to give a name to a value is `=`"
    return Diagnostic(message, stop.word.span, hint=f"write `{stop.replaced('=')}`")


def _shifted_target(stop: Stop) -> _Answer:
    targets = len(stop.line) > 1 and stop.line[1].text == "[" and stop.first.text not in KEYWORDS
    if not targets or stop.text not in ("+", "-", "*", "/") or any(w.text in ("=", "+=") for w in stop.line[: stop.at]):
        return None
    where = stop.between(operand(stop.line, stop.at, -1), operand(stop.line, stop.at, 1))
    message = f"an equation computes the element at an index, not at `{where}`"
    return Diagnostic(message, stop.word.span if stop.word else None, hint="shift the other side: `y[n] = x[n - 1]`")


def _assigned_condition(stop: Stop) -> _Answer:
    condition = stop.first.text in ("if", "elif", "assume", "expect") or any(
        word.text in ("where", "if") for word in stop.line[: stop.at]
    )
    if stop.text != "=" or stop.word is None or not condition:
        return None
    message = "`=` gives a name to a value; to compare is `==`"
    return Diagnostic(message, stop.word.span, hint=f"write `{stop.replaced('==')}`")


def _mixed_pipe(stop: Stop) -> _Answer:
    if stop.word is None or (stop.text != "->" and stop.text not in OPERATORS):
        return None
    start = operand(stop.line, stop.at, -1)
    if stop.text != "->":
        if not any(word.text == "->" for word in stop.line[start : stop.at]):
            return None
        pipe = stop.between(start, stop.at)
        message = f"`{stop.text}` follows a pipe, and nothing says what goes through the pipe"
        tail = stop.between(stop.at, operand(stop.line, stop.at, 1))
        return Diagnostic(message, stop.word.span, hint=f"write `({pipe}) {tail}`")
    left = stop.between(start, stop.at)
    stages = stop.between(stop.at, operand(stop.line, stop.at, 1, pipe=True))
    if not left:
        return Diagnostic("nothing stands before `->`", stop.word.span, hint=f"write `x {stages}`")
    message = "a pipe is mixed with an operator, and nothing says what goes through the pipe"
    split = last_operator(stop.line, start, stop.at)
    span = stop.line[start].span.to(stop.word.span)
    span = stop.line[start].span.to(stop.word.span)
    if start and stop.line[start - 1].text == "else":
        hint = f"write `else ({stop.between(start, stop.at)} {stages})`"
        return Diagnostic("a pipe behind `else`, and nothing says how far the choice goes", span, hint=hint)
    if split is None and stop.line[start].text not in REDUCTIONS:
        return None
    if split is None or split + 1 == stop.at:
        return Diagnostic(message, span, hint=f"write `({left}) {stages}`")
    head, last = stop.between(start, split + 1), stop.between(split + 1, stop.at)
    head += "" if split == start else " "
    return Diagnostic(message, span, hint=f"write `({left}) {stages}` or `{head}({last} {stages})`")


def _no_word(stop: Stop) -> _Answer:
    link = {"choose": "of", "for": "in"}.get(stop.first.text, "")
    if not link or stop.at < 2 or stop.word is None or any(word.text == link for word in stop.line):
        return None
    misspelt = nearest(stop.text, [link]) and any(word.is_value_start for word in stop.line[stop.at + 1 : stop.at + 2])
    hint = f"write `{stop.between(0, stop.at)} {link} {stop.between(stop.at + bool(misspelt), len(stop.line))}`"
    return Diagnostic(f"this `{stop.first.text}` has no `{link}`", stop.word.span, hint=hint)


def _until(stop: Stop) -> _Answer:
    """Anything but `repeat until connected`."""
    before, word = stop.before, stop.word
    if stop.first.text != "repeat" or before is None or word is None:
        return None
    if before.text == "until" and "CONNECTED" in stop.expected:
        rest = stop.source.text[word.span.end : stop.line[-1].span.end] if word.kind == "name" else ":"
        hint = f"write `repeat until connected{rest}`"
        return Diagnostic("what a `repeat until` waits for is `connected`", word.span, hint=hint)
    if word.text == "connected" and stop.at == 2:
        hint = f"write `repeat until {stop.between(2, len(stop.line))}`"
        return Diagnostic(f"`{before.text}` stands where `until` does", before.span, hint=hint)
    return None


def _bare_reduction(stop: Stop) -> _Answer:
    before = stop.before
    if before is None or before.text not in REDUCTIONS or stop.word is None or not stop.word.is_value_start:
        return None
    body = stop.between(stop.at, operand(stop.line, stop.at - 1, 1))
    message = f"`{before.text}` does not say over which index it goes"
    return Diagnostic(
        message, before.span, hint=f"write `{before.text}[n] {body}`, with an index of the tensor for `n`"
    )


def _inner_if(stop: Stop) -> _Answer:
    asked = [word for word in stop.line[1 : stop.at] if word.text == "if"]
    told = [word for word in stop.line[: stop.at] if word.text == "else"]
    if len(asked) <= len(told) or not (stop.word is None or stop.word.kind == "close" or stop.text == ","):
        return None
    written = stop.between(0, stop.at)
    return Diagnostic("this `if` has no `else`: the value is missing where it is false", asked[-1].span,
                      hint=f"write `{written} else 0{stop.between(stop.at, len(stop.line))}`")  # fmt: skip


def _augmented(stop: Stop) -> _Answer:
    if stop.text == "+=" and stop.before is not None and stop.at == 1:
        value = stop.between(2, len(stop.line))
        hint = f"write `{stop.before.text} = {stop.before.text} + {value}`"
        return Diagnostic(
            "`+=` adds to the elements of a tensor, and no indices are written", stop.line[1].span, hint=hint
        )
    operator = stop.line[stop.at - 1].text if stop.text == "=" and stop.at else stop.text
    number = stop.at - 1 if stop.text == "=" else stop.at
    follows = number + 1 < len(stop.line) and stop.line[number + 1].text == "="
    if operator in ("-", "*", "/") and follows and number:
        name, value = stop.between(0, number), stop.between(number + 2, len(stop.line))
        span = stop.line[number].span.to(stop.line[number + 1].span)
        return Diagnostic(
            f"the language has no `{operator}=`", span, hint=f"write `{name} = {name} {operator} {value}`"
        )
    return None


def _slice(stop: Stop) -> _Answer:
    if stop.word is None or not stop.depth or stop.text not in (":", ".."):
        return None
    message = f"`{stop.text}` stands inside brackets: an axis is read at one place, by an index or a size"
    return Diagnostic(message, stop.word.span, hint="bind the index where it ranges: `y[n in 0..3] = x[n]`")


def _two_operators(stop: Stop) -> _Answer:
    before, word = stop.before, stop.word
    if before is None or word is None:
        return None
    if before.kind == "open" and word.kind == "close":
        return Diagnostic(
            "nothing stands between these brackets", before.span.to(word.span), hint="write a value there"
        )
    if before.text in OPERATORS | {"=", "+="} and word.kind in ("operator", "close"):
        span = before.span.to(word.span)
        return Diagnostic(f"nothing stands between `{before.text}` and `{word.text}`", span, hint="write a value there")
    if before.text == "," and word.text == ",":
        return Diagnostic("nothing stands between two commas", before.span.to(word.span), hint="delete one of them")
    return None


def _two_values(stop: Stop) -> _Answer:
    before, word = stop.before, stop.word
    if before is None or word is None or not before.is_value_end or not word.is_value_start:
        return None
    if "STAR" not in stop.expected or "text" in (before.kind, word.kind):
        return None
    message = f"nothing stands between `{before.text}` and `{word.text}`"
    plain = {before.kind, word.kind} <= {"name", "number"} and stop.first.text not in BLOCKS
    hint = f"write `{before.text} * {word.text}` if a product is meant" if plain else ""
    if plain and stop.depth:
        hint = f"write `{before.text}, {word.text}` or `{before.text} * {word.text}`"
    return Diagnostic(message, before.span.to(word.span), hint=hint)


def _generic(stop: Stop) -> _Answer:
    if stop.word is None:
        written = stop.between(max(0, len(stop.line) - 3), len(stop.line))
        return Diagnostic(f"the line ends too early, after `{written}`", stop.end)
    behind = f" after `{stop.before.text}`" if stop.before is not None else ""
    return Diagnostic(f"this was not expected here{behind}: `{stop.text}`", stop.word.span)


RULES: tuple[Callable[[Stop], _Answer], ...] = (
    _indented, _in_variant, _no_body, _body_on_header, _else_alone, _misplaced, _unknown_start, _unquoted, _signature,
    _separated,
    _assigned_condition, _compared_binding, _shifted_target, _augmented, _mixed_pipe, _no_name, _no_colon, _line_ends,
    _inner_if, _no_word, _until, _bare_reduction, _slice, _two_operators, _two_values, _generic,
)  # fmt: skip
