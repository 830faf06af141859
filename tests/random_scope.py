"""What a random program is made of while it is written: its sizes and facts, the tensors in scope, and its lines."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

DIMS = ("N", "M", "D", "K")
INDICES = ("i", "j", "k", "l", "m", "n", "o", "p", "q", "s", "t", "u", "v")
# Lines of a program after which nothing more is begun.
LONGEST = 11


@dataclass(frozen=True)
class Tensor:
    """A tensor of the program. An axis is its size, `N`, or its range, `-r..r` or `0..{0}` with the position on the
    first axis; `lead` says that axes of `...` stand before them."""

    name: str
    axes: tuple[str, ...]
    lead: bool = False

    @property
    def plain(self) -> bool:
        """Does every axis begin at 0 and depend on no other?"""
        return not any(".." in axis for axis in self.axes)


@dataclass(eq=False)
class Var:
    """An index: the range that it has, the sizes of the axes inside of which it stays, and how it is declared."""

    name: str
    key: str
    inside: tuple[str, ...] = ()
    # Must its range be stated, as it is the range of no axis?
    must: bool = False
    # The reads in which it stands bare on an axis that gives it its range.
    bare: list[str] = field(default_factory=list)

    @property
    def stated(self) -> str:
        return f"{self.name} in {self.key}" if ".." in self.key else f"{self.name} < {self.key}"

    def declared(self, source: random.Random, body: str) -> str:
        """The index as it is bound; its range is stated if the body does not tell it."""
        known = not self.must and any(read in body for read in self.bare)
        return self.name if known and source.random() < 0.85 else self.stated


def bracketed(size: str) -> str:
    """A size as a factor or a term."""
    return size if re.fullmatch(r"[\w']+", size) else f"({size})"


def renamed(text: str, names: dict[str, str]) -> str:
    """A size of a layer with the actual sizes in place of its own names."""
    return re.sub(r"[A-Za-z_]\w*", lambda m: bracketed(names[m[0]]) if m[0] in names else m[0], text)


@dataclass(eq=False)
class Program:
    """What belongs to the whole file. `notes` are the constructs that occur."""

    source: random.Random
    notes: dict[str, None] = field(default_factory=dict)
    dims: dict[str, None] = field(default_factory=dict)
    head: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    layers: list[list[str]] = field(default_factory=list)
    taken: dict[str, int] = field(default_factory=dict)

    def note(self, *constructs: str) -> None:
        self.notes.update(dict.fromkeys(constructs))

    def name(self, stem: str) -> str:
        """A name that nothing else has."""
        number = self.taken.get(stem, 0)
        self.taken[stem] = number + 1
        return f"{stem}{number or ''}"

    def dim(self, stem: str, fact: str = "") -> str:
        """A size of its own, or one of the same meaning that is there, with what must be known of it."""
        self.dims[stem] = None
        if fact:
            self.assume(fact.replace("?", stem))
        return stem

    def assume(self, fact: str) -> None:
        if fact not in self.facts:
            self.facts.append(fact)

    @property
    def length(self) -> int:
        return 1 + len(self.head) + min(len(self.facts), 1) + sum(map(len, self.layers))


@dataclass(eq=False)
class Scope:
    """A body while it is written: of the model, of a layer with `...`, or of a block inside."""

    program: Program
    sizes: tuple[str, ...]
    tensors: list[Tensor] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    indent: int = 1
    # In a layer, all tensors but weights have the axes of `...`.
    lead: bool = False
    # Inputs may be added to the model's, and to no layer's.
    inputs: list[Tensor] | None = None

    @property
    def source(self) -> random.Random:
        return self.program.source

    def note(self, *constructs: str) -> None:
        self.program.note(*constructs)

    def write(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def bind(self, tensor: Tensor) -> Tensor:
        """A tensor is bound, or bound again."""
        self.tensors = [t for t in self.tensors if t.name != tensor.name] + [tensor]
        return tensor

    def inner(self, sizes: Sequence[str] = ()) -> Scope:
        """A block inside, which writes its own lines."""
        return Scope(
            self.program,
            tuple(dict.fromkeys((*self.sizes, *sizes))),
            list(self.tensors),
            [],
            self.indent + 1,
            self.lead,
            self.inputs,
        )

    def close(self, block: Scope) -> None:
        self.lines += block.lines

    # ---------------------------------------------------------------- tensors

    def pick(self, tensors: Iterable[Tensor] | None = None) -> Tensor | None:
        """A tensor, rather a late one."""
        found = list(self.tensors if tensors is None else tensors)
        if not found:
            return None
        return found[-1] if self.source.random() < 0.5 else self.source.choice(found)

    def plain(self, least: int = 1, most: int = 4) -> Tensor:
        """A tensor without ranges of its own that has so many axes; an input is made where there is none."""
        found = self.pick(t for t in self.tensors if t.plain and t.lead == self.lead and least <= len(t.axes) <= most)
        if found is not None:
            return found
        return self.fresh(tuple(self.source.choice(self.sizes) for _ in range(least)))

    def fresh(self, axes: tuple[str, ...], stem: str = "x") -> Tensor:
        """A new tensor to read: an input of the model; in a layer a weight."""
        if self.inputs is None:
            return self.declared("weight", axes)
        tensor = Tensor(self.program.name(stem), axes)
        self.inputs.append(tensor)
        self.tensors.append(tensor)
        return tensor

    def declared(self, kind: str, axes: tuple[str, ...]) -> Tensor:
        """A weight or a buffer."""
        self.note(kind)
        tensor = Tensor(self.program.name("W" if kind == "weight" else "B"), axes)
        self.write(f"{kind} {tensor.name}[{', '.join(axes)}]")
        self.tensors.append(tensor)
        return tensor

    def integers(self, axes: tuple[str, ...], below: str) -> str | None:
        """The name of an input of whole numbers below a size; None where there can be none."""
        if self.inputs is None:
            return None
        name = "at_" + re.sub(r"\W+", "_", below + "_of_" + "_".join(axes))
        if not any(t.name == name for t in self.inputs):
            self.inputs.append(Tensor(name, axes))
        return name

    def result(self, stem: str = "y") -> str:
        return self.program.name(stem)

    def size(self) -> str:
        """A size for a new axis."""
        return self.source.choice((*self.sizes, *self.sizes, "2", "3"))
