"""How long the command takes to start and to answer, beside the import of SymPy alone.

    python benchmarks/startup.py [RUNS]

Medians of alternating runs, with bytecode caching on and warm caches; the first run with an empty grammar cache stands
beside them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "attention.arch"
WRONG = "dim N, D\nmodel wrong(x[N, D]):\n    return (x\n"
SYMPY = 'python -c "import sympy"'
LIMITS = {"derive --latex": 1.4, "derive --help": 0.4, "derive, a syntax error": 0.4}


def seconds(command: list[str], environment: dict[str, str], status: int) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    elapsed = time.perf_counter() - start
    if done.returncode != status:
        raise SystemExit(f"{' '.join(command)} gave status {done.returncode}:\n{done.stderr}")
    return elapsed


def environment_without(variable: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != variable}


def main(runs: int) -> None:
    environment = environment_without("PYTHONDONTWRITEBYTECODE")
    with tempfile.TemporaryDirectory() as folder:
        wrong = Path(folder) / "wrong.arch"
        wrong.write_text(WRONG, encoding="utf-8")
        derive = [sys.executable, "-m", "archderive"]
        commands = {
            SYMPY: ([sys.executable, "-c", "import sympy"], 0),
            "python -c pass": ([sys.executable, "-c", "pass"], 0),
            "derive --latex": ([*derive, str(EXAMPLE), "--latex"], 0),
            "derive --help": ([*derive, "--help"], 0),
            "derive, a syntax error": ([*derive, str(wrong)], 1),
        }
        for command, status in commands.values():  # bytecode
            seconds(command, environment, status)
        environment["XDG_CACHE_HOME"] = str(Path(folder) / "cache")
        command, status = commands["derive --latex"]
        first = seconds(command, environment, status)

        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, (command, status) in commands.items():
                times[name].append(seconds(command, environment, status))

    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"medians of {runs} alternating runs, Python {sys.version.split()[0]}\n")
    print(f"{'':36}  seconds  of SymPy's import   limit")
    for name, median in medians.items():
        limit = f"{LIMITS[name]:.1f}" if name in LIMITS else ""
        print(f"{name:36}  {median:7.3f}  {median / medians[SYMPY]:17.2f}  {limit:>6}")
    print(f"{'derive --latex, empty grammar cache':36}  {first:7.3f}  {first / medians[SYMPY]:17.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
