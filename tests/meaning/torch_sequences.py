"""Attention, transformers and recurrent layers, by PyTorch: writes torch_sequences.json."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_arrays import Golden, Weights, golden, linear, made, norm, numbers, seed, write

# ---------------------------------------------------------------- attention


def heads_of(path: str, weight: Tensor, heads: int, bias: Tensor | None = None) -> Weights:
    """The weights of `head_projection`, from PyTorch's [heads times their width, inputs]."""
    found = {f"{path}/W": weight.T.unflatten(1, (heads, -1))}
    return found if bias is None else found | {f"{path}/b": bias.unflatten(0, (heads, -1))}


def attention(path: str, m: nn.MultiheadAttention) -> Weights:
    """The weights of `attention`: queries, keys, values, output."""
    if m.in_proj_weight is None:
        parts = [m.q_proj_weight, m.k_proj_weight, m.v_proj_weight]
    else:
        parts = list(m.in_proj_weight.chunk(3))
    biases = [None] * 3 if m.in_proj_bias is None else list(m.in_proj_bias.chunk(3))
    weights: Weights = {}
    for name, part, bias in zip(("", ".1", ".2"), parts, biases, strict=True):
        weights |= heads_of(f"{path}/head_projection{name}", part, m.num_heads, bias)
    return weights | linear(f"{path}/linear", m.out_proj.weight, m.out_proj.bias)


def causal(positions: int) -> Tensor:
    """PyTorch's mask: true where a query does not read a key."""
    return torch.ones(positions, positions, dtype=torch.bool).triu(1)


def attentions() -> Iterator[Golden]:
    seed("attention")
    x, y = numbers(1, 3, 4), numbers(1, 5, 3)

    def multihead(heads: int, bias: bool = True, **keys: int) -> nn.MultiheadAttention:
        return made(nn.MultiheadAttention(4, heads, bias=bias, batch_first=True, **keys))

    for heads, bias in ((2, True), (1, False)):
        m = multihead(heads, bias)
        source = f"torch.nn.MultiheadAttention(4, {heads}, bias={bias}, batch_first=True)"
        call = f"x -> attention(heads = {heads}, bias = {str(bias).lower()})"
        weights = attention("attention", m)
        yield golden(f"attention {heads} {bias}", "attention", source, call, {"x": x}, weights, m(x, x, x)[0])
    m = multihead(2)
    source = "torch.nn.MultiheadAttention(4, 2, batch_first=True), with attn_mask the upper triangle"
    call, weights = "x -> attention(heads = 2, causal = true)", attention("attention", m)
    result = m(x, x, x, attn_mask=causal(3))[0]
    yield golden("attention causal", "attention", source, call, {"x": x}, weights, result)
    m = multihead(2, kdim=3, vdim=3)
    source = "torch.nn.MultiheadAttention(4, 2, kdim=3, vdim=3, batch_first=True)"
    inputs, weights = {"x": x, "y": y}, attention("attention", m)
    yield golden("attention cross", "attention", source, "attention(x, y, heads = 2)", inputs, weights, m(x, y, y)[0])
    for order, kv_heads in (("false", 2), ("true", 1)):
        q, k, v = (made(nn.Linear(4, width)) for width in (8, 2 * kv_heads, 2 * kv_heads))
        o = made(nn.Linear(8, 4))
        parts = [(q, 4), (k, kv_heads), (v, kv_heads)]
        Q, K, V = (part(x).unflatten(-1, (heads, 2)).transpose(1, 2) for part, heads in parts)
        mixed = functional.scaled_dot_product_attention(Q, K, V, is_causal=order == "true", enable_gqa=True)
        result = o(mixed.transpose(1, 2).flatten(2))
        weights = linear("attention/linear", o.weight, o.bias)
        for name, (part, heads) in zip(("", ".1", ".2"), parts, strict=True):
            weights |= heads_of(f"attention/head_projection{name}", part.weight, heads, part.bias)
        call = f"x -> attention(heads = 4, kv_heads = {kv_heads}, d_head = 2, causal = {order})"
        source = "torch.nn.functional.scaled_dot_product_attention(enable_gqa=True) between torch.nn.Linear"
        yield golden(f"attention groups {kv_heads} {order}", "attention", source, call, {"x": x}, weights, result)
    for order, keys in (("false", 5), ("true", 3)):
        Q, K, V = numbers(2, 2, 3, 4), numbers(2, keys, 4), numbers(2, keys, 1)
        result = functional.scaled_dot_product_attention(
            Q.flatten(0, 1)[None], K[None], V[None], is_causal=order == "true", enable_gqa=True
        )[0].unflatten(0, (2, 2))
        source = f"torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal={order}, enable_gqa=True)"
        inputs, call = {"q": Q, "k": K, "v": V}, f"attend(q, k, v, causal = {order})"
        yield golden(f"attend {order}", "attend", source, call, inputs, {}, result)


def more_attentions() -> Iterator[Golden]:
    """Layers that are PyTorch's attention in another order, and keys that are learned."""
    seed("more attention")
    x = numbers(1, 3, 2, 4)  # rows, columns
    rows, columns = (made(nn.MultiheadAttention(4, 2, batch_first=True)) for _ in range(2))
    y = rows(x[0], x[0], x[0])[0].transpose(0, 1)
    y = columns(y, y, y)[0].transpose(0, 1)[None]
    path = "axial_attention2d"
    weights = attention(f"{path}/attention", rows) | attention(f"{path}/attention.1", columns)
    source = "torch.nn.MultiheadAttention(4, 2) over the columns of each row, then over the rows of each column"
    yield golden(path, path, source, f"x -> {path}(heads = 2)", {"x": x}, weights, y)

    x, y = numbers(2, 3, 4), numbers(2, 5, 4)
    m = made(nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True, batch_first=True))
    weights = {"bk": m.bias_k[0, 0].unflatten(0, (2, 2)), "bv": m.bias_v[0, 0].unflatten(0, (2, 2))}
    parts = attention("", m)
    weights |= {path.lstrip("/"): part for path, part in parts.items()}
    body = """
weight bk[2, 2], bv[2, 2]
q = x -> head_projection(2, 2)
k = y -> head_projection(2, 2)
v = y -> head_projection(2, 2)
key[b < 2, g, m < 1, a] = bk[g, a]
value[b < 2, g, m < 1, a] = bv[g, a]
zero[b < 2, g < 2, m < 1, a < 2] = 0
K = concat(k, key, zero, axis = 2)
V = concat(v, value, zero, axis = 2)
Q[b, g, r < 1, n, a] = q[b, g, n, a]
c = attend(Q, K, V)
u[b, n, (g, a)] = c[b, g, 0, n, a]
return u -> linear(4)"""
    source = "torch.nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True, batch_first=True)"
    layers = "head_projection attend linear"
    yield golden("attention with a learned key", layers, source, body, {"x": x, "y": y}, weights, m(x, y, y)[0])


# ---------------------------------------------------------------- transformers


def feed_forward(path: str, m: nn.Module) -> Weights:
    return linear(f"{path}/linear", m.linear1.weight, m.linear1.bias) | linear(
        f"{path}/linear.1", m.linear2.weight, m.linear2.bias
    )


def encoder(path: str, m: nn.TransformerEncoderLayer) -> Weights:
    weights = attention(f"{path}/attention", m.self_attn) | feed_forward(f"{path}/mlp", m)
    return weights | norm(f"{path}/layernorm", m.norm1) | norm(f"{path}/layernorm.1", m.norm2)


def decoder(path: str, m: nn.TransformerDecoderLayer) -> Weights:
    weights = attention(f"{path}/attention", m.self_attn) | attention(f"{path}/attention.1", m.multihead_attn)
    weights |= feed_forward(f"{path}/mlp", m) | norm(f"{path}/layernorm", m.norm1)
    return weights | norm(f"{path}/layernorm.1", m.norm2) | norm(f"{path}/layernorm.2", m.norm3)


def transformers() -> Iterator[Golden]:
    seed("transformer")
    x, memory = numbers(1, 3, 4), numbers(1, 5, 4)
    for act, first, order in (("relu", False, True), ("gelu", True, False)):
        text = f"(4, 2, 3, activation={act!r}, norm_first={first}, batch_first=True)"
        m = made(nn.TransformerEncoderLayer(4, 2, 3, activation=act, norm_first=first, batch_first=True))
        options = f"heads = 2, M = 3, act = {act}, norm_first = {str(first).lower()}"
        name, call = f"encoder_layer {act} {first}", f"x -> encoder_layer({options})"
        source = f"torch.nn.TransformerEncoderLayer{text}"
        yield golden(name, "encoder_layer", source, call, {"x": x}, encoder("encoder_layer", m), m(x))

        m = made(nn.TransformerDecoderLayer(4, 2, 3, activation=act, norm_first=first, batch_first=True))
        y = m(x, memory, tgt_mask=causal(3) if order else None)
        call = f"decoder_layer(x, y, {options}, causal = {str(order).lower()})"
        source = f"torch.nn.TransformerDecoderLayer{text}" + (", tgt_mask the upper triangle" if order else "")
        inputs, weights = {"x": x, "y": memory}, decoder("decoder_layer", m)
        yield golden(f"decoder_layer {act} {first}", "decoder_layer", source, call, inputs, weights, y)
    m = made(nn.TransformerEncoderLayer(4, 2, 6, activation="gelu", norm_first=True, bias=False, batch_first=True))
    body = """
x = x + (x -> layernorm(bias = false) -> attention(heads = 2, bias = false))
return x + (x -> layernorm(bias = false) -> mlp(6, gelu, bias = false))"""
    weights = {path.removeprefix("e/"): part for path, part in encoder("e", m).items()}
    source = "torch.nn.TransformerEncoderLayer(4, 2, 6, activation='gelu', norm_first=True, bias=False)"
    layers = "layernorm attention mlp"
    yield golden("encoder without biases", layers, source, body, {"x": x}, weights, m(x))

    m = made(nn.Transformer(4, 2, 2, 1, 3, batch_first=True))
    body = """
repeat 2:
    y = y -> encoder_layer(heads = 2, M = 3)
y = y -> layernorm
repeat 1:
    x = decoder_layer(x, y, heads = 2, M = 3, causal = false)
return x -> layernorm"""
    weights = norm("layernorm", m.encoder.norm) | norm("layernorm.1", m.decoder.norm)
    for path, layer in zip(("repeat", "repeat.1"), m.encoder.layers, strict=True):
        weights |= encoder(f"{path}/encoder_layer", layer)
    weights |= decoder("repeat.2/decoder_layer", m.decoder.layers[0])
    source = "torch.nn.Transformer(4, 2, 2, 1, 3, batch_first=True)"
    layers = "encoder_layer decoder_layer layernorm"
    yield golden("transformer", layers, source, body, {"y": memory, "x": x}, weights, m(memory, x))


# ---------------------------------------------------------------- recurrent layers

GATES = {"RNN": [0], "LSTM": [1, 0, 2, 3], "GRU": [0, 1, 2]}  # the library's order, by PyTorch's numbers


def cell(path: str, m: nn.RNNBase, layer: str = "l0", biases: int = 2) -> Weights:
    """The weights of a recurrent layer, one matrix for all gates, from PyTorch's [gates times units, inputs]."""
    order = GATES[m.mode.split("_")[0]]

    def gates(name: str) -> Tensor:
        found = getattr(m, f"{name}_{layer}")
        found = found.unflatten(0, (len(order), -1))[order]
        found = found.movedim(-1, 0) if found.dim() == 3 else found
        return found if len(order) > 1 else found.squeeze(-2)

    weights = {f"{path}/W": gates("weight_ih"), f"{path}/U": gates("weight_hh")}
    if m.bias and biases:
        weights[f"{path}/b"] = gates("bias_ih")
    if m.bias and biases == 2:
        weights[f"{path}/d"] = gates("bias_hh")
    if m.proj_size:
        weights[f"{path}/R"] = getattr(m, f"weight_hr_{layer}").T
    return weights


def one_bias(m: nn.RNNBase) -> nn.RNNBase:
    """The second bias of each gate is 0."""
    for name, parameter in m.named_parameters():
        if name.startswith("bias_hh"):
            parameter.zero_()
    return m


def recurrent() -> Iterator[Golden]:
    seed("recurrent")
    x = numbers(2, 4, 3)

    def case(name: str, layers: str, call: str, m: nn.RNNBase, weights: Weights, note: str = "") -> Golden:
        return golden(name, layers, f"torch.nn.{m!r}{note}", call, {"x": x}, weights, m(x)[0])

    zero = ", bias_hh = 0"
    for layer, kind in (("elman", nn.RNN), ("lstm", nn.LSTM)):
        m = made(kind(3, 2, batch_first=True))
        yield case(f"{layer} 2", layer, f"x -> {layer}(2, biases = 2)", m, cell(layer, m))
        m = one_bias(m)
        yield case(f"{layer} 1", layer, f"x -> {layer}(2)", m, cell(layer, m, biases=1), zero)
    m = made(nn.RNN(3, 2, bias=False, batch_first=True))
    yield case("elman 0", "elman", "x -> elman(2, bias = false)", m, cell("elman", m))
    h0 = numbers(2, 2)
    source = f"torch.nn.{m!r}, with h_0"
    inputs, weights, y = {"x": x, "h0": h0}, cell("decoder_rnn", m), m(x, h0[None])[0]
    yield golden("decoder_rnn", "decoder_rnn", source, "decoder_rnn(x, h0)", inputs, weights, y)
    m = made(nn.GRU(3, 2, batch_first=True))
    yield case("gru_torch", "gru_torch", "x -> gru_torch(2)", m, cell("gru_torch", m))
    m = made(nn.LSTM(3, 4, proj_size=2, batch_first=True))
    yield case("lstmp 2", "lstm_projection", "x -> lstm_projection(4, 2, 2)", m, cell("lstm_projection", m))
    m = one_bias(m)
    weights = cell("lstm_projection", m, biases=1)
    yield case("lstmp 1", "lstm_projection", "x -> lstm_projection(4, 2)", m, weights, zero)


BACKWARD = """layer reversed(x[..., T, I]):
    y[..., t < T, i] = x[..., T - 1 - t, i]
    return y

"""


def both_ways() -> Iterator[Golden]:
    seed("both ways")
    x = numbers(1, 4, 3)

    def two(forward: str, backward: str, m: nn.RNNBase, biases: int = 2) -> Weights:
        return cell(forward, m, biases=biases) | cell(backward, m, "l0_reverse", biases=biases)

    def case(layer: str, call: str, m: nn.RNNBase, weights: Weights, note: str = "") -> Iterator[Golden]:
        source, y = f"torch.nn.{m!r}{note}", m(x)[0]
        yield golden(call, layer, source, f"x -> {call}", {"x": x}, weights, y)

    m = made(nn.LSTM(3, 2, bidirectional=True, batch_first=True))
    path = "bidirectional_lstm"
    yield from case(path, f"{path}(2, 2)", m, two(f"{path}/lstm", f"{path}/lstm_backward", m))
    source, weights = f"torch.nn.{m!r}, its second half", cell("lstm_backward", m, "l0_reverse")
    call, y = "x -> lstm_backward(2, 2)", m(x)[0][..., 2:]
    yield golden("lstm_backward", "lstm_backward", source, call, {"x": x}, weights, y)
    m, zero = one_bias(m), ", bias_hh = 0"
    yield from case(path, f"{path}(2)", m, two(f"{path}/lstm", f"{path}/lstm_backward", m, 1), zero)
    m = made(nn.GRU(3, 2, bidirectional=True, batch_first=True))
    path = "bidirectional_gru"
    yield from case(path, f"{path}(2)", m, two(f"{path}/gru_torch", f"{path}/gru_backward", m))
    source, weights = f"torch.nn.{m!r}, its second half", cell("gru_backward", m, "l0_reverse")
    call, y = "x -> gru_backward(2)", m(x)[0][..., 2:]
    yield golden("gru_backward", "gru_backward", source, call, {"x": x}, weights, y)
    path = "bidirectional"
    weights = two(f"{path}/gru_torch", f"{path}/gru_backward", m)
    yield from case(path, f"{path}(2, gru_torch, gru_backward)", m, weights)
    m = made(nn.RNN(3, 2, bias=False, bidirectional=True, batch_first=True))
    weights = two(f"{path}/elman", f"{path}/elman_backward", m)
    yield from case(path, f"{path}(2, elman(bias = false))", m, weights)
    source, weights = f"torch.nn.{m!r}, its second half", cell("elman_backward", m, "l0_reverse")
    call, y = "x -> elman_backward(2)", m(x)[0][..., 2:]
    yield golden("elman_backward", "elman_backward", source, call, {"x": x}, weights, y)

    for m, layer, call in (
        (
            nn.LSTM(3, 4, proj_size=2, bidirectional=True, batch_first=True),
            "lstm_projection",
            "lstm_projection(4, 2, 2)",
        ),
        (nn.RNN(3, 2, bidirectional=True, batch_first=True), "elman", "elman(2, biases = 2)"),
    ):
        body = f"a = x -> {call}\nb = x -> reversed -> {call} -> reversed\nreturn concat(a, b)"
        made(m)
        source, weights, y = f"torch.nn.{m!r}", two(layer, f"{layer}.1", m), m(x)[0]
        yield golden(f"{layer} both ways", layer, source, body, {"x": x}, weights, y, before=BACKWARD)


def stacked() -> Iterator[Golden]:
    seed("stacked")
    x, path = numbers(1, 4, 3), "stacked_rnn"
    for kind, call, name in (
        (nn.LSTM, "lstm(biases = 2)", "lstm"),
        (nn.GRU, "gru_torch", "gru_torch"),
        (nn.RNN, "elman(biases = 2)", "elman"),
    ):
        m = made(kind(3, 2, num_layers=3, batch_first=True))
        weights = cell(f"{path}/{name}", m)
        for number, turn in enumerate(("repeat", "repeat.1"), start=1):
            weights |= cell(f"{path}/{turn}/{name}", m, f"l{number}")
        text = f"x -> {path}(2, 3, {call})"
        yield golden(f"{path} {call}", path, f"torch.nn.{m!r}", text, {"x": x}, weights, m(x)[0])
    m = one_bias(made(nn.LSTM(3, 2, num_layers=2, batch_first=True)))
    weights = cell(f"{path}/lstm", m, biases=1) | cell(f"{path}/repeat/lstm", m, "l1", biases=1)
    source = f"torch.nn.{m!r}, bias_hh = 0"
    yield golden(f"{path} of one bias", path, source, f"x -> {path}(2)", {"x": x}, weights, m(x)[0])
    for kind, call, forward, backward in (
        (nn.LSTM, "bidirectional_lstm(2, 2)", "lstm", "lstm_backward"),
        (nn.GRU, "bidirectional_gru(2)", "gru_torch", "gru_backward"),
    ):
        m, name = made(kind(3, 2, num_layers=2, bidirectional=True, batch_first=True)), call.split("(")[0]
        weights = {}
        for turn in (0, 1):
            here = f"{name}.1" if turn else name
            weights |= cell(f"{here}/{forward}", m, f"l{turn}") | cell(f"{here}/{backward}", m, f"l{turn}_reverse")
        text = f"x -> {call} -> {call}"
        yield golden(f"{text} stacked", name, f"torch.nn.{m!r}", text, {"x": x}, weights, m(x)[0])


if __name__ == "__main__":
    write(__file__, (attentions, more_attentions, transformers, recurrent, both_ways, stacked))
