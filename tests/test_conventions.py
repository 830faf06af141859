"""What conventions bill, held against bills by hand: scalar operations by kind, layers by the rules of tools."""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from pathlib import Path

import archderive as ad
import pytest
from archderive import library
from archderive.cli import main
from archderive.conventions import conventions
from archderive.conventions.tools import PRODUCTS, read_tool
from archderive.elaborator.describe import show
from archderive.errors import ArchError, Source
from archderive.quantities import Measures
from archderive.quantities.billing import ToolBiller
from archderive.session import open_source

TOOLS = [name for name, convention in conventions().items() if convention.tool is not None]


def measures(text: str) -> Measures:
    (found,) = open_source(Source("model.arch", text)).measures().values()
    return found


def billed(text: str, name: str, *, packaged: bool = False) -> str:
    (found,) = open_source(Source("model.arch", text, packaged=packaged)).measures().values()
    expr = found.billed(name).expr
    assert expr is not None
    return show(expr)


def holds(text: str) -> None:
    session = open_source(Source("model.arch", text))
    assert [check.diagnostic().format() for check in session.check(session.measures()) if not check.holds] == []


# ---------------------------------------------------------------- layers


def test_a_convolution_with_its_norm_and_activation() -> None:
    """By hand: 9 C O products for each of H W places, N = H W O elements behind them."""
    holds("""
dim H, W, C, O
model m(image[H, W, C]):
    expect macs == 9*H*W*C*O
    expect torch == 18*H*W*C*O
    expect fvcore == 9*H*W*C*O + 2*H*W*O
    expect ptflops_2023 == 9*H*W*C*O + H*W*O + 2*H*W*O + H*W*O
    expect ptflops == 9*H*W*C*O + H*W*O + 2*H*W*O + 2*H*W*O
    expect ptflops_aten == 9*H*W*C*O + H*W*O
    expect thop == 9*H*W*C*O + 4*H*W*O
    expect calflops == 9*H*W*C*O
    return image -> conv2d(O) -> batchnorm -> relu
""")


def test_poolings_and_softmax() -> None:
    """An adaptive average costs thop one more than it has terms, a row of n in a softmax 3n − 1."""
    holds("""
dim H, W, C
assume 2 divides H, 2 divides W
model m(image[H, W, C]):
    expect fvcore == H*W*C/4
    expect ptflops_2023 == H*W*C + H*W*C/4
    expect thop == H*W*C/4 + C + 3*C - 1
    expect torch == 0
    return image -> maxpool2d -> global_avgpool2d -> softmax
""")


def test_causal_attention_is_billed_as_the_box() -> None:
    """N (N + 1)/2 pairs in each product, of which a tool multiplies N²."""
    holds("""
dim N, D, h
assume h divides D
model m(x[N, D]):
    expect macs == 4*N*D^2 + N*(N + 1)*D
    expect torch == 2*(4*N*D^2 + 2*N^2*D)
    expect fvcore == 4*N*D^2 + 2*N^2*D
    expect thop == 0
    expect ptflops_2023 == 4*N*D^2 + 2*N^2*D + 4*N*D + N*D + h*N^2
    return x -> attention(heads = h, causal = true)
""")


def test_windows_are_billed_as_the_box() -> None:
    """Of w keys behind each query a tool that masks multiplies all N."""
    holds("""
dim N, D, w
assume w <= N
model m(x[N, D]):
    S[n, m in max(0, n - w + 1)..n] = sum[a] x[n, a] * x[m, a]
    expect macs == D*(N*w - w*(w - 1)/2)
    expect torch == 2*N^2*D
    return S
""")


def test_a_transposed_convolution_is_charged_by_its_output() -> None:
    """thop: 4 (2 N) C O for 4 N C O multiply-adds of stride 2 along each of two axes: four times too much."""
    text = """
dim H, W, C, O
model m(image[H, W, C]):
    return image -> conv_transpose2d(O, bias = false)
"""
    assert billed(text, "torch") == "8*C*H*O*W"
    assert billed(text, "thop") == "16*C*H*O*W"


# ---------------------------------------------------------------- what stands around layers


def test_repeats_choices_and_sharing() -> None:
    """L turns, k of E experts, a shared layer used twice: each application is billed."""
    holds("""
dim N, D, L, E, k
assume k <= E
model m(x[N, D]):
    share f = linear(D)
    repeat L:
        x = x -> linear(D) -> relu
    choose k of E as e:
        y = x -> linear(D, bias = false)
    z = y -> f -> f
    expect torch == 2*N*D^2*(L + k + 2)
    expect ptflops_2023 == N*D^2*(L + k + 2) + N*D*(L + 2) + L*N*D
    return z
""")


def test_a_batch_scales_what_is_billed() -> None:
    """A linear layer with its bias, a norm with gain and bias: D² + 3 D weights, whatever the batch."""
    holds("""
dim B = 2 batch, N, D
model m(x[B, N, D]):
    expect params == D^2 + 3*D
    expect fvcore == B*N*D^2 + 5*B*N*D
    return x -> layernorm -> linear(D)
""")


def test_layers_of_a_file_are_billed_by_what_is_inside() -> None:
    """Even if they are called like a standard one: a rule is of the standard layer."""
    holds("""
dim N, D
layer batchnorm(x[..., C]):
    return x -> linear(C, bias = false)
model m(x[N, D]):
    expect fvcore == N*D^2
    return x -> batchnorm
""")


def test_rules_for_a_model_and_a_place() -> None:
    """torchvision's DenseNet calls its last ReLU as a function; the same layers in another model are modules, and in a
    model of the user's that has that name."""
    text = """
dim H, W = 4, C
layer classifier(x[..., H, W, C]):
    return x -> relu -> global_avgpool2d
model NAME(x[H, W, C]):
    return x -> relu -> classifier
"""
    assert billed(text.replace("NAME", "densenet121"), "ptflops-2023", packaged=True) == "C*H*W"
    assert billed(text.replace("NAME", "densenet121"), "ptflops-2023") == "3*C*H*W"
    assert billed(text.replace("NAME", "other"), "ptflops-2023", packaged=True) == "3*C*H*W"


def test_what_is_stated_counts_as_stated() -> None:
    text = """
dim N, D
model m(x[N, D]):
    opaque y[N, D] from x because "a source":
        exact = 3*N*D
        macs = N*D
        depth = 1
    return y
"""
    assert billed(text, "torch") == "2*D*N"
    assert billed(text, "exact") == "3*D*N"


def test_bills_by_layer_add_up_to_the_total() -> None:
    model = measures("""
dim N, D, h = 2
assume h divides D
model m(x[N, D]):
    return x -> encoder_layer(h)
""")
    for name in conventions():
        whole = model.billed(name).expr
        parts = model.biller(name).by_layer().values()
        assert whole is not None
        assert not (sum(parts, whole * 0) - whole).terms, name


# ---------------------------------------------------------------- the data files


@pytest.mark.parametrize("name", TOOLS)
def test_rules_are_of_standard_layers_or_of_a_model(name: str) -> None:
    from fnmatch import filter as matching

    tool = conventions()[name].tool
    assert tool is not None
    for rule in tool.rules:
        for pattern in rule.layers:
            assert pattern == PRODUCTS or matching(library.index(), pattern), (name, pattern)
        assert not rule.models or rule.because or rule.bill, (name, rule.layers)
        assert not rule.fault or rule.because, (name, rule.layers)


def test_files_are_read_whole() -> None:
    folder = Path(str(resources.files("archderive.conventions")))
    for path in folder.glob("*.toml"):
        data = tomllib.loads(path.read_text("utf-8"))
        assert data.keys() <= {"title", "unit", "sentence", "rates", "rule", "products", "notes"}, path.name
        for rule in data.get("rule", ()):
            assert rule.keys() <= {
                "layers", "bill", "operator", "within", "models", "options", "because", "fault"
            }, path.name  # fmt: skip


def test_a_rule_bills_what_can_be_read_off() -> None:
    with pytest.raises(ValueError, match="a rule bills mass"):
        read_tool({"rule": [{"layers": ["linear"], "bill": {"mass": 1}}]})


# ---------------------------------------------------------------- where they are used


def test_json_lists_what_a_tool_bills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.arch"
    path.write_text("dim N = 3, D = 5\nmodel m(x[N, D]):\n    return x -> attention -> relu\n", encoding="utf-8")
    assert main([str(path), "--json", "--convention", "thop,macs"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert model["bills"]["thop"][0] == {
        "layer": "attention",
        "operator": "attention",
        "expr": "0",
        "value": 0,
        "because": "there is no rule for nn.MultiheadAttention",
        "fault": True,
    }
    assert model["quantities"]["thop"]["value"] == 0 and "macs" not in model["bills"]


def test_a_tool_in_python() -> None:
    model = ad.parse("dim N, D\nmodel m(x[N, D]):\n    return x -> linear(D)\n")
    n, d = model.symbols["N"], model.symbols["D"]
    assert model.quantity("ptflops-2023") == d**2 * n + d * n
    with pytest.raises(ArchError, match=r"(?s)`m` has no quantity `ptflop`.*did you mean `ptflops`"):
        model.quantity("ptflop")


def test_every_tool_is_a_quantity_of_an_expectation() -> None:
    for name in TOOLS:
        text = f"dim N = 1\nmodel m(x[N, 2]):\n    expect {name.replace('-', '_')} >= 8\n    return x -> linear(4)\n"
        holds(text)


def test_the_biller_of_a_tool_names_its_operators() -> None:
    model = measures("dim N, D\nmodel m(x[N, D]):\n    return x -> mlp(2*D) -> linear(D, bias = false)\n")
    biller = model.biller("torch")
    assert isinstance(biller, ToolBiller)
    assert {name: show(count) for name, count in biller.by_operator().items()} == {
        "aten.addmm": "8*D^2*N",
        "aten.mm": "2*D^2*N",
    }
