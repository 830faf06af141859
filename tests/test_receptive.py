"""Receptive fields: against published figures, the textbook's recursion, hand counts, and traces of small inputs.

Models are those of `cases/dependences`. A formula that the engine marks as an upper bound may be larger than the count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import archderive as ad
import pytest
from archderive.cli import main
from dependence_networks import block, causal, centred, cyclic_block, fixed, segment_memory, strided
from dependence_search import Reads, clipped, everything, reach_of, seen_through, span, window

CASES = Path(__file__).parent / "cases" / "dependences"


@cache
def load(name: str) -> ad.Model:
    """A model by its name, or by those of its file and its own: `unet/unet_nearest`."""
    file, _, model = name.partition("/")
    return ad.load(CASES / f"{file}.arch", model or None)


# ---------------------------------------------------------------- sequences

# What one output of the model (one layer, if it is stacked) reads, and sizes at which some output is far from the ends.
SEQUENCES: dict[str, tuple[Callable[..., Iterable[Reads]], list[dict[str, int]]]] = {
    "self_attention": (lambda N: [everything(N)], [{"N": 2}, {"N": 17}]),
    "causal_attention": (lambda N: [span(N, 0)], [{"N": 2}, {"N": 17}]),
    "elman": (lambda N: [span(N, 0)], [{"N": 17}]),
    "lstm_stack": (lambda N, L: [span(N, 0)], [{"N": 17, "L": 3}]),
    "bidirectional_lstm/bidirectional_lstm_two": (lambda N: [everything(N)], [{"N": 17}]),
    "mamba_block": (lambda N, k: [causal(k), span(N, 0)], [{"N": 17, "k": 4}]),
    "pooled": (lambda N: [everything(N)], [{"N": 17}]),
    "star/star": (lambda N: [everything(N)], [{"N": 17}]),
    "global_positions": (lambda N, r, G: [everything(N)], [{"N": 17, "r": 2, "G": 1}]),
    "window": (lambda N, a, b: [span(a, b)], [{"N": 20, "a": 2, "b": 3}, {"N": 20, "a": 4, "b": 1}]),
    "convolution_odd": (lambda N, k: [centred(k)], [{"N": 20, "k": k} for k in (3, 5, 7)]),
    "convolution_even": (lambda N, k: [centred(k)], [{"N": 20, "k": k} for k in (4, 6)]),
    "convolution_causal": (lambda N, k: [causal(k)], [{"N": 20, "k": k} for k in (2, 3, 5)]),
    "dilated_fixed": (lambda N, k, s: [causal(k, s)], [{"N": 40, "k": 3, "s": 2}, {"N": 40, "k": 4, "s": 5}]),
    "strided": (lambda N, s: [strided(s)], [{"N": 20, "s": 4}, {"N": 36, "s": 6}]),
    "fixed": (lambda N, s, c: [fixed(s, c)], [{"N": 20, "s": 4, "c": 1}, {"N": 36, "s": 6, "c": 2}]),
    "blocks": (lambda N, B: [block(B)], [{"N": 20, "B": 4}]),
    "cyclic_blocks": (lambda N, B: [cyclic_block(N, B, 0)], [{"N": 24, "B": 4}]),
    "segment_memory": (lambda N, M: [segment_memory(M)], [{"N": 20, "M": 4}]),
    "sliding_memory": (lambda N, M: [span(M, 0)], [{"N": 20, "M": 4}]),
    "residual_stack": (lambda N, k, L: [centred(k)] * L, [{"N": 60, "k": 5, "L": 6}, {"N": 60, "k": 3, "L": 4}]),
    "wavenet": (
        lambda N, k, L, R: [causal(k, 2**i) for i in range(L)] * R,
        [{"N": 100, "k": 2, "L": 4, "R": 3}, {"N": 100, "k": 3, "L": 3, "R": 2}, {"N": 100, "k": 4, "L": 3, "R": 1}],
    ),
}


def upper_bound(name: str, capsys: pytest.CaptureFixture[str]) -> bool:
    file, _, model = name.partition("/")
    assert main([str(CASES / f"{file}.arch"), "--json"]) == 0
    models = json.loads(capsys.readouterr().out)["models"]
    found = next(m for m in models if m["name"] == model or not model)
    return bool(found["quantities"]["receptive"].get("upper_bound"))


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    layers, cases = SEQUENCES[name]
    model = load(name)
    bound = upper_bound(name, capsys)
    for sizes in cases:
        count, found = reach_of(sizes["N"], layers(**sizes)), model.at(**sizes).receptive
        assert found == count or (bound and found > count), sizes


def test_wavenet_in_closed_form() -> None:
    # van den Oord et al. 2016, section 2.1: 1, 2, …, 512 gives 1024 with kernels of two; R blocks add up
    model = load("wavenet")
    k, layers, blocks = (model.symbols[name] for name in ("k", "L", "R"))
    assert (model.receptive - (1 + blocks * (k - 1) * (2**layers - 1))).expand() == 0
    assert model.at(k=2, L=10, R=1).receptive == 1024


def test_residual_convolutions_in_closed_form() -> None:
    # Gehring et al. 2017, section 3: six layers of width five see 25 inputs
    model = load("residual_stack")
    k, layers = (model.symbols[name] for name in ("k", "L"))
    assert (model.receptive - (layers * (k - 1) + 1)).expand() == 0
    assert model.at(k=5, L=6).receptive == 25


def test_of_two_sequences_both_are_seen() -> None:
    # every element of the set, and every inducing point
    assert load("set_transformer").at(N=17, M=3).receptive == 17 + 3


def test_strided_and_upsampled() -> None:
    # an output reads two neighbours of half the resolution (the same one twice, and the next), each three wide, two on
    seen = [1 << p for p in range(32)]
    seen = convolution(seen, 3, stride=2)
    seen = convolution(nearest(seen), 3)
    assert widest(seen) == 5
    assert load("stride_upsample").at(N=32).receptive == 5


def test_blocks_and_back() -> None:
    # a block of B and its two neighbours
    model = load("blocks_upsample")
    assert model.receptive == 3 * model.symbols["B"]


# ---------------------------------------------------------------- images, one axis at a time

# What an output sees of each axis. `receptive` is the product; how the extents of the axes are asked for is not
# decided yet: `extents` below is the one place to adapt.
PER_AXIS: dict[str, tuple[dict[str, int], dict[str, int]]] = {
    # Araujo, Norris and Sim 2019 (Distill, Computing Receptive Fields of Convolutional Neural Networks): 212 and 483
    "vgg16/vgg16_conv5_3": ({"H": 196, "W": 196}, {"H": 512, "W": 768}),
    "vgg16/vgg16_pool5": ({"H": 212, "W": 212}, {"H": 512, "W": 768}),
    "resnet50/resnet50_v1": ({"H": 483, "W": 483}, {"H": 1024, "W": 1536}),
    # the stride on the 3 x 3 convolution sees less
    "resnet50/resnet50": ({"H": 427, "W": 427}, {"H": 1024, "W": 1536}),
    # traced below
    "unet/unet": ({"H": 44, "W": 44}, {"H": 128, "W": 192}),
    "unet/unet_nearest": ({"H": 44, "W": 44}, {"H": 128, "W": 192}),
    "axial": ({"H": 9, "W": 7}, {"H": 9, "W": 7}),
}


def extents(model: ad.Model) -> set[int]:
    """The figures of the axes, as the reason gives them; to be adapted."""
    return {int(number) for number in re.findall(r"\d+", model.reason("receptive"))}


@pytest.mark.parametrize("name", PER_AXIS)
def test_image_has_its_counts(name: str) -> None:
    model = load(name)
    assert {"H", "W"} <= {symbol.name for symbol in model.macs.free_symbols}


@pytest.mark.parametrize("name", PER_AXIS)
def test_image(name: str) -> None:
    axes, sizes = PER_AXIS[name]
    assert load(name).at(**sizes).receptive == axes["H"] * axes["W"]


@pytest.mark.parametrize("name", [name for name in PER_AXIS if name != "axial"])
def test_image_axis_by_axis(name: str) -> None:
    axes, _ = PER_AXIS[name]
    assert set(axes.values()) <= extents(load(name))


# ---------------------------------------------------------------- what the table of images rests on

Step = tuple[int, int]
"(kernel, stride)"

VGG_CONV5_3: list[Step] = [
    *[(3, 1)] * 2, (2, 2), *[(3, 1)] * 2, (2, 2), *[(3, 1)] * 3, (2, 2), *[(3, 1)] * 3, (2, 2), *[(3, 1)] * 3,
]  # fmt: skip
RESNET_STEM: list[Step] = [(7, 2), (3, 2)]
RESNET_STAGES = [(3, 1), (4, 2), (6, 2), (3, 2)]


def resnet(first: bool) -> list[Step]:
    """The longest branch; the stride of a stage stands on its first 1 x 1 convolution, or on its first 3 x 3."""
    steps = list(RESNET_STEM)
    for blocks, stride in RESNET_STAGES:
        steps += [(1, stride), (3, 1)] if first else [(1, 1), (3, stride)]
        steps += [(1, 1), (3, 1)] * (blocks - 1)
    return steps


def by_recursion(steps: Iterable[Step]) -> int:
    """The textbook's: a kernel adds (k − 1) times the jump between neighbours, and a stride multiplies the jump."""
    field, jump = 1, 1
    for kernel, stride in steps:
        field += (kernel - 1) * jump
        jump *= stride
    return field


def convolution(seen: list[int], kernel: int, stride: int = 1) -> list[int]:
    back = (kernel - 1) // 2
    reads = [[p * stride + j - back for j in range(kernel)] for p in range(-(-len(seen) // stride))]
    return seen_through(seen, [[q for q in row if 0 <= q < len(seen)] for row in reads])


def pooled(seen: list[int]) -> list[int]:
    return seen_through(seen, clipped(lambda p: (2 * p, 2 * p + 1), len(seen) // 2, len(seen)))


def nearest(seen: list[int]) -> list[int]:
    """Twice the size: a transposed convolution of width two and stride two reads the same positions."""
    return [bits for bits in seen for _ in range(2)]


def concatenated(one: list[int], other: list[int]) -> list[int]:
    return [a | b for a, b in zip(one, other, strict=True)]


def twice(seen: list[int]) -> list[int]:
    return convolution(convolution(seen, 3), 3)


def widest(seen: Iterable[int]) -> int:
    return max(bits.bit_count() for bits in seen)


def traced(steps: Iterable[Step], size: int) -> int:
    seen = [1 << p for p in range(size)]
    for kernel, stride in steps:
        seen = pooled(seen) if (kernel, stride) == (2, 2) else convolution(seen, kernel, stride)
    return widest(seen)


@pytest.mark.parametrize(
    ("steps", "figure"),
    [(VGG_CONV5_3, 196), ([*VGG_CONV5_3, (2, 2)], 212), (resnet(first=True), 483), (resnet(first=False), 427)],
    ids=["vgg16 conv5_3", "vgg16 pool5", "resnet50 v1", "resnet50"],
)
def test_recursion_and_trace_agree_with_what_is_published(steps: list[Step], figure: int) -> None:
    assert by_recursion(steps) == figure
    assert traced(steps, 1024) == figure


def test_trace_of_a_unet() -> None:
    a = twice([1 << p for p in range(128)])
    b = twice(pooled(a))
    c = twice(pooled(b))
    b = twice(concatenated(b, nearest(c)))
    a = twice(concatenated(a, nearest(b)))
    assert widest(a) == PER_AXIS["unet/unet"][0]["H"]


def test_dilated_images() -> None:
    # Yu and Koltun 2015, section 2: 3 x 3 kernels with dilations 1, 2, …, 2^i see 2^(i + 2) − 1 of each axis
    for i in range(5):
        layers = [window(-(2**j), 0, 2**j) for j in range(i + 1)]
        assert reach_of(200, layers) == 2 ** (i + 2) - 1
    text = (
        "dim H = 100, W = 100, C = 4, L = 3\nmodel context(x[H, W, C]):\n    repeat L as i:\n"
        "        x = x -> conv2d(C, dilation = 2^i)\n    return x\n"
    )
    for layers in (1, 2, 3):
        assert ad.parse(text).at(L=layers).receptive == (2 ** (layers + 1) - 1) ** 2
