"""A chart of a quantity: models, a size and a range in, curves and the places where they meet out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Final

from .algebra import build
from .algebra.expression import Expr, const, product, sym, total
from .algebra.facts import Facts
from .algebra.substitution import Value, evaluate, substitute
from .chart import Chart, Curve, Meeting, Point, Words, axis
from .comparison import labels_of
from .conventions import convention
from .conventions import names as convention_names
from .crossover import SAMPLED_CURVES, Crossing, condition, crossings, is_sampled
from .curves import Course, Run, coarse, fine, height_at
from .derivation import digits, layout_of, values_of
from .derivation.shown import Shown
from .domains import Domain, everywhere
from .elaborator.variants import in_words
from .errors import ArchError, Diagnostic, usage
from .formula import Formula, Relation, integer, slashed
from .formula import Symbol as Name
from .notation import Symbols, to_unicode
from .notation.symbols import look_of
from .program import Dimension
from .quantities import BY_NAME, Derived, Measures

Span = tuple[Fraction, Fraction]

BEYOND: Final = 64  # times the example value, and the same part of it: how far a plot goes by itself
MARKS: Final = 5  # on each curve
_SAME: Final = 1e-9
_TOGETHER: Final = 0.03  # of the width: crossings of steps that are nearer are told as one
_SIDE: Final = 1e-3
_EMPTY: Final = 0.06  # of the height, above and below all curves


def chart_of(models: Sequence[Measures], quantity: str, over: str, span: Span | None = None) -> Chart:
    """The chart of one quantity of all models over a size that at least one of them has, from one value to another or,
    for None, as far as is documented. Raises ArchError where there is nothing to be drawn."""
    return _Plotter(models, quantity, over, span).chart()


def in_plain(words: Words) -> str:
    return "".join(run if isinstance(run, str) else to_unicode(run, Symbols({})) for run in words)


@dataclass(frozen=True)
class _Line:
    """One model, as far as it can be drawn."""

    label: str
    course: Course
    source: Expr
    measures: Measures
    used: frozenset[str]


class _Plotter:
    """Makes one chart."""

    def __init__(self, models: Sequence[Measures], quantity: str, over: str, span: Span | None) -> None:
        self.models = models
        self.quantity = quantity
        self.over = over
        self.span = span
        self.left_out: list[str] = []
        self.lines: list[_Line] = []
        self.sampled = False  # were crossings looked for at some sizes only?

    def chart(self) -> Chart:
        for label, measures in zip(labels_of(self.models), self.models, strict=True):
            line = self.line(label, measures)
            if isinstance(line, str):
                self.left_out.append(f"`{label}` is left out: {line}")
            else:
                self.lines.append(line)
        low, high = self.range()
        drawn = [(line, runs) for line in self.lines if (runs := coarse(line.course, low, high))]
        self.left_out += [
            f"`{line.label}` is left out: {self.nothing(line)}"
            for line in self.lines
            if not any(line is other for other, _ in drawn)
        ]
        if not drawn:
            hint = "; ".join(text.replace("`", "") for text in self.left_out)
            raise ArchError(Diagnostic(f"there is nothing to plot over `{self.over}`", hint=hint))
        places = [y for _, runs in drawn for run in runs for _, y in run]
        bottom, top = _framed(min(places), max(places))
        kept = [(line, fine(line.course, low, high, top - bottom)) for line, _ in drawn]
        curves = tuple(_curves(kept))
        values = [d.value for d in self.sizes() if d.value is not None]
        binary = all(v.denominator == 1 and v.numerator & (v.numerator - 1) == 0 for v in values) and bool(values)
        size = axis(self.size_title(), low, high, binary=binary)
        meetings = tuple(self.meetings(kept, low, high))
        title = f"{self.title()} against {in_plain(size.title)}"
        return Chart(
            title,
            size,
            axis((self.title(),), bottom, top),
            curves,
            meetings,
            self.caption(kept, meetings),
            self.description(title, curves, meetings),
        )

    # ---------------------------------------------------------------- what is drawn

    def line(self, label: str, measures: Measures) -> _Line | str:
        """The quantity of a model as an expression in the size alone, or why it is left out."""
        program = measures.program
        values = values_of(program)
        derived = Shown(measures, layout_of(program), values).derived(self.quantity)
        if derived.infinite:
            return f"its {self.title()} is infinite"
        if derived.expr is None:
            return derived.unknown if derived.number is None else "it is known at the example values only"
        source = _whole(derived)
        own = {d.symbol for d in program.dimensions if d.symbol.name == self.over}
        if any(d.fixed for d in program.dimensions if d.symbol in own):
            return f"{self.over} decides what it is made of"
        if any(a.kind == "equal" and own & (a.left.symbols() | a.right.symbols()) for a in program.assumptions):
            fact = next(
                a for a in program.assumptions if a.kind == "equal" and own & (a.left.symbols() | a.right.symbols())
            )
            return f"it assumes that {in_words(fact)}, and {self.over} cannot change alone"
        others = {s for s in source.symbols() if s not in own}
        missing = sorted(s.name for s in others if s.name not in values)
        if missing:
            raise ArchError(
                Diagnostic(f"`{missing[0]}` of `{label}` has no example value", hint=f"`--at {missing[0]}=…`"), status=2
            )
        fixed = {s: const(values[s.name]) for s in others}
        expr = substitute(source, {**fixed, **{s: sym(self.over) for s in own}})
        course = Course(expr, self.over, Domain(measures, derived, self.over, values) if own else everywhere)
        return _Line(label, course, source, measures, frozenset(s.name for s in others))

    def nothing(self, line: _Line) -> str:
        if not line.course.expr.terms:
            return "it is 0, which a logarithmic axis does not have"
        return f"what it assumes does not hold for such {self.over}, or it is 0 there"

    def sizes(self) -> Iterator[Dimension]:
        """The size that is plotted over, in every model that has it."""
        for measures in self.models:
            yield from (d for d in measures.program.dimensions if d.symbol.name == self.over)

    def range(self) -> tuple[float, float]:
        """The logarithms of the ends: those that are asked for; or as far below and above the example values as
        documented, where some line is to be seen that depends on the size."""
        if self.span is not None:
            return math.log10(self.span[0]), math.log10(self.span[1])
        values = [d.value for d in self.sizes() if d.value is not None]
        if not values:
            raise usage(f"`{self.over}` has no example value", hint=f"`--plot {self.over}=1..4096`")
        whole = any(d.symbol.kind != "ratio" for d in self.sizes())
        low, high = min(values) / BEYOND, max(values) * BEYOND
        ends = math.log10(max(1, math.floor(low)) if whole else low), math.log10(high)
        seen = [x for line in self.lines if line.course.moves for run in coarse(line.course, *ends) for x, _ in run]
        return (min(seen), max(seen)) if seen and min(seen) < max(seen) else ends

    # ---------------------------------------------------------------- where curves meet

    def meetings(self, kept: Sequence[tuple[_Line, tuple[Run, ...]]], low: float, high: float) -> Iterator[Meeting]:
        """Every crossing inside the frame, those at one place once."""
        found: dict[tuple[int, int], Meeting] = {}
        for (one, runs), (other, others) in combinations(kept, 2):
            crossed = self.crossed(one.course.expr, other.course.expr, low, high)
            seen = [c for c in crossed if low - _SAME <= math.log10(c.at) <= high + _SAME]
            for group in _near(seen, _TOGETHER * (high - low)):
                x = math.log10(group[len(group) // 2].at)
                y, z = height_at(runs, x), height_at(others, x)
                if y is None or z is None:
                    continue
                least = min(h for _, all_runs in kept if (h := height_at(all_runs, x)) is not None)
                leading = min(y, z) <= least + _SAME
                label = self.place(group, one, other)
                first = (one.label, other.label)[group[0].cheaper_before]
                last = (one.label, other.label)[group[-1].cheaper_after]
                words = f"at {in_plain(label)} {one.label} and {other.label} "
                sides = [height_at(line, x + shift) for line in (runs, others) for shift in (-_SIDE, _SIDE)]
                if None in sides or first == last:
                    words += "meet"
                else:
                    words += f"cross: {first} is smaller below, {last} above"
                key = round(x * 1e6), round(y * 1e3)
                known = found.get(key)
                if known is None:
                    found[key] = Meeting((x, y), label, leading, words)
                else:
                    found[key] = replace(known, leading=known.leading or leading, words=f"{known.words}; {words}")
        yield from sorted(found.values(), key=lambda meeting: meeting.at)

    def crossed(self, one: Expr, other: Expr, low: float, high: float) -> list[Crossing]:
        """Where two expressions in the size cross. Crossings are looked for from 1 on: a ratio is counted in a unit
        that is not larger than where the plot begins."""
        unit = Fraction(1, 2 ** max(0, math.ceil(-low / math.log10(2))))
        if unit < 1:
            size = {s: sym(self.over) * const(unit) for s in one.symbols() | other.symbols()}
            one, other = substitute(one, size), substitute(other, size)
        last = math.ceil(10**high / unit)
        self.sampled |= is_sampled(one, other, last)
        found = crossings(one, other, self.over, {}, last)
        return [replace(crossing, at=crossing.at * unit) if unit < 1 else crossing for crossing in found]

    def place(self, group: Sequence[Crossing], one: _Line, other: _Line) -> Words:
        """`N = D = 512`, `N = 512`, `N ≈ 341`; of steps that cross again and again `N = 6145 … 6913`."""
        at, size = group[0].at, self.size_name()
        if isinstance(at, int) and not group[0].meet and len(group) == 1 and self.equal(at - 1, one, other):
            return (size, f" = {_short(at - 1)}")  # the last size at which they are equal
        if len(group) > 1:
            return (size, f" = {_short(at)} … {_short(group[-1].at)}")
        if isinstance(at, int) and group[0].meet:
            bound = self.bound(at, one, other)
            return (Relation((size, *bound, integer(at)), ("=",) * (1 + len(bound))),)
        exact = group[0].meet and isinstance(at, Fraction) and at < 100 and Fraction(_short(at)) == at
        return (size, f" {'=' if exact else '≈'} {_short(at)}")

    def equal(self, at: int, one: _Line, other: _Line) -> bool:
        """Are two costs equal at a whole size?"""
        try:
            costs = [evaluate(line.course.expr, {self.over: at}) for line in (one, other)]
        except ArithmeticError:
            return False
        return costs[0] == costs[1]

    def bound(self, at: int, one: _Line, other: _Line) -> tuple[Formula, ...]:
        """The crossing as a formula, where there is one of which the value is a case."""
        values = values_of(one.measures.program)
        if any(values_of(other.measures.program).get(name, value) != value for name, value in values.items()):
            return ()
        values = {**values, **values_of(other.measures.program)}
        verdict = condition(one.source, other.source, Facts(), [self.over])
        if verdict.outcome != "depends" or verdict.bound.constant is not None or len(verdict.bound.terms) > 1:
            return ()
        try:
            exact = evaluate(verdict.bound, values) == at
        except (KeyError, ZeroDivisionError, OverflowError):
            return ()
        return (slashed(layout_of(one.measures.program).formula(verdict.bound)),) if exact else ()

    # ---------------------------------------------------------------- words

    def title(self) -> str:
        if self.quantity in convention_names():
            return convention(self.quantity).title
        if self.quantity in BY_NAME:
            return BY_NAME[self.quantity].title
        return next(m.notes[self.quantity] for m in self.models if self.quantity in m.notes)

    def size_name(self) -> Name:
        dimension = next(self.sizes())
        return Name(look_of(dimension.symbol.name, dimension.latex))

    def size_title(self) -> Words:
        """`sequence length n`, in the words of the files where they agree."""
        notes = list(dict.fromkeys(d.note for d in self.sizes() if d.note))
        return (f"{' or '.join(notes)} ", self.size_name()) if 0 < len(notes) <= 2 else (self.size_name(),)

    def caption(self, kept: Sequence[tuple[_Line, tuple[Run, ...]]], meetings: Sequence[Meeting]) -> Words:
        """The other sizes, what are bounds, and what is left out."""
        words: list[str | Formula] = []
        values: dict[str, Fraction] = {}
        looks: dict[str, str] = {}
        differ = False
        for line, _ in kept:
            for d in line.measures.program.dimensions:
                if d.symbol.name in line.used and d.value is not None:
                    look = look_of(d.symbol.name, d.latex)
                    looks[look] = d.symbol.name
                    differ |= values.setdefault(look, d.value) != d.value
        if differ:
            words.append("Each model at its own example values.")
        elif values:
            words.append("At ")
            for n, (look, value) in enumerate(values.items()):
                words += [", "] * (n > 0) + [Name(look), f" = {digits(value)}"]
            words.append(".")
        for line, _ in kept:
            if Shown(line.measures, layout_of(line.measures.program), {}).derived(self.quantity).bound:
                words.append(f" The curve of {line.label} is what it has at most.")
        if self.sampled:
            words.append(f" {SAMPLED_CURVES}")
        if any(m.leading for m in meetings):
            words.append(" At a full dot the smallest changes.")
        words += [f" {text.replace('`', '')}." for text in self.left_out]
        if words and isinstance(words[0], str):
            words[0] = words[0].lstrip()
        return tuple(words)

    def description(self, title: str, curves: Sequence[Curve], meetings: Sequence[Meeting]) -> str:
        """The curves and where they meet, for who cannot see them."""
        size = to_unicode(self.size_name(), Symbols({}))
        parts = [f"{title[0].upper()}{title[1:]}, both logarithmic."]
        for curve in curves:
            (x, y), (u, v) = curve.runs[0][0], curve.end
            way = "is" if abs(y - v) < _SAME else "falls from" if v < y else "grows from"
            to = "" if abs(y - v) < _SAME else f" to {_about(v)}"
            who, *same = curve.names
            too = f", and so for {' and '.join(same)}" if same else ""
            parts.append(f"{who} {way} {_about(y)}{to} between {size} = {_about(x)} and {size} = {_about(u)}{too}.")
        parts += [f"{m.words[0].upper()}{m.words[1:]}." for m in meetings]
        return " ".join(parts)


def _about(place: float) -> str:
    number = 10**place if place < 300 else math.inf
    if number >= 1e6:
        decade = math.floor(place + 1e-9)
        return f"{10 ** (place - decade):.2f}·10^{decade}"
    return digits(round(number)) if number >= 100 or abs(number - round(number)) < 1e-6 else f"{number:.3g}"


def _short(at: Value) -> str:
    """A size that may be no whole number; one beside a whole number does not read like that."""
    if isinstance(at, int) or at >= 100:
        return in_plain((integer(round(at)),))
    written = (f"{float(at):.{figures}g}" for figures in range(3, 8))
    return next((text for text in written if at == round(at) or float(text) != round(at)), f"{float(at):.8g}")


def _near(changes: Sequence[Crossing], distance: float) -> Iterator[list[Crossing]]:
    """Crossings in groups, each no farther from the one before than that."""
    group: list[Crossing] = []
    for crossing in changes:
        if group and math.log10(crossing.at) - math.log10(group[-1].at) > distance:
            yield group
            group = []
        group.append(crossing)
    if group:
        yield group


def _whole(derived: Derived) -> Expr:
    """The closed form; of what is seen of axes, cut off where they end."""
    assert derived.expr is not None
    if not derived.extents:
        return derived.expr
    return total(product(build.minimum([count, size]) for count, size in axes) for axes in derived.extents)


def _framed(low: float, high: float) -> tuple[float, float]:
    """The ends of an axis with some room, of a decade at least."""
    room = max(_EMPTY * (high - low), (1 - (high - low)) / 2)
    return low - room, high + room


def _curves(kept: Sequence[tuple[_Line, tuple[Run, ...]]]) -> Iterator[Curve]:
    """A curve for each line, those that coincide as one."""
    groups: list[tuple[list[str], tuple[Run, ...]]] = []
    for line, runs in kept:
        same = next((names for names, others in groups if _coincide(runs, others)), None)
        if same is not None:
            same.append(line.label)
        else:
            groups.append(([line.label], runs))
    for look, (names, runs) in enumerate(groups):
        yield Curve(tuple(names), runs, tuple(_marks(runs, look, len(groups))), look)


def _coincide(one: Sequence[Run], other: Sequence[Run]) -> bool:
    return [len(run) for run in one] == [len(run) for run in other] and all(
        math.dist(a, b) < _SAME
        for run, others in zip(one, other, strict=True)
        for a, b in zip(run, others, strict=True)
    )


def _marks(runs: Sequence[Run], look: int, count: int) -> Iterator[Point]:
    """Places at even distances, at others than those of the neighbours."""
    low, high = runs[0][0][0], runs[-1][-1][0]
    shift = 0.15 + 0.7 * (look * 0.618 % 1 if count > 1 else 0.5)
    for n in range(MARKS):
        x = low + (high - low) * (n + shift) / MARKS
        y = height_at(runs, x)
        if y is not None:
            yield x, y
