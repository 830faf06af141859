"""What every script here shares: short numbers, and the file of goldens beside the script that makes them.

Run a script to write its goldens again; the tests only read what was written.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def short(value: Any) -> Any:
    """Nested lists with every number in twelve significant digits."""
    if isinstance(value, list):
        return [short(part) for part in value]
    if isinstance(value, float):
        number = float(f"{value:.12g}")
        return int(number) if number.is_integer() else number
    return value


def write(name: str, goldens: Sequence[dict[str, Any]]) -> None:
    """One golden to a line, in `name`.json."""
    names = [golden["name"] for golden in goldens]
    assert len(set(names)) == len(names), [name for name in names if names.count(name) > 1]
    lines = ",\n".join(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) for golden in goldens)
    (Path(__file__).parent / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
