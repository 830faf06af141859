"""The networks that everybody knows, to the unit: what torchvision's, timm's and transformers' own implementations hold
and multiply, operator by operator, and what other tools bill for them.

`data/networks.json` was made by constructing every network and counting it: parameters and buffers by module,
multiply-adds by PyTorch's FlopCounterMode (halved), totals of fvcore, ptflops, thop and calflops, at the versions that
stand in it. `data/ptflops_readme.json` holds the table of ptflops' README.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from archderive import gallery, library
from archderive.algebra.expression import Expr
from archderive.algebra.substitution import evaluate
from archderive.cli import main
from archderive.derivation import values_of
from archderive.derivation.trace import Around
from archderive.program import Call, Choose, Declared, Node, Parallel, Repeat, Share, all_nodes
from archderive.quantities import Measures
from archderive.session import Session, open_path

DATA = Path(__file__).parent / "data"
NETWORKS: list[dict[str, Any]] = json.loads((DATA / "networks.json").read_text("utf-8"))["models"]
# A developer's run looks at these; CI at all.
SAMPLE = {"alexnet", "resnet50", "densenet121", "swin_t", "resnet20_cifar10", "gpt2", "mixtral-8x7b", "t5-small"}
README: list[dict[str, Any]] = json.loads((DATA / "ptflops_readme.json").read_text("utf-8"))

# What we call the networks that others call otherwise, and where they are taken.
NAMES: dict[str, tuple[str, dict[str, int]]] = {
    "inception_v3[aux_logits=False]": ("inception_v3_no_aux", {}),
    "fcn_resnet50[aux_loss=True]": ("fcn_resnet50_aux", {}),
    "densenet_L40_k12_cifar10": ("densenet_40_12", {}),
    "densenet_L100_k12_cifar10": ("densenet_100_12", {}),
    "densenet_L100_k24_cifar10": ("densenet_100_24", {}),
    "densenet_bc_L100_k12_cifar10": ("densenet_bc_100_12", {}),
    "densenet_bc_L250_k24_cifar10": ("densenet_bc_250_24", {}),
    "densenet_bc_L190_k40_cifar10": ("densenet_bc_190_40", {}),
    "densenet_bc_L100_k12_cifar100": ("densenet_bc_100_12", {"classes": 100}),
    "densenet_bc_L190_k40_cifar100": ("densenet_bc_190_40", {"classes": 100}),
    "deit_tiny_patch16_224": ("deit_tiny", {}),
    "deit_small_patch16_224": ("deit_small", {}),
    "deit_base_patch16_224": ("deit_base", {}),
    "vit_tiny_patch16_224": ("deit_tiny", {}),
    "vit_small_patch16_224": ("deit_small", {}),
    "swin_large_patch4_window7_224": ("swin_l", {}),
    "gpt2": ("gpt2_small", {}),
    "gpt2-medium": ("gpt2_medium", {}),
    "gpt2-large": ("gpt2_large", {}),
    "gpt2-xl": ("gpt2_xl", {}),
    "bert-base-uncased": ("bert_base", {}),
    "bert-large-uncased": ("bert_large", {}),
    "distilbert-base-uncased": ("distilbert", {}),
    "t5-small": ("t5_small", {}),
    "t5-base": ("t5_base", {}),
    "llama-2-7b": ("llama2_7b", {}),
    "llama-2-13b": ("llama2_13b", {}),
    "llama-3-8b": ("llama3_8b", {}),
    "mistral-7b": ("mistral_7b", {}),
    "mixtral-8x7b": ("mixtral_8x7b", {}),
    "qwen2-0.5b": ("qwen2_0_5b", {}),
    "gemma-2b": ("gemma_2b", {}),
    "deepseek-v2-lite": ("deepseek_v2_lite", {}),
    "mamba-130m": ("mamba_130m", {}),
    "whisper-tiny": ("whisper_tiny", {}),
    "vit-base-patch16-224": ("vit_b_16", {}),
    "albert-base-v2": ("albert_base", {}),
}
IMAGES = [network for network in NETWORKS if "size" in network]
LANGUAGE = [network for network in NETWORKS if "lengths" in network]

# Where a network was counted in another way than the one that a convention's file describes, and how far that goes.
AS_FUNCTIONS = "the network that was counted calls its activations as functions, which this tool counts once, not twice"
EXPLICIT = "the network was counted with explicit attention, whose products this tool counts a second time"
UNKNOWN = "the tool counts 140,160 less than its rules give; we do not know why"


def sampled(networks: list[dict[str, Any]]) -> list[Any]:
    """The networks as parameters of a test, most of them slow."""
    return [
        pytest.param(network, id=named(network), marks=() if network["name"] in SAMPLE else pytest.mark.slow)
        for network in networks
    ]


def named(network: Mapping[str, Any]) -> str:
    return str(network["name"]) + (f"-{network['size']}" if "size" in network else "")


@lru_cache(maxsize=8)
def opened(name: str) -> Session:
    return open_path(name)


@lru_cache(maxsize=8)
def measured(name: str) -> Measures:
    (measures,) = opened(name).measures().values()
    return measures


def ours(network: Mapping[str, Any]) -> tuple[Measures, dict[str, Fraction]]:
    """The network as a model of ours, and the values of its sizes."""
    name, at = NAMES.get(network["name"], (network["name"], {}))
    if network["name"].startswith("resnet") and network["counted_by"] == "cifar":
        name = network["name"].removesuffix("_cifar10")
    measures = measured(name)
    values = {**values_of(measures.program), **{key: Fraction(value) for key, value in at.items()}}
    if "size" in network:
        values |= {axis: Fraction(network["size"]) for axis in ("H", "W")}
    return measures, values


def number(expr: Expr | None, values: Mapping[str, Fraction]) -> int:
    assert expr is not None
    value = evaluate(expr, values)
    assert value == int(value)
    return int(value)


# ---------------------------------------------------------------- what the implementations hold and multiply


@pytest.mark.parametrize("network", sampled(NETWORKS))
def test_weights(network: dict[str, Any]) -> None:
    measures, values = ours(network)
    assert number(measures.params.expr, values) == network["params"]
    if network["counted_by"] == "timm" and network["name"].startswith("swin"):
        assert network["buffers"] == 0  # timm does not store the index of the biases, torchvision does
    else:
        assert number(measures.buffers.expr, values) == network["buffers"]


@pytest.mark.parametrize("network", sampled(IMAGES))
def test_multiply_adds_by_operator(network: dict[str, Any]) -> None:
    measures, values = ours(network)
    assert halved(measures, values) == network["macs"]


@pytest.mark.parametrize("network", sampled(LANGUAGE))
def test_multiply_adds_by_operator_and_length(network: dict[str, Any]) -> None:
    measures, values = ours(network)
    for length, operators in network["lengths"].items():
        names = ("H", "W") if network["name"].startswith("vit") else ("N", "T") if "T" in values else ("N",)
        if network["name"].startswith("whisper"):
            names = ("N",)  # the audio has one length
        assert halved(measures, values | {name: Fraction(length) for name in names}) == operators


def halved(measures: Measures, values: Mapping[str, Fraction]) -> dict[str, int]:
    """Multiply-adds by operator: PyTorch's counter counts each as two."""
    operators = measures.biller("torch").by_operator()  # type: ignore[attr-defined]
    counted = {operator: number(count / 2, values) for operator, count in operators.items()}
    return {operator: count for operator, count in counted.items() if count}


@pytest.mark.parametrize("network", sampled(IMAGES))
def test_children(network: dict[str, Any]) -> None:
    """The weights of the implementation's modules, one after the other, are those of some of our layers, one after the
    other: between two of its modules there is a place between two of our layers."""
    measures, values = ours(network)
    parts = [number(count, values) for count in in_order(measures)]
    places = set(accumulate(parts, initial=0))
    children = dict(network["children"])
    own = children.pop("(own)", 0)  # the class token and positions of ViT, which stand before its first block
    ends = list(accumulate(children.values()))
    if own:
        ends = [end if n == 0 else end + own for n, end in enumerate(ends)]
        if network["counted_by"] == "torchvision":
            ends[0] = children["conv_proj"]
    assert set(ends) <= places


@pytest.mark.parametrize("network", sampled(LANGUAGE))
def test_layers_of_language_models(network: dict[str, Any]) -> None:
    """The turns of our repeats are the layers of the implementation: as many, and each of so many weights. What its
    first layer has beside the others (biases of T5, the dense layer of DeepSeek) is no turn."""
    measures, values = ours(network)
    turns = {
        (number(node.count, values), number(measures.counter.body(node.body).own.params, values))
        for node in all_nodes(measures.program.instance)
        if isinstance(node, Repeat)
    }
    for name, layers in network["layers"].items():
        each = layers["each"] if isinstance(layers["each"], list) else [layers["each"]] * layers["n"]
        alike = each.count(each[-1])
        assert {(alike, each[-1]), (layers["n"], each[-1])} & turns, name


# Tables that several modules of an implementation hold, and which are one set of weights, by the name of all but one.
TIED = {"lm_head", "proj_out"}


@pytest.mark.parametrize("network", sampled(LANGUAGE))
def test_modules_of_language_models(network: dict[str, Any]) -> None:
    """The weights of the implementation's modules add up to all of ours, a shared table counted once."""
    measures, values = ours(network)
    whole = number(measures.params.expr, values) + number(measures.buffers.expr, values)
    parts = network["grandchildren"]
    heads = [sum(modules.values()) for name, modules in parts.items() if name in TIED]
    tables = [parts[stack].get("embed_tokens", 0) for stack in ("encoder", "decoder") if stack in parts]
    total = sum(sum(modules.values()) for modules in parts.values())
    assert total - whole in (0, sum(heads) + sum(tables))


def in_order(measures: Measures) -> list[Expr]:
    """The weights of a model in the order of its program, those of a repeat together."""
    made: dict[object, Around | None] = {}

    def walk(body: tuple[Node, ...]) -> list[Expr]:
        found: list[Expr] = []
        for node in body:
            match node:
                case Declared(kind="weight"):
                    found.append(measures.counter.node(node).params)
                case Call(instance=instance, shared=None):
                    found += walk(instance.body)
                case Call(instance=instance, shared=shared) if shared in made:
                    del made[shared]
                    found += walk(instance.body)
                case Share(shared=shared):
                    made[shared] = None
                case Repeat() | Choose() | Parallel():
                    found.append(measures.counter.node(node).params)
                case _:
                    pass
        return found

    return walk(measures.program.instance.body)


# ---------------------------------------------------------------- what tools bill

TOOLS = {
    "fvcore": "fvcore",
    "ptflops": "ptflops_pytorch",
    "ptflops-aten": "ptflops_aten",
    "thop": "thop",
    "calflops": "calflops",
}


@pytest.mark.parametrize("convention", TOOLS)
@pytest.mark.parametrize("network", sampled(IMAGES))
def test_tools(network: dict[str, Any], convention: str) -> None:
    measures, values = ours(network)
    billed = number(measures.billed(convention).expr, values)
    counted = network["tools"][TOOLS[convention]]
    assert billed - counted == counted_otherwise(network, convention, measures, values)


def counted_otherwise(
    network: Mapping[str, Any], convention: str, measures: Measures, values: Mapping[str, Fraction]
) -> int:
    """What is billed too much for the way in which a network was counted: see AS_FUNCTIONS, EXPLICIT, UNKNOWN."""
    layers = measures.biller(convention).by_layer()
    if convention == "ptflops" and network["counted_by"] == "cifar":
        return number(layers["relu"] / 2, values)
    if convention == "ptflops" and network["name"].startswith("vit_") and network["counted_by"] == "torchvision":
        return -int(network["macs"]["aten.bmm"])
    return 140_160 if (network["name"], convention) == ("ghostnet_100", "thop") else 0


@pytest.mark.parametrize("network", sampled(IMAGES))
def test_fvcore_by_operator(network: dict[str, Any]) -> None:
    measures, values = ours(network)
    operators = measures.biller("fvcore").by_operator()  # type: ignore[attr-defined]
    assert {name: number(count, values) for name, count in operators.items()} == network["tools"]["fvcore_by_op"]


OF_2023 = [row for row in README if "backend" not in row]


def test_the_readme_of_2023_has_21_rows() -> None:
    assert len(OF_2023) == 21


@pytest.mark.slow
@pytest.mark.parametrize("row", OF_2023, ids=lambda row: row["model"])
def test_the_readme_of_2023(row: dict[str, Any]) -> None:
    """Every row as printed, in 10^9, and to the unit as the tool of that year gives it."""
    name, _, size = row["model"].partition("@")
    measures = measured(name)
    values = values_of(measures.program) | {axis: Fraction(size.split("x")[0]) for axis in ("H", "W")}
    billed = number(measures.billed("ptflops-2023").expr, values)
    assert billed == row["exact"]
    places = len(row["printed"].partition(".")[2])
    assert abs(Fraction(billed, 10**9) - Fraction(row["printed"])) <= Fraction(1, 2 * 10**places)


# ---------------------------------------------------------------- the files


FILES = gallery.files()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({name for path in FILES for name in gallery.names(path)}))
def test_a_model_is_opened_by_its_name(name: str) -> None:
    session = open_path(name)
    assert [program.name for program in session.programs] == [name]
    assert all(check.holds for check in session.check(session.measures()))


def test_names_are_unique() -> None:
    names = [name for path in FILES for name in gallery.names(path)]
    assert len(names) == len(set(names))
    assert not set(names) & set(library.index())
    assert all(path.stem not in names or path.stem in gallery.names(path) for path in FILES)


# ---------------------------------------------------------------- variants, caveats, values


def test_a_variant_is_the_model_at_its_values(capsys: pytest.CaptureFixture[str]) -> None:
    """ViT-L/32: torchvision's count is 306,535,400."""
    (program,) = open_path("vit_l_32").programs
    assert program.name == "vit_l_32" and values_of(program)["P"] == 32
    assert main(["vit_l_32", "--detail", "summary"]) == 0
    text = capsys.readouterr().out
    assert "ViT-L/32; Dosovitskiy et al. 2021." in text and "306,535,400" in text


def test_a_variant_of_another_structure(capsys: pytest.CaptureFixture[str]) -> None:
    """He et al. 2016, Table 1, print 3.8e9 for the network with the stride on the first convolution of a block."""
    assert main(["resnet50_caffe", "--check"]) == 0
    assert main(["resnet50", "--at", "stride_at=1x1", "--json"]) == 0
    (model,) = json.loads(capsys.readouterr().out.partition("hold\n")[2])["models"]
    assert model["quantities"]["macs"]["value"] == 3_857_973_248


def test_other_values_give_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["resnet18", "--at", "H=256", "W=256", "--detail", "summary"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sacnn", "sacnn_single", "spt_unet", "spt_unet_b"])
@pytest.mark.parametrize("form", ["--latex", "--markdown", "--json", "--detail=summary"])
def test_a_reconstruction_says_so(name: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, form]) == 0
    shown = " ".join(capsys.readouterr().out.replace("’", "'").split())
    assert "econstruction; the paper's exact architecture is not public" in shown


@pytest.mark.slow
def test_a_comparison_says_what_is_a_reconstruction(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sacnn", "deep_speckle_correlation"]) == 0
    text = capsys.readouterr().out
    assert text.count("`sacnn`: Reconstruction; the paper's exact architecture is not public.") == 3


def test_batch_scales_operations_and_no_weights() -> None:
    """The founding post compares at batch 2: twice 70,706,135,040 multiply-adds, 21,850,530 parameters."""
    measures = measured("deep_speckle_correlation")
    values = values_of(measures.program)
    for batch in (1, 2):
        at = {**values, "B": Fraction(batch)}
        assert number(measures.macs.expr, at) == batch * 70_706_135_040
        assert number(measures.params.expr, at) == 21_850_530
