"""The C library's interfaces to Linux for which Python has no function."""

import ctypes
import os
import sys

from autograder.sandbox.inside.syscalls import number_here

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def libc() -> ctypes.CDLL:
    """Return the C library. Only Linux's is useful here."""
    assert _libc is not None
    return _libc


def syscall(name: str, *arguments: object) -> int:
    """Make a system call of the table. Return the kernel's answer; -1 is a failure."""
    number = ctypes.c_long(number_here(name))
    answer = libc().syscall(number, *arguments)
    return int(answer)


def prctl(option: int, *arguments: int) -> None:
    """Change a property of this process. Raises `OSError`.

    option, arguments: see prctl(2). Omitted arguments are 0.
    """
    all_four = [*arguments, 0, 0, 0, 0][:4]
    converted = [ctypes.c_ulong(argument) for argument in all_four]
    answer = libc().prctl(ctypes.c_int(option), *converted)
    check(answer, f"prctl {option}")


def check(result: int, what: str) -> int:
    """Return the result of a call. Raises `OSError` for a failure, with `what` in its text."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result
