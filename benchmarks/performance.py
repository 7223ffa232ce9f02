"""All of docs/performance.md: `make bench`. Over an hour; each section is a script of its own that
prints it.
"""

import os
import platform
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = {
    "latency": "One file, from the command's start",
    "whole_class": "A class whole",
    "grading": "Grading, and checking where a student works",
    "watching": "While a student works",
    "peers": "Beside other graders",
    "pages": "Pages of a class",
    "material": "What the solutions cost",
}


def main() -> None:
    versions = ", ".join(
        f"{word} {import_module(word.lower()).__version__}" for word in ("NumPy", "torch")
    )
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"{versions}"
    )
    text = (
        f"# Performance\n\nWritten by `make bench` on {machine}.\nOne thread a process.\nEach "
        "figure is a median, beside a peer or a limit in the same run.\n"
    )
    for name, title in SECTIONS.items():
        text += f"\n## {title}\n\n`python benchmarks/{name}.py`\n\n{import_module(name).page()}"
        (ROOT / "docs" / "performance.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
