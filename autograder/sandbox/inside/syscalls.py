"""The table of system calls: which of them a submission may make, by which rule, and why.

The table is `syscalls.tsv` beside this file. It is read when this module is imported, which is
before any process is confined.
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

TABLE_FILE = Path(__file__).with_name("syscalls.tsv")


class Rule(StrEnum):
    """The filter's answer to a system call. A call outside the table is refused."""

    ALLOWED = "allowed"
    BY_ARGUMENT = "by argument"  # allowed for some arguments: see `seccomp.py`
    ABSENT = "absent"  # answered "no such call", so that the C library tries another way
    SETUP = "setup"  # made while confining the process, and refused afterwards


@dataclass(frozen=True)
class SystemCall:
    """One line of the table."""

    name: str
    numbers: Mapping[str, int | None]  # architecture → number; None: it has no such call
    rule: Rule
    why: str


def read_table(text: str) -> dict[str, SystemCall]:
    """Read the table's text. Return its calls by name, in order."""
    lines = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            lines.append(line.split("\t"))
    header = lines[0]
    architectures = header[1:-2]
    calls = {}
    for name, *columns, rule, why in lines[1:]:
        numbers = {}
        for architecture, column in zip(architectures, columns, strict=True):
            numbers[architecture] = _number(column)
        calls[name] = SystemCall(name, numbers, Rule(rule), why)
    return calls


def _number(column: str) -> int | None:
    if column == "-":
        return None
    return int(column)


def number_here(name: str) -> int:
    """Return the number of a call in the table on this machine.

    Return -1 if this machine has no such call: the kernel then answers that it does not exist.
    """
    call = TABLE[name]
    number = call.numbers.get(platform.machine())
    if number is None:
        return -1
    return number


TABLE = read_table(TABLE_FILE.read_text(encoding="utf-8"))
