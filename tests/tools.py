"""What tests need from outside: programs, skipped where one is missing and failing in CI, and random examples."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings


def tool(name: str) -> str:
    """The path of a program; without it the test is skipped, but fails where everything must be tested."""
    found = shutil.which(name)
    if found is None:
        missing = f"{name} is not installed"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    return found


def compiled(source: str, engine: str, folder: Path, *, once: bool = False) -> str:
    """The log of a LaTeX run: of the last, for one that makes labels or long tables asks for another. `once` is enough
    to see that everything fits; what is said of labels is left out then."""
    (folder / "paper.tex").write_text(source, encoding="utf-8")
    command = [tool(engine), "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    for _ in range(3):
        run = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        log = (folder / "paper.log").read_text(encoding="utf-8", errors="replace")
        assert run.returncode == 0, log[-2000:]
        if once:
            return re.sub(
                r"^LaTeX Warning: (?:Label\(s\)|There were undefined references|Reference).*$", "", log, flags=re.M
            )
        if "Rerun" not in log:
            break
    return log


COMPLAINTS = re.compile(r"^.*(?:Warning|Overfull|Underfull|Missing character|undefined).*$", re.MULTILINE)


def mathematics_read(markdown: str) -> dict[str, Any]:
    """What KaTeX and MathJax say of every formula of a Markdown text: `errors`, and the `count` of formulas."""
    node = Path(__file__).parent / "node"
    if not (node / "node_modules").is_dir():
        missing = "npm install has not run in tests/node"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    command = [tool("node"), str(node / "render.mjs")]
    run = subprocess.run(command, input=markdown, capture_output=True, text=True, encoding="utf-8", check=True)
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


def trials(number: int) -> settings:
    """So many random examples in CI, and a quarter of them in a developer's run."""
    return settings(max_examples=number if os.environ.get("CI") else number // 4, deadline=None)
