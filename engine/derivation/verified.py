"""What a derivation says of the runs that its formulas were compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .. import formula as f
from ..document import Run, Text

# N = 3, D = 4: the sizes of a run, by the names of the file.
At = tuple[tuple[str, int | Fraction], ...]


@dataclass(frozen=True)
class Verified:
    """What running a model found: how many figures agreed, and at which sizes; `followed` are those at which its
    dependences were. `copy` says in what way the model that was run is smaller, `uncovered` what was not compared."""

    agreed: int
    figures: int
    sizes: tuple[At, ...]
    followed: tuple[At, ...]
    seed: int
    copy: str = ""
    uncovered: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Did all figures agree, and were there any?"""
        return bool(self.sizes) and self.agreed == self.figures

    def text(self, looks: Mapping[str, f.Formula]) -> Text:
        """The paragraph of a derivation; `looks` are the sizes of the file as they are shown."""
        if not self.sizes:
            return ("No sizes were found at which a run of every scalar operation ends soon: nothing is verified.",)
        if self.agreed == self.figures:
            start = f"All {self.figures:,} figures that were compared agree"
        else:
            start = f"{self.figures - self.agreed:,} of {self.figures:,} figures disagree"
        times = "one size" if len(self.sizes) == 1 else f"{len(self.sizes)} sizes"
        words: list[Run] = [f"{start} with a run of every scalar operation at {times} (", *_listed(self.sizes, looks)]
        words.append(f"; drawn from seed {self.seed})" + (f", of {self.copy}" if self.copy else ""))
        if self.followed:
            words += [", and with its dependences, followed element by element (", *_listed(self.followed, looks), ")"]
        return (*words, ".")


def _listed(sizes: Sequence[At], looks: Mapping[str, f.Formula]) -> Iterator[Run]:
    for number, at in enumerate(sizes):
        if number:
            yield "; "
        for place, (name, value) in enumerate(at):
            if place:
                yield ", "
            yield f.Relation((looks.get(name, f.Symbol(name)), f.Number(Fraction(value))), ("=",))
        if not at:
            yield "those of the file"
