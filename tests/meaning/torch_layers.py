"""Linear layers, look-ups, activations and norms, by PyTorch: writes torch_layers.json."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import spectral_norm, weight_norm
from torch_arrays import (
    Golden,
    channels_last,
    golden,
    linear,
    made,
    norm,
    numbers,
    of_module,
    positive,
    seed,
    write,
)


def basic() -> Iterator[Golden]:
    seed("basic")
    x = numbers(2, 3, 4)
    for bias in (True, False):
        m = made(nn.Linear(4, 5, bias=bias))
        call = f"x -> linear(5, bias = {str(bias).lower()})"
        weights = linear("linear", m.weight, m.bias)
        yield golden(f"linear bias={bias}", "linear", of_module(m), call, {"x": x}, weights, m(x))
    matrix = numbers(4, 2)
    y = functional.linear(x, matrix.T)
    yield golden("project", "project", "torch.nn.functional.linear", "project(x, W)", {"x": x, "W": matrix}, {}, y)
    table = numbers(5, 4)
    y = functional.linear(x, table)
    source = "torch.nn.functional.linear(x, embedding.weight)"
    yield golden("unembed", "unembed", source, "unembed(x, E)", {"x": x, "E": table}, {}, y)
    token = torch.randint(6, (2, 4))
    m = made(nn.Embedding(6, 3))
    yield golden(
        "embedding",
        "embedding",
        of_module(m),
        "token -> embedding(6, 3)",
        {"token": token},
        {"embedding/E": m.weight},
        m(token),
    )
    table = numbers(6, 3)
    y = functional.embedding(token, table)
    source = "torch.nn.functional.embedding"
    yield golden("lookup", "lookup", source, "lookup(token, E)", {"token": token, "E": table}, {}, y)
    for bias in (True, False):
        m = made(nn.Bilinear(3, 4, 2, bias=bias))
        a, b = numbers(2, 5, 3), numbers(2, 5, 4)
        weights = {"bilinear/W": m.weight.permute(1, 2, 0)} | ({"bilinear/b": m.bias} if bias else {})
        call = f"bilinear(x, z, 2, bias = {str(bias).lower()})"
        yield golden(f"bilinear bias={bias}", "bilinear", of_module(m), call, {"x": a, "z": b}, weights, m(a, b))
    for m, name in ((nn.Identity(), "identity"), (nn.Dropout(0.4), "dropout(0.4)")):
        layer = name.split("(")[0]
        yield golden(layer, layer, of_module(m), f"x -> {name}", {"x": x}, {}, m.eval()(x))
    for act, module in (("relu", nn.ReLU()), ("gelu", nn.GELU())):
        m = made(nn.Sequential(nn.Linear(4, 3), module, nn.Linear(3, 4)))
        weights = linear("mlp/linear", m[0].weight, m[0].bias) | linear("mlp/linear.1", m[2].weight, m[2].bias)
        yield golden(f"mlp {act}", "mlp", of_module(m), f"x -> mlp(3, {act})", {"x": x}, weights, m(x))


# Layers without weights, as the language calls them and as PyTorch does.
ACTIVATIONS = [
    ("relu", nn.ReLU()),
    ("relu6", nn.ReLU6()),
    ("leaky_relu", nn.LeakyReLU()),
    ("leaky_relu(0.3)", nn.LeakyReLU(0.3)),
    ("rrelu", nn.RReLU()),
    ("rrelu(0.1, 0.6)", nn.RReLU(0.1, 0.6)),
    ("elu", nn.ELU()),
    ("elu(0.7)", nn.ELU(0.7)),
    ("celu", nn.CELU()),
    ("celu(0.7)", nn.CELU(0.7)),
    ("selu", nn.SELU()),
    ("gelu", nn.GELU()),
    ("gelu_tanh", nn.GELU(approximate="tanh")),
    ("silu", nn.SiLU()),
    ("mish", nn.Mish()),
    ("softplus", nn.Softplus()),
    ("softsign", nn.Softsign()),
    ("tanhshrink", nn.Tanhshrink()),
    ("hardshrink", nn.Hardshrink()),
    ("hardshrink(1.5)", nn.Hardshrink(1.5)),
    ("softshrink", nn.Softshrink()),
    ("softshrink(1.5)", nn.Softshrink(1.5)),
    ("threshold(0.4)", nn.Threshold(0.4, 0)),
    ("threshold(0.4, 7)", nn.Threshold(0.4, 7)),
    ("hardtanh", nn.Hardtanh()),
    ("hardtanh(-2, 0.5)", nn.Hardtanh(-2, 0.5)),
    ("hardsigmoid", nn.Hardsigmoid()),
    ("hardswish", nn.Hardswish()),
    ("logsigmoid", nn.LogSigmoid()),
    ("softmax", nn.Softmax(dim=-1)),
    ("softmin", nn.Softmin(dim=-1)),
    ("log_softmax", nn.LogSoftmax(dim=-1)),
    ("glu_split", nn.GLU(dim=-1)),
    ("tanh", nn.Tanh()),
    ("sigmoid", nn.Sigmoid()),
]


def activations() -> Iterator[Golden]:
    for call, module in ACTIVATIONS:
        seed(call)
        x = numbers(2, 6, spread=3)
        x[0] = torch.tensor([0, -0.5, 0.5, 6, -3, 3.5])
        layer = call.split("(")[0]
        layers = "" if layer in ("tanh", "sigmoid") else layer
        yield golden(call, layers, of_module(module), f"x -> {call}", {"x": x}, {}, module.eval()(x))
    seed("prelu")
    x = numbers(2, 3, 4)
    for shared, count in (("true", 1), ("false", 4)):
        m = made(nn.PReLU(count))
        y = m(x) if count == 1 else channels_last(m(x.movedim(-1, 1)))
        call = f"x -> prelu(shared = {shared})"
        yield golden(f"prelu {count}", "prelu", of_module(m), call, {"x": x}, {"prelu/a": m.weight}, y)
    y = functional.relu(x).square()
    yield golden("squared_relu", "squared_relu", "torch.relu(x) ** 2", "x -> squared_relu", {"x": x}, {}, y)


def norms() -> Iterator[Golden]:
    seed("norms")
    x = numbers(2, 3, 4)
    for bias in (True, False):
        m = made(nn.LayerNorm(4, bias=bias))
        call = f"x -> layernorm(bias = {str(bias).lower()})"
        yield golden(f"layernorm bias={bias}", "layernorm", of_module(m), call, {"x": x}, norm("layernorm", m), m(x))
    # PyTorch's default adds the smallest step of the number type, which is another one for each; here it is stated.
    m = made(nn.RMSNorm(4, eps=1e-5))
    yield golden("rmsnorm", "rmsnorm", of_module(m), "x -> rmsnorm", {"x": x}, norm("rmsnorm", m), m(x))
    weight, shift, tiny = numbers(4), numbers(4), numbers(2, 3, 4, spread=0.02)  # here the small constant decides
    weights = {"layernorm/g": weight, "layernorm/b": shift}
    y = functional.layer_norm(tiny, (4,), weight, shift)
    source = "torch.nn.functional.layer_norm, eps=1e-5"
    yield golden("layernorm of small numbers", "layernorm", source, "x -> layernorm", {"x": tiny}, weights, y)
    y = functional.rms_norm(tiny, (4,), weight, eps=1e-5)
    source = "torch.nn.functional.rms_norm, eps=1e-5"
    yield golden("rmsnorm of small numbers", "rmsnorm", source, "x -> rmsnorm", {"x": tiny}, {"rmsnorm/g": weight}, y)

    for kind, shape in ((nn.BatchNorm1d, (2, 3, 4)), (nn.BatchNorm2d, (2, 3, 4, 2)), (nn.BatchNorm3d, (1, 3, 2, 1, 4))):
        image, m = numbers(*shape), made(kind(3))
        y, weights = channels_last(m(image)), norm("batchnorm", m)
        inputs = {"x": channels_last(image)}
        yield golden(f"batchnorm {kind.__name__}", "batchnorm", of_module(m), "x -> batchnorm", inputs, weights, y)
    for groups in (1, 2, 6):
        image, m = numbers(1, 6, 2, 3), made(nn.GroupNorm(groups, 6))
        y, weights = channels_last(m(image)), norm("groupnorm", m)
        inputs = {"x": channels_last(image)}
        yield golden(f"groupnorm {groups}", "groupnorm", of_module(m), f"x -> groupnorm({groups})", inputs, weights, y)
    for kind, layer, shape in (
        (nn.InstanceNorm1d, "instancenorm1d", (2, 3, 4)),
        (nn.InstanceNorm2d, "instancenorm2d", (2, 3, 4, 2)),
    ):
        for affine in (False, True):
            image, m = numbers(*shape), made(kind(3, affine=affine))
            y, weights = channels_last(m(image)), norm(layer, m)
            call = f"x -> {layer}(affine = {str(affine).lower()})"
            inputs = {"x": channels_last(image)}
            yield golden(f"{layer} affine={affine}", layer, of_module(m), call, inputs, weights, y)
    for options, m in (
        ("", nn.LocalResponseNorm(5)),
        ("(3, 0.5, 0.6, 2)", nn.LocalResponseNorm(3, 0.5, 0.6, 2)),
        ("(4, 0.5, 1.5)", nn.LocalResponseNorm(4, 0.5, 1.5)),
    ):
        image = numbers(1, 6, 3, spread=2)
        inputs, layer = {"x": channels_last(image)}, "local_response_norm"
        yield golden(
            layer + options, layer, of_module(m), f"x -> {layer}{options}", inputs, {}, channels_last(m(image))
        )
    x[0, 1] = 0
    y = functional.normalize(x, dim=-1)
    yield golden("normalize", "normalize", "torch.nn.functional.normalize", "x -> normalize", {"x": x}, {}, y)


def reparametrised() -> Iterator[Golden]:
    seed("reparametrised")
    x = numbers(3, 4)
    for bias in (True, False):
        options = f"(2, bias = {str(bias).lower()})"
        m = weight_norm(made(nn.Linear(4, 2, bias=bias)))
        m.weight_g.copy_(positive(2, 1))
        path = "weightnorm_linear"
        weights = {f"{path}/V": m.weight_v.T, f"{path}/g": m.weight_g[:, 0]} | with_bias(path, m.bias)
        source = f"torch.nn.utils.weight_norm(torch.nn.{m!r})"
        yield golden(f"{path} bias={bias}", path, source, f"x -> {path}{options}", {"x": x}, weights, m(x))

        m = spectral_norm(made(nn.Linear(4, 2, bias=bias)))
        m.weight_u.copy_(numbers(2))
        m.weight_v.copy_(numbers(4))
        m.eval()
        path = "spectralnorm_linear"
        weights = {f"{path}/W": m.weight_orig.T, f"{path}/u": m.weight_v, f"{path}/v": m.weight_u}
        weights |= with_bias(path, m.bias)
        source = f"torch.nn.utils.spectral_norm(torch.nn.{m!r}), evaluated"
        yield golden(f"{path} bias={bias}", path, source, f"x -> {path}{options}", {"x": x}, weights, m(x))


def written_out() -> Iterator[Golden]:
    """Layers of PyTorch that are a few lines of the library's, as `test_layers.py` has them."""
    seed("written out")
    image, x = numbers(2, 3, 2, 4), numbers(2, 3, 4)
    m = made(nn.LayerNorm((2, 4)))
    body = """
y[b, n, (h, w)] = x[b, n, h, w]
y = y -> layernorm
z[b, n, h < 2, w < 4] = y[b, n, (h, w)]
return z"""
    weights = {path: tensor.flatten() for path, tensor in norm("layernorm", m).items()}
    yield golden("layernorm of two axes", "layernorm", of_module(m), body, {"x": image}, weights, m(image))
    m = nn.LayerNorm(4, elementwise_affine=False)
    body = """
y[b, n, d, c < 1] = x[b, n, d]
y = y -> instancenorm1d
z[b, n, d] = y[b, n, d, 0]
return z"""
    yield golden("layernorm without gain", "instancenorm1d", of_module(m), body, {"x": x}, {}, m(x))
    m, x = nn.GroupNorm(3, 6, affine=False), numbers(2, 6, 4)
    body = """
y[b, c, n, g < 3] = x[b, n, (g, c)]
y = y -> instancenorm2d
z[b, n, (g, c)] = y[b, c, n, g]
return z"""
    y, inputs = channels_last(m(x)), {"x": channels_last(x)}
    yield golden("groupnorm without gain", "instancenorm2d", of_module(m), body, inputs, {}, y)
    m = made(nn.BatchNorm2d(3, track_running_stats=False))
    body = """
y[(b, h), w, c] = x[b, h, w, c]
y = y -> instancenorm2d(affine = true)
z[b < 2, h, w, c] = y[(b, h), w, c]
return z"""
    y, inputs = channels_last(m(image)), {"x": channels_last(image)}
    weights = norm("instancenorm2d", m)
    yield golden("batchnorm of the inputs", "instancenorm2d", of_module(m), body, inputs, weights, y)
    m, token = made(nn.EmbeddingBag(5, 3, mode="sum")), torch.randint(5, (2, 4))
    body = """
e = x -> embedding(5, 3)
y[b, d] = sum[n] e[b, n, d]
return y"""
    yield golden("embedding bag", "embedding", of_module(m), body, {"x": token}, {"embedding/E": m.weight}, m(token))
    m, x = made(nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect")), numbers(1, 1, 3, 4)
    body = """
p[b, h < 5, w < 6, c] = x[b, 2 - abs(2 - abs(h - 1)), 3 - abs(3 - abs(w - 1)), c]
return p -> conv2d(2, padding = 0)"""
    weights = {"conv2d/K": m.weight.permute(2, 3, 1, 0)[:, :, None], "conv2d/b": m.bias}
    y, inputs = channels_last(m(x)), {"x": channels_last(x)}
    yield golden("conv2d reflected", "conv2d", of_module(m), body, inputs, weights, y)


def with_bias(path: str, bias: Tensor | None) -> dict[str, Tensor]:
    return {} if bias is None else {f"{path}/b": bias}


if __name__ == "__main__":
    write(__file__, (basic, activations, norms, reparametrised, written_out))
