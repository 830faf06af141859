"""How long it takes to lay out the derivation of each example, in every format: CPU seconds of the first document of a
process, templates and modules included; the least of several processes.

    python benchmarks/rendering.py [EXAMPLE …]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
FORMATS = ("latex", "markdown", "html", "typst", "text")
RUNS = 3
PROGRAM = """
import sys, time
from archderive.comparison import documents_of
from archderive.derivation import Request
from archderive.session import open_path
found = documents_of(list(open_path(sys.argv[1]).measures().values()), Request(), detailed=False)
begin = time.process_time()
from archderive.renderer import render
render(found, sys.argv[2])
print(time.process_time() - begin)
"""


def seconds(example: str, format: str) -> float:
    command = [sys.executable, "-c", PROGRAM, example, format]
    return min(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(RUNS))


def main() -> None:
    examples = sys.argv[1:] or [str(path) for path in sorted(EXAMPLES.rglob("*.arch"))]
    print(f"{'':28}" + "".join(f"{name:>10}" for name in FORMATS))
    for example in examples:
        print(f"{Path(example).stem:28}" + "".join(f"{seconds(example, f):10.3f}" for f in FORMATS), flush=True)


if __name__ == "__main__":
    main()
