"""docs/language.md says what is so.

```arch             a complete file; its `expect` lines hold, and everything is derived without an error
```arch NAME.arch   the same, and a file that others may use
```arch error       a wrong file, and the message of `derive model.arch` in the ```text block that follows; words after
                    `error` are options of the command
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from archderive.cli import main
from archderive.errors import Source
from archderive.quantities import BY_NAME
from archderive.session import open_source

ROOT = Path(__file__).resolve().parent.parent
MANUAL = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
GRAMMAR = (ROOT / "grammar" / "arch.lark").read_text(encoding="utf-8")
STATEMENTS = sorted(set(re.findall(r'^[a-z]+: +"([a-z]+)"', GRAMMAR, re.MULTILINE)))
BLOCKS = re.findall(r"^```(\w+)(?: ([^\n]*))?\n(.*?)^```$", MANUAL, re.MULTILINE | re.DOTALL)
RIGHT = [(name, text) for kind, name, text in BLOCKS if kind == "arch" and not name.startswith("error")]
WRONG = [
    (name.split()[1:], text, message)
    for (kind, name, text), (_, _, message) in pairwise(BLOCKS)
    if kind == "arch" and name.startswith("error")
]


def title(text: str) -> str:
    """The first model of a block, for the names of the tests."""
    found = re.search(r"^model (\w+)", text, re.MULTILINE)
    return found[1] if found else "none"


def slug(heading: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the manual that have names."""
    for name, text in RIGHT:
        if name:
            (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("text", [text for _, text in RIGHT], ids=[title(text) for _, text in RIGHT])
def test_what_the_manual_claims(text: str, folder: Path) -> None:
    session = open_source(Source("model.arch", text), None, folder)
    measures = session.measures()
    checks = session.check(measures)
    assert [check.diagnostic().format() for check in checks if not check.holds] == []
    assert len(checks) == len(re.findall(r"^ +expect ", text, re.MULTILINE))
    for of_model in measures.values():
        for name in (*BY_NAME, *of_model.defined):
            of_model.quantity(name)


@pytest.mark.parametrize(("options", "text", "message"), WRONG, ids=[title(text) for _, text, _ in WRONG])
def test_messages(
    options: list[str], text: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "model.arch").write_text(text, encoding="utf-8")
    assert main(["model.arch", *options]) == 1
    said = capsys.readouterr()
    assert said.err + said.out == message


def test_the_blocks_are_all_of_a_kind_that_is_checked() -> None:
    assert {kind for kind, _, _ in BLOCKS} == {"arch", "text"}
    assert MANUAL.count("```") == 2 * len(BLOCKS) + MANUAL.count("````")
    assert len(WRONG) == sum(kind == "text" for kind, _, _ in BLOCKS), "each message follows a wrong file"
    assert {"dim", "layer", "model", "repeat", "opaque"} < set(STATEMENTS)
    assert all("expect " in text for _, text in RIGHT), "each example says what it costs"


@pytest.mark.parametrize("keyword", STATEMENTS)
def test_every_statement_has_an_example(keyword: str) -> None:
    assert any(re.search(rf"^ *{keyword}\b", text, re.MULTILINE) for _, text in RIGHT)
    assert f"`{keyword}`" in MANUAL.partition("\n## Keywords\n")[2]


def test_every_link_has_its_heading() -> None:
    headings = [slug(heading) for heading in re.findall(r"^#+ (.*)$", without_blocks(), re.MULTILINE)]
    links = re.findall(r"\]\(#([^)]*)\)", MANUAL)
    assert len(set(headings)) == len(headings), "no two headings have one anchor"
    assert set(links) <= set(headings)


def without_blocks() -> str:
    """The manual without its examples, whose comments look like headings."""
    return re.sub(r"^```.*?^```$", "", MANUAL, flags=re.MULTILINE | re.DOTALL)
