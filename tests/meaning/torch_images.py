"""Convolutions, pools and what moves pixels, by PyTorch: writes torch_images.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_arrays import (
    Golden,
    channels_last,
    golden,
    linear,
    made,
    numbers,
    of_module,
    positive,
    seed,
    write,
)

SIZES = {1: (6,), 2: (4, 3), 3: (3, 4, 2)}
POOLED = {1: (7,), 2: (5, 4), 3: (4, 5, 3)}


def written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case tuple() if len(value) > 1:
            return f"({', '.join(map(str, value))})"
        case tuple():
            return str(value[0])
        case _:
            return str(value)


def options(**given: Any) -> str:
    return ", ".join(f"{name} = {written(value)}" for name, value in given.items())


def kernel(weight: Tensor, groups: int, *, transposed: bool = False) -> Tensor:
    """PyTorch's [outputs, inputs of a group, *taps] as [*taps, groups, inputs, outputs] of a group; where transposed,
    PyTorch's is [inputs, outputs of a group, *taps]."""
    split = weight.unflatten(0, (groups, weight.shape[0] // groups))
    taps = range(3, split.dim())
    return split.permute(*taps, 0, *((1, 2) if transposed else (2, 1)))


def spatial(path: str, module: nn.Module, *, transposed: bool = False) -> dict[str, Tensor]:
    name = "W" if module.weight.dim() == 3 else "K"
    weights = {f"{path}/{name}": kernel(module.weight, module.groups, transposed=transposed)}
    return weights if module.bias is None else weights | {f"{path}/b": module.bias}


# Axes, inputs, outputs and options: those of PyTorch, which are called the same in the library.
CONVOLUTIONS: list[tuple[int, int, int, dict[str, Any]]] = [
    (1, 2, 3, {"kernel": 3, "padding": 0}),
    (1, 2, 3, {"kernel": 4, "stride": 2, "padding": 1, "bias": False}),
    (1, 4, 2, {"kernel": 2, "stride": 3, "padding": 2, "dilation": 2, "groups": 2}),
    (1, 2, 3, {"kernel": 3, "padding": "same", "dilation": 2}),
    (1, 2, 3, {"kernel": 4, "padding": "same", "bias": False}),
    (2, 2, 3, {"kernel": 3, "padding": 0}),
    (2, 2, 3, {"kernel": (2, 3), "stride": (2, 1), "padding": (0, 2), "dilation": (1, 2)}),
    (2, 4, 2, {"kernel": (3, 1), "stride": 2, "padding": 1, "groups": 2, "bias": False}),
    (2, 2, 3, {"kernel": 3, "padding": "same"}),
    (2, 2, 1, {"kernel": (2, 3), "padding": "same", "dilation": (3, 2), "bias": False}),
    (3, 2, 1, {"kernel": 2, "padding": 0}),
    (3, 1, 2, {"kernel": (2, 1, 3), "stride": (2, 1, 2), "padding": (1, 0, 2), "dilation": (2, 1, 1)}),
    (3, 2, 4, {"kernel": (1, 2, 2), "stride": 2, "padding": 1, "groups": 2, "bias": False}),
    (3, 1, 2, {"kernel": (3, 1, 2), "padding": "same"}),
]
MODULES = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}


def convolutions() -> Iterator[Golden]:
    for axes, inputs, outputs, k in CONVOLUTIONS:
        name, call = f"conv{axes}d", f"conv{axes}d({outputs}, {options(**k)})"
        seed(call)
        x = numbers(1, inputs, *SIZES[axes])
        m = made(MODULES[axes](inputs, outputs, **{("kernel_size" if key == "kernel" else key): k[key] for key in k}))
        arrays = {"x": channels_last(x)}
        yield golden(call, name, of_module(m), f"x -> {call}", arrays, spatial(name, m), channels_last(m(x)))


def causal() -> Iterator[Golden]:
    """PyTorch has no such padding; zeros are put in front, as WaveNet does."""
    for k, dilation, stride in ((2, 3, 1), (3, 1, 2)):
        seed(f"causal {k}")
        x, m = numbers(1, 2, 7), made(nn.Conv1d(2, 3, k, dilation=dilation, stride=stride))
        y = m(functional.pad(x, (dilation * (k - 1), 0)))
        call = f'conv1d(3, kernel = {k}, padding = "causal", dilation = {dilation}, stride = {stride})'
        source = f"{of_module(m)} after torch.nn.functional.pad at the beginning"
        yield golden(call, "conv1d", source, f"x -> {call}", {"x": channels_last(x)}, spatial("conv1d", m), last(y))


last = channels_last


# Called as models call them: padding = "same" is PyTorch's padding of half the reach of an odd kernel.
USUAL = [
    ("conv1d(3, stride = 2)", nn.Conv1d(2, 3, 3, stride=2, padding=1)),
    ("conv2d(3)", nn.Conv2d(2, 3, 3, padding=1)),
    ("conv2d(3, 3, 2)", nn.Conv2d(2, 3, 3, stride=2, padding=1)),
    ("conv3d(1, 3, 2)", nn.Conv3d(2, 1, 3, stride=2, padding=1)),
    ("maxpool1d", nn.MaxPool1d(2)),
    ("maxpool2d(2)", nn.MaxPool2d(2)),
    ("maxpool2d(3, 2)", nn.MaxPool2d(3, 2, padding=1)),
    ("avgpool1d(3, 1)", nn.AvgPool1d(3, 1, padding=1)),
    ("avgpool2d", nn.AvgPool2d(2)),
    ("avgpool2d(3, 2)", nn.AvgPool2d(3, 2, padding=1)),
]


def usual() -> Iterator[Golden]:
    for call, module in USUAL:
        seed(f"usual {call}")
        name = call.split("(")[0]
        x, m = numbers(1, 2, *{1: (6,), 2: (4, 6), 3: (3, 4, 2)}[int(name[-2])]), made(module)
        weights = spatial(name, m) if name.startswith("conv") else {}
        yield golden(f"usual {call}", name, of_module(m), f"x -> {call}", {"x": last(x)}, weights, last(m(x)))


def composed() -> Iterator[Golden]:
    for axes, module in MODULES.items():
        conv = f"conv{axes}d"
        for k in ({"padding": 1}, {"kernel": 2, "stride": 2, "padding": 1, "dilation": 2, "bias": False}):
            call = f"depthwise{axes}d({options(**k)})"
            seed(call)
            x = numbers(1, 2, *SIZES[axes])
            given = {key: k[key] for key in k if key != "kernel"}
            m = made(module(2, 2, k.get("kernel", 3), groups=2, **given))
            weights = spatial(f"depthwise{axes}d/{conv}", m)
            yield golden(call, call.split("(")[0], of_module(m), f"x -> {call}", {"x": last(x)}, weights, last(m(x)))
    seed("composed")
    x = numbers(1, 2, 3, 4)
    m = made(nn.Conv2d(2, 3, 1, stride=2))
    weights = spatial("pointwise2d/conv2d", m)
    call = "x -> pointwise2d(3, 2)"
    yield golden("pointwise2d", "pointwise2d", of_module(m), call, {"x": last(x)}, weights, last(m(x)))
    m = made(nn.Sequential(nn.Conv2d(2, 2, 3, stride=2, padding=1, groups=2), nn.Conv2d(2, 3, 1)))
    path = "separable2d"
    weights = spatial(f"{path}/depthwise2d/conv2d", m[0]) | spatial(f"{path}/pointwise2d/conv2d", m[1])
    call = "x -> separable2d(3, 3, 2)"
    yield golden(path, path, of_module(m), call, {"x": last(x)}, weights, last(m(x)))
    x = numbers(1, 2, 7)
    m = made(nn.Sequential(nn.Conv1d(2, 2, 3, stride=2, padding=1, groups=2), nn.Conv1d(2, 3, 1)))
    path = "separable1d"
    weights = spatial(f"{path}/depthwise1d/conv1d", m[0])
    weights |= linear(f"{path}/linear", m[1].weight[:, :, 0], m[1].bias)
    call = "x -> separable1d(3, 3, 2)"
    yield golden(path, path, of_module(m), call, {"x": last(x)}, weights, last(m(x)))
    for k in ({"padding": "same"}, {"stride": (2, 1), "padding": (1, 0)}):
        x, w = numbers(1, 4, 3, 4), numbers(2, 2, 2, 3)
        y = functional.conv2d(x, w, groups=2, **k)
        inputs = {"x": last(x), "K": kernel(w, 2)}
        call = f"convolve2d(x, K, {options(**k)})"
        source = f"torch.nn.functional.conv2d(x, K, groups = 2, {options(**k)})"
        yield golden(call, "convolve2d", source, call, inputs, {}, last(y))
    m, x = made(nn.Conv2d(3, 5, 2, stride=2)), numbers(1, 3, 4, 6)
    call, path = "x -> patch_embedding(5, 2)", "patch_embedding/linear"
    weights = {f"{path}/W": m.weight.permute(2, 3, 1, 0).flatten(0, 2), f"{path}/b": m.bias}
    y = m(x).flatten(2).transpose(1, 2)
    yield golden("patch_embedding", "patch_embedding", of_module(m), call, {"x": last(x)}, weights, y)


TRANSPOSED: list[tuple[int, int, int, dict[str, Any]]] = [
    (1, 2, 3, {}),
    (1, 2, 3, {"kernel": 3, "stride": 2, "padding": 1, "output_padding": 1, "bias": False}),
    (1, 4, 2, {"kernel": 3, "stride": 3, "padding": 2, "output_padding": 1, "dilation": 2, "groups": 2}),
    (1, 2, 3, {"kernel": 2, "stride": 1, "padding": 0, "output_padding": 1, "dilation": 2}),
    (2, 2, 3, {}),
    (2, 4, 2, {"kernel": (3, 2), "stride": (2, 3), "padding": (1, 0), "output_padding": (1, 2), "groups": 2}),
    (2, 2, 3, {"kernel": 3, "stride": 1, "padding": 2, "dilation": (1, 2), "bias": False}),
    (3, 2, 1, {}),
    (3, 2, 4, {"kernel": (1, 3, 2), "stride": (2, 1, 2), "padding": (0, 1, 0), "dilation": (1, 1, 2), "groups": 2}),
    (3, 1, 2, {"kernel": 2, "stride": 2, "padding": 1, "output_padding": (1, 0, 1), "bias": False}),
]
TRANSPOSED_MODULES = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


def transposed() -> Iterator[Golden]:
    for axes, inputs, outputs, k in TRANSPOSED:
        name = f"conv_transpose{axes}d"
        call = f"{name}({', '.join([str(outputs), *([options(**k)] if k else [])])})"
        seed(call)
        x = numbers(1, inputs, *{1: (5,), 2: (3, 4), 3: (2, 3, 2)}[axes])
        theirs = {"kernel": 2, "stride": 2} | k
        theirs["kernel_size"] = theirs.pop("kernel")
        m = made(TRANSPOSED_MODULES[axes](inputs, outputs, **theirs))
        weights = spatial(name, m, transposed=True)
        yield golden(call, name, of_module(m), f"x -> {call}", {"x": last(x)}, weights, last(m(x)))


# Pools of one, two and three axes: "kernel" may be one number, or the first ones of these.
MAX_POOLS: list[dict[str, Any]] = [
    {"kernel": 2, "padding": 0},
    {"kernel": 3, "stride": 2, "padding": 1},
    {"kernel": (2, 3, 2), "stride": (1, 2, 3), "padding": (1, 1, 1), "dilation": (1, 2, 1)},
    {"kernel": 2, "stride": 2, "padding": 0, "ceil_mode": True},
    {"kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"kernel": 2, "stride": 3, "padding": 1, "dilation": 2, "ceil_mode": True},
]
AVERAGE_POOLS: list[dict[str, Any]] = [
    {"kernel": 2, "padding": 0},
    {"kernel": 3, "stride": 2, "padding": 1},
    {"kernel": (2, 3, 2), "stride": (1, 2, 3), "padding": (1, 0, 1)},
    {"kernel": 2, "stride": 2, "padding": 0, "ceil_mode": True},
    {"kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"kernel": 2, "stride": 3, "padding": 1, "ceil_mode": True},
]
LP_POOLS: list[tuple[float, dict[str, Any]]] = [
    (2, {"kernel": 2}),
    (3, {"kernel": 3, "stride": 2}),
    (1.5, {"kernel": (2, 3, 1), "stride": (3, 1, 2)}),
]


def cut(k: dict[str, Any], axes: int) -> dict[str, Any]:
    """The options of as many axes."""

    def one(value: Any) -> Any:
        return (value[:axes] if axes > 1 else value[0]) if isinstance(value, tuple) else value

    return {key: one(value) for key, value in k.items()}


def theirs(k: dict[str, Any]) -> dict[str, Any]:
    return {("kernel_size" if key == "kernel" else key): value for key, value in k.items()}


def pools() -> Iterator[Golden]:
    for axes in (1, 2, 3):
        channels = 1 if axes == 3 else 2
        for kind, mine, cases in (("Max", "max", MAX_POOLS), ("Avg", "avg", AVERAGE_POOLS)):
            for case in cases:
                k, name = cut(case, axes), f"{mine}pool{axes}d"
                call = f"{name}({options(**k)})"
                seed(call)
                x = numbers(1, channels, *POOLED[axes]) - (1 if mine == "max" else 0)  # padding is no maximum
                m = getattr(nn, f"{kind}Pool{axes}d")(**theirs(k))
                yield golden(call, name, of_module(m), f"x -> {call}", {"x": last(x)}, {}, last(m(x)))
        for power, case in LP_POOLS:
            k, name = cut(case, axes), f"lppool{axes}d"
            call = f"{name}({power}, {options(**k)})"
            seed(call)
            x = (numbers if power == 2 else positive)(1, channels, *POOLED[axes])
            m = getattr(nn, f"LPPool{axes}d")(power, **theirs(k))
            yield golden(call, name, of_module(m), f"x -> {call}", {"x": last(x)}, {}, last(m(x)))


def adaptive() -> Iterator[Golden]:
    for axes in (1, 2, 3):
        seed(f"adaptive {axes}")
        x = numbers(1, 2, *SIZES[axes])
        arrays = {"x": last(x)}
        for kind in ("avg", "max"):
            module = getattr(nn, f"Adaptive{kind.title()}Pool{axes}d")
            for size in (3, (4, 2, 3)[:axes]):
                call = f"adaptive_{kind}pool{axes}d({written(size)})"
                m, y = module(size), last(module(size)(x))
                yield golden(call, call.split("(")[0], of_module(m), f"x -> {call}", arrays, {}, y)
            call, y = f"global_{kind}pool{axes}d", module(1)(x).flatten(1)
            yield golden(call, call, of_module(module(1)), f"x -> {call}", arrays, {}, y)
    seed("mean_pool")
    x = numbers(2, 3, 4)
    yield golden("mean_pool", "mean_pool", "x.mean(-2)", "x -> mean_pool", {"x": x}, {}, x.mean(-2))


def unpooled() -> Iterator[Golden]:
    for axes, size, shape in ((1, 3, (1, 2, 3)), (2, 2, (1, 2, 2, 3)), (2, (2, 3), (1, 2, 3, 2))):
        widths = (size,) * axes if isinstance(size, int) else size
        name = f"max_unpool{axes}d"
        call = f"{name}(x, place, {written(size)})"
        seed(call)
        whole = numbers(*shape[:2], *(n * width for n, width in zip(shape[2:], widths, strict=True)))
        y, at = getattr(nn, f"MaxPool{axes}d")(size, return_indices=True)(whole)
        m = getattr(nn, f"MaxUnpool{axes}d")(size)
        if axes == 1:
            place = at % size
        else:  # PyTorch numbers the pixels of the whole image, the library those of a window
            row, column = at // whole.shape[3], at % whole.shape[3]
            place = row % widths[0] * widths[1] + column % widths[1]
        arrays = {"x": last(y), "place": last(place)}
        yield golden(call, name, of_module(m), call, arrays, {}, last(m(y, at)))


def moved() -> Iterator[Golden]:
    seed("moved")
    image = numbers(1, 2, 3, 4)
    line, volume = numbers(1, 2, 3), numbers(1, 2, 2, 3, 1)
    for axes, x in ((1, line), (2, image), (3, volume)):
        for by in (2, 3) if axes < 3 else (2,):
            m, call = nn.Upsample(scale_factor=by), f"upsample{axes}d({by})"
            yield golden(call, f"upsample{axes}d", of_module(m), f"x -> {call}", {"x": last(x)}, {}, last(m(x)))
    for by, x in ((2, image), (3, image[:, :1]), (4, image[:, :1, :2, :3])):
        m, call = nn.Upsample(scale_factor=by, mode="bilinear"), f"upsample_bilinear2d({by})"
        y = last(m(x))
        yield golden(call, "upsample_bilinear2d", of_module(m), f"x -> {call}", {"x": last(x)}, {}, y)
    for call, m, x in (
        ("pixel_shuffle", nn.PixelShuffle(2), numbers(1, 8, 2, 3)),
        ("pixel_shuffle(3)", nn.PixelShuffle(3), numbers(1, 18, 1, 2)),
        ("pixel_unshuffle", nn.PixelUnshuffle(2), numbers(1, 3, 4, 2)),
        ("pixel_unshuffle(3)", nn.PixelUnshuffle(3), numbers(1, 2, 3, 6)),
        ("zero_pad2d", nn.ZeroPad2d(1), image),
        ("zero_pad2d(1, 2, 3, 0)", nn.ZeroPad2d((1, 2, 3, 0)), image),
        ("channel_shuffle(2)", nn.ChannelShuffle(2), numbers(1, 6, 2, 2)),
    ):
        yield golden(call, call.split("(")[0], of_module(m), f"x -> {call}", {"x": last(x)}, {}, last(m(x)))
    x = numbers(2, 3, 4, 2)
    yield golden("flatten", "flatten", "torch.nn.Flatten()", "x -> flatten", {"x": x}, {}, nn.Flatten()(x))
    x = numbers(1, 2, 4, 6)
    patches = nn.Unfold((2, 3), stride=(2, 3))(x)  # its features are channel, row, column
    tokens = patches.unflatten(1, (2, 2, 3)).permute(0, 4, 2, 3, 1).flatten(2)
    source = "torch.nn.Unfold((2, 3), stride=(2, 3)), channels last"
    yield golden("patchify", "patchify", source, "x -> patchify((2, 3))", {"x": last(x)}, {}, tokens)
    source = "torch.nn.Fold((4, 6), (2, 3), stride=(2, 3)), channels last"
    y = last(nn.Fold((4, 6), (2, 3), stride=(2, 3))(patches))
    yield golden("unpatchify", "unpatchify", source, "x -> unpatchify(2, (2, 3))", {"x": tokens}, {}, y)
    x = numbers(5, 3)
    y = torch.fft.fft(x, dim=0).real
    yield golden("dft", "dft", "torch.fft.fft(x, dim = 0).real", "x -> dft", {"x": x}, {}, y)


if __name__ == "__main__":
    write(__file__, (convolutions, causal, usual, composed, transposed, pools, adaptive, unpooled, moved))
