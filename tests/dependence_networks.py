"""The layers and networks of `cases/dependences`, as neighbour functions and as the search walks through them."""

from __future__ import annotations

from dependence_search import Reads, beside, everything, farthest, inputs, mixing, scanning, span, window

# ---------------------------------------------------------------- what a layer reads


def centred(k: int, dilation: int = 1) -> Reads:
    """A kernel of k reads ⌊(k − 1)/2⌋ positions back and the rest ahead."""
    return window(*((j - (k - 1) // 2) * dilation for j in range(k)))


def causal(k: int, dilation: int = 1) -> Reads:
    return window(*(-j * dilation for j in range(k)))


def with_global_positions(n: int, r: int, count: int) -> Reads:
    """The first so many positions read all; the others read them, and their window."""
    return lambda p: range(n) if p < count else [*range(min(count, n)), *range(p - r, p + r + 1)]


def with_global_tokens(n: int, r: int, count: int) -> Reads:
    """Positions n and later are global tokens: they read all, and all read them."""
    return lambda p: range(n + count) if p >= n else [*range(max(0, p - r), min(n, p + r + 1)), *range(n, n + count)]


def ring(n: int) -> Reads:
    """Satellites 0 to n − 1 in a ring, and the relay n that all of them read."""
    return lambda p: [(p - 1) % n, p, (p + 1) % n, n]


def strided(s: int) -> Reads:
    return lambda p: [*range(p - s + 1, p + 1), *range(p % s, p, s)]


def fixed(s: int, c: int) -> Reads:
    return lambda p: [*range(p // s * s, p + 1), *(b * s + t for b in range(p // s) for t in range(s - c, s))]


def block(size: int, shift: int = 0) -> Reads:
    def reads(p: int) -> range:
        first = (p + shift) // size * size - shift
        return range(first, first + size)

    return reads


def cyclic_block(n: int, size: int, shift: int) -> Reads:
    """The sequence is rolled by `shift`, cut into blocks, and rolled back."""

    def reads(p: int) -> list[int]:
        first = (p - shift) % n // size * size
        return [(place + shift) % n for place in range(first, first + size)]

    return reads


def segment_memory(size: int) -> Reads:
    return lambda p: range(p // size * size - size, p + 1)


# ---------------------------------------------------------------- networks as they stand


def attention_once(n: int, reads: Reads) -> int | float:
    return farthest(mixing(inputs(n), reads), range(n))


def recurrences(n: int, layers: int, directions: tuple[int, ...] = (1,)) -> int | float:
    state = inputs(n)
    for _ in range(layers):
        state = beside(*(scanning(state, direction) for direction in directions))
    return farthest(state, range(n))


def global_token_layers(n: int, r: int, count: int, layers: int) -> int | float:
    state = inputs(n + count)
    for _ in range(layers):
        state = mixing(state, with_global_tokens(n, r, count))
    return farthest(state[:n], range(n + count))


def star_rounds(n: int, rounds: int) -> int | float:
    h = inputs(n)
    s = mixing(h, everything(n), 1)
    for _ in range(rounds):
        h = mixing(h + s, ring(n), n)
        s = mixing(h + s, everything(n + 1), 1)
    return farthest(h, range(n))


def perceiver(n: int, m: int) -> int | float:
    x, latents = inputs(n), inputs(m, n)
    z = beside(latents, mixing(latents + x, lambda p: [p, *range(m, m + n)], m))
    return farthest(beside(x, mixing(x + z, lambda p: [p, *range(n, n + m)], n)), range(n + m))


def set_transformer(n: int, m: int) -> int | float:
    x = inputs(n)
    h = mixing(x, everything(n), m)
    return farthest(beside(x, mixing(x + h, lambda p: [p, *range(n, n + m)], n)), range(n))


def axial(h: int, w: int) -> int | float:
    rows = mixing(inputs(h * w), block(w))
    return farthest(mixing(rows, lambda p: range(p % w, h * w, w)), range(h * w))


def encoder_decoder(n: int, m: int, layers: int, residual: bool) -> int | float:
    x, y = inputs(n), inputs(m, n)
    for _ in range(layers):
        mixed = mixing(x, everything(n))
        x = beside(x, mixed) if residual else mixed
    for _ in range(layers):
        mixed = mixing(y, span(m, 0))
        y = beside(y, mixed) if residual else mixed
        mixed = mixing(y + x, lambda p: [p, *range(m, m + n)], m)
        y = beside(y, mixed) if residual else mixed
    return farthest(y, range(n + m), first=n)


def mamba_block(n: int, k: int) -> int | float:
    return farthest(scanning(mixing(inputs(n), causal(k))), range(n))
