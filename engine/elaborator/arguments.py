"""The arguments of a call, matched with the signature of the layer."""

from __future__ import annotations

from collections.abc import Sequence

from .. import syntax
from ..errors import Span, error, nearest
from ..scalars import Tensor
from . import sizes
from .describe import count
from .values import LayerValue, Poisoned, Silent, Value


def bind_arguments(
    layer: LayerValue, positional: Sequence[tuple[Value, Span]], named: dict[str, tuple[Value, Span]], span: Span
) -> tuple[dict[str, tuple[Tensor, Span]], dict[str, tuple[Value, Span]]]:
    """Tensors fill the tensors of the signature, other values the options; every mistake has its own message."""
    definition = layer.definition
    tensor_names = [t.name for t in definition.tensors]
    option_names = [o.name for o in definition.options]
    tensors: dict[str, tuple[Tensor, Span]] = {}
    options: dict[str, tuple[Value, Span]] = {}
    waiting = list(option_names)
    for name, value in layer.named:
        options[name] = (value, span)
    for value in layer.positional:
        _fill_next(value, span, waiting, options, layer)
    free = [n for n in tensor_names if n not in named]
    for value, at in positional:
        if isinstance(value, Poisoned):
            raise Silent
        if isinstance(value, Tensor):
            if not free:
                raise error(
                    f"`{layer.name}` takes {count(len(tensor_names), 'tensor')}, and this is one more",
                    at,
                    hint=signature(definition),
                )
            tensors[free.pop(0)] = (value, at)
        else:
            _fill_next(value, at, waiting, options, layer)
    for name, (value, at) in named.items():
        if isinstance(value, Poisoned):
            raise Silent
        if name in tensor_names:
            if not isinstance(value, Tensor):
                raise error(f"`{name}` of `{layer.name}` is a tensor, and this is {sizes.describe(value)}", at)
            if name in tensors:
                raise error(f"the tensor `{name}` of `{layer.name}` is given twice", at)
            tensors[name] = (value, at)
        elif name in option_names:
            if name in options and name not in dict(layer.named):
                raise error(f"the option `{name}` of `{layer.name}` is given twice", at, hint=signature(definition))
            if isinstance(value, Tensor):
                raise error(f"the option `{name}` of `{layer.name}` is no tensor", at, hint=signature(definition))
            options[name] = (value, at)
        else:
            hint = nearest(name, [*option_names, *tensor_names]) or signature(definition)
            raise error(f"`{layer.name}` has no option `{name}`", at, hint=hint)
    return tensors, options


def _fill_next(
    value: Value, at: Span, waiting: list[str], options: dict[str, tuple[Value, Span]], layer: LayerValue
) -> None:
    while waiting and waiting[0] in options:
        waiting.pop(0)
    if not waiting:
        names = len(layer.definition.options)
        raise error(
            f"`{layer.name}` takes {count(names, 'option')}, and this is one more", at, hint=signature(layer.definition)
        )
    options[waiting.pop(0)] = (value, at)


def signature(definition: syntax.Definition) -> str:
    """The head of a definition on one line, for a hint."""
    text = definition.span.source.text[definition.name_span.start : definition.span.end]
    depth = 0
    for position, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if character == ")" and depth == 0:
            return f"the layer is `{' '.join(text[: position + 1].split())}`"
    return ""
