"""What works on this machine, what does not, and how to mend it."""

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from autograder import data
from autograder.course import find_unit
from autograder.sandbox import client
from autograder.sandbox.inside import confinement


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `needed`: for official grading."""

    what: str
    works: bool
    words: str
    needed: bool


def examine() -> Iterator[Finding]:
    """Look at this machine, one thing after another."""
    yield Finding("Python", sys.version_info >= (3, 11), f"{platform.python_version()}; 3.11 or newer is needed", True)
    lacking = confinement.missing()
    abi = confinement.landlock_abi()
    seen = f"Linux {platform.release()}, Landlock {abi}{_older(abi)}, seccomp" if sys.platform == "linux" else ""
    yield Finding("a worker's own walls", not lacking, " ".join(lacking) or seen, True)
    if not lacking:
        yield from _servers()
    yield from (_package(name, why) for name, why in OPTIONAL.items())
    for name in data.names():
        yield _corpus(name)


OPTIONAL = {
    "torch": "for units 0 to 3 and 5: pip install 'rnn-autograder[torch]'",
    "nbgrader": "for courses in nbgrader: pip install 'rnn-autograder[nbgrader]'",
    "distributed": "for --cluster: pip install 'rnn-autograder[cluster]'",
    "ipykernel": "for notebooks: pip install jupyterlab",
}


def _older(abi: int) -> str:
    """What an older Landlock lacks, and what stands in for it."""
    later = {2: "moving files", 3: "emptying files", 4: "TCP", 5: "device controls", 6: "signals and abstract sockets"}
    missing = [what for version_, what in later.items() if version_ > abi]
    return f" (knows nothing of {', '.join(missing)}: seccomp refuses these here)" if missing else ""


def _servers() -> Iterator[Finding]:
    """A server as grading starts one: its worker tries to break out."""
    attempts = "a worker that tries to break out"
    try:
        with client.Server(find_unit("unit4")) as server:
            yield Finding(attempts, True, f"was held by {', '.join(server.walls)}", True)
            why = server.why_no_bubblewrap
    except (client.CannotConfine, client.ServerGone) as error:
        yield Finding(attempts, False, str(error), True)
        return
    mend = "A worker's own walls hold alone. To have it: Ubuntu, sysctl -w "
    mend += "kernel.apparmor_restrict_unprivileged_userns=0; Docker, --security-opt seccomp=unconfined "
    mend += "--security-opt apparmor=unconfined."
    yield Finding("bubblewrap, a second wall", not why, f"does not start ({why}). {mend}" if why else "starts", False)


def _package(name: str, why: str) -> Finding:
    try:
        return Finding(name, True, version(name), False)
    except PackageNotFoundError:
        return Finding(name, False, f"is not installed; {why}", False)


def _corpus(name: str) -> Finding:
    try:
        return Finding(f"data: {name}", True, str(data.find(name, fetch=False)), False)
    except data.NoData as error:
        return Finding(f"data: {name}", False, str(error), False)
