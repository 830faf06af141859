"""The page to play with: what it holds without a browser, and what happens in one when sizes are chosen."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import archderive
import pytest
from archderive import cli
from archderive.comparison import documents_of
from archderive.crossover import crossings
from archderive.derivation import Request
from archderive.document import Play
from archderive.errors import Source
from archderive.quantities import Measures
from archderive.renderer import render
from archderive.session import open_source
from browser import Browser
from clock import slowness
from test_html import EVIL, PAGE, Reader, looked_at

EXAMPLES = Path(archderive.__file__).resolve().parent.parent / "examples"
MATHEMATICS = {"math", "mrow", "mi", "mn", "mo", "mtext", "msub", "msup", "mfrac", "munder", "munderover", "msqrt"}
TABLE = [str(path) for path in sorted((EXAMPLES / "table1").glob("*.arch"))]
TEN = ["transformer", "bert", "gpt2", "t5", "albert", "distilbert", "llama", "mistral", "gemma", "qwen2"]
TWO = """
dim N as "n" = 64 "tokens", D = 8 "width", h = 2 "heads"
assume h divides D
model one(x[N, D]):
    return x -> attention(heads = h, bias = false)
dim k = 3 "kernel", r = 5 "reach"
assume r < N
model two(x[N, D]):
    S[n, j in -r..r] = sum[d] x[n, d] * x[n + j, d]
    y[n, d] = sum[j] S[n, j] * x[n + j, d]
    return y
"""


def measured(text: str) -> list[Measures]:
    return list(open_source(Source("two.arch", text)).measures().values())


def page_of(text: str) -> str:
    return render(documents_of(measured(text), Request(playable=True), detailed=False), "html")


def play_of(text: str) -> Play:
    (play,) = [d.play for d in documents_of(measured(text), Request(playable=True), detailed=False) if d.play]
    return play


def written(files: list[str], to: Path) -> Path:
    assert cli.main([*files, "--html", "-o", str(to / "page.html")]) == 0
    return to / "page.html"


# ---------------------------------------------------------------- what the page holds


def test_sizes_that_look_alike_are_one() -> None:
    play = play_of(TWO)
    assert [(size.key, size.start, size.note) for size in play.sizes] == [
        ("N", 64, "tokens"), ("D", 8, "width"), ("h", 2, "heads"), ("r", 5, "reach"),
    ]  # fmt: skip
    assert [name for name, _ in play.quantities] == ["params", "macs", "sequential", "path"]
    assert (play.sizes[play.x].key, play.quantities[play.y][0]) == ("N", "macs")
    assert {(fact.kind, fact.models) for fact in play.facts} == {
        ("divides", ("one",)), ("order", ("two",)),  # of each only those that have its sizes
    }  # fmt: skip


def test_where_models_disagree_the_start_holds_for_most() -> None:
    one = "dim D = 16\nmodel one(x[D]; h = 4):\n    assume h divides D\n    return x -> linear(h)\n"
    two = "model two(x[D]; g = 8, h = 8):\n    assume g divides h\n    return x -> linear(g)\n"
    sizes = {size.key: size for size in play_of(one + two).sizes}
    assert dict(sizes["h"].examples) == {0: 4, 1: 8}
    assert (sizes["h"].start, sizes["g"].start) == (8, 8)


def test_names_of_the_address_are_told_apart() -> None:
    text = (
        "dim x = 4, y = 3\nmodel one(t[x, y]):\n    return t -> linear(y)\nmodel two(t[x, y]):\n    return t -> relu\n"
    )
    assert [size.key for size in play_of(text).sizes] == ["x.2", "y.2"]


def test_only_the_script_of_the_page_may_run() -> None:
    page = page_of(TWO)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"; script-src 'sha256-{digest}'\"" in page
    assert "eval(" not in script and "Function(" not in script and "fetch" not in script
    read = Reader(page).top
    assert not any(name.startswith("on") for element in read for name in element.attributes)


def test_the_page_can_be_read_without_scripts() -> None:
    read = Reader(page_of(TWO)).top
    (section,) = [element for element in read.all("section") if element.attributes.get("class") == "play"]
    assert "hidden" in section.attributes
    assert len(read.all("noscript")) == 1
    titles = [heading.words for details in read.all("details") for heading in details.all("summary")[0].all("h2")]
    assert titles == ["Complexity of one", "Complexity of two"]


def test_one_model_and_other_formats_are_as_before() -> None:
    one = documents_of(measured(TWO)[:1], Request(playable=True), detailed=False)
    assert "<script" not in render(one, "html")
    several = documents_of(measured(TWO), Request(playable=True), detailed=False)
    assert several[0].play is not None
    for format in ("latex", "markdown", "typst", "text"):
        assert render(several[:1], format) == render([replace(several[0], play=None)], format)  # type: ignore[arg-type]


def test_nobodys_words_break_out() -> None:
    words = EVIL.replace('"', "").replace("\\", "")
    text = TWO.replace('"tokens"', f'"{words}"').replace(
        "    return y", f'    quantity q = 2 * macs "{words}"\n    return y'
    )
    page = page_of(text)
    read = Reader(page).top
    assert page.count("<script") == page.count("</script>") == 2
    tags = {"script", "noscript", "svg", "input", "label", "select", "option", "button", "output", "i", *MATHEMATICS}
    assert {element.tag for element in read} - {"", "h4"} <= PAGE | tags
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    assert words in [size["title"].removeprefix("n, ") for size in json.loads(data)["sizes"]]


def test_size_of_the_page(tmp_path: Path) -> None:
    assert written(TABLE, tmp_path).stat().st_size < 150_000


# ---------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(TABLE, tmp_path_factory.mktemp("table"))


SETTLED = "new Promise(done => setTimeout(done, 400))"


def opened(browser: Browser, page: Path, width: int, fragment: str = "") -> None:
    """The page, after what it says a moment later."""
    browser.open(page, width, fragment=fragment)
    browser.ask(SETTLED)


def choose(browser: Browser, **values: str) -> None:
    """Sizes typed into their fields, by what stands before them."""
    for title, text in values.items():
        browser.ask(f"""(() => {{
          const field = [...document.querySelectorAll('.sizes input[type=text]')]
            .find(one => one.ariaLabel.startsWith({json.dumps(title)} + ','));
          field.focus(); field.value = {json.dumps(text)};
          field.dispatchEvent(new Event('input')); field.dispatchEvent(new Event('change'));
        }})()""")
    browser.ask(SETTLED)


def values(browser: Browser) -> dict[str, list[str]]:
    """What stands in the table of values, by model."""
    found: dict[str, list[str]] = browser.ask(
        """Object.fromEntries([...document.querySelectorAll('.values tbody tr')].map(row =>
          [row.querySelector('th').textContent, [...row.querySelectorAll('output')].map(one => one.textContent)]))"""
    )
    return found


def turns(browser: Browser) -> list[str]:
    found: list[str] = browser.ask("[...document.querySelectorAll('.turns li')].map(one => one.textContent)")
    return [line.replace("\u00a0", " ") for line in found]


@pytest.mark.slow
def test_a_slider_moves_values_crossing_and_address(browser: Browser, table: Path) -> None:
    """Vaswani et al. 2017, Table 1: self-attention takes 2n²d and the recurrence 2nd², so they meet at n = d."""
    opened(browser, table, 1280)
    assert values(browser)["self_attention"] == ["0", "1,073,741,824", "6", "1"]
    assert "Below n = 512 self_attention needs less, above it recurrent does; there they are equal." in turns(browser)
    before = browser.ask("document.querySelector('.plot .line').getAttribute('d')")
    browser.ask("document.querySelectorAll('.sizes input[type=range]')[2].focus()")
    browser.press("ArrowRight")
    browser.ask(SETTLED)
    assert values(browser)["self_attention"] == ["0", f"{2 * 1024**2 * 640:,}", "6", "1"]
    assert values(browser)["recurrent"][:2] == [f"{2 * 640**2:,}", f"{2 * 1024 * 640**2:,}"]
    assert "Below n = 640 self_attention needs less, above it recurrent does; there they are equal." in turns(browser)
    assert "640" in browser.ask("[...document.querySelectorAll('.plot .at')].map(one => one.textContent)")
    assert browser.ask("document.querySelector('.plot .line').getAttribute('d')") != before
    assert browser.ask("location.hash") == "#k=3&N=1024&D=640&r=65&x=N&y=macs"
    assert "d = 640" in browser.ask("document.querySelector('.live').textContent")
    opened(browser, table, 360, fragment="#k=3&N=1024&D=640&r=65&x=N&y=macs")
    assert values(browser)["self_attention"] == ["0", f"{2 * 1024**2 * 640:,}", "6", "1"]
    assert "Below n = 640 self_attention needs less, above it recurrent does; there they are equal." in turns(browser)
    assert browser.messages == []


@pytest.mark.slow
def test_crossings_are_those_that_python_finds(browser: Browser, table: Path) -> None:
    models = [archderive.load(path)._measures for path in TABLE]
    opened(browser, table, 1280, fragment="#k=5&N=2048&D=192&r=33&x=N&y=macs")
    said = turns(browser)
    titles = list(values(browser))
    sizes = {"k": 5, "N": 2048, "D": 192, "r": 33}
    expected = 0
    for i, one in enumerate(models):
        for j, other in enumerate(models[:i]):
            if one.macs.expr is None or other.macs.expr is None:
                continue
            names = {titles[i], titles[j]}
            for found in crossings(one.macs.expr, other.macs.expr, "N", sizes, last=2**20):
                if found.at <= 33:
                    continue  # the page draws each model where what it assumes holds: from n = k or n = r on
                expected += 1
                # where there are steps it is the first size of the new order, and just before they may be equal
                places = [f"n = {int(found.at) - less:,}" for less in (0, 1)]
                lines = [line for line in said if all(name in line for name in names)]
                assert any(place in line for place in places for line in lines), (places, names, said)
    assert expected >= 4


@pytest.mark.slow
def test_large_numbers_are_exact(browser: Browser, table: Path) -> None:
    n, d = 10**39 + 7, 3 * 10**20 + 1
    opened(browser, table, 1280)
    choose(browser, n=str(n), d=str(d))
    found = values(browser)
    assert found["self_attention"][1] == f"{2 * n**2 * d:,}"
    assert found["recurrent"][:3] == [f"{2 * d**2:,}", f"{2 * n * d**2:,}", f"{n + 1:,}"]
    assert found["convolutional"][3] == str(next(p for p in range(200) if 3**p >= n))
    assert browser.messages == []


@pytest.mark.slow
def test_no_value_where_an_assumption_does_not_hold(browser: Browser, table: Path) -> None:
    opened(browser, table, 1280)
    choose(browser, n="64")
    assert values(browser)["restricted_self_attention"] == ["–"] * 4
    assert values(browser)["self_attention"][1] == f"{2 * 64**2 * 512:,}"
    (line,) = browser.ask(
        "[...document.querySelectorAll('.broken li')].filter(one => !one.hidden).map(one => one.textContent)"
    )
    assert "is not so at these sizes" in line and "restricted_self_attention" in line
    choose(browser, n="65")
    assert values(browser)["restricted_self_attention"][1] == f"{2 * 65 * 65 * 512:,}"


TYPED = {
    "4096": "4,096", "4,096": "4,096", "2^12": "4,096", "4 096": "4,096", "1e4": "10,000",
    "0": "", "-3": "", "1.5": "", "many": "", "": "", "9" * 70: "", "2^999": "",
}  # fmt: skip


@pytest.mark.slow
def test_typed_sizes(browser: Browser, table: Path) -> None:
    opened(browser, table, 360)
    for text, shown in TYPED.items():
        choose(browser, n="1024")
        choose(browser, n=text)
        invalid = browser.ask("document.querySelectorAll('.sizes [aria-invalid]').length")
        assert (invalid, bool(browser.ask("document.querySelector('.said').textContent"))) == (
            (0, False) if shown else (1, True)
        ), text
        assert f"n = {shown or '1,024'}," in browser.ask("document.querySelector('.live').textContent")
    assert browser.messages == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "fragment", ["#N=abc", "#a=%E0%A4%A", "#x=&y==&=&&N", "#N=4096&D=0", "#x=nothing&y=macs", "#forms"]
)
def test_an_address_that_says_nothing(fragment: str, browser: Browser, table: Path) -> None:
    opened(browser, table, 360, fragment=fragment)
    assert len(values(browser)) == 6
    assert bool(browser.ask("document.querySelector('.said').textContent")) == (fragment != "#forms")
    assert browser.messages == []


@pytest.mark.slow
def test_what_is_chosen(browser: Browser, table: Path) -> None:
    opened(browser, table, 1280, fragment="#x=D&y=path&bars=scale")
    assert "Maximum path length along d" in browser.ask("document.querySelector('.turns-title').innerText")
    browser.ask("""(() => { const box = document.querySelector('select.y'); box.value = '0';
      box.dispatchEvent(new Event('change')); })()""")
    browser.ask(SETTLED)
    assert "self_attention: 0" in browser.ask("document.querySelector('.plot figcaption').textContent")
    assert browser.ask("location.hash").endswith("&x=D&y=params&bars=scale")
    browser.ask("document.querySelector('.copy').click()")
    browser.ask(SETTLED)
    link: Any = browser.ask("document.querySelector('.link').hidden || document.querySelector('.link').value")
    assert link is True or link.endswith("&y=params&bars=scale")
    assert browser.messages == []


@pytest.mark.slow
@pytest.mark.parametrize("files", [TABLE, ["transformer", "llama"]], ids=["table", "transformers"])
def test_looks_in_a_browser(files: list[str], browser: Browser, tmp_path: Path) -> None:
    page = written(files, tmp_path)
    assert looked_at(browser, page) == []


@pytest.mark.slow
def test_every_control_has_a_name(browser: Browser, table: Path) -> None:
    opened(browser, table, 360)
    tree = browser._ask("Accessibility.getFullAXTree")["nodes"]
    kinds = {"slider", "textbox", "combobox", "button", "checkbox"}
    controls = [node for node in tree if node.get("role", {}).get("value") in kinds]
    assert {node["role"]["value"] for node in controls} == kinds
    assert all(node["name"]["value"].strip() for node in controls)
    sliders = [node["name"]["value"] for node in controls if node["role"]["value"] == "slider"]
    assert len(sliders) == 4 and "sequence length" in sliders[1]


# A function asked for before the move runs before the page draws it, and one asked for after the move afterwards.
FRAMES = """(async () => {
  const ranges = [...document.querySelectorAll('.sizes input[type=range]')], taken = [];
  for (let n = 0; n < 40; n += 1) {
    const range = ranges[n % ranges.length];
    let start;
    requestAnimationFrame(() => { start = performance.now(); });
    range.value = String(Number(range.value) + (n % 3 ? 1 : -1));
    range.dispatchEvent(new Event('input'));
    taken.push(await new Promise(done => requestAnimationFrame(() => {
      document.body.getBoundingClientRect();
      done(performance.now() - start);
    })));
  }
  return taken;
})()"""


@pytest.mark.slow
def test_a_move_is_drawn_within_a_frame(browser: Browser, tmp_path: Path) -> None:
    """16 ms with ten models: the script and the layout."""
    page = written(TEN, tmp_path)
    opened(browser, page, 1280)
    taken = browser.ask(FRAMES)
    times = sorted(taken)
    assert times[len(times) // 2] < 16 * slowness(), times
