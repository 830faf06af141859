"""How long it takes to lay out the derivation of each example, in every format: CPU seconds of the first document of a
process, templates and modules included, without the garbage collector, which the command switches off; the least of
several processes.

    python benchmarks/rendering.py [EXAMPLE …]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
FORMATS = ("latex", "markdown", "html", "typst", "text")
RUNS = 5
# The model is opened once; each document is laid out in a fork, which has loaded nothing of the renderer.
PROGRAM = f"""
import gc, os, sys, time
gc.disable()
from archderive.comparison import documents_of
from archderive.derivation import Request
from archderive.session import open_path

found = documents_of(list(open_path(sys.argv[1]).measures().values()), Request(), detailed=False)

def seconds(format):
    reading, writing = os.pipe()
    if not os.fork():
        begin = time.process_time()
        from archderive.renderer import render
        render(found, format)
        os.write(writing, str(time.process_time() - begin).encode())
        os._exit(0)
    os.wait()
    return float(os.read(reading, 100))

for format in {FORMATS}:
    print(min(seconds(format) for _ in range({RUNS})))
"""


def main() -> None:
    examples = sys.argv[1:] or [str(path) for path in sorted(EXAMPLES.rglob("*.arch"))]
    print(f"{'':28}" + "".join(f"{name:>10}" for name in FORMATS))
    for example in examples:
        command = [sys.executable, "-c", PROGRAM, example]
        seconds = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        print(f"{Path(example).stem:28}" + "".join(f"{float(second):10.3f}" for second in seconds), flush=True)


if __name__ == "__main__":
    main()
