"""Convolutions that are no layer of PyTorch's, pixel by pixel, from their papers. Writes other_conv.json."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy_goldens import Array, Goldens

goldens = Goldens(seed=5)
draw = goldens.draw


def convolution(x: Array, K: Array, stride: tuple[int, ...], before: tuple[int, ...], size: tuple[int, ...]) -> Array:
    """x [*space, G*I] by K [*kernel, G, I, O]: output position n reads x at n*stride + j - before, zero outside."""
    *kernel, groups, inputs, outputs = K.shape
    y = np.zeros((*size, groups * outputs))
    for n in product(*map(range, size)):
        for j in product(*map(range, kernel)):
            at = tuple(a * s + b - p for a, s, b, p in zip(n, stride, j, before, strict=True))
            if all(0 <= a < limit for a, limit in zip(at, x.shape[:-1], strict=True)):
                for g in range(groups):
                    y[n][g * outputs : (g + 1) * outputs] += x[at][g * inputs : (g + 1) * inputs] @ K[j][g]
    return y


x, K = draw(4, 5, 4), draw(3, 2, 2, 2, 1)
for options, stride, before, size in (
    ("", (1, 1), (1, 0), (4, 5)),
    (", stride = 2", (2, 2), (1, 0), (2, 3)),
    (", stride = (1, 2), padding = (0, 1)", (1, 2), (0, 1), (2, 3)),
):
    goldens.add(
        f"convolve2d{options}",
        "convolve2d",
        "the sum of torch.nn.functional.conv2d, features last, the kernel given in two groups",
        f"x[4, 5, 4], K[3, 2, 2, 2, 1]: return convolve2d(x, K{options})",
        {"x": x, "K": K},
        {},
        convolution(x, K, stride, before, size),
    )


def standardized(V: Array) -> Array:
    """Qiao et al. 2019: (V - mean) / sqrt(variance + 1e-5) of each output's kernel."""
    K = np.zeros_like(V)
    for g in range(V.shape[2]):
        for o in range(V.shape[4]):
            one = V[:, :, g, :, o]
            K[:, :, g, :, o] = (one - one.mean()) / np.sqrt((one**2).mean() - one.mean() ** 2 + 1e-5)
    return K


for options, groups, stride, size in (("", 1, 1, (3, 4)), (", stride = 2, groups = 2, bias = false", 2, 2, (2, 2))):
    x, V, b = draw(3, 4, 2), draw(3, 3, groups, 2 // groups, 4 // groups), draw(4)
    bias = {} if groups == 2 else {"standardized_conv2d/b": b}
    y = convolution(x, standardized(V), (stride, stride), (1, 1), size)
    goldens.add(
        f"standardized_conv2d{options}",
        "standardized_conv2d",
        "Qiao et al. 2019: the mean and the variance of each output's kernel; epsilon 1e-5",
        f"x[3, 4, 2]: return x -> standardized_conv2d(4{options})",
        {"x": x},
        {"standardized_conv2d/V": V, **bias},
        y + b if bias else y,
    )

x, W, b = draw(3, 4, 2), draw(2, 3), draw(3)
for stride in (1, 2):
    goldens.add(
        f"pointwise2d, stride {stride}",
        "pointwise2d",
        "Lin et al. 2013: the same matrix at every pixel",
        f"x[3, 4, 2]: return x -> pointwise2d(3, stride = {stride})",
        {"x": x},
        {"pointwise2d/conv2d/K": W.reshape(1, 1, 1, 2, 3), "pointwise2d/conv2d/b": b},
        x[::stride, ::stride] @ W + b,
    )


def depthwise(x: Array, K: Array, stride: int) -> Array:
    """Howard et al. 2017, equation (3): one filter K [*kernel, C] for each feature; centred, zeros around."""
    before = tuple(width // 2 for width in K.shape[:-1])
    size = tuple(-(-width // stride) for width in x.shape[:-1])
    y = np.zeros((*size, x.shape[-1]))
    padded = np.pad(x, [(p, p) for p in before] + [(0, 0)])
    for n in product(*map(range, size)):
        window = tuple(slice(a * stride, a * stride + width) for a, width in zip(n, K.shape, strict=False))
        y[n] = (padded[window] * K).sum(axis=tuple(range(len(size))))
    return y


shapes = {"depthwise1d": (6,), "depthwise2d": (4, 5), "depthwise3d": (3, 2, 4)}
for (name, space), stride in product(shapes.items(), (1, 2)):
    conv = f"{name}/conv{len(space)}d"
    x, K, b = draw(*space, 2), draw(*(3 for _ in space), 2), draw(2)
    goldens.add(
        f"{name}, stride {stride}",
        name,
        "Howard et al. 2017, equation (3), with a bias",
        f"x[{', '.join(map(str, x.shape))}]: return x -> {name}(stride = {stride})",
        {"x": x},
        {f"{conv}/{'W' if name == 'depthwise1d' else 'K'}": K.reshape(*K.shape, 1, 1), f"{conv}/b": b},
        depthwise(x, K, stride) + b,
    )

for stride in (1, 2):
    x, K, a, W, b = draw(2, 5, 2), draw(3, 2), draw(2), draw(2, 4), draw(4)
    goldens.add(
        f"separable1d, stride {stride}",
        "separable1d",
        "Kaiser et al. 2017: SepConv = a pointwise convolution of a depthwise one",
        f"x[2, 5, 2]: return x -> separable1d(4, stride = {stride})",
        {"x": x},
        {
            "separable1d/depthwise1d/conv1d/W": K.reshape(3, 2, 1, 1),
            "separable1d/depthwise1d/conv1d/b": a,
            "separable1d/linear/W": W,
            "separable1d/linear/b": b,
        },
        np.array([(depthwise(sequence, K, stride) + a) @ W + b for sequence in x]),
    )
    x, K, W = draw(4, 5, 2), draw(3, 3, 2), draw(2, 4)
    goldens.add(
        f"separable2d, stride {stride}",
        "separable2d",
        "Howard et al. 2017: depthwise, then pointwise",
        f"x[4, 5, 2]: return x -> separable2d(4, stride = {stride}, bias = false)",
        {"x": x},
        {
            "separable2d/depthwise2d/conv2d/K": K.reshape(3, 3, 2, 1, 1),
            "separable2d/pointwise2d/conv2d/K": W.reshape(1, 1, 1, 2, 4),
        },
        depthwise(x, K, stride) @ W,
    )

x, W, b = draw(6, 2), draw(2, 2, 3), draw(3)
y = np.zeros((6, 3))
for t in range(6):  # van den Oord et al. 2016, section 2.1: dilation 2, the last row of W reads the present
    y[t] = x[t] @ W[1] + b + (x[t - 2] @ W[0] if t >= 2 else 0)
goldens.add(
    "conv1d, causal and dilated",
    "conv1d",
    "van den Oord et al. 2016, section 2.1",
    'x[6, 2]: return x -> conv1d(3, kernel = 2, padding = "causal", dilation = 2)',
    {"x": x},
    {"conv1d/W": W.reshape(2, 1, 2, 3), "conv1d/b": b},
    y,
)

if __name__ == "__main__":
    goldens.write("other_conv.json")
