"""What a tool bills: rules by the name of a standard layer, tried from top to bottom, as its data file states them.

A rule's bill is a sum of whole multiples of what can be read off one application of a layer:

* `macs`: its multiply-adds, ranges that depend on other indices (causal masks, windows) taken as the whole box that a
  tool multiplies;
* `input`, `output`: elements of its first input, of its outputs;
* `rows`: rows of its input, along the last axis;
* `spread`: output elements times the weights behind one output channel;
* `tensor NAME`: elements of a tensor that the layer's own equations make, or of a weight of its own;
* `inside`: what the rules bill for the layers and products inside of it.

A layer for which there is no rule is billed by what is inside of it. Sums of products that stand in no layer that a
rule bills are called `products`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

TENSOR = "tensor "
PRODUCTS = "products"  # what rules call the sums of products that stand in no layer that a rule bills
VARIABLES = ("macs", "input", "output", "rows", "spread", "inside")


@dataclass(frozen=True, eq=False)
class Rule:
    """What one application of these layers is billed: if it stands `within` a layer of each of some patterns, has these
    `options`, in one of these `models` (patterns; empty: everywhere). `operator` is what the tool lists it as;
    `because` says why it is so, where that needs saying; a `fault` is one of the tool's."""

    layers: tuple[str, ...]
    bill: Mapping[str, int]
    operator: str = ""
    within: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    because: str = ""
    fault: bool = False

    def matches(self, layer: str, options: Mapping[str, str], around: frozenset[str], model: str) -> bool:
        """Does the rule bill this application?"""
        return (
            any(fnmatchcase(layer, pattern) for pattern in self.layers)
            and all(any(fnmatchcase(name, pattern) for name in around) for pattern in self.within)
            and (not self.models or any(fnmatchcase(model, pattern) for pattern in self.models))
            and all(options.get(name) == value for name, value in self.options)
        )


@dataclass(frozen=True, eq=False)
class Tool:
    """The rules of one tool; `products` bills sums of products that stand in no layer that a rule bills."""

    rules: tuple[Rule, ...]
    products: Rule
    notes: tuple[str, ...] = ()

    def rule(self, layer: str, options: Mapping[str, str], around: frozenset[str], model: str) -> Rule | None:
        """The first rule for an application of a layer."""
        return next((rule for rule in self.rules if rule.matches(layer, options, around, model)), None)

    def is_place(self, layer: str) -> bool:
        """Do other rules hold inside of a layer than outside?"""
        return any(fnmatchcase(layer, pattern) for pattern in self._places)

    @cached_property
    def _places(self) -> frozenset[str]:
        return frozenset(pattern for rule in self.rules for pattern in rule.within)


def read_tool(data: Mapping[str, Any]) -> Tool:
    """A tool from its data file."""
    return Tool(
        tuple(map(_rule, data["rule"])),
        _rule({"layers": [PRODUCTS], **data.get("products", {})}),
        tuple(data.get("notes", ())),
    )


def _rule(data: Mapping[str, Any]) -> Rule:
    bill = dict(data.get("bill", {}))
    unknown = {name for name in bill.keys() - set(VARIABLES) if not name.startswith(TENSOR)}
    if unknown:
        raise ValueError(f"a rule bills {', '.join(sorted(unknown))}")
    return Rule(
        tuple(data["layers"]),
        bill,
        data.get("operator", ""),
        tuple(data.get("within", ())),
        tuple(data.get("models", ())),
        tuple(data.get("options", {}).items()),
        data.get("because", ""),
        data.get("fault", False),
    )
