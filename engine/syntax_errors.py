"""Mistakes against the grammar, told in terms of what the program has: Lark's error in, our diagnostics out.

A rule of `_RULES` looks at the place where the parser stopped and answers with a diagnostic or None; the first answer
counts. Each top-level item is parsed by itself, so that independent mistakes are reported together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import lark

from .errors import ArchError, Diagnostic, Source, Span, nearest
from .syntax_scan import BLOCKS, KEYWORDS, REDUCTIONS, STATEMENTS, TOP, lines, mistakes, words
from .syntax_stop import OPERATORS, Stop, find_stop, last_operator, operand

MOST_ERRORS = 10
_FOREIGN_STARTS = {
    "def": "a layer begins with `layer name(x[N, D]; option = 1):`",
    "class": "a layer begins with `layer name(x[N, D]; option = 1):`",
    "import": 'other files are read with `use "file.arch"`',
    "from": 'other files are read with `use "file.arch"`',
    "while": "write `repeat L:` or `for i in 0..3:`",
    "elseif": "write `elif`",
}


def precheck(source: Source) -> None:
    """What is looked for before the parser runs, because the parser would tell it badly. Raises ArchError."""
    tab = source.text.find("\t")
    if tab >= 0:
        hint = "replace it by 4 spaces"
        raise ArchError(Diagnostic("a tab: indentation and spacing are spaces", Span(source, tab, tab + 1), hint=hint))
    if any(True for start, end in _items(source) for _ in mistakes(source, words(source, start, end))):
        raise ArchError(*_all(source))


def explain(source: Source, failure: lark.exceptions.LarkError) -> ArchError:
    """The mistake behind an error of the parser, with those of the other top-level items."""
    return ArchError(*(_all(source) or [_diagnose(source, 0, len(source.text), failure)]))


def _all(source: Source) -> list[Diagnostic]:
    """At most ten mistakes: those of the text of an item, or the one at which its parse stops."""
    from .parser import parse_text

    found: list[Diagnostic] = []
    for start, end in _items(source):
        plain = list(mistakes(source, words(source, start, end)))
        found += plain
        if not plain:
            try:
                parse_text(source, start, end)
            except lark.exceptions.LarkError as failure:
                found.append(_diagnose(source, start, end, failure))
            except ArchError as failure:
                found += failure.diagnostics
        if len(found) >= MOST_ERRORS:
            break
    return found[:MOST_ERRORS]


def _items(source: Source) -> Iterator[tuple[int, int]]:
    """The stretches of the text between lines that begin with a top-level word, or with something much like one."""
    starts = [0]
    for match in re.finditer(r"^[^\W\d]\w*", source.text, re.MULTILINE):
        word = match.group()
        if word in TOP or word in _FOREIGN_STARTS or (word not in STATEMENTS and nearest(word, TOP)):
            starts.append(match.start())
    ends = [*starts[1:], len(source.text)]
    return ((start, end) for start, end in zip(starts, ends, strict=True) if start < end)


def _diagnose(source: Source, start: int, end: int, failure: lark.exceptions.LarkError) -> Diagnostic:
    found = lines(words(source, start, end))
    if not found:
        return Diagnostic("this was not expected here", Span(source, start, start))
    token = getattr(failure, "token", None)
    kind = str(getattr(token, "type", ""))
    expected = frozenset(getattr(failure, "expected", None) or getattr(failure, "allowed", None) or ())
    place = getattr(failure, "pos_in_stream", None)
    offset = end if kind == "$END" or place is None else start + int(place)
    row, at = find_stop(found, offset, kind)
    stop = Stop(source, found, row, at, kind, expected)
    return next(answer for rule in _RULES if (answer := rule(stop)) is not None)


# ---------------------------------------------------------------- rules: blocks and lines

_Answer = Diagnostic | None


def _indented(stop: Stop) -> _Answer:
    if stop.kind != "_INDENT":
        return None
    if stop.row == 0:
        return Diagnostic("the first line of a file is indented", stop.first.span, hint="begin it in column 1")
    above = stop.lines[stop.row - 1]
    column = stop.source.position(above[0].span.start)[1]
    message = "this line is indented, and the line above it opens no block"
    return Diagnostic(message, stop.first.span, hint=f"begin it in column {column}")


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
    if stop.first.text in ("else", "elif") and (stop.at == 0 or (stop.at == 1 and not _is_header(stop))):
        return Diagnostic(f"this `{stop.text}` belongs to no `if`", stop.first.span, hint="indent it like its `if`")
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
    if first.text in _FOREIGN_STARTS:
        return Diagnostic(f"no line begins with `{first.text}`", first.span, hint=_FOREIGN_STARTS[first.text])
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
    if stop.first.text in ("layer", "model") and len(stop.line) == 2:
        hint = f"write `{stop.between(0, 2)}(x[N, D]):`"
        return Diagnostic(f"`{last.text}` has no brackets for its tensors", last.span, hint=hint)
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
    if split is None and stop.line[start].text not in REDUCTIONS and (not start or stop.line[start - 1].text != "else"):
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
    hint = f"write `{stop.between(0, stop.at)} {link} {stop.between(stop.at, len(stop.line))}`"
    return Diagnostic(f"this `{stop.first.text}` has no `{link}`", stop.word.span, hint=hint)


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
    brackets = sum((word.kind == "open") - (word.kind == "close") for word in stop.line[: stop.at])
    if stop.word is None or brackets <= 0 or stop.text not in (":", ".."):
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
    return Diagnostic(message, before.span.to(word.span), hint=hint)


def _generic(stop: Stop) -> _Answer:
    if stop.word is None:
        written = stop.between(max(0, len(stop.line) - 3), len(stop.line))
        return Diagnostic(f"the line ends too early, after `{written}`", stop.end)
    behind = f" after `{stop.before.text}`" if stop.before is not None else ""
    return Diagnostic(f"this was not expected here{behind}: `{stop.text}`", stop.word.span)


_RULES: tuple[Callable[[Stop], _Answer], ...] = (
    _indented, _no_body, _body_on_header, _else_alone, _misplaced, _unknown_start, _assigned_condition, _augmented,
    _mixed_pipe, _no_name, _line_ends, _inner_if, _no_colon, _no_word, _bare_reduction, _slice, _two_operators,
    _two_values, _generic,
)  # fmt: skip
