"""Formulas read back from what is printed: LaTeX, Unicode text or Python in, a number out.

Three readers that share nothing with the printers but the table of names. Each reads as a careful person would, and
refuses what two people might read in two ways: a factor behind a slash, a power behind `log(N)`, two numbers side by
side, letters side by side that are also a name.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction

from archderive.notation import Symbols
from archderive.notation.letters import SUBSCRIPTS, SUPERSCRIPTS

Value = int | Fraction | float
At = Mapping[str, Value]
Tree = Callable[[At], Value]


class Unreadable(Exception):
    """A text that is no formula, or that may be read in two ways."""


# ---------------------------------------------------------------- trees


def number(value: Value) -> Tree:
    return lambda at: value


def name(text: str) -> Tree:
    return lambda at: at[text]


def added(terms: list[Tree]) -> Tree:
    return terms[0] if len(terms) == 1 else lambda at: sum(term(at) for term in terms)


def multiplied(factors: list[Tree]) -> Tree:
    return factors[0] if len(factors) == 1 else lambda at: math.prod(factor(at) for factor in factors)


def negative(inner: Tree) -> Tree:
    return lambda at: -inner(at)


def divided(above: Tree, below: Tree) -> Tree:
    def value(at: At) -> Value:
        over, under = above(at), below(at)
        return over / under if isinstance(over, float) or isinstance(under, float) else Fraction(over) / Fraction(under)

    return value


def raised(base: Tree, exponent: Tree) -> Tree:
    def value(at: At) -> Value:
        power = exponent(at)
        if power == Fraction(1, 2):
            return root(base)(at)
        if isinstance(power, float) or Fraction(power).denominator != 1:
            return math.pow(base(at), power)
        below = base(at)
        return below ** int(power) if isinstance(below, float) else Fraction(below) ** int(power)

    return value


def root(inner: Tree) -> Tree:
    def value(at: At) -> Value:
        under = inner(at)
        if isinstance(under, float):
            return math.sqrt(under)
        under = Fraction(under)
        above, below = math.isqrt(under.numerator), math.isqrt(under.denominator)
        if above**2 == under.numerator and below**2 == under.denominator:
            return Fraction(above, below)
        return math.sqrt(under)

    return value


def logarithm(inner: Tree, base: Tree | None) -> Tree:
    def value(at: At) -> Value:
        if base is None:
            return math.log(inner(at))
        return near(math.log(inner(at)) / math.log(base(at)))

    return value


def rounded(inner: Tree, way: Callable[[Value], int]) -> Tree:
    return lambda at: way(near(inner(at)))


def largest(choices: list[Tree], pick: Callable[[Iterable[Value]], Value]) -> Tree:
    return lambda at: pick([choice(at) for choice in choices])


def summed(index: str, first: Tree, last: Tree, body: Tree) -> Tree:
    def value(at: At) -> Value:
        low, high = near(first(at)), near(last(at))
        if Fraction(low).denominator != 1 or Fraction(high).denominator != 1:
            raise Unreadable("a sum whose ends are not whole")
        return sum(body({**at, index: turn}) for turn in range(int(low), int(high) + 1))

    return value


def near(value: Value) -> Value:
    """A logarithm that is as good as whole."""
    return round(value) if isinstance(value, float) and abs(value - round(value)) < 1e-9 else value


CHOICES: dict[str, Callable[[Iterable[Value]], Value]] = {"max": max, "min": min}


# ---------------------------------------------------------------- names


def printed_names(names: Iterable[str], look: Callable[[str], str], kind: str) -> dict[str, str]:
    """The names by how they are printed. Raises Unreadable where two look alike."""
    found: dict[str, str] = {}
    for text in names:
        seen = look(text)
        if found.setdefault(seen, text) != text:
            raise Unreadable(f"`{found[seen]}` and `{text}` both print as {seen} in {kind}")
    return found


# ---------------------------------------------------------------- tokens


class Stream:
    """Tokens from left to right."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0

    def peek(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.peek()
        if wanted and token not in wanted:
            raise Unreadable(f"{token!r} where {' or '.join(wanted)} was expected: {self.tokens[self.place - 5 :]}")
        self.place += 1
        return token

    def ask(self, *wanted: str) -> bool:
        """Takes the next tokens if they are these."""
        if all(self.peek(n) == token for n, token in enumerate(wanted)):
            self.place += len(wanted)
            return True
        return False


# ---------------------------------------------------------------- LaTeX

_LATEX_TOKENS = re.compile(r"\d+(?:\{,\}\d{3})*|\\[A-Za-z]+|\\.|\s+|.", re.DOTALL)
_LATEX_ENDS = frozenset({"", "+", "-", ")", "}", ",", r"\right", r"\rceil", r"\rfloor", "/", "="})
_WRAPPERS = frozenset(
    {r"\mathrm", r"\text", r"\hat", r"\bar", r"\tilde", r"\dot", r"\vec", r"\mathcal", r"\mathbb", r"\mathbf"}
)
_LATEX_FENCES = {r"\lceil": (r"\rceil", math.ceil), r"\lfloor": (r"\rfloor", math.floor)}


def _latex_tokens(text: str) -> list[str]:
    return [token for token in _LATEX_TOKENS.findall(text) if not token.isspace() and token != r"\,"]


def read_latex(text: str, names: Iterable[str], symbols: Symbols) -> Tree:
    """The tree of a formula in LaTeX."""
    known = printed_names(names, lambda n: " ".join(_latex_tokens(symbols.in_latex(n))), "LaTeX")
    reader = LatexReader(_latex_tokens(text), known)
    tree = reader.sum()
    reader.take("")
    return tree


class LatexReader(Stream):
    def __init__(self, tokens: list[str], names: Mapping[str, str]) -> None:
        super().__init__(tokens)
        self.names = names

    def sum(self) -> Tree:
        terms = [negative(self.term()) if self.ask("-") else self.term()]
        while self.peek() in ("+", "-"):
            terms.append(negative(self.term()) if self.take() == "-" else self.term())
        return added(terms)

    def term(self) -> Tree:
        """Factors; one slash at most, with one factor below it."""
        above = self.product()
        if not self.ask("/"):
            return above
        below, _ = self.factor()
        if self.peek() not in _LATEX_ENDS or self.peek() == "/":
            raise Unreadable(f"{self.peek()!r} behind what stands below a slash")
        return divided(above, below)

    def product(self) -> Tree:
        factors = []
        before = ""
        while True:
            if self.peek() in _LATEX_ENDS:
                raise Unreadable(f"{self.peek()!r} where a factor was expected")
            start = self.peek()
            if before in ("O", r"\Theta") and start in ("(", r"\left"):
                raise Unreadable("a growth, or a product with a size called O")
            if factors and start[:1].isdigit() and not before == r"\cdot":
                raise Unreadable("a number right behind another factor")
            tree, open_ = self.factor()
            before = self.tokens[self.place - 1]
            factors.append(tree)
            if open_ or self.peek() in _LATEX_ENDS:
                if open_ and self.peek() not in _LATEX_ENDS - {"/"}:
                    raise Unreadable(f"{self.peek()!r} behind a sum or a logarithm without brackets")
                return multiplied(factors)
            if self.ask(r"\cdot"):
                before = r"\cdot"

    def factor(self) -> tuple[Tree, bool]:
        """A factor, and whether what stands behind it would be read as part of it."""
        token = self.peek()
        if token == r"\sum":
            return self.reduction(), True
        if token == r"\log":
            return self.log()
        base = self.atom()
        if not self.ask("^"):
            return base, False
        exponent = self.braced()
        if self.peek() == "^":
            raise Unreadable("two exponents")
        return raised(base, exponent), False

    def braced(self) -> Tree:
        self.take("{")
        tree = self.sum()
        self.take("}")
        return tree

    def reduction(self) -> Tree:
        self.take(r"\sum")
        self.take("_")
        self.take("{")
        index = self.name()
        self.take("=")
        first = self.sum()
        self.take("}")
        self.take("^")
        last = self.braced()
        return summed(index, first, last, self.term())

    def log(self) -> tuple[Tree, bool]:
        self.take(r"\log")
        base = self.braced() if self.ask("_") else None
        if self.peek() in ("(", r"\left"):
            argument, open_ = self.bracketed(), False
        else:
            argument, open_ = self.atom(), True
        if self.peek() == "^":
            raise Unreadable("a power of a logarithm or of what it is of")
        return logarithm(argument, base), open_

    def bracketed(self) -> Tree:
        """(…), once."""
        (tree,) = self.arguments()
        return tree

    def arguments(self) -> list[Tree]:
        wide = self.ask(r"\left")
        self.take("(")
        found = [self.sum()]
        while self.ask(","):
            found.append(self.sum())
        if wide:
            self.take(r"\right")
        self.take(")")
        return found

    def atom(self) -> Tree:
        token = self.peek()
        if token[0].isdigit():
            whole = self.take().replace("{,}", "")
            return number(Fraction(f"{whole}.{self.take()}") if self.ask(".") else Fraction(whole))
        if token == r"\frac":
            self.take()
            above = self.braced()
            return self.solid(divided(above, self.braced()))
        if token == r"\sqrt":
            self.take()
            return root(self.braced())
        if token in (r"\max", r"\min"):
            pick = CHOICES[self.take()[1:]]
            return self.solid(largest(self.arguments(), pick))
        if token in _LATEX_FENCES or (token == r"\left" and self.peek(1) in _LATEX_FENCES):
            wide = self.ask(r"\left")
            closing, way = _LATEX_FENCES[self.take()]
            inner = self.sum()
            if wide:
                self.take(r"\right")
            self.take(closing)
            return rounded(inner, way)
        if token in ("(", r"\left"):
            return self.bracketed()
        return name(self.name())

    def solid(self, tree: Tree) -> Tree:
        """What a power may not follow without brackets."""
        if self.peek() == "^":
            raise Unreadable("a power of a fraction or a maximum without brackets")
        return tree

    def name(self) -> str:
        """A letter or a word with what stands below it and its primes; what stands above is a power, unless the author
        wrote a name like that."""
        plain = self.scripts(self.group(self.place), "_'")
        ends = [plain, self.scripts(plain, "_^'")]
        printed = {end: " ".join(self.tokens[self.place : end]) for end in ends}
        found = [end for end in printed if printed[end] in self.names]
        if len(found) != 1:
            many = "two names" if found else "no name"
            raise Unreadable(f"{many} in {printed[ends[-1]]!r}; there are {sorted(self.names)}")
        self.place = found[0]
        return self.names[printed[found[0]]]

    def scripts(self, end: int, marks: str) -> int:
        """Where what stands below or above, and primes, end."""
        while (token := self.tokens[end] if end < len(self.tokens) else "") and token in marks:
            end = end + 1 if token == "'" else self.group(end + 1)
        return end

    def group(self, place: int) -> int:
        """Where a token, or {…}, or a command with its {…}, ends."""
        token = self.tokens[place] if place < len(self.tokens) else ""
        if not token or token in _LATEX_ENDS:
            raise Unreadable(f"{token!r} where a name was expected")
        if token in _WRAPPERS:
            return self.group(place + 1)
        if token != "{":
            return place + 1
        depth = 0
        for end in range(place, len(self.tokens)):
            depth += (self.tokens[end] == "{") - (self.tokens[end] == "}")
            if depth == 0:
                return end + 1
        raise Unreadable("a brace is open")


# ---------------------------------------------------------------- Unicode text

_LOWERED = {shown: plain for plain, shown in SUBSCRIPTS.items()}
_LIFTED = {shown: plain for plain, shown in SUPERSCRIPTS.items()}
_DIGITS_BELOW = "₀₁₂₃₄₅₆₇₈₉"
_MARKS = "\u0300-\u036f\u20d7"
_LETTER = rf"(?!Σ_\{{)[^\W\d_{''.join(_LIFTED)}{''.join(_LOWERED)}]"
_WORD = rf"{_LETTER}[{_MARKS}]*(?:{_LETTER}|[\d_′{_MARKS}{_DIGITS_BELOW}])*"
_ONE = re.compile(rf"{_LETTER}[{_MARKS}]*[{_DIGITS_BELOW}]*′*")
_OPENS = r"(?=\(| [^+−=])"  # what makes `log` a function
_UNICODE_TOKENS = re.compile(
    rf"log(?:[{''.join(_LOWERED)}]+|_\w*)?{_OPENS}"
    rf"|(?:max|min)\(|Σ_\{{|\d{{1,3}}(?:,\d{{3}})+|\d+|{_WORD}|[{''.join(_LIFTED)}]+|\.\.|.",
    re.DOTALL,
)
_FUNCTION = re.compile(rf"(log(?:[{''.join(_LOWERED)}]+|_\w*)?)|(max|min)\(")
_UNICODE_ENDS = frozenset({"", "+", "−", ")", ",", "⌉", "⌋", "/", "}", "..", "="})


def read_unicode(text: str, names: Iterable[str], symbols: Symbols) -> Tree:
    """The tree of a formula in Unicode text."""
    return _unicode(text, printed_names(names, symbols.in_unicode, "Unicode"))


def _unicode(text: str, names: Mapping[str, str]) -> Tree:
    reader = _Unicode(list(_unicode_tokens(text, names)), names)
    tree = reader.sum()
    reader.take("")
    return tree


def _unicode_tokens(text: str, names: Mapping[str, str]) -> Iterator[str]:
    """A word that is a name as it is, any other one letter after the other; `log …` and `max(` are calls."""
    found = list(_UNICODE_TOKENS.finditer(text))
    for place, match in enumerate(found):
        token = match[0]
        following = found[place + 1][0] if place + 1 < len(found) else ""
        function = _FUNCTION.fullmatch(token) and re.match(_OPENS, text[match.end() - token.endswith("(") :])
        word = token.removesuffix("(")
        letters = _ONE.findall(word) if function or re.fullmatch(_WORD, token) else []
        apart = len(letters) > 1 and "".join(letters) == word and all(letter in names for letter in letters)
        if token.isspace():
            continue
        if apart and (function or token in names):
            raise Unreadable(f"{token!r} is a name, or a function, and names side by side")
        if function:
            yield token if token.endswith("(") else token + following
        elif token in names or not letters:
            yield token
        elif apart or letters == [token]:
            yield from letters
        else:
            raise Unreadable(f"no names in {token!r}; there are {sorted(names)}")


class _Unicode(Stream):
    def __init__(self, tokens: list[str], names: Mapping[str, str]) -> None:
        super().__init__(tokens)
        self.names = names

    def sum(self) -> Tree:
        terms = [negative(self.term()) if self.ask("−") else self.term()]
        while self.peek() in ("+", "−"):
            terms.append(negative(self.term()) if self.take() == "−" else self.term())
        return added(terms)

    def term(self) -> Tree:
        above = self.product()
        if not self.ask("/"):
            return above
        below, _ = self.factor()
        if self.peek() not in _UNICODE_ENDS or self.peek() == "/":
            raise Unreadable(f"{self.peek()!r} behind what stands below a slash")
        return divided(above, below)

    def product(self) -> Tree:
        factors: list[Tree] = []
        before = ""
        while True:
            if self.peek() in _UNICODE_ENDS:
                raise Unreadable(f"{self.peek()!r} where a factor was expected")
            if before in ("O", "Θ") and self.peek() == "(":
                raise Unreadable("a growth, or a product with a size called O")
            if factors and before != "·" and self.peek()[0].isdigit():
                raise Unreadable("a number right behind another factor")
            tree, open_ = self.factor()
            before = self.tokens[self.place - 1]
            factors.append(tree)
            if open_ or self.peek() in _UNICODE_ENDS:
                if open_ and self.peek() not in _UNICODE_ENDS - {"/"}:
                    raise Unreadable(f"{self.peek()!r} behind a sum or a logarithm without brackets")
                return multiplied(factors)
            if self.ask("·"):
                before = "·"

    def factor(self) -> tuple[Tree, bool]:
        token = self.peek()
        if token == "Σ_{":
            return self.reduction(), True
        if token.startswith("log") and token[-1] in " (":
            return self.log()
        base = self.atom()
        exponent = self.exponent()
        return (base, False) if exponent is None else (raised(base, exponent), False)

    def exponent(self) -> Tree | None:
        if self.ask("^"):
            self.take("(")
            tree = self.sum()
            self.take(")")
        elif self.peek()[:1] in _LIFTED:
            tree = _unicode("".join(_LIFTED[c] for c in self.take()).replace("-", "−"), self.names)
        else:
            return None
        if self.peek() == "^" or self.peek()[:1] in _LIFTED:
            raise Unreadable("two exponents")
        return tree

    def reduction(self) -> Tree:
        self.take("Σ_{")
        index = self.names[self.take()]
        self.take("=")
        first = self.sum()
        self.take("..")
        last = self.sum()
        self.take("}")
        return summed(index, first, last, self.term())

    def log(self) -> tuple[Tree, bool]:
        token = self.take()
        below, bare = token[3:-1], token.endswith(" ")
        base: Tree | None = None
        if below == "_":
            base = self.bracketed()
        elif below:
            base = _unicode("".join(_LOWERED.get(c, c) for c in below.removeprefix("_")).replace("-", "−"), self.names)
        argument = self.atom() if bare else self.bracketed()
        if self.peek() == "^" or self.peek()[:1] in _LIFTED:
            raise Unreadable("a power of a logarithm or of what it is of")
        return logarithm(argument, base), bare

    def bracketed(self) -> Tree:
        self.take("(")
        tree = self.sum()
        self.take(")")
        return tree

    def atom(self) -> Tree:
        token = self.take()
        if token[0].isdecimal() and token.isascii():
            return number(Fraction(token.replace(",", "")))
        if token in self.names:
            return name(self.names[token])
        if token == "√":
            tree = root(self.bracketed() if self.peek() == "(" else self.atom())
            if self.peek() == "^" or self.peek()[:1] in _LIFTED:
                raise Unreadable("a power of a root or of what stands under it")
            return tree
        if token in ("max(", "min("):
            choices = [self.sum()]
            while self.ask(","):
                choices.append(self.sum())
            self.take(")")
            tree = largest(choices, CHOICES[token[:3]])
            if self.peek() == "^" or self.peek()[:1] in _LIFTED:
                raise Unreadable("a power of a maximum without brackets")
            return tree
        if token in "⌈⌊" and token:
            inner = self.sum()
            self.take("⌉" if token == "⌈" else "⌋")
            return rounded(inner, math.ceil if token == "⌈" else math.floor)
        if token == "(":
            self.place -= 1
            return self.bracketed()
        raise Unreadable(f"{token!r} is no factor: {self.tokens}")


# ---------------------------------------------------------------- Python


def read_python(text: str, names: Iterable[str], symbols: Symbols) -> Tree:
    """The tree of a formula in Python, by Python's own grammar; no text is evaluated."""
    known = printed_names(names, symbols.in_python, "Python")
    return _python(ast.parse(text, mode="eval").body, known)


def _python(node: ast.expr, names: Mapping[str, str]) -> Tree:
    def inner(part: ast.expr) -> Tree:
        return _python(part, names)

    match node:
        case ast.Constant(int(value)):
            return number(value)
        case ast.Name(printed) if printed in names:
            return name(names[printed])
        case ast.UnaryOp(ast.USub(), operand):
            return negative(inner(operand))
        case ast.BinOp(left, ast.Add(), right):
            return added([inner(left), inner(right)])
        case ast.BinOp(left, ast.Sub(), right):
            return added([inner(left), negative(inner(right))])
        case ast.BinOp(left, ast.Mult(), right):
            return multiplied([inner(left), inner(right)])
        case ast.BinOp(left, ast.Div(), right):
            return divided(inner(left), inner(right))
        case ast.BinOp(left, ast.Pow(), right):
            return raised(inner(left), inner(right))
        case ast.Call(ast.Name("floor"), [argument]):
            return rounded(inner(argument), math.floor)
        case ast.Call(ast.Name("ceiling"), [argument]):
            return rounded(inner(argument), math.ceil)
        case ast.Call(ast.Name("Max" | "Min" as pick), arguments):
            return largest(list(map(inner, arguments)), CHOICES[pick.lower()])
        case ast.Call(ast.Name("sqrt"), [argument]):
            return root(inner(argument))
        case ast.Call(ast.Name("log"), [argument]):
            return logarithm(inner(argument), None)
        case ast.Call(ast.Name("log"), [argument, base]):
            return logarithm(inner(argument), inner(base))
        case ast.Call(ast.Name("Sum"), [body, ast.Tuple([ast.Name(index), first, last])]):
            return summed(names[index], inner(first), inner(last), inner(body))
        case _:
            raise Unreadable(f"unknown in Python: {ast.unparse(node)}")
