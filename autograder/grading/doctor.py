"""What works on this machine, what does not, and how to fix it."""

import platform
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from autograder import data
from autograder.course import Course, MissingPackage, Unit, load_unit
from autograder.errors import UserError, extra


@dataclass(frozen=True)
class Examined:
    """The result of one examination.

    needed: whether official grading needs it.
    """

    what: str
    works: bool
    words: str
    needed: bool


def examine(course: Course | None) -> Iterator[Examined]:
    """Examine this machine, one thing after another, and what a course needs."""
    found = f"{platform.python_version()}; 3.11 or newer is needed"
    yield Examined("Python", sys.version_info >= (3, 11), found, needed=True)
    if sys.platform != "linux":
        yield Examined("check, watch, hint, scripts, notebooks", True, "work here", needed=False)
    yield from _walls(course)
    for name, why in OPTIONAL.items():
        yield _package(name, why)
    if course is None:
        return
    for name, package in course.about.packages.items():
        why = f"{package.why}: {package.command}" if package.why else package.command
        yield _package(name, why)
    for name in data.names(course):
        yield _corpus(course, name)


def _walls(course: Course | None) -> Iterator[Examined]:
    """Examine a worker's layers, and let it try to break out if a course gives it something."""
    from autograder.sandbox.inside import confinement, landlock

    what = "a worker's own sandbox"
    lacking = confinement.missing()
    if lacking:
        yield Examined(what, False, " ".join(lacking), needed=True)
        return
    abi = landlock.newest_abi()
    words = f"Linux {platform.release()}, Landlock {abi}{_older(abi)}, seccomp"
    yield Examined(what, True, words, needed=True)
    if course:
        yield from _servers(course)


OPTIONAL = {
    "nbgrader": f"for courses in nbgrader: {extra('nbgrader')}",
    "distributed": f"for --cluster: {extra('cluster')}",
    "canvasapi": f"for feedback --to canvas: {extra('lms')}",
    "PyYAML": f"for what Gradescope exports: {extra('lms')}",
    "ipykernel": "for notebooks: pip install jupyterlab",
}


def _older(abi: int) -> str:
    """Say what an older Landlock lacks, and what replaces it."""
    later = {
        2: "moving files",
        3: "emptying files",
        4: "TCP",
        5: "device controls",
        6: "signals and abstract sockets",
    }
    missing = [what for first_abi, what in later.items() if first_abi > abi]
    if not missing:
        return ""
    return f" (too old for {', '.join(missing)}, which seccomp refuses)"


MEND_BUBBLEWRAP = (
    "The other layers of the sandbox work without it. If it is not installed, install your "
    "system's package `bubblewrap`. To switch it on, type on Ubuntu `sudo sysctl -w "
    "kernel.apparmor_restrict_unprivileged_userns=0`; start Docker with `--security-opt "
    "seccomp=unconfined --security-opt apparmor=unconfined`."
)


def _servers(course: Course) -> Iterator[Examined]:
    """Start a server as grading does, for the first unit whose packages are here.

    Its worker tries to break out.
    """
    from autograder.sandbox import client

    attempts = "a worker that tries to break out"
    try:
        with client.Server(_first_unit(course)) as server:
            walls = ", ".join(server.walls)
            yield Examined(attempts, True, f"was held by {walls}", needed=True)
            why = server.why_no_bubblewrap
    except UserError as error:
        yield Examined(attempts, False, str(error), needed=True)
        return
    words = f"does not start ({why}). {MEND_BUBBLEWRAP}" if why else "starts"
    yield Examined("bubblewrap, a second layer", not why, words, needed=False)


def _first_unit(course: Course) -> Unit:
    """Load the first unit that can be loaded here.

    Raises `MissingPackage` for the last one if none can.
    """
    for name in course.units[:-1]:
        with suppress(MissingPackage):
            return load_unit(course, name)
    return load_unit(course, course.units[-1])


def _package(name: str, why: str) -> Examined:
    try:
        return Examined(name, True, version(name), needed=False)
    except PackageNotFoundError:
        return Examined(name, False, f"is not installed; {why}", needed=False)


def _corpus(course: Course, name: str) -> Examined:
    what = f"data: {name}"
    try:
        path = data.find(course, name, fetch=False)
    except data.NoData as error:
        return Examined(what, False, str(error), needed=False)
    return Examined(what, True, str(path), needed=False)
