"""What conventions bill: a tool's bill layer by layer, and several conventions side by side with what makes them
differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..algebra.expression import ZERO, Expr
from ..conventions import Convention
from ..conventions.tools import PRODUCTS, TENSOR, Rule
from ..document import Block, Bullets, Code, Heading, Paragraph, Run, Table, Text
from ..quantities import Measures
from .shown import Shown, digits, spelled

# How many parts of a difference are named one by one.
MOST_PARTS = 6
# How many conventions stand beside each other in one table.
MOST_COLUMNS = 4


class BillWriter:
    """Writes the bills of one model under the conventions that were asked for."""

    def __init__(self, measures: Measures, conventions: Sequence[Convention], shown: Shown) -> None:
        self.measures = measures
        self.conventions = conventions
        self.shown = shown

    def tools(self) -> Iterator[Block]:
        """A section for each tool: which layers it bills how much, and by which rule."""
        for convention in self.conventions:
            if convention.tool is not None:
                yield from self.tool(convention)

    def tool(self, convention: Convention) -> Iterator[Block]:
        bill = self.measures.biller(convention.name).bill
        rows: list[tuple[Text, ...]] = []
        for (layer, rule), count in bill.items():
            if rule is not None and count:
                rows.append(((Code(layer),), self.words(rule), self._formula(count), (self._number(count) or "–",)))
        yield Heading(3, ("What ", Code(convention.name), " bills"), anchor=f"bill {convention.name}")
        whole = self.measures.billed(convention.name).expr
        assert whole is not None
        rows.append((("total",), ("",), self._formula(whole), (self._number(whole) or "–",)))
        head: tuple[Text, ...] = (("layer",), ("rule",), ("billed",), ("at the example values",))
        yield Table(
            (convention.title,),
            "lllr",
            head,
            tuple(rows),
            total=True,
            anchor=f"bill {convention.name}",
            notes=self.shown.caveats,
        )
        reasons = [self._because(layer, rule) for layer, rule in bill if rule and rule.because and not rule.fault]
        reasons = list(dict.fromkeys(reasons))
        if reasons:
            yield Bullets(tuple(reasons))
        products = any(layer == "attend" or (rule and rule.layers == (PRODUCTS,)) for layer, rule in bill)
        for note in convention.tool.notes if convention.tool is not None and products else ():
            yield Paragraph(spelled(note))

    def _because(self, layer: str, rule: Rule) -> Text:
        return (Code(layer), ": ", *self.words(rule), "; ", *spelled(rule.because), ".")

    def faults(self, convention: Convention) -> tuple[Text, ...]:
        """What a tool bills wrongly in this model."""
        if convention.tool is None:
            return ()
        bill = self.measures.biller(convention.name).bill
        wrong = [
            (*self._because(layer, rule), " This is a fault of the tool.")
            for layer, rule in bill
            if rule and rule.fault
        ]
        return tuple(dict.fromkeys(wrong))

    def side_by_side(self) -> Iterator[Block]:
        """A row for each layer, a column for each convention; then, in words, what makes the difference."""
        bills = {c: self.measures.biller(c.name).by_layer() for c in self.conventions}
        layers = list(dict.fromkeys(layer for bill in bills.values() for layer in bill))
        if len(self.conventions) < 2 or not layers:
            return
        wholes = {c: self.measures.billed(c.name).expr or ZERO for c in self.conventions}
        numbers = all(self._number(whole) for whole in wholes.values())

        def cell(count: Expr) -> Text:
            return ("–",) if not count else (self._number(count),) if numbers else self._formula(count)

        where = " at the example values" if numbers else ""
        yield Heading(2, ("Conventions side by side",))
        for start in range(0, len(self.conventions), MOST_COLUMNS):
            chosen = self.conventions[start : start + MOST_COLUMNS]
            rows: list[tuple[Text, ...]] = [
                ((Code(layer),), *(cell(bills[c].get(layer, ZERO)) for c in chosen))
                for layer in layers
                if any(bills[c].get(layer) for c in chosen)
            ]
            rows.append((("total",), *(cell(wholes[c]) for c in chosen)))
            yield Table(
                (f"What each convention bills, by layer{where}",),
                "l" + ("r" if numbers else "l") * len(chosen),
                (("layer",), *((Code(c.name),) for c in chosen)),
                tuple(rows),
                total=True,
                anchor="conventions" if not start else f"conventions {start}",
                notes=self.shown.caveats,
            )
        first, *others = self.conventions
        items = [self._difference(first, other, layers, numbers=numbers) for other in others]
        yield Paragraph(("What makes the difference:",))
        yield Bullets(tuple(items))

    def _difference(self, first: Convention, other: Convention, layers: Sequence[str], *, numbers: bool) -> Text:
        """Where two conventions bill a layer differently, the largest difference first."""
        mine, theirs = (self.measures.biller(c.name).by_layer() for c in (first, other))
        gaps = {name: theirs.get(name, ZERO) - mine.get(name, ZERO) for name in layers}
        gaps = {name: gap for name, gap in gaps.items() if gap}
        if numbers:
            gaps = dict(sorted(gaps.items(), key=lambda item: -abs(float(self.shown.number(item[1]) or 0))))
        words: list[Run] = [Code(other.name), " against ", Code(first.name), ": "]
        if not gaps:
            return (*words, "nothing.")
        for number, (name, gap) in enumerate(list(gaps.items())[:MOST_PARTS]):
            words += ["; "] * bool(number) + [Code(name), " ", *self._gap(gap, numbers=numbers)]
            words += self._rules(other, name)
        for name, rule in self.measures.biller(other.name).bill:
            if rule is not None and rule.fault and not rule.bill and name not in gaps:
                words += ["; ", Code(name), ": nothing is billed (", *spelled(rule.because), ", a fault)"]
        rest = len(gaps) - MOST_PARTS
        if rest > 0:
            words.append(f"; {rest} other layer{'s' if rest > 1 else ''}")
        return (*words, ".")

    def _gap(self, gap: Expr, *, numbers: bool) -> Text:
        value = self.shown.number(gap) if numbers else None
        if value is None:
            return self._formula(gap)
        return (f"{'+' if value > 0 else '−'}{digits(value if value > 0 else -value)}",)

    def _rules(self, convention: Convention, layer: str) -> Text:
        """The rules by which a tool bills a layer, in brackets."""
        rules = [rule for name, rule in self.measures.biller(convention.name).bill if name == layer and rule]
        shown: list[Run] = []
        for rule in rules:
            fault = ", a fault" if rule.fault else ""
            part = (*self.words(rule), *(("; ", *spelled(rule.because)) if rule.because else ()), fault)
            shown += ["; elsewhere "] * bool(shown) + [run for run in part if run]
        return (" (", *shown, ")") if shown else ()

    def words(self, rule: Rule) -> Text:
        """What a rule bills, in words."""
        parts = [_part(variable, factor) for variable, factor in rule.bill.items()]
        return spelled(", and ".join(parts) or "nothing")

    def _formula(self, expr: Expr) -> Text:
        return (self.shown.layout.formula(expr),)

    def _number(self, expr: Expr) -> str:
        value = self.shown.number(expr)
        return "" if value is None else digits(value)


def _part(variable: str, factor: int) -> str:
    if variable.startswith(TENSOR):
        return f"{factor} for each element of `{variable.removeprefix(TENSOR)}`"
    return {
        "macs": f"{factor} for each multiply-add",
        "input": f"{factor} for each element that it reads",
        "output": f"{factor} for each element that it makes",
        "rows": f"{'less ' if factor < 0 else ''}{abs(factor)} for each row",
        "spread": "the weights behind one output channel for each element that it makes",
        "inside": "what is billed inside of it",
    }[variable]


__all__ = ["BillWriter"]
