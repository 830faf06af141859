"""The Python interface: what it refuses, and models as values that do not change and can be sent to other processes."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from fractions import Fraction
from math import inf, nan
from pathlib import Path
from typing import Any

import archderive as ad
import pytest

MODEL = ad.parse("""\
dim N = 8, D = 4, H = 2
assume N >= 2
assume H divides D
model f(x[N, D]):
    return x -> linear(D/H, bias = false) -> relu
""")

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "order": (lambda: MODEL.at(N=1), "2:8: error: `f` assumes that 2 <= N, which does not hold at these sizes: N = 1"),
    "divisibility": (lambda: MODEL.at(D=3), "`f` assumes that H divides D, which does not hold .*: D = 3, H = 2"),
    "none": (lambda: MODEL.at(N=None), "`N` is a positive integer, and this is None"),
    "nan": (lambda: MODEL.at(N=nan), "`N` is a positive integer, and this is nan"),
    "inf": (lambda: MODEL.at(N=inf), "`N` is a positive integer, and this is inf"),
    "text": (lambda: MODEL.at(N="8"), "`N` is a positive integer, and this is '8'"),
    "truth": (lambda: MODEL.at(N=True), "`N` is a positive integer, and this is True"),
    "unknown size": (lambda: MODEL.at(NN=8), "there is no dim or option `NN`\nhint: did you mean `N`"),
    "fraction in a picture": (lambda: MODEL.picture(N=1.5), "`N` is a positive integer, and this is 1.5"),
    "detail": (lambda: MODEL.derivation(detail="sumary"), "there is no detail `sumary`\nhint: did you mean `summary`"),
    "form": (lambda: MODEL.derivation(form="factord"), "there is no form `factord`\nhint: did you mean `factored`"),
    "collected": (lambda: MODEL.derivation(form="collected:Q"), "there is no dim or option `Q`"),
    "convention": (lambda: MODEL.derivation(convention=3), "`convention=3` names no convention"),
    "no convention": (lambda: MODEL.derivation(convention=()), "no convention is named"),
    "width": (lambda: MODEL.derivation().to_latex(width=0), "`width=0` is no width of a text"),
    "prefix": (lambda: MODEL.derivation().to_latex(prefix="%"), "`prefix='%'` is no beginning of a label"),
    "pages": (lambda: MODEL.derivation().to_typst(width=nan), "`width=nan` is no width"),
    "width of a picture": (lambda: MODEL.picture().to_tikz("3em"), "`width='3em'` is no width"),
    "quantity by number": (lambda: MODEL[0], "`f` has no quantity `0`"),
    "quantity": (lambda: MODEL.growth("mac"), "`f` has no quantity `mac`\nhint: did you mean `macs`"),
    "surrogate": (lambda: ad.load("\ud800"), r"`\\ud800` is neither a file nor a standard layer or model"),
    "folder of a surrogate": (lambda: ad.load("a/\ud800"), r"`a/\\ud800` is no name of a file"),
    "no text": (lambda: ad.parse(None), "`parse` takes a text, and this is None"),
    "nothing to compare": (lambda: ad.compare(), "there is no model to compare"),
    "name to compare": (lambda: ad.compare("attention"), "`'attention'` is no model that can be compared"),
    "form to compare": (lambda: ad.compare(MODEL, form="nope"), "there is no form `nope`"),
}


@pytest.mark.parametrize("asked", REFUSED)
def test_what_is_refused(asked: str) -> None:
    call, message = REFUSED[asked]
    with pytest.raises(ad.ArchError, match=message) as caught:
        call()
    str(caught.value).encode()  # no message holds what cannot be printed


def test_sizes_are_any_whole_numbers() -> None:
    assert MODEL.at(N=3.0).macs == MODEL.at(N=Fraction(3)).macs == MODEL.at(N=3).macs == 3 * 4 * 2
    assert MODEL.at(N=10**30).macs == 10**30 * 4 * 2


def test_what_a_model_is_made_of_is_not_changed_by_sizes() -> None:
    """An option that was needed as a number holds for the model as it was opened."""
    model = ad.parse(
        "dim D = 4\nmodel f(x[D]; L = 2):\n    y = x\n    for i in 1..L:\n        y = y -> relu\n    return y\n"
    )
    assert model.at(L=2).exact == model.at().exact
    with pytest.raises(ad.ArchError, match="`L` decides what the model is made of: it is 2 here, and cannot be 3"):
        model.at(L=3)


def test_widths_are_those_of_the_command() -> None:
    derivation = MODEL.derivation()
    assert derivation.to_latex(width="3.25in") == derivation.to_latex(width=3.25) != derivation.to_latex()


# ---------------------------------------------------------------- models are values


def test_a_model_does_not_change() -> None:
    for name in ("macs", "name", "anything"):
        with pytest.raises(FrozenInstanceError):
            setattr(MODEL, name, 3)
    assert copy.copy(MODEL) is MODEL and copy.deepcopy([MODEL])[0] is MODEL


def test_hashes() -> None:
    derivation = MODEL.derivation()
    assert len({derivation, MODEL.derivation()}) == 1
    assert len({MODEL.at(N=4), MODEL.at(N=4), MODEL.at(N=5)}) == 2


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["f", "large"])
def test_a_model_in_another_process(variant: str, tmp_path: Path) -> None:
    """Its files need not be there, and the other process has other hashes."""
    (tmp_path / "lib.arch").write_text("layer g(x[N, D]):\n    return x -> linear(D)\n", encoding="utf-8")
    text = 'use "lib.arch"\ndim N = 8, D = 4\nmodel f(x[N, D]):\n    variant large(D = 64)\n    return x -> g\n'
    file = tmp_path / "f.arch"
    file.write_text(text, encoding="utf-8")
    model = ad.load(file, variant)
    kept = pickle.dumps((model, model.at(N=3)))
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / "kept").write_bytes(kept)
    code = "import pickle, pathlib; m, a = pickle.loads(pathlib.Path('kept').read_bytes())\n"
    code += "print(m.name, m.params, m.at().params, a.macs); print(m.derivation())"
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True, encoding="utf-8"
    )
    expected = f"{variant} {model.params} {model.at().params} {model.at(N=3).macs}\n{model.derivation()}\n"
    assert other.stdout == expected


@pytest.mark.slow
def test_quantities_and_comparisons_in_another_process(tmp_path: Path) -> None:
    attention, lstm = ad.load("attention"), ad.load("lstm")
    things = (attention["macs"], attention["macs"].value, attention.quantities, ad.compare(attention, lstm))
    (tmp_path / "kept").write_bytes(pickle.dumps(things))
    code = "import pickle, pathlib\nfor it in pickle.loads(pathlib.Path('kept').read_bytes()): print(it)"
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True, encoding="utf-8"
    )
    assert other.stdout == "".join(f"{thing}\n" for thing in things)


def test_the_page_of_a_comparison_is_one_to_play_with() -> None:
    page = ad.compare(ad.load("attention"), ad.load("lstm")).to_html()
    assert page.count('<input type="range"') >= 2  # N, D and what the layers choose
    assert "Complexity of <code>attention</code>" in page
    assert "http://" not in page.replace("http://www.w3.org/", "")


@pytest.mark.parametrize("columns", ["80", 0, -3, 2.5, None, True])
def test_a_width_that_is_none(columns: object) -> None:
    with pytest.raises(ad.ArchError, match="is no width of a text"):
        MODEL.derivation().to_text(columns=columns)  # type: ignore[arg-type]


def test_an_error_in_another_process() -> None:
    with pytest.raises(ad.ArchError) as caught:
        ad.parse("dim N\nmodel f(x[N]):\n    return y\n")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.status) == (str(caught.value), 1) and len(again.diagnostics) == 1
