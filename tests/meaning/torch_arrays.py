"""What the scripts `torch_*.py` share: numbers short enough to be written down, and goldens made of them.

Run a script with Python and PyTorch (2.13 made the files that lie here) to write its goldens again; neither the
program nor its tests need PyTorch. Everything is computed in float64. Inputs and weights are rounded to two decimals
before they are used. PyTorch puts channels first; `channels_last` and the functions that name weights turn its arrays
into those of the language.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from goldens import short
from goldens import write as write_goldens
from torch import Tensor, nn

torch.set_default_dtype(torch.float64)
torch.set_grad_enabled(False)

Golden = dict[str, Any]
Weights = dict[str, Tensor]


def seed(name: str) -> None:
    """Numbers of a golden depend on its name alone."""
    torch.manual_seed(zlib.crc32(name.encode()))


def numbers(*shape: int, spread: float = 1.0) -> Tensor:
    """Random numbers with two decimals."""
    return (torch.randn(shape) * spread * 100).round() / 100


def positive(*shape: int) -> Tensor:
    """Random numbers with two decimals, between one half and two."""
    return ((torch.rand(shape) * 1.5 + 0.5) * 100).round() / 100


def made(module: nn.Module) -> Any:
    """The module as it is used once trained, with short weights, none of which is 0 or 1."""
    for parameter in module.parameters():
        parameter.copy_(numbers(*parameter.shape, spread=0.6))
    for name, buffer in module.named_buffers():
        if buffer.is_floating_point():
            buffer.copy_(positive(*buffer.shape) if "var" in name else numbers(*buffer.shape))
    return module.eval()


def channels_last(x: Tensor) -> Tensor:
    return x.movedim(1, -1)


def lists(tensors: dict[str, Tensor]) -> dict[str, Any]:
    return {name: short(tensor.tolist()) for name, tensor in tensors.items()}


def golden(
    name: str,
    layers: str,
    source: str,
    body: str,
    inputs: dict[str, Tensor],
    weights: Weights,
    *outputs: Tensor,
    before: str = "",
) -> Golden:
    """A golden whose model has these inputs and these lines; one line without `return` is what it returns."""
    signature = ", ".join(f"{key}[{', '.join(map(str, tensor.shape))}]" for key, tensor in inputs.items())
    lines = body.strip().split("\n")
    if len(lines) == 1:
        lines = [f"return {lines[0]}"]
    text = before + f"model golden({signature}):\n" + "".join(f"    {line}\n" for line in lines)
    return {
        "name": f"torch {name}",
        "layers": layers.split(),
        "source": " ".join(source.split()),
        "model": text,
        "inputs": lists(inputs),
        "weights": lists(weights),
        "outputs": [short(output.tolist()) for output in outputs],
    }


def linear(path: str, weight: Tensor, bias: Tensor | None = None) -> Weights:
    """The weights of `linear`, from PyTorch's [outputs, inputs]."""
    return {f"{path}/W": weight.T} | ({} if bias is None else {f"{path}/b": bias})


def norm(path: str, module: nn.Module) -> Weights:
    """Gain and bias of a norm, and the statistics that a batch norm holds."""
    names = {"g": "weight", "b": "bias", "mu": "running_mean", "var": "running_var"}
    found = {f"{path}/{mine}": getattr(module, theirs, None) for mine, theirs in names.items()}
    return {key: tensor for key, tensor in found.items() if tensor is not None}


def of_module(module: nn.Module) -> str:
    return f"torch.nn.{module!r}"


def write(script: str, makers: Iterable[Callable[[], Iterable[Golden]]]) -> None:
    """One golden a line, beside the script."""
    write_goldens(Path(script).stem, [found for maker in makers for found in maker()])
