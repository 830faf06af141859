"""Derivations: a program and its quantities in, a document out, with every step and its reason and no markup.

`detail` is summary (results), steps (equations and their costs under the conventions that were asked for) or full
(every operation).
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import formula as f
from ..conventions import convention
from ..document import Block, Bullets, Code, Document, Figure, Heading, Paragraph, Run, Strong, Table, Text
from ..errors import ArchError
from ..quantities import Measures
from .abbreviations import abbreviations, with_lets
from .billed import BillWriter
from .front import FrontWriter
from .grown import growth_blocks
from .homonyms import Homonyms
from .published import published_blocks
from .reasons import ReasonWriter
from .request import DETAILS, Request, held, layout_of, looks_of, symbols_of, values_of
from .sections import SectionWriter
from .shown import Shown, digits, sentence, spelled
from .verified import Verified
from .whole import TotalWriter


def derive(measures: Measures, request: Request) -> Document:
    """The derivation of one model."""
    author = _Author(measures, request)
    blocks = tuple(author.blocks())
    return Document(measures.program.name, blocks, tuple(author.front.results()), author.homonyms.symbols())


class _Author:
    """Writes one document from top to bottom."""

    def __init__(self, measures: Measures, request: Request) -> None:
        self.measures = measures
        self.program = measures.program
        self.request = request
        self.conventions = tuple(map(convention, request.conventions))
        billed = [measures.billed(name) for name in request.conventions]
        exprs = [derived.expr for derived in (measures.params, *billed) if derived.expr is not None]
        taken = {dimension.symbol.name for dimension in self.program.dimensions}
        self.homonyms = Homonyms(self.program)
        layout, own = with_lets(self.homonyms.layout(request.form), self.program)
        self.layout, short = abbreviations(exprs, layout, taken | {let.symbol.name for let, _ in self.program.lets})
        self.shown = Shown(measures, self.layout, values_of(self.program), held(self.program, request.along))
        self.bills = BillWriter(measures, self.conventions, self.shown)
        self.front = FrontWriter(measures, request, self.shown, self.bills, [*own, *short])

    def blocks(self) -> Iterator[Block]:
        instance = self.program.instance
        yield Heading(1, ("Complexity of ", Code(self.request.label or instance.name)), anchor=instance.name)
        if instance.doc:
            yield Paragraph((sentence(instance.doc),))
        for caveat in self.shown.caveats:
            yield Paragraph((Strong("Caveat."), " ", *caveat))
        yield from self.front.blocks()
        yield from self.request.plots
        if self.request.detail != "summary":
            yield from self.derivation()
        yield from self.bills.side_by_side()
        yield from published_blocks(self.request.published.get(self.program, ()), self.layout)
        yield from self.variants()
        yield from ReasonWriter(self.measures, self.shown).blocks()
        yield from self.picture()
        yield from growth_blocks(self.front.quantities, self.shown)
        yield from self.verification()

    def derivation(self) -> Iterator[Block]:
        yield Heading(2, ("Derivation",), anchor="derivation")
        full = self.request.detail == "full"
        sections = SectionWriter(self.program, self.measures.counter, self.conventions, self.layout, full=full)
        own = list(sections.layers.body(self.program.instance))
        if own:
            if sections.opened:
                yield Heading(3, ("The model’s own equations",), anchor="own")
            yield from own
        yield from sections.blocks(3)
        whole = TotalWriter(self.measures, self.conventions, self.layout, self.shown)
        yield from whole.blocks()
        yield from self.bills.tools()

    def picture(self) -> Iterator[Block]:
        """The dependences between positions, of models on one sequence."""
        path = self.measures.path
        if not self.request.pictured or (path.expr is None and not path.infinite):
            return
        from ..dependences.picture import picture

        try:
            drawn = picture(self.program)
        except ArchError:
            return
        if drawn.lines:
            yield Figure(drawn, (drawn.caption,), anchor="dependences")

    def verification(self) -> Iterator[Block]:
        verified = self.request.verified.get(self.program)
        if verified is None:
            return
        yield Heading(2, ("Verification",), anchor="verification")
        yield Paragraph(verified.text(looks_of(self.program, self.layout)))
        if verified.uncovered:
            yield Paragraph(("Not compared:",))
            yield Bullets(tuple(spelled(line) for line in verified.uncovered))

    def variants(self) -> Iterator[Block]:
        """The other names of the model, with its parameters and operations at their values."""
        if not self.program.variants:
            return
        names: tuple[str, ...] = ("params", self.request.conventions[0])
        free = {d.symbol.name for d in self.program.dimensions if not d.fixed}
        sizes = looks_of(self.program, self.layout)
        rows: list[tuple[Text, ...]] = []
        if any(name not in free or value is None for v in self.program.variants for name, _, value in v.settings):
            names = ()  # the structure depends on these values: each variant is a derivation of its own
        for variant in self.program.variants:
            values = {**self.shown.values, **{name: value for name, _, value in variant.settings if value is not None}}
            at = Shown(self.measures, self.layout, values)
            cells = [(at.value(at.derived(name)) or "–",) for name in names]
            settings: list[Run] = []
            for name, text, _ in variant.settings:
                known: list[Run] = [f.Relation((sizes.get(name, f.Symbol(name)), f.Words(text)), ("=",))]
                settings += [", "] * bool(settings) + (known if text[:1].isalnum() else [Code(f"{name} = {text}")])
            rows.append(((Code(variant.name),), (variant.note or "–",), tuple(settings), *cells))
        yield Heading(2, ("Variants",), anchor="variants")
        titles = ["parameters", self.conventions[0].title][: len(names)]
        head: tuple[Text, ...] = (("name",), ("what it is",), ("values",), *((title,) for title in titles))
        yield Table(
            ("The model under other names",),
            "lll" + "r" * len(names),
            head,
            tuple(rows),
            anchor="variants",
            notes=self.shown.caveats,
        )


__all__ = ["DETAILS", "Request", "Verified", "derive", "digits", "layout_of", "spelled", "symbols_of", "values_of"]
