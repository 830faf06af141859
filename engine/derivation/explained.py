"""One term of a total traced to what makes it: which equation, how often, and how much of the coefficient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .. import formula as f
from ..algebra.atoms import Monomial
from ..algebra.expression import ZERO, Expr
from ..conventions import GENERAL, Convention, convention
from ..document import Block, Code, Document, Heading, Paragraph, Run, Step, Steps, Strong, Table, Text
from ..errors import usage
from ..program import Choose, Instance, Parallel, Repeat
from ..quantities import Measures
from ..quantities.totals import Enclosing
from .applications import calls
from .costs import CostWriter, equated
from .equations import Writer
from .homonyms import Homonyms
from .request import Request, values_of
from .shown import Shown
from .trace import Contribution, contributions, weight_contributions

# Sources of a term that are told step by step; of more, only the table.
MOST_TOLD = 12
# Ways from the model to an equation; where there are more, the layers at the end of shorter ways are one source each.
MOST_WAYS = 400


@dataclass(frozen=True)
class _Source:
    """Contributions that are alike, from so many places."""

    part: Contribution
    places: int
    coefficient: Fraction


def explain(measures: Measures, request: Request, term: Expr) -> Document:
    """Where a term comes from, in every quantity that has it with this coefficient; a coefficient of 1 asks for all of
    those that were asked for. Raises a usage error where no quantity has it."""
    program = measures.program
    homonyms = Homonyms(program)
    shown = Shown(measures, homonyms.layout(request.form), values_of(program))
    explainer = _Explainer(measures, shown)
    blocks = tuple(explainer.blocks(explainer.found(request.conventions, term)))
    return Document(program.name, blocks, (), homonyms.symbols())


class _Explainer:
    def __init__(self, measures: Measures, shown: Shown) -> None:
        self.measures = measures
        self.program = measures.program
        self.shown = shown
        self.plain = shown.plain
        self.layout = shown.layout
        self.costs = CostWriter(measures.counter, shown.layout)

    # ---------------------------------------------------------------- which quantities

    def found(self, asked: Sequence[str], term: Expr) -> list[tuple[str, Monomial]]:
        """The quantities that have the term, those that were asked for first."""
        if len(term.terms) != 1:
            raise usage(
                f"`--explain` takes one term, and {self.name(term)} has {len(term.terms)}",
                hint="one product of sizes: `--explain '12*N*D^2'`",
            )
        ((monomial, coefficient),) = term.terms.items()
        names = list(dict.fromkeys(["params", *asked, *GENERAL]))
        having = {name: value for name in names if (value := self.expr(name).terms.get(monomial))}
        steps = self.measures.quantity("sequential").expr
        if coefficient not in having.values() and steps is not None and steps.terms.get(monomial) == coefficient:
            message = f"{self.name(term)} is a term of `sequential`, of steps that wait for each other"
            raise usage(message, hint="the derivation says what each part of the model adds to them")
        if not having:
            raise usage(f"no quantity of `{self.program.name}` has a term {self.name(term)}", hint=self.terms(asked))
        same = [name for name, value in having.items() if value == coefficient]
        if same:
            return [(name, monomial) for name in same if name in asked or name == "params"] or [(same[0], monomial)]
        wanted = [name for name in having if name in asked or name == "params"]
        if coefficient == 1 and wanted:
            return [(name, monomial) for name in wanted]
        are = ", ".join(f"{_plain(value)} in {name}" for name, value in having.items())
        one = self.name(Expr({monomial: 1}))
        raise usage(f"the coefficient of {one} is not {_plain(coefficient)}", hint=f"it is {are}")

    def expr(self, name: str) -> Expr:
        derived = self.measures.params if name == "params" else self.measures.billed(name)
        return derived.expr if derived.expr is not None else ZERO

    def name(self, expr: Expr) -> str:
        from ..elaborator.describe import show

        return f"`{show(expr)}`"

    def terms(self, asked: Sequence[str]) -> str:
        """The terms that there are."""
        found = []
        for name in ("params", *asked):
            terms = [self.name(Expr({m: c})) for m, c in self.plain.terms(self.expr(name))]
            if terms:
                shown = ", ".join(terms[:6]) + (", …" if len(terms) > 6 else "")
                found.append(f"{name} has {shown}")
        return "; ".join(found)

    # ---------------------------------------------------------------- the trace

    def blocks(self, found: Sequence[tuple[str, Monomial]]) -> Iterator[Block]:
        yield Heading(1, ("Where a term of ", Code(self.program.name), " comes from"), anchor=self.program.name)
        for name, monomial in found:
            yield from self.quantity(name, monomial)

    def quantity(self, name: str, monomial: Monomial) -> Iterator[Block]:
        chosen = None if name == "params" else convention(name)
        title = "parameters" if chosen is None else chosen.title
        whole = self.expr(name)
        term = self.plain.formula(Expr({monomial: whole.terms[monomial]}))
        sources = self.sources(chosen, monomial)
        yield Heading(2, (term, f" in the {title}"), anchor=name)
        total = f.Apply(name, (f.Words(self.program.name),))
        yield Steps((Step(total, "=", self.layout.formula(whole)),))
        if chosen is not None:
            yield Paragraph((Strong(f"{title[0].upper()}{title[1:]}."), " ", chosen.sentence))
        if len(sources) <= MOST_TOLD:
            for number, source in enumerate(sources, start=1):
                yield from self.told(number, source, chosen, monomial)
        yield self.table(sources, monomial, whole)

    def sources(self, chosen: Convention | None, monomial: Monomial) -> list[_Source]:
        """Every contribution with the term; those of one equation in the same surroundings are one source."""
        levels = levels_of(self.program.instance)
        counter, instance = self.measures.counter, self.program.instance
        parts = (
            weight_contributions(instance, counter, levels)
            if chosen is None
            else contributions(instance, counter, chosen, levels)
        )
        found: dict[object, _Source] = {}
        for part in parts:
            value = Fraction(part.count.terms.get(monomial, 0))
            if value:
                key = (part.layers, part.name, part.one, part.around, part.equation, part.line and part.line.what)
                known = found.get(key)
                found[key] = _Source(
                    part, 1 + (known.places if known else 0), value + (known.coefficient if known else 0)
                )
        return list(found.values())

    def told(self, number: int, source: _Source, chosen: Convention | None, monomial: Monomial) -> Iterator[Block]:
        """One source: its equation, what it costs each time, how often, and what of that is the term."""
        part = source.part
        words: list[Run] = [f"{number}. ", Code(_place(part))]
        yield Paragraph(tuple(words))
        yield Steps(tuple(self.steps(source, chosen, monomial)))

    def steps(self, source: _Source, chosen: Convention | None, monomial: Monomial) -> Iterator[Step]:
        part = source.part
        quantity = "params" if chosen is None else chosen.name
        left: f.Formula = f.Apply(
            quantity, (f.Symbol(part.name) if part.equation or chosen is None else f.Words(part.name),)
        )
        if part.equation is not None and part.line is not None and chosen is not None:
            writer = Writer(self.layout)
            target, body = writer.equation(part.equation)
            yield Step(target, "=", body, tuple(writer.shape(part.equation.target)))
            rate = chosen.rate(part.line.kind)
            factors = self.costs.factors(part.equation, part.line, rate)
            reason = self.costs.reason(part.equation, part.line, rate, alone=not chosen.rate("add"))
            closed = self.layout.formula(part.one)
            yield Step(left, "=", equated(factors, closed), reason)
        else:
            yield Step(left, "=", self.layout.formula(part.one), ("each time",))
        whole = part.one
        for node in reversed(part.around):
            one, whole = whole, self.all_of(whole, node, chosen)
            yield self.turns(one, whole, node)
        whole = part.count
        if source.places > 1:
            times = f.Product((f.integer(source.places), self.layout.formula(whole)), dots=True)
            whole = whole * source.places
            yield Step(f.Words("at all places"), "=", f.Relation((times, self.layout.formula(whole)), ("=",)))
        if len(whole.terms) > 1:
            term = Expr({monomial: source.coefficient})
            yield Step(f.Words("the term in it"), "=", self.plain.formula(term), ("multiplied out",))

    def all_of(self, one: Expr, node: Enclosing, chosen: Convention | None) -> Expr:
        """What is done once, or held once, over all turns or bodies."""
        counter = self.measures.counter
        return counter.weights_of_all(one, node) if chosen is None else counter.operations_of_all(one, node)

    def turns(self, one: Expr, whole: Expr, node: Enclosing) -> Step:
        """Over all turns: times their number, or summed where they differ."""
        operations = whole == one * node.chosen if isinstance(node, Choose) else False
        count = node.chosen if isinstance(node, Choose) and operations else node.count
        match node:
            case Repeat(how="shared") if whole == one:
                words = "the same weights at every turn"
            case Repeat():
                words = "turns of the repeat"
            case Parallel():
                words = "bodies side by side"
            case Choose():
                words = "bodies that are chosen" if operations else "bodies to choose from"
        if whole == one:
            return Step(f.Words("all of them"), "=", self.layout.formula(whole), (words,))
        if one.mentions(node.symbol):
            bound = f.Bound(f.Symbol(node.symbol.name), f.integer(0), self.layout.formula(node.count - 1))
            added = f.Reduction("sum", (bound,), self.layout.formula(one))
            return Step(
                f.Words("all of them"),
                "=",
                f.Relation((added, self.layout.formula(whole)), ("=",)),
                (f"over the {words}",),
            )
        times = f.Product((self.layout.formula(count), self.layout.formula(one)), dots=True)
        return Step(f.Words("all of them"), "=", f.Relation((times, self.layout.formula(whole)), ("=",)), (words,))

    def table(self, sources: Sequence[_Source], monomial: Monomial, whole: Expr) -> Table:
        """The coefficients, which add up to that of the term."""
        several = any(source.places > 1 for source in sources)
        rows: list[tuple[Text, ...]] = []
        for number, source in enumerate(sources, start=1):
            row: list[Text] = [(str(number),), (Code(_place(source.part)),), (_what(source.part),)]
            row += [(str(source.places),)] * several
            rows.append((*row, (f.Number(source.coefficient),)))
        total = Fraction(whole.terms[monomial])
        blank: list[Text] = [("",)] * (1 + several)
        rows.append((("",), ("total",), *blank, (f.Number(total),)))
        head: list[Text] = [("",), ("from",), ("what",), *([("places",)] * several), ("coefficient",)]
        align = "rll" + "r" * several + "r"
        term = self.plain.formula(Expr({monomial: 1}))
        return Table(
            ("What makes the coefficient of ", term), align, tuple(head), tuple(rows), total=True, anchor="terms"
        )


def _plain(value: Fraction | int) -> str:
    return str(Fraction(value))


def _place(part: Contribution) -> str:
    return " › ".join((*part.layers, part.name)) if part.name not in part.layers[-1:] else " › ".join(part.layers)


def _what(part: Contribution) -> str:
    if part.line is not None:
        return part.line.what
    return "all that is in it" if part.name in part.layers[-1:] else "its elements"


def levels_of(instance: Instance) -> int:
    """How deep layers can be followed so that there are not too many ways."""
    ways = {instance: 1}
    for depth in range(1, 64):
        following: dict[Instance, int] = {}
        for caller, number in ways.items():
            for called, places in _direct(caller).items():
                following[called] = following.get(called, 0) + number * places
        if not following or sum(following.values()) > MOST_WAYS:
            return depth + (not following)
        ways = following
    return 64


def _direct(instance: Instance) -> dict[Instance, int]:
    """The instances that are applied in the body itself, with the number of places."""
    found: dict[Instance, int] = {}
    for call in calls(instance.body):
        found[call.instance] = found.get(call.instance, 0) + 1
    return found
