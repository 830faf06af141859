"""Causality of models: verdicts by hand, from the papers' masks, and the read that is named."""

from __future__ import annotations

from pathlib import Path

import archderive as ad
import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
MODEL = "dim N = 16, D = 8\nassume 2 divides N\nmodel f(x[N, D]):\n    {body}\n    return y\n"

# (body, is it causal, why)
VERDICTS = {
    "y = x -> linear(D)": (True, "each position by itself"),
    "y = x -> attention": (False, "Vaswani et al. 2017: the encoder's attention is not masked"),
    "y = x -> attention(causal = true)": (True, "the decoder's is"),
    "y = x -> attention(causal = true) -> attention": (False, "one layer of two looks ahead"),
    "y = x -> conv1d(D, 3)": (False, "a centred kernel reads the next position"),
    'y = x -> conv1d(D, 3, padding = "causal")': (True, "van den Oord et al. 2016"),
    "y = x -> elman(D)": (True, "Elman 1990: a state reads the one before it"),
    "y = x -> elman_backward(D)": (False, "from the last step to the first"),
    "y = x -> bidirectional(4)": (False, "Schuster and Paliwal 1997: one of the two runs backward"),
    "y = retention(x, x, x)": (True, "Sun et al. 2023: a causal decay"),
    "y[n < N, d] = sum[m in 0..n] x[m, d]": (True, "a prefix"),
    "y[n < N, d] = sum[m in n..N - 1] x[m, d]": (False, "a suffix"),
    "y[n < N, d] = sum[m] (x[m, d] if m <= n else 0)": (True, "a mask of indices"),
    "y[n < N, d] = sum[m where m <= n] x[m, d]": (True, "a mask of indices"),
    "y[n < N, d] = x[n + 1, d]": (False, "the next position"),
    "u[n < N, d] = x[n - 1, d]\n    y[n < N, d] = u[n + 1, d]": (True, "one back, then one ahead"),
    "u[i < N/2, d] = x[2*i, d]\n    y[n < N, d] = u[floor(n/2), d]": (True, "2⌊n/2⌋ is not later than n"),
    "u[i < N/2, d] = x[2*i + 1, d]\n    y[n < N, d] = u[floor(n/2), d]": (False, "2⌊n/2⌋ + 1 is, for an even n"),
    "y[n, d] = x[n, d] * x[0, d]": (True, "the first position comes before all others"),
    "y[n, d] = x[n, d] * x[N - 1, d]": (False, "the last one does not"),
}


@pytest.mark.parametrize("body", VERDICTS)
def test_verdict(body: str) -> None:
    model = ad.parse(MODEL.format(body=body))
    assert model.causal is VERDICTS[body][0], model.reason("causal")
    verified = model.verify()  # every element is followed
    assert verified.agreed == verified.figures


@pytest.mark.parametrize(
    ("name", "causal"),
    [("gpt2", True), ("llama", True), ("mixtral", True), ("bert", False), ("albert", False), ("wavenet", True)],
)
def test_models(name: str, causal: bool) -> None:
    # Radford et al. 2019, Touvron et al. 2023, Jiang et al. 2024: decoders; Devlin et al. 2018, Lan et al. 2019:
    # encoders
    assert ad.load(EXAMPLES / "models" / f"{name}.arch").causal is causal


def test_what_an_encoder_gives_may_be_read_whole() -> None:
    model = ad.load(EXAMPLES / "models" / "transformer.arch")
    assert model.causal is True
    assert "`source` is read as a whole" in model.reason("causal")


def test_the_read_that_looks_ahead_is_named() -> None:
    model = ad.parse(MODEL.format(body="u[n < N, d] = x[n - 1, d]\n    y[n, d] = u[n, d] * x[n + 2, d]"))
    assert "`y[n, d] = u[n, d] * x[n + 2, d]`" in model.reason("causal")
    assert model.reason("causal").endswith("reads what lies 2 ahead")


def test_what_is_stated_to_read_all_is_named() -> None:
    """The sum reads its own position only; the tensor of stated costs reads the others."""
    text = (
        'dim N = 8, D = 4\nlayer mix(x[..., N, D]):\n    opaque y[..., N, D] from x because "an FFT":\n'
        "        exact = 5*N*D\n        depth = 1\n        reads all of N\n    return y\n"
        "model m(x[N, D]):\n    z = x + (x -> mix)\n    return z\n"
    )
    shown = " ".join(ad.parse(text).derivation().to_text().split())
    assert "not causal. y in `mix`, stated: an FFT, reads positions up to the last one." in shown


def test_what_data_decides_is_unknown() -> None:
    text = "dim N = 8, D = 4\nmodel f(x[N, D], t[N]):\n    y[n, d] = x[t[n], d]\n    return y\n"
    assert ad.parse(text).causal is None
    assert "data decides" in ad.parse(text).reason("causal")


def test_a_pooled_output_is_in_no_order() -> None:
    assert ad.parse(MODEL.format(body="y[d] = sum[n] x[n, d]")).causal is None
