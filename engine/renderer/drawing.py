"""Pictures and plots as SVG, for the formats that hold images."""

from __future__ import annotations

from dataclasses import replace

from ..chart import Chart
from ..diagram import Picture


def svg_of(picture: Picture | Chart, *, captioned: bool = False) -> str:
    """An `<svg>` element; without the words of the picture where a caption stands below it."""
    if isinstance(picture, Chart):
        from .chart_svg import to_svg as chart_svg

        return chart_svg(replace(picture, caption=()) if captioned else picture)
    from .svg import to_svg

    return to_svg(replace(picture, caption="") if captioned else picture)
