"""Run the proofs that a change calls for, and record what is proven.

python tools/proofs.py              the proofs that are not proven for the files as they are
python tools/proofs.py --all        every proof
python tools/proofs.py --list       say which proofs would run, and run none
python tools/proofs.py NAME …       these proofs, such as `release`, or `material` for all its units

A proof is a set of tests with the mark `proof`, which `make test` leaves out, and the files on
which their outcome depends. Its hash covers the contents of these files, the versions of all
installed packages, Python and the system. A proof is recorded with its hash when all of its tests
have passed and none was skipped. It runs again as soon as the hash differs.

The record is `.proofs.json`: git ignores it, CI caches it, and without it every proof runs.
This file is also the plugin of pytest that selects the tests and writes the record.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / ".proofs.json"
FOLDERS = (ROOT / "tests", ROOT / "autograder" / "tests")
PROVEN_BY_MAKE_TEST = "unit4"  # the unit whose tests have no mark `proof`

# Patterns of files: a later one overrules an earlier one, `!` excludes, and `*` crosses folders.
HELPERS = (
    "conftest.py",
    "pyproject.toml",
    "tests/*.py",
    "autograder/tests/*",
    "!tests/test_*",
    "!autograder/tests/test_*",
)
ENGINE = ("autograder/*", *HELPERS)
# files that neither make nor judge an answer
AROUND = ("cli", "intake", "integrations", "report", "review")
JUDGING = (*ENGINE, *(f"!autograder/{package}/*" for package in AROUND))
COURSE = ("course.toml", "checks/*", "solutions/*", "assignments/*", "datasets/*", "drawings/*")
ONE_UNIT = (*COURSE, "!*/unit*", "*/{unit}*")  # files that all units share, and the unit's own
# further files in a release and its wheel
RELEASED = (
    "README.md",
    "LICENSE*",
    "docs/student.md",
    "docs/glossary.md",
    "docs/lesson*",
    "docs/five_seeds.md",
)


@dataclass(frozen=True)
class Proof:
    """A set of tests, and the files on which their outcome depends."""

    name: str
    says: str  # a sentence on what it proves
    tests: tuple[str, ...]  # files of tests, without "test_" and ".py"
    depends: tuple[str, ...]  # patterns of files, in addition to the test files
    unit: str = ""  # the proof holds the tests of this unit, or those of no unit

    @property
    def patterns(self) -> tuple[str, ...]:
        """Patterns of all files on which the outcome depends."""
        own = [f"*/test_{name}.py" for name in self.tests]
        return (*(pattern.format(unit=self.unit) for pattern in self.depends), *own)


def units() -> list[str]:
    """Return the short names of the units that only proofs test, such as `unit3`."""
    settings = tomllib.loads((ROOT / "course.toml").read_text(encoding="utf-8"))
    shorts = [name.partition("_")[0] for name in settings["units"]]
    return [short for short in shorts if short != PROVEN_BY_MAKE_TEST]


def for_each_unit(
    name: str, says: str, tests: tuple[str, ...], depends: tuple[str, ...]
) -> Iterator[Proof]:
    """Yield a proof for each unit."""
    for unit in units():
        yield Proof(f"{name} of {unit}", says, tests, (*depends, *ONE_UNIT), unit)


PAGES = "pages"  # the proof of all tests that open a browser, whatever file they are in
MATERIAL = ("material", "styles", "keys", "integers", "own_words")
PROOFS = (
    Proof(
        "material",
        "What holds for the material of all units holds.",
        MATERIAL,
        (*JUDGING, "benchmarks/*.py", *COURSE),
    ),
    *for_each_unit(
        "material",
        "Solutions and styles earn all points, stubs none, and mistakes are told apart.",
        MATERIAL,
        (*JUDGING, "benchmarks/*.py"),
    ),
    *for_each_unit(
        "runs",
        "A unit runs as a script and as a notebook, and a right answer runs its examples.",
        ("scripts", "callers", "examples"),
        (*ENGINE, "tests/submissions/*"),
    ),
    Proof(
        "class",
        "The golden class gets its grades, and no hostile submission gets more than its own.",
        ("golden", "class_pages", "class_exports", "hostile", "hostile_folders", "hostile_kinds"),
        (
            *ENGINE,
            *COURSE,
            "tests/submissions/*",
            "tests/hostile/*",
            "docs/attacks.md",
            "docs/policy.md",
            "docs/recipes.md",
        ),
    ),
    Proof(
        "term",
        "From a platform's download to its table nobody is lost, also of a made-up class.",
        ("class_of_300", "round_trip"),
        (*ENGINE, *COURSE, "tests/submissions/*", "tools/class_of_300.py", "docs/privacy.md"),
    ),
    Proof(
        "training",
        "Bounds of training, the lesson's models and the counts of chance are measured right.",
        ("calibrate", "reproduce", "chance", "grader_page"),
        (*ENGINE, *COURSE, "benchmarks/*", "docs/measurements/grader*", "docs/policy.md"),
    ),
    Proof(
        "capstone",
        "The capstone is built, graded and attacked, with a budget of seconds.",
        ("capstone",),
        (*ENGINE, "capstone/*", "solutions/unit2*"),
    ),
    Proof(
        "nbgrader",
        "nbgrader, unchanged, runs its own commands on the courses that we build.",
        ("class_nbgrader", "nbgrader_bridge", "hostile_nbgrader"),
        (*ENGINE, *COURSE),
    ),
    Proof(
        "packages",
        "Packages of other subjects work in the sandbox, as far as the table says.",
        ("packages",),
        (*ENGINE, "benchmarks/packages.py", "benchmarks/tried/*", "docs/measurements/packages.md"),
    ),
    Proof(
        "release",
        "A release holds what students get and no answer, and all of it works.",
        ("release",),
        (*ENGINE, *COURSE, *RELEASED),
    ),
    Proof(
        "elsewhere",
        "The wheel works where nothing else is installed, on services, and in a container.",
        ("second_course", "services", "operations", "site"),
        (
            *ENGINE,
            "README.md",
            "LICENSE*",
            "course.toml",
            "requirements/*",
            "Dockerfile",
            ".dockerignore",
            "docs/operations.md",
        ),
    ),
    Proof(
        "authors",
        "A new course, the recipes and an author's own code work as the pages say.",
        ("new", "recipes", "own_code", "students_way"),
        (*ENGINE, "README.md", "LICENSE*", "docs/recipes.md", "tools/*"),
    ),
    Proof(
        "walls",
        "The sandbox's walls hold for somebody who owns nothing as they do for root.",
        ("confinement",),
        (*ENGINE, "autograder/tests/test_*"),
    ),
    Proof(
        "cluster",
        "On several machines grades are what they are on one.",
        ("cluster",),
        ENGINE,
    ),
    Proof(
        "windows",
        "A student's way works in Python for Windows, under Wine.",
        ("windows",),
        (*ENGINE, "README.md", "LICENSE*", "tools/*"),
    ),
    Proof(
        PAGES,
        "All pages are shown in Chromium, accessible, without running or fetching anything.",
        (),
        (*ENGINE, *COURSE, "tests/submissions/*", "tests/test_*", "autograder/tests/test_*"),
    ),
)


def proof_of(nodeid: str, marks: Container[str]) -> str:
    """Return the name of the proof that a test with the mark `proof` belongs to."""
    if "browser" in marks:
        return PAGES
    file = Path(nodeid.partition("::")[0]).stem.removeprefix("test_")
    named = re.search(r"\[[^\]]*\b(unit\d+)_", nodeid)
    found = [proof for proof in PROOFS if file in proof.tests]
    of_unit = [proof.name for proof in found if named and proof.unit == named[1]]
    of_all = [proof.name for proof in found if not proof.unit]
    for name in (*of_unit, *of_all):
        return name
    raise LookupError(f"{nodeid} has the mark `proof`, and no proof of tools/proofs.py names it")


# ---- changed files


def files() -> list[str]:
    """Return the paths of all files of the checkout that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    names = {os.fsdecode(name) for name in listed.split(b"\0") if name}
    return sorted(name for name in names if (ROOT / name).is_file())


def matched(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Return the names whose last matching pattern does not begin with `!`."""

    def is_in(name: str) -> bool:
        fits = [one for one in patterns if fnmatchcase(name, one.removeprefix("!"))]
        return bool(fits) and not fits[-1].startswith("!")

    return [name for name in names if is_in(name)]


def surroundings() -> str:
    """Return the system, Python's version and those of all packages, as one text."""
    packages = {f"{one.metadata['Name']} {one.version}" for one in distributions()}
    return "\n".join([platform.platform(), sys.version, *sorted(packages)])


def hashes(proofs: Iterable[Proof]) -> dict[str, str]:
    """Return the hash of each proof, by its name."""
    names, around = files(), surroundings()
    contents: dict[str, str] = {}
    found = {}
    for proof in proofs:
        lines = [around]
        for name in matched(names, proof.patterns):
            if name not in contents:
                contents[name] = sha256((ROOT / name).read_bytes()).hexdigest()
            lines.append(f"{name} {contents[name]}")
        found[proof.name] = sha256("\n".join(lines).encode()).hexdigest()
    return found


def recorded() -> dict[str, str]:
    """Return the hashes with which proofs were last proven, by their names; {} without a record."""
    try:
        record: dict[str, str] = json.loads(RECORD.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record


# ---- the plugin of pytest


def pytest_addoption(parser: Any) -> None:
    """Add the option that selects proofs."""
    parser.addoption("--proofs", default="", help="names of proofs, with commas")


def pytest_configure(config: Any) -> None:
    """Select the tests of the proofs that are named."""
    names = config.getoption("--proofs").split(",")
    config.pluginmanager.register(Selection(names, hasattr(config, "workerinput")))


class Selection:
    """Selects the tests of some proofs, and records the proofs that pass."""

    def __init__(self, names: Sequence[str], is_worker: bool) -> None:
        """Create the plugin.

        names: of proofs. is_worker: whether another process keeps the record.
        """
        self.names = names
        self.is_worker = is_worker
        self.hashes = {} if is_worker else hashes(proof for proof in PROOFS if proof.name in names)
        self.outcomes: dict[str, Counter[str]] = {name: Counter() for name in names}

    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        """Keep the tests of the selected proofs."""
        kept: list[Any] = []
        others: list[Any] = []
        for item in items:
            name = proof_of(item.nodeid, item.keywords) if "proof" in item.keywords else ""
            (kept if name in self.names else others).append(item)
        items[:] = kept
        config.hook.pytest_deselected(items=others)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Count the outcomes of each proof's tests."""
        if report.when == "call" or not report.passed:
            self.outcomes[proof_of(report.nodeid, report.keywords)][report.outcome] += 1

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Record the proofs whose tests all passed, unless the run was interrupted."""
        if self.is_worker or int(exitstatus) not in (0, 1):
            return
        record = recorded()
        for name, outcome in self.outcomes.items():
            record.pop(name, None)
            if set(outcome) == {"passed"}:
                record[name] = self.hashes[name]
        text = json.dumps(record, indent=1, sort_keys=True)
        RECORD.write_text(f"{text}\n", encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the proofs that are not proven."""
        for line in unproven(self.outcomes):
            terminalreporter.write_line(line)


def unproven(outcomes: Mapping[str, Counter[str]]) -> Iterator[str]:
    """Yield a line for each proof that failed, was skipped in part, or had no test."""
    for name, outcome in outcomes.items():
        if outcome["failed"]:
            yield f"Not proven: {name}, {outcome['failed']} failed."
        elif outcome["skipped"]:
            yield f"Not proven here: {name}, {outcome['skipped']} skipped."
        elif not outcome["passed"]:
            yield f"Not proven: {name}, none of its tests was found."


# ---- the command


def chosen(named: Sequence[str], whole: bool) -> tuple[list[Proof], list[Proof]]:
    """Return the proofs to run, and those already proven.

    named: names of proofs; a family's stands for the proofs of all units.
    whole: run proven ones, too.
    """
    known = {name for proof in PROOFS for name in (proof.name, proof.name.partition(" of ")[0])}
    unknown = [name for name in named if name not in known]
    if unknown:
        sys.exit(f"There is no proof {unknown[0]}. There are: {', '.join(sorted(known))}.")
    asked = [
        proof
        for proof in PROOFS
        if not named or {proof.name, proof.name.partition(" of ")[0]} & set(named)
    ]
    if named or whole:
        return asked, []
    record, now = recorded(), hashes(asked)
    to_run = [proof for proof in asked if record.get(proof.name) != now[proof.name]]
    return to_run, [proof for proof in asked if proof not in to_run]


def paths(proofs: Iterable[Proof]) -> list[str]:
    """Return the files that contain the tests of proofs."""
    found = set()
    for proof in proofs:
        if proof.name == PAGES:
            return [str(folder) for folder in FOLDERS]
        names = [f"test_{name}.py" for name in proof.tests]
        found |= {folder / name for folder in FOLDERS for name in names}
    return sorted(str(path) for path in found if path.is_file())


def main() -> None:
    """Print which proofs run, and which do not and why; run them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="proofs to run, proven or not")
    parser.add_argument("--all", action="store_true", help="run proven ones too")
    parser.add_argument("--list", action="store_true", help="run none")
    parser.add_argument("-n", metavar="WORKERS", help="of pytest")
    options = parser.parse_args()
    to_run, proven = chosen(options.names, options.all)
    for proof in to_run:
        print(f"To prove: {proof.name}. {proof.says}")
    for proof in proven:
        print(f"Left out: {proof.name}. Nothing on which it depends has changed since it passed.")
    if options.list or not to_run:
        return
    command = [sys.executable, "-m", "pytest", "-p", "proofs", "-m", "proof"]
    command += ["-n", options.n] if options.n else []
    command += ["--proofs", ",".join(proof.name for proof in to_run), *paths(to_run)]
    places = [str(ROOT / "tools"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    sys.exit(subprocess.call(command, cwd=ROOT, env=environment))


if __name__ == "__main__":
    main()
