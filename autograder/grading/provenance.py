"""What made a result: digests of everything that a grade depends on, beside the submission.

It decides which stored result is reused, which machines may grade together, and which stored answer
matches.
"""

import ast
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from autograder.course import Course, Unit, addons
from autograder.data import corpus_name
from autograder.parsing import parse
from autograder.sandbox.readable import module_path

ENGINE = Path(__file__).parents[1]
CODE = (".py", ".tsv")  # modules, and tables that they read
# modules of the engine that take part in computing an answer
COMPUTES = ("check.py", "kinds.py", "question.py", "parsing.py", "errors.py", "sandbox/inside")


@dataclass(frozen=True)
class Provenance:
    """What a grade depends on beside the submission's bytes, and further records.

    engine: digest of the engine's code.
    unit: digest of the unit's solution, its checks and what they share.
    seed: of the experiments.
    quick: whether checks that train were left out.
    corpus: of the checks that train; empty if none ran. data: digest of the manifests, with the
    checksums, of what these checks may read.
    versions: package → version, Python among them.
    official: whether submissions were confined.
    any_name: whether names in files were accepted without comparison.
    Only for the record are the digest of course.toml (`course`), the course's title and folder, the
    version of the kit, and the sandbox's layers (`walls`).
    """

    engine: str = ""
    unit: str = ""
    seed: int = 0
    quick: bool = False
    corpus: str = ""
    data: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    official: bool = False
    any_name: bool = False
    course: str = ""
    course_title: str = ""
    course_folder: str = ""
    kit: str = ""
    walls: tuple[str, ...] = ()


# fields that decide whether a result is reused → the name of a change
DECIDES = {
    "engine": "the engine changed",
    "unit": "the checks or the solution changed",
    "seed": "another seed",
    "quick": "checks that train were switched on or off",
    "corpus": "another corpus",
    "data": "the data changed",
    "versions": "another version of Python or a package",
    "official": "the sandbox was switched on or off",
    "any_name": "names in files were compared or not",
}


def differences(one: Provenance, other: Provenance) -> list[str]:
    """Say in words how two provenances differ, as far as it decides a grade."""
    differ = []
    for name, words in DECIDES.items():
        if getattr(one, name) != getattr(other, name):
            differ.append(words)
    return differ


def provenance_of(unit: Unit, seed: int, quick: bool, official: bool, kit: str) -> Provenance:
    """Return what a grade of this unit would depend on, here and now. Raises `NoData`."""
    course = unit.course
    return Provenance(
        engine=engine_digest(),
        unit=unit_digest(unit),
        seed=seed,
        quick=quick,
        corpus="" if quick else ", ".join(_corpora(unit)),
        data="" if quick else digest_of(_manifests(unit)),
        versions=versions(unit),
        official=official,
        course=digest_of([course.folder / "course.toml"]),
        course_title=course.title,
        course_folder=str(course.folder),
        kit=kit,
    )


def _manifests(unit: Unit) -> list[Path]:
    """List the manifests of a unit's corpora; of all datasets if a check chooses its own data."""
    if any(check.measure and check.data for check in unit.checks):
        return sorted(unit.course.folder.glob("datasets/*/manifest.toml"))
    return [unit.course.folder / "datasets" / name / "manifest.toml" for name in _corpora(unit)]


def _corpora(unit: Unit) -> list[str]:
    """Return the course's corpora that a unit's checks train on, without checks' own data."""
    roles = set()
    for check in unit.checks:
        if check.measure and not check.data:
            roles.add(check.corpus)
    return sorted({corpus_name(unit.course, role) for role in roles})


def digest_of(paths: Iterable[Path]) -> str:
    """Return the sha256 of the names and contents of files, in the given order."""
    whole = sha256()
    for path in paths:
        content = path.read_bytes()
        head = f"{path.name} {len(content)} "
        whole.update(head.encode() + content)
    return whole.hexdigest()


@cache
def engine_digest() -> str:
    """Return the digest of the engine's code, its tests left out."""
    tests = ENGINE / "tests"
    files = [path for path in modules_of(ENGINE) if not path.is_relative_to(tests)]
    return digest_of(files)


@cache
def computing_digest() -> str:
    """Return the digest of the modules that compute answers; no part of the judge does."""
    files: list[Path] = []
    for name in COMPUTES:
        files.extend(modules_of(ENGINE / name))
    return digest_of(files)


def experiments_digest(unit: Unit) -> str:
    """Return the digest of a unit's experiments: their module, what checks share, add-ons.

    The points of a check are no part of it: no answer depends on them.
    """
    own, *shared = modules_of_checks(unit.course, unit.name)
    experiments = without_points(own.read_text("utf-8"))
    files = list(shared)
    for package, module in addons(unit.course).items():
        if package in unit.packages:
            addon = Path(module_path(module))
            files.extend(modules_of(addon))
    whole = own.name + experiments + digest_of(files)
    return sha256(whole.encode()).hexdigest()


def without_points(text: str) -> str:
    """Return a module of checks without the points in their decorators."""
    lines = text.encode().split(b"\n")  # a syntax tree counts columns in bytes
    for node in parse(text).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            for keyword in keywords:
                value = keyword.value
                if keyword.arg == "points" and value.lineno == value.end_lineno:
                    line = lines[value.lineno - 1]
                    rest = line[value.end_col_offset :]
                    lines[value.lineno - 1] = line[: value.col_offset] + rest
    return b"\n".join(lines).decode()


def checks_digest(course: Course, name: str) -> str:
    """Return the digest of a unit's module of checks and of shared modules."""
    return digest_of(modules_of_checks(course, name))


def modules_of_checks(course: Course, name: str) -> list[Path]:
    """List a unit's module of checks, and the shared ones."""
    own = course.checks / f"{name}.py"
    return [own, *helpers(course)]


def unit_digest(unit: Unit) -> str:
    """Return the digest of a unit's solution and experiments, and of its key, which lists variants.

    Raises `NoCourse` without a solution.
    """
    path = unit.course.solution_there(unit.name)
    key = unit.course.key(unit.name)
    solution = digest_of([path])
    listed = digest_of([key]) if key.is_file() else ""
    checks = checks_digest(unit.course, unit.name)
    whole = solution + checks + experiments_digest(unit) + listed
    return sha256(whole.encode()).hexdigest()


def helpers(course: Course) -> list[Path]:
    """List the modules of a course's folder `checks` that belong to no unit."""
    modules = sorted(course.checks.glob("*.py"))
    return [path for path in modules if path.stem not in course.units]


def versions(unit: Unit) -> dict[str, str]:
    """Return the versions of Python and of the packages that a unit's experiments compute with."""
    found = {"python": platform.python_version()}
    for name in sorted({"numpy", *unit.packages}):
        found[name] = version(name)
    return found


def modules_of(path: Path) -> list[Path]:
    """Return the files of code in a folder, tables among them; for a file, the file."""
    if path.is_file():
        return [path]
    files = [file for file in path.rglob("*") if file.suffix in CODE]
    return sorted(files)


def without_notes(provenance: Provenance) -> Provenance:
    """Return a provenance without the records, so that two machines can be compared."""
    return replace(
        provenance,
        course="",
        course_title="",
        course_folder="",
        kit="",
        walls=(),
    )
