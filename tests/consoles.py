"""Commands in a document, and what it says that they print.

```arch NAME.arch     a model file that the commands may use
```console            `$ derive …` and what it prints; a line `…` stands for any lines that are left out
"""

from __future__ import annotations

import os
import re
import subprocess
import sys


def blocks(text: str) -> list[tuple[str, str, str]]:
    """(kind, name, content) of every fenced block."""
    return re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[tuple[str, str]]:
    """Every command of the `console` blocks, with its output."""
    return [
        found
        for kind, _, content in blocks(text)
        if kind == "console"
        for found in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", content, re.MULTILINE)
    ]


def derive(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command; standard error goes to its output."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "COLUMNS": "100"}
    command = [sys.executable, "-m", "archderive", *arguments]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")


def shown(expected: str) -> str:
    """The pattern of an output: its lines as they are, and any lines where a line `…` stands."""
    return "".join(
        r"(?:.*\n)*" if line.strip() == "…" else re.escape(line) + r"[ ]*\n" for line in expected.splitlines()
    )
