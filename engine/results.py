"""The results of a model as objects: each quantity with its formula, growth, number and reason, with the symbols of its
file and in their order. A notebook shows them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from operator import attrgetter, getitem
from typing import TYPE_CHECKING, Final

from . import formula as f
from .conventions import convention
from .conventions import names as convention_names
from .derivation import Request, layout_of, symbols_of, values_of
from .derivation.billed import BillWriter
from .derivation.front import FrontWriter
from .derivation.reasons import ReasonWriter
from .derivation.request import held
from .derivation.shown import Shown, digits, sentence
from .document import Block, Code, Document, Heading, Paragraph, Run, Step, Steps, Strong, Table
from .formula import Formula
from .notation import Symbols, to_latex, to_python, to_unicode
from .quantities import BY_NAME, Derived, Measures
from .quantities.derived import Words
from .sympy_bridge import to_sympy

if TYPE_CHECKING:
    import sympy

    from .renderer import Format

Mime = Collection[str] | None

COLUMNS = 80
_FORMATS: Final[Mapping[str, Format]] = {"text/plain": "text", "text/markdown": "markdown", "text/latex": "latex"}


def bundle(documents: Document | Sequence[Document], include: Mime = None, exclude: Mime = None) -> dict[str, str]:
    """Documents in the formats from which a notebook chooses the richest that it knows. HTML is not among them: a page
    brings a style of its own, and Markdown with mathematics is what notebooks, Quarto and nbconvert show well."""
    from .renderer import Look, render

    pages = (documents,) if isinstance(documents, Document) else tuple(documents)
    found = {}
    for mime, format in _FORMATS.items():
        if (not include or mime in include) and mime not in (exclude or ()):
            shown = tuple(map(_subordinate, pages)) if format == "markdown" else pages
            found[mime] = render(shown, format, Look(columns=COLUMNS))
    return found


def _subordinate(document: Document) -> Document:
    """The document below the headings of a notebook."""
    blocks = (replace(b, level=b.level + 2) if isinstance(b, Heading) else b for b in document.blocks)
    return replace(document, blocks=tuple(blocks))


def shown_of(measures: Measures, form: str = "auto", along: str | None = None) -> Shown:
    """The quantities of a model as its file has them, growing along one size or all."""
    program = measures.program
    return Shown(measures, layout_of(program, form), values_of(program), held(program, along))


def quantity_names(measures: Measures, conventions: Sequence[str] = ()) -> tuple[str, ...]:
    """Every quantity of a model: those of the language, with conventions among the operations, and the file's own."""
    before = list(BY_NAME)[: list(BY_NAME).index("exact") + 1]
    return tuple(dict.fromkeys((*before, *conventions, *BY_NAME, *measures.defined)))


@dataclass(frozen=True, eq=False)
class Quantity:
    """One quantity of a model, or its operations under a convention.

    Where there is no closed form, what is made of it is None. Then it is `infinite`, or its `value` alone is known, or
    `reason` says why it is not derived.
    """

    name: str
    _shown: Shown
    _model: object = None  # from which it is had again where it was pickled

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return getitem, (self._model, self.name)

    @property
    def title(self) -> str:
        """What it is called in a table."""
        if self.name in convention_names():
            return convention(self.name).title
        return BY_NAME[self.name].title if self.name in BY_NAME else self._shown.measures.notes[self.name]

    @property
    def unit(self) -> str | None:
        """What is counted; None for a quantity that the file defines."""
        if self.name in BY_NAME:
            return BY_NAME[self.name].unit
        return "operations" if self.name in convention_names() else None

    # ---------------------------------------------------------------- the closed form

    @property
    def expr(self) -> sympy.Expr | None:
        """SymPy's expression, `oo` where the quantity is infinite."""
        return to_sympy(self.derived.expr) if self.derived.expr is not None or self.infinite else None

    @property
    def python(self) -> str | None:
        """Python, as `expr` of the JSON has it: `3*D**2*N`."""
        return None if self.derived.expr is None else to_python(self._formula, self._symbols)

    @property
    def latex(self) -> str | None:
        return None if isinstance(self._formula, f.Words) else to_latex(self._formula, self._symbols)

    @property
    def unicode(self) -> str | None:
        return None if isinstance(self._formula, f.Words) else to_unicode(self._formula, self._symbols)

    @property
    def infinite(self) -> bool:
        return self.derived.infinite

    @property
    def upper_bound(self) -> bool:
        """Is it so much at most?"""
        return self.derived.bound

    # ---------------------------------------------------------------- growth, number, reason

    @property
    def growth(self) -> sympy.Expr | None:
        """The terms that no others dominate, each with coefficient 1, as SymPy's expression."""
        from .growth import growth

        if self._grown is None or self.derived.expr is None:
            return None
        return to_sympy(growth(self.derived.expr, self._shown.measures.program.facts, self._shown.held).expr)

    @property
    def growth_python(self) -> str | None:
        """The same in Python: `D**2*N + D*N**2`."""
        grown = self._grown.body if isinstance(self._grown, f.Growth) else self._grown
        return None if grown is None else to_python(grown, self._symbols)

    @property
    def growth_latex(self) -> str | None:
        return None if self._grown is None else to_latex(self._grown, self._symbols)

    @property
    def growth_unicode(self) -> str | None:
        """`O(D²N + DN²)`"""
        return None if self._grown is None else to_unicode(self._grown, self._symbols)

    @property
    def value(self) -> int | Fraction | float | None:
        """The number at the example values; of positions, those that lie inside their axes."""
        return self._shown.cut_off(self.derived) if self.derived.number is None else self.derived.number

    @property
    def reason(self) -> str:
        """Why it is what it is, or why it is not derived."""
        return self.derived.unknown or in_unicode(self.derived.reason, self._shown)

    # ---------------------------------------------------------------- how it is shown

    @cached_property
    def derived(self) -> Derived:
        return self._shown.derived(self.name)

    @cached_property
    def _symbols(self) -> Symbols:
        return _symbols(self._shown)

    @property
    def _formula(self) -> Formula:
        return self._shown.formula(self.derived)

    @cached_property
    def _grown(self) -> Formula | None:
        grown = self._shown.grown(self.derived)
        return None if isinstance(grown, str | Code | Strong) else grown

    @property
    def document(self) -> Document:
        """The quantity by itself, with its reason."""
        program = self._shown.measures.program
        unknown = self.derived.unknown
        title = Strong(f"{self.title[0].upper()}{self.title[1:]}")
        words = ReasonWriter(self._shown.measures, self._shown).words((unknown,) if unknown else self.derived.reason)
        reason = Paragraph((title, ": ", *words, *("." * (not str(words[-1]).endswith(".")))))
        blocks: tuple[Block, ...] = (reason,) if unknown else (Steps(tuple(self._steps(program.name))), reason)
        return Document(program.name, blocks, symbols=symbols_of(program))

    def _steps(self, model: str) -> Iterator[Step]:
        name = f.Apply(self.name, (f.Symbol(model),))
        value = self._shown.value(self.derived)
        if self.derived.number is not None:
            yield Step(name, "=", f.Words(value), ("at the example values",))
            return
        yield Step(name, "<=" if self.upper_bound else "=", self._formula)
        if self.derived.expr is None or self.derived.expr.constant is not None:
            return
        if self._grown is not None:
            yield Step(None, "in", self._grown)
        if value:
            yield Step(None, "=", f.Words(value), ("at the example values",))

    def _repr_mimebundle_(self, include: Mime = None, exclude: Mime = None) -> dict[str, str]:
        return bundle(self.document, include, exclude)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.unicode or self.reason}>"


@dataclass(frozen=True, eq=False, repr=False)
class Quantities(Mapping[str, Quantity]):
    """The quantities of a model by name. A notebook shows a table of them, with the operations under `conventions`."""

    shown: Shown
    conventions: tuple[str, ...] = ("macs",)
    model: object = None

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return attrgetter("quantities"), (self.model,)

    @cached_property
    def _all(self) -> dict[str, Quantity]:
        names = quantity_names(self.shown.measures, self.conventions)
        return {name: Quantity(name, self.shown, self.model) for name in names}

    def __getitem__(self, name: str) -> Quantity:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def document(self) -> Document:
        """The table that a derivation begins with, under the name of the model and what its author says of it."""
        measures, program = self.shown.measures, self.shown.measures.program
        doc = (": ", sentence(program.instance.doc)) if program.instance.doc else ()
        front = FrontWriter(measures, Request(self.conventions), self.shown, BillWriter(measures, (), self.shown), ())
        titles = [(self._all[name].title,) for name, _, _ in front.quantities]  # short enough for a terminal
        blocks: list[Block] = [Paragraph((Code(program.name), *doc))]
        for block in front.results_table():
            if isinstance(block, Table):
                rows = tuple((title, *row[1:]) for title, row in zip(titles, block.rows, strict=True))
                block = replace(block, caption=(), rows=rows)
            blocks.append(block)
        blocks += self._example_values()
        return Document(program.name, tuple(blocks), symbols=symbols_of(program))

    def _example_values(self) -> Iterator[Block]:
        words: list[Run] = []
        for dimension in self.shown.measures.program.dimensions:
            value = self.shown.values.get(dimension.symbol.name)
            if value is not None:
                name = self.shown.layout.atom(dimension.symbol)
                words += [
                    ", " if words else "Example values: ",
                    f.Relation((name, f.Words(digits(value))), ("=",)),
                ]
        if words:
            yield Paragraph((*words, "."))

    def _repr_mimebundle_(self, include: Mime = None, exclude: Mime = None) -> dict[str, str]:
        return bundle(self.document, include, exclude)

    def __repr__(self) -> str:
        return bundle(self.document, include=("text/plain",))["text/plain"].rstrip("\n")


def in_unicode(words: Words, shown: Shown) -> str:
    """Words with formulas as text."""
    symbols = _symbols(shown)
    return "".join(p if isinstance(p, str) else to_unicode(shown.layout.formula(p), symbols) for p in words)


def _symbols(shown: Shown) -> Symbols:
    return Symbols(symbols_of(shown.measures.program))
