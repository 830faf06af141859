"""Why the sequential operations, the path and the receptive field are what they are, and whether a model is causal."""

from __future__ import annotations

from collections.abc import Iterator

from .. import formula as f
from ..algebra.expression import Expr
from ..document import Block, Bullets, Code, Heading, Paragraph, Run, Strong, Text
from ..notation import Symbols, to_unicode
from ..program import Equation, Node, Opaque, Recurrence
from ..quantities import BY_NAME, Derived, Measures
from ..quantities.derived import Words
from .equations import Writer
from .layers import opened
from .repeats import in_order
from .scanned import scan_items
from .shown import Shown, spelled

# An equation of more letters is not written out in a line of words.
MOST_LETTERS = 60


class ReasonWriter:
    """Writes the section of what does not add up."""

    def __init__(self, measures: Measures, shown: Shown) -> None:
        self.measures = measures
        self.program = measures.program
        self.shown = shown
        self.layout = shown.layout

    def blocks(self) -> Iterator[Block]:
        yield Heading(2, ("Sequential operations and path length",), anchor="paths")
        items: list[Text] = []
        for name in ("sequential", "path", "receptive"):
            items.append(self.reason(BY_NAME[name].title, self.measures.quantity(name)))
        items[1:1] = scan_items(self.measures.scans, self.layout)
        if self.measures.path.expr is not None and self.measures.path.expr.constant != 0:
            unit = "A unit of it is a layer that mixes positions, or one step of a recurrence."
            items[-2] = (*items[-2], " ", unit)
        items += self.causality()
        yield Bullets(tuple(items))
        if self.program.stack is not None:
            yield Paragraph(
                (
                    "The counts above are those of one layer; the path is that of a stack of such layers, as many as "
                    "it takes to join every admitted pair of positions.",
                )
            )

    def reason(self, title: str, derived: Derived) -> Text:
        """A quantity, why it is what it is, and what it is along each axis or between each two sequences."""
        shown: list[Run] = [Strong(f"{title[0].upper()}{title[1:]}"), ": "]
        if derived.unknown:
            return (*shown, *spelled(f"{derived.unknown}."))
        shown += [str(derived.number) if derived.number is not None else self.shown.formula(derived), ". "]
        why = self.words(derived.reason)
        shown += _sentence(why)
        if len({figure.expr for figure in derived.figures}) > 1 and not all(
            _plain(self.words(figure.of)) in _plain(why) for figure in derived.figures
        ):
            for number, figure in enumerate(derived.figures):
                value = f.Infinity() if figure.expr is None else self.layout.formula(figure.expr)
                shown += ["; " if number else " By itself: ", value, " ", *self.words(figure.of)]
            shown.append(".")
        return tuple(shown)

    def words(self, reason: Words) -> list[Run]:
        """Words with names of the file as such, and formulas."""
        found: list[Run] = []
        for part in reason:
            found += [f.slashed(self.layout.formula(part))] if isinstance(part, Expr) else spelled(part)
        return found

    def causality(self) -> list[Text]:
        """May the model generate its output one position after the other?"""
        found = self.measures.causality
        if found.verdict == "no order":
            return []
        words = _sentence(self.words(found.reason))
        if found.equation is not None:
            words = _sentence([*self.named(found.equation), " ", *self.words(found.reads)])
        return [(Strong("Causality"), ": ", found.verdict, ". ", *words)]

    def named(self, equation: Equation | Opaque) -> list[Run]:
        """An equation as it stands in the derivation, and the layer that it is told with; a long one by what it
        makes."""
        instance = self.program.stack.instance if self.program.stack is not None else self.program.instance
        names = [one.name for one in (instance, *(i for i, _ in opened(instance))) if _stands_in(equation, one.body)]
        if isinstance(equation, Opaque):
            inside: list[Run] = [" in ", Code(names[0])] if names else []
            return [f.Symbol(equation.target.name), *inside, f", stated: {equation.because},"]
        left, right = Writer(self.layout).equation(equation)
        whole = f.Relation((left, f.slashed(right)), ("=",))
        long = len(to_unicode(whole, Symbols())) > MOST_LETTERS
        words: list[Run] = ["the equation of ", left] if long else [whole]
        if names:
            words += [" in ", Code(names[0])]
        return words


def _stands_in(equation: Equation | Opaque, body: tuple[Node, ...]) -> bool:
    return any(
        node is equation or (isinstance(node, Recurrence) and equation in node.equations) for node in in_order(body)
    )


def _plain(words: list[Run]) -> str:
    """The words with formulas as Python shows them: enough to tell what was said already."""
    return "".join(word if isinstance(word, str) else repr(word) for word in words)


def _sentence(words: list[Run]) -> list[Run]:
    if words and isinstance(words[0], str):
        words = [words[0][:1].upper() + words[0][1:], *words[1:]]
    return [*words, "."] if words else []
