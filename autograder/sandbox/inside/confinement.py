"""The layers that a worker sets up around itself: limits, Landlock and a seccomp filter.

A worker does so after the fork and before the first line of a submission. From then on it is one
process that computes: it cannot start another, open a socket, write a file or send a signal to
another process, and none of this can be undone. Linux on x86_64 and aarch64; on aarch64 no worker
has run yet, but a test runs its filter instruction by instruction.
"""

import platform
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.errors import NEEDS_LINUX
from autograder.sandbox.inside import landlock, seccomp
from autograder.sandbox.inside.kernel import prctl

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
MAX_OPEN_FILES = 64


@dataclass(frozen=True)
class Walls:
    """The parts that can be made once, before any worker is forked.

    ruleset: the descriptor of the Landlock ruleset.
    filter: the seccomp filter.
    """

    ruleset: int
    filter: seccomp.Filter


def make_walls(readable: Sequence[str], listed: Sequence[str], abi: int) -> Walls:
    """Make the layers, which restrict nobody until a process enters them with `confine`.

    readable, listed, abi: see `landlock.make_ruleset`.
    Raises `OSError`.
    """
    ruleset = landlock.make_ruleset(readable, listed, abi)
    filter = seccomp.make_filter(platform.machine())
    return Walls(ruleset, filter)


def confine(walls: Walls, cpu_seconds: int, address_space: int) -> None:
    """Confine this process irreversibly.

    cpu_seconds: CPU time; the kernel kills a process that uses more.
    address_space: bytes of memory; more of it is a `MemoryError`.
    Raises `OSError`. Then no untrusted code may run in this process.
    """
    _set_limits(cpu_seconds, address_space)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    landlock.enter(walls.ruleset)
    seccomp.enter(walls.filter)


def _set_limits(cpu_seconds: int, address_space: int) -> None:
    import resource  # only Unix has it, and every system is examined for what is missing

    limits = {
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_AS: address_space,
        resource.RLIMIT_FSIZE: 0,  # bytes of a file that it writes
        resource.RLIMIT_CORE: 0,  # bytes of a core dump
        resource.RLIMIT_NPROC: 0,  # processes and threads
        resource.RLIMIT_NOFILE: MAX_OPEN_FILES,
        resource.RLIMIT_MEMLOCK: 0,  # bytes of memory that cannot be swapped out
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))


def die_with_parent() -> None:
    """End this process when the thread that started it ends. Raises `OSError`."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def missing() -> list[str]:
    """Return what this machine lacks for confining a submission: sentences that say what to do."""
    if sys.platform != "linux":
        return [f"this is {platform.system()}. {NEEDS_LINUX}"]
    found = []
    if platform.machine() not in seccomp.AUDIT_ARCHITECTURE:
        found.append(
            f"no list of system calls for {platform.machine()}. Grade on x86_64 or aarch64."
        )
    elif landlock.newest_abi() == 0:
        found.append(
            "the kernel has no Landlock. "
            "It needs Linux 5.13 or newer with `landlock` among its `lsm=`."
        )
    try:
        with open("/proc/self/status") as status:
            has_filters = "Seccomp_filters" in status.read()
    except OSError:
        found.append("/proc is not mounted. Mount it.")
    else:
        if not has_filters:
            found.append("the kernel has no seccomp filters. It needs CONFIG_SECCOMP_FILTER.")
    return found
