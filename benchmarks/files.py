"""How long every example takes, beside the import of SymPy alone; a network of 1,000 widths; a repeat of any count.

    python benchmarks/files.py [RUNS]

Medians of alternating runs of `derive FILE --json`, with bytecode caching on and warm caches.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from startup import environment_without, seconds

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").rglob("*.arch"))
FILE_LIMIT = 1.6  # of SymPy's import
WIDE_LIMIT = 2.0  # seconds
WIDE = """dim N = 16
model wide(x[N, 1]):
    for i in 1..1000:
        x = x -> linear(i + 1) -> relu
    return x
"""
REPEAT = """dim N = 16, D = 8, L = {count}
model deep(x[N, D]):
    repeat L:
        x = (x + (x -> attention(heads = 2))) -> linear(D)
    return x
"""


def main(runs: int) -> None:
    environment = environment_without("PYTHONDONTWRITEBYTECODE")
    derive = [sys.executable, "-m", "archderive"]
    sympy = [sys.executable, "-c", "import sympy"]
    with tempfile.TemporaryDirectory() as folder:
        files = {str(path.relative_to(EXAMPLES[0].parent.parent)): path for path in EXAMPLES}
        for name, text in {
            "1,000 widths": WIDE,
            "a repeat of 12": REPEAT.format(count=12),
            "a repeat of 10^9": REPEAT.format(count=10**9),
        }.items():
            files[name] = Path(folder) / f"{len(files)}.arch"
            files[name].write_text(text, encoding="utf-8")
        times: dict[str, list[float]] = {name: [] for name in ("sympy", *files)}
        for _ in range(runs + 1):
            times["sympy"].append(seconds(sympy, environment, 0))
            for name, path in files.items():
                times[name].append(seconds([*derive, str(path), "--json"], environment, 0))
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}
    print(f"medians of {runs} alternating runs, Python {sys.version.split()[0]}; SymPy {medians['sympy']:.3f} s\n")
    print(f"{'':44}  seconds  of SymPy's import")
    for name, value in sorted(medians.items(), key=lambda item: -item[1]):
        ratio = value / medians["sympy"]
        late = value > WIDE_LIMIT if name == "1,000 widths" else ratio > FILE_LIMIT
        print(f"{name:44}  {value:7.3f}  {ratio:17.2f}{'  over its limit' if late else ''}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
