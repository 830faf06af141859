"""What this version promises, line by line, with the source of each figure beside it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import archderive as ad
import pytest
from archderive.cli import main
from archderive.session import open_path

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"


def derive(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def quantities(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, dict[str, object]]]:
    data = json.loads(derive(capsys, *arguments, "--json"))
    assert data["version"] == 1
    return {model["name"]: model["quantities"] for model in data["models"]}


def test_attention(capsys: pytest.CaptureFixture[str]) -> None:
    # Q, K, V: 3·N·D·D; scores and values: 2·N·N·D. At N = 64, D = 512: 3·512²·64 + 2·512·64² = 54,525,952
    path = str(EXAMPLES / "attention.arch")
    macs = quantities(capsys, path)["attention"]["macs"]
    assert macs["expr"] == "3*D**2*N + 2*D*N**2"
    assert macs["latex"] == "3 D^{2} N + 2 D N^{2}"
    assert macs["value"] == 3 * 512**2 * 64 + 2 * 512 * 64**2 == 54_525_952
    assert "3 D^{2} N + 2 D N^{2}" in derive(capsys, path, "--latex")
    assert "3D²N + 2DN²" in derive(capsys, path)


def test_attention_with_widths_of_its_own() -> None:
    # the projections D_k·D_x·N twice and D_v·D_x·N, the scores D_k·N², the values D_v·N²
    model = ad.load(EXAMPLES / "attention_general.arch")
    d_k, d_x, d_v, n = (model.symbols[name] for name in ("D_k", "D_x", "D_v", "N"))
    assert (model.macs - (2 * d_k * d_x * n + d_v * d_x * n + (d_k + d_v) * n**2)).expand() == 0
    assert (model.params - (2 * d_k * d_x + d_v * d_x)).expand() == 0


def test_convolution(capsys: pytest.CaptureFixture[str]) -> None:
    # a dot product of C·k_h·k_w pairs is that many multiplications and one addition fewer; 53·4·36 and 54·4·36
    models = ad.load_all(EXAMPLES / "convolution.arch")
    plain, biased = models["convolution"], models["convolution_with_bias"]
    o, h, w, c, k_h, k_w = (plain.symbols[name] for name in ("O", "H", "W", "C", "k_h", "k_w"))
    assert (plain.exact - (2 * c * k_h * k_w - 1) * o * h * w).expand() == 0
    assert (biased.exact - 2 * c * k_h * k_w * o * h * w).expand() == 0
    sizes = {"C": 3, "O": 4, "k_h": 3, "k_w": 3, "H": 6, "W": 6}
    assert plain.at(**sizes).exact == 53 * 4 * 36 == 7_632
    assert biased.at(**sizes).exact == 54 * 4 * 36 == 7_776
    shown = quantities(capsys, str(EXAMPLES / "convolution.arch"))["convolution"]["exact"]
    assert shown["expr"] == "O*H*W*(2*C*k_h*k_w - 1)"


def test_feed_forward(capsys: pytest.CaptureFixture[str]) -> None:
    # D·4D·N + 4D·D·N; without biases N·(4D(2D − 1) + D(8D − 1)) = 16D²N − 5DN; relu: one maximum for each of 4D·N
    path = EXAMPLES / "feed_forward.arch"
    models = ad.load_all(path)
    d, n = (models["feed_forward"].symbols[name] for name in ("D", "N"))
    assert all((m.macs - 8 * d**2 * n).expand() == 0 for m in models.values())
    assert (models["feed_forward_plain"].exact - (16 * d**2 * n - 5 * d * n)).expand() == 0
    assert (models["feed_forward_linear"].exact - 16 * d**2 * n).expand() == 0
    data = json.loads(derive(capsys, str(path), "--json"))
    by_name = {model["name"]: model["operations"] for model in data["models"]}
    assert by_name["feed_forward"]["max"] == "4*D*N"
    assert "max" not in by_name["feed_forward_linear"]


# Vaswani et al. 2017, Table 1: complexity per layer, sequential operations, maximum path length. The exact forms: two
# products of N·N·D; two matrices of D·D at every step; k taps of D·D; two products over r neighbours. An Elman cell is
# one product before the loop and one equation a step; its path passes N cells. A dilated stack reaches k^L − 1 back.
TABLE_1 = {
    "self_attention": ("2*N**2*D", "O(n²d)", "6", "O(1)", "1", "O(1)"),
    "recurrent": ("2*N*D**2", "O(nd²)", "N + 1", "O(n)", "N", "O(n)"),
    "convolutional": ("k*N*D**2", "O(knd²)", "1", "O(1)", "ceiling(log(N, k))", "O(logₖ n)"),
    "restricted_self_attention": ("2*r*N*D", "O(rnd)", "6", "O(1)", None, "O(n/r)"),
}


def test_table_1(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(EXAMPLES / "table1" / f"{name}.arch") for name in TABLE_1]
    found = quantities(capsys, *files)
    assert list(found) == list(TABLE_1)
    for name, (macs, macs_growth, steps, steps_growth, path, path_growth) in TABLE_1.items():
        row = found[name]
        assert row["macs"]["expr"] == macs
        assert row["sequential"]["expr"] == steps
        assert path is None or row["path"]["expr"] == path
        growths = (row["macs"]["growth"], row["sequential"]["growth"], row["path"]["growth"])
        assert growths == (macs_growth, steps_growth, path_growth)


def test_table_1_says_what_it_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(derive(capsys, *(str(EXAMPLES / "table1" / f"{name}.arch") for name in TABLE_1)).split())
    assert "the projections of queries, keys, values and output are left out" in text
    assert "The counts are one layer’s, the path is that of a stack of such layers." in text
    assert "Not counted: add, divide, exp, max." in text
    assert "admitted pairs are those in order" in text


@pytest.mark.parametrize(("r", "n"), [(3, 10), (4, 10), (5, 12), (65, 1024), (9, 9)])
def test_restricted_path_at_the_slower_side(r: int, n: int) -> None:
    # r positions from −⌊r/2⌋ to r − 1 − ⌊r/2⌋: the shorter reach decides how many layers join the ends
    model = ad.load(EXAMPLES / "table1" / "restricted_self_attention.arch")
    reach = min(r // 2, r - 1 - r // 2)
    assert model.at(r=r, N=n, D=8).path == math.ceil((n - 1) / reach)


def test_encoder_is_closed_in_depth() -> None:
    # a layer: four D·D projections, two products of N·N·D, D·4D twice; norms 2·2D, biases 4D + D
    path = EXAMPLES / "transformer.arch"
    model = ad.load(path)
    d, n, layers = (model.symbols[name] for name in ("D", "N", "L"))
    assert (model.macs - layers * (12 * d**2 * n + 2 * d * n**2)).expand() == 0
    assert (model.params - layers * (12 * d**2 + 9 * d)).expand() == 0
    few, many = (open_path(str(path), {"L": count}).programs[0] for count in (1, 96))
    assert len(few.instance.body) == len(many.instance.body) == 1  # a repeat is never written out


HOLDS = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.parent.name == "models" else [])
    for path in sorted(EXAMPLES.rglob("*.arch"))
]


@pytest.mark.parametrize("path", HOLDS)
def test_expectations_hold(path: Path) -> None:
    session = open_path(str(path))
    checks = session.check(session.measures())
    assert [check.diagnostic().format() for check in checks if not check.holds] == []
    assert checks


def test_bytes_follow_the_type(capsys: pytest.CaptureFixture[str]) -> None:
    # 3·512² parameters, two bytes each
    found = quantities(capsys, str(EXAMPLES / "attention.arch"), "--dtype", "bfloat16")["attention"]
    assert found["bytes"]["value"] == 3 * 512**2 * 2
    assert found["bits"]["value"] == 3 * 512**2 * 16


def test_what_is_not_derived_is_said_to_be(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "hashed.arch"
    file.write_text("dim N = 8, D = 4\nmodel m(x[N, D], t[N]):\n    y[n, d] = x[t[n], d]\n    return y\n")
    assert "unknown, because `x` is read at a place that data decides" in " ".join(derive(capsys, str(file)).split())
