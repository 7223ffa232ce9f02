"""Write the tables of tests/README.md: which file of tests proves what, and how long it takes.

python tools/tests_map.py                      rows from docstrings; seconds stay as they are
python tools/tests_map.py --measure FILE …     run these files, and write how long each takes
"""

import argparse
import ast
import re
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "tests" / "README.md"
FOLDERS = ("autograder/tests", "tests")
UNKNOWN = "?"
ROW = re.compile(r"^\| `(?P<name>test_\w+\.py)` \| .* \| (?P<seconds>\S+) \|$", re.M)


def what_it_proves(path: Path) -> str:
    """Return the first paragraph of a test file's docstring as one line."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    first_paragraph = docstring.split("\n\n")[0]
    return first_paragraph.replace("\n", " ").replace("|", "\\|")


def known_seconds(page: str) -> dict[str, str]:
    """Return the seconds in a page's tables, by the file's name."""
    return {row["name"]: row["seconds"] for row in ROW.finditer(page)}


def measured_seconds(files: Iterable[Path]) -> dict[str, str]:
    """Run each test file separately; return its CPU time, by name.

    Time on the clock would depend on other work of the machine.
    """
    seconds = {}
    for path in files:
        before = processor_seconds()
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        took = processor_seconds() - before
        seconds[path.name] = f"{max(1, round(took))}"
        last_line = done.stdout.strip().splitlines()[-1]
        print(f"{path.name}: {took:.1f} s, {last_line}", flush=True)
    return seconds


def processor_seconds() -> float:
    """Return the CPU time so far of all processes that this one started and waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def table(files: Iterable[Path], seconds: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of a folder's table."""
    yield "| file | what it proves | seconds |"
    yield "|---|---|---|"
    for path in files:
        known = seconds.get(path.name, UNKNOWN)
        yield f"| `{path.name}` | {what_it_proves(path)} | {known} |"


def with_tables(page: str, seconds: Mapping[str, str]) -> str:
    """Return the page with its tables rewritten, each between two comments that name its folder."""
    for folder in FOLDERS:
        begin = f"<!-- {folder} -->\n"
        end = f"\n<!-- end of {folder} -->"
        head, _, rest = page.partition(begin)
        _, _, tail = rest.partition(end)
        files = sorted((ROOT / folder).glob("test_*.py"))
        rows = "\n".join(table(files, seconds))
        page = head + begin + rows + end + tail
    return page


def main() -> None:
    """Rewrite the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--measure", nargs="*", type=Path, default=[], help="files to run")
    options = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    seconds = known_seconds(page)
    seconds |= measured_seconds(options.measure)
    PAGE.write_text(with_tables(page, seconds), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
