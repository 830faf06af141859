"""The names that a definition makes for itself, and other names for them: a layer that is moved into another file may
not call a tensor of its own as that file calls a size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import TypeVar

from . import syntax

Tree = TypeVar("Tree", bound=syntax.Node)

_SLOTS = ("name", "names", "index", "sources")
# What names something of another definition, or of the signature.
_OTHERS = (syntax.Argument, syntax.Setting, syntax.TensorParameter, syntax.OptionParameter, syntax.Stated)
_MAKERS = (
    syntax.Equation, syntax.Shape, syntax.Bind, syntax.Share, syntax.Let, syntax.Index, syntax.Repeat, syntax.Until,
    syntax.For, syntax.Parallel, syntax.Choose, syntax.Opaque,
)  # fmt: skip


def made(definition: syntax.Definition) -> set[str]:
    """The tensors, numbers and indices that are the definition's own; axes and options are known by those who call."""
    found = {tensor.name for tensor in definition.tensors}
    for node in _nodes(definition.body):
        if isinstance(node, _MAKERS):
            found |= {name for slot in ("name", "names", "index") for name in _texts(getattr(node, slot, None))}
    return found - {option.name for option in definition.options}


def foreign(definition: syntax.Definition) -> set[str]:
    """The names that mean what they mean where the definition stands: layers, functions, sizes of its file."""
    inside = (definition.body, *(option.default for option in definition.options))
    found = {node.name for node in _nodes(inside) if isinstance(node, syntax.Name | syntax.Call | syntax.Stage)}
    return found - made(definition) - signed(definition)


def signed(definition: syntax.Definition) -> set[str]:
    """The names of axes and options."""
    axes = (axis for tensor in definition.tensors for axis in tensor.axes)
    named = {node.name for axis in axes for node in _nodes(axis) if isinstance(node, syntax.Name)}
    return named | {option.name for option in definition.options}


def handed(definition: syntax.Definition, layer: str) -> set[str]:
    """The names by which the body hands arguments to a layer, or to an option that may be that layer."""
    called = {layer, *(option.name for option in definition.options), *_shared(definition)}
    calls = (n for n in _nodes(definition.body) if isinstance(n, syntax.Call | syntax.Stage) and n.name in called)
    return {argument.name for call in calls for argument in call.arguments or () if argument.name}


def _shared(definition: syntax.Definition) -> set[str]:
    return {node.name for node in _nodes(definition.body) if isinstance(node, syntax.Share)}


def renamed(definition: syntax.Definition, names: Mapping[str, str]) -> syntax.Definition:
    """The definition with other names for what is its own."""
    tensors = (
        replace(t, name=names.get(t.name, t.name), default=t.default and names.get(t.default, t.default))
        for t in definition.tensors
    )
    body = tuple(_renamed(statement, names) for statement in definition.body)
    return replace(definition, tensors=tuple(tensors), body=body)


def renamed_text(text: str, names: Mapping[str, str]) -> str:
    """The same done to its text, outside of strings."""
    if not names:
        return text
    words = "|".join(map(re.escape, names))
    return re.sub(rf"(\"[^\"\n]*\")|(?<![\w'])({words})(?![\w'])", lambda found: found[1] or names[found[2]], text)


def _renamed(node: Tree, names: Mapping[str, str]) -> Tree:
    changes: dict[str, object] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, syntax.Node):
            changes[field.name] = _renamed(value, names)
        elif isinstance(value, tuple) and any(isinstance(item, syntax.Node) for item in value):
            changes[field.name] = tuple(_renamed(i, names) if isinstance(i, syntax.Node) else i for i in value)
        elif field.name in _SLOTS and not isinstance(node, _OTHERS):
            changes[field.name] = (
                names.get(value, value)
                if isinstance(value, str)
                else tuple(names.get(n, n) for n in value or ()) or value
            )
    return replace(node, **changes)  # type: ignore[arg-type]  # each change has the type of what it stands for


def _nodes(parts: object) -> Iterator[syntax.Node]:
    """Every node, from the outside in."""
    if isinstance(parts, syntax.Node):
        yield parts
        for field in fields(parts):
            yield from _nodes(getattr(parts, field.name))
    elif isinstance(parts, tuple):
        for part in parts:
            yield from _nodes(part)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(part for part in value if isinstance(part, str)) if isinstance(value, tuple) else ()
