"""Write the tables of tests/README.md: which file of tests proves what, and how long it takes.

python tools/tests_map.py                  rows from the files' docstrings; seconds stay as they are
python -m pytest --junitxml build/tests.xml && python tools/tests_map.py --seconds build/tests.xml
"""

import argparse
import ast
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
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
    """Return the seconds that a page's tables hold, by the file's name."""
    return {row["name"]: row["seconds"] for row in ROW.finditer(page)}


def measured_seconds(report: Path) -> dict[str, str]:
    """Return the seconds of each test file from a report of pytest's in JUnit's form."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for case in ET.parse(report).iter("testcase"):
        module = case.get("classname", "").split(".")
        names = [part for part in module if part.startswith("test_")]
        if names:
            seconds[f"{names[0]}.py"] += float(case.get("time", 0))
    return {name: f"{max(1, round(total))}" for name, total in seconds.items()}


def table(files: Iterable[Path], seconds: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of a folder's table."""
    yield "| file | what it proves | seconds |"
    yield "|---|---|---|"
    for path in files:
        known = seconds.get(path.name, UNKNOWN)
        yield f"| `{path.name}` | {what_it_proves(path)} | {known} |"


def with_tables(page: str, seconds: Mapping[str, str]) -> str:
    """Return the page with its tables made anew, each between two comments that name its folder."""
    for folder in FOLDERS:
        begin, end = f"<!-- {folder} -->\n", f"\n<!-- end of {folder} -->"
        head, _, rest = page.partition(begin)
        _, _, tail = rest.partition(end)
        rows = table(sorted((ROOT / folder).glob("test_*.py")), seconds)
        page = head + begin + "\n".join(rows) + end + tail
    return page


def main() -> None:
    """Write the tables anew."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=Path, help="a report of pytest's, in JUnit's form")
    options = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    seconds = known_seconds(page)
    if options.seconds:
        seconds |= measured_seconds(options.seconds)
    PAGE.write_text(with_tables(page, seconds), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
