"""Quantities as a reader sees them: formula, growth and number of each, in one file's layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from .. import formula as f
from ..algebra.atoms import Symbol
from ..algebra.expression import Expr
from ..algebra.substitution import Value, evaluate
from ..conventions import names as convention_names
from ..document import Code, Run, Text
from ..errors import ArchError
from ..forms import Layout
from ..formula import Formula
from ..growth import growth
from ..quantities import BY_NAME, Derived, Measures
from .abbreviations import expanded

ELSEWHERE = "defined for other models"


@dataclass(frozen=True)
class Shown:
    """The quantities of one model, in its file's order of names and at its example values."""

    measures: Measures
    layout: Layout
    values: Mapping[str, Value]
    held: Sequence[Symbol] = ()  # sizes that are constant where something grows

    @cached_property
    def caveats(self) -> tuple[Text, ...]:
        """What stands under every table of the model's figures."""
        return tuple(spelled(sentence(caveat)) for caveat in self.measures.program.caveats)

    def derived(self, name: str) -> Derived:
        """A quantity, or the operations under a convention, by name."""
        if name in convention_names():
            return self.measures.billed(name)
        if name in BY_NAME or name in self.measures.defined:
            return self.measures.quantity(name)
        return Derived(None, unknown=ELSEWHERE)

    def formula(self, derived: Derived) -> Formula:
        if derived.infinite:
            return f.Infinity()
        if derived.expr is None:
            if derived.number is not None:
                return f.Words("no closed form")
            if derived.unknown == ELSEWHERE:
                return f.Words("–")
            kind = next((k for k in ("not supported yet", "none") if derived.unknown.startswith(k)), "unknown")
            return f.Words(kind)
        return self.layout.formula(derived.expr)

    def grown(self, derived: Derived) -> Run:
        """O(…), or a dash where there is nothing to grow."""
        if derived.expr is None:
            return "–"
        try:
            terms = growth(derived.expr, self.measures.program.facts, self.held).terms
        except ArchError:
            return "–"
        if not derived.expr.terms:
            return f.integer(0)
        return f.slashed(f.Growth(self.plain.formula(sum(terms[1:], terms[0]))))

    @cached_property
    def plain(self) -> Layout:
        """The same order of names, always expanded."""
        return expanded(self.layout)

    def value(self, derived: Derived) -> str:
        """The number at the example values, or nothing where there is none."""
        if derived.number is not None:
            return digits(derived.number)
        number = self.cut_off(derived)
        return "" if number is None else digits(number)

    def cut_off(self, derived: Derived) -> Value | None:
        """The number of a quantity at the example values, of positions those that lie inside their axes; None where
        there is none."""
        if derived.expr is None:
            return None
        if not derived.extents:
            return self.number(derived.expr)
        try:
            return derived.cut_off(self.values)
        except (KeyError, OverflowError, ZeroDivisionError):
            return None

    def number(self, expr: Expr) -> Value | None:
        """A formula at the example values; None where it has no number there."""
        try:
            return evaluate(expr, self.values)
        except (KeyError, OverflowError, ZeroDivisionError):
            return None


def sentence(doc: str) -> str:
    """A docstring as a sentence; one that begins with a formula (`y = x W + b`), with a name of a program
    (`torch.nn.ReLU`) or with a word that has capitals of its own (gMLP) keeps its first letter."""
    word = doc.partition(" ")[0]
    kept = "." in word[:-1] or doc[1:2] in ("", " ", "′") or not word.isascii() or word[1:].lower() != word[1:]
    text = doc if kept else doc[:1].upper() + doc[1:]
    return text if text.endswith(("!", "?", "…")) else text.rstrip(".") + "."


def spelled(words: str) -> Text:
    """Words with what stands between backticks as names of the file; a lone backtick is one."""
    parts = words.split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    return tuple(Code(part) if n % 2 else part for n, part in enumerate(parts) if part)


def listed(texts: Sequence[Text]) -> list[Run]:
    """a, b and c."""
    words: list[Run] = []
    for number, text in enumerate(texts):
        words += [", " if number < len(texts) - 1 else " and "] * bool(number) + list(text)
    return words


def digits(value: Value) -> str:
    """A number for a table: thousands apart, at most six digits of what is no whole number."""
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    if isinstance(value, int):
        return f"{value:,}"
    return f"{float(value):,.6g}"
