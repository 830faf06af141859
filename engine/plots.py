"""Plots: models, a quantity and a size in, a chart of all of them out, as SVG or as PGFPlots source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from .chart import Chart, Words
from .conventions import names as convention_names
from .document import Figure
from .errors import nearest, usage
from .page import read_width
from .plotter import Span, chart_of, in_plain
from .quantities import BY_NAME, Measures

_SPEC: Final = re.compile(r"(?:([^:=]*):)?([^:=]*?)(?:=(.*?)\.\.(.*))?")


@dataclass(frozen=True)
class Asked:
    """What is to be plotted: quantities, one plot each, over a size, from one value to another (None: by itself)."""

    quantities: tuple[str, ...]
    over: str
    span: Span | None = None


@dataclass(frozen=True)
class Plot:
    """A plot, ready to be rendered; a notebook shows it."""

    chart: Chart
    quantity: str

    @property
    def caption(self) -> str:
        """What holds for all curves, and what is left out and why."""
        return in_plain(self.chart.caption)

    @property
    def description(self) -> str:
        """What is seen, in words."""
        return self.chart.description

    def to_svg(self, width: int = 720) -> str:
        """One self-contained `<svg>` element for light and dark, `width` pixels wide. Raises ArchError."""
        from .renderer.chart_svg import to_svg

        if isinstance(width, bool) or not isinstance(width, int) or not 320 <= width <= 4000:
            raise usage(f"`width={width!r}` is no width of an SVG", hint="between 320 and 4000 pixels")
        return to_svg(self.chart, width)

    def to_pgfplots(self, width: float | str = 5.5, *, standalone: bool = False) -> str:
        """A `tikzpicture` that needs pgfplots, at most `width` inches wide, or "8cm"; `standalone` makes a file that
        compiles by itself. Raises ArchError."""
        from .renderer.pgfplots import to_pgfplots

        return to_pgfplots(self.chart, read_width(width), standalone=standalone)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def __repr__(self) -> str:
        return f"<{self.chart.title}>"


def read_asked(text: str, quantity: str) -> Asked:
    """`N`, `path:N`, `macs,params:N`, `N=1..4096`. Raises a usage error.

    >>> read_asked("path:N=1..64", "macs")
    Asked(quantities=('path',), over='N', span=(Fraction(1, 1), Fraction(64, 1)))
    """
    match = _SPEC.fullmatch(text)
    names = (quantity,) if match is None or match[1] is None else tuple(n.strip() for n in match[1].split(","))
    if match is None or not match[2].strip() or not all(names):
        raise usage(f"`--plot {text}` is no plot", hint="`--plot N`, `--plot path:N`, `--plot macs,params:N=1..65536`")
    span = None if match[3] is None else _span(match[3], match[4], f"--plot {text}")
    return Asked(tuple(dict.fromkeys(names)), match[2].strip(), span)


def asked_for(over: object, quantity: object, span: object) -> Asked:
    """The same from Python. Raises a usage error."""
    for what, name in (("over", over), ("quantity", quantity)):
        if not isinstance(name, str):
            raise usage(f"`{what}={name!r}` is no name", hint='`plot(…, over="N", quantity="macs")`')
    if span is None:
        return Asked((str(quantity),), str(over))
    if not isinstance(span, tuple | list) or len(span) != 2:
        raise usage(f"`span={span!r}` is no range", hint="`span=(1, 65536)`")
    return Asked((str(quantity),), str(over), _span(span[0], span[1], f"span={span!r}"))


def _span(low: object, high: object, asked: str) -> Span:
    """Two positive numbers, the smaller first. Raises a usage error."""
    try:
        first, last = (Fraction(end.strip() if isinstance(end, str) else end) for end in (low, high))  # type: ignore[call-overload]
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        raise usage(f"`{asked}`: a range goes from one number to another", hint="`N=1..65536`") from None
    if not 0 < first < last <= 10**15:
        raise usage(f"`{asked}`: a range goes from a positive number to a larger one, of 10^15 at most")
    return first, last


def plots(models: Sequence[Measures], asked: Asked) -> tuple[Plot, ...]:
    """A plot for each quantity, with all models. Raises ArchError where there is nothing to be drawn."""
    for name in asked.quantities:
        known = [*BY_NAME, *convention_names(), *(own for m in models for own in m.defined)]
        if name not in known:
            raise usage(
                f"there is no quantity `{name}`", hint=nearest(name, known) or f"quantities: {', '.join(BY_NAME)}"
            )
    _check_size(models, asked.over)
    return tuple(Plot(chart_of(models, name, asked.over, asked.span), name) for name in asked.quantities)


def texts(drawn: Sequence[Plot], width: float | None, *, standalone: bool = False) -> dict[str, str]:
    """The plots by their quantities: PGFPlots for a width in inches, or SVG."""
    if width is None:
        return {one.quantity: one.to_svg() for one in drawn}
    return {one.quantity: one.to_pgfplots(width, standalone=standalone) for one in drawn}


def figures_of(drawn: Sequence[Plot]) -> tuple[Figure, ...]:
    """Plots as parts of a document, with their captions below them."""
    return tuple(Figure(replace(p.chart, caption=()), _caption(p.chart), anchor=f"plot-{p.quantity}") for p in drawn)


def _caption(chart: Chart) -> Words:
    first, *rest = chart.quantity.title
    title = first[:1].upper() + first[1:] if isinstance(first, str) else first
    return (title, *rest, " against ", *chart.size.title, ", both logarithmic. ", *chart.caption)


def _check_size(models: Sequence[Measures], over: str) -> None:
    """Some model must have the size, and not be made of something else by it."""
    dimensions = [d for m in models for d in m.program.dimensions]
    if not any(d.symbol.name == over for d in dimensions):
        names = sorted({d.symbol.name for d in dimensions})
        hint = nearest(over, names) or (f"names: {', '.join(names)}" if names else "")
        raise usage(f"there is no dim or option `{over}` to plot against", hint=hint)
    if all(d.fixed for d in dimensions if d.symbol.name == over):
        raise usage(f"`{over}` decides what the model is made of, and cannot be plotted against")
