"""Every mistake in a model: a file in `cases/errors`, and beside it the complete message and the exit status.

A first line `# derive ...` gives the arguments after the name of the file; without it the file alone is derived.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from archderive.cli import main
from clock import at_most

CASES = Path(__file__).parent / "cases" / "errors"
FILES = sorted(path for path in CASES.glob("*.arch") if not path.name.startswith("used_"))


def arguments(path: Path) -> list[str]:
    """What is given to the command: the file, and the options of its first line."""
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    return [path.name, *(first.removeprefix("# derive ").split() if first.startswith("# derive ") else [])]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_message(
    path: Path, update_golden: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CASES)
    with at_most(10):
        status = main(arguments(path))
    found = f"{capsys.readouterr().err}exit {status}\n"
    golden = path.with_suffix(".expected")
    if update_golden:
        golden.write_text(found, encoding="utf-8")
    assert golden.exists(), f"{golden.name} is missing: run with --update-golden and read it"
    assert found == golden.read_text(encoding="utf-8")


def test_every_expected_message_has_its_file() -> None:
    assert {path.stem for path in CASES.glob("*.expected")} == {path.stem for path in FILES}
