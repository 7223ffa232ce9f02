"""Try packages of other subjects inside the sandbox, and write the table of what works there.

python benchmarks/packages.py [PACKAGE …] [--print]

Run it with a Python that has the packages, in an environment of their own: this project does not
need most of them.

    python -m venv ../packages && ../packages/bin/pip install -e ".[authoring]" \
        scipy pandas scikit-learn statsmodels sympy networkx polars matplotlib Pillow

Each package gets a small course. Its exercises are the functions below, each a use that a course
would make; each runs as a submission does when it is graded, in a process of its own, and again
without a sandbox. It works where both answer, and the answers agree.

--print: print the table, and write no page.
"""

import argparse
import importlib.metadata
import platform
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from autograder.check import Answer, Check
from autograder.course import Unit, load_unit, read_course
from autograder.judging import is_right
from autograder.sandbox import client
from autograder.sandbox.client import CannotConfine, Server
from autograder.sandbox.inside.runner import run_experiment
from autograder.sandbox.inside.submission import Submission

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "measurements" / "packages.md"
SEED = 7
SECONDS = 20.0  # CPU time for each function

TRIED = Path(__file__).parent / "tried"  # one script for each package
ALSO = {"networkx": ("scipy",), "statsmodels": ("pandas",)}  # further packages of a script
MODULES = {"scikit-learn": "sklearn", "Pillow": "PIL"}  # imported under another name
PACKAGES = (
    *("numpy", "scipy", "pandas", "scikit-learn", "statsmodels", "sympy", "networkx", "polars"),
    *("matplotlib", "Pillow"),
)


@dataclass(frozen=True)
class TriedPackage:
    """A package and the script that uses it."""

    package: str

    @property
    def script(self) -> str:
        """Return the script: all its functions are tried except those with an underscore."""
        name = self.package.lower().replace("-", "_")
        return (TRIED / f"{name}.py").read_text(encoding="utf-8")

    @property
    def functions(self) -> Sequence[str]:
        """Return the names of the functions to try."""
        return re.findall(r"^def ([a-z]\w*)\(", self.script, re.M)

    @property
    def packages(self) -> Sequence[str]:
        """Return the names of the packages that the script may import."""
        return tuple(dict.fromkeys(("numpy", self.package, *ALSO.get(self.package, ()))))


@dataclass(frozen=True)
class FoundBehindWalls:
    """The outcome of one function: "" if it works, else what was seen."""

    function: str
    fault: str


@dataclass(frozen=True)
class Outcome:
    """The outcome of a package. seconds: to start a server, mostly imports."""

    tried: TriedPackage
    version: str
    seconds: float
    found: Sequence[FoundBehindWalls]

    @property
    def faults(self) -> Sequence[FoundBehindWalls]:
        """Return the failures."""
        return [one for one in self.found if one.fault]


def unit_of(tried: TriedPackage, folder: Path) -> Unit:
    """Write the course of a package, with a check for each function."""
    settings = ["format = 1", 'title = "Tried"', "public_seed = 1", 'units = ["tried"]']
    for package in tried.packages:
        module = MODULES.get(package, package)
        settings += [f'[packages."{package}"]', f'install = "{package}"', f'module = "{module}"']
    checks = [
        "import numpy as np",
        "from autograder.check import UnitSettings, check, named",
        f"SETTINGS = UnitSettings(packages={tried.packages!r})",
    ]
    for name in tried.functions:
        checks.append(
            f"@check(points=1, seconds={SECONDS})\n"
            f"def check_{name}(unit, seed):\n"
            f'    """`{name}` works"""\n'
            f'    return named("found", unit.{name}(np.random.default_rng(seed)))'
        )
    files = {
        "course.toml": "\n".join(settings),
        "checks/tried.py": "\n\n\n".join(checks),
        "solutions/tried.py": tried.script,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text + "\n", encoding="utf-8")
    return load_unit(read_course(folder), "tried")


def tried_out(tried: TriedPackage) -> Outcome:
    """Run each function of a package inside the sandbox, with bubblewrap and without, and outside.

    Many containers have no bubblewrap. Raises `PackageNotFoundError`.
    """
    version = importlib.metadata.version(tried.package)
    with tempfile.TemporaryDirectory() as folder:
        unit = unit_of(tried, Path(folder))
        began = time.perf_counter()
        try:
            with Server(unit) as server:
                _ask(server, unit.checks[0])
                seconds = time.perf_counter() - began
                faults = _faults(server)
            with patch.object(client, "bubblewrap", lambda: None), Server(unit) as server:
                without = _faults(server)
        except CannotConfine as error:
            seconds = time.perf_counter() - began
            faults = without = dict.fromkeys(tried.functions, str(error))
    found = []
    for name in tried.functions:
        fault = faults[name]
        if not fault and without[name]:
            fault = f"without bubblewrap: {without[name]}"
        found.append(FoundBehindWalls(name, fault))
    return Outcome(tried, version, seconds, found)


def _faults(server: Server) -> dict[str, str]:
    """Return the failure of each function in a sandbox, "" if it works."""
    faults = {}
    for check in server.unit.checks:
        name = check.name.removeprefix("check_")
        faults[name] = _fault(check, _ask(server, check), _without_sandbox(server.unit, check))
    return faults


def _ask(server: Server, check: Check) -> Answer:
    with server.worker(_script(server.unit), "tried.py") as worker:
        return worker.ask(check, SEED)


def _script(unit: Unit) -> bytes:
    return unit.course.solution("tried").read_bytes()


def _without_sandbox(unit: Unit, check: Check) -> Answer:
    submission = Submission(_script(unit), "tried.py")
    return run_experiment(check, submission, SEED, unit.experiments.reset, only_once=True)


def _fault(check: Check, inside: Answer, outside: Answer) -> str:
    if inside.failure:
        return inside.message.strip() or str(inside.failure)
    if outside.failure:
        return f"fails without a sandbox, too: {outside.message}"
    loose = replace(check, tolerance={"found": 1e-6})
    return "" if is_right(loose, outside, inside) else "another answer than without a sandbox"


def page(outcomes: Sequence[Outcome]) -> str:
    """Return the page."""
    rows = []
    faults = []
    for one in outcomes:
        working = [each.function.replace("_", " ") for each in one.found if not each.fault]
        rows.append(
            f"| {one.tried.package} | {one.version} | {len(working)} of {len(one.found)} | "
            f"{one.seconds:.1f} | {', '.join(working)} |"
        )
        told: dict[str, list[str]] = {}  # failure → its functions
        for each in one.faults:
            told.setdefault(_cell(each.fault), []).append(each.function.replace("_", " "))
        for text, functions in told.items():
            faults.append(f"| {one.tried.package} | {', '.join(functions)} | {text} |")
    head = HEAD.format(python=platform.python_version())
    if not faults:
        faults = ["| none | | |"]
    return "\n".join([head, *rows, "", *FAULTS, *faults, "", TAIL, ""])


def _cell(text: str) -> str:
    in_one_line = re.sub(r"/tmp/\w+", "/tmp/…", " ".join(text.split()))
    return in_one_line.replace("|", "\\|")[:300]


HEAD = """# Packages in the sandbox

Written by `python benchmarks/packages.py`, with Python {python}.

For each package, a submission runs typical uses in the sandbox, each in a separate process.
A use works if it gives the same answer as without a sandbox.
Each was tried with and without bubblewrap, which many containers forbid.
Seconds are those until the first answer, most of them imports; a class waits once for them.

| package | version | works | seconds | tried, and works |
|---|---|---|---|---|"""
FAULTS = (
    "What does not work, and what the student reads:",
    "",
    "| package | tried | what is seen |",
    "|---|---|---|",
)
TAIL = """A submission has one process and one thread, and no files but those that it is handed.
So let scikit-learn and SciPy use one job (`n_jobs=None`, `workers=1`), and write into `io.StringIO()` or `io.BytesIO()`."""


def main() -> None:
    """Try the named packages, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", nargs="*")
    parser.add_argument("--print", action="store_true", dest="only_print")
    options = parser.parse_args()
    outcomes = []
    for package in options.package or PACKAGES:
        tried = TriedPackage(package)
        try:
            outcome = tried_out(tried)
        except importlib.metadata.PackageNotFoundError:
            print(f"{package}: not installed here", file=sys.stderr)
            continue
        outcomes.append(outcome)
        print(
            f"{tried.package}: {len(outcome.found) - len(outcome.faults)} of {len(outcome.found)}",
            file=sys.stderr,
        )
    text = page(outcomes)
    if options.only_print or options.package:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
