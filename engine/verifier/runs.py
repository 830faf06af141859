"""What a run does and holds: tallies by application, what came out, and someone who may follow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..algebra.atoms import Symbol
from ..program import Equation, Instance, Opaque, Recurrence
from .loops import Loops
from .memory import Place, Storage
from .numbers import Number, Sizes


class TooLong(Exception):
    """The run takes more operations than it was given."""


class Undefined(Exception):
    """At these sizes an expression of the program has no value."""


class Impossible(Exception):
    """The program cannot be run as it stands, which is a fault of the program or of its elaboration."""


@dataclass(eq=False)
class Tally:
    """What a part of a program did and held. Weights are counted by the elements that were allocated for them."""

    operations: dict[str, Number] = field(default_factory=dict)
    weights: dict[Storage, str] = field(default_factory=dict)
    active: set[Storage] = field(default_factory=set)

    def add(self, other: Tally) -> None:
        self.count(other.operations)
        self.weights.update(other.weights)
        self.active |= other.active

    def count(self, operations: Mapping[str, Number]) -> None:
        for kind, times in operations.items():
            self.operations[kind] = self.operations.get(kind, 0) + times

    def held(self, kind: str) -> int:
        """Elements of the distinct tensors of a kind: weight or buffer."""
        return sum(len(storage.elements) for storage, mine in self.weights.items() if mine == kind)

    @property
    def in_use(self) -> int:
        """Elements of the trained weights that the inputs of this run used."""
        return sum(len(s.elements) for s, mine in self.weights.items() if mine == "weight" and s in self.active)


@dataclass(frozen=True, eq=False)
class Done:
    """One equation, or one application of a layer, at the sizes at which it was run."""

    what: Equation | Opaque | Instance
    sizes: dict[Symbol, Number]
    tally: Tally


@dataclass(eq=False)
class Run:
    """A whole run: what each equation and each application did, and the tensors that came out."""

    done: list[Done]
    inputs: tuple[Storage, ...]
    outputs: tuple[Storage, ...]
    whole: Tally
    # Sizes that a repeat hands on, and shapes that a layer was promised, which came out otherwise.
    surprises: list[str]
    # Has a tensor no element at all at these sizes?
    empty: bool


class Observer(Protocol):
    """Someone who follows the values through a run."""

    def equations(self, group: list[tuple[Loops, Storage]], steps: Recurrence | None) -> None: ...
    def moved(self, result: Storage, sources: Mapping[Place, tuple[Storage, Place]]) -> None: ...
    def opaque(self, node: Opaque, result: Storage, sources: list[Storage], sizes: Sizes) -> None: ...
    def begin(self) -> None: ...
    def enter(self, instance: Instance, inputs: list[Storage]) -> None: ...
    def leave(self, instance: Instance, outputs: list[Storage]) -> list[Storage]: ...
    def added(self, result: Storage, parts: list[Storage]) -> None: ...
