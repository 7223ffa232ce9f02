"""All of docs/measurements/performance.md: `make bench`, about an hour.

Each section is a script of its own that prints it.
"""

import os
import platform
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = {
    "latency": "One file, from the command's start",
    "failing_cost": "What a failing file takes more",
    "whole_class": "A class whole",
    "grading": "Grading, and checking where a student works",
    "watching": "While a student works",
    "pages": "Pages of a class",
    "material": "What the solutions cost",
    "peers": "Beside other graders",
}


def fibonacci(n: int) -> int:
    """Return a Fibonacci number by slow recursion: work for the interpreter only."""
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def yardstick() -> float:
    """Return the seconds of the best of 15 runs: builds of Python differ by a fifth."""
    took = []
    for _ in range(15):
        began = time.perf_counter()
        fibonacci(24)
        took.append(time.perf_counter() - began)
    return min(took)


def main() -> None:
    versions = ", ".join(
        f"{word} {import_module(word.lower()).__version__}" for word in ("NumPy", "torch")
    )
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{versions}"
    )
    text = (
        f"# Performance\n\nWritten by `make bench` in one run on {machine}.\n"
        f"How fast this Python is: the 24th Fibonacci number, by recursion, takes it "
        f"{1000 * yardstick():.1f} ms.\n"
        "One thread a process.\n"
        "Each figure is a median, beside a peer or a limit in the same run.\n"
    )
    for name, title in SECTIONS.items():
        print(f"{title} ({time.strftime('%H:%M')})", flush=True)
        text += f"\n## {title}\n\n`python benchmarks/{name}.py`\n\n{import_module(name).page()}"
        (ROOT / "docs" / "measurements" / "performance.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
