"""The pages of docs/ that show commands or list what there is say what is so."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest
from archderive.conventions import conventions
from consoles import blocks, commands, derive, shown

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGE_NAMES = ("comparing.md", "conventions.md", "derivations.md", "errata.md", "plots.md")
PAGES = {name: (DOCS / name).read_text("utf-8") for name in PAGE_NAMES}
COMMANDS = [(page, command, output) for page, text in PAGES.items() for command, output in commands(text)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the pages and the examples."""
    for text in PAGES.values():
        for kind, name, content in blocks(text):
            if kind == "arch":
                (tmp_path / name).write_text(content, encoding="utf-8")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(("page", "command", "output"), COMMANDS, ids=[command for _, command, _ in COMMANDS])
def test_commands_print_what_is_shown(page: str, command: str, output: str, folder: Path) -> None:
    done = derive(*shlex.split(command)[1:])
    assert bool(done.returncode) == ("error:" in output), done.stdout
    assert re.fullmatch(shown(output), done.stdout), done.stdout


def test_the_file_of_the_conventions_holds(folder: Path) -> None:
    done = derive("tools.arch", "--check")
    assert done.returncode == 0, done.stdout


def test_every_convention_is_described() -> None:
    assert all(f"| `{name}` |" in PAGES["conventions.md"] for name in conventions())


def test_every_erratum_has_a_command() -> None:
    sections = re.split(r"^## ", PAGES["errata.md"], flags=re.MULTILINE)[1:]
    assert len(sections) >= 7 and all("```console" in section for section in sections)


@pytest.mark.slow
def test_the_table_of_models_is_up_to_date() -> None:
    made = runpy.run_path(str(DOCS / "make_models.py"))["page"]()
    assert (DOCS / "models.md").read_text("utf-8") == made, "python docs/make_models.py"
