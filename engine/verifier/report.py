"""What a verification found: figures that agree, figures that do not, and what was not run or not compared."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..derivation import Verified
from ..errors import Diagnostic, Span


@dataclass(frozen=True)
class Disagreement:
    """A figure that came out otherwise than its formula says."""

    what: str
    counted: str
    derived: str
    sizes: str
    span: Span | None

    def diagnostic(self) -> Diagnostic:
        found = [f"counted by running: {self.counted}", f"by the formula:     {self.derived}"] if self.derived else []
        notes = (*found, f"at {self.sizes}")
        return Diagnostic(f"{self.what} is not what running it gives" if found else self.what, self.span, notes=notes)


@dataclass(eq=False)
class Report:
    """What a verification of one model found."""

    model: str
    seed: int
    sizes: list[str] = field(default_factory=list)
    # The sizes at which the dependences were followed.
    followed: list[str] = field(default_factory=list)
    agreed: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    # What was not run, or not compared, and why.
    uncovered: list[str] = field(default_factory=list)
    operations: int = 0
    # In what way the model that was run is smaller than that of the file.
    copy: str = ""

    @property
    def holds(self) -> bool:
        return not self.disagreements and bool(self.sizes)

    def skip(self, what: str) -> None:
        """Something is not run or not compared."""
        if what not in self.uncovered:
            self.uncovered.append(what)

    @property
    def figures(self) -> int:
        return self.agreed + len(self.disagreements)

    @property
    def verified(self) -> Verified:
        """What a derivation says of it."""
        uncovered = tuple(self.uncovered)
        return Verified(
            self.agreed, self.figures, tuple(self.sizes), tuple(self.followed), self.seed, self.copy, uncovered
        )

    def lines(self) -> list[str]:
        """A summary for the terminal."""
        if not self.sizes:
            return [f"{self.model}: not run", *(f"    {line}" for line in self.uncovered)]
        times = "1 size" if len(self.sizes) == 1 else f"{len(self.sizes)} sizes"
        return [
            f"{self.model}: {self.agreed} of {self.figures} figures agree with runs at {times} (seed {self.seed})",
            *([f"    {self.copy}"] if self.copy else []),
            *(f"    {line}" for line in self.sizes),
            *(f"    {line}: every dependence followed" for line in self.followed),
            *(f"    not compared: {line}" for line in self.uncovered),
        ]
