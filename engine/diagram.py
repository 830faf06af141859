"""What a picture of dependences shows: positions in columns, units in rows, a line for each dependence.

`dependences` makes it, `renderer` draws it. Inputs stand at the bottom, outputs on top; a recurrence has its steps
within its row. The longest of the shortest routes is marked.
"""

from __future__ import annotations

from dataclasses import dataclass

Spot = tuple[int, int]


@dataclass(frozen=True)
class Row:
    """One row: the input, a unit, or the output; `places` are the labels of its positions, from left to right."""

    label: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """A dependence between two spots (row, number in the row) that counts so many units; within one row it is a step of
    a recurrence, over several rows it goes around those between."""

    start: Spot
    end: Spot
    units: int = 1

    @property
    def step(self) -> bool:
        return self.start[0] == self.end[0]

    @property
    def around(self) -> bool:
        return self.end[0] - self.start[0] > 1


@dataclass(frozen=True)
class Picture:
    """`route` is the marked one, from one of `ends` to the other; it is empty where they are never joined."""

    title: str
    rows: tuple[Row, ...]
    lines: tuple[Line, ...]
    route: tuple[Line, ...]
    ends: tuple[Spot, Spot] | None
    caption: str

    @property
    def columns(self) -> int:
        return max(len(row.places) for row in self.rows)

    @property
    def marked(self) -> frozenset[Spot]:
        """The spots on the marked route."""
        return frozenset(spot for line in self.route for spot in (line.start, line.end))

    @property
    def apart(self) -> tuple[Spot, ...]:
        """The two ends that no route joins."""
        return self.ends if self.ends is not None and not self.route else ()


def steepness(picture: Picture) -> float:
    """How far apart rows are to stand, in widths of a column: farther where lines go far, nearer where there are many
    rows."""
    farthest = max(
        (abs(line.end[1] - line.start[1]) for line in picture.lines if not line.step and not line.around), default=0
    )
    return min(1.25 + 0.2 * max(0, min(farthest, 12) - 1), max(1.25, 8 / max(1, len(picture.rows) - 1)))
