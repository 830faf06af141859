"""The page: what stands where, that nobody's words become markup, and what a browser makes of it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from archderive import cli
from archderive.diagram import Line, Picture, Row
from archderive.document import (
    Bullets,
    Code,
    Document,
    Figure,
    Heading,
    Paragraph,
    Step,
    Steps,
    Strong,
    Table,
    Text,
)
from archderive.formula import Growth, Power, Product, Sum, Symbol, Words, integer
from archderive.renderer import render
from browser import Browser
from mathml_reader import MATH
from test_renderer import attention, nasty

N, D = Symbol("N"), Symbol("D")
SQUARE = Product((integer(3), Power(D, integer(2)), N))
EVIL = r"""<script>alert(1)</script> </style> ]]> --> <!-- &amp; &lt; _ & % # $ < > { } \ " ' ` ~ ^ | <b/> 宽 é"""

# ---------------------------------------------------------------- reading a page


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        """The element and all inside it, in their order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self if element.tag in tags]

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


class Reader(HTMLParser):
    """Reads a page as a tree, and fails where a tag is not closed by its own."""

    EMPTY = ("meta", "link", "wbr", "input")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.top = Element("", {})
        self.open = [self.top]
        self.feed(page)
        self.close()
        assert self.open == [self.top]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in self.EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(*documents: Document) -> Element:
    return Reader(render(documents, "html")).top


def document(*blocks: object, title: str = "a model") -> Document:
    return Document(title, (Heading(1, (title,)), *blocks))  # type: ignore[arg-type]


def picture() -> Picture:
    rows = (Row("x <0>", ("0", "1")), Row("y & z", ("0", "1")))
    line = Line((0, 0), (1, 1))
    return Picture("Dependences of <i>x</i>", rows, (line,), (line,), ((0, 0), (1, 1)), "its own <u>words</u>")


def evil() -> Document:
    """Somebody's words at every place that takes words."""
    text: Text = (EVIL, Code(EVIL), Strong(EVIL), Words(EVIL))
    return Document(
        EVIL,
        (
            Heading(1, text, anchor=EVIL),
            Heading(2, text),
            Paragraph(text),
            Bullets((text,)),
            Heading(3, (Code(EVIL),), anchor=EVIL),
            Steps((Step(Words(EVIL), "=", Words(EVIL), text), Step(None, "<", N, text))),
            Table(text, "lr", (text, text), ((text, text), (text, text)), total=True, anchor=EVIL, notes=(text,)),
            Figure(picture(), text, anchor=EVIL),
        ),
        symbols={"N": EVIL},
    )


# ---------------------------------------------------------------- what stands where


@pytest.mark.parametrize("documents", [(attention(),), (nasty(),), (evil(),), (attention(), nasty(), attention())],
                         ids=["attention", "nasty", "evil", "several"])  # fmt: skip
def test_page_is_sound(documents: tuple[Document, ...]) -> None:
    page = read(*documents)
    ids = [element.attributes["id"] for element in page if "id" in element.attributes]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in ids)
    for element in page:
        if "href" in element.attributes and element.tag == "a":
            assert unquote(element.attributes["href"]).removeprefix("#") in ids
        if "aria-labelledby" in element.attributes:
            assert element.attributes["aria-labelledby"] in ids
    levels = [int(element.tag[1]) for element in page if re.fullmatch("h[1-6]", element.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(element.attributes.get("scope") in ("col", "row") for element in page.all("th"))
    assert [element.attributes for element in page.all("html")] == [{"lang": "en"}]
    assert len(page.all("main")) == len(page.all("head")[0].all("title")) == 1


@pytest.mark.parametrize("make", [attention, nasty, evil])
def test_every_formula_is_well_formed(make: type[Document]) -> None:
    page = render(make(), "html")
    found = MATH.findall(page)
    assert len(found) == page.count("<math") == page.count("</math>")
    for formula in found:
        ET.fromstring(formula)


def test_page_needs_nothing_else() -> None:
    page = read(attention(), document(Figure(picture(), ())))
    assert page.all("script", "img", "iframe", "object", "embed", "form") == []
    assert [element.attributes["href"] for element in page.all("link")] == ["data:,"]
    assert not any(name.startswith("on") for element in page for name in element.attributes)
    assert not re.search(r"url\(|@import|https?:", " ".join(style.text for style in page.all("style")))


TAGS = """html head meta link title style body a header h1 h2 h3 p nav details summary ul li main section div span code
strong wbr table caption thead tbody tfoot tr th td figure figcaption footer"""
PAGE = set(TAGS.split())
FORMULAS = {"math", "mrow", "mi", "mn", "mo", "mtext", "msub", "msup", "mfrac"}
PICTURE = {"svg", "title", "desc", "style", "rect", "path", "circle", "text"}


def test_nobodys_words_become_markup() -> None:
    page = read(evil())
    assert {element.tag for element in page} - {""} <= PAGE | FORMULAS | PICTURE
    assert not any("alert" in name or "alert" in value for element in page for name, value in element.attributes.items()
                   if name not in ("id", "href", "aria-label", "aria-labelledby"))  # fmt: skip
    (main,) = page.all("main")
    assert main.all("p")[0].text.replace("\u00a0", " ") == EVIL * 4
    assert page.all("title")[0].text == EVIL
    assert [code.text for code in main.all("summary")] == [EVIL]


def test_control_and_private_characters_go() -> None:
    page = render(document(Paragraph(("a\x00b\x1bc\u202ed\ue000e\uf8fff", Words("a\x00\ue000b")))), "html")
    assert "abcdef" in page
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ue000-\uf8ff]", page)


def test_title_heading_and_contents() -> None:
    page = read(document(Heading(2, ("Cost of ", SQUARE), anchor="cost"), Heading(3, ("Total",)), title="a <b> model"))
    assert page.all("title")[0].text == page.all("h1")[0].text == "a <b> model"
    links = [(link.attributes["href"], link.words) for link in page.all("nav")[0].all("a")]
    assert links == [("#cost", "Cost of 3\u2062D2\u2062N"), ("#total", "Total")]
    assert page.all("a")[0].attributes == {"class": "skip", "href": "#content"}
    assert page.all("h2")[0].attributes == {"id": "cost"}


def test_several_documents_are_one_page() -> None:
    first = document(Heading(2, ("Totals",)), title="Comparison")
    second = document(Heading(2, ("Totals",)), Heading(3, (Code("linear"),)), Paragraph(("words",)), title="a model")
    page = read(first, second, second)
    assert [heading.text for heading in page.all("h1", "h2")] == ["Comparison", "Totals", "a model", "a model"]
    assert [heading.text for heading in page.all("h3", "h4")] == ["Totals", "linear"] * 2
    links = [link.attributes["href"] for link in page.all("nav")[0].all("a")]
    assert links == ["#comparison", "#a-model", "#a-model-2"]


def layers(number: int) -> Document:
    headings = [Heading(3, (Code(f"layer_{place}"),)) for place in range(number)]
    return document(Heading(2, ("Derivation",)), Heading(3, ("Own equations",)), *headings, Heading(3, ("Total",)))


@pytest.mark.parametrize(("number", "opened"), [(3, True), (10, True), (11, False)])
def test_layers_can_be_folded_and_are_open_in_a_short_page(number: int, opened: bool) -> None:
    page = read(layers(number)).all("main")[0]
    assert ["open" in details.attributes for details in page.all("details")] == [opened] * number
    assert [details.all("summary")[0].all("h3")[0].text for details in page.all("details")] == [
        f"layer_{place}" for place in range(number)
    ]
    assert [section.all("h3")[0].text for section in page.all("section")[1:]] == ["Own equations", "Total"]


def test_heading_levels_are_not_skipped() -> None:
    page = read(document(Heading(3, ("Deep",)), Heading(2, ("Part",)), Heading(3, ("Inner",))))
    assert [element.tag for element in page if re.fullmatch("h[1-6]", element.tag)] == ["h1", "h2", "h2", "h3"]


def test_table() -> None:
    body: tuple[tuple[Text, ...], ...] = (((Code("a"),), (SQUARE,), ("1,000",)), ((Strong("total"),), (N,), ("2",)))
    head: tuple[Text, ...] = (("layer",), ("macs of ", N), ())
    table = Table(("Where it comes from",), "lcr", head, body, total=True, anchor="where", notes=(("Exact.",),))
    page = read(document(table)).all("main")[0]
    (found,) = page.all("table")
    assert [caption.text for caption in found.all("caption")] == ["Where it comes from"]
    top, *rows = [[(cell.tag, cell.attributes, cell.words) for cell in row.all("th", "td")] for row in found.all("tr")]
    assert top == [
        ("th", {"scope": "col"}, "layer"), ("th", {"scope": "col", "class": "c"}, "macs of N"), ("td", {}, ""),
    ]  # fmt: skip
    assert rows[0] == [
        ("th", {"scope": "row"}, "a"), ("td", {"class": "c"}, "3\u2062D2\u2062N"), ("td", {"class": "r"}, "1,000"),
    ]  # fmt: skip
    assert len(found.all("tfoot")[0].all("tr")) == 1
    assert [note.text for note in page.all("p")] == ["Exact."]
    assert "tabindex" not in page.all("div")[0].attributes


def test_a_table_too_wide_for_a_phone_can_be_moved_by_keyboard() -> None:
    row = tuple((f"a_very_long_word_{place}",) for place in range(8))
    (holder,) = read(document(Table(("Too <wide>",), "l" * 8, row, (row,)))).all("main")[0].all("div")
    assert (holder.attributes["tabindex"], holder.attributes["role"]) == ("0", "region")
    assert holder.attributes["aria-label"] == "Too <wide>"


def test_long_words_of_a_table_may_be_broken_and_numbers_may_not() -> None:
    words = "<script>alert(1)</script> https://example.org/some/page multiplications"
    found = render(document(Table((), "lr", (("a",), ("b",)), (((words,), ("3,421,023,895,552",)),))), "html")
    assert "&lt;script&gt;<wbr>alert(" in found and "example.<wbr>org/<wbr>some/<wbr>page" in found
    assert "multiplications" in found and "3,421,023,895,552" in found


def test_figure() -> None:
    page = read(document(Figure(picture(), ("The route, ", N, " steps.")), Figure(picture(), ())))
    first, second = page.all("figure")
    assert first.all("figcaption")[0].words == "The route, N steps."
    assert "its own" not in " ".join(text.text for text in first.all("text"))
    assert "its own <u>words</u>" in " ".join(text.text for text in second.all("text"))
    assert first.all("svg")[0].attributes["role"] == "img"
    assert second.all("figcaption") == []


# ---------------------------------------------------------------- steps


def steps(*rows: Step) -> Element:
    return read(document(Steps(rows))).all("main")[0].all("div")[0]


def test_short_steps_have_their_reasons_beside_them() -> None:
    found = steps(Step(Words("macs"), "=", SQUARE, ("one product",)), Step(None, "<=", N, ("collected",)))
    assert found.attributes["class"].split() == ["steps", "beside"]
    kinds = [[cell.attributes["class"] for cell in step.all("div")[1:]] for step in found.all("div")
             if "step" in step.attributes["class"].split()]  # fmt: skip
    assert kinds == [["left", "relation", "right", "reason"], ["relation", "right", "reason"]]
    assert [cell.words for cell in found.all("div") if cell.attributes["class"] == "relation"] == ["=", "≤"]


def test_long_steps_have_their_reasons_beneath_them() -> None:
    total = Sum(tuple(Product((integer(place + 2), Power(D, integer(place)), N)) for place in range(30)))
    found = steps(Step(Words("macs"), "=", total, ("a reason that is as long as a line of the page, or longer",)))
    assert found.attributes["class"] == "steps"


def test_a_long_left_side_stands_above() -> None:
    found = steps(Step(Words("a left side that takes far more room than it should"), "=", N))
    assert [cell.attributes["class"] for cell in found.all("div")][2] == "left above"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (("Takes ", N, "."), 'Takes <span class="together"><math><mi>N</mi></math>.</span>'),
        (("(", N, ")"), '<span class="together">(<math><mi>N</mi></math>)</span>'),
        (("of [", N, ", ", D, "] at"),
         'of <span class="together">[<math><mi>N</mi></math>, <math><mi>D</mi></math>]</span> at'),
        (("a ", N, " b"), "a <math><mi>N</mi></math> b"),
        ((integer(12), " steps"), "12 steps"),
    ],
    ids=["full stop", "brackets", "shape", "alone", "number"],
)  # fmt: skip
def test_no_line_ends_between_a_formula_and_its_full_stop(text: Text, html: str) -> None:
    assert f"<p>{html}</p>" in render(document(Paragraph(text)), "html")


# ---------------------------------------------------------------- in a browser

MODELS = Path(__file__).parent.parent / "examples" / "models"
EXAMPLES = {
    "attention": ["attention"],
    "conv2d": ["conv2d"],
    "lstm": ["lstm"],
    "transformer": [str(MODELS.parent / "transformer.arch")],
    "densenet": [str(MODELS / "densenet.arch")],
    "swin": [str(MODELS / "swin.arch"), "--model", "swin_t"],
    "mixtral": [str(MODELS / "mixtral.arch")],
    "unet": [str(MODELS / "unet.arch")],
    "table1": [str(path) for path in sorted((MODELS.parent / "table1").glob("*.arch"))],
}

LOOK = """(() => {
  document.querySelectorAll('details').forEach(one => one.open = true);
  const wrong = [], width = window.innerWidth;
  const about = element => element.textContent.trim().slice(0, 60);
  const boxes = 'td,th,caption span,.left,.relation,.right,.reason,p,li,h1,h2,h3,h4,figcaption,label,.part';
  for (const formula of document.querySelectorAll('math')) {
    if (!formula.checkVisibility()) continue;
    const place = formula.getBoundingClientRect(), box = formula.closest(boxes).getBoundingClientRect();
    if (place.width <= 0 || place.height <= 0) wrong.push('no size: ' + about(formula));
    if (place.right > box.right + 1 || place.left < box.left - 1) wrong.push('sticks out: ' + about(formula));
  }
  for (const element of document.querySelectorAll('math *'))
    if (!(element instanceof MathMLElement) || element.localName === 'merror') wrong.push(element.outerHTML);
  for (const element of document.querySelectorAll('body *')) {
    if (element instanceof HTMLUnknownElement) wrong.push(element.outerHTML);
    if (element.closest('.table,.picture,.skip')) continue;
    if (element.getBoundingClientRect().right > width + 0.5) wrong.push('wider than the page: ' + about(element));
  }
  for (const table of document.querySelectorAll('.table,.picture'))
    if (table.scrollWidth > table.clientWidth + 1 && table.tabIndex !== 0) wrong.push('no way to: ' + about(table));
  if (document.documentElement.scrollWidth > width) wrong.push('the page can be moved sideways');
  if (!document.querySelector('math') || document.compatMode !== 'CSS1Compat') wrong.push('no page');
  return wrong;
})()"""

CONTRAST = """(() => {
  const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const paper = light(getComputedStyle(document.documentElement).backgroundColor);
  let least = 21;
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('svg') || !element.textContent.trim()) continue;
    const ink = light(getComputedStyle(element).color);
    least = Math.min(least, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
  }
  return least;
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


def looked_at(browser: Browser, page: Path) -> list[str]:
    """What is wrong with a page, on a phone and on a large screen, in light and in dark."""
    wrong = []
    for width in (360, 1200):
        for scheme in ("light", "dark"):
            browser.open(page, width, scheme)
            seen = [*browser.ask(LOOK), *browser.messages]
            seen += [address for address in browser.requests if not address.startswith(("file:", "data:"))]
            if (least := browser.ask(CONTRAST)) < 4.5:
                seen.append(f"contrast {least:.2f}")
            wrong += [f"{width} {scheme}: {what}" for what in seen]
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_in_a_browser(name: str, browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert cli.main([*EXAMPLES[name], "--html", "-o", str(page)]) == 0
    assert looked_at(browser, page) == []


@pytest.mark.slow
def test_tables_of_words_and_numbers_fit_a_phone(browser: Browser, tmp_path: Path) -> None:
    """Words wrap, long ones are broken, and so are formulas: the numbers are in sight."""
    grown = Growth(
        Sum((Product((*map(Symbol, "HWCD"), Symbol("d_emb"))), Product((*map(Symbol, "BNTL"), Symbol("d_ff")))))
    )
    quantities = ("multiply-adds", "parameter memory, bytes (float32)", "maximum path length", "sequential operations")
    results = tuple(((name,), (grown,), ("14,859,687,936",)) for name in quantities)
    meanings = ("image height & width, 100% of <pixels>", "<script>alert(1)</script> https://example.org/some/page")
    notation = tuple(((Symbol("d_emb"),), (words,), ("793,471",), ("1,024",)) for words in meanings)
    tables = (
        Table(("Results",), "llr", (("quantity",), ("growth",), ("at the example values",)), results),
        Table((), "llrr", (("symbol",), ("meaning",), ("example value",), ("net",)), notation),
    )
    page = tmp_path / "page.html"
    page.write_text(render(document(*tables), "html"), encoding="utf-8")
    browser.open(page, 360, "light")
    over = browser.ask("[...document.querySelectorAll('.table')].map(table => table.scrollWidth - table.clientWidth)")
    assert len(over) == 2 and max(over) <= 1


@pytest.mark.slow
def test_results_with_wide_names_are_read_on_a_phone_without_moving_them(browser: Browser, tmp_path: Path) -> None:
    """The number stands beside its name, the formula below both, and the roles of a table are said by name."""
    wide = Product(tuple(map(Symbol, ("d_model", "d_ffn", "n_layers"))))
    rows = tuple(((name,), (wide,), (Growth(wide),), ("32,436,224,000",)) for name in ("parameters", "multiply-adds"))
    head = (("quantity",), ("closed form",), ("growth",), ("at the example values",))
    page = tmp_path / "page.html"
    page.write_text(render(document(Table(("Results",), "lllr", head, rows)), "html"), encoding="utf-8")
    browser.open(page, 360, "light")
    assert (
        browser.ask("document.querySelector('.table').scrollWidth - document.querySelector('.table').clientWidth") <= 1
    )
    tops = "[...document.querySelectorAll('tbody tr:first-child > *')].map(cell => cell.getBoundingClientRect().top)"
    name, closed, growth, number = browser.ask(tops)
    assert abs(name - number) < 3 and name + 10 < closed < growth
    roles = browser.ask("[...document.querySelectorAll('tbody tr:first-child > *')].map(cell => cell.role)")
    assert roles == ["rowheader", "cell", "cell", "cell"]
    browser.open(page, 1200, "light")
    assert len({round(top) for top in browser.ask(tops)}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("make", [nasty, evil])
def test_anything_in_a_browser(make: type[Document], browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(render((make(), attention()), "html"), encoding="utf-8")
    assert looked_at(browser, page) == []


@pytest.mark.slow
def test_print_opens_what_is_folded(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    blocks: list[object] = [Heading(2, ("Derivation",))]
    for place in range(30):
        blocks += [Heading(3, (Code(f"layer_{place}"),)), *(Paragraph(("words " * 60,)) for _ in range(8))]
    page.write_text(render(document(*blocks), "html"), encoding="utf-8")
    browser.open(page, 1200, "dark")
    browser.print(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().count(b"/Type /Page\n") > 15
