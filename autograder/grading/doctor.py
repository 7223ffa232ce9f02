"""What works on this machine, what does not, and how to mend it."""

import platform
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from autograder import data
from autograder.course import Course, MissingPackage, Unit, load_unit
from autograder.errors import UserError, extra
from autograder.sandbox import client
from autograder.sandbox.inside import confinement, landlock


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `needed`: for official grading."""

    what: str
    works: bool
    words: str
    needed: bool


def examine(course: Course | None) -> Iterator[Finding]:
    """Look at this machine, one thing after another; and at what a course needs, if one is
    given.
    """
    yield Finding(
        "Python",
        sys.version_info >= (3, 11),
        f"{platform.python_version()}; 3.11 or newer is needed",
        True,
    )
    lacking = confinement.missing()
    abi = landlock.newest_abi()
    seen = (
        f"Linux {platform.release()}, Landlock {abi}{_older(abi)}, seccomp"
        if sys.platform == "linux"
        else ""
    )
    yield Finding("a worker's own walls", not lacking, " ".join(lacking) or seen, True)
    if not lacking and course:
        yield from _servers(course)
    for name, why in OPTIONAL.items():
        yield _package(name, why)
    if course:
        for name, package in course.about.packages.items():
            yield _package(
                name, f"{package.why}: pip install '{package.install}'".removeprefix(": ")
            )
        for name in data.names(course):
            yield _corpus(course, name)


OPTIONAL = {
    "nbgrader": f"for courses in nbgrader: {extra('nbgrader')}",
    "distributed": f"for --cluster: {extra('cluster')}",
    "ipykernel": "for notebooks: pip install jupyterlab",
}


def _older(abi: int) -> str:
    """What an older Landlock lacks, and what stands in for it."""
    later = {
        2: "moving files",
        3: "emptying files",
        4: "TCP",
        5: "device controls",
        6: "signals and abstract sockets",
    }
    missing = [what for version_, what in later.items() if version_ > abi]
    return (
        f" (knows nothing of {', '.join(missing)}: seccomp refuses these here)" if missing else ""
    )


def _servers(course: Course) -> Iterator[Finding]:
    """Start a server as grading does, for the first unit whose packages are here; its worker tries
    to break out.
    """
    attempts = "a worker that tries to break out"
    try:
        with client.Server(_first_unit(course)) as server:
            yield Finding(attempts, True, f"was held by {', '.join(server.walls)}", True)
            why = server.why_no_bubblewrap
    except UserError as error:
        yield Finding(attempts, False, str(error), True)
        return
    mend = "A worker's own walls hold alone. To have it: Ubuntu, sysctl -w "
    mend += (
        "kernel.apparmor_restrict_unprivileged_userns=0; Docker, --security-opt seccomp=unconfined "
    )
    mend += "--security-opt apparmor=unconfined."
    yield Finding(
        "bubblewrap, a second wall",
        not why,
        f"does not start ({why}). {mend}" if why else "starts",
        False,
    )


def _first_unit(course: Course) -> Unit:
    """The first unit that can be loaded here. Raises `MissingPackage` of the last one where none
    can.
    """
    for name in course.units[:-1]:
        with suppress(MissingPackage):
            return load_unit(course, name)
    return load_unit(course, course.units[-1])


def _package(name: str, why: str) -> Finding:
    try:
        return Finding(name, True, version(name), False)
    except PackageNotFoundError:
        return Finding(name, False, f"is not installed; {why}", False)


def _corpus(course: Course, name: str) -> Finding:
    try:
        return Finding(f"data: {name}", True, str(data.find(course, name, fetch=False)), False)
    except data.NoData as error:
        return Finding(f"data: {name}", False, str(error), False)
