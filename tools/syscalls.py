"""Fill in the numbers in the sandbox's table of system calls.

    python tools/syscalls.py          write the numbers into the table
    python tools/syscalls.py --check  write nothing; exit code 1 if a number differs

The numbers come from libseccomp, whose tables are made from the kernel's sources. It knows every
architecture on any machine. To add a call, write a line with dashes for its numbers and run this.
To add an architecture, write a column of dashes.
"""

import argparse
import ctypes
import sys
from pathlib import Path

TABLE = Path(__file__).parents[1] / "autograder" / "sandbox" / "inside" / "syscalls.tsv"
NO_SUCH_NAME = -1  # libseccomp's error code; numbers below it mark calls of other architectures
NO_SUCH_ARCHITECTURE = 0


def main() -> int:
    """Write or check the table. Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    old = TABLE.read_text(encoding="utf-8")
    new = with_numbers(old)
    if new == old:
        print("Every number is libseccomp's.")
        return 0
    if arguments.check:
        print(f"{TABLE.name} differs from libseccomp. Run `python tools/syscalls.py`.")
        return 1
    TABLE.write_text(new, encoding="utf-8")
    print(f"Wrote {TABLE}.")
    return 0


def with_numbers(table: str) -> str:
    """Return the table with libseccomp's numbers in the columns of the architectures."""
    lines = []
    tokens: list[int] = []  # libseccomp's for each architecture, from the header on
    for line in table.splitlines():
        if not line or line.startswith("#"):
            lines.append(line)
            continue
        name, *columns, rule, why = line.split("\t")
        if tokens:
            columns = [number(name, token) for token in tokens]
        else:
            tokens = [architecture(column) for column in columns]
        lines.append("\t".join([name, *columns, rule, why]))
    return "\n".join(lines) + "\n"


def libseccomp() -> ctypes.CDLL:
    """Load libseccomp. Ends the program with a sentence if it is not installed."""
    try:
        return ctypes.CDLL("libseccomp.so.2")
    except OSError:
        sys.exit("libseccomp is not installed: apt-get install libseccomp2")


def architecture(name: str) -> int:
    """Return libseccomp's token for an architecture. Raises `ValueError` if it knows none."""
    resolve = libseccomp().seccomp_arch_resolve_name
    resolve.argtypes = [ctypes.c_char_p]
    resolve.restype = ctypes.c_uint32
    token = int(resolve(name.encode()))
    if token == NO_SUCH_ARCHITECTURE:
        raise ValueError(f"libseccomp knows no architecture {name}")
    return token


def number(name: str, token: int) -> str:
    """Return the number of a system call, or a dash. Raises `ValueError` for an unknown name."""
    resolve = libseccomp().seccomp_syscall_resolve_name_arch
    resolve.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    resolve.restype = ctypes.c_int
    found = int(resolve(token, name.encode()))
    if found == NO_SUCH_NAME:
        raise ValueError(f"libseccomp knows no system call {name}")
    if found < 0:
        return "-"
    return str(found)


if __name__ == "__main__":
    sys.exit(main())
