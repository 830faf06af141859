"""README.md says what is so.

```arch NAME.arch     a model file, there for the commands and the Python; its `expect` lines hold, unless a command
                      shows the error that is in it
```console            `$ derive …` and what it prints; a line `…` stands for any lines that are left out
```pycon              a session in Python, run as a doctest
```sh                 a command that sets up the project in a copy of it (slow)
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from consoles import blocks, commands, derive, shown

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = blocks(README)
FILES = {name: text for kind, name, text in BLOCKS if kind == "arch"}
COMMANDS = commands(README)
WRONG = {word for command, output in COMMANDS if "error:" in output for word in command.split()}
SESSIONS = [text for kind, _, text in BLOCKS if kind == "pycon"]
SETUPS = [line for kind, _, text in BLOCKS if kind == "sh" for line in text.splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files of the README and the examples."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_blocks_are_all_of_a_kind_that_is_checked() -> None:
    assert {kind for kind, _, _ in BLOCKS} == {"arch", "console", "pycon", "sh"}
    assert README.count("```") == 2 * len(BLOCKS)
    assert all(FILES) and len(FILES) == sum(kind == "arch" for kind, _, _ in BLOCKS), "each file has a name of its own"
    assert len(SETUPS) == 2
    assert "```console\n$ derive" in README and all(command.startswith("derive ") for command, _ in COMMANDS)


def test_the_first_file_has_eight_lines() -> None:
    assert len(next(iter(FILES.values())).splitlines()) == 8


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(FILES) - WRONG))
def test_models_are_derived_and_their_expectations_hold(name: str, folder: Path) -> None:
    done = derive(name)
    assert done.returncode == 0 and "warning" not in done.stdout, done.stdout
    done = derive(name, "--check")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_commands_print_what_is_shown(command: str, output: str, folder: Path) -> None:
    done = derive(*shlex.split(command)[1:])
    assert done.returncode == ("error:" in output), done.stdout
    assert re.fullmatch(shown(output), done.stdout), done.stdout


@pytest.mark.parametrize("session", SESSIONS)
def test_python_sessions(session: str, folder: Path) -> None:
    test = doctest.DocTestParser().get_doctest(session, {}, "README.md", None, 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


@pytest.mark.slow
@pytest.mark.parametrize("command", SETUPS)
def test_setting_up(command: str, tmp_path: Path) -> None:
    """The commands as they stand, in a copy of the project; of the tests, which are running already, two files."""
    copy = tmp_path / "archderive"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".*", "*.egg-info", "build", "dist", "node_modules", "__pycache__")
    )
    if (ROOT / "tests" / "node" / "node_modules").is_dir():
        (copy / "tests" / "node" / "node_modules").symlink_to(ROOT / "tests" / "node" / "node_modules")
    assert command.startswith("python3 ")
    python = shlex.quote(str(getattr(sys, "_base_executable", sys.executable)))
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTEST_CURRENT_TEST")
    }
    environment |= {"PYTHONIOENCODING": "utf-8", "PYTEST_ADDOPTS": "-q -x -k 'test_must_show or test_parser'"}
    done = subprocess.run(
        ["bash", "-c", python + command.removeprefix("python3")],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout[-5000:]
    if "pytest" not in command:
        assert r"3 D^{2} N + 2 D N^{2}" in done.stdout
