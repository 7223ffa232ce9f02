"""Measure what the worst files cost the trusted process.

It measures the time and memory of reading a submission's code for its page, of reading the names in
it, which determine the diagnosis of a mistake, and of making the maximal number of changes that are
tried if nothing explains a wrong answer.

    python benchmarks/worst_files.py [--write]    # --write puts the table into docs/attacks.md
"""

import subprocess
import sys
from pathlib import Path

from autograder.grading.submissions import MAX_FILE
from autograder.sandbox.definitions import MAX_CELLS, MAX_CODE, MAX_PARTS

ROOT = Path(__file__).resolve().parents[1]


def of_length(text: str, length: int) -> str:
    return (text * (length // len(text) + 1))[:length]


def notebook(cell: str) -> str:
    """Return a notebook with the maximum of such cells."""
    return '{"cells": [' + ",".join([cell] * ((MAX_FILE - 99) // (len(cell) + 1))) + "]}"


CODE_CELL = '{"cell_type": "code", "source": ""}'
FILES = {
    "an honest script, 10 kB": of_length("def double(x):\n    return 2 * x  # twice\n\n\n", 10_000),
    "1,000,000 empty cells": "# %%\n" * 1_000_000,
    "a notebook of 5 MB of empty cells": notebook(CODE_CELL),
    "a notebook of 5 MB of `{}`": notebook("{}"),
    "as many `{}` as are read": '{"cells": [' + "{}," * (MAX_PARTS - 3) + "{}]}",
    "as many cells as are read": "# %%\na=1\n" * (MAX_CELLS - 1),
    (
        "a notebook of 5 MB of short texts"
    ): f'{{"cells": [{of_length(chr(34) + "ab" + chr(34) + ",", MAX_FILE - 204)}1]}}',
    "a notebook of 5 MB of `[`": '{"cells": ' + "[" * (MAX_FILE - 99),
    "a notebook with 5 MB of numbers in an output": (
        f'{{"cells": [{{"cell_type": "code", "source": "x = 1", "outputs": '
        f"[{of_length('1.5,', MAX_FILE - 199)}1]}}]}}"
    ),
    "a line of 5 MB": "x" * MAX_FILE,
    "names in a tuple": of_length("a,", MAX_CODE - 1),
    "names that are all bound at once": "=".join(f"a{i}" for i in range(18_000)) + "=0",
    "a name that is bound again and again": "".join(f"a=b{i}\n" for i in range(14_000)),
    "classes of empty methods": "class A:\n" + "".join(f" def f{i}(x):0\n" for i in range(7_000)),
    "a sum": of_length("1+", MAX_CODE - 2) + "1",
    "`a=1;`": of_length("a=1;", MAX_CODE - 3),
    "`'\\e';`": of_length("'\\e';", MAX_CODE - 4),
    "short statements of a method": "class A:\n def f0(x):\n  " + of_length("x;", MAX_CODE - 40),
    "f-strings": of_length("f'{a}';", MAX_CODE - 6),
    "brackets": "(" * (MAX_CODE - 1),
    "minus signs": "-" * (MAX_CODE - 2) + "1",
    "indented blocks": "".join(f"{' ' * depth}if 1:\n" for depth in range(99)) * 20,
    "lambdas": of_length("lambda:", MAX_CODE - 8) + "1",
    "attributes": "a" + of_length(".a", MAX_CODE - 2),
    "cells that parse only together": "# %%\n(\n" * (MAX_CELLS - 1),
    "broken cells": "# %%\n)\n" * (MAX_CELLS - 1),
    "long broken cells": f"# %%\n){'+1' * 30}\n" * (MAX_CELLS - 1),
    "entries of a dict": "def double(d):\n return [" + of_length('d["a"],', MAX_CODE - 50) + "0]\n",
    "parameters": (
        f"def double({','.join(f'a{i}' for i in range(9_000))}):\n"
        f" return {','.join(f'a{i}' for i in range(9_000))}\n"
    ),
    "lines of nothing": "def double(d):\n" + of_length(' ""\n', MAX_CODE - 50) + "\n",
    "small functions": "".join(f"def a{i}():return\n" for i in range(6_000)),
    "a lambda of many lines": (
        "def double(x):\n " + "0;" * 8_000 + "0\ny=lambda:(" + "\n" * 60_000 + "0)\n"
    ),
    "products": "def double(a):\n return " + of_length("a*1+", MAX_CODE - 50) + "a\n",
    "strings": of_length('"""\n', MAX_CODE - 4),
    "comments": of_length("#\n", MAX_CODE - 2),
    "magics": of_length("%x\n", MAX_CODE - 3),
    "modules, and methods that are called": (
        f"import {','.join(f'm{i}' for i in range(12_000))}\n"
        + "".join(f"def a{i}():\n " + "a.b();" * 600 + "\n" for i in range(12))
    ),
    "a condition of a long text": (
        f"def double(x):\n    return {'1 and ' * 1_000}'{'é' * 100_000}'\n"
    ),
    "entries of entries of a text": f"def double(x):\n    return '{'é' * 100_000}'{'[0]' * 900}\n",
    "a line of lambdas": of_length("a=lambda:0;", MAX_CODE - 11),
}
CHILD = """
import resource, sys, time, warnings
from itertools import islice
from autograder.explaining.repairs import MOST, groups_of_changes
from autograder.report.code import lines, parts
from autograder.sandbox.definitions import read_definitions, script_of
warnings.simplefilter("always")
source = sys.stdin.buffer.read()
read_definitions(b"def double(x): return x")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.process_time()
found = read_definitions(source)
shown = [lines(definition) for definition in parts(found, ["double", "a"], ["double"])]
script = script_of(source)
if script is not None:
    functions = ["", "double", *(f"A.f{i}" for i in range(7_000)), *(f"a{i}" for i in range(7_000))]
    for changes in groups_of_changes(script, functions):
        for change in islice(changes, MOST):
            len(change.script)
seconds = time.process_time() - began
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(seconds, grown / 1024, len(found))
"""


def measure(text: str) -> tuple[float, float, int, int]:
    """Return seconds, megabytes, definitions and stderr lines, measured in a separate process."""
    command = [sys.executable, "-c", CHILD]
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=600)
    lines = done.stderr.count(b"\n")
    if done.returncode:
        return float("nan"), float("nan"), -1, lines
    seconds, megabytes, found = done.stdout.split()
    return float(seconds), float(megabytes), int(found), lines


def main() -> None:
    rows = ["| file | seconds | MB | definitions found |", "|---|---|---|---|"]
    for name, text in FILES.items():
        seconds, megabytes, found, said = measure(text)
        row = f"| {name} | {seconds:.2f} | {megabytes:.0f} | {found} |"
        print(row, f"  ({said} lines on stderr)" if said else "", flush=True)
        rows.append(row)
    if "--write" in sys.argv:
        page = ROOT / "docs" / "attacks.md"
        before, rest = page.read_text(encoding="utf-8").split("<!-- worst files -->\n")
        after = rest.partition("<!-- end of worst files -->")[2]
        table = "\n".join([*rows, "", f"Python {sys.version.split()[0]}."])
        page.write_text(
            f"{before}<!-- worst files -->\n{table}\n<!-- end of worst files -->{after}",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
