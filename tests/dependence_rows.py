"""Rows of the table of paths: for each model file the closed form with its source, and a search over its neighbours.

`closed` is typed by hand as the table of the project's rules prints it, in SymPy, with the names of the file's dims;
`exact` says where the search agrees with it, if that is not everywhere that the facts of the file allow (`facts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import sympy
from dependence_networks import (
    attention_once,
    axial,
    block,
    causal,
    centred,
    cyclic_block,
    encoder_decoder,
    fixed,
    global_token_layers,
    mamba_block,
    perceiver,
    recurrences,
    segment_memory,
    set_transformer,
    star_rounds,
    strided,
    with_global_positions,
    with_global_tokens,
)
from dependence_search import everything, layers_needed, span
from sympy import Integer, Max, ceiling, log, oo

Sizes = Mapping[str, int]
Number = int | float


@dataclass(frozen=True)
class Row:
    """A model of `cases/dependences`, its path as a formula and as a search, and the sizes to compare at.

    `length` is the dim that runs from 2 to `most`; `file` is the name of the file, if it is not the model's.
    """

    model: str
    source: str
    closed: Callable[..., sympy.Expr]
    search: Callable[..., Number]
    sizes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    facts: Callable[..., bool] = lambda **_: True
    exact: Callable[..., bool] = lambda **_: True
    file: str = ""
    length: str = "N"
    most: int = 40

    def cases(self, lengths: Iterable[int]) -> Iterator[dict[str, int]]:
        """Sizes that the facts allow, for every one of the lengths."""
        for values in product(lengths, *self.sizes.values()):
            sizes = dict(zip((self.length, *self.sizes), values, strict=True))
            if self.facts(**sizes):
                yield sizes


# ---------------------------------------------------------------- the table

ODD, EVEN, ANY = (3, 5, 7, 9), (4, 6, 8), (2, 3, 4, 5, 7)
BLOCKS, REACHES = (2, 4, 6, 8, 12), (1, 2, 3, 5)
VASWANI = "Vaswani et al. 2017, Table 1"


def one(**_: Any) -> sympy.Expr:
    return Integer(1)


def two(**_: Any) -> sympy.Expr:
    return Integer(2)


def never(**_: Any) -> sympy.Expr:
    return oo


ROWS = [
    Row("self_attention", VASWANI, one, lambda N: attention_once(N, everything(N))),
    Row("causal_attention", VASWANI, one, lambda N: attention_once(N, span(N, 0))),
    Row("elman_network", VASWANI, lambda N: N, lambda N: recurrences(N, 1), file="elman"),
    Row("lstm_network", VASWANI, lambda N: N, lambda N: recurrences(N, 1), file="lstm"),
    Row(
        "lstm_stack", "a grid of N by L cells", lambda N, L: N + L - 1, lambda N, L: recurrences(N, L), {"L": (1, 2, 4)}
    ),
    Row(
        "window",
        "Vaswani et al. 2017, Table 1, restricted self-attention: n/r with r = a + b + 1",
        lambda N, a, b: Max(ceiling((N - 1) / a), ceiling((N - 1) / b)),
        lambda N, a, b: layers_needed(N, lambda _: span(a, b)),
        {"a": REACHES, "b": REACHES},
    ),
    Row(
        "convolution_odd",
        "Vaswani et al. 2017, section 4: O(n/k) for contiguous kernels; D2L, section 11.6",
        lambda N, k: ceiling(2 * (N - 1) / (k - 1)),
        lambda N, k: layers_needed(N, lambda _: centred(k)),
        {"k": ODD},
    ),
    Row(
        "convolution_even",
        "as above; the shorter side of an even kernel",
        lambda N, k: ceiling((N - 1) / (k / 2 - 1)),
        lambda N, k: layers_needed(N, lambda _: centred(k)),
        {"k": EVEN},
    ),
    Row(
        "convolution_two",
        "a kernel of two reads the next position alone, so pairs are those in reverse order",
        lambda N: N - 1,
        lambda N: layers_needed(N, lambda _: centred(2)),
    ),
    Row(
        "convolution_causal",
        "Vaswani et al. 2017, section 4: O(n/k) for contiguous kernels",
        lambda N, k: ceiling((N - 1) / (k - 1)),
        lambda N, k: layers_needed(N, lambda _: causal(k)),
        {"k": ANY},
    ),
    Row(
        "dilated_causal",
        "Vaswani et al. 2017, Table 1, of Kalchbrenner et al. 2016",
        lambda N, k: ceiling(log(N, k)),
        lambda N, k: layers_needed(N, lambda i: causal(k, k**i)),
        {"k": ANY},
    ),
    Row(
        "dilated_causal_connected",
        "Vaswani et al. 2017, Table 1, of Kalchbrenner et al. 2016",
        lambda N, k: ceiling(log(N, k)),
        lambda N, k: layers_needed(N, lambda i: causal(k, k**i)),
        {"k": ANY},
    ),
    Row(
        "dilated_causal_two",
        "van den Oord et al. 2016, section 2.1: L layers reach (k − 1)(2^L − 1)",
        lambda N, k: ceiling(log(ceiling((N - 1) / (k - 1)) + 1, 2)),
        lambda N, k: layers_needed(N, lambda i: causal(k, 2**i)),
        {"k": ANY},
    ),
    Row(
        "dilated_centred",
        "by search: the ends could only meet outside the sequence",
        never,
        lambda N, k: layers_needed(N, lambda i: centred(k, k**i)),
        {"k": ODD},
        facts=lambda N, k: k < N,
    ),
    Row(
        "dilated_centred_filled",
        "k = 3 is Yu and Koltun 2015; each side of L layers reaches ((k + 1)/2)^L − 1",
        lambda N, k: ceiling(log(N, (k + 1) / 2)),
        lambda N, k: layers_needed(N, lambda i: centred(k, ((k + 1) // 2) ** i)),
        {"k": ODD},
    ),
    Row(
        "dilated_centred_two",
        "Yu and Koltun 2015 for any odd k: each side of L layers reaches (2^L − 1)(k − 1)/2",
        lambda N, k: ceiling(log(ceiling(2 * (N - 1) / (k - 1)) + 1, 2)),
        lambda N, k: layers_needed(N, lambda i: centred(k, 2**i)),
        {"k": ODD},
    ),
    Row(
        "dilated_fixed",
        "the gridding of Wang et al. 2018 (Understanding Convolution for Semantic Segmentation)",
        never,
        lambda N, k, s: layers_needed(N, lambda _: causal(k, s)),
        {"k": ANY, "s": (2, 3, 5)},
    ),
    Row(
        "global_positions",
        "Beltagy et al. 2020",
        two,
        lambda N, r, G: layers_needed(N, lambda _: with_global_positions(N, r, G)),
        {"r": REACHES, "G": (1, 2, 4)},
        facts=lambda N, r, G: G <= N and r + G + 1 < N,
    ),
    Row(
        "global_tokens",
        "Ainslie et al. 2020",
        two,
        lambda N, r, G: layers_needed(N + G, lambda _: with_global_tokens(N, r, G)),
        {"r": REACHES, "G": (1, 2, 4)},
        facts=lambda N, r, G: r + 1 < N,
    ),
    Row(
        "global_tokens_layers",
        "Ainslie et al. 2020; every route crosses all L layers, of which two are enough",
        lambda N, r, G, L: L,
        lambda N, r, G, L: global_token_layers(N, r, G, L),
        {"r": (1, 2), "G": (1, 3), "L": (2, 3)},
        facts=lambda N, r, G, L: r + 1 < N,
        file="global_tokens",
    ),
    Row("star", "Guo et al. 2019", two, lambda N: star_rounds(N, 1), facts=lambda N: N >= 4),
    Row("perceiver", "Jaegle et al. 2021", two, lambda N, M: perceiver(N, M), {"M": (1, 2, 7)}),
    Row("set_transformer", "Lee et al. 2019", two, lambda N, M: set_transformer(N, M), {"M": (1, 2, 7)}),
    Row(
        "strided",
        "Child et al. 2019, section 4.2",
        two,
        lambda N, s: layers_needed(N, lambda _: strided(s)),
        {"s": tuple(range(2, 21))},
        facts=lambda N, s: N % s == 0 and 1 < s < N,
    ),
    Row(
        "fixed",
        "Child et al. 2019, section 4.2",
        two,
        lambda N, s, c: layers_needed(N, lambda _: fixed(s, c)),
        {"s": tuple(range(2, 21)), "c": (1, 2, 3)},
        facts=lambda N, s, c: N % s == 0 and c < s < N,
    ),
    Row("axial", "Ho et al. 2019", two, lambda H, W: axial(H, W), {"W": (2, 3, 5, 6)}, length="H", most=8),
    Row(
        "shifted_blocks",
        "Liu et al. 2021, section 3.2, on a line; for all N it is 2⌈N/B⌉ − 1, by search",
        lambda N, B: Max(1, ceiling(2 * N / B) - 1),
        lambda N, B: layers_needed(N, lambda i: block(B, i % 2 * B // 2)),
        {"B": BLOCKS},
        exact=lambda N, B: ceiling(Integer(2 * N) / B) % 2 == 0 or B >= 2 * N,
    ),
    Row(
        "cyclic_blocks",
        "Liu et al. 2021, section 3.2, on a line and without the mask",
        lambda N, B: N / B,
        lambda N, B: layers_needed(N, lambda i: cyclic_block(N, B, i % 2 * B // 2)),
        {"B": BLOCKS},
        facts=lambda N, B: N % B == 0,
    ),
    Row(
        "blocks",
        "Qiu et al. 2020",
        never,
        lambda N, B: layers_needed(N, lambda _: block(B)),
        {"B": BLOCKS},
        facts=lambda N, B: N % B == 0 and B < N,
    ),
    Row(
        "segment_memory",
        "Dai et al. 2019, section 3.2",
        lambda N, M: ceiling(N / M) - 1,
        lambda N, M: layers_needed(N, lambda _: segment_memory(M)),
        {"M": (1, 2, 3, 5, 8)},
        facts=lambda N, M: N % M == 0 and M < N,
    ),
    Row(
        "segment_memory_any",
        "Dai et al. 2019, section 3.2, where the last segment may be short",
        lambda N, M: Max(1, ceiling(N / M) - 1),
        lambda N, M: layers_needed(N, lambda _: segment_memory(M)),
        {"M": (1, 2, 3, 5, 8)},
    ),
    Row(
        "sliding_memory",
        "Jiang et al. 2023, section 2",
        lambda N, M: ceiling((N - 1) / M),
        lambda N, M: layers_needed(N, lambda _: span(M, 0)),
        {"M": (1, 2, 3, 5, 8)},
        facts=lambda N, M: M < N,
    ),
    Row(
        "bidirectional_lstm_one",
        "Schuster and Paliwal 1997: N cells in either direction",
        lambda N: N,
        lambda N: recurrences(N, 1, (1, -1)),
        file="bidirectional_lstm",
    ),
    Row(
        "bidirectional_lstm_two",
        "a grid of N by 2 cells in either direction",
        lambda N: N + 1,
        lambda N: recurrences(N, 2, (1, -1)),
        file="bidirectional_lstm",
    ),
    Row(
        "mamba_block",
        "by hand: the convolution leaps k − 1 positions, N − k + 1 cells follow it; never fewer than one",
        lambda N, k: Max(2, N - k + 2),
        lambda N, k: mamba_block(N, k),
        {"k": ANY},
    ),
    Row(
        "encoder_decoder",
        "Vaswani et al. 2017: any residual route needs one attention",
        one,
        lambda N, M, L: encoder_decoder(N, M, L, residual=True),
        {"M": (2, 3, 9), "L": (1, 2, 3)},
    ),
    Row(
        "encoder_decoder_plain",
        "by hand: L + 1 layers from the source, 2L from the target",
        lambda N, M, L: 2 * L,
        lambda N, M, L: encoder_decoder(N, M, L, residual=False),
        {"M": (2, 3, 9), "L": (1, 2, 3)},
        file="encoder_decoder",
    ),
]

# No closed form is asked for, as the answer turns on which sizes are larger: the number at given sizes must be right.
NUMBERS = [
    Row(
        "dilated_centred_short",
        "k = 3: two positions meet in the first layer, three and more never do",
        lambda N: Integer(1) if N == 2 else oo,
        lambda N: layers_needed(N, lambda i: centred(3, 3**i)),
    ),
    Row(
        "dilated_any",
        "as van den Oord et al. 2016 without dilation, or never",
        lambda N, k, s: ceiling((N - 1) / (k - 1)) if s == 1 else oo,
        lambda N, k, s: layers_needed(N, lambda _: causal(k, s)),
        {"k": (2, 3, 5), "s": (1, 2, 3)},
    ),
    Row(
        "global_positions_any",
        "Beltagy et al. 2020: one layer where the window reaches all that is not global",
        lambda N, r, G: sympy.Min(2, Max(1, N - G - r)),
        lambda N, r, G: layers_needed(N, lambda _: with_global_positions(N, r, G)),
        {"r": REACHES, "G": (1, 2, 4)},
        facts=lambda N, r, G: G <= N,
    ),
    Row(
        "global_positions_masked",
        "as above, written with a condition on the indices",
        lambda N, r, G: sympy.Min(2, Max(1, N - G - r)),
        lambda N, r, G: layers_needed(N, lambda _: with_global_positions(N, r, G)),
        {"r": REACHES, "G": (1, 2, 4)},
        facts=lambda N, r, G: G <= N,
    ),
    Row(
        "star_rounds",
        "Guo et al. 2019, L rounds as they stand: one more unit than rounds where the ring is longer",
        lambda N, L: Max(L, sympy.Min(L + 1, N // 2)),
        lambda N, L: star_rounds(N, L),
        {"L": (1, 2, 3)},
        facts=lambda N, L: N >= 4,
        file="star",
    ),
]
