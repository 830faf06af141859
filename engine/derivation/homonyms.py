"""Letters that stand for a size and for a tensor or an index as well: a width W and the weights W of a linear layer.

The size keeps its letter and goes by a name of its own, before which an index gets a prime (`equations.renaming`); a
tensor of that look is bold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from ..algebra.atoms import Atom
from ..forms import Layout
from ..notation import Symbols
from ..notation.symbols import look_of
from ..program import Instance, Program, Repeat, all_equations
from ..quantities.operations import all_indices
from .applications import given
from .layers import opened
from .repeats import in_order, is_numbered
from .request import layout_of, symbols_of


class Homonyms:
    """What of a program is to be told apart."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def layout(self, form: str) -> Layout:
        """The layout of the file, in which sizes with homonyms go by names of their own."""
        layout = layout_of(self._program, form)
        names: dict[Atom, str] = {
            dimension.symbol: look_of(dimension.symbol.name, self._looks[dimension.symbol.name])
            for dimension in self._program.dimensions
            if dimension.latex is None and self._looks[dimension.symbol.name] in self._others
        }
        for instance in self._instances:
            for node in in_order(instance.body):
                if isinstance(node, Repeat) and is_numbered(node):
                    look = Symbols().in_latex(node.symbol.name)
                    if self._others & {look, f"{look}'"}:  # an index inside the repeat has its prime already
                        names[node.symbol] = look_of(node.symbol.name, look)
        return layout.named(names) if names else layout

    def symbols(self) -> dict[str, str]:
        """The author's LaTeX, and bold letters for the tensors that look like a size."""
        sizes = set(self._looks.values())
        bold = {name: _bold(look) for look, name in self._tensors.items() if look in sizes}
        return {**symbols_of(self._program), **bold}

    @cached_property
    def _looks(self) -> dict[str, str]:
        """What every size of the file looks like."""
        return {d.symbol.name: d.latex or Symbols().in_latex(d.symbol.name) for d in self._program.dimensions}

    @cached_property
    def _instances(self) -> list[Instance]:
        return [self._program.instance, *(instance for instance, _ in opened(self._program.instance))]

    @cached_property
    def _tensors(self) -> dict[str, str]:
        """The names of tensors by their looks."""
        return {Symbols().in_latex(name): name for name in dict.fromkeys(_tensors(self._instances))}

    @cached_property
    def _others(self) -> set[str]:
        """The looks of everything that is no size of the file."""
        equations = all_equations(self._program.instance)
        indices = {index.name for equation in equations for index in all_indices(equation)}
        return {*self._tensors, *map(Symbols().in_latex, indices)}


def _tensors(instances: Iterable[Instance]) -> Iterator[str]:
    for instance in instances:
        yield from (tensor.name for tensor in instance.inputs)
        yield from given(instance.body)


def _bold(look: str) -> str:
    r"""The look with its first letter or word bold.

    >>> print(_bold("W_{O}"), _bold(r"\alpha"), _bold(r"\mathrm{mask}"))
    \mathbf{W}_{O} \boldsymbol{\alpha} \mathbf{mask}
    """
    if look.startswith(r"\mathrm{"):
        return r"\mathbf{" + look.removeprefix(r"\mathrm{")
    letter = re.match(r"\\[A-Za-z]+|[A-Za-z]", look)
    if letter is None:
        return look + "'"
    face = "boldsymbol" if letter[0].startswith("\\") else "mathbf"
    return rf"\{face}{{{letter[0]}}}{look[letter.end() :]}"
